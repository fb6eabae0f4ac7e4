// Max-min fair rates: check, bounds that drop links which cannot bind, flows that are alike joined, then rounds or the heap.
#include <math.h>
#include <string.h>

#include "flow/flow_internal.h"

// Share of the flows below which a round does not pay: on a fat tree of a million endpoints the heap settles all that is left
// for the price of some ten rounds. So the worst chain costs about twice the better way.
static const double LEAST_FROZEN = 0.1;

// No quotient or sum of these leaves the range of doubles.
static const double CAPACITY_MAX = 1e150, LOAD_MIN = 1e-100, LOAD_MAX = 1e100;

// What is known of flows and links before the first round.
typedef struct bounds {
  double *limit;       // [flows] no flow is faster than its own limit and each of its links alone
  int32_t *place;      // [links] NONE, ONE or SEVERAL flows; then PLACED + its place in the rest
  int32_t link_count;  // with several flows
} bounds;

enum { NONE, ONE, SEVERAL, PLACED };

clx_status clx_flow_check_capacity(const clx_flows *flows, int32_t l, clx_error *error) {
  if (flows->capacity[l] >= 0 && flows->capacity[l] <= CAPACITY_MAX) return CLX_OK;
  return clx_fail_plain(error, CLX_INTERNAL, "link %d has a capacity of %g B/s", l, flows->capacity[l]);
}

static clx_status check_links(const clx_flows *flows, clx_error *error) {
  for (int32_t l = 0; l < flows->link_count; l++) CLX_TRY(clx_flow_check_capacity(flows, l, error));
  return CLX_OK;
}

static clx_status check_loads(const clx_flows *flows, clx_error *error) {
  if (flows->load == NULL) return CLX_OK;
  for (int32_t i = 0; i < flows->flow_count; i++) {
    for (int32_t e = flows->first[i]; e < flows->first[i + 1]; e++) {
      if (flows->load[e] >= LOAD_MIN && flows->load[e] <= LOAD_MAX) continue;
      return clx_fail_plain(error, CLX_INTERNAL, "flow %d loads link %d with %g", i, flows->link[e], flows->load[e]);
    }
  }
  return CLX_OK;
}

static clx_status check_rows(const clx_flows *flows, clx_error *error) {
  if (flows->link_count < 0 || flows->flow_count < 0 || flows->first[0] != 0) {
    return clx_fail_plain(error, CLX_INTERNAL, "%d flows over %d links: counts or the first row are wrong",
                          flows->flow_count, flows->link_count);
  }
  for (int32_t i = 0; i < flows->flow_count; i++) {
    if (flows->first[i + 1] < flows->first[i]) {
      return clx_fail_plain(error, CLX_INTERNAL, "the links of flow %d end before they begin", i);
    }
  }
  return CLX_OK;
}

static clx_status check_flows(const clx_flows *flows, clx_error *error) {
  for (int32_t i = 0; i < flows->flow_count; i++) {
    const double limit = flows->limit != NULL ? flows->limit[i] : INFINITY;
    if (!(limit >= 0)) return clx_fail_plain(error, CLX_INTERNAL, "flow %d has a limit of %g B/s", i, limit);
    for (int32_t e = flows->first[i]; e < flows->first[i + 1]; e++) {
      if ((uint32_t)flows->link[e] < (uint32_t)flows->link_count) continue;
      return clx_fail_plain(error, CLX_INTERNAL, "flow %d crosses link %d of %d", i, flows->link[e], flows->link_count);
    }
    if (flows->first[i] < flows->first[i + 1] || isfinite(limit)) continue;
    return clx_fail_plain(error, CLX_INTERNAL, "flow %d has neither a link nor a limit", i);
  }
  return CLX_OK;
}

clx_status clx_flow_check(const clx_flows *flows, clx_error *error) {
  CLX_TRY(check_rows(flows, error));
  CLX_TRY(check_links(flows, error));
  CLX_TRY(check_flows(flows, error));
  return check_loads(flows, error);
}

// The least of a flow's own limit and of its links, each as if it were alone there; and which link that is.
static void bound_flows(const clx_flows *flows, bounds *b, int32_t *cause) {
  const double *capacity = flows->capacity, *load = flows->load;
  const int32_t *link = flows->link;
  for (int32_t i = 0; i < flows->flow_count; i++) {
    double least = flows->limit != NULL ? flows->limit[i] : INFINITY;
    int32_t least_link = -1;
    const int32_t end = flows->first[i + 1];
    for (int32_t e = flows->first[i]; e < end; e++) {
      const double alone = load != NULL ? capacity[link[e]] / load[e] : capacity[link[e]];
      if (alone < least) {
        least = alone;
        least_link = link[e];
      }
    }
    b->limit[i] = least;
    cause[i] = least_link;
  }
}

