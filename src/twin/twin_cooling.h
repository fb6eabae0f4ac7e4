// Cooling of a scenario: the plant for the machine's heat, its year, chips at the temperature it gives, and what follows for clocks and power.
// Shared by runs and by `colossus cooling`. docs/model/cooling/feedback.md.
#pragma once

#include "cooling/cooling_design.h"
#include "cooling/cooling_header.h"
#include "cooling/cooling_racks.h"
#include "cooling/cooling_transient.h"
#include "twin/twin_power.h"

// Heat of the machine, W.
typedef struct clx_twin_heat {
  double liquid, air;  // air: whatever no coolant takes, with network, storage and losses of the chain inside the hall
} clx_twin_heat;

// One cohort's accelerators.
typedef struct clx_twin_chips {
  const clx_rack_coolant *coolant;  // NULL = cooled by air
  const clx_chip_thermal *thermal;  // NULL = not known
  double liquid_share;              // of the servers' heat
  double flow;                      // m3/s of one rack at design
  double least;                     // share of it that the worst-placed rack on its headers gets
  double resistance;                // K/W case to inlet there
  bool beyond;                      // of the flows at which its plate was measured
  double inlet_limit;               // K at which clocks begin to fall
  clx_chip_point usual, worst;      // at the year's mean supply and at the hottest hour, at the board's limit
} clx_twin_chips;

struct clx_twin_cooling {
  clx_plant_spec spec;     // the scenario's, with the flow that its racks ask for
  clx_racks_need need;     // of the racks at their limit; no flow = nobody states it
  clx_header_flow header;  // along a loop of racks; no share = equal
  clx_plant plant;
  clx_twin_heat peak, mean;              // all at their limits; while the job runs
  double pass_it;                        // W of IT power that `mean` belongs to
  clx_plant_state design;                // peak heat in the air of the design day
  clx_plant_state usual;                 // mean heat in the year's mean air
  clx_cooling_year year;                 // of the mean heat
  clx_plant_state hottest, hottest_air;  // mean heat at the hours of the year with the hottest liquid and hall air
  bool has_year;
  clx_twin_chips *chips;  // [fleet_count]
  int32_t first;          // cohort that throttles first; < 0 = not known
};

// Plant, design and usual states; sets overhead and overhead_peak of the case, and the leakage of each cohort. `year`: the whole year, too. Nothing where the
// scenario has no section `cooling`. CLX_INFEASIBLE: a plant that cannot reject the heat.
clx_status clx_twin_cooling_make(clx_twin_power_case *c, bool year, clx_error *error);
// The chips of one cohort at an inlet temperature.
clx_status clx_twin_cooling_chip(const clx_twin_power_case *c, int32_t cohort, double inlet, clx_chip_point *point,
                                 clx_error *error);
// Plate of the accelerators of a cohort, for the fluid of the racks' loop; NULL = cooled by air, or not known.
const clx_cold_plate *clx_twin_plate(const clx_twin_power_case *c, int32_t cohort);
// Step of the job at the hottest hour: leakage and throttling come off what GPUs may draw.
clx_status clx_twin_cooling_step(const clx_twin_power_case *c, double *clock, double *time, clx_error *error);
// cooling.*
clx_status clx_twin_cooling_put(const clx_twin_power_case *c, bool series, clx_result *result, clx_error *error);
#define CLX_TWIN_RIDE_MOST 1800.0  // s that a ride-through is followed
// cooling.ride_through: s from loss of all power to the plant until the first chip throttles, all boards at their limit on the design day; with the
// fact cooling.ride_through.note where it is longer than CLX_TWIN_RIDE_MOST, or not known (then without the quantity); a warning where the
// transient cannot be computed.
clx_status clx_twin_cooling_put_ride(const clx_twin_power_case *c, clx_result *result, clx_error *error);
// What trips assume of halls, among the assumptions of a result; nothing where the plant has no hall air.
clx_status clx_twin_cooling_assume_hall(const clx_twin_power_case *c, clx_result *result, clx_error *error);
double clx_twin_cooling_air_limit(void);  // K at the inlets of servers
// A transient with the trips given, all boards at their limit before, in outside air of `outside` K (0 = the scenario's, else the design day's).
clx_status clx_twin_cooling_transient(const clx_twin_power_case *c, const clx_trip *trip, int32_t trip_count,
                                      double outside, double horizon, clx_transient *out, clx_error *error);
