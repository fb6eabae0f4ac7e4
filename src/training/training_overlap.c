// What a collective takes from the kernels that run beside it: the processors that hold its channels from products and attention,
// the bandwidth of its copies from what streams through memory. docs/model/training/overlap.md.
#include <math.h>
#include <string.h>

#include "training/training_internal.h"

// Blocks of threads, each on a processor of its own.
typedef struct blocks {
  const char *family;
  double multicast;  // NVLS_NCHANNELS_SM90, SM100_NVL (NCCL 2.27, src/transport/nvls.cc)
} blocks;

static const blocks MULTICAST[] = {{"hopper", 16}, {"blackwell", 24}};

// Rings across nodes: two channels for each of eight NICs (NCCL, src/graph/search.cc and connect.cc).
static const double FAR_RING = 16;
// Send and receive over NICs: two channels a peer, a sender and a receiver (NCCL, src/graph/paths.cc).
static const double FAR_PEER = 4;
// Mean over the ten overlaps of a layer in Transformer Engine: four exchange pieces in a ring by copy engines with one processor,
// six (pipelined and bulk) hold 16 (transformer_engine/pytorch/module/base.py, initialize_ub).
static const double BUFFERS = 10;
// DeepEP and its like (DeepSeek-V3: 20 of 132 processors).
static const double DISPATCH = 20;

static double multicast_blocks(const clx_device *device) {
  for (int32_t i = 0; i < CLX_COUNT(MULTICAST); i++) {
    if (clx_text_equal(device->family, MULTICAST[i].family)) return MULTICAST[i].multicast;
  }
  return 0;
}

double clx_training_processors_held(const clx_training *job, clx_collective kind, clx_group group) {
  const clx_device *device = job->device;
  const bool far = group.inside < group.size;
  double held = 0;
  switch (kind) {
    case CLX_ALL_REDUCE:
    case CLX_REDUCE_SCATTER:
    case CLX_ALL_GATHER:
    case CLX_BROADCAST: {
      const bool multicast = !far && group.size > 4 && clx_nccl_multicast(device);
      held = multicast ? multicast_blocks(device) : far ? FAR_RING : clx_nccl_channels(device);
      break;
    }
    case CLX_DISPATCH:
    case CLX_COMBINE:
      held = DISPATCH;
      break;
    case CLX_ALL_TO_ALL:
    case CLX_SEND_RECEIVE:
    case CLX_COLLECTIVES:
      held = far ? FAR_PEER : clx_nccl_channels(device);
      break;
  }
  return fmin(held / fmax(1, device->processors), 0.5);
}

double clx_training_buffers_held(const clx_training *job) {
  return fmin(BUFFERS / fmax(1, job->device->processors), 0.5);
}

// Accesses to device memory for each byte on the wire: a gathered byte is written on arrival and read to be passed on, a reduced
// one is read beside the own one and written.
static double accesses_of(clx_collective kind) {
  return kind == CLX_REDUCE_SCATTER ? 3 : kind == CLX_ALL_REDUCE ? 2.5 : 2;
}

double clx_training_drag(const clx_training *job, clx_collective kind, clx_group group, const clx_traffic_demand *d,
                         const clx_layer_cost *beside, int32_t pass) {
  const double busy = beside->gemm[pass] + beside->attention[pass], all = busy + beside->stream[pass];
  const double bound = all > 0 ? busy / all : 1;
  const clx_device *device = job->device;
  const double bandwidth = device->memory_bandwidth * device->memory_efficiency;
  const double wire = d->time > 0 ? (d->bytes[0] + d->bytes[1]) / d->time : 0;
  const double taken = bandwidth > 0 ? fmin(accesses_of(kind) * wire / bandwidth, 0.5) : 0;
  return bound * clx_training_processors_held(job, kind, group) + (1 - bound) * taken;
}

double clx_training_transfer_drag(const clx_training *job) {
  const clx_layout *l = &job->layout;
  const clx_group pair = clx_group_make(job->network, 2, l->tp * l->cp * l->dp);
  return clx_training_processors_held(job, CLX_SEND_RECEIVE, pair);
}

double clx_training_dp_drag(const clx_training *job, const clx_traffic_demand *d, const clx_layer_cost *beside,
                            int32_t pass) {
  const clx_layout *l = &job->layout;
  const bool scatter = l->sharding != CLX_SHARDING_NONE && job->software->reduce_scatter;
  const clx_collective kind = pass == 0 ? CLX_ALL_GATHER : scatter ? CLX_REDUCE_SCATTER : CLX_ALL_REDUCE;
  const clx_group group = clx_group_make(job->network, l->dp * l->cp, l->tp);
  return clx_training_drag(job, kind, group, d, beside, pass);
}
