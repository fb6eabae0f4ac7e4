// serving on processors with unified memory: the law's parts, refusals, the engine's view of it, and measured rates of Apple chips:
// with the catalogue's constants, with constants from two formats that predict the third, with those of the other chips of a generation.
#include "check.h"

#include "catalog/catalog.h"
#include "serving/serving_memory.h"
#include "serving/serving_unified_law.h"

static clx_catalog *catalog;
static clx_arena *arena;

static clx_device device_of(const char *name) {
  clx_device device;
  clx_error error = {0};
  if (clx_catalog_read_device(catalog, name, (clx_place){0}, arena, &device, &error) != CLX_OK)
    fail_msg("%s", error.mistake[0].text);
  return device;
}

static clx_transformer model_of(const char *name) {
  clx_transformer model;
  clx_error error = {0};
  if (clx_catalog_read(catalog, "model", name, (clx_place){0}, &clx_model_schema, arena, &model, &error) != CLX_OK ||
      clx_transformer_complete(&model, (clx_place){0}, &error) != CLX_OK)
    fail_msg("%s", error.mistake[0].text);
  return model;
}

static clx_unified unified_of(const clx_transformer *model, const clx_device *device, const char *engine,
                              const char *quant) {
  const clx_unified_link thunderbolt = {.latency = 9e-6, .bandwidth = 10e9};
  return (clx_unified){.model = model,
                       .device = device,
                       .engine = clx_unified_engine_find(engine),
                       .quant = clx_quant_find(quant),
                       .tp = 1,
                       .pp = 1,
                       .link = thunderbolt};
}

// --- the law --------------------------------------------------------------------------------------------------------------

// 32 layers of 4096: (11 + 7) kernels each; 6.476 G weights in layers and 131 M in the head, in 16 bit.
static void test_two_terms(void **state) {
  (void)state;
  const clx_transformer model = model_of("llama-2-7b");
  const clx_device device = device_of("m4_max");
  const clx_unified u = unified_of(&model, &device, "llama.cpp", "F16");
  const clx_unified_work work = {.decodes = 1, .verified = 1};
  const clx_unified_cost c = clx_unified_iteration(&u, &work);
  const double weights = 32.0 * (4 * 4096.0 * 4096 + 3 * 4096.0 * 11008) + 4096.0 * 32000;
  CLX_CHECK_NEAR(c.part[CLX_UNIFIED_FLOOR], 32 * 18 * device.kernel_time, 1e-12, 0);
  CLX_CHECK_NEAR(c.part[CLX_UNIFIED_WEIGHTS], 2 * weights / (device.memory_bandwidth * device.memory_efficiency), 1e-12,
                 0);
  CLX_CHECK_NEAR(c.time, c.part[CLX_UNIFIED_FLOOR] + c.part[CLX_UNIFIED_WEIGHTS], 1e-12, 0);
  CLX_CHECK_NEAR(c.energy, c.time * device.unified.wall_busy, 1e-12, 0);
}

static double sum_of(const clx_unified_cost *c) {
  double sum = 0;
  for (int32_t i = 0; i < CLX_UNIFIED_PARTS; i++) sum += c->part[i];
  return sum;
}

// More of anything never takes less; parts add up; all finite, over formats, engines, batches and nodes.
static void test_monotone(void **state) {
  (void)state;
  static const char *const models[] = {"llama-3.1-8b", "gpt-oss-120b", "deepseek-v3", "gemma-3-12b"};
  const clx_device device = device_of("m3_ultra");
  for (int32_t m = 0; m < CLX_COUNT(models); m++) {
    const clx_transformer model = model_of(models[m]);
    for (int32_t e = 0; clx_unified_engine_name(e) != NULL; e++) {
      clx_unified u = unified_of(&model, &device, clx_unified_engine_name(e), "Q4_0");
      double before = 0;
      for (double context = 0; context <= 65536; context += 4096) {
        const clx_unified_work work = {.decodes = 4, .verified = 1, .context = 4 * context};
        const clx_unified_cost c = clx_unified_iteration(&u, &work);
        assert_true(isfinite(c.time) && c.time >= before);
        CLX_CHECK_NEAR(sum_of(&c), c.time, 1e-12, 0);
        before = c.time;
      }
      u.pp = 2;
      const clx_unified_work work = {.decodes = 1, .verified = 1, .context = 100};
      const double spread = clx_unified_iteration(&u, &work).time;
      u.pp = 1;
      assert_true(spread > clx_unified_iteration(&u, &work).time);  // one sequence gains nothing from a pipeline
    }
  }
}

