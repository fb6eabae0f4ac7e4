// Cash, capital and courses as drawings.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cost/cost_decide.h"
#include "report/report_cost.h"
#include "report/report_power.h"
#include "report/report_words.h"
#include "unit/unit.h"

enum { WIDE = CLX_POWER_WIDE, EDGE = CLX_POWER_EDGE, TOP = CLX_POWER_TOP, MARGIN = CLX_POWER_MARGIN, SHORT = 96 };
enum { COLOURS = 8 };

typedef struct series {
  const double *x, *y;
  int32_t count;
} series;

static series find(const clx_result *result, const char *what) {
  char name[SHORT];
  series s = {0};
  snprintf(name, sizeof name, "cost.month.%s", what);
  s.y = clx_result_series(result, name, &s.x, &s.count);
  if (s.y == NULL) s.count = 0;
  return s;
}

static void widen(const series *s, double *low, double *high) {
  for (int32_t i = 0; i < s->count; i++) {
    *low = fmin(*low, s->y[i]);
    *high = fmax(*high, s->y[i]);
  }
}

// --- axes --------------------------------------------------------------------------------------------------------------------

static void money_axis(clx_plot *p, const char *title) {
  static const struct {
    double factor;
    const char *name;
  } units[] = {{1e9, "billion USD"}, {1e6, "million USD"}, {1e3, "thousand USD"}, {1, "USD"}};
  const double most = fmax(fabs(p->y0), fabs(p->y1));
  int32_t k = 0;
  char text[SHORT];
  while (k + 1 < CLX_COUNT(units) && most < 1.2 * units[k].factor) k++;
  snprintf(text, sizeof text, "%s (%s)", title, units[k].name);
  clx_plot_upright_axis(p, units[k].factor, text);
}

// Months of the plan as dates, as many as find room.
static void date_axis(const clx_result *result, clx_plot *p) {
  static const double MONTH = 2629800;  // s: 30.4375 days
  static const int32_t STEPS[] = {1, 2, 3, 6, 12, 24, 60, 120, 240};
  enum { LABELS = 10 };
  const char *start = clx_result_fact(result, "cost.start");
  const double months = p->x1 / MONTH, bottom = p->area.y + p->area.height;
  double from = 0;
  int32_t k = 0;
  const bool dated = start != NULL && clx_time_read(start, &from);
  while (k + 1 < CLX_COUNT(STEPS) && months / STEPS[k] > LABELS) k++;
  for (int32_t m = 0; m <= months + 1e-9; m += STEPS[k]) {
    const double x = clx_plot_at(p, m * MONTH, p->y0).x;
    char day[CLX_TIME_TEXT];
    clx_plot_rule(p, "rule", (clx_point){x, p->area.y}, (clx_point){x, bottom});
    if (dated) {
      clx_time_write(from + m * MONTH + 0.5 * 86400, false, day);
      day[strlen(day) > 7 ? 7 : 0] = '\0';
    } else {
      snprintf(day, sizeof day, "%d", m);
    }
    clx_svg_text(&p->picture, x, bottom + 17, "small", "middle", "%s", day);
  }
  clx_plot_rule(p, "axis", (clx_point){p->area.x, bottom}, (clx_point){p->area.x + p->area.width, bottom});
  if (!dated)
    clx_svg_text(&p->picture, p->area.x + p->area.width / 2, bottom + 36, "small", "middle", "months of the plan");
}

static void open_panel(clx_plot *p, double y, double height, double seconds, double low, double high) {
  clx_power_axes(p, (clx_area){EDGE, y, WIDE - 2 * EDGE, height}, MARGIN);
  const double span = high > low ? high - low : 1;
  p->x0 = 0;
  p->x1 = seconds;
  p->y0 = low < 0 ? low - 0.06 * span : low;
  p->y1 = high + 0.08 * span;
}

// --- cash --------------------------------------------------------------------------------------------------------------------

