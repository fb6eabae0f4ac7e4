// What `colossus cooling` reports. Names of all results: report/report_cooling.h.
#pragma once

#include "twin/twin.h"
#include "twin/twin_cooling.h"

// clx_cooling_run of the public header, into an empty result. options nullable.
clx_status clx_twin_cooling_study(const clx_scenario *scenario, const clx_cooling_options *options, clx_result *result,
                                  clx_error *error);
// The minutes after trips of the options, else of the scenario, as cooling.trip.*; nothing without any. CLX_INPUT: what the plant does not have, with what
// it has.
clx_status clx_twin_cooling_trips(const clx_twin_power_case *c, const clx_cooling_options *options, clx_result *result,
                                  clx_error *error);