// Up to four sequences share a read of the weights, where widths allow; experts are read for each.
static void test_batches(void **state) {
  (void)state;
  static const struct {
    const char *model, *engine;
    double reads;  // of 8 sequences against one
  } batches[] = {
      {"llama-3.1-8b", "llama.cpp-2025", 2}, {"llama-3.1-8b", "llama.cpp", 8}, {"gpt-oss-20b", "llama.cpp-2025", 8}};
  const clx_device device = device_of("m2_ultra");
  for (int32_t i = 0; i < CLX_COUNT(batches); i++) {
    const clx_transformer model = model_of(batches[i].model);
    const clx_unified u = unified_of(&model, &device, batches[i].engine, "Q8_0");
    const clx_unified_work one = {.decodes = 1, .verified = 1}, eight = {.decodes = 8, .verified = 1};
    const clx_unified_cost a = clx_unified_iteration(&u, &one), b = clx_unified_iteration(&u, &eight);
    CLX_CHECK_NEAR(b.part[CLX_UNIFIED_WEIGHTS], batches[i].reads * a.part[CLX_UNIFIED_WEIGHTS], 1e-12, 0);
    CLX_CHECK_NEAR(b.part[CLX_UNIFIED_FLOOR], a.part[CLX_UNIFIED_FLOOR], 1e-12, 0);
  }
}

// Cutting over nodes divides bytes, not the floor; sums take time.
static void test_nodes(void **state) {
  (void)state;
  const clx_transformer model = model_of("qwen3-235b-a22b");
  const clx_device device = device_of("m3_ultra");
  clx_unified u = unified_of(&model, &device, "exo", "MLX 8-bit");
  const clx_unified_work work = {.decodes = 1, .verified = 1, .context = 500};
  const clx_unified_cost one = clx_unified_iteration(&u, &work);
  u.tp = 4;
  const clx_unified_cost four = clx_unified_iteration(&u, &work);
  CLX_CHECK_NEAR(four.part[CLX_UNIFIED_FLOOR], one.part[CLX_UNIFIED_FLOOR], 1e-12, 0);
  assert_true(four.part[CLX_UNIFIED_WEIGHTS] > one.part[CLX_UNIFIED_WEIGHTS] / 4);
  assert_true(four.part[CLX_UNIFIED_WEIGHTS] < one.part[CLX_UNIFIED_WEIGHTS] / 3.5);
  const double sum = 20e-6 + 3 * 9e-6 + 4096 * 2 / 10e9;
  CLX_CHECK_NEAR(four.part[CLX_UNIFIED_EXCHANGE], 2 * 94 * sum, 1e-9, 0);
  assert_true(one.part[CLX_UNIFIED_EXCHANGE] == 0);
}

// The engine's view: chunks add up to what the work says, one rank, power at rest.
static void test_step_law(void **state) {
  (void)state;
  const clx_transformer model = model_of("gpt-oss-20b");
  const clx_device device = device_of("m2_ultra");
  const clx_unified u = unified_of(&model, &device, "llama.cpp-2025", "MXFP4");
  const clx_chunk chunk[] = {{.tokens = 300, .cached = 100}, {.tokens = 50, .cached = 0}};
  const clx_engine_step step = {.decodes = 3,
                                .verified = 1,
                                .context = 900,
                                .longest = 400,
                                .chunks = 2,
                                .chunk = chunk,
                                .prompt_tokens = 350,
                                .ended = 1};
  clx_unified_work work = {.decodes = 3, .verified = 1, .context = 900};
  clx_unified_add_prompt(&u, &work, 300, 100, 1, true);
  clx_unified_add_prompt(&u, &work, 50, 0, 1, false);
  const clx_step_law law = clx_unified_law(&u);
  const clx_step_cost cost = law.cost(law.self, &step, 1, 0);
  const clx_unified_cost direct = clx_unified_iteration(&u, &work);
  CLX_CHECK_NEAR(cost.time, direct.time, 1e-12, 0);
  CLX_CHECK_NEAR(cost.energy, direct.energy, 1e-12, 0);
  CLX_CHECK_NEAR(law.idle, device.unified.wall_idle, 1e-12, 0);
}

