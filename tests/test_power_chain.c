// The chain from a chip to the substation: losses of equipment, sharing, balance, inversion, unequal loads, sizing, refusals.
#include "check.h"

#include "power/power_chain.h"

static double titanium_load[] = {0.1, 0.2, 0.5, 1}, titanium_curve[] = {0.90, 0.94, 0.96, 0.91};
static const clx_conversion supply = {.name = "supply",
                                      .rating = 3000,
                                      .load = titanium_load,
                                      .load_count = 4,
                                      .curve = titanium_curve,
                                      .curve_count = 4};
static const clx_conversion transformer = {.name = "transformer",
                                           .rating = 2.5e6,
                                           .kind = CLX_CONVERSION_TRANSFORMER,
                                           .efficiency = 1,
                                           .fixed = 2000,
                                           .load_loss = 18e3};
static const clx_conversion rectifier = {
    .name = "rectifier", .kind = CLX_CONVERSION_SHELF, .efficiency = 0.96, .fixed = 17};
static const clx_conversion sivoc = {.name = "sivoc", .kind = CLX_CONVERSION_PSU, .efficiency = 0.98, .fixed = 13};

// Any number within [0, 1), the same in each run.
static double draw(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (double)(*state >> 11) * 0x1p-53;
}

// --- one unit ------------------------------------------------------------------------------------------------------------

static void test_curve_passes_through_its_points(void **state) {
  (void)state;
  for (int32_t i = 0; i < 4; i++) {
    const double out = 3000 * titanium_load[i];
    CLX_CHECK_NEAR(clx_conversion_loss(&supply, out), out / titanium_curve[i] - out, 1e-12, 0);
  }
  // Halfway between two points: the mean of their losses.
  CLX_CHECK_NEAR(clx_conversion_loss(&supply, 3000 * 0.75), 0.5 * (1500 / 0.96 - 1500 + 3000 / 0.91 - 3000), 1e-12, 0);
  // No load: the first slope back to zero. 33.33 W at 10 %, 38.30 W at 20 %.
  CLX_CHECK_NEAR(clx_conversion_loss(&supply, 0), 2 * (300 / 0.9 - 300) - (600 / 0.94 - 600), 1e-12, 0);
  // Beyond the rating the last slope goes on.
  const double half = 1500 / 0.96 - 1500, full = 3000 / 0.91 - 3000;
  CLX_CHECK_NEAR(clx_conversion_loss(&supply, 3300), full + (full - half) / 1500 * 300, 1e-12, 0);
}

static void test_fixed_and_copper_losses(void **state) {
  (void)state;
  CLX_CHECK_NEAR(clx_conversion_loss(&sivoc, 626.26), (626.26 + 13) / 0.98 - 626.26, 1e-12, 0);
  CLX_CHECK_NEAR(clx_conversion_loss(&transformer, 0), 2000, 0, 0);
  CLX_CHECK_NEAR(clx_conversion_loss(&transformer, 1.25e6), 2000 + 18e3 / 4, 1e-12, 0);
}

static void test_a_loss_never_falls_below_zero(void **state) {
  (void)state;
  double load[] = {0.5, 1}, curve[] = {0.99, 0.9};  // the first slope reaches zero before no load
  const clx_conversion steep = {.rating = 100, .load = load, .load_count = 2, .curve = curve, .curve_count = 2};
  assert_true(clx_conversion_loss(&steep, 0) == 0);
  CLX_CHECK_NEAR(clx_conversion_out(&steep, 10), 10, 0, 0);
  const clx_conversion single = {.rating = 100, .load = load, .load_count = 1, .curve = curve, .curve_count = 1};
  CLX_CHECK_NEAR(clx_conversion_loss(&single, 80), 80 / 0.99 - 80, 1e-12, 0);
}

