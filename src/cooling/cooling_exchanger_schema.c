// The rows of catalogue/cold_plate, rack_coolant and cdu.
#include "cooling/cooling_exchanger.h"

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
#define REALS(name, member, counter, unit_text, low, high, must, text)                                       \
  {                                                                                                          \
    .key = name, .kind = CLX_ROW_REALS, .offset = offsetof(F, member), .count_offset = offsetof(F, counter), \
    .unit = unit_text, .single = true, .required = (must), .minimum = (low), .maximum = (high), .doc = text  \
  }
#define TEXT(name, member, must, start, text)                                                                    \
  {                                                                                                              \
    .key = name, .kind = CLX_ROW_TEXT, .offset = offsetof(F, member), .required = (must), .text_initial = start, \
    .doc = text                                                                                                  \
  }
// What every entry of the catalogue starts with.
#define ENTRY_ROWS                                                                                                     \
  {.key = "name", .kind = CLX_ROW_TEXT, .offset = offsetof(F, name), .required = true, .doc = "canonical name"},       \
      TEXT("title", title, false, NULL, "one line for people"), {                                                      \
    .key = "aliases", .kind = CLX_ROW_TEXTS, .offset = offsetof(F, aliases), .count_offset = offsetof(F, alias_count), \
    .doc = "other names; * stands for any run of characters"                                                           \
  }
#define SCHEMA(schema, title, text, table) \
  const clx_schema schema = {.name = title, .doc = text, .rows = table, .count = CLX_COUNT(table), .size = sizeof(F)}

#define POWER_MAX 1e9   // W
#define HOTTEST 373.15  // K
#define COLDEST 223.15
#define FLOW_MAX 10  // m3/s
#define PRESSURE_MAX 1e8

#define F clx_cold_plate
static const clx_row cold_plate_rows[] = {
    ENTRY_ROWS,
    TEXT("fluid", fluid, true, NULL, "water, pg25"),
    REALS("flow", flow, flow_count, "m3/s", 1e-9, FLOW_MAX, true, "through one plate, rising"),
    REALS("resistance", resistance, resistance_count, "K/W", 1e-6, 100, true,
          "from case to inlet at each flow, falling"),
    NEEDED("power", power, "W", 1e-3, POWER_MAX, "of one plate at which it was measured"),
    REAL("pressure", pressure, "Pa", 0, 0, PRESSURE_MAX, "over the plate at the last flow; 0 = not known"),
};
SCHEMA(clx_cold_plate_schema, "cold_plate", "a cold plate by its measured resistance", cold_plate_rows);
#undef F

#define F clx_rack_coolant
static const clx_row rack_coolant_rows[] = {
    ENTRY_ROWS,
    {.key = "racks",
     .kind = CLX_ROW_TEXTS,
     .offset = offsetof(F, racks),
     .count_offset = offsetof(F, rack_count),
     .single = true,
     .doc = "entries of catalogue/rack or server that it holds for"},
    TEXT("fluid", fluid, true, NULL, "water, pg25"),
    NEEDED("power", power, "W", 1, POWER_MAX, "of the rack at which the table holds"),
    NEEDED("liquid", liquid, NULL, 1e-3, 1, "share of its heat that goes into the liquid"),
    NEEDED("return_most", return_most, "K", COLDEST, HOTTEST,
           "highest return; with an effectiveness below 1, highest temperature of the plates' walls"),
    REAL("effectiveness", effectiveness, NULL, 1, 1e-3, 1,
         "share of the way from supply to return_most that the coolant warms"),
    NEEDED("supply_least", supply_least, "K", COLDEST, HOTTEST, "coldest coolant allowed"),
    NEEDED("supply_most", supply_most, "K", COLDEST, HOTTEST, "warmest coolant allowed"),
    REALS("supply", supply, supply_count, "K", COLDEST, HOTTEST, false, "supplies of the table, rising"),
    REALS("flow", flow, flow_count, "m3/s", 1e-9, FLOW_MAX, false, "at each supply, rising"),
    REALS("pressure", pressure, pressure_count, "Pa", 1e-3, PRESSURE_MAX, false,
          "over the rack at each flow; empty = not known"),
    REAL("exponent", exponent, NULL, 1.75, 1, 2, "of pressure against flow where the table has one row"),
    TEXT("plate", plate, false, NULL, "entry of catalogue/cold_plate of its accelerators"),
    TEXT("plate_glycol", plate_glycol, false, NULL, "the same with propylene glycol in it, where that was measured"),
    REAL("plates", plates, NULL, 0, 0, 1e6, "that share the rack's flow in parallel; 0 = not known"),
};
SCHEMA(clx_rack_coolant_schema, "rack_coolant", "what a liquid-cooled rack or tray needs by supply temperature",
       rack_coolant_rows);
#undef F

#define F clx_cdu
static const clx_row cdu_rows[] = {
    ENTRY_ROWS,
    NEEDED("capacity", capacity, "W", 1, POWER_MAX, "heat that it is rated for"),
    NEEDED("approach", approach, CLX_UNIT_KELVINS, 1e-3, 100,
           "racks' supply less facility supply at capacity and the flows below"),
    NEEDED("rack_flow", rack_flow, "kg/s", 1e-6, 1e6, "of the racks' side"),
    NEEDED("facility_flow", facility_flow, "kg/s", 1e-6, 1e6, "of the facility's side"),
    TEXT("rack_fluid", rack_fluid, false, "pg25", "water, pg25; air: a rear door"),
    TEXT("facility_fluid", facility_fluid, false, "water", "water, pg25"),
    REAL("rack_head", rack_head, "Pa", 0, 0, PRESSURE_MAX, "available outside the unit at rack_flow; 0 = not known"),
    REAL("facility_pressure", facility_pressure, "Pa", 0, 0, PRESSURE_MAX,
         "lost inside the unit at facility_flow; 0 = not known"),
    REAL("supply_least", supply_least, "K", 0, COLDEST, HOTTEST, "of the racks' side; left out: not stated"),
    REAL("supply_most", supply_most, "K", 0, COLDEST, HOTTEST, "of the racks' side; left out: not stated"),
    REAL("electric", electric, "W", 0, 0, POWER_MAX, "at capacity; 0 = from head and pump"),
    TEXT("pump", pump, false, NULL, "entry of catalogue/mover"),
    REAL("pumps", pumps, NULL, 0, 0, 100, "installed; 0 = not known"),
    REAL("pumps_needed", pumps_needed, NULL, 0, 0, 100, "that carry rack_flow"),
    REAL("volume", volume, "m3", 0, 0, 1e4, "of liquid on both sides; 0 = not known"),
};
SCHEMA(clx_cdu_schema, "cdu", "a coolant distribution unit at its rating", cdu_rows);
#undef F
