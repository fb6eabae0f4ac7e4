// Deliveries over time against what is wanted and what sites can use; use of capacities.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/report_supply.h"
#include "unit/unit.h"

enum { WIDE = CLX_POWER_WIDE, EDGE = CLX_POWER_EDGE, HIGH = 300, SHORT = 64 };

// --- axes ------------------------------------------------------------------------------------------------------------------

// Starts of months, as many as can be read, years where they begin.
static void put_months(clx_plot *p, double start) {
  static const char *const names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const double bottom = p->area.y + p->area.height;
  const int32_t months = (int32_t)ceil(p->x1 / (30.4375 * 86400)), step = months / 13 + 1;
  int32_t year, month, shown = -1, since = 0;
  clx_orders_month(start, &year, &month);
  for (int32_t i = 0; i <= months + 1; i++) {
    char text[CLX_ORDERS_DATE];
    double time = 0;
    snprintf(text, sizeof text, "%04d-%02d-01", year % 10000, month);
    clx_time_read(text, &time);
    if (time >= start && time - start <= p->x1 && since++ % step == 0) {
      const double x = clx_plot_at(p, time - start, p->y0).x;
      clx_plot_rule(p, "axis", (clx_point){x, bottom}, (clx_point){x, bottom + 5});
      clx_svg_text(&p->picture, x, bottom + 17, "small", "middle", "%s", names[month - 1]);
      if (year != shown) clx_svg_text(&p->picture, x, bottom + 30, "small", "middle", "%d", year);
      shown = year;
    }
    if (++month > 12) month = 1, year++;
  }
  clx_plot_rule(p, "axis", (clx_point){p->area.x, bottom}, (clx_point){p->area.x + p->area.width, bottom});
}

static double most_of(const double *y, int32_t count, double most) {
  for (int32_t i = 0; y != NULL && i < count; i++) most = fmax(most, y[i]);
  return most;
}

static void put_upright(clx_plot *p, const char *what) {
  char title[SHORT];
  const double one = p->y1 >= 2e6 ? 1e6 : p->y1 >= 2e3 ? 1e3 : 1;
  snprintf(title, sizeof title, "%s%s", one > 1e3 ? "million " : one > 1 ? "thousand " : "", what);
  clx_plot_upright_axis(p, one, title);
}

// --- deliveries ------------------------------------------------------------------------------------------------------------

// A step function as a curve.
static void put_steps(clx_plot *p, const char *style, const double *x, const double *y, int32_t count, double most) {
  for (int32_t i = 0; i < count; i++) {
    const double left = i > 0 ? x[i - 1] : 0;
    if (y[i] > most) continue;
    const clx_point a = clx_plot_at(p, left, y[i]), b = clx_plot_at(p, x[i], y[i]);
    clx_plot_rule(p, style, a, b);
    if (i > 0 && y[i - 1] < y[i]) clx_plot_rule(p, style, clx_plot_at(p, left, y[i - 1]), a);
  }
}

static void put_fan(clx_plot *p, const clx_orders_names *n, int32_t buyer, int32_t style) {
  const double *x = NULL;
  int32_t count = 0;
  char low_text[SHORT], high_text[SHORT];
  const double *low = clx_orders_series(n, buyer, "low", &x, &count),
               *high = clx_orders_series(n, buyer, "high", &x, &count),
               *median = clx_orders_series(n, buyer, "median", &x, &count);
  if (low == NULL || high == NULL || median == NULL) return;
  clx_plot_band(p, x, low, high, count, style);
  clx_plot_line(p, x, median, count, style);
  clx_quantity_format(low[count - 1], "", 3, low_text, sizeof low_text);
  clx_quantity_format(high[count - 1], "", 3, high_text, sizeof high_text);
  const bool same = strcmp(low_text, high_text) == 0;
  clx_plot_key(p, CLX_SAMPLE_LINE, style, clx_orders_title(n, buyer), "%s%s%s at the end", same ? "" : low_text,
               same ? "" : " to ", high_text);
}

