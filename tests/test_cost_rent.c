// Rents: the process against prices it has not seen, contracts against sums by hand.
#include "check.h"

#include "catalog/catalog.h"
#include "cost/cost_rent.h"

static clx_catalog *catalog;
static clx_arena *arena;
static clx_rent rent;

enum { HOUR = 3600 };

static void read_rent(void) {
  clx_error error = {0};
  const clx_place none = {0};
  assert_int_equal(clx_catalog_read(catalog, "rent", "h100", none, &clx_rent_schema, arena, &rent, &error), CLX_OK);
  assert_int_equal(clx_rent_check(&rent, none, &error), CLX_OK);
}

// Held-back prices of the open market: each beside the band of 5 to 95 % that the process gives for its date, sellers' noise included.
static void held_back_prices_lie_in_the_band(void **state) {
  (void)state;
  enum { PATHS = 1000, MONTHS = 60 };
  clx_error error = {0};
  clx_rent_process process;
  assert_int_equal(clx_rent_calibrate(&rent, INFINITY, &process, &error), CLX_OK);
  assert_true(process.used >= 12);
  assert_true(process.level > log(2) && process.level < log(5));
  double *price = malloc(sizeof(double) * MONTHS), *column = malloc(sizeof(double) * PATHS);
  assert_true(price != NULL && column != NULL);
  int32_t later = 0, inside = 0;
  for (int32_t i = 0; i < rent.point_count; i++) {
    const clx_rent_point *p = &rent.point[i];
    clx_rent_process known;
    // By what was known a quarter earlier.
    if (p->use != CLX_RENT_HELD || clx_rent_calibrate(&rent, p->year - 0.25, &known, &error) != CLX_OK) continue;
    const int32_t month = (int32_t)((p->year - known.year) * 12);
    const double off = 1 - clx_rent_discount(&rent, p->term);
    for (int32_t k = 0; k < PATHS; k++) {
      clx_stream seller = clx_stream_make(4, 1, (uint64_t)k, 0);
      clx_rent_path(&known, known.year, month + 1, 3, (uint64_t)k, price);
      column[k] = price[month] * off * exp(known.noise * clx_stream_normal(&seller));
    }
    const clx_cost_band band = clx_cost_band_of(column, PATHS);
    if (getenv("CLX_SHOW") != NULL)
      printf("%s %s: %.2f in %.2f %.2f %.2f\n", p->date, p->who, p->price * HOUR, band.low * HOUR, band.expected * HOUR,
             band.high * HOUR);
    later++;
    inside += p->price > band.low && p->price < band.high;
  }
  if (getenv("CLX_SHOW") != NULL)
    printf("level %g volatility %g noise %g state %g %g likelihood %g used %d\n", exp(process.level),
           process.volatility, process.noise, process.state[0], process.state[1], process.likelihood, process.used);
  // What was known in mid-2024 knows nothing of later prices, and cannot say what was before.
  clx_rent_process then;
  assert_int_equal(clx_rent_calibrate(&rent, 2024.6, &then, &error), CLX_OK);
  assert_true(then.used < process.used && then.year <= 2024.6);
  assert_int_equal(clx_rent_covers(&then, 2024.7, &error), CLX_OK);
  assert_int_equal(clx_rent_covers(&process, 2024.7, &error), CLX_INPUT);
  assert_int_equal(clx_rent_calibrate(&rent, 2023.5, &then, &error), CLX_INPUT);
  assert_int_equal(later, 6);
  assert_true(inside >= 5);
  free(price);
  free(column);
}

