// Cooling plants: sizing, balance of energy and mass, control, saturation, faults, refusals.
#include "cooling_plant_fixture.h"

static clx_air weather(double dry, double wet) { return clx_air_from_wet_bulb(C + dry, C + wet, 101325); }

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

static void build(const fixture *f, double liquid, double air, double dry, double wet, clx_plant *plant) {
  clx_error error = {0};
  const clx_air design = weather(dry, wet);
  if (clx_plant_build(&f->spec, &fixture_finder, liquid, air, &design, arena, plant, &error) != CLX_OK) {
    fail_msg("%s", error.mistake[0].text);
  }
}

static void solve(const clx_plant *plant, double liquid, double air, double dry, double wet,
                  const clx_plant_fault *fault, clx_plant_state *s) {
  clx_error error = {0};
  const clx_air outside = weather(dry, wet);
  if (clx_plant_solve(plant, liquid, air, &outside, fault, s, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
}

static clx_plant_fault whole(void) {
  clx_plant_fault fault;
  for (int32_t i = 0; i < CLX_PLANT_UNITS_MAX; i++) fault.unit[i] = 1;
  for (int32_t i = 0; i < CLX_LOOPS_MAX; i++) fault.pump[i] = 1;
  return fault;
}

// The fixture's equipment, but for one entry.
static const void *find_other(const void *of, const char *kind, const char *name) {
  const void *usual = fixture_find(NULL, kind, name);
  const char *const *other = of;  // each entry begins with its name
  return usual != NULL && strcmp(*other, name) == 0 ? of : usual;
}

// --- sizing ----------------------------------------------------------------------------------------------------------------

static void test_a_plant_holds_its_set_points_at_design(void **state) {
  (void)state;
  fixture f;
  clx_plant plant;
  clx_plant_state s;
  fixture_make(&f);
  build(&f, 20e6, 2e6, 35.6, 25, &plant);
  solve(&plant, 20e6, 2e6, 35.6, 25, NULL, &s);
  assert_false(s.warm);
  CLX_CHECK_NEAR(s.loop[TCS].supply, C + 45, 0, 1e-6);
  CLX_CHECK_NEAR(s.loop[FWS].supply, C + 42, 0, 1e-5);
  CLX_CHECK_NEAR(s.loop[HALL].supply, C + 25, 0, 1e-6);
  // Ten CDUs of 2 MW carry 20 MW of racks; the heat of their own pumps comes on top.
  assert_true(plant.loop[TCS].spec.count == 10 && plant.unit[CDUS].count == 10);
  // The least size that holds it: coolers and towers work as hard as they can.
  CLX_CHECK_NEAR(s.unit[COOLER].share, 1, 1e-3, 0);
  CLX_CHECK_NEAR(s.unit[TOWERS].share, 1, 1e-3, 0);
  assert_true(s.unit[CHILLERS].running == plant.unit[CHILLERS].count);
  // Flow by heat and range; pumps' heat comes on top of the range.
  CLX_CHECK_NEAR(plant.loop[TCS].flow, 2e6 / (plant.loop[TCS].capacity * 10), 1e-12, 0);
  CLX_CHECK_NEAR(s.loop[TCS].back - s.loop[TCS].supply, 10 * s.loop[TCS].heat / 20e6, 1e-9, 0);
  CLX_CHECK_NEAR(s.auxiliary, 0.002 * 22e6, 1e-12, 0);
}

static void test_counts_that_were_given_must_carry(void **state) {
  (void)state;
  fixture f;
  clx_plant plant;
  clx_error error = {0};
  const clx_air design = weather(35.6, 25);
  fixture_make(&f);
  f.unit[CHILLERS].count = 2;
  assert_int_equal(clx_plant_build(&f.spec, &fixture_finder, 20e6, 2e6, &design, arena, &plant, &error),
                   CLX_INFEASIBLE);
  assert_non_null(strstr(error.mistake[0].text, "\"chillers\""));
  assert_non_null(strstr(error.mistake[0].text, "are short"));
}

// A chiller whose capacity falls with cold condenser water, as curves of centrifugals do: sized on the design day alone it would be short in winter.
static void test_chillers_carry_in_cold_condenser_water(void **state) {
  (void)state;
  fixture f;
  clx_plant plant;
  clx_plant_state s;
  fixture_make(&f);
  double curve[6] = {0.4, 0, 0, 0.04, -0.0006666667, 0};  // 1 at 30 degC of condenser water, 0.83 at 14
  clx_chiller centrifugal = fixture_water_chiller;
  centrifugal.capacity_curve = curve;
  centrifugal.capacity_curve_count = 6;
  build(&f, 20e6, 2e6, 35, 25, &plant);
  const double before = plant.unit[CHILLERS].count;
  const clx_plant_finder finder = {.find = find_other, .of = &centrifugal};
  const clx_air design = weather(35, 25);
  clx_error error = {0};
  f.spec.unit_count = UNITS;
  assert_int_equal(clx_plant_build(&f.spec, &finder, 20e6, 2e6, &design, arena, &plant, &error), CLX_OK);
  assert_true(plant.unit[CHILLERS].count > before);
  plant.unit[FREE].count = 0;  // nothing helps them
  plant.unit[CHILLERS].spec.spare = 0;
  solve(&plant, 20e6, 2e6, -5, -6, NULL, &s);
  assert_false(s.loop[CHW].warm);
  CLX_CHECK_NEAR(s.loop[CDW].supply, C + 14, 0, 1e-6);
  // With the number of the design day they are short by what they lack, whatever the racks' loops do meanwhile.
  plant.unit[CHILLERS].count = before;
  const clx_air cold = weather(-5, -6);
  assert_int_equal(clx_plant_solve(&plant, 20e6, 2e6, &cold, NULL, &s, &error), CLX_INFEASIBLE);
  assert_non_null(strstr(error.mistake[0].text, "loop \"chw\" is at 100 degC"));
  assert_non_null(strstr(error.mistake[0].text, "MW are short"));
}

// What a maker states for a unit with its pumps: the pumps' part is not counted twice.
static void test_what_a_cdu_draws_beside_its_pumps(void **state) {
  (void)state;
  fixture f;
  clx_plant plant;
  clx_plant_state plain, stated;
  clx_cdu cdu = fixture_cdu;
  cdu.electric = 74e3;
  const clx_plant_finder finder = {.find = find_other, .of = &cdu};
  const clx_air design = weather(35, 25);
  clx_error error = {0};
  fixture_make(&f);
  build(&f, 20e6, 2e6, 35, 25, &plant);
  solve(&plant, 20e6, 2e6, 35, 25, NULL, &plain);
  assert_int_equal(clx_plant_build(&f.spec, &finder, 20e6, 2e6, &design, arena, &plant, &error), CLX_OK);
  solve(&plant, 20e6, 2e6, 35, 25, NULL, &stated);
  // Of the 74 kW pumps take 8.9 kW of hydraulic power (31.48 kg/s against 3 bar) by 0.8 and 0.94; the rest goes with them.
  const double density = plant.loop[TCS].density, pump = 31.48 / density * 3e5 / (0.8 * 0.94);
  CLX_CHECK_NEAR(plant.loop[TCS].beside, 74e3 / pump, 1e-3, 0);
  CLX_CHECK_NEAR(stated.loop[TCS].pump / plain.loop[TCS].pump, plant.loop[TCS].beside, 1e-9, 0);
  CLX_CHECK_NEAR(stated.auxiliary, plain.auxiliary, 1e-12, 0);
  assert_true(stated.residual < 1e-9);
}

// --- balance -----------------------------------------------------------------------------------------------------------------

// Energy and mass of every loop and of the whole from the state alone.
static void check_balance(const clx_plant *plant, const clx_plant_state *s, double liquid, double air) {
  double in = liquid + air, out = 0;
  for (int32_t l = 0; l < plant->loop_count; l++) {
    const clx_loop_state *loop = &s->loop[l];
    const double all = loop->flow * plant->loop[l].spec.count;
    double given = (l == plant->liquid ? liquid : 0) + (l == plant->air ? air : 0), taken = 0;
    for (int32_t u = 0; u < plant->unit_count; u++) {
      const clx_plant_unit *unit = &plant->unit[u];
      // Chillers of the fixture are hermetic: what they draw goes into the condenser.
      const double gives = s->unit[u].heat + (unit->chiller != NULL ? s->unit[u].electric : 0);
      if (unit->loop == l) taken += s->unit[u].heat;
      if (unit->into == l) given += gives;
      if (l == 0 && unit->into < 0) out += gives;
      if (l == 0 && unit->chiller != NULL) in += s->unit[u].electric;
    }
    given += plant->loop[l].spec.pump_heat * loop->pump;
    in += plant->loop[l].spec.pump_heat * loop->pump;
    CLX_CHECK_NEAR(given, taken, 1e-9, 0);
    CLX_CHECK_NEAR(loop->heat, taken, 1e-9, 0);
    CLX_CHECK_NEAR(all * plant->loop[l].capacity * (loop->back - loop->supply), taken, 1e-9, 0);
    assert_true(all <= plant->loop[l].flow * plant->loop[l].spec.count * (1 + 1e-12));
  }
  CLX_CHECK_NEAR(in, out, 1e-9, 0);
  CLX_CHECK_NEAR(s->heat, out, 1e-9, 0);
  assert_true(s->residual < 1e-9);
  CLX_CHECK_NEAR(s->electric, s->pumps + s->fans + s->compressors + s->auxiliary, 1e-12, 0);
}

static void draw_plant(uint64_t *seed, fixture *f) {
  fixture_make(f);
  f->loop[TCS].supply = C + 42 + 6 * fixture_draw(seed);
  f->loop[FWS].supply = f->loop[TCS].supply - 3 - fixture_draw(seed);
  f->loop[TCS].range = 6 + 8 * fixture_draw(seed);
  f->loop[FWS].range = 4 + 6 * fixture_draw(seed);
  for (int32_t l = 0; l < 5; l++) f->loop[l].control = (int32_t)(3 * fixture_draw(seed));
  f->loop[CDW].set_point = (int32_t)(4 * fixture_draw(seed));
  f->loop[CHW].pumps_spare = 1;
  f->unit[COOLER].count = 1 + floor(9 * fixture_draw(seed));
  f->unit[COOLER].spare = floor(2 * fixture_draw(seed));
  f->unit[FREE].approach = 1.5 + 2 * fixture_draw(seed);
  if (fixture_draw(seed) < 0.5) {  // chillers trim the facility loop
    f->unit[UNITS] = fixture_unit("trim", CLX_PLANT_CHILLER, "fws", "cdw", "centrifugal");
    f->unit[UNITS].share = 0.4;
    f->spec.unit_count = UNITS + 1;
  }
}

static void test_energy_and_mass_balance_on_random_plants(void **state) {
  (void)state;
  uint64_t seed = 8;
  int32_t warm = 0, refused = 0;
  for (int32_t n = 0; n < 60; n++) {
    fixture f;
    clx_plant plant;
    draw_plant(&seed, &f);
    const double liquid = 5e6 + 40e6 * fixture_draw(&seed), air = 1e6 + 3e6 * fixture_draw(&seed);
    build(&f, liquid, air, 34, 24, &plant);
    for (int32_t k = 0; k < 6; k++) {
      const double dry = -15 + 60 * fixture_draw(&seed), wet = dry - 12 * fixture_draw(&seed);
      const double load = 0.2 + 0.8 * fixture_draw(&seed);
      const clx_air outside = weather(dry, wet);
      clx_plant_fault fault = whole();
      if (k > 3) fault.unit[(int32_t)(plant.unit_count * fixture_draw(&seed))] = 0.5;
      if (k > 4) fault.pump[(int32_t)(5 * fixture_draw(&seed))] = 0.5;
      clx_plant_state s;
      clx_error error = {0};
      const clx_status status =
          clx_plant_solve(&plant, liquid * load, air * load, &outside, k > 3 ? &fault : NULL, &s, &error);
      if (status != CLX_OK) {
        if (k <= 3 || strstr(error.mistake[0].text, "are short") == NULL)
          fail_msg("%d %d %s", n, k, error.mistake[0].text);
        refused++;
        continue;
      }
      for (int32_t l = 0; l < plant.loop_count; l++) warm += s.loop[l].warm;
      check_balance(&plant, &s, liquid * load, air * load);
    }
  }
  assert_true(warm > 20);     // the property saw saturated plants ...
  assert_true(refused < 40);  // ... and few that failed
}

// n equal loops are one loop n times: what is per loop stays, what is a sum is n-fold.
static void test_a_cohort_is_its_members(void **state) {
  (void)state;
  fixture f;
  clx_plant one, many;
  clx_plant_state a, b;
  enum { N = 600 };
  fixture_make(&f);
  f.unit[CDUS].count = 1;
  f.unit[TOWERS].spare = 0;
  f.unit[CHILLERS].count = 3;
  build(&f, 1.9e6, 1e6, 35, 25, &one);
  for (int32_t l = 0; l < 5; l++) f.loop[l].count = N;
  for (int32_t u = 0; u < UNITS; u++) {
    f.unit[u].count = fmax(f.unit[u].count, 1) * N;
    f.unit[u].spare *= N;
  }
  build(&f, 1.9e6 * N, 1e6 * N, 35, 25, &many);
  for (int32_t k = 0; k < 5; k++) {
    solve(&one, 1.9e6, 1e6, -10 + 13 * k, -12 + 10 * k, NULL, &a);
    solve(&many, 1.9e6 * N, 1e6 * N, -10 + 13 * k, -12 + 10 * k, NULL, &b);
    for (int32_t l = 0; l < 5; l++) {
      CLX_CHECK_NEAR(b.loop[l].supply, a.loop[l].supply, 0, 1e-5);
      CLX_CHECK_NEAR(b.loop[l].flow, a.loop[l].flow, 1e-7, 0);
      CLX_CHECK_NEAR(b.loop[l].pump, N * a.loop[l].pump, 1e-7, 0);
    }
    CLX_CHECK_NEAR(b.electric, N * a.electric, 5e-2, 0);  // chillers of a cohort are staged together, N times finer
    CLX_CHECK_NEAR(b.fans, N * a.fans, 1e-2, 0);
  }
}

// --- control -------------------------------------------------------------------------------------------------------------------

static void test_warmer_outside_is_never_colder_inside(void **state) {
  (void)state;
  fixture f;
  clx_plant plant;
  clx_plant_state s;
  fixture_make(&f);
  build(&f, 20e6, 2e6, 35, 24, &plant);
  double before = 0, facility = 0, electric = 0;
  for (double dry = -20; dry <= 60; dry += 2.5) {
    solve(&plant, 20e6, 2e6, dry, fmin(dry, 24 + 0.5 * (dry - 35)) - 0.5, NULL, &s);
    assert_true(s.loop[TCS].supply >= before - 1e-7);
    if (dry <= 35) CLX_CHECK_NEAR(s.loop[TCS].supply, C + 45, 0, 1e-6);
    if (dry > 36) {  // saturated: the whole chain floats, and fans do not draw less
      assert_true(s.loop[FWS].warm && s.loop[FWS].supply > facility);
      assert_true(s.unit[COOLER].electric >= electric * 0.9);
    }
    before = s.loop[TCS].supply;
    facility = s.loop[FWS].supply;
    electric = s.unit[COOLER].electric;
  }
  assert_true(s.warm && before > C + 60);
}

static void test_economiser_changes_over_with_the_wet_bulb(void **state) {
  (void)state;
  fixture f;
  clx_plant plant;
  clx_plant_state cold, mild, hot;
  fixture_make(&f);
  build(&f, 20e6, 2e6, 35, 25, &plant);
  solve(&plant, 20e6, 2e6, 5, 3, NULL, &cold);
  solve(&plant, 20e6, 2e6, 20, 13, NULL, &mild);
  solve(&plant, 20e6, 2e6, 33, 25, NULL, &hot);
  assert_true(cold.compressors == 0 && cold.unit[CHILLERS].heat == 0 && cold.unit[FREE].free);
  assert_true(mild.unit[FREE].heat > 0 && mild.unit[CHILLERS].heat > 0 && mild.compressors < hot.compressors);
  assert_true(hot.unit[FREE].heat == 0 && hot.unit[CHILLERS].heat > 2e6);
  // The condenser loop follows the wet bulb, down to its least.
  CLX_CHECK_NEAR(cold.loop[CDW].supply, C + 14, 0, 1e-6);
  CLX_CHECK_NEAR(hot.loop[CDW].supply, C + 29, 0, 0.01);
}

static void test_flow_follows_heat_down_to_its_least(void **state) {
  (void)state;
  fixture f;
  clx_plant plant;
  clx_plant_state half, least, pressed;
  fixture_make(&f);
  f.loop[TCS].pump_heat = 0;
  f.loop[TCS].flow_least = 0.3;
  build(&f, 20e6, 2e6, 35, 25, &plant);
  solve(&plant, 10e6, 2e6, 20, 15, NULL, &half);
  solve(&plant, 2e6, 2e6, 20, 15, NULL, &least);
  CLX_CHECK_NEAR(half.loop[TCS].flow, 0.5 * plant.loop[TCS].flow, 1e-9, 0);
  CLX_CHECK_NEAR(half.loop[TCS].back - half.loop[TCS].supply, 10, 1e-9, 0);
  CLX_CHECK_NEAR(half.loop[TCS].pressure, 0.25 * 3e5, 1e-9, 0);
  CLX_CHECK_NEAR(least.loop[TCS].flow, 0.3 * plant.loop[TCS].flow, 1e-9, 0);
  f.loop[TCS].control = CLX_FLOW_PRESSURE;
  build(&f, 20e6, 2e6, 35, 25, &plant);
  solve(&plant, 10e6, 2e6, 20, 15, NULL, &pressed);
  CLX_CHECK_NEAR(pressed.loop[TCS].flow, half.loop[TCS].flow, 1e-9, 0);
  CLX_CHECK_NEAR(pressed.loop[TCS].pressure, 3e5, 1e-9, 0);
  assert_true(pressed.loop[TCS].pump > 1.5 * half.loop[TCS].pump);
}

// Racks -> one exchanger of constant effectiveness -> facility loop that is held: a closed form.
static void test_a_saturated_exchanger_is_analytic(void **state) {
  (void)state;
  fixture f;
  clx_plant plant;
  clx_plant_state s;
  fixture_make(&f);
  f.loop[TCS].count = 1;
  f.loop[TCS].control = f.loop[FWS].control = CLX_FLOW_FIXED;
  f.unit[CDUS].equipment = NULL;
  f.unit[CDUS].effectiveness = 0.6;
  build(&f, 20e6, 2e6, 34, 24, &plant);
  solve(&plant, 20e6, 2e6, 20, 15, NULL, &s);
  const double hot = s.loop[TCS].flow * plant.loop[TCS].capacity, cold = s.loop[FWS].flow * plant.loop[FWS].capacity;
  assert_true(s.warm && hot < cold);
  CLX_CHECK_NEAR(s.loop[TCS].heat, 0.6 * hot * (s.loop[TCS].back - s.loop[FWS].supply), 1e-9, 0);
  CLX_CHECK_NEAR(s.loop[FWS].supply, C + 42, 0, 1e-6);
}

static void test_hall_air_from_outside_and_by_expansion(void **state) {
  (void)state;
  fixture f;
  clx_plant plant;
  clx_plant_state s;
  fixture_make(&f);
  f.loop[0] = f.loop[HALL];
  f.unit[0] = fixture_unit("outside", CLX_PLANT_AIR_ECONOMISER, "hall", NULL, NULL);
  f.unit[0].approach = 1;
  f.unit[0].humidity_most = 0.8;
  f.unit[1] = fixture_unit("dx", CLX_PLANT_DX, "hall", NULL, "screw");
  f.spec.loop_count = 1;
  f.spec.unit_count = 2;
  f.spec.liquid = NULL;
  build(&f, 0, 2e6, 36, 25, &plant);
  solve(&plant, 0, 2e6, 10, 6, NULL, &s);  // outside air alone, mixed with what returns
  assert_true(s.compressors == 0 && s.unit[0].air < 0.6 && s.unit[0].air > 0.4);
  CLX_CHECK_NEAR(s.loop[0].supply, C + 25, 0, 1e-6);
  check_balance(&plant, &s, 0, 2e6);
  solve(&plant, 0, 2e6, 28, 18, NULL, &s);  // both
  assert_true(s.unit[0].heat > 0 && s.unit[1].heat > 0);
  CLX_CHECK_NEAR(s.unit[0].out, C + 29, 0, 1e-6);
  check_balance(&plant, &s, 0, 2e6);
  solve(&plant, 0, 2e6, 24, 23.8, NULL, &s);  // too humid: changed over
  assert_true(s.unit[0].heat == 0 && s.unit[1].heat > 2e6);
  solve(&plant, 0, 2e6, 37, 20, NULL, &s);  // too hot, if not for wetted pads
  assert_true(s.unit[0].heat == 0 || s.unit[0].out > C + 37);
  f.unit[0].pads = 0.9;
  f.unit[0].cycles = 4;
  build(&f, 0, 2e6, 36, 25, &plant);
  solve(&plant, 0, 2e6, 33, 20, NULL, &s);
  assert_true(s.unit[0].heat > 2e6 && s.compressors == 0);
  // Water: what brings the outside air from 33 to 24 degC evaporates; a third of that is bled at four cycles.
  const double air = s.unit[0].air * s.loop[0].flow * plant.loop[0].capacity;
  CLX_CHECK_NEAR(s.water.evaporation * 2.45e6, air * 9, 0.04, 0);
  CLX_CHECK_NEAR(s.water.blowdown, s.water.evaporation / 3, 1e-9, 0);
}

// --- faults --------------------------------------------------------------------------------------------------------------------

static void test_spares_replace_what_fails(void **state) {
  (void)state;
  fixture f;
  clx_plant plant;
  clx_plant_state sound, spare, lost;
  fixture_make(&f);
  f.unit[COOLER].count = 9;
  f.unit[COOLER].spare = 1;
  f.loop[FWS].pumps_spare = 1;
  build(&f, 20e6, 2e6, 35, 25, &plant);
  clx_plant_fault fault = whole();
  solve(&plant, 20e6, 2e6, 35, 25, NULL, &sound);
  fault.unit[COOLER] = 0.9;
  fault.pump[FWS] = 2.0 / 3;
  solve(&plant, 20e6, 2e6, 35, 25, &fault, &spare);
  assert_false(spare.warm);
  CLX_CHECK_NEAR(spare.electric, sound.electric, 1e-6, 0);
  fault.unit[COOLER] = 0.8;
  solve(&plant, 20e6, 2e6, 35, 25, &fault, &lost);
  assert_true(lost.loop[FWS].warm && lost.loop[FWS].supply > C + 42.05);
  check_balance(&plant, &lost, 20e6, 2e6);
}

static void test_fewer_pumps_move_less(void **state) {
  (void)state;
  fixture f;
  clx_plant plant;
  clx_plant_state s;
  fixture_make(&f);
  build(&f, 20e6, 2e6, 35, 25, &plant);
  clx_plant_fault fault = whole();
  fault.pump[FWS] = 0.5;  // one of two, up its curve: more than half of the flow
  solve(&plant, 20e6, 2e6, 35, 25, &fault, &s);
  const double share = s.loop[FWS].flow / plant.loop[FWS].flow;
  assert_true(share > 0.5 && share < 0.75);
  CLX_CHECK_NEAR(s.loop[FWS].speed, 1, 1e-6, 0);
  assert_true(s.loop[FWS].back - s.loop[FWS].supply > 5 / 0.75);
  check_balance(&plant, &s, 20e6, 2e6);
}

static void test_a_plant_that_cannot_reject_names_what_is_short(void **state) {
  (void)state;
  fixture f;
  clx_plant plant;
  clx_plant_state s;
  fixture_make(&f);
  build(&f, 20e6, 2e6, 35, 25, &plant);
  const clx_air outside = weather(35, 25);
  const struct {
    int32_t unit, pump;
    const char *loop;
  } cases[] = {{COOLER, -1, "\"fws\""},
               {TOWERS, -1, "\"cdw\""},
               {CDUS, -1, "\"tcs\""},
               {-1, FWS, "\"fws\""},
               {-1, TCS, "\"tcs\""}};
  for (int32_t i = 0; i < CLX_COUNT(cases); i++) {
    clx_plant_fault fault = whole();
    if (cases[i].unit >= 0) fault.unit[cases[i].unit] = 0;
    if (cases[i].pump >= 0) fault.pump[cases[i].pump] = 0;
    clx_error error = {0};
    assert_int_equal(clx_plant_solve(&plant, 20e6, 2e6, &outside, &fault, &s, &error), CLX_INFEASIBLE);
    if (strstr(error.mistake[0].text, cases[i].loop) == NULL)
      fail_msg("case %d %s: %s", i, cases[i].loop, error.mistake[0].text);
    assert_non_null(strstr(error.mistake[0].text, "MW are short at 35 degC outside, wet bulb 25 degC"));
  }
}

// --- refusals --------------------------------------------------------------------------------------------------------------------

static void refused(const fixture *f, clx_status status, const char *says) {
  clx_plant plant;
  clx_error error = {0};
  const clx_air design = weather(35, 25);
  assert_int_equal(clx_plant_build(&f->spec, &fixture_finder, 20e6, 2e6, &design, arena, &plant, &error), status);
  if (strstr(error.mistake[0].text, says) == NULL) fail_msg("\"%s\" lacks \"%s\"", error.mistake[0].text, says);
}

#define REFUSED(change, status, says) \
  do {                                \
    fixture f;                        \
    fixture_make(&f);                 \
    change;                           \
    refused(&f, status, says);        \
  } while (0)

static void test_bad_loops_are_refused(void **state) {
  (void)state;
  REFUSED(f.loop[FWS].pump = NULL, CLX_INPUT, "nothing moves loop \"fws\"");
  REFUSED(f.loop[FWS].pumps = 0, CLX_INPUT, "nothing moves it");
  REFUSED(f.loop[FWS].pump = "none", CLX_INPUT, "catalogue/mover");
  REFUSED(f.loop[FWS].pump = "fan", CLX_INPUT, "moved by \"fan\"");
  REFUSED(f.loop[FWS].fluid = "oil", CLX_INPUT, "fluid of loop \"fws\" is \"oil\"");
  REFUSED(f.loop[FWS].name = "tcs", CLX_INPUT, "stands twice");
  REFUSED(f.loop[FWS].supply = C + 99, CLX_INPUT, "temperatures of its fluid");
  REFUSED(f.loop[FWS].pressure = 0; f.loop[FWS].pressure = -0.0;
          f.unit[CDUS].equipment = NULL, CLX_INPUT, "state a pressure");
  REFUSED(f.loop[CDW].reset_least = C + 40, CLX_INPUT, "reset_least");
  REFUSED(f.loop[5] = fixture_loop("lost", "water", C + 20, 5, "pump", 1e5);
          f.spec.loop_count = 6, CLX_INPUT, "\"lost\" is disconnected");
  REFUSED(f.spec.unit_count = TOWERS, CLX_INPUT, "\"cdw\" is disconnected: heat enters it and no unit takes any");
  REFUSED(f.spec.liquid = "fsw", CLX_INPUT, "did you mean \"fws\"");
  REFUSED(f.spec.liquid = "hall", CLX_INPUT, "expected a liquid");
  REFUSED(f.spec.air = NULL; f.spec.loop_count = f.spec.unit_count = 2, CLX_INPUT, "go into hall air");
  REFUSED(f.spec.liquid = f.spec.air = NULL, CLX_INPUT, "takes no heat");
  REFUSED(f.spec.loop_count = 0, CLX_INPUT, "0 loops");
}

static void test_bad_units_are_refused(void **state) {
  (void)state;
  REFUSED(f.unit[CDUS].into = "fwss", CLX_INPUT, "did you mean \"fws\"");
  REFUSED(f.unit[CDUS].loop = "tc", CLX_INPUT, "did you mean \"tcs\"");
  REFUSED(f.unit[CDUS].name = "free", CLX_INPUT, "stands twice");
  REFUSED(f.unit[CDUS].equipment = "none", CLX_INPUT, "catalogue/cdu");
  REFUSED(f.unit[COOLER].equipment = NULL, CLX_INPUT, "names no equipment");
  REFUSED(f.unit[COOLER].into = "cdw", CLX_INPUT, "it stands outside");
  REFUSED(f.unit[COILS].into = NULL, CLX_INPUT, "exchanger without `into`");
  REFUSED(f.unit[CHILLERS].equipment = "screw", CLX_INPUT, "is air-cooled");
  REFUSED(f.unit[COOLER].kind = CLX_PLANT_DX, CLX_INPUT, "expected air");
  REFUSED(f.unit[COILS].kind = CLX_PLANT_TOWER; f.unit[COILS].into = NULL, CLX_INPUT, "expected a liquid");
  REFUSED(f.loop[FWS].supply = C + 46, CLX_INPUT, "no approach is left");
  REFUSED(f.unit[CDUS].equipment = NULL; f.unit[CDUS].approach = 5, CLX_INPUT, "leave 3 K");
  // fws -> cdw -> fws
  REFUSED(f.unit[TOWERS] = fixture_unit("back", CLX_PLANT_CHILLER, "cdw", "fws", "centrifugal");
          f.unit[COOLER] = fixture_unit("forth", CLX_PLANT_CHILLER, "fws", "cdw", "centrifugal"), CLX_INPUT,
          "in a circle and never reaches the outside: unit \"back\" from \"cdw\" to \"fws\", \"forth\" from \"fws\" to "
          "\"cdw\";");
  // Whatever the temperatures leave: an exchanger from warm to warmer, and a unit into its own loop.
  REFUSED(f.unit[TOWERS] = fixture_unit("back", CLX_PLANT_EXCHANGER, "cdw", "chw", NULL), CLX_INPUT, "in a circle");
  REFUSED(f.unit[COOLER] = fixture_unit("back", CLX_PLANT_EXCHANGER, "fws", "fws", NULL), CLX_INPUT,
          "\"back\" from \"fws\" to \"fws\"");
  // No dry cooler cools to 30 degC with air of 35.
  REFUSED(f.loop[FWS].supply = C + 30, CLX_INFEASIBLE, "no number of unit \"coolers\"");
}

static void test_bad_moments_are_refused(void **state) {
  (void)state;
  fixture f;
  clx_plant plant;
  clx_plant_state s;
  clx_error error = {0};
  fixture_make(&f);
  build(&f, 20e6, 2e6, 35, 25, &plant);
  clx_air outside = weather(35, 25);
  assert_int_equal(clx_plant_solve(&plant, -1, 0, &outside, NULL, &s, &error), CLX_INPUT);
  assert_int_equal(clx_plant_solve(&plant, NAN, 0, &outside, NULL, &s, &error), CLX_INPUT);
  outside.dry_bulb = 1000;
  assert_int_equal(clx_plant_solve(&plant, 1e6, 0, &outside, NULL, &s, &error), CLX_INPUT);
  plant.air = -1;
  outside = weather(35, 25);
  assert_int_equal(clx_plant_solve(&plant, 1e6, 1e6, &outside, NULL, &s, &error), CLX_INPUT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_plant_holds_its_set_points_at_design),
      cmocka_unit_test(test_counts_that_were_given_must_carry),
      cmocka_unit_test(test_chillers_carry_in_cold_condenser_water),
      cmocka_unit_test(test_what_a_cdu_draws_beside_its_pumps),
      cmocka_unit_test(test_energy_and_mass_balance_on_random_plants),
      cmocka_unit_test(test_a_cohort_is_its_members),
      cmocka_unit_test(test_warmer_outside_is_never_colder_inside),
      cmocka_unit_test(test_economiser_changes_over_with_the_wet_bulb),
      cmocka_unit_test(test_flow_follows_heat_down_to_its_least),
      cmocka_unit_test(test_a_saturated_exchanger_is_analytic),
      cmocka_unit_test(test_hall_air_from_outside_and_by_expansion),
      cmocka_unit_test(test_spares_replace_what_fails),
      cmocka_unit_test(test_fewer_pumps_move_less),
      cmocka_unit_test(test_a_plant_that_cannot_reject_names_what_is_short),
      cmocka_unit_test(test_bad_loops_are_refused),
      cmocka_unit_test(test_bad_units_are_refused),
      cmocka_unit_test(test_bad_moments_are_refused),
  };
  return cmocka_run_group_tests(tests, open_arena, close_arena);
}
