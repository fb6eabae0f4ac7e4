// Coolant distribution units: a plate exchanger between the racks' loop and the facility's, and the pumps of the former. Rear doors are the same with air
// on the racks' side: a coil in crossflow, and fans.
#include <math.h>

#include "cooling/cooling_exchanger.h"
#include "cooling/cooling_fluid.h"

static const double ice_point = 273.15;

static clx_status fluids_of(const clx_cdu *cdu, clx_fluid *rack, clx_fluid *facility, clx_place place,
                            clx_error *error) {
  if (!clx_fluid_named(cdu->rack_fluid, rack) || !clx_fluid_named(cdu->facility_fluid, facility)) {
    return clx_fail(error, CLX_INPUT, place,
                    "rack_fluid, facility_fluid: expected water or pg25 (air of a rear door on the racks' side), read "
                    "\"%s\" and \"%s\"",
                    cdu->rack_fluid, cdu->facility_fluid);
  }
  return CLX_OK;
}

clx_status clx_cdu_check(const clx_cdu *cdu, clx_place place, clx_error *error) {
  clx_fluid rack, facility;
  CLX_TRY(fluids_of(cdu, &rack, &facility, place, error));
  if (cdu->supply_most > 0 && !(cdu->supply_least < cdu->supply_most)) {
    return clx_fail(error, CLX_INPUT, place, "supply_least: expected below supply_most, read %.6g and %.6g degC",
                    cdu->supply_least - ice_point, cdu->supply_most - ice_point);
  }
  if (cdu->pumps > 0 && cdu->pumps_needed > cdu->pumps) {
    return clx_fail(error, CLX_INPUT, place, "pumps_needed: expected at most the %g pumps, read %g", cdu->pumps,
                    cdu->pumps_needed);
  }
  // The record closes at a supply inside its range.
  const double middle = cdu->supply_most > 0 ? 0.5 * (cdu->supply_least + cdu->supply_most) : ice_point + 32;
  clx_exchanger exchanger;
  clx_error inner = {0};
  const clx_status status = clx_cdu_exchanger(cdu, middle, &exchanger, &inner);
  return status == CLX_OK ? CLX_OK : clx_fail(error, status, place, "%s", inner.mistake[0].text);
}

static clx_status check_supply(const clx_cdu *cdu, double rack_supply, clx_error *error) {
  if (cdu->supply_most > 0 && !(rack_supply >= cdu->supply_least && rack_supply <= cdu->supply_most)) {
    return clx_fail_plain(error, CLX_INPUT, "CDU %s supplying %.2f degC: it is made for %.4g to %.4g degC", cdu->name,
                          rack_supply - ice_point, cdu->supply_least - ice_point, cdu->supply_most - ice_point);
  }
  return CLX_OK;
}

// Heat capacities at the two supplies: over a loop's 10 to 20 K they change by 0.2 %.
static clx_status capacities(const clx_cdu *cdu, double rack_supply, double facility_supply, double *rack,
                             double *facility, clx_error *error) {
  clx_fluid hot, cold;
  clx_fluid_state state;
  CLX_TRY(fluids_of(cdu, &hot, &cold, (clx_place){0}, error));
  CLX_TRY(clx_fluid_at(&hot, rack_supply, &state, error));
  *rack = state.heat_capacity;
  CLX_TRY(clx_fluid_at(&cold, facility_supply, &state, error));
  *facility = state.heat_capacity;
  return CLX_OK;
}

clx_status clx_cdu_exchanger(const clx_cdu *cdu, double rack_supply, clx_exchanger *exchanger, clx_error *error) {
  double rack = 0, facility = 0;
  CLX_TRY(check_supply(cdu, rack_supply, error));
  const double facility_supply = rack_supply - cdu->approach;
  CLX_TRY(capacities(cdu, rack_supply, facility_supply, &rack, &facility, error));
  const double back = rack_supply + cdu->capacity / (cdu->rack_flow * rack);
  const double facility_back = facility_supply + cdu->capacity / (cdu->facility_flow * facility);
  clx_fluid hot;
  const bool door = clx_fluid_named(cdu->rack_fluid, &hot) && hot.kind == CLX_FLUID_AIR;
  const clx_status status = clx_exchanger_size(door ? CLX_CROSS_UNMIXED : CLX_COUNTER, cdu->capacity, back, rack_supply,
                                               facility_supply, facility_back, rack, facility, exchanger, NULL);
  if (status == CLX_OK) return CLX_OK;
  return clx_fail_plain(
      error, CLX_INPUT,
      "CDU %s: no exchanger carries %.4g kW from %.1f to %.1f degC into %.1f to %.1f degC: its flows are "
      "too small for its approach",
      cdu->name, cdu->capacity * 1e-3, back - ice_point, rack_supply - ice_point, facility_supply - ice_point,
      facility_back - ice_point);
}

// heat = effectiveness C_min (return - facility_supply), and return = rack_supply + heat / C_rack.
clx_status clx_cdu_heat(const clx_cdu *cdu, const clx_exchanger *exchanger, double rack_supply, double rack_flow,
                        double facility_supply, double facility_flow, double *heat, clx_error *error) {
  double rack = 0, facility = 0;
  CLX_TRY(check_supply(cdu, rack_supply, error));
  CLX_TRY(capacities(cdu, rack_supply, facility_supply, &rack, &facility, error));
  *heat = 0;
  if (!(rack_supply > facility_supply && rack_flow > 0 && facility_flow > 0)) return CLX_OK;
  const double hot = rack_flow * rack, least = fmin(hot, facility_flow * facility);
  // Any temperature above the facility's tells the effectiveness.
  const clx_exchange e =
      clx_exchanger_run(exchanger, rack_supply, rack_flow, rack, facility_supply, facility_flow, facility);
  const double take = e.effectiveness * least;
  if (!(take < hot * (1 - 1e-9))) {
    return clx_fail_plain(
        error, CLX_INPUT,
        "CDU %s at %.4g kg/s: a rack flow so small leaves at the facility's temperature whatever the heat", cdu->name,
        rack_flow);
  }
  *heat = take * (rack_supply - facility_supply) / (1 - take / hot);
  return CLX_OK;
}

double clx_cdu_electric(const clx_cdu *cdu, double rack_supply, double efficiency) {
  clx_fluid rack;
  if (cdu->electric > 0) return cdu->electric;
  if (!(cdu->rack_head > 0 && efficiency > 0) || !clx_fluid_named(cdu->rack_fluid, &rack)) return 0;
  return cdu->rack_flow / clx_fluid_density(&rack, rack_supply) * cdu->rack_head / efficiency;
}
