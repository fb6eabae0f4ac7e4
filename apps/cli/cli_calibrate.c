// colossus calibrate: kernel parameters from measured kernels, library constants from measured collectives, constants of
// the training model from published runs, failure rates from logs.
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

// What both kinds of calibration take from the command line.
static bool read_options(const cli_call *call, clx_calibrate_options *options) {
  uint64_t threads = 1, rows = 0;
  clx_calibrate_options_default(options);
  if (!cli_number(call, "threads", 1, 64, &threads) || !cli_number(call, "rows", 100, 1000000, &rows)) return false;
  options->families = cli_text(call, "family");
  if (cli_text(call, "source") != NULL) options->source = cli_text(call, "source");
  options->threads = (int32_t)threads;
  options->rows = (int32_t)rows;
  options->json = cli_flag(call, "json");
  options->notes = cli_flag(call, "notes");
  options->library = cli_text(call, "library");
  options->transport = cli_text(call, "transport");
  options->constants = cli_text(call, "free");
  return true;
}

typedef enum fitted_kind { FIT_DEVICE, FIT_COLLECTIVES, FIT_TRAINING, FIT_RELIABILITY, FITTED_KINDS } fitted_kind;

static const char *const FITTED[FITTED_KINDS] = {"device", "collectives", "training", "reliability"};

// What the second argument must be, where it is missing.
static const char *const NEEDED[FITTED_KINDS] = {
    "the NAME of a device of the catalogue", "the FILE of a table of collectives",
    "the FILE of a table of published runs", "the FILE of a log of failures (CSV, or the output of sacct -P)"};

static const char *fitted(const void *context, int32_t index) {
  (void)context;
  return index < CLI_COUNT(FITTED) ? FITTED[index] : NULL;
}

// The name of an entry from the file that it goes to.
static char *name_of(const char *path) {
  const char *slash = strrchr(path, '/');
  char *name = cli_copy(slash != NULL ? slash + 1 : path);
  char *dot = name != NULL ? strrchr(name, '.') : NULL;
  if (dot != NULL && dot != name) *dot = '\0';
  for (char *c = name; c != NULL && *c != '\0'; c++)
    *c = isalnum((unsigned char)*c) || *c == '-' ? (char)tolower((unsigned char)*c) : '_';
  return name;
}

static int calibrate_reliability(const clx_catalog *catalog, const cli_call *call, clx_calibrate_options *options,
                                 char **report, char **entry) {
  clx_error error;
  clx_error_clear(&error);
  uint64_t node_hours = 0, gpus = 0, confidence = 90;
  if (!cli_number(call, "node-hours", 1, 1000000000000, &node_hours) ||
      !cli_number(call, "gpus-per-node", 1, 100000, &gpus) || !cli_number(call, "confidence", 50, 99, &confidence))
    return CLI_WRONG;
  const char *path = cli_text(call, "output");
  char *name = path != NULL ? name_of(path) : NULL;
  if (path != NULL && name == NULL) return cli_no_memory();
  options->name = name;
  options->exposure = cli_text(call, "exposure");
  options->node_hours = (double)node_hours;
  options->gpus_per_node = (double)gpus;
  options->confidence = (double)confidence / 100;
  const clx_status status = clx_reliability_calibrate(catalog, call->argument[1], options, report, entry, &error);
  free(name);
  return status == CLX_OK ? CLI_DONE : cli_fail(&error);
}

static int calibrate_kind(fitted_kind kind, const clx_catalog *catalog, const cli_call *call,
                          clx_calibrate_options *options, char **report, char **entry) {
  clx_error error;
  clx_error_clear(&error);
  const char *name = call->argument[1];
  if (kind == FIT_RELIABILITY) return calibrate_reliability(catalog, call, options, report, entry);
  const clx_status status =
      kind == FIT_DEVICE
          ? clx_device_calibrate(catalog, name, cli_text(call, "kernels"), options, report, entry, &error)
      : kind == FIT_TRAINING ? clx_training_calibrate(catalog, name, options, report, entry, &error)
                             : clx_collectives_calibrate(catalog, name, options, report, entry, &error);
  return status == CLX_OK ? CLI_DONE : cli_fail(&error);
}

// What is to be fitted, the first argument. Prints what is wrong and returns FITTED_KINDS.
static fitted_kind kind_of(const cli_call *call) {
  const char *what = call->argument[0];
  fitted_kind kind = FIT_DEVICE;
  while (kind < FITTED_KINDS && strcmp(what, FITTED[kind]) != 0) kind++;
  if (kind == FITTED_KINDS) {
    const char *near = cli_nearest(what, fitted, NULL);
    if (near != NULL) {
      cli_wrong("calibrate cannot fit '%s'; did you mean '%s'?", what, near);
    } else {
      cli_wrong(
          "calibrate fits a device, collectives, training or reliability, read '%s'; did you mean 'calibrate device "
          "%s'?",
          what, call->argument_count > 1 ? call->argument[1] : what);
    }
    return FITTED_KINDS;
  }
  if (call->argument_count > 1) return kind;
  cli_wrong("calibrate %s needs %s", FITTED[kind], NEEDED[kind]);
  return FITTED_KINDS;
}

