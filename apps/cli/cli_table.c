/* Commands and options: parsing, help, completion and the manual page all come from these two tables. */
#include <string.h>

#include "cli.h"

const cli_option cli_options[] = {
    {"set", 0, "KEY=VALUE", "change one value of the scenario, e.g. training.layout.tp=4; may be repeated"},
    {"json", 0, NULL, "print everything as JSON"},
    {"output", 'o', "PATH", "write there: a folder for run (result.json, report.txt), a file for predict"},
    {"expect", 0, "CONDITION", "fail with exit code 3 unless it holds, e.g. 'training.mfu>=0.38'; may be repeated"},
    {"seed", 0, "N", "key of the random numbers (default 1)"},
    {"threads", 0, "N", "threads to use (default 1)"},
    {"by", 0, "COLUMN", "group by this column (default: the source, the id up to its first '-')"},
    {"only", 0, "COLUMN=A,B", "only rows with one of these values, e.g. trust=A,B"},
    {"catalogue", 0, "FOLDER", "entries of your own in front of the built-in ones: FOLDER/KIND/NAME.yaml"},
    {"no-color", 0, NULL, "no colour, also on a terminal (as does NO_COLOR)"},
    {"help", 'h', NULL, "print help"},
};

const int cli_option_count = sizeof cli_options / sizeof cli_options[0];

const cli_command cli_commands[] = {
    {"run", "SCENARIO [options]", "predict a machine and its job from one scenario",
     "SCENARIO is a file or a shipped name (colossus scenarios). Prints a summary; --json prints every number with unit and band.",
     "  colossus run colossus-1\n"
     "  colossus run llama3-405b-16k --set training.precision=fp8 --json\n"
     "  colossus run my.yaml --expect 'training.mfu>=0.38' -o results\n",
     "set,json,output,expect,seed,threads,catalogue,no-color", 1, 1, cli_run},
    {"check", "SCENARIO [options]", "check a scenario without running it, and list what it assumes",
     "Reports all mistakes at once, each with its place.", "  colossus check my.yaml\n  colossus check colossus-1 --set machine.fleet.0.gpus=50000\n",
     "set,catalogue", 1, 1, cli_check},
    {"compare", "A B [options]", "run two scenarios and show what differs",
     "--set applies to both.", "  colossus compare colossus-1 colossus-200k\n", "set,json,catalogue", 2, 2, cli_compare},
    {"predict", "KIND TABLE.csv [options]", "add predictions to a table of measurements",
     "KIND: training. Writes the table with predicted columns, status, reason and model_error.",
     "  colossus predict training runs.csv -o predicted.csv\n", "output,catalogue", 2, 2, cli_predict},
    {"validate", "KIND TABLE.csv [options]", "compare predictions with a table of measurements",
     "KIND: training. Errors are fractions of the measured value.",
     "  colossus validate training runs.csv\n  colossus validate training runs.csv --only trust=A,B --by hardware --json\n",
     "json,by,only,catalogue", 2, 2, cli_validate},
    {"catalogue", "ls [KIND] | show [KIND] NAME [options]", "list or show devices, servers, racks, switches, links, models, software",
     "Every number is shown with its source and kind.", "  colossus catalogue ls device\n  colossus catalogue show h100_sxm\n",
     "json,catalogue", 1, 3, cli_catalogue},
    {"scenarios", "", "list the shipped scenarios", NULL, "  colossus scenarios\n", "", 0, 0, cli_scenarios},
    {"schema", "[PART] [options]", "print the reference of scenario keys, or of a catalogue kind",
     "--json prints a JSON Schema for editors.", "  colossus schema\n  colossus schema device\n  colossus schema --json > scenario.schema.json\n",
     "json", 0, 1, cli_schema},
    {"completion", "bash|zsh|fish", "print a completion script for a shell", NULL, "  colossus completion bash > /etc/bash_completion.d/colossus\n", "", 1, 1,
     cli_completion},
    {"man", "", "print the manual page (roff)", NULL, "  colossus man > colossus.1\n", "", 0, 0, cli_man},
    {"help", "[COMMAND]", "help on a command", NULL, "  colossus help run\n", "", 0, 1, cli_help},
};

const int cli_command_count = sizeof cli_commands / sizeof cli_commands[0];

const cli_command *cli_find_command(const char *name) {
  for (int i = 0; i < cli_command_count; i++) {
    if (strcmp(cli_commands[i].name, name) == 0) return &cli_commands[i];
  }
  return NULL;
}

bool cli_command_takes(const cli_command *command, const char *option) {
  if (strcmp(option, "help") == 0) return true;
  const size_t length = strlen(option);
  for (const char *at = command->options; *at != '\0';) {
    const size_t span = strcspn(at, ",");
    if (span == length && strncmp(at, option, span) == 0) return true;
    at += span + (at[span] == ',' ? 1 : 0);
  }
  return false;
}
