// Power of a run: passes of the job, levels, site and sources; and what a search for little energy asks.
#include <math.h>

#include "training/training_draw.h"
#include "twin/twin_cooling.h"

// --- for searches -------------------------------------------------------------------------------------------------------

static double share_of(const clx_training *job, const clx_step *step) {
  const double limit = job->power_cap > 0 ? fmin(job->power_cap, job->device->tdp) : job->device->tdp;
  return clx_training_power_mean(job, step) / limit;
}

// A GPU that works adds its draw at the slope of its server above half of the limit, and the difference between a server at work and one that idles.
static clx_search_worth worth_of(const clx_twin_power_case *c) {
  const clx_draw_load wait = {.kind = CLX_DRAW_WAIT};
  clx_search_worth worth = {.base = c->network, .share = share_of, .least_share = 1};
  double training = 0;
  for (int32_t i = 0; i < c->fleet_count; i++)
    training += c->fleet[i].cohort.trains ? (double)c->fleet[i].cohort.gpus : 0;
  for (int32_t i = 0; i < c->fleet_count; i++) {
    const clx_twin_cohort *t = &c->fleet[i];
    const double at_idle = clx_twin_cohort_idle(t), at_limit = clx_twin_cohort_peak(t);
    const double at_half = (double)t->cohort.servers * clx_twin_server_power(t, t->limit / 2, t->limit / 2, true).in;
    const double slope = (at_limit - at_half) / (t->limit / 2);  // W a W of each GPU
    worth.base += at_idle;
    if (!t->cohort.trains) continue;
    worth.rank += (at_limit - slope * t->limit - at_idle) / training;
    worth.busy += slope * t->limit / training;
    worth.least_share = fmin(worth.least_share, clx_device_draw(&t->cohort.device, &wait, 1, t->limit) / t->limit);
  }
  return worth;
}

clx_status clx_twin_energy(const clx_scenario *s, clx_search_worth *worth, clx_error *error) {
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  clx_twin_power_case c = {.scenario = s, .job = s->job, .arena = arena};
  const clx_status status = clx_twin_power_fleet(&c, error);
  if (status == CLX_OK) *worth = worth_of(&c);
  clx_arena_free(arena);
  return status;
}

// --- runs ---------------------------------------------------------------------------------------------------------------

// A device whose power nobody measured trains all the same, where the scenario asks nothing of its power.
static bool is_unknown(const clx_scenario *s, clx_result *result, clx_error *error, clx_status *status) {
  const clx_power_spec *spec = &s->spec.power;
  if (spec->facility_limit > 0 || s->power.supply.source_count > 0) return false;
  for (int32_t i = 0; i < s->machine.cohort_count; i++) {
    const clx_cohort *h = &s->machine.cohort[i];
    if (!h->trains || clx_device_has_draw(&h->device)) continue;
    *status = clx_result_warn(result, error, "power is not computed: the catalogue has no power parameters of %s",
                              h->device.name);
    return true;
  }
  return false;
}

clx_status clx_twin_power(const clx_scenario *s, const clx_training *job, const clx_step *step, uint64_t seed,
                          clx_result *result, clx_error *error) {
  clx_status unknown = CLX_OK;
  if (is_unknown(s, result, error, &unknown)) return unknown;
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  clx_twin_power_case c = {.scenario = s, .job = *job, .step = *step, .seed = seed, .arena = arena, .whole = true};
  clx_site_outcome outcome;
  clx_status status = clx_twin_power_make(&c, result, error);
  if (status == CLX_OK) status = clx_twin_power_site(&c, &outcome, error);
  if (status == CLX_OK) status = clx_twin_power_put(&c, &outcome, CLX_TWIN_POWER_WAVES, result, error);
  if (status == CLX_OK) status = clx_twin_cooling_put(&c, false, result, error);
  const double duration = clx_result_value(result, "training.duration", 0);
  if (status == CLX_OK && duration > 0)
    status = clx_twin_put(result, "training.energy", c.it_mean * duration, "J", "IT energy of the run", error);
  clx_arena_free(arena);
  return status;
}
