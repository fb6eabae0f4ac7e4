// One pass through the months: capital, operation, tax, loan, resale; and the figures.
#include <math.h>
#include <string.h>

#include "cost/cost_plan.h"

const char *const clx_cost_figure_name[CLX_COST_FIGURES + 1] = {
    "capex",      "opex_per_year",  "per_year",         "npv",
    "npv_equity", "per_gpu_hour",   "per_training_run", "per_token",
    "peak_cash",  "rent_breakeven", "advance_at_risk",  NULL};
const char *const clx_cost_figure_unit[CLX_COST_FIGURES + 1] = {"USD", "USD/s", "USD/s", "USD",   "USD", "USD/s",
                                                                "USD", "USD",   "USD",   "USD/s", "USD", NULL};

const char *const clx_cost_gap_text[CLX_COST_GAPS + 1] = {
    "no power of the site is stated: energy, water and people are not counted",
    "no price of energy is stated: it is not counted",
    "no staff is stated: people are not counted",
    "no price or use of water is stated: it is not counted",
    "no income is stated: the present value is that of cost alone",
    "no GPU time of a training run is stated",
    "no tokens a second are stated",
    NULL};

enum { HOUR = 3600 };
#define YEAR (12 * CLX_MONTH)

clx_status clx_cost_out_make(const clx_cost_plan *plan, clx_arena *arena, clx_cost_out *out, clx_error *error) {
  *out = (clx_cost_out){.month = CLX_NEW_ARRAY(arena, clx_cost_month, plan->months),
                        .flow = CLX_NEW_ARRAY(arena, double, plan->months),
                        .equity = CLX_NEW_ARRAY(arena, double, plan->months)};
  if (out->month == NULL || out->flow == NULL || out->equity == NULL)
    return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  return CLX_OK;
}

static clx_status check_input(const clx_cost_plan *plan, const clx_cost_input *in, clx_error *error) {
  double most = 0;
  if (in->months < plan->months)
    return clx_fail_plain(error, CLX_INPUT, "capacity over %d months for a plan of %d; expected at least as many",
                          in->months, plan->months);
  for (int32_t m = 0; m < plan->months; m++) {
    if (!(in->gpus[m] >= 0) || !isfinite(in->gpus[m]))
      return clx_fail_plain(error, CLX_INPUT, "%g GPUs in month %d; expected 0 or more", in->gpus[m], m);
    most = fmax(most, in->gpus[m]);
  }
  if (most == 0 && !plan->drawn)
    return clx_fail_plain(error, CLX_INPUT, "no GPU is ever usable; expected some within the plan");
  return CLX_OK;
}

// As orders ask for it.
static void pay_order(const clx_cost_plan *plan, const clx_cost_item *item, double cost, clx_cost_out *out) {
  double ahead = 0;
  for (int32_t m = 0; m < plan->months; m++) {
    ahead += (item->paid[m] - item->delivered[m]) * cost;
    out->month[m].capital += item->paid[m] * cost;
    out->month[m].advance += fmax(0, ahead);
  }
}

// Deposits `lead` months before each delivery (not before the start), the rest `terms` after it (not after the end).
static void pay_item(const clx_cost_plan *plan, const clx_cost_item *item, double cost, clx_cost_out *out) {
  for (int32_t m = 0; m < plan->months; m++) {
    const double due = item->delivered[m] * cost;
    if (due == 0) continue;
    const int32_t early = m > item->lead ? m - item->lead : 0;
    const int32_t late = m + item->terms < plan->months ? m + item->terms : plan->months - 1;
    out->month[early].capital += item->deposit * due;
    out->month[late].capital += (1 - item->deposit) * due;
    for (int32_t k = early; k < m; k++) out->month[k].advance += item->deposit * due;
  }
}

