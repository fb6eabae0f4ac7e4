// The public function on schedules.
#include "result/result.h"
#include "scenario/scenario.h"
#include "twin/twin.h"

clx_status clx_schedule_run(const clx_scenario *scenario, const char *path, const clx_network_options *options,
                            clx_result **out, clx_error *error) {
  *out = NULL;
  clx_result *result = clx_result_new();
  if (result == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const clx_status status = clx_twin_schedule(scenario, path, options != NULL ? options->seed : 0, result, error);
  if (status != CLX_OK) {
    clx_result_free(result);
    return status;
  }
  *out = result;
  return CLX_OK;
}
