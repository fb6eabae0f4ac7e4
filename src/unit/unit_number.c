// Decimal numbers without locale. The decimal point never reaches strtod: "2.5" is handed over as "25e-1", which is the same
// number, rounded once, whatever sign the program's locale wants for it.
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "unit/unit_internal.h"

enum { DIGITS_MAX = 64, EXPONENT_MAX = 99999 };

typedef struct digits {
  char text[DIGITS_MAX + 32];  // sign, digits, exponent
  size_t length;
  int32_t count;
} digits;

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static size_t take_run(const char *text, digits *d) {
  size_t n = 0;
  for (; is_digit(text[n]); n++, d->count++) {
    if (d->count < DIGITS_MAX) d->text[d->length++] = text[n];
  }
  return n;
}

// "1,234,567": one to three digits, not beginning with 0, then groups of exactly three. Anything else with a comma is no
// number, so that a decimal comma is never misread.
static size_t take_groups(const char *text, size_t first, digits *d) {
  size_t at = first;
  if (first > 3 || text[0] == '0') return 0;
  while (text[at] == ',' && is_digit(text[at + 1])) {
    const size_t run = take_run(text + at + 1, d);
    if (run != 3) return 0;
    at += 1 + run;
  }
  return at;
}

static size_t take_whole(const char *text, digits *d) {
  size_t at = take_run(text, d);
  if (at == 0) return 0;
  if (text[at] == ',' && is_digit(text[at + 1])) return take_groups(text, at, d);
  while (text[at] == '_' && is_digit(text[at + 1])) at += 1 + take_run(text + at + 1, d);
  return at;
}

// "e12", "E-3"; 0 when none stands there.
static size_t take_exponent(const char *text, int32_t *exponent) {
  if (text[0] != 'e' && text[0] != 'E') return 0;
  size_t at = text[1] == '+' || text[1] == '-' ? 2 : 1;
  if (!is_digit(text[at])) return 0;
  int32_t value = 0;
  for (; is_digit(text[at]); at++) {
    if (value < EXPONENT_MAX) value = 10 * value + (text[at] - '0');
  }
  *exponent = text[1] == '-' ? -value : value;
  return at;
}

clx_number clx_number_read(const char *text) {
  clx_number number = {0};
  digits d = {.length = 0};
  int32_t exponent = 0;
  size_t at = 0;
  if (text[at] == '+' || text[at] == '-') {
    if (text[at] == '-') d.text[d.length++] = '-';
    at++;
  }
  const size_t whole = take_whole(text + at, &d);
  if (whole == 0 && d.count > 0) return number;  // badly grouped
  at += whole;
  const int32_t before = d.count;
  if (text[at] == '.') at += 1 + take_run(text + at + 1, &d);
  if (d.count == 0 || d.count > DIGITS_MAX) return number;
  at += take_exponent(text + at, &exponent);
  snprintf(d.text + d.length, sizeof d.text - d.length, "e%d", (int)(exponent - (d.count - before)));
  errno = 0;
  number.value = strtod(d.text, NULL);
  number.in_range = errno == 0 && isfinite(number.value);
  number.length = at;
  return number;
}
