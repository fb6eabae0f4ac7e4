// Routes: connected, even, around failures; placement.
#include "fabric_rig.h"

#include "fabric/fabric_route_internal.h"

// --- ends of links, from the numbering of fabric.h -----------------------------------------------------------------------------

// A place in the fabric: endpoints and switches of each tier (dragonfly+: spines are tier 2).
typedef struct vertex {
  int32_t tier;  // 0 = endpoint
  int64_t index;
} vertex;

static void clos_ends(const clx_fabric *f, int32_t class, int64_t at, vertex *lower, vertex *upper) {
  const int32_t t = class / 2;
  const int64_t up = t == 0 ? f->nic_up : f->tier[t - 1].up, element = at / up, port = at % up;
  const int64_t below = t == 0 ? 1 : f->tier[t - 1].pod_switches, pod = element / below, s = element % below;
  const int64_t leaf = t == 0 ? clx_fabric_leaf(f, element) : pod * f->tier[t - 1].pod_leaves;
  const int64_t above = f->tier[t].pods == 1 ? 0 : leaf / f->tier[t].pod_leaves, parallel = f->tier[t].parallel;
  *lower = (vertex){t, element};
  *upper = (vertex){t + 1, above * f->tier[t].pod_switches + s * (up / parallel) + port / parallel};
}

static vertex global_owner(const clx_fabric *f, int64_t group, int64_t other, int64_t cable) {
  const bool plus = f->spec.topology == CLX_TOPOLOGY_DRAGONFLY_PLUS;
  const int64_t q = (other < group ? other : other - 1) * f->global_parallel + cable;
  const int64_t each = plus ? f->spec.group_spines : f->spec.group_routers;
  return (vertex){plus ? 2 : 1, group * each + q / f->spec.router_global};
}

static void dragonfly_ends(const clx_fabric *f, int32_t class, int64_t at, vertex *from, vertex *to) {
  const bool plus = f->spec.topology == CLX_TOPOLOGY_DRAGONFLY_PLUS;
  const int64_t a = f->spec.group_routers, g = f->group_count, m = f->global_parallel;
  if (class < 2) {
    *from = (vertex){0, at};
    *to = (vertex){1, at / f->spec.router_endpoints};
  } else if (class == (plus ? 4 : 3)) {
    const int64_t pair = at / m, x = pair / (g - 1), slot = pair % (g - 1), y = slot < x ? slot : slot + 1;
    *from = global_owner(f, x, y, at % m);
    *to = global_owner(f, y, x, at % m);
  } else if (plus) {
    const int64_t leaf = at / f->leaf_up, each = f->leaf_up / f->spec.group_spines;
    *from = (vertex){1, leaf};
    *to = (vertex){2, leaf / a * f->spec.group_spines + at % f->leaf_up / each};
  } else {
    const int64_t router = at / (a - 1), j = at % (a - 1), i = router % a;
    *from = (vertex){1, router};
    *to = (vertex){1, router - i + (j < i ? j : j + 1)};
  }
}

static void server_ends(const clx_fabric *f, int32_t class, int64_t at, vertex *from, vertex *to) {
  *from = *to = (vertex){0, at};
  if (f->spec.topology == CLX_TOPOLOGY_DIRECT) {
    const int64_t i = at / (f->servers - 1), j = at % (f->servers - 1);
    from->index = i;
    to->index = j < i ? j : j + 1;
    return;
  }
  int64_t stride = 1;
  for (int32_t d = 0; d < class / 2; d++) stride *= f->spec.dimensions[d];
  const int64_t n = f->spec.dimensions[class / 2], x = at / stride % n, next = x + (class % 2 == 0 ? 1 : -1);
  if (f->spec.topology == CLX_TOPOLOGY_MESH) assert_true(next >= 0 && next < n);
  to->index = at + ((next + n) % n - x) * stride;
}

