// Bars over time, and a quantity below them.
#include "report/report_gantt.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "unit/unit.h"

enum { WIDE = 1200, EDGE = 24, LABELS = 250, TOP = 106, LINE = 512, PANEL = 190, SHORT = 96 };

// Beside the styles of clx_plot_open.
static const char STYLE[] =
    "<style>\n.bar{fill:#7ea6c8}.urgent{fill:#b01c2e}.group{fill:#5b6875}.wire{fill:none;stroke:#b01c2e;stroke-opacity:"
    ".6}\n"
    ".tip{fill:#b01c2e;fill-opacity:.8}.lane{fill:#5b6f84;fill-opacity:.05}\n"
    "@media "
    "(prefers-color-scheme:dark){.bar{fill:#4a7aa3}.urgent{fill:#ea6a7a}.group{fill:#9fb0c0}.wire{stroke:#ea6a7a}"
    ".tip{fill:#ea6a7a}.lane{fill:#9fb0c0;fill-opacity:.07}}\n</style>\n";

typedef struct page {
  clx_plot plot;
  const clx_gantt *g;
  clx_arena *arena;
  int32_t *order;  // [lines] row, or -1 - phase for the heading of one
  int32_t *line;   // [row_count] of each row
  int32_t lines;
  const char **phase;
  int32_t phase_count;
  double height;  // of a line
} page;

static int32_t phase_of(page *a, const char *name) {
  for (int32_t k = 0; k < a->phase_count; k++)
    if (clx_text_equal(a->phase[k], name)) return k;
  a->phase[a->phase_count] = name;
  return a->phase_count++;
}

static int32_t shown(const clx_gantt *g) {
  return g->row_count < CLX_GANTT_ROWS_MAX ? g->row_count : CLX_GANTT_ROWS_MAX;
}

static bool set_lines(page *a) {
  const clx_gantt *g = a->g;
  const int32_t rows = shown(g);
  a->order = CLX_NEW_ARRAY(a->arena, int32_t, 2 * rows + 1);
  a->line = CLX_NEW_ARRAY(a->arena, int32_t, rows + 1);
  a->phase = CLX_NEW_ARRAY(a->arena, const char *, rows + 1);
  if (a->order == NULL || a->line == NULL || a->phase == NULL) return false;
  for (int32_t i = 0; i < rows; i++) phase_of(a, g->row[i].phase);
  const bool headed = a->phase_count > 1 || (a->phase_count == 1 && a->phase[0] != NULL);
  for (int32_t k = 0; k < a->phase_count; k++) {
    if (headed) a->order[a->lines++] = -1 - k;
    for (int32_t i = 0; i < rows; i++) {
      if (!clx_text_equal(g->row[i].phase, a->phase[k])) continue;
      a->line[i] = a->lines;
      a->order[a->lines++] = i;
    }
  }
  a->height = a->lines <= 32 ? 19 : a->lines <= 60 ? 15 : 13;
  return true;
}

static double middle_of(const page *a, int32_t line) { return a->plot.area.y + (line + 0.5) * a->height; }
static double x_of(const page *a, double time) { return clx_plot_at(&a->plot, time, a->plot.y0).x; }

// --- bars ----------------------------------------------------------------------------------------------------------------------------------

static void put_diamond(page *a, double x, double y, double r, const char *style) {
  clx_buffer_format(a->plot.picture.out, "<path class=\"%s\" d=\"M%.1f %.1fl%.1f %.1fl-%.1f %.1fl-%.1f -%.1fz\"/>\n",
                    style, x, y - r, r, r, r, r, r, r);
}

static void put_label(page *a, int32_t line, const char *text, const char *style, double font, double indent) {
  char cut[LINE];
  clx_svg_text(&a->plot.picture, EDGE + indent, middle_of(a, line) + 0.35 * font, style, "start", "%s",
               clx_goodput_cut(text, LABELS - 14 - indent, font, cut, sizeof cut));
}

