// Reliability for people: report, lines of a run, figures and tables, fed with results made by hand.
#include "goodput_rig.h"
#include "svg_check.h"

#include "report/report.h"

typedef void drawing(const clx_result *result, clx_buffer *out);

static drawing *const FIGURES[] = {clx_report_goodput_progress, clx_report_goodput_size, clx_report_goodput_interval,
                                   clx_report_goodput_ledger, clx_report_goodput_svg};

#define WIDE "\xe4\xb8\xad\xe5\x9b\xbd"  // two letters that take two columns each

static const char *const LONG[] = {"restart of the whole job with a warm standby of 64 servers in each power row",
                                   "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW",
                                   (WIDE WIDE WIDE WIDE WIDE WIDE),
                                   "a\tb\033[31m <&\">",
                                   "",
                                   "elastic, every replica out until its server is back",
                                   "x",
                                   "y",
                                   "z",
                                   "the tenth"};

static char *draw(drawing *figure, const clx_result *result) {
  clx_buffer out = {0};
  figure(result, &out);
  assert_false(out.failed);
  check_drawing(out.data);
  return out.data;
}

static void check_lines(const char *text, int32_t most) {
  int32_t lines = 0, column = 0;
  for (const char *p = text; *p != '\0'; p++) {
    assert_true((unsigned char)*p >= ' ' || *p == '\n');
    if (*p == '\n') {
      lines++;
      column = 0;
    } else if (((unsigned char)*p & 0xC0) != 0x80) {
      assert_true(++column <= CLX_REPORT_COLUMNS);
    }
  }
  assert_int_equal(column, 0);
  if (lines > most) fail_msg("%d lines:\n%s", lines, text);
  assert_int_equal(clx_utf8_check(text, strlen(text)), -1);
  check_numbers(text);
}

static char *report(const clx_result *result) {
  clx_buffer out = {0};
  clx_report_goodput(result, false, &out);
  assert_false(out.failed);
  if (out.data == NULL) return NULL;
  check_lines(out.data, CLX_REPORT_GOODPUT_LINES);
  return out.data;
}

static void check_has(const char *text, const char *const *parts, int32_t count) {
  for (int32_t i = 0; i < count; i++) {
    if (strstr(text, parts[i]) == NULL) fail_msg("'%s' is missing in\n%s", parts[i], text);
  }
}

// --- the report --------------------------------------------------------------------------------------------------------------

static void test_report(void **state) {
  (void)state;
  static const char *const parts[] = {
      "Colossus, Memphis",
      "98,304 GPUs in the layout, 1,696 spare",
      "an interruption every 31 min (28.5 min to 33.5 min) at full size",
      "rates of llama3 (The Llama 3 Herd of Models), per wall-clock time, drawn from their",
      "1,000 replications (component path)",
      "async, every 89 s (78.3 s to 99.7 s), 4.31 TB, stall 2.16 s, counts 31 s later",
      "3.08 min to start again",
      "1.          restart               68.1 %  65.4 - 70.8   5,012  132 days     212\n",
      "4.          masked                93.1 %  89.4 - 96.8   5,012 96.7 days     212  +25.0 +24.6 - +25.4\n",
      "gpu 35.3 %, memory 21.7 %",
      "work done again                   9.9 %    6.4 %",
      "GPU-hours lost, with spares       101 M",
      "warning     the first\n"};
  clx_error error = {0};
  clx_result *r = goodput_comparison(6, NULL, true);
  goodput_say(r, "goodput.policy_1", "failures_source", "The Llama 3 Herd of Models");
  assert_int_equal(clx_result_warn(r, &error, "the first"), CLX_OK);
  char *text = report(r);
  check_has(text, parts, CLX_COUNT(parts));
  free(text);
  clx_result_free(r);
}

