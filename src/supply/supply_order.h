// Orders of several buyers against shared capacities, week by week, with events: who gets what when, and what held it up. docs/model/supply.md.
//
// An order that was placed waits for its lead time, but no longer than what is ordered later from the same maker; then its GPUs are eligible; eligible GPUs are delivered as fast as the product's window, the
// maker, its sub-assemblers and the capacities that the product needs allow. A capacity that is short is shared. Resolution: one week; what happens
// within a week counts from its start on.
#pragma once

#include "supply/supply.h"

typedef enum clx_sharing {
  CLX_SHARING_PRO_RATA,  // to what each order waits for
  CLX_SHARING_FAIR,      // equal rates by weight of the buyer (max-min)
  CLX_SHARING_PRIORITY,  // lowest number first, pro rata among equals
  CLX_SHARINGS
} clx_sharing;
extern const char *const clx_sharing_name[CLX_SHARINGS + 1];

// --- as a user states it -------------------------------------------------------------------------------------------------------------

typedef struct clx_buyer_spec {
  const char *name;
  int32_t priority;  // lower first
  double weight;     // in fair shares
  clx_dated *ready;  // GPUs that its sites can use; none = no limit
  int32_t ready_count;
  double idle;  // 1/s: cost of a GPU that waits in a warehouse, share of its price per time (interest, age)
  clx_place place;
} clx_buyer_spec;

typedef struct clx_order_spec {
  const char *name, *buyer, *product;
  const char *maker;     // NULL = chips only, whoever builds
  const char *at;        // placed; `until`: evenly until then
  const char *until;     // nullable
  const char *by;        // wanted; nullable
  double quantity;       // GPUs
  const char *price;     // of one GPU, "30,000 USD"; NULL = product and maker of the catalogue
  const char *fallback;  // maker to whom the rest goes when this one fails; nullable
  clx_place place;
} clx_order_spec;

typedef enum clx_incident_kind {
  CLX_INCIDENT_HALT,       // the maker delivers nothing for `duration`; 0 = for good
  CLX_INCIDENT_FAILURE,    // for good, deposits are lost, work in progress too
  CLX_INCIDENT_DELISTING,  // of the maker: it fails where what falls due (cash_call) is more than its cash
  CLX_INCIDENT_RATE,       // of the capacity or of the maker's line: times `factor` for `duration`; 0 = for good
  CLX_INCIDENT_SLIP,       // the product's window opens `duration` later
  CLX_INCIDENT_CANCEL,     // the product is delivered no more (licence, variant dropped)
  CLX_INCIDENT_MOVE,       // `share` of what the maker owes goes to `to`, with its lead time
  CLX_INCIDENT_KINDS
} clx_incident_kind;
extern const char *const clx_incident_kind_name[CLX_INCIDENT_KINDS + 1];

typedef struct clx_incident_spec {
  const char *name;
  int32_t kind;  // clx_incident_kind
  const char *at;
  const char *maker, *capacity, *product, *to;
  const char *buyer;           // of a move: only this one's orders; nullable
  double probability;          // that it happens at all
  double late_low, late_high;  // s by which it comes later than `at`: P10 and P90
  double duration;             // s
  double factor, share;
  double cash;  // USD that the maker has when it is delisted; < 0 = as the catalogue says
  clx_place place;
} clx_incident_spec;

// Delivery slots change hands: from `at` on what is delivered on order `from` goes to the buyer of order `to`, up to `quantity`; what is delivered on
// `to` from `back` on returns the same number.
typedef struct clx_swap_spec {
  const char *name, *at, *from, *to, *back;
  double quantity;
  clx_place place;
} clx_swap_spec;

// What a buyer is given of a capacity.
typedef struct clx_allotment_spec {
  const char *buyer, *capacity;
  clx_dated *rate;
  int32_t rate_count;
  clx_place place;
} clx_allotment_spec;

typedef struct clx_exchange_spec {
  const char *currency;
  double usd;  // for one
  clx_place place;
} clx_exchange_spec;

enum { CLX_SECOND_SHARES_MAX = 8 };
// The owner's orders shared with a second maker.
typedef struct clx_second_spec {
  const char *maker;
  const char *instead;  // only orders to this one; NULL = all of the owner's
  double *share;        // of each order that the second has
  int32_t share_count;
  clx_place place;
} clx_second_spec;

// What the owner should order (supply_plan.h). Money is USD.
typedef struct clx_planning_spec {
  const char *product;  // NULL = that of the owner's first order
  const char *const *maker;
  int32_t maker_count;  // 0 = those that the section names
  double *demand;       // GPUs wanted in each period
  int32_t demand_count;
  int32_t weeks;         // of a period
  double share;          // of every capacity that the owner can have
  double setup;          // USD of an order
  double hold, late;     // USD of a GPU and second that it waits, or is missing
  double missing;        // USD of a GPU that is missing at the end; < 0: twice its price
  double price;          // USD of a GPU; 0 = the catalogue's
  double lambda, alpha;  // weight of the CVaR of the worst 1 - alpha
  int32_t scenarios;
  double budget;  // USD; 0 = no limit
  double gap;     // at which the search stops
  double time;    // s of processor time at most
  clx_place place;
} clx_planning_spec;

