// Identities of a layout, each with a sentence that names the numbers; and small derived values.
#include <math.h>

#include "training/training.h"

clx_format clx_precision_format(int32_t precision) {
  switch (precision) {
    case CLX_PRECISION_FP8:
    case CLX_PRECISION_FP8_ROW:
    case CLX_PRECISION_FP8_BLOCK:
    case CLX_PRECISION_MXFP8:
      return CLX_FP8;
    case CLX_PRECISION_NVFP4:
      return CLX_FP4;
    default:
      return CLX_BF16;
  }
}

clx_kernel_format clx_precision_kernel(int32_t precision) {
  switch (precision) {
    case CLX_PRECISION_FP8:
    case CLX_PRECISION_FP8_ROW:
    case CLX_PRECISION_MXFP8:  // scales in hardware from Blackwell on: no slower than one per tensor
      return CLX_KERNEL_FP8;
    case CLX_PRECISION_FP8_BLOCK:
      return CLX_KERNEL_FP8_BLOCK;
    case CLX_PRECISION_NVFP4:
      return CLX_KERNEL_NVFP4;
    default:
      return CLX_KERNEL_BF16;
  }
}

double clx_training_parameter_bytes(const clx_training *job) {
  return clx_precision_format(job->precision) == CLX_BF16 ? 2 : job->software->parameter_bytes;
}

int32_t clx_training_recompute(const clx_training *job) {
  return job->layout.recompute == CLX_RECOMPUTE_DEFAULT ? job->software->recompute : job->layout.recompute;
}

double clx_layout_ranks(const clx_layout *l) { return (double)l->tp * l->cp * l->pp * l->dp; }

int32_t clx_expert_data_parallel(const clx_layout *layout) {
  return layout->tp * layout->cp * layout->dp / (layout->etp * layout->ep);
}

int32_t clx_shard_ranks(const clx_layout *layout) {
  const bool grouped = layout->shard_group > 0 && layout->shard_group < layout->dp;
  return (grouped ? layout->shard_group : layout->dp) * layout->cp;  // context-parallel ranks hold the same weights
}

int32_t clx_expert_shard_ranks(const clx_layout *layout) {
  const int32_t ranks = layout->tp * clx_shard_ranks(layout) / (layout->etp * layout->ep);
  return ranks > 1 ? ranks : 1;
}

clx_shard clx_training_shard(const clx_training *job) {
  const clx_layout *layout = &job->layout;
  return (clx_shard){.tp = layout->tp,
                     .cp = layout->cp,
                     .ep = layout->ep,
                     .etp = layout->etp,
                     .sequence_parallel = layout->sequence_parallel && layout->tp > 1,
                     .separate = job->software->separate_projections,
                     .sequences = layout->micro_batch,
                     .sequence = job->sequence,
                     .expert_imbalance = job->software->expert_imbalance};
}

typedef struct check {
  clx_status status;
  clx_place place;
  clx_error *error;
} check;

#define DEMAND(check, condition, ...)                                                                     \
  do {                                                                                                    \
    if (!(condition)) (check)->status = clx_fail((check)->error, CLX_INPUT, (check)->place, __VA_ARGS__); \
  } while (0)

static void check_degrees(check *c, const clx_layout *l) {
  const struct {
    const char *key;
    int32_t value;
  } degree[] = {{"tp", l->tp}, {"pp", l->pp},   {"vpp", l->vpp}, {"cp", l->cp},
                {"ep", l->ep}, {"etp", l->etp}, {"dp", l->dp},   {"micro_batch", l->micro_batch}};
  for (int32_t i = 0; i < CLX_COUNT(degree); i++) {
    DEMAND(c, degree[i].value >= 1, "'%s' is %d: expected at least 1", degree[i].key, degree[i].value);
  }
}

