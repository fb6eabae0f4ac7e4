// A buildout as users state it -> numbers by index.
#include <math.h>
#include <string.h>

#include "buildout/buildout_internal.h"
#include "supply/supply.h"
#include "unit/unit.h"

static const double DAY = 86400;

// --- tools -------------------------------------------------------------------------------------------------------------------------------

void *clx_build_room(clx_builder *b, int32_t count, size_t size) {
  void *room = clx_arena_array(b->arena, (size_t)count + 1, size);
  if (room == NULL) CLX_WRONG(b, CLX_MEMORY, CLX_NOWHERE, "buildout: out of memory");
  return room;
}

double clx_build_date(clx_builder *b, const char *text, const char *key, clx_place place) {
  double time = b->out->start;
  const clx_status status = clx_date_read(text, key, place, &time, b->error);
  if (status != CLX_OK && b->status == CLX_OK) b->status = status;
  if (status == CLX_OK && time < b->out->start)
    CLX_WRONG(b, CLX_INPUT, place, "%s: %s is before the start, %s", key, text, b->out->spec->start);
  return fmax(time - b->out->start, 0);
}

clx_three clx_build_three(clx_builder *b, double low, double middle, double high, const char *what, const char *unit,
                          clx_place place) {
  const clx_three t = {low < 0 ? middle : low, middle, high < 0 ? middle : high};
  if (t.low <= t.middle && t.middle <= t.high && (t.low > 0 || !(t.high > 0))) return t;
  // Rates are read by day.
  const bool rate = strcmp(unit, "rack/s") == 0;
  const double value[] = {t.low, t.middle, t.high};
  char text[3][48];
  for (int32_t i = 0; i < CLX_COUNT(value); i++)
    clx_quantity_format(value[i] * (rate ? DAY : 1), rate ? "racks/day" : unit, 4, text[i], sizeof text[i]);
  CLX_WRONG(b, CLX_INPUT, place,
            "%s: low %s, middle %s, high %s; expected 0 < low <= middle <= high (one in ten below low, one in ten "
            "above high)",
            what, text[0], text[1], text[2]);
  return t;
}

static const char *name_of(const void *list, int32_t k, size_t size) {
  const char *name;
  memcpy(&name, (const char *)list + (size_t)k * size, sizeof name);
  return name;
}

int32_t clx_build_find(clx_builder *b, const char *name, const char *key, const void *list, int32_t count, size_t size,
                       clx_place place) {
  for (int32_t k = 0; k < count; k++)
    if (clx_text_equal(name_of(list, k, size), name)) return k;
  const char **known = clx_build_room(b, count, sizeof *known);
  if (known == NULL) return -1;
  for (int32_t k = 0; k < count; k++) known[k] = name_of(list, k, size);
  const char *nearest = clx_nearest(name, known, count);
  if (nearest != NULL)
    CLX_WRONG(b, CLX_INPUT, place, "%s: unknown \"%.60s\"; did you mean \"%.60s\"?", key, name, nearest);
  else
    CLX_WRONG(b, CLX_INPUT, place, "%s: unknown \"%.60s\"", key, name);
  return -1;
}

void clx_build_names(clx_builder *b, const char *what, const void *list, int32_t count, size_t size,
                     size_t place_offset) {
  clx_names names = {0};
  for (int32_t k = 0; k < count; k++) {
    const char *name = name_of(list, k, size);
    clx_place place;
    memcpy(&place, (const char *)list + (size_t)k * size + place_offset, sizeof place);
    const int32_t before = names.count, at = clx_names_add(b->arena, &names, name, strlen(name));
    if (at < 0)
      CLX_WRONG(b, CLX_MEMORY, place, "buildout: out of memory");
    else if (at < before)
      CLX_WRONG(b, CLX_INPUT, place, "name: two %s are called \"%.60s\"", what, name);
    else if (name[0] == '\0')
      CLX_WRONG(b, CLX_INPUT, place, "name: one of the %s has none", what);
  }
}

// Civil date of a day since 1970-01-01 (Howard Hinnant, "chrono-compatible low-level date algorithms").
char *clx_buildout_date_text(clx_arena *arena, const clx_buildout *b, double time) {
  const int64_t z = (int64_t)floor((b->start + time) / DAY) + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
  const int64_t doe = z - era * 146097, yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
  const int64_t month = mp < 10 ? mp + 3 : mp - 9, year = yoe + era * 400 + (month <= 2 ? 1 : 0);
  return clx_arena_format(arena, "%04d-%02d-%02d", (int)year, (int)month, (int)(doy - (153 * mp + 2) / 5 + 1));
}

