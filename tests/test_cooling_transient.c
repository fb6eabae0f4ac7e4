// Trips of cooling plants: against closed forms, against the steady solver, balance, order, N+1, chips, refusals.
#include "cooling_transient_rig.h"

#ifdef CLX_HAS_SUNDIALS

// --- steady state ----------------------------------------------------------------------------------------------------------

static void check_end(rig *r, double level) {
  clx_plant_state want;
  const int64_t last = r->out.samples - 1;
  assert_int_equal(clx_plant_solve(&r->plant, HEAT * level, 0, &OUTSIDE, NULL, &want, &r->error), CLX_OK);
  CLX_CHECK_NEAR(r->out.supply[last], want.loop[0].supply, 0, 0.01);
  CLX_CHECK_NEAR(r->out.back[last], want.loop[0].back, 0, 0.01);
  CLX_CHECK_NEAR(r->out.electric[last], want.electric, 0.005, 0);
}

static void test_a_long_transient_ends_at_the_steady_state(void **state) {
  (void)state;
  for (int32_t control = 0; control < CLX_FLOW_CONTROLS; control++) {
    rig *r = start();
    r->loop[0].control = r->loop[1].control = control;
    if (control == CLX_FLOW_DEMAND) r->loop[0].control = CLX_FLOW_RANGE;  // no exchanger asks the racks' loops
    build(r);
    add(r, (clx_trip){CLX_TRIP_LOAD, NULL, 10, 0.6, -1});
    r->input.horizon = 7200, r->input.step = 600;
    run(r);
    for (int32_t l = 0; l < 2; l++) {
      clx_plant_state before;
      assert_int_equal(clx_plant_solve(&r->plant, HEAT, 0, &OUTSIDE, NULL, &before, &r->error), CLX_OK);
      CLX_CHECK_NEAR(r->out.settled.loop[l].supply, before.loop[l].supply, 0, 0.01);
      CLX_CHECK_NEAR(r->out.settled.loop[l].back, before.loop[l].back, 0, 0.01);
      CLX_CHECK_NEAR(r->out.settled.loop[l].flow, before.loop[l].flow, 1e-3, 0);
    }
    check_end(r, 0.6);
    finish(r);
  }
}

// Too few coolers and no chillers: the plant runs warm, and the transient finds the same temperatures.
static void test_a_warm_plant_ends_where_the_steady_solver_does(void **state) {
  (void)state;
  rig *r = start();
  r->spec.unit_count = 2;
  r->unit[1].share = 1;
  build(r);
  add(r, (clx_trip){CLX_TRIP_UNIT, "cooler", 10, 4, -1});
  r->input.horizon = 7200, r->input.step = 600;
  run(r);
  clx_plant_state want;
  const clx_plant_fault fault = {.unit = {1, 0.5}, .pump = {1, 1}};
  assert_int_equal(clx_plant_solve(&r->plant, HEAT, 0, &OUTSIDE, &fault, &want, &r->error), CLX_OK);
  assert_true(want.loop[1].supply > r->loop[1].supply + 1);
  const int64_t last = r->out.samples - 1;
  CLX_CHECK_NEAR(r->out.supply[last], want.loop[0].supply, 0, 0.02);
  CLX_CHECK_NEAR(r->out.back[last], want.loop[0].back, 0, 0.02);
  assert_true(isfinite(r->out.to_warm) && r->out.to_warm > 0 && !isfinite(r->out.recovered));
  finish(r);
}

static void test_nothing_happens_without_a_trip(void **state) {
  (void)state;
  rig *r = start();
  build(r);
  with_chips(r, &plain_chip);
  run(r);
  for (int64_t i = 1; i < r->out.samples; i++) CLX_CHECK_NEAR(r->out.supply[i], r->out.supply[0], 0, 0.01);
  assert_int_equal(r->out.events, 0);
  assert_true(!isfinite(r->out.to_warm) && !isfinite(r->out.to_throttle) && !isfinite(r->out.to_shutdown));
  CLX_CHECK_NEAR(r->out.energy_in, r->out.energy_out, 1e-4, 0);
  finish(r);
}

