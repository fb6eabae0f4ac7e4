// Axes, curves, bands and keys of the figures about reliability.
#include <math.h>
#include <stdio.h>

#include "report/report_goodput.h"
#include "unit/unit.h"

enum { SHORT = 64, KEY = 31 };

static const double CLOSE = 0.7;  // pixels: points nearer to the last one are left out

static double between(double value, double low, double high) { return fmin(fmax(value, low), high); }

clx_point clx_plot_at(const clx_plot *p, double x, double y) {
  const double along = p->log_x ? log(fmax(x, p->x0) / p->x0) / log(p->x1 / p->x0) : (x - p->x0) / (p->x1 - p->x0);
  const double up = p->log_y ? log(fmax(y, p->y0) / p->y0) / log(p->y1 / p->y0) : (y - p->y0) / (p->y1 - p->y0);
  return (clx_point){p->area.x + p->area.width * between(along, 0, 1),
                     p->area.y + p->area.height * (1 - between(up, 0, 1))};
}

void clx_plot_rule(clx_plot *p, const char *style, clx_point a, clx_point b) {
  clx_buffer_format(p->picture.out, "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", style,
                    a.x, a.y, b.x, b.y);
}

// --- axes ------------------------------------------------------------------------------------------------------------

// 1, 2 or 5 times a power of ten.
static double round_step(double least) {
  const double power = pow(10, floor(log10(least)));
  return least <= power ? power : least <= 2 * power ? 2 * power : least <= 5 * power ? 5 * power : 10 * power;
}

static void put_frame(clx_plot *p, const char *title) {
  const double bottom = p->area.y + p->area.height, right = p->area.x + p->area.width;
  clx_plot_rule(p, "axis", (clx_point){p->area.x, bottom}, (clx_point){right, bottom});
  clx_svg_text(&p->picture, p->area.x + p->area.width / 2, bottom + 36, "small", "middle", "%s", title);
}

static void put_mark(clx_plot *p, double x, const char *text) {
  const double at = clx_plot_at(p, x, p->y0).x, bottom = p->area.y + p->area.height;
  clx_plot_rule(p, "rule", (clx_point){at, p->area.y}, (clx_point){at, bottom});
  clx_plot_rule(p, "axis", (clx_point){at, bottom}, (clx_point){at, bottom + 4});
  clx_svg_text(&p->picture, at, bottom + 17, "small", "middle", "%s", text);
}

typedef struct time_unit {
  double seconds;
  const char *name;
} time_unit;

static const time_unit UNITS[] = {{1, "s"}, {60, "min"}, {3600, "h"}, {86400, "days"}};

// The largest unit of which a few are there.
static const time_unit *unit_of(double seconds) {
  int32_t unit = 0;
  while (unit + 1 < CLX_COUNT(UNITS) && seconds >= 3 * UNITS[unit + 1].seconds) unit++;
  return &UNITS[unit];
}

// Marks of the upright axis: multiples of a round step, written as multiples of `one`.
void clx_plot_upright_axis(clx_plot *p, double one, const char *title) {
  const double step = round_step((p->y1 - p->y0) / one / 6 * (1 - 1e-9)) * one, right = p->area.x + p->area.width;
  char text[SHORT];
  for (int32_t i = (int32_t)ceil(p->y0 / step - 1e-9); i * step <= p->y1 * (1 + 1e-9); i++) {
    const double y = clx_plot_at(p, p->x0, i * step).y;
    clx_plot_rule(p, "rule", (clx_point){p->area.x, y}, (clx_point){right, y});
    clx_svg_text(&p->picture, p->area.x - 8, y + 4, "small", "end", "%s",
                 clx_quantity_format(i * step / one, "", 4, text, sizeof text));
  }
  clx_plot_rule(p, "axis", (clx_point){p->area.x, p->area.y}, (clx_point){p->area.x, p->area.y + p->area.height});
  clx_svg_text(&p->picture, p->area.x - 38, p->area.y - 12, "small", "start", "%s", title);
}

void clx_plot_share_axis(clx_plot *p, const char *title) { clx_plot_upright_axis(p, 0.01, title); }

