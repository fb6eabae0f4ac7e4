// State of a run: what the files of this folder share.
#pragma once

#include "chance/chance.h"
#include "engine/engine.h"

#define CLX_NOBODY (-1)

// --- blocks of keys and values of one rank ----------------------------------------------------------------------------------------

// Blocks with a name, or free ones without: a run of them is one node.
typedef struct clx_node {
  uint64_t key;
  int32_t weight;          // blocks
  int32_t holders;         // requests that hold it; 0 = may be evicted
  int32_t previous, next;  // among those that nobody holds, first to go first
  bool named, own;         // own: of one preempted request, key = its number
} clx_node;

typedef struct clx_kv {
  int64_t total, free;  // blocks; free ones may still be found by name
  double share;         // that one block is
  int32_t unit;         // blocks of a name
  int32_t step;         // names of the trace that make one here
  int32_t unit_tokens;
  bool cached;  // names are kept
  clx_node *node;
  int32_t nodes, node_room, spare;
  int32_t head, tail;
  int32_t *table;  // open addressing: node + 1, 0 = free
  int32_t table_room, table_used;
  bool failed;  // out of memory
  clx_arena *arena;
} clx_kv;

void clx_kv_reset(clx_kv *store);  // all blocks free and without names
void clx_kv_open(clx_kv *store, const clx_rules *rules, int32_t name_tokens, clx_arena *arena);
void clx_kv_take(clx_kv *store, int64_t blocks);  // at most store->free
void clx_kv_give(clx_kv *store, int64_t blocks);
int32_t clx_kv_find(const clx_kv *store, uint64_t key, bool own);  // CLX_NOBODY = not there
void clx_kv_hold(clx_kv *store, int32_t node);
void clx_kv_drop(clx_kv *store, int32_t node);
// Names blocks that one request holds; CLX_NOBODY when others have that name.
int32_t clx_kv_name(clx_kv *store, uint64_t key, bool own, int32_t weight);
void clx_kv_forget(clx_kv *store,
                   int32_t node);                 // the name of a node that one request holds: its blocks stay taken
void clx_kv_unname(clx_kv *store, int32_t node);  // the same of a node that nobody holds
int64_t clx_kv_count_free(const clx_kv *store);   // by walking

// --- a request inside --------------------------------------------------------------------------------------------------------

typedef enum clx_seq_state {
  CLX_SEQ_AWAY,     // not asked yet, refused or ended
  CLX_SEQ_WAITING,  // in the queue of its rank
  CLX_SEQ_PROMPT,   // running, its prompt not yet computed
  CLX_SEQ_FRESH,    // running, decodes from the next iteration of its slot on
  CLX_SEQ_DECODE,   // member of a group
  CLX_SEQ_SENDING   // its keys and values are on their way
} clx_seq_state;

typedef struct clx_seq {
  int64_t base, end;       // decode: cached tokens less the group's odometer; odometer at its last token
  int32_t previous, next;  // in the list of its rank that it stands in
  int32_t rank, slot;
  int32_t state;
  int32_t computed;                       // tokens in the cache; not kept in decode
  int32_t made;                           // tokens made; not kept in decode
  int32_t held;                           // blocks; not kept in decode, unless they are set aside
  int32_t named;                          // of them, units with names, from the first
  int32_t before_own;                     // units with names in front of the node of its own, which a preemption leaves
  int32_t heap;                           // place in the heap of its group
  int32_t in_flight;                      // iterations that hold a part of its prompt
  int32_t sender, sent_held, sent_named;  // rank that holds the blocks that are sent, and of these `held` and `named`
} clx_seq;

typedef struct clx_list {
  int32_t first, last, count;
} clx_list;

// --- decode: sequences that step together -----------------------------------------------------------------------------------------

typedef struct clx_end {
  int64_t odometer;
  int32_t seq;
} clx_end;

// All members make equally many tokens in an iteration: one odometer tells the length of each.
typedef struct clx_group {
  int64_t odometer, seen;  // tokens each of its members has made; at the latest start
  double part;             // of a token, that speculation has not yet given
  int32_t count, fresh_count;
  clx_end *heap;    // [sequences], next to end first
  int32_t *fresh;   // [sequences]
  int32_t *bucket;  // [block]: members that need a block when the odometer has this remainder
  double context;   // cached tokens of the members, sum
  int64_t longest;  // largest base of a member
  bool stale;       // `longest` may be too large
  double time;      // s of the latest token
  int32_t *whose;   // [tenants]: members; NULL where the fleet knows none
} clx_group;