static void link_ends(const clx_fabric *f, int32_t link, vertex *from, vertex *to) {
  int32_t class = f->link_class_count - 1;
  while (f->link_class[class].first > link || f->link_class[class].count == 0) class --;
  const int64_t at = link - f->link_class[class].first;
  const bool plus = f->spec.topology == CLX_TOPOLOGY_DRAGONFLY_PLUS;
  bool down = class == 1 || (plus && class == 3);
  if (f->spec.topology == CLX_TOPOLOGY_CLOS) {
    clos_ends(f, class, at, from, to);
    down = class % 2 == 1;
  } else if (f->spec.topology < TORUS) {
    dragonfly_ends(f, class, at, from, to);
  } else {
    server_ends(f, class, at, from, to);
    down = false;
  }
  if (!down) return;
  const vertex kept = *from;
  *from = *to;
  *to = kept;
}

static bool is_dead(const clx_fabric *f, int32_t link) {
  for (int32_t i = 0; i < f->fault_count; i++) {
    if (f->fault[i].link == link && f->fault[i].rate <= 0) return true;
  }
  return false;
}

// Walks the path of a flow link by link. Returns its length; -1 when there is none.
static int32_t walk(const clx_fabric *f, int64_t from, int64_t to, uint32_t hash) {
  int32_t link[CLX_PATH_MAX];
  const int32_t length = clx_fabric_path(f, from, to, hash, link);
  if (length < 0) return length;
  vertex at = {0, from};
  for (int32_t i = 0; i < length; i++) {
    vertex tail, head;
    assert_in_range(link[i], 0, f->link_count - 1);
    link_ends(f, link[i], &tail, &head);
    if (tail.tier != at.tier || tail.index != at.index) {
      char name[96];
      clx_fabric_link_name(f, link[i], name, sizeof name);
      fail_msg("%s: link %d of the path from %d to %d is %s, which leaves %d:%d, not %d:%d",
               clx_topology_name[f->spec.topology], i, (int)from, (int)to, name, tail.tier, (int)tail.index, at.tier,
               (int)at.index);
    }
    for (int32_t j = 0; j < i; j++) assert_int_not_equal(link[i], link[j]);
    assert_false(is_dead(f, link[i]));
    at = head;
  }
  assert_int_equal(at.tier, 0);
  assert_int_equal(at.index, to);
  return length;
}

// Pairs of rails apart are not wired to each other.
static bool is_wired(const clx_fabric *f, int32_t from, int32_t to) {
  int32_t a = 0, b = 0;
  clx_fabric_server(f, from, &a);
  clx_fabric_server(f, to, &b);
  return f->spec.wiring != CLX_WIRING_RAIL_ONLY || a == b;
}

static void test_paths_are_connected(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof SUBJECTS / sizeof SUBJECTS[0]; i++) {
    rig r;
    subject_open(&r, &SUBJECTS[i]);
    must(&r, rig_compile(&r));
    random_state = 1 + i;
    for (int32_t k = 0; k < 2000; k++) {
      const int32_t from = random_below(r.fabric.endpoints), to = random_below(r.fabric.endpoints);
      const uint32_t hash = (uint32_t)random_state;
      const int32_t length = walk(&r.fabric, from, to, hash);
      if (!is_wired(&r.fabric, from, to)) {
        assert_int_equal(length, -1);
        continue;
      }
      if (length < 0) fail_msg("%s: no path from %d to %d", SUBJECTS[i].name, from, to);
      assert_int_equal(length == 0, from == to);
      // As long on the way back: by the same cables in a Clos, in every topology as many.
      if (SUBJECTS[i].topology != CLX_TOPOLOGY_DRAGONFLY) assert_int_equal(walk(&r.fabric, to, from, hash), length);
    }
    rig_close(&r);
  }
}

// Spraying takes bundles: those of the links of any single path.
static void test_sprayed_paths_are_bundles_of_paths(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof SUBJECTS / sizeof SUBJECTS[0]; i++) {
    rig r;
    subject_open(&r, &SUBJECTS[i]);
    if (r.spec.topology == CLX_TOPOLOGY_DRAGONFLY || r.spec.topology == CLX_TOPOLOGY_DRAGONFLY_PLUS) {
      rig_close(&r);
      continue;
    }
    must(&r, rig_compile(&r));
    clx_fabric sprayed = r.fabric;
    sprayed.spec.routing = CLX_ROUTING_SPRAY;
    random_state = 1 + i;
    for (int32_t k = 0; k < 500; k++) {
      const int32_t from = random_below(r.fabric.endpoints), to = random_below(r.fabric.endpoints);
      int32_t link[CLX_PATH_MAX], bundle[CLX_PATH_MAX];
      const int32_t links = clx_fabric_path(&r.fabric, from, to, (uint32_t)random_state, link);
      assert_int_equal(clx_fabric_path(&sprayed, from, to, (uint32_t)random_state, bundle), links);
      for (int32_t j = 0; j < links; j++) {
        int32_t c = r.fabric.link_class_count - 1;
        while (r.fabric.link_class[c].first > link[j] || r.fabric.link_class[c].count == 0) c--;
        assert_int_equal(bundle[j], r.fabric.bundle_class[c].first +
                                        (link[j] - r.fabric.link_class[c].first) / r.fabric.bundle_class[c].bundle);
      }
    }
    rig_close(&r);
  }
}

