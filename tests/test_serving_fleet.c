// Replicas of a service: what their memory holds, their steady state against sums by hand, what users see of a run.
#include "serving_rig.h"

#include "serving/serving_outcome.h"
#include "serving/serving_screen.h"

static clx_catalog *catalog;

// --- memory ---------------------------------------------------------------------------------------------------------------

static void open_serving(serving_rig *f, const char *model, const char *device, const char *engine, clx_weights weights,
                         int32_t tp) {
  const serving_spread spread = {model, device, engine, weights, tp, 1, 1};
  serving_rig_open(f, catalog, &spread);
  f->serving.routing = 0;
}

static const double GIB = 1073741824;
static const clx_rules VLLM = {.policy = CLX_ENGINE_VLLM, .sequences = 256, .tokens = 8192, .block = 16, .ranks = 1};

static void test_room_is_what_is_left(void **state) {
  (void)state;
  serving_rig f;
  open_serving(&f, "llama-3.1-70b", "h100_sxm", "vllm", CLX_WEIGHTS_BF16, 4);
  const clx_cache_room r = clx_serving_room(&f.serving, &VLLM, 0.9);
  CLX_CHECK_NEAR(r.memory, 79.18 * GIB, 1e-9, 0);
  CLX_CHECK_NEAR(r.left, 0.9 * r.memory - r.weights - r.peak - r.context - r.states, 1e-12, 0);
  // 80 layers, keys and values of two of eight heads of 128 in bf16.
  CLX_CHECK_NEAR(r.token_bytes, 80 * 2 * 2 * 128 * 2, 0, 0);
  assert_int_equal(r.blocks, (int64_t)floor(r.left / (16 * r.token_bytes)));
  // 70.55 billion weights over four GPUs; norms on each.
  CLX_CHECK_NEAR(r.weights, 2 * 70.55e9 / 4, 0.03, 0);
  serving_rig_close(&f);
}

static void test_heads_are_held_twice_beyond_their_number(void **state) {
  (void)state;
  serving_rig f;
  open_serving(&f, "qwen3-235b-a22b", "h100_sxm", "vllm", CLX_WEIGHTS_FP8, 8);  // four heads of keys
  const clx_cache_room eight = clx_serving_room(&f.serving, &VLLM, 0);
  f.serving.tp = f.serving.etp = 4;
  const clx_cache_room four = clx_serving_room(&f.serving, &VLLM, 0);
  CLX_CHECK_NEAR(eight.token_bytes, four.token_bytes, 0, 0);
  f.serving.fp8_cache = true;
  CLX_CHECK_NEAR(clx_serving_room(&f.serving, &VLLM, 0).token_bytes, four.token_bytes / 2, 0, 0);
  serving_rig_close(&f);
}

static void test_latents_are_on_every_rank(void **state) {
  (void)state;
  serving_rig f;
  open_serving(&f, "deepseek-v3", "h200_sxm", "sglang", CLX_WEIGHTS_FP8_BLOCK, 8);
  clx_rules rules = VLLM;
  rules.policy = CLX_ENGINE_SGLANG;
  const clx_cache_room r = clx_serving_room(&f.serving, &rules, 0.85);
  CLX_CHECK_NEAR(r.token_bytes, 61 * (512 + 64) * 2, 0, 0);
  // Weights and cache have a share; activations are beside them, where they fit.
  CLX_CHECK_NEAR(r.left, fmin(0.85 * r.memory, r.memory - r.peak - r.context - r.graphs) - r.weights, 1e-12, 0);
  serving_rig_close(&f);
}

static void test_windows_hold_no_more_than_they_see(void **state) {
  (void)state;
  serving_rig f;
  open_serving(&f, "gpt-oss-120b", "h100_sxm", "tensorrt-llm", CLX_WEIGHTS_MXFP4_EXPERTS, 1);
  const clx_cache_room r = clx_serving_room(&f.serving, &VLLM, 0.8);
  CLX_CHECK_NEAR(r.token_bytes, 18 * 2 * 8 * 64 * 2, 0, 0);               // half of 36 layers
  CLX_CHECK_NEAR(r.states, 256.0 * 18 * 128 * 2 * 8 * 64 * 2, 1e-12, 0);  // windows of 128 tokens in the others
  // A share of what weights, states, activations and graphs leave.
  CLX_CHECK_NEAR(r.left, 0.8 * (r.memory - r.weights - r.states - r.peak - r.context - r.graphs), 1e-12, 0);
  serving_rig_close(&f);
}

