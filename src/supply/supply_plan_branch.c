// The L-shaped method: cuts at the root until they gain nothing, then branch and bound, best bound first with dives.
#include "supply/supply_plan_branch.h"

#include <math.h>
#include <string.h>
#include <time.h>

enum { ROOT_ROUNDS = 400, NODE_ROUNDS = 8, LEAF_ROUNDS = 400, POLISH_EVERY = 16 };

static double processor_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#define GAP_LEAST 1e-9  // below, rounding decides

// --- open nodes ------------------------------------------------------------------------------------------------------------------------------------

static unsigned char *new_state(clx_tree *tree) {
  if (tree->spare_count > 0) return tree->spare[--tree->spare_count];
  return CLX_NEW_ARRAY(tree->arena, unsigned char, tree->master.decisions);
}

static void drop_state(clx_tree *tree, unsigned char *state) { tree->spare[tree->spare_count++] = state; }

static bool grow(clx_tree *tree) {
  if (tree->open_count < tree->open_room) return true;
  const int32_t room = tree->open_room == 0 ? 1024 : 2 * tree->open_room;
  clx_node_open *open = CLX_NEW_ARRAY(tree->arena, clx_node_open, room);
  unsigned char **spare = CLX_NEW_ARRAY(tree->arena, unsigned char *, room + 8);
  if (open == NULL || spare == NULL) return false;
  if (tree->open_count > 0) memcpy(open, tree->open, (size_t)tree->open_count * sizeof *open);
  if (tree->spare_count > 0) memcpy(spare, tree->spare, (size_t)tree->spare_count * sizeof *spare);
  tree->open = open;
  tree->spare = spare;
  tree->open_room = room;
  return true;
}

// Deeper nodes first among equal bounds.
static bool before(const clx_node_open *a, const clx_node_open *b) {
  return a->bound < b->bound || (a->bound == b->bound && a->depth > b->depth);
}

static bool push(clx_tree *tree, const unsigned char *state, double bound, int32_t depth) {
  unsigned char *copy = grow(tree) ? new_state(tree) : NULL;
  if (copy == NULL) return false;
  memcpy(copy, state, (size_t)tree->master.decisions);
  const clx_node_open node = {.bound = bound, .depth = depth, .state = copy};
  int32_t at = tree->open_count++;
  while (at > 0 && before(&node, &tree->open[(at - 1) / 2])) {
    tree->open[at] = tree->open[(at - 1) / 2];
    at = (at - 1) / 2;
  }
  tree->open[at] = node;
  return true;
}

static clx_node_open pop(clx_tree *tree) {
  const clx_node_open top = tree->open[0], last = tree->open[--tree->open_count];
  int32_t at = 0;
  for (;;) {
    int32_t child = 2 * at + 1;
    if (child >= tree->open_count) break;
    if (child + 1 < tree->open_count && before(&tree->open[child + 1], &tree->open[child])) child++;
    if (!before(&tree->open[child], &last)) break;
    tree->open[at] = tree->open[child];
    at = child;
  }
  tree->open[at] = last;
  return top;
}

// --- the search --------------------------------------------------------------------------------------------------------------------------------------

static void prune(clx_tree *tree, double bound) { tree->pruned = fmin(tree->pruned, bound); }

static void keep_point(clx_tree *tree) {
  memcpy(tree->point, tree->master.quantity, (size_t)tree->master.cells * sizeof(double));
  memcpy(tree->part, tree->master.part, (size_t)tree->master.decisions * sizeof(double));
}

// Solves the node `state`. Returns false when nothing better than the cutoff is in it; its bound then went into `pruned`.
static bool solve_node(clx_tree *tree, unsigned char *state, int32_t rounds, double *bound, bool *exact) {
  double value = *bound;
  clx_tree_imply(tree, state);
  clx_master_state(&tree->master, state);
  const clx_simplex_end end = clx_tree_relax(tree, rounds, &value, exact);
  if (end == CLX_SIMPLEX_INFEASIBLE) return false;
  *bound = fmax(*bound, value);
  if (end != CLX_SIMPLEX_LIMIT) {
    clx_tree_offer(tree, tree->master.quantity);
    keep_point(tree);
  }
  if (*bound < clx_tree_cutoff(tree)) return true;
  prune(tree, *bound);
  return false;
}