static void test_output_inverts_input(void **state) {
  (void)state;
  const clx_conversion *const all[] = {&supply, &transformer, &rectifier, &sivoc};
  uint64_t seed = 7;
  for (int32_t i = 0; i < CLX_COUNT(all); i++) {
    double before = clx_conversion_loss(all[i], 0);
    for (int32_t k = 0; k < 400; k++) {
      const double scale = all[i]->rating > 0 ? all[i]->rating : 1000;
      const double out = draw(&seed) * 1.3 * scale;
      const double in = out + clx_conversion_loss(all[i], out);
      CLX_CHECK_NEAR(clx_conversion_out(all[i], in), out, 1e-12, 1e-12 * scale);
      assert_true(in > out);
    }
    for (int32_t k = 1; k <= 200; k++) {  // more out never takes less in
      const double out = k * 0.01 * (all[i]->rating > 0 ? all[i]->rating : 1000);
      const double in = out + clx_conversion_loss(all[i], out);
      assert_true(in > before);
      before = in;
    }
    CLX_CHECK_NEAR(clx_conversion_out(all[i], 0), -clx_conversion_loss(all[i], 0), 1e-12, 0);
  }
}

// --- levels --------------------------------------------------------------------------------------------------------------

static clx_chain three_levels(void) {
  return (clx_chain){
      .count = 3,
      .level = {{.name = "server", .conversion = &supply, .units = 4000, .groups = 1000, .carriers = 3000},
                {.name = "rack", .units = 200, .static_load = 100e3},
                {.name = "transformer",
                 .conversion = &transformer,
                 .units = 8,
                 .carriers = 4,
                 .redundancy = CLX_REDUNDANCY_2N,
                 .derating = 0.8}}};
}

static void test_levels_balance(void **state) {
  (void)state;
  const clx_chain chain = three_levels();
  const double extra[3] = {0, 40e3, 600e3};
  uint64_t seed = 1;
  for (int32_t k = 0; k < 300; k++) {
    const double load = draw(&seed) * 9e6;
    const clx_chain_result r = clx_chain_pass(&chain, load, extra);
    double into = load;
    for (int32_t i = 0; i < 3; i++) {
      const clx_chain_flow *f = &r.flow[i];
      assert_true(f->below == into && f->extra == extra[i]);
      CLX_CHECK_NEAR(f->in - f->loss - f->below - f->fixed - f->extra, 0, 0, 1e-12 * f->in);
      into = f->in;
    }
    CLX_CHECK_NEAR(r.in, load + 100e3 + 640e3 + r.loss, 1e-12, 0);
    assert_true(clx_chain_top(&chain, load, extra) == r.in);
    CLX_CHECK_NEAR(clx_chain_invert(&chain, r.in, extra), load, 1e-12, 1e-12 * r.in);
  }
  assert_true(clx_chain_invert(&chain, 1000, extra) < 0);
}

static void test_units_share_what_passes(void **state) {
  (void)state;
  const clx_chain chain = three_levels();
  const clx_chain_result r = clx_chain_pass(&chain, 6e6, NULL);
  CLX_CHECK_NEAR(r.flow[0].loss, 4000 * clx_conversion_loss(&supply, 1500), 1e-12, 0);
  CLX_CHECK_NEAR(r.flow[0].load_share, 0.5, 1e-12, 0);
  CLX_CHECK_NEAR(r.flow[2].load_share, r.flow[2].out / 20e6, 1e-12, 0);
  assert_true(!r.flow[0].over && !r.flow[1].over);
  // Four carriers at 80 % of 2.5 MW.
  CLX_CHECK_NEAR(clx_chain_level_limit(&chain.level[2]), 8e6, 1e-12, 0);
  assert_true(!r.flow[2].over);
  assert_true(clx_chain_pass(&chain, 7.7e6, NULL).flow[2].over);
  assert_true(isinf(clx_chain_level_limit(&chain.level[1])));
}

static void test_a_spare_costs_its_standing_loss(void **state) {
  (void)state;
  clx_chain chain = {.count = 1, .level = {{.name = "t", .conversion = &transformer, .units = 4}}};
  const double four = clx_chain_pass(&chain, 9e6, NULL).loss;
  chain.level[0].units = 5;
  const double five = clx_chain_pass(&chain, 9e6, NULL).loss;
  CLX_CHECK_NEAR(four, 4 * 2000 + 4 * 18e3 * 0.81, 1e-12, 0);
  CLX_CHECK_NEAR(five, 5 * 2000 + 5 * 18e3 * 0.72 * 0.72, 1e-12, 0);
}

