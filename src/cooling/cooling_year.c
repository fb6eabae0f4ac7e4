// A plant through a year of weather.
#include "cooling/cooling_plant_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

// Share of the heat or power below which a machine is a rounding of the solver.
static const double TRICKLE = 1e-6;

static const double HOUR = 3600;

void clx_cooling_hour(const clx_weather *weather, int64_t sample, char *text, size_t size) {
  static const char *const MONTH[] = {"January", "February", "March",     "April",   "May",      "June",
                                      "July",    "August",   "September", "October", "November", "December"};
  static const int32_t DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const int64_t minutes = (int64_t)floor((double)sample * weather->step / 60 + 0.5), hour = minutes / 60;
  const bool leap = (double)weather->count * weather->step > 8760.5 * HOUR;
  int64_t day = hour / 24;
  int32_t month = 0;
  for (; month < 11; month++) {
    const int32_t days = DAYS[month] + (leap && month == 1);
    if (day < days) break;
    day -= days;
  }
  char count[32];
  if (hour >= 1000) {
    snprintf(count, sizeof count, "%lld,%03lld", (long long)(hour / 1000), (long long)(hour % 1000));
  } else {
    snprintf(count, sizeof count, "%lld", (long long)hour);
  }
  snprintf(text, size, "hour %s (%lld %s %02lld:%02lld)", count, (long long)day + 1, MONTH[month],
           (long long)(hour % 24), (long long)(minutes % 60));
}

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
  if (!(input->step == 0 || (input->step >= 60 && input->step <= HOUR))) {
    return clx_fail_plain(error, CLX_INPUT, "a step of a year of cooling is %g s; expected 60 to 3600 s", input->step);
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

// --- heat that is missing --------------------------------------------------------------------------------------------------------

// A moment of the year: its weather, its heat, how long it lasts.
typedef struct moment {
  const clx_cooling_year_input *input;
  clx_air air;
  double load, time;  // share; s
  int64_t sample;
} moment;

static bool loop_warm(const clx_plant_state *state, int32_t l) { return l >= 0 && state->loop[l].warm; }

// Whether the plant holds its set points without `less` of the W that go into the warm ones of its loops.
static bool holds(const moment *m, const clx_plant_state *state, double heat, double less, clx_plant_state *work) {
  const clx_plant *plant = m->input->plant;
  const double stay = fmax(1 - less / heat, 0);
  const double liquid = m->input->liquid * m->load * (loop_warm(state, plant->liquid) ? stay : 1);
  const double air = m->input->air * m->load * (loop_warm(state, plant->air) ? stay : 1);
  clx_error own = {0};
  return clx_plant_solve_from(plant, liquid, air, &m->air, NULL, NULL, work, &own) == CLX_OK && !work->warm;
}

// W of a warm moment that would have to stay away for the set points to be held, if more than `known`. What cannot be held without any heat is
// missing as a whole.
static double shortfall(const moment *m, const clx_plant_state *state, double known, clx_plant_state *work) {
  const clx_plant *plant = m->input->plant;
  const double heat = m->load * ((loop_warm(state, plant->liquid) ? m->input->liquid : 0) +
                                 (loop_warm(state, plant->air) ? m->input->air : 0));
  if (!(heat > known) || (known > 0 && holds(m, state, heat, known, work))) return known;
  double low = known, high = heat;
  while (high - low > 1e-3 * high) {
    const double middle = 0.5 * (low + high);
    if (holds(m, state, heat, middle, work)) {
      high = middle;
    } else {
      low = middle;
    }
    if (low > 0.999 * heat) return heat;
  }
  return high;
}

// --- sums ------------------------------------------------------------------------------------------------------------------------

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
      if (unit->chiller != NULL && state->unit[u].heat > TRICKLE * state->loop[l].heat) return true;
      if (unit->into >= 0) passed[unit->into] = true;
    }
  }
  return false;
}

static void add_range(const moment *m, const clx_plant_state *state, clx_cooling_year *year) {
  const clx_plant *plant = m->input->plant;
  bool hard = false, easy = false;
  for (int32_t u = 0; u < plant->unit_count; u++) {
    const clx_plant_unit *unit = &plant->unit[u];
    if (state->unit[u].limit == CLX_CHILLER_OK || state->unit[u].heat <= 0) continue;
    clx_cooling_range *range = &year->range[u];
    if (state->unit[u].limit == CLX_CHILLER_BELOW) {
      easy = true;
      range->easy_time += m->time;
      continue;
    }
    const double entering = unit->into >= 0 ? state->loop[unit->into].supply : m->air.dry_bulb;
    const double leaving = state->loop[unit->loop].supply;
    hard = true;
    range->entering_most = range->hard_time > 0 ? fmax(range->entering_most, entering) : entering;
    range->leaving_least = range->hard_time > 0 ? fmin(range->leaving_least, leaving) : leaving;
    range->hard_time += m->time;
  }
  if (hard) {
    year->outside_range_time += m->time;
  } else if (easy) {
    year->easy_range_time += m->time;
  }
}