// --- the machine -------------------------------------------------------------------------------------------------------------------------

static void build_fleet(clx_builder *b) {
  clx_buildout *o = b->out;
  const clx_buildout_input *in = o->input;
  o->cohort_count = in->cohort_count;
  o->edge = clx_build_room(b, in->cohort_count, sizeof *o->edge);
  o->per_rack = clx_build_room(b, in->cohort_count, sizeof *o->per_rack);
  for (int32_t k = 0; k < 2; k++) o->watts[k] = clx_build_room(b, in->cohort_count, sizeof *o->watts[k]);
  if (b->status != CLX_OK) return;
  double gpus = 0, watts[2] = {0};
  for (int32_t c = 0; c < in->cohort_count; c++) {
    const clx_buildout_cohort *k = &in->cohort[c];
    if (!(k->gpus > 0 && k->per_rack > 0 && k->power >= 0 && k->heat >= 0 && isfinite(k->gpus) && isfinite(k->power) &&
          isfinite(k->heat)))
      CLX_WRONG(b, CLX_INPUT, CLX_NOWHERE, "buildout: fleet '%s' of %g GPUs, %g in a rack, %g W and %g W of heat each",
                k->name, k->gpus, k->per_rack, k->power, k->heat);
    o->edge[c] = gpus += k->gpus;
    o->watts[0][c] = watts[0] += k->gpus * k->power;
    o->watts[1][c] = watts[1] += k->gpus * k->heat;
    o->per_rack[c] = k->per_rack;
    o->racks += ceil(k->gpus / k->per_rack);
  }
  o->total = gpus;
  o->first = o->spec->first > 0 ? o->spec->first : gpus * o->spec->full;
  if (in->cohort_count == 0) CLX_WRONG(b, CLX_INPUT, CLX_NOWHERE, "buildout: there are no GPUs to build for");
  if (o->first > gpus * o->spec->full)
    CLX_WRONG(b, CLX_INPUT, o->spec->place,
              "first: %.0f GPUs, but full capacity is %.0f of a fleet of %.0f (buildout.first sets it)", o->first,
              gpus * o->spec->full, gpus);
  if (o->spec->wave > gpus || (o->spec->wave > 0 && gpus / o->spec->wave > 10000))
    CLX_WRONG(b, CLX_INPUT, o->spec->place, "wave: %.0f GPUs; expected 1 to 10,000 waves in a fleet of %.0f",
              o->spec->wave, gpus);
}

// Piece c of a table that grows with the fleet, and how far into it `value` reaches.
static double across(const double *from, const double *to, int32_t count, double value) {
  double from_before = 0, to_before = 0;
  for (int32_t c = 0; c < count; c++) {
    if (value < from[c]) return to_before + (to[c] - to_before) * (value - from_before) / (from[c] - from_before);
    from_before = from[c];
    to_before = to[c];
  }
  return count > 0 ? to[count - 1] : 0;
}

double clx_buildout_carries(const clx_buildout *b, int32_t need, double amount) {
  const bool watts = need == CLX_BUILDOUT_POWER || need == CLX_BUILDOUT_COOLING;
  if (!watts) return fmin(fmax(amount, 0), b->total);
  return across(b->watts[need == CLX_BUILDOUT_COOLING], b->edge, b->cohort_count, fmax(amount, 0));
}

double clx_buildout_asks(const clx_buildout *b, int32_t need, double gpus) {
  const bool watts = need == CLX_BUILDOUT_POWER || need == CLX_BUILDOUT_COOLING;
  return watts ? across(b->edge, b->watts[need == CLX_BUILDOUT_COOLING], b->cohort_count, fmax(gpus, 0)) : gpus;
}

double clx_buildout_watts(const clx_buildout *b, double gpus) { return clx_buildout_asks(b, CLX_BUILDOUT_POWER, gpus); }

// --- what is given -----------------------------------------------------------------------------------------------------------------------

static const clx_buildout_step *steps_of(const clx_buildout_spec *s, int32_t need, int32_t *count) {
  const clx_buildout_step *const list[] = {s->room, s->power, s->cooling, s->network};
  const int32_t counts[] = {s->room_count, s->power_count, s->cooling_count, s->network_count};
  *count = counts[need];
  return list[need];
}

