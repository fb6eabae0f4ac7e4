// Results about cooling made by hand, in the shape that a study has.
#pragma once

#include "check.h"

#include "base/base.h"
#include "result/result.h"

static inline void cooling_put(clx_result *r, const char *name, double value, const char *unit) {
  clx_error error = {0};
  char full[160];
  snprintf(full, sizeof full, "cooling.%s", name);
  if (clx_result_add(r, full, value, unit, value, value, "doc <&>", &error) != CLX_OK)
    fail_msg("%s", error.mistake[0].text);
}

static inline void cooling_say(clx_result *r, const char *name, const char *text) {
  clx_error error = {0};
  assert_int_equal(clx_result_add_text(r, name, text, &error), CLX_OK);
}

static inline void cooling_draw(clx_result *r, const char *name, const char *unit, const double *x, const double *y,
                                int32_t count) {
  clx_error error = {0};
  char full[160];
  snprintf(full, sizeof full, "cooling.%s", name);
  assert_int_equal(clx_result_add_series(r, full, unit, y, "time", "s", x, count, &error), CLX_OK);
}

typedef struct cooling_loop {
  const char *name, *title, *fluid;
  double count, supply, range, heat;  // degC, K, W
  bool warm;
} cooling_loop;

typedef struct cooling_unit {
  const char *name, *title, *kind, *from, *into;
  double count, spare, running, heat, electric, water;
  bool limit;
} cooling_unit;

static inline void cooling_add_loop(clx_result *r, const cooling_loop *l) {
  char name[96];
  const struct {
    const char *what, *unit;
    double value;
  } rows[] = {{"count", "", l->count},
              {"supply", "K", l->supply + 273.15},
              {"back", "K", l->supply + l->range + 273.15},
              {"flow", "kg/s", l->heat / 4000 / l->range},
              {"pressure", "Pa", 2.1e5},
              {"pump", "W", 0.006 * l->heat},
              {"heat", "W", l->heat},
              {"pumps", "", 2},
              {"spare", "", 1},
              {"warm", "", l->warm ? 1 : 0}};
  for (int32_t i = 0; i < CLX_COUNT(rows); i++) {
    snprintf(name, sizeof name, "loop.%s.%s", l->name, rows[i].what);
    cooling_put(r, name, rows[i].value, rows[i].unit);
  }
  snprintf(name, sizeof name, "cooling.loop.%s.title", l->name);
  if (l->title != NULL) cooling_say(r, name, l->title);
  snprintf(name, sizeof name, "cooling.loop.%s.fluid", l->name);
  if (l->fluid != NULL) cooling_say(r, name, l->fluid);
}

static inline void cooling_add_unit(clx_result *r, const cooling_unit *u) {
  char name[96];
  const struct {
    const char *what, *unit;
    double value;
  } rows[] = {{"count", "", u->count},        {"spare", "", u->spare},
              {"running", "", u->running},    {"heat", "W", u->heat},
              {"electric", "W", u->electric}, {"share", "", u->count > 0 ? 0.9 * u->running / u->count : 0},
              {"water", "kg/s", u->water},    {"limit", "", u->limit ? 1 : 0}};
  for (int32_t i = 0; i < CLX_COUNT(rows); i++) {
    snprintf(name, sizeof name, "unit.%s.%s", u->name, rows[i].what);
    cooling_put(r, name, rows[i].value, rows[i].unit);
  }
  const struct {
    const char *what, *text;
  } facts[] = {{"title", u->title}, {"kind", u->kind}, {"from", u->from}, {"into", u->into}};
  for (int32_t i = 0; i < CLX_COUNT(facts); i++) {
    snprintf(name, sizeof name, "cooling.unit.%s.%s", u->name, facts[i].what);
    if (facts[i].text != NULL) cooling_say(r, name, facts[i].text);
  }
}

// Weather and plant of a made-up year: hot afternoons of August, water above 20 degC, a supply that floats above 30 degC outside.
static inline void cooling_add_year(clx_result *r, int32_t hours, bool water, bool floats) {
  static double x[8784], dry[8784], wet[8784], supply[8784], flow[8784], power[8784], pue[8784];
  for (int32_t i = 0; i < hours; i++) {
    const double day = i / 24.0, season = -cos(2 * 3.14159265358979 * (day - 20) / 365),
                 sun = -cos(2 * 3.14159265358979 * (i % 24 - 3) / 24.0);
    x[i] = 3600.0 * i;
    dry[i] = 290 + 12 * season + 5 * sun + 4 * sin(day * 0.9) * cos(day * 0.23);
    wet[i] = dry[i] - 4 - 2 * sun;
    supply[i] = 313.15 + (floats && dry[i] > 303.15 ? 0.8 * (dry[i] - 303.15) : 0);
    flow[i] = water ? fmax(0, 3.1 * (dry[i] - 293.15)) : 0;
    power[i] = 4e6 + 2e5 * fmax(0, dry[i] - 288) + (dry[i] > 303 ? 9e6 : 0);
    pue[i] = 1.045 + power[i] / 1.6e8;
  }
  cooling_draw(r, "year.dry_bulb", "K", x, dry, hours);
  cooling_draw(r, "year.wet_bulb", "K", x, wet, hours);
  cooling_draw(r, "year.pue", "", x, pue, hours);
  cooling_draw(r, "year.power", "W", x, power, hours);
  cooling_draw(r, "year.supply", "K", x, supply, hours);
  cooling_draw(r, "year.water", "kg/s", x, flow, hours);
}

