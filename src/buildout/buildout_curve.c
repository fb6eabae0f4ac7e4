// Piecewise linear functions of time.
#include "buildout/buildout_curve.h"

#include <math.h>
#include <string.h>

static const double TINY = 1e-6;  // GPUs

void clx_curve_clear(clx_curve *c) { c->count = 0; }

static bool grow(clx_curve *c) {
  enum { FIRST = 64 };
  if (c->count < c->room) return true;
  const int32_t room = c->room > 0 ? 2 * c->room : FIRST;
  clx_knot *knot = CLX_NEW_ARRAY(c->arena, clx_knot, room);
  if (knot == NULL) {
    c->failed = true;
    return false;
  }
  if (c->count > 0) memcpy(knot, c->knot, (size_t)c->count * sizeof *knot);
  c->knot = knot;
  c->room = room;
  return true;
}

void clx_curve_add(clx_curve *c, double at, double value, double slope, int32_t why) {
  if (c->count > 0 && at <= c->knot[c->count - 1].at) c->count--;
  if (c->count > 0) {
    const clx_knot *last = &c->knot[c->count - 1];
    const bool flat = !(slope > 0) && !(slope < 0) && !(last->slope > 0) && !(last->slope < 0);
    if (flat && why == last->why && !(value > last->value) && !(value < last->value)) return;
    if (at < last->at) at = last->at;
  }
  if (!grow(c)) return;
  c->knot[c->count++] = (clx_knot){at, value, slope, why};
}

double clx_curve_end(const clx_curve *c, int32_t k) { return k + 1 < c->count ? c->knot[k + 1].at : INFINITY; }

static inline double value_at(const clx_knot *k, double t) {
  return k->slope > 0 || k->slope < 0 ? k->value + k->slope * (t - k->at) : k->value;
}

const clx_knot *clx_cursor_knot(clx_cursor *c, double t) {
  while (c->k + 1 < c->curve->count && c->curve->knot[c->k + 1].at <= t) c->k++;
  return &c->curve->knot[c->k];
}

double clx_cursor_at(clx_cursor *c, double t) { return value_at(clx_cursor_knot(c, t), t); }

double clx_cursor_before(const clx_curve *c, double t) {
  int32_t k = c->count - 1;
  while (k > 0 && c->knot[k].at >= t) k--;
  return value_at(&c->knot[k], t);
}

// --- two curves --------------------------------------------------------------------------------------------------------------------------

// The next knot of both after t.
static double next_of(const clx_cursor *a, const clx_cursor *b) {
  return fmin(clx_curve_end(a->curve, a->k), clx_curve_end(b->curve, b->k));
}

// When it is more than `value`, from piece k on.
static double rises_at(const clx_curve *c, int32_t k, double value) {
  for (; k < c->count; k++) {
    if (c->knot[k].value > value + TINY) return c->knot[k].at;
    if (c->knot[k].slope > 0) return c->knot[k].at;
  }
  return INFINITY;
}

void clx_curve_min(const clx_curve *a, const clx_curve *b, clx_curve *out) {
  clx_cursor x = {a, 0}, y = {b, 0};
  clx_curve_clear(out);
  for (double t = 0, next; isfinite(t); t = next) {
    const clx_knot *p = clx_cursor_knot(&x, t), *q = clx_cursor_knot(&y, t);
    double low = value_at(p, t), high = value_at(q, t);
    next = next_of(&x, &y);
    const bool same = !(low < high) && !(low > high);
    const bool flat = same && !(p->slope > 0) && !(q->slope > 0);
    if (low > high || (same && p->slope > q->slope) || (flat && rises_at(a, x.k, low) < rises_at(b, y.k, low))) {
      const clx_knot *swap = p;
      const double value = low;
      p = q;
      q = swap;
      low = high;
      high = value;
    }
    clx_curve_add(out, t, low, p->slope, p->why);
    if (!(p->slope > q->slope)) continue;
    const double meet = t + (high - low) / (p->slope - q->slope);
    if (meet < next) clx_curve_add(out, meet, value_at(q, meet), q->slope, q->why);
  }
}

