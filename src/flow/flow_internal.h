// What the files of flow share.
#pragma once

#include "flow/flow.h"

// One block of memory that grows to what the largest instance needs. Its content does not survive a reservation.
typedef struct clx_flow_slab {
  clx_arena *arena;
  char *data;
  size_t size, used;
} clx_flow_slab;

bool clx_flow_slab_reserve(clx_flow_slab *slab, size_t size);  // false when out of memory
// The next `count` items, on a cache line of their own; the sum of clx_flow_bytes of all must have been reserved. Not zeroed.
void *clx_flow_slab_take(clx_flow_slab *slab, int64_t count, size_t size);
size_t clx_flow_bytes(int64_t count, size_t size);
void clx_flow_slab_free(clx_flow_slab *slab);

#define CLX_FLOW_TAKE(slab, type, count) ((type *)clx_flow_slab_take((slab), (count), sizeof(type)))

// A link that may bind, while flows over it are not frozen. Half a cache line: rounds touch links at random.
typedef struct clx_flow_link {
  double left;    // B/s that frozen flows leave
  double weight;  // sum of loads of its flows
  double share;   // left / weight; on the heap: weight when last added up
  double low;     // least share on the paths of its flows; at first: what they ask for; on the heap: their number
} clx_flow_link;

// The flows that are not frozen yet and the links that may bind them. Flows move up as others freeze.
typedef struct clx_flow_rest {
  int32_t link_count, flow_count;
  clx_flow_link *link;
  int32_t *origin;  // [link_count] link of the instance
  int32_t *id;      // [flow_count] flow of the instance, ascending
  int32_t *first;   // [flow_count + 1]
  int32_t *entry;   // [first[flow_count]] links
  double *load;     // nullable = 1
  // Of flows of the instance.
  const double *limit;  // own limit and capacity of each link alone
  double *rate;
  int32_t *cause;  // the link that holds the flow back, -1 = its own limit
} clx_flow_rest;

struct clx_flow_solver {
  clx_arena *home;  // holds this struct
  clx_flow_slab bounds, rest, alike, order, state, incidence, part;
  bool solved;  // state belongs to an instance of these counts
  int32_t link_count, flow_count;
  double *rate;    // state
  int32_t *cause;  // state
  bool has_incidence;
  int32_t *flow_first, *flow_of;   // incidence: flows of link l stand at flow_first[l] ... flow_first[l + 1] - 1
  int32_t *flow_slot, *link_slot;  // incidence: place in the part that is solved again, from 1; 0 = not in it
  int32_t *chosen;                 // incidence: flows that are solved again
  int32_t chosen_count;
};

// The rules of flow.h; the first that is broken is named.
clx_status clx_flow_check(const clx_flows *flows, clx_error *error);
clx_status clx_flow_check_capacity(const clx_flows *flows, int32_t l, clx_error *error);

// Rates and causes of an instance that was checked. Uses slabs bounds, rest, alike and order.
clx_status clx_flow_run(clx_flow_solver *solver, const clx_flows *flows, double *rate, int32_t *cause,
                        clx_flow_effort *effort, clx_error *error);

// Flow i got its rate: leaves its links.
static inline void clx_flow_leave(clx_flow_rest *rest, int32_t i, double rate) {
  for (int32_t e = rest->first[i]; e < rest->first[i + 1]; e++) {
    rest->link[rest->entry[e]].left -= rest->load != NULL ? rest->load[e] * rate : rate;
  }
}

// Joins flows over the same links with the same limit into one of greater load. merged: [flows of the instance], receives
// the flow that stands for each flow of the rest. table: table_size, a power of two above the number of flows. load: [entries],
// becomes that of the rest. Returns false, and leaves the rest as it is, when few are alike.
bool clx_flow_merge(clx_flow_rest *rest, int32_t *merged, int32_t *table, int32_t table_size, double *load);

// One round: freezes the flows of all local bottlenecks. Returns how many.
int32_t clx_flow_round(clx_flow_rest *rest);

// The rest of the flows, link by link in the order of their levels. Returns the number of links frozen, -1 when out of memory.
int32_t clx_flow_heap(clx_flow_slab *order, clx_flow_rest *rest);

// Flows of every link in ascending order: first[link_count + 1], flow[entries].
void clx_flow_transpose(int32_t link_count, int32_t flow_count, const int32_t *flow_first, const int32_t *link,
                        int32_t *first, int32_t *flow);
