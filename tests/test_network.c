// Costs of collectives: bounds of the wire, closed forms, NCCL's habits, published points.
#include "check.h"

#include <math.h>

#include "catalog/catalog.h"
#include "network/network.h"

static const double KiB = 1024, MiB = 1048576, GiB = 1073741824;

static clx_catalog *catalog;
static clx_arena *arena;
static clx_device h100, a100, gb200;
static const clx_library *nccl, *ideal;
static const clx_transport *infiniband, *tcpxo;

static clx_network network_of(const clx_device *device, const clx_library *library, int32_t domain, double nic) {
  return (clx_network){.device = device,
                       .library = library,
                       .transport = infiniband,
                       .domain = domain,
                       .nvlink = device->nvlink,
                       .nic = nic,
                       .nic_efficiency = 1};
}

static clx_collective_cost cost_of(const clx_network *network, clx_collective kind, int32_t size, double bytes) {
  return clx_collective_cost_of(network, kind, clx_group_make(network, size, 1), bytes);
}

static double time_of(const clx_network *network, clx_collective kind, int32_t size, double bytes) {
  return cost_of(network, kind, size, bytes).time;
}

static double ring_time(const clx_network *network, int32_t size, double bytes) {
  const clx_group group = clx_group_make(network, size, 1);
  return clx_collective_cost_with(network, CLX_ALL_REDUCE, group, bytes, CLX_ALGORITHM_RING).time;
}

static void test_names(void **state) {
  (void)state;
  for (int i = 0; i < CLX_COLLECTIVES; i++) assert_non_null(clx_collective_name[i]);
  for (int i = 0; i < CLX_ALGORITHMS; i++) assert_non_null(clx_algorithm_name[i]);
  for (int i = 0; i < CLX_PROTOCOLS; i++) assert_non_null(clx_protocol_name[i]);
  assert_string_equal(clx_collective_name[CLX_COMBINE], "moe_combine");
  assert_string_equal(clx_algorithm_name[CLX_ALGORITHM_HIERARCHICAL], "hierarchical");
  assert_string_equal(clx_protocol_name[CLX_PROTOCOL_SIMPLE], "simple");
  assert_int_equal(clx_generation_of(&h100), CLX_HOPPER);
  assert_int_equal(clx_generation_of(&a100), CLX_AMPERE);
}

static void test_groups(void **state) {
  (void)state;
  clx_network network = network_of(&h100, nccl, 8, 50e9);
  network.level_count = 2;
  network.level[0] = (clx_fabric_level){.gpus = 64};
  network.level[1] = (clx_fabric_level){.gpus = 4096};
  const struct {
    int32_t size, stride, inside, leaf, all;
  } known[] = {{8, 1, 8, 8, 8},      {16, 1, 8, 16, 16}, {4, 8, 1, 4, 4}, {4, 2, 4, 4, 4},
               {128, 4, 2, 16, 128}, {2, 100, 1, 1, 2},  {3, 1, 3, 3, 3}, {5000, 1, 8, 64, 4096}};
  for (int i = 0; i < (int)CLX_COUNT(known); i++) {
    const clx_group group = clx_group_make(&network, known[i].size, known[i].stride);
    assert_int_equal(group.size, known[i].size);
    assert_int_equal(group.inside, known[i].inside);
    assert_int_equal(group.members[0], known[i].leaf);
    assert_int_equal(group.members[1], known[i].all);
  }
}

static void test_nothing_to_do_is_free(void **state) {
  (void)state;
  const clx_network network = network_of(&h100, nccl, 8, 50e9);
  for (int kind = 0; kind < CLX_COLLECTIVES; kind++) {
    CLX_CHECK_NEAR(time_of(&network, (clx_collective)kind, 1, 1e9), 0, 0, 0);
    CLX_CHECK_NEAR(time_of(&network, (clx_collective)kind, 64, 0), 0, 0, 0);
  }
}

// Bytes that a NIC cannot avoid: what the ranks of its node owe the others, divided over the NICs of the node.
static double least_nic_bytes(clx_collective kind, const clx_group *group, double bytes) {
  const double n = group->size, r = group->inside;
  if (n <= r || kind == CLX_BROADCAST) return 0;
  if (kind == CLX_ALL_REDUCE) return bytes / r;  // once out of every node, even when the switches reduce
  if (kind == CLX_REDUCE_SCATTER || kind == CLX_ALL_GATHER) return (n - r) / n * bytes / r * (r / n);
  return kind == CLX_SEND_RECEIVE ? bytes : (n - r) / n * bytes;
}

