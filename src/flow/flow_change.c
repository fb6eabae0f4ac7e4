// Rates after a change of capacities. Only flows that binding links connect to the change get other rates (the partial
// invalidation of SimGrid: Casanova et al., JPDC 74, 2014): flows of the changed links are solved again while all others keep
// their rates, and others join as long as what holds them back has moved. What results has the property that makes max-min
// rates unique: every flow has a full link on which no flow is faster, or runs at its limit.
#include <math.h>
#include <string.h>

#include "flow/flow_internal.h"

// Rates that differ less are the same: sums in another order do that.
static const double SAME = 1e-13;

enum {
  PASSES = 32,         // of the growing part, then everything is solved
  SHARE_OF_FLOWS = 4,  // a part of more than one in so many does not pay
};

// The part that is solved again, as an instance of its own.
typedef struct part {
  clx_flow_solver *solver;
  const clx_flows *flows;  // all
  clx_flows own;
  double *capacity;  // what the flows that keep their rates leave
  double *load, *limit, *rate;
  int32_t *first, *link, *cause;
  int32_t *origin;  // [own.link_count] link of the instance
  uint8_t *seen;    // [own.link_count] MOVED, FILLED
} part;

enum { MOVED = 1, FILLED = 2 };

static clx_status out_of_memory(clx_error *error) {
  return clx_fail_plain(error, CLX_MEMORY, "out of memory for the change of rates");
}

static bool prepare(clx_flow_solver *solver, const clx_flows *flows) {
  if (solver->has_incidence) return true;
  const int64_t links = flows->link_count, count = flows->flow_count, entries = flows->first[count];
  clx_flow_slab *slab = &solver->incidence;
  const size_t need = 2 * clx_flow_bytes(links + 1, sizeof(int32_t)) + clx_flow_bytes(entries, sizeof(int32_t)) +
                      2 * clx_flow_bytes(count, sizeof(int32_t));
  if (!clx_flow_slab_reserve(slab, need)) return false;
  solver->flow_first = CLX_FLOW_TAKE(slab, int32_t, links + 1);
  solver->flow_of = CLX_FLOW_TAKE(slab, int32_t, entries);
  solver->link_slot = CLX_FLOW_TAKE(slab, int32_t, links);
  solver->flow_slot = CLX_FLOW_TAKE(slab, int32_t, count);
  solver->chosen = CLX_FLOW_TAKE(slab, int32_t, count);
  memset(solver->link_slot, 0, (size_t)links * sizeof(int32_t));
  memset(solver->flow_slot, 0, (size_t)count * sizeof(int32_t));
  clx_flow_transpose(flows->link_count, flows->flow_count, flows->first, flows->link, solver->flow_first,
                     solver->flow_of);
  solver->has_incidence = true;
  return true;
}

static double load_on(const clx_flows *flows, int32_t i, int32_t l) {
  if (flows->load == NULL) return 1;
  for (int32_t e = flows->first[i]; e < flows->first[i + 1]; e++) {
    if (flows->link[e] == l) return flows->load[e];
  }
  return 0;
}

static void choose(clx_flow_solver *solver, int32_t i) {
  if (solver->flow_slot[i] != 0) return;
  solver->chosen[solver->chosen_count++] = i;
  solver->flow_slot[i] = solver->chosen_count;
}

// All flows of a changed link, unless it was not full and still carries them.
static void choose_flows_of(clx_flow_solver *solver, const clx_flows *flows, int32_t l) {
  double sum = 0;
  bool binds = false;
  for (int32_t k = solver->flow_first[l]; k < solver->flow_first[l + 1]; k++) {
    const int32_t i = solver->flow_of[k];
    sum += load_on(flows, i, l) * solver->rate[i];
    binds = binds || solver->cause[i] == l;
  }
  if (!binds && sum <= flows->capacity[l]) return;
  for (int32_t k = solver->flow_first[l]; k < solver->flow_first[l + 1]; k++) choose(solver, solver->flow_of[k]);
}

