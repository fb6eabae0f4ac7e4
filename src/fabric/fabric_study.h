// fabric_study: what a fabric does with patterns of traffic: max-min fair rates of its flows (flow), closed forms where every
// pair is equal. Rates are B/s of one NIC, one direction, all planes together.
#pragma once

#include "fabric/fabric.h"

typedef enum clx_pattern {
  CLX_PATTERN_IDLE,         // holds its servers, sends nothing
  CLX_PATTERN_PERMUTATION,  // every NIC sends to one other NIC of the job and receives from one, drawn at random
  CLX_PATTERN_RING,         // one ring per rail: NIC i of a node sends to NIC i of the next node of the job
  CLX_PATTERNS
} clx_pattern;

extern const char *const clx_pattern_name[CLX_PATTERNS + 1];

// What one job sends. NICs that serve no GPU (storage) are silent.
typedef struct clx_fabric_traffic {
  const int32_t *server;  // [nodes], as clx_fabric_place gives them; NULL = servers 0 ... nodes - 1
  int32_t nodes;
  int32_t pattern;  // clx_pattern
  double load;      // B/s that a NIC offers at most; 0 = all it can
} clx_fabric_traffic;

// What the NICs of one job get. Two readings of sub-flows (QPs), which bracket what hardware does: `mean` and `worst` when a
// NIC's sub-flows share its data as they go (sum of their max-min rates), `split_*` when each carries an equal part and the
// slowest decides (sub-flows x the slowest). Equal with one sub-flow and under spraying.
typedef struct clx_fabric_pattern_result {
  double mean, worst;              // B/s of one NIC
  double split_mean, split_worst;  // B/s of one NIC
  double share, split_share;       // mean, split_mean over the NIC's line rate
  int64_t nics;                    // that send
  clx_flow_effort effort;
} clx_fabric_pattern_result;

// Jobs that send at the same time: result[i] of traffic[i]. load: nullable; B/s on every link of a plane (bundle under
// spraying: clx_fabric_link_total of them), with faults: of the plane that has them. `seed` draws permutations and hashes.
// Errors: CLX_INFEASIBLE when failures cut a pair off (named), CLX_MEMORY.
// Cost: paths and max-min of all flows; about 1 us a flow, 60 B of memory a flow and tier.
clx_status clx_fabric_study_traffic(const clx_fabric *fabric, const clx_fabric_traffic *traffic, int32_t count,
                                    uint64_t seed, clx_fabric_pattern_result *result, double *load, clx_error *error);

// All servers as one job: a random permutation of the NICs; rings over servers placed so.
clx_status clx_fabric_study_permutation(const clx_fabric *fabric, uint64_t seed, clx_fabric_pattern_result *result,
                                        double *load, clx_error *error);
clx_status clx_fabric_study_ring(const clx_fabric *fabric, const clx_placement *placement, uint64_t seed,
                                 clx_fabric_pattern_result *result, double *load, clx_error *error);

// Links that routes of this fabric use: bundles when it sprays, else links.
int32_t clx_fabric_link_total(const clx_fabric *fabric);
// Name of one of them: a link (clx_fabric_link_name) or a bundle, "leaf 17 all ports up".
void clx_fabric_study_link_name(const clx_fabric *fabric, int32_t link, char *text, size_t size);

// Every NIC sends the same to every other one: rates from loads of links. Exact when routes balance (spraying, static,
// torus), else what hashing gives on average: worst = mean. Failures count by the capacity that is left; NICs
// that they cut off in some planes live on in the others, with the worst rate. CLX_INFEASIBLE: no plane joins two NICs (named).
// result->effort is 0; no flow is made. Cost: O(links); dragonfly and torus with dead links: every path, up to 2048 senders.
clx_status clx_fabric_study_all_to_all(const clx_fabric *fabric, clx_fabric_pattern_result *result, double *load,
                                       clx_error *error);

// B/s, one direction, between the halves of the servers that are worst connected (all planes, without failures); *share: of
// what half of the NICs can send. Closed forms: docs/model/network/routing.md.
void clx_fabric_study_bisection(const clx_fabric *fabric, double *bandwidth, double *share);

// What the failure of one part does to a pattern over all servers.
typedef struct clx_fabric_failure {
  clx_fault_spec part;                                        // what failed
  char name[64];                                              // "leaf 17 port 3", "spine 4", "nic 1 of server 204"
  double mean_before, mean_after, worst_before, worst_after;  // B/s of one NIC, sub-flows rebalanced
  int64_t slowed;                                             // NICs that lose more than 1 %
  double slowed_share;                                        // what these keep, mean; 1 when there are none
  int64_t cut;                                                // NICs that reach their peer no more: their job stops
} clx_fabric_failure;

enum { CLX_FABRIC_FAILURES_MAX = 2 * CLX_TIERS_MAX + 1 };

// One link and one switch of every tier, and one NIC, one after the other: failure[0 ... *count - 1]. Parts in use, in the
// middle of their tier. Means and worst are over NICs that are not cut. Routing has converged.
// Cost: one solve each, incremental where routes stay (spraying).
clx_status clx_fabric_study_failures(const clx_fabric *fabric, int32_t pattern, const clx_placement *placement,
                                     uint64_t seed, clx_fabric_failure failure[CLX_FABRIC_FAILURES_MAX], int32_t *count,
                                     clx_error *error);

// Utilisation of the links of one class (of one plane).
typedef struct clx_fabric_heat {
  char name[32];
  int32_t links;
  double rate;               // B/s of all of them as built
  double least, mean, most;  // load over what is left of the link; dead links do not count
  int32_t fullest;           // id of the link with the most
} clx_fabric_heat;

// Of loads that a study gave: one row per class, and the *hot_count fullest links in order (in: room in `hot`). Names:
// clx_fabric_study_link_name. Cost: O(links log hot).
clx_status clx_fabric_study_heat(const clx_fabric *fabric, const double *load,
                                 clx_fabric_heat heat[CLX_LINK_CLASSES_MAX], int32_t *heat_count, int32_t *hot,
                                 double *hot_share, int32_t *hot_count, clx_error *error);

// Fills level[i].loss of every block that something leaves: what rings over servers in random order of the next larger block
// (eight blocks at most) lose to hashes against spraying, sub-flows split evenly, when every link out of a block has one flow
// to carry. Nothing to do where packets are sprayed. Cost: two clx_fabric_study_traffic a level.
clx_status clx_fabric_collisions(clx_arena *arena, const clx_fabric *fabric, uint64_t seed, clx_fabric_level *level,
                                 int32_t level_count, clx_error *error);
