// Every member of the space, once. Constraints that need few degrees come first and reject all that share them at a stroke; what
// many members have in common (costs of layers, kept activations, states, stages) is computed once.
#include <math.h>

#include "search/search_internal.h"
#include "training/training_exact.h"

enum { RECOMPUTES = CLX_RECOMPUTE_FULL + 1, QUICK_SHARES = 4 };

// Costs of layers of one tp, cp, ep, etp; of one dp and group, too, where layers gather their weights.
typedef struct memo {
  int64_t stamp;  // of the node it was computed for
  clx_training_costs costs;
  clx_training_slots slots;
} memo;

typedef struct walk {
  const clx_search_spec *spec;
  const clx_search_space *space;
  clx_search_keep *keep;
  clx_search_outcome *outcome;
  clx_error *error;
  bool look;
  clx_training job;  // its layout is the member at hand
  double members, done;
  int32_t *upto;          // [pp]: cuts with at most pp stages
  int32_t *valid;         // cuts whose chunks divide the layers
  int32_t *valid_before;  // [cut_count + 1]: valid ones among the first
  int32_t stages_most;
  clx_stage_run *run;       // of all valid cuts
  int32_t *first_run;       // [valid + 1]
  double *state;            // [runs][shards]: B
  memo *plain;              // [micro_batch][sequence_parallel][repeat]
  memo *gathered;           // [micro_batch][sequence_parallel][repeat][shards]
  clx_training_kept *kept;  // [micro_batch][sequence_parallel][RECOMPUTES]
  int64_t *kept_stamp;
  int64_t stamp, dp_stamp;         // of tp, cp, ep, etp; and dp
  int32_t shard[24], shard_count;  // that stand beside dp and cp
  double transfer;                 // s, of micro_batch
  double *spread;                  // [pp], of dp
} walk;

// --- what all members share -----------------------------------------------------------------------------------------------

static double units_of(const walk *w) { return w->job.model->layers + (w->job.software->split_embedding ? 2 : 0); }

// Chunks of interleaving are equal (as clx_training_chunks cuts them), of plain stages need not be.
static bool cut_fits(const walk *w, clx_search_cut cut) {
  const int32_t layers = w->job.model->layers, chunks = cut.pp * cut.vpp;
  if (chunks > units_of(w) || (cut.vpp > 1 && cut.pp == 1)) return false;
  if (cut.pp > CLX_STAGES_MAX || chunks > CLX_CHUNKS_MAX) return false;
  if (cut.vpp == 1 || clx_search_is_fixed(w->spec, CLX_SEARCH_VPP)) return true;
  return layers % chunks == 0 ||
         (w->job.software->split_embedding && (layers + 2 + clx_training_mtp(&w->job)) % chunks == 0);
}

static clx_status no_memory(const walk *w) { return clx_fail_plain(w->error, CLX_MEMORY, "out of memory"); }

