// Schedules of rounds: closed forms, barriers, contention by hand, peers' simulated times, folded and flat, refusals.
#include "check.h"

#include <string.h>

#include "document/document.h"
#include "network/network_schedule.h"
#include "peers.h"

typedef struct rig {
  clx_arena *arena;
  clx_error error;
  clx_wires wires;
  clx_schedule_outcome out;
} rig;

static rig rig_make(void) {
  rig r = {.arena = clx_arena_new()};
  assert_non_null(r.arena);
  clx_error_clear(&r.error);
  return r;
}

static void rig_free(rig *r) { clx_arena_free(r->arena); }

static void must(clx_status status, const rig *r) {
  if (status != CLX_OK) fail_msg("%s", r->error.mistake[0].text);
}

// A switch of `ranks` ports of `rate` B/s; half of `latency` on each link.
static void rig_switch(rig *r, int32_t ranks, double rate, double latency) {
  const clx_plain_dimension d = {ranks, 0, rate, latency / 2};
  must(clx_wires_plain(r->arena, &d, 1, true, &r->wires, &r->error), r);
}

static double play(rig *r, const clx_schedule *s) {
  must(clx_schedule_play(r->arena, s, &r->wires, &r->out, &r->error), r);
  return r->out.time;
}

static double play_text(rig *r, const char *text) {
  clx_node *root = NULL;
  clx_schedule s;
  must(clx_document_read(r->arena, "s.yaml", text, strlen(text), &root, &r->error), r);
  must(clx_schedule_read(r->arena, root, &s, &r->error), r);
  return play(r, &s);
}

static double play_list(rig *r, const peers_list *list) {
  const clx_schedule s = peers_schedule(list, 0);
  return play(r, &s);
}

// --- closed forms ----------------------------------------------------------------------------------------------------

static void test_ring(void **state) {
  (void)state;
  for (int32_t n = 2; n <= 64; n *= 2) {
    rig r = rig_make();
    char text[200];
    rig_switch(&r, n, 50e9, 3e-6);
    snprintf(text, sizeof text, "rounds: [{shift: 1, bytes: %d MB, repeat: %d}]", 64 / n, 2 * (n - 1));
    CLX_CHECK_NEAR(play_text(&r, text), 2 * (n - 1) * (3e-6 + 64e6 / n / 50e9), 1e-12, 0);
    assert_true(r.out.folded);
    assert_int_equal(r.out.rounds, 2 * (n - 1));
    assert_int_equal(r.out.solves, 1);
    CLX_CHECK_NEAR(r.out.bytes, 2.0 * (n - 1) * 64e6, 1e-12, 0);
    CLX_CHECK_NEAR(r.out.worst_busy, 2.0 * (n - 1) * 64e6 / n / 50e9, 1e-12, 0);
    rig_free(&r);
  }
}

static void test_patterns(void **state) {
  (void)state;
  rig r = rig_make();
  rig_switch(&r, 8, 1e9, 1e-3);
  CLX_CHECK_NEAR(play_text(&r, "rounds: [{xor: 5, bytes: 1 GB}]"), 1.001, 1e-12, 0);
  CLX_CHECK_NEAR(play_text(&r, "rounds: [{all_to_all: true, bytes: 1 GB}]"), 7.001, 1e-12, 0);
  CLX_CHECK_NEAR(play_text(&r, "rounds: [{shift: -3, bytes: 1 GB, size: 4, stride: 2}]"), 1.001, 1e-12, 0);
  CLX_CHECK_NEAR(play_text(&r, "rounds: [{wait: 20 ms, repeat: 3}, {shift: 1, bytes: 1 GB, ranks: [5, 2, 7]}]"), 1.061,
                 1e-12, 0);
  assert_false(r.out.folded);
  CLX_CHECK_NEAR(r.out.start[1], 0.06, 1e-12, 0);
  CLX_CHECK_NEAR(r.out.bytes, 3e9, 1e-12, 0);
  rig_free(&r);
}

// A ring of links: a shift of k crosses k of them and shares each with k - 1 others; the way back when that is shorter.
static void test_ring_of_links(void **state) {
  (void)state;
  static const int32_t hops[] = {1, 2, 3, 4, 3, 2, 1};
  for (int32_t flat = 0; flat < 2; flat++) {
    for (int32_t k = 1; k < 8; k++) {
      rig r = rig_make();
      const clx_plain_dimension d = {8, 1, 1e9, 1e-3};
      char text[100];
      must(clx_wires_plain(r.arena, &d, 1, true, &r.wires, &r.error), &r);
      if (flat) r.wires.uniform = NULL;
      snprintf(text, sizeof text, "rounds: [{shift: %d, bytes: 1 GB}]", k);
      CLX_CHECK_NEAR(play_text(&r, text), hops[k - 1] * 1.001, 1e-12, 0);
      rig_free(&r);
    }
  }
}

// --- barriers and contention by hand ---------------------------------------------------------------------------------

