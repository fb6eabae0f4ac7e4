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
  if (!cli_number(call, "seed", 0, UINT64_MAX, &options->seed) || !cli_number(call, "threads", 1, 1024, &threads))
    return false;
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

static int write_folder(const clx_result *result, const char *folder, const char *json) {
  clx_error error;
  clx_error_clear(&error);
  char *report = NULL;
  if (clx_result_text(result, false, &report, &error) != CLX_OK) return cli_fail(&error);
  const size_t size = strlen(folder) + sizeof "/result.json";
  char *path = malloc(size);
  int code = path == NULL ? CLI_FAULT : CLI_DONE;
  if (code == CLI_DONE) {
    snprintf(path, size, "%s/result.json", folder);
    code = cli_write_file(path, json);
  }
  if (code == CLI_DONE) {
    snprintf(path, size, "%s/report.txt", folder);
    code = cli_write_file(path, report);
  }
  free(path);
  clx_text_free(report);
  return code;
}

static int show(const cli_call *call, const clx_result *result) {
  const char *folder = cli_text(call, "output");
  clx_error error;
  clx_error_clear(&error);
  char *json = NULL, *report = NULL;
  if (clx_result_json(result, &json, &error) != CLX_OK) return cli_fail(&error);
  int code = folder == NULL ? CLI_DONE : write_folder(result, folder, json);
  if (code == CLI_DONE && clx_result_text(result, cli_colour(call), &report, &error) != CLX_OK) code = cli_fail(&error);
  if (code == CLI_DONE) cli_put(cli_flag(call, "json") ? json : report);
  clx_text_free(json);
  clx_text_free(report);
  return code;
}

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

static int run_with(const cli_call *call, const clx_catalog *catalog, const cli_settings *settings) {
  clx_scenario *scenario = NULL;
  clx_result *result = NULL;
  int code = cli_load(catalog, call->argument[0], settings, &scenario);
  if (code == CLI_DONE) code = cli_solve(call, scenario, &result);
  const char *folder = cli_text(call, "output");
  if (code == CLI_DONE && folder != NULL) code = cli_make_folder(folder);  // a trace may go into it
  if (code == CLI_DONE) code = write_trace(call, scenario);
  const int expected = code == CLI_DONE ? cli_expect_compare(call, result) : code;
  if (code == CLI_DONE && expected != CLI_WRONG) code = show(call, result);
  clx_result_free(result);
  clx_scenario_free(scenario);
  return code == CLI_DONE ? expected : code;
}

static int run(const cli_call *call) {
  cli_settings settings = {0};
  clx_catalog *catalog = NULL;
  int code = cli_expect_check(call);
  if (code == CLI_DONE) code = cli_settings_read(call, &settings);
  if (code == CLI_DONE) code = cli_open_catalogue(call, &catalog);
  if (code == CLI_DONE) code = run_with(call, catalog, &settings);
  clx_catalog_close(catalog);
  cli_settings_free(&settings);
  return code;
}

static const cli_option OPTIONS[] = {
    {.name = "set", .value = "KEY=VALUE", .kind = CLI_TEXT, .repeated = true, .doc = "change a key of the scenario"},
    {.name = "expect",
     .value = "'NAME>=VALUE'",
     .kind = CLI_TEXT,
     .repeated = true,
     .doc = "exit 3 unless a result is so"},
    {.name = "seed", .value = "N", .kind = CLI_TEXT, .doc = "seed of everything random (default 1)"},
    {.name = "threads", .value = "N", .kind = CLI_TEXT, .doc = "threads to use (default 1); never changes a result"},
    {.name = "json", .doc = "everything that was found, as JSON"},
    {.name = "trace",
     .value = "FILE",
     .kind = CLI_FILE_PATH,
     .doc = "write one step as a timeline: .svg, .json or Perfetto"},
    {.name = "trace-ranks",
     .value = "LIST",
     .kind = CLI_TEXT,
     .doc = "ranks in it, such as 0,8,512-519; default: the first of each stage"},
    {.name = "output",
     .letter = 'o',
     .value = "DIR",
     .kind = CLI_FOLDER_PATH,
     .doc = "also write DIR/result.json and DIR/report.txt"},
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
