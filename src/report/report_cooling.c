// What `cooling` prints, and what `run` says of cooling.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/report_cooling.h"
#include "unit/unit.h"

enum { SHORT = 96, LINE = 900 };

static const double SEEN = 5e-4;  // shares that print as 0.1 % or more

typedef struct writer {
  const clx_result *result;
  clx_page *page;
  char text[LINE];  // of a paragraph in the making
} writer;

static void add(writer *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(writer *w, const char *format, ...) {
  const size_t length = strlen(w->text);
  va_list args;
  va_start(args, format);
  vsnprintf(w->text + length, LINE - length, format, args);
  va_end(args);
}

// Writes the paragraph on at most `most` lines, 0: as a row of a table; and starts a new one.
static void flush(writer *w, const char *label, int32_t most, clx_report_style style) {
  clx_text_clean(w->text, true);
  if (w->text[0] != '\0' && most == 0) clx_page_row(w->page, label, w->text, style);
  if (w->text[0] != '\0' && most > 0) clx_page_put(w->page, label, w->text, most, style);
  w->text[0] = '\0';
}

static double value(const writer *w, const char *name) { return clx_result_value(w->result, name, 0); }

static const char *between(const writer *w, const char *separator) { return w->text[0] != '\0' ? separator : ""; }

// "<separator><before><quantity><after>"; the separator is left out at the start. False, and nothing, when it is absent.
static bool put(writer *w, const char *separator, const char *before, const char *name, int digits, const char *after) {
  char text[SHORT];
  const clx_quantity *q = clx_result_find(w->result, name);
  if (q == NULL) return false;
  add(w, "%s%s%s%s", between(w, separator), before, clx_quantity_format(q->value, q->unit, digits, text, sizeof text),
      after);
  return true;
}

// The same where it is more than nothing.
static bool put_some(writer *w, const char *separator, const char *before, const char *name, int digits,
                     const char *after) {
  return value(w, name) > 0 && put(w, separator, before, name, digits, after);
}

static bool put_percent(writer *w, const char *separator, const char *before, const char *name, const char *after) {
  const clx_quantity *q = clx_result_find(w->result, name);
  if (q == NULL) return false;
  add(w, "%s%s%.1f %%%s", between(w, separator), before, 100 * q->value, after);
  return true;
}

static bool put_water(writer *w, const char *separator, const char *before, const char *name, const char *after) {
  char text[CLX_COOLING_NAME];
  const clx_quantity *q = clx_result_find(w->result, name);
  if (q == NULL || !(q->value > 0)) return false;
  add(w, "%s%s%s%s", between(w, separator), before, clx_cooling_volume(q->value, text), after);
  return true;
}

// How long chips last without cooling power.
static void put_ride(writer *w, const char *separator, const char *after) {
  const bool longer = clx_result_fact(w->result, "cooling.ride_through.note") != NULL;
  put(w, separator, longer ? "more than " : "", "cooling.ride_through", 3, after);
}

// --- sums --------------------------------------------------------------------------------------------------------------------

// "PUE 1.084, WUE 0.41 L/kWh".
static void add_ratios(writer *w) {
  char text[CLX_COOLING_NAME];
  const clx_quantity *pue = clx_result_find(w->result, "cooling.pue"), *wue = clx_result_find(w->result, "cooling.wue");
  if (pue != NULL) add(w, "%sPUE %.3f", between(w, ", "), pue->value);
  if (wue != NULL) add(w, "%sWUE %s L/kWh", between(w, ", "), clx_cooling_per_kwh(wue->value, text));
}

static void add_supply(writer *w) {
  if (!put(w, "; ", "supply ", "cooling.supply_temperature", 3, "")) return;
  put(w, " ", "(limit ", "cooling.supply_limit", 3, ")");
}

// What is hot: "GPUs up to 84.2 degC, memory 91 degC".
static void add_chips(writer *w) {
  put(w, "; ", "chips up to ", "cooling.chip_temperature_max", 3, "");
  put(w, ", ", "memory ", "cooling.memory_temperature_max", 3, "");
}

static void add_throttle(writer *w) {
  const char *first = clx_result_fact(w->result, "cooling.throttles_first");
  const double share = value(w, "cooling.throttled_fraction");
  if (clx_result_find(w->result, "cooling.throttled_fraction") == NULL) return;
  if (share <= 0) {
    add(w, "%snever throttled", between(w, "; "));
  } else {
    add(w,
        share < SEEN ? "%sthrottled for less than 0.1 %% of the GPU-time" : "%sthrottled for %.1f %% of the GPU-time",
        between(w, "; "), 100 * share);
    if (first != NULL) add(w, ", %s first", first);
  }
}

enum { KEPT = 3 };  // lines of a run that warnings, assumptions and the second line of cooling need

void clx_report_cooling_lines(const clx_result *result, clx_page *page) {
  writer w = {.result = result, .page = page};
  add_ratios(&w);
  put_water(&w, ", ", "water ", "cooling.water", "");
  add_supply(&w);
  flush(&w, "cooling", 1, CLX_REPORT_BOLD);
  if (page->lines > CLX_REPORT_LINES - KEPT) return;
  add_chips(&w);
  add_throttle(&w);
  put_ride(&w, "; ", " without cooling power");
  flush(&w, "", 1, CLX_REPORT_PLAIN);
}

static void write_title(writer *w) {
  const char *title = clx_result_fact(w->result, "scenario.title"),
             *fleet = clx_result_fact(w->result, "machine.fleet"), *plant = clx_result_fact(w->result, "cooling.plant"),
             *weather = clx_result_fact(w->result, "cooling.weather");
  if (title == NULL) title = clx_result_fact(w->result, "scenario.name");
  if (title != NULL) clx_page_title(w->page, title);
  if (fleet != NULL) add(w, "%s", fleet);
  put(w, ": ", "", "machine.gpus", 12, " GPUs");
  put(w, ", ", "", "machine.racks", 12, " racks");
  flush(w, "machine", 2, CLX_REPORT_PLAIN);
  if (plant != NULL) add(w, "%s", plant);
  flush(w, "plant", 2, CLX_REPORT_PLAIN);
  if (weather != NULL) add(w, "%s", weather);
  put(w, "; ", "design day ", "cooling.design.dry_bulb", 3, " dry bulb");
  put(w, ", ", "", "cooling.design.wet_bulb", 3, " wet bulb");
  flush(w, "weather", 2, CLX_REPORT_PLAIN);
}

static void write_sums(writer *w) {
  add_ratios(w);
  put(w, "; ", "cooling draws ", "cooling.power", 3, " mean");
  put(w, ", ", "", "cooling.power_peak", 3, " peak");
  put_percent(w, ", ", "", "cooling.power_share", " of IT");
  flush(w, "cooling", 2, CLX_REPORT_BOLD);
  put(w, "; ", "heat ", "cooling.heat.liquid", 3, " into liquid");
  put(w, ", ", "", "cooling.heat.air", 3, " into air");
  put_some(w, "; ", "flow ", "cooling.flow", 4, "");
  flush(w, "", 2, CLX_REPORT_PLAIN);
  put_some(w, ", ", "compressors ", "cooling.compressors", 3, "");
  put_some(w, ", ", "pumps ", "cooling.pumps", 3, "");
  put_some(w, ", ", "fans ", "cooling.fans", 3, "");
  put_some(w, ", ", "auxiliary ", "cooling.auxiliary", 3, "");
  put_percent(w, "; ", "without compressors ", "cooling.free_time", " of the time");
  flush(w, "power", 2, CLX_REPORT_PLAIN);
}

static void write_water(writer *w) {
  if (put_water(w, "", "", "cooling.water", "")) {
    put_water(w, " (", "evaporation ", "cooling.water.evaporation", "");
    put_water(w, ", ", "blowdown ", "cooling.water.blowdown", "");
    put_water(w, ", ", "drift ", "cooling.water.drift", "");
    if (strchr(w->text, '(') != NULL) add(w, ")");
    put_some(w, "; ", "at most ", "cooling.water_peak", 3, "");
  }
  flush(w, "water", 2, CLX_REPORT_PLAIN);
}

static void write_chips(writer *w) {
  add_supply(w);
  add_chips(w);
  add_throttle(w);
  flush(w, "chips", 2, CLX_REPORT_PLAIN);
  put_some(w, ", ", "leakage ", "cooling.leakage", 3, " above that at reference temperature");
  put_percent(w, "; ", "hottest hour: clock ", "cooling.clock", "");
  put(w, ", ", "step ", "cooling.step_time", 4, "");
  flush(w, "", 2, CLX_REPORT_PLAIN);
  put_some(w, "; ", "supply above its set point for ", "cooling.warm_time", 3, "");
  put_some(w, "; ", "above the racks' limit for ", "cooling.throttled_time", 3, "");
  put_some(w, "; ", "equipment outside its curves' range for ", "cooling.outside_range", 3, "");
  flush(w, "hours", 2, CLX_REPORT_PLAIN);
}

// --- the plant ---------------------------------------------------------------------------------------------------------------

static const char *number(double value, const char *unit, int digits, char text[SHORT]) {
  text[0] = '\0';
  return value < 0 ? text : clx_quantity_format(value, unit, digits, text, SHORT);
}

static void write_loops(writer *w, const clx_cooling_view *v) {
  char cut[SHORT], count[SHORT], range[SHORT], heat[SHORT], pump[SHORT], flow[CLX_COOLING_NAME], drop[CLX_COOLING_NAME];
  const char *moment = clx_result_fact(w->result, "cooling.moment");
  if (v->loop_count == 0) return;
  if (moment != NULL) add(w, "%s", moment);
  put(w, ": ", "", "cooling.moment.dry_bulb", 3, " dry bulb");
  put(w, ", ", "", "cooling.moment.wet_bulb", 3, " wet bulb");
  flush(w, "state", 1, CLX_REPORT_PLAIN);
  add(w, "%-16s %6s %14s %11s %12s %9s %9s", "loop", "", "supply-back", "heat", "flow", "drop", "pumps");
  flush(w, "loops", 0, CLX_REPORT_BOLD);
  for (int32_t i = 0; i < v->loop_count; i++) {
    const clx_cooling_loop_view *l = &v->loop[i];
    clx_goodput_cut(l->title, 16, 0, cut, sizeof cut);
    add(w, "%-16s %6s", cut, number(l->count, "", 4, count));
    snprintf(range, sizeof range, l->back > 0 ? "%.1f-%.1f degC" : "%.1f degC", l->supply - 273.15, l->back - 273.15);
    add(w, " %14s", range);
    add(w, " %11s %12s %9s %9s%s", number(l->heat, "W", 4, heat), l->flow > 0 ? clx_cooling_flow(l->flow, flow) : "",
        l->pressure > 0 ? clx_cooling_bar(l->pressure, drop) : "", l->pump > 0 ? number(l->pump, "W", 3, pump) : "",
        l->warm ? " WARM" : "");
    flush(w, "", 0, l->warm ? CLX_REPORT_BOLD : CLX_REPORT_PLAIN);
  }
}

// "119 + 12", of which so many run.
static const char *units_text(const clx_cooling_unit_view *u, char text[SHORT]) {
  char count[SHORT], spare[SHORT];
  snprintf(text, SHORT, "%.32s%s%.32s", number(ceil(u->count), "", 6, count), u->spare > 0 ? " + " : "",
           u->spare > 0 ? number(ceil(u->spare), "", 6, spare) : "");
  return text;
}

static void write_units(writer *w, const clx_cooling_view *v) {
  char cut[SHORT], count[SHORT], running[SHORT], heat[SHORT], electric[SHORT], water[CLX_COOLING_NAME];
  if (v->unit_count == 0) return;
  add(w, "%-21s %12s %6s %11s %7s %9s %10s", "unit", "", "run", "heat", "load", "electric", "water");
  flush(w, "units", 0, CLX_REPORT_BOLD);
  for (int32_t i = 0; i < v->unit_count; i++) {
    const clx_cooling_unit_view *u = &v->unit[i];
    clx_goodput_cut(u->title, 21, 0, cut, sizeof cut);
    add(w, "%-21s %12s %6s %11s", cut, units_text(u, count),
        u->running >= 0 ? number(ceil(u->running), "", 5, running) : "", number(u->heat, "W", 4, heat));
    if (u->share >= 0) {
      add(w, " %5.0f %%", 100 * u->share);
    } else {
      add(w, " %7s", "");
    }
    add(w, " %9s %10s%s", u->electric > 0 ? number(u->electric, "W", 3, electric) : "",
        u->water > 0 ? clx_cooling_flow(u->water, water) : "", u->limit ? " RANGE" : "");
    flush(w, "", 0, CLX_REPORT_PLAIN);
  }
  if (v->more > 0) add(w, "%d more: --json", v->more);
  flush(w, "", 0, CLX_REPORT_DIM);
}

// What the designer found: carriers and spares of each row, against what the plant has.
static void write_design(writer *w, const clx_cooling_view *v) {
  const char *note = clx_result_fact(w->result, "cooling.design.note");
  char cut[SHORT], count[SHORT], spare[SHORT], capacity[SHORT];
  if (note != NULL) add(w, "%s", note);
  flush(w, "design", 2, CLX_REPORT_PLAIN);
  bool first = true;
  for (int32_t i = 0; i < v->unit_count; i++) {
    const char *name = v->unit[i].name;
    const double found = clx_cooling_value(w->result, "design.unit", name, "count", -1),
                 beyond = clx_cooling_value(w->result, "design.unit", name, "spare", 0),
                 one = clx_cooling_value(w->result, "design.unit", name, "capacity", -1);
    if (found < 0) continue;
    if (first) {
      add(w, "%-21s %12s %6s %11s %7s", "smallest plant", "carry", "spare", "one carries", "load");
      flush(w, note != NULL ? "" : "design", 0, CLX_REPORT_BOLD);
      first = false;
    }
    clx_goodput_cut(v->unit[i].title, 21, 0, cut, sizeof cut);
    add(w, "%-21s %12s %6s %11s %5.0f %%", cut, number(ceil(found), "", 6, count), number(ceil(beyond), "", 6, spare),
        number(one, "W", 4, capacity), 100 * clx_cooling_value(w->result, "design.unit", name, "share", 0));
    flush(w, "", 0, CLX_REPORT_PLAIN);
  }
}

// --- after a trip, side by side ----------------------------------------------------------------------------------------------

static void write_trip(writer *w) {
  const char *what = clx_result_fact(w->result, "cooling.trip.what");
  const char *note = clx_result_fact(w->result, "cooling.ride_through.note");
  const char *start = clx_result_fact(w->result, "cooling.trip.start");
  put_ride(w, "", " from the loss of all cooling power until the first chip throttles, boards at their limit");
  if (w->text[0] == '\0' && note != NULL) add(w, "%s", note);
  flush(w, "no power", 2, CLX_REPORT_PLAIN);
  if (what == NULL && clx_result_find(w->result, "cooling.trip.supply_most") == NULL) return;
  if (what != NULL) add(w, "%s", what);
  put(w, ", ", "", "cooling.trip.dry_bulb", 3, " outside");
  if (start != NULL) add(w, "; before it %s", start);
  flush(w, "trip", 3, CLX_REPORT_BOLD);
  put(w, ", ", "supply warmer by 0.5 K after ", "cooling.trip.to_warm", 3, "");
  if (put(w, ", ", "hall air above ", "cooling.trip.air_limit", 3, "") &&
      !put(w, " ", "after ", "cooling.trip.to_air_limit", 3, ""))
    add(w, ": never");
  if (!put(w, ", ", "first chip throttles after ", "cooling.trip.to_throttle", 3, "")) {
    add(w, "%sno chip throttles", between(w, ", "));
  } else {
    put_percent(w, " ", "(at most ", "cooling.trip.throttled_share", " of them)");
  }
  put(w, ", ", "shuts down after ", "cooling.trip.to_shutdown", 3, "");
  if (value(w, "cooling.trip.shut_share") > 0) put_percent(w, " ", "(", "cooling.trip.shut_share", ": they stay off)");
  flush(w, "", 3, CLX_REPORT_PLAIN);
  put(w, ", ", "hottest supply ", "cooling.trip.supply_most", 3, "");
  put(w, ", ", "hall air ", "cooling.trip.air_most", 3, "");
  put(w, ", ", "chip ", "cooling.trip.chip_most", 3, "");
  const clx_quantity *recovered = clx_result_find(w->result, "cooling.trip.recovered");
  if (recovered == NULL) {
    if (!put(w, "; ", "not as before within the ", "cooling.trip.shown", 3, " shown"))
      add(w, "; not as before within the time shown");
  } else if (recovered->value > 0) {
    put(w, "; ", "everything as before after ", "cooling.trip.recovered", 3, "");
  } else {
    add(w, "; everything stays as it was");
  }
  flush(w, "", 3, CLX_REPORT_PLAIN);
}

static void write_compare(writer *w) {
  char name[CLX_COOLING_SUPPLIES][CLX_COOLING_NAME], energy[SHORT], water[CLX_COOLING_NAME], wue[CLX_COOLING_NAME],
      hours[SHORT];
  const int32_t count = clx_cooling_supplies(w->result, name);
  if (count == 0) return;
  add(w, "%-10s %8s %12s %12s %16s %14s", "supply", "PUE", "WUE (L/kWh)", "energy", "water", "compressors");
  flush(w, "compared", 0, CLX_REPORT_BOLD);
  for (int32_t i = 0; i < count; i++) {
    const double kg = clx_cooling_value(w->result, "compare", name[i], "water", -1),
                 ratio = clx_cooling_value(w->result, "compare", name[i], "wue", -1);
    add(w, "%-10.10s %8.4f %12s %12s %16s %14s", name[i], clx_cooling_value(w->result, "compare", name[i], "pue", 0),
        ratio >= 0 ? clx_cooling_per_kwh(ratio, wue) : "",
        number(clx_cooling_value(w->result, "compare", name[i], "energy", -1), "J", 3, energy),
        kg >= 0 ? clx_cooling_volume(kg, water) : "",
        number(clx_cooling_value(w->result, "compare", name[i], "compressor_time", -1), "s", 3, hours));
    flush(w, "", 0, CLX_REPORT_PLAIN);
  }
}

void clx_report_cooling(const clx_result *result, bool colour, clx_buffer *out) {
  clx_page page = {.out = out, .colour = colour};
  writer w = {.result = result, .page = &page};
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
