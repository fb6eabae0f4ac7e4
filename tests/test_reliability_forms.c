// Closed forms of reliability: every value of the published record that they are held to, to the digits printed there; limits; and direct
// solutions of the chains behind them.
#include "check.h"

#include "chance/chance.h"
#include "reliability/reliability_forms.h"

static const double HOUR = 3600, DAY = 86400;

// Fails unless `got`, rounded to the digits of `printed`, is what is printed. Ties may go either way.
static void check_printed_at(double got, const char *printed, const char *what, int line) {
  const char *point = strchr(printed, '.');
  const double half = 0.5 * pow(10, point != NULL ? -(double)strlen(point + 1) : 0), want = strtod(printed, NULL);
  if (!(fabs(got - want) <= half * (1 + 1e-6)))
    fail_msg("line %d: %s is %.9g, printed as %s", line, what, got, printed);
}
#define PRINTED(got, printed) check_printed_at((got), (printed), #got, __LINE__)

// Even in the logarithm.
static double between(clx_stream *dice, double low, double high) {
  return low * pow(high / low, clx_stream_uniform(dice));
}

static const double LLAMA = 419.0 / (2048 * 54);  // per node-day: Llama 3, 419 interruptions of 2,048 nodes in 54 days

static void test_mean_times(void **state) {
  (void)state;
  static const double GPUS[] = {1024, 16384, 100000, 131072, 200000};
  static const char *const HOURS[3][5] = {{"28.846", "1.80288", "0.29538", "0.22536", "0.14769"},
                                          {"80.128", "5.0080", "0.82051", "0.62600", "0.41026"},
                                          {"49.489", "3.09308", "0.50677", "0.38663", "0.25339"}};  // 0.253385012
  const double rate[] = {6.50e-3, 2.34e-3, LLAMA};
  for (int r = 0; r < 3; r++) {
    for (int g = 0; g < 5; g++) PRINTED(clx_mttf_series(GPUS[g] / 8, rate[r] / DAY) / HOUR, HOURS[r][g]);
  }
  // Fresh Weibull fleet; the mean life of a node at 6.5 per 1000 node-days is 3692.31 h.
  const double life = DAY / 6.5e-3;
  PRINTED(life / HOUR, "3692.31");
  PRINTED(clx_mttf_fresh(life, 2048, 0.7) / HOUR, "0.068679");
  PRINTED(clx_mttf_fresh(life, 2048, 0.78) / HOUR, "0.209895");
  PRINTED(clx_mttf_fresh(life, 2048, 1) / HOUR, "1.802885");
  PRINTED(clx_mttf_fresh(life, 2048, 1.5) / HOUR, "22.895207");
  // Failures in time of the parts of a node; its yearly share counts a year as 8,766 h.
  const double fit = 2 * 1000 + 8 * 1500 + 8 * 300 + 8 * 100 + 500 + 8 * 1000 + 200 + 8 * 2000;
  PRINTED(fit, "41900");
  PRINTED(100 * clx_fit_rate(fit) * 8766 * HOUR, "36.73");
  PRINTED(clx_mttf_series(1, clx_fit_rate(fit)) / HOUR, "23866.3");
  PRINTED(clx_mttf_series(1024, clx_fit_rate(fit)) / HOUR, "23.3070");
}

static void test_additive_ettr(void **state) {
  (void)state;
  const double rate = 6.5e-3 / DAY;
  PRINTED(clx_ettr_additive(2000 * rate, 300, HOUR, 0), "0.684028");
  PRINTED(clx_ettr_additive(2000 * rate, 300, 300, 0), "0.932292");
  static const struct {
    double rate, write;
    const char *minutes, *ettr;
  } best[] = {{6.5e-3, 300, "38.43", "0.7398"}, {1e-3, 300, "97.98", "0.8979"}, {6.5e-3, 10, "7.02", "0.9205"}};
  for (int i = 0; i < 3; i++) {
    const double failures = 1500 * best[i].rate / DAY, interval = clx_interval_young(1 / failures, best[i].write);
    PRINTED(interval / 60, best[i].minutes);
    PRINTED(clx_ettr_additive(failures, 300, interval, best[i].write), best[i].ettr);
  }
  const double large = 12500 * 2.34e-3 / DAY;
  PRINTED(clx_ettr_additive(large, 120, 120, 0), "0.939063");
  PRINTED(clx_ettr_additive(large, 120, 120, 5), "0.901500");
  PRINTED(clx_ettr_additive(large, 120, 120, 10), "0.866827");
  PRINTED(clx_ettr_additive(256 * rate, 300, HOUR, 0), "0.959556");
  PRINTED(clx_ettr_additive(512 * rate, 300, HOUR, 0), "0.919111");
}