static void check_cost(const clx_network *network, clx_collective kind, int32_t size, int32_t stride, double bytes) {
  const clx_group group = clx_group_make(network, size, stride);
  const clx_collective_cost cost = clx_collective_cost_of(network, kind, group, bytes);
  assert_true(isfinite(cost.time) && isfinite(cost.nic_bytes) && isfinite(cost.link_bytes));
  assert_true(cost.latency >= 0 && cost.latency <= cost.time * (1 + 1e-12));
  assert_true(cost.algorithm >= 0 && cost.algorithm < CLX_ALGORITHMS);
  assert_true(cost.protocol >= 0 && cost.protocol < CLX_PROTOCOLS);
  assert_true(cost.nic_bytes >= least_nic_bytes(kind, &group, bytes) * (1 - 1e-12));
  // Nothing is faster than the wire, alone and together.
  assert_true(cost.time >= cost.nic_bytes / network->nic * (1 - 1e-12));
  assert_true(cost.time >= cost.link_bytes / network->nvlink * (1 - 1e-12));
}

static void test_no_cost_is_faster_than_the_wire(void **state) {
  (void)state;
  static const int32_t sizes[] = {2, 3, 4, 7, 8, 9, 16, 17, 24, 72, 100, 1024, 9999, 131072, 1048576};
  static const int32_t strides[] = {1, 2, 8, 64};
  const clx_network networks[] = {network_of(&h100, nccl, 8, 50e9), network_of(&a100, nccl, 8, 25e9),
                                  network_of(&gb200, nccl, 72, 50e9), network_of(&h100, ideal, 8, 50e9)};
  for (int w = 0; w < (int)CLX_COUNT(networks); w++) {
    for (int kind = 0; kind < CLX_COLLECTIVES; kind++) {
      for (int i = 0; i < (int)CLX_COUNT(sizes); i++) {
        for (int k = 0; k < (int)CLX_COUNT(strides); k++) {
          for (double bytes = 1; bytes < 2e12; bytes *= 8)
            check_cost(&networks[w], (clx_collective)kind, sizes[i], strides[k], bytes);
        }
      }
    }
  }
}

// Rings at line rate: 2 (n - 1) / n of the bytes in an all-reduce, half of it in its halves, a hop for every step; the switch
// to trees where only hops count.
static void test_closed_forms(void **state) {
  (void)state;
  clx_library plain = *ideal;
  plain.chunks = 1;
  plain.hop = 2e-6;
  const clx_network flat = network_of(&h100, &plain, 1, 50e9);
  for (int32_t n = 2; n <= 4096; n *= 2) {
    const double s = 16 * GiB, ring = (n - 1.0) / n * s / 50e9 + (n - 1) * 2e-6;
    CLX_CHECK_NEAR(time_of(&flat, CLX_REDUCE_SCATTER, n, s), ring, 1e-12, 0);
    CLX_CHECK_NEAR(time_of(&flat, CLX_ALL_GATHER, n, s), ring, 1e-12, 0);
    CLX_CHECK_NEAR(time_of(&flat, CLX_ALL_REDUCE, n, s), 2 * ring, 1e-12, 0);
    CLX_CHECK_NEAR(time_of(&flat, CLX_ALL_TO_ALL, n, s), (n - 1.0) / n * s / 50e9 + 2e-6, 1e-12, 0);
    if (n > 4) CLX_CHECK_NEAR(time_of(&flat, CLX_ALL_REDUCE, n, 1), 2 * log2(n) * (2e-6 + 1 / 50e9), 1e-9, 0);
  }
}

// What ASTRA-sim 2.0 computes for its all-reduce of 1 GiB (congestion-unaware, ring, 4 chunks, switches of 500 ns a link).
// It counts 2^30 B as a GB; 0.95 ms of its times are copies in memory, which are no network's. docs/model/network/collectives.md
static void test_ideal_rings_against_astra_sim(void **state) {
  (void)state;
  static const double flat[][2] = {{64, 40.83e-3}, {256, 42.86e-3}, {1024, 49.18e-3}};
  static const double deep[][2] = {{64, 5.923e-3}, {256, 6.789e-3}, {1024, 8.452e-3}, {4096, 14.651e-3}};
  clx_library library = *ideal;
  library.hop = 1.01e-6;
  const clx_network one = network_of(&h100, &library, 1, 50 * GiB);
  for (int i = 0; i < 3; i++) CLX_CHECK_NEAR(ring_time(&one, (int32_t)flat[i][0], GiB), flat[i][1], 0.03, 0);
  library.hop = 2e-6;
  clx_network two = network_of(&h100, &library, 8, 50 * GiB);
  two.nvlink = 400 * GiB;
  for (int i = 0; i < 4; i++) CLX_CHECK_NEAR(ring_time(&two, (int32_t)deep[i][0], GiB), deep[i][1], 0.05, 0);
}