// Half of the layers of gpt-oss see 128 tokens: engines of 2025 keep no more of them, older ones all.
static void test_windows(void **state) {
  (void)state;
  const clx_transformer model = model_of("gpt-oss-120b");
  const clx_device device = device_of("m2_ultra");
  const clx_unified now = unified_of(&model, &device, "llama.cpp-2025", "MXFP4"),
                    before = unified_of(&model, &device, "llama.cpp", "MXFP4");
  const double layer = 2 * 2.0 * model.kv_heads * model.head_dim, layers = model.layers;
  CLX_CHECK_NEAR(clx_unified_token_bytes(&before), layers * layer, 1e-12, 0);
  CLX_CHECK_NEAR(clx_unified_token_bytes(&now), layers / 2 * layer, 1e-12, 0);
  CLX_CHECK_NEAR(clx_unified_window_bytes(&before, 32), 0, 0, 0);
  CLX_CHECK_NEAR(clx_unified_window_bytes(&now, 32), layers / 2 * layer * (32 * 128 + 512), 1e-12, 0);
  const clx_rules rules = {.sequences = 32, .tokens = 512, .block = 16};
  const clx_cache_room room[2] = {clx_unified_room(&before, &rules, 0), clx_unified_room(&now, &rules, 0)};
  CLX_CHECK_NEAR((double)room[1].blocks / (double)room[0].blocks, 2, 0.02, 0);
}

static void expect_refusal(const clx_unified *u, const char *words) {
  clx_error error = {0};
  assert_int_equal(clx_unified_check(u, &error), CLX_INPUT);
  if (strstr(error.mistake[0].text, words) == NULL) fail_msg("%s", error.mistake[0].text);
}

static void test_refusals(void **state) {
  (void)state;
  const clx_transformer model = model_of("deepseek-v3"), family = model_of("llama-3.1-8b");
  const clx_device device = device_of("m3_ultra"), gpu = device_of("h100_sxm");
  clx_error error = {0};
  clx_unified u = unified_of(&model, &device, "mlx", "MLX 4-bit");
  assert_int_equal(clx_unified_check(&u, &error), CLX_OK);  // one node holds 671 G weights in 4 bit
  assert_true(clx_unified_tokens(&u) > 1e5);
  u.quant = clx_quant_find("MLX 8-bit");
  expect_refusal(&u, "take 713 GB on each of 1 nodes");
  u.tp = 2;
  assert_int_equal(clx_unified_check(&u, &error), CLX_OK);
  u.tp = 3;
  expect_refusal(&u, "128 heads");
  u.tp = 1, u.pp = 62;
  expect_refusal(&u, "61 layers");
  u.pp = 0;
  expect_refusal(&u, "at least 1");
  u = unified_of(&family, &gpu, "llama.cpp", "F16");
  expect_refusal(&u, "unified.products");
  assert_null(clx_quant_find("Q9"));
  assert_null(clx_unified_engine_find("vllm"));
}

// Files as they are published, B: 13.48, 7.16, 3.83 GB of LLaMA 7B; 4.92 GB of Llama 3 8B; 12.1 GB of gpt-oss-20b.
static void test_files(void **state) {
  (void)state;
  static const struct {
    const char *model, *quant;
    double bytes;
  } files[] = {{"llama-2-7b", "F16", 13.48e9},      {"llama-2-7b", "Q8_0", 7.16e9},
               {"llama-2-7b", "Q4_0", 3.83e9},      {"llama-3.1-8b", "Q4_K_M", 4.92e9},
               {"llama-3.1-70b", "Q4_K_M", 42.5e9}, {"gpt-oss-20b", "MXFP4", 12.1e9}};
  const clx_device device = device_of("m3_ultra");
  for (int32_t i = 0; i < CLX_COUNT(files); i++) {
    const clx_transformer model = model_of(files[i].model);
    const clx_unified u = unified_of(&model, &device, "llama.cpp", files[i].quant);
    CLX_CHECK_NEAR(clx_unified_weight_bytes(&u), files[i].bytes, 0.01, 0);
  }
}

