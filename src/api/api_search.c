// The public functions that search for layouts.
#include "api/api_internal.h"
#include "report/report.h"
#include "result/result.h"
#include "scenario/scenario.h"
#include "twin/twin_goodput.h"

static const char GOODPUT[] = "goodput";  // of policies; the others are of layouts

const char *clx_search_objective_name(int32_t index) {
  int32_t i = 0;
  for (; clx_twin_objective_name[i] != NULL; i++) {
    if (i == index) return clx_twin_objective_name[i];
  }
  return i == index ? GOODPUT : NULL;
}

static bool of_policies(const clx_result *result) {
  return clx_text_equal(clx_result_fact(result, "search.objective"), GOODPUT);
}

void clx_search_options_default(clx_search_options *options) {
  *options = (clx_search_options){.top = 10, .seed = 1, .threads = 1};
}

clx_status clx_search_run(const clx_scenario *scenario, const clx_search_options *options, clx_result **out,
                          clx_error *error) {
  *out = NULL;
  clx_result *result = clx_result_new();
  if (result == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const clx_status status = clx_text_equal(options->objective, GOODPUT)
                                ? clx_twin_goodput_search(scenario, options, result, error)
                                : clx_twin_search(scenario, options, result, error);
  if (status != CLX_OK) {
    clx_result_free(result);
    return status;
  }
  *out = result;
  return CLX_OK;
}

clx_status clx_search_text(const clx_result *result, bool colour, char **text, clx_error *error) {
  clx_buffer out = {0};
  if (of_policies(result)) {
    clx_report_policies(result, colour, &out);
  } else {
    clx_report_search(result, colour, &out);
  }
  return clx_api_hand_over(CLX_OK, &out, text, error);
}

clx_status clx_search_csv(const clx_result *result, char **text, clx_error *error) {
  clx_buffer out = {0};
  if (of_policies(result)) {
    clx_report_policies_csv(result, &out);
  } else {
    clx_report_layouts(result, &out);
  }
  return clx_api_hand_over(CLX_OK, &out, text, error);
}

clx_status clx_search_svg(const clx_result *result, char **text, clx_error *error) {
  clx_buffer out = {0};
  *text = NULL;
  if (of_policies(result))
    return clx_fail_plain(error, CLX_INPUT, "a search for policies has no drawing of memory against time");
  clx_report_front(result, &out);
  return clx_api_hand_over(CLX_OK, &out, text, error);
}
