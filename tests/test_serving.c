// One iteration of an engine and a closed loop: bookkeeping, closed forms, and how they move with batch, context, GPUs and limit.
#include "serving_rig.h"

static clx_catalog *catalog;

static void open_serving(serving_rig *f, const char *model, const char *device, clx_weights weights, int32_t tp,
                         int32_t dp, int32_t ep) {
  const serving_spread spread = {model, device, NULL, weights, tp, dp, ep};
  serving_rig_open(f, catalog, &spread);
}

static const struct {
  const char *model, *device;
  clx_weights weights;
  int32_t tp, dp, ep;
} SERVED[] = {
    {"llama-3.1-8b", "h100_sxm", CLX_WEIGHTS_BF16, 1, 1, 1},
    {"llama-3.1-70b", "b200_sxm", CLX_WEIGHTS_BF16, 2, 1, 1},
    {"qwen3-30b-a3b", "h100_sxm", CLX_WEIGHTS_BF16, 2, 1, 2},
    {"deepseek-v3", "b200_sxm", CLX_WEIGHTS_FP8_BLOCK, 8, 1, 8},
    {"qwen3-coder-480b-a35b", "b200_sxm", CLX_WEIGHTS_FP8_BLOCK, 1, 8, 8},
    {"gpt-oss-20b", "h100_sxm", CLX_WEIGHTS_MXFP4_EXPERTS, 1, 1, 1},
    {"gpt-oss-120b", "b200_sxm", CLX_WEIGHTS_MXFP4_EXPERTS, 4, 1, 1},
    {"nemotron-nano-12b-v2", "h100_sxm", CLX_WEIGHTS_BF16, 1, 1, 1},
    {"gemma-3-27b", "h100_sxm", CLX_WEIGHTS_BF16, 2, 1, 1},
    {"llama-3.1-405b", "b200_sxm", CLX_WEIGHTS_FP8_FFN, 4, 1, 1},
};

static uint64_t next_random(uint64_t *seed) {
  *seed = *seed * 6364136223846793005u + 1442695040888963407u;
  return *seed >> 33;
}

// Parts add up, energy is power times time, and power lies between what a waiting device and its limit draw.
static void test_bookkeeping(void **state) {
  (void)state;
  uint64_t seed = 7;
  for (int32_t i = 0; i < CLX_COUNT(SERVED); i++) {
    serving_rig f;
    open_serving(&f, SERVED[i].model, SERVED[i].device, SERVED[i].weights, SERVED[i].tp, SERVED[i].dp, SERVED[i].ep);
    for (int32_t k = 0; k < 40; k++) {
      const clx_serving_batch batch = {.sequences = (double)(next_random(&seed) % 2000),
                                       .context = (double)(next_random(&seed) % 20000),
                                       .prompts = (double)(next_random(&seed) % 4000) / 1000 + 0.001,
                                       .prompt = (double)(1 + next_random(&seed) % 4000),
                                       .cached = (double)(next_random(&seed) % 500)};
      const clx_serving_cost c = clx_serving_iteration(&f.serving, &batch);
      double time = 0, energy = 0;
      for (int32_t p = 0; p < CLX_SERVING_PARTS; p++) {
        assert_true(c.part[p].time >= 0 && c.part[p].energy >= 0);
        time += c.part[p].time;
        energy += c.part[p].energy;
      }
      assert_true(isfinite(c.time) && c.time > 0 && isfinite(c.flop) && c.flop > 0 && isfinite(c.bytes));
      CLX_CHECK_NEAR(time, c.time, 1e-12, 0);
      CLX_CHECK_NEAR(energy, c.energy, 1e-12, 0);
      CLX_CHECK_NEAR(c.power * c.time, c.energy, 1e-9, 0);
      assert_true(c.power >= f.device.idle_power);
      assert_true(c.power <= f.device.tdp * (1 + 1e-9));
      assert_true(c.bytes / c.time < f.device.memory_bandwidth);
    }
    serving_rig_close(&f);
  }
}

