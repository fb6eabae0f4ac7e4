// What the files of the transient share: the plant as lumped volumes with their controls.
#pragma once

#include "cooling/cooling_transient.h"

enum {
  CLX_TANK_CELLS = 8,       // of a stratified tank
  CLX_TRANSIENT_UNITS = 8,  // of one loop
  CLX_PUMP_POINTS = 33,     // of a pump's curve, head to flow
};

// State of one loop, in this order: temperatures in K, the rest in shares.
typedef enum clx_transient_state {
  CLX_AT_UNITS,   // fluid in the units, hot side
  CLX_AT_SUPPLY,  // fluid from there to the load
  CLX_AT_LOAD,    // racks' coolant and metal; behind other rows' units and by-passes
  CLX_AT_RETURN,
  CLX_AT_CASE,    // of the chips
  CLX_AT_SENSOR,  // of the chips' temperature
  CLX_AT_CLOCK,   // integrator of the throttle
  CLX_AT_EFFORT,  // of the units in their order: 1.3 = first fully, second at 0.3
  CLX_AT_SPEED,   // of pumps with power
  CLX_AT_COAST,   // of pumps without
  CLX_AT_COLD,    // cold side of each unit, then the cells of a tank
} clx_transient_state;

// A value that goes from `from` at time `at` to `to`, `over` s later.
typedef struct clx_ramp {
  double from, to, at, over;
} clx_ramp;

// Units of one row that stand on one loop.
typedef struct clx_transient_unit {
  const clx_plant_unit *unit;
  int32_t number;    // in the plant
  int32_t into;      // row; < 0 = outside
  double count;      // on one loop, those that stand by included: clx_plant_solve lets them share the load
  double wide;       // kg/s that one loop's units pass on their cold side when their valves are open
  double cold_heat;  // J/K of the cold side of one loop's units
  double stroke;     // s from nothing to full effort
} clx_transient_unit;

// Chips of one loop of share 1.
typedef struct clx_transient_chipset {
  const clx_transient_chips *from;
  double count;        // 0 = none are followed
  double other;        // W that goes straight into the fluid
  double conductance;  // W/K of one chip's plate at design flow
  clx_chip_load load;
} clx_transient_chipset;

// A row of equal loops.
typedef struct clx_transient_row {
  const clx_loop *loop;
  double count;
  double heat[4];       // J/K of CLX_AT_UNITS .. CLX_AT_RETURN
  double cell;          // J/K of a cell of the tank; 0 = none
  double set;           // K
  double pumps, spare;  // of one loop
  double exponent;
  double curve_flow
      [CLX_PUMP_POINTS];  // of one pump over its design, at heads evenly from 0 to 1 and on to curve_top (shares of its design)
  double curve_top;
  clx_transient_unit unit[CLX_TRANSIENT_UNITS];
  int32_t unit_count;
  clx_transient_chipset chips;
  double servers;      // kg/s that servers' own fans move, once it is known; 0 = they follow
  double metal;        // J/K of servers in it, their own state
  bool range, demand;  // flow follows the range; what exchangers' valves ask for
  double least;        // share of the design flow that its control keeps
  int32_t size;        // states of one loop
} clx_transient_row;

// A loop (or several that do the same) with what is out of order in it.
typedef struct clx_transient_loop {
  int32_t row, at;      // at: its first state
  double weight;        // loops that it stands for
  double share;         // of the mean direct heat of the row
  double load;          // of it; 1
  double clock_before;  // of its chips, before the first trip
  bool shut;            // chips
  clx_ramp running;     // pumps
  double coasting;      // pumps
  double lost_pumps;    // that will not run without a restore
  double lost[CLX_TRANSIENT_UNITS];
  clx_ramp on[CLX_TRANSIENT_UNITS];  // units that are sound
  clx_ramp power
      [CLX_TRANSIENT_UNITS];  // share of their full effort: without power that of draught, while they start less than 1
  double staged[CLX_TRANSIENT_UNITS];  // chillers among which the heat is shared
} clx_transient_loop;

typedef struct clx_transient_model {
  const clx_transient_input *input;
  const clx_plant *plant;
  clx_transient_row *row;              // [plant.loop_count]
  clx_transient_loop *loop;            // members of the racks' row first, then one of each other row
  int32_t loop_count, members, racks;  // racks: row
  int32_t *first;                      // [plant.loop_count] loop of a row
  int32_t state_count;                 // the last two: heat in and out, in units of `energy`
  double energy;                       // J
  int32_t air;                         // loop of hall air; < 0 = none. The racks' where a plant has no liquid
  double start_supply;                 // K of the warmest of the racks' loops before
  bool warm, throttled, air_seen;      // seen
} clx_transient_model;

// What a loop takes from others and gives to them.
typedef struct clx_transient_inputs {
  double time;
  double asked;                        // kg/s that exchangers' valves of other rows ask for
  double gain, gain_heat;              // kg/s through the cold sides of other rows' units, and sum of flow times K
  double supply[CLX_TRANSIENT_UNITS];  // K of the fluid that enters each unit's cold side
  double header[CLX_TRANSIENT_UNITS];  // share of the open flow there
} clx_transient_inputs;

