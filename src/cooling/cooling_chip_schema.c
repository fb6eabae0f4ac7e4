// The rows of `thermal` of a catalogue/device entry.
#include "cooling/cooling_chip.h"

#define F clx_chip_thermal
#define REAL(name, member, unit_text, low, high, text)                                                     \
  {                                                                                                        \
    .key = name, .kind = CLX_ROW_REAL, .offset = offsetof(F, member), .unit = unit_text, .minimum = (low), \
    .maximum = (high), .doc = text                                                                         \
  }

// Temperatures start at 0 K: not known.
static const clx_row thermal_rows[] = {
    REAL("junction_case", junction_case, "K/W", 0, 10, "from the hottest spot of the die to the case of its lid"),
    REAL("air_resistance", air_resistance, "K/W", 0, 10,
         "case to inlet air in an air-cooled server, fans at full speed"),
    REAL("throttle", throttle, "K", 200, 500, "junction at which clocks fall; not stated = not known"),
    REAL("shutdown", shutdown, "K", 200, 500, "junction at which it stops; not stated = not known"),
    REAL("memory_rise", memory_rise, CLX_UNIT_KELVINS, 0, 200, "of the memory above the case at tdp"),
    REAL("memory_throttle", memory_throttle, "K", 200, 500, "of the memory; not stated = not known"),
    REAL("leakage", leakage, NULL, 0, 1, "share of tdp that leaks at `reference`"),
    REAL("leakage_doubling", leakage_doubling, CLX_UNIT_KELVINS, 0, 1000,
         "warmer by so much, leakage is twice; 0 = constant"),
    REAL("reference", reference, "K", 200, 500, "junction at which the device's power was measured"),
    REAL("capacity", capacity, "J/K", 0, 1e6, "of die, lid and plate"),
};

const clx_schema clx_chip_thermal_schema = {.name = "thermal",
                                            .doc = "temperatures, resistances and leakage of a chip",
                                            .rows = thermal_rows,
                                            .count = CLX_COUNT(thermal_rows),
                                            .size = sizeof(F)};