static void put_row(page *a, int32_t i, double indent) {
  const clx_gantt_row *r = &a->g->row[i];
  const char *style = r->critical ? "urgent" : "bar";
  const double y = middle_of(a, a->line[i]), x0 = x_of(a, r->start), x1 = x_of(a, r->finish);
  const double thick = 0.62 * a->height;
  const bool small = a->height < 15;
  put_label(a, a->line[i], r->name, small ? "tiny" : "small", small ? 9.5 : 11, indent);
  if (r->finish > r->start)
    clx_svg_box(&a->plot.picture, x0, y - thick / 2, fmax(x1 - x0, 1), thick, 1.5, style);
  else
    put_diamond(a, x0, y, 0.36 * a->height, style);
  if (!(r->high > r->low)) return;
  const double w0 = x_of(a, r->low), w1 = x_of(a, r->high), cap = 0.2 * a->height;
  clx_plot_rule(&a->plot, "whisker", (clx_point){w0, y}, (clx_point){w1, y});
  clx_plot_rule(&a->plot, "whisker", (clx_point){w0, y - cap}, (clx_point){w0, y + cap});
  clx_plot_rule(&a->plot, "whisker", (clx_point){w1, y - cap}, (clx_point){w1, y + cap});
}

// The name of a phase, and a bracket from its first start to its last finish.
static void put_phase(page *a, int32_t line, int32_t phase) {
  double start = INFINITY, finish = -INFINITY;
  for (int32_t i = 0; i < shown(a->g); i++) {
    if (!clx_text_equal(a->g->row[i].phase, a->phase[phase])) continue;
    start = fmin(start, a->g->row[i].start);
    finish = fmax(finish, a->g->row[i].finish);
  }
  const double y = middle_of(a, line), x0 = x_of(a, start), x1 = x_of(a, finish);
  clx_svg_box(&a->plot.picture, EDGE - 6, y - a->height / 2, WIDE - 2 * EDGE + 12, a->height, 0, "lane");
  put_label(a, line, a->phase[phase] != NULL ? a->phase[phase] : "others", a->height < 15 ? "tiny" : "head",
            a->height < 15 ? 9.5 : 13, 0);
  clx_buffer_format(a->plot.picture.out, "<path class=\"group\" d=\"M%.1f %.1fH%.1fv6l-3 -3H%.1fl-3 3z\"/>\n", x0,
                    y - 3, fmax(x1, x0 + 8), x0 + 6);
}

// From one end, down or up beside the bars, to the other, with a tip.
static void put_link(page *a, const clx_gantt_link *l) {
  if (l->from >= shown(a->g) || l->to >= shown(a->g)) return;
  const clx_gantt_row *from = &a->g->row[l->from], *to = &a->g->row[l->to];
  if (!from->critical || !to->critical) return;
  const double x0 = x_of(a, l->from_finish ? from->finish : from->start), y0 = middle_of(a, a->line[l->from]);
  const double x1 = x_of(a, l->to_finish ? to->finish : to->start), y1 = middle_of(a, a->line[l->to]);
  const double out = l->from_finish ? 5 : -5, in = l->to_finish ? 5 : -5, down = y1 > y0 ? 1 : -1;
  clx_buffer *o = a->plot.picture.out;
  if (l->from_finish && !l->to_finish && x1 >= x0 + 2) {  // straight down at the head of the later bar
    const double end = y1 - down * 0.31 * a->height, x = fmin(x1 + 3, fmax(x_of(a, to->finish), x1));
    clx_buffer_format(o, "<path class=\"wire\" d=\"M%.1f %.1fH%.1fV%.1f\"/>\n", x0, y0, x, end - down * 3);
    clx_buffer_format(o, "<path class=\"tip\" d=\"M%.1f %.1fl3 %.1fh-6z\"/>\n", x, end, -down * 4);
    return;
  }
  const double lane = y1 - down * a->height / 2;
  clx_buffer_format(o, "<path class=\"wire\" d=\"M%.1f %.1fh%.0fV%.1fH%.1fV%.1fH%.1f\"/>\n", x0, y0, out, lane,
                    x1 + 2 * in, y1, x1 + in);
  clx_buffer_format(o, "<path class=\"tip\" d=\"M%.1f %.1fl%.0f 3v-6z\"/>\n", x1, y1, in);
}

// --- the quantity below --------------------------------------------------------------------------------------------------------------------

