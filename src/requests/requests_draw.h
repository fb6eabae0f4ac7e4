// Arrivals and lengths that are drawn: laws made of what a spec says.
#pragma once

#include "chance/chance.h"
#include "requests/requests_spec.h"

// Times at which a session starts, or a request that is none of a session.
typedef struct clx_arrivals {
  const clx_arrival_spec *spec;
  clx_stream stream;
  double rate;        // 1/s, mean
  double now;         // s: the last one
  int64_t count;      // so far
  bool burst;         // bursts: in one
  double change;      // s: bursts: when that ends
  double weekday[7];  // diurnal: factors of mean 1
  int64_t day;        // diurnal: midnights since the start
} clx_arrivals;

// CLX_INPUT: what does not go together in the spec.
clx_status clx_arrivals_check(const clx_arrival_spec *spec, clx_error *error);
void clx_arrivals_start(clx_arrivals *arrivals, const clx_arrival_spec *spec, double rate, uint64_t seed);
double clx_arrivals_next(clx_arrivals *arrivals);  // s, never less than the one before

typedef enum clx_length_kind { CLX_LENGTH_FIXED, CLX_LENGTH_UNIFORM, CLX_LENGTH_LOGNORMAL } clx_length_kind;

typedef struct clx_length_law {
  clx_length_kind kind;
  int64_t first, last;  // uniform: these among them; fixed: first
  double mu, sigma;     // of the logarithm
  int64_t least, most;
} clx_length_law;

// `of` is "prompt" or "output". CLX_INPUT: what is missing or does not go together.
clx_status clx_length_law_make(const clx_length_spec *spec, const char *of, clx_length_law *law, clx_error *error);
int64_t clx_length_draw(const clx_length_law *law, clx_stream *stream);  // tokens

// One tenant.
typedef struct clx_tenant_law {
  clx_length_law prompt, output;
  clx_requests lent;  // count > 0: a trace that lends both lengths instead
  const clx_prefix_spec *prefix;
  double weight;  // cumulated share of the session starts
} clx_tenant_law;

// Draws instead of a file. The spec was checked but for its parts.
clx_status clx_requests_draw(const clx_requests_spec *spec, const char *folder, clx_arena *arena, clx_requests *out,
                             clx_error *error);
