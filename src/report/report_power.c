// What `power` prints, and what `run` says of power.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/report_power.h"
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

// "<separator><before><quantity><after>"; the separator is left out at the start. False, and nothing, when it is absent.
static bool put(writer *w, const char *separator, const char *before, const char *name, int digits, const char *after) {
  char text[SHORT];
  const clx_quantity *q = clx_result_find(w->result, name);
  if (q == NULL) return false;
  add(w, "%s%s%s%s", w->text[0] != '\0' ? separator : "", before,
      clx_quantity_format(q->value, q->unit, digits, text, sizeof text), after);
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
  add(w, "%s%s%.1f %%%s", w->text[0] != '\0' ? separator : "", before, 100 * q->value, after);
  return true;
}

// --- lines of a run and of a study -------------------------------------------------------------------------------------------

// "IT 90.3 MW mean, 112 MW peak; site 113 MW mean, 140 MW peak (PUE 1.25".
static void add_power(writer *w) {
  put(w, ", ", clx_power_servers_alone(w->result) ? "servers " : "IT ", "power.it_mean", 3, " mean");
  put(w, ", ", "", "power.it_peak", 3, " peak");
  put(w, "; ", "site ", "power.site_mean", 3, " mean");
  put(w, ", ", "", "power.site_peak", 3, " peak");
}

static void add_units(writer *w) {
  put(w, "; ", "GPU ", "power.gpu_mean", 3, " mean");
  if (put_some(w, ", ", "capped at ", "power.cap", 3, "")) put(w, " ", "(step ", "power.step_time", 4, ")");
  put(w, "; ", "server ", "power.node_mean", 4, "");
  if (put(w, "; ", "rack ", "power.rack_mean", 4, " mean")) put(w, ", ", "", "power.rack_peak", 4, " peak");
}

static void write_sums(writer *w) {
  const bool servers = clx_power_servers_alone(w->result);
  char gpus[SHORT];
  add_power(w);
  put(w, " ", "(PUE ", "power.pue", 3, ")");
  flush(w, "power", 2, CLX_REPORT_BOLD);
  put_percent(w, ", ", "conversion losses ", "power.loss_fraction", " of the site's energy");
  put_some(w, ", ", "cooling ", "power.cooling", 3, "");
  if (!servers) put_some(w, ", ", "network ", "power.network", 3, "");
  if (!servers) put_some(w, ", ", "storage ", "power.storage", 3, "");
  if (servers) put_some(w, "; ", "not counted: network ", "power.network", 3, "");
  flush(w, "", 2, CLX_REPORT_PLAIN);
  add_units(w);
  if (clx_result_find(w->result, "power.rack_mean") != NULL) put_some(w, ", ", "", "power.rack_nominal", 4, " nominal");
  flush(w, "", 2, CLX_REPORT_PLAIN);
  if (value(w, "power.gpus_carried") >= 1)
    add(w, "the sources carry %s GPUs at their limit",
        clx_quantity_format(floor(value(w, "power.gpus_carried")), "", 12, gpus, sizeof gpus));
  flush(w, "", 1, CLX_REPORT_PLAIN);
}

// The strongest line of all bands.
static void add_line(writer *w) {
  const clx_power_parts bands = clx_power_parts_of(w->result, "spectrum", "largest");
  int32_t best = -1;
  for (int32_t i = 0; i < bands.count; i++) {
    if (best < 0 || clx_power_part_value(&bands, i, "largest", 0) > clx_power_part_value(&bands, best, "largest", 0))
      best = i;
  }
  char watts[CLX_POWER_NAME];
  if (best < 0 || !(clx_power_part_value(&bands, best, "largest", 0) > 0)) return;
  add(w, "%s%s at %.3g Hz", w->text[0] != '\0' ? "; strongest line " : "strongest line ",
      clx_power_watts(clx_power_part_value(&bands, best, "largest", 0), 3, watts),
      clx_power_part_value(&bands, best, "at", 0));
}