// Two flows into rank 1: half of the rate each; when the small one ends after 2 s, the other has 3 of 4 GB left.
static void test_ends_at_different_times(void **state) {
  (void)state;
  rig r = rig_make();
  rig_switch(&r, 4, 1e9, 0);
  CLX_CHECK_NEAR(play_text(&r, "rounds: [{flows: [[0, 1, 4 GB], [2, 1, 1 GB]]}]"), 5, 1e-10, 0);
  assert_int_equal(r.out.solves, 2);
  CLX_CHECK_NEAR(r.out.worst_busy, 5, 1e-12, 0);
  assert_true(r.out.worst_link >= 0);
  char name[80];
  r.wires.name(r.wires.context, r.out.worst_link, name, sizeof name);
  assert_string_equal(name, "link down of rank 1 in dimension 1");
  // Three from rank 0: 1/3 each until 3 s, then 1/2 each until 5 s, then alone until 6 s.
  CLX_CHECK_NEAR(play_text(&r, "rounds: [{flows: [[0, 1, 1 GB], [0, 2, 2 GB], [0, 3, 3 GB]]}]"), 6, 1e-10, 0);
  assert_int_equal(r.out.solves, 3);
  rig_free(&r);
}

// A round begins when the slowest flow of the one before it has arrived, whatever its own flows need.
static void test_barrier(void **state) {
  (void)state;
  rig r = rig_make();
  rig_switch(&r, 4, 1e9, 0.25);
  CLX_CHECK_NEAR(play_text(&r, "rounds:\n- flows: [[0, 1, 1 GB], [2, 3, 5 GB]]\n- flows: [[1, 0, 1 GB]]\n"), 6.5, 1e-12,
                 0);
  CLX_CHECK_NEAR(r.out.end[0], 5.25, 1e-12, 0);
  CLX_CHECK_NEAR(r.out.start[1], 5.25, 1e-12, 0);
  CLX_CHECK_NEAR(r.out.end[1], 6.5, 1e-12, 0);
  rig_free(&r);
}

// Rounds without an order between them share what they both cross.
static void test_concurrent(void **state) {
  (void)state;
  rig r = rig_make();
  rig_switch(&r, 4, 1e9, 0);
  CLX_CHECK_NEAR(play_text(&r,
                           "rounds:\n- {flows: [[0, 1, 1 GB]], repeat: 2}\n"
                           "- {flows: [[2, 1, 1 GB]], after: []}\n"),
                 3, 1e-9, 0);
  CLX_CHECK_NEAR(r.out.end[1], 2, 1e-9, 0);
  // The second begins half way through the first repetition: at 0.5 s; ends at 2.5 s.
  CLX_CHECK_NEAR(play_text(&r,
                           "rounds:\n- {flows: [[0, 1, 1 GB]], repeat: 2}\n- {name: w, wait: 0.5 s, after: []}\n"
                           "- {flows: [[2, 1, 1 GB]], after: w}\n"),
                 3, 1e-9, 0);
  CLX_CHECK_NEAR(r.out.end[2], 2.5, 1e-9, 0);
  // Nothing in common: both as if alone, and solved once each.
  CLX_CHECK_NEAR(play_text(&r,
                           "rounds:\n- {flows: [[0, 1, 1 GB]], repeat: 1000}\n"
                           "- {flows: [[2, 3, 1 GB]], repeat: 700, wait: 1 s, after: []}\n"),
                 1400, 1e-12, 0);
  CLX_CHECK_NEAR(r.out.end[0], 1000, 1e-12, 0);
  assert_int_equal(r.out.solves, 2);
  rig_free(&r);
}

// 3 hosts below each of two leaves with one cable up: three flows share it.
static void test_shared_uplink(void **state) {
  (void)state;
  rig r = rig_make();
  const clx_fabric_hosts hosts = {.servers = 6, .gpus = 1, .nics = 1, .ports = 1, .rate = 1e9};
  const clx_switch model = {
      .name = "four", .throughput = 4e9, .port_rate = 1e9, .ports = 4, .split = 1, .spray_efficiency = 1};
  const clx_link link = {.name = "link", .type = CLX_LINK_OPTIC, .rate = 1e9};
  double thinning = 3;
  clx_fabric fabric;
  const clx_fabric_spec spec = {.topology = CLX_TOPOLOGY_CLOS,
                                .wiring = CLX_WIRING_BLOCK,
                                .routing = CLX_ROUTING_ECMP,
                                .tiers = 2,
                                .oversubscription = &thinning,
                                .oversubscription_count = 1,
                                .planes = 1,
                                .flows = 1};
  must(clx_fabric_compile(r.arena, &spec, &hosts, 1, &model, &link, &link, &fabric, &r.error), &r);
  const clx_wires_options options = {.ranks = 6, .domain = 1, .nic_latency = 0.1, .switch_latency = 0.01};
  must(clx_wires_fabric(r.arena, &fabric, &options, &r.wires, &r.error), &r);
  CLX_CHECK_NEAR(play_text(&r, "rounds: [{flows: [[0, 1, 1 GB]]}]"), 1.1, 1e-12, 0);
  CLX_CHECK_NEAR(play_text(&r, "rounds: [{flows: [[0, 3, 1 GB], [1, 4, 1 GB], [2, 5, 1 GB]]}]"), 3.12, 1e-12, 0);
  // 0 -> 3 beside one inside the other leaf; and one of the three that ends early.
  CLX_CHECK_NEAR(play_text(&r, "rounds: [{flows: [[0, 3, 1 GB], [4, 5, 1 GB]]}]"), 1.12, 1e-12, 0);
  CLX_CHECK_NEAR(play_text(&r, "rounds: [{flows: [[0, 3, 0.1 GB], [1, 4, 1 GB], [2, 5, 1 GB]]}]"), 2.22, 1e-10, 0);
  rig_free(&r);
}

