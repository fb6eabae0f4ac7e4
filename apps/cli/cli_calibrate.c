// colossus calibrate device: kernel parameters from measured kernels.
#include <string.h>

#include "cli.h"

static int calibrate(const cli_call *call) {
  clx_error error;
  clx_error_clear(&error);
  clx_catalog *catalog = NULL;
  char *report = NULL, *entry = NULL;
  const char *tables = cli_text(call, "kernels"), *path = cli_text(call, "output");
  uint64_t threads = 1, rows = 0;
  clx_calibrate_options options;
  clx_calibrate_options_default(&options);
  if (strcmp(call->argument[0], "device") != 0)
    return cli_wrong("calibrate fits a device, read '%s'; did you mean 'calibrate device %s'?", call->argument[0],
                     call->argument_count > 1 ? call->argument[1] : call->argument[0]);
  if (call->argument_count < 2) return cli_wrong("calibrate device needs the NAME of a device of the catalogue");
  if (tables == NULL) return cli_wrong("calibrate device NAME needs --kernels DIR, the folder of NAME.gemm.csv ...");
  if (!cli_number(call, "threads", 1, 64, &threads) || !cli_number(call, "rows", 100, 1000000, &rows)) return CLI_WRONG;
  options.families = cli_text(call, "family");
  if (cli_text(call, "source") != NULL) options.source = cli_text(call, "source");
  options.threads = (int32_t)threads;
  options.rows = (int32_t)rows;
  options.json = cli_flag(call, "json");
  int code = cli_open_catalogue(call, &catalog);
  if (code == CLI_DONE &&
      clx_device_calibrate(catalog, call->argument[1], tables, &options, &report, &entry, &error) != CLX_OK) {
    code = cli_fail(&error);
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
     .doc = "write the catalogue entry there (DIR/kernels/NAME.yaml of a catalogue)"},
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
    {.name = "json", .doc = "the report as JSON"},
};

const cli_command cli_calibrate_command = {
    .name = "calibrate",
    .summary = "fit a device's kernel model to measured kernels",
    .text =
        "Fits the parameters of every kernel family for which DIR holds a table (gemm, attention_context, moe ...)\n"
        "and prints the errors before and after, by number format and size class, cross-validated over shape\n"
        "families; then power, where the tables have a column power_w. --output writes them as an entry of "
        "catalogue/kernels.",
    .examples = {"colossus calibrate device h100_sxm --kernels tables --source my-tables -o mine/kernels/h100_sxm.yaml",
                 "colossus --catalogue mine calibrate device my_cpu --kernels mine -o mine/kernels/my_cpu.yaml"},
    .argument = {{"device", CLI_FITTED, false}, {"NAME", CLI_DEVICE, true}},
    .options = OPTIONS,
    .option_count = CLI_COUNT(OPTIONS),
    .run = calibrate,
};
