// colossus replay: traces of others on the machine of a scenario.
#include <string.h>

#include "cli.h"

static bool ends_in(const char *path, const char *ending) {
  const size_t length = strlen(path), tail = strlen(ending);
  return length >= tail && strcmp(path + length - tail, ending) == 0;
}

static int read_options(const cli_call *call, clx_chakra_options *options) {
  const char *path = cli_text(call, "trace");
  *options = (clx_chakra_options){
      .groups = cli_text(call, "groups"),
      .compute = cli_text(call, "compute"),
      .recorded = cli_text(call, "recorded-on"),
      .precision = cli_text(call, "precision"),
      .recorded_transfers = cli_flag(call, "recorded-transfers"),
      .rendezvous = cli_flag(call, "rendezvous"),
      .alone = cli_flag(call, "alone"),
      .trace_ranks = cli_text(call, "trace-ranks"),
  };
  if (cli_text(call, "scenario") == NULL)
    return cli_wrong("'replay' plays traces on the machine of a scenario: give '--scenario NAME'");
  if (path == NULL && options->trace_ranks != NULL) return cli_wrong("'--trace-ranks' goes with '--trace FILE'");
  if (path != NULL) options->trace = ends_in(path, ".svg") ? "svg" : ends_in(path, ".json") ? "chrome" : "perfetto";
  return CLI_DONE;
}

static int show(const cli_call *call, const clx_scenario *scenario, const clx_result *result, void *request) {
  (void)scenario, (void)request;
  clx_error error;
  clx_error_clear(&error);
  char *text = NULL;
  const clx_status status = cli_flag(call, "json") ? clx_result_json(result, &text, &error)
                                                   : clx_chakra_text(result, cli_colour(call), &text, &error);
  if (status != CLX_OK) return cli_fail(&error);
  cli_put(text);
  clx_text_free(text);
  return CLI_DONE;
}

static int play(const cli_call *call, const clx_scenario *scenario, void *options, clx_result **result) {
  clx_error error;
  clx_error_clear(&error);
  char *timeline = NULL;
  size_t size = 0;
  if (clx_chakra_replay(scenario, call->argument[0], options, result, &timeline, &size, &error) != CLX_OK)
    return cli_fail(&error);
  const int code = timeline != NULL ? cli_write_bytes(cli_text(call, "trace"), timeline, size) : CLI_DONE;
  clx_text_free(timeline);
  return code;
}

static const cli_study STUDY = {.scenario = "scenario", .solve = play, .show = show};

static int replay(const cli_call *call) {
  clx_chakra_options options;
  const int code = read_options(call, &options);
  return code == CLI_DONE ? cli_study_run(call, &STUDY, &options) : code;
}

static const cli_option OPTIONS[] = {
    {.name = "scenario", .value = "NAME", .kind = CLI_SCENARIO, .doc = "whose device and network the traces run on"},
    CLI_OPTION_SET,
    {.name = "groups",
     .value = "FILE",
     .kind = CLI_FILE_PATH,
     .doc = "groups of ranks (default: comm_group.json beside the traces)"},
    {.name = "compute",
     .value = "HOW",
     .kind = CLI_TEXT,
     .doc = "recorded, roofline, or auto: as recorded where a time is (default)"},
    {.name = "recorded-on",
     .value = "DEVICE",
     .kind = CLI_DEVICE,
     .doc = "rescale the recorded times from this device"},
    {.name = "precision", .value = "FORMAT", .kind = CLI_TEXT, .doc = "of the roofline's peak (default bf16)"},
    {.name = "recorded-transfers", .doc = "transfers take their recorded time, too"},
    {.name = "rendezvous", .doc = "a send waits for its receive (default: it starts at once)"},
    {.name = "alone", .doc = "transfers never share links"},
    CLI_OPTION_EXPECT,
    CLI_OPTION_JSON,
    {.name = "trace", .value = "FILE", .kind = CLI_FILE_PATH, .doc = "write a timeline: .svg, .json or Perfetto"},
    {.name = "trace-ranks", .value = "LIST", .kind = CLI_TEXT, .doc = "ranks in it, such as 0,8,512-519; default 0-7"},
};

const cli_command cli_replay_command = {
    .name = "replay",
    .summary = "play recorded or synthetic traces on the machine of a scenario",
    .text =
        "Reads the Chakra execution traces PREFIX.0.et, PREFIX.1.et ... of all ranks and plays them on the device\n"
        "and the network of a scenario: compute by its recorded time or the device's roofline, collectives once\n"
        "all members have come, by what they cost on this network, messages by source, destination and tag.\n"
        "Reports the step time, where the time of each rank goes, transfers, and what stands on the critical path.\n"
        "Traces that wait for each other in a circle are an error that names the nodes.",
    .examples = {"colossus replay traces/gpt --scenario llama3-405b-16k",
                 "colossus replay traces/gpt --scenario my.yaml --recorded-on a100_sxm --trace step.pftrace",
                 "colossus replay traces/gpt --scenario my.yaml --expect 'replay.step_time<=1.2 s'"},
    .argument = {{.name = "PREFIX", .kind = CLI_FILE_PATH}},
    .options = OPTIONS,
    .option_count = CLI_COUNT(OPTIONS),
    .run = replay,
};