static void test_daly_and_intervals(void **state) {
  (void)state;
  static const struct {
    double mttf, write, restart;
    const char *young, *daly, *exact, *stretch;
  } row[] = {{86400, 300, 600, "7200", "7001.389", "7001.404", "1.095764"},
             {21600, 300, 600, "3600", "3402.778", "3402.840", "1.220433"},
             {3600, 300, 600, "1469.694", "1276.498", "1276.877", "1.830681"},
             {11135.04, 20, 600, "667.384", "654.117", "654.118", "1.121228"},
             {1080, 30, 180, "254.558", "234.951", "234.964", "1.509840"}};
  for (int i = 0; i < 5; i++) {
    const double exact = clx_interval_exact(row[i].mttf, row[i].write);
    PRINTED(clx_interval_young(row[i].mttf, row[i].write), row[i].young);
    PRINTED(clx_interval_daly(row[i].mttf, row[i].write), row[i].daly);
    PRINTED(exact, row[i].exact);
    PRINTED(clx_daly_stretch(row[i].mttf, row[i].write, row[i].restart, exact), row[i].stretch);
  }
  PRINTED(clx_lost_work(1 / 11135.04, 687.4), "340.164");
  PRINTED(clx_lost_work(1 / 3600.0, 3600), "1504.884");
  PRINTED(clx_lost_work(1 / 811.3, 600), "263.355");
}

static void test_renewal_ettr(void **state) {
  (void)state;
  static const struct {
    double down;
    const char *exact, *additive;
  } row[] = {{300, "0.9166", "0.9157"}, {600, "0.8931", "0.8895"}, {1200, "0.8497", "0.8372"}};
  for (int i = 0; i < 3; i++) {
    PRINTED(clx_ettr_renewal(11135.04, row[i].down, 0, 667.4, 20), row[i].exact);
    PRINTED(clx_ettr_additive(1 / 11135.04, row[i].down, 667.4, 20), row[i].additive);
  }
}

// Exact ETTR at the best interval over GPUs, rates, writes and failure-free downtimes. "3.79" is Llama 3's 3.7887: with 3.79 eight of
// these values would differ by one in the last digit.
static void test_planner_table(void **state) {
  (void)state;
  static const double POLICY[6][2] = {{1, 60}, {1, 180}, {10, 180}, {10, 600}, {30, 600}, {60, 900}};
  const double rate[] = {2.34e-3, LLAMA, 6.50e-3};
  static const double GPUS[] = {16384, 100000, 200000};
  static const char *const MTTF[9] = {"18029", "11135", "6490", "2954", "1824", "1063", "1477", "912", "532"};
  static const char *const ETTR[9][6] = {
      {".9862", ".9797", ".9575", ".9359", ".9130", ".8768"}, {".9814", ".9710", ".9430", ".9092", ".8809", ".8325"},
      {".9735", ".9560", ".9200", ".8655", ".8302", ".7642"}, {".9548", ".9182", ".8671", ".7646", ".7183", ".6222"},
      {".9365", ".8804", ".8182", ".6764", ".6242", ".5123"}, {".9061", ".8187", ".7432", ".5556", ".4992", ".3794"},
      {".9260", ".8590", ".7916", ".6315", ".5772", ".4607"}, {".8950", ".7967", ".7176", ".5183", ".4614", ".3422"},
      {".8446", ".7022", ".6114", ".3845", ".3292", ".2217"}};
  for (int i = 0; i < 9; i++) {
    const double mttf = clx_mttf_series(GPUS[i / 3] / 8, rate[i % 3] / DAY);
    PRINTED(mttf, MTTF[i]);
    for (int p = 0; p < 6; p++) {
      const double interval = clx_interval_exact(mttf, POLICY[p][0]);
      PRINTED(clx_ettr_renewal(mttf, POLICY[p][1], 0, interval, POLICY[p][0]), ETTR[i][p]);
    }
  }
}

