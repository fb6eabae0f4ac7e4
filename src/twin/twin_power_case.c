// From a scenario to the powers of its passes: chain, cooling, limits, and the cap at which a machine fits into its site.
#include <math.h>
#include <stdio.h>

#include "twin/twin_cooling.h"
#include "unit/unit.h"

// What the PUE leaves beside the losses of the chain, at the mean `it` of a step: found by bisection, as cooling passes a part of the chain.
static void set_overhead(clx_twin_power_case *c, double it) {
  enum { TRIES = 60 };
  const double wanted = c->scenario->spec.power.pue * it;
  double low = 0, high = fmax(0, c->scenario->spec.power.pue - 1);
  c->overhead = 0;
  if (!(wanted > clx_twin_site_power(c, it, it))) return;
  for (int32_t i = 0; i < TRIES; i++) {
    c->overhead = (low + high) / 2;
    if (clx_twin_site_power(c, it, it) < wanted) {
      low = c->overhead;
    } else {
      high = c->overhead;
    }
  }
}

// Cooling: of the plant, or what a stated PUE leaves.
static clx_status set_cooling(clx_twin_power_case *c, clx_error *error) {
  if (clx_scenario_is_cooled(c->scenario)) return clx_twin_cooling_make(c, c->whole, error);
  set_overhead(c, c->pass[CLX_PASS_STEP].servers_mean + c->network + c->storage);
  c->overhead_peak = c->overhead;
  return CLX_OK;
}

clx_status clx_twin_power_refresh(clx_twin_power_case *c, clx_error *error) {
  CLX_TRY(clx_twin_power_passes(c, error));
  c->it_peak = c->network + c->storage;
  for (int32_t i = 0; i < c->fleet_count; i++) c->it_peak += clx_twin_cohort_peak(&c->fleet[i]);
  return CLX_OK;
}

static double mean_of(const clx_wave *wave) {
  double sum = 0;
  for (int64_t i = 0; i < wave->count; i++) sum += (double)wave->watt[i];
  return sum / (double)wave->count;
}

// Failures of the job: how often it stops and for how long it then does not compute.
static void read_stops(clx_twin_power_case *c, const clx_result *result) {
  static const char *const DOWN[] = {"startup", "restore", "recovery", "waiting", "maintenance", "reinitialization"};
  const double mttf = clx_result_value(result, "reliability.mttf", 0);
  const double stops = clx_result_value(result, "reliability.interruptions", 0);
  const double elapsed = clx_result_value(result, "reliability.horizon", 0);
  c->checkpoint_stall = clx_result_value(result, "reliability.checkpoint_stall", 0);
  c->checkpoint_interval = clx_result_value(result, "reliability.checkpoint_interval", 0);
  if (!(c->checkpoint_interval > 0)) c->checkpoint_stall = 0;
  if (!(mttf > 0) || !(stops > 0)) return;
  double down = 0;
  for (int32_t i = 0; i < CLX_COUNT(DOWN); i++) {
    char name[64];
    snprintf(name, sizeof name, "reliability.ledger.%s", DOWN[i]);
    down += clx_result_value(result, name, 0);
  }
  c->stops = stops / elapsed;
  c->down = down * elapsed / stops;
}

static double horizon_of(const clx_twin_power_case *c, const clx_result *result) {
  static const double DAY = 86400;
  const double stated = c->scenario->spec.power.horizon;
  if (stated > 0) return stated;
  const double trained = clx_result_value(result, "reliability.time_to_train", 0);
  const double duration = trained > 0 ? trained : clx_result_value(result, "training.duration", 0);
  return duration > 0 ? duration : DAY;
}

// Shares of time of the passes as they follow each other: steps, an evaluation after so many, checkpoints, stops.
void clx_twin_power_shares(const clx_twin_power_case *c, double share[CLX_PASSES]) {
  const clx_evaluation_spec *e = &c->scenario->spec.training.evaluation;
  double sum = 1;
  for (int32_t i = 0; i < CLX_PASSES; i++) share[i] = 0;
  share[CLX_PASS_STEP] = 1;
  if (e->every > 0) {
    share[CLX_PASS_EVALUATION] = c->pass[CLX_PASS_EVALUATION].time / (e->every * c->pass[CLX_PASS_STEP].time);
  }
  if (c->checkpoint_stall > 0) share[CLX_PASS_CHECKPOINT] = c->checkpoint_stall / c->checkpoint_interval;
  for (int32_t i = 1; i < CLX_PASSES; i++) sum += share[i];
  for (int32_t i = 0; i < CLX_PASSES; i++) share[i] /= sum;
  const double down = fmin(1, c->stops * c->down);
  for (int32_t i = 0; i < CLX_PASSES; i++) share[i] *= 1 - down;
  share[CLX_PASS_STOPPED] = down;
}