// Hashes spread flows over all cables: chi-square of 64 leaf ports and of all spines' ports, 99.9th percentile.
static void test_hashes_spread_evenly(void **state) {
  (void)state;
  enum { FLOWS = 65536, UP = 32 };
  rig r;
  rig_open(&r, 512, 8, 2 * UP);
  r.spec.tiers = 3;
  must(&r, rig_compile(&r));
  const clx_fabric *f = &r.fabric;
  int32_t count[2][UP * UP] = {{0}};
  const int64_t last = f->endpoints - 1;  // another pod: every path goes over a core
  for (int32_t k = 0; k < FLOWS; k++) {
    int32_t link[CLX_PATH_MAX];
    random_state = 77 + (uint64_t)k * 0x9e3779b97f4a7c15u;
    random_below(2);
    assert_int_equal(clx_fabric_path(f, 0, last, (uint32_t)(random_state >> 20), link), 6);
    count[0][link[1] - f->link_class[2].first]++;
    count[1][link[2] - f->link_class[4].first]++;
  }
  for (int32_t t = 0; t < 2; t++) {
    const int32_t cells = t == 0 ? UP : UP * UP;
    const double expected = (double)FLOWS / cells;
    double chi = 0;
    for (int32_t i = 0; i < cells; i++) chi += (count[t][i] - expected) * (count[t][i] - expected) / expected;
    const double freedom = cells - 1;
    assert_true(chi < freedom + 3.3 * sqrt(2 * freedom));  // an even spread that is not random would be near 0
    assert_true(chi > freedom - 3.3 * sqrt(2 * freedom));
  }
  rig_close(&r);
}

// Static routes: one path for every destination from one leaf, spread over all ports without a draw.
static void test_static_routes_follow_the_destination(void **state) {
  (void)state;
  rig r;
  rig_open(&r, 64, 8, 16);
  r.spec.routing = CLX_ROUTING_STATIC;
  r.spec.wiring = CLX_WIRING_BLOCK;
  must(&r, rig_compile(&r));
  const clx_fabric *f = &r.fabric;
  int32_t used[8] = {0};
  for (int32_t to = 8; to < 16; to++) {  // all below one leaf
    int32_t a[CLX_PATH_MAX], b[CLX_PATH_MAX];
    const int32_t length = clx_fabric_path(f, 0, to, 1, a);
    assert_int_equal(clx_fabric_path(f, 0, to, 99, b), length);
    assert_memory_equal(a, b, (size_t)length * sizeof *a);
    used[(a[1] - f->link_class[2].first) % 8]++;
  }
  for (int32_t i = 0; i < 8; i++) assert_int_equal(used[i], 1);
  rig_close(&r);
}

static int by_text(const void *a, const void *b) { return strcmp(a, b); }

