// Newton on the flows and pressures of a pipe network. Unknowns: the flow of each branch and the pressure of each node whose pressure is not
// given; equations: what each branch loses, what each node takes in. The flows of such a network minimise its content (Collins and others 1978,
// the sum of the integrals of all losses, convex because every law rises), and once the nodes balance Newton's step points downhill on it:
// the step is held back where the content would rise again along it.
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <suitesparse/klu.h>

#include "cooling/cooling_hydraulic_internal.h"

#define ITERATIONS_MAX 200
#define AIM 1e-12    // residual at which it stops
#define ENOUGH 1e-9  // residual that is accepted where rounding allows no better
#define GRAVITY 9.80665

struct clx_hydraulic_solver {
  clx_arena *arena;
  int32_t branches, nodes, unknowns;
  int32_t *from, *to;
  bool *given, *fixed;      // [nodes] whether its pressure is known; whether the network says it
  int32_t *part;            // [nodes] first node of its part, where no pressure is fixed; -1 elsewhere
  double *sum, *size;       // [nodes] of inflows of a part
  int32_t *row;             // [nodes] equation of a node, -1 = its pressure is given
  double scale_p, scale_q;  // Pa, m3/s: so that the unknowns are of order 1
  int *start, *index;       // the Jacobian by columns
  double *value;
  int32_t *diagonal;  // [branches] where the slope of a branch stands in `value`
  double *flow, *loss, *slope, *trial, *trial_loss, *trial_slope;
  double *pressure;      // [nodes] Pa, plus density x gravity x height: heights leave the equations
  double *right, *step;  // [unknowns]
  double *kept;          // [unknowns] right-hand side, to test a solution
  klu_common common;
  klu_symbolic *symbolic;
  klu_numeric *numeric;
  bool started;
};

static double units_of(const clx_branch *branch) { return branch->units > 0 ? branch->units : 1; }

// --- opening ----------------------------------------------------------------------------------------------------------------------

static clx_status solver_arrays(clx_hydraulic_solver *s, clx_error *error) {
  const int32_t b = s->branches, n = s->nodes;
  const struct {
    double **array;
    int32_t count;
  } doubles[] = {{&s->flow, b},        {&s->loss, b},     {&s->slope, b},     {&s->trial, b},    {&s->trial_loss, b},
                 {&s->trial_slope, b}, {&s->pressure, n}, {&s->right, b + n}, {&s->step, b + n}, {&s->kept, b + n},
                 {&s->value, 5 * b},   {&s->sum, n},      {&s->size, n}};
  for (int32_t i = 0; i < CLX_COUNT(doubles); i++) {
    *doubles[i].array = CLX_NEW_ARRAY(s->arena, double, doubles[i].count);
    if (!*doubles[i].array) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  }
  s->from = CLX_NEW_ARRAY(s->arena, int32_t, b);
  s->to = CLX_NEW_ARRAY(s->arena, int32_t, b);
  s->diagonal = CLX_NEW_ARRAY(s->arena, int32_t, b);
  s->row = CLX_NEW_ARRAY(s->arena, int32_t, n);
  s->given = CLX_NEW_ARRAY(s->arena, bool, n);
  s->fixed = CLX_NEW_ARRAY(s->arena, bool, n);
  s->part = CLX_NEW_ARRAY(s->arena, int32_t, n);
  s->start = CLX_NEW_ARRAY(s->arena, int, b + n + 1);
  s->index = CLX_NEW_ARRAY(s->arena, int, 5 * b);
  if (!s->from || !s->to || !s->diagonal || !s->row || !s->given || !s->fixed || !s->part || !s->start || !s->index) {
    return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  }
  return CLX_OK;
}

// Columns of the flows, then of the pressures. Only the slopes and the units change later.
static void fill_pattern(clx_hydraulic_solver *s, const int32_t *first, const int32_t *arc) {
  int32_t at = 0;
  for (int32_t i = 0; i < s->branches; i++) {
    s->start[i] = at;
    s->diagonal[i] = at;
    s->index[at++] = i;
    const int32_t a = s->row[s->from[i]], c = s->row[s->to[i]];
    const int32_t low = a < c ? a : c, high = a < c ? c : a;
    if (low >= 0) s->index[at++] = low;
    if (high >= 0) s->index[at++] = high;
  }
  int32_t column = s->branches;
  for (int32_t i = 0; i < s->nodes; i++) {
    if (s->row[i] < 0) continue;
    s->start[column++] = at;
    for (int32_t k = first[i]; k < first[i + 1]; k++) {
      s->value[at] = s->from[arc[k]] == i ? 1 : -1;
      s->index[at++] = arc[k];
    }
  }
  s->start[column] = at;
}