static void set_means(clx_twin_power_case *c) {
  double share[CLX_PASSES];
  clx_twin_power_shares(c, share);
  c->it_mean = c->site_mean = 0;
  const double running = 1 - share[CLX_PASS_STOPPED];
  for (int32_t i = 0; i < CLX_PASSES; i++) {
    if (!c->pass[i].there || i == CLX_PASS_STOPPED || running <= 0) continue;
    c->it_mean += share[i] / running * (c->pass[i].servers_mean + c->network + c->storage);
    c->site_mean += share[i] / running * mean_of(&c->pass[i].site);
  }
}

// Most that the waves of the site reach, batteries of role smooth counted. What a slow one adds to an edge for the tenth of a second of its response is
// nothing that a feed or a contract sees: it never counts for more than no battery.
static clx_status most_of(const clx_twin_power_case *c, double *most, clx_error *error) {
  *most = 0;
  for (int32_t k = 0; k < CLX_PASSES; k++) {
    clx_smoothed out;
    if (!c->pass[k].there) continue;
    CLX_TRY(clx_twin_power_smooth(c->scenario, &c->pass[k].site, true, c->arena, &out, error));
    const double after = clx_wave_figures_of(&out.wave, 0, 0, NULL).most;
    *most = fmax(*most, fmin(after, clx_wave_figures_of(&c->pass[k].site, 0, 0, NULL).most));
  }
  return CLX_OK;
}

// Steps the job anew at a cap, and its passes.
static clx_status at_cap(clx_twin_power_case *c, double cap, double *most, clx_error *error) {
  c->job.power_cap = cap;
  CLX_TRY(clx_twin_power_fleet(c, error));
  CLX_TRY(clx_twin_ranks(c->scenario, c->seed, &c->job, &c->step, NULL, error));
  CLX_TRY(clx_twin_power_passes(c, error));
  c->site_peak = clx_twin_site_peak(c);
  CLX_TRY(most_of(c, most, error));
  *most = fmax(*most, c->site_peak);  // caps promise no more than that all of them are reached at once
  return CLX_OK;
}

static clx_status too_little(const clx_twin_power_case *c, double limit, double needed, clx_error *error) {
  char may[32], wants[32], missing[32];
  return clx_fail(error, CLX_INFEASIBLE, c->scenario->spec.power.place,
                  "the site may draw %s, the machine needs %s with its GPUs capped as far as they go: %s are missing",
                  clx_quantity_format(limit, "W", 4, may, sizeof may),
                  clx_quantity_format(needed, "W", 4, wants, sizeof wants),
                  clx_quantity_format(needed - limit, "W", 3, missing, sizeof missing));
}

clx_status clx_twin_power_fit(clx_twin_power_case *c, double limit, clx_error *error) {
  static const double CLOSE = 2e-4;  // of the limit
  enum { TRIES = 24 };
  // A GPU at rest draws that much; no cap below works.
  const double tdp = c->job.device->tdp, least = fmax(1.05 * c->job.device->idle_power, 0.2 * tdp);
  double low = least, high = c->job.power_cap > 0 ? fmin(c->job.power_cap, tdp) : tdp, most, below;
  if (high <= low) low = high;
  CLX_TRY(at_cap(c, high, &most, error));
  if (most <= limit) return CLX_OK;
  CLX_TRY(at_cap(c, low, &below, error));
  if (below > limit) return too_little(c, limit, below, error);
  for (int32_t i = 0; i < TRIES && limit - below > CLOSE * limit && high - low > 0.05; i++) {
    const double middle = (low + high) / 2;
    CLX_TRY(at_cap(c, middle, &most, error));
    if (most <= limit) {
      low = middle;
      below = most;
    } else {
      high = middle;
    }
  }
  return at_cap(c, low, &most, error);
}

static bool is_curtailed(const clx_supply *supply, double time) {
  for (int32_t i = 0; i < supply->curtailment_count; i++) {
    const clx_curtailment *k = &supply->curtailment[i];
    if (time >= k->at && time < k->at + k->duration) return true;
  }
  return false;
}

// Least that sources give for long within the horizon, and when; curtailments apart: contracts are met by capping.
static double least_capacity(const clx_twin_power_case *c, double *when) {
  const clx_supply *supply = &c->scenario->power.supply;
  double least = INFINITY;
  *when = 0;
  for (int32_t i = -1; i < 2 * supply->source_count; i++) {
    const clx_source *source = &supply->source[i < 0 ? 0 : i / 2];
    const double time = i < 0 ? 0 : i % 2 == 0 ? source->from : source->until;
    if (time < 0 || time >= c->horizon || (i >= 0 && time == 0) || is_curtailed(supply, time)) continue;
    const double capacity = clx_supply_capacity(supply, time);
    if (capacity >= least) continue;
    least = capacity;
    *when = time;
  }
  return least;
}

// Of the batteries, what they may add to the sources for as long as the top of a step lasts.
static double battery_power(const clx_supply *supply) {
  double power = 0;
  for (int32_t i = 0; i < supply->store_count; i++) power += supply->store[i].count * supply->store[i].battery->power;
  return power;
}

