// What leaves the command: mistakes on stderr, results on stdout or in files.
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

void cli_put_clean(const char *text, FILE *out) {
  for (const char *p = text; *p != '\0'; p++) {
    const unsigned char byte = (unsigned char)*p;
    fputc(byte < 0x20 || byte == 0x7f ? '?' : *p, out);
  }
}

int cli_wrong(const char *format, ...) {
  char text[1024];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  fputs("colossus: ", stderr);
  cli_put_clean(text, stderr);
  fputc('\n', stderr);
  return CLI_WRONG;
}

int cli_no_memory(void) {
  fputs("colossus: out of memory\n", stderr);
  return CLI_FAULT;
}

char *cli_copy(const char *text) {
  const size_t size = strlen(text) + 1;
  char *copy = malloc(size);
  if (copy != NULL) memcpy(copy, text, size);
  return copy;
}

// --- mistakes --------------------------------------------------------------------------------------------------------

// On a terminal: the line of the user's text, a caret below the place. Files that cannot be read again are passed over.
static void show_source(const clx_mistake *mistake) {
  enum { WIDTH = 160 };
  struct stat info;
  FILE *file = stat(mistake->file, &info) == 0 && S_ISREG(info.st_mode) ? fopen(mistake->file, "r") : NULL;
  if (file == NULL) return;
  char line[WIDTH + 2] = "";
  for (int32_t at = 1, c = 0; at < mistake->line && c != EOF;) {
    c = fgetc(file);
    if (c == '\n') at++;
  }
  const bool found = fgets(line, sizeof line, file) != NULL;
  fclose(file);
  line[strcspn(line, "\r\n")] = '\0';
  if (!found || mistake->column < 1 || (size_t)mistake->column > strlen(line) + 1) return;
  fputs("  ", stderr);
  cli_put_clean(line, stderr);
  fputs("\n  ", stderr);
  for (int32_t i = 1; i < mistake->column; i++) {
    if (((unsigned char)line[i - 1] & 0xC0) != 0x80) fputc(' ', stderr);
  }
  fputs("^\n", stderr);
}

static void print_mistake(const clx_mistake *mistake, bool on_terminal) {
  if (mistake->file[0] == '\0') {
    fputs("colossus: ", stderr);
  } else {
    cli_put_clean(mistake->file, stderr);
    if (mistake->line > 0) fprintf(stderr, ":%d", mistake->line);
    if (mistake->line > 0 && mistake->column > 0) fprintf(stderr, ":%d", mistake->column);
    fputs(": ", stderr);
  }
  cli_put_clean(mistake->text, stderr);
  fputc('\n', stderr);
  if (on_terminal && mistake->file[0] != '\0' && mistake->line > 0) show_source(mistake);
}

static int exit_code(clx_status status) {
  switch (status) {
    case CLX_OK:
      return CLI_DONE;
    case CLX_INFEASIBLE:
      return CLI_INFEASIBLE;
    case CLX_INPUT:
    case CLX_FILE:
      return CLI_WRONG;
    case CLX_EXPECTATION:
      return CLI_UNMET;
    case CLX_INTERNAL:
    case CLX_MEMORY:
      return CLI_FAULT;
  }
  return CLI_FAULT;
}

int cli_fail(const clx_error *error) {
  const bool on_terminal = isatty(STDERR_FILENO) == 1;
  for (int32_t i = 0; i < error->count; i++) print_mistake(&error->mistake[i], on_terminal);
  if (error->dropped > 0) fprintf(stderr, "colossus: and %d more mistakes\n", error->dropped);
  if (error->count > 0) return exit_code(error->status);
  fputs("colossus: a fault without an explanation\n", stderr);
  return CLI_FAULT;
}

// --- stdout ----------------------------------------------------------------------------------------------------------