// Every part at once, with texts that go on and on: the page keeps its bounds and says what it leaves out.
static void test_report_bounds(void **state) {
  (void)state;
  for (int32_t count = 0; count <= 10; count++) {
    for (int32_t warnings = 0; warnings < 7; warnings++) {
      clx_error error = {0};
      clx_result *r = goodput_comparison(count, LONG, true);
      for (int32_t i = 0; i < count; i++) {
        char prefix[64];
        snprintf(prefix, sizeof prefix, "goodput.policy_%d", i + 1);
        goodput_put(r, prefix, "ledger.slice_down", 0.02, 0.02, 0.02, "");
        goodput_put(r, prefix, "ledger.scale_up", 0.03, 0.03, 0.03, "");
        goodput_put(r, prefix, "ledger.maintenance", 0.01 * i, 0, 1, "");
        goodput_put(r, prefix, "ledger.reinitialization", 0.01, 0.01, 0.01, "");
        if (i == 0) goodput_say(r, prefix, "failures_source", LONG[0]);
      }
      goodput_say(r, "accuracy", "statement", "goodput of 12 published runs: mean error 3 %");
      for (int32_t i = 0; i < warnings; i++) {
        assert_int_equal(clx_result_warn(r, &error, "%s %s %s", LONG[0], LONG[0], LONG[5]), CLX_OK);
      }
      char *text = report(r);
      int32_t more = 0, shown = 0;
      const char *last = NULL;
      for (const char *p = text; (p = strstr(p, "\nwarning  ")) != NULL; p++) shown++;
      for (const char *p = text; (p = strstr(p, " more: --json")) != NULL; p++) last = p;
      if (count > 8) assert_non_null(strstr(text, count == 9 ? " 1 more: --json" : " 2 more: --json"));
      while (last != NULL && last > text && last[-1] >= '0' && last[-1] <= '9') last--;
      if (shown < warnings) {
        assert_non_null(last);
        assert_int_equal(sscanf(last, "%d more", &more), 1);
      }
      assert_int_equal(shown + more, warnings);
      free(text);
      clx_result_free(r);
    }
  }
}

static void test_report_without(void **state) {
  (void)state;
  clx_result *bare = clx_result_new(), *plain = goodput_comparison(2, NULL, false), *run = goodput_run(true);
  assert_null(report(bare));
  char *text = report(plain);
  assert_non_null(strstr(text, "an interruption every 31 min at full size"));
  assert_null(strstr(text, "(31 min"));
  free(text);
  text = report(run);
  assert_non_null(strstr(text, "\n            restart               81.2 %"));
  assert_null(strstr(text, "points, band"));
  free(text);
  goodput_put(bare, "reliability", "goodput", 0.5, 0.5, 0.5, "");
  text = report(bare);
  assert_non_null(strstr(text, "run                   50.0 %"));
  free(text);
  clx_result_free(bare);
  clx_result_free(plain);
  clx_result_free(run);
}

// A policy that checkpoints in another way than the first has a line of its own.
static void test_report_checkpoints(void **state) {
  (void)state;
  clx_result *r = clx_result_new();
  static const char *const modes[] = {"sync", "none", "memory"};
  for (int32_t i = 0; i < 3; i++) {
    char prefix[64];
    snprintf(prefix, sizeof prefix, "goodput.policy_%d", i + 1);
    goodput_say(r, prefix, "name", modes[i]);
    goodput_say(r, prefix, "checkpoint", modes[i]);
    goodput_put(r, prefix, "goodput", 0.9, 0.9, 0.9, "");
    goodput_put(r, prefix, "checkpoint_interval", 60 * (i + 1), 60 * (i + 1), 60 * (i + 1), "s");
  }
  char *text = report(r);
  static const char *const parts[] = {"checkpoint  sync, every 60 s\n", "\n            none: none\n",
                                      "\n            memory: memory, every 3 min\n"};
  check_has(text, parts, CLX_COUNT(parts));
  free(text);
  clx_result_free(r);
}

// --- of a run ------------------------------------------------------------------------------------------------------------------

static void test_run_lines(void **state) {
  (void)state;
  static const char *const parts[] = {
      "\nreliability an interruption every 31 min (28.5 to 33.5); 5,012 (4,812 to 5,212) in 111 days\n",
      "\ngoodput     81.2 % (78.0 to 84.4 %); lost: work done again 5.8 %, finding and swapping 4.1 %\n",
      "\n            checkpoint every 89 s, stall 2.2 s, restart 3.08 min, 128 spare servers, fewest 31\n",
      "\n            111 days (106 days to 115 days) to train with failures and restarts\n"};
  clx_result *run = goodput_run(true), *comparison = goodput_comparison(2, NULL, true);
  clx_buffer out = {0};
  clx_report_text(run, false, &out);
  check_lines(out.data, CLX_REPORT_LINES);
  check_has(out.data, parts, CLX_COUNT(parts));
  clx_buffer_free(&out);
  clx_report_text(comparison, false, &out);
  assert_null(strstr(out.data, "reliability"));
  clx_buffer_free(&out);
  clx_result_free(run);
  clx_result_free(comparison);
}

