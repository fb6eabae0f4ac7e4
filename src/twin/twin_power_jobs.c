// A machine of many jobs: its list replayed node by node through the chain.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "twin/twin_power.h"

static clx_status put(clx_result *result, const char *name, double value, const char *unit, const char *doc,
                      clx_error *error) {
  char full[96];
  snprintf(full, sizeof full, "power.%s", name);
  return clx_twin_put(result, full, value, unit, doc, error);
}

static clx_status put_outcome(const clx_job_run *run, const clx_job_outcome *o, clx_result *result, clx_error *error) {
  double idle = (double)run->nodes * (run->node.cpu_idle + run->node.gpu_idle + run->node.fixed);
  double most = (double)run->nodes * (run->node.cpu_most + run->node.gpu_most + run->node.fixed);
  const struct {
    const char *name;
    double value;
    const char *unit, *doc;
  } numbers[] = {{"it_mean", o->mean, "W", "the machine at the top of its chain, mean over the horizon"},
                 {"it_peak", clx_chain_top(&run->chain, most, NULL), "W", "all nodes at their limit"},
                 {"it_idle", clx_chain_top(&run->chain, idle, NULL), "W", "all nodes idle"},
                 {"it_least", o->least, "W", "least over the horizon"},
                 {"it_most", o->most, "W", "most over the horizon"},
                 {"loss_fraction", o->loss_mean / o->mean, "", "conversion losses of the machine's power"},
                 {"energy", o->energy, "J", "over the horizon"},
                 {"horizon", run->horizon, "s", "time over which energy is counted"},
                 {"jobs.count", (double)run->job_count, "", "jobs in the list"},
                 {"jobs.started", o->started, "", "jobs that began within the horizon"},
                 {"jobs.completed", o->completed, "", "jobs that ended within it"},
                 {"jobs.waited", o->waited, "", "jobs that began later than they asked to"},
                 {"jobs.utilisation", o->utilisation, "", "share of the node-seconds that jobs held"}};
  for (int32_t i = 0; i < CLX_COUNT(numbers); i++)
    CLX_TRY(put(result, numbers[i].name, numbers[i].value, numbers[i].unit, numbers[i].doc, error));
  return CLX_OK;
}

static clx_status put_series(const clx_wave *wave, clx_arena *arena, clx_result *result, clx_error *error) {
  enum { MOST = 20000 };
  const int64_t each = (wave->count + MOST - 1) / MOST, count = wave->count / each;
  double *x = CLX_NEW_ARRAY(arena, double, count + 1), *y = CLX_NEW_ARRAY(arena, double, count + 1);
  if (x == NULL || y == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int64_t i = 0; i < count; i++) {
    x[i] = (double)(i * each) * wave->step;
    for (int64_t k = 0; k < each; k++) y[i] += (double)wave->watt[i * each + k] / (double)each;
  }
  return clx_result_add_series(result, "power.site", "W", y, "time", "s", x, (int32_t)count, error);
}

static double stated(double value, double otherwise) { return value >= 0 ? value : otherwise; }

// What the scenario does not state of a node follows from the parts of the machine's server.
static clx_node_power node_of(const clx_cohort *c, const clx_node_power *spec) {
  const double gpus = c->server.gpus;
  double idle = 0, most = 0, fixed = c->server.part_count > 0 ? 0 : c->server.power_other;
  for (int32_t i = 0; i < c->server.part_count; i++) {
    const clx_power_part *p = &c->server.part[i];
    const bool steady = p->most == p->idle;
    fixed += steady ? p->count * p->idle : 0;
    idle += steady ? 0 : p->count * p->idle;
    most += steady ? 0 : p->count * p->most;
  }
  return (clx_node_power){.cpu_idle = stated(spec->cpu_idle, idle),
                          .cpu_most = stated(spec->cpu_most, most),
                          .gpu_idle = stated(spec->gpu_idle, gpus * c->device.idle_power),
                          .gpu_most = stated(spec->gpu_most, gpus * c->device.tdp),
                          .fixed = stated(spec->fixed, fixed)};
}

static clx_status run_jobs(const clx_scenario *s, clx_arena *arena, clx_result *result, clx_error *error) {
  static const double DAY = 86400, STEP = 1;
  const clx_power_spec *spec = &s->spec.power;
  const double horizon = spec->horizon > 0 ? spec->horizon : DAY;
  clx_node_job *job = NULL;
  clx_jobs_spec jobs = spec->jobs;
  jobs.node = node_of(&s->machine.cohort[0], &spec->jobs.node);
  if (jobs.nodes == 0) jobs.nodes = s->machine.servers;
  clx_job_run run = {.nodes = jobs.nodes,
                     .node = jobs.node,
                     .quantum = spec->jobs.quantum,
                     .horizon = horizon,
                     .step = spec->resolution > 0 ? spec->resolution : STEP};
  clx_job_outcome outcome;
  const clx_chain_fleet fleet = {.servers = (double)run.nodes,
                                 .racks = (double)s->machine.racks,
                                 .server_load = run.node.cpu_most + run.node.gpu_most + run.node.fixed};
  CLX_TRY(clx_chain_compile(&s->power.chain, &fleet, spec->place, &run.chain, error));
  CLX_TRY(clx_jobs_list(&jobs, horizon, arena, &job, &run.job_count, error));
  run.job = job;
  CLX_TRY(clx_job_run_all(&run, arena, &outcome, error));
  CLX_TRY(put_outcome(&run, &outcome, result, error));
  CLX_TRY(clx_result_add_text(result, "power.chain", s->power.chain.name, error));
  return put_series(&outcome.series, arena, result, error);
}

clx_status clx_twin_power_jobs(const clx_scenario *s, clx_result *result, clx_error *error) {
  if (s->spec.power.jobs.place.file == NULL)
    return clx_fail_plain(error, CLX_INPUT,
                          "scenario '%s' has neither a section 'training' nor 'power.jobs': nothing to run",
                          s->spec.name);
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const clx_status status = run_jobs(s, arena, result, error);
  clx_arena_free(arena);
  return status;
}
