// The steps that every study of one scenario has, and the options that most of them read.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

static int watch(const cli_study *study, const clx_scenario *scenario, void *request, clx_result **result) {
  cli_progress seen;
  clx_error error;
  clx_error_clear(&error);
  cli_progress_start(&seen);
  const clx_status status = study->run(scenario, request, &seen, result, &error);
  cli_progress_end(&seen, status != CLX_OK);
  return status == CLX_OK ? CLI_DONE : cli_fail(&error);
}

static int show(const cli_call *call, const cli_study *study, const clx_scenario *scenario, const clx_result *result,
                void *request) {
  if (study->texts == NULL) return study->show(call, scenario, result, request);
  const int code = cli_texts_folder(call, result, study->texts);
  return code == CLI_DONE ? cli_texts_stdout(call, result, study->texts) : code;
}

int cli_study_run(const cli_call *call, const cli_study *study, void *request) {
  cli_settings settings = {0};
  clx_catalog *catalog = NULL;
  clx_scenario *scenario = NULL;
  clx_result *result = NULL;
  const char *name = study->scenario != NULL ? cli_text(call, study->scenario) : call->argument[0];
  int code = cli_expect_check(call);
  if (code == CLI_DONE) code = cli_settings_read(call, &settings);
  if (code == CLI_DONE && study->settings != NULL) code = study->settings(call, &settings);
  if (code == CLI_DONE) code = cli_open_catalogue(call, &catalog);
  if (code == CLI_DONE) code = (study->open ? cli_load_open : cli_load)(catalog, name, &settings, &scenario);
  if (code == CLI_DONE && study->run != NULL) code = watch(study, scenario, request, &result);
  if (code == CLI_DONE && study->run == NULL) code = study->solve(call, scenario, request, &result);
  const int expected = code == CLI_DONE ? cli_expect_compare(call, result) : code;
  if (code == CLI_DONE && expected != CLI_WRONG) code = show(call, study, scenario, result, request);
  clx_result_free(result);
  clx_scenario_free(scenario);
  clx_catalog_close(catalog);
  cli_settings_free(&settings);
  return code == CLI_DONE ? expected : code;
}

// --- options ---------------------------------------------------------------------------------------------------------

bool cli_seed(const cli_call *call, uint64_t *seed) { return cli_number(call, "seed", 0, UINT64_MAX, seed); }

bool cli_replicas(const cli_call *call, int32_t least, int32_t most, int32_t *replicas) {
  uint64_t count = (uint64_t)*replicas;
  if (!cli_number(call, "replicas", (uint64_t)least, (uint64_t)most, &count)) return false;
  *replicas = (int32_t)count;
  return true;
}

bool cli_threads(const cli_call *call, int32_t *threads) {
  enum { MOST = 1024 };
  const long online = sysconf(_SC_NPROCESSORS_ONLN);
  uint64_t count = online < 1 ? 1 : online > MOST ? MOST : (uint64_t)online;
  if (!cli_number(call, "threads", 1, MOST, &count)) return false;
  *threads = (int32_t)count;
  return true;
}

bool cli_duration(const char *text, double *seconds) {
  static const struct {
    const char *name;
    double factor;
  } units[] = {{"s", 1}, {"ms", 1e-3}, {"us", 1e-6}, {"min", 60}, {"h", 3600}};
  char *end = NULL;
  const double number = strtod(text, &end);
  const char *name = end + strspn(end, " ");
  for (int32_t i = 0; end != text && i < CLI_COUNT(units); i++) {
    if (strcmp(name, units[i].name) != 0) continue;
    *seconds = number * units[i].factor;
    return true;
  }
  return false;
}
