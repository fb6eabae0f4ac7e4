// colossus completion: scripts for three shells, from the tables of commands and options.
#include <string.h>

#include "cli.h"

// Folders of cases, and cases.
static void put_cases(void) {
  char name[96], folder[96] = "";
  for (int32_t i = 0; clx_case_name(i, name, sizeof name); i++) {
    const size_t length = strcspn(name, "/");
    if (strncmp(name, folder, length) != 0 || folder[length] != '\0') {
      snprintf(folder, sizeof folder, "%.*s", (int)length, name);
      printf(" %s", folder);
    }
    printf(" %s", name);
  }
}

// The fixed words of a kind of value, with blanks in front of each.
static void put_words(cli_value_kind kind) {
  const char *word;
  if (kind == CLI_SCENARIO) {
    for (int32_t i = 0; (word = clx_scenario_name(i, NULL)) != NULL; i++) printf(" %s", word);
  } else if (kind == CLI_KIND) {
    for (int32_t i = 0; (word = clx_catalog_kind(i)) != NULL; i++) printf(" %s", word);
  } else if (kind == CLI_TABLE || kind == CLI_COMPARED) {
    for (int32_t i = 0; (word = clx_table_kind_name(i)) != NULL; i++) printf(" %s", word);
    if (kind == CLI_COMPARED) fputs(" cases schedule", stdout);
  } else if (kind == CLI_CASE) {
    put_cases();
  } else if (kind == CLI_TRAFFIC) {
    for (int32_t i = 0; (word = clx_network_traffic_name(i)) != NULL; i++) printf(" %s", word);
  } else if (kind == CLI_OBJECTIVE) {
    for (int32_t i = 0; (word = clx_search_objective_name(i)) != NULL; i++) printf(" %s", word);
  } else if (kind == CLI_POLICY) {
    for (int32_t i = 0; (word = clx_goodput_policy_name(i, NULL)) != NULL; i++) printf(" %s", word);
  } else if (kind == CLI_TRIP) {
    for (int32_t i = 0; (word = clx_cooling_trip_name(i)) != NULL; i++) printf(" %s", word);
  } else if (kind == CLI_FAMILY) {
    for (int32_t i = 0; (word = clx_kernel_family_name(i)) != NULL; i++) printf(" %s", word);
  } else if (kind == CLI_FITTED) {
    fputs(" device collectives training reliability", stdout);
  } else if (kind == CLI_SHELL) {
    fputs(" bash zsh fish", stdout);
  } else if (kind == CLI_COMMAND) {
    for (int32_t i = 0; cli_command_at(i) != NULL; i++) {
      if (!cli_command_at(i)->hidden && strchr(cli_command_at(i)->name, ' ') == NULL)
        printf(" %s", cli_command_at(i)->name);
    }
    fputs(" catalogue", stdout);
  }
}

static bool has_files(cli_value_kind kind) { return kind == CLI_FILE_PATH || kind == CLI_SCENARIO || kind == CLI_CASE; }

// Text inside single quotes; `escape` stands for a quote in it.
static void put_quoted(const char *text, const char *escape) {
  for (; *text != '\0'; text++) {
    if (*text == '\'') {
      fputs(escape, stdout);
    } else {
      fputc(*text, stdout);
    }
  }
}

// --- bash ------------------------------------------------------------------------------------------------------------

static void bash_values(const char *indent, cli_value_kind kind) {
  printf("%s", indent);
  if (kind == CLI_FOLDER_PATH) {
    fputs("COMPREPLY+=($(compgen -d -- \"$cur\"))", stdout);
  } else if (kind == CLI_DEVICE) {
    fputs("COMPREPLY+=($(compgen -W \"$(colossus catalogue ls device 2>/dev/null | awk '{print $1}')\" -- \"$cur\"))",
          stdout);
  } else if (kind == CLI_ENTRY) {
    fputs("COMPREPLY+=($(compgen -W \"$(colossus catalogue ls 2>/dev/null | awk '{print $2}')\" -- \"$cur\"))", stdout);
  } else if (kind == CLI_TEXT) {
    fputs(":", stdout);
  } else {
    fputs("COMPREPLY+=($(compgen -W \"", stdout);
    put_words(kind);
    fputs("\" -- \"$cur\")", stdout);
    if (has_files(kind)) fputs(" $(compgen -f -- \"$cur\")", stdout);
    fputs(")", stdout);
  }
}

