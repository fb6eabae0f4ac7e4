// One iteration of a replica: made when a slot of its pipeline is free, and taken apart when its last stage ends.
#include "engine/engine_internal.h"

static clx_schedule *const schedule_of[CLX_ENGINE_POLICIES] = {
    [CLX_ENGINE_VLLM] = clx_schedule_vllm,       [CLX_ENGINE_TENSORRT] = clx_schedule_tensorrt,
    [CLX_ENGINE_SGLANG] = clx_schedule_sglang,   [CLX_ENGINE_SARATHI] = clx_schedule_sarathi,
    [CLX_ENGINE_VLLM_V0] = clx_schedule_vllm_v0,
};

// --- start ------------------------------------------------------------------------------------------------------------------------

// The use of blocks since the replica was last touched; at one moment once.
static void touch(clx_run *run, clx_replica *replica, int32_t ranks) {
  if (run->now == replica->touched) return;
  double used = 0;
  for (int32_t k = 0; k < ranks; k++) {
    const clx_kv *store = &replica->rank[k].store;
    const double share = (double)(store->total - store->free) * store->share;
    if (share > run->result->blocks_most) run->result->blocks_most = share;
    used += share;
  }
  run->used_area += used * (run->now - replica->touched);
  replica->touched = run->now;
}

static void describe(clx_run *run, clx_rank *rank, int32_t slot, clx_engine_step *step) {
  clx_group *group = &rank->group[slot];
  const clx_batch *batch = &rank->batch[slot];
  *step = (clx_engine_step){.decodes = batch->decodes,
                            .verified = 1 + clx_rank_rules(rank)->drafts,
                            .context = batch->decodes > 0 ? group->context : 0,
                            .longest = batch->decodes > 0 ? (double)clx_group_longest(group, run->seq) : 0,
                            .chunks = batch->chunks,
                            .chunk = batch->chunk,
                            .prompt_tokens = batch->prompt_tokens,
                            .ended = batch->ended};
}

// Through the stages, each of which takes one iteration at a time.
static void pass_stages(clx_run *run, clx_replica *replica, int32_t slot) {
  const clx_pool *pool = &run->fleet->pool[replica->pool];
  const int32_t ranks = pool->rules.ranks;
  clx_iteration it = {.pool = replica->pool, .replica = replica->rank->replica, .slot = slot, .ranks = ranks};
  double time = run->now, busy = 0;
  for (int32_t stage = 0; stage < pool->rules.stages; stage++) {
    if (replica->stage_free[stage] > time) time = replica->stage_free[stage];
    if (stage == 0) it.start = time;
    const clx_step_cost cost = pool->law.cost(pool->law.self, run->step, ranks, stage);
    time += cost.time;
    busy += cost.time;
    it.energy += cost.energy;
    replica->stage_free[stage] = time;
  }
  it.end = time;
  replica->started = it.start;
  replica->ended = it.end;
  run->result->energy += it.energy;
  if (run->part != NULL) clx_whose_count(run, replica, slot, busy / pool->rules.stages, it.energy);
  for (int32_t k = 0; k < ranks; k++) {
    const clx_batch *batch = &replica->rank[k].batch[slot];
    for (int32_t c = 0; c < batch->chunks; c++) {
      clx_served *served = &run->result->served[batch->who[c]];
      if (served->started < 0) {
        served->started = it.start;
        run->waited += it.start - served->asked;
      }
    }
    run->result->prompt_tokens += batch->prompt_tokens;
  }
  if (run->alone && pool->rules.stages == 1) {
    run->pending = (clx_event){time, it.replica, slot, replica->life};
    run->ahead = true;
  } else {
    clx_events_push(run->event, &run->events, (clx_event){time, it.replica, slot, replica->life});
  }
  if (run->options->seen == NULL) return;
  it.step = run->step;
  for (int32_t k = 0; k < ranks; k++) {
    it.running += replica->rank[k].running.count;
    it.waiting += replica->rank[k].waiting.count;
    it.blocks_used += replica->rank[k].store.total - replica->rank[k].store.free;
  }
  run->options->seen(run->options->self, &it);
}

static void clear(clx_batch *batch) {
  batch->decodes = batch->advance = batch->odd_count = 0;
  batch->chunks = batch->prompt_tokens = batch->ended = 0;
}

// An iteration of one slot. False when its ranks have nothing to do.
static bool start_slot(clx_run *run, clx_replica *replica, int32_t slot) {
  const clx_rules *rules = &run->fleet->pool[replica->pool].rules;
  bool work = false, again = false;
  run->closed = rules->ahead && replica->ended == run->now ? replica->started : run->now;
  for (int32_t k = 0; k < rules->ranks; k++) {
    clx_rank *rank = &replica->rank[k];
    clear(&rank->batch[slot]);
    rank->preempted = 0;
    if (rank->pool->role == CLX_ROLE_DECODE) clx_transfer_accept(run, rank);
    schedule_of[rules->policy](run, rank, slot);
    rank->ended = 0;
    if (rank->batch[slot].decodes > 0 || rank->batch[slot].chunks > 0) work = true;
    if (rank->preempted > 0) again = true;
    describe(run, rank, slot, &run->step[k]);
  }
  if (!work) {
    for (int32_t k = 0; k < rules->ranks; k++) replica->rank[k].busy[slot] = false;
    // All have preempted themselves: with the blocks that came free the next try succeeds.
    return again && replica->in_flight == 0 && start_slot(run, replica, slot);
  }
  run->result->iterations++;
  replica->busy[slot] = true;
  pass_stages(run, replica, slot);
  return true;
}

