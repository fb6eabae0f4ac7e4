// Topologies, their bill of material, failed parts, levels. Routes: test_route.c.
#include "check.h"

#include "fabric/fabric.h"
#include "fabric/fabric_internal.h"

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

// Switches with `radix` ports at the rate of the NICs below.
static const double RATE = 50e9;

static clx_switch switch_of(int32_t radix) {
  return (clx_switch){.name = "sw",
                      .throughput = radix * RATE,
                      .port_rate = RATE,
                      .ports = radix,
                      .split = 1,
                      .power = 100,
                      .latency = 1e-6,
                      .routing = CLX_ROUTING_SPRAY,
                      .spray_efficiency = 0.95};
}

static clx_switch sn5600(void) {
  clx_switch s = switch_of(64);
  s.name = "sn5600";
  s.throughput = 6.4e12;
  s.port_rate = 100e9;
  s.split = 4;
  return s;
}

static clx_fabric_hosts hosts_of(int64_t servers, int32_t ports) {
  return (clx_fabric_hosts){.servers = servers, .gpus = 8, .nics = ports, .ports = ports, .rate = RATE};
}

static clx_fabric fabric_of(const clx_fabric_spec *spec, const clx_fabric_hosts *hosts, const clx_switch *model) {
  clx_fabric f;
  clx_error error = {0};
  const clx_status status = clx_fabric_compile(arena, spec, hosts, 1, model, NULL, NULL, &f, &error);
  if (status != CLX_OK) fail_msg("%s", error.mistake[0].text);
  return f;
}

static void expect_failure(const clx_fabric_spec *spec, const clx_fabric_hosts *hosts, const clx_switch *model,
                           clx_status want, const char *text) {
  clx_fabric f;
  clx_error error = {0};
  assert_int_equal(clx_fabric_compile(arena, spec, hosts, 1, model, NULL, NULL, &f, &error), want);
  assert_int_equal(error.count, 1);
  if (strstr(error.mistake[0].text, text) == NULL) {
    fail_msg("expected '%s' in: %s", text, error.mistake[0].text);
  }
}

// --- closed forms -----------------------------------------------------------------------------------------------------------

// k-ary fat tree (Al-Fares et al., SIGCOMM 2008): k^3 / 4 hosts, 5 k^2 / 4 switches; two tiers: k^2 / 2 hosts, 3 k / 2.
static void test_fat_trees(void **state) {
  (void)state;
  for (int32_t k = 4; k <= 64; k *= 2) {
    const clx_switch model = switch_of(k);
    const clx_fabric_spec spec = {.wiring = CLX_WIRING_BLOCK};
    const clx_fabric_hosts three = hosts_of((int64_t)k * k * k / 4, 1), two = hosts_of((int64_t)k * k / 2, 1);
    const clx_fabric a = fabric_of(&spec, &three, &model), b = fabric_of(&spec, &two, &model);
    assert_int_equal(a.tier_count, 3);
    assert_int_equal(a.bill.switches, 5 * k * k / 4);
    assert_int_equal(a.bill.copper, a.endpoints);
    assert_int_equal(a.bill.optical, 2 * a.endpoints);
    assert_int_equal(a.tier[1].pods, k);
    assert_int_equal(a.tier[2].pod_switches, k * k / 4);
    assert_int_equal(b.tier_count, 2);
    assert_int_equal(b.bill.switches, 3 * k / 2);
    assert_int_equal(b.tier[1].pod_switches, k / 2);
  }
}

// Colossus: 51.2 Tbit/s switches for 100,352 endpoints in three tiers; and its 12,500 servers of nine ports.
static void test_colossus(void **state) {
  (void)state;
  const clx_switch model = sn5600();
  const clx_fabric_spec block = {.wiring = CLX_WIRING_BLOCK}, rail = {.wiring = CLX_WIRING_RAIL};
  const clx_fabric_hosts full = hosts_of(12544, 8), nine = hosts_of(12500, 9);
  const clx_fabric a = fabric_of(&block, &full, &model);
  assert_int_equal(a.endpoints, 100352);
  assert_int_equal(a.radix, 128);
  assert_int_equal(a.tier_count, 3);
  assert_int_equal(a.bill.switches_by_tier[0], 1568);
  assert_int_equal(a.bill.switches_by_tier[1], 1568);
  assert_int_equal(a.bill.switches_by_tier[2], 784);
  assert_int_equal(a.bill.optics, 4 * 100352);
  CLX_CHECK_NEAR(a.bill.power, 100.0 * 3920, 1e-12, 0);
  const clx_fabric b = fabric_of(&rail, &nine, &model);  // 196 units of 64 servers, nine leaves each
  assert_int_equal(b.rails, 9);
  assert_int_equal(b.unit_servers, 64);
  assert_int_equal(b.bill.switches_by_tier[0], 196 * 9);
  assert_int_equal(b.tier[1].pod_leaves, 63);  // seven whole units
  assert_int_equal(b.bill.nics, 112500);
}

// DGX SuperPOD: a scalable unit of 32 systems takes 8 leaves and 4 spines, four of them 32 and 16 (reference architecture).
static void test_superpod(void **state) {
  (void)state;
  const clx_switch model = switch_of(64);
  const clx_fabric_spec spec = {.wiring = CLX_WIRING_RAIL};
  const clx_fabric_hosts one = hosts_of(32, 8), four = hosts_of(128, 8);
  const clx_fabric a = fabric_of(&spec, &one, &model), b = fabric_of(&spec, &four, &model);
  assert_int_equal(a.bill.switches_by_tier[0], 8);
  assert_int_equal(a.bill.switches_by_tier[1], 4);
  assert_int_equal(a.tier[1].parallel, 8);
  assert_int_equal(b.bill.switches_by_tier[0], 32);
  assert_int_equal(b.bill.switches_by_tier[1], 16);
}

