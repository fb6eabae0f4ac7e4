// Sources, batteries and what they cost: closed forms, random runs against balances, mistakes by name.
#include "check.h"

#include "catalog/catalog.h"
#include "power/power_supply.h"

#define MW 1e6
#define HOUR 3600.0
#define MWH (MW * HOUR)

// A feed for 50 MW, ten engines of 5 MW that take load 3 min after the order and are full a minute later, a battery of 40 MW.
typedef struct site {
  clx_generator engine, turbine;
  clx_battery battery;
  clx_tariff tariff;
  clx_source source[4];
  clx_store store[2];
  clx_curtailment curtailment[2];
  clx_supply supply;
} site;

static void site_make(site *s) {
  *s = (site){0};
  s->engine = (clx_generator){.name = "engine",
                              .kind = CLX_SOURCE_ENGINE,
                              .power = 5 * MW,
                              .minimum = 0.5,
                              .start_time = 240,
                              .hot_start_time = 120,
                              .ramp = 5 * MW / 60,
                              .hold = 900,
                              .heat_rate = 2.2,
                              .heat_rate_minimum = 2.5,
                              .fuel_carbon = 56e-9,
                              .nox = 2e-11,
                              .fuel_price = 3e-9,
                              .upkeep = 4e-9};
  s->turbine = s->engine;
  s->turbine.name = "turbine";
  s->turbine.kind = CLX_SOURCE_TURBINE;
  s->turbine.power = 15 * MW;
  s->turbine.start_time = 900;
  s->turbine.ramp = 15 * MW / 300;
  s->battery = (clx_battery){
      .name = "box", .power = 10 * MW, .energy = 20 * MWH, .round_trip = 0.9, .least = 0.05, .most = 0.95};
  s->tariff =
      (clx_tariff){.name = "t", .energy = 2e-8, .demand = 0.015, .demand_window = 1800, .carbon = 1e-7, .nox = 1e-10};
  s->source[0] = (clx_source){.name = "north", .power = 50 * MW, .derating = 1};
  s->source[1] = (clx_source){
      .name = "engines", .kind = CLX_SOURCE_ENGINE, .count = 10, .generator = &s->engine, .derating = 1, .order = 1};
  s->store[0] = (clx_store){.battery = &s->battery, .count = 4, .roles = CLX_BATTERY_BRIDGE, .charge = 0.95};
  s->supply = (clx_supply){.source = s->source,
                           .source_count = 2,
                           .curtailment = s->curtailment,
                           .store = s->store,
                           .store_count = 1,
                           .tariff = &s->tariff};
}

static double sum(const double *x, int32_t count) {
  double all = 0;
  for (int32_t i = 0; i < count; i++) all += x[i];
  return all;
}

// Sources + out = demand - short + in.
static double imbalance(const clx_supply *supply, const clx_supply_state *s) {
  const double given = sum(s->energy, supply->source_count) + sum(s->out, supply->store_count);
  const double used = s->demand_energy - s->short_energy + sum(s->in, supply->store_count);
  return fabs(given - used) / fmax(1, fmax(given, used));
}

static uint32_t draw(uint32_t *seed) { return (*seed = *seed * 1664525u + 1013904223u) >> 8; }
static double share(uint32_t *seed) { return draw(seed) / 16777216.0; }

// --- closed forms ------------------------------------------------------------------------------------------------------------