// A NIC that has failed: the round that needs it is named, others play.
static void test_cut(void **state) {
  (void)state;
  rig r = rig_make();
  const clx_fabric_hosts hosts = {.servers = 4, .gpus = 1, .nics = 1, .ports = 1, .rate = 1e9};
  const clx_switch model = {
      .name = "eight", .throughput = 8e9, .port_rate = 1e9, .ports = 8, .split = 1, .spray_efficiency = 1};
  const clx_link link = {.name = "link", .type = CLX_LINK_OPTIC, .rate = 1e9};
  clx_fault_spec fault = {.kind = CLX_FAULT_NIC, .index = 2, .rate = 0};
  double thinning = 1;
  clx_fabric fabric;
  const clx_fabric_spec spec = {.topology = CLX_TOPOLOGY_CLOS,
                                .wiring = CLX_WIRING_BLOCK,
                                .routing = CLX_ROUTING_ECMP,
                                .oversubscription = &thinning,
                                .oversubscription_count = 1,
                                .planes = 1,
                                .flows = 1,
                                .faults = &fault,
                                .fault_count = 1};
  must(clx_fabric_compile(r.arena, &spec, &hosts, 1, &model, &link, &link, &fabric, &r.error), &r);
  const clx_wires_options options = {.ranks = 4, .domain = 1};
  must(clx_wires_fabric(r.arena, &fabric, &options, &r.wires, &r.error), &r);
  CLX_CHECK_NEAR(play_text(&r, "rounds: [{flows: [[0, 1, 1 GB], [1, 3, 1 GB]]}]"), 1, 1e-12, 0);
  const char *text = "rounds:\n- {flows: [[0, 1, 1 GB]]}\n- {flows: [[3, 2, 1 GB]]}\n";
  clx_node *root = NULL;
  clx_schedule s;
  must(clx_document_read(r.arena, "s.yaml", text, strlen(text), &root, &r.error), &r);
  must(clx_schedule_read(r.arena, root, &s, &r.error), &r);
  assert_int_equal(clx_schedule_play(r.arena, &s, &r.wires, &r.out, &r.error), CLX_INFEASIBLE);
  assert_int_equal(r.error.mistake[0].line, 3);
  assert_non_null(strstr(r.error.mistake[0].text, "no way from rank 3"));
  rig_free(&r);
}

// More flows than are followed exactly: ends within 1 % of the time are one event. A port that is always busy tells what is lost.
static void test_many_flows(void **state) {
  (void)state;
  rig r = rig_make();
  enum { COUNT = CLX_SCHEDULE_EXACT_MAX + 1000 };
  clx_round_flow *flow = CLX_NEW_ARRAY(r.arena, clx_round_flow, COUNT);
  double sum = 0;
  rig_switch(&r, COUNT + 1, 1e9, 0);
  for (int32_t i = 0; i < COUNT; i++) {
    flow[i] = (clx_round_flow){i + 1, 0, 1e6 * (1 + i * 7919 % 1000)};
    sum += flow[i].bytes;
  }
  const clx_round round = {.kind = CLX_ROUND_FLOWS, .flow = flow, .flow_count = COUNT, .repeat = 1};
  const clx_schedule s = {.round = &round, .round_count = 1};
  const double time = play(&r, &s);
  CLX_CHECK_NEAR(time, sum / 1e9, 5e-3, 0);
  assert_true(r.out.solves < 1000);
  rig_free(&r);
}

// NVLink inside a domain, NICs between; a rank's NVLink does not slow its NIC.
static void test_domains(void **state) {
  (void)state;
  rig r = rig_make();
  const clx_fabric_hosts hosts = {.servers = 2, .gpus = 4, .nics = 4, .ports = 4, .rate = 1e9};
  const clx_switch model = {
      .name = "many", .throughput = 64e9, .port_rate = 1e9, .ports = 64, .split = 1, .spray_efficiency = 1};
  const clx_link link = {.name = "link", .type = CLX_LINK_OPTIC, .rate = 1e9};
  const int32_t server[] = {1, 0};
  double thinning = 1;
  clx_fabric fabric;
  const clx_fabric_spec spec = {.topology = CLX_TOPOLOGY_CLOS,
                                .wiring = CLX_WIRING_BLOCK,
                                .routing = CLX_ROUTING_ECMP,
                                .oversubscription = &thinning,
                                .oversubscription_count = 1,
                                .planes = 1,
                                .flows = 1};
  must(clx_fabric_compile(r.arena, &spec, &hosts, 1, &model, &link, &link, &fabric, &r.error), &r);
  const clx_wires_options options = {
      .ranks = 8, .server = server, .domain = 4, .nvlink = 10e9, .nvlink_latency = 0.001, .nic_latency = 0.1};
  must(clx_wires_fabric(r.arena, &fabric, &options, &r.wires, &r.error), &r);
  CLX_CHECK_NEAR(play_text(&r, "rounds: [{flows: [[0, 1, 10 GB], [1, 5, 1 GB]]}]"), 1.1, 1e-12, 0);
  CLX_CHECK_NEAR(r.out.worst_busy, 1, 1e-12, 0);
  CLX_CHECK_NEAR(play_text(&r, "rounds: [{shift: 1, size: 4, bytes: 10 GB}]"), 1.001, 1e-12, 0);
  char name[80];
  r.wires.name(r.wires.context, r.wires.link_count - 1, name, sizeof name);
  assert_string_equal(name, "NVLink of rank 7, in");
  const clx_wires_options more = {.ranks = 9, .domain = 4, .nvlink = 1};
  assert_int_equal(clx_wires_fabric(r.arena, &fabric, &more, &r.wires, &r.error), CLX_INFEASIBLE);
  assert_non_null(strstr(r.error.mistake[0].text, "9 ranks are more than the 8 GPUs"));
  rig_free(&r);
}