static clx_status build_pattern(clx_hydraulic_solver *s, clx_error *error) {
  int32_t *first = CLX_NEW_ARRAY(s->arena, int32_t, s->nodes + 2),
          *arc = CLX_NEW_ARRAY(s->arena, int32_t, 2 * s->branches);
  if (!first || !arc) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < s->branches; i++) {
    first[s->from[i] + 2]++;
    first[s->to[i] + 2]++;
  }
  for (int32_t i = 2; i < s->nodes + 2; i++) first[i] += first[i - 1];
  for (int32_t i = 0; i < s->branches; i++) {
    arc[first[s->from[i] + 1]++] = i;
    arc[first[s->to[i] + 1]++] = i;
  }
  s->unknowns = s->branches;
  for (int32_t i = 0; i < s->nodes; i++) s->row[i] = s->given[i] ? -1 : s->unknowns++;
  fill_pattern(s, first, arc);
  klu_defaults(&s->common);
  s->common.tol = 0.1;  // pivots stay good for the refactorisations that follow
  s->symbolic = klu_analyze(s->unknowns, s->start, s->index, &s->common);
  if (!s->symbolic) return clx_fail_plain(error, CLX_MEMORY, "network: the factorisation could not be planned");
  return CLX_OK;
}

clx_status clx_hydraulic_open(const clx_hydraulic *net, clx_hydraulic_solver **solver, clx_error *error) {
  *solver = NULL;
  CLX_TRY(clx_hydraulic_check(net, error));
  clx_arena *arena = clx_arena_new();
  clx_hydraulic_solver *s = arena ? CLX_NEW(arena, clx_hydraulic_solver) : NULL;
  if (!s) {
    clx_arena_free(arena);
    return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  }
  s->arena = arena;
  s->branches = net->branch_count;
  s->nodes = net->node_count;
  clx_status status = solver_arrays(s, error);
  if (status == CLX_OK) {
    clx_hydraulic_references(net, s->given, s->part);
    for (int32_t i = 0; i < s->nodes; i++) s->fixed[i] = net->pressure && !isnan(net->pressure[i]);
    for (int32_t i = 0; i < s->branches; i++) {
      s->from[i] = net->branch[i].from;
      s->to[i] = net->branch[i].to;
    }
    status = build_pattern(s, error);
  }
  if (status != CLX_OK) {
    clx_hydraulic_close(s);
    return status;
  }
  *solver = s;
  return CLX_OK;
}

void clx_hydraulic_close(clx_hydraulic_solver *s) {
  if (!s) return;
  klu_free_numeric(&s->numeric, &s->common);
  klu_free_symbolic(&s->symbolic, &s->common);
  clx_arena_free(s->arena);
}

// --- one step ---------------------------------------------------------------------------------------------------------------------

static void evaluate(const clx_hydraulic *net, const double *flow, double *loss, double *slope) {
  for (int32_t i = 0; i < net->branch_count; i++) loss[i] = clx_branch_loss(net, &net->branch[i], flow[i], &slope[i]);
}

// What the pressures give to a branch, Pa.
static double gain(const clx_hydraulic_solver *s, int32_t i) { return s->pressure[s->from[i]] - s->pressure[s->to[i]]; }

static double weight_at(const clx_hydraulic *net, int32_t node) {
  return net->height ? net->density * GRAVITY * net->height[node] : 0;
}

static double node_residual(const clx_hydraulic_solver *s, int32_t row) { return s->right[row] * s->scale_q; }

// Right-hand sides: what is missing in each branch and node, in scaled units.
static void fill_right(const clx_hydraulic *net, clx_hydraulic_solver *s) {
  for (int32_t i = 0; i < s->branches; i++) s->right[i] = (s->loss[i] - gain(s, i)) / s->scale_p;
  for (int32_t i = 0; i < s->nodes; i++) {
    if (s->row[i] >= 0) s->right[s->row[i]] = (net->inflow ? net->inflow[i] : 0) / s->scale_q;
  }
  for (int32_t i = 0; i < s->branches; i++) {
    const double flow = units_of(&net->branch[i]) * s->flow[i] / s->scale_q;
    if (s->row[s->from[i]] >= 0) s->right[s->row[s->from[i]]] -= flow;
    if (s->row[s->to[i]] >= 0) s->right[s->row[s->to[i]]] += flow;
  }
}

