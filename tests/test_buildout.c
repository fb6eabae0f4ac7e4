// Buildouts without chance: dates in closed form, the least of needs against steps of time, plans under crews, what is said of bad input.
#include "buildout_rig.h"

#include "buildout/buildout_curve.h"
#include "chance/chance.h"

static const clx_buildout_cohort SMALL = {"small", 6400, 64, 1000, 900};

static double days(double seconds) { return seconds / RIG_DAY; }

static void chain_is(const clx_buildout_chain *c, const char *wanted) {
  char text[512] = "";
  for (int32_t k = 0; k < c->count; k++) {
    if (k > 0) strcat(text, " > ");
    strcat(text, c->link[k].name);
    assert_true(c->link[k].from <= c->link[k].to);
    if (k > 0) CLX_CHECK_NEAR(c->link[k - 1].to, c->link[k].from, 0, 1);  // s: what ends lets the next begin
  }
  assert_string_equal(text, wanted);
}

// --- closed forms ------------------------------------------------------------------------------------------------------------------------

// A hall after 10 days, 10 racks a day, 3 days of bring-up.
static void test_one_work_and_a_rate(void **state) {
  (void)state;
  buildout_rig r;
  rig_begin(&r, &SMALL, 1);
  const clx_buildout_result o = rig_run(&r,
                                        "start: 2024-04-24\nhorizon: 40 days\nfirst: 640 GPUs\n"
                                        "works: [{name: hall, duration: 10 days, gives: {room: \"6,400 GPUs\"}}]\n"
                                        "install: {rate: 10 racks/day}\nbring_up: {time: 3 days}\nby: [2024-05-12]\n",
                                        0);
  CLX_CHECK_NEAR(days(o.full_capacity.plain), 23, 0, 1e-9);
  CLX_CHECK_NEAR(days(o.first_training.plain), 14, 0, 1e-9);
  for (int32_t d = 0; d <= 40; d++) assert_float_equal(o.series.plain[d], fmin(fmax(640.0 * (d - 13), 0), 6400), 1e-6);
  CLX_CHECK_NEAR(o.series.gpu_days[23], 6400 * 10 / 2.0, 0, 1e-6);
  CLX_CHECK_NEAR(o.by[0].gpus.plain, 640 * 5, 0, 1e-6);
  CLX_CHECK_NEAR(o.by[0].gpu_days.plain, 640 * 5 * 5 / 2.0, 0, 1e-6);
  chain_is(&o.full_chain, "hall > installation > bring-up");
  chain_is(&o.first_chain, "hall > installation > bring-up");
  assert_int_equal(o.series.cause[5], CLX_BUILDOUT_ROOM);
  assert_int_equal(o.series.cause[15], CLX_BUILDOUT_INSTALL);
  assert_int_equal(o.series.cause[21], CLX_BUILDOUT_BRING_UP);
  assert_int_equal(o.series.cause[23], CLX_BUILDOUT_DONE);
  assert_false(o.planned);
  rig_end(&r);
}

// Of what starts at once, 1 - f^(k + 1) is through after k repairs; the last round is the first in which all 100 racks are with a chance of a half.
static void test_infant_mortality(void **state) {
  (void)state;
  buildout_rig r;
  rig_begin(&r, &SMALL, 1);
  const double f = 0.2;
  const clx_buildout_result o =
      rig_run(&r, "start: 2024-04-24\nhorizon: 60 days\nbring_up: {time: 2 days, failed: 20 %, repair: 1 day}\n", 0);
  int32_t last = 0;
  while (pow(1 - pow(f, last + 1), 100) < 0.5) last++;
  assert_int_equal(last, 3);
  for (int32_t d = 0; d <= 60; d++) {
    const int32_t through = d < 2 ? -1 : (d - 2) / 3;
    const double share = through >= last ? 1 : 1 - pow(f, through + 1);
    CLX_CHECK_NEAR(o.series.plain[d], 6400 * share, 0, 1e-6);
  }
  CLX_CHECK_NEAR(days(o.full_capacity.plain), 2 + 3 * last, 0, 1e-9);
  rig_end(&r);
}

