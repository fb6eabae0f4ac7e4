// Published launches of engines: which of them fits a run, and the rules that they set, on a law of constant iterations.
#include "check.h"

#include "catalog/catalog.h"
#include "serving/serving_benchmark.h"
#include "serving/serving_law.h"
#include "serving/serving_loop.h"

static clx_catalog *catalog;

// Every iteration takes a second.
static clx_step_cost second(const void *self, const clx_engine_step *step, int32_t ranks, int32_t stage) {
  (void)self, (void)step, (void)ranks, (void)stage;
  return (clx_step_cost){.time = 1};
}

static const clx_step_law SECONDS = {.cost = second};

static clx_loop_means run_loop(const clx_rules *rules, const clx_loop *loop) {
  clx_arena *arena = clx_arena_new();
  clx_error error = {0};
  clx_loop_means means;
  assert_int_equal(clx_loop_run(arena, rules, &SECONDS, loop, &means, &error), CLX_OK);
  clx_arena_free(arena);
  return means;
}

// --- rules ----------------------------------------------------------------------------------------------------------------

// Two clients whose answers never end together: after the first wave each prompt comes alone, at the end of an iteration, and waits.
static void test_company(void **state) {
  (void)state;
  const clx_rules rules = {.policy = CLX_ENGINE_TENSORRT, .sequences = 2, .tokens = 1000, .ranks = 1, .accepted = 1};
  clx_loop loop = {.clients = 2, .requests = 2000, .prompt = 100, .output = 400, .spread = 0.2};
  const double plain = run_loop(&rules, &loop).first;
  CLX_CHECK_NEAR(plain, 1, 1e-9, 0);
  loop.batch_wait = 20;
  loop.batch_wait_share = 0.9;
  const double waits = run_loop(&rules, &loop).first;
  CLX_CHECK_NEAR(waits, 1 + 20, 0.05, 0);  // a second prompt within 20 iterations waits less
  assert_true(waits <= 21);
  // One prompt fills the share that is asked for: nobody waits.
  loop.batch_wait_share = 0.05;
  CLX_CHECK_NEAR(run_loop(&rules, &loop).first, 1, 1e-9, 0);
}

// One client has nothing beside its prompts, which start at once.
static void test_no_company(void **state) {
  (void)state;
  const clx_rules rules = {.policy = CLX_ENGINE_TENSORRT, .sequences = 1, .tokens = 1000, .ranks = 1, .accepted = 1};
  const clx_loop loop = {
      .clients = 1, .requests = 20, .prompt = 100, .output = 40, .batch_wait = 20, .batch_wait_share = 0.9};
  CLX_CHECK_NEAR(run_loop(&rules, &loop).first, 1, 1e-9, 0);
}

// Ranks with little to do: a prompt finds the next of the ticks that come every `balance` iterations, (balance - 1) / 2 later in the mean.
static void test_balance(void **state) {
  (void)state;
  const clx_rules rules = {.policy = CLX_ENGINE_TENSORRT, .sequences = 4, .tokens = 1000, .ranks = 2, .accepted = 1};
  clx_loop loop = {.clients = 8, .requests = 4000, .prompt = 100, .output = 4000, .spread = 0.2};
  CLX_CHECK_NEAR(run_loop(&rules, &loop).first, 1, 1e-9, 0);
  loop.balance = 1;
  CLX_CHECK_NEAR(run_loop(&rules, &loop).first, 1, 1e-9, 0);
  loop.balance = 60;
  CLX_CHECK_NEAR(run_loop(&rules, &loop).first, 1 + 59 / 2.0, 0.05, 0);
}

// Ranks that always have a prompt each do not wait.
static void test_balance_of_all(void **state) {
  (void)state;
  const clx_rules rules = {.policy = CLX_ENGINE_TENSORRT, .sequences = 4, .tokens = 1000, .ranks = 2, .accepted = 1};
  const clx_loop loop = {.clients = 8, .requests = 80, .prompt = 100, .output = 40, .balance = 60};
  CLX_CHECK_NEAR(run_loop(&rules, &loop).first, 1, 1e-9, 0);
}

// --- which launch ---------------------------------------------------------------------------------------------------------