// All-to-all: what leaves the node divided by the NIC; per GPU N / (N - 1) of its rate for N nodes.
static void test_all_to_all_asymptote(void **state) {
  (void)state;
  const clx_network network = network_of(&h100, nccl, 8, 50e9);
  for (int32_t nodes = 2; nodes <= 256; nodes *= 2) {
    const double n = 8.0 * nodes, s = 64 * GiB, bus = (n - 1) / n * s / time_of(&network, CLX_ALL_TO_ALL, 8 * nodes, s);
    const double most = (n - 1) / (n - 8) * 50e9;
    assert_true(bus < most && bus > 0.95 * most);
  }
}

// Two nodes swap halves, more pass most bytes twice: the bus bandwidth of two may exceed what their NICs carry.
static void test_two_nodes_beat_their_nics(void **state) {
  (void)state;
  const clx_network network = network_of(&h100, nccl, 8, 50e9);
  const double s = 16 * GiB;
  const clx_collective_cost two = cost_of(&network, CLX_ALL_REDUCE, 16, s);
  assert_int_equal(two.algorithm, CLX_ALGORITHM_NVLS_TREE);
  CLX_CHECK_NEAR(two.nic_bytes, s / 8, 1e-12, 0);
  CLX_CHECK_NEAR(2 * 15.0 / 16 * s / two.time, 487e9, 0.08, 0);  // on EFA, aws-samples
  for (int32_t n = 32; n <= 4096; n *= 2)
    assert_true(2 * (n - 1.0) / n * s / time_of(&network, CLX_ALL_REDUCE, n, s) < 400e9);
}

// What was chosen costs what it costs alone, and where any algorithm may be taken the choice is the least.
// Two nodes of A100: NCCL sends large all-reduces round rings, whose every edge carries 2 (n - 1) / n of the bytes, though trees
// would be faster (vTrain: tensor parallelism of 16 at a bus bandwidth of 94 GB/s of 100 GB/s between nodes).
static void test_two_nodes_of_ampere(void **state) {
  (void)state;
  const clx_network network = network_of(&a100, nccl, 8, 12.5e9);
  const clx_group group = clx_group_make(&network, 16, 1);
  const double bytes = 4e8;
  const clx_collective_cost large = clx_collective_cost_of(&network, CLX_ALL_REDUCE, group, bytes);
  assert_int_equal(large.algorithm, CLX_ALGORITHM_RING);
  const double bus = 2 * 15.0 / 16 * bytes / large.time;
  assert_true(bus > 80e9 && bus < 100e9);
  assert_true(clx_collective_cost_with(&network, CLX_ALL_REDUCE, group, bytes, CLX_ALGORITHM_TREE).time <
              0.7 * large.time);
}

static void test_minimum_over_algorithms(void **state) {
  (void)state;
  const clx_network networks[] = {network_of(&h100, nccl, 8, 50e9), network_of(&a100, nccl, 8, 25e9)};
  static const clx_collective kinds[] = {CLX_ALL_REDUCE, CLX_REDUCE_SCATTER, CLX_ALL_GATHER, CLX_ALL_TO_ALL};
  for (int w = 0; w < 2; w++) {
    for (int k = 0; k < 4; k++) {
      for (int32_t stride = 1; stride <= 8; stride *= 8) {
        for (double bytes = 256 * KiB; bytes < 1e11; bytes *= 4) {
          const clx_group group = clx_group_make(&networks[w], 64, stride);
          const clx_collective_cost best = clx_collective_cost_of(&networks[w], kinds[k], group, bytes);
          double least = INFINITY;
          for (int a = 0; a < CLX_ALGORITHMS; a++) {
            if (a == CLX_ALGORITHM_COLLNET) continue;  // InfiniBand without SHARP
            const double one = clx_collective_cost_with(&networks[w], kinds[k], group, bytes, (clx_algorithm)a).time;
            least = fmin(least, one);
            if (a == best.algorithm && kinds[k] != CLX_ALL_REDUCE) CLX_CHECK_NEAR(one, best.time, 1e-12, 0);
          }
          if (stride == 8 && k != 0) CLX_CHECK_NEAR(best.time, least, 1e-12, 0);
          assert_true(isfinite(least) && best.time >= least * (1 - 1e-12));
        }
      }
    }
  }
  const clx_group group = clx_group_make(&networks[1], 64, 1);
  assert_true(isinf(clx_collective_cost_with(&networks[1], CLX_ALL_REDUCE, group, GiB, CLX_ALGORITHM_NVLS_TREE).time));
  assert_true(isinf(clx_collective_cost_with(&networks[1], CLX_ALL_GATHER, group, GiB, CLX_ALGORITHM_TREE).time));
}

