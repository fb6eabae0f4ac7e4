// Buildouts from text, for tests and benches.
#pragma once

#include "buildout/buildout.h"
#include "check.h"
#include "document/document.h"

typedef struct buildout_rig {
  clx_arena *arena;
  clx_error error;
  clx_buildout_spec spec;
  clx_buildout_input input;
  clx_buildout *b;
} buildout_rig;

static const clx_buildout_cohort RIG_H100 = {"h100", 100000, 64, 1427, 1400};
enum { RIG_DAY = 86400 };

static inline void rig_begin(buildout_rig *r, const clx_buildout_cohort *cohort, int32_t count) {
  *r = (buildout_rig){.arena = clx_arena_new()};
  clx_error_clear(&r->error);
  r->input.cohort = cohort;
  r->input.cohort_count = count;
}

static inline void rig_end(buildout_rig *r) { clx_arena_free(r->arena); }

static inline clx_status rig_compile(buildout_rig *r, const char *text) {
  clx_node *root = NULL;
  clx_error_clear(&r->error);
  clx_status status = clx_document_read(r->arena, "buildout.yaml", text, strlen(text), &root, &r->error);
  if (status == CLX_OK) status = clx_schema_read(&clx_buildout_schema, root, false, r->arena, &r->spec, &r->error);
  return status != CLX_OK ? status : clx_buildout_compile(&r->spec, &r->input, r->arena, &r->b, &r->error);
}

static inline clx_buildout_result rig_run(buildout_rig *r, const char *text, int32_t replicas) {
  clx_buildout_result out;
  clx_buildout_settings settings;
  clx_buildout_settings_default(&settings);
  settings.replicas = replicas;
  settings.plan.schedules = 500;
  settings.plan.conflicts = 500;
  if (rig_compile(r, text) != CLX_OK) fail_msg("%s", r->error.mistake[0].text);
  if (clx_buildout_run(r->b, &settings, r->arena, &out, &r->error) != CLX_OK) fail_msg("%s", r->error.mistake[0].text);
  return out;
}
