// Power of a run: passes of the job, levels, site and sources; and what a search for little energy asks.
#include <math.h>

#include "twin/twin_power.h"

// --- for searches -------------------------------------------------------------------------------------------------------

static double share_of(const clx_training *job, const clx_step *step) {
  const double limit = job->power_cap > 0 ? fmin(job->power_cap, job->device->tdp) : job->device->tdp;
  return clx_training_power_mean(job, step) / limit;
}

// Servers are taken at the slope of their power between idle GPUs and GPUs at their limit.
static clx_search_worth worth_of(const clx_twin_power_case *c) {
  const clx_draw_load wait = {.kind = CLX_DRAW_WAIT};
  clx_search_worth worth = {.base = c->network, .share = share_of, .least_share = 1};
  double training = 0;
  for (int32_t i = 0; i < c->fleet_count; i++)
    training += c->fleet[i].cohort.trains ? (double)c->fleet[i].cohort.gpus : 0;
  for (int32_t i = 0; i < c->fleet_count; i++) {
    const clx_twin_cohort *t = &c->fleet[i];
    const double idle = t->cohort.device.idle_power, at_idle = clx_twin_cohort_idle(t);
    const double slope = (clx_twin_cohort_peak(t) - at_idle) / (t->limit - idle);  // W a W of each GPU
    worth.base += at_idle;
    if (!t->cohort.trains) continue;
    worth.rank -= slope * idle / training;
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

// Under a deep cap published inference loses less than the clock model says.
static clx_status warn_cap(const clx_training *job, clx_result *result, clx_error *error) {
  static const double CHECKED = 0.6;  // of tdp
  if (job->power_cap <= 0 || job->power_cap >= CHECKED * job->device->tdp) return CLX_OK;
  return clx_result_warn(result, error, "power_cap of %.0f W: the clock model is not checked below %.0f W of %s",
                         job->power_cap, CHECKED * job->device->tdp, job->device->name);
}

static clx_status warn_missing(const clx_twin_power_case *c, clx_result *result, clx_error *error) {
  const clx_scenario *s = c->scenario;
  const clx_power_spec *spec = &s->spec.power;
  if (spec->pue >= 1 && c->overhead == 0)
    CLX_TRY(clx_result_warn(result, error, "power: the chain alone loses what 'power.pue' allows: no cooling is left"));
  if (!(spec->pue >= 1) && s->power.stated)
    CLX_TRY(clx_result_warn(result, error, "power.pue is not stated: no cooling is counted"));
  return CLX_OK;
}

clx_status clx_twin_power(const clx_scenario *s, const clx_training *job, const clx_step *step, uint64_t seed,
                          clx_result *result, clx_error *error) {
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  clx_twin_power_case c = {.scenario = s, .job = *job, .step = *step, .seed = seed, .arena = arena};
  clx_site_outcome outcome;
  clx_status status = clx_twin_power_make(&c, result, error);
  if (status == CLX_OK) status = clx_twin_power_site(&c, &outcome, error);
  if (status == CLX_OK) status = clx_twin_power_put(&c, &outcome, CLX_TWIN_POWER_WAVES, result, error);
  if (status == CLX_OK) status = warn_cap(&c.job, result, error);
  if (status == CLX_OK) status = warn_missing(&c, result, error);
  const double duration = clx_result_value(result, "training.duration", 0);
  if (status == CLX_OK && duration > 0)
    status = clx_twin_put(result, "training.energy", c.it_mean * duration, "J", "IT energy of the run", error);
  clx_arena_free(arena);
  return status;
}
