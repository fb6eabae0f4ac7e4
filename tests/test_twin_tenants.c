// Services with several tenants and models: mistakes of a section, what each gets, plans for one of several models.
#include "check.h"

#include <colossus/serve.h>

#include "result/result.h"
#include "scenario/scenario.h"

static clx_catalog *catalog;

static const char HEAD[] =
    "name: small\ntitle: Small\nmachine:\n  fleet:\n"
    "    - {server: dgx_h100, rack: dgx_h100_4, gpus: 32, trains: false}\nserving:\n  model: llama-3.1-8b\n"
    "  weights: bf16\n  seeds: 1\n";
#define CHAT \
  "{name: chat, requests: {arrivals: {rate: 20 1/s}, lengths: {prompt: {tokens: 300}, output: {tokens: 120}}}"
#define BATCH                                                                                                  \
  "{name: batch, requests: {arrivals: {rate: 4 1/s}, lengths: {prompt: {tokens: 4000, variation: 1}, output: " \
  "{tokens: 60}}}"
#define POOL "{name: one, server: dgx_h100, price: 2 USD/h}"

static clx_status try_read(const char *serving, clx_scenario **out, clx_error *error) {
  static char text[8192];
  clx_error_clear(error);
  snprintf(text, sizeof text, "%s%s", HEAD, serving);
  *out = NULL;
  return clx_scenario_read(catalog, "small.yaml", text, strlen(text), out, error);
}

