// colossus man: the manual page in roff, from the tables of commands and options. The build writes colossus.1 with it.
#include <string.h>

#include "cli.h"

// Text as roff: hyphens and backslashes escaped, no control character first in a line.
static void put(const char *text) {
  bool first = true;
  for (; *text != '\0'; text++) {
    if (first && (*text == '.' || *text == '\'')) fputs("\\&", stdout);
    if (*text == '-') {
      fputs("\\-", stdout);
    } else if (*text == '\\') {
      fputs("\\e", stdout);
    } else if (*text == '\'') {
      fputs("\\(aq", stdout);
    } else {
      fputc(*text, stdout);
    }
    first = *text == '\n';
  }
}

static void put_option(const cli_option *option) {
  fputs(".TP\n", stdout);
  if (option->letter != 0) printf("\\fB\\-%c\\fR, ", option->letter);
  fputs("\\fB\\-\\-", stdout);
  put(option->name);
  fputs("\\fR", stdout);
  if (option->value != NULL) {
    fputs(" \\fI", stdout);
    put(option->value);
    fputs("\\fR", stdout);
  }
  fputc('\n', stdout);
  put(option->doc);
  fputs(option->repeated ? "; may be repeated\n" : "\n", stdout);
}

static void put_command(const cli_command *command) {
  fputs(".SS colossus ", stdout);
  put(command->name);
  for (int32_t i = 0; command->argument[i].name != NULL; i++) {
    printf(command->argument[i].optional ? " [%s]" : " %s", command->argument[i].name);
    if (command->repeated && command->argument[i + 1].name == NULL) fputs("...", stdout);
  }
  fputs(command->option_count > 0 ? " [options]\n" : "\n", stdout);
  put(command->text);
  fputc('\n', stdout);
  for (int32_t i = 0; i < command->option_count; i++) put_option(&command->options[i]);
  if (command->examples[0] == NULL) return;
  fputs(".PP\n.EX\n", stdout);
  for (int32_t i = 0; command->examples[i] != NULL; i++) {
    fputs("    ", stdout);
    put(command->examples[i]);
    fputc('\n', stdout);
  }
  fputs(".EE\n", stdout);
}

static int man(const cli_call *call) {
  (void)call;
  printf(".TH COLOSSUS 1 \"\" \"colossus %s\" \"User Commands\"\n", clx_version());
  fputs(
      ".SH NAME\ncolossus \\- digital twin and planner of AI supercomputers\n"
      ".SH SYNOPSIS\n.B colossus\n.I COMMAND\n[\\fIargument\\fR ...] [\\fIoption\\fR ...]\n"
      ".SH DESCRIPTION\nFrom one scenario file\n.B colossus\nanswers what a machine is made of, how fast it trains, "
      "what memory the job takes "
      "and what power it draws.\nA scenario is a YAML file or the name of a shipped one. Options may stand anywhere; "
      "\\fB\\-\\-option=value\\fR is the same as\n\\fB\\-\\-option value\\fR, and \\fB\\-\\-\\fR ends the options.\n"
      "Results go to standard output, messages to standard error.\n.SH COMMANDS\n",
      stdout);
  for (int32_t i = 0; cli_command_at(i) != NULL; i++) {
    if (!cli_command_at(i)->hidden) put_command(cli_command_at(i));
  }
  fputs(".SH OPTIONS\nOf every command:\n", stdout);
  for (int32_t i = 0; cli_global_option(i) != NULL; i++) put_option(cli_global_option(i));
  fputs(".SH EXIT STATUS\n", stdout);
  for (int32_t i = 0; cli_exit_text[i] != NULL; i++) {
    printf(".TP\n\\fB%c\\fR\n", cli_exit_text[i][0]);
    put(cli_exit_text[i] + 3);
    fputc('\n', stdout);
  }
  fputs(
      ".SH ENVIRONMENT\n.TP\n\\fBNO_COLOR\\fR\nSet and not empty: no colour.\n"
      ".TP\n\\fBTERM\\fR\nUnset or \\fIdumb\\fR: no colour.\n",
      stdout);
  return CLI_DONE;
}

const cli_command cli_man_command = {
    .name = "man",
    .summary = "print the manual page (roff)",
    .text = "Prints the manual page in roff; the build installs it.",
    .examples = {"colossus man | man -l -"},
    .hidden = true,
    .run = man,
};
