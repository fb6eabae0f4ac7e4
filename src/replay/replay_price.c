// What operations cost: compute by recorded time or roofline, transfers by the machine's network.
#include <ctype.h>
#include <math.h>
#include <string.h>

#include "replay/replay_internal.h"

const char *const clx_replay_compute_name[CLX_REPLAY_COMPUTES + 1] = {"auto", "recorded", "roofline", NULL};

// --- compute ----------------------------------------------------------------------------------------------------------------

// FLOP/s that a device sustains through a step: what its entry says, else what its power allows, else the peak.
static double sustained_peak(const clx_device *device, clx_format format) {
  const double clock = device->sustained_clock[format];
  const double rate = clock > 0 ? 0 : clx_device_sustained_rate(device, format, 0);
  return rate > 0 ? rate : device->peak[format] * (clock > 0 ? clock : 1);
}

static double stream_rate(const clx_device *device) {
  return device->memory_bandwidth * (device->memory_efficiency > 0 ? device->memory_efficiency : 1);
}

// The roofline: as long as arithmetic at the sustained peak or memory at the rate that streams reach takes, whichever is
// longer (Williams, Waterman and Patterson 2009), and one start. ASTRA-sim's is the same with plain peaks and no start.
static double roofline(const clx_device *device, clx_format format, double flop, double bytes) {
  const double peak = sustained_peak(device, format), memory = stream_rate(device);
  if (flop <= 0 && bytes <= 0) return 0;
  return fmax(peak > 0 ? flop / peak : 0, memory > 0 ? bytes / memory : 0) + device->kernel_time;
}

// Parts of names of kernels that multiply matrices (cuBLAS, CUTLASS, cuDNN, flash attention).
static const char *const matrix_names[] = {"gemm", "cutlass", "xmma", "nvjet", "flash", "fmha", "conv", "matmul"};

static bool is_matrix(const char *name) {
  for (int32_t i = 0; i < CLX_COUNT(matrix_names); i++) {
    const size_t length = strlen(matrix_names[i]);
    for (const char *at = name; *at != '\0'; at++) {
      size_t same = 0;
      while (same < length && tolower((unsigned char)at[same]) == matrix_names[i][same]) same++;
      if (same == length) return true;
    }
  }
  return false;
}

// A time measured on one device, on another: by the rooflines where the work is known, else by the peaks for kernels that multiply
// matrices and by the memory for all others.
static double rescale(const clx_replay_setting *s, const clx_operation *o) {
  const clx_device *to = s->device, *from = s->recorded;
  if (from == NULL) return o->duration;
  const double was = roofline(from, s->format, o->flop, o->bytes);
  if (was > 0) return o->duration * roofline(to, s->format, o->flop, o->bytes) / was;
  const double peak = sustained_peak(to, s->format), memory = stream_rate(to);
  if (is_matrix(o->name) && peak > 0) return o->duration * sustained_peak(from, s->format) / peak;
  return memory > 0 ? o->duration * stream_rate(from) / memory : o->duration;
}

static double compute_time(const clx_replay_setting *s, const clx_operation *o) {
  const bool by_roofline = s->compute == CLX_REPLAY_ROOFLINE || (s->compute == CLX_REPLAY_AUTO && o->duration <= 0);
  return by_roofline ? roofline(s->device, s->format, o->flop, o->bytes) : rescale(s, o);
}

// Memory outside the device is the host's, over a coherent link or PCIe.
static double memory_time(const clx_replay_setting *s, const clx_operation *o) {
  if (o->duration > 0 && s->compute != CLX_REPLAY_ROOFLINE) return o->duration;
  const double link = s->device->host_link > 0 ? s->device->host_link : s->device->pcie;
  return link > 0 ? o->bytes / link : o->duration;
}

// --- transfers --------------------------------------------------------------------------------------------------------------

// Mean number of members in the blocks of `width` neighbouring ranks that hold any.
static int32_t mean_members(const int32_t *rank, int32_t size, int64_t width) {
  int64_t blocks = 0, last = -1;
  for (int32_t i = 0; i < size; i++) {
    const int64_t block = width > 0 ? rank[i] / width : rank[i];
    blocks += block != last;
    last = block;
  }
  return blocks > 0 && size / blocks > 1 ? (int32_t)(size / blocks) : 1;
}

