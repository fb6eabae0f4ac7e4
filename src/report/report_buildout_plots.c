// A build as drawings: works over time, GPUs by day with what holds them up, how likely dates are, what moves them.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/report_buildout.h"
#include "report/report_power.h"
#include "unit/unit.h"

enum { WIDE = CLX_POWER_WIDE, EDGE = CLX_POWER_EDGE, MARGIN = CLX_POWER_MARGIN, TOP = CLX_POWER_TOP, SHORT = 96 };

static const double DAY = 86400;

static const double *series(const clx_result *result, const char *name, const double **x, int32_t *count) {
  char full[SHORT + 16];
  snprintf(full, sizeof full, "buildout.%s", name);
  *count = 0;
  return clx_result_series(result, full, x, count);
}

static const char *title_of(const clx_result *result) {
  const char *title = clx_result_fact(result, "scenario.title");
  return title != NULL ? title : clx_result_fact(result, "scenario.name");
}

// The cause of most replicas on each day, as numbers of a list of those that occur; -1 once all is there.
static bool bindings(const clx_result *result, int32_t count, clx_arena *arena, int32_t **binding, const char **name,
                     int32_t *names) {
  const double *share[CLX_BUILDOUT_CAUSES + 1], *x;
  int32_t at[CLX_BUILDOUT_CAUSES + 1];
  *names = 0;
  *binding = CLX_NEW_ARRAY(arena, int32_t, count + 1);
  for (int32_t k = 0; k <= CLX_BUILDOUT_CAUSES; k++) {
    char of[SHORT];
    int32_t points = 0;
    snprintf(of, sizeof of, "cause.%s", clx_buildout_cause_name[k]);
    share[k] = series(result, of, &x, &points);
    at[k] = -1;
    if (share[k] == NULL || points != count) return false;
  }
  for (int32_t d = 0; d < count && *binding != NULL; d++) {
    int32_t most = 0;
    for (int32_t k = 1; k <= CLX_BUILDOUT_CAUSES; k++)
      if (share[k][d] > share[most][d]) most = k;
    if (most != CLX_BUILDOUT_DONE && at[most] < 0) {
      at[most] = *names;
      name[(*names)++] = clx_buildout_cause_text(clx_buildout_cause_name[most]);
    }
    (*binding)[d] = at[most];
  }
  return *binding != NULL;
}

// --- works ---------------------------------------------------------------------------------------------------------------------

// On the chain of what waited for what without chance or as late, or in most builds, or in more than any other.
static bool is_critical(const clx_result *result, int32_t work) {
  const double share = clx_buildout_item_value(result, "work", work, "critical", 0);
  double most = 0;
  for (int32_t i = 1; i <= clx_buildout_items(result, "work"); i++)
    most = fmax(most, clx_buildout_item_value(result, "work", i, "critical", 0));
  return clx_buildout_item_value(result, "work", work, "tied", 0) > 0 || (share > 0 && share >= fmin(0.5, most));
}

static clx_gantt_row *rows_of(const clx_result *result, int32_t count, clx_arena *arena) {
  clx_gantt_row *row = CLX_NEW_ARRAY(arena, clx_gantt_row, count + 1);
  for (int32_t i = 0; i < count && row != NULL; i++) {
    const clx_quantity *finish = clx_buildout_item(result, "work", i + 1, "finish");
    row[i] = (clx_gantt_row){.name = clx_buildout_item_fact(result, "work", i + 1, "name"),
                             .phase = clx_buildout_item_fact(result, "work", i + 1, "phase"),
                             .start = clx_buildout_item_value(result, "work", i + 1, "start", 0),
                             .finish = finish->value,
                             .low = finish->low,
                             .high = finish->high,
                             .critical = is_critical(result, i + 1)};
  }
  return row;
}