// --- figures -------------------------------------------------------------------------------------------------------------------

static void test_figures(void **state) {
  (void)state;
  for (int32_t count = 0; count <= 10; count++) {
    for (int32_t kind = 0; kind < 3; kind++) {
      clx_result *r = goodput_comparison(count, kind == 1 ? LONG : NULL, kind != 2);
      for (int32_t i = 0; i < CLX_COUNT(FIGURES); i++) free(draw(FIGURES[i], r));
      clx_result_free(r);
    }
  }
}

static void test_figure_progress(void **state) {
  (void)state;
  static const char *const parts[] = {"work done (%)", "time since the start (days)", ">132 days (127 to 137)<",
                                      "percentiles 5 to 95", "catalogue entry llama3"};
  clx_result *r = goodput_comparison(3, NULL, true), *plain = goodput_comparison(3, NULL, false);
  char *svg = draw(clx_report_goodput_progress, r);
  check_has(svg, parts, CLX_COUNT(parts));
  assert_int_equal(count_of(svg, "class=\"band "), 3);
  assert_int_equal(count_of(svg, "class=\"line "), 6);  // curves and key
  free(svg);
  svg = draw(clx_report_goodput_progress, plain);
  assert_int_equal(count_of(svg, "class=\"band "), 0);
  assert_non_null(strstr(svg, ">132 days<"));
  free(svg);
  clx_result_free(r);
  clx_result_free(plain);
}

static void test_figure_size(void **state) {
  (void)state;
  static const char *const parts[] = {"GPUs of the job", ">100,000<",        "RSC-2, 2.34",
                                      "as here",         "RSC-1, 6.50",      ">81.2 % at 98,304 GPUs<",
                                      "class=\"ring\"",  "class=\"whisker\""};
  clx_result *r = goodput_run(true);
  char *svg = draw(clx_report_goodput_size, r);
  check_has(svg, parts, CLX_COUNT(parts));
  free(svg);
  clx_result_free(r);
}

// The curve has its best interval; what was simulated stands where it was simulated.
static void test_figure_interval(void **state) {
  (void)state;
  clx_result *r = goodput_run(true), *other = clx_result_new();
  char *svg = draw(clx_report_goodput_interval, r);
  assert_non_null(strstr(svg, ">best, restart of all<"));
  assert_non_null(strstr(svg, ">89 s: 81.2 %<"));
  assert_non_null(strstr(svg, "class=\"band f0\""));
  free(svg);
  goodput_put(other, "reliability", "goodput", 0.4, 0.4, 0.4, "");
  goodput_put(other, "reliability", "checkpoint_interval", 800, 800, 800, "s");
  const double x[] = {100, 200, 400, 800}, y[] = {0.7, 0.9, 0.8, 0.5};
  goodput_draw(other, "reliability", "curve.interval", x, y, 4, "interval", "s");
  svg = draw(clx_report_goodput_interval, other);
  assert_non_null(strstr(svg, ">3.33 min: 90.0 %<"));  // the highest point, as no better one is told
  assert_non_null(strstr(svg, ">13.3 min: 40.0 %<"));
  // ln 2 of ln 8 from the left; 0.9 between 0.4 and 1.
  const char *ring = strstr(svg, "<circle class=\"ring\"");
  const char *axis = strstr(svg, "<line class=\"axis\"");
  CLX_CHECK_NEAR((attribute(ring, "cx") - 64) / (900 - 24 - 196 - 64), 1.0 / 3, 0, 1e-3);
  const double top = attribute(axis, "y1"), bottom = attribute(axis, "y2");
  CLX_CHECK_NEAR((attribute(ring, "cy") - top) / (bottom - top), 1.0 / 6, 0, 1e-3);
  free(svg);
  clx_result_free(other);
  other = clx_result_new();
  goodput_put(other, "reliability", "curve.best_interval", 220, 220, 220, "s");
  goodput_put(other, "reliability", "curve.best_goodput", 0.91, 0.91, 0.91, "");
  goodput_draw(other, "reliability", "curve.interval", x, y, 4, "interval", "s");
  svg = draw(clx_report_goodput_interval, other);
  assert_non_null(strstr(svg, ">3.67 min: 91.0 %<"));
  free(svg);
  clx_result_free(r);
  clx_result_free(other);
}

