// requests: what users ask of an inference service, and when. Traces in the formats of the field, and generators of arrivals and
// lengths. Plain data: nothing here knows of engines. docs/model/serving.md, section "Requests".
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
  int32_t block_tokens;  // 0 = no names
  int32_t tenants;       // at least 1
} clx_requests;