// Ramps are those of starts and stops too, which no battery that smooths a step takes away.
static void add_swing(writer *w) {
  if (put(w, "", "", "power.step_swing", 3, " within a step")) put_percent(w, " ", "(", "power.step_swing_share", ")");
  put_some(w, ", ", "after batteries ", "power.smoothed_swing", 3, "");
  put_some(w, "; ", "ramps up to ", "power.ramp_max", 3, "");
}

static void write_swings(writer *w) {
  add_swing(w);
  if (value(w, "power.dip_depth") >= SEEN) put_percent(w, "; ", "dips of ", "power.dip_depth", " in means over 2 s");
  add_line(w);
  flush(w, "swings", 2, CLX_REPORT_PLAIN);
  put_some(w, ", ", "floors and dummy load burn ", "power.floor_energy", 3, "");
  const clx_quantity *stretch = clx_result_find(w->result, "power.smoothing.stretch");
  if (stretch != NULL && stretch->value > 1)
    add(w, "%ssmoothing makes the step %.2g %% longer", w->text[0] != '\0' ? ", " : "", 100 * (stretch->value - 1));
  flush(w, "", 1, CLX_REPORT_PLAIN);
}

// What a battery did: "212 full cycles, 55.6 MWh lost".
static void add_work(writer *w, const clx_quantity *cycles, const clx_quantity *lost) {
  char text[SHORT];
  if (cycles != NULL) add(w, "%s full cycles", clx_quantity_format(cycles->value, "", 3, text, sizeof text));
  if (lost != NULL)
    add(w, "%s%s lost", cycles != NULL ? ", " : "", clx_quantity_format(lost->value, lost->unit, 3, text, sizeof text));
}

static void write_battery(writer *w, int32_t most) {
  const clx_power_parts batteries = clx_power_parts_of(w->result, "battery", "cycles");
  const clx_quantity *cycles = clx_result_find(w->result, "power.battery.cycles"),
                     *lost = clx_result_find(w->result, "power.battery.lost");
  char name[CLX_POWER_NAME];
  if (put_some(w, ", ", "", "power.battery_power", 3, "")) {
    put(w, ", ", "", "power.battery_energy", 3, "");
    if (cycles != NULL || lost != NULL) add(w, "; ");
    add_work(w, cycles, lost);
    for (int32_t i = 0; i < batteries.count; i++) {
      add(w, "; %s ", clx_power_part_title(&batteries, i, name, sizeof name));
      add_work(w, clx_power_part(&batteries, i, "cycles"), clx_power_part(&batteries, i, "lost"));
    }
    put(w, ", ", "charge at least ", "power.battery.charge_least", 3, "");
  }
  flush(w, "battery", most, CLX_REPORT_PLAIN);
}

static void add_mass(writer *w, const char *name, const char *what) {
  char text[CLX_POWER_NAME];
  const clx_quantity *q = clx_result_find(w->result, name);
  if (q != NULL) add(w, "%s%s %s", w->text[0] != '\0' ? ", " : "", clx_power_mass(q->value, text), what);
}

static void write_energy(writer *w, int32_t most) {
  if (put(w, "", "", "power.energy", 3, "")) put(w, " ", "in ", "power.horizon", 3, "");
  if (put(w, ", ", "", "power.cost", 3, "")) {
    static const char *const parts[][2] = {{"power.cost.energy", "energy"},
                                           {"power.cost.demand", "demand"},
                                           {"power.cost.fuel", "fuel"},
                                           {"power.cost.upkeep", "upkeep"}};
    const double cost = value(w, "power.cost");
    int32_t found = 0;
    for (int32_t i = 0; i < CLX_COUNT(parts) && cost > 0; i++) {
      const double share = value(w, parts[i][0]) / cost;
      if (share > 0.005) add(w, "%s%s %.0f %%", found++ == 0 ? " (" : ", ", parts[i][1], 100 * share);
    }
    if (found > 0) add(w, ")");
  }
  add_mass(w, "power.co2", "of CO2");
  if (value(w, "power.nox") > 0) add_mass(w, "power.nox", "of NOx");
  put_some(w, ", ", "fuel ", "power.fuel", 3, "");
  if (put_some(w, "; ", "shed ", "power.shed.energy", 3, "")) put(w, " ", "in ", "power.shed.time", 3, "");
  flush(w, "energy", most, CLX_REPORT_PLAIN);
}