// All pumps stop at 60 s and come back at 180 s.
static inline void cooling_add_trip(clx_result *r, int32_t samples, double step) {
  static double x[4000], supply[4000], most[4000], air[4000], chip[4000], flow[4000], clock[4000], power[4000];
  for (int32_t i = 0; i < samples; i++) {
    const double t = x[i] = step * i, off = t < 60 ? 0 : t < 180 ? t - 60 : 120 * exp(-(t - 180) / 60);
    supply[i] = 313.15 + 0.08 * off;
    most[i] = supply[i] + 0.02 * off;
    air[i] = 297 + 0.2 * off;
    chip[i] = 345 + 0.35 * off;
    flow[i] = t < 60 || t > 190 ? 1 : fmax(0.12, exp(-(t - 60) / 3));
    clock[i] = chip[i] > 360 ? 0.62 : 1;
    power[i] = t < 60 || t > 185 ? 9e6 : 6e5;
  }
  cooling_draw(r, "trip.supply", "K", x, supply, samples);
  cooling_draw(r, "trip.supply_most", "K", x, most, samples);
  cooling_draw(r, "trip.air", "K", x, air, samples);
  cooling_draw(r, "trip.chip", "K", x, chip, samples);
  cooling_draw(r, "trip.flow", "", x, flow, samples);
  cooling_draw(r, "trip.clock", "", x, clock, samples);
  cooling_draw(r, "trip.power", "W", x, power, samples);
  cooling_put(r, "trip.at", 60, "s");
  cooling_put(r, "trip.to_warm", 2.5, "s");
  cooling_put(r, "trip.to_throttle", 43, "s");
  cooling_put(r, "trip.recovered", 310, "s");
  cooling_put(r, "trip.supply_most", 325.15, "K");
  cooling_put(r, "trip.chip_most", 387, "K");
  cooling_put(r, "trip.throttled_share", 1, "");
  cooling_put(r, "trip.dry_bulb", 309.15, "K");
  cooling_put(r, "trip.air_limit", 308.15, "K");
  cooling_put(r, "trip.air_most", 321, "K");
  cooling_put(r, "trip.to_air_limit", 55.5, "s");
  cooling_put(r, "trip.shown", 540, "s");
  static const struct {
    double at;
    const char *kind, *what;
  } events[] = {{60, "trip", "all pumps of the racks' loops stop"},
                {62.5, "warm", "racks' supply 0.5 K above what it was"},
                {103, "throttle", "first chips throttle"},
                {115.5, "air limit", "hall air at its limit"},
                {180, "restore", "they come back"},
                {370, "recovered", "everything as before"}};
  for (int32_t i = 0; i < CLX_COUNT(events); i++) {
    char name[64];
    snprintf(name, sizeof name, "trip.event_%d.at", i + 1);
    cooling_put(r, name, events[i].at, "s");
    snprintf(name, sizeof name, "cooling.trip.event_%d.kind", i + 1);
    cooling_say(r, name, events[i].kind);
    snprintf(name, sizeof name, "cooling.trip.event_%d.what", i + 1);
    cooling_say(r, name, events[i].what);
  }
  cooling_say(r, "cooling.trip.what", "all pumps of the racks' loops stop for 2 min");
  cooling_say(r, "cooling.trip.start", "all boards at their limit");
  cooling_put(r, "chip.throttle", 360.15, "K");
  cooling_put(r, "chip.shutdown", 378.15, "K");
}

static inline void cooling_add_compare(clx_result *r) {
  static const struct {
    const char *name;
    double pue, wue, energy, water, time, leakage;
  } rows[] = {{"W32", 1.112, 4.1e-10, 9.1e14, 8.2e8, 1.9e7, 1.1e6},
              {"W40", 1.071, 3.0e-10, 5.2e14, 6.1e8, 2.2e6, 2.3e6},
              {"W45", 1.058, 2.4e-10, 4.0e14, 4.9e8, 0, 3.9e6}};
  cooling_put(r, "compare.W27.infeasible", 1, "");
  char name[64];
  for (int32_t i = 0; i < CLX_COUNT(rows); i++) {
    const struct {
      const char *what, *unit;
      double value;
    } one[] = {{"pue", "", rows[i].pue},
               {"wue", "m3/J", rows[i].wue},
               {"energy", "J", rows[i].energy},
               {"site_energy", "J", 8e15 + rows[i].energy},
               {"leakage", "W", rows[i].leakage},
               {"step_time", "s", 1.9 + 1e-8 * rows[i].leakage},
               {"water", "kg", rows[i].water},
               {"compressor_time", "s", rows[i].time},
               {"liquid_compressor_time", "s", 0.4 * rows[i].time}};
    for (int32_t k = 0; k < CLX_COUNT(one); k++) {
      snprintf(name, sizeof name, "compare.%s.%s", rows[i].name, one[k].what);
      cooling_put(r, name, one[k].value, one[k].unit);
    }
  }
}

