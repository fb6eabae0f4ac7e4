// Classes of sites: Student's quantiles, the censored fit against closed forms and simulated sites, leaving out by hand.
#include "check.h"

#include <math.h>
#include <string.h>

#include "buildout/buildout_site.h"
#include "chance/chance.h"

static const double DAY = 86400;

static void student_quantiles(void **state) {
  (void)state;
  // Abramowitz and Stegun, table 26.10; freedom 1 is tan, freedom 2 closed.
  static const struct {
    double freedom, p, t, within;
  } rows[] = {
      {9, 0.95, 1.833, 5e-4}, {8, 0.95, 1.860, 5e-4},  {1, 0.75, 1, 1e-11},       {2, 0.95, 2.919985580355516, 1e-11},
      {9, 0.5, 0, 0},         {8, 0.05, -1.860, 5e-4}, {1e6, 0.95, 1.64486, 1e-5}};
  for (int32_t i = 0; i < (int32_t)CLX_COUNT(rows); i++)
    CLX_CHECK_NEAR(clx_student_quantile(rows[i].freedom, rows[i].p), rows[i].t, 0, rows[i].within);
}

static void durations_are_symmetric_in_the_logarithm(void **state) {
  (void)state;
  const clx_site_class site = {.name = "a", .median = 100 * DAY, .spread = 0.3, .freedom = 9};
  const clx_site_span span = clx_site_duration(&site);
  CLX_CHECK_NEAR(span.median, 100 * DAY, 0, 0);
  CLX_CHECK_NEAR(span.high / span.median, span.median / span.low, 1e-12, 0);
  CLX_CHECK_NEAR(log(span.high / span.median), 0.3 * clx_student_quantile(9, 0.95), 1e-12, 0);
  const clx_site_class known = {.name = "b", .median = 100 * DAY, .spread = 0, .freedom = 9};
  CLX_CHECK_NEAR(clx_site_duration(&known).high, 100 * DAY, 0, 0);
}

static void finished_sites_alone_give_means(void **state) {
  (void)state;
  const clx_site_row rows[] = {{100, 0, false}, {400, 0, false}, {1000, 1, false}, {4000, 1, false}};
  clx_site_fit fit;
  clx_error error = {0};
  assert_int_equal(clx_site_fit_make(rows, 4, 2, &fit, &error), CLX_OK);
  CLX_CHECK_NEAR(fit.level[0], log(200), 1e-12, 0);
  CLX_CHECK_NEAR(fit.level[1], log(2000), 1e-12, 0);
  CLX_CHECK_NEAR(fit.sigma, log(2), 1e-12, 0);
}

// Log-likelihood of one group, for a search that shares nothing with the fit.
static double likelihood(const clx_site_row *row, int32_t count, double level, double sigma) {
  double sum = 0;
  for (int32_t i = 0; i < count; i++) {
    const double z = (log(row[i].time) - level) / sigma;
    sum += row[i].open ? log(0.5 * erfc(z / sqrt(2))) : -0.5 * z * z - log(sigma);
  }
  return sum;
}

static void unfinished_sites_are_censored(void **state) {
  (void)state;
  enum { SITES = 200 };
  clx_site_row rows[SITES];
  clx_site_fit fit, quick;
  clx_error error = {0};
  clx_stream stream = clx_stream_make(5, 0, 0, 0);
  int32_t finished = 0;
  clx_site_row seen[SITES];
  for (int32_t i = 0; i < SITES; i++) {
    const double taken = exp(6.5 + 0.4 * clx_stream_normal(&stream)), age = 300 + 600 * clx_stream_uniform(&stream);
    rows[i] = (clx_site_row){taken < age ? taken : age, 0, taken >= age};
    if (!rows[i].open) seen[finished++] = rows[i];
  }
  assert_int_equal(clx_site_fit_make(rows, SITES, 1, &fit, &error), CLX_OK);
  assert_int_equal(clx_site_fit_make(seen, finished, 1, &quick, &error), CLX_OK);
  assert_true(finished > 40 && finished < 160);
  CLX_CHECK_NEAR(fit.level[0], 6.5, 0, 3 * 0.4 / sqrt(finished));
  assert_true(quick.level[0] < 6.5 - 3 * 0.4 / sqrt(finished));  // only those that finished are the quick ones
  const double best = likelihood(rows, SITES, fit.level[0], fit.sigma);
  for (int32_t i = 0; i < 8; i++) {
    const double a = 1e-3 * cos(i * 0.785), b = 1e-3 * sin(i * 0.785);
    assert_true(likelihood(rows, SITES, fit.level[0] + a, fit.sigma + b) < best);
  }
  // A site that was seen for a day only says nothing.
  rows[SITES - 1] = (clx_site_row){1, 0, true};
  assert_int_equal(clx_site_fit_make(rows, SITES - 1, 1, &quick, &error), CLX_OK);
  assert_int_equal(clx_site_fit_make(rows, SITES, 1, &fit, &error), CLX_OK);
  CLX_CHECK_NEAR(fit.level[0], quick.level[0], 1e-9, 0);
}

