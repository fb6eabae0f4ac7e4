// Memory against time: what no layout beats in both, the best layouts, the limit.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/report_svg.h"
#include "unit/unit.h"

enum { WIDTH = 900, HEIGHT = 560, LEFT = 92, RIGHT = 868, TOP = 92, BOTTOM = 486, TICKS_MAX = 64, LABELS = 4 };

static const char STYLE[] =
    "<style>\n"
    "text{fill:#1f2933;font-family:Inter,'Helvetica Neue',Arial,'Liberation Sans',sans-serif;font-size:12px}\n"
    ".title{font-size:19px;font-weight:600}.small{font-size:11px;fill:#5b6875}.tiny{font-size:9.5px;fill:#5b6875}\n"
    ".page{fill:#fff}.rule{stroke:#d5dde5}.axis{stroke:#5b6875}.front{fill:none;stroke:#4c8fc0;stroke-width:1.6}\n"
    ".point{fill:#4c8fc0}.best{fill:none;stroke:#d95f28;stroke-width:1.8}.given{stroke:#1f2933;stroke-width:2;fill:"
    "none}\n"
    ".limit{stroke:#b01c2e;stroke-width:1.4;stroke-dasharray:5 4}\n"
    "@media (prefers-color-scheme:dark){text{fill:#e6ebf0}.small,.tiny{fill:#9fb0c0}.page{fill:#12181f}\n"
    ".rule{stroke:#2f3d4b}.axis{stroke:#9fb0c0}.given{stroke:#e6ebf0}.limit{stroke:#ff7070}}\n"
    "</style>\n";

typedef struct plot {
  clx_picture picture;
  const double *memory, *time;  // of the front
  int32_t count;
  const double *top_memory, *top_time;
  int32_t top_count;
  double most, end;  // B at the right edge, and where the front ends
  double low, high;  // s at the bottom and top edge, logarithmic between
} plot;

static double x_of(const plot *p, double memory) { return LEFT + (RIGHT - LEFT) * fmin(1, memory / p->most); }

static double y_of(const plot *p, double time) {
  return BOTTOM - (BOTTOM - TOP) * log(time / p->low) / log(p->high / p->low);
}

static void put_line(plot *p, const char *style, double x0, double y0, double x1, double y1) {
  clx_buffer_format(p->picture.out, "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", style, x0,
                    y0, x1, y1);
}

// 1, 2 or 5 times a power of ten.
static double round_step(double least) {
  const double power = pow(10, floor(log10(least)));
  return least <= power ? power : least <= 2 * power ? 2 * power : least <= 5 * power ? 5 * power : 10 * power;
}

static void put_memory_axis(plot *p) {
  const double step = round_step(p->most / 9);
  char text[32];
  for (int32_t i = 0; i * step <= p->most; i++) {
    const double x = x_of(p, i * step);
    put_line(p, "rule", x, TOP, x, BOTTOM);
    clx_svg_text(&p->picture, x, BOTTOM + 18, "small", "middle", "%s",
                 i == 0 ? "0" : clx_quantity_format(i * step, "B", 3, text, sizeof text));
  }
  put_line(p, "axis", LEFT, BOTTOM, RIGHT, BOTTOM);
  clx_svg_text(&p->picture, RIGHT, BOTTOM + 40, "text", "end", "memory of the heaviest GPU");
}

// Marks at round times, close enough to read and far enough not to touch.
static void put_time_axis(plot *p) {
  static const double NEAR = 20;  // pixels
  static const double PARTS[] = {1, 1.5, 2, 3, 4, 5, 6, 8};
  double last = INFINITY;
  for (int32_t power = (int32_t)floor(log10(p->low)); power <= (int32_t)ceil(log10(p->high)); power++) {
    for (int32_t i = 0; i < CLX_COUNT(PARTS); i++) {
      const double time = PARTS[i] * pow(10, power);
      char text[32];
      if (time < p->low || time > p->high || last - y_of(p, time) < NEAR) continue;
      last = y_of(p, time);
      put_line(p, "rule", LEFT, last, RIGHT, last);
      clx_svg_text(&p->picture, LEFT - 10, last + 4, "small", "end", "%s",
                   clx_quantity_format(time, "s", 2, text, sizeof text));
    }
  }
  put_line(p, "axis", LEFT, TOP, LEFT, BOTTOM);
  clx_svg_text(&p->picture, LEFT - 10, TOP - 14, "text", "start", "step time");
}

static void put_limit(plot *p) {
  const double limit = clx_result_value(p->picture.result, "search.memory_limit", 0);
  char text[32];
  if (limit <= 0 || limit > p->most) return;
  const double x = x_of(p, limit);
  put_line(p, "limit", x, TOP, x, BOTTOM);
  clx_svg_text(&p->picture, x - 5, TOP + 12, "small", "end", "%s there",
               clx_quantity_format(limit, "B", 3, text, sizeof text));
}

static void put_front(plot *p) {
  clx_buffer *out = p->picture.out;
  clx_buffer_format(out, "<path class=\"front\" d=\"M%.1f %.1f", x_of(p, p->memory[0]), (double)TOP);
  for (int32_t i = 0; i < p->count; i++) {
    const double next = i + 1 < p->count ? x_of(p, p->memory[i + 1]) : x_of(p, p->end);
    clx_buffer_format(out, "V%.1fH%.1f", y_of(p, p->time[i]), next);
  }
  clx_buffer_format(out, "\"/>\n");
  for (int32_t i = 0; i < p->count; i++) {
    clx_svg_disc(&p->picture, (clx_point){x_of(p, p->memory[i]), y_of(p, p->time[i])}, 2.6, "point");
  }
}

