// Any bytes as a trace of requests in CSV, of each of the formats: requests in order whose files come back the same; or a mistake; never
// a crash.
#include "requests_rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const char *text = size > 0 ? (const char *)data : "";
  const clx_requests_reading by_content = {0};
  requests_fuzz(text, size, &by_content);
  for (clx_requests_format f = CLX_REQUESTS_AZURE; f < CLX_REQUESTS_FORMATS; f++) {
    const clx_requests_reading reading = {.format = f, .drop_empty = true};
    requests_fuzz(text, size, &reading);
  }
  return 0;
}
