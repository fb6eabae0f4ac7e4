// Optimal switching between modes: backward regression, then the policy on fresh paths.
#include <math.h>
#include <string.h>

#include "cost/cost_option.h"

enum { BASIS = CLX_SWITCH_BASIS_MAX };

static int32_t basis_count(int32_t states) {
  static const int32_t count[] = {1, 4, 8, 13};
  return count[states];
}

// Cubic in each standardised state, with the products of two.
static void fill_basis(const double *x, int32_t states, double *b) {
  int32_t n = 0;
  b[n++] = 1;
  for (int32_t i = 0; i < states; i++) {
    b[n++] = x[i];
    b[n++] = x[i] * x[i] - 1;
    b[n++] = x[i] * (x[i] * x[i] - 3);
  }
  for (int32_t i = 0; i < states; i++) {
    for (int32_t j = i + 1; j < states; j++) b[n++] = x[i] * x[j];
  }
}

static const double *at(const double *array, int32_t date, int32_t rows, int32_t row, int32_t paths) {
  return array + ((size_t)date * (size_t)rows + (size_t)row) * (size_t)paths;
}

static void standardise(const clx_switch_paths *p, int32_t date, double *mean, double *scale) {
  for (int32_t s = 0; s < p->states; s++) {
    const double *x = at(p->state, date, p->states, s, p->paths);
    clx_sum squares = {0};
    mean[s] = clx_mean(x, p->paths);
    for (int32_t k = 0; k < p->paths; k++) clx_sum_add(&squares, (x[k] - mean[s]) * (x[k] - mean[s]));
    const double deviation = sqrt(clx_sum_value(&squares) / p->paths);
    scale[s] = deviation > 1e-12 * (1 + fabs(mean[s])) ? 1 / deviation : 0;  // 0: the same on all paths
  }
}

static void basis_of(const clx_switch_paths *p, int32_t date, int32_t path, const double *mean, const double *scale,
                     double *b) {
  double x[CLX_STATES_MAX];
  for (int32_t s = 0; s < p->states; s++)
    x[s] = (at(p->state, date, p->states, s, p->paths)[path] - mean[s]) * scale[s];
  fill_basis(x, p->states, b);
}

// Solves the symmetric system in place by Cholesky; terms that others already say (or that never move) get weight 0.
static void solve(double a[BASIS][BASIS], double rhs[CLX_MODES_MAX][BASIS], int32_t n, int32_t sides) {
  bool used[BASIS];
  double first[BASIS];
  for (int32_t j = 0; j < n; j++) first[j] = a[j][j];
  for (int32_t j = 0; j < n; j++) {
    for (int32_t k = 0; k < j; k++) a[j][j] -= a[j][k] * a[j][k];
    used[j] = a[j][j] > 1e-9 * first[j] && first[j] > 0;
    a[j][j] = used[j] ? sqrt(a[j][j]) : 1;
    for (int32_t i = j + 1; i < n; i++) {
      for (int32_t k = 0; k < j; k++) a[i][j] -= a[i][k] * a[j][k];
      a[i][j] = used[j] ? a[i][j] / a[j][j] : 0;
    }
    if (!used[j]) {
      for (int32_t k = 0; k < j; k++) a[j][k] = 0;
    }
  }
  for (int32_t s = 0; s < sides; s++) {
    double *x = rhs[s];
    for (int32_t i = 0; i < n; i++) {
      for (int32_t k = 0; k < i; k++) x[i] -= a[i][k] * x[k];
      x[i] = used[i] ? x[i] / a[i][i] : 0;
    }
    for (int32_t i = n - 1; i >= 0; i--) {
      for (int32_t k = i + 1; k < n; k++) x[i] -= a[k][i] * x[k];
      x[i] = used[i] ? x[i] / a[i][i] : 0;
    }
  }
}

// Worth of going on in each mode from `date`, regressed on the states of that date: next[mode][path] is what came after it.
static void regress(const clx_switch_paths *p, int32_t date, double discount, const double *next,
                    const clx_switch_policy *policy) {
  const int32_t n = basis_count(p->states);
  const double *mean = policy->mean + date * p->states, *scale = policy->scale + date * p->states;
  double a[BASIS][BASIS] = {{0}}, rhs[CLX_MODES_MAX][BASIS] = {{0}}, b[BASIS];
  for (int32_t k = 0; k < p->paths; k++) {
    basis_of(p, date, k, mean, scale, b);
    for (int32_t i = 0; i < n; i++) {
      for (int32_t j = 0; j <= i; j++) a[i][j] += b[i] * b[j];
      for (int32_t m = 0; m < p->modes; m++)
        rhs[m][i] += b[i] * discount * next[(size_t)m * (size_t)p->paths + (size_t)k];
    }
  }
  solve(a, rhs, n, p->modes);
  for (int32_t m = 0; m < p->modes; m++) {
    double *w = policy->weight + ((size_t)date * (size_t)p->modes + (size_t)m) * BASIS;
    memcpy(w, rhs[m], sizeof(double) * (size_t)n);
  }
}

static bool may(const clx_switching *of, int32_t date, int32_t from, int32_t to) {
  return to == from || (of->allowed[from][to] && (date == 0 || !of->once[from][to]));
}

static bool pays(const clx_switching *of, int32_t from, int32_t to) { return to != from && !of->free[from][to]; }

