// Results about power made by hand, in the shape that a study has.
#pragma once

#include "check.h"

#include "base/base.h"
#include "result/result.h"

static inline void power_put(clx_result *r, const char *name, double value, const char *unit) {
  clx_error error = {0};
  char full[160];
  snprintf(full, sizeof full, "power.%s", name);
  if (clx_result_add(r, full, value, unit, value, value, "doc <&>", &error) != CLX_OK)
    fail_msg("%s", error.mistake[0].text);
}

static inline void power_say(clx_result *r, const char *name, const char *text) {
  clx_error error = {0};
  assert_int_equal(clx_result_add_text(r, name, text, &error), CLX_OK);
}

static inline void power_draw(clx_result *r, const char *name, const char *unit, const double *x, const double *y,
                              int32_t count, const char *x_unit) {
  clx_error error = {0};
  char full[160];
  snprintf(full, sizeof full, "power.%s", name);
  assert_int_equal(clx_result_add_series(r, full, unit, y, "x", x_unit, x, count, &error), CLX_OK);
}

// What a study may hold.
typedef struct power_case {
  const char *title;
  double gpus, gpu;         // count, W
  int32_t sources, levels;  // levels <= 8
  double loss;              // share of what goes into a level
  bool plugs;               // the chain begins above the plugs of the equipment, as that of a site does
  bool ports, events, limits, year, design;
  int32_t samples;           // of the waveform
  double step_time, window;  // s
} power_case;

static const char *const POWER_LEVELS[] = {"server", "rack", "row", "pdu", "ups", "transformer", "substation", "line"};
enum { POWER_POINTS = 200001, POWER_HOURS = 2000 };

static inline double power_add_chain(clx_result *r, const power_case *c) {
  double in = c->gpus * c->gpu * 1.25;
  char name[96];
  if (c->plugs) power_put(r, "level.server.loss", 0.04 * in, "W");
  if (c->plugs || c->levels == 0) power_put(r, "network", 0.03 * in, "W");
  for (int32_t i = c->plugs ? 1 : 0; i < c->levels; i++) {
    double out = in;
    if (c->ports && i == 1) {
      snprintf(name, sizeof name, "level.%s.port.network", POWER_LEVELS[i]);
      power_put(r, name, 0.02 * in, "W");
      snprintf(name, sizeof name, "level.%s.port.fixed", POWER_LEVELS[i]);
      power_put(r, name, 0.004 * in, "W");
      out += 0.024 * in;
    }
    if (i == c->levels - 1) out += 0.12 * in;  // cooling, by name or to be told from its sum
    if (i == c->levels - 1 && c->ports) {
      snprintf(name, sizeof name, "level.%s.port.cooling", POWER_LEVELS[i]);
      power_put(r, name, 0.12 * in, "W");
    }
    snprintf(name, sizeof name, "level.%s.in", POWER_LEVELS[i]);
    power_put(r, name, out / (1 - c->loss), "W");
    snprintf(name, sizeof name, "level.%s.loss", POWER_LEVELS[i]);
    power_put(r, name, out * c->loss / (1 - c->loss), "W");
    snprintf(name, sizeof name, "level.%s.load_share", POWER_LEVELS[i]);
    power_put(r, name, 0.4 + 0.05 * i, "");
    if (i == c->levels - 1) power_put(r, "cooling", 0.12 * in, "W");
    in = out / (1 - c->loss);
  }
  if (c->levels == 0) in *= 1.2;
  return in;
}

static inline void power_add_waves(clx_result *r, const power_case *c, double site) {
  static double x[POWER_POINTS], y[POWER_POINTS];
  static const struct {
    const char *name;
    double share;
  } waves[] = {{"site", 1}, {"rack", 5e-4}, {"gpu", 6e-6}};
  for (int32_t k = 0; k < 3; k++) {
    for (int32_t i = 0; i < c->samples; i++) {
      x[i] = i * c->window / c->samples;
      const double phase = fmod(x[i], c->step_time) / c->step_time;
      const double level = phase < 0.8 ? 1.04 + 0.01 * sin(400 * phase) : phase < 0.95 ? 0.8 : 0.9;
      y[i] = (c->events && x[i] < 0.3 * c->window ? 0.3 : level) * site * waves[k].share;
    }
    power_draw(r, waves[k].name, "W", x, y, c->samples, "s");
  }
  const int32_t lines = c->samples / 2 < 4000 ? c->samples / 2 : 4000;
  for (int32_t i = 0; i < lines; i++) {
    x[i] = i / c->step_time / 2;
    y[i] = i == 0 ? site : i % 2 == 0 ? site * 0.12 * fabs(sin(0.4 * i) / (0.5 * i)) : 1e-7 * site;
  }
  power_draw(r, "spectrum", "W", x, y, lines, "Hz");
}

