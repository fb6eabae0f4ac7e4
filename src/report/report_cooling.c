// What `cooling` prints, and what `run` says of cooling.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/report_cooling.h"
#include "report/report_words.h"
#include "unit/unit.h"

enum { SHORT = 96 };

static const double SEEN = 5e-4;  // shares that print as 0.1 % or more

static double value(const clx_words *w, const char *name) { return clx_result_value(w->result, name, 0); }

// Share of the year that `name`, in s, is.
static bool put_share_of_year(clx_words *w, const char *separator, const char *before, const char *name,
                              const char *after) {
  const double year = value(w, "cooling.free_time") + value(w, "cooling.compressor_time");
  const clx_quantity *q = clx_result_find(w->result, name);
  if (q == NULL || !(year > 0)) return false;
  clx_words_add(w, "%s%s%.1f %%%s", clx_words_between(w, separator), before, 100 * q->value / year, after);
  return true;
}

static bool put_water(clx_words *w, const char *separator, const char *before, const char *name, const char *after) {
  char text[CLX_COOLING_NAME];
  const clx_quantity *q = clx_result_find(w->result, name);
  if (q == NULL || !(q->value > 0)) return false;
  clx_words_add(w, "%s%s%s%s", clx_words_between(w, separator), before, clx_cooling_volume(q->value, text), after);
  return true;
}

// How long chips last without cooling power.
static void put_ride(clx_words *w, const char *separator, const char *after) {
  const bool longer = clx_result_fact(w->result, "cooling.ride_through.note") != NULL;
  clx_words_put(w, separator, longer ? "more than " : "", "cooling.ride_through", 3, after);
}

// --- sums --------------------------------------------------------------------------------------------------------------------

// "PUE 1.084, WUE 0.41 L/kWh".
static void add_ratios(clx_words *w) {
  char text[CLX_COOLING_NAME];
  const clx_quantity *pue = clx_result_find(w->result, "cooling.pue"), *wue = clx_result_find(w->result, "cooling.wue");
  if (pue != NULL) clx_words_add(w, "%sPUE %.3f", clx_words_between(w, ", "), pue->value);
  if (wue != NULL)
    clx_words_add(w, "%sWUE %s L/kWh", clx_words_between(w, ", "), clx_cooling_per_kwh(wue->value, text));
}

static void add_supply(clx_words *w) {
  if (!clx_words_put(w, "; ", "supply ", "cooling.supply_temperature", 3, "")) return;
  clx_words_put(w, " ", "(throttling above ", "cooling.supply_limit", 3, ")");
}

// What is hot: "GPUs up to 84.2 degC, memory 91 degC".
static void add_chips(clx_words *w) {
  clx_words_put(w, "; ", "chips up to ", "cooling.chip_temperature_max", 3, "");
  clx_words_put(w, ", ", "memory ", "cooling.memory_temperature_max", 3, "");
}

static void add_throttle(clx_words *w) {
  const char *first = clx_result_fact(w->result, "cooling.throttles_first");
  const double share = value(w, "cooling.throttled_fraction");
  if (clx_result_find(w->result, "cooling.throttled_fraction") == NULL) return;
  if (share <= 0) {
    clx_words_add(w, "%snever throttled", clx_words_between(w, "; "));
  } else {
    clx_words_add(w,
                  share < SEEN ? "%sat their limit throttled in less than 0.1 %% of the hours"
                               : "%sat their limit throttled in %.1f %% of the hours",
                  clx_words_between(w, "; "), 100 * share);
    if (first != NULL) clx_words_add(w, ", %s first", first);
  }
}

enum { KEPT = 3 };  // lines of a run that warnings, assumptions and the second line of cooling need

void clx_report_cooling_lines(const clx_result *result, clx_page *page) {
  clx_words w = {.result = result, .page = page};
  add_ratios(&w);
  put_water(&w, ", ", "water ", "cooling.water", "");
  add_supply(&w);
  clx_words_end(&w, "cooling", 1, CLX_REPORT_BOLD);
  if (page->lines > CLX_REPORT_LINES - KEPT) return;
  add_chips(&w);
  add_throttle(&w);
  put_ride(&w, "; ", " without cooling power");
  clx_words_end(&w, "", 1, CLX_REPORT_PLAIN);
}

