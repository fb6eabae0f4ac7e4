// The public functions that compare policies of living with failures.
#include "api/api_internal.h"
#include "report/report.h"
#include "result/result.h"
#include "scenario/scenario.h"
#include "twin/twin_goodput.h"

void clx_goodput_options_default(clx_goodput_options *options) {
  *options = (clx_goodput_options){.seed = CLX_DEFAULT_SEED, .threads = 1};
}

const char *clx_goodput_policy_name(int32_t index, const char **doc) {
  for (int32_t i = 0; clx_goodput_presets[i].name != NULL; i++) {
    if (i != index) continue;
    if (doc != NULL) *doc = clx_goodput_presets[i].doc;
    return clx_goodput_presets[i].name;
  }
  return NULL;
}

clx_status clx_goodput_load(const clx_catalog *catalog, const char *name_or_path, const clx_setting *settings,
                            int32_t setting_count, const char *policy, clx_scenario **out, clx_error *error) {
  return clx_twin_goodput_load(catalog, name_or_path, settings, setting_count, policy, out, error);
}

clx_status clx_goodput_run(const clx_scenario *const *scenario, const char *const *name, int32_t count,
                           const clx_goodput_options *options, clx_result **out, clx_error *error) {
  *out = NULL;
  clx_result *result = clx_result_new();
  if (result == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const clx_status status = clx_twin_goodput(scenario, name, count, options, result, error);
  if (status != CLX_OK) {
    clx_result_free(result);
    return status;
  }
  *out = result;
  return CLX_OK;
}

clx_status clx_goodput_text(const clx_result *result, bool colour, char **text, clx_error *error) {
  clx_buffer out = {0};
  clx_report_goodput(result, colour, &out);
  return clx_api_hand_over(CLX_OK, &out, text, error);
}

clx_status clx_goodput_csv(const clx_result *result, const char *table, char **text, clx_error *error) {
  static const clx_api_maker tables[] = {{"ledger", clx_report_goodput_ledger_csv},
                                         {"progress", clx_report_goodput_series_csv},
                                         {"curves", clx_report_goodput_curves_csv}};
  return clx_api_make(result, tables, CLX_COUNT(tables), "table", table, text, error);
}

clx_status clx_goodput_svg(const clx_result *result, const char *drawing, char **text, clx_error *error) {
  static const clx_api_maker drawings[] = {{"goodput", clx_report_goodput_svg},
                                           {"progress", clx_report_goodput_progress},
                                           {"size", clx_report_goodput_size},
                                           {"interval", clx_report_goodput_interval},
                                           {"ledger", clx_report_goodput_ledger}};
  return clx_api_make(result, drawings, CLX_COUNT(drawings), "drawing", drawing, text, error);
}
