// A slow simulator of one engine, of lists and single blocks, to hold the fast one against; and requests and laws for tests.
#pragma once

#include "check.h"
#include "chance/chance.h"
#include "engine/engine.h"

enum { RIG_REQUESTS = 400, RIG_BLOCKS = 2048, RIG_SLOTS = 4 };

// --- a law ------------------------------------------------------------------------------------------------------------------------

static inline clx_step_cost rig_cost(const void *self, const clx_engine_step *step, int32_t ranks, int32_t stage) {
  const double scale = self != NULL ? *(const double *)self : 1;
  double time = 0.0051 + 0.0007 * stage;
  for (int32_t r = 0; r < ranks; r++) {
    time += 1.3e-5 * step[r].prompt_tokens + 2.1e-5 * step[r].decodes + 1.7e-9 * step[r].context;
    for (int32_t k = 0; k < step[r].chunks; k++) time += 1e-9 * step[r].chunk[k].tokens * step[r].chunk[k].cached;
  }
  return (clx_step_cost){.time = scale * time, .energy = 100 * time};
}

static inline clx_step_cost rig_constant(const void *self, const clx_engine_step *step, int32_t ranks, int32_t stage) {
  (void)step;
  (void)ranks;
  (void)stage;
  return (clx_step_cost){.time = *(const double *)self};
}

// --- requests ---------------------------------------------------------------------------------------------------------------------

typedef struct rig_trace {
  clx_requests requests;
  clx_request item[RIG_REQUESTS];
  int64_t block[RIG_REQUESTS * 64];
} rig_trace;

// Poisson arrivals; prompts and outputs uniform from 1; names of `name_tokens`, of which the first few are shared by many.
static inline void rig_draw(rig_trace *t, uint64_t seed, int32_t count, double rate, int32_t prompt, int32_t output,
                            int32_t name_tokens) {
  clx_stream s = clx_stream_make(seed, 77, 0, 0);
  t->requests =
      (clx_requests){.item = t->item, .count = count, .block = t->block, .block_tokens = name_tokens, .tenants = 1};
  double time = 0;
  for (int32_t i = 0; i < count; i++) {
    clx_request *q = &t->item[i];
    if (rate > 0) time += clx_stream_exponential(&s) / rate;
    *q = (clx_request){.arrival = time,
                       .prompt = 1 + (int32_t)clx_stream_below(&s, (uint64_t)prompt),
                       .output = 1 + (int32_t)clx_stream_below(&s, (uint64_t)output),
                       .first_block = t->requests.block_count};
    if (name_tokens == 0) continue;
    q->blocks = (q->prompt + name_tokens - 1) / name_tokens;
    assert_true(q->blocks <= 64);
    const int32_t shared = (int32_t)clx_stream_below(&s, 8);
    const int64_t family = 1 + (int64_t)clx_stream_below(&s, 4);
    for (int32_t k = 0; k < q->blocks; k++)
      t->block[t->requests.block_count++] = k < shared ? family * 1000 + k : 1000000 + (int64_t)i * 1000 + k;
  }
}

// --- the slow simulator -------------------------------------------------------------------------------------------------------------

typedef struct rig_unit {  // blocks that are found and lost together
  int64_t key;
  int32_t owner;  // request whose own it is after a preemption, -1 = has the name `key`
  int32_t blocks;
  bool alive;
} rig_unit;

typedef struct rig_seq {
  int32_t computed, made, in_flight, preemptions, cached;
  bool decodes, started;
  int32_t held[RIG_BLOCKS], count;
  int32_t unit[64], units;  // that it holds
  int32_t before_own;
  double first, last;
} rig_seq;

typedef struct rig_work {
  int32_t seq, tokens, cached;
  bool decodes;
} rig_work;

typedef struct rig_slot {
  bool busy;
  double end;
  rig_work work[RIG_REQUESTS];
  int32_t count;
} rig_slot;

