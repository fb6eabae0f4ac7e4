// A trace as a drawing: a row for each track, spans coloured by category, counters as steps, arrows when they are few.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/report_svg.h"
#include "trace/trace.h"
#include "unit/unit.h"

enum {
  LEFT = 176,  // of the time axis
  RIGHT = 1176,
  COLUMNS = RIGHT - LEFT,
  TOP = 104,
  HEAD = 20,  // above the rows of a process
  COUNTER = 44,
  ROWS_MAX = 160,
  ROWS_LARGE = 48,  // up to so many rows are high enough for names
  COUNTERS_MAX = 64,
  ARROWS_MAX = 240,
  CATEGORIES_MAX = 24
};

static const double WIDE = 2;  // pixels: a span that is drawn by itself

static const char STYLE[] =
    "<style>\n"
    "text{fill:#1f2933;font-family:Inter,'Helvetica Neue',Arial,'Liberation Sans',sans-serif;font-size:12px}\n"
    ".title{font-size:19px;font-weight:600}.head{font-size:12px;font-weight:600}\n"
    ".small{font-size:11px;fill:#5b6875}.tiny{font-size:9.5px;fill:#5b6875}.light{font-size:9.5px;fill:#fff}\n"
    ".dark{font-size:9.5px;fill:#1f2933}.page{fill:#fff}.lane{fill:#f2f5f8}.rule{stroke:#d5dde5}\n"
    ".arrow{fill:none;stroke:#33475b;stroke-width:.8;stroke-opacity:.55}.tip{fill:#33475b;fill-opacity:.7}\n"
    ".level{fill:#4c8fc0;fill-opacity:.25;stroke:#4c8fc0}\n"
    "@media (prefers-color-scheme:dark){text{fill:#e6ebf0}.small,.tiny{fill:#9fb0c0}.light{fill:#fff}\n"
    ".dark{fill:#12181f}.page{fill:#12181f}.lane{fill:#1b242e}.rule{stroke:#2f3d4b}.arrow{stroke:#e6ebf0}"
    ".tip{fill:#e6ebf0}}\n"
    "</style>\n";

// Compute in blues and greens, communication in warm colours, waiting in grey. `light`: names in it are dark.
typedef struct paint {
  const char *category, *colour;
  bool light;
} paint;

static const paint KNOWN[] = {
    {"forward", "#4c8fc0", false}, {"backward", "#2f7f70", false},  {"weight", "#7bb661", true},
    {"compute", "#4c8fc0", false}, {"recompute", "#8fb7d6", true},  {"optimizer", "#7a62a3", false},
    {"launch", "#b8c4d0", true},   {"bubble", "#d5dde5", true},     {"wait", "#d5dde5", true},
    {"tp", "#e0ac34", true},       {"cp", "#c98bb9", true},         {"ep", "#d95f28", false},
    {"pp", "#a0785a", false},      {"dp", "#b01c2e", false},        {"fsdp", "#cf5b67", false},
    {"offload", "#6b7d8f", false}, {"straggler", "#33475b", false},
};

static const paint OTHERS[] = {{NULL, "#5f7fb8", false}, {NULL, "#4f9d9d", false}, {NULL, "#a3b04a", true},
                               {NULL, "#b8743f", false}, {NULL, "#a65d8e", false}, {NULL, "#67788a", false}};

typedef struct timeline {
  clx_picture picture;
  const clx_trace *trace;
  clx_trace_order order;
  paint category[CATEGORIES_MAX];
  int32_t category_count;
  double scale;   // pixels a nanosecond
  double height;  // of a row
  double *row;    // y of each track, -1 = not shown
  double bottom;  // of the rows
  int32_t rows, hidden;
} timeline;

static double x_of(const timeline *t, int64_t time) { return LEFT + (double)time * t->scale; }

// --- categories ------------------------------------------------------------------------------------------------------