// --- closed forms ----------------------------------------------------------------------------------------------------------

// Fans and chillers stop, pumps go on: all heat stays in the fluids, which warm at heat over heat capacity once they are mixed.
static void test_a_closed_plant_warms_as_a_tank(void **state) {
  (void)state;
  rig *r = start();
  build(r);
  r->input.backup_pumps = true;
  r->input.horizon = 300;
  add(r, (clx_trip){CLX_TRIP_POWER, NULL, 0, -1, -1});
  run(r);
  const clx_loop *racks = &r->plant.loop[0], *facility = &r->plant.loop[1];
  const double pumps = r->out.settled.loop[0].pump + r->out.settled.loop[1].pump;
  CLX_CHECK_NEAR(r->out.energy_out, 0, 0, 1);
  CLX_CHECK_NEAR(r->out.stored, 300 * (HEAT + pumps), 1e-6, 0);
  // The cold sides of the CDUs: 3 s of 1.5 times the design flow.
  const double cold = fmax(LOOPS * r->plant.unit[0].exchanger.cold_flow, facility->flow) * 4.5;
  const double capacity =
      LOOPS * racks->density * racks->capacity + (5 * facility->density + cold) * facility->capacity;
  const double slope = (r->out.supply[60] - r->out.supply[48]) / 60.0;
  CLX_CHECK_NEAR(slope, (HEAT + pumps) / capacity, 2e-3, 0);
  finish(r);
}

// A step of load while a large tank holds the supply: racks and return header are two lags in a row.
static void test_a_step_of_load_is_two_lags(void **state) {
  (void)state;
  rig *r = start();
  build(r);
  r->input.tank = 200, r->input.tank_loop = "racks";
  r->input.rack_capacity = LOOPS * 2e6;
  r->input.horizon = 120, r->input.step = 2;
  r->input.tolerance = 1e-4;
  add(r, (clx_trip){CLX_TRIP_LOAD, NULL, 0, 0.5, -1});
  run(r);
  const clx_loop *loop = &r->plant.loop[0];
  const double rate = loop->flow * loop->capacity, fluid = loop->density * loop->capacity;
  const double a = (0.15 * fluid + 2e6) / rate, b = 0.35 * fluid / rate, step = 0.5 * HEAT / LOOPS / rate;
  for (int64_t i = 0; i < r->out.samples; i++) {
    const double t = 2.0 * (double)i, risen = 1 - (a * exp(-t / a) - b * exp(-t / b)) / (a - b);
    CLX_CHECK_NEAR(r->out.back[i], r->out.back[0] - step * risen, 0, 3e-3);
  }
  finish(r);
}

// One of two pumps without a spare: the flow at which the curve of the other meets the square of the flow.
static void test_a_pump_alone_runs_up_its_curve(void **state) {
  (void)state;
  rig *r = start();
  r->loop[0].pumps_spare = 0;
  build(r);
  add(r, (clx_trip){CLX_TRIP_PUMP, "racks", 10, 1, -1});
  r->input.pump_inertia = 0.5;
  run(r);
  const double flow = r->out.flow[r->out.samples - 1];
  const clx_mover_size *size = &r->plant.loop[0].pump;
  const double given = clx_mover_head(size, 2 * flow * size->flow, 1, NULL);
  CLX_CHECK_NEAR(given, flow * flow * size->head, 0.01, 0);
  clx_plant_state want;
  const clx_plant_fault fault = {.unit = {1, 1, 1}, .pump = {0.5, 1}};
  assert_int_equal(clx_plant_solve(&r->plant, HEAT, 0, &OUTSIDE, &fault, &want, &r->error), CLX_OK);
  CLX_CHECK_NEAR(flow, want.loop[0].flow / r->plant.loop[0].flow, 0.01, 0);
  finish(r);
}

