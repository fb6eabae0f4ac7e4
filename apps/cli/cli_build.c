// colossus build: when how many GPUs of a machine can be used.
#include <string.h>

#include "cli.h"

static int read_request(const cli_call *call, clx_build_options *options) {
  enum { REPLICAS_MAX = 100000 };
  const int asked = (cli_text(call, "csv") != NULL) + (cli_text(call, "svg") != NULL) + cli_flag(call, "html") +
                    cli_flag(call, "json");
  uint64_t seconds = 0;
  clx_build_options_default(options);
  if (asked > 1) return cli_wrong("only one of '--json', '--csv', '--svg' and '--html' goes to stdout; -o DIR has all");
  if (!cli_seed(call, &options->seed)) return CLI_WRONG;
  if (!cli_replicas(call, 0, REPLICAS_MAX, &options->replicas)) return CLI_WRONG;
  if (!cli_number(call, "limit", 1, 1000000, &seconds)) return CLI_WRONG;
  options->seconds = (double)seconds;
  return cli_threads(call, &options->threads) ? CLI_DONE : CLI_WRONG;
}

// --- output ----------------------------------------------------------------------------------------------------------------

static const cli_part FILES[] = {{"report.txt", NULL},
                                 {"result.json", NULL},
                                 {"index.html", NULL},
                                 {"gantt.svg", "buildout.work_1."},
                                 {"gpus.svg", NULL},
                                 {"curve.svg", NULL},
                                 {"tornado.svg", NULL},
                                 {"gpus.csv", NULL},
                                 {"works.csv", "buildout.work_1."},
                                 {"drivers.csv", NULL},
                                 {"causes.csv", NULL}};

static const cli_texts TEXTS = {.report = clx_build_text,
                                .page = clx_build_html,
                                .table = clx_build_csv,
                                .drawing = clx_build_svg,
                                .part = FILES,
                                .part_count = CLI_COUNT(FILES)};

// The works for other programs: the format by the end of the name.
static int write_plan(const cli_call *call, const clx_scenario *scenario, const clx_build_options *options) {
  clx_build_options silent = *options;
  const char *path = cli_text(call, "write");
  if (path == NULL) return CLI_DONE;
  const char *end = strrchr(path, '.');
  char *text = NULL;
  clx_error error;
  clx_error_clear(&error);
  silent.progress = NULL;
  if (end == NULL || (strcmp(end, ".xml") != 0 && strcmp(end, ".csv") != 0 && strcmp(end, ".json") != 0))
    return cli_wrong("'--write %s': expected a name that ends with .xml (Microsoft Project), .csv or .json", path);
  if (clx_build_write(scenario, &silent, end + 1, &text, &error) != CLX_OK) return cli_fail(&error);
  const int code = cli_write_file(path, text);
  clx_text_free(text);
  return code;
}

static int show(const cli_call *call, const clx_scenario *scenario, const clx_result *result, void *request) {
  int code = cli_texts_folder(call, result, &TEXTS);
  if (code == CLI_DONE) code = write_plan(call, scenario, request);
  return code == CLI_DONE ? cli_texts_stdout(call, result, &TEXTS) : code;
}

// --- the command -------------------------------------------------------------------------------------------------------------

static clx_status run(const clx_scenario *scenario, void *request, cli_progress *seen, clx_result **result,
                      clx_error *error) {
  clx_build_options *options = request;
  options->progress = cli_progress_show;
  options->context = seen;
  return clx_build_run(scenario, options, result, error);
}

static const cli_study STUDY = {.run = run, .show = show};

static int build(const cli_call *call) {
  clx_build_options options;
  const int code = read_request(call, &options);
  return code == CLI_DONE ? cli_study_run(call, &STUDY, &options) : code;
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
