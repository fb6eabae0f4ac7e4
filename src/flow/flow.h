// flow: max-min fair rates of flows over links. Pure numbers: knows no switch, no rank, no collective.
#pragma once

#include "base/base.h"

// An instance: flows over directed links, in compressed rows. Folded instances hold classes instead: entry (flow, link) then
// says by `load` how many flows of the class cross one link of the class; rates are those of one flow of the class.
typedef struct clx_flows {
  int32_t link_count, flow_count;
  const double *capacity;  // [link_count] B/s, 0 to 1e150; flows over a link of capacity 0 get 0
  const int32_t
      *first;  // [flow_count + 1] first entry of each flow; flow i crosses link[first[i]] ... link[first[i + 1] - 1]
  const int32_t *link;  // [first[flow_count]]; a link stands at most once in a flow
  const double *load;   // [first[flow_count]] 1e-100 to 1e100, nullable = 1 everywhere
  const double *limit;  // [flow_count] B/s, nullable: no flow is faster than its limit. A flow without links needs one.
} clx_flows;

// How an instance was solved.
typedef struct clx_flow_effort {
  int32_t rounds;  // of simultaneous bottlenecks
  int32_t heaped;  // links frozen one by one when rounds froze too few
} clx_flow_effort;

// Working memory of solves; grows to the largest instance and is used again. Not shared between threads.
typedef struct clx_flow_solver clx_flow_solver;

clx_flow_solver *clx_flow_solver_new(void);          // NULL when out of memory
void clx_flow_solver_free(clx_flow_solver *solver);  // nullable

size_t clx_flow_solver_bytes(const clx_flow_solver *solver);  // that it holds

// The max-min fair rates in B/s, exact: rounds that freeze all local bottlenecks at once, and a heap of links once a round
// freezes few flows (long chains of bottlenecks). effort nullable. Same instance, same bits.
// Errors: CLX_MEMORY; CLX_INTERNAL for an instance that breaks the rules above (an index out of range, a flow with neither link
// nor limit, a capacity that is negative or not finite).
// Cost: O(entries) a round, O(entries log links) on the heap.
clx_status clx_flow_solve(clx_flow_solver *solver, const clx_flows *flows, double *rate, clx_flow_effort *effort,
                          clx_error *error);

// After a solve of the same instance in which only capacities of `changed` links differ (flows->capacity holds the new ones):
// the new rates, of flows that binding links connect to the change; of all flows when those are many or their chain is long.
// rate: as the last solve or change left it; receives the new rates. Equal to a solve from scratch within 1e-9 relative.
// Errors: CLX_MEMORY (solve from scratch before the next change); CLX_INTERNAL for a link out of range, a bad capacity, an
// instance that was not solved last.
// Cost: the first call after a solve O(links + entries); then the entries of links that the flows concerned cross.
clx_status clx_flow_change(clx_flow_solver *solver, const clx_flows *flows, const int32_t *changed,
                           int32_t changed_count, double *rate, clx_flow_effort *effort, clx_error *error);

// The coarsest equitable partition of flows and links (colour refinement, O(entries log entries)) and the instance of its
// classes. Max-min rates of the folded instance are those of the flat one. Capacities and limits of one class are equal bit for
// bit, sums of loads within 1e-12. Arrays come from `arena`; of flat, nothing is kept. Errors: those of clx_flow_solve.
typedef struct clx_flow_fold {
  clx_flows flows;               // classes
  const int32_t *flow_class;     // [flat flow_count]
  const int32_t *link_class;     // [flat link_count]
  const int32_t *flow_multiple;  // [classes of flows] flows in each
  const int32_t *link_multiple;  // [classes of links]
} clx_flow_fold;

clx_status clx_flow_fold_make(clx_arena *arena, const clx_flows *flat, clx_flow_fold *fold, clx_error *error);