// "ramp 48 MW/s (limit 10 MW/s)".
static void add_check(writer *w, const char *before, const clx_power_parts *checks, int32_t index) {
  char name[CLX_POWER_NAME], found[SHORT], limit[SHORT];
  const clx_quantity *f = clx_power_part(checks, index, "found"), *l = clx_power_part(checks, index, "limit");
  add(w, "%s%s", before, clx_power_part_title(checks, index, name, sizeof name));
  if (f != NULL) add(w, " %s", clx_quantity_format(f->value, f->unit, 3, found, sizeof found));
  if (l != NULL) add(w, " (limit %s)", clx_quantity_format(l->value, l->unit, 3, limit, sizeof limit));
}

// Checks that fail, as a warning. Returns how many there are where all are met, else 0.
static int32_t write_unmet(writer *w, int32_t most) {
  const clx_power_parts checks = clx_power_parts_of(w->result, "check", "met");
  int32_t met = 0;
  for (int32_t i = 0; i < checks.count; i++) {
    if (clx_power_part_value(&checks, i, "met", 1) >= 0.5) {
      met++;
    } else {
      add_check(w, w->text[0] == '\0' ? "of the utility's limits: " : ", ", &checks, i);
    }
  }
  flush(w, "not met", most, CLX_REPORT_BOLD);
  return met > 0 && met == checks.count + checks.more ? met : 0;
}

// A machine of many jobs: what it drew over the replay.
static void write_span(writer *w) {
  if (clx_result_find(w->result, "power.it_least") == NULL) return;
  put(w, "", "between ", "power.it_least", 3, "");
  put(w, " ", "and ", "power.it_most", 3, "");
  put(w, ", ", "idle ", "power.it_idle", 3, "");
  flush(w, "", 1, CLX_REPORT_PLAIN);
}

static void write_jobs(writer *w) {
  put(w, "", "", "power.jobs.count", 12, " in the list");
  put(w, ", ", "", "power.jobs.started", 12, " started");
  put_some(w, " ", "(", "power.jobs.waited", 12, " late)");
  put(w, ", ", "", "power.jobs.completed", 12, " completed");
  put_percent(w, "; ", "", "power.jobs.utilisation", " of the nodes held");
  flush(w, "jobs", 2, CLX_REPORT_PLAIN);
}

// What a run says is short: sources, batteries, spectrum, what is beside the GPUs, and how it is all made up stand in the study.
void clx_report_power_lines(const clx_result *result, clx_page *page) {
  writer w = {.result = result, .page = page};
  add_power(&w);
  const bool pue = put(&w, " ", "(PUE ", "power.pue", 3, "");
  if (put_percent(&w, pue ? ", " : " ", pue ? "losses " : "(losses ", "power.loss_fraction", "") || pue) add(&w, ")");
  flush(&w, "power", 2, CLX_REPORT_BOLD);
  add_units(&w);
  flush(&w, "", 1, CLX_REPORT_PLAIN);
  write_span(&w);
  write_jobs(&w);
  add_swing(&w);
  flush(&w, "swings", 1, CLX_REPORT_PLAIN);
  if (put(&w, "", "", "power.energy", 3, "")) put(&w, " ", "in ", "power.horizon", 3, "");
  put(&w, ", ", "", "power.cost", 3, "");
  add_mass(&w, "power.co2", "of CO2");
  if (w.text[0] != '\0') put(&w, "; ", "IT without failures ", "training.energy", 3, "");
  flush(&w, "energy", 1, CLX_REPORT_PLAIN);
  (void)write_unmet(&w, 1);
}

