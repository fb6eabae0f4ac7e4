// What the user said, the failure classes of the catalogue and the machine into the model of a run.
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "reliability/reliability_compile_internal.h"
#include "reliability/reliability_forms.h"

void clx_reliability_say(const clx_reliability_build *b, const char *key, const char *format, ...) {
  if (b->note == NULL) return;
  char text[400];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  b->note(b->context, key, text);
}

static clx_status out_of_memory(const clx_reliability_build *b) {
  return clx_fail_plain(b->error, CLX_MEMORY, "out of memory");
}

// --- machine ---------------------------------------------------------------------------------------------------------------------

// Servers beside the fleet are like those of its first item, with their share of switches, racks and rows.
static clx_reliability_site_cohort reserve_of(const clx_reliability_site_cohort *first, int64_t servers) {
  clx_reliability_site_cohort reserve = *first;
  const double share = first->servers > 0 ? (double)servers / (double)first->servers : 0;
  reserve.name = "reserve";
  reserve.servers = servers;
  reserve.arrival = 0;
  for (int32_t part = CLX_PART_LEAF; part < CLX_PARTS; part++) {
    if (part != CLX_PART_OPTIC && part != CLX_PART_SITE) reserve.parts[part] *= share;
  }
  return reserve;
}

static clx_status gather_cohorts(clx_reliability_build *b) {
  const clx_reliability_site *site = b->site;
  b->cohort = CLX_NEW_ARRAY(b->arena, clx_reliability_site_cohort, site->cohort_count + 1);
  if (b->cohort == NULL) return out_of_memory(b);
  memcpy(b->cohort, site->cohort, (size_t)site->cohort_count * sizeof *b->cohort);
  b->cohort_count = site->cohort_count;
  for (int32_t i = 1; i < site->cohort_count; i++) {
    if (site->cohort[i].gpus == site->cohort[0].gpus) continue;
    return clx_fail(b->error, CLX_INPUT, b->spec->place,
                    "'reliability': servers of %d and of %d GPUs cannot replace each other in one job",
                    site->cohort[0].gpus, site->cohort[i].gpus);
  }
  if (b->spec->spares.extra > 0) b->cohort[b->cohort_count++] = reserve_of(&site->cohort[0], b->spec->spares.extra);
  return CLX_OK;
}

static int64_t count_servers(const clx_reliability_build *b) {
  int64_t servers = 0;
  for (int32_t i = 0; i < b->cohort_count; i++) servers += b->cohort[i].servers;
  return servers;
}

// Takes servers that are to be neither used nor spare away, from the end.
static void drop_servers(clx_reliability_build *b, int64_t servers) {
  for (int32_t i = b->cohort_count - 1; i >= 0 && servers > 0; i--) {
    clx_reliability_site_cohort *c = &b->cohort[i];
    const int64_t most = servers < c->servers ? servers : c->servers;
    const double share = (double)(c->servers - most) / (double)c->servers;
    for (int32_t part = CLX_PART_LEAF; part < CLX_PARTS; part++) {
      if (part != CLX_PART_OPTIC && part != CLX_PART_SITE) c->parts[part] *= share;
    }
    c->servers -= most;
    servers -= most;
    if (c->servers == 0) b->cohort_count = i;
  }
}

static clx_status choose_spares(clx_reliability_build *b, int64_t used) {
  const int64_t all = count_servers(b), left = all - used, asked = b->spec->spares.count;
  const clx_place place = b->spec->spares.place.line > 0 ? b->spec->spares.place : b->spec->place;
  if (left < 0) {
    return clx_fail(b->error, CLX_INPUT, b->spec->place,
                    "'reliability': the job takes %lld servers, the machine has %lld", (long long)used, (long long)all);
  }
  if (asked > left) {
    return clx_fail(
        b->error, CLX_INPUT, place,
        "'reliability.spares.count' asks for %lld servers, the layout leaves over %lld of %lld: lower it, or "
        "put servers beside the fleet (spares.extra)",
        (long long)asked, (long long)left, (long long)all);
  }
  if (asked >= 0) drop_servers(b, left - asked);
  return CLX_OK;
}

