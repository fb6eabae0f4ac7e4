// Any bytes as traces of two ranks, replayed on a small network: a finite time, or a mistake. The first two bytes are the length of
// the first rank's file; what follows it is the second's.
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "import/import_chakra.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const clx_execution *x) {
  for (int32_t rank = 0; rank < x->rank_count; rank++) {
    const clx_execution_rank *r = &x->rank[rank];
    for (int32_t i = 0; i < r->count; i++) {
      const clx_operation *o = &x->operation[r->operation[i]];
      if (r->operation[i] < 0 || r->operation[i] >= x->operation_count || r->first[i] > r->first[i + 1]) abort();
      if (o->group >= x->group_count || o->peer >= x->rank_count || !isfinite(o->bytes + o->flop + o->duration))
        abort();
      for (int32_t d = r->first[i]; d < r->first[i + 1]; d++) {
        if (r->dependency[d] < 0 || r->dependency[d] >= i) abort();
      }
    }
  }
}

static void play(clx_arena *arena, const clx_execution *x, clx_error *error) {
  static const clx_library library = {.name = "ideal", .ideal = 1, .chunks = 1, .hop = 1e-6};
  static const clx_transport transport = {.name = "plain", .share = 1};
  static const clx_kernels kernels = {0};
  static const clx_device device = {.name = "plain",
                                    .peak = {1e12, 1e12, 1e12, 1e12, 1e12},
                                    .memory_bandwidth = 1e11,
                                    .memory_efficiency = 1,
                                    .kernels = &kernels,
                                    .pcie = 1e10,
                                    .sustained_clock = {1, 1, 1, 1, 1}};
  const clx_network network = {.device = &device,
                               .library = &library,
                               .transport = &transport,
                               .domain = 1,
                               .nvlink = 1e9,
                               .nic = 1e8,
                               .nic_efficiency = 1};
  const clx_replay_setting setting = {.device = &device, .format = CLX_BF16, .network = &network};
  clx_replay replay;
  clx_trace trace;
  clx_replay_path path;
  clx_replay_rank ranks[2];
  const int64_t shown[2] = {0, 1};
  const clx_status status = clx_replay_run(arena, x, &setting, &replay, error);
  if (status == CLX_INTERNAL) abort();
  if (status != CLX_OK) return;
  if (!isfinite(replay.time) || replay.time < 0) abort();
  if (clx_replay_critical(arena, x, &replay, &path, error) != CLX_OK) abort();
  double sum = 0;
  for (int32_t i = 0; i < CLX_OPERATION_KINDS; i++) sum += path.time[i];
  if (fabs(sum - replay.time) > 1e-6 * replay.time) abort();
  if (clx_replay_ranks(arena, x, &replay, ranks, error) != CLX_OK) abort();
  if (clx_replay_trace(arena, x, &replay, shown, 2, &trace, error) != CLX_OK) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  clx_arena *arena = clx_arena_new();
  if (arena == NULL || size < 2) {
    clx_arena_free(arena);
    return 0;
  }
  const size_t rest = size - 2, wanted = (size_t)data[0] << 8 | data[1], first = wanted < rest ? wanted : rest;
  const clx_chakra_file file[2] = {{"t.0.et", data + 2, first}, {"t.1.et", data + 2 + first, rest - first}};
  clx_error error;
  clx_error_clear(&error);
  clx_execution execution;
  clx_chakra_report report;
  const clx_status status = clx_chakra_read(arena, file, 2, NULL, &execution, &report, &error);
  if (status == CLX_INTERNAL) abort();
  if (status == CLX_OK) {
    check(&execution);
    clx_buffer out = {0};
    clx_chakra_report_text(&execution, &report, true, &out);
    clx_chakra_report_json(&execution, &report, &out);
    if (out.failed) abort();
    clx_buffer_free(&out);
    play(arena, &execution, &error);
  } else if (error.count == 0 || error.mistake[0].text[0] == 0) {
    abort();
  }
  clx_arena_free(arena);
  return 0;
}