// An outage without notice: the battery gives everything for the delay of the engines and the triangle of their ramp.
static void test_battery_bridges_the_start_of_engines(void **state) {
  (void)state;
  site s;
  site_make(&s);
  s.curtailment[0] = (clx_curtailment){.at = 1000, .duration = HOUR, .power = 0};
  s.supply.curtailment_count = 1;
  assert_int_equal(clx_supply_check(&s.supply, NULL), CLX_OK);
  clx_supply_state st;
  clx_supply_start(&s.supply, &st);
  assert_true(clx_supply_step(&s.supply, &st, 30 * MW, 1000) == 0);
  CLX_CHECK_NEAR(sum(st.out, 1), 0, 0, 0);
  assert_true(clx_supply_step(&s.supply, &st, 30 * MW, 240) == 0);
  // 180 s without engines, then 6 of them rise by 30 MW a minute.
  CLX_CHECK_NEAR(sum(st.out, 1), 30 * MW * 180 + 30 * MW * 60 / 2, 1e-12, 0);
  CLX_CHECK_NEAR(st.running[1], 6, 0, 0);
  CLX_CHECK_NEAR(st.output[1], 30 * MW, 1e-12, 0);
  CLX_CHECK_NEAR(st.short_at, -1, 0, 0);
  const double way = sqrt(0.9);
  CLX_CHECK_NEAR(st.charge[0], 0.95 * 80 * MWH - st.out[0] / way, 1e-12, 0);
  // The same in many small steps: what a step is cut into does not matter.
  clx_supply_state fine;
  clx_supply_start(&s.supply, &fine);
  for (int32_t i = 0; i < 12400; i++) clx_supply_step(&s.supply, &fine, 30 * MW, 0.1);
  CLX_CHECK_NEAR(fine.out[0], st.out[0], 1e-8, 0);
  CLX_CHECK_NEAR(fine.fuel[1], st.fuel[1], 1e-8, 0);
}

static void test_engines_start_within_the_notice(void **state) {
  (void)state;
  for (int32_t notice = 0; notice < 3; notice++) {
    site s;
    site_make(&s);
    s.supply.store_count = 0;
    s.curtailment[0] = (clx_curtailment){.at = 5000, .notice = 120.0 * notice, .duration = 7200, .power = 10 * MW};
    s.supply.curtailment_count = 1;
    clx_supply_state st;
    clx_supply_start(&s.supply, &st);
    clx_supply_step(&s.supply, &st, 40 * MW, 5000);
    assert_true(st.short_energy < 1);
    clx_supply_step(&s.supply, &st, 40 * MW, 3600);
    // 30 MW are missing for 180 s less the notice, then as a triangle of 60 s.
    const double late = 120.0 * notice, want = late < 180 ? 30 * MW * (180 - late) + 30 * MW * 30 : 0;
    CLX_CHECK_NEAR(st.short_energy, want, 1e-9, 1);
    CLX_CHECK_NEAR(st.short_at, want > 0 ? 5000 : -1, 0, 0);
    CLX_CHECK_NEAR(st.short_most, want > 0 ? 30 * MW : 0, 1e-9, 0);
    CLX_CHECK_NEAR(st.output[0], 10 * MW, 1e-12, 0);
  }
}

static void test_feed_that_ends_is_foreseen(void **state) {
  (void)state;
  site s;
  site_make(&s);
  s.supply.store_count = 0;
  s.source[0].until = 7000;
  clx_supply_state st;
  clx_supply_start(&s.supply, &st);
  clx_supply_step(&s.supply, &st, 40 * MW, 8000);
  assert_true(st.short_energy < 1);
  CLX_CHECK_NEAR(st.running[1], 8, 0, 0);
  CLX_CHECK_NEAR(st.starts[1], 8, 0, 0);
}

// Must-run: two engines at half load push the feed back; after `hold` without need they stop.
static void test_minimum_load_and_hold(void **state) {
  (void)state;
  site s;
  site_make(&s);
  clx_supply_state st;
  clx_supply_start(&s.supply, &st);
  s.supply.store_count = 0;
  clx_supply_step(&s.supply, &st, 53 * MW, 10);  // one engine, at no less than 2.5 MW: 3 MW
  CLX_CHECK_NEAR(st.output[1], 3 * MW, 1e-12, 0);
  clx_supply_step(&s.supply, &st, 51 * MW, 10);
  CLX_CHECK_NEAR(st.output[1], 2.5 * MW, 1e-12, 0);
  CLX_CHECK_NEAR(st.output[0], 48.5 * MW, 1e-12, 0);
  clx_supply_step(&s.supply, &st, 40 * MW, 899);
  CLX_CHECK_NEAR(st.output[0], 37.5 * MW, 1e-12, 0);
  clx_supply_step(&s.supply, &st, 1 * MW, 0.5);  // below the minimum of what runs: allowed for short
  CLX_CHECK_NEAR(st.output[1], 1 * MW, 1e-12, 0);
  CLX_CHECK_NEAR(st.below_time, 0.5, 1e-9, 0);
  clx_supply_step(&s.supply, &st, 40 * MW, 2);
  CLX_CHECK_NEAR(st.running[1], 0, 0, 0);
  CLX_CHECK_NEAR(st.output[0], 40 * MW, 1e-12, 0);
}