// Which cuts fit, and room for their runs: how many they are does not depend on tp.
static clx_status list_cuts(walk *w, clx_arena *arena) {
  const clx_search_space *s = w->space;
  clx_stage_run run[CLX_STAGES_MAX];
  w->stages_most = s->cut[s->cut_count - 1].pp;
  w->upto = CLX_NEW_ARRAY(arena, int32_t, w->stages_most + 1);
  w->valid = CLX_NEW_ARRAY(arena, int32_t, s->cut_count);
  w->valid_before = CLX_NEW_ARRAY(arena, int32_t, s->cut_count + 1);
  w->first_run = CLX_NEW_ARRAY(arena, int32_t, s->cut_count + 1);
  w->spread = CLX_NEW_ARRAY(arena, double, w->stages_most + 1);
  if (w->upto == NULL || w->valid == NULL || w->valid_before == NULL || w->first_run == NULL || w->spread == NULL)
    return no_memory(w);
  int32_t count = 0, runs = 0;
  for (int32_t i = 0; i < s->cut_count; i++) {
    w->upto[s->cut[i].pp] = i + 1;
    w->valid_before[i] = count;
    if (!cut_fits(w, s->cut[i])) continue;
    w->job.layout.pp = s->cut[i].pp;
    w->job.layout.vpp = s->cut[i].vpp;
    w->job.layout.schedule = s->cut[i].schedule;
    w->job.layout.tp = w->job.layout.ep = w->job.layout.etp = 1;
    w->first_run[count] = runs;
    runs += clx_training_runs(&w->job, run);
    w->valid[count++] = i;
  }
  w->valid_before[s->cut_count] = count;
  w->first_run[count] = runs;
  for (int32_t pp = 1; pp <= w->stages_most; pp++) {
    if (w->upto[pp] == 0) w->upto[pp] = w->upto[pp - 1];
  }
  w->run = CLX_NEW_ARRAY(arena, clx_stage_run, runs + 1);
  w->state = CLX_NEW_ARRAY(arena, double, (runs + 1) * s->shards_count);
  return w->run == NULL || w->state == NULL ? no_memory(w) : CLX_OK;
}

static clx_status walk_make(walk *w, clx_arena *arena) {
  const clx_search_space *s = w->space;
  const int32_t passes = s->micro_batch_count * s->sequence_parallel_count;
  w->job = *w->spec->job;
  w->job.layout.stage_layers = NULL;
  w->job.layout.stage_layer_count = 0;
  w->plain = CLX_NEW_ARRAY(arena, memo, passes * s->repeat_count);
  w->gathered = CLX_NEW_ARRAY(arena, memo, passes * s->repeat_count * s->shards_count);
  w->kept = CLX_NEW_ARRAY(arena, clx_training_kept, passes * RECOMPUTES);
  w->kept_stamp = CLX_NEW_ARRAY(arena, int64_t, passes * RECOMPUTES);
  if (w->plain == NULL || w->gathered == NULL || w->kept == NULL || w->kept_stamp == NULL) return no_memory(w);
  return list_cuts(w, arena);
}

// --- counting ---------------------------------------------------------------------------------------------------------------

static void reject(walk *w, clx_search_reason reason, double members) {
  if (w->look) return;
  w->outcome->rejected[reason] += members;
  w->done += members;
}

static int32_t shards_beside(const walk *w, int32_t dp, int32_t cp) {
  int32_t count = 0;
  for (int32_t i = 0; i < w->space->shards_count; i++)
    count += clx_search_has_shards(w->spec, w->space->shards[i], dp, cp);
  return count;
}

// Members of one tp, cp, ep, etp, dp and cut, over the other axes.
static double remainders(const walk *w, int32_t shards) {
  const clx_search_space *s = w->space;
  return (double)s->micro_batch_count * clx_search_sequence_parallel_count(w->spec, s, w->job.layout.tp) *
         s->repeat_count * shards;
}

// Members of one tp and cp.
static double members_of(const walk *w, int32_t tp, int32_t cp) {
  const clx_search_space *s = w->space;
  double shards = 0;
  for (int32_t i = 0; i < s->dp_count; i++) shards += shards_beside(w, s->dp[i], cp);
  return (double)s->ep_count * clx_search_etp_count(w->spec, s, tp) * shards * s->micro_batch_count * s->cut_count *
         clx_search_sequence_parallel_count(w->spec, s, tp) * s->repeat_count;
}

// --- one member -------------------------------------------------------------------------------------------------------------

static const memo *memo_of(walk *w, memo *m, int64_t stamp) {
  if (m->stamp != stamp) {
    m->costs = clx_training_costs_make(&w->job);
    m->slots = clx_training_slots_of(&m->costs);
    m->stamp = stamp;
  }
  return m;
}

static const clx_training_kept *kept_of(walk *w, int32_t pass) {
  const int32_t i = pass * RECOMPUTES + w->job.layout.recompute;
  if (w->kept_stamp[i] != w->stamp) {
    w->kept[i] = clx_training_kept_make(&w->job);
    w->kept_stamp[i] = w->stamp;
  }
  return &w->kept[i];
}

