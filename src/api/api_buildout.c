// The public functions that build a machine.
#include "api/api_internal.h"
#include "report/report.h"
#include "result/result.h"
#include "scenario/scenario.h"
#include "twin/twin_buildout.h"

void clx_build_options_default(clx_build_options *options) {
  enum { REPLICAS = 10000 };
  *options = (clx_build_options){.seed = CLX_DEFAULT_SEED, .threads = 1, .replicas = REPLICAS};
}

clx_status clx_build_run(const clx_scenario *scenario, const clx_build_options *options, clx_result **out,
                         clx_error *error) {
  *out = NULL;
  clx_result *result = clx_result_new();
  if (result == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const clx_status status = clx_twin_build_study(scenario, options, result, error);
  if (status != CLX_OK) {
    clx_result_free(result);
    return status;
  }
  *out = result;
  return CLX_OK;
}

clx_status clx_build_text(const clx_result *result, bool colour, char **text, clx_error *error) {
  clx_buffer out = {0};
  clx_report_buildout(result, colour, &out);
  return clx_api_hand_over(CLX_OK, &out, text, error);
}

clx_status clx_build_html(const clx_result *result, char **text, clx_error *error) {
  clx_buffer out = {0};
  clx_report_buildout_page(result, &out);
  return clx_api_hand_over(CLX_OK, &out, text, error);
}

clx_status clx_build_csv(const clx_result *result, const char *table, char **text, clx_error *error) {
  static const clx_api_maker tables[] = {{"gpus", clx_report_buildout_gpus_csv},
                                         {"works", clx_report_buildout_works_csv},
                                         {"drivers", clx_report_buildout_drivers_csv},
                                         {"causes", clx_report_buildout_causes_csv}};
  return clx_api_make(result, tables, CLX_COUNT(tables), "table", table, text, error);
}

clx_status clx_build_svg(const clx_result *result, const char *drawing, char **text, clx_error *error) {
  static const clx_api_maker drawings[] = {{"gantt", clx_report_buildout_gantt},
                                           {"gpus", clx_report_buildout_gpus},
                                           {"curve", clx_report_buildout_curve},
                                           {"tornado", clx_report_buildout_tornado}};
  return clx_api_make(result, drawings, CLX_COUNT(drawings), "drawing", drawing, text, error);
}

clx_status clx_build_write(const clx_scenario *scenario, const clx_build_options *options, const char *format,
                           char **text, clx_error *error) {
  clx_buffer out = {0};
  const clx_status status = clx_twin_build_write(scenario, options, format, &out, error);
  return clx_api_hand_over(status, &out, text, error);
}
