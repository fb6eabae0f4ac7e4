// Why a step takes as long as it does: shares of its parts, elasticities, single changes, sentences.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "twin/twin_why.h"

static const char PART[] = "training.part.";

// Parts of a step by what they are. Those that are not listed count as waiting.
static const struct {
  const char *part, *group;
} GROUPS[] = {{"gemm", "compute"},
              {"attention", "compute"},
              {"stream", "compute"},
              {"recompute", "recompute"},
              {"tp_exposed", "communication"},
              {"cp_exposed", "communication"},
              {"ep_exposed", "communication"},
              {"pp_exposed", "communication"},
              {"dp_exposed", "communication"},
              {"contention", "communication"},
              {"bubble", "bubble"},
              {"optimizer", "optimizer"}};

static const struct {
  const char *name, *doc;
} SUMS[] = {{"compute", "compute"},
            {"recompute", "recompute"},
            {"communication", "communication that shows"},
            {"bubble", "pipeline bubble"},
            {"optimizer", "optimizer and work once a step"},
            {"waiting", "waiting for the host or the slowest rank"}};

enum { WAITING = CLX_COUNT(SUMS) - 1 };

static int32_t sum_of(const char *part) {
  for (int32_t i = 0; i < CLX_COUNT(GROUPS); i++) {
    if (strcmp(GROUPS[i].part, part) != 0) continue;
    for (int32_t k = 0; k < CLX_COUNT(SUMS); k++) {
      if (strcmp(SUMS[k].name, GROUPS[i].group) == 0) return k;
    }
  }
  return WAITING;
}

// why.share.*: of every part of the step; why.group.*: of kinds of them.
static clx_status put_shares(clx_result *result, clx_error *error) {
  const double step = clx_result_value(result, "training.step_time", 0);
  double sums[CLX_COUNT(SUMS)] = {0};
  const int32_t count = clx_result_count(result);
  for (int32_t i = 0; i < count; i++) {
    const clx_quantity *q = clx_result_at(result, i);
    if (strncmp(q->name, PART, strlen(PART)) != 0) continue;
    const char *part = q->name + strlen(PART), *doc = q->doc;
    const double share = q->value / step;
    char name[64];
    sums[sum_of(part)] += share;
    snprintf(name, sizeof name, "why.share.%s", part);
    CLX_TRY(clx_twin_put(result, name, share, "", doc, error));
  }
  for (int32_t k = 0; k < CLX_COUNT(SUMS); k++) {
    char name[64];
    snprintf(name, sizeof name, "why.group.%s", SUMS[k].name);
    CLX_TRY(clx_twin_put(result, name, sums[k], "", SUMS[k].doc, error));
  }
  return CLX_OK;
}

static clx_status explain(const clx_scenario *scenario, const clx_training *job, clx_arena *arena, clx_result *result,
                          clx_error *error) {
  clx_step base;
  clx_why_case *c = CLX_NEW(arena, clx_why_case);
  if (c == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  clx_why_copy(job, c);
  CLX_TRY(clx_why_step(c, &base, error));
  CLX_TRY(clx_twin_put(result, "why.step_time", base.step_time, "s",
                       "step that changes are measured against: ranks alike but for the expected slowest, no draws",
                       error));
  CLX_TRY(clx_why_inputs(job, &base, arena, result, error));
  CLX_TRY(clx_why_moves(scenario, job, &base, arena, result, error));
  return clx_why_answers(result, error);
}

clx_status clx_twin_why(const clx_scenario *scenario, const clx_run_options *options, clx_result *result,
                        clx_error *error) {
  CLX_TRY(clx_scenario_need_training(scenario, error));
  clx_training job;
  clx_step step;
  CLX_TRY(clx_twin_scenario(scenario, result, error));
  CLX_TRY(clx_twin_training(scenario, options->seed, result, &job, &step, error));
  CLX_TRY(put_shares(result, error));
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const clx_status status = explain(scenario, &job, arena, result, error);
  clx_arena_free(arena);
  CLX_TRY(status);
  return clx_twin_assumptions(scenario, result, error);
}
