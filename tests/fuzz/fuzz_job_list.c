// Any bytes as a job list: jobs that a machine can run, with finite power between idle and most, or a mistake; never a crash.
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "power/power_site.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NODES = 64 };

static void run(clx_arena *arena, const clx_node_job *job, int64_t count) {
  static const clx_conversion supply = {.name = "supply", .fixed = 13, .efficiency = 0.98};
  clx_error error;
  clx_error_clear(&error);
  clx_job_run machine = {.job = job,
                         .job_count = count,
                         .nodes = NODES,
                         .node = {90, 280, 352, 2240, 184.26},
                         .quantum = 15,
                         .horizon = 3600,
                         .step = 60};
  machine.chain.count = 1;
  machine.chain.level[0] = (clx_chain_level){.name = "node", .conversion = &supply, .units = NODES};
  clx_job_outcome out;
  const clx_status status = clx_job_run_all(&machine, arena, &out, &error);
  if (status != CLX_OK) {
    if (error.count == 0) abort();
    return;
  }
  const double idle = NODES * (626.26 + 13) / 0.98, most = NODES * (2704.26 + 13) / 0.98;
  if (!(isfinite(out.energy) && out.least >= idle * (1 - 1e-9) && out.most <= most * (1 + 1e-9))) abort();
  if (!(out.utilisation >= 0 && out.utilisation <= 1 + 1e-9 && out.loss > 0)) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  clx_error error;
  clx_error_clear(&error);
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return 0;
  clx_node_job *job;
  int64_t count;
  const clx_status status =
      clx_job_list_parse("fuzz.csv", size > 0 ? (const char *)data : "", size, arena, &job, &count, &error);
  if (status != CLX_OK && error.count == 0) abort();
  if (status == CLX_OK) run(arena, job, count);
  clx_arena_free(arena);
  return 0;
}
