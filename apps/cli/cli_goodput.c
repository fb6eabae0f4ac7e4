// colossus goodput: what failures leave of a machine's time, under one policy and another.
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static bool show_done(void *context, double done) { return cli_progress_show(context, "simulating", done); }

// --- what is asked -------------------------------------------------------------------------------------------------------

typedef struct request {
  clx_goodput_options options;
  const char *policy[CLX_GOODPUT_POLICIES_MAX];
  clx_scenario *scenario[CLX_GOODPUT_POLICIES_MAX];
  int32_t count;
} request;

static int read_policies(const cli_call *call, request *r) {
  static const char *const usual[] = {"own", "restart", "standby", "masked"};
  int32_t given = 0;
  for (int32_t i = 0; i < call->given_count; i++) {
    if (strcmp(call->given[i]->name, "policy") != 0) continue;
    if (given < CLX_GOODPUT_POLICIES_MAX) r->policy[given] = call->text[i];
    given++;
  }
  if (given > CLX_GOODPUT_POLICIES_MAX)
    return cli_wrong("%d policies: '--policy' may be given up to %d times", given, CLX_GOODPUT_POLICIES_MAX);
  r->count = given;
  for (int32_t i = 0; given == 0 && i < CLI_COUNT(usual); i++) r->policy[r->count++] = usual[i];
  return CLI_DONE;
}

static int read_request(const cli_call *call, request *r) {
  uint64_t replications = 0;
  clx_goodput_options_default(&r->options);
  if (cli_flag(call, "json") && cli_flag(call, "csv"))
    return cli_wrong("'--json' and '--csv' both ask for stdout: give one of them, or -o for both");
  if (!cli_seed(call, &r->options.seed)) return CLI_WRONG;
  if (!cli_threads(call, &r->options.threads)) return CLI_WRONG;
  if (!cli_number(call, "replications", 2, 10000000, &replications)) return CLI_WRONG;
  r->options.replications = (int32_t)replications;
  return read_policies(call, r);
}

static int load(const cli_call *call, const clx_catalog *catalog, const cli_settings *settings, request *r) {
  clx_error error;
  clx_error_clear(&error);
  for (int32_t i = 0; i < r->count; i++) {
    const clx_status status = clx_goodput_load(catalog, call->argument[0], settings->setting, settings->count,
                                               r->policy[i], &r->scenario[i], &error);
    if (status != CLX_OK) return cli_fail(&error);
  }
  return CLI_DONE;
}

static int simulate(request *r, clx_result **result) {
  cli_progress seen;
  const clx_scenario *scenario[CLX_GOODPUT_POLICIES_MAX];
  for (int32_t i = 0; i < r->count; i++) scenario[i] = r->scenario[i];
  r->options.progress = show_done;
  r->options.context = &seen;
  clx_error error;
  clx_error_clear(&error);
  cli_progress_start(&seen);
  const clx_status status = clx_goodput_run(scenario, r->policy, r->count, &r->options, result, &error);
  cli_progress_end(&seen, status != CLX_OK);
  return status == CLX_OK ? CLI_DONE : cli_fail(&error);
}

// --- output ----------------------------------------------------------------------------------------------------------------

static const cli_part FILES[] = {{"report.txt", NULL},   {"goodput.json", NULL}, {"goodput.svg", NULL},
                                 {"progress.svg", NULL}, {"size.svg", NULL},     {"interval.svg", NULL},
                                 {"ledger.svg", NULL},   {"ledger.csv", NULL},   {"progress.csv", NULL},
                                 {"curves.csv", NULL}};

static const cli_texts TEXTS = {.report = clx_goodput_text,
                                .table = clx_goodput_csv,
                                .drawing = clx_goodput_svg,
                                .part = FILES,
                                .part_count = CLI_COUNT(FILES)};

static int show(const cli_call *call, const clx_result *result) {
  const char *svg = cli_text(call, "svg"), *ending = cli_flag(call, "json")  ? "json"
                                                     : cli_flag(call, "csv") ? "csv"
                                                                             : "txt";
  int code = cli_texts_folder(call, result, &TEXTS);
  if (code == CLI_DONE && svg != NULL) code = cli_texts_put(call, result, &TEXTS, "svg", "goodput", svg);
  return code == CLI_DONE ? cli_texts_put(call, result, &TEXTS, ending, "ledger", NULL) : code;
}

