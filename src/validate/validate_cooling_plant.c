// Figures of whole plants: the ten types of data centres as the study draws them, and plants of the catalogue.
#include <math.h>
#include <string.h>

#include "cooling/cooling_plant.h"
#include "validate/validate_cooling_internal.h"

typedef clx_cooling_asked asked;

// --- ten types of data centres -------------------------------------------------------------------------------------------------

// Opened on the year that is asked for; *out = NULL: the file is not at hand.
static clx_status types(const asked *a, clx_cooling_kept **out, clx_error *error) {
  CLX_TRY(clx_cooling_weather(a, out, error));
  clx_cooling_kept *k = *out;
  if (k == NULL || k->types != NULL) return CLX_OK;
  return clx_cooling_types_open(&k->weather, a->run->arena, &k->types, &k->thinned, error);
}

static clx_status type_named(const char *name, clx_place place, int32_t *type, clx_error *error) {
  *type = clx_cooling_type_named(name);
  if (*type >= 0) return CLX_OK;
  return clx_fail(error, CLX_INPUT, place, "no type '%.60s': docs/model/cooling/reference.md lists the ten", name);
}

static clx_status system_quantile(const asked *a, double *pue, double *wue, clx_error *error) {
  clx_cooling_kept *k = NULL;
  int32_t type = -1;
  CLX_TRY(type_named(a->system, a->system_place, &type, error));
  CLX_TRY(types(a, &k, error));
  if (k == NULL) return CLX_OK;
  if (!(a->x[0] >= 0 && a->x[0] <= 1))
    return clx_fail(error, CLX_INPUT, a->place, "expected a quantile in 0..1, read %g", a->x[0]);
  return clx_cooling_type_quantile(k->types, type, &k->thinned, a->x[0], pue, wue, error);
}

static clx_status system_pue(const asked *a, double *out, clx_error *error) {
  double wue = 0;
  return system_quantile(a, out, &wue, error);
}

static clx_status system_wue(const asked *a, double *out, clx_error *error) {
  double pue = 0;
  return system_quantile(a, &pue, out, error);
}

static clx_status system_order(const asked *a, double *out, clx_error *error) {
  clx_cooling_kept *k = NULL;
  CLX_TRY(types(a, &k, error));
  return k == NULL ? CLX_OK : clx_cooling_types_order(k->types, &k->thinned, out, error);
}

// --- plants of the catalogue --------------------------------------------------------------------------------------------------------

