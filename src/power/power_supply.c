// A supply: is it possible, what does it have when, what changes next.
#include "power/power_supply.h"

#include <math.h>
#include <string.h>

#include "power/power_supply_internal.h"

// A generator is ordered this long before it has to carry full load: rounding of times must not leave a gap.
#define LEAD_MARGIN 1e-3  // s

// --- sources -----------------------------------------------------------------------------------------------------------------

double clx_source_unit(const clx_source *source) { return source->generator->power * source->derating; }

double clx_source_power(const clx_source *source) {
  return source->generator != NULL ? source->count * clx_source_unit(source) : source->power * source->derating;
}

double clx_source_lead(const clx_source *source) {
  const clx_generator *g = source->generator;
  return source->standby && g->hot_start_time >= 0 ? g->hot_start_time : g->start_time;
}

bool clx_source_there(const clx_source *source, double time) {
  return time >= source->from && !(source->until > 0 && time >= source->until);
}

static bool used_before(const clx_supply *supply, int32_t a, int32_t b) {
  const int32_t x = supply->source[a].order, y = supply->source[b].order;
  return x != y ? x < y : a < b;
}

void clx_supply_rank(const clx_supply *supply, int32_t rank[CLX_SOURCES_MAX]) {
  for (int32_t i = 0; i < supply->source_count; i++) {
    int32_t at = i;
    for (; at > 0 && used_before(supply, i, rank[at - 1]); at--) rank[at] = rank[at - 1];
    rank[at] = i;
  }
}

// --- feeds and curtailments ------------------------------------------------------------------------------------------------

double clx_feeds_limit(const clx_supply *supply, double time, double known) {
  double limit = INFINITY;
  for (int32_t i = 0; i < supply->curtailment_count; i++) {
    const clx_curtailment *c = &supply->curtailment[i];
    if (known >= c->at - c->notice && time >= c->at && time < c->at + c->duration) limit = fmin(limit, c->power);
  }
  return limit;
}

// Feeds used before generator `index` (all of them: index < 0) at `time`, as known at `known`.
static double feeds_at(const clx_supply *supply, int32_t index, double time, double known) {
  double power = 0;
  for (int32_t i = 0; i < supply->source_count; i++) {
    const clx_source *s = &supply->source[i];
    if (s->generator != NULL || !clx_source_there(s, time)) continue;
    if (index < 0 || used_before(supply, i, index)) power += clx_source_power(s);
  }
  return fmin(power, clx_feeds_limit(supply, time, known));
}

double clx_feeds_ahead(const clx_supply *supply, int32_t index, double time) {
  const double last = time + clx_source_lead(&supply->source[index]) + LEAD_MARGIN;
  double power = feeds_at(supply, index, time, time);
  for (int32_t i = 0; i < supply->source_count; i++) {
    const clx_source *s = &supply->source[i];
    if (s->generator != NULL || !(s->until > time && s->until <= last)) continue;
    power = fmin(power, feeds_at(supply, index, s->until, time));
  }
  for (int32_t i = 0; i < supply->curtailment_count; i++) {
    const double at = supply->curtailment[i].at;
    if (at > time && at <= last) power = fmin(power, feeds_at(supply, index, at, time));
  }
  return power;
}

// --- what changes next -----------------------------------------------------------------------------------------------------

static double sooner(double best, double time, double now) { return time > now && time < best ? time : best; }

// When something at `time` first concerns a generator: its lead before.
static double sooner_ahead(const clx_supply *supply, double best, double time, double now) {
  for (int32_t i = 0; i < supply->source_count; i++) {
    const clx_source *s = &supply->source[i];
    if (s->generator != NULL) best = sooner(best, time - clx_source_lead(s) - LEAD_MARGIN / 2, now);
  }
  return best;
}

