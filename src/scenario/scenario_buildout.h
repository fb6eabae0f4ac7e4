// The section `buildout` of a scenario: when how many GPUs of its fleet can be used.
#pragma once

#include "buildout/buildout.h"

struct clx_scenario;

bool clx_scenario_is_built(const struct clx_scenario *scenario);

// The fleet in the order in which it comes: by phase, then as it stands. Power and heat are left 0. `cohort` and `item` (index in machine.fleet) have room
// for fleet_count.
void clx_scenario_cohorts(const struct clx_scenario *scenario, clx_buildout_cohort *cohort, int32_t *item);

// Whether the orders of section `supply` say what is delivered, instead of buildout.deliveries.
bool clx_scenario_supplies_buildout(const struct clx_scenario *scenario);
// Whether buildout.power, or a work that gives power, says what power there is.
bool clx_scenario_builds_power(const struct clx_scenario *scenario);
// Whether sources of section `power` come and go: their times count from the start of the build then.
bool clx_scenario_dates_power(const struct clx_scenario *scenario);
