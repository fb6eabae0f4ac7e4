// Robust timing: warm up, repeat for a while, take the median, say how the repeats spread.
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "probe.h"

double probe_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int by_value(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

probe_timing probe_timing_of(double *samples, int32_t count) {
  qsort(samples, (size_t)count, sizeof *samples, by_value);
  const double median = 0.5 * (samples[(count - 1) / 2] + samples[count / 2]);
  const double quartiles = samples[(3 * (count - 1) + 2) / 4] - samples[(count - 1) / 4];
  return (probe_timing){
      .median = median, .fastest = samples[0], .spread = median > 0 ? 0.5 * quartiles / median : 0, .samples = count};
}

// Reading the clock takes some 30 ns: a sample of 20 us keeps that below 0.2 %.
static const double SHORTEST_SAMPLE = 20e-6;

probe_timing probe_time(probe_work work, void *context, double seconds, int32_t least) {
  double samples[PROBE_SAMPLES_MAX];
  int64_t index = 0;
  work(context, index++);
  double start = probe_now();
  work(context, index++);
  double last = fmax(probe_now() - start, 1e-9);
  const int64_t batch = last >= SHORTEST_SAMPLE ? 1 : (int64_t)ceil(SHORTEST_SAMPLE / last);
  const double end = probe_now() + seconds;
  int32_t count = 0;
  do {
    start = probe_now();
    for (int64_t i = 0; i < batch; i++) work(context, index++);
    last = probe_now();
    samples[count++] = (last - start) / (double)batch;
  } while (count < PROBE_SAMPLES_MAX && (count < least || last < end));
  return probe_timing_of(samples, count);
}

// --- summaries -------------------------------------------------------------------------------------------------------

void probe_summary_add(probe_summary *summary, double spread) {
  if ((summary->rows & (summary->rows + 1)) == 0) {  // room doubles at 1, 3, 7, 15 ...
    double *more = realloc(summary->spread, 2 * ((size_t)summary->rows + 1) * sizeof *more);
    if (more != NULL) summary->spread = more;
    if (more == NULL) return;
  }
  summary->spread[summary->rows++] = spread;
}

void probe_summary_close(probe_summary *summary) {
  if (summary->rows > 0) {
    qsort(summary->spread, (size_t)summary->rows, sizeof *summary->spread, by_value);
    summary->spread_median = summary->spread[summary->rows / 2];
    summary->spread_p90 = summary->spread[(int32_t)(0.9 * summary->rows)];
  }
  free(summary->spread);
  summary->spread = NULL;
}
