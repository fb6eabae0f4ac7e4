// A machine of many jobs: its list replayed node by node through the chain.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "twin/twin_power.h"

static clx_status put(clx_result *result, const char *name, double value, const char *unit, const char *doc,
                      clx_error *error) {
  char full[128];
  snprintf(full, sizeof full, "power.%s", name);
  return clx_twin_put(result, full, value, unit, doc, error);
}

// What the machine draws on top of its chain, W: a stated PUE adds cooling to what the chain has of it.
static double cooling_of(const clx_scenario *s, double mean) {
  const double pue = s->spec.power.pue;
  return pue > 1 ? (pue - 1) * mean : 0;
}

static clx_status put_outcome(const clx_scenario *s, const clx_job_run *run, const clx_job_outcome *o,
                              clx_result *result, clx_error *error) {
  const double idle = (double)run->nodes * (run->node.cpu_idle + run->node.gpu_idle + run->node.fixed);
  const double most = (double)run->nodes * (run->node.cpu_most + run->node.gpu_most + run->node.fixed);
  const double top = clx_chain_top(&run->chain, most, NULL), cooling = cooling_of(s, o->mean);
  const struct {
    const char *name;
    double value;
    const char *unit, *doc;
  } numbers[] = {{"it_mean", o->mean, "W", "the machine at the top of its chain, mean over the horizon"},
                 {"it_peak", top, "W", "all nodes at their limit"},
                 {"it_idle", clx_chain_top(&run->chain, idle, NULL), "W", "all nodes idle"},
                 {"it_least", o->least, "W", "least over the horizon"},
                 {"it_most", o->most, "W", "most over the horizon"},
                 {"site_mean", o->mean + cooling, "W", "point of connection: top of the chain, and cooling by the PUE"},
                 {"site_peak", top + cooling_of(s, top), "W", "point of connection with all nodes at their limit"},
                 {"cooling", cooling, "W", "what a stated PUE adds"},
                 {"loss_fraction", o->loss_mean / (o->mean + cooling), "", "conversion losses of the site's power"},
                 {"energy", o->energy + cooling * run->horizon, "J", "over the horizon"},
                 {"horizon", run->horizon, "s", "time over which energy is counted"},
                 {"jobs.count", (double)run->job_count, "", "jobs in the list"},
                 {"jobs.started", o->started, "", "jobs that began within the horizon"},
                 {"jobs.completed", o->completed, "", "jobs that ended within it"},
                 {"jobs.waited", o->waited, "", "jobs that began later than they asked to"},
                 {"jobs.utilisation", o->utilisation, "", "share of the node-seconds that jobs held"}};
  for (int32_t i = 0; i < CLX_COUNT(numbers); i++)
    CLX_TRY(put(result, numbers[i].name, numbers[i].value, numbers[i].unit, numbers[i].doc, error));
  if (s->spec.power.pue < 1) return CLX_OK;
  return put(result, "pue", s->spec.power.pue, "", "site power against that of the machine, as stated", error);
}

static clx_status put_level(const clx_chain_level *level, const clx_chain_flow *flow, clx_result *result,
                            clx_error *error) {
  const struct {
    const char *what;
    double value;
    const char *unit, *doc;
  } numbers[] = {{"in", flow->in, "W", "into this level at the mean, all nodes alike"},
                 {"loss", flow->loss, "W", "lost in it"},
                 {"load_share", flow->load_share, "", "of the rating of what carries it"},
                 {"port.fixed", flow->fixed, "W", "enters here, always"}};
  char name[96], slug[48];
  clx_result_slug(level->name, slug, sizeof slug);
  for (int32_t i = 0; i < CLX_COUNT(numbers); i++) {
    if (i >= 2 && !(numbers[i].value > 0)) continue;  // nothing rated; nothing static
    snprintf(name, sizeof name, "level.%s.%s", slug, numbers[i].what);
    CLX_TRY(put(result, name, numbers[i].value, numbers[i].unit, numbers[i].doc, error));
  }
  return CLX_OK;
}

// Into the racks: the last level that has a unit or more for each.
static double into_racks(const clx_chain *chain, const clx_chain_result *r, double load, double racks) {
  double watt = load;
  for (int32_t i = 0; i < chain->count && chain->level[i].groups >= racks; i++) watt = r->flow[i].in;
  return watt / racks;
}

