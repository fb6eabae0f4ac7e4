// Dated rents, discounts of commitments, contracts.
#include "cost/cost_rent.h"

#include <math.h>

static const char *const MARKETS[] = {"open", "list", "contract", NULL};
static const char *const USES[] = {"shown", "fit", "held", NULL};

#define YEAR (12 * CLX_MONTH)
#define REAL(name, member, unit_text, start, least, most, text)                                              \
  {                                                                                                          \
    .key = name, .kind = CLX_ROW_REAL, .offset = offsetof(F, member), .unit = unit_text, .initial = (start), \
    .minimum = (least), .maximum = (most), .doc = text                                                       \
  }

#define F clx_rent_point
static const clx_row point_rows[] = {
    {.key = "date",
     .kind = CLX_ROW_TEXT,
     .offset = offsetof(F, date),
     .required = true,
     .doc = "day, month, quarter or year"},
    {.key = "price",
     .kind = CLX_ROW_REAL,
     .offset = offsetof(F, price),
     .unit = "USD/s",
     .required = true,
     .minimum = 1e-9,
     .maximum = 1,
     .doc = "of one GPU"},
    {.key = "market",
     .kind = CLX_ROW_CHOICE,
     .offset = offsetof(F, market),
     .choices = MARKETS,
     .doc = "open, list or contract"},
    REAL("term", term, "s", 0, 0, 3.2e8, "of a contract"),
    {.key = "who", .kind = CLX_ROW_TEXT, .offset = offsetof(F, who), .doc = "seller or index"},
    {.key = "use",
     .kind = CLX_ROW_CHOICE,
     .offset = offsetof(F, use),
     .choices = USES,
     .doc = "fit (the process is fitted to it), held (kept for the test), shown"},
};
static const clx_schema point_schema = {.name = "point",
                                        .doc = "a rent of a date",
                                        .rows = point_rows,
                                        .count = CLX_COUNT(point_rows),
                                        .size = sizeof(F),
                                        .place_offset = offsetof(F, place)};
#undef F

#define F clx_rent
static const clx_row rent_rows[] = {
    {.key = "name", .kind = CLX_ROW_TEXT, .offset = offsetof(F, name), .required = true, .doc = "canonical name"},
    {.key = "title", .kind = CLX_ROW_TEXT, .offset = offsetof(F, title), .doc = "one line for people"},
    {.key = "aliases",
     .kind = CLX_ROW_TEXTS,
     .offset = offsetof(F, aliases),
     .count_offset = offsetof(F, alias_count),
     .doc = "other names"},
    {.key = "points",
     .kind = CLX_ROW_LIST,
     .offset = offsetof(F, point),
     .count_offset = offsetof(F, point_count),
     .sub = &point_schema,
     .required = true,
     .doc = "rents by date"},
    REAL("slope", slope, NULL, -0.322, -2, 2, "trend of the logarithm a year"),
    REAL("period", period, "s", 1.26e8, CLX_MONTH, 1e9, "of the cycle"),
    REAL("half_life", half_life, "s", 9.5e7, CLX_MONTH, 1e10, "in which a swing halves"),
    REAL("jumps", jumps, NULL, 1, 0, 12, "a year"),
    REAL("jump", jump, NULL, 0.3, 0, 2, "deviation of the logarithm of one"),
    REAL("list", list, NULL, 1, 0.1, 20, "list price of large clouds over the open market"),
    REAL("discount_1", discount_1, NULL, 0, 0, 1, "off for a year"),
    REAL("discount_3", discount_3, NULL, 0, 0, 1, "off for three years"),
};
const clx_schema clx_rent_schema = {.name = "rent",
                                    .doc = "rents of one GPU by date",
                                    .rows = rent_rows,
                                    .count = CLX_COUNT(rent_rows),
                                    .size = sizeof(F)};
#undef F

