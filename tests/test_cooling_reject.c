// Towers, dry coolers, chillers: balances, monotony, published relations, EnergyPlus and York figures, entries of the catalogue.
#include "check.h"

#include "catalog/catalog.h"
#include "cooling/cooling_reject.h"

static const clx_place none;
static clx_arena *arena;
static clx_catalog *catalog;

static double draw(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (double)(*state >> 11) * 0x1p-53;
}

static void entry(const char *kind, const char *name, void *object) {
  assert_int_equal(clx_catalog_read(catalog, kind, name, none, clx_catalog_schema(kind), arena, object, NULL), CLX_OK);
}

static clx_air outside(double dry_bulb, double wet_bulb) {
  return clx_air_from_wet_bulb(dry_bulb + 273.15, wet_bulb + 273.15, 101325);
}

// --- water ---------------------------------------------------------------------------------------------------------------

static void test_water_balance(void **state) {
  (void)state;
  // 0.05 make-up for 0.03 evaporation is 2.5 cycles of concentration; drift comes off the blowdown.
  const clx_water_use use = clx_water_balance(0.03, 0.001, 2.5);
  CLX_CHECK_NEAR(use.evaporation + use.drift + use.blowdown, 0.05, 1e-12, 0);
  CLX_CHECK_NEAR(use.evaporation * 2.5 / 1.5, 0.05, 1e-12, 0);
  // Salts: what comes in leaves at 2.5 times the concentration.
  CLX_CHECK_NEAR(use.evaporation + use.drift + use.blowdown, 2.5 * (use.drift + use.blowdown), 1e-12, 0);
  assert_true(clx_water_balance(0.03, 0.5, 4).blowdown == 0);
}

// --- towers -----------------------------------------------------------------------------------------------------------------

// EnergyPlus 9.2, CoolingTower:VariableSpeed:Merkel, 48 hours in Chicago's summer: dry and wet bulb, water in and out (degC), heat (W), fan (W), fan's
// share. Rows of Resources/Data/Fluid/HeatExchangers/CoolingTowers/Validation/MerkelEnergyPlus in lbl-srg/modelica-buildings.
static const double energyplus[][7] = {
    {21.43, 19.17, 31.52, 30.00, 6911, 6.062, 0.2048},  {22.23, 18.98, 31.30, 29.84, 6671, 5.937, 0.2000},
    {22.77, 18.79, 30.69, 29.30, 6325, 5.937, 0.2000},  {23.30, 18.56, 31.90, 30.00, 8650, 7.133, 0.2394},
    {23.30, 18.56, 32.01, 30.00, 9145, 7.560, 0.2507},  {23.56, 18.59, 32.43, 30.00, 11070, 9.547, 0.2935},
    {23.95, 18.64, 32.97, 30.00, 13510, 12.76, 0.3439}, {24.41, 18.67, 33.28, 30.00, 14940, 15.03, 0.3720},
    {28.22, 18.65, 33.71, 30.00, 16890, 18.59, 0.4093}, {27.20, 18.96, 33.62, 30.00, 16470, 18.46, 0.4080},
    {27.00, 18.73, 33.86, 30.00, 17580, 19.94, 0.4217}, {26.69, 18.378, 33.801, 30.0, 17298.8, 18.579, 0.40920},
    {26.70, 18.27, 33.69, 30.00, 16788, 17.48, 0.3984}, {26.70, 18.20, 33.62, 30.00, 16480, 16.81, 0.3915},
};

