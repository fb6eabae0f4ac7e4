// The law of iterations against the kernels that it is made of, and benchmarks against closed forms.
#include "check.h"

#include "catalog/catalog.h"
#include "serving/serving_benchmark.h"
#include "serving/serving_law.h"
#include "serving/serving_loop.h"
#include "serving/serving_pools.h"

static clx_catalog *catalog;

typedef struct fixture {
  clx_arena *arena;
  clx_transformer model;
  clx_device device;
  clx_engine engine;
  clx_serving serving;
} fixture;

static void open_serving(fixture *f, const char *model, const char *device, const char *engine, clx_weights weights,
                         int32_t tp, int32_t dp, int32_t ep) {
  clx_error error = {0};
  *f = (fixture){.arena = clx_arena_new()};
  assert_non_null(f->arena);
  if (clx_catalog_read_device(catalog, device, (clx_place){0}, f->arena, &f->device, &error) != CLX_OK ||
      clx_catalog_read(catalog, "model", model, (clx_place){0}, &clx_model_schema, f->arena, &f->model, &error) !=
          CLX_OK ||
      clx_catalog_read(catalog, "engine", engine, (clx_place){0}, &clx_serving_engine_schema, f->arena, &f->engine,
                       &error) != CLX_OK ||
      clx_transformer_complete(&f->model, (clx_place){0}, &error) != CLX_OK)
    fail_msg("%s", error.mistake[0].text);
  f->serving = (clx_serving){.model = &f->model,
                             .device = &f->device,
                             .engine = &f->engine,
                             .weights = weights,
                             .tp = tp,
                             .dp = dp,
                             .ep = ep,
                             .etp = f->model.experts > 0 ? tp * dp / ep : 1,
                             .routing = 1.2};
  if (clx_serving_check(&f->serving, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
}

static void close_serving(fixture *f) { clx_arena_free(f->arena); }

static const struct {
  const char *model, *device, *engine;
  clx_weights weights;
  int32_t tp, dp, ep, drafts;
} SERVED[] = {
    {"llama-3.1-70b", "h200_sxm", "tensorrt-llm", CLX_WEIGHTS_FP8, 8, 1, 1, 0},
    {"qwen3-32b", "h100_sxm", "sglang", CLX_WEIGHTS_BF16, 2, 1, 1, 0},
    {"deepseek-v3", "b200_sxm", "tensorrt-llm", CLX_WEIGHTS_NVFP4_FFN, 8, 1, 1, 3},
    {"deepseek-v3", "b200_sxm", "tensorrt-llm", CLX_WEIGHTS_FP8_BLOCK, 1, 8, 8, 0},
    {"gpt-oss-120b", "h200_sxm", "vllm", CLX_WEIGHTS_MXFP4_EXPERTS, 4, 1, 1, 0},
    {"kimi-k2", "h200_sxm", "vllm", CLX_WEIGHTS_INT4_EXPERTS, 8, 1, 1, 0},
    {"qwen3.5-397b-a17b", "b300_sxm", "sglang", CLX_WEIGHTS_NVFP4_FFN, 4, 1, 4, 0},
    {"glm-5", "b200_sxm", "sglang", CLX_WEIGHTS_FP8_BLOCK, 8, 1, 1, 0},
};

enum { RANKS_MAX = 8, SEQUENCES = 128, TOKENS = 8192, CONTEXT = 9216 };

static uint64_t next_random(uint64_t *seed) {
  *seed = *seed * 6364136223846793005u + 1442695040888963407u;
  return *seed >> 33;
}

static void random_step(uint64_t *seed, int32_t drafts, clx_engine_step *step, clx_chunk *chunk) {
  const int32_t decodes = (int32_t)(next_random(seed) % (SEQUENCES + 1));
  *step = (clx_engine_step){.decodes = decodes, .verified = 1 + drafts, .chunk = chunk};
  step->context = (double)decodes * (double)(1 + next_random(seed) % CONTEXT);
  step->chunks = decodes == 0 ? 1 : (int32_t)(next_random(seed) % 3);
  for (int32_t i = 0; i < step->chunks; i++) {
    chunk[i] = (clx_chunk){(int32_t)(1 + next_random(seed) % 3000), (int32_t)(next_random(seed) % 4000)};
    step->prompt_tokens += chunk[i].tokens;
    step->ended += (int32_t)(next_random(seed) % 2);
  }
}

// Interpolated iterations lie within 2 % of the kernels' sums on average and within 12 % always.
static void test_interpolation(void **state) {
  (void)state;
  uint64_t seed = 11;
  for (int32_t i = 0; i < CLX_COUNT(SERVED); i++) {
    fixture f;
    open_serving(&f, SERVED[i].model, SERVED[i].device, SERVED[i].engine, SERVED[i].weights, SERVED[i].tp, SERVED[i].dp,
                 SERVED[i].ep);
    f.serving.drafts = SERVED[i].drafts;
    const clx_law_reach reach = {TOKENS, SEQUENCES, CONTEXT};
    const clx_serving_law *law = clx_serving_law_make(f.arena, &f.serving, &reach);
    assert_non_null(law);
    double sum = 0, most = 0;
    enum { STEPS = 200 };
    for (int32_t k = 0; k < STEPS; k++) {
      clx_engine_step step[RANKS_MAX];
      clx_chunk chunk[RANKS_MAX][2];
      for (int32_t r = 0; r < SERVED[i].dp; r++) random_step(&seed, SERVED[i].drafts, &step[r], chunk[r]);
      const clx_step_cost want = clx_serving_law_exact(&f.serving, step, SERVED[i].dp);
      const clx_step_cost got = clx_serving_law_cost(law, step, SERVED[i].dp);
      assert_true(isfinite(got.time) && got.time > 0 && isfinite(got.energy) && got.energy > 0);
      const double error = fabs(got.time / want.time - 1);
      sum += error;
      most = fmax(most, error);
      CLX_CHECK_NEAR(got.energy, want.energy, 0.1, 0);
    }
    if (sum / STEPS > 0.02 || most > 0.12)
      fail_msg("%s on %s: mean %.4f, most %.4f", SERVED[i].model, SERVED[i].device, sum / STEPS, most);
    close_serving(&f);
  }
}

// More sequences take no less time but for steps of the measured kernels, nor does more context where many sequences read it.
static void test_monotone(void **state) {
  (void)state;
  for (int32_t i = 0; i < CLX_COUNT(SERVED); i++) {
    fixture f;
    open_serving(&f, SERVED[i].model, SERVED[i].device, SERVED[i].engine, SERVED[i].weights, SERVED[i].tp, SERVED[i].dp,
                 SERVED[i].ep);
    const clx_law_reach reach = {TOKENS, SEQUENCES, CONTEXT};
    const clx_serving_law *law = clx_serving_law_make(f.arena, &f.serving, &reach);
    assert_non_null(law);
    clx_engine_step step[RANKS_MAX];
    double before = 0;
    for (int32_t n = 8; n <= SEQUENCES; n *= 2) {
      for (int32_t r = 0; r < SERVED[i].dp; r++)
        step[r] = (clx_engine_step){.decodes = n, .verified = 1, .context = 1000.0 * n};
      const double time = clx_serving_law_cost(law, step, SERVED[i].dp).time;
      if (time < before * 0.97)
        fail_msg("%s: %d sequences take %g s, half of them %g s", SERVED[i].model, n, time, before);
      before = time;
      for (int32_t r = 0; r < SERVED[i].dp; r++) step[r].context = 4000.0 * n;
      if (n >= 16) assert_true(clx_serving_law_cost(law, step, SERVED[i].dp).time >= time);
    }
    close_serving(&f);
  }
}

// --- loops with a law that is known --------------------------------------------------------------------------------------

// Every iteration takes `self[0]` s and `self[1]` s more per prompt token.
static clx_step_cost plain_cost(const void *self, const clx_engine_step *step, int32_t ranks, int32_t stage) {
  const double *s = self;
  double tokens = 0;
  (void)stage;
  for (int32_t i = 0; i < ranks; i++) tokens = fmax(tokens, step[i].prompt_tokens);
  return (clx_step_cost){.time = s[0] + s[1] * tokens};
}

static const double PLAIN[] = {0.01, 1e-5};
static const clx_step_law PLAIN_LAW = {.cost = plain_cost, .self = PLAIN};

static void test_one_client(void **state) {
  (void)state;
  static const clx_engine_policy policies[] = {CLX_ENGINE_VLLM, CLX_ENGINE_SGLANG, CLX_ENGINE_TENSORRT};
  for (int32_t i = 0; i < CLX_COUNT(policies); i++) {
    clx_arena *arena = clx_arena_new();
    clx_error error = {0};
    const clx_rules rules = {
        .policy = policies[i], .sequences = 1, .tokens = 4096, .chunked = true, .ranks = 1, .accepted = 1};
    const clx_loop loop = {.clients = 1, .requests = 5, .prompt = 1000, .output = 100, .front_time = 0.05};
    clx_loop_means means;
    assert_int_equal(clx_loop_run(arena, &rules, &PLAIN_LAW, &loop, &means, &error), CLX_OK);
    CLX_CHECK_NEAR(means.first, 0.05 + 0.01 + 1000 * 1e-5, 1e-12, 0);
    CLX_CHECK_NEAR(means.token, 0.01, 1e-12, 0);
    // Two chunks of a prompt; drafts of which two tokens stand.
    clx_rules other = rules;
    other.tokens = 500;
    assert_int_equal(clx_loop_run(arena, &other, &PLAIN_LAW, &loop, &means, &error), CLX_OK);
    CLX_CHECK_NEAR(means.first, 0.05 + 2 * (0.01 + 500 * 1e-5), 1e-12, 0);
    other = rules;
    other.drafts = 3;
    other.accepted = 2;
    assert_int_equal(clx_loop_run(arena, &other, &PLAIN_LAW, &loop, &means, &error), CLX_OK);
    CLX_CHECK_NEAR(means.token, 50 * 0.01 / 99, 1e-12, 0);
    clx_arena_free(arena);
  }
}

// All clients at once with equal lengths: each wave is one prefill of all, then decode, where prompts go first and fit.
static void test_wave(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_error error = {0};
  const clx_rules rules = {.policy = CLX_ENGINE_SGLANG, .sequences = 8, .tokens = 8000, .ranks = 1, .accepted = 1};
  clx_loop loop = {.clients = 8, .requests = 80, .prompt = 1000, .output = 50};
  clx_loop_means means;
  assert_int_equal(clx_loop_run(arena, &rules, &PLAIN_LAW, &loop, &means, &error), CLX_OK);
  CLX_CHECK_NEAR(means.first, 0.01 + 8000 * 1e-5, 1e-12, 0);
  CLX_CHECK_NEAR(means.token, 0.01, 1e-12, 0);
  CLX_CHECK_NEAR(means.time, 10 * (0.01 + 8000 * 1e-5 + 49 * 0.01), 1e-12, 0);
  // Half of the cache: the second half of a wave waits for the first.
  loop.reserve = 4 * 1050;
  loop.answers = 1;
  loop.requests = 8;
  assert_int_equal(clx_loop_run(arena, &rules, &PLAIN_LAW, &loop, &means, &error), CLX_OK);
  const double one = 0.01 + 4000 * 1e-5, wave = one + 49 * 0.01;
  CLX_CHECK_NEAR(means.first, (one + wave + one) / 2, 1e-12, 0);
  clx_arena_free(arena);
}

// Little's law: requests in flight = rate x time of one.
static void test_flight(void **state) {
  (void)state;
  static const clx_engine_policy policies[] = {CLX_ENGINE_VLLM, CLX_ENGINE_SGLANG, CLX_ENGINE_TENSORRT};
  for (int32_t i = 0; i < CLX_COUNT(policies); i++) {
    clx_arena *arena = clx_arena_new();
    clx_error error = {0};
    const clx_rules rules = {
        .policy = policies[i], .sequences = 32, .tokens = 4096, .chunked = true, .ranks = 2, .accepted = 1};
    const clx_loop loop = {.clients = 64, .requests = 6400, .prompt = 1000, .output = 100, .spread = 0.2};
    clx_loop_means means;
    assert_int_equal(clx_loop_run(arena, &rules, &PLAIN_LAW, &loop, &means, &error), CLX_OK);
    const double one = means.first + means.token * (0.9 * 100 - 1);
    CLX_CHECK_NEAR(6400 / means.time * one, 64, 0.02, 0);
    clx_arena_free(arena);
  }
}

static void test_pools(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_error error = {0};
  clx_pools pools = {.prefill = {2, 1, 8192, 8, &PLAIN_LAW},
                     .decode = {3, 2, 8192, 4, &PLAIN_LAW},
                     .clients = 1,
                     .requests = 6,
                     .prompt = 1000,
                     .output = 100,
                     .front_time = 0.05,
                     .setup = 0.004,
                     .token_time = 1e-6,
                     .accepted = 1};
  clx_pools_means means;
  assert_int_equal(clx_pools_run(arena, &pools, &means, &error), CLX_OK);
  CLX_CHECK_NEAR(means.first, 0.05 + 0.01 + 1000 * 1e-5 + 0.004 + 1000 * 1e-6, 1e-12, 0);
  CLX_CHECK_NEAR(means.token, 0.01, 1e-12, 0);
  // One slow prefill engine: its rate bounds all, and prompts queue. A decode token costs the same however many there are.
  pools = (clx_pools){.prefill = {1, 1, 1000, 1, &PLAIN_LAW},
                      .decode = {1, 1, 8192, 64, &PLAIN_LAW},
                      .clients = 64,
                      .requests = 3200,
                      .prompt = 1000,
                      .output = 50,
                      .accepted = 1};
  assert_int_equal(clx_pools_run(arena, &pools, &means, &error), CLX_OK);
  const double rate = 1 / (0.01 + 1000 * 1e-5);
  CLX_CHECK_NEAR(rate * (means.first + 49 * means.token), 64, 0.03, 0);
  assert_true(means.first > 0.3);
  clx_arena_free(arena);
}

// A prompt that ends while others wait is noticed after their iteration; a transfer takes iterations of the decode engine besides.
static void test_pools_hand_over(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_error error = {0};
  clx_pools pools = {.prefill = {1, 1, 1000, 1, &PLAIN_LAW},
                     .decode = {1, 1, 8192, 64, &PLAIN_LAW},
                     .clients = 2,
                     .requests = 2,
                     .prompt = 1000,
                     .output = 2,
                     .accepted = 1};
  clx_pools_means plain, late, rounds;
  assert_int_equal(clx_pools_run(arena, &pools, &plain, &error), CLX_OK);
  const double one = 0.01 + 1000 * 1e-5;
  CLX_CHECK_NEAR(plain.first, (one + 2 * one) / 2, 1e-12, 0);
  pools.late_notice = true;
  assert_int_equal(clx_pools_run(arena, &pools, &late, &error), CLX_OK);
  CLX_CHECK_NEAR(late.first, 2 * one, 1e-12, 0);
  pools.late_notice = false;
  pools.rounds = 5;  // of 10 ms; the decode engine has made none before the first prompt
  assert_int_equal(clx_pools_run(arena, &pools, &rounds, &error), CLX_OK);
  CLX_CHECK_NEAR(rounds.first, (one + 2 * one + 5 * 0.01) / 2, 1e-12, 0);
  clx_arena_free(arena);
}

// Ranks of a prefill engine have queues of their own: four prompts on four ranks end together, on one rank one after another.
static void test_pools_ranks(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_error error = {0};
  clx_pools pools = {.prefill = {1, 4, 1000, 8, &PLAIN_LAW},
                     .decode = {1, 1, 8192, 64, &PLAIN_LAW},
                     .clients = 4,
                     .requests = 4,
                     .prompt = 1000,
                     .output = 2,
                     .accepted = 1};
  clx_pools_means ranks, rank;
  assert_int_equal(clx_pools_run(arena, &pools, &ranks, &error), CLX_OK);
  pools.prefill.ranks = 1;
  assert_int_equal(clx_pools_run(arena, &pools, &rank, &error), CLX_OK);
  CLX_CHECK_NEAR(rank.first, 2.5 * (0.01 + 1000 * 1e-5), 1e-12, 0);
  assert_true(ranks.first < 0.7 * rank.first);
  clx_arena_free(arena);
}

static void test_no_room(void **state) {
  (void)state;
  fixture f;
  clx_error error = {0};
  clx_benchmark_means means;
  open_serving(&f, "llama-3.1-70b", "h100_sxm", "vllm", CLX_WEIGHTS_FP8, 1, 1, 1);
  const clx_benchmark benchmark = {.clients = 4, .rounds = 2, .prompt = 8192, .output = 1024};
  assert_int_equal(clx_benchmark_run(f.arena, &f.serving, &benchmark, &means, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "a request has 9216"));
  close_serving(&f);
}

static int set_up(void **state) {
  (void)state;
  clx_error error = {0};
  return clx_catalog_open(NULL, &catalog, &error) == CLX_OK ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  clx_catalog_close(catalog);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_interpolation),   cmocka_unit_test(test_monotone),
      cmocka_unit_test(test_one_client),      cmocka_unit_test(test_wave),
      cmocka_unit_test(test_flight),          cmocka_unit_test(test_pools),
      cmocka_unit_test(test_pools_hand_over), cmocka_unit_test(test_pools_ranks),
      cmocka_unit_test(test_no_room),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
