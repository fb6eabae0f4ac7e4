// Fits the constants of a communication library to measured collectives, one generation of GPUs at a time.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "calibrate/calibrate_internal.h"

enum { SYSTEMS_MAX = 256 };

// Measurements that a part needs for each of its parameters: with fewer it is not fitted.
static const int32_t ROWS_PER_PARAMETER = 3;

// A constant moves away from its published value only where that pays: a factor of e costs as much as this mean error. What
// the measurements do not determine stays where it was.
static const double PRIOR = 0.003;

// One fit: of one part, without the samples of one system.
typedef struct task {
  clx_fitted_part part;
  int32_t without;      // index of a system, -1 = all samples
  clx_library library;  // of this task, both
  clx_transport transport;
  clx_network *network;       // of each sample chosen, with them
  int32_t *chosen, count;     // samples
  double *measured, *weight;  // of the samples, then of the priors
  clx_fit_problem problem;
  double initial[CLX_FIT_PARAMETERS_MAX];
  clx_error error;
  clx_status status;
  const struct run *run;
} task;

typedef struct run {
  clx_arena *arena;
  const clx_collective_sample *samples;
  int32_t count;
  int32_t *system;  // of each sample
  const char *name[SYSTEMS_MAX];
  int32_t systems;
  bool moves;  // a transport is fitted, not a library
  const clx_fit_options *options;
  task *task;
  int32_t task_count;
} run;

static bool spans_nodes(const clx_collective_sample *s) { return s->group.size > s->group.inside; }

static double time_of(const clx_collective_sample *s, const clx_network *network) {
  const clx_collective kind = (clx_collective)s->kind;
  if (s->algorithm >= 0) {
    const double forced = clx_collective_cost_with(network, kind, s->group, s->bytes, (clx_algorithm)s->algorithm).time;
    if (isfinite(forced) && forced > 0) return forced;
  }
  return clx_collective_cost_of(network, kind, s->group, s->bytes).time;
}

// A sample, or how far a parameter is from its initial value.
static double predict(void *context, int32_t i) {
  const task *t = context;
  if (i >= t->count) {
    const int32_t k = i - t->count;
    return t->problem.parameter[k].row->minimum > 0 ? *t->problem.parameter[k].value / t->initial[k] : 1;
  }
  return time_of(&t->run->samples[t->chosen[i]], &t->network[i]);
}

// Whether a sample tells something of the part.
static bool belongs(const clx_collective_sample *s, clx_fitted_part part) {
  if (part == CLX_FITTED_LAUNCH) return true;
  if (!spans_nodes(s)) return false;
  return part == CLX_FITTED_TRANSPORT ||
         (s->reference && (int32_t)clx_generation_of(s->network.device) == (int32_t)part);
}

// The network of a sample with the library or the transport in question.
static clx_network with(const run *r, const clx_collective_sample *s, const clx_library *library,
                        const clx_transport *transport) {
  clx_network network = s->network;
  if (r->moves) {
    network.transport = transport;
  } else {
    network.library = library;
  }
  return network;
}

// --- systems and weights ------------------------------------------------------------------------------------------------------

static clx_status find_systems(run *r, clx_error *error) {
  r->system = CLX_NEW_ARRAY(r->arena, int32_t, r->count + 1);
  if (r->system == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < r->count; i++) {
    int32_t s = 0;
    while (s < r->systems && strcmp(r->name[s], r->samples[i].system) != 0) s++;
    if (s == SYSTEMS_MAX) return clx_fail_plain(error, CLX_INPUT, "more than %d systems in one table", SYSTEMS_MAX);
    if (s == r->systems) r->name[r->systems++] = r->samples[i].system;
    r->system[i] = s;
  }
  return CLX_OK;
}

