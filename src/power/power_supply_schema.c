// The rows of catalogue/generator, battery and tariff, and of the keys sources, batteries, curtailments, tariff of a scenario.
#include "power/power_supply.h"

const char *const clx_source_kind_name[CLX_SOURCE_KINDS + 1] = {"grid", "turbine", "engine", NULL};
const char *const clx_battery_role_name[4] = {"bridge", "shave", "smooth", NULL};

#define TIME_MAX 1e10  // s
#define POWER_MAX 1e12
#define ENERGY_MAX 1e18

// A default outside of the range means: not stated.
#define REAL(name, member, unit_text, start, low, high, text)                                                \
  {                                                                                                          \
    .key = name, .kind = CLX_ROW_REAL, .offset = offsetof(F, member), .unit = unit_text, .initial = (start), \
    .minimum = (low), .maximum = (high), .doc = text                                                         \
  }
#define NEEDED(name, member, unit_text, low, high, text)                                                   \
  {                                                                                                        \
    .key = name, .kind = CLX_ROW_REAL, .offset = offsetof(F, member), .unit = unit_text, .required = true, \
    .minimum = (low), .maximum = (high), .doc = text                                                       \
  }
#define TEXT(name, member, text) \
  { .key = name, .kind = CLX_ROW_TEXT, .offset = offsetof(F, member), .doc = text }
// What every entry of the catalogue starts with.
#define ENTRY_ROWS                                                                                                     \
  {.key = "name", .kind = CLX_ROW_TEXT, .offset = offsetof(F, name), .required = true, .doc = "canonical name"},       \
      TEXT("title", title, "one line for people"), {                                                                   \
    .key = "aliases", .kind = CLX_ROW_TEXTS, .offset = offsetof(F, aliases), .count_offset = offsetof(F, alias_count), \
    .doc = "other names; * stands for any run of characters"                                                           \
  }
#define SCHEMA(schema, title, text, table) \
  const clx_schema schema = {.name = title, .doc = text, .rows = table, .count = CLX_COUNT(table), .size = sizeof(F)}

#define F clx_generator
static const clx_row generator_rows[] = {
    ENTRY_ROWS,
    {.key = "type",
     .kind = CLX_ROW_CHOICE,
     .offset = offsetof(F, kind),
     .choices = clx_source_kind_name,
     .required = true,
     .doc = "turbine or engine"},
    NEEDED("power", power, "W", 1, POWER_MAX, "electric power of one unit at ISO conditions"),
    REAL("minimum", minimum, NULL, 0, 0, 1, "share of the power below which it may not run for long"),
    NEEDED("start_time", start_time, "s", 0, TIME_MAX, "from the order to full load, cold"),
    REAL("hot_start_time", hot_start_time, "s", -1, 0, TIME_MAX, "the same from standby; default: start_time"),
    NEEDED("ramp", ramp, "W/s", 1e-3, POWER_MAX, "rate at which one unit takes load"),
    REAL("hold", hold, "s", 900, 0, TIME_MAX, "how long a unit is kept running after its load has gone"),
    NEEDED("heat_rate", heat_rate, NULL, 1, 100, "J of fuel (lower heating value) per J of electricity at full load"),
    REAL("heat_rate_minimum", heat_rate_minimum, NULL, 0, 1, 100, "the same at minimum load; default: as at full load"),
    REAL("fuel_carbon", fuel_carbon, "kg/J", 0, 0, 1, "CO2 per J of fuel"),
    REAL("nox", nox, "kg/J", 0, 0, 1, "NOx per J of fuel, controlled as installed"),
    REAL("fuel_price", fuel_price, "USD/J", 0, 0, 1, "price of the fuel"),
    REAL("upkeep", upkeep, "USD/J", 0, 0, 1, "maintenance per J of electricity"),
    REAL("step_load", step_load, NULL, 0, 0, 1, "share of the power that it takes at once without losing frequency"),
};
SCHEMA(clx_generator_schema, "generator", "one unit of a turbine or engine", generator_rows);
#undef F

#define F clx_battery
static const clx_row battery_rows[] = {
    ENTRY_ROWS,
    NEEDED("power", power, "W", 0, POWER_MAX, "charge and discharge, at the terminals"),
    NEEDED("energy", energy, "J", 0, ENERGY_MAX, "usable when new, at the cells"),
    NEEDED("round_trip", round_trip, NULL, 0, 10, "share of what went in that comes out; 0 < x <= 1"),
    REAL("standby", standby, "W", 0, 0, POWER_MAX, "what it draws for itself, day and night"),
    REAL("response", response, "s", 0, 0, TIME_MAX, "to full power"),
    REAL("least", least, NULL, 0, 0, 1, "lowest state of charge kept"),
    REAL("most", most, NULL, 1, 0, 1, "highest state of charge kept"),
    REAL("cycles", cycles, NULL, 0, 0, 1e9, "full cycles until 70 % of the energy is left; 0 = no wear by cycles"),
    REAL("life", life, "s", 0, 0, TIME_MAX, "until the same by age alone; 0 = no fading by age"),
    REAL("price", price, "USD", 0, 0, 1e12, "of one unit; 0 = not known"),
};
SCHEMA(clx_battery_schema, "battery", "one unit of a battery", battery_rows);
#undef F

