// Runs of engines: closed forms, conservation, schedules by hand from the documented rules, bounds, mistakes.
#include "engine_rig.h"

static rig_trace trace;

typedef struct seen {
  int32_t count;
  struct {
    double start, end;
    int32_t decodes, chunks, chunk[4], cached[4], running, waiting;
    double context, longest;
  } it[64];
} seen;

static void see(void *self, const clx_iteration *it) {
  seen *s = self;
  if (s->count == CLX_COUNT(s->it)) return;
  s->it[s->count].start = it->start;
  s->it[s->count].end = it->end;
  s->it[s->count].decodes = it->step->decodes;
  s->it[s->count].context = it->step->context;
  s->it[s->count].longest = it->step->longest;
  s->it[s->count].chunks = it->step->chunks;
  s->it[s->count].running = it->running;
  s->it[s->count].waiting = it->waiting;
  for (int32_t k = 0; k < it->step->chunks && k < 4; k++) {
    s->it[s->count].chunk[k] = it->step->chunk[k].tokens;
    s->it[s->count].cached[k] = it->step->chunk[k].cached;
  }
  s->count++;
}

static const double one_second = 1;

static clx_pool pool_of(clx_engine_policy policy, int32_t sequences, int32_t tokens, int32_t block, int64_t blocks) {
  return (clx_pool){.name = "engine",
                    .replicas = 1,
                    .rules = {.policy = policy,
                              .sequences = sequences,
                              .tokens = tokens,
                              .chunked = true,
                              .block = block,
                              .blocks = blocks,
                              .stages = 1,
                              .ranks = 1},
                    .law = {.cost = rig_constant, .self = &one_second, .idle = 3}};
}

static clx_arena *arena;

static int open_arena(void **state) {
  (void)state;
  arena = clx_arena_new();
  return arena == NULL;
}

static int close_arena(void **state) {
  (void)state;
  clx_arena_free(arena);
  return 0;
}