// Factors by place in the rack, scaled to a mean of 1.
static clx_status fill_positions(const clx_reliability_build *b, clx_reliability_cohort *cohort) {
  const clx_failures *f = b->failures;
  double sum = 0;
  if (f->position_count > CLX_POSITIONS_MAX) {
    return clx_fail(b->error, CLX_INPUT, b->spec->place, "'position' of failures '%s' has more than %d factors",
                    f->name, CLX_POSITIONS_MAX);
  }
  for (int32_t i = 0; i < f->position_count; i++) sum += f->position[i];
  cohort->positions = f->position_count > 0 && sum > 0 ? f->position_count : 1;
  cohort->position[0] = 1;
  for (int32_t i = 0; i < f->position_count && sum > 0; i++)
    cohort->position[i] = f->position[i] * f->position_count / sum;
  return CLX_OK;
}

static clx_status fill_cohorts(const clx_reliability_build *b) {
  clx_reliability_model *model = b->model;
  const double doubling = b->failures->heat_doubling, heat = b->spec->heat;
  if (heat != 0 && doubling <= 0) {
    return clx_fail(b->error, CLX_INPUT, b->spec->place,
                    "'reliability.heat' is %g K, but failures '%s' do not say how rates depend on temperature "
                    "(heat_doubling)",
                    heat, b->failures->name);
  }
  model->cohort = CLX_NEW_ARRAY(b->arena, clx_reliability_cohort, b->cohort_count);
  if (model->cohort == NULL) return out_of_memory(b);
  model->cohort_count = b->cohort_count;
  for (int32_t i = 0; i < b->cohort_count; i++) {
    const clx_reliability_site_cohort *from = &b->cohort[i];
    model->cohort[i] = (clx_reliability_cohort){.name = from->name,
                                                .units = from->servers,
                                                .gpus = from->gpus,
                                                .arrival = from->arrival,
                                                .age = b->spec->age,
                                                .heat = doubling > 0 ? exp2(heat / doubling) : 1};
    CLX_TRY(fill_positions(b, &model->cohort[i]));
  }
  return CLX_OK;
}

// --- job -------------------------------------------------------------------------------------------------------------------------

