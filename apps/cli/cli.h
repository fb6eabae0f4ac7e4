// cli: the command `colossus`. Sees the public header only. One table per command (cli_command) is where parsing, help,
// completion and the manual page come from.
#pragma once

#include <colossus/colossus.h>
#include <stdio.h>

// Exit codes, as documented in the manual.
enum { CLI_DONE = 0, CLI_INFEASIBLE = 1, CLI_WRONG = 2, CLI_UNMET = 3, CLI_FAULT = 4 };

#define CLI_COUNT(array) ((int32_t)(sizeof(array) / sizeof((array)[0])))

// What an argument or the value of an option is: decides what a shell completes.
typedef enum cli_value_kind {
  CLI_TEXT,
  CLI_FILE_PATH,
  CLI_FOLDER_PATH,
  CLI_SCENARIO,   // shipped name or path
  CLI_KIND,       // kind of catalogue entry
  CLI_ENTRY,      // catalogue entry
  CLI_DEVICE,     // device of the catalogue
  CLI_FAMILY,     // kernel family
  CLI_FITTED,     // what calibrate fits
  CLI_TABLE,      // kind of table
  CLI_COMPARED,   // what validate compares: kinds of tables, and cases
  CLI_CASE,       // case, or a path
  CLI_TRAFFIC,    // traffic of a network study
  CLI_OBJECTIVE,  // of a search
  CLI_POLICY,     // of goodput
  CLI_TRIP,       // of cooling
  CLI_SHELL,
  CLI_COMMAND,
} cli_value_kind;

typedef struct cli_option {
  const char *name;   // without "--"
  const char *value;  // placeholder of the value ("N"), NULL = the option has none
  const char *doc;
  cli_value_kind kind;
  char letter;    // short form, 0 = none
  bool repeated;  // may be given more than once
} cli_option;

typedef struct cli_argument {
  const char *name;  // "SCENARIO"
  cli_value_kind kind;
  bool optional;
} cli_argument;

enum { CLI_ARGUMENTS_MAX = 3, CLI_EXAMPLES_MAX = 8 };

struct cli_call;

typedef struct cli_command {
  const char *name;                              // one word, or two: "catalogue ls"
  const char *summary;                           // one line for the list of commands
  const char *text;                              // what it does, for --help and the manual
  const char *examples[CLI_EXAMPLES_MAX + 1];    // ends with NULL
  cli_argument argument[CLI_ARGUMENTS_MAX + 1];  // ends with a NULL name
  const cli_option *options;
  int32_t option_count;
  bool repeated;                            // any number of the last argument
  bool hidden;                              // not listed
  int (*run)(const struct cli_call *call);  // returns an exit code
} cli_command;

// A command line that was understood.
typedef struct cli_call {
  const cli_command *command;  // NULL when none was named
  const char **argument;
  int32_t argument_count;
  const cli_option **given;  // options in their order
  const char **text;         // their values, NULL for flags
  int32_t given_count;
} cli_call;

// --- commands (main.c) -----------------------------------------------------------------------------------------------
const cli_command *cli_command_at(int32_t index);  // NULL past the end
const cli_option *cli_global_option(int32_t index);

extern const cli_command cli_run_command, cli_check_command, cli_compare_command, cli_network_command, cli_why_command,
    cli_search_command, cli_goodput_command, cli_power_command, cli_cooling_command, cli_cooling_network_command,
    cli_build_command, cli_serve_command, cli_serve_plan_command, cli_order_command, cli_cost_command,
    cli_predict_command, cli_validate_command, cli_catalogue_ls_command, cli_catalogue_show_command, cli_schema_command,
    cli_scenarios_command, cli_calibrate_command, cli_probe_command, cli_import_topology_command,
    cli_import_chakra_command, cli_replay_command, cli_requests_command, cli_simulate_requests_command,
    cli_schedule_command, cli_completion_command, cli_man_command, cli_help_command;

// --- command lines (cli_options.c) -----------------------------------------------------------------------------------
// Finds the command and reads options and arguments into *call. Prints what is wrong and returns an exit code. *call is
// freed with cli_call_free in any case.
int cli_parse(int count, const char *const *words, cli_call *call);
void cli_call_free(cli_call *call);
bool cli_flag(const cli_call *call, const char *option);
const char *cli_text(const cli_call *call, const char *option);  // last value given, NULL when absent
// A whole number in [low, high]; prints what is wrong and returns false. *value stays when the option is absent.
bool cli_number(const cli_call *call, const char *option, uint64_t low, uint64_t high, uint64_t *value);