// Every link has a name of its own.
static void test_names_tell_links_apart(void **state) {
  (void)state;
  enum { NAME = 80 };
  static const struct {
    const char *fabric;
    int32_t class, at;
    const char *name;
  } examples[] = {{"three tiers by rails", 0, 9, "nic 1 of server 1 up"},
                  {"three tiers by rails", 3, 8 * 5 + 3, "leaf 5 port 3 down"},
                  {"three tiers by rails", 4, 8 * 7 + 1, "spine 7 port 1 up"},
                  {"two leaves a NIC", 0, 3, "nic 1 of server 0 port 1 up"},
                  {"dragonfly", 2, 7, "local cable, router 1 to 0"},
                  {"dragonfly", 3, 0, "global cable 0, group 0 to 1"},
                  {"torus", 1, 4, "server 4 x-"},
                  {"direct", 0, 6, "cable from server 1 to server 0"}};
  size_t met = 0;
  for (size_t i = 0; i < sizeof SUBJECTS / sizeof SUBJECTS[0]; i++) {
    rig r;
    subject_open(&r, &SUBJECTS[i]);
    must(&r, rig_compile(&r));
    const clx_fabric *f = &r.fabric;
    char(*name)[NAME] = clx_arena_array(r.arena, (size_t)f->link_count, NAME);
    for (int32_t l = 0; l < f->link_count; l++) clx_fabric_link_name(f, l, name[l], NAME);
    for (size_t e = 0; e < sizeof examples / sizeof examples[0]; e++) {
      if (strcmp(examples[e].fabric, SUBJECTS[i].name) != 0) continue;
      assert_string_equal(name[f->link_class[examples[e].class].first + examples[e].at], examples[e].name);
      met++;
    }
    qsort(name, (size_t)f->link_count, NAME, by_text);
    for (int32_t l = 1; l < f->link_count; l++) assert_string_not_equal(name[l], name[l - 1]);
    rig_close(&r);
  }
  assert_int_equal(met, sizeof examples / sizeof examples[0]);
}

// Numbers of NICs lead to servers and back; GPUs share NICs in order.
static void test_endpoints(void **state) {
  (void)state;
  rig r;
  rig_open(&r, 10, 4, 16);
  r.hosts[0].ports = 5;  // one for storage
  r.hosts[0].gpus = 8;
  r.hosts[1] = (clx_fabric_hosts){.servers = 6, .gpus = 4, .nics = 4, .ports = 4, .rate = RATE / 2};
  must(&r, rig_compile(&r));
  const clx_fabric *f = &r.fabric;
  int64_t endpoint = 0;
  for (int64_t server = 0; server < 16; server++) {
    for (int32_t nic = 0; nic < (server < 10 ? 5 : 4); nic++, endpoint++) {
      int32_t back;
      assert_int_equal(clx_fabric_endpoint(f, server, nic), endpoint);
      assert_int_equal(clx_fabric_server(f, endpoint, &back), server);
      assert_int_equal(back, nic);
    }
  }
  assert_int_equal(f->endpoints, endpoint);
  double *capacity;
  must(&r, clx_fabric_capacity(r.arena, f, &capacity, &r.error));
  CLX_CHECK_NEAR(capacity[f->link_class[0].first + 49], RATE, 1e-12, 0);
  CLX_CHECK_NEAR(capacity[f->link_class[1].first + 50], RATE / 2, 1e-12, 0);
  rig_close(&r);
}

// --- failures -----------------------------------------------------------------------------------------------------------------

// Whether some path of the healthy fabric has no dead link: by many hashes.
static bool is_connected(const clx_fabric *f, int32_t from, int32_t to) {
  clx_fabric healthy = *f;
  healthy.fault_count = 0;
  for (uint32_t hash = 0; hash < 5000; hash++) {
    int32_t link[CLX_PATH_MAX];
    const int32_t length = clx_fabric_path(&healthy, from, to, hash, link);
    bool alive = true;
    for (int32_t i = 0; i < length && alive; i++) alive = !is_dead(f, link[i]);
    if (alive) return true;
  }
  return false;
}

// The same between servers wired to each other: whatever cables lead to, until nothing new is found.
static bool is_reached(const clx_fabric *f, int32_t from, int32_t to) {
  bool seen[64] = {false};
  seen[from] = true;
  for (bool more = true; more;) {
    more = false;
    for (int32_t link = 0; link < f->link_count; link++) {
      const int32_t d = link / (int32_t)f->servers / 2;
      if (f->spec.topology == CLX_TOPOLOGY_MESH) {  // cables beyond the edge are not there
        int32_t stride = 1;
        for (int32_t e = 0; e < d; e++) stride *= f->spec.dimensions[e];
        const int32_t n = f->spec.dimensions[d], x = link % (int32_t)f->servers / stride % n;
        if (link / f->servers % 2 == 0 ? x == n - 1 : x == 0) continue;
      }
      vertex tail, head;
      link_ends(f, link, &tail, &head);
      if (is_dead(f, link) || !seen[tail.index] || seen[head.index]) continue;
      seen[head.index] = more = true;
    }
  }
  return seen[to];
}

