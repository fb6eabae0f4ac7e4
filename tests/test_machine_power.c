// Power of servers and racks from their parts, and through the shipped chains: published figures of GB300, GB200, DGX H100, Frontier.
#include "check.h"

#include <sys/stat.h>
#include <unistd.h>

#include "catalog/catalog.h"
#include "machine/machine.h"
#include "power/power_chain.h"

typedef struct rig {
  clx_catalog *catalog;
  clx_arena *arena;
} rig;

static rig r;

static int setup(void **state) {
  (void)state;
  clx_error error = {0};
  r.arena = clx_arena_new();
  return r.arena == NULL || clx_catalog_open(NULL, &r.catalog, &error) != CLX_OK;
}

static int teardown(void **state) {
  (void)state;
  clx_catalog_close(r.catalog);
  clx_arena_free(r.arena);
  return 0;
}

static void must(clx_status status, const clx_error *error) {
  if (status != CLX_OK) fail_msg("%s", error->mistake[0].text);
}

static const clx_conversion *supply_of(const char *name) {
  clx_error error = {0};
  if (name == NULL) return NULL;
  clx_conversion *supply = CLX_NEW(r.arena, clx_conversion);
  assert_non_null(supply);
  must(clx_catalog_read_conversion(r.catalog, name, (clx_place){0}, r.arena, supply, &error), &error);
  return supply;
}

static clx_cohort cohort_of(const char *rack) {
  clx_error error = {0};
  clx_cohort c = {0};
  must(clx_catalog_read(r.catalog, "rack", rack, (clx_place){0}, &clx_rack_schema, r.arena, &c.rack, &error), &error);
  must(clx_catalog_read(r.catalog, "server", c.rack.server, (clx_place){0}, &clx_server_schema, r.arena, &c.server,
                        &error),
       &error);
  must(clx_catalog_read_device(r.catalog, c.server.device, (clx_place){0}, r.arena, &c.device, &error), &error);
  c.server_supply = supply_of(c.server.supply);
  c.rack_supply = supply_of(c.rack.supply);
  return c;
}

static clx_chain chain_of(const char *name, const clx_cohort *c, double racks) {
  clx_error error = {0};
  clx_chain_spec spec;
  clx_chain chain;
  must(clx_catalog_read_chain(r.catalog, name, (clx_place){0}, r.arena, &spec, &error), &error);
  clx_cohort cohort = *c;
  cohort.racks = (int64_t)racks;
  cohort.servers = cohort.racks * c->rack.servers;
  const clx_chain_fleet fleet = clx_machine_fleet(&cohort);
  must(clx_chain_compile(&spec, &fleet, (clx_place){0}, &chain, &error), &error);
  return chain;
}