// A slow and cheap turbine first: engines fill in until it is there, and hand over.
static void test_fast_units_fill_in_for_slow_ones(void **state) {
  (void)state;
  site s;
  site_make(&s);
  s.source[2] = (clx_source){
      .name = "turbines", .kind = CLX_SOURCE_TURBINE, .count = 2, .generator = &s.turbine, .derating = 0.8, .order = 0};
  s.supply.source_count = 3;
  s.source[0].order = 0;
  clx_supply_state st;
  clx_supply_start(&s.supply, &st);
  clx_supply_step(&s.supply, &st, 50 * MW, 100);
  clx_supply_step(&s.supply, &st, 70 * MW, 800);
  CLX_CHECK_NEAR(st.running[1], 4, 0, 0);
  CLX_CHECK_NEAR(st.running[2], 2, 0, 0);
  clx_supply_step(&s.supply, &st, 70 * MW, 2000);
  CLX_CHECK_NEAR(st.running[1], 0, 0, 0);
  CLX_CHECK_NEAR(st.output[2], 20 * MW, 1e-9, 0);
  assert_true(imbalance(&s.supply, &st) < 1e-12);
  CLX_CHECK_NEAR(st.short_energy, 0, 0, 1);
}

static void test_fuel_follows_the_heat_rates(void **state) {
  (void)state;
  site s;
  site_make(&s);
  s.supply.store_count = 0;
  s.source[1].order = 0;
  s.source[0].order = 1;  // engines first
  s.source[1].count = 1;
  const double load[] = {5, 2.5}, rate[] = {2.2, 2.5};
  for (int32_t i = 0; i < 2; i++) {
    clx_supply_state st;
    clx_supply_start(&s.supply, &st);
    clx_supply_step(&s.supply, &st, load[i] * MW, HOUR);
    CLX_CHECK_NEAR(st.fuel[1], load[i] * MWH * rate[i], 1e-12, 0);
    CLX_CHECK_NEAR(st.carbon, st.fuel[1] * 56e-9, 1e-12, 0);
    CLX_CHECK_NEAR(st.nox, st.fuel[1] * 2e-11, 1e-12, 0);
    CLX_CHECK_NEAR(st.cost_fuel, st.fuel[1] * 3e-9, 1e-12, 0);
    CLX_CHECK_NEAR(st.cost_upkeep, load[i] * MWH * 4e-9, 1e-12, 0);
  }
}

// A month at 10 MW with one half hour at 40 MW that lies across two windows: each of them means 25 MW.
static void test_demand_charge_by_hand(void **state) {
  (void)state;
  site s;
  site_make(&s);
  s.supply.store_count = 0;
  s.tariff.fixed = 500;
  clx_supply_state st;
  clx_supply_start(&s.supply, &st);
  const double month = 30.4375 * 86400;
  clx_supply_step(&s.supply, &st, 10 * MW, 100 * HOUR + 900);
  clx_supply_step(&s.supply, &st, 40 * MW, 1800);
  clx_supply_step(&s.supply, &st, 10 * MW, month - st.time);
  CLX_CHECK_NEAR(st.cost_demand, 25 * MW * 0.015 + 500, 1e-9, 0);
  CLX_CHECK_NEAR(st.cost_energy, (10 * MW * month + 30 * MW * 1800) * 2e-8, 1e-12, 0);
  clx_supply_step(&s.supply, &st, 20 * MW, month / 4);  // a quarter of the next
  clx_supply_finish(&s.supply, &st);
  CLX_CHECK_NEAR(st.cost_demand, 25 * MW * 0.015 + 500 + (20 * MW * 0.015 + 500) / 4, 1e-9, 0);
  CLX_CHECK_NEAR(st.peak_window, 25 * MW, 1e-9, 0);
  CLX_CHECK_NEAR(st.carbon, sum(st.energy, 1) * 1e-7, 1e-12, 0);
}

