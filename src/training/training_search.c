// A plain search: all layouts of a small grid, memory first (cheap), then the step. Bounds and pruning come with `search`.
#include <math.h>
#include <stdlib.h>

#include "training/training.h"

enum { MICRO_BATCHES = 4, DIVISORS_MAX = 2048 };  // micro-batches 1, 2, 4, 8; no number below 1e12 has more divisors

typedef struct search {
  const clx_training *base;
  int64_t gpus;
  double limit;
  clx_layout best, closest;
  double best_rate;  // tokens per second of the job
  double least_memory;
  int64_t tried;
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

static void list_data_parallel(search *s) {
  for (int32_t i = 0; i < MICRO_BATCHES; i++) {
    const double batches = s->base->global_batch / (1 << i);
    s->divisor_count[i] = batches == floor(batches) ? list_divisors((int64_t)batches, s->divisor[i]) : 0;
  }
}

static int32_t micro_batch_index(int32_t micro_batch) {
  int32_t index = 0;
  while (1 << index < micro_batch) index++;
  return index;
}

// The largest data parallelism that the GPUs, the batch and the expert groups allow; 0 = none.
static int32_t largest_dp(const search *s, const clx_layout *l) {
  const int32_t index = micro_batch_index(l->micro_batch);
  const int64_t ranks = (int64_t)l->tp * l->pp * l->cp, most = s->gpus / ranks;
  for (int32_t i = s->divisor_count[index] - 1; i >= 0; i--) {
    const int64_t dp = s->divisor[index][i];
    if (dp <= most && (dp * l->tp * l->cp) % ((int64_t)l->ep * l->etp) == 0) return (int32_t)dp;
  }
  return 0;
}

static void try_recompute(search *s, clx_training *job) {
  clx_memory memory;
  clx_step step;
  clx_error ignored;
  clx_error_clear(&ignored);
  s->tried++;
  if (clx_training_memory(job, &memory, &ignored) != CLX_OK) return;
  if (s->closest.tp == 0 || memory.total < s->least_memory) {
    s->closest = job->layout;
    s->least_memory = memory.total;
  }
  if (memory.total > s->limit || clx_training_step(job, &step, &ignored) != CLX_OK) return;
  const double rate = job->global_batch * job->sequence / step.step_time;
  if (rate <= s->best_rate) return;
  s->best = job->layout;
  s->best_rate = rate;
}

static void try_layout(search *s, const clx_layout *layout) {
  clx_training job = *s->base;
  job.layout = *layout;
  job.layout.dp = largest_dp(s, layout);
  if (job.layout.dp == 0) return;
  const double micro_batches = job.global_batch / ((double)job.layout.dp * job.layout.micro_batch);
  if (job.layout.vpp > 1 && fmod(micro_batches, job.layout.pp) != 0)
    return;  // Megatron's interleaving needs whole rounds
  clx_error ignored;
  clx_error_clear(&ignored);
  if (clx_training_check(&job, s->gpus, &ignored) != CLX_OK) return;
  const bool fixed = s->base->layout.recompute != CLX_RECOMPUTE_DEFAULT;
  for (int32_t recompute = CLX_RECOMPUTE_NONE; recompute <= CLX_RECOMPUTE_FULL; recompute++) {
    if (fixed && recompute != s->base->layout.recompute) continue;
    job.layout.recompute = recompute;
    try_recompute(s, &job);
  }
}

static void try_micro_batches(search *s, clx_layout layout) {
  for (int32_t i = 0; i < MICRO_BATCHES; i++) {
    layout.micro_batch = 1 << i;
    try_layout(s, &layout);
  }
}

static void try_experts(search *s, clx_layout layout) {
  const int32_t experts = s->base->model->experts;
  if (experts == 0) {
    try_micro_batches(s, layout);
    return;
  }
  for (layout.ep = 1; layout.ep <= experts && layout.ep <= 128; layout.ep *= 2) {
    if (experts % layout.ep == 0) try_micro_batches(s, layout);
  }
}

static void try_chunks(search *s, clx_layout layout) {
  const int32_t layers = s->base->model->layers;
  for (layout.vpp = 1; layout.vpp * layout.pp <= layers && layout.vpp <= 12; layout.vpp++) {
    if (layout.vpp > 1 && (layout.pp == 1 || layers % (layout.pp * layout.vpp) != 0)) continue;
    try_experts(s, layout);
  }
}

clx_status clx_training_search(const clx_training *job, int64_t gpus, double memory_limit, clx_layout *best,
                               clx_layout *closest, int64_t *tried, clx_error *error) {
  search s = {.base = job, .gpus = gpus, .limit = memory_limit};
  list_data_parallel(&s);
  clx_layout layout = job->layout;
  layout.stage_layers = NULL;
  layout.stage_layer_count = 0;
  layout.ep = layout.etp = 1;
  if (layout.sequence_parallel < 0) layout.sequence_parallel = job->software->sequence_parallel;
  const int32_t domain = job->fabric->domain < 16 ? job->fabric->domain : 16;
  for (layout.tp = 1; layout.tp <= domain; layout.tp *= 2) {
    for (layout.cp = 1; layout.cp <= 16; layout.cp *= 2) {
      if (layout.cp > 1 && job->sequence / layout.cp < 4096) continue;
      for (layout.pp = 1; layout.pp <= 64 && layout.pp <= job->model->layers; layout.pp++) {
        if (job->model->layers % layout.pp == 0 || (job->model->layers + 2) % layout.pp == 0) try_chunks(&s, layout);
      }
    }
  }
  *best = s.best;
  *closest = s.closest;
  *tried = s.tried;
  if (s.best_rate > 0) return CLX_OK;
  return clx_fail(error, CLX_INFEASIBLE, job->layout.place, "none of %lld layouts fits in memory", (long long)s.tried);
}
