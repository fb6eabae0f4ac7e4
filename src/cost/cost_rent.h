// Renting GPUs: the price of a GPU-hour over time, and contracts. docs/model/cost.md.
//
// The price of an hour at will on the open market is exp(level + slope t + s): a trend that follows the value of the hardware, and a scarcity s that
// swings: with its quadrature c the pair (s, c) turns by 2 pi / period a month, is damped, and takes noise; s takes jumps on top (a stochastic
// cycle, Harvey 1989). A cycle, because prices of 2023-2026 are a V (8 -> 1.70 -> 2.35 USD): no falling curve describes them.
#pragma once

#include "cost/cost_flow.h"
#include "cost/cost_money.h"
#include "cost/cost_spread.h"

typedef enum clx_rent_market {
  CLX_RENT_OPEN,      // at will, from sellers of GPU time: the index
  CLX_RENT_LIST,      // at will, list prices of large clouds
  CLX_RENT_CONTRACT,  // for a term
  CLX_RENT_MARKETS
} clx_rent_market;
typedef enum clx_rent_use { CLX_RENT_SHOWN, CLX_RENT_FIT, CLX_RENT_HELD, CLX_RENT_USES } clx_rent_use;

typedef struct clx_rent_point {
  const char *date;
  double year;     // filled by clx_rent_check
  double price;    // USD/s per GPU
  int32_t market;  // clx_rent_market
  double term;     // s of a contract
  const char *who;
  int32_t use;  // clx_rent_use
  clx_place place;
} clx_rent_point;

// catalogue/rent: dated prices of one GPU and what cannot be told from so few of them.
typedef struct clx_rent {
  const char *name, *title;
  const char *const *aliases;
  int32_t alias_count;
  clx_rent_point *point;
  int32_t point_count;
  double slope;                   // a year, of the logarithm
  double period;                  // s of the cycle
  double half_life;               // s in which a swing halves
  double jumps;                   // a year
  double jump;                    // deviation of the logarithm
  double list;                    // list price of large clouds over the open market
  double discount_1, discount_3;  // off the same seller's price at will, for a year and for three
} clx_rent;
extern const clx_schema clx_rent_schema;
clx_status clx_rent_check(clx_rent *rent, clx_place place, clx_error *error);
// Share off for a commitment of `term` s: 0 at none, straight between the stated years, that of three years beyond. The median of catalogues.
double clx_rent_discount(const clx_rent *rent, double term);

// Fitted to the points marked `fit` of the open market, by maximum likelihood (Kalman filter on months).
typedef struct clx_rent_process {
  double year;                        // of month 0: the month of the last point used
  double level, slope;                // of the logarithm of USD/h at month 0, a year
  double along, across;               // damping times cos and sin of the turn of a month
  double volatility, noise;           // a month^0.5; of sellers about the market
  double jumps, jump;                 // a month
  double state[2], covariance[2][2];  // s and c of month 0, given the points
  int32_t used;
  double likelihood;  // logarithm
} clx_rent_process;

// From the points of no later than `until` (a year; INFINITY: all): what was known then. CLX_INPUT: fewer than four points to fit. About 3 ms.
clx_status clx_rent_calibrate(const clx_rent *rent, double until, clx_rent_process *out, clx_error *error);
// CLX_INPUT: a market asked for before the last price that the process has seen.
clx_status clx_rent_covers(const clx_rent_process *process, double year, clx_error *error);
// USD/s per GPU at will for months 0 .. months - 1 from `year` (clx_rent_covers), replica by replica the same.
void clx_rent_path(const clx_rent_process *process, double year, int32_t months, uint64_t seed, uint64_t replica,
                   double *price);
// Median path: no noise, no jumps, scarcity from its filtered value on.
void clx_rent_median(const clx_rent_process *process, double year, int32_t months, double *price);

// A contract, as the section `rent` states it.
typedef struct clx_rent_contract {
  const char *seller;
  const char *entry;  // of catalogue/rent
  double *at;         // s of the plan: the ramp
  int32_t at_count;
  double *gpus;  // GPUs from then on
  int32_t gpus_count;
  double from, term;   // s; term 0 = at will, at the price of each month
  double price;        // USD/s per GPU; < 0 = the open market of the month it begins, less the discount of the term
  int32_t list;        // at list prices of large clouds instead of the open market
  double take_or_pay;  // share of what is contracted that is paid for in any case
  double prepaid;      // share of the first year's payments due at the start
  double growth;       // of a contracted price a year
  double use;  // share of the GPU time at hand that is used; < 0 = not stated: all of it, or as the decision has it
  clx_place place;
} clx_rent_contract;
extern const clx_schema clx_rent_contract_schema;

// Share of the GPUs at hand that is paid for.
double clx_rent_paid_share(const clx_rent_contract *contract);
// CLX_INPUT: no ramp, dates that do not rise, lists of different lengths; no GPU that is paid for within `months`.
clx_status clx_rent_contract_check(const clx_rent_contract *contract, const char *course, int32_t months,
                                   clx_error *error);
// By month: GPUs at hand and USD paid, with `market` the price at will of each month. What is not taken (use below take_or_pay) is paid up to
// take_or_pay; at will only what is used is paid. CLX_INPUT: no ramp, dates that do not rise, lists of different lengths.
clx_status clx_rent_run(const clx_rent_contract *contract, const clx_rent *rent, const double *market, int32_t months,
                        double *gpus, double *paid, clx_error *error);