static void test_no_levels_pass_everything(void **state) {
  (void)state;
  const clx_chain chain = {0};
  assert_true(clx_chain_pass(&chain, 5, NULL).in == 5 && clx_chain_top(&chain, 5, NULL) == 5);
  assert_true(clx_chain_invert(&chain, 5, NULL) == 5);
}

// --- unequal loads -------------------------------------------------------------------------------------------------------

static void test_equal_loads_are_a_cohort(void **state) {
  (void)state;
  const clx_chain chain = three_levels();
  double load[1000], scratch[1000];
  for (int32_t i = 0; i < 1000; i++) load[i] = 7123.4;
  CLX_CHECK_NEAR(clx_chain_pass_each(&chain, load, 1000, scratch), clx_chain_top(&chain, 7123.4e3, NULL), 1e-12, 0);
  CLX_CHECK_NEAR(clx_chain_pass_each(&chain, load, 200, scratch), clx_chain_top(&chain, 200 * 7123.4, NULL), 1e-12, 0);
}

// 8 servers of 2 supplies, 2 transformers; a busy half and an idle half.
static void test_unequal_loads_are_added_unit_by_unit(void **state) {
  (void)state;
  static const double load[] = {5600, 5400, 5000, 4800, 400, 300, 0, 200};
  const clx_chain chain = {
      .count = 2,
      .level = {{.name = "server", .conversion = &supply, .units = 16, .groups = 8},
                {.name = "transformer", .conversion = &transformer, .units = 2, .static_load = 600}}};
  double half[2] = {300, 300}, scratch[8];
  for (int32_t i = 0; i < 8; i++) half[i / 4] += load[i] + 2 * clx_conversion_loss(&supply, load[i] / 2);
  const double want =
      half[0] + clx_conversion_loss(&transformer, half[0]) + half[1] + clx_conversion_loss(&transformer, half[1]);
  CLX_CHECK_NEAR(clx_chain_pass_each(&chain, load, 8, scratch), want, 1e-12, 0);
  // A convex loss: an uneven load loses more than its mean.
  assert_true(want > clx_chain_top(&chain, 21700, NULL));
}

static void test_linear_losses_do_not_see_how_load_is_spread(void **state) {
  (void)state;
  const clx_chain chain = {.count = 2,
                           .level = {{.conversion = &sivoc, .units = 64},
                                     {.conversion = &rectifier, .units = 16, .groups = 4, .static_load = 4000}}};
  double load[64], sum = 0;
  uint64_t seed = 3;
  for (int32_t i = 0; i < 64; i++) sum += load[i] = 2700 * draw(&seed);
  CLX_CHECK_NEAR(clx_chain_pass_each(&chain, load, 64, load), clx_chain_top(&chain, sum, NULL), 1e-12, 0);
}

// --- from what is stated -------------------------------------------------------------------------------------------------

static const clx_chain_level_spec site_levels[] = {
    {.name = "server", .own = 1, .per = CLX_CHAIN_PER_SERVER, .share = 1, .derating = 1, .oversubscription = 1},
    {.name = "ups",
     .conversion = "ups",
     .per = CLX_CHAIN_PER_RACK,
     .share = 10,
     .redundancy = CLX_REDUNDANCY_N_1,
     .derating = 0.9,
     .oversubscription = 1,
     .static_load = 5000},
    {.name = "transformer",
     .conversion = "transformer",
     .per = CLX_CHAIN_PER_SITE,
     .share = 1,
     .redundancy = CLX_REDUNDANCY_2N,
     .derating = 1,
     .oversubscription = 1.25},
};
static const clx_conversion ups = {.name = "ups", .kind = CLX_CONVERSION_UPS, .rating = 250e3, .efficiency = 0.95};
static const clx_conversion psu = {.name = "psu", .kind = CLX_CONVERSION_PSU, .rating = 3000, .efficiency = 1};