static void test_merkel_is_energyplus(void **state) {
  (void)state;
  clx_tower tower;
  clx_tower_size size;
  entry("tower", "energyplus-merkel", &tower);
  assert_int_equal(clx_tower_size_for(&tower, tower.capacity, 101325, &size, NULL), CLX_OK);
  CLX_CHECK_NEAR(size.ua, 2011.28668, 1e-5, 0);
  const double flow = 1.0887939800087665;
  double heat = 0, fan = 0, heat_there = 0, fan_there = 0;
  for (int32_t i = 0; i < CLX_COUNT(energyplus); i++) {
    const double *row = energyplus[i];
    const clx_air air = clx_air_from_wet_bulb(row[0] + 273.15, row[1] + 273.15, clx_air_standard_pressure(190));
    const clx_reject given = clx_tower_at(&size, row[2] + 273.15, flow, row[6], &air);
    CLX_CHECK_NEAR(given.heat, row[4], 0.01, 0);
    const clx_reject held = clx_tower_run(&size, row[2] + 273.15, flow, row[3] + 273.15, &air);
    CLX_CHECK_NEAR(held.electric, row[5], 0.02, 0);
    heat += given.heat, heat_there += row[4];
    fan += held.electric, fan_there += row[5];
  }
  CLX_CHECK_NEAR(heat, heat_there, 0.005, 0);
  CLX_CHECK_NEAR(fan, fan_there, 0.006, 0);
  // Make-up of its row at 50,400 s: 0.52888 L a minute at three cycles, so 1.5 times the evaporation.
  const clx_air air = clx_air_from_wet_bulb(26.7 + 273.15, 18.37794881 + 273.15, clx_air_standard_pressure(190));
  const clx_reject row = clx_tower_run(&size, 33.80095858 + 273.15, flow, 303.15, &air);
  CLX_CHECK_NEAR(row.water.evaporation, 0.528883718 / 60 / 1.5, 0.05, 0);
}

// Design reproduced, published relations of evaporation, YorkCalc beside.
static void test_tower_at_design(void **state) {
  (void)state;
  clx_tower tower;
  clx_tower_size size;
  entry("tower", "open-tower", &tower);
  tower.water_curve_count = tower.air_curve_count = tower.wet_bulb_curve_count = 0;
  assert_int_equal(clx_tower_size_for(&tower, 1e7, 101325, &size, NULL), CLX_OK);
  const double cold = tower.wet_bulb + tower.approach, hot = cold + tower.range;
  const clx_air air = clx_air_from_wet_bulb(tower.wet_bulb, tower.wet_bulb, 101325);
  const clx_reject full = clx_tower_at(&size, hot, size.water, 1, &air);
  CLX_CHECK_NEAR(full.heat, 1e7, 1e-8, 0);
  CLX_CHECK_NEAR(full.out, cold, 0, 1e-7);
  CLX_CHECK_NEAR(full.electric, 0.0105 * 1e7, 1e-9, 0);
  // gpm x range(F) / 1000: 0.18 % of the flow per K; 0.03 gpm per ton of 3.517 kW refrigeration (4.4 kW at the tower).
  const clx_air summer = outside(35, 25.56);
  const clx_reject hot_day = clx_tower_at(&size, hot, size.water, 1, &summer);
  CLX_CHECK_NEAR(hot_day.water.evaporation, size.water * tower.range * 1.8 / 1000, 0.12, 0);
  const double tons = 1e7 / 4396, gallon = 3.785411784 / 60;  // L/s per gpm
  CLX_CHECK_NEAR(hot_day.water.evaporation, 0.03 * tons * gallon, 0.12, 0);
}

// YorkCalc (Buildings.Fluid.HeatExchangers.CoolingTowers.Correlations.yorkCalc): approach in K from range, wet bulb (degC), water over air share.
static double york_approach(double range, double wet_bulb, double liquid_gas) {
  static const double c[3][3][3] = {
      {{-0.359741205, -0.055053608, 0.0023850432},
       {0.173926877, -0.0248473764, 0.00048430224},
       {-0.005589849456, 0.0005770079712, -0.00001342427256}},
      {{2.84765801111111, -0.121765149, 0.0014599242},
       {1.680428651, -0.0166920786, -0.0007190532},
       {-0.025485194448, 0.0000487491696, 0.00002719234152}},
      {{-0.0653766255555556, -0.002278167, 0.0002500254},
       {-0.0910565458, 0.00318176316, 0.000038621772},
       {-0.0034285382352, 0.00000856589904, -0.000001516821552}},
  };
  double sum = 0;
  for (int32_t k = 0; k < 3; k++) {
    for (int32_t j = 0; j < 3; j++) {
      for (int32_t i = 0; i < 3; i++) sum += c[k][j][i] * pow(wet_bulb, i) * pow(range, j) * pow(liquid_gas, k);
    }
  }
  return sum;
}

