// Whether a model can be simulated: every field, each with a sentence that names it. What it would come to: reliability_progress.c.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reliability/reliability_renewal.h"
#include "unit/unit.h"

enum { UNITS_MAX = 1 << 28, STAGES_MAX = 4096 };

typedef struct check {
  clx_status status;
  clx_error *error;
} check;

#define DEMAND(check, condition, ...)                                                                           \
  do {                                                                                                          \
    if (!(condition)) (check)->status = clx_fail((check)->error, CLX_INPUT, (clx_place){0, 0, 0}, __VA_ARGS__); \
  } while (0)

// What a number may be.
typedef enum rule_kind { TIME, SPAN, POSITIVE, SHARE, NUMBER, FACTOR, SLOW } rule_kind;

static const struct {
  const char *unit, *expected;
} RULES[] = {
    [TIME] = {"s", "a finite time of at least 0 s"},
    [SPAN] = {"s", "a finite time above 0 s"},
    [POSITIVE] = {"", "a finite number above 0"},
    [SHARE] = {"", "a share within 0..1"},
    [NUMBER] = {"", "a finite number of at least 0"},
    [FACTOR] = {"", "a finite factor of at least 1"},
    [SLOW] = {"", "0 (not slowed), or a finite factor of at least 1"},
};

void clx_reliability_path(char *text, const char *list, int32_t index, const char *name) {
  const bool named = name != NULL && name[0] != 0;
  snprintf(text, CLX_PATH_SIZE, "%s[%d]%s%.60s%s", list, index, named ? " (" : "", named ? name : "", named ? ")" : "");
}

static bool obeys(rule_kind rule, double value) {
  if (!isfinite(value)) return false;
  switch (rule) {
    case SPAN:
    case POSITIVE:
      return value > 0;
    case SHARE:
      return value >= 0 && value <= 1;
    case FACTOR:
      return value >= 1;
    case SLOW:
      return value == 0 || value >= 1;
    default:
      return value >= 0;
  }
}

typedef struct field {
  const char *key;
  size_t offset;  // of a double
  rule_kind rule;
} field;

// `where` is the path of the struct: "failure[2] (hbm)".
static void check_fields(check *c, const char *where, const void *record, const field *fields, int32_t count) {
  for (int32_t i = 0; i < count; i++) {
    double value;
    memcpy(&value, (const char *)record + fields[i].offset, sizeof value);
    const rule_kind rule = fields[i].rule;
    const bool timed = RULES[rule].unit[0] != 0;
    DEMAND(c, obeys(rule, value), "%s%s%s is %.6g%s: expected %s", where, where[0] != 0 ? ": " : "", fields[i].key,
           value, timed ? " s" : "", RULES[rule].expected);
  }
}