static void count_users(const clx_flows *flows, bounds *b) {
  int32_t *place = b->place;
  const int32_t *link = flows->link, entries = flows->first[flows->flow_count];
  for (int32_t l = 0; l < flows->link_count; l++) place[l] = NONE;
  for (int32_t e = 0; e < entries; e++) place[link[e]] = place[link[e]] == NONE ? ONE : SEVERAL;
  b->link_count = 0;
  for (int32_t l = 0; l < flows->link_count; l++) b->link_count += place[l] == SEVERAL;
}

static bool take_rest(clx_flow_slab *slab, const clx_flows *flows, const bounds *b, clx_flow_rest *rest) {
  const int64_t links = b->link_count, count = flows->flow_count, entries = flows->first[count];
  const size_t need = clx_flow_bytes(links, sizeof *rest->link) + clx_flow_bytes(links, sizeof *rest->origin) +
                      clx_flow_bytes(count, sizeof *rest->id) + clx_flow_bytes(count + 1, sizeof *rest->first) +
                      clx_flow_bytes(entries, sizeof *rest->entry) +
                      clx_flow_bytes(flows->load != NULL ? entries : 0, sizeof *rest->load);
  if (!clx_flow_slab_reserve(slab, need)) return false;
  rest->link = CLX_FLOW_TAKE(slab, clx_flow_link, links);
  rest->origin = CLX_FLOW_TAKE(slab, int32_t, links);
  rest->id = CLX_FLOW_TAKE(slab, int32_t, count);
  rest->first = CLX_FLOW_TAKE(slab, int32_t, count + 1);
  rest->entry = CLX_FLOW_TAKE(slab, int32_t, entries);
  rest->load = flows->load != NULL ? CLX_FLOW_TAKE(slab, double, entries) : NULL;
  return true;
}

// Links with several flows, in the order in which flows meet them, so that neighbours in memory are met together. What all
// flows at their bounds ask of a link stands in `low`.
static void place_links(const clx_flows *flows, const bounds *b, clx_flow_rest *rest) {
  int32_t end = 0;
  for (int32_t i = 0; i < flows->flow_count; i++) {
    rest->id[i] = i;
    rest->first[i] = end;
    for (int32_t e = flows->first[i]; e < flows->first[i + 1]; e++) {
      const int32_t l = flows->link[e];
      if (b->place[l] == ONE) continue;
      if (b->place[l] == SEVERAL) {
        b->place[l] = PLACED + rest->link_count;
        rest->origin[rest->link_count] = l;
        rest->link[rest->link_count++] = (clx_flow_link){.left = flows->capacity[l]};
      }
      const double load = flows->load != NULL ? flows->load[e] : 1;
      const int32_t place = b->place[l] - PLACED;
      clx_flow_link *link = &rest->link[place];
      link->weight += load;
      link->low += load * b->limit[i];
      if (flows->load != NULL) rest->load[end] = load;
      rest->entry[end++] = place;
    }
  }
  rest->first[flows->flow_count] = end;
  rest->flow_count = flows->flow_count;
}

// A link that carries all its flows at their bounds never binds: the set of feasible rates is the same without it. Of a random
// permutation over a fat tree under ECMP five links in six go, most of them with a single flow or none. Flows without a link
// that may bind have their rate.
static void drop_links(clx_flow_rest *rest) {
  int32_t end = 0, kept = 0;
  for (int32_t i = 0; i < rest->flow_count; i++) {
    const int32_t from = rest->first[i], to = rest->first[i + 1], before = end;
    for (int32_t e = from; e < to; e++) {
      const clx_flow_link *link = &rest->link[rest->entry[e]];
      if (link->low <= link->left) continue;
      if (rest->load != NULL) rest->load[end] = rest->load[e];
      rest->entry[end++] = rest->entry[e];
    }
    if (end == before) {
      rest->rate[rest->id[i]] = rest->limit[rest->id[i]];
      continue;
    }
    rest->id[kept] = rest->id[i];
    rest->first[kept++] = before;
  }
  rest->first[kept] = end;
  rest->flow_count = kept;
}

static bool solve_rest(clx_flow_solver *solver, clx_flow_rest *rest, clx_flow_effort *effort) {
  while (rest->flow_count > 0) {
    const int32_t before = rest->flow_count, frozen = clx_flow_round(rest);
    effort->rounds++;
    if (rest->flow_count == 0 || frozen >= LEAST_FROZEN * before) continue;
    const int32_t heaped = clx_flow_heap(&solver->order, rest);
    if (heaped < 0) return false;
    effort->heaped += heaped;
  }
  return true;
}