// Thin decode moves the weights once and multiplies every active one for each sequence.
static void test_decode_moves_the_weights(void **state) {
  (void)state;
  serving_rig f;
  open_serving(&f, "llama-3.1-8b", "h100_sxm", CLX_WEIGHTS_BF16, 1, 1, 1);
  const clx_serving_batch batch = {.sequences = 4, .context = 1};
  const clx_serving_cost c = clx_serving_iteration(&f.serving, &batch);
  const clx_parameters p = clx_parameter_count(&f.model);
  const double multiplied = p.total - p.embedding;
  CLX_CHECK_NEAR(c.flop, 2 * 4 * multiplied, 0.01, 0);
  CLX_CHECK_NEAR(c.bytes, 2 * multiplied, 0.03, 0);
  assert_true(c.time > 2 * multiplied / f.device.memory_bandwidth);
  CLX_CHECK_NEAR(clx_serving_weight_bytes(&f.serving), 2 * p.total, 1e-9, 0);
  serving_rig_close(&f);
}

// One more token of context costs its keys and values.
static void test_context_costs_its_cache(void **state) {
  (void)state;
  serving_rig f;
  open_serving(&f, "llama-3.1-8b", "h100_sxm", CLX_WEIGHTS_BF16, 1, 1, 1);
  clx_serving_batch batch = {.sequences = 64, .context = 8000};
  const clx_serving_cost near = clx_serving_iteration_at(&f.serving, &batch, 1);
  batch.context = 16000;
  const clx_serving_cost far = clx_serving_iteration_at(&f.serving, &batch, 1);
  const double cache =
      64.0 * 8000 * 32 * 2 * 8 * 128 * 2;  // sequences, tokens, layers, keys and values, heads, width, B
  CLX_CHECK_NEAR(far.bytes - near.bytes, cache, 0.02, 0);
  assert_true(far.time - near.time > cache / f.device.memory_bandwidth);
  serving_rig_close(&f);
}

static void test_monotone(void **state) {
  (void)state;
  for (int32_t i = 0; i < CLX_COUNT(SERVED); i++) {
    serving_rig f;
    open_serving(&f, SERVED[i].model, SERVED[i].device, SERVED[i].weights, SERVED[i].tp, SERVED[i].dp, SERVED[i].ep);
    double time = 0, longer = 0;
    for (double sequences = 8; sequences <= 2048; sequences *= 4) {
      const clx_serving_batch batch = {.sequences = sequences, .context = 1000};
      const clx_serving_cost c = clx_serving_iteration_at(&f.serving, &batch, 1);
      assert_true(c.time >= time * 0.999);
      time = c.time;
    }
    for (double context = 1000; context <= 64000; context *= 4) {
      const clx_serving_batch batch = {.sequences = 128, .context = context};
      const clx_serving_cost c = clx_serving_iteration_at(&f.serving, &batch, 1);
      assert_true(c.time >= longer * 0.999);
      longer = c.time;
    }
    serving_rig_close(&f);
  }
}

// More GPUs of one replica: less time, never less than their share; each draws less, as exchanges and waits grow.
static void test_tensor_parallel(void **state) {
  (void)state;
  const clx_serving_batch batch = {.sequences = 64, .context = 1000};
  double one = 0, before = 0, power = 0;
  for (int32_t tp = 1; tp <= 8; tp *= 2) {
    serving_rig f;
    open_serving(&f, "llama-3.1-8b", "h100_sxm", CLX_WEIGHTS_BF16, tp, 1, 1);
    const clx_serving_cost c = clx_serving_iteration(&f.serving, &batch);
    assert_true(tp == 1 ? c.part[CLX_SERVING_EXCHANGE].time == 0 : c.part[CLX_SERVING_EXCHANGE].time > 0);
    if (tp == 1) {
      one = c.time;
    } else {
      assert_true(c.time < before);
      assert_true(c.time > one / tp);
      assert_true(c.power < power);
    }
    before = c.time;
    power = c.power;
    serving_rig_close(&f);
  }
}

