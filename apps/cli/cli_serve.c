// colossus serve and serve-plan: a model on replicas for its users, and what to buy for that.
#include <stdlib.h>
#include <string.h>

#include "cli.h"

// --- what both share -------------------------------------------------------------------------------------------------------

static bool read_options(const cli_call *call, clx_serve_options *options) {
  clx_serve_options_default(options);
  return cli_seed(call, &options->seed);
}

// Reads settings, catalogue and scenario; what was read is freed by the caller, also after a mistake.
static int load(const cli_call *call, cli_settings *settings, clx_catalog **catalog, clx_scenario **scenario) {
  int code = cli_expect_check(call);
  if (code == CLI_DONE) code = cli_settings_read(call, settings);
  if (code == CLI_DONE) code = cli_open_catalogue(call, catalog);
  if (code == CLI_DONE) code = cli_load(*catalog, call->argument[0], settings, scenario);
  return code;
}

// --- serve -----------------------------------------------------------------------------------------------------------------

static int write_one(clx_service *service, const char *what, const char *path) {
  clx_error error;
  clx_error_clear(&error);
  char *data = NULL;
  size_t size = 0;
  if (clx_service_write(service, what, &data, &size, &error) != CLX_OK) return cli_fail(&error);
  const int code = cli_write_bytes(path, data, size);
  clx_text_free(data);
  return code;
}

static int write_text(const clx_service *service, bool json, const char *path) {
  clx_error error;
  clx_error_clear(&error);
  char *text = NULL;
  const clx_status status = json ? clx_result_json(clx_service_result(service), &text, &error)
                                 : clx_service_text(service, false, &text, &error);
  if (status != CLX_OK) return cli_fail(&error);
  const int code = cli_write_file(path, text);
  clx_text_free(text);
  return code;
}

static int write_folder(const cli_call *call, clx_service *service) {
  static const struct {
    const char *file, *what;
  } parts[] = {{"requests.csv", "requests"},  // the last two: of replicas that come and go
               {"pareto.svg", "pareto"},     {"pareto.csv", "points"}, {"iterations.perfetto-trace", "trace"},
               {"replicas.svg", "replicas"}, {"replicas.csv", "staff"}};
  const char *folder = cli_text(call, "output");
  if (folder == NULL) return CLI_DONE;
  const size_t size = strlen(folder) + 64;
  char *path = malloc(size);
  if (path == NULL) return cli_no_memory();
  int code = cli_make_folder(folder);
  for (int32_t i = 0; i < 2 && code == CLI_DONE; i++) {
    snprintf(path, size, "%s/%s", folder, i == 0 ? "report.txt" : "result.json");
    code = write_text(service, i == 1, path);
  }
  const bool changes = clx_result_find(clx_service_result(service), "serving.held") != NULL;
  for (int32_t i = 0; i < CLI_COUNT(parts) - (changes ? 0 : 2) && code == CLI_DONE; i++) {
    snprintf(path, size, "%s/%s", folder, parts[i].file);
    code = write_one(service, parts[i].what, path);
  }
  free(path);
  return code;
}

static int show_service(const cli_call *call, clx_service *service) {
  clx_error error;
  clx_error_clear(&error);
  char *text = NULL;
  const int code = write_folder(call, service);
  if (code != CLI_DONE) return code;
  const clx_status status = cli_flag(call, "json") ? clx_result_json(clx_service_result(service), &text, &error)
                                                   : clx_service_text(service, cli_colour(call), &text, &error);
  if (status != CLX_OK) return cli_fail(&error);
  cli_put(text);
  clx_text_free(text);
  return CLI_DONE;
}

// With a line of progress, and stopped by Ctrl-C between two seeds.
static int run_service(const clx_scenario *scenario, clx_serve_options *options, clx_service **service) {
  cli_progress seen;
  clx_error error;
  clx_error_clear(&error);
  options->progress = cli_progress_show;
  options->context = &seen;
  cli_progress_start(&seen);
  const clx_status status = clx_service_run(scenario, options, service, &error);
  cli_progress_end(&seen, status != CLX_OK);
  return status == CLX_OK ? CLI_DONE : cli_fail(&error);
}

static int serve(const cli_call *call) {
  clx_serve_options options;
  cli_settings settings = {0};
  clx_catalog *catalog = NULL;
  clx_scenario *scenario = NULL;
  clx_service *service = NULL;
  int code = read_options(call, &options) ? load(call, &settings, &catalog, &scenario) : CLI_WRONG;
  if (code == CLI_DONE) code = run_service(scenario, &options, &service);
  const int expected = code == CLI_DONE ? cli_expect_compare(call, clx_service_result(service)) : code;
  if (code == CLI_DONE && expected != CLI_WRONG) code = show_service(call, service);
  clx_service_free(service);
  clx_scenario_free(scenario);
  clx_catalog_close(catalog);
  cli_settings_free(&settings);
  return code == CLI_DONE ? expected : code;
}

#define SEED \
  { .name = "seed", .value = "N", .kind = CLI_TEXT, .doc = "of requests that are drawn, and of the router (default 1)" }