// The number of a category, which is new here when it was not seen before. Those that find no room share the last.
static int32_t category_of(timeline *t, const char *name) {
  if (name == NULL) name = "";
  for (int32_t i = 0; i < t->category_count; i++) {
    if (strcmp(t->category[i].category, name) == 0) return i;
  }
  if (t->category_count == CATEGORIES_MAX) return CATEGORIES_MAX - 1;
  paint p = OTHERS[t->category_count % CLX_COUNT(OTHERS)];
  for (int32_t i = 0; i < CLX_COUNT(KNOWN); i++) {
    if (strcmp(KNOWN[i].category, name) == 0) p = KNOWN[i];
  }
  p.category = t->category_count == CATEGORIES_MAX - 1 ? "other" : name;
  t->category[t->category_count] = p;
  return t->category_count++;
}

static double put_legend(timeline *t, double y) {
  clx_picture *p = &t->picture;
  double x = LEFT;
  for (int32_t i = 0; i < t->category_count; i++) {
    const char *name = t->category[i].category[0] != '\0' ? t->category[i].category : "no category";
    const double width = 30 + 6.6 * (double)strlen(name);
    if (x + width > RIGHT && x > LEFT) {
      x = LEFT;
      y += 18;
    }
    clx_buffer_format(p->out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"12\" height=\"12\" rx=\"2\" fill=\"%s\"/>\n", x,
                      y - 10, t->category[i].colour);
    clx_svg_text(p, x + 17, y, "small", "start", "%s", name);
    x += width;
  }
  return y + 18;
}

// --- spans -----------------------------------------------------------------------------------------------------------

// Spans too narrow to be seen one by one, as what they fill of each column of pixels and with which colours.
typedef struct blend {
  double filled[COLUMNS], part[COLUMNS][3];
} blend;

static void add_narrow(const timeline *t, blend *b, double x, double width, int32_t category) {
  const unsigned long rgb = strtoul(t->category[category].colour + 1, NULL, 16);
  const double end = fmin(x - LEFT + width, COLUMNS);
  for (int32_t column = (int32_t)fmax(x - LEFT, 0); column < end; column++) {
    const double share = fmin(end, column + 1) - fmax(x - LEFT, column);
    b->filled[column] += share;
    for (int32_t k = 0; k < 3; k++) b->part[column][k] += share * (double)(rgb >> (16 - 8 * k) & 0xff);
  }
}

// Mean colour, in steps of 8, and an opacity in eighths for what is filled: equal neighbours are one rectangle.
static uint32_t shade_of(const blend *b, int32_t column) {
  if (!(b->filled[column] > 0)) return 0;
  uint32_t shade = (uint32_t)fmin(8, ceil(8 * b->filled[column]));
  for (int32_t k = 0; k < 3; k++) shade = shade << 8 | ((uint32_t)(b->part[column][k] / b->filled[column]) & 0xf8);
  return shade;
}

static void put_blend(timeline *t, const blend *b, double y) {
  int32_t first = 0;
  for (int32_t i = 1; i <= COLUMNS; i++) {
    const uint32_t shade = shade_of(b, first);
    if (i < COLUMNS && shade_of(b, i) == shade) continue;
    if (shade != 0) {
      clx_buffer_format(t->picture.out, "<path fill=\"#%06x\" fill-opacity=\"%.3g\" d=\"M%d %.1fh%dv%.1fh-%dz\"/>\n",
                        shade & 0xffffff, (shade >> 24) / 8.0, LEFT + first, y, i - first, t->height - 3, i - first);
    }
    first = i;
  }
}

