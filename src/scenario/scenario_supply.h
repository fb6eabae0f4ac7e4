// The section `supply` of a scenario: orders of several buyers, what happens to those who deliver, what to order next.
#pragma once

#include "catalog/catalog.h"
#include "supply/supply_order.h"

struct clx_scenario;

// What the section names, read and compiled.
typedef struct clx_supply_entries {
  bool stated;
  const clx_equipment *equipment;  // products, makers, capacities
  clx_procurement procurement;
} clx_supply_entries;

bool clx_scenario_is_supplied(const struct clx_scenario *scenario);
clx_supply_finder clx_scenario_supply_finder(const struct clx_scenario *scenario);