// The layouts of a few corners of the front, above and to the right of the line.
static void put_labels(plot *p) {
  double free = INFINITY;
  for (int32_t k = 0; k < LABELS; k++) {
    const int32_t i = p->count > 1 ? k * (p->count - 1) / (LABELS - 1) : 0;
    char name[64];
    snprintf(name, sizeof name, "search.front_%d.layout", i + 1);
    const char *layout = clx_result_fact(p->picture.result, name);
    const double x = x_of(p, p->memory[i]), y = fmax(TOP + 30, y_of(p, p->time[i]) - 10);
    if (layout == NULL || (k > 0 && i == 0)) continue;
    const bool left = x > (LEFT + RIGHT) / 2.0;
    if (k > 0 && fabs(free - y) < 12) continue;
    free = y;
    clx_svg_text(&p->picture, left ? x + 4 : x + 8, left ? y - 16 : y, "tiny", left ? "end" : "start", "%s", layout);
  }
}

static void put_given(plot *p, double memory, double time) {
  const double x = x_of(p, memory), y = y_of(p, time), r = 5;
  clx_buffer_format(p->picture.out, "<path class=\"given\" d=\"M%.1f %.1fL%.1f %.1fM%.1f %.1fL%.1f %.1f\"/>\n", x - r,
                    y - r, x + r, y + r, x - r, y + r, x + r, y - r);
}

static void put_best(plot *p) {
  const double memory = clx_result_value(p->picture.result, "search.given.memory", 0);
  const double time = clx_result_value(p->picture.result, "search.given.expected", 0);
  for (int32_t i = 0; i < p->top_count; i++) {
    clx_svg_disc(&p->picture, (clx_point){x_of(p, p->top_memory[i]), y_of(p, p->top_time[i])}, i == 0 ? 6 : 4, "best");
  }
  if (time > 0) put_given(p, memory, time);
  double x = LEFT;
  const double y = HEIGHT - 16;
  clx_svg_disc(&p->picture, (clx_point){x + 4, y - 4}, 2.6, "point");
  clx_svg_text(&p->picture, x + 14, y, "small", "start", "nothing needs less memory and less time");
  x += 262;
  clx_svg_disc(&p->picture, (clx_point){x + 4, y - 4}, 4, "best");
  clx_svg_text(&p->picture, x + 14, y, "small", "start", "the best list, large: the first");
  if (time <= 0) return;
  x += 206;
  clx_buffer_format(p->picture.out, "<path class=\"given\" d=\"M%.1f %.1fl8 8m-8 0l8 -8\"/>\n", x, y - 8);
  clx_svg_text(&p->picture, x + 14, y, "small", "start", "as the scenario lays it out");
}

// Room for everything that is drawn.
static void set_scale(plot *p) {
  p->most = clx_result_value(p->picture.result, "search.memory_limit", 0);
  p->low = INFINITY;
  const double given[] = {clx_result_value(p->picture.result, "search.given.memory", 0),
                          clx_result_value(p->picture.result, "search.given.expected", 0)};
  const struct {
    const double *memory, *time;
    int32_t count;
  } sets[] = {{p->memory, p->time, p->count},
              {p->top_memory, p->top_time, p->top_count},
              {&given[0], &given[1], given[1] > 0 ? 1 : 0}};
  for (int32_t k = 0; k < CLX_COUNT(sets); k++) {
    for (int32_t i = 0; i < sets[k].count; i++) {
      p->most = fmax(p->most, sets[k].memory[i]);
      p->low = fmin(p->low, sets[k].time[i]);
      p->high = fmax(p->high, sets[k].time[i]);
    }
  }
  p->end = p->most;
  p->most *= 1.02;
  p->low /= 1.08;
  p->high *= 1.08;
}

void clx_report_front(const clx_result *result, clx_buffer *out) {
  plot p = {.picture = {.out = out, .result = result}};
  const double *rank = NULL;
  p.time = clx_result_series(result, "search.front.step_time", &p.memory, &p.count);
  p.top_time = clx_result_series(result, "search.top.expected", &rank, &p.top_count);
  p.top_memory = clx_result_series(result, "search.top.memory", &rank, &p.top_count);
  clx_buffer_format(out,
                    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\">\n%s",
                    WIDTH, HEIGHT, WIDTH, HEIGHT, STYLE);
  clx_buffer_format(out, "<rect class=\"page\" width=\"%d\" height=\"%d\"/>\n", WIDTH, HEIGHT);
  const char *title = clx_result_fact(result, "scenario.title"), *model = clx_result_fact(result, "search.model");
  char text[2][32];
  clx_svg_text(&p.picture, LEFT - 60, 36, "title", "start", "%.78s%s", title != NULL ? title : "",
               title != NULL && strlen(title) > 78 ? "..." : "");
  clx_svg_text(&p.picture, LEFT - 60, 56, "small", "start", "%s on up to %s GPUs: memory against time, %s layouts",
               model != NULL ? model : "",
               clx_quantity_format(clx_result_value(result, "search.gpus", 0), "", 12, text[0], sizeof text[0]),
               clx_quantity_format(clx_result_value(result, "search.members", 0), "", 4, text[1], sizeof text[1]));
  if (p.time != NULL && p.top_time != NULL && p.top_memory != NULL && p.count > 0) {
    set_scale(&p);
    put_memory_axis(&p);
    put_time_axis(&p);
    put_limit(&p);
    put_front(&p);
    put_best(&p);
    put_labels(&p);
  }
  clx_buffer_format(out, "</svg>\n");
}
