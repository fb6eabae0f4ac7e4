// Command lines: which command, which options with which values, which arguments.
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

// --- near words ------------------------------------------------------------------------------------------------------
enum { WORD_MAX = 48 };

static int32_t least(int32_t a, int32_t b, int32_t c) {
  const int32_t ab = a < b ? a : b;
  return ab < c ? ab : c;
}

static int32_t distance(const char *a, const char *b) {
  int32_t row[WORD_MAX + 1];
  const size_t la = strlen(a), lb = strlen(b);
  for (size_t j = 0; j <= lb; j++) row[j] = (int32_t)j;
  for (size_t i = 1; i <= la; i++) {
    int32_t diagonal = row[0];
    row[0] = (int32_t)i;
    for (size_t j = 1; j <= lb; j++) {
      const int32_t above = row[j];
      row[j] = least(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
      diagonal = above;
    }
  }
  return row[lb];
}

const char *cli_nearest(const char *word, cli_words words, const void *context) {
  const size_t length = strlen(word);
  if (length == 0 || length > WORD_MAX) return NULL;
  int32_t best = length / 3 > 2 ? (int32_t)(length / 3) + 1 : 3;
  if (best > (int32_t)length) best = (int32_t)length;  // a word all of whose letters change is no near one
  const char *nearest = NULL, *other;
  for (int32_t i = 0; (other = words(context, i)) != NULL; i++) {
    const int32_t d = strlen(other) > WORD_MAX ? best : distance(word, other);
    if (d >= best) continue;
    best = d;
    nearest = other;
  }
  return nearest;
}

// --- which command ---------------------------------------------------------------------------------------------------

static const char *command_name(const void *context, int32_t index) {
  (void)context;
  for (int32_t i = 0; cli_command_at(i) != NULL; i++) {
    if (!cli_command_at(i)->hidden && index-- == 0) return cli_command_at(i)->name;
  }
  return NULL;
}

// The commands that begin with `word`, such as "ls" and "show" for "catalogue"; `names` must hold all of them.
static int32_t second_words(const char *word, char *names, size_t size) {
  const size_t length = strlen(word);
  int32_t count = 0;
  names[0] = '\0';
  for (int32_t i = 0; cli_command_at(i) != NULL; i++) {
    const char *name = cli_command_at(i)->name;
    if (strncmp(name, word, length) != 0 || name[length] != ' ') continue;
    const size_t used = strlen(names);
    snprintf(names + used, size - used, "%s%s", count++ > 0 ? ", " : "", name + length + 1);
  }
  return count;
}

// Takes the one or two words of a command from the front of the arguments.
static int find_command(cli_call *call) {
  if (call->argument_count == 0) return CLI_DONE;
  const char *first = call->argument[0], *second = call->argument_count > 1 ? call->argument[1] : "";
  char both[96], names[96];
  snprintf(both, sizeof both, "%s %s", first, second);
  for (int32_t i = 0; cli_command_at(i) != NULL; i++) {
    const cli_command *command = cli_command_at(i);
    const int32_t words = strcmp(command->name, both) == 0 ? 2 : strcmp(command->name, first) == 0 ? 1 : 0;
    if (words == 0) continue;
    call->command = command;
    call->argument += words;
    call->argument_count -= words;
    return CLI_DONE;
  }
  if (second_words(first, names, sizeof names) > 0) {
    if (second[0] == '\0') return cli_wrong("'%s' needs one of: %s", first, names);
    const char *near = cli_nearest(both, command_name, NULL);
    if (near != NULL) return cli_wrong("no command '%s'; did you mean '%s'?", both, near);
    return cli_wrong("no command '%s'; there are: %s", both, names);
  }
  const char *near = cli_nearest(first, command_name, NULL);
  if (near == NULL) near = cli_nearest(both, command_name, NULL);
  if (near == NULL && strncmp(first, "catalog", 7) == 0) near = "catalogue ls";
  if (near != NULL) return cli_wrong("no command '%s'; did you mean '%s'?", first, near);
  return cli_wrong("no command '%s': 'colossus help' lists them", first);
}

// --- options ---------------------------------------------------------------------------------------------------------

// Option i of a command (nullable), then the global ones.
static const cli_option *option_at(const cli_command *command, int32_t index) {
  const int32_t own = command == NULL ? 0 : command->option_count;
  if (command != NULL && index < own) return &command->options[index];
  return cli_global_option(index - own);
}

static const char *option_name(const void *context, int32_t index) {
  const cli_option *option = option_at(context, index);
  return option == NULL ? NULL : option->name;
}

static const cli_option *find_option(const cli_command *command, const char *name, size_t length, char letter) {
  const cli_option *option;
  for (int32_t i = 0; (option = option_at(command, i)) != NULL; i++) {
    if (letter != 0 ? option->letter == letter
                    : strlen(option->name) == length && strncmp(option->name, name, length) == 0) {
      return option;
    }
  }
  return NULL;
}

// Does `word` begin an option? "-" alone and negative numbers do not.
static bool is_option(const char *word) {
  return word[0] == '-' && word[1] != '\0' && !isdigit((unsigned char)word[1]) && word[1] != '.';
}

// The option a word names, with a value that follows in the same word ("--seed=3", "-oDIR") in *value, else NULL there.
static const cli_option *read_option(const cli_command *command, const char *word, const char **value) {
  *value = NULL;
  if (word[1] != '-') {
    if (word[2] != '\0') *value = word + 2;
    return find_option(command, NULL, 0, word[1]);
  }
  const size_t length = strcspn(word + 2, "=");
  if (word[2 + length] == '=') *value = word + 2 + length + 1;
  return find_option(command, word + 2, length, 0);
}

// An option of another command has a value there, too: needed to find the command before its options are known.
static const cli_option *read_any_option(const char *word, const char **value) {
  for (int32_t i = 0; cli_command_at(i) != NULL; i++) {
    const cli_option *option = read_option(cli_command_at(i), word, value);
    if (option != NULL) return option;
  }
  return NULL;
}

static int unknown_option(const cli_command *command, const char *word) {
  const int length = (int)strcspn(word, "=");
  char name[WORD_MAX + 1];
  snprintf(name, sizeof name, "%.*s", length > 2 ? length - 2 : 0, length > 2 ? word + 2 : "");
  const char *near = word[1] == '-' ? cli_nearest(name, option_name, command) : NULL;
  if (near != NULL) return cli_wrong("no option '%.*s'; did you mean '--%s'?", length, word, near);
  if (command == NULL) return cli_wrong("no option '%.*s': 'colossus help' lists the commands", length, word);
  return cli_wrong("'colossus %s' has no option '%.*s': 'colossus %s --help' lists them", command->name, length, word,
                   command->name);
}

static int give(cli_call *call, const cli_option *option, const char *word, const char *value) {
  if (option->value == NULL && value != NULL) return cli_wrong("'--%s' takes no value, read '%s'", option->name, word);
  for (int32_t i = 0; i < call->given_count; i++) {
    if (call->given[i] == option && !option->repeated && option->value != NULL) {
      return cli_wrong("'--%s' is given twice", option->name);
    }
  }
  call->given[call->given_count] = option;
  call->text[call->given_count++] = value;
  return CLI_DONE;
}

// The words that are no options and no values of options: of `command`, or, where it is not known yet, of any.
static void collect_arguments(int count, const char *const *words, const cli_command *command, cli_call *call) {
  bool all = false;
  call->argument_count = 0;
  for (int i = 0; i < count; i++) {
    const char *value = NULL;
    if (all || !is_option(words[i])) {
      call->argument[call->argument_count++] = words[i];
    } else if (strcmp(words[i], "--") == 0) {
      all = true;
    } else {
      const cli_option *option =
          command != NULL ? read_option(command, words[i], &value) : read_any_option(words[i], &value);
      if (option != NULL && option->value != NULL && value == NULL) i++;
    }
  }
}

static int collect_options(int count, const char *const *words, cli_call *call) {
  for (int i = 0; i < count && strcmp(words[i], "--") != 0; i++) {
    const char *value = NULL;
    if (!is_option(words[i])) continue;
    const cli_option *option = read_option(call->command, words[i], &value);
    if (option == NULL) return unknown_option(call->command, words[i]);
    if (option->value != NULL && value == NULL) {
      if (i + 1 == count || is_option(words[i + 1]))
        return cli_wrong("'%s' needs a value: %s", words[i], option->value);
      value = words[++i];
    }
    const int code = give(call, option, words[i], value);
    if (code != CLI_DONE) return code;
  }
  return CLI_DONE;
}

// --- arguments -------------------------------------------------------------------------------------------------------

static int check_arguments(const cli_call *call) {
  const cli_command *command = call->command;
  int32_t most = 0, needed = 0;
  for (; command->argument[most].name != NULL; most++) needed += command->argument[most].optional ? 0 : 1;
  if (call->argument_count > most && !command->repeated) {
    return cli_wrong("'%s' is one argument too many: 'colossus %s --help'", call->argument[most], command->name);
  }
  if (call->argument_count >= needed) return CLI_DONE;
  fprintf(stderr, "colossus: an argument is missing; usage: ");
  cli_usage(command, stderr);
  return CLI_WRONG;
}

// The arguments anew, by the options of the command that was found: another one's may take no value.
static void collect_again(int count, const char *const *words, cli_call *call) {
  const char **first = call->text + count + 1;
  const int32_t named = (int32_t)(call->argument - first);
  call->argument = first;
  collect_arguments(count, words, call->command, call);
  call->argument += named;
  call->argument_count -= named;
}

int cli_parse(int count, const char *const *words, cli_call *call) {
  *call = (cli_call){0};
  const size_t room = (size_t)count + 1;
  // One block for values and arguments; find_command moves the start of the arguments past the command.
  call->given = calloc(room, sizeof(void *));
  call->text = calloc(2 * room, sizeof(void *));
  if (call->given == NULL || call->text == NULL) return cli_no_memory();
  call->argument = call->text + room;
  collect_arguments(count, words, NULL, call);
  int code = find_command(call);
  if (code == CLI_DONE && call->command != NULL) collect_again(count, words, call);
  if (code == CLI_DONE) code = collect_options(count, words, call);
  const bool only_help = cli_flag(call, "help") || cli_flag(call, "version");
  if (code == CLI_DONE && call->command != NULL && !only_help) code = check_arguments(call);
  return code;
}

void cli_call_free(cli_call *call) {
  free(call->given);
  free(call->text);
  *call = (cli_call){0};
}

// --- values ----------------------------------------------------------------------------------------------------------

bool cli_flag(const cli_call *call, const char *option) {
  for (int32_t i = 0; i < call->given_count; i++) {
    const cli_option *given = call->given[i];
    if (given != NULL && strcmp(given->name, option) == 0) return true;
  }
  return false;
}

const char *cli_text(const cli_call *call, const char *option) {
  const char *text = NULL;
  for (int32_t i = 0; i < call->given_count; i++) {
    const cli_option *given = call->given[i];
    if (given != NULL && strcmp(given->name, option) == 0) text = call->text[i];
  }
  return text;
}

// Whether the rows name `kind` for the option of row `at`; rows of one option stand together, `at` is the first of them.
static bool is_heeded(const cli_heeded *heeded, int32_t count, int32_t at, const char *kind) {
  for (int32_t i = at; i < count && strcmp(heeded[i].option, heeded[at].option) == 0; i++) {
    if (strcmp(heeded[i].kind, kind) == 0) return true;
  }
  return false;
}

int cli_check_heeded(const cli_call *call, const cli_heeded *heeded, int32_t count) {
  const char *kind = call->argument[0];
  int code = CLI_DONE;
  for (int32_t i = 0; i < count; i++) {
    if (i > 0 && strcmp(heeded[i].option, heeded[i - 1].option) == 0) continue;
    if (!cli_flag(call, heeded[i].option) || is_heeded(heeded, count, i, kind)) continue;
    code = cli_wrong("'--%s' is an option of '%s %s', not of '%s %s'", heeded[i].option, call->command->name,
                     heeded[i].kind, call->command->name, kind);
  }
  return code;
}

bool cli_number(const cli_call *call, const char *option, uint64_t low, uint64_t high, uint64_t *value) {
  const char *text = cli_text(call, option);
  if (text == NULL) return true;
  errno = 0;
  char *end = NULL;
  const bool digit = isdigit((unsigned char)text[0]) != 0;
  const unsigned long long number = digit ? strtoull(text, &end, 10) : 0;
  if (!digit || *end != '\0' || errno != 0 || number < low || number > high) {
    cli_wrong("'--%s' takes a whole number from %llu to %llu, read '%s'", option, (unsigned long long)low,
              (unsigned long long)high, text);
    return false;
  }
  *value = number;
  return true;
}