// --- the study ---------------------------------------------------------------------------------------------------------------

static void write_title(writer *w) {
  const char *title = clx_result_fact(w->result, "scenario.title"),
             *fleet = clx_result_fact(w->result, "machine.fleet");
  if (title == NULL) title = clx_result_fact(w->result, "scenario.name");
  if (title != NULL) clx_page_title(w->page, title);
  if (fleet != NULL) add(w, "%s", fleet);
  put(w, ": ", "", "machine.gpus", 12, " GPUs");
  put(w, ", ", "", "machine.servers", 12, " servers");
  put(w, ", ", "", "machine.racks", 12, " racks");
  flush(w, "machine", 2, CLX_REPORT_PLAIN);
  put(w, "; ", "step ", "power.step_time", 4, "");
  const char *event = clx_result_fact(w->result, "power.event"), *bound = clx_result_fact(w->result, "power.bound_by");
  if (event != NULL && strcmp(event, "steady") != 0) add(w, "%sevent: %s", w->text[0] != '\0' ? "; " : "", event);
  if (bound != NULL) add(w, "%sheld back by %s", w->text[0] != '\0' ? "; " : "", bound);
  flush(w, "", 1, CLX_REPORT_PLAIN);
}

static void write_passes(writer *w) {
  const clx_power_parts passes = clx_power_parts_of(w->result, "pass", "mean");
  char name[CLX_POWER_NAME], mean[CLX_POWER_NAME], time[SHORT];
  for (int32_t i = 0; i < passes.count; i++) {
    const clx_quantity *t = clx_power_part(&passes, i, "time");
    const bool state = strcmp(passes.name[i], "stopped") == 0;  // lasts as long as it lasts
    add(w, "%s%s %s", i > 0 ? ", " : "all servers: ", clx_power_part_title(&passes, i, name, sizeof name),
        clx_power_watts(clx_power_part_value(&passes, i, "mean", 0), 4, mean));
    if (t != NULL && t->value > 0 && !state)
      add(w, " for %s", clx_quantity_format(t->value, t->unit, 3, time, sizeof time));
  }
  flush(w, "passes", 2, CLX_REPORT_PLAIN);
  clx_ranking part[8];
  const int32_t count = clx_result_rank(w->result, "power.part.", "", false, part, CLX_COUNT(part));
  for (int32_t i = 0; i < count; i++) {
    if (part[i].weight < SEEN) continue;
    add(w, "%s%s %.1f %%", w->text[0] != '\0' ? ", " : "", strrchr(part[i].quantity->name, '.') + 1,
        100 * part[i].weight);
  }
  flush(w, "GPU time", 1, CLX_REPORT_PLAIN);
}

static void write_levels(writer *w) {
  const clx_power_parts levels = clx_power_parts_of(w->result, "level", "in");
  char name[CLX_POWER_NAME], cut[SHORT], in[CLX_POWER_NAME], loss[CLX_POWER_NAME];
  if (levels.count == 0) return;
  const char *chain = clx_result_fact(w->result, "power.chain");
  if (chain != NULL) add(w, "%s", chain);
  flush(w, "chain", 1, CLX_REPORT_PLAIN);
  add(w, "%-24s %12s %12s %7s %6s", "level", "in", "loss", "", "load");
  flush(w, chain != NULL ? "" : "chain", 0, CLX_REPORT_BOLD);
  for (int32_t i = 0; i < levels.count; i++) {
    const double watt = clx_power_part_value(&levels, i, "in", 0), lost = clx_power_part_value(&levels, i, "loss", 0);
    const clx_quantity *load = clx_power_part(&levels, i, "load_share");
    clx_goodput_cut(clx_power_part_title(&levels, i, name, sizeof name), 24, 0, cut, sizeof cut);
    add(w, "%-24s %12s %12s %5.2f %%", cut, clx_power_watts(watt, 4, in), clx_power_watts(lost, 3, loss),
        watt > 0 ? 100 * lost / watt : 0);
    if (load != NULL) add(w, " %4.0f %%", 100 * load->value);
    flush(w, "", 0, CLX_REPORT_PLAIN);
  }
}