static clx_engine_result run_fleet(const clx_engine_fleet *fleet, const clx_requests *requests, int32_t clients,
                                   seen *s) {
  const clx_offer offer = {requests, clients};
  const clx_engine_options options = {.check = true, .seen = s != NULL ? see : NULL, .self = s};
  clx_engine_result result;
  clx_error error = {0};
  if (s != NULL) s->count = 0;
  if (clx_engine_run(fleet, &offer, &options, arena, &result, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  return result;
}

static clx_engine_result run_pool(const clx_pool *pool, const clx_requests *requests, int32_t clients, seen *s) {
  const clx_engine_fleet fleet = {.pool = pool, .pools = 1};
  return run_fleet(&fleet, requests, clients, s);
}

static clx_requests requests_of(clx_request *item, int32_t count) {
  return (clx_requests){.item = item, .count = count, .tenants = 1};
}

// --- closed forms -----------------------------------------------------------------------------------------------------------------

// One server, Poisson arrivals, constant service D: mean wait rho D / (2 (1 - rho)) (Pollaczek and Khinchine).
static void test_waits_are_those_of_m_d_1(void **state) {
  (void)state;
  enum { COUNT = 400000 };
  static const double share[] = {0.3, 0.6, 0.8};
  clx_request *item = CLX_NEW_ARRAY(arena, clx_request, COUNT);
  for (int32_t k = 0; k < CLX_COUNT(share); k++) {
    clx_stream s = clx_stream_make(3, (uint64_t)k, 0, 0);
    double time = 0;
    for (int32_t i = 0; i < COUNT; i++) {
      time += clx_stream_exponential(&s) / share[k];
      item[i] = (clx_request){.arrival = time, .prompt = 1, .output = 1};
    }
    clx_pool pool = pool_of(CLX_ENGINE_VLLM, 1, 1, 1, 1);
    const clx_requests requests = requests_of(item, COUNT);
    const clx_engine_fleet fleet = {.pool = &pool, .pools = 1};
    const clx_offer offer = {&requests, 0};
    clx_engine_result result;
    assert_int_equal(clx_engine_run(&fleet, &offer, NULL, arena, &result, NULL), CLX_OK);
    double wait = 0;
    for (int32_t i = 0; i < COUNT; i++) wait += result.served[i].started - result.served[i].asked;
    const double rho = share[k];
    CLX_CHECK_NEAR(wait / COUNT, rho / (2 * (1 - rho)), 0.03, 0);
    CLX_CHECK_NEAR(result.queue_mean, rho * rho / (2 * (1 - rho)), 0.03, 0);
    CLX_CHECK_NEAR(result.busy / result.span, rho, 0.01, 0);
    CLX_CHECK_NEAR(result.energy, 3 * result.span, 1e-12, 0);
    assert_int_equal(result.iterations, COUNT);
    assert_false(result.unstable);
  }
}

// N clients with answers of n tokens, T for each iteration: N requests in n T; with room for S of them, S in n T, and each waits for
// the places of those before it.
static void test_closed_loops_are_exact(void **state) {
  (void)state;
  enum { COUNT = 240, TOKENS = 7 };
  clx_request item[COUNT];
  for (int32_t i = 0; i < COUNT; i++) item[i] = (clx_request){.prompt = 3, .output = TOKENS};
  const clx_requests requests = requests_of(item, COUNT);
  for (int32_t clients = 1; clients <= 24; clients *= 2) {
    clx_pool pool = pool_of(CLX_ENGINE_VLLM, 8, 100, 4, 1000);
    const clx_engine_result r = run_pool(&pool, &requests, clients, NULL);
    const int32_t at_once = clients < 8 ? clients : 8;
    CLX_CHECK_NEAR(r.span, (double)((COUNT + at_once - 1) / at_once) * TOKENS, 1e-12, 0);
    CLX_CHECK_NEAR(clx_sketch_mean(&r.gaps), 1, 1e-12, 0);
    CLX_CHECK_NEAR(clx_sketch_quantile(&r.gaps, 0.5), 1, 0.003, 0);
    const clx_served *last = &r.served[COUNT - clients - 1];
    if (clients >= 8) CLX_CHECK_NEAR(last->last - last->asked, (double)clients / 8 * TOKENS, 1e-12, 0);
    assert_int_equal(r.output_tokens, COUNT * TOKENS);
  }
}

// A pipeline of p stages of T s each has p iterations in flight: the same request rate per stage time, each p times as long.
static void test_pipelines_overlap(void **state) {
  (void)state;
  enum { COUNT = 64, TOKENS = 10 };
  clx_request item[COUNT];
  for (int32_t i = 0; i < COUNT; i++) item[i] = (clx_request){.prompt = 1, .output = TOKENS};
  const clx_requests requests = requests_of(item, COUNT);
  clx_pool pool = pool_of(CLX_ENGINE_VLLM, 4, 4, 4, 1000);
  pool.rules.stages = 4;
  const clx_engine_result r = run_pool(&pool, &requests, 4, NULL);
  assert_int_equal(r.served[0].first, 4);
  assert_int_equal(r.served[0].last, 4 * TOKENS);
  pool.rules.sequences = pool.rules.tokens = 1;
  pool.rules.stages = 1;
  const clx_engine_result plain = run_pool(&pool, &requests, 1, NULL);
  CLX_CHECK_NEAR(plain.span, COUNT * TOKENS, 1e-12, 0);
}

// --- conservation -----------------------------------------------------------------------------------------------------------------

static void check_conserved(const clx_engine_result *r, const clx_requests *requests) {
  int64_t tokens = 0;
  double gaps = 0;
  for (int32_t i = 0; i < requests->count; i++) {
    const clx_served *s = &r->served[i];
    assert_true(s->asked <= s->started && s->started < s->first && s->first <= s->last && s->replica >= 0);
    tokens += requests->item[i].output;
    gaps += s->last - s->first;
  }
  assert_int_equal(r->ended, requests->count);
  assert_int_equal(r->output_tokens, tokens);
  assert_int_equal(r->gaps.count, tokens - requests->count);
  CLX_CHECK_NEAR(r->gaps.sum, gaps, 1e-9, 0);
}

// Every request ends once and every token is made once, in fleets of every shape; the audit counts blocks at every start.
static void test_nothing_is_lost(void **state) {
  (void)state;
  clx_stream s = clx_stream_make(5, 0, 0, 0);
  for (int32_t trial = 0; trial < 60; trial++) {
    clx_pool pool[2];
    for (int32_t p = 0; p < 2; p++) {
      pool[p] = pool_of((clx_engine_policy)clx_stream_below(&s, CLX_ENGINE_POLICIES), 12, 400, 8, 40);
      pool[p].law = (clx_step_law){.cost = rig_cost};
      pool[p].replicas = 1 + (int32_t)clx_stream_below(&s, 3);
      pool[p].rules.stages = 1 + (int32_t)clx_stream_below(&s, 3);
      pool[p].rules.ranks = 1 + (int32_t)clx_stream_below(&s, 3);
      pool[p].rules.prefix = p == 0 && clx_stream_below(&s, 2) == 1;
      pool[p].rules.chunked = pool[p].rules.policy != CLX_ENGINE_VLLM_V0;
    }
    const bool apart = clx_stream_below(&s, 2) == 1;
    if (apart) pool[0].role = CLX_ROLE_PREFILL;
    if (apart) pool[1].role = CLX_ROLE_DECODE;
    clx_outage outage[4];
    for (int32_t k = 0; k < 4; k++) {
      const double from = (double)clx_stream_below(&s, 200) / 100;
      outage[k] = (clx_outage){(int32_t)clx_stream_below(&s, (uint64_t)pool[0].replicas), from,
                               from + 0.01 * (1 + (double)clx_stream_below(&s, 200))};
    }
    const bool one = !apart && clx_stream_below(&s, 2) == 1;
    const bool changes = clx_stream_below(&s, 2) == 1;
    for (int32_t p = 0; changes && p < 2; p++) {
      pool[p].scaling = (clx_scaling){.least = 1, .interval = 0.05, .high = 8, .low = 3, .start = 0.1};
      pool[p].scaling.metric = (clx_scaling_metric)clx_stream_below(&s, CLX_SCALING_METRICS);
      pool[p].scaling.target = 2 * (double)clx_stream_below(&s, 3);  // 0: by high and low
      pool[p].scaling.calm = 0.1 * (double)clx_stream_below(&s, 3);
    }
    const clx_engine_fleet fleet = {.pool = pool,
                                    .pools = one ? 1 : 2,
                                    .outage = outage,
                                    .outages = changes && !apart ? 4 : 0,
                                    .notice = 0.03 * (trial % 2),
                                    .router = (clx_router)clx_stream_below(&s, CLX_ROUTERS),
                                    .transfer = {1e5, trial % 3 == 0 ? 0 : 1e9, 0.001 * (trial % 2)}};
    rig_draw(&trace, 500 + (uint64_t)trial, 300, 200, 120, 60, 16);
    const clx_engine_result r = run_fleet(&fleet, &trace.requests, trial % 4 == 0 ? 30 : 0, NULL);
    check_conserved(&r, &trace.requests);
    const clx_engine_result again = run_fleet(&fleet, &trace.requests, trial % 4 == 0 ? 30 : 0, NULL);
    assert_memory_equal(r.served, again.served, 300 * sizeof(clx_served));
    assert_true(r.energy == again.energy && r.busy == again.busy && r.iterations == again.iterations);
  }
}

// --- schedules by hand ------------------------------------------------------------------------------------------------------------

#define CHECK_STEP(k, want_decodes, want_chunks)     \
  do {                                               \
    assert_int_equal(s.it[k].decodes, want_decodes); \
    assert_int_equal(s.it[k].chunks, want_chunks);   \
  } while (0)

// vLLM V1: decodes first, then prompts in turn, the last cut to the budget of 10.
static void test_vllm_chunks_prompts(void **state) {
  (void)state;
  seen s;
  clx_request item[] = {{.prompt = 6, .output = 3}, {.prompt = 12, .output = 2}, {.prompt = 3, .output = 1}};
  clx_pool pool = pool_of(CLX_ENGINE_VLLM, 4, 10, 4, 100);
  const clx_requests requests = requests_of(item, 3);
  const clx_engine_result r = run_pool(&pool, &requests, 0, &s);
  CHECK_STEP(0, 0, 2);  // 6 of the first, 4 of the second
  assert_int_equal(s.it[0].chunk[0], 6);
  assert_int_equal(s.it[0].chunk[1], 4);
  CHECK_STEP(1, 1, 2);  // a decode, the 8 left, 1 of the third
  assert_int_equal(s.it[1].chunk[0], 8);
  assert_int_equal(s.it[1].cached[0], 4);
  assert_int_equal(s.it[1].chunk[1], 1);
  CHECK_STEP(2, 2, 1);
  assert_int_equal(s.it[2].context, 7 + 12);
  assert_int_equal(s.it[2].longest, 12);
  assert_int_equal(r.iterations, 3);
  assert_int_equal(r.served[1].first, 2);
  assert_int_equal(r.served[2].last, 3);
}

// vLLM V1, 5 blocks of 4: both prompts take 2; the first takes the last block at 8 + 1 tokens, the second finds none, is preempted,
// and comes back when the first has ended, with its prompt and token to compute.
static void test_vllm_preempts_the_last(void **state) {
  (void)state;
  seen s;
  clx_request item[] = {{.prompt = 8, .output = 4}, {.prompt = 8, .output = 3}};
  clx_pool pool = pool_of(CLX_ENGINE_VLLM, 4, 32, 4, 5);
  const clx_requests requests = requests_of(item, 2);
  clx_engine_result r = run_pool(&pool, &requests, 0, &s);
  CHECK_STEP(0, 0, 2);
  CHECK_STEP(1, 1, 0);
  assert_int_equal(s.it[1].waiting, 1);
  CHECK_STEP(2, 1, 0);
  CHECK_STEP(3, 1, 0);
  CHECK_STEP(4, 0, 1);
  assert_int_equal(s.it[4].chunk[0], 9);
  assert_int_equal(r.served[1].preemptions, 1);
  assert_int_equal(r.served[1].last, 6);
  // With a prefix cache its own two blocks are still there: 1 token is left.
  pool.rules.prefix = true;
  r = run_pool(&pool, &requests, 0, &s);
  assert_int_equal(s.it[4].chunk[0], 1);
  assert_int_equal(s.it[4].cached[0], 8);
}

// TensorRT-LLM reserves 3 blocks for each: the second waits until the first has ended, and nobody is ever preempted.
static void test_tensorrt_reserves(void **state) {
  (void)state;
  seen s;
  clx_request item[] = {{.prompt = 8, .output = 4}, {.prompt = 8, .output = 3}};
  clx_pool pool = pool_of(CLX_ENGINE_TENSORRT, 4, 32, 4, 5);
  const clx_requests requests = requests_of(item, 2);
  const clx_engine_result r = run_pool(&pool, &requests, 0, &s);
  assert_int_equal(r.served[1].started, 4);
  assert_int_equal(r.preemptions, 0);
  pool.rules.reserve = 13;  // answers may have 13 tokens: 5 blocks
  pool.rules.blocks = 9;
  assert_int_equal(run_pool(&pool, &requests, 0, &s).served[1].started, 4);
  pool.rules.blocks = 10;
  assert_int_equal(run_pool(&pool, &requests, 0, &s).served[1].started, 0);
}

// SGLang: prompts alone, and before decodes.
static void test_sglang_runs_prompts_first(void **state) {
  (void)state;
  seen s;
  clx_request item[] = {{.prompt = 4, .output = 3}, {.arrival = 0.5, .prompt = 4, .output = 2}};
  clx_pool pool = pool_of(CLX_ENGINE_SGLANG, 4, 32, 1, 100);
  const clx_requests requests = requests_of(item, 2);
  const clx_engine_result r = run_pool(&pool, &requests, 0, &s);
  CHECK_STEP(0, 0, 1);
  CHECK_STEP(1, 0, 1);  // the first could decode: the second prompt goes before
  CHECK_STEP(2, 2, 0);
  CHECK_STEP(3, 1, 0);
  assert_int_equal(r.served[0].last, 4);
  // 11 tokens: 7 are free, the first may need 0.7 of its 2; the second with its answer and a block (4 + 2 + 1) has to fit below the 5.6 left.
  pool.rules.blocks = 11;
  assert_int_equal(run_pool(&pool, &requests, 0, &s).served[1].started, 3);
}

// Sarathi fills a chunk of 8 behind its decodes; the first vLLM runs whole prompts before any decode.
static void test_vidur_schedulers(void **state) {
  (void)state;
  seen s;
  clx_request item[] = {{.prompt = 6, .output = 4}, {.arrival = 0.5, .prompt = 10, .output = 2}};
  clx_pool pool = pool_of(CLX_ENGINE_SARATHI, 4, 8, 4, 100);
  const clx_requests requests = requests_of(item, 2);
  run_pool(&pool, &requests, 0, &s);
  CHECK_STEP(1, 1, 1);
  assert_int_equal(s.it[1].chunk[0], 7);
  CHECK_STEP(2, 1, 1);
  assert_int_equal(s.it[2].chunk[0], 3);
  pool.rules.policy = CLX_ENGINE_VLLM_V0;
  pool.rules.chunked = false;
  pool.rules.tokens = 12;
  run_pool(&pool, &requests, 0, &s);
  CHECK_STEP(1, 0, 1);
  assert_int_equal(s.it[1].chunk[0], 10);
  CHECK_STEP(2, 2, 0);
}

// Blocks of 4 with names A B C, A B D: the second computes its third block only; a cache of 4 blocks loses the oldest first.
static void test_prefixes_are_found(void **state) {
  (void)state;
  seen s;
  int64_t names[] = {1, 2, 3, 1, 2, 4, 7, 8, 9, 1, 2, 3};
  clx_request item[] = {{.arrival = 0, .prompt = 12, .output = 1, .first_block = 0, .blocks = 3},
                        {.arrival = 10, .prompt = 12, .output = 1, .first_block = 3, .blocks = 3},
                        {.arrival = 20, .prompt = 12, .output = 1, .first_block = 6, .blocks = 3},
                        {.arrival = 30, .prompt = 12, .output = 1, .first_block = 9, .blocks = 3}};
  clx_requests requests = requests_of(item, 4);
  requests.block = names;
  requests.block_count = CLX_COUNT(names);
  requests.block_tokens = 4;
  clx_pool pool = pool_of(CLX_ENGINE_VLLM, 4, 100, 4, 100);
  pool.rules.prefix = true;
  clx_engine_result r = run_pool(&pool, &requests, 0, &s);
  assert_int_equal(r.served[0].cached, 0);
  assert_int_equal(r.served[1].cached, 8);
  assert_int_equal(r.served[2].cached, 0);
  assert_int_equal(r.served[3].cached, 8);  // all are there: the last is computed for its token
  pool.rules.blocks = 4;                    // A B C and a free one; D takes that, 7 8 9 take C, D and B: only A is left
  r = run_pool(&pool, &requests, 0, &s);
  assert_int_equal(r.served[1].cached, 8);
  assert_int_equal(r.served[3].cached, 4);
}

// Two drafts, 2.5 tokens of an iteration: 3 and 2 in turn; 11 tokens after the first take 5 iterations (2, 3, 2, 3, and the last).
static void test_drafts(void **state) {
  (void)state;
  seen s;
  clx_request item[] = {{.prompt = 4, .output = 12}};
  clx_pool pool = pool_of(CLX_ENGINE_VLLM, 4, 32, 4, 100);
  pool.rules.drafts = 2;
  pool.rules.accepted = 2.5;
  const clx_requests requests = requests_of(item, 1);
  const clx_engine_result r = run_pool(&pool, &requests, 0, &s);
  assert_int_equal(r.iterations, 1 + 5);
  assert_int_equal(r.output_tokens, 12);
  assert_int_equal(s.it[2].context, 4 + 2);
  assert_int_equal(s.it[3].context, 4 + 5);
}

// Prompts at one replica, decode at another: the token is there when 8 tokens of 1 B have come at 2 B/s after 0.5 s.
static void test_disaggregation(void **state) {
  (void)state;
  clx_request item[] = {{.prompt = 8, .output = 3}, {.prompt = 8, .output = 3}, {.prompt = 8, .output = 1}};
  clx_pool pool[2] = {pool_of(CLX_ENGINE_VLLM, 4, 16, 4, 100), pool_of(CLX_ENGINE_VLLM, 4, 16, 4, 100)};
  pool[0].role = CLX_ROLE_PREFILL;
  pool[1].role = CLX_ROLE_DECODE;
  const clx_engine_fleet fleet = {.pool = pool, .pools = 2, .transfer = {1, 2, 0.5}};
  const clx_requests requests = requests_of(item, 3);
  const clx_engine_result r = run_fleet(&fleet, &requests, 0, NULL);
  CLX_CHECK_NEAR(r.served[0].first, 1 + 4.5, 1e-12, 0);
  CLX_CHECK_NEAR(r.served[1].first, 1 + 9, 1e-12, 0);  // one after the other
  CLX_CHECK_NEAR(r.served[0].last, 5.5 + 2, 1e-12, 0);
  CLX_CHECK_NEAR(r.served[2].last, 2, 1e-12, 0);  // one token: nothing to send
  assert_int_equal(r.served[0].replica, 1);
  assert_int_equal(r.served[2].replica, 0);
}

// Two ranks step together: both requests in one iteration, which takes as long as the law says of both.
static void test_ranks_step_together(void **state) {
  (void)state;
  clx_request item[] = {{.prompt = 4, .output = 2}, {.prompt = 4, .output = 2}};
  clx_pool pool = pool_of(CLX_ENGINE_VLLM, 1, 8, 4, 100);
  pool.rules.ranks = 2;
  const clx_requests requests = requests_of(item, 2);
  const clx_engine_fleet fleet = {.pool = &pool, .pools = 1, .router = CLX_ROUTER_LEAST};
  const clx_engine_result r = run_fleet(&fleet, &requests, 0, NULL);
  assert_int_equal(r.iterations, 2);
  assert_int_equal(r.served[0].last, 2);
  assert_int_equal(r.served[1].last, 2);
}

// Replica 1 is down from 2.5 to 6 s: its request has 2 tokens, and 4 + 2 to compute at replica 0, which takes it at 3 s.
static void test_outages_move_requests(void **state) {
  (void)state;
  clx_request item[] = {
      {.prompt = 4, .output = 8}, {.prompt = 4, .output = 4}, {.arrival = 7, .prompt = 4, .output = 1}};
  const clx_requests requests = requests_of(item, 3);
  clx_pool pool = pool_of(CLX_ENGINE_VLLM, 4, 16, 4, 100);
  pool.replicas = 2;
  const clx_outage outage = {1, 2.5, 6};
  const clx_engine_fleet fleet = {
      .pool = &pool, .pools = 1, .router = CLX_ROUTER_LEAST, .outage = &outage, .outages = 1};
  const clx_engine_result r = run_fleet(&fleet, &requests, 0, NULL);
  assert_int_equal(r.moved, 1);
  assert_int_equal(r.served[1].first, 1);
  assert_int_equal(r.served[1].last, 5);  // its tokens 3 and 4 at 4 and 5 s
  assert_int_equal(r.served[1].replica, 0);
  assert_int_equal(r.served[2].replica, 1);
  assert_int_equal(r.served[2].last, 8);
  CLX_CHECK_NEAR(r.served_time, 8 + 2.5 + 2, 1e-12, 0);
  CLX_CHECK_NEAR(r.energy, 3 * r.served_time, 1e-12, 0);
}

static void test_outages_of_all_park_requests(void **state) {
  (void)state;
  clx_request item[] = {{.arrival = 1, .prompt = 4, .output = 1}};
  const clx_requests requests = requests_of(item, 1);
  clx_pool pool = pool_of(CLX_ENGINE_VLLM, 4, 16, 4, 100);
  clx_outage outage = {0, 0.5, 3};
  clx_engine_fleet fleet = {.pool = &pool, .pools = 1, .outage = &outage, .outages = 1};
  assert_int_equal(run_fleet(&fleet, &requests, 0, NULL).served[0].last, 4);
  outage.until = INFINITY;
  const clx_offer offer = {&requests, 0};
  clx_engine_result r;
  clx_error error = {0};
  assert_int_equal(clx_engine_run(&fleet, &offer, NULL, arena, &r, &error), CLX_INFEASIBLE);
  assert_non_null(strstr(error.mistake[0].text, "none comes back"));
  pool.scaling = (clx_scaling){.least = 1, .interval = 1, .high = 2, .low = 1};  // decides no more when all are gone
  assert_int_equal(clx_engine_run(&fleet, &offer, NULL, arena, &r, &error), CLX_INFEASIBLE);
}

// One replica of two serves; at 1 s there are 3 requests for it, more than 2: the other starts, and takes the request of 4.5 s. At 9 s
// nothing is left, and the last that started stops.
static void test_scaling_follows_the_work(void **state) {
  (void)state;
  clx_request item[] = {{.prompt = 4, .output = 6},
                        {.prompt = 4, .output = 6},
                        {.prompt = 4, .output = 6},
                        {.arrival = 4.5, .prompt = 4, .output = 2},
                        {.arrival = 20, .prompt = 4, .output = 1}};
  const clx_requests requests = requests_of(item, 5);
  clx_pool pool = pool_of(CLX_ENGINE_VLLM, 4, 16, 4, 100);
  pool.replicas = 2;
  pool.scaling = (clx_scaling){.least = 1, .interval = 1, .high = 2, .low = 0.5, .start = 3};
  const clx_engine_fleet fleet = {.pool = &pool, .pools = 1, .router = CLX_ROUTER_LEAST};
  const clx_engine_result r = run_fleet(&fleet, &requests, 0, NULL);
  assert_int_equal(r.served[2].replica, 0);
  assert_int_equal(r.served[3].replica, 1);
  CLX_CHECK_NEAR(r.served[3].last, 6.5, 1e-12, 0);
  assert_int_equal(r.served[4].replica, 0);
  CLX_CHECK_NEAR(r.served_time, 21 + (7 - 1), 1e-12,
                 0);  // up from 1 s on, off at the first decision without work, at 7 s
}

// As above, noticed after 1 s: the request waits at replica 1 until 3.5 s, and goes on at replica 0 at 4 s; one that comes at 3 s waits, too.
static void test_outages_are_noticed_late(void **state) {
  (void)state;
  clx_request item[] = {
      {.prompt = 4, .output = 8}, {.prompt = 4, .output = 4}, {.arrival = 3.2, .prompt = 4, .output = 1}};
  const clx_requests requests = requests_of(item, 3);
  clx_pool pool = pool_of(CLX_ENGINE_VLLM, 4, 16, 4, 100);
  pool.replicas = 2;
  const clx_outage outage = {1, 2.5, 6};
  const clx_engine_fleet fleet = {
      .pool = &pool, .pools = 1, .router = CLX_ROUTER_ROUND_ROBIN, .outage = &outage, .outages = 1, .notice = 1};
  item[2].arrival = 3;
  clx_engine_result r = run_fleet(&fleet, &requests, 0, NULL);
  assert_int_equal(r.moved, 1);
  assert_int_equal(r.served[1].last, 6);  // two tokens at 1 and 2 s; 4 + 2 computed from 4 s on
  assert_int_equal(r.served[2].replica, 0);
  clx_engine_fleet never = fleet;
  never.notice = 100;  // found again when it is up: moved then, to itself
  r = run_fleet(&never, &requests, 0, NULL);
  assert_int_equal(r.moved, 1);
  assert_int_equal(r.served[1].last, 8);
}

static void test_outages_lose_requests(void **state) {
  (void)state;
  clx_request item[] = {
      {.prompt = 4, .output = 8}, {.prompt = 4, .output = 4}, {.arrival = 7, .prompt = 4, .output = 1}};
  const clx_requests requests = requests_of(item, 3);
  clx_pool pool = pool_of(CLX_ENGINE_VLLM, 4, 16, 4, 100);
  pool.replicas = 2;
  const clx_outage outage = {1, 2.5, 6};
  const clx_engine_fleet fleet = {
      .pool = &pool, .pools = 1, .router = CLX_ROUTER_LEAST, .outage = &outage, .outages = 1, .loses = true};
  clx_engine_result r = run_fleet(&fleet, &requests, 0, NULL);
  assert_true(r.lost == 1 && r.moved == 0 && r.ended == 2);
  assert_true(r.served[1].first == 1 && r.served[1].last == -1 && r.served[1].replica == -1);
  assert_int_equal(r.served[0].last, 8);
  r = run_fleet(&fleet, &requests, 2, NULL);  // its client asks the next at once, at 2.5 s; replica 0 takes it at 3 s
  assert_true(r.lost == 1 && r.ended == 2);
  CLX_CHECK_NEAR(r.served[2].asked, 2.5, 0, 0);
  assert_int_equal(r.served[2].last, 4);
}

typedef struct staffing {
  clx_pool_state state[4000];
  int32_t count;
} staffing;

static void note(void *self, const clx_pool_state *state) {
  staffing *s = self;
  assert_true(s->count < CLX_COUNT(s->state));
  s->state[s->count++] = *state;
}

static const clx_pool_state *at(const staffing *s, double time) {
  const clx_pool_state *last = &s->state[0];
  for (int32_t k = 0; k < s->count && s->state[k].time <= time; k++) last = &s->state[k];
  return last;
}

// Requests of 10 s come evenly, 4/s until 300 s and 12/s until 600 s, then 4/s: by Little's law 40 and 120 are there. With 8 for a replica that
// is 5 and 15 replicas; 20 s of start, and nobody leaves within 60 s.
static clx_request *steps_of_load(int32_t *count) {
  static clx_request item[6100];  // 6,000, and what rounding adds
  int32_t n = 0;
  for (double time = 0; time < 900; time += time >= 300 && time < 600 ? 1.0 / 12 : 0.25)
    item[n++] = (clx_request){.arrival = time, .prompt = 4, .output = 10};
  *count = n;
  return item;
}

static void test_scaling_holds_its_target(void **state) {
  (void)state;
  static staffing s;
  int32_t count = 0;
  clx_request *item = steps_of_load(&count);
  const clx_requests requests = requests_of(item, count);
  clx_pool pool = pool_of(CLX_ENGINE_VLLM, 64, 4096, 4, 1000);
  pool.replicas = 40;
  pool.scaling =
      (clx_scaling){.least = 2, .initial = 6, .interval = 5, .start = 20, .target = 8, .tolerance = 0.1, .calm = 60};
  const clx_engine_fleet fleet = {.pool = &pool, .pools = 1, .router = CLX_ROUTER_LEAST};
  const clx_engine_options options = {.changed = note, .self = &s, .check = true};
  const clx_offer offer = {&requests, 0};
  clx_engine_result r;
  clx_error error = {0};
  s.count = 0;
  if (clx_engine_run(&fleet, &offer, &options, arena, &r, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  assert_int_equal(r.ended, count);
  // An iteration takes 1 s, and one that is under way is waited for, half a second in the mean: 42 and 126 requests.
  const double low = 4 * 10.5 / 8, high = 12 * 10.5 / 8;
  CLX_CHECK_NEAR(at(&s, 290)->ready, low, 0.15, 0);
  CLX_CHECK_NEAR(at(&s, 580)->ready, high, 0.15, 0);
  CLX_CHECK_NEAR(at(&s, 880)->ready, low, 0.15, 0);
  assert_true(at(&s, 318)->ready < 8 &&
              at(&s, 340)->ready >= 14);  // requests are there after 10 s, replicas 20 s later
  assert_true(at(&s, 660)->ready >= 14 && at(&s, 690)->ready <= 8);  // calm
  double held = 0;
  for (int32_t k = 0; k + 1 < s.count; k++)
    held += (s.state[k].ready + s.state[k].starting + s.state[k].draining) * (s.state[k + 1].time - s.state[k].time);
  CLX_CHECK_NEAR(r.pool[0].held, held, 0.02, 0);  // what drains ends between two decisions
  CLX_CHECK_NEAR(r.pool[0].held, r.served_time, 1e-12, 0);
}

// Pools apart scale each by its own work: prompts take 1 s, answers 20 s.
static void test_pools_apart_scale(void **state) {
  (void)state;
  static staffing s;
  static clx_request item[1200];
  for (int32_t k = 0; k < 1200; k++) item[k] = (clx_request){.arrival = 0.25 * k, .prompt = 4, .output = 21};
  const clx_requests requests = requests_of(item, 1200);
  clx_pool pool[2] = {pool_of(CLX_ENGINE_VLLM, 64, 4096, 4, 1000), pool_of(CLX_ENGINE_VLLM, 64, 4096, 4, 1000)};
  for (int32_t p = 0; p < 2; p++) {
    pool[p].role = p == 0 ? CLX_ROLE_PREFILL : CLX_ROLE_DECODE;
    pool[p].replicas = 30;
    pool[p].scaling = (clx_scaling){.least = 1, .interval = 5, .start = 10, .target = 4, .tolerance = 0.1, .calm = 30};
  }
  const clx_engine_fleet fleet = {.pool = pool, .pools = 2, .router = CLX_ROUTER_LEAST};
  const clx_engine_options options = {.changed = note, .self = &s, .check = true};
  const clx_offer offer = {&requests, 0};
  clx_engine_result r;
  clx_error error = {0};
  s.count = 0;
  if (clx_engine_run(&fleet, &offer, &options, arena, &r, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  double mean[2] = {0};
  int32_t points = 0;
  for (int32_t k = 0; k < s.count; k++) {
    if (s.state[k].time < 100 || s.state[k].time > 290) continue;
    mean[s.state[k].pool] += s.state[k].ready + s.state[k].draining;
    points += s.state[k].pool == 0;
  }
  assert_true(points > 30);
  CLX_CHECK_NEAR(mean[0] / points, 4 * 1.5 / 4, 0.35, 0);  // whole replicas, of few
  CLX_CHECK_NEAR(mean[1] / points, 4 * 20.5 / 4, 0.15, 0);
  assert_int_equal(r.ended, 1200);
}

// --- bounds and mistakes ------------------------------------------------------------------------------------------------------------

static void test_overload_is_named(void **state) {
  (void)state;
  clx_request item[1000];
  for (int32_t i = 0; i < 1000; i++) item[i] = (clx_request){.arrival = 0.5 * i, .prompt = 1, .output = 1};
  const clx_requests requests = requests_of(item, 1000);
  clx_pool pool = pool_of(CLX_ENGINE_VLLM, 1, 1, 1, 1);
  const clx_engine_fleet fleet = {.pool = &pool, .pools = 1};
  const clx_offer offer = {&requests, 0};
  clx_engine_options options = {.queue_most = 100};
  clx_engine_result r;
  assert_int_equal(clx_engine_run(&fleet, &offer, &options, arena, &r, NULL), CLX_OK);
  assert_true(r.unstable && r.stopped && r.queue_most == 100 && r.ended < 200);
  CLX_CHECK_NEAR(r.arrival_rate, 2, 0.02, 0);
  CLX_CHECK_NEAR(r.service_rate, 1, 0.02, 0);
  options.queue_most = 0;
  assert_int_equal(clx_engine_run(&fleet, &offer, &options, arena, &r, NULL), CLX_OK);
  assert_true(r.unstable && !r.stopped && r.ended == 1000);
  CLX_CHECK_NEAR(r.service_rate, 1, 0.02, 0);
  options.time_most = 50;
  assert_int_equal(clx_engine_run(&fleet, &offer, &options, arena, &r, NULL), CLX_OK);
  assert_true(r.stopped && r.ended == 50 && !r.unstable);
  assert_true(r.served[999].last < 0 && r.served[999].asked < 0);
}

// Pools apart, two requests/s: keys and values come to the decoder one request after the other, `setup` s each; it has `places`, and two steps
// of one second for each answer.
static clx_engine_result run_apart(double setup, int32_t places, int32_t queue_most) {
  enum { COUNT = 1200 };
  clx_request *item = CLX_NEW_ARRAY(arena, clx_request, COUNT);
  for (int32_t i = 0; i < COUNT; i++) item[i] = (clx_request){.arrival = 0.5 * i, .prompt = 1, .output = 3};
  const clx_requests requests = requests_of(item, COUNT);
  clx_pool pool[] = {pool_of(CLX_ENGINE_VLLM, 64, 64, 4, 100000), pool_of(CLX_ENGINE_VLLM, places, places, 4, 100000)};
  pool[0].role = CLX_ROLE_PREFILL;
  pool[1].role = CLX_ROLE_DECODE;
  const clx_engine_fleet fleet = {.pool = pool, .pools = 2, .transfer = {.setup = setup}};
  const clx_offer offer = {&requests, 0};
  const clx_engine_options options = {.queue_most = queue_most};
  clx_engine_result r;
  assert_int_equal(clx_engine_run(&fleet, &offer, &options, arena, &r, NULL), CLX_OK);
  return r;
}

// All on their way have a place at the decoder, or wait there for one: both are a queue.
static void test_overload_of_the_transfer(void **state) {
  (void)state;
  for (int32_t places = 64; places <= 4096; places *= 64) {
    const clx_engine_result slow = run_apart(1, places, 0), stops = run_apart(1, places, 200);
    assert_true(slow.unstable && slow.by_transfers && !slow.stopped);
    CLX_CHECK_NEAR(slow.service_rate, 1, 0.02, 0);
    assert_true(stops.unstable && stops.by_transfers && stops.stopped && stops.ended < 600);
    CLX_CHECK_NEAR(stops.service_rate, 1, 0.05, 0);
  }
  const clx_engine_result fast = run_apart(0.4, 64, 200), full = run_apart(0.1, 1, 0);
  assert_true(!fast.unstable && !fast.stopped && !fast.by_transfers);
  assert_true(full.unstable && !full.by_transfers);  // one place: decode bounds it
}

// Poisson requests at `rho` of what one server carries, whose work is one second, or, `answers`, one second a token with 1 to 7 of them.
static clx_engine_result run_at(double rho, bool answers, int32_t count, uint64_t seed) {
  clx_request *item = CLX_NEW_ARRAY(arena, clx_request, count);
  clx_stream s = clx_stream_make(seed, 9, 0, 0);
  double time = 0;
  for (int32_t i = 0; i < count; i++) {
    const int32_t tokens = answers ? 1 + (int32_t)clx_stream_below(&s, 7) : 1;
    time += clx_stream_exponential(&s) / rho * (answers ? 4 : 1);
    item[i] = (clx_request){.arrival = time, .prompt = 1, .output = tokens};
  }
  clx_pool pool = pool_of(CLX_ENGINE_VLLM, 1, 1, 100, 1);
  const clx_requests requests = requests_of(item, count);
  const clx_engine_fleet fleet = {.pool = &pool, .pools = 1};
  const clx_offer offer = {&requests, 0};
  clx_engine_result r;
  assert_int_equal(clx_engine_run(&fleet, &offer, NULL, arena, &r, NULL), CLX_OK);
  return r;
}

static void test_slight_overload_is_seen(void **state) {
  (void)state;
  enum { LONG = 50000 };
  for (int32_t answers = 0; answers < 2; answers++) {
    for (uint64_t seed = 1; seed <= 3; seed++) {
      const clx_engine_result over = run_at(1.03, answers != 0, LONG, seed);
      assert_true(over.unstable);
      CLX_CHECK_NEAR(over.arrival_rate / over.service_rate, 1.03, 0.02, 0);
      assert_false(run_at(0.97, answers != 0, LONG, seed).unstable);
    }
  }
}

// Short runs at 0.97 have queues that mostly grow: chance alone.
static void test_chance_is_no_overload(void **state) {
  (void)state;
  enum { RUNS = 400 };
  int32_t called = 0;
  for (uint64_t seed = 1; seed <= RUNS; seed++) called += run_at(0.97, true, 1000, seed).unstable;
  assert_true(called <= RUNS / 200);
  assert_true(run_at(1.5, true, 1000, 1).unstable);
}

static void refuse(const clx_engine_fleet *fleet, const clx_requests *requests, int32_t clients, const char *text) {
  const clx_offer offer = {requests, clients};
  clx_engine_result r;
  clx_error error = {0};
  assert_int_equal(clx_engine_run(fleet, &offer, NULL, arena, &r, &error), CLX_INPUT);
  if (strstr(error.mistake[0].text, text) == NULL) fail_msg("'%s' in '%s'", text, error.mistake[0].text);
}

static void test_mistakes_are_named(void **state) {
  (void)state;
  clx_request item[] = {{.prompt = 40, .output = 2}, {.prompt = 4, .output = 1}};
  clx_requests requests = requests_of(item, 2);
  clx_pool pool = pool_of(CLX_ENGINE_VLLM, 4, 16, 4, 10);
  clx_engine_fleet fleet = {.pool = &pool, .pools = 1};
  refuse(&fleet, &requests, 0, "request 1 of 40 prompt and 2 output tokens fits no replica");
  const clx_offer offer = {&requests, 1};
  const clx_engine_options options = {.refuse = true};
  clx_engine_result r;
  assert_int_equal(clx_engine_run(&fleet, &offer, &options, arena, &r, NULL), CLX_OK);
  assert_true(r.refused == 1 && r.ended == 1);
  pool.rules.blocks = 0;
  refuse(&fleet, &requests, 0, "0 blocks");
  pool = pool_of(CLX_ENGINE_VLLM, 32, 16, 4, 100);
  refuse(&fleet, &requests, 0, "do not hold");
  pool = pool_of(CLX_ENGINE_VLLM, 4, 16, 4, 100);
  pool.rules.policy = CLX_ENGINE_SGLANG;
  pool.rules.block = 32;
  refuse(&fleet, &requests, 0, "cut to blocks of 32");
  pool.rules.policy = CLX_ENGINE_VLLM;
  pool.rules.block = 4;
  pool.rules.drafts = 1;
  refuse(&fleet, &requests, 0, "expected 1 to drafts + 1");
  pool.rules.drafts = 0;
  pool.scaling = (clx_scaling){.least = 2, .interval = 1, .high = 2, .low = 1};
  refuse(&fleet, &requests, 0, "scaling: 2 of 1 replicas at least");
  pool.scaling.least = 0;
  const clx_outage outage = {1, 0, 1};
  fleet.outage = &outage;
  fleet.outages = 1;
  refuse(&fleet, &requests, 0, "outage 1: replica 1 from 0 to 1 s, expected 0 to 0");
  fleet.outages = 0;
  pool.role = CLX_ROLE_PREFILL;
  refuse(&fleet, &requests, 0, "need each other");
  pool.role = CLX_ROLE_WHOLE;
  pool.rules.prefix = true;
  requests.block_tokens = 6;
  refuse(&fleet, &requests, 0, "multiple");
  requests.block_tokens = 0;
  item[0].arrival = 2;
  refuse(&fleet, &requests, 0, "request 2: arrives at 0 s, after one at 2 s");
  item[0] = (clx_request){.prompt = 0, .output = 2};
  refuse(&fleet, &requests, 0, "request 1: 0 prompt");
  requests.count = 0;
  refuse(&fleet, &requests, 0, "no requests");
}

// An iteration of one second that is put together ahead holds what had come when the one before it started, and leaves the place of a
// sequence that ends in that one empty.
static void test_iterations_ahead(void **state) {
  (void)state;
  clx_request item[] = {{.prompt = 4, .output = 4},
                        {.arrival = 1.5, .prompt = 4, .output = 2},
                        {.arrival = 1.6, .prompt = 4, .output = 2}};
  const clx_requests requests = {.item = item, .count = 3, .tenants = 1};
  clx_pool pool = pool_of(CLX_ENGINE_VLLM, 2, 64, 4, 100);
  const clx_engine_fleet fleet = {.pool = &pool, .pools = 1};
  const clx_offer offer = {&requests, 0};
  static const double started[2][3] = {{0, 2, 4}, {0, 3, 5}};
  for (int32_t ahead = 0; ahead < 2; ahead++) {
    pool.rules.ahead = ahead == 1;
    clx_engine_result r;
    assert_int_equal(clx_engine_run(&fleet, &offer, NULL, arena, &r, NULL), CLX_OK);
    for (int32_t i = 0; i < 3; i++) CLX_CHECK_NEAR(r.served[i].started, started[ahead][i], 0, 1e-12);
  }
}

// Memory that runs out is a status, wherever it does.
static void test_memory_runs_out(void **state) {
  (void)state;
  rig_draw(&trace, 9, 60, 0, 120, 20, 16);
  clx_pool pool = pool_of(CLX_ENGINE_VLLM, 8, 64, 8, 40);
  pool.rules.prefix = true;
  const clx_engine_fleet fleet = {.pool = &pool, .pools = 1};
  const clx_offer offer = {&trace.requests, 0};
  for (int64_t n = 1; n < 10; n++) {
    clx_arena *own = clx_arena_new();
    clx_engine_result r;
    clx_memory_fail_after(n);
    const clx_status status = clx_engine_run(&fleet, &offer, NULL, own, &r, NULL);
    clx_memory_fail_after(0);
    assert_true(status == CLX_OK || status == CLX_MEMORY);
    clx_arena_free(own);
    if (status == CLX_OK) break;
  }
}

static void test_sketches(void **state) {
  (void)state;
  clx_sketch s = {.bucket = CLX_NEW_ARRAY(arena, int64_t, CLX_SKETCH_BUCKETS)};
  for (int32_t i = 1; i <= 1000; i++) {
    const double value = 1e-6 * i * i;
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    s.bucket[(int64_t)(bits >> 44) - (int64_t)(1023 - 36) * CLX_SKETCH_PARTS]++;
    s.count++;
    s.sum += value;
    s.most = value;
  }
  for (int32_t p = 1; p <= 100; p++)
    CLX_CHECK_NEAR(clx_sketch_quantile(&s, p / 100.0), 1e-6 * (10 * p) * (10 * p), 0.002, 0);
  CLX_CHECK_NEAR(clx_sketch_mean(&s), 1e-6 * 1001 * 2001 / 6, 1e-12, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_arena, close_arena)

int main(void) {
  const struct CMUnitTest tests[] = {TEST(test_waits_are_those_of_m_d_1),
                                     TEST(test_closed_loops_are_exact),
                                     TEST(test_pipelines_overlap),
                                     TEST(test_nothing_is_lost),
                                     TEST(test_vllm_chunks_prompts),
                                     TEST(test_vllm_preempts_the_last),
                                     TEST(test_tensorrt_reserves),
                                     TEST(test_sglang_runs_prompts_first),
                                     TEST(test_vidur_schedulers),
                                     TEST(test_prefixes_are_found),
                                     TEST(test_drafts),
                                     TEST(test_disaggregation),
                                     TEST(test_ranks_step_together),
                                     TEST(test_outages_move_requests),
                                     TEST(test_outages_of_all_park_requests),
                                     TEST(test_outages_are_noticed_late),
                                     TEST(test_outages_lose_requests),
                                     TEST(test_scaling_follows_the_work),
                                     TEST(test_scaling_holds_its_target),
                                     TEST(test_pools_apart_scale),
                                     TEST(test_overload_is_named),
                                     TEST(test_overload_of_the_transfer),
                                     TEST(test_slight_overload_is_seen),
                                     TEST(test_chance_is_no_overload),
                                     TEST(test_mistakes_are_named),
                                     TEST(test_iterations_ahead),
                                     TEST(test_memory_runs_out),
                                     TEST(test_sketches)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