#define F clx_rent_contract
#define REALS(name, member, members, unit_text, most, text)                                                  \
  {                                                                                                          \
    .key = name, .kind = CLX_ROW_REALS, .offset = offsetof(F, member), .count_offset = offsetof(F, members), \
    .unit = unit_text, .minimum = 0, .maximum = (most), .single = true, .required = true, .doc = text        \
  }
static const clx_row contract_rows[] = {
    {.key = "seller",
     .kind = CLX_ROW_TEXT,
     .offset = offsetof(F, seller),
     .doc = "who rents out: a name for the reader, no price depends on it"},
    {.key = "entry", .kind = CLX_ROW_TEXT, .offset = offsetof(F, entry), .required = true, .doc = "of catalogue/rent"},
    REALS("at", at, at_count, "s", 3.2e9, "of the plan: the ramp"),
    REALS("gpus", gpus, gpus_count, NULL, 1e9, "GPUs from each of these dates on"),
    REAL("from", from, "s", 0, 0, 3.2e9, "of the plan: the term begins"),
    REAL("term", term, "s", 0, 0, 3.2e9, "0 = at will"),
    REAL("price", price, "USD/s", -1, 0, 1,
         "of one GPU; default: the market of the month it begins less the discount of the term"),
    {.key = "list",
     .kind = CLX_ROW_BOOL,
     .offset = offsetof(F, list),
     .doc = "where no price is stated: list prices of large clouds instead of the open market"},
    REAL("take_or_pay", take_or_pay, NULL, 0.97, 0, 1, "share of what is contracted that is paid for in any case"),
    REAL("prepaid", prepaid, NULL, 0, 0, 1, "share of the first year's payments that is due at the start"),
    REAL("growth", growth, NULL, 0, -0.5, 1, "of a contracted price a year"),
    REAL("use", use, NULL, -1, 0, 1, "share of the GPU time at hand that is used; default: as in decide"),
};
const clx_schema clx_rent_contract_schema = {.name = "rent",
                                             .doc = "a contract of renting GPUs",
                                             .rows = contract_rows,
                                             .count = CLX_COUNT(contract_rows),
                                             .size = sizeof(F),
                                             .place_offset = offsetof(F, place)};
#undef F

clx_status clx_rent_check(clx_rent *r, clx_place place, clx_error *error) {
  clx_status first = CLX_OK;
  for (int32_t i = 0; i < r->point_count; i++) {
    clx_rent_point *p = &r->point[i];
    if (clx_year_read(p->date, &p->year)) continue;
    const clx_status bad =
        clx_fail(error, CLX_INPUT, p->place, "rent '%.60s': date '%.40s'; expected a day, month, quarter or year",
                 r->name, p->date);
    if (first == CLX_OK) first = bad;
  }
  if (first == CLX_OK && r->discount_3 < r->discount_1)
    return clx_fail(error, CLX_INPUT, place, "rent '%.60s': discount_3 %g is less than discount_1 %g", r->name,
                    r->discount_3, r->discount_1);
  return first;
}

double clx_rent_discount(const clx_rent *r, double term) {
  const double years = term / YEAR;
  if (years <= 1) return r->discount_1 * fmax(0, years);
  if (years >= 3) return r->discount_3;
  return r->discount_1 + (r->discount_3 - r->discount_1) * (years - 1) / 2;
}

static clx_status check_contract(const clx_rent_contract *c, clx_error *error) {
  if (c->at_count == 0 || c->at_count != c->gpus_count)
    return clx_fail(error, CLX_INPUT, c->place,
                    "a ramp of %d dates and %d counts of GPUs; expected as many, at least one", c->at_count,
                    c->gpus_count);
  for (int32_t i = 1; i < c->at_count; i++) {
    if (!(c->at[i] > c->at[i - 1]))
      return clx_fail(error, CLX_INPUT, c->place, "a ramp that goes from %.0f s to %.0f s; expected rising dates",
                      c->at[i - 1], c->at[i]);
  }
  return CLX_OK;
}