// Upright lines where the first and the last GPUs come into use, with their names.
static void put_milestones(const clx_result *result, clx_plot *p) {
  static const char *const names[][2] = {{"cost.first_use", "first GPUs"}, {"cost.full_use", "all GPUs"}};
  const clx_quantity *first = clx_result_find(result, names[0][0]), *last = clx_result_find(result, names[1][0]);
  const bool together = first != NULL && last != NULL && !(last->value > first->value);
  for (int32_t i = together ? 1 : 0; i < 2; i++) {
    const clx_quantity *q = clx_result_find(result, names[i][0]);
    if (q == NULL || q->value > p->x1) continue;
    const clx_point at = clx_plot_at(p, q->value, p->y1);
    clx_plot_rule(p, "zones", (clx_point){at.x, p->area.y}, (clx_point){at.x, p->area.y + p->area.height});
    clx_svg_text(&p->picture, at.x + 4, p->area.y + 12 + 13 * i, "tiny", "start", "%s", names[i][1]);
  }
}

// Without its unit, which stands before it.
static void drop_unit(char *text, const char *unit) {
  char part[SHORT];
  snprintf(part, sizeof part, " %s", unit);
  for (char *at = strstr(text, part); at != NULL; at = strstr(text, part))
    memmove(at, at + strlen(part), strlen(at + strlen(part)) + 1);
}

static void key_of(clx_plot *p, int32_t style, const char *title, const clx_result *result, const char *name) {
  const clx_quantity *q = clx_result_find(result, name);
  char text[SHORT], range[3 * SHORT], head[2 * SHORT];
  if (q == NULL) return;
  clx_quantity_format(q->value, q->unit, 3, text, sizeof text);
  clx_words_range(q, 3, range, sizeof range);
  drop_unit(text, q->unit);
  drop_unit(range, q->unit);
  snprintf(head, sizeof head, "%s, %s", title, q->unit);
  clx_plot_key(p, style < 0 ? CLX_SAMPLE_NONE : CLX_SAMPLE_MARK, style < 0 ? 0 : style, head, "%s%s", text, range);
}

static void put_cash(const clx_result *result, clx_plot *p) {
  const series cash = find(result, "cumulated"), low = find(result, "cumulated_low"),
               high = find(result, "cumulated_high"), owed = find(result, "owed");
  double least = 0, most = 0, lent = 0, none = 0;
  widen(&low, &least, &most);
  widen(&high, &least, &most);
  widen(&owed, &none, &lent);
  if (lent > 0) most = fmax(most, lent);
  open_panel(p, TOP, 330, cash.x[cash.count - 1], least, most);
  money_axis(p, "cash");
  date_axis(result, p);
  clx_plot_band(p, cash.x, low.y, high.y, cash.count, 0);
  clx_power_curve(p, "curve", cash.x, cash.y, cash.count);
  clx_plot_rule(p, "axis", clx_plot_at(p, 0, 0), clx_plot_at(p, p->x1, 0));
  put_milestones(result, p);
  clx_plot_key(p, CLX_SAMPLE_CURVE, 0, "cumulated cash", "band: 5 to 95 %% of draws");
  if (lent > 0) {
    clx_power_curve(p, "s1", owed.x, owed.y, owed.count);
    clx_plot_key(p, CLX_SAMPLE_PLAIN, 1, "owed", "%s", "");
  }
  key_of(p, -1, "capital", result, "cost.capex");
  key_of(p, -1, "run", result, "cost.opex_per_year");
  key_of(p, -1, "most tied up", result, "cost.peak_cash");
  key_of(p, -1, "rent as dear", result, "cost.rent_breakeven");
}

