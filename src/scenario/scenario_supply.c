// Products, makers and capacities of the section `supply`, read, and its orders compiled.
#include <math.h>

#include "scenario/scenario.h"

bool clx_scenario_is_supplied(const clx_scenario *s) { return s->supply.stated; }

clx_supply_finder clx_scenario_supply_finder(const clx_scenario *s) {
  return clx_equipment_supply_finder(s->supply.equipment);
}

static clx_status check_second(const clx_scenario *s, clx_error *error) {
  const clx_second_spec *second = &s->spec.supply.second;
  for (int32_t i = 0; i < second->share_count; i++) {
    const double share = second->share[i];
    if (!(share >= 0 && share <= 1))
      return clx_fail(error, CLX_INPUT, second->place, "'supply.second.shares': %g, expected 0 to 1", share);
    if (i > 0 && !(share >= second->share[i - 1] + 1e-3))
      return clx_fail(error, CLX_INPUT, second->place,
                      "'supply.second.shares': %g behind %g, expected rising shares, 0.001 apart or more", share,
                      second->share[i - 1]);
  }
  if (second->share_count <= CLX_SECOND_SHARES_MAX) return CLX_OK;
  return clx_fail(error, CLX_INPUT, second->place, "'supply.second.shares': %d, expected at most %d",
                  second->share_count, CLX_SECOND_SHARES_MAX);
}

static clx_status check_plan(const clx_scenario *s, clx_error *error) {
  const clx_planning_spec *plan = &s->spec.supply.plan;
  double wanted = 0;
  if (plan->place.file == NULL) return CLX_OK;
  for (int32_t i = 0; i < plan->demand_count; i++) wanted += plan->demand[i];
  if (plan->demand_count == 0 || !(wanted > 0))
    return clx_fail(error, CLX_INPUT, plan->place,
                    "'supply.plan.demand': expected GPUs wanted in each period of %d weeks, as [0, 0, 10000]",
                    plan->weeks);
  return CLX_OK;
}

clx_status clx_scenario_compile_supply(clx_scenario *s, clx_error *error) {
  const clx_procurement_spec *spec = &s->spec.supply;
  s->supply.stated = spec->place.file != NULL;
  if (!s->supply.stated) return CLX_OK;
  if (spec->buyer_count == 0)
    return clx_fail(error, CLX_INPUT, spec->place, "'supply.buyers' is empty: expected who orders, as [{name: own}]");
  CLX_TRY(clx_catalog_read_supply(s->catalog, spec, s->arena, &s->supply.equipment, error));
  CLX_TRY(check_second(s, error));
  CLX_TRY(check_plan(s, error));
  const clx_supply_finder finder = clx_scenario_supply_finder(s);
  return clx_procurement_compile(spec, &finder, s->arena, &s->supply.procurement, error);
}
