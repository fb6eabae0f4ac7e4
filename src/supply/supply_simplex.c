// The dictionary and its pivots.
#include "supply/supply_simplex.h"

#include <math.h>
#include <string.h>

#define FEASIBLE 1e-8  // of a basic variable beyond its bound
#define PIVOT 1e-8     // smallest element that may be one
#define DRIFT 1e-6     // error of a row of the dictionary that makes it be built anew
#define APART 1e-6     // costs of a solution beside its bound, relative: the same
enum { CHECK_EVERY = 64, CHECK_SOLVES = 16, LANES = 8 };

static double *row_of(const clx_simplex *s, int32_t i) { return s->table + (size_t)i * (size_t)s->width; }

static double least_of(const clx_simplex *s, int32_t variable) {
  return variable < s->columns ? s->least[variable] : 0;
}
static double most_of(const clx_simplex *s, int32_t variable) {
  return variable < s->columns ? s->most[variable] : INFINITY;
}

static clx_status make_kept(clx_simplex *s, clx_arena *arena, clx_error *error) {
  clx_simplex *kept = s->kept = CLX_NEW(arena, clx_simplex);
  if (kept == NULL)
    return clx_fail_plain(error, CLX_MEMORY, "out of memory for a linear program of %d columns", s->columns);
  *kept = (clx_simplex){.columns = s->columns,
                        .room = s->room,
                        .width = s->width,
                        .table = CLX_NEW_ARRAY(arena, double, (size_t)s->room *(size_t)s->width),
                        .base = CLX_NEW_ARRAY(arena, double, s->room),
                        .norm = CLX_NEW_ARRAY(arena, double, s->room),
                        .basic = CLX_NEW_ARRAY(arena, int32_t, s->room),
                        .slope = CLX_NEW_ARRAY(arena, double, s->columns),
                        .cost = CLX_NEW_ARRAY(arena, double, s->columns),
                        .at = CLX_NEW_ARRAY(arena, double, s->columns),
                        .fixed = CLX_NEW_ARRAY(arena, int32_t, s->columns),
                        .place = CLX_NEW_ARRAY(arena, int32_t, s->columns + s->room)};
  if (kept->table == NULL || kept->base == NULL || kept->norm == NULL || kept->basic == NULL || kept->slope == NULL ||
      kept->cost == NULL || kept->at == NULL || kept->fixed == NULL || kept->place == NULL)
    return clx_fail_plain(error, CLX_MEMORY, "out of memory for a linear program of %d columns", s->columns);
  return CLX_OK;
}

clx_status clx_simplex_new(int32_t columns, int32_t room, clx_arena *arena, clx_simplex *out, clx_error *error) {
  const int32_t width = (columns + LANES - 1) / LANES * LANES;
  *out = (clx_simplex){.columns = columns,
                       .room = room,
                       .width = width,
                       .cost = CLX_NEW_ARRAY(arena, double, columns),
                       .least = CLX_NEW_ARRAY(arena, double, columns),
                       .most = CLX_NEW_ARRAY(arena, double, columns),
                       .x = CLX_NEW_ARRAY(arena, double, columns),
                       .reduced = CLX_NEW_ARRAY(arena, double, columns),
                       .given = CLX_NEW_ARRAY(arena, double, (size_t)room *(size_t)columns),
                       .low = CLX_NEW_ARRAY(arena, double, room),
                       .age = CLX_NEW_ARRAY(arena, int32_t, room),
                       .idle = CLX_NEW_ARRAY(arena, int32_t, room),
                       .table = CLX_NEW_ARRAY(arena, double, (size_t)room *(size_t)width),
                       .base = CLX_NEW_ARRAY(arena, double, room),
                       .stays = CLX_NEW_ARRAY(arena, bool, columns),
                       .basic = CLX_NEW_ARRAY(arena, int32_t, room),
                       .fixed = CLX_NEW_ARRAY(arena, int32_t, columns),
                       .place = CLX_NEW_ARRAY(arena, int32_t, columns + room),
                       .at = CLX_NEW_ARRAY(arena, double, columns),
                       .value = CLX_NEW_ARRAY(arena, double, room),
                       .norm = CLX_NEW_ARRAY(arena, double, room),
                       .slope = CLX_NEW_ARRAY(arena, double, columns),
                       .work = CLX_NEW_ARRAY(arena, double, width),
                       .list = CLX_NEW_ARRAY(arena, int32_t, columns)};
  if (out->cost == NULL || out->least == NULL || out->most == NULL || out->x == NULL || out->reduced == NULL ||
      out->given == NULL || out->low == NULL || out->age == NULL || out->idle == NULL || out->table == NULL ||
      out->base == NULL || out->stays == NULL || out->basic == NULL || out->fixed == NULL || out->place == NULL ||
      out->at == NULL || out->value == NULL || out->norm == NULL || out->slope == NULL || out->work == NULL ||
      out->list == NULL)
    return clx_fail_plain(error, CLX_MEMORY, "out of memory for a linear program of %d columns", columns);
  for (int32_t k = 0; k < room; k++) out->idle[k] = room - 1 - k;
  out->idle_count = room;
  return make_kept(out, arena, error);
}