static void test_battery_that_shaves_comes_before_engines(void **state) {
  (void)state;
  for (int32_t shave = 0; shave < 2; shave++) {
    site s;
    site_make(&s);
    if (shave) s.store[0].roles = CLX_BATTERY_SHAVE;
    clx_supply_state st;
    clx_supply_start(&s.supply, &st);
    clx_supply_step(&s.supply, &st, 45 * MW, 1000);
    clx_supply_step(&s.supply, &st, 60 * MW, HOUR);
    CLX_CHECK_NEAR(st.running[1], shave ? 0 : 2, 0, 0);
    CLX_CHECK_NEAR(st.short_energy, 0, 0, 1);
    // Until it runs down: then engines take over without a gap.
    clx_supply_step(&s.supply, &st, 60 * MW, 10 * HOUR);
    CLX_CHECK_NEAR(st.running[1], 2, 0, 0);
    CLX_CHECK_NEAR(st.short_energy, 0, 0, 1);
    assert_true(imbalance(&s.supply, &st) < 1e-12);
  }
}

static void test_capacity_now_and_for_a_while(void **state) {
  (void)state;
  site s;
  site_make(&s);
  s.curtailment[0] = (clx_curtailment){.at = 1000, .notice = 900, .duration = 1000, .power = 20 * MW};
  s.supply.curtailment_count = 1;
  CLX_CHECK_NEAR(clx_supply_capacity(&s.supply, 0), 100 * MW, 1e-12, 0);
  CLX_CHECK_NEAR(clx_supply_capacity(&s.supply, 1500), 70 * MW, 1e-12, 0);
  s.supply.curtailment_count = 0;
  clx_supply_state st;
  clx_supply_start(&s.supply, &st);
  clx_supply_step(&s.supply, &st, 20 * MW, 10);
  // For a minute: the feed and the battery's power; for an hour engines join, and the battery has 90 % of 80 MWh.
  CLX_CHECK_NEAR(clx_supply_capacity_for(&s.supply, &st, 60), 90 * MW, 1e-5, 0);
  CLX_CHECK_NEAR(clx_supply_capacity_for(&s.supply, &st, HOUR), 90 * MW, 1e-5, 0);
  s.source[1].count = 1;
  const double energy = 0.9 * 80 * MWH * sqrt(0.9) + 5 * MW * (10 * HOUR - 210);
  CLX_CHECK_NEAR(clx_supply_capacity_for(&s.supply, &st, 10 * HOUR), 50 * MW + energy / (10 * HOUR), 1e-5, 0);
}

static void test_next_finds_what_changes(void **state) {
  (void)state;
  site s;
  site_make(&s);
  s.source[0].until = 9000;
  s.curtailment[0] = (clx_curtailment){.at = 3000, .notice = 1800, .duration = 600, .power = 20 * MW};
  s.supply.curtailment_count = 1;
  clx_supply_state st;
  clx_supply_start(&s.supply, &st);
  CLX_CHECK_NEAR(clx_supply_next(&s.supply, &st, 20 * MW), 1200, 1e-9, 0);
  clx_supply_step(&s.supply, &st, 20 * MW, 3100);
  CLX_CHECK_NEAR(clx_supply_next(&s.supply, &st, 20 * MW), 3600, 1e-9, 0);
  clx_supply_step(&s.supply, &st, 20 * MW, 600);
  CLX_CHECK_NEAR(clx_supply_next(&s.supply, &st, 20 * MW), 8760, 1e-6, 0);
}

// --- properties ------------------------------------------------------------------------------------------------------------

