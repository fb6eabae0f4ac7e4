// The study of cooling as a page of tables around the drawings, and its tables as CSV.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/report_cooling.h"
#include "report/report_html.h"
#include "unit/unit.h"

enum { SHORT = 96 };

// --- cells -------------------------------------------------------------------------------------------------------------------

// Nothing where a number is not known (below 0).
static void number_cell(clx_buffer *out, double value, const char *unit, int digits) {
  char text[SHORT] = "";
  clx_html_cell(out, "", value < 0 ? text : clx_quantity_format(value, unit, digits, text, sizeof text));
}

static void percent_cell(clx_buffer *out, double share) {
  char text[SHORT] = "";
  if (share >= 0) snprintf(text, sizeof text, "%.1f %%", 100 * share);
  clx_html_cell(out, "", text);
}

static void celsius_cell(clx_buffer *out, double kelvin) {
  char text[CLX_COOLING_NAME] = "";
  clx_html_cell(out, "", kelvin > 0 ? clx_cooling_celsius(kelvin, text) : text);
}

static void head_row(clx_buffer *out, const char *heading, const char *const *title, int32_t count) {
  clx_buffer_format(out, "<h2>%s</h2>\n<table>\n<tr>", heading);
  for (int32_t i = 0; i < count; i++) clx_buffer_format(out, "<th>%s</th>", title[i]);
  clx_buffer_format(out, "</tr>\n");
}

// --- tables ------------------------------------------------------------------------------------------------------------------

// What a row of the summary is read as.
typedef enum reading { AS_IT_IS, RATIO, PERCENT, LITRES, VOLUME } reading;

static void summary_row(const clx_quantity *q, const char *words, reading as, clx_buffer *out) {
  char text[SHORT] = "", own[CLX_COOLING_NAME];
  switch (as) {
    case RATIO:
      snprintf(text, sizeof text, "%.4f", q->value);
      break;
    case PERCENT:
      snprintf(text, sizeof text, "%.2f %%", 100 * q->value);
      break;
    case LITRES:
      snprintf(text, sizeof text, "%s L/kWh", clx_cooling_per_kwh(q->value, own));
      break;
    case VOLUME:
      snprintf(text, sizeof text, "%s", clx_cooling_volume(q->value, own));
      break;
    default:
      clx_quantity_format(q->value, q->unit, 4, text, sizeof text);
  }
  clx_buffer_format(out, "<tr>");
  clx_html_cell(out, "", words);
  clx_html_cell(out, "", text);
  clx_buffer_format(out, "</tr>\n");
}

// The first look: what is asked most, in words.
static void put_summary(const clx_result *result, clx_buffer *out) {
  static const struct {
    const char *name, *words;
    reading as;
  } rows[] = {{"cooling.pue", "PUE", RATIO},
              {"cooling.wue", "WUE", LITRES},
              {"cooling.water", "water", VOLUME},
              {"cooling.water_peak", "water, at most", AS_IT_IS},
              {"cooling.power", "power of the cooling, mean", AS_IT_IS},
              {"cooling.power_peak", "power of the cooling, at most", AS_IT_IS},
              {"cooling.free_time", "time of the year without compressors", AS_IT_IS},
              {"cooling.liquid_compressor_time", "time with compressors that the liquid needs", AS_IT_IS},
              {"cooling.supply_temperature", "supply of the racks", AS_IT_IS},
              {"cooling.supply_limit", "supply above which chips throttle", AS_IT_IS},
              {"cooling.chip_temperature_max", "hottest chip", AS_IT_IS},
              {"cooling.throttled_fraction", "hours in which boards at their limit throttle", PERCENT},
              {"cooling.clock", "clock in the hottest hour", PERCENT},
              {"cooling.ride_through", "from loss of cooling power to throttling", AS_IT_IS}};
  int32_t count = 0;
  for (int32_t i = 0; i < CLX_COUNT(rows); i++) {
    const clx_quantity *q = clx_result_find(result, rows[i].name);
    if (q == NULL) continue;
    if (count++ == 0) clx_buffer_format(out, "<table>\n");
    summary_row(q, rows[i].words, rows[i].as, out);
  }
  if (count > 0) clx_buffer_format(out, "</table>\n");
}