// Alibaba HPN: 15 segments of 1,024 GPUs in two tiers, each NIC 2 x 200 Gbit/s to two planes of 51.2 Tbit/s switches.
static void test_dual_plane(void **state) {
  (void)state;
  const clx_switch model = sn5600();
  const clx_fabric_hosts hosts = hosts_of(1920, 8);
  const clx_fabric_spec planes = {.wiring = CLX_WIRING_RAIL, .planes = 2},
                        dual = {.wiring = CLX_WIRING_RAIL, .dual_tor = 1};
  const clx_fabric a = fabric_of(&planes, &hosts, &model), b = fabric_of(&dual, &hosts, &model);
  assert_int_equal(a.radix, 256);
  CLX_CHECK_NEAR(a.rate, RATE / 2, 1e-12, 0);
  assert_int_equal(a.tier_count, 2);
  assert_int_equal(a.unit_servers * a.hosts[0].gpus, 1024);
  assert_int_equal(a.tier[0].switches, 15 * 8);
  assert_int_equal(a.tier[1].switches, 60);
  assert_int_equal(a.bill.switches, 2 * 180);
  assert_int_equal(a.bill.copper, 2 * 15360);
  assert_int_equal(a.bill.nics, 15360);
  assert_int_equal(b.tier_count, 2);  // the pair of leaves in one fabric: the same switches and cables
  assert_int_equal(b.tier[0].pod_switches, 2);
  assert_int_equal(b.bill.switches, a.bill.switches);
  assert_int_equal(b.bill.copper, a.bill.copper);
  assert_int_equal(b.bill.optical, a.bill.optical);
  CLX_CHECK_NEAR(clx_fabric_endpoint_rate(&a, 7), RATE / 2, 1e-12, 0);
  CLX_CHECK_NEAR(clx_fabric_endpoint_rate(&b, 7), RATE, 1e-12, 0);
}

// Meta's 24,576 GPUs: full bandwidth in a pod, 7:1 between pods. Ports of the second tier: 112 down, 16 up.
static void test_seven_to_one(void **state) {
  (void)state;
  const clx_switch model = sn5600();
  double over[] = {1, 7};
  const clx_fabric_hosts hosts = hosts_of(3072, 8);
  const clx_fabric_spec spec = {.wiring = CLX_WIRING_BLOCK, .oversubscription = over, .oversubscription_count = 2};
  const clx_fabric f = fabric_of(&spec, &hosts, &model);
  clx_fabric_level level[CLX_FABRIC_LEVELS_MAX];
  double efficiency;
  assert_int_equal(f.tier_count, 3);
  assert_int_equal(f.tier[1].down, 112);
  assert_int_equal(f.tier[1].up, 16);
  assert_int_equal(clx_fabric_levels(&f, &model, level, &efficiency), 3);
  assert_int_equal(level[0].gpus, 64);
  CLX_CHECK_NEAR(level[0].thinning, 1, 1e-12, 0);
  assert_int_equal(level[1].gpus, 7168);
  CLX_CHECK_NEAR(level[1].thinning, 7, 1e-12, 0);
  CLX_CHECK_NEAR(level[1].latency, 2e-6, 1e-12, 0);
  assert_int_equal(level[2].gpus, 24576);
  CLX_CHECK_NEAR(level[2].thinning, 0, 0, 0);
}

// The same with pods as built: eight of 384 servers; a pod that no spine has ports for is refused.
static void test_pods_of_given_size(void **state) {
  (void)state;
  const clx_switch model = sn5600();
  double over[] = {1, 7};
  const clx_fabric_hosts hosts = hosts_of(3072, 8);
  clx_fabric_spec spec = {.oversubscription = over, .oversubscription_count = 2, .pod_servers = 384};
  for (int32_t wiring = 0; wiring <= CLX_WIRING_BLOCK; wiring++) {
    spec.wiring = wiring;
    const clx_fabric f = fabric_of(&spec, &hosts, &model);
    clx_fabric_level level[CLX_FABRIC_LEVELS_MAX];
    double efficiency;
    assert_int_equal(f.tier_count, 3);
    assert_int_equal(f.tier[1].pods, 8);
    assert_int_equal(f.tier[1].pod_leaves, 48);
    assert_int_equal(clx_fabric_levels(&f, &model, level, &efficiency), 3);
    assert_int_equal(level[1].gpus, 3072);
    CLX_CHECK_NEAR(level[1].thinning, 48.0 / 7, 1e-12, 0);  // seven ports up: six would be more than 7:1
  }
  spec.pod_servers = 1000;
  expect_failure(&spec, &hosts, &model, CLX_INPUT, "a pod of 1000 servers needs spines of 143 ports (125 down, 18 up)");
}

// --- what must hold for every Clos ------------------------------------------------------------------------------------------

static uint64_t random_state;

static int32_t below(int32_t n) {
  random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (int32_t)((random_state >> 33) % (uint64_t)n);
}

// Every endpoint hangs on one leaf pod, which lists it; no leaf has more than its ports.
static void check_leaves(const clx_fabric *f) {
  const int64_t leaves = f->tier[0].pods;
  int64_t listed = 0;
  for (int64_t leaf = 0; leaf < leaves; leaf++) {
    int64_t first, stride, count;
    clx_fabric_leaf_endpoints(f, leaf, &first, &stride, &count);
    assert_in_range(count, 0, f->tier[0].down);
    for (int64_t i = 0; i < count; i++) assert_int_equal(clx_fabric_leaf(f, first + i * stride), leaf);
    listed += count;
  }
  assert_int_equal(listed, f->endpoints);
}

// The cables over boundary t, counted at the switches above: each takes `parallel` from every pod below it, within its ports.
static void check_boundary(const clx_fabric *f, int32_t t) {
  const clx_fabric_tier *low = &f->tier[t - 1], *high = &f->tier[t];
  const int64_t elements = low->pods * low->pod_switches, switches = high->pods * high->pod_switches;
  int32_t *used = CLX_NEW_ARRAY(arena, int32_t, switches);
  assert_non_null(used);
  for (int64_t e = 0; e < elements; e++) {
    const int64_t pod = e / low->pod_switches / (high->pod_leaves / low->pod_leaves), s = e % low->pod_switches;
    assert_in_range(pod, 0, high->pods - 1);
    for (int32_t c = 0; c < low->up; c++) {
      used[pod * high->pod_switches + s * (low->up / high->parallel) + c / high->parallel]++;
    }
  }
  int64_t cables = 0;
  for (int64_t i = 0; i < switches; i++) {
    assert_true(used[i] > 0 && used[i] <= high->down);
    assert_int_equal(used[i] % high->parallel, 0);
    cables += used[i];
  }
  assert_int_equal(cables, elements * low->up);
  const clx_fabric_link_class *up = &f->link_class[(size_t)2 * (size_t)t];
  assert_int_equal(cables, up[0].count);
  assert_int_equal(cables, up[1].count);
}

