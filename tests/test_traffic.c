// Fair shares among communicators, and timelines computed by hand.
#include "check.h"

#include "network/network_traffic.h"

// NVLink 400 B/s, NIC 50 B/s, uplink 25 B/s.
static clx_traffic links_make(void) {
  return (clx_traffic){.link_count = 3, .link_name = {"nvlink", "nic", "uplink"}, .capacity = {400, 50, 25}};
}

static int32_t add(clx_traffic *t, double time, double latency, double nvlink, double nic, double uplink) {
  return clx_traffic_add(t, &(clx_traffic_demand){"x", time, latency, {nvlink, nic, uplink}});
}

static void test_alone_runs_at_full_speed(void **state) {
  (void)state;
  clx_traffic t = links_make();
  add(&t, 1, 0, 100, 50, 0);
  add(&t, 2, 1, 0, 0, 0);  // no links at all
  CLX_CHECK_NEAR(clx_traffic_speeds(&t, 1)[0], 1, 1e-12, 0);
  CLX_CHECK_NEAR(clx_traffic_speeds(&t, 2)[1], 1, 1e-12, 0);
  CLX_CHECK_NEAR(clx_traffic_speeds(&t, 3)[1], 1, 1e-12, 0);
}

static void test_two_share_a_full_nic(void **state) {
  (void)state;
  clx_traffic t = links_make();
  add(&t, 1, 0, 0, 50, 0);      // would fill the NIC
  add(&t, 1, 0, 400, 12.5, 0);  // a quarter of it: below the fair half, keeps its speed
  add(&t, 1, 0, 0, 50, 0);
  const double *two = clx_traffic_speeds(&t, 1 | 4);
  CLX_CHECK_NEAR(two[0], 0.5, 1e-12, 0);
  CLX_CHECK_NEAR(two[2], 0.5, 1e-12, 0);
  CLX_CHECK_NEAR(two[1], 0, 0, 0);
  // The second asks the NIC for less than its half: it keeps its speed, the first takes the rest.
  const double *mixed = clx_traffic_speeds(&t, 1 | 2);
  CLX_CHECK_NEAR(mixed[0], 0.75, 1e-12, 0);
  CLX_CHECK_NEAR(mixed[1], 1, 1e-12, 0);
  // All three: a third of the NIC is more than the second asks for; the others share what it leaves.
  const double *all = clx_traffic_speeds(&t, 7);
  CLX_CHECK_NEAR(all[0], 0.375, 1e-12, 0);
  CLX_CHECK_NEAR(all[1], 1, 1e-12, 0);
}

// Random sets: no link above its capacity, everybody is stopped by a full link or its own limit.
static void test_shares_are_max_min(void **state) {
  (void)state;
  uint32_t seed = 7;
  for (int trial = 0; trial < 2000; trial++) {
    clx_traffic t = links_make();
    const int count = 1 + (int)((seed = seed * 1664525u + 1013904223u) >> 29);
    for (int i = 0; i < count; i++) {
      double b[3];
      for (int l = 0; l < 3; l++) b[l] = (seed = seed * 1664525u + 1013904223u) >> 31 ? 0 : (seed >> 8) / 4e5;
      double time = 0.01;
      for (int l = 0; l < 3; l++) time = fmax(time, b[l] / t.capacity[l]);
      add(&t, time * 1.25, time * 0.25, b[0], b[1], b[2]);
    }
    const double *speed = clx_traffic_speeds(&t, (1u << count) - 1);
    double used[3] = {0};
    for (int i = 0; i < count; i++) {
      const clx_traffic_demand *d = &t.demand[i];
      assert_true(speed[i] > 0 && speed[i] <= 1);
      for (int l = 0; l < 3; l++) used[l] += speed[i] * d->bytes[l] / (d->time - d->latency) / t.capacity[l];
    }
    for (int l = 0; l < 3; l++) assert_true(used[l] <= 1 + 1e-9);
    for (int i = 0; i < count; i++) {
      bool stopped = speed[i] > 1 - 1e-9;
      for (int l = 0; l < 3; l++) stopped = stopped || (t.demand[i].bytes[l] > 0 && used[l] > 1 - 1e-9);
      assert_true(stopped);
    }
  }
}

