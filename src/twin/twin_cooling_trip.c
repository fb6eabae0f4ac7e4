// The minutes after equipment of a scenario's plant stops, with all boards at their limit before. docs/model/cooling/transient.md.
#include <math.h>
#include <stdio.h>

#include "scenario/scenario.h"
#include "twin/twin_cooling.h"

// Metal of a rack that follows its coolant: 150 kg of copper.
static const double RACK_CAPACITY = 60e3;  // J/K
// Hall air: 2.7 m2 of floor a rack with its share of aisles, 4.5 m high (assumed: usual for rows of racks; halls are not published).
static const double HALL_VOLUME = 12;  // m3 a rack
// Servers in that air: 12 kJ/K of a server of two units, measured (Ibrahim and others, ITherm 2012), times 42 units. Chassis and building left out.
static const double HALL_METAL = 21 * 12e3;  // J/K a rack
static const double HALL_METAL_TIME = 300;   // s: servers follow within several minutes (the same), assumed five
// Inlet of servers: ASHRAE TC 9.9, class A2, allowable; the catalogue's servers state no limit of their own.
static const double HALL_LIMIT = 308.15;  // K

// --- what is followed ----------------------------------------------------------------------------------------------------

typedef struct row {
  int32_t loop;   // of the plant; < 0 = none
  bool liquid;    // cohorts with coolant
  double heat;    // W of all boards at their limit
  int32_t first;  // cohort whose chips are followed; < 0 = none
  clx_chip_load load;
  clx_transient_chips chips;
} row;

static bool is_on(const clx_twin_power_case *c, const row *r, int32_t cohort) {
  return (c->cooling->chips[cohort].coolant != NULL) == r->liquid;
}

// Of those on the row whose chips are known, the cohort that throttles at the coldest inlet.
static int32_t followed(const clx_twin_power_case *c, const row *r) {
  int32_t first = -1;
  for (int32_t i = 0; r->loop >= 0 && i < c->fleet_count; i++) {
    const clx_twin_chips *chips = &c->cooling->chips[i];
    if (!is_on(c, r, i) || chips->thermal == NULL || !(chips->resistance > 0)) continue;
    if (!(chips->thermal->capacity > 0)) continue;
    if (first < 0 || chips->inlet_limit < c->cooling->chips[first].inlet_limit) first = i;
  }
  return first;
}

// Chips of the followed kind that give the row the heat of all its chips: others count by their draw.
static clx_status fill_chips(const clx_twin_power_case *c, row *r, clx_error *error) {
  const double inlet = r->loop >= 0 ? c->cooling->design.loop[r->loop].supply : 0;
  double watt = 0, one = 0;
  r->first = followed(c, r);
  if (r->first < 0) return CLX_OK;
  for (int32_t i = 0; i < c->fleet_count; i++) {
    clx_chip_point point;
    if (!is_on(c, r, i)) continue;
    CLX_TRY(clx_twin_cooling_chip(c, i, inlet, &point, error));
    watt += (double)c->fleet[i].cohort.gpus * point.power;
    if (i == r->first) one = point.power;
  }
  const clx_twin_cohort *t = &c->fleet[r->first];
  const clx_twin_chips *chips = &c->cooling->chips[r->first];
  r->load = (clx_chip_load){
      .power_full = t->limit, .rest = t->cohort.device.idle_power / t->limit, .limit = fmax(t->board, one)};
  r->chips = (clx_transient_chips){.thermal = chips->thermal,
                                   .load = &r->load,
                                   .power = one,
                                   .count = fmin(watt, r->heat) / one,
                                   .resistance = chips->resistance};
  return CLX_OK;
}

// The racks' loops, and hall air beside them.
static clx_status find_rows(const clx_twin_power_case *c, row *racks, row *air, clx_error *error) {
  const clx_plant *plant = &c->cooling->plant;
  const clx_twin_heat *peak = &c->cooling->peak;
  const bool liquid = plant->liquid >= 0;
  *racks = (row){.liquid = liquid};
  racks->loop = liquid ? plant->liquid : plant->air;
  racks->heat = liquid ? peak->liquid : peak->air;
  *air = (row){.loop = liquid ? plant->air : -1, .heat = peak->air};
  CLX_TRY(fill_chips(c, racks, error));
  return fill_chips(c, air, error);
}

// --- transients ------------------------------------------------------------------------------------------------------------