static void write_title(clx_words *w) {
  const char *plant = clx_result_fact(w->result, "cooling.plant"),
             *weather = clx_result_fact(w->result, "cooling.weather");
  clx_words_machine(w, false);
  if (plant != NULL) clx_words_add(w, "%s", plant);
  clx_words_end(w, "plant", 2, CLX_REPORT_PLAIN);
  if (weather != NULL) clx_words_add(w, "%s", weather);
  clx_words_put(w, "; ", "design day ", "cooling.design.dry_bulb", 3, " dry bulb");
  clx_words_put(w, ", ", "", "cooling.design.wet_bulb", 3, " wet bulb");
  clx_words_end(w, "weather", 2, CLX_REPORT_PLAIN);
}

static void write_sums(clx_words *w) {
  add_ratios(w);
  clx_words_put(w, "; ", "cooling draws ", "cooling.power", 3, "");
  clx_words_percent(w, " (", "", "cooling.power_share", " of IT)");
  clx_words_put(w, ", ", "", "cooling.power_peak", 3, " in the hour that takes most");
  clx_words_end(w, "cooling", 2, CLX_REPORT_BOLD);
  clx_words_put(w, "; ", "heat ", "cooling.heat.liquid", 3, " into liquid");
  clx_words_put(w, ", ", "", "cooling.heat.air", 3, " into air");
  clx_words_end(w, "", 2, CLX_REPORT_PLAIN);
  clx_words_some(w, ", ", "compressors ", "cooling.compressors", 3, "");
  clx_words_some(w, ", ", "pumps ", "cooling.pumps", 3, "");
  clx_words_some(w, ", ", "fans ", "cooling.fans", 3, "");
  clx_words_some(w, ", ", "auxiliary ", "cooling.auxiliary", 3, "");
  put_share_of_year(w, "; ", "no compressor runs ", "cooling.free_time", " of the time");
  if (value(w, "cooling.heat.liquid") > 0)
    put_share_of_year(w, ", ", "the liquid needs some ", "cooling.liquid_compressor_time", "");
  clx_words_end(w, "power", 2, CLX_REPORT_PLAIN);
}

static void write_water(clx_words *w) {
  if (put_water(w, "", "", "cooling.water", "")) {
    put_water(w, " (", "evaporation ", "cooling.water.evaporation", "");
    put_water(w, ", ", "blowdown ", "cooling.water.blowdown", "");
    put_water(w, ", ", "drift ", "cooling.water.drift", "");
    if (strchr(w->text, '(') != NULL) clx_words_add(w, ")");
    clx_words_some(w, "; ", "at most ", "cooling.water_peak", 3, "");
  }
  clx_words_end(w, "water", 2, CLX_REPORT_PLAIN);
}

static void write_chips(clx_words *w) {
  add_supply(w);
  add_chips(w);
  add_throttle(w);
  clx_words_end(w, "chips", 2, CLX_REPORT_PLAIN);
  clx_words_some(w, ", ", "leakage ", "cooling.leakage", 3, " above that at reference temperature");
  clx_words_percent(w, "; ", "hottest hour: clock ", "cooling.clock", "");
  clx_words_put(w, ", ", "step ", "cooling.step_time", 4, "");
  clx_words_end(w, "", 2, CLX_REPORT_PLAIN);
  clx_words_some(w, "; ", "supply above its set point for ", "cooling.warm_time", 3, "");
  clx_words_some(w, "; ", "boards at their limit throttle for ", "cooling.throttled_time", 3, "");
  clx_words_some(w, "; ", "equipment outside its curves' range for ", "cooling.outside_range", 3, "");
  clx_words_end(w, "hours", 2, CLX_REPORT_PLAIN);
}

// --- the plant ---------------------------------------------------------------------------------------------------------------

