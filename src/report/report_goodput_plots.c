// Progress over time, goodput over the size of the job, goodput over the checkpoint interval.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/report_goodput.h"
#include "unit/unit.h"

enum { SHORT = 48, LINE = 160 };

// The axes' rectangle within the area of a figure: texts on the left and below, keys on the right.
static void set_axes(clx_plot *p, clx_area area, double margin) {
  p->area = (clx_area){area.x + 40, area.y + 22, area.width - 40 - margin, area.height - 22 - 42};
  p->margin = margin;
  p->key = p->area.y + 8;
}

static double margin_of(clx_area area) { return area.width > 700 ? 196 : 172; }

// "132 days (127 to 139)", "34 h (30 h to 2.1 days)": the unit once where it is the same.
static const char *with_band(const clx_quantity *q, int digits, char text[LINE]) {
  char value[SHORT], low[SHORT], high[SHORT];
  clx_quantity_format(q->value, q->unit, digits, value, SHORT);
  clx_quantity_format(q->low, q->unit, digits, low, SHORT);
  clx_quantity_format(q->high, q->unit, digits, high, SHORT);
  char *ends[] = {strrchr(low, ' '), strrchr(high, ' ')};
  const char *unit = strrchr(value, ' ');
  if (unit != NULL && clx_text_equal(unit, ends[0]) && clx_text_equal(unit, ends[1])) *ends[0] = *ends[1] = '\0';
  if (q->low == q->value && q->high == q->value) {
    snprintf(text, LINE, "%s", value);
  } else {
    snprintf(text, LINE, "%s (%s to %s)", value, low, high);
  }
  return text;
}

// Widens the edges so that the values of a series lie between them.
static void widen(double *low, double *high, const double *value, int32_t count) {
  for (int32_t i = 0; i < count; i++) {
    *low = fmin(*low, value[i]);
    *high = fmax(*high, value[i]);
  }
}

// --- progress --------------------------------------------------------------------------------------------------------

static void put_progress(clx_plot *p, int32_t policy) {
  const double *x, *y, *low, *high, *x_low, *x_high;
  int32_t count, count_low, count_high;
  y = clx_goodput_series(&p->view, policy, "progress", &x, &count);
  if (y == NULL || count < 1) return;
  low = clx_goodput_series(&p->view, policy, "progress_low", &x_low, &count_low);
  high = clx_goodput_series(&p->view, policy, "progress_high", &x_high, &count_high);
  if (low != NULL && high != NULL && count_low == count_high) clx_plot_band(p, x_low, low, high, count_low, policy);
  int32_t end = 0;  // up to the end of the work
  while (end < count && (end == 0 || y[end - 1] < p->y1)) end++;
  clx_plot_line(p, x, y, end, policy);
}

static void key_progress(clx_plot *p, int32_t policy) {
  const clx_quantity *time = clx_goodput_find(&p->view, policy, "time_to_train");
  char text[LINE] = "";
  if (time != NULL && time->value > 0) with_band(time, 3, text);
  if (clx_goodput_infeasible(&p->view, policy) != NULL) snprintf(text, sizeof text, "makes no progress");
  clx_plot_key(p, CLX_SAMPLE_LINE, policy, p->view.policy[policy].name, "%s", text);
}

void clx_figure_progress(clx_plot *p, clx_area area) {
  set_axes(p, area, margin_of(area));
  p->log_x = false;
  p->x0 = p->y0 = 0;
  double zero = 0, end = 0, most = 0;
  for (int32_t i = 0; i < p->view.count; i++) {
    const double *x = NULL;
    int32_t count = 0;
    const double *y = clx_goodput_series(&p->view, i, "progress", &x, &count);
    if (y == NULL) continue;
    widen(&zero, &end, x, count);
    widen(&zero, &most, y, count);
  }
  if (end <= 0) {
    clx_plot_nothing(p, "no progress over time in this result");
    return;
  }
  p->x1 = end;
  p->y1 = 1;
  // Shares of the work; of a run without an end it is the work itself, in s.
  if (most > 1 + 1e-6) {
    p->y1 = fmax(end, most);
    clx_plot_work_axis(p, "work done");
  } else {
    clx_plot_share_axis(p, "work done (%)");
  }
  clx_plot_time_axis(p, "time since the start");
  for (int32_t i = p->view.count - 1; i >= 0; i--) put_progress(p, i);
  for (int32_t i = 0; i < p->view.count; i++) key_progress(p, i);
}

// Edges of the axis of shares in steps of a tenth; at least a fifth is shown.
static void set_shares(clx_plot *p, double low, double high) {
  p->y1 = fmin(1, ceil(10 * high + 0.2) / 10);
  p->y0 = fmax(0, fmin(floor(10 * low) / 10, p->y1 - 0.2));
}

