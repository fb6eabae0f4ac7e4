// What a machine costs to build and to run: capital by milestone, operation, financing, tax, resale; cash by month. docs/model/cost.md.
//
// spec (what the user states) -> clx_cost_compile -> plan (constant) -> clx_cost_plan_run (expected figures) or clx_cost_bands (Monte Carlo).
// Capacity and power by month come from outside (schedule, supply, power): clx_cost_input.
#pragma once

#include "cost/cost_lease.h"
#include "cost/cost_price.h"
#include "power/power_supply.h"

enum { CLX_COST_ITEMS_MAX = 64, CLX_COST_PENALTIES_MAX = 32 };

typedef enum clx_cost_kind {
  CLX_COST_GPU,
  CLX_COST_NETWORK,
  CLX_COST_STORAGE,
  CLX_COST_BUILDING,
  CLX_COST_POWER,
  CLX_COST_COOLING,
  CLX_COST_BATTERY,
  CLX_COST_LAND,
  CLX_COST_PERMIT,
  CLX_COST_OTHER,
  CLX_COST_KINDS
} clx_cost_kind;
extern const char *const clx_cost_kind_name[CLX_COST_KINDS + 1];

// What is left of an item at the end.
typedef enum clx_resale_kind { CLX_RESALE_NONE, CLX_RESALE_DECAY, CLX_RESALE_BOOK, CLX_RESALE_FULL } clx_resale_kind;
extern const char *const clx_resale_name[5];

// --- as a user states it ---------------------------------------------------------------------------------------------------

typedef struct clx_cost_item_spec {
  const char *name;
  int32_t kind;       // clx_cost_kind
  const char *price;  // nullable: "270,555 EUR", "11.7 million USD/MW"
  const char *low, *high;
  const char *entry;  // nullable: of catalogue/price, building or battery
  const char *
      date;  // nullable: of the price; default: start of the plan for an entry of prices, else no change of price level
  double count;    // units; < 0 = not stated
  double gpus;     // in one of it; < 0 = as its entry has it, else 1; of kind gpu alone
  const char *of;  // nullable: server, rack or device of the fleet that it is for; a scenario counts these
  double power;    // W, of what is paid by W; < 0 = not stated
  double factor;   // on the price (a share of another item, a discount)
  double deposit;  // share paid before delivery
  double lead;     // s, how long before
  double terms;    // s after delivery, until the rest is paid
  double *at;      // s of the plan: deliveries or milestones
  int32_t at_count;
  double *share;  // of the item that each brings; empty = equal
  int32_t share_count;
  const char *const *after;  // works of the build whose ends are the dates, in the place of `at`
  int32_t after_count;
  const char *const *during;  // works of the build: first start and last end are `from` and `until`
  int32_t during_count;
  double from, until;    // s of the plan: spent along an S-curve; until <= from = not so
  int32_t depreciation;  // clx_depreciation_kind; < 0 = usual of the kind
  double life;           // s; < 0 = usual of the kind
  double bonus;          // share expensed in the first month of use
  int32_t resale;        // clx_resale_kind; < 0 = usual of the kind
  // Not of the section: what orders bring, by the caller. Shares may then sum to less than 1 and dates lie after the end: what is not delivered is
  // neither paid nor there. paid_share[k] of the price is paid at paid_at[k], deposits and what comes back of them among it; paid_count 0: by deposit,
  // lead and terms.
  bool ordered;
  double ordered_price;  // USD of a unit by the orders, before `entry`, whose band and decay stay; 0 = none
  const double *paid_at, *paid_share;
  int32_t paid_count;
  clx_place place;
} clx_cost_item_spec;

typedef struct clx_operating_spec {
  const char *staff;     // entry of catalogue/staff; nullable
  const char *tariff;    // entry of catalogue/tariff; nullable
  clx_spread energy;     // USD/J; < 0 = from the tariff
  double demand;         // USD per W of the month's peak; < 0 = from the tariff
  clx_spread gpu_power;  // W of the site per usable GPU, mean; for months without a power series
  double peak;           // peak over mean power
  clx_spread repair;     // share of the price of GPUs, network and storage a year
  clx_spread water;      // USD/m^3
  clx_spread water_use;  // m^3/J of the site
  clx_spread licence;    // USD/s per usable GPU
  clx_spread insurance;  // share of all capital a year, with property tax
  clx_spread lease;      // USD/s of land or building
  double growth;         // of wages, repair, lease a year
  clx_place place;
} clx_operating_spec;

typedef struct clx_finance_spec {
  double debt;         // share of the capital
  double rate;         // a year
  double term, grace;  // s
  double fee;          // share
} clx_finance_spec;

typedef struct clx_penalty_spec {
  const char *name;
  double at;           // s of the plan
  clx_spread amount;   // USD
  double probability;  // that it falls due
  clx_place place;
} clx_penalty_spec;

