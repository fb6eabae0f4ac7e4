// The workloads that other simulators were timed with (docs/model/network/schedules.md), as schedules. Used by a test, which
// compares simulated times, and by a benchmark.
#pragma once

#include "network/network_schedule.h"

// ASTRA-sim 2.0 (518bd51) counts 1 GB/s as 2^30 B/s, splits a collective in 4 chunks, of which one is active per dimension, spends
// 10 ns at the endpoint for every message, and reads two operands and writes one at 3,350 GB/s for every message that is reduced.
#define PEERS_GB 1073741824.0
#define PEERS_MEMORY 3350e9
#define PEERS_DELAY 10e-9
enum { PEERS_CHUNKS = 4, PEERS_ROUNDS_MAX = 256 };

typedef struct peers_list {
  clx_round round[PEERS_ROUNDS_MAX];
  int32_t after[PEERS_ROUNDS_MAX][2];
  int32_t count;
} peers_list;

// Adds a round that waits for rounds a and b (-1 = none).
static inline int32_t peers_add(peers_list *list, clx_round round, int32_t a, int32_t b) {
  const int32_t index = list->count++;
  int32_t *after = list->after[index];
  round.repeat = round.repeat > 0 ? round.repeat : 1;
  round.after = after;
  if (a >= 0) after[round.after_count++] = a;
  if (b >= 0) after[round.after_count++] = b;
  list->round[index] = round;
  return index;
}

// Half of a ring all-reduce of `bytes` in groups: size - 1 rounds.
static inline int32_t peers_half_ring(peers_list *list, int32_t size, int32_t stride, double bytes, bool reduces,
                                      int32_t a, int32_t b) {
  const double message = bytes / size;
  return peers_add(list,
                   (clx_round){.kind = CLX_ROUND_SHIFT,
                               .operand = 1,
                               .size = size,
                               .stride = stride,
                               .bytes = message,
                               .repeat = size - 1,
                               .wait = PEERS_DELAY + (reduces ? 3 * message / PEERS_MEMORY : 0)},
                   a, b);
}

// AR-1D: ring all-reduce over all ranks. Returns its last round.
static inline int32_t peers_all_reduce_1d(peers_list *list, int32_t ranks, double bytes, int32_t after) {
  for (int32_t c = 0; c < PEERS_CHUNKS; c++) {
    after = peers_half_ring(list, ranks, 1, bytes / PEERS_CHUNKS, true, after, -1);
    after = peers_half_ring(list, ranks, 1, bytes / PEERS_CHUNKS, false, after, -1);
  }
  return after;
}

// AR-2D: in groups of 8, then between them; a dimension works on one chunk at a time.
static inline int32_t peers_all_reduce_2d(peers_list *list, int32_t ranks, double bytes, int32_t after) {
  const double chunk = bytes / PEERS_CHUNKS;
  int32_t scattered[PEERS_CHUNKS], reduced[PEERS_CHUNKS], last = after;
  for (int32_t c = 0; c < PEERS_CHUNKS; c++) last = scattered[c] = peers_half_ring(list, 8, 1, chunk, true, last, -1);
  for (int32_t c = 0; c < PEERS_CHUNKS; c++) {
    const int32_t half =
        peers_half_ring(list, ranks / 8, 8, chunk / 8, true, scattered[c], c > 0 ? reduced[c - 1] : -1);
    reduced[c] = peers_half_ring(list, ranks / 8, 8, chunk / 8, false, half, -1);
  }
  for (int32_t c = 0; c < PEERS_CHUNKS; c++) last = peers_half_ring(list, 8, 1, chunk, false, reduced[c], last);
  return last;
}

// AR-2D-HD: halving and doubling between the groups.
static inline int32_t peers_all_reduce_2d_halving(peers_list *list, int32_t ranks, double bytes, int32_t after) {
  const double chunk = bytes / PEERS_CHUNKS;
  const int32_t size = ranks / 8;
  int32_t scattered[PEERS_CHUNKS], reduced[PEERS_CHUNKS], last = after;
  for (int32_t c = 0; c < PEERS_CHUNKS; c++) last = scattered[c] = peers_half_ring(list, 8, 1, chunk, true, last, -1);
  for (int32_t c = 0; c < PEERS_CHUNKS; c++) {
    int32_t at = scattered[c];
    for (int32_t half = 0; half < 2; half++) {
      for (int32_t k = 1; k < size; k *= 2) {
        const int32_t distance = half == 0 ? size / (2 * k) : k;
        const double message = chunk / 8 * (half == 0 ? 1.0 / (2 * k) : (double)k / size);
        at = peers_add(list,
                       (clx_round){.kind = CLX_ROUND_XOR,
                                   .operand = distance,
                                   .size = size,
                                   .stride = 8,
                                   .bytes = message,
                                   .wait = PEERS_DELAY + (half == 0 ? 3 * message / PEERS_MEMORY : 0)},
                       at, half == 0 && k == 1 && c > 0 ? reduced[c - 1] : -1);
      }
    }
    reduced[c] = at;
  }
  for (int32_t c = 0; c < PEERS_CHUNKS; c++) last = peers_half_ring(list, 8, 1, chunk, false, reduced[c], last);
  return last;
}

