// The section `cooling` of a scenario: plant, weather, trips.
#pragma once

#include "catalog/catalog.h"
#include "cooling/cooling_plant.h"
#include "cooling/cooling_transient.h"

struct clx_scenario;

// Units of the plant whose number the user gives instead of having them sized.
typedef struct clx_cooling_units_spec {
  const char *name;
  double count, spare;  // below 0 = as the plant says
  clx_place place;
} clx_cooling_units_spec;

// Whose word counts for the flow through the racks.
typedef enum clx_rack_flow {
  CLX_RACK_FLOW_RACKS,  // what their makers ask for at the supply, where they state it
  CLX_RACK_FLOW_PLANT,  // the range of the plant's loop
  CLX_RACK_FLOWS
} clx_rack_flow;
extern const char *const clx_rack_flow_name[CLX_RACK_FLOWS + 1];  // "racks", "plant"
// `spare` of the section beside numbers of units.
enum { CLX_SPARE_OF_PLANT = -1, CLX_SPARE_TWICE = -2 };  // as the plant says; 2N: as many as carry the load

typedef struct clx_cooling_spec {
  const char *plant;    // catalogue name; NULL = written out in `own`, or no section
  clx_plant_spec own;   // no loops = not written out
  const char *climate;  // catalogue name
  const char *weather;  // EPW file beside the scenario
  double supply;        // K of the racks' liquid; 0 = that of the plant
  int32_t rack_flow;    // clx_rack_flow
  double exceeded;      // share of the hours that are hotter than the design day
  double spare;         // units and pumps of each kind beyond those that carry the load, or CLX_SPARE_...
  double outside;       // K dry bulb of trips; 0 = that of the design day
  clx_cooling_units_spec *units;
  int32_t unit_count;
  clx_trip *trip;
  int32_t trip_count;
  int32_t backup_pumps;  // bool: pumps stand on the UPS
  double tank;           // m3 of cold water in the loop
  const char *tank_loop;
  clx_place place, plant_place, supply_place, tank_place, tank_loop_place;
} clx_cooling_spec;

extern const clx_schema clx_cooling_section_schema;

// What the section names, read.
typedef struct clx_cooling_entries {
  bool stated;
  clx_plant_spec plant;              // with the numbers that the user gives
  const clx_equipment *equipment;    // of the plant and of racks
  const clx_rack_coolant **coolant;  // [cohort_count] of the machine; NULL = cooled by air, or not known
  clx_weather weather;
} clx_cooling_entries;

bool clx_scenario_is_cooled(const struct clx_scenario *scenario);
clx_plant_finder clx_scenario_plant_finder(const struct clx_scenario *scenario);
