// From coolant to chip: junction temperature, leakage, throttling. docs/model/cooling/chip.md.
#pragma once

#include "base/base.h"
#include "schema/schema.h"

// `thermal` of a catalogue device (all K or K/W or shares; 0 or negative = not known).
typedef struct clx_chip_thermal {
  double junction_case;     // K/W from the hottest spot of the die to the case of its lid or plate
  double air_resistance;    // K/W case to inlet air of an air-cooled server at full fan speed
  double throttle;          // K at which clocks fall
  double shutdown;          // K at which it stops
  double memory_rise;       // K of the memory above the case at tdp
  double memory_throttle;   // K
  double leakage;           // share of tdp that leaks at `reference` ...
  double leakage_doubling;  // ... and doubles every so many K
  double reference;         // K at which the device's power was measured
  double capacity;          // J/K of die, lid and plate
  double
      tdp;  // W that memory_rise and leakage refer to: the reader of a device fills it in; 0 = power_full of the load
} clx_chip_thermal;
extern const clx_schema clx_chip_thermal_schema;

// How one chip is cooled.
typedef struct clx_chip_cooling {
  double inlet;       // K of coolant or air at the chip's plate or heat sink, pre-heat by chips upstream included
  double resistance;  // K/W case to inlet
} clx_chip_cooling;

typedef struct clx_chip_point {
  double power;             // W, leakage at its temperature included
  double junction, memory;  // K
  double clock;             // share of the clock that it would have
  double leak;              // W above the leakage at the reference temperature
  bool throttled, shut;
} clx_chip_point;

// `power`(clock) in W of the device at reference temperature for a clock share 0..1 (convex, rising): callback of
// the twin; NULL: power_full * (rest + (1 - rest) clock^3).
typedef struct clx_chip_load {
  double power_full, rest;  // W at clock 1; share at clock 0
  double limit;             // W that the board may draw (power cap): leakage comes off what is left for work; 0 = none
  double (*power)(const void *of, double clock);
  const void *of;
} clx_chip_load;

// The consistent point: leakage raises power raises temperature; above `throttle` or `memory_throttle` the clock
// falls until it holds, and under a board limit until leakage fits beside the work (that alone is not `throttled`).
// CLX_INFEASIBLE: no such clock from 0.1 up: `shut` is set, with the temperatures of that least clock where it has
// any (else of the onset of thermal runaway). CLX_INPUT: numbers that are no temperatures, resistances or powers.
// Rising in inlet and resistance. Below 1 us.
clx_status clx_chip_solve(const clx_chip_thermal *thermal, const clx_chip_cooling *cooling, const clx_chip_load *load,
                          clx_chip_point *point, clx_error *error);
// K of coolant at which temperatures begin to throttle it: at full clock, or at what its board leaves where that is less; INFINITY = nothing is
// known that would throttle it.
double clx_chip_inlet_limit(const clx_chip_thermal *thermal, double resistance, const clx_chip_load *load);
// W of leakage above that at the reference temperature, which the device's measured power holds already; below 0 where it is colder.
double clx_chip_leak(const clx_chip_thermal *thermal, const clx_chip_load *load, double junction);
// W at a share of the clock and at the reference temperature.
double clx_chip_work(const clx_chip_load *load, double clock);
#define CLX_CHIP_CLOCK_LEAST 0.1  // share: no chip goes lower, it stops
