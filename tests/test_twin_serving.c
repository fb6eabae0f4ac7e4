// Services of scenarios: what is wrong with a section, quantities of runs, plans, the published day.
#include "check.h"
#include "svg_check.h"

#include <colossus/serve.h>

#include "result/result.h"
#include "scenario/scenario.h"
#include "twin/twin_serving.h"

static clx_catalog *catalog;

static const char HEAD[] =
    "name: small\ntitle: \"A <small> service\"\nmachine:\n  fleet:\n"
    "    - {server: dgx_h100, rack: dgx_h100_4, gpus: 32, trains: false}\n";
static const char SERVING[] =
    "serving:\n  model: llama-3.1-8b\n  weights: bf16\n"
    "  requests: {count: 400, arrivals: {rate: 20 1/s}, lengths: {prompt: {tokens: 500}, output: {tokens: 100}}}\n"
    "  slo: {ttft: 1 s, tpot: 50 ms}\n  seeds: 3\n";
static const char POOL[] = "  pools: [{name: one, server: dgx_h100, price: 2 USD/h}]\n";

static clx_status try_read(const char *serving, const char *pools, clx_scenario **out, clx_error *error) {
  static char text[8192];
  clx_error_clear(error);
  snprintf(text, sizeof text, "%s%s%s", HEAD, serving, pools);
  *out = NULL;
  return clx_scenario_read(catalog, "small.yaml", text, strlen(text), out, error);
}