// --- folding and memory ----------------------------------------------------------------------------------------------

// Random schedules of uniform rounds on two dimensions: folded = flat.
static void test_folded_is_flat(void **state) {
  (void)state;
  uint32_t x = 12345;
  for (int32_t trial = 0; trial < 60; trial++) {
    rig r = rig_make();
    const clx_plain_dimension d[2] = {{4, 0, 4e9, 1e-6}, {8, 0, 1e9, 5e-6}};
    must(clx_wires_plain(r.arena, d, 2, true, &r.wires, &r.error), &r);
    peers_list *list = CLX_NEW(r.arena, peers_list);
    for (int32_t i = 0; i < 8; i++) {
      uint32_t draw[6];
      for (int32_t k = 0; k < 6; k++) draw[k] = (x = x * 1664525u + 1013904223u) >> 16;
      const bool inner = draw[0] % 2 == 0;
      const int32_t size = inner ? 4 : 8;
      const clx_round round = {.kind = CLX_ROUND_SHIFT + (int32_t)(draw[1] % 3),
                               .operand = 1 + (int32_t)(draw[2] % (uint32_t)(size - 1)),
                               .size = size,
                               .stride = inner ? 1 : 4,
                               .bytes = 1e6 * (1 + draw[3] % 50),
                               .wait = 1e-4 * (draw[4] % 4),
                               .repeat = 1 + draw[5] % 5};
      const int32_t a = i > 0 ? (int32_t)(draw[0] / 2 % (uint32_t)i) : -1;
      peers_add(list, round, draw[1] / 3 % 3 == 0 ? -1 : a, -1);
    }
    const double folded = play_list(&r, list);
    assert_true(r.out.folded);
    const double bytes = r.out.bytes, busy = r.out.worst_busy;
    r.wires.uniform = NULL;
    CLX_CHECK_NEAR(play_list(&r, list), folded, 1e-7, 0);
    assert_false(r.out.folded);
    CLX_CHECK_NEAR(r.out.bytes, bytes, 1e-12, 0);
    CLX_CHECK_NEAR(r.out.worst_busy, busy, 1e-12, 0);
    // No link can carry its bytes faster, and nothing is later than one round after the other.
    assert_true(folded >= busy * (1 - 1e-9));
    double sum = 0;
    for (int32_t i = 0; i < list->count; i++) {
      clx_round one = list->round[i];
      one.after_count = 0;
      const clx_schedule s = {.round = &one, .round_count = 1};
      sum += play(&r, &s);
    }
    assert_true(folded <= sum * (1 + 1e-7));
    rig_free(&r);
  }
}

// --- against a plain simulation -----------------------------------------------------------------------------------------

enum { REF_RANKS = 5, REF_ROUNDS = 6, REF_FLOWS = 4 };

// A round of the plain simulation: no memory, nothing skipped.
typedef struct reference {
  const clx_round *round;
  int64_t repetition;
  double left[REF_FLOWS], arrived, until, end;
  bool begun, over;
} reference;

// Progressive filling of flows over ports: all rise together until a port is full.
static void fill_rates(const reference *x, double rate[REF_ROUNDS][REF_FLOWS]) {
  bool fixed[REF_ROUNDS][REF_FLOWS];
  double spare[2 * REF_RANKS];
  for (int32_t p = 0; p < 2 * REF_RANKS; p++) spare[p] = 1e9;
  for (int32_t i = 0; i < REF_ROUNDS; i++) {
    for (int32_t f = 0; f < REF_FLOWS; f++) {
      fixed[i][f] = !(x[i].begun && !x[i].over && f < x[i].round->flow_count && x[i].left[f] > 0);
      rate[i][f] = 0;
    }
  }
  for (;;) {
    int32_t users[2 * REF_RANKS] = {0};
    double step = INFINITY;
    for (int32_t i = 0; i < REF_ROUNDS; i++) {
      for (int32_t f = 0; f < REF_FLOWS; f++) {
        if (fixed[i][f]) continue;
        users[x[i].round->flow[f].from]++;
        users[REF_RANKS + x[i].round->flow[f].to]++;
      }
    }
    for (int32_t p = 0; p < 2 * REF_RANKS; p++) {
      if (users[p] > 0) step = fmin(step, spare[p] / users[p]);
    }
    if (!isfinite(step)) return;
    for (int32_t p = 0; p < 2 * REF_RANKS; p++) spare[p] -= step * users[p];
    for (int32_t i = 0; i < REF_ROUNDS; i++) {
      for (int32_t f = 0; f < REF_FLOWS; f++) {
        if (fixed[i][f]) continue;
        rate[i][f] += step;
        fixed[i][f] = spare[x[i].round->flow[f].from] < 1 || spare[REF_RANKS + x[i].round->flow[f].to] < 1;
      }
    }
  }
}

