// Pages, axes and waves of the figures about power.
#include <math.h>
#include <stdio.h>

#include "report/report_power.h"
#include "unit/unit.h"

enum { SHORT = 96 };

// Beside the styles of clx_plot_open. Kinds of flows: colour on light and on dark pages.
static const char STYLE[] =
    "<style>\n.long{font-size:15px;font-weight:600}.thin{stroke-width:1.1}.flow{fill-opacity:.38}.stack "
    ".band{fill-opacity:.72}\n"
    ".limit{stroke:#b01c2e;stroke-width:1.8}.over{fill:#b01c2e;fill-opacity:.12}.zone{fill:#5b6f84;fill-opacity:.08}\n"
    ".zones{stroke:#5b6f84;stroke-opacity:.45;stroke-dasharray:2 3}.lead{stroke:#9fb0c0;stroke-width:.8}\n"
    ".before{stroke:#7a62a3;stroke-dasharray:2 2}\n"
    "@media (prefers-color-scheme:dark){.limit{stroke:#ff7a8a}.over{fill:#ff7a8a;fill-opacity:.2}"
    ".zone{fill:#9fb0c0;fill-opacity:.12}.zones{stroke:#9fb0c0}.lead{stroke:#5b6875}.before{stroke:#a58bd0}}\n";

static const struct {
  const char *light, *dark;
} FLOWS[CLX_POWER_FLOW_KINDS] = {
    [CLX_POWER_FLOW_SOURCE] = {"#c48a12", "#dca83a"},  [CLX_POWER_FLOW_TRUNK] = {"#5b6f84", "#8da2b6"},
    [CLX_POWER_FLOW_GPU] = {"#2f6fa3", "#5fa3d6"},     [CLX_POWER_FLOW_SERVER] = {"#4f9d9d", "#72c0c0"},
    [CLX_POWER_FLOW_NETWORK] = {"#7a62a3", "#a58bd0"}, [CLX_POWER_FLOW_STORAGE] = {"#7d5a44", "#b08a70"},
    [CLX_POWER_FLOW_FIXED] = {"#d95f28", "#e8814f"},   [CLX_POWER_FLOW_OTHER] = {"#8794a1", "#a9b5c0"},
    [CLX_POWER_FLOW_COOLING] = {"#2f8f6f", "#4fb592"}, [CLX_POWER_FLOW_LOSS] = {"#b01c2e", "#ea6a7a"},
    [CLX_POWER_FLOW_BATTERY] = {"#c48a12", "#dca83a"},
};

clx_plot clx_power_page(const clx_result *result, double width, double height, const char *what, clx_buffer *out) {
  clx_plot p = {.picture = {.out = out, .result = result}};
  const char *title = clx_result_fact(result, "scenario.title");
  char cut[CLX_POWER_TEXT];
  clx_plot_open(out, width, height, what);
  clx_buffer_format(out, "%s", STYLE);
  for (int32_t i = 0; i < CLX_POWER_FLOW_KINDS; i++) clx_buffer_format(out, ".k%d{fill:%s}", i, FLOWS[i].light);
  clx_buffer_format(out, "\n@media (prefers-color-scheme:dark){");
  for (int32_t i = 0; i < CLX_POWER_FLOW_KINDS; i++) clx_buffer_format(out, ".k%d{fill:%s}", i, FLOWS[i].dark);
  clx_buffer_format(out, "}\n</style>\n");
  if (title == NULL) title = clx_result_fact(result, "scenario.name");
  if (title == NULL) title = "Power of the site";
  const double room = width - 2 * CLX_POWER_EDGE;
  const bool fits = clx_text_equal(clx_goodput_cut(title, room, 20, cut, sizeof cut), title);
  if (!fits) clx_goodput_cut(title, room, 16, cut, sizeof cut);
  clx_svg_text(&p.picture, CLX_POWER_EDGE, 38, fits ? "title" : "long", "start", "%s", cut);
  return p;
}

void clx_power_head(clx_plot *p, const char *head, const char *note) {
  clx_svg_text(&p->picture, CLX_POWER_EDGE, 62, "head", "start", "%s", head);
  clx_svg_text(&p->picture, CLX_POWER_EDGE, 79, "small", "start", "%s", note);
}

void clx_power_empty(const clx_result *result, const char *what, const char *why, clx_buffer *out) {
  clx_plot p = clx_power_page(result, CLX_POWER_WIDE, 160, what, out);
  p.area = (clx_area){0, 60, CLX_POWER_WIDE, 60};
  clx_plot_nothing(&p, why);
  clx_buffer_format(out, "</svg>\n");
}

void clx_power_axes(clx_plot *p, clx_area area, double margin) {
  p->area = (clx_area){area.x + 48, area.y + 22, area.width - 48 - margin, area.height - 22 - 42};
  p->margin = margin;
  p->key = p->area.y + 8;
  p->log_x = p->log_y = false;
}

// --- upright axes ------------------------------------------------------------------------------------------------------------

static const struct {
  const char *unit, *name;
  double factor;
} UNITS[] = {{"W", "GW", 1e9},
             {"W", "MW", 1e6},
             {"W", "kW", 1e3},
             {"W", "W", 1},
             {"J", "GWh", 3.6e12},
             {"J", "MWh", 3.6e9},
             {"J", "kWh", 3.6e6},
             {"J", "kJ", 1e3},
             {"J", "J", 1},
             {"USD", "billion USD", 1e9},
             {"USD", "million USD", 1e6},
             {"USD", "thousand USD", 1e3},
             {"USD", "USD", 1}};

