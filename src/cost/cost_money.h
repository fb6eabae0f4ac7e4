// Amounts in currencies and prices of a year, in USD of a date. docs/model/cost.md.
#pragma once

#include "base/base.h"
#include "schema/schema.h"

// catalogue/currency: yearly means.
typedef struct clx_currency {
  const char *name, *title;
  const char *const *aliases;
  int32_t alias_count;
  const char *code;  // "EUR"
  double *year;      // year_count, rising
  int32_t year_count;
  double *usd;  // usd_count = year_count: USD for one
  int32_t usd_count;
  double *level;  // level_count = year_count or 0: consumer prices of its country, any base
  int32_t level_count;
} clx_currency;
extern const clx_schema clx_currency_schema;

// Currencies that a plan knows; USD always.
typedef struct clx_currencies {
  const clx_currency *const *item;
  int32_t count;
} clx_currencies;

// CLX_INPUT: lists of different lengths, years that do not rise, values that are not above 0.
clx_status clx_currency_check(const clx_currency *currency, clx_place place, clx_error *error);
// Linear between yearly means taken at mid-year, flat outside by half a year at most. CLX_INPUT: a year that the entry does not cover.
clx_status clx_currency_usd(const clx_currency *currency, double year, clx_place place, double *usd, clx_error *error);
// Price level of `to` over that of `from`, of the USD entry: what a USD of one year is in the other. Beyond its last year it goes on at `growth`
// a year (stated by the plan).
clx_status clx_price_level(const clx_currency *usd, double from, double to, double growth, clx_place place,
                           double *factor, clx_error *error);

// "11.7 million USD/MW", "270,555 EUR", "0.5 million GBP/MW" as SI with `unit` in USD ("USD", "USD/W"), exchanged at the mean rate of `year`.
// CLX_INPUT: an unknown currency (the known ones are named), another dimension.
clx_status clx_money_read(const char *text, const char *unit, double year, const clx_currencies *known, clx_place place,
                          double *usd, clx_error *error);

// A year with its fraction ("2024-07-01" = 2024.5) of a date as clx_time_read takes it, or of "2024", "2024-07", "2024Q3" (middle of what
// it names). False: none of these, or outside of 1990 .. 2100.
bool clx_year_read(const char *text, double *year);