#define FIELD(type, member, rule) \
  { #member, offsetof(type, member), rule }

static const field COHORT[] = {
    FIELD(clx_reliability_cohort, gpus, POSITIVE),
    FIELD(clx_reliability_cohort, arrival, TIME),
    FIELD(clx_reliability_cohort, age, TIME),
    FIELD(clx_reliability_cohort, heat, POSITIVE),
};
static const field FAILURE[] = {
    FIELD(clx_failure_class, hazard.rate, NUMBER),
    FIELD(clx_failure_class, hazard.shape, POSITIVE),
    FIELD(clx_failure_class, hazard.infant, NUMBER),
    FIELD(clx_failure_class, hazard.decay, TIME),
    FIELD(clx_failure_class, events, NUMBER),
    FIELD(clx_failure_class, exposure, TIME),
    FIELD(clx_failure_class, whole, NUMBER),
    FIELD(clx_failure_class, stops, SHARE),
    FIELD(clx_failure_class, transient, SHARE),
    FIELD(clx_failure_class, burst, NUMBER),
    FIELD(clx_failure_class, warned, SHARE),
    FIELD(clx_failure_class, detect, TIME),
    FIELD(clx_failure_class, localise, TIME),
    FIELD(clx_failure_class, latent, TIME),
    FIELD(clx_failure_class, slow, SLOW),
    FIELD(clx_failure_class, repair.median, TIME),
    FIELD(clx_failure_class, repair.mean, TIME),
    FIELD(clx_failure_class, repair.most, TIME),
    FIELD(clx_failure_class, fixed, SHARE),
};
static const field STAGE[] = {
    FIELD(clx_job_stage, start, TIME),
    FIELD(clx_job_stage, rate, POSITIVE),
    FIELD(clx_job_stage, restart, TIME),
    FIELD(clx_job_stage, checkpoint.load, TIME),
};
static const field PLAN[] = {
    FIELD(clx_checkpoint_plan, interval, SPAN),
    FIELD(clx_checkpoint_plan, stall, TIME),
    FIELD(clx_checkpoint_plan, lag, TIME),
};
static const field MEMORY[] = {
    FIELD(clx_checkpoint_plan, remote_stall, TIME),
    FIELD(clx_checkpoint_plan, remote_lag, TIME),
    FIELD(clx_checkpoint_plan, survives, SHARE),
    FIELD(clx_checkpoint_plan, load_memory, TIME),
};
static const field POLICY[] = {
    FIELD(clx_reliability_policy, stall, TIME),     FIELD(clx_reliability_policy, join, TIME),
    FIELD(clx_reliability_policy, join_time, TIME), FIELD(clx_reliability_policy, swap_hot, TIME),
    FIELD(clx_reliability_policy, swap_cold, TIME),
};
static const field MODEL[] = {
    FIELD(clx_reliability_model, horizon, TIME),
    FIELD(clx_reliability_model, start, TIME),
};

static void check_positions(check *c, const char *where, const clx_reliability_cohort *cohort) {
  DEMAND(c, cohort->positions >= 1 && cohort->positions <= CLX_POSITIONS_MAX, "%s: positions is %d: expected 1..%d",
         where, cohort->positions, CLX_POSITIONS_MAX);
  if (cohort->positions < 1 || cohort->positions > CLX_POSITIONS_MAX) return;
  double sum = 0;
  for (int32_t i = 0; i < cohort->positions; i++) {
    DEMAND(c, obeys(NUMBER, cohort->position[i]), "%s: position[%d] is %.6g: expected %s", where, i,
           cohort->position[i], RULES[NUMBER].expected);
    sum += cohort->position[i];
  }
  const double mean = sum / cohort->positions;
  DEMAND(c, !isfinite(mean) || fabs(mean - 1) <= 1e-6, "%s: the factors by position have a mean of %.6g: expected 1",
         where, mean);
}

static void check_cohorts(check *c, const clx_reliability_model *model) {
  DEMAND(c, model->cohort_count >= 1, "cohort_count is %d: expected at least one cohort of units", model->cohort_count);
  int64_t units = 0;
  for (int32_t i = 0; i < model->cohort_count; i++) {
    const clx_reliability_cohort *cohort = &model->cohort[i];
    char where[CLX_PATH_SIZE];
    clx_reliability_path(where, "cohort", i, cohort->name);
    DEMAND(c, cohort->units >= 1 && cohort->units <= UNITS_MAX, "%s: units is %lld: expected 1..%d", where,
           (long long)cohort->units, UNITS_MAX);
    units += cohort->units >= 0 && cohort->units <= UNITS_MAX ? cohort->units : 0;
    check_fields(c, where, cohort, COHORT, CLX_COUNT(COHORT));
    check_positions(c, where, cohort);
  }
  DEMAND(c, units <= UNITS_MAX, "the cohorts have %lld units together: expected up to %d", (long long)units, UNITS_MAX);
}

static void check_steps(check *c, const char *where, const clx_hazard *hazard) {
  DEMAND(c, hazard->infant == 0 || hazard->decay > 0,
         "%s: hazard.infant is %.6g with hazard.decay 0 s: expected the time constant of the early failures", where,
         hazard->infant);
  DEMAND(c, hazard->steps >= 0 && hazard->steps <= CLX_HAZARD_STEPS_MAX, "%s: hazard.steps is %d: expected 0..%d",
         where, hazard->steps, CLX_HAZARD_STEPS_MAX);
  if (hazard->steps < 1 || hazard->steps > CLX_HAZARD_STEPS_MAX) return;
  DEMAND(c, hazard->shape == 1, "%s: hazard.shape is %.6g with %d steps: expected 1, a hazard is Weibull or piecewise",
         where, hazard->shape, hazard->steps);
  DEMAND(c, hazard->age[0] == 0, "%s: hazard.age[0] is %.6g s: expected 0", where, hazard->age[0]);
  for (int32_t i = 0; i < hazard->steps; i++) {
    DEMAND(c, obeys(NUMBER, hazard->factor[i]), "%s: hazard.factor[%d] is %.6g: expected %s", where, i,
           hazard->factor[i], RULES[NUMBER].expected);
    if (i == 0) continue;
    DEMAND(c, isfinite(hazard->age[i]) && hazard->age[i] > hazard->age[i - 1],
           "%s: hazard.age[%d] is %.6g s: expected an age above the %.6g s before it", where, i, hazard->age[i],
           hazard->age[i - 1]);
  }
}

static void check_parts(check *c, const char *where, const clx_reliability_model *model, const clx_failure_class *f) {
  DEMAND(c, f->parts != NULL && f->group != NULL,
         "%s: parts or group is missing: expected one value for each of %d cohorts", where, model->cohort_count);
  if (f->parts == NULL || f->group == NULL) return;
  for (int32_t i = 0; i < model->cohort_count; i++) {
    DEMAND(c, obeys(NUMBER, f->parts[i]), "%s: parts[%d] is %.6g: expected %s", where, i, f->parts[i],
           RULES[NUMBER].expected);
    DEMAND(c, f->group[i] >= 1, "%s: group[%d] is %d: expected at least 1 unit", where, i, f->group[i]);
  }
}

static void check_repair(check *c, const char *where, const clx_reliability_model *model, const clx_failure_class *f) {
  const clx_duration *repair = &f->repair;
  DEMAND(c, !(repair->mean < repair->median),
         "%s: repair.mean is %.6g s, below repair.median %.6g s: expected at least as much (log-normal)", where,
         repair->mean, repair->median);
  DEMAND(c, repair->most == 0 || !(repair->most < repair->median),
         "%s: repair.most is %.6g s, below repair.median %.6g s: expected 0 (no bound) or at least as much", where,
         repair->most, repair->median);
  DEMAND(c, f->fixed >= 1 || f->keeps_units || f->transient >= 1 || model->repair.offender >= 1,
         "%s: fixed is %.6g with repair.offender %.6g: expected the factor of the rates of a unit that is not cured, "
         "at least 1",
         where, f->fixed, model->repair.offender);
}

static void check_failures(check *c, const clx_reliability_model *model) {
  DEMAND(c, model->failure_count >= 0, "failure_count is %d: expected at least 0", model->failure_count);
  for (int32_t i = 0; i < model->failure_count; i++) {
    const clx_failure_class *f = &model->failure[i];
    char where[CLX_PATH_SIZE];
    clx_reliability_path(where, "failure", i, f->name);
    DEMAND(c, f->cause >= 0 && f->cause < CLX_CAUSES, "%s: cause is %d: expected 0..%d", where, f->cause,
           CLX_CAUSES - 1);
    check_fields(c, where, f, FAILURE, CLX_COUNT(FAILURE));
    check_steps(c, where, &f->hazard);
    check_parts(c, where, model, f);
    check_repair(c, where, model, f);
    DEMAND(c, !(f->events > 0 && f->exposure == 0),
           "%s: events is %.6g with exposure 0 s: expected the time of parts in which they were counted", where,
           f->events);
    DEMAND(c, f->whole == 0 || f->everybody,
           "%s: whole is %.6g without everybody: expected parts of units, or a class that hits all jobs", where,
           f->whole);
    DEMAND(c, !(f->slow > 1 && f->latent == 0),
           "%s: slow is %.6g with latent 0 s: expected the mean time until a slow unit is found", where, f->slow);
  }
}

static void check_plan(check *c, const char *where, const clx_checkpoint_plan *plan) {
  DEMAND(c, plan->mode >= 0 && plan->mode < CLX_CHECKPOINT_MODES, "%s: checkpoint.mode is %d: expected 0..%d", where,
         plan->mode, CLX_CHECKPOINT_MODES - 1);
  if (plan->mode <= CLX_CHECKPOINT_NONE || plan->mode >= CLX_CHECKPOINT_MODES) return;
  char inner[CLX_PATH_SIZE + 40];
  snprintf(inner, sizeof inner, "%s: checkpoint", where);
  check_fields(c, inner, plan, PLAN, CLX_COUNT(PLAN));
  DEMAND(c, plan->mode != CLX_CHECKPOINT_SYNC || plan->lag == 0,
         "%s: lag is %.6g s: expected 0 of a synchronous checkpoint, which counts when the job goes on", inner,
         plan->lag);
  DEMAND(
      c, !(plan->lag > plan->interval),
      "%s: lag is %.6g s, above the interval of %.6g s: expected one checkpoint to be written before the next begins",
      inner, plan->lag, plan->interval);
  if (plan->mode != CLX_CHECKPOINT_MEMORY) return;
  check_fields(c, inner, plan, MEMORY, CLX_COUNT(MEMORY));
  DEMAND(c, plan->remote_every >= 1, "%s: remote_every is %d: expected at least 1", inner, plan->remote_every);
  const double between = plan->interval * plan->remote_every;
  DEMAND(c, !(plan->remote_lag > between),
         "%s: remote_lag is %.6g s, above the %.6g s between two in storage: expected one to be written before the "
         "next begins",
         inner, plan->remote_lag, between);
}

static void check_speed(check *c, const char *where, const clx_job_stage *stage) {
  if (stage->speed == NULL) return;
  for (int32_t i = 0; i <= stage->replicas; i++) {
    const double before = i > 0 ? stage->speed[i - 1] : 0;
    DEMAND(c, obeys(SHARE, stage->speed[i]) && !(stage->speed[i] < before),
           "%s: speed[%d] is %.6g: expected a share within 0..1, rising with the replicas (%.6g before it)", where, i,
           stage->speed[i], before);
  }
  DEMAND(c, fabs(stage->speed[stage->replicas] - 1) <= 1e-9, "%s: speed[%d] is %.6g: expected 1 with all replicas",
         where, stage->replicas, stage->speed[stage->replicas]);
}

static void check_stage(check *c, const clx_reliability_model *model, const clx_reliability_job *job, const char *name,
                        int32_t i) {
  const clx_job_stage *stage = &job->stage[i];
  char where[CLX_PATH_SIZE + 24];
  snprintf(where, sizeof where, "%s: stage[%d]", name, i);
  check_fields(c, where, stage, STAGE, CLX_COUNT(STAGE));
  check_plan(c, where, &stage->checkpoint);
  if (i == 0) {
    DEMAND(c, stage->start == 0, "%s: start is %.6g s: expected 0 of the first stage", where, stage->start);
    DEMAND(c, fabs(stage->rate - 1) <= 1e-9, "%s: rate is %.6g: expected 1, rates are those of the first stage", where,
           stage->rate);
  } else {
    DEMAND(c, stage->start > job->stage[i - 1].start,
           "%s: start is %.6g s: expected a time after the %.6g s of the stage before", where, stage->start,
           job->stage[i - 1].start);
  }
  DEMAND(c, stage->replicas >= 1 && stage->replicas <= UNITS_MAX, "%s: replicas is %d: expected 1..%d", where,
         stage->replicas, UNITS_MAX);
  DEMAND(c, stage->units_per_replica >= 1 && stage->units_per_replica <= UNITS_MAX,
         "%s: units_per_replica is %lld: expected 1..%d", where, (long long)stage->units_per_replica, UNITS_MAX);
  if (stage->replicas < 1 || stage->replicas > UNITS_MAX) return;
  check_speed(c, where, stage);
  const clx_reliability_policy *policy = &model->policy;
  if (policy->kind == CLX_POLICY_ELASTIC || policy->kind == CLX_POLICY_MASKED) {
    DEMAND(c, policy->least >= 1 && policy->least <= stage->replicas,
           "policy.least is %d: expected 1..%d, the replicas of %s", policy->least, stage->replicas, where);
  }
  if (policy->kind == CLX_POLICY_REDUNDANT) {
    DEMAND(c, policy->redundancy >= 1 && policy->redundancy <= stage->replicas,
           "policy.redundancy is %d: expected 1..%d, the groups of %s", policy->redundancy, stage->replicas, where);
  }
}

static void check_jobs(check *c, const clx_reliability_model *model) {
  DEMAND(c, model->job_count >= 1, "job_count is %d: expected at least one job", model->job_count);
  for (int32_t j = 0; j < model->job_count; j++) {
    const clx_reliability_job *job = &model->job[j];
    char name[CLX_PATH_SIZE];
    clx_reliability_path(name, "job", j, job->name);
    DEMAND(c, job->work > 0, "%s: work is %.6g s: expected a time above 0 s, or infinity for no end", name, job->work);
    DEMAND(c, !isinf(job->work) || model->horizon > 0,
           "%s: work has no end and horizon is 0 s: expected a horizon up to which the run is followed", name);
    DEMAND(c, job->stage_count >= 1 && job->stage_count <= STAGES_MAX, "%s: stage_count is %d: expected 1..%d", name,
           job->stage_count, STAGES_MAX);
    if (job->stage_count < 1 || job->stage_count > STAGES_MAX) continue;
    for (int32_t i = 0; i < job->stage_count; i++) check_stage(c, model, job, name, i);
  }
}

// Units held by all jobs at a time.
static int64_t held_at(const clx_reliability_model *model, double time) {
  int64_t held = 0;
  for (int32_t j = 0; j < model->job_count; j++) {
    const clx_reliability_job *job = &model->job[j];
    int32_t i = 0;
    while (i + 1 < job->stage_count && job->stage[i + 1].start <= time) i++;
    held += clx_reliability_stage_units(&job->stage[i]);
  }
  return held;
}

static int64_t arrived_by(const clx_reliability_model *model, double time) {
  int64_t units = 0;
  for (int32_t i = 0; i < model->cohort_count; i++) {
    if (model->cohort[i].arrival <= time) units += model->cohort[i].units;
  }
  return units;
}

// Numbers of units against each other; everything has passed on its own.
static void check_room(check *c, const clx_reliability_model *model) {
  int64_t free_most = 0;
  for (int32_t j = 0; j < model->job_count; j++) {
    const clx_reliability_job *job = &model->job[j];
    for (int32_t i = 0; i < job->stage_count; i++) {
      const double start = job->stage[i].start;
      const int64_t held = held_at(model, start), units = arrived_by(model, start);
      DEMAND(c, held <= units,
             "job[%d]: stage[%d] starts at %.6g s, when the jobs hold %lld units and %lld have arrived: expected no "
             "more units "
             "than the machine has",
             j, i, start, (long long)held, (long long)units);
      free_most = units - held > free_most ? units - held : free_most;
    }
  }
  for (int32_t i = 0; i < model->cohort_count; i++) {
    const double time = model->cohort[i].arrival;
    const int64_t left = arrived_by(model, time) - held_at(model, time);
    free_most = left > free_most ? left : free_most;
  }
  DEMAND(c, model->policy.hot >= 0 && model->policy.hot <= free_most,
         "policy.hot is %lld units standing by: expected 0..%lld, what no job holds", (long long)model->policy.hot,
         (long long)free_most);
}

clx_status clx_reliability_check(const clx_reliability_model *model, clx_error *error) {
  check c = {CLX_OK, error};
  check_fields(&c, "", model, MODEL, CLX_COUNT(MODEL));
  check_fields(&c, "policy", &model->policy, POLICY, CLX_COUNT(POLICY));
  DEMAND(&c, model->policy.kind >= 0 && model->policy.kind < CLX_POLICIES, "policy.kind is %d: expected 0..%d",
         model->policy.kind, CLX_POLICIES - 1);
  DEMAND(&c, model->repair.crews >= 0, "repair.crews is %d: expected at least 0, and 0 for no limit",
         model->repair.crews);
  DEMAND(&c, obeys(NUMBER, model->repair.offender), "repair.offender is %.6g: expected %s", model->repair.offender,
         RULES[FACTOR].expected);
  check_cohorts(&c, model);
  check_failures(&c, model);
  check_jobs(&c, model);
  CLX_TRY(c.status);
  check_room(&c, model);
  CLX_TRY(c.status);
  return clx_reliability_check_progress(model, error);
}