// The rate is one of racks: 64 GPUs a rack at first, then 72.
static void test_cohorts(void **state) {
  (void)state;
  const clx_buildout_cohort fleet[] = {{"h100", 6400, 64, 1000, 900}, {"gb200", 7200, 72, 2000, 1800}};
  buildout_rig r;
  rig_begin(&r, fleet, 2);
  const clx_buildout_result o =
      rig_run(&r,
              "start: 2024-04-24\nhorizon: 60 days\ninstall: {rate: 10 racks/day}\n"
              "power: [{from: 2024-04-24, power: 10.4 MW}, {from: 2024-06-01, power: 30 MW}]\n",
              0);
  CLX_CHECK_NEAR(o.series.plain[10], 6400, 0, 1e-6);
  CLX_CHECK_NEAR(o.series.plain[11], 6400 + 720, 0, 1e-6);
  CLX_CHECK_NEAR(o.series.plain[30], 6400 + 4e6 / 2000, 0, 1e-6);
  assert_int_equal(o.series.cause[30], CLX_BUILDOUT_POWER);
  CLX_CHECK_NEAR(days(o.full_capacity.plain), 38, 0, 1e-9);
  chain_is(&o.full_chain, "power 30 MW");
  CLX_CHECK_NEAR(clx_buildout_watts(r.b, 8400), 6.4e6 + 4e6, 0, 1e-3);
  rig_end(&r);
}

// In whole pods of 2,000: the last one is of 400.
static void test_waves(void **state) {
  (void)state;
  buildout_rig r;
  rig_begin(&r, &SMALL, 1);
  const clx_buildout_result o =
      rig_run(&r,
              "start: 2024-04-24\nhorizon: 30 days\nfirst: \"2,500 GPUs\"\nwave: \"2,000 GPUs\"\n"
              "install: {rate: 10 racks/day}\nby: [2024-05-14]\n",
              0);
  CLX_CHECK_NEAR(days(o.first_training.plain), 4000.0 / 640, 0, 1e-9);
  CLX_CHECK_NEAR(o.series.plain[6], 2000, 0, 1e-9);
  CLX_CHECK_NEAR(days(o.full_capacity.plain), 10, 0, 1e-9);
  double area = 6400 * 10;
  for (int32_t k = 1; k <= 3; k++) area += 2000 * (10 - 2000.0 * k / 640);
  CLX_CHECK_NEAR(o.by[0].gpu_days.plain, area, 0, 1e-6);
  CLX_CHECK_NEAR(o.series.gpu_days[20], area, 0, 1e-6);
  rig_end(&r);
}

// Turbines that fail take GPUs from use, and give them back at once.
static void test_a_loss(void **state) {
  (void)state;
  buildout_rig r;
  rig_begin(&r, &SMALL, 1);
  const clx_buildout_result o = rig_run(
      &r,
      "start: 2024-04-24\nhorizon: 60 days\npower: [{from: 2024-04-24, power: 6.4 MW}]\nbring_up: {time: 2 days}\n"
      "events: [{name: fire, on: capacity, at: 2024-05-14, lasts: 5 days, loses: {power: 4 MW}}]\n",
      0);
  CLX_CHECK_NEAR(o.series.plain[19], 6400, 0, 1e-9);
  CLX_CHECK_NEAR(o.series.plain[20], 2400, 0, 1e-9);
  assert_int_equal(o.series.cause[22], CLX_BUILDOUT_POWER);
  CLX_CHECK_NEAR(o.series.idle[22], 4000, 0, 1e-9);
  CLX_CHECK_NEAR(o.series.plain[25], 6400, 0, 1e-9);
  rig_end(&r);
}

// The installers are away at weekends, and one half of them from a date on.
static void test_installers(void **state) {
  (void)state;
  buildout_rig r;
  rig_begin(&r, &SMALL, 1);
  clx_buildout_result o = rig_run(&r,  // 2024-04-24 is a Wednesday
                                  "start: 2024-04-24\nhorizon: 60 days\ncalendars: [{name: week, days: 5}]\n"
                                  "install: {rate: 10 racks/day, calendar: week}\n",
                                  0);
  CLX_CHECK_NEAR(o.series.plain[3], 1920, 0, 1e-6);
  CLX_CHECK_NEAR(o.series.plain[5], 1920, 0, 1e-6);
  CLX_CHECK_NEAR(days(o.full_capacity.plain), 14, 0, 1e-9);
  o = rig_run(&r,
              "start: 2024-04-24\nhorizon: 60 days\n"
              "install: {rate: 10 racks/day, from: 2024-04-26, steps: [{from: 2024-04-28, share: 50 %}]}\n",
              0);
  CLX_CHECK_NEAR(days(o.full_capacity.plain), 2 + 2 + 16, 0, 1e-9);
  o = rig_run(&r,
              "start: 2024-04-24\nhorizon: 60 days\ninstall: {rate: 10 racks/day}\n"
              "events: [{name: strike, on: install, at: 2024-04-26, share: 50 %, lasts: 4 days}]\n",
              0);
  CLX_CHECK_NEAR(days(o.full_capacity.plain), 2 + 4 + 6, 0, 1e-9);
  rig_end(&r);
}

