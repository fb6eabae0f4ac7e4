// Any bytes as a scenario: a result without NaN, or a mistake with a sentence; never a crash.
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "result/result.h"
#include "scenario/scenario.h"
#include "twin/twin.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const clx_catalog *the_catalog(void) {
  static clx_catalog *catalog;
  clx_error error;
  clx_error_clear(&error);
  if (catalog == NULL && clx_catalog_open(NULL, &catalog, &error) != CLX_OK) abort();
  return catalog;
}

static void run(const clx_scenario *scenario) {
  clx_error error;
  clx_error_clear(&error);
  clx_result *result = NULL;
  clx_run_options options;
  clx_run_options_default(&options);
  const clx_status status = clx_scenario_run(scenario, &options, &result, &error);
  if (status == CLX_INTERNAL || (status != CLX_OK && error.mistake[0].text[0] == 0)) abort();
  for (int32_t i = 0; status == CLX_OK && i < clx_result_count(result); i++) {
    if (!isfinite(clx_result_at(result, i)->value)) abort();
  }
  clx_result_free(result);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  clx_error error;
  clx_error_clear(&error);
  clx_scenario *scenario = NULL;
  const char *text = size > 0 ? (const char *)data : "";
  const clx_status status = clx_scenario_read(the_catalog(), "fuzz.yaml", text, size, &scenario, &error);
  if (status == CLX_INTERNAL || (status != CLX_OK && error.mistake[0].text[0] == 0)) abort();
  if (status == CLX_OK) run(scenario);
  clx_scenario_free(scenario);
  return 0;
}
