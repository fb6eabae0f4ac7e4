// The extensive form: every scenario written out, one sparse program for COIN-OR Cbc and, as a file, for other solvers.
#include "supply/supply_plan_extensive.h"

#include <math.h>
#include <stdio.h>

// Columns: u (S), z (S T), q (S T), then for each scenario I and B of each period, then c (W), x (W), eta.
static int32_t column_z(const clx_sourcing *p, int32_t i) { return p->suppliers + i; }
static int32_t column_q(const clx_sourcing *p, int32_t i) { return p->suppliers + p->suppliers * p->periods + i; }
static int32_t column_second(const clx_sourcing *p, int32_t w, int32_t t) {
  return p->suppliers + 2 * p->suppliers * p->periods + 2 * (w * p->periods + t);
}
static int32_t column_c(const clx_sourcing *p, int32_t w) { return column_second(p, p->scenarios, 0) + w; }
static int32_t column_x(const clx_sourcing *p, int32_t w) { return column_c(p, p->scenarios) + w; }

static void begin_row(clx_program *g, double low, double high) {
  g->low[g->rows] = low;
  g->high[g->rows++] = high;
  g->start[g->rows] = g->entries;
}

// Behind begin_row: entries of the row that was begun last.
static void entry(clx_program *g, int32_t column, double value) {
  g->column[g->entries] = column;
  g->value[g->entries++] = value;
  g->start[g->rows] = g->entries;
}

static clx_status allocate(const clx_sourcing *p, clx_arena *arena, clx_program *g, clx_error *error) {
  const size_t S = (size_t)p->suppliers, T = (size_t)p->periods, W = (size_t)p->scenarios;
  const size_t rows = 3 * S * T + S + T + 1 + W * T + 2 * W;
  const size_t entries = 6 * S * T + S * T + S * T * T + 3 * S * T + S + W * (S * T + 4 * T) + W * (2 * T + 1) + 3 * W;
  const int32_t columns = column_x(p, p->scenarios) + 1;
  if (entries > INT32_MAX / 2)
    return clx_fail_plain(error, CLX_INPUT, "the extensive form of %d scenarios has %zu entries: too many",
                          p->scenarios, entries);
  *g = (clx_program){.columns = columns,
                     .start = CLX_NEW_ARRAY(arena, int32_t, rows + 1),
                     .column = CLX_NEW_ARRAY(arena, int32_t, entries),
                     .value = CLX_NEW_ARRAY(arena, double, entries),
                     .low = CLX_NEW_ARRAY(arena, double, rows),
                     .high = CLX_NEW_ARRAY(arena, double, rows),
                     .cost = CLX_NEW_ARRAY(arena, double, columns),
                     .least = CLX_NEW_ARRAY(arena, double, columns),
                     .most = CLX_NEW_ARRAY(arena, double, columns),
                     .binary = CLX_NEW_ARRAY(arena, bool, columns)};
  if (g->start == NULL || g->column == NULL || g->value == NULL || g->low == NULL || g->high == NULL ||
      g->cost == NULL || g->least == NULL || g->most == NULL || g->binary == NULL)
    return clx_fail_plain(error, CLX_MEMORY, "out of memory for the extensive form");
  return CLX_OK;
}

static void set_columns(const clx_sourcing *p, clx_program *g) {
  const int32_t cells = p->suppliers * p->periods;
  for (int32_t i = 0; i < g->columns; i++) g->most[i] = INFINITY;
  for (int32_t s = 0; s < p->suppliers; s++) {
    g->cost[s] = p->qualify[s];
    g->most[s] = 1;
    g->binary[s] = true;
  }
  for (int32_t i = 0; i < cells; i++) {
    g->cost[column_z(p, i)] = p->setup[i];
    g->most[column_z(p, i)] = 1;
    g->binary[column_z(p, i)] = true;
    g->cost[column_q(p, i)] = p->price[i];
    g->most[column_q(p, i)] = p->most[i];
  }
  for (int32_t w = 0; w < p->scenarios; w++) {
    g->cost[column_c(p, w)] = (1 - p->lambda) * p->probability[w];
    g->cost[column_x(p, w)] = p->lambda > 0 ? p->lambda * p->probability[w] / (1 - p->alpha) : 0;
  }
  const int32_t eta = column_x(p, p->scenarios);
  g->cost[eta] = p->lambda;
  g->least[eta] = -INFINITY;
}

static void add_first_stage(const clx_sourcing *p, clx_program *g) {
  for (int32_t s = 0; s < p->suppliers; s++) {
    for (int32_t t = 0; t < p->periods; t++) {
      const int32_t i = s * p->periods + t;
      begin_row(g, -INFINITY, 0);  // q <= most z
      entry(g, column_q(p, i), 1);
      entry(g, column_z(p, i), -p->most[i]);
      begin_row(g, -INFINITY, 0);  // lot z <= q
      entry(g, column_q(p, i), -1);
      entry(g, column_z(p, i), p->lot[i]);
      begin_row(g, -INFINITY, 0);  // z <= u
      entry(g, column_z(p, i), 1);
      entry(g, s, -1);
    }
    begin_row(g, -INFINITY, p->total[s]);
    for (int32_t t = 0; t < p->periods; t++) entry(g, column_q(p, s * p->periods + t), 1);
  }
  double wanted = 0;
  for (int32_t t = 0; p->required != NULL && t < p->periods; t++) {
    wanted = p->required[t];
    if (wanted <= 0) continue;
    begin_row(g, wanted, INFINITY);
    for (int32_t s = 0; s < p->suppliers; s++)
      for (int32_t k = 0; k + p->nominal[s] <= t; k++) entry(g, column_q(p, s * p->periods + k), 1);
  }
  if (p->budget <= 0) return;
  begin_row(g, -INFINITY, p->budget);
  for (int32_t i = 0; i < column_second(p, 0, 0); i++) entry(g, i, g->cost[i]);
}

