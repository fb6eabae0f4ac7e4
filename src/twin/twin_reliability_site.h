// The machine and the job of a scenario as the reliability domain wants them told.
#pragma once

#include "twin/twin_reliability.h"

// Arrays from `arena`. CLX_INFEASIBLE: no whole replica stands when the run starts.
clx_status clx_twin_reliability_site(const clx_scenario *scenario, const clx_training *job, const clx_step *step,
                                     clx_arena *arena, clx_reliability_site *site, clx_error *error);
