// What `power` prints, and what `run` says of power.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/report_power.h"
#include "report/report_words.h"
#include "unit/unit.h"

enum { SHORT = 96 };

static const double SEEN = 5e-4;  // shares that print as 0.1 % or more

static double value(const clx_words *w, const char *name) { return clx_result_value(w->result, name, 0); }

// --- lines of a run and of a study -------------------------------------------------------------------------------------------

// "IT 90.3 MW mean, 112 MW peak; site 113 MW mean, 140 MW peak (PUE 1.25".
static void add_power(clx_words *w) {
  clx_words_put(w, ", ", clx_power_servers_alone(w->result) ? "servers " : "IT ", "power.it_mean", 3, " mean");
  clx_words_put(w, ", ", "", "power.it_peak", 3, " peak");
  clx_words_put(w, "; ", "site ", "power.site_mean", 3, " mean");
  clx_words_put(w, ", ", "", "power.site_peak", 3, " peak");
}

static void add_units(clx_words *w) {
  clx_words_put(w, "; ", "GPU ", "power.gpu_mean", 3, " mean");
  if (clx_words_some(w, ", ", "capped at ", "power.cap", 3, ""))
    clx_words_put(w, " ", "(step ", "power.step_time", 4, ")");
  clx_words_put(w, "; ", "server ", "power.node_mean", 4, "");
  if (clx_words_put(w, "; ", "rack ", "power.rack_mean", 4, " mean"))
    clx_words_put(w, ", ", "", "power.rack_peak", 4, " peak");
}

static void write_sums(clx_words *w) {
  const bool servers = clx_power_servers_alone(w->result);
  char gpus[SHORT];
  add_power(w);
  clx_words_put(w, " ", "(PUE ", "power.pue", 3, ")");
  clx_words_end(w, "power", 2, CLX_REPORT_BOLD);
  clx_words_percent(w, ", ", "conversion losses ", "power.loss_fraction", " of the site's energy");
  clx_words_some(w, ", ", "cooling ", "power.cooling", 3, "");
  if (!servers) clx_words_some(w, ", ", "network ", "power.network", 3, "");
  if (!servers) clx_words_some(w, ", ", "storage ", "power.storage", 3, "");
  if (servers) clx_words_some(w, "; ", "not counted: network ", "power.network", 3, "");
  clx_words_end(w, "", 2, CLX_REPORT_PLAIN);
  add_units(w);
  if (clx_result_find(w->result, "power.rack_mean") != NULL)
    clx_words_some(w, ", ", "", "power.rack_nominal", 4, " nominal");
  clx_words_end(w, "", 2, CLX_REPORT_PLAIN);
  if (value(w, "power.gpus_carried") >= 1)
    clx_words_add(w, "the sources carry %s GPUs at their limit",
                  clx_quantity_format(floor(value(w, "power.gpus_carried")), "", 12, gpus, sizeof gpus));
  clx_words_end(w, "", 1, CLX_REPORT_PLAIN);
}

// The strongest line of all bands.
static void add_line(clx_words *w) {
  const clx_power_parts bands = clx_power_parts_of(w->result, "spectrum", "largest");
  int32_t best = -1;
  for (int32_t i = 0; i < bands.count; i++) {
    if (best < 0 || clx_power_part_value(&bands, i, "largest", 0) > clx_power_part_value(&bands, best, "largest", 0))
      best = i;
  }
  char watts[CLX_POWER_NAME];
  if (best < 0 || !(clx_power_part_value(&bands, best, "largest", 0) > 0)) return;
  clx_words_add(w, "%s%s at %.3g Hz", w->text[0] != '\0' ? "; strongest line " : "strongest line ",
                clx_power_watts(clx_power_part_value(&bands, best, "largest", 0), 3, watts),
                clx_power_part_value(&bands, best, "at", 0));
}

