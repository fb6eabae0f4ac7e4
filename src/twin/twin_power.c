// Mean and peak IT power and the energy of the run, from what the GPUs do during a step.
#include <math.h>

#include "twin/twin_internal.h"
#include "unit/unit.h"

// Share of TDP a GPU draws while it does nothing but this. From 64 servers of 8 H100 training GPT-3 (MLPerf Training v4.0,
// node power at 2 s: 7.0 kW computing, 10.6 % less in the dip of each step) and node power of 8 x H100 and 8 x B200 runs.
static const double SHARE_MATMUL = 0.95;
static const double SHARE_STREAM = 0.75;
static const double SHARE_COMMUNICATION = 0.60;
static const double SHARE_WAIT = 0.45;
// An H100 reports up to its TDP in matrix products; rated server power adds all parts at once and is not reached.
static const double SHARE_PEAK = 1.0;

double clx_twin_power_share(const clx_step *step) {
  const double matmul = step->gemm + step->attention + step->recompute;
  const double stream = step->stream + step->optimizer;
  const double communication =
      step->tp_exposed + step->cp_exposed + step->ep_exposed + step->pp_exposed + step->dp_exposed + step->contention;
  const double wait = step->bubble + step->launch + step->jitter;
  return (SHARE_MATMUL * matmul + SHARE_STREAM * stream + SHARE_COMMUNICATION * communication + SHARE_WAIT * wait) /
         step->step_time;
}

static double server_other(const clx_cohort *c) {
  const double server = clx_server_parts(&c->server, 1) + c->server.power_fans;
  return (double)c->servers * server + (double)c->racks * clx_rack_parts(&c->rack, 1);
}

// What a GPU of a cohort may draw: a cap holds for those that train, and shares are of it.
static double limit_of(const clx_scenario *s, const clx_cohort *c) {
  const double cap = c->trains ? s->job.power_cap : 0;
  return cap > 0 ? fmin(cap, c->device.tdp) : c->device.tdp;
}

static double training_gpus(const clx_machine *m) {
  double gpus = 0;
  for (int32_t i = 0; i < m->cohort_count; i++) gpus += m->cohort[i].trains ? (double)m->cohort[i].gpus : 0;
  return gpus;
}

clx_search_worth clx_twin_energy(const clx_scenario *s) {
  const clx_machine *m = &s->machine;
  const double training = training_gpus(m);
  clx_search_worth worth = {.base = m->fabric.bill.power, .share = clx_twin_power_share, .least_share = SHARE_WAIT};
  for (int32_t i = 0; i < m->cohort_count; i++) {
    const clx_cohort *c = &m->cohort[i];
    const double gpus = (double)c->gpus, working = c->trains ? gpus / training : 0;
    worth.base += gpus * c->device.idle_power + server_other(c);
    worth.rank -= working * c->device.idle_power;
    worth.busy += working * limit_of(s, c);
  }
  return worth;
}

// Under a deep cap published inference loses less than the clock model says.
static clx_status warn_cap(const clx_training *job, clx_result *result, clx_error *error) {
  static const double CHECKED = 0.6;  // of tdp
  if (job->power_cap <= 0 || job->power_cap >= CHECKED * job->device->tdp) return CLX_OK;
  return clx_result_warn(result, error, "power_cap of %.0f W: the clock model is not checked below %.0f W of %s",
                         job->power_cap, CHECKED * job->device->tdp, job->device->name);
}

clx_status clx_twin_power(const clx_scenario *s, const clx_training *job, const clx_step *step, clx_result *result,
                          clx_error *error) {
  const clx_machine *m = &s->machine;
  const clx_layout *l = &job->layout;
  const double used = clx_layout_ranks(l), share = clx_twin_power_share(step);
  const double busy = used / training_gpus(m);  // of each cohort that trains; spares idle
  double mean = 0, peak = 0, gpu_mean = 0;
  for (int32_t i = 0; i < m->cohort_count; i++) {
    const clx_cohort *c = &m->cohort[i];
    const double working = c->trains ? busy : 0;
    const double one = working * share * limit_of(s, c) + (1 - working) * c->device.idle_power;
    gpu_mean += (double)c->gpus * one / (double)m->gpus;
    mean += (double)c->gpus * one + server_other(c);
    peak += (double)c->gpus * SHARE_PEAK * limit_of(s, c) + server_other(c);
  }
  const double network = m->fabric.bill.power;
  mean += network;
  peak += network;
  CLX_TRY(clx_twin_put(result, "power.gpu_mean", gpu_mean, "W", "one GPU, mean over a step and the fleet", error));
  CLX_TRY(clx_twin_put(result, "power.network", network, "W", "switches and transceivers", error));
  CLX_TRY(clx_twin_put(result, "power.it_mean", mean, "W", "GPUs, servers, racks, network while training", error));
  CLX_TRY(clx_twin_put(result, "power.it_peak", peak, "W", "all GPUs at their limit at once", error));
  CLX_TRY(warn_cap(job, result, error));
  const double duration = clx_result_value(result, "training.duration", 0);
  if (duration > 0)
    CLX_TRY(clx_twin_put(result, "training.energy", mean * duration, "J", "IT energy of the run", error));
  const clx_power_spec *power = &s->spec.power;
  if (power->pue >= 1) {
    CLX_TRY(clx_twin_put(result, "power.pue", power->pue, "", "as stated in the scenario", error));
    CLX_TRY(clx_twin_put(result, "power.facility_mean", mean * power->pue, "W", "IT power times PUE", error));
    CLX_TRY(clx_twin_put(result, "power.facility_peak", peak * power->pue, "W", "IT peak times PUE", error));
  }
  const double facility = peak * fmax(1, power->pue);
  if (power->facility_limit > 0 && facility > power->facility_limit) {
    char may[32], peaks[32];
    return clx_fail(error, CLX_INFEASIBLE, power->place, "the site may draw %s, the machine peaks at %s",
                    clx_quantity_format(power->facility_limit, "W", 4, may, sizeof may),
                    clx_quantity_format(facility, "W", 4, peaks, sizeof peaks));
  }
  return CLX_OK;
}
