// Fits the constants of the training model to published runs, once to all and once without each source.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "calibrate/calibrate_training_internal.h"
#include "training/training_exact.h"

enum { SOURCES_MAX = 256, HALVES = 2, ROWS_LEAST = 3, PARAMETERS_MAX = CLX_FIT_PARAMETERS_MAX };

const char *const clx_trained_name[CLX_TRAINED] = {"catalogue", "fitted", "left_out", "kept", "half"};

// How far the constants may move in a round, as a share of their range: at first, at least, and from one round to the next where
// none went that far. The response of every run to every constant is measured at this distance on both sides, taken to be straight
// in between and to add up, and the fit solved with that.
static const double RADIUS = 0.15, RADIUS_LEAST = 0.015, SHRINK = 0.5;
// Another round as wide is worth its time when the last one gained this share.
static const double WORTH = 0.0005;
enum { ROUNDS_MAX = 8 };

// A constant moves away from its start only where that pays: a factor of e costs as much as this error of the runs that depend on it.
static const double PRIOR = 0.001;

// One fit.
typedef struct task {
  int32_t without;  // source, -1 = none
  int32_t half;     // samples whose number leaves this remainder, -1 = all
  double value[PARAMETERS_MAX];
  double kept[PARAMETERS_MAX];    // the same, but the catalogue's values where the fit saw no run
  double centre[PARAMETERS_MAX];  // value of the last round, as place_of has it
  clx_row bounds[PARAMETERS_MAX];
  int32_t *chosen, count;  // samples
  double *base;            // logarithm of the step time of each at the centre
  double *slope;           // count x constants x 2: of that over the place, below and above the centre
  double *trial;
  double prior[PARAMETERS_MAX];  // weight of each constant's distance from its start
  double *measured, *weight;
  uint64_t *uses;
  clx_fit_problem problem;
  bool done;  // there were enough samples
  clx_status status;
  clx_error error;
  const struct run *run;
} task;

typedef struct run {
  clx_arena *arena;
  const clx_training_sample *samples;
  int32_t count;
  clx_holders holders[CLX_HOLDERS];
  clx_calibrated_constant constant[PARAMETERS_MAX];
  int32_t constants;
  int32_t *source;  // of each sample
  const char *name[SOURCES_MAX];
  int32_t rows[SOURCES_MAX], sources;
  uint64_t *uses;        // of each sample: bit k, its time depends on constant k
  double *base, *slope;  // as of a task, of all samples, at the start
  task *task;
  int32_t tasks;
  double *error[CLX_TRAINED];  // predicted / measured - 1 of each sample
} run;

// --- predictions ----------------------------------------------------------------------------------------------------------

static bool has(const run *r, int32_t sample, int32_t k) {
  const clx_calibrated_constant *c = &r->constant[k];
  return (c->entries >> r->holders[c->constant->holder].of[sample] & 1U) != 0;
}

static double step_of(const clx_training *job) {
  clx_step step;
  clx_error ignored;
  clx_error_clear(&ignored);
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return NAN;
  const clx_training_costs costs = clx_training_costs_make(job);
  const clx_status status = clx_training_expected(job, &costs, arena, &step, &ignored);
  clx_arena_free(arena);
  return status == CLX_OK ? step.step_time : NAN;
}

// Step time of a run with constants as given.
static double time_of(const run *r, int32_t sample, const double *value) {
  clx_training job = r->samples[sample].job;
  clx_software software = *job.software;
  clx_device device = *job.device;
  void *holder[CLX_HOLDERS] = {&software, &device};
  for (int32_t k = 0; k < r->constants; k++) {
    const clx_calibrated_constant *c = &r->constant[k];
    if (has(r, sample, k)) *(double *)(void *)((char *)holder[c->constant->holder] + c->offset) = value[k];
  }
  job.software = &software;
  job.device = &device;
  return step_of(&job);
}

static void start_values(const run *r, double *value) {
  for (int32_t k = 0; k < r->constants; k++) value[k] = r->constant[k].constant->start;
}

static void catalogue_values(const run *r, double *value) {
  for (int32_t k = 0; k < r->constants; k++) value[k] = r->constant[k].catalogue;
}