static void test_repair_and_spares(void **state) {
  (void)state;
  PRINTED(clx_repair_down(100, .01, .5, 2), "7.867845");
  PRINTED(clx_repair_down(2048, 6.5e-3, 1, 14), "23.562252");
  PRINTED(clx_repair_down(2048, 6.5e-3, 1, 2048), "13.226031");
  PRINTED(clx_repair_down(12500, 2.34e-3, 1, 35), "30.264131");
  static const double SPARES[4][6] = {{2048, 6.5e-3, 1, 23, 26, 29},
                                      {12500, 2.34e-3, 3, 110, 118, 125},
                                      {12500, 6.5e-3, 3, 281, 294, 305},
                                      {25000, 2.34e-3, 3, 207, 218, 227}};
  static const double ENOUGH[] = {.99, .999, .9999};
  for (int i = 0; i < 4; i++) {
    for (int j = 0; j < 3; j++) {
      const double *s = SPARES[i];
      assert_true(clx_spares_independent(s[0], s[1], 1 / s[2], ENOUGH[j]) == s[3 + j]);
    }
  }
  PRINTED(clx_spares_exhaust(100, 2, .01, .5), "4.93128");
  PRINTED(clx_spares_exhaust(2048, 20, 6.5e-3, 1), "12.3859");
  PRINTED(clx_spares_exhaust(2048, 32, 6.5e-3, 1), "20122.5");
  PRINTED(clx_spares_exhaust(12500, 50, 2.34e-3, 1), "649.162");
  static const double STANDBY[][5] = {
      {1.165e-3, 2, 2, 3, 4}, {1.2e-3, 2, 2, 3, 4}, {1.250e-3, 2, 2, 3, 4}, {1.1e-3, 1, 2, 3, 4}, {1.3e-3, 2, 2, 3, 5}};
  for (int i = 0; i < 5; i++) {
    for (int j = 0; j < 4; j++) assert_true(clx_standby(128 << j, STANDBY[i][0], .99) == STANDBY[i][1 + j]);
  }
  PRINTED(100 * clx_ettr_stall(18, 10), "44.4");
  PRINTED(100 * clx_ettr_stall(18, 3), "83.3");
}

static void test_shard_redundancy(void **state) {
  (void)state;
  PRINTED(clx_masked_failures(600, 20), "424.21");
  PRINTED(clx_masked_failures(200, 9), "105.12");
  PRINTED(clx_masked_failures(1000, 9), "439.54");
  assert_true(clx_redundancy_best(200) == 8 && clx_redundancy_best(600) == 10 && clx_redundancy_best(1000) == 10);
  PRINTED(clx_interval_masked(60, 300, 3600), "746.73");
}

