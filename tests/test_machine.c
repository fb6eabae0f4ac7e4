// Counts of servers, racks, switches and cables.
#include "check.h"

#include "machine/machine.h"

static clx_arena *arena;

static int open_arena(void **state) {
  (void)state;
  arena = clx_arena_new();
  return arena == NULL;
}

static int close_arena(void **state) {
  (void)state;
  clx_arena_free(arena);
  return 0;
}

static clx_machine machine_make(clx_cohort *cohort, int64_t gpus, int32_t extra) {
  *cohort = (clx_cohort){.gpus = gpus, .trains = 1};
  cohort->server = (clx_server){.name = "s", .gpus = 8, .nics = 8, .extra_nics = extra};
  cohort->rack = (clx_rack){.name = "r", .servers = 8};
  cohort->device = (clx_device){.name = "d", .nvlink = 450e9};
  cohort->nic = (clx_link){.name = "n", .rate = 50e9};
  clx_machine machine = {.cohort = cohort, .cohort_count = 1, .wiring = {.wiring = CLX_WIRING_BLOCK}};
  machine.switch_model =
      (clx_switch){.name = "sn5600", .throughput = 6.4e12, .port_rate = 100e9, .ports = 64, .split = 4};
  return machine;
}

// Memphis: 12,500 servers, 1,563 racks of 64, nine ports a server, three tiers of 128-port switches.
static void test_hundred_thousand(void **state) {
  (void)state;
  clx_cohort cohort;
  clx_error error = {0};
  clx_machine m = machine_make(&cohort, 100000, 1);
  assert_int_equal(clx_machine_compile(arena, &m, (clx_place){0}, &error), CLX_OK);
  assert_int_equal(m.servers, 12500);
  assert_int_equal(m.racks, 1563);
  assert_int_equal(m.endpoints, 112500);
  assert_int_equal(m.fabric.tier_count, 3);
  assert_int_equal(m.fabric.bill.switches_by_tier[0], 1758);
  assert_int_equal(m.fabric.bill.switches_by_tier[1], 1758);
  assert_int_equal(m.fabric.bill.switches_by_tier[2], 879);
  assert_int_equal(m.fabric.bill.switches, 4395);
  assert_int_equal(m.fabric.bill.copper, 112500);
  assert_int_equal(m.fabric.bill.optical, 2 * 1758 * 64);
}

static void test_tiers_by_size(void **state) {
  (void)state;
  const struct {
    int64_t gpus;
    int32_t tiers;
  } known[] = {{8, 1}, {128, 1}, {136, 2}, {8192, 2}, {8200, 3}, {524288, 3}, {524296, 4}};
  for (int i = 0; i < 7; i++) {
    clx_cohort cohort;
    clx_error error = {0};
    clx_machine m = machine_make(&cohort, known[i].gpus, 0);
    assert_int_equal(clx_machine_compile(arena, &m, (clx_place){0}, &error), CLX_OK);
    assert_int_equal(m.fabric.tier_count, known[i].tiers);
  }
}

static void test_partial_racks_round_up(void **state) {
  (void)state;
  clx_cohort cohort;
  clx_error error = {0};
  clx_machine m = machine_make(&cohort, 65, 0);
  assert_int_equal(clx_machine_compile(arena, &m, (clx_place){0}, &error), CLX_OK);
  assert_int_equal(m.servers, 9);
  assert_int_equal(m.racks, 2);
}

// Cohort = expanded: one row of 64,000 GPUs and eight rows of 8,000 are the same machine.
static void test_cohort_equals_expanded(void **state) {
  (void)state;
  clx_cohort one, many[8];
  clx_error error = {0};
  clx_machine a = machine_make(&one, 64000, 1), b = machine_make(&many[0], 8000, 1);
  for (int i = 1; i < 8; i++) many[i] = many[0];
  b.cohort = many;
  b.cohort_count = 8;
  assert_int_equal(clx_machine_compile(arena, &a, (clx_place){0}, &error), CLX_OK);
  assert_int_equal(clx_machine_compile(arena, &b, (clx_place){0}, &error), CLX_OK);
  assert_int_equal(a.gpus, b.gpus);
  assert_int_equal(a.servers, b.servers);
  assert_int_equal(a.racks, b.racks);
  assert_int_equal(a.fabric.bill.switches, b.fabric.bill.switches);
  assert_int_equal(a.fabric.bill.optical, b.fabric.bill.optical);
  CLX_CHECK_NEAR(a.network.nic, b.network.nic, 0, 0);
}

// The fabric is the least of the cohorts that train, in any order.
static void test_order_of_cohorts_does_not_matter(void **state) {
  (void)state;
  clx_cohort one[2], two[2];
  clx_error error = {0};
  clx_machine a = machine_make(&one[0], 8000, 1), b = machine_make(&two[1], 8000, 1);
  one[1] = one[0];
  one[1].rack.nvlink_domain = 64;
  one[1].device.nvlink = 900e9;
  one[1].nic.rate = 100e9;
  two[0] = one[1];
  a.cohort_count = b.cohort_count = 2;
  b.cohort = two;
  assert_int_equal(clx_machine_compile(arena, &a, (clx_place){0}, &error), CLX_OK);
  assert_int_equal(clx_machine_compile(arena, &b, (clx_place){0}, &error), CLX_OK);
  assert_int_equal(a.network.domain, 8);
  assert_int_equal(b.network.domain, 8);
  CLX_CHECK_NEAR(a.network.nvlink, b.network.nvlink, 0, 0);
  CLX_CHECK_NEAR(a.network.nic, b.network.nic, 0, 0);
  assert_int_equal(a.fabric.bill.switches, b.fabric.bill.switches);
  two[1].trains = 0;  // what does not train does not hold the others back
  assert_int_equal(clx_machine_compile(arena, &b, (clx_place){0}, &error), CLX_OK);
  assert_int_equal(b.network.domain, 64);
}