// --- measured -------------------------------------------------------------------------------------------------------------

enum { F16, Q8_0, Q4_0, QUANTS };
static const char *const QUANT[QUANTS] = {"F16", "Q8_0", "Q4_0"};

// Tokens/s of LLaMA 7B, prompts of 512 and answers of 128 tokens (llama.cpp discussion 4167); 0 = not measured.
typedef struct chip {
  const char *name;
  double decode[QUANTS], prefill[QUANTS];
} chip;

static const chip CHIPS[] = {
    {"m1_max_24", {22.55, 37.81, 54.61}, {453.03, 405.87, 400.26}},
    {"m1_max", {23.03, 40.2, 61.19}, {599.53, 537.37, 530.06}},
    {"m2_8", {0, 12.18, 21.7}, {0, 147.27, 145.91}},
    {"m2", {6.72, 12.21, 21.91}, {201.34, 181.4, 179.57}},
    {"m2_max_30", {24.16, 39.97, 60.99}, {600.46, 540.15, 537.6}},
    {"m2_max", {24.65, 41.83, 65.95}, {755.67, 677.91, 671.31}},
    {"m3", {0, 12.27, 21.34}, {0, 187.52, 186.75}},
    {"m3_max_30", {19.54, 34.3, 56.58}, {589.41, 566.4, 567.59}},
    {"m3_max", {25.09, 42.75, 66.31}, {779.17, 757.64, 759.7}},
    {"m3_ultra_60", {42.24, 63.55, 88.4}, {1121.8, 1085.76, 1073.09}},
    {"m3_ultra", {39.78, 63.93, 92.14}, {1538.34, 1487.51, 1471.24}},
    {"m4", {7.43, 13.54, 24.11}, {230.18, 223.64, 221.29}},
    {"m4_pro_16", {17.19, 30.54, 49.64}, {381.14, 367.13, 364.06}},
    {"m4_pro", {17.18, 30.69, 50.74}, {464.48, 449.62, 439.78}},
    {"m4_max_32", {24.29, 43.87, 69.95}, {736.25, 718.56, 713.93}},
    {"m4_max", {31.64, 54.05, 83.06}, {922.83, 891.94, 885.68}},
    {"m5_pro", {21.55, 0, 66.33}, {1588.78, 0, 1620.64}},
};

typedef struct errors {
  double sum, most;
  int32_t count;
} errors;

static void count_error(errors *e, double predicted, double measured) {
  if (!(measured > 0)) return;
  const double error = fabs(predicted / measured - 1);
  e->sum += error;
  e->most = fmax(e->most, error);
  e->count++;
}

static double decode_of(const clx_device *device, int32_t quant) {
  const clx_transformer model = model_of("llama-2-7b");
  const clx_unified u = unified_of(&model, device, "llama.cpp", QUANT[quant]);
  return clx_unified_decode_rate(&u, 1, 0, 128);
}

static double prefill_of(const clx_device *device, int32_t quant) {
  const clx_transformer model = model_of("llama-2-7b");
  const clx_unified u = unified_of(&model, device, "llama.cpp", QUANT[quant]);
  return clx_unified_prefill_rate(&u, 1, 512);
}

static void report(const char *what, const errors *e, double bound) {
  print_message("%-48s mean %4.1f %%, most %4.1f %% of %d rates\n", what, 100 * e->sum / e->count, 100 * e->most,
                e->count);
  assert_true(e->sum / e->count < bound);
}

// Constants and rates are of the same rows: how well two numbers a chip describe three formats.
static void test_fitted(void **state) {
  (void)state;
  errors decode = {0}, prefill = {0};
  for (int32_t i = 0; i < CLX_COUNT(CHIPS); i++) {
    const clx_device device = device_of(CHIPS[i].name);
    assert_true(device.unified.rows > 0);
    for (int32_t q = 0; q < QUANTS; q++) {
      count_error(&decode, decode_of(&device, q), CHIPS[i].decode[q]);
      count_error(&prefill, prefill_of(&device, q), CHIPS[i].prefill[q]);
    }
  }
  report("fitted: decode", &decode, 0.01);
  report("fitted: prefill", &prefill, 0.015);
}