static void random_site(site *s, uint32_t *seed) {
  site_make(s);
  s->source[2] = (clx_source){.name = "turbines",
                              .kind = CLX_SOURCE_TURBINE,
                              .count = 1 + draw(seed) % 3,
                              .generator = &s->turbine,
                              .derating = 0.7 + 0.3 * share(seed),
                              .order = (int32_t)(draw(seed) % 3),
                              .standby = draw(seed) % 2};
  s->source[3] = (clx_source){.name = "south",
                              .power = 30 * MW * share(seed) + MW,
                              .derating = 1,
                              .from = 5e5 * share(seed),
                              .until = 6e5 + 3e7 * share(seed),
                              .order = (int32_t)(draw(seed) % 3)};
  s->supply.source_count = 4;
  s->store[1] = s->store[0];
  s->store[1].roles = 1 + (int32_t)(draw(seed) % 7);
  s->store[1].charge_power = 5 * MW * share(seed);
  s->store[1].from = 1e5 * share(seed);
  s->supply.store_count = 2;
  s->battery.standby = 1e4;
  s->battery.cycles = 5000;
  s->battery.life = 6e8;
  for (int32_t i = 0; i < 2; i++) {
    s->curtailment[i] = (clx_curtailment){.at = 2e7 * share(seed),
                                          .notice = 1800 * share(seed),
                                          .duration = 1 + 20000 * share(seed),
                                          .power = 60 * MW * share(seed)};
  }
  s->supply.curtailment_count = 2;
}

static void check_state(const site *s, const clx_supply_state *st) {
  for (int32_t i = 0; i < s->supply.source_count; i++) {
    assert_true(st->output[i] >= 0 && st->output[i] <= clx_source_power(&s->source[i]) * (1 + 1e-9));
    if (s->source[i].generator != NULL) assert_true(st->running[i] >= 0 && st->running[i] <= s->source[i].count);
  }
  for (int32_t k = 0; k < s->supply.store_count; k++) {
    const double start = 0.95 * 80 * MWH, c = st->capacity[k];
    assert_true(st->charge[k] >= 0.05 * c * (1 - 1e-4) && st->charge[k] <= 0.95 * c * (1 + 1e-9));
    CLX_CHECK_NEAR(st->charge[k], start + st->in[k] - st->out[k] - st->lost[k], 0, 1e-10 * (start + st->in[k]));
  }
}

// Steps of seconds to days over a year, waves that smooth and loads that are announced.
static void test_random_years_balance(void **state) {
  (void)state;
  uint32_t seed = 11;
  for (int32_t trial = 0; trial < 24; trial++) {
    site s;
    random_site(&s, &seed);
    assert_int_equal(clx_supply_check(&s.supply, NULL), CLX_OK);
    clx_supply_state st;
    clx_supply_start(&s.supply, &st);
    double least = 1e300;
    while (st.time < 3.156e7) {
      const double dt = pow(10, -1 + 6.5 * share(&seed)), demand = 130 * MW * share(&seed) * share(&seed);
      st.foreseen = draw(&seed) % 4 == 0 ? demand * 1.3 : 0;
      st.smoothing = draw(&seed) % 2 ? 20 * MW * share(&seed) : 0;
      const clx_supply_state was = st;
      const double missing = clx_supply_step(&s.supply, &st, demand, dt);
      check_state(&s, &st);
      const double given = sum(st.energy, 4) - sum(was.energy, 4) + sum(st.out, 2) - sum(was.out, 2);
      const double used = demand * dt - (st.short_energy - was.short_energy) + sum(st.in, 2) - sum(was.in, 2);
      // Differences of totals of a year, to which a long step adds thousands of times: what rounding leaves goes with the totals.
      CLX_CHECK_NEAR(given, used, 1e-12, 5e-13 * (sum(st.energy, 4) + sum(st.in, 2)));
      CLX_CHECK_NEAR(missing * dt, st.short_energy - was.short_energy, 1e-9, 1e-3);
      least = fmin(least, st.capacity[0]);
    }
    assert_true(imbalance(&s.supply, &st) < 1e-9);
    assert_true(least < 80 * MWH * 0.99);  // a year of 20 and cycles
    clx_supply_finish(&s.supply, &st);
    assert_true(isfinite(st.cost_energy + st.cost_demand + st.cost_fuel + st.cost_upkeep + st.carbon + st.nox));
  }
}

// The first step of each run alone: balance to 1e-12 of that step.
static void test_each_step_balances(void **state) {
  (void)state;
  uint32_t seed = 5;
  for (int32_t trial = 0; trial < 3000; trial++) {
    site s;
    random_site(&s, &seed);
    clx_supply_state st;
    clx_supply_start(&s.supply, &st);
    st.begun = draw(&seed) % 2;  // half of them with everything standing still
    s.source[3].from = 0;
    s.store[1].from = 0;
    clx_supply_step(&s.supply, &st, 130 * MW * share(&seed), pow(10, 4 * share(&seed)));
    assert_true(imbalance(&s.supply, &st) < 1e-12);
  }
}

