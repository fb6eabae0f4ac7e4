// Rows of catalogue/price, building and staff; prices of a date.
#include "cost/cost_price.h"

#include <math.h>

#define NAME_ROWS                                                                                                      \
  {.key = "name", .kind = CLX_ROW_TEXT, .offset = offsetof(F, name), .required = true, .doc = "canonical name"},       \
      {.key = "title", .kind = CLX_ROW_TEXT, .offset = offsetof(F, title), .doc = "one line for people"}, {            \
    .key = "aliases", .kind = CLX_ROW_TEXTS, .offset = offsetof(F, aliases), .count_offset = offsetof(F, alias_count), \
    .doc = "other names; * stands for any run of characters"                                                           \
  }
#define REAL(name, member, unit_text, start, least, most, text)                                              \
  {                                                                                                          \
    .key = name, .kind = CLX_ROW_REAL, .offset = offsetof(F, member), .unit = unit_text, .initial = (start), \
    .minimum = (least), .maximum = (most), .doc = text                                                       \
  }
#define PRICE_MAX 1e12

#define F clx_price_point
static const clx_row point_rows[] = {
    {.key = "date",
     .kind = CLX_ROW_TEXT,
     .offset = offsetof(F, date),
     .required = true,
     .doc = "day, month, quarter or year"},
    {.key = "price",
     .kind = CLX_ROW_REAL,
     .offset = offsetof(F, price),
     .unit = "USD",
     .required = true,
     .minimum = 1e-6,
     .maximum = PRICE_MAX,
     .doc = "of one"},
    REAL("low", low, "USD", -1, 0, PRICE_MAX, "lowest quoted beside it"),
    REAL("high", high, "USD", -1, 0, PRICE_MAX, "highest quoted beside it"),
    {.key = "who", .kind = CLX_ROW_TEXT, .offset = offsetof(F, who), .doc = "seller, buyer or index"},
};
static const clx_schema point_schema = {.name = "point",
                                        .doc = "a price of a date",
                                        .rows = point_rows,
                                        .count = CLX_COUNT(point_rows),
                                        .size = sizeof(F),
                                        .place_offset = offsetof(F, place)};
#undef F

#define F clx_price
static const clx_row price_rows[] = {
    NAME_ROWS,
    REAL("gpus", gpus, NULL, 0, 0, 1e6, "GPUs in one of it"),
    REAL("power", power, "W", 0, 0, 1e9, "that its maker rates one at"),
    {.key = "points",
     .kind = CLX_ROW_LIST,
     .offset = offsetof(F, point),
     .count_offset = offsetof(F, point_count),
     .sub = &point_schema,
     .required = true,
     .doc = "prices by date"},
    REAL("decay", decay, NULL, -1, 0, 2, "fall of the value of a used one, log10 a year; not stated = not resold"),
    REAL("decay_low", decay_low, NULL, -1, 0, 2, "5th percentile of it"),
    REAL("decay_high", decay_high, NULL, -1, 0, 2, "95th percentile of it"),
};
const clx_schema clx_price_schema = {.name = "price",
                                     .doc = "price of a product by date",
                                     .rows = price_rows,
                                     .count = CLX_COUNT(price_rows),
                                     .size = sizeof(F)};
#undef F

#define F clx_building
static const clx_row building_rows[] = {
    NAME_ROWS,
    {.key = "date", .kind = CLX_ROW_TEXT, .offset = offsetof(F, date), .required = true, .doc = "of the price"},
    CLX_SPREAD_ROWS("cost", cost, "USD/W", 0, 0, 1e4, "construction, without land and without what it houses"),
    {.key = "critical",
     .kind = CLX_ROW_BOOL,
     .offset = offsetof(F, critical),
     .initial = 1,
     .doc = "by W of IT; no = by W of the whole site"},
    REAL("life", life, "s", 4.4e8, 1, 1e10, "years of use"),
};
const clx_schema clx_building_schema = {.name = "building",
                                        .doc = "construction cost by W",
                                        .rows = building_rows,
                                        .count = CLX_COUNT(building_rows),
                                        .size = sizeof(F)};
#undef F

#define F clx_staff
static const clx_row staff_rows[] = {
    NAME_ROWS,
    CLX_SPREAD_ROWS("people", people, "1/W", 0, 0, 1, "by W of the site"),
    CLX_SPREAD_ROWS("wage", wage, "USD/s", 0, 0, 1, "of one, with all that goes with it"),
};
const clx_schema clx_staff_schema = {.name = "staff",
                                     .doc = "people who run a site",
                                     .rows = staff_rows,
                                     .count = CLX_COUNT(staff_rows),
                                     .size = sizeof(F)};
#undef F

clx_status clx_price_check(clx_price *p, clx_place place, clx_error *error) {
  if (p->point_count == 0)
    return clx_fail(error, CLX_INPUT, place, "price '%.60s' has no points: expected at least one with date and price",
                    p->name);
  for (int32_t i = 0; i < p->point_count; i++) {
    clx_price_point *point = &p->point[i];
    if (!clx_year_read(point->date, &point->year))
      return clx_fail(error, CLX_INPUT, point->place,
                      "price '%.60s': date '%.40s'; expected a day, month (2024-07), quarter (2024Q3) or year", p->name,
                      point->date);
  }
  for (int32_t i = 1; i < p->point_count; i++) {  // insertion keeps the order of one date
    const clx_price_point held = p->point[i];
    int32_t j = i;
    for (; j > 0 && p->point[j - 1].year > held.year; j--) p->point[j] = p->point[j - 1];
    p->point[j] = held;
  }
  return CLX_OK;
}

// Mean logarithm of the points of the date of point `i`; *next = first of a later date.
static double log_mean(const clx_price *p, int32_t i, int32_t *next) {
  double sum = 0;
  int32_t n = i;
  for (; n < p->point_count && p->point[n].year == p->point[i].year; n++) sum += log(p->point[n].price);
  *next = n;
  return sum / (n - i);
}

static double price_near(const clx_price *p, double year) {
  int32_t next = 0;
  double before = log_mean(p, 0, &next), at = p->point[0].year;
  while (next < p->point_count) {
    const int32_t i = next;
    const double after = log_mean(p, i, &next), then = p->point[i].year;
    if (year <= at) break;
    if (year < then) return exp(before + (after - before) * (year - at) / (then - at));
    before = after;
    at = then;
  }
  return exp(before);
}

clx_spread clx_price_at(const clx_price *p, double year) {
  clx_spread s = {.expected = price_near(p, year)};
  s.low = s.high = s.expected;
  for (int32_t i = 0; i < p->point_count; i++) {
    const clx_price_point *point = &p->point[i];
    if (fabs(point->year - year) > 0.5) continue;
    s.low = fmin(s.low, point->low >= 0 ? point->low : point->price);
    s.high = fmax(s.high, point->high >= 0 ? point->high : point->price);
  }
  return s;
}

double clx_price_beyond(const clx_price *p, double year) {
  return fmax(0, fmax(p->point[0].year - year, year - p->point[p->point_count - 1].year));
}

clx_status clx_building_check(clx_building *b, clx_place place, clx_error *error) {
  if (!clx_year_read(b->date, &b->year))
    return clx_fail(error, CLX_INPUT, place, "building '%.60s': date '%.40s'; expected a day, month, quarter or year",
                    b->name, b->date);
  return clx_spread_check(&b->cost, "cost", place, error);
}

clx_status clx_staff_check(clx_staff *s, clx_place place, clx_error *error) {
  CLX_TRY(clx_spread_check(&s->people, "people", place, error));
  return clx_spread_check(&s->wage, "wage", place, error);
}