static double part_of(const clx_buildout_gives *g, int32_t need) {
  const double part[] = {g->room, g->power, g->cooling, g->network};
  return part[need];
}

static void add_giving(clx_builder *b, clx_giving giving) {
  clx_buildout *o = b->out;
  giving.driver = -1;
  o->limits[giving.need] = o->limits[giving.need] || giving.kind != CLX_BUILDOUT_EVENT;
  if (fabs(giving.amount) > 0) o->giving[o->giving_count++] = giving;
}

static void add_steps(clx_builder *b, int32_t need) {
  clx_buildout *o = b->out;
  int32_t count;
  const clx_buildout_step *step = steps_of(o->spec, need, &count);
  double before = 0, last = -1;
  for (int32_t k = 0; k < count; k++) {
    const double at = clx_build_date(b, step[k].from, clx_buildout_cause_name[need], step[k].place);
    if (at <= last)
      CLX_WRONG(b, CLX_INPUT, step[k].place, "%s: dates must ascend; %s is not after the one before",
                clx_buildout_cause_name[need], step[k].from);
    add_giving(b, (clx_giving){need, CLX_BUILDOUT_STEP, k, 0, at, step[k].value - before, false});
    before = step[k].value;
    last = at;
  }
  o->limits[need] = o->limits[need] || count > 0;
  const clx_buildout_point *point = o->input->point[need];
  before = 0;
  for (int32_t k = 0; k < o->input->point_count[need]; k++) {
    if (k > 0 && point[k].time < point[k - 1].time)
      CLX_WRONG(b, CLX_INPUT, CLX_NOWHERE, "%s: points of another section must ascend in time",
                clx_buildout_cause_name[need]);
    add_giving(b,
               (clx_giving){need, CLX_BUILDOUT_OUTSIDE, k, 0, fmax(point[k].time, 0), point[k].value - before, false});
    before = point[k].value;
  }
  o->limits[need] = o->limits[need] || o->input->point_count[need] > 0;
}

static void build_needs(clx_builder *b) {
  clx_buildout *o = b->out;
  const clx_buildout_spec *s = o->spec;
  int32_t most = 0;
  for (int32_t n = 0; n < CLX_BUILDOUT_NEEDS; n++) {
    int32_t count;
    steps_of(s, n, &count);
    most += count + o->input->point_count[n] + s->work_count + 2 * s->event_count;
  }
  o->giving = clx_build_room(b, most, sizeof *o->giving);
  if (o->giving == NULL) return;
  for (int32_t n = 0; n < CLX_BUILDOUT_NEEDS; n++) {
    for (int32_t i = 0; i < s->work_count; i++)
      if (part_of(&s->work[i].gives, n) > 0)
        add_giving(b, (clx_giving){n, CLX_BUILDOUT_WORK, i, 0, 0, part_of(&s->work[i].gives, n), false});
    add_steps(b, n);
    for (int32_t e = 0; e < s->event_count; e++) {
      const clx_buildout_event *v = &s->event[e];
      const double part = v->kind == CLX_BUILDOUT_EVENT_CAPACITY ? part_of(&v->loses, n) : 0;
      if (part > 0 && !o->limits[n])
        CLX_WRONG(b, CLX_INPUT, v->place, "loses: event '%s' takes %s, of which nothing else is said", v->name,
                  clx_buildout_cause_name[n]);
      add_giving(b, (clx_giving){n, CLX_BUILDOUT_EVENT, e, 0, 0, -part, false});
      if (v->lasts > 0) add_giving(b, (clx_giving){n, CLX_BUILDOUT_EVENT, e, 0, v->lasts, part, true});
    }
  }
}

