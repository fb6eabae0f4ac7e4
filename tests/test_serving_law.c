// The law of iterations against the kernels that it is made of, and benchmarks against closed forms.
#include "serving_rig.h"

#include "serving/serving_benchmark.h"
#include "serving/serving_internal.h"
#include "serving/serving_law.h"
#include "serving/serving_loop.h"
#include "serving/serving_pools.h"

static clx_catalog *catalog;

typedef serving_rig fixture;

static void open_serving(fixture *f, const char *model, const char *device, const char *engine, clx_weights weights,
                         int32_t tp, int32_t dp, int32_t ep) {
  const serving_spread spread = {model, device, engine, weights, tp, dp, ep};
  serving_rig_open(f, catalog, &spread);
}

static void close_serving(fixture *f) { serving_rig_close(f); }

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

// --- experts -------------------------------------------------------------------------------------------------------------

static const clx_moe_shape EXPERTS = {.num_tokens = 32,
                                      .hidden_size = 4096,
                                      .inter_size = 1536,
                                      .topk = 8,
                                      .num_experts = 128,
                                      .moe_tp_size = 1,
                                      .moe_ep_size = 1,
                                      .distribution = 1.2};

// Experts that are equally popular: an expert stays idle where each token chose others.
static void test_equal_experts(void **state) {
  (void)state;
  const clx_expert_kernel k = {.spread = 0, .tile_least = 8, .tile_most = 64};
  for (double n = 1; n <= 4096; n *= 4) {
    clx_moe_shape s = EXPERTS;
    s.num_tokens = n;
    const clx_expert_load load = clx_serving_expert_load(&k, &s);
    CLX_CHECK_NEAR(load.active, 128 * (1 - pow(1 - 8.0 / 128, n)), 1e-9, 0);
    CLX_CHECK_NEAR(load.rows, 8 * n, 1e-12, 0);
  }
}

// Gamma popularity of variance 1 is exponential: the share of idle experts among many tokens is the Laplace transform 1 / (1 + calls).
static void test_popular_experts(void **state) {
  (void)state;
  const clx_expert_kernel k = {.spread = 1, .tile_least = 8, .tile_most = 64};
  const clx_expert_load load = clx_serving_expert_load(&k, &EXPERTS);
  CLX_CHECK_NEAR(load.active, 128 * (1 - 1 / (1 - 32 * log1p(-8.0 / 128))), 1e-9, 0);
  clx_moe_shape s = EXPERTS;
  s.distribution = 0.6;  // half of the popularity has a quarter of its variance
  const clx_expert_kernel quarter = {.spread = 0.25, .tile_least = 8, .tile_most = 64};
  CLX_CHECK_NEAR(clx_serving_expert_load(&k, &s).active, clx_serving_expert_load(&quarter, &EXPERTS).active, 1e-9, 0);
  s = EXPERTS;
  s.moe_ep_size = 8;
  const clx_expert_load busy = clx_serving_expert_load(&k, &s);
  assert_true(busy.rows > 32 && busy.rows < 256 && busy.active > 0 && busy.active <= 16);
  s.distribution = 0;
  CLX_CHECK_NEAR(clx_serving_expert_load(&k, &s).rows, 32, 1e-9, 0);
}

// Few rows take the narrowest tile each; many fill tiles of the widest but for half of the last.
static void test_expert_tiles(void **state) {
  (void)state;
  const clx_expert_kernel k = {.spread = 0, .tile_least = 8, .tile_most = 64};
  const clx_expert_load few = clx_serving_expert_load(&k, &EXPERTS);
  CLX_CHECK_NEAR(few.padded, 8 * few.active, 1e-12, 0);
  clx_moe_shape s = EXPERTS;
  s.num_tokens = 8192;
  const clx_expert_load many = clx_serving_expert_load(&k, &s);
  CLX_CHECK_NEAR(many.padded, 65536 + 128 * 32, 1e-9, 0);
  const clx_expert_kernel fixed = {.spread = 0, .tile_most = 64};
  CLX_CHECK_NEAR(clx_serving_expert_load(&fixed, &EXPERTS).padded, 64 * few.active, 1e-12, 0);
}

// The device's own kernels: one more sequence wakes at most as many more experts as equally popular ones would, 4 % for waves of tiles
// aside, and never takes less time but where the library has tiles for the next power of two.
static void test_smooth_experts(void **state) {
  (void)state;
  fixture f;
  open_serving(&f, "mixtral-8x22b", "h100_sxm", "vllm", CLX_WEIGHTS_BF16, 8, 1, 1);
  const double idle = 1 - 2.0 / 8;
  double before = 0;
  for (int32_t n = 1; n <= 256; n++) {
    const clx_serving_batch batch = {.sequences = n, .context = 1000};
    const double time = clx_serving_iteration_at(&f.serving, &batch, 1).part[CLX_SERVING_EXPERTS].time;
    const double woken = (1 - pow(idle, n)) / (1 - pow(idle, n - 1));
    const bool retuned = (n & (n - 1)) == 0;
    if (time < before * (retuned ? 0.9 : 1) || (n > 1 && time > before * 1.04 * woken))
      fail_msg("%d sequences take %g s, one less %g s", n, time, before);
    before = time;
  }
  close_serving(&f);
}

