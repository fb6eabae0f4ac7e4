// Streams: Random123's known answers, independence, and each distribution by its moments and by Kolmogorov and Smirnov or chi-square.
// Seeds are fixed; a tolerance of 4 standard errors or a probability of 1e-4 says what a random seed would fail at.
#include "check.h"

#include "chance/chance.h"

enum { DRAWS = 20000 };
static const double KS_LIMIT = 2.225;  // of D sqrt(n), exceeded with probability 2 e^(-2 x^2) = 1e-4

// The three vectors of kat_vectors in Random123 1.09 (philox4x64, 10 rounds): counters, keys, words.
static void test_known_answers(void **state) {
  (void)state;
  static const uint64_t VECTOR[3][10] = {
      {0, 0, 0, 0, 0, 0, 0x16554d9eca36314c, 0xdb20fe9d672d0fdc, 0xd7e772cee186176b, 0x7e68b68aec7ba23b},
      {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, 0x87b092c3013fe90b, 0x438c3c67be8d0224,
       0x9cc7d7c69cd777b6, 0xa09caebf594f0ba0},
      {0x243f6a8885a308d3, 0x13198a2e03707344, 0xa4093822299f31d0, 0x082efa98ec4e6c89, 0x452821e638d01377,
       0xbe5466cf34e90c6c, 0xa528f45403e61d95, 0x38c72dbd566e9788, 0xa5a1610e72fd18b5, 0x57bd43b5e52b7fe6}};
  for (int i = 0; i < 3; i++) {
    const uint64_t *v = VECTOR[i];
    clx_stream s = {.key = {v[4], v[5]}, .counter = {v[0], v[1], v[2], v[3]}};
    for (int j = 0; j < 4; j++) assert_true(clx_stream_bits(&s) == v[6 + j]);
  }
}

// One number for 10,000 draws of each kind: the same from every compiler at every level of optimisation.
static void test_same_bits(void **state) {
  (void)state;
  clx_stream s = clx_stream_make(2026, 1, 2, 3);
  uint64_t hash = 0;
  for (int i = 0; i < 10000; i++) {
    double draw[6];
    draw[0] = clx_stream_uniform(&s);
    draw[1] = clx_stream_exponential(&s);
    draw[2] = clx_stream_normal(&s);
    draw[3] = clx_stream_gamma(&s, 3.5);
    draw[4] = (double)clx_stream_poisson(&s, 30);
    draw[5] = (double)clx_stream_below(&s, 1000);
    for (size_t k = 0; k < sizeof draw / sizeof *draw; k++) {
      uint64_t bits;
      memcpy(&bits, &draw[k], sizeof bits);
      hash = hash * 6364136223846793005u + bits;
    }
  }
  assert_int_equal(hash, UINT64_C(0xac78cc6aebc947d0));
}

// 100 streams that differ in one coordinate by one: means of products of neighbours, and no word twice.
static void test_streams_are_independent(void **state) {
  (void)state;
  enum { STREAMS = 100, LENGTH = 400 };
  for (int coordinate = 0; coordinate < 4; coordinate++) {
    static double draw[STREAMS][LENGTH];
    for (uint64_t i = 0; i < STREAMS; i++) {
      uint64_t c[4] = {7, 7, 7, 7};
      c[coordinate] += i;
      clx_stream s = clx_stream_make(c[0], c[1], c[2], c[3]);
      for (int j = 0; j < LENGTH; j++) draw[i][j] = clx_stream_uniform(&s);
    }
    double across = 0, along = 0;
    for (int i = 0; i < STREAMS - 1; i++) {
      for (int j = 0; j < LENGTH - 1; j++) {
        across += (draw[i][j] - 0.5) * (draw[i + 1][j] - 0.5);
        along += (draw[i][j] - 0.5) * (draw[i][j + 1] - 0.5);
      }
    }
    const double error = sqrt((STREAMS - 1) * (LENGTH - 1)) / 12;  // standard deviation of a product: 1/12
    CLX_CHECK_NEAR(across, 0, 0, 4 * error);
    CLX_CHECK_NEAR(along, 0, 0, 4 * error);
    static double all[STREAMS * LENGTH];
    memcpy(all, draw, sizeof all);
    clx_sort(all, STREAMS * LENGTH);
    for (int i = 1; i < STREAMS * LENGTH; i++) assert_true(all[i - 1] < all[i]);
  }
}

