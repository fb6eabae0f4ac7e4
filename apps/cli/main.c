// The command `colossus`: finds the command asked for, runs it, and minds what became of stdout.
#include <signal.h>

#include "cli.h"

static const cli_option GLOBAL_OPTIONS[] = {
    {.name = "catalogue", .value = "DIR", .kind = CLI_FOLDER_PATH, .doc = "look for devices, servers ... in DIR first"},
    {.name = "no-color", .doc = "no colour (also: NO_COLOR set, TERM=dumb, no terminal)"},
    {.name = "help", .letter = 'h', .doc = "what the command does, examples, options"},
    {.name = "version", .letter = 'V', .doc = "version of colossus"},
};

const cli_option *cli_global_option(int32_t index) {
  return index >= 0 && index < CLI_COUNT(GLOBAL_OPTIONS) ? &GLOBAL_OPTIONS[index] : NULL;
}

static const cli_command *const COMMANDS[] = {
    &cli_run_command,
    &cli_check_command,
    &cli_compare_command,
    &cli_search_command,
    &cli_goodput_command,
    &cli_power_command,
    &cli_cooling_network_command,  // before the command that is its first word
    &cli_cooling_command,
    &cli_order_command,
    &cli_cost_command,
    &cli_build_command,
    &cli_network_command,
    &cli_why_command,
    &cli_schedule_command,
    &cli_scenarios_command,
    &cli_schema_command,
    &cli_catalogue_ls_command,
    &cli_catalogue_show_command,
    &cli_validate_command,
    &cli_predict_command,
    &cli_calibrate_command,
    &cli_probe_command,
    &cli_import_topology_command,
    &cli_import_chakra_command,
    &cli_replay_command,
    &cli_requests_command,
    &cli_simulate_requests_command,
    &cli_completion_command,
    &cli_help_command,
    &cli_man_command,
};

const cli_command *cli_command_at(int32_t index) {
  return index >= 0 && index < CLI_COUNT(COMMANDS) ? COMMANDS[index] : NULL;
}

static int dispatch(const cli_call *call) {
  if (cli_flag(call, "version")) {
    printf("colossus %s\n", clx_version());
    return CLI_DONE;
  }
  if (cli_flag(call, "help")) {
    if (call->command != NULL) {
      cli_help_one(call->command, stdout);
    } else {
      cli_help_all(stdout);
    }
    return CLI_DONE;
  }
  if (call->command == NULL) {
    cli_hint(stderr);
    return CLI_WRONG;
  }
  return call->command->run(call);
}

int main(int argc, char **argv) {
  // A reader that goes away is seen as a failed write, so that files in the making are not left half-written.
  signal(SIGPIPE, SIG_IGN);
  cli_call call;
  int code = cli_parse(argc > 0 ? argc - 1 : 0, (const char *const *)argv + 1, &call);
  if (code == CLI_DONE) code = dispatch(&call);
  cli_call_free(&call);
  return cli_close_stdout(code);
}
