// Works as users state them -> a project.
#include <math.h>
#include <string.h>

#include "buildout/buildout_internal.h"
#include "unit/unit.h"

static const double DAY = 86400;

// --- links -------------------------------------------------------------------------------------------------------------------------------

// The longest work whose name the text begins with, followed by a blank or nothing; its length in *length.
static int32_t work_of(const clx_buildout_spec *s, const char *text, size_t *length) {
  int32_t best = -1;
  *length = 0;
  for (int32_t i = 0; i < s->work_count; i++) {
    const size_t own = strlen(s->work[i].name);
    if (own > *length && strncmp(text, s->work[i].name, own) == 0 && (text[own] == '\0' || text[own] == ' ')) {
      *length = own;
      best = i;
    }
  }
  return best;
}

// What seems to be meant as a name: up to a kind of link or a sign.
static char *name_in(clx_builder *b, const char *text) {
  static const char *const ENDS[] = {" FS", " SS", " FF", " SF", " +", " -"};
  size_t length = strlen(text);
  for (int32_t k = 0; k < CLX_COUNT(ENDS); k++) {
    const char *at = strstr(text, ENDS[k]);
    if (at != NULL && (size_t)(at - text) < length) length = (size_t)(at - text);
  }
  return clx_arena_copy(b->arena, text, length);
}

static bool read_lag(clx_builder *b, const char *text, double *lag) {
  char why[256];
  const bool minus = *text == '-';
  if (*text != '+' && *text != '-') return false;
  while (*++text == ' ') continue;
  if (*text == '+' || *text == '-' || clx_quantity_read(text, "s", lag, why, sizeof why) != CLX_OK) return false;
  *lag = (minus ? -*lag : *lag) / b->out->project.unit;
  return fabs(*lag) <= CLX_PROJECT_TIME_MAX;
}

// "NAME", "NAME SS+2 days", "NAME FS + 1 day, at most 5 days".
static bool read_rest(clx_builder *b, const char *text, clx_project_link *link) {
  double lag = 0;
  while (*text == ' ') text++;
  for (int32_t k = 0; k < CLX_PROJECT_LINKS; k++) {
    if (strncmp(text, clx_project_link_name[k], 2) != 0) continue;
    link->kind = k;
    text += 2;
    break;
  }
  while (*text == ' ') text++;
  if (*text != '\0' && !read_lag(b, text, &lag)) return false;
  link->least = (int32_t)lround(lag);
  return true;
}

static void build_link(clx_builder *b, int32_t work, const char *text, clx_project_link *link) {
  static const char BOUND[] = ", at most ";
  const clx_buildout_spec *s = b->out->spec;
  const clx_place place = s->work[work].place;
  *link = (clx_project_link){.to = work, .kind = CLX_PROJECT_FS, .most = CLX_PROJECT_NONE};
  const char *bound = strstr(text, BOUND);
  char *head = clx_arena_copy(b->arena, text, bound != NULL ? (size_t)(bound - text) : strlen(text));
  if (head == NULL) {
    CLX_WRONG(b, CLX_MEMORY, place, "buildout: out of memory");
    return;
  }
  size_t length;
  link->from = work_of(s, head, &length);
  if (link->from < 0) {
    link->from = 0;
    char *name = name_in(b, head);
    if (name != NULL) clx_build_find(b, name, "after", s->work, s->work_count, sizeof *s->work, place);
    return;
  }
  char why[256];
  double most = 0;
  if (!read_rest(b, head + length, link) ||
      (bound != NULL && clx_quantity_read(bound + sizeof BOUND - 1, "s", &most, why, sizeof why) != CLX_OK)) {
    CLX_WRONG(b, CLX_INPUT, place,
              "after: expected a work, or one with FS, SS, FF or SF and a lag such as \"%s SS+2 days\", read \"%.80s\"",
              s->work[link->from].name, text);
  } else if (bound != NULL) {
    link->most = (int32_t)fmin(round(most / b->out->project.unit), CLX_PROJECT_TIME_MAX);
    b->out->plans = b->out->bounded = true;
  }
}

static void build_links(clx_builder *b) {
  const clx_buildout_spec *s = b->out->spec;
  int32_t count = 0;
  for (int32_t i = 0; i < s->work_count; i++) count += s->work[i].after_count;
  clx_project_link *link = clx_build_room(b, count, sizeof *link);
  b->out->project.link = link;
  if (link == NULL) return;
  for (int32_t i = 0; i < s->work_count; i++)
    for (int32_t k = 0; k < s->work[i].after_count; k++)
      build_link(b, i, s->work[i].after[k], &link[b->out->project.link_count++]);
}