// Pumps that stop at once: chips warm by their own heat alone.
static void test_chips_without_flow_warm_by_their_capacity(void **state) {
  (void)state;
  rig *r = start();
  build(r);
  with_chips(r, &plain_chip);
  r->input.pump_inertia = 1e-3;
  r->input.horizon = 60, r->input.step = 0.1;
  add(r, (clx_trip){CLX_TRIP_PUMP, "racks", 0, -1, -1});
  run(r);
  const double rise = plain_chip.throttle - r->out.chip_most[0];
  CLX_CHECK_NEAR(r->out.to_throttle, rise * plain_chip.capacity / 1000 + 0.3, 0.02, 0);  // the sensor lags 0.3 s
  assert_true(r->out.to_shutdown > r->out.to_throttle && isfinite(r->out.to_shutdown));
  CLX_CHECK_NEAR(r->out.throttled_share, 1, 0, 1e-12);
  CLX_CHECK_NEAR(r->out.clock[r->out.samples - 1], 0, 0, 0);
  finish(r);
}

// Half the flow of the chips' heat: the clock falls until the junction stands at its limit, 0.2 + 0.8 clock^3 of the power.
static void test_throttled_chips_stand_at_their_limit(void **state) {
  (void)state;
  rig *r = start();
  build(r);
  clx_chip_thermal chip = plain_chip;
  chip.throttle = 345, chip.shutdown = 380;
  with_chips(r, &chip);
  r->input.horizon = 1200;
  run(r);
  const int64_t last = r->out.samples - 1;
  CLX_CHECK_NEAR(r->out.chip_most[last], 345, 0, 0.05);
  const double fits = (345 - r->out.supply[last]) / (0.025 + 0.01);
  CLX_CHECK_NEAR(r->out.clock[last], cbrt((fits / 1000 - 0.2) / 0.8), 1e-3, 0);
  CLX_CHECK_NEAR(r->out.to_throttle, 0, 0, 0);
  finish(r);
}

// --- members ---------------------------------------------------------------------------------------------------------------

static void test_a_cohort_is_its_members(void **state) {
  (void)state;
  rig *r = start(), *s = start();
  build(r), build(s);
  with_chips(r, &plain_chip), with_chips(s, &plain_chip);
  add(r, (clx_trip){CLX_TRIP_POWER, NULL, 10, -1, -1});
  add(r, (clx_trip){CLX_TRIP_RESTORE, NULL, 50, -1, -1});
  s->trip[0] = r->trip[0], s->trip[1] = r->trip[1], s->input.trip_count = 2;
  s->input.members = (int32_t)LOOPS;
  run(r), run(s);
  for (int64_t i = 0; i < r->out.samples; i++) {
    CLX_CHECK_NEAR(s->out.supply[i], r->out.supply[i], 0, 0.02);
    CLX_CHECK_NEAR(s->out.chip_most[i], r->out.chip_most[i], 0, 0.1);
  }
  assert_true(isfinite(r->out.to_throttle));
  CLX_CHECK_NEAR(s->out.to_throttle, r->out.to_throttle, 0, 0.2);
  finish(r), finish(s);
}

static void test_the_order_of_members_does_not_matter(void **state) {
  (void)state;
  const double one[6] = {1.3, 0.9, 0.8, 1.1, 1.0, 0.9}, other[6] = {0.9, 1.0, 1.1, 0.8, 0.9, 1.3};
  rig *r = start(), *s = start();
  build(r), build(s);
  with_chips(r, &plain_chip), with_chips(s, &plain_chip);
  r->input.member = one, s->input.member = other;
  add(r, (clx_trip){CLX_TRIP_PUMP, "racks", 10, -1, 0});
  add(s, (clx_trip){CLX_TRIP_PUMP, "racks", 10, -1, 5});
  run(r), run(s);
  for (int64_t i = 0; i < r->out.samples; i++) {
    CLX_CHECK_NEAR(s->out.supply[i], r->out.supply[i], 0, 0.01);
    CLX_CHECK_NEAR(s->out.back[i], r->out.back[i], 0, 0.01);
  }
  assert_int_equal(r->out.first_member, 0);
  assert_int_equal(s->out.first_member, 5);
  CLX_CHECK_NEAR(s->out.to_throttle, r->out.to_throttle, 0, 0.02);
  CLX_CHECK_NEAR(r->out.throttled_share, 1 / LOOPS, 1e-12, 0);
  finish(r), finish(s);
}