// --- what matters for which run -------------------------------------------------------------------------------------------

// Constants that say nothing at both ends of their range matter for no run.
static void find_uses(void *context, int32_t sample) {
  const run *r = context;
  double value[PARAMETERS_MAX];
  start_values(r, value);
  const double now = time_of(r, sample, value);
  for (int32_t k = 0; k < r->constants; k++) {
    if (!has(r, sample, k)) continue;
    const double kept = value[k], ends[] = {r->constant[k].constant->maximum, r->constant[k].constant->minimum};
    for (int32_t end = 0; end < 2 && (r->uses[sample] >> k & 1U) == 0; end++) {
      value[k] = ends[end];
      if (fabs(time_of(r, sample, value) - now) > 1e-9 * now) r->uses[sample] |= 1ULL << k;
    }
    value[k] = kept;
  }
}

// Constants that no run depends on are none.
static void drop_idle(run *r) {
  int32_t kept = 0;
  for (int32_t k = 0; k < r->constants; k++) {
    int32_t moved = 0;
    for (int32_t i = 0; i < r->count; i++) moved += (r->uses[i] >> k & 1U) != 0;
    if (moved == 0) continue;
    for (int32_t i = 0; i < r->count; i++) {
      const uint64_t bit = r->uses[i] >> k & 1U;
      r->uses[i] = (r->uses[i] & ~(1ULL << kept)) | bit << kept;
    }
    r->constant[kept] = r->constant[k];
    r->constant[kept++].moved = moved;
  }
  r->constants = kept;
}

static clx_status find_sources(run *r, clx_error *error) {
  for (int32_t i = 0; i < r->count; i++) {
    int32_t s = 0;
    while (s < r->sources && strcmp(r->name[s], r->samples[i].source) != 0) s++;
    if (s == SOURCES_MAX) return clx_fail_plain(error, CLX_INPUT, "more than %d sources in one table", SOURCES_MAX);
    if (s == r->sources) r->name[r->sources++] = r->samples[i].source;
    r->source[i] = s;
    r->rows[s]++;
  }
  return CLX_OK;
}

// --- responses --------------------------------------------------------------------------------------------------------------

// Constants of a positive range move in the logarithm.
static double place_of(const clx_training_constant *c, double value) { return c->minimum > 0 ? log(value) : value; }
static double value_at(const clx_training_constant *c, double place) {
  const double value = c->minimum > 0 ? exp(place) : place;
  return fmin(fmax(value, c->minimum), c->maximum);
}

static double range_of(const clx_training_constant *c) { return place_of(c, c->maximum) - place_of(c, c->minimum); }

// Value of a constant so far below (side 0) or above (side 1) a place, within its bounds.
static double value_beside(const clx_training_constant *c, double place, int32_t side, double radius) {
  return value_at(c, place + (side == 0 ? -1 : 1) * radius * range_of(c));
}

// Fills the 2 r->constants slopes of one sample around values; base: the logarithm of its time there.
static void respond(const run *r, int32_t sample, const double *values, double base, double radius, double *slope) {
  double value[PARAMETERS_MAX];
  memcpy(value, values, sizeof value);
  for (int32_t k = 0; k < r->constants; k++) {
    const clx_training_constant *c = r->constant[k].constant;
    const double kept = value[k], centre = place_of(c, kept);
    for (int32_t side = 0; side < 2; side++) {
      slope[2 * k + side] = 0;
      value[k] = value_beside(c, centre, side, radius);
      const double moved = place_of(c, value[k]) - centre;
      if ((r->uses[sample] >> k & 1U) == 0 || fabs(moved) < 1e-9) continue;
      slope[2 * k + side] = (log(time_of(r, sample, value)) - base) / moved;
    }
    value[k] = kept;
  }
}

static void respond_at_start(void *context, int32_t sample) {
  const run *r = context;
  double value[PARAMETERS_MAX];
  start_values(r, value);
  r->base[sample] = log(time_of(r, sample, value));
  respond(r, sample, value, r->base[sample], RADIUS, &r->slope[(size_t)sample * 2 * (size_t)r->constants]);
}

