// Currencies, price levels, dates as years.
#include "cost/cost_money.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/unit.h"

#define F clx_currency
static const clx_row currency_rows[] = {
    {.key = "name", .kind = CLX_ROW_TEXT, .offset = offsetof(F, name), .required = true, .doc = "canonical name"},
    {.key = "title", .kind = CLX_ROW_TEXT, .offset = offsetof(F, title), .doc = "one line for people"},
    {.key = "aliases",
     .kind = CLX_ROW_TEXTS,
     .offset = offsetof(F, aliases),
     .count_offset = offsetof(F, alias_count),
     .doc = "other names"},
    {.key = "code", .kind = CLX_ROW_TEXT, .offset = offsetof(F, code), .required = true, .doc = "three letters"},
    {.key = "year",
     .kind = CLX_ROW_REALS,
     .offset = offsetof(F, year),
     .count_offset = offsetof(F, year_count),
     .required = true,
     .minimum = 1990,
     .maximum = 2100,
     .doc = "years of the lists below"},
    {.key = "usd",
     .kind = CLX_ROW_REALS,
     .offset = offsetof(F, usd),
     .count_offset = offsetof(F, usd_count),
     .required = true,
     .minimum = 1e-6,
     .maximum = 1e6,
     .doc = "USD for one, mean of each year"},
    {.key = "level",
     .kind = CLX_ROW_REALS,
     .offset = offsetof(F, level),
     .count_offset = offsetof(F, level_count),
     .minimum = 1e-6,
     .maximum = 1e6,
     .doc = "consumer prices of its country, mean of each year, any base"},
};
const clx_schema clx_currency_schema = {.name = "currency",
                                        .doc = "a currency: exchange rate and price level by year",
                                        .rows = currency_rows,
                                        .count = CLX_COUNT(currency_rows),
                                        .size = sizeof(F)};
#undef F

clx_status clx_currency_check(const clx_currency *c, clx_place place, clx_error *error) {
  if (c->code == NULL || strlen(c->code) != 3)
    return clx_fail(error, CLX_INPUT, place, "currency '%.40s': code is '%.40s', expected three letters", c->name,
                    c->code != NULL ? c->code : "");
  if (c->year_count < 1 || c->usd_count != c->year_count || (c->level_count != 0 && c->level_count != c->year_count))
    return clx_fail(
        error, CLX_INPUT, place,
        "currency '%.40s': %d years, %d rates, %d price levels; expected as many of each (levels may be left out)",
        c->name, c->year_count, c->usd_count, c->level_count);
  for (int32_t i = 1; i < c->year_count; i++) {
    if (!(c->year[i] > c->year[i - 1]))
      return clx_fail(error, CLX_INPUT, place, "currency '%.40s': year %g after %g; expected rising years", c->name,
                      c->year[i], c->year[i - 1]);
  }
  return CLX_OK;
}

// Between yearly means that stand for the middle of their years; false outside of them by more than half a year.
static bool at_year(const double *year, const double *value, int32_t count, double at, double *out) {
  if (at < year[0] || at > year[count - 1] + 1) return false;
  const double x = at - 0.5;
  int32_t i = 0;
  while (i < count - 1 && year[i + 1] < x) i++;
  if (x <= year[0] || i == count - 1) {
    *out = value[x <= year[0] ? 0 : count - 1];
  } else {
    *out = value[i] + (value[i + 1] - value[i]) * (x - year[i]) / (year[i + 1] - year[i]);
  }
  return true;
}

clx_status clx_currency_usd(const clx_currency *c, double year, clx_place place, double *usd, clx_error *error) {
  if (at_year(c->year, c->usd, c->year_count, year, usd)) return CLX_OK;
  return clx_fail(error, CLX_INPUT, place, "no rate of %s in %.2f: catalogue/currency/%s covers %g to %g", c->code,
                  year, c->name, c->year[0], c->year[c->year_count - 1]);
}

static bool level_at(const clx_currency *usd, double year, double growth, double *level) {
  if (at_year(usd->year, usd->level, usd->level_count, year, level)) return true;
  const double last = usd->year[usd->level_count - 1] + 0.5;
  if (year < last) return false;
  *level = usd->level[usd->level_count - 1] * pow(1 + growth, year - last);
  return true;
}

