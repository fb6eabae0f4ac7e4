// The section `buildout` in the time of the plan, and what does not fit between the two.
#include <math.h>

#include "twin/twin_cost.h"
#include "twin/twin_internal.h"

// --- the build ---------------------------------------------------------------------------------------------------------------

// Quantity of the build as s of the plan; INFINITY where it is not reached.
static clx_cost_band date_of(const clx_result *result, const char *name, double from) {
  const clx_quantity *q = clx_result_find(result, name);
  if (q == NULL) return (clx_cost_band){.low = INFINITY, .expected = INFINITY, .high = INFINITY};
  return (clx_cost_band){
      .low = fmax(0, from + q->low), .expected = fmax(0, from + q->value), .high = fmax(0, from + q->high)};
}

clx_status clx_twin_cost_build(const clx_scenario *s, const clx_result *result, clx_arena *arena, clx_cost_build *b,
                               clx_error *error) {
  const double *day = NULL, *usable = NULL;
  double start = 0, plan = 0;
  int32_t days = 0;
  *b = (clx_cost_build){0};
  if (result != NULL) usable = clx_result_series(result, "buildout.gpus", &day, &days);
  if (usable == NULL || days == 0) return CLX_OK;
  b->start = clx_result_fact(result, "buildout.start");
  if (b->start != NULL && clx_time_read(b->start, &start) && clx_time_read(s->cost.spec.start, &plan))
    b->from = start - plan;
  b->total = clx_result_value(result, "buildout.gpus_total", usable[days - 1]);
  b->end = b->from + day[days - 1];
  b->at_end = usable[days - 1];
  b->first = clx_result_value(result, "buildout.first", 0);
  b->first_training = date_of(result, "buildout.first_training", b->from);
  b->full = date_of(result, "buildout.full_capacity", b->from);
  const clx_cost_rows rows = {.time = day, .value = usable, .count = days};
  CLX_TRY(clx_twin_cost_steps(&rows, b->from, b->total, b->full.expected, arena, &b->usable, error));
  if (b->usable.count > 0) return CLX_OK;
  return clx_fail_plain(error, CLX_INFEASIBLE,
                        "cost: no GPU of the build can be used within its horizon: there is nothing to count");
}

// --- warnings ----------------------------------------------------------------------------------------------------------------

static const char *day_of(const clx_twin_cost *c, double time, char day[CLX_TIME_TEXT]) {
  double plan = 0;
  clx_time_read(c->scenario->cost.spec.start, &plan);
  clx_time_write(plan + time, false, day);
  return day;
}

static clx_status warn_cut(const clx_twin_cost *c, clx_result *result, clx_error *error) {
  const clx_cost_build *b = &c->build;
  char end[CLX_TIME_TEXT], full[CLX_TIME_TEXT];
  if (b->at_end >= b->total * (1 - 1e-9)) return CLX_OK;
  day_of(c, b->end, end);
  if (isfinite(b->full.expected))
    return clx_result_warn(result, error,
                           "cost: the days of the build end on %s with %.0f of %.0f GPUs; the rest is counted from %s, "
                           "its median",
                           end, b->at_end, b->total, day_of(c, b->full.expected, full));
  return clx_result_warn(result, error,
                         "cost: %.0f of %.0f GPUs are usable when the build's horizon ends on %s; all are paid, the "
                         "rest never used",
                         b->at_end, b->total, end);
}

// A build that the plan does not hold whole, or waits for.
static clx_status warn_starts(const clx_twin_cost *c, clx_result *result, clx_error *error) {
  static const double YEAR = 12 * CLX_MONTH;
  const clx_cost_build *b = &c->build;
  const char *plan = c->scenario->cost.spec.start;
  if (b->start == NULL) return CLX_OK;
  if (b->from < 0 && !(b->usable.at[0] > 0))
    return clx_result_warn(result, error,
                           "cost: %.0f GPUs are usable when the plan starts on %s, the build starts on %s: what came "
                           "before counts as bought on the plan's first day",
                           b->usable.gpus[0], plan, b->start);
  if (b->from > YEAR)
    return clx_result_warn(result, error, "cost: the plan starts on %s, the build only on %s", plan, b->start);
  return CLX_OK;
}

static double mean_date(const clx_cost_item_spec *item) {
  double mean = 0;
  if (item->at_count == 0) return (item->from + fmax(item->from, item->until)) / 2;
  for (int32_t k = 0; k < item->at_count; k++)
    mean += item->at[k] * (item->share_count > 0 ? item->share[k] : 1.0 / item->at_count);
  return mean;
}

