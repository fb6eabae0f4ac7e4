// colossus requests: what a trace of requests is like; converts it, or draws one.
#include <string.h>

#include "cli.h"

// --- output -----------------------------------------------------------------------------------------------------------------------

// Without --to: by the ending of the file.
static const char *format_of(const cli_call *call) {
  const char *format = cli_text(call, "to"), *path = cli_text(call, "output");
  if (format != NULL || path == NULL) return format;
  const char *dot = strrchr(path, '.');
  if (dot != NULL && strcmp(dot, ".csv") == 0) return "csv";
  return dot != NULL && strcmp(dot, ".jsonl") == 0 ? "mooncake" : NULL;
}

static int check_format(const cli_call *call) {
  const char *format = format_of(call), *path = cli_text(call, "output");
  if (path != NULL && format == NULL)
    return cli_wrong("'%s' says no format: end it in .jsonl (mooncake) or .csv, or give '--to'", path);
  if (format != NULL && strcmp(format, "csv") != 0 && strcmp(format, "mooncake") != 0)
    return cli_wrong("'--to' takes mooncake or csv, read '%s'", format);
  if (cli_text(call, "to") != NULL && path == NULL && cli_flag(call, "json"))
    return cli_wrong("'--to' without '-o' and '--json' both want the output: give '-o FILE'");
  return CLI_DONE;
}

// The trace into the file of -o, or to stdout.
static int convert(const cli_call *call, const clx_request_trace *trace) {
  const char *path = cli_text(call, "output");
  char *data = NULL;
  size_t size = 0;
  clx_error error;
  clx_error_clear(&error);
  if (clx_request_trace_write(trace, format_of(call), &data, &size, &error) != CLX_OK) return cli_fail(&error);
  int code = CLI_DONE;
  if (path != NULL)
    code = cli_write_bytes(path, data, size);
  else
    cli_put(data);
  clx_text_free(data);
  return code;
}

static int show(const cli_call *call, const clx_request_trace *trace) {
  char *text = NULL;
  clx_error error;
  clx_error_clear(&error);
  if (format_of(call) != NULL) {
    const int code = convert(call, trace);
    if (code != CLI_DONE || cli_text(call, "output") == NULL) return code;
  }
  const clx_status status = cli_flag(call, "json") ? clx_result_json(clx_request_trace_result(trace), &text, &error)
                                                   : clx_request_trace_text(trace, cli_colour(call), &text, &error);
  if (status != CLX_OK) return cli_fail(&error);
  cli_put(text);
  clx_text_free(text);
  return CLI_DONE;
}

// --- the command ------------------------------------------------------------------------------------------------------------------

static int requests(const cli_call *call) {
  cli_settings settings = {0};
  clx_request_trace *trace = NULL;
  clx_error error;
  clx_error_clear(&error);
  int code = cli_expect_check(call);
  if (code == CLI_DONE) code = check_format(call);
  if (code == CLI_DONE) code = cli_settings_read(call, &settings);
  if (code == CLI_DONE &&
      clx_request_trace_open(call->argument[0], settings.setting, settings.count, &trace, &error) != CLX_OK)
    code = cli_fail(&error);
  const int expected = code == CLI_DONE ? cli_expect_compare(call, clx_request_trace_result(trace)) : code;
  if (code == CLI_DONE && expected != CLI_WRONG) code = show(call, trace);
  clx_request_trace_free(trace);
  cli_settings_free(&settings);
  return code == CLI_DONE ? expected : code;
}

static const cli_option OPTIONS[] = {
    {.name = "set",
     .value = "KEY=VALUE",
     .kind = CLI_TEXT,
     .repeated = true,
     .doc = "a key of the section, as speed=2, until='10 min', format=azure, drop_empty=yes"},
    {.name = "to", .value = "FORMAT", .kind = CLI_TEXT, .doc = "write the requests as mooncake (JSONL) or csv"},
    {.name = "output",
     .letter = 'o',
     .value = "FILE",
     .kind = CLI_FILE_PATH,
     .doc = "into FILE (format by its ending, .jsonl or .csv, unless --to); default: to stdout"},
    CLI_OPTION_EXPECT,
    CLI_OPTION_JSON,
};

const cli_command cli_requests_command = {
    .name = "requests",
    .summary = "read, draw, change and convert the requests that users make of a service",
    .text =
        "Shows what the requests of TRACE are like: rate and variation of arrivals, lengths of prompts and outputs,\n"
        "prompts that begin alike, tenants. TRACE is Mooncake JSONL, or CSV of Azure's LLM traces, of Vidur, of\n"
        "BurstGPT or our own (arrival_s, prompt_tokens, output_tokens, tenant, blocks); its content says which.\n"
        "A YAML file is a section `serving.requests`, alone or in a scenario: a trace, or arrivals (Poisson, gamma,\n"
        "bursts, a day's course, constant, at once), lengths, sessions and tenants, drawn the same each time.\n"
        "'colossus schema requests' explains its keys; --set changes them, those of a trace, too.",
    .examples = {"colossus requests conversation.jsonl", "colossus requests azure.csv --set speed=2 -o fast.jsonl",
                 "colossus requests chat.yaml --set 'arrivals.rate=8 1/s' --to csv -o chat.csv",
                 "colossus requests conversation.jsonl --set from='5 min' --set until='10 min' --json"},
    .argument = {{.name = "TRACE", .kind = CLI_FILE_PATH}},
    .options = OPTIONS,
    .option_count = CLI_COUNT(OPTIONS),
    .run = requests,
};
