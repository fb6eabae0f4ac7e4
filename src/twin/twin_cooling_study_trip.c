// What `colossus cooling --trip` asks: trips checked against the plant, the minutes after them as named results.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "scenario/scenario.h"
#include "twin/twin_cooling.h"
#include "twin/twin_cooling_study.h"

typedef struct study {
  const clx_twin_power_case *c;
  const clx_plant *plant;
  const clx_cooling_options *options;
  clx_result *result;
  clx_error *error;
} study;

static clx_status put(const study *s, const char *name, double value, const char *unit, const char *doc) {
  char full[128];
  snprintf(full, sizeof full, "cooling.trip.%s", name);
  return clx_twin_put(s->result, full, value, unit, doc, s->error);
}

static clx_status put_text(const study *s, const char *name, const char *text) {
  char full[128];
  snprintf(full, sizeof full, "cooling.trip.%s", name);
  return clx_result_add_text(s->result, full, text, s->error);
}

// --- what is asked -------------------------------------------------------------------------------------------------------

typedef enum kind { PUMP, CDU, CHILLER, UNIT, POWER, RESTORE, LOAD, KINDS } kind;
static const char *const KIND_NAME[KINDS] = {"pump", "cdu", "chiller", "unit", "power", "restore", "load"};
static const int32_t TRIP_OF[KINDS] = {CLX_TRIP_PUMP,  CLX_TRIP_UNIT,    CLX_TRIP_UNIT, CLX_TRIP_UNIT,
                                       CLX_TRIP_POWER, CLX_TRIP_RESTORE, CLX_TRIP_LOAD};

static const clx_plant_unit *unit_named(const clx_plant *plant, const char *name) {
  for (int32_t i = 0; name != NULL && i < plant->unit_count; i++)
    if (clx_text_equal_loose(name, plant->unit[i].spec.name)) return &plant->unit[i];
  return NULL;
}

static const clx_loop *loop_named(const clx_plant *plant, const char *name) {
  for (int32_t i = 0; name != NULL && i < plant->loop_count; i++)
    if (clx_text_equal_loose(name, plant->loop[i].spec.name)) return &plant->loop[i];
  return NULL;
}

// Whether `--trip cdu` or `--trip chiller` means such units.
static bool fits(const clx_plant *plant, int32_t asked, const clx_plant_unit *unit) {
  if (asked == CDU) return unit->spec.kind == CLX_PLANT_EXCHANGER && unit->loop == plant->liquid;
  if (asked == CHILLER) return unit->chiller != NULL;
  return true;
}

// Names of what fits, for messages.
static void list_fitting(const clx_plant *plant, int32_t asked, char *text, size_t size) {
  size_t used = 0;
  text[0] = '\0';
  for (int32_t i = 0; i < plant->unit_count && asked != PUMP && used < size; i++) {
    if (!fits(plant, asked, &plant->unit[i])) continue;
    used += (size_t)snprintf(text + used, size - used, "%s%s", used > 0 ? ", " : "", plant->unit[i].spec.name);
  }
  for (int32_t i = 0; i < plant->loop_count && asked == PUMP && used < size; i++)
    used += (size_t)snprintf(text + used, size - used, "%s%s", used > 0 ? ", " : "", plant->loop[i].spec.name);
  if (used == 0) snprintf(text, size, "none");
}

static clx_status unknown(const study *s, int32_t asked, const char *name) {
  char names[256];
  list_fitting(s->plant, asked, names, sizeof names);
  return clx_fail_plain(s->error, CLX_INPUT, "trip '%s': %s '%s' is no %s of the plant '%s'; it has: %s",
                        KIND_NAME[asked], asked == PUMP ? "loop" : "unit", name,
                        asked == PUMP  ? "loop"
                        : asked == CDU ? "unit between the racks' liquid and the next loop"
                                       : KIND_NAME[asked],
                        s->plant->name, names);
}