static void test_tower_beside_yorkcalc(void **state) {
  (void)state;
  clx_tower tower;
  clx_tower_size size;
  entry("tower", "open-tower", &tower);
  assert_int_equal(clx_tower_size_for(&tower, 1e6, 101325, &size, NULL), CLX_OK);
  for (double wet = 10; wet <= 27; wet += 4.25) {
    for (double share = 0.5; share <= 1; share += 0.25) {
      const double range = 5.56, approach = york_approach(range, wet, 1 / share);
      const clx_air air = outside(wet + 6, wet);
      double in = wet + approach + range + 273.15;
      for (int32_t i = 0; i < 60; i++) {  // the inlet at which this tower has that range
        const clx_reject r = clx_tower_at(&size, in, size.water, share, &air);
        in += 0.7 * (range - (in - r.out));
      }
      const double got = in - range - wet - 273.15;
      CLX_CHECK_NEAR(got, approach, 0.1, 1.6);
    }
  }
}

static void test_tower_balances(void **state) {
  (void)state;
  clx_tower tower;
  clx_tower_size size;
  entry("tower", "open-tower", &tower);
  assert_int_equal(clx_tower_size_for(&tower, 1e7, 101325, &size, NULL), CLX_OK);
  const clx_fluid water = {.kind = CLX_FLUID_WATER};
  uint64_t seed = 5;
  for (int32_t i = 0; i < 400; i++) {
    const double wet = -5 + 32 * draw(&seed), dry = wet + 12 * draw(&seed), in = 278.15 + wet + 5 + 25 * draw(&seed);
    const double flow = size.water * (0.3 + 0.9 * draw(&seed)), want = in - 12 * draw(&seed);
    const clx_air air = outside(dry, wet);
    const clx_reject r = clx_tower_run(&size, in, flow, want, &air);
    // Energy: what the water loses is the heat, and the air takes it up between its wet bulbs.
    CLX_CHECK_NEAR(r.heat, flow * clx_fluid_heat_capacity(&water, in) * (in - r.out), 1e-9, 1e-3);
    assert_true(r.out >= clx_air_wet_bulb(&air) - 1e-9);
    if (r.over) {
      assert_true(r.out > want && r.air_share == 1);
    } else {
      CLX_CHECK_NEAR(r.out, want, 0, 1e-8);
    }
    // Water: evaporation carries at most all of the heat, and the warming of dry air beside.
    assert_true(r.water.evaporation >= 0 && r.water.blowdown >= 0);
    const double latent = 2.43e6, cools = r.air_share * size.air * 1.2 * 1006 * (dry - wet + 1);
    assert_true(r.water.evaporation * latent <= 1.08 * (r.heat + cools));
    // The same share of air gives the same heat where the fan runs without a break.
    if (!r.over && r.air_share > tower.air_least + 1e-9) {
      CLX_CHECK_NEAR(clx_tower_at(&size, in, flow, r.air_share, &air).heat, r.heat, 1e-8, 0);
    }
  }
}

static void test_tower_is_monotone(void **state) {
  (void)state;
  clx_tower tower;
  clx_tower_size size;
  entry("tower", "spx-nc8422t", &tower);
  assert_int_equal(clx_tower_size_for(&tower, tower.capacity, 101325, &size, NULL), CLX_OK);
  double last = 0;
  for (double wet = 0; wet <= 30; wet += 0.5) {  // warmer with the wet bulb
    const clx_air air = outside(wet + 5, wet);
    const double out = clx_tower_at(&size, 308.15, size.water, 1, &air).out;
    assert_true(out > last);
    last = out;
  }
  const clx_air air = outside(30, 22);
  double heat = 0, electric = -1;
  for (double share = 0.05; share <= 1; share += 0.05) {
    const clx_reject r = clx_tower_at(&size, 308.15, size.water, share, &air);
    assert_true(r.heat > heat);
    heat = r.heat;
  }
  for (double want = 307.9; want > 300; want -= 0.2) {  // colder water asks for more fan, without a jump
    const clx_reject r = clx_tower_run(&size, 308.15, size.water, want, &air);
    assert_true(r.electric >= electric && (electric < 0 || r.electric - electric < 0.15 * tower.fan_power * size.heat));
    electric = r.electric;
  }
}

