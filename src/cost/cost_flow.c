// Present value, rate of return, payback, annuities.
#include "cost/cost_flow.h"

#include <math.h>

double clx_discount(double rate, double months) { return pow(1 + rate, -months / 12); }

double clx_npv(const double *flow, int32_t months, double rate) {
  const double step = clx_discount(rate, 1);
  double value = 0;
  for (int32_t m = months - 1; m >= 0; m--) value = value * step + flow[m];  // Horner
  return value;
}

static int32_t sign_changes(const double *flow, int32_t months) {
  int32_t changes = 0;
  double last = 0;
  for (int32_t m = 0; m < months; m++) {
    if (flow[m] == 0) continue;
    if (last != 0 && (flow[m] > 0) != (last > 0)) changes++;
    last = flow[m];
  }
  return changes;
}

// Between two rates of opposite sign, in ln(1 + rate).
static double bisect(const double *flow, int32_t months, double low, double high) {
  const bool rising = clx_npv(flow, months, expm1(high)) > 0;
  for (int32_t i = 0; i < 200 && high - low > 1e-14 * fmax(1, fabs(high)); i++) {
    const double middle = low + (high - low) / 2;
    if ((clx_npv(flow, months, expm1(middle)) > 0) == rising)
      high = middle;
    else
      low = middle;
  }
  return expm1(low + (high - low) / 2);
}

clx_status clx_irr(const double *flow, int32_t months, double *rate, int32_t *changes, clx_error *error) {
  enum { STEPS = 400 };
  const double low = log(0.01), high = log(10001);
  const int32_t count = sign_changes(flow, months);
  if (changes != NULL) *changes = count;
  if (count == 0)
    return clx_fail_plain(
        error, CLX_INFEASIBLE,
        "no rate of return: the flow of %d months never changes its sign; expected payments and receipts", months);
  double before = low, value_before = clx_npv(flow, months, expm1(low));
  for (int32_t i = 1; i <= STEPS; i++) {
    const double here = low + (high - low) * i / STEPS;
    const double value = clx_npv(flow, months, expm1(here));
    if (value == 0 || value_before == 0) {
      *rate = expm1(value_before == 0 ? before : here);
      return CLX_OK;
    }
    if ((value > 0) != (value_before > 0)) {
      *rate = bisect(flow, months, before, here);
      return CLX_OK;
    }
    before = here;
    value_before = value;
  }
  return clx_fail_plain(error, CLX_INFEASIBLE,
                        "no rate of return between -99 %% and 1,000,000 %% a year makes the present value 0");
}

double clx_payback(const double *flow, int32_t months) {
  double sum = 0, before = 0;
  double at = -1;
  for (int32_t m = 0; m < months; m++) {
    before = sum;
    sum += flow[m];
    if (sum < 0) {
      at = -1;
    } else if (at < 0) {
      at = before < 0 ? m - 1 + before / (before - sum) : m;
    }
  }
  return at;
}

double clx_annuity(double principal, double rate, int32_t months) {
  if (rate == 0) return principal / months;
  const double monthly = expm1(log1p(rate) / 12);
  return principal * monthly / -expm1(-months * log1p(monthly));
}

double clx_recovery(double rate, double years, double rest) {
  if (rate == 0) return (1 - rest) / years;
  const double lost = -expm1(-years * log1p(rate));  // 1 - (1 + rate)^-years, exact for rates next to 0, too
  return rate * (1 - rest * (1 - lost)) / lost;
}

double clx_idle_cost(double price, double rate, double decay, double years) {
  return price * (pow(1 + rate, years) - pow(10, -decay * years));
}

void clx_by_month(const double *at, const double *value, int32_t count, double until, int32_t months, double *mean) {
  for (int32_t m = 0; m < months; m++) {
    const double begin = m * CLX_MONTH, end = begin + CLX_MONTH;
    double sum = 0;
    for (int32_t i = 0; i < count; i++) {
      const double low = fmax(at[i], begin);
      const double high = fmin(fmin(i + 1 < count ? at[i + 1] : INFINITY, until), end);
      if (high > low) sum += value[i] * (high - low);
    }
    mean[m] = sum / CLX_MONTH;
  }
}