static void test_many_are_the_same_as_one_by_one(void **state) {
  (void)state;
  clx_stream many = clx_stream_make(5, 6, 7, 8), one = many;
  double out[300];
  for (int32_t count = 0; count < 300; count++) {
    clx_stream_exponentials(&many, out, count);
    for (int32_t i = 0; i < count; i++) assert_true(out[i] == clx_stream_exponential(&one));
    if (count % 7 == 0) assert_true(clx_stream_bits(&many) == clx_stream_bits(&one));
  }
}

// The library's own logarithm against the C library's.
static void test_exponential_is_a_logarithm(void **state) {
  (void)state;
  clx_stream s = clx_stream_make(1, 1, 1, 1), same = s;
  for (int i = 0; i < DRAWS; i++) {
    const double u = clx_stream_uniform(&s);
    assert_true(u > 0 && u < 1);
    CLX_CHECK_NEAR(clx_stream_exponential(&same), -log(u), 4e-16, 0);
  }
}

// --- distributions ----------------------------------------------------------------------------------------------------------
static double ks(double *draw, double (*cdf)(double, double), double parameter) {
  clx_sort(draw, DRAWS);
  double most = 0;
  for (int i = 0; i < DRAWS; i++) {
    const double f = cdf(parameter, draw[i]);
    most = fmax(most, fmax(f - (double)i / DRAWS, (i + 1.0) / DRAWS - f));
  }
  return most * sqrt(DRAWS);
}

static void check_moments(const double *draw, double mean, double variance, double fourth) {
  const double found = clx_mean(draw, DRAWS);
  clx_sum square = {0};
  for (int i = 0; i < DRAWS; i++) clx_sum_add(&square, (draw[i] - mean) * (draw[i] - mean));
  CLX_CHECK_NEAR(found, mean, 0, 4 * sqrt(variance / DRAWS));
  // `fourth` is the kurtosis: the variance of a square is (kurtosis - 1) variance^2.
  CLX_CHECK_NEAR(clx_sum_value(&square) / DRAWS, variance, 4 * sqrt((fourth - 1) / DRAWS), 0);
}

static double uniform_cdf(double unused, double x) {
  (void)unused;
  return x;
}
static double exponential_cdf(double mean, double x) { return -expm1(-x / mean); }
static double normal_cdf(double unused, double x) {
  (void)unused;
  return clx_normal_cdf(x);
}

static void test_continuous(void **state) {
  (void)state;
  static double draw[DRAWS];
  clx_stream s = clx_stream_make(3, 0, 0, 0);
  for (int i = 0; i < DRAWS; i++) draw[i] = clx_stream_uniform(&s);
  check_moments(draw, 0.5, 1.0 / 12, 1.8);
  assert_true(ks(draw, uniform_cdf, 0) < KS_LIMIT);
  clx_stream_exponentials(&s, draw, DRAWS);
  check_moments(draw, 1, 1, 9);
  assert_true(ks(draw, exponential_cdf, 1) < KS_LIMIT);
  for (int i = 0; i < DRAWS; i++) draw[i] = clx_stream_normal(&s);
  check_moments(draw, 0, 1, 3);
  assert_true(ks(draw, normal_cdf, 0) < KS_LIMIT);
  static const double SHAPE[] = {0.02, 0.5, 0.99, 1, 3.5, 419.5, 1e6, 1e12};
  for (size_t k = 0; k < sizeof SHAPE / sizeof *SHAPE; k++) {
    for (int i = 0; i < DRAWS; i++) draw[i] = clx_stream_gamma(&s, SHAPE[k]);
    check_moments(draw, SHAPE[k], SHAPE[k], 3 + 6 / SHAPE[k]);
    assert_true(ks(draw, clx_gamma_cdf, SHAPE[k]) < KS_LIMIT);
  }
}

// Chi-square over the values around the mean, both tails pooled.
static void check_counts(clx_stream *s, double mean) {
  enum { CELLS = 60 };
  const double spread = sqrt(mean), width = fmax(1, floor(spread / 6)), first = floor(fmax(0, mean - 4 * spread));
  int64_t found[CELLS + 2] = {0};
  clx_sum sum = {0};
  for (int i = 0; i < DRAWS; i++) {
    const double k = (double)clx_stream_poisson(s, mean);
    assert_true(k >= 0);
    clx_sum_add(&sum, k);
    const double cell = floor((k - first) / width);
    found[cell < 0 ? 0 : cell >= CELLS ? CELLS + 1 : (int)cell + 1]++;
  }
  CLX_CHECK_NEAR(clx_sum_value(&sum) / DRAWS, mean, 0, 4 * sqrt(mean / DRAWS));
  double square = 0, pooled = 0, before = 0, cells = 0;
  int64_t pool = 0;
  for (int c = 0; c < CELLS + 2; c++) {
    const double below = c == CELLS + 1 ? 1 : clx_poisson_cdf(mean, first + c * width - 1);
    pooled += DRAWS * (below - before);
    pool += found[c];
    before = below;
    if (pooled < 10 && c < CELLS + 1) continue;  // too few expected: with the next cell
    if (pooled > 0) square += ((double)pool - pooled) * ((double)pool - pooled) / fmax(pooled, 1);
    cells++;
    pooled = 0;
    pool = 0;
  }
  assert_true(clx_chi_square_tail(fmax(cells - 1, 1), square) > 1e-4);
}

