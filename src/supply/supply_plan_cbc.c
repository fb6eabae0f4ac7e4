// COIN-OR Cbc on the extensive form.
#include <math.h>
#include <stdio.h>

#include "supply/supply_plan_extensive.h"

#ifdef CLX_HAS_COIN

#include <coin/Cbc_C_Interface.h>

static void load(Cbc_Model *model, const clx_program *g, clx_arena *arena, bool *memory) {
  // By columns, as the interface wants it.
  int32_t *start = CLX_NEW_ARRAY(arena, int32_t, g->columns + 2), *row = CLX_NEW_ARRAY(arena, int32_t, g->entries + 1);
  double *value = CLX_NEW_ARRAY(arena, double, g->entries + 1);
  *memory = start != NULL && row != NULL && value != NULL;
  if (!*memory) return;
  for (int32_t k = 0; k < g->entries; k++) start[g->column[k] + 2]++;
  for (int32_t i = 2; i < g->columns + 2; i++) start[i] += start[i - 1];
  for (int32_t r = 0; r < g->rows; r++) {
    for (int32_t k = g->start[r]; k < g->start[r + 1]; k++) {
      const int32_t at = start[g->column[k] + 1]++;
      row[at] = r;
      value[at] = g->value[k];
    }
  }
  Cbc_loadProblem(model, g->columns, g->rows, start, row, value, g->least, g->most, g->cost, g->low, g->high);
  for (int32_t i = 0; i < g->columns; i++)
    if (g->binary[i]) Cbc_setInteger(model, i);
}

static void set(Cbc_Model *model, const char *name, double value) {
  char text[40];
  snprintf(text, sizeof text, "%.10g", value);
  Cbc_setParameter(model, name, text);
}

clx_status clx_sourcing_solve_extensive(const clx_sourcing *p, const clx_plan_settings *settings, clx_arena *arena,
                                        clx_plan *out, clx_error *error) {
  CLX_TRY(clx_sourcing_check(p, error));
  clx_program program;
  bool memory = false;
  CLX_TRY(clx_program_extensive(p, arena, &program, error));
  const double gap = settings->gap > 0 ? settings->gap : 1e-6;
  Cbc_Model *model = Cbc_newModel();
  load(model, &program, arena, &memory);
  if (!memory) {
    Cbc_deleteModel(model);
    return clx_fail_plain(error, CLX_MEMORY, "out of memory for the extensive form");
  }
  set(model, "log", 0);
  set(model, "ratioGap", gap);
  set(model, "seconds", settings->seconds > 0 ? settings->seconds : 600);
  set(model, "maxNodes", settings->nodes > 0 ? (double)settings->nodes : 1e6);
  Cbc_solve(model);
  clx_status status = CLX_OK;
  const double *best = Cbc_bestSolution(model);
  if (best == NULL) {
    status = clx_fail_plain(error, CLX_INFEASIBLE, "no plan meets all conditions, or none was found in time");
  } else {
    double *quantity = CLX_NEW_ARRAY(arena, double, p->suppliers * p->periods);
    for (int32_t i = 0; quantity != NULL && i < p->suppliers * p->periods; i++) {
      const double q = clx_program_quantity(p, best)[i];
      quantity[i] = q > 1e-6 ? fmin(fmax(q, p->lot[i]), p->most[i]) : 0;  // the solver's tolerance
    }
    status = quantity == NULL ? clx_fail_plain(error, CLX_MEMORY, "out of memory")
                              : clx_plan_value(p, quantity, arena, out, error);
  }
  if (status == CLX_OK) {
    out->bound = Cbc_getBestPossibleObjValue(model);
    out->gap = (out->cost - out->bound) / fmax(fabs(out->cost), 1e-9);
    out->proved = Cbc_isProvenOptimal(model) != 0;
    out->nodes = Cbc_getNodeCount(model);
  }
  Cbc_deleteModel(model);
  return status;
}

#else

clx_status clx_sourcing_solve_extensive(const clx_sourcing *p, const clx_plan_settings *settings, clx_arena *arena,
                                        clx_plan *out, clx_error *error) {
  (void)settings, (void)arena, (void)out;
  CLX_TRY(clx_sourcing_check(p, error));
  return clx_fail_plain(error, CLX_INTERNAL,
                        "the extensive form needs COIN-OR Cbc, and this build of colossus has none: install "
                        "coinor-libcbc-dev and build again");
}

#endif
