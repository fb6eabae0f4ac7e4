// What no plan can be made of, said so that it can be mended.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "schedule/schedule.h"

typedef struct checker {
  const clx_project *p;
  clx_error *error;
  clx_arena *arena;
  clx_status status;
} checker;

static const clx_place NOWHERE = {0};

#define WRONG(c, kind, ...)                                                       \
  do {                                                                            \
    const clx_status wrong_ = clx_fail((c)->error, (kind), NOWHERE, __VA_ARGS__); \
    if ((c)->status == CLX_OK) (c)->status = wrong_;                              \
  } while (0)

// --- numbers ---------------------------------------------------------------------------------------------------------------------------------

static bool in_time(int64_t t) { return t >= -CLX_PROJECT_TIME_MAX && t <= CLX_PROJECT_TIME_MAX; }

static void check_names(checker *c, const char *what, int32_t count,
                        const char *(*name)(const clx_project *p, int32_t i)) {
  clx_names names = {0};
  for (int32_t i = 0; i < count; i++) {
    const char *text = name(c->p, i);
    if (text == NULL || text[0] == '\0') {
      WRONG(c, CLX_INPUT, "one of the %s, number %d, has no name", what, i + 1);
      continue;
    }
    const int32_t before = names.count, at = clx_names_add(c->arena, &names, text, strlen(text));
    if (at < 0)
      WRONG(c, CLX_MEMORY, "schedule: out of memory for names");
    else if (at < before)
      WRONG(c, CLX_INPUT, "two %s have the name '%s'", what, text);
  }
}

static const char *activity_name(const clx_project *p, int32_t i) { return p->activity[i].name; }
static const char *resource_name(const clx_project *p, int32_t i) { return p->resource[i].name; }
static const char *calendar_name(const clx_project *p, int32_t i) { return p->calendar[i].name; }

static void check_calendar(checker *c, const clx_project_calendar *k) {
  bool works = false;
  if (k->period < 1 || k->period > CLX_PROJECT_TIME_MAX) {
    WRONG(c, CLX_INPUT, "calendar '%s': a period of %d units, expected 1 to %d", k->name, k->period,
          CLX_PROJECT_TIME_MAX);
    return;
  }
  for (int32_t t = 0; t < k->period && !works; t++) works = k->works[t];
  for (int32_t s = 0; s < k->span_count; s++)
    if (!(k->span[s].from <= k->span[s].to && in_time(k->span[s].from) && in_time(k->span[s].to)))
      WRONG(c, CLX_INPUT, "calendar '%s': a span from %d to %d, expected an end that is not before the start", k->name,
            k->span[s].from, k->span[s].to);
  if (!works)
    WRONG(c, CLX_INFEASIBLE, "calendar '%s' never works: give it a unit of work in its period of %d", k->name,
          k->period);
}

static void check_resource(checker *c, const clx_project_resource *r) {
  if (r->calendar != CLX_PROJECT_NONE && (r->calendar < 0 || r->calendar >= c->p->calendar_count || r->consumed))
    WRONG(c, CLX_INPUT, "resource '%s': calendar %d, expected one of the %d calendars, and none for what is used up",
          r->name, r->calendar, c->p->calendar_count);
  for (int32_t k = 0; k < r->level_count; k++) {
    const clx_project_level *l = &r->level[k];
    if (l->amount < 0 || l->amount > CLX_PROJECT_AMOUNT_MAX || l->at < 0 || l->at > CLX_PROJECT_TIME_MAX)
      WRONG(c, CLX_INPUT, "resource '%s': %lld from unit %d on, expected 0 to %d from unit 0 to %d", r->name,
            (long long)l->amount, l->at, CLX_PROJECT_AMOUNT_MAX, CLX_PROJECT_TIME_MAX);
    if (k > 0 && l->at < l[-1].at)
      WRONG(c, CLX_INPUT, "resource '%s': unit %d stands after unit %d, expected them in order", r->name, l->at,
            l[-1].at);
  }
}