typedef struct clx_cost_spec {
  const char *start;              // date
  double horizon;                 // s
  double use_from;                // s of the plan from which all GPUs are used; < 0 = as they are delivered
  double install;                 // s from the delivery of GPUs to their use
  double discount;                // a year
  double inflation;               // a year, after the last year of the price levels
  double tax;                     // share of profit
  clx_spread decay;               // log10 a year; < 0 = of the entry of the GPUs, or 0.14
  double common;                  // share of the variance of prices of capital that all items have in common
  clx_spread use;                 // share of usable GPU time that is used
  clx_spread income;              // USD/s per used GPU
  double tokens;                  // token/s per used GPU, 0 = not stated
  double run;                     // GPU-s of a training run, 0 = not stated
  const char *const *currencies;  // entries of catalogue/currency
  int32_t currency_count;
  clx_cost_item_spec *capital;
  int32_t capital_count;
  clx_operating_spec operating;
  clx_finance_spec finance;
  clx_penalty_spec *penalty;
  int32_t penalty_count;
  clx_lease_spec *lease;
  int32_t lease_count;
  clx_place place;
} clx_cost_spec;

extern const clx_schema clx_cost_spec_schema;  // the section `cost` of a scenario

// What the spec names, read by the caller: per item one of price, building, battery (all NULL where it names none), staff, tariff, currencies.
typedef struct clx_cost_found {
  const clx_price *const *price;        // capital_count
  const clx_building *const *building;  // capital_count
  const clx_battery *const *battery;    // capital_count
  const clx_staff *staff;
  const clx_tariff *tariff;
  clx_currencies currencies;
} clx_cost_found;

// --- compiled --------------------------------------------------------------------------------------------------------------

typedef struct clx_cost_item {
  const char *name;
  int32_t kind;
  clx_spread cost;  // USD of all of it, of the plan's start
  double deposit;
  int32_t lead, terms;  // months
  double *delivered;    // months: share delivered in each
  double *paid;         // months: share of the cost paid in each; NULL = by deposit, lead and terms
  double bought;        // share of the cost that is paid in all: 1 but of orders that are not delivered whole
  int32_t depreciation;
  double life;  // years
  double bonus;
  int32_t resale;    // clx_resale_kind
  double own_price;  // USD of a unit or W by its own price or entry, whatever orders say; 0 = it has none
  double age;        // years from delivery to the end of the plan, mean
  double
      beyond;  // years from the date asked for to the nearest dated price of its entry; 0 = within them: more than a year is a guess
} clx_cost_item;

typedef struct clx_cost_penalty {
  const char *name;
  int32_t month;
  clx_spread amount;
  double probability;
} clx_cost_penalty;

typedef struct clx_cost_plan {
  double start;  // year with its fraction
  int32_t months;
  bool drawn;  // dates of one draw: what comes after the last month counts in it, and there may be no GPU
  double discount, tax, common, tokens, run;
  clx_spread use, income, decay;
  clx_cost_item *item;
  int32_t item_count;
  clx_cost_penalty *penalty;
  int32_t penalty_count;
  bool has_energy;       // a price of energy is stated
  clx_spread energy;     // USD/J
  double demand, fixed;  // USD/W and USD a month
  double peak;
  clx_spread gpu_power, people, wage, repair, water, water_use, licence, insurance, lease;
  double growth;
  double debt;
  clx_loan loan;
  const clx_vehicle *vehicle;  // vehicle_count: what is leased, beside the lease of land or building
  const int32_t *leased_from;  // vehicle_count: months
  int32_t vehicle_count;
} clx_cost_plan;

// Named errors (CLX_INPUT): no capital, a date that cannot be read or lies before 1990, an unknown currency, a price without count or power, a
// delivery outside of the plan, shares that do not sum to 1, bands out of order. Everything from `arena`.
clx_status clx_cost_compile(const clx_cost_spec *spec, const clx_cost_found *found, clx_arena *arena,
                            clx_cost_plan *plan, clx_error *error);

// By month, from outside. Each nullable but gpus.
typedef struct clx_cost_input {
  int32_t months;       // at least plan->months
  const double *gpus;   // usable, mean of the month
  const double *power;  // W of the site, mean
  const double *peak;   // W, highest of the month
  const double
      *energy_cost;    // USD, of the power room: energy, demand, fuel, upkeep together; instead of the tariff here
  const double *sunk;  // USD: deposits that makers kept, qualification of makers; counts with the penalties
  // The same GPUs as they come, for dates: usable[k] from at[k] s on, rising; steps 0 = means of months alone.
  const double *at, *usable;
  int32_t steps;
} clx_cost_input;

// A set of figures: expected ones, or one draw.
typedef struct clx_cost_draw {
  double item[CLX_COST_ITEMS_MAX];         // USD
  double penalty[CLX_COST_PENALTIES_MAX];  // USD
  double energy, energy_factor, gpu_power, people, wage, repair, water, water_use, licence, insurance, lease, use,
      income, decay;
} clx_cost_draw;

