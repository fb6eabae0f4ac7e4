// The smallest plant that holds a supply temperature through the design day, and what supply temperatures cost. docs/model/cooling/design.md.
#pragma once

#include "cooling/cooling_plant.h"

typedef struct clx_cooling_design_input {
  const clx_plant_spec *spec;  // counts left out (0) are found
  const clx_plant_finder *finder;
  const clx_weather *weather;
  double liquid, air, it, other;  // W
  // K of the racks' loop (liquid, else air); 0 = that of the spec. Outer set points follow by the same approaches, except beyond a loop
  // with chillers.
  double supply;
  double exceeded;  // share of hours at which the design temperatures may be exceeded (0.004), 0 to 0.5; 0 = never
  double spare;     // units and pumps beyond N in each row (1 = N+1), where the spec states fewer; 2N: negative
} clx_cooling_design_input;

typedef struct clx_cooling_design_row {
  const char *unit;
  double count, spare, capacity;  // installed to carry, beyond, W of one under design air
  double load_share;              // of the carriers at the design hour
} clx_cooling_design_row;

typedef struct clx_cooling_design {
  clx_cooling_design_row row[CLX_PLANT_UNITS_MAX];  // count 0 (first): chillers that are not needed
  int32_t row_count;
  clx_plant plant;
  clx_air design;  // air of the design day: dry bulb and wet bulb that `exceeded` of the hours exceed, both at once
  double supply;   // K asked for
  double closest;  // K: the coolest supply that it reaches; 0 = none within 40 K
  bool needs_compressors;  // at the design hour
  clx_cooling_year year;
} clx_cooling_design;

// Air of the design day: each kind of equipment at the temperature that matters to it: dry coolers and air-cooled chillers at the dry bulb, towers at the
// wet bulb, each exceeded for the share `exceeded` of the hours. They do not fall on one hour, so plants that see both are sized on the safe side.
clx_air clx_cooling_design_air(const clx_weather *weather, double exceeded);
// Moves the racks' set point by `by` K, and with it those of the loops that take their heat over exchangers alone. In place.
void clx_cooling_move_supply(clx_plant_spec *spec, double by);
// About 20 builds of the plant and a year of it. CLX_INPUT: exceeded or supply outside their range, and what the plant's own checks refuse.
// CLX_INFEASIBLE: no number of units holds it (an approach that physics does not give): the closest temperature that it reaches.
clx_status clx_cooling_design_run(const clx_cooling_design_input *input, clx_arena *arena, clx_cooling_design *design,
                                  clx_error *error);
