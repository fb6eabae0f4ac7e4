// colossus build: when how many GPUs of a machine can be used.
#include <string.h>

#include "cli.h"

static bool read_request(const cli_call *call, clx_build_options *options) {
  enum { REPLICAS_MAX = 100000 };
  clx_build_options_default(options);
  uint64_t replicas = (uint64_t)options->replicas, seconds = 0;
  if (!cli_number(call, "seed", 0, UINT64_MAX, &options->seed)) return false;
  if (!cli_number(call, "replicas", 0, REPLICAS_MAX, &replicas)) return false;
  if (!cli_number(call, "limit", 1, 1000000, &seconds)) return false;
  options->seconds = (double)seconds;
  options->replicas = (int32_t)replicas;
  return cli_threads(call, &options->threads);
}

// --- output ----------------------------------------------------------------------------------------------------------------

static clx_status make_report(const clx_result *result, const char *what, char **text, clx_error *error) {
  return clx_build_text(result, what != NULL, text, error);
}

static clx_status make_page(const clx_result *result, const char *what, char **text, clx_error *error) {
  (void)what;
  return clx_build_html(result, text, error);
}

static const cli_part FILES[] = {{"report.txt", make_report, NULL, NULL},
                                 {"result.json", cli_part_json, NULL, NULL},
                                 {"index.html", make_page, NULL, NULL},
                                 {"gantt.svg", clx_build_svg, "gantt", "buildout.work_1."},
                                 {"gpus.svg", clx_build_svg, "gpus", NULL},
                                 {"curve.svg", clx_build_svg, "curve", NULL},
                                 {"tornado.svg", clx_build_svg, "tornado", NULL},
                                 {"gpus.csv", clx_build_csv, "gpus", NULL},
                                 {"works.csv", clx_build_csv, "works", "buildout.work_1."},
                                 {"drivers.csv", clx_build_csv, "drivers", NULL},
                                 {"causes.csv", clx_build_csv, "causes", NULL}};

// What stdout gets: at most one of these.
static int put_stdout(const cli_call *call, const clx_result *result) {
  const char *csv = cli_text(call, "csv"), *svg = cli_text(call, "svg");
  const int asked = (csv != NULL) + (svg != NULL) + cli_flag(call, "html") + cli_flag(call, "json");
  if (asked > 1) return cli_wrong("only one of '--json', '--csv', '--svg' and '--html' goes to stdout; -o DIR has all");
  cli_part part = {NULL, make_report, cli_colour(call) ? "colour" : NULL, NULL};
  if (csv != NULL) part = (cli_part){NULL, clx_build_csv, csv, NULL};
  if (svg != NULL) part = (cli_part){NULL, clx_build_svg, svg, NULL};
  if (cli_flag(call, "html")) part = (cli_part){NULL, make_page, NULL, NULL};
  if (cli_flag(call, "json")) part = (cli_part){NULL, cli_part_json, NULL, NULL};
  return cli_part_put(result, &part, NULL);
}

// The works for other programs: the format by the end of the name.
static int write_plan(const cli_call *call, const clx_scenario *scenario, const clx_build_options *options) {
  const char *path = cli_text(call, "write");
  if (path == NULL) return CLI_DONE;
  const char *end = strrchr(path, '.');
  char *text = NULL;
  clx_error error;
  clx_error_clear(&error);
  if (end == NULL || (strcmp(end, ".xml") != 0 && strcmp(end, ".csv") != 0 && strcmp(end, ".json") != 0))
    return cli_wrong("'--write %s': expected a name that ends with .xml (Microsoft Project), .csv or .json", path);
  if (clx_build_write(scenario, options, end + 1, &text, &error) != CLX_OK) return cli_fail(&error);
  const int code = cli_write_file(path, text);
  clx_text_free(text);
  return code;
}

// --- the command -------------------------------------------------------------------------------------------------------------

static bool show_done(void *context, const char *step, double done) { return cli_progress_show(context, step, done); }

static int study(const clx_scenario *scenario, clx_build_options *options, clx_result **result) {
  cli_progress seen;
  clx_error error;
  clx_error_clear(&error);
  options->progress = show_done;
  options->context = &seen;
  cli_progress_start(&seen);
  const clx_status status = clx_build_run(scenario, options, result, &error);
  cli_progress_end(&seen, status != CLX_OK);
  options->progress = NULL;
  return status == CLX_OK ? CLI_DONE : cli_fail(&error);
}

