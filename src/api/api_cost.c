// The public functions that count the money of a scenario.
#include "api/api_internal.h"
#include "report/report.h"
#include "result/result.h"
#include "scenario/scenario.h"
#include "twin/twin_cost.h"

enum { REPLICAS_MAX = 1000000 };

void clx_cost_options_default(clx_cost_options *options) {
  *options = (clx_cost_options){.seed = CLX_DEFAULT_SEED, .threads = 1, .replicas = CLX_TWIN_COST_REPLICAS};
}

clx_status clx_cost_run(const clx_scenario *scenario, const clx_cost_options *options, clx_result **out,
                        clx_error *error) {
  *out = NULL;
  if (options != NULL && (options->replicas < 1 || options->replicas > REPLICAS_MAX))
    return clx_fail_plain(error, CLX_INPUT, "%d replicas; expected 1 to %d", options->replicas, REPLICAS_MAX);
  clx_result *result = clx_result_new();
  if (result == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const clx_status status = clx_twin_cost_study(scenario, options, result, error);
  if (status != CLX_OK) {
    clx_result_free(result);
    return status;
  }
  *out = result;
  return CLX_OK;
}

clx_status clx_cost_text(const clx_result *result, bool colour, char **text, clx_error *error) {
  clx_buffer out = {0};
  clx_report_cost(result, colour, &out);
  return clx_api_hand_over(CLX_OK, &out, text, error);
}

clx_status clx_cost_html(const clx_result *result, char **text, clx_error *error) {
  clx_buffer out = {0};
  clx_report_cost_page(result, &out);
  return clx_api_hand_over(CLX_OK, &out, text, error);
}

clx_status clx_cost_csv(const clx_result *result, const char *table, char **text, clx_error *error) {
  static const clx_api_maker tables[] = {{"months", clx_report_cost_months_csv},
                                         {"capital", clx_report_cost_capital_csv},
                                         {"courses", clx_report_cost_courses_csv}};
  return clx_api_make(result, tables, CLX_COUNT(tables), "table", table, text, error);
}

clx_status clx_cost_svg(const clx_result *result, const char *drawing, char **text, clx_error *error) {
  static const clx_api_maker drawings[] = {
      {"cash", clx_report_cost_cash}, {"capital", clx_report_cost_capital}, {"courses", clx_report_cost_courses}};
  return clx_api_make(result, drawings, CLX_COUNT(drawings), "drawing", drawing, text, error);
}
