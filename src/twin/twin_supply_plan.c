// What the owner should order: supply.plan.{cost, first, mean, cvar, bound, gap, proved, nodes, seconds_asked} (USD), of each maker
// supply.plan.maker.NAME.{qualified, gpus, first}, series .quantity (GPUs over s of each period), series supply.plan.demand;
// with Cbc supply.plan.cbc.{cost, bound, gap}.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "supply/supply_plan_market.h"
#include "twin/twin_supply.h"

enum { NAME = 192, MAKERS = 64 };

// --- the instance ----------------------------------------------------------------------------------------------------------

// Names stay as they were written: the finder knows them so.
static void add_maker(const clx_twin_supply *c, const char **list, int32_t *count, const char *name) {
  const clx_supply_finder finder = clx_scenario_supply_finder(c->scenario);
  const clx_maker *maker = name != NULL ? finder.find(finder.of, "maker", name) : NULL;
  if (maker == NULL || *count == MAKERS) return;
  for (int32_t i = 0; i < *count; i++) {
    const clx_maker *earlier = finder.find(finder.of, "maker", list[i]);
    if (earlier != NULL && clx_text_equal(earlier->name, maker->name)) return;
  }
  list[(*count)++] = name;
}

// Whom the section names, or the plan alone.
static int32_t set_makers(const clx_twin_supply *c, const char **list) {
  const clx_procurement_spec *spec = &c->scenario->spec.supply;
  int32_t count = 0;
  for (int32_t i = 0; i < spec->plan.maker_count; i++) add_maker(c, list, &count, spec->plan.maker[i]);
  for (int32_t i = 0; i < spec->order_count && spec->plan.maker_count == 0; i++) {
    add_maker(c, list, &count, spec->order[i].maker);
    add_maker(c, list, &count, spec->order[i].fallback);
  }
  for (int32_t i = 0; i < spec->incident_count && spec->plan.maker_count == 0; i++)
    add_maker(c, list, &count, spec->incident[i].to);
  return count;
}

static const char *product_of(const clx_twin_supply *c) {
  const clx_planning_spec *plan = &c->scenario->spec.supply.plan;
  if (plan->product != NULL) return plan->product;
  for (int32_t i = 0; i < c->p->order_count; i++)
    if (c->p->purchase[i].buyer == c->p->self) return c->scenario->spec.supply.order[i].product;
  return NULL;
}

// USD of a GPU of the product at the start.
static double price_of(const clx_twin_supply *c) {
  const clx_planning_spec *plan = &c->scenario->spec.supply.plan;
  const clx_supply_finder finder = clx_scenario_supply_finder(c->scenario);
  const char *name = product_of(c);
  const clx_product *product = name != NULL ? finder.find(finder.of, "product", name) : NULL;
  if (plan->price > 0 || product == NULL) return plan->price;
  return clx_dated_at(product->price, product->price_count, c->p->start);
}

// Events but moves: what is not ordered yet cannot move. Those behind the last period are left out.
static int32_t set_events(const clx_twin_supply *c, clx_incident_spec *list) {
  const clx_procurement_spec *spec = &c->scenario->spec.supply;
  int32_t count = 0;
  for (int32_t i = 0; i < spec->incident_count; i++) {
    if (spec->incident[i].kind == CLX_INCIDENT_MOVE) continue;
    if (c->p->incident[i].week < spec->plan.demand_count * spec->plan.weeks) list[count++] = spec->incident[i];
  }
  return count;
}