static void fill_matrix(const clx_hydraulic *net, clx_hydraulic_solver *s) {
  for (int32_t i = 0; i < s->branches; i++) {
    int32_t at = s->diagonal[i];
    s->value[at++] = -s->slope[i] * s->scale_q / s->scale_p;
    const double units = units_of(&net->branch[i]);
    for (; at < s->start[i + 1]; at++) s->value[at] = s->index[at] == s->row[s->from[i]] ? units : -units;
  }
}

// Largest error of the solution in `step` over the largest term of its equation.
static double linear_error(const clx_hydraulic_solver *s, double *work) {
  double worst = 0, largest = 0;
  for (int32_t i = 0; i < s->unknowns; i++) {
    work[i] = s->kept[i];
    largest = fmax(largest, fabs(s->kept[i]));
  }
  for (int32_t i = 0; i < s->unknowns; i++) {
    for (int32_t k = s->start[i]; k < s->start[i + 1]; k++) work[s->index[k]] -= s->value[k] * s->step[i];
  }
  for (int32_t i = 0; i < s->unknowns; i++) worst = fmax(worst, fabs(work[i]));
  return largest > 0 ? worst / largest : 0;
}

static bool solve_with(clx_hydraulic_solver *s) {
  memcpy(s->step, s->kept, (size_t)s->unknowns * sizeof(double));
  return klu_solve(s->symbolic, s->numeric, s->unknowns, 1, s->step, &s->common) != 0;
}

// Solves for the step with the pivots of the last time, and with new ones where they do not serve.
static bool solve_step(clx_hydraulic_solver *s) {
  memcpy(s->kept, s->right, (size_t)s->unknowns * sizeof(double));
  if (s->numeric && klu_refactor(s->start, s->index, s->value, s->symbolic, s->numeric, &s->common) &&
      s->common.status == KLU_OK && solve_with(s) && linear_error(s, s->right) < 1e-10) {
    return true;
  }
  klu_free_numeric(&s->numeric, &s->common);
  s->numeric = klu_factor(s->start, s->index, s->value, s->symbolic, &s->common);
  return s->numeric && s->common.status == KLU_OK && solve_with(s);
}

// Slope of the content along the step, with the losses at hand.
static double content_slope(const clx_hydraulic *net, const clx_hydraulic_solver *s, const double *loss) {
  double sum = 0;
  for (int32_t i = 0; i < s->branches; i++) {
    sum += units_of(&net->branch[i]) * s->step[i] * s->scale_q * (loss[i] - gain(s, i));
  }
  return sum;
}

static double content_at(const clx_hydraulic *net, clx_hydraulic_solver *s, double share) {
  for (int32_t i = 0; i < s->branches; i++) s->trial[i] = s->flow[i] + share * s->scale_q * s->step[i];
  evaluate(net, s->trial, s->trial_loss, s->trial_slope);
  return content_slope(net, s, s->trial_loss);
}

// Takes the step, or the part of it up to where the content stops falling (regula falsi with Illinois' halving).
static void take_step(const clx_hydraulic *net, clx_hydraulic_solver *s, bool whole) {
  const double before = content_slope(net, s, s->loss), enough = 0.5 * fabs(before);
  double low = 0, high = 1, at_low = before, at_high = content_at(net, s, 1);
  int32_t side = 0;
  for (int32_t i = 0; i < 30 && !whole && at_high > enough; i++) {
    const double share = low + (high - low) * fmin(fmax(at_low / (at_low - at_high), 0.01), 0.99);
    const double here = content_at(net, s, share);
    if (fabs(here) <= enough) break;
    if (here > 0) {
      high = share;
      at_high = here;
      if (side > 0) at_low *= 0.5;
      side = 1;
    } else {
      low = share;
      at_low = here;
      if (side < 0) at_high = fmax(0.5 * at_high, 2 * enough);
      side = -1;
    }
  }
  double **pairs[][2] = {{&s->flow, &s->trial}, {&s->loss, &s->trial_loss}, {&s->slope, &s->trial_slope}};
  for (int32_t i = 0; i < CLX_COUNT(pairs); i++) {
    double *kept = *pairs[i][0];
    *pairs[i][0] = *pairs[i][1];
    *pairs[i][1] = kept;
  }
}

// --- a solution -----------------------------------------------------------------------------------------------------------------

static void measure(const clx_hydraulic *net, const clx_hydraulic_solver *s, clx_hydraulic_state *state) {
  double loss = 1e-6 * s->scale_p, flow = 1e-9 * s->scale_q, branch = 0, node = 0;
  for (int32_t i = 0; i < s->branches; i++) {
    loss = fmax(loss, fabs(s->loss[i]));
    flow = fmax(flow, units_of(&net->branch[i]) * fabs(s->flow[i]));
    branch = fmax(branch, fabs(s->right[i]) * s->scale_p);
  }
  for (int32_t i = s->branches; i < s->unknowns; i++) node = fmax(node, fabs(node_residual(s, i)));
  state->energy_residual = branch / loss;
  state->mass_residual = node / flow;
}

