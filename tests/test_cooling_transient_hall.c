// Trips: hall air, its servers and chips; when all is as before; events; numbers that do not fit.
#include "cooling_transient_rig.h"

#ifdef CLX_HAS_SUNDIALS

static const double AIR = 2e6, HALL_SUPPLY = 297.15;  // W, K

// A hall with fans of its own and direct expansion beside the liquid of the rig, or alone.
static rig *start_hall(bool liquid) {
  rig *r = start();
  r->loop[2] = (clx_loop_spec){.name = "hall",
                               .fluid = "air",
                               .count = 1,
                               .supply = HALL_SUPPLY,
                               .range = 12,
                               .pressure = 300,
                               .exponent = 2,
                               .pump = "fan",
                               .pumps = 10,
                               .pumps_spare = 1,
                               .flow_least = 0.3,
                               .pump_heat = 1};
  r->unit[3] = (clx_plant_unit_spec){
      .name = "dx", .kind = CLX_PLANT_DX, .loop = "hall", .equipment = "chiller", .count = 4, .share = 1};
  r->spec.air = "hall";
  r->spec.loop_count = 3, r->spec.unit_count = 4;
  if (!liquid) {
    r->spec.liquid = NULL;
    r->spec.loop = &r->loop[2], r->spec.loop_count = 1;
    r->spec.unit = &r->unit[3], r->spec.unit_count = 1;
    r->input.liquid = 0;
  }
  r->input.air = AIR;
  r->input.hall = (clx_transient_hall){.volume = 3000, .metal = 30e6, .metal_time = 200, .limit = 308.15};
  return r;
}

static void with_air_chips(rig *r, clx_transient_chips *chips, const clx_chip_thermal *chip) {
  (void)r;
  *chips = (clx_transient_chips){.thermal = chip, .power = 700, .count = 2000, .resistance = 0.06};
}

// --- air -------------------------------------------------------------------------------------------------------------------

static void test_hall_air_is_that_of_the_steady_state(void **state) {
  (void)state;
  for (int32_t liquid = 0; liquid < 2; liquid++) {
    rig *r = start_hall(liquid == 1);
    build(r);
    add(r, (clx_trip){CLX_TRIP_LOAD, NULL, 10, 0.6, -1});
    r->input.horizon = 7200, r->input.step = 600;
    run(r);
    clx_plant_state want;
    const int32_t hall = r->plant.air;
    CLX_CHECK_NEAR(r->out.air[0], HALL_SUPPLY, 0, 0.02);
    assert_int_equal(clx_plant_solve(&r->plant, 0.6 * r->input.liquid, 0.6 * AIR, &OUTSIDE, NULL, &want, &r->error),
                     CLX_OK);
    CLX_CHECK_NEAR(r->out.air[r->out.samples - 1], want.loop[hall].supply, 0, 0.02);
    CLX_CHECK_NEAR(r->out.electric[r->out.samples - 1], want.electric, 0.005, 0);
    assert_true(!isfinite(r->out.to_air_limit));
    finish(r);
  }
}

// Fans of the hall stop, those of servers go on: cold aisle, hot aisle and metal, in small steps beside; at last all warm at heat over capacity.
static void test_a_hall_without_fans_warms_by_its_capacity(void **state) {
  (void)state;
  rig *r = start_hall(true);
  build(r);
  r->input.pump_inertia = 1e-3;
  r->input.horizon = 900, r->input.step = 1;
  add(r, (clx_trip){CLX_TRIP_PUMP, "hall", 0, -1, -1});
  run(r);
  const clx_loop *hall = &r->plant.loop[r->plant.air];
  const clx_loop_state *before = &r->out.settled.loop[r->plant.air];
  // Each aisle holds 45 % of the air; the rest stands in the units.
  const double aisle = 0.45 * 3000 * hall->density * hall->capacity, metal = 30e6, rate = before->flow * hall->capacity;
  double cold = before->supply, hot = cold + AIR / rate, mass = hot;
  enum { STEPS = 200 };
  for (int64_t i = 0; i < 600; i++) {
    for (int32_t k = 0; k < STEPS; k++) {
      const double moved = rate * (hot - cold), into = metal * (hot - mass) / 200, step = 1.0 / STEPS;
      cold += step * moved / aisle, hot += step * (AIR - moved - into) / aisle, mass += step * into / metal;
    }
    if (i % 20 == 19) CLX_CHECK_NEAR(r->out.air[i + 1], cold, 0, 0.05);
  }
  const double slope = (r->out.air[900] - r->out.air[800]) / 100.0;
  CLX_CHECK_NEAR(slope, AIR / (2 * aisle + metal), 5e-3, 0);
  // The moment at which the series passes the limit, and the event of it.
  int64_t over = 0;
  while (r->out.air[over] < 308.15) over++;
  assert_true(r->out.to_air_limit <= (double)over && r->out.to_air_limit > (double)over - 1);
  int32_t seen = 0;
  for (int32_t i = 0; i < r->out.event_count; i++) seen += r->out.event[i].kind == CLX_EVENT_AIR_LIMIT ? 1 : 0;
  assert_int_equal(seen, 1);
  finish(r);
}

