// Disaggregation. When a prompt is done, its keys and values go to a replica that decodes: this sets blocks and a place aside, then they
// come, one request after the other into each replica, and only then the sender's blocks are free (as vLLM's and SGLang's connectors
// do it). The first token is there with them.
#include "engine/engine_internal.h"

static int32_t least_receiver(const clx_run *run, int32_t i) {
  const int32_t model = clx_fleet_model(run->fleet, &run->requests->item[i]);
  int32_t best = CLX_NOBODY;
  for (int32_t r = 0; r < run->ranks; r++) {
    const clx_rank *rank = &run->rank[r];
    const clx_replica *replica = &run->replica[rank->replica];
    if (replica->off || replica->starting || replica->draining) continue;
    if (rank->pool->role != CLX_ROLE_DECODE || rank->pool->model != model) continue;
    if (!clx_engine_fits(clx_rank_rules(rank), &run->requests->item[i])) continue;
    if (best == CLX_NOBODY || rank->unfinished < run->rank[best].unfinished) best = r;
  }
  return best;
}

void clx_transfer_offer(clx_run *run, clx_rank *rank, int32_t i) {
  clx_seq *s = &run->seq[i];
  clx_list_remove(&rank->running, run->seq, i);
  s->sender = s->rank;
  s->sent_held = s->held;
  s->sent_named = s->named;
  rank->lent += s->held - (int64_t)s->named * rank->store.unit;
  s->held = s->named = 0;
  s->state = CLX_SEQ_SENDING;
  s->rank = least_receiver(run, i);
  clx_rank *receiver = &run->rank[s->rank];
  receiver->unfinished++;
  clx_rank_enqueue(run, receiver, i, false);
  clx_run_mark(run, receiver->replica);
}

void clx_transfer_accept(clx_run *run, clx_rank *rank) {
  const clx_rules *rules = clx_rank_rules(rank);
  const clx_transfer *transfer = rank->pool->transfer != NULL ? rank->pool->transfer : &run->fleet->transfer;
  while (rank->waiting.count > 0 && rank->running.count < rules->sequences) {
    const int32_t i = rank->waiting.first;
    clx_seq *s = &run->seq[i];
    if (s->state != CLX_SEQ_SENDING) return;
    const clx_request *request = &run->requests->item[i];
    const int32_t held =
        clx_policy_reserves(rules) ? clx_request_reserve(rules, request) : clx_blocks_of(request->prompt, rules->block);
    const double spare = rank->running.count == 0 ? 0 : rules->watermark * (double)rules->blocks;
    if ((double)held + spare > (double)rank->store.free) return;
    clx_kv_take(&rank->store, held);
    s->held = held;
    clx_rank_dequeue(run, rank, i);
    clx_list_append(&rank->running, run->seq, i);
    rank->receiving++;
    const double start = rank->link_free > run->now ? rank->link_free : run->now;
    const double bytes = transfer->token_bytes * request->prompt;
    rank->link_free = start + transfer->setup + (transfer->bandwidth > 0 ? bytes / transfer->bandwidth : 0);
    clx_events_push(run->transfer, &run->transfers, (clx_event){rank->link_free, i, 0, 0});
  }
}

static void free_sender(clx_run *run, int32_t i) {
  clx_seq *s = &run->seq[i];
  clx_rank *sender = &run->rank[s->sender];
  const int32_t held = s->held;
  s->held = s->sent_held;
  s->named = s->sent_named;
  sender->lent -= s->held - (int64_t)s->named * sender->store.unit;
  clx_rank_release(run, sender, i, false);
  s->held = held;
  sender->unfinished--;
  clx_change_ended(run, &run->replica[sender->replica]);
  clx_run_mark(run, sender->replica);
}

// Into the slot that has the fewest.
static int32_t least_slot(const clx_rank *rank) {
  int32_t best = 0;
  for (int32_t k = 1; k < clx_rank_rules(rank)->stages; k++) {
    const clx_group *g = &rank->group[k], *b = &rank->group[best];
    if (g->count + g->fresh_count < b->count + b->fresh_count) best = k;
  }
  return best;
}

void clx_transfer_end(clx_run *run, int32_t i) {
  free_sender(run, i);
  clx_seq *s = &run->seq[i];
  clx_rank *rank = &run->rank[s->rank];
  rank->receiving--;
  s->slot = least_slot(rank);
  s->state = CLX_SEQ_FRESH;
  s->computed = run->requests->item[i].prompt;
  clx_group *group = &rank->group[s->slot];
  group->fresh[group->fresh_count++] = i;
  run->result->served[i].first = run->result->served[i].last = run->now;
  clx_run_mark(run, rank->replica);
}
