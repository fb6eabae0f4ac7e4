// Functions of time made of straight pieces, with jumps: exact, so that dates follow without steps of time. For the files of buildout.
#pragma once

#include "base/base.h"

// From `at` to the next knot: value + slope (t - at). The first is at 0; the value at a jump is the one after.
typedef struct clx_knot {
  double at, value, slope;
  int32_t why;  // what makes it no larger, as its maker says
} clx_knot;

typedef struct clx_curve {
  clx_knot *knot;
  int32_t count, room;
  clx_arena *arena;  // grows there, and keeps its room from use to use
  bool failed;       // out of memory; sticky
} clx_curve;

void clx_curve_clear(clx_curve *curve);
// Not before the last knot; one at the same time takes its place, one that continues it is left out.
void clx_curve_add(clx_curve *curve, double at, double value, double slope, int32_t why);
double clx_curve_end(const clx_curve *curve, int32_t k);  // where piece k ends; INFINITY of the last

// A place that only moves forward.
typedef struct clx_cursor {
  const clx_curve *curve;
  int32_t k;
} clx_cursor;
const clx_knot *clx_cursor_knot(clx_cursor *cursor, double t);
double clx_cursor_at(clx_cursor *cursor, double t);
double clx_cursor_before(const clx_curve *curve, double t);  // the value just before t > 0

// All below read a, b and clear and fill `out`, which is none of them. O(knots) but where it is said.
void clx_curve_min(const clx_curve *a, const clx_curve *b,
                   clx_curve *out);  // ties: the reason of the one that rises later
void clx_curve_sum(const clx_curve *a, const clx_curve *b, clx_curve *out);  // a's reasons
void clx_curve_rise(const clx_curve *a, clx_curve *out);                     // the most so far
// Sum over k < count of weight[k] a(t - delay[k]); delays ascend. O(count^2 knots)
void clx_curve_mix(const clx_curve *a, const double *weight, const double *delay, int32_t count, clx_curve *out);
// Follows `goal`, never falls, and rises no faster than rate(t) (constant pieces) times per[c], c being the class that its value is in: below edge[c]. Reason:
// `behind` where the rate is the limit, else the goal's.
void clx_curve_follow(const clx_curve *goal, const clx_curve *rate, const double *edge, const double *per,
                      int32_t classes, int32_t behind, clx_curve *out);
// In wholes of `lot`; from `all` - 1e-6 on it is `all`.
void clx_curve_wholes(const clx_curve *a, double lot, double all, clx_curve *out);
// What is after `at` comes `delay` later.
void clx_curve_delay(const clx_curve *a, double at, double delay, clx_curve *out);
// Times `share` from `at` until `until`.
void clx_curve_scale(const clx_curve *a, double at, double until, double share, clx_curve *out);

// First time that it is at least `level` (to 1e-6); INFINITY: never.
double clx_curve_first(const clx_curve *a, double level);
double clx_curve_area(const clx_curve *a, double until);  // integral from 0 on