// A policy that never makes progress has a name and a reason, and no figures; the next one is what others are compared with.
static void test_infeasible(void **state) {
  (void)state;
  clx_result *r = clx_result_new();
  goodput_say(r, "goodput.policy_1", "name", "hopeless");
  goodput_say(r, "goodput.policy_1", "infeasible", "a restart takes longer than the time between two failures");
  goodput_say(r, "goodput.policy_2", "name", "masked");
  goodput_policy(r, "goodput.policy_2", 0.9, 90, true);
  goodput_say(r, "goodput", "best", "masked");
  char *text = report(r);
  static const char *const parts[] = {
      "an interruption every 31 min", "\n1.          hopeless             makes no progress, see below\n",
      "\n            hopeless: a restart takes longer than the time between two failures\n",
      "\n2.          masked                90.0 %"};
  check_has(text, parts, CLX_COUNT(parts));
  free(text);
  for (int32_t i = 0; i < CLX_COUNT(FIGURES); i++) {
    char *svg = draw(FIGURES[i], r);
    if (FIGURES[i] == clx_report_goodput_progress || FIGURES[i] == clx_report_goodput_ledger)
      assert_non_null(strstr(svg, "makes no progress"));
    free(svg);
  }
  clx_result_free(r);
}

// Without an end of the work progress is the work itself.
static void test_progress_without_end(void **state) {
  (void)state;
  clx_result *r = clx_result_new();
  const double day = GOODPUT_DAY, x[] = {0, 10 * day, 20 * day}, y[] = {0, 9 * day, 18 * day};
  goodput_put(r, "reliability", "goodput", 0.9, 0.9, 0.9, "");
  goodput_draw(r, "reliability", "progress", x, y, 3, "time", "s");
  char *svg = draw(clx_report_goodput_progress, r);
  assert_non_null(strstr(svg, ">work done (days at full rate)<"));
  assert_null(strstr(svg, ">100<"));
  free(svg);
  clx_result_free(r);
}

static void test_figure_ledger(void **state) {
  (void)state;
  clx_result *r = goodput_comparison(2, NULL, true), *none = clx_result_new();
  char *svg = draw(clx_report_goodput_ledger, r);
  // Three wide pieces and the whole of the first bar, what is productive and spare, and the table of the key.
  static const char *const parts[] = {">9.9<", ">7.0<",           ">4.1<",    ">29.3<",      ">68.1<",
                                      ">2.6<", "work done again", ">9.89 %<", "url(#rising)"};
  check_has(svg, parts, CLX_COUNT(parts));
  assert_null(strstr(svg, "waiting for units"));  // nothing waited
  // Pieces of the first bar touch each other and end where the scale says: 29.3 of 30.
  double right = 0, left = 0, first = 0;
  for (const char *p = svg; (p = strstr(p, "<rect class=\"piece")) != NULL; p++) {
    if (attribute(p, "height") < 18) break;  // the key
    const double x = attribute(p, "x");
    if (first == 0) first = left = right = x;
    if (x <= left && right > left) break;  // the second bar
    CLX_CHECK_NEAR(x, right, 0, 0.11);
    left = x;
    right = x + attribute(p, "width");
  }
  CLX_CHECK_NEAR((right - first) / (900 - 24 - 40 - first), 0.29348 / 0.3, 1e-3, 0);
  free(svg);
  goodput_put(none, "reliability", "goodput", 1, 1, 1, "");
  goodput_put(none, "reliability", "ledger.productive", 1, 1, 1, "");
  svg = draw(clx_report_goodput_ledger, none);
  assert_non_null(strstr(svg, "no GPU-time was lost"));
  free(svg);
  clx_result_free(r);
  clx_result_free(none);
}

// Series of one point, axes without extent, shares at the ends, times beyond all marks.
static void test_figures_extremes(void **state) {
  (void)state;
  static const struct {
    double x[3], y[3];
    int32_t count;
  } series[] = {{{0}, {0}, 1},
                {{0, 0, 0}, {0, 0, 0}, 3},
                {{1, 1, 1}, {1, 1, 1}, 3},
                {{0, 1e-9, 2e-9}, {0, 0.5, 1}, 3},
                {{1, 1e9, 1e18}, {0, 0.5, 1}, 3},
                {{1e-3, 1, 1e300}, {1, 1e-300, 0}, 3},
                {{1, 2, 3}, {-5, 7, 0.5}, 3}};
  static const char *const names[] = {"progress",       "progress_low",   "progress_high",  "curve.interval",
                                      "curve.size_low", "curve.size_mid", "curve.size_high"};
  for (int32_t i = 0; i < CLX_COUNT(series); i++) {
    clx_result *r = clx_result_new();
    goodput_put(r, "reliability", "goodput", i % 2, 0, 1, "");
    goodput_put(r, "reliability", "checkpoint_interval", 1, 0, 1e300, "s");
    goodput_put(r, "reliability", "ledger.wasted", i % 2 == 0 ? 1 : 1e-12, 0, 1, "");
    goodput_put(r, "machine", "gpus_used", 2, 2, 2, "");
    for (int32_t k = 0; k < CLX_COUNT(names); k++) {
      goodput_draw(r, "reliability", names[k], series[i].x, series[i].y, series[i].count, "x", "s");
    }
    for (int32_t k = 0; k < CLX_COUNT(FIGURES); k++) free(draw(FIGURES[k], r));
    clx_result_free(r);
  }
}