// What the flows that keep their rates leave of a link.
static double left_of(const clx_flow_solver *solver, const clx_flows *flows, int32_t l) {
  double left = flows->capacity[l];
  for (int32_t k = solver->flow_first[l]; k < solver->flow_first[l + 1]; k++) {
    const int32_t i = solver->flow_of[k];
    if (solver->flow_slot[i] == 0) left -= load_on(flows, i, l) * solver->rate[i];
  }
  return left > 0 ? left : 0;
}

static bool take_part(part *p) {
  clx_flow_slab *slab = &p->solver->part;
  const clx_flows *flows = p->flows;
  const int64_t count = p->solver->chosen_count;
  int64_t entries = 0;
  for (int32_t c = 0; c < count; c++) {
    const int32_t i = p->solver->chosen[c];
    entries += flows->first[i + 1] - flows->first[i];
  }
  const size_t need = 4 * clx_flow_bytes(entries, sizeof(double)) + 2 * clx_flow_bytes(count, sizeof(double)) +
                      2 * clx_flow_bytes(count + 1, sizeof(int32_t));
  if (!clx_flow_slab_reserve(slab, need)) return false;
  p->capacity = CLX_FLOW_TAKE(slab, double, entries);
  p->load = CLX_FLOW_TAKE(slab, double, entries);
  p->limit = CLX_FLOW_TAKE(slab, double, count);
  p->rate = CLX_FLOW_TAKE(slab, double, count);
  p->first = CLX_FLOW_TAKE(slab, int32_t, count + 1);
  p->cause = CLX_FLOW_TAKE(slab, int32_t, count);
  p->link = CLX_FLOW_TAKE(slab, int32_t, entries);
  p->origin = CLX_FLOW_TAKE(slab, int32_t, entries);
  p->seen = CLX_FLOW_TAKE(slab, uint8_t, entries);
  return true;
}

static void fill_part(part *p) {
  clx_flow_solver *s = p->solver;
  const clx_flows *flows = p->flows;
  int32_t end = 0, links = 0;
  for (int32_t c = 0; c < s->chosen_count; c++) {
    const int32_t i = s->chosen[c];
    p->first[c] = end;
    p->limit[c] = flows->limit != NULL ? flows->limit[i] : INFINITY;
    for (int32_t e = flows->first[i]; e < flows->first[i + 1]; e++, end++) {
      const int32_t l = flows->link[e];
      if (s->link_slot[l] == 0) {
        p->origin[links] = l;
        p->capacity[links] = left_of(s, flows, l);
        p->seen[links] = 0;
        s->link_slot[l] = ++links;
      }
      p->link[end] = s->link_slot[l] - 1;
      p->load[end] = flows->load != NULL ? flows->load[e] : 1;
    }
  }
  p->first[s->chosen_count] = end;
  for (int32_t l = 0; l < links; l++) s->link_slot[p->origin[l]] = 0;
  p->own = (clx_flows){.link_count = links,
                       .flow_count = s->chosen_count,
                       .capacity = p->capacity,
                       .first = p->first,
                       .link = p->link,
                       .load = flows->load != NULL ? p->load : NULL,
                       .limit = p->limit};
}

// Flows outside of the part that a link of it held back, and something moved there.
static void choose_held_back(part *p, int32_t own_link) {
  clx_flow_solver *s = p->solver;
  if (p->seen[own_link] & MOVED) return;
  p->seen[own_link] |= MOVED;
  const int32_t l = p->origin[own_link];
  for (int32_t k = s->flow_first[l]; k < s->flow_first[l + 1]; k++) {
    if (s->cause[s->flow_of[k]] == l) choose(s, s->flow_of[k]);
  }
}

// Flows outside of the part that are faster than those that a full link of it holds back.
static void choose_faster(part *p, int32_t own_link, double rate) {
  clx_flow_solver *s = p->solver;
  if (p->seen[own_link] & FILLED) return;
  p->seen[own_link] |= FILLED;
  const int32_t l = p->origin[own_link];
  for (int32_t k = s->flow_first[l]; k < s->flow_first[l + 1]; k++) {
    const int32_t i = s->flow_of[k];
    if (s->rate[i] > rate * (1 + SAME)) choose(s, i);
  }
}

