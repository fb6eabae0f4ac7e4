// Whether a supply can be: every field with a sentence that names it.
#include <math.h>
#include <stdio.h>

#include "power/power_supply.h"
#include "unit/unit.h"

typedef struct check {
  clx_status status;
  clx_error *error;
  clx_place place;
  const char *list, *name;  // "source", "north"
} check;

typedef enum rule { SPAN, AMOUNT, POSITIVE, SHARE, EFFICIENCY, COUNT, ABOVE_ONE } rule;

static const char *const expected[] = {
    [SPAN] = "a finite time of at least 0 s",     [AMOUNT] = "a finite number of at least 0",
    [POSITIVE] = "a finite number above 0",       [SHARE] = "a share within 0..1",
    [EFFICIENCY] = "a share above 0 and up to 1", [COUNT] = "a whole number of at least 1",
    [ABOVE_ONE] = "at least 1 J of fuel per J",
};

static bool obeys(rule asked, double value) {
  if (!isfinite(value)) return false;
  switch (asked) {
    case POSITIVE:
      return value > 0;
    case SHARE:
      return value >= 0 && value <= 1;
    case EFFICIENCY:
      return value > 0 && value <= 1;
    case COUNT:
      return value >= 1 && value == floor(value);
    case ABOVE_ONE:
      return value >= 1;
    default:
      return value >= 0;
  }
}

static void refuse(check *c, const char *key, double value, const char *unit, const char *want) {
  char text[64];
  c->status = clx_fail(c->error, CLX_INPUT, c->place, "%s %s: %s is %s; expected %s", c->list, c->name, key,
                       clx_quantity_format(value, unit, 6, text, sizeof text), want);
}

static void demand(check *c, const char *key, double value, const char *unit, rule asked) {
  if (!obeys(asked, value)) refuse(c, key, value, unit, expected[asked]);
}

static const char *or_unnamed(const char *name) { return name != NULL ? name : "without a name"; }

static void check_span(check *c, double from, double until) {
  demand(c, "from", from, "s", SPAN);
  demand(c, "until", until, "s", SPAN);
  if (!(until > 0) || !(until <= from)) return;
  char start[64], end[64];
  c->status =
      clx_fail(c->error, CLX_INPUT, c->place, "%s %s: until is %s, before it starts at %s; expected a later time",
               c->list, c->name, clx_quantity_format(until, "s", 6, end, sizeof end),
               clx_quantity_format(from, "s", 6, start, sizeof start));
}

static void check_generator(check *c, const clx_generator *g) {
  demand(c, "power of its generator", g->power, "W", POSITIVE);
  demand(c, "minimum of its generator", g->minimum, "", SHARE);
  demand(c, "start_time of its generator", g->start_time, "s", SPAN);
  demand(c, "ramp of its generator", g->ramp, "W/s", POSITIVE);
  demand(c, "hold of its generator", g->hold, "s", SPAN);
  demand(c, "heat_rate of its generator", g->heat_rate, "", ABOVE_ONE);
  if (g->heat_rate_minimum != 0 && !(isfinite(g->heat_rate_minimum) && g->heat_rate_minimum >= g->heat_rate)) {
    refuse(c, "heat_rate_minimum of its generator", g->heat_rate_minimum, "", "at least heat_rate");
  }
  demand(c, "fuel_carbon of its generator", g->fuel_carbon, "kg/J", AMOUNT);
  demand(c, "nox of its generator", g->nox, "kg/J", AMOUNT);
  demand(c, "fuel_price of its generator", g->fuel_price, "USD/J", AMOUNT);
  demand(c, "upkeep of its generator", g->upkeep, "USD/J", AMOUNT);
}

static void check_source(check *c, const clx_source *s) {
  c->list = "source", c->name = or_unnamed(s->name), c->place = s->place;
  check_span(c, s->from, s->until);
  demand(c, "derating", s->derating, "", EFFICIENCY);
  if (s->generator == NULL) {
    demand(c, "power", s->power, "W", POSITIVE);
    return;
  }
  demand(c, "count", s->count, "", COUNT);
  check_generator(c, s->generator);
}

static void check_store(check *c, const clx_store *s) {
  const clx_battery *b = s->battery;
  c->list = "battery", c->name = b != NULL ? or_unnamed(b->name) : or_unnamed(NULL), c->place = s->place;
  if (b == NULL) {
    c->status =
        clx_fail(c->error, CLX_INPUT, c->place, "battery: no entry is named; expected one of catalogue/battery");
    return;
  }
  demand(c, "power", b->power, "W", POSITIVE);
  demand(c, "energy", b->energy, "J", POSITIVE);
  demand(c, "round_trip", b->round_trip, "", EFFICIENCY);
  demand(c, "standby", b->standby, "W", AMOUNT);
  demand(c, "least", b->least, "", SHARE);
  demand(c, "most", b->most, "", SHARE);
  if (!(b->least < b->most)) refuse(c, "least", b->least, "", "less than most, the highest state of charge");
  demand(c, "cycles", b->cycles, "", AMOUNT);
  demand(c, "life", b->life, "s", SPAN);
  demand(c, "count", s->count, "", POSITIVE);
  demand(c, "from", s->from, "s", SPAN);
  demand(c, "charge", s->charge, "", SHARE);
  demand(c, "charge_power", s->charge_power, "W", AMOUNT);
  if (s->roles <= 0 || s->roles >= 2 * CLX_BATTERY_SMOOTH) refuse(c, "roles", s->roles, "", "bridge, shave or smooth");
}

static void check_curtailment(check *c, const clx_curtailment *t, int32_t index) {
  char name[16];
  snprintf(name, sizeof name, "%d", index + 1);
  c->list = "curtailment", c->name = name, c->place = t->place;
  demand(c, "at", t->at, "s", SPAN);
  demand(c, "notice", t->notice, "s", SPAN);
  demand(c, "power", t->power, "W", AMOUNT);
  if (!obeys(POSITIVE, t->duration)) refuse(c, "duration", t->duration, "s", "a time above 0: it must end");
  c->name = NULL;
}

static void check_tariff(check *c, const clx_tariff *t) {
  c->list = "tariff", c->name = or_unnamed(t->name), c->place = (clx_place){0, 0, 0};
  demand(c, "demand", t->demand, "USD/W", AMOUNT);
  demand(c, "demand_window", t->demand_window, "s", POSITIVE);
  demand(c, "fixed", t->fixed, "USD", AMOUNT);
}

clx_status clx_supply_check(const clx_supply *supply, clx_error *error) {
  check c = {.status = CLX_OK, .error = error};
  if (supply->source_count < 1 || supply->source_count > CLX_SOURCES_MAX) {
    return clx_fail_plain(error, CLX_INPUT, "sources holds %d; expected 1 to %d", supply->source_count,
                          CLX_SOURCES_MAX);
  }
  if (supply->store_count > CLX_STORES_MAX) {
    return clx_fail_plain(error, CLX_INPUT, "batteries holds %d; expected up to %d", supply->store_count,
                          CLX_STORES_MAX);
  }
  for (int32_t i = 0; i < supply->source_count; i++) check_source(&c, &supply->source[i]);
  for (int32_t i = 0; i < supply->store_count; i++) check_store(&c, &supply->store[i]);
  for (int32_t i = 0; i < supply->curtailment_count; i++) check_curtailment(&c, &supply->curtailment[i], i);
  if (supply->tariff != NULL) check_tariff(&c, supply->tariff);
  return c.status;
}
