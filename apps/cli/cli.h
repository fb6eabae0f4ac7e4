/* The command. Sees the library through its public header only. */
#pragma once

#include <colossus/colossus.h>
#include <stdio.h>

/* Exit codes (docs: README.md). */
enum { EXIT_DONE = 0, EXIT_INFEASIBLE = 1, EXIT_INPUT = 2, EXIT_EXPECT = 3, EXIT_INTERNAL = 4 };

enum { SETTINGS_MAX = 256, OPERANDS_MAX = 8, EXPECTS_MAX = 32 };

/* What the command line said. */
typedef struct cli_arguments {
  const char *operand[OPERANDS_MAX];
  int operand_count;
  clx_setting setting[SETTINGS_MAX];
  int setting_count;
  const char *expect[EXPECTS_MAX];
  int expect_count;
  const char *catalogue, *output, *by, *only;
  clx_run_options run;
  bool json, help, version, no_color;
} cli_arguments;

typedef struct cli_command {
  const char *name;
  const char *synopsis;  /* behind "colossus NAME" */
  const char *summary;   /* one line */
  const char *detail;    /* help text, may be NULL */
  const char *examples;  /* lines, each starting with two spaces */
  const char *options;   /* names of the options it takes, comma-separated, without dashes */
  int operands_min, operands_max;
  int (*run)(const cli_arguments *arguments);
} cli_command;

extern const cli_command cli_commands[];
extern const int cli_command_count;

typedef struct cli_option {
  const char *name;      /* long name without dashes */
  char letter;           /* short form, 0 = none */
  const char *value;     /* name of its value in help, NULL = a switch */
  const char *summary;
} cli_option;

extern const cli_option cli_options[];
extern const int cli_option_count;

const cli_command *cli_find_command(const char *name);
bool cli_command_takes(const cli_command *command, const char *option);
/* The nearest of `count` words, NULL when none is near. */
const char *cli_nearest(const char *word, const char *const *words, int count);

/* Parses everything behind the command's name. Returns 0, or an exit code after a message. */
int cli_parse(const cli_command *command, int argc, char **argv, cli_arguments *arguments);

/* Prints all mistakes to stderr, one line each, and returns the exit code of the status. */
int cli_report_error(const clx_error *error);
/* Prints text to stdout, or to arguments->output when that is given and `to_file`; frees it. Returns an exit code. */
int cli_print(char *text);
int cli_write_file(const char *path, const char *text);
bool cli_colour(const cli_arguments *arguments);
void cli_help_overview(FILE *to);
void cli_help_command(const cli_command *command, FILE *to);

int cli_run(const cli_arguments *arguments);
int cli_check(const cli_arguments *arguments);
int cli_compare(const cli_arguments *arguments);
int cli_predict(const cli_arguments *arguments);
int cli_validate(const cli_arguments *arguments);
int cli_catalogue(const cli_arguments *arguments);
int cli_scenarios(const cli_arguments *arguments);
int cli_schema(const cli_arguments *arguments);
int cli_completion(const cli_arguments *arguments);
int cli_man(const cli_arguments *arguments);
int cli_help(const cli_arguments *arguments);
