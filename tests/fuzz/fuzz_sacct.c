// Any bytes as the output of sacct: runs of jobs whose nodes are all there and whose times are in order; or a mistake; never a crash.
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "import/import_sacct.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const clx_sacct *jobs) {
  for (int32_t i = 0; i < jobs->job_count; i++) {
    const clx_sacct_job *job = &jobs->job[i];
    if (!(isfinite(job->start) && isfinite(job->end) && job->end >= job->start)) abort();
    if (job->state < 0 || job->state >= CLX_JOB_STATES || job->node_count < 1) abort();
    for (int32_t n = 0; n < job->node_count; n++) {
      const int32_t node = jobs->node[job->first_node + n];
      if (node < 0 || node >= jobs->names.count || jobs->names.name[node][0] == '\0') abort();
    }
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  clx_error error;
  clx_error_clear(&error);
  clx_arena *arena = clx_arena_new();
  const char *text = size > 0 ? (const char *)data : "";
  clx_sacct jobs;
  clx_sacct_is(text, size);
  if (arena != NULL) {
    const clx_status status = clx_sacct_read(arena, "fuzz.txt", text, size, &jobs, &error);
    if (status != CLX_OK && error.count == 0) abort();
    if (status == CLX_OK) check(&jobs);
  }
  clx_arena_free(arena);
  return 0;
}
