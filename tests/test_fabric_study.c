// What patterns of traffic get: closed forms, published shares, failures, several jobs.
#include "fabric_rig.h"

// A non-blocking Clos that sprays gives every NIC of a permutation the efficiency times its line rate, in any placement.
static void test_spray_of_a_permutation(void **state) {
  (void)state;
  for (int32_t planes = 1; planes <= 2; planes++) {
    rig r;
    rig_open(&r, 120, 8, 16 * planes);
    r.spec.tiers = 3;
    r.spec.planes = planes;
    r.model.throughput = 16 * RATE;
    r.spec.routing = CLX_ROUTING_SPRAY;
    must(&r, rig_compile(&r));
    clx_fabric_pattern_result p;
    must(&r, clx_fabric_study_permutation(&r.fabric, 3, &p, NULL, &r.error));
    CLX_CHECK_NEAR(p.mean, 0.95 * RATE, 1e-9, 0);
    CLX_CHECK_NEAR(p.worst, 0.95 * RATE, 1e-9, 0);
    CLX_CHECK_NEAR(p.split_worst, 0.95 * RATE, 1e-9, 0);
    CLX_CHECK_NEAR(p.share, 0.95, 1e-9, 0);
    assert_int_equal(p.nics, 960);
    rig_close(&r);
  }
}

// Pods that are thinned 3 : 1: when all traffic leaves them each NIC gets a third.
static void test_thinned_pods(void **state) {
  (void)state;
  static double thinning[] = {1, 3};
  rig r;
  rig_open(&r, 144, 8, 16);
  r.spec.tiers = 3;
  r.spec.wiring = CLX_WIRING_BLOCK;
  r.spec.oversubscription = thinning;
  r.spec.oversubscription_count = 2;
  r.spec.routing = CLX_ROUTING_SPRAY;
  must(&r, rig_compile(&r));
  const clx_fabric *f = &r.fabric;
  const int32_t pod = (int32_t)f->tier[1].pod_ports, count = (int32_t)f->endpoints / pod * pod;
  assert_true(count >= 2 * pod);
  int32_t from[2000], to[2000];
  for (int32_t i = 0; i < count; i++) {
    from[i] = i;
    to[i] = (i + pod) % count;
  }
  clx_flows flows;
  must(&r, clx_fabric_flows(r.arena, f, from, to, count, 1, 1, &flows, &r.error));
  double rate[2000];
  clx_flow_solver *solver = clx_flow_solver_new();
  must(&r, clx_flow_solve(solver, &flows, rate, NULL, &r.error));
  clx_flow_solver_free(solver);
  const double thin = (double)f->tier[1].down / f->tier[1].up;
  CLX_CHECK_NEAR(thin, 3, 1e-12, 0);
  for (int32_t i = 0; i < count; i++) CLX_CHECK_NEAR(rate[i], 0.95 * RATE / thin, 1e-9, 0);
  double bisection, share;
  clx_fabric_study_bisection(f, &bisection, &share);
  CLX_CHECK_NEAR(share, 1 / thin, 1e-12, 0);
  rig_close(&r);
}

// The table of docs/model/network/routing.md at 8,192 NICs, and what plain hashing loses against it with spraying.
static void test_rings_under_hashing(void **state) {
  (void)state;
  const struct {
    int32_t flows;
    double rebalanced, split;
  } rows[] = {{1, 0.534, 0.534}, {4, 0.836, 0.586}, {16, 0.984, 0.692}};
  for (size_t i = 0; i < 3; i++) {
    rig r;
    rig_open(&r, 1024, 8, 128);
    r.spec.tiers = 3;
    r.spec.flows = rows[i].flows;
    must(&r, rig_compile(&r));
    const clx_placement random = {CLX_PLACEMENT_RANDOM, 0};
    clx_fabric_pattern_result p;
    must(&r, clx_fabric_study_ring(&r.fabric, &random, 1, &p, NULL, &r.error));
    CLX_CHECK_NEAR(p.share, rows[i].rebalanced, 0, 0.02);
    CLX_CHECK_NEAR(p.split_share, rows[i].split, 0, 0.02);
    // Neighbours below one leaf meet nobody, but at the ends of the leaves.
    const clx_placement near = {CLX_PLACEMENT_CONTIGUOUS, 0};
    must(&r, clx_fabric_study_ring(&r.fabric, &near, 1, &p, NULL, &r.error));
    assert_true(p.share > 0.98);
    rig_close(&r);
  }
}