typedef struct clx_procurement_spec {
  const char *start;
  int32_t weeks;
  int32_t sharing;       // clx_sharing
  const char *currency;  // of the results
  clx_exchange_spec *exchange;
  int32_t exchange_count;
  clx_buyer_spec *buyer;
  int32_t buyer_count;
  clx_order_spec *order;
  int32_t order_count;
  clx_incident_spec *incident;
  int32_t incident_count;
  clx_swap_spec *swap;
  int32_t swap_count;
  clx_allotment_spec *allotment;
  int32_t allotment_count;
  const char *const *qualified;  // makers that need no qualification
  int32_t qualified_count;
  const char *self;  // the buyer whom questions are about; NULL = the first
  int32_t replicas;  // that a study runs
  clx_second_spec second;
  clx_planning_spec plan;
  clx_place place;
} clx_procurement_spec;
extern const clx_schema clx_procurement_schema;

// --- compiled: constant ever after ---------------------------------------------------------------------------------------------------

enum {
  CLX_WEEKS_MAX = 1040,
  CLX_ORDERS_MAX = 256,
  CLX_ROUTES_MAX = 8,
  CLX_NEEDS_MAX = 8,
};

// One order, or the place where the rest of one is moved to (`moved`: quantity 0 until an incident).
typedef struct clx_purchase {
  const char *name;
  int32_t buyer, product, maker;  // maker < 0: none
  int32_t origin;                 // of a moved order: the purchase it stands for, else itself
  int32_t fallback;               // purchase to which the rest goes when the maker fails, or -1
  double quantity, price;         // GPUs; per GPU, in the currency of the results
  double deposit;                 // share of the price
  double qualification;           // money, of a maker that is new to the buyer
  int32_t by;                     // week in which it is wanted; -1 = not stated
  int32_t placed_first, placed_last;
  int32_t qualified;  // first week in which the maker may deliver; moved ones: weeks after the move
} clx_purchase;

typedef struct clx_incident {
  const char *name;
  int32_t kind, week, maker, capacity, product, buyer, to, weeks;  // -1 = none; weeks 0 = for good
  double probability, late_low, late_high, factor, share;
  double cash;  // USD, of a delisting
} clx_incident;

typedef struct clx_swap {
  const char *name;  // nullable
  int32_t from, to, week, back;
  double quantity;
} clx_swap;

// A thing that can be short: capacities first, then lines of makers, then allotments.
typedef struct clx_limit {
  const char *name;  // for messages
  double *week;      // weeks: units a week
  int32_t capacity;  // index, or -1
  int32_t kind;      // clx_capacity_kind, or -1
  int32_t maker;     // of a line, or -1
  int32_t buyer;     // of an allotment, or -1
  double spread, outages, outage_low, outage_high;
} clx_limit;

typedef struct clx_procurement {
  double start;  // s since 1970
  int32_t weeks, sharing;
  const char *currency;
  clx_purchase *purchase;  // the user's first, then places to move to
  int32_t purchase_count, order_count;
  const clx_buyer_spec *buyer;
  double *ready;  // buyer_count x weeks: GPUs usable at the end of a week; INFINITY = no limit
  int32_t buyer_count, self;
  const clx_product **product;
  int32_t product_count;
  int32_t *window_first, *window_last;  // weeks of deliveries as announced
  const clx_maker **maker;
  int32_t maker_count;
  double *lead_low, *lead_high;  // maker_count x weeks: s, P10 and P90 of what is ordered in a week
  clx_limit *limit;
  int32_t limit_count;
  clx_incident *incident;
  int32_t incident_count;
  int32_t *moved;  // incident_count x purchase_count: purchase to which a move takes it, or -1
  clx_swap *swap;
  int32_t swap_count;
} clx_procurement;

// Resolves names, dates and prices. CLX_INPUT with the place: unknown product, maker, capacity, buyer, order or currency ("did you mean"), a date
// before the start or behind the end, an order below the minimum lot, swaps in a circle (named in full), an incident without what its kind needs.
clx_status clx_procurement_compile(const clx_procurement_spec *spec, const clx_supply_finder *finder, clx_arena *arena,
                                   clx_procurement *out, clx_error *error);

// --- a run ---------------------------------------------------------------------------------------------------------------------------

// What a GPU that is not yet delivered waits for. From CLX_WAIT_LIMIT on: that limit (index added).
typedef enum clx_wait {
  CLX_WAIT_LEAD,
  CLX_WAIT_WINDOW,         // the product is not there yet, no more, or cancelled
  CLX_WAIT_QUALIFICATION,  // of the maker
  CLX_WAIT_MAKER,          // the maker has stopped or failed
  CLX_WAIT_LIMIT
} clx_wait;

