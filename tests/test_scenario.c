// Whole scenarios through the public interface: the shipped ones, every model, every rack, cohorts, repeatability.
#include "check.h"

#include <stdio.h>

#include "scenario/scenario.h"

static clx_catalog *catalog;

// Runs a scenario text; NULL with *status when it did not run. Free with clx_result_free.
static clx_result *run_text(const char *text, clx_status *status, clx_error *error) {
  clx_scenario *scenario = NULL;
  clx_result *result = NULL;
  clx_run_options options;
  clx_run_options_default(&options);
  clx_error_clear(error);
  *status = clx_scenario_read(catalog, "test.yaml", text, strlen(text), &scenario, error);
  if (*status == CLX_OK) *status = clx_scenario_run(scenario, &options, &result, error);
  clx_scenario_free(scenario);
  return result;
}

static double value_of(const clx_result *result, const char *name) {
  const clx_quantity *q = clx_result_find(result, name);
  if (q == NULL) fail_msg("there is no result '%s'", name);
  return q->value;
}

static clx_result *run_shipped(const char *name) {
  clx_error error = {0};
  clx_scenario *scenario = NULL;
  clx_result *result = NULL;
  clx_run_options options;
  clx_run_options_default(&options);
  if (clx_scenario_load(catalog, name, NULL, 0, &scenario, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  if (clx_scenario_run(scenario, &options, &result, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  clx_scenario_free(scenario);
  return result;
}

// Orders and services have cases and tests of their own, for their own commands.
static bool is_study(const char *name) {
  clx_error error = {0};
  clx_scenario *s = NULL;
  if (clx_scenario_load(catalog, name, NULL, 0, &s, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  const clx_scenario_spec *spec = &s->spec;
  const bool serves =
      !clx_scenario_is_training(s) && !clx_is_stated(spec->cost.place) && !clx_is_stated(spec->power.place);
  const bool study = serves || (clx_is_stated(spec->supply.place) && spec->reliability.failures == NULL);
  clx_scenario_free(s);
  return study;
}

static void test_shipped_scenarios(void **state) {
  (void)state;
  const char *name, *title;
  int32_t count = 0;
  for (; (name = clx_scenario_name(count, &title)) != NULL; count++) {
    assert_true(strlen(title) > 10);
    if (is_study(name)) continue;
    clx_result *result = run_shipped(name);
    if (clx_result_find(result, "power.it_mean") == NULL) {  // work that is stated, not computed: there for its cost
      assert_true(value_of(result, "cost.per_token") > 0);
      clx_result_free(result);
      continue;
    }
    assert_true(value_of(result, "power.it_mean") < value_of(result, "power.it_peak"));
    if (clx_result_find(result, "training.mfu") == NULL) {  // many jobs
      assert_non_null(clx_result_find(result, "power.jobs.count"));
      clx_result_free(result);
      continue;
    }
    assert_true(value_of(result, "training.mfu") > 0.1 && value_of(result, "training.mfu") < 0.7);
    assert_true(value_of(result, "training.memory.total") <= value_of(result, "training.memory.capacity"));
    assert_true(value_of(result, "machine.gpus_used") + value_of(result, "machine.gpus_spare") ==
                value_of(result, "machine.gpus"));
    for (int32_t i = 0; i < clx_result_count(result); i++) {
      const clx_quantity *q = clx_result_at(result, i);
      assert_true(q->low <= q->value && q->value <= q->high);
    }
    clx_result_free(result);
  }
  assert_int_equal(count, 17);
}

// Published: 10.60 to 10.65 s; of 64 servers 438.3 kW over the run, 409.3 kW in evaluations, dips of 10.7 % in a meter of 2 s; 41 % MFU.
static void test_published_runs(void **state) {
  (void)state;
  clx_result *gpt3 = run_shipped("gpt3-mlperf-512"), *llama = run_shipped("llama3-405b-16k");
  CLX_CHECK_NEAR(value_of(gpt3, "training.step_time"), 10.62, 0.15, 0);
  // Scope: the servers alone, so that the network is no part of it.
  CLX_CHECK_NEAR(value_of(gpt3, "power.it_mean"), 438.3e3, 0.03, 0);
  CLX_CHECK_NEAR(value_of(gpt3, "power.node_mean"), 6849, 0.03, 0);
  CLX_CHECK_NEAR(value_of(gpt3, "power.pass.evaluation.mean"), 409.3e3, 0.03, 0);
  CLX_CHECK_NEAR(value_of(gpt3, "power.dip_depth"), 0.107, 0, 0.02);
  CLX_CHECK_NEAR(value_of(llama, "training.mfu"), 0.41, 0.15, 0);
  clx_result_free(gpt3);
  clx_result_free(llama);
}

// The reference machine: nine ports a server, three tiers, 64 GPUs a rack, 150 MW of grid power at full load.
static void test_reference_machine(void **state) {
  (void)state;
  clx_result *result = run_shipped("colossus-1");
  assert_true(value_of(result, "machine.servers") == 12500);
  assert_true(value_of(result, "machine.racks") == 1563);
  assert_true(value_of(result, "machine.endpoints") == 112500);
  assert_true(value_of(result, "machine.tiers") == 3);
  assert_true(value_of(result, "power.site_peak") > 110e6 && value_of(result, "power.site_peak") < 155e6);
  clx_result_free(result);
}

static const char FORM[] =
    "name: t\nmachine: {fleet: [%s]}\nnetwork: {switch: sn5600}\n"
    "training: {model: %s, sequence: 4096, global_batch: 256, precision: bf16%s}\n";

static void fill(char *text, size_t size, const char *fleet, const char *model, const char *more) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  snprintf(text, size, FORM, fleet, model, more);
#pragma GCC diagnostic pop
}

// Every model trains on 256 H100 or is refused with its reason; families are refused by name.
static void test_every_model(void **state) {
  (void)state;
  const char *name;
  int32_t ran = 0;
  for (int32_t i = 0; (name = clx_catalog_name(catalog, "model", i)) != NULL; i++) {
    char text[512];
    clx_status status;
    clx_error error;
    fill(text, sizeof text, "{server: dgx_h100, rack: dgx_h100_4, gpus: 256}", name, "");
    clx_result *result = run_text(text, &status, &error);
    if (status == CLX_INPUT) assert_non_null(strstr(error.mistake[0].text, "is a family of models"));
    if (status == CLX_INFEASIBLE) assert_non_null(strstr(error.mistake[0].text, "the closest needs"));
    assert_true(status == CLX_OK || status == CLX_INPUT || status == CLX_INFEASIBLE);
    ran += status == CLX_OK ? 1 : 0;
    clx_result_free(result);
  }
  assert_true(ran >= 20);
}

static void test_every_rack(void **state) {
  (void)state;
  const char *name;
  for (int32_t i = 0; (name = clx_catalog_name(catalog, "rack", i)) != NULL; i++) {
    char text[512], fleet[200];
    clx_status status;
    clx_error error;
    const char *server = clx_node_get(clx_catalog_entry(catalog, "rack", name), "server")->text;
    snprintf(fleet, sizeof fleet, "{server: %s, rack: %s, gpus: 144}", server, name);
    fill(text, sizeof text, fleet, "llama-3.1-8b", ", layout: {tp: 2, dp: 64}");
    clx_result *result = run_text(text, &status, &error);
    if (status != CLX_OK) fail_msg("%s: %s", name, error.mistake[0].text);
    assert_true(value_of(result, "machine.gpus_spare") == 16);
    clx_result_free(result);
  }
}

// Cohort = expanded: one item of 256 GPUs and eight of 32 are one machine.
static void test_cohort_equals_expanded(void **state) {
  (void)state;
  static const char *const same[] = {"training.step_time", "training.memory.total", "power.it_mean", "power.it_peak",
                                     "machine.switches",   "machine.racks",         "machine.cables"};
  const char *one = "{server: dgx_h100, rack: dgx_h100_4, gpus: 256}";
  char many[512] = "", text[1024];
  for (int i = 0; i < 8; i++) strcat(strcat(many, i > 0 ? ", " : ""), "{server: dgx_h100, rack: dgx_h100_4, gpus: 32}");
  clx_status status;
  clx_error error;
  fill(text, sizeof text, one, "llama-3.1-70b", ", layout: {tp: 8, pp: 4, dp: 8}");
  clx_result *a = run_text(text, &status, &error);
  fill(text, sizeof text, many, "llama-3.1-70b", ", layout: {tp: 8, pp: 4, dp: 8}");
  clx_result *b = run_text(text, &status, &error);
  for (int32_t i = 0; i < CLX_COUNT(same); i++) CLX_CHECK_NEAR(value_of(b, same[i]), value_of(a, same[i]), 1e-12, 0);
  clx_result_free(a);
  clx_result_free(b);
}

static void test_same_bits_every_time(void **state) {
  (void)state;
  char *first = NULL;
  for (int i = 0; i < 3; i++) {
    clx_result *result = run_shipped("colossus-200k");
    clx_error error = {0};
    char *text = NULL;
    assert_int_equal(clx_result_json(result, &text, &error), CLX_OK);
    if (first == NULL) {
      first = text;
    } else {
      assert_string_equal(text, first);
      clx_text_free(text);
    }
    clx_result_free(result);
  }
  clx_text_free(first);
}

static int setup(void **state) {
  (void)state;
  clx_error error = {0};
  return clx_catalog_open(NULL, &catalog, &error) == CLX_OK ? 0 : -1;
}

static int teardown(void **state) {
  (void)state;
  clx_catalog_close(catalog);
  return 0;
}

static clx_result *run_with(const char *network, clx_status *status, clx_error *error) {
  char text[2048];
  const int length = snprintf(text, sizeof text,
                              "name: placed\n"
                              "machine: {fleet: [{server: dgx_h100, rack: dgx_h100_4, gpus: 4096}]}\n"
                              "network: {switch: tomahawk5_51t%s}\n"
                              "training:\n"
                              "  model: llama-3.1-70b\n"
                              "  sequence: 8192\n"
                              "  global_batch: 2048\n"
                              "  gpus: 2048\n"
                              "  layout: {tp: 4, pp: 2, vpp: 5, dp: 256, micro_batch: 1, sharding: zero1}\n",
                              network);
  assert_true(length > 0 && (size_t)length < sizeof text);
  return run_text(text, status, error);
}

static double step_with(const char *network) {
  clx_error error;
  clx_status status;
  clx_result *result = run_with(network, &status, &error);
  if (status != CLX_OK) fail_msg("%s", error.mistake[0].text);
  const double step = value_of(result, "training.step_time");
  clx_result_free(result);
  return step;
}

// Hashing costs what leaves the units, scattering makes everything leave them, sub-flows mend it, other jobs cost what they
// share, and where packets are sprayed over a full fabric none of it matters but the way of the ring.
static void test_placement_reaches_training(void **state) {
  (void)state;
  const double sprayed = step_with(", routing: spray"), hashed = step_with(", routing: ecmp");
  const double scattered = step_with(", routing: ecmp, placement: {kind: random}");
  const double mended = step_with(", routing: ecmp, flows: 16, placement: {kind: random}");
  const double pieces = step_with(", routing: ecmp, placement: {kind: fragmented, fragment: 8}");
  assert_true(sprayed < hashed);
  assert_true(hashed < 1.0001 * pieces && pieces < scattered);  // pieces are whole servers: next to nothing
  assert_true(mended < scattered);
  CLX_CHECK_NEAR(step_with(", routing: spray, placement: {kind: random}"), sprayed, 0.02, 0);
}

// Whatever the routing: thinner or broken fabrics are never faster (a leaf with fewer uplinks holds more servers, which is worth
// a little), and another job never helps.
static void test_worse_fabrics_are_slower(void **state) {
  (void)state;
  static const char *const routings[] = {"ecmp", "static", "spray"}, *const wirings[] = {"rail", "block"};
  static const char *const worse[] = {"oversubscription: 3", "faults: [{kind: link, tier: 1, random: 0.3}]",
                                      "faults: [{kind: nic, index: 12, rate: 0.5}]",
                                      "jobs: [{name: other, gpus: 2048, pattern: permutation}]"};
  for (int32_t i = 0; i < 12; i++) {
    char base[160], more[320];
    snprintf(base, sizeof base, ", routing: %s, wiring: %s, placement: {kind: %s}", routings[i % 3], wirings[i / 3 % 2],
             i < 6 ? "contiguous" : "random");
    const double step = step_with(base);
    for (int32_t k = 0; k < 4; k++) {
      snprintf(more, sizeof more, "%s, %s", base, worse[k]);
      assert_true(step_with(more) >= step * (1 - 2e-3));
    }
  }
}

// A dead NIC of the job stops it, by name and place; one for storage or of a server that the job has not, does not.
static void test_dead_parts_of_a_job(void **state) {
  (void)state;
  clx_error error;
  clx_status status;
  assert_null(run_with(", faults: [{kind: nic, index: 12}]", &status, &error));
  assert_int_equal(status, CLX_INFEASIBLE);
  assert_non_null(strstr(error.mistake[0].text, "nic 2 of server 1"));
  assert_int_equal(error.mistake[0].line, 3);
  const double whole = step_with("");
  CLX_CHECK_NEAR(step_with(", faults: [{kind: nic, index: 8}]"), whole, 1e-12, 0);
  CLX_CHECK_NEAR(step_with(", faults: [{kind: nic, index: 5000}]"), whole, 1e-12, 0);
  assert_null(run_with(", wiring: block, faults: [{kind: link, tier: 1, random: 1}]", &status, &error));
  assert_int_equal(status, CLX_INFEASIBLE);
  assert_non_null(strstr(error.mistake[0].text, "leaf"));
}

// --- the section `reliability` ----------------------------------------------------------------------------------------------------

static clx_scenario *load_with(const char *name, const clx_setting *settings, int32_t count, clx_error *error) {
  clx_scenario *scenario = NULL;
  clx_error_clear(error);
  clx_scenario_load(catalog, name, settings, count, &scenario, error);
  return scenario;
}

// Every shipped scenario that trains says what fails, but for those of orders; one without the section is as valid.
static void test_reliability_of_shipped(void **state) {
  (void)state;
  clx_error error = {0};
  const char *name, *title;
  for (int32_t i = 0; (name = clx_scenario_name(i, &title)) != NULL; i++) {
    clx_scenario *scenario = load_with(name, NULL, 0, &error);
    if (scenario == NULL) fail_msg("%s: %s", name, error.mistake[0].text);
    const clx_reliability_spec *spec = &scenario->spec.reliability;
    const bool order = scenario->spec.supply.place.file != NULL && spec->failures == NULL;  // a study of deliveries
    if (!clx_scenario_is_training(scenario) || order) {
      clx_scenario_free(scenario);
      continue;
    }
    assert_non_null(spec->failures);
    assert_string_equal(scenario->failures.name, spec->failures);
    assert_true(scenario->failures.class_count > 1);
    assert_true(spec->scale == 1 && spec->jobs == 1 && spec->spares.count == -1);
    clx_scenario_free(scenario);
  }
  clx_scenario *llama = load_with("llama3-405b-16k", NULL, 0, &error);
  const clx_reliability_spec *spec = &llama->spec.reliability;
  assert_true(spec->horizon == 54 * 86400.0 && spec->confidence == 0.95 && spec->rates == 1 && spec->clock == 0);
  assert_true(spec->checkpoint.write == 2e12 && spec->spares.extra == 1024 && spec->recovery.restart == 600);
  clx_scenario_free(llama);
}

static const char plain[] =
    "name: plain\n"
    "machine: {fleet: [{server: dgx_h100, rack: dgx_h100_4, gpus: 64}, "
    "{server: dgx_h100, rack: dgx_h100_4, gpus: 64, phase: 2, arrival: 92 days}]}\n"
    "network: {switch: qm9700}\n"
    "training: {model: llama-3.1-8b, global_batch: 64, layout: {tp: 1, dp: 64}}\n";

static void test_reliability_is_optional(void **state) {
  (void)state;
  clx_error error = {0};
  clx_scenario *scenario = NULL;
  assert_int_equal(clx_scenario_read(catalog, "test.yaml", plain, strlen(plain), &scenario, &error), CLX_OK);
  assert_null(scenario->spec.reliability.failures);
  assert_null(scenario->failures.name);
  assert_int_equal(scenario->failures.class_count, 0);
  assert_true(scenario->machine.cohort[0].arrival == 0 && scenario->machine.cohort[1].arrival == 92 * 86400.0);
  clx_scenario_free(scenario);
}

// Classes of several entries stand one behind the other; no name twice.
static void test_reliability_of_several_entries(void **state) {
  (void)state;
  clx_error error = {0};
  const clx_setting one = {"reliability.failures", "rsc-2"},
                    two[] = {one, {"reliability.more", "[hpn-network, new-batch]"}},
                    twice[] = {one, {"reliability.more", "[rsc-1]"}},
                    wrong[] = {one, {"reliability.more", "[hpn-netwrk]"}};
  clx_scenario *scenario = load_with("colossus-1", two, 2, &error);
  assert_non_null(scenario);
  static const char *const names[] = {"infrastructure", "link", "leaf", "infant"};
  assert_int_equal(scenario->failures.class_count, CLX_COUNT(names));
  for (int32_t i = 0; i < CLX_COUNT(names); i++) assert_string_equal(scenario->failures.classes[i].name, names[i]);
  clx_scenario_free(scenario);
  assert_null(load_with("colossus-1", twice, 2, &error));
  assert_non_null(strstr(error.mistake[0].text, "both have a class 'infrastructure'"));
  assert_null(load_with("colossus-1", wrong, 2, &error));
  assert_non_null(strstr(error.mistake[0].text, "hpn-network"));
}

static void test_reliability_refuses(void **state) {
  (void)state;
  static const struct {
    clx_setting setting;
    const char *says;
  } table[] = {
      {{"reliability.failures", "llama3-h10"}, "llama3-h100"},
      {{"reliability.checkpoint.write", "0 B/s"}, "'reliability.checkpoint.write' is 0 B/s"},
      {{"reliability.checkpoint.write", "-1 B/s"}, "out of range"},
      {{"reliability.checkpoint.rule", "fixed"}, "'reliability.checkpoint.interval' is missing"},
      {{"reliability.horizon", "-1 d"}, "out of range"},
      {{"reliability.horizon", "inf s"}, "reliability.horizon"},
      {{"reliability.polcy.kind", "restart"}, "did you mean 'policy'"},
      {{"reliability.policy.kind", "mask"}, "masked"},
      {{"reliability.spares.count", "1.5"}, "whole number"},
      {{"machine.fleet.0.arrival", "-2 d"}, "out of range"},
      {{"reliability.classes", "[{name: fire, of: site, blast: site, events: 2}]"}, "without 'exposure'"},
  };
  for (int32_t i = 0; i < CLX_COUNT(table); i++) {
    clx_error error = {0};
    assert_null(load_with("colossus-1", &table[i].setting, 1, &error));
    assert_int_equal(error.status, CLX_INPUT);
    if (strstr(error.mistake[0].text, table[i].says) == NULL) fail_msg("%s", error.mistake[0].text);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_shipped_scenarios),
      cmocka_unit_test(test_published_runs),
      cmocka_unit_test(test_reference_machine),
      cmocka_unit_test(test_every_model),
      cmocka_unit_test(test_every_rack),
      cmocka_unit_test(test_cohort_equals_expanded),
      cmocka_unit_test(test_same_bits_every_time),
      cmocka_unit_test(test_placement_reaches_training),
      cmocka_unit_test(test_worse_fabrics_are_slower),
      cmocka_unit_test(test_dead_parts_of_a_job),
      cmocka_unit_test(test_reliability_of_shipped),
      cmocka_unit_test(test_reliability_is_optional),
      cmocka_unit_test(test_reliability_of_several_entries),
      cmocka_unit_test(test_reliability_refuses),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