// A2A-1D: all-to-all of `bytes` a rank.
static inline void peers_all_to_all(peers_list *list, int32_t ranks, double bytes) {
  for (int32_t c = 0, last = -1; c < PEERS_CHUNKS; c++)
    last = peers_add(
        list, (clx_round){.kind = CLX_ROUND_ALL_TO_ALL, .bytes = bytes / PEERS_CHUNKS / ranks, .wait = PEERS_DELAY},
        last, -1);
}

// DP-8: eight layers, forward 10 ms and backward 20 ms each; behind each backward layer an all-reduce of 256 MiB.
static inline void peers_data_parallel(peers_list *list, int32_t ranks) {
  int32_t last = peers_add(list, (clx_round){.kind = CLX_ROUND_WAIT, .wait = 10e-3, .repeat = 8}, -1, -1);
  for (int32_t layer = 0; layer < 8; layer++) {
    last = peers_add(list, (clx_round){.kind = CLX_ROUND_WAIT, .wait = 20e-3}, last, -1);
    peers_all_reduce_2d(list, ranks, 256.0 * (1 << 20), last);
  }
}

static inline clx_schedule peers_schedule(const peers_list *list, int32_t ranks) {
  return (clx_schedule){.ranks = ranks, .round = list->round, .round_count = list->count};
}

static inline clx_plain_dimension peers_one_dimension(int32_t ranks, bool ring) {
  return (clx_plain_dimension){ranks, ring, 50 * PEERS_GB, 500e-9};
}

// Switch(8) of 400 GB/s and 936.25 ns, then Switch(N / 8) of 50 GB/s and 1,000 ns.
static inline void peers_two_dimensions(int32_t ranks, clx_plain_dimension dimension[2]) {
  dimension[0] = (clx_plain_dimension){8, 0, 400 * PEERS_GB, 936.25e-9};
  dimension[1] = (clx_plain_dimension){ranks / 8, 0, 50 * PEERS_GB, 1000e-9};
}

// SimGrid's fat tree "2;leaf,N/leaf;1,leaf;1,1" of 50e9 B/s and 1 us per link: N hosts under leaves of `leaf` ports down and up.
static inline clx_status peers_fat_tree(clx_arena *arena, int32_t ranks, int32_t leaf, int32_t routing,
                                        clx_wires *wires, clx_error *error) {
  clx_fabric *fabric = CLX_NEW(arena, clx_fabric);
  clx_fabric_hosts *hosts = CLX_NEW(arena, clx_fabric_hosts);
  clx_switch *model = CLX_NEW(arena, clx_switch);
  clx_link *link = CLX_NEW(arena, clx_link);
  double *thinning = CLX_NEW(arena, double);
  if (fabric == NULL || hosts == NULL || model == NULL || link == NULL || thinning == NULL) return CLX_MEMORY;
  *hosts = (clx_fabric_hosts){.servers = ranks, .gpus = 1, .nics = 1, .ports = 1, .rate = 50e9};
  *model = (clx_switch){.name = "fat tree",
                        .throughput = 2 * leaf * 50e9,
                        .port_rate = 50e9,
                        .ports = 2 * leaf,
                        .split = 1,
                        .spray_efficiency = 1};
  *link = (clx_link){.name = "link", .type = CLX_LINK_OPTIC, .rate = 50e9};
  *thinning = 1;
  const clx_fabric_spec spec = {.topology = CLX_TOPOLOGY_CLOS,
                                .wiring = CLX_WIRING_BLOCK,
                                .routing = routing,
                                .tiers = 2,
                                .oversubscription = thinning,
                                .oversubscription_count = 1,
                                .planes = 1,
                                .flows = 1};
  CLX_TRY(clx_fabric_compile(arena, &spec, hosts, 1, model, link, link, fabric, error));
  const clx_wires_options options = {
      .ranks = ranks, .domain = 1, .nic_latency = 2e-6, .switch_latency = 1e-6, .seed = 1};
  return clx_wires_fabric(arena, fabric, &options, wires, error);
}

// RING-STEPS: 2 (N - 1) rounds, each one flow of 1 GiB / N from every host to its neighbour.
static inline void peers_ring_steps(peers_list *list, int32_t ranks) {
  peers_add(list,
            (clx_round){.kind = CLX_ROUND_SHIFT,
                        .operand = 1,
                        .bytes = (double)(1 << 30) / ranks,
                        .repeat = 2 * ((int64_t)ranks - 1)},
            -1, -1);
}

// PERM: every host sends to another, here the one half of them further.
static inline void peers_permutation(peers_list *list, int32_t ranks, double bytes) {
  peers_add(list, (clx_round){.kind = CLX_ROUND_SHIFT, .operand = ranks / 2, .bytes = bytes}, -1, -1);
}