// What vLLM logged on H100 (llm-d-benchmark, empirical-vllm-memory-results.md): weights, peak of activations and room for keys and values in
// GiB. The bytes of a logit were fitted to the first and the last row.
static void test_room_against_logs(void **state) {
  (void)state;
  static const struct {
    const char *model;
    clx_weights weights;
    int32_t tp;
    double stored, peak, cache;
  } rows[] = {{"llama-3.1-8b", CLX_WEIGHTS_BF16, 1, 14.99, 4.76, 51.38},
              {"llama-3.1-70b", CLX_WEIGHTS_FP8, 2, 33.88, 4.84, 32.00},
              {"qwen3-32b", CLX_WEIGHTS_BF16, 1, 61.03, 5.64, 4.45},
              {"qwen3-32b", CLX_WEIGHTS_BF16, 2, 30.59, 5.64, 34.49},
              {"gpt-oss-20b", CLX_WEIGHTS_MXFP4_EXPERTS, 1, 13.47, 7.38, 50.28}};
  clx_rules rules = VLLM;
  rules.sequences = 1024;
  for (int32_t i = 0; i < CLX_COUNT(rows); i++) {
    serving_rig f;
    open_serving(&f, rows[i].model, "h100_sxm", "vllm", rows[i].weights, rows[i].tp);
    const clx_cache_room r = clx_serving_room(&f.serving, &rules, 0.9);
    printf("%-14s TP%d: weights %.2f (%.2f), peak %.2f (%.2f), cache %.2f (%.2f) GiB\n", rows[i].model, rows[i].tp,
           r.weights / GIB, rows[i].stored, r.peak / GIB, rows[i].peak, (r.left + r.states) / GIB, rows[i].cache);
    CLX_CHECK_NEAR(r.weights / GIB, rows[i].stored, 0.06, 0);
    CLX_CHECK_NEAR(r.peak / GIB, rows[i].peak, 0.02, 0);
    // Windows are part of what the log calls the cache.
    CLX_CHECK_NEAR((r.left + r.states) / GIB, rows[i].cache, 0.03, 0.3);
    serving_rig_close(&f);
  }
}

static void test_room_shrinks_with_what_is_admitted(void **state) {
  (void)state;
  serving_rig f;
  open_serving(&f, "llama-3.1-8b", "h100_sxm", "vllm", CLX_WEIGHTS_BF16, 1);
  clx_rules more = VLLM;
  const clx_cache_room few = clx_serving_room(&f.serving, &VLLM, 0);
  more.tokens = 65536;
  const clx_cache_room wide = clx_serving_room(&f.serving, &more, 0);
  more.tokens = VLLM.tokens;
  more.sequences = 16384;
  const clx_cache_room many = clx_serving_room(&f.serving, &more, 0);
  assert_true(wide.peak > few.peak && many.peak > few.peak);
  assert_true(wide.blocks < few.blocks && many.blocks < few.blocks);
  CLX_CHECK_NEAR(many.peak, 16384.0 * 128256 * 38 + 2.0 * 2 * 8192 * 4096, 1e-12, 0);
  serving_rig_close(&f);
}

// --- steady state ---------------------------------------------------------------------------------------------------------

// 10 ms, 1 ms a prompt token and 0.1 ms a decode of the rank; 100 W at work, 10 W of it always.
static clx_step_cost plain_cost(const void *self, const clx_engine_step *step, int32_t ranks, int32_t stage) {
  (void)self;
  (void)stage;
  double time = 0;
  for (int32_t i = 0; i < ranks; i++) time = fmax(time, 0.01 + 1e-3 * step[i].prompt_tokens + 1e-4 * step[i].decodes);
  return (clx_step_cost){.time = time, .energy = 90 * time};
}

static const clx_step_law PLAIN = {.cost = plain_cost, .self = &PLAIN, .idle = 10};

static clx_serving_replica replica_of(clx_role role) {
  return (clx_serving_replica){.name = "r",
                               .role = role,
                               .replicas = 1,
                               .gpus = 1,
                               .rest = 50,
                               .rules = {.policy = CLX_ENGINE_VLLM,
                                         .sequences = 64,
                                         .tokens = 128,
                                         .chunked = true,
                                         .block = 16,
                                         .blocks = 1000,
                                         .stages = 1,
                                         .ranks = 1,
                                         .accepted = 1}};
}

static const clx_screen_load LOAD = {.prompt = 40, .output = 20, .context = 50, .longest = 60};

