// colossus why: what a training step is made of, what decides it, what would change it.
#include <stdlib.h>

#include "cli.h"

enum { TOP_DEFAULT = 8, TOP_MOST = 64 };

static int explain(const cli_call *call, const clx_scenario *scenario, void *request, clx_result **result) {
  (void)request;
  clx_run_options options;
  clx_run_options_default(&options);
  if (!cli_seed(call, &options.seed)) return CLI_WRONG;
  clx_error error;
  clx_error_clear(&error);
  return clx_why_run(scenario, &options, result, &error) == CLX_OK ? CLI_DONE : cli_fail(&error);
}

static int show(const cli_call *call, const clx_scenario *scenario, const clx_result *result, void *request) {
  (void)scenario;
  const int32_t top = *(const int32_t *)request;
  const char *path = cli_text(call, "svg");
  char *report = NULL, *svg = NULL;
  clx_error error;
  clx_error_clear(&error);
  clx_status status = cli_flag(call, "json") ? clx_result_json(result, &report, &error)
                                             : clx_why_text(result, top, cli_colour(call), &report, &error);
  if (status == CLX_OK && path != NULL) status = clx_why_svg(result, top, &svg, &error);
  int code = status == CLX_OK ? CLI_DONE : cli_fail(&error);
  if (code == CLI_DONE && path != NULL) code = cli_write_file(path, svg);
  if (code == CLI_DONE) cli_put(report);
  clx_text_free(report);
  clx_text_free(svg);
  return code;
}

static const cli_study STUDY = {.solve = explain, .show = show};

static int why(const cli_call *call) {
  uint64_t top = TOP_DEFAULT;
  if (!cli_number(call, "top", 1, TOP_MOST, &top)) return CLI_WRONG;
  int32_t shown = (int32_t)top;
  return cli_study_run(call, &STUDY, &shown);
}

static const cli_option OPTIONS[] = {
    CLI_OPTION_SET,
    CLI_OPTION_EXPECT,
    {.name = "top", .value = "N", .kind = CLI_TEXT, .doc = "inputs and changes to show (default 8)"},
    {.name = "seed", .value = "N", .kind = CLI_TEXT, .doc = "seed of everything random (default 1)"},
    CLI_OPTION_JSON,
    {.name = "svg", .value = "FILE", .kind = CLI_FILE_PATH, .doc = "also draw parts, inputs and changes into FILE"},
};

const cli_command cli_why_command = {
    .name = "why",
    .summary = "say what a training step is made of, what decides it and what would change it",
    .text =
        "Breaks the training step of a scenario into compute, communication that shows, pipeline bubble, optimizer\n"
        "and waiting, and says in sentences what binds. Then changes every number that goes into the step by a\n"
        "percent both ways (shares by two points) and ranks them by their elasticity, d ln step / d ln input;\n"
        "and tries single changes of layout, batch, precision and software on the same GPUs: what each does to\n"
        "throughput, or why it is impossible. SCENARIO is a YAML file or a shipped name.",
    .examples = {"colossus why colossus-1", "colossus why my.yaml --set training.layout.tp=8 --top 20",
                 "colossus why colossus-1 --svg why.svg", "colossus why my.yaml --expect 'why.share.bubble<=0.1'"},
    .argument = {{.name = "SCENARIO", .kind = CLI_SCENARIO}},
    .options = OPTIONS,
    .option_count = CLI_COUNT(OPTIONS),
    .run = why,
};
