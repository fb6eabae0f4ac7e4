// Fitting one parameter set: reweighted least squares (Levenberg-Marquardt) for the mean absolute logarithmic error, from
// several starts, then a pattern search, since tile choices make the error bend and kink.
#include <math.h>
#include <string.h>

#include "calibrate/calibrate.h"

enum { PARAMETERS_MAX = 48 };

static const double SMOOTH = 0.01;  // errors below this count quadratically

typedef struct problem {
  const clx_device *device;
  const clx_kernel_family *family;
  const clx_kernel_rows *rows;
  const int32_t *chosen;  // count rows, thinned
  int32_t count;
  double *weight;    // of each chosen row
  double *residual;  // log(predicted / measured)
  double *trial;     // the same for a trial step
  double *jacobian;  // count x parameter_count
  const clx_row *parameter[PARAMETERS_MAX];
  int32_t parameter_count;
  void *object;  // parameter struct being evaluated
} problem;

void clx_fit_options_default(clx_fit_options *options) {
  *options = (clx_fit_options){.rows_max = 3000, .restarts = 2, .iterations = 25};
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

static void set_parameters(const problem *p, const double *u) {
  for (int32_t i = 0; i < p->parameter_count; i++) {
    *(double *)((char *)p->object + p->parameter[i]->offset) = to_value(p->parameter[i], u[i]);
  }
}

static void get_coordinates(const problem *p, double *u) {
  for (int32_t i = 0; i < p->parameter_count; i++) {
    u[i] = to_coordinate(p->parameter[i], *(const double *)((const char *)p->object + p->parameter[i]->offset));
  }
}

// --- objective -----------------------------------------------------------------------------------------------------------

static double evaluate(const problem *p, const double *u, double *residual) {
  set_parameters(p, u);
  double sum = 0, weights = 0;
  for (int32_t i = 0; i < p->count; i++) {
    const int32_t row = p->chosen[i];
    const clx_kernel_cost cost =
        p->family->cost(p->device, p->rows->format[row], p->object, clx_kernel_rows_shape(p->rows, row));
    const double r = log(cost.time / p->rows->time[row]);
    residual[i] = isfinite(r) ? r : 20;
    sum += p->weight[i] * (sqrt(residual[i] * residual[i] + SMOOTH * SMOOTH) - SMOOTH);
    weights += p->weight[i];
  }
  return sum / weights;
}

static void differentiate(const problem *p, const double *u) {
  double moved[PARAMETERS_MAX];
  memcpy(moved, u, sizeof moved);
  for (int32_t k = 0; k < p->parameter_count; k++) {
    const double step = u[k] < 0.5 ? 2e-3 : -2e-3;
    moved[k] = u[k] + step;
    evaluate(p, moved, p->trial);
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

static void normal_make(const problem *p, normal *n) {
  const int32_t count = p->parameter_count;
  memset(n, 0, sizeof *n);
  for (int32_t i = 0; i < p->count; i++) {
    const double *row = &p->jacobian[(size_t)i * (size_t)count];
    const double w = p->weight[i] / sqrt(p->residual[i] * p->residual[i] + SMOOTH * SMOOTH);
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
  double l[PARAMETERS_MAX][PARAMETERS_MAX];
  double largest = 0;
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

static double descend(const problem *p, double *u, int32_t iterations) {
  static const double STEP_MAX = 0.25, ENOUGH = 2e-4;
  double damping = 0.01, best = evaluate(p, u, p->residual);
  int32_t idle = 0;
  for (int32_t it = 0; it < iterations && idle < 3; it++) {
    normal n;
    differentiate(p, u);
    normal_make(p, &n);
    const double before = best;
    for (int32_t attempt = 0; attempt < 7; attempt++, damping *= 5) {
      double step[PARAMETERS_MAX], next[PARAMETERS_MAX];
      if (!solve(&n, p->parameter_count, damping, step)) continue;
      for (int32_t k = 0; k < p->parameter_count; k++) {
        next[k] = fmin(fmax(u[k] + fmin(fmax(step[k], -STEP_MAX), STEP_MAX), 0), 1);
      }
      const double now = evaluate(p, next, p->trial);
      if (now >= best) continue;
      best = now;
      memcpy(u, next, sizeof next);
      memcpy(p->residual, p->trial, sizeof(double) * (size_t)p->count);
      damping = fmax(damping / 10, 1e-7);
      break;
    }
    damping = fmin(damping, 1e4);
    idle = best < before * (1 - ENOUGH) ? 0 : idle + 1;
  }
  return best;
}

// One parameter at a time, in shrinking steps: gets over kinks where the gradient says nothing.
static double polish(const problem *p, double *u, double best) {
  static const double steps[] = {0.08, 0.03, 0.01, 0.004};
  for (int32_t s = 0; s < CLX_COUNT(steps); s++) {
    for (int32_t k = 0; k < p->parameter_count; k++) {
      for (double sign = -1; sign <= 1; sign += 2) {
        double next[PARAMETERS_MAX];
        memcpy(next, u, sizeof next);
        next[k] = fmin(fmax(u[k] + sign * steps[s], 0), 1);
        const double now = evaluate(p, next, p->trial);
        if (now >= best) continue;
        best = now;
        memcpy(u, next, sizeof next);
        break;
      }
    }
  }
  return best;
}

// --- starts -----------------------------------------------------------------------------------------------------------------

static double uniform(uint64_t counter) {
  uint64_t x = counter * 0x9e3779b97f4a7c15U + 0x632be59bd9b4e019U;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return (double)((x ^ (x >> 31)) >> 11) * 0x1p-53;
}

// A parameter that does not matter for these rows keeps its initial value, not whatever a start left there.
static void pin(const problem *p, const double *start, double *u, double best) {
  static const double SAME = 1e-7;
  for (int32_t k = 0; k < p->parameter_count; k++) {
    const double kept = u[k];
    u[k] = start[k];
    if (evaluate(p, u, p->trial) > best * (1 + SAME)) u[k] = kept;
  }
}

static double search(const problem *p, const clx_fit_options *options, double *best_u) {
  static const double SPREAD = 0.4;
  double start[PARAMETERS_MAX] = {0}, best = INFINITY;
  get_coordinates(p, start);
  for (int32_t s = 0; s <= options->restarts; s++) {
    double u[PARAMETERS_MAX] = {0};
    for (int32_t k = 0; k < p->parameter_count; k++) {
      const double shift = s == 0 ? 0 : SPREAD * (uniform((uint64_t)(s * PARAMETERS_MAX + k)) - 0.5);
      u[k] = fmin(fmax(start[k] + shift, 0.01), 0.99);
    }
    double now = descend(p, u, options->iterations);
    now = polish(p, u, now);
    now = descend(p, u, options->iterations / 2 + 1);
    if (now >= best) continue;
    best = now;
    memcpy(best_u, u, sizeof u);
  }
  best = polish(p, best_u, best);
  pin(p, start, best_u, best);
  return best;
}

// --- rows -------------------------------------------------------------------------------------------------------------------

// Every size class counts for something, however few rows it has.
static void weigh(const problem *p) {
  int32_t in_class[CLX_KERNEL_CLASSES_MAX] = {0}, classes = 0;
  for (int32_t i = 0; i < p->count; i++) in_class[p->rows->class_index[p->chosen[i]]]++;
  for (int32_t c = 0; c < CLX_KERNEL_CLASSES_MAX; c++) classes += in_class[c] > 0;
  for (int32_t i = 0; i < p->count; i++) {
    const int32_t rows = in_class[p->rows->class_index[p->chosen[i]]];
    p->weight[i] = 0.5 + 0.5 * p->count / ((double)classes * rows);
  }
}

// An even sample: rows are spread by a hash of their index, so that no period of the table shows.
static int32_t thin(const int32_t *chosen, int32_t count, int32_t most, int32_t *out) {
  const double share = count <= most ? 2 : (double)most / count;
  int32_t kept = 0;
  for (int32_t i = 0; i < count; i++) {
    if (uniform((uint64_t)chosen[i] + (1U << 20)) < share) out[kept++] = chosen[i];
  }
  return kept;
}

clx_status clx_fit_set(const clx_device *device, const clx_kernel_rows *rows, const int32_t *chosen, int32_t count,
                       const clx_fit_options *options, void *parameters, clx_error *error) {
  problem p = {.device = device, .family = rows->family, .rows = rows, .object = parameters};
  for (int32_t i = 0; i < rows->family->schema->count; i++) {
    const clx_row *row = &rows->family->schema->rows[i];
    if (row->kind == CLX_ROW_REAL && p.parameter_count < PARAMETERS_MAX) p.parameter[p.parameter_count++] = row;
  }
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  int32_t *kept = CLX_NEW_ARRAY(arena, int32_t, count + 1);
  if (kept != NULL) p.count = thin(chosen, count, options->rows_max, kept);
  p.chosen = kept;
  p.weight = CLX_NEW_ARRAY(arena, double, p.count + 1);
  p.residual = CLX_NEW_ARRAY(arena, double, p.count + 1);
  p.trial = CLX_NEW_ARRAY(arena, double, p.count + 1);
  p.jacobian = CLX_NEW_ARRAY(arena, double, (size_t)(p.count + 1) * (size_t)p.parameter_count);
  clx_status status = CLX_OK;
  if (kept == NULL || !p.weight || !p.residual || !p.trial || !p.jacobian) {
    status = clx_fail_plain(error, CLX_MEMORY, "out of memory");
  } else if (p.count <= p.parameter_count) {
    status = clx_fail_plain(error, CLX_INPUT, "%s: %d measurements are too few for %d parameters", rows->file, p.count,
                            p.parameter_count);
  } else {
    double u[PARAMETERS_MAX] = {0};
    weigh(&p);
    search(&p, options, u);
    set_parameters(&p, u);
  }
  clx_arena_free(arena);
  return status;
}
