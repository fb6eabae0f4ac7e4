// A year of cooling: hour of the day by day of the year, and the same hours sorted.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/report_cooling.h"
#include "unit/unit.h"

enum {
  WIDE = CLX_POWER_WIDE,
  EDGE = CLX_POWER_EDGE,
  DAYS = 366,
  HOURS = 24,
  SHADES = 20,
  ROW = 6,      // pixels of an hour
  PANEL = 216,  // from one carpet to the next
  POINTS = 400  // of a curve
};

static const double DAY = 86400, HOUR = 3600;

// What is drawn of a series: its value for people is factor * (y - offset).
typedef struct quantity {
  const char *series, *title, *unit;
  double factor, offset;
  int32_t digits;  // behind the point, of the scale
} quantity;

static const quantity PUE = {"cooling.year.pue", "PUE of the site", "", 1, 0, 3},
                      SUPPLY = {"cooling.year.supply", "Supply temperature of the racks", "\u00b0C", 1, 273.15, 1},
                      WET_BULB = {"cooling.year.wet_bulb", "Wet bulb outside", "\u00b0C", 1, 273.15, 1},
                      DRY_BULB = {"cooling.year.dry_bulb", "Dry bulb outside", "\u00b0C", 1, 273.15, 1},
                      WATER = {"cooling.year.water", "Water", "kg/s", 1, 0, 1},
                      POWER = {"cooling.year.power", "Power of the cooling", "MW", 1e-6, 0, 2};

static bool has(const clx_result *result, const quantity *q, double least_range, double least_most) {
  const double *x = NULL;
  int32_t count = 0;
  const double *y = clx_result_series(result, q->series, &x, &count);
  double low = INFINITY, high = -INFINITY;
  for (int32_t i = 0; y != NULL && i < count; i++) {
    low = fmin(low, y[i]);
    high = fmax(high, y[i]);
  }
  return y != NULL && count > 1 && high - low >= least_range && high >= least_most;
}

// A supply that is held all year says nothing: then what the weather does. A plant without water: what it draws.
static int32_t choose(const clx_result *result, const quantity *shown[3]) {
  int32_t count = 0;
  const quantity *second = has(result, &SUPPLY, 0.05, 0) ? &SUPPLY : has(result, &WET_BULB, 0, 0) ? &WET_BULB : &SUPPLY;
  const quantity *third = has(result, &WATER, 0, 1e-9) ? &WATER : &POWER;
  if (has(result, &PUE, 0, 0)) shown[count++] = &PUE;
  if (has(result, second, 0, 0)) shown[count++] = second;
  if (has(result, third, 0, 0)) shown[count++] = third;
  return count;
}

// --- carpet ------------------------------------------------------------------------------------------------------------------

// Means of the hours.
typedef struct carpet {
  double sum[DAYS][HOURS];
  int32_t samples[DAYS][HOURS];
  int32_t days;
  double low, high;  // of the means
} carpet;

static double mean_of(const carpet *c, int32_t day, int32_t hour) { return c->sum[day][hour] / c->samples[day][hour]; }

static void fill(const clx_result *result, const quantity *q, carpet *c) {
  const double *x = NULL;
  int32_t count = 0;
  const double *y = clx_result_series(result, q->series, &x, &count);
  *c = (carpet){.low = INFINITY, .high = -INFINITY};
  for (int32_t i = 0; y != NULL && i < count; i++) {
    const double day = floor((x[i] + 1e-3) / DAY), hour = floor((x[i] + 1e-3 - day * DAY) / HOUR);
    if (!(day >= 0 && day < DAYS && hour >= 0 && hour < HOURS)) continue;
    c->sum[(int32_t)day][(int32_t)hour] += q->factor * (y[i] - q->offset);
    c->samples[(int32_t)day][(int32_t)hour]++;
    c->days = (int32_t)day + 1 > c->days ? (int32_t)day + 1 : c->days;
  }
  for (int32_t d = 0; d < c->days; d++) {
    for (int32_t h = 0; h < HOURS; h++) {
      if (c->samples[d][h] == 0) continue;
      c->low = fmin(c->low, mean_of(c, d, h));
      c->high = fmax(c->high, mean_of(c, d, h));
    }
  }
}

