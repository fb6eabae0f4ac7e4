// Discrete changes: one of them at a time, on the same GPUs, and what it does to throughput or why it is impossible.
#include <math.h>
#include <stdio.h>

#include "twin/twin_why.h"
#include "unit/unit.h"

typedef enum change {
  TIMES,   // by `operand`
  SET,     // to `operand`
  NEXT,    // the next larger value that the GPUs, the model and the batch allow
  BEFORE,  // the next smaller one
  TOGGLE   // of a bool
} change;

typedef enum number { INT, REAL } number;

typedef struct move {
  const char *key, *title;  // title: what changes, before " A to B"
  clx_why_part part;
  size_t offset;
  number number;
  change change;
  double operand;
  const char *const *names;  // of choices; NULL = numbers
  bool degree;               // of parallelism: dp makes up for it, so that the GPUs stay the same
  bool experts;              // of models with experts only
  int32_t vpp;               // chunks a stage that go with it; 0 = as they are
} move;

#define LAYOUT(member) \
  .part = CLX_WHY_JOB, .offset = offsetof(clx_training, layout) + offsetof(clx_layout, member), .number = INT
#define JOB(member, type) .part = CLX_WHY_JOB, .offset = offsetof(clx_training, member), .number = (type)
#define SOFTWARE(member) .part = CLX_WHY_SOFTWARE, .offset = offsetof(clx_software, member), .number = INT
#define DEGREE(member, has_experts)                                                             \
  {.key = #member "_more",                                                                      \
   .title = #member,                                                                            \
   LAYOUT(member),                                                                              \
   .change = NEXT,                                                                              \
   .degree = true,                                                                              \
   .experts = (has_experts)},                                                                   \
  {                                                                                             \
    .key = #member "_less", .title = #member, LAYOUT(member), .change = BEFORE, .degree = true, \
    .experts = (has_experts)                                                                    \
  }
#define TWICE(name, text, ...)                                                            \
  {.key = name "_double", .title = (text), __VA_ARGS__, .change = TIMES, .operand = 2}, { \
    .key = name "_half", .title = (text), __VA_ARGS__, .change = TIMES, .operand = 0.5    \
  }
#define RECOMPUTE(name, value)                                                                            \
  {                                                                                                       \
    .key = "recompute_" name, .title = "recompute", LAYOUT(recompute), .change = SET, .operand = (value), \
    .names = clx_recompute_name                                                                           \
  }
#define SHARDING(name, value)                                                                          \
  {                                                                                                    \
    .key = "sharding_" name, .title = "sharding", LAYOUT(sharding), .change = SET, .operand = (value), \
    .names = clx_sharding_name                                                                         \
  }
#define EXCHANGE(name, value)                                                                                         \
  {                                                                                                                   \
    .key = "context_" name, .title = "context exchange", LAYOUT(context_exchange), .change = SET, .operand = (value), \
    .names = clx_context_exchange_name                                                                                \
  }
#define SCHEDULE(name, kind, chunks)                                                    \
  {                                                                                     \
    .key = "schedule_" name, .title = "schedule", LAYOUT(schedule), .change = SET,      \
    .operand = CLX_SCHEDULE_FIRST + (kind), .names = clx_schedule_name, .vpp = (chunks) \
  }
#define PRECISION(name, value)                                                                              \
  {                                                                                                         \
    .key = "precision_" name, .title = "precision", JOB(precision, INT), .change = SET, .operand = (value), \
    .names = clx_precision_name                                                                             \
  }