static const char *number(double value, const char *unit, int digits, char text[SHORT]) {
  text[0] = '\0';
  return value < 0 ? text : clx_quantity_format(value, unit, digits, text, SHORT);
}

// The title, or where it finds no room the name, which keys and trips take.
static const char *called(const char *title, const char *name, double room, char *cut) {
  if (clx_text_equal(clx_goodput_cut(title, room, 0, cut, SHORT), title)) return cut;
  return clx_goodput_cut(name, room, 0, cut, SHORT);
}

static void write_loops(clx_words *w, const clx_cooling_view *v) {
  char cut[SHORT], count[SHORT], range[SHORT], heat[SHORT], pump[SHORT], flow[CLX_COOLING_NAME], drop[CLX_COOLING_NAME];
  const char *moment = clx_result_fact(w->result, "cooling.moment");
  if (v->loop_count == 0) return;
  if (moment != NULL) clx_words_add(w, "%s", moment);
  clx_words_put(w, ": ", "", "cooling.moment.dry_bulb", 3, " dry bulb");
  clx_words_put(w, ", ", "", "cooling.moment.wet_bulb", 3, " wet bulb");
  if (clx_words_put(w, "; ", "", "cooling.moment.liquid", 4, " of heat into liquid")) {
    clx_words_put(w, ", ", "", "cooling.moment.air", 4, " into air");
    clx_words_put(w, ", ", "", "cooling.moment.power", 3, " for the plant");
  }
  clx_words_end(w, "state", 2, CLX_REPORT_PLAIN);
  clx_words_add(w, "%-20s %5s %14s %10s %11s %9s %8s", "loop", "", "supply-back", "heat", "flow", "drop", "pumps");
  clx_words_end(w, "loops", 0, CLX_REPORT_BOLD);
  for (int32_t i = 0; i < v->loop_count; i++) {
    const clx_cooling_loop_view *l = &v->loop[i];
    clx_words_add(w, "%-20s %5s", called(l->title, l->name, 20, cut), number(l->count, "", 4, count));
    snprintf(range, sizeof range, l->back > 0 ? "%.1f-%.1f degC" : "%.1f degC", l->supply - 273.15, l->back - 273.15);
    clx_words_add(w, " %14s", range);
    clx_words_add(w, " %10s %11s %9s %8s%s", number(l->heat, "W", 4, heat),
                  l->flow > 0 ? clx_cooling_flow(l->flow, flow) : "",
                  l->pressure > 0 ? clx_cooling_bar(l->pressure, drop) : "",
                  l->pump > 0 ? number(l->pump, "W", 3, pump) : "", l->warm ? " WARM" : "");
    clx_words_end(w, "", 0, l->warm ? CLX_REPORT_BOLD : CLX_REPORT_PLAIN);
  }
}

// "119 + 12", of which so many run.
static const char *units_text(const clx_cooling_unit_view *u, char text[SHORT]) {
  char count[SHORT], spare[SHORT];
  snprintf(text, SHORT, "%.32s%s%.32s", number(ceil(u->count), "", 6, count), u->spare > 0 ? " + " : "",
           u->spare > 0 ? number(ceil(u->spare), "", 6, spare) : "");
  return text;
}

static void write_units(clx_words *w, const clx_cooling_view *v) {
  char cut[SHORT], count[SHORT], running[SHORT], heat[SHORT], electric[SHORT], water[CLX_COOLING_NAME];
  if (v->unit_count == 0) return;
  clx_words_add(w, "%-26s %9s %5s %10s %6s %8s %10s", "unit", "", "run", "heat", "load", "electric", "water");
  clx_words_end(w, "units", 0, CLX_REPORT_BOLD);
  for (int32_t i = 0; i < v->unit_count; i++) {
    const clx_cooling_unit_view *u = &v->unit[i];
    clx_words_add(w, "%-26s %9s %5s %10s", called(u->title, u->name, 26, cut), units_text(u, count),
                  u->running >= 0 ? number(ceil(u->running), "", 5, running) : "", number(u->heat, "W", 4, heat));
    if (u->share >= 0) {
      clx_words_add(w, " %4.0f %%", 100 * u->share);
    } else {
      clx_words_add(w, " %6s", "");
    }
    clx_words_add(w, " %8s %10s%s", u->electric > 0 ? number(u->electric, "W", 3, electric) : "",
                  u->water > 0 ? clx_cooling_flow(u->water, water) : "", u->limit ? " RANGE" : "");
    clx_words_end(w, "", 0, CLX_REPORT_PLAIN);
  }
  if (v->more > 0) clx_words_add(w, "%d more: --json", v->more);
  clx_words_end(w, "", 0, CLX_REPORT_DIM);
}

