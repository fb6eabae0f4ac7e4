// Routes: connected, even, around failures; placement; patterns against closed forms.
#include "check.h"

#include "fabric/fabric_study.h"

enum { PORTS = 16, TORUS = CLX_TOPOLOGY_TORUS };

static const double RATE = 50e9;

// A fabric of servers of 8 NICs, by default a Clos of 16-port switches.
typedef struct rig {
  clx_arena *arena;
  clx_error error;
  clx_switch model;
  clx_fabric_hosts hosts[2];
  clx_fabric_spec spec;
  clx_fabric fabric;
} rig;

static void rig_open(rig *r, int64_t servers, int32_t nics, int32_t radix) {
  *r = (rig){.arena = clx_arena_new()};
  clx_error_clear(&r->error);
  r->model = (clx_switch){.name = "toy",
                          .throughput = radix * RATE,
                          .port_rate = RATE,
                          .ports = radix,
                          .split = 1,
                          .spray_efficiency = 0.95};
  r->hosts[0] = (clx_fabric_hosts){.servers = servers, .gpus = nics, .nics = nics, .ports = nics, .rate = RATE};
  r->spec = (clx_fabric_spec){.planes = 1, .flows = 1, .routing = CLX_ROUTING_ECMP};
}

static clx_status rig_compile(rig *r) {
  const int32_t hosts = r->hosts[1].servers > 0 ? 2 : 1;
  const clx_link optic = {.name = "optic", .type = CLX_LINK_OPTIC, .rate = RATE};
  const clx_link copper = {.name = "copper", .type = CLX_LINK_COPPER, .rate = RATE};
  return clx_fabric_compile(r->arena, &r->spec, r->hosts, hosts, &r->model, &optic, &copper, &r->fabric, &r->error);
}

static void rig_close(rig *r) { clx_arena_free(r->arena); }

static void must(const rig *r, clx_status status) {
  if (status != CLX_OK) fail_msg("%s", r->error.mistake[0].text);
}

static uint64_t random_state;

static int32_t random_below(int64_t n) {  // xorshift64*
  random_state ^= random_state >> 12;
  random_state ^= random_state << 25;
  random_state ^= random_state >> 27;
  return (int32_t)((random_state * 0x2545f4914f6cdd1du >> 33) % (uint64_t)n);
}

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

// --- fabrics ------------------------------------------------------------------------------------------------------------------

typedef struct subject {
  const char *name;
  int32_t topology, wiring, routing, tiers;
  int64_t servers;
  int32_t nics, radix, dual_tor;
  double thinning;
  int32_t dimension[3];
  int32_t second_nics;  // of a second host of half as many servers
} subject;

static const subject SUBJECTS[] = {
    {"one tier", .tiers = 1, .servers = 2, .nics = 8, .radix = 16},
    {"two tiers by rails", .tiers = 2, .servers = 12, .nics = 8, .radix = 16},
    {"two tiers, parallel cables", .tiers = 2, .servers = 9, .nics = 2, .radix = 16, .wiring = CLX_WIRING_BLOCK},
    {"three tiers by rails", .tiers = 3, .servers = 75, .nics = 8, .radix = 16},
    {"three tiers by blocks", .tiers = 3, .servers = 75, .nics = 8, .radix = 16, .wiring = CLX_WIRING_BLOCK},
    {"four tiers", .tiers = 4, .servers = 60, .nics = 8, .radix = 8, .wiring = CLX_WIRING_BLOCK},
    {"oversubscribed", .tiers = 3, .servers = 70, .nics = 4, .radix = 16, .thinning = 3},
    {"static routes", .tiers = 3, .servers = 75, .nics = 8, .radix = 16, .routing = CLX_ROUTING_STATIC},
    {"two leaves a NIC", .tiers = 3, .servers = 40, .nics = 4, .radix = 16, .dual_tor = 1},
    {"rails apart", .tiers = 2, .servers = 60, .nics = 4, .radix = 16, .wiring = CLX_WIRING_RAIL_ONLY},
    {"two kinds of servers", .tiers = 3, .servers = 40, .nics = 8, .radix = 16, .second_nics = 4},
    {"dragonfly", .topology = CLX_TOPOLOGY_DRAGONFLY, .servers = 100, .nics = 4, .radix = 15},
    {"dragonfly, few groups", .topology = CLX_TOPOLOGY_DRAGONFLY, .servers = 24, .nics = 4, .radix = 15},
    {"dragonfly+", .topology = CLX_TOPOLOGY_DRAGONFLY_PLUS, .servers = 150, .nics = 4, .radix = 16},
    {"torus", .topology = CLX_TOPOLOGY_TORUS, .servers = 60, .nics = 6, .dimension = {5, 4, 3}},
    {"torus with thin sides", .topology = CLX_TOPOLOGY_TORUS, .servers = 14, .nics = 6, .dimension = {7, 1, 2}},
    {"mesh", .topology = CLX_TOPOLOGY_MESH, .servers = 60, .nics = 6, .dimension = {5, 4, 3}},
    {"daisy chain", .topology = CLX_TOPOLOGY_MESH, .servers = 9, .nics = 2, .dimension = {9}},
    {"direct", .topology = CLX_TOPOLOGY_DIRECT, .servers = 7, .nics = 6},
};