// What a dictionary consists of, from one to the other.
static void copy_dictionary(clx_simplex *to, const clx_simplex *from) {
  const size_t rows = (size_t)from->rows, columns = (size_t)from->columns;
  memcpy(to->table, from->table, rows * (size_t)from->width * sizeof(double));
  memcpy(to->base, from->base, rows * sizeof(double));
  memcpy(to->norm, from->norm, rows * sizeof(double));
  memcpy(to->basic, from->basic, rows * sizeof(int32_t));
  memcpy(to->slope, from->slope, columns * sizeof(double));
  memcpy(to->cost, from->cost, columns * sizeof(double));
  memcpy(to->at, from->at, columns * sizeof(double));
  to->live = from->live;
  memcpy(to->fixed, from->fixed, columns * sizeof(int32_t));
  memcpy(to->place, from->place, (columns + (size_t)from->room) * sizeof(int32_t));
}

void clx_simplex_keep(clx_simplex *s) {
  s->kept->rows = s->rows;
  copy_dictionary(s->kept, s);
}

void clx_simplex_restore(clx_simplex *s) { copy_dictionary(s, s->kept); }

void clx_simplex_begin(clx_simplex *s) {
  s->live = s->columns;
  for (int32_t j = 0; j < s->columns; j++) {
    s->fixed[j] = j;
    s->place[j] = -1 - j;
    s->slope[j] = s->cost[j];
  }
}

// --- rows ----------------------------------------------------------------------------------------------------------------------------------

// Writes the row of the slack of `slot` into the dictionary: the given row with basic columns replaced by their rows.
static void express(clx_simplex *s, int32_t slot, int32_t i) {
  const double *a = s->given + (size_t)slot * (size_t)s->columns;
  const int32_t n = s->columns;
  double *row = row_of(s, i);
  memset(row, 0, (size_t)s->width * sizeof *row);
  s->base[i] = -s->low[slot];
  for (int32_t v = 0; v < n; v++) {
    if (a[v] == 0) continue;
    if (s->place[v] < 0) {
      const int32_t j = -1 - s->place[v];
      if (j < s->live)
        row[j] += a[v];
      else
        s->base[i] += a[v] * s->at[j];
      continue;
    }
    const double *other = row_of(s, s->place[v]);
    for (int32_t j = 0; j < s->live; j++) row[j] += a[v] * other[j];
    s->base[i] += a[v] * s->base[s->place[v]];
  }
}

static double squared(const double *row, int32_t n) {
  double sum = 1;
  for (int32_t j = 0; j < n; j++) sum += row[j] * row[j];
  return sum;
}

bool clx_simplex_add(clx_simplex *s, const double *a, double low) {
  if (s->idle_count == 0) return false;
  const int32_t slot = s->idle[--s->idle_count], i = s->rows++;
  memcpy(s->given + (size_t)slot * (size_t)s->columns, a, (size_t)s->columns * sizeof *a);
  s->low[slot] = low;
  s->age[slot] = 0;
  express(s, slot, i);
  s->basic[i] = s->columns + slot;
  s->place[s->columns + slot] = i;
  s->norm[i] = squared(row_of(s, i), s->live);
  return true;
}

