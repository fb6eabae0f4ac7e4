// Calendars of MSPDI as calendars of a project: a week that repeats, and spans where exceptions make it differ.
#include <stdio.h>
#include <string.h>

#include "schedule/schedule_mspdi.h"

enum { WEEK = 7 * CLX_MSPDI_DAY, EXCEPTION_DAYS_MAX = 20000, SETS_MAX = 10000 };

static int64_t day_of(int64_t time) {
  return time >= 0 ? time / CLX_MSPDI_DAY : -((-time + CLX_MSPDI_DAY - 1) / CLX_MSPDI_DAY);
}

// --- the choice of the unit ----------------------------------------------------------------------------------------------------------------

static void count_hours(clx_mspdi *x, const clx_mspdi_hours *hours) {
  const int64_t begin = x->start - CLX_MSPDI_DAY * day_of(x->start);
  for (int32_t k = 0; k < hours->count; k++) {
    const clx_mspdi_span *s = &hours->span[k];
    if (s->from == 0 && s->to == CLX_MSPDI_DAY && begin == 0) continue;
    // 23:59 is how some programs write the end of a day.
    clx_mspdi_common(x, s->from - begin);
    clx_mspdi_common(x, (s->to == CLX_MSPDI_DAY - 60 ? CLX_MSPDI_DAY : s->to) - begin);
  }
}

static void count_calendar(clx_mspdi *x, int32_t calendar) {
  for (int32_t k = calendar; k >= 0; k = x->calendar[k].base) {
    const clx_mspdi_calendar *c = &x->calendar[k];
    for (int32_t d = 0; d < 7; d++) count_hours(x, &c->day[d]);
    for (int32_t i = 0; i < c->exception_count; i++) {
      count_hours(x, &c->exception[i].hours);
      clx_mspdi_common(x, x->start - CLX_MSPDI_DAY * day_of(x->start));
    }
    for (int32_t i = 0; i < c->week_count; i++)
      for (int32_t d = 0; d < 7; d++) count_hours(x, &c->week[i].day[d]);
  }
}

// Every day from 0 to 24 h, with no exceptions: it says nothing.
static bool is_always(const clx_mspdi *x, int32_t calendar) {
  bool full[7] = {0};
  for (int32_t k = calendar; k >= 0; k = x->calendar[k].base) {
    const clx_mspdi_calendar *c = &x->calendar[k];
    if (c->exception_count + c->week_count > 0) return false;
    for (int32_t d = 0; d < 7; d++) {
      if (!c->day[d].given || full[d]) continue;
      if (c->day[d].count != 1 || c->day[d].span->from != 0 || c->day[d].span->to < CLX_MSPDI_DAY - 60) return false;
      full[d] = true;
    }
  }
  return true;
}

int32_t clx_mspdi_set_of(clx_mspdi *x, const int32_t *calendars, int32_t count) {
  clx_mspdi_set set = {.number = CLX_PROJECT_NONE};
  for (int32_t k = 0; k < count; k++) {  // sorted, each once
    int32_t at = 0;
    if (calendars[k] < 0 || is_always(x, calendars[k])) continue;
    while (at < set.count && set.of[at] < calendars[k]) at++;
    if (at < set.count && set.of[at] == calendars[k]) continue;
    if (set.count == CLX_MSPDI_SET) {
      clx_mspdi_wrong(x, NULL, "a task whose resources have more than %d calendars", CLX_MSPDI_SET);
      return -1;
    }
    memmove(&set.of[at + 1], &set.of[at], (size_t)(set.count++ - at) * sizeof *set.of);
    set.of[at] = calendars[k];
  }
  if (set.count == 0) return -1;
  char key[16 * CLX_MSPDI_SET] = "";
  for (int32_t k = 0, used = 0; k < set.count; k++)
    used += snprintf(key + used, sizeof key - (size_t)used, "%d,", set.of[k]);
  const int32_t before = x->set_name.count, at = clx_names_add(x->m.arena, &x->set_name, key, strlen(key));
  if (at < 0) clx_mspdi_no_memory(x);
  if (at < before) return at;
  if (at >= SETS_MAX) {
    clx_mspdi_wrong(x, NULL, "more than %d different working times of tasks", SETS_MAX);
    return -1;
  }
  if (x->set_count == x->set_room) {
    const int32_t room = 2 * x->set_room + 16;
    clx_mspdi_set *rows = CLX_NEW_ARRAY(x->m.arena, clx_mspdi_set, room);
    if (rows == NULL) {
      clx_mspdi_no_memory(x);
      return -1;
    }
    if (x->set_count > 0) memcpy(rows, x->set, (size_t)x->set_count * sizeof *rows);
    x->set = rows;
    x->set_room = room;
  }
  x->set[x->set_count++] = set;
  for (int32_t k = 0; k < set.count; k++) count_calendar(x, set.of[k]);
  return at;
}

