// What `colossus build` asks, and the part of a run.
#include "schedule/schedule_file.h"
#include "twin/twin_buildout.h"
#include "twin/twin_internal.h"

static clx_status need_section(const clx_scenario *s, clx_error *error) {
  if (clx_scenario_is_built(s)) return CLX_OK;
  return clx_fail_plain(error, CLX_INPUT,
                        "scenario '%s' has no section 'buildout': it does not say how the machine comes to be; add one "
                        "with a start, works and deliveries (colossus schema)",
                        s->spec.name);
}

static clx_status run(const clx_scenario *s, const clx_buildout_settings *settings, bool study, clx_twin_kept *kept,
                      clx_result *result, clx_error *error) {
  clx_arena *arena = kept != NULL ? kept->arena : clx_arena_new();
  clx_twin_buildout *b = arena != NULL ? CLX_NEW(arena, clx_twin_buildout) : NULL;
  clx_status status = b != NULL ? CLX_OK : clx_fail_plain(error, CLX_MEMORY, "out of memory");
  if (status == CLX_OK) status = clx_twin_buildout_make(s, settings, arena, b, error);
  if (status == CLX_OK) status = clx_twin_buildout_put(b, study, result, error);
  if (kept == NULL) clx_arena_free(arena);
  if (kept != NULL && status == CLX_OK) kept->build = b;
  return status;
}

clx_status clx_twin_run_buildout(const clx_scenario *s, uint64_t seed, int32_t threads, clx_twin_kept *kept,
                                 clx_result *result, clx_error *error) {
  clx_buildout_settings settings;
  if (!clx_scenario_is_built(s)) return CLX_OK;
  clx_buildout_settings_default(&settings);
  settings.seed = seed;
  settings.threads = threads;
  settings.replicas = CLX_TWIN_BUILDOUT_REPLICAS;
  settings.paths = kept != NULL;
  // A machine that is changed in one number (--set) may outgrow its build: the rest of the run still holds.
  clx_error mine = {0};
  const clx_status status = run(s, &settings, false, kept, result, &mine);
  if (status != CLX_INFEASIBLE) {
    if (status != CLX_OK && error != NULL) *error = mine;
    return status;
  }
  for (int32_t i = 0; i < mine.count; i++)
    CLX_TRY(clx_result_warn(result, error, "no build, its dates are left out: %s", mine.mistake[i].text));
  return CLX_OK;
}

static void settings_of(const clx_build_options *options, clx_buildout_settings *settings) {
  clx_build_options plain;
  clx_build_options_default(&plain);
  const clx_build_options *o = options != NULL ? options : &plain;
  clx_buildout_settings_default(settings);
  settings->seed = o->seed;
  settings->replicas = o->replicas;
  settings->threads = o->threads;
  settings->plan.seconds = o->seconds;
  settings->progress = o->progress;
  settings->context = o->context;
}

clx_status clx_twin_build_study(const clx_scenario *s, const clx_build_options *options, clx_result *result,
                                clx_error *error) {
  clx_buildout_settings settings;
  settings_of(options, &settings);
  CLX_TRY(need_section(s, error));
  CLX_TRY(clx_twin_scenario(s, result, error));
  CLX_TRY(clx_twin_machine(s, result, error));
  CLX_TRY(run(s, &settings, true, NULL, result, error));
  return clx_twin_assumptions(s, result, error);
}

clx_status clx_twin_build_write(const clx_scenario *s, const clx_build_options *options, const char *format,
                                clx_buffer *out, clx_error *error) {
  clx_buildout_settings settings;
  settings_of(options, &settings);
  settings.replicas = 0;
  clx_project_writer *write = clx_project_writer_of(format);
  if (write == NULL)
    return clx_fail_plain(error, CLX_INPUT, "unknown format '%s' of a plan, expected csv, json or xml", format);
  CLX_TRY(need_section(s, error));
  clx_arena *arena = clx_arena_new();
  clx_twin_buildout *b = arena != NULL ? CLX_NEW(arena, clx_twin_buildout) : NULL;
  clx_status status = b != NULL ? CLX_OK : clx_fail_plain(error, CLX_MEMORY, "out of memory");
  if (status == CLX_OK) status = clx_twin_buildout_make(s, &settings, arena, b, error);
  if (status == CLX_OK && b->result.work_count == 0)
    status = clx_fail_plain(error, CLX_INPUT, "scenario '%s' has no 'buildout.works' to write", s->spec.name);
  if (status == CLX_OK) status = write(clx_buildout_project(b->buildout), &b->result.plan.plan, out, error);
  clx_arena_free(arena);
  return status;
}
