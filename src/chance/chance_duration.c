// Durations: repair times above all, whose mean may be many times their median.
#include <math.h>

#include "chance/chance.h"

typedef enum duration_kind { NONE, FIXED, EXPONENTIAL, LOG_NORMAL } duration_kind;

static duration_kind kind_of(const clx_duration *d) {
  if (d->median > 0) return d->mean > d->median ? LOG_NORMAL : FIXED;
  return d->mean > 0 ? EXPONENTIAL : NONE;
}

static double bound_of(const clx_duration *d) { return d->most > 0 ? d->most : INFINITY; }

static double spread_of(const clx_duration *d) { return sqrt(2 * log(d->mean / d->median)); }

double clx_duration_draw(const clx_duration *d, clx_stream *stream) {
  switch (kind_of(d)) {
    case FIXED:
      return fmin(d->median, bound_of(d));
    case EXPONENTIAL:
      return fmin(d->mean * clx_stream_exponential(stream), bound_of(d));
    case LOG_NORMAL:
      return fmin(d->median * exp(spread_of(d) * clx_stream_normal(stream)), bound_of(d));
    case NONE:
      break;
  }
  return 0;
}

// The mean of min(X, most). Log-normal: its first moment up to the bound is that of a log-normal shifted by sigma.
double clx_duration_mean(const clx_duration *d) {
  const double most = bound_of(d);
  switch (kind_of(d)) {
    case FIXED:
      return fmin(d->median, most);
    case EXPONENTIAL:
      return -d->mean * expm1(-most / d->mean);
    case LOG_NORMAL: {
      if (isinf(most)) return d->mean;
      const double sigma = spread_of(d), z = log(most / d->median) / sigma;
      return d->mean * clx_normal_cdf(z - sigma) + most * clx_normal_cdf(-z);
    }
    case NONE:
      break;
  }
  return 0;
}

double clx_duration_beyond(const clx_duration *d, double time) {
  if (time < 0) return 1;
  if (time >= bound_of(d)) return 0;
  switch (kind_of(d)) {
    case FIXED:
      return time < d->median;
    case EXPONENTIAL:
      return exp(-time / d->mean);
    case LOG_NORMAL:
      return time > 0 ? clx_normal_cdf(-log(time / d->median) / spread_of(d)) : 1;
    case NONE:
      break;
  }
  return 0;
}