// A span with its name in it, where that has room.
static void put_wide(timeline *t, const clx_trace_place *place, double x, double y, double width, int32_t category) {
  const clx_trace_span *s = &t->trace->span[place->span];
  const char *name = s->name != NULL ? s->name : "";
  const double drawn = width > 4 ? width - 0.6 : width;
  clx_buffer_format(t->picture.out, "<path fill=\"%s\" d=\"M%.1f %.1fh%.1fv%.1fh-%.1fz\"/>\n",
                    t->category[category].colour, x, y, drawn, t->height - 3, drawn);
  if (t->height < 14 || width < 8 + 5.2 * (double)strlen(name) || name[0] == '\0') return;
  clx_svg_text(&t->picture, x + width / 2, y + t->height / 2 + 2, t->category[category].light ? "dark" : "light",
               "middle", "%s", name);
}

// Places first to end - 1 are the spans of one track.
static void put_track(timeline *t, blend *b, int64_t first, int64_t end) {
  const double y = t->row[t->order.place[first].track];
  if (y < 0) return;
  memset(b, 0, sizeof *b);
  for (int32_t wide = 0; wide < 2; wide++) {
    for (int64_t i = first; i < end; i++) {
      const clx_trace_place *place = &t->order.place[i];
      const double x = x_of(t, place->start), width = x_of(t, place->end) - x;
      if ((width >= WIDE) != (wide == 1)) continue;
      const int32_t category = category_of(t, t->trace->span[place->span].category);
      if (wide == 1) {
        put_wide(t, place, x, y, width, category);
      } else {
        add_narrow(t, b, x, fmax(width, 0.05), category);  // an instant is seen
      }
    }
    if (wide == 0) put_blend(t, b, y);
  }
}

static void put_spans(timeline *t, blend *b) {
  int64_t first = 0;
  for (int64_t i = 1; i <= t->trace->span_count; i++) {
    if (i < t->trace->span_count && t->order.place[i].track == t->order.place[first].track) continue;
    put_track(t, b, first, i);
    first = i;
  }
}

// --- arrows ----------------------------------------------------------------------------------------------------------

static void put_arrow(timeline *t, const clx_trace_place *from, const clx_trace_place *to) {
  const double half = (t->height - 3) / 2;
  const double x0 = x_of(t, from->end), y0 = t->row[from->track] + half, x1 = x_of(t, to->start);
  const double y1 = t->row[to->track] + half, bend = fmax(6, fabs(x1 - x0) / 2);
  clx_buffer_format(t->picture.out, "<path class=\"arrow\" d=\"M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f\"/>\n", x0, y0,
                    x0 + bend, y0, x1 - bend, y1, x1, y1);
  clx_buffer_format(t->picture.out, "<path class=\"tip\" d=\"M%.1f %.1fl-4 -2.5v5z\"/>\n", x1, y1);
}

static bool crosses(const timeline *t, const clx_trace_place *from) {
  if (from->next < 0) return false;
  const clx_trace_place *to = &t->order.place[from->next];
  return to->track != from->track && t->row[from->track] >= 0 && t->row[to->track] >= 0;
}

static void put_arrows(timeline *t) {
  int64_t count = 0;
  for (int64_t i = 0; i < t->trace->span_count; i++) count += crosses(t, &t->order.place[i]) ? 1 : 0;
  if (count > ARROWS_MAX) return;
  for (int64_t i = 0; i < t->trace->span_count; i++) {
    const clx_trace_place *place = &t->order.place[i];
    if (crosses(t, place)) put_arrow(t, place, &t->order.place[place->next]);
  }
}

// --- counters --------------------------------------------------------------------------------------------------------

// The largest value in each column of pixels; a value holds until the next one.
static void fill_columns(const timeline *t, const clx_trace_counter *c, double column[COLUMNS]) {
  for (int32_t i = 0; i < COLUMNS; i++) column[i] = NAN;
  for (int64_t i = c->first; i < c->first + c->count; i++) {
    const clx_trace_sample *s = &t->trace->sample[t->order.sample[i]];
    const bool last = i + 1 == c->first + c->count;
    const int64_t until = last ? t->order.end : clx_trace_nanoseconds(t->trace->sample[t->order.sample[i + 1]].time);
    const int32_t from = (int32_t)fmin(x_of(t, clx_trace_nanoseconds(s->time)) - LEFT, COLUMNS - 1);
    const int32_t to = (int32_t)fmin(x_of(t, until) - LEFT, COLUMNS - 1);
    for (int32_t x = from; x <= to; x++) column[x] = isnan(column[x]) ? s->value : fmax(column[x], s->value);
  }
}

