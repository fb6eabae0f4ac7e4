// The fast simulator of engines against a slow one of lists and single blocks, on random cases of all policies.
#include "engine_rig.h"

static rig slow;  // too large for a stack
static rig_trace trace;

typedef struct outcome {
  clx_arena *arena;
  clx_engine_result result;
} outcome;

static outcome run_fast(const clx_requests *requests, const clx_rules *rules, clx_step_law law, int32_t clients) {
  outcome o = {.arena = clx_arena_new()};
  const clx_pool pool = {.name = "engine", .replicas = 1, .rules = *rules, .law = law};
  const clx_engine_fleet fleet = {.pool = &pool, .pools = 1};
  const clx_offer offer = {requests, clients};
  const clx_engine_options options = {.check = true};
  clx_error error = {0};
  if (clx_engine_run(&fleet, &offer, &options, o.arena, &o.result, &error) != CLX_OK)
    fail_msg("%s", error.mistake[0].text);
  return o;
}

static clx_rules draw_rules(clx_engine_policy policy, clx_stream *s) {
  const int32_t block = policy == CLX_ENGINE_SGLANG ? 1 + (int32_t)clx_stream_below(s, 4) : 1 << clx_stream_below(s, 5);
  const int32_t stages = policy == CLX_ENGINE_SGLANG ? 1 : 1 + (int32_t)clx_stream_below(s, 3);
  const int64_t least = (120 + 60) / block + 12, more = (int64_t)clx_stream_below(s, 600);
  return (clx_rules){.policy = policy,
                     .sequences = stages * (2 + (int32_t)clx_stream_below(s, 12)),
                     .tokens = policy == CLX_ENGINE_VLLM_V0 ? 400 : 45 + (int32_t)clx_stream_below(s, 150),
                     .chunked = policy != CLX_ENGINE_VLLM_V0,
                     .prefix = clx_stream_below(s, 2) == 1,
                     .block = block,
                     .blocks = least + more / block,
                     .watermark = 0.01 * (double)clx_stream_below(s, 3),
                     .whole = clx_stream_below(s, 2) == 1,
                     .stages = stages,
                     .ranks = 1};
}

static void compare(clx_engine_policy policy, int32_t trial, const outcome *fast) {
  assert_int_equal(fast->result.iterations, slow.iterations);
  for (int32_t i = 0; i < trace.requests.count; i++) {
    const clx_served *f = &fast->result.served[i];
    const rig_seq *s = &slow.seq[i];
    if (f->first != s->first || f->last != s->last || f->preemptions != s->preemptions || f->cached != s->cached) {
      fail_msg(
          "%s, case %d, request %d: first %.17g and %.17g, last %.17g and %.17g, preempted %d and %d, cached %d and %d",
          clx_engine_policy_name[policy], trial, i, f->first, s->first, f->last, s->last, f->preemptions,
          s->preemptions, f->cached, s->cached);
    }
  }
}

static void hold_against(clx_engine_policy policy) {
  static const double unit = 1;
  const clx_step_law law = {.cost = rig_cost, .self = &unit};
  clx_stream s = clx_stream_make(11, (uint64_t)policy, 0, 0);
  int64_t preemptions = 0, cached = 0;
  for (int32_t trial = 0; trial < 120; trial++) {
    const clx_rules rules = draw_rules(policy, &s);
    const int32_t names = rules.prefix && clx_stream_below(&s, 4) > 0 ? rules.block << clx_stream_below(&s, 3) : 0;
    const int32_t clients = clx_stream_below(&s, 3) == 0 ? 1 + (int32_t)clx_stream_below(&s, 40) : 0;
    rig_draw(&trace, 1000 * (uint64_t)policy + (uint64_t)trial, 90,
             clients > 0 ? 0 : 20 + (double)clx_stream_below(&s, 90),
             120 < 60 * (names > 0 ? names : 60) ? 120 : 60 * names, 60, names);
    rig_run(&slow, &trace.requests, &rules, law, clients);
    const outcome fast = run_fast(&trace.requests, &rules, law, clients);
    compare(policy, trial, &fast);
    assert_int_equal(fast.result.ended, trace.requests.count);
    preemptions += fast.result.preemptions;
    cached += fast.result.cached_tokens;
    clx_arena_free(fast.arena);
  }
  if (policy == CLX_ENGINE_TENSORRT) {
    assert_int_equal(preemptions, 0);
  } else {
    if (preemptions <= 40) fail_msg("%d preemptions only", (int)preemptions);
  }
  assert_true(cached > 1000);
}

static void test_vllm(void **state) {
  (void)state;
  hold_against(CLX_ENGINE_VLLM);
}

static void test_tensorrt(void **state) {
  (void)state;
  hold_against(CLX_ENGINE_TENSORRT);
}

static void test_sglang(void **state) {
  (void)state;
  hold_against(CLX_ENGINE_SGLANG);
}

static void test_sarathi(void **state) {
  (void)state;
  hold_against(CLX_ENGINE_SARATHI);
}

static void test_vllm_v0(void **state) {
  (void)state;
  hold_against(CLX_ENGINE_VLLM_V0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_vllm), cmocka_unit_test(test_tensorrt),
                                     cmocka_unit_test(test_sglang), cmocka_unit_test(test_sarathi),
                                     cmocka_unit_test(test_vllm_v0)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