static clx_scenario *read(const char *serving, const char *pools) {
  clx_scenario *s;
  clx_error error;
  if (try_read(serving, pools, &s, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  return s;
}

static clx_service *serve(const clx_scenario *s, uint64_t seed) {
  clx_service *service = NULL;
  clx_error error = {0};
  const clx_serve_options options = {.seed = seed};
  if (clx_service_run(s, &options, &service, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  return service;
}

static double value(const clx_result *r, const char *name) {
  const clx_quantity *q = clx_result_find(r, name);
  if (q == NULL) fail_msg("no quantity %s", name);
  return q->value;
}

// --- mistakes -------------------------------------------------------------------------------------------------------------

static void expect_mistake(const char *serving, const char *pools, const char *wanted) {
  clx_scenario *s = NULL;
  clx_error error;
  assert_int_equal(try_read(serving, pools, &s, &error), CLX_INPUT);
  if (strstr(error.mistake[0].text, wanted) == NULL) fail_msg("'%s' lacks '%s'", error.mistake[0].text, wanted);
  assert_true(error.mistake[0].line > 5);
}

static void test_mistakes_are_named(void **state) {
  (void)state;
  expect_mistake("serving: {model: llama-3.1-405b, weights: bf16}\n", "", "neither pools nor plan.candidates");
  static const struct {
    const char *pool, *wanted;
  } cases[] = {
      {"model: llama-3.1-405b, weights: bf16, pools: [{name: a, server: dgx_h100, tp: 8}]",
       "weights of llama-3.1-405b take"},
      {"model: llama-3.1-70b, pools: [{name: a, server: dgx_h100, tp: 1, memory: 0.8}]", "no room for keys and values"},
      {"model: llama-3.1-8b, pools: [{name: a, server: dgx_h100, engine: vlm}]", "did you mean \"vllm\""},
      {"model: llama-3.1-8b, pools: [{name: a, server: dgx_h100, weights: fp9}]", "did you mean 'fp8'"},
      {"model: llama-3.1-8b, pools: [{name: a, server: dgx_h100, tp: 3}]", "cannot be cut into 3"},
      {"model: llama-3.1-8b, pools: [{name: a, server: dgx_h100, pp: 33}]", "32 layers of llama-3.1-8b cannot be cut"},
      {"model: llama-3.1-8b, pools: [{name: a, server: apple_m2_ultra_server, engine: vllm, weights: Q8_0}]",
       "unknown engine on unified memory 'vllm'"},
      {"model: llama-3.1-8b, pools: [{name: a, server: apple_m2_ultra_server, engine: mlx, weights: fp8}]",
       "unknown weights 'fp8'"},
      {"model: llama-3.1-8b, pools: [{name: a, server: dgx_h100, blocks: 0}]",
       "'serving.pools.0.blocks': \"0\" is out of range"},
      {"model: llama-3.1-8b, pools: [{name: a, server: dgx_h100, sequences: 0}]",
       "is out of range: expected 1 to 65,536"},
      {"model: llama-3.1-8b, pools: [{name: a, server: dgx_h100, tokens: 0}]",
       "is out of range: expected 1 to 1,048,576"},
      {"model: llama-3.1-8b, pools: [{name: a, server: dgx_h100, memory: 0}]", "is out of range: expected 0.001 to 1"},
      {"model: llama-3.1-8b, pools: [{name: a, server: dgx_h100, accepted: 2}]", "and no drafts"},
      {"model: llama-3.1-8b, pools: [{name: a, server: dgx_h100, accepted: 4, drafts: 2}]", "expected 1 to drafts + 1"},
      {"model: llama-3.1-8b, pools: [{name: a, server: dgx_h100, tp: 2, ep: 2}]", "llama-3.1-8b has no experts"},
      {"model: llama-3.1-8b, pools: [{name: a, server: dgx_h100, tp: 2, etp: 2}]", "llama-3.1-8b has no experts"},
      {"model: gpt-oss-20b, engine: mlx, weights: MXFP4, pools: [{name: a, server: apple_m2_ultra_server, ep: 2}]",
       "ep 2: nodes with unified memory"},
      {"model: llama-3.1-8b, pools: [{name: a, server: dgx_h100, sequences: 600, tokens: 512}]",
       "do not hold the 1 new ones of 600 sequences"},
      {"model: bert-large, pools: [{name: a, server: dgx_h100}]", "bert-large is an encoder"},
      {"model: llama-2-70b, requests: {count: 9, arrivals: {kind: at_once}, lengths: {prompt: {tokens: 4000}, output: "
       "{tokens: 97}}}, pools: [{name: a, server: dgx_h100, tp: 4}]",
       "longer than the context of llama-2-70b, 4096 tokens"},
      {"model: deepseek-v3, weights: fp8_block, pools: [{name: a, server: dgx_h100, dp: 16, redundant_experts: 30}]",
       "256 experts and 30 copies cannot be dealt evenly to 16 ranks"},
      {"model: llama-3.1-8b, pools: [{name: a, server: dgx_h100, role: prefill}]", "none for decode"}};
  for (int32_t i = 0; i < CLX_COUNT(cases); i++) {
    char text[512];
    snprintf(text, sizeof text, "serving: {%s}\n", cases[i].pool);
    expect_mistake(text, "", cases[i].wanted);
  }
}

static void test_request_that_fits_nowhere(void **state) {
  (void)state;
  clx_scenario *s = read(SERVING, "  pools: [{name: one, server: dgx_h100, blocks: 20}]\n");
  clx_service *service = NULL;
  clx_error error = {0};
  assert_int_equal(clx_service_run(s, NULL, &service, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "fits no replica: one has 20 blocks"));
  assert_true(error.mistake[0].line > 5 && error.mistake[0].column > 1);
  assert_null(service);
  clx_scenario_free(s);
  // The pool that is too small is named, not the first.
  s = read(SERVING,
           "  pools: [{name: first, server: dgx_h100, role: prefill}, {name: second, server: dgx_h100, role: "
           "decode, blocks: 37}]\n");
  assert_int_equal(clx_service_run(s, NULL, &service, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[1].text, "fits no replica: second has 37 blocks"));
  clx_scenario_free(s);
}

// --- runs -----------------------------------------------------------------------------------------------------------------

static void test_quantities_of_a_run(void **state) {
  (void)state;
  clx_scenario *s = read(SERVING, POOL);
  clx_service *service = serve(s, 1);
  const clx_result *r = clx_service_result(service);
  CLX_CHECK_NEAR(value(r, "serving.gpus"), 1, 0, 0);
  CLX_CHECK_NEAR(value(r, "serving.stable"), 1, 0, 0);
  CLX_CHECK_NEAR(value(r, "serving.output"), 2000, 0.15, 0);
  CLX_CHECK_NEAR(value(r, "serving.cost"), 2.0 / 3600 / value(r, "serving.output"), 0.02, 0);
  CLX_CHECK_NEAR(value(r, "serving.energy"), value(r, "serving.power") / 2000, 0.25, 0);
  assert_true(value(r, "serving.ttft.p99") >= value(r, "serving.ttft.p50"));
  assert_true(value(r, "serving.e2e.mean") > value(r, "serving.ttft.mean") + 90 * value(r, "serving.tpot.mean"));
  const clx_quantity *q = clx_result_find(r, "serving.ttft.mean");
  assert_true(q->low <= q->value && q->value <= q->high && q->low < q->high);
  clx_service_free(service);
  clx_scenario_free(s);
}

static char *json_of(const clx_service *service) {
  clx_error error = {0};
  char *text = NULL;
  assert_int_equal(clx_result_json(clx_service_result(service), &text, &error), CLX_OK);
  return text;
}

// Of an overload that never drains, requests are drawn only until it is known.
static void test_overload_of_many_is_bounded(void **state) {
  (void)state;
  clx_scenario *s = read(
      "serving:\n  model: llama-3.1-70b\n  weights: fp8\n  seeds: 1\n"
      "  requests: {duration: 300 s, arrivals: {rate: 100000 1/s}, lengths: {prompt: {tokens: 200}, output: {tokens: "
      "20}}}\n",
      "  pools: [{name: one, server: dgx_h100, tp: 2}]\n");
  clx_arena *arena = clx_arena_new();
  clx_error error = {0};
  clx_twin_changes changes;
  clx_twin_service run = {0};
  clx_serving_replica *replica = NULL;
  assert_int_equal(clx_twin_serving_pools(s, arena, &replica, &error), CLX_OK);
  assert_int_equal(clx_twin_serve_drawn(s, replica, 1, NULL, arena, &run, &changes, &error), CLX_OK);
  assert_true(run.run.stopped && run.run.unstable && run.requests.count < 2000000);
  CLX_CHECK_NEAR(run.outcome.arrival, 1e5, 0.02, 0);
  clx_arena_free(arena);
  clx_scenario_free(s);
}

static void test_more_requests_than_a_run_holds(void **state) {
  (void)state;
  clx_scenario *s = read(
      "serving:\n  model: llama-3.1-8b\n  weights: bf16\n"
      "  requests: {count: 20000000, arrivals: {rate: 9 1/s}, lengths: {prompt: {tokens: 20}, output: {tokens: 1}}}\n",
      POOL);
  clx_service *service = NULL;
  clx_error error = {0};
  assert_int_equal(clx_service_run(s, NULL, &service, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "expected at most 10000000 in a run"));
  assert_true(error.mistake[0].line > 5);
  clx_scenario_free(s);
}

static const char LOOP[] =
    "serving:\n  model: llama-3.1-8b\n  weights: bf16\n  seeds: 1\n  clients: %d\n  warmup: %s\n"
    "  requests: {count: %d, arrivals: {rate: 20 1/s}, lengths: {prompt: {tokens: 5}, output: {tokens: %d}}}\n";

// Clients wait for their own answers: no queue of theirs is one that never drains.
static void test_closed_loop_has_no_bound(void **state) {
  (void)state;
  enum { CLIENTS = 110000 };
  char text[512];
  snprintf(text, sizeof text, LOOP, CLIENTS, "0 s", CLIENTS + 10, 1);
  clx_scenario *s = read(text, POOL);
  clx_arena *arena = clx_arena_new();
  clx_error error = {0};
  clx_twin_changes changes;
  clx_twin_service run = {0};
  clx_serving_replica *replica = NULL;
  assert_int_equal(clx_twin_serving_pools(s, arena, &replica, &error), CLX_OK);
  assert_int_equal(clx_twin_serve_drawn(s, replica, 1, NULL, arena, &run, &changes, &error), CLX_OK);
  assert_true(!run.run.stopped && !run.run.unstable && run.run.queue_most > 100000);
  assert_int_equal(run.run.ended, CLIENTS + 10);
  assert_int_equal(run.outcome.ended, CLIENTS + 10);
  clx_arena_free(arena);
  clx_scenario_free(s);
}

static void test_closed_loop_within_its_warm_up(void **state) {
  (void)state;
  char text[512];
  snprintf(text, sizeof text, LOOP, 4, "1000 s", 40, 10);
  clx_scenario *s = read(text, POOL);
  clx_service *service = NULL;
  clx_error error = {0};
  assert_int_equal(clx_service_run(s, NULL, &service, &error), CLX_INPUT);
  assert_non_null(
      strstr(error.mistake[0].text, "'serving.warmup' is 1000 s and the last request of 'serving.clients'"));
  assert_true(error.mistake[0].line > 5);
  assert_null(service);
  clx_scenario_free(s);
}

static bool warns(const clx_result *r, const char *of) {
  for (int32_t i = 0; i < clx_result_warning_count(r); i++)
    if (strstr(clx_result_warning(r, i), of) != NULL) return true;
  return false;
}

// Pools of more GPUs than the machine has, or in servers that it does not have, are told with both numbers.
static void test_pools_beyond_the_machine(void **state) {
  (void)state;
  static const struct {
    const char *pools, *wanted;
  } cases[] = {
      {"  pools: [{name: a, server: dgx_h100, replicas: 20}, {name: b, server: dgx_h100, replicas: 7, tp: 2}]\n",
       "serving.pools take 34 GPUs in dgx_h100, the machine has 32"},
      {"  pools: [{name: a, server: dgx_a100}]\n", "take 1 GPUs in dgx_a100, the machine has 0"},
      {"  pools: [{name: a, server: dgx_h100, replicas: 32}]\n", NULL}};
  for (int32_t i = 0; i < CLX_COUNT(cases); i++) {
    clx_scenario *s = read(SERVING, cases[i].pools);
    clx_service *service = serve(s, 1);
    const clx_result *r = clx_service_result(service);
    if (cases[i].wanted != NULL)
      assert_true(warns(r, cases[i].wanted));
    else
      assert_false(warns(r, "the machine has"));
    clx_service_free(service);
    clx_scenario_free(s);
  }
}

// Sums between servers are nothing that the law of one NVLink domain knows.
static void test_tensor_parallel_beyond_nvlink(void **state) {
  (void)state;
  for (int32_t tp = 8; tp <= 16; tp += 8) {
    char text[256];
    snprintf(text, sizeof text, "  pools: [{name: a, server: dgx_h100, tp: %d}]\n", tp);
    clx_scenario *s = read(SERVING, text);
    clx_service *service = serve(s, 1);
    assert_int_equal(warns(clx_service_result(service), "extrapolated: 'a' is tensor parallel over 16 GPUs"), tp > 8);
    clx_service_free(service);
    clx_scenario_free(s);
    snprintf(text, sizeof text, "  plan: {goal: gpus, finalists: 1, candidates: [{server: dgx_h100, tp: [4, %d]}]}\n",
             tp);
    s = read(SERVING, text);
    clx_result *r = NULL;
    clx_error error = {0};
    assert_int_equal(clx_serve_plan_run(s, NULL, &r, &error), CLX_OK);
    assert_int_equal(warns(r, "extrapolated: 'dgx_h100' is tensor parallel over 16 GPUs"), tp > 8);
    clx_result_free(r);
    clx_scenario_free(s);
  }
}

static void test_same_seed_same_result(void **state) {
  (void)state;
  clx_scenario *s = read(SERVING, POOL);
  clx_service *a = serve(s, 7), *b = serve(s, 7);
  char *first = json_of(a), *again = json_of(b);
  assert_string_equal(first, again);
  clx_text_free(first);
  clx_text_free(again);
  clx_service_free(a);
  clx_service_free(b);
  clx_scenario_free(s);
}

static void test_overload_is_unstable(void **state) {
  (void)state;
  clx_scenario *s = read(
      "serving:\n  model: llama-3.1-70b\n  weights: fp8\n  seeds: 1\n"
      "  requests: {count: 3000, arrivals: {rate: 200 1/s}, lengths: {prompt: {tokens: 2000}, output: {tokens: "
      "200}}}\n",
      "  pools: [{name: one, server: dgx_h100, tp: 2}]\n");
  clx_service *service = serve(s, 1);
  const clx_result *r = clx_service_result(service);
  CLX_CHECK_NEAR(value(r, "serving.stable"), 0, 0, 0);
  CLX_CHECK_NEAR(value(r, "serving.arrival"), 200, 0.1, 0);
  assert_true(value(r, "serving.service") < 100);
  bool warned = false;
  for (int32_t i = 0; i < clx_result_warning_count(r); i++)
    warned = warned || strstr(clx_result_warning(r, i), "unstable") != NULL;
  assert_true(warned);
  clx_service_free(service);
  clx_scenario_free(s);
}

static void test_parts_of_a_service(void **state) {
  (void)state;
  clx_scenario *s = read(SERVING, POOL);
  clx_service *service = serve(s, 1);
  clx_error error = {0};
  char *data = NULL;
  size_t size = 0;
  assert_int_equal(clx_service_write(service, "requests", &data, &size, &error), CLX_OK);
  int32_t lines = 0;
  for (const char *c = data; *c != '\0'; c++) lines += *c == '\n';
  assert_int_equal(lines, 401);  // a head, and each request once
  clx_text_free(data);
  assert_int_equal(clx_service_write(service, "trace", &data, &size, &error), CLX_OK);
  assert_true(size > 10000);
  clx_text_free(data);
  assert_int_equal(clx_service_write(service, "pareto", &data, &size, &error), CLX_OK);
  check_drawing(data);
  assert_non_null(strstr(data, "A &lt;small&gt; service"));
  clx_text_free(data);
  assert_int_equal(clx_service_write(service, "page", &data, &size, &error), CLX_INPUT);
  assert_null(data);
  assert_int_equal(clx_service_text(service, false, &data, &error), CLX_OK);
  clx_text_free(data);
  clx_service_free(service);
  clx_scenario_free(s);
}

// Throughput falls as users get faster.
// The table of requests and the report tell the same times.
static void test_requests_agree_with_the_report(void **state) {
  (void)state;
  const char *serving =
      "serving:\n  model: llama-3.1-8b\n  weights: bf16\n  seeds: 1\n"
      "  requests: {count: 40, arrivals: {rate: 20 1/s}, lengths: {prompt: {tokens: 500}, output: "
      "{tokens: 100}}}\n";
  clx_scenario *s = read(serving, "  pools: [{name: one, server: dgx_h100, engine: tensorrt-llm}]\n");
  clx_service *service = serve(s, 1);
  clx_error error = {0};
  char *data = NULL;
  size_t size = 0;
  double ttft = 0, e2e = 0;
  int32_t count = 0;
  assert_true(s->serving.pool[0].replica.front > 0);  // else nothing is shown here
  assert_int_equal(clx_service_write(service, "requests", &data, &size, &error), CLX_OK);
  for (const char *line = strchr(data, '\n'); line != NULL && line[1] != '\0'; line = strchr(line + 1, '\n')) {
    double first, whole;
    assert_int_equal(sscanf(line + 1, "%*d,%*f,%*d,%*d,%lf,%*f,%lf", &first, &whole), 2);
    ttft += first;
    e2e += whole;
    count++;
  }
  assert_int_equal(count, 40);
  assert_true(fabs(ttft / count - value(clx_service_result(service), "serving.ttft.mean")) < 1e-7);
  assert_true(fabs(e2e / count - value(clx_service_result(service), "serving.e2e.mean")) < 1e-7);
  clx_text_free(data);
  clx_service_free(service);
  clx_scenario_free(s);
}

static void test_pareto_falls(void **state) {
  (void)state;
  clx_scenario *s = read(SERVING, POOL);
  clx_service *service = serve(s, 1);
  const double *user, *gpu;
  int32_t count = 0;
  gpu = clx_result_series(clx_service_result(service), "serving.pareto.one", &user, &count);
  assert_non_null(gpu);
  assert_true(count > 5);
  for (int32_t i = 1; i < count; i++) assert_true(user[i] < user[i - 1] && gpu[i] > gpu[i - 1]);
  assert_true(user[count - 1] < 0.5 * user[0] && gpu[count - 1] > 10 * gpu[0]);
  clx_service_free(service);
  clx_scenario_free(s);
}

static char *drawing_of(const clx_scenario *s) {
  clx_service *service = serve(s, 1);
  clx_error error = {0};
  char *data = NULL;
  size_t size = 0;
  assert_int_equal(clx_service_write(service, "pareto", &data, &size, &error), CLX_OK);
  check_drawing(data);
  clx_service_free(service);
  return data;
}

// A run that stands below its curve is drawn where it stands: the axis reaches down to it.
static void test_mark_of_an_idle_run(void **state) {
  (void)state;
  clx_scenario *s = read(
      "serving:\n  model: llama-3.1-8b\n  weights: bf16\n  seeds: 1\n"
      "  requests: {count: 20, arrivals: {rate: 0.1 1/s}, lengths: {prompt: {tokens: 500}, output: "
      "{tokens: 100}}}\n",
      POOL);
  char *data = drawing_of(s);
  const char *ring = strstr(data, "class=\"ring\"");
  assert_non_null(ring);
  while (*ring != '<') ring--;
  assert_true(attribute(ring, "cy") < 463);  // the axis is at 464
  assert_non_null(strstr(data, "this run"));
  clx_text_free(data);
  clx_scenario_free(s);
}

// Two models have no common speed of a user.
static void test_several_models_have_no_mark(void **state) {
  (void)state;
  clx_scenario *s = read(
      "serving:\n  model: llama-3.1-8b\n  weights: bf16\n  seeds: 1\n  tenants:\n"
      "    - {name: a, requests: {count: 20, arrivals: {rate: 2 1/s}, lengths: {prompt: {tokens: 500}, output: "
      "{tokens: "
      "100}}}}\n"
      "    - {name: b, model: llama-3.1-70b, requests: {count: 20, arrivals: {rate: 2 1/s}, lengths: {prompt: {tokens: "
      "500}, output: {tokens: 100}}}}\n",
      "  pools: [{name: one, server: dgx_h100}, {name: two, server: dgx_h100, model: llama-3.1-70b, tp: 8}]\n");
  char *data = drawing_of(s);
  assert_null(strstr(data, "this run"));
  assert_null(strstr(data, "class=\"ring\""));
  clx_text_free(data);
  clx_scenario_free(s);
}

// --- plans ----------------------------------------------------------------------------------------------------------------

static clx_result *plan(const clx_scenario *s) {
  clx_result *r = NULL;
  clx_error error = {0};
  if (clx_serve_plan_run(s, NULL, &r, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  return r;
}

static double option(const clx_result *r, int32_t number, const char *what) {
  char name[96];
  snprintf(name, sizeof name, "serve_plan.option.%d.%s", number, what);
  return value(r, name);
}

static void test_plan_keeps_the_promise(void **state) {
  (void)state;
  clx_scenario *s =
      read(SERVING,
           "  plan: {rate: 500 1/s, finalists: 2, candidates: [{server: dgx_h100, price: 2 USD/h, tp: [1, "
           "2]}, {server: dgx_a100, price: 1 USD/h, tp: [1]}]}\n");
  clx_result *r = plan(s);
  const int32_t fits = (int32_t)value(r, "serve_plan.fits");
  assert_true(fits >= 2);
  for (int32_t i = 1; i <= fits; i++) {
    assert_true(option(r, i, "within") >= 0.9);
    CLX_CHECK_NEAR(option(r, i, "output_gpu") * option(r, i, "gpus"), 500 * 100, 1e-9, 0);
    CLX_CHECK_NEAR(option(r, i, "cost") * 500 * 100 * 3600, option(r, i, "cost_hour"), 1e-9, 0);
    if (i > 1) assert_true(option(r, i, "cost") >= option(r, i - 1, "cost"));
  }
  clx_error error = {0};
  char *text = NULL;
  assert_int_equal(clx_serve_plan_csv(r, &text, &error), CLX_OK);
  clx_text_free(text);
  assert_int_equal(clx_serve_plan_svg(r, &text, &error), CLX_OK);
  check_drawing(text);
  clx_text_free(text);
  clx_result_free(r);
  clx_scenario_free(s);
}

// As many replicas as it takes: the demand of a plan has no scale of its own.
static void test_plan_of_any_size(void **state) {
  (void)state;
  static const char PLAN[] =
      "  plan: {rate: %s 1/s, finalists: 1, candidates: [{server: dgx_h100, price: 2 USD/h, tp: [1], sequences: "
      "[64]}]}\n";
  double replicas[2];
  for (int32_t i = 0; i < 2; i++) {
    char text[256];
    snprintf(text, sizeof text, PLAN, i == 0 ? "1000" : "1e9");
    clx_scenario *s = read(SERVING, text);
    clx_result *r = plan(s);
    replicas[i] = option(r, 1, "replicas");
    CLX_CHECK_NEAR(option(r, 1, "cost_hour"), 2 * replicas[i], 1e-9, 0);
    clx_result_free(r);
    clx_scenario_free(s);
  }
  assert_true(replicas[1] > 1e7);
  CLX_CHECK_NEAR(replicas[1] / replicas[0], 1e6, 0.05, 0);
}

// Limits of a batch that a small demand never comes to make one option, not several.
static void test_equal_options_are_one(void **state) {
  (void)state;
  clx_scenario *s = read(SERVING,
                         "  plan: {rate: 2 1/s, finalists: 2, candidates: [{server: dgx_h100, price: 2 USD/h, tp: [1], "
                         "sequences: [16, 32, 64, 128]}]}\n");
  clx_result *r = plan(s);
  CLX_CHECK_NEAR(value(r, "serve_plan.fits"), 1, 0, 0);
  CLX_CHECK_NEAR(option(r, 1, "alike"), 4, 0, 0);
  assert_string_equal(clx_result_fact(r, "serve_plan.option.1.layout"), "1 x TP1, 16 to 128 seqs");
  clx_result_free(r);
  clx_scenario_free(s);
}

static void test_plan_says_why_not(void **state) {
  (void)state;
  clx_scenario *s = read(
      "serving:\n  model: llama-3.1-405b\n  weights: fp8\n"
      "  requests: {count: 500, arrivals: {rate: 20 1/s}, lengths: {prompt: {tokens: 500}, output: {tokens: 100}}}\n"
      "  slo: {tpot: 5 ms}\n",
      "  plan: {goal: gpus, candidates: [{server: dgx_h100, tp: [1, 2]}, {server: dgx_h200, tp: [8]}]}\n");
  clx_result *r = plan(s);
  CLX_CHECK_NEAR(value(r, "serve_plan.best"), 0, 0, 0);
  assert_non_null(strstr(clx_result_fact(r, "serve_plan.candidate.1.why"), "memory: "));
  assert_non_null(strstr(clx_result_fact(r, "serve_plan.candidate.2.why"), "5 ms are promised"));
  clx_result_free(r);
  clx_scenario_free(s);
}

// An answer of one token has no time per token: no bound on it is broken, by a run or in a plan.
static void test_answers_of_one_token(void **state) {
  (void)state;
  clx_scenario *s = read(
      "serving:\n  model: llama-3.1-8b\n  weights: bf16\n  slo: {tpot: 1 ms}\n  seeds: 1\n"
      "  requests: {count: 400, arrivals: {rate: 20 1/s}, lengths: {prompt: {tokens: 500}, output: {tokens: 1}}}\n",
      "  pools: [{name: one, server: dgx_h100}]\n  plan: {goal: gpus, candidates: [{server: dgx_h100}]}\n");
  clx_service *service = serve(s, 1);
  CLX_CHECK_NEAR(value(clx_service_result(service), "serving.within"), 1, 0, 0);
  clx_service_free(service);
  clx_result *r = plan(s);
  assert_true(value(r, "serve_plan.fits") > 0);
  CLX_CHECK_NEAR(option(r, 1, "within"), 1, 0, 0);
  clx_result_free(r);
  clx_scenario_free(s);
}

static void test_plan_within_volume_and_site(void **state) {
  (void)state;
  clx_scenario *s = read(SERVING,
                         "  plan: {rate: 5000 1/s, goal: gpus, power_most: 1 kW, candidates: [{server: dgx_h100, tp: "
                         "[1]}, {server: dgx_h200, tp: [1], gpus_most: 2}]}\n");
  clx_result *r = plan(s);
  CLX_CHECK_NEAR(value(r, "serve_plan.fits"), 0, 0, 0);
  assert_non_null(strstr(clx_result_fact(r, "serve_plan.candidate.1.why"), "power: needs "));
  assert_non_null(strstr(clx_result_fact(r, "serve_plan.candidate.2.why"), "GPUs or more, 2 can be had"));
  CLX_CHECK_NEAR(value(r, "serve_plan.simulated"), 0, 0, 0);
  clx_result_free(r);
  clx_scenario_free(s);
}

// tokens/s of a GPU on the curve of a candidate, at least that fast.
static double on_curve(const clx_result *r, const char *name, double speed) {
  const double *user, *gpu;
  int32_t count = 0;
  double best = 0;
  gpu = clx_result_series(r, name, &user, &count);
  assert_non_null(gpu);
  for (int32_t i = 0; i < count; i++)
    if (user[i] >= speed && gpu[i] > best) best = gpu[i];
  return best;
}

// The curve of a candidate holds what prefill and decode apart can do: more than together where tokens are to come fast.
static void test_plan_draws_split_options(void **state) {
  (void)state;
  static const char SLOW[] =
      "serving:\n  model: llama-3.1-70b\n  weights: fp8\n  slo: {ttft: 2 s, tpot: 15 ms}\n"
      "  requests: {count: 400, arrivals: {rate: 20 1/s}, lengths: {prompt: {tokens: 4000}, output: {tokens: 200}}}\n";
  double best[2];
  for (int32_t split = 0; split < 2; split++) {
    char text[256];
    snprintf(text, sizeof text,
             "  plan: {rate: 100 1/s, goal: gpus, split: %s, finalists: 1, candidates: [{server: dgx_h100, tp: [4, "
             "8]}]}\n",
             split ? "yes" : "no");
    clx_scenario *s = read(SLOW, text);
    clx_result *r = plan(s);
    best[split] = on_curve(r, "serve_plan.pareto.dgx_h100", 1 / 0.015);
    if (split) {
      assert_true(value(r, "serve_plan.fits") > 0);
      assert_true(best[split] > 0.95 * option(r, 1, "output_gpu"));
    }
    clx_result_free(r);
    clx_scenario_free(s);
  }
  assert_true(best[1] > 1.05 * best[0]);
}

// Small batches are tried, which are the fastest: what stands in the way is what no batch can do, or those that are asked for.
static void test_plan_tries_small_batches(void **state) {
  (void)state;
  clx_scenario *s = read(SERVING,
                         "  plan: {rate: 2 1/s, goal: gpus, finalists: 1, candidates: [{server: dgx_h100, tp: "
                         "[1]}, {name: eight, server: dgx_h100, tp: [1], sequences: [8]}]}\n");
  s->spec.serving.slo.tpot = 1e-3;
  clx_result *r = plan(s);
  double time[2];
  int32_t at_once[2];
  for (int32_t i = 0; i < 2; i++) {
    const char *why = clx_result_fact(r, i == 0 ? "serve_plan.candidate.1.why" : "serve_plan.candidate.2.why");
    assert_int_equal(sscanf(why, "promise: a token takes %lf ms at least, with %d at once,", &time[i], &at_once[i]), 2);
  }
  assert_true(at_once[0] <= 2 && at_once[1] == 8);
  assert_true(time[0] < time[1]);
  clx_result_free(r);
  clx_scenario_free(s);
}

// A model that no server holds, over two of them.
static void test_plan_with_stages(void **state) {
  (void)state;
  clx_scenario *s = read(
      "serving:\n  model: llama-3.1-405b\n  weights: bf16\n"
      "  requests: {count: 500, arrivals: {rate: 2 1/s}, lengths: {prompt: {tokens: 500}, output: {tokens: 100}}}\n"
      "  slo: {tpot: 200 ms}\n",
      "  plan: {goal: gpus, finalists: 1, candidates: [{name: one, server: dgx_h100, tp: [8]}, {name: two, server: "
      "dgx_h100, tp: [8], pp: [1, 2], sequences: [64]}]}\n");
  clx_result *r = plan(s);
  CLX_CHECK_NEAR(value(r, "serve_plan.fits"), 1, 0, 0);
  CLX_CHECK_NEAR(option(r, 1, "gpus"), 16, 0, 0);
  CLX_CHECK_NEAR(option(r, 1, "candidate"), 2, 0, 0);
  assert_string_equal(clx_result_fact(r, "serve_plan.option.1.layout"), "1 x TP8 PP2, 64 seqs");
  assert_non_null(strstr(clx_result_fact(r, "serve_plan.candidate.1.why"), "memory: "));
  clx_result_free(r);
  clx_scenario_free(s);
}

typedef struct seen {
  int32_t calls, most;  // most: says stop then
  double done;
} seen;

static bool note_progress(void *context, const char *step, double done) {
  seen *s = context;
  if (strcmp(step, "simulating") == 0) {
    assert_true(done >= s->done && done <= 1);
    s->done = done;
  }
  return ++s->calls < s->most;
}

static void test_plan_tells_its_progress(void **state) {
  (void)state;
  clx_scenario *s =
      read(SERVING, "  plan: {goal: gpus, rate: 100 1/s, candidates: [{server: dgx_h100, tp: [1, 2]}]}\n");
  for (int32_t most = 1; most < 1000; most += 998) {
    seen heard = {.most = most};
    clx_result *r = NULL;
    clx_error error = {0};
    const clx_serve_options options = {.seed = 1, .progress = note_progress, .context = &heard};
    assert_int_equal(clx_serve_plan_run(s, &options, &r, &error), most == 1 ? CLX_EXPECTATION : CLX_OK);
    assert_true(most == 1 ? heard.calls == 1 && r == NULL : heard.calls > 3);
    clx_result_free(r);
  }
  clx_scenario_free(s);
}

static void test_plan_of_cost_needs_prices(void **state) {
  (void)state;
  clx_scenario *s = read(SERVING, "  plan: {candidates: [{server: dgx_h100}]}\n");
  clx_result *r = NULL;
  clx_error error = {0};
  assert_int_equal(clx_serve_plan_run(s, NULL, &r, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "states no price"));
  assert_null(r);
  clx_scenario_free(s);
}

// --- published ------------------------------------------------------------------------------------------------------------

// DeepSeek, 27 to 28 February 2025: 73,700 prompt tokens/s of a node of eight that prefills, 14,800 output tokens/s of one that decodes, 20 to
// 22 tokens/s of a user, 87,072 USD for 168 billion tokens.
static void test_published_day(void **state) {
  (void)state;
  clx_scenario *s = NULL;
  clx_error error = {0};
  if (clx_scenario_load(catalog, "deepseek-day", NULL, 0, &s, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  clx_service *service = serve(s, 1);
  const clx_result *r = clx_service_result(service);
  CLX_CHECK_NEAR(value(r, "serving.stable"), 1, 0, 0);
  CLX_CHECK_NEAR(8 * value(r, "serving.pool.prefill.input_gpu"), 73.7e3, 0.15, 0);
  CLX_CHECK_NEAR(8 * value(r, "serving.pool.decode.output_gpu"), 14.8e3, 0.15, 0);
  CLX_CHECK_NEAR(value(r, "serving.user"), 21, 0.15, 0);
  // What comes is served meanwhile, and both kinds of pools make one curve.
  CLX_CHECK_NEAR(value(r, "serving.requests"), 198, 0.01, 0);
  CLX_CHECK_NEAR(value(r, "serving.arrival"), 198, 0.01, 0);
  const double *user;
  int32_t points = 0;
  assert_non_null(clx_result_series(r, "serving.pareto.decode", &user, &points));
  assert_true(points > 5);
  CLX_CHECK_NEAR(value(r, "serving.cost"), 87072 / 168e9, 0.15, 0);
  clx_service_free(service);
  clx_scenario_free(s);
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
      cmocka_unit_test(test_mistakes_are_named),
      cmocka_unit_test(test_request_that_fits_nowhere),
      cmocka_unit_test(test_quantities_of_a_run),
      cmocka_unit_test(test_same_seed_same_result),
      cmocka_unit_test(test_tensor_parallel_beyond_nvlink),
      cmocka_unit_test(test_overload_is_unstable),
      cmocka_unit_test(test_pools_beyond_the_machine),
      cmocka_unit_test(test_overload_of_many_is_bounded),
      cmocka_unit_test(test_more_requests_than_a_run_holds),
      cmocka_unit_test(test_closed_loop_has_no_bound),
      cmocka_unit_test(test_closed_loop_within_its_warm_up),
      cmocka_unit_test(test_parts_of_a_service),
      cmocka_unit_test(test_requests_agree_with_the_report),
      cmocka_unit_test(test_pareto_falls),
      cmocka_unit_test(test_mark_of_an_idle_run),
      cmocka_unit_test(test_several_models_have_no_mark),
      cmocka_unit_test(test_plan_keeps_the_promise),
      cmocka_unit_test(test_plan_of_any_size),
      cmocka_unit_test(test_equal_options_are_one),
      cmocka_unit_test(test_plan_says_why_not),
      cmocka_unit_test(test_plan_of_cost_needs_prices),
      cmocka_unit_test(test_plan_tells_its_progress),
      cmocka_unit_test(test_answers_of_one_token),
      cmocka_unit_test(test_plan_within_volume_and_site),
      cmocka_unit_test(test_plan_with_stages),
      cmocka_unit_test(test_plan_draws_split_options),
      cmocka_unit_test(test_plan_tries_small_batches),
      cmocka_unit_test(test_published_day),
  };
  return cmocka_run_group_tests(tests, open_catalogue, close_catalogue);
}
