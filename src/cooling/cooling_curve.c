#include "cooling/cooling_curve.h"

#include <math.h>

// Slope at point i of a monotone cubic: the weighted harmonic mean of the slopes beside it (Fritsch and Butland 1984; de Boor's limits at the ends).
static double point_slope(const double *x, const double *y, int32_t count, int32_t i) {
  if (count == 2) return (y[1] - y[0]) / (x[1] - x[0]);
  if (i == 0 || i == count - 1) {
    const int32_t a = i == 0 ? 0 : count - 2, b = i == 0 ? 1 : count - 3;
    const double ha = x[a + 1] - x[a], hb = x[b + 1] - x[b];
    const double sa = (y[a + 1] - y[a]) / ha, sb = (y[b + 1] - y[b]) / hb;
    const double slope = ((2 * ha + hb) * sa - ha * sb) / (ha + hb);
    if (slope * sa <= 0) return 0;
    return sa * sb <= 0 && fabs(slope) > 3 * fabs(sa) ? 3 * sa : slope;
  }
  const double hl = x[i] - x[i - 1], hr = x[i + 1] - x[i];
  const double sl = (y[i] - y[i - 1]) / hl, sr = (y[i + 1] - y[i]) / hr;
  if (sl * sr <= 0) return 0;
  return 3 * (hl + hr) / ((2 * hr + hl) / sl + (hr + 2 * hl) / sr);
}

double clx_curve_monotone(const double *x, const double *y, int32_t count, double at, double *slope) {
  double unused, *out = slope != NULL ? slope : &unused;
  const int32_t last = count - 1;
  if (at <= x[0] || at >= x[last]) {
    const int32_t end = at <= x[0] ? 0 : last;
    *out = point_slope(x, y, count, end);
    return y[end] + *out * (at - x[end]);
  }
  int32_t i = 0;
  while (at > x[i + 1]) i++;
  const double width = x[i + 1] - x[i], t = (at - x[i]) / width;
  const double left = point_slope(x, y, count, i) * width, right = point_slope(x, y, count, i + 1) * width;
  const double rise = y[i + 1] - y[i];
  const double c2 = 3 * rise - 2 * left - right, c3 = left + right - 2 * rise;
  *out = (left + t * (2 * c2 + 3 * t * c3)) / width;
  return y[i] + t * (left + t * (c2 + t * c3));
}
