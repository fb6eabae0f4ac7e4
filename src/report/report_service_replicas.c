// Replicas of a service that fail, start and stop: lines of its report, and how many serve over time, as a drawing and a table.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/report_power.h"
#include "report/report_service.h"
#include "report/report_words.h"

enum { WIDE = 900, HIGH = 420, EDGE = 24, MARGIN = 170, POOLS = 64, DRAWN = 6, SHORT = 96, NAME = 160 };

static const char SERIES[] = "serving.replicas.", READY[] = ".ready";

// --- lines ----------------------------------------------------------------------------------------------------------------

static void write_held(clx_words *w) {
  const clx_quantity *time = clx_result_find(w->result, "serving.gpu_time");
  clx_words_band(w, "", "", "serving.held", 3, "");
  clx_words_put(w, " ", "of ", "serving.replicas", 12, " paid for in the mean");
  if (time != NULL) clx_words_add(w, ", %.4g GPU-hours", time->value / 3600);
  if (clx_words_put(w, "; ", "", "serving.starts", 4, " started"))
    clx_words_put(w, ", ", "", "serving.missed_starting", 4, " requests beyond the promise came while one did");
  clx_words_end(w, "replicas", 2, CLX_REPORT_PLAIN);
}

static void write_outages(clx_words *w) {
  if (!clx_words_put(w, "", "", "serving.outages", 4, "")) return;
  clx_words_percent(w, "; ", "replicas up ", "serving.available", " of the time");
  clx_words_some(w, ", ", "", "serving.moved", 4, " requests went to others");
  clx_words_some(w, ", ", "", "serving.lost", 4, " requests were lost");
  clx_words_put(w, ", ", "", "serving.missed_down", 4, " beyond the promise came meanwhile");
  if (clx_result_value(w->result, "serving.outages", 0) > 0) {
    clx_words_put(w, "; ", "without them TTFT P99 ", "serving.undisturbed.ttft_p99", 3, "");
    clx_words_percent(w, ", ", "", "serving.undisturbed.within", " within the promise");
  }
  clx_words_end(w, "outages", 3, CLX_REPORT_PLAIN);
}

void clx_report_service_changes(clx_words *words) {
  if (clx_result_find(words->result, "serving.held") == NULL) return;
  write_held(words);
  write_outages(words);
}

void clx_report_service_pool_changes(clx_words *words, const char *prefix) {
  char name[NAME];
  snprintf(name, sizeof name, "%s.start", prefix);
  clx_words_put(words, "", "starts in ", name, 3, "");
  snprintf(name, sizeof name, "%s.mtbf", prefix);
  clx_words_put(words, ", ", "fails every ", name, 3, "");
  snprintf(name, sizeof name, "%s.mttr", prefix);
  clx_words_put(words, " ", "for ", name, 3, "");
  snprintf(name, sizeof name, "%s.available", prefix);
  const clx_quantity *up = clx_result_find(words->result, name);
  if (up != NULL) clx_words_add(words, ": up %.5g %% in the long run", 100 * up->value);
  clx_words_end(words, "replica", 2, CLX_REPORT_PLAIN);
}

// --- over time ------------------------------------------------------------------------------------------------------------

typedef struct staff {
  char pool[SHORT];
  const double *time, *ready, *starting, *failed, *unfinished;
  int32_t count;
} staff;

static const double *part_of(const clx_result *result, const char *pool, const char *part) {
  char name[NAME];
  const double *x;
  int32_t count;
  snprintf(name, sizeof name, "%s%s.%s", SERIES, pool, part);
  return clx_result_series(result, name, &x, &count);
}

static int32_t find_staff(const clx_result *result, staff out[POOLS]) {
  int32_t found = 0;
  for (int32_t i = 0; found < POOLS; i++) {
    const char *name = clx_result_series_name(result, i);
    if (name == NULL) break;
    const size_t length = strlen(name), head = sizeof SERIES - 1, tail = sizeof READY - 1;
    if (strncmp(name, SERIES, head) != 0 || length < head + tail || strcmp(name + length - tail, READY) != 0) continue;
    staff *s = &out[found++];
    snprintf(s->pool, sizeof s->pool, "%.*s", (int)(length - head - tail), name + head);
    s->ready = clx_result_series(result, name, &s->time, &s->count);
    s->starting = part_of(result, s->pool, "starting");
    s->failed = part_of(result, s->pool, "failed");
    s->unfinished = part_of(result, s->pool, "unfinished");
  }
  return found;
}