static void begin_reference(reference *x, double now) {
  for (int32_t f = 0; f < x->round->flow_count; f++) x->left[f] = x->round->flow[f].bytes;
  x->arrived = now;
  x->until = INFINITY;
}

// Times at which the rounds are over, on a switch of 1 GB/s ports with this latency.
static void play_reference(const clx_schedule *s, double latency, double *end) {
  reference x[REF_ROUNDS] = {0};
  double now = 0;
  for (int32_t i = 0; i < REF_ROUNDS; i++) x[i].round = &s->round[i];
  for (int32_t event = 0; event < 100000; event++) {
    double rate[REF_ROUNDS][REF_FLOWS], next = INFINITY;
    for (int32_t i = 0; i < REF_ROUNDS; i++) {
      bool free = !x[i].begun;
      for (int32_t k = 0; k < x[i].round->after_count; k++) free = free && x[x[i].round->after[k]].over;
      if (!free) continue;
      x[i].begun = true;
      begin_reference(&x[i], now);
    }
    fill_rates(x, rate);
    for (int32_t i = 0; i < REF_ROUNDS; i++) {
      if (!x[i].begun || x[i].over) continue;
      bool moving = false;
      for (int32_t f = 0; f < x[i].round->flow_count; f++) {
        if (!(x[i].left[f] > 0)) continue;
        moving = true;
        next = fmin(next, now + x[i].left[f] / rate[i][f]);
      }
      if (!moving && !isfinite(x[i].until)) x[i].until = x[i].arrived + x[i].round->wait;
      if (!moving) next = fmin(next, x[i].until);
    }
    if (!isfinite(next)) break;
    for (int32_t i = 0; i < REF_ROUNDS; i++) {
      for (int32_t f = 0; f < REF_FLOWS; f++) {
        if (rate[i][f] <= 0) continue;
        x[i].left[f] -= rate[i][f] * (next - now);
        if (x[i].left[f] > 1e-3) continue;  // of millions of bytes
        x[i].left[f] = 0;
        x[i].arrived = fmax(x[i].arrived, next + latency);
      }
    }
    now = next;
    for (int32_t i = 0; i < REF_ROUNDS; i++) {
      if (!x[i].begun || x[i].over || x[i].until > now * (1 + 1e-13)) continue;
      x[i].over = ++x[i].repetition == x[i].round->repeat;
      x[i].end = now;
      if (!x[i].over) begin_reference(&x[i], now);
    }
  }
  for (int32_t i = 0; i < REF_ROUNDS; i++) {
    assert_true(x[i].over);
    end[i] = x[i].end;
  }
}

// Random rounds that overlap, with an order, repetitions and waits.
static void test_reference(void **state) {
  (void)state;
  uint32_t x = 2026;
  for (int32_t trial = 0; trial < 400; trial++) {
    rig r = rig_make();
    clx_round_flow flow[REF_ROUNDS][REF_FLOWS];
    peers_list *list = CLX_NEW(r.arena, peers_list);
    rig_switch(&r, REF_RANKS, 1e9, 2e-3);
    for (int32_t i = 0; i < REF_ROUNDS; i++) {
      uint32_t draw[4 + 3 * REF_FLOWS];
      for (size_t k = 0; k < sizeof draw / sizeof draw[0]; k++) draw[k] = (x = x * 1664525u + 1013904223u) >> 16;
      const int32_t count = (int32_t)(draw[0] % (REF_FLOWS + 1));
      for (int32_t f = 0; f < count; f++) {
        const int32_t from = (int32_t)(draw[4 + 3 * f] % REF_RANKS);
        const int32_t to = (from + 1 + (int32_t)(draw[5 + 3 * f] % (REF_RANKS - 1))) % REF_RANKS;
        flow[i][f] = (clx_round_flow){from, to, 1e6 * (1 + draw[6 + 3 * f] % 20)};
      }
      const clx_round round = {.kind = count > 0 ? CLX_ROUND_FLOWS : CLX_ROUND_WAIT,
                               .flow = flow[i],
                               .flow_count = count,
                               .repeat = 1 + draw[1] % 6,
                               .wait = 7e-4 * (draw[2] % 8) + (count == 0 ? 1e-3 : 0)};
      const int32_t a = i > 0 && draw[3] % 3 > 0 ? (int32_t)(draw[3] / 3 % (uint32_t)i) : -1;
      const int32_t b = i > 1 && draw[3] % 5 == 0 ? (int32_t)(draw[3] / 15 % (uint32_t)i) : -1;
      peers_add(list, round, a, b == a ? -1 : b);
    }
    const clx_schedule s = peers_schedule(list, 0);
    double end[REF_ROUNDS];
    play_reference(&s, 2e-3, end);
    play(&r, &s);
    for (int32_t i = 0; i < REF_ROUNDS; i++) CLX_CHECK_NEAR(r.out.end[i], end[i], 1e-8, 0);
    rig_free(&r);
  }
}