// Ramps are those of starts and stops too, which no battery that smooths a step takes away.
static void add_swing(clx_words *w) {
  if (clx_words_put(w, "", "", "power.step_swing", 3, " within a step"))
    clx_words_percent(w, " ", "(", "power.step_swing_share", ")");
  clx_words_some(w, ", ", "after batteries ", "power.smoothed_swing", 3, "");
  clx_words_some(w, "; ", "ramps up to ", "power.ramp_max", 3, "");
}

static void write_swings(clx_words *w) {
  add_swing(w);
  if (value(w, "power.dip_depth") >= SEEN)
    clx_words_percent(w, "; ", "dips of ", "power.dip_depth", " in means over 2 s");
  add_line(w);
  clx_words_end(w, "swings", 2, CLX_REPORT_PLAIN);
  clx_words_some(w, ", ", "floors and dummy load burn ", "power.floor_energy", 3, "");
  const clx_quantity *stretch = clx_result_find(w->result, "power.smoothing.stretch");
  if (stretch != NULL && stretch->value > 1)
    clx_words_add(w, "%ssmoothing makes the step %.2g %% longer", clx_words_between(w, ", "),
                  100 * (stretch->value - 1));
  clx_words_end(w, "", 1, CLX_REPORT_PLAIN);
}

// What a battery did: "212 full cycles, 55.6 MWh lost".
static void add_work(clx_words *w, const clx_quantity *cycles, const clx_quantity *lost) {
  char text[SHORT];
  if (cycles != NULL) clx_words_add(w, "%s full cycles", clx_quantity_format(cycles->value, "", 3, text, sizeof text));
  if (lost != NULL)
    clx_words_add(w, "%s%s lost", cycles != NULL ? ", " : "",
                  clx_quantity_format(lost->value, lost->unit, 3, text, sizeof text));
}

static void write_battery(clx_words *w, int32_t most) {
  const clx_power_parts batteries = clx_power_parts_of(w->result, "battery", "cycles");
  const clx_quantity *cycles = clx_result_find(w->result, "power.battery.cycles"),
                     *lost = clx_result_find(w->result, "power.battery.lost");
  char name[CLX_POWER_NAME];
  if (clx_words_some(w, ", ", "", "power.battery_power", 3, "")) {
    clx_words_put(w, ", ", "", "power.battery_energy", 3, "");
    if (cycles != NULL || lost != NULL) clx_words_add(w, "; ");
    add_work(w, cycles, lost);
    for (int32_t i = 0; i < batteries.count; i++) {
      clx_words_add(w, "; %s ", clx_power_part_title(&batteries, i, name, sizeof name));
      add_work(w, clx_power_part(&batteries, i, "cycles"), clx_power_part(&batteries, i, "lost"));
    }
    clx_words_put(w, ", ", "charge at least ", "power.battery.charge_least", 3, "");
  }
  clx_words_end(w, "battery", most, CLX_REPORT_PLAIN);
}

static void add_mass(clx_words *w, const char *name, const char *what) {
  char text[CLX_POWER_NAME];
  const clx_quantity *q = clx_result_find(w->result, name);
  if (q != NULL) clx_words_add(w, "%s%s %s", clx_words_between(w, ", "), clx_power_mass(q->value, text), what);
}

static void write_energy(clx_words *w, int32_t most) {
  if (clx_words_put(w, "", "", "power.energy", 3, "")) clx_words_put(w, " ", "in ", "power.horizon", 3, "");
  if (clx_words_put(w, ", ", "", "power.cost", 3, "")) {
    static const char *const parts[][2] = {{"power.cost.energy", "energy"},
                                           {"power.cost.demand", "demand"},
                                           {"power.cost.fuel", "fuel"},
                                           {"power.cost.upkeep", "upkeep"}};
    const double cost = value(w, "power.cost");
    int32_t found = 0;
    for (int32_t i = 0; i < CLX_COUNT(parts) && cost > 0; i++) {
      const double share = value(w, parts[i][0]) / cost;
      if (share > 0.005) clx_words_add(w, "%s%s %.0f %%", found++ == 0 ? " (" : ", ", parts[i][1], 100 * share);
    }
    if (found > 0) clx_words_add(w, ")");
  }
  add_mass(w, "power.co2", "of CO2");
  if (value(w, "power.nox") > 0) add_mass(w, "power.nox", "of NOx");
  clx_words_some(w, ", ", "fuel ", "power.fuel", 3, "");
  if (clx_words_some(w, "; ", "shed ", "power.shed.energy", 3, ""))
    clx_words_put(w, " ", "in ", "power.shed.time", 3, "");
  clx_words_end(w, "energy", most, CLX_REPORT_PLAIN);
}