// --- size ------------------------------------------------------------------------------------------------------------

// Value of a curve at x, straight between its points on the axis of ln x.
static double value_at(const double *x, const double *y, int32_t count, double at) {
  int32_t i = 1;
  if (at <= x[0]) return y[0];
  while (i < count && x[i] < at) i++;
  if (i == count) return y[count - 1];
  return y[i - 1] + (y[i] - y[i - 1]) * log(at / x[i - 1]) / log(x[i] / x[i - 1]);
}

// Points with a positive x, which a logarithmic axis can show; curves ascend.
static int32_t skip_of(const double *x, int32_t count) {
  int32_t skip = 0;
  while (skip < count && !(x[skip] > 0)) skip++;
  return skip;
}

typedef struct curve {
  const double *x, *y;
  int32_t count;
} curve;

static curve curve_of(const clx_plot *p, const char *what) {
  curve c = {0};
  c.y = clx_goodput_series(&p->view, p->view.baseline, what, &c.x, &c.count);
  if (c.y == NULL) return (curve){0};
  const int32_t skip = skip_of(c.x, c.count);
  return (curve){c.x + skip, c.y + skip, c.count - skip};
}

// GPUs of the job, and what was simulated for it.
static void put_machine(clx_plot *p, double gpus) {
  const clx_quantity *goodput = clx_goodput_find(&p->view, p->view.baseline, "goodput");
  char count[SHORT], name[LINE] = "simulated";
  if (gpus < p->x0 || gpus > p->x1 || goodput == NULL) return;
  const clx_point at = clx_plot_at(p, gpus, goodput->value);
  const double bottom = p->area.y + p->area.height;
  clx_plot_rule(p, "aim", (clx_point){at.x, p->area.y}, (clx_point){at.x, bottom});
  if (goodput->low < goodput->high) {
    const clx_point a = clx_plot_at(p, gpus, goodput->low), b = clx_plot_at(p, gpus, goodput->high);
    clx_plot_rule(p, "whisker", a, b);
    clx_plot_rule(p, "whisker", (clx_point){a.x - 4, a.y}, (clx_point){a.x + 4, a.y});
    clx_plot_rule(p, "whisker", (clx_point){b.x - 4, b.y}, (clx_point){b.x + 4, b.y});
  }
  clx_svg_disc(&p->picture, at, 4.5, "ring");
  if (p->view.count > 1) snprintf(name, sizeof name, "simulated: %.99s", p->view.policy[p->view.baseline].name);
  clx_plot_key(p, CLX_SAMPLE_RING, 0, name, "%.1f %% at %s GPUs", 100 * goodput->value,
               clx_quantity_format(gpus, "", 12, count, SHORT));
}

void clx_figure_size(clx_plot *p, clx_area area) {
  static const struct {
    const char *what, *name;
  } rates[] = {{"curve.size_low", "RSC-2, 2.34"}, {"curve.size_mid", "as here"}, {"curve.size_high", "RSC-1, 6.50"}};
  char own[SHORT];
  const double rate = clx_result_value(p->view.result, "reliability.curve.own_rate", 0);
  snprintf(own, sizeof own, "%s", rates[1].name);
  if (rate > 0) snprintf(own, sizeof own, "%s, %.2f", rates[1].name, rate * 86400e3);
  curve c[CLX_COUNT(rates)];
  const clx_quantity *goodput = p->view.count > 0 ? clx_goodput_find(&p->view, p->view.baseline, "goodput") : NULL;
  double low = INFINITY, high = 0, least = 1, most = 0;
  char text[SHORT];
  set_axes(p, area, margin_of(area));
  for (int32_t i = 0; i < CLX_COUNT(rates); i++) {
    c[i] = curve_of(p, rates[i].what);
    widen(&low, &high, c[i].x, c[i].count);
    widen(&least, &most, c[i].y, c[i].count);
  }
  if (goodput != NULL) widen(&least, &most, &goodput->low, 1);
  if (!(high > low)) {
    clx_plot_nothing(p, "no goodput over size in this result");
    return;
  }
  p->log_x = true;
  p->x0 = low;
  p->x1 = high;
  set_shares(p, least, most);
  clx_plot_share_axis(p, "goodput (%)");
  clx_plot_log_axis(p, false, "GPUs of the job");
  if (c[0].count == c[2].count && c[0].count > 1) clx_plot_band(p, c[0].x, c[0].y, c[2].y, c[0].count, 1);
  const double gpus = clx_result_value(p->view.result, "machine.gpus_used", 0);
  for (int32_t i = 0; i < CLX_COUNT(rates); i++) {
    if (c[i].count < 1) continue;
    clx_plot_line(p, c[i].x, c[i].y, c[i].count, i);
    const double at = gpus >= low && gpus <= high ? gpus : high;
    clx_plot_key(p, CLX_SAMPLE_LINE, i, i == 1 ? own : rates[i].name, "%.1f %% at %s GPUs",
                 100 * value_at(c[i].x, c[i].y, c[i].count, at), clx_quantity_format(at, "", 12, text, sizeof text));
  }
  put_machine(p, gpus);
}

