// Unit expressions: products and quotients of known symbols with prefixes and integer powers.
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/unit.h"

typedef struct symbol {
  const char *name;
  double factor;
  int8_t power[CLX_BASE_UNITS];  // s m kg K B FLOP USD token GPU
  bool prefixed;                 // takes n u m k M G T P E
  bool plural;                   // may end in 's'
  double offset;                 // only degC, degF
} symbol;

static const symbol SYMBOLS[] = {
    {"s", 1, {1}, true, false, 0},
    {"second", 1, {1}, false, true, 0},
    {"min", 60, {1}, false, false, 0},
    {"minute", 60, {1}, false, true, 0},
    {"h", 3600, {1}, false, false, 0},
    {"hour", 3600, {1}, false, true, 0},
    {"d", 86400, {1}, false, false, 0},
    {"day", 86400, {1}, false, true, 0},
    {"week", 7 * 86400.0, {1}, false, true, 0},
    {"month", 30.4375 * 86400, {1}, false, true, 0},
    {"year", 365.25 * 86400, {1}, false, true, 0},
    {"Hz", 1, {-1}, true, false, 0},
    {"m", 1, {0, 1}, true, false, 0},
    {"l", 1e-3, {0, 3}, true, false, 0},
    {"L", 1e-3, {0, 3}, true, false, 0},
    {"g", 1e-3, {0, 0, 1}, true, false, 0},
    {"t", 1e3, {0, 0, 1}, true, false, 0},
    {"K", 1, {0, 0, 0, 1}, false, false, 0},
    {"degC", 1, {0, 0, 0, 1}, false, false, 273.15},
    {"degF", 5.0 / 9, {0, 0, 0, 1}, false, false, 459.67 * 5 / 9},
    {"Pa", 1, {-2, -1, 1}, true, false, 0},
    {"bar", 1e5, {-2, -1, 1}, true, false, 0},
    {"psi", 6894.757293168, {-2, -1, 1}, false, false, 0},
    {"J", 1, {-2, 2, 1}, true, false, 0},
    {"W", 1, {-3, 2, 1}, true, false, 0},
    {"Wh", 3600, {-2, 2, 1}, true, false, 0},
    {"B", 1, {0, 0, 0, 0, 1}, true, false, 0},
    {"byte", 1, {0, 0, 0, 0, 1}, false, true, 0},
    {"bit", 0.125, {0, 0, 0, 0, 1}, true, true, 0},
    {"bps", 0.125, {-1, 0, 0, 0, 1}, true, false, 0},
    {"FLOP", 1, {0, 0, 0, 0, 0, 1}, true, false, 0},
    {"FLOPS", 1, {-1, 0, 0, 0, 0, 1}, true, false, 0},
    {"USD", 1, {0, 0, 0, 0, 0, 0, 1}, true, false, 0},
    {"token", 1, {0, 0, 0, 0, 0, 0, 0, 1}, true, true, 0},
    {"GPU", 1, {0, 0, 0, 0, 0, 0, 0, 0, 1}, true, true, 0},
};

static const struct {
  const char *text;
  double factor;
} PREFIXES[] = {{"Ki", 1024.0}, {"Mi", 1048576.0}, {"Gi", 1073741824.0}, {"Ti", 1099511627776.0},
                {"n", 1e-9},    {"u", 1e-6},       {"m", 1e-3},          {"k", 1e3},
                {"M", 1e6},     {"G", 1e9},        {"T", 1e12},          {"P", 1e15},
                {"E", 1e18}};

static bool is_symbol(const symbol *s, const char *text, size_t length) {
  const size_t own = strlen(s->name);
  if (length == own && strncmp(s->name, text, own) == 0) return true;
  return s->plural && length == own + 1 && text[own] == 's' && strncmp(s->name, text, own) == 0;
}

static const symbol *find(const char *text, size_t length, double *prefix) {
  *prefix = 1;
  for (int32_t i = 0; i < CLX_COUNT(SYMBOLS); i++) {
    if (is_symbol(&SYMBOLS[i], text, length)) return &SYMBOLS[i];
  }
  for (int32_t p = 0; p < CLX_COUNT(PREFIXES); p++) {
    const size_t skip = strlen(PREFIXES[p].text);
    if (length <= skip || strncmp(text, PREFIXES[p].text, skip) != 0) continue;
    for (int32_t i = 0; i < CLX_COUNT(SYMBOLS); i++) {
      if (!SYMBOLS[i].prefixed || !is_symbol(&SYMBOLS[i], text + skip, length - skip)) continue;
      *prefix = PREFIXES[p].factor;
      return &SYMBOLS[i];
    }
  }
  return NULL;
}

typedef struct expression {
  clx_dimension dimension;
  double factor, offset;
  int32_t terms;
} expression;

// One factor: symbol and power, at *at; `sign` is -1 behind '/'.
static bool read_term(const char **at, int32_t sign, expression *e) {
  const char *start = *at;
  while (isalpha((unsigned char)**at)) (*at)++;
  const size_t length = (size_t)(*at - start);
  double prefix;
  const symbol *s = length == 0 ? NULL : find(start, length, &prefix);
  if (s == NULL) return false;
  int32_t power = 1;
  if (**at == '^') (*at)++;
  if (isdigit((unsigned char)**at)) power = *(*at)++ - '0';
  if (power < 1 || isdigit((unsigned char)**at)) return false;
  for (int32_t i = 0; i < CLX_BASE_UNITS; i++) {
    e->dimension.power[i] = (int8_t)(e->dimension.power[i] + sign * power * s->power[i]);
  }
  e->factor *= pow(prefix * s->factor, sign * power);
  if (s->offset != 0) e->offset = s->offset;
  e->terms++;
  return true;
}

