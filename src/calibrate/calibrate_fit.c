// The engine of all fits: reweighted least squares (Levenberg-Marquardt) for the mean absolute logarithmic error, from several
// starts, then a pattern search, since tile choices make the error bend and kink.
#include <math.h>
#include <string.h>

#include "calibrate/calibrate_internal.h"

enum { PARAMETERS_MAX = CLX_FIT_PARAMETERS_MAX };

static const double SMOOTH = 0.01;  // errors below this count quadratically

typedef struct fit {
  const clx_fit_problem *problem;
  int32_t count, parameter_count;
  double *residual;  // errors at the point that a search stands at
  double *trial;     // the same for a trial step
  double *jacobian;  // count x parameter_count
} fit;

void clx_fit_options_default(clx_fit_options *options) {
  *options = (clx_fit_options){.rows_max = 3000, .restarts = 2, .iterations = 25};
}

void clx_fit_add_parameters(clx_fit_problem *problem, const clx_schema *schema, void *object,
                            const char *const *fixed) {
  for (int32_t i = 0; i < schema->count && problem->parameter_count < PARAMETERS_MAX; i++) {
    const clx_row *row = &schema->rows[i];
    bool kept = row->kind == CLX_ROW_REAL;
    for (int32_t k = 0; fixed != NULL && fixed[k] != NULL; k++) kept = kept && strcmp(fixed[k], row->key) != 0;
    if (!kept) continue;
    problem->parameter[problem->parameter_count].row = row;
    problem->parameter[problem->parameter_count++].value = (double *)(void *)((char *)object + row->offset);
  }
}

// --- coordinates: every parameter runs from 0 to 1 over its range, in the logarithm when the range is positive ---------------

static double to_value(const clx_row *row, double u) {
  if (u < 0) u = 0;
  if (u > 1) u = 1;
  if (row->minimum > 0) return fmin(row->maximum, row->minimum * pow(row->maximum / row->minimum, u));
  return row->minimum + u * (row->maximum - row->minimum);
}

static double to_coordinate(const clx_row *row, double value) {
  const double v = fmin(fmax(value, row->minimum), row->maximum);
  const double u = row->minimum > 0 ? log(v / row->minimum) / log(row->maximum / row->minimum)
                                    : (v - row->minimum) / (row->maximum - row->minimum);
  return fmin(fmax(u, 0), 1);
}

static void set_parameters(const fit *p, const double *u) {
  for (int32_t i = 0; i < p->parameter_count; i++) {
    *p->problem->parameter[i].value = to_value(p->problem->parameter[i].row, u[i]);
  }
}

static void get_coordinates(const fit *p, double *u) {
  for (int32_t i = 0; i < p->parameter_count; i++) {
    u[i] = to_coordinate(p->problem->parameter[i].row, *p->problem->parameter[i].value);
  }
}

// --- objective -----------------------------------------------------------------------------------------------------------

// Residuals and their mean at u. `changed` >= 0: u differs from the point of p->residual in that coordinate only.
static double evaluate(const fit *p, const double *u, int32_t changed, double *residual) {
  const clx_fit_problem *problem = p->problem;
  set_parameters(p, u);
  double sum = 0, weights = 0;
  for (int32_t i = 0; i < p->count; i++) {
    if (changed >= 0 && problem->uses != NULL && (problem->uses[i] >> changed & 1U) == 0) {
      residual[i] = p->residual[i];
    } else {
      const double ratio = problem->predict(problem->context, i) / problem->measured[i];
      const double r = problem->relative ? ratio - 1 : log(ratio);
      residual[i] = isfinite(r) ? r : 20;
    }
    sum += problem->weight[i] * (sqrt(residual[i] * residual[i] + SMOOTH * SMOOTH) - SMOOTH);
    weights += problem->weight[i];
  }
  return sum / weights;
}

static void keep_trial(const fit *p) { memcpy(p->residual, p->trial, sizeof(double) * (size_t)p->count); }

