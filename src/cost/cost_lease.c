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

#define REAL(name, member, unit_text, start, least, most, text)                                              \
  {                                                                                                          \
    .key = name, .kind = CLX_ROW_REAL, .offset = offsetof(F, member), .unit = unit_text, .initial = (start), \
    .minimum = (least), .maximum = (most), .doc = text                                                       \
  }
#define F clx_lease_spec
static const clx_row lease_rows[] = {
    {.key = "name", .kind = CLX_ROW_TEXT, .offset = offsetof(F, name), .required = true, .doc = "short name"},
    {.key = "price",
     .kind = CLX_ROW_REAL,
     .offset = offsetof(F, price),
     .unit = "USD",
     .required = true,
     .minimum = 0,
     .maximum = 1e15,
     .doc = "of what is leased"},
    REAL("from", from, "s", 0, 0, 3.2e9, "of the plan: begins"),
    {.key = "term",
     .kind = CLX_ROW_REAL,
     .offset = offsetof(F, term),
     .unit = "s",
     .required = true,
     .minimum = CLX_MONTH,
     .maximum = 3.2e9,
     .doc = "how long"},
    REAL("rate", rate, NULL, 0, 0, 1, "a year, implicit"),
    REAL("residual", residual, NULL, 0, 0, 1, "share of the price for which it may be bought at the end"),
    {.key = "advance", .kind = CLX_ROW_BOOL, .offset = offsetof(F, advance), .doc = "paid at the start of each month"},
    {.key = "bought", .kind = CLX_ROW_BOOL, .offset = offsetof(F, bought), .doc = "it is bought at the end"},
    REAL("debt", debt, NULL, 0, 0, 1, "of the vehicle: share of the price that is lent"),
    REAL("debt_rate", debt_rate, NULL, 0, 0, 1, "of the vehicle: a year"),
    REAL("debt_fee", debt_fee, NULL, 0, 0, 1, "of the vehicle: share of what is lent"),
    REAL("tax", tax, NULL, 0, 0, 1, "of the vehicle"),
    {.key = "depreciation",
     .kind = CLX_ROW_CHOICE,
     .offset = offsetof(F, depreciation),
     .choices = clx_depreciation_name,
     .initial = CLX_DEPRECIATE_MACRS_5,
     .doc = "of the vehicle, for tax"},
    REAL("life", life, "s", 1.577880e8, CLX_MONTH, 3.2e9, "of straight depreciation"),
    REAL("resale", resale, NULL, 0, 0, 1, "share of the price that others pay at the end"),
    REAL("upkeep", upkeep, "USD/s", 0, 0, 1e6, "of the vehicle itself"),
};
const clx_schema clx_lease_spec_schema = {.name = "lease",
                                          .doc = "a lease and the vehicle that gives it",
                                          .rows = lease_rows,
                                          .count = CLX_COUNT(lease_rows),
                                          .size = sizeof(F),
                                          .place_offset = offsetof(F, place)};
#undef F

clx_status clx_lease_compile(const clx_lease_spec *s, int32_t months, clx_vehicle *v, int32_t *month,
                             clx_error *error) {
  const int32_t term = (int32_t)lround(s->term / CLX_MONTH);
  *month = (int32_t)floor(s->from / CLX_MONTH + 1e-9);
  *v = (clx_vehicle){.lease = {s->price, term, s->rate, s->residual, s->advance != 0, s->bought != 0},
                     .debt = s->debt,
                     .loan = {.rate = s->debt_rate, .term = term, .fee = s->debt_fee},
                     .tax = s->tax,
                     .depreciation = s->depreciation,
                     .life = s->life / (12 * CLX_MONTH),
                     .resale = s->resale,
                     .upkeep = s->upkeep * CLX_MONTH};
  if (*month + term >= months)
    return clx_fail(error, CLX_INPUT, s->place,
                    "lease '%.40s' of %d months from month %d on: its last payment falls due in the month after them; "
                    "expected a horizon of at least %d months, this one has %d",
                    s->name, term, *month, *month + term + 1, months);
  return CLX_OK;
}
