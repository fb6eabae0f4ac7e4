#include "schedule/schedule_scan.h"

#include <stdlib.h>
#include <string.h>

clx_project_scan clx_project_scan_start(const char *file, const char *data, size_t size, clx_error *error) {
  return (clx_project_scan){
      .file = file, .at = data, .end = data + size, .line_start = data, .line = 1, .error = error};
}

clx_place clx_project_scan_place(const clx_project_scan *s) {
  return (clx_place){s->file, s->line, (int32_t)(s->at - s->line_start) + 1};
}

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

void clx_project_scan_blanks(clx_project_scan *s) {
  for (; s->at < s->end && is_blank(*s->at); s->at++) {
    if (*s->at != '\n') continue;
    s->line++;
    s->line_start = s->at + 1;
  }
}

bool clx_project_scan_next_line(clx_project_scan *s) {
  const char *line = s->at < s->end ? memchr(s->at, '\n', (size_t)(s->end - s->at)) : NULL;
  if (line == NULL) {
    s->at = s->end;
    return false;
  }
  s->at = s->line_start = line + 1;
  s->line++;
  return s->at < s->end;
}

clx_status clx_project_scan_number(clx_project_scan *s, const char *what, int64_t least, int64_t most, int64_t *value) {
  clx_project_scan_blanks(s);
  const clx_place place = clx_project_scan_place(s);
  size_t length = 0;
  while (s->at + length < s->end && !is_blank(s->at[length])) length++;
  if (length == 0) return clx_fail(s->error, CLX_INPUT, place, "the file ends where %s is expected", what);
  char word[32] = "";
  if (length < sizeof word) memcpy(word, s->at, length);
  char *end = word;
  const long long number = length < sizeof word ? strtoll(word, &end, 10) : 0;
  if (length >= sizeof word || end != word + length || number < least || number > most)
    return clx_fail(s->error, CLX_INPUT, place, "%s: read '%.*s', expected a whole number from %lld to %lld", what,
                    (int)(length < 40 ? length : 40), s->at, (long long)least, (long long)most);
  s->at += length;
  *value = number;
  return CLX_OK;
}