// A reduction to all costs no less than each of its halves inside a node, and on ideal networks.
static void test_all_reduce_against_its_halves(void **state) {
  (void)state;
  const clx_network networks[] = {network_of(&h100, nccl, 8, 50e9), network_of(&a100, nccl, 8, 25e9),
                                  network_of(&h100, ideal, 8, 50e9)};
  for (int w = 0; w < 3; w++) {
    for (int32_t n = 2; n <= (w < 2 ? 8 : 4096); n *= 2) {
      for (double bytes = w < 2 ? 1 : GiB; bytes < 1e12; bytes *= 4) {
        const double both = time_of(&networks[w], CLX_ALL_REDUCE, n, bytes);
        assert_true(both >= time_of(&networks[w], CLX_REDUCE_SCATTER, n, bytes));
        assert_true(both >= time_of(&networks[w], CLX_ALL_GATHER, n, bytes));
      }
    }
  }
}

// Trees grow with the logarithm of nodes, rings with their number.
static void test_growth_with_nodes(void **state) {
  (void)state;
  const clx_network network = network_of(&h100, nccl, 8, 50e9);
  const double level = time_of(&network, CLX_ALL_REDUCE, 128, MiB) - time_of(&network, CLX_ALL_REDUCE, 64, MiB);
  for (int32_t n = 128; n <= 65536; n *= 2) {
    const double more = time_of(&network, CLX_ALL_REDUCE, 2 * n, MiB) - time_of(&network, CLX_ALL_REDUCE, n, MiB);
    CLX_CHECK_NEAR(more, level, 1e-6, 0);
  }
  CLX_CHECK_NEAR(level, 57e-6, 0.23, 0);  // GTC24 S62129: 55 to 60 us for a doubling of nodes; 44 here
  const double start = cost_of(&network, CLX_ALL_GATHER, 8, KiB).latency;
  for (int32_t n = 64; n <= 1024; n *= 2) {
    const double one = cost_of(&network, CLX_ALL_GATHER, n, KiB).latency - start;
    const double two = cost_of(&network, CLX_ALL_GATHER, 2 * n, KiB).latency - start;
    assert_true(two > 1.8 * one && two < 2.2 * one);
  }
}

// Where a library may split wide groups, rings give way to nodes and rails, which is never slower.
static void test_wide_groups_are_split(void **state) {
  (void)state;
  clx_library split = *nccl;
  split.split_ranks = 2048;
  const clx_network network = network_of(&gb200, &split, 72, 50e9), plain = network_of(&gb200, nccl, 72, 50e9);
  const clx_group group = clx_group_make(&network, 27456, 8);
  for (double bytes = MiB; bytes < 1e12; bytes *= 8) {
    const clx_collective_cost best = clx_collective_cost_of(&network, CLX_REDUCE_SCATTER, group, bytes);
    assert_true(best.time <=
                clx_collective_cost_with(&network, CLX_REDUCE_SCATTER, group, bytes, CLX_ALGORITHM_RING).time);
    if (bytes < GiB) assert_int_equal(best.algorithm, CLX_ALGORITHM_HIERARCHICAL);
    assert_int_equal(clx_collective_cost_of(&plain, CLX_REDUCE_SCATTER, group, bytes).algorithm, CLX_ALGORITHM_RING);
  }
}

static void check_monotone(const clx_network *network, clx_collective kind, int32_t size, double step, double slack) {
  double last = 0;
  for (double bytes = 1; bytes < 1e12; bytes *= step) {
    const double time = time_of(network, kind, size, bytes);
    if (!(time >= last * (1 - slack)))
      fail_msg("%s of %.0f B over %d: %g after %g", clx_collective_name[kind], bytes, size, time, last);
    if (!(time_of(network, kind, size, 2 * bytes) >= time * (1 - 1e-12)))
      fail_msg("%s of twice %.0f B over %d is faster", clx_collective_name[kind], bytes, size);
    last = time;
  }
}

