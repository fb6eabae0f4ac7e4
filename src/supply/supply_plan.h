// What to order from whom when, before it is known who delivers: a two-stage stochastic mixed-integer program. docs/model/supply.md.
//
//   min  sum_s qualify_s u_s + sum_st (setup_st z_st + price_st q_st) + (1 - lambda) E[c_w] + lambda CVaR_alpha[c_w]
//   lot_st z_st <= q_st <= most_st z_st,   z_st <= u_s,   sum_t q_st <= total_s,   u, z in {0, 1}
//   c_w = sum_t hold_t (X_wt - D_wt)+ + late_t (D_wt - X_wt)+ + const,   X_wt = sum of yield_wst q_st that has arrived by t
//
// D is the cumulative demand, or what the site can power where that is less: units above it wait in a warehouse, the lack of power is paid as lateness
// that no order changes. The second stage has no decision: given q its cost is this sum, convex and piecewise linear in q.
#pragma once

#include "base/base.h"

enum {
  CLX_SUPPLIERS_MAX = 64,
  CLX_PERIODS_MAX = 104,
  CLX_SCENARIOS_MAX = 100000,
};

// Shapes: S suppliers, T periods, W scenarios; row by row. Money in one currency.
typedef struct clx_sourcing {
  int32_t suppliers, periods, scenarios;
  const char *const *name;  // S; nullable
  double *qualify;          // S: money, once
  double *setup, *price;    // S x T: money of an order; of one unit, deliveries that fail and deposits included
  double *lot, *most;       // S x T: units of an order, least and most; most 0 = nothing can be ordered
  double *total;            // S: units, most of all periods
  double *demand;           // T: units wanted in each period
  double *hold, *late;      // T: money of a unit that waits, or is missing, at the end of a period
  double *power;            // W x T: cumulative units that can be used; NULL = all
  double *probability;      // W, sum 1
  double *yield;            // W x S x T: share delivered of what is ordered in a period
  int32_t *arrival;         // W x S x T: period in which it arrives; >= T = too late to count
  double lambda;            // 0 = mean .. 1 = CVaR alone
  double alpha;             // CVaR of the worst 1 - alpha
  // Demanded of the plan without chance (yield 1, arrival after `nominal` periods); NULL and 0 = nothing.
  double *required;  // T: cumulative units that must have arrived
  int32_t *nominal;  // S: periods from order to arrival
  double budget;     // money for qualification, orders and units; 0 = no limit
} clx_sourcing;

// A plan and what it costs.
typedef struct clx_plan {
  double *quantity;             // S x T
  bool *order;                  // S x T
  bool *qualified;              // S
  double first;                 // money of the first stage
  double mean, cvar;            // of c_w
  double cost;                  // objective
  double bound;                 // no plan costs less
  double gap;                   // (cost - bound) / |cost|
  bool proved;                  // gap <= what was asked for
  int64_t nodes, cuts, solves;  // of the search: nodes of the tree, cuts of the master, linear programs
} clx_plan;

typedef struct clx_plan_settings {
  double gap;      // stop at this relative gap; 0 = 1e-6; at least 1e-9
  double seconds;  // of processor time, at most; 0 = 600
  int64_t nodes;   // at most; 0 = 1e6
} clx_plan_settings;

// Ranges, shapes, probabilities that sum to 1. CLX_INPUT names the array and the element.
clx_status clx_sourcing_check(const clx_sourcing *sourcing, clx_error *error);

// A seeded random instance: 4 sub-assemblers shared by the suppliers, one chip allocation shared by all, both of which fail in spells. From `arena`.
clx_status clx_sourcing_draw(uint64_t seed, int32_t suppliers, int32_t periods, int32_t scenarios, clx_arena *arena,
                             clx_sourcing *out, clx_error *error);

// Costs of quantities (S x T) as an order plan: an order is what is above 0. Sets all but bound and gap. O(S T W).
clx_status clx_plan_value(const clx_sourcing *sourcing, const double *quantity, clx_arena *arena, clx_plan *out,
                          clx_error *error);

// Solves the program by the L-shaped method: cuts of the closed-form second stage in a master program, own simplex method and branch and bound; bound and
// gap always given, the bound computed from the rows as they are and not from tables that rounding wears. CLX_INFEASIBLE: names what must be relaxed and
// by how much (clx_sourcing_relax). A plan with proved = false when time or nodes ran out. The same bits on every machine unless time ran out.
// Cost: 8 x 16 x 100 in 1 to 20 s, about 2 ms for a node.
clx_status clx_sourcing_solve(const clx_sourcing *sourcing, const clx_plan_settings *settings, clx_arena *arena,
                              clx_plan *out, clx_error *error);
// The same by COIN-OR Cbc on the extensive form: every scenario written out. For comparison; minutes from 8 x 16 x 100 on. CLX_INTERNAL: a
// build without COIN-OR.
clx_status clx_sourcing_solve_extensive(const clx_sourcing *sourcing, const clx_plan_settings *settings,
                                        clx_arena *arena, clx_plan *out, clx_error *error);
// What the demanded arrivals and the budget need at least, each alone: one mistake (CLX_INFEASIBLE) for each single change that makes a plan possible, with
// its size; CLX_OK: a plan is possible as it is.
clx_status clx_sourcing_relax(const clx_sourcing *sourcing, clx_error *error);
// The extensive form as a file of type LP (CPLEX) for other solvers. CLX_FILE.
clx_status clx_sourcing_write(const clx_sourcing *sourcing, const char *path, clx_error *error);
