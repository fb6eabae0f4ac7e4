// colossus schedule: plans a project from a file of another program.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

// --- what is asked -------------------------------------------------------------------------------------------------------

static int read_spread(const char *text, clx_timetable_options *options) {
  char *end;
  options->low = strtod(text, &end);
  const bool comma = end != text && *end == ',';
  const char *second = end + comma;
  if (comma) options->high = strtod(second, &end);
  if (comma && end != second && *end == '\0' && options->low >= 0 && options->low <= 1 && options->high >= 1 &&
      options->high <= 100)
    return CLI_DONE;
  return cli_wrong("'--spread' takes two factors of the durations, such as 0.8,1.5, read '%s'", text);
}

static int read_request(const cli_call *call, clx_timetable_options *options) {
  uint64_t seconds = 0, samples = 0;
  const char *spread = cli_text(call, "spread");
  clx_timetable_options_default(options);
  if (!cli_seed(call, &options->seed) || !cli_number(call, "limit", 1, 1000000, &seconds) ||
      !cli_number(call, "risk", 1, 100000000, &samples) || !cli_threads(call, &options->threads))
    return CLI_WRONG;
  if (spread != NULL && samples == 0) return cli_wrong("'--spread' is of the samples that '--risk' asks for");
  options->seconds = (double)seconds;
  options->samples = (int32_t)samples;
  return spread != NULL ? read_spread(spread, options) : CLI_DONE;
}

// The format that the ending of a path names, or NULL.
static const char *format_of(const char *path) {
  static const char *const formats[] = {"xml", "csv", "json"};
  const char *dot = strrchr(path, '.');
  for (int32_t i = 0; dot != NULL && i < CLI_COUNT(formats); i++) {
    if (strcmp(dot + 1, formats[i]) == 0) return formats[i];
  }
  return NULL;
}

static int check_files(const cli_call *call) {
  for (int32_t i = 0; i < call->given_count; i++) {
    if (strcmp(call->given[i]->name, "write") == 0 && format_of(call->text[i]) == NULL)
      return cli_wrong("'--write' takes a file that ends in .xml (Microsoft Project), .csv or .json, read '%s'",
                       call->text[i]);
  }
  return CLI_DONE;
}

// --- output ----------------------------------------------------------------------------------------------------------------

typedef clx_status (*maker)(const clx_timetable *plan, const char *what, char **text, clx_error *error);

static clx_status make_report(const clx_timetable *plan, const char *what, char **text, clx_error *error) {
  return clx_timetable_text(plan, what != NULL, text, error);
}

static clx_status make_json(const clx_timetable *plan, const char *what, char **text, clx_error *error) {
  (void)what;
  return clx_result_json(clx_timetable_result(plan), text, error);
}

// Into the file at `path`, or to stdout when that is NULL.
static int put(const clx_timetable *plan, maker make, const char *what, const char *path) {
  char *text = NULL;
  clx_error error;
  clx_error_clear(&error);
  if (make(plan, what, &text, &error) != CLX_OK) return cli_fail(&error);
  int code = CLI_DONE;
  if (path != NULL)
    code = cli_write_file(path, text);
  else
    cli_put(text);
  clx_text_free(text);
  return code;
}

static int put_folder(const cli_call *call, const clx_timetable *plan) {
  static const struct {
    const char *file;
    maker make;
    const char *what;
  } files[] = {{"report.txt", make_report, NULL},
               {"result.json", make_json, NULL},
               {"plan.xml", clx_timetable_write, "xml"},
               {"plan.csv", clx_timetable_write, "csv"},
               {"plan.json", clx_timetable_write, "json"},
               {"gantt.svg", clx_timetable_svg, "gantt"},
               {"s-curve.svg", clx_timetable_svg, "s-curve"}};
  const char *folder = cli_text(call, "output");
  int code = folder != NULL ? cli_make_folder(folder) : CLI_DONE;
  for (int32_t i = 0; folder != NULL && code == CLI_DONE && i < CLI_COUNT(files); i++) {
    char path[4096];
    if (strcmp(files[i].file, "s-curve.svg") == 0 && cli_text(call, "risk") == NULL) continue;
    if (snprintf(path, sizeof path, "%s/%s", folder, files[i].file) >= (int)sizeof path)
      return cli_wrong("the name of the folder '%.40s...' is too long", folder);
    code = put(plan, files[i].make, files[i].what, path);
  }
  return code;
}

