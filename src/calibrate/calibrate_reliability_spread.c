// Whether failures are as even as a Poisson process has them: over time (clusters), over units (repeat offenders), over places.
#include <math.h>
#include <stdlib.h>

#include "calibrate/calibrate_reliability_internal.h"

bool clx_log_counts(const clx_failure_log *log, const clx_log_event *event, int32_t kind) {
  return kind >= 0 ? event->kind == kind : log->kind[event->kind].role != CLX_LOG_OUTCOME;
}

// --- over time -------------------------------------------------------------------------------------------------------------

static const double close_gap = 60;  // s: "at the same moment"
enum { WINDOWS_MAX = 256 };

// The step of the clock that the log was written with: the longest of these that divides all times.
static double resolution_of(const clx_failure_log *log) {
  static const double steps[] = {86400, 3600, 60, 1};
  for (int32_t s = 0; s < CLX_COUNT(steps); s++) {
    bool all = true;
    for (int32_t i = 0; i < log->event_count && all; i++) {
      const double time = log->event[i].time;
      all = isnan(time) || floor(time / steps[s]) * steps[s] == time;
    }
    if (all) return steps[s];
  }
  return 0;
}

// Gaps of a minute or less among events in order of time. Between two events of a Poisson process of rate r a gap is that short with
// probability 1 - e^(-r gap); the clock's step is added, for times that were rounded.
static void test_gaps(const clx_failure_log *log, int32_t kind, double span, double resolution, clx_cluster_fit *fit) {
  double last = (double)NAN, events = 0;
  for (int32_t i = 0; i < log->event_count; i++) {
    const clx_log_event *e = &log->event[i];
    if (!clx_log_counts(log, e, kind) || isnan(e->time) || !(e->count > 0)) continue;
    if (!isnan(last)) {
      fit->gaps++;
      fit->close += e->time - last <= close_gap ? 1 : 0;
    }
    last = e->time;
    events++;
  }
  fit->clusters = events - fit->close;
  if (fit->gaps < 10 || resolution > close_gap || !(span > 0)) return;
  const double chance = -expm1(-events / span * (close_gap + resolution));
  fit->gaps_tested = true;
  fit->expected = fit->gaps * chance;
  fit->p_close = fit->close > 0 ? 1 - clx_binomial_cdf(fit->gaps, chance, fit->close - 1) : 1;
}

// Exposure in equal windows of [from, from + windows width).
static void exposure_of(const clx_failure_log *log, int32_t windows, double width, double *exposure) {
  for (int32_t w = 0; w < windows && !log->spans_known; w++) exposure[w] = width;
  for (int32_t i = 0; i < log->span_count; i++) {
    const clx_log_span *s = &log->span[i];
    const int32_t first = (int32_t)fmin(floor((s->from - log->from) / width), windows - 1);
    for (int32_t w = first; w < windows && log->from + width * w < s->to; w++) {
      const double inside = fmin(s->to, log->from + width * (w + 1)) - fmax(s->from, log->from + width * w);
      exposure[w] += inside > 0 ? s->count * inside : 0;
    }
  }
}

// Index of dispersion: chi-square of the counts in windows, about five events in each, over its degrees of freedom.
static void test_counts(const clx_failure_log *log, int32_t kind, double span, double resolution,
                        clx_cluster_fit *fit) {
  double exposure[WINDOWS_MAX] = {0}, count[WINDOWS_MAX] = {0}, events = 0, total = 0, square = 0;
  for (int32_t i = 0; i < log->event_count; i++) {
    const clx_log_event *e = &log->event[i];
    events += clx_log_counts(log, e, kind) && !isnan(e->time) ? e->count : 0;
  }
  const int32_t windows = (int32_t)fmin(floor(events / 5), WINDOWS_MAX);
  const double width = windows > 0 ? span / windows : 0;
  if (windows < 4 || !(width > 2 * resolution)) return;
  exposure_of(log, windows, width, exposure);
  for (int32_t i = 0; i < log->event_count; i++) {
    const clx_log_event *e = &log->event[i];
    if (clx_log_counts(log, e, kind) && !isnan(e->time))
      count[(int32_t)fmax(0, fmin(floor((e->time - log->from) / width), windows - 1))] += e->count;
  }
  for (int32_t w = 0; w < windows; w++) total += exposure[w];
  double freedom = -1;
  for (int32_t w = 0; w < windows; w++) {
    const double mean = events * exposure[w] / total;
    if (mean < 1) continue;  // nearly nobody was watching
    square += (count[w] - mean) * (count[w] - mean) / mean;
    freedom++;
  }
  if (freedom < 3) return;
  fit->counts_tested = true;
  fit->windows = (int32_t)freedom + 1;
  fit->dispersion = square / freedom;
  fit->p_dispersion = clx_chi_square_tail(freedom, square);
}

void clx_cluster_fit_make(const clx_failure_log *log, int32_t kind, clx_cluster_fit *fit) {
  *fit = (clx_cluster_fit){.p_close = 1, .p_dispersion = 1};
  const double span = log->to - log->from;
  if (!(span > 0)) return;
  const double resolution = resolution_of(log);
  test_gaps(log, kind, span, resolution, fit);
  test_counts(log, kind, span, resolution, fit);
}

