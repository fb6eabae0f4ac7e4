// The public functions that study the power of a site.
#include "api/api_internal.h"
#include "report/report.h"
#include "result/result.h"
#include "scenario/scenario.h"
#include "twin/twin_power_study.h"

static const char *const EVENTS[] = {
    [CLX_POWER_STEADY] = "steady", [CLX_POWER_START] = "start", [CLX_POWER_STOP] = "stop", [CLX_POWER_SAG] = "sag"};

const char *clx_power_event_name(int32_t index) {
  return index >= 0 && index < CLX_COUNT(EVENTS) ? EVENTS[index] : NULL;
}

void clx_power_options_default(clx_power_options *options) {
  *options = (clx_power_options){.seed = CLX_DEFAULT_SEED, .threads = 1};
}

clx_status clx_power_run(const clx_scenario *scenario, const clx_power_options *options, clx_result **out,
                         clx_error *error) {
  *out = NULL;
  clx_result *result = clx_result_new();
  if (result == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const clx_status status = clx_twin_power_study(scenario, options, result, error);
  if (status != CLX_OK) {
    clx_result_free(result);
    return status;
  }
  *out = result;
  return CLX_OK;
}

clx_status clx_power_text(const clx_result *result, bool colour, char **text, clx_error *error) {
  clx_buffer out = {0};
  clx_report_power(result, colour, &out);
  return clx_api_hand_over(CLX_OK, &out, text, error);
}

clx_status clx_power_html(const clx_result *result, char **text, clx_error *error) {
  clx_buffer out = {0};
  clx_report_power_page(result, &out);
  return clx_api_hand_over(CLX_OK, &out, text, error);
}

clx_status clx_power_csv(const clx_result *result, const char *table, char **text, clx_error *error) {
  static const clx_api_maker tables[] = {
      {"waveform", clx_report_power_waveform_csv}, {"spectrum", clx_report_power_spectrum_csv},
      {"chain", clx_report_power_chain_csv},       {"checks", clx_report_power_checks_csv},
      {"year", clx_report_power_year_csv},         {"design", clx_report_power_design_csv}};
  return clx_api_make(result, tables, CLX_COUNT(tables), "table", table, text, error);
}

clx_status clx_power_svg(const clx_result *result, const char *drawing, char **text, clx_error *error) {
  static const clx_api_maker drawings[] = {{"waveform", clx_report_power_waveform},
                                           {"spectrum", clx_report_power_spectrum},
                                           {"chain", clx_report_power_chain},
                                           {"year", clx_report_power_year},
                                           {"design", clx_report_power_design}};
  return clx_api_make(result, drawings, CLX_COUNT(drawings), "drawing", drawing, text, error);
}