static void check_mode(checker *c, const clx_project_activity *a, const clx_project_mode *m) {
  if (m->duration < 0 || m->duration > CLX_PROJECT_TIME_MAX)
    WRONG(c, CLX_INPUT, "activity '%s': a duration of %d units, expected 0 to %d", a->name, m->duration,
          CLX_PROJECT_TIME_MAX);
  for (int32_t k = 0; k < m->use_count; k++) {
    const clx_project_use *u = &m->use[k];
    if (u->resource < 0 || u->resource >= c->p->resource_count || u->amount <= 0 || u->amount > CLX_PROJECT_AMOUNT_MAX)
      WRONG(c, CLX_INPUT, "activity '%s': %lld of resource %d, expected 1 to %d of one of the %d resources", a->name,
            (long long)u->amount, u->resource, CLX_PROJECT_AMOUNT_MAX, c->p->resource_count);
    for (int32_t j = 0; j < k; j++)
      if (m->use[j].resource == u->resource)
        WRONG(c, CLX_INPUT, "activity '%s' uses resource %d twice in one mode", a->name, u->resource);
  }
}

static void check_activity(checker *c, const clx_project_activity *a) {
  const clx_project *p = c->p;
  if (a->mode_count < 1) WRONG(c, CLX_INPUT, "activity '%s' has no mode: no duration is known", a->name);
  if (a->calendar != CLX_PROJECT_NONE && (a->calendar < 0 || a->calendar >= p->calendar_count))
    WRONG(c, CLX_INPUT, "activity '%s': calendar %d, expected one of the %d calendars", a->name, a->calendar,
          p->calendar_count);
  if (a->release < 0 || a->release > CLX_PROJECT_TIME_MAX)
    WRONG(c, CLX_INPUT, "activity '%s': a release in unit %d, expected 0 to %d: nothing happens before the start",
          a->name, a->release, CLX_PROJECT_TIME_MAX);
  if (a->deadline != CLX_PROJECT_NONE && (a->deadline < 0 || a->deadline > CLX_PROJECT_TIME_MAX))
    WRONG(c, CLX_INPUT, "activity '%s': a deadline in unit %d, expected 0 to %d", a->name, a->deadline,
          CLX_PROJECT_TIME_MAX);
  if (a->phase < 0 || (a->phase > 0 && a->phase >= p->phase_count))
    WRONG(c, CLX_INPUT, "activity '%s': phase %d, expected one of the %d phases", a->name, a->phase, p->phase_count);
  for (int32_t m = 0; m < a->mode_count; m++) check_mode(c, a, &a->mode[m]);
}

static void check_link(checker *c, int32_t k) {
  const clx_project *p = c->p;
  const clx_project_link *l = &p->link[k];
  if (l->from < 0 || l->from >= p->activity_count || l->to < 0 || l->to >= p->activity_count) {
    WRONG(c, CLX_INPUT, "link %d: from activity %d to activity %d, expected two of the %d activities", k + 1, l->from,
          l->to, p->activity_count);
    return;
  }
  if (l->kind < 0 || l->kind >= CLX_PROJECT_LINKS || !in_time(l->least) ||
      (l->most != CLX_PROJECT_NONE && !in_time(l->most)))
    WRONG(c, CLX_INPUT, "link %d: kind %d with lags %d to %d, expected FS, SS, FF or SF and lags up to %d", k + 1,
          l->kind, l->least, l->most, CLX_PROJECT_TIME_MAX);
  const bool timed = p->unit > 0;
  const double scale = timed ? p->unit / 86400 : 1;
  if (l->most != CLX_PROJECT_NONE && l->most < l->least)
    WRONG(c, CLX_INFEASIBLE, "the link from '%s' to '%s' asks for a lag of at least %.6g and at most %.6g %s",
          p->activity[l->from].name, p->activity[l->to].name, l->least * scale, l->most * scale,
          timed ? "days" : "units of time");
}

static void check_numbers(checker *c) {
  const clx_project *p = c->p;
  if (p->activity_count < 1 || p->activity_count > CLX_PROJECT_ACTIVITIES_MAX)
    WRONG(c, CLX_INPUT, "%d activities, expected 1 to %d", p->activity_count, CLX_PROJECT_ACTIVITIES_MAX);
  check_names(c, "activities", p->activity_count, activity_name);
  check_names(c, "resources", p->resource_count, resource_name);
  check_names(c, "calendars", p->calendar_count, calendar_name);
  for (int32_t k = 0; k < p->calendar_count; k++) check_calendar(c, &p->calendar[k]);
  for (int32_t r = 0; r < p->resource_count; r++) check_resource(c, &p->resource[r]);
  for (int32_t i = 0; i < p->activity_count; i++) check_activity(c, &p->activity[i]);
  for (int32_t k = 0; k < p->link_count; k++) check_link(c, k);
}