// What the statistical cases expect in closed form.
static void test_expectations_of_the_record(void **state) {
  (void)state;
  // Memory errors of Delta (SC 2025): 608 GPUs of 88,768 GPU-h, 448 of 283,271.
  PRINTED(clx_mttf_series(608, 1 / (88768 * HOUR)) / HOUR, "146");
  PRINTED(clx_mttf_series(448, 1 / (283271 * HOUR)) / HOUR, "632");
  // RSC-1, all causes: 21 to 24 per 1000 node-days. 21 gives the point of 8 GPUs, 23.7 that of 1,024, 22.5 both within 12 %; at the ends
  // the other point is off by 12.6 % and 13.0 %. The infrastructure rate gives the projections.
  CLX_CHECK_NEAR(clx_mttf_series(1, 21e-3 / DAY) / DAY, 47.7, 0.002, 0);
  PRINTED(clx_mttf_series(128, 23.7e-3 / DAY) / HOUR, "7.9");
  CLX_CHECK_NEAR(clx_mttf_series(1, 22.5e-3 / DAY) / DAY, 47.7, 0.12, 0);
  CLX_CHECK_NEAR(clx_mttf_series(128, 22.5e-3 / DAY) / HOUR, 7.9, 0.12, 0);
  CLX_CHECK_NEAR(clx_mttf_series(1, 24e-3 / DAY) / DAY, 47.7, 0.13, 0);
  CLX_CHECK_NEAR(clx_mttf_series(128, 21e-3 / DAY) / HOUR, 7.9, 0.131, 0);
  PRINTED(clx_mttf_series(2048, 6.5e-3 / DAY) / HOUR, "1.8");
  PRINTED(clx_mttf_series(16384, 6.5e-3 / DAY) / HOUR, "0.23");
  // OPT-175B: two failures a day, four spares.
  PRINTED(100 * clx_poisson_tail(2, 4), "5.27");
  PRINTED(1 / clx_poisson_tail(2, 4), "19");
  // BLOOM: a failure a week, checkpoints of 40 s every 3 h.
  PRINTED(clx_lost_work(1 / (7 * DAY), 3 * HOUR) / HOUR, "1.5");
  PRINTED(100 * 40 / (3 * HOUR), "0.37");
  // 419 events: exact Poisson interval.
  double low, high;
  clx_rate_interval(419, 2048.0 * 54, 0.95, &low, &high);
  PRINTED(low * 1e3, "3.4346");
  PRINTED(high * 1e3, "4.1694");
  clx_rate_interval(0, 10, 0.95, &low, &high);
  assert_true(low == 0);
  CLX_CHECK_NEAR(high, -log(0.025) / 10, 1e-13, 0);
}

static void test_limits(void **state) {
  (void)state;
  clx_stream dice = clx_stream_make(11, 0, 0, 0);
  for (int trial = 0; trial < 300; trial++) {
    const double interval = between(&dice, 1, 1e5), write = between(&dice, 1e-3, 1e3),
                 rate = between(&dice, 1e-9, 1e-3);
    const double none = interval / (interval + write);
    CLX_CHECK_NEAR(clx_ettr_additive(0, 600, interval, write), none, 1e-15, 0);
    assert_true(clx_ettr_renewal(INFINITY, 600, 600, interval, write) == none);
    CLX_CHECK_NEAR(clx_ettr_renewal(1e17, 600, 600, interval, write), none, 1e-11, 0);
    // Nothing but lost work: of the time of one segment interval + lost * failures, failures = e^(rate interval) - 1.
    const double failures = expm1(rate * interval);
    CLX_CHECK_NEAR(clx_ettr_renewal(1 / rate, 0, 0, interval, 0),
                   interval / (interval + clx_lost_work(rate, interval) * failures), 1e-12, 0);
    // The additive form is the first order in the rate.
    const double rare = 1e-9;
    CLX_CHECK_NEAR(clx_ettr_renewal(1 / rare, 300, 0, interval, 0), clx_ettr_additive(rare, 300, interval, 0), 1e-7, 0);
    // Daly's run time is the renewal form's without a downtime.
    CLX_CHECK_NEAR(clx_daly_stretch(1e4, write, 100, interval) * clx_ettr_renewal(1e4, 0, 100, interval, write), 1,
                   1e-12, 0);
    // Shocks: the first of two exponentials, Weibull of shape 1 is exponential.
    const double parts = floor(between(&dice, 1, 1e5)), groups = floor(between(&dice, 1, 1e3)),
                 shock = between(&dice, 1e-9, 1e-3);
    CLX_CHECK_NEAR(clx_mttf_shock(parts, rate, groups, shock), 1 / (parts * rate + groups * shock), 1e-15, 0);
    CLX_CHECK_NEAR(clx_mttf_shock(parts, rate, 1, 0), clx_mttf_series(parts, rate), 1e-15, 0);
    CLX_CHECK_NEAR(clx_mttf_fresh(1 / rate, parts, 1), clx_mttf_series(parts, rate), 1e-14, 0);
    // Lost work: half the span when failures are rare, the mean time to failure when the span is long.
    CLX_CHECK_NEAR(clx_lost_work(1e-12, interval), interval / 2, 1e-6, 0);
    CLX_CHECK_NEAR(clx_lost_work(rate, 800 / rate), 1 / rate, 1e-12, 0);
    CLX_CHECK_NEAR(clx_lost_work(0.01 / interval * (1 - 1e-13), interval),
                   clx_lost_work(0.01 / interval * (1 + 1e-13), interval), 1e-12, 0);
  }
  assert_true(clx_lost_work(0, 10) == 5);
  assert_true(clx_interval_exact(1e4, 0) == 0 && clx_interval_young(1e4, 0) == 0);
  assert_true(clx_interval_daly(10, 20) == 10 && clx_interval_daly(10, 1e9) == 10);
}

