// A genetic search on a lean model with two populations, of plans pushed to the left and to the right (Debels and Vanhoucke 2005, "A bi-population
// based genetic algorithm for the RCPSP"): the children of one are made by the serial scheme in the other direction, so that every child is
// also a step of forward-backward improvement.
#pragma once

#include "chance/chance.h"
#include "schedule/schedule_lean.h"

typedef struct clx_genetic clx_genetic;

// population: 0 = by the number of activities and schedules. `schedules`: what the caller means to spend, for that default.
clx_status clx_genetic_make(const clx_lean *forward, const clx_lean *backward, uint64_t seed, int32_t population,
                            int64_t schedules, clx_arena *arena, clx_genetic **out, clx_error *error);
// Offers a plan (starts by lean number), for instance the best of another search.
void clx_genetic_offer(clx_genetic *g, const int32_t *start);
// Goes on until `schedules` more were made, the makespan is `bound`, or `stop` (nullable, asked once a generation) says so.
void clx_genetic_run(clx_genetic *g, int64_t schedules, int32_t bound, bool (*stop)(void *context), void *context);
// The best plan so far: its makespan, and lateness summed over deadlines, which counts first.
int32_t clx_genetic_best(const clx_genetic *g, int32_t *start, int64_t *late);
int32_t clx_genetic_size(const clx_genetic *g);
// Plan k < size of the population that is pushed left, and its makespan; -1: it misses deadlines.
int32_t clx_genetic_plan(const clx_genetic *g, int32_t k, int32_t *start);
int64_t clx_genetic_schedules(const clx_genetic *g);
