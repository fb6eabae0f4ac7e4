// The drawing of a fabric and the report of its study: well-formed, inside the page, no text upon another, failed parts marked.
#include "svg_check.h"

#include "report/report.h"

// --- fabrics ---------------------------------------------------------------------------------------------------------

typedef struct rig {
  clx_arena *arena;
  clx_error error;
  clx_fabric_hosts hosts;
  clx_fabric_spec spec;
  clx_fabric fabric;
  clx_result *result;
} rig;

static const double RATE = 50e9;

static void open_rig(rig *r, int64_t servers, clx_topology topology, clx_wiring wiring) {
  *r = (rig){.arena = clx_arena_new(), .result = clx_result_new()};
  r->hosts = (clx_fabric_hosts){.servers = servers, .gpus = 8, .nics = 8, .ports = 9, .rate = RATE};
  r->spec = (clx_fabric_spec){.topology = (int32_t)topology,
                              .wiring = (int32_t)wiring,
                              .routing = CLX_ROUTING_SPRAY,
                              .planes = 1,
                              .flows = 1,
                              .seed = 1};
}

static void compile(rig *r, int32_t radix) {
  const clx_switch model = {.name = "toy",
                            .throughput = radix * RATE,
                            .port_rate = RATE,
                            .ports = radix,
                            .split = 1,
                            .spray_efficiency = 0.95};
  const clx_link optic = {.name = "optic", .type = CLX_LINK_OPTIC, .rate = RATE};
  const clx_link copper = {.name = "copper", .type = CLX_LINK_COPPER, .rate = RATE};
  const bool switched = r->spec.topology < CLX_TOPOLOGY_TORUS;
  if (clx_fabric_compile(r->arena, &r->spec, &r->hosts, 1, switched ? &model : NULL, &optic, &copper, &r->fabric,
                         &r->error) != CLX_OK) {
    fail_msg("%s", r->error.mistake[0].text);
  }
}

// Loads of all classes, each of its own height.
static void add_loads(rig *r) {
  for (int32_t i = 0; i < r->fabric.link_class_count; i++) {
    static const char *const what[] = {"mean", "max"};
    char slug[64], name[128];
    clx_result_slug(r->fabric.link_class[i].name, slug, sizeof slug);
    for (int32_t k = 0; k < 2; k++) {
      const double value = (0.1 + 0.1 * i) * (k + 1) / 2;
      snprintf(name, sizeof name, "network.heat.%s.%s", slug, what[k]);
      assert_int_equal(clx_result_add(r->result, name, value, "", value, value, "load", &r->error), CLX_OK);
    }
  }
}

static void close_rig(rig *r) {
  clx_arena_free(r->arena);
  clx_result_free(r->result);
}

// Draws and checks; returns how many parts are crossed, without the one of the legend.
static int32_t draw(rig *r) {
  clx_buffer out = {0};
  clx_report_fabric(&r->fabric, r->result, &out);
  assert_false(out.failed);
  check_drawing(out.data);
  const int32_t crosses = count_of(out.data, "class=\"cross\"");
  clx_buffer_free(&out);
  return crosses - 1;
}

static void test_clos(void **state) {
  (void)state;
  static const int64_t servers[] = {1, 2, 7, 16, 100, 900, 12500};
  static const int32_t radices[] = {8, 16, 64, 128};
  for (int32_t wiring = 0; wiring < CLX_WIRINGS; wiring++) {
    for (int32_t i = 0; i < CLX_COUNT(servers); i++) {
      for (int32_t k = 0; k < CLX_COUNT(radices); k++) {
        for (int32_t dual = 0; dual < 2; dual++) {
          rig r;
          // 8-port switches reach 512 endpoints in four tiers.
          if (radices[k] < 16 && servers[i] > 16) continue;
          if (radices[k] < 64 && servers[i] > 100) continue;
          open_rig(&r, servers[i], CLX_TOPOLOGY_CLOS, (clx_wiring)wiring);
          r.spec.dual_tor = dual;
          compile(&r, radices[k]);
          if (k % 2 == 0) add_loads(&r);
          assert_int_equal(draw(&r), 0);
          close_rig(&r);
        }
      }
    }
  }
}