static bool gathers(int32_t sharding) { return sharding == CLX_SHARDING_FSDP || sharding == CLX_SHARDING_HSDP; }

// What the members that differ in their shards alone have in common.
typedef struct family {
  int32_t cut;                  // index among the valid
  int32_t memo;                 // index of costs
  double time;                  // s at least
  double kept[CLX_STAGES_MAX];  // B of activations, by run
} family;

static const clx_stage_run *runs_of(const walk *w, int32_t cut, int32_t *count) {
  *count = w->first_run[cut + 1] - w->first_run[cut];
  return &w->run[w->first_run[cut]];
}

// In the order of clx_training_memory's sums, for the same result to the bit.
static double memory_of(const walk *w, const family *f, int32_t shard) {
  int32_t count = 0;
  runs_of(w, f->cut, &count);
  const double overhead = w->job.software->memory_overhead;
  const double *state = &w->state[(ptrdiff_t)w->first_run[f->cut] * w->space->shards_count + shard];
  double most = 0;
  for (int32_t i = 0; i < count; i++) {
    const double total = state[(ptrdiff_t)i * w->space->shards_count] + f->kept[i] + overhead;
    if (total > most) most = total;
  }
  return most;
}

static bool wanted(const walk *w, double memory, double time) {
  const clx_search_worth *worth = &w->spec->worth;
  return clx_search_keep_wants(w->keep, memory, time,
                               clx_search_value(worth, &w->job.layout, time, worth->least_share));
}

static double floor_of(const walk *w, int32_t cut, const clx_training_slots *slots) {
  int32_t count = 0;
  const clx_stage_run *run = runs_of(w, cut, &count);
  return clx_training_floor(&w->job, slots, w->transfer, w->spread[w->job.layout.pp], run, count);
}

static clx_status evaluate(walk *w, const memo *m, double memory) {
  const clx_search_worth *worth = &w->spec->worth;
  clx_search_found found = {.layout = w->job.layout, .memory = memory};
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return no_memory(w);
  const clx_status status = clx_training_expected(&w->job, &m->costs, arena, &found.step, w->error);
  clx_arena_free(arena);
  CLX_TRY(status);
  found.expected = found.step.step_time;
  const double share = worth->share != NULL ? worth->share(&w->job, &found.step) : 1;
  found.value = clx_search_value(worth, &found.layout, found.step.step_time, share);
  w->outcome->worked++;
  if (!w->look) w->outcome->evaluated++;
  return clx_search_keep_add(w->keep, &found, w->error);
}

static clx_status visit_member(walk *w, const family *f, int32_t shard) {
  clx_layout *l = &w->job.layout;
  const double memory = memory_of(w, f, shard);
  w->outcome->looked += w->look;
  if (memory > w->spec->memory_limit) {
    reject(w, CLX_SEARCH_MEMORY, 1);
    if (w->look == w->spec->quick && (w->outcome->closest.tp == 0 || memory < w->outcome->closest_memory)) {
      w->outcome->closest = *l;
      w->outcome->closest_memory = memory;
    }
    return CLX_OK;
  }
  if (!w->look) w->done++;
  bool keeps = wanted(w, memory, f->time);
  const memo *m = &w->plain[f->memo];
  if (keeps && gathers(l->sharding)) {
    m = memo_of(w, &w->gathered[f->memo * w->space->shards_count + shard], w->dp_stamp);
    keeps = wanted(w, memory, floor_of(w, f->cut, &m->slots));
  }
  if (keeps) return evaluate(w, m, memory);
  if (!w->look) w->outcome->pruned++;
  return CLX_OK;
}

