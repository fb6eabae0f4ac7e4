// Unit expressions: products and quotients of known symbols with prefixes and integer powers; quantities made of them.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "unit/unit_internal.h"

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
    {"quarter", 3 * 30.4375 * 86400, {1}, false, true, 0},
    {"year", 365.25 * 86400, {1}, false, true, 0},
    {"Hz", 1, {-1}, true, false, 0},
    {"m", 1, {0, 1}, true, false, 0},
    {"l", 1e-3, {0, 3}, true, false, 0},
    {"L", 1e-3, {0, 3}, true, false, 0},
    {"gpm", 231 * 1.6387064e-5 / 60, {-1, 3}, false, false, 0},  // US gallons of 231 cubic inches
    {"g", 1e-3, {0, 0, 1}, true, false, 0},
    {"t", 1e3, {0, 0, 1}, true, false, 0},
    {"K", 1, {0, 0, 0, 1}, false, false, 0},
    {"kelvin", 1, {0, 0, 0, 1}, false, true, 0},
    {"degC", 1, {0, 0, 0, 1}, false, false, 273.15},
    {"degF", 5.0 / 9, {0, 0, 0, 1}, false, false, 459.67 * 5 / 9},
    {"Pa", 1, {-2, -1, 1}, true, false, 0},
    {"bar", 1e5, {-2, -1, 1}, true, false, 0},
    {"psi", 6894.757293168, {-2, -1, 1}, false, false, 0},
    {"J", 1, {-2, 2, 1}, true, false, 0},
    {"W", 1, {-3, 2, 1}, true, false, 0},
    {"ton", 12e3 * 1055.05585262 / 3600, {-3, 2, 1}, false, true, 0},  // of refrigeration: 12,000 Btu/h
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
    {"rack", 1, {0}, false, true, 0},  // a plain count
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
  int32_t power[CLX_BASE_UNITS];
  double factor, offset;
  int32_t terms;
} expression;

enum { TERMS_MAX = 8 };  // more are no unit of anything, and exponents stay small

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static size_t letters(const char *text) {
  size_t n = 0;
  while (is_letter(text[n])) n++;
  return n;
}

// One factor: symbol and power, at *at; `sign` is -1 behind '/'.
static bool read_term(const char **at, int32_t sign, expression *e) {
  const size_t length = letters(*at);
  double prefix = 1;
  const symbol *s = length == 0 ? NULL : find(*at, length, &prefix);
  if (s == NULL || ++e->terms > TERMS_MAX) return false;
  *at += length;
  int32_t power = 1;
  const bool caret = **at == '^';
  if (caret) (*at)++;
  if (caret && !is_digit(**at)) return false;
  if (is_digit(**at)) power = *(*at)++ - '0';
  if (power < 1 || is_digit(**at) || (s->offset != 0 && power > 1)) return false;
  for (int32_t i = 0; i < CLX_BASE_UNITS; i++) e->power[i] += sign * power * s->power[i];
  for (int32_t i = 0; i < power; i++) {
    e->factor = sign > 0 ? e->factor * (prefix * s->factor) : e->factor / (prefix * s->factor);
  }
  if (s->offset != 0) e->offset = s->offset;
  return true;
}

static bool read_expression(const char *at, expression *e) {
  int32_t sign = 1;
  if (at[0] == '\0') return true;
  const bool inverse = at[0] == '1' && at[1] == '/';  // "1/h"
  if (inverse) {
    sign = -1;
    at += 2;
  }
  for (;;) {
    if (!read_term(&at, sign, e)) return false;
    if (*at == '\0') break;
    if (*at != '*' && *at != '/') return false;
    sign = *at++ == '/' ? -1 : 1;
  }
  // A temperature with an offset stands alone.
  return (e->offset == 0 || (e->terms == 1 && !inverse)) && isfinite(e->factor) && e->factor > 0;
}

