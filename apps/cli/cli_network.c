// colossus network: a study of the fabric of a scenario.
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

// --- progress --------------------------------------------------------------------------------------------------------

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

typedef struct progress {
  double start;
  bool shown;
} progress;

// The step that begins, on one line of a terminal, once it takes long enough to be read.
static void show_step(void *context, const char *step) {
  static const double PATIENCE = 0.3;  // s
  progress *p = context;
  if (now() - p->start < PATIENCE) return;
  fprintf(stderr, "\r\033[K%s ...", step);
  fflush(stderr);
  p->shown = true;
}

static int study(const cli_call *call, const clx_scenario *scenario, void *request, clx_result **result) {
  (void)request;
  clx_network_options options;
  clx_network_options_default(&options);
  progress seen = {.start = now()};
  options.traffic = cli_text(call, "traffic");
  if (isatty(STDERR_FILENO) == 1) {
    options.progress = show_step;
    options.context = &seen;
  }
  clx_error error;
  clx_error_clear(&error);
  const char *schedule = cli_text(call, "schedule");
  const clx_status status = schedule != NULL ? clx_schedule_run(scenario, schedule, &options, result, &error)
                                             : clx_network_run(scenario, &options, result, &error);
  if (seen.shown) fputs("\r\033[K", stderr);
  return status == CLX_OK ? CLI_DONE : cli_fail(&error);
}

// --- output ----------------------------------------------------------------------------------------------------------

typedef struct texts {
  char *report, *plain, *json, *csv, *svg;
} texts;

static int make_texts(const cli_call *call, const clx_scenario *scenario, const clx_result *result, texts *t) {
  clx_error error;
  clx_error_clear(&error);
  const bool folder = cli_text(call, "output") != NULL, files = folder && cli_text(call, "schedule") == NULL;
  const bool svg = files || cli_text(call, "svg") != NULL;
  clx_status status = clx_network_text(result, cli_colour(call), &t->report, &error);
  if (status == CLX_OK) status = clx_result_json(result, &t->json, &error);
  if (status == CLX_OK && folder) status = clx_network_text(result, false, &t->plain, &error);
  if (status == CLX_OK && files) status = clx_network_csv(result, &t->csv, &error);
  if (status == CLX_OK && svg) status = clx_network_svg(scenario, result, &t->svg, &error);
  return status == CLX_OK ? CLI_DONE : cli_fail(&error);
}

static void free_texts(texts *t) {
  clx_text_free(t->report);
  clx_text_free(t->plain);
  clx_text_free(t->json);
  clx_text_free(t->csv);
  clx_text_free(t->svg);
}

static int write_folder(const texts *t, const char *folder) {
  const cli_file files[] = {
      {"report.txt", t->plain}, {"network.json", t->json}, {"fabric.svg", t->svg}, {"links.csv", t->csv}};
  return cli_write_folder(folder, files, CLI_COUNT(files));
}

static int show(const cli_call *call, const clx_scenario *scenario, const clx_result *result, void *request) {
  (void)request;
  texts t = {0};
  const char *folder = cli_text(call, "output"), *svg = cli_text(call, "svg");
  int code = make_texts(call, scenario, result, &t);
  if (code == CLI_DONE && folder != NULL) code = write_folder(&t, folder);
  if (code == CLI_DONE && svg != NULL) code = cli_write_file(svg, t.svg);
  if (code == CLI_DONE) cli_put(cli_flag(call, "json") ? t.json : t.report);
  free_texts(&t);
  return code;
}

// --seed N is --set network.seed=N, so that it also holds for what is placed and hashed while the scenario is loaded.
static int set_seed(const cli_call *call, cli_settings *settings) {
  static const uint64_t MOST = 9000000000000000;  // of the key
  uint64_t seed = 0;
  char text[32];
  if (cli_text(call, "seed") == NULL) return CLI_DONE;
  if (!cli_number(call, "seed", 0, MOST, &seed)) return CLI_WRONG;
  snprintf(text, sizeof text, "%llu", (unsigned long long)seed);
  char *copy = cli_copy(text);
  if (copy == NULL) return cli_no_memory();
  settings->copy[settings->count] = copy;
  settings->setting[settings->count++] = (clx_setting){"network.seed", copy};
  return CLI_DONE;
}

static int check_options(const cli_call *call) {
  if (cli_text(call, "schedule") == NULL || cli_text(call, "traffic") == NULL) return CLI_DONE;
  return cli_wrong("'--traffic' is of the study, which '--schedule' stands in for: give one of them");
}

static const cli_study STUDY = {.settings = set_seed, .solve = study, .show = show};

static int network(const cli_call *call) {
  const int code = check_options(call);
  return code == CLI_DONE ? cli_study_run(call, &STUDY, NULL) : code;
}

static const cli_option OPTIONS[] = {
    CLI_OPTION_SET,
    CLI_OPTION_EXPECT,
    {.name = "traffic",
     .value = "NAME",
     .kind = CLI_TRAFFIC,
     .doc = "load of links under permutation, ring, all_to_all, jobs"},
    {.name = "seed",
     .value = "N",
     .kind = CLI_TEXT,
     .doc = "of permutations, placements, hashes: the same as --set network.seed=N"},
    {.name = "schedule",
     .value = "FILE",
     .kind = CLI_FILE_PATH,
     .doc = "instead of the study: play the rounds of flows in FILE (YAML)"},
    CLI_OPTION_JSON,
    {.name = "svg", .value = "FILE", .kind = CLI_FILE_PATH, .doc = "also draw the fabric into FILE"},
    CLI_OPTION_OUTPUT("also write report.txt, network.json, fabric.svg, links.csv"),
};

const cli_command cli_network_command = {
    .name = "network",
    .summary = "study the fabric of a scenario: rates, failures, load of links",
    .text =
        "Wires the fabric of a scenario and reports what to buy, its bisection, the rate of a NIC in a random\n"
        "permutation, in rings over the placed servers and in an all-to-all, time and bus bandwidth of every\n"
        "collective over the whole job, what one failure of every kind costs, and how full the links are.\n"
        "Rates are max-min fair shares; hashing, failed parts and placement are those of the scenario.\n"
        "SCENARIO is a YAML file or a shipped name. --schedule plays rounds of flows between GPUs instead, such as\n"
        "'rounds: [{shift: 1, bytes: 64 MiB, repeat: 30}]', each ending with its slowest flow.",
    .examples = {"colossus network colossus-1",
                 "colossus network colossus-1 --set network.routing=ecmp --set network.placement.kind=random",
                 "colossus network my.yaml -o results    # report, JSON, drawing and table of links",
                 "colossus network my.yaml --expect 'network.permutation.share>=0.9' --svg fabric.svg"},
    .argument = {{.name = "SCENARIO", .kind = CLI_SCENARIO}},
    .options = OPTIONS,
    .option_count = CLI_COUNT(OPTIONS),
    .run = network,
};
