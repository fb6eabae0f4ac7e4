// UTF-8, comparison and near words, all without locale.
#include <string.h>

#include "base/base.h"

// Length of the UTF-8 sequence at p, or 0 when it is none (overlong forms, surrogates and NUL included).
static size_t sequence_length(const unsigned char *p, size_t left) {
  if (p[0] == 0) return 0;
  if (p[0] < 0x80) return 1;
  const size_t length = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : 2;
  if (p[0] < 0xC2 || p[0] > 0xF4 || length > left) return 0;
  for (size_t i = 1; i < length; i++) {
    if ((p[i] & 0xC0) != 0x80) return 0;
  }
  if ((p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F)) return 0;
  if ((p[0] == 0xF0 && p[1] < 0x90) || (p[0] == 0xF4 && p[1] > 0x8F)) return 0;
  return length;
}

int64_t clx_utf8_check(const char *data, size_t size) {
  for (size_t i = 0; i < size;) {
    const size_t length = sequence_length((const unsigned char *)data + i, size - i);
    if (length == 0) return (int64_t)i;
    i += length;
  }
  return -1;
}

void clx_text_clean(char *text, bool one_line) {
  unsigned char *p = (unsigned char *)text;
  for (size_t left = strlen(text); left > 0;) {
    const size_t length = sequence_length(p, left), step = length == 0 ? 1 : length;
    if (length == 0) *p = '?';
    if (one_line && length == 1 && (*p < 0x20 || *p == 0x7F)) *p = ' ';
    if (one_line && length == 2 && p[0] == 0xC2 && p[1] < 0xA0)
      p[0] = p[1] = ' ';  // the control characters beyond ASCII
    p += step;
    left -= step;
  }
}

// Letters of either case are the same, and so are '-', '_' and ' '. No locale.
static char folded(char c) {
  if (c >= 'A' && c <= 'Z') return (char)(c - 'A' + 'a');
  return c == '_' || c == ' ' ? '-' : c;
}

bool clx_text_equal(const char *a, const char *b) { return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0; }

bool clx_text_equal_loose(const char *a, const char *b) {
  if (a == NULL || b == NULL) return a == b;
  while (*a != '\0' && folded(*a) == folded(*b)) a++, b++;
  return *a == '\0' && *b == '\0';
}

bool clx_text_match(const char *pattern, const char *text) {
  const char *star = NULL, *retry = NULL;
  while (*text != '\0') {
    if (*pattern == '*') {
      star = ++pattern;
      retry = text;
    } else if (*pattern != '\0' && folded(*pattern) == folded(*text)) {
      pattern++;
      text++;
    } else if (star != NULL) {
      pattern = star;
      text = ++retry;
    } else {
      return false;
    }
  }
  while (*pattern == '*') pattern++;
  return *pattern == '\0';
}

enum { WORD_MAX = 63 };

// Edit distance with transpositions (optimal string alignment) of two short words.
static int32_t distance(const char *a, size_t la, const char *b, size_t lb) {
  int32_t rows[3][WORD_MAX + 1];
  int32_t *before = rows[0], *last = rows[1], *now = rows[2];
  for (size_t j = 0; j <= lb; j++) last[j] = (int32_t)j;
  for (size_t i = 1; i <= la; i++) {
    now[0] = (int32_t)i;
    for (size_t j = 1; j <= lb; j++) {
      const int32_t differs = folded(a[i - 1]) != folded(b[j - 1]);
      int32_t best = last[j - 1] + differs;
      if (last[j] + 1 < best) best = last[j] + 1;
      if (now[j - 1] + 1 < best) best = now[j - 1] + 1;
      const bool swapped =
          i > 1 && j > 1 && folded(a[i - 1]) == folded(b[j - 2]) && folded(a[i - 2]) == folded(b[j - 1]);
      if (swapped && before[j - 2] + 1 < best) best = before[j - 2] + 1;
      now[j] = best;
    }
    int32_t *oldest = before;
    before = last;
    last = now;
    now = oldest;
  }
  return last[lb];
}

const char *clx_nearest(const char *word, const char *const *candidates, int32_t count) {
  const size_t length = word == NULL ? 0 : strlen(word);
  if (length == 0 || length > WORD_MAX) return NULL;
  // Words of up to three letters forgive one letter, longer ones two, long ones a third.
  int32_t best = length <= 3 ? 2 : length / 3 > 2 ? (int32_t)(length / 3) + 1 : 3;
  const char *nearest = NULL;
  for (int32_t i = 0; i < count; i++) {
    const size_t other = candidates[i] == NULL ? 0 : strlen(candidates[i]);
    if (other == 0 || other > WORD_MAX) continue;
    const int32_t d = distance(word, length, candidates[i], other);
    // A word all of whose letters change is no near one.
    if (d >= best || d >= (int32_t)(length < other ? other : length)) continue;
    best = d;
    nearest = candidates[i];
  }
  return nearest;
}