static void test_towers_that_cannot_be(void **state) {
  (void)state;
  clx_tower tower;
  clx_tower_size size;
  clx_error error = {0};
  entry("tower", "open-tower", &tower);
  tower.air_ratio = 0.2;
  assert_int_equal(clx_tower_size_for(&tower, 1e6, 101325, &size, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "more air"));
  tower.air_ratio = 0.75, tower.power_count = 9;
  assert_int_equal(clx_tower_check(&tower, none, &error), CLX_INPUT);
}

// --- dry coolers ------------------------------------------------------------------------------------------------------------

static void test_dry_cooler_at_design(void **state) {
  (void)state;
  const clx_fluid fluid = {.kind = CLX_FLUID_GLYCOL, .glycol = 0.4};
  static const char *const names[] = {"modelica-dry-cooler", "bac-trillium-tdfs1238n", "dry-cooler"};
  for (int32_t i = 0; i < 3; i++) {
    clx_dry_cooler cooler;
    clx_dry_size size;
    entry("dry_cooler", names[i], &cooler);
    assert_int_equal(clx_dry_size_for(&cooler, 1e6, &fluid, 101325, &size, NULL), CLX_OK);
    const clx_air air = clx_air_from_relative(cooler.air_in, 0.4, 101325);
    const clx_reject r = clx_dry_run(&size, &fluid, cooler.in, size.flow, cooler.out, &air);
    CLX_CHECK_NEAR(r.heat, 1e6, 1e-9, 0);
    CLX_CHECK_NEAR(r.air_share, 1, 1e-6, 0);
    CLX_CHECK_NEAR(r.electric, cooler.fan_power * 1e6, 1e-5, 0);
    assert_true(r.water.evaporation == 0);
    // At half the air flow an eighth of the power (a system curve that is the coil alone).
    CLX_CHECK_NEAR(clx_reject_fan(NULL, NULL, 0, 0.5), 0.125, 1e-12, 0);
  }
}

static void test_dry_cooler_balances(void **state) {
  (void)state;
  clx_dry_cooler cooler;
  clx_dry_size size;
  const clx_fluid fluid = {.kind = CLX_FLUID_WATER};
  entry("dry_cooler", "adiabatic-cooler", &cooler);
  assert_int_equal(clx_dry_size_for(&cooler, 1e6, &fluid, 101325, &size, NULL), CLX_OK);
  uint64_t seed = 9;
  for (int32_t i = 0; i < 400; i++) {
    const double wet = -5 + 30 * draw(&seed), dry = wet + 14 * draw(&seed), in = 273.15 + 25 + 25 * draw(&seed);
    const double flow = size.flow * (0.2 + draw(&seed)), want = in - 12 * draw(&seed);
    const clx_air air = outside(dry, wet);
    const clx_reject r = clx_dry_run(&size, &fluid, in, flow, want, &air);
    CLX_CHECK_NEAR(r.heat, flow * clx_fluid_heat_capacity(&fluid, in) * (in - r.out), 1e-9, 1e-6);
    assert_true(r.heat >= 0 && r.air_share >= 0 && r.air_share <= 1);
    if (r.over) {
      assert_true(r.out > want);
    } else {
      CLX_CHECK_NEAR(r.out, want, 0, 1e-8);
    }
    // Pads stay dry below 24 degC; wetted, air is not colder than the wet bulb, nor the liquid.
    if (dry < 24) assert_true(r.water.evaporation == 0);
    assert_true(!(r.heat > 0) || r.out >= air.dry_bulb - 0.86 * (dry - wet) - 1e-6);
  }
  // Hotter outside is never better.
  cooler.pads = 0;
  double last = 0;
  for (double dry = -10; dry < 38; dry += 1) {
    const clx_air air = outside(dry, dry - 3);
    const double out = clx_dry_run(&size, &fluid, 313.15, size.flow, 0, &air).out;
    assert_true(out > last);
    last = out;
  }
}

static void test_dry_coolers_that_cannot_be(void **state) {
  (void)state;
  clx_dry_cooler cooler;
  clx_error error = {0};
  entry("dry_cooler", "dry-cooler", &cooler);
  cooler.out = cooler.air_in - 1;
  assert_int_equal(clx_dry_check(&cooler, none, &error), CLX_INPUT);
  entry("dry_cooler", "dry-cooler", &cooler);
  cooler.air_ratio = 0.5;
  assert_int_equal(clx_dry_check(&cooler, none, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[1].text, "no coil reaches"));
}

