// Schedules, for the files of this folder: rounds compiled into flows, and flows that share links.
#pragma once

#include "network/network_schedule.h"

// One of the different rounds of a schedule, compiled. Flows are classes where ranks are folded.
typedef struct clx_plan {
  const clx_round *round;  // the first that is so
  int32_t flows;
  const double *bytes;       // [flows] of one
  const double *latency;     // [flows] s
  const int32_t *first;      // [flows + 1]
  const int32_t *link;       // [first[flows]] compact: index into the used links
  const double *load;        // [first[flows]], NULL = 1
  const int32_t *from, *to;  // [flows], NULL when folded
  double sent;               // B by all ranks
  double alone;              // s of its transfers when nothing else runs
} clx_plan;

typedef struct clx_plans {
  clx_plan *plan;
  int32_t count;
  int32_t *of_round;       // [round_count]
  int32_t link_count;      // used ones
  const double *capacity;  // [link_count] of the used ones
  const int32_t *link;     // [link_count] their numbers in the wires; NULL when folded
  bool folded;
} clx_plans;

// Ranks `ranks` of the schedule are within the wires; the schedule has been checked.
clx_status clx_plans_make(clx_arena *arena, const clx_schedule *schedule, int32_t ranks, const clx_wires *wires,
                          clx_plans *plans, clx_error *error);

// Members of a round's groups: rank of member `i` of group `group`.
int32_t clx_round_groups(const clx_round *round, int32_t ranks);
int32_t clx_round_members(const clx_round *round, int32_t ranks);
int32_t clx_round_rank(const clx_round *round, int32_t ranks, int32_t group, int32_t member);

// --- flows in motion (network_motion.c) -----------------------------------------------------------------------------------

// A round on its way.
typedef struct clx_motion {
  const clx_plan *plan;
  double begun;    // s
  double arrived;  // s when the slowest of the flows that have ended arrives
  int32_t moving;  // flows not ended
  double *left;    // [flows] B; 0 = ended
  double *rate;    // [flows] B/s
  bool solved;     // rates hold for the flows that move
} clx_motion;

// Engine and memory of solves.
typedef struct clx_mover {
  clx_arena *arena;
  const clx_plans *plans;
  struct clx_flow_solver *solver;
  double tolerance;  // ends of flows closer than this share of the round's time are one event
  int64_t solves;
  struct clx_rate_memo *memo;
  int32_t *first, *link;
  double *load, *rate;
  int64_t flow_capacity, entry_capacity;
} clx_mover;

clx_status clx_mover_make(clx_arena *arena, const clx_plans *plans, clx_mover *mover, clx_error *error);
void clx_mover_close(clx_mover *mover);

// All flows of a plan begin at `now`. Takes memory for left and rate when they are NULL.
clx_status clx_motion_begin(clx_mover *mover, clx_motion *motion, const clx_plan *plan, double now, clx_error *error);
// Rates of rounds that share links. Cost: one solve unless the same flows of the same rounds have met before.
clx_status clx_motion_solve(clx_mover *mover, clx_motion *const *motion, int32_t count, clx_error *error);
// The middle of the time in which the next flow and those close to it end; INFINITY when none moves. Rates must be solved.
double clx_motion_next(const clx_mover *mover, const clx_motion *motion, double now);
// Moves bytes from `now` to `then`; flows that end, or are close to it, arrive at their own times and clear motion->solved.
void clx_motion_advance(const clx_mover *mover, clx_motion *motion, double now, double then);
