// One node of the search: its relaxation, plans near it, what to branch on.
#include <math.h>
#include <string.h>

#include "supply/supply_plan_branch.h"

enum { CANDIDATES = 8, RELIABLE = 8, PROBE_PIVOTS = 40, PIVOTS = 20000 };
#define WHOLE 1e-6  // distance from 0 or 1

double clx_tree_cutoff(const clx_tree *tree) {
  return tree->best_cost < INFINITY ? tree->best_cost - tree->gap * fabs(tree->best_cost) : 1e50;
}

// What the estimates may miss before a node counts as solved: a tenth of the gap.
static double tolerance(const clx_tree *tree, double bound) {
  const double scale = tree->best_cost < INFINITY ? fabs(tree->best_cost) : fabs(bound);
  return fmax(0.1 * tree->gap * scale, 1e-9 * scale);
}

clx_simplex_end clx_tree_relax(clx_tree *tree, int32_t rounds, double *bound, bool *exact) {
  double before = -INFINITY, missed = 0;
  *exact = false;
  for (int32_t round = 0;; round++) {
    const clx_simplex_end end = clx_master_solve(&tree->master, clx_tree_cutoff(tree), PIVOTS, bound);
    tree->value = *bound;
    if (end != CLX_SIMPLEX_OPTIMAL || round >= rounds) return end;
    const double allowed = tolerance(tree, *bound);
    // Rounds that gain nothing are not worth their time, but where the node must be exact.
    if (round > 1 && rounds < 100 && *bound - before < 0.1 * allowed) return end;
    before = *bound;
    if (clx_master_cut(&tree->master, allowed, &missed) > 0) continue;
    *exact = missed <= allowed;
    return end;
  }
}

// --- plans -------------------------------------------------------------------------------------------------------------------------------------

static bool is_allowed(const clx_sourcing *p, const double *quantity, double first) {
  for (int32_t s = 0; s < p->suppliers; s++) {
    double sum = 0;
    for (int32_t t = 0; t < p->periods; t++) sum += quantity[s * p->periods + t];
    if (sum > p->total[s] * (1 + 1e-9)) return false;
  }
  for (int32_t t = 0; p->required != NULL && t < p->periods; t++) {
    double sum = 0;
    for (int32_t s = 0; s < p->suppliers; s++)
      for (int32_t k = 0; k + p->nominal[s] <= t; k++) sum += quantity[s * p->periods + k];
    if (sum < p->required[t] * (1 - 1e-9)) return false;
  }
  return p->budget <= 0 || first <= p->budget * (1 + 1e-9);
}

static bool is_order(const clx_sourcing *p, int32_t i, double q) { return q > 1e-9 && q > 0.5 * p->lot[i]; }

void clx_tree_offer(clx_tree *tree, const double *quantity) {
  const clx_sourcing *p = tree->p;
  double first = 0, mean = 0, cvar = 0;
  for (int32_t s = 0; s < p->suppliers; s++) {
    bool qualified = false;
    for (int32_t i = s * p->periods; i < (s + 1) * p->periods; i++) {
      const double q = is_order(p, i, quantity[i]) ? fmin(fmax(quantity[i], p->lot[i]), p->most[i]) : 0;
      tree->trial[i] = q;
      if (q <= 0) continue;
      qualified = true;
      first += p->setup[i] + p->price[i] * q;
    }
    if (qualified) first += p->qualify[s];
  }
  if (first >= tree->best_cost || !is_allowed(p, tree->trial, first)) return;
  clx_second_value(&tree->second, tree->trial, &mean, &cvar);
  const double cost = first + (1 - p->lambda) * mean + p->lambda * cvar;
  if (cost >= tree->best_cost) return;
  tree->best_cost = cost;
  memcpy(tree->best, tree->trial, (size_t)tree->master.cells * sizeof(double));
}

void clx_tree_polish(clx_tree *tree, const unsigned char *state) {
  const clx_sourcing *p = tree->p;
  double bound = 0;
  bool exact = false;
  memcpy(tree->other, state, (size_t)tree->master.decisions);
  for (int32_t i = 0; i < tree->master.cells; i++)
    tree->other[p->suppliers + i] = is_order(p, i, tree->point[i]) ? CLX_IN : CLX_OUT;
  for (int32_t s = 0; s < p->suppliers; s++)
    if (tree->other[s] == CLX_OUT) tree->other[s] = CLX_FREE;
  clx_tree_imply(tree, tree->other);
  clx_master_state(&tree->master, tree->other);
  for (int32_t round = 0; round < 4 && !exact; round++) {
    if (clx_tree_relax(tree, 3, &bound, &exact) != CLX_SIMPLEX_OPTIMAL) break;
    clx_tree_offer(tree, tree->master.quantity);
  }
  clx_master_state(&tree->master, state);
  clx_tree_relax(tree, 0, &bound, &exact);  // back to the node
}

