// colossus calibrate: kernel parameters from measured kernels, library constants from measured collectives, constants of
// the training model from published runs.
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

static const char *const FITTED[] = {"device", "collectives", "training"};

static const char *fitted(const void *context, int32_t index) {
  (void)context;
  return index < CLI_COUNT(FITTED) ? FITTED[index] : NULL;
}

static int calibrate(const cli_call *call) {
  clx_error error;
  clx_error_clear(&error);
  clx_catalog *catalog = NULL;
  char *report = NULL, *entry = NULL;
  const char *what = call->argument[0], *name = call->argument_count > 1 ? call->argument[1] : NULL;
  const char *tables = cli_text(call, "kernels"), *path = cli_text(call, "output");
  const bool device = strcmp(what, FITTED[0]) == 0, training = strcmp(what, FITTED[2]) == 0;
  clx_calibrate_options options;
  if (!device && !training && strcmp(what, FITTED[1]) != 0) {
    const char *near = cli_nearest(what, fitted, NULL);
    return near != NULL
               ? cli_wrong("calibrate cannot fit '%s'; did you mean '%s'?", what, near)
               : cli_wrong(
                     "calibrate fits a device, collectives or training, read '%s'; did you mean 'calibrate device %s'?",
                     what, name != NULL ? name : what);
  }
  if (name == NULL && device) return cli_wrong("calibrate device needs the NAME of a device of the catalogue");
  if (name == NULL && training) return cli_wrong("calibrate training needs the FILE of a table of published runs");
  if (name == NULL) return cli_wrong("calibrate collectives needs the FILE of a table of collectives");
  if (device && tables == NULL)
    return cli_wrong("calibrate device NAME needs --kernels DIR, the folder of NAME.gemm.csv ...");
  static const cli_heeded heeded[] = {
      {"kernels", "device"},        {"family", "device"},     {"rows", "device"},  {"library", "collectives"},
      {"transport", "collectives"}, {"notes", "collectives"}, {"free", "training"}};
  if (cli_check_heeded(call, heeded, CLI_COUNT(heeded)) != CLI_DONE) return CLI_WRONG;
  if (training && cli_flag(call, "source")) return cli_wrong("calibrate training writes no entry that names a source");
  if (!read_options(call, &options)) return CLI_WRONG;
  int code = cli_open_catalogue(call, &catalog);
  if (code == CLI_DONE) {
    const clx_status status = device ? clx_device_calibrate(catalog, name, tables, &options, &report, &entry, &error)
                              : training ? clx_training_calibrate(catalog, name, &options, &report, &entry, &error)
                                         : clx_collectives_calibrate(catalog, name, &options, &report, &entry, &error);
    if (status != CLX_OK) code = cli_fail(&error);
  }
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
     .doc = "write the catalogue entry there (DIR/kernels/NAME.yaml, DIR/library/NAME.yaml)"},
    {.name = "family",
     .value = "NAMES",
     .kind = CLI_FAMILY,
     .doc = "only these kernel families (and power), by commas"},
    {.name = "source",
     .value = "ID",
     .kind = CLI_TEXT,
     .doc = "source that the entry names, an id of sources.yaml (default: probe-NAME, else own-tables)"},
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
    {.name = "json", .doc = "the report as JSON"},
};

const cli_command cli_calibrate_command = {
    .name = "calibrate",
    .summary = "fit kernels, collectives or training to measurements",
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
        "errors with each source left out in turn. --output writes the values as comments: to be judged.",
    .examples = {"colossus calibrate device h100_sxm --kernels tables --source my-tables -o mine/kernels/h100_sxm.yaml",
                 "colossus --catalogue mine calibrate device my_cpu --kernels mine -o mine/kernels/my_cpu.yaml",
                 "colossus calibrate collectives nccl.csv --source my-tables -o mine/library/nccl.yaml",
                 "colossus calibrate training runs.csv --threads 2"},
    .argument = {{"KIND", CLI_FITTED, false}, {"NAME", CLI_DEVICE, true}},
    .options = OPTIONS,
    .option_count = CLI_COUNT(OPTIONS),
    .run = calibrate,
};
