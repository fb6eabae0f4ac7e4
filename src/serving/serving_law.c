// Iterations of an engine as batches of kernels, remembered on a grid.
#include "serving/serving_law.h"

#include <math.h>
#include <string.h>

enum { SLOTS = 1 << 15 };

// What was asked before; each coordinate in steps of a few per cent.
typedef struct memory_slot {
  int32_t key[5];
  bool known;
  clx_step_cost cost;
} memory_slot;

struct clx_serving_law {
  const clx_serving *serving;
  memory_slot *slot;
};

clx_serving_law *clx_serving_law_make(clx_arena *arena, const clx_serving *serving, const clx_law_reach *reach) {
  (void)reach;
  clx_serving_law *law = CLX_NEW(arena, clx_serving_law);
  if (law == NULL) return NULL;
  *law = (clx_serving_law){.serving = serving, .slot = CLX_NEW_ARRAY(arena, memory_slot, SLOTS)};
  if (law->slot == NULL) return NULL;
  memset(law->slot, 0, SLOTS * sizeof *law->slot);
  return law;
}

// Whole up to 32, then 32 steps an octave.
static int32_t step_of(double value) {
  return value <= 32 ? (int32_t)lround(value) : (int32_t)lround(32 + 32 * log2(value / 32));
}

static double value_of(int32_t step) { return step <= 32 ? step : 32 * exp2((step - 32) / 32.0); }

static clx_step_cost evaluate(const clx_serving *s, const int32_t *key) {
  const clx_serving_batch batch = {.sequences = value_of(key[0]),
                                   .context = value_of(key[1]),
                                   .prompts = value_of(key[2]),
                                   .prompt = value_of(key[3]),
                                   .cached = value_of(key[4])};
  const clx_serving_cost c = clx_serving_iteration(s, &batch);
  return (clx_step_cost){.time = c.time, .energy = c.energy * s->tp * s->dp};
}

clx_step_cost clx_serving_law_cost(const clx_serving_law *law, const clx_engine_step *step, int32_t ranks) {
  double decodes = 0, context = 0, chunks = 0, tokens = 0, cached = 0;
  for (int32_t i = 0; i < ranks; i++) {
    decodes += (double)step[i].decodes * step[i].verified;
    context += step[i].context * step[i].verified;
    chunks += step[i].chunks;
    tokens += step[i].prompt_tokens;
    for (int32_t k = 0; k < step[i].chunks; k++) cached += step[i].chunk[k].cached;
  }
  const int32_t key[5] = {step_of(decodes), step_of(decodes > 0 ? context / decodes : 0), step_of(chunks),
                          step_of(chunks > 0 ? tokens / chunks : 0), step_of(chunks > 0 ? cached / chunks : 0)};
  uint64_t hash = 0;
  for (int32_t i = 0; i < CLX_COUNT(key); i++) hash = (hash ^ (uint64_t)key[i]) * 0x9e3779b97f4a7c15u;
  memory_slot *slot = &law->slot[hash >> 49];
  if (!slot->known || memcmp(slot->key, key, sizeof key) != 0) {
    slot->cost = evaluate(law->serving, key);
    memcpy(slot->key, key, sizeof key);
    slot->known = true;
  }
  return slot->cost;
}

static clx_step_cost law_cost(const void *self, const clx_engine_step *step, int32_t ranks, int32_t stage) {
  (void)stage;
  return clx_serving_law_cost(self, step, ranks);
}

clx_step_law clx_serving_law_step(const clx_serving_law *law) {
  const clx_serving *s = law->serving;
  return (clx_step_law){.cost = law_cost, .self = law, .idle = s->tp * s->dp * s->device->idle_power};
}