static void build_lots(clx_builder *b) {
  clx_buildout *o = b->out;
  const clx_buildout_spec *s = o->spec;
  o->lot = clx_build_room(b, s->lot_count, sizeof *o->lot);
  o->delivers = s->lot_count > 0 || o->input->source.periods > 0;
  if (o->lot == NULL) return;
  for (int32_t k = 0; k < s->lot_count; k++) {
    const clx_buildout_lot *l = &s->lot[k];
    o->lot[k].from = o->lot[k].until = clx_build_date(b, l->from, "deliveries.from", l->place);
    o->lot[k].gpus = l->gpus;
    if (l->until == NULL) continue;
    o->lot[k].until = clx_build_date(b, l->until, "deliveries.until", l->place);
    if (o->lot[k].until < o->lot[k].from)
      CLX_WRONG(b, CLX_INPUT, l->place, "deliveries.until: %s is before %s", l->until, l->from);
  }
  const clx_buildout_source *from = &o->input->source;
  if (from->periods > 0 && (from->fill == NULL || !(from->length > 0) || !isfinite(from->start)))
    CLX_WRONG(b, CLX_INPUT, CLX_NOWHERE, "deliveries: a series of %d periods of %g s from %g s on", from->periods,
              from->length, from->start);
}

// --- events ------------------------------------------------------------------------------------------------------------------------------

static void build_event(clx_builder *b, const clx_buildout_event *v, clx_event_plan *out) {
  const clx_buildout_spec *s = b->out->spec;
  *out = (clx_event_plan){.work = -1};
  const bool delays = v->kind == CLX_BUILDOUT_EVENT_WORK || v->kind == CLX_BUILDOUT_EVENT_DELIVERIES;
  if (v->kind == CLX_BUILDOUT_EVENT_WORK) {
    if (v->work == NULL)
      CLX_WRONG(b, CLX_INPUT, v->place, "work: event '%s' needs the work that it hits", v->name);
    else
      out->work = clx_build_find(b, v->work, "work", s->work, s->work_count, sizeof *s->work, v->place);
  } else if (v->at == NULL) {
    CLX_WRONG(b, CLX_INPUT, v->place, "at: event '%s' needs a date", v->name);
  } else {
    out->at = clx_build_date(b, v->at, "at", v->place);
  }
  if (out->work >= 0 && b->out->bounded && v->probability > 0.5)
    CLX_WRONG(b, CLX_INPUT, v->place,
              "work: event '%s' is more likely than not, but works whose lags are bounded from above are planned with "
              "their durations alone; add its delay to the work",
              v->name);
  if (delays && !(v->delay > 0))
    CLX_WRONG(b, CLX_INPUT, v->place, "delay: event '%s' delays nothing; expected a time, such as 10 days", v->name);
  const char *what = clx_arena_format(b->arena, "delay of event '%s'", v->name);
  if (delays && v->delay > 0)
    out->delay = clx_build_three(b, v->low, v->delay, v->high, what != NULL ? what : "", "s", v->place);
  const double loss = v->loses.room + v->loses.power + v->loses.cooling + v->loses.network;
  if (v->kind == CLX_BUILDOUT_EVENT_CAPACITY && !(loss > 0))
    CLX_WRONG(b, CLX_INPUT, v->place, "loses: event '%s' takes no capacity", v->name);
  if (v->kind == CLX_BUILDOUT_EVENT_DELIVERIES && !b->out->delivers)
    CLX_WRONG(b, CLX_INPUT, v->place, "on: event '%s' delays deliveries, but none are stated", v->name);
  if (v->kind == CLX_BUILDOUT_EVENT_INSTALL && !(s->install.rate > 0))
    CLX_WRONG(b, CLX_INPUT, v->place, "on: event '%s' slows installers, but install.rate is not stated", v->name);
  if (v->kind == CLX_BUILDOUT_EVENT_INSTALL && !(v->share > 0) && !(v->lasts > 0))
    CLX_WRONG(b, CLX_INPUT, v->place, "lasts: event '%s' stops the installers for good", v->name);
}

static void build_events(clx_builder *b) {
  clx_buildout *o = b->out;
  const clx_buildout_spec *s = o->spec;
  clx_build_names(b, "events", s->event, s->event_count, sizeof *s->event, offsetof(clx_buildout_event, place));
  clx_build_names(b, "factors", s->factor, s->factor_count, sizeof *s->factor, offsetof(clx_buildout_factor, place));
  o->event = clx_build_room(b, s->event_count, sizeof *o->event);
  for (int32_t e = 0; e < s->event_count && o->event != NULL; e++) build_event(b, &s->event[e], &o->event[e]);
}

// --- installers and bring-up -------------------------------------------------------------------------------------------------------------

