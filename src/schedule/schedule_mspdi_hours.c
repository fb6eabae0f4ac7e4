// Calendars of MSPDI as the file gives them: hours of weekdays, weeks of their own, exceptions, and the calendars they stand upon.
#include <stdio.h>
#include <string.h>

#include "schedule/schedule_mspdi.h"

enum { SPANS_MAX = 64 };

static const clx_mspdi_span STANDARD[] = {{8 * 3600, 12 * 3600}, {13 * 3600, 17 * 3600}};
static const clx_mspdi_hours WORKS = {true, STANDARD, CLX_COUNT(STANDARD)}, RESTS = {true, NULL, 0};

// "08:30:00" in s; -1 and a mistake otherwise.
static int32_t clock_of(clx_mspdi *x, const clx_xml_element *parent, const char *name) {
  const char *text = clx_xml_text(parent, name);
  int32_t hour, minute, second, used = 0;
  if (text != NULL && sscanf(text, "%2d:%2d:%2d%n", &hour, &minute, &second, &used) == 3 && text[used] == '\0' &&
      hour >= 0 && hour <= 24 && minute >= 0 && minute < 60 && second >= 0 && second < 60 &&
      (hour < 24 || minute + second == 0))
    return 3600 * hour + 60 * minute + second;
  clx_mspdi_wrong(x, parent, "%s: read '%.40s', expected a time of day such as 08:30:00", name,
                  text != NULL ? text : "");
  return -1;
}

// Working times of a day or an exception: in the order of the file, merged by whoever asks whether a moment lies in one.
static clx_mspdi_hours read_hours(clx_mspdi *x, const clx_xml_element *day) {
  if (!clx_mspdi_flag(x, day, "DayWorking")) return RESTS;
  const clx_xml_element *times = clx_xml_child(day, "WorkingTimes"), *e;
  int32_t count = 0;
  for (e = times != NULL ? times->first : NULL; (e = clx_xml_named(e, "WorkingTime")) != NULL; e = e->next) count++;
  if (count == 0) return WORKS;
  if (count > SPANS_MAX) {
    clx_mspdi_wrong(x, times, "a day with %d working times, expected at most %d", count, SPANS_MAX);
    return RESTS;
  }
  clx_mspdi_span *span = CLX_NEW_ARRAY(x->m.arena, clx_mspdi_span, count);
  if (span == NULL) {
    clx_mspdi_no_memory(x);
    return RESTS;
  }
  int32_t filled = 0;
  for (e = times->first; (e = clx_xml_named(e, "WorkingTime")) != NULL; e = e->next) {
    if (e->first == NULL) continue;  // Project writes empty ones
    const int32_t from = clock_of(x, e, "FromTime"), to = clock_of(x, e, "ToTime");
    if (from < 0 || to < 0) break;
    const int32_t end = to == 0 ? CLX_MSPDI_DAY : to;
    if (end <= from) {
      clx_mspdi_wrong(x, e, "working time ends at %s, expected after its begin at %s", clx_xml_text(e, "ToTime"),
                      clx_xml_text(e, "FromTime"));
      break;
    }
    span[filled++] = (clx_mspdi_span){from, end};
  }
  return (clx_mspdi_hours){true, span, filled};
}

static int64_t day_of(int64_t time) {
  return time >= 0 ? time / CLX_MSPDI_DAY : -((-time + CLX_MSPDI_DAY - 1) / CLX_MSPDI_DAY);
}

static bool period_of(clx_mspdi *x, const clx_xml_element *e, int64_t *from, int64_t *to) {
  const clx_xml_element *period = clx_xml_child(e, "TimePeriod");
  if (!clx_mspdi_date(x, period, "FromDate", from) || !clx_mspdi_date(x, period, "ToDate", to)) {
    clx_mspdi_wrong(x, e, "%s: expected a TimePeriod with FromDate and ToDate", e->name);
    return false;
  }
  *from = day_of(*from);
  *to = day_of(*to);
  if (*to < *from) clx_mspdi_wrong(x, period, "TimePeriod: its ToDate lies before its FromDate");
  return *to >= *from;
}

static void *more(clx_mspdi *x, void *rows, int32_t count, size_t size) {
  if ((count & (count - 1)) != 0) return rows;  // room for powers of two
  void *fresh = clx_arena_array(x->m.arena, count > 0 ? 2 * (size_t)count : 1, size);
  if (fresh == NULL)
    clx_mspdi_no_memory(x);
  else if (count > 0)
    memcpy(fresh, rows, (size_t)count * size);
  return fresh;
}