typedef struct clx_transient_outputs {
  double flow;                            // kg/s
  double pump;                            // W electric
  double pass[CLX_TRANSIENT_UNITS];       // kg/s on the cold side
  double pass_heat[CLX_TRANSIENT_UNITS];  // times K that it leaves at
  double in, out;                         // W over the boundary of the plant
  double electric[CLX_TRANSIENT_UNITS];   // W of compressors
  double taken[CLX_TRANSIENT_UNITS];      // W
  double hot[CLX_TRANSIENT_UNITS];        // K that enters it
  double clock, power, junction;
} clx_transient_outputs;

double clx_ramp_at(const clx_ramp *ramp, double time);
clx_status clx_transient_model_build(const clx_transient_input *input, int32_t members, const clx_plant_state *steady,
                                     clx_arena *arena, clx_transient_model *model, clx_error *error);
void clx_transient_start(const clx_transient_model *model, const clx_plant_state *steady, double *y);
double clx_transient_stored(const clx_transient_model *model, const double *y);  // J above 0 K

typedef struct clx_transient_flow {
  double flow;  // share of the design flow of one loop
  double each;  // of one pump with power, of its design flow
} clx_transient_flow;
// From the speeds: pumps on one header against the loop's resistance; check valves behind them.
clx_transient_flow clx_transient_flow_at(const clx_transient_model *model, const clx_transient_loop *loop, double time,
                                         const double *y);
double clx_transient_effort(const clx_transient_loop *loop, int32_t unit, double effort);  // 0..1
// kg/s that the unit's cold side asks of the row that it gives its heat to.
double clx_transient_chiller_most(const clx_transient_row *row, const clx_transient_unit *u, double leaving,
                                  double entering);
double clx_transient_demand(const clx_transient_model *model, const clx_transient_loop *loop, int32_t unit, double time,
                            double effort);
double clx_transient_clock(const clx_transient_row *row, const double *y);  // of the chips, 0.1 to 1
// State of the servers' metal, < 0 = none; the last of a loop's.
int32_t clx_transient_metal(const clx_transient_row *row);
// Rates of one loop's states; y and rate start at its first.
void clx_transient_loop_rates(const clx_transient_model *model, const clx_transient_loop *loop,
                              const clx_transient_inputs *in, const double *y, double *rate,
                              clx_transient_outputs *out);

// All loops: rates[state_count], and (nullable) what each takes and gives, [loop_count].
typedef struct clx_transient_work {
  clx_transient_inputs *in;
  clx_transient_outputs *out;
  double *header, *demand, *asked,
      *total;  // [rows] share of the open flow; kg/s that is asked for, by exchangers, and there is
  double *row_gain, *row_gain_heat;
  double *column;       // [columns of the outer rows][state_count], then one more
  double *one, *other;  // rates of a loop
  int32_t outer;        // first state that is no racks' loop's
} clx_transient_work;
clx_status clx_transient_work_new(const clx_transient_model *model, clx_arena *arena, clx_transient_work *work,
                                  clx_error *error);
void clx_transient_rates(const clx_transient_model *model, clx_transient_work *work, double time, const double *y,
                         double *rates);
// Jacobian in compressed columns: start[state_count + 1], row[start[state_count]]; the pattern never changes.
int64_t clx_transient_pattern(const clx_transient_model *model, int64_t *start, int64_t *row);
void clx_transient_jacobian(const clx_transient_model *model, clx_transient_work *work, double time, const double *y,
                            const int64_t *start, const int64_t *row, double *value);

// The integrator.
typedef struct clx_transient_solver clx_transient_solver;
clx_status clx_transient_solver_new(const clx_transient_model *model, clx_transient_work *work, double tolerance,
                                    clx_transient_solver **solver, clx_error *error);
void clx_transient_solver_free(clx_transient_solver *solver);
double *clx_transient_solver_state(clx_transient_solver *solver);
clx_status clx_transient_solver_restart(clx_transient_solver *solver, double time, clx_error *error);
// Goes to `until`, never beyond `stop`; comes back before it where a root function changes sign (`found`: which, < 0 none).
clx_status clx_transient_solver_go(clx_transient_solver *solver, double until, double stop, double *time,
                                   int32_t *found, clx_error *error);
// To rest: until nothing moves by more than 1e-5 K/s, or by 5 mK in 1,000 s, or for `most` s; `swing`: K to either side of its middle by which
// the temperature that moves most still does.
clx_status clx_transient_solver_settle(clx_transient_solver *solver, double most, double *time, double *swing,
                                       clx_error *error);
void clx_transient_solver_count(const clx_transient_solver *solver, int64_t *steps, int64_t *evaluations);
double clx_transient_air(const clx_transient_model *model, const double *y);  // K of hall air at the servers, warmest
// Root functions: throttling, supply, hall air, then junction of each member less its shutdown, and of what hall air cools.
int32_t clx_transient_root_count(const clx_transient_model *model);
void clx_transient_roots(const clx_transient_model *model, const double *y, double *root);

// What happens to a model at time t: pumps and units that stop, stand by, come back; loads. Changes states where speeds change hands.
void clx_transient_note(clx_transient *out, double at, int32_t kind, int32_t member,
                        const char *what);  // in order of time
clx_status clx_transient_trip_check(const clx_transient_model *model, const clx_trip *trip, clx_error *error);
void clx_transient_trip(clx_transient_model *model, const clx_trip *trip, double *y, clx_transient *out);
bool clx_transient_stage(clx_transient_model *model, const clx_transient_work *work, const double *y, bool exact);