// "ramp 48 MW/s (limit 10 MW/s)".
static void add_check(clx_words *w, const char *before, const clx_power_parts *checks, int32_t index) {
  char name[CLX_POWER_NAME], found[SHORT], limit[SHORT];
  const clx_quantity *f = clx_power_part(checks, index, "found"), *l = clx_power_part(checks, index, "limit");
  clx_words_add(w, "%s%s", before, clx_power_part_title(checks, index, name, sizeof name));
  if (f != NULL) clx_words_add(w, " %s", clx_quantity_format(f->value, f->unit, 3, found, sizeof found));
  if (l != NULL) clx_words_add(w, " (limit %s)", clx_quantity_format(l->value, l->unit, 3, limit, sizeof limit));
}

// Checks that fail, as a warning. Returns how many there are where all are met, else 0.
static int32_t write_unmet(clx_words *w, int32_t most) {
  const clx_power_parts checks = clx_power_parts_of(w->result, "check", "met");
  int32_t met = 0;
  for (int32_t i = 0; i < checks.count; i++) {
    if (clx_power_part_value(&checks, i, "met", 1) >= 0.5) {
      met++;
    } else {
      add_check(w, w->text[0] == '\0' ? "of the utility's limits: " : ", ", &checks, i);
    }
  }
  clx_words_end(w, "not met", most, CLX_REPORT_BOLD);
  return met > 0 && met == checks.count + checks.more ? met : 0;
}

// A machine of many jobs: what it drew over the replay.
static void write_span(clx_words *w) {
  if (clx_result_find(w->result, "power.it_least") == NULL) return;
  clx_words_put(w, "", "between ", "power.it_least", 3, "");
  clx_words_put(w, " ", "and ", "power.it_most", 3, "");
  clx_words_put(w, ", ", "idle ", "power.it_idle", 3, "");
  clx_words_end(w, "", 1, CLX_REPORT_PLAIN);
}

static void write_jobs(clx_words *w) {
  clx_words_put(w, "", "", "power.jobs.count", 12, " in the list");
  clx_words_put(w, ", ", "", "power.jobs.started", 12, " started");
  clx_words_some(w, " ", "(", "power.jobs.waited", 12, " late)");
  clx_words_put(w, ", ", "", "power.jobs.completed", 12, " completed");
  clx_words_percent(w, "; ", "", "power.jobs.utilisation", " of the nodes held");
  clx_words_end(w, "jobs", 2, CLX_REPORT_PLAIN);
}

// What a run says is short: sources, batteries, spectrum, what is beside the GPUs, and how it is all made up stand in the study.
void clx_report_power_lines(const clx_result *result, clx_page *page) {
  clx_words w = {.result = result, .page = page};
  add_power(&w);
  const bool pue = clx_words_put(&w, " ", "(PUE ", "power.pue", 3, "");
  if (clx_words_percent(&w, pue ? ", " : " ", pue ? "losses " : "(losses ", "power.loss_fraction", "") || pue)
    clx_words_add(&w, ")");
  clx_words_end(&w, "power", 2, CLX_REPORT_BOLD);
  add_units(&w);
  clx_words_end(&w, "", 1, CLX_REPORT_PLAIN);
  write_span(&w);
  write_jobs(&w);
  add_swing(&w);
  clx_words_end(&w, "swings", 1, CLX_REPORT_PLAIN);
  if (clx_words_put(&w, "", "", "power.energy", 3, "")) clx_words_put(&w, " ", "in ", "power.horizon", 3, "");
  clx_words_put(&w, ", ", "", "power.cost", 3, "");
  add_mass(&w, "power.co2", "of CO2");
  if (w.text[0] != '\0') clx_words_put(&w, "; ", "IT without failures ", "training.energy", 3, "");
  clx_words_end(&w, "energy", 1, CLX_REPORT_PLAIN);
  (void)write_unmet(&w, 1);
}

