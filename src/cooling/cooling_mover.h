// Pumps and fans: curves, affinity laws, speed control, motors. docs/model/cooling/movers.md.
#pragma once

#include "base/base.h"
#include "schema/schema.h"

typedef enum clx_mover_kind { CLX_MOVER_PUMP, CLX_MOVER_FAN, CLX_MOVER_KINDS } clx_mover_kind;
extern const char *const clx_mover_kind_name[CLX_MOVER_KINDS + 1];

// catalogue/mover: the shape of one type of pump or fan, relative to its design point; sized by flow and head.
typedef struct clx_mover {
  const char *name, *title;
  const char *const *aliases;
  int32_t alias_count;
  int32_t kind;  // clx_mover_kind
  double *flow;  // shares of the design flow, rising from 0
  int32_t flow_count;
  double *head;  // head at full speed over the design head, falling, at each
  int32_t head_count;
  double efficiency;  // hydraulic, at its best point
  double *load;       // shares of the motor's rating, rising
  int32_t load_count;
  double *motor;  // efficiency of motor and drive at each
  int32_t motor_count;
  double speed_least;  // share of full speed
} clx_mover;
extern const clx_schema clx_mover_schema;

// One sized: `flow` m3/s against `head` Pa at full speed.
typedef struct clx_mover_size {
  const clx_mover *mover;
  double flow, head;    // m3/s, Pa
  double motor_rating;  // W at the shaft; 0 = what the design point takes
} clx_mover_size;

typedef struct clx_mover_point {
  double flow, head;  // m3/s, Pa
  double speed;       // share of full speed
  double shaft;       // W
  double electric;    // W
  bool over;          // asks for more than full speed gives: speed is 1 and flow or head what it gives
} clx_mover_point;

clx_status clx_mover_check(const clx_mover *mover, clx_place place, clx_error *error);
// Pa at a flow and speed (head ~ speed^2, flow ~ speed); < 0 beyond the end of its curve. slope (nullable): d head / d flow.
double clx_mover_head(const clx_mover_size *size, double flow, double speed, double *slope);
// The speed that gives `flow` against `head`, and its power; below speed_least it runs at that speed with the head it gives (a valve takes the rest).
clx_mover_point clx_mover_at(const clx_mover_size *size, double flow, double head);
// The same where `speed` is given: power at `flow`.
clx_mover_point clx_mover_running(const clx_mover_size *size, double flow, double speed);