// What is bought has ports for the cables that are bought, and is no more than what is numbered.
static void check_bill(const clx_fabric *f) {
  const int32_t planes = f->spec.planes;
  int64_t ports = 0, cables = 0;
  for (int32_t t = 0; t < f->tier_count; t++) {
    const clx_fabric_tier *tier = &f->tier[t];
    assert_true(tier->down + tier->up <= f->radix);
    assert_true(tier->switches > 0 && tier->switches <= tier->pods * tier->pod_switches);
    assert_int_equal(f->bill.switches_by_tier[t], tier->switches * planes);
    ports += tier->switches * (tier->down + tier->up);
    cables += tier->switches * tier->up;
  }
  cables *= planes;
  assert_int_equal(f->bill.optical, cables);
  assert_int_equal(f->bill.copper, f->endpoints * f->nic_up * planes);
  assert_int_equal(f->bill.optics, 2 * cables);
  assert_true(ports * planes >= 2 * cables + f->bill.copper);  // each cable ends in two ports, or in one and a NIC
}

static void test_random_clos(void **state) {
  (void)state;
  random_state = 20260904;
  int32_t compiled = 0;
  for (int32_t i = 0; i < 3000; i++) {
    const int32_t planes = 1 << below(2), radix = 2 * (2 + below(24));
    double over[] = {1 + below(3), 1 + below(14) / 2.0};
    clx_fabric_hosts hosts[3];
    const int32_t cohorts = 1 + below(3);
    for (int32_t h = 0; h < cohorts; h++) hosts[h] = hosts_of(1 + below(400), 1 + below(9));
    clx_fabric_spec spec = {.wiring = below(CLX_WIRINGS),
                            .routing = CLX_ROUTING_ECMP,
                            .tiers = below(8) == 0 ? 1 + below(4) : 0,
                            .pod_servers = below(3) == 0 ? 1 + below(100) : 0,
                            .planes = planes,
                            .dual_tor = below(4) == 0,
                            .oversubscription = over,
                            .oversubscription_count = below(3)};
    clx_switch one = switch_of(radix);
    one.throughput /= planes * (spec.dual_tor ? 2 : 1);  // the same radix at the lower rate
    clx_fabric f;
    clx_error error = {0};
    clx_status status = clx_fabric_compile(arena, &spec, hosts, cohorts, &one, NULL, NULL, &f, &error);
    if (status == CLX_INPUT && strstr(error.mistake[0].text, "'network.") != NULL) {  // too few tiers for it
      spec.pod_servers = 0;
      if (spec.oversubscription_count > 1) spec.oversubscription_count = 1;
      clx_error_clear(&error);
      status = clx_fabric_compile(arena, &spec, hosts, cohorts, &one, NULL, NULL, &f, &error);
    }
    if (status == CLX_INFEASIBLE || strstr(error.mistake[0].text, "a pod of") != NULL) continue;
    if (status != CLX_OK) fail_msg("%s", error.mistake[0].text);
    compiled++;
    check_leaves(&f);
    for (int32_t t = 1; t < f.tier_count; t++) check_boundary(&f, t);
    check_bill(&f);
    assert_int_equal(f.link_class[0].count, f.endpoints * f.nic_up);
    assert_int_equal(f.link_class_count, 2 * f.tier_count);
    assert_int_equal(f.tier[f.tier_count - 1].pods, spec.wiring == CLX_WIRING_RAIL_ONLY ? f.rails : 1);
  }
  assert_true(compiled > 2000);
}

// Servers with other numbers of ports begin a unit of their own; equal ones of the next cohort fill the last.
static void test_mixed_fleet(void **state) {
  (void)state;
  const clx_switch model = switch_of(16);
  const clx_fabric_spec spec = {.wiring = CLX_WIRING_RAIL};
  const clx_fabric_hosts hosts[] = {hosts_of(5, 4), hosts_of(6, 4), hosts_of(3, 2)};
  clx_fabric f;
  clx_error error = {0};
  assert_int_equal(clx_fabric_compile(arena, &spec, hosts, 3, &model, NULL, NULL, &f, &error), CLX_OK);
  assert_int_equal(f.unit_servers, 8);
  assert_int_equal(f.tier[0].pods, 12);
  assert_int_equal(f.tier[0].switches, 10);  // the third unit has two rails only
  assert_int_equal(clx_fabric_leaf(&f, 0), 0);
  assert_int_equal(clx_fabric_leaf(&f, 31), 3);
  assert_int_equal(clx_fabric_leaf(&f, 32), 4);
  assert_int_equal(clx_fabric_leaf(&f, 44), 8);
  assert_int_equal(clx_fabric_leaf(&f, 45), 9);
}

// --- other topologies -------------------------------------------------------------------------------------------------------

// Balanced dragonfly of radix 4 h - 1 (Kim et al. 2008): 2 h routers of h endpoints a group, at most 2 h^2 + 1 groups.
static void test_dragonfly(void **state) {
  (void)state;
  for (int32_t h = 1; h <= 8; h++) {
    const clx_switch model = switch_of(4 * h - 1);
    const clx_fabric_spec spec = {.topology = CLX_TOPOLOGY_DRAGONFLY};
    const int64_t groups = 2 * h * h + 1, endpoints = groups * 2 * h * h;
    const clx_fabric_hosts full = hosts_of(endpoints, 1), over = hosts_of(endpoints + 1, 1);
    if (4 * h - 1 < 2) continue;
    const clx_fabric f = fabric_of(&spec, &full, &model);
    assert_int_equal(f.group_count, groups);
    assert_int_equal(f.global_parallel, 1);
    assert_int_equal(f.bill.switches, groups * 2 * h);
    assert_int_equal(f.bill.optical, groups * (groups - 1) / 2);
    assert_int_equal(f.bill.copper, endpoints + groups * h * (2 * h - 1));
    assert_int_equal(f.link_count, 2 * (endpoints + f.bill.optical + groups * h * (2 * h - 1)));
    assert_int_equal(f.spec.router_endpoints + f.spec.group_routers - 1 + f.spec.router_global, f.radix);
    expect_failure(&spec, &over, &model, CLX_INFEASIBLE, "global links for its");
  }
}

