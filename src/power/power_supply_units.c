// Which units of generators run: started for load that is there, foreseen, or about to be lost by feeds; stopped when spare for long enough.
#include <math.h>

#include "power/power_supply_internal.h"

#define ROUNDING 1e-9  // share of a unit that is not worth another one
#define RECOVERED 0.5  // share of its usable energy with which a battery takes peaks over from units again

// Units that stand ready or are on their way.
static double starting_of(const clx_supply_state *state, int32_t i) {
  double units = 0;
  for (int32_t b = 0; b < CLX_STARTS_MAX; b++) units += state->starting[i][b];
  return units;
}

static void join_ready(clx_supply_state *state, int32_t i) {
  for (int32_t b = 0; b < CLX_STARTS_MAX; b++) {
    if (state->starting[i][b] > 0 && state->ready_at[i][b] <= state->time) {
      state->running[i] += state->starting[i][b];
      state->starting[i][b] = 0;
    }
  }
}

// From the order until a unit takes load: what the ramp leaves of the time to full load.
static double delay_of(const clx_source *source) {
  return fmax(0, clx_source_lead(source) - clx_source_unit(source) / source->generator->ramp);
}

// Orders units. A free place of the list, or with the last batch: its units then come as late as the new ones.
static void order_units(const clx_source *source, clx_supply_state *state, int32_t i, double units) {
  int32_t place = 0;
  for (int32_t b = 0; b < CLX_STARTS_MAX; b++) {
    if (!(state->starting[i][b] > 0)) {
      place = b;
      break;
    }
    if (state->ready_at[i][b] > state->ready_at[i][place]) place = b;
  }
  state->starting[i][place] += units;
  state->ready_at[i][place] = state->time + delay_of(source);
  state->starts[i] += units;
}

static void stop_spare(const clx_source *source, clx_supply_state *state, int32_t i, double needed) {
  if (needed >= state->running[i]) {
    state->spare_since[i] = -1;
    return;
  }
  if (state->spare_since[i] < 0) {
    state->spare_since[i] = state->time;
    state->needed[i] = needed;
  }
  state->needed[i] = fmax(state->needed[i], needed);
  if (state->time < state->spare_since[i] + source->generator->hold) return;
  state->running[i] = state->needed[i];
  state->spare_since[i] = -1;
}

// Whether batteries that shave carry `rest` W until generators with this lead could: then these are not needed yet. Units that run stay until the
// batteries have recovered.
static bool shaved(const clx_supply *supply, const clx_supply_state *state, double lead, double rest, bool runs) {
  double power = 0, energy = 0, usable = 0;
  for (int32_t k = 0; k < supply->store_count; k++) {
    const clx_store *s = &supply->store[k];
    const clx_battery *b = s->battery;
    if ((s->roles & CLX_BATTERY_SHAVE) == 0 || !clx_store_works(s, state->time)) continue;
    const double stock = clx_store_stock(s, state, k) * sqrt(b->round_trip);
    energy += stock;
    usable += (b->most - b->least) * state->capacity[k];
    power += stock > 0 ? b->power * s->count : 0;
  }
  if (rest > power || rest * lead * (1 + CLX_SHAVE_REVIEW) > energy) return false;
  return !runs || energy > RECOVERED * usable;
}

// W that generators used before `r`th will give by `time`: of those needed, what runs or is ready by then.
static double carried(const clx_supply *supply, const int32_t *rank, const clx_supply_state *state,
                      const double *needed, int32_t r, double time) {
  double power = 0;
  for (int32_t q = 0; q < r; q++) {
    const int32_t j = rank[q];
    if (supply->source[j].generator == NULL || !clx_source_there(&supply->source[j], time)) continue;
    double units = state->running[j];
    for (int32_t b = 0; b < CLX_STARTS_MAX; b++) units += state->ready_at[j][b] <= time ? state->starting[j][b] : 0;
    power += fmin(needed[j], units) * clx_source_unit(&supply->source[j]);
  }
  return power;
}

void clx_units_commit(const clx_supply *supply, const int32_t *rank, clx_supply_state *state, double load) {
  double needed[CLX_SOURCES_MAX] = {0};
  for (int32_t r = 0; r < supply->source_count; r++) {
    const int32_t i = rank[r];
    const clx_source *source = &supply->source[i];
    if (source->generator == NULL) continue;
    if (!clx_source_there(source, state->time)) {
      state->running[i] = 0;
      for (int32_t b = 0; b < CLX_STARTS_MAX; b++) state->starting[i][b] = 0;
      state->spare_since[i] = -1;
      continue;
    }
    const double unit = clx_source_unit(source), lead = clx_source_lead(source);
    const double rest =
        load - carried(supply, rank, state, needed, r, state->time + lead) - clx_feeds_ahead(supply, i, state->time);
    const bool wanted = rest > ROUNDING * load && !shaved(supply, state, lead, rest, state->running[i] > 0);
    needed[i] = wanted ? fmin(source->count, ceil(rest / unit - ROUNDING)) : 0;
    if (!state->begun) {
      state->running[i] = needed[i];
      continue;
    }
    join_ready(state, i);
    const double coming = state->running[i] + starting_of(state, i);
    if (needed[i] > coming) order_units(source, state, i, needed[i] - coming);
    stop_spare(source, state, i, needed[i]);
  }
}
