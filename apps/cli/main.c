#include <string.h>

#include "cli.h"

static int unknown_command(const char *name) {
  const char *names[32];
  for (int i = 0; i < cli_command_count; i++) names[i] = cli_commands[i].name;
  const char *near = cli_nearest(name, names, cli_command_count);
  fprintf(stderr, "colossus: unknown command '%s'", name);
  if (near != NULL) fprintf(stderr, "; did you mean '%s'?", near);
  fprintf(stderr, "\nTry 'colossus help'.\n");
  return EXIT_INPUT;
}

/* Whatever a command printed must have arrived: a full disk is an error. */
static int finish(int code) {
  if (fflush(stdout) == 0 && !ferror(stdout)) return code;
  if (code == EXIT_DONE) fprintf(stderr, "colossus: cannot write to standard output\n");
  return code == EXIT_DONE ? EXIT_INTERNAL : code;
}

int main(int argc, char **argv) {
  if (argc < 2) {
    cli_help_overview(stderr);
    return EXIT_INPUT;
  }
  if (strcmp(argv[1], "--version") == 0) {
    printf("colossus %s\n", clx_version());
    return finish(EXIT_DONE);
  }
  if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
    cli_help_overview(stdout);
    return finish(EXIT_DONE);
  }
  const cli_command *command = cli_find_command(argv[1]);
  if (command == NULL) return unknown_command(argv[1]);
  cli_arguments arguments = {0};
  const int failed = cli_parse(command, argc - 2, argv + 2, &arguments);
  if (failed != 0) return failed;
  if (arguments.help) {
    cli_help_command(command, stdout);
    return finish(EXIT_DONE);
  }
  return finish(command->run(&arguments));
}