static void test_dragonfly_plus(void **state) {
  (void)state;
  const clx_switch model = switch_of(8);
  const clx_fabric_spec spec = {.topology = CLX_TOPOLOGY_DRAGONFLY_PLUS};
  const clx_fabric_hosts full = hosts_of(272, 1);  // k^2 / 4 + 1 groups of 4 leaves and 4 spines
  const clx_fabric f = fabric_of(&spec, &full, &model);
  assert_int_equal(f.group_count, 17);
  assert_int_equal(f.global_parallel, 1);
  assert_int_equal(f.bill.switches_by_tier[0], 68);
  assert_int_equal(f.bill.switches_by_tier[1], 68);
  assert_int_equal(f.bill.optical, 17 * 16 + 17 * 16 / 2);
}

static void test_torus(void **state) {
  (void)state;
  int32_t sides[] = {4, 3, 2};
  clx_fabric_spec spec = {.topology = CLX_TOPOLOGY_TORUS, .routing = -1, .dimensions = sides, .dimension_count = 3};
  const clx_fabric_hosts hosts = hosts_of(24, 6), few = hosts_of(24, 5), wide = hosts_of(24, 12);
  const clx_fabric f = fabric_of(&spec, &hosts, NULL);
  assert_int_equal(f.bill.switches, 0);
  assert_int_equal(f.bill.copper, 3 * 24);
  assert_int_equal(f.link_count, 6 * 24);
  assert_int_equal(f.endpoints, 24);
  assert_int_equal(f.spec.routing, CLX_ROUTING_STATIC);
  CLX_CHECK_NEAR(clx_fabric_endpoint_rate(&f, 3), 6 * RATE, 1e-12, 0);
  const clx_fabric twice = fabric_of(&spec, &wide, NULL);  // two cables to each neighbour
  assert_int_equal(twice.bill.copper, 6 * 24);
  CLX_CHECK_NEAR(twice.link_class[0].rate, 2 * RATE, 1e-12, 0);
  expect_failure(&spec, &few, NULL, CLX_INPUT, "has 6 neighbours but only 5 ports");
  spec.topology = CLX_TOPOLOGY_MESH;
  const clx_fabric mesh = fabric_of(&spec, &few, NULL);  // the size of 2 takes one port
  assert_int_equal(mesh.bill.copper, 3 * 6 + 2 * 8 + 12);
  sides[0] = 5;
  expect_failure(&spec, &hosts, NULL, CLX_INPUT, "multiply to 30, but the fleet has 24 servers");
}

// Four Macs with six Thunderbolt ports, each wired to every other by two cables.
static void test_direct(void **state) {
  (void)state;
  const clx_fabric_spec spec = {.topology = CLX_TOPOLOGY_DIRECT, .routing = -1};
  const clx_fabric_hosts hosts = hosts_of(4, 6), many = hosts_of(8, 6);
  const clx_fabric f = fabric_of(&spec, &hosts, NULL);
  assert_int_equal(f.bill.copper, 12);
  assert_int_equal(f.link_count, 12);
  CLX_CHECK_NEAR(f.link_class[0].rate, 2 * RATE, 1e-12, 0);
  expect_failure(&spec, &many, NULL, CLX_INPUT, "direct wiring of 8 servers needs 7 ports on each, they have 6");
}

static void test_transceivers(void **state) {
  (void)state;
  const clx_switch model = switch_of(8);
  const clx_fabric_spec spec = {.wiring = CLX_WIRING_BLOCK};
  const clx_fabric_hosts hosts = hosts_of(32, 1);
  const struct {
    double rate;
    int64_t count;
  } known[] = {{RATE, 64}, {2 * RATE, 32}, {RATE / 2, 128}};
  for (int32_t i = 0; i < CLX_COUNT(known); i++) {
    const clx_link optic = {.rate = known[i].rate, .power = 10}, copper = {.rate = RATE, .power = 0.5};
    clx_fabric f;
    clx_error error = {0};
    assert_int_equal(clx_fabric_compile(arena, &spec, &hosts, 1, &model, &optic, &copper, &f, &error), CLX_OK);
    assert_int_equal(f.bill.optics, known[i].count);
    CLX_CHECK_NEAR(f.bill.power, 12 * 100 + 10.0 * (double)known[i].count + 32 * 2 * 0.5, 1e-12, 0);
  }
}

// --- bad input --------------------------------------------------------------------------------------------------------------

