// colossus simulate-requests: a trace through engines, on a table of operator times.
#include "cli.h"

static int write_csv(const char *path, const clx_request_simulation *simulation) {
  char *text = NULL;
  clx_error error;
  clx_error_clear(&error);
  if (clx_request_simulation_csv(simulation, &text, &error) != CLX_OK) return cli_fail(&error);
  const int code = cli_write_file(path, text);
  clx_text_free(text);
  return code;
}

static int show(const cli_call *call, const clx_request_simulation *simulation) {
  const char *path = cli_text(call, "output");
  char *text = NULL;
  clx_error error;
  clx_error_clear(&error);
  if (path != NULL) {
    const int code = write_csv(path, simulation);
    if (code != CLI_DONE) return code;
  }
  const clx_status status = cli_flag(call, "json")
                                ? clx_result_json(clx_request_simulation_result(simulation), &text, &error)
                                : clx_request_simulation_text(simulation, cli_colour(call), &text, &error);
  if (status != CLX_OK) return cli_fail(&error);
  cli_put(text);
  clx_text_free(text);
  return CLI_DONE;
}

static int simulate(const cli_call *call) {
  cli_settings settings = {0};
  clx_request_simulation *simulation = NULL;
  clx_error error;
  clx_error_clear(&error);
  if (cli_text(call, "operators") == NULL)
    return cli_wrong("'--operators TABLE.csv' is missing: 'colossus simulate-requests --help'");
  int code = cli_expect_check(call);
  if (code == CLI_DONE) code = cli_settings_read(call, &settings);
  const clx_request_simulation_options options = {.operators = cli_text(call, "operators"),
                                                  .scenario = cli_text(call, "scenario"),
                                                  .settings = settings.setting,
                                                  .setting_count = settings.count};
  if (code == CLI_DONE && clx_request_simulation_open(call->argument[0], &options, &simulation, &error) != CLX_OK)
    code = cli_fail(&error);
  const int expected = code == CLI_DONE ? cli_expect_compare(call, clx_request_simulation_result(simulation)) : code;
  if (code == CLI_DONE && expected != CLI_WRONG) code = show(call, simulation);
  clx_request_simulation_free(simulation);
  cli_settings_free(&settings);
  return code == CLI_DONE ? expected : code;
}

static const cli_option OPTIONS[] = {
    {.name = "operators",
     .value = "TABLE",
     .kind = CLI_FILE_PATH,
     .doc = "CSV with op, a, b, time_ms: what the operators of an iteration take"},
    {.name = "scenario",
     .value = "FILE",
     .kind = CLI_FILE_PATH,
     .doc = "YAML with serving.engine, a name or a map of settings, or such a map alone"},
    {.name = "set",
     .value = "KEY=VALUE",
     .kind = CLI_TEXT,
     .repeated = true,
     .doc = "a key of the section, as max_num_seqs=128; requests.KEY for the trace, as requests.speed=2"},
    {.name = "output",
     .letter = 'o',
     .value = "FILE",
     .kind = CLI_FILE_PATH,
     .doc = "one line for each request, as CSV"},
    CLI_OPTION_EXPECT,
    CLI_OPTION_JSON,
};

const cli_command cli_simulate_requests_command = {
    .name = "simulate-requests",
    .summary = "put a trace of requests through inference engines, event by event",
    .text =
        "Batches the requests of TRACE (as 'colossus requests' reads it) as the engines of vLLM, TensorRT-LLM,\n"
        "SGLang or the simulator Vidur do, with the times of a table of operators, and tells when every token came:\n"
        "TTFT, TPOT, ITL, end to end at mean, P50, P90, P95, P99; rates, use of blocks, preemptions, cache hits.\n"
        "'colossus schema simulate-requests' explains the settings; num_blocks and num_layers have to be given.",
    .examples = {"colossus simulate-requests conv.csv --operators optable.csv --set scheduler=sarathi "
                 "--set max_num_seqs=128 --set max_num_batched_tokens=512 --set num_blocks=3328 --set num_layers=80",
                 "colossus simulate-requests conversation.jsonl --operators optable.csv --scenario engine.yaml "
                 "-o served.csv --json"},
    .argument = {{.name = "TRACE", .kind = CLI_FILE_PATH}},
    .options = OPTIONS,
    .option_count = CLI_COUNT(OPTIONS),
    .run = simulate,
};