// An option that one KIND of a command heeds and the others do not.
typedef struct cli_heeded {
  const char *option, *kind;
} cli_heeded;

// Refuses options that the KIND of the call, its first argument, would not heed. Rows of one option stand together.
int cli_check_heeded(const cli_call *call, const cli_heeded *heeded, int32_t count);

// Item i of a list of words, NULL past the end.
typedef const char *(*cli_words)(const void *context, int32_t index);
// The word nearest by edit distance (at most 2, or a third of the length), or NULL.
const char *cli_nearest(const char *word, cli_words words, const void *context);

// --- help (cli_help.c) -----------------------------------------------------------------------------------------------
extern const char *const cli_exit_text[];  // one line per exit code, NULL at the end
void cli_help_all(FILE *out);
void cli_help_one(const cli_command *command, FILE *out);
void cli_hint(FILE *out);                               // ten lines for a call without arguments
void cli_usage(const cli_command *command, FILE *out);  // "colossus run SCENARIO [options]"

// --- output (cli_output.c) -------------------------------------------------------------------------------------------
// Prints one line "colossus: ..." to stderr and returns CLI_WRONG.
int cli_wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));
int cli_no_memory(void);
char *cli_copy(const char *text);  // freed with free; NULL when out of memory
// Prints every mistake to stderr and returns the exit code of the first.
int cli_fail(const clx_error *error);
bool cli_colour(const cli_call *call);  // of stdout
void cli_put(const char *text);         // a whole text to stdout, with a line end at its end
// Writes a text without the bytes that a terminal would obey.
void cli_put_clean(const char *text, FILE *out);
// Flushes stdout. A reader that went away is no fault, a full disk is CLI_FAULT.
int cli_close_stdout(int code);
// Writes a file by way of a temporary one beside it; prints what went wrong and returns an exit code.
int cli_write_file(const char *path, const char *text);
int cli_write_bytes(const char *path, const char *data, size_t length);
int cli_make_folder(const char *path);  // and its parents

typedef struct cli_file {
  const char *name;
  const char *text;  // NULL = is not written
} cli_file;

int cli_write_folder(const char *folder, const cli_file *file, int32_t count);

// --- progress (cli_progress.c) ---------------------------------------------------------------------------------------
typedef struct cli_progress {
  double start, last;  // s
  bool terminal, shown;
} cli_progress;

// From here to the end Ctrl-C is only noted, the first time.
void cli_progress_start(cli_progress *progress);
// "STEP, 40 % ..." on one line of a terminal, a few times a second, once it takes long enough to be read. False after Ctrl-C.
// `progress` is a cli_progress, so that this is a callback as it is.
bool cli_progress_show(void *progress, const char *step, double done);
// Clears the line. `stopped`: the work was not finished; after Ctrl-C the command then ends as any does that Ctrl-C ends.
void cli_progress_end(cli_progress *progress, bool stopped);

// --- shared steps (cli_run.c) ----------------------------------------------------------------------------------------
int cli_open_catalogue(const cli_call *call, clx_catalog **catalog);

typedef struct cli_settings {
  clx_setting *setting;
  int32_t count;
  char **copy;  // the texts, cut at their '='
} cli_settings;

int cli_settings_read(const cli_call *call, cli_settings *settings);  // --set KEY=VALUE
void cli_settings_free(cli_settings *settings);
// Loads a scenario and runs it with the --seed and --threads of the call. settings nullable.
int cli_load(const clx_catalog *catalog, const char *name, const cli_settings *settings, clx_scenario **scenario);
// The same with a layout that may be one that cannot run.
int cli_load_open(const clx_catalog *catalog, const char *name, const cli_settings *settings, clx_scenario **scenario);
int cli_solve(const cli_call *call, const clx_scenario *scenario, clx_result **result);