void clx_cost_expected(const clx_cost_plan *plan, clx_cost_draw *draw);
// Replica `replica` of `seed`: the same for any order and number of threads.
void clx_cost_draw_replica(const clx_cost_plan *plan, uint64_t seed, uint64_t replica, clx_cost_draw *draw);

typedef struct clx_cost_month {  // USD of the month; costs >= 0
  double capital, energy, staff, repair, water, licence, insurance, lease, penalty;
  double income, resale;
  double advance;  // paid by the end of the month for what has not come yet: at risk with its makers
  double drawn, interest, repaid, owed;
  double depreciation, tax;
  double project;    // income + resale - capital - operation - penalties - tax as if there were no debt
  double equity;     // the same with the loan and its effect on tax
  double gpu_hours;  // used
} clx_cost_month;

typedef enum clx_cost_figure {
  CLX_COST_CAPEX,       // USD, undiscounted
  CLX_COST_OPEX_YEAR,   // USD a year at the capacity of the last month
  CLX_COST_YEAR,        // USD a year: capital recovered over the life of each item, and operation
  CLX_COST_NPV,         // USD, project
  CLX_COST_NPV_EQUITY,  // USD
  CLX_COST_GPU_HOUR,    // USD: present cost (before tax) less resale over present used GPU-hours
  CLX_COST_RUN,         // USD of a training run
  CLX_COST_TOKEN,       // USD of one token
  CLX_COST_PEAK_CASH,   // USD, most that is tied up (project)
  CLX_COST_RENT,  // USD/s: rent of as many GPUs over the same time that costs the same: present cost over present GPU time at hand
  CLX_COST_ADVANCE,  // USD, most that has been paid for what has not come
  CLX_COST_FIGURES
} clx_cost_figure;
extern const char *const clx_cost_figure_name[CLX_COST_FIGURES + 1];
extern const char *const clx_cost_figure_unit[CLX_COST_FIGURES + 1];

// What a plan does not say, and figures therefore do not hold: bits of clx_cost_out.unstated, for warnings.
typedef enum clx_cost_gap {
  CLX_COST_GAP_POWER,   // neither a series of power nor gpu_power: no energy, water, people
  CLX_COST_GAP_ENERGY,  // power, but no price of energy
  CLX_COST_GAP_STAFF,
  CLX_COST_GAP_WATER,   // no price or use of water
  CLX_COST_GAP_INCOME,  // npv is cost alone
  CLX_COST_GAP_RUN,     // per_training_run is 0
  CLX_COST_GAP_TOKENS,  // per_token is 0
  CLX_COST_GAPS
} clx_cost_gap;
extern const char *const clx_cost_gap_text[CLX_COST_GAPS + 1];  // one sentence each

typedef struct clx_cost_out {
  clx_cost_month *month;  // plan->months
  double *flow;           // plan->months each: project and equity as series
  double *equity;
  double figure[CLX_COST_FIGURES];
  double by_kind[CLX_COST_KINDS];  // USD of capital
  bool has_irr;
  double irr;  // project
  int32_t irr_changes;
  double payback;     // months; -1 = not within the plan
  uint32_t unstated;  // 1 << clx_cost_gap
} clx_cost_out;

clx_status clx_cost_out_make(const clx_cost_plan *plan, clx_arena *arena, clx_cost_out *out, clx_error *error);
// One pass with the given figures. Conserves: sum of equity = sum of project + draws - interest - repayments + tax saved by interest.
// CLX_INPUT: a series shorter than the plan, no GPU ever usable (in a drawn one: figures by GPU are then CLX_COST_NONE). O(items months), about 10 us for five years of ten items without a
// loan; the rate of return costs most and is found only where `with_irr`.
clx_status clx_cost_plan_run(const clx_cost_plan *plan, const clx_cost_input *input, const clx_cost_draw *draw,
                             bool with_irr, clx_cost_out *out, clx_error *error);

// A plan with what comes from outside. Where chance moves dates there are many, alike but for dates: draw r goes by path r % paths.
typedef struct clx_cost_path {
  const clx_cost_plan *plan;
  const clx_cost_input *input;
} clx_cost_path;

#define CLX_COST_NONE (-1e300)  // of a draw without a rate of return, without payback, or by GPU where there is none

// Monte Carlo: percentiles of every figure over `replicas` draws by up to `threads` threads; the same bits for any number of them.
typedef struct clx_cost_bands {
  clx_cost_band figure[CLX_COST_FIGURES];  // of the draws that have it
  clx_cost_band by_kind[CLX_COST_KINDS];   // USD of capital
  clx_cost_band *cumulated;                // plan->months: of the sum of the project's flow
  clx_cost_band irr;                       // a year, of the draws that have a rate of return: irr_share of them
  double irr_share;
  clx_cost_band payback;  // months, of the draws that pay back within the plan: payback_share of them
  double payback_share;
} clx_cost_bands;
clx_status clx_cost_bands_run(const clx_cost_path *path, int32_t paths, uint64_t seed, int32_t replicas,
                              int32_t threads, clx_arena *arena, clx_cost_bands *out, clx_error *error);