// More bytes take longer. Rings on H100 leave LL too late, by NCCL's own estimates: between two sizes the time may fall there
// by up to 18.6 % (16.8 % on 8 GPUs), never over a doubling.
static void test_monotone_in_bytes(void **state) {
  (void)state;
  static const int32_t sizes[] = {2, 8, 16, 64, 1024, 65536};
  const clx_network networks[] = {network_of(&h100, ideal, 8, 50e9), network_of(&h100, nccl, 8, 50e9)};
  for (int w = 0; w < 2; w++) {
    for (int kind = 0; kind < CLX_COLLECTIVES; kind++) {
      for (int i = 0; i < (int)CLX_COUNT(sizes); i++)
        check_monotone(&networks[w], (clx_collective)kind, sizes[i], 1.1, w == 0 ? 1e-12 : 0.19);
    }
  }
  for (int32_t domain = 72; domain <= 576; domain *= 2) {
    const clx_network wide = network_of(&gb200, nccl, domain, 50e9);
    for (int kind = 0; kind < CLX_COLLECTIVES; kind++) check_monotone(&wide, (clx_collective)kind, domain, 1.1, 0.02);
  }
}

// More ranks are never faster.
static void test_monotone_in_ranks(void **state) {
  (void)state;
  static const clx_collective kinds[] = {CLX_ALL_REDUCE, CLX_REDUCE_SCATTER, CLX_ALL_GATHER};
  const clx_network network = network_of(&h100, nccl, 8, 50e9);
  for (int k = 0; k < 3; k++) {
    for (double bytes = 1; bytes < 1e12; bytes *= 1.5) {
      double last = 0;
      for (int32_t nodes = 2; nodes <= 8192; nodes += 1 + nodes / 8) {
        const double time = time_of(&network, kinds[k], 8 * nodes, bytes);
        if (!(time >= last * (1 - 1e-9)))
          fail_msg("%s of %.0f B over %d", clx_collective_name[kinds[k]], bytes, 8 * nodes);
        last = time;
      }
    }
  }
}

// Twice the NICs never take longer; twice the NVLink, too, may: NCCL's estimates then leave a protocol at another size.
static void test_faster_links(void **state) {
  (void)state;
  static const int32_t sizes[] = {2, 8, 16, 64, 1024, 65536};
  for (int w = 0; w < 2; w++) {
    const clx_network network = network_of(&h100, w == 0 ? ideal : nccl, 8, 50e9);
    for (int kind = 0; kind < CLX_COLLECTIVES; kind++) {
      for (int i = 0; i < (int)CLX_COUNT(sizes); i++) {
        for (double bytes = 1; bytes < 1e12; bytes *= 2) {
          const double time = time_of(&network, (clx_collective)kind, sizes[i], bytes);
          clx_network wide = network;
          wide.nic *= 2;
          assert_true(time_of(&wide, (clx_collective)kind, sizes[i], bytes) <= time * (1 + 1e-12));
          wide.nvlink *= 2;
          assert_true(time_of(&wide, (clx_collective)kind, sizes[i], bytes) <= time * (w == 0 ? 1 + 1e-12 : 1.24));
        }
      }
    }
  }
}

// Wide domains: all-to-all within the links and near NVIDIA's 640 GB/s of an NVL72; one domain no slower than two halves of it
// (all-reduce of 16 GiB: the switches rule in both, and loops over 72 ranks fill 0.2 % longer than those over 36).
static void test_wide_domains(void **state) {
  (void)state;
  for (int32_t n = 72; n <= 576; n *= 2) {
    const clx_network one = network_of(&gb200, nccl, n, 50e9), two = network_of(&gb200, nccl, n / 2, 50e9);
    for (double bytes = KiB; bytes <= 16 * GiB; bytes *= 2) {
      const double bus = (n - 1.0) / n * bytes / time_of(&one, CLX_ALL_TO_ALL, n, bytes);
      assert_true(bus <= 640e9 && (bytes < 4 * GiB || bus >= 600e9));
      for (int kind = 0; kind <= CLX_ALL_TO_ALL; kind++)
        assert_true(time_of(&one, (clx_collective)kind, n, bytes) <=
                    1.003 * time_of(&two, (clx_collective)kind, n, bytes));
    }
  }
}

