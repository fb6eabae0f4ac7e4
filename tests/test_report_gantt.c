// Plans and dates as drawings: nothing leaves the page or stands upon another, from 5 to 80 activities and beyond.
#include "svg_check.h"

#include "report/report_gantt.h"

enum { ROWS = 220, POINTS = 60 };

typedef struct site {
  clx_gantt_row row[ROWS];
  char name[ROWS][80];
  clx_gantt_link link[ROWS];
  double time[POINTS], value[POINTS], low[POINTS], high[POINTS];
  int32_t binding[POINTS];
  clx_gantt_panel panel;
  clx_gantt gantt;
} site;

static const char *const PHASES[] = {"Site and shell", "Power: substation & <turbines>", "Cooling",
                                     "Racks, network, burn-in"};
static const char *const BOUND[] = {"racks", "power", "cooling", "network"};

// `rows` activities over `days`, in phases where these are asked for, with bands and a panel.
static void make(site *s, int32_t rows, double days, bool phased, bool dated, bool panel) {
  static const double DAY = 86400;
  *s = (site){0};
  for (int32_t i = 0; i < rows; i++) {
    const double start = days * DAY * i / rows * 0.8, length = i % 7 == 6 ? 0 : days * DAY * (0.06 + 0.03 * (i % 5));
    snprintf(s->name[i], sizeof s->name[i],
             i % 11 == 3 ? "Install liquid-cooled racks of hall %d and connect them to the loop" : "Activity %d",
             i + 1);
    s->row[i] = (clx_gantt_row){.name = s->name[i],
                                .phase = phased ? PHASES[4 * i / rows] : NULL,
                                .start = start,
                                .finish = start + length,
                                .critical = i % 3 == 0};
    s->row[i].low = s->row[i].finish - 0.02 * days * DAY;
    s->row[i].high = s->row[i].finish + (i % 2 == 0 ? 0.05 : 0.01) * days * DAY;
    if (i >= 3) s->link[i - 3] = (clx_gantt_link){i - 3, i, i % 4 != 0, i % 5 == 0};
  }
  for (int32_t k = 0; k < POINTS; k++) {
    s->time[k] = days * DAY * k / POINTS;
    s->value[k] = 100000.0 * k * k / POINTS / POINTS;
    s->low[k] = 0.8 * s->value[k];
    s->high[k] = 1.1 * s->value[k];
    s->binding[k] = k / 16;
  }
  s->panel = (clx_gantt_panel){"GPUs usable", "", s->time, s->value, s->low, s->high, POINTS, s->binding, BOUND, 4};
  s->gantt = (clx_gantt){.title = "Colossus & its second hall <test>",
                         .note = "band of the lower figure: P10 to P90",
                         .whisker = "finish: P10 to P80",
                         .dated = dated,
                         .origin = 1713916800,  // 2024-04-24
                         .row = s->row,
                         .row_count = rows,
                         .link = s->link,
                         .link_count = rows > 3 ? rows - 3 : 0,
                         .panel = panel ? &s->panel : NULL};
}

static void plans_of_all_sizes_are_drawn(void **state) {
  (void)state;
  static const struct {
    int32_t rows;
    double days;
    bool phased, dated, panel;
  } cases[] = {{1, 0.2, false, true, false},  {5, 30, false, true, true},  {5, 3, true, false, false},
               {30, 122, true, true, true},   {80, 400, true, true, true}, {80, 1500, false, false, false},
               {220, 9000, true, true, true}, {12, 0.9, true, true, false}};
  static site s;
  for (int32_t k = 0; k < CLX_COUNT(cases); k++) {
    clx_buffer out = {0};
    make(&s, cases[k].rows, cases[k].days, cases[k].phased, cases[k].dated, cases[k].panel);
    clx_report_gantt(&s.gantt, &out);
    assert_false(out.failed);
    check_drawing(out.data);
    assert_int_equal(count_of(out.data, "class=\"lane\""), cases[k].phased ? cases[k].rows < 4 ? 1 : 4 : 0);
    if (cases[k].panel) assert_non_null(strstr(out.data, ">what binds<"));
    if (cases[k].rows > CLX_GANTT_ROWS_MAX) assert_non_null(strstr(out.data, "20 more activities"));
    clx_buffer_free(&out);
  }
}

static void a_plan_without_activities_says_so(void **state) {
  (void)state;
  clx_buffer out = {0};
  const clx_gantt none = {.title = "nothing"};
  clx_report_gantt(&none, &out);
  assert_non_null(strstr(out.data, "no activities"));
  check_tags(out.data);
  clx_buffer_free(&out);
}

static void make_lines(double time[3][500], clx_scurve_line line[3]) {
  static const char *const names[] = {"first training", "half of the GPUs", "all GPUs usable"};
  for (int32_t i = 0; i < 3; i++) {
    for (int32_t k = 0; k < 500; k++) {
      const double u = (k + 0.5) / 500;
      time[i][k] = 86400 * (90 + 20 * i + 10 * log(u / (1 - u)));
    }
    line[i] = (clx_scurve_line){names[i], time[i], 500};
  }
}

static void distributions_have_their_percentiles(void **state) {
  (void)state;
  static double time[3][500];
  clx_scurve_line line[3];
  clx_buffer out = {0};
  make_lines(time, line);
  clx_scurve s = {.title = "Dates of the build",
                  .note = "500 samples",
                  .dated = true,
                  .origin = 1713916800,
                  .line = line,
                  .line_count = 3};
  clx_report_scurve(&s, &out);
  check_drawing(out.data);
  // P50 of a logistic variable is its mean: day 90 from 24 April on; P80 is ln 4 scales later: 13.86 days.
  assert_non_null(strstr(out.data, "P50  23 Jul 2024"));
  assert_non_null(strstr(out.data, "P80  5 Aug 2024"));
  clx_buffer_free(&out);
  s.line_count = 1;
  s.dated = false;
  out = (clx_buffer){0};
  clx_report_scurve(&s, &out);
  check_drawing(out.data);
  assert_non_null(strstr(out.data, "P80  day 103"));
  clx_buffer_free(&out);
  line[0].count = 0;
  out = (clx_buffer){0};
  clx_report_scurve(&s, &out);
  assert_non_null(strstr(out.data, "no samples"));
  clx_buffer_free(&out);
}

static void times_are_written_as_people_plan(void **state) {
  (void)state;
  char text[CLX_DATES_TEXT];
  const clx_dates none = {0};
  assert_string_equal(clx_dates_text(none, 17 * 3600.0, true, text), "day 0, 17:00");
  assert_string_equal(clx_dates_text(none, 86400 + 59.7 * 60, true, text), "day 1, 01:00");
  assert_string_equal(clx_dates_text(none, 3 * 86400.0, false, text), "day 3");
  assert_string_equal(clx_dates_span(17.5 * 3600, text), "17 h 30 min");
  assert_string_equal(clx_dates_span(86400, text), "1 day");
  assert_string_equal(clx_dates_span(76 * 3600.0, text), "3 days 4 h");
  assert_string_equal(clx_dates_span(800.96 * 86400, text), "801 days");
  assert_string_equal(clx_dates_span(506.5 * 86400, text), "506.5 days");
  assert_string_equal(clx_dates_span(1800, text), "30 min");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(times_are_written_as_people_plan),
      cmocka_unit_test(plans_of_all_sizes_are_drawn),
      cmocka_unit_test(a_plan_without_activities_says_so),
      cmocka_unit_test(distributions_have_their_percentiles),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