// A source with n rows of one size counts as sqrt(n): a scan of a hundred points says more than a single one, but not a
// hundred times more, since its points share one machine and one library.
static void weigh(const run *r, task *t) {
  for (int32_t i = 0; i < t->count; i++) {
    const clx_collective_sample *s = &r->samples[t->chosen[i]];
    int32_t alike = 0;
    for (int32_t k = 0; k < t->count; k++) {
      const clx_collective_sample *o = &r->samples[t->chosen[k]];
      alike += s->size == o->size && strcmp(s->source, o->source) == 0;
    }
    t->measured[i] = s->time;
    t->weight[i] = 1 / sqrt(alike);
  }
}

// --- tasks -----------------------------------------------------------------------------------------------------------------------

static void add_parameters(task *t) {
  static const char *const apart[] = {"hop", NULL};  // of an ideal network
  if (t->part == CLX_FITTED_TRANSPORT) {
    clx_fit_add_parameters(&t->problem, &clx_transport_schema, &t->transport, NULL);
  } else if (t->part == CLX_FITTED_LAUNCH) {
    clx_fit_add_parameters(&t->problem, &clx_library_schema, &t->library, apart);
  } else {
    clx_fit_add_parameters(&t->problem, &clx_library_generation_schema, &t->library.generation[t->part], NULL);
  }
}

static bool enough(const task *t) { return t->count >= ROWS_PER_PARAMETER * t->problem.parameter_count; }

static void add_priors(task *t) {
  double sum = 0;
  for (int32_t i = 0; i < t->count; i++) sum += t->weight[i];
  for (int32_t k = 0; k < t->problem.parameter_count; k++) {
    t->initial[k] = *t->problem.parameter[k].value;
    t->measured[t->count + k] = 1;
    t->weight[t->count + k] = PRIOR * sum;
  }
  t->problem.count = t->count + t->problem.parameter_count;
  t->problem.measured = t->measured;
  t->problem.weight = t->weight;
  t->problem.predict = predict;
  t->problem.context = t;
}

static void work(void *context, int32_t index) {
  const run *r = context;
  task *t = &r->task[index];
  if (enough(t)) t->status = clx_fit(&t->problem, r->options, &t->error);
}

static clx_status add_task(run *r, const clx_library *library, const clx_transport *transport, clx_fitted_part part,
                           int32_t without, clx_error *error) {
  task *t = &r->task[r->task_count++];
  *t = (task){.part = part, .without = without, .library = *library, .transport = *transport, .run = r};
  t->network = CLX_NEW_ARRAY(r->arena, clx_network, r->count + 1);
  t->chosen = CLX_NEW_ARRAY(r->arena, int32_t, r->count + 1);
  t->measured = CLX_NEW_ARRAY(r->arena, double, r->count + CLX_FIT_PARAMETERS_MAX);
  t->weight = CLX_NEW_ARRAY(r->arena, double, r->count + CLX_FIT_PARAMETERS_MAX);
  if (!t->network || !t->chosen || !t->measured || !t->weight)
    return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < r->count; i++) {
    if (!belongs(&r->samples[i], part) || r->system[i] == without) continue;
    t->network[t->count] = with(r, &r->samples[i], &t->library, &t->transport);
    t->chosen[t->count++] = i;
  }
  weigh(r, t);
  add_parameters(t);
  add_priors(t);
  return CLX_OK;
}

static int32_t rows_of(const run *r, clx_fitted_part part, int32_t system) {
  int32_t rows = 0;
  for (int32_t i = 0; i < r->count; i++)
    rows += belongs(&r->samples[i], part) && (system < 0 || r->system[i] == system);
  return rows;
}

static clx_status add_part(run *r, const clx_library *library, const clx_transport *transport, clx_fitted_part part,
                           clx_error *error) {
  if (rows_of(r, part, -1) == 0) return CLX_OK;
  CLX_TRY(add_task(r, library, transport, part, -1, error));
  for (int32_t s = 0; s < r->systems; s++) {
    if (rows_of(r, part, s) > 0) CLX_TRY(add_task(r, library, transport, part, s, error));
  }
  return CLX_OK;
}

// --- errors ---------------------------------------------------------------------------------------------------------------------