static void test_million(void **state) {
  (void)state;
  rig r;
  open_rig(&r, 116508, CLX_TOPOLOGY_CLOS, CLX_WIRING_RAIL);
  compile(&r, 128);
  add_loads(&r);
  assert_int_equal(r.fabric.tier_count, 4);
  assert_int_equal(draw(&r), 0);
  close_rig(&r);
}

static void test_dragonfly(void **state) {
  (void)state;
  for (int32_t plus = 0; plus < 2; plus++) {
    static const int64_t servers[] = {1, 40, 300, 5000};
    for (int32_t i = 0; i < CLX_COUNT(servers); i++) {
      rig r;
      open_rig(&r, servers[i], plus ? CLX_TOPOLOGY_DRAGONFLY_PLUS : CLX_TOPOLOGY_DRAGONFLY, CLX_WIRING_RAIL);
      compile(&r, 64);
      add_loads(&r);
      assert_int_equal(draw(&r), 0);
      close_rig(&r);
    }
  }
}

static void test_without_switches(void **state) {
  (void)state;
  static int32_t sizes[][4] = {{1, 4}, {1, 9}, {2, 3, 3}, {2, 8, 8}, {2, 40, 30}, {3, 16, 12, 8}};
  for (int32_t mesh = 0; mesh < 2; mesh++) {
    for (int32_t i = 0; i < CLX_COUNT(sizes); i++) {
      rig r;
      int64_t servers = 1;
      for (int32_t d = 0; d < sizes[i][0]; d++) servers *= sizes[i][1 + d];
      open_rig(&r, servers, mesh ? CLX_TOPOLOGY_MESH : CLX_TOPOLOGY_TORUS, CLX_WIRING_RAIL);
      r.spec.routing = CLX_ROUTING_STATIC;
      r.spec.dimensions = &sizes[i][1];
      r.spec.dimension_count = sizes[i][0];
      compile(&r, 0);
      if (i % 2 == 0) add_loads(&r);
      assert_int_equal(draw(&r), 0);
      close_rig(&r);
    }
  }
  for (int64_t servers = 2; servers < 10; servers++) {
    rig r;
    open_rig(&r, servers, CLX_TOPOLOGY_DIRECT, CLX_WIRING_RAIL);
    r.spec.routing = CLX_ROUTING_STATIC;
    compile(&r, 0);
    assert_int_equal(draw(&r), 0);
    close_rig(&r);
  }
}

// The failed part is crossed in the drawing and named beside it.
static void test_failed_parts(void **state) {
  (void)state;
  clx_fault_spec faults[] = {
      {.kind = CLX_FAULT_LINK, .tier = 1, .index = 700, .port = 3},
      {.kind = CLX_FAULT_LINK, .tier = 0, .index = 9000, .rate = 0.5},
      {.kind = CLX_FAULT_LINK, .tier = 2, .index = 900, .port = 63},
      {.kind = CLX_FAULT_SWITCH, .tier = 1, .index = 1001, .rate = 0.5},
      {.kind = CLX_FAULT_SWITCH, .tier = 2, .index = 333},
      {.kind = CLX_FAULT_SWITCH, .tier = 3, .index = 77},
      {.kind = CLX_FAULT_NIC, .index = 40000, .rate = 0.5},
      {.kind = CLX_FAULT_LINK, .tier = 1, .random = 0.01},
  };
  for (int32_t i = 0; i < CLX_COUNT(faults); i++) {
    rig r;
    open_rig(&r, 12500, CLX_TOPOLOGY_CLOS, CLX_WIRING_RAIL);
    r.spec.faults = &faults[i];
    r.spec.fault_count = 1;
    compile(&r, 128);
    assert_int_equal(draw(&r), 2);
    close_rig(&r);
  }
}