// --- calendars ---------------------------------------------------------------------------------------------------------------------------

static bool in_pattern(const clx_builder *b, const clx_buildout_calendar *c, double time) {
  const double since = b->out->start + time, day = floor(since / DAY), hour = since - day * DAY;
  const int32_t weekday = (int32_t)(day - 7 * floor((day + 3) / 7)) + 3;  // 1970-01-01 was a Thursday; 0 = Monday
  return weekday < c->days && hour >= c->opens && hour < c->closes;
}

bool clx_build_works_in(const clx_builder *b, const clx_buildout_calendar *c, double time) {
  bool works = in_pattern(b, c, time);
  for (int32_t on = 0; on < 2; on++)
    for (int32_t k = 0; k < (on ? c->on_count : c->off_count); k++) {
      const clx_buildout_span *span = on ? &c->on[k] : &c->off[k];
      double from = 0, until = 0;
      if (clx_time_read(span->from, &from) && clx_time_read(span->until, &until) && b->out->start + time >= from &&
          b->out->start + time < until)
        works = on;
    }
  return works;
}

static void build_spans(clx_builder *b, const clx_buildout_calendar *c, clx_project_calendar *out) {
  clx_project_span *span = clx_build_room(b, c->off_count + c->on_count, sizeof *span);
  if (span == NULL) return;
  out->span = span;
  for (int32_t on = 0; on < 2; on++)
    for (int32_t k = 0; k < (on ? c->on_count : c->off_count); k++) {
      const clx_buildout_span *of = on ? &c->on[k] : &c->off[k];
      const double from = clx_build_date(b, of->from, on ? "on.from" : "off.from", of->place);
      const double until = clx_build_date(b, of->until, on ? "on.until" : "off.until", of->place);
      if (until < from)
        CLX_WRONG(b, CLX_INPUT, of->place, "until: calendar '%s': %s is before %s", c->name, of->until, of->from);
      span[out->span_count++] = (clx_project_span){(int32_t)lround(from / b->out->project.unit),
                                                   (int32_t)lround(until / b->out->project.unit), on};
    }
}

static void build_calendar(clx_builder *b, const clx_buildout_calendar *c, clx_project_calendar *out) {
  const double unit = b->out->project.unit, period = 7 * DAY / unit;
  *out = (clx_project_calendar){.name = c->name, .period = (int32_t)lround(period)};
  if (fabs(period - out->period) > 1e-6 || unit > DAY) {
    CLX_WRONG(b, CLX_INPUT, c->place,
              "resolution: %g s with calendar '%s': expected a resolution of at most a day that divides it", unit,
              c->name);
    out->period = 1;
  }
  if (c->opens >= c->closes)
    CLX_WRONG(b, CLX_INPUT, c->place, "closes: calendar '%s' opens at %g h and closes at %g h", c->name,
              c->opens / 3600, c->closes / 3600);
  bool *works = clx_build_room(b, out->period, sizeof *works);
  if (works == NULL) return;
  for (int32_t t = 0; t < out->period; t++) works[t] = in_pattern(b, c, t * unit);
  out->works = works;
  build_spans(b, c, out);
}

// --- crews and stocks --------------------------------------------------------------------------------------------------------------------

static int64_t whole(clx_builder *b, double count, const char *what, clx_place place) {
  if (fabs(count - floor(count)) > 0)
    CLX_WRONG(b, CLX_INPUT, place, "count: %g of %s; expected a whole number", count, what);
  return (int64_t)count;
}

static void build_levels(clx_builder *b, const clx_buildout_level *level, int32_t count, const char *key,
                         clx_project_resource *out) {
  clx_project_level *to = clx_build_room(b, count, sizeof *to);
  if (to == NULL) return;
  for (int32_t k = 0; k < count; k++) {
    const double at = clx_build_date(b, level[k].from, key, level[k].place);
    to[k] = (clx_project_level){(int32_t)fmin(ceil(at / b->out->project.unit - 1e-9), CLX_PROJECT_TIME_MAX),
                                whole(b, level[k].count, out->name, level[k].place)};
    if (k > 0 && to[k].at <= to[k - 1].at)
      CLX_WRONG(b, CLX_INPUT, level[k].place, "%s: dates of '%s' must ascend", key, out->name);
  }
  out->level = to;
  out->level_count = count;
}

