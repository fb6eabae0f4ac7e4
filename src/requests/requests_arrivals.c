// When requests come. docs/model/serving/requests.md, "Arrivals".
#include <math.h>

#include "requests/requests_draw.h"

enum { DOMAIN = 0x61727276, HOUR = 3600, DAY = 86400, DAYS = 7 };

// --- what does not go together ----------------------------------------------------------------------------------------------------

static clx_status check_bursts(const clx_arrival_spec *a, clx_error *error) {
  const double most = (a->burst_time + a->calm_time) / a->burst_time;
  if (a->burst <= most) return CLX_OK;
  return clx_fail(error, CLX_INPUT, a->place,
                  "arrivals.burst is %.6g, expected at most %.6g, where nothing is left between bursts (burst_time and "
                  "calm_time)",
                  a->burst, most);
}

static clx_status check_weekdays(const clx_arrival_spec *a, clx_error *error) {
  static const double LEAST_SUM = 1e-6;  // below, factors of mean 1 are none of doubles
  double sum = 0;
  for (int32_t i = 0; i < a->weekday_count; i++) sum += a->weekday[i];
  if (a->weekday_count == 0 || (a->weekday_count == DAYS && sum >= LEAST_SUM)) return CLX_OK;
  return clx_fail(error, CLX_INPUT, a->place,
                  "arrivals.weekdays has %d factors with the sum %.6g, expected 7 from Monday on, "
                  "not all 0",
                  a->weekday_count, sum);
}

clx_status clx_arrivals_check(const clx_arrival_spec *spec, clx_error *error) {
  if (spec->rate < 0 && spec->kind != CLX_ARRIVAL_AT_ONCE)
    return clx_fail(error, CLX_INPUT, spec->place, "arrivals.rate is missing, such as \"2 1/s\"");
  if (spec->kind == CLX_ARRIVAL_BURSTS) return check_bursts(spec, error);
  return spec->kind == CLX_ARRIVAL_DIURNAL ? check_weekdays(spec, error) : CLX_OK;
}

// --- bursts -----------------------------------------------------------------------------------------------------------------------

static double burst_rate(const clx_arrivals *a) {
  const clx_arrival_spec *s = a->spec;
  if (a->burst) return a->rate * s->burst;
  return a->rate * fmax(0, (s->burst_time + s->calm_time - s->burst * s->burst_time) / s->calm_time);
}

static void enter(clx_arrivals *a, bool burst, double from) {
  a->burst = burst;
  a->change = from + clx_stream_exponential(&a->stream) * (burst ? a->spec->burst_time : a->spec->calm_time);
}

// Memoryless: what was drawn for a state that ends before it is drawn anew in the next.
static double next_of_bursts(clx_arrivals *a) {
  double now = a->now;
  for (;;) {
    const double rate = burst_rate(a), next = rate > 0 ? now + clx_stream_exponential(&a->stream) / rate : INFINITY;
    if (next <= a->change) return next;
    now = a->change;
    enter(a, !a->burst, now);
  }
}

// --- day and week -----------------------------------------------------------------------------------------------------------------

static void start_week(clx_arrivals *a) {
  double sum = 0;
  for (int32_t i = 0; i < DAYS; i++) a->weekday[i] = a->spec->weekday_count == DAYS ? a->spec->weekday[i] : 1;
  for (int32_t i = 0; i < DAYS; i++) sum += a->weekday[i];
  for (int32_t i = 0; i < DAYS; i++) a->weekday[i] *= DAYS / sum;
}

// Thinning (Lewis and Shedler 1979) of a Poisson process that is as fast as this day at its peak; memoryless, it starts anew at midnight.
static double next_of_day(clx_arrivals *a) {
  static const double TURN = 6.283185307179586476925;
  const clx_arrival_spec *s = a->spec;
  double now = a->now;
  for (;;) {
    const double midnight = (double)a->day * DAY - s->hour * HOUR;  // with which this day began
    const double mean = a->rate * a->weekday[(a->day + s->day) % DAYS], highest = mean * (1 + s->swing);
    const double next = highest > 0 ? now + clx_stream_exponential(&a->stream) / highest : INFINITY;
    const bool over = next >= midnight + DAY;
    now = over ? midnight + DAY : next;
    if (over) {
      a->day++;
      continue;
    }
    const double rate = mean * (1 + s->swing * cos(TURN * ((now - midnight) / HOUR - s->peak) / 24));
    if (clx_stream_uniform(&a->stream) * highest <= rate) return now;
  }
}

// --- all --------------------------------------------------------------------------------------------------------------------------

void clx_arrivals_start(clx_arrivals *arrivals, const clx_arrival_spec *spec, double rate, uint64_t seed) {
  *arrivals = (clx_arrivals){.spec = spec, .rate = rate, .stream = clx_stream_make(seed, DOMAIN, 0, 0)};
  if (spec->kind == CLX_ARRIVAL_DIURNAL) start_week(arrivals);
  if (spec->kind != CLX_ARRIVAL_BURSTS) return;
  const double share = spec->burst_time / (spec->burst_time + spec->calm_time);  // of the time, in the long run
  enter(arrivals, clx_stream_uniform(&arrivals->stream) < share, 0);
}

double clx_arrivals_next(clx_arrivals *arrivals) {
  clx_arrivals *a = arrivals;
  const double shape = 1 / (a->spec->variation * a->spec->variation);
  switch ((clx_arrival_kind)a->spec->kind) {
    case CLX_ARRIVAL_POISSON:
      a->now += clx_stream_exponential(&a->stream) / a->rate;
      break;
    case CLX_ARRIVAL_GAMMA:
      a->now += clx_stream_gamma(&a->stream, shape) / (shape * a->rate);
      break;
    case CLX_ARRIVAL_BURSTS:
      a->now = next_of_bursts(a);
      break;
    case CLX_ARRIVAL_DIURNAL:
      a->now = next_of_day(a);
      break;
    case CLX_ARRIVAL_CONSTANT:
      a->now = (double)a->count / a->rate;
      break;
    case CLX_ARRIVAL_AT_ONCE:
    case CLX_ARRIVALS:
      break;
  }
  a->count++;
  return a->now;
}
