// Leases, and vehicles that own what is leased: who pays whom, month by month. docs/model/cost.md.
#pragma once

#include "cost/cost_flow.h"
#include "schema/schema.h"

typedef struct clx_lease {
  double price;     // USD of what is leased, paid by the lessor at month 0
  int32_t term;     // months
  double rate;      // a year, implicit: the lessor's price = present value of payments and residual
  double residual;  // share of the price: what the lessee may buy it for at the end
  bool advance;     // payments at the start of each month, not at its end
  bool bought;      // the lessee does
} clx_lease;

// USD a month.
double clx_lease_payment(const clx_lease *lease);

// A special-purpose vehicle: buys, borrows a share, leases out, repays, pays tax on what is left, distributes the rest.
typedef struct clx_vehicle {
  clx_lease lease;
  double debt;  // share of the price that is lent
  clx_loan loan;
  double tax;            // share of profit
  int32_t depreciation;  // clx_depreciation_kind
  double life;           // years, of straight depreciation
  double resale;         // share of the price that a buyer pays at the end where the lessee does not buy
  double upkeep;         // USD a month, of the vehicle itself
} clx_vehicle;

// USD of each month, received > 0; months = term + 1. Each nullable but all given to clx_vehicle_run.
typedef struct clx_vehicle_flows {
  double *lessee, *equity, *lender, *state, *maker, *buyer, *others;
} clx_vehicle_flows;

// Fills each flow (term + 1 months); their sum is 0 in every month. irr of the equity where it has one (has_irr). CLX_INPUT: a term below a month
// or beyond CLX_MONTHS_MAX - 1, shares outside of 0..1.
clx_status clx_vehicle_run(const clx_vehicle *vehicle, const clx_vehicle_flows *flows, bool *has_irr, double *irr,
                           clx_error *error);

// A lease as the section `cost` states it, with the vehicle that gives it.
typedef struct clx_lease_spec {
  const char *name;
  double price;       // USD
  double from, term;  // s
  double rate, residual;
  int32_t advance, bought;
  double debt, debt_rate, debt_fee;  // of the vehicle
  double tax;
  int32_t depreciation;
  double life;  // s
  double resale;
  double upkeep;  // USD/s
  clx_place place;
} clx_lease_spec;
extern const clx_schema clx_lease_spec_schema;

// The vehicle and its lease; month in which it begins. CLX_INPUT: a lease that begins or ends outside of `months`.
clx_status clx_lease_compile(const clx_lease_spec *spec, int32_t months, clx_vehicle *vehicle, int32_t *month,
                             clx_error *error);