void clx_curve_sum(const clx_curve *a, const clx_curve *b, clx_curve *out) {
  clx_cursor x = {a, 0}, y = {b, 0};
  clx_curve_clear(out);
  for (double t = 0, next; isfinite(t); t = next) {
    const clx_knot *p = clx_cursor_knot(&x, t), *q = clx_cursor_knot(&y, t);
    clx_curve_add(out, t, value_at(p, t) + value_at(q, t), p->slope + q->slope, p->why);
    next = next_of(&x, &y);
  }
}

// --- one curve ---------------------------------------------------------------------------------------------------------------------------

void clx_curve_rise(const clx_curve *a, clx_curve *out) {
  double most = -INFINITY;
  clx_curve_clear(out);
  for (int32_t k = 0; k < a->count; k++) {
    const clx_knot *p = &a->knot[k];
    const double end = clx_curve_end(a, k);
    if (!(p->slope > 0)) {
      most = fmax(most, p->value);
      clx_curve_add(out, p->at, most, 0, p->why);
      continue;
    }
    double from = p->at;
    if (p->value < most) {
      clx_curve_add(out, p->at, most, 0, p->why);
      from = p->at + (most - p->value) / p->slope;
    }
    if (from >= end) continue;
    clx_curve_add(out, from, fmax(most, p->value), p->slope, p->why);
    most = isfinite(end) ? fmax(most, value_at(p, end)) : INFINITY;
  }
}

void clx_curve_mix(const clx_curve *a, const double *weight, const double *delay, int32_t count, clx_curve *out) {
  enum { MOST = 256 };
  int32_t at[MOST] = {0};
  clx_curve_clear(out);
  if (count > MOST) count = MOST;
  for (double t = 0, next; isfinite(t); t = next) {
    double value = 0, slope = 0;
    next = INFINITY;
    for (int32_t k = 0; k < count; k++) {
      const double own = t - delay[k];
      if (own < 0) {
        next = fmin(next, delay[k]);
        break;
      }
      // A knot's time is a.at + delay, the number that `next` was, so that rounding skips none.
      while (at[k] + 1 < a->count && a->knot[at[k] + 1].at + delay[k] <= t) at[k]++;
      value += weight[k] * value_at(&a->knot[at[k]], own);
      slope += weight[k] * a->knot[at[k]].slope;
      next = fmin(next, clx_curve_end(a, at[k]) + delay[k]);
    }
    clx_curve_add(out, t, value, slope, a->knot[at[0]].why);
  }
}

void clx_curve_wholes(const clx_curve *a, double lot, double all, clx_curve *out) {
  clx_curve_clear(out);
  for (int32_t k = 0; k < a->count; k++) {
    const clx_knot *p = &a->knot[k];
    const double end = clx_curve_end(a, k);
    double t = p->at, value = p->value;
    for (;;) {
      const double lots = floor((value + TINY) / lot);
      clx_curve_add(out, t, value >= all - TINY ? all : lots * lot, 0, p->why);
      const double goal = fmin((lots + 1) * lot, all);
      if (!(p->slope > 0) || value >= all - TINY) break;
      t = p->at + (goal - p->value) / p->slope;
      value = goal;
      if (!(t < end)) break;
    }
  }
}

void clx_curve_delay(const clx_curve *a, double at, double delay, clx_curve *out) {
  bool waits = false;
  clx_curve_clear(out);
  for (int32_t k = 0; k < a->count; k++) {
    const clx_knot *p = &a->knot[k];
    if (p->at < at) clx_curve_add(out, p->at, p->value, p->slope, p->why);
    if (!waits && clx_curve_end(a, k) > at) {
      const double before = at > 0 ? clx_cursor_before(a, at) : 0;
      clx_curve_add(out, fmax(at, 0), before, 0, p->why);
      if (p->at < at) clx_curve_add(out, at + delay, before, p->slope, p->why);
      waits = true;
    }
    if (p->at >= at) clx_curve_add(out, p->at + delay, p->value, p->slope, p->why);
  }
}