bool cli_colour(const cli_call *call) {
  const char *forbidden = getenv("NO_COLOR"), *terminal = getenv("TERM");
  if (cli_flag(call, "no-color") || (forbidden != NULL && forbidden[0] != '\0')) return false;
  return isatty(STDOUT_FILENO) == 1 && terminal != NULL && strcmp(terminal, "dumb") != 0;
}

static int put_errno;  // why a long text could not be written

void cli_put(const char *text) {
  const size_t length = strlen(text);
  errno = 0;
  if (fwrite(text, 1, length, stdout) != length) put_errno = errno;
  if (length > 0 && text[length - 1] != '\n') fputc('\n', stdout);
}

// True when stdout is a pipe whose reader went away ("colossus run x | head -1"): that is no fault.
static bool reader_gone(void) {
  struct pollfd state = {.fd = STDOUT_FILENO, .events = POLLOUT};
  return poll(&state, 1, 0) == 1 && (state.revents & (POLLERR | POLLHUP)) != 0;
}

int cli_close_stdout(int code) {
  errno = 0;
  const bool failed = fflush(stdout) != 0 || ferror(stdout) != 0;
  const int why = put_errno != 0 ? put_errno : errno;
  if (!failed || why == EPIPE || reader_gone()) return code;
  fprintf(stderr, "colossus: the output could not be written: %s\n", why != 0 ? strerror(why) : "write error");
  return CLI_FAULT;
}

// --- files -----------------------------------------------------------------------------------------------------------

int cli_make_folder(const char *path) {
  char *part = cli_copy(path);
  if (part == NULL) return cli_no_memory();
  for (char *p = part; *p != '\0';) {
    p += strspn(p, "/");
    p += strcspn(p, "/");
    const char end = *p;
    *p = '\0';
    struct stat info;
    const int why = mkdir(part, 0777) == 0 ? 0 : errno;
    if (why != 0 && (stat(part, &info) != 0 || !S_ISDIR(info.st_mode))) {
      free(part);
      return cli_wrong("the folder '%s' could not be made: %s", path, strerror(why == EEXIST ? ENOTDIR : why));
    }
    *p = end;
  }
  free(part);
  return CLI_DONE;
}

static bool write_all(const char *path, const char *data, size_t length) {
  FILE *file = fopen(path, "wb");
  if (file == NULL) return false;
  const bool written = fwrite(data, 1, length, file) == length && fflush(file) == 0;
  const int why = errno;
  const bool closed = fclose(file) == 0;
  if (!written) errno = why;
  return written && closed;
}

int cli_write_file(const char *path, const char *text) { return cli_write_bytes(path, text, strlen(text)); }

int cli_write_bytes(const char *path, const char *data, size_t length) {
  struct stat info;
  const bool special = stat(path, &info) == 0 && !S_ISREG(info.st_mode);  // /dev/stdout, a pipe: no temporary beside it
  const size_t size = strlen(path) + sizeof ".part";
  char *temporary = malloc(size);
  if (temporary == NULL) return cli_no_memory();
  snprintf(temporary, size, "%s%s", path, special ? "" : ".part");
  errno = 0;
  const bool done = write_all(temporary, data, length) && (special || rename(temporary, path) == 0);
  const int why = errno;
  if (!done && !special) unlink(temporary);
  free(temporary);
  if (done) return CLI_DONE;
  cli_wrong("'%s' could not be written: %s", path, strerror(why));
  return why == ENOSPC || why == EIO || why == EDQUOT || why == EFBIG ? CLI_FAULT : CLI_WRONG;
}

int cli_write_folder(const char *folder, const cli_file *file, int32_t count) {
  int code = cli_make_folder(folder);
  for (int32_t i = 0; i < count && code == CLI_DONE; i++) {
    if (file[i].text == NULL) continue;
    const size_t size = strlen(folder) + strlen(file[i].name) + 2;
    char *path = malloc(size);
    if (path == NULL) return cli_no_memory();
    snprintf(path, size, "%s/%s", folder, file[i].name);
    code = cli_write_file(path, file[i].text);
    free(path);
  }
  return code;
}