static void fill_weeks(const void *of, int32_t replica, double *gpus) {
  (void)replica;
  const int32_t *weeks = of;
  for (int32_t k = 0; k < 8; k++) gpus[k] = k + 1 < *weeks ? 800.0 * (k + 1) : 6400;
}

static void test_deliveries(void **state) {
  (void)state;
  buildout_rig r;
  rig_begin(&r, &SMALL, 1);
  clx_buildout_result o =
      rig_run(&r,
              "start: 2024-04-24\nhorizon: 60 days\ndeliveries: [{from: 2024-05-04, gpus: \"3,200 GPUs\"}, "
              "{from: 2024-05-10, until: 2024-05-20, gpus: \"3,200 GPUs\"}]\nbring_up: {time: 1 day}\n"
              "events: [{name: late, on: deliveries, at: 2024-05-15, delay: 7 days}]\n",
              0);
  CLX_CHECK_NEAR(o.series.plain[11], 3200, 0, 1e-6);
  CLX_CHECK_NEAR(o.series.plain[22], 4800, 0, 1e-6);
  CLX_CHECK_NEAR(o.series.plain[28], 4800, 0, 1e-6);  // stands still from day 21 + 1 to 28 + 1
  CLX_CHECK_NEAR(days(o.full_capacity.plain), 34, 0, 1e-9);
  assert_int_equal(o.series.cause[24], CLX_BUILDOUT_DELIVERY);
  chain_is(&o.full_chain, "delivery of 3,200 GPUs > bring-up");
  int32_t weeks = 8;
  r.input.source = (clx_buildout_source){fill_weeks, &weeks, 14 * RIG_DAY, 7 * RIG_DAY, 8};
  o = rig_run(&r, "start: 2024-04-24\nhorizon: 100 days\n", 0);
  CLX_CHECK_NEAR(o.series.plain[14 + 10], 800 * 10 / 7.0, 0, 1e-6);
  CLX_CHECK_NEAR(days(o.full_capacity.plain), 14 + 56, 0, 1e-9);
  chain_is(&o.full_chain, "deliveries");
  rig_end(&r);
}

// --- works -------------------------------------------------------------------------------------------------------------------------------

static void test_links(void **state) {
  (void)state;
  buildout_rig r;
  rig_begin(&r, &SMALL, 1);
  const clx_buildout_result o =
      rig_run(&r,
              "start: 2024-04-24\nhorizon: 200 days\nworks:\n"
              "  - {name: permit, duration: 20 days}\n"
              "  - {name: steel work, duration: 30 days, after: permit SS+5 days}\n"
              "  - {name: roof, duration: 10 days, after: [steel work FF + 2 days, permit]}\n"
              "  - {name: power, duration: 12 hours, after: \"roof - 2 days\", gives: {power: 7 MW}}\n",
              0);
  CLX_CHECK_NEAR(days(o.work[1].start), 5, 0, 1e-9);
  CLX_CHECK_NEAR(days(o.work[2].finish), 37, 0, 1e-9);
  CLX_CHECK_NEAR(days(o.work[3].finish), 35.5, 0, 1e-9);
  CLX_CHECK_NEAR(days(o.full_capacity.plain), 35.5, 0, 1e-9);
  assert_int_equal(o.full_chain.count, 4);
  assert_string_equal(o.full_chain.link[0].name, "permit");
  assert_string_equal(o.full_chain.link[1].name, "steel work");
  rig_end(&r);
}

