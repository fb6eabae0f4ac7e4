// The study of power as a page of tables around the drawings, and its tables as CSV.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/report_html.h"
#include "report/report_power.h"
#include "unit/unit.h"

enum { NAME = 192, SHORT = 96 };

// --- page --------------------------------------------------------------------------------------------------------------------

static void quantity_cell(clx_buffer *out, const clx_quantity *q) {
  char text[SHORT] = "";
  if (q != NULL && (strcmp(q->unit, "Hz") == 0 || strcmp(q->unit, "1/s") == 0)) {
    snprintf(text, sizeof text, "%.4g Hz", q->value);  // frequencies of bands; nobody reads millihertz
  } else if (q != NULL) {
    clx_quantity_format(q->value, q->unit, 4, text, sizeof text);
  }
  clx_html_cell(out, "", text);
}

static void percent_cell(clx_buffer *out, const clx_quantity *q) {
  char text[SHORT] = "";
  if (q != NULL) snprintf(text, sizeof text, "%.2f %%", 100 * q->value);
  clx_html_cell(out, "", text);
}

// One row a part, one column a quantity.
typedef struct column {
  const char *what, *title;
  bool percent;
} column;

static void put_table(const clx_result *result, const char *heading, const char *kind, const char *key,
                      const char *first, const column *columns, int32_t count, clx_buffer *out) {
  const clx_power_parts parts = clx_power_parts_of(result, kind, key);
  char title[CLX_POWER_NAME];
  if (parts.count == 0) return;
  clx_buffer_format(out, "<h2>%s</h2>\n<table>\n<tr><th>%s</th>", heading, first);
  for (int32_t k = 0; k < count; k++) clx_buffer_format(out, "<th>%s</th>", columns[k].title);
  clx_buffer_format(out, "</tr>\n");
  for (int32_t i = 0; i < parts.count; i++) {
    const bool bad = clx_power_part_value(&parts, i, "met", 1) < 0.5;
    clx_buffer_format(out, bad ? "<tr class=\"bad\">" : "<tr>");
    clx_html_cell(out, "", clx_power_part_title(&parts, i, title, sizeof title));
    for (int32_t k = 0; k < count; k++) {
      const clx_quantity *q = clx_power_part(&parts, i, columns[k].what);
      if (strcmp(columns[k].what, "met") == 0) {
        clx_html_cell(out, "", bad ? "not met" : "met");
      } else if (columns[k].percent) {
        percent_cell(out, q);
      } else if (strcmp(parts.name[i], "stopped") == 0 && strcmp(columns[k].what, "time") == 0) {
        clx_html_cell(out, "", "");  // a state: lasts as long as it lasts
      } else {
        quantity_cell(out, q);
      }
    }
    clx_buffer_format(out, "</tr>\n");
  }
  clx_buffer_format(out, "</table>\n");
  if (parts.more > 0) clx_buffer_format(out, "<p>%d more in result.json</p>\n", parts.more);
}

// The first look: what is asked most, in words.
static void put_summary(const clx_result *result, clx_buffer *out) {
  static const struct {
    const char *name, *words;
    bool percent;
  } rows[] = {{"power.it_mean", "IT, mean", false},
              {"power.it_peak", "IT, all at its limit", false},
              {"power.site_mean", "site, mean", false},
              {"power.site_peak", "site, all IT at its limit", false},
              {"power.loss_fraction", "conversion losses of the site's power", true},
              {"power.step_swing", "swing within a step", false},
              {"power.smoothed_swing", "swing after batteries", false},
              {"power.ramp_max", "steepest ramp over a second", false},
              {"power.jobs.utilisation", "nodes held by jobs", true},
              {"power.horizon", "time", false},
              {"power.energy", "energy in that time", false},
              {"power.cost", "cost", false}};
  int32_t count = 0;
  for (int32_t i = 0; i < CLX_COUNT(rows); i++) {
    const clx_quantity *q = clx_result_find(result, rows[i].name);
    if (q == NULL) continue;
    clx_buffer_format(out, "%s<tr>", count++ == 0 ? "<table>\n" : "");
    clx_html_cell(out, "", rows[i].words);
    if (rows[i].percent) {
      percent_cell(out, q);
    } else {
      quantity_cell(out, q);
    }
    clx_buffer_format(out, "</tr>\n");
  }
  if (count > 0) clx_buffer_format(out, "</table>\n");
}