static void test_bad_fabrics(void **state) {
  (void)state;
  const clx_switch small = switch_of(8), blind = switch_of(1);
  const clx_fabric_hosts many = hosts_of(100, 8), none = hosts_of(10, 0), two[] = {hosts_of(8, 2), hosts_of(8, 3)};
  clx_fabric_spec spec = {.wiring = CLX_WIRING_BLOCK, .tiers = 2};
  expect_failure(
      &spec, &many, &small, CLX_INFEASIBLE,
      "two tiers of switch 'sw' (8 ports of 400 Gbit/s, 4 of a leaf to servers) reach 32 endpoints, the fabric "
      "has 800");
  spec.tiers = 5;
  expect_failure(&spec, &many, &small, CLX_INPUT, "a Clos has 1 to 4 tiers, not 5");
  spec.tiers = 0;
  expect_failure(&spec, &many, &small, CLX_INFEASIBLE, "four tiers of switch 'sw'");
  expect_failure(&spec, &many, &blind, CLX_INPUT, "switch 'sw' has fewer than two ports of 400 Gbit/s");
  expect_failure(&spec, &none, &small, CLX_INPUT, "nothing hangs on the fabric");
  expect_failure(&spec, &many, NULL, CLX_INPUT, "a clos needs switches");
  spec = (clx_fabric_spec){
      .topology = CLX_TOPOLOGY_DRAGONFLY, .group_routers = 4, .router_endpoints = 4, .router_global = 2};
  expect_failure(&spec, &many, &small, CLX_INPUT, "a router of the dragonfly needs 9 ports");
  spec.router_endpoints = 2;
  expect_failure(&spec, &many, &small, CLX_INFEASIBLE, "800 endpoints make 100 groups of 8, but a group has only 8");
  spec = (clx_fabric_spec){.topology = CLX_TOPOLOGY_DRAGONFLY_PLUS, .router_endpoints = 6, .group_spines = 4};
  expect_failure(&spec, &many, &small, CLX_INPUT, "a leaf of the dragonfly_plus needs 10 ports");
  spec = (clx_fabric_spec){.topology = CLX_TOPOLOGY_DRAGONFLY_PLUS, .router_global = 6};
  expect_failure(&spec, &many, &small, CLX_INPUT, "a spine of the dragonfly_plus needs 10 ports");
  spec = (clx_fabric_spec){.topology = CLX_TOPOLOGY_DRAGONFLY, .dual_tor = 1};
  expect_failure(&spec, &many, &small, CLX_INPUT, "'network.dual_tor' belongs to a Clos");
  spec = (clx_fabric_spec){.topology = CLX_TOPOLOGY_TORUS};
  expect_failure(&spec, &many, NULL, CLX_INPUT, "a torus needs 'network.dimensions'");
  spec.planes = 2;
  expect_failure(&spec, &many, NULL, CLX_INPUT, "'network.planes' belongs to a fabric of switches");
  spec = (clx_fabric_spec){.topology = CLX_TOPOLOGY_DIRECT};
  clx_fabric f;
  clx_error error = {0};
  assert_int_equal(clx_fabric_compile(arena, &spec, two, 2, NULL, NULL, NULL, &f, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "item 2 of the fleet"));
}

// Keys that do not apply are named, not passed over.
static void test_unused_keys(void **state) {
  (void)state;
  static double thin[] = {1, 7}, flat[] = {1, 1};
  static int32_t sizes[] = {4, 4};
  const clx_switch model = switch_of(64);
  const clx_fabric_hosts hosts = hosts_of(16, 15), few = hosts_of(32, 8), tiny = hosts_of(2, 8);
  const struct {
    clx_fabric_spec spec;
    const char *text;
  } rows[] = {
      {{.topology = CLX_TOPOLOGY_DRAGONFLY, .oversubscription = thin, .oversubscription_count = 2},
       "'network.oversubscription' belongs to a Clos, not to a fabric of topology 'dragonfly'"},
      {{.topology = CLX_TOPOLOGY_DRAGONFLY_PLUS, .tiers = 2}, "'network.tiers' belongs to a Clos"},
      {{.topology = CLX_TOPOLOGY_DIRECT, .wiring = CLX_WIRING_BLOCK}, "'network.wiring' belongs to a Clos"},
      {{.topology = CLX_TOPOLOGY_DRAGONFLY, .pod_servers = 4}, "'network.pod_servers' belongs to a Clos"},
      {{.topology = CLX_TOPOLOGY_MESH, .dimensions = sizes, .dimension_count = 2, .dual_tor = 1},
       "'network.dual_tor' belongs to a Clos, not to a fabric of topology 'mesh'"},
      {{.topology = CLX_TOPOLOGY_CLOS, .dimensions = sizes, .dimension_count = 2},
       "'network.dimensions' belongs to a torus or mesh, not to a fabric of topology 'clos'"},
      {{.topology = CLX_TOPOLOGY_CLOS, .group_routers = 4}, "'network.group_routers' belongs to a dragonfly"},
      {{.topology = CLX_TOPOLOGY_DRAGONFLY, .group_spines = 4}, "'network.group_spines' belongs to a dragonfly_plus"},
      {{.topology = CLX_TOPOLOGY_DIRECT, .router_endpoints = 4}, "'network.router_endpoints' belongs to a dragonfly"},
      {{.topology = CLX_TOPOLOGY_CLOS, .router_global = 4}, "'network.router_global' belongs to a dragonfly"},
  };
  for (int32_t i = 0; i < CLX_COUNT(rows); i++) expect_failure(&rows[i].spec, &hosts, &model, CLX_INPUT, rows[i].text);
  clx_fabric_spec spec = {.oversubscription = thin, .oversubscription_count = 2};
  expect_failure(&spec, &few, &model, CLX_INPUT, "an entry of 7 for tier 2, above which there is nothing: this Clos");
  spec.tiers = 3;
  assert_int_equal(fabric_of(&spec, &few, &model).tier_count, 3);
  spec = (clx_fabric_spec){.oversubscription = flat, .oversubscription_count = 2};
  assert_int_equal(fabric_of(&spec, &few, &model).tier_count, 2);
  spec.oversubscription = thin + 1;  // one number holds for all tiers, however many there are
  spec.oversubscription_count = 1;
  assert_int_equal(fabric_of(&spec, &tiny, &model).tier_count, 1);
  spec = (clx_fabric_spec){.pod_servers = 8};
  expect_failure(&spec, &few, &model, CLX_INPUT, "'network.pod_servers' is the size of a pod of the second of three");
}

// Rails round units up: what three tiers reach by blocks may take four by rails.
static void test_rails_round_units(void **state) {
  (void)state;
  const clx_switch model = switch_of(64);
  const clx_fabric_hosts hosts = hosts_of(7281, 9);
  const clx_fabric_spec rail = {.wiring = CLX_WIRING_RAIL}, block = {.wiring = CLX_WIRING_BLOCK};
  const clx_fabric by_rail = fabric_of(&rail, &hosts, &model), by_block = fabric_of(&block, &hosts, &model);
  assert_int_equal(by_rail.endpoints, 65529);
  assert_int_equal(by_rail.tier_count, 4);
  assert_int_equal(by_rail.bill.switches_by_tier[0], 2052);
  assert_int_equal(by_block.tier_count, 3);
}

// --- failed parts -----------------------------------------------------------------------------------------------------------

static clx_fabric failed(clx_fabric_spec spec, clx_fault_spec fault, const clx_fabric_hosts *hosts,
                         const clx_switch *model) {
  clx_fault_spec *kept = CLX_NEW(arena, clx_fault_spec);
  assert_non_null(kept);
  *kept = fault;
  spec.faults = kept;
  spec.fault_count = 1;
  return fabric_of(&spec, hosts, model);
}