#define WITHIN(value, low, high)                                                                 \
  do {                                                                                           \
    const double within_ = (value);                                                              \
    if (!(within_ >= (low) && within_ <= (high)))                                                \
      fail_msg("%s is %.6g, expected %g to %g", #value, within_, (double)(low), (double)(high)); \
  } while (0)

// --- published ratings ---------------------------------------------------------------------------------------------------

// HPE 132, Lenovo 135 kW nominal; NVIDIA up to 142, HPE and Lenovo 155 kW for moments.
static void test_gb300_rack(void **state) {
  (void)state;
  const clx_cohort c = cohort_of("gb300_nvl72");
  const clx_machine_draw nominal = clx_rack_rated(&c, 1), peak = clx_rack_rated(&c, c.server.gpu_peak);
  WITHIN(nominal.in, 132e3, 135e3);
  WITHIN(peak.in, 142e3, 155e3);
  CLX_CHECK_NEAR(nominal.gpus, 72 * 1400, 1e-12, 0);
  // NVIDIA plans 6.6 kW a tray without fans.
  CLX_CHECK_NEAR(4 * c.device.tdp + clx_server_parts_most(&c.server), 6600, 0.01, 0);
}

static void test_gb200_rack(void **state) {
  (void)state;
  const clx_cohort c = cohort_of("gb200_nvl72");
  CLX_CHECK_NEAR(clx_rack_rated(&c, 1).in, 120e3, 0.02, 0);
}

// Rated 10.2 kW; the most that a loaded server was seen to draw is 8.4 kW (Latif et al. 2025).
static void test_dgx_h100(void **state) {
  (void)state;
  const clx_cohort c = cohort_of("dgx_h100_4");
  CLX_CHECK_NEAR(clx_server_rated(&c, 1).in, 10.2e3, 0.02, 0);
  CLX_CHECK_NEAR(clx_server_power(&c, 700, 1).in, 8.4e3, 0.03, 0);
  const clx_cohort b = cohort_of("dgx_b200_4");
  CLX_CHECK_NEAR(clx_server_rated(&b, 1).in, 14.3e3, 0.02, 0);
}

// Idle servers in MLPerf: 8 x H200 in air 2.36 to 2.41 kW, 8 x B200 in water 2.36, immersed H100 2.1 to 2.3, Dell 2.9.
static void test_idle_servers(void **state) {
  (void)state;
  static const struct {
    const char *rack;
    double reading, tolerance;
  } rows[] = {{"dgx_h200_4", 2.38e3, 0.04},
              {"lenovo_sr780a_4", 2.36e3, 0.08},
              {"smc_immersion_tank", 2.15e3, 0.10},
              {"dell_xe9680_4", 2.9e3, 0.25}};
  for (int32_t i = 0; i < CLX_COUNT(rows); i++) {
    const clx_cohort c = cohort_of(rows[i].rack);
    CLX_CHECK_NEAR(clx_server_power(&c, c.device.idle_power, 0).in, rows[i].reading, rows[i].tolerance, 0);
  }
}

static void test_rating_is_never_passed(void **state) {
  (void)state;
  const char *name;
  for (int32_t i = 0; (name = clx_catalog_name(r.catalog, "rack", i)) != NULL; i++) {
    const clx_cohort c = cohort_of(name);
    const double server = clx_server_power(&c, c.device.tdp, 1).in;
    if (!(server <= 1.02 * c.server.power_max))
      fail_msg("%s: %.0f W above %.0f W", c.server.name, server, c.server.power_max);
    const double rack = clx_rack_power(&c, c.device.tdp, 1).in;
    if (!(rack <= 1.02 * c.rack.power_max)) fail_msg("%s: %.0f W above %.0f W", name, rack, c.rack.power_max);
  }
}

// The user's own equipment stands in front of the shipped one and is checked like it.
static void test_equipment_of_the_user(void **state) {
  (void)state;
  static const struct {
    const char *body, *says;
  } wrong[] = {{"efficiency: 102 %", "'efficiency': \"102 %\" is out of range"},
               {"fixed: 10 W", "conversion 'mine': efficiency: expected above 0 and up to 1, read 0"},
               {"rating: 1 kW\nload: [0.5, 0.2]\ncurve: [0.9, 0.9]", "conversion 'mine': load: shares rise"}};
  char root[] = "/tmp/clx_power_XXXXXX", folder[64], file[80];
  assert_non_null(mkdtemp(root));
  snprintf(folder, sizeof folder, "%s/conversion", root);
  assert_int_equal(mkdir(folder, 0700), 0);
  snprintf(file, sizeof file, "%s/mine.yaml", folder);
  for (int32_t i = 0; i < CLX_COUNT(wrong); i++) {
    FILE *out = fopen(file, "w");
    assert_non_null(out);
    fprintf(out, "name: mine\nsource: eighty-plus\nkind: datasheet\ntype: psu\n%s\n", wrong[i].body);
    fclose(out);
    clx_catalog *catalog = NULL;
    clx_error error = {0};
    must(clx_catalog_open(root, &catalog, &error), &error);
    assert_int_equal(clx_catalog_check(catalog, &error), CLX_INPUT);
    if (strstr(error.mistake[0].text, wrong[i].says) == NULL)
      fail_msg("\"%s\" in: %s", wrong[i].says, error.mistake[0].text);
    assert_non_null(strstr(error.mistake[0].file, "mine.yaml"));
    clx_catalog_close(catalog);
  }
  remove(file);
  remove(folder);
  remove(root);
}

// --- forms ---------------------------------------------------------------------------------------------------------------

static void test_parts_add_up(void **state) {
  (void)state;
  clx_power_part part[2] = {{"cpu", 2, 100, 200, 350}, {"board", 1, 50, 60, 0}};
  clx_server server = {.gpus = 8, .part = part, .part_count = 2, .power_other = 999};
  CLX_CHECK_NEAR(clx_server_parts(&server, 0), 250, 0, 0);
  CLX_CHECK_NEAR(clx_server_parts(&server, 0.5), 355, 1e-12, 0);
  CLX_CHECK_NEAR(clx_server_parts_most(&server), 760, 0, 0);  // what states no rating is rated at its load
  server.part_count = 0;
  assert_true(clx_server_parts(&server, 0.3) == 999 && clx_server_parts_most(&server) == 999);
}

static void test_fans_follow_the_cube(void **state) {
  (void)state;
  const clx_server server = {.gpus = 8, .power_other = 1000, .power_fans = 800, .fans_idle = 100, .fans_most = 1600};
  const clx_device device = {.tdp = 500};
  CLX_CHECK_NEAR(clx_server_fans(&server, &device, 5000), 800, 1e-12, 0);
  CLX_CHECK_NEAR(clx_server_fans(&server, &device, 4000), 800 * 0.512, 1e-12, 0);
  CLX_CHECK_NEAR(clx_server_fans(&server, &device, 1000), 100, 0, 0);
  CLX_CHECK_NEAR(clx_server_fans(&server, &device, 9000), 1600, 0, 0);
}

static void test_power_balances_and_rises(void **state) {
  (void)state;
  static const char *const racks[] = {"dgx_h100_4", "gb300_nvl72", "supermicro_liquid_8x8"};
  for (int32_t i = 0; i < CLX_COUNT(racks); i++) {
    const clx_cohort c = cohort_of(racks[i]);
    double before = 0;
    for (int32_t k = 0; k <= 50; k++) {
      const clx_machine_draw d = clx_rack_power(&c, 0.02 * k * c.device.tdp, 0.02 * k);
      CLX_CHECK_NEAR(d.dc, d.gpus + d.parts + d.fans, 1e-12, 0);
      CLX_CHECK_NEAR(d.in, d.dc + d.loss, 1e-12, 0);
      CLX_CHECK_NEAR(d.gpus, c.rack.servers * c.server.gpus * 0.02 * k * c.device.tdp, 1e-12, 0);
      assert_true(d.in > before && d.loss > 0);
      before = d.in;
    }
  }
}

// --- chains --------------------------------------------------------------------------------------------------------------

// ExaDigiT/RAPS, config/frontier.yaml: 7.3065 MW idle, 28.2279 MW at most.
static void test_frontier(void **state) {
  (void)state;
  const clx_cohort c = cohort_of("frontier_cabinet");
  const clx_chain chain = chain_of("frontier", &c, 74);
  const double idle = clx_server_power(&c, 88, 0).dc, most = clx_server_power(&c, 560, 1).dc;
  CLX_CHECK_NEAR(idle, 626.26, 1e-12, 0);
  CLX_CHECK_NEAR(most, 2704.26, 1e-12, 0);
  assert_true(chain.level[1].groups == 592 && chain.level[1].units == 2368 && chain.level[2].groups == 25);
  CLX_CHECK_NEAR(clx_chain_top(&chain, 9472 * idle, NULL), 7.3065e6, 0, 50);
  CLX_CHECK_NEAR(clx_chain_top(&chain, 9472 * most, NULL), 28.2279e6, 0, 50);
  const clx_chain_result at = clx_chain_pass(&chain, 9472 * idle, NULL);
  CLX_CHECK_NEAR(at.flow[0].in / 9472, 652.31, 0, 0.005);
  CLX_CHECK_NEAR(at.flow[1].in / 74, 95.874e3, 0, 1);
}

// Its own supplies are the levels of the chain: the chain's first level draws what the server or rack draws at its plug.
static void test_chain_begins_with_the_own_supplies(void **state) {
  (void)state;
  static const struct {
    const char *chain, *rack;
    bool shelf;
  } rows[] = {{"air_415v", "dgx_h100_4", false},
              {"colossus_415v", "supermicro_liquid_8x8", false},
              {"nvl72", "gb300_nvl72", true}};
  for (int32_t i = 0; i < CLX_COUNT(rows); i++) {
    const clx_cohort c = cohort_of(rows[i].rack);
    const clx_chain chain = chain_of(rows[i].chain, &c, 240);
    const clx_machine_draw rack = clx_rack_power(&c, 0.8 * c.device.tdp, 1),
                           server = clx_server_power(&c, 0.8 * c.device.tdp, 1);
    double extra[CLX_CHAIN_LEVELS_MAX] = {0};
    extra[chain.rack] = 240 * clx_rack_parts(&c.rack, 1);
    const clx_chain_result at = clx_chain_pass(&chain, 240 * c.rack.servers * server.dc, extra);
    assert_int_equal(chain.plug, 1);
    assert_int_equal(chain.rack, rows[i].shelf ? 0 : 1);
    CLX_CHECK_NEAR(rows[i].shelf ? at.flow[0].in : at.flow[1].out, 240 * rack.in, 1e-12, 0);
    for (int32_t k = 0; k < chain.count; k++) {
      if (at.flow[k].over) fail_msg("%s: level %s is over its rating", rows[i].chain, chain.level[k].name);
    }
    // What stands above the plugs loses 1 to 3 % without UPS, 5 to 8 % with double conversion.
    const double above = at.in / at.flow[1].out - 1;
    WITHIN(above, i == 0 ? 0.04 : 0.01, i == 0 ? 0.09 : 0.03);
  }
}

// Feeds of 43 MW and 149 MW carry 30,000 and 104,000 H100 at 1.427 kW each, everything included. That stands between servers whose GPUs
// all draw 700 W and servers at their rating.
static void test_milestones(void **state) {
  (void)state;
  const clx_cohort c = cohort_of("supermicro_liquid_8x8");
  static const double pue = 1.25,
                      network = 40;  // W a GPU: 4.0 MW of switches and optics for 100,000 (the scenario colossus-1)
  const double racks = 1563, gpus = racks * 64;
  const clx_chain chain = chain_of("colossus_415v", &c, racks);
  const double rated = clx_server_rated(&c, 1).dc, computing = clx_server_power(&c, 700, 1).dc;
  double extra[CLX_CHAIN_LEVELS_MAX] = {0};
  extra[chain.rack] = racks * clx_rack_parts(&c.rack, 1) + network * gpus;
  double a_gpu[2];
  for (int32_t i = 0; i < 2; i++) {
    const double load = gpus / 8 * (i == 0 ? rated : computing);
    const double it = clx_chain_pass(&chain, load, extra).flow[chain.plug].out;
    extra[chain.cooling] += (pue - 1) * it;
    a_gpu[i] = clx_chain_top(&chain, load, extra) / gpus;
    extra[chain.cooling] -= (pue - 1) * it;
  }
  assert_true(43e6 / a_gpu[0] < 30e3 && 30e3 < 43e6 / a_gpu[1]);
  assert_true(149e6 / a_gpu[0] < 104e3 && 104e3 < 149e6 / a_gpu[1]);
  WITHIN(a_gpu[0] / a_gpu[1], 1.05, 1.20);
  // The whole site under full load and its feed of 150 MW.
  WITHIN(a_gpu[1] * 100e3, 120e6, 150e6);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_gb300_rack),
      cmocka_unit_test(test_gb200_rack),
      cmocka_unit_test(test_dgx_h100),
      cmocka_unit_test(test_idle_servers),
      cmocka_unit_test(test_rating_is_never_passed),
      cmocka_unit_test(test_equipment_of_the_user),
      cmocka_unit_test(test_parts_add_up),
      cmocka_unit_test(test_fans_follow_the_cube),
      cmocka_unit_test(test_power_balances_and_rises),
      cmocka_unit_test(test_frontier),
      cmocka_unit_test(test_chain_begins_with_the_own_supplies),
      cmocka_unit_test(test_milestones),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
