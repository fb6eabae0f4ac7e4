// The rows of catalogue/climate.
#include "weather/weather.h"

#define F clx_climate
// A default outside of the range means: not stated.
#define NEEDED(name, member, unit_text, low, high, text)                                                   \
  {                                                                                                        \
    .key = name, .kind = CLX_ROW_REAL, .offset = offsetof(F, member), .unit = unit_text, .required = true, \
    .minimum = (low), .maximum = (high), .doc = text                                                       \
  }
#define MONTHS(name, member, unit_text, low, high, text)                                                            \
  {                                                                                                                 \
    .key = name, .kind = CLX_ROW_REALS, .offset = offsetof(F, member), .count_offset = offsetof(F, member##_count), \
    .unit = unit_text, .required = true, .minimum = (low), .maximum = (high), .doc = text                           \
  }

static const clx_row rows[] = {
    {.key = "name", .kind = CLX_ROW_TEXT, .offset = offsetof(F, name), .required = true, .doc = "canonical name"},
    {.key = "title", .kind = CLX_ROW_TEXT, .offset = offsetof(F, title), .doc = "one line for people"},
    {.key = "aliases",
     .kind = CLX_ROW_TEXTS,
     .offset = offsetof(F, aliases),
     .count_offset = offsetof(F, alias_count),
     .doc = "other names; * stands for any run of characters"},
    NEEDED("latitude", latitude, NULL, -90, 90, "degrees north"),
    NEEDED("longitude", longitude, NULL, -180, 180, "degrees east"),
    NEEDED("elevation", elevation, "m", -500, 6000,
           "above the sea; the pressure is that of the standard atmosphere there"),
    MONTHS("mean", mean, "K", 213.15, 323.15, "mean dry bulb of each of the 12 months"),
    MONTHS("humidity_morning", humidity_morning, NULL, 0.01, 0.99, "mean relative humidity at 7 h, 12 months"),
    MONTHS("humidity_noon", humidity_noon, NULL, 0.01, 0.99, "mean relative humidity at 13 h, 12 months"),
    MONTHS("swing", swing, CLX_UNIT_KELVINS, 0.1, 40,
           "mean of a day's highest less its lowest dry bulb, a difference in K, 12 months"),
    MONTHS("spread", spread, CLX_UNIT_KELVINS, 0.1, 20,
           "standard deviation of daily means within the month, a difference in K, 12 months"),
    NEEDED("design_hot", design_hot, "K", 233.15, 333.15, "dry bulb exceeded 0.4 % of the year"),
    NEEDED("design_wet", design_wet, "K", 233.15, 333.15, "mean wet bulb at design_hot"),
    NEEDED("design_evaporation", design_evaporation, "K", 233.15, 333.15, "wet bulb exceeded 0.4 % of the year"),
    NEEDED("design_cold", design_cold, "K", 193.15, 333.15, "dry bulb exceeded 99 % of the year"),
};

const clx_schema clx_climate_schema = {
    .name = "climate",
    .doc = "monthly normals and design points of a place, from which a typical year is made",
    .rows = rows,
    .count = CLX_COUNT(rows),
    .size = sizeof(F)};