// The unit or loop that a trip names, or means where it names none.
static clx_status name_target(const study *s, int32_t asked, clx_trip *trip) {
  const clx_plant *plant = s->plant;
  const clx_plant_unit *unit = unit_named(plant, trip->of);
  char names[256];
  if (asked == PUMP) {
    const clx_loop *loop = loop_named(plant, trip->of);
    if (trip->of == NULL) loop = &plant->loop[plant->liquid >= 0 ? plant->liquid : plant->air];
    if (loop == NULL) return unknown(s, asked, trip->of);
    trip->of = loop->spec.name;
    return CLX_OK;
  }
  if (trip->of != NULL) {
    if (unit == NULL || !fits(plant, asked, unit)) return unknown(s, asked, trip->of);
    trip->of = unit->spec.name;
    return CLX_OK;
  }
  for (int32_t i = 0; i < plant->unit_count && asked != UNIT && unit == NULL; i++)
    if (fits(plant, asked, &plant->unit[i])) unit = &plant->unit[i];
  if (unit == NULL) {
    list_fitting(plant, UNIT, names, sizeof names);
    return clx_fail_plain(s->error, CLX_INPUT, "trip '%s': %s '%s' has %s; its units: %s", KIND_NAME[asked],
                          "the plant", plant->name, asked == UNIT ? "several: name one" : "none", names);
  }
  trip->of = unit->spec.name;
  return CLX_OK;
}

// Power, restore and load name a loop, a unit, or nothing: everything.
static clx_status check_whole(const study *s, int32_t asked, const clx_trip *trip) {
  if (trip->of == NULL) return CLX_OK;
  if (asked == LOAD)
    return clx_fail_plain(s->error, CLX_INPUT, "trip 'load' changes all racks: expected no name, read '%s'", trip->of);
  if (unit_named(s->plant, trip->of) != NULL || loop_named(s->plant, trip->of) != NULL) return CLX_OK;
  char loops[256], units[256];
  list_fitting(s->plant, PUMP, loops, sizeof loops);
  list_fitting(s->plant, UNIT, units, sizeof units);
  return clx_fail_plain(s->error, CLX_INPUT,
                        "trip '%s': '%s' is neither loop nor unit of the plant '%s'; loops: %s; "
                        "units: %s",
                        KIND_NAME[asked], trip->of, s->plant->name, loops, units);
}

static clx_status one_trip(const study *s, const clx_cooling_trip *given, clx_trip *trip) {
  int32_t asked = 0;
  while (asked < KINDS && strcmp(given->kind, KIND_NAME[asked]) != 0) asked++;
  if (asked == KINDS)
    return clx_fail_plain(s->error, CLX_INPUT, "trip '%s': expected pump, cdu, chiller, unit, power, restore or load",
                          given->kind);
  *trip = (clx_trip){.kind = TRIP_OF[asked],
                     .at = given->at,
                     .of = given->of,
                     .count = given->count > 0 || asked == LOAD ? given->count : -1,
                     .member = -1};
  return asked < POWER ? name_target(s, asked, trip) : check_whole(s, asked, trip);
}

// Something has to stop before it comes back.
static clx_status check_restores(const study *s, const clx_trip *trip, int32_t count) {
  for (int32_t i = 0; i < count; i++) {
    bool before = trip[i].kind != CLX_TRIP_RESTORE;
    for (int32_t k = 0; k < count && !before; k++)
      before = trip[k].kind < CLX_TRIP_RESTORE && (trip[k].at < trip[i].at || (trip[k].at <= trip[i].at && k < i));
    if (!before)
      return clx_fail_plain(
          s->error, CLX_INPUT,
          "trip 'restore' at %g s: nothing has stopped before; expected an earlier trip of pump, cdu, "
          "chiller, unit or power",
          trip[i].at);
  }
  return CLX_OK;
}