static inline void power_add_limits(clx_result *r, const power_case *c, double site) {
  static const double edges[] = {0.1, 0.2, 3, 7, 20};
  char name[96];
  for (int32_t i = 0; i < 4; i++) {
    const struct {
      const char *what, *unit;
      double value;
    } one[] = {{"low", "Hz", edges[i]},
               {"high", "Hz", edges[i + 1]},
               {"largest", "W", site * 0.05 / (1 + 2 * i)},
               {"total", "W", site * 0.06 / (1 + 2 * i)},
               {"at", "Hz", sqrt(edges[i] * edges[i + 1])},
               {"limit", "W", site * 0.02}};
    for (int32_t k = 0; k < (c->limits && i != 3 ? 6 : 5); k++) {
      snprintf(name, sizeof name, "spectrum.band_%d.%s", i + 1, one[k].what);
      power_put(r, name, one[k].value, one[k].unit);
    }
  }
  if (!c->limits) return;
  power_put(r, "check.ramp.found", 0.3 * site, "W/s");
  power_put(r, "check.ramp.limit", 0.1 * site, "W/s");
  power_put(r, "check.ramp.met", 0, "");
  power_put(r, "check.band_0.1_minus20_Hz.found", 0.05 * site, "W");
  power_put(r, "check.band_0.1_minus20_Hz.limit", 0.02 * site, "W");
  power_put(r, "check.band_0.1_minus20_Hz.met", 0, "");
  power_say(r, "power.check.band_0.1_minus20_Hz.title", "band 0.1-20 Hz");
  power_put(r, "check.sag.found", 0.4, "s");
  power_put(r, "check.sag.limit", 0.15, "s");
  power_put(r, "check.sag.met", 1, "");
}

static inline void power_add_supply(clx_result *r, const power_case *c, double site) {
  static double x[POWER_HOURS], y[POWER_HOURS], most[POWER_HOURS], charge[POWER_HOURS];
  const double horizon = 365.25 * 86400;
  char name[96];
  double left = 1;
  for (int32_t i = 0; i < c->sources; i++) {
    const double share = i + 1 == c->sources ? left : left * 0.45;
    left -= share;
    snprintf(name, sizeof name, "source.%s_%d.energy", i == 0 ? "grid" : i % 2 == 1 ? "turbines" : "engines", i + 1);
    power_put(r, name, share * site * horizon, "J");
    memcpy(strrchr(name, '.'), ".share", 7);
    power_put(r, name, share, "");
    memcpy(strrchr(name, '.'), ".peak", 6);
    power_put(r, name, 1.2 * share * site, "W");
    if (!c->year) continue;
    for (int32_t k = 0; k < POWER_HOURS; k++) {
      x[k] = k * horizon / POWER_HOURS;
      y[k] = k % 97 == 5 ? 0.3 * share * site : share * site * (1 + 0.02 * sin(k));
    }
    *strrchr(name, '.') = '\0';
    power_draw(r, name, "W", x, y, POWER_HOURS, "s");
  }
  if (!c->year) return;
  for (int32_t k = 0; k < POWER_HOURS; k++) {
    x[k] = k * horizon / POWER_HOURS;
    y[k] = k % 97 == 5 ? 0.3 * site : site;
    most[k] = 1.1 * site;
    charge[k] = (0.5 + 0.4 * sin(0.03 * k)) * 36e9;
  }
  power_draw(r, "year.mean", "W", x, y, POWER_HOURS, "s");
  power_draw(r, "year.most", "W", x, most, POWER_HOURS, "s");
  power_draw(r, "charge", "J", x, charge, POWER_HOURS, "s");
  power_put(r, "energy", site * horizon, "J");
  power_put(r, "cost", site * horizon / 3.6e9 * 60, "USD");
  power_put(r, "cost.energy", site * horizon / 3.6e9 * 50, "USD");
  power_put(r, "cost.demand", site * horizon / 3.6e9 * 10, "USD");
  power_put(r, "co2", site * horizon / 3.6e9 * 380, "kg");
  power_put(r, "nox", site * horizon / 3.6e9 * 0.05, "kg");
  power_put(r, "battery_power", 0.1 * site, "W");
  power_put(r, "battery_energy", 36e9, "J");
  power_put(r, "battery.cycles", 212, "");
  power_put(r, "battery.lost", 2e11, "J");
  power_put(r, "battery.charge_least", 3.6e9, "J");
}

