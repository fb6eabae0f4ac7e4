// Power of a run: passes of the job, levels, site and sources; and what a search for little energy asks.
#include <math.h>

#include "twin/twin_power.h"

// --- for searches -------------------------------------------------------------------------------------------------------

static double share_of(const clx_training *job, const clx_step *step) {
  const double limit = job->power_cap > 0 ? fmin(job->power_cap, job->device->tdp) : job->device->tdp;
  return clx_training_power_mean(job, step) / limit;
}

static double training_gpus(const clx_machine *m) {
  double gpus = 0;
  for (int32_t i = 0; i < m->cohort_count; i++) gpus += m->cohort[i].trains ? (double)m->cohort[i].gpus : 0;
  return gpus;
}

// Servers are taken at the slope of their power between idle GPUs and GPUs at their limit.
clx_search_worth clx_twin_energy(const clx_scenario *s) {
  const clx_machine *m = &s->machine;
  const double training = training_gpus(m);
  const clx_draw_load wait = {.kind = CLX_DRAW_WAIT};
  clx_search_worth worth = {.base = m->fabric.bill.power, .share = share_of, .least_share = 1};
  for (int32_t i = 0; i < m->cohort_count; i++) {
    const clx_cohort *c = &m->cohort[i];
    const double limit = clx_twin_gpu_limit(&s->job, c), idle = c->device.idle_power;
    const double at_idle = clx_cohort_server_power(c, idle), at_limit = clx_cohort_server_power(c, limit);
    const double servers = (double)c->servers, slope = (at_limit - at_idle) / (limit - idle);  // W a W of each GPU
    worth.base += servers * at_idle;
    if (!c->trains) continue;
    worth.rank -= servers * slope * idle / training;
    worth.busy += servers * slope * limit / training;
    worth.least_share = fmin(worth.least_share, clx_device_draw(&c->device, &wait, 1, limit) / limit);
  }
  return worth;
}

// --- runs ---------------------------------------------------------------------------------------------------------------

// Under a deep cap published inference loses less than the clock model says.
static clx_status warn_cap(const clx_training *job, clx_result *result, clx_error *error) {
  static const double CHECKED = 0.6;  // of tdp
  if (job->power_cap <= 0 || job->power_cap >= CHECKED * job->device->tdp) return CLX_OK;
  return clx_result_warn(result, error, "power_cap of %.0f W: the clock model is not checked below %.0f W of %s",
                         job->power_cap, CHECKED * job->device->tdp, job->device->name);
}

static clx_status warn_missing(const clx_scenario *s, clx_result *result, clx_error *error) {
  const clx_power_spec *spec = &s->spec.power;
  if (!(spec->pue >= 1) && s->power.has_chain)
    CLX_TRY(clx_result_warn(result, error, "power.pue is not stated: no cooling is counted"));
  if (s->power.supply.source_count > 0 && s->power.supply.tariff == NULL)
    CLX_TRY(
        clx_result_warn(result, error, "power.tariff is not stated: the grid's energy has no cost and no emissions"));
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
  if (status == CLX_OK) status = clx_twin_power_put(&c, &outcome, true, result, error);
  if (status == CLX_OK) status = warn_cap(&c.job, result, error);
  if (status == CLX_OK) status = warn_missing(s, result, error);
  const double duration = clx_result_value(result, "training.duration", 0);
  if (status == CLX_OK && duration > 0)
    status = clx_twin_put(result, "training.energy", c.it_mean * duration, "J", "IT energy of the run", error);
  clx_arena_free(arena);
  return status;
}