// What a rank has in one iteration.
typedef struct clx_batch {
  int32_t decodes, advance;
  int32_t odd_count;
  int32_t *odd;  // [sequences]: members whose latest token is not that of the group
  int32_t chunks, prompt_tokens, ended;
  int32_t *who;      // [sequences]
  clx_chunk *chunk;  // [sequences]
} clx_batch;

typedef struct clx_rank {
  const clx_pool *pool;
  int32_t replica;
  clx_kv store;
  clx_list waiting, running;
  int32_t prompts;     // of them, in state PROMPT
  int32_t unfinished;  // requests sent here that have not ended
  int32_t preempted;   // in the start that is being made
  int32_t ended;       // requests that ended since the latest start
  int32_t receiving;   // of those that run, in state SENDING
  int64_t lent;        // blocks without a name of requests that another rank receives
  int64_t queued;      // tokens of the prompts that wait
  double link_free;    // s: the latest transfer to it ends
  double ratio;        // SGLang: share of what answers may still need that is expected
  bool full;           // SGLang: admits nobody until a request ends
  clx_group *group;    // [stages + 1]: of each slot, and one that waits for a slot
  clx_batch *batch;    // [stages]
  bool *busy;          // [stages + 1]: the decodes of this slot have started
  int32_t *tail;       // [classes]: last one of a priority that waits; where there are several
} clx_rank;

typedef struct clx_replica {
  int32_t pool;
  clx_rank *rank;  // [ranks]
  int32_t first_rank;
  bool *busy;  // [stages]: slots
  int32_t in_flight;
  double *stage_free;  // [stages] s
  double busy_since, touched;
  double started, ended;  // s: the latest iteration, or before the first 0 and -1
  bool dirty;
  bool failed, off, starting, draining;  // none of them: it takes requests
  bool silent;                           // failed, and nobody has noticed
  double up_since;                       // s; while it is neither failed nor off
  double on_since;                       // s; while it is not off
  double busy_time;                      // s with an iteration in flight, those that ended
  int32_t life;                          // outages so far
} clx_replica;

// Replicas of a pool that is scaled.
typedef struct clx_scaler {
  int32_t first, replicas;  // its own, of all
  double decided;           // s: the decision before
  double busy;              // s of its replicas until then
  int32_t *wish;            // [room]: of the latest decisions, in a ring
  int32_t wishes, room;
} clx_scaler;

typedef struct clx_event {
  double time;
  int32_t replica, slot;
  int32_t life;  // of the replica: the end of an iteration that an outage ended before is void
} clx_event;

// The queue over the second half of the arrivals: requests that wait, and those whose keys and values are on their way between pools.
enum { CLX_GROWTH_PIECES = 16 };
typedef struct clx_growth {
  int32_t pieces;                        // that have begun, the end counted as one
  int32_t queue[CLX_GROWTH_PIECES + 1];  // where a piece begins
  double from, until;                    // s
  int32_t ended, ended_until;            // requests that had ended by then
  bool emptied;                          // a request found no other in it
  bool by_transfers;                     // at its end most places in pools that decode waited for keys and values
} clx_growth;

// A queue that is longer than its bound: no more requests come, and the rate at which those that run and wait end is measured.
typedef struct clx_flood {
  bool is;
  double at, from;               // s: no more came; all that ran at that time have ended
  int32_t turn;                  // requests that ran
  int32_t ended_at, ended_from;  // requests that had ended then
} clx_flood;

typedef struct clx_run {
  const clx_engine_fleet *fleet;
  const clx_requests *requests;
  const clx_engine_options *options;
  clx_engine_result *result;
  clx_seq *seq;   // [requests]
  int32_t *node;  // [names]: the node of a name that its request holds
  clx_rank *rank;
  int32_t ranks;
  clx_replica *replica;
  int32_t replicas;
  clx_event *event;  // heap of iterations in flight
  int32_t events;
  clx_event *change;  // heap of what happens to replicas: slot = clx_change
  int32_t changes;
  clx_scaler *scaler;  // [pools], where there is scaling
  int32_t *moved;      // [requests], where there are outages
  clx_list parked;     // requests that wait for any replica to be up
  bool alone;          // what a replica does until the next request comes concerns no other
  bool ahead;          // `pending` holds the end of an iteration that is not in the heap
  clx_event pending;
  clx_event *transfer;  // heap: replica = request
  int32_t transfers;
  int32_t *dirty, dirties;
  clx_engine_step *step;  // [most ranks of a replica]
  double now;
  double closed;          // s: requests that came later are not known to the iteration that is being made
  double last;            // s: latest token of all, when all is over
  int32_t clients, next;  // next: request that comes next
  int32_t waiting;        // of all ranks
  int32_t turn;           // of the router
  double used_area;       // share of blocks, s, summed over ranks
  double waited;          // s, sum
  int32_t *class_of;      // [tenants]: rank of its priority, 0 goes first
  int32_t classes;        // different priorities, at least 1
  double *part;           // [tenants]: tokens of an iteration; NULL where the fleet knows no tenants
  clx_growth growth;
  clx_flood flood;
  clx_stream stream;
} clx_run;