static void test_steady_state_by_hand(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  const clx_serving_replica whole = replica_of(CLX_ROLE_WHOLE);
  // Ten sequences end every other iteration: half of them carry a prompt of 40 tokens.
  const clx_screen_state s = clx_screen_at(&whole, &PLAIN, &LOAD, 10, arena);
  const double plain = 0.011, mixed = 0.051, mean = 0.5 * plain + 0.5 * mixed;
  CLX_CHECK_NEAR(s.tpot, mean, 1e-12, 0);
  CLX_CHECK_NEAR(s.output, 10 / mean, 1e-12, 0);
  CLX_CHECK_NEAR(s.requests, 10 / mean / 20, 1e-12, 0);
  CLX_CHECK_NEAR(s.ttft, mixed + mean / 2, 1e-12, 0);
  CLX_CHECK_NEAR(s.power, 150, 1e-12, 0);
  // Decode alone has no prompts; prefill packs three prompts into 128 tokens.
  const clx_serving_replica decode = replica_of(CLX_ROLE_DECODE), prefill = replica_of(CLX_ROLE_PREFILL);
  CLX_CHECK_NEAR(clx_screen_at(&decode, &PLAIN, &LOAD, 10, arena).tpot, plain, 1e-12, 0);
  CLX_CHECK_NEAR(clx_screen_at(&prefill, &PLAIN, &LOAD, 0, arena).requests, 3 / 0.13, 1e-12, 0);
  clx_arena_free(arena);
}

static void test_most_sequences_by_each_bound(void **state) {
  (void)state;
  clx_serving_replica r = replica_of(CLX_ROLE_WHOLE);
  // 128 tokens hold a decode and two prompt tokens of each sequence.
  CLX_CHECK_NEAR(clx_screen_most(&r, &LOAD), 128.0 / 3, 1e-12, 0);
  r.role = CLX_ROLE_DECODE;
  CLX_CHECK_NEAR(clx_screen_most(&r, &LOAD), 64, 0, 0);
  r.rules.blocks = 100;  // 1,600 tokens
  CLX_CHECK_NEAR(clx_screen_most(&r, &LOAD), 1600.0 / 50, 1e-12, 0);
  r.rules.policy = CLX_ENGINE_TENSORRT;  // sets the whole answer aside
  CLX_CHECK_NEAR(clx_screen_most(&r, &LOAD), 1600.0 / 60, 1e-12, 0);
  r.rules.blocks = 3;
  CLX_CHECK_NEAR(clx_screen_most(&r, &LOAD), 0, 0, 0);
}

// The steady state against events: an open loop at two thirds of its rate has its mean time per token at the batch that Little's law gives.
static void test_steady_state_against_events(void **state) {
  (void)state;
  enum { REQUESTS = 4000 };
  clx_arena *arena = clx_arena_new();
  clx_error error = {0};
  clx_serving_replica r = replica_of(CLX_ROLE_WHOLE);
  r.rules.tokens = 4096;
  clx_request *item = CLX_NEW_ARRAY(arena, clx_request, REQUESTS);
  const double rate = 14;
  for (int32_t i = 0; i < REQUESTS; i++) item[i] = (clx_request){.arrival = i / rate, .prompt = 40, .output = 20};
  const clx_requests requests = {.item = item, .count = REQUESTS, .tenants = 1};
  const clx_pool pool = {.name = "r", .role = r.role, .replicas = 1, .rules = r.rules, .law = PLAIN};
  const clx_engine_fleet fleet = {.pool = &pool, .pools = 1, .router = CLX_ROUTER_LEAST};
  const clx_offer offer = {.requests = &requests};
  clx_engine_result run;
  clx_serving_outcome outcome;
  const clx_slo_spec slo = {.share = 1};
  const clx_serving_owner owner = {.rest = 50, .replicas = 1};
  assert_int_equal(clx_engine_run(&fleet, &offer, NULL, arena, &run, &error), CLX_OK);
  assert_int_equal(clx_serving_sum_up(&requests, &run, &slo, 0, &owner, arena, &outcome, &error), CLX_OK);
  const double together = rate * outcome.e2e.mean;
  const clx_screen_state s = clx_screen_at(&r, &PLAIN, &LOAD, together, arena);
  CLX_CHECK_NEAR(outcome.tpot.mean, s.tpot, 0.1, 0);
  CLX_CHECK_NEAR(outcome.output, rate * 20, 0.01, 0);
  assert_false(outcome.unstable);
  clx_arena_free(arena);
}

// --- outcome --------------------------------------------------------------------------------------------------------------