static void bash_option_names(const cli_option *option) {
  printf(" --%s", option->name);
  if (option->letter != 0) printf(" -%c", option->letter);
}

// "--set|--seed|-o": every option of any command that takes a value.
static void bash_valued(void) {
  bool first = true;
  for (int32_t i = -1; i < 0 || cli_command_at(i) != NULL; i++) {
    const cli_command *command = i < 0 ? NULL : cli_command_at(i);
    for (int32_t k = 0; command == NULL ? cli_global_option(k) != NULL : k < command->option_count; k++) {
      const cli_option *option = command == NULL ? cli_global_option(k) : &command->options[k];
      if (option->value == NULL) continue;
      printf("%s--%s", first ? "" : "|", option->name);
      if (option->letter != 0) printf("|-%c", option->letter);
      first = false;
    }
  }
}

static void bash_option_values(const char *command, const cli_option *option) {
  if (option->value == NULL) return;
  printf("    '%s:--%s'", command, option->name);
  if (option->letter != 0) printf("|'%s:-%c'", command, option->letter);
  fputs(") ", stdout);
  bash_values("", option->kind);
  fputs("; return ;;\n", stdout);
}

static void bash_command(const cli_command *command) {
  printf("    '%s')\n      options=\"", command->name);
  for (int32_t k = 0; k < command->option_count; k++) bash_option_names(&command->options[k]);
  printf("\"\n      case $place in\n");
  for (int32_t k = 0; command->argument[k].name != NULL; k++) {
    printf("        %d)\n", k);
    // An argument that may be left out can be the one after it.
    for (int32_t j = k; command->argument[j].name != NULL; j++) {
      bash_values("          ", command->argument[j].kind);
      fputc('\n', stdout);
      if (!command->argument[j].optional) break;
    }
    fputs("          ;;\n", stdout);
  }
  printf("      esac ;;\n");
}

static void completion_bash(void) {
  fputs(
      "# colossus completion bash: source this, or put it where bash-completion looks.\n_colossus() {\n"
      "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} word command= options= place=0 i\n"
      "  COMPREPLY=()\n  if [[ $prev == '=' ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
      "  if [[ $cur == '=' ]]; then cur=; fi\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n    word=${COMP_WORDS[i]}\n    case $word in\n      ",
      stdout);
  bash_valued();
  fputs(
      ") i=$((i + 1)); if [[ ${COMP_WORDS[i]} == '=' ]]; then i=$((i + 1)); fi ;;\n      -*) ;;\n"
      "      *) if [[ -z $command ]]; then command=$word; elif [[ $command == catalogue ]]; then command=\"catalogue "
      "$word\"\n"
      "         else place=$((place + 1)); fi ;;\n    esac\n  done\n  case \"$command:$prev\" in\n",
      stdout);
  for (int32_t i = 0; cli_command_at(i) != NULL; i++) {
    const cli_command *command = cli_command_at(i);
    for (int32_t k = 0; k < command->option_count; k++) bash_option_values(command->name, &command->options[k]);
  }
  fputs("    *:--catalogue) COMPREPLY=($(compgen -d -- \"$cur\")); return ;;\n  esac\n  case $command in\n    '') ",
        stdout);
  bash_values("", CLI_COMMAND);
  fputs(" ;;\n    catalogue) COMPREPLY=($(compgen -W 'ls show' -- \"$cur\")) ;;\n", stdout);
  for (int32_t i = 0; cli_command_at(i) != NULL; i++) {
    if (!cli_command_at(i)->hidden) bash_command(cli_command_at(i));
  }
  fputs("  esac\n  if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W \"$options", stdout);
  for (int32_t k = 0; cli_global_option(k) != NULL; k++) bash_option_names(cli_global_option(k));
  fputs("\" -- \"$cur\")); fi\n}\ncomplete -o filenames -F _colossus colossus\n", stdout);
}

// --- zsh -------------------------------------------------------------------------------------------------------------

static void zsh_action(cli_value_kind kind) {
  if (kind == CLI_TEXT) {
    fputc(' ', stdout);
  } else if (kind == CLI_FILE_PATH) {
    fputs("_files", stdout);
  } else if (kind == CLI_FOLDER_PATH) {
    fputs("_files -/", stdout);
  } else if (kind == CLI_SCENARIO) {
    fputs("_colossus_scenario", stdout);
  } else if (kind == CLI_DEVICE) {
    fputs("_colossus_device", stdout);
  } else if (kind == CLI_ENTRY) {
    fputs("_colossus_entry", stdout);
  } else {
    fputc('(', stdout);
    put_words(kind);
    fputc(')', stdout);
  }
}

