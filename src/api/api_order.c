// The public functions that study orders and deliveries.
#include "api/api_internal.h"
#include "report/report.h"
#include "result/result.h"
#include "twin/twin_supply.h"

void clx_order_options_default(clx_order_options *options) { *options = (clx_order_options){.seed = CLX_DEFAULT_SEED}; }

clx_status clx_order_run(const clx_scenario *scenario, const clx_order_options *options, clx_result **out,
                         clx_error *error) {
  *out = NULL;
  clx_result *result = clx_result_new();
  if (result == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const clx_status status = clx_twin_order(scenario, options, result, error);
  if (status != CLX_OK) {
    clx_result_free(result);
    return status;
  }
  *out = result;
  return CLX_OK;
}

clx_status clx_order_check(const clx_scenario *scenario, clx_error *error) {
  return clx_twin_order_check(scenario, error);
}

clx_status clx_order_text(const clx_result *result, bool colour, char **text, clx_error *error) {
  clx_buffer out = {0};
  clx_report_supply(result, colour, &out);
  return clx_api_hand_over(CLX_OK, &out, text, error);
}

clx_status clx_order_html(const clx_result *result, char **text, clx_error *error) {
  clx_buffer out = {0};
  clx_report_supply_page(result, &out);
  return clx_api_hand_over(CLX_OK, &out, text, error);
}

clx_status clx_order_csv(const clx_result *result, const char *table, char **text, clx_error *error) {
  static const clx_api_maker tables[] = {{"deliveries", clx_report_supply_deliveries_csv},
                                         {"orders", clx_report_supply_orders_csv},
                                         {"events", clx_report_supply_events_csv},
                                         {"plan", clx_report_supply_plan_csv}};
  return clx_api_make(result, tables, CLX_COUNT(tables), "table", table, text, error);
}

clx_status clx_order_svg(const clx_result *result, const char *drawing, char **text, clx_error *error) {
  static const clx_api_maker drawings[] = {{"deliveries", clx_report_supply_deliveries},
                                           {"shares", clx_report_supply_shares}};
  return clx_api_make(result, drawings, CLX_COUNT(drawings), "drawing", drawing, text, error);
}