static void put_counter(timeline *t, const clx_trace_counter *c, double y) {
  clx_picture *p = &t->picture;
  const clx_trace_sample *s = &t->trace->sample[t->order.sample[c->first]];
  double column[COLUMNS], low = 0, high = 0;
  char text[32];
  fill_columns(t, c, column);
  for (int32_t i = 0; i < COLUMNS; i++) {
    if (isnan(column[i])) continue;
    low = fmin(low, column[i]);
    high = fmax(high, column[i]);
  }
  const double floor_y = y + COUNTER - 8, per_value = (COUNTER - 12) / fmax(high - low, 1e-300);
  clx_svg_box(p, LEFT, y, COLUMNS, COUNTER - 8, 2, "lane");
  clx_svg_text(p, LEFT - 8, y + 14, "small", "end", "%.26s", s->name);
  clx_svg_text(p, LEFT - 8, y + 28, "tiny", "end", "max %s",
               clx_quantity_format(high, s->unit != NULL ? s->unit : "", 3, text, sizeof text));
  bool open = false;
  for (int32_t i = 0; i < COLUMNS; i++) {
    if (isnan(column[i])) continue;
    const double at = floor_y - (column[i] - low) * per_value;
    if (!open) clx_buffer_format(p->out, "<path class=\"level\" d=\"M%d %.1fV%.1f", LEFT + i, floor_y, at);
    if (open && column[i] != column[i - 1]) clx_buffer_format(p->out, "H%dV%.1f", LEFT + i, at);
    open = true;
  }
  if (open) clx_buffer_format(p->out, "H%dV%.1f\"/>\n", RIGHT, floor_y);
}

// --- rows ------------------------------------------------------------------------------------------------------------

static double place_tracks(timeline *t, const clx_trace_process *process, double y) {
  for (int32_t i = 0; i < t->trace->track_count; i++) {
    const clx_track *track = &t->trace->track[i];
    if (track->process != process->process || track->name == NULL) continue;
    if (t->rows == ROWS_MAX) {
      t->hidden++;
      continue;
    }
    t->row[i] = y;
    t->rows++;
    clx_svg_box(&t->picture, LEFT, y, COLUMNS, t->height - 3, 2, "lane");
    if (t->height >= 14) {
      clx_svg_text(&t->picture, LEFT - 8, y + t->height - 8, "small", "end", "%.26s", track->name);
    }
    y += t->height;
  }
  return y;
}

// Names, lanes and counters; where each track goes.
static void put_rows(timeline *t) {
  double y = TOP;
  int32_t counter = 0;
  for (int32_t i = 0; i < t->order.process_count; i++) {
    const clx_trace_process *process = &t->order.process[i];
    const char *name = t->trace->track[process->track].process_name;
    const bool room = t->rows < ROWS_MAX;
    if (room) clx_svg_text(&t->picture, 24, y + 12, "head", "start", "%s", name != NULL ? name : "");
    y = place_tracks(t, process, room ? y + HEAD : y);
    for (; counter < t->order.counter_count && t->order.counter[counter].process == i; counter++) {
      if (counter >= COUNTERS_MAX || !room) continue;
      put_counter(t, &t->order.counter[counter], y + 2);
      y += COUNTER;
    }
    y += room ? 6 : 0;
  }
  t->bottom = y;
}

// --- axis ------------------------------------------------------------------------------------------------------------

// 1, 2 or 5 times a power of ten, ten ticks at most.
static double tick_step(double length) {
  const double least = length / 10, power = pow(10, floor(log10(least)));
  const double ratio = least / power;
  return power * (ratio <= 1 ? 1 : ratio <= 2 ? 2 : ratio <= 5 ? 5 : 10);
}

