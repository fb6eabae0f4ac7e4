// What the rows of capacity, product and maker cannot say.
#include "supply/supply.h"

// A place of the step where the reader kept one, else of the entry.
static clx_place nearer(clx_place step, clx_place entry) { return step.line > 0 ? step : entry; }

static clx_status check_ascending(double time, double *before, const char *key, clx_place place, clx_error *error) {
  if (time <= *before)
    return clx_fail(error, CLX_INPUT, place, "%s: dates must ascend; this one is not after the one before", key);
  *before = time;
  return CLX_OK;
}

static clx_status check_steps(const clx_dated *step, int32_t count, const char *key, clx_place entry,
                              clx_error *error) {
  double before = -1e300;
  for (int32_t i = 0; i < count; i++) {
    const clx_place place = nearer(step[i].place, entry);
    double time = 0;
    CLX_TRY(clx_date_read(step[i].from, key, place, &time, error));
    CLX_TRY(check_ascending(time, &before, key, place, error));
  }
  return CLX_OK;
}

static clx_status check_span(double low, double high, const char *key, clx_place place, clx_error *error) {
  if (low > high || (low <= 0 && high > 0)) {
    return clx_fail(error, CLX_INPUT, place,
                    "%s: expected 0 < low <= high (one in ten below, one in ten above), read %g and %g s", key, low,
                    high);
  }
  return CLX_OK;
}

clx_status clx_capacity_check(const clx_capacity *capacity, clx_place place, clx_error *error) {
  if (capacity->rate_count == 0)
    return clx_fail(error, CLX_INPUT, place, "rate: capacity \"%s\" has no rate from any date", capacity->name);
  CLX_TRY(check_steps(capacity->rate, capacity->rate_count, "rate", place, error));
  for (int32_t i = 0; i < capacity->rate_count; i++) {
    const clx_dated *step = &capacity->rate[i];
    if ((step->value < 0) != (step->items < 0)) continue;
    return clx_fail(error, CLX_INPUT, nearer(step->place, place),
                    "rate: a step of capacity \"%s\" needs either rate (GPUs) or items", capacity->name);
  }
  if (capacity->outages > 0 && capacity->outage_high <= 0)
    return clx_fail(error, CLX_INPUT, place, "outage_high: capacity \"%s\" has outages of no length", capacity->name);
  return check_span(capacity->outage_low, capacity->outage_high, "outage_low", place, error);
}

clx_status clx_product_check(const clx_product *product, clx_place place, clx_error *error) {
  CLX_TRY(check_steps(product->price, product->price_count, "prices", place, error));
  double available = -1e300, until = 1e300;
  if (product->available != NULL) CLX_TRY(clx_date_read(product->available, "available", place, &available, error));
  if (product->until != NULL) CLX_TRY(clx_date_read(product->until, "until", place, &until, error));
  if (until <= available) {
    return clx_fail(error, CLX_INPUT, place, "until: product \"%s\" ends on %s, before it is available on %s",
                    product->name, product->until, product->available);
  }
  return check_span(product->slip_low, product->slip_high, "slip_low", place, error);
}

clx_status clx_maker_check(const clx_maker *maker, clx_place place, clx_error *error) {
  CLX_TRY(check_steps(maker->line, maker->line_count, "line", place, error));
  double sum = 0, before = -1e300;
  for (int32_t i = 0; i < maker->route_count; i++) sum += maker->route[i].share;
  if (maker->route_count > 0 && (sum <= 0 || sum > 1 + 1e-9)) {
    return clx_fail(error, CLX_INPUT, place, "routes: shares of the sub-assemblers of \"%s\" sum to %g, expected 0..1",
                    maker->name, sum);
  }
  for (int32_t i = 0; i < maker->lead_count; i++) {
    const clx_place at = nearer(maker->lead[i].place, place);
    double time = 0;
    CLX_TRY(clx_date_read(maker->lead[i].from, "leads", at, &time, error));
    CLX_TRY(check_ascending(time, &before, "leads", at, error));
    CLX_TRY(check_span(maker->lead[i].low, maker->lead[i].high, "leads", at, error));
  }
  if (maker->halts > 0 && maker->halt_high <= 0)
    return clx_fail(error, CLX_INPUT, place, "halt_high: maker \"%s\" halts for no time", maker->name);
  return check_span(maker->halt_low, maker->halt_high, "halt_low", place, error);
}
