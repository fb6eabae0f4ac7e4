// colossus order: who delivers what by when, what events do to it, what to order.
#include "cli.h"

static bool show_done(void *context, const char *step, double done) { return cli_progress_show(context, step, done); }

static int read_request(const cli_call *call, clx_order_options *options) {
  uint64_t replicas = 0;
  clx_order_options_default(options);
  if (!cli_number(call, "seed", 0, UINT64_MAX, &options->seed)) return CLI_WRONG;
  if (!cli_number(call, "replicas", 1, 100000, &replicas)) return CLI_WRONG;
  options->replicas = (int32_t)replicas;
  options->cbc = cli_flag(call, "cbc");
  options->plan = options->cbc || cli_flag(call, "plan");
  options->strict = cli_flag(call, "strict");
  return CLI_DONE;
}

static int study(const clx_scenario *scenario, clx_order_options *options, clx_result **result) {
  cli_progress seen;
  options->progress = show_done;
  options->context = &seen;
  clx_error error;
  clx_error_clear(&error);
  cli_progress_start(&seen);
  const clx_status status = clx_order_run(scenario, options, result, &error);
  cli_progress_end(&seen, status != CLX_OK);
  return status == CLX_OK ? CLI_DONE : cli_fail(&error);
}

// --- output ----------------------------------------------------------------------------------------------------------------

static clx_status make_report(const clx_result *result, const char *what, char **text, clx_error *error) {
  return clx_order_text(result, what != NULL, text, error);
}

static clx_status make_page(const clx_result *result, const char *what, char **text, clx_error *error) {
  (void)what;
  return clx_order_html(result, text, error);
}

static const cli_part FILES[] = {{"report.txt", make_report, NULL, NULL},
                                 {"result.json", cli_part_json, NULL, NULL},
                                 {"index.html", make_page, NULL, NULL},
                                 {"deliveries.svg", clx_order_svg, "deliveries", NULL},
                                 {"shares.svg", clx_order_svg, "shares", NULL},
                                 {"deliveries.csv", clx_order_csv, "deliveries", NULL},
                                 {"orders.csv", clx_order_csv, "orders", NULL},
                                 {"events.csv", clx_order_csv, "events", "supply.event."},
                                 {"plan.csv", clx_order_csv, "plan", "supply.plan."}};

static int show(const cli_call *call, const clx_result *result) {
  const cli_part report = {NULL, make_report, cli_colour(call) ? "colour" : NULL, NULL};
  const cli_part json = {NULL, cli_part_json, NULL, NULL};
  const int code = cli_part_folder(call, result, FILES, CLI_COUNT(FILES));
  return code != CLI_DONE ? code : cli_part_put(result, cli_flag(call, "json") ? &json : &report, NULL);
}

// --- the command -----------------------------------------------------------------------------------------------------------

static int order(const cli_call *call) {
  clx_order_options options;
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
    {.name = "replicas",
     .value = "N",
     .kind = CLI_TEXT,
     .doc = "runs that chance is drawn for (default: supply.replicas)"},
    {.name = "seed", .value = "N", .kind = CLI_TEXT, .doc = "of lead times, stops and events (default 1)"},
    {.name = "plan", .doc = "also what to order from whom when, before it is known who delivers (supply.plan)"},
    {.name = "cbc", .doc = "check that plan with COIN-OR Cbc, in builds that have it; may take minutes"},
    {.name = "strict", .doc = "exit 1 where an order cannot be filled by its date even without chance"},
    CLI_OPTION_EXPECT,
    CLI_OPTION_JSON,
    CLI_OPTION_OUTPUT("also write index.html, report.txt, result.json, drawings (.svg), tables (.csv)"),
};

const cli_command cli_order_command = {
    .name = "order",
    .summary = "follow orders of GPUs: deliveries, events, a second source, what to order",
    .text =
        "Follows the orders of a scenario (section `supply`) week by week through lead times, windows of products,\n"
        "qualification, makers, their sub-assemblers and the chips that all share: when each order is there with\n"
        "P10, P50 and P90, what holds it up, which capacity is full from when on, money paid, deposits at risk and\n"
        "lost, GPUs that wait without power, and the share of the chip maker's quarter that the orders take.\n"
        "Each event of the section is run with it for certain and without it, all else the same: weeks, GPUs and\n"
        "deposits that it costs. supply.second shows what a second source is worth, in the mean and in the worst\n"
        "runs. --plan finds what to order from whom when, under uncertain deliveries, with a bound on how much\n"
        "better any plan could be. --strict names what an order that nobody can fill by its date would need.\n"
        "SCENARIO is a YAML file or a shipped name. Ctrl-C stops without output.",
    .examples = {"colossus order switch-to-dell", "colossus order supermicro-delisted --replicas 5000 -o results",
                 "colossus order switch-to-dell --set 'supply.second={maker: dell, shares: [0, 0.25, 0.5, 1]}'",
                 "colossus order chip-allocation --plan", "colossus order my.yaml --strict",
                 "colossus order my.yaml --expect 'supply.slip_probability<=0.1'"},
    .argument = {{.name = "SCENARIO", .kind = CLI_SCENARIO}},
    .options = OPTIONS,
    .option_count = CLI_COUNT(OPTIONS),
    .run = order,
};