// One crew for two works: one waits for the other; a transformer that comes late; a calendar.
static void test_a_plan(void **state) {
  (void)state;
  buildout_rig r;
  rig_begin(&r, &SMALL, 1);
  clx_buildout_result o = rig_run(
      &r,
      "start: 2024-04-24\nhorizon: 200 days\ncrews: [{name: electricians, count: 40}]\nworks:\n"
      "  - {name: hall, duration: 10 days, uses: [{of: electricians, count: 30}], gives: {room: \"6,400 GPUs\"}}\n"
      "  - {name: yard, duration: 20 days, uses: [{of: electricians, count: 20}], gives: {power: 6.4 MW}}\n",
      0);
  assert_true(o.planned && o.plan.proved);
  CLX_CHECK_NEAR(days(o.full_capacity.plain), 30, 0, 1e-9);
  assert_int_equal(o.full_chain.count, 2);
  o = rig_run(
      &r,
      "start: 2024-04-24\nhorizon: 200 days\nstocks: [{name: transformers, arrivals: [{at: 2024-06-03, count: 2}]}]\n"
      "works:\n  - {name: yard, duration: 5 days, uses: [{of: transformers, count: 2}], gives: {power: 6.4 MW}}\n",
      0);
  CLX_CHECK_NEAR(days(o.full_capacity.plain), 45, 0, 1e-9);
  chain_is(&o.full_chain, "arrival of transformers > yard");
  o = rig_run(&r,
              "start: 2024-04-24\nhorizon: 200 days\ncalendars: [{name: shift, days: 5, opens: 8 h, closes: 16 h}]\n"
              "works: [{name: yard, duration: 40 hours, calendar: shift, gives: {power: 6.4 MW}}]\n",
              0);
  CLX_CHECK_NEAR(days(o.full_capacity.plain), 6 + 16 / 24.0, 0, 1e-9);  // Wednesday to Tuesday
  o = rig_run(&r,
              "start: 2024-04-24\nhorizon: 200 days\ncrews: [{name: men, count: 2}]\nworks:\n"
              "  - name: yard\n    gives: {power: 6.4 MW}\n    modes:\n"
              "      - {duration: 30 days, uses: [{of: men, count: 1}]}\n"
              "      - {duration: 20 days, uses: [{of: men, count: 2}]}\n",
              0);
  assert_int_equal(o.work[0].mode, 1);
  CLX_CHECK_NEAR(days(o.full_capacity.plain), 20, 0, 1e-9);
  rig_end(&r);
}

// --- against steps of time ---------------------------------------------------------------------------------------------------------------

enum { STEPS_A_DAY = 4, CASE_DAYS = 90, CASE_STEPS = STEPS_A_DAY * CASE_DAYS };

typedef struct sketch {
  double need[CLX_BUILDOUT_NEEDS][4];  // GPUs from day[] on
  int32_t day[CLX_BUILDOUT_NEEDS][4];
  double rate[2];  // racks/day, from shift_day on the second
  int32_t shift_day, lot_day[3], lot_until[3];
  double lot[3];
  int32_t burn_in, repair;  // steps
  double failed;
} sketch;

static sketch draw_case(clx_stream *s) {
  sketch k = {.rate = {2 + (double)clx_stream_below(s, 10), 0}, .shift_day = 20 + (int32_t)clx_stream_below(s, 20)};
  k.rate[1] = k.rate[0] * (double)(1 + clx_stream_below(s, 4)) / 4;
  for (int32_t n = 0; n < CLX_BUILDOUT_NEEDS; n++) {
    int32_t day = 0;
    for (int32_t j = 0; j < 4; j++) {
      k.day[n][j] = day += 1 + (int32_t)clx_stream_below(s, 14);
      k.need[n][j] = j == 3 ? 6400 : 100 * (double)clx_stream_below(s, 65);
    }
  }
  for (int32_t j = 0; j < 3; j++) {
    k.lot_day[j] = 1 + (int32_t)clx_stream_below(s, 30);
    k.lot_until[j] = k.lot_day[j] + (int32_t)clx_stream_below(s, 3) * 5;
    k.lot[j] = j == 2 ? 6400 - k.lot[0] - k.lot[1] : 100 * (double)(1 + clx_stream_below(s, 30));
  }
  k.burn_in = (int32_t)clx_stream_below(s, 20);
  k.repair = (int32_t)clx_stream_below(s, 8);
  k.failed = (double)clx_stream_below(s, 4) / 10;
  return k;
}

static void write_date(clx_buffer *out, const char *key, int32_t day) {  // days from 2024-04-24
  static const int32_t LENGTH[] = {30, 31, 30, 31, 31};
  int32_t month = 4, date = 24 + day;
  for (; date > LENGTH[month - 4]; month++) date -= LENGTH[month - 4];
  clx_buffer_format(out, "%s: 2024-%02d-%02d", key, month, date);
}

