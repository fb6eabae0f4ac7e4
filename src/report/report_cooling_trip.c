// What follows a trip, and supply temperatures side by side.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/report_cooling.h"
#include "unit/unit.h"

enum {
  WIDE = CLX_POWER_WIDE,
  EDGE = CLX_POWER_EDGE,
  MARGIN = CLX_POWER_MARGIN,
  PANELS = 5,
  CURVES = 2,
  LIMITS = 2,
  ROW = 16
};

static const double ZERO = 273.15;

// --- after a trip ------------------------------------------------------------------------------------------------------------

typedef struct curve {
  const char *series, *name;
  int32_t style;
} curve;

typedef struct limit {
  const char *quantity, *name;
} limit;

typedef enum scale { CELSIUS, SHARE, WATT } scale;

typedef struct panel {
  const char *title;
  scale scale;
  double height;
  curve curve[CURVES];
  limit limit[LIMITS];
} panel;

static const panel TRIP[PANELS] = {
    {"coolant (\u00b0C)",
     CELSIUS,
     210,
     {{"cooling.trip.supply", "supply, mean", 0}, {"cooling.trip.supply_most", "supply, warmest loop", 1}},
     {{"cooling.supply_limit", "limit of the racks"}}},
    {"hall air (\u00b0C)",
     CELSIUS,
     190,
     {{"cooling.trip.air", "at the servers", 2}},
     {{"cooling.trip.air_limit", "limit of the servers"}}},
    {"hottest chip (\u00b0C)",
     CELSIUS,
     210,
     {{"cooling.trip.chip", "hottest chip", 3}},
     {{"cooling.chip.throttle", "throttles"}, {"cooling.chip.shutdown", "shuts down"}}},
    {"flow and clock (%)",
     SHARE,
     190,
     {{"cooling.trip.flow", "flow", 0}, {"cooling.trip.clock", "clock, mean", 1}},
     {{NULL, NULL}}},
    {"cooling", WATT, 190, {{"cooling.trip.power", "power of the plant", 2}}, {{NULL, NULL}}},
};

static double shown(const panel *shape, double y) {
  return shape->scale == CELSIUS ? y - ZERO : shape->scale == SHARE ? 100 * y : y;
}

// The edges of the upright axis: all curves; limits where they are near enough not to flatten them.
static bool range_of(const clx_result *result, const panel *shape, clx_plot *p) {
  static const double NEAR = 3;  // ranges of the curves
  double low = INFINITY, high = -INFINITY;
  for (int32_t k = 0; k < CURVES; k++) {
    const double *x = NULL;
    int32_t count = 0;
    const double *y =
        shape->curve[k].series != NULL ? clx_result_series(result, shape->curve[k].series, &x, &count) : NULL;
    for (int32_t i = 0; y != NULL && i < count; i++) {
      low = fmin(low, shown(shape, y[i]));
      high = fmax(high, shown(shape, y[i]));
    }
  }
  if (!(high >= low)) return false;
  if (shape->scale != CELSIUS) {
    p->y0 = 0;
    p->y1 = shape->scale == SHARE ? fmax(108, 1.05 * high) : high > 0 ? 1.1 * high : 1;
    return true;
  }
  const double curves = fmax(high - low, 8);
  for (int32_t k = 0; k < LIMITS; k++) {
    const clx_quantity *q = shape->limit[k].quantity != NULL ? clx_result_find(result, shape->limit[k].quantity) : NULL;
    if (q != NULL && q->value - ZERO < high + NEAR * curves) high = fmax(high, q->value - ZERO);
  }
  p->y0 = low - 0.08 * (high - low) - 1;
  p->y1 = high + 0.08 * (high - low) + 1;
  return true;
}

