// A plan of a service: what to buy for a demand and a promise. Quantities:
//   serve_plan.{demand (requests/s), output (tokens/s), tried, simulated, fits, best}: best is the number of an option by the goal, 0 = none
//   serve_plan.{cheapest, least_energy, fewest_gpus}: numbers of options; facts serve_plan.goal, serve_plan.best.title
//   serve_plan.option.N.{candidate, replicas, gpus, tp, dp, sequences, tokens, alike, cost (USD/token), cost_hour (USD/h), energy, power, output_gpu, user,
//   ttft_p95, tpot_p95, e2e_p95, within, busy}, facts .title, .layout: simulated and within the promise, best first
//   serve_plan.candidate.N.{tried, fits, no_memory, slow, short}, facts .title, .why: what stands in the way of those that do not fit
//   series serve_plan.pareto.NAME: tokens/s of a GPU against tokens/s of a user, the best of all layouts
#pragma once

#include "twin/twin_serving.h"

// Layouts of one kind of hardware that serve the demand.
typedef struct clx_serve_option {
  int32_t candidate;
  const clx_served_pool *pool[2];  // whole; or prefill and decode
  int32_t pools;
  int64_t replicas[2];
  double gpus, price;    // USD/s
  double power, output;  // W and tokens/s of all its replicas
  double worth;          // what the goal makes least
  clx_serving_outcome outcome;
  double load;             // share of the demand that was simulated
  bool kept;               // every promise
  int32_t alike;           // options with another limit of a batch that do the same, this one among them
  int32_t sequences_most;  // the largest limit of these
} clx_serve_option;

// Why layouts of a candidate were left.
typedef struct clx_serve_refusals {
  int32_t tried, memory, slow, late, broken;  // broken: simulated outside of the promise
  int32_t beyond, hungry;                     // more GPUs, more power than can be had
  const char *memory_text;
  double least_tpot, least_ttft;  // s
  double least_sequences;         // at once, at that time per token
  double best_within;             // of those simulated
  double least_gpus;              // of those beyond
  double least_power;             // W, of those hungry
} clx_serve_refusals;

typedef struct clx_serve_search {
  const clx_scenario *scenario;
  clx_arena *arena;
  int32_t model;          // that is planned for
  clx_slo_spec slo;       // that a layout cannot be slower than, whichever tenant asks
  clx_requests requests;  // a sample
  double demand;          // requests/s
  uint64_t seed;
  const clx_serve_options *options;
  clx_serve_option *option;  // that fit by the steady state
  int32_t count, room;
  clx_serve_refusals *refused;  // [candidates]
  int32_t simulated;
  const char *early;  // a tenant whose requests ended too soon in a simulation; NULL = none
  // Throughput against speed: the best of all layouts of a candidate, CLX_SERVE_CURVE points of speed that double every few.
  double *curve;  // [candidates][CLX_SERVE_CURVE]
} clx_serve_search;

enum { CLX_SERVE_CURVE = 48 };
double clx_serve_curve_speed(int32_t point);  // tokens/s of a user

clx_status clx_twin_serving_plan_put(const clx_serve_search *search, clx_serve_option *const *fit, int32_t fits,
                                     clx_result *result, clx_error *error);

// Between the files of the plan.
static inline const clx_serve_plan_spec *clx_serve_plan_of(const clx_serve_search *search) {
  return &search->scenario->spec.serving.plan;
}
// Tells how far the search is. CLX_EXPECTATION: it is to stop.
clx_status clx_serve_tell(const clx_serve_search *search, const char *step, double done, clx_error *error);
double clx_serve_output_mean(const clx_requests *requests);  // tokens of an answer
void clx_serve_count_gpus(clx_serve_option *option);         // GPUs and price for its replicas
double clx_serve_worth(const clx_serve_search *search, const clx_serve_option *option);  // what the goal makes least
// 0 = nothing noted yet.
static inline void clx_serve_note_least(double *least, double value) {
  *least = *least > 0 && *least < value ? *least : value;
}
// Screens all layouts of a candidate: what fits becomes options, what does not is counted.
clx_status clx_twin_serving_screen(clx_serve_search *search, int32_t candidate, clx_error *error);
// Keeps an option that neither volume nor power forbids.
clx_status clx_serve_keep(clx_serve_search *search, clx_serve_option *option, clx_error *error);
// Counts an option that takes more power than can be had.
bool clx_serve_too_hungry(clx_serve_search *search, const clx_serve_option *option);
// Simulates the best few of each candidate by the steady state; those that keep every promise in `fit` [options], best first.
clx_status clx_twin_serving_finals(clx_serve_search *search, clx_serve_option **fit, int32_t *fits, clx_error *error);