// A process without chance repeats its cycle; with chance the median of its paths is the median path.
static void paths_follow_the_process(void **state) {
  (void)state;
  enum { PATHS = 2001, MONTHS = 60 };
  clx_rent_process p = {.year = 2025,
                        .level = log(3),
                        .slope = -0.3,
                        .along = 0.98 * cos(2 * 3.141592653589793 / 48),
                        .across = 0.98 * sin(2 * 3.141592653589793 / 48),
                        .state = {0.2, 0.15}};
  double path[MONTHS], median[MONTHS], later[MONTHS];
  clx_rent_path(&p, 2025, MONTHS, 1, 0, path);
  clx_rent_median(&p, 2025, MONTHS, median);
  for (int32_t m = 0; m < MONTHS; m++) CLX_CHECK_NEAR(path[m], median[m], 1e-12, 0);
  CLX_CHECK_NEAR(path[0] * HOUR, 3 * exp(0.2), 1e-12, 0);
  clx_rent_median(&p, 2026, MONTHS - 12, later);
  for (int32_t m = 0; m < MONTHS - 12; m++) CLX_CHECK_NEAR(later[m], median[m + 12], 1e-12, 0);
  p.volatility = 0.05;
  p.jumps = 0.05;
  p.jump = 0.3;
  double *all = malloc(sizeof(double) * PATHS);
  assert_non_null(all);
  for (int32_t k = 0; k < PATHS; k++) {
    clx_rent_path(&p, 2025, MONTHS, 1, (uint64_t)k, path);
    all[k] = path[40];
  }
  CLX_CHECK_NEAR(clx_cost_band_of(all, PATHS).expected, median[40], 0.05, 0);
  free(all);
}

// What the filter says of data made by the process itself.
static void calibration_recovers_its_own_process(void **state) {
  (void)state;
  enum { MONTHS = 200, EACH = 3 };
  static clx_rent_point points[MONTHS * EACH];
  static char dates[MONTHS][12];
  clx_rent made = rent;
  const double damping = pow(0.5, 1 / 36.0);
  const clx_rent_process p = {.year = 2000,
                              .level = log(3),
                              .slope = -0.1,
                              .along = damping * cos(2 * 3.141592653589793 / 48),
                              .across = damping * sin(2 * 3.141592653589793 / 48),
                              .volatility = 0.04};
  double path[MONTHS];
  clx_stream noise = clx_stream_make(8, 8, 0, 0);
  clx_error error = {0};
  clx_rent_process found;
  clx_rent_path(&p, 2000, MONTHS, 21, 0, path);
  for (int32_t m = 0; m < MONTHS; m++) {
    snprintf(dates[m], sizeof dates[m], "%d-%02d", 2000 + m / 12, m % 12 + 1);
    for (int32_t k = 0; k < EACH; k++)
      points[m * EACH + k] = (clx_rent_point){
          .date = dates[m], .price = path[m] * exp(0.15 * clx_stream_normal(&noise)), .use = CLX_RENT_FIT};
  }
  made.point = points;
  made.point_count = MONTHS * EACH;
  made.slope = -0.1;
  made.jumps = 0;
  made.period = 48 * CLX_MONTH;
  made.half_life = 36 * CLX_MONTH;
  assert_int_equal(clx_rent_check(&made, (clx_place){0}, &error), CLX_OK);
  assert_int_equal(clx_rent_calibrate(&made, INFINITY, &found, &error), CLX_OK);
  CLX_CHECK_NEAR(found.volatility, 0.04, 0.25, 0);
  CLX_CHECK_NEAR(found.noise, 0.15, 0.1, 0);
  CLX_CHECK_NEAR(found.level + found.state[0], log(path[MONTHS - 1] * HOUR), 0, 0.25);
  made.point_count = 3;
  assert_int_equal(clx_rent_calibrate(&made, INFINITY, &found, &error), CLX_INPUT);
}

