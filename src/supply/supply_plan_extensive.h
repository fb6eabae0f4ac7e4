// The extensive form as a sparse program by rows.
#pragma once

#include "supply/supply_plan_internal.h"

typedef struct clx_program {
  int32_t rows, columns, entries;
  int32_t *start;               // rows + 1
  int32_t *column;              // entries
  double *value;                // entries
  double *low, *high;           // rows
  double *cost, *least, *most;  // columns
  bool *binary;                 // columns
} clx_program;

clx_status clx_program_extensive(const clx_sourcing *p, clx_arena *arena, clx_program *out, clx_error *error);
// Where the quantities (S x T) stand in a solution of it.
const double *clx_program_quantity(const clx_sourcing *p, const double *solution);