// What a unit delivered in month m is worth at the end, as a share of its price.
static double worth(const clx_cost_plan *plan, const clx_cost_item *item, double decay, int32_t m) {
  const double age = (plan->months - m) / 12.0;
  switch (item->resale) {
    case CLX_RESALE_DECAY:
      return pow(10, -decay * age);  // Epoch: P 10^(-0.14 t)
    case CLX_RESALE_BOOK:
      return fmax(0, 1 - age / item->life);
    case CLX_RESALE_FULL:
      return 1;
    default:
      return 0;
  }
}

typedef struct books {
  double cost, written;  // of all items: paid, and expensed for tax
  double repaired, insured;
} books;

static books buy(const clx_cost_plan *plan, const clx_cost_draw *draw, clx_cost_out *out) {
  books b = {0};
  double expense[CLX_MONTHS_MAX];
  memset(expense, 0, sizeof(double) * (size_t)plan->months);
  for (int32_t i = 0; i < plan->item_count; i++) {
    const clx_cost_item *item = &plan->item[i];
    const double bought = draw->item[i] * item->bought;
    (item->paid != NULL ? pay_order : pay_item)(plan, item, draw->item[i], out);
    out->by_kind[item->kind] += bought;
    b.cost += bought;
    for (int32_t m = 0; m < plan->months; m++) {
      const double share = item->delivered[m];
      if (share == 0) continue;
      out->month[plan->months - 1].resale += share * draw->item[i] * worth(plan, item, draw->decay, m);
      if (plan->tax > 0)
        b.written += clx_depreciate(item->depreciation, item->life, item->bonus, share * draw->item[i], m, expense,
                                    plan->months);
    }
  }
  for (int32_t m = 0; m < plan->months; m++) out->month[m].depreciation = expense[m];
  return b;
}

static double site_power(const clx_cost_input *in, const clx_cost_draw *draw, int32_t m) {
  return in->power != NULL ? in->power[m] : in->gpus[m] * draw->gpu_power;
}

static void energy_of(const clx_cost_plan *plan, const clx_cost_input *in, const clx_cost_draw *draw, int32_t m,
                      clx_cost_month *out) {
  const double power = site_power(in, draw, m);
  const double peak = in->peak != NULL ? in->peak[m] : power * plan->peak;
  out->energy = in->energy_cost != NULL
                    ? in->energy_cost[m] * draw->energy_factor
                    : power * CLX_MONTH * draw->energy + peak * plan->demand + (power > 0 ? plan->fixed : 0);
  out->water = power * CLX_MONTH * draw->water_use * draw->water;
}

// Repair and insurance follow what has been delivered; people, energy and water what is in use.
static void operate(const clx_cost_plan *plan, const clx_cost_input *in, const clx_cost_draw *draw, clx_cost_out *out) {
  double machines = 0, all = 0;
  for (int32_t m = 0; m < plan->months; m++) {
    clx_cost_month *month = &out->month[m];
    const double growth = pow(1 + plan->growth, m / 12.0), year = 1.0 / 12;
    energy_of(plan, in, draw, m, month);
    month->staff = site_power(in, draw, m) * draw->people * draw->wage * CLX_MONTH * growth;
    month->repair = machines * draw->repair * year * growth;
    month->insurance = all * draw->insurance * year;
    month->licence = in->gpus[m] * draw->licence * CLX_MONTH;
    month->lease = draw->lease * CLX_MONTH * growth;
    month->gpu_hours = in->gpus[m] * draw->use * CLX_MONTH / HOUR;
    month->income = in->gpus[m] * draw->use * draw->income * CLX_MONTH;
    for (int32_t i = 0; i < plan->item_count; i++) {
      const double arrived = plan->item[i].delivered[m] * draw->item[i];
      if (plan->item[i].kind <= CLX_COST_STORAGE) machines += arrived;
      all += arrived;
    }
  }
  for (int32_t i = 0; i < plan->penalty_count; i++) out->month[plan->penalty[i].month].penalty += draw->penalty[i];
  for (int32_t m = 0; m < plan->months && in->sunk != NULL; m++) out->month[m].penalty += in->sunk[m];
}