// Where batteries smooth, limits stand beside what they leave, which is what the utility sees.
static void write_bands(writer *w) {
  const clx_power_parts bands = clx_power_parts_of(w->result, "spectrum", "largest");
  char range[SHORT], a[CLX_POWER_NAME], b[CLX_POWER_NAME], c[CLX_POWER_NAME], d[CLX_POWER_NAME];
  const bool smoothed = clx_power_smoothed(w->result);
  if (bands.count == 0) return;
  add(w, "%-16s %12s %11s %11s%s %11s", "band", "largest line", "at", "all lines", smoothed ? " after batteries" : "",
      "limit");
  flush(w, "spectrum", 0, CLX_REPORT_BOLD);
  for (int32_t i = 0; i < bands.count; i++) {
    const clx_quantity *limit = clx_power_part(&bands, i, "limit");
    const double low = clx_power_part_value(&bands, i, "low", 0), high = clx_power_part_value(&bands, i, "high", 0),
                 largest = clx_power_part_value(&bands, i, "largest", 0),
                 left = clx_power_part_value(&bands, i, "smoothed",
                                             smoothed ? clx_power_band_line(w->result, low, high, NULL) : largest);
    snprintf(range, sizeof range, "%g to %g Hz", low, high);
    if (!(largest > 0)) {
      add(w, "%-16.16s %12s", range, "no line");
      flush(w, "", 0, CLX_REPORT_PLAIN);
      continue;
    }
    add(w, "%-16.16s %12s %8.3g Hz %11s", range, clx_power_watts(largest, 3, a),
        clx_power_part_value(&bands, i, "at", 0), clx_power_watts(clx_power_part_value(&bands, i, "total", 0), 3, b));
    if (smoothed) add(w, " %15s", clx_power_watts(left, 3, d));
    add(w, " %11s%s", limit != NULL ? clx_power_watts(limit->value, 3, c) : "none asked",
        limit != NULL && left > limit->value ? " over" : "");
    flush(w, "", 0, CLX_REPORT_PLAIN);
  }
}

static void write_checks(writer *w) {
  const clx_power_parts checks = clx_power_parts_of(w->result, "check", "met");
  char name[CLX_POWER_NAME], cut[SHORT], found[SHORT], limit[SHORT];
  if (checks.count == 0) return;
  add(w, "%-24s %14s %14s", "check", "found", "limit");
  flush(w, "limits", 0, CLX_REPORT_BOLD);
  for (int32_t i = 0; i < checks.count; i++) {
    const clx_quantity *f = clx_power_part(&checks, i, "found"), *l = clx_power_part(&checks, i, "limit");
    const bool met = clx_power_part_value(&checks, i, "met", 1) >= 0.5;
    clx_goodput_cut(clx_power_part_title(&checks, i, name, sizeof name), 24, 0, cut, sizeof cut);
    add(w, "%-24s %14s %14s  %s", cut, f != NULL ? clx_quantity_format(f->value, f->unit, 3, found, sizeof found) : "",
        l != NULL ? clx_quantity_format(l->value, l->unit, 3, limit, sizeof limit) : "", met ? "met" : "NOT MET");
    flush(w, "", 0, met ? CLX_REPORT_PLAIN : CLX_REPORT_BOLD);
  }
}

// Loss of all feeds.
static void write_handover(writer *w) {
  if (value(w, "power.handover.power") > 0 && put(w, "", "without the feeds ", "power.handover.power", 3, "")) {
    put(w, " ", "and ", "power.handover.energy", 3, " of battery");
    put(w, " ", "until generators carry the load after ", "power.handover.time", 3, "");
    put_some(w, "; ", "", "power.handover.dip", 3, " without full power");
  }
  flush(w, "hand-over", 2, CLX_REPORT_PLAIN);
}

