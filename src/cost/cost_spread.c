#include "cost/cost_spread.h"

#include <math.h>

#define Z95 1.6448536269514722  // clx_normal_quantile(0.95)

double clx_spread_at(const clx_spread *s, double normal) {
  if (s->expected <= 0 || s->low == s->high) return s->expected;
  const double side = normal < 0 ? s->expected / s->low : s->high / s->expected;
  return s->expected * exp(log(side) / Z95 * normal);
}

double clx_spread_draw(const clx_spread *s, clx_stream *stream) { return clx_spread_at(s, clx_stream_normal(stream)); }

clx_status clx_spread_check(clx_spread *s, const char *key, clx_place place, clx_error *error) {
  if (s->low < 0) s->low = s->expected;
  if (s->high < 0) s->high = s->expected;
  if (!(s->low <= s->expected) || !(s->expected <= s->high))
    return clx_fail(error, CLX_INPUT, place,
                    "'%s': low %g, expected %g, high %g; expected low <= expected <= high: the band that stands does "
                    "not hold what is expected; state %s_low and %s_high as well",
                    key, s->low, s->expected, s->high, key, key);
  if (s->low == 0 && s->high > 0)
    return clx_fail(error, CLX_INPUT, place,
                    "'%s': from 0 to %g with %g expected; a band must lie above 0, or be 0 altogether: state %s_low "
                    "above 0, or %s_high: 0",
                    key, s->high, s->expected, key, key);
  return CLX_OK;
}

clx_cost_band clx_cost_band_of(double *value, int32_t count) {
  clx_sum squares = {0};
  const double mean = clx_mean(value, count);
  for (int32_t i = 0; i < count; i++) clx_sum_add(&squares, (value[i] - mean) * (value[i] - mean));
  clx_sort(value, count);
  return (clx_cost_band){.low = clx_percentile(value, count, 0.05),
                         .expected = clx_percentile(value, count, 0.5),
                         .high = clx_percentile(value, count, 0.95),
                         .mean = mean,
                         .deviation = sqrt(clx_sum_value(&squares) / (count > 1 ? count - 1 : 1))};
}