// What is asked, else what the scenario says; in order of time, those of one time as given.
static clx_status gather(const study *s, clx_trip *trip, int32_t *count) {
  const clx_cooling_spec *spec = &s->c->scenario->spec.cooling;
  const clx_cooling_options *o = s->options;
  clx_trip given[CLX_COOLING_TRIPS_MAX];
  const int32_t all = o->trip != NULL ? o->trip_count : spec->trip_count;
  *count = 0;
  if (all > CLX_COOLING_TRIPS_MAX)
    return clx_fail_plain(s->error, CLX_INPUT, "%d trips: expected at most %d", all, CLX_COOLING_TRIPS_MAX);
  for (int32_t i = 0; i < all; i++) {
    given[i] = o->trip == NULL ? spec->trip[i] : (clx_trip){0};
    if (o->trip != NULL) CLX_TRY(one_trip(s, &o->trip[i], &given[i]));
    CLX_TRY(clx_transient_trip_count(s->plant, &given[i], s->error));
  }
  CLX_TRY(check_restores(s, given, all));
  for (; *count < all; (*count)++) {
    int32_t at = *count;
    for (; at > 0 && trip[at - 1].at > given[*count].at; at--) trip[at] = trip[at - 1];
    trip[at] = given[*count];
  }
  return CLX_OK;
}

// --- what happened -------------------------------------------------------------------------------------------------------

static clx_status put_series(const study *s, const char *name, const char *unit, const clx_transient *t,
                             const float *from) {
  if (from == NULL) return CLX_OK;
  double *x = CLX_NEW_ARRAY(s->c->arena, double, t->samples), *y = CLX_NEW_ARRAY(s->c->arena, double, t->samples);
  char full[64];
  if (x == NULL || y == NULL) return clx_fail_plain(s->error, CLX_MEMORY, "out of memory");
  for (int64_t i = 0; i < t->samples; i++) {
    x[i] = (double)t->time[i];
    y[i] = (double)from[i];
  }
  snprintf(full, sizeof full, "cooling.trip.%s", name);
  return clx_result_add_series(s->result, full, unit, y, "time", "s", x, (int32_t)t->samples, s->error);
}

typedef struct text {
  char at[160];
} text;

// Chillers of other rows go on.
static void add_others(const study *s, const clx_plant_unit *unit, text *out) {
  if (unit->chiller == NULL) return;
  for (int32_t i = 0; i < s->plant->unit_count; i++) {
    const clx_plant_unit *u = &s->plant->unit[i];
    const size_t used = strlen(out->at);
    if (u == unit || u->chiller == NULL || used >= sizeof out->at) continue;
    snprintf(out->at + used, sizeof out->at - used, "; %g %s go on", ceil(u->count) + u->spec.spare, u->spec.name);
  }
}

// "racks: 1 of 3 pumps of each loop stops".
static void describe(const study *s, const clx_trip *t, text *out) {
  const clx_plant_unit *unit = unit_named(s->plant, t->of);
  const clx_loop *loop = loop_named(s->plant, t->of);
  const char *of = t->of != NULL ? t->of : "plant";
  char number[64];
  double there = 0;
  if (t->kind == CLX_TRIP_PUMP && loop != NULL) there = fmax(loop->spec.pumps, 1) + loop->spec.pumps_spare;
  if (t->kind == CLX_TRIP_UNIT && unit != NULL) there = ceil(unit->count - 1e-9) + unit->spec.spare;
  const double stops = t->count > 0 ? t->count : there;
  snprintf(number, sizeof number, "%.0f of %.0f", stops, there);
  switch (t->kind) {
    case CLX_TRIP_PUMP:
      snprintf(out->at, sizeof out->at, "%s: %s pumps of %s", of, stops < there ? number : "all",
               t->member >= 0 ? "one loop stop" : "each loop stop");
      break;
    case CLX_TRIP_UNIT:
      snprintf(out->at, sizeof out->at, "%s: %s stop", of, number);
      if (unit != NULL) add_others(s, unit, out);
      break;
    case CLX_TRIP_POWER:
      snprintf(out->at, sizeof out->at, "%s: everything without backup stops", of);
      break;
    case CLX_TRIP_RESTORE:
      snprintf(out->at, sizeof out->at, "%s comes back", of);
      break;
    default:
      snprintf(out->at, sizeof out->at, "racks go to %.4g of their load", t->count);
  }
}

