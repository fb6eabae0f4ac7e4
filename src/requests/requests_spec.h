// A scenario's `serving.requests`: a trace from a file, or arrivals and lengths that are drawn.
#pragma once

#include "requests/requests.h"
#include "schema/schema.h"

typedef enum clx_arrival_kind {
  CLX_ARRIVAL_POISSON,
  CLX_ARRIVAL_GAMMA,     // gaps of a gamma distribution
  CLX_ARRIVAL_BURSTS,    // a Poisson process with two rates that take turns (MMPP2)
  CLX_ARRIVAL_DIURNAL,   // a Poisson process whose rate follows the hour and the weekday
  CLX_ARRIVAL_CONSTANT,  // equal gaps
  CLX_ARRIVAL_AT_ONCE,   // all at 0
  CLX_ARRIVALS
} clx_arrival_kind;

extern const char *const clx_arrival_kind_name[CLX_ARRIVALS + 1];

typedef struct clx_arrival_spec {
  int32_t kind;       // clx_arrival_kind
  double rate;        // requests/s, mean; below 0 = not stated
  double variation;   // gamma: coefficient of variation of the gaps
  double burst;       // bursts: rate in a burst over the mean one, > 1
  double burst_time;  // s, mean of a burst
  double calm_time;   // s, mean between bursts
  double swing;       // diurnal: amplitude over the mean, 0 to 1
  double peak;        // diurnal: hour of the day
  double hour;        // diurnal: at which the trace starts
  int32_t day;        // diurnal: at which it starts, 0 = Monday
  double *weekday;    // diurnal: 7 factors from Monday on, of which only the ratios matter; none = all the same
  int32_t weekday_count;
  clx_place place;
} clx_arrival_spec;

// Tokens of a prompt or an output: fixed; with `low` and `high` uniform; with `variation` or `p90` log-normal.
typedef struct clx_length_spec {
  double tokens;          // mean; with `low` and `high` what they are factors of; below 0 = not stated
  double low, high;       // below 0 = not stated
  double variation, p90;  // below 0 = not stated
  double least, most;     // tokens: draws outside end there
  clx_place place;
} clx_length_spec;

typedef struct clx_lengths_spec {
  clx_length_spec prompt, output;  // of a prompt: what the user adds
  const char *trace;               // both of a request drawn at random from the trace in this file, instead
  clx_place place;
} clx_lengths_spec;

// What prompts begin with.
typedef struct clx_prefix_spec {
  double system;    // tokens of the system prompt
  int32_t systems;  // different ones, equally likely
  double turns;     // requests of a session, mean (geometric); each prompt holds all before it
  double think;     // s between the requests of a session, mean (exponential)
  double context;   // tokens: what a prompt and its output may take; draws that exceed it are cut, sessions end
  clx_place place;
} clx_prefix_spec;

typedef struct clx_tenant_spec {
  const char *name;
  double share;  // of the requests; only the ratios matter
  clx_lengths_spec lengths;
  clx_prefix_spec prefix;
  clx_place place;
} clx_tenant_spec;

typedef struct clx_requests_spec {
  const char *trace;
  int32_t format;  // clx_requests_format
  int32_t drop_empty;
  double from, until;    // s of the trace; until 0 = its end
  double speed;          // times come so much faster
  double rate;           // requests/s instead of the trace's own; 0 = its own
  int64_t count;         // most requests; 0 = no bound
  double duration;       // s: arrivals before; 0 = no bound
  int32_t block_tokens;  // of a named block
  int64_t seed;
  clx_arrival_spec arrivals;
  clx_lengths_spec lengths;
  clx_prefix_spec prefix;
  clx_tenant_spec *tenant;
  int32_t tenant_count;
  clx_place place;
} clx_requests_spec;

extern const clx_schema clx_requests_schema;

// Reads or draws what the spec says; relative paths start at `folder` (nullable). The same spec gives the same requests. Errors: those of
// clx_requests_load, and what in the spec does not go together, with its place. `found` is nullable. O(requests log sessions + blocks).
clx_status clx_requests_make(const clx_requests_spec *spec, const char *folder, clx_arena *arena, clx_requests *out,
                             clx_requests_found *found, clx_error *error);