// Shares by date times the calendar, which holds up to the horizon of the series; behind it its mean share of a week.
static void add_calendar(clx_builder *b, const clx_buildout_calendar *c, const clx_curve *share) {
  clx_buildout *o = b->out;
  const double hour = 3600, until = o->days * DAY, week = 7 * 24;
  clx_cursor at = {share, 0};
  double works = 0;
  for (int32_t k = 0; k < 7 * 24; k++) {
    const clx_buildout_calendar plain = {.days = c->days, .opens = c->opens, .closes = c->closes};
    works += clx_build_works_in(b, &plain, k * hour);
  }
  for (double t = 0; t < until; t += hour)
    clx_curve_add(&o->rate, t, clx_cursor_at(&at, t) * clx_build_works_in(b, c, t), 0, CLX_BUILDOUT_INSTALL);
  clx_curve_add(&o->rate, until, clx_cursor_at(&at, until) * works / week, 0, CLX_BUILDOUT_INSTALL);
  for (int32_t k = 0; k < share->count; k++)
    if (share->knot[k].at > until)
      clx_curve_add(&o->rate, share->knot[k].at, share->knot[k].value * works / week, 0, CLX_BUILDOUT_INSTALL);
}

void clx_build_rate(clx_builder *b) {
  clx_buildout *o = b->out;
  const clx_buildout_spec *s = o->spec;
  const clx_buildout_installers *k = &s->install;
  clx_curve share = {.arena = b->arena};
  o->rate.arena = b->arena;
  o->limited = k->rate > 0;
  o->install = clx_build_three(b, k->low, k->rate, k->high, "install.rate", "rack/s", k->place);
  const double from = k->from != NULL ? clx_build_date(b, k->from, "install.from", k->place) : 0;
  double last = -1;
  clx_curve_add(&share, 0, from > 0 ? 0 : 1, 0, CLX_BUILDOUT_INSTALL);
  if (from > 0) clx_curve_add(&share, from, 1, 0, CLX_BUILDOUT_INSTALL);
  for (int32_t i = 0; i < k->shift_count; i++) {
    const double at = clx_build_date(b, k->shift[i].from, "install.steps", k->shift[i].place);
    if (at <= last || at < from)
      CLX_WRONG(b, CLX_INPUT, k->shift[i].place, "install.steps: dates must ascend, and none be before install.from");
    else
      clx_curve_add(&share, at, k->shift[i].share, 0, CLX_BUILDOUT_INSTALL);
    last = at;
  }
  if (!o->limited && (k->from != NULL || k->calendar != NULL || k->shift_count > 0))
    CLX_WRONG(b, CLX_INPUT, k->place, "install.rate: missing; expected one, such as 53 racks/day");
  if (o->limited && !(share.knot[share.count - 1].value > 0))
    CLX_WRONG(b, CLX_INFEASIBLE, k->place, "install.steps: the installers leave for good");
  if (k->calendar == NULL) {
    o->rate = share;
    return;
  }
  const int32_t c =
      clx_build_find(b, k->calendar, "install.calendar", s->calendar, s->calendar_count, sizeof *s->calendar, k->place);
  if (c >= 0) add_calendar(b, &s->calendar[c], &share);
}

static void build_bring_up(clx_builder *b) {
  const clx_buildout_burn_in *k = &b->out->spec->bring_up;
  b->out->burn_in = clx_build_three(b, k->low, k->time, k->high, "bring_up.time", "s", k->place);
  b->out->repair = clx_build_three(b, k->repair_low, k->repair, k->repair_high, "bring_up.repair", "s", k->place);
  if (k->failed > 0.5) CLX_WRONG(b, CLX_INPUT, k->place, "bring_up.failed: %g; expected at most 0.5", k->failed);
}

// -----------------------------------------------------------------------------------------------------------------------------------------

static void build_by(clx_builder *b) {
  const clx_buildout_spec *s = b->out->spec;
  b->out->by = clx_build_room(b, s->by_count, sizeof *b->out->by);
  for (int32_t k = 0; k < s->by_count && b->out->by != NULL; k++)
    b->out->by[k] = clx_build_date(b, s->by[k], "by", s->place);
}

static bool is_word(const char *name) {
  return *name != '\0' &&
         name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")] == '\0';
}

// Most that works and steps give of power, W; steps and sources of others are at their dates, events left out.
static double most_power(const clx_buildout *o) {
  double sum = 0;
  for (int32_t g = 0; g < o->giving_count; g++)
    if (o->giving[g].need == CLX_BUILDOUT_POWER && o->giving[g].amount > 0 && o->giving[g].kind != CLX_BUILDOUT_EVENT)
      sum += o->giving[g].amount;
  return sum;
}

