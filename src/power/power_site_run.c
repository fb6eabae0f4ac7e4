// A site over time: stretches of constant power between events, each passed up the chain and met by the supply.
#include <math.h>
#include <string.h>

#include "power/power_site_internal.h"

static const double NOTICED = 1e-9;   // share of the demand below which a shortage is rounding
static const double SHORTEST = 1e-6;  // s: a supply that sees no time to its next change is stepped over it
enum { MEMORY = 256 };                // loads whose way up the chain is kept: states of groups come back all the time

typedef struct passed {
  bool known;
  double load;
  clx_site_flow flow;
} passed;

// Power that holds for a stretch of time.
typedef struct stretch {
  const clx_site_flow *flow;  // of the mean load
  double most_it, most_top;   // W, top of the waves
  double smoothing;           // W through the stores that smooth
} stretch;

typedef struct runner {
  const clx_site *site;
  clx_site now;  // the site with the cooling of the moment
  double until;  // s: when that changes
  clx_site_states_run states;
  passed *memory;
  clx_site_outcome *out;
  clx_power_bins bins, charge, *source;
  clx_sum energy, it, loss, cooling, shed, load, beside, supplied;  // J
  clx_sum level_loss[CLX_CHAIN_LEVELS_MAX], level_in[CLX_CHAIN_LEVELS_MAX];
  double power_before;  // W at the point of connection before the last event
  double charge_start;  // J
  bool bounded;         // there is a supply
  clx_near_supply near;
} runner;

// Valid until the next call.
static const clx_site_flow *pass(runner *r, double load) {
  uint64_t bits;
  memcpy(&bits, &load, sizeof bits);
  passed *p = &r->memory[(bits * 0x9e3779b97f4a7c15u) >> 56];
  if (!p->known || p->load != load) *p = (passed){true, load, clx_site_pass(&r->now, load)};
  return &p->flow;
}

// Cooling of the moment.
static void follow_weather(runner *r, double time) {
  const clx_site *site = r->site;
  if (site->overhead_at == NULL || time < r->until) return;
  const double sample = floor(time / site->overhead_step * (1 + 1e-12));
  r->now.overhead = (double)site->overhead_at[(int64_t)sample % site->overhead_count];
  r->until = (sample + 1) * site->overhead_step;
  for (int32_t i = 0; i < MEMORY; i++) r->memory[i].known = false;
}

static double top_of(runner *r, double load) { return pass(r, load)->top; }

// --- books -----------------------------------------------------------------------------------------------------------------------

static double charge_of(const runner *r) {
  double charge = 0;
  for (int32_t i = 0; i < r->site->supply.store_count; i++) charge += r->out->supply.charge[i];
  return charge;
}

static void book_flow(runner *r, double load, const clx_site_flow *flow, double dt) {
  const clx_site *site = r->site;
  double beside = site->extra[site->chain.count] + flow->overhead;
  for (int32_t l = 0; l < site->chain.count; l++) {
    const clx_chain_flow *level = &flow->chain.flow[l];
    beside += level->fixed + site->extra[l];
    clx_sum_add(&r->level_loss[l], level->loss * dt);
    clx_sum_add(&r->level_in[l], level->in * dt);
  }
  clx_sum_add(&r->energy, flow->top * dt);
  clx_sum_add(&r->it, flow->it * dt);
  clx_sum_add(&r->loss, flow->chain.loss * dt);
  clx_sum_add(&r->cooling, flow->overhead * dt);
  clx_sum_add(&r->load, load * dt);
  clx_sum_add(&r->beside, beside * dt);
  r->out->steps++;
}

static void book_supply(runner *r, const double *before, double charge, double from, double to) {
  const clx_supply_state *s = &r->out->supply;
  for (int32_t i = 0; i < r->site->supply.source_count; i++) {
    const double energy = s->energy[i] - before[i];
    clx_power_bins_add(&r->source[i], from, to, energy / (to - from), 0);
  }
  if (r->site->supply.store_count > 0) {
    const double mean = (charge + charge_of(r)) / 2;
    clx_power_bins_add(&r->charge, from, to, mean, 0);
  }
}

// --- supply ------------------------------------------------------------------------------------------------------------------------