// --- order -----------------------------------------------------------------------------------------------------------------------------------

// Links by where they start: those of activity i are next[first[i]] .. next[first[i + 1] - 1].
static bool sort_links(const checker *c, int32_t **first, int32_t **next) {
  const clx_project *p = c->p;
  int32_t *f = *first = CLX_NEW_ARRAY(c->arena, int32_t, p->activity_count + 2);
  int32_t *n = *next = CLX_NEW_ARRAY(c->arena, int32_t, p->link_count + 1);
  if (f == NULL || n == NULL) return false;
  for (int32_t k = 0; k < p->link_count; k++) f[p->link[k].from + 2]++;
  for (int32_t i = 2; i < p->activity_count + 2; i++) f[i] += f[i - 1];
  for (int32_t k = 0; k < p->link_count; k++) n[f[p->link[k].from + 1]++] = k;
  return true;
}

static void say_cycle(checker *c, const int32_t *path, int32_t count) {
  clx_buffer text = {0};
  for (int32_t k = 0; k < count; k++) clx_buffer_format(&text, "'%s' -> ", c->p->activity[path[k]].name);
  WRONG(c, CLX_INFEASIBLE, "a cycle: %s'%s'; each waits for the one before it, so leave out one of these links",
        text.data != NULL ? text.data : "", c->p->activity[path[0]].name);
  clx_buffer_free(&text);
}

// The first cycle that a walk in depth meets. O(activities + links)
static void check_cycles(checker *c) {
  const clx_project *p = c->p;
  int32_t *first, *next, *path = CLX_NEW_ARRAY(c->arena, int32_t, p->activity_count + 1);
  int32_t *at = CLX_NEW_ARRAY(c->arena, int32_t, p->activity_count + 1);
  int32_t *place = CLX_NEW_ARRAY(c->arena, int32_t, p->activity_count + 1);  // on the path: place + 1; -1 = done
  if (!sort_links(c, &first, &next) || path == NULL || at == NULL || place == NULL) {
    WRONG(c, CLX_MEMORY, "schedule: out of memory for %d links", p->link_count);
    return;
  }
  for (int32_t root = 0; root < p->activity_count; root++) {
    if (place[root] != 0) continue;
    int32_t depth = 0;
    path[0] = root;
    place[root] = 1;
    at[root] = first[root];
    while (depth >= 0) {
      const int32_t i = path[depth];
      if (at[i] == first[i + 1]) {
        place[i] = -1;
        depth--;
        continue;
      }
      const int32_t j = p->link[next[at[i]++]].to;
      if (place[j] > 0) {
        say_cycle(c, &path[place[j] - 1], depth - place[j] + 2);
        return;
      }
      if (place[j] < 0) continue;
      path[++depth] = j;
      place[j] = depth + 1;
      at[j] = first[j];
    }
  }
}

// --- earliest starts -------------------------------------------------------------------------------------------------------------------------

typedef struct lag {
  int32_t from, to, by;
} lag;  // start(to) >= start(from) + by, whatever the modes and calendars

static void durations(const clx_project_activity *a, int32_t *shortest, int32_t *longest) {
  *shortest = INT32_MAX;
  *longest = 0;
  for (int32_t m = 0; m < a->mode_count; m++) {
    const int32_t d = a->mode[m].duration;
    *shortest = d < *shortest ? d : *shortest;
    *longest = d > *longest ? d : *longest;
  }
  // With a calendar an activity may take as long as it likes: no upper bound.
  if (a->calendar != CLX_PROJECT_NONE) *longest = CLX_PROJECT_NONE;
}