static void leaving_out_by_hand(void **state) {
  (void)state;
  // ln: 0 1 2 3 after a common factor; each against the mean of the other three.
  const clx_site_row rows[] = {{exp(0), 0, false}, {exp(1), 0, false}, {exp(2), 0, false}, {exp(3), 0, false}};
  clx_site_proof proof;
  clx_error error = {0};
  assert_int_equal(clx_site_left_out(rows, 4, 1, &proof, &error), CLX_OK);
  assert_int_equal(proof.finished, 4);
  CLX_CHECK_NEAR(proof.error, (2 + 2.0 / 3 + 2.0 / 3 + 2) / 4, 1e-12, 0);
  CLX_CHECK_NEAR(proof.spread, sqrt((4 + 4.0 / 9) / 2), 1e-12, 0);
  CLX_CHECK_NEAR(proof.median_error, (2 + 1 + 1 + 2) / 4.0, 1e-12, 0);
  CLX_CHECK_NEAR(proof.width_least, 4, 1e-12, 0);
  // Of 0 (or 3): the others 1 2 3 miss one another by 1.5, 0, 1.5; of 1 (or 2): 0 2 3 by 2.5, 0.5, 2.
  const double t = clx_student_quantile(3, 0.95), outer = sqrt(4.5 / 3) * t, inner = sqrt(10.5 / 3) * t;
  CLX_CHECK_NEAR(proof.width, outer + inner, 1e-12, 0);
  CLX_CHECK_NEAR(proof.cover, 1, 0, 0);
}

static void mistakes_are_named(void **state) {
  (void)state;
  const clx_site_row open[] = {{1, 0, true}, {2, 0, true}}, two[] = {{1, 0, false}, {2, 0, false}},
                     zero[] = {{0, 0, false}, {2, 0, false}}, outside[] = {{1, 1, false}, {2, 0, false}};
  clx_site_fit fit;
  clx_site_proof proof;
  clx_error error = {0};
  assert_int_equal(clx_site_fit_make(open, 2, 1, &fit, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "0 finished sites"));
  clx_error_clear(&error);
  assert_int_equal(clx_site_left_out(two, 2, 1, &proof, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "at least 3"));
  clx_error_clear(&error);
  assert_int_equal(clx_site_fit_make(zero, 2, 1, &fit, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "site 1: a duration of 0 s"));
  clx_error_clear(&error);
  assert_int_equal(clx_site_fit_make(outside, 2, 1, &fit, &error), CLX_INPUT);
  clx_error_clear(&error);
  assert_int_equal(clx_site_fit_make(two, 2, 9, &fit, &error), CLX_INPUT);
  clx_error_clear(&error);
  assert_int_equal(clx_site_fit_make(two, 1, 1, &fit, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "expected more"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(student_quantiles),
      cmocka_unit_test(durations_are_symmetric_in_the_logarithm),
      cmocka_unit_test(finished_sites_alone_give_means),
      cmocka_unit_test(unfinished_sites_are_censored),
      cmocka_unit_test(leaving_out_by_hand),
      cmocka_unit_test(mistakes_are_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