bool clx_report_service_has_replicas(const clx_result *result) {
  staff list[POOLS];
  return find_staff(result, list) > 0;
}

void clx_report_service_replicas_csv(const clx_result *result, clx_buffer *out) {
  staff list[POOLS];
  const int32_t count = find_staff(result, list);
  clx_buffer_format(out, "pool,time_s,ready,starting,failed,unfinished_requests\n");
  for (int32_t i = 0; i < count; i++)
    for (int32_t k = 0; k < list[i].count; k++)
      clx_buffer_format(out, "%s,%.9g,%.9g,%.9g,%.9g,%.9g\n", list[i].pool, list[i].time[k], list[i].ready[k],
                        list[i].starting[k], list[i].failed[k], list[i].unfinished[k]);
}

// Each value holds until the next.
static void draw_steps(clx_plot *p, const staff *s, int32_t style) {
  clx_buffer_format(p->picture.out, "<path class=\"line s%d\" d=\"", style);
  for (int32_t k = 0; k < s->count; k++) {
    const clx_point at = clx_plot_at(p, s->time[k], s->ready[k]);
    clx_buffer_format(p->picture.out, k == 0 ? "M%.1f %.1f" : "H%.1fV%.1f", at.x, at.y);
  }
  clx_buffer_format(p->picture.out, "\"/>\n");
}

static void draw_staff(clx_plot *p, const staff *s, int32_t style) {
  double least = INFINITY, most = 0, sum = 0, span = 0;
  draw_steps(p, s, style);
  for (int32_t k = 0; k < s->count; k++) {
    least = fmin(least, s->ready[k]);
    most = fmax(most, s->ready[k]);
    if (k + 1 == s->count) continue;
    sum += s->ready[k] * (s->time[k + 1] - s->time[k]);
    span += s->time[k + 1] - s->time[k];
  }
  clx_plot_key(p, CLX_SAMPLE_PLAIN, style, s->pool, "%.4g to %.4g, mean %.3g", least, most,
               span > 0 ? sum / span : most);
}

void clx_report_service_replicas(const clx_result *result, clx_buffer *out) {
  staff list[POOLS];
  const int32_t count = find_staff(result, list);
  clx_plot p = {.picture = {.out = out}, .margin = MARGIN};
  const char *title = clx_result_fact(result, "scenario.title");
  char cut[SHORT * 4];
  clx_plot_open(out, WIDE, HIGH, "Replicas that serve, over time");
  clx_svg_text(&p.picture, EDGE, 38, "title", "start", "%s",
               clx_goodput_cut(title != NULL ? title : "A service", WIDE - 2 * EDGE, 20, cut, sizeof cut));
  clx_svg_text(&p.picture, EDGE, 60, "small", "start", "replicas that serve, of the first seed");
  p.area = (clx_area){EDGE + 56, 92, WIDE - 2 * EDGE - 56 - MARGIN, HIGH - 92 - 56};
  p.key = p.area.y + 8;
  for (int32_t i = 0; i < count; i++) {
    for (int32_t k = 0; k < list[i].count; k++) p.y1 = fmax(p.y1, 1.1 * list[i].ready[k]);
    if (list[i].count > 0) p.x1 = fmax(p.x1, list[i].time[list[i].count - 1]);
  }
  if (!(p.x1 > 0) || !(p.y1 > 0)) {
    clx_plot_nothing(&p, "no replicas that come and go in this result");
  } else {
    clx_plot_upright_axis(&p, 1, "replicas that serve");
    clx_plot_time_axis(&p, "time");
    for (int32_t i = 0; i < count && i < DRAWN; i++) draw_staff(&p, &list[i], i);
  }
  clx_buffer_format(out, "</svg>\n");
}