// The interval of Lambert's W is where the renewal value is largest; Young's is its limit for short writes. With W itself the shortest
// writes would lose half of all digits.
static void test_exact_interval_is_best(void **state) {
  (void)state;
  clx_stream dice = clx_stream_make(12, 0, 0, 0);
  for (int trial = 0; trial < 1000; trial++) {
    const double mttf = between(&dice, 10, 1e7), write = mttf * between(&dice, 1e-7, 20);
    const double best = clx_interval_exact(mttf, write), down = between(&dice, 1, 1e4), restart = 0.1 * mttf;
    const double there = clx_ettr_renewal(mttf, down, restart, best, write);
    for (double step = 1e-3; step < 0.9; step *= 3) {
      assert_true(clx_ettr_renewal(mttf, down, restart, best * (1 - step), write) <= there);
      assert_true(clx_ettr_renewal(mttf, down, restart, best * (1 + step), write) <= there);
    }
    CLX_CHECK_NEAR(best, mttf * (1 + clx_lambert_w(-exp(-write / mttf - 1))), 1e-7, 0);
    // Its equation, in t = best / mttf: (1 - t) e^t = e^(-write / mttf).
    if (write < 5 * mttf) CLX_CHECK_NEAR(log1p(-best / mttf) + best / mttf, -write / mttf, 1e-8, 0);
  }
  for (double write = 1e-14; write < 1e-6; write *= 10) {
    const double young = clx_interval_young(1, write);
    CLX_CHECK_NEAR(clx_interval_exact(1, write), young * (1 - young / 3 + young * young / 36), 1e-9, 0);
  }
}

static void test_monotone(void **state) {
  (void)state;
  clx_stream dice = clx_stream_make(13, 0, 0, 0);
  for (int trial = 0; trial < 500; trial++) {
    const double mttf = between(&dice, 100, 1e6), down = between(&dice, 1, 1e4), restart = between(&dice, 1, 1e3);
    const double interval = between(&dice, 1, 1e4), write = between(&dice, 0.01, 100), more = 1.01;
    const double ettr = clx_ettr_renewal(mttf, down, restart, interval, write);
    assert_true(ettr >= 0 && ettr <= 1);
    if (ettr == 0) continue;  // below a double
    assert_true(clx_ettr_renewal(mttf * more, down, restart, interval, write) > ettr);
    assert_true(clx_ettr_renewal(mttf, down * more, restart, interval, write) < ettr);
    assert_true(clx_ettr_renewal(mttf, down, restart * more, interval, write) < ettr);
    assert_true(clx_ettr_renewal(mttf, down, restart, interval, write * more) < ettr);
    // Exposed to failures a restart costs more than the same time without.
    assert_true(clx_ettr_renewal(mttf, down, restart, interval, write) <
                clx_ettr_renewal(mttf, down + restart, 0, interval, write));
    const double n = floor(between(&dice, 2, 500)), fail = between(&dice, 1e-4, 1), crews = floor(between(&dice, 1, n));
    const double out = clx_repair_down(n, fail, 1, crews);
    assert_true(out > 0 && out < n);
    assert_true(clx_repair_down(n, fail * more, 1, crews) > out && clx_repair_down(n, fail, more, crews) < out);
    assert_true(clx_repair_down(n, fail, 1, crews + 1) <= out * (1 + 1e-12));
    assert_true(clx_spares_exhaust(n, 3, fail, 1) < clx_spares_exhaust(n, 4, fail, 1));
  }
}