static void build_crew(clx_builder *b, const clx_buildout_crew *c, clx_project_resource *out) {
  const clx_buildout_spec *s = b->out->spec;
  *out = (clx_project_resource){.name = c->name, .calendar = CLX_PROJECT_NONE};
  if (c->calendar != NULL) {
    out->calendar =
        clx_build_find(b, c->calendar, "calendar", s->calendar, s->calendar_count, sizeof *s->calendar, c->place);
  }
  if ((c->count > 0) == (c->step_count > 0)) {
    CLX_WRONG(b, CLX_INPUT, c->place, "count: crew '%s' needs either a count above 0 or steps", c->name);
    return;
  }
  if (c->step_count > 0) {
    build_levels(b, c->step, c->step_count, "steps", out);
    return;
  }
  clx_project_level *level = clx_build_room(b, 1, sizeof *level);
  if (level == NULL) return;
  level[0] = (clx_project_level){0, whole(b, c->count, c->name, c->place)};
  out->level = level;
  out->level_count = 1;
}

static void build_resources(clx_builder *b) {
  const clx_buildout_spec *s = b->out->spec;
  clx_project_resource *r = clx_build_room(b, s->crew_count + s->stock_count, sizeof *r);
  b->out->project.resource = r;
  if (r == NULL) return;
  b->out->project.resource_count = s->crew_count + s->stock_count;
  for (int32_t k = 0; k < s->crew_count; k++) build_crew(b, &s->crew[k], &r[k]);
  for (int32_t k = 0; k < s->stock_count; k++) {
    r[s->crew_count + k] =
        (clx_project_resource){.name = s->stock[k].name, .consumed = true, .calendar = CLX_PROJECT_NONE};
    build_levels(b, s->stock[k].arrival, s->stock[k].arrival_count, "arrivals", &r[s->crew_count + k]);
  }
}

// --- works -------------------------------------------------------------------------------------------------------------------------------

// Crews come first, then stocks.
static int32_t find_resource(clx_builder *b, const clx_buildout_use *u) {
  const clx_project *p = &b->out->project;
  return clx_build_find(b, u->of, "of", p->resource, p->resource_count, sizeof *p->resource, u->place);
}

static void build_way(clx_builder *b, const clx_buildout_work *w, const clx_buildout_way *from, clx_project_mode *mode,
                      clx_three *three) {
  double middle = from->duration;
  if (middle < 0 && from->low > 0 && from->high > 0) middle = sqrt(from->low * from->high);
  if (middle < 0) {
    CLX_WRONG(b, CLX_INPUT, from->place, "duration: work '%s' has none; expected one, such as 10 days", w->name);
    middle = 0;
  }
  const double unit = b->out->project.unit;
  const char *what = clx_arena_format(b->arena, "duration of work '%s'", w->name);
  *three = clx_build_three(b, from->low, middle, from->high, what != NULL ? what : "", "s", from->place);
  three->low /= unit;
  three->middle /= unit;
  three->high /= unit;
  // A plan counts whole units; what takes any time takes one.
  mode->duration = (int32_t)fmin(round(three->middle), CLX_PROJECT_TIME_MAX);
  if (mode->duration == 0 && three->middle > 0) mode->duration = 1;
  clx_project_use *use = clx_build_room(b, from->use_count, sizeof *use);
  if (use == NULL) return;
  for (int32_t k = 0; k < from->use_count; k++) {
    const int32_t r = find_resource(b, &from->use[k]);
    use[k] = (clx_project_use){r < 0 ? 0 : r, whole(b, from->use[k].count, from->use[k].of, from->use[k].place)};
  }
  mode->use = use;
  mode->use_count = from->use_count;
  if (from->use_count > 0) b->out->plans = true;
}

static int32_t find_phase(clx_builder *b, const char **phase, int32_t *count, const char *name) {
  for (int32_t k = 0; k < *count; k++)
    if (clx_text_equal(phase[k], name)) return k;
  (void)b;
  phase[*count] = name;
  return (*count)++;
}

static void build_modes(clx_builder *b, int32_t i, clx_project_activity *a) {
  const clx_buildout_work *w = &b->out->spec->work[i];
  const clx_buildout_way own = {w->duration, w->low, w->high, w->use, w->use_count, w->place};
  const clx_buildout_way *way = w->mode_count > 0 ? w->mode : &own;
  a->mode_count = w->mode_count > 0 ? w->mode_count : 1;
  if (w->mode_count > 0 && (w->duration >= 0 || w->use_count > 0))
    CLX_WRONG(b, CLX_INPUT, w->place, "modes: work '%s' has a duration or uses beside; state them in its modes",
              w->name);
  clx_project_mode *mode = clx_build_room(b, a->mode_count, sizeof *mode);
  b->out->way[i] = clx_build_room(b, a->mode_count, sizeof **b->out->way);
  if (mode == NULL || b->out->way[i] == NULL) return;
  for (int32_t m = 0; m < a->mode_count; m++) build_way(b, w, &way[m], &mode[m], &b->out->way[i][m]);
  a->mode = mode;
  if (a->mode_count > 1) b->out->plans = true;
}