// --- tables --------------------------------------------------------------------------------------------------------------------

static void test_ledger_csv(void **state) {
  (void)state;
  clx_result *r = goodput_comparison(3, (const char *const[]){"plain", "a, \"b\"", "c"}, true);
  clx_buffer out = {0};
  clx_report_goodput_ledger_csv(r, &out);
  assert_int_equal(count_of(out.data, "\n"), 1 + 3 * CLX_LEDGERS);
  double sum = 0, share;
  for (int32_t i = 0; i < CLX_LEDGERS; i++) {
    char head[160];
    snprintf(head, sizeof head, "\n1,plain,%s,%s,", clx_ledger_names[i].name, clx_ledger_names[i].goodput);
    const char *row = strstr(out.data, head);
    if (row == NULL) fail_msg("no row %s", head);
    assert_int_equal(sscanf(row + strlen(head), "%lf,", &share), 1);
    sum += share;
  }
  CLX_CHECK_NEAR(sum, 1, 1e-12, 0);
  assert_non_null(strstr(out.data, "\n2,\"a, \"\"b\"\"\",productive,"));
  clx_buffer_free(&out);
  clx_result_free(r);
}

static void test_series_csv(void **state) {
  (void)state;
  clx_result *r = goodput_comparison(2, NULL, true), *none = clx_result_new();
  clx_buffer out = {0};
  clx_report_goodput_series_csv(r, &out);
  assert_int_equal(strncmp(out.data,
                           "policy,name,time,progress,progress_low,progress_high,cumulative,cumulative_low,window,"
                           "window_low,free_units,free_units_low\n1,restart,0,0,0,0,,,,,,\n",
                           128),
                   0);
  assert_int_equal(count_of(out.data, "\n"), 1 + 2 * GOODPUT_POINTS);
  clx_buffer_free(&out);
  clx_report_goodput_curves_csv(r, &out);
  assert_int_equal(count_of(out.data, "\ninterval,"), GOODPUT_CURVE);
  assert_int_equal(count_of(out.data, "\nsize_high,"), GOODPUT_CURVE);
  assert_non_null(strstr(out.data, "\nsize_low,1024,"));
  clx_buffer_free(&out);
  clx_report_goodput_series_csv(none, &out);
  assert_int_equal(count_of(out.data, "\n"), 1);
  clx_buffer_free(&out);
  clx_result_free(r);
  clx_result_free(none);
}

static void test_memory_runs_out(void **state) {
  (void)state;
  clx_result *r = goodput_comparison(6, NULL, true);
  int32_t failures = 0;
  for (int64_t n = 1; n < 30; n++) {
    clx_buffer out = {0};
    clx_memory_fail_after(n);
    FIGURES[n % CLX_COUNT(FIGURES)](r, &out);
    clx_memory_fail_after(0);
    failures += out.failed;
    clx_buffer_free(&out);
  }
  assert_true(failures > 4);
  clx_result_free(r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_report),           cmocka_unit_test(test_report_bounds),
      cmocka_unit_test(test_report_without),   cmocka_unit_test(test_report_checkpoints),
      cmocka_unit_test(test_run_lines),        cmocka_unit_test(test_figures),
      cmocka_unit_test(test_figure_progress),  cmocka_unit_test(test_figure_size),
      cmocka_unit_test(test_figure_interval),  cmocka_unit_test(test_figure_ledger),
      cmocka_unit_test(test_infeasible),       cmocka_unit_test(test_progress_without_end),
      cmocka_unit_test(test_figures_extremes), cmocka_unit_test(test_ledger_csv),
      cmocka_unit_test(test_series_csv),       cmocka_unit_test(test_memory_runs_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