// --- chillers ----------------------------------------------------------------------------------------------------------------

static void test_york_record(void **state) {
  (void)state;
  clx_chiller york;
  entry("chiller", "york-yk-5465", &york);
  // Section by section at reference: CapFT, EIRFT and EIRFPLR of the published coefficients at 6.67 and 26.11 degC.
  const double x = 6.67, y = 26.11;
  const double cap =
      0.1092441 - 0.1225892 * x - 0.002802873 * x * x + 0.1324138 * y - 0.004714937 * y * y + 0.009205744 * x * y;
  const double eir =
      0.6396022 - 0.0595406 * x + 0.0005884523 * x * x + 0.03170651 * y - 0.0005088216 * y * y + 0.001460759 * x * y;
  CLX_CHECK_NEAR(cap, 1, 0.02, 0);
  CLX_CHECK_NEAR(eir, 1, 0.02, 0);
  for (int32_t i = 2; i <= 10; i++) {
    const double share = i / 10.0, part = 0.2795792 + 0.07872758 * share + 0.6424321 * share * share;
    const clx_chiller_point p = clx_chiller_run(&york, share * 5464900 * cap, x + 273.15, y + 273.15);
    CLX_CHECK_NEAR(p.electric, 5464900 * cap / 6.94 * eir * part, 1e-12, 0);
    CLX_CHECK_NEAR(p.condenser, p.heat + p.electric, 1e-12, 0);
    assert_int_equal(p.limit, CLX_CHILLER_OK);
  }
  // 14 % is its least: below, it cycles, so power goes with the load.
  const double least = clx_chiller_run(&york, 0.14 * 5464900 * cap, x + 273.15, y + 273.15).electric;
  CLX_CHECK_NEAR(clx_chiller_run(&york, 0.07 * 5464900 * cap, x + 273.15, y + 273.15).electric, least / 2, 1e-12, 0);
  assert_true(clx_chiller_run(&york, 8e6, x + 273.15, y + 273.15).over);
}

static void test_outside_its_range_it_says_so(void **state) {
  (void)state;
  clx_chiller york;
  entry("chiller", "york-yk-5465", &york);
  const clx_chiller_point edge = clx_chiller_run(&york, 3e6, 273.15 + 8.89, 273.15 + 29.44);
  const clx_chiller_point warm = clx_chiller_run(&york, 3e6, 273.15 + 30, 273.15 + 29.44);
  assert_int_equal(edge.limit, CLX_CHILLER_OK);
  assert_int_equal(warm.limit, CLX_CHILLER_BELOW);  // an easier duty: the figures of the edge
  CLX_CHECK_NEAR(warm.electric, edge.electric, 1e-12, 0);
  assert_int_equal(clx_chiller_run(&york, 3e6, 273.15 + 8, 273.15 + 40).limit, CLX_CHILLER_ABOVE);
  assert_int_equal(clx_chiller_run(&york, 3e6, 273.15 + 2, 273.15 + 25).limit, CLX_CHILLER_ABOVE);
  assert_int_equal(clx_chiller_run(&york, 3e6, 273.15 + 8, 273.15 + 10).limit, CLX_CHILLER_BELOW);
}

// Every entry gives its reference within 4 % in capacity and 6 % in COP (York YT; the fits of the records are not exact there), and costs more the harder it works.
static void test_all_chillers(void **state) {
  (void)state;
  int32_t count = 0;
  static const char *const names[] = {
      "york-yk-5465",          "york-yk-2237",      "york-yk-2275",           "york-yt-563",     "york-ys-1171",
      "york-ys-1554",          "york-ys-1758",      "mcquay-wsc-471",         "mcquay-peh-703",  "carrier-23xl-724",
      "carrier-19xr-742-vsd",  "carrier-23xl-1196", "carrier-19xr-2391",      "trane-cgwd-207",  "trane-cvhf-2300",
      "trane-cvhf-2317-vsd",   "carrier-30rb360",   "carrier-30rb300",        "carrier-30rb275", "carrier-30xa240",
      "carrier-30xa220",       "vertiv-afc-ciz150", "vertiv-coolloop-lvz230", "dx-unit",         "carnot-water-cooled",
      "carrier-19xr-1407-vsd", "warm-water-screw"};
  for (int32_t i = 0; i < CLX_COUNT(names); i++) {
    clx_chiller c;
    entry("chiller", names[i], &c);
    const clx_chiller_point at = clx_chiller_run(&c, c.capacity, c.evaporator, c.condenser);
    CLX_CHECK_NEAR(at.capacity / c.load_most, c.capacity, 0.04, 0);
    CLX_CHECK_NEAR(at.heat / at.electric, c.cop, 0.06, 0);
    assert_int_equal(at.limit, CLX_CHILLER_OK);
    const clx_chiller_point hot = clx_chiller_run(&c, 0.5 * c.capacity, c.evaporator, c.condenser_most);
    const clx_chiller_point mild =
        clx_chiller_run(&c, 0.5 * c.capacity, c.evaporator, 0.5 * (c.condenser_least + c.condenser_most));
    assert_true(hot.electric >= mild.electric);
    count++;
  }
  assert_int_equal(count, 27);
}

