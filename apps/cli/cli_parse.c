/* Options may stand anywhere behind the command; "--name value" and "--name=value"; "--" ends them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum { WORD_MAX = 40 };

static int distance(const char *a, const char *b) {
  int row[WORD_MAX + 1];
  const int la = (int)strlen(a), lb = (int)strlen(b);
  if (la > WORD_MAX || lb > WORD_MAX) return WORD_MAX;
  for (int j = 0; j <= lb; j++) row[j] = j;
  for (int i = 1; i <= la; i++) {
    int diagonal = row[0];
    row[0] = i;
    for (int j = 1; j <= lb; j++) {
      const int above = row[j];
      int best = diagonal + (a[i - 1] != b[j - 1]);
      if (above + 1 < best) best = above + 1;
      if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
      row[j] = best;
      diagonal = above;
    }
  }
  return row[lb];
}

const char *cli_nearest(const char *word, const char *const *words, int count) {
  const char *nearest = NULL;
  int best = 3;
  for (int i = 0; i < count; i++) {
    const int d = distance(word, words[i]);
    if (d >= best || d >= (int)strlen(word)) continue;
    best = d;
    nearest = words[i];
  }
  return nearest;
}

static int unknown_option(const cli_command *command, const char *text, size_t length) {
  const char *names[32];
  int count = 0;
  char word[WORD_MAX + 1];
  snprintf(word, sizeof word, "%.*s", (int)length, text);
  for (int i = 0; i < cli_option_count; i++) {
    if (cli_command_takes(command, cli_options[i].name)) names[count++] = cli_options[i].name;
  }
  const char *near = cli_nearest(word, names, count);
  fprintf(stderr, "colossus %s: unknown option '--%s'", command->name, word);
  if (near != NULL) fprintf(stderr, "; did you mean '--%s'?", near);
  fprintf(stderr, "\nTry 'colossus %s --help'.\n", command->name);
  return EXIT_INPUT;
}

static const cli_option *find_option(const cli_command *command, const char *text, size_t length) {
  for (int i = 0; i < cli_option_count; i++) {
    const bool same = strlen(cli_options[i].name) == length && strncmp(cli_options[i].name, text, length) == 0;
    if (same && cli_command_takes(command, cli_options[i].name)) return &cli_options[i];
  }
  return NULL;
}

static int refuse(const cli_command *command, const char *option, const char *value, const char *expected) {
  fprintf(stderr, "colossus %s: --%s %s: expected %s\n", command->name, option, value, expected);
  return EXIT_INPUT;
}

static int take_setting(const cli_command *command, char *value, cli_arguments *a) {
  char *equals = strchr(value, '=');
  if (equals == NULL || equals == value) return refuse(command, "set", value, "KEY=VALUE, such as training.layout.tp=8");
  if (a->setting_count == SETTINGS_MAX) return refuse(command, "set", value, "at most 256 settings");
  *equals = '\0';
  a->setting[a->setting_count++] = (clx_setting){value, equals + 1};
  return 0;
}

static int take_number(const cli_command *command, const char *option, const char *value, uint64_t most, uint64_t *out) {
  char *end = NULL;
  errno = 0;
  const unsigned long long number = strtoull(value, &end, 10);
  if (end == value || *end != '\0' || errno != 0 || value[0] == '-' || number > most) {
    return refuse(command, option, value, "a whole number");
  }
  *out = number;
  return 0;
}

static int take(const cli_command *command, const cli_option *option, char *value, cli_arguments *a) {
  const char *name = option->name;
  uint64_t number = 0;
  if (strcmp(name, "json") == 0) a->json = true;
  if (strcmp(name, "help") == 0) a->help = true;
  if (strcmp(name, "no-color") == 0) a->no_color = true;
  if (strcmp(name, "output") == 0) a->output = value;
  if (strcmp(name, "by") == 0) a->by = value;
  if (strcmp(name, "only") == 0) a->only = value;
  if (strcmp(name, "catalogue") == 0) a->catalogue = value;
  if (strcmp(name, "set") == 0) return take_setting(command, value, a);
  if (strcmp(name, "expect") == 0) {
    if (a->expect_count == EXPECTS_MAX) return refuse(command, name, value, "at most 32 expectations");
    a->expect[a->expect_count++] = value;
  }
  if (strcmp(name, "seed") == 0) return take_number(command, name, value, UINT64_MAX, &a->run.seed);
  if (strcmp(name, "threads") == 0) {
    const int failed = take_number(command, name, value, 1024, &number);
    if (failed != 0) return failed;
    if (number == 0) return refuse(command, name, value, "1 or more");
    a->run.threads = (int32_t)number;
  }
  return 0;
}

static const cli_option *short_option(const cli_command *command, char letter) {
  for (int i = 0; i < cli_option_count; i++) {
    if (cli_options[i].letter == letter && cli_command_takes(command, cli_options[i].name)) return &cli_options[i];
  }
  return NULL;
}

/* One argument that starts with '-'; *used counts the arguments taken. */
static int parse_option(const cli_command *command, int argc, char **argv, int *used, cli_arguments *a) {
  char *text = argv[0];
  const cli_option *option;
  char *value = NULL;
  *used = 1;
  if (text[1] == '-') {
    const size_t length = strcspn(text + 2, "=");
    option = find_option(command, text + 2, length);
    if (option == NULL) return unknown_option(command, text + 2, length);
    if (text[2 + length] == '=') value = text + 3 + length;
  } else {
    option = short_option(command, text[1]);
    if (option == NULL) {
      fprintf(stderr, "colossus %s: unknown option '%s'\nTry 'colossus %s --help'.\n", command->name, text, command->name);
      return EXIT_INPUT;
    }
    if (text[2] != '\0') value = text + 2;
  }
  if (option->value == NULL && value != NULL) return refuse(command, option->name, value, "no value");
  if (option->value != NULL && value == NULL) {
    if (argc < 2) {
      fprintf(stderr, "colossus %s: --%s needs a value: %s\n", command->name, option->name, option->value);
      return EXIT_INPUT;
    }
    value = argv[1];
    *used = 2;
  }
  return take(command, option, value, a);
}

int cli_parse(const cli_command *command, int argc, char **argv, cli_arguments *a) {
  bool options = true;
  clx_run_options_default(&a->run);
  for (int i = 0; i < argc;) {
    char *text = argv[i];
    if (options && strcmp(text, "--") == 0) {
      options = false;
      i++;
    } else if (options && text[0] == '-' && text[1] != '\0') {
      int used = 1;
      const int failed = parse_option(command, argc - i, argv + i, &used, a);
      if (failed != 0) return failed;
      i += used;
    } else {
      if (a->operand_count == OPERANDS_MAX) break;
      a->operand[a->operand_count++] = text;
      i++;
    }
  }
  if (a->help) return 0;
  if (a->operand_count < command->operands_min || a->operand_count > command->operands_max) {
    fprintf(stderr, "colossus %s: %s operands\nUsage: colossus %s %s\n", command->name,
            a->operand_count < command->operands_min ? "missing" : "too many", command->name, command->synopsis);
    return EXIT_INPUT;
  }
  return 0;
}
