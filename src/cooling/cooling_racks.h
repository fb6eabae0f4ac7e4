// Racks on a plant's loop of liquid: the flow and pressure that their makers ask for at its supply. docs/model/cooling/exchangers.md.
#pragma once

#include "cooling/cooling_header.h"
#include "cooling/cooling_plant.h"

// Equal racks.
typedef struct clx_racks_row {
  const clx_rack_coolant *coolant;
  double racks;
  double power;  // W of one at design, heat into air included
  double flow;   // kg/s of one at design: filled in
} clx_racks_row;

// What all rows together ask for.
typedef struct clx_racks_need {
  double heat;      // W into the liquid
  double flow;      // kg/s
  double range;     // K from supply to mixed return
  double pressure;  // Pa over the rack that takes most at its flow; 0 = no maker states it
} clx_racks_need;

// By the energy balance of each row's table: returns no warmer than its return_most, whatever the fluid. Fills flows, too. CLX_INPUT: a supply outside
// a rack's supply_least to supply_most, a fluid outside its range, no heat at all.
clx_status clx_racks_ask(const clx_fluid *fluid, double supply, clx_racks_row *row, int32_t count, clx_racks_need *need,
                         clx_error *error);
// Range and pressure of the plant's loop of liquid as the racks ask for, in place. Its pressure changes by what racks take more or less than
// its `racks_pressure`, where both are known.
void clx_plant_fit_racks(clx_plant_spec *spec, const clx_racks_need *need);
// How unequal `racks` equal take-offs of `pressure` Pa, spread over the loop's headers, share its design flow. Headers of the loop's `header_velocity` at
// their root, racks 0.6 m apart. CLX_INPUT: a loop whose headers are not stated.
clx_status clx_plant_header(const clx_loop *loop, double racks, double pressure, clx_arena *arena, clx_header_flow *out,
                            clx_error *error);
