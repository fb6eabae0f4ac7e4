/* Serving: what users ask of an inference service, and when. Part of <colossus/colossus.h>, which says what holds for all functions. */
#pragma once

#include <colossus/colossus.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- requests: traces, and what is drawn instead of them ------------------------------------------------------------------- */
typedef struct clx_request_trace clx_request_trace;
/* Reads the trace at `path` (Mooncake JSONL; CSV of Azure, Vidur, BurstGPT or our own; by its content), or, where the path ends in .yaml
 * or .yml, reads or draws what that says: a section serving.requests, alone or in a scenario (docs/model/serving/requests.md).
 * `settings` change keys of that section, for a trace, too ("speed", "2"). CLX_INPUT: mistakes with line and column. Cost: about 1 us a
 * request and 20 ns a named block; memory: that of the trace. */
clx_status clx_request_trace_open(const char *path, const clx_setting *settings, int32_t setting_count,
                                  clx_request_trace **out, clx_error *error);
void clx_request_trace_free(clx_request_trace *trace); /* nullable */
/* Quantities "requests.": count, rate, lengths, what a cache without end would find. Lives as long as the trace. */
const clx_result *clx_request_trace_result(const clx_request_trace *trace);
/* For people; as a file: "mooncake" or "csv", *data with *size bytes and a final 0, freed with clx_text_free. */
clx_status clx_request_trace_text(const clx_request_trace *trace, bool colour, char **text, clx_error *error);
clx_status clx_request_trace_write(const clx_request_trace *trace, const char *format, char **data, size_t *size,
                                   clx_error *error);

/* --- engines: a trace through them, event by event ----------------------------------------------------------------------------- */
typedef struct clx_request_simulation clx_request_simulation;
typedef struct clx_request_simulation_options {
  const char *operators;       /* a table of operator times (op, a, b, time_ms); docs/model/serving/engines.md */
  const char *scenario;        /* nullable: YAML with a section serving.engine, or the keys of one alone */
  const clx_setting *settings; /* of that section; "requests." in front: of serving.requests */
  int32_t setting_count;
} clx_request_simulation_options;
/* Runs all requests of a trace (as clx_request_trace_open reads it). CLX_INPUT: settings that contradict each other, a request that fits
 * no replica, a table that does not reach as far as the run does. Cost: about 0.1 us an iteration and 1 us a request. */
clx_status clx_request_simulation_open(const char *trace, const clx_request_simulation_options *options,
                                       clx_request_simulation **out, clx_error *error);
void clx_request_simulation_free(clx_request_simulation *simulation); /* nullable */
/* Quantities "serving.": latencies, rates, use of blocks, preemptions. Lives as long as the simulation. */
const clx_result *clx_request_simulation_result(const clx_request_simulation *simulation);
/* For people; and a line for each request as CSV. */
clx_status clx_request_simulation_text(const clx_request_simulation *simulation, bool colour, char **text,
                                       clx_error *error);
clx_status clx_request_simulation_csv(const clx_request_simulation *simulation, char **text, clx_error *error);

/* --- a service: a model on replicas for its users, and plans of it ----------------------------------------------------------- */
typedef struct clx_serve_options {
  uint64_t seed; /* of requests that are drawn (added to that of the section) and of the router; default 1 */
  bool (*progress)(void *context, const char *step,
                   double done); /* of a plan, or from seed to seed; nullable, as that of clx_power_options */
  void *context;
} clx_serve_options;
void clx_serve_options_default(clx_serve_options *options);
typedef struct clx_service clx_service;
/* Runs the section `serving` of a scenario event by event: latencies, rates, what is within the promise, power, money. options nullable.
 * CLX_INPUT: a scenario without the section or without pools, a request that fits no replica. An overload is no error: serving.stable is 0,
 * a warning says what comes and what is served. CLX_EXPECTATION: `progress` said stop. Cost: about 1 us an iteration and 1 us a request, for each seed. */
clx_status clx_service_run(const clx_scenario *scenario, const clx_serve_options *options, clx_service **out,
                           clx_error *error);
void clx_service_free(clx_service *service); /* nullable */
/* Quantities "serving.": medians over the seeds with their extremes. Lives as long as the service. */
const clx_result *clx_service_result(const clx_service *service);
/* For people, at most 30 lines. */
clx_status clx_service_text(const clx_service *service, bool colour, char **text, clx_error *error);
/* As a file, of the first seed: "requests" (CSV, a line for each, with tenant and model), "trace" (Perfetto: the iterations), "pareto" (SVG: tokens/s of a GPU
 * against tokens/s of a user), "points" (the same as CSV), "replicas" (SVG: how many serve over time, where they fail or scale), "staff" (the same as
 * CSV). The scenario must still be there. *data with *size bytes and a final 0, freed with clx_text_free. */
clx_status clx_service_write(clx_service *service, const char *what, char **data, size_t *size, clx_error *error);

/* Searches hardware, layouts, limits of a batch, pools and replicas for serving.plan: a result whose quantities begin with "serve_plan.":
 * options that keep the promise, the best by the goal first, and why others fail. options nullable. CLX_INPUT: a scenario without
 * candidates, a goal of cost without prices. CLX_EXPECTATION: `progress` said stop. Cost: about 10 ms a layout that is screened and 0.1 s one that is simulated. */
clx_status clx_serve_plan_run(const clx_scenario *scenario, const clx_serve_options *options, clx_result **out,
                              clx_error *error);
/* Such a result for people; its options as CSV; tokens/s of a GPU against tokens/s of a user as SVG. */
clx_status clx_serve_plan_text(const clx_result *result, bool colour, char **text, clx_error *error);
clx_status clx_serve_plan_csv(const clx_result *result, char **text, clx_error *error);
clx_status clx_serve_plan_svg(const clx_result *result, char **text, clx_error *error);

#ifdef __cplusplus
}
#endif
