// The search tree of the L-shaped method.
#pragma once

#include "supply/supply_plan_master.h"

typedef struct clx_node_open {
  double bound;
  int32_t depth;
  unsigned char *state;  // decisions: u, then orders
} clx_node_open;

typedef struct clx_tree {
  const clx_sourcing *p;
  clx_arena *arena;
  clx_master master;
  clx_second second;  // for plans; the master has its own
  double gap;
  // Best plan so far.
  double *best;  // S T
  double best_cost;
  // Open nodes: a heap by bound.
  clx_node_open *open;
  int32_t open_count, open_room;
  unsigned char **spare;  // states that may be used again
  int32_t spare_count;
  double pruned;  // least bound of a node that was dropped
  // Branching: sum of gains of the bound for a whole step of each decision, down (0) and up (1).
  double *gain[2];
  int32_t *tried[2];
  unsigned char *other;  // decisions: a state to try
  double *trial;         // S T
  double *point;         // S T: quantities of a node
  double *part;          // decisions of a node
  double value;          // bound by the multipliers of the last relaxation; that of the node may be higher
  int64_t nodes;
} clx_tree;

// Solves a node with at most `rounds` rounds of cuts; *exact: the estimates meet the second stage to the tolerance.
clx_simplex_end clx_tree_relax(clx_tree *tree, int32_t rounds, double *bound, bool *exact);
// Above which a node holds nothing better by more than the gap.
double clx_tree_cutoff(const clx_tree *tree);
// Judges a plan; keeps it where it is the best. Lots are seen to, other conditions must be met or it is passed over.
void clx_tree_offer(clx_tree *tree, const double *quantity);
// The best quantities for the orders of the relaxed solution, rounded.
void clx_tree_polish(clx_tree *tree, const unsigned char *state);
// Decisions that no better plan takes otherwise, by reduced costs of the last relaxation; and what follows from decisions.
void clx_tree_settle(clx_tree *tree, unsigned char *state);
void clx_tree_imply(const clx_tree *tree, unsigned char *state);
// Decision to branch on, or -1 when all are whole, or -2 when `state` was changed instead (one side is closed), or -3 when both are. *up: first side.
int32_t clx_tree_choose(clx_tree *tree, unsigned char *state, double bound, bool *up);