// A sample, by the responses, or how far a constant is from its start.
static double predict(void *context, int32_t i) {
  const task *t = context;
  const int32_t constants = t->run->constants;
  if (i >= t->count) {
    const clx_training_constant *c = t->run->constant[i - t->count].constant;
    return c->minimum > 0 ? t->value[i - t->count] / c->start : 1;
  }
  const double *slope = &t->slope[(size_t)i * 2 * (size_t)constants];
  double sum = t->base[i];
  for (int32_t k = 0; k < constants; k++) {
    if ((t->uses[i] >> k & 1U) == 0) continue;
    const double moved = place_of(t->run->constant[k].constant, t->value[k]) - t->centre[k];
    sum += moved * slope[2 * k + (moved > 0)];
  }
  return exp(sum);
}

// --- fits -----------------------------------------------------------------------------------------------------------------

static bool sees(const run *r, const task *t, int32_t sample) {
  return r->source[sample] != t->without && (t->half < 0 || sample % HALVES == t->half);
}

static clx_status add_room(const run *r, task *t, clx_error *error) {
  const int32_t room = r->count + r->constants;
  t->chosen = CLX_NEW_ARRAY(r->arena, int32_t, room);
  t->measured = CLX_NEW_ARRAY(r->arena, double, room);
  t->weight = CLX_NEW_ARRAY(r->arena, double, room);
  t->base = CLX_NEW_ARRAY(r->arena, double, room);
  t->trial = CLX_NEW_ARRAY(r->arena, double, room);
  t->uses = CLX_NEW_ARRAY(r->arena, uint64_t, room);
  t->slope = CLX_NEW_ARRAY(r->arena, double, (size_t)room * 2 * (size_t)r->constants);
  if (!t->chosen || !t->measured || !t->weight || !t->base || !t->trial || !t->uses || !t->slope)
    return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  return CLX_OK;
}

static void add_samples(const run *r, task *t) {
  for (int32_t i = 0; i < r->count; i++) {
    if (!sees(r, t, i)) continue;
    t->measured[t->count] = r->samples[i].time;
    t->weight[t->count] = 1;
    t->uses[t->count] = r->uses[i];
    t->chosen[t->count++] = i;
  }
  for (int32_t k = 0; k < r->constants; k++) {
    const clx_training_constant *c = r->constant[k].constant;
    t->bounds[k] = (clx_row){.key = c->key, .kind = CLX_ROW_REAL};
    t->problem.parameter[k].row = &t->bounds[k];
    t->problem.parameter[k].value = &t->value[k];
    t->measured[t->count + k] = 1;
    for (int32_t i = 0; i < t->count; i++) t->prior[k] += (t->uses[i] >> k & 1U) != 0 ? PRIOR : 0;
    t->weight[t->count + k] = t->prior[k];
    t->uses[t->count + k] = 1ULL << k;
  }
}

static clx_status add_task(run *r, int32_t without, int32_t half, clx_error *error) {
  task *t = &r->task[r->tasks++];
  *t = (task){.without = without, .half = half, .run = r};
  CLX_TRY(add_room(r, t, error));
  add_samples(r, t);
  start_values(r, t->value);
  clx_fit_problem *p = &t->problem;
  p->parameter_count = r->constants;
  p->count = t->count + r->constants;
  p->measured = t->measured;
  p->weight = t->weight;
  p->uses = t->uses;
  p->predict = predict;
  p->context = t;
  return CLX_OK;
}

// What a fit makes small, of true step times at `value`; keeps their logarithms in t->trial.
static double objective(task *t, const double *value) {
  const run *r = t->run;
  double sum = 0;
  for (int32_t i = 0; i < t->count; i++) {
    t->trial[i] = log(time_of(r, t->chosen[i], value));
    sum += fabs(t->trial[i] - log(t->measured[i]));
  }
  for (int32_t k = 0; k < r->constants; k++) {
    const clx_training_constant *c = r->constant[k].constant;
    if (c->minimum > 0) sum += t->prior[k] * fabs(log(value[k] / c->start));
  }
  return sum / t->count;
}