static double error_of(const run *r, const clx_collective_sample *s, const clx_library *library,
                       const clx_transport *transport) {
  const clx_network network = with(r, s, library, transport);
  return time_of(s, &network) / s->time - 1;
}

// A sample's error where its system was left out of the fit; of samples that no fit saw, the error as it is. False: the fit saw
// it, and too few measurements are left without its system.
static bool crossed(const run *r, int32_t sample, double fitted, double *error) {
  const clx_collective_sample *s = &r->samples[sample];
  bool seen = false;
  *error = fitted;
  for (int32_t i = 0; i < r->task_count; i++) {
    const task *t = &r->task[i];
    if (!belongs(s, t->part)) continue;
    if (t->without < 0) seen = enough(t);
    if (t->without != r->system[sample] || !enough(t)) continue;
    *error = error_of(r, s, &t->library, &t->transport);
    return true;
  }
  return !seen;
}

static void add_errors(const run *r, const clx_library *library, const clx_transport *transport,
                       clx_collective_calibration *out) {
  clx_kernel_fit *fit = &out->fit;
  int32_t left_out[CLX_COLLECTIVE_CLASSES] = {0};
  for (int32_t i = 0; i < r->count; i++) {
    const clx_collective_sample *s = &r->samples[i];
    const int32_t generation = (int32_t)clx_generation_of(s->network.device), span = spans_nodes(s);
    const int32_t at = (generation * CLX_COLLECTIVE_SPANS + span) * CLX_COLLECTIVE_SIZES + s->size;
    clx_kernel_class *k = &fit->classes[at];
    const double now = error_of(r, s, &out->library, &out->transport);
    k->rows++;
    k->error += fabs(now);
    k->bias += now;
    double cross = 0;
    if (crossed(r, i, now, &cross)) {
      k->cross_error += fabs(cross);
      left_out[at]++;
    }
    out->before[at] += fabs(error_of(r, s, library, transport));
    fit->low[0] = fmin(fit->low[0], s->group.size);
    fit->high[0] = fmax(fit->high[0], s->group.size);
    fit->low[1] = fmin(fit->low[1], s->bytes);
    fit->high[1] = fmax(fit->high[1], s->bytes);
  }
  for (int32_t i = 0; i < CLX_COLLECTIVE_CLASSES; i++) {
    clx_kernel_class *k = &fit->classes[i];
    if (k->rows == 0) continue;
    out->before[i] /= k->rows;
    k->error /= k->rows;
    k->bias /= k->rows;
    if (left_out[i] > 0) k->cross_error /= left_out[i];
  }
}