static int64_t divisor(int64_t a, int64_t b) {
  while (b != 0) {
    const int64_t rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

// Replicas that share servers fail together: they count as one. Replicas that no whole number of servers makes cannot be told
// apart: one for all.
static clx_status fill_replicas(const clx_reliability_build *b, const clx_reliability_site_stage *site,
                                clx_job_stage *stage) {
  const int64_t server = b->cohort[0].gpus, replica = (int64_t)ceil(site->gpus_per_replica);
  const int64_t fold = server / divisor(server, replica);
  if (site->replicas % fold != 0) {
    stage->replicas = 1;
    stage->units_per_replica = (site->replicas * replica + server - 1) / server;
    if (b->spec->policy.kind == CLX_POLICY_RESTART) return CLX_OK;
    return clx_fail(b->error, CLX_INPUT, b->spec->place,
                    "'reliability.policy.kind' is %s, but %d replicas of %lld GPUs do not fill whole servers of %lld",
                    clx_policy_name[b->spec->policy.kind], site->replicas, (long long)replica, (long long)server);
  }
  stage->replicas = (int32_t)(site->replicas / fold);
  stage->units_per_replica = replica * fold / server;
  if (site->speed == NULL) return CLX_OK;
  stage->speed = CLX_NEW_ARRAY(b->arena, double, stage->replicas + 1);
  if (stage->speed == NULL) return out_of_memory(b);
  for (int32_t i = 0; i <= stage->replicas; i++) stage->speed[i] = site->speed[i * fold];
  return CLX_OK;
}

static double restart_of(const clx_reliability_build *b, double gpus) {
  static const clx_recovery_time published[CLX_RESTART_MODES] = {[CLX_RESTART_REQUEUE] = CLX_RECOVERY_REQUEUE,
                                                                 [CLX_RESTART_RESCHEDULE] = CLX_RECOVERY_IN_PLACE,
                                                                 [CLX_RESTART_STANDBY] = CLX_RECOVERY_STANDBY};
  if (b->spec->recovery.restart >= 0) return b->spec->recovery.restart;
  return clx_recovery_published(published[b->spec->recovery.mode], gpus, NULL);
}

static clx_status fill_stage(const clx_reliability_build *b, int32_t index, clx_job_stage *stage) {
  const clx_reliability_site_stage *site = &b->site->stage[index];
  if (site->gpus < 1 || site->replicas < 1 || !(site->gpus_per_replica > 0) || !(site->rate > 0)) {
    return clx_fail(b->error, CLX_INPUT, b->spec->place, "'reliability': stage %d of the job has no GPUs or no rate",
                    index + 1);
  }
  *stage = (clx_job_stage){.start = site->start, .rate = site->rate / b->site->stage[0].rate};
  CLX_TRY(fill_replicas(b, site, stage));
  stage->restart = restart_of(b, (double)site->gpus / b->spec->jobs);
  return clx_reliability_compile_checkpoint(b, index, &stage->checkpoint);
}

static clx_status fill_jobs(const clx_reliability_build *b) {
  clx_reliability_model *model = b->model;
  const int32_t stages = b->site->stage_count, jobs = b->spec->jobs;
  model->job = CLX_NEW_ARRAY(b->arena, clx_reliability_job, jobs);
  clx_job_stage *stage = CLX_NEW_ARRAY(b->arena, clx_job_stage, stages);
  if (model->job == NULL || stage == NULL) return out_of_memory(b);
  for (int32_t i = 0; i < stages; i++) CLX_TRY(fill_stage(b, i, &stage[i]));
  model->job_count = jobs;
  const double work = b->site->work > 0 ? b->site->work : INFINITY;
  for (int32_t i = 0; i < jobs; i++) {
    const char *name = jobs == 1 ? "job" : clx_arena_format(b->arena, "job %d", i + 1);
    if (name == NULL) return out_of_memory(b);
    model->job[i] = (clx_reliability_job){.name = name, .stage = stage, .stage_count = stages, .work = work};
  }
  model->horizon = b->spec->horizon;
  if (model->horizon <= 0 && !isfinite(work)) {
    return clx_fail(b->error, CLX_INPUT, b->spec->place,
                    "'reliability.horizon' is missing: the run has no tokens that would end it");
  }
  return CLX_OK;
}

// Servers that all jobs hold at most.
static int64_t servers_of_jobs(const clx_reliability_build *b) {
  int64_t most = 0;
  for (int32_t i = 0; i < b->site->stage_count; i++) {
    const clx_job_stage *stage = &b->model->job[0].stage[i];
    const int64_t servers = stage->replicas * stage->units_per_replica * b->spec->jobs;
    if (servers > most) most = servers;
  }
  return most;
}

// --- policy ----------------------------------------------------------------------------------------------------------------------

static double or_else(double value, double otherwise) { return value >= 0 ? value : otherwise; }

static int32_t redundancy_of(const clx_reliability_build *b, int32_t replicas) {
  if (b->spec->policy.redundancy > 0) return b->spec->policy.redundancy;
  const int32_t best = (int32_t)clx_redundancy_best(replicas);
  return best < 1 ? 1 : best;
}

// FT-HSDP (arXiv 2602.00277): a masked failure stops 100,000 GPUs for 3 minutes, detection included.
static const double MASKED_TOTAL = 180;

// Mean time from a failure to knowing of it, over the events of all classes.
static double mean_detection(const clx_reliability_build *b) {
  double events = 0, time = 0;
  for (int32_t f = 0; f < b->model->failure_count; f++) {
    const clx_failure_class *c = &b->model->failure[f];
    if (c->planned) continue;
    double parts = c->whole;
    for (int32_t i = 0; i < b->cohort_count; i++)
      parts += c->parts[i] * (double)b->model->cohort[i].units / c->group[i];
    const double rate = c->hazard.rate * parts * c->stops;
    events += rate;
    time += rate * c->detect;
  }
  return events > 0 ? time / events : 0;
}

static void fill_times_of_policy(const clx_reliability_build *b, double gpus) {
  clx_reliability_policy *policy = &b->model->policy;
  const clx_job_stage *stage = &b->model->job[0].stage[b->site->stage_count - 1];
  const double in_place = clx_recovery_published(CLX_RECOVERY_IN_PLACE, gpus, NULL),
               regroup = clx_recovery_published(CLX_RECOVERY_REGROUPING, gpus, NULL);
  const bool elastic = b->spec->policy.kind == CLX_POLICY_ELASTIC, masked = b->spec->policy.kind == CLX_POLICY_MASKED;
  const double rest = fmax(regroup, MASKED_TOTAL - mean_detection(b));
  policy->stall = or_else(b->spec->policy.stall, elastic ? in_place : masked ? rest : 0);
  policy->join = or_else(b->spec->policy.join, elastic ? in_place : masked ? regroup : 0);
  policy->join_time =
      or_else(b->spec->policy.join_time, elastic || masked ? stage->restart + stage->checkpoint.load : 0);
}

// Servers lost within a day by the jobs, 99th percentile (ByteRobust section 5.2): binomial over the servers.
static double day_losses(const clx_reliability_build *b, int64_t used) {
  double losses = 0;
  for (int32_t f = 0; f < b->model->failure_count; f++) {
    const clx_failure_class *c = &b->model->failure[f];
    if (c->keeps_units || c->everybody) continue;
    for (int32_t i = 0; i < b->cohort_count; i++) {
      const clx_reliability_cohort *cohort = &b->model->cohort[i];
      const double rate = clx_hazard_at(&c->hazard, cohort->age) * cohort->heat;
      losses += rate * c->parts[i] * (double)cohort->units * (1 - c->transient) * (1 + c->burst);
    }
  }
  const double daily = losses * 86400 / (double)count_servers(b);
  return clx_standby((double)used, fmin(daily, 1), 0.99);
}

static clx_status fill_spares(const clx_reliability_build *b, int64_t used, double gpus) {
  clx_reliability_policy *policy = &b->model->policy;
  const double requeue = clx_recovery_published(CLX_RECOVERY_REQUEUE, gpus, NULL),
               restart = b->model->job[0].stage[0].restart;
  const bool standby = b->spec->recovery.mode == CLX_RESTART_STANDBY,
             whole = b->spec->recovery.mode == CLX_RESTART_REQUEUE;  // the requeue brings in what is lost
  const int64_t spares = count_servers(b) - used;
  const int64_t wanted = b->spec->spares.hot >= 0 ? b->spec->spares.hot : standby ? (int64_t)day_losses(b, used) : 0;
  if (b->spec->spares.hot > spares) {
    return clx_fail(b->error, CLX_INPUT, b->spec->place,
                    "'reliability.spares.hot' is %lld, but the machine has %lld spare servers: lower it, or put "
                    "servers beside the fleet (spares.extra)",
                    (long long)wanted, (long long)spares);
  }
  policy->hot = wanted < spares ? wanted : spares;
  if (policy->hot < wanted) {
    clx_reliability_say(b, "spares.hot",
                        "%lld servers stand by, all that are left: %lld would be the 99th percentile of a day's losses",
                        (long long)spares, (long long)wanted);
  } else if (b->spec->spares.hot < 0 && standby) {
    clx_reliability_say(b, "spares.hot", "%lld servers stand by: the 99th percentile of a day's losses",
                        (long long)policy->hot);
  } else if (policy->hot > 0 && whole && b->spec->spares.swap_cold < 0) {
    clx_reliability_say(b, "spares.hot",
                        "%lld servers stand by without effect: with recovery mode requeue the queue brings in servers",
                        (long long)policy->hot);
  }
  policy->swap_hot = or_else(b->spec->spares.swap_hot, 0);
  policy->swap_cold = or_else(b->spec->spares.swap_cold, whole ? 0 : fmax(0, requeue - restart));
  return CLX_OK;
}

static void say_times(const clx_reliability_build *b, double gpus) {
  bool inside = false;
  clx_recovery_published(CLX_RECOVERY_IN_PLACE, gpus, &inside);
  if (b->spec->recovery.restart < 0) {
    clx_reliability_say(b, "recovery.restart",
                        "%.0f s to start again (%s) on %.0f GPUs: ByteRobust table 7, measured on 2,048 to 16,384%s",
                        b->model->job[0].stage[b->site->stage_count - 1].restart,
                        clx_restart_mode_name[b->spec->recovery.mode], gpus,
                        inside ? "" : ", held below and drawn out above that");
  }
}

static clx_status fill_policy(const clx_reliability_build *b) {
  const clx_reliability_spec *spec = b->spec;
  clx_reliability_model *model = b->model;
  const int32_t last = b->site->stage_count - 1, replicas = model->job[0].stage[last].replicas;
  const double gpus = (double)b->site->stage[last].gpus / spec->jobs;
  model->policy = (clx_reliability_policy){.kind = spec->policy.kind, .rollback = spec->policy.rollback};
  model->policy.least = (int32_t)fmax(1, ceil(spec->policy.least * replicas - 1e-9));
  model->policy.redundancy = redundancy_of(b, replicas);
  if (spec->policy.kind == CLX_POLICY_REDUNDANT && model->policy.redundancy > replicas) {
    return clx_fail(b->error, CLX_INPUT, spec->place, "'reliability.policy.redundancy' is %d, the job has %d replicas",
                    model->policy.redundancy, replicas);
  }
  const bool shrinks = spec->policy.kind == CLX_POLICY_ELASTIC || spec->policy.kind == CLX_POLICY_MASKED;
  if (spec->policy.redundancy > 0 && spec->policy.kind != CLX_POLICY_REDUNDANT) {
    clx_reliability_say(b, "policy.redundancy", "ignored: 'reliability.policy.kind' is %s",
                        clx_policy_name[spec->policy.kind]);
  }
  if (spec->policy.least != 0.5 && !shrinks) {  // other than the default
    clx_reliability_say(b, "policy.least", "ignored: 'reliability.policy.kind' is %s",
                        clx_policy_name[spec->policy.kind]);
  }
  fill_times_of_policy(b, gpus);
  CLX_TRY(fill_spares(b, servers_of_jobs(b), gpus));
  say_times(b, gpus);
  model->start = or_else(spec->recovery.start, clx_recovery_published(CLX_RECOVERY_REQUEUE, gpus, NULL));
  model->repair = (clx_repair_plan){.crews = spec->repair.crews, .offender = b->failures->offender};
  model->running_clock = spec->clock == 1;
  model->draw_rates = spec->rates == 0;
  return CLX_OK;
}

static clx_status check_site(const clx_reliability_build *b) {
  const clx_reliability_site *site = b->site;
  if (site->cohort_count < 1 || site->stage_count < 1)
    return clx_fail(b->error, CLX_INPUT, b->spec->place, "'reliability': no servers, or no job on them");
  for (int32_t i = 0; i < site->cohort_count; i++) {
    if (site->cohort[i].servers >= 1 && site->cohort[i].gpus >= 1) continue;
    return clx_fail(b->error, CLX_INPUT, b->spec->place, "'reliability': cohort '%s' has no servers or no GPUs",
                    site->cohort[i].name);
  }
  return CLX_OK;
}

clx_status clx_reliability_check_spec(const clx_reliability_spec *spec, const clx_failures *failures, clx_arena *arena,
                                      clx_error *error) {
  const clx_reliability_build build = {.spec = spec, .failures = failures, .arena = arena, .error = error};
  const clx_status checkpoint = clx_reliability_check_checkpoint(&build);
  CLX_TRY(clx_reliability_check_classes(&build));
  return checkpoint;
}

clx_status clx_reliability_compile(const clx_reliability_spec *spec, const clx_failures *failures,
                                   const clx_reliability_site *site, clx_arena *arena, clx_reliability_model *model,
                                   clx_reliability_note *note, void *context, clx_error *error) {
  clx_reliability_build build = {.spec = spec,
                                 .failures = failures,
                                 .site = site,
                                 .arena = arena,
                                 .model = model,
                                 .note = note,
                                 .context = context,
                                 .error = error};
  *model = (clx_reliability_model){0};
  CLX_TRY(clx_reliability_check_checkpoint(&build));
  CLX_TRY(check_site(&build));
  CLX_TRY(gather_cohorts(&build));
  CLX_TRY(fill_jobs(&build));
  CLX_TRY(choose_spares(&build, servers_of_jobs(&build)));
  CLX_TRY(fill_cohorts(&build));
  CLX_TRY(clx_reliability_compile_classes(&build));
  CLX_TRY(fill_policy(&build));
  CLX_TRY(clx_reliability_compile_intervals(&build));
  return clx_reliability_check(model, error);
}

clx_status clx_reliability_compile_failures(const clx_reliability_spec *spec, const clx_failures *failures,
                                            const clx_reliability_site_cohort *cohort, clx_arena *arena,
                                            clx_failure_class **out, int32_t *count, clx_error *error) {
  clx_reliability_model model = {0};
  clx_reliability_site_cohort own = *cohort;
  clx_reliability_build build = {.spec = spec,
                                 .failures = failures,
                                 .arena = arena,
                                 .model = &model,
                                 .error = error,
                                 .cohort = &own,
                                 .cohort_count = 1};
  CLX_TRY(clx_reliability_compile_classes(&build));
  *out = (clx_failure_class *)model.failure;
  *count = model.failure_count;
  return CLX_OK;
}
