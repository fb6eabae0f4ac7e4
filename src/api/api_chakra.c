// The public functions on Chakra traces.
#include "api/api_internal.h"
#include "import/import_chakra.h"
#include "report/report.h"
#include "result/result.h"
#include "scenario/scenario.h"
#include "twin/twin.h"

// Hands over what was written, or frees it.
clx_status clx_chakra_import(const char *prefix, const char *groups, bool report, bool json, char **text,
                             clx_error *error) {
  clx_buffer out = {0};
  clx_execution execution;
  clx_chakra_report found;
  *text = NULL;
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const clx_status status = clx_chakra_load(arena, prefix, groups, &execution, &found, error);
  if (status == CLX_OK && json) {
    clx_chakra_report_json(&execution, &found, &out);
  } else if (status == CLX_OK) {
    clx_chakra_report_text(&execution, &found, report, &out);
  }
  clx_arena_free(arena);
  return clx_api_hand_over(status, &out, text, error);
}

clx_status clx_chakra_replay(const clx_scenario *scenario, const char *prefix, const clx_chakra_options *options,
                             clx_result **out, char **timeline, size_t *timeline_size, clx_error *error) {
  *out = NULL;
  const bool traced = timeline != NULL && options != NULL && options->trace != NULL;
  if (timeline != NULL) *timeline = NULL;
  if (timeline_size != NULL) *timeline_size = 0;
  clx_result *result = clx_result_new();
  clx_arena *arena = clx_arena_new();
  clx_buffer text = {0};
  clx_trace trace;
  clx_status status = result == NULL || arena == NULL ? clx_fail_plain(error, CLX_MEMORY, "out of memory") : CLX_OK;
  if (status == CLX_OK)
    status = clx_twin_replay(scenario, prefix, options, arena, result, traced ? &trace : NULL, error);
  if (status == CLX_OK && traced) {
    status = clx_api_hand_over(clx_api_write_trace(&trace, options->trace, &text, error), &text, timeline, error);
    if (status == CLX_OK && timeline_size != NULL) *timeline_size = text.length;
  }
  clx_arena_free(arena);
  if (status != CLX_OK) {
    clx_result_free(result);
    return status;
  }
  *out = result;
  return CLX_OK;
}

clx_status clx_chakra_text(const clx_result *result, bool colour, char **text, clx_error *error) {
  clx_buffer out = {0};
  clx_report_replay(result, colour, &out);
  return clx_api_hand_over(CLX_OK, &out, text, error);
}