static void test_energy_of_a_token_falls_with_batch(void **state) {
  (void)state;
  for (int32_t i = 0; i < CLX_COUNT(SERVED); i++) {
    serving_rig f;
    open_serving(&f, SERVED[i].model, SERVED[i].device, SERVED[i].weights, SERVED[i].tp, SERVED[i].dp, SERVED[i].ep);
    double energy = INFINITY, throughput = 0;
    for (double sequences = 8; sequences <= 512; sequences *= 4) {
      const clx_serving_load load = {.sequences = sequences, .prompt = 500, .output = 1000, .chunk = 8192};
      const clx_serving_state s = clx_serving_steady(&f.serving, &load);
      assert_true(s.energy < energy);
      assert_true(s.throughput > throughput);
      CLX_CHECK_NEAR(s.energy * s.throughput, s.power, 1e-12, 0);
      energy = s.energy;
      throughput = s.throughput;
    }
    serving_rig_close(&f);
  }
}

static void test_limits_lower_the_clock(void **state) {
  (void)state;
  static const char *const devices[] = {"h100_sxm", "h200_sxm", "b200_sxm"};
  for (int32_t d = 0; d < CLX_COUNT(devices); d++) {
    serving_rig f;
    open_serving(&f, "llama-3.1-8b", devices[d], CLX_WEIGHTS_BF16, 1, 1, 1);
    const clx_serving_load load = {.sequences = 256, .prompt = 2000, .output = 200, .chunk = 8192};
    double throughput = clx_serving_steady(&f.serving, &load).throughput;
    double clock = clx_serving_steady(&f.serving, &load).mixed.clock;
    const double top = clx_serving_steady(&f.serving, &load).power;
    for (double share = 0.8; share > 0.45; share -= 0.1) {
      f.serving.limit = share * f.device.tdp;
      const clx_serving_state s = clx_serving_steady(&f.serving, &load);
      assert_true(s.power <= f.serving.limit * (1 + 1e-6));
      if (f.serving.limit >= top) continue;
      assert_true(s.throughput < throughput);
      assert_true(s.mixed.clock < clock);
      assert_true(s.throughput > share * throughput * 0.7);  // slower than the limit falls: voltage falls, too
      throughput = s.throughput;
      clock = s.mixed.clock;
    }
    serving_rig_close(&f);
  }
}

// In a closed loop all prompt tokens pass once per answer; without answers to make there would be no time for decode.
static void test_steady_shares(void **state) {
  (void)state;
  serving_rig f;
  open_serving(&f, "llama-3.1-8b", "h100_sxm", CLX_WEIGHTS_BF16, 1, 1, 1);
  clx_serving_load load = {.sequences = 32, .prompt = 300, .output = 3200, .chunk = 8192};
  clx_serving_state s = clx_serving_steady(&f.serving, &load);
  CLX_CHECK_NEAR(s.prefill, 1 - exp(-0.01), 1e-12, 0);
  CLX_CHECK_NEAR(s.token_time, s.decode.time, 1e-15, 0);
  load.output = 32;
  s = clx_serving_steady(&f.serving, &load);
  CLX_CHECK_NEAR(s.token_time, s.mixed.time, 1e-15, 0);
  // Cached prompts cost less; a bound on the tokens of an iteration bounds its prompts.
  load.cached = 250;
  assert_true(clx_serving_steady(&f.serving, &load).throughput > s.throughput);
  load = (clx_serving_load){.sequences = 4096, .prompt = 3000, .output = 100, .chunk = 8192};
  s = clx_serving_steady(&f.serving, &load);
  const double mean = (1 - s.prefill) * s.decode.time + s.prefill * s.mixed.time;
  CLX_CHECK_NEAR(s.throughput * mean, 8192 / (1 + 3000 / 100.0), 1e-9, 0);
  serving_rig_close(&f);
}