static void write_case(const sketch *k, clx_buffer *out) {
  static const char *const NAME[] = {"room", "power", "cooling", "network"},
                           *const KEY[] = {"gpus", "power", "heat", "gpus"},
                           *const UNIT[] = {"GPUs", "kW", "kW", "GPUs"};
  static const double EACH[] = {1, 1, 0.9, 1};
  clx_buffer_format(out, "start: 2024-04-24\nhorizon: %d days\n", CASE_DAYS);
  for (int32_t n = 0; n < CLX_BUILDOUT_NEEDS; n++) {
    clx_buffer_format(out, "%s:\n", NAME[n]);
    for (int32_t j = 0; j < 4; j++) {
      write_date(out, "  - {from", k->day[n][j]);
      clx_buffer_format(out, ", %s: %.1f %s}\n", KEY[n], k->need[n][j] * EACH[n], UNIT[n]);
    }
  }
  clx_buffer_format(out, "deliveries:\n");
  for (int32_t j = 0; j < 3; j++) {
    write_date(out, "  - {from", k->lot_day[j]);
    if (k->lot_until[j] > k->lot_day[j]) write_date(out, ", until", k->lot_until[j]);
    clx_buffer_format(out, ", gpus: %.0f GPUs}\n", k->lot[j]);
  }
  clx_buffer_format(out, "install: {rate: %g racks/day, steps: [", k->rate[0]);
  write_date(out, "{from", k->shift_day);
  clx_buffer_format(out, ", share: %g}]}\nbring_up: {time: %d h, failed: %g, repair: %d h}\n", k->rate[1] / k->rate[0],
                    k->burn_in * 24 / STEPS_A_DAY, k->failed, k->repair * 24 / STEPS_A_DAY);
}

static double need_at(const sketch *k, int32_t n, double day) {
  double value = 0;
  for (int32_t j = 0; j < 4; j++)
    if (k->day[n][j] <= day) value = k->need[n][j];
  return value;
}

// Before (`after` false) or after what comes at that moment.
static double delivered_at(const sketch *k, double day, bool after) {
  double sum = 0;
  for (int32_t j = 0; j < 3; j++) {
    if (k->lot_until[j] == k->lot_day[j])
      sum += (after ? day >= k->lot_day[j] : day > k->lot_day[j]) ? k->lot[j] : 0;
    else
      sum += k->lot[j] * fmin(fmax((day - k->lot_day[j]) / (k->lot_until[j] - k->lot_day[j]), 0), 1);
  }
  return sum;
}

static double carried_at(const sketch *k, double day) {
  return fmin(fmin(need_at(k, 1, day), need_at(k, 2, day)), need_at(k, 3, day));
}

// Exact at its steps, since all that changes does so on one of them.
static void step_through(const sketch *k, double *usable) {
  static double started[CASE_STEPS + 1];
  const double racks = 6400 / 64.0;
  double installed = 0;
  int32_t rounds = 1;
  while (k->failed > 0 && pow(1 - pow(k->failed, rounds), racks) < 0.5) rounds++;
  for (int32_t t = 0; t <= CASE_STEPS; t++) {
    const double day = (double)t / STEPS_A_DAY, before = day - 0.5 / STEPS_A_DAY;
    if (t > 0) {
      const double rate = 64 * (before < k->shift_day ? k->rate[0] : k->rate[1]);
      const double goal = fmin(need_at(k, 0, before), delivered_at(k, day, false));
      installed = fmax(installed, fmin(goal, installed + rate / STEPS_A_DAY));
    }
    const double now = fmin(installed, carried_at(k, day)), then = fmin(installed, carried_at(k, before));
    started[t] = fmax(fmax(now, then), t > 0 ? started[t - 1] : 0);
    double through = 0, left = 1;
    for (int32_t j = 0; j < rounds; j++) {
      const int32_t at = t - k->burn_in - j * (k->burn_in + k->repair);
      const double share = j + 1 == rounds ? left : left * (1 - k->failed);
      if (at >= 0) through += share * started[at];
      left *= k->failed;
    }
    usable[t] = fmin(fmin(through, carried_at(k, day)), need_at(k, 0, day));
  }
}

static void test_against_steps(void **state) {
  (void)state;
  enum { CASES = 60 };
  static double usable[CASE_STEPS + 1];
  for (int32_t c = 0; c < CASES; c++) {
    clx_stream stream = clx_stream_make(11, 1, (uint64_t)c, 0);
    const sketch k = draw_case(&stream);
    clx_buffer text = {0};
    write_case(&k, &text);
    buildout_rig r;
    rig_begin(&r, &SMALL, 1);
    const clx_buildout_result o = rig_run(&r, text.data, 0);
    step_through(&k, usable);
    for (int32_t d = 0; d <= CASE_DAYS; d++)
      if (fabs(o.series.plain[d] - usable[d * STEPS_A_DAY]) > 1e-5)
        fail_msg("case %d, day %d: %.9g by curves, %.9g by steps\n%s", c, d, o.series.plain[d], usable[d * STEPS_A_DAY],
                 text.data);
    int32_t first = 0;
    while (first <= CASE_STEPS && usable[first] < 6400 - 1e-5) first++;
    if (first <= CASE_STEPS) {
      assert_true(days(o.full_capacity.plain) <= (double)first / STEPS_A_DAY + 1e-6);
      assert_true(days(o.full_capacity.plain) > (double)(first - 1) / STEPS_A_DAY - 1e-6);
      assert_true(o.full_chain.count > 0);
    }
    clx_buffer_free(&text);
    rig_end(&r);
  }
}

