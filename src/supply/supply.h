// supply: who can deliver what by when. Products, makers and the capacities that they share, as functions of time. docs/model/supply.md.
//
// Quantities are GPUs (doubles), times seconds since 1970-01-01 UTC, money a plain double in the currency and of the year that the reader is told
// (the catalogue: USD of the date of each price).
#pragma once

#include "base/base.h"
#include "schema/schema.h"

#define CLX_WEEK (7 * 86400.0)  // s

// A value that holds from a date until the next one; before the first it is 0.
typedef struct clx_dated {
  const char *from;  // ISO 8601
  double value;
  double items;  // capacity steps only: instead of `value`, which is < 0 then
  clx_place place;
} clx_dated;
extern const clx_schema clx_price_step_schema;     // key price, USD/GPU
extern const clx_schema clx_rate_step_schema;      // key rate, GPU/s
extern const clx_schema clx_capacity_step_schema;  // key rate, GPU/s, or items, 1/s
extern const clx_schema clx_ready_step_schema;     // key gpus, GPU

// Lead times of orders placed from a date on: one order in ten comes before `low`, one in ten after `high`, log-normal between.
typedef struct clx_lead {
  const char *from;
  double low, high;  // s
  clx_place place;
} clx_lead;

typedef enum clx_capacity_kind {
  CLX_CAPACITY_CHIP,
  CLX_CAPACITY_PACKAGING,
  CLX_CAPACITY_ASSEMBLY,
  CLX_CAPACITY_RACK,
  CLX_CAPACITY_KINDS
} clx_capacity_kind;
extern const char *const clx_capacity_kind_name[CLX_CAPACITY_KINDS + 1];

// catalogue/capacity: what several makers or products share: chips of a generation, packaging, the lines of a sub-assembler.
typedef struct clx_capacity {
  const char *name, *title;
  const char *const *aliases;
  int32_t alias_count;
  int32_t kind;     // clx_capacity_kind
  clx_dated *rate;  // units/s
  int32_t rate_count;
  double spread;       // sd of ln(made / planned), one factor for the whole run, median 1
  double outages;      // 1/s: unplanned stops of the whole capacity
  double outage_low;   // s, one stop in ten is shorter
  double outage_high;  // s, one in ten longer
} clx_capacity;
extern const clx_schema clx_capacity_schema;

typedef struct clx_need {
  const char *capacity;  // entry of catalogue/capacity
  double amount;         // of its units for one GPU
  clx_place place;
} clx_need;

// catalogue/product: a generation of servers that makers sell.
typedef struct clx_product {
  const char *name, *title;
  const char *const *aliases;
  int32_t alias_count;
  const char *device;  // entry of catalogue/device; nullable
  clx_need *need;
  int32_t need_count;
  clx_dated *price;  // USD for one GPU in its server
  int32_t price_count;
  const char *available, *until;  // window of deliveries as announced; nullable: always
  double slip_low, slip_high;     // s by which the window opens late: P10 and P90; both 0 = on time
  double cancelled;               // probability that it never comes
} clx_product;
extern const clx_schema clx_product_schema;

typedef struct clx_route {
  const char *capacity;  // who assembles
  double share;          // of the maker's units, as planned
  clx_place place;
} clx_route;

// catalogue/maker: who sells servers and racks.
typedef struct clx_maker {
  const char *name, *title;
  const char *const *aliases;
  int32_t alias_count;
  clx_dated *line;  // GPU/s of its own; none = not the limit
  int32_t line_count;
  clx_route *route;  // its sub-assemblers; none = builds itself
  int32_t route_count;
  clx_lead *lead;  // ascending
  int32_t lead_count;
  double deposit;              // share of the price paid with the order
  double price_ratio;          // its price over the product's
  double qualification;        // s until a new maker may deliver
  double qualification_cost;   // USD
  double minimum_lot;          // GPUs of one order
  double share_most;           // of all a buyer orders, by policy
  double halts;                // 1/s: stops of deliveries
  double halt_low, halt_high;  // s, P10 and P90 of a stop
  double failures;             // 1/s: it delivers nothing more, for good
  double recovered;            // share of deposits that come back after a failure
  double cash_call;            // USD that fall due when it is delisted
  double cash;                 // USD at hand then; 0 = not known: it cannot pay
} clx_maker;
extern const clx_schema clx_maker_schema;

// What schemas cannot say: dates that can be read and ascend, quantiles in order, shares that sum to at most 1. CLX_INPUT with the place.
clx_status clx_capacity_check(const clx_capacity *capacity, clx_place place, clx_error *error);
clx_status clx_product_check(const clx_product *product, clx_place place, clx_error *error);
clx_status clx_maker_check(const clx_maker *maker, clx_place place, clx_error *error);

// A date as text -> s since 1970. CLX_INPUT names `key` and what was read.
clx_status clx_date_read(const char *text, const char *key, clx_place place, double *time, clx_error *error);
// Mean of a step function over each of `weeks` weeks from `start` into out: the integral over the week, divided by its length. The dates were
// checked before. O(weeks + count).
void clx_dated_weeks(const clx_dated *step, int32_t count, double start, int32_t weeks, double *out);
// The value that holds at `time`; 0 before the first.
double clx_dated_at(const clx_dated *step, int32_t count, double time);
// The lead time that holds for an order of `time`: the last one before, or the first one. NULL = none is stated.
const clx_lead *clx_lead_at(const clx_lead *lead, int32_t count, double time);

// Log-normal by its P10 and P90 at the normal quantile `z`; low = high: that value.
double clx_span_draw(double low, double high, double z);

// Entries by name; NULL where there is none of that name. kind: "product", "maker", "capacity".
typedef struct clx_supply_finder {
  const void *(*find)(const void *of, const char *kind, const char *name);
  const void *of;
} clx_supply_finder;