// All pairs one by one through the flow engine, against the closed form.
static void check_all_to_all(rig *r, double tolerance) {
  const clx_fabric *f = &r->fabric;
  const int32_t n = (int32_t)f->endpoints, count = n * (n - 1);
  int32_t *from = CLX_NEW_ARRAY(r->arena, int32_t, count), *to = CLX_NEW_ARRAY(r->arena, int32_t, count);
  double *rate = CLX_NEW_ARRAY(r->arena, double, count);
  for (int32_t i = 0, k = 0; i < n; i++) {
    for (int32_t j = 0; j < n; j++) {
      if (i == j) continue;
      from[k] = i;
      to[k++] = j;
    }
  }
  clx_flows flows;
  must(r, clx_fabric_flows(r->arena, f, from, to, count, 1, 1, &flows, &r->error));
  clx_flow_solver *solver = clx_flow_solver_new();
  must(r, clx_flow_solve(solver, &flows, rate, NULL, &r->error));
  clx_flow_solver_free(solver);
  double least = INFINITY;
  for (int32_t i = 0; i < count; i++) least = fmin(least, rate[i]);
  clx_fabric_pattern_result p;
  must(r, clx_fabric_study_all_to_all(f, &p, NULL, &r->error));
  CLX_CHECK_NEAR(p.worst, least * (n - 1), tolerance, 0);
}

static void test_all_to_all(void **state) {
  (void)state;
  static int32_t odd[] = {5, 3}, open[] = {4, 6}, cube[] = {4, 4, 4};
  rig r;
  // Odd torus and mesh: every flow has one path, the closed form is exact.
  rig_open(&r, 15, 6, 16);
  r.spec.topology = CLX_TOPOLOGY_TORUS;
  r.spec.dimensions = odd;
  r.spec.dimension_count = 2;
  must(&r, rig_compile(&r));
  check_all_to_all(&r, 1e-9);
  rig_close(&r);
  rig_open(&r, 24, 6, 16);
  r.spec.topology = CLX_TOPOLOGY_MESH;
  r.spec.dimensions = open;
  r.spec.dimension_count = 2;
  must(&r, rig_compile(&r));
  check_all_to_all(&r, 1e-9);
  rig_close(&r);
  // A 4 x 4 x 4 torus: 63 x 8 / (64 x 4) of a link, and 2 x 64 / 4 links across the middle.
  rig_open(&r, 64, 6, 16);
  r.spec.topology = CLX_TOPOLOGY_TORUS;
  r.spec.dimensions = cube;
  r.spec.dimension_count = 3;
  must(&r, rig_compile(&r));
  clx_fabric_pattern_result p;
  must(&r, clx_fabric_study_all_to_all(&r.fabric, &p, NULL, &r.error));
  CLX_CHECK_NEAR(p.mean, 63.0 * 8 / (64 * 4) * RATE, 1e-12, 0);
  double bisection, share;
  clx_fabric_study_bisection(&r.fabric, &bisection, &share);
  CLX_CHECK_NEAR(bisection, 32 * RATE, 1e-12, 0);
  rig_close(&r);
  // Three tiers that spray, the last pod part empty.
  rig_open(&r, 36, 8, 8);
  r.spec.wiring = CLX_WIRING_BLOCK;
  r.spec.routing = CLX_ROUTING_SPRAY;
  r.spec.tiers = 4;
  must(&r, rig_compile(&r));
  check_all_to_all(&r, 1e-9);
  rig_close(&r);
  // A dragonfly of one endpoint a router and one cable a pair of groups: every pair has one minimal path.
  rig_open(&r, 72, 1, 12);
  r.spec.topology = CLX_TOPOLOGY_DRAGONFLY;
  r.spec.router_endpoints = 1;
  r.spec.group_routers = 8;
  r.spec.router_global = 1;
  must(&r, rig_compile(&r));
  check_all_to_all(&r, 1e-9);
  rig_close(&r);
}

