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
  clx_network network;  // between stages of a pipeline
  clx_engine engine;    // of GPUs
  clx_serving_replica replica;
} clx_served_pool;

// A model that is served; `key` as the section writes it.
typedef struct clx_served_model {
  const char *key;
  clx_transformer model;
} clx_served_model;

// A tenant of the requests that are made.
typedef struct clx_served_tenant {
  const char *name;
  int32_t model, priority;
  clx_slo_spec slo;
} clx_served_tenant;

// What the section names, read and checked.
typedef struct clx_serving_entries {
  bool stated;
  clx_served_model *model;    // the section's first
  clx_served_tenant *tenant;  // as the requests number them
  clx_served_pool *pool;      // [spec.serving.pool_count]
  int32_t models, tenants,
      pools;  // tenants 0: there is one, without a name; pools 0 also where some cannot be made and the scenario was loaded open
} clx_serving_entries;

bool clx_scenario_is_serving(const struct clx_scenario *scenario);
// CLX_INPUT, named, where the section is absent.
clx_status clx_scenario_need_serving(const struct clx_scenario *scenario, clx_error *error);
// Reads server and device of a pool of the section, or of one that a plan tries, and makes its replica; everything from `arena`, which must
// outlive `out`; `out` stays where it is. Errors: those of clx_serving_replica_make, unknown entries.
clx_status clx_scenario_serving_pool(const struct clx_scenario *scenario, const clx_serve_pool_spec *pool,
                                     clx_arena *arena, clx_served_pool *out, clx_error *error);
// How many will be drawn, in the mean, and the s in which they come; 0 of traces.
double clx_scenario_serving_count(const struct clx_scenario *scenario);
double clx_scenario_serving_span(const struct clx_scenario *scenario);
// The requests of the section and of its tenants in one list, drawn with their own seeds and that of the run; 1 adds nothing. Of those that
// are drawn the first `most`, each tenant's in its proportion; 0 = all.
clx_status clx_scenario_serving_requests(const struct clx_scenario *scenario, uint64_t seed, int64_t most,
                                         clx_arena *arena, clx_requests *out, clx_error *error);

// GPUs that NVLink joins: those of the largest domain of a rack with this server, at least the server's own.
int32_t clx_serving_domain(const clx_catalog *catalog, const clx_server *server, clx_arena *arena);
// What stages of a pipeline of `device` in `server` send each other over: NVLink within the largest domain of a rack with that server,
// else `nic` B/s of one GPU, by a library and a transport of the catalogue.
clx_status clx_serving_network(const clx_catalog *catalog, const clx_server *server, const clx_device *device,
                               double nic, const char *library, const char *transport, clx_place place,
                               clx_arena *arena, clx_network *out, clx_error *error);

// Requests come `speed` times as fast, for `duration` s.
typedef struct clx_serving_pace {
  double speed, duration;
} clx_serving_pace;
// The same requests at another pace: arrivals drawn at a higher rate, traces sped up, whatever count or duration they state themselves.
clx_status clx_scenario_serving_paced(const struct clx_scenario *scenario, uint64_t seed, const clx_serving_pace *pace,
                                      clx_arena *arena, clx_requests *out, clx_error *error);

// Within the room: models and tenants of a section that is being compiled.
clx_status clx_scenario_read_served_models(struct clx_scenario *scenario, clx_error *error);
// Number of a model by its key, NULL = the section's.
int32_t clx_scenario_served_model(const struct clx_scenario *scenario, const char *key);
// Of requests that were made once; keeps what it needs of them.
clx_status clx_scenario_read_tenants(struct clx_scenario *scenario, const clx_requests *requests, clx_error *error);
// Where the requests stand; the section where they do not.
clx_place clx_scenario_requests_place(const clx_serve_spec *spec);
// Whether all requests for a model, by its number, fit into its context, where that is known; without tenants (NULL) all are for it. CLX_INPUT, at
// the place of the requests.
clx_status clx_scenario_check_context(const clx_serve_spec *spec, const clx_served_tenant *tenant, int32_t number,
                                      const clx_transformer *model, const clx_requests *requests, clx_error *error);
// Outages, scaling and starts: CLX_INPUT, with the place, where they contradict pools, reliability or each other.
clx_status clx_scenario_check_serving_changes(const struct clx_scenario *scenario, clx_error *error);
// Number of a pool by its name; 0 without one.
int32_t clx_scenario_serving_pool_at(const struct clx_scenario *scenario, const char *name);
// s from the decision until a replica of a pool serves: boot, and the weights of one server over `start.bandwidth`.
double clx_scenario_serving_start(const struct clx_scenario *scenario, int32_t pool);
// What strikes the replicas of a pool; nothing where outages are not drawn. Arrays from `arena`.
clx_status clx_scenario_outage_law(const struct clx_scenario *scenario, int32_t pool, clx_arena *arena,
                                   clx_outage_law *out, clx_error *error);