void clx_curve_scale(const clx_curve *a, double at, double until, double share, clx_curve *out) {
  clx_curve_clear(out);
  for (int32_t k = 0; k < a->count; k++) {
    const clx_knot *p = &a->knot[k];
    const double end = clx_curve_end(a, k), cut[2] = {at, until};
    const bool inside = p->at >= at && p->at < until;
    clx_curve_add(out, p->at, p->value * (inside ? share : 1), 0, p->why);
    for (int32_t c = 0; c < 2; c++)
      if (cut[c] > p->at && cut[c] < end) clx_curve_add(out, cut[c], p->value * (c == 0 ? share : 1), 0, p->why);
  }
}

double clx_curve_first(const clx_curve *a, double level) {
  for (int32_t k = 0; k < a->count; k++) {
    const clx_knot *p = &a->knot[k];
    if (p->value >= level - TINY) return p->at;
    if (!(p->slope > 0)) continue;
    const double end = clx_curve_end(a, k);
    if (isfinite(end) && value_at(p, end) < level - TINY) continue;
    return fmin(p->at + (level - p->value) / p->slope, end);
  }
  return INFINITY;
}

double clx_curve_area(const clx_curve *a, double until) {
  double sum = 0;
  for (int32_t k = 0; k < a->count && a->knot[k].at < until; k++) {
    const clx_knot *p = &a->knot[k];
    const double span = fmin(clx_curve_end(a, k), until) - p->at;
    sum += span * (p->value + p->slope * span / 2);
  }
  return sum;
}

// --- following ---------------------------------------------------------------------------------------------------------------------------

// Speed at y, and where in value it changes.
static double speed_at(double y, double rate, const double *edge, const double *per, int32_t classes, double *turn) {
  int32_t c = 0;
  while (c + 1 < classes && y >= edge[c]) c++;
  *turn = c + 1 < classes ? edge[c] : INFINITY;
  return rate * per[c];
}

// One piece from t, where the goal is `goal`, its piece p ends at or before *end, and speed is what the rate allows: slope and reason; *end comes nearer where
// the goal is met, and *to is the value there where it is known better than by the slope.
static double piece_of(const clx_knot *p, double t, double goal, double y, double speed, int32_t behind, double *end,
                       double *to, int32_t *why) {
  const double close = 1e-8 + 1e-12 * fabs(goal);  // GPUs: rounding of sums of pieces
  const double slope = y < goal - close || (y <= goal + close && p->slope > speed) ? speed
                       : y > goal + close                                          ? 0
                                                                                   : fmax(p->slope, 0);
  const bool late = y<goal - close, above = y> goal + close;
  double meet = INFINITY;
  *why = late || (!above && p->slope > speed) ? behind : p->why;
  if (late && speed > p->slope) meet = t + (goal - y) / (speed - p->slope);
  if (above && p->slope > 0) meet = t + (y - goal) / p->slope;
  if (meet < *end) {
    *end = meet;
    *to = value_at(p, meet);
  } else if (!late && !above && p->slope <= speed && isfinite(*end)) {
    *to = slope > 0 ? value_at(p, *end) : y;
  }
  return slope;
}

void clx_curve_follow(const clx_curve *goal, const clx_curve *rate, const double *edge, const double *per,
                      int32_t classes, int32_t behind, clx_curve *out) {
  clx_cursor x = {goal, 0}, r = {rate, 0};
  double y = 0;
  clx_curve_clear(out);
  for (double t = 0; isfinite(t) && !out->failed;) {
    const clx_knot *p = clx_cursor_knot(&x, t);
    double turn, to = NAN;
    int32_t why;
    const double speed = speed_at(y, clx_cursor_at(&r, t), edge, per, classes, &turn);
    double end = next_of(&x, &r);
    const double slope = piece_of(p, t, value_at(p, t), y, speed, behind, &end, &to, &why);
    if (slope > 0 && y < turn && y + slope * (end - t) > turn) {
      end = t + (turn - y) / slope;
      to = turn;
    }
    clx_curve_add(out, t, y, slope, why);
    if (isfinite(end)) y = isfinite(to) ? fmax(to, y) : y + slope * (end - t);
    // Met within the rounding of t: on the goal.
    if (!(end > t)) y = isfinite(to) ? to : y;
    t = end;
  }
}
