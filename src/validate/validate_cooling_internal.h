// Between the files of validate_cooling: what a figure is asked for, and the tables in which they stand.
#pragma once

#include "validate/validate_cooling.h"

enum { CLX_COOLING_ARGUMENTS = 4 };

// What a figure is computed from: its arguments in the order of its row, and names where it has them.
typedef struct clx_cooling_asked {
  clx_case_run *run;
  double x[CLX_COOLING_ARGUMENTS];
  const char *of, *system, *weather;
  clx_place place, system_place, weather_place;
  const char **skipped;  // set where what is asked for is not at hand
} clx_cooling_asked;

typedef struct clx_cooling_figure {
  const char *name, *result;  // unit of the result
  const char *argument[CLX_COOLING_ARGUMENTS + 1], *unit[CLX_COOLING_ARGUMENTS];
  const char *kind;  // of the catalogue, of the input `of`; "fluid" = a name of clx_fluid_named; NULL = no such input
  clx_status (*value)(const clx_cooling_asked *a, double *out, clx_error *error);
  const char *system;  // what the input `system` names, for messages; NULL = no such input
  bool weather;        // has the input `weather`: a climate of the catalogue, or an EPW file
} clx_cooling_figure;

typedef struct clx_cooling_figures {
  const clx_cooling_figure *figure;
  size_t count;
} clx_cooling_figures;
extern const clx_cooling_figures clx_cooling_figures_air, clx_cooling_figures_parts, clx_cooling_figures_rack,
    clx_cooling_figures_plant, clx_cooling_figures_reference;

// The entry `of` of the catalogue.
clx_status clx_cooling_entry(const clx_cooling_asked *a, const char *kind, void *object, clx_error *error);

// What is kept between the rows of a case: one year of weather, and what was computed with it.
typedef struct clx_cooling_kept {
  const char *name;
  clx_weather weather;
  clx_cooling_types *types;  // NULL: not asked for yet; opened on
  clx_weather thinned;       // this part of the year
  struct {
    bool done;
    double it, pue, wue;       // for W of IT
  } entry[CLX_COOLING_TYPES];  // plants of the catalogue that are named like the ten types
  void *reference;             // the published plant of 1 MW
} clx_cooling_kept;

// The typical year of a climate of the catalogue, or an EPW file (a name that ends so), looked for beside the case and in
// ../shared/validation/weather. *kept = NULL, and a->skipped set: the file is not there.
clx_status clx_cooling_weather(const clx_cooling_asked *a, clx_cooling_kept **kept, clx_error *error);
// Every stride-th sample of it.
clx_status clx_cooling_weather_thin(const clx_weather *year, int64_t stride, clx_arena *arena, clx_weather *out,
                                    clx_error *error);