static void add_energy(const moment *m, const clx_plant_state *state, double water, clx_cooling_year *year) {
  const clx_cooling_year_input *input = m->input;
  const double it = input->it * m->load;
  year->it_energy += it * m->time;
  year->electric += state->electric * m->time;
  year->pumps += state->pumps * m->time;
  year->fans += state->fans * m->time;
  year->compressors += state->compressors * m->time;
  year->auxiliary += state->auxiliary * m->time;
  year->water += water * m->time;
  year->evaporation += state->water.evaporation * m->time;
  year->drift += state->water.drift * m->time;
  year->blowdown += state->water.blowdown * m->time;
  year->pue += (it + input->other * m->load + input->other_fixed + state->electric) * m->time;
  if (state->compressors > TRICKLE * state->electric) {
    year->compressor_time += m->time;
  } else {
    year->free_time += m->time;
  }
}

static void add_moment(const moment *m, const clx_plant_state *state, clx_plant_state *work, clx_cooling_year *year) {
  const clx_cooling_year_input *input = m->input;
  const clx_plant *plant = input->plant;
  const double water = state->water.evaporation + state->water.drift + state->water.blowdown;
  const double supply =
      state->loop[plant->liquid >= 0 && (input->liquid > 0 || plant->air < 0) ? plant->liquid : plant->air].supply;
  const float part = (float)(m->time / input->weather->step);
  add_energy(m, state, water, year);
  add_range(m, state, year);
  if (water > year->water_peak) {
    year->water_peak = water;
    year->water_peak_at = m->sample;
  }
  if (state->electric > year->electric_peak) {
    year->electric_peak = state->electric;
    year->electric_peak_at = m->sample;
  }
  if (supply > year->supply_most) {
    year->supply_most = supply;
    year->supply_most_at = m->sample;
  }
  if (plant->air >= 0 && state->loop[plant->air].supply > year->air_most) {
    year->air_most = state->loop[plant->air].supply;
    year->air_most_at = m->sample;
  }
  if (liquid_compressors(plant, state)) year->liquid_compressor_time += m->time;
  if (above(plant, state, plant->liquid, input->supply_limit) || above(plant, state, plant->air, input->air_limit)) {
    year->throttled_time += m->time;
  }
  if (state->warm) {
    year->warm_time += m->time;
    const double missing = shortfall(m, state, year->shortfall, work);
    if (missing > year->shortfall) year->shortfall_at = m->sample;
    year->shortfall = missing;
  }
  year->residual = fmax(year->residual, state->residual);
  year->series_electric[m->sample] += part * (float)state->electric;
  year->series_water[m->sample] += part * (float)water;
  year->series_supply[m->sample] = fmaxf(year->series_supply[m->sample], (float)supply);
}

static clx_status run_moments(const clx_cooling_year_input *input, clx_plant_state *state, clx_cooling_year *year,
                              clx_error *error) {
  const clx_weather *weather = input->weather;
  const int32_t parts = input->step > 0 ? (int32_t)fmax(1, floor(weather->step / input->step + 0.5)) : 1;
  clx_plant_state *now = &state[0], *before = &state[1];
  for (int64_t i = 0; i < weather->count * parts; i++) {
    moment m = {.input = input, .time = weather->step / parts, .sample = i / parts};
    m.air = parts == 1 ? clx_weather_air(weather, i) : clx_weather_at(weather, ((double)i + 0.5) * m.time);
    m.load = input->load != NULL ? (double)input->load[m.sample] : 1;
    clx_error own = {0};
    const clx_status status = clx_plant_solve_from(input->plant, input->liquid * m.load, input->air * m.load, &m.air,
                                                   NULL, i > 0 ? before : NULL, now, &own);
    if (status != CLX_OK) {
      char hour[64];
      clx_cooling_hour(weather, m.sample, hour, sizeof hour);
      return clx_fail_plain(error, status, "%s: %s", hour, own.mistake[0].text);
    }
    add_moment(&m, now, &state[2], year);
    clx_plant_state *last = now;
    now = before;
    before = last;
  }
  return CLX_OK;
}

clx_status clx_cooling_year_run(const clx_cooling_year_input *input, clx_arena *arena, clx_cooling_year *year,
                                clx_error *error) {
  memset(year, 0, sizeof *year);
  CLX_TRY(check_input(input, error));
  const clx_weather *weather = input->weather;
  CLX_TRY(open_series(weather->count, arena, year, error));
  clx_plant_state *state = CLX_NEW_ARRAY(arena, clx_plant_state, 3);
  if (state == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory for a year of cooling");
  CLX_TRY(run_moments(input, state, year, error));
  if (!(year->it_energy > 0))
    return clx_fail_plain(error, CLX_INPUT, "the load is 0 the whole year; expected some IT power");
  for (int64_t i = 0; i < weather->count; i++) {
    const double load = input->load != NULL ? (double)input->load[i] : 1, it = input->it * load;
    const double facility = it + input->other * load + input->other_fixed + (double)year->series_electric[i];
    year->series_pue[i] = it > 0 ? (float)(facility / it) : 0;
  }
  year->pue /= year->it_energy;
  year->wue = year->water / 1000 / year->it_energy;  // m3 of water at 1,000 kg/m3
  return CLX_OK;
}
