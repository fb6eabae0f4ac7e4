// The rows of catalogue/tower, dry_cooler and chiller, and what beyond their ranges makes a mistake.
#include "cooling/cooling_reject.h"

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
#define LIST(name, member, low, high, text)                                                                         \
  {                                                                                                                 \
    .key = name, .kind = CLX_ROW_REALS, .offset = offsetof(F, member), .count_offset = offsetof(F, member##_count), \
    .minimum = (low), .maximum = (high), .doc = text                                                                \
  }
#define ENTRY_ROWS                                                                                                     \
  {.key = "name", .kind = CLX_ROW_TEXT, .offset = offsetof(F, name), .required = true, .doc = "canonical name"},       \
      {.key = "title", .kind = CLX_ROW_TEXT, .offset = offsetof(F, title), .doc = "one line for people"}, {            \
    .key = "aliases", .kind = CLX_ROW_TEXTS, .offset = offsetof(F, aliases), .count_offset = offsetof(F, alias_count), \
    .doc = "other names; * stands for any run of characters"                                                           \
  }
#define SCHEMA(schema, title, text, table) \
  const clx_schema schema = {.name = title, .doc = text, .rows = table, .count = CLX_COUNT(table), .size = sizeof(F)}

#define COLD 200.0  // K, wider than any equipment
#define HOT 400.0
#define POWER_MAX 1e9

#define F clx_tower
static const clx_row tower_rows[] = {
    ENTRY_ROWS,
    NEEDED("wet_bulb", wet_bulb, "K", COLD, HOT, "of the air at design"),
    NEEDED("range", range, CLX_UNIT_KELVINS, 0.1, 60, "by which the water is cooled at design"),
    NEEDED("approach", approach, CLX_UNIT_KELVINS, 0.1, 60, "of the water that leaves to the wet bulb at design"),
    REAL("air_ratio", air_ratio, NULL, 0.8, 0.05, 10, "kg of dry air per kg of water at design"),
    REAL("water_exponent", water_exponent, NULL, 0.4, 0, 2, "UA goes with (water flow)^x"),
    REAL("air_exponent", air_exponent, NULL, 0.8, 0, 2, "UA goes with (air flow)^x"),
    LIST("water_curve", water_curve, -10, 10, "instead: polynomial of the share of the design water flow, 0.3 to 1"),
    LIST("air_curve", air_curve, -10, 10, "instead: polynomial of the share of the design air flow, 0.2 to 1"),
    LIST("wet_bulb_curve", wet_bulb_curve, -10, 10,
         "polynomial of the K by which the wet bulb is below design, -10 to 25"),
    REAL("fan_power", fan_power, NULL, 0.0105, 0, 1, "W of the fans per W of heat at design"),
    LIST("speed", speed, 0, 1, "shares of the design air flow, rising to 1"),
    LIST("power", power, 0, 1, "share of the fan's power at each; without: the cube"),
    REAL("free_share", free_share, NULL, 0.1, 0, 0.5, "of the design air flow that moves with the fan off"),
    REAL("air_least", air_least, NULL, 0.2, 0, 1, "least share of the air flow; below, the fan cycles"),
    REAL("drift", drift, NULL, 5e-5, 0, 0.01, "share of the water flow lost as droplets"),
    REAL("cycles", cycles, NULL, 4, 1.01, 100, "of concentration"),
    REAL("capacity", capacity, "W", 0, 0, POWER_MAX, "of one unit at design; 0 = sized by its user"),
};
SCHEMA(clx_tower_schema, "tower", "an open cooling tower, relative to its design point", tower_rows);
#undef F

#define F clx_dry_cooler
static const clx_row dry_rows[] = {
    ENTRY_ROWS,
    NEEDED("air_in", air_in, "K", COLD, HOT, "air at the coil at design: behind the pads where it has them"),
    NEEDED("in", in, "K", COLD, HOT, "liquid that enters at design"),
    NEEDED("out", out, "K", COLD, HOT, "liquid that leaves at design"),
    REAL("air_ratio", air_ratio, NULL, 0, 0, 100, "kg of dry air per kg of liquid; 0 = equal heat capacity rates"),
    REAL("liquid_share", liquid_share, NULL, 1. / 3, 0, 1,
         "of the resistance to heat at design on the side of the liquid"),
    REAL("liquid_exponent", liquid_exponent, NULL, 0.85, 0, 2, "film coefficient of the liquid goes with flow^x"),
    REAL("air_exponent", air_exponent, NULL, 0.8, 0, 2, "film coefficient of the air goes with flow^x"),
    REAL("fan_power", fan_power, NULL, 0.05, 0, 1, "W of the fans per W of heat at design"),
    LIST("speed", speed, 0, 1, "shares of the design air flow, rising to 1"),
    LIST("power", power, 0, 1, "share of the fan's power at each; without: the cube"),
    REAL("free_share", free_share, NULL, 0.05, 0, 0.5, "of the design air flow that moves with the fan off"),
    REAL("air_least", air_least, NULL, 0.1, 0, 1, "least share of the air flow; below, the fan cycles"),
    REAL("pads", pads, NULL, 0, 0, 1, "saturation effectiveness of adiabatic pads; 0 = dry"),
    REAL("pads_above", pads_above, "K", 298.15, COLD, HOT, "dry bulb above which the pads are wetted"),
    REAL("cycles", cycles, NULL, 4, 1.01, 100, "of concentration of the pads' water"),
    REAL("capacity", capacity, "W", 0, 0, POWER_MAX, "of one unit at design; 0 = sized by its user"),
};
SCHEMA(clx_dry_cooler_schema, "dry_cooler", "a dry or adiabatic cooler, relative to its design point", dry_rows);
#undef F

#define F clx_chiller
static const clx_row chiller_rows[] = {
    ENTRY_ROWS,
    {.key = "type",
     .kind = CLX_ROW_CHOICE,
     .offset = offsetof(F, kind),
     .choices = clx_chiller_kind_name,
     .required = true,
     .doc = "what takes its heat"},
    NEEDED("capacity", capacity, "W", 1, POWER_MAX, "at reference"),
    NEEDED("cop", cop, NULL, 0.1, 100,
           "W of cooling per W of electricity at reference, full load (fans of an air-cooled one included)"),
    NEEDED("evaporator", evaporator, "K", COLD, HOT, "chilled fluid that leaves, at reference"),
    NEEDED("condenser", condenser, "K", COLD, HOT, "fluid or outside air that enters the condenser, at reference"),
    LIST("capacity_curve", capacity_curve, -1e3, 1e3,
         "a, b, c, d, e, f of a + b x + c x^2 + d y + e y^2 + f x y; x: chilled fluid that leaves, y: fluid that "
         "enters the "
         "condenser, degC; without: constant"),
    LIST("input_curve", input_curve, -1e3, 1e3,
         "the same for the energy input ratio; without: a constant share of Carnot"),
    LIST("part_curve", part_curve, -1e3, 1e3,
         "polynomial of the load for the input over that at full load; without: the load"),
    NEEDED("evaporator_least", evaporator_least, "K", COLD, HOT, "range in which this holds"),
    NEEDED("evaporator_most", evaporator_most, "K", COLD, HOT, "range in which this holds"),
    NEEDED("condenser_least", condenser_least, "K", COLD, HOT, "range in which this holds"),
    NEEDED("condenser_most", condenser_most, "K", COLD, HOT, "range in which this holds"),
    REAL("load_least", load_least, NULL, 0.1, 0.001, 1, "share of the capacity below which it cycles"),
    REAL("load_most", load_most, NULL, 1, 0.1, 2, "largest share of the capacity"),
    REAL("lift_least", lift_least, CLX_UNIT_KELVINS, 10, 1, 100,
         "of Carnot: least difference of refrigerant temperatures"),
    REAL("approach_evaporator", approach_evaporator, CLX_UNIT_KELVINS, 3, 0, 50,
         "of Carnot: evaporation below the fluid that leaves"),
    REAL("approach_condenser", approach_condenser, CLX_UNIT_KELVINS, 7, 0, 50,
         "of Carnot: condensation above the fluid that enters"),
    REAL("start_time", start_time, "s", 0, 0, 1e5, "to full load; 0 = not known"),
    REAL("restart_time", restart_time, "s", 0, 0, 1e5, "to full load after power returns; 0 = not known"),
    REAL("motor_share", motor_share, NULL, 1, 0, 1, "of the electric power that goes into the condenser (1: hermetic)"),
};
SCHEMA(clx_chiller_schema, "chiller", "a chiller, or direct expansion", chiller_rows);
#undef F

// --- beyond the rows ---------------------------------------------------------------------------------------------------------

static clx_status fan_check(const char *kind, const char *name, const double *speed, int32_t speeds,
                            const double *power, int32_t powers, clx_place place, clx_error *error) {
  if (speeds != powers || speeds == 1) {
    return clx_fail(
        error, CLX_INPUT, place,
        "%s \"%s\": speed (%d values) and power (%d) must have the same number, two at least, or be left out", kind,
        name, speeds, powers);
  }
  for (int32_t i = 1; i < speeds; i++) {
    if (speed[i] <= speed[i - 1] || power[i] < power[i - 1]) {
      return clx_fail(error, CLX_INPUT, place, "%s \"%s\": speed and power must rise, but %g (%g) follows %g (%g)",
                      kind, name, speed[i], power[i], speed[i - 1], power[i - 1]);
    }
  }
  if (speeds > 0 && (speed[speeds - 1] != 1 || power[speeds - 1] != 1)) {
    return clx_fail(error, CLX_INPUT, place, "%s \"%s\": speed and power must end at 1, not at %g and %g", kind, name,
                    speed[speeds - 1], power[speeds - 1]);
  }
  return CLX_OK;
}

clx_status clx_tower_check(const clx_tower *tower, clx_place place, clx_error *error) {
  CLX_TRY(fan_check("tower", tower->name, tower->speed, tower->speed_count, tower->power, tower->power_count, place,
                    error));
  clx_tower_size size;
  return clx_tower_size_for(tower, tower->capacity > 0 ? tower->capacity : 1e6, 101325, &size, error);
}

clx_status clx_dry_check(const clx_dry_cooler *cooler, clx_place place, clx_error *error) {
  CLX_TRY(fan_check("dry cooler", cooler->name, cooler->speed, cooler->speed_count, cooler->power, cooler->power_count,
                    place, error));
  if (!(cooler->in > cooler->out && cooler->out > cooler->air_in)) {
    return clx_fail(
        error, CLX_INPUT, place,
        "dry cooler \"%s\": liquid goes from %g to %g degC in air of %g degC; expected in above out above air_in",
        cooler->name, cooler->in - 273.15, cooler->out - 273.15, cooler->air_in - 273.15);
  }
  clx_dry_size size;
  const clx_fluid water = {.kind = CLX_FLUID_WATER};
  return clx_dry_size_for(cooler, cooler->capacity > 0 ? cooler->capacity : 1e6, &water, 101325, &size, error);
}