// Expected time of a segment by adding up over the number of failures; the work lost by each from the integral of its density.
static double lost_by_integral(double mttf, double span) {
  enum { STEPS = 2000 };  // Simpson
  double sum = 0;
  for (int i = 0; i <= STEPS; i++) {
    const double t = span * i / STEPS, weight = i == 0 || i == STEPS ? 1 : i % 2 ? 4 : 2;
    sum += weight * t * exp(-t / mttf) / mttf;
  }
  return sum * span / STEPS / 3 / -expm1(-span / mttf);
}

static void test_renewal_against_sum(void **state) {
  (void)state;
  clx_stream dice = clx_stream_make(14, 0, 0, 0);
  for (int trial = 0; trial < 200; trial++) {
    const double mttf = between(&dice, 100, 1e5), down = between(&dice, 1, 1e4),
                 restart = mttf * between(&dice, 1e-3, 1);
    const double interval = mttf * between(&dice, 1e-3, 2), write = mttf * between(&dice, 1e-4, 0.5);
    // From a failure until the job runs: n failed restarts, each after a downtime.
    const double holds = exp(-restart / mttf), lost = lost_by_integral(mttf, restart);
    double back = 0, chance = 1;
    for (int n = 0; n < 2000; n++, chance *= 1 - holds) back += chance * (down + (1 - holds) * lost + holds * restart);
    const double segment = interval + write, passes = exp(-segment / mttf), gone = lost_by_integral(mttf, segment);
    double time = 0;
    chance = 1;
    for (int n = 0; n < 2000; n++, chance *= 1 - passes)
      time += chance * ((1 - passes) * (gone + back) + passes * segment);
    CLX_CHECK_NEAR(clx_ettr_renewal(mttf, down, restart, interval, write), interval / time, 1e-9, 0);
    CLX_CHECK_NEAR(clx_lost_work(1 / mttf, segment), gone, 1e-9, 0);
  }
}

enum { STATES = 16 };

// Gauss with pivots.
static void solve(double a[STATES][STATES], double *b, int n) {
  for (int c = 0; c < n; c++) {
    int pivot = c;
    for (int r = c + 1; r < n; r++) pivot = fabs(a[r][c]) > fabs(a[pivot][c]) ? r : pivot;
    for (int k = 0; k < n; k++) {
      const double held = a[c][k];
      a[c][k] = a[pivot][k];
      a[pivot][k] = held;
    }
    const double held = b[c];
    b[c] = b[pivot];
    b[pivot] = held;
    for (int r = c + 1; r < n; r++) {
      const double factor = a[r][c] / a[c][c];
      for (int k = c; k < n; k++) a[r][k] -= factor * a[c][k];
      b[r] -= factor * b[c];
    }
  }
  for (int r = n - 1; r >= 0; r--) {
    for (int k = r + 1; k < n; k++) b[r] -= a[r][k] * b[k];
    b[r] /= a[r][r];
  }
}

// Balance of every state, and all shares adding up to 1.
static void test_machine_repair_against_balance(void **state) {
  (void)state;
  clx_stream dice = clx_stream_make(15, 0, 0, 0);
  for (int trial = 0; trial < 300; trial++) {
    const int n = 1 + (int)clx_stream_below(&dice, STATES - 1),
              crews = 1 + (int)clx_stream_below(&dice, (uint64_t)n + 2);
    const double fail = between(&dice, 1e-2, 1e2), repair = between(&dice, 1e-2, 1e2);
    double a[STATES][STATES] = {{0}}, share[STATES] = {0};
    for (int k = 0; k <= n; k++) {
      const double up = (n - k) * fail, down = (k < crews ? k : crews) * repair;
      a[k][k] -= up + down;
      if (k < n) a[k + 1][k] += up;
      if (k > 0) a[k - 1][k] += down;
    }
    for (int k = 0; k <= n; k++) a[n][k] = 1;
    share[n] = 1;
    solve(a, share, n + 1);
    double mean = 0, above = 1;
    for (int k = 0; k <= n; k++) {
      mean += k * share[k];
      above -= share[k];
      CLX_CHECK_NEAR(clx_repair_down_tail(n, fail, repair, crews, k), above, 0, 1e-11);
    }
    CLX_CHECK_NEAR(clx_repair_down(n, fail, repair, crews), mean, 1e-9, 0);
  }
  // A crew for each: every machine for itself.
  CLX_CHECK_NEAR(clx_repair_down(1e6, 1e-3, 2, 1e6), 1e6 * 1e-3 / 2.001, 1e-12, 0);
  for (double k = 0; k < 200; k += 13) {
    CLX_CHECK_NEAR(clx_repair_down_tail(2000, 0.03, 1, 2000, k), 1 - clx_binomial_cdf(2000, 0.03 / 1.03, k), 0, 1e-12);
  }
  assert_true(clx_repair_down(50, 0, 1, 3) == 0);
}