// What a lease asks for by month; what is bought at its end is capital.
static void pay_leases(const clx_cost_plan *plan, clx_cost_out *out) {
  for (int32_t i = 0; i < plan->vehicle_count; i++) {
    const clx_lease *lease = &plan->vehicle[i].lease;
    const double payment = clx_lease_payment(lease);
    const int32_t first = plan->leased_from[i] + (lease->advance ? 0 : 1), end = plan->leased_from[i] + lease->term;
    for (int32_t k = 0; k < lease->term; k++) out->month[first + k].lease += payment;
    if (lease->bought) out->month[end].capital += lease->residual * lease->price;
  }
}

static double operation(const clx_cost_month *m) {
  return m->energy + m->staff + m->repair + m->water + m->licence + m->insurance + m->lease;
}

static clx_status borrow(const clx_cost_plan *plan, clx_cost_out *out, clx_error *error) {
  double drawn[CLX_MONTHS_MAX], interest[CLX_MONTHS_MAX], repaid[CLX_MONTHS_MAX], owed[CLX_MONTHS_MAX];
  if (plan->debt == 0) return CLX_OK;
  for (int32_t m = 0; m < plan->months; m++) drawn[m] = plan->debt * out->month[m].capital;
  CLX_TRY(clx_loan_run(&plan->loan, drawn, plan->months, interest, repaid, owed, error));
  for (int32_t m = 0; m < plan->months; m++) {
    out->month[m].drawn = drawn[m];
    out->month[m].interest = interest[m];
    out->month[m].repaid = repaid[m];
    out->month[m].owed = owed[m];
  }
  return CLX_OK;
}

// Tax on profit as it comes; losses are carried forward without end (US rule since 2018, without its limit of 80 %). What is sold at the end
// counts with its gain over what is not yet written off.
static void close_months(const clx_cost_plan *plan, const books *b, clx_cost_out *out) {
  double loss = 0, loss_free = 0;  // with the loan, and as if there were none
  for (int32_t m = 0; m < plan->months; m++) {
    clx_cost_month *month = &out->month[m];
    const bool last = m == plan->months - 1;
    const double before = month->income - operation(month) - month->penalty - month->depreciation +
                          (last ? month->resale - (b->cost - b->written) : 0);
    const double free = before - loss_free, with = before - month->interest - loss;
    loss_free = fmax(0, -free);
    loss = fmax(0, -with);
    month->tax = plan->tax * fmax(0, with);
    const double cash = month->income + month->resale - month->capital - operation(month) - month->penalty;
    month->project = cash - plan->tax * fmax(0, free);
    month->equity = cash - month->tax + month->drawn - month->interest - month->repaid;
    out->flow[m] = month->project;
    out->equity[m] = month->equity;
  }
}

// Present cost before tax over present used GPU-hours, both by the plan's rate; rent: over present GPU-seconds at hand.
static double levelised(const clx_cost_plan *plan, const clx_cost_input *in, const clx_cost_out *out, double *rent) {
  const double step = clx_discount(plan->discount, 1);
  double cost = 0, hours = 0, time = 0, factor = 1;
  for (int32_t m = 0; m < plan->months; m++, factor *= step) {
    const clx_cost_month *month = &out->month[m];
    cost += factor * (month->capital + operation(month) + month->penalty - month->resale);
    hours += factor * month->gpu_hours;
    time += factor * in->gpus[m] * CLX_MONTH;
  }
  *rent = time > 0 ? cost / time : CLX_COST_NONE;
  return hours > 0 ? cost / hours : CLX_COST_NONE;
}