typedef struct rig {
  const clx_requests *requests;
  const clx_rules *rules;
  clx_step_law law;
  rig_seq seq[RIG_REQUESTS];
  int32_t waiting[RIG_REQUESTS], waits, running[RIG_REQUESTS], runs;
  int32_t queue[RIG_BLOCKS], queued;                 // free blocks, first to be taken first
  int32_t unit_of[RIG_BLOCKS], holders[RIG_BLOCKS];  // of blocks
  rig_unit unit[200000];
  int32_t units;
  rig_slot slot[RIG_SLOTS];
  double stage_free[RIG_SLOTS], now, ratio;
  int32_t clients, next, ended;
  int64_t iterations;
  bool full;
} rig;

static inline void rig_list_remove(int32_t *list, int32_t *count, int32_t value) {
  int32_t k = 0;
  while (list[k] != value) k++;
  memmove(list + k, list + k + 1, (size_t)(*count - k - 1) * sizeof *list);
  --*count;
}

static inline void rig_list_insert(int32_t *list, int32_t *count, int32_t at, int32_t value) {
  memmove(list + at + 1, list + at, (size_t)(*count - at) * sizeof *list);
  list[at] = value;
  ++*count;
}

static inline int32_t rig_ceil(int32_t a, int32_t b) { return (a + b - 1) / b; }

// --- blocks -------------------------------------------------------------------------------------------------------------------------

static inline int32_t rig_unit_tokens(const rig *r) {
  return r->requests->block_tokens > r->rules->block ? r->requests->block_tokens : r->rules->block;
}

static inline void rig_take(rig *r, rig_seq *s, int32_t blocks) {
  for (int32_t k = 0; k < blocks; k++) {
    const int32_t b = r->queue[0];
    rig_list_remove(r->queue, &r->queued, b);
    if (r->unit_of[b] >= 0) r->unit[r->unit_of[b]].alive = false;
    r->unit_of[b] = -1;
    r->holders[b] = 1;
    s->held[s->count++] = b;
  }
}

static inline void rig_give(rig *r, int32_t block) {
  if (--r->holders[block] == 0) r->queue[r->queued++] = block;
}

static inline int32_t rig_find(const rig *r, int64_t key, int32_t owner) {
  for (int32_t u = 0; u < r->units; u++) {
    if (r->unit[u].alive && r->unit[u].owner == owner && (owner >= 0 || r->unit[u].key == key)) return u;
  }
  return -1;
}

static inline int64_t rig_name(const rig *r, int32_t i, int32_t unit) {
  const int32_t step = r->requests->block_tokens > 0 ? rig_unit_tokens(r) / r->requests->block_tokens : 1;
  return r->requests->block[r->requests->item[i].first_block + (unit + 1) * step - 1];
}

static inline int32_t rig_named_units(const rig *r, int32_t i) {
  if (r->requests->block_tokens == 0) return 0;
  const int32_t step = rig_unit_tokens(r) / r->requests->block_tokens;
  const int32_t whole = r->requests->item[i].prompt / rig_unit_tokens(r), named = r->requests->item[i].blocks / step;
  return whole < named ? whole : named;
}

static inline int32_t rig_target(const rig *r, int32_t i) { return r->requests->item[i].prompt + r->seq[i].made; }

// Units that the cache has, and whether the request's own one with them; the free blocks among them.
static inline int32_t rig_hits(const rig *r, int32_t i, int32_t unit[64], int32_t *idle, int32_t *blocks) {
  int32_t count = 0;
  *idle = *blocks = 0;
  if (!r->rules->prefix) return 0;
  while (count < rig_named_units(r, i) && count < (rig_target(r, i) - 1) / rig_unit_tokens(r)) {
    unit[count] = rig_find(r, rig_name(r, i, count), -1);
    if (unit[count] < 0) break;
    count++;
  }
  if (r->seq[i].before_own == count && rig_find(r, 0, i) >= 0) unit[count++] = rig_find(r, 0, i);
  for (int32_t k = 0; k < count; k++) {
    *blocks += r->unit[unit[k]].blocks;
    for (int32_t q = 0; q < r->queued; q++) *idle += r->unit_of[r->queue[q]] == unit[k];
  }
  return count;
}

