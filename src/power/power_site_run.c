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
} stretch;

typedef struct runner {
  const clx_site *site;
  clx_site_states_run states;
  passed *memory;
  clx_site_outcome *out;
  clx_power_bins bins, charge, *source;
  clx_sum energy, it, loss, cooling, shed, load, beside, supplied;  // J
  clx_sum level_loss[CLX_CHAIN_LEVELS_MAX], level_in[CLX_CHAIN_LEVELS_MAX];
  double power_before;  // W at the point of connection before the last event
  double charge_start;  // J
  bool bounded;         // there is a supply
} runner;

// Valid until the next call.
static const clx_site_flow *pass(runner *r, double load) {
  uint64_t bits;
  memcpy(&bits, &load, sizeof bits);
  passed *p = &r->memory[(bits * 0x9e3779b97f4a7c15u) >> 56];
  if (!p->known || p->load != load) *p = (passed){true, load, clx_site_pass(r->site, load)};
  return &p->flow;
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

// Takes `missing` W off the load as far as it may; returns what remains missing. The stretch becomes that of the smaller load.
static double shed(runner *r, double *load, stretch *s, double missing, double dt) {
  const double wanted = s->flow->top;
  const double least = top_of(r, r->site->curtail_floor * *load);
  const double given = fmax(wanted - missing, fmin(least, wanted)), off = wanted - given;
  s->flow = pass(r, *load);
  if (!(off > 0)) return missing;
  const double less = clx_site_invert(r->site, given, *load);
  r->out->shed_share = fmax(r->out->shed_share, *load > 0 ? 1 - less / *load : 0);
  // The cap takes waves and mean alike.
  const double share = *load > 0 ? less / *load : 1;
  s->flow = pass(r, less);
  s->most_top *= given / wanted;
  s->most_it *= share;
  *load = less;
  clx_sum_add(&r->shed, off * dt);
  r->out->shed_time += dt;
  return fmax(0, missing - off);
}

static void note_missing(runner *r, double missing, double time, double dt) {
  clx_site_outcome *o = r->out;
  o->missing_most = fmax(o->missing_most, missing);
  o->missing_time += dt;
  if (o->missing_at >= 0) return;
  o->missing_at = time;
  o->missing_first = missing;
}

// Meets the stretch from `from` on until the supply's next change, at most to `to`; returns when that is.
static double meet(runner *r, double load, stretch s, double from, double to) {
  clx_supply_state *state = &r->out->supply;
  const clx_supply *supply = &r->site->supply;
  double energy[CLX_SOURCES_MAX];
  memcpy(energy, state->energy, sizeof energy);
  const double short_energy = state->short_energy, short_time = state->short_time, short_most = state->short_most;
  const double short_at = state->short_at, charge = charge_of(r), wanted = s.flow->top;
  state->foreseen = s.most_top;
  const double change = clx_supply_next(supply, state, wanted);
  const double end = change < to ? fmin(to, fmax(change, from + SHORTEST)) : to, dt = end - from;
  double missing = clx_supply_step(supply, state, wanted, dt);
  state->time = end;
  if (missing > NOTICED * wanted) {
    clx_sum_add(&r->supplied, -missing * dt);
    double left = r->site->shed ? shed(r, &load, &s, missing, dt) : missing;
    if (!(left > NOTICED * wanted)) left = 0;
    // The supply books as short what it could not give; what the load gave up is none.
    if (!(left > 0)) {
      state->short_energy = short_energy;
      state->short_time = short_time;
      state->short_most = short_most;
      state->short_at = short_at;
    } else {
      state->short_energy = short_energy + left * dt;
      state->short_most = fmax(short_most, left);
      note_missing(r, left, from, dt);
    }
    clx_sum_add(&r->supplied, left * dt);  // counted as drawn, so that the chain's books close
  }
  clx_sum_add(&r->supplied, wanted * dt);
  book_flow(r, load, s.flow, dt);
  book_supply(r, energy, charge, from, end);
  clx_power_bins_add(&r->bins, from, end, s.flow->top, fmax(s.most_top, s.flow->top));
  r->out->it_peak = fmax(r->out->it_peak, fmax(s.most_it, s.flow->it));
  r->out->site_peak = fmax(r->out->site_peak, fmax(s.most_top, s.flow->top));
  return end;
}

// --- events ------------------------------------------------------------------------------------------------------------------------

static void note_ramps(runner *r, const clx_site_load *load, const stretch *s) {
  const clx_site_states_run *states = &r->states;
  clx_site_outcome *o = r->out;
  if (states->moved != 0) {
    // What a watt at the bottom is at the top, over the change that has just begun.
    const double before = fmax(0, load->mean - states->moved), change = load->mean - before;
    const double slope = change != 0 ? (top_of(r, load->mean) - top_of(r, before)) / change : 1;
    o->ramp_between = fmax(o->ramp_between, fabs(states->steepest) * slope);
  }
  const double width = load->most - load->least;
  if (load->ramp > 0 && width > 0) {
    const double slope = (s->most_top - top_of(r, load->least)) / width;
    o->ramp_within = fmax(o->ramp_within, load->ramp * slope);
  }
}

static void run_until_end(runner *r) {
  const clx_site *site = r->site;
  double time = 0;
  while (time < site->horizon) {
    clx_site_states_at(&r->states, time);
    if (r->states.failed) return;
    const double until = fmin(site->horizon, clx_site_states_next(&r->states));
    const clx_site_load load = clx_site_states_load(&r->states);
    stretch s = {.flow = NULL};
    const clx_site_flow *most = pass(r, load.most);
    s.most_it = most->it;
    s.most_top = most->top;
    note_ramps(r, &load, &s);
    const int32_t state = r->states.member[0].delivered ? r->states.member[0].state : -1;
    if (state >= 0) r->out->state_time[state] += until - time;
    while (time < until) {
      s.flow = pass(r, load.mean);
      if (r->bounded) {
        time = meet(r, load.mean, s, time, until);
        continue;
      }
      book_flow(r, load.mean, s.flow, until - time);
      clx_power_bins_add(&r->bins, time, until, s.flow->top, s.most_top);
      r->out->it_peak = fmax(r->out->it_peak, s.most_it);
      r->out->site_peak = fmax(r->out->site_peak, s.most_top);
      time = until;
    }
  }
}

// --- start and end -------------------------------------------------------------------------------------------------------------------

static clx_status start(runner *r, clx_arena *arena, clx_error *error) {
  const clx_site *site = r->site;
  const clx_supply *supply = &site->supply;
  CLX_TRY(clx_site_check(site, error));
  r->bounded = supply->source_count > 0 || supply->store_count > 0;
  if (r->bounded) CLX_TRY(clx_supply_check(supply, error));
  CLX_TRY(clx_power_bins_make(&r->bins, site->horizon, site->resolution, true, arena, error));
  r->memory = CLX_NEW_ARRAY(arena, passed, MEMORY);
  r->source = CLX_NEW_ARRAY(arena, clx_power_bins, supply->source_count + 1);
  r->out->source = CLX_NEW_ARRAY(arena, clx_wave, supply->source_count + 1);
  if (r->memory == NULL || r->source == NULL || r->out->source == NULL)
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
  return clx_fail_plain(error, CLX_INFEASIBLE,
                        "power: %.4g MW missing from hour %.6g on (day %.0f, %02d:%02d): the site needs more than its "
                        "sources and batteries give; without for %.4g h in all, %.4g MW at the worst. More power, a "
                        "battery, or load that may be shed",
                        o->missing_first / 1e6, from / hour, floor(from / day) + 1, minute / 60, minute % 60,
                        o->missing_time / hour, o->missing_most / 1e6);
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