// Padding of 360 features to 512 shows in the time of experts.
static void test_expert_padding(void **state) {
  (void)state;
  fixture f;
  open_serving(&f, "gpt-oss-120b", "b200_sxm", "vllm", CLX_WEIGHTS_MXFP4_EXPERTS, 8, 1, 1);
  const clx_serving_batch batch = {.prompts = 1, .prompt = 8000};
  const double padded = clx_serving_iteration_at(&f.serving, &batch, 1).part[CLX_SERVING_EXPERTS].time;
  for (int32_t i = 0; i < f.engine.experts_count; i++) f.engine.experts[i].pad = 0;
  const double plain = clx_serving_iteration_at(&f.serving, &batch, 1).part[CLX_SERVING_EXPERTS].time;
  assert_true(padded > 1.15 * plain && padded < 1.6 * plain);
  close_serving(&f);
}

// Kernels of a release: before 0.17 Triton's fp8 experts had tiles of 64 rows for however few tokens.
static void test_releases(void **state) {
  (void)state;
  fixture f;
  open_serving(&f, "qwen3-235b-a22b", "h200_sxm", "vllm", CLX_WEIGHTS_FP8_BLOCK, 4, 1, 1);
  const clx_serving_batch batch = {.sequences = 16, .context = 1000};
  const int32_t releases[] = {12, 16, 17, 19, 0};
  double time[CLX_COUNT(releases)];
  for (int32_t i = 0; i < CLX_COUNT(releases); i++) {
    f.serving.release = releases[i];
    time[i] = clx_serving_iteration_at(&f.serving, &batch, 1).part[CLX_SERVING_EXPERTS].time;
  }
  assert_true(time[0] == time[1] && time[2] == time[3] && time[3] == time[4]);
  assert_true(time[0] > 1.1 * time[2]);
  close_serving(&f);
}

static double prompt_time(const fixture *f, int32_t tokens, int32_t cached) {
  const clx_chunk chunk = {tokens, cached};
  const clx_engine_step step = {.verified = 1, .chunk = &chunk, .chunks = 1, .prompt_tokens = tokens, .ended = 1};
  return clx_serving_law_exact(&f->serving, &step, 1).time;
}

