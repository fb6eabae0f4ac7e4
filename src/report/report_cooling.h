// Results about cooling by their names, and the frame of their drawings, for the files report_cooling*.c.
//
// Names, beside machine.*, power.* and training.* of a run. Anything may be absent: reports then leave it out. Temperatures are K, differences
// too (doc says which); a time that never comes within the horizon is absent, never infinite.
//   facts: cooling.plant (title), cooling.weather, cooling.throttles_first, cooling.liquid, cooling.air (NAME of the loop that takes the racks'
//     liquid heat, and the heat that goes into the hall's air)
//   cooling.{pue, wue (m3/J), supply_temperature, supply_limit, chip_temperature_max, memory_temperature_max, flow (kg/s), water (kg), water_peak
//     (kg/s), throttled_fraction, throttled_time, warm_time, ride_through, free_time, compressor_time, liquid_compressor_time (s), outside_range (s), power, power_peak,
//     power_share, pumps, fans, compressors, auxiliary, clock, step_time, leakage}, cooling.water.{evaporation, drift, blowdown} (kg),
//     cooling.heat.{liquid, air} (W), cooling.chip.{throttle, shutdown} (K: limits of the chip that cooling.trip.chip is of)
//   cooling.design.{dry_bulb, wet_bulb}; facts cooling.design.{note}: how the plant was sized ("N+1, 0.4 % of hours may be hotter")
//   The plant in the order of its specification, at one moment: fact cooling.moment says which ("design day", "hottest hour"),
//   cooling.moment.{dry_bulb, wet_bulb} its air, cooling.moment.{liquid, air, power} (W) the heat that enters and what the plant draws then.
//     cooling.loop.NAME.{count, supply, back, flow (kg/s of all), pressure (Pa), pump (W of all), heat (W of all), pumps (that carry, of one
//       loop), spare, warm (0, 1: supply above its set point)}; facts .title, .fluid. NAME a slug; `count` comes first.
//     cooling.unit.NAME.{count (that carry), spare, running, heat (W of all), electric (W of all), share (of the capacity), water (kg/s of
//       all), limit (0, 1: outside the range of its curves)}; facts .title, .kind (clx_plant_kind_name), .from (NAME of the loop whose heat
//       it takes), .into (NAME of the loop that it goes into; absent = outside air)
//   series cooling.year.{power (W of cooling), supply (K), water (kg/s), pue, dry_bulb (K), wet_bulb (K)} over s from the start of the year,
//     samples of equal length (an hour)
//   fact cooling.ride_through.note: that ride_through is a lower bound, or why it is absent
//   cooling.trip.{to_warm, to_air_limit, to_throttle, to_shutdown, recovered (s after the first trip; 0: nothing changed), supply_most, air_most,
//     air_limit, chip_most (K), throttled_share, shut_share, at (s of the first trip), shown (s after it), dry_bulb (K)}; facts cooling.trip.what
//     ("plant: everything without backup stops"; all trips), cooling.trip.start (how the machine ran before); cooling.trip.event_N.at (s), facts
//     cooling.trip.event_N.{what, kind (clx_transient_event_name)}, N from 1 in order of time; series cooling.trip.{supply, supply_most, air, chip
//     (K), flow, clock (shares), power (W)} over s
//   cooling.compare.W32.{pue, wue, energy (J), water (kg), compressor_time (s), warm_time (s), liquid_compressor_time (s), units}, or .infeasible
//     alone: in the order asked for
#pragma once

#include "report/report_internal.h"
#include "report/report_power.h"

enum {
  CLX_COOLING_LOOPS = 16,
  CLX_COOLING_UNITS = 32,
  CLX_COOLING_NAME = 64,
  CLX_COOLING_TEXT = 96,
  CLX_COOLING_SUPPLIES = 8,
  CLX_COOLING_EVENTS = 16
};

// Numbers that the result does not hold are below 0.
typedef struct clx_cooling_loop_view {
  char name[CLX_COOLING_NAME], title[CLX_COOLING_TEXT];
  const char *fluid;  // nullable
  double count, supply, back, flow, pressure, pump, heat, pumps, spare;
  bool warm;
} clx_cooling_loop_view;

typedef struct clx_cooling_unit_view {
  char name[CLX_COOLING_NAME], title[CLX_COOLING_TEXT];
  const char *kind;    // nullable
  int32_t from, into;  // loops; from < 0: not known, into < 0: outside air
  double count, spare, running, heat, electric, share, water;
  bool limit;  // outside the range of its curves
} clx_cooling_unit_view;

// The plant of a result. What finds no room is counted.
typedef struct clx_cooling_view {
  const clx_result *result;
  clx_cooling_loop_view loop[CLX_COOLING_LOOPS];
  clx_cooling_unit_view unit[CLX_COOLING_UNITS];
  int32_t loop_count, unit_count, more;
  int32_t liquid, air;  // loops of the racks' liquid and of the hall's air; < 0 = none
} clx_cooling_view;

void clx_cooling_view_of(const clx_result *result, clx_cooling_view *view);
// cooling.KIND.NAME.WHAT as a number, `otherwise` where it is absent; and as a fact.
double clx_cooling_value(const clx_result *result, const char *kind, const char *name, const char *what,
                         double otherwise);
const char *clx_cooling_fact(const clx_result *result, const char *kind, const char *name, const char *what);

// All NAME of quantities cooling.compare.NAME.pue and .infeasible in their order: "W32", "W40". Returns how many.
int32_t clx_cooling_supplies(const clx_result *result, char name[CLX_COOLING_SUPPLIES][CLX_COOLING_NAME]);

// "45.0 °C" for drawings, "1.2 million m3" of kg of water, "1.06" L/kWh of m3/J, "2.13 bar" of Pa, "1,250 kg/s"; `text` holds
// CLX_COOLING_NAME bytes.
const char *clx_cooling_celsius(double kelvin, char *text);
const char *clx_cooling_volume(double kg, char *text);
const char *clx_cooling_per_kwh(double wue, char *text);
const char *clx_cooling_bar(double pascal, char *text);
const char *clx_cooling_flow(double flow, char *text);

// A page of figures about cooling: the scenario's title on top, styles of power and of cooling.
clx_plot clx_cooling_page(const clx_result *result, double width, double height, const char *what, clx_buffer *out);
// A whole page that says why there is nothing to draw.
void clx_cooling_empty(const clx_result *result, const char *what, const char *why, clx_buffer *out);
// An upright axis of values as they stand (degC, percent): title with the unit.
void clx_cooling_upright(clx_plot *plot, const char *title);

// Viridis of a share from 0 to 1, "#rrggbb"; `text` holds 8 bytes.
const char *clx_cooling_colour(double share, char *text);