static clx_status open_record(const run *r, clx_collective_calibration *out, clx_error *error) {
  clx_kernel_fit *fit = &out->fit;
  *fit = (clx_kernel_fit){.data = "collectives",
                          .origin = r->options->source,
                          .rows = r->count,
                          .classes = CLX_NEW_ARRAY(r->arena, clx_kernel_class, CLX_COLLECTIVE_CLASSES),
                          .class_count = CLX_COLLECTIVE_CLASSES,
                          .low = CLX_NEW_ARRAY(r->arena, double, 2),
                          .high = CLX_NEW_ARRAY(r->arena, double, 2),
                          .low_count = 2,
                          .high_count = 2};
  if (fit->classes == NULL || fit->low == NULL || fit->high == NULL)
    return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  fit->low[0] = fit->low[1] = INFINITY;
  for (int32_t i = 0; i < CLX_COLLECTIVE_CLASSES; i++) {
    const int32_t size = i % CLX_COLLECTIVE_SIZES, span = i / CLX_COLLECTIVE_SIZES % CLX_COLLECTIVE_SPANS,
                  generation = i / CLX_COLLECTIVE_SIZES / CLX_COLLECTIVE_SPANS;
    fit->classes[i].name = clx_arena_format(r->arena, "%s %s %s", clx_generation_name[generation],
                                            clx_collective_spans[span], clx_collective_sizes[size]);
    if (fit->classes[i].name == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  }
  return CLX_OK;
}

// --- the whole -------------------------------------------------------------------------------------------------------------------

static clx_status collect(run *r, clx_collective_calibration *out, clx_error *error) {
  for (int32_t i = 0; i < r->task_count; i++) {
    const task *t = &r->task[i];
    if (t->status != CLX_OK) {
      *error = t->error;
      return t->status;
    }
    if (t->without >= 0 || !enough(t)) continue;
    out->fitted[t->part] = true;
    out->fit.used += t->count;
    if (t->part == CLX_FITTED_TRANSPORT) out->transport = t->transport;
    if (t->part == CLX_FITTED_LAUNCH) {
      out->library.launch = t->library.launch;
      out->library.skew = t->library.skew;
    }
    if (t->part < CLX_FITTED_LAUNCH) out->library.generation[t->part] = t->library.generation[t->part];
  }
  return CLX_OK;
}

// Cards, proxies and protocols are the same on all generations: the best measured one stands for the others.
static void lend(const run *r, clx_collective_calibration *out) {
  int32_t most = 0;
  out->lender = -1;
  for (int32_t i = 0; i < r->task_count; i++) {
    const task *t = &r->task[i];
    if (t->without >= 0 || t->part >= CLX_FITTED_LAUNCH || !out->fitted[t->part] || t->count <= most) continue;
    most = t->count;
    out->lender = (int32_t)t->part;
  }
  for (int32_t g = 0; g < CLX_GENERATIONS && out->lender >= 0; g++) {
    if (!out->fitted[g]) out->library.generation[g] = out->library.generation[out->lender];
  }
}

static clx_status calibrate(run *r, const clx_library *library, const clx_transport *transport, int32_t threads,
                            clx_collective_calibration *out, clx_error *error) {
  if (r->count == 0)
    return clx_fail_plain(error, CLX_INPUT, "the table has no measured collective of '%s'",
                          r->moves ? transport->name : library->name);
  *out = (clx_collective_calibration){.library = *library, .transport = *transport};
  CLX_TRY(find_systems(r, error));
  CLX_TRY(open_record(r, out, error));
  r->task = CLX_NEW_ARRAY(r->arena, task, (size_t)CLX_FITTED_PARTS * (size_t)(r->systems + 1));
  if (r->task == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const bool shares = library->constants != NULL;
  for (int32_t g = 0; g < CLX_GENERATIONS && !r->moves && !shares; g++)
    clx_schema_default(&clx_library_generation_schema, &out->library.generation[g]);
  const clx_library initial = out->library;
  for (int32_t part = 0; part < CLX_FITTED_PARTS; part++) {
    if (r->moves ? part != CLX_FITTED_TRANSPORT : part == CLX_FITTED_TRANSPORT || shares != (part == CLX_FITTED_LAUNCH))
      continue;
    CLX_TRY(add_part(r, &initial, transport, (clx_fitted_part)part, error));
  }
  clx_parallel(r->task_count, threads, work, r);
  CLX_TRY(collect(r, out, error));
  lend(r, out);
  out->systems = r->systems;
  add_errors(r, library, transport, out);
  return CLX_OK;
}

clx_status clx_calibrate_library(clx_arena *arena, const clx_library *start, const clx_collective_sample *samples,
                                 int32_t count, const clx_fit_options *options, int32_t threads,
                                 clx_collective_calibration *out, clx_error *error) {
  run r = {.arena = arena, .samples = samples, .count = count, .options = options};
  static const clx_transport none = {0};
  return calibrate(&r, start, &none, threads, out, error);
}

clx_status clx_calibrate_transport(clx_arena *arena, const clx_transport *start, const clx_collective_sample *samples,
                                   int32_t count, const clx_fit_options *options, int32_t threads,
                                   clx_collective_calibration *out, clx_error *error) {
  run r = {.arena = arena, .samples = samples, .count = count, .options = options, .moves = true};
  static const clx_library none = {0};
  return calibrate(&r, &none, start, threads, out, error);
}