// Flows that are alike get the rate of the one that stood for them.
static void spread_merged(int32_t flow_count, const int32_t *merged, const double *limit, double *rate,
                          int32_t *cause) {
  for (int32_t i = 0; i < flow_count; i++) {
    const int32_t from = merged[i];
    rate[i] = rate[from];
    if (rate[i] < limit[i]) cause[i] = cause[from];
  }
}

// Joins flows that are alike where links are so few that many must be. *merged stays NULL when nothing was joined.
static bool merge_rest(clx_flow_solver *solver, int32_t flow_count, clx_flow_rest *rest, int32_t **merged) {
  enum { FLOWS_PER_LINK = 8, FLOWS_MAX = 1 << 29 };
  *merged = NULL;
  if (rest->flow_count / FLOWS_PER_LINK < rest->link_count || rest->flow_count > FLOWS_MAX) return true;
  int32_t table_size = 1;
  while (table_size < rest->flow_count + rest->flow_count / 2) table_size *= 2;
  const int32_t entries = rest->first[rest->flow_count];
  clx_flow_slab *slab = &solver->alike;
  const size_t need = clx_flow_bytes(flow_count, sizeof(int32_t)) + clx_flow_bytes(table_size, sizeof(int32_t)) +
                      clx_flow_bytes(entries, sizeof(double));
  if (!clx_flow_slab_reserve(slab, need)) return false;
  *merged = CLX_FLOW_TAKE(slab, int32_t, flow_count);
  int32_t *table = CLX_FLOW_TAKE(slab, int32_t, table_size);
  double *load = CLX_FLOW_TAKE(slab, double, entries);
  for (int32_t i = 0; i < flow_count; i++) (*merged)[i] = i;
  if (!clx_flow_merge(rest, *merged, table, table_size, load)) *merged = NULL;
  return true;
}

static clx_status out_of_memory(clx_error *error, const clx_flows *flows) {
  return clx_fail_plain(error, CLX_MEMORY, "out of memory for the rates of %d flows over %d links", flows->flow_count,
                        flows->link_count);
}

clx_status clx_flow_run(clx_flow_solver *solver, const clx_flows *flows, double *rate, int32_t *cause,
                        clx_flow_effort *effort, clx_error *error) {
  bounds b = {0};
  const int64_t links = flows->link_count;
  clx_flow_slab *slab = &solver->bounds;
  if (!clx_flow_slab_reserve(
          slab, clx_flow_bytes(flows->flow_count, sizeof *b.limit) + clx_flow_bytes(links, sizeof *b.place))) {
    return out_of_memory(error, flows);
  }
  b.limit = CLX_FLOW_TAKE(slab, double, flows->flow_count);
  b.place = CLX_FLOW_TAKE(slab, int32_t, links);
  bound_flows(flows, &b, cause);
  count_users(flows, &b);
  clx_flow_rest rest = {.limit = b.limit, .rate = rate, .cause = cause};
  if (!take_rest(&solver->rest, flows, &b, &rest)) return out_of_memory(error, flows);
  place_links(flows, &b, &rest);
  drop_links(&rest);
  int32_t *merged = NULL;
  if (!merge_rest(solver, flows->flow_count, &rest, &merged)) return out_of_memory(error, flows);
  if (!solve_rest(solver, &rest, effort)) return out_of_memory(error, flows);
  if (merged != NULL) spread_merged(flows->flow_count, merged, b.limit, rate, cause);
  return CLX_OK;
}

clx_status clx_flow_solve(clx_flow_solver *solver, const clx_flows *flows, double *rate, clx_flow_effort *effort,
                          clx_error *error) {
  clx_flow_effort own = {0};
  solver->solved = solver->has_incidence = false;
  CLX_TRY(clx_flow_check(flows, error));
  const int64_t count = flows->flow_count;
  clx_flow_slab *slab = &solver->state;
  if (!clx_flow_slab_reserve(slab, clx_flow_bytes(count, sizeof *rate) + clx_flow_bytes(count, sizeof(int32_t)))) {
    return out_of_memory(error, flows);
  }
  solver->rate = CLX_FLOW_TAKE(slab, double, count);
  solver->cause = CLX_FLOW_TAKE(slab, int32_t, count);
  CLX_TRY(clx_flow_run(solver, flows, solver->rate, solver->cause, &own, error));
  if (count > 0) memcpy(rate, solver->rate, (size_t)count * sizeof *rate);
  solver->solved = true;
  solver->link_count = flows->link_count;
  solver->flow_count = flows->flow_count;
  if (effort != NULL) *effort = own;
  return CLX_OK;
}
