// Figures of a run over all requests that ended.
#pragma once

#include "engine/engine.h"

typedef struct clx_latency {
  double mean, p50, p90, p95, p99, most;  // s
} clx_latency;

typedef struct clx_engine_summary {
  int32_t ended;
  clx_latency first;                              // time to first token, from asking: with the wait
  clx_latency token;                              // (last - first) / (tokens - 1) of a request with at least two
  clx_latency gap;                                // between two tokens of a request
  clx_latency whole;                              // from asking to the last token
  clx_latency wait;                               // from asking to the first iteration that holds it
  double request_rate, prompt_rate, output_rate;  // 1/s over the span
  double found;                                   // share of the prompt tokens that stood in a cache
} clx_engine_summary;

// CLX_MEMORY only. O(requests log requests).
clx_status clx_engine_summarise(const clx_requests *requests, const clx_engine_result *result, clx_arena *arena,
                                clx_engine_summary *out, clx_error *error);
// One line per request, in its order: arrival, lengths, TTFT, TPOT, end to end, wait, cached tokens, preemptions, replica; times in s;
// blank where a request did not end. Then the tenant, where tenants have names, and model[tenant]. TTFT and end to end are with
// front[tenant], the s of a request outside of engines. `model` and `front` are nullable.
void clx_engine_write_csv(const clx_requests *requests, const clx_engine_result *result, const char *const *model,
                          const double *front, clx_buffer *out);