// Position of each period: I - B = I' - B' + arrivals - what more can be used.
static void add_scenario(const clx_sourcing *p, const clx_second *second, int32_t w, clx_program *g) {
  const int32_t cells = p->suppliers * p->periods;
  const double *yield = p->yield + (size_t)w * (size_t)cells;
  const int32_t *arrival = p->arrival + (size_t)w * (size_t)cells;
  const double *target = second->target + (second->target_rows == 1 ? 0 : (size_t)w * (size_t)p->periods);
  for (int32_t t = 0; t < p->periods; t++) {
    const double more = target[t] - (t > 0 ? target[t - 1] : 0);
    begin_row(g, -more, -more);
    for (int32_t k = 0; k < 2; k++) {  // I, then B
      entry(g, column_second(p, w, t) + k, k == 0 ? 1 : -1);
      if (t > 0) entry(g, column_second(p, w, t - 1) + k, k == 0 ? -1 : 1);
    }
    for (int32_t i = 0; i < cells; i++)
      if (arrival[i] == t && yield[i] > 0) entry(g, column_q(p, i), -yield[i]);
  }
  const double constant = second->constant[second->target_rows == 1 ? 0 : w];
  begin_row(g, constant, constant);
  entry(g, column_c(p, w), 1);
  for (int32_t t = 0; t < p->periods; t++) {
    entry(g, column_second(p, w, t), -p->hold[t]);
    entry(g, column_second(p, w, t) + 1, -p->late[t]);
  }
  begin_row(g, 0, INFINITY);  // x >= c - eta
  entry(g, column_x(p, w), 1);
  entry(g, column_c(p, w), -1);
  entry(g, column_x(p, p->scenarios), 1);
}

clx_status clx_program_extensive(const clx_sourcing *p, clx_arena *arena, clx_program *out, clx_error *error) {
  clx_second second;
  CLX_TRY(clx_second_new(p, arena, &second, error));
  CLX_TRY(allocate(p, arena, out, error));
  set_columns(p, out);
  add_first_stage(p, out);
  for (int32_t w = 0; w < p->scenarios; w++) add_scenario(p, &second, w, out);
  return CLX_OK;
}

const double *clx_program_quantity(const clx_sourcing *p, const double *solution) { return solution + column_q(p, 0); }

// --- as a file ---------------------------------------------------------------------------------------------------------------------------

static void write_row(FILE *file, const clx_program *g, int32_t row) {
  fprintf(file, " r%d:", row);
  for (int32_t k = g->start[row]; k < g->start[row + 1]; k++)
    fprintf(file, "%s%+.17g x%d", k % 6 == 5 ? "\n  " : " ", g->value[k], g->column[k]);
  if (g->low[row] == g->high[row])
    fprintf(file, " = %.17g\n", g->low[row]);
  else if (g->low[row] > -INFINITY)
    fprintf(file, " >= %.17g\n", g->low[row]);
  else
    fprintf(file, " <= %.17g\n", g->high[row]);
}

static void write_program(FILE *file, const clx_program *g) {
  fprintf(file, "Minimize\n cost:");
  for (int32_t i = 0; i < g->columns; i++)
    if (g->cost[i] != 0) fprintf(file, "%s%+.17g x%d", i % 6 == 5 ? "\n  " : " ", g->cost[i], i);
  fprintf(file, "\nSubject To\n");
  for (int32_t row = 0; row < g->rows; row++) write_row(file, g, row);
  fprintf(file, "Bounds\n");
  for (int32_t i = 0; i < g->columns; i++) {
    if (g->least[i] == -INFINITY)
      fprintf(file, " x%d free\n", i);
    else if (g->most[i] < INFINITY)
      fprintf(file, " %.17g <= x%d <= %.17g\n", g->least[i], i, g->most[i]);
  }
  fprintf(file, "Binary\n");
  for (int32_t i = 0; i < g->columns; i++)
    if (g->binary[i]) fprintf(file, " x%d\n", i);
  fprintf(file, "End\n");
}

clx_status clx_sourcing_write(const clx_sourcing *p, const char *path, clx_error *error) {
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  clx_program program;
  clx_status status = clx_program_extensive(p, arena, &program, error);
  FILE *file = status == CLX_OK ? fopen(path, "w") : NULL;
  if (status == CLX_OK && file == NULL) status = clx_fail_plain(error, CLX_FILE, "cannot write \"%s\"", path);
  if (file != NULL) {
    write_program(file, &program);
    const bool failed = ferror(file) != 0;
    if (fclose(file) != 0 || failed) status = clx_fail_plain(error, CLX_FILE, "cannot write \"%s\"", path);
  }
  clx_arena_free(arena);
  return status;
}