void clx_simplex_drop(clx_simplex *s, int32_t keep, int32_t age) {
  for (int32_t i = s->rows - 1; i >= 0; i--) {
    const int32_t slot = s->basic[i] - s->columns;
    // Slots are given out in order at first: the first rows have the first slots.
    if (slot < keep || s->age[slot] <= age) continue;
    s->idle[s->idle_count++] = slot;
    const int32_t last = --s->rows;
    if (last == i) continue;
    memcpy(row_of(s, i), row_of(s, last), (size_t)s->width * sizeof(double));
    s->base[i] = s->base[last];
    s->basic[i] = s->basic[last];
    s->place[s->basic[i]] = i;
    s->norm[i] = s->norm[last];
    s->value[i] = s->value[last];
  }
}

// --- pivots --------------------------------------------------------------------------------------------------------------------------------

// other += factor row; returns the squared length of the sum. In lanes, so that compilers can use vectors and the sum is the same everywhere.
static double add_multiple(double *restrict other, const double *restrict row, double factor, int32_t width) {
  double sum[LANES] = {0};
  for (int32_t k = 0; k < width; k += LANES) {
    for (int32_t l = 0; l < LANES; l++) {
      const double value = other[k + l] + factor * row[k + l];
      other[k + l] = value;
      sum[l] += value * value;
    }
  }
  return 1 + ((sum[0] + sum[1]) + (sum[2] + sum[3])) + ((sum[4] + sum[5]) + (sum[6] + sum[7]));
}

// Exchanges basic variable of row r and nonbasic of position j in the dictionary and the reduced costs.
static void pivot(clx_simplex *s, int32_t r, int32_t j) {
  const int32_t n = s->live, leaving = s->basic[r], entering = s->fixed[j];
  const int32_t width = (n + LANES - 1) / LANES * LANES;  // what is behind `live` is 0
  double *row = row_of(s, r);
  const double inverse = 1 / row[j];
  for (int32_t k = 0; k < n; k++) row[k] *= -inverse;
  row[j] = inverse;
  s->base[r] *= -inverse;
  for (int32_t i = 0; i < s->rows; i++) {
    double *other = row_of(s, i);
    const double factor = other[j];
    if (i == r || factor == 0) continue;
    other[j] = 0;
    s->norm[i] = add_multiple(other, row, factor, width);
    s->base[i] += factor * s->base[r];
  }
  s->norm[r] = squared(row, n);
  const double slope = s->slope[j];
  s->slope[j] = 0;
  for (int32_t k = 0; k < n; k++) s->slope[k] += slope * row[k];
  s->basic[r] = entering;
  s->fixed[j] = leaving;
  s->place[entering] = r;
  s->place[leaving] = -1 - j;
  s->pivots++;
}

static void set_values(clx_simplex *s) {
  const int32_t n = s->live;
  for (int32_t i = 0; i < s->rows; i++) {
    const double *row = row_of(s, i);
    double sum = s->base[i];
    for (int32_t j = 0; j < n; j++) sum += row[j] * s->at[j];
    s->value[i] = sum;
  }
}

// Every nonbasic variable at the bound at which its reduced cost is feasible.
static void set_bounds(clx_simplex *s) {
  for (int32_t j = 0; j < s->live; j++) {
    const int32_t v = s->fixed[j];
    const double most = most_of(s, v);
    if (s->slope[j] < 0 && most == INFINITY) s->slope[j] = 0;  // rounding: no column has such a cost
    s->at[j] = s->slope[j] < 0 ? most : least_of(s, v);
  }
  set_values(s);
}

