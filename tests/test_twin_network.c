// The study of a network: conservation, bounds and order of rates, jobs, what is left out, what is refused.
#include "check.h"

#include "catalog/catalog.h"
#include "twin/twin.h"

// Half of 1,024 H100, two NICs of a server for storage; %s: lines of network.
static const char SCENARIO[] =
    "name: small\n"
    "machine:\n"
    "  fleet:\n"
    "    - {server: dgx_h100, rack: dgx_h100_4, gpus: 1024}\n"
    "network:\n"
    "  switch: qm9700\n"
    "%s"
    "training:\n"
    "  model: llama-3.1-70b\n"
    "  software: megatron-core\n"
    "  gpus: 512\n"
    "  tokens: 1T\n"
    "  sequence: 8192\n"
    "  global_batch: 512\n"
    "  precision: bf16\n"
    "  layout: {tp: 4, pp: 4, vpp: 5, dp: 32, micro_batch: 1, sharding: zero1}\n";

static clx_catalog *catalog;

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

static clx_status read_small(const char *network, clx_scenario **scenario, clx_error *error) {
  char text[2048];
  const int length = snprintf(text, sizeof text, SCENARIO, network);
  assert_true(length > 0 && (size_t)length < sizeof text);
  return clx_scenario_read(catalog, "small.yaml", text, (size_t)length, scenario, error);
}

