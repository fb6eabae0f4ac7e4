// Money by month: present value, rate of return, payback, loans, depreciation. docs/model/cost.md.
//
// flow[m] is USD received (> 0) or paid (< 0) m months after the start; a month is 30.4375 days, a year twelve of them. Rates are shares a
// year, compounded: one month discounts by (1 + rate)^(1/12).
#pragma once

#include "base/base.h"

#define CLX_MONTH 2629800.0  // s: 30.4375 days
enum { CLX_MONTHS_MAX = 1200 };

// USD at month 0; rate > -1. O(months).
double clx_npv(const double *flow, int32_t months, double rate);
// Factor of month 0 of a payment m months later.
double clx_discount(double rate, double months);

// The rate at which the present value is 0, between -99 % and 1,000,000 % a year, to 1e-12. `changes` (nullable): changes of sign of the flow:
// with one there is one rate at most (Descartes); with more, the lowest rate found on a grid of 400 steps is returned and the caller is told by
// `changes`. CLX_INFEASIBLE: a flow that is never paid back or never paid out has none. O(400 months).
clx_status clx_irr(const double *flow, int32_t months, double *rate, int32_t *changes, clx_error *error);

// Months after which the sum of the flow is and stays at least 0, within a month by a straight line; -1 = not within the months.
double clx_payback(const double *flow, int32_t months);

// Payment at the end of each of `months` that repays `principal` with interest. rate >= 0, months >= 1.
double clx_annuity(double principal, double rate, int32_t months);
// Capital recovery factor a year: what a USD costs each year over `years` of use at `rate`, resold for `rest` of it.
double clx_recovery(double rate, double years, double rest);

// USD lost on a thing of `price` that stands unused for `years`: money bound at `rate` a year, and value that falls by 10^(-decay years).
double clx_idle_cost(double price, double rate, double decay, double years);

// How a cost becomes expense in the accounts of the tax office. MACRS: shares of IRS Publication 946, table A-1 (half-year convention).
typedef enum clx_depreciation_kind {
  CLX_DEPRECIATE_NONE,  // land
  CLX_DEPRECIATE_STRAIGHT,
  CLX_DEPRECIATE_MACRS_3,
  CLX_DEPRECIATE_MACRS_5,   // computers
  CLX_DEPRECIATE_MACRS_7,   // office furniture, most other equipment
  CLX_DEPRECIATE_MACRS_15,  // land improvements, electric plant of one's own
  CLX_DEPRECIATE_KINDS
} clx_depreciation_kind;
extern const char *const clx_depreciation_name[CLX_DEPRECIATE_KINDS + 1];

// Share of the cost in year 1, 2, ... after it is put to use; `life` in years, of STRAIGHT alone (the last year takes what is left of it).
// 0 after its end. Sums to 1.
double clx_depreciation_share(int32_t kind, double life, int32_t year);
// Adds the depreciation of `cost`, put to use in month `from`, to expense[months]: `bonus` of it at once, of the rest a twelfth of the year's
// share each month (years counted from `from`, not from January). Returns what falls within the months.
double clx_depreciate(int32_t kind, double life, double bonus, double cost, int32_t from, double *expense,
                      int32_t months);

// A loan: drawn[m] is lent in month m; interest is paid every month from the draw on; each draw is repaid in equal payments (interest and
// principal) over `term` months after a grace of `grace` months of interest alone. What is still owed after `last` is repaid then.
typedef struct clx_loan {
  double rate;  // a year
  int32_t term, grace;
  double fee;  // share of what is drawn, paid at once
} clx_loan;

// Fills interest, repayment (both >= 0, fees within interest) and owed (at the end of the month), months each. Sum of repayments = sum of draws
// to rounding. CLX_INPUT: a term below one month, a rate below 0. O(months^2).
clx_status clx_loan_run(const clx_loan *loan, const double *drawn, int32_t months, double *interest, double *repayment,
                        double *owed, clx_error *error);

// Means by month of what steps to value[i] at at[i] (s, rising) and is 0 before and from `until` on: capacity as a schedule has it, as the plan
// wants it. O(months count).
void clx_by_month(const double *at, const double *value, int32_t count, double until, int32_t months, double *mean);
