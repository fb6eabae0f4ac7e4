// colossus power: what a site draws, over a step and over a year.
#include <stdlib.h>
#include <string.h>

#include "cli.h"

// --- what is asked -------------------------------------------------------------------------------------------------------

// Seconds of a time above zero; false when it is none.
static bool read_time(const char *text, double *seconds) {
  static const double MOST = 1e9;
  double value = 0;
  if (!cli_duration(text, &value) || !(value > 0 && value < MOST)) return false;
  *seconds = value;
  return true;
}

static int read_event(const cli_call *call, clx_power_options *options) {
  static const struct {
    const char *option;
    clx_power_event event;
  } events[] = {{"start", CLX_POWER_START}, {"stop", CLX_POWER_STOP}, {"sag", CLX_POWER_SAG}};
  const char *first = NULL;
  for (int32_t i = 0; i < CLI_COUNT(events); i++) {
    if (!cli_flag(call, events[i].option)) continue;
    if (first != NULL) return cli_wrong("'--%s' and '--%s': a window shows one event", first, events[i].option);
    first = events[i].option;
    options->event = events[i].event;
  }
  return CLI_DONE;
}

static int read_request(const cli_call *call, clx_power_options *options) {
  static const double LEAST = 8;  // samples, of a spectrum
  clx_power_options_default(options);
  if (!cli_seed(call, &options->seed)) return CLI_WRONG;
  if (!cli_threads(call, &options->threads)) return CLI_WRONG;
  options->design = cli_flag(call, "design");
  options->year = cli_flag(call, "year");
  const char *window = cli_text(call, "window"), *resolution = cli_text(call, "resolution");
  if (window != NULL && !read_time(window, &options->window))
    return cli_wrong("'--window' takes the time that is shown, such as 60s or '5 min', read '%s'", window);
  if (resolution != NULL && !read_time(resolution, &options->resolution))
    return cli_wrong("'--resolution' takes the time of one sample, such as 1ms or '0.1 s', read '%s'", resolution);
  if (window != NULL && resolution != NULL && options->window < LEAST * options->resolution)
    return cli_wrong("'--window %s' holds less than %.0f samples of '--resolution %s'", window, LEAST, resolution);
  return read_event(call, options);
}

static clx_status run(const clx_scenario *scenario, void *request, cli_progress *seen, clx_result **result,
                      clx_error *error) {
  clx_power_options *options = request;
  options->progress = cli_progress_show;
  options->context = seen;
  return clx_power_run(scenario, options, result, error);
}

// --- output ----------------------------------------------------------------------------------------------------------------

static const cli_part FILES[] = {{"report.txt", NULL},   {"result.json", NULL},      {"index.html", NULL},
                                 {"waveform.svg", NULL}, {"spectrum.svg", NULL},     {"chain.svg", NULL},
                                 {"year.svg", "--year"}, {"design.svg", "--design"}, {"waveform.csv", NULL},
                                 {"spectrum.csv", NULL}, {"chain.csv", NULL},        {"checks.csv", NULL},
                                 {"year.csv", "--year"}, {"design.csv", "--design"}};

static const cli_texts TEXTS = {.report = clx_power_text,
                                .page = clx_power_html,
                                .table = clx_power_csv,
                                .drawing = clx_power_svg,
                                .part = FILES,
                                .part_count = CLI_COUNT(FILES)};

// --- the command -------------------------------------------------------------------------------------------------------------

static const cli_study STUDY = {.run = run, .texts = &TEXTS};

static int power(const cli_call *call) {
  clx_power_options options;
  const int code = read_request(call, &options);
  return code == CLI_DONE ? cli_study_run(call, &STUDY, &options) : code;
}

static const cli_option OPTIONS[] = {
    CLI_OPTION_SET,
    {.name = "window", .value = "TIME", .kind = CLI_TEXT, .doc = "of the waveform, such as 60s (default: a few steps)"},
    {.name = "resolution",
     .value = "TIME",
     .kind = CLI_TEXT,
     .doc = "of one sample, such as 1ms (default: the scenario's)"},
    {.name = "start", .doc = "the window shows the start of the job"},
    {.name = "stop", .doc = "the window shows its sudden stop"},
    {.name = "sag", .doc = "the window shows a sag of the grid's voltage"},
    {.name = "design", .doc = "also find the smallest battery and power floor within power.limits"},
    {.name = "year", .doc = "also run the site over power.horizon (default: a year)"},
    {.name = "seed", .value = "N", .kind = CLI_TEXT, .doc = "of stops and of jobs that are not in step (default 1)"},
    CLI_OPTION_THREADS,
    CLI_OPTION_EXPECT,
    CLI_OPTION_JSON,
    CLI_OPTION_OUTPUT("also write index.html, report.txt, result.json, drawings (.svg), tables (.csv)"),
};

const cli_command cli_power_command = {
    .name = "power",
    .summary = "study the power of a site: levels, swings, spectrum, supply",
    .text =
        "Turns the training step of a scenario into power over time, from the GPUs through servers, racks, UPS and\n"
        "transformers to the point of connection: mean and peak of every level, losses, the swing within a step,\n"
        "ramps, the spectrum by bands, what the utility's limits (power.limits) say of it, and what floors, ramps\n"
        "in the chip, capacitors and batteries (power.smoothing, power.batteries) make of it.\n"
        "--design finds, for a row of power floors, the smallest battery that satisfies all limits, and the\n"
        "cheapest of them. --year runs the site over days to a year with its sources, batteries, curtailments and\n"
        "stops: energy, fuel, cost by tariff, CO2 and NOx. Demand above every source is exit code 1 with the\n"
        "missing power and the hour. A scenario with a list of jobs (power.jobs) instead of a training job is\n"
        "replayed over power.horizon. SCENARIO is a YAML file or a shipped name. Ctrl-C stops without output.",
    .examples = {"colossus power colossus-1", "colossus power colossus-1 --window 60s --resolution 1ms -o results",
                 "colossus power colossus-2 --year --expect 'power.site_peak<=1 GW'",
                 "colossus power frontier -o results    # a day of many jobs",
                 "colossus power my.yaml --design --set 'power.limits={ramp: 10 MW/s, range: 20 MW}'",
                 "colossus power my.yaml --stop --window '5 min' -o results    # a sudden stop of the whole job"},
    .argument = {{.name = "SCENARIO", .kind = CLI_SCENARIO}},
    .options = OPTIONS,
    .option_count = CLI_COUNT(OPTIONS),
    .run = power,
};