// Equal rounds, written as repetitions, as rounds, or with their flows in another order: one solve and one time. Followed
// flow by flow (a round beside them that shares a link, and then only waits) they last as long.
static void test_memory(void **state) {
  (void)state;
  rig r = rig_make();
  rig_switch(&r, 4, 1e9, 1e-3);
  const double once = play_text(&r, "rounds: [{flows: [[0, 1, 4 GB], [2, 1, 1 GB], [3, 2, 2 GB]]}]");
  const int64_t solves = r.out.solves;
  const double three = play_text(&r, "rounds: [{flows: [[0, 1, 4 GB], [2, 1, 1 GB], [3, 2, 2 GB]], repeat: 3}]");
  CLX_CHECK_NEAR(three, 3 * once, 1e-12, 0);
  assert_int_equal(r.out.solves, solves);
  CLX_CHECK_NEAR(play_text(&r,
                           "rounds:\n- flows: [[0, 1, 4 GB], [2, 1, 1 GB], [3, 2, 2 GB]]\n"
                           "- flows: [[3, 2, 2 GB], [0, 1, 4 GB], [2, 1, 1 GB]]\n"
                           "- flows: [[2, 1, 1 GB], [3, 2, 2 GB], [0, 1, 4 GB]]\n"),
                 three, 1e-12, 0);
  assert_int_equal(r.out.solves, solves);
  play_text(&r,
            "rounds:\n- {flows: [[0, 1, 4 GB], [2, 1, 1 GB], [3, 2, 2 GB]], repeat: 3}\n"
            "- {flows: [[0, 1, 1 B]], wait: 100 s, after: []}\n");
  CLX_CHECK_NEAR(r.out.end[0], three, 1e-8, 0);
  const double first = r.out.end[0];
  play_text(&r,
            "rounds:\n- {flows: [[0, 1, 4 GB], [2, 1, 1 GB], [3, 2, 2 GB]], repeat: 3}\n"
            "- {flows: [[0, 1, 1 B]], wait: 100 s, after: []}\n");
  CLX_CHECK_NEAR(r.out.end[0], first, 0, 0);
  rig_free(&r);
}

// --- peers -----------------------------------------------------------------------------------------------------------

// Simulated times that ASTRA-sim (its congestion-unaware backend, switches) printed, in s.
static void test_astra_sim(void **state) {
  (void)state;
  static const struct {
    int32_t ranks;
    double one, two, parallel;  // AR-1D, AR-2D of 1 GiB; DP-8
  } rows[] = {{64, 40.83e-3, 5.923e-3, 241.585e-3},
              {256, 42.86e-3, 6.789e-3, 242.091e-3},
              {1024, 49.18e-3, 8.452e-3, 243.663e-3},
              {4096, 0, 14.651e-3, 0}};
  for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
    rig r = rig_make();
    const int32_t n = rows[k].ranks;
    const clx_plain_dimension one = peers_one_dimension(n, false);
    clx_plain_dimension two[2];
    peers_two_dimensions(n, two);
    peers_list *list = CLX_NEW(r.arena, peers_list);
    must(clx_wires_plain(r.arena, &one, 1, false, &r.wires, &r.error), &r);
    peers_all_reduce_1d(list, n, PEERS_GB, -1);
    if (rows[k].one > 0) CLX_CHECK_NEAR(play_list(&r, list), rows[k].one, 1e-3, 0);
    must(clx_wires_plain(r.arena, two, 2, false, &r.wires, &r.error), &r);
    list->count = 0;
    peers_all_reduce_2d(list, n, PEERS_GB, -1);
    CLX_CHECK_NEAR(play_list(&r, list), rows[k].two, 1e-3, 0);
    list->count = 0;
    peers_data_parallel(list, n);
    if (rows[k].parallel > 0) CLX_CHECK_NEAR(play_list(&r, list), rows[k].parallel, 1e-4, 0);
    rig_free(&r);
  }
}

// The other cases: halving and doubling; a ring of links and all-to-all on its congestion-aware backend.
static void test_astra_sim_others(void **state) {
  (void)state;
  static const struct {
    int32_t ranks;
    double ring, all_to_all;
  } rows[] = {{64, 40.58e-3, 1.254e-3}, {256, 41.84e-3, 1.253e-3}, {1024, 45.09e-3, 1.253e-3}};
  rig r = rig_make();
  peers_list *list = CLX_NEW(r.arena, peers_list);
  clx_plain_dimension two[2];
  peers_two_dimensions(4096, two);
  must(clx_wires_plain(r.arena, two, 2, false, &r.wires, &r.error), &r);
  peers_all_reduce_2d_halving(list, 4096, 1 << 20, -1);
  CLX_CHECK_NEAR(play_list(&r, list), 0.177e-3, 5e-3, 0);
  for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
    const clx_plain_dimension ring = peers_one_dimension(rows[k].ranks, true);
    const clx_plain_dimension hub = peers_one_dimension(rows[k].ranks, false);
    must(clx_wires_plain(r.arena, &ring, 1, false, &r.wires, &r.error), &r);
    list->count = 0;
    peers_all_reduce_1d(list, rows[k].ranks, PEERS_GB, -1);
    CLX_CHECK_NEAR(play_list(&r, list), rows[k].ring, 1e-3, 0);
    must(clx_wires_plain(r.arena, &hub, 1, false, &r.wires, &r.error), &r);
    list->count = 0;
    peers_all_to_all(list, rows[k].ranks, 64 << 20);
    CLX_CHECK_NEAR(play_list(&r, list), rows[k].all_to_all, 0.02, 0);
  }
  rig_free(&r);
}