static void fill_figures(const clx_cost_plan *plan, const clx_cost_input *in, const clx_cost_draw *draw,
                         clx_cost_out *out) {
  double capex = 0, recovered = 0, cash = 0, least = 0, advance = 0;
  for (int32_t i = 0; i < plan->item_count; i++) {
    const clx_cost_item *item = &plan->item[i];
    const double rest = item->resale == CLX_RESALE_DECAY  ? pow(10, -draw->decay * item->life)
                        : item->resale == CLX_RESALE_FULL ? 1
                                                          : 0;
    capex += draw->item[i] * item->bought;
    recovered += draw->item[i] * item->bought * clx_recovery(plan->discount, item->life, rest);
  }
  for (int32_t i = 0; i < plan->vehicle_count; i++) {
    const clx_lease *lease = &plan->vehicle[i].lease;
    if (lease->bought) capex += lease->residual * lease->price;
  }
  for (int32_t m = 0; m < plan->months; m++) {
    cash += out->flow[m];
    least = fmin(least, cash);
    advance = fmax(advance, out->month[m].advance);
  }
  const double opex = operation(&out->month[plan->months - 1]) / CLX_MONTH;
  const double hour = levelised(plan, in, out, &out->figure[CLX_COST_RENT]);
  out->figure[CLX_COST_CAPEX] = capex;
  out->figure[CLX_COST_OPEX_YEAR] = opex;
  out->figure[CLX_COST_YEAR] = opex + recovered / YEAR;
  out->figure[CLX_COST_NPV] = clx_npv(out->flow, plan->months, plan->discount);
  out->figure[CLX_COST_NPV_EQUITY] = clx_npv(out->equity, plan->months, plan->discount);
  const bool used = hour > CLX_COST_NONE;
  out->figure[CLX_COST_GPU_HOUR] = used ? hour / HOUR : CLX_COST_NONE;
  out->figure[CLX_COST_RUN] = used ? hour / HOUR * plan->run : CLX_COST_NONE;
  out->figure[CLX_COST_TOKEN] = !used ? CLX_COST_NONE : plan->tokens > 0 ? hour / HOUR / plan->tokens : 0;
  out->figure[CLX_COST_PEAK_CASH] = -least;
  out->figure[CLX_COST_ADVANCE] = advance;
}

static uint32_t find_gaps(const clx_cost_plan *plan, const clx_cost_input *in) {
  const bool power = in->power != NULL || plan->gpu_power.expected > 0;
  const bool gap[CLX_COST_GAPS] = {
      [CLX_COST_GAP_POWER] = !power,
      [CLX_COST_GAP_ENERGY] = power && in->energy_cost == NULL && !plan->has_energy,
      [CLX_COST_GAP_STAFF] = plan->people.expected <= 0 || plan->wage.expected <= 0,
      [CLX_COST_GAP_WATER] = plan->water.expected <= 0 || plan->water_use.expected <= 0,
      [CLX_COST_GAP_INCOME] = plan->income.expected <= 0,
      [CLX_COST_GAP_RUN] = plan->run <= 0,
      [CLX_COST_GAP_TOKENS] = plan->tokens <= 0,
  };
  uint32_t bits = 0;
  for (int32_t i = 0; i < CLX_COST_GAPS; i++) bits |= gap[i] ? 1u << i : 0;
  return bits;
}

clx_status clx_cost_plan_run(const clx_cost_plan *plan, const clx_cost_input *input, const clx_cost_draw *draw,
                             bool with_irr, clx_cost_out *out, clx_error *error) {
  CLX_TRY(check_input(plan, input, error));
  memset(out->month, 0, sizeof(clx_cost_month) * (size_t)plan->months);
  memset(out->by_kind, 0, sizeof out->by_kind);
  const books b = buy(plan, draw, out);
  operate(plan, input, draw, out);
  pay_leases(plan, out);
  CLX_TRY(borrow(plan, out, error));
  close_months(plan, &b, out);
  fill_figures(plan, input, draw, out);
  out->payback = clx_payback(out->flow, plan->months);
  out->unstated = find_gaps(plan, input);
  out->has_irr = false;
  out->irr = 0;
  out->irr_changes = 0;
  if (with_irr) {
    clx_error none;
    clx_error_clear(&none);  // a plan that earns nothing has no rate of return: said by has_irr
    out->has_irr = clx_irr(out->flow, plan->months, &out->irr, &out->irr_changes, &none) == CLX_OK;
  }
  return CLX_OK;
}
