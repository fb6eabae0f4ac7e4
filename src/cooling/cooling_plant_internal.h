// What the files of the plant share.
#pragma once

#include "cooling/cooling_plant.h"

// Index of a loop by name, -1 where there is none.
int32_t clx_plant_loop_index(const clx_plant_spec *spec, const char *name);
// Loops from the racks outwards: order[loop_count]. Returns a loop that stands in a circle, or -1.
int32_t clx_plant_order(const clx_plant_spec *spec, int32_t *order);

// Whether heat goes from `loop` through this unit by a compressor.
static inline bool clx_plant_compressor(int32_t kind) { return kind == CLX_PLANT_CHILLER || kind == CLX_PLANT_DX; }

// Highest temperature of a loop's fluid that the plant may reach, K; the end of the fluid's range.
double clx_plant_hottest(const clx_fluid *fluid);

// --- control (cooling_plant_control.c) ---------------------------------------------------------------------------------

// K to which the units of a loop cool it under `outside`.
double clx_plant_set_point(const clx_loop *loop, const clx_air *outside);
// K of the lowest set point that any weather gives it.
double clx_plant_coolest(const clx_loop *loop);
// Unit and pump shares that work: of what is installed; units of `count` and then the spares.
double clx_plant_working(const clx_plant_unit *unit, double share);
// kg/s of all loops of a row that pumps give at most when `share` of them works.
double clx_plant_flow_most(const clx_loop *loop, double share);
// kg/s of all loops: by the control, for `heat` W, at least what valves of units that give heat to the loop ask for.
double clx_plant_flow(const clx_loop *loop, double heat, double demand, double most);
// Pumps of all loops of the row at `flow` kg/s; returns W, fills pressure and speed.
double clx_plant_pump(const clx_loop *loop, double flow, double share, double *pressure, double *speed);

// --- units (cooling_plant_unit.c) ------------------------------------------------------------------------------------------

// What a unit meets.
typedef struct clx_unit_meet {
  double flow;       // kg/s of the loop, all of it
  double in;         // K
  double want;       // K to which it may cool
  double leaving;    // K of the chilled side that a chiller's capacity is taken at
  double cold_in;    // K of the loop that it gives heat to
  double cold_most;  // kg/s of that loop that it may use
  double working;    // units
  int64_t all;       // spares work, too: the others are known not to do
  const clx_air *outside;
} clx_unit_meet;

typedef struct clx_unit_work {
  double out;        // K, not below want
  double cold_flow;  // kg/s that it uses of `into`
  double capacity;   // W of all that work, here (compressors)
  double running;    // units that it takes
  clx_reject point;  // of one tower or dry cooler
} clx_unit_work;

// How far the unit brings the fluid down.
clx_unit_work clx_plant_unit_reach(const clx_plant *plant, const clx_plant_unit *unit, const clx_unit_meet *meet);
// The state of one that takes `heat` W.
void clx_plant_unit_state(const clx_plant *plant, const clx_plant_unit *unit, const clx_unit_meet *meet,
                          const clx_unit_work *reach, double heat, clx_unit_state *state, double *given);

// --- iteration (cooling_plant_mixing.c) -------------------------------------------------------------------------------------

enum { CLX_MIXING_DEPTH = 6, CLX_MIXING_SIZE = 2 * CLX_LOOPS_MAX };

// The last points of an iteration; begins with count 0.
typedef struct clx_mixing {
  int32_t count;
  double x[CLX_MIXING_DEPTH + 1][CLX_MIXING_SIZE], f[CLX_MIXING_DEPTH + 1][CLX_MIXING_SIZE];
} clx_mixing;

// The next point after x and f(x), `size` numbers measured in `scale`: that at which the last points, taken as linear, meet best.
void clx_mixing_next(clx_mixing *mixing, int32_t size, const double *scale, const double *x, const double *f,
                     double *next);

// --- one moment (cooling_plant_solve.c) ------------------------------------------------------------------------------------

// clx_plant_solve from temperatures near the answer (`start`, nullable): the hour before.
clx_status clx_plant_solve_from(const clx_plant *plant, double liquid, double air, const clx_air *outside,
                                const clx_plant_fault *fault, const clx_plant_state *start, clx_plant_state *state,
                                clx_error *error);