// Two formats give the floor and the bandwidth, exactly; the third is predicted.
static void test_third_format(void **state) {
  (void)state;
  errors e = {0};
  for (int32_t i = 0; i < CLX_COUNT(CHIPS); i++) {
    const chip *c = &CHIPS[i];
    if (c->decode[F16] == 0 || c->decode[Q8_0] == 0) continue;
    clx_device device = device_of(c->name), bare = device;
    bare.kernel_time = 0;  // time is kernels * kernel_time + bytes / efficiency
    const double bytes[] = {device.memory_efficiency / decode_of(&bare, F16),
                            device.memory_efficiency / decode_of(&bare, Q8_0)};
    const double kernels = (1 / decode_of(&device, F16) - 1 / decode_of(&bare, F16)) / device.kernel_time;
    const double slope = (1 / c->decode[F16] - 1 / c->decode[Q8_0]) / (bytes[0] - bytes[1]);
    device.memory_efficiency = 1 / slope;
    device.kernel_time = (1 / c->decode[F16] - bytes[0] * slope) / kernels;
    CLX_CHECK_NEAR(decode_of(&device, Q8_0), c->decode[Q8_0], 1e-9, 0);
    count_error(&e, decode_of(&device, Q4_0), c->decode[Q4_0]);
  }
  report("Q4_0 from F16 and Q8_0: decode", &e, 0.04);
}

static bool is_ultra(const char *name) { return strstr(name, "ultra") != NULL; }

static bool is_kin(const char *a, const char *b) { return strncmp(a, b, 2) == 0 && is_ultra(a) == is_ultra(b); }

// A chip from the mean of the others of its generation and number of dies, as the catalogue does for what was not measured.
static void test_generation(void **state) {
  (void)state;
  errors decode = {0}, prefill = {0};
  for (int32_t i = 0; i < CLX_COUNT(CHIPS); i++) {
    clx_device device = device_of(CHIPS[i].name);
    double efficiency = 0, kernel = 0, products = 0, unpack = 0, count = 0;
    for (int32_t k = 0; k < CLX_COUNT(CHIPS); k++) {
      if (k == i || !is_kin(CHIPS[k].name, CHIPS[i].name)) continue;
      const clx_device other = device_of(CHIPS[k].name);
      efficiency += other.memory_efficiency;
      kernel += other.kernel_time;
      products += other.unified.products;
      unpack += other.unified.unpack;
      count++;
    }
    if (count == 0) continue;
    device.memory_efficiency = efficiency / count;
    device.kernel_time = kernel / count;
    device.unified.products = products / count;
    device.unified.unpack = unpack / count;
    for (int32_t q = 0; q < QUANTS; q++) {
      count_error(&decode, decode_of(&device, q), CHIPS[i].decode[q]);
      count_error(&prefill, prefill_of(&device, q), CHIPS[i].prefill[q]);
    }
  }
  report("a chip from others of its generation: decode", &decode, 0.08);
  report("a chip from others of its generation: prefill", &prefill, 0.03);
}

