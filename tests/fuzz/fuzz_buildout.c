// Any text as a buildout of a small machine: a run whose GPUs are between none and all, or a mistake; never a crash.
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "buildout/buildout.h"
#include "document/document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// Plans over long times or of many works are slow, and no fault.
static bool small(const clx_buildout_spec *s, const clx_project *p) {
  double sum = p->activity_count;
  for (int32_t i = 0; i < p->activity_count; i++)
    for (int32_t m = 0; m < p->activity[i].mode_count; m++)
      sum += p->activity[i].mode[m].duration + p->activity[i].release;
  for (int32_t k = 0; k < p->link_count; k++) sum += abs(p->link[k].least);
  for (int32_t r = 0; r < p->resource_count; r++)
    for (int32_t k = 0; k < p->resource[r].level_count; k++) sum += p->resource[r].level[k].at;
  return sum < 5000 && s->horizon < 1000 * 86400.0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const clx_buildout_cohort FLEET = {"small", 6400, 64, 1000, 900};
  const clx_buildout_input input = {.cohort = &FLEET, .cohort_count = 1};
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return 0;
  clx_error error;
  clx_error_clear(&error);
  clx_node *root = NULL;
  clx_buildout_spec spec;
  clx_buildout *b;
  clx_buildout_result out;
  clx_buildout_settings settings;
  clx_buildout_settings_default(&settings);
  settings.replicas = 4;
  settings.plan.schedules = 20;
  settings.plan.conflicts = 50;
  clx_status status = clx_document_read(arena, "b.yaml", (const char *)data, size, &root, &error);
  if (status == CLX_OK) status = clx_schema_read(&clx_buildout_schema, root, false, arena, &spec, &error);
  if (status == CLX_OK) status = clx_buildout_compile(&spec, &input, arena, &b, &error);
  if (status == CLX_OK && small(&spec, clx_buildout_project(b))) {
    status = clx_buildout_run(b, &settings, arena, &out, &error);
    for (int32_t d = 0; status == CLX_OK && d <= out.series.days; d++)
      if (!(out.series.plain[d] >= -1e-6 && out.series.plain[d] <= 6400 + 1e-6 && out.series.mean[d] >= -1e-6 &&
            out.series.mean[d] <= 6400 + 1e-6))
        abort();
    if (status == CLX_INTERNAL) abort();
  }
  if (status != CLX_OK && (error.count == 0 || error.mistake[0].text[0] == 0)) abort();
  clx_arena_free(arena);
  return 0;
}