// growth of the queue
int32_t clx_growth_queue(const clx_run *run);
void clx_growth_note(clx_run *run);         // before a request comes
void clx_growth_arrived(clx_run *run);      // one has come
bool clx_growth_lasts(const clx_run *run);  // all along, and by more than chance
void clx_flood_begin(clx_run *run);
bool clx_flood_measured(clx_run *run);

// lists
void clx_list_append(clx_list *list, clx_seq *seq, int32_t i);
void clx_list_prepend(clx_list *list, clx_seq *seq, int32_t i);
void clx_list_remove(clx_list *list, clx_seq *seq, int32_t i);

// groups
bool clx_policy_reserves(const clx_rules *rules);  // an admitted request holds all blocks it will ever need
int32_t clx_group_context(const clx_group *group, const clx_seq *seq);
void clx_group_add(clx_group *group, clx_seq *seq, int32_t i, const clx_request *request, const clx_rules *rules);
void clx_group_remove(clx_group *group, clx_seq *seq, int32_t i, const clx_request *request, const clx_rules *rules);
int32_t clx_group_held(const clx_group *group, const clx_seq *seq, const clx_rules *rules);
int64_t clx_group_need(const clx_run *run, const clx_rank *rank, const clx_group *group);
int32_t clx_group_advance(const clx_group *group, const clx_rules *rules, double *part);
int64_t clx_group_longest(clx_group *group, const clx_seq *seq);
// All members of one group become fresh ones of another.
void clx_group_merge(clx_run *run, clx_rank *rank, int32_t from, int32_t to);
void clx_group_start(clx_run *run, clx_rank *rank, int32_t slot);

// what policies are made of
static inline int32_t clx_blocks_of(int64_t tokens, int32_t block) { return (int32_t)((tokens + block - 1) / block); }
static inline const clx_rules *clx_rank_rules(const clx_rank *rank) { return &rank->pool->rules; }
bool clx_rank_available(const clx_rank *rank, const clx_seq *seq);  // of a running one: not in flight
void clx_rank_preempt(clx_run *run, clx_rank *rank, int32_t i);
void clx_rank_retract(clx_run *run, clx_rank *rank, int32_t i);
int32_t clx_rank_last(const clx_run *run, const clx_rank *rank);  // of the running ones that are available
// Grows the decodes of a slot by the blocks that they need, preempting the last while none is left.
void clx_rank_grow(clx_run *run, clx_rank *rank, int32_t slot);
// What the cache has of a waiting request.
typedef struct clx_found {
  int32_t units;   // from the first
  int32_t own;     // node of its own, or CLX_NOBODY
  int32_t blocks;  // of both
  int32_t tokens;
  int64_t idle;  // of the blocks, those that nobody holds
} clx_found;
clx_found clx_rank_find(const clx_run *run, const clx_rank *rank, int32_t i);
int32_t clx_rank_next(const clx_run *run,
                      const clx_rank *rank);  // first of the queue, if it waits for nothing but blocks