// Responses around the present values, those of the first round from the run.
static void centre(task *t, int32_t round, double radius) {
  const run *r = t->run;
  const size_t width = 2 * (size_t)r->constants;
  for (int32_t k = 0; k < r->constants; k++) {
    const clx_training_constant *c = r->constant[k].constant;
    t->centre[k] = place_of(c, t->value[k]);
    t->bounds[k].minimum = value_beside(c, t->centre[k], 0, radius);
    t->bounds[k].maximum = value_beside(c, t->centre[k], 1, radius);
  }
  for (int32_t i = 0; i < t->count; i++) {
    double *slope = &t->slope[(size_t)i * width];
    if (round == 0) {
      t->base[i] = r->base[t->chosen[i]];
      memcpy(slope, &r->slope[(size_t)t->chosen[i] * width], width * sizeof *slope);
    } else {
      respond(r, t->chosen[i], t->value, t->base[i], radius, slope);
    }
  }
}

// Whether a constant went as far as it could, and could go further.
static bool went_far(const task *t, double radius) {
  for (int32_t k = 0; k < t->run->constants; k++) {
    const clx_training_constant *c = t->run->constant[k].constant;
    const bool inside = t->value[k] > c->minimum * (1 + 1e-9) && t->value[k] < c->maximum * (1 - 1e-9);
    if (inside && fabs(place_of(c, t->value[k]) - t->centre[k]) > 0.95 * radius * range_of(c)) return true;
  }
  return false;
}

static clx_status fit(task *t) {
  static const clx_fit_options options = {.restarts = 0, .iterations = 12};
  double best = objective(t, t->value), radius = RADIUS;
  for (int32_t round = 0; round < ROUNDS_MAX && radius > RADIUS_LEAST; round++) {
    double kept[PARAMETERS_MAX];
    memcpy(kept, t->value, sizeof kept);
    centre(t, round, radius);
    CLX_TRY(clx_fit(&t->problem, &options, &t->error));
    const double now = objective(t, t->value);
    const bool better = now < best, much = now < best * (1 - WORTH);
    if (better) {
      best = now;
      memcpy(t->base, t->trial, sizeof *t->base * (size_t)t->count);
    }
    if (!much || !went_far(t, radius)) radius *= SHRINK;
    if (!better) memcpy(t->value, kept, sizeof kept);
  }
  return CLX_OK;
}

// What nobody could have known: a constant of which the fit saw no run.
static bool unseen(const task *t, int32_t k) {
  for (int32_t i = 0; i < t->count; i++) {
    if ((t->uses[i] >> k & 1U) != 0) return false;
  }
  return true;
}

// It takes the value that most runs of its key share, else the neutral one.
static void lend(task *t) {
  const run *r = t->run;
  double lent[PARAMETERS_MAX];
  memcpy(lent, t->value, sizeof lent);
  memcpy(t->kept, t->value, sizeof t->kept);
  for (int32_t k = 0; k < r->constants; k++) {
    if (!unseen(t, k)) continue;
    const clx_training_constant *c = r->constant[k].constant;
    int32_t most = 0;
    t->kept[k] = r->constant[k].catalogue;
    if (!isnan(c->neutral)) lent[k] = c->neutral;
    for (int32_t l = 0; l < r->constants; l++) {
      if (r->constant[l].constant != c || !r->constant[l].shared || r->constant[l].rows <= most || unseen(t, l))
        continue;
      most = r->constant[l].rows;
      lent[k] = t->value[l];
    }
  }
  memcpy(t->value, lent, sizeof lent);
}

static void work(void *context, int32_t index) {
  const run *r = context;
  task *t = &r->task[index];
  if (t->count < ROWS_LEAST * r->constants) return;
  t->status = fit(t);
  t->done = t->status == CLX_OK;
  if (t->done) lend(t);
}

