// Psychrometric relations of the ASHRAE Handbook, Fundamentals (2017), chapter 1; equation numbers are its. docs/model/cooling/weather.md.
#include "weather/weather_moist_air.h"

#include <math.h>

static const double ice_point = 273.15, triple_point = 273.16;
static const double coldest = 173.15, hottest = 473.15, pressure_least = 20e3, pressure_most = 120e3;
static const double mass_ratio = 0.621945;   // of the molar masses of water and dry air
static const double gas_constant = 287.042;  // J/(kg K), dry air

static double hold(double x, double low, double high) { return x >= low ? (x <= high ? x : high) : low; }

// ln of the saturation pressure in Pa and its slope in 1/K: eq. 5 over ice, 6 over water (Hyland and Wexler).
static double log_saturation(double t, double *slope) {
  if (t < triple_point) {
    *slope = 5.6745359e3 / (t * t) - 9.677843e-3 +
             t * (2 * 6.2215701e-7 + t * (3 * 2.0747825e-9 - t * 4 * 9.484024e-13)) + 4.1635019 / t;
    return -5.6745359e3 / t + 6.3925247 +
           t * (-9.677843e-3 + t * (6.2215701e-7 + t * (2.0747825e-9 - t * 9.484024e-13))) + 4.1635019 * log(t);
  }
  *slope = 5.8002206e3 / (t * t) - 4.8640239e-2 + t * (2 * 4.1764768e-5 - t * 3 * 1.4452093e-8) + 6.5459673 / t;
  return -5.8002206e3 / t + 1.3914993 + t * (-4.8640239e-2 + t * (4.1764768e-5 - t * 1.4452093e-8)) +
         6.5459673 * log(t);
}

// Real air holds a little more vapour than a vacuum. Buck Research, model CR-1A manual (1996): pressure in hPa, degC. With it the
// saturation humidities of ASHRAE's table 2 are met within 0.05 % up to 50 degC.
static double enhancement(double t, double pressure) {
  const double c = t - ice_point, hpa = pressure / 100;
  return t < triple_point ? 1 + 1e-4 * (2.2 + hpa * (0.0383 + 6.4e-6 * c * c))
                          : 1 + 1e-4 * (7.2 + hpa * (0.0320 + 5.9e-6 * c * c));
}

double clx_air_saturation_pressure(double temperature) {
  double slope;
  return exp(log_saturation(hold(temperature, coldest, hottest), &slope));
}

// Pa of vapour in saturated air; 0.99 of the pressure beyond the boiling point, so that the humidity stays finite.
static double saturated_vapour(double t, double pressure) {
  return fmin(enhancement(t, pressure) * clx_air_saturation_pressure(t), 0.99 * pressure);
}

static double humidity_of(double vapour, double pressure) {
  return mass_ratio * vapour / (pressure - vapour);
}  // eq. 20
static double vapour_of(double humidity, double pressure) { return pressure * humidity / (mass_ratio + humidity); }

double clx_air_saturation_humidity(double temperature, double pressure) {
  const double p = hold(pressure, pressure_least, pressure_most);
  return humidity_of(saturated_vapour(hold(temperature, coldest, hottest), p), p);
}

clx_status clx_air_check(const clx_air *air, clx_error *error) {
  const double c = air->dry_bulb - ice_point;
  if (!(air->dry_bulb >= coldest && air->dry_bulb <= hottest)) {
    return clx_fail_plain(error, CLX_INPUT, "air of %.2f degC: expected -100 to 200 degC", c);
  }
  if (!(air->pressure >= pressure_least && air->pressure <= pressure_most)) {
    return clx_fail_plain(error, CLX_INPUT, "air at %g Pa: expected 20 to 120 kPa", air->pressure);
  }
  const double most = clx_air_saturation_humidity(air->dry_bulb, air->pressure);
  if (!(air->humidity >= 0 && air->humidity <= most * (1 + 1e-5))) {
    return clx_fail_plain(error, CLX_INPUT,
                          "air of %.2f degC with %g kg of vapour per kg: expected 0 to %g (saturation)", c,
                          air->humidity, most);
  }
  return CLX_OK;
}

clx_air clx_air_from_relative(double dry_bulb, double relative, double pressure) {
  const double t = hold(dry_bulb, coldest, hottest), p = hold(pressure, pressure_least, pressure_most);
  return (clx_air){t, humidity_of(hold(relative, 0, 1) * saturated_vapour(t, p), p), p};
}

clx_air clx_air_from_dew_point(double dry_bulb, double dew_point, double pressure) {
  const double t = hold(dry_bulb, coldest, hottest), p = hold(pressure, pressure_least, pressure_most);
  return (clx_air){t, humidity_of(saturated_vapour(hold(dew_point, coldest, t), p), p), p};
}