// Levels, a node and a rack at the mean: the load of which the chain makes it, shared by the nodes evenly.
static clx_status put_levels(const clx_scenario *s, const clx_job_run *run, const clx_job_outcome *o,
                             clx_result *result, clx_error *error) {
  const double racks = (double)s->machine.racks, nodes = (double)run->nodes;
  const double most = nodes * (run->node.cpu_most + run->node.gpu_most + run->node.fixed);
  const double load = fmax(0, clx_chain_invert(&run->chain, o->mean, NULL));
  const clx_chain_result mean = clx_chain_pass(&run->chain, load, NULL), peak = clx_chain_pass(&run->chain, most, NULL);
  for (int32_t i = 0; i < run->chain.count; i++) CLX_TRY(put_level(&run->chain.level[i], &mean.flow[i], result, error));
  CLX_TRY(
      put(result, "node_mean", load / nodes, "W", "a node before its conversion, mean over nodes and horizon", error));
  if (!(racks >= 1)) return CLX_OK;
  CLX_TRY(put(result, "rack_mean", into_racks(&run->chain, &mean, load, racks), "W", "a rack, mean of all", error));
  return put(result, "rack_peak", into_racks(&run->chain, &peak, most, racks), "W", "a rack, all nodes at their limit",
             error);
}

static clx_status put_series(const clx_wave *wave, double cooling, clx_arena *arena, clx_result *result,
                             clx_error *error) {
  enum { MOST = 20000 };
  const int64_t each = (wave->count + MOST - 1) / MOST, count = wave->count / each;
  double *x = CLX_NEW_ARRAY(arena, double, count + 1), *y = CLX_NEW_ARRAY(arena, double, count + 1);
  if (x == NULL || y == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int64_t i = 0; i < count; i++) {
    x[i] = (double)(i * each) * wave->step;
    for (int64_t k = 0; k < each; k++) y[i] += (double)wave->watt[i * each + k] / (double)each;
    y[i] += cooling;
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

static double stated_time(double asked, double spec, double otherwise) {
  return asked > 0 ? asked : spec > 0 ? spec : otherwise;
}

// longest, sample: s of the replay and of one sample of its series; 0 = as the scenario has them.
static clx_status run_jobs(const clx_scenario *s, double longest, double sample, clx_arena *arena, clx_result *result,
                           clx_error *error) {
  static const double DAY = 86400, STEP = 1;
  const clx_power_spec *spec = &s->spec.power;
  const double horizon = stated_time(longest, spec->horizon, DAY);
  clx_node_job *job = NULL;
  clx_jobs_spec jobs = spec->jobs;
  jobs.node = node_of(&s->machine.cohort[0], &spec->jobs.node);
  if (jobs.nodes == 0) jobs.nodes = s->machine.servers;
  clx_job_run run = {.nodes = jobs.nodes,
                     .node = jobs.node,
                     .quantum = spec->jobs.quantum,
                     .horizon = horizon,
                     .step = stated_time(sample, spec->resolution, STEP)};
  clx_job_outcome outcome;
  const clx_chain_fleet fleet = {.servers = (double)run.nodes,
                                 .racks = (double)s->machine.racks,
                                 .server_load = run.node.cpu_most + run.node.gpu_most + run.node.fixed};
  CLX_TRY(clx_chain_compile(&s->power.chain, &fleet, spec->place, &run.chain, error));
  CLX_TRY(clx_jobs_list(&jobs, horizon, arena, &job, &run.job_count, error));
  run.job = job;
  CLX_TRY(clx_job_run_all(&run, arena, &outcome, error));
  CLX_TRY(put_outcome(s, &run, &outcome, result, error));
  CLX_TRY(clx_result_add_text(result, "power.chain", s->power.chain.name, error));
  CLX_TRY(put_levels(s, &run, &outcome, result, error));
  return put_series(&outcome.series, cooling_of(s, outcome.mean), arena, result, error);
}

static clx_status replay(const clx_scenario *s, double longest, double sample, clx_result *result, clx_error *error) {
  if (s->spec.power.jobs.place.file == NULL)
    return clx_fail_plain(error, CLX_INPUT,
                          "scenario '%s' has neither a section 'training' nor 'power.jobs' nor 'cost': nothing to run",
                          s->spec.name);
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const clx_status status = run_jobs(s, longest, sample, arena, result, error);
  clx_arena_free(arena);
  return status;
}

clx_status clx_twin_power_jobs(const clx_scenario *s, clx_result *result, clx_error *error) {
  return replay(s, 0, 0, result, error);
}

clx_status clx_twin_power_jobs_study(const clx_scenario *s, const clx_power_options *options, clx_result *result,
                                     clx_error *error) {
  static const double YEAR = 365.25 * 86400;
  if (options->design || options->window > 0 || options->event != CLX_POWER_STEADY)
    return clx_fail_plain(error, CLX_INPUT,
                          "scenario '%s' is a machine of many jobs: no step of one job to show in a window, to start "
                          "or stop, or to smooth; 'power.horizon' says how long jobs are replayed",
                          s->spec.name);
  return replay(s, options->year && !(s->spec.power.horizon > 0) ? YEAR : 0, options->resolution, result, error);
}
