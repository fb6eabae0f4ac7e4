// A plain search: all layouts of a small grid, memory first (cheap), then the step.
#include <math.h>
#include <stdlib.h>

#include "training/training.h"

enum { MICRO_BATCHES = 4, DIVISORS_MAX = 2048 };  // no number below 1e12 has more divisors

typedef struct search {
  const clx_training *base;  // its layout holds what the user gave; 0 = free
  int64_t gpus;
  double limit;
  clx_layout best, closest;
  double best_rate;  // tokens per second of the job
  double least_memory;
  int64_t tried;
  int32_t micro_batch[MICRO_BATCHES], micro_batch_count;
  int64_t divisor[MICRO_BATCHES][DIVISORS_MAX];  // of global_batch / micro_batch: what dp may be, ascending
  int32_t divisor_count[MICRO_BATCHES];
} search;

static int compare_numbers(const void *a, const void *b) {
  const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

// O(sqrt(n)).
static int32_t list_divisors(int64_t n, int64_t *out) {
  int32_t count = 0;
  for (int64_t i = 1; i * i <= n && count + 2 <= DIVISORS_MAX; i++) {
    if (n % i != 0) continue;
    out[count++] = i;
    if (i != n / i) out[count++] = n / i;
  }
  qsort(out, (size_t)count, sizeof *out, compare_numbers);
  return count;
}

// 1, 2, 4 and 8, or what the user gave; with the data parallelism each allows.
static void list_micro_batches(search *s) {
  const int32_t given = s->base->layout.micro_batch;
  for (int32_t size = 1; size <= 8; size *= 2) {
    const int32_t one = given > 0 ? given : size, index = s->micro_batch_count;
    const double batches = s->base->global_batch / one;
    if (batches == floor(batches)) {
      s->micro_batch[index] = one;
      s->divisor_count[index] = list_divisors((int64_t)batches, s->divisor[index]);
      s->micro_batch_count++;
    }
    if (given > 0) return;
  }
}

static int32_t micro_batch_index(const search *s, int32_t micro_batch) {
  for (int32_t i = 0; i < s->micro_batch_count; i++) {
    if (s->micro_batch[i] == micro_batch) return i;
  }
  return -1;
}

// The largest data parallelism that the GPUs, the batch and the expert groups allow, or the given one; 0 = none.
static int32_t largest_dp(const search *s, const clx_training *job) {
  const clx_layout *l = &job->layout;
  const int32_t index = micro_batch_index(s, l->micro_batch), given = s->base->layout.dp;
  const int64_t ranks = (int64_t)l->tp * l->pp * l->cp, most = clx_training_usable_gpus(job, s->gpus) / ranks;
  if (index < 0) return 0;
  for (int32_t i = s->divisor_count[index] - 1; i >= 0; i--) {
    const int64_t dp = s->divisor[index][i];
    const bool fits = dp <= most && (dp * l->tp * l->cp) % ((int64_t)l->ep * l->etp) == 0;
    if (fits && (given == 0 || given == dp)) return (int32_t)dp;
  }
  return 0;
}

static void keep_better(search *s, const clx_training *job, const clx_memory *memory) {
  clx_step step;
  clx_error ignored;
  clx_error_clear(&ignored);
  if (s->closest.tp == 0 || memory->total < s->least_memory) {
    s->closest = job->layout;
    s->least_memory = memory->total;
  }
  if (memory->total > s->limit || clx_training_step(job, &step, &ignored) != CLX_OK) return;
  const double rate = job->global_batch * job->sequence / step.step_time;
  if (rate <= s->best_rate) return;
  s->best = job->layout;
  s->best_rate = rate;
}

// The least recompute that fits is the fastest of its layout.
static void try_recompute(search *s, clx_training *job) {
  clx_memory memory;
  clx_error ignored;
  clx_error_clear(&ignored);
  const bool open = s->base->layout.recompute == CLX_RECOMPUTE_DEFAULT;
  job->layout.recompute = open ? CLX_RECOMPUTE_NONE : s->base->layout.recompute;
  s->tried++;
  if (clx_training_memory(job, &memory, &ignored) != CLX_OK) return;
  while (open && memory.total > s->limit && job->layout.recompute < CLX_RECOMPUTE_FULL) {
    job->layout.recompute++;
    if (clx_training_memory(job, &memory, &ignored) != CLX_OK) return;
  }
  const bool partly = open && job->layout.recompute == CLX_RECOMPUTE_FULL && memory.total <= s->limit;
  if (partly && clx_training_least_share(job, s->limit, &memory, &ignored) != CLX_OK) return;
  keep_better(s, job, &memory);
}

static void try_layout(search *s, const clx_layout *layout) {
  clx_training job = *s->base;
  job.layout = *layout;
  job.layout.dp = largest_dp(s, &job);
  if (job.layout.dp == 0) return;
  clx_error ignored;
  clx_error_clear(&ignored);
  if (clx_training_check(&job, s->gpus, &ignored) == CLX_OK) try_recompute(s, &job);
}

// --- the grid: a degree that the user gave is the only one of its kind ------------------------------------------------------

static bool wanted(int32_t given, int32_t value) { return given == 0 || given == value; }

static void try_micro_batches(search *s, clx_layout layout) {
  for (int32_t i = 0; i < s->micro_batch_count; i++) {
    layout.micro_batch = s->micro_batch[i];
    try_layout(s, &layout);
  }
}

static void try_experts(search *s, clx_layout layout) {
  const int32_t experts = s->base->model->experts, given = s->base->layout.ep;
  for (layout.ep = 1; layout.ep <= (experts > 0 ? experts : 1); layout.ep++) {
    const bool usual = layout.ep <= 128 && (layout.ep & (layout.ep - 1)) == 0;
    if (given != 0 ? given != layout.ep : !usual) continue;
    if (experts == 0 || experts % layout.ep == 0) try_micro_batches(s, layout);
  }
}

static void try_chunks(search *s, clx_layout layout) {
  const int32_t layers = s->base->model->layers, given = s->base->layout.vpp;
  const bool ends = s->base->software->split_embedding;  // embedding and loss may count as a layer
  for (layout.vpp = 1; layout.vpp * layout.pp <= layers + 2; layout.vpp++) {
    const int32_t chunks = layout.pp * layout.vpp;
    const bool even = layers % chunks == 0 || (ends && (layers + 2) % chunks == 0);
    if (!wanted(given, layout.vpp)) continue;
    if (given == 0 && layout.vpp > 1 && (layout.pp == 1 || layout.vpp > 16 || !even)) continue;
    try_experts(s, layout);
  }
}

static void try_stages(search *s, clx_layout layout) {
  const int32_t layers = s->base->model->layers, given = s->base->layout.pp;
  for (layout.pp = 1; layout.pp <= layers && layout.pp <= CLX_STAGES_MAX; layout.pp++) {
    const bool even = layers % layout.pp == 0 || (layers + 2) % layout.pp == 0;
    const bool usual = layout.pp <= 64 && ((even && layout.pp <= 16) || layout.pp % 4 == 0 || layout.pp <= 4);
    if (given != 0 ? given == layout.pp : usual) try_chunks(s, layout);
  }
}

static void try_sequence_splits(search *s, clx_layout layout) {
  const int32_t given = s->base->layout.cp;
  if (given != 0) {
    layout.cp = given;
    try_stages(s, layout);
    return;
  }
  for (layout.cp = 1; layout.cp <= 16; layout.cp *= 2) {
    if (layout.cp == 1 || s->base->sequence / layout.cp >= 1024) try_stages(s, layout);
  }
}

clx_status clx_training_search(const clx_training *job, int64_t gpus, double memory_limit, clx_layout *best,
                               clx_layout *closest, int64_t *tried, clx_error *error) {
  search s = {.base = job, .gpus = gpus, .limit = memory_limit};
  list_micro_batches(&s);
  clx_layout layout = job->layout;
  if (layout.sequence_parallel < 0) layout.sequence_parallel = job->software->sequence_parallel;
  const int32_t domain = job->network->domain < 16 ? job->network->domain : 16;
  for (layout.tp = 1; layout.tp <= domain; layout.tp *= 2) try_sequence_splits(&s, layout);
  *best = s.best;
  *closest = s.closest;
  *tried = s.tried;
  if (s.best_rate > 0) return CLX_OK;
  return clx_fail(error, CLX_INFEASIBLE, job->layout.place, "none of %lld layouts fits in memory", (long long)s.tried);
}
