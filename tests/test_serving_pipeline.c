// Replicas whose layers stand on several stages: shares, memory, transfers, and runs against closed forms.
#include "check.h"

#include "scenario/scenario.h"
#include "scenario/scenario_serving.h"
#include "serving/serving_benchmark.h"
#include "serving/serving_law.h"
#include "serving/serving_memory.h"
#include "serving/serving_pipeline.h"
#include "serving/serving_screen.h"

static clx_catalog *catalog;

typedef struct fixture {
  clx_arena *arena;
  clx_transformer model;
  clx_server server;
  clx_device device;
  clx_engine engine;
  clx_network network;
  clx_serving serving;
} fixture;

static void open_serving(fixture *f, const char *model, int32_t tp, int32_t pp) {
  const clx_place none = {0};
  clx_error error = {0};
  *f = (fixture){.arena = clx_arena_new()};
  if (clx_catalog_read(catalog, "server", "dgx_h100", none, &clx_server_schema, f->arena, &f->server, &error) !=
          CLX_OK ||
      clx_catalog_read_device(catalog, "h100_sxm", none, f->arena, &f->device, &error) != CLX_OK ||
      clx_catalog_read(catalog, "model", model, none, &clx_model_schema, f->arena, &f->model, &error) != CLX_OK ||
      clx_catalog_read(catalog, "engine", "vllm", none, &clx_serving_engine_schema, f->arena, &f->engine, &error) !=
          CLX_OK ||
      clx_transformer_complete(&f->model, none, &error) != CLX_OK ||
      clx_serving_network(catalog, &f->server, &f->device, 50e9, "nccl", "infiniband", none, f->arena, &f->network,
                          &error) != CLX_OK)
    fail_msg("%s", error.mistake[0].text);
  f->serving = (clx_serving){.model = &f->model,
                             .device = &f->device,
                             .engine = &f->engine,
                             .weights = CLX_WEIGHTS_FP8,
                             .tp = tp,
                             .dp = 1,
                             .ep = 1,
                             .etp = f->model.experts > 0 ? tp : 1,
                             .routing = 1.2,
                             .pp = pp,
                             .network = &f->network};
}

static void close_serving(fixture *f) { clx_arena_free(f->arena); }

// No host work: sums over kernels alone.
static void silence(clx_engine *e) { e->step_exposed = e->step_hidden = e->sequence_time = e->launch_time = 0; }

// --- what stages hold -----------------------------------------------------------------------------------------------------

// 61 layers on four stages as vLLM cuts them: 15, 15, 16, 15; on seven 8, 9, 9, 9, 9, 9, 8.
static void test_shares(void **state) {
  (void)state;
  fixture f;
  open_serving(&f, "deepseek-v3", 8, 4);
  static const int32_t four[] = {15, 15, 16, 15}, seven[] = {8, 9, 9, 9, 9, 9, 8};
  for (int32_t k = 0; k < 4; k++) CLX_CHECK_NEAR(clx_serving_stage_share(&f.serving, k) * 61, four[k], 1e-12, 0);
  f.serving.pp = 7;
  for (int32_t k = 0; k < 7; k++) CLX_CHECK_NEAR(clx_serving_stage_share(&f.serving, k) * 61, seven[k], 1e-12, 0);
  f.serving.pp = 62;
  clx_error error = {0};
  assert_int_equal(clx_serving_check(&f.serving, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "61 layers of deepseek-v3 cannot be cut into 62 stages"));
  close_serving(&f);
}

// All stages hold the model once; first and last hold its ends, which stages between them do not.
static void test_weights(void **state) {
  (void)state;
  fixture f;
  open_serving(&f, "llama-3.1-70b", 2, 1);
  const double whole = clx_serving_stage_weight_bytes(&f.serving, 0);
  f.serving.pp = 4;
  double sum = 0;
  for (int32_t k = 0; k < 4; k++) sum += clx_serving_stage_weight_bytes(&f.serving, k);
  CLX_CHECK_NEAR(sum, whole, 1e-12, 0);
  const double ends = clx_serving_stage_weight_bytes(&f.serving, 0) - clx_serving_stage_weight_bytes(&f.serving, 1);
  CLX_CHECK_NEAR(ends, 2.0 * 128256 * 8192 / 2, 1e-9, 0);  // an embedding in bf16 over two GPUs
  CLX_CHECK_NEAR(clx_serving_weight_bytes(&f.serving), sum / 4 + ends / 2, 1e-9, 0);
  close_serving(&f);
}

