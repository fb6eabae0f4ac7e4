// The public functions that study the cooling of a site.
#include "api/api_internal.h"
#include "report/report.h"
#include "result/result.h"
#include "scenario/scenario.h"
#include "twin/twin_cooling_study.h"

static const char *const TRIPS[] = {"pump", "cdu", "chiller", "unit", "power", "restore", "load"};

const char *clx_cooling_trip_name(int32_t index) {
  return index >= 0 && index < CLX_COUNT(TRIPS) ? TRIPS[index] : NULL;
}

void clx_cooling_options_default(clx_cooling_options *options) {
  *options = (clx_cooling_options){.seed = CLX_DEFAULT_SEED, .threads = 1};
}

clx_status clx_cooling_run(const clx_scenario *scenario, const clx_cooling_options *options, clx_result **out,
                           clx_error *error) {
  *out = NULL;
  clx_result *result = clx_result_new();
  if (result == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const clx_status status = clx_twin_cooling_study(scenario, options, result, error);
  if (status != CLX_OK) {
    clx_result_free(result);
    return status;
  }
  *out = result;
  return CLX_OK;
}

clx_status clx_cooling_text(const clx_result *result, bool colour, char **text, clx_error *error) {
  clx_buffer out = {0};
  clx_report_cooling(result, colour, &out);
  return clx_api_hand_over(CLX_OK, &out, text, error);
}

clx_status clx_cooling_html(const clx_result *result, char **text, clx_error *error) {
  clx_buffer out = {0};
  clx_report_cooling_page(result, &out);
  return clx_api_hand_over(CLX_OK, &out, text, error);
}

clx_status clx_cooling_csv(const clx_result *result, const char *table, char **text, clx_error *error) {
  static const clx_api_maker tables[] = {{"plant", clx_report_cooling_plant_csv},
                                         {"year", clx_report_cooling_year_csv},
                                         {"trip", clx_report_cooling_trip_csv},
                                         {"compare", clx_report_cooling_compare_csv}};
  return clx_api_make(result, tables, CLX_COUNT(tables), "table", table, text, error);
}

clx_status clx_cooling_svg(const clx_result *result, const char *drawing, char **text, clx_error *error) {
  static const clx_api_maker drawings[] = {{"plant", clx_report_cooling_plant},
                                           {"year", clx_report_cooling_year},
                                           {"duration", clx_report_cooling_duration},
                                           {"trip", clx_report_cooling_trip},
                                           {"compare", clx_report_cooling_compare}};
  return clx_api_make(result, drawings, CLX_COUNT(drawings), "drawing", drawing, text, error);
}