// Loads of a study: what NICs send, each link within its capacity; the fullest by name.
static void test_heat(void **state) {
  (void)state;
  for (int32_t routing = 0; routing < CLX_ROUTINGS; routing++) {
    rig r;
    rig_open(&r, 120, 8, 16);
    r.spec.routing = routing;
    must(&r, rig_compile(&r));
    double *load = CLX_NEW_ARRAY(r.arena, double, clx_fabric_link_total(&r.fabric));
    clx_fabric_pattern_result p;
    must(&r, clx_fabric_study_permutation(&r.fabric, 2, &p, load, &r.error));
    clx_fabric_heat heat[CLX_LINK_CLASSES_MAX];
    int32_t classes, hot[5], hot_count = 5;
    double share[5];
    must(&r, clx_fabric_study_heat(&r.fabric, load, heat, &classes, hot, share, &hot_count, &r.error));
    assert_int_equal(classes, 6);
    assert_int_equal(hot_count, 5);
    CLX_CHECK_NEAR(heat[0].mean, p.share, 1e-9, 0);
    for (int32_t c = 0; c < classes; c++) {
      assert_true(heat[c].least <= heat[c].mean + 1e-9 && heat[c].mean <= heat[c].most + 1e-9);
      assert_true(heat[c].most <= 1 + 1e-9);
      assert_true(heat[c].most <= share[0] + 1e-12);
    }
    for (int32_t i = 1; i < 5; i++) assert_true(share[i] <= share[i - 1]);
    char name[96];
    clx_fabric_study_link_name(&r.fabric, heat[2].fullest, name, sizeof name);
    assert_memory_equal(name, "leaf ", 5);
    rig_close(&r);
  }
}

// Each part fails alone: the NIC cuts its two flows, a leaf those of its NICs; nothing gains more than rounding under spraying.
static void test_failures(void **state) {
  (void)state;
  for (int32_t spray = 0; spray < 2; spray++) {
    rig r;
    rig_open(&r, 120, 8, 16);
    r.spec.routing = spray ? CLX_ROUTING_SPRAY : CLX_ROUTING_ECMP;
    must(&r, rig_compile(&r));
    clx_fabric_failure failure[CLX_FABRIC_FAILURES_MAX];
    int32_t count;
    must(&r, clx_fabric_study_failures(&r.fabric, CLX_PATTERN_PERMUTATION, NULL, 1, failure, &count, &r.error));
    assert_int_equal(count, 7);
    for (int32_t i = 0; i < count; i++) {
      const clx_fabric_failure *f = &failure[i];
      const bool nic = f->part.kind == CLX_FAULT_NIC || (f->part.kind == CLX_FAULT_LINK && f->part.tier == 0);
      const bool leaf = f->part.kind == CLX_FAULT_SWITCH && f->part.tier == 1;
      assert_true(f->name[0] != 0);
      assert_int_equal(f->cut, nic ? 2 : leaf ? 16 : 0);
      if (!spray) continue;
      CLX_CHECK_NEAR(f->mean_before, 0.95 * RATE, 1e-9, 0);
      assert_true(f->mean_after <= f->mean_before * (1 + 1e-9));
      // A cable of a leaf: its eight NICs share seven, each way.
      if (f->part.kind == CLX_FAULT_LINK && f->part.tier == 1) {
        CLX_CHECK_NEAR(f->worst_after, 0.95 * RATE * 7 / 8, 1e-9, 0);
        CLX_CHECK_NEAR(f->slowed_share, 7.0 / 8, 1e-9, 0);
        assert_in_range(f->slowed, 8, 16);
      }
    }
    rig_close(&r);
  }
}

