// The plain part of a project, laid out for speed: one mode each, no calendars, no consumables, no maximum lags. Activities are renumbered in
// topological order; links are start to start; capacities of up to four resources stand in one word, so that one subtraction compares all.
#pragma once

#include "schedule/schedule.h"

// A graph of start-to-start lags by the activity they end at (or begin at): edges first[i] .. first[i + 1] - 1.
typedef struct clx_lean_edges {
  int32_t *first;  // [n + 1]
  int32_t *other;  // [m]
  int32_t *lag;    // [m] start(to) >= start(from) + lag
} clx_lean_edges;

typedef struct clx_lean {
  int32_t n, words, horizon;
  int32_t lanes, lane_bits;  // resources in a word, bits of one with its guard
  int32_t resources;         // lanes in use
  bool level;                // capacities do not change
  bool leads;                // some lag is negative: starts are no topological order
  int32_t *activity;         // [n] number in the project
  int32_t *duration;         // [n]
  int32_t *release;          // [n]
  int32_t *deadline;         // [n], INT32_MAX = none
  bool deadlines;            // any
  clx_lean_edges pred, succ;
  uint64_t *demand;    // [n][words]
  bool *demands;       // [n] any
  uint64_t *capacity;  // [horizon][words], guard bits set
  uint64_t guard;      // of every word
  double *weight;      // [n] sum over resources of demand / largest capacity
  int32_t *head;       // [n] earliest start by links and releases
  int32_t *tail;       // [n] from its start to the end of the project, by links
  int32_t path;        // critical path
  int32_t changed;     // capacities are level from here on
  int32_t *resource;   // [resources] number in the project
} clx_lean;

// Whether a project with these modes (NULL: the first) has nothing that a lean model leaves out.
bool clx_lean_fits(const clx_project *project);
// The activities in topological order, as lean models number them.
clx_status clx_lean_order(const clx_project *project, clx_arena *arena, int32_t **activity, clx_error *error);
// `mode` as above. The project must have passed its check. O(horizon resources + links)
clx_status clx_lean_make(const clx_project *project, const int32_t *mode, clx_arena *arena, clx_lean *lean,
                         clx_error *error);
// The same project backwards: activity i is n - 1 - i, time t is horizon - t.
clx_status clx_lean_mirror(const clx_lean *lean, clx_arena *arena, clx_lean *mirror, clx_error *error);

// Serial generation scheme: each activity of `order` (topological) as early as what stands before it lets it. room: horizon x words, equal
// to capacity before and after. Starts are >= base. Returns the makespan (largest finish), or -1 when the horizon does not suffice. O(n (links + waiting))
int32_t clx_lean_serial(const clx_lean *lean, const int32_t *order, int32_t base, uint64_t *room, int32_t *start);

static inline int64_t clx_lean_amount(const clx_lean *lean, int32_t i, int32_t r) {
  const uint64_t word = lean->demand[(size_t)i * (size_t)lean->words + (size_t)(r / lean->lanes)];
  return (int64_t)(word >> (r % lean->lanes * lean->lane_bits) & (((uint64_t)1 << (lean->lane_bits - 1)) - 1));
}

static inline int64_t clx_lean_room(const clx_lean *lean, int32_t t, int32_t r) {
  const uint64_t word = lean->capacity[(size_t)t * (size_t)lean->words + (size_t)(r / lean->lanes)];
  return (int64_t)(word >> (r % lean->lanes * lean->lane_bits) & (((uint64_t)1 << (lean->lane_bits - 1)) - 1));
}