// Row whose basic variable is farthest outside of its bounds, in units of the row's length; -1 = all are inside.
static int32_t choose_row(const clx_simplex *s, double *beyond) {
  double most = 0;
  int32_t found = -1;
  for (int32_t i = 0; i < s->rows; i++) {
    const int32_t v = s->basic[i];
    const double low = least_of(s, v), high = most_of(s, v), x = s->value[i];
    const double miss = x < low ? low - x : x > high ? high - x : 0;  // > 0: must rise
    if (fabs(miss) <= FEASIBLE * (1 + fabs(miss < 0 ? high : low))) continue;
    if (miss * miss <= most * s->norm[i]) continue;
    most = miss * miss / s->norm[i];
    *beyond = miss;
    found = i;
  }
  return found;
}

// Nonbasic variables that can move basic variable r towards its bound.
static int32_t collect(clx_simplex *s, int32_t r, double beyond) {
  const double *row = row_of(s, r), sign = beyond > 0 ? 1 : -1;
  int32_t count = 0;
  for (int32_t j = 0; j < s->live; j++) {
    const int32_t v = s->fixed[j];
    const double a = sign * row[j], low = least_of(s, v), high = most_of(s, v);
    if (fabs(a) < PIVOT || low >= high) continue;
    if (a > 0 ? s->at[j] < high : s->at[j] > low) s->list[count++] = j;
  }
  return count;
}

// Position that enters for row r; those passed on the way go to their other bounds (long steps). -1: the row cannot be mended.
static int32_t choose_column(clx_simplex *s, int32_t r, double beyond) {
  const double *row = row_of(s, r);
  int32_t count = collect(s, r, beyond);
  double left = fabs(beyond);
  while (count > 0) {
    int32_t best = 0;
    double least = INFINITY, size = 0;
    for (int32_t k = 0; k < count; k++) {
      const int32_t j = s->list[k];
      const double a = fabs(row[j]), ratio = fabs(s->slope[j]) / a;
      // Among ratios that are nearly equal the largest element is the safest.
      if (ratio > least + 1e-9 * (1 + least) || (ratio >= least - 1e-9 * (1 + least) && a <= size)) continue;
      least = fmin(ratio, least);
      size = a;
      best = k;
    }
    const int32_t j = s->list[best], v = s->fixed[j];
    left -= size * (most_of(s, v) - least_of(s, v));
    if (left < 0) return j;
    s->list[best] = s->list[--count];
    const double other = s->at[j] > least_of(s, v) ? least_of(s, v) : most_of(s, v), step = other - s->at[j];
    s->at[j] = other;
    for (int32_t i = 0; i < s->rows; i++) s->value[i] += step * row_of(s, i)[j];
  }
  return -1;
}

// Position that may enter for row r without making a reduced cost wrong, when the basic variable leaves upwards (sign 1) or downwards; -1 = none.
static int32_t choose_any(const clx_simplex *s, int32_t r, double sign) {
  const double *row = row_of(s, r);
  int32_t best = -1;
  double least = INFINITY;
  for (int32_t j = 0; j < s->live; j++) {
    const int32_t v = s->fixed[j];
    const double a = sign * row[j];
    // By the sign of the reduced cost: values and bounds are on their way from one node to the next.
    if (fabs(a) < PIVOT || (a > 0) != (s->slope[j] >= 0) || least_of(s, v) >= most_of(s, v)) continue;
    const double ratio = fabs(s->slope[j]) / fabs(a);
    if (best >= 0 && (ratio > least || (ratio >= least && fabs(a) <= fabs(row[best])))) continue;
    least = ratio;
    best = j;
  }
  return best;
}

void clx_simplex_cost(clx_simplex *s, int32_t column, double cost) {
  const double change = cost - s->cost[column];
  if (change == 0) return;
  const int32_t r = s->place[column];
  if (r >= 0) {
    int32_t j = choose_any(s, r, 1);
    if (j < 0) j = choose_any(s, r, -1);
    if (j >= 0) pivot(s, r, j);
  }
  s->cost[column] = cost;
  if (s->place[column] < 0) {
    s->slope[-1 - s->place[column]] += change;
    return;
  }
  // Nothing may enter: the reduced costs of slacks may turn wrong and count as 0; bounds are computed from the given rows and hold.
  const double *row = row_of(s, r);
  for (int32_t k = 0; k < s->live; k++) s->slope[k] += change * row[k];
}