// The study of failures changes one solution; the same from scratch, on a fabric that is built with the failure.
static void test_failures_from_scratch(void **state) {
  (void)state;
  static const clx_routing routings[] = {CLX_ROUTING_ECMP, CLX_ROUTING_SPRAY};
  int32_t compared = 0;
  for (size_t i = 0; i < sizeof SUBJECTS / sizeof SUBJECTS[0]; i++) {
    for (int32_t k = 0; k < 4; k++) {
      if (SUBJECTS[i].wiring == CLX_WIRING_RAIL_ONLY) continue;
      rig r;
      subject_open(&r, &SUBJECTS[i]);
      r.spec.routing = (int32_t)routings[k % 2];
      r.spec.flows = 2;
      r.spec.planes = r.spec.topology < TORUS ? 1 + k / 2 : 1;
      r.model.throughput *= r.spec.planes;
      r.model.port_rate /= r.spec.planes;
      must(&r, rig_compile(&r));
      clx_fabric_failure failure[CLX_FABRIC_FAILURES_MAX];
      int32_t count;
      must(&r, clx_fabric_study_failures(&r.fabric, CLX_PATTERN_PERMUTATION, NULL, 4, failure, &count, &r.error));
      assert_true(count > 0);
      for (int32_t j = 0; j < count; j++) {
        if (failure[j].cut > 0) continue;
        r.spec.faults = &failure[j].part;
        r.spec.fault_count = 1;
        must(&r, rig_compile(&r));
        clx_fabric_pattern_result p;
        must(&r, clx_fabric_study_permutation(&r.fabric, 4, &p, NULL, &r.error));
        CLX_CHECK_NEAR(failure[j].mean_after, p.mean, 1e-9, 0);
        CLX_CHECK_NEAR(failure[j].worst_after, p.worst, 1e-9, 0);
        compared++;
      }
      rig_close(&r);
    }
  }
  assert_true(compared > 150);
}

// Closed forms of the loads of an all-to-all against walked paths of all pairs, many hashes each: sums exactly, links by noise.
static void test_loads_of_all_to_all(void **state) {
  (void)state;
  enum { HASHES = 24 };
  static const char *const names[] = {"dragonfly", "dragonfly, few groups", "dragonfly+", "torus",
                                      "two kinds of servers"};
  for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
    rig r;
    size_t i = 0;
    while (strcmp(SUBJECTS[i].name, names[n]) != 0) i++;
    subject_open(&r, &SUBJECTS[i]);
    must(&r, rig_compile(&r));
    const clx_fabric *f = &r.fabric;
    double *walked = CLX_NEW_ARRAY(r.arena, double, f->link_count),
           *load = CLX_NEW_ARRAY(r.arena, double, f->link_count);
    int32_t link[CLX_PATH_MAX];
    for (int32_t a = 0; a < f->endpoints; a++) {
      for (int32_t b = 0; b < f->endpoints; b++) {
        for (uint32_t h = 0; h < HASHES; h++) {
          const int32_t length = clx_fabric_path(f, a, b, ((uint32_t)a * 4096 + (uint32_t)b) * HASHES + h, link);
          for (int32_t k = 0; k < length; k++) walked[link[k]] += 1.0 / HASHES;
        }
      }
    }
    clx_fabric_pattern_result p;
    must(&r, clx_fabric_study_all_to_all(f, &p, load, &r.error));
    const double rate = p.mean / (double)(p.nics - 1);
    for (int32_t c = 0; c < f->link_class_count; c++) {
      const clx_fabric_link_class *class = &f->link_class[c];
      double sum = 0, expected = 0;
      for (int32_t l = class->first; l < class->first + class->count; l++) {
        sum += walked[l];
        expected += load[l] / rate;
        CLX_CHECK_NEAR(walked[l], load[l] / rate, 0.15, 6);
      }
      CLX_CHECK_NEAR(sum, expected, 0.01, 1e-6);
    }
    rig_close(&r);
  }
}

// Of two planes one fails: what hangs on it lives on with half.
static void test_planes_back_each_other(void **state) {
  (void)state;
  rig r;
  rig_open(&r, 60, 8, 32);
  r.spec.planes = 2;
  r.spec.routing = CLX_ROUTING_SPRAY;
  clx_fault_spec fault = {.kind = CLX_FAULT_SWITCH, .plane = 1, .tier = 1, .index = 0};
  r.spec.faults = &fault;
  r.spec.fault_count = 1;
  must(&r, rig_compile(&r));
  clx_fabric_pattern_result p;
  must(&r, clx_fabric_study_permutation(&r.fabric, 1, &p, NULL, &r.error));
  CLX_CHECK_NEAR(p.worst, 0.95 * RATE / 2, 1e-9, 0);
  assert_true(p.mean > 0.9 * RATE);
  fault.plane = -1;
  must(&r, rig_compile(&r));
  assert_int_equal(clx_fabric_study_permutation(&r.fabric, 1, &p, NULL, &r.error), CLX_INFEASIBLE);
  assert_non_null(strstr(r.error.mistake[0].text, "leaf 0"));
  rig_close(&r);
}

