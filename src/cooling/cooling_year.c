// A plant through a year of weather.
#include "cooling/cooling_plant_internal.h"

#include <math.h>
#include <string.h>

static clx_status check_input(const clx_cooling_year_input *input, clx_error *error) {
  const clx_weather *weather = input->weather;
  if (weather == NULL || weather->count < 1 || !(weather->step > 0)) {
    return clx_fail_plain(error, CLX_INPUT, "the weather has no samples; expected a year of them");
  }
  if (!(input->it > 0)) {
    return clx_fail_plain(error, CLX_INPUT, "IT power is %g W; expected more than 0: PUE and WUE are per W of it",
                          input->it);
  }
  if (!(input->other >= 0) || !(input->other_fixed >= 0)) {
    return clx_fail_plain(error, CLX_INPUT, "power beside cooling is %g and %g W; expected 0 or more", input->other,
                          input->other_fixed);
  }
  for (int64_t i = 0; input->load != NULL && i < weather->count; i++) {
    if (!(input->load[i] >= 0 && input->load[i] <= 100)) {
      return clx_fail_plain(error, CLX_INPUT, "load of sample %lld is %g; expected a share from 0 to 100", (long long)i,
                            (double)input->load[i]);
    }
  }
  return CLX_OK;
}

static clx_status open_series(int64_t count, clx_arena *arena, clx_cooling_year *year, clx_error *error) {
  float **const series[] = {&year->series_electric, &year->series_supply, &year->series_water, &year->series_pue};
  for (int32_t i = 0; i < CLX_COUNT(series); i++) {
    *series[i] = CLX_NEW_ARRAY(arena, float, count);
    if (*series[i] == NULL)
      return clx_fail_plain(error, CLX_MEMORY, "out of memory for the series of a year of cooling");
  }
  return CLX_OK;
}

// W by which a loop that runs warm misses its set point: what would have to go away beside to bring it there.
static double shortfall(const clx_plant *plant, const clx_plant_state *state, const clx_air *air, int32_t l) {
  if (l < 0 || !state->loop[l].warm) return 0;
  const clx_loop *loop = &plant->loop[l];
  const double set = loop->spec.set_point == CLX_SET_FLOAT ? loop->spec.supply : clx_plant_set_point(loop, air);
  return state->loop[l].flow * loop->spec.count * loop->capacity * (state->loop[l].supply - set);
}

static bool above(const clx_plant *plant, const clx_plant_state *state, int32_t l, double limit) {
  if (l < 0) return false;
  return limit > 0 ? state->loop[l].supply > limit + 1e-6 : state->loop[l].supply > plant->loop[l].spec.supply + 1e-6;
}

// Whether compressors run that stand on the way of the racks' liquid heat to the outside.
static bool liquid_compressors(const clx_plant *plant, const clx_plant_state *state) {
  bool passed[CLX_LOOPS_MAX] = {false};
  if (plant->liquid < 0) return false;
  passed[plant->liquid] = true;
  for (int32_t i = 0; i < plant->loop_count; i++) {  // in the order of the heat
    const int32_t l = plant->order[i];
    for (int32_t u = 0; passed[l] && u < plant->unit_count; u++) {
      const clx_plant_unit *unit = &plant->unit[u];
      if (unit->loop != l) continue;
      if (unit->chiller != NULL && state->unit[u].heat > 0) return true;
      if (unit->into >= 0) passed[unit->into] = true;
    }
  }
  return false;
}

static void add_moment(const clx_cooling_year_input *input, const clx_plant_state *state, int64_t i, double load,
                       const clx_air *air, clx_cooling_year *year) {
  const clx_plant *plant = input->plant;
  const double step = input->weather->step;
  const double water = state->water.evaporation + state->water.drift + state->water.blowdown;
  const int32_t racks = plant->liquid >= 0 ? plant->liquid : plant->air;
  const double it = input->it * load, facility = it + input->other * load + input->other_fixed + state->electric;
  year->it_energy += it * step;
  year->electric += state->electric * step;
  year->pumps += state->pumps * step;
  year->fans += state->fans * step;
  year->compressors += state->compressors * step;
  year->auxiliary += state->auxiliary * step;
  year->water += water * step;
  year->evaporation += state->water.evaporation * step;
  year->drift += state->water.drift * step;
  year->blowdown += state->water.blowdown * step;
  year->pue += facility * step;
  if (water > year->water_peak) {
    year->water_peak = water;
    year->water_peak_at = i;
  }
  if (state->electric > year->electric_peak) {
    year->electric_peak = state->electric;
    year->electric_peak_at = i;
  }
  if (i == 0 || state->loop[racks].supply > year->supply_most) {
    year->supply_most = state->loop[racks].supply;
    year->supply_most_at = i;
  }
  if (plant->air >= 0 && state->loop[plant->air].supply > year->air_most) {
    year->air_most = state->loop[plant->air].supply;
    year->air_most_at = i;
  }
  if (state->warm) year->warm_time += step;
  if (above(plant, state, plant->liquid, input->supply_limit) || above(plant, state, plant->air, input->air_limit)) {
    year->throttled_time += step;
  }
  if (liquid_compressors(plant, state)) year->liquid_compressor_time += step;
  if (state->compressors > 0) {
    year->compressor_time += step;
  } else {
    year->free_time += step;
  }
  const double missing = shortfall(plant, state, air, plant->liquid) + shortfall(plant, state, air, plant->air);
  if (missing > year->shortfall) {
    year->shortfall = missing;
    year->shortfall_at = i;
  }
  for (int32_t u = 0; u < plant->unit_count; u++) {
    if (state->unit[u].limit == CLX_CHILLER_OK || state->unit[u].heat <= 0) continue;
    year->outside_range_time += step;
    break;
  }
  year->residual = fmax(year->residual, state->residual);
  year->series_electric[i] = (float)state->electric;
  year->series_supply[i] = (float)state->loop[racks].supply;
  year->series_water[i] = (float)water;
  year->series_pue[i] = it > 0 ? (float)(facility / it) : 0;
}

clx_status clx_cooling_year_run(const clx_cooling_year_input *input, clx_arena *arena, clx_cooling_year *year,
                                clx_error *error) {
  memset(year, 0, sizeof *year);
  CLX_TRY(check_input(input, error));
  const clx_weather *weather = input->weather;
  CLX_TRY(open_series(weather->count, arena, year, error));
  clx_plant_state *state = CLX_NEW_ARRAY(arena, clx_plant_state, 2);
  if (state == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory for a year of cooling");
  for (int64_t i = 0; i < weather->count; i++) {
    const clx_air air = clx_weather_air(weather, i);
    const double load = input->load != NULL ? (double)input->load[i] : 1;
    clx_error own = {0};
    const clx_plant_state *before = i > 0 ? &state[(i + 1) & 1] : NULL;
    const clx_status status = clx_plant_solve_from(input->plant, input->liquid * load, input->air * load, &air, NULL,
                                                   before, &state[i & 1], &own);
    if (status != CLX_OK) {
      return clx_fail_plain(error, status, "hour %lld of the year: %s",
                            (long long)floor((double)i * weather->step / 3600), own.mistake[0].text);
    }
    add_moment(input, &state[i & 1], i, load, &air, year);
  }
  if (!(year->it_energy > 0))
    return clx_fail_plain(error, CLX_INPUT, "the load is 0 the whole year; expected some IT power");
  year->pue /= year->it_energy;
  year->wue = year->water / 1000 / year->it_energy;  // m3 of water at 1,000 kg/m3
  return CLX_OK;
}
