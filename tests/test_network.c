// Collective costs: bounds, scaling, and points of nccl-tests.
#include "check.h"

#include "network/network.h"

static const clx_device HOPPER = {.family = "hopper"};
static const clx_network H100 = {.domain = 8, .nvlink = 450e9, .nic = 50e9, .nic_efficiency = 1, .device = &HOPPER};

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
    CLX_CHECK_NEAR(clx_collective_time(&H100, (clx_collective)kind, (clx_group){.size = 1, .inside = 1}, 1e9), 0, 0, 0);
    CLX_CHECK_NEAR(clx_collective_time(&H100, (clx_collective)kind, (clx_group){.size = 8, .inside = 8}, 0), 0, 0, 0);
  }
}

static void test_time_grows_with_bytes_and_stays_above_the_wire(void **state) {
  (void)state;
  static const clx_group groups[] = {
      {.size = 8, .inside = 8}, {.size = 64, .inside = 8}, {.size = 64, .inside = 1}, {.size = 1024, .inside = 8}};
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

// nccl-tests on 8 x H100 (AIConfigurator's tables, fp16): bus bandwidths at 64 and 512 MiB; and 1,024 GPUs over 400 Gbit/s
// (GTC24 S62129). First model: within a fifth.
static void test_published_points(void **state) {
  (void)state;
  const double MiB = 1048576;
  const struct {
    clx_collective kind;
    clx_group group;
    double bytes, bus, factor;
  } known[] = {{CLX_ALL_REDUCE, {.size = 8, .inside = 8}, 64 * MiB, 362e9, 1.75},
               {CLX_ALL_REDUCE, {.size = 8, .inside = 8}, 512 * MiB, 445e9, 1.75},
               {CLX_ALL_GATHER, {.size = 8, .inside = 8}, 64 * MiB, 282e9, 0.875},
               {CLX_ALL_GATHER, {.size = 8, .inside = 8}, 512 * MiB, 335e9, 0.875},
               {CLX_REDUCE_SCATTER, {.size = 8, .inside = 8}, 512 * MiB, 336e9, 0.875},
               {CLX_ALL_REDUCE, {.size = 1024, .inside = 8}, 4096 * MiB, 359e9, 2 * 1023.0 / 1024}};
  for (int i = 0; i < 6; i++) {
    const double measured = known[i].bytes * known[i].factor / known[i].bus;
    CLX_CHECK_NEAR(clx_collective_time(&H100, known[i].kind, known[i].group, known[i].bytes), measured, 0.2, 0);
  }
}

// More bandwidth of any kind never makes a collective slower.
static void test_more_bandwidth_never_hurts(void **state) {
  (void)state;
  static const clx_group groups[] = {
      {.size = 8, .inside = 8}, {.size = 64, .inside = 8}, {.size = 64, .inside = 1}, {.size = 1024, .inside = 8}};
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
    thin.level_count = full.level_count = 1;
    thin.level[0] = (clx_fabric_level){.gpus = 64, .thinning = known[i].oversubscription};
    full.level[0] = (clx_fabric_level){.gpus = 64, .thinning = 1};
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
      cmocka_unit_test(test_published_points),
      cmocka_unit_test(test_more_bandwidth_never_hurts),
      cmocka_unit_test(test_oversubscription),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