// Two layers compute 2 s each; after each a gradient transfer of 1 s alone, its last quarter latency-free; by hand.
static void test_timeline_overlaps_and_contends(void **state) {
  (void)state;
  clx_traffic t = links_make();
  const int32_t dp = add(&t, 3, 0, 0, 150, 0), ep = add(&t, 1, 0, 0, 50, 0);
  const clx_activity work[] = {
      {0, -1, 2, -1},  // compute
      {1, dp, 0, 0},   // 3 s alone, from 2
      {0, ep, 0, -1},  // at 2, beside dp: both at half speed, until 4
      {0, -1, 2, -1},  // 4 to 6; dp has 2 left at 4: ends at 6
  };
  clx_span span[4];
  assert_int_equal(clx_timeline_run(&t, work, 4, span, NULL), CLX_OK);
  CLX_CHECK_NEAR(span[1].start, 2, 1e-12, 0);
  CLX_CHECK_NEAR(span[2].end, 4, 1e-12, 0);
  CLX_CHECK_NEAR(span[1].end, 6, 1e-12, 0);
  CLX_CHECK_NEAR(span[3].end, 6, 1e-12, 0);
}

static void test_latency_leaves_the_links_alone(void **state) {
  (void)state;
  clx_traffic t = links_make();
  const int32_t a = add(&t, 2, 1, 0, 50, 0), b = add(&t, 2, 0, 0, 100, 0);
  const clx_activity work[] = {{0, a, 0, -1}, {1, b, 0, -1}};
  clx_span span[2];
  assert_int_equal(clx_timeline_run(&t, work, 2, span, NULL), CLX_OK);
  // b alone for 1 s (half done), then both at half speed for 2 s: a has moved 1 s of work, b its last.
  CLX_CHECK_NEAR(span[0].end, 3, 1e-12, 0);
  CLX_CHECK_NEAR(span[1].end, 3, 1e-12, 0);
}

// One communicator runs one transfer at a time, from whatever streams.
static void test_a_communicator_takes_turns(void **state) {
  (void)state;
  clx_traffic t = links_make();
  const int32_t a = add(&t, 1, 0.5, 0, 25, 0);
  const clx_activity work[] = {{0, a, 0, -1}, {1, a, 2, -1}};
  clx_span span[2];
  assert_int_equal(clx_timeline_run(&t, work, 2, span, NULL), CLX_OK);
  CLX_CHECK_NEAR(span[0].end, 1, 1e-12, 0);
  CLX_CHECK_NEAR(span[1].start, 1, 1e-12, 0);
  CLX_CHECK_NEAR(span[1].end, 3, 1e-12, 0);
}

static void test_wrong_timelines_are_named(void **state) {
  (void)state;
  clx_traffic t = links_make();
  clx_span span[2];
  const clx_activity loop[] = {{0, -1, 1, 1}, {1, -1, 1, 0}};
  assert_int_equal(clx_timeline_run(&t, loop, 2, span, NULL), CLX_INTERNAL);
  const clx_activity far[] = {{99, -1, 1, -1}};
  assert_int_equal(clx_timeline_run(&t, far, 1, span, NULL), CLX_INTERNAL);
  const clx_activity unknown[] = {{0, 3, 1, -1}};
  assert_int_equal(clx_timeline_run(&t, unknown, 1, span, NULL), CLX_INTERNAL);
  assert_int_equal(clx_timeline_run(&t, NULL, 0, NULL, NULL), CLX_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_alone_runs_at_full_speed),
      cmocka_unit_test(test_two_share_a_full_nic),
      cmocka_unit_test(test_shares_are_max_min),
      cmocka_unit_test(test_timeline_overlaps_and_contends),
      cmocka_unit_test(test_latency_leaves_the_links_alone),
      cmocka_unit_test(test_a_communicator_takes_turns),
      cmocka_unit_test(test_wrong_timelines_are_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
