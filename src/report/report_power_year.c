// A long run of the site, and the designer's choice of battery and floor.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/report_power.h"
#include "unit/unit.h"

enum { WIDE = CLX_POWER_WIDE, EDGE = CLX_POWER_EDGE, MARGIN = CLX_POWER_MARGIN, BINS = 330, COLOURS = 8 };

// --- a long run --------------------------------------------------------------------------------------------------------------

// A series in so many equal parts of its length: the mean or the most of each.
static void bin(const clx_power_wave *w, int32_t bins, bool most, double *out) {
  for (int32_t b = 0; b < bins; b++) {
    const int32_t from = (int32_t)((double)b * w->count / bins);
    const int32_t until = (int32_t)fmax((b + 1.0) * w->count / bins, from + 1);
    double sum = 0, high = w->y[from];
    for (int32_t i = from; i < until; i++) {
      sum += w->y[i];
      high = fmax(high, w->y[i]);
    }
    out[b] = most ? high : sum / (until - from);
  }
}

// Middles of the parts of a run, s.
typedef struct parts {
  double x[BINS];
  int32_t count;
} parts;

static parts parts_of(const clx_power_wave *w) {
  parts p = {.count = w->count < BINS ? w->count : BINS};
  for (int32_t b = 0; b < p.count; b++) p.x[b] = (b + 0.5) * w->count * w->step / p.count;
  return p;
}

// Sources upon one another; the last of many stands for those that find no colour. Returns the most of their sum, W; draws with p.
static double stack_sources(const clx_result *result, const parts *t, clx_plot *p) {
  const clx_power_parts sources = clx_power_parts_of(result, "source", "energy");
  double low[BINS] = {0}, high[BINS] = {0}, watt[BINS], most = 0;
  char name[CLX_POWER_NAME], series[2 * CLX_POWER_NAME], text[CLX_POWER_NAME];
  for (int32_t i = 0; i < sources.count; i++) {
    const int32_t style = i < COLOURS ? i : COLOURS - 1;
    const bool further = i == COLOURS - 1 && sources.count > COLOURS;
    snprintf(series, sizeof series, "power.source.%s", sources.name[i]);
    const clx_power_wave w = clx_power_wave_of(result, series);
    if (w.count > 0) {
      bin(&w, t->count, false, watt);
      for (int32_t b = 0; b < t->count; b++) {
        low[b] = high[b];
        high[b] += watt[b];
        most = fmax(most, high[b]);
      }
    }
    if (p == NULL) continue;
    if (w.count > 0) clx_plot_band(p, t->x, low, high, t->count, style);
    if (i >= COLOURS) continue;
    clx_power_part_title(&sources, i, name, sizeof name);
    if (further) snprintf(name, sizeof name, "%d further sources", sources.count + sources.more - i);
    clx_plot_key(
        p, CLX_SAMPLE_MARK, style, name, "%s",
        further ? "" : clx_quantity_format(clx_power_part_value(&sources, i, "energy", 0), "J", 3, text, sizeof text));
  }
  return most;
}

static double most_of(const clx_power_wave *w) {
  double most = 0;
  for (int32_t i = 0; i < w->count; i++) most = fmax(most, w->y[i]);
  return most;
}

static void put_demand(const clx_result *result, const clx_power_wave *mean, clx_plot *p) {
  const parts t = parts_of(mean);
  const clx_power_wave most = clx_power_wave_of(result, "power.year.most");
  double level[BINS], top[BINS], high = stack_sources(result, &t, NULL);
  char text[CLX_POWER_NAME];
  bin(mean, t.count, false, level);
  bin(most.count > 0 ? &most : mean, t.count, true, top);
  for (int32_t b = 0; b < t.count; b++) high = fmax(high, top[b]);
  clx_power_axes(p, (clx_area){EDGE, CLX_POWER_TOP, WIDE - 2 * EDGE, 330}, MARGIN);
  p->x0 = p->y0 = 0;
  p->x1 = mean->count * mean->step;
  p->y1 = high > 0 ? 1.08 * high : 1;
  clx_power_upright(p, "site", "W");
  clx_plot_time_axis(p, "time since the start");
  clx_plot_key(
      p, CLX_SAMPLE_CURVE, 0, "mean", "%s",
      clx_power_watts(clx_result_value(result, "power.site_average", clx_result_value(result, "power.site_mean", 0)), 4,
                      text));
  if (most.count > 0)
    clx_plot_key(p, CLX_SAMPLE_PLAIN, 1, "most, swings included", "%s", clx_power_watts(most_of(&most), 4, text));
  clx_buffer_format(p->picture.out, "<g class=\"stack\">\n");
  stack_sources(result, &t, p);
  clx_buffer_format(p->picture.out, "</g>\n");
  clx_power_curve(p, "curve", t.x, level, t.count);
  if (most.count > 0) clx_power_curve(p, "s1 thin", t.x, top, t.count);
}

