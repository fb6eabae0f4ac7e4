// The section `serving` of a scenario: the model, its pools of replicas, and what users ask.
#pragma once

#include "catalog/catalog.h"
#include "machine/machine.h"
#include "serving/serving_replica.h"

struct clx_scenario;

// A replica with what carries it.
typedef struct clx_served_pool {
  clx_server server;
  clx_device device;
  clx_link nic;
  clx_engine engine;  // of GPUs
  clx_serving_replica replica;
} clx_served_pool;

// What the section names, read and checked.
typedef struct clx_serving_entries {
  bool stated;
  clx_transformer model;
  clx_served_pool *pool;  // [spec.serving.pool_count]
  int32_t pools;
} clx_serving_entries;

bool clx_scenario_is_serving(const struct clx_scenario *scenario);
// CLX_INPUT, named, where the section is absent.
clx_status clx_scenario_need_serving(const struct clx_scenario *scenario, clx_error *error);
// Reads server and device of a pool of the section, or of one that a plan tries, and makes its replica; everything from `arena`, which must
// outlive `out`; `out` stays where it is. Errors: those of clx_serving_replica_make, unknown entries.
clx_status clx_scenario_serving_pool(const struct clx_scenario *scenario, const clx_serve_pool_spec *pool,
                                     clx_arena *arena, clx_served_pool *out, clx_error *error);
// The requests of the section, drawn with its own seed and that of the run; 1 adds nothing.
clx_status clx_scenario_serving_requests(const struct clx_scenario *scenario, uint64_t seed, clx_arena *arena,
                                         clx_requests *out, clx_error *error);
// Outages, scaling and starts: CLX_INPUT, with the place, where they contradict pools, reliability or each other.
clx_status clx_scenario_check_serving_changes(const struct clx_scenario *scenario, clx_error *error);
// Number of a pool by its name; 0 without one.
int32_t clx_scenario_serving_pool_at(const struct clx_scenario *scenario, const char *name);
// s from the decision until a replica of a pool serves: boot, and the weights of one server over `start.bandwidth`.
double clx_scenario_serving_start(const struct clx_scenario *scenario, int32_t pool);
// What strikes the replicas of a pool; nothing where outages are not drawn. Arrays from `arena`.
clx_status clx_scenario_outage_law(const struct clx_scenario *scenario, int32_t pool, clx_arena *arena,
                                   clx_outage_law *out, clx_error *error);
