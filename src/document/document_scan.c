// A pass over the text that needs no grammar.
#include <string.h>

#include "document/document_internal.h"

typedef struct scan {
  clx_place place;
  int32_t brackets;  // open [ and {
  int32_t indents;   // nesting of block collections, from indentation
  int32_t indent[CLX_NESTING_MAX + 1];
  char quote;  // the quote we are in, or 0
} scan;

// One more level for a line that is indented deeper than the last ones; fewer for one that is less.
static void indent_line(scan *s, int32_t width) {
  while (s->indents > 0 && s->indent[s->indents - 1] >= width) s->indents--;
  if (s->indents <= CLX_NESTING_MAX) s->indent[s->indents] = width;
  s->indents++;
}

static bool starts_comment(const char *data, size_t at) {
  return data[at] == '#' && (at == 0 || data[at - 1] == ' ' || data[at - 1] == '\t' || data[at - 1] == '\n');
}

// "- - - - x" nests without indentation: every dash is a level.
static int32_t leading_dashes(const char *data, size_t size, size_t at) {
  int32_t dashes = 0;
  while (at + 1 < size && (data[at] == '-' || data[at] == '?') && data[at + 1] == ' ') {
    dashes++;
    at += 2;
    while (at < size && data[at] == ' ') at++;
  }
  return dashes;
}

static bool too_deep(const scan *s, int32_t extra) { return s->brackets + s->indents + extra > CLX_NESTING_MAX + 1; }

static size_t scan_line_start(scan *s, const char *data, size_t size, size_t at, int32_t *dashes) {
  size_t first = at;
  while (first < size && data[first] == ' ') first++;
  *dashes = 0;
  if (first < size && data[first] != '\n' && data[first] != '#' && s->brackets == 0 && s->quote == 0) {
    indent_line(s, (int32_t)(first - at < 1000000 ? first - at : 1000000));
    *dashes = leading_dashes(data, size, first);
  }
  return first;
}

// Quotes count only where a value can start: an apostrophe inside a word is text.
static bool opens_quote(const char *data, size_t at) {
  if (data[at] != '"' && data[at] != '\'') return false;
  return at == 0 || strchr(" \t\n[{,:", data[at - 1]) != NULL;
}

static clx_status scan_nesting(scan *s, const char *data, size_t size, clx_error *error) {
  int32_t dashes = 0;
  for (size_t at = scan_line_start(s, data, size, 0, &dashes); at < size; at++) {
    const char c = data[at];
    if (c == '\n') {
      s->place.line++;
      at = scan_line_start(s, data, size, at + 1, &dashes) - 1;
    } else if (s->quote != 0) {
      if (c == '\\' && s->quote == '"') at++;
      if (c == s->quote) s->quote = 0;
    } else if (opens_quote(data, at)) {
      s->quote = c;
    } else if (starts_comment(data, at)) {
      while (at + 1 < size && data[at + 1] != '\n') at++;
    } else if (c == '[' || c == '{') {
      s->brackets++;
    } else if ((c == ']' || c == '}') && s->brackets > 0) {
      s->brackets--;
    }
    if (too_deep(s, dashes)) {
      return clx_fail(error, CLX_INPUT, s->place, "nested deeper than %d levels", CLX_NESTING_MAX);
    }
  }
  return CLX_OK;
}

// However quotes are read, this many open brackets in a row cannot be meant.
static clx_status scan_brackets(const char *name, const char *data, size_t size, clx_error *error) {
  int32_t depth = 0;
  clx_place place = {name, 1, 0};
  for (size_t at = 0; at < size; at++) {
    if (data[at] == '\n') place.line++;
    if (data[at] == '[' || data[at] == '{') depth++;
    if ((data[at] == ']' || data[at] == '}') && depth > 0) depth--;
    if (depth > 8 * CLX_NESTING_MAX)
      return clx_fail(error, CLX_INPUT, place, "nested deeper than %d levels", CLX_NESTING_MAX);
  }
  return CLX_OK;
}

clx_status clx_document_scan(const char *name, const char *data, size_t size, clx_error *error) {
  scan s = {.place = {name, 1, 0}};
  if (size > CLX_FILE_SIZE_MAX) {
    return clx_fail(error, CLX_INPUT, (clx_place){name, 0, 0}, "is larger than %zu MB, the most that is read",
                    CLX_FILE_SIZE_MAX >> 20);
  }
  const int64_t bad = clx_utf8_check(data, size);
  if (bad >= 0) {
    for (int64_t i = 0; i < bad; i++) s.place.line += data[i] == '\n' ? 1 : 0;
    return clx_fail(error, CLX_INPUT, s.place, "is not UTF-8 text: byte %lld is 0x%02x", (long long)bad + 1,
                    (unsigned char)data[bad]);
  }
  CLX_TRY(scan_brackets(name, data, size, error));
  return scan_nesting(&s, data, size, error);
}
