// Calendars as Microsoft Project has them: seven weekdays, and days that are exceptions.
#include <string.h>

#include "schedule/schedule_write_xml.h"

enum { DAY = 86400, SPANS_MAX = 1441, EXCEPTION_DAYS_MAX = 20000 };

typedef struct hours {
  int32_t from[SPANS_MAX], to[SPANS_MAX];  // s of the day
  int32_t count;
} hours;

static int64_t floor_div(int64_t a, int64_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }

static bool works(const clx_xml_writer *w, int32_t calendar, int64_t unit, bool pattern_only) {
  const clx_project_calendar *c = &w->p->calendar[calendar];
  if (pattern_only || unit < 0) return c->works[(unit % c->period + c->period) % c->period];
  return clx_project_works(w->p, calendar, (int32_t)unit);
}

// Hours of a day since 1970.
static void hours_of(const clx_xml_writer *w, int32_t calendar, int64_t day, bool pattern_only, hours *h) {
  const int64_t begin = day * DAY - w->start;  // s from unit 0 on
  h->count = 0;
  for (int64_t t = floor_div(begin, w->unit); t * w->unit < begin + DAY; t++) {
    if (!works(w, calendar, t, pattern_only)) continue;
    const int64_t from = t * w->unit - begin, to = from + w->unit;
    const int32_t a = from > 0 ? (int32_t)from : 0, b = to < DAY ? (int32_t)to : DAY;
    if (h->count > 0 && h->to[h->count - 1] == a)
      h->to[h->count - 1] = b;
    else if (h->count < SPANS_MAX) {
      h->from[h->count] = a;
      h->to[h->count++] = b;
    }
  }
}

static bool same(const hours *a, const hours *b) {
  if (a->count != b->count) return false;
  return memcmp(a->from, b->from, (size_t)a->count * sizeof *a->from) == 0 &&
         memcmp(a->to, b->to, (size_t)a->count * sizeof *a->to) == 0;
}

static void put_clock(clx_buffer *out, const char *name, int32_t second) {
  const int32_t s = second % DAY;  // the end of a day is 00:00:00
  clx_buffer_format(out, "<%s>%02d:%02d:%02d</%s>", name, s / 3600, s / 60 % 60, s % 60, name);
}

static void put_hours(const clx_xml_writer *w, const hours *h) {
  clx_buffer_format(w->out, "<DayWorking>%d</DayWorking>", h->count > 0);
  if (h->count == 0) return;
  clx_buffer_format(w->out, "<WorkingTimes>");
  for (int32_t k = 0; k < h->count; k++) {
    clx_buffer_format(w->out, "<WorkingTime>");
    put_clock(w->out, "FromTime", h->from[k]);
    put_clock(w->out, "ToTime", h->to[k]);
    clx_buffer_format(w->out, "</WorkingTime>");
  }
  clx_buffer_format(w->out, "</WorkingTimes>");
}

static void put_exception(const clx_xml_writer *w, int64_t from, int64_t to, const hours *h) {
  char a[CLX_TIME_TEXT], b[CLX_TIME_TEXT];
  clx_time_write((double)(from * DAY), true, a);
  clx_time_write((double)(to * DAY + DAY - 60), true, b);
  clx_buffer_format(
      w->out,
      "        <Exception><EnteredByOccurrences>0</EnteredByOccurrences><TimePeriod><FromDate>%s</FromDate>"
      "<ToDate>%s</ToDate></TimePeriod><Occurrences>%lld</Occurrences><Name></Name><Type>1</Type>",
      a, b, (long long)(to - from + 1));
  put_hours(w, h);
  clx_buffer_format(w->out, "</Exception>\n");
}

// The last unit that an exception may be needed for: all spans, and where the pattern is no part of a week a year beyond the plan.
static int64_t last_unit(const clx_xml_writer *w, const clx_project_calendar *c) {
  int64_t last = 0;
  for (int32_t k = 0; k < c->span_count; k++) last = c->span[k].to > last ? c->span[k].to : last;
  if (7 * DAY % (c->period * w->unit) == 0) return last;
  const int64_t beyond = (w->plan != NULL ? 2 * (int64_t)w->plan->makespan : 0) + 365 * DAY / w->unit;
  return beyond > last ? beyond : last;
}