// Published: nccl-tests on one DGX H100 (AIConfigurator), all-reduce over H100 nodes (nccl issue 1469), on two nodes with one
// GPU each (nccl issue 1357; its 2 MiB are missed by 30 %), CoreWeave's GB200 racks.
static void test_published_points(void **state) {
  (void)state;
  const clx_network dgx = network_of(&h100, nccl, 8, 50e9), racks = network_of(&gb200, nccl, 72, 50e9);
  const clx_network lone = network_of(&h100, nccl, 1, 50e9);
  const struct {
    const clx_network *network;
    clx_collective kind;
    int32_t size;
    double bytes, time, within;
  } known[] = {{&dgx, CLX_ALL_REDUCE, 8, MiB, 25.4e-6, 0.1},
               {&dgx, CLX_ALL_REDUCE, 8, 64 * MiB, 64 * MiB * 1.75 / 362e9, 0.05},
               {&dgx, CLX_ALL_REDUCE, 8, 512 * MiB, 512 * MiB * 1.75 / 445e9, 0.05},
               {&dgx, CLX_ALL_GATHER, 8, 512 * MiB, 512 * MiB * 0.875 / 335e9, 0.05},
               {&dgx, CLX_REDUCE_SCATTER, 8, 64 * MiB, 64 * MiB * 0.875 / 292e9, 0.05},
               {&dgx, CLX_ALL_TO_ALL, 8, 64 * MiB, 64 * MiB * 0.875 / 265e9, 0.05},
               {&dgx, CLX_ALL_REDUCE, 128, 8, 62e-6, 0.05},
               {&dgx, CLX_ALL_REDUCE, 128, 4096, 76.6e-6, 0.1},
               {&lone, CLX_ALL_REDUCE, 2, 2 * MiB, 113e-6, 0.31},
               {&lone, CLX_ALL_REDUCE, 2, 8 * MiB, 231e-6, 0.12},
               {&lone, CLX_ALL_REDUCE, 2, 32 * MiB, 812e-6, 0.05},
               {&racks, CLX_ALL_REDUCE, 72, 8 * GiB, 20.3e-3, 0.1},
               {&racks, CLX_ALL_REDUCE, 128, 8 * GiB, 21.49e-3, 0.12},
               {&racks, CLX_ALL_REDUCE, 1440, 8 * GiB, 45.0e-3, 0.05},
               {&racks, CLX_ALL_REDUCE, 1440, 512 * MiB, 7.11e-3, 0.13}};
  for (int i = 0; i < (int)CLX_COUNT(known); i++)
    CLX_CHECK_NEAR(time_of(known[i].network, known[i].kind, known[i].size, known[i].bytes), known[i].time,
                   known[i].within, 0);
}

// All-reduce over H100 nodes by NVLSTree (GTC24 S62129), every published size from 128 MiB on, in us. Two points are misses: at
// 128 MiB 1,024 GPUs took 9 % longer than here and 4,096 took 15 %, 2 % more than 8,192 did.
static void test_published_scan(void **state) {
  (void)state;
  const clx_network network = network_of(&h100, nccl, 8, 50e9);
  static const double sizes[] = {128, 1024, 4096, 16384};  // MiB
  static const struct {
    int32_t gpus;
    double time[4], within;  // the last: of 128 MiB
  } known[] = {{32, {935, 5917, 22811}, 0.08},
               {128, {1092, 6093, 22929, 89738}, 0.08},
               {512, {1266, 6298}, 0.08},
               {1024, {1470, 6474, 23897, 92673}, 0.085},
               {4096, {1728, 7263, 24871, 91799}, 0.135},
               {8192, {1690, 6996, 24674, 93765}, 0.08}};
  for (int i = 0; i < (int)CLX_COUNT(known); i++) {
    for (int k = 0; k < 4; k++) {
      if (known[i].time[k] <= 0) continue;
      CLX_CHECK_NEAR(1e6 * time_of(&network, CLX_ALL_REDUCE, known[i].gpus, sizes[k] * MiB), known[i].time[k],
                     k == 0 ? known[i].within : 0.08, 0);
    }
  }
}