static clx_scenario *load(const char *network) {
  clx_scenario *scenario = NULL;
  clx_error error = {0};
  if (read_small(network, &scenario, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  return scenario;
}

static clx_status study(const char *network, uint64_t seed, const char *traffic, clx_result **result,
                        clx_error *error) {
  clx_scenario *scenario = NULL;
  clx_network_options options;
  clx_network_options_default(&options);
  options.seed = seed;
  options.traffic = traffic;
  clx_error_clear(error);
  clx_status status = read_small(network, &scenario, error);
  if (status == CLX_OK) status = clx_network_run(scenario, &options, result, error);
  clx_scenario_free(scenario);
  return status;
}

static clx_result *must(const char *network, uint64_t seed, const char *traffic) {
  clx_result *result = NULL;
  clx_error error;
  if (study(network, seed, traffic, &result, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  return result;
}

static double get(const clx_result *r, const char *name) {
  const clx_quantity *q = clx_result_find(r, name);
  if (q == NULL) fail_msg("no %s", name);
  return q == NULL ? 0 : q->value;
}

// What NICs send is what their links carry; nothing is fuller than full.
static void test_conservation(void **state) {
  (void)state;
  static const char *const networks[] = {"",
                                         "  routing: ecmp\n",
                                         "  routing: ecmp\n  flows: 8\n",
                                         "  oversubscription: [3, 1]\n",
                                         "  wiring: block\n",
                                         "  planes: 2\n"};
  static const char *const traffic[] = {"permutation", "ring", "all_to_all"};
  enum { SENDERS = 1024 };  // NICs for storage are silent
  for (int32_t i = 0; i < CLX_COUNT(networks); i++) {
    for (int32_t k = 0; k < CLX_COUNT(traffic); k++) {
      clx_result *r = must(networks[i], 1, traffic[k]);
      char name[64];
      snprintf(name, sizeof name, "network.%s.mean", traffic[k]);
      const double sent = SENDERS * get(r, name) / get(r, "network.planes");
      static const char *const ends[] = {"nic_up", "nic_down"};
      for (int32_t end = 0; end < 2; end++) {
        snprintf(name, sizeof name, "network.heat.%s.mean", ends[end]);
        const double mean = get(r, name);
        snprintf(name, sizeof name, "network.heat.%s.links", ends[end]);
        const double links = get(r, name);
        snprintf(name, sizeof name, "network.heat.%s.rate", ends[end]);
        CLX_CHECK_NEAR(mean * links * get(r, name), sent, 1e-6, 0);
      }
      for (int32_t q = 0; q < clx_result_count(r); q++) {
        const clx_quantity *one = clx_result_at(r, q);
        if (strncmp(one->name, "network.heat.", 13) == 0 && strcmp(one->unit, "") == 0 &&
            strstr(one->name, ".links") == NULL) {
          assert_true(one->value >= 0 && one->value <= 1 + 1e-9);
        }
      }
      clx_result_free(r);
    }
  }
}

static void test_order_of_rates(void **state) {
  (void)state;
  clx_result *spray = must("", 1, NULL), *hash = must("  routing: ecmp\n", 1, NULL);
  clx_result *flows = must("  routing: ecmp\n  flows: 16\n", 1, NULL);
  clx_result *thin = must("  oversubscription: 4\n", 1, NULL);
  const double sprayed = get(spray, "network.permutation.share"), one = get(hash, "network.permutation.share"),
               many = get(flows, "network.permutation.share");
  // Spraying a non-blocking Clos gives every NIC the efficiency that the catalogue states.
  CLX_CHECK_NEAR(get(spray, "network.permutation.worst"), get(spray, "network.permutation.mean"), 1e-3, 0);
  assert_true(sprayed > 0.9 && one < 0.75 && many > 0.9 && many > one);
  assert_true(get(hash, "network.permutation.worst") < get(hash, "network.permutation.mean"));
  assert_true(get(flows, "network.permutation.split_mean") < get(flows, "network.permutation.mean"));
  CLX_CHECK_NEAR(get(hash, "network.permutation.split_mean"), get(hash, "network.permutation.mean"), 1e-12, 0);
  assert_true(get(thin, "network.bisection_share") < 0.35);
  CLX_CHECK_NEAR(get(spray, "network.bisection_share"), 1, 1e-9, 0);
  clx_result_free(spray);
  clx_result_free(hash);
  clx_result_free(flows);
  clx_result_free(thin);
}

static char *json_of(clx_result *r) {
  char *text = NULL;
  clx_error error = {0};
  assert_int_equal(clx_result_json(r, &text, &error), CLX_OK);
  clx_result_free(r);
  return text;
}

static void test_seed(void **state) {
  (void)state;
  static const char network[] = "  routing: ecmp\n  placement: {kind: random}\n";
  char *one = json_of(must(network, 7, NULL)), *same = json_of(must(network, 7, NULL));
  char *other = json_of(must(network, 8, NULL)), *plain = json_of(must(network, 0, NULL));
  char *first = json_of(must(network, 1, NULL));
  assert_string_equal(one, same);
  assert_string_not_equal(one, other);
  assert_string_equal(plain, first);  // 0: the scenario's own, 1 unless it says otherwise
  clx_text_free(one);
  clx_text_free(same);
  clx_text_free(other);
  clx_text_free(plain);
  clx_text_free(first);
}

static void test_collectives(void **state) {
  (void)state;
  clx_result *r = must("", 1, NULL);
  const double n = get(r, "network.all_reduce.ranks");
  CLX_CHECK_NEAR(n, 512, 0, 0);
  CLX_CHECK_NEAR(get(r, "network.all_reduce.time_1GiB") * get(r, "network.all_reduce.bus_bandwidth_1GiB"),
                 (double)(1 << 30) * 2 * (n - 1) / n, 1e-12, 0);
  CLX_CHECK_NEAR(get(r, "network.all_to_all.time_64MiB") * get(r, "network.all_to_all.bus_bandwidth_64MiB"),
                 (double)(64 << 20) * (n - 1) / n, 1e-12, 0);
  CLX_CHECK_NEAR(get(r, "network.send_recv.ranks"), 2, 0, 0);
  assert_true(get(r, "network.all_reduce.time_1MiB") < get(r, "network.all_reduce.time_1GiB"));
  assert_non_null(clx_result_fact(r, "network.all_reduce.algorithm_1GiB"));
  assert_null(clx_result_find(r, "network.moe_dispatch.time_1GiB"));  // a dense model
  clx_result_free(r);
}

// Times carry the error of the library's record; a library without one, no band, and says so.
static void test_bands(void **state) {
  (void)state;
  clx_result *r = must("", 1, NULL), *none = must("  library: ideal\n", 1, NULL);
  const clx_quantity *time = clx_result_find(r, "network.all_reduce.time_1GiB");
  const clx_quantity *rate = clx_result_find(r, "network.all_reduce.bus_bandwidth_1GiB");
  assert_non_null(time);
  assert_non_null(rate);
  assert_true(time->low < time->value && time->value < time->high);
  CLX_CHECK_NEAR(rate->low * time->high, rate->value * time->value, 1e-12, 0);
  CLX_CHECK_NEAR(rate->high * time->low, rate->value * time->value, 1e-12, 0);
  assert_non_null(strstr(time->doc, "record"));
  const clx_quantity *bare = clx_result_find(none, "network.all_reduce.time_1GiB");
  assert_non_null(bare);
  assert_true(bare->low == bare->value && bare->high == bare->value);
  assert_non_null(strstr(bare->doc, "no band"));
  clx_result_free(r);
  clx_result_free(none);
}

static void test_failures(void **state) {
  (void)state;
  static const char *const parts[] = {"nic", "nic_link", "leaf", "leaf_link", "spine"};
  clx_result *r = must("  routing: ecmp\n", 1, NULL);
  for (int32_t i = 0; i < CLX_COUNT(parts); i++) {
    char name[64];
    snprintf(name, sizeof name, "network.failure.%s.part", parts[i]);
    assert_non_null(clx_result_fact(r, name));
    snprintf(name, sizeof name, "network.failure.%s.mean", parts[i]);
    CLX_CHECK_NEAR(get(r, name), get(r, "network.permutation.mean"), 0.05, 0);
    snprintf(name, sizeof name, "network.failure.%s.slowed_share", parts[i]);
    assert_true(get(r, name) > 0 && get(r, name) <= 1);
  }
  // A NIC takes itself and what sends to it.
  CLX_CHECK_NEAR(get(r, "network.failure.nic.cut"), 2, 0, 0);
  CLX_CHECK_NEAR(get(r, "network.failure.leaf_link.cut"), 0, 0, 0);
  clx_result_free(r);
}

static void test_jobs(void **state) {
  (void)state;
  static const char two[] =
      "  routing: ecmp\n"
      "  oversubscription: 4\n"
      "  placement: {kind: random}\n"
      "  jobs:\n"
      "    - {name: other, gpus: 256, pattern: permutation, placement: {kind: random}}\n"
      "    - {name: quiet, gpus: 64, pattern: ring, load: 0.25}\n";
  clx_result *r = must(two, 3, NULL);
  CLX_CHECK_NEAR(get(r, "network.job.servers"), 64, 0, 0);
  CLX_CHECK_NEAR(get(r, "network.job_1.servers"), 32, 0, 0);
  assert_true(get(r, "network.job.mean") < get(r, "network.job.alone"));
  assert_true(get(r, "network.job_1.mean") < get(r, "network.job_1.alone"));
  assert_true(get(r, "network.job_2.share") <= 0.25 * (1 + 1e-9));
  assert_string_equal(clx_result_fact(r, "network.job_1.name"), "other");
  assert_string_equal(clx_result_fact(r, "network.heat.traffic"), "of all jobs together");
  clx_result_free(r);
  clx_error error;
  clx_result *none = NULL;
  assert_int_equal(study("  jobs:\n    - {name: big, gpus: 513, pattern: idle}\n", 1, NULL, &none, &error),
                   CLX_INFEASIBLE);
  assert_null(none);
  assert_non_null(strstr(error.mistake[0].text, "job 'big' needs 513 GPUs"));
  assert_non_null(strstr(error.mistake[0].text, "512"));
}

static void test_traffic_names(void **state) {
  (void)state;
  static const struct {
    const char *network, *traffic, *says;
  } cases[] = {{"", "rnig", "no traffic 'rnig'; did you mean 'ring'?"},
               {"", "quantum entanglement", "there are permutation, ring, all_to_all and jobs"},
               {"", "jobs", "needs other jobs"},
               {"  wiring: rail_only\n", "all_to_all", "rail-only"}};
  for (int32_t i = 0; i < CLX_COUNT(cases); i++) {
    clx_result *none = NULL;
    clx_error error;
    assert_int_equal(study(cases[i].network, 1, cases[i].traffic, &none, &error), CLX_INPUT);
    assert_null(none);
    if (strstr(error.mistake[0].text, cases[i].says) == NULL) fail_msg("%s", error.mistake[0].text);
  }
  for (int32_t i = 0; clx_network_traffic_name(i) != NULL; i++) {
    assert_string_equal(clx_network_traffic_name(i), clx_study_traffic_name[i]);
  }
}

static void test_rail_only(void **state) {
  (void)state;
  clx_result *r = must("  wiring: rail_only\n", 1, NULL);
  assert_null(clx_result_find(r, "network.permutation.mean"));
  assert_true(get(r, "network.ring.mean") > 0);
  assert_string_equal(clx_result_fact(r, "network.failure.traffic"), "ring");
  assert_int_equal(clx_result_warning_count(r), 1);
  clx_result_free(r);
}

typedef struct steps {
  int32_t count;
  char first[64];
} steps;

static void note(void *context, const char *step) {
  steps *s = context;
  if (s->count++ == 0) snprintf(s->first, sizeof s->first, "%s", step);
}

static void test_progress(void **state) {
  (void)state;
  clx_scenario *scenario = load("");
  clx_result *r = NULL;
  clx_error error = {0};
  steps seen = {0};
  const clx_network_options options = {.progress = note, .context = &seen};
  assert_int_equal(clx_network_run(scenario, &options, &r, &error), CLX_OK);
  assert_true(seen.count >= 5);
  assert_string_equal(seen.first, "random permutation");
  clx_result_free(r);
  clx_scenario_free(scenario);
}

// Every wiring ends in a report and a drawing, and a run carries what needs no study.
static void test_topologies(void **state) {
  (void)state;
  static const char *const networks[] = {"  topology: dragonfly\n", "  topology: dragonfly_plus\n",
                                         "  topology: torus\n  dimensions: [16, 8]\n",
                                         "  topology: mesh\n  dimensions: [128]\n", "  dual_tor: true\n"};
  for (int32_t i = 0; i < CLX_COUNT(networks); i++) {
    clx_scenario *scenario = load(networks[i]);
    clx_network_options options;
    clx_network_options_default(&options);
    clx_result *r = NULL;
    clx_error error = {0};
    char *texts[3] = {0};
    if (clx_network_run(scenario, &options, &r, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
    assert_int_equal(clx_network_text(r, false, &texts[0], &error), CLX_OK);
    assert_int_equal(clx_network_csv(r, &texts[1], &error), CLX_OK);
    assert_int_equal(clx_network_svg(scenario, r, &texts[2], &error), CLX_OK);
    assert_non_null(strstr(texts[0], "\npatterns "));
    assert_null(strstr(texts[0], "nan"));
    assert_true(get(r, "network.permutation.worst") > 0);
    for (int32_t k = 0; k < 3; k++) clx_text_free(texts[k]);
    clx_result_free(r);
    clx_scenario_free(scenario);
  }
}

static void test_run_carries_the_bill(void **state) {
  (void)state;
  clx_scenario *scenario = load("");
  clx_run_options options;
  clx_run_options_default(&options);
  clx_result *r = NULL;
  clx_error error = {0};
  if (clx_scenario_run(scenario, &options, &r, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  CLX_CHECK_NEAR(get(r, "network.cables.copper"), 128 * 10, 0, 0);
  CLX_CHECK_NEAR(get(r, "network.switches"), get(r, "machine.switches"), 0, 0);
  assert_true(get(r, "network.bisection") > 0);
  assert_null(clx_result_find(r, "network.permutation.mean"));
  clx_result_free(r);
  clx_scenario_free(scenario);
}

// Memory that runs out anywhere in a study is an error, nothing else.
static void test_memory_runs_out(void **state) {
  (void)state;
  clx_scenario *scenario = load("  jobs:\n    - {name: other, gpus: 64}\n");
  clx_network_options options;
  clx_network_options_default(&options);
  int32_t failures = 0;
  for (int64_t n = 1; n < 4000; n = n * 5 / 4 + 1) {
    clx_result *r = NULL;
    clx_error error = {0};
    clx_memory_fail_after(n);
    const clx_status status = clx_network_run(scenario, &options, &r, &error);
    clx_memory_fail_after(0);
    assert_true(status == CLX_OK ? r != NULL : status == CLX_MEMORY && r == NULL);
    failures += status != CLX_OK;
    clx_result_free(r);
  }
  assert_true(failures > 3);
  clx_scenario_free(scenario);
}

// A device of a family that the library has no constants of: another's are taken, and the result says whose.
static void test_foreign_devices_are_named(void **state) {
  (void)state;
  clx_scenario *scenario = load("");
  clx_device *device = (clx_device *)scenario->machine.network.device;
  clx_network_options options;
  clx_network_options_default(&options);
  for (int foreign = 0; foreign < 2; foreign++) {
    clx_error error = {0};
    clx_result *result = NULL;
    if (foreign) device->family = "cdna3";
    assert_int_equal(clx_network_run(scenario, &options, &result, &error), CLX_OK);
    bool said = false;
    for (int32_t i = 0; i < clx_result_warning_count(result); i++)
      said = said || strstr(clx_result_warning(result, i), "none of 'cdna3'") != NULL;
    assert_true(said == (foreign == 1));
    clx_result_free(result);
  }
  clx_scenario_free(scenario);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_conservation),
      cmocka_unit_test(test_order_of_rates),
      cmocka_unit_test(test_seed),
      cmocka_unit_test(test_collectives),
      cmocka_unit_test(test_bands),
      cmocka_unit_test(test_failures),
      cmocka_unit_test(test_jobs),
      cmocka_unit_test(test_foreign_devices_are_named),
      cmocka_unit_test(test_traffic_names),
      cmocka_unit_test(test_rail_only),
      cmocka_unit_test(test_progress),
      cmocka_unit_test(test_topologies),
      cmocka_unit_test(test_run_carries_the_bill),
      cmocka_unit_test(test_memory_runs_out),
  };
  return cmocka_run_group_tests(tests, open_catalogue, close_catalogue);
}
