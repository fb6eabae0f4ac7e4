/* Help, completion scripts and the manual page, all from the tables. */
#include <ctype.h>
#include <string.h>

#include "cli.h"

void cli_help_overview(FILE *to) {
  fputs("colossus: a digital twin and planner of AI supercomputers\n\n"
        "  colossus run colossus-1                       100,000 H100 in Memphis\n"
        "  colossus run my.yaml --set training.precision=fp8\n"
        "  colossus compare colossus-1 colossus-200k\n\n",
        to);
  for (int i = 0; i < cli_command_count; i++) fprintf(to, "  %-12s %s\n", cli_commands[i].name, cli_commands[i].summary);
  fputs("\nHelp on a command: colossus help COMMAND. Exit codes: 0 done, 1 infeasible, 2 wrong input, 3 an --expect\n"
        "was not met, 4 a fault of colossus.\n",
        to);
}

void cli_help_command(const cli_command *command, FILE *to) {
  fprintf(to, "colossus %s: %s\n\nUsage: colossus %s %s\n", command->name, command->summary, command->name, command->synopsis);
  if (command->detail != NULL) fprintf(to, "%s\n", command->detail);
  fprintf(to, "\nExamples:\n%s\nOptions:\n", command->examples);
  for (int i = 0; i < cli_option_count; i++) {
    const cli_option *o = &cli_options[i];
    if (!cli_command_takes(command, o->name)) continue;
    char name[64];
    snprintf(name, sizeof name, "%s%c%s--%s%s%s", o->letter ? "-" : "  ", o->letter ? o->letter : ' ', o->letter ? ", " : " ", o->name,
             o->value != NULL ? " " : "", o->value != NULL ? o->value : "");
    fprintf(to, "  %-26s %s\n", name, o->summary);
  }
}

int cli_help(const cli_arguments *arguments) {
  if (arguments->operand_count == 0) {
    cli_help_overview(stdout);
    return EXIT_DONE;
  }
  const cli_command *command = cli_find_command(arguments->operand[0]);
  if (command == NULL) {
    fprintf(stderr, "colossus help: unknown command '%s'\n", arguments->operand[0]);
    return EXIT_INPUT;
  }
  cli_help_command(command, stdout);
  return EXIT_DONE;
}

/* --- completion ------------------------------------------------------------------------------------------------------ */

static void print_words(void) {
  for (int i = 0; i < cli_command_count; i++) printf("%s%s", i > 0 ? " " : "", cli_commands[i].name);
}

static void print_command_options(const cli_command *command) {
  for (int i = 0; i < cli_option_count; i++) {
    if (cli_command_takes(command, cli_options[i].name)) printf(" --%s", cli_options[i].name);
  }
}

static void print_scenarios(void) {
  const char *name;
  for (int i = 0; (name = clx_scenario_name(i, NULL)) != NULL; i++) printf(" %s", name);
}

static void completion_bash(void) {
  printf("_colossus() {\n  local word=\"${COMP_WORDS[COMP_CWORD]}\"\n  if [ \"$COMP_CWORD\" -eq 1 ]; then\n    COMPREPLY=($(compgen -W \"");
  print_words();
  printf("\" -- \"$word\"))\n    return\n  fi\n  local words\n  case \"${COMP_WORDS[1]}\" in\n");
  for (int i = 0; i < cli_command_count; i++) {
    printf("    %s) words=\"", cli_commands[i].name);
    print_command_options(&cli_commands[i]);
    if (strncmp(cli_commands[i].synopsis, "SCENARIO", 8) == 0 || strncmp(cli_commands[i].synopsis, "A B", 3) == 0) print_scenarios();
    printf("\" ;;\n");
  }
  printf("  esac\n  COMPREPLY=($(compgen -W \"$words\" -- \"$word\") $(compgen -f -- \"$word\"))\n}\ncomplete -o filenames -F _colossus colossus\n");
}

static void completion_zsh(void) {
  printf("#compdef colossus\n_colossus() {\n  local -a commands\n  commands=(\n");
  for (int i = 0; i < cli_command_count; i++) printf("    '%s:%s'\n", cli_commands[i].name, cli_commands[i].summary);
  printf("  )\n  if (( CURRENT == 2 )); then\n    _describe command commands\n    return\n  fi\n  case \"$words[2]\" in\n");
  for (int i = 0; i < cli_command_count; i++) {
    printf("    %s) compadd --", cli_commands[i].name);
    print_command_options(&cli_commands[i]);
    print_scenarios();
    printf(" ;;\n");
  }
  printf("  esac\n  _files\n}\n_colossus \"$@\"\n");
}

static void completion_fish(void) {
  for (int i = 0; i < cli_command_count; i++) {
    const cli_command *command = &cli_commands[i];
    printf("complete -c colossus -n __fish_use_subcommand -a %s -d '%s'\n", command->name, command->summary);
    for (int k = 0; k < cli_option_count; k++) {
      if (!cli_command_takes(command, cli_options[k].name)) continue;
      printf("complete -c colossus -n '__fish_seen_subcommand_from %s' -l %s%s\n", command->name, cli_options[k].name,
             cli_options[k].value != NULL ? " -r" : "");
    }
  }
}

int cli_completion(const cli_arguments *arguments) {
  const char *shell = arguments->operand[0];
  if (strcmp(shell, "bash") == 0) {
    completion_bash();
  } else if (strcmp(shell, "zsh") == 0) {
    completion_zsh();
  } else if (strcmp(shell, "fish") == 0) {
    completion_fish();
  } else {
    fprintf(stderr, "colossus completion: '%s' is not known: expected bash, zsh or fish\n", shell);
    return EXIT_INPUT;
  }
  return EXIT_DONE;
}

/* --- manual page ------------------------------------------------------------------------------------------------------- */

/* roff wants '-' escaped and no '.' or ''' first in a line. */
static void roff(const char *text) {
  bool start = true;
  for (; *text != '\0'; text++) {
    if (start && (*text == '.' || *text == '\'')) fputs("\\&", stdout);
    if (*text == '-' || *text == '\\') putchar('\\');
    putchar(*text);
    start = *text == '\n';
  }
}

int cli_man(const cli_arguments *arguments) {
  (void)arguments;
  printf(".TH COLOSSUS 1 \"\" \"colossus %s\"\n.SH NAME\ncolossus \\- digital twin and planner of AI supercomputers\n.SH SYNOPSIS\n", clx_version());
  for (int i = 0; i < cli_command_count; i++) {
    printf(".B colossus %s\n", cli_commands[i].name);
    roff(cli_commands[i].synopsis);
    printf("\n.br\n");
  }
  printf(".SH COMMANDS\n");
  for (int i = 0; i < cli_command_count; i++) {
    printf(".TP\n.B %s\n", cli_commands[i].name);
    roff(cli_commands[i].summary);
    putchar('\n');
    if (cli_commands[i].detail != NULL) {
      printf(".br\n");
      roff(cli_commands[i].detail);
      putchar('\n');
    }
  }
  printf(".SH OPTIONS\n");
  for (int i = 0; i < cli_option_count; i++) {
    printf(".TP\n.B \\-\\-%s %s\n", cli_options[i].name, cli_options[i].value != NULL ? cli_options[i].value : "");
    roff(cli_options[i].summary);
    putchar('\n');
  }
  printf(".SH EXIT STATUS\n0 done, 1 the scenario is infeasible, 2 the input is wrong, 3 an \\-\\-expect was not met, 4 a fault of colossus.\n");
  return EXIT_DONE;
}