static clx_status write_exceptions(const clx_xml_writer *w, int32_t calendar, hours *h, hours *open) {
  const clx_project_calendar *c = &w->p->calendar[calendar];
  const int64_t first = floor_div(w->start, DAY), units = last_unit(w, c);
  const int64_t last = units > 0 ? floor_div(w->start + units * w->unit - 1, DAY) : first - 1;
  int64_t since = 0, days = 0;  // of the exception in the making
  bool begun = false, any = false;
  for (int64_t day = first; day <= last + 1; day++) {
    bool differs = false;
    if (day <= last) {
      hours_of(w, calendar, first + (day - first) % 7, true, open + 1);
      hours_of(w, calendar, day, false, h);
      differs = !same(h, open + 1);
    }
    if (begun && (!differs || !same(h, open))) {
      put_exception(w, since, day - 1, open);
      begun = false;
    }
    if (!differs) continue;
    if (!any) clx_buffer_format(w->out, "      <Exceptions>\n");
    if (!begun) since = day;
    if (++days > EXCEPTION_DAYS_MAX)
      return clx_fail_plain(w->error, CLX_INPUT,
                            "calendar '%s': exceptions on more than %d days, which are not written as XML", c->name,
                            EXCEPTION_DAYS_MAX);
    begun = any = true;
    *open = *h;
  }
  if (any) clx_buffer_format(w->out, "      </Exceptions>\n");
  return CLX_OK;
}

static clx_status write_calendar(const clx_xml_writer *w, int32_t calendar, hours *scratch) {
  const int64_t first = floor_div(w->start, DAY);
  clx_buffer_format(w->out, "    <Calendar>\n      <UID>%d</UID>", calendar + 2);
  clx_xml_put(w->out, "Name", w->p->calendar[calendar].name);
  clx_buffer_format(w->out,
                    "<IsBaseCalendar>1</IsBaseCalendar><BaseCalendarUID>-1</BaseCalendarUID>\n      <WeekDays>\n");
  for (int32_t type = 1; type <= 7; type++) {
    const int32_t of_first = (int32_t)(((first + 4) % 7 + 7) % 7);  // 1970-01-01 was a Thursday
    hours_of(w, calendar, first + (type - 1 - of_first + 7) % 7, true, scratch);
    clx_buffer_format(w->out, "        <WeekDay><DayType>%d</DayType>", type);
    put_hours(w, scratch);
    clx_buffer_format(w->out, "</WeekDay>\n");
  }
  clx_buffer_format(w->out, "      </WeekDays>\n");
  CLX_TRY(write_exceptions(w, calendar, scratch, scratch + 1));
  clx_buffer_format(w->out, "    </Calendar>\n");
  return CLX_OK;
}

clx_status clx_xml_write_calendars(const clx_xml_writer *w) {
  clx_arena *arena = clx_arena_new();
  hours *scratch = arena != NULL ? CLX_NEW_ARRAY(arena, hours, 3) : NULL;
  clx_status status = CLX_OK;
  if (scratch == NULL) status = clx_fail_plain(w->error, CLX_MEMORY, "schedule: out of memory for XML");
  clx_buffer_format(w->out,
                    "  <Calendars>\n    <Calendar>\n      <UID>%d</UID><Name>24 Hours</Name><IsBaseCalendar>1"
                    "</IsBaseCalendar><BaseCalendarUID>-1</BaseCalendarUID>\n      <WeekDays>\n",
                    CLX_XML_ALWAYS);
  for (int32_t type = 1; type <= 7 && status == CLX_OK; type++) {
    *scratch = (hours){.from = {0}, .to = {DAY}, .count = 1};
    clx_buffer_format(w->out, "        <WeekDay><DayType>%d</DayType>", type);
    put_hours(w, scratch);
    clx_buffer_format(w->out, "</WeekDay>\n");
  }
  clx_buffer_format(w->out, "      </WeekDays>\n    </Calendar>\n");
  for (int32_t k = 0; k < w->p->calendar_count && status == CLX_OK; k++) status = write_calendar(w, k, scratch);
  clx_buffer_format(w->out, "  </Calendars>\n");
  clx_arena_free(arena);
  return status;
}
