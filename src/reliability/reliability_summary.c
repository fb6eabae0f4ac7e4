// The outcome of a simulation from its replications, in their order.
#include <math.h>
#include <string.h>

#include "reliability/reliability_internal.h"

static clx_status out_of_memory(clx_error *error) { return clx_fail_plain(error, CLX_MEMORY, "out of memory"); }

double clx_work_possible(const clx_reliability_model *model, int32_t job, double time) {
  const clx_reliability_job *j = &model->job[job];
  double work = 0;
  for (int32_t s = 0; s < j->stage_count && j->stage[s].start < time; s++) {
    const double end = s + 1 < j->stage_count ? fmin(time, j->stage[s + 1].start) : time;
    work += (end - j->stage[s].start) * j->stage[s].rate;
  }
  return work;
}

double clx_work_ideal(const clx_reliability_model *model, int32_t job) {
  const clx_reliability_job *j = &model->job[job];
  double left = j->work;
  for (int32_t s = 0; s < j->stage_count; s++) {
    const double end = s + 1 < j->stage_count ? j->stage[s + 1].start : INFINITY;
    const double part = (end - j->stage[s].start) * j->stage[s].rate;
    if (part >= left) return j->stage[s].start + left / j->stage[s].rate;
    left -= part;
  }
  return INFINITY;
}

double clx_machine_gpus(const clx_reliability_model *model, double time, double *gpu_seconds) {
  double gpus = 0, seconds = 0;
  for (int32_t c = 0; c < model->cohort_count; c++) {
    const clx_reliability_cohort *k = &model->cohort[c];
    if (k->arrival > time) continue;
    gpus += (double)k->units * k->gpus;
    seconds += (double)k->units * k->gpus * (time - k->arrival);
  }
  if (gpu_seconds != NULL) *gpu_seconds = seconds;
  return gpus;
}

// --- bands --------------------------------------------------------------------------------------------------------------------
typedef struct field {
  size_t run, outcome;  // offsets of a double of clx_reliability_run and its clx_band
} field;

#define FIELD(name) \
  { offsetof(clx_reliability_run, name), offsetof(clx_reliability_outcome, name) }

static const field fields[] = {
    FIELD(end),           FIELD(goodput),
    FIELD(interruptions), FIELD(planned),
    FIELD(failures),      FIELD(lost_work),
    FIELD(mean_spares),   FIELD(least_spares),
    FIELD(waited),        {offsetof(clx_reliability_run, most_repair), offsetof(clx_reliability_outcome, most_repair)},
};

static double member(const clx_reliability_run *run, size_t offset) {
  double value;
  memcpy(&value, (const char *)run + offset, sizeof value);
  return value;
}

static clx_band band_of(double *value, int32_t count, double confidence) {
  clx_band band = {.mean = isfinite(value[0]) ? clx_mean(value, count) : value[0]};
  clx_sort(value, count);
  band.low = clx_percentile(value, count, (1 - confidence) / 2);
  band.high = clx_percentile(value, count, (1 + confidence) / 2);
  return band;
}