#define F clx_tariff
static const clx_row tariff_rows[] = {
    ENTRY_ROWS,
    REAL("energy", energy, "USD/J", -1, 0, 1, "price of energy; not stated = no cost of energy"),
    REAL("demand", demand, "USD/W", 0, 0, 1000, "a month, for the highest mean over demand_window"),
    REAL("demand_window", demand_window, "s", 1800, 1, 86400, "over which the highest demand is metered"),
    REAL("fixed", fixed, "USD", 0, 0, 1e9, "a month"),
    REAL("carbon", carbon, "kg/J", -1, 0, 1, "CO2 of the grid's mix; not stated = not counted"),
    REAL("nox", nox, "kg/J", -1, 0, 1, "NOx of the grid's mix; not stated = not counted"),
};
SCHEMA(clx_tariff_schema, "tariff", "what the grid's energy costs and emits", tariff_rows);
#undef F

// --- keys of a scenario ----------------------------------------------------------------------------------------------------

#define PLACED(schema, title, text, table)              \
  const clx_schema schema = {.name = title,             \
                             .doc = text,               \
                             .rows = table,             \
                             .count = CLX_COUNT(table), \
                             .size = sizeof(F),         \
                             .place_offset = offsetof(F, place)}

#define F clx_source_spec
static const clx_row source_rows[] = {
    {.key = "name", .kind = CLX_ROW_TEXT, .offset = offsetof(F, name), .required = true, .doc = "short name"},
    {.key = "kind",
     .kind = CLX_ROW_CHOICE,
     .offset = offsetof(F, kind),
     .choices = clx_source_kind_name,
     .initial = -1,
     .doc = "default: what its generator is, or grid"},
    REAL("power", power, "W", -1, 0, POWER_MAX, "of a feed"),
    TEXT("generator", generator, "entry of catalogue/generator"),
    REAL("count", count, NULL, -1, 1, 1e6, "generators of that entry"),
    REAL("from", from, "s", 0, 0, TIME_MAX, "of the run: connected"),
    REAL("until", until, "s", 0, 0, TIME_MAX, "of the run: disconnected; 0 = stays"),
    REAL("derating", derating, NULL, 1, 1e-3, 1,
         "share of the power left by heat, altitude, inlet loss, units in maintenance"),
    {.key = "order",
     .kind = CLX_ROW_INT,
     .offset = offsetof(F, order),
     .initial = -1,
     .minimum = 0,
     .maximum = 1000,
     .doc = "of use, lowest first; default: feeds 0, generators 1"},
    {.key = "standby",
     .kind = CLX_ROW_BOOL,
     .offset = offsetof(F, standby),
     .doc = "generators kept preheated: they start in hot_start_time"},
};
PLACED(clx_source_spec_schema, "source", "a grid feed, or equal generators", source_rows);
#undef F

#define F clx_store_spec
static const clx_row store_rows[] = {
    {.key = "battery",
     .kind = CLX_ROW_TEXT,
     .offset = offsetof(F, battery),
     .required = true,
     .doc = "entry of catalogue/battery"},
    REAL("count", count, NULL, 1, 1e-3, 1e6, "units"),
    {.key = "roles",
     .kind = CLX_ROW_TEXTS,
     .offset = offsetof(F, roles),
     .count_offset = offsetof(F, role_count),
     .single = true,
     .doc =
         "bridge (what no source can give yet; default), shave (before generators start), smooth (wave of the step)"},
    REAL("from", from, "s", 0, 0, TIME_MAX, "of the run: connected"),
    REAL("charge", charge, NULL, 1, 0, 1, "state at the start, within what the battery keeps to"),
    REAL("charge_power", charge_power, "W", 0, 0, POWER_MAX,
         "drawn to charge, all units together, at most; 0 = what they take"),
};
PLACED(clx_store_spec_schema, "battery", "batteries of one kind", store_rows);
#undef F

#define F clx_curtailment
static const clx_row curtailment_rows[] = {
    NEEDED("at", at, "s", 0, TIME_MAX, "of the run: begins"),
    REAL("notice", notice, "s", 1800, 0, TIME_MAX, "how long before it is announced; 0 = comes without a word"),
    NEEDED("duration", duration, "s", 0, TIME_MAX, "how long it lasts"),
    REAL("power", power, "W", 0, 0, POWER_MAX, "left of all feeds together"),
};
PLACED(clx_curtailment_schema, "curtailment", "a time in which the grid gives less", curtailment_rows);
#undef F

#define F clx_supply_spec
#define LIST(name, member, members, schema, text)                                                           \
  {                                                                                                         \
    .key = name, .kind = CLX_ROW_LIST, .offset = offsetof(F, member), .count_offset = offsetof(F, members), \
    .sub = &(schema), .doc = text                                                                           \
  }
static const clx_row supply_rows[] = {
    LIST("sources", source, source_count, clx_source_spec_schema, "where power comes from"),
    LIST("batteries", store, store_count, clx_store_spec_schema, "batteries of the site"),
    LIST("curtailments", curtailment, curtailment_count, clx_curtailment_schema, "when the grid gives less"),
    TEXT("tariff", tariff, "entry of catalogue/tariff: what the grid's energy costs and emits"),
};
PLACED(clx_supply_spec_schema, "supply", "where power comes from", supply_rows);
#undef F
