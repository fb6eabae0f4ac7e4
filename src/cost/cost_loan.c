// Depreciation and loans by month.
#include <math.h>

#include "cost/cost_flow.h"

const char *const clx_depreciation_name[CLX_DEPRECIATE_KINDS + 1] = {"none",    "straight", "macrs-3", "macrs-5",
                                                                     "macrs-7", "macrs-15", NULL};

// IRS Publication 946 (2024), appendix A, table A-1: 3-, 5-, 7- and 15-year property, half-year convention, percent.
static const double MACRS_3[] = {33.33, 44.45, 14.81, 7.41};
static const double MACRS_5[] = {20, 32, 19.2, 11.52, 11.52, 5.76};
static const double MACRS_7[] = {14.29, 24.49, 17.49, 12.49, 8.93, 8.92, 8.93, 4.46};
static const double MACRS_15[] = {5, 9.5, 8.55, 7.7, 6.93, 6.23, 5.9, 5.9, 5.91, 5.9, 5.91, 5.9, 5.91, 5.9, 5.91, 2.95};

static double table_share(const double *table, int32_t count, int32_t year) {
  return year < count ? table[year] / 100 : 0;
}

double clx_depreciation_share(int32_t kind, double life, int32_t year) {
  const int32_t k = year - 1;
  if (k < 0) return 0;
  switch (kind) {
    case CLX_DEPRECIATE_STRAIGHT:
      return life > 0 ? fmax(0, fmin(1, life - k)) / life : 0;
    case CLX_DEPRECIATE_MACRS_3:
      return table_share(MACRS_3, CLX_COUNT(MACRS_3), k);
    case CLX_DEPRECIATE_MACRS_5:
      return table_share(MACRS_5, CLX_COUNT(MACRS_5), k);
    case CLX_DEPRECIATE_MACRS_7:
      return table_share(MACRS_7, CLX_COUNT(MACRS_7), k);
    case CLX_DEPRECIATE_MACRS_15:
      return table_share(MACRS_15, CLX_COUNT(MACRS_15), k);
    default:
      return 0;
  }
}

double clx_depreciate(int32_t kind, double life, double bonus, double cost, int32_t from, double *expense,
                      int32_t months) {
  if (kind == CLX_DEPRECIATE_NONE || from >= months) return 0;
  double sum = bonus * cost;
  expense[from] += bonus * cost;
  for (int32_t m = from; m < months; m++) {
    const double share = clx_depreciation_share(kind, life, (m - from) / 12 + 1) / 12;
    expense[m] += (1 - bonus) * cost * share;
    sum += (1 - bonus) * cost * share;
  }
  return sum;
}

// One draw: interest alone through the grace, then equal payments.
static void repay_draw(const clx_loan *loan, double monthly, double draw, int32_t from, int32_t months,
                       double *interest, double *repayment, double *owed) {
  const double payment = clx_annuity(draw, loan->rate, loan->term);
  double left = draw;
  interest[from] += loan->fee * draw;
  owed[from] += left;
  for (int32_t m = from + 1; m < months && left > 0; m++) {
    const double due = left * monthly;
    const bool last = m == months - 1 || m >= from + loan->grace + loan->term;
    const double back = last ? left : m <= from + loan->grace ? 0 : fmin(left, payment - due);
    interest[m] += due;
    repayment[m] += back;
    left -= back;
    owed[m] += left;
  }
}

clx_status clx_loan_run(const clx_loan *loan, const double *drawn, int32_t months, double *interest, double *repayment,
                        double *owed, clx_error *error) {
  if (loan->term < 1)
    return clx_fail_plain(error, CLX_INPUT, "a loan over %d months: expected a term of at least one month", loan->term);
  if (!(loan->rate >= 0))
    return clx_fail_plain(error, CLX_INPUT, "a loan at %g a year: expected a rate of at least 0", loan->rate);
  const double monthly = expm1(log1p(loan->rate) / 12);
  for (int32_t m = 0; m < months; m++) interest[m] = repayment[m] = owed[m] = 0;
  for (int32_t m = 0; m < months; m++) {
    if (drawn[m] == 0) continue;
    if (m == months - 1)
      interest[m] += loan->fee * drawn[m], repayment[m] += drawn[m];
    else
      repay_draw(loan, monthly, drawn[m], m, months, interest, repayment, owed);
  }
  return CLX_OK;
}