static bool has_members(const clx_replica *replica, int32_t ranks, int32_t slot) {
  for (int32_t k = 0; k < ranks; k++) {
    const clx_group *group = &replica->rank[k].group[slot];
    if (group->count + group->fresh_count > 0) return true;
  }
  return false;
}

// A free slot, of those that have sequences first.
static int32_t free_slot(const clx_replica *replica, const clx_rules *rules) {
  int32_t empty = CLX_NOBODY;
  for (int32_t k = 0; k < rules->stages; k++) {
    if (replica->busy[k]) continue;
    if (rules->stages == 1 || has_members(replica, rules->ranks, k)) return k;
    if (empty == CLX_NOBODY) empty = k;
  }
  return empty;
}

// Fills the free slots of a pipeline.
clx_status clx_engine_start(clx_run *run, clx_replica *replica, clx_error *error) {
  if (replica->failed) return CLX_OK;
  const clx_rules *rules = &run->fleet->pool[replica->pool].rules;
  touch(run, replica, rules->ranks);
  const int32_t before = replica->in_flight;
  for (int32_t slot; (slot = free_slot(replica, rules)) != CLX_NOBODY;) {
    if (!start_slot(run, replica, slot)) break;
    replica->in_flight++;
  }
  if (before == 0 && replica->in_flight > 0) replica->busy_since = run->now;
  for (int32_t k = 0; k < rules->ranks; k++) {
    if (replica->rank[k].store.failed) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  }
  return run->options->check ? clx_engine_audit(run, replica, error) : CLX_OK;
}

// --- end --------------------------------------------------------------------------------------------------------------------------

static void end_decodes(clx_run *run, clx_rank *rank, int32_t slot) {
  clx_group *group = &rank->group[slot];
  const clx_batch *batch = &rank->batch[slot];
  for (int32_t k = 0; k < batch->odd_count; k++) {
    clx_sketch_add(&run->result->gaps, run->now - run->result->served[batch->odd[k]].last, 1);
  }
  const int32_t even = batch->decodes - batch->odd_count;
  if (even > 0) clx_sketch_add(&run->result->gaps, run->now - group->time, even);
  group->odometer += batch->advance;
  group->context += (double)batch->decodes * batch->advance;
  run->result->output_tokens += (int64_t)batch->decodes * batch->advance;
  while (group->count > 0 && group->heap[0].odometer <= group->odometer) {
    const clx_end end = group->heap[0];
    run->result->output_tokens -= group->odometer - end.odometer;  // drafts beyond the end
    clx_group_remove(group, run->seq, end.seq, &run->requests->item[end.seq], clx_rank_rules(rank));
    clx_run_end_request(run, rank, end.seq);
  }
}

// Prompts that end make a token.
static void end_chunks(clx_run *run, clx_rank *rank, int32_t slot) {
  clx_group *group = &rank->group[slot];
  const clx_batch *batch = &rank->batch[slot];
  for (int32_t k = 0; k < batch->chunks; k++) {
    const int32_t i = batch->who[k];
    clx_seq *s = &run->seq[i];
    s->in_flight--;
    if (batch->chunk[k].cached + batch->chunk[k].tokens < clx_seq_target(run, i)) continue;
    clx_served *served = &run->result->served[i];
    const bool first = s->made == 0, sent = rank->pool->role == CLX_ROLE_PREFILL;
    if (first) served->first = run->now;
    if (!first) clx_sketch_add(&run->result->gaps, run->now - served->last, 1);
    served->last = run->now;
    s->made++;
    run->result->output_tokens++;
    rank->prompts--;
    if (s->made == run->requests->item[i].output) {
      clx_run_end_request(run, rank, i);
      continue;
    }
    if (sent) {
      clx_transfer_offer(run, rank, i);
      continue;
    }
    s->state = CLX_SEQ_FRESH;
    group->fresh[group->fresh_count++] = i;
  }
}

void clx_engine_end(clx_run *run, clx_event event) {
  clx_replica *replica = &run->replica[event.replica];
  const int32_t ranks = run->fleet->pool[replica->pool].rules.ranks;
  touch(run, replica, ranks);
  for (int32_t k = 0; k < ranks; k++) {
    clx_rank *rank = &replica->rank[k];
    rank->busy[event.slot] = false;
    end_decodes(run, rank, event.slot);
    end_chunks(run, rank, event.slot);
    clx_group *group = &rank->group[event.slot];
    if (rank->batch[event.slot].decodes > 0 || group->count == 0) group->time = run->now;
  }
  replica->busy[event.slot] = false;
  if (--replica->in_flight > 0) return;
  run->result->busy += run->now - replica->busy_since;
  replica->busy_time += run->now - replica->busy_since;
}
