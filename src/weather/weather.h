// A year of outdoor air at a site: read from an EPW file, or synthesised from published monthly normals. docs/model/cooling/weather.md.
#pragma once

#include "base/base.h"
#include "schema/schema.h"
#include "weather/weather_moist_air.h"

typedef struct clx_weather {
  const char *name;            // "Chicago Ohare Intl Ap"
  const char *origin;          // file, or "synthesised from monthly normals"
  double latitude, longitude;  // degrees north, east
  double elevation;            // m
  double step;                 // s between samples (3600); sample i holds from i step to (i + 1) step
  int64_t count;               // 8760, 8784
  float *dry_bulb, *wet_bulb;  // K
  float *humidity;             // kg/kg
  float *pressure;             // Pa
  int64_t gaps;                // hours with a missing or impossible value, interpolated
  int64_t longest_gap;         // hours in a row
} clx_weather;

clx_air clx_weather_air(const clx_weather *weather, int64_t sample);
// Air at `time` s from the start of the year, linear between the middles of samples; the year repeats.
clx_air clx_weather_at(const clx_weather *weather, double time);

// EPW (EnergyPlus weather). Hours are those ENDING at the hour of the line; the year of a line is ignored (typical years are put together from
// several). Missing or impossible values of dry bulb, dew point or humidity, pressure are interpolated and counted; humidity comes from the dew point where both
// stand. CLX_INPUT with file, line, column: not EPW, a line without its fields, a number that is none, hours out of order, other than 8760 or 8784 hours, a gap of more than
// 720 hours, no value at all. 1.6 MB: about 10 ms.
clx_status clx_weather_read(const char *path, clx_arena *arena, clx_weather *weather, clx_error *error);
clx_status clx_weather_parse(const char *file, const char *data, size_t size, clx_arena *arena, clx_weather *weather,
                             clx_error *error);

// catalogue/climate: monthly normals of a place.
typedef struct clx_climate {
  const char *name, *title;
  const char *const *aliases;
  int32_t alias_count;
  double latitude, longitude;  // degrees
  double elevation;            // m
  double *mean;                // [12] K, mean dry bulb of the month
  int32_t mean_count;
  double *humidity_morning, *humidity_noon;  // [12] relative, at 7 h and 13 h
  int32_t humidity_morning_count, humidity_noon_count;
  double *swing;  // [12] K, mean of the daily highest less the lowest
  int32_t swing_count;
  double *spread;  // [12] K, standard deviation of daily means within the month
  int32_t spread_count;
  double design_hot, design_wet;  // K: dry bulb exceeded 0.4 % of the year, mean coincident wet bulb
  double design_evaporation;      // K: wet bulb exceeded 0.4 % of the year
  double design_cold;             // K: dry bulb exceeded 99 % of the year
} clx_climate;
extern const clx_schema clx_climate_schema;

// A typical year of 8760 hours: monthly means, daily swing, correlated days (lag-one), humidity by the two readings of a day; the hot tail meets design_hot
// (0.4 %) and the cold one design_cold (99 %); the mean wet bulb at design_hot is design_wet. The same bits everywhere; deterministic.
// CLX_INPUT: other than 12 values, a humidity outside 0..1, a design point that the months cannot meet.
clx_status clx_weather_typical(const clx_climate *climate, clx_arena *arena, clx_weather *weather, clx_error *error);

// Summary for reports and designers: temperatures exceeded for a share of the hours.
typedef enum clx_weather_field { CLX_WEATHER_DRY_BULB, CLX_WEATHER_WET_BULB } clx_weather_field;
double clx_weather_exceeded(const clx_weather *weather, int32_t field, double share);  // K
// Mean wet bulb of the hours whose dry bulb lies within 1 K of `dry_bulb`; that of the nearest hour where none does.
double clx_weather_coincident(const clx_weather *weather, double dry_bulb);