static clx_status put_what(const study *s, const clx_trip *trip, int32_t count) {
  char all[CLX_COOLING_TRIPS_MAX * sizeof(text)] = "";
  for (int32_t i = 0; i < count; i++) {
    text one;
    const size_t used = strlen(all);
    describe(s, &trip[i], &one);
    snprintf(all + used, sizeof all - used, "%s%s", i > 0 ? "; " : "", one.at);
  }
  CLX_TRY(put_text(s, "what", all));
  CLX_TRY(put_text(s, "start", "all boards at their limit"));
  return put(s, "at", trip[0].at, "s", "of the first, from the start of the series");
}

static clx_status put_event(const study *s, const clx_transient_event *e, const clx_trip *asked, int32_t number) {
  static const char *const WHAT[CLX_EVENT_KINDS] = {[CLX_EVENT_TAKEOVER] = "what stood by takes over",
                                                    [CLX_EVENT_RESTART] = "back in service",
                                                    [CLX_EVENT_WARM] = "racks' supply 0.5 K above what it was",
                                                    [CLX_EVENT_COOL] = "racks' supply back",
                                                    [CLX_EVENT_AIR_LIMIT] = "hall air at its limit",
                                                    [CLX_EVENT_THROTTLE] = "first chips throttle",
                                                    [CLX_EVENT_SHUTDOWN] = "chips shut down",
                                                    [CLX_EVENT_RECOVERED] = "everything as before"};
  char name[64];
  text one;
  if (asked != NULL) {
    describe(s, asked, &one);
  } else {
    snprintf(one.at, sizeof one.at, "%s%s%s", e->what != NULL ? e->what : "", e->what != NULL ? ": " : "",
             WHAT[e->kind]);
  }
  snprintf(name, sizeof name, "event_%d.at", number);
  CLX_TRY(put(s, name, e->at, "s", "from the start of the series"));
  snprintf(name, sizeof name, "event_%d.kind", number);
  CLX_TRY(put_text(s, name, clx_transient_event_name[e->kind]));
  snprintf(name, sizeof name, "event_%d.what", number);
  return put_text(s, name, one.at);
}

// In order of time; those of trips come in the order of the trips.
static clx_status put_events(const study *s, const clx_trip *trip, const clx_transient *t) {
  int32_t next = 0;
  for (int32_t i = 0; i < t->event_count; i++) {
    const clx_transient_event *e = &t->event[i];
    const bool asked = e->kind == CLX_EVENT_TRIP || e->kind == CLX_EVENT_RESTORE || e->kind == CLX_EVENT_LOAD;
    CLX_TRY(put_event(s, e, asked ? &trip[next] : NULL, i + 1));
    next += asked ? 1 : 0;
  }
  return CLX_OK;
}

// K of hall air at which servers would long have stopped: 10 K beyond the widest allowable class, A4.
static const double HALL_MOST = 328.15;

static double most_of(const float *series, int64_t samples) {
  double most = 0;
  for (int64_t i = 0; series != NULL && i < samples; i++) most = fmax(most, (double)series[i]);
  return most;
}