static clx_status too_few_sources(const clx_twin_power_case *c, double gives, double when, double most,
                                  clx_error *error) {
  char has[32], peaks[32], missing[32];
  return clx_fail(
      error, CLX_INFEASIBLE, c->scenario->spec.power.place,
      "the site peaks at %s within a step, its sources and batteries give %s from hour %.2f on: %s are missing "
      "('power.on_limit: cap' fits it in)",
      clx_quantity_format(most, "W", 4, peaks, sizeof peaks), clx_quantity_format(gives, "W", 4, has, sizeof has),
      when / 3600, clx_quantity_format(most - gives, "W", 3, missing, sizeof missing));
}

// What the site may draw at most: by its limit, and by what its sources give.
static clx_status check_limit(clx_twin_power_case *c, clx_error *error) {
  const clx_power_spec *spec = &c->scenario->spec.power;
  const clx_supply *supply = &c->scenario->power.supply;
  const bool cap = spec->on_limit == CLX_ON_LIMIT_CAP;
  double when = 0, most = 0;
  const double gives = supply->source_count > 0 ? least_capacity(c, &when) + battery_power(supply) : INFINITY;
  const double may = spec->facility_limit > 0 ? spec->facility_limit : INFINITY;
  CLX_TRY(most_of(c, &most, error));
  if (cap) {
    // A cap found before stands: cooling follows the mean at it, which moves the peak by less than that.
    static const double SETTLED = 5e-3;
    const double limit = fmin(may, gives), slack = c->job.power_cap > 0 ? 1 + SETTLED : 1;
    return fmax(most, c->site_peak) > limit * slack ? clx_twin_power_fit(c, limit, error) : CLX_OK;
  }
  if (most > gives) return too_few_sources(c, gives, when, most, error);
  if (c->site_peak <= may) return CLX_OK;
  char limit[32], peaks[32], missing[32];
  return clx_fail(error, CLX_INFEASIBLE, spec->place,
                  "the site may draw %s, the machine peaks at %s: %s are missing ('power.on_limit: cap' fits it in)",
                  clx_quantity_format(may, "W", 4, limit, sizeof limit),
                  clx_quantity_format(c->site_peak, "W", 4, peaks, sizeof peaks),
                  clx_quantity_format(c->site_peak - may, "W", 3, missing, sizeof missing));
}

clx_status clx_twin_with_leaks(const clx_scenario *s, const double *leak, clx_arena *arena, clx_scenario *copy,
                               clx_error *error) {
  const int32_t count = s->machine.cohort_count;
  clx_cohort *cohort = CLX_NEW_ARRAY(arena, clx_cohort, count + 1);
  if (cohort == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  *copy = *s;
  copy->job.device = &copy->device;
  copy->device.leak = 0;
  for (int32_t i = 0; i < count; i++) {
    cohort[i] = s->machine.cohort[i];
    cohort[i].device.leak = cohort[i].trains ? fmax(0, leak[i]) : 0;
    if (cohort[i].trains && clx_text_equal(cohort[i].device.name, copy->device.name))
      copy->device.leak = fmax(copy->device.leak, cohort[i].device.leak);
  }
  copy->machine.cohort = cohort;
  return CLX_OK;
}

static clx_status settled(const clx_twin_power_case *c, clx_arena *arena, clx_scenario *fitted, clx_error *error) {
  double *leak = CLX_NEW_ARRAY(c->arena, double, c->fleet_count + 1);
  if (leak == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < c->fleet_count; i++) leak[i] = c->fleet[i].leak;
  CLX_TRY(clx_twin_with_leaks(c->scenario, leak, arena, fitted, error));
  fitted->job.power_cap = c->job.power_cap;
  return CLX_OK;
}

clx_status clx_twin_power_settle(const clx_scenario *s, uint64_t seed, clx_arena *kept, clx_scenario *fitted,
                                 clx_error *error) {
  *fitted = *s;
  if (s->spec.power.on_limit != CLX_ON_LIMIT_CAP && !clx_scenario_is_cooled(s)) return CLX_OK;
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  clx_twin_power_case c = {.scenario = s, .seed = seed, .arena = arena};
  clx_memory memory;
  clx_result *nothing = clx_result_new();
  clx_status status = nothing == NULL ? clx_fail_plain(error, CLX_MEMORY, "out of memory") : CLX_OK;
  if (status == CLX_OK) status = clx_twin_solve_training(s, false, &c.job, &memory, &c.step, error);
  if (status == CLX_OK) status = clx_twin_power_make(&c, nothing, error);
  if (status == CLX_OK) status = settled(&c, kept, fitted, error);
  clx_result_free(nothing);
  clx_arena_free(arena);
  return status;
}

clx_status clx_twin_power_make(clx_twin_power_case *c, const clx_result *result, clx_error *error) {
  enum { SAMPLES = 2000 };
  if (c->samples == 0) c->samples = SAMPLES;
  read_stops(c, result);
  c->horizon = horizon_of(c, result);
  CLX_TRY(clx_twin_power_fleet(c, error));
  CLX_TRY(clx_twin_power_passes(c, error));
  CLX_TRY(set_cooling(c, error));
  clx_twin_power_connect(c);
  c->site_peak = clx_twin_site_peak(c);
  CLX_TRY(check_limit(c, error));
  set_means(c);
  return CLX_OK;
}