static int show(const cli_call *call, const clx_timetable *plan) {
  int code = put_folder(call, plan);
  for (int32_t i = 0; code == CLI_DONE && i < call->given_count; i++) {
    const char *path = call->text[i];
    if (strcmp(call->given[i]->name, "write") == 0) code = put(plan, clx_timetable_write, format_of(path), path);
    if (strcmp(call->given[i]->name, "svg") == 0) code = put(plan, clx_timetable_svg, "gantt", path);
  }
  if (code != CLI_DONE) return code;
  return cli_flag(call, "json") ? put(plan, make_json, NULL, NULL)
                                : put(plan, make_report, cli_colour(call) ? "colour" : NULL, NULL);
}

// --- the command -------------------------------------------------------------------------------------------------------------

static int schedule(const cli_call *call) {
  clx_timetable_options options;
  clx_timetable *plan = NULL;
  clx_error error;
  clx_error_clear(&error);
  int code = cli_expect_check(call);
  if (code == CLI_DONE) code = read_request(call, &options);
  if (code == CLI_DONE) code = check_files(call);
  if (code == CLI_DONE && clx_timetable_make(call->argument[0], &options, &plan, &error) != CLX_OK)
    code = cli_fail(&error);
  const int expected = code == CLI_DONE ? cli_expect_compare(call, clx_timetable_result(plan)) : code;
  if (code == CLI_DONE && expected != CLI_WRONG) code = show(call, plan);
  clx_timetable_free(plan);
  return code == CLI_DONE ? expected : code;
}

static const cli_option OPTIONS[] = {
    {.name = "limit",
     .value = "S",
     .kind = CLI_TEXT,
     .doc = "seconds of CPU time (default: budgets that give the same plan anywhere)"},
    {.name = "risk",
     .value = "N",
     .kind = CLI_TEXT,
     .doc = "also N samples of uncertain durations: P50, P80, what is critical"},
    {.name = "spread",
     .value = "LOW,HIGH",
     .kind = CLI_TEXT,
     .doc = "of every duration, times the planned one (default 0.8,1.5, assumed)"},
    {.name = "write",
     .value = "FILE",
     .kind = CLI_FILE_PATH,
     .repeated = true,
     .doc = "also write project and plan: .xml (Microsoft Project), .csv or .json"},
    {.name = "svg", .value = "FILE", .kind = CLI_FILE_PATH, .doc = "also draw the plan into FILE"},
    {.name = "seed", .value = "N", .kind = CLI_TEXT, .doc = "of the search and the samples (default 1)"},
    CLI_OPTION_THREADS,
    CLI_OPTION_EXPECT,
    CLI_OPTION_JSON,
    CLI_OPTION_OUTPUT("also write report.txt, result.json, plan (.xml, .csv, .json), gantt.svg, s-curve.svg"),
};

const cli_command cli_schedule_command = {
    .name = "schedule",
    .summary = "plan a project from a file: shortest plan, bound, what is critical",
    .text =
        "Reads activities, links, calendars and resources, and finds a short plan that keeps them all, with a bound\n"
        "that no plan can beat and the activities that decide the end. FILE: .xml (Microsoft Project), .csv, .sm and\n"
        ".mm (PSPLIB), .rcp and .txt (Patterson); docs/model/schedule_formats.md says what is read of each and what\n"
        "is not. A project that no plan can be made of is exit code 1 with the cycle, the lags, the resource or the\n"
        "deadline that binds. --risk draws durations at random (PERT) in the order of the plan.",
    .examples = {"colossus schedule hall.xml", "colossus schedule hall.xml --risk 10000 -o results",
                 "colossus schedule hall.csv --limit 60 --write hall.xml    # for Microsoft Project",
                 "colossus schedule j120.sm --svg plan.svg --expect 'plan.gap<=0.02'"},
    .argument = {{.name = "FILE", .kind = CLI_FILE_PATH}},
    .options = OPTIONS,
    .option_count = CLI_COUNT(OPTIONS),
    .run = schedule,
};