void clx_power_upright(clx_plot *p, const char *title, const char *unit) {
  char text[SHORT];
  double factor = 1;
  const char *name = unit;
  for (int32_t i = 0; i < CLX_COUNT(UNITS); i++) {
    if (!clx_text_equal(UNITS[i].unit, unit)) continue;
    factor = UNITS[i].factor;
    name = UNITS[i].name;
    if (p->y1 >= 1.2 * factor) break;
  }
  snprintf(text, sizeof text, "%s (%s)", title, name);
  clx_plot_upright_axis(p, factor, text);
}

void clx_power_upright_log(clx_plot *p, const char *title, const char *unit) {
  char text[SHORT];
  const double right = p->area.x + p->area.width, bottom = p->area.y + p->area.height;
  for (int32_t power = (int32_t)ceil(log10(p->y0) - 1e-9); power <= (int32_t)floor(log10(p->y1) + 1e-9); power++) {
    const double value = pow(10, power), y = clx_plot_at(p, p->x0, value).y;
    clx_plot_rule(p, "rule", (clx_point){p->area.x, y}, (clx_point){right, y});
    clx_svg_text(&p->picture, p->area.x - 8, y + 4, "small", "end", "%s",
                 clx_quantity_format(value, unit, 1, text, sizeof text));
  }
  clx_plot_rule(p, "axis", (clx_point){p->area.x, p->area.y}, (clx_point){p->area.x, bottom});
  clx_svg_text(&p->picture, p->area.x - 46, p->area.y - 12, "small", "start", "%s", title);
}

void clx_power_share_across(clx_plot *p, const char *title) {
  const double bottom = p->area.y + p->area.height, right = p->area.x + p->area.width;
  for (int32_t i = 0; i <= 5; i++) {
    const double at = clx_plot_at(p, i / 5.0, p->y0).x;
    clx_plot_rule(p, "rule", (clx_point){at, p->area.y}, (clx_point){at, bottom});
    clx_svg_text(&p->picture, at, bottom + 17, "small", "middle", "%d", 20 * i);
  }
  clx_plot_rule(p, "axis", (clx_point){p->area.x, bottom}, (clx_point){right, bottom});
  clx_svg_text(&p->picture, p->area.x + p->area.width / 2, bottom + 36, "small", "middle", "%s", title);
}

void clx_power_curve(clx_plot *p, const char *style, const double *x, const double *y, int32_t count) {
  clx_buffer_format(p->picture.out, "<path class=\"line %s\" d=\"", style);
  for (int32_t i = 0; i < count; i++) {
    const clx_point at = clx_plot_at(p, x[i], y[i]);
    clx_buffer_format(p->picture.out, "%c%.1f %.1f", i == 0 ? 'M' : 'L', at.x, at.y);
  }
  clx_buffer_format(p->picture.out, "\"/>\n");
}

void clx_power_range(clx_plot *p, double least, double most) {
  static const double FLAT = 0.01;  // of the most: less of a swing is shown as a line within this
  p->y0 = 0;
  p->y1 = most > 0 ? 1.08 * most : 1;
  if (!(most > 0) || least < 0.6 * most) return;
  const double swing = fmax(most - least, FLAT * most);
  p->y0 = fmax(0, least - swing);
  p->y1 = most + 0.25 * swing;
}

// --- waves -------------------------------------------------------------------------------------------------------------------

static double time_of(const clx_power_wave *w, double index) { return w->x0 + index * w->step; }

// The least and the most of the samples of each pixel, in the order in which they come.
static void put_columns(clx_plot *p, const clx_power_wave *w, int32_t count) {
  const int32_t columns = (int32_t)p->area.width;
  for (int32_t c = 0; c < columns; c++) {
    const int32_t from = (int32_t)((double)c * count / columns), until = (int32_t)((c + 1.0) * count / columns);
    int32_t least = from, most = from;
    for (int32_t i = from; i < until; i++) {
      if (w->y[i] < w->y[least]) least = i;
      if (w->y[i] > w->y[most]) most = i;
    }
    const int32_t order[] = {least < most ? least : most, least < most ? most : least};
    for (int32_t k = 0; k < (least == most ? 1 : 2); k++) {
      const clx_point at = clx_plot_at(p, time_of(w, order[k] + 0.5), w->y[order[k]]);
      clx_buffer_format(p->picture.out, "%c%.1f %.1f", c == 0 && k == 0 ? 'M' : 'L', at.x, at.y);
    }
  }
}

void clx_power_steps(clx_plot *p, const clx_power_wave *w, int32_t style, const char *more) {
  int32_t count = 0;  // those within the axis
  while (count < w->count && time_of(w, count) < p->x1 * (1 - 1e-9)) count++;
  if (count < 1) return;
  clx_buffer_format(p->picture.out, "<path class=\"line s%d%s%s\" d=\"", style, more[0] != '\0' ? " " : "", more);
  if (count > p->area.width / 2) {
    put_columns(p, w, count);
  } else {
    for (int32_t i = 0; i < count; i++) {
      const clx_point at = clx_plot_at(p, time_of(w, i), w->y[i]), end = clx_plot_at(p, time_of(w, i + 1), w->y[i]);
      clx_buffer_format(p->picture.out, i == 0 ? "M%.1f %.1f" : "H%.1fV%.1f", at.x, at.y);
      if (i + 1 == count) clx_buffer_format(p->picture.out, "H%.1f", end.x);
    }
  }
  clx_buffer_format(p->picture.out, "\"/>\n");
}
