// The step of every rank: how ranks of the fleet differ, and what waiting for the slowest costs.
#include <stdio.h>

#include "twin/twin_internal.h"

enum { STEPS = 8 };  // steps drawn for the spread of the step time

int32_t clx_twin_parts(const clx_scenario *s, clx_fleet_part *part) {
  int32_t count = 0;
  for (int32_t i = 0; i < s->machine.cohort_count; i++) {
    const clx_cohort *c = &s->machine.cohort[i];
    if (c->trains) part[count++] = (clx_fleet_part){&c->device, c->gpus};
  }
  return count;
}

static clx_status put_exact(const clx_exact *e, clx_result *result, clx_error *error) {
  const struct {
    const char *name;
    double value;
    const char *unit, *doc;
  } numbers[] = {
      {"training.ranks.count", (double)e->ranks, "", "ranks simulated"},
      {"training.ranks.lanes", (double)e->lanes, "", "groups of ranks that wait for each other in every layer"},
      {"training.ranks.tasks", (double)e->tasks, "", "tasks of one step, all groups"},
      {"training.ranks.alike", e->nominal, "s", "step if all ranks were alike"},
      {"training.ranks.low", e->low, "s", "5th percentile of the steps drawn"},
      {"training.ranks.high", e->high, "s", "95th percentile of the steps drawn"},
      {"training.ranks.slowest", (double)e->slowest_rank, "", "the rank with the slowest kernels"},
      {"training.ranks.slowness", e->slowness, "", "their time against that of a rank as the catalogue has it"},
      {"training.ranks.micro_batches_most", e->micro_batches_most, "", "micro-batches of a replica, at most"},
      {"training.ranks.micro_batches_least", e->micro_batches_least, "", "and at least"}};
  for (int32_t i = 0; i < CLX_COUNT(numbers); i++) {
    CLX_TRY(clx_twin_put(result, numbers[i].name, numbers[i].value, numbers[i].unit, numbers[i].doc, error));
  }
  return CLX_OK;
}

static bool is_mixed(const clx_scenario *s) {
  const char *first = NULL;
  for (int32_t i = 0; i < s->machine.cohort_count; i++) {
    const clx_cohort *c = &s->machine.cohort[i];
    if (!c->trains) continue;
    if (first != NULL && !clx_text_equal(c->device.name, first)) return true;
    first = c->device.name;
  }
  return false;
}

static clx_status warn(const clx_scenario *s, const clx_exact *e, clx_result *result, clx_error *error) {
  char shares[64];
  const double least = e->micro_batches_least, most = e->micro_batches_most;
  const int length = least == most ? snprintf(shares, sizeof shares, "%.0f micro-batches each", most)
                                   : snprintf(shares, sizeof shares, "%.0f to %.0f micro-batches each", least, most);
  if (length < 0) return clx_fail_plain(error, CLX_INTERNAL, "micro-batches could not be printed");
  if (is_mixed(s)) {
    return clx_result_warn(result, error,
                           "a mixed fleet trains as one job: replicas on each kind of GPU, %s%s; memory is that of the "
                           "smallest, %.0f GB",
                           shares, s->spec.training.balance ? "" : " ('training.balance' gives faster ones more)",
                           s->device_memory / 1e9);
  }
  if (least == most) return CLX_OK;
  return clx_result_warn(result, error, "the batch does not divide evenly over replicas and micro-batches: %s", shares);
}

static clx_status run_exact(const clx_scenario *s, uint64_t seed, const clx_training *job, clx_arena *arena,
                            clx_step *step, clx_exact *exact, clx_error *error) {
  clx_fleet_part *part = CLX_NEW_ARRAY(arena, clx_fleet_part, s->machine.cohort_count);
  if (part == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const clx_exact_options options = {.stragglers = &s->spec.training.stragglers,
                                     .part = part,
                                     .part_count = clx_twin_parts(s, part),
                                     .balance = s->spec.training.balance,
                                     .seed = seed,
                                     .steps = STEPS};
  return clx_training_exact(job, &options, arena, step, exact, error);
}

clx_status clx_twin_ranks(const clx_scenario *s, uint64_t seed, const clx_training *job, clx_step *step,
                          clx_result *result, clx_error *error) {
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  clx_exact exact;
  clx_status status = run_exact(s, seed, job, arena, step, &exact, error);
  if (status == CLX_OK && result != NULL) status = put_exact(&exact, result, error);
  if (status == CLX_OK && result != NULL) status = warn(s, &exact, result, error);
  clx_arena_free(arena);
  return status;
}