static clx_chain_fleet fleet_of(double servers, double racks) {
  return (clx_chain_fleet){.servers = servers,
                           .racks = racks,
                           .server_load = 10e3,
                           .rack_load = 1000,
                           .server_supply = &psu,
                           .server_supplies = 6,
                           .server_carriers = 4};
}

static clx_status compile(clx_chain_level_spec *levels, int32_t count, const clx_chain_fleet *fleet, clx_chain *chain,
                          clx_error *error) {
  const clx_chain_spec spec = {.level = levels, .level_count = count};
  return clx_chain_compile(&spec, fleet, (clx_place){0}, chain, error);
}

static void test_units_follow_the_planned_load(void **state) {
  (void)state;
  clx_chain_level_spec levels[3];
  memcpy(levels, site_levels, sizeof levels);
  levels[1].equipment = &ups;
  levels[2].equipment = &transformer;
  const clx_chain_fleet fleet = fleet_of(95 * 4, 95);
  clx_chain chain;
  clx_error error = {0};
  assert_int_equal(compile(levels, 3, &fleet, &chain, &error), CLX_OK);
  assert_true(chain.level[0].units == 6 * 380 && chain.level[0].carriers == 4 * 380 && chain.level[0].groups == 380);
  // Ten groups of up to ten racks: 3.8 MW + 95 kW + 50 kW, 394.5 kW each, two carriers of 225 kW and one more.
  assert_true(chain.level[1].groups == 10 && chain.level[1].carriers == 20 && chain.level[1].units == 30);
  assert_true(chain.level[1].static_load == 50e3);
  // 4.153 MW over 3.125 MW: two carriers, twice.
  assert_true(chain.level[2].groups == 1 && chain.level[2].carriers == 2 && chain.level[2].units == 4);
  assert_true(chain.rack == 1 && chain.plug == 1 && chain.cooling == 2 && chain.count == 3);
  const double extra[3] = {0, 95e3, 0};
  const clx_chain_result full = clx_chain_pass(&chain, 3.8e6, extra);
  for (int32_t i = 0; i < 3; i++) assert_true(!full.flow[i].over);
}

// Whatever is planned can be carried for long; one unit less in a group could not, where its rating decides.
static void test_sized_levels_carry_the_plan(void **state) {
  (void)state;
  static const clx_conversion *const equipment[] = {&ups, &transformer, &supply};
  uint64_t seed = 11;
  for (int32_t k = 0; k < 200; k++) {
    clx_chain_level_spec levels[3];
    for (int32_t i = 0; i < 3; i++) {
      levels[i] = (clx_chain_level_spec){.name = i == 0   ? "a"
                                                 : i == 1 ? "b"
                                                          : "c",
                                         .conversion = "some",
                                         .equipment = equipment[(int32_t)(3 * draw(&seed))],
                                         .per = i == 0 ? (int32_t)(2 * draw(&seed)) : CLX_CHAIN_PER_LEVEL,
                                         .share = 1 + floor(5 * draw(&seed)),
                                         .redundancy = (int32_t)(3 * draw(&seed)),
                                         .derating = 0.5 + 0.5 * draw(&seed),
                                         .oversubscription = 1,
                                         .static_load = 1000 * draw(&seed)};
    }
    const clx_chain_fleet fleet = fleet_of(4 + floor(400 * draw(&seed)), 1 + floor(90 * draw(&seed)));
    clx_chain chain;
    clx_error error = {0};
    assert_int_equal(compile(levels, 3, &fleet, &chain, &error), CLX_OK);
    double extra[3] = {0};
    if (chain.rack < 3) extra[chain.rack] = fleet.racks * fleet.rack_load;
    const clx_chain_result r = clx_chain_pass(&chain, fleet.servers * fleet.server_load, extra);
    for (int32_t i = 0; i < 3; i++) {
      const clx_chain_level *level = &chain.level[i];
      assert_true(!r.flow[i].over && level->units >= level->carriers);
      clx_chain fewer = chain;
      fewer.level[i].carriers -= level->groups;
      if (level->carriers > level->groups)
        assert_true(clx_chain_pass(&fewer, fleet.servers * fleet.server_load, extra).flow[i].over);
    }
  }
}