// --- bad input ---------------------------------------------------------------------------------------------------------------------------

static void refuse(const char *text, clx_status wanted, int32_t line, const char *words) {
  buildout_rig r;
  rig_begin(&r, &SMALL, 1);
  assert_int_equal(rig_compile(&r, text), wanted);
  if (strstr(r.error.mistake[0].text, words) == NULL) fail_msg("\"%s\" lacks \"%s\"", r.error.mistake[0].text, words);
  if (line > 0) assert_int_equal(r.error.mistake[0].line, line);
  rig_end(&r);
}

#define AT "start: 2024-04-24\n"

static void test_bad_works(void **state) {
  (void)state;
  refuse(AT "works:\n  - {name: a, duration: 1 day, after: b}\n  - {name: b, duration: 1 day, after: a}\n",
         CLX_INFEASIBLE, 0, "cycle");
  refuse(AT "works:\n  - {name: permit, duration: 1 day}\n  - {name: b, duration: 1 day, after: permitt}\n", CLX_INPUT,
         4, "did you mean \"permit\"");
  refuse(AT "works:\n  - {name: a, duration: 1 day}\n  - {name: b, duration: 1 day, after: a SS+two days}\n", CLX_INPUT,
         4, "read \"a SS+two days\"");
  refuse(AT "works: [{name: a}]\n", CLX_INPUT, 2, "work 'a' has none");
  refuse(AT "works: [{name: a, duration: 3 days, low: 4 days}]\n", CLX_INPUT, 2,
         "low 4 days, middle 3 days, high 3 days; expected 0 < low <= middle <= high");
  refuse(AT "works: [{name: a, duration: 3 days, from: 2024-03-01}]\n", CLX_INPUT, 2, "before the start");
  refuse(AT "works: [{name: a, duration: 3 days, from: soon}]\n", CLX_INPUT, 2, "expected a date");
  refuse(AT "works:\n  - {name: a, duration: 9 days}\n  - {name: b, duration: 9 days, after: a, by: 2024-05-01}\n",
         CLX_INFEASIBLE, 0,
         "is due by 2024-05-01 and cannot be finished before 2024-05-12, even with no limit to the resources ('b' 9 "
         "days after 'a' by links); 11 days are missing");
  refuse(
      AT
      "works:\n  - {name: a, duration: 9 days}\n  - {name: b, duration: 1 day, after: [\"a SS, at most 2 days\", a]}\n",
      CLX_INFEASIBLE, 0, "a");
  refuse(AT "works:\n  - {name: a, duration: 1 day}\n  - {name: a, duration: 1 day}\n", CLX_INPUT, 4, "two works");
  refuse(AT "crews: [{name: men, count: 3}]\nworks: [{name: a, duration: 1 day, uses: [{of: man, count: 2}]}]\n",
         CLX_INPUT, 3, "did you mean \"men\"");
  refuse(AT "crews: [{name: men, count: 3}]\nworks: [{name: a, duration: 1 day, uses: [{of: men, count: 5}]}]\n",
         CLX_INFEASIBLE, 0, "men");
  refuse(AT "works: [{name: a, duration: 1 day, factor: rain}]\nfactors: [{name: rains, low: 1, high: 2}]\n", CLX_INPUT,
         2, "factor: unknown \"rain\"");
  refuse(AT "works: [{name: a, duration: 1 day, calendar: c}]\n", CLX_INPUT, 2, "calendar: unknown \"c\"");
}

