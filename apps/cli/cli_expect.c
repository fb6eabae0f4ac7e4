// --expect 'training.mfu>=38 %': a quantity of the result, how it must compare, a number with an optional unit.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

typedef enum comparison { AT_LEAST, AT_MOST, ABOVE, BELOW, EQUAL, COMPARISONS } comparison;

static const char *const SIGN[COMPARISONS] = {">=", "<=", ">", "<", "=="};

typedef struct expectation {
  char name[96];
  comparison compare;
  const char *sign;  // of the comparison
  double number;     // as written
  const char *unit;  // as written, "" = SI
} expectation;

static int bad_form(const char *text) {
  cli_wrong("'--expect' takes NAME>=VALUE (or <=, >, <, ==), such as 'training.mfu>=0.38', read '%s'", text);
  return CLI_WRONG;
}

static int parse(const char *text, expectation *e) {
  text += strspn(text, " ");
  const size_t length = strcspn(text, " <>="), gap = strspn(text + length, " ");
  if (length == 0 || length >= sizeof e->name) return bad_form(text);
  snprintf(e->name, sizeof e->name, "%.*s", (int)length, text);
  const char *at = text + length + gap;
  int32_t sign = 0;
  while (sign < COMPARISONS && strncmp(at, SIGN[sign], strlen(SIGN[sign])) != 0) sign++;
  if (sign == COMPARISONS) return bad_form(text);
  e->compare = (comparison)sign;
  e->sign = SIGN[sign];
  at += strlen(SIGN[sign]);
  at += strspn(at, " ");
  const size_t digits = strspn(at, "+-.0123456789");
  char *end = NULL;
  e->number = strtod(at, &end);
  if (digits == 0 || end == at || *end == 'x' || strchr(end, '=') != NULL || !isfinite(e->number))
    return bad_form(text);
  e->unit = end + strspn(end, " ");
  return CLI_DONE;
}

int cli_expect_check(const cli_call *call) {
  expectation e = {0};
  int code = CLI_DONE;
  for (int32_t i = 0; i < call->given_count; i++) {
    if (strcmp(call->given[i]->name, "expect") == 0 && parse(call->text[i], &e) != CLI_DONE) code = CLI_WRONG;
  }
  return code;
}

// --- units -----------------------------------------------------------------------------------------------------------

static bool prefixed(const char *unit, const char *si, double *factor) {
  static const struct {
    char letter;
    double factor;
  } prefixes[] = {{'n', 1e-9}, {'u', 1e-6}, {'m', 1e-3}, {'k', 1e3}, {'M', 1e6},
                  {'G', 1e9},  {'T', 1e12}, {'P', 1e15}, {'E', 1e18}};
  const bool bare = unit[0] != '\0' && unit[1] == '\0' && (si[0] == '\0' || strncmp(si, "token", 5) == 0);  // "15T"
  if (!bare && (unit[0] == '\0' || si[0] == '\0' || strcmp(unit + 1, si) != 0)) return false;
  for (int32_t i = 0; i < CLI_COUNT(prefixes); i++) {
    if (prefixes[i].letter != unit[0]) continue;
    *factor = prefixes[i].factor;
    return true;
  }
  return false;
}

// The factor from the unit written to the SI unit of the quantity.
static bool unit_factor(const char *unit, const char *si, double *factor) {
  static const struct {
    const char *unit, *si;
    double factor;
  } words[] = {{"%", "", 0.01},
               {"min", "s", 60},
               {"h", "s", 3600},
               {"day", "s", 86400},
               {"days", "s", 86400},
               {"months", "s", 2629800},
               {"year", "s", 31557600},
               {"years", "s", 31557600},
               {"trillion", "tokens", 1e12},
               {"Wh", "J", 3600},
               {"USD/Mtoken", "USD/token", 1e-6}};
  *factor = 1;
  if (unit[0] == '\0' || strcmp(unit, si) == 0) return true;
  for (int32_t i = 0; i < CLI_COUNT(words); i++) {
    if (strcmp(unit, words[i].unit) != 0 || strcmp(si, words[i].si) != 0) continue;
    *factor = words[i].factor;
    return true;
  }
  if (strcmp(si, "J") == 0 && prefixed(unit, "Wh", factor)) {
    *factor *= 3600;
    return true;
  }
  return prefixed(unit, si, factor);
}

// --- comparison ------------------------------------------------------------------------------------------------------

static bool holds(comparison compare, double value, double wanted) {
  switch (compare) {
    case AT_LEAST:
      return value >= wanted;
    case AT_MOST:
      return value <= wanted;
    case ABOVE:
      return value > wanted;
    case BELOW:
      return value < wanted;
    case EQUAL:
      return fabs(value - wanted) <= 1e-9 * fabs(wanted);
    case COMPARISONS:
      break;
  }
  return false;
}

static const char *quantity_name(const void *context, int32_t index) {
  const clx_quantity *quantity = clx_result_at(context, index);
  return quantity == NULL ? NULL : quantity->name;
}

static int compare_one(const cli_call *call, const char *text, const clx_result *result) {
  expectation e = {0};
  double factor = 1;
  if (parse(text, &e) != CLI_DONE) return CLI_WRONG;
  const clx_quantity *quantity = clx_result_find(result, e.name);
  if (quantity == NULL) {
    const char *near = cli_nearest(e.name, quantity_name, result);
    if (near != NULL) return cli_wrong("the result has no '%s'; did you mean '%s'?", e.name, near);
    return cli_wrong("the result has no '%s': 'colossus %s ... --json' shows all names", e.name, call->command->name);
  }
  if (!unit_factor(e.unit, quantity->unit, &factor)) {
    const char *unit = quantity->unit[0] != '\0' ? quantity->unit : "plain numbers";
    return cli_wrong("'%s' is in %s, read the unit '%s'", e.name, unit, e.unit);
  }
  if (holds(e.compare, quantity->value, e.number * factor)) return CLI_DONE;
  const char *unit = e.unit[0] != '\0' ? e.unit : quantity->unit, *gap = unit[0] != '\0' ? " " : "";  // as asked
  cli_wrong("expected %s %s %.9g%s%s, found %.9g%s%s", e.name, e.sign, e.number, gap, unit, quantity->value / factor,
            gap, unit);
  return CLI_UNMET;
}

int cli_expect_compare(const cli_call *call, const clx_result *result) {
  int worst = CLI_DONE;
  for (int32_t i = 0; i < call->given_count; i++) {
    if (strcmp(call->given[i]->name, "expect") != 0) continue;
    const int code = compare_one(call, call->text[i], result);
    if (code == CLI_WRONG || worst == CLI_DONE) worst = code;
  }
  return worst;
}