// Dates that stand in the section beside orders or a build that say otherwise.
static clx_status warn_dates(const clx_twin_cost *c, clx_result *result, clx_error *error) {
  const clx_scenario *s = c->scenario;
  const clx_capacity_series *come = c->supplied ? &c->when.delivered : &c->when.usable;
  clx_cost_facts facts = c->facts;
  facts.built = come->at;
  facts.usable = come->gpus;
  facts.build_steps = come->count;
  for (int32_t i = 0; i < s->cost.spec.capital_count; i++) {
    clx_cost_item_spec item = s->cost.spec.capital[i];
    char stated[CLX_TIME_TEXT], built[CLX_TIME_TEXT];
    const bool dated = item.at_count > 0 || item.from > 0 || item.until > 0;
    if (!dated || (item.kind != CLX_COST_GPU && item.kind != CLX_COST_NETWORK && item.kind != CLX_COST_STORAGE))
      continue;
    const double before = mean_date(&item);
    CLX_TRY(clx_scenario_cost_dates(s, &facts, c->arena, &item, error));
    const double after = mean_date(&item);
    if (!(fabs(after - before) > CLX_MONTH)) continue;
    CLX_TRY(clx_result_warn(result, error,
                            "cost: '%.40s' is paid as if it came on %s on average, the %s its GPUs on %s: "
                            "leave its dates out to follow the %s",
                            item.name, day_of(c, before, stated), c->supplied ? "orders bring" : "build brings",
                            day_of(c, after, built), c->supplied ? "orders" : "build"));
  }
  return CLX_OK;
}

// Keys and sections that nothing here follows.
static clx_status warn_unused(const clx_twin_cost *c, clx_result *result, clx_error *error) {
  const clx_cost_spec *spec = &c->scenario->cost.spec;
  const bool builds = c->build.usable.count > 0;
  if (builds && spec->use_from >= 0)
    CLX_TRY(
        clx_result_warn(result, error, "cost: `use_from` stands before the dates of the build: all GPUs from then on"));
  if (builds && spec->use_from < 0 && spec->install > 0)
    CLX_TRY(clx_result_warn(result, error, "cost: `install` is not used: the build says when GPUs are usable"));
  if (!builds && c->supplied && spec->use_from >= 0)
    CLX_TRY(clx_result_warn(result, error,
                            "cost: `use_from` stands before the deliveries of `supply`: all GPUs from then on"));
  if (!builds && !c->supplied && clx_scenario_is_supplied(c->scenario))
    CLX_TRY(clx_result_warn(result, error,
                            "cost: section 'supply' has no order of its own buyer: GPUs come when `cost` says"));
  return CLX_OK;
}

// Items whose own price is not that of the orders that bring them.
static clx_status warn_prices(const clx_twin_cost *c, clx_result *result, clx_error *error) {
  static const double NEAR = 0.01;
  for (int32_t i = 0; i < c->plan.item_count; i++) {
    const clx_cost_item_spec *item = &c->scenario->cost.spec.capital[i];
    const double gpus = clx_scenario_cost_gpus(c->scenario, i), ordered = clx_scenario_ordered_price(c->scenario, item);
    const double own = c->plan.item[i].own_price / clx_scenario_cost_unit(c->scenario, i);
    if (!(gpus > 0) || !(ordered > 0) || !(own > 0) || !(fabs(own - ordered) > NEAR * ordered)) continue;
    if (clx_scenario_cost_follows_orders(item))
      CLX_TRY(clx_result_warn(result, error,
                              "cost: '%.40s' costs what section 'supply' pays, %.0f USD a GPU, not the %.0f of its "
                              "entry; a `price` of its own would stand before it",
                              item->name, ordered, own));
    else
      CLX_TRY(clx_result_warn(result, error,
                              "cost: '%.40s' states %.0f USD a GPU, the orders of section 'supply' %.0f: the price "
                              "here counts, of orders the dates and the shares of deposits",
                              item->name, own, ordered));
  }
  return CLX_OK;
}

// Orders of another number or at another price than what the plan buys.
static clx_status warn_orders(const clx_twin_cost *c, clx_result *result, clx_error *error) {
  const clx_capacity_series *come = &c->when.delivered;
  const double there = come->count > 0 ? come->gpus[come->count - 1] : 0;
  if (!c->supplied) return CLX_OK;
  if (come->count > 0 && !(come->at[0] > 0))
    CLX_TRY(clx_result_warn(result, error,
                            "cost: %.0f GPUs are delivered before the plan starts on %s: they count as bought on its "
                            "first day",
                            come->gpus[0], c->scenario->cost.spec.start));
  if (c->ordered > c->fleet * (1 + 1e-6))
    CLX_TRY(clx_result_warn(result, error,
                            "cost: the orders of section 'supply' are for %.0f GPUs, the machine has %.0f: the rest is "
                            "not of this plan",
                            c->ordered, c->fleet));
  if (there < c->fleet * (1 - 1e-6))
    CLX_TRY(
        clx_result_warn(result, error,
                        "cost: orders deliver %.0f of %.0f GPUs within the weeks of section 'supply' in the median: "
                        "of the rest nothing but deposits is paid, and it is never used",
                        there, c->fleet));
  return warn_prices(c, result, error);
}

clx_status clx_twin_cost_warn_build(const clx_twin_cost *c, clx_result *result, clx_error *error) {
  CLX_TRY(warn_unused(c, result, error));
  CLX_TRY(warn_orders(c, result, error));
  if (c->build.usable.count == 0) return c->supplied ? warn_dates(c, result, error) : CLX_OK;
  CLX_TRY(warn_cut(c, result, error));
  CLX_TRY(warn_starts(c, result, error));
  return warn_dates(c, result, error);
}