// Bands of the spectrum; where batteries smooth, what they leave, beside the limit.
static void put_bands(const clx_result *result, clx_buffer *out) {
  const clx_power_parts bands = clx_power_parts_of(result, "spectrum", "largest");
  const bool smoothed = clx_power_smoothed(result);
  if (bands.count == 0) return;
  clx_buffer_format(out,
                    "<h2>Bands</h2>\n<table>\n<tr><th>band</th><th>largest line</th><th>at</th><th>all lines</th>%s"
                    "<th>limit</th></tr>\n",
                    smoothed ? "<th>largest after batteries</th>" : "");
  for (int32_t i = 0; i < bands.count; i++) {
    const double low = clx_power_part_value(&bands, i, "low", 0), high = clx_power_part_value(&bands, i, "high", 0);
    const double largest = clx_power_part_value(&bands, i, "largest", 0),
                 left = smoothed ? clx_power_band_line(result, low, high, NULL) : largest;
    const clx_quantity *limit = clx_power_part(&bands, i, "limit");
    const bool line = largest > 0;
    char text[SHORT];
    clx_buffer_format(out, limit != NULL && left > limit->value ? "<tr class=\"bad\">" : "<tr>");
    snprintf(text, sizeof text, "%g to %g Hz", low, high);
    clx_html_cell(out, "", text);
    clx_html_cell(out, "", line ? clx_power_watts(largest, 4, text) : "no line");
    quantity_cell(out, line ? clx_power_part(&bands, i, "at") : NULL);
    quantity_cell(out, line ? clx_power_part(&bands, i, "total") : NULL);
    if (smoothed) clx_html_cell(out, "", line ? clx_power_watts(left, 4, text) : "");
    quantity_cell(out, limit);
    clx_buffer_format(out, "</tr>\n");
  }
  clx_buffer_format(out, "</table>\n");
}