static clx_status put_times(const study *s, const clx_transient *t, double shown) {
  const struct {
    const char *name;
    double value;
    const char *doc;
  } times[] = {
      {"to_warm", t->to_warm, "from the trip until the racks' supply is 0.5 K above what it was"},
      {"to_air_limit", t->to_air_limit, "from the trip until hall air at the servers is beyond its limit"},
      {"to_throttle", t->to_throttle, "from the trip until the first chip throttles"},
      {"to_shutdown", t->to_shutdown, "from the trip until the first chip shuts down"},
      {"recovered", t->recovered,
       "from the trip until supplies, hall air, flows, clocks, units and power of the plant are what they were"}};
  for (int32_t i = 0; i < CLX_COUNT(times); i++)
    if (isfinite(times[i].value)) CLX_TRY(put(s, times[i].name, times[i].value, "s", times[i].doc));
  const double chip = most_of(t->chip_most, t->samples);
  CLX_TRY(put(s, "shown", shown, "s", "from the first trip to the end of the series"));
  CLX_TRY(put(s, "supply_most", most_of(t->supply_most, t->samples), "K", "hottest supply of any loop of racks"));
  if (t->air != NULL) {
    CLX_TRY(put(s, "air_most", most_of(t->air, t->samples), "K", "hottest hall air at the servers"));
    CLX_TRY(put(s, "air_limit", clx_twin_cooling_air_limit(), "K", "that servers may have: ASHRAE class A2"));
  }
  if (chip > 0) CLX_TRY(put(s, "chip_most", chip, "K", "hottest junction"));
  CLX_TRY(put(s, "throttled_share", t->throttled_share, "", "of the chips, most at once; those that are off count"));
  CLX_TRY(
      put(s, "shut_share", t->shut_share, "", "of the chips that shut down: they stay off until somebody starts them"));
  CLX_TRY(put(s, "residual", t->energy_residual, "", "energy not accounted for, share"));
  if (most_of(t->air, t->samples) > HALL_MOST)
    CLX_TRY(clx_result_warn(s->result, s->error,
                            "cooling: hall air at %.3g degC: servers stop before that, and their heat goes on here",
                            most_of(t->air, t->samples) - 273.15));
  if (!(t->swing > 0.1)) return CLX_OK;
  return clx_result_warn(
      s->result, s->error,
      "cooling: before the trip the controls of the plant hunt: temperatures swing by %.2g K to either "
      "side",
      t->swing);
}

clx_status clx_twin_cooling_trips(const clx_twin_power_case *c, const clx_cooling_options *options, clx_result *result,
                                  clx_error *error) {
  static const double AFTER = 600,
                      AFTER_RESTORE = 2400;  // s that are shown after the last: machines restart, halls cool down
  const study s = {.c = c, .plant = &c->cooling->plant, .options = options, .result = result, .error = error};
  clx_trip trip[CLX_COOLING_TRIPS_MAX];
  clx_transient t;
  int32_t count;
  CLX_TRY(gather(&s, trip, &count));
  if (count == 0 && options->outside > 0)
    return clx_fail_plain(error, CLX_INPUT,
                          "'outside' is the air at a trip, and there is none: ask for one, or give the scenario "
                          "'cooling.trips'");
  if (count == 0) return CLX_OK;
  bool restored = false;
  for (int32_t i = 0; i < count; i++) restored = restored || trip[i].kind == CLX_TRIP_RESTORE;
  const double end = trip[count - 1].at + (restored ? AFTER_RESTORE : AFTER);
  CLX_TRY(clx_twin_cooling_transient(c, trip, count, options->outside, end, &t, error));
  const double dry = options->outside > 0                    ? options->outside
                     : c->scenario->spec.cooling.outside > 0 ? c->scenario->spec.cooling.outside
                                                             : s.plant->design.dry_bulb;
  CLX_TRY(put(&s, "dry_bulb", dry, "K", "outside"));
  CLX_TRY(clx_twin_cooling_assume_hall(c, result, error));
  CLX_TRY(put_what(&s, trip, count));
  CLX_TRY(put_events(&s, trip, &t));
  CLX_TRY(put_times(&s, &t, end - trip[0].at));
  CLX_TRY(put_series(&s, "supply", "K", &t, t.supply));
  CLX_TRY(put_series(&s, "supply_most", "K", &t, t.supply_most));
  CLX_TRY(put_series(&s, "air", "K", &t, t.air));
  CLX_TRY(put_series(&s, "chip", "K", &t, t.chip_most));
  CLX_TRY(put_series(&s, "flow", "", &t, t.flow));
  CLX_TRY(put_series(&s, "clock", "", &t, t.clock));
  return put_series(&s, "power", "W", &t, t.electric);
}