static void test_simgrid(void **state) {
  (void)state;
  static const struct {
    int32_t ranks, leaf;
    double time;
  } rows[] = {{64, 8, 42.78e-3}, {256, 16, 44.82e-3}, {1024, 32, 51.09e-3}};
  for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
    rig r = rig_make();
    peers_list *list = CLX_NEW(r.arena, peers_list);
    must(peers_fat_tree(r.arena, rows[k].ranks, rows[k].leaf, CLX_ROUTING_STATIC, &r.wires, &r.error), &r);
    peers_ring_steps(list, rows[k].ranks);
    CLX_CHECK_NEAR(play_list(&r, list), rows[k].time, 1e-3, 0);
    list->count = 0;
    peers_permutation(list, rows[k].ranks, 1 << 20);
    CLX_CHECK_NEAR(play_list(&r, list), 4e-6 + (1 << 20) / 50e9, 1e-9, 0);  // as without contention
    rig_free(&r);
  }
}

// --- refusals --------------------------------------------------------------------------------------------------------

// A document that must be refused on a switch of 8 ranks, with `word` in a mistake at this place.
static void check_refused(const char *text, clx_status status, int32_t line, int32_t column, const char *word) {
  rig r = rig_make();
  clx_node *root = NULL;
  clx_schedule s;
  rig_switch(&r, 8, 1e9, 0);
  must(clx_document_read(r.arena, "s.yaml", text, strlen(text), &root, &r.error), &r);
  clx_status got = clx_schedule_read(r.arena, root, &s, &r.error);
  if (got == CLX_OK) got = clx_schedule_play(r.arena, &s, &r.wires, &r.out, &r.error);
  assert_int_equal(got, status);
  assert_true(r.error.count > 0);
  const clx_mistake *m = &r.error.mistake[0];
  if (strstr(m->text, word) == NULL || m->line != line || m->column != column || strcmp(m->file, "s.yaml") != 0)
    fail_msg("%s:%d:%d: %s; expected '%s' at %d:%d", m->file, m->line, m->column, m->text, word, line, column);
  rig_free(&r);
}

static void test_refused_flows(void **state) {
  (void)state;
  check_refused("rounds:\n- flows: [[0, 1, 1 GB], [0, 8, 1 GB]]\n", CLX_INPUT, 2, 25, "rank 8 is not one of 0 to 7");
  check_refused("rounds:\n- flows: [[-1, 1, 1 GB]]\n", CLX_INPUT, 2, 11, "rank -1 is not one of 0 to 7");
  check_refused("rounds:\n- flows: [[3, 3, 1 GB]]\n", CLX_INPUT, 2, 11, "rank 3 sends to itself");
  check_refused("rounds:\n- flows: [[3, 4, 0 B]]\n", CLX_INPUT, 2, 11, "0 bytes");
  check_refused("rounds:\n- flows: [[3, 4, 1 B]]\n- flows: [[3, 4, 1e300 B]]\n", CLX_INPUT, 3, 11,
                "rank 3 sends 1e+300 bytes to rank 4; must be above 0 and at most 1e+18");
  check_refused("rounds:\n- flows: [[3, 4, 5]]\n", CLX_INPUT, 2, 18, "unit is missing");
  check_refused("rounds:\n- flows: [[3, 4.5, 5 B]]\n", CLX_INPUT, 2, 15, "number of a rank");
  check_refused("rounds:\n- flows: [[3, 4]]\n", CLX_INPUT, 2, 11, "[from, to, bytes]");
  check_refused("rounds:\n- flows: 3\n", CLX_INPUT, 2, 10, "list of [from, to, bytes]");
}

static void test_refused_groups(void **state) {
  (void)state;
  check_refused("rounds:\n- {shift: 1, bytes: 1 B, ranks: [0, 1, 2, 1]}\n", CLX_INPUT, 2, 3,
                "rank 1 stands twice in the group");
  check_refused("rounds:\n- {shift: 1, bytes: 1 B, ranks: [0, 9]}\n", CLX_INPUT, 2, 3, "rank 9 is not one of");
  check_refused("rounds:\n- {shift: 8, bytes: 1 B}\n", CLX_INPUT, 2, 3, "leads every rank to itself");
  check_refused("rounds:\n- {shift: 1, bytes: 0 B}\n", CLX_INPUT, 2, 3, "must be above 0");
  check_refused("rounds:\n- {shift: 1, bytes: 1e300 B}\n", CLX_INPUT, 2, 3, "at most 1e+18, read 1e+300");
  check_refused("rounds:\n- {shift: 1, bytes: 1 B, size: 3}\n", CLX_INPUT, 2, 3, "do not divide 8 ranks");
  check_refused("rounds:\n- {xor: 2, bytes: 1 B, ranks: [1, 2, 3]}\n", CLX_INPUT, 2, 3, "power of two");
  check_refused("rounds:\n- {xor: 8, bytes: 1 B}\n", CLX_INPUT, 2, 3, "xor 8 needs groups");
  check_refused("ranks: 9\nrounds:\n- {shift: 1, bytes: 1 B}\n", CLX_INFEASIBLE, 1, 8,
                "9 ranks are more than the 8 of the network");
}