static int calibrate(const cli_call *call) {
  clx_catalog *catalog = NULL;
  char *report = NULL, *entry = NULL;
  const char *path = cli_text(call, "output");
  clx_calibrate_options options;
  const fitted_kind kind = kind_of(call);
  if (kind == FITTED_KINDS) return CLI_WRONG;
  if (kind == FIT_DEVICE && cli_text(call, "kernels") == NULL)
    return cli_wrong("calibrate device NAME needs --kernels DIR, the folder of NAME.gemm.csv ...");
  static const cli_heeded heeded[] = {{"kernels", "device"},
                                      {"family", "device"},
                                      {"rows", "device"},
                                      {"library", "collectives"},
                                      {"transport", "collectives"},
                                      {"notes", "collectives"},
                                      {"free", "training"},
                                      {"exposure", "reliability"},
                                      {"node-hours", "reliability"},
                                      {"gpus-per-node", "reliability"},
                                      {"confidence", "reliability"}};
  if (cli_check_heeded(call, heeded, CLI_COUNT(heeded)) != CLI_DONE) return CLI_WRONG;
  if (kind == FIT_TRAINING && cli_flag(call, "source"))
    return cli_wrong("calibrate training writes no entry that names a source");
  if (!read_options(call, &options)) return CLI_WRONG;
  int code = cli_open_catalogue(call, &catalog);
  if (code == CLI_DONE) code = calibrate_kind(kind, catalog, call, &options, &report, &entry);
  if (code == CLI_DONE && path != NULL) code = cli_write_file(path, entry);
  if (code == CLI_DONE) cli_put(report);
  clx_text_free(report);
  clx_text_free(entry);
  clx_catalog_close(catalog);
  return code;
}

static const cli_option OPTIONS[] = {
    {.name = "kernels", .value = "DIR", .kind = CLI_FOLDER_PATH, .doc = "folder of the tables NAME.FAMILY.csv"},
    {.name = "output",
     .letter = 'o',
     .value = "FILE",
     .kind = CLI_FILE_PATH,
     .doc = "write the catalogue entry there (DIR/kernels/NAME.yaml, DIR/failures/NAME.yaml ...)"},
    {.name = "family",
     .value = "NAMES",
     .kind = CLI_FAMILY,
     .doc = "only these kernel families (and power), by commas"},
    {.name = "source",
     .value = "ID",
     .kind = CLI_TEXT,
     .doc =
         "source that the entry names, an id of sources.yaml (default: probe-NAME, else own-tables, own-failure-log)"},
    {.name = "rows", .value = "N", .kind = CLI_TEXT, .doc = "rows that a fit sees at most (default 3000)"},
    {.name = "threads", .value = "N", .kind = CLI_TEXT, .doc = "threads; the result does not depend on them"},
    {.name = "library", .value = "NAME", .kind = CLI_TEXT, .doc = "collectives: library profile to fit (default nccl)"},
    {.name = "transport",
     .value = "NAME",
     .kind = CLI_TEXT,
     .doc = "collectives: fit this transport instead of a library"},
    {.name = "notes", .doc = "collectives: also read from source and notes what was run"},
    {.name = "free",
     .value = "KEYS",
     .kind = CLI_TEXT,
     .doc = "training: fit only these constants, keys of catalogue/software and catalogue/device by commas"},
    {.name = "exposure",
     .value = "FILE",
     .kind = CLI_FILE_PATH,
     .doc = "reliability: CSV of what was watched: columns node, from, to and perhaps gpus, in_service, position"},
    {.name = "node-hours",
     .value = "N",
     .kind = CLI_TEXT,
     .doc = "reliability: exposure as a sum over all nodes, where there is no such table"},
    {.name = "gpus-per-node", .value = "N", .kind = CLI_TEXT, .doc = "reliability: GPUs of a node, where no file says"},
    {.name = "confidence",
     .value = "PERCENT",
     .kind = CLI_TEXT,
     .doc = "reliability: of the intervals, 50 to 99 (default 90)"},
    {.name = "json", .doc = "the report as JSON"},
};

const cli_command cli_calibrate_command = {
    .name = "calibrate",
    .summary = "fit kernels, collectives, training or failure rates",
    .text =
        "Fits the parameters of every kernel family for which DIR holds a table (gemm, attention_context, moe ...)\n"
        "and prints the errors before and after, by number format and size class, cross-validated over shape\n"
        "families; then power, where the tables have a column power_w. --output writes them as an entry of "
        "catalogue/kernels.\n\n"
        "calibrate collectives FILE fits what a communication library costs between nodes, by generation of\n"
        "GPUs, or how a transport moves data, cross-validated over systems, and writes an entry of\n"
        "catalogue/library or catalogue/transport.\n\n"
        "calibrate training FILE fits the constants of the training model that no kernel or collective measured alone\n"
        "can tell to a table of published runs (rows of trust A and B), prints how far each is determined, and the\n"
        "errors with each source left out in turn. --output writes the values as comments: to be judged.\n\n"
        "calibrate reliability FILE counts failures by class over exposure: FILE is a CSV of events (class, and\n"
        "perhaps time, node, count, stopped_job, transient, repair_hours) and of exposure (node, from, to), or what\n"
        "sacct -P -D prints. It fits rates, repair times, hazards by age, clusters and repeat offenders, and writes\n"
        "an entry of catalogue/failures.",
    .examples = {"colossus calibrate device h100_sxm --kernels tables --source my-tables -o mine/kernels/h100_sxm.yaml",
                 "colossus --catalogue mine calibrate device my_cpu --kernels mine -o mine/kernels/my_cpu.yaml",
                 "colossus calibrate collectives nccl.csv --source my-tables -o mine/library/nccl.yaml",
                 "colossus calibrate training runs.csv --threads 2",
                 "colossus calibrate reliability log.csv --node-hours 2654208 -o mine/failures/ours.yaml",
                 "colossus calibrate reliability sacct.txt --json"},
    .argument = {{.name = "KIND", .kind = CLI_FITTED}, {.name = "NAME", .kind = CLI_DEVICE, .optional = true}},
    .options = OPTIONS,
    .option_count = CLI_COUNT(OPTIONS),
    .run = calibrate,
};
