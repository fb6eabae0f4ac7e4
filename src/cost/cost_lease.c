#include "cost/cost_lease.h"

#include <math.h>

double clx_lease_payment(const clx_lease *l) {
  const double end = l->residual * l->price * clx_discount(l->rate, l->term);
  const double late = clx_annuity(l->price - end, l->rate, l->term);
  return l->advance ? late * clx_discount(l->rate, 1) : late;
}

static clx_status check(const clx_vehicle *v, clx_error *error) {
  if (v->lease.term < 1 || v->lease.term > CLX_MONTHS_MAX - 1)
    return clx_fail_plain(error, CLX_INPUT, "a lease over %d months; expected 1 to %d", v->lease.term,
                          CLX_MONTHS_MAX - 1);
  const struct {
    const char *name;
    double value;
  } share[] = {{"debt", v->debt}, {"tax", v->tax}, {"resale", v->resale}, {"residual", v->lease.residual}};
  for (int32_t i = 0; i < CLX_COUNT(share); i++) {
    if (!(share[i].value >= 0 && share[i].value <= 1))
      return clx_fail_plain(error, CLX_INPUT, "%s is %g; expected a share of 0 to 1", share[i].name, share[i].value);
  }
  if (!(v->lease.rate >= 0))
    return clx_fail_plain(error, CLX_INPUT, "a lease at %g a year; expected a rate of at least 0", v->lease.rate);
  return CLX_OK;
}

// Tax on rent less upkeep, depreciation and interest, and on the gain at the end; losses are carried forward.
static void tax_months(const clx_vehicle *v, int32_t months, const double *interest, const clx_vehicle_flows *f) {
  double expense[CLX_MONTHS_MAX] = {0}, loss = 0;
  const double written = clx_depreciate(v->depreciation, v->life, 0, v->lease.price, 0, expense, months);
  for (int32_t m = 0; m < months; m++) {
    const bool last = m == months - 1;
    const double sold = last ? (v->lease.bought ? v->lease.residual : v->resale) * v->lease.price : 0;
    const double rent = -f->lessee[m] - (last && v->lease.bought ? sold : 0);
    const double profit =
        rent - v->upkeep * (m > 0) - expense[m] - interest[m] + (last ? sold - (v->lease.price - written) : 0) - loss;
    loss = fmax(0, -profit);
    f->state[m] = v->tax * fmax(0, profit);
  }
}

clx_status clx_vehicle_run(const clx_vehicle *v, const clx_vehicle_flows *f, bool *has_irr, double *irr,
                           clx_error *error) {
  double drawn[CLX_MONTHS_MAX] = {0}, interest[CLX_MONTHS_MAX] = {0}, repaid[CLX_MONTHS_MAX] = {0},
         owed[CLX_MONTHS_MAX];
  CLX_TRY(check(v, error));
  const int32_t months = v->lease.term + 1;
  const double payment = clx_lease_payment(&v->lease);
  drawn[0] = v->debt * v->lease.price;
  if (v->debt > 0) CLX_TRY(clx_loan_run(&v->loan, drawn, months, interest, repaid, owed, error));
  for (int32_t m = 0; m < months; m++) {
    const bool last = m == months - 1, pays = v->lease.advance ? !last : m > 0;
    f->lessee[m] = -(pays ? payment : 0) - (last && v->lease.bought ? v->lease.residual * v->lease.price : 0);
    f->buyer[m] = last && !v->lease.bought ? -v->resale * v->lease.price : 0;
    f->maker[m] = m == 0 ? v->lease.price : 0;
    f->lender[m] = interest[m] + repaid[m] - drawn[m];
    f->others[m] = m > 0 ? v->upkeep : 0;
  }
  tax_months(v, months, interest, f);
  for (int32_t m = 0; m < months; m++)
    f->equity[m] = -(f->lessee[m] + f->buyer[m] + f->maker[m] + f->lender[m] + f->others[m] + f->state[m]);
  clx_error none;
  clx_error_clear(&none);  // an equity of nothing has no rate of return: has_irr says so
  *irr = 0;
  *has_irr = clx_irr(f->equity, months, irr, NULL, &none) == CLX_OK;
  return CLX_OK;
}