static void test_more_mass_gives_more_time(void **state) {
  (void)state;
  double before = 0;
  for (int32_t i = 0; i < 4; i++) {
    rig *r = start_hall(false);
    build(r);
    r->input.hall.volume *= 1 + i % 2, r->input.hall.metal *= 1 + i / 2.0;
    add(r, (clx_trip){CLX_TRIP_POWER, NULL, 10, -1, -1});
    r->input.step = 1;
    run(r);
    assert_true(isfinite(r->out.to_air_limit));
    if (i > 0) assert_true(r->out.to_air_limit > before);
    if (i % 2 == 0) before = r->out.to_air_limit;
    finish(r);
  }
}

// Chips in hall air: alone (the racks' row), and beside liquid.
static void test_chips_in_hall_air_throttle(void **state) {
  (void)state;
  for (int32_t liquid = 0; liquid < 2; liquid++) {
    rig *r = start_hall(liquid == 1);
    build(r);
    with_air_chips(r, liquid ? &r->input.air_chips : &r->input.chips, &plain_chip);
    if (liquid) with_chips(r, &plain_chip);
    add(r, (clx_trip){CLX_TRIP_PUMP, "hall", 10, -1, -1});
    r->input.hall.metal = 200e6, r->input.hall.metal_time = 20;  // slowly: chips follow the air
    r->input.horizon = 2400, r->input.step = 1;
    run(r);
    assert_true(r->out.to_air_limit < r->out.to_throttle && isfinite(r->out.to_throttle));
    // 363.15 less 700 W through 0.06 + 0.01 K/W: air at 314.15.
    const double at = r->out.air[(int64_t)(10 + r->out.to_throttle)];
    assert_true(at > 314.15 && at < 315);
    assert_int_equal(r->out.first_member, liquid ? -1 : 0);
    const double part = liquid ? 2000 / (2000 + 700 * LOOPS) : 1;
    CLX_CHECK_NEAR(r->out.throttled_share, part, 1e-9, 0);
    finish(r);
  }
}

// --- as before -------------------------------------------------------------------------------------------------------------

static void test_as_before_means_everything(void **state) {
  (void)state;
  static const struct {
    const char *what;
    clx_trip trip[3];
    bool back, off;
  } CASES[] = {
      {"pumps for good", {{CLX_TRIP_PUMP, "racks", 10, -1, -1}}, false, true},
      {"pumps of the hall for good", {{CLX_TRIP_PUMP, "hall", 10, -1, -1}}, false, false},
      {"units of the hall for good", {{CLX_TRIP_UNIT, "dx", 10, -1, -1}}, false, false},
      {"one pump, a spare takes over", {{CLX_TRIP_PUMP, "racks", 10, 1, -1}}, true, false},
      {"half the load for good", {{CLX_TRIP_LOAD, NULL, 10, 0.5, -1}}, false, false},
      {"half the load for a while",
       {{CLX_TRIP_LOAD, NULL, 10, 0.5, -1}, {CLX_TRIP_LOAD, NULL, 100, 1, -1}},
       true,
       false},
      {"power for 20 s", {{CLX_TRIP_POWER, NULL, 10, -1, -1}, {CLX_TRIP_RESTORE, NULL, 30, -1, -1}}, true, false},
      {"power until chips are off",
       {{CLX_TRIP_POWER, NULL, 10, -1, -1}, {CLX_TRIP_RESTORE, NULL, 400, -1, -1}},
       false,
       true}};
  for (int32_t i = 0; i < CLX_COUNT(CASES); i++) {
    rig *r = start_hall(true);
    build(r);
    with_chips(r, &plain_chip);
    for (int32_t k = 0; k < 3 && CASES[i].trip[k].at > 0; k++) add(r, CASES[i].trip[k]);
    r->input.horizon = 3600;
    run(r);
    if (isfinite(r->out.recovered) != CASES[i].back || (r->out.shut_share > 0) != CASES[i].off) {
      fail_msg("%s: as before after %g s, %g of the chips off", CASES[i].what, r->out.recovered, r->out.shut_share);
    }
    if (CASES[i].back) {
      assert_true(r->out.recovered > 0);
      const int64_t last = r->out.samples - 1;
      CLX_CHECK_NEAR(r->out.supply[last], r->out.supply[0], 0, 0.5);
      CLX_CHECK_NEAR(r->out.air[last], r->out.air[0], 0, 0.5);
      CLX_CHECK_NEAR(r->out.electric[last], r->out.electric[0], 0.05, 0);
    }
    finish(r);
  }
}

