// Captured graphs: what iterations are padded to, when they run eager, what that costs, and the memory of the graphs.
#include "check.h"

#include "catalog/catalog.h"
#include "serving/serving_internal.h"
#include "serving/serving_law.h"
#include "serving/serving_memory.h"

static clx_catalog *catalog;

typedef struct fixture {
  clx_arena *arena;
  clx_transformer model;
  clx_device device;
  clx_engine engine;
  clx_serving serving;
} fixture;

static fixture open_serving(const char *engine) {
  fixture f = {.arena = clx_arena_new()};
  clx_error error = {0};
  if (clx_catalog_read_device(catalog, "h100_sxm", (clx_place){0}, f.arena, &f.device, &error) != CLX_OK ||
      clx_catalog_read(catalog, "model", "llama-3.1-8b", (clx_place){0}, &clx_model_schema, f.arena, &f.model,
                       &error) != CLX_OK ||
      clx_catalog_read(catalog, "engine", engine, (clx_place){0}, &clx_serving_engine_schema, f.arena, &f.engine,
                       &error) != CLX_OK ||
      clx_transformer_complete(&f.model, (clx_place){0}, &error) != CLX_OK)
    fail_msg("%s", error.mistake[0].text);
  return f;
}

static const clx_serving *serving_of(fixture *f) {
  f->serving = (clx_serving){.model = &f->model,
                             .device = &f->device,
                             .engine = &f->engine,
                             .weights = CLX_WEIGHTS_BF16,
                             .tp = 1,
                             .dp = 1,
                             .ep = 1,
                             .etp = 1};
  return &f->serving;
}

static clx_engine_step decodes(int32_t sequences, int32_t verified) {
  return (clx_engine_step){.decodes = sequences, .verified = verified, .context = 500.0 * sequences, .longest = 500};
}

static clx_graph_use use_of(const clx_serving *s, int32_t sequences, int32_t verified) {
  const clx_engine_step step = decodes(sequences, verified);
  return clx_serving_graph(s, &step, (double)sequences * verified);
}

// --- sizes of the engines' own defaults -------------------------------------------------------------------------------------

static void test_vllm_counts_tokens(void **state) {
  (void)state;
  fixture f = open_serving("vllm");
  const clx_serving *s = serving_of(&f);
  static const int32_t padded[][2] = {{1, 1},     {2, 2},     {3, 4},     {5, 8},     {9, 16},    {248, 248},
                                      {249, 256}, {257, 272}, {500, 512}, {512, 512}, {513, 513}, {1000, 1000}};
  for (int32_t i = 0; i < CLX_COUNT(padded); i++) {
    const clx_graph_use use = use_of(s, padded[i][0], 1);
    CLX_CHECK_NEAR(use.tokens, padded[i][1], 0, 0);
    assert_int_equal(use.replays, padded[i][0] <= 512);
  }
  CLX_CHECK_NEAR(use_of(s, 5, 4).tokens, 24, 0, 0);  // 20 tokens
  assert_false(use_of(s, 200, 4).replays);           // 800
  clx_engine_step mixed = decodes(10, 1);
  const clx_chunk chunk = {100, 0};
  mixed.chunks = 1;
  mixed.chunk = &chunk;
  mixed.prompt_tokens = 100;
  const clx_graph_use use = clx_serving_graph(s, &mixed, 110);  // pieces between its attention
  assert_true(use.replays && use.pieces);
  CLX_CHECK_NEAR(use.tokens, 112, 0, 0);
  assert_false(clx_serving_graph(s, &mixed, 600).replays);
  assert_true(use_of(s, 0, 1).replays);  // a rank without work
  clx_arena_free(f.arena);
}

static void test_others_count_sequences(void **state) {
  (void)state;
  fixture f = open_serving("sglang");
  const clx_serving *s = serving_of(&f);
  CLX_CHECK_NEAR(use_of(s, 9, 1).tokens, 12, 0, 0);
  CLX_CHECK_NEAR(use_of(s, 13, 4).tokens, 64, 0, 0);
  CLX_CHECK_NEAR(use_of(s, 260, 1).tokens, 272, 0, 0);
  assert_true(use_of(s, 512, 4).replays && !use_of(s, 513, 1).replays);
  clx_engine_step mixed = decodes(10, 1);
  mixed.chunks = 1;
  assert_false(clx_serving_graph(s, &mixed, 110).replays);  // prompts run eager
  clx_arena_free(f.arena);
  f = open_serving("tensorrt-llm");
  s = serving_of(&f);
  CLX_CHECK_NEAR(use_of(s, 3, 1).tokens, 4, 0, 0);
  CLX_CHECK_NEAR(use_of(s, 121, 1).tokens, 128, 0, 0);
  CLX_CHECK_NEAR(use_of(s, 129, 1).tokens, 192, 0, 0);
  CLX_CHECK_NEAR(use_of(s, 300, 2).tokens, 640, 0, 0);
  clx_arena_free(f.arena);
}