static void test_refused_documents(void **state) {
  (void)state;
  check_refused("rounds: []\n", CLX_INPUT, 1, 1, "'rounds' is empty");
  check_refused("ranks: 4\n", CLX_INPUT, 1, 1, "rounds");
  check_refused("rounds:\n- {shft: 1, bytes: 1 B}\n", CLX_INPUT, 2, 4, "shift");
  check_refused("rounds:\n- {shift: 1, xor: 1, bytes: 1 B}\n", CLX_INPUT, 2, 3, "this one 2");
  check_refused("rounds:\n- {repeat: 2}\n", CLX_INPUT, 2, 3, "needs flows, shift");
  check_refused("rounds:\n- {shift: 1}\n", CLX_INPUT, 2, 3, "needs bytes");
  check_refused("rounds:\n- {wait: 1 s, bytes: 1 B}\n", CLX_INPUT, 2, 3, "belong to shift");
  check_refused("rounds:\n- {shift: 1, bytes: 1 B, stride: 2}\n", CLX_INPUT, 2, 3, "stride needs size");
  check_refused("rounds:\n- {shift: 1, bytes: 1 B, ranks: [0, 1], size: 2}\n", CLX_INPUT, 2, 3, "not both");
  check_refused("rounds:\n- {wait: 1 s, after: x}\n", CLX_INPUT, 2, 22, "no round is called 'x'");
  check_refused("rounds:\n- {wait: 1 s, name: reduce}\n- {wait: 1 s, after: [redcue]}\n", CLX_INPUT, 3, 23,
                "no round is called 'redcue'; did you mean 'reduce'?");
  check_refused("rounds:\n- {wait: 1 s, name: x, after: x}\n", CLX_INPUT, 2, 31, "here itself");
  check_refused("rounds:\n- {wait: 1 s, after: [y]}\n- {wait: 1 s, name: y}\n", CLX_INPUT, 2, 23, "further down");
  check_refused("rounds:\n- {wait: 1 s, name: y}\n- {wait: 1 s, name: y}\n", CLX_INPUT, 3, 3, "stands in line 2, too");
}

// Plain networks that cannot be.
// A schedule may take 1e12 s (30,000 years) and no more; the round that ends too late is named.
static void test_refused_times(void **state) {
  (void)state;
  rig r = rig_make();
  rig_switch(&r, 8, 1e9, 0);
  CLX_CHECK_NEAR(play_text(&r, "rounds: [{wait: 1e9 s, repeat: 1000}]"), 1e12, 1e-12, 0);
  CLX_CHECK_NEAR(play_text(&r, "rounds: [{shift: 1, bytes: 1e18 B, repeat: 1000}]"), 1e12, 1e-12, 0);
  rig_free(&r);
  check_refused("rounds:\n- {wait: 1 s}\n- {wait: 1e9 s, repeat: 1000}\n", CLX_INPUT, 3, 3,
                "this round would end after 1e+12 s; at most 1e+12 s are played");
  check_refused("rounds:\n- {shift: 1, bytes: 1e18 B, repeat: 1e12}\n", CLX_INPUT, 2, 3, "would end after 1e+21 s");
}

static void test_refused_networks(void **state) {
  (void)state;
  static const clx_plain_dimension bad[] = {
      {0, 0, 1, 0}, {2, 0, 0, 0}, {2, 0, INFINITY, 0}, {2, 0, 1, -1}, {1 << 28, 0, 1, 0}};
  rig r = rig_make();
  for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++)
    assert_int_equal(clx_wires_plain(r.arena, &bad[k], 1, false, &r.wires, &r.error), CLX_INPUT);
  assert_int_equal(clx_wires_plain(r.arena, bad, 0, false, &r.wires, &r.error), CLX_INPUT);
  rig_free(&r);
}

// Without memory: an error at each allocation, and success once enough succeed.
static void test_no_memory(void **state) {
  (void)state;
  static const clx_round_flow flow[] = {{0, 1, 1e9}, {2, 1, 2e9}};
  const clx_round rounds[] = {{.kind = CLX_ROUND_FLOWS, .flow = flow, .flow_count = 2, .repeat = 3},
                              {.kind = CLX_ROUND_SHIFT, .operand = 1, .bytes = 1e9, .repeat = 2}};
  const clx_schedule s = {.round = rounds, .round_count = 2};
  bool done = false;
  for (int32_t n = 1; n < 200 && !done; n++) {
    rig r = rig_make();
    rig_switch(&r, 8, 1e9, 0);
    clx_memory_fail_after(n);
    const clx_status status = clx_schedule_play(r.arena, &s, &r.wires, &r.out, &r.error);
    clx_memory_fail_after(0);
    assert_true(status == CLX_OK || status == CLX_MEMORY);
    done = status == CLX_OK;
    rig_free(&r);
  }
  assert_true(done);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_ring),
      cmocka_unit_test(test_patterns),
      cmocka_unit_test(test_ring_of_links),
      cmocka_unit_test(test_ends_at_different_times),
      cmocka_unit_test(test_barrier),
      cmocka_unit_test(test_concurrent),
      cmocka_unit_test(test_shared_uplink),
      cmocka_unit_test(test_cut),
      cmocka_unit_test(test_many_flows),
      cmocka_unit_test(test_domains),
      cmocka_unit_test(test_folded_is_flat),
      cmocka_unit_test(test_reference),
      cmocka_unit_test(test_memory),
      cmocka_unit_test(test_astra_sim),
      cmocka_unit_test(test_astra_sim_others),
      cmocka_unit_test(test_simgrid),
      cmocka_unit_test(test_refused_flows),
      cmocka_unit_test(test_refused_groups),
      cmocka_unit_test(test_refused_documents),
      cmocka_unit_test(test_refused_times),
      cmocka_unit_test(test_refused_networks),
      cmocka_unit_test(test_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