static void put_loops(const clx_cooling_view *v, clx_buffer *out) {
  static const char *const titles[] = {"loop", "fluid", "loops", "supply", "back", "heat", "flow", "drop", "pumps"};
  char text[CLX_COOLING_NAME];
  if (v->loop_count == 0) return;
  head_row(out, "Loops", titles, CLX_COUNT(titles));
  for (int32_t i = 0; i < v->loop_count; i++) {
    const clx_cooling_loop_view *l = &v->loop[i];
    clx_buffer_format(out, l->warm ? "<tr class=\"bad\">" : "<tr>");
    clx_html_cell(out, "", l->title);
    clx_html_cell(out, "", l->fluid != NULL ? l->fluid : "");
    number_cell(out, l->count, "", 6);
    celsius_cell(out, l->supply);
    celsius_cell(out, l->back);
    number_cell(out, l->heat, "W", 4);
    clx_html_cell(out, "", l->flow > 0 ? clx_cooling_flow(l->flow, text) : "");
    clx_html_cell(out, "", l->pressure > 0 ? clx_cooling_bar(l->pressure, text) : "");
    number_cell(out, l->pump > 0 ? l->pump : -1, "W", 3);
    clx_buffer_format(out, "</tr>\n");
  }
  clx_buffer_format(out, "</table>\n");
}

static void put_units(const clx_cooling_view *v, clx_buffer *out) {
  static const char *const titles[] = {"unit", "kind", "takes heat of", "gives it to", "carry", "spare",
                                       "run",  "heat", "load",          "electric",    "water"};
  char text[CLX_COOLING_NAME];
  if (v->unit_count == 0) return;
  head_row(out, "Units", titles, CLX_COUNT(titles));
  for (int32_t i = 0; i < v->unit_count; i++) {
    const clx_cooling_unit_view *u = &v->unit[i];
    clx_buffer_format(out, u->limit ? "<tr class=\"bad\">" : "<tr>");
    clx_html_cell(out, "", u->title);
    clx_html_cell(out, "", u->kind != NULL ? u->kind : "");
    clx_html_cell(out, "", u->from >= 0 ? v->loop[u->from].title : "");
    clx_html_cell(out, "", u->into >= 0 ? v->loop[u->into].title : "outside air");
    number_cell(out, ceil(u->count - 1e-9), "", 6);
    number_cell(out, ceil(u->spare - 1e-9), "", 6);
    number_cell(out, ceil(u->running - 1e-9), "", 6);
    number_cell(out, u->heat, "W", 4);
    percent_cell(out, u->share);
    number_cell(out, u->electric, "W", 3);
    clx_html_cell(out, "", u->water > 0 ? clx_cooling_flow(u->water, text) : "");
    clx_buffer_format(out, "</tr>\n");
  }
  clx_buffer_format(out, "</table>\n");
  if (v->more > 0) clx_buffer_format(out, "<p>%d more in result.json</p>\n", v->more);
}

static void put_compare(const clx_result *result, clx_buffer *out) {
  static const char *const titles[] = {"supply", "PUE",     "WUE (L/kWh)",     "plant, a year",   "site, a year",
                                       "water",  "leakage", "step of the job", "compressors run", "for the liquid"};
  char name[CLX_COOLING_SUPPLIES][CLX_COOLING_NAME], text[CLX_COOLING_NAME];
  const int32_t count = clx_cooling_supplies(result, name);
  if (count == 0) return;
  head_row(out, "Supply temperatures", titles, CLX_COUNT(titles));
  for (int32_t i = 0; i < count; i++) {
    const double wue = clx_cooling_value(result, "compare", name[i], "wue", -1),
                 water = clx_cooling_value(result, "compare", name[i], "water", -1);
    clx_buffer_format(out, "<tr>");
    clx_html_cell(out, "", name[i]);
    if (clx_cooling_value(result, "compare", name[i], "infeasible", 0) > 0) {
      clx_buffer_format(out, "<td colspan=\"%d\">no size of the plant holds it on the design day</td></tr>\n",
                        (int)CLX_COUNT(titles) - 1);
      continue;
    }
    snprintf(text, sizeof text, "%.4f", clx_cooling_value(result, "compare", name[i], "pue", 0));
    clx_html_cell(out, "", text);
    clx_html_cell(out, "", wue >= 0 ? clx_cooling_per_kwh(wue, text) : "");
    number_cell(out, clx_cooling_value(result, "compare", name[i], "energy", -1), "J", 4);
    number_cell(out, clx_cooling_value(result, "compare", name[i], "site_energy", -1), "J", 4);
    clx_html_cell(out, "", water >= 0 ? clx_cooling_volume(water, text) : "");
    number_cell(out, clx_cooling_value(result, "compare", name[i], "leakage", -1), "W", 4);
    number_cell(out, clx_cooling_value(result, "compare", name[i], "step_time", -1), "s", 4);
    number_cell(out, clx_cooling_value(result, "compare", name[i], "compressor_time", -1), "s", 3);
    number_cell(out, clx_cooling_value(result, "compare", name[i], "liquid_compressor_time", -1), "s", 3);
    clx_buffer_format(out, "</tr>\n");
  }
  clx_buffer_format(out, "</table>\n");
}