// Half of the layers: half of the keys and values of a token on a GPU, so more than twice the tokens.
static void test_room(void **state) {
  (void)state;
  fixture f;
  open_serving(&f, "llama-3.1-70b", 4, 1);
  const clx_rules rules = {.policy = CLX_ENGINE_VLLM, .sequences = 64, .tokens = 8192, .block = 16, .ranks = 1};
  const clx_cache_room one = clx_serving_room(&f.serving, &rules, 0);
  f.serving.pp = 2;
  const clx_cache_room two = clx_serving_room(&f.serving, &rules, 0);
  CLX_CHECK_NEAR(two.token_bytes, one.token_bytes / 2, 1e-12, 0);
  CLX_CHECK_NEAR(two.layers, 0.5, 0, 0);
  assert_true(two.blocks > 2 * one.blocks);
  close_serving(&f);
}

// --- transfers ------------------------------------------------------------------------------------------------------------

// Within a server over NVLink, between servers over NICs: hidden state and residual, a part of each from each rank, and the parts together.
static void test_transfers(void **state) {
  (void)state;
  fixture f;
  open_serving(&f, "llama-3.1-70b", 4, 4);  // 16 GPUs: only from the second stage to the third between servers
  const double near = clx_serving_transfer_time(&f.serving, 1, 4096),
               far = clx_serving_transfer_time(&f.serving, 2, 4096);
  CLX_CHECK_NEAR(clx_serving_transfer_time(&f.serving, 0, 4096), 0, 0, 0);
  CLX_CHECK_NEAR(clx_serving_transfer_time(&f.serving, 3, 4096), near, 1e-12, 0);
  const double bytes = 2.0 * 4096 * 8192;
  assert_true(far > 2 * bytes / 4 / 50e9 && far > 1.5 * near);
  assert_true(near > 2 * bytes / 4 / 450e9 && near < 2e-3);
  // Ten times the tokens between servers: the wire counts.
  f.serving.tp = 8;
  f.serving.pp = 2;
  const double more = clx_serving_transfer_time(&f.serving, 1, 40960) - clx_serving_transfer_time(&f.serving, 1, 20480);
  assert_true(more > 2 * 2.0 * 20480 * 8192 / 8 / 50e9);
  close_serving(&f);
}

// --- iterations -----------------------------------------------------------------------------------------------------------

static const clx_chunk CHUNK[] = {{1000, 0}, {500, 2000}};

// Stages one after another take what the whole takes on one, and the transfers.
static void test_stages_add_up(void **state) {
  (void)state;
  static const char *const models[] = {"llama-3.1-70b", "deepseek-v3", "gpt-oss-120b"};
  const clx_engine_step steps[] = {{.decodes = 1, .verified = 1, .context = 500, .longest = 500},
                                   {.decodes = 48,
                                    .verified = 1,
                                    .context = 48000,
                                    .longest = 4000,
                                    .chunks = 2,
                                    .chunk = CHUNK,
                                    .prompt_tokens = 1500,
                                    .ended = 1}};
  for (int32_t m = 0; m < CLX_COUNT(models); m++) {
    for (int32_t i = 0; i < CLX_COUNT(steps); i++) {
      fixture f;
      open_serving(&f, models[m], 8, 1);
      silence(&f.engine);
      const clx_law_reach reach = {8192, 128, 8192};
      const double tokens = steps[i].decodes + steps[i].prompt_tokens;
      const double whole = clx_serving_law_cost(clx_serving_law_make(f.arena, &f.serving, &reach), &steps[i], 1).time;
      f.serving.pp = 3;
      const clx_serving_law *law = clx_serving_law_make(f.arena, &f.serving, &reach);
      double sum = 0, transfers = 0, last = 0;
      for (int32_t k = 0; k < 3; k++) {
        last = clx_serving_law_stage(law, &steps[i], 1, k).time;
        sum += last;
        transfers += clx_serving_transfer_time(&f.serving, k, tokens);
      }
      CLX_CHECK_NEAR(sum, whole + transfers, 1e-9, 0);
      CLX_CHECK_NEAR(clx_serving_law_cost(law, &steps[i], 1).time, sum, 1e-12, 0);
      assert_true(transfers > 0 && last > sum / 4);
      close_serving(&f);
    }
  }
}