static void test_bad_needs(void **state) {
  (void)state;
  refuse(AT "works: [{name: a, duration: 1 day, gives: {power: 4 MW}}]\n", CLX_INFEASIBLE, 1, "2.4 MW are missing");
  refuse(AT "works: [{name: a, duration: 10 days, gives: {power: 4 MW}}]\n", CLX_INFEASIBLE, 1,
         "From 2024-05-04 on at the earliest it suffices for 4000 GPUs");
  refuse(AT "room: [{from: 2024-05-01, gpus: \"6,000 GPUs\"}]\n", CLX_INFEASIBLE, 1, "400 GPUs are missing");
  refuse(AT "power: [{from: 2024-05-01, power: 9 MW}, {from: 2024-04-30, power: 10 MW}]\n", CLX_INPUT, 2,
         "must ascend");
  refuse(AT "deliveries: [{from: 2024-05-01, gpus: \"6,000 GPUs\"}]\n", CLX_INFEASIBLE, 1, "400 are missing");
  refuse(AT "deliveries: [{from: 2024-05-01, until: 2024-04-29, gpus: \"6,400 GPUs\"}]\n", CLX_INPUT, 2, "is before");
  refuse(AT "first: \"7,000 GPUs\"\n", CLX_INPUT, 1, "first: 7000 GPUs");
  refuse(AT "wave: 0.1 GPUs\n", CLX_INPUT, 1, "wave");
  refuse(AT "install: {from: 2024-05-01}\n", CLX_INPUT, 2, "install.rate: missing");
  refuse(AT "install: {rate: 5 racks/day, low: 6 racks/day}\n", CLX_INPUT, 2, "low 6 racks/day, middle 5 racks/day");
  refuse(AT "install: {rate: 5 racks/day, steps: [{from: 2024-05-01, share: 0}]}\n", CLX_INFEASIBLE, 2,
         "leave for good");
  refuse(AT "bring_up: {time: 5 days, failed: 60 %}\n", CLX_INPUT, 2, "failed");
  refuse("start: yesterday\n", CLX_INPUT, 1, "expected a date");
}

static void test_bad_events(void **state) {
  (void)state;
  refuse(AT "events: [{name: e, delay: 1 day}]\n", CLX_INPUT, 2, "needs the work");
  refuse(AT "works: [{name: aa, duration: 1 day}]\nevents: [{name: e, work: ab, delay: 1 day}]\n", CLX_INPUT, 3,
         "did you mean \"aa\"");
  refuse(AT "works: [{name: a, duration: 1 day}]\nevents: [{name: e, work: a}]\n", CLX_INPUT, 3, "delays nothing");
  refuse(AT "events: [{name: e, on: capacity, at: 2024-05-01, loses: {power: 1 MW}}]\n", CLX_INPUT, 2,
         "of which nothing else is said");
  refuse(AT "power: [{from: 2024-05-01, power: 9 MW}]\nevents: [{name: e, on: capacity, loses: {power: 1 MW}}]\n",
         CLX_INPUT, 3, "needs a date");
  refuse(AT "events: [{name: e, on: deliveries, at: 2024-05-01, delay: 1 day}]\n", CLX_INPUT, 2, "none are stated");
  refuse(AT "events: [{name: e, on: install, at: 2024-05-01}]\n", CLX_INPUT, 2, "install.rate is not stated");
  // What a certain event takes for good is missing in the end.
  refuse(
      AT
      "power: [{from: 2024-05-01, power: 7 MW}]\n"
      "events: [{name: e, on: capacity, at: 2024-06-01, loses: {power: 1 MW}}]\n",
      CLX_INFEASIBLE, 1,
      "give 6 MW in the end after event 'e' (probability 1) has taken 1 MW for good, but 6400 GPUs need 6.4 MW: 400 kW "
      "are missing. From 2024-06-01 on");
  refuse(AT
         "power: [{from: 2024-05-01, power: 7 MW}]\n"
         "events: [{name: e, on: capacity, at: 2024-06-01, loses: {power: 7 MW}}]\n",
         CLX_INFEASIBLE, 1, "It suffices for no GPU; give 6.4 MW more");
}