static void test_outcome_by_hand(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_error error = {0};
  clx_request item[] = {{.arrival = 0, .prompt = 10, .output = 11},
                        {.arrival = 10, .prompt = 20, .output = 11},
                        {.arrival = 20, .prompt = 30, .output = 11},
                        {.arrival = 30, .prompt = 40, .output = 1}};
  clx_served served[] = {
      {.asked = 0, .started = 0, .first = 1, .last = 2, .replica = 0, .cached = 10},
      {.asked = 10, .started = 11, .first = 12, .last = 22, .replica = 0, .cached = 16, .preemptions = 2},
      {.asked = 20, .started = 20, .first = 21, .last = 23, .replica = 0, .cached = 2},
      {.asked = 30, .started = 30, .first = 31, .last = 31, .replica = 0}};
  const clx_requests requests = {.item = item, .count = 4, .tenants = 1};
  int64_t *bucket = CLX_NEW_ARRAY(arena, int64_t, CLX_SKETCH_BUCKETS);
  memset(bucket, 0, CLX_SKETCH_BUCKETS * sizeof *bucket);
  const clx_engine_result run = {.served = served,
                                 .gaps = {.bucket = bucket},
                                 .span = 31,
                                 .busy = 15.5,
                                 .energy = 310,
                                 .output_tokens = 34,
                                 .ended = 4};
  const clx_slo_spec slo = {.ttft = 1.5, .tpot = 0.15, .share = 0.9};
  const clx_serving_owner owner = {.rest = 24, .replicas = 1};
  clx_serving_outcome o;
  assert_int_equal(clx_serving_sum_up(&requests, &run, &slo, 5, &owner, arena, &o, &error), CLX_OK);
  assert_int_equal(o.counted, 3);  // those after the warm-up
  assert_int_equal(o.ended, 3);
  CLX_CHECK_NEAR(o.window, 20, 0, 0);  // from 10 s to 30 s
  CLX_CHECK_NEAR(o.ttft.mean, (2 + 1 + 1) / 3.0, 1e-12, 0);
  CLX_CHECK_NEAR(o.tpot.p50, 0.2, 1e-12, 0);  // of 0.2 and 1, by rank
  CLX_CHECK_NEAR(o.tpot.mean, 0.6, 1e-12, 0);
  // Both long answers fall into the window, the last request's only token does not.
  CLX_CHECK_NEAR(o.output, 22 / 20.0, 1e-12, 0);
  CLX_CHECK_NEAR(o.input, (20 + 30) / 20.0, 1e-12, 0);
  CLX_CHECK_NEAR(o.within, 1 / 3.0, 1e-12, 0);  // the last one: the second waits, the third is slow
  CLX_CHECK_NEAR(o.prefix, (16 + 2) / (20.0 + 30 + 40), 1e-12,
                 0);  // the first, of the warm-up, found all of its prompt
  CLX_CHECK_NEAR(o.preemptions, 2 / 3.0, 1e-12, 0);
  CLX_CHECK_NEAR(o.power, 310.0 / 31 + 24, 1e-12, 0);
  CLX_CHECK_NEAR(o.energy, o.power / o.output, 1e-12, 0);
  CLX_CHECK_NEAR(o.busy, 0.5, 1e-12, 0);
  // Half a second outside of the engine for each: first tokens are late, then.
  const clx_serving_owner slow = {.rest = 24, .replicas = 1, .front = 0.6};
  assert_int_equal(clx_serving_sum_up(&requests, &run, &slo, 5, &slow, arena, &o, &error), CLX_OK);
  CLX_CHECK_NEAR(o.within, 0, 0, 0);
  CLX_CHECK_NEAR(o.e2e.mean, (12 + 3 + 1) / 3.0 + 0.6, 1e-12, 0);
  clx_arena_free(arena);
}

