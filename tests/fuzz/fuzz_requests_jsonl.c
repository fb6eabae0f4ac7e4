// Any bytes as a trace of requests in JSON lines: requests in order whose files come back the same; or a mistake; never a crash.
#include "requests_rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const clx_requests_reading plain = {.format = CLX_REQUESTS_MOONCAKE},
                             other = {.format = CLX_REQUESTS_MOONCAKE, .block_tokens = 16, .drop_empty = true};
  const char *text = size > 0 ? (const char *)data : "";
  requests_fuzz(text, size, &plain);
  requests_fuzz(text, size, &other);
  return 0;
}