typedef struct clx_delivery_settings {
  uint64_t seed;
  int32_t replicas;  // 1 .. 100000; 0 = one run without chance: medians, certain incidents (probability > 0.5)
} clx_delivery_settings;

typedef struct clx_supply_band {
  double low, median, high, mean;  // P10, P50, P90
} clx_supply_band;

typedef struct clx_purchase_result {
  clx_supply_band finished;  // week in which the whole was delivered; weeks = not within the horizon
  clx_supply_band short_by;  // GPUs missing at the end
  double short_share;        // of replicas that end short
  double late_share;         // of replicas with GPUs missing at `by`; 0 where no date is wanted
  clx_supply_band late_by;   // GPUs missing at `by`
  int32_t cause;             // clx_wait that cost most GPU-weeks
  double *waited;            // CLX_WAIT_LIMIT + limit_count: mean GPU-weeks by cause; moved parts included
  int32_t short_cause;       // clx_wait of most GPUs that are missing at the end; -1 = none are
  int32_t
      late_cause;  // clx_wait of most GPUs that are missing at `by`: lead time where they are still in it; -1 = none are
} clx_purchase_result;

typedef struct clx_buyer_result {
  clx_supply_band *received;    // weeks: GPUs at the end of each week, swaps included
  clx_supply_band paid;         // money: deposits and balances
  clx_supply_band lost;         // deposits that a failed maker kept
  clx_supply_band stored;       // GPU-weeks in warehouses without power
  clx_supply_band stored_cost;  // money
} clx_buyer_result;

typedef struct clx_delivery {
  int32_t replicas;
  clx_purchase_result *order;  // order_count
  clx_buyer_result *buyer;     // buyer_count
  double *used;                // limit_count x weeks: mean share of each limit that was used
  double unbalanced;           // GPUs, most of any replica: ordered - delivered - owed - lost; a check, ~0
} clx_delivery;

// Runs all replicas; results from `arena`. Seeded, the same bits on any machine of one libc. CLX_INPUT: replicas out of range, too much memory
// (above 1 GB). About 3 us for a week of ten orders.
clx_status clx_procurement_run(const clx_procurement *procurement, const clx_delivery_settings *settings,
                               clx_arena *arena, clx_delivery *out, clx_error *error);

// Single replicas, for callers that go on computing with each of them: replica k of a seed is the one that clx_procurement_run made of it, so that
// means and bands are the same. Memory of one at a time; one for each thread. CLX_MEMORY.
struct clx_replica;
clx_status clx_procurement_open(const clx_procurement *procurement, clx_arena *arena, struct clx_replica **out,
                                clx_error *error);
// Runs replica `replica`; < 0: the run without chance. Cost as of clx_procurement_run, divided by its replicas.
void clx_procurement_replica(struct clx_replica *replica, uint64_t seed, int32_t index);
// The same without a swap. As the next.
clx_status clx_procurement_unswapped(const clx_procurement *procurement, int32_t swap, clx_arena *arena,
                                     clx_procurement *out, clx_error *error);
// The same without an incident, or with it for certain: nothing else changes in any replica. From `arena`; points into *procurement.
clx_status clx_procurement_given(const clx_procurement *procurement, int32_t incident, bool happens, clx_arena *arena,
                                 clx_procurement *out, clx_error *error);
// `weeks` numbers of the replica that ran last: GPUs that `buyer` has at the end of each week since the start, of one product (index in
// procurement->product) or of all (product < 0), swaps included; GPUs delivered on an order of the user. Until the next replica.
const double *clx_procurement_received(const struct clx_replica *replica, int32_t buyer, int32_t product);
const double *clx_procurement_delivered(const struct clx_replica *replica, int32_t order);
// Whether nothing of a limit (index in procurement->limit) was left in a week of it.
bool clx_procurement_full(const struct clx_replica *replica, int32_t limit, int32_t week);

// Money of a buyer in the replica that ran last.
typedef struct clx_purse {
  double paid, lost, stored, stored_cost;  // as of clx_buyer_result
  const double *at_risk;                   // weeks: deposits on what is still owed, at the end of each week
  // weeks: deposits lost and makers qualified by the end of each, beside the price of what is delivered or owed
  const double *sunk;
} clx_purse;
clx_purse clx_procurement_purse(const struct clx_replica *replica, int32_t buyer);

// Name of a cause, for people: "lead time", "capacity inventec"; from `arena`.
const char *clx_wait_text(const clx_procurement *procurement, int32_t wait, clx_arena *arena);

// Demands that without chance every order with a date is delivered by it. CLX_INFEASIBLE: one mistake for each that is not: GPUs missing, the binding
// limit, and the least changes of one thing alone that make it feasible: that limit times x, the date later by n weeks, or the GPUs that can be
// had by then. Searches by bisection over runs without chance.
clx_status clx_procurement_demand(const clx_procurement *procurement, clx_error *error);
