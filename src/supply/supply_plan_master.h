// The master program of the L-shaped method: first stage, and cuts below the second stage's cost.
#pragma once

#include "supply/supply_plan_internal.h"
#include "supply/supply_simplex.h"

enum { CLX_FREE, CLX_OUT, CLX_IN };  // state of a decision: open, 0, 1

// Columns: u (S); quantities (S T): of open orders, with the setup in proportion to most, or of orders that are in, between lot and most; estimates of
// (1 - lambda) E of each period's cost (T) and of lambda CVaR; money that the decisions of a node have fixed.
typedef struct clx_master {
  const clx_sourcing *p;
  clx_simplex simplex;
  clx_second second;
  int32_t cells, decisions;                          // S T; S + S T: u, then orders
  int32_t first_order, first_estimate, fixed_money;  // columns
  int32_t fixed_rows;
  double *quantity;  // S T: of the last solution
  bool *in;          // S T: of the state: decided for
  double *part;      // decisions: of the last solution, 0..1
  double *cut;       // S T x (T + 1): slopes of the cuts of one evaluation
  double *held;      // S T x (T + 1): slopes of the cuts where no scenario is late
  double *constant;  // T + 1
  double *row;       // columns
  int64_t cuts;
} clx_master;

clx_status clx_master_new(const clx_sourcing *p, clx_arena *arena, clx_master *out, clx_error *error);
// Bounds of the columns for decisions that are taken.
void clx_master_state(clx_master *m, const unsigned char *state);
// Solves; sets quantity and part. See clx_simplex_solve.
clx_simplex_end clx_master_solve(clx_master *m, double cutoff, int64_t pivots, double *bound);
// Adds what the last solution violates: q <= most u, and cuts by more than `tolerance` each. *missed: by how much the estimates were below the second
// stage's cost. Returns the number of rows added; rows slack for long make room.
int32_t clx_master_cut(clx_master *m, double tolerance, double *missed);
// How much dearer at least every plan becomes that takes an open decision the other way than the last solution's bound assumes, from reduced costs.
double clx_master_gain(const clx_master *m, int32_t decision, bool in);
