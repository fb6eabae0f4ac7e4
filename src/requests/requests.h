// requests: what users ask of an inference service, and when. Traces in the formats of the field, and generators of arrivals and
// lengths. Plain data: nothing here knows of engines. docs/model/serving/requests.md.
#pragma once

#include "base/base.h"

// One request. Times in s from the start of the trace, lengths in tokens.
typedef struct clx_request {
  double arrival;
  int32_t prompt;  // >= 1
  int32_t output;  // >= 1, the first token among them
  int32_t tenant;  // whose; 0 where there is one
  int32_t first_block,
      blocks;  // names of the blocks of its prompt: clx_requests.block[first_block ...]; 0 blocks = not known
} clx_request;

// A trace, in order of arrival.
typedef struct clx_requests {
  clx_request *item;
  int32_t count;
  int64_t *block;  // names of blocks of `block_tokens` prompt tokens, chained: equal names have equal beginnings
  int32_t block_count;
  int32_t block_tokens;      // 0 = no names
  int32_t tenants;           // at least 1
  const char **tenant_name;  // `tenants` of them; NULL = there is one, which has no name
  const char
      *unread;  // remarks on the file, for a warning, with its place; NULL = none: keys or columns that are not known
  const char *unsure;  // and names of blocks that do not say how long these are
} clx_requests;

// A time as traces have it: to the nanosecond, as long as a double can tell.
double clx_request_time(double seconds);

// --- files ----------------------------------------------------------------------------------------------------------------------

typedef enum clx_requests_format {
  CLX_REQUESTS_AUTO,      // by content
  CLX_REQUESTS_MOONCAKE,  // JSONL: timestamp (ms) or timestamp_ns, input_length, output_length, hash_ids, tenant
  CLX_REQUESTS_AZURE,     // CSV: TIMESTAMP (dates), ContextTokens, GeneratedTokens
  CLX_REQUESTS_VIDUR,     // CSV: arrived_at (s; may be absent), num_prefill_tokens, num_decode_tokens
  CLX_REQUESTS_BURSTGPT,  // CSV: Timestamp (s), Model (the tenant), Request tokens, Response tokens
  CLX_REQUESTS_CSV,       // our own: arrival_s, prompt_tokens, output_tokens, tenant, blocks or blocks_of_N
  CLX_REQUESTS_FORMATS
} clx_requests_format;

extern const char *const clx_requests_format_name[CLX_REQUESTS_FORMATS + 1];  // "auto", "mooncake" ...

enum {
  CLX_REQUEST_TOKENS_MAX = 100000000,   // of a prompt or an output
  CLX_REQUEST_SECONDS_MAX = 1000000000  // from the start to an arrival
};

typedef struct clx_requests_reading {
  clx_requests_format format;
  int32_t
      block_tokens;  // of a named block; 0 = as the file says, else 512 where the lengths allow it, else the one power of 2 they allow
  bool drop_empty;  // leave requests out that have no prompt or no output, instead of refusing them
} clx_requests_reading;

// What a file was.
typedef struct clx_requests_found {
  clx_requests_format format;
  bool timed;       // it has times of arrival; without, all are 0
  int32_t dropped;  // requests without prompt or output
} clx_requests_found;

// Reads a trace line by line: beside the trace itself no more memory than its longest line. Refuses, with line and column: what is no
// JSON or has no number where one belongs, cells and keys that are missing, times that are negative or go back, lengths of 0 or above
// CLX_REQUEST_TOKENS_MAX, names that do not fit the length of the prompt, a file without requests. `found` is nullable. O(size).
clx_status clx_requests_load(clx_arena *arena, const char *path, const clx_requests_reading *reading, clx_requests *out,
                             clx_requests_found *found, clx_error *error);
// The same from memory; `file` is the name in messages.
clx_status clx_requests_read(clx_arena *arena, const char *file, const char *data, size_t size,
                             const clx_requests_reading *reading, clx_requests *out, clx_requests_found *found,
                             clx_error *error);

// Writes CLX_REQUESTS_MOONCAKE or CLX_REQUESTS_CSV; others are CLX_INPUT. Times to the nanosecond: what was read or generated comes
// back the same. Mooncake files do not say the size of blocks.
clx_status clx_requests_write(const clx_requests *requests, clx_requests_format format, clx_buffer *out,
                              clx_error *error);

// --- changes ------------------------------------------------------------------------------------------------------------------------

// Keeps what arrives in [from, until), times from then on counted from `from`, and of that at most the first `most` requests (0 = all).
// In place. CLX_INPUT: nothing is left; `place` is where the bounds are stated. O(count).
clx_status clx_requests_slice(clx_requests *requests, double from, double until, int32_t most, clx_place place,
                              clx_error *error);
// Divides all times of arrival by `speed` > 0. In place. CLX_INPUT: times beyond CLX_REQUEST_SECONDS_MAX; `place` is where
// the speed is stated. O(count).
clx_status clx_requests_speed(clx_requests *requests, double speed, clx_place place, clx_error *error);

// --- several traces in one --------------------------------------------------------------------------------------------------------

// All requests of `count` traces in order of arrival, those of an earlier trace first; their tenants one after another, named by
// `name` where a trace has none. Beginnings of different traces are never the same: names of blocks get new values of 53 bits. Everything
// from `arena`. CLX_INPUT: blocks of different sizes. O(requests x count + blocks).
clx_status clx_requests_merge(const clx_requests *trace, const char *const *name, int32_t count, clx_arena *arena,
                              clx_requests *out, clx_error *error);
// Those of some tenants, who keep their numbers: keep[tenants]. Names of blocks are shared with `all`. CLX_MEMORY only.
clx_status clx_requests_pick(const clx_requests *all, const bool *keep, clx_arena *arena, clx_requests *out,
                             clx_error *error);

// --- what a trace is like -------------------------------------------------------------------------------------------------------------

typedef struct clx_length_summary {
  double mean, p50, p90, p99, most, sum;  // tokens
} clx_length_summary;

typedef struct clx_requests_summary {
  double first, last;  // s
  double rate;         // 1/s: (count - 1) / (last - first); 0 where all arrive at once
  double
      gap_variation;  // coefficient of variation of the times between arrivals; 1 = Poisson; 0 where all arrive at once
  double busiest, minute;  // requests: most in a whole minute from the start on, mean of a minute; 0 for less than two
  clx_length_summary prompt, output;
  int64_t blocks, distinct;  // names of blocks, and different ones
  double hits;               // share of the names that stood in a request before: what a cache without end finds
} clx_requests_summary;

double clx_requests_rate(const clx_requests *requests);  // as in the summary
// CLX_MEMORY only. O(count log count + blocks).
clx_status clx_requests_summarise(const clx_requests *requests, clx_requests_summary *out, clx_error *error);