static void check_model_split(check *c, const clx_transformer *m, const clx_software *software, const clx_layout *l,
                              double sequence) {
  DEMAND(c, m->heads % l->tp == 0, "tp %d does not divide the %d attention heads of %s", l->tp, m->heads, m->name);
  DEMAND(c, l->pp <= CLX_STAGES_MAX, "pp %d is more than %d stages", l->pp, CLX_STAGES_MAX);
  // Embedding and loss may have chunks of their own.
  const int64_t units = (int64_t)m->layers + (software->split_embedding ? 2 : 0);
  const int64_t chunks = (int64_t)l->pp * l->vpp;
  DEMAND(c, chunks <= units, "pp %d x vpp %d = %lld chunks, but %s has %d layers", l->pp, l->vpp, (long long)chunks,
         m->name, m->layers);
  DEMAND(c, l->vpp == 1 || l->pp > 1, "vpp %d needs pp above 1", l->vpp);
  DEMAND(c, l->shard_group == 0 || l->dp % l->shard_group == 0, "shard_group %d does not divide dp %d", l->shard_group,
         l->dp);
  DEMAND(c, !l->sequence_parallel || fmod(sequence / l->cp * l->micro_batch, l->tp) == 0,
         "sequence parallelism: tp %d does not divide the %.0f tokens of a micro-batch", l->tp,
         sequence / l->cp * l->micro_batch);
  DEMAND(c, fmod(sequence, l->cp) == 0, "cp %d does not divide the sequence of %.0f tokens", l->cp, sequence);
  DEMAND(c, l->context_exchange != CLX_CONTEXT_ALL_TO_ALL || m->heads / l->tp % l->cp == 0,
         "context_exchange all_to_all: cp %d does not divide the %d heads of a tensor-parallel rank", l->cp,
         m->heads / l->tp);
  if (m->experts > 0) {
    const int64_t world = (int64_t)l->tp * l->cp * l->dp, experts = (int64_t)l->ep * l->etp;
    DEMAND(c, m->experts % l->ep == 0, "ep %d does not divide the %d experts of %s", l->ep, m->experts, m->name);
    DEMAND(c, world % experts == 0, "etp %d x ep %d does not divide tp %d x cp %d x dp %d = %lld", l->etp, l->ep, l->tp,
           l->cp, l->dp, (long long)world);
  } else {
    DEMAND(c, l->ep == 1, "ep is %d, but %s has no experts", l->ep, m->name);
  }
}

static void check_stage_list(check *c, const clx_transformer *m, const clx_layout *l) {
  if (l->stage_layer_count == 0) return;
  int64_t sum = 0;
  for (int32_t i = 0; i < l->stage_layer_count; i++) sum += l->stage_layers[i];
  DEMAND(c, l->stage_layer_count == l->pp * l->vpp, "'stage_layers' lists %d chunks, pp %d x vpp %d is %d",
         l->stage_layer_count, l->pp, l->vpp, l->pp * l->vpp);
  DEMAND(c, sum == m->layers, "'stage_layers' adds up to %lld layers, %s has %d", (long long)sum, m->name, m->layers);
}

int64_t clx_training_usable_gpus(const clx_training *job, int64_t gpus) {
  const clx_layout *l = &job->layout;
  const int64_t domain = job->network->domain, experts = (int64_t)l->ep * l->etp;
  const int64_t block = experts > l->tp && experts <= domain ? experts : l->tp;
  const int64_t machine = job->machine_gpus;
  if (machine == 0 || block > domain) return gpus;
  const int64_t whole = machine / domain * (domain / block * block) + machine % domain / block * block;
  return whole < gpus ? whole : gpus;
}

// What each schedule demands of a layout; 0 = anything.
typedef struct schedule_rule {
  int32_t vpp;            // exactly so many chunks; -1 = at least two
  bool even;              // stages in pairs
  int32_t micro_batches;  // at least so many times pp
} schedule_rule;

static const schedule_rule SCHEDULE_RULES[CLX_PIPELINE_KINDS] = {
    [CLX_PIPELINE_GPIPE] = {.vpp = 1},
    [CLX_PIPELINE_1F1B] = {.vpp = 1},
    [CLX_PIPELINE_INTERLEAVED] = {.vpp = -1, .micro_batches = 1},
    [CLX_PIPELINE_ZB_H1] = {.vpp = 1},
    [CLX_PIPELINE_ZB_V] = {.vpp = 2},
    [CLX_PIPELINE_DUALPIPE] = {.vpp = 1, .even = true, .micro_batches = 2},
};

static void check_schedule(check *c, const clx_layout *l, double micro_batches) {
  const int32_t kind = clx_training_schedule(l);
  const char *name = clx_pipeline_kind_name[kind];
  const schedule_rule *rule = &SCHEDULE_RULES[kind];
  DEMAND(c, rule->vpp <= 0 || l->vpp == rule->vpp, "schedule %s needs vpp %d, vpp is %d", name, rule->vpp, l->vpp);
  DEMAND(c, rule->vpp >= 0 || l->vpp > 1, "schedule %s needs vpp above 1", name);
  DEMAND(c, !rule->even || (l->pp > 1 && l->pp % 2 == 0), "schedule %s needs an even number of stages, pp is %d", name,
         l->pp);
  DEMAND(c, micro_batches >= (double)rule->micro_batches * l->pp,
         "schedule %s: the %.0f micro-batches of a step are fewer than %d x pp %d", name, micro_batches,
         rule->micro_batches, l->pp);
  DEMAND(c, !l->merge || kind == CLX_PIPELINE_1F1B || kind == CLX_PIPELINE_INTERLEAVED || kind == CLX_PIPELINE_DUALPIPE,
         "'merge' goes with 1f1b and interleaved (dualpipe always merges), the schedule is %s", name);
  DEMAND(c, l->group == 0 || kind == CLX_PIPELINE_INTERLEAVED, "'group' goes with interleaved, the schedule is %s",
         name);
  DEMAND(c, l->group <= micro_batches, "'group' is %d, a step has %.0f micro-batches", l->group, micro_batches);
  DEMAND(c, (int64_t)l->pp * l->vpp <= CLX_CHUNKS_MAX, "pp %d x vpp %d is more than %d chunks", l->pp, l->vpp,
         CLX_CHUNKS_MAX);
}