// The best mode at a date for who comes in mode `from`, by what the policy expects.
static int32_t choose(const clx_switching *of, const clx_switch_policy *policy, const clx_switch_paths *p, int32_t date,
                      int32_t path, const double *b, int32_t from) {
  const int32_t n = basis_count(p->states);
  int32_t best = from;
  double most = -INFINITY;
  for (int32_t to = 0; to < p->modes; to++) {
    if (!may(of, date, from, to)) continue;
    const double *w = policy->weight + ((size_t)date * (size_t)p->modes + (size_t)to) * BASIS;
    double worth = at(p->flow, date, p->modes, to, p->paths)[path];
    if (pays(of, from, to)) worth -= at(p->enter, date, p->modes, to, p->paths)[path];
    for (int32_t i = 0; i < n; i++) worth += w[i] * b[i];
    if (worth > most) {
      most = worth;
      best = to;
    }
  }
  return best;
}

static clx_status check_paths(const clx_switching *of, const clx_switch_paths *p, clx_error *error) {
  if (p->modes < 1 || p->modes > CLX_MODES_MAX || p->states < 0 || p->states > CLX_STATES_MAX || p->dates < 1)
    return clx_fail_plain(error, CLX_INPUT, "%d modes, %d states, %d dates; expected 1 to %d, 0 to %d, at least 1",
                          p->modes, p->states, p->dates, CLX_MODES_MAX, CLX_STATES_MAX);
  if (p->paths < 10 * basis_count(p->states))
    return clx_fail_plain(error, CLX_INPUT, "%d paths for a regression on %d terms; expected at least %d", p->paths,
                          basis_count(p->states), 10 * basis_count(p->states));
  if (of->first < 0 || of->first >= p->modes)
    return clx_fail_plain(error, CLX_INPUT, "the first mode is %d; expected 0 to %d", of->first, p->modes - 1);
  return CLX_OK;
}

static clx_status make_policy(const clx_switch_paths *p, clx_arena *arena, clx_switch_policy *policy,
                              clx_error *error) {
  const size_t states = (size_t)p->dates * (size_t)p->states + 1;
  *policy = (clx_switch_policy){.dates = p->dates, .states = p->states, .modes = p->modes};
  policy->mean = CLX_NEW_ARRAY(arena, double, states);
  policy->scale = CLX_NEW_ARRAY(arena, double, states);
  policy->weight = CLX_NEW_ARRAY(arena, double, (size_t)p->dates *(size_t)p->modes *BASIS);
  if (policy->mean == NULL || policy->scale == NULL || policy->weight == NULL)
    return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  return CLX_OK;
}

// One date back: what each path was worth in each mode before the decision of this date.
static void step_back(const clx_switching *of, const clx_switch_paths *p, const clx_switch_policy *policy, int32_t date,
                      const double *next, double *before) {
  double b[BASIS];
  for (int32_t k = 0; k < p->paths; k++) {
    basis_of(p, date, k, policy->mean + date * p->states, policy->scale + date * p->states, b);
    for (int32_t from = 0; from < p->modes; from++) {
      const int32_t to = choose(of, policy, p, date, k, b, from);
      double worth =
          at(p->flow, date, p->modes, to, p->paths)[k] + of->discount * next[(size_t)to * (size_t)p->paths + (size_t)k];
      if (pays(of, from, to)) worth -= at(p->enter, date, p->modes, to, p->paths)[k];
      before[(size_t)from * (size_t)p->paths + (size_t)k] = worth;
    }
  }
}

clx_status clx_switch_fit(const clx_switching *of, const clx_switch_paths *p, clx_arena *arena,
                          clx_switch_policy *policy, double *value, clx_error *error) {
  CLX_TRY(check_paths(of, p, error));
  CLX_TRY(make_policy(p, arena, policy, error));
  const size_t room = (size_t)p->modes * (size_t)p->paths;
  double *next = CLX_NEW_ARRAY(arena, double, room), *before = CLX_NEW_ARRAY(arena, double, room);
  if (next == NULL || before == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  memcpy(next, p->end, sizeof(double) * room);
  for (int32_t date = p->dates - 1; date >= 0; date--) {
    standardise(p, date, policy->mean + date * p->states, policy->scale + date * p->states);
    regress(p, date, of->discount, next, policy);
    step_back(of, p, policy, date, next, before);
    double *held = next;
    next = before;
    before = held;
  }
  *value = clx_mean(next + (size_t)of->first * (size_t)p->paths, p->paths);
  return CLX_OK;
}

clx_status clx_switch_follow(const clx_switching *of, const clx_switch_policy *policy, const clx_switch_paths *p,
                             clx_arena *arena, clx_cost_band *band, double *worth, int32_t *mode, clx_error *error) {
  CLX_TRY(check_paths(of, p, error));
  if (policy->dates != p->dates || policy->states != p->states || policy->modes != p->modes)
    return clx_fail_plain(error, CLX_INPUT, "a policy of %d dates, %d states, %d modes for paths of %d, %d, %d",
                          policy->dates, policy->states, policy->modes, p->dates, p->states, p->modes);
  double *sum = CLX_NEW_ARRAY(arena, double, p->paths), b[BASIS];
  if (sum == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t k = 0; k < p->paths; k++) {
    double factor = 1;
    int32_t now = of->first;
    for (int32_t date = 0; date < p->dates; date++, factor *= of->discount) {
      basis_of(p, date, k, policy->mean + date * p->states, policy->scale + date * p->states, b);
      const int32_t to = choose(of, policy, p, date, k, b, now);
      if (pays(of, now, to)) sum[k] -= factor * at(p->enter, date, p->modes, to, p->paths)[k];
      sum[k] += factor * at(p->flow, date, p->modes, to, p->paths)[k];
      now = to;
      if (mode != NULL) mode[(size_t)date * (size_t)p->paths + (size_t)k] = now;
    }
    sum[k] += factor * p->end[(size_t)now * (size_t)p->paths + (size_t)k];
  }
  if (worth != NULL) memcpy(worth, sum, sizeof(double) * (size_t)p->paths);
  *band = clx_cost_band_of(sum, p->paths);
  return CLX_OK;
}