// What a link says at least of starts. Returns how many lags it added, 0 to 2.
static int32_t lags_of(const clx_project *p, const clx_project_link *l, lag out[2]) {
  const bool ends = l->kind == CLX_PROJECT_FS || l->kind == CLX_PROJECT_FF;
  const bool finishes = l->kind == CLX_PROJECT_FF || l->kind == CLX_PROJECT_SF;
  int32_t from_short, from_long, to_short, to_long, count = 0;
  durations(&p->activity[l->from], &from_short, &from_long);
  durations(&p->activity[l->to], &to_short, &to_long);
  if (!finishes || to_long != CLX_PROJECT_NONE)
    out[count++] = (lag){l->from, l->to, l->least + (ends ? from_short : 0) - (finishes ? to_long : 0)};
  if (l->most != CLX_PROJECT_NONE && (!ends || from_long != CLX_PROJECT_NONE))
    out[count++] = (lag){l->to, l->from, -l->most - (ends ? from_long : 0) + (finishes ? to_short : 0)};
  return count;
}

// A project with a date of its start is told of in dates and days, another one in units.
enum { SAID = CLX_TIME_TEXT };

static const char *say_time(const clx_project *p, int32_t unit, char text[SAID]) {
  double start = 0;
  if (p->start == NULL || !clx_time_read(p->start, &start)) {
    snprintf(text, SAID, "unit %d", unit);
    return text;
  }
  const double time = start + unit * p->unit;
  clx_time_write(time, fmod(time, 86400) > 0, text);
  return text;
}

static const char *say_span(const clx_project *p, int32_t units, const char *what, char text[SAID]) {
  const double seconds = units * p->unit;
  if (p->start == NULL)
    snprintf(text, SAID, "%d%s", units, what);
  else if (fabs(seconds) >= 86400)
    snprintf(text, SAID, "%.4g days", seconds / 86400);
  else
    snprintf(text, SAID, "%.4g hours", seconds / 3600);
  return text;
}

static void say_chain(checker *c, const lag *arc, const int32_t *by, int32_t last, clx_buffer *text) {
  int32_t length = 0;
  char span[SAID];
  for (int32_t i = last, k; (k = by[i]) >= 0 && length < c->p->activity_count; i = arc[k].from, length++)
    clx_buffer_format(text, "%s'%s' %s after '%s'", length == 0 ? "" : ", ", c->p->activity[i].name,
                      say_span(c->p, arc[k].by, "", span), c->p->activity[arc[k].from].name);
}

// The positive cycle that `from` leads into, each lag of it, and by how much it cannot hold.
static void say_lags(checker *c, const lag *arc, const int32_t *by, int32_t from) {
  clx_buffer text = {0};
  int32_t i = from, over = 0;
  for (int32_t k = 0; k < c->p->activity_count; k++) i = arc[by[i]].from;  // surely on the cycle
  const int32_t start = i;
  do {
    const lag *a = &arc[by[i]];
    clx_buffer_format(&text, "%s'%s' starts at least %d after '%s'", over == 0 && i == start ? "" : ", ",
                      c->p->activity[i].name, a->by, c->p->activity[a->from].name);
    over += a->by;
    i = a->from;
  } while (i != start);
  WRONG(c, CLX_INFEASIBLE, "maximum lags that cannot hold: %s; a maximum lag of this chain must grow by %d units",
        text.data != NULL ? text.data : "", over);
  clx_buffer_free(&text);
}

static void check_deadlines(checker *c, const lag *arc, const int32_t *by, const int32_t *start) {
  const clx_project *p = c->p;
  for (int32_t i = 0; i < p->activity_count; i++) {
    const clx_project_activity *a = &p->activity[i];
    int32_t shortest, longest;
    durations(a, &shortest, &longest);
    const int32_t finish = clx_project_finish(p, a->calendar, start[i], shortest);
    if (finish < 0) {
      WRONG(c, CLX_INFEASIBLE, "activity '%s': its calendar has no %d units of work left", a->name, shortest);
    } else if (a->deadline != CLX_PROJECT_NONE && finish > a->deadline) {
      clx_buffer text = {0};
      char due[SAID], done[SAID], missing[SAID];
      say_chain(c, arc, by, i, &text);
      WRONG(c, CLX_INFEASIBLE,
            "activity '%s' is due by %s and cannot be finished before %s, even with no limit to the resources (%s%s); "
            "%s are missing",
            a->name, say_time(p, a->deadline, due), say_time(p, finish, done),
            text.data != NULL ? text.data
            : a->release > 0  ? "its release"
                              : "it takes that long",
            text.data != NULL ? " by links" : "", say_span(p, finish - a->deadline, " units", missing));
      clx_buffer_free(&text);
    }
  }
}

