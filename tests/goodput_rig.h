// Results about reliability made by hand, in the shape that a run and a comparison of policies have.
#pragma once

#include "check.h"

#include "reliability/reliability_model.h"
#include "result/result.h"

static const double GOODPUT_DAY = 86400;

static inline void goodput_put(clx_result *r, const char *prefix, const char *what, double value, double low,
                               double high, const char *unit) {
  clx_error error = {0};
  char name[160];
  snprintf(name, sizeof name, "%s.%s", prefix, what);
  if (clx_result_add(r, name, value, unit, low, high, "doc", &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
}

static inline void goodput_say(clx_result *r, const char *prefix, const char *what, const char *text) {
  clx_error error = {0};
  char name[160];
  snprintf(name, sizeof name, "%s.%s", prefix, what);
  assert_int_equal(clx_result_add_text(r, name, text, &error), CLX_OK);
}

static inline void goodput_draw(clx_result *r, const char *prefix, const char *what, const double *x, const double *y,
                                int32_t count, const char *x_name, const char *x_unit) {
  clx_error error = {0};
  char name[160];
  snprintf(name, sizeof name, "%s.%s", prefix, what);
  assert_int_equal(clx_result_add_series(r, name, "", y, x_name, x_unit, x, count, &error), CLX_OK);
}

// Share of the time that is progress when a job of mean time to failure `mttf` needs `restart` after each and `write` a checkpoint:
// the additive form, kept within 0..1.
static inline double goodput_of(double mttf, double restart, double interval, double write) {
  return fmin(fmax((1 - (restart + interval / 2) / mttf) / (1 + write / interval), 0), 1);
}

enum { GOODPUT_POINTS = 200, GOODPUT_CURVE = 41 };

// One policy: goodput, its ledger, progress over `days` of work. `band` false: values without bands.
static inline void goodput_policy(clx_result *r, const char *prefix, double goodput, double days, bool band) {
  const double b = band ? 0.04 : 0, lost = 1 - goodput, time = days * GOODPUT_DAY / goodput;
  static const struct {
    const char *name;
    double share;  // of what is lost
  } ledger[] = {{"wasted", 0.31},     {"recovery", 0.22}, {"startup", 0.13},         {"save", 0.1},   {"restore", 0.06},
                {"straggling", 0.05}, {"repair", 0.045},  {"initialization", 0.005}, {"spare", 0.08}, {"waiting", 0}};
  double used = goodput;
  goodput_put(r, prefix, "goodput", goodput, goodput * (1 - b), fmin(1, goodput * (1 + b)), "");
  goodput_put(r, prefix, "mttf", 1860, 1860 * (1 - 2 * b), 1860 * (1 + 2 * b), "s");
  goodput_put(r, prefix, "interruptions", 5012, 5012 * (1 - b), 5012 * (1 + b), "");
  goodput_put(r, prefix, "planned", 16, 16, 16, "");
  goodput_put(r, prefix, "failures", 5410, 5410, 5410, "");
  goodput_put(r, prefix, "time_to_train", time, time * (1 - b), time * (1 + b), "s");
  goodput_put(r, prefix, "checkpoint_interval", 89, 89 * (1 - 3 * b), 89 * (1 + 3 * b), "s");
  goodput_put(r, prefix, "checkpoint_bytes", 4.31e12, 4.31e12, 4.31e12, "B");
  goodput_put(r, prefix, "checkpoint_stall", 2.16, 2.16, 2.16, "s");
  goodput_put(r, prefix, "checkpoint_lag", 31, 31, 31, "s");
  goodput_put(r, prefix, "checkpoint_load", 29, 29, 29, "s");
  goodput_put(r, prefix, "restart_time", 185, 185, 185, "s");
  goodput_put(r, prefix, "detect_time", 74, 74, 74, "s");
  goodput_put(r, prefix, "lost_work", 188, 188, 188, "s");
  goodput_put(r, prefix, "waited", 5100, 5100, 5100, "s");
  goodput_put(r, prefix, "spares", 128, 90, 150, "");
  goodput_put(r, prefix, "spares_least", 31, 12, 48, "");
  goodput_put(r, prefix, "spares_needed", 212, 212, 212, "");
  goodput_put(r, prefix, "horizon", time, time, time, "s");
  goodput_put(r, prefix, "replications", 1000, 1000, 1000, "");
  goodput_put(r, prefix, "gpu_hours_lost", lost * 1e5 * time / 3600, 0, 1e9, "");
  goodput_put(r, prefix, "cause.gpu", 1770, 1770, 1770, "");
  goodput_put(r, prefix, "cause.memory", 1089, 1089, 1089, "");
  goodput_put(r, prefix, "cause.software", 646, 646, 646, "");
  goodput_put(r, prefix, "cause.network", 419, 419, 419, "");
  goodput_put(r, prefix, "cause.host", 1088, 1088, 1088, "");
  goodput_put(r, prefix, "ledger.productive", goodput, goodput, goodput, "");
  for (int32_t i = 0; i < CLX_COUNT(ledger); i++) {
    char what[64];
    snprintf(what, sizeof what, "ledger.%s", ledger[i].name);
    goodput_put(r, prefix, what, lost * ledger[i].share, 0, 1, "");
    used += lost * ledger[i].share;
  }
  CLX_CHECK_NEAR(used, 1, 1e-9, 0);
  goodput_say(r, prefix, "failures_entry", "llama3");
  goodput_say(r, prefix, "clock", "wall");
  goodput_say(r, prefix, "rates", "posterior");
  goodput_say(r, prefix, "checkpoint", "async");
  goodput_say(r, prefix, "path", "component");
  double x[GOODPUT_POINTS], y[3][GOODPUT_POINTS];
  for (int32_t i = 0; i < GOODPUT_POINTS; i++) {
    x[i] = 1.06 * time * i / (GOODPUT_POINTS - 1);
    for (int32_t k = 0; k < 3; k++) {
      const double share = x[i] / time * (1 + (k - 1) * b) + (band ? (k - 1) * 0.015 * sqrt(x[i] / time) : 0);
      y[k][i] = fmin(fmax(share, 0), 1);
    }
  }
  goodput_draw(r, prefix, "progress", x, y[1], GOODPUT_POINTS, "time", "s");
  if (!band) return;
  goodput_draw(r, prefix, "progress_low", x, y[0], GOODPUT_POINTS, "time", "s");
  goodput_draw(r, prefix, "progress_high", x, y[2], GOODPUT_POINTS, "time", "s");
}

// Goodput over the interval, from a tenth to ten times the best one.
static inline void goodput_interval(clx_result *r, const char *prefix, double mttf, double restart, double write) {
  double x[GOODPUT_CURVE], y[GOODPUT_CURVE];
  for (int32_t i = 0; i < GOODPUT_CURVE; i++) {
    x[i] = sqrt(2 * write * mttf) * pow(10, (i - 20) / 20.0);
    y[i] = goodput_of(mttf, restart, x[i], write);
  }
  goodput_draw(r, prefix, "curve.interval", x, y, GOODPUT_CURVE, "interval", "s");
}

// Goodput over the number of GPUs at the best interval; rates of one server in failures a day.
static inline void goodput_sizes(clx_result *r, const char *prefix) {
  static const struct {
    const char *name;
    double rate;
  } rates[] = {{"curve.size_low", 2.34e-3}, {"curve.size_mid", 3.79e-3}, {"curve.size_high", 6.5e-3}};
  for (int32_t k = 0; k < CLX_COUNT(rates); k++) {
    double x[GOODPUT_CURVE], y[GOODPUT_CURVE];
    for (int32_t i = 0; i < GOODPUT_CURVE; i++) {
      x[i] = 1024 * pow(2, i / 5.0);
      const double mttf = GOODPUT_DAY / (x[i] / 8 * rates[k].rate);
      y[i] = goodput_of(mttf, 180, sqrt(2 * 2.2 * mttf), 2.2);
    }
    goodput_draw(r, prefix, rates[k].name, x, y, GOODPUT_CURVE, "gpus", "");
  }
}

static inline void goodput_machine(clx_result *r) {
  goodput_say(r, "scenario", "title", "Colossus, Memphis: 100,000 H100, training a Grok-2-class mixture of experts");
  goodput_say(r, "machine", "fleet", "100,000 x h100_sxm in supermicro_hgx_h100_liquid");
  goodput_put(r, "machine", "gpus", 100000, 100000, 100000, "");
  goodput_put(r, "machine", "servers", 12500, 12500, 12500, "");
  goodput_put(r, "machine", "gpus_used", 98304, 98304, 98304, "");
  goodput_put(r, "machine", "gpus_spare", 1696, 1696, 1696, "");
}

// `count` policies compared; names NULL: the usual ones.
static inline clx_result *goodput_comparison(int32_t count, const char *const *names, bool band) {
  static const char *const usual[] = {"restart", "restart, warm standby", "elastic", "masked", "redundant", "two jobs"};
  static const double goodput[] = {0.681, 0.792, 0.874, 0.931, 0.902, 0.764};
  clx_result *r = clx_result_new();
  assert_non_null(r);
  goodput_machine(r);
  for (int32_t i = 0; i < count; i++) {
    char prefix[64];
    const double g = goodput[i % CLX_COUNT(goodput)];
    snprintf(prefix, sizeof prefix, "goodput.policy_%d", i + 1);
    goodput_say(r, prefix, "name", names != NULL ? names[i] : usual[i % CLX_COUNT(usual)]);
    goodput_policy(r, prefix, g, 90, band);
    if (i > 0) goodput_put(r, prefix, "gain", g - goodput[0], g - goodput[0] - 0.004, g - goodput[0] + 0.004, "");
  }
  if (count > 0) goodput_sizes(r, "reliability");
  if (count > 0) goodput_interval(r, "reliability", 1860, 440, 2.16);
  return r;
}

static inline clx_result *goodput_run(bool band) {
  clx_result *r = clx_result_new();
  assert_non_null(r);
  goodput_machine(r);
  goodput_policy(r, "reliability", 0.812, 90, band);
  goodput_say(r, "reliability", "policy", "restart");
  goodput_interval(r, "reliability", 1860, 200, 2.16);
  goodput_sizes(r, "reliability");
  return r;
}