static double extent(const clx_orders_names *n, int32_t buyer, double *end) {
  const double *x = NULL;
  int32_t count = 0;
  const double *y = clx_orders_series(n, buyer, "high", &x, &count);
  if (y != NULL && count > 0) *end = fmax(*end, x[count - 1]);
  return most_of(y, count, 0);
}

static bool is_owner(const clx_result *result, const clx_orders_names *n, int32_t buyer) {
  const char *self = clx_result_fact(result, "supply.self");
  return self != NULL && strcmp(self, clx_orders_title(n, buyer)) == 0;
}

// Dates of events as dashed lines with numbers; their names in the key.
static void put_events(clx_plot *p, const clx_result *result) {
  const clx_orders_names n = clx_orders_names_of(result, "event", "slip");
  for (int32_t i = 0; i < n.count && i < 4; i++) {
    char number[SHORT];
    const double at = clx_orders_value(&n, i, "at", -1), x = clx_plot_at(p, at, p->y0).x;
    if (at < 0 || at > p->x1) continue;
    clx_plot_rule(p, "zones", (clx_point){x, p->area.y}, (clx_point){x, p->area.y + p->area.height});
    clx_svg_text(&p->picture, x + 3, p->area.y + 10 + 12 * (i % 3), "small", "start", "%d", i + 1);
    snprintf(number, sizeof number, "%d: %.40s", i + 1, clx_orders_title(&n, i));
    clx_plot_key(p, CLX_SAMPLE_NONE, 0, number, "%s", "");
  }
}

static void put_owner(clx_plot *p, const clx_result *result, const clx_orders_names *n, clx_area area) {
  const double *x = NULL, *ready = NULL, *wanted = NULL;
  int32_t count = 0, own = 0;
  for (int32_t i = 0; i < n->count; i++) own = is_owner(result, n, i) ? i : own;
  clx_power_axes(p, area, CLX_POWER_MARGIN);
  p->x0 = p->y0 = p->x1 = 0;
  p->y1 = extent(n, own, &p->x1);
  wanted = clx_result_series(result, "supply.wanted", &x, &count);
  p->y1 = 1.06 * fmax(most_of(wanted, count, p->y1), 1);
  put_upright(p, "GPUs that the owner has");
  put_months(p, clx_orders_start(result));
  put_fan(p, n, own, 0);
  if (wanted != NULL) {
    put_steps(p, "curve", x, wanted, count, p->y1);
    clx_plot_key(p, CLX_SAMPLE_CURVE, 0, "wanted", "%s", "");
  }
  ready = clx_orders_series(n, own, "ready", &x, &count);
  if (ready != NULL) {
    put_steps(p, "limit", x, ready, count, p->y1);
    clx_svg_text(&p->picture, p->area.x + p->area.width + 46, p->key, "small", "start", "sites can use");
    clx_plot_rule(p, "limit", (clx_point){p->area.x + p->area.width + 16, p->key - 4},
                  (clx_point){p->area.x + p->area.width + 40, p->key - 4});
    p->key += 20;
  }
  put_events(p, result);
}

static void put_others(clx_plot *p, const clx_result *result, const clx_orders_names *n, clx_area area) {
  int32_t style = 1;
  clx_power_axes(p, area, CLX_POWER_MARGIN);
  p->x0 = p->y0 = p->x1 = p->y1 = 0;
  for (int32_t i = 0; i < n->count; i++)
    if (!is_owner(result, n, i)) p->y1 = fmax(p->y1, extent(n, i, &p->x1));
  p->y1 = 1.06 * fmax(p->y1, 1);
  put_upright(p, "GPUs of other buyers");
  put_months(p, clx_orders_start(result));
  for (int32_t i = 0; i < n->count && style < CLX_GOODPUT_POLICIES; i++)
    if (!is_owner(result, n, i)) put_fan(p, n, i, style++);
}