#define FEATURE(member, text) \
  { .key = #member, .title = (text), SOFTWARE(member), .change = TOGGLE, .names = SWITCH }

static const char *const SWITCH[] = {"off", "on", NULL};

static const move MOVES[] = {
    TWICE("micro_batch", "micro-batch", LAYOUT(micro_batch)),
    DEGREE(tp, false),
    DEGREE(pp, false),
    DEGREE(vpp, false),
    DEGREE(cp, false),
    DEGREE(ep, true),
    RECOMPUTE("none", CLX_RECOMPUTE_NONE),
    RECOMPUTE("selective", CLX_RECOMPUTE_SELECTIVE),
    RECOMPUTE("full", CLX_RECOMPUTE_FULL),
    SHARDING("none", CLX_SHARDING_NONE),
    SHARDING("zero1", CLX_SHARDING_ZERO1),
    SHARDING("zero2", CLX_SHARDING_ZERO2),
    SHARDING("fsdp", CLX_SHARDING_FSDP),
    SCHEDULE("1f1b", CLX_PIPELINE_1F1B, 1),
    SCHEDULE("interleaved", CLX_PIPELINE_INTERLEAVED, 0),
    SCHEDULE("zb_h1", CLX_PIPELINE_ZB_H1, 1),
    SCHEDULE("zb_v", CLX_PIPELINE_ZB_V, 2),
    SCHEDULE("dualpipe", CLX_PIPELINE_DUALPIPE, 1),
    EXCHANGE("ring", CLX_CONTEXT_RING),
    EXCHANGE("all_to_all", CLX_CONTEXT_ALL_TO_ALL),
    {.key = "sequence_parallel",
     .title = "sequence parallelism",
     LAYOUT(sequence_parallel),
     .change = TOGGLE,
     .names = SWITCH},
    {.key = "merge",
     .title = "forward merged with backward passes",
     LAYOUT(merge),
     .change = TOGGLE,
     .names = SWITCH,
     .experts = true},
    TWICE("global_batch", "global batch", JOB(global_batch, REAL)),
    TWICE("sequence", "sequence", JOB(sequence, REAL)),
    PRECISION("bf16", CLX_PRECISION_BF16),
    PRECISION("fp8", CLX_PRECISION_FP8),
    PRECISION("nvfp4", CLX_PRECISION_NVFP4),
    FEATURE(tp_async, "TP transfers beside backward GEMMs"),
    FEATURE(separate_projections, "separate projections"),
    FEATURE(recompute_early_stop, "early stop of recompute"),
    FEATURE(dp_overlap, "overlap of gradient reduction"),
    FEATURE(gather_overlap, "overlap of parameter gather"),
    FEATURE(pp_overlap, "overlap of stage transfers"),
    FEATURE(pp_scatter, "stage transfers in slices of tp"),
    FEATURE(reduce_scatter, "gradients by reduce-scatter"),
    FEATURE(cuda_graphs, "CUDA graphs"),
    FEATURE(fused_experts, "experts in one fused kernel"),
    FEATURE(activation_offload, "offload of activations that do not fit"),
    FEATURE(flash_attention, "flash attention"),
    FEATURE(native_attention, "attention kernel for Hopper and later"),
};

// --- changing one thing ----------------------------------------------------------------------------------------------

static double read_number(const move *m, clx_why_case *c) {
  const char *at = (const char *)clx_why_object(c, m->part, 0) + m->offset;
  return m->number == REAL ? *(const double *)(const void *)at : *(const int32_t *)(const void *)at;
}

static void write_number(const move *m, clx_why_case *c, double value) {
  char *at = (char *)clx_why_object(c, m->part, 0) + m->offset;
  if (m->number == REAL) {
    *(double *)(void *)at = value;
  } else {
    *(int32_t *)(void *)at = (int32_t)value;
  }
}

// What a new degree drags along: a list of layers by chunk holds no more, one stage has one chunk.
static void follow(clx_layout *l, int64_t gpus) {
  const int64_t ranks = (int64_t)l->tp * l->pp * l->cp;
  if (l->stage_layer_count != l->pp * l->vpp) l->stage_layer_count = 0;
  if (l->pp == 1) l->vpp = 1;
  l->dp = (int32_t)(gpus / ranks);
  if (l->shard_group > 0 && (l->shard_group > l->dp || l->dp % l->shard_group != 0)) l->shard_group = 0;
}

// "auto" to what it is already: no change.
static bool same_pipeline(const move *m, const clx_layout *a, const clx_layout *b) {
  if (m->names != clx_schedule_name) return false;
  return a->pp == 1 || (a->vpp == b->vpp && clx_training_schedule(a) == clx_training_schedule(b));
}

static clx_status try_value(const move *m, const clx_scenario *s, const clx_training *job, double value,
                            clx_why_case *c, clx_error *why) {
  const int64_t gpus = (int64_t)clx_layout_ranks(&job->layout);
  clx_why_copy(job, c);
  write_number(m, c, value);
  c->job.layout.place = (clx_place){0};
  if (m->vpp > 0) c->job.layout.vpp = m->vpp;
  if (m->degree || m->vpp > 0) follow(&c->job.layout, gpus);
  clx_error_clear(why);
  if (same_pipeline(m, &job->layout, &c->job.layout)) return CLX_INPUT;
  if ((int64_t)clx_layout_ranks(&c->job.layout) != gpus) {
    return clx_fail_plain(why, CLX_INPUT, "%s %.0f does not divide the %lld GPUs of the job", m->title, value,
                          (long long)gpus);
  }
  return clx_training_check(&c->job, s->job_gpus, why);
}

// The first degree beyond the present one that the checks let pass, up to eight times as far.
static clx_status search_degree(const move *m, const clx_scenario *s, const clx_training *job, double from, double *to,
                                clx_why_case *c, clx_error *why) {
  const int32_t first = (int32_t)from, most = 8 * first, step = m->change == NEXT ? 1 : -1;
  for (int32_t value = first + step; value >= 1 && value <= most; value += step) {
    *to = value;
    if (try_value(m, s, job, value, c, why) == CLX_OK) return CLX_OK;
  }
  *to = m->change == NEXT ? 2 * from : floor(from / 2);  // says best why not
  if (*to < 1) return CLX_INPUT;
  return try_value(m, s, job, *to, c, why);
}

static clx_status apply(const move *m, const clx_scenario *s, const clx_training *job, double from, double *to,
                        clx_why_case *c, clx_error *why) {
  switch (m->change) {
    case NEXT:
    case BEFORE:
      return search_degree(m, s, job, from, to, c, why);
    case TIMES:
      *to = from * m->operand;
      break;
    case SET:
      *to = m->operand;
      break;
    case TOGGLE:
      *to = from == 0 ? 1 : 0;
      break;
  }
  if (*to == from || *to != floor(*to)) return CLX_INPUT;
  return try_value(m, s, job, *to, c, why);
}

// --- results ---------------------------------------------------------------------------------------------------------

static const char *shown(const move *m, double value, char *text, size_t size) {
  if (m->names != NULL) return m->names[(int32_t)value];
  return clx_quantity_format(value, "", 12, text, size);
}

static clx_status put_text(const move *m, const char *what, const char *text, clx_result *result, clx_error *error) {
  char name[96];
  snprintf(name, sizeof name, "why.move.%s.%s", m->key, what);
  return clx_result_add_text(result, name, text, error);
}

// What changes, and what goes with it: chunks, recompute.
static clx_status put_title(const move *m, const clx_training *job, const clx_why_case *c, double from, double to,
                            clx_result *result, clx_error *error) {
  char text[192], a[32], b[32];
  const clx_layout *old = &job->layout, *new = &c->job.layout;
  size_t n = m->names == SWITCH ? (size_t)snprintf(text, sizeof text, "%s %s", m->title, SWITCH[to != 0 ? 1 : 0])
                                : (size_t)snprintf(text, sizeof text, "%s %s to %s", m->title,
                                                   shown(m, from, a, sizeof a), shown(m, to, b, sizeof b));
  if (m->vpp > 0) n += (size_t)snprintf(text + n, sizeof text - n, ", vpp %d", new->vpp);
  if (m->names != clx_recompute_name && (new->recompute != old->recompute)) {
    snprintf(text + n, sizeof text - n, ", recompute %s", clx_recompute_name[new->recompute]);
  }
  return put_text(m, "title", text, result, error);
}

static clx_status put_number(const move *m, const char *what, double value, const char *unit, const char *doc,
                             clx_result *result, clx_error *error) {
  char name[96];
  snprintf(name, sizeof name, "why.move.%s.%s", m->key, what);
  return clx_twin_put(result, name, value, unit, doc, error);
}

static clx_status put_possible(const move *m, double gain, const clx_step *step, const clx_memory *memory,
                               clx_result *result, clx_error *error) {
  CLX_TRY(put_number(m, "possible", 1, "", "1: it can be carried out", result, error));
  CLX_TRY(put_number(m, "gain", gain, "", "tokens per second more, as a share", result, error));
  CLX_TRY(put_number(m, "step_time", step->step_time, "s", "one optimizer step after the change", result, error));
  return put_number(m, "memory", memory->total, "B", "per GPU of the heaviest stage after the change", result, error);
}

static clx_status put_impossible(const move *m, const char *why, clx_result *result, clx_error *error) {
  CLX_TRY(put_number(m, "possible", 0, "", "1: it can be carried out", result, error));
  return put_text(m, "impossible", why, result, error);
}

// Memory as a run would find it: recompute that the scenario leaves open is chosen anew, and what was given is only raised where
// the change does not fit without. *asked: with recompute as it was. A change of recompute is taken at its word.
static clx_status settle(const move *m, const clx_scenario *s, clx_why_case *c, double *asked, clx_memory *memory,
                         clx_error *error) {
  const clx_layout *given = &s->job.layout;
  clx_layout *l = &c->job.layout;
  const bool open = given->tp > 0 && given->recompute == CLX_RECOMPUTE_DEFAULT;
  CLX_TRY(clx_training_memory(&c->job, memory, error));
  *asked = memory->total;
  if (m->names == clx_recompute_name || (!open && *asked <= s->device_memory)) return CLX_OK;
  l->recompute = CLX_RECOMPUTE_DEFAULT;
  l->recompute_share = given->tp > 0 ? given->recompute_share : 1;
  if (open) l->offload = given->offload;
  return clx_twin_settle(&c->job, s->device_memory, memory, error);
}

static clx_status put_too_big(const move *m, double asked, const clx_memory *memory, double capacity,
                              clx_result *result, clx_error *error) {
  char text[160], need[32], have[32], least[32];
  const size_t n = (size_t)snprintf(text, sizeof text, "needs %s of %s per GPU",
                                    clx_quantity_format(asked, "B", 4, need, sizeof need),
                                    clx_quantity_format(capacity, "B", 4, have, sizeof have));
  if (memory->total < asked) {
    snprintf(text + n, sizeof text - n, ", %s with full recompute",
             clx_quantity_format(memory->total, "B", 4, least, sizeof least));
  }
  return put_impossible(m, text, result, error);
}

static clx_status weigh(const move *m, const clx_training *job, const clx_step *base, const clx_why_case *c,
                        clx_memory *memory, clx_result *result, clx_error *error) {
  clx_step step;
  clx_error why;
  clx_error_clear(&why);
  const clx_status status = clx_why_step(c, &step, &why);
  if (status == CLX_MEMORY) return clx_fail_plain(error, status, "out of memory");
  if (status != CLX_OK) return put_impossible(m, why.mistake[0].text, result, error);
  const double tokens = c->job.global_batch * c->job.sequence, before = job->global_batch * job->sequence;
  const double gain = tokens / step.step_time / (before / base->step_time) - 1;
  return put_possible(m, gain, &step, memory, result, error);
}

static clx_status try_move(const move *m, const clx_scenario *s, const clx_training *job, const clx_step *base,
                           clx_why_case *c, clx_result *result, clx_error *error) {
  clx_error why;
  clx_memory memory;
  double asked = 0;
  clx_error_clear(&why);
  clx_why_copy(job, c);
  const double from = read_number(m, c);
  double to = from;
  const clx_status status = apply(m, s, job, from, &to, c, &why);
  if (status != CLX_OK && why.count == 0) return CLX_OK;  // there is no such change
  if (status == CLX_OK) CLX_TRY(settle(m, s, c, &asked, &memory, error));
  const bool fits = status != CLX_OK || memory.total <= s->device_memory;
  if (!fits) c->job.layout.recompute = job->layout.recompute;  // of no help, so not named
  CLX_TRY(put_title(m, job, c, from, to, result, error));
  if (status != CLX_OK) return put_impossible(m, why.mistake[0].text, result, error);
  if (!fits) return put_too_big(m, asked, &memory, s->device_memory, result, error);
  return weigh(m, job, base, c, &memory, result, error);
}

clx_status clx_why_moves(const clx_scenario *s, const clx_training *job, const clx_step *base, clx_arena *arena,
                         clx_result *result, clx_error *error) {
  clx_why_case *c = CLX_NEW(arena, clx_why_case);
  if (c == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < CLX_COUNT(MOVES); i++) {
    if (MOVES[i].experts && job->model->experts == 0) continue;
    CLX_TRY(try_move(&MOVES[i], s, job, base, c, result, error));
  }
  return CLX_OK;
}