void clx_report_power_year(const clx_result *result, clx_buffer *out) {
  static const char what[] = "The site over the run";
  const clx_power_wave mean = clx_power_wave_of(result, "power.year.mean"),
                       charge = clx_power_wave_of(result, "power.charge");
  char note[CLX_POWER_TEXT], a[CLX_POWER_NAME], b[CLX_POWER_NAME];
  if (mean.count == 0) {
    clx_power_empty(result, what, "no long run in this result: colossus power SCENARIO --year", out);
    return;
  }
  clx_plot p = clx_power_page(result, WIDE, charge.count > 0 ? 640 : 440, what, out);
  snprintf(note, sizeof note, "power at the point of connection over %s%s, means of %s",
           clx_quantity_format(mean.count * mean.step, "s", 3, a, sizeof a),
           clx_power_parts_of(result, "source", "energy").count > 0 ? ", sources stacked in their order" : "",
           clx_quantity_format(mean.count * mean.step / parts_of(&mean).count, "s", 3, b, sizeof b));
  clx_power_head(&p, what, note);
  put_demand(result, &mean, &p);
  if (charge.count > 0) {
    clx_power_wave c = charge;
    double most = clx_result_value(result, "power.battery_energy", 0);
    for (int32_t i = 0; i < c.count; i++) most = fmax(most, c.y[i]);
    clx_power_axes(&p, (clx_area){EDGE, CLX_POWER_TOP + 340, WIDE - 2 * EDGE, 200}, MARGIN);
    p.x0 = p.y0 = c.x0 = 0;
    p.x1 = mean.count * mean.step;
    p.y1 = most > 0 ? 1.08 * most : 1;
    clx_power_upright(&p, "charge of the batteries", "J");
    clx_plot_time_axis(&p, "time since the start");
    clx_power_steps(&p, &c, 0, "thin");
    const clx_quantity *least = clx_result_find(result, "power.battery.charge_least"),
                       *cycles = clx_result_find(result, "power.battery.cycles");
    clx_plot_key(&p, CLX_SAMPLE_PLAIN, 0, "charge", "%s%s", least != NULL ? "least " : "",
                 least != NULL ? clx_quantity_format(least->value, least->unit, 3, a, sizeof a) : "");
    if (cycles != NULL)
      clx_plot_key(&p, CLX_SAMPLE_NONE, 2, "full cycles", "%s", clx_quantity_format(cycles->value, "", 3, a, sizeof a));
  }
  clx_buffer_format(out, "</svg>\n");
}

// --- design ------------------------------------------------------------------------------------------------------------------

static const struct {
  const char *series, *chosen, *title, *unit;
} CURVES[] = {{"power.design.curve.battery_power", "power.design.battery_power", "power of the battery", "W"},
              {"power.design.curve.battery_energy", "power.design.battery_energy", "energy of the battery", "J"},
              {"power.design.curve.burnt", NULL, "burnt by the floor", "W"},
              {"power.design.curve.cost", "power.design.cost", "cost", "USD"}};

static void put_curve(const clx_result *result, int32_t index, clx_area area, clx_plot *p) {
  const double *x = NULL;
  int32_t count = 0;
  const double *y = clx_result_series(result, CURVES[index].series, &x, &count);
  const clx_quantity *floor = clx_result_find(result, "power.design.floor"),
                     *chosen = CURVES[index].chosen != NULL ? clx_result_find(result, CURVES[index].chosen) : NULL;
  char text[CLX_POWER_NAME];
  clx_power_axes(p, area, 16);
  double most = chosen != NULL ? chosen->value : 0;
  for (int32_t i = 0; i < count && y != NULL; i++) most = fmax(most, y[i]);
  p->x0 = p->y0 = 0;
  p->x1 = 1;
  p->y1 = most > 0 ? 1.12 * most : 1;
  clx_power_upright(p, CURVES[index].title, CURVES[index].unit);
  clx_power_share_across(p, "power floor (% of the most that a GPU draws)");
  if (y == NULL || count < 1) {
    clx_plot_nothing(p, "not in this result");
    return;
  }
  clx_plot_line(p, x, y, count, index == 3 ? 1 : 0);
  if (floor == NULL || chosen == NULL) return;
  const clx_point at = clx_plot_at(p, floor->value, chosen->value);
  clx_plot_rule(p, "aim", at, (clx_point){at.x, p->area.y + p->area.height});
  clx_svg_disc(&p->picture, at, 5, "ring");
  clx_quantity_format(chosen->value, CURVES[index].unit, 3, text, sizeof text);
  const bool right = at.x + 10 + clx_goodput_width(text, 11) < p->area.x + p->area.width;
  clx_svg_text(&p->picture, at.x + (right ? 10 : -10), at.y + (right ? -8 : 18), "small", right ? "start" : "end", "%s",
               text);
}

void clx_report_power_design(const clx_result *result, clx_buffer *out) {
  static const char what[] = "Smallest battery and power floor within the utility's limits";
  const double *x = NULL;
  int32_t count = 0;
  const clx_quantity *floor = clx_result_find(result, "power.design.floor");
  if (clx_result_series(result, CURVES[0].series, &x, &count) == NULL && floor == NULL) {
    clx_power_empty(result, what, "no design in this result: colossus power SCENARIO --design, with power.limits", out);
    return;
  }
  clx_plot p = clx_power_page(result, WIDE, 88 + 2 * 280 + 16, what, out);
  char note[CLX_POWER_TEXT] = "at none of these floors does a battery meet the limits";
  if (floor != NULL)
    snprintf(note, sizeof note,
             "at each floor the smallest battery that meets all limits; ring: the cheapest, at a floor of %.0f %%",
             100 * floor->value);
  clx_power_head(&p, what, note);
  const double width = (WIDE - 2 * EDGE - 20) / 2.0;
  for (int32_t i = 0; i < CLX_COUNT(CURVES); i++) {
    put_curve(result, i, (clx_area){EDGE + (i % 2) * (width + 20), CLX_POWER_TOP + (i / 2) * 284.0, width, 276}, &p);
  }
  clx_buffer_format(out, "</svg>\n");
}