// DeepEP on H800: low-latency kernels of 128 tokens, normal kernels of 4,096 tokens whose copies go once to a node.
static void test_expert_exchange(void **state) {
  (void)state;
  clx_network network = network_of(&h100, nccl, 8, 50e9);
  network.nvlink = 200e9;
  static const double low[][3] = {{8, 77e-6, 0.1}, {16, 118e-6, 0.1}, {64, 173e-6, 0.1}, {256, 194e-6, 0.1}};
  for (int i = 0; i < 4; i++) {
    const clx_group group = clx_group_make(&network, (int32_t)low[i][0], 1);
    const double bytes = 128 * 8 * 7168 * (1 + 4.0 / 128);
    CLX_CHECK_NEAR(clx_expert_exchange_cost(&network, group, bytes, bytes).time, low[i][1], low[i][2], 0);
  }
  const clx_group group = clx_group_make(&network, 64, 1);
  const clx_collective_cost once = clx_expert_exchange_cost(&network, group, 222.8e6, 109.9e6);
  const clx_collective_cost each = clx_expert_exchange_cost(&network, group, 222.8e6, 222.8e6);
  assert_int_equal(once.algorithm, CLX_ALGORITHM_HIERARCHICAL);
  CLX_CHECK_NEAR(once.nic_bytes, 109.9e6 * 7 / 8, 1e-9, 0);
  CLX_CHECK_NEAR(109.9e6 / once.time, 51e9, 0.05, 0);
  assert_true(each.time > 1.8 * once.time);
  CLX_CHECK_NEAR(clx_collective_time(&network, CLX_DISPATCH, group, 222.8e6), each.time, 1e-12, 0);
}

// A thin leaf tier slows what leaves a leaf: all-to-all at once, rings as soon as they outnumber the uplinks.
static void test_oversubscription(void **state) {
  (void)state;
  const struct {
    clx_collective kind;
    int32_t size, stride;
    double oversubscription, least, most;
  } known[] = {
      {CLX_ALL_TO_ALL, 64, 1, 4, 1, 1},       // inside one leaf
      {CLX_ALL_TO_ALL, 128, 1, 4, 2.0, 2.3},  // half of the bytes leave it, at a quarter of the rate
      {CLX_ALL_GATHER, 64, 1, 64, 1, 1},      // inside one leaf
      {CLX_ALL_GATHER, 128, 1, 8, 1, 1},      // one ring of 8 NICs, 8 uplinks
      {CLX_ALL_GATHER, 128, 1, 32, 3, 4.01},  // the same ring over 2 uplinks
      {CLX_ALL_GATHER, 16, 8, 4, 1, 1},       // 8 rings of one NIC, 16 uplinks
      {CLX_ALL_GATHER, 16, 64, 4, 3, 4.01},   // 64 rings of one NIC, 16 uplinks
      {CLX_SEND_RECEIVE, 2, 64, 4, 3, 4.01},  // all 64 GPUs of a leaf send to another one
  };
  for (int i = 0; i < (int)CLX_COUNT(known); i++) {
    clx_network thin = network_of(&h100, ideal, 8, 50e9), full = thin;
    thin.level_count = full.level_count = 1;
    thin.level[0] = (clx_fabric_level){.gpus = 64, .thinning = known[i].oversubscription};
    full.level[0] = (clx_fabric_level){.gpus = 64, .thinning = 1};
    const clx_group group = clx_group_make(&thin, known[i].size, known[i].stride);
    const double ratio = clx_collective_time(&thin, known[i].kind, group, 64 * GiB) /
                         clx_collective_time(&full, known[i].kind, group, 64 * GiB);
    assert_true(ratio >= known[i].least * (1 - 1e-9) && ratio <= known[i].most * (1 + 1e-9));
  }
}

// Profiles add what they say, levels and transports delay what crosses them, TCPXO has neither LL128 nor NVLSTree.
static void test_profiles(void **state) {
  (void)state;
  const clx_network network = network_of(&h100, nccl, 8, 50e9);
  clx_library slow = *nccl;
  slow.launch = 20e-6;
  slow.skew = 3e-6;
  clx_network other = network;
  other.library = &slow;
  const double here = time_of(&network, CLX_ALL_REDUCE, 8, MiB);
  CLX_CHECK_NEAR(time_of(&other, CLX_ALL_REDUCE, 8, MiB), here + 26e-6, 1e-9, 0);
  CLX_CHECK_NEAR(time_of(&other, CLX_ALL_REDUCE, 2, MiB), time_of(&network, CLX_ALL_REDUCE, 2, MiB) + 20e-6, 1e-9, 0);
  other = network;
  other.level_count = 2;
  other.level[0] = (clx_fabric_level){.gpus = 64, .thinning = 1};
  other.level[1] = (clx_fabric_level){.gpus = 4096, .thinning = 1, .latency = 2e-6};
  CLX_CHECK_NEAR(time_of(&other, CLX_ALL_REDUCE, 64, MiB), time_of(&network, CLX_ALL_REDUCE, 64, MiB), 1e-12, 0);
  CLX_CHECK_NEAR(time_of(&other, CLX_ALL_REDUCE, 128, MiB), time_of(&network, CLX_ALL_REDUCE, 128, MiB) + 8 * 2e-6,
                 1e-9, 0);
  other = network;
  other.transport = tcpxo;
  for (double bytes = 1; bytes < 1e11; bytes *= 2) {
    const clx_collective_cost cost = cost_of(&other, CLX_ALL_REDUCE, 16, bytes);
    assert_true(cost.protocol != CLX_PROTOCOL_LL128 && cost.algorithm != CLX_ALGORITHM_NVLS_TREE);
  }
}