// --- units of work -------------------------------------------------------------------------------------------------------------------------

static bool lies_in(const clx_mspdi_hours *hours, int64_t second) {
  for (int32_t k = 0; k < hours->count; k++) {
    const clx_mspdi_span *s = &hours->span[k];
    if (second >= s->from && second < (s->to == CLX_MSPDI_DAY - 60 ? CLX_MSPDI_DAY : s->to)) return true;
  }
  return false;
}

// Whether all calendars of a set work in the middle of a unit, which is as good as all of it: the unit divides their times, or is as short as units get.
static bool works_in(const clx_mspdi *x, const clx_mspdi_set *set, int64_t unit) {
  const int64_t middle = x->start + unit * x->unit + x->unit / 2, day = day_of(middle);
  for (int32_t k = 0; k < set->count; k++)
    if (!lies_in(clx_mspdi_hours_on(x, set->of[k], day), middle - CLX_MSPDI_DAY * day)) return false;
  return true;
}

// The same by weekdays alone.
static bool works_weekly(const clx_mspdi *x, const clx_mspdi_set *set, int64_t unit) {
  const int64_t middle = x->start + unit * x->unit + x->unit / 2, day = day_of(middle);
  const int32_t weekday = (int32_t)(((day + 4) % 7 + 7) % 7);
  for (int32_t k = 0; k < set->count; k++) {
    int32_t c = set->of[k];
    while (c >= 0 && !x->calendar[c].day[weekday].given) c = x->calendar[c].base;
    if (c < 0 || !lies_in(&x->calendar[c].day[weekday], middle - CLX_MSPDI_DAY * day)) return false;
  }
  return true;
}

static void make_week(clx_mspdi *x, clx_mspdi_set *set) {
  const int32_t units = (int32_t)(WEEK / x->unit), day = units / 7;
  set->works = CLX_NEW_ARRAY(x->m.arena, bool, units);
  if (set->works == NULL) {
    clx_mspdi_no_memory(x);
    return;
  }
  bool daily = day >= 1, always = true;
  for (int32_t t = 0; t < units; t++) {
    set->works[t] = works_weekly(x, set, t);
    daily = daily && (t < day || set->works[t] == set->works[t - day]);
    always = always && set->works[t];
  }
  set->period = always ? 1 : daily ? day : units;
}

static void add_span(clx_mspdi *x, clx_mspdi_set *set, int32_t *room, clx_project_span span) {
  if (set->span_count == *room) {
    *room = 2 * *room + 16;
    clx_project_span *rows = CLX_NEW_ARRAY(x->m.arena, clx_project_span, *room);
    if (rows == NULL) {
      clx_mspdi_no_memory(x);
      return;
    }
    if (set->span_count > 0) memcpy(rows, set->span, (size_t)set->span_count * sizeof *rows);
    set->span = rows;
  }
  set->span[set->span_count++] = span;
}

typedef struct days {
  int64_t from, to;
} days;

// The next days from `from` on that an exception or a week of its own touches; from > to: none.
static days next_days(const clx_mspdi *x, const clx_mspdi_set *set, int64_t from) {
  days next = {INT64_MAX, INT64_MIN};
  for (int32_t k = 0; k < set->count; k++)
    for (int32_t c = set->of[k]; c >= 0; c = x->calendar[c].base) {
      const clx_mspdi_calendar *calendar = &x->calendar[c];
      for (int32_t i = 0; i < calendar->exception_count + calendar->week_count; i++) {
        const bool week = i >= calendar->exception_count;
        const int32_t at = i - calendar->exception_count;
        const int64_t a = week ? calendar->week[at].from : calendar->exception[i].from;
        const int64_t b = week ? calendar->week[at].to : calendar->exception[i].to;
        if (b < from) continue;
        const int64_t begin = a > from ? a : from;
        if (begin < next.from) next = (days){begin, b};
      }
    }
  return next;
}