clx_group clx_replay_group(const clx_network *network, const int32_t *rank, int32_t size) {
  clx_group group = {.size = size, .stride = size > 1 ? rank[1] - rank[0] : 1};
  for (int32_t i = 2; i < size; i++) {
    if (rank[i] - rank[i - 1] != group.stride) group.stride = 1;
  }
  group.inside = mean_members(rank, size, network->domain);
  for (int32_t i = 0; i < network->level_count; i++)
    group.members[i] = mean_members(rank, size, network->level[i].gpus);
  return group;
}

static clx_group pair(const clx_network *network, int32_t a, int32_t b) {
  const int32_t rank[2] = {a < b ? a : b, a < b ? b : a};
  return clx_replay_group(network, rank, 2);
}

static double transfer_time(const clx_replay_setting *s, const clx_execution *x, const clx_operation *o, int32_t rank) {
  if (s->recorded_transfers || (o->kind != CLX_OPERATION_COLLECTIVE && o->peer < 0)) return o->duration;
  if (o->kind == CLX_OPERATION_COLLECTIVE) {
    const clx_execution_group *g = &x->group[o->group];
    return clx_collective_time(s->network, (clx_collective)o->collective,
                               clx_replay_group(s->network, g->rank, g->size), o->bytes);
  }
  if (o->peer == rank) return 0;
  return clx_collective_time(s->network, CLX_SEND_RECEIVE, pair(s->network, rank, o->peer), o->bytes);
}

double clx_replay_operation_time(const clx_replay_setting *setting, const clx_execution *execution,
                                 const clx_operation *operation, int32_t rank) {
  switch (operation->kind) {
    case CLX_OPERATION_HOST:
      return operation->duration;
    case CLX_OPERATION_COMPUTE:
      return compute_time(setting, operation);
    case CLX_OPERATION_MEMORY:
      return memory_time(setting, operation);
    case CLX_OPERATION_SEND:
    case CLX_OPERATION_RECEIVE:
    case CLX_OPERATION_COLLECTIVE:
      return transfer_time(setting, execution, operation, rank);
    default:
      return 0;
  }
}

// --- rows of demands --------------------------------------------------------------------------------------------------------

typedef struct demands {
  clx_arena *arena;
  const clx_replay_setting *setting;
  clx_replay_prices *prices;
  int32_t *slot;          // row + 1, 0 = free
  uint32_t size;          // a power of two
  int32_t *of_operation;  // [operation_count] row of a collective, -1 = not looked up yet
} demands;

static bool is_same(const clx_replay_demand *row, int32_t kind, const clx_group *g, double bytes, int32_t levels) {
  if (row->kind != kind || row->bytes < bytes || row->bytes > bytes || row->group.size != g->size ||
      row->group.inside != g->inside)
    return false;
  for (int32_t i = 0; i < levels; i++) {
    if (row->group.members[i] != g->members[i]) return false;
  }
  return true;
}

static uint64_t hash(int32_t kind, const clx_group *g, double bytes) {
  uint64_t bits;
  memcpy(&bits, &bytes, sizeof bits);
  return clx_replay_mix(clx_replay_mix(bits, (uint32_t)kind), (uint64_t)(uint32_t)g->size << 32 | (uint32_t)g->inside);
}

static bool grow(demands *d) {
  clx_replay_prices *p = d->prices;
  if (p->row_count == p->room) {
    const int32_t room = p->room == 0 ? 64 : p->room * 2;
    clx_replay_demand *row = CLX_NEW_ARRAY(d->arena, clx_replay_demand, room);
    if (row == NULL) return false;
    if (p->row_count > 0) memcpy(row, p->row, (size_t)p->row_count * sizeof *row);
    p->row = row;
    p->room = room;
  }
  if (d->slot != NULL && (uint32_t)p->row_count * 2 < d->size) return true;
  const uint32_t size = d->slot == NULL ? 128 : d->size * 2;
  int32_t *slot = CLX_NEW_ARRAY(d->arena, int32_t, size);
  if (slot == NULL) return false;
  for (int32_t i = 0; i < p->row_count; i++) {
    uint32_t at = (uint32_t)hash(p->row[i].kind, &p->row[i].group, p->row[i].bytes) & (size - 1);
    while (slot[at] != 0) at = (at + 1) & (size - 1);
    slot[at] = i + 1;
  }
  d->slot = slot;
  d->size = size;
  return true;
}