static void add_exception(clx_mspdi *x, clx_mspdi_calendar *c, clx_mspdi_exception exception) {
  clx_mspdi_exception *rows = more(x, c->exception, c->exception_count, sizeof *rows);
  if (rows == NULL) return;
  c->exception = rows;
  rows[c->exception_count++] = exception;
}

// Types of recurrence: 1 every so many days, 2 a day of the year, 6 days of the week; others are by position ("first Monday").
static void read_exception(clx_mspdi *x, clx_mspdi_calendar *c, const clx_xml_element *e) {
  clx_mspdi_exception exception = {.every = (int32_t)clx_mspdi_whole(x, e, "Period", 1)};
  const int64_t type = clx_mspdi_whole(x, e, "Type", 1);
  if (!period_of(x, e, &exception.from, &exception.to)) return;
  if (exception.every < 1) exception.every = 1;
  const bool single = clx_mspdi_whole(x, e, "Occurrences", 2) == 1 && type != 1;
  if (single) {
    exception.to = exception.from;
  } else if (type == 2) {
    exception.month = (int32_t)clx_mspdi_whole(x, e, "Month", 0) + 1;
    exception.day = (int32_t)clx_mspdi_whole(x, e, "MonthDay", 1);
  } else if (type == 6) {
    exception.weekdays = (int32_t)clx_mspdi_whole(x, e, "DaysOfWeek", 127) & 127;
  } else if (type != 1 && type != 9) {
    const char *name = clx_xml_text(e, "Name");
    clx_mspdi_note(x, e, "calendar '%.80s': exception '%.80s' recurs by position (type %lld) and is left out", c->name,
                   name != NULL ? name : "", (long long)type);
    return;
  }
  exception.hours = read_hours(x, e);
  add_exception(x, c, exception);
}

static void read_week(clx_mspdi *x, clx_mspdi_calendar *c, const clx_xml_element *days, clx_mspdi_hours day[7]) {
  for (const clx_xml_element *e = days != NULL ? days->first : NULL; (e = clx_xml_named(e, "WeekDay")) != NULL;
       e = e->next) {
    const int64_t type = clx_mspdi_whole(x, e, "DayType", -1);
    if (type >= 1 && type <= 7) {
      day[type - 1] = read_hours(x, e);
    } else if (type == 0 && c != NULL) {  // an exception as files up to 2003 have them
      clx_mspdi_exception exception = {.every = 1};
      if (!period_of(x, e, &exception.from, &exception.to)) continue;
      exception.hours = read_hours(x, e);
      // Later files have each exception in both forms.
      if (clx_xml_child(c->element, "Exceptions") == NULL) add_exception(x, c, exception);
    } else {
      clx_mspdi_wrong(x, e, "DayType: read %lld, expected 1 (Sunday) to 7", (long long)type);
    }
  }
}

static void read_calendar(clx_mspdi *x, clx_mspdi_calendar *c) {
  const clx_xml_element *list = clx_xml_child(c->element, "Exceptions"), *e;
  read_week(x, c, clx_xml_child(c->element, "WeekDays"), c->day);
  for (e = list != NULL ? list->first : NULL; (e = clx_xml_named(e, "Exception")) != NULL; e = e->next)
    read_exception(x, c, e);
  list = clx_xml_child(c->element, "WorkWeeks");
  for (e = list != NULL ? list->first : NULL; (e = clx_xml_named(e, "WorkWeek")) != NULL; e = e->next) {
    clx_mspdi_week week = {0};
    if (clx_xml_child(e, "WeekDays") == NULL || !period_of(x, e, &week.from, &week.to)) continue;
    read_week(x, NULL, clx_xml_child(e, "WeekDays"), week.day);
    clx_mspdi_week *rows = more(x, c->week, c->week_count, sizeof *rows);
    if (rows == NULL) return;
    c->week = rows;
    rows[c->week_count++] = week;
  }
  if (c->base >= 0) return;
  for (int32_t d = 0; d < 7; d++)
    if (!c->day[d].given) c->day[d] = d >= 1 && d <= 5 ? WORKS : RESTS;
}