// Follows one branch down. Returns false when memory is out.
static bool dive(clx_tree *tree, unsigned char *state, double bound, int32_t depth) {
  for (;; depth++) {
    bool exact = false, up = false;
    tree->nodes++;
    if (!solve_node(tree, state, depth == 0 ? ROOT_ROUNDS : NODE_ROUNDS, &bound, &exact)) return true;
    clx_tree_settle(tree, state);
    if (depth == 0 || tree->nodes % POLISH_EVERY == 0) clx_tree_polish(tree, state);
    int32_t decision = clx_tree_choose(tree, state, bound, &up);
    if (decision == -3) return prune(tree, fmax(bound, clx_tree_cutoff(tree))), true;
    if (decision == -2) continue;
    if (decision < 0) {  // whole: exact after enough cuts
      if (!solve_node(tree, state, LEAF_ROUNDS, &bound, &exact)) return true;
      decision = clx_tree_choose(tree, state, bound, &up);
      if (decision == -2) continue;
      if (decision < 0) return prune(tree, fmax(bound, decision == -3 ? clx_tree_cutoff(tree) : bound)), true;
    }
    state[decision] = up ? CLX_OUT : CLX_IN;
    if (!push(tree, state, bound, depth + 1)) return false;
    state[decision] = up ? CLX_IN : CLX_OUT;
  }
}

static bool search(clx_tree *tree, const clx_plan_settings *settings) {
  const double until = processor_seconds() + (settings->seconds > 0 ? settings->seconds : 600);
  const int64_t most = settings->nodes > 0 ? settings->nodes : 1000000;
  unsigned char *state = new_state(tree);
  if (state == NULL || !push(tree, state, -1e50, 0)) return false;
  while (tree->open_count > 0 && tree->nodes < most && processor_seconds() < until) {
    const clx_node_open node = pop(tree);
    memcpy(state, node.state, (size_t)tree->master.decisions);
    drop_state(tree, node.state);
    if (node.bound >= clx_tree_cutoff(tree)) {
      prune(tree, node.bound);
      continue;
    }
    if (!dive(tree, state, node.bound, node.depth)) return false;
  }
  return true;
}

static clx_status make_tree(const clx_sourcing *p, const clx_plan_settings *settings, clx_arena *arena, clx_tree *tree,
                            clx_error *error) {
  *tree = (clx_tree){.p = p,
                     .arena = arena,
                     .gap = settings->gap > 0 ? fmax(settings->gap, GAP_LEAST) : 1e-6,
                     .best_cost = INFINITY,
                     .pruned = INFINITY};
  CLX_TRY(clx_master_new(p, arena, &tree->master, error));
  const int32_t cells = tree->master.cells, decisions = tree->master.decisions;
  for (int32_t up = 0; up < 2; up++) {
    tree->gain[up] = CLX_NEW_ARRAY(arena, double, decisions);
    tree->tried[up] = CLX_NEW_ARRAY(arena, int32_t, decisions);
    if (tree->gain[up] == NULL || tree->tried[up] == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  }
  tree->best = CLX_NEW_ARRAY(arena, double, cells);
  tree->trial = CLX_NEW_ARRAY(arena, double, cells);
  tree->point = CLX_NEW_ARRAY(arena, double, cells);
  tree->part = CLX_NEW_ARRAY(arena, double, decisions);
  tree->other = CLX_NEW_ARRAY(arena, unsigned char, decisions);
  if (tree->best == NULL || tree->trial == NULL || tree->point == NULL || tree->part == NULL || tree->other == NULL)
    return clx_fail_plain(error, CLX_MEMORY, "out of memory for the search");
  return clx_second_new(p, arena, &tree->second, error);
}

static clx_status answer(clx_tree *tree, clx_arena *arena, clx_plan *out, clx_error *error) {
  if (tree->best_cost == INFINITY) {
    return clx_fail_plain(error, CLX_INFEASIBLE,
                          tree->open_count > 0 ? "no plan was found in time" : "no plan meets all conditions");
  }
  CLX_TRY(clx_plan_value(tree->p, tree->best, arena, out, error));
  double bound = fmin(tree->pruned, out->cost);
  for (int32_t i = 0; i < tree->open_count; i++) bound = fmin(bound, tree->open[i].bound);
  out->bound = bound;
  out->gap = (out->cost - bound) / fmax(fabs(out->cost), 1e-9);
  out->proved = out->gap <= tree->gap + 1e-14;  // rounding of the cutoff
  out->nodes = tree->nodes;
  out->cuts = tree->master.cuts;
  out->solves = tree->master.simplex.solves;
  return CLX_OK;
}

clx_status clx_sourcing_search(const clx_sourcing *p, const clx_plan_settings *settings, clx_arena *arena,
                               clx_plan *out, clx_error *error) {
  clx_tree tree;
  CLX_TRY(make_tree(p, settings, arena, &tree, error));
  if (!search(&tree, settings)) return clx_fail_plain(error, CLX_MEMORY, "out of memory for the search");
  return answer(&tree, arena, out, error);
}

clx_status clx_sourcing_solve(const clx_sourcing *p, const clx_plan_settings *settings, clx_arena *arena, clx_plan *out,
                              clx_error *error) {
  CLX_TRY(clx_sourcing_relax(p, error));
  return clx_sourcing_search(p, settings, arena, out, error);
}