static void differentiate(const fit *p, const double *u) {
  double moved[PARAMETERS_MAX];
  memcpy(moved, u, sizeof moved);
  for (int32_t k = 0; k < p->parameter_count; k++) {
    const double step = u[k] < 0.5 ? 2e-3 : -2e-3;
    moved[k] = u[k] + step;
    evaluate(p, moved, k, p->trial);
    for (int32_t i = 0; i < p->count; i++) {
      p->jacobian[(size_t)i * (size_t)p->parameter_count + (size_t)k] = (p->trial[i] - p->residual[i]) / step;
    }
    moved[k] = u[k];
  }
}

// --- one descent -----------------------------------------------------------------------------------------------------------

typedef struct normal {
  double a[PARAMETERS_MAX][PARAMETERS_MAX];
  double b[PARAMETERS_MAX];
} normal;

static void normal_make(const fit *p, normal *n) {
  const int32_t count = p->parameter_count;
  memset(n, 0, sizeof *n);
  for (int32_t i = 0; i < p->count; i++) {
    const double *row = &p->jacobian[(size_t)i * (size_t)count];
    const double w = p->problem->weight[i] / sqrt(p->residual[i] * p->residual[i] + SMOOTH * SMOOTH);
    for (int32_t k = 0; k < count; k++) {
      const double wk = w * row[k];
      if (wk == 0) continue;
      n->b[k] -= wk * p->residual[i];
      for (int32_t l = 0; l <= k; l++) n->a[k][l] += wk * row[l];
    }
  }
}

// Solves (A + damping * (diag A + floor)) x = b by Cholesky. False when not positive definite.
static bool solve(const normal *n, int32_t count, double damping, double *x) {
  static const double FLOOR = 1e-9;
  double l[PARAMETERS_MAX][PARAMETERS_MAX] = {{0}};
  double largest = 0;
  if (count > PARAMETERS_MAX) return false;
  for (int32_t i = 0; i < count; i++) largest = fmax(largest, n->a[i][i]);
  for (int32_t i = 0; i < count; i++) {
    for (int32_t k = 0; k <= i; k++) {
      double sum = n->a[i][k] + (i == k ? damping * (n->a[i][i] + 1e-4 * largest) + FLOOR * largest : 0);
      for (int32_t j = 0; j < k; j++) sum -= l[i][j] * l[k][j];
      if (i != k) {
        l[i][k] = sum / l[k][k];
      } else {
        if (!(sum > 0)) return false;
        l[i][i] = sqrt(sum);
      }
    }
  }
  for (int32_t i = 0; i < count; i++) {
    double sum = n->b[i];
    for (int32_t j = 0; j < i; j++) sum -= l[i][j] * x[j];
    x[i] = sum / l[i][i];
  }
  for (int32_t i = count - 1; i >= 0; i--) {
    double sum = x[i];
    for (int32_t j = i + 1; j < count; j++) sum -= l[j][i] * x[j];
    x[i] = sum / l[i][i];
  }
  return true;
}

static double descend(const fit *p, double *u, int32_t iterations) {
  static const double STEP_MAX = 0.25, ENOUGH = 2e-4;
  double damping = 0.01, best = evaluate(p, u, -1, p->residual);
  int32_t idle = 0;
  for (int32_t it = 0; it < iterations && idle < 3; it++) {
    normal n;
    differentiate(p, u);
    normal_make(p, &n);
    const double before = best;
    for (int32_t attempt = 0; attempt < 7; attempt++) {
      double step[PARAMETERS_MAX], next[PARAMETERS_MAX];
      const bool solved = solve(&n, p->parameter_count, damping, step);
      damping *= 5;  // for the next attempt
      if (!solved) continue;
      for (int32_t k = 0; k < p->parameter_count; k++) {
        next[k] = fmin(fmax(u[k] + fmin(fmax(step[k], -STEP_MAX), STEP_MAX), 0), 1);
      }
      const double now = evaluate(p, next, -1, p->trial);
      if (now >= best) continue;
      best = now;
      memcpy(u, next, sizeof next);
      keep_trial(p);
      damping = fmax(damping / 50, 1e-7);
      break;
    }
    damping = fmin(damping, 1e4);
    idle = best < before * (1 - ENOUGH) ? 0 : idle + 1;
  }
  return best;
}

