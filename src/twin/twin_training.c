// The training job: layout, memory, step, run.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "twin/twin_internal.h"
#include "unit/unit.h"

static const double SECONDS_PER_DAY = 86400;

typedef struct fit {
  clx_layout layout;
  const char *origin;
  char text[96];
} fit;

// --- layout -----------------------------------------------------------------------------------------------------------

void clx_twin_layout_text(const clx_layout *l, char *text, size_t size) {
  const struct {
    const char *name;
    int32_t value;
  } degrees[] = {{"VPP", l->vpp}, {"CP", l->cp}, {"EP", l->ep}, {"ETP", l->etp}};
  size_t n = (size_t)snprintf(text, size, "TP%d PP%d", l->tp, l->pp);
  for (int32_t i = 0; i < CLX_COUNT(degrees); i++) {
    if (degrees[i].value > 1) n += (size_t)snprintf(text + n, size - n, " %s%d", degrees[i].name, degrees[i].value);
  }
  n += (size_t)snprintf(text + n, size - n, " DP%d, micro-batch %d, %s", l->dp, l->micro_batch,
                        clx_sharding_name[l->sharding]);
  if (l->shard_group > 0) n += (size_t)snprintf(text + n, size - n, " over %d", l->shard_group);
  n += (size_t)snprintf(text + n, size - n, ", recompute %s", clx_recompute_name[l->recompute]);
  if (l->recompute == CLX_RECOMPUTE_FULL && l->recompute_share < 1) {
    n += (size_t)snprintf(text + n, size - n, " of %.0f %% of the layers", 100 * l->recompute_share);
  }
  if (l->schedule != CLX_SCHEDULE_AUTO)
    n += (size_t)snprintf(text + n, size - n, ", schedule %s", clx_schedule_name[l->schedule]);
  if (l->stage_layer_count > 0) snprintf(text + n, size - n, ", layers by chunk as listed");
}

// Keys that a layout states; those that it leaves open are searched. Without any layout sharding is, too.
static uint32_t stated(const clx_scenario *s, const clx_layout *l) {
  const struct {
    clx_search_key key;
    bool given;
  } keys[] = {{CLX_SEARCH_CP, l->cp > 0},
              {CLX_SEARCH_EP, l->ep > 0},
              {CLX_SEARCH_ETP, l->etp > 1},
              {CLX_SEARCH_DP, l->dp > 0},
              {CLX_SEARCH_MICRO_BATCH, l->micro_batch > 0},
              {CLX_SEARCH_PP, l->pp > 0},
              {CLX_SEARCH_VPP, l->vpp > 0},
              {CLX_SEARCH_SCHEDULE, l->schedule != CLX_SCHEDULE_AUTO},
              {CLX_SEARCH_SEQUENCE_PARALLEL, l->sequence_parallel >= 0},
              {CLX_SEARCH_RECOMPUTE, l->recompute != CLX_RECOMPUTE_DEFAULT},
              {CLX_SEARCH_RECOMPUTE_SHARE, l->recompute == CLX_RECOMPUTE_FULL},
              {CLX_SEARCH_SHARDING, s->spec.training.layout.place.line > 0},
              {CLX_SEARCH_SHARD_GROUP, s->spec.training.layout.place.line > 0}};
  uint32_t fixed = 0;
  for (int32_t i = 0; i < CLX_COUNT(keys); i++) fixed |= keys[i].given ? 1u << keys[i].key : 0;
  return fixed;
}