static clx_scenario *read(const char *serving) {
  clx_scenario *s;
  clx_error error;
  if (try_read(serving, &s, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  return s;
}

static clx_service *serve(const clx_scenario *s) {
  clx_service *service = NULL;
  clx_error error = {0};
  if (clx_service_run(s, NULL, &service, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  return service;
}

static double value(const clx_result *r, const char *name) {
  const clx_quantity *q = clx_result_find(r, name);
  if (q == NULL) fail_msg("no quantity %s", name);
  return q->value;
}

// --- mistakes -------------------------------------------------------------------------------------------------------------

static void test_mistakes_are_named(void **state) {
  (void)state;
  static const struct {
    const char *serving, *wanted;
  } cases[] = {
      {"  tenants: [{name: chat}]\n  requests: {count: 9, arrivals: {rate: 1 1/s}, lengths: {prompt: {tokens: 9}, "
       "output: {tokens: 9}}}\n",
       "tenant 'chat' states no requests and is none of 'serving.requests'"},
      {"  tenants: [{name: chas}]\n  requests: {count: 9, arrivals: {rate: 1 1/s}, lengths: {prompt: {tokens: 9}, "
       "output: {tokens: 9}}, tenants: [{name: chat}]}\n",
       "did you mean 'chat'?"},
      {"  requests: {duration: 9 s}\n  tenants: [" CHAT "}, " CHAT "}]\n", "two tenants are named 'chat'"},
      {"  requests: {duration: 9 s}\n  tenants: [" CHAT "}, " BATCH ", model: llama-3.1-70b}]\n",
       "tenant 'batch' asks for llama-3.1-70b, which no pool serves"},
      {"  requests: {duration: 9 s}\n  tenants: [" CHAT ", model: llama-3.1-70}]\n", "did you mean \"llama-3.1-70b\""},
      {"  tenants: [" CHAT "}]\n", "how many requests?"},
      {"  requests: {duration: 9 s}\n  clients: 4\n  tenants: [" CHAT "}]\n", "'serving.clients' ask the requests"},
      {"  requests: {duration: 9 s, arrivals: {rate: 1 1/s}, lengths: {prompt: {tokens: 99}, output: {tokens: 9}}, "
       "block: 32}\n  tenants: [{name: chat, requests: {arrivals: {rate: 20 1/s}, lengths: {prompt: {tokens: 300}, "
       "output: {tokens: 9}}, prefix: {system: 64}}}]\n",
       "'serving.tenants': requests name blocks of 32 and of 16 tokens"},
      {"  requests: {duration: 9 s, lengths: {prompt: {tokens: 9}}}\n  tenants: [" CHAT "}]\n",
       "neither `trace` nor `arrivals`"}};
  for (int32_t i = 0; i < CLX_COUNT(cases); i++) {
    clx_scenario *s = NULL;
    clx_error error;
    char text[2048];
    snprintf(text, sizeof text, "%s  pools: [" POOL "]\n", cases[i].serving);
    assert_int_equal(try_read(text, &s, &error), CLX_INPUT);
    if (strstr(error.mistake[0].text, cases[i].wanted) == NULL)
      fail_msg("'%s' lacks '%s'", error.mistake[0].text, cases[i].wanted);
    assert_true(error.mistake[0].line > 5);
  }
}

static void test_pools_without_tenants(void **state) {
  (void)state;
  clx_scenario *s = NULL;
  clx_error error;
  assert_int_equal(try_read("  requests: {duration: 9 s}\n  tenants: [" CHAT "}]\n  pools: [" POOL
                            ", {name: two, server: dgx_h100, model: gpt-oss-20b, weights: mxfp4_experts}]\n",
                            &s, &error),
                   CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "pool 'two' serves gpt-oss-20b, which no tenant asks for"));
}

// --- tenants of one model -------------------------------------------------------------------------------------------------

static const char TWO[] =
    "  requests: {duration: 60 s}\n  warmup: 10 s\n  slo: {ttft: 5 s}\n"
    "  tenants: [" CHAT ", slo: {tpot: 5 us}}, " BATCH "}]\n  pools: [" POOL "]\n";

static double both(const clx_result *r, const char *what) {
  char chat[96], batch[96];
  snprintf(chat, sizeof chat, "serving.tenant.chat.%s", what);
  snprintf(batch, sizeof batch, "serving.tenant.batch.%s", what);
  return value(r, chat) + value(r, batch);
}

static void test_tenants_make_up_the_whole(void **state) {
  (void)state;
  clx_scenario *s = read(TWO);
  clx_service *service = serve(s);
  const clx_result *r = clx_service_result(service);
  static const char *const sums[] = {"output", "input", "requests", "power"};
  for (int32_t i = 0; i < CLX_COUNT(sums); i++) {
    char name[64];
    snprintf(name, sizeof name, "serving.%s", sums[i]);
    CLX_CHECK_NEAR(both(r, sums[i]), value(r, name), 1e-9, 0);
  }
  CLX_CHECK_NEAR(both(r, "share"), 1, 1e-12, 0);
  CLX_CHECK_NEAR(value(r, "serving.tenant.chat.arrival"), 20, 0.1, 0);
  CLX_CHECK_NEAR(value(r, "serving.tenant.batch.arrival"), 4, 0.25, 0);
  CLX_CHECK_NEAR(value(r, "serving.tenant.chat.within"), 0, 0, 0);   // its own promise
  CLX_CHECK_NEAR(value(r, "serving.tenant.batch.within"), 1, 0, 0);  // that of all
  assert_true(value(r, "serving.tenant.batch.ttft.mean") > value(r, "serving.tenant.chat.ttft.mean"));
  assert_true(value(r, "serving.tenant.batch.cost") > value(r, "serving.tenant.chat.cost"));
  const double usd = value(r, "serving.tenant.chat.cost") * value(r, "serving.tenant.chat.output") +
                     value(r, "serving.tenant.batch.cost") * value(r, "serving.tenant.batch.output");
  CLX_CHECK_NEAR(usd, 2.0 / 3600, 0.02, 0);
  clx_service_free(service);
  clx_scenario_free(s);
}

// Shares of one process have results, too.
static void test_tenants_of_the_requests(void **state) {
  (void)state;
  clx_scenario *s = read(
      "  requests: {count: 600, arrivals: {rate: 20 1/s}, lengths: {prompt: {tokens: 300}, output: {tokens: 50}}, "
      "tenants: [{name: a b, share: 3}, {name: a.b}]}\n  tenants: [{name: a b, slo: {ttft: 1 us}}]\n  pools: [" POOL
      "]\n");
  clx_service *service = serve(s);
  const clx_result *r = clx_service_result(service);
  CLX_CHECK_NEAR(value(r, "serving.tenant.a_b.within"), 0, 0, 0);
  CLX_CHECK_NEAR(value(r, "serving.tenant.a_b.arrival"), 15, 0.1, 0);
  char *text = NULL, *data = NULL;
  size_t size = 0;
  clx_error error = {0};
  assert_int_equal(clx_service_text(service, false, &text, &error), CLX_OK);
  assert_non_null(strstr(text, "tenant      a b "));
  int32_t lines = 0;
  for (const char *c = text; *c != '\0'; c++) lines += *c == '\n';
  assert_true(lines <= 30);
  clx_text_free(text);
  assert_int_equal(clx_service_write(service, "requests", &data, &size, &error), CLX_OK);
  assert_non_null(strstr(data, "replica,tenant,model\n"));
  assert_non_null(strstr(data, ",a b,llama-3.1-8b\n"));
  clx_text_free(data);
  clx_service_free(service);
  clx_scenario_free(s);
}

// A tenant's requests stay as they are when others come.
static void test_others_leave_requests_alone(void **state) {
  (void)state;
  clx_scenario *s = read(TWO);
  clx_scenario *alone = read("  requests: {duration: 60 s}\n  tenants: [" CHAT "}]\n  pools: [" POOL "]\n");
  clx_arena *arena = clx_arena_new();
  clx_error error = {0};
  clx_requests all, own;
  assert_int_equal(clx_scenario_serving_requests(s, 3, 0, arena, &all, &error), CLX_OK);
  assert_int_equal(clx_scenario_serving_requests(alone, 3, 0, arena, &own, &error), CLX_OK);
  int32_t count = 0;
  for (int32_t i = 0; i < all.count; i++) {
    if (i > 0) assert_true(all.item[i].arrival >= all.item[i - 1].arrival);
    if (strcmp(all.tenant_name[all.item[i].tenant], "chat") != 0) continue;
    assert_true(all.item[i].arrival == own.item[count].arrival && all.item[i].output == own.item[count].output);
    count++;
  }
  assert_int_equal(count, own.count);
  assert_true(count < all.count);
  clx_arena_free(arena);
  clx_scenario_free(alone);
  clx_scenario_free(s);
}

// One that stops asking early is named.
static void test_early_ends_are_told(void **state) {
  (void)state;
  for (int32_t k = 0; k < 2; k++) {
    char text[2048];
    snprintf(text, sizeof text,
             "  requests: {duration: 30 s}\n  tenants: [" CHAT
             "}, {name: brief, requests: {%s: 20 %s, arrivals: {rate: 2 1/s}, lengths: {prompt: {tokens: 9}, output: "
             "{tokens: 9}}}}]\n  pools: [" POOL "]\n",
             k == 0 ? "duration" : "count", k == 0 ? "s" : "");
    clx_scenario *s = read(text);
    clx_service *service = serve(s);
    const clx_result *r = clx_service_result(service);
    const bool told = clx_result_warning_count(r) > 0 && strstr(clx_result_warning(r, 0), "tenant 'brief' end") != NULL;
    assert_true(told);
    clx_service_free(service);
    clx_scenario_free(s);
  }
  clx_scenario *s = read(TWO);
  clx_service *service = serve(s);
  assert_int_equal(clx_result_warning_count(clx_service_result(service)), 0);
  clx_service_free(service);
  clx_scenario_free(s);
}

// Under a load that makes batches wait, those of lower numbers have their first token sooner than without.
static void test_priority_shortens_waits(void **state) {
  (void)state;
  double first[2];
  for (int32_t k = 0; k < 2; k++) {
    char text[2048];
    snprintf(text, sizeof text,
             "  requests: {duration: 60 s}\n  tenants: [" CHAT "}, " BATCH
             ", priority: %d}]\n  pools: [{name: one, server: dgx_h100, sequences: 24}]\n",
             k);
    clx_scenario *s = read(text);
    clx_service *service = serve(s);
    first[k] = value(clx_service_result(service), "serving.tenant.chat.ttft.mean");
    clx_service_free(service);
    clx_scenario_free(s);
  }
  assert_true(first[1] < 0.7 * first[0]);
}

// --- models ---------------------------------------------------------------------------------------------------------------

#define SMALL_POOL "{name: small, server: dgx_h100, price: 2 USD/h}"
#define LARGE_POOL \
  "{name: large, model: llama-3.1-70b, weights: fp8, server: dgx_h100, tp: 2, replicas: 2, price: 3 USD/h}"

// Models that share no replica: the numbers of each are those of a scenario that has it alone.
static void test_models_are_as_alone(void **state) {
  (void)state;
  clx_scenario *together = read("  requests: {duration: 40 s}\n  tenants: [" CHAT "}, " BATCH
                                ", model: llama-3.1-70b}]\n  pools: [" SMALL_POOL ", " LARGE_POOL "]\n");
  clx_scenario *small = read("  requests: {duration: 40 s}\n  tenants: [" CHAT "}]\n  pools: [" SMALL_POOL "]\n");
  clx_scenario *large =
      read("  requests: {duration: 40 s}\n  tenants: [" BATCH ", model: llama-3.1-70b}]\n  pools: [" LARGE_POOL "]\n");
  clx_service *a = serve(together), *b = serve(small), *c = serve(large);
  const clx_result *r = clx_service_result(a), *alone[] = {clx_service_result(b), clx_service_result(c)};
  static const char *const model[] = {"llama-3.1-8b", "llama-3.1-70b"};
  static const char *const same[] = {"ttft.mean", "ttft.p99", "tpot.p50", "e2e.p95", "within"};
  char name[96], slug[64];
  for (int32_t m = 0; m < 2; m++) {
    for (int32_t i = 0; i < CLX_COUNT(same); i++) {
      char own[96];
      snprintf(name, sizeof name, "serving.model.%s.%s", clx_result_slug(model[m], slug, sizeof slug), same[i]);
      snprintf(own, sizeof own, "serving.%s", same[i]);
      CLX_CHECK_NEAR(value(r, name), value(alone[m], own), 1e-12, 0);
    }
  }
  CLX_CHECK_NEAR(value(r, "serving.gpus"), 5, 0, 0);
  snprintf(name, sizeof name, "serving.model.%s.share", clx_result_slug(model[1], slug, sizeof slug));
  CLX_CHECK_NEAR(value(r, name), 0.8, 1e-12, 0);
  snprintf(name, sizeof name, "serving.model.%s.cost", clx_result_slug(model[1], slug, sizeof slug));
  CLX_CHECK_NEAR(value(r, name), value(alone[1], "serving.cost"), 0.02, 0);  // over windows that end together
  assert_string_equal(clx_result_fact(r, "serving.model"), "llama-3.1-8b, llama-3.1-70b");
  clx_service_free(a);
  clx_service_free(b);
  clx_service_free(c);
  clx_scenario_free(together);
  clx_scenario_free(small);
  clx_scenario_free(large);
}

// Replicas that fail and scale: parts are of those that are paid for, and still add up.
static void test_parts_of_replicas_that_change(void **state) {
  (void)state;
  clx_scenario *s =
      read("  requests: {duration: 60 s}\n  tenants: [" CHAT "}, " BATCH
           "}]\n  pools: [{name: one, server: dgx_h100, replicas: 4, price: 2 USD/h}]\n  start: {bandwidth: 10 GB/s}\n"
           "  outages: {stated: [{replica: 0, at: 20 s, for: 15 s}]}\n"
           "  autoscale: [{least: 1, target: 8, interval: 5 s, calm: 10 s}]\n");
  clx_service *service = serve(s);
  const clx_result *r = clx_service_result(service);
  CLX_CHECK_NEAR(both(r, "power"), value(r, "serving.power"), 1e-9, 0);
  CLX_CHECK_NEAR(both(r, "output"), value(r, "serving.output"), 1e-9, 0);
  CLX_CHECK_NEAR(both(r, "share"), 1, 1e-12, 0);
  const double usd = value(r, "serving.tenant.chat.cost") * value(r, "serving.tenant.chat.output") +
                     value(r, "serving.tenant.batch.cost") * value(r, "serving.tenant.batch.output");
  CLX_CHECK_NEAR(usd, value(r, "serving.cost") * value(r, "serving.output"), 1e-9, 0);
  CLX_CHECK_NEAR(usd, value(r, "serving.held") * 2 / 3600, 1e-9, 0);
  assert_true(value(r, "serving.held") < 4);
  clx_service_free(service);
  clx_scenario_free(s);
}

// A plan is for one model and its tenants, and keeps what each was promised.
static void test_plan_for_one_model(void **state) {
  (void)state;
  clx_scenario *s = read(
      "  requests: {duration: 40 s}\n  tenants: [" CHAT ", slo: {ttft: 2 s, tpot: 30 ms, share: 0.95}}, " BATCH
      ", slo: {e2e: 20 s, share: 0.8}}, {name: big, model: llama-3.1-70b, requests: {arrivals: {rate: 5 1/s}, lengths: "
      "{prompt: {tokens: 100}, output: {tokens: 1000}}}}]\n"
      "  plan: {rate: 240 1/s, goal: gpus, finalists: 1, candidates: [{server: dgx_h100, tp: [1]}]}\n");
  clx_result *r = NULL;
  clx_error error = {0};
  if (clx_serve_plan_run(s, NULL, &r, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  CLX_CHECK_NEAR(value(r, "serve_plan.fits"), 1, 0, 0);
  CLX_CHECK_NEAR(value(r, "serve_plan.output"), 240 * (20 * 120 + 4 * 60) / 24.0, 0.05, 0);  // without `big`
  assert_string_equal(clx_result_fact(r, "serve_plan.model"), "llama-3.1-8b");
  clx_result_free(r);
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
      cmocka_unit_test(test_pools_without_tenants),
      cmocka_unit_test(test_tenants_make_up_the_whole),
      cmocka_unit_test(test_tenants_of_the_requests),
      cmocka_unit_test(test_others_leave_requests_alone),
      cmocka_unit_test(test_early_ends_are_told),
      cmocka_unit_test(test_priority_shortens_waits),
      cmocka_unit_test(test_models_are_as_alone),
      cmocka_unit_test(test_parts_of_replicas_that_change),
      cmocka_unit_test(test_plan_for_one_model),
  };
  return cmocka_run_group_tests(tests, open_catalogue, close_catalogue);
}