// A path is found exactly where there is one.
static void test_dead_links_are_avoided(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof SUBJECTS / sizeof SUBJECTS[0]; i++) {
    if (SUBJECTS[i].tiers == 1) continue;
    rig r;
    subject_open(&r, &SUBJECTS[i]);
    const bool servers = r.spec.topology >= TORUS;
    clx_fault_spec fault = {.kind = CLX_FAULT_LINK, .tier = servers ? 0 : 1, .random = 0.1};
    r.spec.faults = &fault;
    r.spec.fault_count = 1;
    r.spec.seed = 5;
    must(&r, rig_compile(&r));
    assert_true(r.fabric.fault_count > 0);
    random_state = 1 + i;
    int32_t cut = 0;
    for (int32_t k = 0; k < 2000; k++) {
      const int32_t from = random_below(r.fabric.endpoints), to = random_below(r.fabric.endpoints);
      if (!is_wired(&r.fabric, from, to) || walk(&r.fabric, from, to, (uint32_t)random_state) >= 0) continue;
      if (servers ? is_reached(&r.fabric, from, to) : is_connected(&r.fabric, from, to))
        fail_msg("%s: a path from %d to %d is missed", SUBJECTS[i].name, from, to);
      cut++;
    }
    // A chain breaks; of the others a server in a corner at most.
    if (strcmp(SUBJECTS[i].name, "daisy chain") == 0) {
      assert_true(cut > 200);
    } else if (cut > 100) {
      fail_msg("%s: %d of 2000 pairs cut off", SUBJECTS[i].name, cut);
    }
    rig_close(&r);
  }
}

// All but one of the spines gone: every path takes the last one. That gone, too: leaves are cut off from each other, by name.
static void test_last_spine(void **state) {
  (void)state;
  for (int32_t left = 1; left >= 0; left--) {
    for (int32_t spray = 0; spray < 2; spray++) {
      rig r;
      rig_open(&r, 16, 8, 16);
      r.spec.wiring = CLX_WIRING_BLOCK;
      r.spec.routing = spray ? CLX_ROUTING_SPRAY : CLX_ROUTING_ECMP;
      clx_fault_spec faults[8];
      for (int32_t i = 0; i < 8; i++) faults[i] = (clx_fault_spec){.kind = CLX_FAULT_SWITCH, .tier = 2, .index = i};
      r.spec.faults = faults;
      r.spec.fault_count = 8 - left;
      must(&r, rig_compile(&r));
      const int32_t from[] = {0, 1, 2, 3}, to[] = {8, 9, 10, 127};
      clx_flows flows;
      const clx_status status = clx_fabric_flows(r.arena, &r.fabric, from, to, 4, 1, 1, &flows, &r.error);
      if (left == 0) {
        assert_int_equal(status, CLX_INFEASIBLE);
        assert_non_null(strstr(r.error.mistake[0].text, "nic 0 of server 0 from nic 0 of server 1: dead are spine"));
      } else {
        must(&r, status);
        double *capacity;
        must(&r, clx_fabric_capacity(r.arena, &r.fabric, &capacity, &r.error));
        // One link of the eight is left of the leaf.
        CLX_CHECK_NEAR(capacity[flows.link[1]], spray ? 0.95 * RATE : RATE, 1e-12, 0);
        for (int32_t i = 1; i < 4; i++) {
          if (i < 3) assert_true(flows.link[4 * i + 1] == flows.link[1]);
        }
      }
      rig_close(&r);
    }
  }
}

// Dead links on the source's and on the destination's side that leave no spine in common cut the pair, although both bundles
// have room left.
static void test_spray_knows_what_is_cut(void **state) {
  (void)state;
  rig r;
  rig_open(&r, 16, 8, 16);
  r.spec.wiring = CLX_WIRING_BLOCK;
  r.spec.routing = CLX_ROUTING_SPRAY;
  clx_fault_spec faults[8];
  for (int32_t i = 0; i < 8; i++)
    faults[i] = (clx_fault_spec){.kind = CLX_FAULT_LINK, .tier = 1, .index = i < 4 ? 0 : 1, .port = i};
  r.spec.faults = faults;
  r.spec.fault_count = 8;
  must(&r, rig_compile(&r));
  int32_t link[CLX_PATH_MAX];
  assert_int_equal(clx_fabric_path(&r.fabric, 0, 8, 1, link), -1);  // leaf 0 to leaf 1
  assert_int_equal(clx_fabric_path(&r.fabric, 0, 16, 1, link), 4);  // to leaf 2
  rig_close(&r);
}