static bool groups_fit(const walk *w, clx_search_shards s, double micro_batches) {
  if (s.group > 0 && w->job.layout.dp % s.group != 0) return false;
  return s.sharding != CLX_SHARDING_ZERO2 || micro_batches == 1 || clx_search_is_fixed(w->spec, CLX_SEARCH_SHARDING);
}

// --- the axes, inside out ---------------------------------------------------------------------------------------------------

static clx_status visit_shards(walk *w, const family *f, double micro_batches) {
  clx_layout *l = &w->job.layout;
  for (int32_t i = 0; i < w->shard_count; i++) {
    const clx_search_shards s = w->space->shards[w->shard[i]];
    l->sharding = s.sharding;
    l->shard_group = s.group;
    if (w->look && s.group != 0 && w->shard_count > 1) continue;
    if (groups_fit(w, s, micro_batches)) {
      CLX_TRY(visit_member(w, f, w->shard[i]));
    } else {
      reject(w, CLX_SEARCH_GROUPS, 1);
    }
  }
  return CLX_OK;
}

static clx_status visit_repeats(walk *w, int32_t cut, int32_t pass, double micro_batches) {
  const clx_search_space *s = w->space;
  clx_layout *l = &w->job.layout;
  int32_t count = 0;
  const clx_stage_run *run = runs_of(w, cut, &count);
  family f = {.cut = cut};
  for (int32_t i = 0; i < s->repeat_count; i++) {
    if (w->look && i > 1 && (w->spec->quick ? (i - 1) % QUICK_SHARES != 0 : i + 1 < s->repeat_count)) continue;
    l->recompute = s->repeat[i].recompute;
    l->recompute_share = s->repeat[i].share;
    l->sharding = CLX_SHARDING_NONE;
    l->shard_group = 0;
    f.memo = pass * s->repeat_count + i;
    f.time = floor_of(w, cut, &memo_of(w, &w->plain[f.memo], w->stamp)->slots);
    if (w->spec->quick && !wanted(w, 0, f.time)) continue;  // without a front memory does not matter
    const clx_training_kept *kept = kept_of(w, pass);
    for (int32_t k = 0; k < count; k++) f.kept[k] = clx_training_activations(&w->job, &run[k], kept);
    CLX_TRY(visit_shards(w, &f, micro_batches));
  }
  return CLX_OK;
}

// Groups of at least a stage each, the last one too, as clx_pipeline_make needs them.
static bool group_runs(const clx_layout *l, double micro_batches) {
  const double rest = fmod(micro_batches, l->group);
  return l->group >= l->pp && l->group <= micro_batches && (rest == 0 || rest >= l->pp);
}

// As clx_training_check and clx_pipeline_make demand.
static bool schedule_runs(const clx_layout *l, double micro_batches) {
  const int32_t kind = clx_training_schedule(l);
  const bool both = kind == CLX_PIPELINE_DUALPIPE, interleaved = kind == CLX_PIPELINE_INTERLEAVED;
  const double tasks = (double)CLX_TASK_KINDS * l->pp * (both ? 2 : l->vpp) * micro_batches;
  if (tasks > CLX_PIPELINE_TASKS_MAX) return false;
  if (interleaved && micro_batches < l->pp) return false;
  if (both && (micro_batches < 2 * l->pp || fmod(micro_batches, 2) != 0)) return false;
  if (l->group > 0 && (!interleaved || !group_runs(l, micro_batches))) return false;
  return !l->merge || both || interleaved || kind == CLX_PIPELINE_1F1B;
}