static void test_refusals(void **state) {
  (void)state;
  serving_rig f;
  clx_error error;
  open_serving(&f, "qwen3-30b-a3b", "h100_sxm", CLX_WEIGHTS_BF16, 2, 1, 2);
  const clx_serving good = f.serving;
  static const struct {
    int32_t tp, dp, ep, etp;
    const char *text;
  } bad[] = {{0, 1, 1, 1, "at least 1"},
             {3, 1, 1, 3, "equal parts"},
             {2, 1, 4, 1, "as many GPUs"},
             {1, 1, 1, 1, NULL},
             {1, 5, 5, 1, "cannot be cut"}};
  for (int32_t i = 0; i < CLX_COUNT(bad); i++) {
    f.serving = good;
    f.serving.tp = bad[i].tp;
    f.serving.dp = bad[i].dp;
    f.serving.ep = bad[i].ep;
    f.serving.etp = bad[i].etp;
    error = (clx_error){0};
    const clx_status status = clx_serving_check(&f.serving, &error);
    assert_int_equal(status, bad[i].text == NULL ? CLX_OK : CLX_INPUT);
    if (bad[i].text != NULL) assert_non_null(strstr(error.mistake[0].text, bad[i].text));
  }
  serving_rig_close(&f);
  open_serving(&f, "llama-3.1-8b", "a100_sxm", CLX_WEIGHTS_BF16, 1, 1, 1);
  f.serving.weights = CLX_WEIGHTS_FP8;
  error = (clx_error){0};
  assert_int_equal(clx_serving_check(&f.serving, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "no fp8"));
  serving_rig_close(&f);
  open_serving(&f, "llama-3.1-405b", "b200_sxm", CLX_WEIGHTS_BF16, 8, 1, 1);
  f.serving.tp = 4;
  error = (clx_error){0};
  assert_int_equal(clx_serving_check(&f.serving, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "GB"));
  serving_rig_close(&f);
  assert_null(clx_engine_find("vlm"));
  assert_non_null(clx_engine_find("tensorrt-llm"));
}

// Layers that attend within chunks: nothing changes up to a chunk; beyond, a query sees half of one, and a prompt costs what its pieces do.
static void test_chunks(void **state) {
  (void)state;
  serving_rig f;
  open_serving(&f, "llama-4-scout", "h200_sxm", CLX_WEIGHTS_FP8, 1, 4, 4);
  assert_int_equal(f.model.attention_chunk, 8192);
  clx_transformer whole = f.model;
  whole.attention_chunk = 0;
  clx_serving full = f.serving;
  full.model = &whole;
  const clx_serving_batch near = {.sequences = 64, .context = 8000, .prompts = 4, .prompt = 8000};
  const clx_serving_batch far = {.sequences = 64, .context = 40000, .prompts = 4, .prompt = 32768};
  const clx_serving_batch half = {.sequences = 64, .context = 4096}, chunk = {.prompts = 4, .prompt = 8192};
  const clx_serving_cost same = clx_serving_iteration_at(&full, &near, 1);
  CLX_CHECK_NEAR(clx_serving_iteration_at(&f.serving, &near, 1).time, same.time, 1e-12, 0);
  const clx_serving_cost cut = clx_serving_iteration_at(&f.serving, &far, 1);
  const clx_serving_cost all = clx_serving_iteration_at(&full, &far, 1);
  const double short_decode = clx_serving_iteration_at(&full, &half, 1).part[CLX_SERVING_DECODE].time;
  const double piece = clx_serving_iteration_at(&full, &chunk, 1).part[CLX_SERVING_PREFILL].time;
  CLX_CHECK_NEAR(cut.part[CLX_SERVING_DECODE].time, 0.25 * all.part[CLX_SERVING_DECODE].time + 0.75 * short_decode,
                 1e-9, 0);
  // Four pieces in one kernel keep more processors busy than one after another.
  CLX_CHECK_NEAR(cut.part[CLX_SERVING_PREFILL].time, 0.25 * all.part[CLX_SERVING_PREFILL].time + 0.75 * 4 * piece, 0.05,
                 0);
  serving_rig_close(&f);
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
      cmocka_unit_test(test_bookkeeping),
      cmocka_unit_test(test_decode_moves_the_weights),
      cmocka_unit_test(test_context_costs_its_cache),
      cmocka_unit_test(test_monotone),
      cmocka_unit_test(test_tensor_parallel),
      cmocka_unit_test(test_energy_of_a_token_falls_with_batch),
      cmocka_unit_test(test_limits_lower_the_clock),
      cmocka_unit_test(test_steady_shares),
      cmocka_unit_test(test_chunks),
      cmocka_unit_test(test_refusals),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