static void zsh_option(const cli_option *option) {
  fputs(" \\\n    ", stdout);
  if (option->letter != 0 && !option->repeated) printf("'(-%c --%s)'", option->letter, option->name);
  if (option->repeated) fputs("'*'", stdout);
  if (option->letter != 0) {
    printf("{-%c%s,--%s%s}", option->letter, option->value != NULL ? "+" : "", option->name,
           option->value != NULL ? "=" : "");
  } else {
    printf("--%s%s", option->name, option->value != NULL ? "=" : "");
  }
  fputs("'[", stdout);
  put_quoted(option->doc, "'\\''");
  fputc(']', stdout);
  if (option->value != NULL) {
    fputs(": :", stdout);
    zsh_action(option->kind);
  }
  fputc('\'', stdout);
}

static void zsh_arguments(const cli_command *command) {
  fputs("_arguments", stdout);
  for (int32_t k = 0; k < command->option_count; k++) zsh_option(&command->options[k]);
  for (int32_t k = 0; cli_global_option(k) != NULL; k++) zsh_option(cli_global_option(k));
  for (int32_t k = 0; command->argument[k].name != NULL; k++) {
    const cli_argument *argument = &command->argument[k];
    printf(" \\\n    '%d:%s%s:", k + 1, argument->optional ? ":" : "", argument->name);
    zsh_action(argument->optional && command->argument[k + 1].name != NULL ? command->argument[k + 1].kind
                                                                           : argument->kind);
    fputc('\'', stdout);
  }
  fputs(" ;;\n", stdout);
}

static void completion_zsh(void) {
  fputs("#compdef colossus\n_colossus_scenario() { _alternative 'names:scenario:(", stdout);
  put_words(CLI_SCENARIO);
  fputs(")' 'files:file:_files' }\n_colossus_entry() { compadd -- ", stdout);
  put_words(CLI_KIND);
  fputs(
      " ${(f)\"$(colossus catalogue ls 2>/dev/null | awk '{print $2}')\"} }\n"
      "_colossus_device() { compadd -- ${(f)\"$(colossus catalogue ls device 2>/dev/null | awk '{print $1}')\"} }\n"
      "_colossus_command() {\n  local -a "
      "commands=(\n",
      stdout);
  for (int32_t i = 0; cli_command_at(i) != NULL; i++) {
    const cli_command *command = cli_command_at(i);
    if (command->hidden || strchr(command->name, ' ') != NULL) continue;
    printf("    '%s:", command->name);
    put_quoted(command->summary, "'\\''");
    fputs("'\n", stdout);
  }
  fputs(
      "    'catalogue:list and show devices, servers, models ...'\n  )\n  _describe command commands\n}\n"
      "_colossus() {\n  local curcontext=\"$curcontext\" state line\n  typeset -A opt_args\n  _arguments -C",
      stdout);
  for (int32_t k = 0; cli_global_option(k) != NULL; k++) zsh_option(cli_global_option(k));
  fputs(
      " \\\n    '1: :_colossus_command' '*:: :->rest'\n  [[ $state == rest ]] || return\n  local command=$line[1]\n"
      "  if [[ $command == catalogue ]]; then\n    if (( CURRENT == 2 )); then compadd ls show; return; fi\n"
      "    command=\"catalogue $words[2]\"\n    shift words\n    (( CURRENT-- ))\n  fi\n  case $command in\n",
      stdout);
  for (int32_t i = 0; cli_command_at(i) != NULL; i++) {
    if (cli_command_at(i)->hidden) continue;
    printf("  '%s') ", cli_command_at(i)->name);
    zsh_arguments(cli_command_at(i));
  }
  // Read by `source` it only defines itself; from a folder of fpath it is the body of the function.
  fputs("  esac\n}\nif [[ $funcstack[1] == _colossus ]]; then _colossus \"$@\"; else compdef _colossus colossus; fi\n",
        stdout);
}

// --- fish ------------------------------------------------------------------------------------------------------------