// --- the study ---------------------------------------------------------------------------------------------------------------

static void write_title(clx_words *w) {
  clx_words_machine(w, true);
  clx_words_put(w, "; ", "step ", "power.step_time", 4, "");
  const char *event = clx_result_fact(w->result, "power.event"), *bound = clx_result_fact(w->result, "power.bound_by");
  if (event != NULL && strcmp(event, "steady") != 0) clx_words_add(w, "%sevent: %s", clx_words_between(w, "; "), event);
  if (bound != NULL) clx_words_add(w, "%sheld back by %s", clx_words_between(w, "; "), bound);
  clx_words_end(w, "", 1, CLX_REPORT_PLAIN);
}

static void write_passes(clx_words *w) {
  const clx_power_parts passes = clx_power_parts_of(w->result, "pass", "mean");
  char name[CLX_POWER_NAME], mean[CLX_POWER_NAME], time[SHORT];
  for (int32_t i = 0; i < passes.count; i++) {
    const clx_quantity *t = clx_power_part(&passes, i, "time");
    const bool state = strcmp(passes.name[i], "stopped") == 0;  // lasts as long as it lasts
    clx_words_add(w, "%s%s %s", i > 0 ? ", " : "all servers: ", clx_power_part_title(&passes, i, name, sizeof name),
                  clx_power_watts(clx_power_part_value(&passes, i, "mean", 0), 4, mean));
    if (t != NULL && t->value > 0 && !state)
      clx_words_add(w, " for %s", clx_quantity_format(t->value, t->unit, 3, time, sizeof time));
  }
  clx_words_end(w, "passes", 2, CLX_REPORT_PLAIN);
  clx_ranking part[8];
  const int32_t count = clx_result_rank(w->result, "power.part.", "", false, part, CLX_COUNT(part));
  for (int32_t i = 0; i < count; i++) {
    if (part[i].weight < SEEN) continue;
    clx_words_add(w, "%s%s %.1f %%", clx_words_between(w, ", "), strrchr(part[i].quantity->name, '.') + 1,
                  100 * part[i].weight);
  }
  clx_words_end(w, "GPU time", 1, CLX_REPORT_PLAIN);
}

static void write_levels(clx_words *w) {
  const clx_power_parts levels = clx_power_parts_of(w->result, "level", "in");
  char name[CLX_POWER_NAME], cut[SHORT], in[CLX_POWER_NAME], loss[CLX_POWER_NAME];
  if (levels.count == 0) return;
  const char *chain = clx_result_fact(w->result, "power.chain");
  if (chain != NULL) clx_words_add(w, "%s", chain);
  clx_words_end(w, "chain", 1, CLX_REPORT_PLAIN);
  clx_words_add(w, "%-24s %12s %12s %7s %6s", "level", "in", "loss", "", "load");
  clx_words_end(w, chain != NULL ? "" : "chain", 0, CLX_REPORT_BOLD);
  for (int32_t i = 0; i < levels.count; i++) {
    const double watt = clx_power_part_value(&levels, i, "in", 0), lost = clx_power_part_value(&levels, i, "loss", 0);
    const clx_quantity *load = clx_power_part(&levels, i, "load_share");
    clx_goodput_cut(clx_power_part_title(&levels, i, name, sizeof name), 24, 0, cut, sizeof cut);
    clx_words_add(w, "%-24s %12s %12s %5.2f %%", cut, clx_power_watts(watt, 4, in), clx_power_watts(lost, 3, loss),
                  watt > 0 ? 100 * lost / watt : 0);
    if (load != NULL) clx_words_add(w, " %4.0f %%", 100 * load->value);
    clx_words_end(w, "", 0, CLX_REPORT_PLAIN);
  }
}