void clx_report_buildout_gantt(const clx_result *result, clx_buffer *out) {
  const int32_t works = clx_buildout_items(result, "work");
  clx_arena *arena = clx_arena_new();
  clx_gantt_row *row = arena != NULL ? rows_of(result, works, arena) : NULL;
  clx_gantt_panel panel = {.title = "GPUs that can be used", .unit = ""};
  const char *name[CLX_BUILDOUT_CAUSES];
  int32_t *binding = NULL, low_count = 0, high_count = 0;
  if (row == NULL) {
    out->failed = true;
    clx_arena_free(arena);
    return;
  }
  panel.value = series(result, "gpus", &panel.time, &panel.count);
  const double *x, *low = series(result, "gpus_p10", &x, &low_count),
                   *high = series(result, "gpus_p90", &x, &high_count);
  if (panel.value != NULL && low_count == panel.count && high_count == panel.count) {
    panel.low = low;
    panel.high = high;
  }
  if (panel.value != NULL && bindings(result, panel.count, arena, &binding, name, &panel.binding_count)) {
    panel.binding = binding;
    panel.binding_name = name;
  }
  const bool chance = clx_result_value(result, "buildout.replicas", 0) > 0;
  const clx_gantt gantt = {.title = title_of(result),
                           .note = chance ? "bars without chance, whiskers P10 to P90 of the finish" : NULL,
                           .whisker = chance ? "P10 to P90" : NULL,
                           .dated = true,
                           .origin = clx_buildout_origin(result),
                           .row = row,
                           .row_count = works,
                           .panel = panel.value != NULL ? &panel : NULL};
  clx_report_gantt(&gantt, out);
  clx_arena_free(arena);
}

// --- GPUs by day -----------------------------------------------------------------------------------------------------------------

// The shares of causes from the bottom up, as areas.
static void put_causes(clx_plot *p, const clx_result *result, int32_t count, const double *time) {
  for (int32_t k = 0; k < CLX_BUILDOUT_CAUSES; k++) {
    char of[SHORT];
    const double *x, *y;
    int32_t points = 0;
    double sum = 0;
    snprintf(of, sizeof of, "cause.%s", clx_buildout_cause_name[k]);
    y = series(result, of, &x, &points);
    if (y == NULL || points != count) continue;
    for (int32_t d = 0; d < count; d++) sum += y[d];
    if (!(sum > 0)) continue;
    clx_buffer_format(p->picture.out, "<path class=\"piece f%d\" d=\"", (int)k);
    for (int32_t pass = 0; pass < 2; pass++) {
      for (int32_t i = 0; i < count; i++) {
        const int32_t d = pass == 0 ? i : count - 1 - i;
        double base = 0;
        for (int32_t j = 0; j < k + (pass == 0 ? 1 : 0); j++) {
          snprintf(of, sizeof of, "cause.%s", clx_buildout_cause_name[j]);
          const double *below = series(result, of, &x, &points);
          base += below != NULL ? below[d] : 0;
        }
        const clx_point at = clx_plot_at(p, time[d], base);
        clx_buffer_format(p->picture.out, "%c%.1f %.1f", pass == 0 && i == 0 ? 'M' : 'L', at.x, at.y);
      }
    }
    clx_buffer_format(p->picture.out, "z\"/>\n");
    clx_svg_box(
        &p->picture, p->area.x + p->area.width + 22, p->key - 10, 14, 11, 0,
        (const char *[]){"piece f0", "piece f1", "piece f2", "piece f3", "piece f4", "piece f5", "piece f6"}[k]);
    clx_plot_key(p, CLX_SAMPLE_NONE, 0, clx_buildout_cause_text(clx_buildout_cause_name[k]), "%.0f build-days of 100",
                 100 * sum / count);
  }
}