// What the designer found: carriers and spares of each row, against what the plant has.
static void write_design(clx_words *w, const clx_cooling_view *v) {
  const char *note = clx_result_fact(w->result, "cooling.design.note");
  char cut[SHORT], count[SHORT], spare[SHORT], capacity[SHORT];
  if (note != NULL) clx_words_add(w, "%s", note);
  clx_words_end(w, "design", 2, CLX_REPORT_PLAIN);
  bool first = true;
  for (int32_t i = 0; i < v->unit_count; i++) {
    const char *name = v->unit[i].name;
    const double found = clx_cooling_value(w->result, "design.unit", name, "count", -1),
                 beyond = clx_cooling_value(w->result, "design.unit", name, "spare", 0),
                 one = clx_cooling_value(w->result, "design.unit", name, "capacity", -1);
    if (found < 0) continue;
    if (first) {
      clx_words_add(w, "%-26s %9s %6s %11s %7s", "smallest plant", "carry", "spare", "one carries", "load");
      clx_words_end(w, note != NULL ? "" : "design", 0, CLX_REPORT_BOLD);
      first = false;
    }
    clx_words_add(w, "%-26s %9s %6s %11s %5.0f %%", called(v->unit[i].title, name, 26, cut),
                  number(ceil(found), "", 6, count), number(ceil(beyond), "", 6, spare), number(one, "W", 4, capacity),
                  100 * clx_cooling_value(w->result, "design.unit", name, "share", 0));
    clx_words_end(w, "", 0, CLX_REPORT_PLAIN);
  }
}

// --- after a trip, side by side ----------------------------------------------------------------------------------------------

static void write_trip(clx_words *w) {
  const char *what = clx_result_fact(w->result, "cooling.trip.what");
  const char *note = clx_result_fact(w->result, "cooling.ride_through.note");
  const char *start = clx_result_fact(w->result, "cooling.trip.start");
  put_ride(w, "", " from the loss of all cooling power until the first chip throttles, boards at their limit");
  if (w->text[0] == '\0' && note != NULL) clx_words_add(w, "%s", note);
  clx_words_end(w, "no power", 2, CLX_REPORT_PLAIN);
  if (what == NULL && clx_result_find(w->result, "cooling.trip.supply_most") == NULL) return;
  if (what != NULL) clx_words_add(w, "%s", what);
  clx_words_put(w, ", ", "", "cooling.trip.dry_bulb", 3, " outside");
  if (start != NULL) clx_words_add(w, "; before it %s", start);
  clx_words_end(w, "trip", 3, CLX_REPORT_BOLD);
  clx_words_put(w, ", ", "supply warmer by 0.5 K after ", "cooling.trip.to_warm", 3, "");
  if (clx_words_put(w, ", ", "hall air above ", "cooling.trip.air_limit", 3, "") &&
      !clx_words_put(w, " ", "after ", "cooling.trip.to_air_limit", 3, ""))
    clx_words_add(w, ": never");
  if (!clx_words_put(w, ", ", "first chip throttles after ", "cooling.trip.to_throttle", 3, "")) {
    clx_words_add(w, "%sno chip throttles", clx_words_between(w, ", "));
  } else {
    clx_words_percent(w, " ", "(at most ", "cooling.trip.throttled_share", " of them)");
  }
  clx_words_put(w, ", ", "shuts down after ", "cooling.trip.to_shutdown", 3, "");
  if (value(w, "cooling.trip.shut_share") > 0)
    clx_words_percent(w, " ", "(", "cooling.trip.shut_share", ": they stay off)");
  clx_words_end(w, "", 3, CLX_REPORT_PLAIN);
  clx_words_put(w, ", ", "hottest supply ", "cooling.trip.supply_most", 3, "");
  clx_words_put(w, ", ", "hall air ", "cooling.trip.air_most", 3, "");
  clx_words_put(w, ", ", "chip ", "cooling.trip.chip_most", 3, "");
  const clx_quantity *recovered = clx_result_find(w->result, "cooling.trip.recovered");
  if (recovered == NULL) {
    if (!clx_words_put(w, "; ", "not as before within the ", "cooling.trip.shown", 3, " shown"))
      clx_words_add(w, "; not as before within the time shown");
  } else if (recovered->value > 0) {
    clx_words_put(w, "; ", "everything as before after ", "cooling.trip.recovered", 3, "");
  } else {
    clx_words_add(w, "; everything stays as it was");
  }
  clx_words_end(w, "", 3, CLX_REPORT_PLAIN);
}

