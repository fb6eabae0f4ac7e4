// The training step on the links: passes beside which gradients and parameters travel, and a checkpoint being written.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "twin/twin_internal.h"

static const char *const PASS[2] = {"forward", "backward"};
static const char *const WHAT[] = {"compute", "tp", "cp", "ep", "dp"};

// One series a stream: duration over start.
static clx_status add_stream(clx_result *result, clx_arena *arena, const clx_timeline *t, int32_t pass,
                             const char *what, clx_error *error) {
  double *start = CLX_NEW_ARRAY(arena, double, t->count + 1), *length = CLX_NEW_ARRAY(arena, double, t->count + 1);
  char name[64];
  int32_t count = 0;
  double busy = 0;
  if (start == NULL || length == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < t->count; i++) {
    if (strcmp(t->item[i].what, what) != 0) continue;
    start[count] = t->item[i].start;
    length[count] = t->item[i].end - t->item[i].start;
    busy += length[count++];
  }
  if (count == 0) return CLX_OK;
  snprintf(name, sizeof name, "network.timeline.%s.%s", PASS[pass], what);
  CLX_TRY(clx_twin_put(result, name, busy, "s", "time it runs, one micro-batch of the stage shown", error));
  return clx_result_add_series(result, name, "s", length, "start", "s", start, count, error);
}

static double end_of(const clx_timeline *t, bool background) {
  double end = 0;
  for (int32_t i = 0; i < t->count; i++) {
    if ((strcmp(t->item[i].what, "dp") == 0) == background) end = fmax(end, t->item[i].end);
  }
  return end;
}

static clx_status add_pass(const clx_training *job, int32_t stage, int32_t pass, clx_arena *arena, clx_result *result,
                           clx_error *error) {
  clx_timeline t;
  CLX_TRY(clx_training_timeline(job, stage, pass, arena, &t, error));
  for (int32_t i = 0; i < CLX_COUNT(WHAT); i++) CLX_TRY(add_stream(result, arena, &t, pass, WHAT[i], error));
  char name[64];
  snprintf(name, sizeof name, "network.timeline.%s.layers_end", PASS[pass]);
  CLX_TRY(clx_twin_put(result, name, end_of(&t, false), "s", "when the last layer is through", error));
  snprintf(name, sizeof name, "network.timeline.%s.dp_end", PASS[pass]);
  return clx_twin_put(result, name, end_of(&t, true), "s", "when the last gradients or parameters are there; 0: none",
                      error);
}

// NICs beside those of the GPUs, B/s of one GPU, of the cohort that has least.
static double storage_rate(const clx_machine *machine) {
  double least = INFINITY;
  for (int32_t i = 0; i < machine->cohort_count; i++) {
    const clx_cohort *c = &machine->cohort[i];
    if (c->trains) least = fmin(least, c->nic.rate * c->server.extra_nics / c->server.gpus);
  }
  return isfinite(least) ? least : 0;
}

static clx_status add_checkpoint(const clx_scenario *s, const clx_training *job, const clx_step *step,
                                 clx_result *result, clx_error *error) {
  const double storage = storage_rate(&s->machine);
  const clx_checkpoint_traffic c = clx_training_checkpoint(job, step, storage);
  const struct {
    const char *name, *unit, *doc;
    double value;
  } rows[] = {
      {"network.checkpoint.bytes", "B", "weights and optimizer state that one GPU writes", c.bytes},
      {"network.checkpoint.time", "s", "until they are out of the server, when storage takes all that comes", c.time},
      {"network.checkpoint.added", "s", "by which a step takes longer meanwhile", c.added},
  };
  for (int32_t i = 0; i < CLX_COUNT(rows); i++) {
    CLX_TRY(clx_twin_put(result, rows[i].name, rows[i].value, rows[i].unit, rows[i].doc, error));
  }
  return clx_result_add_text(result, "network.checkpoint.path", storage > 0 ? "NICs for storage" : "NICs of the GPUs",
                             error);
}

clx_status clx_twin_timeline(const clx_scenario *scenario, clx_arena *arena, clx_result *result, clx_error *error) {
  clx_training job;
  clx_memory memory;
  clx_step step;
  clx_error why = {0};
  if (scenario->machine.endpoints == 0) return CLX_OK;
  const clx_status status = clx_twin_solve_training(scenario, false, &job, &memory, &step, &why);
  if (status == CLX_INFEASIBLE) {
    return clx_result_warn(result, error, "no timeline of the training step: %s", why.mistake[0].text);
  }
  if (status != CLX_OK) return clx_fail_plain(error, status, "%s", why.mistake[0].text);
  const int32_t stage = memory.stage;
  CLX_TRY(clx_twin_put(result, "network.timeline.stage", stage + 1, "", "pipeline stage shown, the fullest", error));
  CLX_TRY(clx_twin_put(result, "network.timeline.step", step.step_time, "s", "the whole step", error));
  CLX_TRY(clx_twin_put(result, "network.timeline.contention", step.contention, "s",
                       "of it, by which transfers take longer that share links with gradients and parameters", error));
  for (int32_t pass = 0; pass < 2; pass++) CLX_TRY(add_pass(&job, stage, pass, arena, result, error));
  return add_checkpoint(scenario, &job, &step, result, error);
}