// A cable fails in both directions; a switch with every port in use, counted by cables.
static void test_faults_of_clos(void **state) {
  (void)state;
  const clx_switch model = switch_of(8);
  const clx_fabric_hosts hosts = hosts_of(32, 4);  // three tiers of full fat tree
  for (int32_t wiring = 0; wiring < CLX_WIRINGS; wiring++) {
    const clx_fabric_spec spec = {.wiring = wiring};
    clx_fabric f = failed(
        spec, (clx_fault_spec){.kind = CLX_FAULT_LINK, .tier = 1, .index = 5, .port = 3, .rate = 0.25}, &hosts, &model);
    assert_int_equal(f.fault_count, 2);
    assert_int_equal(f.fault[0].link, f.link_class[2].first + 5 * f.tier[0].up + 3);
    assert_int_equal(f.fault[1].link, f.link_class[3].first + 5 * f.tier[0].up + 3);
    CLX_CHECK_NEAR(f.fault[1].rate, 0.25, 0, 0);
    for (int32_t tier = 1; tier <= f.tier_count; tier++) {
      const clx_fabric_tier *t = &f.tier[tier - 1];
      const clx_fabric g =
          failed(spec, (clx_fault_spec){.kind = CLX_FAULT_SWITCH, .tier = tier, .index = 1}, &hosts, &model);
      const int64_t children = tier > 1 ? t->pod_leaves / f.tier[tier - 2].pod_leaves * t->parallel : t->down;
      assert_int_equal(g.fault_count, 2 * (children + t->up));
    }
    f = failed(spec, (clx_fault_spec){.kind = CLX_FAULT_NIC, .index = 17}, &hosts, &model);
    assert_int_equal(f.fault_count, 2);
    assert_int_equal(f.fault[0].link, 17);
  }
}

static void test_faults_of_others(void **state) {
  (void)state;
  const clx_switch model = switch_of(7);
  const clx_fabric_hosts hosts = hosts_of(72, 1), ring = hosts_of(12, 4);
  const clx_fabric_spec dragonfly = {.topology = CLX_TOPOLOGY_DRAGONFLY};
  clx_fabric f = failed(dragonfly, (clx_fault_spec){.kind = CLX_FAULT_SWITCH, .tier = 1, .index = 4}, &hosts, &model);
  assert_int_equal(f.fault_count, 2 * (2 + 3 + 2));
  // Global port 0 of router 4 is port 0 of group 1: to group 0, where it is port 0 of router 0.
  f = failed(dragonfly, (clx_fault_spec){.kind = CLX_FAULT_LINK, .tier = 2, .index = 4, .port = 0}, &hosts, &model);
  const clx_fabric g =
      failed(dragonfly, (clx_fault_spec){.kind = CLX_FAULT_LINK, .tier = 2, .index = 0, .port = 0}, &hosts, &model);
  assert_int_equal(f.fault_count, 2);
  for (int32_t i = 0; i < 2; i++) assert_int_equal(f.fault[i].link, g.fault[i].link);
  const clx_fabric_spec plus = {.topology = CLX_TOPOLOGY_DRAGONFLY_PLUS};
  const clx_switch eight = switch_of(8);
  const clx_fabric_hosts more = hosts_of(272, 1);
  f = failed(plus, (clx_fault_spec){.kind = CLX_FAULT_SWITCH, .tier = 2, .index = 9}, &more, &eight);
  assert_int_equal(f.fault_count, 2 * (4 + 4));
  int32_t sides[] = {4, 3};
  const clx_fabric_spec torus = {.topology = CLX_TOPOLOGY_TORUS, .dimensions = sides, .dimension_count = 2};
  f = failed(torus, (clx_fault_spec){.kind = CLX_FAULT_LINK, .index = 3, .port = 0}, &ring, NULL);  // 3 -> 0, x+
  assert_int_equal(f.fault_count, 2);
  assert_int_equal(f.fault[0].link, f.link_class[0].first + 3);
  assert_int_equal(f.fault[1].link, f.link_class[1].first + 0);
  const clx_fabric_spec direct = {.topology = CLX_TOPOLOGY_DIRECT};
  const clx_fabric_hosts five = hosts_of(5, 4);
  f = failed(direct, (clx_fault_spec){.kind = CLX_FAULT_LINK, .index = 3, .port = 1}, &five, NULL);  // 3 - 1
  assert_int_equal(f.fault[0].link, 1 * 4 + 2);
  assert_int_equal(f.fault[1].link, 3 * 4 + 1);
}

// Exactly the share asked for, the same with the same seed, other parts in other planes; a NIC fails in all of them.
static void test_random_faults(void **state) {
  (void)state;
  const clx_switch model = switch_of(64);
  const clx_fabric_hosts hosts = hosts_of(64, 8);
  clx_fabric_spec spec = {.wiring = CLX_WIRING_RAIL, .planes = 2, .seed = 7};
  const clx_fault_spec links = {.kind = CLX_FAULT_LINK, .tier = 1, .random = 0.1, .plane = -1};
  clx_fabric a = failed(spec, links, &hosts, &model), b = failed(spec, links, &hosts, &model);
  const int32_t total = a.link_class[2].count, each = 2 * (int32_t)floor(total * 0.1 + 0.5);
  assert_int_equal(a.all_fault_count, 2 * each);
  assert_int_equal(a.fault_count, each);
  assert_memory_equal(a.all_fault, b.all_fault, (size_t)a.all_fault_count * sizeof *a.all_fault);
  clx_fabric_show_plane(&b, 1);
  assert_int_equal(b.fault_count, each);
  int32_t same = 0;
  for (int32_t i = 0; i < each; i++) same += a.fault[i].link == b.fault[i].link;
  assert_true(same < each / 2);
  for (int32_t i = 1; i < each; i++) assert_true(a.fault[i - 1].link < a.fault[i].link);
  spec.seed = 8;
  b = failed(spec, links, &hosts, &model);
  assert_memory_not_equal(a.fault, b.fault, (size_t)each * sizeof *a.fault);
  a = failed(spec, (clx_fault_spec){.kind = CLX_FAULT_NIC, .random = 0.02}, &hosts, &model);
  assert_int_equal(a.all_fault_count, 2 * 2 * 10);
  for (int32_t i = 0; i < 40; i += 2) assert_int_equal(a.all_fault[i].link, a.all_fault[i + 1].link);
}

