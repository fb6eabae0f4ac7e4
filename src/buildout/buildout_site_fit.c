// Classes of sites from published ones: censored fit, each site left out in turn.
#include <math.h>
#include <string.h>

#include "buildout/buildout_site.h"
#include "chance/chance.h"

enum { ROUNDS_MAX = 2000, FINISHED_LEAST = 3 };

static const double ROOT_TWO_PI = 2.5066282746310005024;

// Mean and variance of a standard normal above z.
static void above(double z, double *mean, double *variance) {
  const double tail = clx_normal_cdf(-z);
  const double hazard = z > 30 || tail <= 0 ? z + 1 / z : exp(-0.5 * z * z) / ROOT_TWO_PI / tail;
  *mean = hazard;
  *variance = fmax(0, 1 + hazard * (z - hazard));
}

// One round of expectation and maximisation; returns the largest change.
static double improve(const clx_site_row *row, int32_t count, int32_t groups, clx_site_fit *fit) {
  double sum[CLX_SITE_GROUPS_MAX] = {0}, mean[CLX_SITES_MAX], variance[CLX_SITES_MAX], square = 0, change = 0;
  int32_t members[CLX_SITE_GROUPS_MAX] = {0};
  for (int32_t i = 0; i < count; i++) {
    const double level = fit->level[row[i].group], y = log(row[i].time);
    mean[i] = y, variance[i] = 0;
    if (row[i].open) {
      double m = 0, v = 0;
      above((y - level) / fit->sigma, &m, &v);
      mean[i] = level + fit->sigma * m, variance[i] = fit->sigma * fit->sigma * v;
    }
    sum[row[i].group] += mean[i];
    members[row[i].group]++;
  }
  for (int32_t g = 0; g < groups; g++) {
    const double level = sum[g] / members[g];
    change = fmax(change, fabs(level - fit->level[g]));
    fit->level[g] = level;
  }
  for (int32_t i = 0; i < count; i++) {
    const double off = mean[i] - fit->level[row[i].group];
    square += off * off + variance[i];
  }
  const double sigma = fmax(sqrt(square / count), 1e-6);
  change = fmax(change, fabs(sigma - fit->sigma));
  fit->sigma = sigma;
  return change;
}

static clx_status check(const clx_site_row *row, int32_t count, int32_t most, int32_t groups, int32_t least,
                        clx_error *error) {
  int32_t finished[CLX_SITE_GROUPS_MAX] = {0}, all = 0;
  if (count < 1 || count > most || groups < 1 || groups > CLX_SITE_GROUPS_MAX)
    return clx_fail_plain(error, CLX_INPUT, "%d sites in %d classes; expected 1 to %d in 1 to %d", count, groups, most,
                          CLX_SITE_GROUPS_MAX);
  for (int32_t i = 0; i < count; i++) {
    if (!(row[i].time > 0) || row[i].group < 0 || row[i].group >= groups)
      return clx_fail_plain(error, CLX_INPUT,
                            "site %d: a duration of %g s in class %d; expected one above 0, and 0 to %d", i + 1,
                            row[i].time, row[i].group, groups - 1);
    finished[row[i].group] += !row[i].open;
    all += !row[i].open;
  }
  for (int32_t g = 0; g < groups; g++) {
    if (finished[g] < least)
      return clx_fail_plain(error, CLX_INPUT, "class %d has %d finished sites; expected at least %d", g + 1,
                            finished[g], least);
  }
  if (all <= groups)
    return clx_fail_plain(error, CLX_INPUT, "%d finished sites for %d classes; expected more", all, groups);
  return CLX_OK;
}