// Books power that holds from `from` to `to`.
static void book(runner *r, double load, const stretch *s, double from, double to) {
  if (!(to > from)) return;
  book_flow(r, load, s->flow, to - from);
  clx_power_bins_add(&r->bins, from, to, s->flow->top, fmax(s->most_top, s->flow->top));
  r->out->it_peak = fmax(r->out->it_peak, fmax(s->most_it, s->flow->it));
  r->out->site_peak = fmax(r->out->site_peak, fmax(s->most_top, s->flow->top));
}

// Takes `missing` W off the load as far as it may; returns what remains missing. The stretch becomes that of the smaller load.
static double shed(runner *r, double *load, stretch *s, double missing, double dt) {
  const double wanted = s->flow->top;
  const double least = top_of(r, r->site->curtail_floor * *load);
  const double given = fmax(wanted - missing, fmin(least, wanted)), off = wanted - given;
  s->flow = pass(r, *load);
  if (!(off > 0)) return missing;
  const double less = clx_site_invert(&r->now, given, *load), share = *load > 0 ? less / *load : 1;
  r->out->shed_share = fmax(r->out->shed_share, 1 - share);
  // The cap takes waves and mean alike.
  s->flow = pass(r, less);
  s->most_top *= given / wanted;
  s->most_it *= share;
  *load = less;
  clx_sum_add(&r->shed, off * dt);
  r->out->shed_time += dt;
  const double left = missing - off;
  return left > NOTICED * wanted ? left : 0;
}

// Power that is missing after all; `most`: where it changes within the time, its largest.
static void note_missing(runner *r, double missing, double most, double time, double dt) {
  clx_site_outcome *o = r->out;
  clx_supply_state *s = &o->supply;
  if (!(missing > 0)) return;
  o->missing_most = fmax(o->missing_most, most);
  o->missing_time += dt;
  s->short_energy += missing * dt;
  s->short_time += dt;
  s->short_most = fmax(s->short_most, most);
  if (s->short_at < 0) s->short_at = time;
  if (o->missing_at >= 0) return;
  o->missing_at = time;
  o->missing_first = most;
}

// Books a step of the supply in which power was missing from short_at on for short_time: before it, during it, after it.
static void book_short(runner *r, double load, const stretch *s, double from, double to, double energy) {
  clx_supply_state *state = &r->out->supply;
  double begin = fmax(from, state->short_at), end = fmin(to, begin + state->short_time);
  if (!(end > begin)) begin = from, end = to;
  const double most = state->short_most;
  const double wanted = s->flow->top;
  book(r, load, s, from, begin);
  stretch less = *s;
  double now = load;
  const double missing = energy / (end - begin);
  const double left = r->site->shed ? shed(r, &now, &less, missing, end - begin) : missing;
  book(r, now, &less, begin, end);
  state->short_energy = state->short_time = state->short_most = 0;
  state->short_at = -1;
  note_missing(r, left, fmax(left, most - (missing - left)), begin, end - begin);
  // What is missing after all counts as drawn, so that the books of the chain close.
  clx_sum_add(&r->supplied, wanted * (to - from) - (missing - left) * (end - begin));
  stretch after = *s;
  after.flow = pass(r, load);
  book(r, load, &after, end, to);
}

// Meets the stretch from `from` on until the supply's next change, at most to `to`; returns when that is.
static double meet(runner *r, double load, const stretch *s, double from, double to) {
  clx_supply_state *state = &r->out->supply;
  const clx_supply *supply = &r->near.supply;
  clx_near_supply_move(&r->near, from, to);
  double energy[CLX_SOURCES_MAX];
  memcpy(energy, state->energy, sizeof energy);
  // The supply keeps account of this step's shortage alone; what the load does not give up goes back into its books.
  const clx_supply_state kept = {.short_energy = state->short_energy,
                                 .short_time = state->short_time,
                                 .short_most = state->short_most,
                                 .short_at = state->short_at};
  state->short_energy = state->short_time = state->short_most = 0;
  state->short_at = -1;
  const double charge = charge_of(r), wanted = s->flow->top;
  state->foreseen = s->most_top;
  state->smoothing = s->smoothing;
  const double change = clx_supply_next(supply, state, wanted);
  const double end = change < to ? fmin(to, fmax(change, from + SHORTEST)) : to, dt = end - from;
  clx_supply_step(supply, state, wanted, dt);
  state->time = end;
  if (state->short_time > 0 && state->short_energy > NOTICED * wanted * dt) {
    book_short(r, load, s, from, end, state->short_energy);
  } else {
    book(r, load, s, from, end);
    clx_sum_add(&r->supplied, wanted * dt);
  }
  book_supply(r, energy, charge, from, end);
  state->short_energy += kept.short_energy;
  state->short_time += kept.short_time;
  state->short_most = fmax(state->short_most, kept.short_most);
  if (kept.short_at >= 0) state->short_at = kept.short_at;
  return end;
}