static void subject_open(rig *r, const subject *s) {
  static double thinning[1];
  static int32_t dimension[3];
  rig_open(r, s->servers, s->nics, s->radix > 0 ? s->radix : PORTS);
  r->spec.topology = s->topology;
  r->spec.wiring = s->wiring;
  r->spec.routing = s->routing;
  r->spec.tiers = s->tiers;
  r->spec.dual_tor = s->dual_tor;
  if (s->thinning > 0) {
    thinning[0] = s->thinning;
    r->spec.oversubscription = thinning;
    r->spec.oversubscription_count = 1;
  }
  for (int32_t d = 0; d < 3; d++) {
    dimension[d] = s->dimension[d];
    if (dimension[d] > 0) r->spec.dimension_count = d + 1;
  }
  r->spec.dimensions = dimension;
  if (s->second_nics > 0) {
    r->hosts[1] = r->hosts[0];
    r->hosts[1].servers = s->servers / 2;
    r->hosts[1].gpus = r->hosts[1].nics = r->hosts[1].ports = s->second_nics;
  }
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
    if (r.spec.topology == CLX_TOPOLOGY_DRAGONFLY || r.spec.topology == CLX_TOPOLOGY_DRAGONFLY_PLUS) continue;
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
    rig r;
    subject_open(&r, &SUBJECTS[i]);
    const bool servers = r.spec.topology >= TORUS;
    clx_fault_spec fault = {.kind = CLX_FAULT_LINK, .tier = servers ? 0 : 1, .random = 0.1};
    if (SUBJECTS[i].tiers == 1) continue;
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

// --- studies ------------------------------------------------------------------------------------------------------------------

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
      rig r;
      subject_open(&r, &SUBJECTS[i]);
      if (r.spec.wiring == CLX_WIRING_RAIL_ONLY) continue;
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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_paths_are_connected),
      cmocka_unit_test(test_sprayed_paths_are_bundles_of_paths),
      cmocka_unit_test(test_hashes_spread_evenly),
      cmocka_unit_test(test_static_routes_follow_the_destination),
      cmocka_unit_test(test_dead_links_are_avoided),
      cmocka_unit_test(test_last_spine),
      cmocka_unit_test(test_spray_knows_what_is_cut),
      cmocka_unit_test(test_degraded_links_keep_their_flows),
      cmocka_unit_test(test_placement_gives_each_server_once),
      cmocka_unit_test(test_spray_of_a_permutation),
      cmocka_unit_test(test_thinned_pods),
      cmocka_unit_test(test_rings_under_hashing),
      cmocka_unit_test(test_all_to_all),
      cmocka_unit_test(test_heat),
      cmocka_unit_test(test_failures),
      cmocka_unit_test(test_failures_from_scratch),
      cmocka_unit_test(test_loads_of_all_to_all),
      cmocka_unit_test(test_planes_back_each_other),
      cmocka_unit_test(test_jobs_share),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