static inline void rig_hold(rig *r, int32_t i, const int32_t *unit, int32_t count) {
  rig_seq *s = &r->seq[i];
  for (int32_t k = 0; k < count; k++) {
    for (int32_t b = 0; b < r->rules->blocks; b++) {
      if (r->unit_of[b] != unit[k]) continue;
      if (r->holders[b]++ == 0) rig_list_remove(r->queue, &r->queued, b);
      s->held[s->count++] = b;
    }
    if (r->unit[unit[k]].owner < 0) {
      s->unit[s->units++] = unit[k];
      continue;
    }
    r->unit[unit[k]].alive = false;
    for (int32_t b = 0; b < s->count; b++) {
      if (r->unit_of[s->held[b]] == unit[k]) r->unit_of[s->held[b]] = -1;
    }
  }
  const int32_t stale = rig_find(r, 0, i);
  if (stale >= 0) {
    r->unit[stale].alive = false;
    for (int32_t b = 0; b < r->rules->blocks; b++) {
      if (r->unit_of[b] == stale) r->unit_of[b] = -1;
    }
  }
  s->before_own = -1;
}

__attribute__((noinline)) static int32_t rig_new_unit(rig *r, rig_seq *s, int64_t key, int32_t owner, int32_t first,
                                                      int32_t blocks) {
  assert_true(r->units < CLX_COUNT(r->unit));
  r->unit[r->units] = (rig_unit){key, owner, blocks, true};
  for (int32_t b = first; b < first + blocks; b++) r->unit_of[s->held[b]] = r->units;
  return r->units++;
}

static inline void rig_name_units(rig *r, int32_t i) {
  rig_seq *s = &r->seq[i];
  if (!r->rules->prefix) return;
  const int32_t per = rig_unit_tokens(r) / r->rules->block;
  while (s->units < rig_named_units(r, i) && s->units < s->computed / rig_unit_tokens(r)) {
    if (rig_find(r, rig_name(r, i, s->units), -1) >= 0) return;
    const int32_t u = rig_new_unit(r, s, rig_name(r, i, s->units), -1, s->units * per, per);
    s->unit[s->units++] = u;
  }
}

// All blocks back, the last first; whole ones without a name as one unit of its own when it may come back.
static inline void rig_release(rig *r, int32_t i, bool keep) {
  rig_seq *s = &r->seq[i];
  const int32_t named = s->units * (rig_unit_tokens(r) / r->rules->block);
  const int32_t whole = keep && r->rules->prefix ? s->computed / r->rules->block : 0;
  if (whole > named) {
    rig_new_unit(r, s, 0, i, named, whole - named);
    s->before_own = s->units;
  }
  for (int32_t b = s->count - 1; b >= 0; b--) rig_give(r, s->held[b]);
  s->count = s->units = 0;
}

// --- moves --------------------------------------------------------------------------------------------------------------------------

static inline void rig_leave(rig *r, int32_t i, bool keep, bool first) {
  assert_true(i >= 0);
  if (i < 0) return;
  rig_seq *s = &r->seq[i];
  rig_release(r, i, keep);
  s->computed = 0;
  s->decodes = false;
  s->preemptions++;
  rig_list_remove(r->running, &r->runs, i);
  rig_list_insert(r->waiting, &r->waits, first ? 0 : r->waits, i);
}

static inline int32_t rig_last_free(const rig *r) {
  for (int32_t k = r->runs - 1; k >= 0; k--) {
    if (r->seq[r->running[k]].in_flight == 0) return r->running[k];
  }
  return -1;
}

static inline void rig_put(rig *r, rig_slot *slot, int32_t i, int32_t tokens) {
  rig_seq *s = &r->seq[i];
  slot->work[slot->count++] = (rig_work){i, tokens, s->computed, s->decodes};
  s->in_flight++;
  if (s->decodes) return;
  s->computed += tokens;
  rig_name_units(r, i);
}

static inline void rig_admit(rig *r, rig_slot *slot, int32_t i, const int32_t *unit, int32_t units, int32_t tokens,
                             int32_t held) {
  rig_seq *s = &r->seq[i];
  rig_list_remove(r->waiting, &r->waits, i);
  int32_t at = r->runs;
  while (r->rules->policy == CLX_ENGINE_VLLM_V0 && at > 0 && r->running[at - 1] > i) at--;
  rig_list_insert(r->running, &r->runs, at, i);
  rig_hold(r, i, unit, units);
  s->computed = s->count * r->rules->block;
  if (!s->started) s->cached = s->computed;
  s->started = true;
  rig_take(r, s, held - s->count);
  rig_put(r, slot, i, tokens);
}