// Expected time to absorption: (all leaving rates) h_k - (rates to j) h_j = 1.
static void test_exhausted_spares_against_chain(void **state) {
  (void)state;
  clx_stream dice = clx_stream_make(16, 0, 0, 0);
  for (int trial = 0; trial < 300; trial++) {
    const int spares = (int)clx_stream_below(&dice, 8), n = 1 + (int)clx_stream_below(&dice, 30);
    const double fail = between(&dice, 0.3, 3), repair = between(&dice, 0.3, 3);
    double a[STATES][STATES] = {{0}}, time[STATES];
    for (int k = 0; k <= spares; k++) {
      const double up = (n + spares - k) * fail;
      a[k][k] = up + k * repair;
      if (k < spares) a[k][k + 1] = -up;
      if (k > 0) a[k][k - 1] = -k * repair;
      time[k] = 1;
    }
    solve(a, time, spares + 1);
    CLX_CHECK_NEAR(clx_spares_exhaust(n, spares, fail, repair), time[0], 1e-7, 0);
  }
}

static void test_fewest_spares(void **state) {
  (void)state;
  clx_stream dice = clx_stream_make(17, 0, 0, 0);
  for (int trial = 0; trial < 300; trial++) {
    const double n = floor(between(&dice, 1, 3000)), fail = between(&dice, 1e-5, 0.5),
                 p = 1 - between(&dice, 1e-6, 0.5);
    const double s = clx_spares_independent(n, fail, 1, p), q = fail / (1 + fail);
    assert_true(clx_binomial_cdf(n + s, q, s) >= p && (s == 0 || clx_binomial_cdf(n + s - 1, q, s - 1) < p));
  }
}

