// The section `power` of a scenario: the site's chain, sources, storage, limits, and what is done about swings.
#pragma once

#include "power/power_chain.h"
#include "power/power_site.h"
#include "power/power_smooth.h"
#include "power/power_supply.h"

typedef enum clx_on_limit {
  CLX_ON_LIMIT_REFUSE,  // a machine that may draw more than the site has is infeasible
  CLX_ON_LIMIT_CAP,     // its GPUs are capped until it fits
  CLX_ON_LIMITS
} clx_on_limit;

extern const char *const clx_on_limit_name[CLX_ON_LIMITS + 1];

// What counts as IT power.
typedef enum clx_power_scope {
  CLX_POWER_SCOPE_ALL,
  CLX_POWER_SCOPE_SERVERS,  // servers and racks alone, where a published meter stood there
  CLX_POWER_SCOPES
} clx_power_scope;

extern const char *const clx_power_scope_name[CLX_POWER_SCOPES + 1];

// Mitigation as the user says it: of one GPU and of the site.
typedef struct clx_smoothing_spec {
  double floor;               // share of the GPU's limit
  double ramp_up, ramp_down;  // W/s of one GPU
  double hysteresis;          // s
  double dummy;               // share of a gap that software fills
  double dummy_delay;         // s
  double rack_energy;         // J of capacitors for one GPU; below 0 = what the rack's shelf has
  double rack_power;          // W they pass for one GPU
  double battery_time;        // s, time constant of the filter that batteries of role `smooth` follow
  double stagger;             // s over which servers come up when the job starts
  clx_place place;
} clx_smoothing_spec;

// Power that was or will be there, to ask how many GPUs it carries.
typedef struct clx_power_milestone {
  const char *name;
  double power;  // W
  clx_place place;
} clx_power_milestone;

typedef struct clx_power_spec {
  double pue;             // facility power / IT power; 0 = not stated
  double facility_limit;  // W; 0 = none
  int32_t on_limit;       // clx_on_limit
  const char *chain;      // catalogue name; NULL = power supplies of servers and racks alone
  int32_t scope;          // clx_power_scope
  double storage;         // W of storage and management servers
  clx_supply_spec supply;
  clx_grid_limits limits;
  clx_smoothing_spec smoothing;
  clx_power_milestone *milestone;
  int32_t milestone_count;
  clx_jobs_spec jobs;
  double horizon;     // s of the run of the site; 0 = that of the training, a day without
  double resolution;  // s of its series; 0 = a 2,000th of the horizon
  clx_place place;
} clx_power_spec;

extern const clx_schema clx_power_section_schema;

// Catalogue entries that the section names.
typedef struct clx_power_entries {
  clx_chain_spec chain;
  clx_supply supply;
  bool stated;  // the scenario names a chain; else it has servers and racks alone
} clx_power_entries;