// --- what they cost -----------------------------------------------------------------------------------------------------------

// Kernels run at the padded size: 9 sequences take the time of 16 but for attention, head and host, which are of 9.
static void test_padding_takes_time_of_the_size(void **state) {
  (void)state;
  fixture f = open_serving("vllm");
  clx_serving s = *serving_of(&f);
  static const int32_t sizes[] = {1, 8, 256}, exact[] = {1, 8, 9, 256};
  s.capture_sizes = sizes;
  s.capture_count = CLX_COUNT(sizes);
  const clx_engine_step nine = decodes(9, 1), full = decodes(256, 1);
  const double padded = clx_serving_law_exact(&s, &nine, 1).time, whole = clx_serving_law_exact(&s, &full, 1).time;
  s.capture_sizes = exact;
  s.capture_count = CLX_COUNT(exact);
  const double alone = clx_serving_law_exact(&s, &nine, 1).time;
  assert_true(padded > 1.05 * alone && padded < whole);
  const clx_serving_tokens less = {.tokens = 9, .all = 9}, more = {.tokens = 256, .all = 256};
  clx_serving_sum a = {.serving = &s, .clock = 1}, b = a;
  clx_serving_add_products(&a, &less);
  clx_serving_add_products(&b, &more);
  double difference = 0;
  for (int32_t i = 0; i < CLX_SERVING_PARTS; i++) difference += b.cost.part[i].time - a.cost.part[i].time;
  CLX_CHECK_NEAR(padded - alone, difference, 1e-9, 0);
  clx_arena_free(f.arena);
}

// Without graphs the host launches each kernel: slower than the device of a small model by far.
static void test_eager_waits_for_its_host(void **state) {
  (void)state;
  fixture f = open_serving("vllm");
  f.engine.launch_time = 25e-6;
  clx_serving s = *serving_of(&f);
  const clx_engine_step one = decodes(1, 1);
  const double graph = clx_serving_law_exact(&s, &one, 1).time;
  s.eager = true;
  const double eager = clx_serving_law_exact(&s, &one, 1).time;
  clx_engine launches = f.engine;
  launches.launch_time *= 2;
  s.engine = &launches;
  const double twice = clx_serving_law_exact(&s, &one, 1).time;
  assert_true(eager > 1.3 * graph);
  // host = hidden + sequence + launches x time of a launch
  const double host = f.engine.step_exposed + f.engine.step_hidden + f.engine.sequence_time;
  CLX_CHECK_NEAR(twice - host, 2 * (eager - host), 1e-9, 0);
  // Beyond the largest size it is the same as eager.
  s.engine = &f.engine;
  s.eager = false;
  static const int32_t sizes[] = {4};
  s.capture_sizes = sizes;
  s.capture_count = 1;
  const clx_engine_step five = decodes(5, 1);
  const double beyond = clx_serving_law_exact(&s, &five, 1).time;
  s.eager = true;
  CLX_CHECK_NEAR(beyond, clx_serving_law_exact(&s, &five, 1).time, 1e-12, 0);
  clx_arena_free(f.arena);
}

// --- memory -------------------------------------------------------------------------------------------------------------------

static void test_graphs_take_memory(void **state) {
  (void)state;
  fixture f = open_serving("vllm");
  clx_serving s = *serving_of(&f);
  assert_int_equal(clx_serving_captures(&s, 1024), 51);
  assert_int_equal(clx_serving_captures(&s, 128), 3 + 31 + 1);  // up to 256
  assert_int_equal(clx_serving_captures(&s, 2), 3);
  clx_rules rules = {.policy = CLX_ENGINE_SGLANG, .sequences = 256, .tokens = 8192, .block = 16};
  const clx_cache_room room = clx_serving_room(&s, &rules, 0.99);
  s.eager = true;
  const clx_cache_room eager = clx_serving_room(&s, &rules, 0.99);
  CLX_CHECK_NEAR(room.graphs, 51 * 32 * 0.37 * 1048576, 1e-12, 0);
  CLX_CHECK_NEAR(eager.graphs, 0, 0, 0);
  CLX_CHECK_NEAR(eager.left - room.left, room.graphs, 1e-9, 0);
  assert_true(eager.blocks > room.blocks);
  clx_arena_free(f.arena);
}

static int open_catalogue(void **state) {
  (void)state;
  clx_error error = {0};
  return clx_catalog_open(NULL, &catalog, &error) == CLX_OK ? 0 : -1;
}

static int close_catalogue(void **state) {
  (void)state;
  clx_catalog_close(catalog);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_vllm_counts_tokens),
      cmocka_unit_test(test_others_count_sequences),
      cmocka_unit_test(test_padding_takes_time_of_the_size),
      cmocka_unit_test(test_eager_waits_for_its_host),
      cmocka_unit_test(test_graphs_take_memory),
  };
  return cmocka_run_group_tests(tests, open_catalogue, close_catalogue);
}