// Decodes in the order of those that run, each with its block; false when one had to stop.
static inline void rig_decodes(rig *r, rig_slot *slot, int32_t most) {
  const bool vidur = r->rules->policy == CLX_ENGINE_SARATHI || r->rules->policy == CLX_ENGINE_VLLM_V0;
  for (int32_t k = 0; k < r->runs && slot->count < most; k++) {
    const int32_t i = r->running[k];
    rig_seq *s = &r->seq[i];
    if (!s->decodes || s->in_flight > 0) continue;
    int32_t need = rig_ceil(s->computed + 1, r->rules->block) - s->count;
    if (r->rules->policy == CLX_ENGINE_TENSORRT) need = 0;
    const int32_t wanted = vidur && need < 1 ? 1 : need;
    bool stays = true;
    while (stays && wanted > r->queued) {
      const int32_t victim = rig_last_free(r);
      rig_leave(r, victim, true, true);
      stays = victim != i;
    }
    if (!stays) return;
    rig_take(r, s, need > 0 ? need : 0);
    rig_put(r, slot, i, 1);
  }
}

// --- policies -----------------------------------------------------------------------------------------------------------------------

static inline int32_t rig_slot_tokens(const rig_slot *slot) {
  int32_t tokens = 0;
  for (int32_t k = 0; k < slot->count; k++) tokens += slot->work[k].tokens;
  return tokens;
}

static inline int32_t rig_preemptions(const rig *r) {
  int32_t sum = 0;
  for (int32_t i = 0; i < r->requests->count; i++) sum += r->seq[i].preemptions;
  return sum;
}

static inline void rig_vllm(rig *r, rig_slot *slot) {
  const clx_rules *rules = r->rules;
  const int32_t before = rig_preemptions(r);
  rig_decodes(r, slot, RIG_REQUESTS);
  for (int32_t k = 0; k < r->runs; k++) {
    const int32_t i = r->running[k], budget = rules->tokens - rig_slot_tokens(slot);
    rig_seq *s = &r->seq[i];
    const int32_t left = rig_target(r, i) - s->computed;
    if (s->decodes || left == 0 || budget == 0) continue;
    const int32_t tokens = left < budget ? left : budget, held = rig_ceil(s->computed + tokens, rules->block);
    while (held - s->count > r->queued) {
      const int32_t victim = rig_last_free(r);
      if (victim < 0) return;
      rig_leave(r, victim, true, true);
      if (victim == i) return;
    }
    rig_take(r, s, held - s->count);
    rig_put(r, slot, i, tokens);
  }
  while (rig_preemptions(r) == before && r->waits > 0 && r->runs < rules->sequences) {
    const int32_t i = r->waiting[0], budget = rules->tokens - rig_slot_tokens(slot);
    int32_t unit[64], idle, blocks;
    const int32_t units = rig_hits(r, i, unit, &idle, &blocks), found = blocks * rules->block;
    int32_t tokens = rig_target(r, i) - found;
    if (budget == 0 || (tokens > budget && !rules->chunked)) return;
    if (tokens > budget) tokens = budget;
    const int32_t held = rig_ceil(found + tokens, rules->block);
    const int32_t wanted = rules->whole ? rig_ceil(rig_target(r, i), rules->block) : held;
    const double spare = r->runs == 0 ? 0 : rules->watermark * (double)rules->blocks;
    if (wanted - blocks + spare > r->queued - idle) return;
    rig_admit(r, slot, i, unit, units, tokens, held);
  }
}