static void put_gpus(clx_plot *p, const clx_result *result, const double *y, const double *x, int32_t count) {
  const double *at, *low, *high;
  int32_t low_count = 0, high_count = 0;
  char a[CLX_TIME_TEXT], text[SHORT];
  low = series(result, "gpus_p10", &at, &low_count);
  high = series(result, "gpus_p90", &at, &high_count);
  p->y0 = 0;
  p->y1 = 1.06 * clx_result_value(result, "buildout.gpus_total", 1);
  const double one = p->y1 >= 2e3 ? 1e3 : 1;
  clx_plot_upright_axis(p, one, one > 1 ? "GPUs that can be used (thousands)" : "GPUs that can be used");
  clx_dates_axis(p, (clx_dates){true, clx_buildout_origin(result)});
  if (low_count == count && high_count == count) clx_plot_band(p, x, low, high, count, 0);
  clx_power_curve(p, "s0", x, y, count);
  clx_plot_key(p, CLX_SAMPLE_PLAIN, 0, "half of the builds", "band: 1 in 10 to 9 in 10");
  const clx_quantity *first = clx_result_find(result, "buildout.first_training"),
                     *full = clx_result_find(result, "buildout.full_capacity");
  if (first != NULL) {
    const double gpus = clx_result_value(result, "buildout.first", 0);
    clx_svg_disc(&p->picture, clx_plot_at(p, first->value, gpus), 4.5, "ring");
    clx_plot_key(p, CLX_SAMPLE_RING, 0, "first training", "%s GPUs, %s", clx_quantity_format(gpus, "", 12, text, SHORT),
                 clx_buildout_date(result, first->value, a));
  }
  if (full != NULL) {
    clx_svg_disc(&p->picture, clx_plot_at(p, full->value, clx_result_value(result, "buildout.gpus_total", 0)), 4.5,
                 "ring");
    clx_plot_key(p, CLX_SAMPLE_RING, 0, "full capacity", "%s", clx_buildout_date(result, full->value, a));
  }
}

void clx_report_buildout_gpus(const clx_result *result, clx_buffer *out) {
  static const char what[] = "GPUs by day, and what holds the rest up";
  const double *x, *y;
  int32_t count = 0;
  y = series(result, "gpus", &x, &count);
  if (y == NULL || count < 2) {
    clx_power_empty(result, what, "no GPUs over time in this result", out);
    return;
  }
  clx_plot p = clx_power_page(result, WIDE, 700, what, out);
  clx_power_head(&p, what,
                 "below: share of the builds in which no more GPUs are on their way because of ...; "
                 "white: all are there");
  clx_power_axes(&p, (clx_area){EDGE, TOP, WIDE - 2 * EDGE, 380}, MARGIN);
  p.x0 = 0;
  p.x1 = x[count - 1];
  put_gpus(&p, result, y, x, count);
  clx_power_axes(&p, (clx_area){EDGE, TOP + 392, WIDE - 2 * EDGE, 200}, MARGIN);
  p.x0 = 0;
  p.x1 = x[count - 1];
  p.y0 = 0;
  p.y1 = 1;
  clx_plot_share_axis(&p, "builds (%)");
  clx_dates_axis(&p, (clx_dates){true, clx_buildout_origin(result)});
  put_causes(&p, result, count, x);
  clx_buffer_format(out, "</svg>\n");
}

// --- dates -----------------------------------------------------------------------------------------------------------------------

void clx_report_buildout_curve(const clx_result *result, clx_buffer *out) {
  static const struct {
    const char *series, *quantity, *name;
  } lines[] = {{"curve.first", "buildout.first_training.reached", "first training"},
               {"curve.full", "buildout.full_capacity.reached", "full capacity"}};
  clx_scurve_line line[CLX_COUNT(lines)];
  int32_t count = 0;
  double reached = 1;
  const bool one = clx_result_value(result, "buildout.first", 0) >= clx_result_value(result, "buildout.gpus_total", 1);
  for (int32_t i = one ? 1 : 0; i < CLX_COUNT(lines); i++) {
    line[count].name = lines[i].name;
    if (series(result, lines[i].series, &line[count].time, &line[count].count) == NULL) continue;
    reached = fmin(reached, clx_result_value(result, lines[i].quantity, 1));
    count++;
  }
  if (count == 0) {
    clx_power_empty(result, "How likely dates are", "no builds with chance in this result", out);
    return;
  }
  char note[SHORT];
  snprintf(note, sizeof note, "of the %.1f %% of builds that get there", 100 * reached);
  const clx_scurve curve = {.title = title_of(result),
                            .note = reached < 1 ? note : "share of the builds that are there by then",
                            .dated = true,
                            .origin = clx_buildout_origin(result),
                            .line = line,
                            .line_count = count};
  clx_report_scurve(&curve, out);
}