// A failed cable ends at the switch that the numbering of fabric.h gives it: port c at c / parallel.
static void test_failed_cable_ends_at_its_spine(void **state) {
  (void)state;
  for (int32_t port = 0; port < 32; port += 5) {
    rig r;
    open_rig(&r, 128, CLX_TOPOLOGY_CLOS, CLX_WIRING_RAIL);
    clx_fault_spec fault = {.kind = CLX_FAULT_LINK, .tier = 1, .index = 23, .port = port};
    r.spec.faults = &fault;
    r.spec.fault_count = 1;
    compile(&r, 64);
    const int32_t parallel = r.fabric.tier[1].parallel > 0 ? r.fabric.tier[1].parallel : 1;
    clx_buffer out = {0};
    clx_report_fabric(&r.fabric, r.result, &out);
    const char *dead = strstr(out.data, "class=\"dead\"");
    assert_non_null(dead);
    while (strncmp(dead, "<line", 5) != 0) dead--;
    bool found = false;
    for (const char *tag = out.data; (tag = strstr(tag, "<text class=\"light\"")) != NULL; tag++) {
      const double below = attribute(dead, "y2") - attribute(tag, "y");
      if (fabs(attribute(tag, "x") - attribute(dead, "x2")) > 0.2 || below < 0 || below > 18) continue;
      found = true;
      assert_int_equal(strtol(strchr(tag, '>') + 1, NULL, 10), port / parallel);
    }
    assert_true(found);
    clx_buffer_free(&out);
    close_rig(&r);
  }
}

// Every cable of a torus and of a mesh is crossed once, on the edge and in further dimensions too.
static void test_failed_cables_without_switches(void **state) {
  (void)state;
  static int32_t sizes[][3] = {{12, 9, 2}, {2, 3, 4}};
  for (int32_t i = 0; i < 4; i++) {
    int32_t *n = sizes[i / 2], cables = 0;
    for (int32_t server = 0; server < n[0] * n[1] * n[2]; server++) {
      const int32_t at[] = {server % n[0], server / n[0] % n[1], server / n[0] / n[1]};
      for (int32_t port = 0; port < 6; port++) {
        const bool mesh = i % 2 == 1;
        if (mesh && at[port / 2] == (port % 2 == 0 ? n[port / 2] - 1 : 0)) continue;
        rig r;
        open_rig(&r, (int64_t)n[0] * n[1] * n[2], mesh ? CLX_TOPOLOGY_MESH : CLX_TOPOLOGY_TORUS, CLX_WIRING_RAIL);
        clx_fault_spec fault = {.kind = CLX_FAULT_LINK, .index = server, .port = port};
        r.spec.dimensions = n;
        r.spec.dimension_count = 3;
        r.spec.faults = &fault;
        r.spec.fault_count = 1;
        compile(&r, 64);
        if (draw(&r) != 2) fail_msg("server %d port %d is crossed %d times", server, port, draw(&r) - 1);
        close_rig(&r);
        cables++;
      }
    }
    assert_true(cables > 40);
  }
}

static void test_fault_names(void **state) {
  (void)state;
  static const struct {
    clx_fault_spec fault;
    const char *text;
    int32_t topology;
  } cases[] = {{{.kind = CLX_FAULT_LINK, .tier = 1, .index = 17, .port = 3}, "leaf 17 port 3", CLX_TOPOLOGY_CLOS},
               {{.kind = CLX_FAULT_SWITCH, .tier = 2, .index = 4}, "spine 4", CLX_TOPOLOGY_CLOS},
               {{.kind = CLX_FAULT_SWITCH, .tier = 3, .index = 4, .rate = 0.25}, "core 4 at 25 %", CLX_TOPOLOGY_CLOS},
               {{.kind = CLX_FAULT_NIC, .index = 12}, "NIC 12", CLX_TOPOLOGY_CLOS},
               {{.kind = CLX_FAULT_LINK, .tier = 1, .random = 0.02}, "2 % of the links of tier 1", CLX_TOPOLOGY_CLOS},
               {{.kind = CLX_FAULT_LINK, .index = 3}, "NIC 3 port 0", CLX_TOPOLOGY_CLOS},
               {{.kind = CLX_FAULT_LINK, .index = 3}, "server 3 x+", CLX_TOPOLOGY_TORUS},
               {{.kind = CLX_FAULT_LINK, .index = 3, .port = 5}, "server 3 z-", CLX_TOPOLOGY_MESH},
               {{.kind = CLX_FAULT_LINK, .index = 3, .port = 3}, "server 3 to server 4", CLX_TOPOLOGY_DIRECT},
               {{.kind = CLX_FAULT_LINK, .tier = 1, .index = 3}, "router 3 port 0", CLX_TOPOLOGY_DRAGONFLY},
               {{.kind = CLX_FAULT_LINK, .tier = 2, .index = 3, .port = 1, .rate = 0.5},
                "spine 3 global port 1 at 50 %",
                CLX_TOPOLOGY_DRAGONFLY_PLUS}};
  for (int32_t i = 0; i < CLX_COUNT(cases); i++) {
    char text[96];
    clx_report_fault(cases[i].topology, &cases[i].fault, text, sizeof text);
    assert_string_equal(text, cases[i].text);
  }
}

