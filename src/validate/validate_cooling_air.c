// Figures of moist air and fluids.
#include "cooling/cooling_fluid.h"
#include "validate/validate_cooling_internal.h"
#include "weather/weather_moist_air.h"

typedef clx_cooling_asked asked;

// --- air ------------------------------------------------------------------------------------------------------------------------

static clx_status saturation_pressure(const asked *a, double *out, clx_error *error) {
  (void)error;
  *out = clx_air_saturation_pressure(a->x[0]);
  return CLX_OK;
}

static clx_status saturation_humidity(const asked *a, double *out, clx_error *error) {
  (void)error;
  *out = clx_air_saturation_humidity(a->x[0], a->x[1]);
  return CLX_OK;
}

static clx_status checked_air(const asked *a, clx_air *air, clx_error *error) {
  *air = clx_air_from_relative(a->x[0], a->x[1], a->x[2]);
  return clx_air_check(air, error);
}

static clx_status wet_bulb(const asked *a, double *out, clx_error *error) {
  clx_air air;
  CLX_TRY(checked_air(a, &air, error));
  *out = clx_air_wet_bulb(&air);
  return CLX_OK;
}

static clx_status dew_point(const asked *a, double *out, clx_error *error) {
  clx_air air;
  CLX_TRY(checked_air(a, &air, error));
  *out = clx_air_dew_point(&air);
  return CLX_OK;
}

static clx_status enthalpy(const asked *a, double *out, clx_error *error) {
  clx_air air;
  CLX_TRY(checked_air(a, &air, error));
  *out = clx_air_enthalpy(&air);
  return CLX_OK;
}

static clx_status standard_pressure(const asked *a, double *out, clx_error *error) {
  (void)error;
  *out = clx_air_standard_pressure(a->x[0]);
  return CLX_OK;
}

// --- fluids ---------------------------------------------------------------------------------------------------------------------

static clx_status fluid_state(const asked *a, clx_fluid_state *state, clx_error *error) {
  clx_fluid fluid;
  if (!clx_fluid_named(a->of, &fluid))
    return clx_fail(error, CLX_INPUT, a->place, "no fluid '%.60s': expected water, pg25, pg40, ... or air", a->of);
  return clx_fluid_at(&fluid, a->x[0], state, error);
}

static clx_status fluid_density(const asked *a, double *out, clx_error *error) {
  clx_fluid_state state;
  CLX_TRY(fluid_state(a, &state, error));
  *out = state.density;
  return CLX_OK;
}

static clx_status fluid_capacity(const asked *a, double *out, clx_error *error) {
  clx_fluid_state state;
  CLX_TRY(fluid_state(a, &state, error));
  *out = state.heat_capacity;
  return CLX_OK;
}

static clx_status fluid_conductivity(const asked *a, double *out, clx_error *error) {
  clx_fluid_state state;
  CLX_TRY(fluid_state(a, &state, error));
  *out = state.conductivity;
  return CLX_OK;
}

static clx_status fluid_viscosity(const asked *a, double *out, clx_error *error) {
  clx_fluid_state state;
  CLX_TRY(fluid_state(a, &state, error));
  *out = state.viscosity;
  return CLX_OK;
}

#define BULB \
  {"dry_bulb", "relative", "pressure"}, { "K", "", "Pa" }
#define SIDE \
  {"temperature"}, { "K" }

static const clx_cooling_figure FIGURES[] = {
    {"saturation_pressure", "Pa", SIDE, NULL, saturation_pressure, NULL, false},
    {"saturation_humidity", "", {"temperature", "pressure"}, {"K", "Pa"}, NULL, saturation_humidity, NULL, false},
    {"wet_bulb", "K", BULB, NULL, wet_bulb, NULL, false},
    {"dew_point", "K", BULB, NULL, dew_point, NULL, false},
    {"enthalpy", "J/kg", BULB, NULL, enthalpy, NULL, false},
    {"standard_pressure", "Pa", {"elevation"}, {"m"}, NULL, standard_pressure, NULL, false},
    {"density", "kg/m^3", SIDE, "fluid", fluid_density, NULL, false},
    {"heat_capacity", "J/kg/K", SIDE, "fluid", fluid_capacity, NULL, false},
    {"conductivity", "W/m/K", SIDE, "fluid", fluid_conductivity, NULL, false},
    {"viscosity", "kg/m/s", SIDE, "fluid", fluid_viscosity, NULL, false},
};
const clx_cooling_figures clx_cooling_figures_air = {FIGURES, CLX_COUNT(FIGURES)};
