// Serving of a scenario: its requests through its pools, event by event, for several seeds. Quantities:
//   serving.{replicas, gpus}, facts serving.{model, engine, weights, router}
//   serving.pool.NAME.{gpus, replicas, memory, share, weights, peak, graphs, context, states, cache (B of a GPU), token_bytes, tokens (of a replica),
//   blocks (of a rank)}, facts .title, .layout
//   serving.{ttft, tpot, itl, e2e}.{mean, p50, p90, p95, p99}: median over the seeds, low and high their extremes, as all below
//   serving.{requests, output, input, output_gpu, total_gpu, user, within, goodput, prefix_hits, preemptions, queue_mean, queue_most, cache_mean,
//   cache_most, busy, power, energy, cost, stable, arrival, service}
//   serving.{tenant,model}.NAME.{ttft, tpot, e2e}.{mean, p50, p90, p95, p99}, .{requests, arrival, output, input, user, within, goodput,
//   prefix_hits, preemptions, share, power, energy, cost}: of each, where there are several
//   series serving.pareto.NAME: tokens/s of a GPU against tokens/s of a user
#pragma once

#include <colossus/serve.h>

#include "serving/serving_outcome.h"
#include "serving/serving_screen.h"
#include "twin/twin_internal.h"
#include "twin/twin_serving_changes.h"

// A run of one seed.
typedef struct clx_twin_service {
  clx_requests requests;
  clx_engine_result run;
  clx_serving_outcome outcome;
  const clx_served_tenant *tenant;  // [tenants of the requests]; NULL: there is one
  int32_t models;                   // where there are tenants
  clx_serving_outcome *part;        // of each model, then of each tenant; NULL without tenants
  double front;                     // s that requests take beside engines
} clx_twin_service;

// Results of each are given for so many tenants at most.
enum { CLX_TWIN_TENANTS_MOST = 64 };

// What a run is watched by; nullable.
typedef struct clx_twin_watch {
  void (*seen)(void *self, const clx_iteration *iteration);
  void *self;
} clx_twin_watch;

// Who asks the service of a scenario.
clx_twin_service clx_twin_service_of(const clx_scenario *scenario);
// s of a request for a model outside of iterations, on pools that do all or on two of them.
double clx_twin_serving_front(const clx_serving_replica *replica, int32_t pools, int32_t model);
// Runs `requests` (of `service`) through `pools` replicas; fills service->run and outcome. Everything from `arena`. CLX_INPUT: a request that fits
// nowhere, a closed loop that ends within the warm-up. `changes` (nullable): what
// happens to the replicas; it is told what they did.
clx_status clx_twin_serve(const clx_serve_spec *spec, const clx_serving_replica *replica, int32_t pools, uint64_t seed,
                          const clx_twin_watch *watch, clx_twin_changes *changes, clx_arena *arena,
                          clx_twin_service *service, clx_error *error);
// What the fleet of a run knows of its tenants; what each of them, and each model, had of the run, into service->part.
clx_status clx_twin_serving_whose(const clx_twin_service *service, clx_arena *arena, const clx_whose **out,
                                  clx_error *error);
clx_status clx_twin_serving_sum_up(const clx_serve_spec *spec, const clx_serving_replica *replica,
                                   const clx_engine_fleet *fleet, const clx_serving_owner *owner, clx_arena *arena,
                                   clx_twin_service *service, clx_error *error);
// What each tenant of a scenario is promised; NULL where there is one without a name.
clx_status clx_twin_serving_promises(const clx_scenario *scenario, clx_arena *arena, const clx_serving_promise **out,
                                     clx_error *error);
// Requests of the tenants who ask for a model.
clx_status clx_twin_serving_requests_for(const clx_scenario *scenario, const clx_requests *requests, int32_t model,
                                         clx_arena *arena, clx_requests *out, clx_error *error);
// A tenant whose requests end long before those of the others, so that its rates count time in which it asks nothing; NULL = none.
const char *clx_twin_serving_early(const clx_requests *requests, clx_arena *arena);
// How many parts of a scenario have results of their own: those of several models, and those of 2 to CLX_TWIN_TENANTS_MOST tenants.
int32_t clx_twin_serving_parts(const clx_scenario *scenario);
// Draws the requests of the section and what happens to the replicas meanwhile, into `changes`, and runs them. Where these are many, a first part
// is run before, and is all there is when so many of it come to wait that the run stops. CLX_INPUT, at the place of the requests: more than
// ten million that do not.
clx_status clx_twin_serve_drawn(const clx_scenario *scenario, const clx_serving_replica *replica, uint64_t seed,
                                const clx_twin_watch *watch, clx_arena *arena, clx_twin_service *service,
                                clx_twin_changes *changes, clx_error *error);
// The pools of the section, side by side; pools of them.
clx_status clx_twin_serving_pools(const clx_scenario *scenario, clx_arena *arena, clx_serving_replica **out,
                                  clx_error *error);
// Of a run of a scenario: nothing without the section or without pools. CLX_INPUT: requests that fit nowhere.
// CLX_EXPECTATION: the progress of the options, nullable, said stop.
clx_status clx_twin_serving_run(const clx_scenario *scenario, const clx_serve_options *options, clx_result *result,
                                clx_error *error);
// Quantities of what `seeds` runs found; of their parts: outcome[seeds][clx_twin_serving_parts].
// Nullable `staffing`: of replicas whose number changes.
clx_status clx_twin_serving_put(const clx_scenario *scenario, const clx_serving_replica *replica,
                                const clx_serving_outcome *outcome, const clx_twin_staffing *staffing, int32_t seeds,
                                clx_result *result, clx_error *error);
clx_status clx_twin_serving_put_parts(const clx_scenario *scenario, const clx_serving_outcome *outcome, int32_t seeds,
                                      clx_result *result, clx_error *error);
// Warnings on what the section and the rest of the scenario do not agree in.
clx_status clx_twin_serving_warn(const clx_scenario *scenario, const clx_serving_replica *replica, clx_result *result,
                                 clx_error *error);
// Remarks of who read a trace.
clx_status clx_twin_serving_warn_requests(const clx_requests *requests, clx_result *result, clx_error *error);
// The same where tensor parallel GPUs are more than NVLink joins, of a pool or of what a plan is to try.
clx_status clx_twin_serving_warn_span(const clx_scenario *scenario, const char *name, const clx_server *server,
                                      int32_t tp, clx_arena *arena, clx_result *result, clx_error *error);
// Points of the steady state of a replica as its batch grows: tokens/s of a user and of a GPU. Returns how many.
int32_t clx_twin_serving_curve(const clx_serving_replica *replica, const clx_screen_load *load, clx_arena *arena,
                               double *user, double *gpu, int32_t room);
// The same as series of a result.
clx_status clx_twin_serving_pareto(const clx_scenario *scenario, const clx_serving_replica *replica,
                                   const clx_requests *requests, clx_arena *arena, clx_result *result,
                                   clx_error *error);
// The run of the first seed with what became of its requests, and its iterations (the first 200,000) as a timeline.
clx_status clx_twin_serving_trace(const clx_scenario *scenario, uint64_t seed, clx_arena *arena,
                                  clx_twin_service *service, clx_trace *trace, clx_error *error);

// clx_service_run and clx_serve_plan_run of the public header, into an empty result.
clx_status clx_twin_serving_study(const clx_scenario *scenario, const clx_serve_options *options, clx_result *result,
                                  clx_error *error);
clx_status clx_twin_serving_plan(const clx_scenario *scenario, const clx_serve_options *options, clx_result *result,
                                 clx_error *error);
