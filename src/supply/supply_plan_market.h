// Order planning over the makers of the catalogue: their terms, and scenarios of what they deliver.
#pragma once

#include "supply/supply_order.h"
#include "supply/supply_plan.h"

typedef struct clx_market_spec {
  const char *start;
  int32_t periods, weeks;  // number of periods, weeks of each
  const char *product;
  const char *const *maker;  // maker_count: who is asked
  int32_t maker_count;
  const char *const *qualified;  // of them, without qualification
  int32_t qualified_count;
  const double *demand;  // periods: GPUs wanted in each
  double share;          // of every capacity that this buyer can have, 0 < x <= 1
  double price;          // money of a GPU; 0 = the catalogue's at the date
  double setup;          // money of one order
  double hold, late;     // money of a GPU that waits, or is missing, for one week
  double missing;        // money of a GPU that is missing at the end
  double lambda, alpha;
  int32_t scenarios;
  uint64_t seed;
  const clx_incident_spec *incident;  // incident_count: halts, failures and rates; moves have no meaning here
  int32_t incident_count;
} clx_market_spec;

// An instance of order planning: capacities and prices by period, scenarios from the same draws as runs of orders: leads, slips, halts and failures of
// makers, outages and spreads of what they share. CLX_INPUT as clx_procurement_compile; no price of the product. Texts and arrays from `arena`.
clx_status clx_sourcing_market(const clx_market_spec *spec, const clx_supply_finder *finder, clx_arena *arena,
                               clx_sourcing *out, clx_error *error);
