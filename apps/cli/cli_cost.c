// colossus cost: what a machine costs to build and to run; build, rent, both or wait.
#include <string.h>

#include "cli.h"

static bool show_done(void *context, const char *step, double done) { return cli_progress_show(context, step, done); }

static const char *const TABLES[] = {"months", "capital", "courses", NULL};
static const char *const DRAWINGS[] = {"cash", "capital", "courses", NULL};

static const char *word_at(const void *context, int32_t index) { return ((const char *const *)context)[index]; }

// The value of an option that is one of `words`; prints what is wrong.
static bool is_one_of(const cli_call *call, const char *option, const char *const *words) {
  const char *text = cli_text(call, option);
  if (text == NULL) return true;
  for (int32_t i = 0; words[i] != NULL; i++)
    if (strcmp(words[i], text) == 0) return true;
  const char *near = cli_nearest(text, word_at, words);
  cli_wrong("'--%s %s': expected %s, %s or %s%s%s%s", option, text, words[0], words[1], words[2],
            near != NULL ? "; did you mean '" : "", near != NULL ? near : "", near != NULL ? "'?" : "");
  return false;
}

static int read_request(const cli_call *call, clx_cost_options *options) {
  uint64_t replicas = 0;
  clx_cost_options_default(options);
  replicas = (uint64_t)options->replicas;
  const char *asked[] = {"json", "csv", "svg", "html"}, *first = NULL;
  for (int32_t i = 0; i < CLI_COUNT(asked); i++) {
    const bool given = i == 1 || i == 2 ? cli_text(call, asked[i]) != NULL : cli_flag(call, asked[i]);
    if (given && first != NULL)
      return cli_wrong("'--%s' and '--%s' both ask for stdout: give one of them, or -o for all", first, asked[i]);
    if (given) first = asked[i];
  }
  if (!is_one_of(call, "csv", TABLES) || !is_one_of(call, "svg", DRAWINGS)) return CLI_WRONG;
  if (!cli_number(call, "seed", 0, UINT64_MAX, &options->seed)) return CLI_WRONG;
  if (!cli_threads(call, &options->threads)) return CLI_WRONG;
  if (!cli_number(call, "replicas", 1, 1000000, &replicas)) return CLI_WRONG;
  options->replicas = (int32_t)replicas;
  return CLI_DONE;
}

static int study(const clx_scenario *scenario, clx_cost_options *options, clx_result **result) {
  cli_progress seen;
  options->progress = show_done;
  options->context = &seen;
  clx_error error;
  clx_error_clear(&error);
  cli_progress_start(&seen);
  const clx_status status = clx_cost_run(scenario, options, result, &error);
  cli_progress_end(&seen, status != CLX_OK);
  return status == CLX_OK ? CLI_DONE : cli_fail(&error);
}

// --- output ----------------------------------------------------------------------------------------------------------------

static clx_status make_report(const clx_result *result, const char *what, char **text, clx_error *error) {
  return clx_cost_text(result, what != NULL, text, error);
}

static clx_status make_page(const clx_result *result, const char *what, char **text, clx_error *error) {
  (void)what;
  return clx_cost_html(result, text, error);
}

static const cli_part FILES[] = {{"report.txt", make_report, NULL, NULL},
                                 {"result.json", cli_part_json, NULL, NULL},
                                 {"index.html", make_page, NULL, NULL},
                                 {"cash.svg", clx_cost_svg, "cash", NULL},
                                 {"capital.svg", clx_cost_svg, "capital", NULL},
                                 {"courses.svg", clx_cost_svg, "courses", "cost.course."},
                                 {"months.csv", clx_cost_csv, "months", NULL},
                                 {"capital.csv", clx_cost_csv, "capital", NULL},
                                 {"courses.csv", clx_cost_csv, "courses", "cost.course."}};

