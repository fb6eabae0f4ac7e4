// How likely dates are reached by when.
#include <math.h>
#include <stdio.h>

#include "report/report_gantt.h"

enum { WIDE = 900, HIGH = 470, EDGE = 24, LINE = 512, POINTS = 400, LINES_MAX = 4, MARGIN = 190 };

static const double MARKS[] = {0.5, 0.8, 0.9};

// The time by which a share p of the samples is done, with lines between ranks.
static double percentile(const clx_scurve_line *l, double p) {
  const double at = p * (l->count - 1);
  const int32_t k = at < l->count - 1 ? (int32_t)at : l->count - 1;
  return k + 1 < l->count ? l->time[k] + (at - k) * (l->time[k + 1] - l->time[k]) : l->time[k];
}

static void put_line(clx_plot *p, const clx_scurve_line *l, int32_t style, double *x, double *y) {
  int32_t count = 0;
  for (int32_t k = 0; k <= POINTS; k++) {
    const double share = (double)k / POINTS;
    x[count] = percentile(l, share);
    y[count++] = share;
  }
  clx_plot_line(p, x, y, count, style);
}

static void put_marks(clx_plot *p, const clx_scurve *s, int32_t i) {
  const clx_scurve_line *l = &s->line[i];
  const clx_dates dates = {s->dated, s->origin};
  char text[CLX_COUNT(MARKS)][CLX_DATES_TEXT], name[CLX_DATES_TEXT + 8];
  const bool hours = p->x1 - p->x0 < 4 * 86400;
  for (int32_t k = 0; k < CLX_COUNT(MARKS); k++) {
    const double time = percentile(l, MARKS[k]);
    const clx_point at = clx_plot_at(p, time, MARKS[k]);
    clx_dates_text(dates, time, hours, text[k]);
    if (s->line_count == 1) {
      clx_plot_rule(p, "aim", at, (clx_point){at.x, p->area.y + p->area.height});
      clx_plot_rule(p, "aim", (clx_point){p->area.x, at.y}, at);
    }
    clx_svg_disc(&p->picture, at, 4, "ring");
  }
  clx_plot_key(p, CLX_SAMPLE_LINE, i, l->name, "P50  %s", text[0]);
  snprintf(name, sizeof name, "P80  %s", text[1]);
  clx_plot_key(p, CLX_SAMPLE_RING, i, name, "P90  %s", text[2]);
  p->key += 6;
}

void clx_report_scurve(const clx_scurve *s, clx_buffer *out) {
  clx_plot p = {.picture = {.out = out}};
  const int32_t lines = s->line_count < LINES_MAX ? s->line_count : LINES_MAX;
  double least = INFINITY, most = -INFINITY;
  char cut[LINE];
  clx_plot_open(out, WIDE, HIGH, "Probability over time");
  clx_svg_text(&p.picture, EDGE, 38, "title", "start", "%s",
               clx_goodput_cut(s->title, WIDE - 2 * EDGE, 20, cut, sizeof cut));
  if (s->note != NULL)
    clx_svg_text(&p.picture, EDGE, 60, "small", "start", "%s",
                 clx_goodput_cut(s->note, WIDE - 2 * EDGE, 11, cut, sizeof cut));
  p.margin = MARGIN;
  p.area = (clx_area){EDGE + 40, 100, WIDE - 2 * EDGE - 40 - MARGIN, HIGH - 100 - 44};
  p.key = p.area.y + 8;
  for (int32_t i = 0; i < lines; i++) {
    if (s->line[i].count < 1) continue;
    least = fmin(least, s->line[i].time[0]);
    most = fmax(most, s->line[i].time[s->line[i].count - 1]);
  }
  if (!(most >= least)) {
    clx_plot_nothing(&p, "no samples");
    clx_buffer_format(out, "</svg>\n");
    return;
  }
  p.y1 = 1;
  clx_dates_range(&p, least, most);
  clx_plot_share_axis(&p, "done by then (% of the samples)");
  clx_dates_axis(&p, (clx_dates){s->dated, s->origin});
  clx_arena *arena = clx_arena_new();
  double *x = arena != NULL ? CLX_NEW_ARRAY(arena, double, 2 * (POINTS + 1)) : NULL;
  for (int32_t i = lines - 1; i >= 0 && x != NULL; i--)
    if (s->line[i].count > 0) put_line(&p, &s->line[i], i, x, x + POINTS + 1);
  for (int32_t i = 0; i < lines && x != NULL; i++)
    if (s->line[i].count > 0) put_marks(&p, s, i);
  out->failed = out->failed || x == NULL;
  clx_arena_free(arena);
  clx_buffer_format(out, "</svg>\n");
}