// Adds the flows to the part whose rates cannot stay. The flows that were in it come first.
static void grow(part *p) {
  clx_flow_solver *s = p->solver;
  const int32_t count = p->own.flow_count;
  for (int32_t c = 0; c < count; c++) {
    const double before = s->rate[s->chosen[c]], now = p->rate[c];
    if (p->cause[c] >= 0) choose_faster(p, p->cause[c], now);
    if (fabs(now - before) <= SAME * fmax(now, before)) continue;
    for (int32_t e = p->first[c]; e < p->first[c + 1]; e++) choose_held_back(p, p->link[e]);
  }
}

static void keep_part(const part *p, double *rate) {
  clx_flow_solver *s = p->solver;
  for (int32_t c = 0; c < p->own.flow_count; c++) {
    const int32_t i = s->chosen[c];
    rate[i] = s->rate[i] = p->rate[c];
    s->cause[i] = p->cause[c] < 0 ? -1 : p->origin[p->cause[c]];
  }
}

// Solves parts that grow until the rest can stay; *done = false when everything is to be solved.
static clx_status solve_parts(clx_flow_solver *solver, const clx_flows *flows, double *rate, bool *done,
                              clx_flow_effort *effort, clx_error *error) {
  part p = {.solver = solver, .flows = flows};
  *done = true;
  for (int32_t pass = 0; solver->chosen_count > 0; pass++) {
    if (pass == PASSES || solver->chosen_count > flows->flow_count / SHARE_OF_FLOWS) {
      *done = false;
      return CLX_OK;
    }
    if (!take_part(&p)) return out_of_memory(error);
    fill_part(&p);
    CLX_TRY(clx_flow_run(solver, &p.own, p.rate, p.cause, effort, error));
    const int32_t before = solver->chosen_count;
    grow(&p);
    if (solver->chosen_count > before) continue;
    keep_part(&p, rate);
    return CLX_OK;
  }
  return CLX_OK;
}

static clx_status check_change(const clx_flow_solver *solver, const clx_flows *flows, const int32_t *changed,
                               int32_t changed_count, clx_error *error) {
  if (!solver->solved || solver->flow_count != flows->flow_count || solver->link_count != flows->link_count) {
    return clx_fail_plain(error, CLX_INTERNAL, "a change of %d links of an instance that was not solved before",
                          changed_count);
  }
  for (int32_t c = 0; c < changed_count; c++) {
    const int32_t l = changed[c];
    if (l < 0 || l >= flows->link_count) {
      return clx_fail_plain(error, CLX_INTERNAL, "the changed link %d is not one of %d", l, flows->link_count);
    }
    CLX_TRY(clx_flow_check_capacity(flows, l, error));
  }
  return CLX_OK;
}

clx_status clx_flow_change(clx_flow_solver *solver, const clx_flows *flows, const int32_t *changed,
                           int32_t changed_count, double *rate, clx_flow_effort *effort, clx_error *error) {
  CLX_TRY(check_change(solver, flows, changed, changed_count, error));
  // What fails from here on leaves no state to go on from.
  solver->solved = false;
  if (!prepare(solver, flows)) return out_of_memory(error);
  for (int32_t c = 0; c < changed_count; c++) choose_flows_of(solver, flows, changed[c]);
  clx_flow_effort own = {0};
  bool done = false;
  const clx_status status = solve_parts(solver, flows, rate, &done, &own, error);
  for (int32_t c = 0; c < solver->chosen_count; c++) solver->flow_slot[solver->chosen[c]] = 0;
  solver->chosen_count = 0;
  if (status != CLX_OK) return status;
  if (!done) {
    CLX_TRY(clx_flow_run(solver, flows, solver->rate, solver->cause, &own, error));
    memcpy(rate, solver->rate, (size_t)flows->flow_count * sizeof *rate);
  }
  solver->solved = true;
  if (effort != NULL) *effort = own;
  return CLX_OK;
}