// Every quantity about power that no table above holds: name, value, what it is.
static void put_quantities(const clx_result *result, clx_buffer *out) {
  static const char *const tables[] = {"power.level.", "power.source.", "power.check.", "power.spectrum.",
                                       "power.pass."};
  clx_buffer_format(out, "<h2>Quantities</h2>\n<table>\n<tr><th>name</th><th>value</th><th class=\"doc\"></th></tr>\n");
  for (int32_t i = 0; i < clx_result_count(result); i++) {
    const clx_quantity *q = clx_result_at(result, i);
    bool shown = strncmp(q->name, "power.", 6) == 0;
    for (int32_t k = 0; k < CLX_COUNT(tables); k++)
      shown = shown && strncmp(q->name, tables[k], strlen(tables[k])) != 0;
    if (!shown) continue;
    clx_buffer_format(out, "<tr>");
    clx_html_cell(out, "", q->name);
    quantity_cell(out, q);
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

void clx_report_power_page(const clx_result *result, clx_buffer *out) {
  static const column levels[] = {{"in", "in", false}, {"loss", "loss", false}, {"load_share", "load", true}};
  static const column sources[] = {{"share", "share", true}, {"energy", "energy", false}, {"peak", "peak", false}};
  static const column checks[] = {{"found", "found", false}, {"limit", "limit", false}, {"met", "", false}};
  static const column passes[] = {{"mean", "all servers", false}, {"time", "time", false}};
  clx_html_open(result, "Power of the site", out);
  put_summary(result, out);
  put_table(result, "Limits of the utility", "check", "met", "check", checks, CLX_COUNT(checks), out);
  clx_html_drawing(out, "waveform.svg", "Power of the site, a rack and a GPU over time");
  put_table(result, "Passes", "pass", "mean", "pass", passes, CLX_COUNT(passes), out);
  if (has_series(result, "power.spectrum") || clx_power_parts_of(result, "spectrum", "largest").count > 0)
    clx_html_drawing(out, "spectrum.svg", "Spectrum of the site's power, bands and limits");
  put_bands(result, out);
  clx_html_drawing(out, "chain.svg", "Power from its sources through the chain to what uses it");
  put_table(result, "Chain", "level", "in", "level", levels, CLX_COUNT(levels), out);
  put_table(result, "Sources", "source", clx_power_parts_of(result, "source", "share").count > 0 ? "share" : "energy",
            "source", sources, CLX_COUNT(sources), out);
  if (has_series(result, "power.year.mean"))
    clx_html_drawing(out, "year.svg", "The site over the run, sources and batteries");
  if (has_series(result, "power.design.curve.battery_power"))
    clx_html_drawing(out, "design.svg", "Smallest battery over the power floor");
  put_quantities(result, out);
  clx_html_warnings(result, out);
  clx_html_close(out);
}

// --- CSV ---------------------------------------------------------------------------------------------------------------------

void clx_report_power_waveform_csv(const clx_result *result, clx_buffer *out) {
  clx_csv_series list[4];
  int32_t count = clx_csv_take(result, "power.site", "site_w", list, 0);
  count = clx_csv_take(result, "power.rack", "rack_w", list, count);
  count = clx_csv_take(result, "power.gpu", "gpu_w", list, count);
  count = clx_csv_take(result, "power.site_load", "site_before_batteries_w", list, count);
  clx_csv_put("time_s", list, count, out);
}

void clx_report_power_spectrum_csv(const clx_result *result, clx_buffer *out) {
  clx_csv_series list[1];
  clx_csv_put("frequency_hz", list, clx_csv_take(result, "power.spectrum", "amplitude_w", list, 0), out);
}

void clx_report_power_year_csv(const clx_result *result, clx_buffer *out) {
  const clx_power_parts sources = clx_power_parts_of(result, "source", "energy");
  clx_csv_series list[CLX_POWER_PARTS + 3];
  char name[NAME], title[NAME];
  int32_t count = clx_csv_take(result, "power.year.mean", "mean_w", list, 0);
  count = clx_csv_take(result, "power.year.most", "most_w", list, count);
  count = clx_csv_take(result, "power.charge", "charge_j", list, count);
  for (int32_t i = 0; i < sources.count; i++) {
    snprintf(name, sizeof name, "power.source.%s", sources.name[i]);
    snprintf(title, sizeof title, "%s_w", sources.name[i]);
    count = clx_csv_take(result, name, title, list, count);
  }
  clx_csv_put("time_s", list, count, out);
}

void clx_report_power_design_csv(const clx_result *result, clx_buffer *out) {
  static const char *const curves[][2] = {{"battery_power", "battery_power_w"},
                                          {"battery_energy", "battery_energy_j"},
                                          {"burnt", "burnt_w"},
                                          {"cost", "cost_usd"}};
  clx_csv_series list[CLX_COUNT(curves)];
  char name[NAME];
  int32_t count = 0;
  for (int32_t i = 0; i < CLX_COUNT(curves); i++) {
    snprintf(name, sizeof name, "power.design.curve.%s", curves[i][0]);
    count = clx_csv_take(result, name, curves[i][1], list, count);
  }
  clx_csv_put("floor", list, count, out);
}

void clx_report_power_chain_csv(const clx_result *result, clx_buffer *out) {
  static const char *const kinds[CLX_POWER_FLOW_KINDS] = {
      [CLX_POWER_FLOW_SOURCE] = "source",   [CLX_POWER_FLOW_TRUNK] = "level",     [CLX_POWER_FLOW_GPU] = "gpu",
      [CLX_POWER_FLOW_SERVER] = "server",   [CLX_POWER_FLOW_NETWORK] = "network", [CLX_POWER_FLOW_STORAGE] = "storage",
      [CLX_POWER_FLOW_FIXED] = "static",    [CLX_POWER_FLOW_OTHER] = "other",     [CLX_POWER_FLOW_COOLING] = "cooling",
      [CLX_POWER_FLOW_LOSS] = "conversion", [CLX_POWER_FLOW_BATTERY] = "battery",
  };
  clx_power_flows flows;
  clx_power_flows_of(result, &flows);
  clx_buffer_format(out, "from,to,kind,mean_w\n");
  for (int32_t i = 0; i < flows.link_count; i++) {
    const clx_power_link *l = &flows.link[i];
    clx_csv_text(out, flows.node[l->from].name);
    clx_buffer_format(out, ",");
    clx_csv_text(out, flows.node[l->to].name);
    clx_buffer_format(out, ",%s,%.17g\n", kinds[flows.node[l->to].kind], l->watt);
  }
}

void clx_report_power_checks_csv(const clx_result *result, clx_buffer *out) {
  const clx_power_parts checks = clx_power_parts_of(result, "check", "met");
  clx_buffer_format(out, "check,found,limit,unit,met\n");
  for (int32_t i = 0; i < checks.count; i++) {
    const clx_quantity *f = clx_power_part(&checks, i, "found"), *l = clx_power_part(&checks, i, "limit");
    char name[CLX_POWER_NAME];
    clx_csv_text(out, clx_power_part_title(&checks, i, name, sizeof name));
    clx_buffer_format(out, ",");
    if (f != NULL) clx_buffer_format(out, "%.17g", f->value);
    clx_buffer_format(out, ",");
    if (l != NULL) clx_buffer_format(out, "%.17g", l->value);
    clx_buffer_format(out, ",%s,%d\n", f != NULL ? f->unit : "", clx_power_part_value(&checks, i, "met", 1) >= 0.5);
  }
}