static inline void cooling_add_sums(clx_result *r) {
  static const struct {
    const char *name, *unit;
    double value;
  } rows[] = {{"pue", "", 1.0841},
              {"wue", "m3/J", 3.1e-10},
              {"supply_temperature", "K", 313.15},
              {"supply_limit", "K", 318.15},
              {"chip_temperature_max", "K", 357.3},
              {"memory_temperature_max", "K", 363.0},
              {"flow", "kg/s", 8120},
              {"water", "kg", 1.23e9},
              {"water_peak", "kg/s", 81.2},
              {"water.evaporation", "kg", 9.4e8},
              {"water.drift", "kg", 1.1e6},
              {"water.blowdown", "kg", 2.9e8},
              {"throttled_fraction", "", 0.0123},
              {"throttled_time", "s", 36000},
              {"warm_time", "s", 90000},
              {"ride_through", "s", 34.2},
              {"power", "W", 8.4e6},
              {"power_peak", "W", 21.2e6},
              {"power_share", "", 0.067},
              {"pumps", "W", 2.3e6},
              {"fans", "W", 3.1e6},
              {"compressors", "W", 2.6e6},
              {"auxiliary", "W", 4e5},
              {"heat.liquid", "W", 110e6},
              {"heat.air", "W", 22e6},
              {"free_time", "s", 0.81 * 365 * 86400},
              {"compressor_time", "s", 0.19 * 365 * 86400},
              {"liquid_compressor_time", "s", 0.11 * 365 * 86400},
              {"outside_range", "s", 7200},
              {"clock", "", 0.982},
              {"step_time", "s", 1.98},
              {"leakage", "W", 1.4e6},
              {"design.dry_bulb", "K", 309.0},
              {"design.wet_bulb", "K", 298.4},
              {"moment.dry_bulb", "K", 309.0},
              {"moment.wet_bulb", "K", 298.4},
              {"moment.liquid", "W", 109.4e6},
              {"moment.air", "W", 21.1e6},
              {"moment.power", "W", 9.3e6}};
  for (int32_t i = 0; i < CLX_COUNT(rows); i++) cooling_put(r, rows[i].name, rows[i].value, rows[i].unit);
  cooling_say(r, "cooling.plant", "Dry coolers for the racks' water, trim chillers, towers for the hall");
  cooling_say(r, "cooling.weather", "Memphis, typical year made from monthly normals");
  cooling_say(r, "cooling.throttles_first", "gb300_nvl72");
  cooling_say(r, "cooling.design.note", "N+1 in each row; 0.4 % of the hours may be hotter than the design day");
  cooling_say(r, "cooling.moment", "design day, every GPU at its limit");
}

// A liquid chain with a trim chiller, and an air chain with chillers, an economiser and towers.
static inline void cooling_add_plant(clx_result *r) {
  static const cooling_loop loops[] = {{"racks", "racks' coolant", "PG25", 257, 40, 10.2, 110e6, false},
                                       {"facility_water", NULL, "water", 1, 36, 10, 111e6, true},
                                       {"hall", "hall air", "air", 1, 24, 12, 22e6, false},
                                       {"chilled", "chilled water", "water", 1, 14, 8, 22.4e6, false},
                                       {"condenser", "condenser water", "water", 2, 28, 6, 42e6, false}};
  static const cooling_unit units[] = {
      {"cdu", "CDUs", "exchanger", "racks", "facility_water", 257, 0, 257, 110.2e6, 9e5, 0, false},
      {"dry", "dry coolers", "dry cooler", "facility_water", NULL, 1257, 43, 1257, 96e6, 2.9e6, 0, false},
      {"trim", "trim chillers", "chiller", "facility_water", "condenser", 12, 1, 7.3, 15e6, 3.1e6, 0, true},
      {"coils", "fan-coil walls", "exchanger", "hall", "chilled", 60, 6, 60, 22e6, 8e5, 0, false},
      {"economiser", "water-side economiser", "exchanger", "chilled", "condenser", 4, 0, 0, 0, 0, 0, false},
      {"chillers", "water-cooled chillers", "chiller", "chilled", "condenser", 6, 1, 5.2, 22.4e6, 3.6e6, 0, false},
      {"towers", "cooling towers", "tower", "condenser", NULL, 14, 2, 14, 42.6e6, 6e5, 21.3, false}};
  for (int32_t i = 0; i < CLX_COUNT(loops); i++) cooling_add_loop(r, &loops[i]);
  for (int32_t i = 0; i < CLX_COUNT(units); i++) cooling_add_unit(r, &units[i]);
  cooling_say(r, "cooling.liquid", "racks");
  cooling_say(r, "cooling.air", "hall");
}