static void put_limits(clx_plot *p, const clx_result *result, const panel *shape) {
  for (int32_t k = 0; k < LIMITS; k++) {
    const clx_quantity *q = shape->limit[k].quantity != NULL ? clx_result_find(result, shape->limit[k].quantity) : NULL;
    if (q == NULL) continue;
    char text[CLX_COOLING_NAME];
    const double y = shown(shape, q->value);
    const bool beyond = y > p->y1;
    if (!beyond) {
      const clx_point at = clx_plot_at(p, p->x1, y);
      clx_plot_rule(p, "limit", (clx_point){p->area.x, at.y}, at);
    }
    const double key = p->area.x + p->area.width + 16;
    if (!beyond) clx_plot_rule(p, "limit", (clx_point){key, p->key - 4}, (clx_point){key + 24, p->key - 4});
    clx_plot_key(p, CLX_SAMPLE_NONE, 0, shape->limit[k].name, "%s%s", clx_cooling_celsius(q->value, text),
                 beyond ? ", beyond the axis" : "");
  }
}

// Whether what happened was asked for; other events follow from that.
static bool is_asked(const clx_result *result, int32_t number) {
  char name[CLX_COOLING_TEXT];
  snprintf(name, sizeof name, "cooling.trip.event_%d.kind", number);
  const char *kind = clx_result_fact(result, name);
  return kind == NULL || strcmp(kind, "trip") == 0 || strcmp(kind, "restore") == 0 || strcmp(kind, "load") == 0;
}

// When what happens, each with its number, as they are listed below. Numbers that would overlap stand beneath each other.
static void put_events(clx_plot *p, const clx_result *result, bool names) {
  enum { WIDE_NUMBER = 16, HIGH_NUMBER = 11, HIGHEST = 6 };
  double last = -INFINITY;
  int32_t depth = 0;
  for (int32_t i = 1; i <= CLX_COOLING_EVENTS; i++) {
    char name[CLX_COOLING_TEXT];
    snprintf(name, sizeof name, "cooling.trip.event_%d.at", i);
    const clx_quantity *q = clx_result_find(result, name);
    if (q == NULL || q->value > p->x1) continue;
    const clx_point at = clx_plot_at(p, q->value, p->y1);
    clx_plot_rule(p, is_asked(result, i) ? "aim" : "late", at, (clx_point){at.x, p->area.y + p->area.height});
    if (!names) continue;
    depth = at.x - last > WIDE_NUMBER ? 0 : (depth + 1) % HIGHEST;
    clx_svg_text(&p->picture, at.x + 3, p->area.y + HIGH_NUMBER * (1 + depth), "small", "start", "%d", i);
    last = at.x;
  }
}

static void put_curves(clx_plot *p, const clx_result *result, const panel *shape) {
  for (int32_t k = 0; k < CURVES; k++) {
    const double *x = NULL;
    int32_t count = 0;
    const double *y =
        shape->curve[k].series != NULL ? clx_result_series(result, shape->curve[k].series, &x, &count) : NULL;
    char style[8], most[CLX_COOLING_NAME];
    if (y == NULL) continue;
    double low = INFINITY, high = -INFINITY, last = -INFINITY;
    snprintf(style, sizeof style, "s%d", shape->curve[k].style);
    clx_buffer_format(p->picture.out, "<path class=\"line %s\" d=\"", style);
    for (int32_t i = 0; i < count; i++) {
      const clx_point at = clx_plot_at(p, x[i], shown(shape, y[i]));
      low = fmin(low, y[i]);
      high = fmax(high, y[i]);
      if (at.x - last < 0.5 && i + 1 < count) continue;
      clx_buffer_format(p->picture.out, "%c%.1f %.1f", isfinite(last) ? 'L' : 'M', at.x, at.y);
      last = at.x;
    }
    clx_buffer_format(p->picture.out, "\"/>\n");
    if (shape->scale == CELSIUS) {
      clx_cooling_celsius(high, most);
    } else if (shape->scale == SHARE) {
      snprintf(most, sizeof most, "%.0f %%", 100 * low);
    } else {
      clx_quantity_format(high, "W", 3, most, sizeof most);
    }
    clx_plot_key(p, CLX_SAMPLE_PLAIN, shape->curve[k].style, shape->curve[k].name, "%s %s",
                 shape->scale == SHARE ? "least" : "most", most);
  }
}

