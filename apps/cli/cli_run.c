// colossus run, and the steps that other commands share with it.
#include <stdlib.h>
#include <string.h>

#include "cli.h"

int cli_open_catalogue(const cli_call *call, clx_catalog **catalog) {
  clx_error error;
  clx_error_clear(&error);
  return clx_catalog_open(cli_text(call, "catalogue"), catalog, &error) == CLX_OK ? CLI_DONE : cli_fail(&error);
}

// --- settings --------------------------------------------------------------------------------------------------------

static int read_setting(const char *text, cli_settings *settings) {
  const char *equals = strchr(text, '=');
  if (equals == NULL || equals == text)
    return cli_wrong("'--set' takes KEY=VALUE, such as training.tokens=15T, read '%s'", text);
  char *copy = cli_copy(text);
  if (copy == NULL) return cli_no_memory();
  copy[equals - text] = '\0';
  settings->copy[settings->count] = copy;
  settings->setting[settings->count++] = (clx_setting){copy, copy + (equals - text) + 1};
  return CLI_DONE;
}

int cli_settings_read(const cli_call *call, cli_settings *settings) {
  const size_t room = (size_t)call->given_count + 1;
  *settings = (cli_settings){.setting = calloc(room, sizeof(clx_setting)), .copy = calloc(room, sizeof(char *))};
  if (settings->setting == NULL || settings->copy == NULL) return cli_no_memory();
  int code = CLI_DONE;
  for (int32_t i = 0; i < call->given_count && code == CLI_DONE; i++) {
    if (strcmp(call->given[i]->name, "set") == 0) code = read_setting(call->text[i], settings);
  }
  return code;
}

void cli_settings_free(cli_settings *settings) {
  for (int32_t i = 0; i < settings->count; i++) free(settings->copy[i]);
  free(settings->copy);
  free(settings->setting);
  *settings = (cli_settings){0};
}

// --- load and run ----------------------------------------------------------------------------------------------------

typedef clx_status (*loader)(const clx_catalog *catalog, const char *name, const clx_setting *settings, int32_t count,
                             clx_scenario **scenario, clx_error *error);

static int load_with(loader load, const clx_catalog *catalog, const char *name, const cli_settings *settings,
                     clx_scenario **scenario) {
  clx_error error;
  clx_error_clear(&error);
  const clx_setting *setting = settings == NULL ? NULL : settings->setting;
  const int32_t count = settings == NULL ? 0 : settings->count;
  return load(catalog, name, setting, count, scenario, &error) == CLX_OK ? CLI_DONE : cli_fail(&error);
}

int cli_load(const clx_catalog *catalog, const char *name, const cli_settings *settings, clx_scenario **scenario) {
  return load_with(clx_scenario_load, catalog, name, settings, scenario);
}

int cli_load_open(const clx_catalog *catalog, const char *name, const cli_settings *settings, clx_scenario **scenario) {
  return load_with(clx_scenario_load_open, catalog, name, settings, scenario);
}

static bool run_options(const cli_call *call, clx_run_options *options) {
  clx_run_options_default(options);
  uint64_t threads = (uint64_t)options->threads;
  if (!cli_seed(call, &options->seed) || !cli_number(call, "threads", 1, 1024, &threads)) return false;
  options->threads = (int32_t)threads;
  return true;
}

int cli_solve(const cli_call *call, const clx_scenario *scenario, clx_result **result) {
  clx_run_options options;
  if (!run_options(call, &options)) return CLI_WRONG;
  clx_error error;
  clx_error_clear(&error);
  return clx_scenario_run(scenario, &options, result, &error) == CLX_OK ? CLI_DONE : cli_fail(&error);
}

// --- output ----------------------------------------------------------------------------------------------------------

static const cli_part FILES[] = {{"result.json", NULL}, {"report.txt", NULL}};
static const cli_texts TEXTS = {.report = clx_result_text, .part = FILES, .part_count = CLI_COUNT(FILES)};

static bool ends_in(const char *path, const char *ending) {
  const size_t length = strlen(path), tail = strlen(ending);
  return length >= tail && strcmp(path + length - tail, ending) == 0;
}

// By the name of the file: .svg is a drawing, .json the text format of timelines, anything else Perfetto's own.
static int write_trace(const cli_call *call, const clx_scenario *scenario) {
  const char *path = cli_text(call, "trace"), *ranks = cli_text(call, "trace-ranks");
  if (path == NULL) return ranks == NULL ? CLI_DONE : cli_wrong("'--trace-ranks' goes with '--trace FILE'");
  const char *format = ends_in(path, ".svg") ? "svg" : ends_in(path, ".json") ? "chrome" : "perfetto";
  clx_run_options options;
  if (!run_options(call, &options)) return CLI_WRONG;
  clx_error error;
  clx_error_clear(&error);
  char *data = NULL;
  size_t size = 0;
  if (clx_scenario_trace(scenario, &options, ranks, format, &data, &size, &error) != CLX_OK) return cli_fail(&error);
  const int code = cli_write_bytes(path, data, size);
  clx_text_free(data);
  return code;
}

static int solve(const cli_call *call, const clx_scenario *scenario, void *request, clx_result **result) {
  (void)request;
  const char *folder = cli_text(call, "output");
  int code = cli_solve(call, scenario, result);
  if (code == CLI_DONE && folder != NULL) code = cli_make_folder(folder);  // a trace may go into it
  return code == CLI_DONE ? write_trace(call, scenario) : code;
}

static const cli_study STUDY = {.solve = solve, .texts = &TEXTS};

static int run(const cli_call *call) { return cli_study_run(call, &STUDY, NULL); }

static const cli_option OPTIONS[] = {
    CLI_OPTION_SET,
    CLI_OPTION_EXPECT,
    {.name = "seed", .value = "N", .kind = CLI_TEXT, .doc = "seed of everything random (default 1)"},
    {.name = "threads", .value = "N", .kind = CLI_TEXT, .doc = "threads to use (default 1); never changes a result"},
    CLI_OPTION_JSON,
    {.name = "trace",
     .value = "FILE",
     .kind = CLI_FILE_PATH,
     .doc = "write one step as a timeline: .svg, .json or Perfetto"},
    {.name = "trace-ranks",
     .value = "LIST",
     .kind = CLI_TEXT,
     .doc = "ranks in it, such as 0,8,512-519; default: the first of each stage"},
    CLI_OPTION_OUTPUT("also write DIR/result.json and DIR/report.txt"),
};

const cli_command cli_run_command = {
    .name = "run",
    .summary = "run a scenario and report what it found",
    .text =
        "Builds the machine of a scenario in memory, lays the job over it and reports memory, step time,\n"
        "MFU, length and energy of the run, and power, each with the error of the model behind it.\n"
        "SCENARIO is a YAML file or a shipped name. Names of results for --expect stand in the JSON;\n"
        "values there may carry a unit: 'power.it_mean<=150 MW', 'training.mfu>=38 %'.\n"
        "A report is printed even when an expectation is not met.",
    .examples = {"colossus run colossus-1", "colossus run my.yaml --set training.global_batch=4096 -o results",
                 "colossus run colossus-1 --set training.precision=fp8 --expect 'training.mfu>=0.38'",
                 "colossus run gpt3-mlperf-512 --trace step.pftrace"},
    .argument = {{.name = "SCENARIO", .kind = CLI_SCENARIO}},
    .options = OPTIONS,
    .option_count = CLI_COUNT(OPTIONS),
    .run = run,
};
