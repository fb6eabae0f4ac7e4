// Start and stop of a whole job.
#include <math.h>

#include "power/power_wave.h"

// Integral from minus infinity to t of a ramp from 0 to 1 over `time` s.
static double ramp_integral(double t, double time) {
  if (t <= 0) return 0;
  return t < time ? t * t / (2 * time) : t - time / 2;
}

// The same of that, to the third power.
static double ramp_second_integral(double t, double time) {
  if (t <= 0) return 0;
  if (t < time) return t * t * t / (6 * time);
  const double past = t - time;
  return time * time / 6 + past * (time + past) / 2;
}

// Integral of the share of units that have changed: ramps of `shorter` s that start evenly over `longer` s.
static double changed_integral(double t, double shorter, double longer) {
  if (longer <= 0) return fmax(t, 0);
  if (shorter <= 0) return ramp_integral(t, longer);
  if (t >= shorter + longer) return t - (shorter + longer) / 2;
  return (ramp_second_integral(t, shorter) - ramp_second_integral(t - longer, shorter)) / longer;
}

clx_status clx_wave_apply_switch(const clx_wave_switch *change, clx_wave *wave, clx_error *error) {
  const clx_wave_switch c = *change;
  if (!(c.over >= 0) || !(c.rise >= 0) || !isfinite(c.over + c.rise) || !isfinite(c.at) || !isfinite(c.idle)) {
    return clx_fail_plain(
        error, CLX_INPUT,
        "a job that changes at %g s over %g s, each unit in %g s, to or from %g W; finite numbers and "
        "times of 0 or more are expected",
        c.at, c.over, c.rise, c.idle);
  }
  const double shorter = fmin(c.over, c.rise), longer = fmax(c.over, c.rise);
  double before = changed_integral(wave->start - c.at, shorter, longer);
  for (int64_t i = 0; i < wave->count; i++) {
    const double after = changed_integral(wave->start + (double)(i + 1) * wave->step - c.at, shorter, longer);
    const double share = fmin(1, fmax(0, (after - before) / wave->step)), works = c.stop ? 1 - share : share;
    wave->watt[i] = (float)(c.idle + works * ((double)wave->watt[i] - c.idle));
    before = after;
  }
  return CLX_OK;
}
