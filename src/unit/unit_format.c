// Quantities for people.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/unit_internal.h"

enum { NUMBER = 96 };  // room for one number as text

typedef struct scale {
  double factor;
  const char *name;
} scale;

// The sign that the program's locale puts between digits becomes a point.
static void plain_point(char *text) {
  const size_t start = text[0] == '-' ? 1 : 0, whole = start + strspn(text + start, "0123456789");
  const size_t radix = strcspn(text + whole, "0123456789e");
  if (radix == 0 || text[whole] == 'e') return;
  text[whole] = '.';
  memmove(text + whole + 1, text + whole + radix, strlen(text + whole + radix) + 1);
}

// `value` to `digits` significant digits, and the decimal exponent it then has.
static double rounded(double value, int digits, int *exponent) {
  char text[NUMBER];
  snprintf(text, sizeof text, "%.*e", digits - 1, value);
  const char *e = strchr(text, 'e');
  *exponent = e == NULL ? 0 : (int)strtol(e + 1, NULL, 10);
  return strtod(text, NULL);  // written and read under the same locale
}

// Without the zeros at the end of the fraction.
static void trim_fraction(char *text, size_t end) {
  if (memchr(text, '.', end) == NULL) return;
  size_t kept = end;
  while (text[kept - 1] == '0') kept--;
  if (text[kept - 1] == '.') kept--;
  memmove(text + kept, text + end, strlen(text + end) + 1);
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

// "2.4e25"
static void write_scientific(double value, int digits, char *text, size_t size) {
  char number[NUMBER];
  snprintf(number, sizeof number, "%.*e", digits - 1, value);
  plain_point(number);
  char *e = strchr(number, 'e');
  const int exponent = (int)strtol(e + 1, NULL, 10);
  *e = '\0';
  trim_fraction(number, strlen(number));
  snprintf(text, size, "%se%d", number, exponent);
}

// Digit groups, no exponent for the magnitudes people read.
static void write_number(double value, int digits, char *text, size_t size) {
  char number[NUMBER];
  int exponent = 0;
  const double magnitude = fabs(rounded(value, digits, &exponent));
  if (magnitude != 0 && (magnitude >= 1e15 || magnitude < 1e-6)) {
    write_scientific(value, digits, text, size);
    return;
  }
  const int decimals = digits - 1 - exponent;
  snprintf(number, sizeof number, "%.*f", decimals > 0 ? decimals : 0, value);
  plain_point(number);
  trim_fraction(number, strlen(number));
  group_digits(strcmp(number, "-0") == 0 ? "0" : number, text, size);
}

static const char *write_unit(double value, int digits, const char *prefix, const char *unit, char *buffer,
                              size_t size) {
  char number[NUMBER];
  write_number(value, digits, number, sizeof number);
  snprintf(buffer, size, "%s%s%s%s", number, *prefix != '\0' || *unit != '\0' ? " " : "", prefix, unit);
  return buffer;
}

static const char *format_time(double s, int digits, char *buffer, size_t size) {
  static const scale scales[] = {{1e-9, "ns"}, {1e-6, "us"}, {1e-3, "ms"},    {1, "s"},
                                 {60, "min"},  {3600, "h"},  {86400, "days"}, {365.25 * 86400, "years"}};
  static const double from[] = {0,   1e-6, 1e-3,   1,
                                120, 7200, 172800, 730 * 86400.0};  // the least that is shown in the unit
  int exponent = 0;
  const double magnitude = fabs(rounded(s, digits, &exponent));
  int32_t i = CLX_COUNT(scales) - 1;
  while (i > 0 && magnitude < from[i]) i--;
  if (s == 0) i = 3;
  return write_unit(s / scales[i].factor, digits, scales[i].name, "", buffer, size);
}

// The largest scale that leaves at least 1 in front, or the last one.
static const scale *fitting(const scale *scales, int32_t count, double value, int digits) {
  int exponent = 0;
  const double magnitude = fabs(rounded(value, digits, &exponent));
  int32_t i = 0;
  while (i + 1 < count && magnitude < scales[i].factor) i++;
  return &scales[i];
}

static const char *format_prefixed(double si, const char *unit, int digits, char *buffer, size_t size) {
  static const scale prefixes[] = {{1e18, "E"}, {1e15, "P"}, {1e12, "T"}, {1e9, "G"},  {1e6, "M"},
                                   {1e3, "k"},  {1, ""},     {1e-3, "m"}, {1e-6, "u"}, {1e-9, "n"}};
  enum { WHOLE = 7 };  // no fractions of bytes and operations: these stop at the unit itself
  const char first = unit[0];
  const int32_t count = first == 'B' || first == 'F' || first == 'b' ? WHOLE : CLX_COUNT(prefixes);
  const scale *p = fitting(prefixes, count, si, digits);
  if (si == 0 || fabs(si) >= 1e21) p = &prefixes[WHOLE - 1];
  if (fabs(si) < 1e21) return write_unit(si / p->factor, digits, p->name, unit, buffer, size);
  char number[NUMBER];
  write_scientific(si, digits, number, sizeof number);
  snprintf(buffer, size, "%s %s", number, unit);
  return buffer;
}

// Money, tokens and GPUs are counted in words.
static const char *format_counted(double value, const char *unit, int digits, char *buffer, size_t size) {
  static const scale words[] = {{1e12, "trillion "}, {1e9, "billion "}, {1e6, "million "}, {1, ""}};
  const scale *word = fitting(words, CLX_COUNT(words), value, digits);
  return write_unit(value / word->factor, digits, word->name, unit, buffer, size);
}

// Money by time: what an hour or a year costs; by token: what a million of them do.
static const char *format_rate(double si, const char *unit, int digits, char *buffer, size_t size) {
  static const double HOUR = 3600, YEAR = 31557600, HOURLY = 100;  // USD/h from which a year is meant
  if (unit[4] == 't') return write_unit(si * 1e6, digits, "", "USD/Mtoken", buffer, size);
  if (fabs(si) * HOUR < HOURLY) return write_unit(si * HOUR, digits, "", "USD/h", buffer, size);
  return format_counted(si * YEAR, "USD/year", digits, buffer, size);
}

const char *clx_quantity_format(double si, const char *unit, int digits, char *buffer, size_t size) {
  if (unit == NULL) unit = "";
  if (!isfinite(si)) {
    snprintf(buffer, size, "not a number");
    return buffer;
  }
  if (digits < 1) digits = 1;
  if (digits > 17) digits = 17;
  if (strcmp(unit, "s") == 0) return format_time(si, digits, buffer, size);
  if (strcmp(unit, "K") == 0) return write_unit(si - 273.15, digits, "", "degC", buffer, size);
  if (strcmp(unit, CLX_UNIT_KELVINS) == 0) return write_unit(si, digits, "", "K", buffer, size);
  // Energy from a kilowatt-hour on is read in watt-hours.
  if (strcmp(unit, "J") == 0 && fabs(si) >= 3.6e6) return format_prefixed(si / 3600, "Wh", digits, buffer, size);
  if (strcmp(unit, "USD/s") == 0 || strcmp(unit, "USD/token") == 0) return format_rate(si, unit, digits, buffer, size);
  if (strcmp(unit, "GPU*s") == 0) return format_counted(si / 86400, "GPU*day", digits, buffer, size);
  if (strncmp(unit, "USD", 3) == 0 || strncmp(unit, "token", 5) == 0 || strncmp(unit, "GPU", 3) == 0) {
    return format_counted(si, unit, digits, buffer, size);
  }
  if (clx_unit_prefixable(unit) != NULL) return format_prefixed(si, unit, digits, buffer, size);
  return write_unit(si, digits, "", unit, buffer, size);
}