static void put_axis(timeline *t, clx_buffer *out) {
  static const struct {
    const char *name;
    double size;
  } units[] = {{"us", 1e-6}, {"ms", 1e-3}, {"s", 1}};
  const double length = 1e-9 * (double)(t->order.end > 0 ? t->order.end : 1), step = tick_step(length);
  clx_picture under = {.out = out};
  int32_t unit = 0;
  while (unit < 2 && length >= units[unit + 1].size) unit++;
  for (int32_t i = 0; i <= 10 && step * i <= length * (1 + 1e-9); i++) {
    const double x = LEFT + COLUMNS * (step * i / length);
    clx_buffer_format(out, "<line class=\"rule\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%.1f\"/>\n", x, TOP - 12, x,
                      t->bottom);
    clx_svg_text(&under, x, TOP - 17, "tiny", "middle", "%.6g%s%s", step * i / units[unit].size, i == 0 ? "" : " ",
                 i == 0 ? "" : units[unit].name);
  }
}

static void put_titles(timeline *t) {
  char text[32];
  clx_svg_text(&t->picture, 24, 38, "title", "start", "%.110s", t->trace->title != NULL ? t->trace->title : "Timeline");
  clx_svg_text(&t->picture, 24, 62, "small", "start", "%s in %d tracks, %lld spans%s",
               clx_quantity_format(1e-9 * (double)t->order.end, "s", 4, text, sizeof text), t->rows + t->hidden,
               (long long)t->trace->span_count, t->hidden > 0 ? "; tracks beyond the first 160 are not drawn" : "");
}

static void put_page(timeline *t, clx_buffer *under, clx_buffer *body, clx_buffer *out) {
  const int32_t height = (int32_t)ceil(put_legend(t, t->bottom + 26) + 6);
  put_axis(t, under);
  clx_buffer_format(out,
                    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
                    "role=\"img\">\n<title>Timeline</title>\n%s"
                    "<rect class=\"page\" width=\"%d\" height=\"%d\" rx=\"8\"/>\n",
                    CLX_PICTURE_WIDTH, height, CLX_PICTURE_WIDTH, height, STYLE, CLX_PICTURE_WIDTH, height);
  if (under->data != NULL) clx_buffer_add(out, under->data, under->length);
  if (body->data != NULL) clx_buffer_add(out, body->data, body->length);
  clx_buffer_format(out, "</svg>\n");
  out->failed = out->failed || under->failed || body->failed;
}

static clx_status draw(timeline *t, clx_arena *arena, clx_buffer *out, clx_error *error) {
  clx_buffer body = {0}, under = {0};
  blend *b = CLX_NEW(arena, blend);
  CLX_TRY(clx_trace_sort(t->trace, arena, &t->order, error));
  t->row = CLX_NEW_ARRAY(arena, double, t->trace->track_count + 1);
  if (b == NULL || t->row == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory for a drawing");
  for (int32_t i = 0; i < t->trace->track_count; i++) t->row[i] = -1;
  t->picture.out = &body;
  t->scale = COLUMNS / (double)(t->order.end > 0 ? t->order.end : 1);
  t->height = t->trace->track_count <= ROWS_LARGE ? 19 : 10;
  put_rows(t);
  put_spans(t, b);
  put_arrows(t);
  put_titles(t);
  put_page(t, &under, &body, out);
  clx_buffer_free(&body);
  clx_buffer_free(&under);
  return out->failed ? clx_fail_plain(error, CLX_MEMORY, "out of memory for a drawing") : CLX_OK;
}

clx_status clx_report_timeline_svg(const clx_trace *trace, clx_buffer *out, clx_error *error) {
  timeline t = {.trace = trace};
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory for a drawing");
  const clx_status status = draw(&t, arena, out, error);
  clx_arena_free(arena);
  return status;
}