static void test_poisson(void **state) {
  (void)state;
  clx_stream s = clx_stream_make(4, 0, 0, 0);
  static const double MEAN[] = {0.01, 0.7, 5, 15.9, 16.1, 60, 419, 1e4, 1e9, 1e15};
  for (size_t k = 0; k < sizeof MEAN / sizeof *MEAN; k++) check_counts(&s, MEAN[k]);
  assert_int_equal(clx_stream_poisson(&s, 0), 0);
}

static void test_below(void **state) {
  (void)state;
  clx_stream s = clx_stream_make(6, 0, 0, 0);
  enum { FACES = 7 };
  int64_t found[FACES] = {0};
  for (int i = 0; i < DRAWS; i++) found[clx_stream_below(&s, FACES)]++;
  double square = 0;
  for (int f = 0; f < FACES; f++) square += pow((double)found[f] - (double)DRAWS / FACES, 2) * FACES / DRAWS;
  assert_true(clx_chi_square_tail(FACES - 1, square) > 1e-4);
  // Just above half the range of 64 bits a remainder would favour the lower half two to one.
  const uint64_t count = (UINT64_C(1) << 63) + (UINT64_C(1) << 62);
  double low = 0;
  for (int i = 0; i < DRAWS; i++) {
    const uint64_t draw = clx_stream_below(&s, count);
    assert_true(draw < count);
    low += draw < count / 2;
  }
  CLX_CHECK_NEAR(low / DRAWS, 0.5, 0, 4 * 0.5 / sqrt(DRAWS));
  for (int i = 0; i < 100; i++) assert_true(clx_stream_below(&s, 1) == 0);
}

// --- durations --------------------------------------------------------------------------------------------------------------
static double shorter(const clx_duration *d, double time) { return 1 - clx_duration_beyond(d, time); }

static void test_durations(void **state) {
  (void)state;
  clx_stream s = clx_stream_make(8, 0, 0, 0);
  static const clx_duration DURATION[] = {
      {3240, 21300, 0},             // LANL: median 54 min, mean 355 min: sigma 1.94
      {3240, 21300, 14 * 86400.0},  // a part is replaced after two weeks
      {3240, 21300, 1000},
      {0, 500, 0},
      {0, 500, 700},
      {100, 101, 0},
  };
  for (size_t k = 0; k < sizeof DURATION / sizeof *DURATION; k++) {
    const clx_duration *d = &DURATION[k];
    static double draw[DRAWS];
    clx_sum square = {0};
    for (int i = 0; i < DRAWS; i++) {
      draw[i] = clx_duration_draw(d, &s);
      assert_true(draw[i] > 0 && (d->most == 0 || draw[i] <= d->most));
      clx_sum_add(&square, draw[i] * draw[i]);
    }
    const double mean = clx_duration_mean(d), spread = sqrt(clx_sum_value(&square) / DRAWS - mean * mean);
    CLX_CHECK_NEAR(clx_mean(draw, DRAWS), mean, 0, 4 * spread / sqrt(DRAWS));
    clx_sort(draw, DRAWS);
    double most = 0;  // up to the bound, where the rest stands
    for (int i = 0; i < DRAWS && (d->most == 0 || draw[i] < d->most); i++) {
      most = fmax(most, fabs(shorter(d, draw[i]) - (i + 0.5) / DRAWS));
    }
    assert_true(most * sqrt(DRAWS) < KS_LIMIT);
    // The mean is the integral of what is left: over the logarithm of time, by the midpoint rule.
    double area = 0;
    for (double l = log(1e-6); l < log(1e9); l += 1e-3)
      area += clx_duration_beyond(d, exp(l + 5e-4)) * exp(l + 5e-4) * 1e-3;
    CLX_CHECK_NEAR(area, mean, 1e-3, 0);
  }
  CLX_CHECK_NEAR(sqrt(2 * log(DURATION[0].mean / DURATION[0].median)), 1.94, 0.001, 0);
  const clx_duration none = {0, 0, 0}, fixed = {60, 60, 0}, cut = {60, 60, 20};
  assert_true(clx_duration_draw(&none, &s) == 0 && clx_duration_mean(&none) == 0 && clx_duration_beyond(&none, 0) == 0);
  assert_true(clx_duration_draw(&fixed, &s) == 60 && clx_duration_mean(&fixed) == 60);
  assert_true(clx_duration_beyond(&fixed, 59) == 1 && clx_duration_beyond(&fixed, 60) == 0);
  assert_true(clx_duration_draw(&cut, &s) == 20 && clx_duration_mean(&cut) == 20 && clx_duration_beyond(&cut, 20) == 0);
  assert_true(clx_duration_beyond(&DURATION[0], 0) == 1 && clx_duration_beyond(&DURATION[0], -1) == 1);
  CLX_CHECK_NEAR(clx_duration_beyond(&DURATION[0], 3240), 0.5, 1e-14, 0);
}