static inline void power_add_design(clx_result *r, double site) {
  enum { FLOORS = 9 };
  double x[FLOORS], power[FLOORS], energy[FLOORS], burnt[FLOORS], cost[FLOORS];
  for (int32_t i = 0; i < FLOORS; i++) {
    x[i] = 0.1 * i;
    power[i] = site * 0.1 * (1 - x[i]);
    energy[i] = 30 * power[i];
    burnt[i] = site * 0.08 * x[i] * x[i];
    cost[i] = 0.3 * power[i] + 400e-9 * 31557600 * burnt[i] * 0.01;
  }
  const int32_t best = 6;
  cost[best] *= 0.9;
  power_draw(r, "design.curve.battery_power", "W", x, power, FLOORS, "");
  power_draw(r, "design.curve.battery_energy", "J", x, energy, FLOORS, "");
  power_draw(r, "design.curve.burnt", "W", x, burnt, FLOORS, "");
  power_draw(r, "design.curve.cost", "USD", x, cost, FLOORS, "");
  power_put(r, "design.floor", x[best], "");
  power_put(r, "design.battery_power", power[best], "W");
  power_put(r, "design.battery_energy", energy[best], "J");
  power_put(r, "design.cost", cost[best], "USD");
}

static inline clx_result *power_study(const power_case *c) {
  clx_result *r = clx_result_new();
  clx_error error = {0};
  assert_non_null(r);
  if (c->title != NULL) power_say(r, "scenario.title", c->title);
  assert_int_equal(clx_result_add(r, "machine.gpus", c->gpus, "", c->gpus, c->gpus, "", &error), CLX_OK);
  const double site = power_add_chain(r, c);
  power_put(r, "gpu_mean", c->gpu, "W");
  power_put(r, "node_mean", 10.2 * c->gpu, "W");
  power_put(r, "rack_mean", 90 * c->gpu, "W");
  power_put(r, "rack_peak", 99 * c->gpu, "W");
  power_put(r, "it_mean", c->gpus * c->gpu * 1.25, "W");
  power_put(r, "it_peak", c->gpus * c->gpu * 1.4, "W");
  power_put(r, "site_mean", site, "W");
  power_put(r, "site_peak", 1.12 * site, "W");
  power_put(r, "pue", site / (c->gpus * c->gpu * 1.25), "");
  power_put(r, "loss_fraction", 0.01 + c->loss, "");
  power_put(r, "step_time", c->step_time, "s");
  power_put(r, "step_swing", 0.2 * site, "W");
  power_put(r, "step_swing_share", 0.2, "");
  power_put(r, "dip_depth", 0.107, "");
  power_put(r, "ramp_max", 0.3 * site, "W/s");
  power_put(r, "part.multiply", 0.6, "");
  power_put(r, "part.communicate", 0.3, "");
  power_put(r, "pass.step.mean", site, "W");
  power_put(r, "pass.step.time", c->step_time, "s");
  power_say(r, "power.event", c->events ? "start" : "steady");
  if (c->samples > 0) power_add_waves(r, c, site);
  power_add_limits(r, c, site);
  power_add_supply(r, c, site);
  if (c->design) power_add_design(r, site);
  return r;
}
