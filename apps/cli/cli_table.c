// colossus predict and colossus validate: tables of published measurements, and cases.
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static int check_options(const cli_call *call) {
  static const cli_heeded heeded[] = {{"device", "kernels"},    {"family", "kernels"},     {"library", "collectives"},
                                      {"notes", "collectives"}, {"notes", "serving"},      {"threads", "cases"},
                                      {"limit", "schedule"},    {"plans", "schedule"},     {"every", "schedule"},
                                      {"runs", "requests"},     {"operators", "requests"}, {"scenario", "requests"}};
  return cli_check_heeded(call, heeded, CLI_COUNT(heeded));
}

static int predict(const cli_call *call) {
  clx_error error;
  clx_error_clear(&error);
  clx_catalog *catalog = NULL;
  char *text = NULL;
  const char *path = cli_text(call, "output");
  cli_progress seen;
  const clx_table_options options = {.device = cli_text(call, "device"),
                                     .family = cli_text(call, "family"),
                                     .library = cli_text(call, "library"),
                                     .runs = cli_text(call, "runs"),
                                     .operators = cli_text(call, "operators"),
                                     .scenario = cli_text(call, "scenario"),
                                     .notes = cli_flag(call, "notes"),
                                     .progress = cli_progress_show,
                                     .context = &seen};
  int code = check_options(call);
  if (code == CLI_DONE) code = cli_open_catalogue(call, &catalog);
  cli_progress_start(&seen);
  const clx_status status =
      code == CLI_DONE ? clx_table_predict(catalog, call->argument[0], call->argument[1], &options, &text, &error)
                       : CLX_OK;
  cli_progress_end(&seen, status != CLX_OK);
  if (status != CLX_OK) code = cli_fail(&error);
  if (code == CLI_DONE && path != NULL) code = cli_write_file(path, text);
  if (code == CLI_DONE && path == NULL) cli_put(text);
  clx_text_free(text);
  clx_catalog_close(catalog);
  return code;
}

#define KIND_OPTIONS                                                                                       \
  {.name = "device",                                                                                       \
   .value = "NAME",                                                                                        \
   .kind = CLI_DEVICE,                                                                                     \
   .doc = "kernels: the device of the catalogue that ran them"},                                           \
      {.name = "family",                                                                                   \
       .value = "NAME",                                                                                    \
       .kind = CLI_FAMILY,                                                                                 \
       .doc = "kernels: gemm, moe ... (default: by the file name)"},                                       \
      {.name = "library",                                                                                  \
       .value = "NAME",                                                                                    \
       .kind = CLI_TEXT,                                                                                   \
       .doc = "collectives: library profile of rows that name none (colossus catalogue ls library)"},      \
      {.name = "runs",                                                                                     \
       .value = "FILE",                                                                                    \
       .kind = CLI_FILE_PATH,                                                                              \
       .doc = "requests: table of their runs (default: X_runs.csv beside X_requests.csv)"},                \
      {.name = "operators",                                                                                \
       .value = "FILE",                                                                                    \
       .kind = CLI_FILE_PATH,                                                                              \
       .doc = "requests: table of operator times (default: X_optable*.csv beside it)"},                    \
      {.name = "scenario",                                                                                 \
       .value = "FILE",                                                                                    \
       .kind = CLI_FILE_PATH,                                                                              \
       .doc = "requests: YAML with a section serving.engine for all rows, or a deployment for all cases"}, \
  {                                                                                                        \
    .name = "notes",                                                                                       \
    .doc = "collectives, serving: also read from source and notes what was run (algorithm, GPU cores)"     \
  }

static const cli_option PREDICT_OPTIONS[] = {
    KIND_OPTIONS,
    {.name = "output",
     .letter = 'o',
     .value = "FILE",
     .kind = CLI_FILE_PATH,
     .doc = "write there instead of to stdout"},
};

const cli_command cli_predict_command = {
    .name = "predict",
    .summary = "predict every row of a table of runs",
    .text =
        "Writes the CSV of FILE with a predicted_ column for every measured one, and status, reason and\n"
        "model_error. No measured column is read. KIND: training (optimizer steps), kernels (one kernel\n"
        "alone on one device), collectives (one collective alone on a network), energy (inference runs\n"
        "with the power of their GPUs), serving (benchmarks and long tables of engines) or requests (one by\n"
        "one through engines: on a table of operator times, or of cases with the kernels of their device).",
    .examples = {"colossus predict training runs.csv -o predicted.csv",
                 "colossus predict kernels h100_sxm.gemm.csv --device h100_sxm",
                 "colossus predict collectives nccl.csv", "colossus predict energy runs.csv"},
    .argument = {{.name = "KIND", .kind = CLI_TABLE}, {.name = "FILE", .kind = CLI_FILE_PATH}},
    .options = PREDICT_OPTIONS,
    .option_count = CLI_COUNT(PREDICT_OPTIONS),
    .run = predict,
};

