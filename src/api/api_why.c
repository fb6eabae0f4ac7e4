// The public functions that explain a step.
#include "api/api_internal.h"
#include "report/report.h"
#include "result/result.h"
#include "scenario/scenario.h"
#include "twin/twin.h"

clx_status clx_why_run(const clx_scenario *scenario, const clx_run_options *options, clx_result **out,
                       clx_error *error) {
  clx_run_options plain;
  *out = NULL;
  clx_run_options_default(&plain);
  clx_result *result = clx_result_new();
  if (result == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const clx_status status = clx_twin_why(scenario, options != NULL ? options : &plain, result, error);
  if (status != CLX_OK) {
    clx_result_free(result);
    return status;
  }
  *out = result;
  return CLX_OK;
}

clx_status clx_why_text(const clx_result *result, int32_t top, bool colour, char **text, clx_error *error) {
  clx_buffer out = {0};
  clx_report_why(result, top, colour, &out);
  return clx_api_hand_over(CLX_OK, &out, text, error);
}

clx_status clx_why_svg(const clx_result *result, int32_t top, char **text, clx_error *error) {
  clx_buffer out = {0};
  clx_report_why_svg(result, top, &out);
  return clx_api_hand_over(CLX_OK, &out, text, error);
}
