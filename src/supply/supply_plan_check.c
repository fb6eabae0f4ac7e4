// Ranges of an instance of order planning.
#include <math.h>
#include <stdio.h>

#include "supply/supply_plan_internal.h"

static const char *supplier_name(const clx_sourcing *p, int32_t s, char *buffer, size_t size) {
  if (p->name != NULL && p->name[s] != NULL) return p->name[s];
  snprintf(buffer, size, "supplier %d", s);
  return buffer;
}

static clx_status refuse(clx_error *error, const char *array, int32_t index, double value, const char *wanted) {
  return clx_fail_plain(error, CLX_INPUT, "%s[%d]: expected %s, read %g", array, index, wanted, value);
}

static clx_status check_not_negative(const double *value, int32_t count, const char *array, clx_error *error) {
  for (int32_t i = 0; i < count; i++)
    if (!(value[i] >= 0 && value[i] < 1e15)) return refuse(error, array, i, value[i], "0 or more");
  return CLX_OK;
}

static clx_status check_lots(const clx_sourcing *p, clx_error *error) {
  char buffer[32];
  for (int32_t i = 0; i < p->suppliers * p->periods; i++) {
    if (p->most[i] <= 0 || p->lot[i] <= p->most[i]) continue;
    return clx_fail_plain(
        error, CLX_INPUT, "lot: the minimum lot of %s in period %d, %g, is above what it can deliver, %g",
        supplier_name(p, i / p->periods, buffer, sizeof buffer), i % p->periods, p->lot[i], p->most[i]);
  }
  return CLX_OK;
}

static clx_status check_scenarios(const clx_sourcing *p, clx_error *error) {
  const size_t all = (size_t)p->suppliers * (size_t)p->periods * (size_t)p->scenarios;
  double sum = 0;
  for (int32_t w = 0; w < p->scenarios; w++) sum += p->probability[w];
  if (!(fabs(sum - 1) <= 1e-9))
    return clx_fail_plain(error, CLX_INPUT, "probability: expected a sum of 1, read %.12g", sum);
  for (size_t i = 0; i < all; i++) {
    if (!(p->yield[i] >= 0 && p->yield[i] <= 1)) return refuse(error, "yield", (int32_t)i, p->yield[i], "0..1");
    if (p->arrival[i] < 0) return refuse(error, "arrival", (int32_t)i, p->arrival[i], "a period");
  }
  const size_t powered = (size_t)p->scenarios * (size_t)p->periods;
  for (size_t i = 0; p->power != NULL && i < powered; i++)
    if (!(p->power[i] >= 0)) return refuse(error, "power", (int32_t)i, p->power[i], "0 or more");
  return CLX_OK;
}

clx_status clx_sourcing_check(const clx_sourcing *p, clx_error *error) {
  const int32_t cells = p->suppliers * p->periods;
  if (p->suppliers < 1 || p->suppliers > CLX_SUPPLIERS_MAX || p->periods < 1 || p->periods > CLX_PERIODS_MAX ||
      p->scenarios < 1 || p->scenarios > CLX_SCENARIOS_MAX) {
    return clx_fail_plain(error, CLX_INPUT, "order planning of %d suppliers, %d periods, %d scenarios: out of range",
                          p->suppliers, p->periods, p->scenarios);
  }
  if (!(p->lambda >= 0 && p->lambda <= 1))
    return clx_fail_plain(error, CLX_INPUT, "lambda: expected 0..1, read %g", p->lambda);
  if (p->lambda > 0 && !(p->alpha >= 0 && p->alpha < 1))
    return clx_fail_plain(error, CLX_INPUT, "alpha: expected 0 or more and below 1, read %g", p->alpha);
  CLX_TRY(check_not_negative(p->qualify, p->suppliers, "qualify", error));
  CLX_TRY(check_not_negative(p->setup, cells, "setup", error));
  CLX_TRY(check_not_negative(p->price, cells, "price", error));
  CLX_TRY(check_not_negative(p->lot, cells, "lot", error));
  CLX_TRY(check_not_negative(p->most, cells, "most", error));
  CLX_TRY(check_not_negative(p->total, p->suppliers, "total", error));
  CLX_TRY(check_not_negative(p->demand, p->periods, "demand", error));
  CLX_TRY(check_not_negative(p->hold, p->periods, "hold", error));
  CLX_TRY(check_not_negative(p->late, p->periods, "late", error));
  if (p->required != NULL && p->nominal == NULL)
    return clx_fail_plain(error, CLX_INPUT, "required: needs the periods from order to arrival of each supplier");
  if (p->required != NULL) CLX_TRY(check_not_negative(p->required, p->periods, "required", error));
  CLX_TRY(check_lots(p, error));
  return check_scenarios(p, error);
}
