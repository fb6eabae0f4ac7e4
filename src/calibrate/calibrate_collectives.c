// Fits the constants of a communication library to measured collectives, one generation of GPUs at a time.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "calibrate/calibrate_internal.h"

const char *const clx_collective_sizes[CLX_COLLECTIVE_SIZES + 1] = {"small", "medium", "large", NULL};
const char *const clx_collective_spans[CLX_COLLECTIVE_SPANS + 1] = {"node", "nodes", NULL};

enum { SYSTEMS_MAX = CLX_LIBRARY_SYSTEMS_MAX, LAUNCH = CLX_GENERATIONS };

// One fit: the constants of a generation, or the launch, without the samples of one system.
typedef struct task {
  int32_t part;            // clx_generation, or LAUNCH
  int32_t without;         // index of a system, -1 = all samples
  clx_library library;     // of this task
  clx_network *network;    // of each sample chosen, with that library
  int32_t *chosen, count;  // samples
  double *measured, *weight;
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

static double predict(void *context, int32_t i) {
  const task *t = context;
  return time_of(&t->run->samples[t->chosen[i]], &t->network[i]);
}

// Whether a sample tells something of the part.
static bool belongs(const clx_collective_sample *s, int32_t part) {
  return part == LAUNCH || (spans_nodes(s) && (int32_t)clx_generation_of(s->network.device) == part);
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

static void task_run(task *t) {
  const run *r = t->run;
  clx_fit_problem problem = {
      .count = t->count, .measured = t->measured, .weight = t->weight, .predict = predict, .context = t};
  static const char *const apart[] = {"hop", NULL};  // of an ideal network
  if (t->part == LAUNCH) {
    clx_fit_add_parameters(&problem, &clx_library_schema, &t->library, apart);
  } else {
    clx_fit_add_parameters(&problem, &clx_library_generation_schema, &t->library.generation[t->part], NULL);
  }
  t->status = t->count > 0 ? clx_fit(&problem, r->options, &t->error) : CLX_OK;
}

static void work(void *context, int32_t index) { task_run(&((run *)context)->task[index]); }

static clx_status add_task(run *r, const clx_library *start, int32_t part, int32_t without, clx_error *error) {
  task *t = &r->task[r->task_count++];
  *t = (task){.part = part, .without = without, .library = *start, .run = r};
  t->network = CLX_NEW_ARRAY(r->arena, clx_network, r->count + 1);
  t->chosen = CLX_NEW_ARRAY(r->arena, int32_t, r->count + 1);
  t->measured = CLX_NEW_ARRAY(r->arena, double, r->count + 1);
  t->weight = CLX_NEW_ARRAY(r->arena, double, r->count + 1);
  if (!t->network || !t->chosen || !t->measured || !t->weight)
    return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < r->count; i++) {
    if (!belongs(&r->samples[i], part) || r->system[i] == without) continue;
    t->network[t->count] = r->samples[i].network;
    t->network[t->count].library = &t->library;
    t->chosen[t->count++] = i;
  }
  weigh(r, t);
  return CLX_OK;
}

static int32_t rows_of(const run *r, int32_t part, int32_t system) {
  int32_t rows = 0;
  for (int32_t i = 0; i < r->count; i++)
    rows += belongs(&r->samples[i], part) && (system < 0 || r->system[i] == system);
  return rows;
}

static clx_status add_part(run *r, const clx_library *start, int32_t part, clx_error *error) {
  if (rows_of(r, part, -1) == 0) return CLX_OK;
  CLX_TRY(add_task(r, start, part, -1, error));
  for (int32_t s = 0; s < r->systems; s++) {
    if (rows_of(r, part, s) > 0) CLX_TRY(add_task(r, start, part, s, error));
  }
  return CLX_OK;
}

// --- errors ---------------------------------------------------------------------------------------------------------------------

static double error_of(const clx_collective_sample *s, const clx_library *library) {
  clx_network network = s->network;
  network.library = library;
  return time_of(s, &network) / s->time - 1;
}

// The library that a sample is judged by in cross-validation: fitted without its system where that could be done.
static const clx_library *crossed(const run *r, int32_t sample, const clx_library *fitted) {
  for (int32_t i = 0; i < r->task_count; i++) {
    const task *t = &r->task[i];
    if (t->without == r->system[sample] && belongs(&r->samples[sample], t->part)) return &t->library;
  }
  return fitted;
}

static void add_errors(const run *r, const clx_library *start, clx_library_calibration *out) {
  clx_kernel_fit *fit = &out->library.fit;
  for (int32_t i = 0; i < r->count; i++) {
    const clx_collective_sample *s = &r->samples[i];
    const int32_t generation = (int32_t)clx_generation_of(s->network.device), span = spans_nodes(s);
    clx_kernel_class *k = &fit->classes[(generation * CLX_COLLECTIVE_SPANS + span) * CLX_COLLECTIVE_SIZES + s->size];
    const double now = error_of(s, &out->library);
    k->rows++;
    k->error += fabs(now);
    k->bias += now;
    k->cross_error += fabs(error_of(s, crossed(r, i, &out->library)));
    out->before[k - fit->classes] += fabs(error_of(s, start));
    fit->low[0] = fmin(fit->low[0], s->group.size);
    fit->high[0] = fmax(fit->high[0], s->group.size);
    fit->low[1] = fmin(fit->low[1], s->bytes);
    fit->high[1] = fmax(fit->high[1], s->bytes);
  }
}

static clx_status fill_record(const run *r, const clx_library *start, clx_library_calibration *out, clx_error *error) {
  clx_kernel_fit *fit = &out->library.fit;
  const int32_t count = CLX_GENERATIONS * CLX_COLLECTIVE_SPANS * CLX_COLLECTIVE_SIZES;
  *fit = (clx_kernel_fit){.data = "collectives", .origin = r->options->source, .rows = r->count, .class_count = count};
  fit->classes = CLX_NEW_ARRAY(r->arena, clx_kernel_class, count);
  fit->low = CLX_NEW_ARRAY(r->arena, double, 2);
  fit->high = CLX_NEW_ARRAY(r->arena, double, 2);
  if (fit->classes == NULL || fit->low == NULL || fit->high == NULL)
    return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  fit->low_count = fit->high_count = 2;
  fit->low[0] = fit->low[1] = INFINITY;
  for (int32_t i = 0; i < r->task_count; i++) fit->used += r->task[i].without < 0 ? r->task[i].count : 0;
  for (int32_t i = 0; i < count; i++) {
    const int32_t size = i % CLX_COLLECTIVE_SIZES, span = i / CLX_COLLECTIVE_SIZES % CLX_COLLECTIVE_SPANS,
                  generation = i / CLX_COLLECTIVE_SIZES / CLX_COLLECTIVE_SPANS;
    fit->classes[i].name = clx_arena_format(r->arena, "%s %s %s", clx_generation_name[generation],
                                            clx_collective_spans[span], clx_collective_sizes[size]);
    if (fit->classes[i].name == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  }
  add_errors(r, start, out);
  for (int32_t i = 0; i < count; i++) {
    clx_kernel_class *k = &fit->classes[i];
    if (k->rows == 0) continue;
    out->before[i] /= k->rows;
    k->error /= k->rows;
    k->bias /= k->rows;
    k->cross_error /= k->rows;
  }
  return CLX_OK;
}

// --- the whole -------------------------------------------------------------------------------------------------------------------

clx_status clx_calibrate_library(clx_arena *arena, const clx_library *start, const clx_collective_sample *samples,
                                 int32_t count, const clx_fit_options *options, int32_t threads,
                                 clx_library_calibration *out, clx_error *error) {
  run r = {.arena = arena, .samples = samples, .count = count, .options = options};
  if (count == 0)
    return clx_fail_plain(error, CLX_INPUT, "no measured collective that the library '%s' ran", start->name);
  *out = (clx_library_calibration){.library = *start, .launch = start->constants != NULL};
  CLX_TRY(find_systems(&r, error));
  r.task = CLX_NEW_ARRAY(arena, task, (size_t)(CLX_GENERATIONS + 1) * (size_t)(r.systems + 1));
  if (r.task == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  clx_library initial = *start;
  for (int32_t g = 0; g < CLX_GENERATIONS && !out->launch; g++)
    clx_schema_default(&clx_library_generation_schema, &initial.generation[g]);
  if (out->launch) {
    CLX_TRY(add_part(&r, &initial, LAUNCH, error));
  } else {
    for (int32_t g = 0; g < CLX_GENERATIONS; g++) CLX_TRY(add_part(&r, &initial, g, error));
  }
  clx_parallel(r.task_count, threads, work, &r);
  out->library = initial;
  for (int32_t i = 0; i < r.task_count; i++) {
    const task *t = &r.task[i];
    if (t->status != CLX_OK) {
      *error = t->error;
      return t->status;
    }
    if (t->without >= 0) continue;
    if (t->part == LAUNCH) {
      out->library.launch = t->library.launch;
    } else {
      out->library.generation[t->part] = t->library.generation[t->part];
      out->fitted[t->part] = true;
    }
  }
  out->systems = r.systems;
  return fill_record(&r, start, out, error);
}