// Every quantity about cooling that no table above holds: name, value, what it is.
static void put_quantities(const clx_result *result, clx_buffer *out) {
  static const char *const tables[] = {"cooling.loop.", "cooling.unit.", "cooling.compare.", "cooling.trip.event_"};
  clx_buffer_format(out, "<h2>Quantities</h2>\n<table>\n<tr><th>name</th><th>value</th><th class=\"doc\"></th></tr>\n");
  for (int32_t i = 0; i < clx_result_count(result); i++) {
    const clx_quantity *q = clx_result_at(result, i);
    char text[SHORT];
    bool shown = strncmp(q->name, "cooling.", 8) == 0;
    for (int32_t k = 0; k < CLX_COUNT(tables); k++)
      shown = shown && strncmp(q->name, tables[k], strlen(tables[k])) != 0;
    if (!shown) continue;
    clx_buffer_format(out, "<tr>");
    clx_html_cell(out, "", q->name);
    clx_html_cell(out, "", clx_quantity_format(q->value, q->unit, 4, text, sizeof text));
    clx_html_cell(out, " class=\"doc\"", q->doc);
    clx_buffer_format(out, "</tr>\n");
  }
  clx_buffer_format(out, "</table>\n");
}

static bool has_series(const clx_result *result, const char *name) {
  const double *x = NULL;
  int32_t count = 0;
  return clx_result_series(result, name, &x, &count) != NULL;
}

void clx_report_cooling_page(const clx_result *result, clx_buffer *out) {
  clx_cooling_view view;
  clx_cooling_view_of(result, &view);
  clx_html_open(result, "Cooling of the site", out);
  put_summary(result, out);
  if (view.loop_count > 0) clx_html_drawing(out, "plant.svg", "The plant from the racks to the outside air");
  put_loops(&view, out);
  put_units(&view, out);
  if (has_series(result, "cooling.year.pue") || has_series(result, "cooling.year.power")) {
    clx_html_drawing(out, "year.svg", "Hour of the day by day of the year: PUE, temperature, water");
    clx_html_drawing(out, "duration.svg", "The hours of the year, sorted");
  }
  if (has_series(result, "cooling.trip.supply"))
    clx_html_drawing(out, "trip.svg", "Temperatures, flow and clock after a trip");
  char name[CLX_COOLING_SUPPLIES][CLX_COOLING_NAME];
  if (clx_cooling_supplies(result, name) > 0)
    clx_html_drawing(out, "compare.svg", "Energy and water at several supply temperatures");
  put_compare(result, out);
  put_quantities(result, out);
  clx_html_warnings(result, out);
  clx_html_close(out);
}

// --- CSV ---------------------------------------------------------------------------------------------------------------------

static void csv_number(clx_buffer *out, double value) {
  clx_buffer_format(out, ",");
  if (value >= 0) clx_buffer_format(out, "%.17g", value);
}

