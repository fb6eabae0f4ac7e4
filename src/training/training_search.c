// A plain search: all layouts of a small grid, memory first (cheap), then the step. Bounds and pruning come with `search`.
#include <math.h>

#include "training/training.h"

typedef struct search {
  const clx_training *base;
  int64_t gpus;
  double limit;
  clx_layout best, closest;
  double best_rate;  // tokens per second of the job
  double least_memory;
  int64_t tried;
} search;

static int32_t largest_dp(const search *s, const clx_layout *l) {
  const int64_t ranks = (int64_t)l->tp * l->pp * l->cp;
  const int64_t most = s->gpus / ranks, batches = (int64_t)(s->base->global_batch / l->micro_batch);
  for (int64_t dp = most < batches ? most : batches; dp >= 1; dp--) {
    if (batches % dp != 0 || (dp * l->tp * l->cp) % (l->ep * l->etp) != 0) continue;
    return (int32_t)dp;
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
  for (layout.micro_batch = 1; layout.micro_batch <= 8; layout.micro_batch *= 2) try_layout(s, &layout);
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