// The fastest of the usual layouts that fit (clx_search_spec.quick); *outcome is without its arrays.
static clx_status look(const clx_scenario *s, const clx_training *job, clx_layout *best, clx_search_outcome *outcome,
                       clx_error *error) {
  clx_arena *arena = clx_arena_new();
  *outcome = (clx_search_outcome){0};
  if (arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  clx_training free_job = *job;
  clx_layout *l = &free_job.layout;
  const clx_search_spec spec = {.job = &free_job,
                                .fixed = stated(s, l),
                                .gpus = s->job_gpus,
                                .memory_limit = s->device_memory,
                                .worth = {.base = 1},
                                .top = 1,
                                .quick = true};
  const clx_status status = clx_search_solve(&spec, arena, outcome, error);
  if (outcome->top_count > 0) *best = outcome->top[0].layout;
  outcome->top = outcome->front = NULL;
  clx_arena_free(arena);
  return status;
}

static clx_status too_big(const clx_scenario *s, const clx_training *job, const clx_memory *memory, clx_error *error) {
  int32_t heaviest = 0;
  for (int32_t k = 1; k < CLX_MEMORY_CLASSES; k++) {
    if (memory->bytes[k] > memory->bytes[heaviest]) heaviest = k;
  }
  char need[32], part[32], have[32], closest_text[200] = "none found";
  clx_quantity_format(memory->total, "B", 4, need, sizeof need);
  clx_quantity_format(memory->bytes[heaviest], "B", 4, part, sizeof part);
  clx_quantity_format(s->device_memory, "B", 4, have, sizeof have);
  clx_layout best = {0};
  clx_search_outcome outcome;
  clx_training free_job = *job;
  free_job.layout = (clx_layout){.etp = 1,
                                 .recompute_share = 1,
                                 .sharding = job->layout.sharding,
                                 .recompute = CLX_RECOMPUTE_DEFAULT,
                                 .sequence_parallel = job->layout.sequence_parallel};
  clx_error ignored = {0};
  if (look(s, &free_job, &best, &outcome, &ignored) == CLX_OK) {
    clx_twin_layout_text(&best, closest_text, sizeof closest_text);
  }
  return clx_fail(
      error, CLX_INFEASIBLE, job->layout.place,
      "does not fit: stage %d needs %s per GPU, %s has %s; the largest part is %s with %s. A layout that fits: %s",
      memory->stage + 1, need, job->device->name, have, clx_memory_class_name[heaviest], part, closest_text);
}

// Nothing could be tried at all: the plainest layout says why (heads, batch).
static clx_status nothing_to_try(const clx_scenario *s, const clx_training *job, clx_error *error) {
  clx_training plain = *job;
  plain.layout.tp = 1;
  clx_layout_complete(&plain.layout, job->software, s->job_gpus, job->global_batch);
  CLX_TRY(clx_training_check(&plain, s->job_gpus, error));
  return clx_fail(error, CLX_INFEASIBLE, s->spec.training.place, "no layout divides this model, batch and machine");
}

static clx_status nothing_fits(const clx_scenario *s, const clx_search_outcome *o, clx_error *error) {
  char need[32], have[32], text[200];
  clx_quantity_format(o->closest_memory, "B", 4, need, sizeof need);
  clx_quantity_format(s->device_memory, "B", 4, have, sizeof have);
  clx_twin_layout_text(&o->closest, text, sizeof text);
  return clx_fail(error, CLX_INFEASIBLE, s->spec.training.place,
                  "no layout of %.0f tried fits in %s per GPU; the closest needs %s: %s", o->looked, have, need, text);
}

static clx_status search(const clx_scenario *s, clx_training *job, fit *f, clx_error *error) {
  clx_layout best = {0};
  clx_search_outcome outcome;
  clx_error plain;
  clx_error_clear(&plain);
  const clx_status status = look(s, job, &best, &outcome, &plain);
  if (status == CLX_INFEASIBLE && outcome.looked == 0) return nothing_to_try(s, job, error);
  if (status == CLX_INFEASIBLE) return nothing_fits(s, &outcome, error);
  if (status != CLX_OK) {
    *error = plain;
    return status;
  }
  const clx_layout given = job->layout;
  job->layout = best;
  job->layout.stage_layers = given.stage_layers;
  job->layout.stage_layer_count = given.stage_layer_count;
  snprintf(f->text, sizeof f->text, "searched, %.0f tried; colossus search tries all", outcome.looked);
  f->origin = f->text;
  return clx_training_check(job, s->job_gpus, error);
}

// --- output -----------------------------------------------------------------------------------------------------------

static clx_status add_layout(const clx_scenario *s, const clx_training *job, const fit *f, clx_result *result,
                             clx_error *error) {
  const clx_layout *l = &job->layout;
  char text[200];
  clx_twin_layout_text(l, text, sizeof text);
  CLX_TRY(clx_result_add_text(result, "training.layout", text, error));
  CLX_TRY(clx_result_add_text(result, "training.layout_origin", f->origin, error));
  const int64_t used = (int64_t)clx_layout_ranks(l);
  const struct {
    const char *name;
    double value;
    const char *doc;
  } numbers[] = {{"machine.gpus_used", (double)used, "GPUs of the layout"},
                 {"machine.gpus_spare", (double)(s->machine.gpus - used), "GPUs beyond the layout"},
                 {"training.tp", l->tp, "tensor parallel"},
                 {"training.pp", l->pp, "pipeline stages"},
                 {"training.vpp", l->vpp, "chunks per stage"},
                 {"training.cp", l->cp, "context parallel"},
                 {"training.ep", l->ep, "expert parallel"},
                 {"training.etp", l->etp, "expert tensor parallel"},
                 {"training.dp", l->dp, "data parallel"},
                 {"training.micro_batch", l->micro_batch, "sequences per micro-batch"},
                 {"training.micro_batches", clx_training_micro_batches(job),
                  "micro-batches per step and rank; of the ranks with one more where the batch does not divide"},
                 {"training.global_batch", job->global_batch, "sequences per step"},
                 {"training.sequence", job->sequence, "tokens per sequence"},
                 {"training.recompute_share", l->recompute == CLX_RECOMPUTE_FULL ? l->recompute_share : 0,
                  "share of the layers recomputed in full"}};
  for (int32_t i = 0; i < CLX_COUNT(numbers); i++) {
    CLX_TRY(clx_twin_put(result, numbers[i].name, numbers[i].value, "", numbers[i].doc, error));
  }
  return CLX_OK;
}

static clx_status add_memory(const clx_memory *memory, double capacity, clx_result *result, clx_error *error) {
  for (int32_t k = 0; k < CLX_MEMORY_CLASSES; k++) {
    char name[64];
    snprintf(name, sizeof name, "training.memory.%s", clx_memory_class_name[k]);
    CLX_TRY(clx_twin_put(result, name, memory->bytes[k], "B", "per GPU of the heaviest stage", error));
  }
  CLX_TRY(clx_twin_put(result, "training.memory.total", memory->total, "B", "per GPU of the heaviest stage", error));
  CLX_TRY(clx_twin_put(result, "training.memory.capacity", capacity, "B", "memory of one GPU", error));
  return clx_twin_put(result, "training.memory.stage", memory->stage + 1, "", "the heaviest pipeline stage, from 1",
                      error);
}

static clx_status add_parts(const clx_step *step, clx_result *result, clx_error *error) {
  const struct {
    const char *name;
    double value;
    const char *doc;
  } parts[] = {{"training.part.gemm", step->gemm, "matrix products"},
               {"training.part.attention", step->attention, "attention kernels"},
               {"training.part.stream", step->stream, "elementwise work, norms, casts"},
               {"training.part.recompute", step->recompute, "forward work repeated in the backward pass"},
               {"training.part.tp_exposed", step->tp_exposed, "tensor-parallel communication not hidden"},
               {"training.part.cp_exposed", step->cp_exposed, "context-parallel communication not hidden"},
               {"training.part.ep_exposed", step->ep_exposed, "expert dispatch and combine not hidden"},
               {"training.part.pp_exposed", step->pp_exposed, "stage transfers not hidden"},
               {"training.part.dp_exposed", step->dp_exposed, "gradient and parameter collectives not hidden"},
               {"training.part.contention", step->contention, "transfers slowed by others on the same links"},
               {"training.part.bubble", step->bubble, "pipeline fill and drain"},
               {"training.part.optimizer", step->optimizer, "optimizer and per-step work"},
               {"training.part.launch", step->launch, "device waiting for the host"},
               {"training.part.jitter", step->jitter, "waiting for the slowest rank"}};
  const char *bound_by = NULL;
  double largest = 0;
  for (int32_t i = 0; i < CLX_COUNT(parts); i++) {
    CLX_TRY(clx_twin_put(result, parts[i].name, parts[i].value, "s", parts[i].doc, error));
    if (parts[i].value > largest) {
      largest = parts[i].value;
      bound_by = parts[i].doc;
    }
  }
  return clx_result_add_text(result, "training.bound_by", bound_by, error);
}

// Figures of the device when the record has enough rows of it, else of all.
static const clx_error_figures *figures_of(const clx_accuracy *a, const char *device) {
  enum { ENOUGH = 10 };
  for (int32_t i = 0; i < a->device_count; i++) {
    if (clx_text_equal(a->by_device[i].device, device) && a->by_device[i].rows >= ENOUGH) return &a->by_device[i];
  }
  return &a->all;
}

static clx_status add_rates(const clx_scenario *s, const clx_training *job, const clx_step *step, clx_result *result,
                            clx_error *error) {
  const clx_layout *l = &job->layout;
  const double gpus = clx_layout_ranks(l), tokens = job->global_batch * job->sequence;
  const double flop = clx_flop_per_token(job->model, job->sequence, (clx_flop_convention)s->spec.training.convention);
  const double peak = job->device->peak[clx_precision_format(job->precision)];
  const double rate = tokens / step->step_time, spread = figures_of(&s->accuracy, job->device->name)->p90;
  const clx_parameters count = clx_parameter_count(job->model);
  CLX_TRY(clx_result_add_text(result, "training.flop_convention", clx_flop_convention_name[s->spec.training.convention],
                              error));
  CLX_TRY(clx_twin_put(result, "training.parameters", count.total, "", "parameters of the model", error));
  CLX_TRY(clx_twin_put(result, "training.parameters_active", count.active, "", "parameters used per token", error));
  CLX_TRY(clx_twin_put(result, "training.flop_per_token", flop, "FLOP", "forward and backward, by the convention named",
                       error));
  CLX_TRY(clx_result_add(result, "training.step_time", step->step_time, "s", step->step_time * (1 - spread),
                         step->step_time * (1 + spread),
                         "one optimizer step; band: 90th percentile of the validation error", error));
  CLX_TRY(clx_result_add(
      result, "training.mfu", rate * flop / (gpus * peak), "", rate * flop / (gpus * peak) / (1 + spread),
      fmin(1, rate * flop / (gpus * peak) / (1 - spread)), "model FLOP utilisation of the GPUs in the layout", error));
  CLX_TRY(clx_twin_put(result, "training.mfu_peak", peak, "FLOP/s", "dense peak the MFU refers to", error));
  CLX_TRY(clx_twin_put(result, "training.tokens_per_second", rate, "tokens/s", "of the job", error));
  CLX_TRY(clx_twin_put(result, "training.tokens_per_second_per_gpu", rate / gpus, "tokens/s", "per GPU in the layout",
                       error));
  CLX_TRY(clx_twin_put(result, "training.tokens_per_day", rate * SECONDS_PER_DAY, "tokens", "without failures", error));
  const double total = (double)s->spec.training.tokens;
  if (total <= 0) return CLX_OK;
  const double duration = total / rate;
  CLX_TRY(clx_twin_put(result, "training.tokens", total, "tokens", "of the run", error));
  CLX_TRY(clx_twin_put(result, "training.steps", ceil(total / tokens), "", "optimizer steps of the run", error));
  return clx_result_add(result, "training.duration", duration, "s", duration * (1 - spread), duration * (1 + spread),
                        "of the run, without failures", error);
}

clx_status clx_twin_accuracy(const clx_accuracy *a, const clx_training *job, clx_result *result, clx_error *error) {
  const clx_error_figures *f = figures_of(a, job->device->name);
  const clx_layout *l = &job->layout;
  const int64_t gpus = (int64_t)clx_layout_ranks(l);
  char text[240];
  snprintf(text, sizeof text,
           "step time on %d published runs%s%s: mean |error| %.1f %%, median %.1f %%, 90th percentile %.0f %%", f->rows,
           f->device != NULL ? " of " : "", f->device != NULL ? f->device : "", 100 * f->mean, 100 * f->median,
           100 * f->p90);
  CLX_TRY(clx_result_add_text(result, "accuracy.statement", text, error));
  if (f->device == NULL) {
    CLX_TRY(clx_result_warn(result, error,
                            "the record has fewer than 10 runs of %s: the error stated is that of all devices",
                            job->device->name));
  }
  const char *beyond[CLX_EXTRAPOLATIONS_MAX];
  const int32_t count = clx_training_extrapolations(job, beyond);
  for (int32_t i = 0; i < count; i++) {
    CLX_TRY(clx_result_warn(result, error, "extrapolated: %s: %s", job->device->name, beyond[i]));
  }
  if (gpus <= a->largest) return CLX_OK;
  return clx_result_warn(result, error, "extrapolated: the largest run in the record has %lld GPUs, this job %lld",
                         (long long)a->largest, (long long)gpus);
}

// Profiles that use the memory of a host with a coherent link put there what does not fit, in sixteenths; but no score matrices
// of attention, which recompute drops.
static clx_status offload(clx_training *job, double capacity, clx_memory *memory, clx_error *error) {
  if (!clx_training_fused_attention(job)) return CLX_OK;
  if (!job->software->activation_offload || job->device->host_link <= 0 || job->layout.offload > 0) return CLX_OK;
  const double over = memory->total - capacity, kept = memory->bytes[CLX_MEMORY_ACTIVATIONS];
  if (over <= 0 || over > kept) return CLX_OK;
  job->layout.offload = fmin(1, ceil(16 * over / kept) / 16);
  CLX_TRY(clx_training_memory(job, memory, error));
  while (memory->total > capacity && job->layout.offload < 1) {
    job->layout.offload = fmin(1, job->layout.offload + 1.0 / 16);
    CLX_TRY(clx_training_memory(job, memory, error));
  }
  if (memory->total <= capacity) return CLX_OK;
  job->layout.offload = 0;
  return clx_training_memory(job, memory, error);
}

clx_status clx_twin_settle(clx_training *job, double capacity, clx_memory *memory, clx_error *error) {
  const bool open = job->layout.recompute == CLX_RECOMPUTE_DEFAULT;
  job->layout.recompute = clx_training_recompute(job);
  CLX_TRY(clx_training_memory(job, memory, error));
  if (!open || memory->total <= capacity) return CLX_OK;
  job->layout.recompute = CLX_RECOMPUTE_NONE;
  CLX_TRY(clx_training_memory(job, memory, error));
  CLX_TRY(offload(job, capacity, memory, error));
  while (memory->total > capacity && job->layout.recompute < CLX_RECOMPUTE_FULL) {
    job->layout.recompute++;
    CLX_TRY(clx_training_memory(job, memory, error));
  }
  const bool partly = job->layout.recompute == CLX_RECOMPUTE_FULL && memory->total <= capacity;
  return partly ? clx_training_least_share(job, capacity, memory, error) : CLX_OK;
}

// Layout and recompute, checked against memory.
static clx_status settle_job(const clx_scenario *s, bool ran, clx_training *job, fit *f, clx_memory *memory,
                             clx_error *error) {
  *job = s->job;
  f->origin = "given";
  if (job->layout.tp == 0) CLX_TRY(search(s, job, f, error));
  CLX_TRY(clx_twin_settle(job, s->device_memory, memory, error));
  if (memory->total <= s->device_memory || ran) return CLX_OK;
  return too_big(s, job, memory, error);
}

clx_status clx_twin_solve_training(const clx_scenario *s, bool ran, clx_training *job, clx_memory *memory,
                                   clx_step *step, clx_error *error) {
  fit f = {0};
  CLX_TRY(settle_job(s, ran, job, &f, memory, error));
  return clx_twin_ranks(s, CLX_DEFAULT_SEED, job, step, NULL, error);
}

clx_status clx_twin_training(const clx_scenario *s, uint64_t seed, clx_result *result, clx_training *job,
                             clx_step *step, clx_error *error) {
  fit f = {0};
  clx_memory memory;
  CLX_TRY(settle_job(s, false, job, &f, &memory, error));
  CLX_TRY(clx_twin_ranks(s, seed, job, step, result, error));
  CLX_TRY(clx_result_add_text(result, "training.model", job->model->name, error));
  CLX_TRY(clx_result_add_text(result, "training.software", job->software->name, error));
  CLX_TRY(clx_result_add_text(result, "training.precision", clx_precision_name[job->precision], error));
  CLX_TRY(add_layout(s, job, &f, result, error));
  CLX_TRY(add_memory(&memory, s->device_memory, result, error));
  CLX_TRY(add_parts(step, result, error));
  CLX_TRY(add_rates(s, job, step, result, error));
  CLX_TRY(clx_twin_accuracy(&s->accuracy, job, result, error));
  return CLX_OK;
}
