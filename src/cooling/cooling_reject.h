// What brings heat to the outside air, and chillers: cooling towers, dry and adiabatic coolers, chillers, direct expansion, outside air itself.
// docs/model/cooling/rejection.md.
#pragma once

#include "base/base.h"
#include "cooling/cooling_exchanger.h"
#include "cooling/cooling_fluid.h"
#include "cooling/cooling_mover.h"
#include "schema/schema.h"
#include "weather/weather_moist_air.h"

// --- water ------------------------------------------------------------------------------------------------------------------

// What an evaporative device takes in. kg/s.
typedef struct clx_water_use {
  double evaporation, drift, blowdown;  // make-up is their sum
} clx_water_use;
// blowdown = max(evaporation / (cycles - 1) - drift, 0). cycles of concentration > 1.
clx_water_use clx_water_balance(double evaporation, double drift, double cycles);

// --- cooling towers (Merkel) -------------------------------------------------------------------------------------------------

// catalogue/tower: relative to its design point.
typedef struct clx_tower {
  const char *name, *title;
  const char *const *aliases;
  int32_t alias_count;
  double wet_bulb, range, approach;  // K: design (wet bulb absolute)
  double air_ratio;                  // kg of air per kg of water at design
  double water_exponent,
      air_exponent;  // UA ~ water^a air^b; or, where given, polynomials (3) of the flow shares and of the wet bulb's fall, K
  double *water_curve, *air_curve, *wet_bulb_curve;
  int32_t water_curve_count, air_curve_count, wet_bulb_curve_count;
  double fan_power;       // W per W of heat at design
  double *speed, *power;  // shares: fan power against air flow, rising; none = cube
  int32_t speed_count, power_count;
  double free_share;  // of the design air flow that moves with the fan off
  double air_least;   // share at which the fan turns at least; below, it cycles
  double drift;       // share of the water flow
  double cycles;      // of concentration
  double capacity;    // W of one unit at design; 0 = sized by its user
} clx_tower;
extern const clx_schema clx_tower_schema;

typedef struct clx_tower_size {
  const clx_tower *tower;
  double heat;     // W at design
  double water;    // kg/s at design
  double air;      // kg/s of dry air at design
  double density;  // kg of dry air per m3 at design: fans move volumes, so the mass goes with the density
  double ua;       // W/K: Merkel's UA at design, referred to the heat capacity of dry air
} clx_tower_size;

typedef struct clx_reject {
  double heat;       // W given to the outside
  double out;        // K, liquid that leaves
  double air_share;  // of the design air flow
  double electric;   // W of fans (and pumps of the spray)
  clx_water_use water;
  bool over;  // at full effort it does not reach the set point
} clx_reject;

clx_status clx_tower_check(const clx_tower *tower, clx_place place, clx_error *error);
// CLX_INPUT: an approach that no tower of this air flow reaches.
clx_status clx_tower_size_for(const clx_tower *tower, double heat, double pressure, clx_tower_size *size,
                              clx_error *error);
// Water at `in` K, `flow` kg/s; the fan is controlled so that it leaves at `want` K, or as cold as full speed makes it. Where less heat goes than the
// fan's least gives, the fan cycles or stands, and a bypass holds `want`. About 10 us.
clx_reject clx_tower_run(const clx_tower_size *size, double in, double flow, double want, const clx_air *air);
// The same at a given share of the design air flow.
clx_reject clx_tower_at(const clx_tower_size *size, double in, double flow, double air_share, const clx_air *air);

// --- dry and adiabatic coolers ------------------------------------------------------------------------------------------------