// Queries that see more than an indexer chooses cost what is chosen: more context adds scores alone, their arithmetic and passes over them.
static void test_sparse_prompts(void **state) {
  (void)state;
  fixture sparse, dense;
  open_serving(&sparse, "glm-5", "b200_sxm", "sglang", CLX_WEIGHTS_FP8_BLOCK, 8, 1, 1);
  open_serving(&dense, "glm-5", "b200_sxm", "sglang", CLX_WEIGHTS_FP8_BLOCK, 8, 1, 1);
  dense.model.index_topk = 0;
  sparse.engine.launch_time = dense.engine.launch_time = 0;  // the device alone
  const double far = prompt_time(&sparse, 8192, 65536) - prompt_time(&sparse, 8192, 8192);
  const double scores = 2 * 8192.0 * (65536 - 8192) * sparse.model.index_heads * sparse.model.index_dim;
  const double least = sparse.model.layers * scores / sparse.device.peak[CLX_FP8];
  assert_true(far > least && far < 4 * least);
  assert_true(far < prompt_time(&dense, 8192, 65536) - prompt_time(&dense, 8192, 8192));
  // Short prompts: the same attention, and the indexer's own work on top.
  assert_true(prompt_time(&sparse, 2048, 0) > prompt_time(&dense, 2048, 0));
  close_serving(&sparse);
  close_serving(&dense);
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

// A prefix cache: the first requests find nothing, later ones all but the last part of their prompts.
static void test_found(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_error error = {0};
  const clx_rules rules = {
      .policy = CLX_ENGINE_VLLM, .sequences = 1, .tokens = 4096, .chunked = true, .ranks = 1, .accepted = 1};
  clx_loop loop = {.clients = 1, .requests = 10, .prompt = 1000, .output = 100, .found = 992, .cold = 4};
  clx_loop_means means;
  assert_int_equal(clx_loop_run(arena, &rules, &PLAIN_LAW, &loop, &means, &error), CLX_OK);
  CLX_CHECK_NEAR(means.first, 0.01 + (0.4 * 1000 + 0.6 * 8) * 1e-5, 1e-12, 0);
  loop.found = 5000;  // one token at least is computed
  loop.cold = 0;
  assert_int_equal(clx_loop_run(arena, &rules, &PLAIN_LAW, &loop, &means, &error), CLX_OK);
  CLX_CHECK_NEAR(means.first, 0.01 + 1e-5, 1e-12, 0);
  clx_arena_free(arena);
}

// Ranks that take requests in turn, whatever they have, make some wait while others are idle.
static void test_in_turn(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_error error = {0};
  const clx_rules rules = {
      .policy = CLX_ENGINE_VLLM, .sequences = 4, .tokens = 8192, .chunked = true, .ranks = 4, .accepted = 1};
  clx_loop loop = {.clients = 16, .requests = 1600, .prompt = 100, .output = 100, .spread = 0.5};
  clx_loop_means fewest, turn;
  assert_int_equal(clx_loop_run(arena, &rules, &PLAIN_LAW, &loop, &fewest, &error), CLX_OK);
  loop.rotates = true;
  assert_int_equal(clx_loop_run(arena, &rules, &PLAIN_LAW, &loop, &turn, &error), CLX_OK);
  assert_true(fewest.first < 0.03);  // never waits for a place: at most the rest of an iteration, and one
  if (turn.first < 3 * fewest.first)
    fail_msg("%g s in turn, %g s to the rank with the fewest", turn.first, fewest.first);
  clx_arena_free(arena);
}

// Prompts that come again are found where all of them fit, and not where they do not.
static void test_distinct(void **state) {
  (void)state;
  fixture f;
  clx_error error = {0};
  clx_benchmark_means all, few, many;
  open_serving(&f, "qwen3-32b", "h100_sxm", "vllm", CLX_WEIGHTS_BF16, 2, 1, 1);
  clx_benchmark b = {.clients = 8, .rounds = 10, .prompt = 2000, .output = 50, .warm_ups = 2};
  assert_int_equal(clx_benchmark_run(f.arena, &f.serving, &b, &all, &error), CLX_OK);
  b.distinct = 16;
  assert_int_equal(clx_benchmark_run(f.arena, &f.serving, &b, &few, &error), CLX_OK);
  b.distinct = 10000;
  assert_int_equal(clx_benchmark_run(f.arena, &f.serving, &b, &many, &error), CLX_OK);
  assert_true(few.first < 0.7 * all.first && few.token < 0.8 * all.token);
  CLX_CHECK_NEAR(many.first, all.first, 1e-12, 0);
  b.front_token = 1e-4;
  assert_int_equal(clx_benchmark_run(f.arena, &f.serving, &b, &few, &error), CLX_OK);
  CLX_CHECK_NEAR(few.first, all.first + 0.2, 0.1, 0);
  close_serving(&f);
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

// What delays first tokens of clients that come one by one: looks at the queue now and then, iterations put together one ahead.
static void test_looks(void **state) {
  (void)state;
  clx_error error = {0};
  const clx_rules rules = {
      .policy = CLX_ENGINE_SGLANG, .sequences = 16, .tokens = 4096, .chunked = true, .ranks = 1, .accepted = 1};
  clx_loop loop = {.clients = 16, .requests = 3200, .prompt = 100, .output = 400, .spread = 0.5, .poll = 1};
  clx_loop_means each, seldom, ahead;
  clx_arena *arena = clx_arena_new();
  assert_int_equal(clx_loop_run(arena, &rules, &PLAIN_LAW, &loop, &each, &error), CLX_OK);
  loop.ahead = true;
  assert_int_equal(clx_loop_run(arena, &rules, &PLAIN_LAW, &loop, &ahead, &error), CLX_OK);
  CLX_CHECK_NEAR(ahead.first - each.first, 0.01, 0.05, 0);  // one iteration of decode
  loop.ahead = false;
  loop.poll = 30;
  assert_int_equal(clx_loop_run(arena, &rules, &PLAIN_LAW, &loop, &seldom, &error), CLX_OK);
  CLX_CHECK_NEAR(seldom.first - each.first, 14.5 * 0.01, 0.05, 0);  // any of thirty
  clx_arena_free(arena);
}

// A front end that takes longer to stream an iteration than the engine to make it sets the rate; pieces of many tokens relieve it.
static void test_front_end(void **state) {
  (void)state;
  clx_error error = {0};
  const clx_rules rules = {
      .policy = CLX_ENGINE_SGLANG, .sequences = 32, .tokens = 4096, .chunked = true, .ranks = 1, .accepted = 1};
  clx_loop loop = {.clients = 32, .requests = 320, .prompt = 100, .output = 200, .piece_time = 1e-3};
  clx_loop_means slow, quick, none;
  clx_arena *arena = clx_arena_new();
  assert_int_equal(clx_loop_run(arena, &rules, &PLAIN_LAW, &loop, &slow, &error), CLX_OK);
  CLX_CHECK_NEAR(slow.time, 320 * 200 * 1e-3, 0.02, 0);
  CLX_CHECK_NEAR(320 / slow.time * (slow.first + slow.token * 199), 32, 0.02, 0);  // Little's law
  loop.stream = 200;
  assert_int_equal(clx_loop_run(arena, &rules, &PLAIN_LAW, &loop, &quick, &error), CLX_OK);
  loop.piece_time = 0;
  assert_int_equal(clx_loop_run(arena, &rules, &PLAIN_LAW, &loop, &none, &error), CLX_OK);
  CLX_CHECK_NEAR(quick.token, none.token, 0.02, 0);
  clx_arena_free(arena);
}

// The first launch that fits stands, blanks fit all.
static void test_launches(void **state) {
  (void)state;
  fixture f;
  open_serving(&f, "glm-5", "b200_sxm", "sglang", CLX_WEIGHTS_FP8_BLOCK, 8, 1, 1);
  clx_engine_launch launches[] = {
      {.model = "glm-5", .family = "hopper", .weights = "", .version = "", .poll = 1},
      {.model = "glm-5", .family = "", .weights = "fp8_block", .version = "0.5", .clients = 16, .poll = 2},
      {.model = "", .family = "blackwell", .weights = "", .version = "", .tp = 8, .poll = 3},
      {.model = "", .family = "", .weights = "", .version = "", .ep = 4, .poll = 4},
  };
  for (int32_t i = 0; i < f.engine.launches_count; i++) {  // those of the catalogue name what there is
    const clx_engine_launch *l = &f.engine.launches[i];
    bool known = l->weights[0] == '\0';
    for (int32_t k = 0; k < CLX_WEIGHTS_KINDS; k++) known |= clx_text_equal(l->weights, clx_weights_name[k]);
    assert_true(known);
    if (l->model[0] != '\0') assert_string_equal(clx_catalog_canonical(catalog, "model", l->model), l->model);
  }
  f.engine.launches = launches;
  f.engine.launches_count = CLX_COUNT(launches);
  assert_int_equal(
      clx_engine_launch_find(&f.serving, &(clx_launch_run){.version = "0.5.9", .day = "", .clients = 16})->poll, 2);
  assert_int_equal(
      clx_engine_launch_find(&f.serving, &(clx_launch_run){.version = "0.5.9", .day = "", .clients = 15})->poll, 3);
  assert_int_equal(clx_engine_launch_find(&f.serving, &(clx_launch_run){.version = "", .day = "", .clients = 16})->poll,
                   3);
  f.serving.tp = 4;
  assert_null(clx_engine_launch_find(&f.serving, &(clx_launch_run){.version = "", .day = "", .clients = 16}));
  f.serving.ep = 4;
  assert_int_equal(clx_engine_launch_find(&f.serving, &(clx_launch_run){.version = "", .day = "", .clients = 1})->poll,
                   4);
  close_serving(&f);
}

// Drafts that the host has to look at one by one: each costs the device the time of a sequence.
static void test_serial_drafts(void **state) {
  (void)state;
  fixture f;
  open_serving(&f, "deepseek-v3", "b200_sxm", "sglang", CLX_WEIGHTS_FP8_BLOCK, 8, 1, 1);
  f.serving.drafts = 2;
  const clx_engine_step step = {.decodes = 128, .verified = 3, .context = 128 * 1000.0};
  f.engine.rules.serial_drafts = 1;
  const double serial = clx_serving_law_exact(&f.serving, &step, 1).time;
  f.engine.rules.serial_drafts = 0;
  CLX_CHECK_NEAR(serial - clx_serving_law_exact(&f.serving, &step, 1).time, 128 * 3 * f.engine.sequence_time, 1e-9, 0);
  close_serving(&f);
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
      cmocka_unit_test(test_no_room),         cmocka_unit_test(test_equal_experts),
      cmocka_unit_test(test_popular_experts), cmocka_unit_test(test_expert_tiles),
      cmocka_unit_test(test_smooth_experts),  cmocka_unit_test(test_expert_padding),
      cmocka_unit_test(test_found),           cmocka_unit_test(test_in_turn),
      cmocka_unit_test(test_distinct),        cmocka_unit_test(test_looks),
      cmocka_unit_test(test_front_end),       cmocka_unit_test(test_launches),
      cmocka_unit_test(test_serial_drafts),   cmocka_unit_test(test_sparse_prompts),
      cmocka_unit_test(test_releases),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