static bool finite_state(const clx_hydraulic_solver *s) {
  double sum = 0;
  for (int32_t i = 0; i < s->branches; i++) sum += s->flow[i] * 0 + s->loss[i] * 0;
  for (int32_t i = 0; i < s->nodes; i++) sum += s->pressure[i] * 0;
  return sum == 0;
}

// Scales, and what no step changes.
static void set_scales(const clx_hydraulic *net, clx_hydraulic_solver *s) {
  double pressure = 1, low = INFINITY, high = -INFINITY;  // at least 1 Pa
  s->scale_q = 0;
  for (int32_t i = 0; i < s->nodes; i++) {
    const bool fixed = net->pressure && !isnan(net->pressure[i]);
    if (s->given[i]) s->pressure[i] = (fixed ? net->pressure[i] : 0) + weight_at(net, i);
    if (fixed) {
      low = fmin(low, s->pressure[i]);
      high = fmax(high, s->pressure[i]);
    }
    if (net->inflow) s->scale_q = fmax(s->scale_q, fabs(net->inflow[i]));
  }
  if (high > low) pressure = fmax(pressure, high - low);
  for (int32_t i = 0; i < s->branches; i++) {
    const clx_branch *branch = &net->branch[i];
    if (branch->kind == CLX_BRANCH_PUMP) {
      pressure = fmax(pressure, branch->pump.head);
      s->scale_q = fmax(s->scale_q, branch->pump.flow);
    }
  }
  if (s->scale_q > 0 && pressure > 1) {
    s->scale_p = pressure;
    return;
  }
  for (int32_t i = 0; i < s->branches; i++) {
    const double flow = clx_branch_guess(net, &net->branch[i]);
    s->scale_q = fmax(s->scale_q, flow);
    pressure = fmax(pressure, fabs(clx_branch_loss(net, &net->branch[i], flow, NULL)));
  }
  s->scale_p = pressure;
}

// No flow, and laws that go straight from there to a flow of the order of the design: the first step solves that linear network.
static void set_start(const clx_hydraulic *net, clx_hydraulic_solver *s, const double *start) {
  if (start) {
    if (start != s->flow) memcpy(s->flow, start, (size_t)s->branches * sizeof(double));
    evaluate(net, s->flow, s->loss, s->slope);
    return;
  }
  for (int32_t i = 0; i < s->branches; i++) {
    const double flow = clx_branch_guess(net, &net->branch[i]);
    s->flow[i] = 0;
    s->loss[i] = clx_branch_loss(net, &net->branch[i], 0, NULL);
    s->slope[i] = (clx_branch_loss(net, &net->branch[i], flow, NULL) - s->loss[i]) / flow;
  }
}

static clx_status iterate(const clx_hydraulic *net, clx_hydraulic_solver *s, clx_hydraulic_state *state,
                          clx_error *error) {
  double best = INFINITY;
  int32_t stalled = 0;
  bool linear = !s->started;  // the first losses are those of straight laws
  state->mass_residual = INFINITY;
  for (state->iterations = 0; state->iterations < ITERATIONS_MAX; state->iterations++) {
    fill_right(net, s);
    if (!linear) {
      measure(net, s, state);
      const double worst = fmax(state->mass_residual, state->energy_residual);
      if (worst <= AIM) return CLX_OK;
      stalled = worst < 0.5 * best ? 0 : stalled + 1;
      if (best <= ENOUGH && worst <= ENOUGH && stalled >= 1) return CLX_OK;
      best = fmin(best, worst);
    }
    fill_matrix(net, s);
    if (!solve_step(s)) {
      return clx_fail_plain(
          error, CLX_INPUT,
          "network: its equations are singular after %d steps, expected branches that resist and design flows "
          "within a factor of 1e9",
          (int)state->iterations);
    }
    for (int32_t i = 0; i < s->nodes; i++) {
      if (s->row[i] >= 0) s->pressure[i] += s->scale_p * s->step[s->row[i]];
    }
    take_step(net, s, linear || state->mass_residual > 1e-9);
    if (!finite_state(s)) break;
    linear = false;
  }
  return clx_fail_plain(error, CLX_INTERNAL,
                        "network: no solution after %d steps; %.3g of the flow and %.3g of the pressure are missing",
                        (int)state->iterations, state->mass_residual, state->energy_residual);
}

