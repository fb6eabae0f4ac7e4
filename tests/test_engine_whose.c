// Tenants of a fleet: priorities, parts of iterations, models that share no replica.
#include "engine_rig.h"

static const double one_second = 1;
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

static clx_pool pool_of(int32_t sequences, int32_t tokens, int32_t block, int64_t blocks) {
  return (clx_pool){.name = "engine",
                    .replicas = 1,
                    .rules = {.policy = CLX_ENGINE_VLLM,
                              .sequences = sequences,
                              .tokens = tokens,
                              .chunked = true,
                              .block = block,
                              .blocks = blocks,
                              .stages = 1,
                              .ranks = 1},
                    .law = {.cost = rig_constant, .self = &one_second, .idle = 3}};
}

static clx_engine_result run_fleet(const clx_engine_fleet *fleet, const clx_requests *requests, bool check) {
  const clx_offer offer = {requests, 0};
  const clx_engine_options options = {.check = check};
  clx_engine_result result;
  clx_error error = {0};
  if (clx_engine_run(fleet, &offer, &options, arena, &result, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  return result;
}

// --- priorities -------------------------------------------------------------------------------------------------------------------

// One server, Poisson arrivals of two classes, constant service D, nobody is interrupted: with R = (l1 + l2) D^2 / 2 the first waits
// R / (1 - r1), the second R / ((1 - r1) (1 - r1 - r2)) (Cobham 1954).
static void test_waits_are_those_of_cobham(void **state) {
  (void)state;
  enum { COUNT = 400000 };
  const double rate[] = {0.3, 0.5};
  const clx_whose whose[] = {{.priority = -2}, {.priority = 7}};
  clx_request *item = CLX_NEW_ARRAY(arena, clx_request, COUNT);
  clx_stream s = clx_stream_make(5, 1, 0, 0);
  double time = 0, wait[2] = {0}, count[2] = {0};
  for (int32_t i = 0; i < COUNT; i++) {
    time += clx_stream_exponential(&s) / (rate[0] + rate[1]);
    item[i] = (clx_request){.arrival = time, .prompt = 1, .output = 1};
    item[i].tenant = clx_stream_uniform(&s) * (rate[0] + rate[1]) < rate[0] ? 0 : 1;
  }
  const clx_requests requests = {.item = item, .count = COUNT, .tenants = 2};
  const clx_pool pool = pool_of(1, 1, 1, 1);
  const clx_engine_fleet fleet = {.pool = &pool, .pools = 1, .whose = whose};
  const clx_engine_result r = run_fleet(&fleet, &requests, false);
  for (int32_t i = 0; i < COUNT; i++) {
    wait[item[i].tenant] += r.served[i].started - r.served[i].asked;
    count[item[i].tenant]++;
  }
  const double rest = (rate[0] + rate[1]) / 2;
  CLX_CHECK_NEAR(wait[0] / count[0], rest / (1 - rate[0]), 0.02, 0);
  CLX_CHECK_NEAR(wait[1] / count[1], rest / ((1 - rate[0]) * (1 - rate[0] - rate[1])), 0.04, 0);
}

// Of two that run, vLLM stops the one with the higher number, also where it came first. Blocks of 4 for two answers of 4 + 5 tokens: the
// fourth block that both need is not there.
static void test_preempts_the_least_urgent(void **state) {
  (void)state;
  clx_request item[] = {{.prompt = 4, .output = 6, .tenant = 1}, {.prompt = 4, .output = 6, .tenant = 0}};
  const clx_requests requests = {.item = item, .count = 2, .tenants = 2};
  const clx_pool pool = pool_of(4, 16, 4, 4);
  clx_whose whose[] = {{.priority = 0}, {.priority = 1}};
  const clx_engine_fleet fleet = {.pool = &pool, .pools = 1, .whose = whose};
  clx_engine_result r = run_fleet(&fleet, &requests, true);
  assert_int_equal(r.served[0].preemptions, 1);
  assert_int_equal(r.served[1].preemptions, 0);
  whose[1].priority = 0;  // alike: the last that came
  r = run_fleet(&fleet, &requests, true);
  assert_int_equal(r.served[0].preemptions, 0);
  assert_int_equal(r.served[1].preemptions, 1);
}

// Whatever the policy and the pressure on blocks: each request ends once with all its tokens, blocks add up (audited), equal priorities
// change nothing.
static void test_every_request_ends(void **state) {
  (void)state;
  static rig_trace t;
  static const clx_whose three[] = {{.priority = 3}, {.priority = 1}, {.priority = 2}};
  static const clx_whose alike[3];
  for (int32_t k = 0; k < 60; k++) {
    rig_draw(&t, (uint64_t)k, 120, 20, 100, 40, k % 2 == 0 ? 16 : 0);
    t.requests.tenants = 3;
    int64_t tokens = 0;
    for (int32_t i = 0; i < 120; i++) {
      t.item[i].tenant = (i * 7 + k) % 3;
      tokens += t.item[i].output;
    }
    clx_pool pool = pool_of(12, 64, 16, 24);
    pool.rules.policy = (clx_engine_policy)(k % CLX_ENGINE_POLICIES);
    pool.rules.prefix = k % 2 == 0;
    pool.rules.stages = 1 + k % 3;
    if (pool.rules.policy == CLX_ENGINE_VLLM_V0) pool.rules.tokens = 200;
    pool.law = (clx_step_law){.cost = rig_cost, .idle = 1};
    clx_engine_fleet fleet = {.pool = &pool, .pools = 1, .whose = three};
    const clx_engine_result r = run_fleet(&fleet, &t.requests, true);
    assert_int_equal(r.ended, 120);
    assert_int_equal(r.output_tokens, tokens);
    fleet.whose = alike;
    const clx_engine_result same = run_fleet(&fleet, &t.requests, true);
    fleet.whose = NULL;
    const clx_engine_result plain = run_fleet(&fleet, &t.requests, true);
    for (int32_t i = 0; i < 120; i++) assert_true(same.served[i].last == plain.served[i].last);
  }
}

// --- parts ------------------------------------------------------------------------------------------------------------------------

// A prompt of 12 beside a decode: the iteration has 13 new tokens. By hand: 1 s prompt of tenant 0; 1 s of 1 and 12; 1 s of 1 and 1; 1 s of
// tenant 1 alone.
static void test_parts_by_new_tokens(void **state) {
  (void)state;
  clx_request item[] = {{.prompt = 4, .output = 3, .tenant = 0},
                        {.arrival = 0.5, .prompt = 12, .output = 3, .tenant = 1}};
  const clx_requests requests = {.item = item, .count = 2, .tenants = 2};
  const clx_pool pool = pool_of(4, 16, 4, 100);
  const clx_whose whose[2] = {{0}};
  const clx_engine_fleet fleet = {.pool = &pool, .pools = 1, .whose = whose};
  const clx_engine_result r = run_fleet(&fleet, &requests, true);
  CLX_CHECK_NEAR(r.use[0].time, 1 + 1.0 / 13 + 0.5, 1e-12, 0);
  CLX_CHECK_NEAR(r.use[1].time, 12.0 / 13 + 0.5 + 1, 1e-12, 0);
}

// All parts together are the busy time and the energy beyond that of idle replicas.
static void test_parts_add_up(void **state) {
  (void)state;
  static rig_trace t;
  static const clx_whose whose[] = {{.priority = 3}, {.priority = 1}, {.priority = 2}};
  for (int32_t policy = 0; policy < CLX_ENGINE_POLICIES; policy++) {
    rig_draw(&t, (uint64_t)policy + 9, 300, 30, 100, 40, 16);
    t.requests.tenants = 3;
    for (int32_t i = 0; i < 300; i++) t.item[i].tenant = i % 3;
    clx_pool pool = pool_of(16, 256, 16, 60);
    pool.rules.policy = (clx_engine_policy)policy;
    pool.rules.prefix = true;
    pool.replicas = 2;
    pool.law = (clx_step_law){.cost = rig_cost, .idle = 5};
    const clx_engine_fleet fleet = {.pool = &pool, .pools = 1, .router = CLX_ROUTER_LEAST, .whose = whose};
    const clx_engine_result r = run_fleet(&fleet, &t.requests, true);
    double time = 0, energy = 0;
    for (int32_t k = 0; k < 3; k++) {
      time += r.use[k].time;
      energy += r.use[k].energy;
      assert_true(r.use[k].time > 0);
    }
    CLX_CHECK_NEAR(time, r.busy, 1e-9, 0);
    CLX_CHECK_NEAR(energy, r.energy - 5 * 2 * r.span, 1e-9, 0);
  }
}

// --- models -----------------------------------------------------------------------------------------------------------------------

// Two models on three pools, one of them with prompts and answers apart: each has its requests, at the same times as if it were alone.
static void test_models_share_nothing(void **state) {
  (void)state;
  static rig_trace both, one;
  static const clx_whose whose[] = {{.model = 0}, {.model = 1}};
  static const clx_transfer slow = {.token_bytes = 1, .bandwidth = 4, .setup = 0.25};
  rig_draw(&both, 3, 200, 4, 40, 20, 0);
  both.requests.tenants = 2;
  for (int32_t i = 0; i < 200; i++) both.item[i].tenant = i % 2;
  clx_pool pool[3] = {pool_of(8, 64, 16, 100), pool_of(8, 64, 16, 100), pool_of(8, 64, 16, 100)};
  for (int32_t p = 0; p < 3; p++) pool[p].law = (clx_step_law){.cost = rig_cost};
  pool[0].replicas = 2;
  pool[1].role = CLX_ROLE_PREFILL;
  pool[2].role = CLX_ROLE_DECODE;
  pool[1].model = pool[2].model = 1;
  pool[2].transfer = &slow;
  const clx_engine_fleet fleet = {.pool = pool, .pools = 3, .router = CLX_ROUTER_LEAST, .whose = whose};
  const clx_engine_result r = run_fleet(&fleet, &both.requests, true);
  for (int32_t model = 0; model < 2; model++) {
    one = both;
    one.requests.item = one.item;
    one.requests.count = 0;
    for (int32_t i = 0; i < 200; i++) {
      if (i % 2 != model) continue;
      one.item[one.requests.count] = both.item[i];
      one.item[one.requests.count++].tenant = 0;
    }
    one.requests.tenants = 1;
    const clx_whose own = {.model = model};
    const clx_engine_fleet alone = {
        .pool = &pool[model], .pools = 1 + model, .router = CLX_ROUTER_LEAST, .transfer = slow, .whose = &own};
    const clx_engine_result a = run_fleet(&alone, &one.requests, true);
    for (int32_t i = 0; i < 100; i++) {
      const clx_served *x = &r.served[2 * i + model];
      assert_true(x->first == a.served[i].first && x->last == a.served[i].last);
      assert_true(model == 0 ? x->replica < 2 : x->replica >= 2);
    }
  }
}

static void expect_mistake(const clx_engine_fleet *fleet, const clx_requests *requests, const char *wanted) {
  const clx_offer offer = {requests, 0};
  clx_engine_result r;
  clx_error error = {0};
  assert_int_equal(clx_engine_run(fleet, &offer, NULL, arena, &r, &error), CLX_INPUT);
  if (strstr(error.mistake[0].text, wanted) == NULL) fail_msg("'%s' lacks '%s'", error.mistake[0].text, wanted);
}

static void test_mistakes(void **state) {
  (void)state;
  clx_request item = {.prompt = 1, .output = 2, .tenant = 1};
  const clx_requests requests = {.item = &item, .count = 1, .tenants = 2};
  clx_pool pool[2] = {pool_of(1, 1, 1, 10), pool_of(1, 1, 1, 10)};
  const clx_whose whose[] = {{0}, {.model = 4}};
  const clx_engine_fleet fleet = {.pool = pool, .pools = 1, .whose = whose},
                         apart = {.pool = pool, .pools = 2, .whose = whose};
  expect_mistake(&fleet, &requests, "asks for a model that no pool serves");
  item.tenant = 2;
  expect_mistake(&fleet, &requests, "tenant 2 of 2");
  item.tenant = 0;
  pool[0].role = CLX_ROLE_PREFILL;
  pool[1].role = CLX_ROLE_DECODE;
  pool[1].model = 1;
  expect_mistake(&apart, &requests, "need each other");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_waits_are_those_of_cobham),
      cmocka_unit_test(test_preempts_the_least_urgent),
      cmocka_unit_test(test_every_request_ends),
      cmocka_unit_test(test_parts_by_new_tokens),
      cmocka_unit_test(test_parts_add_up),
      cmocka_unit_test(test_models_share_nothing),
      cmocka_unit_test(test_mistakes),
  };
  return cmocka_run_group_tests(tests, open_arena, close_arena);
}