static clx_status make_market(const clx_twin_supply *c, clx_sourcing *out) {
  const clx_procurement_spec *spec = &c->scenario->spec.supply;
  const clx_planning_spec *plan = &spec->plan;
  const clx_supply_finder finder = clx_scenario_supply_finder(c->scenario);
  const char **maker = CLX_NEW_ARRAY(c->arena, const char *, MAKERS);
  clx_incident_spec *event = CLX_NEW_ARRAY(c->arena, clx_incident_spec, spec->incident_count + 1);
  if (maker == NULL || event == NULL) return clx_fail_plain(c->error, CLX_MEMORY, "out of memory");
  const clx_market_spec market = {.start = spec->start,
                                  .periods = plan->demand_count,
                                  .weeks = plan->weeks,
                                  .product = product_of(c),
                                  .maker = maker,
                                  .maker_count = set_makers(c, maker),
                                  .qualified = spec->qualified,
                                  .qualified_count = spec->qualified_count,
                                  .demand = plan->demand,
                                  .share = plan->share,
                                  .price = plan->price,
                                  .setup = plan->setup,
                                  .hold = plan->hold * CLX_WEEK,
                                  .late = plan->late * CLX_WEEK,
                                  .missing = plan->missing >= 0 ? plan->missing : 2 * price_of(c),
                                  .lambda = plan->lambda,
                                  .alpha = plan->alpha,
                                  .scenarios = plan->scenarios,
                                  .seed = c->seed,
                                  .incident = event,
                                  .incident_count = set_events(c, event)};
  if (market.product == NULL || market.maker_count == 0)
    return clx_fail(c->error, CLX_INPUT, plan->place,
                    "'supply.plan' needs 'product' and 'makers': the owner's orders name none");
  CLX_TRY(clx_sourcing_market(&market, &finder, c->arena, out, c->error));
  out->budget = plan->budget;
  return CLX_OK;
}

// --- the answer ------------------------------------------------------------------------------------------------------------

static clx_status put_series(const clx_twin_supply *c, const char *name, const double *y, int32_t periods) {
  char full[NAME + 16];
  double *x = CLX_NEW_ARRAY(c->arena, double, periods);
  if (x == NULL) return clx_fail_plain(c->error, CLX_MEMORY, "out of memory");
  for (int32_t t = 0; t < periods; t++) x[t] = t * c->scenario->spec.supply.plan.weeks * CLX_WEEK;
  snprintf(full, sizeof full, "supply.plan.%s", name);
  return clx_result_add_series(c->result, full, "", y, "time", "s", x, periods, c->error);
}

static clx_status put_maker(const clx_twin_supply *c, const clx_sourcing *s, const clx_plan *plan, int32_t maker) {
  const double *quantity = plan->quantity + (size_t)maker * (size_t)s->periods;
  char slug[64], name[NAME];
  double gpus = 0;
  int32_t first = -1;
  clx_twin_supply_slug(s->name[maker], slug, sizeof slug);
  for (int32_t t = 0; t < s->periods; t++) {
    gpus += quantity[t];
    if (first < 0 && quantity[t] > 0) first = t;
  }
  snprintf(name, sizeof name, "plan.maker.%s.title", slug);
  CLX_TRY(clx_twin_supply_fact(c, name, s->name[maker]));
  snprintf(name, sizeof name, "plan.maker.%s.gpus", slug);
  CLX_TRY(clx_twin_supply_one(c, name, gpus, "", "to be ordered from this maker, all periods"));
  snprintf(name, sizeof name, "plan.maker.%s.qualified", slug);
  CLX_TRY(clx_twin_supply_one(c, name, plan->qualified[maker], "", "1: may deliver, qualified where it was not"));
  snprintf(name, sizeof name, "plan.maker.%s.first", slug);
  if (first >= 0)
    CLX_TRY(clx_twin_supply_one(c, name, first * c->scenario->spec.supply.plan.weeks * CLX_WEEK, "s",
                                "after the start: its first order"));
  snprintf(name, sizeof name, "maker.%s.quantity", slug);
  return put_series(c, name, quantity, s->periods);
}

// A plan that orders less than is wanted says what to look at.
static clx_status warn_of_less(const clx_twin_supply *c, const clx_sourcing *s, const clx_plan *plan, double gpus) {
  double wanted = 0;
  char budget[96] = "";
  for (int32_t t = 0; t < s->periods; t++) wanted += s->demand[t];
  if (!(gpus < wanted - 0.5)) return CLX_OK;
  if (s->budget > 0)
    snprintf(budget, sizeof budget, "the budget (%.4g of %.6g USD are used), ", plan->first, s->budget);
  return clx_result_warn(c->result, c->error,
                         "supply: the plan orders %.0f of %.0f GPUs wanted: see 'supply.plan': %sdemand that comes "
                         "before any lead time is over, 'missing' and 'late' that cost less than a GPU",
                         gpus, wanted, budget);
}

