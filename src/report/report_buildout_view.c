// What the reports on a build read of its result.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/report_buildout.h"

static const double DAY = 86400;

double clx_buildout_origin(const clx_result *result) {
  const char *start = clx_result_fact(result, "buildout.start");
  double time = 0;
  if (start != NULL) clx_time_read(start, &time);
  return time;
}

static const char *item_name(const char *kind, int32_t number, const char *what, char name[128]) {
  snprintf(name, 128, "buildout.%s_%d.%s", kind, number, what);
  return name;
}

const clx_quantity *clx_buildout_item(const clx_result *result, const char *kind, int32_t number, const char *what) {
  char name[128];
  return clx_result_find(result, item_name(kind, number, what, name));
}

double clx_buildout_item_value(const clx_result *result, const char *kind, int32_t number, const char *what,
                               double otherwise) {
  const clx_quantity *q = clx_buildout_item(result, kind, number, what);
  return q != NULL ? q->value : otherwise;
}

const char *clx_buildout_item_fact(const clx_result *result, const char *kind, int32_t number, const char *what) {
  char name[128];
  return clx_result_fact(result, item_name(kind, number, what, name));
}

int32_t clx_buildout_items(const clx_result *result, const char *kind) {
  int32_t count = 0;
  while (clx_buildout_item_fact(result, kind, count + 1, "name") != NULL) count++;
  return count;
}

bool clx_buildout_month(const clx_result *result, int32_t index, char month[8]) {
  static const char HEAD[] = "buildout.month.", END[] = ".gpus";
  const size_t head = sizeof HEAD - 1;
  int32_t seen = 0;
  for (int32_t i = 0; i < clx_result_count(result); i++) {
    const char *name = clx_result_at(result, i)->name;
    if (strncmp(name, HEAD, head) != 0 || strlen(name) < head + 7 || strcmp(name + head + 7, END) != 0) continue;
    if (seen++ < index) continue;
    memcpy(month, name + head, 7);
    month[7] = '\0';
    return true;
  }
  return false;
}

const clx_quantity *clx_buildout_month_item(const clx_result *result, const char *month, const char *what) {
  char name[128];
  snprintf(name, sizeof name, "buildout.month.%s.%s", month, what);
  return clx_result_find(result, name);
}

const char *clx_buildout_date(const clx_result *result, double time, char *text) {
  static const double LAST = 253402300800;  // s since 1970: the year 10000
  const double at = clx_buildout_origin(result) + time;
  if (at < LAST)
    clx_time_write(at, false, text);
  else
    snprintf(text, CLX_TIME_TEXT, "after 9999");
  return text;
}

const char *clx_buildout_cause_text(const char *cause) {
  static const char *const texts[][2] = {{"room", "room in the halls"},
                                         {"delivery", "deliveries"},
                                         {"install", "installation"},
                                         {"bring_up", "bring-up"},
                                         {"done", "all there"}};
  for (int32_t i = 0; cause != NULL && i < CLX_COUNT(texts); i++)
    if (strcmp(texts[i][0], cause) == 0) return texts[i][1];
  return cause != NULL ? cause : "";
}

const char *clx_buildout_shift_text(double seconds, char *text) {
  const double days = fabs(seconds) / DAY;
  if (days < 0.05)
    snprintf(text, CLX_BUILDOUT_CELL, "no change");
  else
    snprintf(text, CLX_BUILDOUT_CELL, "%.1f days %s", days, seconds > 0 ? "later" : "earlier");
  return text;
}

const char *clx_buildout_event_text(const clx_result *result, int32_t number, const char *what, char *text) {
  const bool all = strcmp(what, "full") == 0;
  const double happens = clx_buildout_item_value(result, "event", number, "happens", 0);
  const double prevents = clx_buildout_item_value(result, "event", number, all ? "prevents" : "prevents_first", 0);
  const clx_quantity *later = clx_buildout_item(result, "event", number, all ? "full_if" : "first_if");
  char shift[CLX_BUILDOUT_CELL];
  text[0] = '\0';
  if (!(happens > 0)) return text;
  if (later == NULL)
    snprintf(text, CLX_BUILDOUT_CELL, prevents > 0 ? "never" : "never, with it or without");
  else if (prevents > 0)
    snprintf(text, CLX_BUILDOUT_CELL, "never in %.0f %% of these, else %.28s", 100 * prevents / happens,
             clx_buildout_shift_text(later->value, shift));
  else
    clx_buildout_shift_text(later->value, text);
  return text;
}