// --- events ----------------------------------------------------------------------------------------------------------------

// Power fails again before machines that restart are back: what was announced does not come.
static void test_events_are_in_order_of_time(void **state) {
  (void)state;
  static const double AT[] = {100, 20, 40, 10};
  rig *r = start_hall(true);
  build(r);
  with_chips(r, &plain_chip);
  for (int32_t i = 0; i < CLX_COUNT(AT); i++) {
    add(r, (clx_trip){i < 2 ? CLX_TRIP_RESTORE : CLX_TRIP_POWER, NULL, AT[i], -1, -1});
  }
  run(r);
  int32_t trips = 0, restores = 0;
  bool again = false;
  for (int32_t i = 0; i < r->out.event_count; i++) {
    const clx_transient_event *e = &r->out.event[i];
    if (i > 0) assert_true(e->at >= r->out.event[i - 1].at);
    assert_true(e->at <= r->input.horizon);
    trips += e->kind == CLX_EVENT_TRIP ? 1 : 0, restores += e->kind == CLX_EVENT_RESTORE ? 1 : 0;
    if (e->kind != CLX_EVENT_RESTART || strcmp(e->what, "chiller") != 0) continue;
    CLX_CHECK_NEAR(e->at, 160, 0, 1e-9);  // 60 s after the second restore alone
    assert_true(!again);
    again = true;
  }
  assert_true(again && trips == 2 && restores == 2);
  finish(r);
}

static void test_numbers_that_do_not_fit_are_refused(void **state) {
  (void)state;
  static const struct {
    clx_trip trip;
    const char *says;
  } CASES[] = {{{CLX_TRIP_PUMP, "racks", 1, 4, -1}, "2 pumps and 1 spare"},
               {{CLX_TRIP_PUMP, "racks", 1, 1.5, -1}, "whole number"},
               {{CLX_TRIP_UNIT, "chiller", 1, 10, -1}, "8 of them and 1 spare"},
               {{CLX_TRIP_UNIT, "dx", 1, 5, -1}, "4 of them"}};
  rig *r = start_hall(true);
  build(r);
  for (int32_t i = 0; i < CLX_COUNT(CASES); i++) {
    r->trip[0] = CASES[i].trip, r->input.trip_count = 1;
    clx_error_clear(&r->error);
    assert_int_equal(clx_transient_run(&r->input, r->arena, &r->out, &r->error), CLX_INPUT);
    if (!strstr(r->error.mistake[0].text, CASES[i].says)) fail_msg("%s: %s", CASES[i].says, r->error.mistake[0].text);
  }
  r->input.trip_count = 0, r->input.hall.metal_time = 0;
  clx_error_clear(&r->error);
  assert_int_equal(clx_transient_run(&r->input, r->arena, &r->out, &r->error), CLX_INPUT);
  assert_non_null(strstr(r->error.mistake[0].text, "metal_time"));
  finish(r);
}

#endif

int main(void) {
#ifdef CLX_HAS_SUNDIALS
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_hall_air_is_that_of_the_steady_state),
      cmocka_unit_test(test_a_hall_without_fans_warms_by_its_capacity),
      cmocka_unit_test(test_more_mass_gives_more_time),
      cmocka_unit_test(test_chips_in_hall_air_throttle),
      cmocka_unit_test(test_as_before_means_everything),
      cmocka_unit_test(test_events_are_in_order_of_time),
      cmocka_unit_test(test_numbers_that_do_not_fit_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
#else
  return 77;  // skipped: test_cooling_transient says why
#endif
}