static int setup(void **state) {
  (void)state;
  clx_error error = {0};
  const clx_place none = {0};
  arena = clx_arena_new();
  if (arena == NULL || clx_catalog_open(NULL, &catalog, &error) != CLX_OK) return 1;
  if (clx_catalog_read_device(catalog, "h100_sxm", none, arena, &h100, &error) != CLX_OK ||
      clx_catalog_read_device(catalog, "a100_sxm", none, arena, &a100, &error) != CLX_OK ||
      clx_catalog_read_device(catalog, "gb200", none, arena, &gb200, &error) != CLX_OK ||
      clx_catalog_read_library(catalog, "nccl", none, arena, &nccl, &error) != CLX_OK ||
      clx_catalog_read_library(catalog, "ideal", none, arena, &ideal, &error) != CLX_OK ||
      clx_catalog_read_transport(catalog, "infiniband", none, arena, &infiniband, &error) != CLX_OK ||
      clx_catalog_read_transport(catalog, "tcpxo", none, arena, &tcpxo, &error) != CLX_OK)
    return 1;
  return 0;
}

static int teardown(void **state) {
  (void)state;
  clx_catalog_close(catalog);
  clx_arena_free(arena);
  return 0;
}

// The record of a library speaks of its generations, spans and sizes, and of nothing else.
static void test_error_of_record(void **state) {
  (void)state;
  const clx_network network = network_of(&h100, nccl, 8, 50e9), plain = network_of(&h100, ideal, 8, 50e9);
  const clx_group node = clx_group_make(&network, 8, 1), nodes = clx_group_make(&network, 64, 1);
  const struct {
    const char *name;
    clx_group group;
    double bytes;
  } known[] = {{"hopper node small", node, MiB - 1},
               {"hopper node medium", node, MiB},
               {"hopper nodes medium", nodes, 64 * MiB},
               {"hopper nodes large", nodes, 64 * MiB + 1},
               {"hopper nodes small", clx_group_make(&network, 2, 8), 1}};
  for (int32_t i = 0; i < CLX_COUNT(known); i++) {
    const clx_kernel_class *found = NULL;
    for (int32_t c = 0; c < nccl->fit.class_count; c++) {
      if (clx_text_equal(nccl->fit.classes[c].name, known[i].name)) found = &nccl->fit.classes[c];
    }
    assert_non_null(found);
    const double error = found->cross_error > 0 ? found->cross_error : found->error;
    assert_true(error > 0);
    CLX_CHECK_NEAR(clx_library_error(&network, known[i].group, known[i].bytes), error, 0, 0);
  }
  CLX_CHECK_NEAR(clx_library_error(&plain, nodes, GiB), 0, 0, 0);
  clx_device other = h100;
  other.family = "volta";
  const clx_network unknown = network_of(&other, nccl, 8, 50e9);
  CLX_CHECK_NEAR(clx_library_error(&unknown, nodes, GiB), 0, 0, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_names),
      cmocka_unit_test(test_groups),
      cmocka_unit_test(test_nothing_to_do_is_free),
      cmocka_unit_test(test_no_cost_is_faster_than_the_wire),
      cmocka_unit_test(test_closed_forms),
      cmocka_unit_test(test_ideal_rings_against_astra_sim),
      cmocka_unit_test(test_all_to_all_asymptote),
      cmocka_unit_test(test_two_nodes_beat_their_nics),
      cmocka_unit_test(test_two_nodes_of_ampere),
      cmocka_unit_test(test_minimum_over_algorithms),
      cmocka_unit_test(test_all_reduce_against_its_halves),
      cmocka_unit_test(test_growth_with_nodes),
      cmocka_unit_test(test_wide_groups_are_split),
      cmocka_unit_test(test_monotone_in_bytes),
      cmocka_unit_test(test_monotone_in_ranks),
      cmocka_unit_test(test_faster_links),
      cmocka_unit_test(test_wide_domains),
      cmocka_unit_test(test_published_points),
      cmocka_unit_test(test_published_scan),
      cmocka_unit_test(test_expert_exchange),
      cmocka_unit_test(test_oversubscription),
      cmocka_unit_test(test_profiles),
      cmocka_unit_test(test_error_of_record),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