// An all-to-all over two planes of which one has lost a leaf: the NICs below it have half, pairs of the others the whole.
static void test_all_to_all_over_planes(void **state) {
  (void)state;
  static const int32_t topologies[] = {CLX_TOPOLOGY_CLOS, CLX_TOPOLOGY_DRAGONFLY, CLX_TOPOLOGY_DRAGONFLY_PLUS};
  for (size_t i = 0; i < sizeof topologies / sizeof topologies[0]; i++) {
    rig r;
    rig_open(&r, 32, 8, 32);
    r.spec.topology = topologies[i];
    r.spec.planes = 2;
    r.spec.routing = CLX_ROUTING_SPRAY;
    must(&r, rig_compile(&r));
    clx_fabric_pattern_result whole, p;
    must(&r, clx_fabric_study_all_to_all(&r.fabric, &whole, NULL, &r.error));
    clx_fault_spec faults[] = {{.kind = CLX_FAULT_LINK, .plane = 1, .tier = 0, .index = 5},
                               {.kind = CLX_FAULT_LINK, .plane = 0, .tier = 0, .index = 9}};
    r.spec.faults = faults;
    r.spec.fault_count = 1;
    must(&r, rig_compile(&r));
    double *load = CLX_NEW_ARRAY(r.arena, double, clx_fabric_link_total(&r.fabric));
    must(&r, clx_fabric_study_all_to_all(&r.fabric, &p, load, &r.error));
    CLX_CHECK_NEAR(p.worst, whole.worst / 2, 1e-9, 0);
    assert_true(p.mean < whole.mean && p.mean > 0.98 * whole.mean);
    assert_int_equal(p.nics, whole.nics);
    assert_true(load[r.fabric.bundle_class[0].first + 5] == 0 && load[r.fabric.bundle_class[0].first + 6] > 0);
    // Each in a plane of its own: both live, but nothing joins them.
    r.spec.fault_count = 2;
    must(&r, rig_compile(&r));
    assert_int_equal(clx_fabric_study_all_to_all(&r.fabric, &p, NULL, &r.error), CLX_INFEASIBLE);
    assert_non_null(strstr(r.error.mistake[0].text, "no plane that joins nic 1 of server 1 and nic 5 of server 0"));
    clx_error_clear(&r.error);
    faults[0] = (clx_fault_spec){.kind = CLX_FAULT_NIC, .index = 5};
    r.spec.fault_count = 1;
    must(&r, rig_compile(&r));
    assert_int_equal(clx_fabric_study_all_to_all(&r.fabric, &p, NULL, &r.error), CLX_INFEASIBLE);
    assert_non_null(strstr(r.error.mistake[0].text, "nic 5 of server 0 off in every plane"));
    rig_close(&r);
  }
}

// The same with a dead leaf, and with a leaf whose cables up are all dead.
static void test_all_to_all_beside_a_dead_leaf(void **state) {
  (void)state;
  rig r;
  rig_open(&r, 60, 8, 32);
  r.spec.planes = 2;
  r.spec.routing = CLX_ROUTING_SPRAY;
  clx_fault_spec faults[16] = {{.kind = CLX_FAULT_SWITCH, .plane = 1, .tier = 1, .index = 0}};
  r.spec.faults = faults;
  r.spec.fault_count = 1;
  must(&r, rig_compile(&r));
  const int32_t below = r.fabric.tier[0].down, up = r.fabric.tier[0].up;
  assert_true(up <= 16);
  for (int32_t all = 0; all < 2; all++) {
    clx_fabric_pattern_result p;
    must(&r, clx_fabric_study_all_to_all(&r.fabric, &p, NULL, &r.error));
    const double half = 0.95 * RATE / 2, others = 480 - below;
    CLX_CHECK_NEAR(p.worst, half, 1e-9, 0);
    CLX_CHECK_NEAR(p.mean, (below * half + others * 2 * half * (1 - below / (2 * 479.0))) / 480, 0.02, 0);
    for (int32_t c = 0; c < up; c++)
      faults[c] = (clx_fault_spec){.kind = CLX_FAULT_LINK, .plane = 1, .tier = 1, .index = 0, .port = c};
    r.spec.fault_count = up;
    must(&r, rig_compile(&r));
  }
  rig_close(&r);
}

