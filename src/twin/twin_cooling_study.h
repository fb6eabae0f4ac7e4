// What `colossus cooling` reports. Names of all results: report/report_cooling.h.
#pragma once

#include "twin/twin.h"

// clx_cooling_run of the public header, into an empty result. options nullable.
clx_status clx_twin_cooling_study(const clx_scenario *scenario, const clx_cooling_options *options, clx_result *result,
                                  clx_error *error);
