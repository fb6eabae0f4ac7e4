// Component by component: every replication on some thread, the outcome from all of them in their order.
#include <math.h>

#include "reliability/reliability_simulate.h"

enum { SERIES_MOST = 2048, SERIES_REPLAY = 512 };  // replications of the series; of these, when they have to run twice

typedef struct crew {
  clx_plan plan;
  int32_t threads;
  clx_simulator *simulator;
  clx_arena **arena;
  void **worker;
  clx_series_store series;
} crew;

static clx_status out_of_memory(clx_error *error) { return clx_fail_plain(error, CLX_MEMORY, "out of memory"); }

static clx_status replicate(void *worker, int32_t index, clx_reliability_run *run, clx_error *error) {
  clx_simulator *s = worker;
  clx_series_store *series = s->series;
  if (series != NULL && index >= series->replications) s->series = NULL;
  const clx_status status = clx_simulator_run(s, index, run, error);
  s->series = series;
  return status;
}

static clx_status crew_make(const clx_reliability_model *model, const clx_reliability_options *options,
                            clx_arena *arena, crew *c, clx_error *error) {
  CLX_TRY(clx_plan_make(model, options, arena, &c->plan, error));
  const int32_t threads = clx_replication_threads(options);
  c->simulator = CLX_NEW_ARRAY(arena, clx_simulator, threads);
  c->arena = CLX_NEW_ARRAY(arena, clx_arena *, threads);
  c->worker = CLX_NEW_ARRAY(arena, void *, threads);
  if (c->simulator == NULL || c->arena == NULL || c->worker == NULL) return out_of_memory(error);
  for (int32_t i = 0; i < threads; i++) {
    c->arena[i] = clx_arena_new();
    if (c->arena[i] == NULL) return out_of_memory(error);
    c->threads = i + 1;
    c->worker[i] = &c->simulator[i];
    CLX_TRY(clx_simulator_make(&c->plan, c->arena[i], &c->simulator[i], error));
  }
  return CLX_OK;
}

static void crew_free(crew *c) {
  for (int32_t i = 0; i < c->threads; i++) clx_arena_free(c->arena[i]);
}

static void set_series(crew *c, clx_series_store *series) {
  for (int32_t i = 0; i < c->threads; i++) c->simulator[i].series = series;
}

// Counts are whole numbers: their sum is the same in any order.
static clx_status sum_counts(const crew *c, const clx_reliability_options *options, clx_arena *arena,
                             clx_reliability_outcome *outcome, clx_error *error) {
  const int32_t classes = c->plan.model->failure_count;
  outcome->class_stops = CLX_NEW_ARRAY(arena, double, classes + 1);
  outcome->class_events = CLX_NEW_ARRAY(arena, double, classes + 1);
  if (outcome->class_stops == NULL || outcome->class_events == NULL) return out_of_memory(error);
  outcome->events = 0;
  for (int32_t f = 0; f < classes; f++) {
    int64_t stops = 0, events = 0;
    for (int32_t i = 0; i < c->threads; i++) {
      stops += c->simulator[i].class_stops[f];
      events += c->simulator[i].class_events[f];
    }
    outcome->class_stops[f] = (double)stops / options->replications;
    outcome->class_events[f] = (double)events / options->replications;
  }
  int64_t events = 0;
  for (int32_t i = 0; i < c->threads; i++) events += c->simulator[i].events;
  outcome->events = (double)events;
  return CLX_OK;
}

// Without a horizon nobody knows beforehand how long the runs take: some of them run again, and are sampled.
static clx_status replay(crew *c, const clx_reliability_options *options, clx_arena *arena,
                         clx_reliability_outcome *outcome, clx_error *error) {
  clx_reliability_options again = *options;
  again.progress = NULL;
  if (again.replications > SERIES_REPLAY) again.replications = SERIES_REPLAY;
  double span = 0;
  for (int32_t i = 0; i < options->replications; i++) span = fmax(span, outcome->run[i].elapsed);
  CLX_TRY(clx_series_make(&c->series, &again, again.replications, span, arena, error));
  clx_reliability_run *run = CLX_NEW_ARRAY(arena, clx_reliability_run, again.replications);
  if (run == NULL) return out_of_memory(error);
  set_series(c, &c->series);
  return clx_replicate_all(&again, c->worker, c->threads, replicate, run, error);
}

static clx_status simulate(const clx_reliability_model *model, const clx_reliability_options *options, clx_arena *arena,
                           crew *c, clx_reliability_outcome *outcome, clx_error *error) {
  CLX_TRY(crew_make(model, options, arena, c, error));
  const bool sampled = options->samples > 0, known = model->horizon > 0;
  outcome->run = CLX_NEW_ARRAY(arena, clx_reliability_run, options->replications);
  if (outcome->run == NULL) return out_of_memory(error);
  if (sampled && known) {
    const int32_t n = options->replications < SERIES_MOST ? options->replications : SERIES_MOST;
    CLX_TRY(clx_series_make(&c->series, options, n, model->horizon, arena, error));
    set_series(c, &c->series);
  }
  CLX_TRY(clx_replicate_all(options, c->worker, c->threads, replicate, outcome->run, error));
  CLX_TRY(sum_counts(c, options, arena, outcome, error));
  CLX_TRY(clx_outcome_summarise(options, arena, outcome, error));
  if (sampled && !known) CLX_TRY(replay(c, options, arena, outcome, error));
  if (sampled) CLX_TRY(clx_outcome_series(model, options, &c->series, arena, outcome, error));
  return CLX_OK;
}

clx_status clx_reliability_simulate(const clx_reliability_model *model, const clx_reliability_options *options,
                                    clx_arena *arena, clx_reliability_outcome *outcome, clx_error *error) {
  CLX_TRY(clx_reliability_check(model, error));
  if (options->replications < 1) {
    return clx_fail_plain(error, CLX_INPUT, "replications is %d, at least 1 is needed", (int)options->replications);
  }
  *outcome = (clx_reliability_outcome){0};
  crew c = {0};
  const clx_status status = simulate(model, options, arena, &c, outcome, error);
  crew_free(&c);
  return status;
}