bool clx_unit_read(const char *unit, clx_dimension *dimension, double *factor, double *offset) {
  expression e = {.factor = 1};
  if (!read_expression(unit == NULL ? "" : unit, &e)) return false;
  for (int32_t i = 0; i < CLX_BASE_UNITS; i++) {
    if (e.power[i] < INT8_MIN || e.power[i] > INT8_MAX) return false;
    dimension->power[i] = (int8_t)e.power[i];
  }
  *factor = e.factor;
  *offset = e.offset;
  return true;
}

const char *clx_unit_prefixable(const char *unit) {
  const size_t length = letters(unit);
  double prefix = 1;
  const symbol *s = length == 0 ? NULL : find(unit, length, &prefix);
  if (s == NULL || !s->prefixed || prefix != 1 || (unit[length] != '\0' && unit[length] != '/' && unit[length] != '*'))
    return NULL;
  return s->name;
}

// --- quantities -------------------------------------------------------------------------------------------------------

// What a person calls a dimension, and what it looks like.
static const struct {
  const char *unit, *noun, *example;
} KINDS[] = {
    {"s", "a duration", "122 days"},
    {"B", "a size", "80 GB"},
    {"B/s", "a rate", "400 Gbit/s"},
    {"W", "a power", "150 MW"},
    {"J", "an energy", "3 MWh"},
    {"K", "a temperature", "35 degC"},
    {"FLOP", "a number of operations", "1e25 FLOP"},
    {"FLOP/s", "a compute rate", "989 TFLOP/s"},
    {"Hz", "a frequency", "1.98 GHz"},
    {"USD", "an amount of money", "30,000 USD"},
    {"USD/J", "a price of energy", "0.08 USD/kWh"},
    {"m", "a length", "30 m"},
    {"m2", "an area", "70,000 m2"},
    {"m3", "a volume", "5 m3"},
    {"m3/s", "a flow", "90 l/min"},
    {"kg", "a mass", "1.5 t"},
    {"kg/s", "a mass flow", "120 kg/s"},
    {"Pa", "a pressure", "2 bar"},
    {"token", "a number of tokens", "15 trillion tokens"},
    {"token/s", "a token rate", "3,000 tokens/s"},
    {"GPU", "a number of GPUs", "100,000 GPUs"},
};

static bool same_dimension(const clx_dimension *a, const clx_dimension *b) {
  return memcmp(a->power, b->power, sizeof a->power) == 0;
}

static bool is_plain(const clx_dimension *d) { return same_dimension(d, &(clx_dimension){{0}}); }

// Index into KINDS, or -1.
static int32_t kind_of(const clx_dimension *dimension) {
  for (int32_t i = 0; i < CLX_COUNT(KINDS); i++) {
    clx_dimension known;
    double factor, offset;
    if (clx_unit_read(KINDS[i].unit, &known, &factor, &offset) && same_dimension(&known, dimension)) return i;
  }
  return -1;
}

typedef struct asked {
  const char *text, *want;
  clx_dimension dimension;
  char *why;
  size_t why_size;
} asked;

// A difference of temperature, whose dimension is that of a temperature.
static bool is_difference(const asked *a) { return strcmp(a->want, CLX_UNIT_KELVINS) == 0; }

static const char *noun_of(const asked *a, int32_t kind) {
  return is_difference(a) ? "a difference of temperature" : KINDS[kind].noun;
}

static const char *example_of(const asked *a, int32_t kind) { return is_difference(a) ? "10 K" : KINDS[kind].example; }

// "expected a rate such as "400 Gbit/s", read "400": the unit is missing"
static clx_status refuse(const asked *a, const char *reason) {
  const int32_t kind = kind_of(&a->dimension);
  if (is_plain(&a->dimension)) {
    snprintf(a->why, a->why_size, "expected a number, read \"%.80s\"%s", a->text, reason);
  } else if (kind < 0) {
    snprintf(a->why, a->why_size, "expected a value such as \"1 %s\", read \"%.80s\"%s", a->want, a->text, reason);
  } else {
    snprintf(a->why, a->why_size, "expected %s such as \"%s\", read \"%.80s\"%s", noun_of(a, kind), example_of(a, kind),
             a->text, reason);
  }
  return CLX_INPUT;
}