void clx_plot_work_axis(clx_plot *p, const char *title) {
  const time_unit *unit = unit_of(p->x1);
  char text[2 * SHORT];
  snprintf(text, sizeof text, "%s (%s at full rate)", title, unit->name);
  clx_plot_upright_axis(p, unit->seconds, text);
}

void clx_plot_time_axis(clx_plot *p, const char *title) {
  const time_unit *unit = unit_of(p->x1);
  char text[SHORT];
  const double most = p->x1 / unit->seconds;
  clx_quantity_format(round_step(most), "", 6, text, sizeof text);
  const double step = round_step(most * fmax(40, 12 + clx_goodput_width(text, 11)) / p->area.width);
  for (int32_t i = 0; i * step * unit->seconds <= p->x1 * (1 + 1e-9); i++) {
    put_mark(p, i * step * unit->seconds, clx_quantity_format(i * step, "", 6, text, sizeof text));
  }
  snprintf(text, sizeof text, "%s (%s)", title, unit->name);
  put_frame(p, text);
}

// Marks where people look for them, as far apart as their texts need.
static void put_time_marks(clx_plot *p) {
  static const time_unit marks[] = {{0.1, "0.1 s"},       {0.5, "0.5 s"},       {1, "1 s"},         {2, "2 s"},
                                    {5, "5 s"},           {10, "10 s"},         {20, "20 s"},       {60, "1 min"},
                                    {120, "2 min"},       {300, "5 min"},       {600, "10 min"},    {1200, "20 min"},
                                    {3600, "1 h"},        {7200, "2 h"},        {18000, "5 h"},     {36000, "10 h"},
                                    {86400, "1 day"},     {172800, "2 days"},   {432000, "5 days"}, {864000, "10 days"},
                                    {2592000, "30 days"}, {8640000, "100 days"}};
  static const double NEAR = 44;  // pixels
  double last = -INFINITY;
  for (int32_t i = 0; i < CLX_COUNT(marks); i++) {
    if (marks[i].seconds < p->x0 || marks[i].seconds > p->x1) continue;
    const double at = clx_plot_at(p, marks[i].seconds, p->y0).x;
    if (at - last < NEAR) continue;
    last = at;
    put_mark(p, marks[i].seconds, marks[i].name);
  }
}

// Powers of ten first, then what finds room between them.
static void put_count_marks(clx_plot *p) {
  enum { PLACES = 64 };
  static const double PARTS[] = {1, 2, 5}, GAP = 12;
  double place[PLACES], half[PLACES];  // middle of a text and half of its width
  int32_t count = 0;
  char text[SHORT];
  for (int32_t i = 0; i < CLX_COUNT(PARTS); i++) {
    for (int32_t power = (int32_t)floor(log10(p->x0)); power <= (int32_t)ceil(log10(p->x1)); power++) {
      const double value = PARTS[i] * pow(10, power), at = clx_plot_at(p, value, p->y0).x;
      if (value < p->x0 * (1 - 1e-9) || value > p->x1 * (1 + 1e-9) || count == PLACES) continue;
      half[count] = clx_goodput_width(clx_quantity_format(value, "", 3, text, sizeof text), 11) / 2;
      bool room = true;
      for (int32_t k = 0; k < count; k++) room = room && fabs(at - place[k]) >= half[k] + half[count] + GAP;
      if (!room) continue;
      place[count++] = at;
      put_mark(p, value, text);
    }
  }
}

void clx_plot_log_axis(clx_plot *p, bool time, const char *title) {
  if (time) {
    put_time_marks(p);
  } else {
    put_count_marks(p);
  }
  put_frame(p, title);
}

// --- curves ----------------------------------------------------------------------------------------------------------

