// The values of every axis of the search. Why these: docs/model/training/search.md.
#include <math.h>
#include <stdlib.h>

#include "search/search.h"

const char *const clx_search_key_name[CLX_SEARCH_KEYS + 1] = {"tp",        "cp",
                                                              "ep",        "etp",
                                                              "dp",        "micro_batch",
                                                              "pp",        "vpp",
                                                              "schedule",  "sequence_parallel",
                                                              "recompute", "recompute_share",
                                                              "sharding",  "shard_group",
                                                              NULL};

const char *const clx_search_reason_name[CLX_SEARCH_REASONS + 1] = {
    "heads", "domain", "sequence", "gpus", "experts", "batch", "layers", "schedule", "groups", "memory", NULL};

const char *const clx_search_reason_text[CLX_SEARCH_REASONS + 1] = {
    "tp does not divide the attention heads",
    "groups of tp or ep do not fit whole into NVLink domains",
    "cp or tp do not divide the tokens of a micro-batch",
    "more GPUs than there are",
    "ep does not divide the experts, or ep x etp the ranks",
    "the batch is smaller than micro-batch x dp",
    "more chunks than layers, or interleaved chunks of unequal size",
    "too few micro-batches for the schedule; no such group or merge",
    "zero2 with several micro-batches, or groups that do not divide dp",
    "does not fit in memory",
    NULL};

static const int32_t TENSOR[] = {1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64};
static const int32_t GROUPS[] = {8, 64, 512};  // data-parallel ranks
static const double LEAST_TOKENS = 1024;       // of a sequence on one context-parallel rank
enum { CONTEXT_MAX = 64, EXPERT_TENSOR_MAX = 64, MICRO_BATCH_MAX = 16, STAGES_MAX = 64, CHUNKS_MAX = 16 };

bool clx_search_is_fixed(const clx_search_spec *spec, clx_search_key key) { return (spec->fixed >> key & 1) != 0; }

// The one value of a fixed key, else `values`.
static int32_t axis(const clx_search_spec *spec, clx_search_key key, int32_t given, const int32_t *values,
                    int32_t count, int32_t *out) {
  if (clx_search_is_fixed(spec, key)) {
    out[0] = given;
    return 1;
  }
  for (int32_t i = 0; i < count; i++) out[i] = values[i];
  return count;
}

// 1, 2, 4 ... up to `most`.
static int32_t doublings(const clx_search_spec *spec, clx_search_key key, int32_t given, double most, int32_t *out) {
  int32_t values[16], count = 0;
  for (int32_t v = 1; (v <= most || v == 1) && count < CLX_COUNT(values); v *= 2) values[count++] = v;
  return axis(spec, key, given, values, count, out);
}

static int compare_numbers(const void *a, const void *b) {
  const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
  return (x > y) - (x < y);
}

// Divisors of n up to INT32_MAX, ascending. O(sqrt(n)).
static int32_t divisors(int64_t n, int32_t room, int32_t *out) {
  int32_t count = 0;
  for (int64_t i = 1; i * i <= n && count + 2 <= room; i++) {
    if (n % i != 0) continue;
    if (i <= INT32_MAX) out[count++] = (int32_t)i;
    if (i != n / i && n / i <= INT32_MAX) out[count++] = (int32_t)(n / i);
  }
  qsort(out, (size_t)count, sizeof *out, compare_numbers);
  return count;
}

static void list_repeats(const clx_search_spec *spec, clx_search_space *s) {
  const clx_layout *l = &spec->job->layout;
  const bool kind_fixed = clx_search_is_fixed(spec, CLX_SEARCH_RECOMPUTE);
  const bool share_fixed = clx_search_is_fixed(spec, CLX_SEARCH_RECOMPUTE_SHARE);
  const int32_t given = clx_training_recompute(spec->job);
  for (int32_t kind = CLX_RECOMPUTE_NONE; kind < CLX_RECOMPUTE_FULL; kind++) {
    if (!kind_fixed || given == kind) s->repeat[s->repeat_count++] = (clx_search_repeat){kind, 1};
  }
  if (kind_fixed && given != CLX_RECOMPUTE_FULL) return;
  for (int32_t i = 1; i <= CLX_SEARCH_SHARES; i++) {
    const double share = share_fixed ? l->recompute_share : (double)i / CLX_SEARCH_SHARES;
    s->repeat[s->repeat_count++] = (clx_search_repeat){CLX_RECOMPUTE_FULL, share};
    if (share_fixed) return;
  }
}

static void list_shards(const clx_search_spec *spec, clx_search_space *s) {
  const clx_layout *l = &spec->job->layout;
  for (int32_t kind = CLX_SHARDING_NONE; kind <= CLX_SHARDING_HSDP; kind++) {
    if (clx_search_is_fixed(spec, CLX_SEARCH_SHARDING) && l->sharding != kind) continue;
    if (clx_search_is_fixed(spec, CLX_SEARCH_SHARD_GROUP)) {
      s->shards[s->shards_count++] = (clx_search_shards){kind, l->shard_group};
      continue;
    }
    const bool whole = kind != CLX_SHARDING_HSDP, groups = kind != CLX_SHARDING_NONE && kind != CLX_SHARDING_FSDP;
    if (whole) s->shards[s->shards_count++] = (clx_search_shards){kind, 0};
    for (int32_t i = 0; groups && i < CLX_COUNT(GROUPS); i++) {
      s->shards[s->shards_count++] = (clx_search_shards){kind, GROUPS[i]};
    }
  }
}