// One parameter at a time, in shrinking steps: gets over kinks where the gradient says nothing.
static double polish(const fit *p, double *u, double best) {
  static const double steps[] = {0.08, 0.03, 0.01, 0.004};
  evaluate(p, u, -1, p->residual);
  for (int32_t s = 0; s < CLX_COUNT(steps); s++) {
    for (int32_t k = 0; k < p->parameter_count; k++) {
      for (int32_t sign = -1; sign <= 1; sign += 2) {
        double next[PARAMETERS_MAX];
        memcpy(next, u, sizeof next);
        next[k] = fmin(fmax(u[k] + sign * steps[s], 0), 1);
        const double now = evaluate(p, next, k, p->trial);
        if (now >= best) continue;
        best = now;
        memcpy(u, next, sizeof next);
        keep_trial(p);
        break;
      }
    }
  }
  return best;
}

// --- starts -----------------------------------------------------------------------------------------------------------------

uint64_t clx_fit_mix(uint64_t x) {  // splitmix64
  x += 0x9e3779b97f4a7c15U;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

double clx_fit_uniform(uint64_t counter) { return (double)(clx_fit_mix(counter) >> 11) * 0x1p-53; }

// A parameter that does not matter for these rows keeps its initial value, not whatever a start left there.
static void pin(const fit *p, const double *start, double *u, double best) {
  static const double SAME = 1e-7;
  evaluate(p, u, -1, p->residual);
  for (int32_t k = 0; k < p->parameter_count; k++) {
    const double kept = u[k];
    u[k] = start[k];
    if (evaluate(p, u, k, p->trial) > best * (1 + SAME)) {
      u[k] = kept;
    } else {
      keep_trial(p);
    }
  }
}

static double search(const fit *p, const clx_fit_options *options, double *best_u) {
  static const double SPREAD = 0.4;
  enum { STRIDE = 48 };  // numbers of the hash between two starts
  double start[PARAMETERS_MAX] = {0}, best = INFINITY;
  get_coordinates(p, start);
  for (int32_t s = 0; s <= options->restarts; s++) {
    double u[PARAMETERS_MAX] = {0};
    for (int32_t k = 0; k < p->parameter_count; k++) {
      const double shift = s == 0 ? 0 : SPREAD * (clx_fit_uniform((uint64_t)s * STRIDE + (uint64_t)k) - 0.5);
      u[k] = fmin(fmax(start[k] + shift, 0.01), 0.99);
    }
    polish(p, u, descend(p, u, options->iterations));
    const double now = descend(p, u, options->iterations / 2 + 1);
    if (now >= best) continue;
    best = now;
    memcpy(best_u, u, sizeof u);
  }
  best = polish(p, best_u, best);
  pin(p, start, best_u, best);
  return best;
}

clx_status clx_fit(const clx_fit_problem *problem, const clx_fit_options *options, clx_error *error) {
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const fit p = {
      .problem = problem,
      .count = problem->count,
      .parameter_count = problem->parameter_count,
      .residual = CLX_NEW_ARRAY(arena, double, problem->count + 1),
      .trial = CLX_NEW_ARRAY(arena, double, problem->count + 1),
      .jacobian = CLX_NEW_ARRAY(arena, double, (size_t)(problem->count + 1) * (size_t)problem->parameter_count)};
  if (!p.residual || !p.trial || !p.jacobian) {
    clx_arena_free(arena);
    return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  }
  double u[PARAMETERS_MAX] = {0};
  search(&p, options, u);
  set_parameters(&p, u);
  clx_arena_free(arena);
  return CLX_OK;
}