void clx_plot_mark(clx_plot *p, clx_point at, int32_t style) {
  static const char *const shapes[CLX_GOODPUT_POLICIES] = {"m-3.6 0a3.6 3.6 0 1 0 7.2 0a3.6 3.6 0 1 0 -7.2 0z",
                                                           "m-3.2 -3.2h6.4v6.4h-6.4z",
                                                           "m0 -4.2l4 7.2h-8z",
                                                           "m0 -4.6l4.2 4.6l-4.2 4.6l-4.2 -4.6z",
                                                           "m0 4.2l4 -7.2h-8z",
                                                           "m-4.4 -1.4h8.8v2.8h-8.8z",
                                                           "m-1.4 -4.4h2.8v8.8h-2.8z",
                                                           "m-4 -4l8 8v-8l-8 8z"};
  clx_buffer_format(p->picture.out, "<path class=\"mark f%d\" d=\"M%.1f %.1f%s\"/>\n", style, at.x, at.y,
                    shapes[style]);
}

// Points of a curve as commands of a path, from left to right or back; the first joins with `command`.
static void put_points(clx_plot *p, char command, const double *x, const double *y, int32_t count, bool back) {
  double last = INFINITY;
  for (int32_t k = 0; k < count; k++) {
    const int32_t i = back ? count - 1 - k : k;
    const clx_point at = clx_plot_at(p, x[i], y[i]);
    if (fabs(at.x - last) < CLOSE && k + 1 < count) continue;
    clx_buffer_format(p->picture.out, "%c%.1f %.1f", k == 0 ? command : 'L', at.x, at.y);
    last = at.x;
  }
}

void clx_plot_line(clx_plot *p, const double *x, const double *y, int32_t count, int32_t style) {
  enum { MARKS = 4 };
  if (count < 1) return;
  clx_buffer_format(p->picture.out, "<path class=\"line s%d\" d=\"", style);
  put_points(p, 'M', x, y, count, false);
  clx_buffer_format(p->picture.out, "\"/>\n");
  // Curves that lie upon one another have their marks in turn.
  for (int32_t k = 0; k < MARKS; k++) {
    const double along = (k + (style + 0.5) / CLX_GOODPUT_POLICIES) / MARKS;
    const int32_t i = (int32_t)lround(along * (count - 1));
    if (k > 0 && count < 2 * MARKS) break;
    clx_plot_mark(p, clx_plot_at(p, x[i], y[i]), style);
  }
}

void clx_plot_band(clx_plot *p, const double *x, const double *low, const double *high, int32_t count, int32_t style) {
  if (count < 2) return;
  clx_buffer_format(p->picture.out, "<path class=\"band f%d\" d=\"", style);
  put_points(p, 'M', x, low, count, false);
  put_points(p, 'L', x, high, count, true);
  clx_buffer_format(p->picture.out, "z\"/>\n");
}

// --- keys ------------------------------------------------------------------------------------------------------------

void clx_plot_key(clx_plot *p, clx_sample sample, int32_t style, const char *name, const char *format, ...) {
  const double x = p->area.x + p->area.width + 16, y = p->key;
  char text[SHORT * 2], cut[SHORT * 2];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (sample == CLX_SAMPLE_LINE || sample == CLX_SAMPLE_PLAIN) {
    clx_buffer_format(p->picture.out, "<path class=\"line s%d\" d=\"M%.1f %.1fh24\"/>\n", style, x, y - 4);
  }
  if (sample == CLX_SAMPLE_CURVE) clx_plot_rule(p, "curve", (clx_point){x, y - 4}, (clx_point){x + 24, y - 4});
  if (sample == CLX_SAMPLE_RING) clx_svg_disc(&p->picture, (clx_point){x + 12, y - 4}, 4.5, "ring");
  if (sample == CLX_SAMPLE_LINE || sample == CLX_SAMPLE_MARK) clx_plot_mark(p, (clx_point){x + 12, y - 4}, style);
  const double room = p->margin - 16 - 30;
  clx_svg_text(&p->picture, x + 30, y, "small", "start", "%s", clx_goodput_cut(name, room, 11, cut, sizeof cut));
  clx_svg_text(&p->picture, x + 30, y + 12, "tiny", "start", "%s", clx_goodput_cut(text, room, 9.5, cut, sizeof cut));
  p->key += text[0] != '\0' ? KEY : KEY - 12;
}

void clx_plot_nothing(clx_plot *p, const char *why) {
  clx_svg_text(&p->picture, p->area.x + p->area.width / 2, p->area.y + p->area.height / 2, "small", "middle", "%s",
               why);
}