static void put(clx_result *r, const char *name, double value, const char *unit) {
  clx_error error = {0};
  assert_int_equal(clx_result_add(r, name, value, unit, value, value, "doc", &error), CLX_OK);
}

static void say(clx_result *r, const char *name, const char *text) {
  clx_error error = {0};
  assert_int_equal(clx_result_add_text(r, name, text, &error), CLX_OK);
}

// Names of failed parts stand whole in the table; without switches rates are those of servers.
static void test_failure_rows(void **state) {
  (void)state;
  for (int32_t switches = 0; switches < 2; switches++) {
    clx_result *r = clx_result_new();
    const char *part = "cable of nic 0 of server 12500 port 1";
    put(r, "network.switches", 3.0 * switches, "");
    put(r, "network.ring.mean", 47.5e9, "B/s");
    put(r, "network.failure.link.mean", 47.5e9, "B/s");
    put(r, "network.failure.link.worst", 40e9, "B/s");
    put(r, "network.failure.link.slowed", 112500, "");
    put(r, "network.failure.link.slowed_share", 0.981, "");
    put(r, "network.failure.link.cut", 1140, "");
    say(r, "network.failure.link.part", part);
    clx_buffer out = {0};
    clx_report_network(r, false, &out);
    assert_non_null(strstr(out.data, part));
    assert_non_null(strstr(out.data, "112,500 to 98.1 %; 1140"));
    assert_non_null(strstr(out.data, switches ? "rate of one NIC" : "rate of one server"));
    clx_buffer_free(&out);
    clx_result_free(r);
  }
}

// What XML or a terminal would obey is text in the drawing.
static void test_hostile_title(void **state) {
  (void)state;
  rig r;
  open_rig(&r, 4, CLX_TOPOLOGY_CLOS, CLX_WIRING_RAIL);
  compile(&r, 64);
  assert_int_equal(clx_result_add_text(r.result, "scenario.title", "</text><script>&\"\033[31m", &r.error), CLX_OK);
  clx_buffer out = {0};
  clx_report_fabric(&r.fabric, r.result, &out);
  check_drawing(out.data);
  assert_null(strstr(out.data, "<script"));
  assert_non_null(strstr(out.data, "&lt;/text&gt;&lt;script&gt;&amp;&quot;"));
  clx_buffer_free(&out);
  close_rig(&r);
}

// --- the report ------------------------------------------------------------------------------------------------------

static clx_result *small_study(void) {
  clx_result *r = clx_result_new();
  say(r, "scenario.title", "small");
  put(r, "network.switches", 3, "");
  put(r, "network.switches_tier_1", 2, "");
  put(r, "network.switches_tier_2", 1, "");
  put(r, "network.ring.mean", 47.5e9, "B/s");
  put(r, "network.ring.worst", 40e9, "B/s");
  put(r, "network.ring.share", 0.95, "");
  put(r, "network.all_reduce.ranks", 16, "");
  put(r, "network.all_reduce.time_1MiB", 1e-4, "s");
  put(r, "network.all_reduce.bus_bandwidth_1MiB", 20e9, "B/s");
  say(r, "network.all_reduce.algorithm_1MiB", "tree, ll");
  put(r, "network.all_reduce.time_1GiB", 5e-3, "s");
  put(r, "network.heat.leaf_up.links", 32, "");
  put(r, "network.heat.leaf_up.rate", 50e9, "B/s");
  put(r, "network.heat.leaf_up.min", 0.125, "");
  put(r, "network.heat.leaf_up.mean", 0.5, "");
  put(r, "network.heat.leaf_up.max", 1, "");
  say(r, "network.heat.leaf_up.class", "leaf up");
  say(r, "network.heat.leaf_up.fullest", "leaf 1 port 2 up");
  return r;
}