// The condition under which a command's options and arguments are offered.
static void fish_when(const cli_command *command) {
  const char *second = strchr(command->name, ' ');
  fputs("complete -c colossus -n '__fish_seen_subcommand_from ", stdout);
  if (second == NULL) {
    printf("%s'", command->name);
  } else {
    printf("%.*s; and __fish_seen_subcommand_from %s'", (int)(second - command->name), command->name, second + 1);
  }
}

static void fish_values(cli_value_kind kind) {
  if (kind == CLI_DEVICE) {
    fputs(" -f -a '(colossus catalogue ls device 2>/dev/null | awk \"{print \\\\$1}\")'", stdout);
  } else if (kind == CLI_ENTRY) {
    fputs(" -f -a '(colossus catalogue ls 2>/dev/null | awk \"{print \\\\$2}\")'", stdout);
  } else if (kind == CLI_FOLDER_PATH) {
    fputs(" -f -a '(__fish_complete_directories)'", stdout);
  } else if (kind == CLI_FILE_PATH) {
    fputs(" -F", stdout);
  } else if (kind != CLI_TEXT) {
    fputs(has_files(kind) ? " -F -a '" : " -f -a '", stdout);
    put_words(kind);
    fputc('\'', stdout);
  }
}

static void fish_option(const cli_option *option) {
  printf(" -l %s", option->name);
  if (option->letter != 0) printf(" -s %c", option->letter);
  if (option->value != NULL) {
    fputs(" -r", stdout);
    fish_values(option->kind);
  }
  fputs(" -d '", stdout);
  put_quoted(option->doc, "\\'");
  fputs("'\n", stdout);
}

static void fish_command(const cli_command *command) {
  const char *second = strchr(command->name, ' ');
  if (second == NULL) {
    printf("complete -c colossus -n __fish_use_subcommand -f -a %s -d '", command->name);
  } else {
    printf(
        "complete -c colossus -n '__fish_seen_subcommand_from %.*s; and not __fish_seen_subcommand_from ls show' -f -a "
        "%s -d '",
        (int)(second - command->name), command->name, second + 1);
  }
  put_quoted(command->summary, "\\'");
  fputs("'\n", stdout);
  for (int32_t k = 0; k < command->option_count; k++) {
    fish_when(command);
    fish_option(&command->options[k]);
  }
  for (int32_t k = 0; command->argument[k].name != NULL; k++) {
    fish_when(command);
    fish_values(command->argument[k].kind);
    fputc('\n', stdout);
  }
}

static void completion_fish(void) {
  fputs(
      "complete -c colossus -f\n"
      "complete -c colossus -n __fish_use_subcommand -f -a catalogue -d 'list and show devices, servers, models ...'\n",
      stdout);
  for (int32_t k = 0; cli_global_option(k) != NULL; k++) {
    fputs("complete -c colossus", stdout);
    fish_option(cli_global_option(k));
  }
  for (int32_t i = 0; cli_command_at(i) != NULL; i++) {
    if (!cli_command_at(i)->hidden) fish_command(cli_command_at(i));
  }
}

// --- the command -----------------------------------------------------------------------------------------------------

static const struct {
  const char *shell;
  void (*put)(void);
} SHELLS[] = {{"bash", completion_bash}, {"zsh", completion_zsh}, {"fish", completion_fish}};

static const char *shell_name(const void *context, int32_t index) {
  (void)context;
  return index < CLI_COUNT(SHELLS) ? SHELLS[index].shell : NULL;
}

static int completion(const cli_call *call) {
  const char *shell = call->argument[0];
  for (int32_t i = 0; i < CLI_COUNT(SHELLS); i++) {
    if (strcmp(SHELLS[i].shell, shell) != 0) continue;
    SHELLS[i].put();
    return CLI_DONE;
  }
  const char *near = cli_nearest(shell, shell_name, NULL);
  if (near != NULL) return cli_wrong("no completion for '%s'; did you mean '%s'?", shell, near);
  return cli_wrong("no completion for '%s': there are bash, zsh, fish", shell);
}

const cli_command cli_completion_command = {
    .name = "completion",
    .summary = "print a completion script for a shell",
    .text =
        "Prints a script that completes commands, options, scenarios and catalogue entries.\n"
        "SHELL: bash, zsh or fish. An installed colossus brings these scripts along.",
    .examples = {"source <(colossus completion bash)", "source <(colossus completion zsh)",
                 "colossus completion fish | source"},
    .argument = {{.name = "SHELL", .kind = CLI_SHELL}},
    .run = completion,
};