void clx_rank_enqueue(clx_run *run, clx_rank *rank, int32_t i, bool first);
void clx_rank_dequeue(clx_run *run, clx_rank *rank, int32_t i);
void clx_rank_admit(clx_run *run, clx_rank *rank, int32_t i, const clx_found *found);
// Puts the next tokens of a running prompt into an iteration; it holds `held` blocks then.
void clx_rank_chunk(clx_run *run, clx_rank *rank, int32_t slot, int32_t i, int32_t tokens, int32_t held);
void clx_rank_release(clx_run *run, clx_rank *rank, int32_t i, bool keep);  // keep: what it computed may be found again
int32_t clx_rank_first_prompt(const clx_run *run, const clx_rank *rank);    // running, in order; CLX_NOBODY
int32_t clx_seq_target(const clx_run *run, int32_t i);                      // tokens to compute before it decodes
int32_t clx_request_reserve(const clx_rules *rules, const clx_request *request);  // blocks to its longest end
// Outages and scaling. In the order in which they happen at one moment.
typedef enum clx_change {
  CLX_CHANGE_UP,
  CLX_CHANGE_READY,
  CLX_CHANGE_DOWN,
  CLX_CHANGE_NOTICE,
  CLX_CHANGE_DECIDE  // event.replica = pool
} clx_change;
bool clx_fleet_scales(const clx_engine_fleet *fleet);
void clx_change_plan(clx_run *run, double time, int32_t replica, clx_change change);
void clx_change_off(clx_run *run, clx_replica *replica);
clx_status clx_scaling_open(clx_run *run, clx_arena *arena, clx_error *error);
void clx_scaling_decide(clx_run *run, int32_t pool);
clx_pool_state clx_pool_count(const clx_run *run, int32_t pool);
clx_status clx_change_open(clx_run *run, clx_arena *arena, clx_error *error);
void clx_change_happen(clx_run *run);                       // all of now
void clx_change_ended(clx_run *run, clx_replica *replica);  // a replica that drains stops with its last request
void clx_change_close(clx_run *run);
bool clx_run_send(clx_run *run,
                  int32_t i);    // by the router; false: refused. Where all that could are down, it is parked.
void clx_run_ask(clx_run *run);  // a client its next request
void clx_run_end_request(clx_run *run, clx_rank *rank, int32_t i);

// Each fills rank->batch[slot]: an iteration of that slot, possibly nothing.
typedef void clx_schedule(clx_run *run, clx_rank *rank, int32_t slot);
clx_schedule clx_schedule_vllm;
clx_schedule clx_schedule_sarathi;
clx_schedule clx_schedule_vllm_v0;
clx_schedule clx_schedule_tensorrt;
clx_schedule clx_schedule_sglang;

// tenants
static inline int32_t clx_fleet_model(const clx_engine_fleet *fleet, const clx_request *request) {
  return fleet->whose != NULL ? fleet->whose[request->tenant].model : 0;
}
clx_status clx_whose_check(const clx_engine_fleet *fleet, const clx_requests *requests, clx_error *error);
bool clx_whose_open(clx_run *run, clx_arena *arena);  // false: out of memory
// Divides the time and the energy of an iteration that starts.
void clx_whose_count(clx_run *run, const clx_replica *replica, int32_t slot, double time, double energy);
// With several priorities: behind (first: in front of) those of its own that wait; out of the queue again.
void clx_whose_enqueue(clx_run *run, clx_rank *rank, int32_t i, bool first);
void clx_whose_dequeue(clx_run *run, clx_rank *rank, int32_t i);
int32_t clx_whose_victim(const clx_run *run, const clx_rank *rank);  // of the available ones, as vLLM has it

// the parts of a run
clx_status clx_engine_check(const clx_engine_fleet *fleet, const clx_offer *offer, clx_error *error);
bool clx_engine_fits(const clx_rules *rules, const clx_request *request);
// Whether a pool takes requests like this from the router; one that does prompts only needs another that can decode them.
bool clx_engine_takes(const clx_engine_fleet *fleet, const clx_pool *pool, const clx_request *request);
clx_status clx_engine_open(clx_run *run, clx_arena *arena, clx_error *error);
int32_t clx_engine_route(clx_run *run, int32_t i);
clx_status clx_engine_start(clx_run *run, clx_replica *replica, clx_error *error);
void clx_events_push(clx_event *heap, int32_t *count, clx_event event);
clx_event clx_events_pop(clx_event *heap, int32_t *count);
void clx_events_remove(clx_event *heap, int32_t *count, int32_t replica, int32_t slot);  // one that is there
void clx_run_mark(clx_run *run, int32_t replica);                                        // it may start again
// Disaggregation: a request whose prompt is done goes to a replica that decodes; that takes blocks for it and lets it come; it is there.
void clx_transfer_offer(clx_run *run, clx_rank *rank, int32_t i);
void clx_transfer_accept(clx_run *run, clx_rank *rank);
void clx_transfer_end(clx_run *run, int32_t i);
void clx_engine_end(clx_run *run, clx_event event);
void clx_engine_close(clx_run *run);
clx_status clx_engine_audit(const clx_run *run, const clx_replica *replica, clx_error *error);
clx_status clx_sketch_open(clx_sketch *sketch, clx_arena *arena, clx_error *error);
void clx_sketch_add(clx_sketch *sketch, double value, int64_t count);