static void put_strip(page *a, double y) {
  const clx_gantt_panel *q = a->g->panel;
  clx_plot *p = &a->plot;
  double x = p->area.x;
  clx_svg_text(&p->picture, EDGE, y + 9, "small", "start", "what binds");
  for (int32_t k = 0; k < q->count;) {
    int32_t end = k + 1;
    while (end < q->count && q->binding[end] == q->binding[k]) end++;
    const double x0 = x_of(a, q->time[k]), x1 = x_of(a, end < q->count ? q->time[end] : p->x1);
    if (q->binding[k] >= 0 && x1 > x0) {
      char style[16];
      snprintf(style, sizeof style, "piece f%d", q->binding[k] % CLX_GOODPUT_POLICIES);
      clx_svg_box(&p->picture, x0, y, x1 - x0, 11, 0, style);
    }
    k = end;
  }
  for (int32_t k = 0; k < q->binding_count && k < CLX_GOODPUT_POLICIES; k++) {  // key, below
    char style[16], cut[SHORT];
    const char *name = clx_goodput_cut(q->binding_name[k], 150, 11, cut, sizeof cut);
    const double width = clx_goodput_width(name, 11) * 1.08 + 36;
    if (x + width > p->area.x + p->area.width + 10) break;
    snprintf(style, sizeof style, "piece f%d", k);
    clx_svg_box(&p->picture, x, y + 17, 12, 11, 0, style);
    clx_svg_text(&p->picture, x + 17, y + 26, "small", "start", "%s", name);
    x += width;
  }
}

// A staircase: what is usable stays until the next point.
static void put_steps(page *a, const double *y, const char *style) {
  const clx_gantt_panel *q = a->g->panel;
  clx_buffer *out = a->plot.picture.out;
  clx_buffer_format(out, "<path class=\"%s\" d=\"", style);
  for (int32_t k = 0; k < q->count; k++) {
    const clx_point at = clx_plot_at(&a->plot, q->time[k], y[k]);
    if (k == 0)
      clx_buffer_format(out, "M%.1f %.1f", at.x, at.y);
    else if (y[k] != y[k - 1])
      clx_buffer_format(out, "H%.1fV%.1f", at.x, at.y);
  }
  clx_buffer_format(out, "H%.1f\"/>\n", x_of(a, a->plot.x1));
}

static void put_panel(page *a, double y) {
  const clx_gantt_panel *q = a->g->panel;
  clx_plot *p = &a->plot;
  double most = 0;
  char title[SHORT];
  for (int32_t k = 0; k < q->count; k++) most = fmax(most, fmax(q->value[k], q->high != NULL ? q->high[k] : 0));
  p->area = (clx_area){LABELS + EDGE, y + 24, WIDE - LABELS - 2 * EDGE, PANEL};
  p->y0 = 0;
  p->y1 = most > 0 ? 1.06 * most : 1;
  const double one = most >= 2e9 ? 1e9 : most >= 2e6 ? 1e6 : most >= 2e3 ? 1e3 : 1;
  const char *prefix = one == 1e9 ? "G" : one == 1e6 ? "M" : one == 1e3 ? "k" : "";
  if (q->unit != NULL && q->unit[0] != '\0')
    snprintf(title, sizeof title, "%.60s (%s%.12s)", q->title, prefix, q->unit);
  else
    snprintf(title, sizeof title, "%.60s%s", q->title,
             one == 1e9   ? " (billions)"
             : one == 1e6 ? " (millions)"
             : one == 1e3 ? " (thousands)"
                          : "");
  clx_plot_upright_axis(p, one, title);
  clx_dates_axis(p, (clx_dates){a->g->dated, a->g->origin});
  if (q->low != NULL && q->high != NULL) clx_plot_band(p, q->time, q->low, q->high, q->count, 0);
  put_steps(a, q->value, "curve");
  if (q->binding != NULL) put_strip(a, p->area.y + PANEL + 40);
}

// --- the page ------------------------------------------------------------------------------------------------------------------------------

static void set_range(page *a) {
  const clx_gantt *g = a->g;
  double least = INFINITY, most = -INFINITY;
  for (int32_t i = 0; i < g->row_count; i++) {
    const clx_gantt_row *r = &g->row[i];
    least = fmin(least, r->start);
    most = fmax(most, r->high > r->low ? fmax(r->finish, r->high) : r->finish);
  }
  for (int32_t k = 0; g->panel != NULL && k < g->panel->count; k++) {
    least = fmin(least, g->panel->time[k]);
    most = fmax(most, g->panel->time[k]);
  }
  clx_dates_range(&a->plot, least, most);
}

