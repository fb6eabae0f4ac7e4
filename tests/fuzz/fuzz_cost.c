// Any text as the section cost of a scenario: finite figures that add up, or a mistake that says what.
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "catalog/catalog.h"
#include "cost/cost_plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void run(const clx_cost_plan *plan, clx_arena *arena, clx_error *error) {
  double gpus[CLX_MONTHS_MAX], lent = 0, back = 0;
  clx_cost_draw draw;
  clx_cost_out out;
  for (int32_t m = 0; m < plan->months; m++) gpus[m] = m + 1;
  const clx_cost_input input = {.months = plan->months, .gpus = gpus};
  if (clx_cost_out_make(plan, arena, &out, error) != CLX_OK) return;
  for (uint64_t replica = 0; replica < 3; replica++) {
    if (replica == 0)
      clx_cost_expected(plan, &draw);
    else
      clx_cost_draw_replica(plan, 1, replica, &draw);
    if (clx_cost_plan_run(plan, &input, &draw, true, &out, error) != CLX_OK) return;
    for (int32_t f = 0; f < CLX_COST_FIGURES; f++) {
      if (!isfinite(out.figure[f])) abort();
    }
    for (int32_t m = 0; m < plan->months; m++) {
      if (!isfinite(out.flow[m]) || !isfinite(out.equity[m]) || out.month[m].capital < 0) abort();
      lent += out.month[m].drawn;
      back += out.month[m].repaid;
    }
    if (fabs(lent - back) > 1e-6 * (lent + 1)) abort();
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static clx_catalog *catalog;
  clx_error error;
  clx_error_clear(&error);
  if (catalog == NULL && clx_catalog_open(NULL, &catalog, &error) != CLX_OK) return 0;
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return 0;
  clx_node *root = NULL;
  clx_cost_spec spec;
  clx_cost_found found;
  clx_cost_plan plan;
  clx_status status = clx_document_read(arena, "c.yaml", (const char *)data, size, &root, &error);
  if (status == CLX_OK) status = clx_schema_read(&clx_cost_spec_schema, root, false, arena, &spec, &error);
  if (status == CLX_OK) status = clx_catalog_read_cost(catalog, &spec, arena, &found, &error);
  if (status == CLX_OK) status = clx_cost_compile(&spec, &found, arena, &plan, &error);
  if (status == CLX_OK) run(&plan, arena, &error);
  if (status != CLX_OK && (error.count == 0 || error.mistake[0].text[0] == 0)) abort();
  clx_arena_free(arena);
  return 0;
}
