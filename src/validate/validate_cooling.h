// Cases of cooling (key `cooling`): figures of one part, and of sampled systems, by name. docs/tables.md lists the figures.
#pragma once

#include "validate/validate_cases.h"
#include "weather/weather.h"

clx_status clx_case_cooling_value(clx_case_run *run, const clx_case_row *row, clx_case_value *out, clx_error *error);

// Ten types of data centres whose parameters are drawn from published ranges (validate_cooling_types.c): each is sampled once, when it is asked
// for, 51 draws through every 97th hour of the year (about 0.2 s a type).
typedef struct clx_cooling_types clx_cooling_types;
// `thinned`: the weather that the others want.
clx_status clx_cooling_types_open(const clx_weather *year, clx_arena *arena, clx_cooling_types **types,
                                  clx_weather *thinned, clx_error *error);
enum { CLX_COOLING_TYPES = 10 };
int32_t clx_cooling_type_named(const char *name);  // -1: none
const char *clx_cooling_type_name(int32_t type);
// Pairs of types whose PUE stand in another order than the middles of the published bands.
int32_t clx_cooling_types_wrong(const double *pue);
// The hall of a type at the middles of the published ranges, per W of IT: W that its air takes up; W of conversion and distribution losses, of lights,
// and of steam humidifiers (direct expansion): the study counts them, plants of the catalogue do not have them.
typedef struct clx_cooling_hall {
  double heat, other;
} clx_cooling_hall;
clx_cooling_hall clx_cooling_type_hall(int32_t type);
// m3 of water per J of IT into its humidifiers, where coils carry `carried` W per W of IT.
double clx_cooling_type_humidifiers(int32_t type, double carried);
// PUE and WUE (m3/J) of a quantile (0 to 1) of the draws, each of its own.
clx_status clx_cooling_type_quantile(clx_cooling_types *types, int32_t type, const clx_weather *weather,
                                     double quantile, double *pue, double *wue, clx_error *error);
// Pairs of types whose medians stand in another order than the middles of the published bands.
clx_status clx_cooling_types_order(clx_cooling_types *types, const clx_weather *weather, double *wrong,
                                   clx_error *error);