static int show(const cli_call *call, const clx_result *result) {
  const char *csv = cli_text(call, "csv"), *svg = cli_text(call, "svg");
  const cli_part report = {NULL, make_report, cli_colour(call) ? "colour" : NULL, NULL},
                 json = {NULL, cli_part_json, NULL, NULL}, page = {NULL, make_page, NULL, NULL},
                 table = {NULL, clx_cost_csv, csv, NULL}, drawing = {NULL, clx_cost_svg, svg, NULL};
  const int code = cli_part_folder(call, result, FILES, CLI_COUNT(FILES));
  if (code != CLI_DONE) return code;
  const cli_part *shown = cli_flag(call, "json")   ? &json
                          : cli_flag(call, "html") ? &page
                          : csv != NULL            ? &table
                          : svg != NULL            ? &drawing
                                                   : &report;
  return cli_part_put(result, shown, NULL);
}

// --- the command -------------------------------------------------------------------------------------------------------------

static int cost(const cli_call *call) {
  clx_cost_options options;
  cli_settings settings = {0};
  clx_catalog *catalog = NULL;
  clx_scenario *scenario = NULL;
  clx_result *result = NULL;
  int code = cli_expect_check(call);
  if (code == CLI_DONE) code = read_request(call, &options);
  if (code == CLI_DONE) code = cli_settings_read(call, &settings);
  if (code == CLI_DONE) code = cli_open_catalogue(call, &catalog);
  if (code == CLI_DONE) code = cli_load(catalog, call->argument[0], &settings, &scenario);
  if (code == CLI_DONE) code = study(scenario, &options, &result);
  const int expected = code == CLI_DONE ? cli_expect_compare(call, result) : code;
  if (code == CLI_DONE && expected != CLI_WRONG) code = show(call, result);
  clx_result_free(result);
  clx_scenario_free(scenario);
  clx_catalog_close(catalog);
  cli_settings_free(&settings);
  return code == CLI_DONE ? expected : code;
}

static const cli_option OPTIONS[] = {
    CLI_OPTION_SET,
    {.name = "replicas", .value = "N", .kind = CLI_TEXT, .doc = "draws of the bands (default 10,000)"},
    {.name = "seed", .value = "N", .kind = CLI_TEXT, .doc = "of the draws, and of the run (default 1)"},
    CLI_OPTION_THREADS,
    CLI_OPTION_EXPECT,
    CLI_OPTION_JSON,
    {.name = "csv", .value = "TABLE", .kind = CLI_TEXT, .doc = "months, capital or courses, as CSV"},
    {.name = "svg", .value = "DRAWING", .kind = CLI_TEXT, .doc = "cash, capital or courses, as SVG"},
    {.name = "html", .doc = "a page of tables; the drawings lie beside it with -o"},
    CLI_OPTION_OUTPUT("also write index.html, report.txt, result.json, drawings (.svg), tables (.csv)"),
};

const cli_command cli_cost_command = {
    .name = "cost",
    .summary = "count the money of a machine: build, run, rent or wait",
    .text =
        "Takes what the section `cost` of a scenario buys and builds, and what its run finds (GPUs, power, energy,\n"
        "training), to capital by milestone, operation, debt, tax and resale by month: capital, operation a year,\n"
        "a GPU-hour, a training run, a million tokens, present value, and the rent at which renting as many GPUs\n"
        "would cost the same. Each figure has its 5th and 95th percentile over draws of prices and rates.\n"
        "With a section `decide` courses stand side by side under the same draws: own, rent, both, wait; with their\n"
        "cost, first training, tokens trained by a date, break-even prices, and what deciding later is worth.\n"
        "What the section leaves open is taken from the scenario: GPUs from the fleet, power from the site.\n"
        "SCENARIO is a YAML file or a shipped name. Ctrl-C stops without output.",
    .examples = {"colossus cost colossus-1", "colossus cost oracle-or-own -o results",
                 "colossus cost colossus-1 --set cost.discount=0.15 --csv months",
                 "colossus cost my.yaml --expect 'cost.per_gpu_hour<=2 USD/h'"},
    .argument = {{.name = "SCENARIO", .kind = CLI_SCENARIO}},
    .options = OPTIONS,
    .option_count = CLI_COUNT(OPTIONS),
    .run = cost,
};