// --- what takes over -------------------------------------------------------------------------------------------------------

static void test_what_stands_by_takes_over(void **state) {
  (void)state;
  static const clx_trip TRIPS[] = {{CLX_TRIP_PUMP, "racks", 10, 1, -1},
                                   {CLX_TRIP_PUMP, "facility", 10, 1, -1},
                                   {CLX_TRIP_UNIT, "chiller", 10, 1, -1}};
  for (int32_t i = 0; i < CLX_COUNT(TRIPS); i++) {
    rig *r = start();
    build(r);
    with_chips(r, &plain_chip);
    add(r, TRIPS[i]);
    r->input.horizon = 1200;
    run(r);
    assert_true(!isfinite(r->out.to_throttle));
    CLX_CHECK_NEAR(r->out.supply[r->out.samples - 1], r->out.supply[0], 0, 0.05);
    CLX_CHECK_NEAR(r->out.flow[r->out.samples - 1], 1, 0, 1e-3);
    assert_true(isfinite(r->out.recovered));
    finish(r);
  }
}

static void test_power_comes_back(void **state) {
  (void)state;
  rig *r = start();
  build(r);
  with_chips(r, &plain_chip);
  add(r, (clx_trip){CLX_TRIP_RESTORE, NULL, 40, -1, -1});
  add(r, (clx_trip){CLX_TRIP_POWER, NULL, 10, -1, -1});
  r->input.horizon = 1800;
  run(r);
  assert_true(isfinite(r->out.to_throttle) && !isfinite(r->out.to_shutdown));
  assert_true(r->out.flow[7] < 0.2 && r->out.flow[0] > 0.999);
  assert_true(isfinite(r->out.recovered) && r->out.recovered > 0);
  CLX_CHECK_NEAR(r->out.supply[r->out.samples - 1], r->out.supply[0], 0, 0.1);
  CLX_CHECK_NEAR(r->out.clock[r->out.samples - 1], 1, 0, 1e-3);
  for (int32_t i = 0; i < r->out.event_count; i++) assert_true(r->out.event[i].at >= 10);
  finish(r);
}

// --- balance ---------------------------------------------------------------------------------------------------------------

static double draw(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (double)(*state >> 11) * 0x1p-53;
}

// Whatever happens, heat in is heat out and heat stored (run() checks to 1e-9), and nothing is colder than the outside or the set point less a few kelvins.
static void test_heat_balances_whatever_trips(void **state) {
  (void)state;
  static const char *const OF[] = {"racks", "facility", "cooler", "chiller", "cdu"};
  uint64_t seed = 8;
  for (int32_t round = 0; round < 12; round++) {
    rig *r = start();
    r->loop[0].control = (int32_t)(3 * draw(&seed)), r->loop[1].control = (int32_t)(3 * draw(&seed));
    build(r);
    clx_chip_thermal chip = plain_chip;
    chip.leakage = 0.1, chip.leakage_doubling = 25, chip.reference = 338;
    with_chips(r, &chip);
    r->input.backup_pumps = draw(&seed) < 0.5;
    for (int32_t i = 0; i < 3; i++) {
      const char *of = OF[(int32_t)(5 * draw(&seed))];
      const bool loop = of == OF[0] || of == OF[1];
      const double at = 5 + 60 * draw(&seed), count = floor(4 * draw(&seed));
      add(r, (clx_trip){loop ? CLX_TRIP_PUMP : CLX_TRIP_UNIT, of, at, count, -1});
    }
    add(r, (clx_trip){draw(&seed) < 0.5 ? CLX_TRIP_POWER : CLX_TRIP_RESTORE, NULL, 70, -1, -1});
    r->input.horizon = 200;
    run(r);
    for (int64_t i = 0; i < r->out.samples; i++) {
      assert_true(r->out.supply[i] > 295 && r->out.supply[i] < 420);
      assert_true(r->out.flow[i] >= 0 && r->out.flow[i] < 1.1 && r->out.clock[i] >= 0 && r->out.clock[i] <= 1);
    }
    finish(r);
  }
}

