// The rows of catalogue/plant, which are those of `cooling.plant` of a scenario as well.
#include "cooling/cooling_plant.h"

const char *const clx_flow_control_name[CLX_FLOW_CONTROLS + 1] = {"fixed", "range", "pressure", "demand", NULL};
const char *const clx_set_point_name[CLX_SET_POINTS + 1] = {"fixed", "wet-bulb", "dry-bulb", "float", NULL};

// What stands for a unit in the catalogue.
static const char *const equipment_kind[CLX_PLANT_KINDS] = {
    [CLX_PLANT_EXCHANGER] = "cdu",   [CLX_PLANT_DRY] = "dry_cooler",    [CLX_PLANT_TOWER] = "tower",
    [CLX_PLANT_CHILLER] = "chiller", [CLX_PLANT_AIR_ECONOMISER] = NULL, [CLX_PLANT_DX] = "chiller"};

const char *clx_plant_equipment_kind(int32_t plant_kind) { return equipment_kind[plant_kind]; }

const char *const clx_plant_kind_name[CLX_PLANT_KINDS + 1] = {"exchanger",      "dry-cooler", "tower", "chiller",
                                                              "air-economiser", "dx",         NULL};

const char *const clx_header_return_name[CLX_HEADER_RETURNS + 1] = {"direct", "reverse", "balanced", NULL};

#define KELVIN_MAX 500
#define COUNT_MAX 1e6

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
#define TEXT(name, member, needed, text) \
  { .key = name, .kind = CLX_ROW_TEXT, .offset = offsetof(F, member), .required = (needed), .doc = text }
#define CHOICE(name, member, names, needed, text)                                                                 \
  {                                                                                                               \
    .key = name, .kind = CLX_ROW_CHOICE, .offset = offsetof(F, member), .choices = (names), .required = (needed), \
    .doc = text                                                                                                   \
  }
#define LIST(name, member, members, schema, text)                                                           \
  {                                                                                                         \
    .key = name, .kind = CLX_ROW_LIST, .offset = offsetof(F, member), .count_offset = offsetof(F, members), \
    .sub = &(schema), .required = true, .doc = text                                                         \
  }
#define PLACED(schema, title, text, table)              \
  const clx_schema schema = {.name = title,             \
                             .doc = text,               \
                             .rows = table,             \
                             .count = CLX_COUNT(table), \
                             .size = sizeof(F),         \
                             .place_offset = offsetof(F, place)}

#define F clx_loop_spec
static const clx_row loop_rows[] = {
    TEXT("name", name, true, "short name, used by units"),
    TEXT("title", title, false, "one line for people"),
    TEXT("fluid", fluid, true, "water, pg25, pg40, ..., or air"),
    REAL("count", count, NULL, 0, 0, COUNT_MAX,
         "equal loops; 0 = as many as units of fixed capacity that stand on it, else 1"),
    NEEDED("supply", supply, "K", 200, KELVIN_MAX, "set point of the temperature to what the loop cools"),
    NEEDED("range", range, CLX_UNIT_KELVINS, 0.1, 100, "return less supply at design"),
    CHOICE("set_point", set_point, clx_set_point_name, false,
           "fixed; wet-bulb or dry-bulb: that of outdoor air + reset_offset, between reset_least and supply; float: as "
           "cold "
           "as the units make it, not below reset_least"),
    CHOICE("control", control, clx_flow_control_name, false,
           "of the flow: fixed; range: follows the heat; pressure: the same while pumps hold the design pressure; "
           "demand: what valves of units that give heat to it ask for"),
    REAL("reset_offset", reset_offset, CLX_UNIT_KELVINS, 0, 0, 50, "above the bulb that the set point follows"),
    REAL("reset_least", reset_least, "K", 0, 200, KELVIN_MAX, "lowest set point; left out: 1 K above freezing"),
    REAL("pressure", pressure, "Pa", 0, 0, 1e8,
         "that pumps or fans overcome at design flow; 0 = sum of what units state"),
    REAL("racks_pressure", racks_pressure, "Pa", 0, 0, 1e7,
         "part of `pressure` over racks, for which that of the machine's racks stands where their maker states it"),
    REAL("exponent", exponent, NULL, 2, 1, 2, "of pressure against flow"),
    TEXT("pump", pump, false, "entry of catalogue/mover; default: the pump of the cdu that stands on the loop"),
    REAL("pumps", pumps, NULL, 1, 0, COUNT_MAX, "that carry the design flow of one loop"),
    REAL("pumps_spare", pumps_spare, NULL, 0, 0, COUNT_MAX, "beyond them; they start when others fail"),
    REAL("flow_least", flow_least, NULL, 0.2, 0, 1, "share of the design flow below which pumps do not go"),
    REAL("header_velocity", header_velocity, "m/s", 0, 0, 10,
         "at the root of the headers along the racks, by which they are sized; 0 = every rack gets the same flow"),
    CHOICE("header_return", header_return, clx_header_return_name, false,
           "of the racks along headers: direct (the first supplied returns first), reverse, or direct with balancing "
           "valves"),
    REAL("volume", volume, "m3", 0, 0, 1e9, "of fluid in one loop (transients); 0 = 30 s of design flow"),
    REAL("pump_heat", pump_heat, NULL, 1, 0, 1, "share of the pumps' electric power that warms the fluid"),
};
PLACED(clx_loop_schema, "loop", "a loop of liquid, or hall air, or a number of equal ones", loop_rows);
#undef F