static const cli_option SERVE_OPTIONS[] = {
    CLI_OPTION_SET, SEED, CLI_OPTION_EXPECT, CLI_OPTION_JSON,
    CLI_OPTION_OUTPUT("also write requests.csv, pareto.svg, iterations.perfetto-trace, report.txt, result.json; "
                      "replicas.svg where they change")};

const cli_command cli_serve_command = {
    .name = "serve",
    .summary = "serve a model to users: latencies, throughput, goodput, energy, cost",
    .text =
        "Runs the section `serving` of a scenario: requests from a trace or drawn, a router, pools of replicas with\n"
        "the rules of their engine, iteration by iteration, for several seeds. Shows what memory leaves for keys and\n"
        "values, TTFT, TPOT, ITL and end-to-end times at mean, P50, P90, P95 and P99, rates of a GPU and of a user,\n"
        "the share of requests within the promise (slo), power, J per token, USD per million tokens, and whether the\n"
        "queue grows without end. 'colossus run' shows the same in short, beside training, power and money.\n"
        "SCENARIO is a YAML file or a shipped name.",
    .examples = {"colossus serve grok-serving", "colossus serve grok-serving -o results",
                 "colossus serve grok-serving --set serving.requests.arrivals.rate='40 1/s'",
                 "colossus serve deepseek-day --json", "colossus serve my.yaml --expect 'serving.within>=0.95'"},
    .argument = {{.name = "SCENARIO", .kind = CLI_SCENARIO}},
    .options = SERVE_OPTIONS,
    .option_count = CLI_COUNT(SERVE_OPTIONS),
    .run = serve,
};

// --- serve-plan ------------------------------------------------------------------------------------------------------------

static clx_status make_options(const clx_result *result, const char *what, char **text, clx_error *error) {
  (void)what;
  return clx_serve_plan_csv(result, text, error);
}

static clx_status make_pareto(const clx_result *result, const char *what, char **text, clx_error *error) {
  (void)what;
  return clx_serve_plan_svg(result, text, error);
}

static const cli_part FILES[] = {
    {"report.txt", NULL}, {"result.json", NULL}, {"options.csv", NULL}, {"pareto.svg", NULL}};

static const cli_texts TEXTS = {.report = clx_serve_plan_text,
                                .table = make_options,
                                .drawing = make_pareto,
                                .part = FILES,
                                .part_count = CLI_COUNT(FILES)};

static clx_status run_plan(const clx_scenario *scenario, void *request, cli_progress *seen, clx_result **result,
                           clx_error *error) {
  clx_serve_options *options = request;
  options->progress = cli_progress_show;
  options->context = seen;
  return clx_serve_plan_run(scenario, options, result, error);
}

// Nothing that keeps the promise is infeasible.
static int show_plan(const cli_call *call, const clx_scenario *scenario, const clx_result *result, void *request) {
  (void)scenario;
  (void)request;
  int code = cli_texts_folder(call, result, &TEXTS);
  if (code == CLI_DONE) code = cli_texts_stdout(call, result, &TEXTS);
  if (code != CLI_DONE) return code;
  return clx_result_find(result, "serve_plan.best")->value > 0 ? CLI_DONE : CLI_INFEASIBLE;
}

// Pools that cannot serve are no mistake of a plan, which does not use them.
static const cli_study PLAN = {.open = true, .run = run_plan, .show = show_plan};

static int serve_plan(const cli_call *call) {
  clx_serve_options options;
  return read_options(call, &options) ? cli_study_run(call, &PLAN, &options) : CLI_WRONG;
}

static const cli_option PLAN_OPTIONS[] = {
    CLI_OPTION_SET, SEED, CLI_OPTION_EXPECT, CLI_OPTION_JSON,
    CLI_OPTION_OUTPUT("also write options.csv, pareto.svg, report.txt, result.json")};

const cli_command cli_serve_plan_command = {
    .name = "serve-plan",
    .summary = "what to buy for a service: hardware, layout, batch, replicas",
    .text =
        "Searches the hardware of serving.plan.candidates, tensor and expert parallel layouts, limits of a batch and,\n"
        "with plan.split, pools of prefill and decode apart, for the requests of the scenario at plan.rate within the\n"
        "promise serving.slo. All are screened by their steady state; the best of each kind of hardware are simulated\n"
        "event by event and get replicas until the promise is kept. Lists what keeps it, by plan.goal (cost, energy,\n"
        "gpus), the cheapest, that of least energy, that of fewest GPUs, and why other hardware fails.\n"
        "SCENARIO is a YAML file or a shipped name. Exit 1: nothing keeps the promise.",
    .examples = {"colossus serve-plan grok-serving", "colossus serve-plan apple-inference -o results",
                 "colossus serve-plan grok-serving --set serving.plan.goal=energy",
                 "colossus serve-plan grok-serving --set serving.slo.tpot='20 ms' --set serving.plan.split=yes"},
    .argument = {{.name = "SCENARIO", .kind = CLI_SCENARIO}},
    .options = PLAN_OPTIONS,
    .option_count = CLI_COUNT(PLAN_OPTIONS),
    .run = serve_plan,
};
