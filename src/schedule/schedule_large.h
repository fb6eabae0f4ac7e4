// Large-neighbourhood search on a lean model: of a plan most activities keep their order on every resource (a partial order, Godard,
// Laborie and Nuijten 2005), some are free, and exact search looks for a shorter plan in what is left. Sizes follow success. Eight plans are kept:
// one kind of neighbourhood is all that keeps the order that two of them share.
#pragma once

#include "chance/chance.h"
#include "schedule/schedule_exact.h"

typedef struct clx_large clx_large;

// arc: [arc_count], nullable: lags that hold beside those of the model.
clx_status clx_large_make(const clx_lean *lean, const clx_exact_arc *arc, int32_t arc_count, uint64_t seed,
                          clx_arena *arena, clx_large **out, clx_error *error);
// A plan to improve; where all places are taken it replaces the longest.
void clx_large_start(clx_large *large, const int32_t *start);
int64_t clx_large_conflicts(const clx_large *large);  // of the last step
// One neighbourhood with at most `conflicts`. True: the shortest plan is shorter now. Plans of equal length replace one at times.
clx_status clx_large_step(clx_large *large, int64_t conflicts, bool (*stop)(void *context), void *context,
                          bool *shorter, clx_error *error);
int32_t clx_large_best(const clx_large *large, int32_t *start);  // makespan