static double put_sample(page *a, double x, const char *style, bool milestone, const char *text) {
  const double y = 84;
  if (milestone)
    put_diamond(a, x + 6, y - 4, 5, style);
  else
    clx_svg_box(&a->plot.picture, x, y - 9, 12, 10, 1.5, style);
  clx_svg_text(&a->plot.picture, x + 18, y, "small", "start", "%s", text);
  return x + 18 + clx_goodput_width(text, 11) * 1.08 + 22;
}

static void put_head(page *a) {
  const clx_gantt *g = a->g;
  char cut[LINE], first[CLX_DATES_TEXT], last[CLX_DATES_TEXT];
  double start = INFINITY, finish = -INFINITY, x = EDGE;
  bool critical = false, milestone = false;
  for (int32_t i = 0; i < g->row_count; i++) {
    start = fmin(start, g->row[i].start);
    finish = fmax(finish, g->row[i].finish);
    critical = critical || g->row[i].critical;
    milestone = milestone || !(g->row[i].finish > g->row[i].start);
  }
  const clx_dates dates = {g->dated, g->origin};
  clx_picture *p = &a->plot.picture;
  clx_svg_text(p, EDGE, 38, "title", "start", "%s", clx_goodput_cut(g->title, WIDE - 2 * EDGE, 20, cut, sizeof cut));
  clx_svg_text(p, EDGE, 60, "small", "start", "%d activities, %s to %s%s%s", g->row_count,
               clx_dates_text(dates, start, false, first), clx_dates_text(dates, finish, false, last),
               g->note != NULL ? "; " : "", g->note != NULL ? g->note : "");
  if (critical) x = put_sample(a, x, "urgent", false, "critical");
  x = put_sample(a, x, "bar", false, critical ? "with slack" : "activity");
  if (milestone) x = put_sample(a, x, critical ? "group" : "bar", true, "milestone");
  if (g->whisker == NULL) return;
  clx_plot_rule(&a->plot, "whisker", (clx_point){x, 80}, (clx_point){x + 18, 80});
  clx_plot_rule(&a->plot, "whisker", (clx_point){x, 76}, (clx_point){x, 84});
  clx_plot_rule(&a->plot, "whisker", (clx_point){x + 18, 76}, (clx_point){x + 18, 84});
  clx_svg_text(p, x + 24, 84, "small", "start", "%s", g->whisker);
}

static void put_body(page *a) {
  const clx_gantt *g = a->g;
  clx_plot *p = &a->plot;
  p->area = (clx_area){LABELS + EDGE, TOP, WIDE - LABELS - 2 * EDGE, a->lines * a->height + 4};
  p->y1 = 1;
  set_range(a);
  put_head(a);
  clx_dates_axis(p, (clx_dates){g->dated, g->origin});
  const bool headed = a->lines > shown(g);
  for (int32_t k = 0; k < a->lines; k++)
    if (a->order[k] < 0) put_phase(a, k, -1 - a->order[k]);
  for (int32_t k = 0; k < a->lines; k++)
    if (a->order[k] >= 0) put_row(a, a->order[k], headed ? 12 : 0);
  for (int32_t k = 0; k < g->link_count; k++) put_link(a, &g->link[k]);
  if (g->row_count > shown(g))
    clx_svg_text(&p->picture, EDGE, p->area.y + p->area.height + 17, "tiny", "start", "%d more activities",
                 g->row_count - shown(g));
}

void clx_report_gantt(const clx_gantt *g, clx_buffer *out) {
  page a = {.g = g, .arena = clx_arena_new(), .plot = {.picture = {.out = out}}};
  if (a.arena == NULL || !set_lines(&a)) {
    out->failed = true;
    clx_arena_free(a.arena);
    return;
  }
  const double body = TOP + a.lines * a.height + 4 + 40;
  const bool below = g->panel != NULL && g->panel->count > 0;
  const double more = below ? 24 + PANEL + 40 + (g->panel->binding != NULL ? 36 : 0) : 0;
  clx_plot_open(out, WIDE, body + more, "Plan over time");
  clx_buffer_format(out, "%s", STYLE);
  if (g->row_count < 1) {
    a.plot.area = (clx_area){0, 0, WIDE, body};
    clx_plot_nothing(&a.plot, "no activities");
  } else {
    put_body(&a);
    if (below) put_panel(&a, body);
  }
  clx_buffer_format(out, "</svg>\n");
  clx_arena_free(a.arena);
}