void clx_report_cost_cash(const clx_result *result, clx_buffer *out) {
  static const char what[] = "Cash over the plan";
  const series cash = find(result, "cumulated"), gpus = find(result, "gpus");
  if (cash.count < 2 || gpus.count != cash.count) {
    clx_power_empty(result, what, "no months in this result: colossus cost SCENARIO", out);
    return;
  }
  double none = 0, most = 0;
  clx_plot p = clx_power_page(result, WIDE, TOP + 330 + 180, what, out);
  clx_power_head(&p, what, "received less paid since the start, before debt, undiscounted; resale in the last month");
  put_cash(result, &p);
  widen(&gpus, &none, &most);
  open_panel(&p, TOP + 340, 160, cash.x[cash.count - 1], 0, most);
  clx_plot_upright_axis(&p, most >= 2000 ? 1000 : 1, most >= 2000 ? "GPUs usable (thousands)" : "GPUs usable");
  date_axis(result, &p);
  clx_power_curve(&p, "curve", gpus.x, gpus.y, gpus.count);
  clx_plot_key(&p, CLX_SAMPLE_CURVE, 0, "GPUs usable", "means of months");
  clx_buffer_format(out, "</svg>\n");
}

// --- capital -----------------------------------------------------------------------------------------------------------------

void clx_report_cost_capital(const clx_result *result, clx_buffer *out) {
  static const char what[] = "Capital by kind";
  clx_arena *arena = clx_arena_new();
  series kind[CLX_COST_KINDS];
  double most = 0;
  int32_t count = 0;
  for (int32_t k = 0; k < CLX_COST_KINDS; k++) {
    char name[SHORT];
    snprintf(name, sizeof name, "kind.%s", clx_cost_kind_name[k]);
    kind[k] = find(result, name);
    if (kind[k].count > 0) most += kind[k].y[kind[k].count - 1];
    if (kind[k].count > count) count = kind[k].count;
  }
  double *low = arena != NULL ? CLX_NEW_ARRAY(arena, double, count + 1) : NULL,
         *high = arena != NULL ? CLX_NEW_ARRAY(arena, double, count + 1) : NULL;
  out->failed = out->failed || low == NULL || high == NULL;
  if (count < 2 || out->failed) {
    if (!out->failed) clx_power_empty(result, what, "no months in this result: colossus cost SCENARIO", out);
    clx_arena_free(arena);
    return;
  }
  clx_plot p = clx_power_page(result, WIDE, TOP + 380, what, out);
  clx_power_head(&p, what, "as it is delivered or built, stacked; prices expected");
  double end = 0;
  int32_t shown = 0;
  for (int32_t k = 0; k < CLX_COST_KINDS; k++)
    if (kind[k].count > 0) end = kind[k].x[kind[k].count - 1];
  open_panel(&p, TOP, 360, end, 0, most);
  money_axis(&p, "capital");
  date_axis(result, &p);
  clx_buffer_format(out, "<g class=\"stack\">\n");
  for (int32_t k = 0; k < CLX_COST_KINDS; k++) {
    char name[SHORT];
    if (kind[k].count != count) continue;
    for (int32_t i = 0; i < count; i++) {
      low[i] = high[i];
      high[i] += kind[k].y[i];
    }
    clx_plot_band(&p, kind[k].x, low, high, count, shown % COLOURS);
    snprintf(name, sizeof name, "cost.capital.%s", clx_cost_kind_name[k]);
    key_of(&p, shown++ % COLOURS, clx_cost_kind_name[k], result, name);
  }
  clx_buffer_format(out, "</g>\n</svg>\n");
  clx_arena_free(arena);
}

// --- courses -----------------------------------------------------------------------------------------------------------------

static const struct {
  const char *what, *title;
} PANELS[] = {{"cost", "present cost"},
              {"gain", "worth more than the first, present"},
              {"first_training", "until training begins"},
              {"tokens", "tokens trained by "}};

enum { ROW = 26, HEAD = 34, NAMES = 170, VALUES = 250 };  // pixels

// Ends of the axis over all courses; false where there is nothing to show.
static bool span_of(const clx_cost_courses *list, const char *what, double *low, double *high) {
  bool some = false;
  *low = *high = 0;
  for (int32_t i = 0; i < list->count; i++) {
    const clx_quantity *q = clx_cost_course(list, i, what);
    if (q == NULL) continue;
    *low = fmin(*low, q->low);
    *high = fmax(*high, q->high);
    some = some || q->low < 0 || q->high > 0;
  }
  return some && *high > *low;
}

