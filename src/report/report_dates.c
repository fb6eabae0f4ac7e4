// Axes of dates.
#include <math.h>
#include <stdio.h>

#include "report/report_gantt.h"
#include "unit/unit.h"

static const double MINUTE = 60, HOUR = 3600, DAY = 86400;
static const char *const MONTHS[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

typedef struct moment {
  int32_t year, month, day, hour, minute;  // month 1 to 12
} moment;

static moment moment_of(double time) {
  char text[CLX_TIME_TEXT];
  moment m = {1970, 1, 1, 0, 0};
  clx_time_write(time, true, text);
  sscanf(text, "%4d-%2d-%2dT%2d:%2d", &m.year, &m.month, &m.day, &m.hour, &m.minute);
  return m;
}

static double time_of(int32_t year, int32_t month) {
  char text[48];
  double time = 0;
  snprintf(text, sizeof text, "%04d-%02d-01", year, month);
  clx_time_read(text, &time);
  return time;
}

const char *clx_dates_text(clx_dates d, double time, bool hours, char *text) {
  char number[24];
  if (!d.dated) {
    const double minutes = floor(time / MINUTE + 0.5), day = floor(minutes / 1440);
    const int32_t rest = (int32_t)(minutes - 1440 * day);
    clx_quantity_format(hours ? day : floor(time / DAY + 1e-9), "", 6, number, sizeof number);
    if (hours)
      snprintf(text, CLX_DATES_TEXT, "day %s, %02d:%02d", number, rest / 60, rest % 60);
    else
      snprintf(text, CLX_DATES_TEXT, "day %s", number);
    return text;
  }
  const moment m = moment_of(d.origin + time);
  const int32_t used = snprintf(text, CLX_DATES_TEXT, "%d %s %d", m.day, MONTHS[(m.month + 11) % 12], m.year);
  if (hours) snprintf(text + used, CLX_DATES_TEXT - (size_t)used, ", %02d:%02d", m.hour, m.minute);
  return text;
}

const char *clx_dates_span(double time, char *text) {
  static const double LONG = 60;    // days, from which on hours are left out
  static const double SHORT = 600;  // s, from which on seconds are
  const double minutes = floor(time / MINUTE + 0.5), tenths = floor(time / (DAY / 10) + 0.5);
  const int32_t days = (int32_t)(minutes / 1440), hours = (int32_t)(minutes / 60) % 24,
                rest = (int32_t)fmod(minutes, 60);
  if (time < SHORT) return clx_quantity_format(time, "s", 4, text, CLX_DATES_TEXT);
  if (minutes < 60)
    snprintf(text, CLX_DATES_TEXT, "%.0f min", minutes);
  else if (time >= LONG * DAY)
    snprintf(text, CLX_DATES_TEXT, fmod(tenths, 10) > 0 ? "%.1f days" : "%.0f days", tenths / 10);
  else if (days > 0)
    snprintf(text, CLX_DATES_TEXT, hours > 0 ? "%d day%s %d h" : "%d day%s", days, days == 1 ? "" : "s", hours);
  else
    snprintf(text, CLX_DATES_TEXT, rest > 0 ? "%d h %d min" : "%d h", hours, rest);
  return text;
}

static void put_mark(clx_plot *p, double x, const char *upper, const char *lower) {
  const double at = clx_plot_at(p, x, p->y0).x, bottom = p->area.y + p->area.height;
  clx_plot_rule(p, "rule", (clx_point){at, p->area.y}, (clx_point){at, bottom});
  clx_plot_rule(p, "axis", (clx_point){at, bottom}, (clx_point){at, bottom + 4});
  clx_svg_text(&p->picture, at, bottom + 17, "small", "middle", "%s", upper);
  if (lower != NULL) clx_svg_text(&p->picture, at, bottom + 30, "tiny", "middle", "%s", lower);
}

static void put_frame(clx_plot *p) {
  const double bottom = p->area.y + p->area.height;
  clx_plot_rule(p, "axis", (clx_point){p->area.x, bottom}, (clx_point){p->area.x + p->area.width, bottom});
}

// "day 40": of projects without a date.
static void put_days(clx_plot *p, double gap) {
  static const double steps[] = {1.0 / 24, 0.125, 0.25, 0.5, 1,    2,    5,    10,    20,
                                 50,       100,   200,  500, 1000, 2000, 5000, 20000, 100000};
  int32_t k = 0;
  const double pixels = p->area.width / (p->x1 - p->x0) * DAY;
  while (k < CLX_COUNT(steps) - 1 && steps[k] * pixels < gap) k++;
  char text[CLX_DATES_TEXT], number[24];
  for (double n = ceil(p->x0 / DAY / steps[k] - 1e-9); n * steps[k] * DAY <= p->x1 * (1 + 1e-12); n++) {
    snprintf(text, sizeof text, "day %s", clx_quantity_format(n * steps[k], "", 6, number, sizeof number));
    put_mark(p, n * steps[k] * DAY, text, NULL);
  }
}

// Hours and days; weeks begin on Mondays. The year stands below the first mark and where it changes, of hours the day.
static void put_short(clx_plot *p, double origin, double step) {
  static const double MONDAY = 4 * 86400.0;  // 1970-01-05
  const double base = step >= 7 * DAY ? MONDAY : 0;
  int32_t year = 0, day = 0;
  for (double n = ceil((origin + p->x0 - base) / step - 1e-9); base + n * step <= origin + p->x1; n++) {
    const moment m = moment_of(base + n * step);
    char upper[24], lower[32];
    snprintf(lower, sizeof lower, "%d", m.year);
    if (step < DAY) {
      snprintf(upper, sizeof upper, "%02d:%02d", m.hour, m.minute);
      snprintf(lower, sizeof lower, "%d %s %d", m.day, MONTHS[(m.month + 11) % 12], m.year);
    } else {
      snprintf(upper, sizeof upper, "%d %s", m.day, MONTHS[(m.month + 11) % 12]);
    }
    put_mark(p, base + n * step - origin, upper, m.year != year || (step < DAY && m.day != day) ? lower : NULL);
    year = m.year;
    day = m.day;
  }
}

static void put_months(clx_plot *p, double origin, int32_t step) {
  const moment first = moment_of(origin + p->x0);
  int32_t year = 0;
  for (int32_t k = 12 * first.year; k < 12 * 9999; k++) {  // months since year 0
    const double time = time_of(k / 12, k % 12 + 1);
    char lower[16];
    if (time > origin + p->x1) return;
    if (time < origin + p->x0 || k % step != 0) continue;
    snprintf(lower, sizeof lower, "%d", k / 12);
    if (step % 12 == 0)
      put_mark(p, time - origin, lower, NULL);
    else
      put_mark(p, time - origin, MONTHS[k % 12], k / 12 != year ? lower : NULL);
    year = k / 12;
  }
}

void clx_dates_axis(clx_plot *p, clx_dates d) {
  static const double SHORT_GAP = 54, MONTH_GAP = 40, MONTH = 30.4 * 86400;
  static const double steps[] = {3600,  2 * 3600,  4 * 3600,  6 * 3600,  12 * 3600,
                                 86400, 2 * 86400, 7 * 86400, 14 * 86400};
  static const int32_t months[] = {1, 2, 3, 6, 12, 24, 60, 120, 600};
  const double pixels = p->area.width / (p->x1 - p->x0);  // of one s
  put_frame(p);
  if (!d.dated) {
    put_days(p, SHORT_GAP);
    return;
  }
  for (int32_t k = 0; k < CLX_COUNT(steps); k++) {
    if (steps[k] * pixels < (steps[k] < DAY ? 1.4 : 1) * SHORT_GAP) continue;
    put_short(p, d.origin, steps[k]);
    return;
  }
  int32_t k = 0;
  while (k < CLX_COUNT(months) - 1 && months[k] * MONTH * pixels < MONTH_GAP) k++;
  put_months(p, d.origin, months[k]);
}

void clx_dates_range(clx_plot *p, double least, double most) {
  static const double ROOM = 0.02;
  if (!(most > least)) most = least + HOUR;
  p->x0 = least - ROOM * (most - least);
  p->x1 = most + ROOM * (most - least);
}