static clx_status refuse_number(const asked *a, const char *reason) {
  const int32_t kind = kind_of(&a->dimension);
  if (is_plain(&a->dimension)) return refuse(a, reason);
  snprintf(a->why, a->why_size, "expected a number with a unit, such as \"%s%s\", read \"%.80s\"%s",
           kind < 0 ? "1 " : "", kind < 0 ? a->want : example_of(a, kind), a->text, reason);
  return CLX_INPUT;
}

static clx_status refuse_dimension(const asked *a, const char *unit, const clx_dimension *given) {
  char reason[200];
  const int32_t kind = kind_of(given);
  snprintf(reason, sizeof reason, ": the unit '%.40s' does not fit%s%s", unit, kind < 0 ? "" : ", it is ",
           kind < 0 ? "" : KINDS[kind].noun);
  return refuse(a, reason);
}

// "Gb/s" may mean either.
static bool bits_or_bytes(const char *unit) {
  const size_t length = letters(unit);
  return length > 1 && unit[length - 1] == 'b';
}

static clx_status refuse_unknown(const asked *a, const char *unit) {
  char reason[200];
  snprintf(reason, sizeof reason, ": unknown unit '%.40s'%s", unit,
           bits_or_bytes(unit) ? " (bits are 'bit', bytes are 'B')" : "");
  return refuse(a, reason);
}

// "million" and the like in front of a unit; moves *at behind it.
static double read_scale(const char **at) {
  static const struct {
    const char *word;
    double factor;
  } scales[] = {{"thousand", 1e3}, {"million", 1e6}, {"billion", 1e9}, {"trillion", 1e12}};
  const size_t length = letters(*at);
  for (int32_t i = 0; i < CLX_COUNT(scales); i++) {
    if (strlen(scales[i].word) != length || strncmp(*at, scales[i].word, length) != 0) continue;
    *at += length;
    while (**at == ' ') (*at)++;
    return scales[i].factor;
  }
  return 1;
}

static clx_status read_value(const asked *a, const char *rest, double number, double *value) {
  if (is_plain(&a->dimension)) {
    if (*rest != '\0' && strcmp(rest, "%") != 0) {
      snprintf(a->why, a->why_size, "expected a number without unit, read \"%.80s\"", a->text);
      return CLX_INPUT;
    }
    *value = *rest == '%' ? number / 100 : number;
    return CLX_OK;
  }
  clx_dimension given;
  double factor = 1, offset = 0;
  if (*rest == '\0') return refuse(a, ": the unit is missing");
  if (!clx_unit_read(rest, &given, &factor, &offset)) return refuse_unknown(a, rest);
  if (!same_dimension(&a->dimension, &given)) return refuse_dimension(a, rest, &given);
  if (is_difference(a) && offset != 0) return refuse(a, ": that is a point of a scale; a difference is in K");
  *value = number * factor + offset;
  return CLX_OK;
}

clx_status clx_quantity_read(const char *text, const char *want, double *si, char *why, size_t why_size) {
  asked a = {.text = text, .want = want == NULL ? "" : want, .why = why, .why_size = why_size};
  double factor = 1, offset = 0, value = 0;
  if (!clx_unit_read(want, &a.dimension, &factor, &offset)) {
    snprintf(why, why_size, "the schema names the unknown unit '%s'", a.want);
    return CLX_INTERNAL;
  }
  const clx_number number = clx_number_read(text);
  if (number.length == 0) return refuse_number(&a, "");
  if (!number.in_range) return refuse_number(&a, ": it is too large or too small");
  const char *rest = text + number.length;
  while (*rest == ' ') rest++;
  const double scale = read_scale(&rest);
  CLX_TRY(read_value(&a, rest, number.value * scale, &value));
  if (!isfinite(value)) return refuse_number(&a, ": it is too large");
  *si = value;
  return CLX_OK;
}
