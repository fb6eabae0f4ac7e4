// colossus compare: what changes between two scenarios.
#include "cli.h"

static int show(const cli_call *call, const clx_result *a, const clx_result *b) {
  clx_error error;
  clx_error_clear(&error);
  char *text = NULL;
  if (clx_result_compare(a, b, cli_flag(call, "json"), &text, &error) != CLX_OK) return cli_fail(&error);
  cli_put(text);
  clx_text_free(text);
  return CLI_DONE;
}

static int compare(const cli_call *call) {
  cli_settings settings = {0};
  clx_catalog *catalog = NULL;
  clx_scenario *scenario[2] = {NULL, NULL};
  clx_result *result[2] = {NULL, NULL};
  int code = cli_settings_read(call, &settings);
  if (code == CLI_DONE) code = cli_open_catalogue(call, &catalog);
  for (int32_t i = 0; i < 2 && code == CLI_DONE; i++) {
    code = cli_load(catalog, call->argument[i], i == 1 ? &settings : NULL, &scenario[i]);
    if (code == CLI_DONE) code = cli_solve(call, scenario[i], &result[i]);
  }
  if (code == CLI_DONE) code = show(call, result[0], result[1]);
  for (int32_t i = 0; i < 2; i++) {
    clx_result_free(result[i]);
    clx_scenario_free(scenario[i]);
  }
  clx_catalog_close(catalog);
  cli_settings_free(&settings);
  return code;
}

static const cli_option OPTIONS[] = {
    {.name = "set", .value = "KEY=VALUE", .kind = CLI_TEXT, .repeated = true, .doc = "change a key of B only"},
    {.name = "seed", .value = "N", .kind = CLI_TEXT, .doc = "seed of everything random (default 1)"},
    {.name = "threads", .value = "N", .kind = CLI_TEXT, .doc = "threads to use (default 1); never changes a result"},
    {.name = "json", .doc = "all quantities, as JSON"},
};

const cli_command cli_compare_command = {
    .name = "compare",
    .summary = "run two scenarios and show what changes",
    .text =
        "Runs both scenarios and prints the quantities of both with their ratio: what is asked of any\n"
        "machine first, then the largest changes.\n"
        "With --set, B may be A: one key changed, everything it moves.",
    .examples = {"colossus compare colossus-1 colossus-200k",
                 "colossus compare colossus-1 colossus-1 --set network.oversubscription=2"},
    .argument = {{.name = "A", .kind = CLI_SCENARIO}, {.name = "B", .kind = CLI_SCENARIO}},
    .options = OPTIONS,
    .option_count = CLI_COUNT(OPTIONS),
    .run = compare,
};
