// For the files of job lists only.
#pragma once

#include "power/power_site_internal.h"

// --- which nodes (power_jobs_place.c) ---------------------------------------------------------------------------------------------------
typedef struct clx_node_range {
  int32_t from, to;
} clx_node_range;

typedef struct clx_nodes {
  int32_t count, free, words;
  uint64_t *word;         // a bit a node: free
  clx_node_range *range;  // those of the last take; at most half the nodes and one
} clx_nodes;

bool clx_nodes_make(clx_nodes *nodes, int64_t count, clx_arena *arena);  // false when out of memory
// Takes nodes first .. first + nodes - 1, or the lowest that are free (first < 0). Returns how many ranges stand in nodes->range. O(nodes / 64).
int32_t clx_nodes_take(clx_nodes *nodes, int64_t count, int64_t first, bool *fits);
void clx_nodes_give_back(clx_nodes *nodes, const clx_node_range *range, int32_t ranges);

// --- what they draw (power_jobs_load.c): every unit of every level of the chain ----------------------------------------------------------
typedef struct clx_unit_layer {
  int32_t count;
  int32_t *child;  // [count + 1] first unit of the layer below that hangs on it; NULL: one each
  double *in;      // W that enter each
  const clx_conversion *conversion;
  double share, beside;  // units of equipment behind one load; W of static load of one
} clx_unit_layer;

typedef struct clx_unit_loads {
  clx_unit_layer layer[CLX_CHAIN_LEVELS_MAX + 1];  // 0: the nodes themselves
  int32_t layers;
  clx_node_range *changed;  // of the layer in hand
  int32_t changed_count, changed_room;
  double top;  // W
} clx_unit_loads;

bool clx_unit_loads_make(clx_unit_loads *loads, const clx_chain *chain, int64_t nodes, double watt, clx_arena *arena);
// Nodes of the ranges draw `watt` each from now on.
void clx_unit_loads_set(clx_unit_loads *loads, const clx_node_range *range, int32_t ranges, double watt);
// Carries the changes up to the top. Equal to clx_chain_pass_each of all nodes.
void clx_unit_loads_carry(clx_unit_loads *loads);
