// Where sweeps do not settle by themselves: the next point of a fixed-point iteration x = f(x) from the last few (Anderson 1965, "Iterative procedures
// for nonlinear integral equations", J. ACM 12; in the notation of Walker and Ni 2011, SIAM J. Numer. Anal. 49).
#include "cooling/cooling_plant_internal.h"

#include <math.h>
#include <string.h>

// Gauss with pivots; a column that adds nothing gets no weight.
static void solve_small(int32_t n, double a[CLX_MIXING_DEPTH][CLX_MIXING_DEPTH + 1], double *x) {
  bool dead[CLX_MIXING_DEPTH] = {false};
  int32_t row_of[CLX_MIXING_DEPTH], rows = 0;
  double largest = 0;
  for (int32_t i = 0; i < n; i++) largest = fmax(largest, a[i][i]);
  for (int32_t c = 0; c < n; c++) {
    int32_t best = rows;
    for (int32_t r = rows; r < n; r++)
      if (fabs(a[r][c]) > fabs(a[best][c])) best = r;
    dead[c] = !(fabs(a[best][c]) > 1e-13 * largest);
    if (dead[c]) continue;
    for (int32_t k = 0; best != rows && k <= n; k++) {
      const double swap = a[best][k];
      a[best][k] = a[rows][k];
      a[rows][k] = swap;
    }
    for (int32_t r = rows + 1; r < n; r++) {
      const double factor = a[r][c] / a[rows][c];
      for (int32_t k = c; k <= n; k++) a[r][k] -= factor * a[rows][k];
    }
    row_of[c] = rows++;
  }
  for (int32_t c = n - 1; c >= 0; c--) {
    x[c] = 0;
    if (dead[c]) continue;
    const double *row = a[row_of[c]];
    double sum = row[n];
    for (int32_t k = c + 1; k < n; k++) sum -= row[k] * x[k];
    x[c] = sum / row[c];
  }
}

void clx_mixing_next(clx_mixing *mixing, int32_t size, const double *scale, const double *x, const double *f,
                     double *next) {
  clx_mixing *m = mixing;
  if (m->count > CLX_MIXING_DEPTH) {  // the oldest goes
    memmove(m->x[0], m->x[1], sizeof m->x[0] * CLX_MIXING_DEPTH);
    memmove(m->f[0], m->f[1], sizeof m->f[0] * CLX_MIXING_DEPTH);
    m->count = CLX_MIXING_DEPTH;
  }
  memcpy(m->x[m->count], x, sizeof *x * (size_t)size);
  memcpy(m->f[m->count], f, sizeof *f * (size_t)size);
  const int32_t n = m->count++;  // differences to the last
  double a[CLX_MIXING_DEPTH][CLX_MIXING_DEPTH + 1] = {{0}}, weight[CLX_MIXING_DEPTH];
  for (int32_t i = 0; i < n; i++) {
    for (int32_t j = 0; j <= n; j++) {
      for (int32_t k = 0; k < size; k++) {
        const double last = f[k] - x[k], by = (last - (m->f[i][k] - m->x[i][k])) / scale[k];
        const double with = j < n ? (last - (m->f[j][k] - m->x[j][k])) / scale[k] : last / scale[k];
        a[i][j] += by * with;
      }
    }
  }
  solve_small(n, a, weight);
  for (int32_t k = 0; k < size; k++) {
    next[k] = f[k];
    for (int32_t i = 0; i < n; i++) next[k] -= weight[i] * (f[k] - m->f[i][k]);
  }
}