double clx_supply_boundary(const clx_supply *supply, const clx_supply_state *state) {
  const double now = state->time;
  double next = sooner(INFINITY, state->month_start + CLX_MONTH, now);
  for (int32_t i = 0; i < supply->source_count; i++) {
    const clx_source *s = &supply->source[i];
    next = sooner(next, s->from, now);
    if (s->until > 0) {
      next = sooner(next, s->until, now);
      if (s->generator == NULL) next = sooner_ahead(supply, next, s->until, now);
    }
    if (s->generator == NULL) continue;
    for (int32_t b = 0; b < CLX_STARTS_MAX; b++) {
      if (state->starting[i][b] > 0) next = sooner(next, state->ready_at[i][b], now);
    }
    if (state->spare_since[i] >= 0) next = sooner(next, state->spare_since[i] + s->generator->hold, now);
  }
  for (int32_t i = 0; i < supply->curtailment_count; i++) {
    const clx_curtailment *c = &supply->curtailment[i];
    next = sooner(sooner(sooner(next, c->at - c->notice, now), c->at, now), c->at + c->duration, now);
    next = sooner_ahead(supply, next, c->at, now);
  }
  for (int32_t k = 0; k < supply->store_count; k++) next = sooner(next, supply->store[k].from, now);
  return next;
}

double clx_supply_next(const clx_supply *supply, const clx_supply_state *state, double demand) {
  double next = clx_supply_boundary(supply, state);
  double spare = -demand - clx_stores_draw(supply, state) + feeds_at(supply, -1, state->time, state->time), power = 0;
  for (int32_t i = 0; i < supply->source_count; i++) {
    if (supply->source[i].generator != NULL) spare += state->running[i] * clx_source_unit(&supply->source[i]);
  }
  for (int32_t k = 0; k < supply->store_count; k++) {
    const clx_store *s = &supply->store[k];
    if (clx_store_works(s, state->time)) power += s->battery->power * s->count;
  }
  if (!(power > 0) || spare == 0) return next;
  const double share = fmin(1, fabs(spare) / power);
  for (int32_t k = 0; k < supply->store_count; k++) {
    const clx_store *s = &supply->store[k];
    if (!clx_store_works(s, state->time)) continue;
    const double way = sqrt(s->battery->round_trip), own = share * s->battery->power * s->count;
    const double energy = spare > 0 ? clx_store_room(s, state, k) / way : clx_store_stock(s, state, k) * way;
    if (energy > 0) next = sooner(next, state->time + energy / own, state->time);
  }
  return next;
}

// --- capacity ----------------------------------------------------------------------------------------------------------------

double clx_supply_capacity(const clx_supply *supply, double time) {
  double power = feeds_at(supply, -1, time, INFINITY);
  for (int32_t i = 0; i < supply->source_count; i++) {
    const clx_source *s = &supply->source[i];
    if (s->generator != NULL && clx_source_there(s, time)) power += clx_source_power(s);
  }
  return power;
}

double clx_supply_capacity_for(const clx_supply *supply, const clx_supply_state *state, double seconds) {
  double high = 0, low = 0;
  for (int32_t i = 0; i < supply->source_count; i++) high += clx_source_power(&supply->source[i]);
  for (int32_t k = 0; k < supply->store_count; k++) high += supply->store[k].battery->power * supply->store[k].count;
  const double close = 1e-6 * high;
  if (!(seconds > 0)) return high;
  while (high - low > close) {
    const double middle = (low + high) / 2;
    clx_supply_state copy = *state;
    copy.foreseen = 0;
    clx_supply_step(supply, &copy, middle, seconds);
    if (copy.short_energy - state->short_energy > 1e-9 * middle * seconds) {
      high = middle;
    } else {
      low = middle;
    }
  }
  return low;
}

void clx_supply_start(const clx_supply *supply, clx_supply_state *state) {
  memset(state, 0, sizeof *state);
  state->short_at = -1;
  for (int32_t i = 0; i < CLX_SOURCES_MAX; i++) state->spare_since[i] = -1;
  for (int32_t k = 0; k < supply->store_count; k++) {
    const clx_store *s = &supply->store[k];
    state->capacity[k] = s->battery->energy * s->count;
    state->charge[k] = fmin(fmax(s->charge, s->battery->least), s->battery->most) * state->capacity[k];
    state->least[k] = state->charge[k];
  }
}