static inline void rig_tensorrt(rig *r, rig_slot *slot) {
  const clx_rules *rules = r->rules;
  rig_decodes(r, slot, RIG_REQUESTS);
  for (int32_t k = 0; k < r->runs; k++) {
    const int32_t i = r->running[k], budget = rules->tokens - rig_slot_tokens(slot);
    const rig_seq *s = &r->seq[i];
    if (s->decodes || s->in_flight > 0) continue;
    const int32_t left = rig_target(r, i) - s->computed;
    const int32_t tokens = left <= budget ? left : rules->chunked ? budget - budget % rules->block : 0;
    if (tokens > 0) rig_put(r, slot, i, tokens);
  }
  while (r->waits > 0 && r->runs < rules->sequences) {
    const int32_t i = r->waiting[0], budget = rules->tokens - rig_slot_tokens(slot);
    int32_t unit[64], idle, blocks;
    const int32_t units = rig_hits(r, i, unit, &idle, &blocks), left = rig_target(r, i) - blocks * rules->block;
    const int32_t tokens = left <= budget ? left : rules->chunked ? budget - budget % rules->block : 0;
    const clx_request *q = &r->requests->item[i];
    const int32_t answer = rules->reserve > q->output ? rules->reserve : q->output;
    const int32_t held = rig_ceil(q->prompt + answer - 1, rules->block);
    if (tokens == 0 || held - blocks > r->queued - idle) return;
    rig_admit(r, slot, i, unit, units, tokens, held);
  }
}

static inline bool rig_vidur_room(const rig *r, int32_t i, int32_t blocks, int32_t idle) {
  const int32_t spare = (int32_t)(r->rules->watermark * (double)r->rules->blocks);
  return r->queued - idle - (rig_ceil(rig_target(r, i), r->rules->block) - blocks) >= spare;
}

static inline void rig_sarathi(rig *r, rig_slot *slot) {
  const clx_rules *rules = r->rules;
  const int32_t most = rules->sequences / rules->stages;
  rig_decodes(r, slot, most);
  for (int32_t k = 0; k < r->runs; k++) {
    const int32_t i = r->running[k], budget = rules->tokens - rig_slot_tokens(slot);
    const rig_seq *s = &r->seq[i];
    if (s->decodes || s->in_flight > 0 || budget == 0) continue;
    const int32_t left = rig_target(r, i) - s->computed;
    rig_put(r, slot, i, left < budget ? left : budget);
  }
  while (r->waits > 0 && r->runs < rules->sequences && slot->count < most) {
    const int32_t i = r->waiting[0], budget = rules->tokens - rig_slot_tokens(slot);
    int32_t unit[64], idle, blocks;
    const int32_t units = rig_hits(r, i, unit, &idle, &blocks), left = rig_target(r, i) - blocks * rules->block;
    if (budget == 0 || !rig_vidur_room(r, i, blocks, idle)) return;
    rig_admit(r, slot, i, unit, units, left < budget ? left : budget, rig_ceil(rig_target(r, i), rules->block));
  }
}

static inline void rig_vllm_v0(rig *r, rig_slot *slot) {
  const clx_rules *rules = r->rules;
  const int32_t most = rules->sequences / rules->stages;
  int32_t longest = 0;
  while (r->waits > 0 && r->runs < rules->sequences && slot->count < most) {
    const int32_t i = r->waiting[0];
    int32_t unit[64], idle, blocks;
    const int32_t units = rig_hits(r, i, unit, &idle, &blocks), left = rig_target(r, i) - blocks * rules->block;
    if (left > longest) longest = left;
    if (!rig_vidur_room(r, i, blocks, idle) || (slot->count + 1) * longest > rules->tokens) break;
    rig_admit(r, slot, i, unit, units, left, rig_ceil(rig_target(r, i), rules->block));
  }
  if (slot->count == 0) rig_decodes(r, slot, most);
}

static inline double rig_expected(const rig *r) {
  double sure = 0, answers = 0;
  for (int32_t k = 0; k < r->runs; k++) {
    const int32_t i = r->running[k], answer = r->requests->item[i].output - r->seq[i].made;
    if (r->seq[i].decodes) answers += answer;
    if (!r->seq[i].decodes) sure += rig_target(r, i) - r->seq[i].computed + answer + r->rules->block;
  }
  return sure + answers * r->ratio;
}