void clx_report_supply_deliveries(const clx_result *result, clx_buffer *out) {
  static const char what[] = "GPUs delivered";
  const clx_orders_names n = clx_orders_names_of(result, "buyer", "received");
  if (n.count == 0) {
    clx_power_empty(result, what, "no deliveries in this result: colossus order SCENARIO", out);
    return;
  }
  const int32_t panels = n.count > 1 ? 2 : 1;
  clx_plot p = clx_power_page(result, WIDE, 100 + panels * HIGH, what, out);
  clx_power_head(&p, what, "median, and from one run in ten to nine in ten; numbers: dates of events");
  put_owner(&p, result, &n, (clx_area){EDGE, 96, WIDE - 2 * EDGE, HIGH - 10});
  if (panels > 1) put_others(&p, result, &n, (clx_area){EDGE, 96 + HIGH, WIDE - 2 * EDGE, HIGH - 10});
  clx_buffer_format(out, "</svg>\n");
}

// --- capacities ------------------------------------------------------------------------------------------------------------

// The limits that are full longest, then those used most.
static int32_t busiest(const clx_orders_names *n, const bool *done) {
  int32_t best = -1;
  double weight = 0;
  for (int32_t i = 0; i < n->count; i++) {
    const double own = clx_orders_value(n, i, "full_time", 0) + clx_orders_value(n, i, "use_most", 0);
    if (!done[i] && (best < 0 || own > weight)) best = i, weight = own;
  }
  return best;
}

void clx_report_supply_shares(const clx_result *result, clx_buffer *out) {
  enum { LINES = 7 };
  static const char what[] = "Use of what can be short";
  const clx_orders_names n = clx_orders_names_of(result, "limit", "use_most");
  bool done[CLX_ORDERS_NAMES] = {false};
  if (n.count == 0) {
    clx_power_empty(result, what, "nothing in this result that can be short", out);
    return;
  }
  clx_plot p = clx_power_page(result, WIDE, 100 + HIGH + 60, what, out);
  clx_power_head(&p, what, "mean share of what was planned for each week; a factor of chance may lift it above 100 %");
  clx_power_axes(&p, (clx_area){EDGE, 96, WIDE - 2 * EDGE, HIGH + 50}, CLX_POWER_MARGIN + 30);
  p.x0 = p.y0 = p.x1 = 0;
  p.y1 = 1;
  for (int32_t i = 0; i < n.count; i++) {
    const double *x = NULL;
    int32_t count = 0;
    const double *y = clx_orders_series(&n, i, "use", &x, &count);
    p.y1 = most_of(y, count, p.y1);
    if (count > 0) p.x1 = fmax(p.x1, x[count - 1]);
  }
  p.y1 *= 1.05;
  clx_plot_upright_axis(&p, 0.01, "used (%)");
  put_months(&p, clx_orders_start(result));
  for (int32_t k = 0; k < LINES && k < n.count; k++) {
    const int32_t i = busiest(&n, done);
    const double *x = NULL;
    int32_t count = 0;
    char title[CLX_POWER_NAME];
    const double *y = clx_orders_series(&n, i, "use", &x, &count);
    const double weeks = clx_orders_value(&n, i, "full_time", 0) / (7 * 86400.0);
    done[i] = true;
    if (y == NULL) continue;
    snprintf(title, sizeof title, "%.60s", clx_orders_title(&n, i));
    clx_plot_line(&p, x, y, count, k);
    clx_plot_key(&p, CLX_SAMPLE_LINE, k, strncmp(title, "capacity ", 9) == 0 ? title + 9 : title,
                 "full in half of the runs: %.0f week%s", weeks, weeks > 0.5 && weeks < 1.5 ? "" : "s");
  }
  clx_buffer_format(out, "</svg>\n");
}
