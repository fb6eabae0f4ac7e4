#include "twin/twin_reliability_site.h"

#include <math.h>

// Racks on one power row: the halls in Memphis stand in groups of eight (catalogue/rack/supermicro_liquid_8x8); others are assumed alike.
enum { ROW_RACKS = 8 };

// --- machine ----------------------------------------------------------------------------------------------------------

// Servers that lose a path when one leaf switch fails: with rails all servers of a unit, each one of its NICs.
static int32_t servers_per_leaf(const clx_fabric *f, const clx_fabric_hosts *host) {
  const int32_t ports = host->ports > 0 ? host->ports : 1;
  if (f->tier_count == 0 || f->bill.switches == 0) return 1;
  const int64_t below = f->unit_servers > 0 ? f->unit_servers : f->tier[0].down / ports;
  return below > 1 ? (int32_t)fmin((double)below, (double)host->servers) : 1;
}

static clx_reliability_site_cohort cohort_of(const clx_machine *m, int32_t index) {
  const clx_cohort *c = &m->cohort[index];
  const clx_fabric *f = &m->fabric;
  const double share = (double)c->servers / (double)m->servers;
  const double ports = c->server.nics + c->server.extra_nics;
  const int32_t domain = c->rack.nvlink_domain / c->server.gpus;
  clx_reliability_site_cohort site = {.name = c->server.name,
                                      .servers = c->servers,
                                      .gpus = c->server.gpus,
                                      .servers_per_domain = domain > 1 ? domain : 1,
                                      .servers_per_rack = c->rack.servers,
                                      .servers_per_leaf = servers_per_leaf(f, &m->hosts[index]),
                                      .servers_per_row = c->rack.servers * ROW_RACKS,
                                      .arrival = c->arrival};
  site.parts[CLX_PART_GPU] = c->server.gpus;
  site.parts[CLX_PART_SERVER] = 1;
  site.parts[CLX_PART_NIC] = ports;
  site.parts[CLX_PART_LINK] = ports * (f->nic_up > 0 ? f->nic_up : 1);
  site.parts[CLX_PART_OPTIC] = (double)f->bill.optics / (double)m->servers;
  site.parts[CLX_PART_LEAF] = share * (double)f->bill.switches_by_tier[0];
  site.parts[CLX_PART_SWITCH] = share * (double)f->bill.switches;
  site.parts[CLX_PART_RACK] = (double)c->racks;
  site.parts[CLX_PART_ROW] = ceil((double)c->racks / ROW_RACKS);
  site.parts[CLX_PART_SITE] = share;
  return site;
}

// --- stages: what is there when, and how fast it trains ---------------------------------------------------------------------

// GPUs in service `time` after the start.
static double gpus_there(const clx_machine *m, double time) {
  double gpus = 0;
  for (int32_t i = 0; i < m->cohort_count; i++) {
    if (m->cohort[i].trains && m->cohort[i].arrival <= time) gpus += (double)m->cohort[i].gpus;
  }
  return gpus;
}

// The next arrival after `time`, or INFINITY.
static double next_arrival(const clx_machine *m, double time) {
  double next = INFINITY;
  for (int32_t i = 0; i < m->cohort_count; i++) {
    const clx_cohort *c = &m->cohort[i];
    if (c->trains && c->arrival > time) next = fmin(next, c->arrival);
  }
  return next;
}

// The step when only `dp` replicas work: with the whole batch on them, or with theirs alone. Against the step of all, so that waiting
// for slow ranks stays in.
static clx_status rate_with(const clx_training *job, const clx_step *full, int32_t dp, bool whole_batch, double *rate,
                            clx_error *error) {
  clx_training part = *job;
  clx_step all, step;
  part.layout.dp = dp;
  if (!whole_batch) part.global_batch = job->global_batch * dp / job->layout.dp;
  CLX_TRY(clx_training_step(job, &all, error));
  CLX_TRY(clx_training_step(&part, &step, error));
  *rate = part.global_batch * job->sequence / (full->step_time * step.step_time / all.step_time);
  return CLX_OK;
}

