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
  int32_t pools;          // 0 also where some cannot be made and the scenario was loaded open
} clx_serving_entries;

bool clx_scenario_is_serving(const struct clx_scenario *scenario);
// CLX_INPUT, named, where the section is absent.
clx_status clx_scenario_need_serving(const struct clx_scenario *scenario, clx_error *error);
// Reads server and device of a pool of the section, or of one that a plan tries, and makes its replica; everything from `arena`, which must
// outlive `out`; `out` stays where it is. Errors: those of clx_serving_replica_make, unknown entries.
clx_status clx_scenario_serving_pool(const struct clx_scenario *scenario, const clx_serve_pool_spec *pool,
                                     clx_arena *arena, clx_served_pool *out, clx_error *error);
// How many will be drawn, in the mean; 0 of a trace.
double clx_scenario_serving_count(const struct clx_scenario *scenario);
// The requests of the section, drawn with its own seed and that of the run; 1 adds nothing. Of those that are drawn the first `most`; 0 = all.
clx_status clx_scenario_serving_requests(const struct clx_scenario *scenario, uint64_t seed, int64_t most,
                                         clx_arena *arena, clx_requests *out, clx_error *error);
// Where the requests stand; the section where they do not.
clx_place clx_scenario_requests_place(const clx_serve_spec *spec);
// Whether all requests fit into the context of the model, where it is known. CLX_INPUT, at the place of the requests.
clx_status clx_scenario_check_context(const clx_serve_spec *spec, const clx_transformer *model,
                                      const clx_requests *requests, clx_error *error);