clx_status clx_twin_cooling_transient(const clx_twin_power_case *c, const clx_trip *trip, int32_t trip_count,
                                      double outside, double horizon, clx_transient *out, clx_error *error) {
  static const double STEP = 0.5;  // s
  const clx_twin_cooling *k = c->cooling;
  const clx_cooling_spec *spec = &c->scenario->spec.cooling;
  const double dry = outside > 0 ? outside : spec->outside;
  clx_air air = k->plant.design;
  double all = 0, cooled = 0, beside = 0;
  row racks, hall;
  if (dry > 0) {
    air.dry_bulb = dry;
    air.humidity = fmin(air.humidity, clx_air_saturation_humidity(dry, air.pressure));
  }
  CLX_TRY(find_rows(c, &racks, &hall, error));
  for (int32_t i = 0; i < c->fleet_count; i++) {
    all += (double)c->fleet[i].cohort.racks;
    if (!racks.liquid || !is_on(c, &racks, i)) continue;
    cooled += (double)c->fleet[i].cohort.racks;
    beside += (1 - k->chips[i].liquid_share) * clx_twin_cohort_peak(&c->fleet[i]);
  }
  const clx_transient_input input = {.plant = &k->plant,
                                     .outside = &air,
                                     .liquid = k->peak.liquid,
                                     .air = k->peak.air,
                                     .chips = racks.chips,
                                     .air_chips = hall.chips,
                                     .hall = {.volume = HALL_VOLUME * all,
                                              .metal = HALL_METAL * all,
                                              .metal_time = HALL_METAL_TIME,
                                              .limit = HALL_LIMIT,
                                              .follows = fmin(1, beside / fmax(1, k->peak.air))},
                                     .rack_capacity = RACK_CAPACITY * cooled,
                                     .trip = trip,
                                     .trip_count = trip_count,
                                     .tank = spec->tank,
                                     .tank_loop = spec->tank_loop,
                                     .backup_pumps = spec->backup_pumps,
                                     .horizon = horizon,
                                     .step = STEP};
  return clx_transient_run(&input, c->arena, out, error);
}

clx_status clx_twin_cooling_assume_hall(const clx_twin_power_case *c, clx_result *result, clx_error *error) {
  char why[256];
  if (c->cooling->plant.air < 0) return CLX_OK;
  snprintf(why, sizeof why,
           "%g m3 of air and %g kJ/K of servers a rack that follow it in %g s: halls of AI sites are not published; a "
           "server of 2 units measured at 12 kJ/K; building and chassis left out",
           HALL_VOLUME, HALL_METAL / 1e3, HALL_METAL_TIME);
  return clx_result_assume(result, error, "cooling.trip.air", why);
}

double clx_twin_cooling_air_limit(void) { return HALL_LIMIT; }

// --- ride-through ----------------------------------------------------------------------------------------------------------

static clx_status ride(const clx_twin_power_case *c, bool *known, double *seconds, clx_error *error) {
  const clx_trip trip = {.kind = CLX_TRIP_POWER, .count = -1, .member = -1};
  clx_transient out;
  row racks, air;
  CLX_TRY(find_rows(c, &racks, &air, error));
  *known = racks.first >= 0 || air.first >= 0;
  if (!*known) return CLX_OK;
  CLX_TRY(clx_twin_cooling_transient(c, &trip, 1, 0, CLX_TWIN_RIDE_MOST, &out, error));
  *seconds = out.to_throttle;
  return CLX_OK;
}

// A transient that cannot be computed takes nothing from the rest.
clx_status clx_twin_cooling_put_ride(const clx_twin_power_case *c, clx_result *result, clx_error *error) {
  bool known = false;
  double seconds = INFINITY;
  clx_error why;
  clx_error_clear(&why);
  const clx_status status = ride(c, &known, &seconds, &why);
  if (status == CLX_MEMORY) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  if (status != CLX_OK)
    return clx_result_warn(result, error, "cooling.ride_through is not known: %s", why.mistake[0].text);
  if (!known)
    return clx_result_add_text(result, "cooling.ride_through.note",
                               "not known: no accelerator of the machine has limits and a resistance to its coolant",
                               error);
  if (!isfinite(seconds)) {
    seconds = CLX_TWIN_RIDE_MOST;
    CLX_TRY(clx_result_add_text(result, "cooling.ride_through.note",
                                "longer than 30 min: no chip throttles within them", error));
  }
  return clx_twin_put(
      result, "cooling.ride_through", seconds, "s",
      "from the loss of all power to the plant until the first chip throttles, all boards at their limit "
      "on the design day",
      error);
}
