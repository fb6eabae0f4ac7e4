// Executions built by hand, and a plain network, for tests and benchmarks of replays.
#pragma once

#include <stdarg.h>
#include <stdlib.h>

#include "replay/replay.h"

enum { RIG_NODES = 4096, RIG_DEPENDENCIES = 65536 };

static const clx_kernels RIG_KERNELS = {0};

// 1e12 FLOP/s, 1e11 B/s of memory, no start of kernels.
static const clx_device RIG_DEVICE = {.name = "plain",
                                      .peak = {1e12, 1e12, 1e12, 1e12, 1e12},
                                      .memory_bandwidth = 1e11,
                                      .memory_efficiency = 1,
                                      .kernels = &RIG_KERNELS,
                                      .pcie = 1e10,
                                      .nvlink = 1e9,
                                      .sustained_clock = {1, 1, 1, 1, 1}};
static const clx_library RIG_LIBRARY = {.name = "ideal", .ideal = 1, .chunks = 1, .hop = 1e-6};
static const clx_transport RIG_TRANSPORT = {.name = "plain", .share = 1};

typedef struct rig {
  clx_arena *arena;
  clx_execution x;
  clx_network network;
  clx_replay_setting setting;
  clx_replay out;
  clx_error error;
  clx_recorded_node node[RIG_NODES];
  int32_t dependency[RIG_DEPENDENCIES];
  int32_t count, used;
} rig;

// `ranks` ranks, `domain` of them on NVLink of 1 GB/s, NICs of 100 MB/s. Freed with rig_free.
static inline rig *rig_new(int32_t ranks, int32_t domain) {
  rig *r = calloc(1, sizeof *r);
  if (r == NULL) abort();
  r->arena = clx_arena_new();
  if (clx_execution_new(r->arena, ranks, &r->x, &r->error) != CLX_OK) abort();
  r->network = (clx_network){.device = &RIG_DEVICE,
                             .library = &RIG_LIBRARY,
                             .transport = &RIG_TRANSPORT,
                             .domain = domain,
                             .nvlink = 1e9,
                             .nic = 1e8,
                             .nic_efficiency = 1};
  r->setting = (clx_replay_setting){.device = &RIG_DEVICE, .format = CLX_BF16, .network = &r->network};
  return r;
}

static inline void rig_free(rig *r) {
  clx_arena_free(r->arena);
  free(r);
}

// A node of the rank being built; `dependencies` indices of earlier calls follow.
static inline int32_t rig_node(rig *r, clx_operation operation, int32_t dependencies, ...) {
  va_list list;
  clx_recorded_node *n = &r->node[r->count];
  *n = (clx_recorded_node){.id = (uint64_t)r->count + 1,
                           .operation = clx_execution_operation(&r->x, &operation),
                           .first = r->used,
                           .count = dependencies};
  va_start(list, dependencies);
  for (int32_t i = 0; i < dependencies; i++) r->dependency[r->used++] = va_arg(list, int32_t);
  va_end(list);
  return r->count++;
}

// Ends the rank being built.
static inline clx_status rig_rank(rig *r, int32_t rank) {
  const clx_status status = clx_execution_set_rank(&r->x, rank, r->node, r->count, r->dependency, &r->error);
  r->count = r->used = 0;
  return status;
}

static inline clx_status rig_run(rig *r) {
  clx_error_clear(&r->error);
  return clx_replay_run(r->arena, &r->x, &r->setting, &r->out, &r->error);
}

static inline clx_operation rig_compute(double duration, int32_t stream) {
  return (clx_operation){.name = "compute",
                         .kind = CLX_OPERATION_COMPUTE,
                         .group = -1,
                         .peer = -1,
                         .stream = stream,
                         .duration = duration};
}

static inline clx_operation rig_collective(clx_collective kind, int32_t group, double bytes, int32_t stream) {
  return (clx_operation){.name = clx_collective_name[kind],
                         .kind = CLX_OPERATION_COLLECTIVE,
                         .collective = (int32_t)kind,
                         .group = group,
                         .peer = -1,
                         .stream = stream,
                         .bytes = bytes};
}

static inline clx_operation rig_message(bool sends, int32_t peer, int32_t tag, double bytes) {
  return (clx_operation){.name = sends ? "send" : "receive",
                         .kind = sends ? CLX_OPERATION_SEND : CLX_OPERATION_RECEIVE,
                         .group = -1,
                         .peer = peer,
                         .tag = tag,
                         .stream = -1,
                         .bytes = bytes};
}
