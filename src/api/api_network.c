// The public functions on the fabric of a scenario.
#include "api/api_internal.h"
#include "report/report.h"
#include "result/result.h"
#include "scenario/scenario.h"
#include "twin/twin.h"

const char *clx_network_traffic_name(int32_t index) {
  return index >= 0 && index < CLX_STUDY_TRAFFICS ? clx_study_traffic_name[index] : NULL;
}

void clx_network_options_default(clx_network_options *options) { *options = (clx_network_options){0}; }

clx_status clx_network_run(const clx_scenario *scenario, const clx_network_options *options, clx_result **out,
                           clx_error *error) {
  *out = NULL;
  clx_result *result = clx_result_new();
  if (result == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const clx_status status = clx_twin_network(scenario, options, result, error);
  if (status != CLX_OK) {
    clx_result_free(result);
    return status;
  }
  *out = result;
  return CLX_OK;
}

clx_status clx_network_text(const clx_result *result, bool colour, char **text, clx_error *error) {
  clx_buffer out = {0};
  if (clx_result_find(result, "schedule.time") != NULL) {
    clx_report_schedule(result, &out);
  } else {
    clx_report_network(result, colour, &out);
  }
  return clx_api_hand_over(CLX_OK, &out, text, error);
}

clx_status clx_network_csv(const clx_result *result, char **text, clx_error *error) {
  clx_buffer out = {0};
  clx_report_links(result, &out);
  return clx_api_hand_over(CLX_OK, &out, text, error);
}

clx_status clx_network_svg(const clx_scenario *scenario, const clx_result *result, char **text, clx_error *error) {
  clx_buffer out = {0};
  clx_report_fabric(&scenario->machine.fabric, result, &out);
  return clx_api_hand_over(CLX_OK, &out, text, error);
}
