// A dual simplex method for small dense linear programs whose rows come and go and whose bounds change from solve to solve:
//   min cost x,  least <= x <= most,  each row: a x >= low.
// A dictionary (basic variables as functions of the others) is kept from solve to solve, so that a changed bound costs a few pivots and nothing else.
// Every cost must be such that its column is dual feasible at one of its bounds: cost >= 0, or `most` finite.
#pragma once

#include "base/base.h"

typedef struct clx_simplex {
  int32_t columns, rows, room;
  double *cost, *least, *most;  // columns; bounds may change before a solve
  double *x;                    // columns: the last solution
  double *reduced;              // columns: reduced costs of the last solution, from the rows as they were given
  int64_t pivots, solves, rebuilds;
  // Rows as they were given: `room` slots.
  double *given;  // room x columns
  double *low;    // room
  int32_t *age;   // room: solves since the row was last tight
  int32_t *idle;  // slots that are free
  int32_t idle_count;
  // The dictionary: value of basic variable i = base[i] + sum table[i][j] times nonbasic j. Variables: columns, then slacks by slot.
  int32_t width;  // of a row of the table: columns, rounded up; what is behind stays 0
  double *table;  // room x width
  double *base;   // room
  // Nonbasic columns whose bounds have met stand behind the first `live` positions: no pivot touches them, their values are part of `base`. When
  // their bounds change the dictionary is built anew.
  int32_t live;
  bool *stays;             // columns: never put there, as its value changes often
  int32_t *basic, *fixed;  // by row; by position: variables
  int32_t *place;          // of a variable: row, or -1 - position
  double *at;              // columns: values of the nonbasic
  double *value;           // room: values of the basic
  double *norm;            // room: squared length of a row, for the choice of the leaving one
  double *slope;           // columns: reduced costs of the nonbasic
  double *work;            // width
  int32_t *list;           // columns
  // A dictionary that was kept.
  struct clx_simplex *kept;
} clx_simplex;

typedef enum clx_simplex_end {
  CLX_SIMPLEX_OPTIMAL,
  CLX_SIMPLEX_INFEASIBLE,
  CLX_SIMPLEX_ABOVE,  // above the cutoff
  CLX_SIMPLEX_LIMIT   // pivots ran out: the bound holds, the solution is not feasible
} clx_simplex_end;

// An empty program; the caller fills cost, least and most before the first row.
clx_status clx_simplex_new(int32_t columns, int32_t room, clx_arena *arena, clx_simplex *out, clx_error *error);
// Sets the dictionary of no rows; once, after cost, least and most.
void clx_simplex_begin(clx_simplex *s);
// a x >= low. False when the room is full. O(rows columns).
bool clx_simplex_add(clx_simplex *s, const double *a, double low);
// Solves within `pivots`. *bound: a lower bound of the optimum, computed from the rows as they were given and the multipliers at hand, so that it
// holds whatever the rounding of the dictionary. O(rows columns) for a pivot.
clx_simplex_end clx_simplex_solve(clx_simplex *s, double cutoff, int64_t pivots, double *bound);
// Changes the cost of a column whose bounds are finite; the dictionary stays dual feasible. O(rows columns) where the column is basic.
void clx_simplex_cost(clx_simplex *s, int32_t column, double cost);
// Keeps the dictionary, and brings it back: cheaper than the pivots that lead back. No rows may come or go between.
void clx_simplex_keep(clx_simplex *s);
void clx_simplex_restore(clx_simplex *s);
// Drops rows that have been slack for more than `age` solves, but none of the first `keep` ones that were added.
void clx_simplex_drop(clx_simplex *s, int32_t keep, int32_t age);