static inline void rig_sglang_prompts(rig *r, rig_slot *slot) {
  const clx_rules *rules = r->rules;
  double room = (double)r->queued * rules->block - rig_expected(r);
  for (int32_t k = 0; k < r->runs; k++) {
    const int32_t i = r->running[k], budget = rules->tokens - rig_slot_tokens(slot);
    rig_seq *s = &r->seq[i];
    if (s->decodes || budget == 0) continue;
    const int32_t left = rig_target(r, i) - s->computed, tokens = left < budget ? left : budget;
    const int32_t held = rig_ceil(s->computed + tokens, rules->block);
    if (held - s->count > r->queued) continue;
    rig_take(r, s, held - s->count);
    rig_put(r, slot, i, tokens);
  }
  for (bool goes_on = true; goes_on && !r->full;) {
    const int32_t budget = rules->tokens - rig_slot_tokens(slot);
    if (r->runs >= rules->sequences) r->full = true;
    if (r->full || r->waits == 0 || budget == 0) return;
    const int32_t i = r->waiting[0];
    int32_t unit[64], idle, blocks;
    const int32_t units = rig_hits(r, i, unit, &idle, &blocks), left = rig_target(r, i) - blocks * rules->block;
    const int32_t answer = r->requests->item[i].output - r->seq[i].made;
    if (left + answer + rules->block >= room - (double)idle * rules->block) {
      r->full = r->runs > 0;
      return;
    }
    const int32_t tokens = left <= budget ? left : rules->chunked ? budget - budget % rules->block : 0;
    if (tokens == 0) return;
    rig_admit(r, slot, i, unit, units, tokens, rig_ceil(blocks * rules->block + tokens, rules->block));
    room -= tokens + rules->block + (double)idle * rules->block + (tokens == left ? answer : 0);
    goes_on = tokens == left;
  }
}

static inline void rig_retract(rig *r) {
  bool first = true;
  while (true) {
    int32_t victim = -1, decodes = 0;
    for (int32_t k = 0; k < r->runs; k++) {
      const int32_t i = r->running[k];
      if (!r->seq[i].decodes) continue;
      decodes++;
      if (victim < 0 || r->seq[i].made < r->seq[victim].made ||
          (r->seq[i].made == r->seq[victim].made && r->requests->item[i].prompt >= r->requests->item[victim].prompt))
        victim = i;
    }
    if (decodes <= 1 || (!first && r->queued * r->rules->block >= decodes * 20)) break;
    rig_leave(r, victim, false, false);
    first = false;
  }
  double made = 0, most = 0;
  for (int32_t k = 0; k < r->runs; k++) {
    made += r->seq[r->running[k]].made;
    most += r->requests->item[r->running[k]].output;
  }
  r->ratio = most > 0 ? fmin(1, (made + 20.0 * r->runs) / most) : 0.7;
  r->full = false;
}

static inline void rig_sglang(rig *r, rig_slot *slot) {
  if (r->runs == 0) {
    r->ratio = 0.7;
    r->full = false;
  }
  rig_sglang_prompts(r, slot);
  if (slot->count > 0) return;
  int32_t need = 0;
  for (int32_t k = 0; k < r->runs; k++) {
    const rig_seq *s = &r->seq[r->running[k]];
    if (s->decodes) need += rig_ceil(s->computed + 1, r->rules->block) - s->count;
  }
  if (need > r->queued) {
    rig_retract(r);
  } else {
    r->ratio = fmax(0.7 * 0.14, r->ratio - (0.7 - 0.7 * 0.14) / 600);
  }
  rig_decodes(r, slot, RIG_REQUESTS);
}

// --- the clock ----------------------------------------------------------------------------------------------------------------------

static inline void rig_pass(rig *r, rig_slot *slot) {
  static clx_chunk chunk[RIG_REQUESTS];
  clx_engine_step step = {.verified = 1, .chunk = chunk};
  for (int32_t k = 0; k < slot->count; k++) {
    const rig_work *w = &slot->work[k];
    if (w->decodes) {
      step.decodes++;
      step.context += w->cached;
    } else {
      chunk[step.chunks++] = (clx_chunk){w->tokens, w->cached};
      step.prompt_tokens += w->tokens;
    }
  }
  double time = r->now;
  for (int32_t stage = 0; stage < r->rules->stages; stage++) {
    if (r->stage_free[stage] > time) time = r->stage_free[stage];
    time += r->law.cost(r->law.self, &step, 1, stage).time;
    r->stage_free[stage] = time;
  }
  slot->end = time;
  slot->busy = true;
  r->iterations++;
}

