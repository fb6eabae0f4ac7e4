// The sections `cost` and `decide` of a scenario: what they leave open is what the scenario knows already.
#pragma once

#include "catalog/catalog.h"
#include "cost/cost_decide.h"
#include "machine/machine.h"

struct clx_scenario;

// What the sections name, read.
typedef struct clx_cost_entries {
  bool stated, decides;
  clx_cost_spec spec;  // as stated, with the counts of the fleet where items state none
  clx_cost_found found;
  clx_decide_found asked;
} clx_cost_entries;

// What a run finds, for what the section leaves open; 0 = not known.
typedef struct clx_cost_facts {
  double it_peak, site_peak;  // W
  double run;                 // GPU*s of the training
  double tokens;              // token/s per GPU
  // GPUs that come, by the orders of the section `supply` or else as the section `buildout` makes them usable: usable[k] from built[k] s of the plan on;
  // build_steps 0 = neither.
  const double *built, *usable;
  int32_t build_steps;
  // Of orders: GPUs whose price has been paid, deposits by their share. paid_steps 0 = paid as they come.
  const double *paid_at, *paid;
  int32_t paid_steps;
  bool ordered;                  // by orders: what does not come is not paid
  const double *begin, *finish;  // works of the build: s of the plan at which they start and end; NULL = not known
  bool drawn;                    // of one draw: what comes after the end of the plan counts in its last month
} clx_cost_facts;

bool clx_scenario_has_cost(const struct clx_scenario *scenario);
bool clx_scenario_has_decide(const struct clx_scenario *scenario);
// CLX_INPUT, named, where the section is absent.
clx_status clx_scenario_need_cost(const struct clx_scenario *scenario, clx_error *error);
// The plan with what `facts` knows; everything from `arena`. GPUs, network and storage without dates come as orders or the build bring the GPUs that
// they are for, what is `after` works when these end, `during` works as they run. CLX_INPUT: an item paid by W of a site whose power is not known; either beside other dates,
// without a build, or with a work that it has not.
clx_status clx_scenario_cost_plan(const struct clx_scenario *scenario, const clx_cost_facts *facts, clx_arena *arena,
                                  clx_cost_plan *plan, clx_error *error);
// Dates and shares of `item` (of kind gpu, network or storage) as `facts` (build_steps > 0) brings the GPUs that it is for, those of the fleet's
// cohorts in their order; what is not built within its steps comes with the last of them, what is not delivered not at all. What stands in the item's `at`, `share`, `from`
// and `until` is replaced.
clx_status clx_scenario_cost_dates(const struct clx_scenario *scenario, const clx_cost_facts *facts, clx_arena *arena,
                                   clx_cost_item_spec *item, clx_error *error);
// Whether `item` is for the GPUs of a cohort (its `of`).
bool clx_scenario_cost_is_for(const clx_cost_item_spec *item, const clx_cohort *cohort);
// USD of a GPU by the owner's orders of the section `supply` that bring what `item` (of kind gpu) is for, their mean; < 0: there are none.
double clx_scenario_ordered_price(const struct clx_scenario *scenario, const clx_cost_item_spec *item);
// Whether an item has that price: of kind gpu, with neither `price` nor `factor` of its own.
bool clx_scenario_cost_follows_orders(const clx_cost_item_spec *item);
// USD for one unit of the currency of the section `supply`.
double clx_scenario_supply_dollar(const struct clx_scenario *scenario);
// GPUs of one unit of item `index`, of kind gpu.
double clx_scenario_cost_unit(const struct clx_scenario *scenario, int32_t index);
// GPUs that item `index` brings: units times GPUs of each; 0 for other kinds than gpu.
double clx_scenario_cost_gpus(const struct clx_scenario *scenario, int32_t index);