// --- events ------------------------------------------------------------------------------------------------------------------------

// Pipes, pumps and towers follow in minutes: ramps over a second are those without cooling.
static void note_ramps(runner *r, const clx_site_load *load, const stretch *s) {
  const clx_site_states_run *states = &r->states;
  clx_site_outcome *o = r->out;
  if (states->moved != 0) {
    // What a watt at the bottom is at the top, over the change that has just begun.
    const double before = fmax(0, load->mean - states->moved), change = load->mean - before;
    const double slope = change != 0 ? (top_of(r, load->mean) - top_of(r, before)) / change : 1;
    o->ramp_between = fmax(o->ramp_between, fabs(states->steepest) * slope / (1 + r->now.overhead));
  }
  const double width = load->most - load->least;
  if (load->ramp > 0 && width > 0) {
    const double slope = (s->most_top - top_of(r, load->least)) / width;
    o->ramp_within = fmax(o->ramp_within, load->ramp * slope / (1 + r->now.overhead));
  }
}

static void run_until_end(runner *r) {
  const clx_site *site = r->site;
  double time = 0;
  while (time < site->horizon) {
    clx_site_states_at(&r->states, time);
    if (r->states.failed) return;
    follow_weather(r, time);
    const double until = fmin(fmin(site->horizon, r->until), clx_site_states_next(&r->states));
    const clx_site_load load = clx_site_states_load(&r->states);
    stretch s = {.smoothing = load.smoothing};
    const clx_site_flow *most = pass(r, load.most);
    s.most_it = most->it;
    s.most_top = most->top;
    note_ramps(r, &load, &s);
    const int32_t state = r->states.member[0].delivered ? r->states.member[0].state : -1;
    if (state >= 0) r->out->state_time[state] += until - time;
    while (time < until) {
      s.flow = pass(r, load.mean);
      if (r->bounded) {
        time = meet(r, load.mean, &s, time, until);
      } else {
        book(r, load.mean, &s, time, until);
        time = until;
      }
    }
  }
}

// --- start and end -------------------------------------------------------------------------------------------------------------------

static clx_status start(runner *r, clx_arena *arena, clx_error *error) {
  const clx_site *site = r->site;
  const clx_supply *supply = &site->supply;
  r->now = *site;
  r->until = site->overhead_at != NULL ? 0 : INFINITY;
  CLX_TRY(clx_site_check(site, error));
  r->bounded = supply->source_count > 0 || supply->store_count > 0;
  if (r->bounded) CLX_TRY(clx_supply_check(supply, error));
  CLX_TRY(clx_power_bins_make(&r->bins, site->horizon, site->resolution, true, arena, error));
  r->memory = CLX_NEW_ARRAY(arena, passed, MEMORY);
  r->source = CLX_NEW_ARRAY(arena, clx_power_bins, supply->source_count + 1);
  r->out->source = CLX_NEW_ARRAY(arena, clx_wave, supply->source_count + 1);
  if (r->memory == NULL || r->source == NULL || r->out->source == NULL ||
      !clx_near_supply_make(&r->near, supply, arena))
    return clx_fail_plain(error, CLX_MEMORY, "power: out of memory for a site");
  for (int32_t i = 0; i < supply->source_count; i++)
    CLX_TRY(clx_power_bins_make(&r->source[i], site->horizon, site->resolution, false, arena, error));
  if (supply->store_count > 0)
    CLX_TRY(clx_power_bins_make(&r->charge, site->horizon, site->resolution, false, arena, error));
  clx_supply_start(supply, &r->out->supply);
  r->charge_start = charge_of(r);
  return clx_site_states_start(&r->states, site, arena, error);
}