// Sums of the search that are nothing but rounding are 0.
static double amount(const clx_plan *plan, double sum) { return fabs(sum) > 1e-12 * fabs(plan->cost) ? sum : 0; }

static clx_status put_plan(const clx_twin_supply *c, const clx_sourcing *s, const clx_plan *plan) {
  double gpus = 0;
  for (int32_t i = 0; i < s->suppliers * s->periods; i++) gpus += plan->quantity[i];
  const struct {
    const char *name;
    double value;
    const char *unit, *doc;
  } numbers[] = {{"cost", plan->cost, "USD", "first stage + (1 - lambda) mean + lambda CVaR"},
                 {"bound", plan->bound, "USD", "no plan costs less"},
                 {"gap", plan->gap, "", "(cost - bound) / cost"},
                 {"proved", plan->proved, "", "1: the gap that was asked for was reached"},
                 {"first", plan->first, "USD", "qualification, orders, units"},
                 {"mean", amount(plan, plan->mean), "USD", "of what waits or is missing, over the scenarios"},
                 {"cvar", amount(plan, plan->cvar), "USD", "of the same, the worst 1 - alpha"},
                 {"gpus", gpus, "", "ordered in all"},
                 {"scenarios", s->scenarios, "", "drawn, of what is delivered"},
                 {"nodes", (double)plan->nodes, "", "of the search"},
                 {"period", c->scenario->spec.supply.plan.weeks * CLX_WEEK, "s", "length of a period"}};
  for (int32_t i = 0; i < CLX_COUNT(numbers); i++) {
    char name[NAME];
    snprintf(name, sizeof name, "plan.%s", numbers[i].name);
    CLX_TRY(clx_twin_supply_one(c, name, numbers[i].value, numbers[i].unit, numbers[i].doc));
  }
  CLX_TRY(warn_of_less(c, s, plan, gpus));
  for (int32_t i = 0; i < s->suppliers; i++) CLX_TRY(put_maker(c, s, plan, i));
  return put_series(c, "demand", s->demand, s->periods);
}

clx_status clx_twin_supply_plan(const clx_twin_supply *c) {
  const clx_planning_spec *spec = &c->scenario->spec.supply.plan;
  const clx_plan_settings settings = {.gap = spec->gap, .seconds = spec->time};
  clx_sourcing sourcing;
  clx_plan plan, other;
  if (spec->place.file == NULL)
    return clx_fail_plain(c->error, CLX_INPUT,
                          "planning needs 'supply.plan' in scenario '%s': demand by period, and what a late GPU costs "
                          "(colossus schema)",
                          c->scenario->spec.name);
  CLX_TRY(make_market(c, &sourcing));
  CLX_TRY(clx_sourcing_solve(&sourcing, &settings, c->arena, &plan, c->error));
  CLX_TRY(put_plan(c, &sourcing, &plan));
  if (!plan.proved)
    CLX_TRY(clx_result_warn(c->result, c->error, "supply: the search for a plan stopped at a gap of %.2g %%",
                            100 * plan.gap));
  if (!c->options->cbc) return CLX_OK;
  CLX_TRY(clx_sourcing_solve_extensive(&sourcing, &settings, c->arena, &other, c->error));
  CLX_TRY(clx_twin_supply_one(c, "plan.cbc.cost", other.cost, "USD", "of the plan that COIN-OR Cbc found"));
  CLX_TRY(clx_twin_supply_one(c, "plan.cbc.bound", other.bound, "USD", "its bound"));
  return clx_twin_supply_one(c, "plan.cbc.gap", other.gap, "", "its gap");
}
