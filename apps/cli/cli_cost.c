// colossus cost: what a machine costs to build and to run; build, rent, both or wait.
#include <string.h>

#include "cli.h"

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
  enum { REPLICAS_MAX = 1000000 };
  clx_cost_options_default(options);
  const char *asked[] = {"json", "csv", "svg", "html"}, *first = NULL;
  for (int32_t i = 0; i < CLI_COUNT(asked); i++) {
    const bool given = i == 1 || i == 2 ? cli_text(call, asked[i]) != NULL : cli_flag(call, asked[i]);
    if (given && first != NULL)
      return cli_wrong("'--%s' and '--%s' both ask for stdout: give one of them, or -o for all", first, asked[i]);
    if (given) first = asked[i];
  }
  if (!is_one_of(call, "csv", TABLES) || !is_one_of(call, "svg", DRAWINGS)) return CLI_WRONG;
  if (!cli_seed(call, &options->seed)) return CLI_WRONG;
  if (!cli_threads(call, &options->threads)) return CLI_WRONG;
  return cli_replicas(call, 1, REPLICAS_MAX, &options->replicas) ? CLI_DONE : CLI_WRONG;
}

static clx_status run(const clx_scenario *scenario, void *request, cli_progress *seen, clx_result **result,
                      clx_error *error) {
  clx_cost_options *options = request;
  options->progress = cli_progress_show;
  options->context = seen;
  return clx_cost_run(scenario, options, result, error);
}

// --- output ----------------------------------------------------------------------------------------------------------------

static const cli_part FILES[] = {{"report.txt", NULL}, {"result.json", NULL}, {"index.html", NULL},
                                 {"cash.svg", NULL},   {"capital.svg", NULL}, {"courses.svg", "cost.course."},
                                 {"months.csv", NULL}, {"capital.csv", NULL}, {"courses.csv", "cost.course."}};

static const cli_texts TEXTS = {.report = clx_cost_text,
                                .page = clx_cost_html,
                                .table = clx_cost_csv,
                                .drawing = clx_cost_svg,
                                .part = FILES,
                                .part_count = CLI_COUNT(FILES)};

// --- the command -------------------------------------------------------------------------------------------------------------

static const cli_study STUDY = {.run = run, .texts = &TEXTS};

static int cost(const cli_call *call) {
  clx_cost_options options;
  const int code = read_request(call, &options);
  return code == CLI_DONE ? cli_study_run(call, &STUDY, &options) : code;
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