static void write_design(writer *w) {
  if (put(w, "", "battery of ", "power.design.battery_power", 3, "")) {
    put(w, " and ", "", "power.design.battery_energy", 3, "");
    put_percent(w, ", ", "power floor ", "power.design.floor", "");
    put(w, ", ", "", "power.design.cost", 3, "");
  }
  flush(w, "design", 1, CLX_REPORT_PLAIN);
}

static void write_sources(writer *w) {
  const clx_power_parts sources = clx_power_sources(w->result);
  char name[CLX_POWER_NAME], cut[SHORT], energy[SHORT], peak[SHORT];
  enum { MOST = 12 };
  if (sources.count == 0) return;
  const bool peaks = clx_power_parts_of(w->result, "source", "peak").count > 0;
  add(w, "%-24s %8s %12s %12s", "source", "share", "energy", peaks ? "peak" : "");
  flush(w, "supply", 0, CLX_REPORT_BOLD);
  for (int32_t i = 0; i < sources.count && i < MOST; i++) {
    const clx_quantity *e = clx_power_part(&sources, i, "energy"), *p = clx_power_part(&sources, i, "peak");
    clx_goodput_cut(clx_power_part_title(&sources, i, name, sizeof name), 24, 0, cut, sizeof cut);
    add(w, "%-24s %6.1f %% %12s %12s", cut, 100 * clx_power_source_share(&sources, i),
        e != NULL ? clx_quantity_format(e->value, e->unit, 3, energy, sizeof energy) : "",
        p != NULL ? clx_quantity_format(p->value, p->unit, 3, peak, sizeof peak) : "");
    flush(w, "", 0, CLX_REPORT_PLAIN);
  }
  if (sources.count > MOST) add(w, "%d more: --json", sources.count - MOST + sources.more);
  flush(w, "", 0, CLX_REPORT_DIM);
}

static void write_milestones(writer *w) {
  for (int32_t i = 1; i <= CLX_POWER_PARTS; i++) {
    char name[SHORT], power[CLX_POWER_NAME], gpus[CLX_POWER_NAME];
    snprintf(name, sizeof name, "power.milestone_%d.power", i);
    const clx_quantity *p = clx_result_find(w->result, name);
    snprintf(name, sizeof name, "power.milestone_%d.gpus", i);
    const clx_quantity *g = clx_result_find(w->result, name);
    if (p == NULL || g == NULL) break;
    snprintf(name, sizeof name, "power.milestone_%d.name", i);
    const char *title = clx_result_fact(w->result, name);
    add(w, "%s%s%s%s carries %s GPUs", i > 1 ? "; " : "", title != NULL ? title : "", title != NULL ? ": " : "",
        clx_power_watts(p->value, 3, power), clx_quantity_format(floor(g->value), "", 12, gpus, sizeof gpus));
  }
  flush(w, "milestones", 4, CLX_REPORT_PLAIN);
}

void clx_report_power(const clx_result *result, bool colour, clx_buffer *out) {
  clx_page page = {.out = out, .colour = colour};
  writer w = {.result = result, .page = &page};
  write_title(&w);
  write_sums(&w);
  write_span(&w);
  write_jobs(&w);
  write_passes(&w);
  write_levels(&w);
  write_swings(&w);
  write_bands(&w);
  write_checks(&w);
  write_handover(&w);
  write_design(&w);
  write_sources(&w);
  write_battery(&w, 2);
  write_milestones(&w);
  write_energy(&w, 2);
  const int32_t met = write_unmet(&w, 3);
  if (met > 0) add(&w, "all %d of the utility's limits are met", met);
  flush(&w, "limits", 1, CLX_REPORT_PLAIN);
  clx_page_warnings(&page, result, 8);
}
