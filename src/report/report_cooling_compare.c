// Supply temperatures side by side: a year of the site at each.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/report_cooling.h"
#include "unit/unit.h"

enum { WIDE = CLX_POWER_WIDE, EDGE = CLX_POWER_EDGE };

typedef struct measure {
  const char *what, *title, *unit;
  double factor;
  const char *part;  // of `what`, drawn in front of it; nullable
} measure;

static const measure MEASURES[] = {{"energy", "energy of the plant, a year", "J", 1, NULL},
                                   {"leakage", "leakage of the chips beyond the reference", "MW", 1e-6, NULL},
                                   {"water", "water", "thousand m3", 1e-6, NULL},
                                   {"compressor_time", "hours with compressors; dark: that the liquid needs", "h",
                                    1 / 3600.0, "liquid_compressor_time"}};

static double value_of(const clx_result *result, const measure *m, const char *name, const char *what) {
  return m->factor * clx_cooling_value(result, "compare", name, what, NAN);
}

// A supply that no plant holds, or a bar with its number, and the part of it in front.
static void put_bar(clx_plot *p, const clx_result *result, const measure *m, const char *name, double x, double wide) {
  const double bottom = p->area.y + p->area.height, value = value_of(result, m, name, m->what);
  const double part = m->part != NULL ? value_of(result, m, name, m->part) : NAN;
  char text[CLX_COOLING_NAME], front[CLX_COOLING_NAME];
  if (clx_cooling_value(result, "compare", name, "infeasible", 0) > 0) {
    clx_svg_box(&p->picture, x - wide / 2, p->area.y + 24, wide, p->area.height - 24, 1, "rest");
    clx_svg_text(&p->picture, x, p->area.y + p->area.height / 2, "small", "middle", "no plant");
    clx_svg_text(&p->picture, x, p->area.y + p->area.height / 2 + 15, "small", "middle", "holds it");
    return;
  }
  if (!isfinite(value)) return;
  const double top = clx_plot_at(p, 0, fmax(value, 0)).y;
  if (bottom - top > 0.05)
    clx_svg_box(&p->picture, x - wide / 2, top, wide, bottom - top, 1, isfinite(part) ? "track" : "bar");
  clx_quantity_format(value, strcmp(m->unit, "J") == 0 ? "J" : "", 3, text, sizeof text);
  if (isfinite(part)) {
    const double high = bottom - clx_plot_at(p, 0, fmax(part, 0)).y;
    if (high > 0.05) clx_svg_box(&p->picture, x - wide / 2, bottom - high, wide, high, 1, "bar");
    clx_svg_text(&p->picture, x, top - 5, "small", "middle", "%s of %s",
                 clx_quantity_format(part, "", 3, front, sizeof front), text);
    return;
  }
  clx_svg_text(&p->picture, x, top - 5, "small", "middle", "%s", text);
}

static void put_bars(clx_plot *p, const clx_result *result, const measure *m,
                     char name[CLX_COOLING_SUPPLIES][CLX_COOLING_NAME], int32_t count, clx_area area) {
  double most = 0;
  char title[CLX_COOLING_TEXT];
  const bool joule = strcmp(m->unit, "J") == 0;
  for (int32_t i = 0; i < count; i++) {
    const double found = value_of(result, m, name[i], m->what);
    if (isfinite(found)) most = fmax(most, found);
  }
  clx_power_axes(p, area, 16);
  p->x0 = p->y0 = 0;
  p->x1 = count;
  p->y1 = most > 0 ? 1.16 * most : 1;
  snprintf(title, sizeof title, m->unit[0] != '\0' ? "%s (%s)" : "%s", m->title, m->unit);
  if (joule) {
    clx_power_upright(p, m->title, "J");
  } else {
    clx_cooling_upright(p, title);
  }
  const double bottom = p->area.y + p->area.height, slot = p->area.width / count, wide = fmin(0.6 * slot, 90);
  clx_plot_rule(p, "axis", (clx_point){p->area.x, bottom}, (clx_point){p->area.x + p->area.width, bottom});
  for (int32_t i = 0; i < count; i++) {
    const double x = p->area.x + (i + 0.5) * slot;
    clx_svg_text(&p->picture, x, bottom + 17, "small", "middle", "%s", name[i]);
    put_bar(p, result, m, name[i], x, wide);
  }
}

void clx_report_cooling_compare(const clx_result *result, clx_buffer *out) {
  static const char what[] = "Supply temperatures side by side";
  char name[CLX_COOLING_SUPPLIES][CLX_COOLING_NAME];
  const int32_t count = clx_cooling_supplies(result, name);
  if (count == 0) {
    clx_cooling_empty(result, what, "no comparison in this result: colossus cooling SCENARIO --compare W32,W45", out);
    return;
  }
  clx_plot p = clx_cooling_page(result, WIDE, 96 + 2 * 264 + 8, what, out);
  clx_power_head(&p, what, "the same machine and weather, its plant sized for each; W45: 45 \u00b0C at the racks");
  const double width = (WIDE - 2 * EDGE - 20) / 2.0;
  for (int32_t i = 0; i < CLX_COUNT(MEASURES); i++)
    put_bars(&p, result, &MEASURES[i], name, count,
             (clx_area){EDGE + (i % 2) * (width + 20), 96 + (i / 2) * 264.0, width, 256});
  clx_buffer_format(out, "</svg>\n");
}