static void test_share_of_carnot(void **state) {
  (void)state;
  clx_chiller c;
  entry("chiller", "carnot-water-cooled", &c);
  // 42 degC leaving, 47 entering: 40 and 54 at the refrigerant; COP 5 is that share at any lift.
  const double share = 5 / (313.15 / 14);
  for (double entering = 300; entering < 325; entering += 5) {
    const double lift = fmax(entering + 7 - 313.15, 5);
    const clx_chiller_point p = clx_chiller_run(&c, 1e5, 315.15, entering);
    CLX_CHECK_NEAR(p.heat / p.electric, share * 313.15 / lift, 1e-12, 0);
  }
}

// 119 air-cooled chillers carry about 200 MW (SemiAnalysis on the first phase of Colossus 2): the catalogued machine nearest to 1,681 kW, on the
// design day of Memphis. Chosen for its size: parts against the total, no more.
static void test_119_chillers(void **state) {
  (void)state;
  clx_chiller c;
  entry("chiller", "vertiv-afc-ciz150", &c);
  const clx_chiller_point p = clx_chiller_run(&c, 1e9, 280.15, 273.15 + 35.6);
  CLX_CHECK_NEAR(119 * p.capacity, 200e6, 0.05, 0);
  assert_int_equal(p.limit, CLX_CHILLER_OK);
}

static void test_chillers_that_cannot_be(void **state) {
  (void)state;
  clx_chiller york, c;
  clx_error error = {0};
  entry("chiller", "york-yk-5465", &york);
  c = york, c.capacity_curve_count = 5;
  assert_int_equal(clx_chiller_check(&c, none, &error), CLX_INPUT);
  c = york, c.evaporator = 290;
  assert_int_equal(clx_chiller_check(&c, none, &error), CLX_INPUT);
  c = york, c.condenser_most = 273.15 + 80;  // the capacity's parabola is below zero there
  assert_int_equal(clx_chiller_check(&c, none, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[2].text, "narrow the range"));
  c = york, c.part_curve_count = 1;
  assert_int_equal(clx_chiller_check(&c, none, &error), CLX_INPUT);
}

static int open_catalog(void **state) {
  (void)state;
  arena = clx_arena_new();
  return clx_catalog_open(NULL, &catalog, NULL) == CLX_OK ? 0 : -1;
}

static int close_catalog(void **state) {
  (void)state;
  clx_arena_free(arena);
  clx_catalog_close(catalog);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_water_balance),         cmocka_unit_test(test_merkel_is_energyplus),
      cmocka_unit_test(test_tower_at_design),       cmocka_unit_test(test_tower_beside_yorkcalc),
      cmocka_unit_test(test_tower_balances),        cmocka_unit_test(test_tower_is_monotone),
      cmocka_unit_test(test_towers_that_cannot_be), cmocka_unit_test(test_dry_cooler_at_design),
      cmocka_unit_test(test_dry_cooler_balances),   cmocka_unit_test(test_dry_coolers_that_cannot_be),
      cmocka_unit_test(test_york_record),           cmocka_unit_test(test_outside_its_range_it_says_so),
      cmocka_unit_test(test_all_chillers),          cmocka_unit_test(test_share_of_carnot),
      cmocka_unit_test(test_119_chillers),          cmocka_unit_test(test_chillers_that_cannot_be),
  };
  return cmocka_run_group_tests(tests, open_catalog, close_catalog);
}