static int32_t shade_of(const carpet *c, int32_t day, int32_t hour) {
  if (c->samples[day][hour] == 0) return -1;
  const double range = c->high - c->low;
  if (!(range > 0)) return 0;
  const int32_t shade = (int32_t)(SHADES * (mean_of(c, day, hour) - c->low) / range);
  return shade < SHADES ? shade : SHADES - 1;
}

// All cells of a shade as one path: runs of days of equal shade are one stroke. Midnight is below.
static void put_shade(clx_plot *p, const carpet *c, int32_t shade) {
  char colour[8];
  bool open = false;
  for (int32_t h = 0; h < HOURS; h++) {
    for (int32_t d = 0; d < c->days; d++) {
      if (shade_of(c, d, h) != shade) continue;
      int32_t until = d + 1;
      while (until < c->days && shade_of(c, until, h) == shade) until++;
      if (!open)
        clx_buffer_format(p->picture.out, "<path stroke=\"%s\" d=\"",
                          clx_cooling_colour((shade + 0.5) / SHADES, colour));
      open = true;
      clx_buffer_format(p->picture.out, "M%d %dh%d", d, HOURS - 1 - h, until - d);
      d = until - 1;
    }
  }
  if (open) clx_buffer_format(p->picture.out, "\"/>\n");
}

static void put_cells(clx_plot *p, const carpet *c) {
  clx_buffer_format(p->picture.out,
                    "<g transform=\"translate(%.1f %.1f) scale(%.5f %d) translate(0 .5)\" fill=\"none\" "
                    "shape-rendering=\"crispEdges\">\n",
                    p->area.x, p->area.y, p->area.width / c->days, ROW);
  for (int32_t s = 0; s < SHADES; s++) put_shade(p, c, s);
  clx_buffer_format(p->picture.out, "</g>\n");
}

// The lightest shade at the top; what the edges stand for.
static void put_scale(clx_plot *p, const carpet *c, const quantity *q) {
  const double x = p->area.x + p->area.width + 26, step = p->area.height / SHADES;
  char colour[8];
  for (int32_t s = 0; s < SHADES; s++)
    clx_buffer_format(p->picture.out,
                      "<rect x=\"%.1f\" y=\"%.2f\" width=\"14\" height=\"%.2f\" fill=\"%s\" "
                      "shape-rendering=\"crispEdges\"/>\n",
                      x, p->area.y + p->area.height - (s + 1) * step, step + 0.3,
                      clx_cooling_colour((s + 0.5) / SHADES, colour));
  for (int32_t i = 0; i <= 4; i++) {
    const double y = p->area.y + p->area.height * (1 - i / 4.0);
    clx_plot_rule(p, "axis", (clx_point){x + 14, y}, (clx_point){x + 18, y});
    clx_svg_text(&p->picture, x + 22, y + 4, "small", "start", "%.*f%s%s", q->digits,
                 c->low + i / 4.0 * (c->high - c->low), q->unit[0] != '\0' ? " " : "", q->unit);
  }
}