static void build_work(clx_builder *b, int32_t i, clx_project_activity *a, const char **phase, int32_t *phases) {
  const clx_buildout_spec *s = b->out->spec;
  const clx_buildout_work *w = &s->work[i];
  const double unit = b->out->project.unit;
  *a = (clx_project_activity){.name = w->name, .calendar = CLX_PROJECT_NONE, .deadline = CLX_PROJECT_NONE};
  build_modes(b, i, a);
  if (w->from != NULL)
    a->release = (int32_t)fmin(ceil(clx_build_date(b, w->from, "from", w->place) / unit - 1e-9), CLX_PROJECT_TIME_MAX);
  if (w->by != NULL)
    a->deadline = (int32_t)fmin(floor(clx_build_date(b, w->by, "by", w->place) / unit + 1e-9), CLX_PROJECT_TIME_MAX);
  if (w->calendar != NULL) {
    a->calendar =
        clx_build_find(b, w->calendar, "calendar", s->calendar, s->calendar_count, sizeof *s->calendar, w->place);
    b->out->plans = true;
  }
  a->phase = find_phase(b, phase, phases, w->phase != NULL ? w->phase : "");
  b->out->factor_of[i] = -1;
  if (w->factor != NULL)
    b->out->factor_of[i] =
        clx_build_find(b, w->factor, "factor", s->factor, s->factor_count, sizeof *s->factor, w->place);
}

// The room `schedule` counts in units: what one is stands behind its sentences.
static void check_project(clx_builder *b) {
  clx_error found;
  char unit[64];
  clx_error_clear(&found);
  if (clx_project_check(&b->out->project, &found) == CLX_OK) return;
  clx_quantity_format(b->out->project.unit, "s", 4, unit, sizeof unit);
  for (int32_t k = 0; k < found.count; k++) {
    const bool units = strstr(found.mistake[k].text, "unit") != NULL;
    CLX_WRONG(b, found.status, b->out->spec->place, "works: %s%s%s%s%s%s", found.mistake[k].text,
              units ? " (units of " : "", units ? unit : "", units ? " from " : "", units ? b->out->spec->start : "",
              units ? " on)" : "");
  }
}

void clx_build_works(clx_builder *b) {
  clx_buildout *o = b->out;
  const clx_buildout_spec *s = o->spec;
  o->project = (clx_project){.name = "buildout", .unit = s->resolution, .start = s->start};
  clx_build_names(b, "works", s->work, s->work_count, sizeof *s->work, offsetof(clx_buildout_work, place));
  clx_build_names(b, "crews", s->crew, s->crew_count, sizeof *s->crew, offsetof(clx_buildout_crew, place));
  clx_build_names(b, "stocks", s->stock, s->stock_count, sizeof *s->stock, offsetof(clx_buildout_stock, place));
  clx_build_names(b, "calendars", s->calendar, s->calendar_count, sizeof *s->calendar,
                  offsetof(clx_buildout_calendar, place));
  clx_project_calendar *calendar = clx_build_room(b, s->calendar_count, sizeof *calendar);
  clx_project_activity *activity = clx_build_room(b, s->work_count, sizeof *activity);
  const char **phase = clx_build_room(b, s->work_count, sizeof *phase);
  o->way = clx_build_room(b, s->work_count, sizeof *o->way);
  o->factor_of = clx_build_room(b, s->work_count, sizeof *o->factor_of);
  if (b->status != CLX_OK) return;
  o->project.calendar = calendar;
  o->project.calendar_count = s->calendar_count;
  for (int32_t k = 0; k < s->calendar_count; k++) build_calendar(b, &s->calendar[k], &calendar[k]);
  build_resources(b);
  o->project.activity = activity;
  o->project.activity_count = s->work_count;
  o->project.phase = phase;
  for (int32_t i = 0; i < s->work_count && o->project.resource != NULL; i++)
    build_work(b, i, &activity[i], phase, &o->project.phase_count);
  build_links(b);
  if (b->status != CLX_OK || s->work_count == 0) return;
  check_project(b);
}