// The same load on N, N + 1 and 2N: shares of the rating, and what the spare units cost or save.
static void test_redundancy_shares_the_load(void **state) {
  (void)state;
  static const struct {
    int32_t redundancy;
    double units;
  } rows[] = {{CLX_REDUNDANCY_N, 4}, {CLX_REDUNDANCY_N_1, 5}, {CLX_REDUNDANCY_2N, 8}};
  for (int32_t i = 0; i < CLX_COUNT(rows); i++) {
    clx_chain_level_spec level = {.name = "t",
                                  .conversion = "t",
                                  .equipment = &transformer,
                                  .per = CLX_CHAIN_PER_SITE,
                                  .share = 1,
                                  .redundancy = rows[i].redundancy,
                                  .derating = 1,
                                  .oversubscription = 1};
    clx_chain_fleet fleet = fleet_of(900, 1);
    fleet.rack_load = 0;
    clx_chain chain;
    clx_error error = {0};
    assert_int_equal(compile(&level, 1, &fleet, &chain, &error), CLX_OK);
    assert_true(chain.level[0].units == rows[i].units && chain.level[0].carriers == 4);
    const clx_chain_flow flow = clx_chain_pass(&chain, 9e6, NULL).flow[0];
    CLX_CHECK_NEAR(flow.load_share, 3.6 / rows[i].units, 1e-12, 0);
    CLX_CHECK_NEAR(flow.loss, rows[i].units * 2000 + 18e3 * 3.6 * 3.6 / rows[i].units, 1e-12, 0);
  }
}

static void test_refusals_name_level_and_value(void **state) {
  (void)state;
  static const struct {
    int32_t level;
    clx_chain_level_spec change;
    const char *says;
  } wrong[] = {
      {0, {.name = "", .share = 1, .derating = 1, .oversubscription = 1}, "level 1 has no name"},
      {1,
       {.name = "server", .share = 1, .derating = 1, .oversubscription = 1},
       "two chain levels of the name 'server'"},
      {1, {.name = "a", .share = 1, .derating = 1.5, .oversubscription = 1}, "level 'a': derating"},
      {1, {.name = "a", .share = 0.5, .derating = 1, .oversubscription = 1}, "level 'a': share"},
      {1, {.name = "a", .share = 1, .derating = 1, .oversubscription = 0}, "level 'a': oversubscription"},
      {1, {.name = "a", .share = 1, .derating = 1, .oversubscription = 1, .static_load = -1}, "level 'a': static"},
      {1,
       {.name = "a", .own = 1, .conversion = "b", .share = 1, .derating = 1, .oversubscription = 1},
       "own supplies or conversion 'b'"},
      {1,
       {.name = "a", .own = 1, .per = CLX_CHAIN_PER_SITE, .share = 1, .derating = 1, .oversubscription = 1},
       "one server or one rack"},
      {1,
       {.name = "a", .conversion = "b", .share = 1, .derating = 1, .oversubscription = 1},
       "no equipment read for conversion 'b'"},
      {0,
       {.name = "a", .per = CLX_CHAIN_PER_LEVEL, .share = 1, .derating = 1, .oversubscription = 1},
       "the lowest level"},
  };
  const clx_chain_fleet fleet = fleet_of(8, 2);
  for (int32_t i = 0; i < CLX_COUNT(wrong); i++) {
    clx_chain_level_spec levels[2] = {site_levels[0], site_levels[0]};
    levels[1].name = "other";
    levels[wrong[i].level] = wrong[i].change;
    clx_chain chain;
    clx_error error = {0};
    assert_int_equal(compile(levels, 2, &fleet, &chain, &error), CLX_INPUT);
    if (strstr(error.mistake[0].text, wrong[i].says) == NULL)
      fail_msg("\"%s\" in: %s", wrong[i].says, error.mistake[0].text);
  }
  clx_chain_level_spec levels[1] = {site_levels[0]};
  const clx_chain_fleet none = fleet_of(0, 1);
  clx_chain chain;
  clx_error error = {0};
  assert_int_equal(compile(levels, 1, &none, &chain, &error), CLX_INPUT);
  const clx_chain_spec many = {.level = levels, .level_count = CLX_CHAIN_LEVELS_MAX + 1};
  assert_int_equal(clx_chain_check(&many, (clx_place){0}, &error), CLX_INPUT);
}