static void write_compare(clx_words *w) {
  char name[CLX_COOLING_SUPPLIES][CLX_COOLING_NAME], plant[SHORT], site[SHORT], water[CLX_COOLING_NAME], leak[SHORT],
      step[SHORT], chip[CLX_COOLING_NAME], liquid[SHORT];
  const int32_t count = clx_cooling_supplies(w->result, name);
  if (count == 0) return;
  clx_words_add(w, "%-6s %7s %9s %9s %9s %9s %9s %11s %10s", "supply", "PUE", "plant", "site", "leakage", "step",
                "chip", "water", "for liquid");
  clx_words_end(w, "compared", 0, CLX_REPORT_BOLD);
  for (int32_t i = 0; i < count; i++) {
    const char *of = name[i];
    const double kg = clx_cooling_value(w->result, "compare", of, "water", -1),
                 hottest = clx_cooling_value(w->result, "compare", of, "chip_temperature_max", -1);
    if (clx_cooling_value(w->result, "compare", of, "infeasible", 0) > 0) {
      clx_words_add(w, "%-6.6s no size of the plant holds it on the design day", of);
      clx_words_end(w, "", 0, CLX_REPORT_PLAIN);
      continue;
    }
    clx_words_add(w, "%-6.6s %7.4f %9s %9s %9s %9s %9s %11s %10s", of,
                  clx_cooling_value(w->result, "compare", of, "pue", 0),
                  number(clx_cooling_value(w->result, "compare", of, "energy", -1), "J", 3, plant),
                  number(clx_cooling_value(w->result, "compare", of, "site_energy", -1), "J", 4, site),
                  number(clx_cooling_value(w->result, "compare", of, "leakage", -1), "W", 3, leak),
                  number(clx_cooling_value(w->result, "compare", of, "step_time", -1), "s", 4, step),
                  hottest > 0 ? clx_cooling_celsius(hottest, chip) : "", kg >= 0 ? clx_cooling_volume(kg, water) : "",
                  number(clx_cooling_value(w->result, "compare", of, "liquid_compressor_time", -1), "s", 3, liquid));
    clx_words_end(w, "", 0, CLX_REPORT_PLAIN);
  }
  clx_words_add(w,
                "a year of plant and site; of all GPUs beyond the reference; the job's step; the hottest chip; "
                "compressors that the liquid needs");
  clx_words_end(w, "", 2, CLX_REPORT_PLAIN);
}

void clx_report_cooling(const clx_result *result, bool colour, clx_buffer *out) {
  clx_page page = {.out = out, .colour = colour};
  clx_words w = {.result = result, .page = &page};
  clx_cooling_view view;
  clx_cooling_view_of(result, &view);
  write_title(&w);
  write_sums(&w);
  write_water(&w);
  write_chips(&w);
  write_loops(&w, &view);
  write_units(&w, &view);
  write_design(&w, &view);
  write_trip(&w);
  write_compare(&w);
  clx_page_warnings(&page, result, 8);
}