// --- over units ------------------------------------------------------------------------------------------------------------

static int by_p(const void *a, const void *b) {
  const clx_lemon *x = a, *y = b;
  if (x->p != y->p) return x->p < y->p ? -1 : 1;
  return x->unit < y->unit ? -1 : x->unit > y->unit;
}

// Whether an event tells on its unit: in spans that several units share, nobody knows whose it was.
static bool tells(const clx_failure_log *log, const clx_log_event *e) {
  return e->unit >= 0 && clx_log_counts(log, e, -1);
}

// The rate of the units found after their first event, which is left out because it is why they were found, over that of the others.
static double factor_of(const clx_failure_calibration *c, const double *exposure, const double *count, double total,
                        double events) {
  double bad = 0, bad_exposure = 0, all_bad = 0;
  for (int32_t i = 0; i < c->lemons; i++) {
    all_bad += count[c->lemon[i].unit];
    bad += count[c->lemon[i].unit] - 1;
    bad_exposure += exposure[c->lemon[i].unit];
  }
  const double others = (events - all_bad) / (total - bad_exposure);
  return others > 0 && bad_exposure > 0 ? bad / bad_exposure / others : 0;
}

clx_status clx_lemons_find(clx_arena *arena, double level, clx_failure_calibration *c, clx_error *error) {
  const clx_failure_log *log = c->log;
  const int32_t units = log->units.count;
  double total = 0, events = 0;
  c->lemon_level = level;
  if (!log->spans_known || !log->units_told) return CLX_OK;
  double *exposure = CLX_NEW_ARRAY(arena, double, units), *count = CLX_NEW_ARRAY(arena, double, units);
  clx_lemon *lemon = CLX_NEW_ARRAY(arena, clx_lemon, units);
  if (exposure == NULL || count == NULL || lemon == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < log->span_count; i++) {
    const clx_log_span *s = &log->span[i];
    if (s->alone) exposure[s->unit] += s->count * (s->to - s->from);
  }
  for (int32_t i = 0; i < log->event_count; i++) {
    if (tells(log, &log->event[i])) count[log->event[i].unit] += log->event[i].count;
  }
  for (int32_t u = 0; u < units; u++) {
    if (!(exposure[u] > 0)) continue;
    total += exposure[u];
    events += count[u];
    lemon[c->tested++] = (clx_lemon){.unit = u, .events = count[u], .p = 1, .q = 1};
  }
  // All alike, the events of a unit out of all are binomial with its share of the exposure, whatever the rate is.
  for (int32_t i = 0; i < c->tested; i++) {
    const double share = exposure[lemon[i].unit] / total;
    lemon[i].expected = events * share;
    if (lemon[i].events >= 2 && share < 1)
      lemon[i].p = fmax(0, 1 - clx_binomial_cdf(events, share, ceil(lemon[i].events) - 1));
  }
  qsort(lemon, (size_t)c->tested, sizeof *lemon, by_p);
  // Benjamini and Hochberg 1995: q falls from the last to the first.
  double q = 1;
  for (int32_t i = c->tested - 1; i >= 0; i--) lemon[i].q = q = fmin(q, lemon[i].p * c->tested / (i + 1));
  while (c->lemons < c->tested && c->lemons < CLX_LEMONS_MAX && lemon[c->lemons].q <= level) {
    c->lemon[c->lemons] = lemon[c->lemons];
    c->lemons++;
  }
  c->lemon_factor = factor_of(c, exposure, count, total, events);
  return CLX_OK;
}

// --- over places -----------------------------------------------------------------------------------------------------------

void clx_position_fit_make(const clx_failure_log *log, double confidence, clx_position_fit *fit) {
  double exposure[CLX_POSITIONS_MAX] = {0}, count[CLX_POSITIONS_MAX] = {0}, events = 0, total = 0, square = 0;
  *fit = (clx_position_fit){.p = 1};
  for (int32_t i = 0; i < log->span_count; i++) {
    const clx_log_span *s = &log->span[i];
    if (s->position < 0) return;  // of some it is not known: their events would be missed
    exposure[s->position] += s->count * (s->to - s->from);
  }
  for (int32_t i = 0; i < log->event_count; i++) {
    const clx_log_event *e = &log->event[i];
    if (!clx_log_counts(log, e, -1)) continue;
    if (e->position < 0) return;
    count[e->position] += e->count;
    events += e->count;
  }
  for (int32_t p = 0; p < CLX_POSITIONS_MAX; p++) {
    total += exposure[p];
    if (exposure[p] > 0) fit->count = p + 1;
  }
  for (int32_t p = 0; p < fit->count; p++) {
    clx_rate_fit_make(count[p], exposure[p], confidence, &fit->rate[p]);
    const double mean = events * exposure[p] / total;
    if (mean > 0) square += (count[p] - mean) * (count[p] - mean) / mean;
  }
  fit->p = fit->count > 1 && events > 0 ? clx_chi_square_tail(fit->count - 1, square) : 1;
}