clx_status clx_price_level(const clx_currency *usd, double from, double to, double growth, clx_place place,
                           double *factor, clx_error *error) {
  double before = 0, after = 0;
  if (from == to) {
    *factor = 1;
    return CLX_OK;
  }
  if (usd == NULL || usd->level_count == 0)
    return clx_fail(error, CLX_INPUT, place,
                    "a price of %.0f is brought to %.0f by consumer prices; expected `usd` in the list `currencies`",
                    from, to);
  if (!level_at(usd, from, growth, &before) || !level_at(usd, to, growth, &after))
    return clx_fail(error, CLX_INPUT, place, "no price level for %.1f to %.1f: catalogue/currency/%s begins in %g",
                    from, to, usd->name, usd->year[0]);
  *factor = after / before;
  return CLX_OK;
}

// The first run of three capital letters on its own: a currency. NULL: none.
static const char *find_code(const char *text) {
  for (const char *p = text; *p != '\0'; p++) {
    if (p != text && (isalnum((unsigned char)p[-1]) || p[-1] == '_')) continue;
    int32_t n = 0;
    while (isupper((unsigned char)p[n])) n++;
    if (n == 3 && !isalnum((unsigned char)p[n])) return p;
  }
  return NULL;
}

static clx_status unknown_currency(const char *code, const clx_currencies *known, clx_place place, clx_error *error) {
  char list[200] = "USD";
  for (int32_t i = 0; i < known->count; i++) {
    const size_t used = strlen(list);
    if (strcmp(known->item[i]->code, "USD") != 0)
      snprintf(list + used, sizeof list - used, ", %.3s", known->item[i]->code);
  }
  return clx_fail(error, CLX_INPUT, place, "unknown currency '%.3s': the plan knows %s", code, list);
}

clx_status clx_money_read(const char *text, const char *unit, double year, const clx_currencies *known, clx_place place,
                          double *usd, clx_error *error) {
  char changed[128], why[200];
  double rate = 1;
  const char *code = find_code(text);
  if (strlen(text) >= sizeof changed)
    return clx_fail(error, CLX_INPUT, place, "an amount of %d letters: expected one such as \"270,555 EUR\"",
                    (int)strlen(text));
  if (code == NULL)
    return clx_fail(error, CLX_INPUT, place, "'%.100s' names no currency: expected an amount such as \"270,555 EUR\"",
                    text);
  if (strncmp(code, "USD", 3) != 0) {
    const clx_currency *found = NULL;
    for (int32_t i = 0; i < known->count; i++) {
      if (strncmp(known->item[i]->code, code, 3) == 0) found = known->item[i];
    }
    if (found == NULL) return unknown_currency(code, known, place, error);
    CLX_TRY(clx_currency_usd(found, year, place, &rate, error));
  }
  snprintf(changed, sizeof changed, "%s", text);
  memcpy(changed + (code - text), "USD", 3);
  double si = 0;
  if (clx_quantity_read(changed, unit, &si, why, sizeof why) != CLX_OK)
    return clx_fail(error, CLX_INPUT, place, "'%.100s': %s", text, why);
  *usd = si * rate;
  return CLX_OK;
}

// Two or four digits at `text`; -1: others.
static int32_t digits(const char *text, int32_t count) {
  int32_t value = 0;
  for (int32_t i = 0; i < count; i++) {
    if (!isdigit((unsigned char)text[i])) return -1;
    value = 10 * value + (text[i] - '0');
  }
  return value;
}

bool clx_year_read(const char *text, double *year) {
  double time = 0, out = 0;
  const size_t length = strlen(text);
  const int32_t y = length >= 4 ? digits(text, 4) : -1;
  if (y < 1990 || y > 2100) return false;
  if (length == 4) {
    out = y + 0.5;
  } else if (length == 6 && text[4] == 'Q' && text[5] >= '1' && text[5] <= '4') {
    out = y + 0.25 * (text[5] - '1') + 0.125;
  } else if (length == 7 && text[4] == '-') {
    const int32_t month = digits(text + 5, 2);
    if (month < 1 || month > 12) return false;
    out = y + (month - 0.5) / 12;
  } else {
    if (length < 10 || !clx_time_read(text, &time)) return false;
    const double since = time / 86400 - 10957;  // days from 2000-01-01
    out = 2000 + since / 365.25;
  }
  *year = out;
  return true;
}