void clx_mspdi_read_calendars(clx_mspdi *x) {
  const clx_xml_element *list = clx_xml_child(x->root, "Calendars"), *e;
  int32_t count = 0;
  for (e = list != NULL ? list->first : NULL; (e = clx_xml_named(e, "Calendar")) != NULL; e = e->next) {
    const char *uid = clx_xml_text(e, "UID");
    const int32_t before = x->calendar_uid.count;
    if (uid == NULL) {
      clx_mspdi_wrong(x, e, "a Calendar has no UID");
      return;
    }
    const int32_t at = clx_names_add(x->m.arena, &x->calendar_uid, uid, strlen(uid));
    if (at < 0) clx_mspdi_no_memory(x);
    if (at >= 0 && at < before) clx_mspdi_wrong(x, e, "two calendars have the UID %.40s", uid);
    if (x->status != CLX_OK) return;
    count++;
  }
  x->calendar = CLX_NEW_ARRAY(x->m.arena, clx_mspdi_calendar, count + 1);
  if (x->calendar == NULL) {
    clx_mspdi_no_memory(x);
    return;
  }
  for (e = list != NULL ? list->first : NULL; (e = clx_xml_named(e, "Calendar")) != NULL; e = e->next) {
    clx_mspdi_calendar *c = &x->calendar[x->calendar_count++];
    const char *name = clx_xml_text(e, "Name");
    if (name == NULL) name = clx_arena_format(x->m.arena, "calendar %s", clx_xml_text(e, "UID"));
    *c = (clx_mspdi_calendar){
        .element = e, .name = name != NULL ? name : "", .base = clx_mspdi_calendar_of(x, e, "BaseCalendarUID")};
    read_calendar(x, c);
  }
  for (int32_t k = 0; k < count; k++) {
    int32_t steps = 0;
    for (int32_t b = x->calendar[k].base; b >= 0 && steps <= count; b = x->calendar[b].base) steps++;
    if (steps <= count) continue;
    clx_mspdi_wrong(x, x->calendar[k].element, "calendar '%.80s' stands upon itself (BaseCalendarUID)",
                    x->calendar[k].name);
    return;
  }
}

int32_t clx_mspdi_calendar_of(clx_mspdi *x, const clx_xml_element *parent, const char *name) {
  const char *uid = clx_xml_text(parent, name);
  // 0: what Project 2003 and some other programs write for none.
  if (uid == NULL || strcmp(uid, "-1") == 0) return -1;
  const int32_t at = clx_names_find(&x->calendar_uid, uid, strlen(uid));
  if (at < 0 && strcmp(uid, "0") != 0)
    clx_mspdi_wrong(x, clx_xml_child(parent, name), "%s: read '%.40s', expected the UID of a calendar of the file",
                    name, uid);
  return at;
}

// Month 1 to 12 and day of a number of days.
static void month_and_day(int64_t days, int32_t *month, int32_t *day) {
  char text[CLX_TIME_TEXT];
  clx_time_write((double)days * CLX_MSPDI_DAY, false, text);
  if (sscanf(text, "%*4d-%2d-%2d", month, day) != 2) *month = *day = 0;
}

static int32_t weekday_of(int64_t day) { return (int32_t)(((day + 4) % 7 + 7) % 7); }  // 1970-01-01 was a Thursday

static bool falls_on(const clx_mspdi_exception *e, int64_t day) {
  if (day < e->from || day > e->to) return false;
  if (e->weekdays != 0) {
    const int64_t sunday = e->from - weekday_of(e->from);
    return (e->weekdays >> weekday_of(day) & 1) != 0 && (day - sunday) / 7 % e->every == 0;
  }
  if (e->month == 0) return (day - e->from) % e->every == 0;
  int32_t month, of_month;
  month_and_day(day, &month, &of_month);
  return month == e->month && of_month == e->day;
}

const clx_mspdi_hours *clx_mspdi_hours_on(const clx_mspdi *x, int32_t calendar, int64_t day) {
  const int32_t weekday = weekday_of(day);
  for (int32_t k = calendar; k >= 0; k = x->calendar[k].base)
    for (int32_t i = 0; i < x->calendar[k].exception_count; i++)
      if (falls_on(&x->calendar[k].exception[i], day)) return &x->calendar[k].exception[i].hours;
  for (int32_t k = calendar; k >= 0; k = x->calendar[k].base)
    for (int32_t i = 0; i < x->calendar[k].week_count; i++) {
      const clx_mspdi_week *w = &x->calendar[k].week[i];
      if (day >= w->from && day <= w->to && w->day[weekday].given) return &w->day[weekday];
    }
  for (int32_t k = calendar; k >= 0; k = x->calendar[k].base)
    if (x->calendar[k].day[weekday].given) return &x->calendar[k].day[weekday];
  return &RESTS;
}