// Longest paths by Bellman and Ford: what moves in as many rounds as there are activities lies on a cycle. O(activities links) at worst.
static void check_lags(checker *c) {
  const clx_project *p = c->p;
  const int32_t n = p->activity_count;
  lag *arc = CLX_NEW_ARRAY(c->arena, lag, 2 * p->link_count + 1);
  int32_t *by = CLX_NEW_ARRAY(c->arena, int32_t, n + 1), *start = CLX_NEW_ARRAY(c->arena, int32_t, n + 1);
  if (arc == NULL || by == NULL || start == NULL) {
    WRONG(c, CLX_MEMORY, "schedule: out of memory for %d links", p->link_count);
    return;
  }
  int32_t arcs = 0, moved = 0;
  for (int32_t k = 0; k < p->link_count; k++) arcs += lags_of(p, &p->link[k], &arc[arcs]);
  for (int32_t i = 0; i < n; i++) {
    start[i] = p->activity[i].release;
    by[i] = -1;
  }
  for (int32_t round = 0; round <= n && moved >= 0; round++) {
    moved = -1;
    for (int32_t k = 0; k < arcs; k++) {
      const int32_t t = start[arc[k].from] + arc[k].by;
      if (t <= start[arc[k].to]) continue;
      start[arc[k].to] = t;
      by[arc[k].to] = k;
      moved = arc[k].to;
      if (t > CLX_PROJECT_TIME_MAX && round < n) round = n;  // far beyond: only a cycle, or links too long to hold
    }
  }
  if (moved < 0) {
    check_deadlines(c, arc, by, start);
    return;
  }
  bool cycle = true;
  for (int32_t i = moved, k = 0; k < n && cycle; k++) {
    cycle = by[i] >= 0;
    if (cycle) i = arc[by[i]].from;
  }
  if (cycle)
    say_lags(c, arc, by, moved);
  else
    WRONG(c, CLX_INPUT, "activity '%s' cannot start before unit %d, expected at most %d: choose a longer unit of time",
          p->activity[moved].name, start[moved], CLX_PROJECT_TIME_MAX);
}

// --- resources -------------------------------------------------------------------------------------------------------------------------------

static int64_t most_ever(const clx_project_resource *r) {
  int64_t most = 0;
  for (int32_t k = 0; k < r->level_count; k++) most = r->level[k].amount > most ? r->level[k].amount : most;
  return most;
}

static int64_t arrivals(const clx_project_resource *r) {
  int64_t sum = 0;
  for (int32_t k = 0; k < r->level_count; k++) sum += r->level[k].amount;
  return sum;
}

// After this unit nothing new happens to what a mode uses: capacities are level, calendars have gone through a period.
static int32_t last_news(const clx_project *p, const clx_project_activity *a, const clx_project_mode *m) {
  int32_t last = a->release, period = 0;
  for (int32_t k = -1; k < m->use_count; k++) {
    const clx_project_resource *r = k < 0 ? NULL : &p->resource[m->use[k].resource];
    if (r != NULL && r->consumed) continue;
    if (r != NULL && r->level_count > 0 && r->level[r->level_count - 1].at > last)
      last = r->level[r->level_count - 1].at;
    const int32_t calendar = r != NULL ? r->calendar : a->calendar;
    if (calendar == CLX_PROJECT_NONE) continue;
    const clx_project_calendar *c = &p->calendar[calendar];
    for (int32_t s = 0; s < c->span_count; s++) last = c->span[s].to > last ? c->span[s].to : last;
    if (c->period > 1) period = period > 0 && period != c->period ? period * 2 + c->period * 2 : c->period;
  }
  return last + 2 * period;
}

static bool has_room(const clx_project *p, const clx_project_mode *m, int32_t t, int32_t *lacks) {
  for (int32_t k = 0; k < m->use_count; k++) {
    const int32_t r = m->use[k].resource;
    if (p->resource[r].consumed || clx_project_capacity(p, r, t) >= m->use[k].amount) continue;
    *lacks = r;
    return false;
  }
  return true;
}