#define F clx_plant_unit_spec
static const clx_row unit_rows[] = {
    TEXT("name", name, true, "short name"),
    TEXT("title", title, false, "one line for people"),
    CHOICE("type", kind, clx_plant_kind_name, true, "what it is"),
    TEXT("loop", loop, true, "the loop that it takes heat from"),
    TEXT("into", into, false, "the loop that it gives heat to; none: outside air"),
    TEXT("equipment", equipment, false, "entry of catalogue/cdu (exchangers), tower, dry_cooler or chiller"),
    REAL("count", count, NULL, 0, 0, COUNT_MAX, "that carry the design heat, on all loops of the row; 0 = sized"),
    REAL("spare", spare, NULL, 0, 0, COUNT_MAX, "beyond them"),
    REAL("share", share, NULL, 1, 1e-6, 1, "of the loop's design heat that it is sized for"),
    REAL("approach", approach, CLX_UNIT_KELVINS, 0, 0, 100,
         "of an exchanger: its loop's supply less that of `into` at design (0 = their set points); of an air "
         "economiser: "
         "hall supply less outside air"),
    REAL("effectiveness", effectiveness, NULL, 0, 0, 1,
         "of an exchanger, constant, instead of approach; 0 = from approach"),
    REAL("pads", pads, NULL, 0, 0, 1, "saturation effectiveness of wetted pads of an air economiser; 0 = dry"),
    REAL("cycles", cycles, NULL, 0, 0, 100, "of concentration of the water on the pads; 0 = no bleed"),
    REAL("humidity_most", humidity_most, NULL, 1, 0, 1, "relative, of the air that an air economiser may supply"),
    REAL("humidity_least", humidity_least, NULL, 0, 0, 1, "the same, lowest"),
    REAL("outside_most", outside_most, "K", 0, 200, KELVIN_MAX,
         "of an air economiser: warmer outside air stays outside (changeover by dry bulb); left out: as long as it is "
         "colder than the return"),
    REAL("pressure_hot", pressure_hot, "Pa", 0, 0, 1e8, "in the unit at design flow of its loop"),
    REAL("pressure_cold", pressure_cold, "Pa", 0, 0, 1e8, "in the unit at design flow of `into`"),
    REAL("electric", electric, NULL, 0, 0, 10, "W per W of design heat beside fans and compressors"),
};
PLACED(clx_plant_unit_schema, "unit", "equal units of equipment that take heat from a loop", unit_rows);
#undef F

#define F clx_plant_spec
static const clx_row plant_rows[] = {
    TEXT("name", name, false, "canonical name, equal to the file name"),
    TEXT("title", title, false, "one line for people"),
    {.key = "aliases",
     .kind = CLX_ROW_TEXTS,
     .offset = offsetof(F, aliases),
     .count_offset = offsetof(F, alias_count),
     .doc = "other names; * stands for any run of characters"},
    LIST("loops", loop, loop_count, clx_loop_schema, "from the racks outwards"),
    LIST("units", unit, unit_count, clx_plant_unit_schema,
         "what joins loops and the outside; those of one loop work in this order: the first carries what it can"),
    TEXT("liquid", liquid, false, "the loop that takes the racks' liquid heat"),
    TEXT("air", air, false, "the loop that takes heat from hall air"),
    REAL("auxiliary", auxiliary, NULL, 0, 0, 10,
         "W per W of design heat: controls, water treatment, lights of the plant"),
};
PLACED(clx_plant_schema, "plant", "a cooling plant: loops joined by equipment, from racks to outside air", plant_rows);
#undef F