bool clx_unit_read(const char *unit, clx_dimension *dimension, double *factor, double *offset) {
  expression e = {.factor = 1};
  const char *at = unit == NULL ? "" : unit;
  int32_t sign = 1;
  while (*at != '\0') {
    if (!read_term(&at, sign, &e)) return false;
    if (*at == '\0') break;
    if (*at != '*' && *at != '/') return false;
    sign = *at++ == '/' ? -1 : 1;
    if (*at == '\0') return false;
  }
  if (e.offset != 0 && e.terms > 1) return false;  // a temperature with an offset stands alone
  *dimension = e.dimension;
  *factor = e.factor;
  *offset = e.offset;
  return true;
}

// --- numbers ----------------------------------------------------------------------------------------------------------

enum { NUMBER_MAX = 64 };

// Copies the number at the start of `text` without digit groups to `plain`; returns how many characters it took, 0 = none.
static size_t number_length(const char *text, char *plain) {
  size_t in = 0, out = 0, digits = 0;
  bool fraction = false;
  if (text[in] == '+' || text[in] == '-') plain[out++] = text[in++];
  for (; out < NUMBER_MAX - 8; in++) {
    const char c = text[in];
    if (isdigit((unsigned char)c)) {
      plain[out++] = c;
      digits++;
    } else if (c == '.' && !fraction) {
      plain[out++] = c;
      fraction = true;
    } else if ((c == ',' || c == '_') && !fraction && digits > 0 && isdigit((unsigned char)text[in + 1])) {
      // A comma groups exactly three digits, so that a decimal comma is not misread.
      if (c == ',' && !(isdigit((unsigned char)text[in + 2]) && isdigit((unsigned char)text[in + 3]) &&
                        !isdigit((unsigned char)text[in + 4]))) {
        return 0;
      }
    } else {
      break;
    }
  }
  if (digits == 0 || out >= NUMBER_MAX - 8) return 0;
  const size_t sign = text[in + 1] == '+' || text[in + 1] == '-' ? 1 : 0;
  if ((text[in] == 'e' || text[in] == 'E') && isdigit((unsigned char)text[in + 1 + sign])) {
    plain[out++] = 'e';
    in++;
    if (sign == 1) plain[out++] = text[in++];
    for (size_t n = 0; isdigit((unsigned char)text[in]); in++, n++) {
      if (n >= 4) return 0;
      plain[out++] = text[in];
    }
  }
  plain[out] = '\0';
  return in;
}

static const char *example_of(const char *want) {
  static const struct {
    const char *unit, *example;
  } examples[] = {{"B/s", "400 Gbit/s"}, {"W", "150 MW"},           {"s", "122 days"}, {"K", "35 degC"},
                  {"B", "80 GB"},        {"FLOP/s", "989 TFLOP/s"}, {"J", "3 MWh"},    {"Hz", "1.98 GHz"},
                  {"USD", "30 kUSD"},    {"FLOP", "1e25 FLOP"}};
  for (int32_t i = 0; i < CLX_COUNT(examples); i++) {
    if (strcmp(examples[i].unit, want) == 0) return examples[i].example;
  }
  return want;
}

static bool same_dimension(const clx_dimension *a, const clx_dimension *b) {
  return memcmp(a->power, b->power, sizeof a->power) == 0;
}

static bool is_plain(const clx_dimension *d) {
  for (int32_t i = 0; i < CLX_BASE_UNITS; i++) {
    if (d->power[i] != 0) return false;
  }
  return true;
}

static clx_status read_plain(const char *text, const char *rest, double number, double *si, char *why,
                             size_t why_size) {
  if (strcmp(rest, "%") == 0) {
    *si = number / 100;
    return CLX_OK;
  }
  if (*rest != '\0') {
    snprintf(why, why_size, "expected a number without unit, read '%s'", text);
    return CLX_INPUT;
  }
  *si = number;
  return CLX_OK;
}

clx_status clx_quantity_read(const char *text, const char *want, double *si, char *why, size_t why_size) {
  char plain[NUMBER_MAX];
  clx_dimension wanted, given;
  double factor, offset, wanted_factor, wanted_offset;
  if (want == NULL) want = "";
  if (!clx_unit_read(want, &wanted, &wanted_factor, &wanted_offset)) {
    snprintf(why, why_size, "the schema names the unknown unit '%s'", want);
    return CLX_INTERNAL;
  }
  const size_t length = number_length(text, plain);
  const double number = length == 0 ? NAN : strtod(plain, NULL);  // the library never sets a locale
  if (!isfinite(number)) {
    snprintf(why, why_size, "expected a number%s%s%s, read '%s'", *want ? " with a unit, such as '" : "",
             *want ? example_of(want) : "", *want ? "'" : "", text);
    return CLX_INPUT;
  }
  const char *rest = text + length;
  while (*rest == ' ') rest++;
  if (is_plain(&wanted)) return read_plain(text, rest, number, si, why, why_size);
  if (*rest == '\0') {
    snprintf(why, why_size, "the unit is missing: expected something like '%s', read '%s'", example_of(want), text);
    return CLX_INPUT;
  }
  if (!clx_unit_read(rest, &given, &factor, &offset)) {
    snprintf(why, why_size, "unknown unit '%s': expected something like '%s'", rest, example_of(want));
    return CLX_INPUT;
  }
  if (!same_dimension(&wanted, &given)) {
    snprintf(why, why_size, "the unit '%s' does not fit: expected something like '%s'", rest, example_of(want));
    return CLX_INPUT;
  }
  const double value = number * factor + offset;
  if (!isfinite(value)) {
    snprintf(why, why_size, "'%s' is too large", text);
    return CLX_INPUT;
  }
  *si = value;
  return CLX_OK;
}