void clx_report_cooling_plant_csv(const clx_result *result, clx_buffer *out) {
  clx_cooling_view v;
  clx_cooling_view_of(result, &v);
  clx_buffer_format(out,
                    "part,name,kind_or_fluid,from,into,count,spare,running,heat_w,electric_w,supply_k,back_k,flow_kg_s,"
                    "pressure_pa,share,water_kg_s\n");
  for (int32_t i = 0; i < v.loop_count; i++) {
    const clx_cooling_loop_view *l = &v.loop[i];
    clx_buffer_format(out, "loop,");
    clx_csv_text(out, l->name);
    clx_buffer_format(out, ",");
    clx_csv_text(out, l->fluid != NULL ? l->fluid : "");
    clx_buffer_format(out, ",,");
    const double numbers[] = {l->count, -1, -1, l->heat, l->pump, l->supply, l->back, l->flow, l->pressure, -1, -1};
    for (int32_t k = 0; k < CLX_COUNT(numbers); k++) csv_number(out, numbers[k]);
    clx_buffer_format(out, "\n");
  }
  for (int32_t i = 0; i < v.unit_count; i++) {
    const clx_cooling_unit_view *u = &v.unit[i];
    clx_buffer_format(out, "unit,");
    clx_csv_text(out, u->name);
    clx_buffer_format(out, ",");
    clx_csv_text(out, u->kind != NULL ? u->kind : "");
    clx_buffer_format(out, ",%s,%s", u->from >= 0 ? v.loop[u->from].name : "",
                      u->into >= 0 ? v.loop[u->into].name : "outside");
    const double numbers[] = {u->count, u->spare, u->running, u->heat, u->electric, -1, -1, -1, -1, u->share, u->water};
    for (int32_t k = 0; k < CLX_COUNT(numbers); k++) csv_number(out, numbers[k]);
    clx_buffer_format(out, "\n");
  }
}

static void put_series(const clx_result *result, const char *prefix, const char *const (*columns)[2], int32_t count,
                       clx_buffer *out) {
  clx_csv_series list[CLX_CSV_SERIES];
  int32_t found = 0;
  char name[SHORT];
  for (int32_t i = 0; i < count; i++) {
    snprintf(name, sizeof name, "%s%s", prefix, columns[i][0]);
    found = clx_csv_take(result, name, columns[i][1], list, found);
  }
  clx_csv_put("time_s", list, found, out);
}

void clx_report_cooling_year_csv(const clx_result *result, clx_buffer *out) {
  static const char *const columns[][2] = {
      {"dry_bulb", "dry_bulb_k"}, {"wet_bulb", "wet_bulb_k"}, {"pue", "pue"},
      {"power", "cooling_w"},     {"supply", "supply_k"},     {"water", "water_kg_s"}};
  put_series(result, "cooling.year.", columns, CLX_COUNT(columns), out);
}

void clx_report_cooling_trip_csv(const clx_result *result, clx_buffer *out) {
  static const char *const columns[][2] = {{"supply", "supply_k"}, {"supply_most", "supply_most_k"}, {"air", "air_k"},
                                           {"chip", "chip_k"},     {"flow", "flow_share"},           {"clock", "clock"},
                                           {"power", "cooling_w"}};
  put_series(result, "cooling.trip.", columns, CLX_COUNT(columns), out);
}

void clx_report_cooling_compare_csv(const clx_result *result, clx_buffer *out) {
  static const char *const columns[] = {"pue",
                                        "wue",
                                        "energy",
                                        "site_energy",
                                        "water",
                                        "leakage",
                                        "step_time",
                                        "compressor_time",
                                        "liquid_compressor_time",
                                        "warm_time"};
  char name[CLX_COOLING_SUPPLIES][CLX_COOLING_NAME];
  const int32_t count = clx_cooling_supplies(result, name);
  clx_buffer_format(out,
                    "supply,pue,wue_m3_j,energy_j,site_energy_j,water_kg,leakage_w,step_s,compressors_s,"
                    "compressors_of_liquid_s,warm_s\n");
  for (int32_t i = 0; i < count; i++) {
    clx_csv_text(out, name[i]);
    for (int32_t k = 0; k < CLX_COUNT(columns); k++)
      csv_number(out, clx_cooling_value(result, "compare", name[i], columns[k], -1));
    clx_buffer_format(out, "\n");
  }
}
