// Any text as the section decide of a scenario: finite figures of every course and of options, or a mistake that says what.
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/catalog.h"
#include "cost/cost_decide.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MONTHS = 60, DATES_MAX = 24 };
static const char COST[] =
    "start: 2025-06-01\ncapital:\n  - {name: g, kind: gpu, price: 30000 USD, price_low: 20000 USD, count: 1000, at: 2 "
    "months}\n"
    "operating: {energy: 70 USD/MWh, gpu_power: 1 kW}\n";

static void run(const clx_decide_spec *spec, const clx_decision *d, const clx_course *course, clx_arena *arena,
                clx_error *error) {
  clx_decision_bands bands;
  clx_real_out out;
  if (d->months > 240) return;  // time, not truth
  if (clx_decision_bands_run(d, course, 1, spec->course_count, 1, 3, arena, &bands, error) == CLX_OK) {
    for (int32_t c = 0; c < spec->course_count; c++) {
      for (int32_t f = 0; f < CLX_COURSE_FIGURES; f++) {
        if (!isfinite(bands.figure[c][f].mean)) abort();
      }
      if (!isfinite(bands.breakeven[c].mean) || !isfinite(bands.use_breakeven[c].mean)) abort();
    }
  }
  if (spec->option_count == 0 || spec->option[0].dates > DATES_MAX) return;
  clx_real real;
  clx_decide_options(spec, d, NULL, 0, &real);
  if (clx_real_run(&real, 1, 200, arena, &out, error) == CLX_OK && !isfinite(out.flexible.mean)) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static clx_catalog *catalog;
  clx_error error;
  clx_error_clear(&error);
  if (catalog == NULL && clx_catalog_open(NULL, &catalog, &error) != CLX_OK) return 0;
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return 0;
  clx_node *cost = NULL, *root = NULL;
  clx_cost_spec own;
  clx_cost_found found;
  clx_cost_plan plan;
  clx_decide_spec spec;
  clx_decide_found named;
  clx_decision decision;
  clx_course course[CLX_COURSES_MAX];
  double gpus[MONTHS];
  for (int32_t m = 0; m < MONTHS; m++) gpus[m] = m < 2 ? 0 : 1000;
  const clx_cost_input input = {.months = MONTHS, .gpus = gpus};
  if (clx_document_read(arena, "cost.yaml", COST, strlen(COST), &cost, &error) != CLX_OK ||
      clx_schema_read(&clx_cost_spec_schema, cost, false, arena, &own, &error) != CLX_OK ||
      clx_catalog_read_cost(catalog, &own, arena, &found, &error) != CLX_OK ||
      clx_cost_compile(&own, &found, arena, &plan, &error) != CLX_OK)
    abort();
  clx_status status = clx_document_read(arena, "d.yaml", (const char *)data, size, &root, &error);
  if (status == CLX_OK) status = clx_schema_read(&clx_decide_spec_schema, root, false, arena, &spec, &error);
  if (status == CLX_OK) status = clx_catalog_read_decide(catalog, &spec, plan.start, arena, &named, &error);
  if (status == CLX_OK)
    status = clx_decide_compile(&spec, &named, &plan, &input, plan.start, arena, &decision, course, &error);
  if (status == CLX_OK) run(&spec, &decision, course, arena, &error);
  if (status != CLX_OK && (error.count == 0 || error.mistake[0].text[0] == 0)) abort();
  clx_arena_free(arena);
  return 0;
}
