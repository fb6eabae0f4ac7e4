// Quantities for people.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "unit/unit.h"

// "%.*g" without exponent for the magnitudes people read: digits significant, at least all integer digits.
static void format_number(double value, int digits, char *text, size_t size) {
  const double magnitude = value == 0 ? 0 : floor(log10(fabs(value)));
  int decimals = digits - 1 - (int)magnitude;
  if (decimals < 0) decimals = 0;
  if (decimals > 12) decimals = 12;
  snprintf(text, size, "%.*f", decimals, value);
  if (strchr(text, '.') == NULL) return;
  size_t length = strlen(text);
  while (text[length - 1] == '0') text[--length] = '\0';
  if (text[length - 1] == '.') text[length - 1] = '\0';
}

static void group_digits(const char *plain, char *text, size_t size) {
  const size_t whole = strcspn(plain, "."), sign = plain[0] == '-' ? 1 : 0;
  size_t out = 0;
  for (size_t i = 0; plain[i] != '\0' && out + 2 < size; i++) {
    if (i > sign && i < whole && (whole - i) % 3 == 0) text[out++] = ',';
    text[out++] = plain[i];
  }
  text[out] = '\0';
}

static const char *format_plain(double value, int digits, char *buffer, size_t size) {
  char plain[64];
  if (value != 0 && (fabs(value) >= 1e15 || fabs(value) < 1e-6)) {
    snprintf(buffer, size, "%.*g", digits, value);
    return buffer;
  }
  format_number(value, digits, plain, sizeof plain);
  group_digits(plain, buffer, size);
  return buffer;
}

static const char *format_time(double s, int digits, char *buffer, size_t size) {
  static const struct {
    double below, unit;
    const char *name;
  } scales[] = {{1e-6, 1e-9, "ns"},
                {1e-3, 1e-6, "us"},
                {1, 1e-3, "ms"},
                {120, 1, "s"},
                {7200, 60, "min"},
                {172800, 3600, "h"},
                {730 * 86400.0, 86400, "days"},
                {INFINITY, 365.25 * 86400, "years"}};
  int32_t i = 0;
  while (i + 1 < CLX_COUNT(scales) && fabs(s) >= scales[i].below) i++;
  if (s == 0) i = 3;
  char number[64];
  format_plain(s / scales[i].unit, digits, number, sizeof number);
  snprintf(buffer, size, "%s %s", number, scales[i].name);
  return buffer;
}

static const char *format_prefixed(double si, const char *unit, int digits, char *buffer, size_t size) {
  static const struct {
    double factor;
    const char *prefix;
  } prefixes[] = {{1e18, "E"}, {1e15, "P"}, {1e12, "T"}, {1e9, "G"},  {1e6, "M"},
                  {1e3, "k"},  {1, ""},     {1e-3, "m"}, {1e-6, "u"}, {1e-9, "n"}};
  int32_t i = 0;
  while (i + 1 < CLX_COUNT(prefixes) && fabs(si) < prefixes[i].factor * 0.9999999) i++;
  if (si == 0) i = 6;
  const char first = unit[0];
  const bool whole =
      first == 'B' || first == 'F' || first == 'U' || first == 't';  // no fractions of bytes, FLOP, dollars
  if (whole && i > 6) i = 6;
  char number[64];
  format_plain(si / prefixes[i].factor, digits, number, sizeof number);
  snprintf(buffer, size, "%s %s%s", number, prefixes[i].prefix, unit);
  return buffer;
}

const char *clx_quantity_format(double si, const char *unit, int digits, char *buffer, size_t size) {
  if (unit == NULL || unit[0] == '\0') return format_plain(si, digits, buffer, size);
  if (strcmp(unit, "s") == 0) return format_time(si, digits, buffer, size);
  if (strcmp(unit, "J") == 0) {  // energy of machines is read in watt-hours
    return format_prefixed(si / 3600, "Wh", digits, buffer, size);
  }
  if (strcmp(unit, "K") == 0) {
    char number[64];
    format_plain(si - 273.15, digits, number, sizeof number);
    snprintf(buffer, size, "%s degC", number);
    return buffer;
  }
  if (strncmp(unit, "token", 5) == 0) {
    char number[64];
    static const struct {
      double factor;
      const char *name;
    } words[] = {{1e12, " trillion"}, {1e9, " billion"}, {1e6, " million"}, {1, ""}};
    int32_t i = 0;
    while (i + 1 < CLX_COUNT(words) && fabs(si) < words[i].factor) i++;
    format_plain(si / words[i].factor, digits, number, sizeof number);
    snprintf(buffer, size, "%s%s %s", number, words[i].name, unit);
    return buffer;
  }
  return format_prefixed(si, unit, digits, buffer, size);
}