static void contracts_pay_what_they_say(void **state) {
  (void)state;
  enum { MONTHS = 48 };
  clx_error error = {0};
  double market[MONTHS], gpus[MONTHS], paid[MONTHS], at[] = {0, 3 * CLX_MONTH}, count[] = {1000, 4000};
  for (int32_t m = 0; m < MONTHS; m++) market[m] = (3 - 0.02 * m) / HOUR;
  clx_rent_contract c = {.at = at,
                         .at_count = 2,
                         .gpus = count,
                         .gpus_count = 2,
                         .from = 0,
                         .term = 36 * CLX_MONTH,
                         .price = 2.0 / HOUR,
                         .take_or_pay = 0.9,
                         .use = 0.5};
  const double month = 2.0 / HOUR * CLX_MONTH;
  assert_int_equal(clx_rent_run(&c, &rent, market, MONTHS, gpus, paid, &error), CLX_OK);
  CLX_CHECK_NEAR(gpus[2], 1000, 1e-9, 0);
  CLX_CHECK_NEAR(gpus[3], 4000, 1e-9, 0);
  CLX_CHECK_NEAR(gpus[36], 0, 0, 0);
  CLX_CHECK_NEAR(paid[2], 1000 * 0.9 * month, 1e-9, 0);
  CLX_CHECK_NEAR(paid[20], 4000 * 0.9 * month, 1e-9, 0);
  double before = 0, after = 0;
  for (int32_t m = 0; m < MONTHS; m++) before += paid[m];
  c.prepaid = 0.25;  // the same money, earlier
  assert_int_equal(clx_rent_run(&c, &rent, market, MONTHS, gpus, paid, &error), CLX_OK);
  for (int32_t m = 0; m < MONTHS; m++) after += paid[m];
  CLX_CHECK_NEAR(after, before, 1e-12, 0);
  assert_true(paid[0] > 5 * 1000 * 0.9 * month && paid[1] == 0);
  c.prepaid = 0;
  c.use = 1;  // all of it used: all of it paid
  assert_int_equal(clx_rent_run(&c, &rent, market, MONTHS, gpus, paid, &error), CLX_OK);
  CLX_CHECK_NEAR(paid[20], 4000 * month, 1e-9, 0);
  c.price = -1;  // by the market of the month it begins, less the discount of three years
  assert_int_equal(clx_rent_run(&c, &rent, market, MONTHS, gpus, paid, &error), CLX_OK);
  CLX_CHECK_NEAR(paid[20], 4000 * 3.0 / HOUR * (1 - rent.discount_3) * CLX_MONTH, 1e-9, 0);
  c.list = true;  // at a large cloud
  rent.list = 3;
  assert_int_equal(clx_rent_run(&c, &rent, market, MONTHS, gpus, paid, &error), CLX_OK);
  CLX_CHECK_NEAR(paid[20], 4000 * 9.0 / HOUR * (1 - rent.discount_3) * CLX_MONTH, 1e-9, 0);
  c.list = false;
  c.term = 0;  // at will: what is used, at the price of the month
  c.use = 0.5;
  assert_int_equal(clx_rent_run(&c, &rent, market, MONTHS, gpus, paid, &error), CLX_OK);
  CLX_CHECK_NEAR(paid[20], 4000 * 0.5 * market[20] * CLX_MONTH, 1e-9, 0);
  CLX_CHECK_NEAR(gpus[47], 4000, 1e-9, 0);
  // A ramp that began before the term: what is on it comes with the first day, in the middle of a month.
  c.from = 3.5 * CLX_MONTH;
  c.term = 12 * CLX_MONTH;
  at[1] = 5 * CLX_MONTH;
  assert_int_equal(clx_rent_run(&c, &rent, market, MONTHS, gpus, paid, &error), CLX_OK);
  CLX_CHECK_NEAR(gpus[2], 0, 0, 0);
  CLX_CHECK_NEAR(gpus[3], 500, 1e-9, 0);
  CLX_CHECK_NEAR(gpus[4], 1000, 1e-9, 0);
  CLX_CHECK_NEAR(gpus[5], 4000, 1e-9, 0);
  CLX_CHECK_NEAR(gpus[15], 2000, 1e-9, 0);
  CLX_CHECK_NEAR(gpus[16], 0, 0, 0);
  c.at_count = 1;
  assert_int_equal(clx_rent_run(&c, &rent, market, MONTHS, gpus, paid, &error), CLX_INPUT);
  CLX_CHECK_NEAR(clx_rent_discount(&rent, 0), 0, 0, 0);
  CLX_CHECK_NEAR(clx_rent_discount(&rent, 2 * 12 * CLX_MONTH), (rent.discount_1 + rent.discount_3) / 2, 1e-12, 0);
}

static int make(void **state) {
  (void)state;
  clx_error error = {0};
  arena = clx_arena_new();
  if (arena == NULL || clx_catalog_open(NULL, &catalog, &error) != CLX_OK) return 1;
  read_rent();
  return 0;
}

static int drop(void **state) {
  (void)state;
  clx_catalog_close(catalog);
  clx_arena_free(arena);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(held_back_prices_lie_in_the_band),
      cmocka_unit_test(paths_follow_the_process),
      cmocka_unit_test(calibration_recovers_its_own_process),
      cmocka_unit_test(contracts_pay_what_they_say),
  };
  return cmocka_run_group_tests(tests, make, drop);
}