static bool put_panel(clx_plot *p, const clx_result *result, const panel *shape, double until, double y, bool names) {
  clx_power_axes(p, (clx_area){EDGE, y, WIDE - 2 * EDGE, shape->height}, MARGIN);
  p->x0 = 0;
  p->x1 = until;
  if (!range_of(result, shape, p)) return false;
  if (shape->scale == WATT) {
    clx_power_upright(p, shape->title, "W");
  } else {
    clx_cooling_upright(p, shape->title);
  }
  clx_plot_time_axis(p, "time");
  put_curves(p, result, shape);
  put_limits(p, result, shape);
  put_events(p, result, names);
  return true;
}

// The event and its time as a text; false past the last.
static bool event_of(const clx_result *result, int32_t number, char text[CLX_POWER_TEXT]) {
  char name[CLX_COOLING_TEXT], at[CLX_COOLING_NAME];
  snprintf(name, sizeof name, "cooling.trip.event_%d.at", number);
  const clx_quantity *q = clx_result_find(result, name);
  snprintf(name, sizeof name, "cooling.trip.event_%d.what", number);
  const char *fact = clx_result_fact(result, name);
  if (q == NULL || fact == NULL || number > CLX_COOLING_EVENTS) return false;
  snprintf(text, CLX_POWER_TEXT, "%d: %.300s at %s", number, fact,
           clx_quantity_format(q->value, "s", 3, at, sizeof at));
  return true;
}

// What the numbers in the uppermost panel stand for, in two columns.
static void list_events(clx_plot *p, double y) {
  char text[CLX_POWER_TEXT], cut[CLX_POWER_TEXT];
  const double wide = (WIDE - 2 * EDGE) / 2.0;
  for (int32_t i = 1; event_of(p->picture.result, i, text); i++)
    clx_svg_text(&p->picture, EDGE + (i - 1) % 2 * wide, y + (i - 1) / 2 * ROW, "small", "start", "%s",
                 clx_goodput_cut(text, wide - 12, 11, cut, sizeof cut));
}

void clx_report_cooling_trip(const clx_result *result, clx_buffer *out) {
  static const char what[] = "After a trip";
  double until = 0, height = 96;
  bool there[PANELS] = {false};
  for (int32_t i = 0; i < PANELS; i++) {
    for (int32_t k = 0; k < CURVES; k++) {
      const double *x = NULL;
      int32_t count = 0;
      if (TRIP[i].curve[k].series == NULL || clx_result_series(result, TRIP[i].curve[k].series, &x, &count) == NULL)
        continue;
      there[i] = there[i] || count > 1;
      if (count > 1) until = fmax(until, x[count - 1]);
    }
    if (there[i]) height += TRIP[i].height + 8;
  }
  if (!(until > 0)) {
    clx_cooling_empty(result, what, "no trip in this result: colossus cooling SCENARIO --trip power", out);
    return;
  }
  char text[CLX_POWER_TEXT], cut[CLX_POWER_TEXT], outside[CLX_COOLING_NAME], head[CLX_POWER_TEXT];
  int32_t events = 0;
  while (event_of(result, events + 1, text)) events++;
  const double list = height + 14;
  if (events > 0) height += (events + 1) / 2 * ROW + 8;
  clx_plot p = clx_cooling_page(result, WIDE, height + 4, what, out);
  const char *trip = clx_result_fact(result, "cooling.trip.what");
  const clx_quantity *air = clx_result_find(result, "cooling.trip.dry_bulb");
  const char *start = clx_result_fact(result, "cooling.trip.start");
  char under[CLX_POWER_TEXT];
  snprintf(under, sizeof under, "%.400s%s%s", trip != NULL ? trip : "limits in red",
           start != NULL ? "; before it " : "", start != NULL ? start : "");
  snprintf(head, sizeof head, "%s%s%s", what, air != NULL ? ", outside " : "",
           air != NULL ? clx_cooling_celsius(air->value, outside) : "");
  clx_power_head(&p, head, clx_goodput_cut(under, WIDE - 2 * EDGE, 11, cut, sizeof cut));
  list_events(&p, list);
  double y = 96;
  bool first = true;
  for (int32_t i = 0; i < PANELS; i++) {
    if (!there[i] || !put_panel(&p, result, &TRIP[i], until, y, first)) continue;
    y += TRIP[i].height + 8;
    first = false;
  }
  clx_buffer_format(out, "</svg>\n");
}