// --- the command -------------------------------------------------------------------------------------------------------------

static int goodput(const cli_call *call) {
  request r = {0};
  cli_settings settings = {0};
  clx_catalog *catalog = NULL;
  clx_result *result = NULL;
  int code = cli_expect_check(call);
  if (code == CLI_DONE) code = read_request(call, &r);
  if (code == CLI_DONE) code = cli_settings_read(call, &settings);
  if (code == CLI_DONE) code = cli_open_catalogue(call, &catalog);
  if (code == CLI_DONE) code = load(call, catalog, &settings, &r);
  if (code == CLI_DONE) code = simulate(&r, &result);
  const int expected = code == CLI_DONE ? cli_expect_compare(call, result) : code;
  if (code == CLI_DONE && expected != CLI_WRONG) code = show(call, result);
  clx_result_free(result);
  for (int32_t i = 0; i < r.count; i++) clx_scenario_free(r.scenario[i]);
  clx_catalog_close(catalog);
  cli_settings_free(&settings);
  return code == CLI_DONE ? expected : code;
}

static const cli_option OPTIONS[] = {
    {.name = "policy",
     .value = "SPEC",
     .kind = CLI_POLICY,
     .repeated = true,
     .doc = "NAME, NAME,KEY=VALUE ... or KEY=VALUE ..., up to 8"},
    CLI_OPTION_SET,
    {.name = "replications", .value = "N", .kind = CLI_TEXT, .doc = "runs of each policy (default: the scenario's)"},
    {.name = "seed", .value = "N", .kind = CLI_TEXT, .doc = "of failures, repairs and slow ranks (default 1)"},
    CLI_OPTION_THREADS,
    CLI_OPTION_EXPECT,
    CLI_OPTION_JSON,
    {.name = "csv", .doc = "where every GPU-second went, as CSV"},
    {.name = "svg", .value = "FILE", .kind = CLI_FILE_PATH, .doc = "also draw the comparison into FILE"},
    CLI_OPTION_OUTPUT("also write report.txt, goodput.json, drawings (.svg) and tables (.csv)"),
};

const cli_command cli_goodput_command = {
    .name = "goodput",
    .summary = "simulate the run under failures, one policy against another",
    .text =
        "Simulates the training run of a scenario over its whole length: failures of every part, detection,\n"
        "restart, spares, repair, checkpoints. Reports which share of the machine's time became progress, where\n"
        "the rest went, and when the training ends. Policies meet the same failures, so that small differences\n"
        "are seen; each is measured against the first, with the confidence interval of the difference.\n"
        "SCENARIO needs a section reliability. A policy SPEC is a NAME, with further keys below reliability behind\n"
        "commas, or such keys alone. Names, each a whole policy that may be changed by keys behind it:\n"
        "  own         the scenario's own policy\n"
        "  restart     requeue the whole job; checkpoints while it stands still\n"
        "  standby     restart with booted spares; checkpoints written behind the work\n"
        "  elastic     go on with the replicas that are left, from the last checkpoint\n"
        "  masked      leave a failed replica out of the sum; it comes back with a peer's state\n"
        "  redundant   every shard of the batch on several replicas\n"
        "  memory      as standby, with checkpoints in the memory of other servers\n"
        "  jobs-N      N equal jobs that share the machine, under the scenario's own policy\n"
        "Without --policy: own, restart, standby and masked. Times in seconds that the scenario states for its own\n"
        "checkpoints and restarts do not hold for a name that has others. Ctrl-C stops without output.",
    .examples = {"colossus goodput colossus-1",
                 "colossus goodput my.yaml --policy standby --policy 'standby,spares.hot=16' --policy jobs-4",
                 "colossus goodput my.yaml --policy \"checkpoint.rule=fixed,checkpoint.interval=30 min\" -o results",
                 "colossus goodput my.yaml --replications 1000 --expect 'goodput.policy_1.goodput>=90 %'"},
    .argument = {{.name = "SCENARIO", .kind = CLI_SCENARIO}},
    .options = OPTIONS,
    .option_count = CLI_COUNT(OPTIONS),
    .run = goodput,
};