static const clx_engine_launch LAUNCHES[] = {
    {.model = "llama-3.1-70b", .version = "1.2", .tokens = 1},
    {.model = "llama-3.1-70b", .from = "2026-01-15", .before = "2026-02-01", .tokens = 2},
    {.family = "hopper", .prompt = 1024, .output = 8192, .tokens = 3},
    {.weights = "fp8", .tp = 4, .clients = 64, .clients_most = 255, .tokens = 4},
    {.weights = "fp8", .tp_most = 4, .tokens = 5},
    {.weights = "bf16", .tokens = 6},
};

static void test_which(void **state) {
  (void)state;
  static const struct {
    const char *version, *day;
    int32_t prompt, output, clients, tp, tokens;
  } runs[] = {
      {"1.2.0rc6", "", 1024, 1024, 1, 8, 1},       // the beginning of a version
      {"1.12", "", 1024, 1024, 1, 8, 0},           // not its middle
      {"", "2026-01-15", 1024, 1024, 1, 8, 2},     // the first day counts
      {"", "2026-02-01", 1024, 1024, 1, 8, 0},     // the day after the last does not
      {"", "2025-12-31", 1024, 1024, 1, 8, 0},     //
      {"", "", 1024, 1024, 1, 8, 0},               // an unknown day
      {"", "2026-1-20", 1024, 1024, 1, 8, 0},      // no day at all
      {"", "2026-01-20T", 1024, 1024, 1, 8, 0},    //
      {"", "", 1024, 8192, 1, 8, 3},               // lengths
      {"1.2", "2026-01-20", 1024, 8192, 1, 8, 1},  // the first that fits
      {"", "", 1000, 1000, 64, 4, 4},              // load and layout
      {"", "", 1000, 1000, 255, 4, 4},             //
      {"", "", 1000, 1000, 256, 4, 5},             // beyond the load
      {"", "", 1000, 1000, 63, 4, 5},              //
      {"", "", 1000, 1000, 64, 2, 5},              // up to a layout
      {"", "", 1000, 1000, 64, 8, 0},              //
  };
  const clx_transformer model = {.name = "llama-3.1-70b"};
  const clx_device device = {.family = "hopper"};
  clx_engine_launch launches[CLX_COUNT(LAUNCHES)];
  memcpy(launches, LAUNCHES, sizeof launches);
  const clx_engine engine = {.launches = launches, .launches_count = CLX_COUNT(LAUNCHES)};
  for (int32_t i = 0; i < CLX_COUNT(runs); i++) {
    const clx_serving s = {
        .model = &model, .device = &device, .engine = &engine, .weights = CLX_WEIGHTS_FP8, .tp = runs[i].tp, .dp = 1};
    const clx_launch_run run = {.version = runs[i].version,
                                .day = runs[i].day,
                                .prompt = runs[i].prompt,
                                .output = runs[i].output,
                                .clients = runs[i].clients};
    const clx_engine_launch *found = clx_engine_launch_find(&s, &run);
    if ((found == NULL ? 0 : found->tokens) != runs[i].tokens)
      fail_msg("run %d: launch %d, expected %d", i, found == NULL ? 0 : found->tokens, runs[i].tokens);
  }
}

// --- launches of kernels --------------------------------------------------------------------------------------------------

