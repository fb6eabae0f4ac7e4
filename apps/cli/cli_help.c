// Help, from the tables of commands and options.
#include <string.h>

#include "cli.h"

const char *const cli_exit_text[] = {
    "0  done",
    "1  the scenario cannot be carried out; the message names what binds and the nearest that fits",
    "2  the input is wrong: a command line, a file, a name, a unit",
    "3  an --expect was not met, or a figure of validate cases lies outside its tolerance",
    "4  a fault of colossus, no memory, or output that could not be written (a full disk)",
    NULL,
};

static void put_option(const cli_option *option, FILE *out) {
  char text[64];
  const int n = option->letter != 0 ? snprintf(text, sizeof text, "-%c, --%s", option->letter, option->name)
                                    : snprintf(text, sizeof text, "    --%s", option->name);
  if (option->value != NULL) snprintf(text + n, sizeof text - (size_t)n, " %s", option->value);
  fprintf(out, "  %-28s %s%s\n", text, option->doc, option->repeated ? "; may be repeated" : "");
}

static void put_global_options(FILE *out) {
  for (int32_t i = 0; cli_global_option(i) != NULL; i++) put_option(cli_global_option(i), out);
}

void cli_usage(const cli_command *command, FILE *out) {
  fprintf(out, "colossus %s", command->name);
  for (int32_t i = 0; command->argument[i].name != NULL; i++) {
    fprintf(out, command->argument[i].optional ? " [%s]" : " %s", command->argument[i].name);
    if (command->repeated && command->argument[i + 1].name == NULL) fprintf(out, "...");
  }
  fprintf(out, command->option_count > 0 ? " [options]\n" : "\n");
}

void cli_help_one(const cli_command *command, FILE *out) {
  fprintf(out, "colossus %s: %s\n\n%s\n", command->name, command->summary, command->text);
  if (command->examples[0] != NULL) fprintf(out, "\nExamples:\n");
  for (int32_t i = 0; command->examples[i] != NULL; i++) fprintf(out, "  %s\n", command->examples[i]);
  fprintf(out, "\nUsage: ");
  cli_usage(command, out);
  if (command->option_count > 0) fprintf(out, "\nOptions:\n");
  for (int32_t i = 0; i < command->option_count; i++) put_option(&command->options[i], out);
  fprintf(out, "\nEverywhere:\n");
  put_global_options(out);
}

static void put_commands(FILE *out) {
  const cli_command *command;
  for (int32_t i = 0; (command = cli_command_at(i)) != NULL; i++) {
    if (!command->hidden) fprintf(out, "  %-20s %s\n", command->name, command->summary);
  }
}

void cli_help_all(FILE *out) {
  fprintf(out, "colossus: a digital twin and planner of AI supercomputers\n\nExamples:\n");
  fprintf(out, "  colossus run colossus-1\n");
  fprintf(out, "  colossus run colossus-1 --set training.precision=fp8 --expect 'training.mfu>=0.3'\n");
  fprintf(out, "  colossus compare colossus-1 colossus-200k\n");
  fprintf(out, "\nCommands ('colossus COMMAND --help' says more):\n");
  put_commands(out);
  fprintf(out, "\nEverywhere:\n");
  put_global_options(out);
  fprintf(out, "\nExit codes:\n");
  for (int32_t i = 0; cli_exit_text[i] != NULL; i++) fprintf(out, "  %s\n", cli_exit_text[i]);
}

void cli_hint(FILE *out) {
  fprintf(out,
          "colossus: a digital twin and planner of AI supercomputers\n"
          "\n"
          "  colossus run colossus-1                      what the 100,000-GPU reference machine does\n"
          "  colossus run my.yaml --set training.tokens=15T --json\n"
          "  colossus compare colossus-1 colossus-200k    what changes\n"
          "\n"
          "A scenario is a YAML file or a shipped name: 'colossus scenarios' lists them,\n"
          "'colossus schema' explains every key, 'colossus catalogue ls' shows the hardware known.\n"
          "\n"
          "All commands: colossus help\n");
}

static int help(const cli_call *call) {
  if (call->argument_count == 0) {
    cli_help_all(stdout);
    return CLI_DONE;
  }
  char name[96];
  snprintf(name, sizeof name, "%s%s%s", call->argument[0], call->argument_count > 1 ? " " : "",
           call->argument_count > 1 ? call->argument[1] : "");
  const size_t length = strlen(name);
  int32_t shown = 0;
  const cli_command *command;
  for (int32_t i = 0; (command = cli_command_at(i)) != NULL; i++) {
    // "catalogue" shows both of "catalogue ls" and "catalogue show".
    if (strncmp(command->name, name, length) != 0 || (command->name[length] != '\0' && command->name[length] != ' '))
      continue;
    if (shown++ > 0) fputc('\n', stdout);
    cli_help_one(command, stdout);
  }
  return shown > 0 ? CLI_DONE : cli_wrong("no command '%s': 'colossus help' lists them", name);
}

const cli_command cli_help_command = {
    .name = "help",
    .summary = "this list, or the help of one command",
    .text = "Without a command: all commands. With one: what it does, examples, options.",
    .examples = {"colossus help", "colossus help run"},
    .argument = {{.name = "COMMAND", .kind = CLI_COMMAND, .optional = true},
                 {.name = "WORD", .kind = CLI_TEXT, .optional = true}},
    .run = help,
};