static clx_status add_tasks(run *r, clx_error *error) {
  r->task = CLX_NEW_ARRAY(r->arena, task, r->sources + HALVES + 1);
  if (r->task == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  CLX_TRY(add_task(r, -1, -1, error));
  for (int32_t h = 0; h < HALVES; h++) CLX_TRY(add_task(r, -1, h, error));
  for (int32_t s = 0; s < r->sources; s++) CLX_TRY(add_task(r, s, -1, error));
  if (r->task[0].count < ROWS_LEAST * r->constants)
    return clx_fail_plain(error, CLX_INPUT,
                          "%d runs are too few for %d constants (at least %d for each): choose some with --free",
                          r->task[0].count, r->constants, ROWS_LEAST);
  return CLX_OK;
}

// --- errors ---------------------------------------------------------------------------------------------------------------

// The fit that predicts a sample, NULL = with the catalogue's values.
static const task *task_for(const run *r, int32_t sample, clx_trained how) {
  if (how == CLX_TRAINED_FITTED) return &r->task[0];
  if (how == CLX_TRAINED_HALF) return &r->task[1 + (sample + 1) % HALVES];
  if (how == CLX_TRAINED_LEFT_OUT || how == CLX_TRAINED_KEPT) return &r->task[1 + HALVES + r->source[sample]];
  return NULL;
}

static void find_errors(void *context, int32_t sample) {
  const run *r = context;
  for (int32_t how = 0; how < CLX_TRAINED; how++) {
    const task *t = task_for(r, sample, (clx_trained)how);
    double value[PARAMETERS_MAX];
    catalogue_values(r, value);
    const double *values = t == NULL ? value : how == CLX_TRAINED_KEPT ? t->kept : t->value;
    r->error[how][sample] = t != NULL && !t->done ? NAN : time_of(r, sample, values) / r->samples[sample].time - 1;
  }
}

static int compare(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static clx_trained_error sum_up(double *scratch, int32_t count, double bias) {
  if (count == 0) return (clx_trained_error){NAN, NAN, NAN, NAN};
  clx_trained_error e = {.bias = bias / count};
  qsort(scratch, (size_t)count, sizeof *scratch, compare);
  for (int32_t i = 0; i < count; i++) e.mean += scratch[i] / count;
  e.median = (scratch[(count - 1) / 2] + scratch[count / 2]) / 2;
  e.p90 = scratch[(int32_t)ceil(0.9 * count) - 1];
  return e;
}

// Of the samples of a source, -1 = of all.
static clx_calibrated_source source_make(const run *r, int32_t source, double *scratch) {
  clx_calibrated_source out = {.name = source < 0 ? "all" : r->name[source],
                               .rows = source < 0 ? r->count : r->rows[source]};
  for (int32_t how = 0; how < CLX_TRAINED; how++) {
    int32_t count = 0;
    double bias = 0;
    for (int32_t i = 0; i < r->count; i++) {
      if ((source >= 0 && r->source[i] != source) || !isfinite(r->error[how][i])) continue;
      scratch[count++] = fabs(r->error[how][i]);
      bias += r->error[how][i];
    }
    out.error[how] = sum_up(scratch, count, bias);
  }
  return out;
}

// --- how far constants are determined ---------------------------------------------------------------------------------------

static double loss(const run *r, const double *value, int32_t changed) {
  double sum = 0;
  for (int32_t i = 0; i < r->count; i++) {
    if (changed >= 0 && (r->uses[i] >> changed & 1U) == 0) continue;
    sum += fabs(log(time_of(r, i, value) / r->samples[i].time));
  }
  return sum / r->count;
}

static void find_profile(void *context, int32_t k) {
  run *r = context;
  clx_calibrated_constant *c = &r->constant[k];
  double value[PARAMETERS_MAX];
  memcpy(value, r->task[0].value, sizeof value);
  c->fitted = c->low = c->high = value[k];
  const double best = loss(r, value, k);
  for (int32_t side = 0; side < 2; side++) {
    value[k] = c->fitted * (side == 0 ? 0.9 : 1.1);
    c->worse[side] = loss(r, value, k) - best;
  }
  for (int32_t i = 1 + HALVES; i < r->tasks; i++) {
    if (!r->task[i].done || unseen(&r->task[i], k)) continue;
    c->low = fmin(c->low, r->task[i].value[k]);
    c->high = fmax(c->high, r->task[i].value[k]);
  }
}

// --- the whole --------------------------------------------------------------------------------------------------------------

static clx_status prepare(run *r, const clx_software *reference, const char *keys, int32_t threads, clx_error *error) {
  if (r->count == 0) return clx_fail_plain(error, CLX_INPUT, "the table has no run that can be predicted");
  r->source = CLX_NEW_ARRAY(r->arena, int32_t, r->count);
  r->uses = CLX_NEW_ARRAY(r->arena, uint64_t, r->count);
  if (r->source == NULL || r->uses == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t how = 0; how < CLX_TRAINED; how++) {
    r->error[how] = CLX_NEW_ARRAY(r->arena, double, r->count);
    if (r->error[how] == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  }
  for (int32_t h = 0; h < CLX_HOLDERS; h++)
    CLX_TRY(clx_holders_find(r->arena, r->samples, r->count, (clx_holder)h, &r->holders[h], error));
  CLX_TRY(find_sources(r, error));
  CLX_TRY(clx_training_constants_find(r->arena, r->holders, reference, keys, r->constant, PARAMETERS_MAX, &r->constants,
                                      error));
  clx_parallel(r->count, threads, find_uses, r);
  drop_idle(r);
  if (r->constants == 0)
    return clx_fail_plain(error, CLX_INPUT, "no run of the table depends on a constant that is free");
  r->base = CLX_NEW_ARRAY(r->arena, double, r->count);
  r->slope = CLX_NEW_ARRAY(r->arena, double, (size_t)r->count * 2 * (size_t)r->constants);
  if (r->base == NULL || r->slope == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  clx_parallel(r->count, threads, respond_at_start, r);
  for (int32_t i = 0; i < r->count; i++) {
    if (isfinite(r->base[i]) && r->samples[i].time > 0) continue;
    return clx_fail_plain(error, CLX_INTERNAL, "run %d, of source '%s', has no step time to compare", i + 1,
                          r->samples[i].source);
  }
  return add_tasks(r, error);
}

static clx_status find_profiles(const run *r, clx_training_calibration *out, clx_error *error) {
  const clx_holders *h = &r->holders[CLX_HOLDER_SOFTWARE];
  out->profile = CLX_NEW_ARRAY(r->arena, clx_calibrated_profile, h->count);
  if (out->profile == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  out->profile_count = h->count;
  for (int32_t e = 0; e < h->count; e++) {
    clx_calibrated_profile *p = &out->profile[e];
    *p =
        (clx_calibrated_profile){.name = h->name[e], .rows = h->rows[e], .allowed = h->rows[e] / CLX_ROWS_PER_CONSTANT};
    for (int32_t k = 0; k < r->constants; k++) {
      const clx_calibrated_constant *c = &r->constant[k];
      p->own += c->constant->holder == CLX_HOLDER_SOFTWARE && !c->shared && (c->entries >> e & 1U) != 0;
    }
  }
  return CLX_OK;
}

static clx_status collect(run *r, clx_training_calibration *out, clx_error *error) {
  double *scratch = CLX_NEW_ARRAY(r->arena, double, r->count);
  *out = (clx_training_calibration){.rows = r->count, .constant_count = r->constants, .source_count = r->sources};
  out->constant = CLX_NEW_ARRAY(r->arena, clx_calibrated_constant, r->constants);
  out->source = CLX_NEW_ARRAY(r->arena, clx_calibrated_source, r->sources);
  if (scratch == NULL || out->constant == NULL || out->source == NULL)
    return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t k = 0; k < r->constants; k++) {
    out->constant[k] = r->constant[k];
    out->shared_count += r->constant[k].shared;
  }
  for (int32_t s = 0; s < r->sources; s++) out->source[s] = source_make(r, s, scratch);
  out->all = source_make(r, -1, scratch);
  return find_profiles(r, out, error);
}

clx_status clx_calibrate_training(clx_arena *arena, const clx_training_sample *samples, int32_t count,
                                  const clx_software *reference, const char *keys, int32_t threads,
                                  clx_training_calibration *out, clx_error *error) {
  run *r = CLX_NEW(arena, run);
  if (r == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  *r = (run){.arena = arena, .samples = samples, .count = count};
  CLX_TRY(prepare(r, reference, keys, threads, error));
  clx_parallel(r->tasks, threads, work, r);
  for (int32_t i = 0; i < r->tasks; i++) {
    if (r->task[i].status == CLX_OK) continue;
    *error = r->task[i].error;
    return r->task[i].status;
  }
  clx_parallel(r->count, threads, find_errors, r);
  clx_parallel(r->constants, threads, find_profile, r);
  return collect(r, out, error);
}
