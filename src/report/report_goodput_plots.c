// Progress over time, goodput over the size of the job, goodput over the checkpoint interval.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/report_goodput.h"
#include "unit/unit.h"

enum { SHORT = 48, LINE = 160, KEYS = 6 };  // KEYS: up to so many entries have room for three lines

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
  while (end < count && (end == 0 || y[end - 1] < 1)) end++;
  clx_plot_line(p, x, y, end, policy);
}

static void key_progress(clx_plot *p, int32_t policy) {
  const clx_quantity *time = clx_goodput_find(&p->view, policy, "time_to_train");
  char text[LINE] = "";
  if (time != NULL && time->value > 0) with_band(time, 3, text);
  clx_plot_key(p, policy, p->view.policy[policy].name, "%s", text);
}

void clx_figure_progress(clx_plot *p, clx_area area) {
  set_axes(p, area, margin_of(area));
  p->log_x = false;
  p->x0 = p->y0 = 0;
  p->y1 = 1;
  double zero = 0, end = 0;
  for (int32_t i = 0; i < p->view.count; i++) {
    const double *x = NULL;
    int32_t count = 0;
    if (clx_goodput_series(&p->view, i, "progress", &x, &count) != NULL) widen(&zero, &end, x, count);
  }
  p->x1 = end > 0 ? end : 1;
  if (end <= 0) {
    clx_plot_nothing(p, "no progress over time in this result");
    return;
  }
  clx_plot_share_axis(p, "work done (%)");
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

static curve curve_of(const clx_plot *p, int32_t policy, const char *what) {
  curve c = {0};
  c.y = clx_goodput_series(&p->view, policy, what, &c.x, &c.count);
  if (c.y == NULL) return (curve){0};
  const int32_t skip = skip_of(c.x, c.count);
  return (curve){c.x + skip, c.y + skip, c.count - skip};
}

// GPUs of the job, and what was simulated for it.
static void put_machine(clx_plot *p, double gpus) {
  const clx_quantity *goodput = clx_goodput_find(&p->view, 0, "goodput");
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
  if (p->view.count > 1) snprintf(name, sizeof name, "simulated: %.99s", p->view.policy[0].name);
  clx_plot_key(p, -1, name, "%.1f %% at %s GPUs", 100 * goodput->value,
               clx_quantity_format(gpus, "", 12, count, SHORT));
}

void clx_figure_size(clx_plot *p, clx_area area) {
  static const struct {
    const char *what, *name;
  } rates[] = {
      {"curve.size_low", "low rates"}, {"curve.size_mid", "expected rates"}, {"curve.size_high", "high rates"}};
  curve c[CLX_COUNT(rates)];
  const clx_quantity *goodput = p->view.count > 0 ? clx_goodput_find(&p->view, 0, "goodput") : NULL;
  double low = INFINITY, high = 0, least = 1, most = 0;
  char text[SHORT];
  set_axes(p, area, margin_of(area));
  for (int32_t i = 0; i < CLX_COUNT(rates); i++) {
    c[i] = curve_of(p, 0, rates[i].what);
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
    clx_plot_key(p, i, rates[i].name, "%.1f %% at %s GPUs", 100 * value_at(c[i].x, c[i].y, c[i].count, at),
                 clx_quantity_format(at, "", 12, text, sizeof text));
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

// The best of a curve: the interval of the policy where that is the best one to the step of the curve, else the highest point.
static double best_of(const curve *c, double set) {
  const int32_t i = highest(c);
  const double before = c->x[i > 0 ? i - 1 : i], after = c->x[i + 1 < c->count ? i + 1 : i];
  return set >= before && set <= after ? set : c->x[i];
}

static void put_interval(clx_plot *p, int32_t policy, const curve *c) {
  const clx_quantity *q = clx_goodput_find(&p->view, policy, "checkpoint_interval");
  const double set = q != NULL ? q->value : 0, best = best_of(c, set), bottom = p->area.y + p->area.height;
  const double most = fmax(value_at(c->x, c->y, c->count, best), c->y[highest(c)]);
  const clx_point top = clx_plot_at(p, best, most);
  char text[2][SHORT];
  if (q != NULL && q->low < q->high && p->view.count == 1 && best == set) {
    const double x0 = clx_plot_at(p, fmax(q->low, p->x0), 0).x, x1 = clx_plot_at(p, q->high, 0).x;
    clx_svg_box(&p->picture, x0, p->area.y, fmax(x1 - x0, 0.8), p->area.height, 0, "band f0");
  }
  clx_plot_line(p, c->x, c->y, c->count, policy);
  if (p->view.count == 1) clx_plot_rule(p, "aim", top, (clx_point){top.x, bottom});
  clx_svg_disc(&p->picture, top, 5, "ring");
  clx_plot_key(p, policy, p->view.policy[policy].name, "best: %s, %.1f %%",
               clx_quantity_format(best, "s", 3, text[0], SHORT), 100 * most);
  if (best == set || !(set >= p->x0 && set <= p->x1)) return;
  const double there = value_at(c->x, c->y, c->count, set);
  const clx_point at = clx_plot_at(p, set, there);
  clx_buffer_format(p->picture.out, "<path class=\"given\" d=\"M%.1f %.1fl9 9m-9 0l9 -9\"/>\n", at.x - 4.5, at.y - 4.5);
  if (p->view.count > KEYS) return;
  clx_svg_text(&p->picture, p->area.x + p->area.width + 46, p->key - 7, "tiny", "start", "as set: %s, %.1f %%",
               clx_quantity_format(set, "s", 3, text[1], SHORT), 100 * there);
  p->key += 12;
}

void clx_figure_interval(clx_plot *p, clx_area area) {
  curve c[CLX_GOODPUT_POLICIES];
  double left = INFINITY, right = 0, low = 1, high = 0;
  set_axes(p, area, margin_of(area));
  for (int32_t i = 0; i < p->view.count; i++) {
    c[i] = curve_of(p, i, "curve.interval");
    widen(&left, &right, c[i].x, c[i].count);
    widen(&low, &high, c[i].y, c[i].count);
  }
  if (!(right > left)) {
    clx_plot_nothing(p, "no goodput over the checkpoint interval in this result");
    return;
  }
  p->log_x = true;
  p->x0 = left;
  p->x1 = right;
  set_shares(p, low, high);
  clx_plot_share_axis(p, "goodput (%)");
  clx_plot_log_axis(p, true, "work between two checkpoints");
  for (int32_t i = 0; i < p->view.count; i++) {
    if (c[i].count > 0) put_interval(p, i, &c[i]);
  }
}