// Of two faults of one link the worse one counts.
static void test_worse_fault_counts(void **state) {
  (void)state;
  const clx_switch model = switch_of(8);
  const clx_fabric_hosts hosts = hosts_of(32, 1);
  clx_fault_spec faults[] = {{.kind = CLX_FAULT_LINK, .tier = 1, .index = 2, .port = 1, .rate = 0.5},
                             {.kind = CLX_FAULT_SWITCH, .tier = 1, .index = 2},
                             {.kind = CLX_FAULT_LINK, .tier = 1, .index = 2, .port = 2, .rate = 0.5}};
  const clx_fabric_spec spec = {.wiring = CLX_WIRING_BLOCK, .faults = faults, .fault_count = 3};
  const clx_fabric f = fabric_of(&spec, &hosts, &model);
  assert_int_equal(f.fault_count, 2 * 8);
  for (int32_t i = 0; i < f.fault_count; i++) CLX_CHECK_NEAR(f.fault[i].rate, 0, 0, 0);
}

static void expect_fault(clx_fabric_spec spec, clx_fault_spec fault, const clx_fabric_hosts *hosts,
                         const clx_switch *model, const char *text) {
  spec.faults = &fault;
  spec.fault_count = 1;
  expect_failure(&spec, hosts, model, CLX_INPUT, text);
}

static void test_bad_faults(void **state) {
  (void)state;
  const clx_switch model = switch_of(8);
  const clx_fabric_hosts hosts = hosts_of(32, 1), line = hosts_of(5, 2);
  int32_t five = 5;
  const clx_fabric_spec clos = {.wiring = CLX_WIRING_BLOCK};
  const clx_fabric_spec mesh = {.topology = CLX_TOPOLOGY_MESH, .dimensions = &five, .dimension_count = 1};
  const struct {
    const clx_fabric_spec *spec;
    clx_fault_spec fault;
    const char *text;
  } known[] = {
      {&clos,
       {.kind = CLX_FAULT_SWITCH, .tier = 1, .index = 8},
       "a fault of leaf 8, which does not exist: they are numbered 0 to 7"},
      {&clos, {.kind = CLX_FAULT_SWITCH, .tier = 3}, "a fault of a switch of tier 3: this clos has none"},
      {&clos, {.kind = CLX_FAULT_SWITCH}, "a fault of a switch of tier 0: this clos has none"},
      {&clos, {.kind = CLX_FAULT_LINK, .tier = 2}, "a fault of a link of tier 2: this clos has none"},
      {&clos,
       {.kind = CLX_FAULT_LINK, .tier = 1, .port = 4},
       "a fault of port 4 of leaf 0, which does not exist: ports are 0 to 3"},
      {&clos, {.kind = CLX_FAULT_LINK, .index = 32}, "a fault of NIC 32"},
      {&clos, {.kind = CLX_FAULT_NIC, .index = 32}, "a fault of NIC 32"},
      {&clos, {.kind = CLX_FAULT_LINK, .plane = 1}, "a fault in plane 1: the fabric has planes 0 to 0"},
      {&mesh,
       {.kind = CLX_FAULT_LINK, .index = 4, .port = 0},
       "a fault of port 0 of server 4, on which no cable stands"},
      {&clos,
       {.kind = CLX_FAULT_SWITCH, .tier = 1, .index = 2, .random = 0.1},
       "a fault of a switch has both 'random', which draws parts, and 'index', which names one"},
      {&clos,
       {.kind = CLX_FAULT_LINK, .tier = 1, .port = 2, .random = 0.1},
       "a fault of a link has both 'random', which draws parts, and 'port', which names one"},
      {&mesh, {.kind = CLX_FAULT_NIC}, "a fault of a nic of tier 0: this mesh has none"},
      {&mesh, {.kind = CLX_FAULT_SWITCH, .tier = 1}, "a fault of a switch of tier 1: this mesh has none"},
  };
  for (int32_t i = 0; i < CLX_COUNT(known); i++) {
    const bool switched = known[i].spec == &clos;
    expect_fault(*known[i].spec, known[i].fault, switched ? &hosts : &line, switched ? &model : NULL, known[i].text);
  }
}

// Without memory for the list of failed links the fabric is refused, not returned whole.
static void test_out_of_memory(void **state) {
  (void)state;
  const clx_switch model = switch_of(64);
  const clx_fabric_hosts hosts = hosts_of(4096, 8);
  clx_fault_spec fault = {.kind = CLX_FAULT_LINK, .tier = 1, .random = 0.5};
  const clx_fabric_spec spec = {.wiring = CLX_WIRING_RAIL, .faults = &fault, .fault_count = 1};
  for (int32_t n = 1; n <= 2; n++) {
    clx_arena *fresh = clx_arena_new();
    clx_fabric f;
    clx_error error = {0};
    clx_memory_fail_after(n);
    const clx_status status = clx_fabric_compile(fresh, &spec, &hosts, 1, &model, NULL, NULL, &f, &error);
    clx_memory_fail_after(0);
    clx_arena_free(fresh);
    assert_int_equal(status, CLX_MEMORY);
    assert_int_equal(error.count, 1);
  }
}

// --- levels -----------------------------------------------------------------------------------------------------------------

// One dead uplink of 32 thins its leaf by 32 / 31, half of one in one of two planes by 64 / 63.5.
static void test_levels_with_faults(void **state) {
  (void)state;
  const clx_switch model = switch_of(64);
  const clx_fabric_hosts hosts = hosts_of(64, 8);
  clx_fabric_level level[CLX_FABRIC_LEVELS_MAX];
  double efficiency;
  clx_fabric_spec spec = {.wiring = CLX_WIRING_BLOCK, .routing = CLX_ROUTING_SPRAY};
  clx_fabric f = failed(spec, (clx_fault_spec){.kind = CLX_FAULT_LINK, .tier = 1, .index = 9}, &hosts, &model);
  assert_int_equal(clx_fabric_levels(&f, &model, level, &efficiency), 2);
  CLX_CHECK_NEAR(level[0].thinning, 32.0 / 31, 1e-12, 0);
  CLX_CHECK_NEAR(efficiency, 0.95, 1e-12, 0);
  spec.planes = 2;
  f = failed(spec, (clx_fault_spec){.kind = CLX_FAULT_LINK, .tier = 1, .index = 9, .rate = 0.5}, &hosts, &model);
  clx_fabric_levels(&f, &model, level, &efficiency);
  CLX_CHECK_NEAR(level[0].thinning, 64.0 / 63.5, 1e-12, 0);
}