// Where batteries smooth, limits stand beside what they leave, which is what the utility sees.
static void write_bands(clx_words *w) {
  const clx_power_parts bands = clx_power_parts_of(w->result, "spectrum", "largest");
  char range[SHORT], a[CLX_POWER_NAME], b[CLX_POWER_NAME], c[CLX_POWER_NAME], d[CLX_POWER_NAME];
  const bool smoothed = clx_power_smoothed(w->result);
  if (bands.count == 0) return;
  clx_words_add(w, "%-16s %12s %11s %11s%s %11s", "band", "largest line", "at", "all lines",
                smoothed ? " after batteries" : "", "limit");
  clx_words_end(w, "spectrum", 0, CLX_REPORT_BOLD);
  for (int32_t i = 0; i < bands.count; i++) {
    const clx_quantity *limit = clx_power_part(&bands, i, "limit");
    const double low = clx_power_part_value(&bands, i, "low", 0), high = clx_power_part_value(&bands, i, "high", 0),
                 largest = clx_power_part_value(&bands, i, "largest", 0),
                 left = clx_power_part_value(&bands, i, "smoothed",
                                             smoothed ? clx_power_band_line(w->result, low, high, NULL) : largest);
    snprintf(range, sizeof range, "%g to %g Hz", low, high);
    if (!(largest > 0)) {
      clx_words_add(w, "%-16.16s %12s", range, "no line");
      clx_words_end(w, "", 0, CLX_REPORT_PLAIN);
      continue;
    }
    clx_words_add(w, "%-16.16s %12s %8.3g Hz %11s", range, clx_power_watts(largest, 3, a),
                  clx_power_part_value(&bands, i, "at", 0),
                  clx_power_watts(clx_power_part_value(&bands, i, "total", 0), 3, b));
    if (smoothed) clx_words_add(w, " %15s", clx_power_watts(left, 3, d));
    clx_words_add(w, " %11s%s", limit != NULL ? clx_power_watts(limit->value, 3, c) : "none asked",
                  limit != NULL && left > limit->value ? " over" : "");
    clx_words_end(w, "", 0, CLX_REPORT_PLAIN);
  }
}

static void write_checks(clx_words *w) {
  const clx_power_parts checks = clx_power_parts_of(w->result, "check", "met");
  char name[CLX_POWER_NAME], cut[SHORT], found[SHORT], limit[SHORT];
  if (checks.count == 0) return;
  clx_words_add(w, "%-24s %14s %14s", "check", "found", "limit");
  clx_words_end(w, "limits", 0, CLX_REPORT_BOLD);
  for (int32_t i = 0; i < checks.count; i++) {
    const clx_quantity *f = clx_power_part(&checks, i, "found"), *l = clx_power_part(&checks, i, "limit");
    const bool met = clx_power_part_value(&checks, i, "met", 1) >= 0.5;
    clx_goodput_cut(clx_power_part_title(&checks, i, name, sizeof name), 24, 0, cut, sizeof cut);
    clx_words_add(
        w, "%-24s %14s %14s  %s", cut, f != NULL ? clx_quantity_format(f->value, f->unit, 3, found, sizeof found) : "",
        l != NULL ? clx_quantity_format(l->value, l->unit, 3, limit, sizeof limit) : "", met ? "met" : "NOT MET");
    clx_words_end(w, "", 0, met ? CLX_REPORT_PLAIN : CLX_REPORT_BOLD);
  }
}