// Longest run of units of work, from the release on, in which all resources of a mode suffice; the duration when it is reached.
static int32_t longest_run(const clx_project *p, const clx_project_activity *a, const clx_project_mode *m,
                           int32_t *lacks) {
  const int32_t last = last_news(p, a, m);
  int32_t run = 0, most = 0;
  for (int32_t t = a->release; t <= last && run < m->duration; t++) {
    if (!clx_project_works(p, a->calendar, t)) continue;
    run = has_room(p, m, t, lacks) ? run + 1 : 0;
    most = run > most ? run : most;
  }
  // A run that reaches the last news goes on: for ever without calendars, else it was seen whole in the period before.
  bool level = a->calendar == CLX_PROJECT_NONE;
  for (int32_t k = 0; k < m->use_count; k++)
    level = level &&
            (p->resource[m->use[k].resource].consumed || p->resource[m->use[k].resource].calendar == CLX_PROJECT_NONE);
  if (run > 0 && level) return m->duration;
  if (run > 0) {
    for (int32_t t = last + 1; t < last + 1 + m->duration * 64 && run > 0 && run < m->duration; t++)
      if (clx_project_works(p, a->calendar, t)) run = has_room(p, m, t, lacks) ? run + 1 : 0;
    most = run > most ? run : most;
  }
  return most;
}

static void check_room(checker *c, const clx_project_activity *a) {
  const clx_project *p = c->p;
  int32_t best = -1, lacks = -1, mode = 0;
  for (int32_t m = 0; m < a->mode_count; m++) {
    if (a->mode[m].duration == 0) return;
    int32_t r = -1;
    const int32_t run = longest_run(p, a, &a->mode[m], &r);
    if (run >= a->mode[m].duration) return;
    if (run > best) {
      best = run;
      lacks = r;
      mode = m;
    }
  }
  const clx_project_mode *m = &a->mode[mode];
  for (int32_t k = 0; k < m->use_count; k++) {
    const clx_project_resource *r = &p->resource[m->use[k].resource];
    if (r->consumed || m->use[k].amount <= most_ever(r)) continue;
    WRONG(c, CLX_INFEASIBLE,
          "activity '%s' needs %lld of '%s', which never has more than %lld; raise its capacity by %lld or give the "
          "activity "
          "a mode that needs less",
          a->name, (long long)m->use[k].amount, r->name, (long long)most_ever(r),
          (long long)(m->use[k].amount - most_ever(r)));
    return;
  }
  WRONG(c, CLX_INFEASIBLE,
        "activity '%s' works %d units on end, and '%s' gives it what it needs for %d at most; let it pause by a "
        "calendar, "
        "divide it, or lengthen the shifts",
        a->name, m->duration, lacks >= 0 ? p->resource[lacks].name : "its calendar", best);
}

static void check_arrivals(checker *c) {
  const clx_project *p = c->p;
  for (int32_t r = 0; r < p->resource_count; r++) {
    if (!p->resource[r].consumed) continue;
    int64_t need = 0;
    for (int32_t i = 0; i < p->activity_count; i++) {
      int64_t least = INT64_MAX;
      for (int32_t m = 0; m < p->activity[i].mode_count; m++) {
        const clx_project_mode *mode = &p->activity[i].mode[m];
        int64_t amount = 0;
        for (int32_t k = 0; k < mode->use_count; k++) amount += mode->use[k].resource == r ? mode->use[k].amount : 0;
        least = amount < least ? amount : least;
      }
      need += least;
    }
    const int64_t come = arrivals(&p->resource[r]);
    if (need > come)
      WRONG(c, CLX_INFEASIBLE, "'%s': the activities use up %lld and %lld ever arrive; %lld more must arrive",
            p->resource[r].name, (long long)need, (long long)come, (long long)(need - come));
  }
}

clx_status clx_project_check(const clx_project *project, clx_error *error) {
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "schedule: out of memory for a check");
  checker c = {.p = project, .error = error, .arena = arena, .status = CLX_OK};
  check_numbers(&c);
  if (c.status == CLX_OK) check_cycles(&c);
  if (c.status == CLX_OK) check_lags(&c);
  if (c.status == CLX_OK || c.status == CLX_INFEASIBLE) {
    for (int32_t i = 0; i < project->activity_count; i++) check_room(&c, &project->activity[i]);
    check_arrivals(&c);
  }
  clx_arena_free(arena);
  return c.status;
}