// catalogue/dry_cooler
typedef struct clx_dry_cooler {
  const char *name, *title;
  const char *const *aliases;
  int32_t alias_count;
  double air_in, in, out;  // K at design: air at the coil (behind wetted pads where it has them), liquid in, liquid out
  double air_ratio;        // kg of air per kg of liquid at design (equal capacity rates where 0)
  double liquid_share;     // of the resistance to heat at design on the side of the liquid
  double liquid_exponent, air_exponent;  // film coefficients ~ flow^n
  double fan_power;                      // W per W of heat at design
  double *speed, *power;                 // as of a tower
  int32_t speed_count, power_count;
  double free_share;  // of the design air flow that moves with the fan off
  double air_least;   // below, it cycles
  double pads;        // saturation effectiveness of adiabatic pads; 0 = dry
  double pads_above;  // K of dry bulb above which they are wetted
  double cycles;
  double capacity;  // W of one; 0 = sized
} clx_dry_cooler;
extern const clx_schema clx_dry_cooler_schema;

typedef struct clx_dry_size {
  const clx_dry_cooler *cooler;
  double heat, flow, air;  // W, kg/s of liquid, kg/s of dry air at design
  double density;          // kg of dry air per m3 at design: fans move volumes
  double ua;               // W/K
  clx_exchanger exchanger;
} clx_dry_size;
clx_status clx_dry_check(const clx_dry_cooler *cooler, clx_place place, clx_error *error);
clx_status clx_dry_size_for(const clx_dry_cooler *cooler, double heat, const clx_fluid *fluid, double pressure,
                            clx_dry_size *size, clx_error *error);
// As clx_tower_run. About 3 us.
clx_reject clx_dry_run(const clx_dry_size *size, const clx_fluid *fluid, double in, double flow, double want,
                       const clx_air *air);

// Share of the fan's power at a share of its air flow: monotone through the points, linear to 0 below the first; the cube where there are none.
double clx_reject_fan(const double *speed, const double *power, int32_t count, double share);

// --- chillers -------------------------------------------------------------------------------------------------------------------

typedef enum clx_chiller_kind { CLX_CHILLER_WATER, CLX_CHILLER_AIR, CLX_CHILLER_KINDS } clx_chiller_kind;
extern const char *const clx_chiller_kind_name[CLX_CHILLER_KINDS + 1];  // "water-cooled", "air-cooled"

// catalogue/chiller: EnergyPlus ElectricEIR form: capacity and energy input ratio as biquadratics of leaving evaporator and entering condenser
// temperature (degC), part load a quadratic or cubic. Without an input curve: the share of Carnot
// that it has at reference; without a capacity curve: constant; without a part-load curve: input follows load.
typedef struct clx_chiller {
  const char *name, *title;
  const char *const *aliases;
  int32_t alias_count;
  int32_t kind;                                       // clx_chiller_kind
  double capacity;                                    // W at reference
  double cop;                                         // at reference
  double evaporator, condenser;                       // K at reference: leaving chilled, entering condenser fluid
  double *capacity_curve, *input_curve, *part_curve;  // [6], [6], [2..4]
  int32_t capacity_curve_count, input_curve_count, part_curve_count;
  double evaporator_least, evaporator_most, condenser_least, condenser_most;  // K, range of the curves
  double load_least, load_most;                                               // share of the capacity: below, it cycles
  double lift_least;                                                          // K, of Carnot
  double approach_evaporator, approach_condenser;                             // K, of Carnot
  double start_time, restart_time;                                            // s after power returns; 0 = not known
  double motor_share;  // of the electric power that goes into the condenser (1 hermetic)
} clx_chiller;
extern const clx_schema clx_chiller_schema;

typedef enum clx_chiller_limit {
  CLX_CHILLER_OK,
  CLX_CHILLER_BELOW,
  CLX_CHILLER_ABOVE
} clx_chiller_limit;  // of its curves' range

typedef struct clx_chiller_point {
  double heat;       // W taken from the chilled side by one unit
  double capacity;   // W it could take
  double electric;   // W
  double condenser;  // W given off
  double share;      // of the capacity
  int32_t limit;     // clx_chiller_limit
  bool over;
} clx_chiller_point;
clx_status clx_chiller_check(const clx_chiller *chiller, clx_place place, clx_error *error);
// One unit that shall take `heat` W: leaving chilled fluid `leaving` K, entering condenser fluid or outside air `entering` K.
clx_chiller_point clx_chiller_run(const clx_chiller *chiller, double heat, double leaving, double entering);