// --- samples ----------------------------------------------------------------------------------------------------------------
static int by_value(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void check_sort(const double *value, int32_t count) {
  double *ours = malloc(sizeof *ours * (size_t)(count + 1)), *theirs = malloc(sizeof *theirs * (size_t)(count + 1));
  assert_true(ours != NULL && theirs != NULL);
  memcpy(ours, value, sizeof *ours * (size_t)count);
  memcpy(theirs, value, sizeof *theirs * (size_t)count);
  clx_sort(ours, count);
  qsort(theirs, (size_t)count, sizeof *theirs, by_value);
  for (int32_t i = 0; i < count; i++) assert_true(ours[i] == theirs[i]);
  free(ours);
  free(theirs);
}

// Orders that make a quicksort quadratic, and ties.
static void test_sort(void **state) {
  (void)state;
  static double value[DRAWS];
  clx_stream s = clx_stream_make(9, 0, 0, 0);
  for (int32_t count = 0; count < 200; count++) {
    for (int32_t i = 0; i < count; i++) value[i] = (double)clx_stream_below(&s, 1 + (uint64_t)count / 2);
    check_sort(value, count);
  }
  for (int shape = 0; shape < 6; shape++) {
    for (int32_t i = 0; i < DRAWS; i++) {
      const double way[] = {i, -i, 1, i % 2, i < DRAWS / 2 ? i : DRAWS - i, clx_stream_uniform(&s)};
      value[i] = way[shape];
    }
    check_sort(value, DRAWS);
  }
  // Medians of three at every step next to the end: what Musser's killer sequence does.
  for (int32_t i = 0; i < DRAWS / 2; i++) {
    value[i] = i % 2 == 0 ? i + 1 : DRAWS / 2 + i + (i % 2 == 0);
    value[DRAWS / 2 + i] = 2 * (i + 1);
  }
  check_sort(value, DRAWS);
}

static void test_percentile_and_sums(void **state) {
  (void)state;
  double value[100];
  for (int i = 0; i < 100; i++) value[i] = i + 1;
  for (int p = 1; p <= 100; p++) assert_true(clx_percentile(value, 100, p / 100.0) == p);
  assert_true(clx_percentile(value, 100, 0) == 1 && clx_percentile(value, 100, 0.951) == 96 &&
              clx_percentile(value, 1, 0.5) == 1);
  const double hard[] = {1, 1e100, 1, -1e100};
  assert_true(clx_mean(hard, 4) == 0.5 && clx_mean(NULL, 0) == 0);
  clx_sum sum = {0};
  for (int i = 0; i < 1000000; i++) clx_sum_add(&sum, 0.1);
  CLX_CHECK_NEAR(clx_sum_value(&sum), 100000, 1e-15, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_known_answers),
      cmocka_unit_test(test_same_bits),
      cmocka_unit_test(test_streams_are_independent),
      cmocka_unit_test(test_many_are_the_same_as_one_by_one),
      cmocka_unit_test(test_exponential_is_a_logarithm),
      cmocka_unit_test(test_continuous),
      cmocka_unit_test(test_poisson),
      cmocka_unit_test(test_below),
      cmocka_unit_test(test_durations),
      cmocka_unit_test(test_sort),
      cmocka_unit_test(test_percentile_and_sums),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