bool clx_search_has_shards(const clx_search_spec *spec, clx_search_shards shards, int32_t dp, int32_t cp) {
  const bool kind_fixed = clx_search_is_fixed(spec, CLX_SEARCH_SHARDING);
  if (!kind_fixed && shards.sharding != CLX_SHARDING_NONE && (int64_t)dp * cp == 1) return false;
  if (shards.group == 0 || clx_search_is_fixed(spec, CLX_SEARCH_SHARD_GROUP)) return true;
  return shards.group < dp && dp % shards.group == 0;
}

// What a schedule asks of the cut (clx_training_check).
static bool cut_has(int32_t schedule, int32_t pp, int32_t vpp) {
  switch (schedule - CLX_SCHEDULE_FIRST) {
    case CLX_PIPELINE_GPIPE:
    case CLX_PIPELINE_1F1B:
      return vpp == 1;
    case CLX_PIPELINE_INTERLEAVED:
      return vpp > 1;
    case CLX_PIPELINE_ZB_H1:
      return vpp == 1 && pp > 1;
    case CLX_PIPELINE_ZB_V:
      return vpp == 2 && pp > 1;
    case CLX_PIPELINE_DUALPIPE:
      return vpp == 1 && pp > 1 && pp % 2 == 0;
    default:
      return true;
  }
}

static clx_status list_cuts(const clx_search_spec *spec, clx_arena *arena, clx_search_space *s, clx_error *error) {
  static const int32_t SCHEDULES[] = {CLX_SCHEDULE_AUTO, CLX_SCHEDULE_FIRST + CLX_PIPELINE_ZB_H1,
                                      CLX_SCHEDULE_FIRST + CLX_PIPELINE_ZB_V,
                                      CLX_SCHEDULE_FIRST + CLX_PIPELINE_DUALPIPE};
  const clx_layout *l = &spec->job->layout;
  const int32_t units = spec->job->model->layers + (spec->job->software->split_embedding ? 2 : 0);
  const bool fixed = clx_search_is_fixed(spec, CLX_SEARCH_PP);
  const int32_t first = fixed ? l->pp : 1, most = units < STAGES_MAX ? units : STAGES_MAX, last = fixed ? l->pp : most;
  int32_t kind[CLX_COUNT(SCHEDULES)], chunks[CHUNKS_MAX];
  for (int32_t i = 0; i < CHUNKS_MAX; i++) chunks[i] = i + 1;
  const int32_t kinds =
      axis(spec, CLX_SEARCH_SCHEDULE, l->schedule, SCHEDULES, spec->schedules ? CLX_COUNT(SCHEDULES) : 1, kind);
  const int32_t chunk_count = axis(spec, CLX_SEARCH_VPP, l->vpp, chunks, CHUNKS_MAX, chunks);
  s->cut = CLX_NEW_ARRAY(arena, clx_search_cut, (last - first + 1) * chunk_count * kinds);
  if (s->cut == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t pp = first; pp <= last; pp++) {
    for (int32_t i = 0; i < chunk_count && (pp > 1 || i == 0); i++) {
      for (int32_t k = 0; k < kinds; k++) {
        if (cut_has(kind[k], pp, chunks[i])) s->cut[s->cut_count++] = (clx_search_cut){pp, chunks[i], kind[k]};
      }
    }
  }
  if (s->cut_count > 0) return CLX_OK;
  return clx_fail(error, CLX_INPUT, l->place, "no pp and vpp go with schedule %s and what else is fixed",
                  clx_schedule_name[l->schedule]);
}

clx_status clx_search_space_make(const clx_search_spec *spec, clx_arena *arena, clx_search_space *s, clx_error *error) {
  const clx_training *job = spec->job;
  const clx_layout *l = &job->layout;
  *s = (clx_search_space){0};
  const bool experts = job->model->experts > 0;
  s->tp_count = axis(spec, CLX_SEARCH_TP, l->tp, TENSOR, CLX_COUNT(TENSOR), s->tp);
  s->cp_count = doublings(spec, CLX_SEARCH_CP, l->cp, fmin(CONTEXT_MAX, job->sequence / LEAST_TOKENS), s->cp);
  s->etp_count = doublings(spec, CLX_SEARCH_ETP, l->etp, experts ? EXPERT_TENSOR_MAX : 1, s->etp);
  s->micro_batch_count = doublings(spec, CLX_SEARCH_MICRO_BATCH, l->micro_batch, MICRO_BATCH_MAX, s->micro_batch);
  int32_t found[CLX_SEARCH_DIVISORS_MAX];
  int32_t count = divisors(experts ? job->model->experts : 1, CLX_COUNT(s->ep), found);
  s->ep_count = axis(spec, CLX_SEARCH_EP, l->ep, found, count, s->ep);
  count = divisors((int64_t)job->global_batch, CLX_COUNT(found), found);
  s->dp_count = axis(spec, CLX_SEARCH_DP, l->dp, found, count, s->dp);
  const int32_t either[] = {0, 1};
  s->sequence_parallel_count =
      axis(spec, CLX_SEARCH_SEQUENCE_PARALLEL, l->sequence_parallel, either, CLX_COUNT(either), s->sequence_parallel);
  list_repeats(spec, s);
  list_shards(spec, s);
  return list_cuts(spec, arena, s, error);
}

int32_t clx_search_etp_count(const clx_search_spec *spec, const clx_search_space *space, int32_t tp) {
  if (clx_search_is_fixed(spec, CLX_SEARCH_ETP)) return 1;
  int32_t count = 0;
  while (count < space->etp_count && tp % space->etp[count] == 0) count++;
  return count;
}

int32_t clx_search_sequence_parallel_count(const clx_search_spec *spec, const clx_search_space *space, int32_t tp) {
  const bool both = tp > 1 || clx_search_is_fixed(spec, CLX_SEARCH_SEQUENCE_PARALLEL);
  return both ? space->sequence_parallel_count : 1;
}