static void test_report(void **state) {
  (void)state;
  clx_result *r = small_study();
  clx_buffer out = {0};
  clx_report_network(r, false, &out);
  assert_string_equal(
      out.data,
      "small\n"
      "to buy      3 switches (2 + 1)\n"
      "patterns    rate of one NIC                           mean       slowest    of line rate\n"
      "            ring of all servers                  47.5 GB/s       40 GB/s          95.0 %\n"
      "collectives 16 GPUs                            1 MiB                  64 MiB                   1 GiB\n"
      "            all-reduce             100 us    20 GB/s            -          -         5 ms          -\n"
      "                                            tree, ll                       -                       -\n"
      "links       load\n"
      "            class, links                         min    mean     max   fullest\n"
      "            leaf up, 32 of 50 GB/s            12.5 %  50.0 % 100.0 %   leaf 1 port 2 up\n");
  clx_buffer_free(&out);
  clx_report_links(r, &out);
  assert_string_equal(out.data,
                      "class,links,rate,min,mean,max,fullest\n"
                      "leaf up,32,50000000000,0.125,0.5,1,\"leaf 1 port 2 up\"\n");
  clx_buffer_free(&out);
  clx_result_free(r);
}

static void test_empty(void **state) {
  (void)state;
  clx_result *r = clx_result_new();
  clx_buffer out = {0};
  clx_report_network(r, true, &out);
  assert_int_equal(out.length, 0);
  clx_buffer_free(&out);
  clx_result_free(r);
}

static void test_memory_runs_out(void **state) {
  (void)state;
  rig r;
  open_rig(&r, 100, CLX_TOPOLOGY_CLOS, CLX_WIRING_RAIL);
  compile(&r, 64);
  clx_result *study = small_study();
  int32_t failures = 0;
  for (int64_t n = 1; n < 40; n++) {
    char *text = NULL;
    clx_error error = {0};
    clx_buffer out = {0};
    clx_memory_fail_after(n);
    clx_report_fabric(&r.fabric, r.result, &out);
    const clx_status status =
        n % 2 == 0 ? clx_network_text(study, true, &text, &error) : clx_network_csv(study, &text, &error);
    clx_memory_fail_after(0);
    assert_true(status == CLX_OK ? text != NULL : status == CLX_MEMORY && text == NULL && error.count > 0);
    failures += out.failed || status != CLX_OK;
    clx_text_free(text);
    clx_buffer_free(&out);
  }
  assert_true(failures > 4);
  clx_result_free(study);
  close_rig(&r);
}

static void test_slug(void **state) {
  (void)state;
  static const char *const cases[][2] = {{"leaf up", "leaf_up"}, {"x+", "x_plus"}, {"y-", "y_minus"}, {"", ""}};
  char slug[16];
  for (int32_t i = 0; i < CLX_COUNT(cases); i++) {
    assert_string_equal(clx_result_slug(cases[i][0], slug, sizeof slug), cases[i][1]);
  }
  assert_true(strlen(clx_result_slug("a very long name of links", slug, sizeof slug)) < sizeof slug);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_clos),
      cmocka_unit_test(test_million),
      cmocka_unit_test(test_dragonfly),
      cmocka_unit_test(test_without_switches),
      cmocka_unit_test(test_failed_parts),
      cmocka_unit_test(test_fault_names),
      cmocka_unit_test(test_failed_cable_ends_at_its_spine),
      cmocka_unit_test(test_failed_cables_without_switches),
      cmocka_unit_test(test_failure_rows),
      cmocka_unit_test(test_hostile_title),
      cmocka_unit_test(test_report),
      cmocka_unit_test(test_empty),
      cmocka_unit_test(test_memory_runs_out),
      cmocka_unit_test(test_slug),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
