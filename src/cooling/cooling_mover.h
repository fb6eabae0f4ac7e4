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
  double
      best_flow;  // share of the design flow of that point at full speed; elsewhere by the Euler number. 0 = constant
  double *load;   // shares of the motor's rating, rising
  int32_t load_count;
  double *motor;  // efficiency of motor and drive at each; none, and no motor_best = `efficiency` has them in it
  int32_t motor_count;
  double
      motor_best;  // instead of `load` and `motor`: best efficiency, part load by the table of US DOE (2014) for motors of its rating; 0 = none
  double motor_margin;  // rating over what the design point takes at the shaft
  double speed_least;   // share of full speed
} clx_mover;
extern const clx_schema clx_mover_schema;

// One sized: `flow` m3/s against `head` Pa at full speed.
typedef struct clx_mover_size {
  const clx_mover *mover;
  double flow, head;    // m3/s, Pa
  double motor_rating;  // W at the shaft; 0 = what the design point takes, and the margin
} clx_mover_size;

typedef struct clx_mover_point {
  double flow, head;  // m3/s, Pa
  double speed;       // share of full speed
  double shaft;       // W
  double electric;    // W
  bool over;  // asks for more than full speed gives: speed is 1 and flow or head what it gives; or beyond its curve
} clx_mover_point;

// CLX_INPUT: lists of different lengths or out of order, a rising head, a motor without efficiency.
clx_status clx_mover_check(const clx_mover *mover, clx_place place, clx_error *error);
// Pa at a flow and speed (head ~ speed^2, flow ~ speed), monotone and with a continuous slope. Beyond the end of its curve (clx_mover_end)
// and below no flow it goes on with the slope there, for solvers: < 0 at last. slope (nullable): d head / d flow. 30 ns.
double clx_mover_head(const clx_mover_size *size, double flow, double speed, double *slope);
// m3/s at which its curve ends at a speed.
double clx_mover_end(const clx_mover_size *size, double speed);
// The speed that gives `flow` against `head`, and its power. Below speed_least, or where its curve would end before `flow`, it runs at the least
// speed that does, with the head that it gives (a valve takes the rest). Without flow and head it stands: no power. 0.3 us.
clx_mover_point clx_mover_at(const clx_mover_size *size, double flow, double head);
// The same where `speed` is given: power at `flow`.
clx_mover_point clx_mover_running(const clx_mover_size *size, double flow, double speed);