static clx_status visit_cut(walk *w, int32_t cut, int32_t micro_batch, double micro_batches) {
  const clx_search_space *s = w->space;
  clx_layout *l = &w->job.layout;
  const double tokens = w->job.sequence / l->cp * l->micro_batch;
  const int32_t both = clx_search_sequence_parallel_count(w->spec, s, l->tp);
  l->pp = s->cut[w->valid[cut]].pp;
  l->vpp = s->cut[w->valid[cut]].vpp;
  l->schedule = s->cut[w->valid[cut]].schedule;
  if (!schedule_runs(l, micro_batches)) {
    reject(w, CLX_SEARCH_SCHEDULE_SHORT, (double)both * s->repeat_count * w->shard_count);
    return CLX_OK;
  }
  for (int32_t i = 0; i < both; i++) {
    l->sequence_parallel = s->sequence_parallel[i];
    if (l->sequence_parallel && fmod(tokens, l->tp) != 0) {
      reject(w, CLX_SEARCH_SEQUENCE, (double)s->repeat_count * w->shard_count);
      continue;
    }
    if (w->look && both > 1 && l->sequence_parallel != w->job.software->sequence_parallel) continue;
    CLX_TRY(visit_repeats(w, cut, micro_batch * s->sequence_parallel_count + i, micro_batches));
  }
  return CLX_OK;
}

// The first `cuts` cuts.
static clx_status visit_micro_batches(walk *w, int32_t cuts) {
  const clx_search_space *s = w->space;
  clx_layout *l = &w->job.layout;
  const double each = remainders(w, w->shard_count) / s->micro_batch_count;
  const int32_t valid = w->valid_before[cuts];
  for (int32_t i = 0; i < s->micro_batch_count; i++) {
    l->micro_batch = s->micro_batch[i];
    const double wave = (double)l->micro_batch * l->dp, batch = w->job.global_batch;
    if (w->look && i > 2) return CLX_OK;
    if (batch < wave) {
      reject(w, CLX_SEARCH_BATCH, each * cuts);
      continue;
    }
    reject(w, CLX_SEARCH_LAYERS, each * (cuts - valid));
    l->pp = w->stages_most;
    w->transfer = clx_training_transfer_time(&w->job);
    for (int32_t cut = 0; cut < valid; cut++) CLX_TRY(visit_cut(w, cut, i, clx_training_micro_batches(&w->job)));
  }
  return CLX_OK;
}

// States of all runs of the first `valid` cuts under all shards, and what the slowest of their ranks adds.
static void prepare_dp(walk *w, int32_t valid) {
  const clx_search_space *s = w->space;
  clx_layout *l = &w->job.layout;
  w->dp_stamp++;
  for (int32_t cut = 0; cut < valid; cut++) {
    l->pp = s->cut[w->valid[cut]].pp;
    l->vpp = s->cut[w->valid[cut]].vpp;
    l->schedule = s->cut[w->valid[cut]].schedule;
    w->spread[l->pp] = clx_training_spread(&w->job);
    for (int32_t i = w->first_run[cut]; i < w->first_run[cut + 1]; i++) {
      for (int32_t k = 0; k < w->shard_count; k++) {
        l->sharding = s->shards[w->shard[k]].sharding;
        l->shard_group = s->shards[w->shard[k]].group;
        w->state[i * s->shards_count + w->shard[k]] = clx_training_states(&w->job, &w->run[i]);
      }
    }
  }
}

static int32_t cuts_upto(const walk *w, int64_t stages) {
  return stages < 1 ? 0 : w->upto[stages < w->stages_most ? stages : w->stages_most];
}

static clx_status visit_dp(walk *w, int32_t dp) {
  const clx_search_space *s = w->space;
  clx_layout *l = &w->job.layout;
  const clx_transformer *m = w->job.model;
  const int64_t ranks = (int64_t)l->tp * l->cp * dp, experts = (int64_t)l->ep * l->etp;
  const int64_t usable = clx_training_usable_gpus(&w->job, w->spec->gpus);
  const int32_t there = cuts_upto(w, w->spec->gpus / ranks), whole = cuts_upto(w, usable / ranks);
  w->shard_count = 0;
  for (int32_t i = 0; i < s->shards_count; i++) {
    if (clx_search_has_shards(w->spec, s->shards[i], dp, l->cp)) w->shard[w->shard_count++] = i;
  }
  l->dp = dp;
  const double each = remainders(w, w->shard_count);
  reject(w, CLX_SEARCH_GPUS, each * (s->cut_count - there));
  reject(w, CLX_SEARCH_DOMAIN, each * (there - whole));
  if (m->experts > 0 ? m->experts % l->ep != 0 || ranks % experts != 0 : l->ep != 1) {
    reject(w, CLX_SEARCH_EXPERTS, each * whole);
    return CLX_OK;
  }
  if (whole == 0 || w->shard_count == 0) return CLX_OK;
  prepare_dp(w, w->valid_before[whole]);
  return visit_micro_batches(w, whole);
}