// Power comes by a work on day 10 and a step on day 20; GPUs come at 1,000 a day for 100 days and draw 1 kW each.
static void test_milestones(void **state) {
  (void)state;
  static const clx_buildout_cohort fleet = {"x", 100000, 1, 1000, 1000};
  buildout_rig r;
  rig_begin(&r, &fleet, 1);
  const clx_buildout_result o =
      rig_run(&r,
              "start: 2024-04-24\nhorizon: 200 days\n"
              "works: [{name: a, duration: 10 days, low: 8 days, high: 14 days, gives: {power: 60 MW}}]\n"
              "power: [{from: 2024-05-14, power: 40 MW}]\n"
              "deliveries: [{from: 2024-04-24, until: 2024-08-02, gpus: \"100,000 GPUs\"}]\n"
              "milestones:\n  - {name: half, supplied: 50 MW}\n  - {name: all, supplied: 100 MW}\n"
              "  - {name: load, drawn: 70 MW}\n  - {name: some-gpus, gpus: \"30,000 GPUs\"}\n",
              4000);
  assert_int_equal(o.milestone_count, 4);
  CLX_CHECK_NEAR(o.milestone[0].time.plain, 10.0 * RIG_DAY, 1e-12, 0);
  CLX_CHECK_NEAR(o.milestone[0].time.p10, 8.0 * RIG_DAY, 0.02, 0);
  CLX_CHECK_NEAR(o.milestone[0].time.p90, 14.0 * RIG_DAY, 0.02, 0);
  CLX_CHECK_NEAR(o.milestone[1].time.plain, 20.0 * RIG_DAY, 1e-12, 0);
  CLX_CHECK_NEAR(o.milestone[2].time.plain, 70.0 * RIG_DAY, 1e-12, 0);
  CLX_CHECK_NEAR(o.milestone[3].time.plain, 30.0 * RIG_DAY, 1e-12, 0);
  rig_end(&r);
}

static void test_bad_milestones(void **state) {
  (void)state;
  static const char POWER[] = AT "power: [{from: 2024-05-01, power: 200 MW}]\n";
  char text[512];
  const struct {
    const char *row, *says;
    clx_status status;
  } cases[] = {{"{name: a b, gpus: \"5 GPUs\"}", "expected letters, digits", CLX_INPUT},
               {"{name: a}", "needs one of supplied, drawn and gpus", CLX_INPUT},
               {"{name: a, supplied: 1 MW, drawn: 1 MW}", "needs one of", CLX_INPUT},
               {"{name: a, supplied: 201 MW}", "where all together give 200 MW", CLX_INFEASIBLE},
               {"{name: a, drawn: 900 MW}", "all GPUs at full load draw", CLX_INFEASIBLE},
               {"{name: a, gpus: \"9,000,000 GPUs\"}", "the fleet has", CLX_INFEASIBLE}};
  for (int32_t k = 0; k < CLX_COUNT(cases); k++) {
    snprintf(text, sizeof text, "%smilestones: [%s]\n", POWER, cases[k].row);
    refuse(text, cases[k].status, 3, cases[k].says);
  }
  refuse(AT "milestones: [{name: a, supplied: 1 MW}]\n", CLX_INPUT, 2, "nothing says when there is power");
}

static bool stop_at(void *context, const char *step, double done) {
  const char *const *wanted = context;
  assert_true(done >= 0 && done <= 1);
  return !clx_text_equal(step, *wanted);
}

// Whoever asks for it is told of each part of the work, and can end it there.
static void test_progress_stops(void **state) {
  (void)state;
  static const char *const steps[] = {"one input at a time", "replicas"};
  static const char TEXT[] =
      "start: 2024-04-24\nworks: [{name: a, duration: 9 days, high: 12 days, gives: {room: \"100,000 GPUs\"}}]\n";
  for (int32_t k = 0; k < CLX_COUNT(steps); k++) {
    buildout_rig r;
    clx_buildout_result out;
    clx_buildout_settings settings;
    const char *wanted = steps[k];
    rig_begin(&r, &RIG_H100, 1);
    clx_buildout_settings_default(&settings);
    settings.replicas = 100;
    settings.progress = stop_at;
    settings.context = &wanted;
    assert_int_equal(rig_compile(&r, TEXT), CLX_OK);
    assert_int_equal(clx_buildout_run(r.b, &settings, r.arena, &out, &r.error), CLX_EXPECTATION);
    wanted = "none";
    assert_int_equal(clx_buildout_run(r.b, &settings, r.arena, &out, &r.error), CLX_OK);
    rig_end(&r);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_one_work_and_a_rate),
      cmocka_unit_test(test_infant_mortality),
      cmocka_unit_test(test_cohorts),
      cmocka_unit_test(test_waves),
      cmocka_unit_test(test_a_loss),
      cmocka_unit_test(test_installers),
      cmocka_unit_test(test_deliveries),
      cmocka_unit_test(test_links),
      cmocka_unit_test(test_a_plan),
      cmocka_unit_test(test_against_steps),
      cmocka_unit_test(test_bad_works),
      cmocka_unit_test(test_bad_needs),
      cmocka_unit_test(test_bad_events),
      cmocka_unit_test(test_milestones),
      cmocka_unit_test(test_bad_milestones),
      cmocka_unit_test(test_progress_stops),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
