// network_schedule: a list of rounds of flows, each ending with its slowest flow, played on a network with contention: user
// defined collectives, and the workloads of other simulators.
#pragma once

#include "base/base.h"
#include "document/document.h"
#include "network/network_wires.h"

typedef enum clx_round_kind {
  CLX_ROUND_WAIT,        // no flows
  CLX_ROUND_FLOWS,       // listed
  CLX_ROUND_SHIFT,       // member i of a group sends to member i + operand, modulo its size
  CLX_ROUND_XOR,         // member i exchanges with member i XOR operand
  CLX_ROUND_ALL_TO_ALL,  // every member sends to every other one
  CLX_ROUND_KINDS
} clx_round_kind;

typedef struct clx_round_flow {
  int32_t from, to;  // ranks
  double bytes;
} clx_round_flow;

typedef struct clx_round {
  const char *name;            // nullable
  int32_t kind;                // clx_round_kind
  const clx_round_flow *flow;  // [flow_count] of CLX_ROUND_FLOWS
  int32_t flow_count;
  const clx_place *flow_place;  // [flow_count], nullable
  double bytes;                 // of one message of the others
  int32_t operand;              // shift, xor
  int32_t size, stride;         // groups of `size` ranks `stride` apart, every rank in one; size 0 = one group of all
  const int32_t *rank;          // or one group of these, in this order; nullable
  int32_t rank_count;
  int64_t repeat;        // >= 1: as many rounds, one after the other
  double wait;           // s after the transfers of each, before the next may begin: computing, reducing
  const int32_t *after;  // [after_count] earlier rounds that must be over
  int32_t after_count;
  clx_place place;
} clx_round;

typedef struct clx_schedule {
  const char *name;  // nullable
  int32_t ranks;     // 0 = all that the network has
  const clx_round *round;
  int32_t round_count;
  clx_place place, ranks_place;
} clx_schedule;

// --- documents (network_schedule_read.c) --------------------------------------------------------------------------------------

enum { CLX_SCHEDULE_ROUNDS_MAX = 20000 };  // of a document

extern const clx_schema clx_schedule_schema;

// Reads a schedule; see docs/model/network/schedules.md for its keys. All mistakes are reported, with file, line and column.
clx_status clx_schedule_read(clx_arena *arena, const clx_node *root, clx_schedule *schedule, clx_error *error);
clx_status clx_schedule_load(clx_arena *arena, const char *path, clx_schedule *schedule, clx_error *error);

// --- playing (network_schedule.c) ---------------------------------------------------------------------------------------------

typedef struct clx_schedule_outcome {
  double time;          // s, from the start to the end of the last round
  const double *start;  // [round_count] s
  const double *end;    // [round_count] s, of all repetitions
  int64_t rounds;       // repetitions of all
  double bytes;         // sent by all ranks
  int32_t worst_link;   // the one with most bytes per capacity, -1 = folded or none
  double worst_busy;    // s that its bytes take at its full rate
  int64_t solves;       // of the flow engine
  bool folded;          // ranks that do the same were played as one
} clx_schedule_outcome;

#define CLX_SCHEDULE_BYTES_MAX 1e18  // B of one flow
#define CLX_SCHEDULE_TIME_MAX 1e12   // s of a whole schedule

enum { CLX_SCHEDULE_FLOWS_MAX = 1 << 24 };  // of all different rounds of a schedule that does not fold

// Plays a schedule. A round begins when all rounds of its `after` are over; its flows all begin then. A flow lasts as long as
// its bytes take at the max-min fair rates that it gets (rates change whenever flows begin or end) plus its latency; a round ends
// `wait` after its slowest flow. Rounds that run at the same time share links.
// Equal rounds that nothing disturbs are solved once. Where all rounds are uniform on these wires (clx_wires.uniform), ranks are
// folded into one. Flows that end within 1e-11 of a round's time are one event; with more than CLX_SCHEDULE_EXACT_MAX flows in a
// round within 1 % of it: each arrives at its own time, the others get its bandwidth in the middle of the window.
// Errors, with the place of the round or flow: CLX_INPUT for a rank out of range, a rank twice in a group, a flow to its own
// rank, no bytes or too many, groups that do not divide the ranks, an operand out of range, a round that ends too late; CLX_INFEASIBLE for more ranks than the network
// has and for flows whose way is cut; CLX_MEMORY.
// Cost: paths and flows of the different rounds, and one solve for each event in them.
enum { CLX_SCHEDULE_EXACT_MAX = 4096 };
clx_status clx_schedule_play(clx_arena *arena, const clx_schedule *schedule, const clx_wires *wires,
                             clx_schedule_outcome *outcome, clx_error *error);

// The checks of clx_schedule_play alone, for a network of `ranks`.
clx_status clx_schedule_check(const clx_schedule *schedule, int32_t ranks, clx_error *error);