// Host work: that of an iteration once, in front; what the device waits for its host at the end.
static void test_host_of_stages(void **state) {
  (void)state;
  fixture f;
  open_serving(&f, "llama-3.1-8b", 8, 2);
  silence(&f.engine);
  f.engine.step_hidden = 1;
  f.engine.step_exposed = 3;
  const clx_engine_step step = {.decodes = 1, .verified = 1, .context = 100};
  const clx_law_reach reach = {2048, 8, 2048};
  const clx_serving_law *law = clx_serving_law_make(f.arena, &f.serving, &reach);
  CLX_CHECK_NEAR(clx_serving_law_stage(law, &step, 1, 0).time, 1, 1e-12, 0);
  const double last = clx_serving_law_stage(law, &step, 1, 1).time;
  assert_true(last > 3 && last < 3.1);
  close_serving(&f);
}

// --- runs -----------------------------------------------------------------------------------------------------------------

static clx_engine_result run(fixture *f, int32_t clients, int32_t requests, int32_t output, clx_error *error) {
  clx_request *item = CLX_NEW_ARRAY(f->arena, clx_request, requests);
  for (int32_t i = 0; i < requests; i++) item[i] = (clx_request){.prompt = 16, .output = output};
  const clx_requests list = {.item = item, .count = requests, .tenants = 1};
  const clx_law_reach reach = {8192, 256, 4096};
  const clx_pool pool = {
      .name = "p",
      .replicas = 1,
      .rules = {.policy = CLX_ENGINE_VLLM,
                .sequences = clients,
                .tokens = 16,  // one prompt an iteration: requests spread over the iterations in flight
                .chunked = true,
                .block = 16,
                .blocks = 100000,
                .stages = f->serving.pp,
                .ranks = 1},
      .law = clx_serving_law_step(clx_serving_law_make(f->arena, &f->serving, &reach))};
  const clx_engine_fleet fleet = {.pool = &pool, .pools = 1};
  const clx_offer offer = {&list, clients};
  const clx_engine_options options = {.check = true};
  clx_engine_result r;
  if (clx_engine_run(&fleet, &offer, &options, f->arena, &r, error) != CLX_OK) fail_msg("%s", error->mistake[0].text);
  return r;
}

// A request alone: a token takes the sum of the stages and their transfers.
static void test_alone_it_takes_the_sum(void **state) {
  (void)state;
  fixture f;
  clx_error error = {0};
  open_serving(&f, "llama-3.1-70b", 4, 4);
  silence(&f.engine);
  const clx_engine_result r = run(&f, 1, 1, 401, &error);
  const clx_engine_step step = {.decodes = 1, .verified = 1, .context = 216, .longest = 216};
  const clx_law_reach reach = {8192, 256, 4096};
  const double sum = clx_serving_law_cost(clx_serving_law_make(f.arena, &f.serving, &reach), &step, 1).time;
  CLX_CHECK_NEAR((r.served[0].last - r.served[0].first) / 400, sum, 1e-3, 0);
  close_serving(&f);
}