// --only COLUMN=VALUE,VALUE; *column is the copy to free.
static int read_only(const cli_call *call, clx_table_options *options, char **column) {
  const char *only = cli_text(call, "only");
  *column = NULL;
  if (only == NULL) return CLI_DONE;
  const char *equals = strchr(only, '=');
  if (equals == NULL || equals == only)
    return cli_wrong("'--only' takes COLUMN=VALUE,VALUE, such as trust=A,B, read '%s'", only);
  *column = cli_copy(only);
  if (*column == NULL) return cli_no_memory();
  (*column)[equals - only] = '\0';
  options->only_column = *column;
  options->only_values = equals + 1;
  return CLI_DONE;
}

// Cases: names instead of a table.
static int validate_cases(const cli_call *call) {
  static const char *const tables_only[] = {"by", "only", "peers"};
  clx_error error;
  clx_error_clear(&error);
  clx_catalog *catalog = NULL;
  char *text = NULL;
  int32_t failed = 0;
  uint64_t threads = 1;
  clx_case_options options;
  clx_case_options_default(&options);
  options.names = call->argument + 1;
  options.name_count = call->argument_count - 1;
  options.json = cli_flag(call, "json");
  int code = check_options(call);
  for (int32_t i = 0; i < CLI_COUNT(tables_only); i++) {
    if (cli_flag(call, tables_only[i]))
      code = cli_wrong("'--%s' is an option of tables, not of 'validate cases'", tables_only[i]);
  }
  if (code == CLI_DONE && !cli_number(call, "threads", 1, 1024, &threads)) code = CLI_WRONG;
  options.threads = (int32_t)threads;
  if (code == CLI_DONE) code = cli_open_catalogue(call, &catalog);
  if (code == CLI_DONE && clx_cases_validate(catalog, &options, &text, &failed, &error) != CLX_OK)
    code = cli_fail(&error);
  if (code == CLI_DONE) cli_put(text);
  if (code == CLI_DONE && failed > 0) code = CLI_UNMET;
  clx_text_free(text);
  clx_catalog_close(catalog);
  return code;
}

static int validate_table(const cli_call *call) {
  clx_error error;
  clx_error_clear(&error);
  clx_catalog *catalog = NULL;
  char *text = NULL, *column = NULL;
  cli_progress seen;
  clx_table_options options = {.device = cli_text(call, "device"),
                               .family = cli_text(call, "family"),
                               .by = cli_text(call, "by"),
                               .peers = cli_text(call, "peers"),
                               .library = cli_text(call, "library"),
                               .runs = cli_text(call, "runs"),
                               .operators = cli_text(call, "operators"),
                               .scenario = cli_text(call, "scenario"),
                               .notes = cli_flag(call, "notes"),
                               .progress = cli_progress_show,
                               .context = &seen};
  int code = check_options(call);
  if (code == CLI_DONE) code = read_only(call, &options, &column);
  if (code == CLI_DONE) code = cli_open_catalogue(call, &catalog);
  cli_progress_start(&seen);
  const clx_status status = code == CLI_DONE ? clx_table_validate(catalog, call->argument[0], call->argument[1],
                                                                  &options, cli_flag(call, "json"), &text, &error)
                                             : CLX_OK;
  cli_progress_end(&seen, status != CLX_OK);
  if (status != CLX_OK) code = cli_fail(&error);
  if (code == CLI_DONE) cli_put(text);
  clx_text_free(text);
  clx_catalog_close(catalog);
  free(column);
  return code;
}