static void test_forms_by_name(void **state) {
  (void)state;
  static const double ARGUMENT[CLX_FORM_ARGUMENTS_MAX] = {2, 1, 1, 1, 1};  // p and quantile need less than 1
  double value;
  clx_error error = {0};
  int count = 0;
  for (const clx_form *form; (form = clx_form_at(count)) != NULL; count++) {
    assert_true(form->doc != NULL && form->result_unit != NULL);
    int32_t n = 0;
    double a[CLX_FORM_ARGUMENTS_MAX];
    for (; form->argument[n] != NULL; n++) {
      assert_non_null(form->unit[n]);
      const bool share = strcmp(form->argument[n], "p") == 0 || strcmp(form->argument[n], "quantile") == 0 ||
                         strcmp(form->argument[n], "confidence") == 0;
      a[n] = share ? 0.5 : ARGUMENT[n];
    }
    assert_int_equal(clx_form_evaluate(form->name, a, n, &value, &error), CLX_OK);
    assert_true(isfinite(value));
    assert_int_equal(clx_form_evaluate(form->name, a, n + 1, &value, &error), CLX_INPUT);
    for (int32_t i = 0; i < n; i++) {
      static const double WRONG[] = {-1, NAN, INFINITY, -INFINITY};
      for (int w = 0; w < 4; w++) {
        const double held = a[i];
        a[i] = WRONG[w];
        clx_error mistake = {0};
        assert_int_equal(clx_form_evaluate(form->name, a, n, &value, &mistake), CLX_INPUT);
        assert_non_null(strstr(mistake.mistake[0].text, form->argument[i]));
        a[i] = held;
      }
    }
  }
  assert_null(clx_form_at(count));
  assert_null(clx_form_at(-1));
  assert_int_equal(clx_form_evaluate("ettr_renewal", (double[]){11135.04, 600, 0, 667.4, 20}, 5, &value, &error),
                   CLX_OK);
  CLX_CHECK_NEAR(value, clx_ettr_renewal(11135.04, 600, 0, 667.4, 20), 0, 0);
  assert_int_equal(clx_form_evaluate("rate_high", (double[]){419, 2048 * 54 * 86400.0, 0.95}, 3, &value, &error),
                   CLX_OK);
  PRINTED(value * 86400e3, "4.1694");
  clx_error near = {0};
  assert_int_equal(clx_form_evaluate("ettr_renewl", ARGUMENT, 5, &value, &near), CLX_INPUT);
  assert_non_null(strstr(near.mistake[0].text, "did you mean 'ettr_renewal'"));
  clx_error range = {0};
  assert_int_equal(clx_form_evaluate("interval_young", (double[]){-3, 1}, 2, &value, &range), CLX_INPUT);
  assert_string_equal(range.mistake[0].text, "interval_young: mttf is -3 s, expected a number above 0");
  clx_error beyond = {0};
  assert_int_equal(clx_form_evaluate("daly_stretch", (double[]){1, 1, 1, 1000}, 4, &value, &beyond), CLX_INPUT);
  assert_non_null(strstr(beyond.mistake[0].text, "exceeds the range"));
  assert_int_equal(clx_form_evaluate("repair_down", (double[]){10.5, 1, 1, 1}, 4, &value, &error), CLX_INPUT);
}

// Whatever the arguments, from 1e-200 to 1e200: a finite number, or a mistake by name.
static void test_forms_never_leave_the_numbers(void **state) {
  (void)state;
  clx_stream dice = clx_stream_make(18, 0, 0, 0);
  int answered = 0;
  uint64_t forms = 0;
  while (clx_form_at((int32_t)forms) != NULL) forms++;
  for (int trial = 0; trial < 20000; trial++) {
    const clx_form *form = clx_form_at((int32_t)clx_stream_below(&dice, forms));
    double a[CLX_FORM_ARGUMENTS_MAX], value = NAN;
    int32_t n = 0;
    for (; form->argument[n] != NULL; n++) {
      const double wild = between(&dice, 1e-200, 1e200), tame = between(&dice, 1e-3, 1e3);
      const double choice[] = {wild, tame, floor(tame), floor(tame), clx_stream_uniform(&dice), 0, 1, 1 - 1e-16};
      a[n] = choice[clx_stream_below(&dice, 8)];
    }
    clx_error error = {0};
    const clx_status status = clx_form_evaluate(form->name, a, n, &value, &error);
    if (status == CLX_OK) {
      assert_true(isfinite(value));
      answered++;
    } else {
      assert_int_equal(status, CLX_INPUT);
      assert_int_equal(error.count, 1);
    }
  }
  assert_true(answered > 4000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_mean_times),
      cmocka_unit_test(test_additive_ettr),
      cmocka_unit_test(test_daly_and_intervals),
      cmocka_unit_test(test_renewal_ettr),
      cmocka_unit_test(test_planner_table),
      cmocka_unit_test(test_repair_and_spares),
      cmocka_unit_test(test_shard_redundancy),
      cmocka_unit_test(test_expectations_of_the_record),
      cmocka_unit_test(test_limits),
      cmocka_unit_test(test_exact_interval_is_best),
      cmocka_unit_test(test_monotone),
      cmocka_unit_test(test_renewal_against_sum),
      cmocka_unit_test(test_machine_repair_against_balance),
      cmocka_unit_test(test_exhausted_spares_against_chain),
      cmocka_unit_test(test_fewest_spares),
      cmocka_unit_test(test_forms_by_name),
      cmocka_unit_test(test_forms_never_leave_the_numbers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
