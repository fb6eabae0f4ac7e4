// The price of a GPU-hour as a cycle with jumps about a trend: maximum likelihood by a Kalman filter, and paths.
#include <math.h>

#include "cost/cost_rent.h"

enum { DOMAIN = 0x72656e74, HOUR = 3600, GRID = 16, ZOOMS = 5 };

// Filter over months: state (s, its quadrature), turned by an angle and damped each month.
typedef struct filter {
  double along, across;  // damping cos, damping sin
  double calm, jumped;   // variance a month of both, and of s alone on top
  double noise;
  double x[2],
      one[2];  // of the data, and of a constant in its place: both are linear, so the level follows by least squares
  double p[2][2];
  double yy, yo, oo, logs;
  int32_t count;
} filter;

static void turn(const double along, const double across, double x[2]) {
  const double s = along * x[0] + across * x[1];
  x[1] = along * x[1] - across * x[0];
  x[0] = s;
}

static void predict(filter *f) {
  turn(f->along, f->across, f->x);
  turn(f->along, f->across, f->one);
  for (int32_t i = 0; i < 2; i++) turn(f->along, f->across, f->p[i]);  // P R'
  for (int32_t i = 0; i < 2; i++) {                                    // R (P R')
    double column[2] = {f->p[0][i], f->p[1][i]};
    turn(f->along, f->across, column);
    f->p[0][i] = column[0];
    f->p[1][i] = column[1];
  }
  f->p[0][0] += f->calm + f->jumped;
  f->p[1][1] += f->calm;
}

// From nothing known but the process: its own spread, the sum over all months of what came in, turned and damped since. The mean of the two
// variances only fades; their difference turns by twice the angle: a geometric series of complex numbers.
static void stationary(filter *f) {
  const double mean = f->calm + f->jumped / 2, half = f->jumped / 2;
  const double even = f->along * f->along + f->across * f->across;
  const double a = 1 - (f->along * f->along - f->across * f->across), b = 2 * f->along * f->across;
  const double real = half * a / (a * a + b * b), imaginary = half * b / (a * a + b * b);
  f->p[0][0] = mean / (1 - even) + real;
  f->p[1][1] = mean / (1 - even) - real;
  f->p[0][1] = f->p[1][0] = -imaginary;
}

static void observe(filter *f, double y) {
  const double total = f->p[0][0] + f->noise * f->noise;
  const double k0 = f->p[0][0] / total, k1 = f->p[1][0] / total;
  const double v = y - f->x[0], o = 1 - f->one[0];
  f->x[0] += k0 * v;
  f->x[1] += k1 * v;
  f->one[0] += k0 * o;
  f->one[1] += k1 * o;
  const double p00 = f->p[0][0], p01 = f->p[0][1];
  f->p[0][0] -= k0 * p00;
  f->p[0][1] -= k0 * p01;
  f->p[1][1] -= k1 * p01;
  f->p[1][0] = f->p[0][1];
  f->yy += v * v / total;
  f->yo += v * o / total;
  f->oo += o * o / total;
  f->logs += log(total);
  f->count++;
}

static bool is_used(const clx_rent_point *p, double until) {
  return p->use == CLX_RENT_FIT && p->market == CLX_RENT_OPEN && p->year <= until;
}

// Runs the points through; `last` = year of the last one.
static filter run_filter(const clx_rent *rent, double first, double last, double volatility, double noise) {
  const double damping = exp2(-CLX_MONTH / rent->half_life), angle = 6.283185307179586 * CLX_MONTH / rent->period;
  filter f = {.along = damping * cos(angle),
              .across = damping * sin(angle),
              .calm = volatility * volatility,
              .jumped = rent->jumps / 12 * rent->jump * rent->jump,
              .noise = noise};
  const int32_t months = (int32_t)floor((last - first) * 12 + 1e-6);
  stationary(&f);
  for (int32_t m = 0; m <= months; m++) {
    if (m > 0) predict(&f);
    for (int32_t i = 0; i < rent->point_count; i++) {
      const clx_rent_point *p = &rent->point[i];
      if (!is_used(p, last) || (int32_t)floor((p->year - first) * 12 + 1e-6) != m) continue;
      observe(&f, log(p->price * HOUR) - rent->slope * (p->year - last));
    }
  }
  return f;
}

static double likelihood(const filter *f) {
  return -0.5 * (f->logs + f->yy - f->yo * f->yo / f->oo + f->count * log(6.283185307179586));
}