// Tokens/s of one sequence on 1, 2, 4 M3 Ultra (charts of exo, 2025-12). Speed-ups, not rates: precisions of the bars are not all stated.
static void test_clusters(void **state) {
  (void)state;
  static const struct {
    const char *model, *engine, *quant;
    double rate[3];
  } clusters[] = {{"qwen3-235b-a22b", "exo", "MLX 8-bit", {19.5, 26.2, 31.9}},
                  {"qwen3-235b-a22b", "llama.cpp-rpc", "Q8_0", {20.4, 17.2, 15.2}},
                  {"deepseek-v3", "exo", "MLX 4-bit", {21.1, 27.8, 32.5}}};
  const clx_device device = device_of("m3_ultra");
  errors e = {0};
  for (int32_t i = 0; i < CLX_COUNT(clusters); i++) {
    const clx_transformer model = model_of(clusters[i].model);
    clx_unified u = unified_of(&model, &device, clusters[i].engine, clusters[i].quant);
    const double alone = clx_unified_decode_rate(&u, 1, 512, 128);
    for (int32_t k = 1; k < 3; k++) {
      *(strcmp(clusters[i].engine, "exo") == 0 ? &u.tp : &u.pp) = 1 << k;
      const double gain = clx_unified_decode_rate(&u, 1, 512, 128) / alone;
      const double measured = clusters[i].rate[k] / clusters[i].rate[0];
      print_message("%-16s %-14s %d nodes: %.3f, measured %.3f\n", clusters[i].model, clusters[i].engine, 1 << k, gain,
                    measured);
      count_error(&e, gain, measured);
    }
  }
  report("speed-up of clusters", &e, 0.06);
  assert_true(e.most < 0.1);
}

// What Apple states of M5 against M4 (MLX, 4 bit): prompts up to four times as fast, 19 to 27 % more tokens/s. M5 was not measured.
static void test_m5_claim(void **state) {
  (void)state;
  const clx_transformer model = model_of("qwen3-8b");
  const clx_device old = device_of("m4"), new = device_of("m5");
  const clx_unified a = unified_of(&model, &old, "mlx", "MLX 4-bit"), b = unified_of(&model, &new, "mlx", "MLX 4-bit");
  const double answers = clx_unified_decode_rate(&b, 1, 4096, 128) / clx_unified_decode_rate(&a, 1, 4096, 128);
  const double prompts = clx_unified_prefill_rate(&b, 1, 4096) / clx_unified_prefill_rate(&a, 1, 4096);
  print_message("M5 against M4: prompts %.2f, answers %.2f\n", prompts, answers);
  assert_true(answers > 1.19 && answers < 1.27);
  assert_true(prompts > 3 && prompts < 4);
}

// Four chips in one chassis: shorter messages over PCIe than over Thunderbolt, the same sums.
static void test_chassis(void **state) {
  (void)state;
  const clx_transformer model = model_of("deepseek-v3");
  const clx_device device = device_of("m5_ultra");
  clx_unified u = unified_of(&model, &device, "mlx", "MLX 8-bit");
  const clx_unified_work work = {.decodes = 1, .verified = 1, .context = 1000};
  u.tp = 4;
  const double thunderbolt = clx_unified_iteration(&u, &work).time;
  u.link = (clx_unified_link){.latency = 1e-6, .bandwidth = 252e9 / 8};
  const double pcie = clx_unified_iteration(&u, &work).time;
  u.link = (clx_unified_link){.bandwidth = INFINITY};
  const double none = clx_unified_iteration(&u, &work).time;
  print_message("deepseek-v3 in 8 bit on four M5 Ultra, one sequence: %.1f tokens/s over Thunderbolt, %.1f over PCIe\n",
                1 / thunderbolt, 1 / pcie);
  assert_true(none < pcie && pcie < thunderbolt);
  CLX_CHECK_NEAR(pcie - none, 2 * 61 * (3 * 1e-6 + 7168 * 2 / (252e9 / 8)), 1e-9, 0);
}

static int open_catalogue(void **state) {
  (void)state;
  clx_error error = {0};
  arena = clx_arena_new();
  return arena == NULL || clx_catalog_open(NULL, &catalog, &error) != CLX_OK;
}

static int close_catalogue(void **state) {
  (void)state;
  clx_catalog_close(catalog);
  clx_arena_free(arena);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_two_terms),    cmocka_unit_test(test_monotone),   cmocka_unit_test(test_windows),
      cmocka_unit_test(test_nodes),        cmocka_unit_test(test_batches),    cmocka_unit_test(test_step_law),
      cmocka_unit_test(test_refusals),     cmocka_unit_test(test_files),      cmocka_unit_test(test_fitted),
      cmocka_unit_test(test_third_format), cmocka_unit_test(test_generation), cmocka_unit_test(test_clusters),
      cmocka_unit_test(test_m5_claim),     cmocka_unit_test(test_chassis),
  };
  return cmocka_run_group_tests(tests, open_catalogue, close_catalogue);
}