// --- what a study writes (cli_part.c) --------------------------------------------------------------------------------
// A file of -o DIR. Its ending says what it is (txt, json, html, csv, svg), its name before that which table or drawing.
typedef struct cli_part {
  const char *file;
  const char *needs;  // only with this option ("--year"), or where the name of a quantity begins so; NULL = always
} cli_part;

// The texts of a result, and the files that they go into. Members that nothing asks for may be NULL.
typedef struct cli_texts {
  clx_status (*report)(const clx_result *result, bool colour, char **text, clx_error *error);
  clx_status (*page)(const clx_result *result, char **text, clx_error *error);
  clx_status (*table)(const clx_result *result, const char *table, char **text, clx_error *error);
  clx_status (*drawing)(const clx_result *result, const char *drawing, char **text, clx_error *error);
  const cli_part *part;
  int32_t part_count;
} cli_texts;

// One text, by its ending, into the file at `path`, or to stdout when that is NULL. what: table or drawing.
int cli_texts_put(const cli_call *call, const clx_result *result, const cli_texts *texts, const char *ending,
                  const char *what, const char *path);
// All of them into the folder of --output, where that is given.
int cli_texts_folder(const cli_call *call, const clx_result *result, const cli_texts *texts);
// To stdout what --json, --html, --csv TABLE or --svg DRAWING asks for, else the report.
int cli_texts_stdout(const cli_call *call, const clx_result *result, const cli_texts *texts);

// --- studies of one scenario (cli_study.c) ---------------------------------------------------------------------------
// What a command does beside reading its scenario and comparing what was expected. `request` is the command's own.
typedef struct cli_study {
  const char *scenario;                                           // the option that names it; NULL = the first argument
  bool open;                                                      // its layout may be one that cannot run
  int (*settings)(const cli_call *call, cli_settings *settings);  // nullable: more than --set
  // One of the two. run: with a line of progress and stopped by Ctrl-C; it hands cli_progress_show and `seen` on.
  clx_status (*run)(const clx_scenario *scenario, void *request, cli_progress *seen, clx_result **result,
                    clx_error *error);
  int (*solve)(const cli_call *call, const clx_scenario *scenario, void *request, clx_result **result);
  // One of the two. texts: all of them with -o, and what stdout gets.
  const cli_texts *texts;
  int (*show)(const cli_call *call, const clx_scenario *scenario, const clx_result *result, void *request);
} cli_study;

// Loads the scenario, solves, shows; --expect is checked before and compared before anything is shown. Returns an exit code.
int cli_study_run(const cli_call *call, const cli_study *study, void *request);
bool cli_seed(const cli_call *call, uint64_t *seed);  // --seed; prints what is wrong
// --replicas from `least` to `most`. Prints what is wrong; *replicas stays when the option is absent.
bool cli_replicas(const cli_call *call, int32_t least, int32_t most, int32_t *replicas);
bool cli_threads(const cli_call *call, int32_t *threads);  // --threads; default: all processors. Prints what is wrong.
bool cli_duration(const char *text, double *seconds);      // "60s", "1 ms", "2 min", "1h"; false when it is none

// Options that every study has.
#define CLI_OPTION_SET \
  { .name = "set", .value = "KEY=VALUE", .kind = CLI_TEXT, .repeated = true, .doc = "change a key of the scenario" }
#define CLI_OPTION_THREADS \
  { .name = "threads", .value = "N", .kind = CLI_TEXT, .doc = "default: all processors; never changes a result" }
#define CLI_OPTION_EXPECT                                                           \
  {                                                                                 \
    .name = "expect", .value = "'NAME>=VALUE'", .kind = CLI_TEXT, .repeated = true, \
    .doc = "exit 3 unless a result is so"                                           \
  }
#define CLI_OPTION_JSON \
  { .name = "json", .doc = "everything that was found, as JSON" }
#define CLI_OPTION_OUTPUT(text) \
  { .name = "output", .letter = 'o', .value = "DIR", .kind = CLI_FOLDER_PATH, .doc = text }

// --- expectations (cli_expect.c) -------------------------------------------------------------------------------------
// Checks the form of every --expect before anything runs.
int cli_expect_check(const cli_call *call);
// Compares them with a result: CLI_DONE, CLI_UNMET, or CLI_WRONG where a name or unit is not there.
int cli_expect_compare(const cli_call *call, const clx_result *result);