static void put_row(clx_plot *p, const clx_cost_courses *list, int32_t i, const char *what, double y) {
  const clx_quantity *q = clx_cost_course(list, i, what);
  char text[SHORT], range[3 * SHORT], cut[SHORT];
  clx_svg_text(&p->picture, p->area.x - 10, y + 4, "small", "end", "%s",
               clx_goodput_cut(clx_cost_course_title(list, i), NAMES - 20, 11, cut, sizeof cut));
  if (q == NULL) {
    if (strcmp(what, "first_training") == 0)
      clx_svg_text(&p->picture, p->area.x + p->area.width + 14, y + 4, "small", "start", "never");
    return;
  }
  const double a = clx_plot_at(p, q->low, 0).x, b = clx_plot_at(p, q->high, 0).x, at = clx_plot_at(p, q->value, 0).x;
  clx_buffer_format(p->picture.out, "<rect class=\"band f%d\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"12\"/>\n",
                    i % COLOURS, a, y - 6, fmax(b - a, 1));
  clx_plot_mark(p, (clx_point){at, y}, i % COLOURS);
  clx_words_range(q, 3, range, sizeof range);
  drop_unit(range, "USD");
  clx_svg_text(&p->picture, p->area.x + p->area.width + 14, y + 4, "small", "start", "%s%s",
               clx_quantity_format(q->value, q->unit, 3, text, sizeof text), range);
}

// Date by which tokens are counted.
static void by_date(const clx_result *result, char day[CLX_TIME_TEXT]) {
  const char *start = clx_result_fact(result, "cost.start");
  double from = 0;
  if (start != NULL && clx_time_read(start, &from))
    clx_time_write(from + clx_result_value(result, "cost.courses.by", 0), false, day);
}

static double put_panel(clx_plot *p, const clx_cost_courses *list, int32_t panel, double y) {
  double low, high;
  if (!span_of(list, PANELS[panel].what, &low, &high)) return y;
  p->area = (clx_area){EDGE + NAMES, y + HEAD, WIDE - 2 * EDGE - NAMES - VALUES, ROW * list->count};
  p->x0 = low;
  p->x1 = high;
  p->y0 = 0;
  p->y1 = 1;
  p->log_x = p->log_y = false;
  char day[CLX_TIME_TEXT] = "";
  if (strcmp(PANELS[panel].what, "tokens") == 0) by_date(list->result, day);
  clx_svg_text(&p->picture, EDGE, y + 20, "head", "start", "%s%s", PANELS[panel].title, day);
  const double zero = clx_plot_at(p, 0, 0).x;
  clx_plot_rule(p, "axis", (clx_point){zero, p->area.y - 4}, (clx_point){zero, p->area.y + p->area.height});
  for (int32_t i = 0; i < list->count; i++) put_row(p, list, i, PANELS[panel].what, p->area.y + ROW * (i + 0.5));
  return y + HEAD + ROW * list->count + 8;
}

void clx_report_cost_courses(const clx_result *result, clx_buffer *out) {
  static const char what[] = "Courses side by side";
  const clx_cost_courses list = clx_cost_courses_of(result);
  double low, high, height = TOP + 12;
  if (list.count == 0) {
    clx_power_empty(result, what, "no courses in this result: the scenario has no section decide", out);
    return;
  }
  for (int32_t k = 0; k < CLX_COUNT(PANELS); k++)
    if (span_of(&list, PANELS[k].what, &low, &high)) height += HEAD + ROW * list.count + 8;
  clx_plot p = clx_power_page(result, WIDE, height, what, out);
  clx_power_head(&p, what, "5 to 95 % of draws, the same for all courses; mark: median");
  double y = TOP;
  for (int32_t k = 0; k < CLX_COUNT(PANELS); k++) y = put_panel(&p, &list, k, y);
  clx_buffer_format(out, "</svg>\n");
}
