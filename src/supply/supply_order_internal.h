// What the files of orders share.
#pragma once

#include "supply/supply_order.h"

// A compilation on its way.
typedef struct clx_procurement_build {
  const clx_procurement_spec *spec;
  const clx_supply_finder *finder;
  clx_arena *arena;
  clx_procurement *out;
  clx_error *error;
  double usd;  // for one of the results' currency
} clx_procurement_build;

// Index of an entry in out->product, maker or limit, added when it is new. CLX_INPUT: the finder does not know it.
clx_status clx_build_product(clx_procurement_build *b, const char *name, clx_place place, int32_t *index);
clx_status clx_build_maker(clx_procurement_build *b, const char *name, clx_place place, int32_t *index);
clx_status clx_build_capacity(clx_procurement_build *b, const char *name, clx_place place, int32_t *index);
clx_status clx_build_buyer(const clx_procurement_build *b, const char *name, const char *key, clx_place place,
                           int32_t *index);
clx_status clx_build_order(const clx_procurement_build *b, const char *name, const char *key, clx_place place,
                           int32_t *index);
// Week of a date of the run. CLX_INPUT: before the start, behind the end.
clx_status clx_build_week(const clx_procurement_build *b, const char *date, const char *key, clx_place place,
                          int32_t *week);
// Lines, allotments and the capacities that products and makers name.
clx_status clx_build_limits(clx_procurement_build *b);
clx_status clx_build_incidents(clx_procurement_build *b);
clx_status clx_build_swaps(clx_procurement_build *b);
// A place for what is moved from purchase `from` to `maker`. CLX_INPUT: too many.
clx_status clx_build_moved(clx_procurement_build *b, int32_t from, int32_t maker, clx_place place, int32_t *index);
// USD for one unit of a currency. CLX_INPUT with the nearest known one.
clx_status clx_build_currency(const clx_procurement_build *b, const char *code, clx_place place, double *usd);

// --- sharing -------------------------------------------------------------------------------------------------------------------------

enum { CLX_FLOW_LIMITS = CLX_NEEDS_MAX * 2 + 2 };  // needs, allotments on them, route, line

// What one purchase gets by one route in one week.
typedef struct clx_portion {
  int32_t purchase, buyer;
  double share;   // of the purchase, by route
  double demand;  // GPUs wanted this week, still
  double given;   // GPUs
  double weight;
  int32_t limit[CLX_FLOW_LIMITS], limit_count;
  double amount[CLX_FLOW_LIMITS];  // of each limit for one GPU
  int32_t stopped_by;              // limit, or -1
} clx_portion;

// Raises `given` of all portions towards `demand` in proportion to `weight` until each has what it wants or one of its limits is used up
// (progressive filling); takes what is given from `left`. Portions of a weight of 0 get nothing. O(rounds x portions), rounds <= portions + limits.
void clx_share_fill(clx_portion *portion, int32_t count, double *left, const double *whole);

// --- a replica -----------------------------------------------------------------------------------------------------------------------

typedef struct clx_replica {
  const clx_procurement *p;
  // What chance decided.
  double *limit;          // limit_count x weeks: units a week
  bool *halted;           // maker_count x weeks
  int32_t *failed;        // maker_count: week, or weeks = never
  int32_t *first, *last;  // product_count: weeks in which it is delivered
  int32_t *due;           // purchase_count x weeks: week in which what is placed in a week becomes eligible
  int32_t *happens;       // incident_count: week, or weeks = never
  // State.
  double *fresh;               // purchase_count x weeks: GPUs placed in a week
  double *coming;              // purchase_count x weeks: GPUs that become eligible in a week
  double *waiting;             // purchase_count: GPUs eligible
  double *early;               // purchase_count: GPUs in their lead time
  double *owed_for;            // purchase_count: GPUs placed and not delivered or moved away
  double *dead;                // purchase_count: of them, owed by a maker that failed
  int32_t *ready_week;         // purchase_count: first week in which the maker may deliver
  double *left;                // limit_count
  double *swapped, *returned;  // swap_count
  clx_portion *portion;        // of a week
  int32_t portion_count;
  // Results.
  double *received;                            // buyer_count x weeks, cumulative
  double *received_of;                         // buyer_count x product_count x weeks, cumulative
  double *delivered;                           // order_count x weeks, cumulative
  double *waited;                              // order_count x (CLX_WAIT_LIMIT + limit_count)
  double *behind;                              // the same: GPUs that are missing at `by`, by what they wait for then
  int32_t *cause;                              // purchase_count: what it waits for now
  double *used;                                // limit_count x weeks: units
  double *paid, *lost, *stored, *stored_cost;  // buyer_count
  double *at_risk;                             // buyer_count x weeks: deposits on what is owed
  double *qualified;                           // buyer_count: money for makers that were new
  double *sunk;                                // buyer_count x weeks: lost deposits and qualifications so far
  double ordered, moved_in;                    // GPUs, for the books
} clx_replica;

clx_status clx_replica_new(const clx_procurement *p, clx_arena *arena, clx_replica *r, clx_error *error);
// Draws what chance decides; `sure`: medians instead.
void clx_replica_draw(clx_replica *r, uint64_t seed, uint64_t replica, bool sure);
// Which limits each route of each purchase takes from; the same for all weeks.
void clx_replica_portions(clx_replica *r);
// Runs the weeks. Returns GPUs that the books do not account for.
double clx_replica_run(clx_replica *r);
// The maker of a place to move to becomes one of the buyer's, at its cost.
void clx_replica_qualify(clx_replica *r, int32_t purchase, int32_t week);
// What happens at the start of a week: incidents, failures of makers.
void clx_replica_turn(clx_replica *r, int32_t week);
// Deliveries of an order to buyers, through its swaps.
void clx_replica_hand_over(clx_replica *r, int32_t order, int32_t week, double gpus);
