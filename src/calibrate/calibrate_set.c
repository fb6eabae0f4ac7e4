// The fit of one parameter set of a kernel family to measured times.
#include <math.h>
#include <stdlib.h>

#include "calibrate/calibrate_internal.h"

typedef struct set {
  const clx_device *device;
  const clx_kernel_rows *rows;
  const int32_t *chosen;  // thinned
  const void *parameters;
} set;

static double predict(void *context, int32_t i) {
  const set *s = context;
  const int32_t row = s->chosen[i];
  return s->rows->family->cost(s->device, s->rows->format[row], s->parameters, clx_kernel_rows_shape(s->rows, row))
      .time;
}

// Every size class counts for something, however few rows it has.
static void weigh(const clx_kernel_rows *rows, const int32_t *chosen, int32_t count, double *weight) {
  int32_t in_class[CLX_KERNEL_CLASSES_MAX] = {0}, classes = 0;
  for (int32_t i = 0; i < count; i++) in_class[rows->class_index[chosen[i]]]++;
  for (int32_t c = 0; c < CLX_KERNEL_CLASSES_MAX; c++) classes += in_class[c] > 0;
  for (int32_t i = 0; i < count; i++) {
    weight[i] = 0.5 + 0.5 * count / ((double)classes * in_class[rows->class_index[chosen[i]]]);
  }
}

typedef struct ticket {
  uint64_t hash;
  int32_t row;
} ticket;

static int compare_tickets(const void *a, const void *b) {
  const ticket *x = a, *y = b;
  if (x->hash != y->hash) return x->hash < y->hash ? -1 : 1;
  return x->row < y->row ? -1 : x->row > y->row;
}

// Of the format, the shape and the time: the order of the table does not matter.
static uint64_t hash_of(const clx_kernel_rows *rows, int32_t row) {
  uint64_t hash = clx_fit_mix((uint64_t)rows->format[row] + 1);
  for (int32_t c = 0; c < rows->family->column_count; c++)
    hash = clx_fit_mix(hash + (uint64_t)llround(clx_kernel_rows_shape(rows, row)[c] * 1024));
  return clx_fit_mix(hash + (uint64_t)llround(rows->time[row] * 1e12));
}

int32_t clx_fit_thin(clx_arena *arena, const clx_kernel_rows *rows, const int32_t *chosen, int32_t count, int32_t most,
                     int32_t *out) {
  ticket *tickets = CLX_NEW_ARRAY(arena, ticket, count + 1);
  if (tickets == NULL) return -1;
  for (int32_t i = 0; i < count; i++) tickets[i] = (ticket){hash_of(rows, chosen[i]), chosen[i]};
  qsort(tickets, (size_t)count, sizeof *tickets, compare_tickets);
  const int32_t kept = count < most ? count : most;
  for (int32_t i = 0; i < kept; i++) out[i] = tickets[i].row;
  return kept;
}

clx_status clx_fit_set(const clx_device *device, const clx_kernel_rows *rows, const int32_t *chosen, int32_t count,
                       const clx_fit_options *options, void *parameters, clx_error *error) {
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  int32_t *kept = CLX_NEW_ARRAY(arena, int32_t, count + 1);
  double *measured = CLX_NEW_ARRAY(arena, double, count + 1), *weight = CLX_NEW_ARRAY(arena, double, count + 1);
  set s = {.device = device, .rows = rows, .chosen = kept, .parameters = parameters};
  clx_fit_problem problem = {.measured = measured, .weight = weight, .predict = predict, .context = &s};
  clx_fit_add_parameters(&problem, rows->family->schema, parameters, NULL);
  clx_status status = CLX_OK;
  if (!kept || !measured || !weight) {
    status = clx_fail_plain(error, CLX_MEMORY, "out of memory");
  } else {
    problem.count = clx_fit_thin(arena, rows, chosen, count, options->rows_max, kept);
    if (problem.count < 0) {
      clx_arena_free(arena);
      return clx_fail_plain(error, CLX_MEMORY, "out of memory");
    }
    for (int32_t i = 0; i < problem.count; i++) measured[i] = rows->time[kept[i]];
    weigh(rows, kept, problem.count, weight);
    status = problem.count > problem.parameter_count
                 ? clx_fit(&problem, options, error)
                 : clx_fail_plain(error, CLX_INPUT, "%s: %d measurements are too few for %d parameters", rows->file,
                                  problem.count, problem.parameter_count);
  }
  clx_arena_free(arena);
  return status;
}