// --- what moves them ---------------------------------------------------------------------------------------------------------------

enum { BARS = 16, STEP = 24, NAMES = 230 };

typedef struct bar {
  int32_t number;
  double low, high;
} bar;

static int32_t bars_of(const clx_result *result, bar *list) {
  const int32_t count = clx_buildout_items(result, "driver");
  int32_t found = 0;
  for (int32_t i = 1; i <= count && found < BARS; i++) {
    const bar one = {i, clx_buildout_item_value(result, "driver", i, "full_low", INFINITY),
                     clx_buildout_item_value(result, "driver", i, "full_high", INFINITY)};
    if (isfinite(fmin(one.low, one.high)) && fabs(one.high - one.low) > 0.01 * DAY) list[found++] = one;
  }
  return found;
}

static void put_bar(clx_plot *p, const clx_result *result, const bar *b, double y, double middle) {
  char cut[SHORT], text[SHORT];
  // What is never reached goes to the end of the axis.
  const double x0 = clx_plot_at(p, fmin(b->low, b->high), p->y0).x,
               x1 = clx_plot_at(p, fmin(fmax(b->low, b->high), p->x1), p->y0).x,
               centre = fmin(fmax(clx_plot_at(p, middle, p->y0).x, x0), x1);
  const bool turned = b->low > b->high;  // a faster crew: its P90 is the earlier date
  clx_svg_text(
      &p->picture, EDGE, y + 4, "small", "start", "%s",
      clx_goodput_cut(clx_buildout_item_fact(result, "driver", b->number, "name"), NAMES - 12, 11, cut, SHORT));
  clx_svg_box(&p->picture, x0, y - 7, fmax(centre - x0, 0), 14, 0, turned ? "piece f1" : "piece f0");
  clx_svg_box(&p->picture, centre, y - 7, fmax(x1 - centre, 0), 14, 0, turned ? "piece f0" : "piece f1");
  clx_svg_text(
      &p->picture, p->area.x + p->area.width + 12, y + 4, "tiny", "start", "%s; binds in %.0f %%",
      isfinite(b->high - b->low) ? clx_quantity_format(fabs(b->high - b->low), "s", 3, text, sizeof text) : "never",
      100 * clx_buildout_item_value(result, "driver", b->number, "critical", 0));
}

void clx_report_buildout_tornado(const clx_result *result, clx_buffer *out) {
  static const char what[] = "What moves the date of full capacity";
  bar list[BARS];
  const int32_t count = bars_of(result, list);
  const clx_quantity *plain = clx_result_find(result, "buildout.full_capacity.plain");
  if (count == 0 || plain == NULL) {
    clx_power_empty(result, what, "nothing uncertain moves it", out);
    return;
  }
  const double high = 24 + count * STEP;
  clx_plot p = clx_power_page(result, WIDE, TOP + high + 70, what, out);
  clx_power_head(&p, what,
                 "blue: at its P10 (an event: without it), orange: at its P90 (with it), all others in the "
                 "middle");
  p.area = (clx_area){EDGE + NAMES, TOP + 10, WIDE - 2 * EDGE - NAMES - 150, high};
  p.y1 = 1;
  double least = plain->value, most = plain->value;
  for (int32_t i = 0; i < count; i++) {
    least = fmin(least, fmin(list[i].low, list[i].high));
    if (isfinite(list[i].high - list[i].low)) most = fmax(most, fmax(list[i].low, list[i].high));
  }
  clx_dates_range(&p, least, most);
  clx_dates_axis(&p, (clx_dates){true, clx_buildout_origin(result)});
  for (int32_t i = 0; i < count; i++) put_bar(&p, result, &list[i], p.area.y + 22 + i * STEP, plain->value);
  const double x = clx_plot_at(&p, plain->value, 0).x;
  clx_plot_rule(&p, "axis", (clx_point){x, p.area.y}, (clx_point){x, p.area.y + high});
  clx_buffer_format(out, "</svg>\n");
}