static void test_degraded_links_keep_their_flows(void **state) {
  (void)state;
  rig r;
  rig_open(&r, 16, 8, 16);
  must(&r, rig_compile(&r));
  int32_t healthy[CLX_PATH_MAX], degraded[CLX_PATH_MAX];
  assert_int_equal(clx_fabric_path(&r.fabric, 0, 127, 9, healthy), 4);
  char name[96];
  clx_fabric_link_name(&r.fabric, healthy[1], name, sizeof name);
  assert_memory_equal(name, "leaf ", 5);
  char *rest;
  const int32_t leaf = (int32_t)strtol(name + 5, &rest, 10);
  assert_memory_equal(rest, " port ", 6);
  const int32_t port = (int32_t)strtol(rest + 6, &rest, 10);
  assert_string_equal(rest, " up");
  clx_fault_spec fault = {.kind = CLX_FAULT_LINK, .tier = 1, .index = leaf, .port = port, .rate = 0.25};
  r.spec.faults = &fault;
  r.spec.fault_count = 1;
  must(&r, rig_compile(&r));
  assert_int_equal(clx_fabric_path(&r.fabric, 0, 127, 9, degraded), 4);
  assert_memory_equal(healthy, degraded, 4 * sizeof *healthy);
  double *capacity;
  must(&r, clx_fabric_capacity(r.arena, &r.fabric, &capacity, &r.error));
  CLX_CHECK_NEAR(capacity[healthy[1]], 0.25 * RATE, 1e-12, 0);
  r.fabric.spec.routing = CLX_ROUTING_SPRAY;
  must(&r, clx_fabric_capacity(r.arena, &r.fabric, &capacity, &r.error));
  assert_int_equal(clx_fabric_path(&r.fabric, 0, 127, 9, healthy), 4);
  CLX_CHECK_NEAR(capacity[healthy[1]], 0.95 * 7.25 * RATE, 1e-12, 0);
  rig_close(&r);
}

static void test_pairs_without_a_path_are_named(void **state) {
  (void)state;
  static int32_t length[] = {400};
  rig r;
  rig_open(&r, 400, 2, 16);
  r.spec.topology = CLX_TOPOLOGY_MESH;
  r.spec.dimensions = length;
  r.spec.dimension_count = 1;
  must(&r, rig_compile(&r));
  const int32_t from[] = {0, 0}, to[] = {CLX_PATH_MAX, CLX_PATH_MAX + 1};
  clx_flows flows;
  must(&r, clx_fabric_flows(r.arena, &r.fabric, from, to, 1, 1, 1, &flows, &r.error));
  assert_int_equal(flows.first[1], CLX_PATH_MAX);
  assert_int_equal(clx_fabric_flows(r.arena, &r.fabric, from, to, 2, 1, 1, &flows, &r.error), CLX_INFEASIBLE);
  assert_non_null(strstr(r.error.mistake[0].text, "from server 0 to server 129 is longer than 128 links"));
  rig_close(&r);
  rig_open(&r, 60, 4, 16);
  r.spec.tiers = 2;
  r.spec.wiring = CLX_WIRING_RAIL_ONLY;
  must(&r, rig_compile(&r));
  const int32_t other = 5;  // NIC 1 of server 1
  assert_int_equal(clx_fabric_flows(r.arena, &r.fabric, from, &other, 1, 1, 1, &flows, &r.error), CLX_INFEASIBLE);
  assert_non_null(strstr(r.error.mistake[0].text, "nic 0 of server 0 to nic 1 of server 1: they are not wired"));
  rig_close(&r);
}

