// What leaves the probe: messages, progress, files.
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "probe.h"

// --- messages --------------------------------------------------------------------------------------------------------

static void say(const char *format, va_list args) {
  char text[1024];
  vsnprintf(text, sizeof text, format, args);
  probe_progress("%s", "");
  fputs("colossus probe: ", stderr);
  for (const char *p = text; *p != '\0'; p++) {
    const unsigned char byte = (unsigned char)*p;
    fputc(byte < 0x20 || byte == 0x7f ? '?' : *p, stderr);
  }
  fputc('\n', stderr);
}

#define SAY(format)         \
  do {                      \
    va_list args;           \
    va_start(args, format); \
    say(format, args);      \
    va_end(args);           \
  } while (0)

int probe_wrong(const char *format, ...) {
  SAY(format);
  return PROBE_WRONG;
}

int probe_fault(const char *format, ...) {
  SAY(format);
  return PROBE_FAULT;
}

void probe_remark(const char *format, ...) { SAY(format); }

void probe_progress(const char *format, ...) {
  static bool shown;
  char text[80];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if ((text[0] == '\0' && !shown) || isatty(STDERR_FILENO) != 1) return;
  fprintf(stderr, "\r%-79s\r%s", "", text);
  fflush(stderr);
  shown = text[0] != '\0';
}

// --- texts -----------------------------------------------------------------------------------------------------------

void probe_add(probe_text *text, const char *format, ...) {
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  const int length = vsnprintf(NULL, 0, format, args);
  va_end(args);
  const size_t needed = text->length + (size_t)(length > 0 ? length : 0) + 1;
  if (length < 0) text->failed = true;
  if (needed > text->room && !text->failed) {
    const size_t room = 2 * needed + 256;
    char *data = realloc(text->data, room);
    if (data == NULL) {
      text->failed = true;
    } else {
      text->data = data;
      text->room = room;
    }
  }
  if (!text->failed) {
    vsnprintf(text->data + text->length, text->room - text->length, format, again);
    text->length = needed - 1;
  }
  va_end(again);
}

void probe_text_free(probe_text *text) {
  free(text->data);
  *text = (probe_text){0};
}

// --- files -----------------------------------------------------------------------------------------------------------

static char *join(const char *folder, const char *path, const char *end) {
  probe_text text = {0};
  probe_add(&text, "%s/%s%s", folder, path, end);
  if (!text.failed) return text.data;
  free(text.data);
  return NULL;
}

// A folder and its parents.
static int make_folder(const char *path) {
  char *part = join(path, "", "");
  if (part == NULL) return probe_fault("out of memory");
  for (char *p = part; *p != '\0';) {
    p += strspn(p, "/");
    p += strcspn(p, "/");
    const char end = *p;
    *p = '\0';
    struct stat info;
    const int why = mkdir(part, 0777) == 0 ? 0 : errno;
    if (why != 0 && (stat(part, &info) != 0 || !S_ISDIR(info.st_mode))) {
      free(part);
      return probe_wrong("the folder '%s' could not be made: %s", path, strerror(why == EEXIST ? ENOTDIR : why));
    }
    *p = end;
  }
  free(part);
  return PROBE_DONE;
}

int probe_folders(const char *folder) {
  static const char *const parts[] = {"device", "kernels"};
  for (int32_t i = 0; i < PROBE_COUNT(parts); i++) {
    char *path = join(folder, parts[i], "");
    if (path == NULL) return probe_fault("out of memory");
    int code = make_folder(path);
    // Seen before minutes of measuring, not after.
    if (code == PROBE_DONE && access(path, W_OK | X_OK) != 0) {
      code = probe_wrong("nothing can be written into the folder '%s': %s", path, strerror(errno));
    }
    free(path);
    if (code != PROBE_DONE) return code;
  }
  return PROBE_DONE;
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

int probe_write(const char *folder, const char *path, const probe_text *text) {
  char *whole = join(folder, path, ""), *temporary = join(folder, path, ".part");
  int code = PROBE_DONE;
  if (text->failed || whole == NULL || temporary == NULL) {
    code = probe_fault("out of memory");
  } else if (!write_all(temporary, text->data, text->length) || rename(temporary, whole) != 0) {
    const int why = errno;
    unlink(temporary);
    code = probe_wrong("'%s' could not be written: %s", whole, strerror(why));
    if (why == ENOSPC || why == EIO || why == EDQUOT || why == EFBIG) code = PROBE_FAULT;
  }
  free(whole);
  free(temporary);
  return code;
}

char *probe_read(const char *folder, const char *path) {
  char *whole = join(folder, path, "");
  FILE *file = whole == NULL ? NULL : fopen(whole, "rb");
  free(whole);
  if (file == NULL) return NULL;
  probe_text text = {0};
  char part[4096];
  size_t got = 0;
  probe_add(&text, "%s", "");
  while ((got = fread(part, 1, sizeof part, file)) > 0) probe_add(&text, "%.*s", (int)got, part);
  fclose(file);
  if (!text.failed) return text.data;
  free(text.data);
  return NULL;
}