// The row of such a transfer, priced when it is new; -1 = out of memory.
static int32_t find_row(demands *d, int32_t kind, clx_group group, double bytes) {
  clx_replay_prices *p = d->prices;
  const clx_network *network = d->setting->network;
  if (!grow(d)) return -1;
  uint32_t at = (uint32_t)hash(kind, &group, bytes) & (d->size - 1);
  for (; d->slot[at] != 0; at = (at + 1) & (d->size - 1)) {
    if (is_same(&p->row[d->slot[at] - 1], kind, &group, bytes, network->level_count)) return d->slot[at] - 1;
  }
  p->row[p->row_count] = (clx_replay_demand){
      kind, group, bytes, clx_network_demand(network, &p->links, "", (clx_collective)kind, group, bytes)};
  d->slot[at] = ++p->row_count;
  return p->row_count - 1;
}

static clx_status price_transfer(demands *d, const clx_execution *x, const clx_replay *replay, int64_t transfer,
                                 clx_error *error) {
  const clx_replay_transfer *t = &replay->transfers[transfer];
  const clx_operation *o = &x->operation[t->operation];
  int32_t *row = &d->prices->of[transfer];
  *row = -1;
  if (d->setting->recorded_transfers) return CLX_OK;
  if (o->kind == CLX_OPERATION_COLLECTIVE) {
    int32_t *known = &d->of_operation[t->operation];
    const clx_execution_group *g = &x->group[o->group];
    if (*known < 0)
      *known = find_row(d, o->collective, clx_replay_group(d->setting->network, g->rank, g->size), o->bytes);
    *row = *known;
  } else {
    const int32_t from = clx_replay_rank_of(x, replay, replay->participant[t->first]);
    const int32_t to = clx_replay_rank_of(x, replay, replay->participant[t->first + 1]);
    const int32_t self = from;
    const clx_group group =
        from == to ? clx_replay_group(d->setting->network, &self, 1) : pair(d->setting->network, from, to);
    *row = find_row(d, CLX_SEND_RECEIVE, group, o->bytes);
  }
  return *row >= 0 ? CLX_OK : clx_fail_plain(error, CLX_MEMORY, "out of memory");
}

clx_status clx_replay_price(clx_arena *arena, const clx_execution *execution, const clx_replay_setting *setting,
                            const clx_replay *replay, clx_replay_prices *prices, clx_error *error) {
  demands d = {.arena = arena, .setting = setting, .prices = prices};
  *prices = (clx_replay_prices){0};
  prices->time = CLX_NEW_ARRAY(arena, double, execution->operation_count + 1);
  prices->of = CLX_NEW_ARRAY(arena, int32_t, replay->transfer_count + 1);
  d.of_operation = CLX_NEW_ARRAY(arena, int32_t, execution->operation_count + 1);
  if (prices->time == NULL || prices->of == NULL || d.of_operation == NULL)
    return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  if (!setting->recorded_transfers) clx_network_traffic(setting->network, &prices->links);
  for (int32_t i = 0; i < execution->operation_count; i++) {
    const clx_operation *o = &execution->operation[i];
    const bool transfers = o->kind >= CLX_OPERATION_SEND;
    prices->time[i] = transfers ? o->duration : clx_replay_operation_time(setting, execution, o, -1);
    d.of_operation[i] = -1;
    if (!isfinite(prices->time[i]) || prices->time[i] < 0)
      return clx_fail_plain(error, CLX_INTERNAL, "operation '%s' takes %g s", o->name, prices->time[i]);
  }
  for (int64_t t = 0; t < replay->transfer_count; t++) CLX_TRY(price_transfer(&d, execution, replay, t, error));
  return CLX_OK;
}
