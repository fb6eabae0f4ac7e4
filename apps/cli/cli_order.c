// colossus order: who delivers what by when, what events do to it, what to order.
#include "cli.h"

static int read_request(const cli_call *call, clx_order_options *options) {
  enum { REPLICAS_MAX = 100000 };
  clx_order_options_default(options);
  if (!cli_seed(call, &options->seed)) return CLI_WRONG;
  if (!cli_replicas(call, 1, REPLICAS_MAX, &options->replicas)) return CLI_WRONG;
  options->cbc = cli_flag(call, "cbc");
  options->plan = options->cbc || cli_flag(call, "plan");
  options->strict = cli_flag(call, "strict");
  return CLI_DONE;
}

static clx_status run(const clx_scenario *scenario, void *request, cli_progress *seen, clx_result **result,
                      clx_error *error) {
  clx_order_options *options = request;
  options->progress = cli_progress_show;
  options->context = seen;
  return clx_order_run(scenario, options, result, error);
}

// --- output ----------------------------------------------------------------------------------------------------------------

static const cli_part FILES[] = {
    {"report.txt", NULL},        {"result.json", NULL},    {"index.html", NULL}, {"deliveries.svg", NULL},
    {"shares.svg", NULL},        {"deliveries.csv", NULL}, {"orders.csv", NULL}, {"events.csv", "supply.event."},
    {"plan.csv", "supply.plan."}};

static const cli_texts TEXTS = {.report = clx_order_text,
                                .page = clx_order_html,
                                .table = clx_order_csv,
                                .drawing = clx_order_svg,
                                .part = FILES,
                                .part_count = CLI_COUNT(FILES)};

// --- the command -----------------------------------------------------------------------------------------------------------

static const cli_study STUDY = {.run = run, .texts = &TEXTS};

static int order(const cli_call *call) {
  clx_order_options options;
  const int code = read_request(call, &options);
  return code == CLI_DONE ? cli_study_run(call, &STUDY, &options) : code;
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
