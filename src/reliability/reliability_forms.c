// Mean times, checkpoint intervals and effective training time of one synchronous job.
#include "reliability/reliability_forms.h"

#include <math.h>

#include "chance/chance.h"

double clx_fit_rate(double fit) { return fit / (1e9 * 3600); }

double clx_mttf_series(double parts, double rate) { return 1 / (parts * rate); }

double clx_mttf_shock(double parts, double rate, double groups, double shock) {
  return 1 / (parts * rate + groups * shock);
}

// The least of n Weibull lives is Weibull with the scale n^(-1/shape) times as long.
double clx_mttf_fresh(double mean_life, double parts, double shape) { return mean_life * pow(parts, -1 / shape); }

double clx_ettr_additive(double rate, double restart, double interval, double write) {
  return (1 - rate * (restart + 0.5 * interval)) / (1 + write / interval);
}

double clx_ettr_renewal(double mttf, double down, double restart, double interval, double write) {
  const double segment = interval + write;
  if (isinf(mttf)) return interval / segment;
  return interval / ((mttf + down) * exp(restart / mttf) * expm1(segment / mttf));
}

double clx_daly_stretch(double mttf, double write, double restart, double interval) {
  return mttf * exp(restart / mttf) * expm1((interval + write) / mttf) / interval;
}

double clx_interval_young(double mttf, double write) { return sqrt(2 * write * mttf); }

double clx_interval_daly(double mttf, double write) {
  if (write >= 2 * mttf) return mttf;
  const double root = sqrt(write / (2 * mttf));
  return sqrt(2 * write * mttf) * (1 + root / 3 + root * root / 9) - write;
}

// With t = interval / M the form says -t - log(1 - t) = write / M, whose left side is about t^2 / 2: Newton's method for t, without
// forming e^(-write/M - 1), which next to 1/e would lose what decides. Above write = M it runs over log(1 - t) instead, which falls as -write / M.
double clx_interval_exact(double mttf, double write) {
  const double w = write / mttf;
  if (w <= 0) return 0;
  if (w > 1) {  // x = 1 - t: x = e^(-w - t), at most 0.16
    double x = exp(-w - 1);
    for (int step = 0; step < 30; step++) x = exp(-w - 1 + x);
    return mttf * (1 - x);
  }
  const double root = sqrt(2 * w);
  double t = root * (1 - root / 3 + w / 18);
  for (int step = 0; step < 6; step++) t -= (-clx_log1pmx(-t) - w) * (1 - t) / t;
  return mttf * t;
}

double clx_lost_work(double rate, double span) {
  const double x = rate * span;
  if (x < 1e-2) return span * (0.5 - x / 12 + x * x * x / 720);  // next term: x^5 / 30240
  return 1 / rate - span / expm1(x);
}

double clx_ettr_stall(double mttf, double stall) { return (mttf - stall) / mttf; }

void clx_rate_interval(double events, double exposure, double confidence, double *low, double *high) {
  const double side = 0.5 * (1 - confidence);
  *low = events > 0 ? clx_gamma_quantile(events, side) / exposure : 0;
  *high = clx_gamma_quantile(events + 1, 1 - side) / exposure;
}