// --- branching -----------------------------------------------------------------------------------------------------------------------------------

void clx_tree_imply(const clx_tree *tree, unsigned char *state) {
  const clx_sourcing *p = tree->p;
  for (int32_t s = 0; s < p->suppliers; s++) {
    for (int32_t t = 0; t < p->periods; t++) {
      unsigned char *z = &state[p->suppliers + s * p->periods + t];
      if (state[s] == CLX_OUT && *z == CLX_FREE) *z = CLX_OUT;
      if (*z == CLX_IN && state[s] == CLX_FREE) state[s] = CLX_IN;
    }
  }
}

void clx_tree_settle(clx_tree *tree, unsigned char *state) {
  // Gains are above what these multipliers prove, not above what the node's parents did.
  const double room = clx_tree_cutoff(tree) - tree->value;
  for (int32_t i = 0; i < tree->master.decisions; i++) {
    if (state[i] != CLX_FREE) continue;
    if (clx_master_gain(&tree->master, i, true) > room) {
      state[i] = CLX_OUT;
    } else if (clx_master_gain(&tree->master, i, false) > room) {
      state[i] = CLX_IN;
    }
  }
  clx_tree_imply(tree, state);
}

// Solves one side of a decision, not to the end, and learns from it. Returns the gain of the bound; INFINITY: nothing is left there.
static double probe(clx_tree *tree, const unsigned char *state, int32_t decision, bool up, double part, double bound) {
  memcpy(tree->other, state, (size_t)tree->master.decisions);
  tree->other[decision] = up ? CLX_IN : CLX_OUT;
  clx_tree_imply(tree, tree->other);
  clx_master_state(&tree->master, tree->other);
  double value = bound;
  const clx_simplex_end end = clx_master_solve(&tree->master, clx_tree_cutoff(tree), PROBE_PIVOTS, &value);
  clx_simplex_restore(&tree->master.simplex);
  if (end == CLX_SIMPLEX_ABOVE || end == CLX_SIMPLEX_INFEASIBLE) return INFINITY;
  const double gain = fmax(0, value - bound);
  tree->gain[up][decision] += gain / part;
  tree->tried[up][decision]++;
  return gain;
}

static double expected(const clx_tree *tree, int32_t decision, bool up, double part) {
  const int32_t tried = tree->tried[up][decision];
  return tried > 0 ? part * tree->gain[up][decision] / tried : 0;
}

static double score(double down, double up) { return fmax(down, 1e-6) * fmax(up, 1e-6); }

// Decisions by score, best first, at most CANDIDATES.
static int32_t collect(const clx_tree *tree, const unsigned char *state, int32_t *candidate, double *value) {
  int32_t count = 0;
  for (int32_t i = 0; i < tree->master.decisions; i++) {
    const double x = tree->part[i];
    if (state[i] != CLX_FREE || x < WHOLE || x > 1 - WHOLE) continue;
    const double cost = i < tree->p->suppliers ? tree->p->qualify[i] : tree->p->setup[i - tree->p->suppliers];
    // Where nothing is known yet: what the decision costs whole.
    const double down = tree->tried[0][i] > 0 ? expected(tree, i, false, x) : 0.5 * cost * x;
    const double up = tree->tried[1][i] > 0 ? expected(tree, i, true, 1 - x) : 0.5 * cost * (1 - x);
    const double s = score(down, up);
    if (count == CANDIDATES && s <= value[CANDIDATES - 1]) continue;
    int32_t at = count < CANDIDATES ? count++ : CANDIDATES - 1;
    for (; at > 0 && value[at - 1] < s; at--) {
      value[at] = value[at - 1];
      candidate[at] = candidate[at - 1];
    }
    value[at] = s;
    candidate[at] = i;
  }
  return count;
}

int32_t clx_tree_choose(clx_tree *tree, unsigned char *state, double bound, bool *up) {
  int32_t candidate[CANDIDATES], best = -1;
  double value[CANDIDATES], most = -1;
  const int32_t count = collect(tree, state, candidate, value);
  clx_simplex_keep(&tree->master.simplex);
  for (int32_t k = 0; k < count; k++) {
    const int32_t i = candidate[k];
    const double x = tree->part[i];
    double down = expected(tree, i, false, x), higher = expected(tree, i, true, 1 - x);
    if (tree->tried[0][i] < RELIABLE) down = probe(tree, state, i, false, x, bound);
    if (tree->tried[1][i] < RELIABLE) higher = probe(tree, state, i, true, 1 - x, bound);
    if (down == INFINITY || higher == INFINITY) {  // one side is closed: no branching
      state[i] = down == INFINITY ? CLX_IN : CLX_OUT;
      return down == INFINITY && higher == INFINITY ? -3 : -2;
    }
    const double s = score(down, higher);
    if (s <= most) continue;
    most = s;
    best = i;
    *up = x > 0.5;
  }
  return best;
}