static void test_battery_books_under_random_cycles(void **state) {
  (void)state;
  uint32_t seed = 3;
  for (int32_t trial = 0; trial < 50; trial++) {
    clx_battery b = {.name = "b",
                     .power = 2 * MW,
                     .energy = 4 * MWH,
                     .round_trip = 0.7 + 0.3 * share(&seed),
                     .least = 0.1,
                     .most = 0.9,
                     .cycles = trial % 2 ? 2000 : 0,
                     .life = trial % 3 ? 6e8 : 0};
    clx_battery_state st;
    clx_battery_start(&b, 3, 0.5, &st);
    double given = 0;
    for (int32_t i = 0; i < 2000; i++) {
      const double asked = 16 * MW * (share(&seed) - 0.5), dt = 1800 * share(&seed);
      const double capacity = st.capacity, did = clx_battery_step(&b, 3, &st, asked, dt);
      assert_true(fabs(did) <= fmin(fabs(asked), 6 * MW) * (1 + 1e-12) && did * asked >= 0);
      assert_true(st.charge >= 0.1 * st.capacity - 1 && st.charge <= 0.9 * st.capacity * (1 + 1e-12));
      assert_true(st.capacity <= capacity);
      given += fmax(0, did) * dt;
    }
    CLX_CHECK_NEAR(st.charge, 6 * MWH + st.in - st.out - st.lost, 0, 1e-11 * st.in);
    CLX_CHECK_NEAR(st.out, given, 1e-9, 0);
    // Without fading, what went in comes out or is stored: in x way = (out / way) + change.
    const double way = sqrt(b.round_trip);
    if (!(b.cycles > 0) && !(b.life > 0)) {
      CLX_CHECK_NEAR(st.in * way, st.out / way + st.charge - 6 * MWH, 1e-9, 1);
      CLX_CHECK_NEAR(st.capacity, 12 * MWH, 0, 0);
    } else {
      const double cycles = st.out / way / (12 * MWH);
      if (!(b.life > 0)) CLX_CHECK_NEAR(st.capacity, 12 * MWH * (1 - 0.3 * cycles / 2000), 1e-9, 0);
    }
  }
}

// The same year with more and more batteries (which need nothing for themselves): never more shortage.
static void test_more_battery_never_more_shortage(void **state) {
  (void)state;
  uint32_t seed = 29;
  for (int32_t trial = 0; trial < 30; trial++) {
    double before = INFINITY;
    const uint32_t start = draw(&seed);
    for (int32_t count = 1; count <= 9; count += 2) {
      uint32_t own = start;
      site s;
      random_site(&s, &own);
      s.battery.standby = 0;
      s.store[0].count = count;
      s.supply.store_count = 1;
      clx_supply_state st;
      clx_supply_start(&s.supply, &st);
      while (st.time < 3e6) {
        const double dt = pow(10, 1 + 3 * share(&own)), demand = 130 * MW * share(&own);
        clx_supply_step(&s.supply, &st, demand, dt);
      }
      assert_true(st.short_energy <= before * (1 + 1e-9));
      before = st.short_energy;
    }
  }
}

// --- mistakes --------------------------------------------------------------------------------------------------------------

static void refuses(const clx_supply *supply, const char *part) {
  clx_error error = {0};
  assert_int_equal(clx_supply_check(supply, &error), CLX_INPUT);
  if (strstr(error.mistake[0].text, part) == NULL) fail_msg("\"%s\" lacks \"%s\"", error.mistake[0].text, part);
}

