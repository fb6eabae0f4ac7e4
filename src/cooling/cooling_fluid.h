// Liquids of cooling loops: water, propylene glycol in water, and air as a loop's fluid. docs/model/cooling/fluids.md.
#pragma once

#include "base/base.h"

typedef enum clx_fluid_kind { CLX_FLUID_WATER, CLX_FLUID_GLYCOL, CLX_FLUID_AIR, CLX_FLUID_KINDS } clx_fluid_kind;
extern const char *const clx_fluid_kind_name[CLX_FLUID_KINDS + 1];  // "water", "propylene-glycol", "air"

typedef struct clx_fluid {
  int32_t kind;  // clx_fluid_kind
  double
      glycol;  // volume share of propylene glycol (PG25: 0.25), 0 to 0.59 (mass share 0.6: the end of the correlation)
} clx_fluid;

typedef struct clx_fluid_state {
  double density;        // kg/m3
  double heat_capacity;  // J/(kg K)
  double conductivity;   // W/(m K)
  double viscosity;      // Pa s
} clx_fluid_state;

// "water", "air", "pg25" (any volume share in percent up to 59), "propylene-glycol-25". false: none of these.
bool clx_fluid_named(const char *name, clx_fluid *fluid);
// At `temperature` K and about atmospheric pressure. CLX_INPUT outside its range (water 0 to 100 degC, glycol from its freezing point to 100 degC,
// air -40 to 80 degC). About 0.1 us; the two below 20 ns. Sources: IAPWS SR6-08 (density, heat capacity 0.1 %, viscosity 1 %,
// conductivity 1.5 %), Melinder 2010, ASHRAE and White for air.
clx_status clx_fluid_at(const clx_fluid *fluid, double temperature, clx_fluid_state *state, clx_error *error);
// J/(kg K) and kg/m3 with the temperature held into the range: for solvers whose caller checks the final point.
double clx_fluid_heat_capacity(const clx_fluid *fluid, double temperature);
double clx_fluid_density(const clx_fluid *fluid, double temperature);
double clx_fluid_freezing(const clx_fluid *fluid);  // K