static clx_status visit_experts(walk *w) {
  const clx_search_space *s = w->space;
  clx_layout *l = &w->job.layout;
  w->stamp++;
  for (int32_t cut = 0; cut < w->valid_before[s->cut_count]; cut++) {
    clx_stage_run run[CLX_STAGES_MAX];
    l->pp = s->cut[w->valid[cut]].pp;
    l->vpp = s->cut[w->valid[cut]].vpp;
    l->schedule = s->cut[w->valid[cut]].schedule;
    const int32_t count = clx_training_runs(&w->job, run);
    for (int32_t i = 0; i < count; i++) w->run[w->first_run[cut] + i] = run[i];
  }
  // Wide layouts first: the fastest are among them, and bounds are good early.
  for (int32_t i = s->dp_count - 1; i >= 0; i--) CLX_TRY(visit_dp(w, s->dp[i]));
  if (!w->look && w->spec->progress != NULL) w->spec->progress(w->spec->context, w->done / w->members);
  return CLX_OK;
}

static bool sequence_splits(const walk *w) {
  const clx_layout *l = &w->job.layout;
  if (fmod(w->job.sequence, l->cp) != 0) return false;
  return l->context_exchange != CLX_CONTEXT_ALL_TO_ALL || w->job.model->heads / l->tp % l->cp == 0;
}

static clx_status visit_tensor(walk *w) {
  const clx_search_space *s = w->space;
  clx_layout *l = &w->job.layout;
  const int32_t domain = w->job.network->domain, tensor_experts = clx_search_etp_count(w->spec, s, l->tp);
  const bool heads = w->job.model->heads % l->tp == 0;
  const bool inside = l->tp <= domain || clx_search_is_fixed(w->spec, CLX_SEARCH_TP);
  for (int32_t i = 0; i < s->cp_count; i++) {
    l->cp = s->cp[i];
    if (!heads || !inside || !sequence_splits(w)) {
      reject(w,
             !heads    ? CLX_SEARCH_HEADS
             : !inside ? CLX_SEARCH_DOMAIN
                       : CLX_SEARCH_SEQUENCE,
             members_of(w, l->tp, l->cp));
      continue;
    }
    for (int32_t k = 0; k < s->ep_count; k++) {
      for (int32_t j = 0; j < tensor_experts; j++) {
        if (w->look && j > 0) continue;
        l->ep = s->ep[k];
        l->etp = s->etp[j];
        CLX_TRY(visit_experts(w));
      }
    }
  }
  return CLX_OK;
}

clx_status clx_search_walk(const clx_search_spec *spec, const clx_search_space *space, bool look, clx_arena *arena,
                           clx_search_keep *keep, clx_search_outcome *outcome, clx_error *error) {
  walk w = {.spec = spec, .space = space, .keep = keep, .outcome = outcome, .error = error, .look = look};
  CLX_TRY(walk_make(&w, arena));
  for (int32_t i = 0; i < space->tp_count; i++) {
    for (int32_t k = 0; k < space->cp_count; k++) w.members += members_of(&w, space->tp[i], space->cp[k]);
  }
  if (!look) outcome->members = w.members;
  for (int32_t i = 0; i < space->tp_count; i++) {
    w.job.layout.tp = space->tp[i];
    CLX_TRY(visit_tensor(&w));
  }
  return CLX_OK;
}