static void test_mistakes_are_named(void **state) {
  (void)state;
  site s;
#define WRONG(change, part) site_make(&s), change, refuses(&s.supply, part)
  WRONG((s.source[0].from = 7200, s.source[0].until = 1800), "source north: until is 30 min, before it starts at 2 h");
  WRONG(s.source[0].power = 0, "source north: power is 0 W; expected a finite number above 0");
  WRONG(s.source[1].count = 2.5, "source engines: count is 2.5");
  WRONG(s.source[1].derating = 0, "source engines: derating");
  WRONG(s.engine.power = 0, "source engines: power of its generator");
  WRONG(s.engine.ramp = NAN, "source engines: ramp of its generator");
  WRONG(s.engine.heat_rate_minimum = 2.0, "heat_rate_minimum of its generator is 2; expected at least heat_rate");
  WRONG(s.battery.power = 0, "battery box: power is 0 W");
  WRONG(s.battery.energy = 0, "battery box: energy is 0 J");
  WRONG(s.battery.round_trip = 1.01, "battery box: round_trip is 1.01; expected a share above 0 and up to 1");
  WRONG(s.battery.least = 0.95, "battery box: least is 0.95");
  WRONG(s.store[0].battery = NULL, "battery: no entry is named");
  WRONG(s.store[0].roles = 0, "battery box: roles");
  WRONG(s.supply.curtailment_count = 1, "curtailment 1: duration is 0 s; expected a time above 0");
  WRONG(s.tariff.demand_window = 0, "tariff t: demand_window");
  WRONG(s.supply.source_count = 0, "sources holds 0");
}

// --- the catalogue and a user's keys -----------------------------------------------------------------------------------------

typedef struct entries {
  clx_catalog *catalog;
  clx_arena *arena;
  clx_generator generator;
  clx_battery battery;
  clx_tariff tariff;
} entries;

static void entries_open(entries *e) {
  assert_int_equal(clx_catalog_open(NULL, &e->catalog, NULL), CLX_OK);
  e->arena = clx_arena_new();
  const clx_place none = {0, 0, 0};
  assert_int_equal(clx_catalog_read(e->catalog, "generator", "SMT-130", none, clx_catalog_schema("generator"), e->arena,
                                    &e->generator, NULL),
                   CLX_OK);
  assert_int_equal(clx_catalog_read(e->catalog, "battery", "Megapack 2 XL", none, clx_catalog_schema("battery"),
                                    e->arena, &e->battery, NULL),
                   CLX_OK);
  assert_int_equal(
      clx_catalog_read(e->catalog, "tariff", "TVA", none, clx_catalog_schema("tariff"), e->arena, &e->tariff, NULL),
      CLX_OK);
}

static void entries_close(entries *e) {
  clx_arena_free(e->arena);
  clx_catalog_close(e->catalog);
}

static void test_entries_of_the_catalogue_can_be_used(void **state) {
  (void)state;
  entries e;
  entries_open(&e);
  const char *const generator[] = {"smt-130",  "smt-130-no-scr", "lm2500xpress", "lm2500xpress-no-scr",  "tm2500",
                                   "frame-7f", "gas-engine-2.5", "diesel-2.5",   "gas-engine-2.5-no-scr"};
  const char *const battery[] = {"megapack-2", "megapack-2-xl", "megapack-2-xl-4h", "megapack-3", "megablock"};
  site s;
  for (int32_t i = 0; i < 9; i++) {
    site_make(&s);
    assert_int_equal(clx_catalog_read(e.catalog, "generator", generator[i], s.source[0].place, &clx_generator_schema,
                                      e.arena, &s.engine, NULL),
                     CLX_OK);
    assert_int_equal(clx_supply_check(&s.supply, NULL), CLX_OK);
  }
  for (int32_t i = 0; i < 5; i++) {
    site_make(&s);
    assert_int_equal(clx_catalog_read(e.catalog, "battery", battery[i], s.source[0].place, &clx_battery_schema, e.arena,
                                      &s.battery, NULL),
                     CLX_OK);
    assert_int_equal(clx_supply_check(&s.supply, NULL), CLX_OK);
  }
  // The permit of Memphis: 15 units all year at full load, 87 US tons of NOx at most.
  site_make(&s);
  s.engine = e.generator;
  s.source[1].count = 15;
  s.source[1].order = 0;
  s.source[0].order = 1;
  s.supply.store_count = 0;
  s.supply.tariff = NULL;
  clx_supply_state st;
  clx_supply_start(&s.supply, &st);
  clx_supply_step(&s.supply, &st, clx_source_power(&s.source[1]), 365 * 86400.0);
  CLX_CHECK_NEAR(clx_source_power(&s.source[1]), 247 * MW, 1e-3, 0);
  CLX_CHECK_NEAR(st.nox, 87 * 907.185, 0.05, 0);
  entries_close(&e);
}