static void build_milestone(clx_builder *b, const clx_buildout_milestone *m, double *wanted) {
  const double all = clx_buildout_watts(b->out, b->out->total);
  char asked[48], there[48];
  clx_quantity_format(m->supplied > 0 ? m->supplied : m->drawn, "W", 4, asked, sizeof asked);
  if (!is_word(m->name))
    CLX_WRONG(b, CLX_INPUT, m->place,
              "milestones: the name '%s' is part of that of a quantity; expected letters, digits, - and _", m->name);
  if ((m->supplied > 0) + (m->drawn > 0) + (m->gpus > 0) != 1)
    CLX_WRONG(b, CLX_INPUT, m->place, "milestones: '%s' needs one of supplied, drawn and gpus", m->name);
  else if (m->supplied > 0 && !b->out->limits[CLX_BUILDOUT_POWER])
    CLX_WRONG(b, CLX_INPUT, m->place,
              "milestones: '%s' asks when there are %s at the site, but nothing says when there is power; state it in "
              "power or in gives of works",
              m->name, asked);
  else if (m->supplied > most_power(b->out) * (1 + 1e-9))
    CLX_WRONG(b, CLX_INFEASIBLE, m->place, "milestones: '%s' asks for %s at the site, where all together give %s",
              m->name, asked, clx_quantity_format(most_power(b->out), "W", 4, there, sizeof there));
  else if (all > 0 && m->drawn > all * (1 + 1e-9))  // 0: names and dates alone are checked
    CLX_WRONG(b, CLX_INFEASIBLE, m->place, "milestones: '%s' asks when %s are drawn; all GPUs at full load draw %s",
              m->name, asked, clx_quantity_format(all, "W", 4, there, sizeof there));
  else if (m->gpus > b->out->total)
    CLX_WRONG(b, CLX_INFEASIBLE, m->place, "milestones: '%s' asks for %.0f GPUs; the fleet has %.0f", m->name, m->gpus,
              b->out->total);
  *wanted = m->supplied > 0 ? m->supplied
            : m->drawn > 0  ? clx_buildout_carries(b->out, CLX_BUILDOUT_POWER, m->drawn)
                            : m->gpus;
}

static void build_milestones(clx_builder *b) {
  const clx_buildout_spec *s = b->out->spec;
  b->out->wanted = clx_build_room(b, s->milestone_count, sizeof *b->out->wanted);
  if (b->out->wanted == NULL) return;
  for (int32_t k = 0; k < s->milestone_count; k++) build_milestone(b, &s->milestone[k], &b->out->wanted[k]);
  clx_build_names(b, "milestones", s->milestone, s->milestone_count, sizeof *s->milestone,
                  offsetof(clx_buildout_milestone, place));
}

clx_status clx_buildout_compile(const clx_buildout_spec *spec, const clx_buildout_input *input, clx_arena *arena,
                                clx_buildout **out, clx_error *error) {
  clx_buildout *o = *out = CLX_NEW(arena, clx_buildout);
  if (o == NULL) return clx_fail_plain(error, CLX_MEMORY, "buildout: out of memory");
  clx_builder b = {.out = o, .arena = arena, .error = error, .status = CLX_OK};
  o->spec = spec;
  o->input = input;
  o->days = (int32_t)ceil(spec->horizon / DAY - 1e-9);
  CLX_TRY(clx_date_read(spec->start, "start", spec->place, &o->start, error));
  if (spec->work_count > CLX_BUILDOUT_WORKS_MAX)
    return clx_fail(error, CLX_INPUT, spec->place, "works: %d; expected at most %d", spec->work_count,
                    CLX_BUILDOUT_WORKS_MAX);
  build_fleet(&b);
  clx_build_works(&b);
  if (o->way == NULL || o->edge == NULL) return b.status;
  build_needs(&b);
  build_lots(&b);
  build_events(&b);
  clx_build_rate(&b);
  build_bring_up(&b);
  build_by(&b);
  build_milestones(&b);
  if (b.status == CLX_OK) clx_build_drivers(&b);
  if (b.status == CLX_OK) clx_build_check(&b);
  return b.status;
}

const clx_project *clx_buildout_project(const clx_buildout *b) { return &b->project; }