static void test_equipment_that_cannot_be_is_named(void **state) {
  (void)state;
  static double load[] = {0.2, 0.5, 0.4}, good[] = {0.9, 0.95, 0.95}, above[] = {0.9, 1.02, 0.9},
                leap[] = {0.3, 0.99, 0.9};
  static const struct {
    clx_conversion is;
    const char *says;
  } wrong[] = {
      {{.name = "x", .efficiency = 1.02}, "efficiency: expected above 0 and up to 1, read 1.02"},
      {{.name = "x"}, "efficiency: expected above 0"},
      {{.name = "x", .efficiency = 0.9, .fixed = -3}, "fixed is a finite number of at least 0, read -3"},
      {{.name = "x", .efficiency = 0.9, .rating = NAN}, "rating is a finite number"},
      {{.name = "x", .efficiency = 0.9, .load_loss = 5}, "need a rating"},
      {{.name = "x", .rating = 10, .load = load, .load_count = 2, .curve = good, .curve_count = 1},
       "2 shares in `load` and 1"},
      {{.name = "x", .rating = 10, .load = load, .load_count = 3, .curve = good, .curve_count = 3},
       "read 0.4 after 0.5"},
      {{.name = "x", .rating = 10, .load = load, .load_count = 2, .curve = above, .curve_count = 2}, "read 1.02"},
      {{.name = "x", .rating = 10, .load = load, .load_count = 2, .curve = leap, .curve_count = 2}, "would take less"},
      {{.name = "x", .rating = 10, .efficiency = 0.9, .load = load, .load_count = 2, .curve = good, .curve_count = 2},
       "not both"},
      {{.name = "x", .load = load, .load_count = 2, .curve = good, .curve_count = 2}, "need a rating"},
  };
  for (int32_t i = 0; i < CLX_COUNT(wrong); i++) {
    clx_error error = {0};
    assert_int_equal(clx_conversion_check(&wrong[i].is, (clx_place){0}, &error), CLX_INPUT);
    if (strstr(error.mistake[0].text, wrong[i].says) == NULL)
      fail_msg("\"%s\" in: %s", wrong[i].says, error.mistake[0].text);
  }
  assert_int_equal(clx_conversion_check(&supply, (clx_place){0}, NULL), CLX_OK);
  assert_int_equal(clx_conversion_check(&transformer, (clx_place){0}, NULL), CLX_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_curve_passes_through_its_points),
      cmocka_unit_test(test_fixed_and_copper_losses),
      cmocka_unit_test(test_a_loss_never_falls_below_zero),
      cmocka_unit_test(test_output_inverts_input),
      cmocka_unit_test(test_levels_balance),
      cmocka_unit_test(test_units_share_what_passes),
      cmocka_unit_test(test_a_spare_costs_its_standing_loss),
      cmocka_unit_test(test_no_levels_pass_everything),
      cmocka_unit_test(test_equal_loads_are_a_cohort),
      cmocka_unit_test(test_unequal_loads_are_added_unit_by_unit),
      cmocka_unit_test(test_linear_losses_do_not_see_how_load_is_spread),
      cmocka_unit_test(test_units_follow_the_planned_load),
      cmocka_unit_test(test_sized_levels_carry_the_plan),
      cmocka_unit_test(test_redundancy_shares_the_load),
      cmocka_unit_test(test_refusals_name_level_and_value),
      cmocka_unit_test(test_equipment_that_cannot_be_is_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