// Inflows may have changed: those of a part without a fixed pressure still sum to zero.
static clx_status same_balance(const clx_hydraulic *net, const clx_hydraulic_solver *s, clx_error *error) {
  if (!net->inflow) return CLX_OK;
  for (int32_t i = 0; i < s->nodes; i++) s->sum[i] = s->size[i] = 0;
  for (int32_t i = 0; i < s->nodes; i++) {
    if (!(fabs(net->inflow[i]) <= 1e6)) {
      return clx_fail_plain(error, CLX_INPUT, "node %d: inflow is %.6g m3/s, expected a number", (int)i,
                            net->inflow[i]);
    }
    if (s->part[i] < 0) continue;
    s->sum[s->part[i]] += net->inflow[i];
    s->size[s->part[i]] += fabs(net->inflow[i]);
  }
  for (int32_t i = 0; i < s->nodes; i++) {
    if (fabs(s->sum[i]) <= 1e-9 * s->size[i]) continue;
    return clx_fail_plain(error, CLX_INPUT, "inflows of the part of node %s sum to %.6g m3/s, expected 0",
                          net->node && net->node[i] ? net->node[i] : "?", s->sum[i]);
  }
  return CLX_OK;
}

static clx_status same_network(const clx_hydraulic *net, const clx_hydraulic_solver *s, clx_error *error) {
  bool same = net->branch_count == s->branches && net->node_count == s->nodes;
  for (int32_t i = 0; same && i < s->branches; i++) {
    CLX_TRY(clx_branch_check(net, &net->branch[i], error));
    same = net->branch[i].from == s->from[i] && net->branch[i].to == s->to[i];
  }
  for (int32_t i = 0; same && i < s->nodes; i++) same = s->fixed[i] == (net->pressure && !isnan(net->pressure[i]));
  if (same) return same_balance(net, s, error);
  return clx_fail_plain(error, CLX_INPUT,
                        "network: not the one that the solver was opened for, expected the same nodes, branches "
                        "and fixed pressures");
}

static clx_status solve_from(clx_hydraulic_solver *s, const clx_hydraulic *net, const double *start,
                             clx_hydraulic_state *state, clx_error *error) {
  set_scales(net, s);
  set_start(net, s, start);
  s->started = start != NULL;
  const clx_status status = iterate(net, s, state, error);
  s->started = status == CLX_OK;
  if (status != CLX_OK) return status;
  memcpy(state->flow, s->flow, (size_t)s->branches * sizeof(double));
  for (int32_t i = 0; i < s->nodes; i++) state->pressure[i] = s->pressure[i] - weight_at(net, i);
  state->over = -1;
  for (int32_t i = 0; i < s->branches && state->over < 0; i++) {
    if (clx_branch_overrun(&net->branch[i], s->flow[i])) state->over = i;
  }
  return CLX_OK;
}

clx_status clx_hydraulic_again(clx_hydraulic_solver *s, const clx_hydraulic *net, clx_hydraulic_state *state,
                               clx_error *error) {
  CLX_TRY(same_network(net, s, error));
  return solve_from(s, net, s->started ? s->flow : NULL, state, error);
}

clx_status clx_hydraulic_solve(const clx_hydraulic *net, const double *start, clx_arena *arena,
                               clx_hydraulic_state *state, clx_error *error) {
  clx_hydraulic_solver *s = NULL;
  CLX_TRY(clx_hydraulic_open(net, &s, error));
  state->flow = CLX_NEW_ARRAY(arena, double, net->branch_count);
  state->pressure = CLX_NEW_ARRAY(arena, double, net->node_count);
  clx_status status = CLX_OK;
  if (!state->flow || !state->pressure) status = clx_fail_plain(error, CLX_MEMORY, "out of memory");
  if (status == CLX_OK) status = solve_from(s, net, start, state, error);
  clx_hydraulic_close(s);
  if (status != CLX_OK || state->over < 0) return status;
  const clx_branch *branch = &net->branch[state->over];
  const double flow = state->flow[state->over];
  const char *name = branch->name ? branch->name : "?";
  if (flow < 0) {
    return clx_fail_plain(error, CLX_INFEASIBLE,
                          "check valve %s: the network presses %.6g m3/s back through it, expected another way out",
                          name, -flow);
  }
  return clx_fail_plain(
      error, CLX_INFEASIBLE,
      "pump %s: the network asks it for %.6g m3/s, beyond the end of its curve at %.6g m3/s (speed %.3g)", name, flow,
      clx_mover_end(&branch->pump, branch->speed), branch->speed);
}