static int build(const cli_call *call) {
  clx_build_options options;
  cli_settings settings = {0};
  clx_catalog *catalog = NULL;
  clx_scenario *scenario = NULL;
  clx_result *result = NULL;
  int code = cli_expect_check(call);
  if (code == CLI_DONE && !read_request(call, &options)) code = CLI_WRONG;
  if (code == CLI_DONE) code = cli_settings_read(call, &settings);
  if (code == CLI_DONE) code = cli_open_catalogue(call, &catalog);
  if (code == CLI_DONE) code = cli_load(catalog, call->argument[0], &settings, &scenario);
  if (code == CLI_DONE) code = study(scenario, &options, &result);
  const int expected = code == CLI_DONE ? cli_expect_compare(call, result) : code;
  if (code == CLI_DONE && expected != CLI_WRONG) code = cli_part_folder(call, result, FILES, CLI_COUNT(FILES));
  if (code == CLI_DONE && expected != CLI_WRONG) code = write_plan(call, scenario, &options);
  if (code == CLI_DONE && expected != CLI_WRONG) code = put_stdout(call, result);
  clx_result_free(result);
  clx_scenario_free(scenario);
  clx_catalog_close(catalog);
  cli_settings_free(&settings);
  return code == CLI_DONE ? expected : code;
}

static const cli_option OPTIONS[] = {
    CLI_OPTION_SET,
    {.name = "replicas", .value = "N", .kind = CLI_TEXT, .doc = "builds with chance (default 10,000; 0 = none)"},
    {.name = "seed", .value = "N", .kind = CLI_TEXT, .doc = "of chance (default 1)"},
    {.name = "limit",
     .value = "S",
     .kind = CLI_TEXT,
     .doc = "seconds of CPU time for the plan of the works (default: a budget that gives the same anywhere)"},
    CLI_OPTION_THREADS,
    CLI_OPTION_EXPECT,
    CLI_OPTION_JSON,
    {.name = "csv", .value = "TABLE", .kind = CLI_TEXT, .doc = "one table: gpus, works, drivers, causes"},
    {.name = "svg", .value = "DRAWING", .kind = CLI_TEXT, .doc = "one drawing: gantt, gpus, curve, tornado"},
    {.name = "html", .doc = "a page around the drawings, which -o DIR writes beside it"},
    CLI_OPTION_OUTPUT("also write index.html, report.txt, result.json, drawings (.svg), tables (.csv)"),
    {.name = "write",
     .value = "FILE",
     .kind = CLI_FILE_PATH,
     .doc = "also the works with their plan: FILE.xml (Microsoft Project), .csv or .json"},
};

const cli_command cli_build_command = {
    .name = "build",
    .summary = "build a machine: when how many GPUs can be used, what decides it",
    .text =
        "Plays the section `buildout` of a scenario: works with crews, calendars and links give room, power, cooling\n"
        "and network when they are done; GPUs are delivered (by the section `supply` where it has orders), put on the\n"
        "floor, started as far as the site carries them, burnt in and brought up. Power and heat of a GPU are those "
        "of\n"
        "the machine at its limit. Thousands of builds with chance give the dates of first training and of full\n"
        "capacity with P10 to P90, GPUs by day, what binds in each month, the chain of what waited for what, what\n"
        "moves the date most, and what events cost. Whatever never suffices is exit code 1 with what is missing.\n"
        "SCENARIO is a YAML file or a shipped name.",
    .examples = {"colossus build colossus-1", "colossus build colossus-200k -o results",
                 "colossus build colossus-1 --set 'buildout.install={rate: 26 racks/day}'",
                 "colossus build colossus-1 --write plan.xml", "colossus build my.yaml --csv gpus --replicas 1000",
                 "colossus build my.yaml --expect 'buildout.first_training<=120 days'"},
    .argument = {{.name = "SCENARIO", .kind = CLI_SCENARIO}},
    .options = OPTIONS,
    .option_count = CLI_COUNT(OPTIONS),
    .run = build,
};
