// Benchmarks of equal requests, all at once or at random times: against the iterations that they are made of.
#include "serving_rig.h"

#include "serving/serving_burst.h"
#include "serving/serving_law.h"

static clx_catalog *catalog;
static const serving_spread SPREAD = {"llama-3.1-8b", "h100_sxm", "tensorrt-llm", CLX_WEIGHTS_FP8, 1, 1, 1};
static const clx_burst MOST = {
    .requests = 256, .prompt = 200, .output = 100, .sequences = 256, .tokens = 8192, .chunked = true, .room = 1e6};

// At full clock, as the iterations are that it is compared with.
static clx_burst_engine open_engine(serving_rig *rig, const clx_burst *most) {
  clx_burst_engine engine;
  clx_error error = {0};
  serving_rig_open(rig, catalog, &SPREAD);
  if (clx_burst_open(rig->arena, &rig->serving, most, &engine, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  engine.slower = 1;
  return engine;
}

static clx_burst_means run(const clx_burst_engine *engine, int32_t requests, double rate) {
  clx_burst_means means;
  clx_error error = {0};
  if (clx_burst_run(engine, requests, rate, 1, &means, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  return means;
}

static double time_of(const serving_rig *rig, clx_engine_step step) {
  step.verified = 1;
  return clx_serving_law_exact(&rig->serving, &step, 1).time;
}

// Requests that never meet: one iteration for the prompt, one for each further token.
static void test_alone(void **state) {
  (void)state;
  serving_rig rig;
  const clx_burst_engine engine = open_engine(&rig, &MOST);
  const clx_burst_means m = run(&engine, 20, 1e-3);
  const clx_chunk chunk = {200, 0};
  const clx_engine_step prompt = {.chunks = 1, .chunk = &chunk, .prompt_tokens = 200, .ended = 1};
  const clx_engine_step token = {.decodes = 1, .context = 250, .longest = 250};
  CLX_CHECK_NEAR(m.first, time_of(&rig, prompt), 0.02, 0);
  CLX_CHECK_NEAR(m.first99, m.first, 1e-9, 0);
  CLX_CHECK_NEAR(m.token, time_of(&rig, token), 0.02, 0);
  CLX_CHECK_NEAR(m.token99, m.token, 1e-6, 0);
  serving_rig_close(&rig);
}

// As many as are admitted at once, in step: all prompts in the first iteration, then 99 of the whole batch.
static void test_all_at_once(void **state) {
  (void)state;
  serving_rig rig;
  clx_burst wide = MOST;
  wide.tokens = 256 * 200;
  const clx_burst_engine engine = open_engine(&rig, &wide);
  const clx_burst_means m = run(&engine, 256, 0), twice = run(&engine, 512, 0);
  clx_chunk chunk[256];
  for (int32_t i = 0; i < 256; i++) chunk[i] = (clx_chunk){200, 0};
  const clx_engine_step prompts = {.chunks = 256, .chunk = chunk, .prompt_tokens = 256 * 200, .ended = 256};
  const clx_engine_step token = {.decodes = 256, .context = 256 * 250.0, .longest = 250};
  CLX_CHECK_NEAR(256 / m.requests, time_of(&rig, prompts) + 99 * time_of(&rig, token), 0.02, 0);
  CLX_CHECK_NEAR(m.first, time_of(&rig, prompts), 0.02, 0);
  CLX_CHECK_NEAR(m.tokens, 100 * m.requests, 1e-12, 0);
  CLX_CHECK_NEAR(m.batch, 256, 0, 0);
  // The second half starts when the first has ended.
  CLX_CHECK_NEAR(twice.requests, m.requests, 1e-3, 0);
  CLX_CHECK_NEAR(twice.first99, 256 / m.requests + m.first, 1e-3, 0);
  serving_rig_close(&rig);
}

// Arrivals below what the engine serves set the rate; above it the engine does, and waits grow with the run.
static void test_rates(void **state) {
  (void)state;
  serving_rig rig;
  const clx_burst_engine engine = open_engine(&rig, &MOST);
  const double most = run(&engine, 4000, 0).requests;
  CLX_CHECK_NEAR(run(&engine, 4000, 0.5 * most).requests, 0.5 * most, 0.05, 0);
  const clx_burst_means over = run(&engine, 4000, 2 * most), twice = run(&engine, 8000, 2 * most);
  CLX_CHECK_NEAR(over.requests, most, 0.05, 0);
  CLX_CHECK_NEAR(over.first, 4000 * (1 / most - 1 / (2 * most)) / 2, 0.15, 0);
  CLX_CHECK_NEAR(twice.first, 2 * over.first, 0.1, 0);
  serving_rig_close(&rig);
}

// The cache bounds what runs at once; a request that it cannot hold is a mistake.
static void test_room(void **state) {
  (void)state;
  serving_rig rig;
  clx_burst few = MOST;
  few.room = 3 * 320;
  const clx_burst_engine engine = open_engine(&rig, &few);
  const clx_burst_means m = run(&engine, 60, 0);
  assert_true(m.batch > 2.5 && m.batch <= 3);
  few.room = 200;
  clx_burst_engine none;
  clx_error error = {0};
  assert_int_equal(clx_burst_open(rig.arena, &rig.serving, &few, &none, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "300 tokens"));
  serving_rig_close(&rig);
}

static int setup(void **state) {
  (void)state;
  clx_error error = {0};
  return clx_catalog_open(NULL, &catalog, &error) == CLX_OK ? 0 : -1;
}

static int teardown(void **state) {
  (void)state;
  clx_catalog_close(catalog);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_alone),
      cmocka_unit_test(test_all_at_once),
      cmocka_unit_test(test_rates),
      cmocka_unit_test(test_room),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
