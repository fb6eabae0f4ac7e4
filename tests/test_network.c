// Collective costs: bounds, scaling, and points of nccl-tests.
#include "check.h"

#include "network/network.h"

static const clx_network H100 = {.domain = 8,
                                 .nvlink = 450e9,
                                 .nvlink_efficiency = 0.8,
                                 .nic = 50e9,
                                 .nic_efficiency = 0.92,
                                 .nvlink_latency = 1.5e-6,
                                 .nic_latency = 9e-6,
                                 .base_latency = 10e-6,
                                 .switch_reduction = 1.28};

static void test_groups(void **state) {
  (void)state;
  const struct {
    int32_t size, stride, inside;
  } known[] = {{8, 1, 8}, {16, 1, 8}, {4, 8, 1}, {4, 2, 4}, {64, 4, 2}, {2, 100, 1}, {3, 1, 3}};
  for (int i = 0; i < 7; i++) {
    const clx_group group = clx_group_make(&H100, known[i].size, known[i].stride);
    assert_int_equal(group.inside, known[i].inside);
    assert_int_equal(group.size, known[i].size);
  }
}

static void test_nothing_to_do_is_free(void **state) {
  (void)state;
  for (int kind = CLX_ALL_REDUCE; kind <= CLX_SEND_RECEIVE; kind++) {
    CLX_CHECK_NEAR(clx_collective_time(&H100, (clx_collective)kind, (clx_group){1, 1, 1}, 1e9), 0, 0, 0);
    CLX_CHECK_NEAR(clx_collective_time(&H100, (clx_collective)kind, (clx_group){8, 8, 8}, 0), 0, 0, 0);
  }
}

static void test_time_grows_with_bytes_and_stays_above_the_wire(void **state) {
  (void)state;
  static const clx_group groups[] = {{8, 8, 8}, {64, 8, 64}, {64, 1, 64}, {1024, 8, 1024}};
  for (int kind = CLX_ALL_REDUCE; kind <= CLX_SEND_RECEIVE; kind++) {
    for (int g = 0; g < 4; g++) {
      double last = 0;
      for (double bytes = 1; bytes < 1e11; bytes *= 4) {
        const double time = clx_collective_time(&H100, (clx_collective)kind, groups[g], bytes);
        assert_true(time > last);
        assert_true(time > bytes / groups[g].size / H100.nvlink);
        last = time;
      }
    }
  }
}

// A ring all-reduce is a reduce-scatter and an all-gather.
static void test_all_reduce_is_both_halves(void **state) {
  (void)state;
  clx_network plain = H100;
  plain.switch_reduction = 1;
  plain.base_latency = plain.nvlink_latency = plain.nic_latency = 0;
  const clx_group group = {64, 8, 64};
  const double both = clx_collective_time(&plain, CLX_REDUCE_SCATTER, group, 1e9) +
                      clx_collective_time(&plain, CLX_ALL_GATHER, group, 1e9);
  CLX_CHECK_NEAR(clx_collective_time(&plain, CLX_ALL_REDUCE, group, 1e9), both, 1e-12, 0);
}

// Doubling bytes and bandwidths leaves the time (the ramp of small messages scales with NVLink squared, so it is left out here
// by large messages and latencies of zero).
static void test_bytes_and_bandwidth_scale_together(void **state) {
  (void)state;
  clx_network slow = H100;
  slow.base_latency = slow.nvlink_latency = slow.nic_latency = 0;
  clx_network fast = slow;
  fast.nvlink *= 2;
  fast.nic *= 2;
  const clx_group group = {64, 8, 64};
  CLX_CHECK_NEAR(clx_collective_time(&fast, CLX_ALL_TO_ALL, group, 2e9),
                 clx_collective_time(&slow, CLX_ALL_TO_ALL, group, 1e9), 1e-12, 0);
  CLX_CHECK_NEAR(clx_collective_time(&fast, CLX_ALL_REDUCE, group, 2e12),
                 clx_collective_time(&slow, CLX_ALL_REDUCE, group, 1e12), 0.01, 0);
}

// nccl-tests on 8 x H100 (AIConfigurator's tables, fp16): bus bandwidths at 64 and 512 MiB; and 1,024 GPUs over 400 Gbit/s
// (GTC24 S62129). First model: within a fifth.
static void test_published_points(void **state) {
  (void)state;
  const double MiB = 1048576;
  const struct {
    clx_collective kind;
    clx_group group;
    double bytes, bus, factor;
  } known[] = {{CLX_ALL_REDUCE, {8, 8, 8}, 64 * MiB, 362e9, 1.75},
               {CLX_ALL_REDUCE, {8, 8, 8}, 512 * MiB, 445e9, 1.75},
               {CLX_ALL_GATHER, {8, 8, 8}, 64 * MiB, 282e9, 0.875},
               {CLX_ALL_GATHER, {8, 8, 8}, 512 * MiB, 335e9, 0.875},
               {CLX_REDUCE_SCATTER, {8, 8, 8}, 512 * MiB, 336e9, 0.875},
               {CLX_ALL_REDUCE, {1024, 8, 1024}, 4096 * MiB, 359e9, 2 * 1023.0 / 1024}};
  for (int i = 0; i < 6; i++) {
    const double measured = known[i].bytes * known[i].factor / known[i].bus;
    CLX_CHECK_NEAR(clx_collective_time(&H100, known[i].kind, known[i].group, known[i].bytes), measured, 0.2, 0);
  }
}

// More bandwidth of any kind never makes a collective slower.
static void test_more_bandwidth_never_hurts(void **state) {
  (void)state;
  static const clx_group groups[] = {{8, 8, 8}, {64, 8, 64}, {64, 1, 64}, {1024, 8, 1024}};
  for (int kind = CLX_ALL_REDUCE; kind <= CLX_SEND_RECEIVE; kind++) {
    for (int g = 0; g < 4; g++) {
      for (double bytes = 1e3; bytes < 1e11; bytes *= 10) {
        clx_network wide = H100;
        double last = INFINITY;
        for (int step = 0; step < 6; step++) {
          const double time = clx_collective_time(&wide, (clx_collective)kind, groups[g], bytes);
          assert_true(time <= last * (1 + 1e-12));
          last = time;
          wide.nvlink *= 2;
        }
        for (int step = 0; step < 6; step++) {
          const double time = clx_collective_time(&wide, (clx_collective)kind, groups[g], bytes);
          assert_true(time <= last * (1 + 1e-12));
          last = time;
          wide.nic *= 2;
        }
      }
    }
  }
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
  for (int i = 0; i < (int)(sizeof known / sizeof *known); i++) {
    clx_network thin = H100, full = H100;
    thin.leaf = full.leaf = 64;
    thin.oversubscription = known[i].oversubscription;
    const clx_group group = clx_group_make(&thin, known[i].size, known[i].stride);
    const double ratio =
        clx_collective_time(&thin, known[i].kind, group, 1e9) / clx_collective_time(&full, known[i].kind, group, 1e9);
    assert_true(ratio >= known[i].least && ratio <= known[i].most);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_groups),
      cmocka_unit_test(test_nothing_to_do_is_free),
      cmocka_unit_test(test_time_grows_with_bytes_and_stays_above_the_wire),
      cmocka_unit_test(test_all_reduce_is_both_halves),
      cmocka_unit_test(test_bytes_and_bandwidth_scale_together),
      cmocka_unit_test(test_published_points),
      cmocka_unit_test(test_more_bandwidth_never_hurts),
      cmocka_unit_test(test_oversubscription),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