// A line of 4 in a torus of 4 x 4 x 8 leaves by 4 of its 6 links a server; half of the torus by 2 links per line of 8.
static void test_levels_of_torus(void **state) {
  (void)state;
  int32_t sides[] = {4, 4, 8};
  const clx_fabric_spec spec = {
      .topology = CLX_TOPOLOGY_TORUS, .routing = -1, .dimensions = sides, .dimension_count = 3};
  const clx_fabric_hosts hosts = hosts_of(128, 6);
  const clx_fabric f = fabric_of(&spec, &hosts, NULL);
  clx_fabric_level level[CLX_FABRIC_LEVELS_MAX];
  double efficiency;
  const struct {
    int64_t servers;
    double thinning;
  } known[] = {{1, 1}, {4, 6.0 / 4}, {16, 6.0 / 2}, {64, 4 * 6.0 / 2}, {128, 0}};
  assert_int_equal(clx_fabric_levels(&f, NULL, level, &efficiency), CLX_COUNT(known));
  for (int32_t i = 0; i < CLX_COUNT(known); i++) {
    assert_int_equal(level[i].gpus, known[i].servers * 8);
    CLX_CHECK_NEAR(level[i].thinning, known[i].thinning, 1e-12, 0);
  }
  CLX_CHECK_NEAR(efficiency, 1, 0, 0);
}

// Of ten ports of a server seven lead to its seven neighbours: eight NICs for GPUs are thinned by 8 / 7.
static void test_levels_of_direct(void **state) {
  (void)state;
  const clx_fabric_spec spec = {.topology = CLX_TOPOLOGY_DIRECT};
  clx_fabric_hosts hosts = hosts_of(8, 10);
  hosts.nics = 8;
  const clx_fabric f = fabric_of(&spec, &hosts, NULL);
  clx_fabric_level level[CLX_FABRIC_LEVELS_MAX];
  double efficiency;
  assert_int_equal(clx_fabric_levels(&f, NULL, level, &efficiency), 2);
  CLX_CHECK_NEAR(level[0].thinning, 8.0 / 7, 1e-12, 0);
}

// Levels grow, the last holds every GPU, for any topology.
static void test_levels_grow(void **state) {
  (void)state;
  int32_t sides[] = {2, 2, 2, 2, 2, 8};
  const clx_switch model = sn5600();
  const clx_fabric_hosts hosts = hosts_of(256, 12), many = hosts_of(12500, 9), four = hosts_of(4, 6);
  const struct {
    clx_fabric_spec spec;
    const clx_fabric_hosts *hosts;
  } known[] = {{{.wiring = CLX_WIRING_RAIL}, &many},
               {{.wiring = CLX_WIRING_BLOCK}, &many},
               {{.wiring = CLX_WIRING_RAIL_ONLY}, &many},
               {{.wiring = CLX_WIRING_RAIL, .planes = 4}, &many},
               {{.wiring = CLX_WIRING_RAIL, .dual_tor = 1}, &many},
               {{.topology = CLX_TOPOLOGY_DRAGONFLY}, &many},
               {{.topology = CLX_TOPOLOGY_DRAGONFLY_PLUS}, &many},
               {{.topology = CLX_TOPOLOGY_TORUS, .dimensions = sides, .dimension_count = 6}, &hosts},
               {{.topology = CLX_TOPOLOGY_MESH, .dimensions = sides, .dimension_count = 6}, &hosts},
               {{.topology = CLX_TOPOLOGY_DIRECT}, &four}};
  for (int32_t i = 0; i < CLX_COUNT(known); i++) {
    const clx_fabric f = fabric_of(&known[i].spec, known[i].hosts, &model);
    clx_fabric_level level[CLX_FABRIC_LEVELS_MAX];
    double efficiency;
    const int32_t count = clx_fabric_levels(&f, &model, level, &efficiency);
    assert_in_range(count, 1, CLX_FABRIC_LEVELS_MAX);
    for (int32_t l = 0; l < count; l++) {
      assert_true(l == 0 || level[l].gpus > level[l - 1].gpus);
      assert_true(level[l].latency >= 0);
      assert_true(l == count - 1 ? level[l].thinning == 0 : level[l].thinning >= 1);
    }
    assert_int_equal(level[count - 1].gpus, f.gpus);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_fat_trees),
      cmocka_unit_test(test_colossus),
      cmocka_unit_test(test_superpod),
      cmocka_unit_test(test_dual_plane),
      cmocka_unit_test(test_seven_to_one),
      cmocka_unit_test(test_pods_of_given_size),
      cmocka_unit_test(test_random_clos),
      cmocka_unit_test(test_mixed_fleet),
      cmocka_unit_test(test_dragonfly),
      cmocka_unit_test(test_dragonfly_plus),
      cmocka_unit_test(test_torus),
      cmocka_unit_test(test_direct),
      cmocka_unit_test(test_transceivers),
      cmocka_unit_test(test_bad_fabrics),
      cmocka_unit_test(test_unused_keys),
      cmocka_unit_test(test_rails_round_units),
      cmocka_unit_test(test_faults_of_clos),
      cmocka_unit_test(test_faults_of_others),
      cmocka_unit_test(test_random_faults),
      cmocka_unit_test(test_worse_fault_counts),
      cmocka_unit_test(test_bad_faults),
      cmocka_unit_test(test_out_of_memory),
      cmocka_unit_test(test_levels_with_faults),
      cmocka_unit_test(test_levels_of_torus),
      cmocka_unit_test(test_levels_of_direct),
      cmocka_unit_test(test_levels_grow),
  };
  return cmocka_run_group_tests(tests, open_arena, close_arena);
}