static inline void rig_start(rig *r) {
  static void (*const schedule[CLX_ENGINE_POLICIES])(rig *, rig_slot *) = {rig_vllm, rig_tensorrt, rig_sglang,
                                                                           rig_sarathi, rig_vllm_v0};
  for (int32_t k = 0; k < r->rules->stages; k++) {
    rig_slot *slot = &r->slot[k];
    if (slot->busy) continue;
    slot->count = 0;
    const int32_t before = rig_preemptions(r);
    schedule[r->rules->policy](r, slot);
    bool any = false;
    for (int32_t n = 0; n < r->rules->stages; n++) any |= r->slot[n].busy;
    if (slot->count == 0 && !any && rig_preemptions(r) > before) schedule[r->rules->policy](r, slot);
    if (slot->count == 0) return;
    rig_pass(r, slot);
  }
}

static inline void rig_end_request(rig *r, int32_t i) {
  rig_release(r, i, false);
  rig_list_remove(r->running, &r->runs, i);
  r->ended++;
  r->full = false;
  if (r->clients > 0 && r->next < r->requests->count) r->waiting[r->waits++] = r->next++;
}

static inline void rig_end(rig *r, rig_slot *slot) {
  slot->busy = false;
  for (int32_t pass = 0; pass < 2; pass++) {  // decodes by number, then prompts
    for (int32_t k = 0; k < slot->count; k++) {
      const rig_work *w = &slot->work[k];
      rig_seq *s = &r->seq[w->seq];
      if (w->decodes != (pass == 0)) continue;
      s->in_flight--;
      if (w->decodes) s->computed++;
      if (!w->decodes && w->cached + w->tokens < rig_target(r, w->seq)) continue;
      if (s->made++ == 0) s->first = r->now;
      s->last = r->now;
      s->decodes = true;
    }
  }
  for (int32_t pass = 0; pass < 2;
       pass++) {  // those that end: decodes in the order of their numbers, then prompts as they stand
    for (int32_t i = 0; pass == 0 && i < r->requests->count; i++) {
      for (int32_t k = 0; k < slot->count; k++) {
        if (slot->work[k].seq == i && slot->work[k].decodes && r->seq[i].made == r->requests->item[i].output)
          rig_end_request(r, i);
      }
    }
    for (int32_t k = 0; pass == 1 && k < slot->count; k++) {
      const int32_t i = slot->work[k].seq;
      if (slot->work[k].decodes || r->seq[i].made != r->requests->item[i].output) continue;
      if (slot->work[k].cached + slot->work[k].tokens == r->requests->item[i].prompt + r->seq[i].made - 1)
        rig_end_request(r, i);
    }
  }
}

static inline void rig_run(rig *r, const clx_requests *requests, const clx_rules *rules, clx_step_law law,
                           int32_t clients) {
  memset(r, 0, sizeof *r);
  r->requests = requests;
  r->rules = rules;
  r->law = law;
  r->clients = clients;
  assert_true(rules->blocks <= RIG_BLOCKS && rules->stages <= RIG_SLOTS && requests->count <= RIG_REQUESTS);
  for (int32_t b = 0; b < rules->blocks; b++) {
    r->queue[r->queued++] = b;
    r->unit_of[b] = -1;
  }
  for (int32_t i = 0; i < requests->count; i++) r->seq[i].before_own = -1;
  for (int32_t k = 0; k < clients && r->next < requests->count; k++) r->waiting[r->waits++] = r->next++;
  if (clients > 0) rig_start(r);
  while (r->ended < requests->count) {
    double next = clients == 0 && r->next < requests->count ? requests->item[r->next].arrival : INFINITY;
    for (int32_t k = 0; k < rules->stages; k++) {
      if (r->slot[k].busy && r->slot[k].end < next) next = r->slot[k].end;
    }
    assert_true(isfinite(next));
    r->now = next;
    while (clients == 0 && r->next < requests->count && requests->item[r->next].arrival <= next)
      r->waiting[r->waits++] = r->next++;
    for (int32_t k = 0; k < rules->stages; k++) {
      if (r->slot[k].busy && r->slot[k].end <= next) rig_end(r, &r->slot[k]);
    }
    rig_start(r);
  }
}