static void test_oversubscription_saves_switches(void **state) {
  (void)state;
  clx_cohort cohort;
  clx_error error = {0};
  clx_machine full = machine_make(&cohort, 8192, 0);
  clx_machine thin = full;
  double seven = 7;
  thin.wiring.oversubscription = &seven;
  thin.wiring.oversubscription_count = 1;
  assert_int_equal(clx_machine_compile(arena, &full, (clx_place){0}, &error), CLX_OK);
  assert_int_equal(clx_machine_compile(arena, &thin, (clx_place){0}, &error), CLX_OK);
  assert_true(thin.fabric.bill.switches < full.fabric.bill.switches);
}

static void test_out_of_reach_is_refused(void **state) {
  (void)state;
  clx_cohort cohort;
  clx_error error = {0};
  clx_machine m = machine_make(&cohort, 100000000, 0);
  assert_int_equal(clx_machine_compile(arena, &m, (clx_place){0}, &error), CLX_INFEASIBLE);
  assert_int_equal(error.count, 1);
  assert_non_null(strstr(error.mistake[0].text, "four tiers of switch 'sn5600'"));
}

// 576 GPUs on one NVLink domain are eight racks of 18 trays of four; a rack and a half is refused.
static void test_domains_of_several_racks(void **state) {
  (void)state;
  const struct {
    int32_t domain;
    clx_status status;
  } known[] = {{0, CLX_OK},   {4, CLX_OK},    {36, CLX_OK},     {72, CLX_OK},
               {576, CLX_OK}, {6, CLX_INPUT}, {108, CLX_INPUT}, {48, CLX_INPUT}};
  for (int i = 0; i < CLX_COUNT(known); i++) {
    clx_cohort cohort;
    clx_error error = {0};
    clx_machine m = machine_make(&cohort, 1152, 0);
    cohort.server.gpus = cohort.server.nics = 4;
    cohort.rack.servers = 18;
    cohort.rack.nvlink_switches = 9;
    cohort.rack.nvlink_domain = known[i].domain;
    assert_int_equal(clx_machine_compile(arena, &m, (clx_place){0}, &error), known[i].status);
    assert_int_equal(error.count, known[i].status == CLX_OK ? 0 : 1);
    if (known[i].status != CLX_OK) continue;
    assert_int_equal(m.network.domain, known[i].domain == 0 ? 4 : known[i].domain);
    assert_int_equal(m.nvlink_switches, 16 * 9);
  }
}

// A domain of 72 GPUs over leaves of 64 ports: what is thinned at the leaf is thinned for the whole domain.
static void test_domain_wider_than_leaf(void **state) {
  (void)state;
  clx_cohort cohort;
  clx_error error = {0};
  clx_machine m = machine_make(&cohort, 1152, 0);
  double two = 2;
  m.wiring.oversubscription = &two;
  m.wiring.oversubscription_count = 1;
  cohort.server.gpus = cohort.server.nics = 4;
  cohort.rack.servers = 18;
  cohort.rack.nvlink_domain = 72;
  m.switch_model.split = 1;  // 64 ports: 42 down, 21 up
  assert_int_equal(clx_machine_compile(arena, &m, (clx_place){0}, &error), CLX_OK);
  assert_int_equal(m.network.level[0].gpus, 72);
  CLX_CHECK_NEAR(m.network.level[0].thinning, 2, 1e-12, 0);
}

// Servers that nothing joins are refused; one alone needs no NIC.
static void test_servers_without_nics(void **state) {
  (void)state;
  clx_cohort cohort;
  clx_error error = {0};
  clx_machine m = machine_make(&cohort, 8, 0);
  cohort.server.nics = 0;
  assert_int_equal(clx_machine_compile(arena, &m, (clx_place){0}, &error), CLX_OK);
  assert_int_equal(m.fabric.bill.switches, 0);
  m = machine_make(&cohort, 16, 0);
  cohort.server.nics = 0;
  assert_int_equal(clx_machine_compile(arena, &m, (clx_place){0}, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "server 's' has no NIC"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_hundred_thousand),
      cmocka_unit_test(test_tiers_by_size),
      cmocka_unit_test(test_partial_racks_round_up),
      cmocka_unit_test(test_cohort_equals_expanded),
      cmocka_unit_test(test_order_of_cohorts_does_not_matter),
      cmocka_unit_test(test_oversubscription_saves_switches),
      cmocka_unit_test(test_out_of_reach_is_refused),
      cmocka_unit_test(test_domains_of_several_racks),
      cmocka_unit_test(test_domain_wider_than_leaf),
      cmocka_unit_test(test_servers_without_nics),
  };
  return cmocka_run_group_tests(tests, open_arena, close_arena);
}