// --- certainty -----------------------------------------------------------------------------------------------------------------------------

// Lower bound from the multipliers at hand and the given rows: sum y low + sum of each column at its cheaper bound. Sets s->reduced.
static double certain_bound(clx_simplex *s) {
  const int32_t n = s->columns;
  double bound = 0;
  memcpy(s->reduced, s->cost, (size_t)n * sizeof(double));
  for (int32_t j = 0; j < s->live; j++) {
    const int32_t slot = s->fixed[j] - n;
    if (slot < 0 || s->slope[j] <= 0) continue;
    const double y = s->slope[j], *a = s->given + (size_t)slot * (size_t)n;
    bound += y * s->low[slot];
    for (int32_t v = 0; v < n; v++) s->reduced[v] -= y * a[v];
  }
  for (int32_t v = 0; v < n; v++) {
    const double r = s->reduced[v];
    if (r < 0 && s->most[v] == INFINITY && r > -1e-9) continue;  // an estimate's cost of 1, within rounding
    bound += r * (r < 0 ? s->most[v] : s->least[v]);
  }
  return bound;
}

static void set_solution(clx_simplex *s) {
  for (int32_t j = 0; j < s->columns; j++)
    if (s->fixed[j] < s->columns) s->x[s->fixed[j]] = s->at[j];
  for (int32_t i = 0; i < s->rows; i++) {
    if (s->basic[i] < s->columns) {
      s->x[s->basic[i]] = s->value[i];
    } else {
      s->age[s->basic[i] - s->columns]++;
    }
  }
  for (int32_t j = 0; j < s->columns; j++)
    if (s->fixed[j] >= s->columns) s->age[s->fixed[j] - s->columns] = 0;
}

// Largest error of the dictionary: slacks as they stand in it against those of the given rows.
static double drift(clx_simplex *s) {
  const int32_t n = s->columns;
  double worst = 0;
  for (int32_t i = 0; i < s->rows; i++) {
    const int32_t slot = s->basic[i] - n;
    if (slot < 0) continue;
    const double *a = s->given + (size_t)slot * (size_t)n;
    double sum = -s->low[slot], scale = 1 + fabs(s->low[slot]);
    for (int32_t v = 0; v < n; v++) sum += a[v] * s->x[v];
    worst = fmax(worst, fabs(sum - s->value[i]) / scale);
  }
  return worst;
}

// Builds the dictionary of the same basis anew from the given rows.
static void rebuild(clx_simplex *s) {
  const int32_t n = s->columns;
  int32_t wanted = 0;  // columns that shall be basic
  int32_t *slots = s->list;
  s->rebuilds++;
  for (int32_t i = 0; i < s->rows; i++)
    if (s->basic[i] < n) s->work[wanted++] = s->basic[i];
  // Slots in use, basic or not.
  int32_t row = 0;
  for (int32_t i = 0; i < s->rows; i++)
    if (s->basic[i] >= n) s->basic[row++] = s->basic[i];
  int32_t out = 0;  // slacks that shall be nonbasic: behind the others
  for (int32_t j = 0; j < n; j++)
    if (s->fixed[j] >= n) s->basic[row + out++] = s->fixed[j];
  for (int32_t k = 0; k < wanted; k++) slots[k] = (int32_t)s->work[k];
  clx_simplex_begin(s);
  for (int32_t i = 0; i < s->rows; i++) {
    s->place[s->basic[i]] = i;
    express(s, s->basic[i] - n, i);
  }
  for (int32_t k = 0; k < wanted; k++) {
    const int32_t j = -1 - s->place[slots[k]];
    int32_t best = -1;
    for (int32_t i = row; i < s->rows; i++) {
      if (s->basic[i] < n) continue;
      if (best < 0 || fabs(row_of(s, i)[j]) > fabs(row_of(s, best)[j])) best = i;
    }
    if (best >= 0 && fabs(row_of(s, best)[j]) > PIVOT) pivot(s, best, j);
  }
  for (int32_t i = 0; i < s->rows; i++) s->norm[i] = squared(row_of(s, i), s->live);
}