// Below a fifth of the board power clocks are at their floor: the power model ends there.
static void check_power_cap(check *c, const clx_training *job) {
  const double tdp = job->device->tdp, cap = job->power_cap;
  DEMAND(c, cap <= 0 || tdp <= 0 || (cap <= tdp && cap >= 0.2 * tdp),
         "power_cap of %.0f W: %s can be limited to between %.0f and %.0f W", cap, job->device->name, 0.2 * tdp, tdp);
}

clx_status clx_training_check(const clx_training *job, int64_t gpus, clx_error *error) {
  const clx_layout *l = &job->layout;
  check c = {CLX_OK, l->place, error};
  check_degrees(&c, l);
  if (c.status != CLX_OK) return c.status;
  const double world = clx_layout_ranks(l);
  const bool fewer = gpus < job->machine_gpus;
  DEMAND(&c, world <= (double)gpus, "the layout asks for tp %d x cp %d x pp %d x dp %d = %.0f GPUs, the %s %lld%s",
         l->tp, l->cp, l->pp, l->dp, world, fewer ? "job may use" : "machine has", (long long)gpus,
         fewer ? " (training.gpus)" : "");
  if (c.status != CLX_OK) return c.status;  // from here on products of degrees are as small as the machine
  const int64_t usable = clx_training_usable_gpus(job, gpus);
  DEMAND(
      &c, world <= (double)usable,
      "the layout asks for %.0f GPUs; with groups of tp %d and ep %d x etp %d whole in NVLink domains of %d GPUs the "
      "machine offers %lld",
      world, l->tp, l->ep, l->etp, job->network->domain, (long long)usable);
  check_model_split(&c, job->model, job->software, l, job->sequence);
  check_stage_list(&c, job->model, l);
  const double per_wave = (double)l->micro_batch * l->dp;
  DEMAND(&c, job->global_batch >= per_wave, "global batch %.0f is smaller than micro_batch %d x dp %d = %.0f",
         job->global_batch, l->micro_batch, l->dp, per_wave);
  check_schedule(&c, l, clx_training_micro_batches(job));
  DEMAND(&c, l->offload <= 0 || job->device->host_link > 0 || job->device->pcie > 0,
         "'offload': the catalogue does not say how fast %s reaches host memory (host_link, pcie)", job->device->name);
  check_power_cap(&c, job);
  const clx_format format = clx_precision_format(job->precision);
  DEMAND(&c, job->device->peak[format] > 0, "%s has no %s arithmetic", job->device->name, clx_format_name[format]);
  // Units that take a scale for each 32 elements came with fp4 (Blackwell, CDNA4).
  DEMAND(&c, job->precision != CLX_PRECISION_MXFP8 || job->device->peak[CLX_FP4] > 0,
         "%s has no units for mxfp8 (a scale for each 32 elements): fp8_block is the block-scaled format of Hopper",
         job->device->name);
  return c.status;
}

// Most experts of a rank in the runs that the host's time for each expert comes from (docs/model/training/experts.md).
static const int32_t EXPERTS_KNOWN = 16;

static bool many_experts(const clx_training *job) {
  const clx_transformer *m = job->model;
  const clx_software *s = job->software;
  const bool scaled = job->precision == CLX_PRECISION_MXFP8 || job->precision == CLX_PRECISION_NVFP4;
  const bool fused = s->fused_experts && scaled && job->layout.micro_batch == 1;
  const bool each = !fused && (clx_precision_format(job->precision) != CLX_BF16 || m->mlp_bias);
  return m->experts > 0 && each && m->experts / job->layout.ep > EXPERTS_KNOWN && !s->cuda_graphs &&
         s->expert_host_each > 0;
}

int32_t clx_training_extrapolations(const clx_training *job, const char *text[CLX_EXTRAPOLATIONS_MAX]) {
  int32_t count = 0;
  const clx_device *d = job->device;
  const clx_format format = clx_precision_format(job->precision);
  if (d->kernels->gemm[clx_precision_kernel(job->precision)].fit.rows == 0)
    text[count++] = "matrix products of the device were not measured in this format";
  if (d->multiply_energy[format] <= 0 && d->sustained_clock[format] <= 0)
    text[count++] = "the energy of its products is not known: full clock assumed";
  if (many_experts(job)) text[count++] = "the host's time for each expert is known up to 16 experts a rank";
  return count;
}
