// Services whose replicas fail and scale: mistakes, availability and Little's law as closed forms, what a day costs.
#include "check.h"
#include "svg_check.h"

#include <colossus/serve.h>

#include "result/result.h"
#include "scenario/scenario.h"

static clx_catalog *catalog;

// 20 requests/s of 100 tokens on an 8 billion model: one H100 carries them.
static const char HEAD[] =
    "name: small\ntitle: small\nmachine:\n  fleet:\n"
    "    - {server: dgx_h100, rack: dgx_h100_4, gpus: 32, trains: false}\n";

static clx_status try_read(const char *text, clx_scenario **out, clx_error *error) {
  static char all[8192];
  clx_error_clear(error);
  snprintf(all, sizeof all, "%s%s", HEAD, text);
  *out = NULL;
  return clx_scenario_read(catalog, "small.yaml", all, strlen(all), out, error);
}

static clx_service *serve(const char *text, clx_scenario **s) {
  clx_service *service = NULL;
  clx_error error;
  if (try_read(text, s, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  if (clx_service_run(*s, NULL, &service, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  return service;
}

static void end(clx_service *service, clx_scenario *s) {
  clx_service_free(service);
  clx_scenario_free(s);
}

static double value(const clx_service *service, const char *name) {
  const clx_quantity *q = clx_result_find(clx_service_result(service), name);
  if (q == NULL) fail_msg("no quantity %s", name);
  return q->value;
}

// --- progress -------------------------------------------------------------------------------------------------------------

typedef struct watching {
  int32_t calls, stop;
} watching;

static bool watch_seeds(void *context, const char *step, double done) {
  watching *w = context;
  assert_string_equal(step, "serving");
  CLX_CHECK_NEAR(done, w->calls / 3.0, 1e-12, 0);
  return ++w->calls != w->stop;
}

static void test_progress_stops(void **state) {
  (void)state;
  clx_scenario *s = NULL;
  clx_error error;
  assert_int_equal(try_read("serving:\n  model: llama-3.1-8b\n  pools: [{name: one, server: dgx_h100}]\n"
                            "  requests: {count: 9, arrivals: {rate: 20 1/s}, lengths: {prompt: {tokens: 9}, output: "
                            "{tokens: 9}}}\n",
                            &s, &error),
                   CLX_OK);
  for (int32_t stop = 0; stop < 4; stop++) {
    watching w = {.stop = stop};
    const clx_serve_options options = {.seed = 1, .progress = watch_seeds, .context = &w};
    clx_service *service = NULL;
    assert_int_equal(clx_service_run(s, &options, &service, &error), stop == 0 ? CLX_OK : CLX_EXPECTATION);
    assert_int_equal(w.calls, stop == 0 ? 3 : stop);
    assert_int_equal(service != NULL, stop == 0);
    clx_service_free(service);
  }
  clx_scenario_free(s);
}

// --- mistakes -------------------------------------------------------------------------------------------------------------

static void test_mistakes_are_named(void **state) {
  (void)state;
  static const char POOL[] = "pools: [{name: one, server: dgx_h100, replicas: 2}]";
  static const char APART[] =
      "pools: [{name: a, role: prefill, server: dgx_h100}, {name: b, role: decode, server: dgx_h100}]";
  static const struct {
    const char *pools, *keys, *wanted;
  } cases[] = {
      {POOL, "outages: {stated: [{replica: 2, at: 1 s, for: 1 s}]}", "pool 'one' has no replica 2: expected 0 to 1"},
      {POOL, "outages: {stated: [{pool: ine, replica: 0, at: 1 s, for: 1 s}]}", "did you mean 'one'?"},
      {POOL, "outages: {stated: [{replica: 0, for: 1 s}]}", "stated.0.at' is missing"},
      {POOL, "outages: {reliability: yes}", "needs a section 'reliability'"},
      {POOL, "outages: {mtbf: 1 h}", "'serving.start.bandwidth' is missing"},
      {POOL, "outages: {mtbf: 1 h, reliability: yes}, start: {bandwidth: 1 GB/s}", "expected one of them"},
      {POOL, "outages: {requests: retried}", "expected one of retry, lost"},
      {APART, "outages: {mtbf: 1 h}, start: {bandwidth: 1 GB/s}", "pool 'a' has prompts or answers alone"},
      {APART, "autoscale: [{target: 4}], start: {bandwidth: 1 GB/s}", "'pool' is missing"},
      {POOL, "autoscale: [{target: 4}]", "'serving.start.bandwidth' is missing"},
      {POOL, "autoscale: [{target: 4, least: 3}], start: {bandwidth: 1 GB/s}", "expected least <= initial <= replicas"},
      {POOL, "autoscale: [{target: 4}, {target: 5}], start: {bandwidth: 1 GB/s}", "two items for pool 'one'"},
      {POOL, "autoscale: [{least: 1}], start: {bandwidth: 1 GB/s}", "autoscale.0.target' is missing"},
      {POOL, "autoscale: [{target: 4, metric: que}], start: {bandwidth: 1 GB/s}",
       "expected one of concurrency, queue, busy, cache"},
      {"pools: [{name: one, server: dgx_h100, capture_sizes: [1, 8, 4]}]", "clients: 1", "has 4 after 8"},
      {"pools: [{name: one, server: dgx_h100, capture_sizes: 8, eager: yes}]", "clients: 1", "expected one of them"}};
  for (int32_t i = 0; i < CLX_COUNT(cases); i++) {
    clx_scenario *s = NULL;
    clx_error error;
    char text[1024];
    snprintf(text, sizeof text,
             "serving: {model: llama-3.1-8b, weights: bf16, requests: {count: 10, arrivals: {rate: 1 1/s}, lengths: "
             "{prompt: {tokens: 50}, output: {tokens: 10}}}, %s, %s}\n",
             cases[i].pools, cases[i].keys);
    assert_int_equal(try_read(text, &s, &error), CLX_INPUT);
    if (strstr(error.mistake[0].text, cases[i].wanted) == NULL)
      fail_msg("'%s' lacks '%s'", error.mistake[0].text, cases[i].wanted);
    assert_true(error.mistake[0].line > 5);
  }
}

static void test_eager_pools_are_slower(void **state) {
  (void)state;
  double time[2], blocks[2];
  for (int32_t k = 0; k < 2; k++) {
    char text[1024];
    clx_scenario *s;
    snprintf(text, sizeof text,
             "serving: {model: llama-3.1-8b, weights: bf16, seeds: 1, engine: sglang, requests: {count: 50, arrivals: "
             "{rate: 1 1/s}, lengths: "
             "{prompt: {tokens: 50}, output: {tokens: 50}}}, pools: [{name: one, server: dgx_h100, memory: 1, %s}]}\n",
             k == 0 ? "capture_sizes: [1, 2, 4, 8]" : "eager: yes");
    clx_service *service = serve(text, &s);
    time[k] = value(service, "serving.tpot.mean");
    blocks[k] = value(service, "serving.pool.one.blocks");
    end(service, s);
  }
  assert_true(time[1] > 1.3 * time[0]);
  assert_true(blocks[1] > blocks[0]);
}

// --- outages --------------------------------------------------------------------------------------------------------------

#define REQUESTS(rate, time)                                                           \
  "serving:\n  model: llama-3.1-8b\n  weights: bf16\n  seeds: 1\n  slo: {ttft: 1 s}\n" \
  "  requests: {duration: " time ", arrivals: {rate: " rate                            \
  "}, lengths: {prompt: {tokens: "                                                     \
  "500}, output: {tokens: 100}}}\n"

// Failures every 2 h, 30 min down: a fifth of the time. Of 8 replicas in 600 h there are 1,920 cycles.
static void test_share_of_lost_capacity(void **state) {
  (void)state;
  clx_scenario *s;
  clx_service *service =
      serve(REQUESTS("0.005 1/s", "600 h")
            "  start: {boot: 5 min, bandwidth: 1000 TB/s}\n  outages: {mtbf: 2 h, repair: 25 min}\n"
            "  pools: [{name: one, server: dgx_h100, replicas: 8}]\n",
            &s);
  CLX_CHECK_NEAR(value(service, "serving.pool.one.available"), 0.8, 1e-4, 0);
  CLX_CHECK_NEAR(value(service, "serving.pool.one.mttr"), 1800, 1e-4, 0);
  CLX_CHECK_NEAR(value(service, "serving.available"), 0.8, 0.02, 0);
  CLX_CHECK_NEAR(value(service, "serving.outages"), 600 * 8 / 2.5, 0.06, 0);
  CLX_CHECK_NEAR(value(service, "serving.held"), 8, 1e-12, 0);  // what is down is paid for
  assert_true(value(service, "serving.lost") == 0 && value(service, "serving.stable") == 1);
  end(service, s);
}

static void test_one_outage(void **state) {
  (void)state;
  static const char TWO[] = "  pools: [{name: one, server: dgx_h100, replicas: 2}]\n";
  char text[2048];
  clx_scenario *s;
  snprintf(text, sizeof text,
           "%s  outages: {stated: [{replica: 1, at: 60 s, for: 60 s}], notice: 5 s}\n  router: round-robin\n%s",
           REQUESTS("20 1/s", "200 s"), TWO);
  clx_service *service = serve(text, &s);
  CLX_CHECK_NEAR(value(service, "serving.available"), 1 - 60 / 400.0, 0.01, 0);
  assert_true(value(service, "serving.outages") == 1 && value(service, "serving.lost") == 0);
  // Half of the requests of 5 s wait there, and those that were there before; four fifths of them beyond the second that is promised.
  CLX_CHECK_NEAR(value(service, "serving.moved"), 10 * (5 + value(service, "serving.e2e.mean")), 0.15, 0);
  CLX_CHECK_NEAR(value(service, "serving.missed_down"), 10 * 5 * 0.8, 0.15, 0);
  assert_true(value(service, "serving.undisturbed.within") == 1);
  CLX_CHECK_NEAR(value(service, "serving.within"), 1 - value(service, "serving.missed_down") / 4000, 0.005, 0);
  assert_true(value(service, "serving.ttft.p99") > 5 * value(service, "serving.undisturbed.ttft_p99"));
  end(service, s);
  snprintf(text, sizeof text, "%s  outages: {stated: [{replica: 1, at: 60 s, for: 60 s}], requests: lost}\n%s",
           REQUESTS("20 1/s", "200 s"), TWO);
  service = serve(text, &s);
  assert_true(value(service, "serving.moved") == 0);
  // Those that were there: half of the rate for as long as a request takes.
  CLX_CHECK_NEAR(value(service, "serving.lost"), 10 * value(service, "serving.e2e.mean"), 0.8, 0);
  end(service, s);
}

// 148 + 72 + ... failures of GPUs, servers, NICs and links of Llama 3's fleet, in those of one server; a process of its own for each replica.
static void test_rates_of_the_section_reliability(void **state) {
  (void)state;
  clx_scenario *s;
  clx_service *service = serve(
      "reliability: {failures: llama3-h100, scale: 10000}\n" REQUESTS(
          "0.1 1/s", "60 h") "  start: {boot: 0 s, bandwidth: 1000 TB/s}\n  outages: {reliability: yes}\n"
                           "  pools: [{name: whole, server: dgx_h100, tp: 8, replicas: 4}, {name: ones, server: "
                           "dgx_h100, replicas: 8}]\n",
      &s);
  // 419 interruptions in 54 days of 2,048 servers, if each had as many NICs as theirs.
  const double all = 54 * 86400.0 * 2048 / 419 / 10000;
  CLX_CHECK_NEAR(value(service, "serving.pool.whole.mtbf"), all, 0.1, 0);
  // A replica of one GPU has the hardware of all its server against it, and an eighth of the software.
  assert_true(value(service, "serving.pool.ones.mtbf") > value(service, "serving.pool.whole.mtbf"));
  assert_true(value(service, "serving.pool.ones.mtbf") < 1.2 * value(service, "serving.pool.whole.mtbf"));
  const double whole = value(service, "serving.pool.whole.available"),
               ones = value(service, "serving.pool.ones.available");
  assert_true(whole > 0.8 && whole < ones && ones < 0.99);
  CLX_CHECK_NEAR(1 - value(service, "serving.available"), 1 - (4 * whole + 8 * ones) / 12, 0.25, 0);
  end(service, s);
}

// --- scaling --------------------------------------------------------------------------------------------------------------

// A step of load: requests that are there, by Little's law, over the target; half a replica more, as they are whole.
static void test_scaling_holds_its_target(void **state) {
  (void)state;
  clx_scenario *s;
  clx_service *service = serve(
      REQUESTS("60 1/s", "900 s")
      "  start: {boot: 10 s, bandwidth: 5 GB/s}\n  warmup: 300 s\n"
      "  autoscale: [{target: 8, interval: 5 s, calm: 30 s, tolerance: 0}]\n"
      "  pools: [{name: one, server: dgx_h100, replicas: 20, price: 2 USD/h}]\n",
      &s);
  const double there = 60 * value(service, "serving.e2e.mean"), held = value(service, "serving.held");
  assert_true(there / 8 > 2 && there / 8 < 16);
  assert_true(held > there / 8 && held < there / 8 + 2.5);  // and what `calm` keeps
  CLX_CHECK_NEAR(value(service, "serving.pool.one.start"), 10 + 16.06e9 / 5e9, 0.01, 0);
  CLX_CHECK_NEAR(value(service, "serving.gpu_time"), held * 900, 0.02, 0);
  CLX_CHECK_NEAR(value(service, "serving.cost") * value(service, "serving.output"), held * 2 / 3600, 1e-6, 0);
  CLX_CHECK_NEAR(value(service, "serving.output_gpu"), value(service, "serving.output") / held, 1e-6, 0);
  CLX_CHECK_NEAR(value(service, "serving.power_gpu"), value(service, "serving.power") / held, 1e-6, 0);
  assert_true(value(service, "serving.within") > 0.99);  // after the warm-up
  clx_error error = {0};
  char *data = NULL;
  size_t size = 0;
  assert_int_equal(clx_service_write(service, "replicas", &data, &size, &error), CLX_OK);
  check_drawing(data);
  clx_text_free(data);
  assert_int_equal(clx_service_write(service, "staff", &data, &size, &error), CLX_OK);
  assert_non_null(strstr(data, "pool,time_s,ready"));
  clx_text_free(data);
  end(service, s);
}

// Demand that swings: replicas follow it, cost less than as many as the peak needs, and serve as much.
static void test_day_gives_replicas_back(void **state) {
  (void)state;
  clx_scenario *s;
  static const char DAY[] =
      "serving:\n  model: llama-3.1-8b\n  weights: bf16\n  seeds: 1\n  slo: {ttft: 1 s}\n"
      "  requests: {duration: 13 h, arrivals: {kind: diurnal, rate: 6 1/s, swing: 0.8, peak: 12}, lengths: {prompt: "
      "{tokens: 500}, output: {tokens: 40}}}\n  pools: [{name: one, server: dgx_h100, replicas: 8, price: 2 USD/h}]\n";
  char text[2048];
  snprintf(text, sizeof text, "%s  start: {boot: 60 s, bandwidth: 10 GB/s}\n  autoscale: [{target: 1}]\n", DAY);
  clx_service *fixed = serve(DAY, &s);
  const double dear = value(fixed, "serving.cost"), energy = value(fixed, "serving.energy"),
               output = value(fixed, "serving.output");
  end(fixed, s);
  clx_service *service = serve(text, &s);
  const double *time, *ready;
  int32_t count = 0;
  ready = clx_result_series(clx_service_result(service), "serving.replicas.one.ready", &time, &count);
  double noon = 0, night = 0, noons = 0, nights = 0;
  for (int32_t i = 0; i < count; i++) {
    const double hour = time[i] / 3600;
    if (hour > 11 && hour < 13) noon += ready[i], noons++;
    if (hour < 1) night += ready[i], nights++;
  }
  assert_true(noon / noons > 3 * night / nights);
  assert_true(value(service, "serving.cost") < 0.8 * dear && value(service, "serving.energy") < 0.9 * energy);
  CLX_CHECK_NEAR(value(service, "serving.output"), output, 0.01, 0);
  assert_true(value(service, "serving.starts") > 5);
  end(service, s);
}

// Pools apart scale each by its own work.
static void test_pools_apart_scale(void **state) {
  (void)state;
  clx_scenario *s;
  clx_service *service = serve(
      REQUESTS("30 1/s", "300 s")
      "  start: {boot: 10 s, bandwidth: 5 GB/s}\n"
      "  autoscale: [{pool: p, target: 2, calm: 30 s}, {pool: d, target: 8, calm: 30 s}]\n"
      "  pools: [{name: p, role: prefill, server: dgx_h100, replicas: 6}, {name: d, role: decode, server: dgx_h100, "
      "replicas: 12}]\n",
      &s);
  const double *time, *ready;
  int32_t count = 0;
  double most = 0;
  ready = clx_result_series(clx_service_result(service), "serving.replicas.d.ready", &time, &count);
  for (int32_t i = 0; i < count; i++) most = ready[i] > most ? ready[i] : most;
  assert_true(most >= 2 && value(service, "serving.held") < 18);
  assert_true(value(service, "serving.stable") == 1);
  end(service, s);
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
      cmocka_unit_test(test_progress_stops),
      cmocka_unit_test(test_mistakes_are_named),
      cmocka_unit_test(test_eager_pools_are_slower),
      cmocka_unit_test(test_share_of_lost_capacity),
      cmocka_unit_test(test_one_outage),
      cmocka_unit_test(test_rates_of_the_section_reliability),
      cmocka_unit_test(test_scaling_holds_its_target),
      cmocka_unit_test(test_day_gives_replicas_back),
      cmocka_unit_test(test_pools_apart_scale),
  };
  return cmocka_run_group_tests(tests, open_catalogue, close_catalogue);
}
