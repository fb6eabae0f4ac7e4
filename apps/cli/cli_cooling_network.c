// colossus cooling network: flows and pressures of a network of pipes.
#include <stdlib.h>

#include "cli.h"

static int solve(const cli_call *call, const clx_catalog *catalog, clx_result **result) {
  clx_error error;
  clx_error_clear(&error);
  const clx_status status = clx_cooling_network_run(catalog, call->argument[0], result, &error);
  return status == CLX_OK ? CLI_DONE : cli_fail(&error);
}

static int show(const cli_call *call, const clx_result *result) {
  clx_error error;
  clx_error_clear(&error);
  char *text = NULL;
  const clx_status status = cli_flag(call, "json") ? clx_result_json(result, &text, &error)
                                                   : clx_cooling_network_text(result, cli_colour(call), &text, &error);
  if (status != CLX_OK) return cli_fail(&error);
  cli_put(text);
  clx_text_free(text);
  return CLI_DONE;
}

static int cooling_network(const cli_call *call) {
  clx_catalog *catalog = NULL;
  clx_result *result = NULL;
  int code = cli_expect_check(call);
  if (code == CLI_DONE) code = cli_open_catalogue(call, &catalog);
  if (code == CLI_DONE) code = solve(call, catalog, &result);
  const int expected = code == CLI_DONE ? cli_expect_compare(call, result) : code;
  if (code == CLI_DONE && expected != CLI_WRONG) code = show(call, result);
  clx_result_free(result);
  clx_catalog_close(catalog);
  return code == CLI_DONE ? expected : code;
}

static const cli_option OPTIONS[] = {
    CLI_OPTION_EXPECT,
    CLI_OPTION_JSON,
};

const cli_command cli_cooling_network_command = {
    .name = "cooling network",
    .summary = "flows and pressures of a network of pipes, valves and pumps",
    .text =
        "Solves the steady flow of one liquid in a network of pipes, resistances, valves, check valves and pumps: the\n"
        "flow and loss of every branch, the pressure of every node. FILE is YAML: nodes with a height, an inflow or a\n"
        "fixed pressure, and branches with what they are (docs/model/cooling/hydraulics.md). A node that nothing\n"
        "reaches, a part without a pump or inflows that do not balance are errors that name it.",
    .examples = {"colossus cooling network loop.yaml", "colossus cooling network loop.yaml --json",
                 "colossus cooling network loop.yaml --expect 'network.flow.racks>=0.002'"},
    .argument = {{.name = "FILE", .kind = CLI_FILE_PATH}},
    .options = OPTIONS,
    .option_count = CLI_COUNT(OPTIONS),
    .run = cooling_network,
};
