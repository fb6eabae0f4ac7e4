// What the files of search share.
#pragma once

#include "search/search.h"

// The results so far. Top: one for each way to cut and deal out the job; front: memory against time.
typedef struct clx_search_keep {
  const clx_search_spec *spec;
  clx_arena *arena;
  clx_search_found *top;  // by value
  int32_t top_count, top_room;
  clx_search_found *front;  // by memory
  int32_t front_count, front_room;
} clx_search_keep;

clx_status clx_search_keep_make(const clx_search_spec *spec, int32_t room, clx_arena *arena, clx_search_keep *keep,
                                clx_error *error);
// Takes a member in where it belongs; the order in which members come does not matter.
clx_status clx_search_keep_add(clx_search_keep *keep, const clx_search_found *found, clx_error *error);
// False when a member of this memory whose time and value are at least these cannot be among the results. O(log front).
bool clx_search_keep_wants(const clx_search_keep *keep, double memory, double time, double value);
// Negative when a comes before b in the order of keys.
int32_t clx_search_compare(const clx_layout *a, const clx_layout *b);
// step_time with its factor; share of clx_search_worth.
double clx_search_value(const clx_search_worth *worth, const clx_layout *layout, double time, double share);

// Visits every member once: counts it in `outcome`, and adds to `keep` those that it wants. `look` visits a few usual ones only
// and counts nothing but `looked`, so that the full visit starts with good bounds.
clx_status clx_search_walk(const clx_search_spec *spec, const clx_search_space *space, bool look, clx_arena *arena,
                           clx_search_keep *keep, clx_search_outcome *outcome, clx_error *error);
