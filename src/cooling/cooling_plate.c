// Cold plates by their measured curves; racks by the coolant that they need.
#include <math.h>

#include "cooling/cooling_exchanger.h"
#include "cooling/cooling_fluid.h"

#define LITRE_PER_MINUTE (1e-3 / 60)

static const double ice_point = 273.15;

// --- cold plates ------------------------------------------------------------------------------------------------------------

clx_status clx_cold_plate_check(const clx_cold_plate *plate, clx_place place, clx_error *error) {
  clx_fluid fluid;
  if (!clx_fluid_named(plate->fluid, &fluid)) {
    return clx_fail(error, CLX_INPUT, place, "fluid: expected water or pg25, read \"%s\"", plate->fluid);
  }
  if (plate->flow_count < 2 || plate->resistance_count != plate->flow_count) {
    return clx_fail(error, CLX_INPUT, place,
                    "resistance: expected as many as flows and at least two, read %d for %d flows",
                    (int)plate->resistance_count, (int)plate->flow_count);
  }
  for (int32_t i = 0; i < plate->flow_count; i++) {
    if (!(plate->flow[i] > (i == 0 ? 0 : plate->flow[i - 1])) || !(plate->resistance[i] > 0) ||
        (i > 0 && !(plate->resistance[i] <= plate->resistance[i - 1]))) {
      return clx_fail(error, CLX_INPUT, place,
                      "flow, resistance: expected rising flows with falling resistances above 0, read %.6g L/min with "
                      "%.6g K/W at number %d",
                      plate->flow[i] / LITRE_PER_MINUTE, plate->resistance[i], (int)i + 1);
    }
  }
  return CLX_OK;
}

// Slope of the logarithm of resistance against that of flow between points i and i + 1.
static double step_slope(const clx_cold_plate *plate, int32_t i) {
  return log(plate->resistance[i + 1] / plate->resistance[i]) / log(plate->flow[i + 1] / plate->flow[i]);
}

// Slope at a point: the harmonic mean of its neighbours, weighted by their lengths (Fritsch and Butland 1984), which keeps the
// cubic monotone; at an end that of the chord.
static double point_slope(const clx_cold_plate *plate, int32_t i) {
  if (i == 0) return step_slope(plate, 0);
  if (i == plate->flow_count - 1) return step_slope(plate, i - 1);
  const double before = step_slope(plate, i - 1), after = step_slope(plate, i);
  if (!(before * after > 0)) return 0;
  const double left = log(plate->flow[i] / plate->flow[i - 1]), right = log(plate->flow[i + 1] / plate->flow[i]);
  const double a = (left + 2 * right) / (3 * (left + right));
  return 1 / (a / before + (1 - a) / after);
}

clx_status clx_cold_plate_resistance(const clx_cold_plate *plate, double flow, double *resistance, clx_error *error) {
  const int32_t last = plate->flow_count - 1;
  if (!(flow >= plate->flow[0] * (1 - 1e-9) && flow <= plate->flow[last] * (1 + 1e-9))) {
    return clx_fail_plain(error, CLX_INPUT, "cold plate %s at %.4g L/min: it was measured from %.4g to %.4g L/min",
                          plate->name, flow / LITRE_PER_MINUTE, plate->flow[0] / LITRE_PER_MINUTE,
                          plate->flow[last] / LITRE_PER_MINUTE);
  }
  int32_t i = 0;
  while (i < last - 1 && flow > plate->flow[i + 1]) i++;
  // Cubic of Hermite on the logarithms.
  const double width = log(plate->flow[i + 1] / plate->flow[i]);
  const double x = fmin(fmax(log(flow / plate->flow[i]) / width, 0), 1);
  const double rise = log(plate->resistance[i + 1] / plate->resistance[i]);
  const double from = point_slope(plate, i) * width, to = point_slope(plate, i + 1) * width;
  const double y = x * (from + x * (3 * rise - 2 * from - to + x * (from + to - 2 * rise)));
  *resistance = plate->resistance[i] * exp(y);
  return CLX_OK;
}

// --- racks ------------------------------------------------------------------------------------------------------------------