// As many requests as stages, each in an iteration of its own: a token every time that the slowest stage takes. Fewer: in proportion.
static void test_throughput_is_bound_by_the_slowest_stage(void **state) {
  (void)state;
  enum { STAGES = 4, OUTPUT = 1500 };
  fixture f;
  clx_error error = {0};
  open_serving(&f, "llama-3.1-70b", 4, STAGES);
  silence(&f.engine);
  const clx_law_reach reach = {8192, 256, 4096};
  const clx_serving_law *law = clx_serving_law_make(f.arena, &f.serving, &reach);
  double time[STAGES] = {0};  // s of all tokens of an answer, by how many clients there are
  for (int32_t i = 0; i < OUTPUT; i++) {
    const double context = 16 + i;
    const clx_engine_step step = {.decodes = 1, .verified = 1, .context = context, .longest = context};
    double slowest = 0, sum = 0;
    for (int32_t k = 0; k < STAGES; k++) {
      const double one = clx_serving_law_stage(law, &step, 1, k).time;
      slowest = fmax(slowest, one);
      sum += one;
    }
    for (int32_t n = 1; n <= STAGES; n++) time[n - 1] += fmax(sum, n * slowest);
  }
  for (int32_t n = 1; n <= STAGES; n++) CLX_CHECK_NEAR(run(&f, n, n, OUTPUT, &error).span, time[n - 1], 0.005, 0);
  close_serving(&f);
}

// The steady state of screening has the same bound.
static void test_screening(void **state) {
  (void)state;
  fixture f;
  open_serving(&f, "llama-3.1-70b", 4, 4);
  silence(&f.engine);
  const clx_law_reach reach = {8192, 256, 4096};
  const clx_step_law law = clx_serving_law_step(clx_serving_law_make(f.arena, &f.serving, &reach));
  const clx_serving_replica r = {.role = CLX_ROLE_DECODE,
                                 .kernels = f.serving,
                                 .rules = {.policy = CLX_ENGINE_VLLM,
                                           .sequences = 256,
                                           .tokens = 8192,
                                           .block = 16,
                                           .blocks = 100000,
                                           .stages = 4,
                                           .ranks = 1}};
  const clx_screen_load load = {.prompt = 100, .output = 100, .context = 150, .longest = 200};
  CLX_CHECK_NEAR(clx_screen_most(&r, &load), 64, 0, 0);  // 256 in four iterations
  const clx_screen_state s = clx_screen_at(&r, &law, &load, 64, f.arena);
  const clx_engine_step step = {.decodes = 64, .verified = 1, .context = 64 * 150, .longest = 150};
  double slowest = 0;
  for (int32_t k = 0; k < 4; k++) slowest = fmax(slowest, law.cost(law.self, &step, 1, k).time);
  CLX_CHECK_NEAR(s.tpot, 4 * slowest, 1e-12, 0);
  CLX_CHECK_NEAR(s.output, 64 / slowest, 1e-12, 0);
  close_serving(&f);
}

// A benchmark on stages: with as many clients as stages at least a token per slowest stage, and a client waits at least the sum.
static void test_benchmark(void **state) {
  (void)state;
  fixture f;
  clx_error error = {0};
  open_serving(&f, "llama-3.1-70b", 4, 2);
  const clx_benchmark b = {.clients = 16, .rounds = 4, .prompt = 512, .output = 128, .spread = 0.2};
  clx_benchmark_means two, one, apart;
  if (clx_benchmark_run(f.arena, &f.serving, &b, &two, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  const clx_split split = {&f.serving, &f.serving, 1, 1};
  if (clx_benchmark_split(f.arena, &split, &b, &apart, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  clx_serving wide = f.serving;
  wide.tp = 8;
  wide.pp = 1;
  if (clx_benchmark_run(f.arena, &wide, &b, &one, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  assert_true(two.token > one.token);  // eight GPUs in step pass a token faster than four after four
  assert_true(two.token < 3 * one.token);
  assert_true(apart.token > 0 && apart.token < two.token && apart.first > 0);
  assert_true(two.room > one.room / 2);
  close_serving(&f);
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
      cmocka_unit_test(test_shares),
      cmocka_unit_test(test_weights),
      cmocka_unit_test(test_room),
      cmocka_unit_test(test_transfers),
      cmocka_unit_test(test_stages_add_up),
      cmocka_unit_test(test_host_of_stages),
      cmocka_unit_test(test_alone_it_takes_the_sum),
      cmocka_unit_test(test_throughput_is_bound_by_the_slowest_stage),
      cmocka_unit_test(test_screening),
      cmocka_unit_test(test_benchmark),
  };
  return cmocka_run_group_tests(tests, open_catalogue, close_catalogue);
}