// The most likely volatility and noise on a grid in their logarithms that closes in on the best.
static void search(const clx_rent *rent, double first, double last, double best[2], double *most) {
  double low[2] = {log(0.001), log(0.02)}, high[2] = {log(0.5), log(1)};
  *most = -INFINITY;
  for (int32_t zoom = 0; zoom < ZOOMS; zoom++) {
    const double step[2] = {(high[0] - low[0]) / GRID, (high[1] - low[1]) / GRID};
    for (int32_t i = 0; i <= GRID; i++) {
      for (int32_t j = 0; j <= GRID; j++) {
        const double v = low[0] + step[0] * i, n = low[1] + step[1] * j;
        const filter f = run_filter(rent, first, last, exp(v), exp(n));
        const double l = likelihood(&f);
        if (l <= *most) continue;
        *most = l;
        best[0] = v;
        best[1] = n;
      }
    }
    for (int32_t k = 0; k < 2; k++) {
      low[k] = best[k] - 2 * step[k];
      high[k] = best[k] + 2 * step[k];
    }
  }
}

clx_status clx_rent_calibrate(const clx_rent *rent, double until, clx_rent_process *out, clx_error *error) {
  double first = INFINITY, last = -INFINITY, best[2] = {0, 0};
  int32_t used = 0;
  for (int32_t i = 0; i < rent->point_count; i++) {
    if (!is_used(&rent->point[i], until)) continue;
    first = fmin(first, rent->point[i].year);
    last = fmax(last, rent->point[i].year);
    used++;
  }
  if (used < 4)
    return clx_fail_plain(error, CLX_INPUT,
                          "rent '%.60s': %d points of the open market to fit until %.2f; expected at least 4",
                          rent->name, used, fmin(until, 2100));
  *out = (clx_rent_process){
      .year = last, .slope = rent->slope, .jumps = rent->jumps / 12, .jump = rent->jump, .used = used};
  search(rent, first, last, best, &out->likelihood);
  const filter f = run_filter(rent, first, last, exp(best[0]), exp(best[1]));
  out->level = f.yo / f.oo;
  out->along = f.along;
  out->across = f.across;
  out->volatility = exp(best[0]);
  out->noise = exp(best[1]);
  for (int32_t i = 0; i < 2; i++) {
    out->state[i] = f.x[i] - out->level * f.one[i];
    for (int32_t j = 0; j < 2; j++) out->covariance[i][j] = f.p[i][j];
  }
  return CLX_OK;
}

clx_status clx_rent_covers(const clx_rent_process *p, double year, clx_error *error) {
  if (year >= p->year - 1.0 / 12) return CLX_OK;
  return clx_fail_plain(error, CLX_INPUT,
                        "a market from %.2f on, by prices until %.2f: expected a process that ends before it", year,
                        p->year);
}

// Months from the process's month 0 to `year`.
static int32_t months_to(const clx_rent_process *p, double year) {
  const double months = floor((year - p->year) * 12 + 1e-6);
  return months > 0 ? (int32_t)months : 0;
}

static double price_of(const clx_rent_process *p, double years, double s) {
  return exp(p->level + p->slope * years + s) / HOUR;
}

void clx_rent_path(const clx_rent_process *p, double year, int32_t months, uint64_t seed, uint64_t replica,
                   double *price) {
  clx_stream stream = clx_stream_make(seed, DOMAIN, replica, 0);
  const int32_t skip = months_to(p, year);
  const double root = sqrt(p->covariance[0][0]), cross = root > 0 ? p->covariance[0][1] / root : 0;
  const double rest = sqrt(fmax(0, p->covariance[1][1] - cross * cross));
  const double z = clx_stream_normal(&stream);
  double x[2] = {p->state[0] + root * z, p->state[1] + cross * z + rest * clx_stream_normal(&stream)};
  for (int32_t m = 0; m < skip + months; m++) {
    if (m >= skip) price[m - skip] = price_of(p, m / 12.0, x[0]);
    turn(p->along, p->across, x);
    x[0] += p->volatility * clx_stream_normal(&stream);
    x[1] += p->volatility * clx_stream_normal(&stream);
    const double chance = clx_stream_uniform(&stream),
                 size = clx_stream_normal(&stream);  // drawn always: as many draws on each path
    if (chance < p->jumps) x[0] += p->jump * size;
  }
}

void clx_rent_median(const clx_rent_process *p, double year, int32_t months, double *price) {
  const int32_t skip = months_to(p, year);
  double x[2] = {p->state[0], p->state[1]};
  for (int32_t m = 0; m < skip + months; m++) {
    if (m >= skip) price[m - skip] = price_of(p, m / 12.0, x[0]);
    turn(p->along, p->across, x);
  }
}
