/* Everything that leaves the command: text, errors, files. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

static int exit_code(clx_status status) {
  switch (status) {
    case CLX_OK: return EXIT_DONE;
    case CLX_INFEASIBLE: return EXIT_INFEASIBLE;
    case CLX_INPUT:
    case CLX_FILE: return EXIT_INPUT;
    case CLX_EXPECTATION: return EXIT_EXPECT;
    case CLX_INTERNAL:
    case CLX_MEMORY: return EXIT_INTERNAL;
  }
  return EXIT_INTERNAL;
}

int cli_report_error(const clx_error *error) {
  for (int i = 0; i < error->count; i++) {
    const clx_mistake *m = &error->mistake[i];
    if (m->file[0] == '\0') {
      fprintf(stderr, "colossus: %s\n", m->text);
    } else if (m->line == 0) {
      fprintf(stderr, "%s: %s\n", m->file, m->text);
    } else {
      fprintf(stderr, "%s:%d:%d: %s\n", m->file, m->line, m->column, m->text);
    }
  }
  if (error->dropped > 0) fprintf(stderr, "colossus: and %d more mistakes\n", error->dropped);
  if (error->count == 0) fprintf(stderr, "colossus: %s\n", clx_status_text(error->status));
  return exit_code(error->status);
}

static int write_failed(const char *where) {
  fprintf(stderr, "colossus: cannot write to %s: %s\n", where, strerror(errno));
  return EXIT_INTERNAL;
}

int cli_print(char *text) {
  const bool written = fputs(text, stdout) >= 0 && fflush(stdout) == 0 && !ferror(stdout);
  clx_text_free(text);
  return written ? EXIT_DONE : write_failed("standard output");
}

int cli_write_file(const char *path, const char *text) {
  FILE *file = fopen(path, "wb");
  if (file == NULL) return write_failed(path);
  const bool written = fputs(text, file) >= 0;
  return fclose(file) == 0 && written ? EXIT_DONE : write_failed(path);
}

bool cli_colour(const cli_arguments *arguments) {
  const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
  if (arguments->no_color || (no != NULL && no[0] != '\0')) return false;
  return isatty(STDOUT_FILENO) && term != NULL && strcmp(term, "dumb") != 0;
}