// GPUs on the ramp in the mean of each month, within the term.
static void at_hand(const clx_rent_contract *c, int32_t months, double *gpus) {
  const double until = c->term > 0 ? c->from + c->term : INFINITY;
  int32_t first = 0;
  double from = c->from;
  while (first + 1 < c->at_count && c->at[first + 1] <= c->from) first++;
  if (c->at[first] >= c->from) {
    clx_by_month(c->at + first, c->gpus + first, c->at_count - first, until, months, gpus);
    return;
  }
  // What was on the ramp before the term comes with its first day.
  double later[CLX_MONTHS_MAX];
  clx_by_month(&from, c->gpus + first, 1, fmin(until, first + 1 < c->at_count ? c->at[first + 1] : INFINITY), months,
               gpus);
  clx_by_month(c->at + first + 1, c->gpus + first + 1, c->at_count - first - 1, until, months, later);
  for (int32_t m = 0; m < months; m++) gpus[m] += later[m];
}

double clx_rent_paid_share(const clx_rent_contract *c) {
  const double use = c->use < 0 ? 1 : c->use;
  return c->term > 0 ? fmax(use, c->take_or_pay) : use;
}

clx_status clx_rent_contract_check(const clx_rent_contract *c, const char *course, int32_t months, clx_error *error) {
  double gpus[CLX_MONTHS_MAX], sum = 0;
  CLX_TRY(check_contract(c, error));
  if (months <= CLX_MONTHS_MAX && c->from < months * CLX_MONTH) {
    at_hand(c, months, gpus);
    for (int32_t m = 0; m < months; m++) sum += gpus[m] * clx_rent_paid_share(c);
  }
  if (sum > 0) return CLX_OK;
  return clx_fail(error, CLX_INPUT, c->place,
                  "course '%.40s': its contract pays for no GPU in the %d months compared; expected `gpus` above 0, at "
                  "dates within them and its term, and a share of use",
                  course, months);
}

clx_status clx_rent_run(const clx_rent_contract *c, const clx_rent *rent, const double *market, int32_t months,
                        double *gpus, double *paid, clx_error *error) {
  CLX_TRY(check_contract(c, error));
  if (months > CLX_MONTHS_MAX)
    return clx_fail(error, CLX_INPUT, c->place, "a contract over %d months; expected at most %d", months,
                    CLX_MONTHS_MAX);
  const int32_t begin = (int32_t)floor(c->from / CLX_MONTH + 1e-9);
  const double kind = c->list ? rent->list : 1;
  double first_year = 0;
  if (begin >= months) {
    for (int32_t m = 0; m < months; m++) gpus[m] = paid[m] = 0;
    return CLX_OK;
  }
  if (market == NULL && c->price < 0)
    return clx_fail(error, CLX_INPUT, c->place, "a contract without a price: expected `price`, or a market");
  at_hand(c, months, gpus);
  const double signed_price = c->price >= 0 ? c->price : market[begin] * kind * (1 - clx_rent_discount(rent, c->term));
  for (int32_t m = 0; m < months; m++) {
    const double price = c->term > 0     ? signed_price * pow(1 + c->growth, m > begin ? (m - begin) / 12 : 0)
                         : c->price >= 0 ? c->price
                                         : market[m] * kind;
    const double paid_for = clx_rent_paid_share(c);
    paid[m] = gpus[m] * paid_for * price * CLX_MONTH;
    if (m >= begin && m < begin + 12) first_year += paid[m];
  }
  double credit = c->term > 0 ? c->prepaid * first_year : 0;
  paid[begin] += credit;
  for (int32_t m = begin; m < months && credit > 0; m++) {  // what is prepaid is taken off as it falls due
    const double off = fmin(credit, m == begin ? paid[m] - c->prepaid * first_year : paid[m]);
    paid[m] -= off;
    credit -= off;
  }
  return CLX_OK;
}