// Largest of: chain (what enters = what leaves + losses), supply (sources and stores = what is drawn), stores (in = out + lost + charge).
static double residual_of(const runner *r, double energy) {
  const clx_supply_state *s = &r->out->supply;
  const double chain = clx_sum_value(&r->load) + clx_sum_value(&r->beside) + clx_sum_value(&r->loss) - energy;
  if (!r->bounded) return fabs(chain) / energy;
  clx_sum given = {0}, stored = {0};
  double through = 0;
  for (int32_t i = 0; i < r->site->supply.source_count; i++) clx_sum_add(&given, s->energy[i]);
  for (int32_t i = 0; i < r->site->supply.store_count; i++) {
    clx_sum_add(&given, s->out[i]);
    clx_sum_add(&given, -s->in[i]);
    clx_sum_add(&stored, s->in[i] - s->out[i] - s->lost[i]);
    through += s->in[i] + s->out[i];
  }
  const double drawn = clx_sum_value(&given) + s->short_energy - clx_sum_value(&r->supplied);
  const double store = clx_sum_value(&stored) - (charge_of(r) - r->charge_start);
  const double books = clx_sum_value(&r->supplied) - energy;
  return fmax(fmax(fabs(chain), fabs(drawn)), fmax(fabs(books), fabs(store))) / fmax(energy, through);
}

static void finish(runner *r) {
  clx_site_outcome *o = r->out;
  const double horizon = r->site->horizon;
  clx_power_bins_end(&r->bins);
  o->series = r->bins.wave;
  o->series_most = r->bins.most_wave;
  for (int32_t i = 0; i < r->site->supply.source_count; i++) {
    clx_power_bins_end(&r->source[i]);
    o->source[i] = r->source[i].wave;
  }
  if (r->site->supply.store_count > 0) clx_power_bins_end(&r->charge);
  o->charge = r->charge.wave;
  if (r->bounded) clx_supply_finish(&r->site->supply, &o->supply);
  o->energy = clx_sum_value(&r->energy);
  o->it_energy = clx_sum_value(&r->it);
  o->loss_energy = clx_sum_value(&r->loss);
  o->cooling_energy = clx_sum_value(&r->cooling);
  o->shed_energy = clx_sum_value(&r->shed);
  o->it_mean = o->it_energy / horizon;
  o->site_mean = o->energy / horizon;
  for (int32_t l = 0; l < r->site->chain.count; l++) {
    o->level_loss[l] = clx_sum_value(&r->level_loss[l]);
    o->level_in[l] = clx_sum_value(&r->level_in[l]);
  }
  o->ramp_most = fmax(o->ramp_between, o->ramp_within);
  o->events = r->states.events;
  o->residual = o->energy > 0 ? residual_of(r, o->energy) : 0;
}

static clx_status refuse(const clx_site_outcome *o, clx_error *error) {
  const double day = 86400, hour = 3600, from = o->missing_at;
  const double of_day = from - floor(from / day) * day;
  const int32_t minute = (int32_t)(of_day / 60);
  return clx_fail_plain(
      error, CLX_INFEASIBLE,
      "power: %.4g MW missing from hour %.2f on (day %.0f, %02d:%02d:%02d): the site needs more than its "
      "sources and batteries give; without for %.4g h in all, %.4g MW at the worst. More power, a "
      "battery, or load that may be shed",
      o->missing_first / 1e6, from / hour, floor(from / day) + 1, minute / 60, minute % 60,
      (int32_t)(of_day - 60.0 * minute), o->missing_time / hour, o->missing_most / 1e6);
}

clx_status clx_site_run(const clx_site *site, clx_arena *arena, clx_site_outcome *outcome, clx_error *error) {
  *outcome = (clx_site_outcome){.missing_at = -1};
  runner *r = CLX_NEW(arena, runner);
  if (r == NULL) return clx_fail_plain(error, CLX_MEMORY, "power: out of memory for a site");
  r->site = site;
  r->out = outcome;
  CLX_TRY(start(r, arena, error));
  run_until_end(r);
  if (r->states.failed) return clx_fail_plain(error, CLX_MEMORY, "power: out of memory for what happens on a site");
  finish(r);
  return outcome->missing_at >= 0 ? refuse(outcome, error) : CLX_OK;
}
