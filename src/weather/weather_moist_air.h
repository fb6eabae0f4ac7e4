// Moist air: psychrometric relations of the ASHRAE Handbook, Fundamentals (2017), chapter 1. docs/model/cooling/weather.md.
#pragma once

#include "base/base.h"

// Valid for -100 to 200 degC and 20 to 120 kPa. Functions that return a number take the nearest end outside that, so that no NaN leaves;
// clx_air_check says so. Water in air saturates at f p_ws: f, the enhancement factor of Buck (1996), about 1.004.
typedef struct clx_air {
  double dry_bulb;  // K
  double humidity;  // kg of vapour per kg of dry air
  double pressure;  // Pa
} clx_air;

// CLX_INPUT: outside the range, or more vapour than saturation holds (beyond the rounding of single precision).
clx_status clx_air_check(const clx_air *air, clx_error *error);
// Pa over water (over ice below 0.01 degC) at `temperature` K. 25 degC: 3,169.7 Pa.
double clx_air_saturation_pressure(double temperature);
double clx_air_saturation_humidity(double temperature, double pressure);  // kg/kg
// The state of air from what weather files give; relative in 0..1, temperatures in K.
clx_air clx_air_from_relative(double dry_bulb, double relative, double pressure);
clx_air clx_air_from_dew_point(double dry_bulb, double dew_point, double pressure);
clx_air clx_air_from_wet_bulb(double dry_bulb, double wet_bulb, double pressure);
double clx_air_relative(const clx_air *air);   // 0..1
double clx_air_dew_point(const clx_air *air);  // K
double clx_air_wet_bulb(
    const clx_air *air);  // K, thermodynamic; over ice where that over water would be below 0 degC; about 0.3 us
double clx_air_enthalpy(const clx_air *air);       // J per kg of dry air, 0 at dry air of 0 degC
double clx_air_density(const clx_air *air);        // kg of moist air per m3
double clx_air_heat_capacity(const clx_air *air);  // J/(kg K) of dry air with its vapour
// J/kg of saturated air at `temperature` K: what the driving force of a cooling tower is measured in.
double clx_air_saturated_enthalpy(double temperature, double pressure);
double clx_air_standard_pressure(double elevation);  // Pa at m above the sea, standard atmosphere