clx_status clx_rack_coolant_check(const clx_rack_coolant *rack, clx_place place, clx_error *error) {
  clx_fluid fluid;
  if (!clx_fluid_named(rack->fluid, &fluid)) {
    return clx_fail(error, CLX_INPUT, place, "fluid: expected water or pg25, read \"%s\"", rack->fluid);
  }
  if (!(rack->supply_most > rack->supply_least && rack->return_most > rack->supply_most)) {
    return clx_fail(error, CLX_INPUT, place,
                    "supply_least, supply_most, return_most: expected to rise, read %.6g, %.6g, %.6g degC",
                    rack->supply_least - ice_point, rack->supply_most - ice_point, rack->return_most - ice_point);
  }
  if (rack->flow_count != rack->supply_count ||
      (rack->pressure_count > 0 && rack->pressure_count != rack->flow_count)) {
    return clx_fail(error, CLX_INPUT, place,
                    "supply, flow, pressure: expected as many of each, read %d supplies, %d flows, %d pressures",
                    (int)rack->supply_count, (int)rack->flow_count, (int)rack->pressure_count);
  }
  for (int32_t i = 0; i < rack->flow_count; i++) {
    const bool rises = i == 0 || (rack->supply[i] > rack->supply[i - 1] && rack->flow[i] > rack->flow[i - 1]);
    if (!rises || !(rack->flow[i] > 0) || (rack->pressure_count > 0 && !(rack->pressure[i] > 0))) {
      return clx_fail(
          error, CLX_INPUT, place,
          "supply, flow, pressure: expected rising supplies and flows above 0, read %.6g degC with %.6g L/min at "
          "number %d",
          rack->supply[i] - ice_point, rack->flow[i] / LITRE_PER_MINUTE, (int)i + 1);
    }
  }
  return CLX_OK;
}

clx_status clx_rack_coolant_flow_in(const clx_rack_coolant *rack, const clx_fluid *fluid, double supply, double power,
                                    double *flow, clx_error *error) {
  if (!(supply >= rack->supply_least && supply <= rack->supply_most)) {
    return clx_fail_plain(error, CLX_INPUT, "rack %s with coolant of %.2f degC: it takes %.4g to %.4g degC", rack->name,
                          supply - ice_point, rack->supply_least - ice_point, rack->supply_most - ice_point);
  }
  if (!(power >= 0 && isfinite(power))) {
    return clx_fail_plain(error, CLX_INPUT, "rack %s of %g W: expected 0 or more", rack->name, power);
  }
  // What it warms on its way; flows are metered at the supply's density.
  const double rise = rack->effectiveness * (rack->return_most - supply);
  clx_fluid_state cold, mean;
  CLX_TRY(clx_fluid_at(fluid, supply, &cold, error));
  CLX_TRY(clx_fluid_at(fluid, supply + 0.5 * rise, &mean, error));
  *flow = rack->liquid * power / (cold.density * mean.heat_capacity * rise);
  return CLX_OK;
}

clx_status clx_rack_coolant_flow(const clx_rack_coolant *rack, double supply, double power, double *flow,
                                 clx_error *error) {
  clx_fluid fluid;
  if (!clx_fluid_named(rack->fluid, &fluid)) {
    return clx_fail_plain(error, CLX_INPUT, "rack %s: fluid \"%s\" is not known", rack->name, rack->fluid);
  }
  return clx_rack_coolant_flow_in(rack, &fluid, supply, power, flow, error);
}

double clx_rack_coolant_pressure(const clx_rack_coolant *rack, double flow) {
  if (rack->pressure_count == 0 || !(flow > 0)) return 0;
  double x = 0, y = 0, xx = 0, xy = 0;
  for (int32_t i = 0; i < rack->pressure_count; i++) {
    const double at = log(rack->flow[i] / rack->flow[0]), pressure = log(rack->pressure[i] / rack->pressure[0]);
    x += at;
    y += pressure;
    xx += at * at;
    xy += at * pressure;
  }
  const double n = rack->pressure_count, spread = n * xx - x * x;
  const double slope = rack->pressure_count > 1 ? (n * xy - x * y) / spread : rack->exponent;
  return rack->pressure[0] * exp((y - slope * x) / n + slope * log(flow / rack->flow[0]));
}