// Without captured graphs an iteration lasts as long as its host takes to launch every kernel, those of routed experts among them.
static void test_eager(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_error error = {0};
  clx_transformer model;
  clx_device device;
  clx_engine engine;
  if (clx_catalog_read_device(catalog, "b200_sxm", (clx_place){0}, arena, &device, &error) != CLX_OK ||
      clx_catalog_read(catalog, "model", "deepseek-v3", (clx_place){0}, &clx_model_schema, arena, &model, &error) !=
          CLX_OK ||
      clx_catalog_read(catalog, "engine", "tensorrt-llm", (clx_place){0}, &clx_serving_engine_schema, arena, &engine,
                       &error) != CLX_OK ||
      clx_transformer_complete(&model, (clx_place){0}, &error) != CLX_OK)
    fail_msg("%s", error.mistake[0].text);
  engine.step_hidden = engine.sequence_time = engine.step_exposed = 0;
  engine.launch_time = 1e-3;             // longer than any kernel
  engine.rules.capture_sizes_count = 0;  // bounds instead
  engine.rules.graph_tokens = 1;
  const clx_serving s = {.model = &model,
                         .device = &device,
                         .engine = &engine,
                         .weights = CLX_WEIGHTS_NVFP4_FFN,
                         .tp = 8,
                         .dp = 1,
                         .ep = 8,
                         .etp = 1};
  const clx_engine_step step = {.decodes = 4, .context = 4000, .verified = 1},
                        one = {.decodes = 1, .context = 1000, .verified = 1};
  engine.expert_launches = 1;
  const double few = clx_serving_law_exact(&s, &step, 1).time;
  engine.expert_launches = 15;
  const double many = clx_serving_law_exact(&s, &step, 1).time;
  CLX_CHECK_NEAR(many - few, 14 * 58 * 1e-3, 1e-9, 0);              // 58 of 61 layers have experts
  assert_true(clx_serving_law_exact(&s, &one, 1).time < few / 10);  // one token is captured
  engine.rules.graph_tokens = 4;
  assert_true(clx_serving_law_exact(&s, &step, 1).time < few / 10);
  clx_arena_free(arena);
}

static double prefill_time(const clx_transformer *model, const clx_device *device, const clx_engine *engine,
                           int32_t ep) {
  const clx_serving s = {.model = model,
                         .device = device,
                         .engine = engine,
                         .weights = CLX_WEIGHTS_FP8_BLOCK,
                         .tp = 8,
                         .dp = 1,
                         .ep = ep,
                         .etp = 8 / ep};
  const clx_chunk chunk = {8192, 0};
  const clx_engine_step step = {.chunk = &chunk, .chunks = 1, .prompt_tokens = 8192, .ended = 1, .verified = 1};
  return clx_serving_law_exact(&s, &step, 1).time;
}

// Kernels that a launch names stand before the first that fit; narrow slices of an expert are slower than whole ones.
static void test_kernels(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_error error = {0};
  clx_transformer model;
  clx_device device;
  if (clx_catalog_read_device(catalog, "b200_sxm", (clx_place){0}, arena, &device, &error) != CLX_OK ||
      clx_catalog_read(catalog, "model", "deepseek-v3", (clx_place){0}, &clx_model_schema, arena, &model, &error) !=
          CLX_OK ||
      clx_transformer_complete(&model, (clx_place){0}, &error) != CLX_OK)
    fail_msg("%s", error.mistake[0].text);
  clx_expert_kernel kernels[] = {
      {.weights = CLX_WEIGHTS_FP8_BLOCK, .blackwell = 1, .name = "first", .memory = 0.9, .compute = 0.5, .spread = -1},
      {.weights = CLX_WEIGHTS_FP8_BLOCK,
       .blackwell = 1,
       .name = "named",
       .start = 1e-3,
       .memory = 0.9,
       .compute = 0.5,
       .spread = -1}};
  clx_engine engine = {.experts = kernels, .experts_count = CLX_COUNT(kernels), .rules.mixed_graph_tokens = 1e6};
  const double first = prefill_time(&model, &device, &engine, 1);
  engine.experts_chosen = "named";
  CLX_CHECK_NEAR(prefill_time(&model, &device, &engine, 1) - first, 58 * 1e-3, 1e-9, 0);
  engine.experts_chosen = "unknown";
  assert_true(prefill_time(&model, &device, &engine, 1) == first);
  // Slices of 256: half of the rate, twice the time of products.
  const double whole = prefill_time(&model, &device, &engine, 8);
  kernels[0].half_slice = 256;
  const double cut = prefill_time(&model, &device, &engine, 1) - first,
               spread = prefill_time(&model, &device, &engine, 8) - whole;
  assert_true(cut > 0 && spread > 0);
  assert_true(spread < cut / 4);  // slices of 2,048 lose an eighth
  clx_arena_free(arena);
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
      cmocka_unit_test(test_company),        cmocka_unit_test(test_no_company), cmocka_unit_test(test_balance),
      cmocka_unit_test(test_balance_of_all), cmocka_unit_test(test_which),      cmocka_unit_test(test_eager),
      cmocka_unit_test(test_kernels),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