static void refuses_spec(const clx_supply_spec *spec, const clx_generator *const *generator,
                         const clx_battery *const *battery, const clx_tariff *tariff, const char *part) {
  clx_arena *arena = clx_arena_new();
  clx_error error = {0};
  clx_supply supply;
  assert_int_equal(clx_supply_compile(spec, generator, battery, tariff, arena, &supply, &error), CLX_INPUT);
  if (strstr(error.mistake[0].text, part) == NULL) fail_msg("\"%s\" lacks \"%s\"", error.mistake[0].text, part);
  clx_arena_free(arena);
}

static void test_keys_become_a_supply(void **state) {
  (void)state;
  entries e;
  entries_open(&e);
  clx_source_spec source[2];
  clx_store_spec store;
  for (int32_t i = 0; i < 2; i++) clx_schema_default(&clx_source_spec_schema, &source[i]);
  clx_schema_default(&clx_store_spec_schema, &store);
  const char *const roles[] = {"shave", "smooth"};
  source[0].name = "north", source[0].power = 150 * MW;
  source[1].name = "gas", source[1].generator = "SMT-130", source[1].count = 4;
  store.battery = "Megapack 2 XL", store.count = 150, store.roles = roles, store.role_count = 2;
  clx_supply_spec spec = {.source = source, .source_count = 2, .store = &store, .store_count = 1};
  const clx_generator *const generator[] = {NULL, &e.generator};
  const clx_battery *const battery[] = {&e.battery};
  clx_supply supply;
  assert_int_equal(clx_supply_compile(&spec, generator, battery, &e.tariff, e.arena, &supply, NULL), CLX_OK);
  CLX_CHECK_NEAR(clx_supply_capacity(&supply, 0), 150 * MW + 4 * 16.47 * MW, 1e-12, 0);
  assert_int_equal(supply.source[1].kind, CLX_SOURCE_TURBINE);
  assert_int_equal(supply.source[1].order, 1);
  assert_int_equal(supply.store[0].roles, CLX_BATTERY_SHAVE | CLX_BATTERY_SMOOTH);
  refuses_spec(&spec, generator, battery, NULL, "'power.tariff' is missing");
  source[1].count = -1;
  refuses_spec(&spec, generator, battery, &e.tariff, "source gas: count is missing");
  source[1].count = 4, source[1].kind = CLX_SOURCE_ENGINE;
  refuses_spec(&spec, generator, battery, &e.tariff,
               "source gas: kind is engine, but generator smt-130 is of type turbine");
  source[1].kind = -1, source[0].power = -1;
  refuses_spec(&spec, generator, battery, &e.tariff, "source north: power is missing");
  source[0].power = MW, store.roles = (const char *const[]){"bridge", "shove"};
  refuses_spec(&spec, generator, battery, &e.tariff, "roles holds \"shove\"");
  entries_close(&e);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_battery_bridges_the_start_of_engines),
      cmocka_unit_test(test_engines_start_within_the_notice),
      cmocka_unit_test(test_feed_that_ends_is_foreseen),
      cmocka_unit_test(test_minimum_load_and_hold),
      cmocka_unit_test(test_fast_units_fill_in_for_slow_ones),
      cmocka_unit_test(test_fuel_follows_the_heat_rates),
      cmocka_unit_test(test_demand_charge_by_hand),
      cmocka_unit_test(test_battery_that_shaves_comes_before_engines),
      cmocka_unit_test(test_capacity_now_and_for_a_while),
      cmocka_unit_test(test_next_finds_what_changes),
      cmocka_unit_test(test_random_years_balance),
      cmocka_unit_test(test_each_step_balances),
      cmocka_unit_test(test_battery_books_under_random_cycles),
      cmocka_unit_test(test_more_battery_never_more_shortage),
      cmocka_unit_test(test_mistakes_are_named),
      cmocka_unit_test(test_entries_of_the_catalogue_can_be_used),
      cmocka_unit_test(test_keys_become_a_supply),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