// A run that stops: the latest token of an answer that has not ended is not its last.
static void test_answers_that_do_not_end(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_error error = {0};
  clx_request item[] = {{.arrival = 0, .prompt = 10, .output = 11},
                        {.arrival = 1, .prompt = 10, .output = 11},
                        {.arrival = 10, .prompt = 10, .output = 11}};
  clx_served served[] = {{.asked = 0, .started = 0, .first = 1, .last = 6, .replica = 0},
                         {.asked = 1, .started = 1, .first = 2, .last = 2, .replica = -1},
                         {.asked = 10, .started = -1, .first = -1, .last = -1, .replica = -1}};
  const clx_requests requests = {.item = item, .count = 3, .tenants = 1};
  int64_t *bucket = CLX_NEW_ARRAY(arena, int64_t, CLX_SKETCH_BUCKETS);
  memset(bucket, 0, CLX_SKETCH_BUCKETS * sizeof *bucket);
  const clx_engine_result run = {.served = served, .gaps = {.bucket = bucket}, .span = 6, .ended = 1, .stopped = true};
  const clx_slo_spec slo = {.ttft = 1.5, .tpot = 1, .share = 0.9};
  const clx_serving_owner owner = {.replicas = 1};
  clx_serving_outcome o;
  assert_int_equal(clx_serving_sum_up(&requests, &run, &slo, 0, &owner, arena, &o, &error), CLX_OK);
  assert_true(o.counted == 3 && o.ended == 1);
  assert_true(o.ttft.count == 2 && o.tpot.count == 1 && o.e2e.count == 1);
  CLX_CHECK_NEAR(o.tpot.p50, 0.5, 1e-12, 0);
  CLX_CHECK_NEAR(o.within, 1 / 3.0, 1e-12, 0);
  CLX_CHECK_NEAR(o.requests, 1 / 10.0, 1e-12, 0);
  CLX_CHECK_NEAR(o.output, 11 / 10.0, 1e-12, 0);
  assert_false(clx_slo_kept(&slo, &item[1], &served[1], 0));
  clx_arena_free(arena);
}

// Sixteen clients whose answers of 100 tokens begin and end together: a wave takes one prompt step and 99 steps of decode, whatever the edges of the window.
static void test_rates_of_waves(void **state) {
  (void)state;
  enum { CLIENTS = 16, WAVES = 6, TOKENS = 100 };
  clx_arena *arena = clx_arena_new();
  clx_error error = {0};
  clx_serving_replica r = replica_of(CLX_ROLE_WHOLE);
  clx_request item[CLIENTS * WAVES];
  for (int32_t i = 0; i < CLIENTS * WAVES; i++) item[i] = (clx_request){.prompt = 4, .output = TOKENS};
  const clx_requests requests = {.item = item, .count = CLIENTS * WAVES, .tenants = 1};
  const clx_pool pool = {.name = "r", .role = r.role, .replicas = 1, .rules = r.rules, .law = PLAIN};
  const clx_engine_fleet fleet = {.pool = &pool, .pools = 1};
  const clx_offer offer = {.requests = &requests, .clients = CLIENTS};
  const clx_slo_spec slo = {.share = 1};
  const clx_serving_owner owner = {.replicas = 1};
  const double wave = 0.01 + CLIENTS * 4 * 1e-3 + (TOKENS - 1) * (0.01 + CLIENTS * 1e-4);
  clx_engine_result run;
  clx_serving_outcome o;
  assert_int_equal(clx_engine_run(&fleet, &offer, NULL, arena, &run, &error), CLX_OK);
  const double warmups[] = {0, 0.5 * wave, 1.5 * wave};
  for (int32_t k = 0; k < CLX_COUNT(warmups); k++) {
    assert_int_equal(clx_serving_sum_up(&requests, &run, &slo, warmups[k], &owner, arena, &o, &error), CLX_OK);
    CLX_CHECK_NEAR(o.window, (WAVES - 1 - k) * wave, 1e-9, 0);
    CLX_CHECK_NEAR(o.requests, CLIENTS / wave, 1e-9, 0);
    CLX_CHECK_NEAR(o.goodput, CLIENTS / wave, 1e-9, 0);
    CLX_CHECK_NEAR(o.output / TOKENS, o.requests, 1e-9, 0);
    CLX_CHECK_NEAR(o.input / 4, o.requests, 1e-9, 0);
  }
  clx_arena_free(arena);
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
      cmocka_unit_test(test_room_is_what_is_left),
      cmocka_unit_test(test_heads_are_held_twice_beyond_their_number),
      cmocka_unit_test(test_latents_are_on_every_rank),
      cmocka_unit_test(test_windows_hold_no_more_than_they_see),
      cmocka_unit_test(test_room_against_logs),
      cmocka_unit_test(test_room_shrinks_with_what_is_admitted),
      cmocka_unit_test(test_steady_state_by_hand),
      cmocka_unit_test(test_most_sequences_by_each_bound),
      cmocka_unit_test(test_steady_state_against_events),
      cmocka_unit_test(test_outcome_by_hand),
      cmocka_unit_test(test_answers_that_do_not_end),
      cmocka_unit_test(test_rates_of_waves),
  };
  return cmocka_run_group_tests(tests, open_catalogue, close_catalogue);
}