// Loss of all feeds.
static void write_handover(clx_words *w) {
  if (value(w, "power.handover.power") > 0 &&
      clx_words_put(w, "", "without the feeds ", "power.handover.power", 3, "")) {
    clx_words_put(w, " ", "and ", "power.handover.energy", 3, " of battery");
    clx_words_put(w, " ", "until generators carry the load after ", "power.handover.time", 3, "");
    clx_words_some(w, "; ", "", "power.handover.dip", 3, " without full power");
  }
  clx_words_end(w, "hand-over", 2, CLX_REPORT_PLAIN);
}

static void write_design(clx_words *w) {
  if (clx_words_put(w, "", "battery of ", "power.design.battery_power", 3, "")) {
    clx_words_put(w, " and ", "", "power.design.battery_energy", 3, "");
    clx_words_percent(w, ", ", "power floor ", "power.design.floor", "");
    clx_words_put(w, ", ", "", "power.design.cost", 3, "");
  }
  clx_words_end(w, "design", 1, CLX_REPORT_PLAIN);
}

static void write_sources(clx_words *w) {
  const clx_power_parts sources = clx_power_sources(w->result);
  char name[CLX_POWER_NAME], cut[SHORT], energy[SHORT], peak[SHORT];
  enum { MOST = 12 };
  if (sources.count == 0) return;
  const bool peaks = clx_power_parts_of(w->result, "source", "peak").count > 0;
  clx_words_add(w, "%-24s %8s %12s %12s", "source", "share", "energy", peaks ? "peak" : "");
  clx_words_end(w, "supply", 0, CLX_REPORT_BOLD);
  for (int32_t i = 0; i < sources.count && i < MOST; i++) {
    const clx_quantity *e = clx_power_part(&sources, i, "energy"), *p = clx_power_part(&sources, i, "peak");
    clx_goodput_cut(clx_power_part_title(&sources, i, name, sizeof name), 24, 0, cut, sizeof cut);
    clx_words_add(w, "%-24s %6.1f %% %12s %12s", cut, 100 * clx_power_source_share(&sources, i),
                  e != NULL ? clx_quantity_format(e->value, e->unit, 3, energy, sizeof energy) : "",
                  p != NULL ? clx_quantity_format(p->value, p->unit, 3, peak, sizeof peak) : "");
    clx_words_end(w, "", 0, CLX_REPORT_PLAIN);
  }
  if (sources.count > MOST) clx_words_add(w, "%d more: --json", sources.count - MOST + sources.more);
  clx_words_end(w, "", 0, CLX_REPORT_DIM);
}

static void write_milestones(clx_words *w) {
  for (int32_t i = 1; i <= CLX_POWER_PARTS; i++) {
    char name[SHORT], power[CLX_POWER_NAME], gpus[CLX_POWER_NAME];
    snprintf(name, sizeof name, "power.milestone_%d.power", i);
    const clx_quantity *p = clx_result_find(w->result, name);
    snprintf(name, sizeof name, "power.milestone_%d.gpus", i);
    const clx_quantity *g = clx_result_find(w->result, name);
    if (p == NULL || g == NULL) break;
    snprintf(name, sizeof name, "power.milestone_%d.name", i);
    const char *title = clx_result_fact(w->result, name);
    clx_words_add(w, "%s%s%s%s carries %s GPUs", i > 1 ? "; " : "", title != NULL ? title : "",
                  title != NULL ? ": " : "", clx_power_watts(p->value, 3, power),
                  clx_quantity_format(floor(g->value), "", 12, gpus, sizeof gpus));
  }
  clx_words_end(w, "milestones", 4, CLX_REPORT_PLAIN);
}

void clx_report_power(const clx_result *result, bool colour, clx_buffer *out) {
  clx_page page = {.out = out, .colour = colour};
  clx_words w = {.result = result, .page = &page};
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
  if (met > 0) clx_words_add(&w, "all %d of the utility's limits are met", met);
  clx_words_end(&w, "limits", 1, CLX_REPORT_PLAIN);
  clx_page_warnings(&page, result, 8);
}
