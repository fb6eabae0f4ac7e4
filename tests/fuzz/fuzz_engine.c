// Any bytes as rules, a fleet and requests: every request ends and all blocks are there at every start, or a mistake is named; never a
// crash, never without end.
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct bytes {
  const uint8_t *at;
  size_t left;
} bytes;

static int32_t below(bytes *b, int32_t count) {
  if (b->left == 0) return 0;
  b->left--;
  return *b->at++ % count;
}

static clx_step_cost cost(const void *self, const clx_engine_step *step, int32_t ranks, int32_t stage) {
  (void)self;
  double time = 0.01 * (1 + stage);
  for (int32_t r = 0; r < ranks; r++) time += 1e-4 * (step[r].decodes + step[r].prompt_tokens);
  return (clx_step_cost){.time = time};
}

static clx_pool draw_pool(bytes *b) {
  clx_pool pool = {.name = "fuzz", .replicas = 1 + below(b, 3), .law = {.cost = cost}};
  pool.rules = (clx_rules){.policy = (clx_engine_policy)below(b, CLX_ENGINE_POLICIES),
                           .sequences = 1 + below(b, 20),
                           .tokens = 20 + 4 * below(b, 64),
                           .chunked = below(b, 4) > 0,
                           .prefix = below(b, 2) == 1,
                           .block = 1 << below(b, 6),
                           .blocks = 1 + below(b, 256),
                           .watermark = 0.01 * below(b, 5),
                           .whole = below(b, 2) == 1,
                           .reserve = 3 * below(b, 30),
                           .stages = 1 + below(b, 3),
                           .ranks = 1 + below(b, 3),
                           .drafts = below(b, 3)};
  pool.rules.accepted = pool.rules.drafts > 0 ? 1 + 0.25 * below(b, 1 + 4 * pool.rules.drafts) : 1;
  return pool;
}

static clx_requests draw_requests(bytes *b, clx_request item[200], int64_t block[200 * 8]) {
  clx_requests r = {.item = item, .block = block, .block_tokens = 1 << (2 + below(b, 4)), .tenants = 3};
  double time = 0;
  while (b->left > 3 && r.count < 200) {
    time += 0.02 * below(b, 64);
    clx_request *q = &item[r.count++];
    *q = (clx_request){
        .arrival = time, .prompt = 1 + below(b, 128), .output = 1 + below(b, 64), .first_block = r.block_count};
    const int32_t family = below(b, 8);
    q->tenant = family % 3;
    for (; q->blocks < 8 && q->blocks * r.block_tokens < q->prompt; q->blocks++)
      block[r.block_count++] = q->blocks < 4 ? 10 * family + q->blocks : 1000 + 10 * r.count + q->blocks;
  }
  return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static clx_request item[200];
  static int64_t block[200 * 8];
  bytes b = {data, size};
  clx_pool pool[2] = {draw_pool(&b), draw_pool(&b)};
  const bool changes = below(&b, 3) == 0;
  clx_outage outage[2];
  for (int32_t k = 0; k < 2; k++) {
    outage[k] = (clx_outage){.replica = below(&b, 2), .from = 0.05 * below(&b, 100)};
    outage[k].until = outage[k].from + 0.05 * (1 + below(&b, 100));
  }
  static const clx_whose whose[] = {{.priority = 2}, {.priority = 1}, {.priority = 1}};
  for (int32_t p = 0; changes && p < 2; p++) {
    pool[p].scaling = (clx_scaling){.least = 1, .interval = 0.3, .high = 6, .low = 2, .start = 0.5};
    pool[p].scaling.metric = (clx_scaling_metric)below(&b, CLX_SCALING_METRICS);
    pool[p].scaling.target = 0.5 * below(&b, 8);
    pool[p].scaling.calm = 0.3 * below(&b, 4);
  }
  const clx_engine_fleet fleet = {.pool = pool,
                                  .whose = size % 2 == 1 ? whose : NULL,
                                  .outage = outage,
                                  .outages = changes ? below(&b, 3) : 0,
                                  .notice = 0.1 * below(&b, 4),
                                  .loses = below(&b, 2) == 1,
                                  .pools = 1 + below(&b, 2),
                                  .router = (clx_router)below(&b, CLX_ROUTERS),
                                  .transfer = {1e5, 1e8 * below(&b, 5), 0.01 * below(&b, 5)}};
  if (fleet.pools == 2 && below(&b, 2) == 1) {
    pool[0].role = CLX_ROLE_PREFILL;
    pool[1].role = CLX_ROLE_DECODE;
    pool[1].rules.prefix = false;
  }
  const int32_t clients = 2 * below(&b, 20);
  const clx_requests requests = draw_requests(&b, item, block);
  const clx_offer offer = {&requests, clients};
  const clx_engine_options options = {.refuse = true, .check = true};
  clx_arena *arena = clx_arena_new();
  clx_engine_result result;
  clx_error error = {0};
  if (arena == NULL) return 0;
  const clx_status status = clx_engine_run(&fleet, &offer, &options, arena, &result, &error);
  if (status != CLX_OK && status != CLX_INPUT) abort();
  if (status == CLX_OK && result.ended + result.refused + result.lost != requests.count) abort();
  clx_arena_free(arena);
  return 0;
}