// Heat balance of the wet bulb (eq. 33 over water, 35 over ice), J/kg: positive while `wet` is above the wet bulb; and its slope.
typedef struct balance {
  double value, slope;
} balance;

static balance wet_balance(const clx_air *air, double wet, bool ice) {
  const double t = air->dry_bulb - ice_point, w = wet - ice_point, p = air->pressure;
  double slope;
  const double vapour = exp(log_saturation(wet, &slope)) * enhancement(wet, p);
  const double latent = ice ? 2830e3 - 240 * w : 2501e3 - 2326 * w, fall = ice ? 240 : 2326;
  const double liquid = ice ? 2100 : 4186, vaporised = ice ? 2830e3 : 2501e3;
  if (vapour >= 0.99 * p) return (balance){INFINITY, 0};
  const double most = humidity_of(vapour, p), rise = most * slope * p / (p - vapour);
  return (balance){latent * most - 1006 * (t - w) - air->humidity * (vaporised + 1860 * t - liquid * w),
                   latent * rise - fall * most + 1006 + liquid * air->humidity};
}

// The balance is convex and rises with `wet`: Newton's steps from the right stay there. Held in a bracket all the same, for the sake of
// rounding and of points beyond boiling.
static double wet_root(const clx_air *air, double low, double high, bool ice) {
  double wet = high;
  for (int32_t i = 0; i < 100 && high - low > 1e-9; i++) {
    const balance at = wet_balance(air, wet, ice);
    if (at.value > 0)
      high = wet;
    else
      low = wet;
    const double next = at.slope > 0 ? wet - at.value / at.slope : low;
    if (fabs(next - wet) < 1e-9) return hold(next, low, high);
    wet = next > low && next < high ? next : 0.5 * (low + high);
  }
  return wet;
}

double clx_air_wet_bulb(const clx_air *air) {
  if (wet_balance(air, air->dry_bulb, air->dry_bulb < ice_point).value <= 0) return air->dry_bulb;
  const bool water = air->dry_bulb > ice_point && wet_balance(air, ice_point, false).value <= 0;
  return water ? wet_root(air, ice_point, air->dry_bulb, false)
               : wet_root(air, coldest, fmin(air->dry_bulb, ice_point), true);
}

clx_air clx_air_from_wet_bulb(double dry_bulb, double wet_bulb, double pressure) {
  const double t = hold(dry_bulb, coldest, hottest), p = hold(pressure, pressure_least, pressure_most);
  const double wet = hold(wet_bulb, coldest, t), c = t - ice_point, w = wet - ice_point;
  const double most = humidity_of(saturated_vapour(wet, p), p);
  const double humidity = wet >= ice_point
                              ? ((2501 - 2.326 * w) * most - 1.006 * (c - w)) / (2501 + 1.86 * c - 4.186 * w)
                              : ((2830 - 0.24 * w) * most - 1.006 * (c - w)) / (2830 + 1.86 * c - 2.1 * w);
  return (clx_air){t, fmax(humidity, 0), p};
}

double clx_air_relative(const clx_air *air) {
  return hold(vapour_of(air->humidity, air->pressure) / saturated_vapour(air->dry_bulb, air->pressure), 0, 1);
}

double clx_air_dew_point(const clx_air *air) {
  const double vapour = vapour_of(air->humidity, air->pressure);
  if (vapour <= saturated_vapour(coldest, air->pressure)) return coldest;
  const double goal = log(vapour);
  double slope, t = fmin(air->dry_bulb, 300);
  // ln p is nearly linear in 1/T: Newton in 1/T.
  for (int32_t i = 0; i < 20; i++) {
    const double miss = log_saturation(t, &slope) + log(enhancement(t, air->pressure)) - goal;
    const double next = hold(1 / (1 / t + miss / (slope * t * t)), coldest, hottest);
    const bool done = fabs(next - t) < 1e-9;
    t = next;
    if (done) break;
  }
  return fmin(t, air->dry_bulb);
}

double clx_air_enthalpy(const clx_air *air) {  // eq. 30
  const double c = air->dry_bulb - ice_point;
  return 1006 * c + air->humidity * (2501e3 + 1860 * c);
}

double clx_air_density(const clx_air *air) {  // eq. 26
  return (1 + air->humidity) * air->pressure / (gas_constant * air->dry_bulb * (1 + air->humidity / mass_ratio));
}

double clx_air_heat_capacity(const clx_air *air) { return 1006 + 1860 * air->humidity; }

double clx_air_saturated_enthalpy(double temperature, double pressure) {
  const clx_air air = {hold(temperature, coldest, hottest), clx_air_saturation_humidity(temperature, pressure),
                       pressure};
  return clx_air_enthalpy(&air);
}

double clx_air_standard_pressure(double elevation) {  // eq. 3
  return 101325 * pow(1 - 2.25577e-5 * hold(elevation, -5000, 11000), 5.2559);
}