// Months on a year, days on anything shorter.
static void put_days(clx_plot *p, int32_t days) {
  static const char *const names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  static const int32_t first[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
  const double bottom = p->area.y + p->area.height, pixel = p->area.width / days;
  if (days >= 350) {
    for (int32_t i = 0; i < CLX_COUNT(names); i++) {
      const double x = p->area.x + first[i] * pixel;
      clx_plot_rule(p, "axis", (clx_point){x, bottom}, (clx_point){x, bottom + 5});
      clx_svg_text(&p->picture, x + (first[i + 1] - first[i]) * pixel / 2, bottom + 16, "small", "middle", "%s",
                   names[i]);
    }
    return;
  }
  const int32_t step = days / 12 + 1;
  for (int32_t d = 0; d < days; d += step) {
    const double x = p->area.x + d * pixel;
    clx_plot_rule(p, "axis", (clx_point){x, bottom}, (clx_point){x, bottom + 5});
    clx_svg_text(&p->picture, x + 3, bottom + 16, "small", "start", d == 0 ? "day %d" : "%d", d + 1);
  }
}

static void put_carpet(clx_plot *p, const clx_result *result, const quantity *q, double y) {
  carpet c;
  fill(result, q, &c);
  p->area = (clx_area){EDGE + 36, y + 26, WIDE - 2 * EDGE - 36 - 120, ROW * HOURS};
  clx_svg_text(&p->picture, EDGE, y + 12, "head", "start", "%s", q->title);
  if (c.days == 0) {
    clx_plot_nothing(p, "no hours in this result");
    return;
  }
  if (c.high - c.low > 0)
    clx_svg_text(&p->picture, EDGE + 36 + p->area.width, y + 12, "small", "end", "%.*f to %.*f %s", q->digits, c.low,
                 q->digits, c.high, q->unit);
  else
    clx_svg_text(&p->picture, EDGE + 36 + p->area.width, y + 12, "small", "end", "%.*f %s all the time", q->digits,
                 c.low, q->unit);
  put_cells(p, &c);
  clx_svg_box(&p->picture, p->area.x, p->area.y, p->area.width, p->area.height, 0, "outline");
  for (int32_t h = 0; h <= HOURS; h += 6)
    clx_svg_text(&p->picture, p->area.x - 7, p->area.y + p->area.height - h * ROW + 4, "small", "end", "%d h", h);
  put_days(p, c.days);
  if (c.high - c.low > 0) put_scale(p, &c, q);
}

void clx_report_cooling_year(const clx_result *result, clx_buffer *out) {
  static const char what[] = "The year, hour by hour";
  const quantity *shown[3];
  const int32_t count = choose(result, shown);
  char note[CLX_POWER_TEXT], text[CLX_COOLING_NAME];
  if (count == 0) {
    clx_cooling_empty(result, what, "no year in this result: colossus cooling SCENARIO --year", out);
    return;
  }
  const char *weather = clx_result_fact(result, "cooling.weather");
  const clx_quantity *pue = clx_result_find(result, "cooling.pue"), *wue = clx_result_find(result, "cooling.wue");
  int32_t length = snprintf(note, sizeof note, "hour of the day (up) by day of the year; %.200s",
                            weather != NULL ? weather : "weather of the scenario");
  if (pue != NULL && length > 0 && length < (int32_t)sizeof note)
    length += snprintf(note + length, sizeof note - (size_t)length, "; PUE of the year %.4f", pue->value);
  if (wue != NULL && length > 0 && length < (int32_t)sizeof note)
    snprintf(note + length, sizeof note - (size_t)length, ", WUE %s L/kWh", clx_cooling_per_kwh(wue->value, text));
  clx_plot p = clx_cooling_page(result, WIDE, 100 + PANEL * count + 4, what, out);
  char cut[CLX_POWER_TEXT];
  clx_power_head(&p, what, clx_goodput_cut(note, WIDE - 2 * EDGE, 11, cut, sizeof cut));
  for (int32_t i = 0; i < count; i++) put_carpet(&p, result, shown[i], 100 + i * PANEL);
  clx_buffer_format(out, "</svg>\n");
}

// --- duration ----------------------------------------------------------------------------------------------------------------

static int by_size(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return x < y ? 1 : x > y ? -1 : 0;
}

// The hours of a series, largest first, as at most POINTS points over the share of the time. Returns how many; 0: none, or no memory.
static int32_t sort(const clx_result *result, const quantity *q, double *share, double *value, clx_buffer *out) {
  const double *x = NULL;
  int32_t count = 0;
  const double *y = clx_result_series(result, q->series, &x, &count);
  if (y == NULL || count < 2) return 0;
  double *all = malloc((size_t)count * sizeof *all);
  if (all == NULL) {
    out->failed = true;
    return 0;
  }
  for (int32_t i = 0; i < count; i++) all[i] = q->factor * (y[i] - q->offset);
  qsort(all, (size_t)count, sizeof *all, by_size);
  const int32_t points = count < POINTS ? count : POINTS;
  for (int32_t i = 0; i < points; i++) {
    const int32_t at = (int32_t)((int64_t)i * (count - 1) / (points - 1));
    share[i] = (double)at / (count - 1);
    value[i] = all[at];
  }
  free(all);
  return points;
}

static void put_sorted(clx_plot *p, const clx_result *result, const quantity *q, const double *limit, clx_area area) {
  double share[POINTS], value[POINTS];
  const int32_t count = sort(result, q, share, value, p->picture.out);
  char title[CLX_COOLING_TEXT];
  clx_power_axes(p, area, 16);
  p->x0 = 0;
  p->x1 = 1;
  p->y0 = 0;
  p->y1 = 1;
  if (count == 0) {
    clx_plot_nothing(p, "not in this result");
    return;
  }
  const double high = limit != NULL ? fmax(value[0], *limit) : value[0], low = value[count - 1];
  const double range = fmax(high - low, 1e-3 * fmax(fabs(high), 1));
  p->y0 = low >= 0 && low < 0.4 * high ? 0 : low - 0.08 * range;
  p->y1 = high + 0.08 * range;
  snprintf(title, sizeof title, q->unit[0] != '\0' ? "%s (%s)" : "%s", q->title, q->unit);
  clx_cooling_upright(p, title);
  clx_power_share_across(p, "share of the year (%)");
  if (limit != NULL) {
    const clx_point at = clx_plot_at(p, 1, *limit);
    clx_plot_rule(p, "limit", (clx_point){p->area.x, at.y}, at);
    clx_svg_text(&p->picture, at.x - 4, at.y + 13, "small", "end", "limit of the racks");
  }
  clx_power_curve(p, "s0", share, value, count);
}

void clx_report_cooling_duration(const clx_result *result, clx_buffer *out) {
  static const char what[] = "Hours of the year, sorted";
  const quantity *const shown[] = {&PUE, has(result, &SUPPLY, 0.05, 0) ? &SUPPLY : &DRY_BULB, &POWER,
                                   has(result, &WATER, 0, 1e-9) ? &WATER : &WET_BULB};
  const quantity *found[CLX_COUNT(shown)];
  int32_t count = 0;
  for (int32_t i = 0; i < CLX_COUNT(shown); i++) {
    if (has(result, shown[i], 0, -INFINITY)) found[count++] = shown[i];
  }
  if (count == 0) {
    clx_cooling_empty(result, what, "no year in this result: colossus cooling SCENARIO --year", out);
    return;
  }
  const double width = (WIDE - 2 * EDGE - 20) / 2.0;
  clx_plot p = clx_cooling_page(result, WIDE, 96 + (count + 1) / 2 * 284 + 8, what, out);
  clx_power_head(&p, what, "how much of the year a value is at least so large");
  for (int32_t i = 0; i < count; i++) {
    const clx_quantity *limit = found[i] == &SUPPLY ? clx_result_find(result, "cooling.supply_limit") : NULL;
    const double celsius = limit != NULL ? limit->value - 273.15 : 0;
    put_sorted(&p, result, found[i], limit != NULL ? &celsius : NULL,
               (clx_area){EDGE + (i % 2) * (width + 20), 96 + (i / 2) * 284.0, width, 276});
  }
  clx_buffer_format(out, "</svg>\n");
}