// Units that work otherwise than the week says. Between two of them that do not work, units without work change nothing: one span.
static void make_spans(clx_mspdi *x, clx_mspdi_set *set) {
  const int64_t last = day_of(x->start + x->unit * CLX_PROJECT_TIME_MAX), first = day_of(x->start);
  const int64_t per_day = CLX_MSPDI_DAY / x->unit;
  int64_t seen = 0, done = -1;  // units up to `done` are decided
  int32_t room = 0;
  bool idle = false;  // no work since the last span
  for (days d = next_days(x, set, first); d.from <= d.to && d.from <= last; d = next_days(x, set, d.to + 1)) {
    if (d.to > last) d.to = last;
    int64_t t = clx_mspdi_down(x, CLX_MSPDI_DAY * d.from - x->start), end = t + (d.to - d.from + 1) * per_day + 1;
    if (t <= done) t = done + 1;
    for (int64_t k = done + 1; k < t && idle; k++) idle = !set->works[k % set->period];
    if (end > CLX_PROJECT_TIME_MAX) end = CLX_PROJECT_TIME_MAX;
    seen += d.to - d.from + 1;
    if (seen > EXCEPTION_DAYS_MAX) {
      clx_mspdi_wrong(x, x->calendar[set->of[0]].element, "calendar '%.80s': exceptions on more than %d days",
                      x->calendar[set->of[0]].name, EXCEPTION_DAYS_MAX);
      return;
    }
    for (; t < end && x->status == CLX_OK; t++) {
      const bool works = works_in(x, set, t);
      clx_project_span *open = set->span_count > 0 ? &set->span[set->span_count - 1] : NULL;
      if (works != set->works[t % set->period]) {
        if (open != NULL && open->works == works && (open->to == t || (!works && idle)))
          open->to = (int32_t)t + 1;
        else
          add_span(x, set, &room, (clx_project_span){(int32_t)t, (int32_t)t + 1, works});
        idle = !works;
      } else {
        idle = idle && !works;
      }
      done = t;
    }
  }
}

static bool same(const clx_mspdi_set *a, const clx_mspdi_set *b) {
  if (a->period != b->period || a->span_count != b->span_count) return false;
  for (int32_t t = 0; t < a->period; t++)
    if (a->works[t] != b->works[t]) return false;
  for (int32_t k = 0; k < a->span_count; k++)
    if (a->span[k].from != b->span[k].from || a->span[k].to != b->span[k].to || a->span[k].works != b->span[k].works)
      return false;
  return true;
}

static void name_set(const clx_mspdi *x, const clx_mspdi_set *set, clx_buffer *name) {
  for (int32_t k = 0; k < set->count; k++)
    clx_buffer_format(name, "%s%s", k > 0 ? " and " : "", x->calendar[set->of[k]].name);
  for (int32_t k = 0; k < x->set_count; k++) {  // two calendars of one name
    const clx_mspdi_set *other = &x->set[k];
    if (other == set || !other->made || other->number == CLX_PROJECT_NONE || other->count != 1 || set->count != 1 ||
        strcmp(x->calendar[other->of[0]].name, x->calendar[set->of[0]].name) != 0)
      continue;
    clx_buffer_format(name, " (UID %s)", clx_xml_text(x->calendar[set->of[0]].element, "UID"));
    return;
  }
}

int32_t clx_mspdi_set_calendar(clx_mspdi *x, int32_t number) {
  if (number < 0 || x->status != CLX_OK) return CLX_PROJECT_NONE;
  clx_mspdi_set *set = &x->set[number];
  if (set->made) return set->number;
  make_week(x, set);
  if (x->status == CLX_OK) make_spans(x, set);
  if (x->status != CLX_OK) return CLX_PROJECT_NONE;
  if (set->period > 1 || set->span_count > 0) {
    for (int32_t k = 0; k < x->set_count && set->number == CLX_PROJECT_NONE; k++)
      if (x->set[k].made && x->set[k].number != CLX_PROJECT_NONE && same(set, &x->set[k]))
        set->number = x->set[k].number;
    if (set->number == CLX_PROJECT_NONE) {
      clx_buffer name = {0};
      name_set(x, set, &name);
      set->number = clx_project_add_calendar(&x->m, name.data != NULL ? name.data : "", set->works, set->period);
      if (name.failed) clx_mspdi_no_memory(x);
      clx_buffer_free(&name);
      for (int32_t k = 0; k < set->span_count; k++)
        clx_project_add_span(&x->m, set->span[k].from, set->span[k].to, set->span[k].works);
    }
  }
  set->made = true;
  return set->number;
}