// Instances of scheduling: a directory instead of a table.
static int validate_schedule(const cli_call *call) {
  static const char *const tables_only[] = {"by", "peers"};
  clx_error error;
  clx_error_clear(&error);
  char *text = NULL;
  uint64_t seconds = 0, schedules = 0, every = 1;
  cli_progress progress;
  clx_schedule_validation options;
  clx_schedule_validation_default(&options);
  int code = check_options(call);
  for (int32_t i = 0; i < CLI_COUNT(tables_only); i++) {
    if (cli_flag(call, tables_only[i]))
      code = cli_wrong("'--%s' is an option of tables, not of 'validate schedule'", tables_only[i]);
  }
  if (code == CLI_DONE &&
      (!cli_number(call, "limit", 1, 1000000, &seconds) || !cli_number(call, "plans", 1, 1000000000, &schedules) ||
       !cli_number(call, "every", 1, 1000000, &every)))
    code = CLI_WRONG;
  const char *only = cli_text(call, "only");
  if (code == CLI_DONE && only != NULL && strncmp(only, "set=", 4) != 0)
    code = cli_wrong("'--only' of 'validate schedule' takes set=NAME,NAME, read '%s'", only);
  if (code != CLI_DONE) return code;
  if (seconds > 0) options.seconds = (double)seconds;
  options.schedules = (int64_t)schedules;
  options.every = (int32_t)every;
  options.only = only != NULL ? only + 4 : NULL;
  options.progress = cli_progress_show;
  options.context = &progress;
  cli_progress_start(&progress);
  if (clx_schedule_validate(call->argument[1], &options, cli_flag(call, "json"), &text, &error) != CLX_OK)
    code = error.status == CLX_EXPECTATION ? CLI_UNMET : cli_fail(&error);
  cli_progress_end(&progress, code == CLI_UNMET);
  if (code == CLI_DONE) cli_put(text);
  clx_text_free(text);
  return code;
}

static int validate(const cli_call *call) {
  if (strcmp(call->argument[0], "schedule") == 0 && call->argument_count == 2) return validate_schedule(call);
  if (strcmp(call->argument[0], "cases") == 0) return validate_cases(call);
  if (call->argument_count == 2) return validate_table(call);
  if (call->argument_count > 2)
    return cli_wrong("'%s' is one argument too many: 'colossus validate --help'", call->argument[2]);
  return cli_wrong("a file is missing: 'colossus validate %s FILE.csv'", call->argument[0]);
}

static const cli_option VALIDATE_OPTIONS[] = {
    KIND_OPTIONS,
    {.name = "by",
     .value = "COLUMN",
     .kind = CLI_TEXT,
     .doc = "group by this column (default: source; number format and size; system, collective and size)"},
    {.name = "only",
     .value = "COLUMN=VALUES",
     .kind = CLI_TEXT,
     .doc = "only rows with one of these values, by commas"},
    {.name = "peers",
     .value = "FILE",
     .kind = CLI_FILE_PATH,
     .doc = "also print the errors of other programs on the same rows: a CSV with peer, case, id, predicted_s"},
    {.name = "threads", .value = "N", .kind = CLI_TEXT, .doc = "cases: threads of simulations (default 1)"},
    {.name = "limit",
     .value = "S",
     .kind = CLI_TEXT,
     .doc = "schedule: seconds of CPU time for an instance (default 10)"},
    {.name = "plans",
     .value = "N",
     .kind = CLI_TEXT,
     .doc = "schedule: as many schedules of list scheduling for an instance instead"},
    {.name = "every", .value = "N", .kind = CLI_TEXT, .doc = "schedule: only every N-th instance of a set"},
    {.name = "json", .doc = "all figures, as JSON"},
};

const cli_command cli_validate_command = {
    .name = "validate",
    .summary = "compare predictions with published measurements",
    .text =
        "Predicts every row of a table of published runs and prints the error against what was measured,\n"
        "by group. Rows that cannot be predicted are counted with their reasons. KIND: training, kernels,\n"
        "collectives, energy, serving or requests.\n"
        "KIND cases: asks the models for every figure of the shipped cases, or of the folders, cases and YAML\n"
        "files that are named, and compares with its tolerance; exit code 3 when one lies outside.\n"
        "KIND schedule: plans the projects that DIR/best_known.csv names and compares makespans.",
    .examples = {"colossus validate training runs.csv --by hardware --only trust=A,B",
                 "colossus validate kernels h100_sxm.gemm.csv --device h100_sxm",
                 "colossus validate collectives nccl.csv --by collective",
                 "colossus validate energy runs.csv --by model_id", "colossus validate serving runs.csv --by system",
                 "colossus validate requests vidur_requests.csv", "colossus validate cases reliability",
                 "colossus validate schedule psplib --limit 10 --only set=J60"},
    .argument = {{"KIND", CLI_COMPARED, false}, {"FILE|NAME", CLI_CASE, true}},
    .repeated = true,
    .options = VALIDATE_OPTIONS,
    .option_count = CLI_COUNT(VALIDATE_OPTIONS),
    .run = validate,
};