// With the batch kept, replicas that are left take more micro-batches, a whole one at a time.
static clx_status add_speed(const clx_training *job, const clx_step *step, int32_t jobs, clx_arena *arena,
                            clx_reliability_site_stage *stage, clx_error *error) {
  enum { TRIED = 128 };  // replicas down that are computed; beyond, work is proportional to what is left
  stage->speed = CLX_NEW_ARRAY(arena, double, stage->replicas + 1);
  if (stage->speed == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  clx_training whole = *job;
  whole.layout.dp = stage->replicas * jobs;
  whole.global_batch = job->global_batch * whole.layout.dp / job->layout.dp;
  double full = 0;
  for (int32_t left = stage->replicas; left >= 0; left--) {
    const int32_t down = stage->replicas - left, dp = left * jobs;
    if (left == 0) continue;
    if (down > TRIED) {
      stage->speed[left] = stage->speed[stage->replicas - TRIED] * left / (stage->replicas - TRIED);
      continue;
    }
    double rate = 0;
    CLX_TRY(rate_with(&whole, step, dp, true, &rate, error));
    if (down == 0) full = rate;
    const double before = down == 0 ? 1 : stage->speed[left + 1];
    stage->speed[left] = fmin(before, rate / full);
  }
  return CLX_OK;
}

static clx_status add_stage(const clx_scenario *s, const clx_training *job, const clx_step *step, double start,
                            clx_arena *arena, clx_reliability_site_stage *stage, clx_error *error) {
  const clx_reliability_spec *spec = &s->spec.reliability;
  const double gpus_per_replica = clx_layout_ranks(&job->layout) / job->layout.dp;
  // Of what has arrived the job takes the share that it takes of all: the rest are spares, early as later.
  const double share = clx_layout_ranks(&job->layout) / gpus_there(&s->machine, INFINITY);
  const double there = floor(gpus_there(&s->machine, start) * fmin(1, share) / gpus_per_replica * (1 + 1e-12));
  const int32_t jobs = spec->jobs > 1 ? spec->jobs : 1;
  int32_t replicas = (int32_t)fmin(there, job->layout.dp) / jobs;
  if (replicas < 1)
    return clx_fail(error, CLX_INFEASIBLE, spec->place,
                    "%.0f GPUs are there %.0f days after the start: none of the %d job%s has a whole replica of %.0f",
                    gpus_there(&s->machine, start), start / 86400, jobs, jobs == 1 ? "" : "s", gpus_per_replica);
  *stage = (clx_reliability_site_stage){.start = start,
                                        .gpus = (int64_t)(replicas * gpus_per_replica * jobs),
                                        .replicas = replicas,
                                        .gpus_per_replica = gpus_per_replica};
  // Every parameter once: master copy and moments of the optimizer, and the weights of the model.
  stage->checkpoint_bytes = clx_parameter_count(job->model).total * (job->software->optimizer_bytes + 2);
  CLX_TRY(rate_with(job, step, replicas, false, &stage->rate, error));
  if (spec->policy.kind != CLX_POLICY_ELASTIC) return CLX_OK;
  return add_speed(job, step, jobs, arena, stage, error);
}

static clx_status add_stages(const clx_scenario *s, const clx_training *job, const clx_step *step, clx_arena *arena,
                             clx_reliability_site *site, clx_error *error) {
  site->stage = CLX_NEW_ARRAY(arena, clx_reliability_site_stage, s->machine.cohort_count + 1);
  if (site->stage == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  int64_t before = 0;
  for (double start = 0; isfinite(start); start = next_arrival(&s->machine, start)) {
    clx_reliability_site_stage *stage = &site->stage[site->stage_count];
    CLX_TRY(add_stage(s, job, step, start, arena, stage, error));
    if (stage->gpus == before) continue;  // what arrived is spare
    before = stage->gpus;
    site->stage_count++;
  }
  return CLX_OK;
}

clx_status clx_twin_reliability_site(const clx_scenario *s, const clx_training *job, const clx_step *step,
                                     clx_arena *arena, clx_reliability_site *site, clx_error *error) {
  const clx_machine *m = &s->machine;
  *site = (clx_reliability_site){.cohort = CLX_NEW_ARRAY(arena, clx_reliability_site_cohort, m->cohort_count)};
  if (site->cohort == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < m->cohort_count; i++) {
    if (m->cohort[i].trains) site->cohort[site->cohort_count++] = cohort_of(m, i);
  }
  CLX_TRY(add_stages(s, job, step, arena, site, error));
  const double jobs = s->spec.reliability.jobs > 1 ? s->spec.reliability.jobs : 1;
  site->work = (double)s->spec.training.tokens / jobs / site->stage[0].rate;
  return CLX_OK;
}