// Rows that were checked; false: not settled.
static bool fit_rows(const clx_site_row *row, int32_t count, int32_t groups, clx_site_fit *out) {
  double sum[CLX_SITE_GROUPS_MAX] = {0};
  int32_t members[CLX_SITE_GROUPS_MAX] = {0};
  memset(out, 0, sizeof *out);
  for (int32_t i = 0; i < count; i++) {
    if (row[i].open) continue;
    sum[row[i].group] += log(row[i].time);
    members[row[i].group]++;
  }
  for (int32_t g = 0; g < groups; g++) out->level[g] = sum[g] / members[g];
  out->sigma = 0.3;
  for (int32_t round = 0; round < ROUNDS_MAX; round++) {
    if (improve(row, count, groups, out) < 1e-11) return true;
  }
  return false;
}

static clx_status not_settled(clx_error *error) {
  return clx_fail_plain(error, CLX_INFEASIBLE, "too many unfinished sites: the estimate does not settle in %d rounds",
                        ROUNDS_MAX);
}

clx_status clx_site_fit_make(const clx_site_row *row, int32_t count, int32_t groups, clx_site_fit *out,
                             clx_error *error) {
  CLX_TRY(check(row, count, CLX_SITES_MAX, groups, 1, error));
  return fit_rows(row, count, groups, out) ? CLX_OK : not_settled(error);
}

// ln(taken / predicted) of `row[left]` from the others; NaN: not settled.
static double left_out(const clx_site_row *row, int32_t count, int32_t groups, int32_t left) {
  clx_site_row others[CLX_SITES_MAX];
  clx_site_fit fit;
  int32_t n = 0;
  for (int32_t i = 0; i < count; i++) {
    if (i != left) others[n++] = row[i];
  }
  if (!fit_rows(others, n, groups, &fit)) return NAN;
  return log(row[left].time) - fit.level[row[left].group];
}

// Root mean square of the errors of finished sites, each left out; into `off` where that is wanted.
static double spread_of(const clx_site_row *row, int32_t count, int32_t groups, double *off) {
  double square = 0;
  int32_t n = 0;
  for (int32_t i = 0; i < count; i++) {
    if (row[i].open) continue;
    const double e = left_out(row, count, groups, i);
    if (off != NULL) off[n] = e;
    square += e * e;
    n++;
  }
  return sqrt(square / n);
}

static double median_of_others(const clx_site_row *row, int32_t count, int32_t left) {
  double time[CLX_SITES_MAX];
  int32_t n = 0;
  for (int32_t i = 0; i < count; i++) {
    if (i != left && !row[i].open) time[n++] = row[i].time;
  }
  clx_sort(time, n);
  return 0.5 * (time[(n - 1) / 2] + time[n / 2]);
}

clx_status clx_site_left_out(const clx_site_row *row, int32_t count, int32_t groups, clx_site_proof *out,
                             clx_error *error) {
  double off[CLX_SITES_MAX];
  clx_site_row others[CLX_SITES_MAX];
  CLX_TRY(check(row, count, CLX_SITES_LEFT_OUT_MAX, groups, FINISHED_LEAST, error));
  *out = (clx_site_proof){.spread = spread_of(row, count, groups, off)};
  for (int32_t i = 0; i < count; i++) {
    if (row[i].open) continue;
    int32_t n = 0, finished = 0;
    for (int32_t j = 0; j < count; j++) {
      if (j == i) continue;
      others[n++] = row[j];
      finished += !row[j].open;
    }
    const double half = spread_of(others, n, groups, NULL) * clx_student_quantile(finished, 0.95);
    const double e = fabs(off[out->finished++]);
    if (isnan(e) || isnan(half)) return not_settled(error);
    out->error += e;
    out->median_error += fabs(log(row[i].time / median_of_others(row, count, i)));
    out->cover += e <= half;
    out->width += 2 * half;
  }
  for (int32_t i = 0; i < out->finished; i++) off[i] = fabs(off[i]);
  clx_sort(off, out->finished);
  out->width_least = 2 * off[(4 * out->finished + 4) / 5 - 1];
  out->error /= out->finished, out->median_error /= out->finished;
  out->cover /= out->finished, out->width /= out->finished;
  return CLX_OK;
}
