// What the catalogue says of prices: products by date, construction by class, staff. docs/model/cost.md.
#pragma once

#include "cost/cost_money.h"
#include "cost/cost_spread.h"

typedef struct clx_price_point {
  const char *date;
  double year;  // of `date`; filled by clx_price_check
  double price, low, high;
  const char *who;  // seller, buyer or index
  clx_place place;
} clx_price_point;

// catalogue/price: one product; USD each.
typedef struct clx_price {
  const char *name, *title;
  const char *const *aliases;
  int32_t alias_count;
  double gpus;             // in one of it; 0 = none
  double power;            // W that its maker rates one at; 0 = not stated
  clx_price_point *point;  // point_count, rising dates after clx_price_check
  int32_t point_count;
  double decay;  // of what a used one is worth, log10 a year; < 0 = not stated
  double decay_low, decay_high;
} clx_price;
extern const clx_schema clx_price_schema;

// Sorts the points by date. CLX_INPUT: a date that cannot be read, no points.
clx_status clx_price_check(clx_price *price, clx_place place, clx_error *error);
// The price of a date: straight in the logarithm between means of the points of one date, flat outside. low and high from the points
// beside it where they state them, else the lowest and highest point within half a year. Never below or above the price itself.
clx_spread clx_price_at(const clx_price *price, double year);

// Years by which a date lies outside of the dated prices; 0 = within.
double clx_price_beyond(const clx_price *price, double year);

// catalogue/building: construction and equipment by W of its class.
typedef struct clx_building {
  const char *name, *title;
  const char *const *aliases;
  int32_t alias_count;
  const char *date;  // of its price
  double year;
  clx_spread cost;   // USD/W
  int32_t critical;  // per W of IT (1) or of the whole site (0)
  double life;       // s
} clx_building;
extern const clx_schema clx_building_schema;
clx_status clx_building_check(clx_building *building, clx_place place, clx_error *error);

// catalogue/staff: people who run a site.
typedef struct clx_staff {
  const char *name, *title;
  const char *const *aliases;
  int32_t alias_count;
  clx_spread people;  // per W of the site
  clx_spread wage;    // USD/s of one, with all that goes with it
} clx_staff;
extern const clx_schema clx_staff_schema;
clx_status clx_staff_check(clx_staff *staff, clx_place place, clx_error *error);