// Groups in pieces: knowing what live links join spares searches, and changes no path.
static void test_parts_of_groups_change_no_path(void **state) {
  (void)state;
  enum { PAIRS = 3000 };
  static const int32_t topologies[] = {CLX_TOPOLOGY_DRAGONFLY, CLX_TOPOLOGY_DRAGONFLY_PLUS};
  for (int32_t i = 0; i < 6; i++) {
    rig r;
    rig_open(&r, 100, 4, 16);
    r.spec.topology = topologies[i % 2];
    r.spec.routing = i < 4 ? CLX_ROUTING_ECMP : CLX_ROUTING_SPRAY;
    clx_fault_spec faults[] = {{.kind = CLX_FAULT_LINK,
                                .tier = 1,
                                .random = i < 2   ? 0.25
                                          : i < 4 ? 0.45
                                                  : 0.65},
                               {.kind = CLX_FAULT_LINK, .tier = 2, .random = 0.3}};
    r.spec.faults = faults;
    r.spec.fault_count = 2;
    r.spec.seed = i;
    must(&r, rig_compile(&r));
    clx_router informed;
    must(&r, clx_router_make(r.arena, &r.fabric, &informed, &r.error));
    assert_non_null(informed.part);
    int32_t cut = 0;
    random_state = 17;
    for (int32_t k = 0; k < PAIRS; k++) {
      const int32_t from = random_below(r.fabric.endpoints), to = random_below(r.fabric.endpoints);
      int32_t a[CLX_PATH_MAX], b[CLX_PATH_MAX];
      const int32_t length = clx_router_path(&informed, from, to, (uint32_t)k * 77u, a);
      assert_int_equal(clx_fabric_path(&r.fabric, from, to, (uint32_t)k * 77u, b), length);
      cut += length < 0;
      for (int32_t e = 0; e < length; e++) assert_int_equal(a[e], b[e]);
    }
    assert_true(cut < PAIRS);
    if (i >= 4) assert_true(cut > 0);
    rig_close(&r);
  }
}

// --- placement ------------------------------------------------------------------------------------------------------------------

static void test_placement_gives_each_server_once(void **state) {
  (void)state;
  rig r;
  rig_open(&r, 100, 8, 16);
  must(&r, rig_compile(&r));
  for (int32_t kind = 0; kind < CLX_PLACEMENTS; kind++) {
    const clx_placement placement = {kind, 7};
    const int64_t nodes[] = {40, 1, 55};
    int32_t *server[3], seen[100] = {0}, breaks = 0;
    must(&r, clx_fabric_place(r.arena, &r.fabric, &placement, nodes, 3, 11, server, &r.error));
    for (int32_t j = 0; j < 3; j++) {
      for (int32_t i = 0; i < nodes[j]; i++) {
        assert_in_range(server[j][i], 0, 99);
        seen[server[j][i]]++;
        if (i > 0 && server[j][i] != server[j][i - 1] + 1) breaks++;
      }
    }
    int32_t taken = 0;
    for (int32_t i = 0; i < 100; i++) {
      assert_true(seen[i] <= 1);
      taken += seen[i];
    }
    assert_int_equal(taken, 96);
    const int32_t least[] = {0, 8, 80}, most[] = {0, 14, 96};
    assert_in_range(breaks, least[kind], most[kind]);
  }
  const clx_placement placement = {CLX_PLACEMENT_RANDOM, 0};
  const int64_t nodes[] = {60, 41};
  int32_t *server[2];
  assert_int_equal(clx_fabric_place(r.arena, &r.fabric, &placement, nodes, 2, 1, server, &r.error), CLX_INFEASIBLE);
  assert_non_null(strstr(r.error.mistake[0].text, "job 1 needs 41 nodes, but 40"));
  rig_close(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_paths_are_connected),
      cmocka_unit_test(test_sprayed_paths_are_bundles_of_paths),
      cmocka_unit_test(test_hashes_spread_evenly),
      cmocka_unit_test(test_static_routes_follow_the_destination),
      cmocka_unit_test(test_names_tell_links_apart),
      cmocka_unit_test(test_endpoints),
      cmocka_unit_test(test_dead_links_are_avoided),
      cmocka_unit_test(test_last_spine),
      cmocka_unit_test(test_spray_knows_what_is_cut),
      cmocka_unit_test(test_degraded_links_keep_their_flows),
      cmocka_unit_test(test_pairs_without_a_path_are_named),
      cmocka_unit_test(test_parts_of_groups_change_no_path),
      cmocka_unit_test(test_placement_gives_each_server_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
