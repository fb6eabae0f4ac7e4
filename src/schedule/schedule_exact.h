// Exact search on a lean model by lazy clause generation (Ohrimenko, Stuckey and Codish 2009; Schutt, Feydy, Stuckey and Wallace 2011,
// "Explaining the cumulative propagator"): bounds on starts are propagated through links and capacities, every conflict is explained in terms
// of bounds and learned as a clause, and search goes where conflicts were (VSIDS), near to the best plan known.
#pragma once

#include "schedule/schedule_lean.h"

typedef struct clx_exact clx_exact;

typedef enum clx_exact_answer {
  CLX_EXACT_FOUND,   // a plan with a makespan of at most the target: it is the best one now
  CLX_EXACT_NONE,    // there is none
  CLX_EXACT_LIMIT,   // not known
  CLX_EXACT_MEMORY,  // out of memory
} clx_exact_answer;

// A further start-to-start lag, for search in a part of the plans only.
typedef struct clx_exact_arc {
  int32_t from, to, lag;
} clx_exact_arc;

typedef struct clx_exact_effort {
  int64_t conflicts, decisions, propagations, restarts;
} clx_exact_effort;

// Plans of makespan <= target. arc: [arc_count], nullable. O(n target) memory. The model must outlive it.
clx_status clx_exact_make(const clx_lean *lean, int32_t target, const clx_exact_arc *arc, int32_t arc_count,
                          clx_arena *arena, clx_exact **out, clx_error *error);
void clx_exact_free(clx_exact *exact);  // its clauses; nullable
// A plan to stay near to (starts by lean number), feasible or not.
void clx_exact_guide(clx_exact *exact, const int32_t *start);
// Asks for a smaller makespan from now on.
void clx_exact_tighten(clx_exact *exact, int32_t target);
// Goes on for `conflicts` more, or until `stop` (nullable, asked every 64 conflicts or 1024 decisions) says so. start: [n], filled when found.
clx_exact_answer clx_exact_run(clx_exact *exact, int64_t conflicts, bool (*stop)(void *context), void *context,
                               int32_t *start);
clx_exact_effort clx_exact_spent(const clx_exact *exact);