// splitmix64's finaliser (Steele, Lea, Flood 2014) over the bits of every number.
static uint64_t mix(uint64_t hash, double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  hash = (hash ^ bits) + UINT64_C(0x9e3779b97f4a7c15);
  hash = (hash ^ (hash >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  hash = (hash ^ (hash >> 27)) * UINT64_C(0x94d049bb133111eb);
  return hash ^ (hash >> 31);
}

clx_status clx_outcome_summarise(const clx_reliability_options *options, clx_arena *arena,
                                 clx_reliability_outcome *outcome, clx_error *error) {
  const int32_t n = options->replications;
  const double confidence = options->confidence > 0 ? options->confidence : 0.9;
  double *value = CLX_NEW_ARRAY(arena, double, n);
  if (value == NULL) return out_of_memory(error);
  outcome->replications = n;
  for (int32_t f = 0; f < CLX_COUNT(fields); f++) {
    for (int32_t i = 0; i < n; i++) value[i] = member(&outcome->run[i], fields[f].run);
    const clx_band band = band_of(value, n, confidence);
    memcpy((char *)outcome + fields[f].outcome, &band, sizeof band);
  }
  clx_sum sum[CLX_LEDGERS] = {{0}}, all = {0};
  uint64_t hash = 0;
  outcome->residual = 0;
  for (int32_t i = 0; i < n; i++) {
    const clx_reliability_run *run = &outcome->run[i];
    for (int32_t f = 0; f < CLX_COUNT(fields); f++) hash = mix(hash, member(run, fields[f].run));
    for (int32_t b = 0; b < CLX_LEDGERS; b++) {
      clx_sum_add(&sum[b], run->ledger[b]);
      clx_sum_add(&all, run->ledger[b]);
      hash = mix(hash, run->ledger[b]);
    }
    if (run->residual > outcome->residual) outcome->residual = run->residual;
  }
  const double total = clx_sum_value(&all);
  for (int32_t b = 0; b < CLX_LEDGERS; b++) outcome->ledger[b] = total > 0 ? clx_sum_value(&sum[b]) / total : 0;
  outcome->hash = hash;
  return CLX_OK;
}

// --- series -------------------------------------------------------------------------------------------------------------------
clx_status clx_series_make(clx_series_store *store, const clx_reliability_options *options, int32_t replications,
                           double span, clx_arena *arena, clx_error *error) {
  const int32_t n = options->samples;
  *store = (clx_series_store){
      .samples = n, .replications = replications, .span = span, .window = options->window > 0 ? options->window : 3600};
  store->time = CLX_NEW_ARRAY(arena, double, n);
  store->probe = CLX_NEW_ARRAY(arena, double, 2 * n);
  store->probe_index = CLX_NEW_ARRAY(arena, int32_t, 2 * n);
  const size_t cells = (size_t)n * (size_t)replications;
  store->progress = clx_arena_array(arena, cells, sizeof(double));
  store->before = clx_arena_array(arena, cells, sizeof(double));
  store->free_units = clx_arena_array(arena, cells, sizeof(float));
  if (store->time == NULL || store->probe == NULL || store->probe_index == NULL || store->progress == NULL ||
      store->before == NULL || store->free_units == NULL) {
    return out_of_memory(error);
  }
  for (int32_t i = 0; i < n; i++) store->time[i] = span * (i + 1) / n;
  // Two ascending rows merged; a window that begins before 0 begins at 0, where no work is done.
  int32_t now = 0, before = 0, p = 0;
  while (now < n || before < n) {
    const double b = before < n ? store->time[before] - store->window : INFINITY;
    if (b <= 0) {
      before++;
    } else if (now >= n || b < store->time[now]) {
      store->probe[p] = b;
      store->probe_index[p++] = -1 - before++;
    } else {
      store->probe[p] = store->time[now];
      store->probe_index[p++] = now++;
    }
  }
  store->probes = p;
  return CLX_OK;
}

clx_status clx_outcome_series(const clx_reliability_model *model, const clx_reliability_options *options,
                              const clx_series_store *store, clx_arena *arena, clx_reliability_outcome *outcome,
                              clx_error *error) {
  const int32_t n = store->samples, m = store->replications;
  double **series[] = {&outcome->progress,   &outcome->progress_low,   &outcome->progress_high,
                       &outcome->cumulative, &outcome->cumulative_low, &outcome->window,
                       &outcome->window_low, &outcome->free_units,     &outcome->free_units_low};
  for (int32_t i = 0; i < CLX_COUNT(series); i++) {
    *series[i] = CLX_NEW_ARRAY(arena, double, n);
    if (*series[i] == NULL) return out_of_memory(error);
  }
  double *value = CLX_NEW_ARRAY(arena, double, m);
  if (value == NULL) return out_of_memory(error);
  const double confidence = options->confidence > 0 ? options->confidence : 0.9;
  outcome->samples = n;
  outcome->time = store->time;
  for (int32_t s = 0; s < n; s++) {
    for (int32_t i = 0; i < m; i++) value[i] = store->progress[(size_t)i * (size_t)n + (size_t)s];
    clx_band band = band_of(value, m, confidence);
    outcome->progress[s] = band.mean;
    outcome->progress_low[s] = band.low;
    outcome->progress_high[s] = band.high;
    for (int32_t i = 0; i < m; i++) {  // of a run that is over: up to its end
      const double possible = clx_work_possible(model, 0, fmin(store->time[s], outcome->run[i].end));
      value[i] = possible > 0 ? fmin(1, store->progress[(size_t)i * (size_t)n + (size_t)s] / possible) : 0;
    }
    band = band_of(value, m, 0.9);
    outcome->cumulative[s] = band.mean;
    outcome->cumulative_low[s] = band.low;
    const double from = fmax(0, store->time[s] - store->window);
    int32_t running = 0;
    for (int32_t i = 0; i < m; i++) {
      const size_t at = (size_t)i * (size_t)n + (size_t)s;
      const double end = outcome->run[i].end;
      const double possible =
          clx_work_possible(model, 0, fmin(store->time[s], end)) - clx_work_possible(model, 0, fmin(from, end));
      if (!(possible > 0)) continue;  // over before the window began
      // Work that a stop within the window threw away may be older than the window: then the window has done nothing.
      value[running++] = fmin(fmax((store->progress[at] - store->before[at]) / possible, 0), 1);
    }
    if (running > 0) band = band_of(value, running, 0.9);
    outcome->window[s] = running > 0 ? band.mean : s > 0 ? outcome->window[s - 1] : 0;
    outcome->window_low[s] = running > 0 ? band.low : s > 0 ? outcome->window_low[s - 1] : 0;
    for (int32_t i = 0; i < m; i++) value[i] = (double)store->free_units[(size_t)i * (size_t)n + (size_t)s];
    band = band_of(value, m, 0.9);
    outcome->free_units[s] = band.mean;
    outcome->free_units_low[s] = band.low;
  }
  return CLX_OK;
}
