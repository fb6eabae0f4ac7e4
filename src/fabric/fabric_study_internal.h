// Studies of patterns, for the files of this folder.
#pragma once

#include "fabric/fabric_route_internal.h"
#include "fabric/fabric_study.h"

// Who sends to whom: endpoints. Pairs first[j] ... first[j + 1] - 1 are those of job j.
typedef struct clx_study_pairs {
  int32_t *from, *to;
  int32_t *first;
  int32_t count;
} clx_study_pairs;

clx_status clx_study_pairs_make(clx_arena *arena, const clx_fabric *fabric, const clx_fabric_traffic *traffic,
                                int32_t count, uint64_t seed, clx_study_pairs *pairs, clx_error *error);

// All servers of a fabric as one job, placed so (NULL: in order).
clx_status clx_study_whole(clx_arena *arena, const clx_fabric *fabric, int32_t pattern, const clx_placement *placement,
                           uint64_t seed, clx_fabric_traffic *traffic, clx_error *error);

// Sub-flows of a NIC: QPs under ECMP; one where they would all do the same.
int32_t clx_study_subflows(const clx_fabric *fabric);

// Line rate of the NIC at an endpoint, all planes.
double clx_study_line(const clx_fabric *fabric, int32_t endpoint);

// NICs of a server that serve GPUs: with servers wired to each other one endpoint stands for all.
int32_t clx_study_senders(const clx_fabric *fabric, int64_t server);

// Planes one after the other: each with failures for itself, then one that stands for all without. Starts from zeros.
typedef struct clx_study_plane {
  clx_fabric fabric;  // shows the plane
  int32_t planes;     // like it
  bool shown;         // the one whose loads are reported
  int32_t next_fault, seen;
} clx_study_plane;

bool clx_study_next_plane(const clx_fabric *fabric, clx_study_plane *at);

// Ordered pairs of senders that cross each link when everyone talks to everyone.
typedef struct clx_study_load {
  double senders;
  double *leaf;   // [leaves] senders below
  bool *sends;    // [endpoints]
  double *pairs;  // [links], or [bundles]
  int32_t leaves;
  bool bundles;  // pairs are of bundles
} clx_study_load;

// cut: nullable, [endpoints]: those set neither send nor receive; with servers and switches of a dragonfly those that dead links
// cut off are added to them, instead of an error.
clx_status clx_study_uniform(clx_arena *arena, const clx_fabric *fabric, bool *cut, clx_study_load *load,
                             clx_error *error);

// What the planes carry of an all-to-all when some NICs are cut off in some of them (fabric_study_planes.c).
typedef struct clx_study_exchange {
  uint32_t *out;                // [endpoints] bit i: cut off in step i
  double rate[CLX_PLANES_MAX];  // B/s of a pair in all planes of step i
  int32_t steps;                // planes with failures one by one, then those without
  bool partial;                 // some NIC is cut off somewhere
} clx_study_exchange;

// Endpoints of a Clos that dead links cut off from others: cut[i] of each.
clx_status clx_study_find_cut(clx_arena *arena, const clx_fabric *fabric, bool *cut, clx_error *error);
// Rates of NICs from those of their pairs. CLX_INFEASIBLE when no plane joins two NICs, named.
clx_status clx_study_join_planes(clx_arena *arena, const clx_fabric *fabric, const clx_study_exchange *exchange,
                                 clx_fabric_pattern_result *result, clx_error *error);

// Rates of pairs, gathered over planes. A pair that is cut off in some planes lives on in the others; ways = 0: in none.
typedef struct clx_study_totals {
  double *rate;     // [pairs] B/s of all sub-flows
  double *slowest;  // [pairs] B/s of the slowest sub-flow that has a path
  int32_t *ways;    // [pairs] sub-flows that have a path
  double *load;     // nullable: of the plane shown
  clx_flow_effort effort;
} clx_study_totals;

clx_status clx_study_rates(clx_arena *arena, const clx_fabric *fabric, const clx_fabric_traffic *traffic, int32_t jobs,
                           const clx_study_pairs *pairs, uint64_t seed, double *load, clx_study_totals *totals,
                           clx_error *error);

// Rates of one plane under several failures, one at a time: flows of the healthy plane, and for every failure those that it
// reroutes once more, on their new paths through a gate that is shut but for that failure.
typedef struct clx_study_change {
  int32_t *link;     // [count] whose capacity changes
  double *capacity;  // [count] B/s then
  int32_t count;
  int32_t first, end;  // rerouted flows
  bool *cut;           // [pairs], nullable: cut off
} clx_study_change;

typedef struct clx_study_changes {
  const clx_fabric *fabric;
  const clx_study_pairs *pairs;
  clx_flow_solver *solver;
  clx_flows flows;
  double *capacity, *rate, *healthy;  // [links + gates]; [flows]; [links + gates] as built
  int32_t *origin;                    // [rerouted flows] the flow each stands for
  int32_t subflows, links, base;      // sub-flows of a pair; links before the gates; flows before the rerouted ones
  int32_t count, last;                // failures; the one that is in force, -1 = none
  clx_study_change change[CLX_FABRIC_FAILURES_MAX];
  clx_study_totals before, after;
} clx_study_changes;

// broken[i]: the fabric with failure i. Solves the healthy plane into `before`.
clx_status clx_study_changes_make(clx_arena *arena, clx_flow_solver *solver, const clx_fabric *fabric,
                                  const clx_fabric *broken, int32_t count, const clx_study_pairs *pairs, uint64_t seed,
                                  clx_study_changes *changes, clx_error *error);
// Puts failure i in force instead of the one before. *done = false: it needs a solve of its own (a flow that is rerouted
// or cut off although its old bundles have room left).
clx_status clx_study_changes_apply(clx_study_changes *changes, int32_t i, bool all_planes, clx_study_totals *after,
                                   bool *done, clx_error *error);