// --- interval --------------------------------------------------------------------------------------------------------

static int32_t highest(const curve *c) {
  int32_t best = 0;
  for (int32_t i = 1; i < c->count; i++) {
    if (c->y[i] > c->y[best]) best = i;
  }
  return best;
}

// The curve, its best interval, and what is best at both ends of the rates' band.
static void put_interval(clx_plot *p, const curve *c) {
  const clx_quantity *set =
      p->view.count > 0 ? clx_goodput_find(&p->view, p->view.baseline, "checkpoint_interval") : NULL;
  const double best = clx_result_value(p->view.result, "reliability.curve.best_interval", c->x[highest(c)]);
  const double most =
      fmax(value_at(c->x, c->y, c->count, best), clx_result_value(p->view.result, "reliability.curve.best_goodput", 0));
  const clx_point top = clx_plot_at(p, best, most);
  char text[SHORT];
  if (set != NULL && set->low < set->high) {
    const double x0 = clx_plot_at(p, fmax(set->low, p->x0), 0).x, x1 = clx_plot_at(p, set->high, 0).x;
    clx_svg_box(&p->picture, x0, p->area.y, fmax(x1 - x0, 0.8), p->area.height, 0, "band f0");
  }
  clx_buffer_format(p->picture.out, "<path class=\"curve\" d=\"");
  for (int32_t i = 0; i < c->count; i++) {
    const clx_point at = clx_plot_at(p, c->x[i], c->y[i]);
    clx_buffer_format(p->picture.out, "%c%.1f %.1f", i == 0 ? 'M' : 'L', at.x, at.y);
  }
  clx_buffer_format(p->picture.out, "\"/>\n");
  clx_plot_rule(p, "aim", top, (clx_point){top.x, p->area.y + p->area.height});
  clx_svg_disc(&p->picture, top, 5, "ring");
  clx_plot_key(p, CLX_SAMPLE_RING, 0, "best, restart of all", "%s: %.1f %%",
               clx_quantity_format(best, "s", 3, text, sizeof text), 100 * most);
}

// What was simulated with each policy, at its interval.
static void put_simulated(clx_plot *p) {
  for (int32_t i = 0; i < p->view.count; i++) {
    const clx_quantity *set = clx_goodput_find(&p->view, i, "checkpoint_interval"),
                       *goodput = clx_goodput_find(&p->view, i, "goodput");
    char text[SHORT];
    if (set == NULL || goodput == NULL || !(set->value >= p->x0 && set->value <= p->x1)) continue;
    if (goodput->low < goodput->high && p->view.count == 1) {
      clx_plot_rule(p, "whisker", clx_plot_at(p, set->value, goodput->low), clx_plot_at(p, set->value, goodput->high));
    }
    clx_plot_mark(p, clx_plot_at(p, set->value, goodput->value), i);
    clx_plot_key(p, CLX_SAMPLE_MARK, i, p->view.policy[i].name, "%s: %.1f %%",
                 clx_quantity_format(set->value, "s", 3, text, sizeof text), 100 * goodput->value);
  }
}

void clx_figure_interval(clx_plot *p, clx_area area) {
  double left = INFINITY, right = 0, low = 1, high = 0;
  set_axes(p, area, margin_of(area));
  const curve c = curve_of(p, "curve.interval");
  widen(&left, &right, c.x, c.count);
  widen(&low, &high, c.y, c.count);
  if (!(right > left)) {
    clx_plot_nothing(p, "no goodput over the checkpoint interval in this result");
    return;
  }
  for (int32_t i = 0; i < p->view.count; i++) {
    const clx_quantity *goodput = clx_goodput_find(&p->view, i, "goodput");
    if (goodput == NULL) continue;
    widen(&low, &high, &goodput->low, 1);
    widen(&low, &high, &goodput->high, 1);
  }
  p->log_x = true;
  p->x0 = left;
  p->x1 = right;
  set_shares(p, low, high);
  clx_plot_share_axis(p, "goodput (%)");
  clx_plot_log_axis(p, true, "work between two checkpoints");
  put_interval(p, &c);
  put_simulated(p);
}