// Puts position j behind the live ones.
static void freeze(clx_simplex *s, int32_t j) {
  const int32_t v = s->fixed[j], last = --s->live;
  const double value = s->least[v];
  for (int32_t i = 0; i < s->rows; i++) {
    double *row = row_of(s, i);
    s->base[i] += row[j] * value;
    row[j] = row[last];
    row[last] = 0;
  }
  s->fixed[j] = s->fixed[last];
  s->slope[j] = s->slope[last];
  s->place[s->fixed[j]] = -1 - j;
  s->fixed[last] = v;
  s->place[v] = -1 - last;
  s->slope[last] = 0;
  s->at[last] = value;
}

// Brings back what is no longer fixed where it was, and puts away what has become so.
static void set_live(clx_simplex *s) {
  bool thaw = false;
  for (int32_t j = s->live; j < s->columns && !thaw; j++) {
    const int32_t v = s->fixed[j];
    thaw = s->least[v] < s->most[v] || s->least[v] < s->at[j] || s->least[v] > s->at[j];
  }
  if (thaw) rebuild(s);
  for (int32_t j = s->live - 1; j >= 0; j--) {
    const int32_t v = s->fixed[j];
    if (v < s->columns && s->least[v] >= s->most[v] && !s->stays[v]) freeze(s, j);
  }
}

static bool apart(const clx_simplex *s, double bound) {
  double sum = 0;
  for (int32_t v = 0; v < s->columns; v++) sum += s->cost[v] * s->x[v];
  return fabs(sum - bound) > APART * fmax(fabs(sum), 1);
}

clx_simplex_end clx_simplex_solve(clx_simplex *s, double cutoff, int64_t pivots, double *bound) {
  bool anew = false;
  s->solves++;
  set_live(s);
  set_bounds(s);
  for (int64_t k = 0;; k++) {
    double beyond = 0;
    const int32_t r = choose_row(s, &beyond);
    if (r < 0 || k >= pivots) {
      set_solution(s);
      // Looked at now and then: bounds do not depend on it, and whoever uses the solution judges it by itself.
      if (k < pivots && s->solves % CHECK_SOLVES == 0 && drift(s) > DRIFT) {
        rebuild(s);
        set_live(s);
        set_bounds(s);
        continue;
      }
      *bound = certain_bound(s);
      // Costs of an optimal solution are its bound; where they are not, the dictionary is worn.
      if (r < 0 && !anew && *bound <= cutoff && apart(s, *bound)) {
        anew = true;
        rebuild(s);
        set_live(s);
        set_bounds(s);
        continue;
      }
      return *bound > cutoff ? CLX_SIMPLEX_ABOVE : r < 0 ? CLX_SIMPLEX_OPTIMAL : CLX_SIMPLEX_LIMIT;
    }
    const int32_t j = choose_column(s, r, beyond);
    if (j < 0 && !anew) {  // believed only of a fresh dictionary
      anew = true;
      rebuild(s);
      set_live(s);
      set_bounds(s);
      continue;
    }
    if (j < 0) {
      *bound = INFINITY;
      return CLX_SIMPLEX_INFEASIBLE;
    }
    const int32_t leaving = s->basic[r];
    const double goal = beyond > 0 ? least_of(s, leaving) : most_of(s, leaving);
    const double step = (goal - s->value[r]) / row_of(s, r)[j], entered = s->at[j] + step;
    for (int32_t i = 0; i < s->rows; i++) s->value[i] += step * row_of(s, i)[j];
    pivot(s, r, j);
    s->value[r] = entered;
    s->at[j] = goal;
    if (k % CHECK_EVERY == CHECK_EVERY - 1) {
      set_values(s);
      *bound = certain_bound(s);
      if (*bound > cutoff) return CLX_SIMPLEX_ABOVE;
    }
  }
}