static clx_status build(const asked *a, double liquid, double air_heat, const clx_air *design, clx_plant **out,
                        clx_error *error) {
  clx_plant_spec *spec = CLX_NEW(a->run->arena, clx_plant_spec);
  clx_plant *plant = CLX_NEW(a->run->arena, clx_plant);
  if (spec == NULL || plant == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  CLX_TRY(clx_catalog_read_plant(a->run->catalog, a->of, a->place, a->run->arena, spec, error));
  const clx_equipment *equipment = NULL;
  CLX_TRY(clx_catalog_read_equipment(a->run->catalog, spec, a->run->arena, &equipment, error));
  const clx_plant_finder finder = clx_equipment_finder(equipment);
  CLX_TRY(clx_plant_build(spec, &finder, liquid, air_heat, design, a->run->arena, plant, error));
  *out = plant;
  return CLX_OK;
}

// x[0]: W of liquid heat; x[1]: K outside at design and now.
static clx_status plant_loop(const asked *a, clx_loop_state *out, clx_error *error) {
  clx_plant *plant = NULL;
  clx_plant_state state;
  const clx_air air = clx_air_from_relative(a->x[1], 0.4, clx_air_standard_pressure(0));
  CLX_TRY(build(a, a->x[0], 0, &air, &plant, error));
  CLX_TRY(clx_plant_solve(plant, a->x[0], 0, &air, NULL, &state, error));
  for (int32_t l = 0; l < plant->loop_count; l++) {
    if (strcmp(plant->loop[l].spec.name, a->system) != 0) continue;
    *out = state.loop[l];
    return CLX_OK;
  }
  return clx_fail(error, CLX_INPUT, a->system_place, "plant '%.60s' has no loop '%.60s'", a->of, a->system);
}

static clx_status plant_supply(const asked *a, double *out, clx_error *error) {
  clx_loop_state loop;
  CLX_TRY(plant_loop(a, &loop, error));
  *out = loop.supply;
  return CLX_OK;
}

static clx_status plant_back(const asked *a, double *out, clx_error *error) {
  clx_loop_state loop;
  CLX_TRY(plant_loop(a, &loop, error));
  *out = loop.back;
  return CLX_OK;
}

static clx_status plant_pump(const asked *a, double *out, clx_error *error) {
  clx_loop_state loop;
  CLX_TRY(plant_loop(a, &loop, error));
  *out = loop.pump;
  return CLX_OK;
}

enum { STRIDE = 7 };  // every seventh hour: all hours of the day, all days of the week

// An entry that is named like one of the ten types, in the hall of the study at the middles of its ranges, x[0] W of IT, sized for the day that 0.4 % of
// the hours exceed, through the year. Water of humidifiers is the study's, by what the chillers carry.
static clx_status run_entry(const asked *a, int32_t type, const clx_weather *whole, double *pue, double *wue,
                            clx_error *error) {
  clx_plant *plant = NULL;
  clx_cooling_year year;
  clx_weather weather;
  const double it = a->x[0], hot = clx_weather_exceeded(whole, CLX_WEATHER_DRY_BULB, 0.004);
  const double wet = clx_weather_exceeded(whole, CLX_WEATHER_WET_BULB, 0.004);
  const clx_air design = clx_air_from_wet_bulb(hot, fmin(wet, hot), clx_air_standard_pressure(0));
  const clx_cooling_hall hall = clx_cooling_type_hall(type);
  if (!(it > 0)) return clx_fail(error, CLX_INPUT, a->place, "expected IT power above 0, read %g W", it);
  CLX_TRY(clx_cooling_weather_thin(whole, STRIDE, a->run->arena, &weather, error));
  CLX_TRY(build(a, 0, hall.heat * it, &design, &plant, error));
  const clx_cooling_year_input input = {
      .plant = plant, .weather = &weather, .air = hall.heat * it, .it = it, .other = hall.other * it};
  CLX_TRY(clx_cooling_year_run(&input, a->run->arena, &year, error));
  double cop = 0;
  for (int32_t u = 0; u < plant->unit_count; u++)
    cop = plant->unit[u].chiller != NULL ? plant->unit[u].chiller->cop : cop;
  *pue = year.pue;
  *wue = year.wue +
         clx_cooling_type_humidifiers(type, year.compressors * cop / (it * (double)weather.count * weather.step));
  return CLX_OK;
}

static clx_status entry_year(const asked *a, double *pue, double *wue, clx_error *error) {
  clx_cooling_kept *k = NULL;
  int32_t t = -1;
  CLX_TRY(type_named(a->of, a->place, &t, error));
  CLX_TRY(clx_cooling_weather(a, &k, error));
  if (k == NULL) return CLX_OK;
  if (!k->entry[t].done || k->entry[t].it != a->x[0]) {
    CLX_TRY(run_entry(a, t, &k->weather, &k->entry[t].pue, &k->entry[t].wue, error));
    k->entry[t].done = true;
    k->entry[t].it = a->x[0];
  }
  *pue = k->entry[t].pue;
  *wue = k->entry[t].wue;
  return CLX_OK;
}

static clx_status entry_pue(const asked *a, double *out, clx_error *error) {
  double wue = 0;
  return entry_year(a, out, &wue, error);
}

static clx_status entry_wue(const asked *a, double *out, clx_error *error) {
  double pue = 0;
  return entry_year(a, &pue, out, error);
}

// Pairs of the ten entries whose PUE stand in another order than the middles of the published bands.
static clx_status entry_order(const asked *a, double *out, clx_error *error) {
  double pue[CLX_COOLING_TYPES] = {0}, wue = 0;
  for (int32_t t = 0; t < CLX_COOLING_TYPES; t++) {
    asked one = *a;
    one.of = clx_cooling_type_name(t);
    CLX_TRY(entry_year(&one, &pue[t], &wue, error));
  }
  *out = clx_cooling_types_wrong(pue);
  return CLX_OK;
}

#define PLANT \
  {"liquid", "outside"}, { "W", "K" }

static const clx_cooling_figure FIGURES[] = {
    {"plant_supply", "K", PLANT, "plant", plant_supply, "a loop of the plant", false},
    {"plant_back", "K", PLANT, "plant", plant_back, "a loop of the plant", false},
    {"plant_pump", "W", PLANT, "plant", plant_pump, "a loop of the plant", false},
    {"system_pue", "", {"quantile"}, {""}, NULL, system_pue, "one of the ten types", true},
    {"system_wue", "m^3/J", {"quantile"}, {""}, NULL, system_wue, "one of the ten types", true},
    {"system_order", "", {NULL}, {NULL}, NULL, system_order, NULL, true},
    {"entry_pue", "", {"it"}, {"W"}, "plant", entry_pue, NULL, true},
    {"entry_wue", "m^3/J", {"it"}, {"W"}, "plant", entry_wue, NULL, true},
    {"entry_order", "", {"it"}, {"W"}, NULL, entry_order, NULL, true},
};
const clx_cooling_figures clx_cooling_figures_plant = {FIGURES, CLX_COUNT(FIGURES)};