// --- refusals --------------------------------------------------------------------------------------------------------------

static void test_wrong_input_is_refused(void **state) {
  (void)state;
  const double shares[6] = {1, 1, 1, 1, 1, 2};
  static const struct {
    const char *says;
    int32_t what;
  } CASES[] = {{"horizon", 0}, {"pump_ramp", 1},  {"tank_loop", 2}, {"no such loop", 3}, {"no such unit", 4},
               {"mean", 5},    {"resistance", 6}, {"chips", 7},     {"capacity", 8},     {"share of the load", 9}};
  clx_chip_thermal light = plain_chip;
  light.capacity = 0;
  for (int32_t i = 0; i < CLX_COUNT(CASES); i++) {
    rig *r = start();
    build(r);
    with_chips(r, &plain_chip);
    clx_transient_input *in = &r->input;
    switch (CASES[i].what) {
      case 0:
        in->horizon = -1;
        break;
      case 1:
        in->pump_ramp = NAN;
        break;
      case 2:
        in->tank = 5, in->tank_loop = "lake";
        break;
      case 3:
        add(r, (clx_trip){CLX_TRIP_PUMP, "lake", 1, 1, -1});
        break;
      case 4:
        add(r, (clx_trip){CLX_TRIP_UNIT, "lake", 1, 1, -1});
        break;
      case 5:
        in->member = shares;
        break;
      case 6:
        in->chips.resistance = 1e-4;
        break;
      case 7:
        in->chips.count = 1e6;
        break;
      case 8:
        in->chips.thermal = &light;
        break;
      default:
        add(r, (clx_trip){CLX_TRIP_LOAD, NULL, 1, 7, -1});
        break;
    }
    assert_int_equal(clx_transient_run(in, r->arena, &r->out, &r->error), CLX_INPUT);
    if (!strstr(r->error.mistake[0].text, CASES[i].says)) fail_msg("%s: %s", CASES[i].says, r->error.mistake[0].text);
    finish(r);
  }
}

#else

static void test_without_sundials_it_says_so(void **state) {
  (void)state;
  rig *r = start();
  build(r);
  assert_int_equal(clx_transient_run(&r->input, r->arena, &r->out, &r->error), CLX_INFEASIBLE);
  assert_non_null(strstr(r->error.mistake[0].text, "SUNDIALS"));
  finish(r);
}

#endif

int main(void) {
  const struct CMUnitTest tests[] = {
#ifdef CLX_HAS_SUNDIALS
      cmocka_unit_test(test_a_long_transient_ends_at_the_steady_state),
      cmocka_unit_test(test_a_warm_plant_ends_where_the_steady_solver_does),
      cmocka_unit_test(test_nothing_happens_without_a_trip),
      cmocka_unit_test(test_a_closed_plant_warms_as_a_tank),
      cmocka_unit_test(test_a_step_of_load_is_two_lags),
      cmocka_unit_test(test_a_pump_alone_runs_up_its_curve),
      cmocka_unit_test(test_chips_without_flow_warm_by_their_capacity),
      cmocka_unit_test(test_throttled_chips_stand_at_their_limit),
      cmocka_unit_test(test_a_cohort_is_its_members),
      cmocka_unit_test(test_the_order_of_members_does_not_matter),
      cmocka_unit_test(test_what_stands_by_takes_over),
      cmocka_unit_test(test_power_comes_back),
      cmocka_unit_test(test_heat_balances_whatever_trips),
      cmocka_unit_test(test_wrong_input_is_refused),
#else
      cmocka_unit_test(test_without_sundials_it_says_so),
#endif
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
