// Conditions that no plan meets: how much of one of them alone would have to give way.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "supply/supply_plan_internal.h"

// Units of a supplier that can have arrived by period t without chance: from the first period on as much as it can, up to its total.
static double reach(const clx_sourcing *p, int32_t s, int32_t t, double *lines) {
  double sum = 0;
  for (int32_t k = 0; k + p->nominal[s] <= t; k++) sum += p->most[s * p->periods + k];
  if (lines != NULL) *lines = sum;
  return fmin(sum, p->total[s]);
}

static double reach_all(const clx_sourcing *p, int32_t t) {
  double sum = 0;
  for (int32_t s = 0; s < p->suppliers; s++) sum += reach(p, s, t, NULL);
  return sum;
}

static const char *supplier_name(const clx_sourcing *p, int32_t s, char *buffer, size_t size) {
  if (p->name != NULL && p->name[s] != NULL) return p->name[s];
  snprintf(buffer, size, "supplier %d", s);
  return buffer;
}

static bool is_above(double wanted, double had) { return wanted > had + 1e-9 * (1 + wanted); }

// What one supplier alone could give more: its total, or its capacity where the total leaves room.
static void say_supplier(const clx_sourcing *p, int32_t s, int32_t t, double missing, clx_error *error) {
  char buffer[32];
  const char *name = supplier_name(p, s, buffer, sizeof buffer);
  double lines = 0;
  const double had = reach(p, s, t, &lines);
  if (!is_above(missing, lines - had)) {
    clx_fail_plain(error, CLX_INFEASIBLE, "possible with: total of %s at least %.6g instead of %.6g", name,
                   p->total[s] + missing, p->total[s]);
  } else if (lines > 0 && !is_above(had + missing, p->total[s])) {
    clx_fail_plain(error, CLX_INFEASIBLE, "possible with: capacity of %s up to period %d times %.4f", name,
                   t - p->nominal[s], (had + missing) / lines);
  }
}

static clx_status relax_required(const clx_sourcing *p, clx_error *error) {
  int32_t worst = -1;
  double missing = 0;
  for (int32_t t = 0; t < p->periods; t++) {
    const double had = reach_all(p, t);
    if (!is_above(p->required[t], had) || p->required[t] - had <= missing) continue;
    missing = p->required[t] - had;
    worst = t;
  }
  if (worst < 0) return CLX_OK;
  const double wanted = p->required[worst];
  const clx_status status = clx_fail_plain(
      error, CLX_INFEASIBLE,
      "required: %.6g units shall have arrived in period %d, all suppliers together reach %.6g: short by %.6g", wanted,
      worst, wanted - missing, missing);
  for (int32_t t = worst + 1; t < p->periods; t++) {
    if (is_above(wanted, reach_all(p, t))) continue;
    clx_fail_plain(error, CLX_INFEASIBLE, "possible with: the same in period %d instead of %d", t, worst);
    break;
  }
  for (int32_t s = 0; s < p->suppliers; s++) say_supplier(p, s, worst, missing, error);
  return status;
}

// Least money of the first stage that has `part` of the required arrivals; INFINITY when none was found.
static clx_status least_money(const clx_sourcing *p, double part, clx_arena *arena, double *money, clx_error *error) {
  clx_sourcing alone = {0};
  CLX_TRY(clx_sourcing_new(p->suppliers, p->periods, 1, arena, &alone, error));
  double *required = CLX_NEW_ARRAY(arena, double, p->periods);
  if (required == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t t = 0; t < p->periods; t++) required[t] = part * p->required[t];
  alone.qualify = p->qualify;
  alone.setup = p->setup;
  alone.price = p->price;
  alone.lot = p->lot;
  alone.most = p->most;
  alone.total = p->total;
  alone.nominal = p->nominal;
  alone.required = required;
  clx_plan plan;
  clx_error ignored;
  clx_error_clear(&ignored);
  const clx_status status =
      clx_sourcing_search(&alone, &(clx_plan_settings){.gap = 1e-4, .seconds = 20}, arena, &plan, &ignored);
  *money = status == CLX_OK ? plan.cost : INFINITY;
  return status == CLX_MEMORY ? clx_fail_plain(error, CLX_MEMORY, "out of memory") : CLX_OK;
}

static clx_status relax_budget(const clx_sourcing *p, clx_arena *arena, clx_error *error) {
  double money = 0;
  CLX_TRY(least_money(p, 1, arena, &money, error));
  if (!is_above(money, p->budget)) return CLX_OK;
  double low = 0, high = 1;
  for (int32_t i = 0; i < 10; i++) {
    const double middle = 0.5 * (low + high);
    double some = 0;
    CLX_TRY(least_money(p, middle, arena, &some, error));
    if (some <= p->budget)
      low = middle;
    else
      high = middle;
  }
  const clx_status status =
      money < INFINITY
          ? clx_fail_plain(error, CLX_INFEASIBLE,
                           "budget: what is required costs %.6g at least, the budget is %.6g: short by %.6g", money,
                           p->budget, money - p->budget)
          : clx_fail_plain(error, CLX_INFEASIBLE,
                           "required: lots and totals of the suppliers do not add up to what is required");
  clx_fail_plain(error, CLX_INFEASIBLE, "possible with: %.1f %% of what is required", 100 * low);
  return status;
}

clx_status clx_sourcing_relax(const clx_sourcing *p, clx_error *error) {
  CLX_TRY(clx_sourcing_check(p, error));
  if (p->required == NULL) return CLX_OK;
  CLX_TRY(relax_required(p, error));
  if (p->budget <= 0) return CLX_OK;
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const clx_status status = relax_budget(p, arena, error);
  clx_arena_free(arena);
  return status;
}