// Another job on the same spines takes bandwidth; one that is idle or that offers little does not.
static void test_jobs_share(void **state) {
  (void)state;
  static double thinning[] = {4};
  rig r;
  rig_open(&r, 64, 8, 16);
  r.spec.wiring = CLX_WIRING_BLOCK;
  r.spec.oversubscription = thinning;
  r.spec.oversubscription_count = 1;
  must(&r, rig_compile(&r));
  const clx_placement placement = {CLX_PLACEMENT_RANDOM, 0};
  const int64_t nodes[] = {32, 32};
  int32_t *server[2];
  must(&r, clx_fabric_place(r.arena, &r.fabric, &placement, nodes, 2, 3, server, &r.error));
  clx_fabric_traffic jobs[] = {{server[0], 32, CLX_PATTERN_RING, 0}, {server[1], 32, CLX_PATTERN_IDLE, 0}};
  clx_fabric_pattern_result alone[2], beside[2], slow[2];
  must(&r, clx_fabric_study_traffic(&r.fabric, jobs, 2, 1, alone, NULL, &r.error));
  assert_int_equal(alone[1].nics, 0);
  jobs[1].pattern = CLX_PATTERN_PERMUTATION;
  must(&r, clx_fabric_study_traffic(&r.fabric, jobs, 2, 1, beside, NULL, &r.error));
  assert_true(beside[0].mean < 0.9 * alone[0].mean);
  jobs[1].load = RATE / 1000;
  must(&r, clx_fabric_study_traffic(&r.fabric, jobs, 2, 1, slow, NULL, &r.error));
  assert_true(slow[0].mean > 0.98 * alone[0].mean && slow[0].mean <= alone[0].mean * (1 + 1e-9));
  CLX_CHECK_NEAR(slow[1].mean, RATE / 1000, 1e-9, 0);
  server[1][5] = server[0][7];
  assert_int_equal(clx_fabric_study_traffic(&r.fabric, jobs, 2, 1, slow, NULL, &r.error), CLX_INPUT);
  assert_non_null(strstr(r.error.mistake[0].text, "is given to job 0 and again to job 1"));
  rig_close(&r);
}

// Every allocation fails once: an error each time, no crash, no leak.
static void test_out_of_memory(void **state) {
  (void)state;
  rig r;
  rig_open(&r, 40, 8, 16);
  must(&r, rig_compile(&r));
  const clx_placement random = {CLX_PLACEMENT_RANDOM, 0};
  int32_t failed = 0, study = 0;
  for (int64_t n = 1; study < 4; n++) {
    clx_fabric_failure failure[CLX_FABRIC_FAILURES_MAX];
    clx_fabric_pattern_result p;
    int32_t count;
    clx_error error;
    clx_error_clear(&error);
    clx_memory_fail_after(n);
    const clx_status status =
        study == 0   ? clx_fabric_study_ring(&r.fabric, &random, 1, &p, NULL, &error)
        : study == 1 ? clx_fabric_study_all_to_all(&r.fabric, &p, NULL, &error)
        : study == 2 ? clx_fabric_study_failures(&r.fabric, CLX_PATTERN_RING, &random, 1, failure, &count, &error)
                     : clx_fabric_study_permutation(&r.fabric, 1, &p, NULL, &error);
    clx_memory_fail_after(0);
    if (status == CLX_OK) {
      study++;
      n = 0;
    } else {
      assert_int_equal(status, CLX_MEMORY);
      assert_true(error.mistake[0].text[0] != 0);
      failed++;
    }
  }
  assert_true(failed > 20);
  rig_close(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_spray_of_a_permutation),
      cmocka_unit_test(test_thinned_pods),
      cmocka_unit_test(test_rings_under_hashing),
      cmocka_unit_test(test_all_to_all),
      cmocka_unit_test(test_heat),
      cmocka_unit_test(test_failures),
      cmocka_unit_test(test_failures_from_scratch),
      cmocka_unit_test(test_loads_of_all_to_all),
      cmocka_unit_test(test_planes_back_each_other),
      cmocka_unit_test(test_all_to_all_over_planes),
      cmocka_unit_test(test_all_to_all_beside_a_dead_leaf),
      cmocka_unit_test(test_jobs_share),
      cmocka_unit_test(test_out_of_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
