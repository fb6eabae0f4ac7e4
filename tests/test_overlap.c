// What collectives take from kernels beside them: channels out of processors, copies out of memory bandwidth.
#include "check.h"

#include "catalog/catalog.h"
#include "network/network_traffic.h"
#include "training/training_internal.h"

static clx_catalog *catalog;
static clx_arena *arena;

typedef struct bench {
  clx_device device;
  clx_software software;
  clx_network network;
  clx_training job;
} bench;

static void bench_make(bench *b, const char *device, int32_t domain) {
  clx_error error = {0};
  const clx_place none = {0};
  assert_int_equal(clx_catalog_read_device(catalog, device, none, arena, &b->device, &error), CLX_OK);
  assert_int_equal(
      clx_catalog_read(catalog, "software", "default", none, &clx_software_schema, arena, &b->software, &error),
      CLX_OK);
  b->network = (clx_network){
      .device = &b->device, .domain = domain, .nvlink = b->device.nvlink, .nic = 50e9, .nic_efficiency = 1};
  b->job = (clx_training){.device = &b->device, .software = &b->software, .network = &b->network};
  b->job.layout = (clx_layout){.tp = 1, .pp = 2, .vpp = 1, .cp = 1, .ep = 1, .etp = 1, .dp = 64};
}

static double held(const bench *b, clx_collective kind, int32_t size, int32_t stride) {
  return clx_training_processors_held(&b->job, kind, clx_group_make(&b->network, size, stride));
}

static void test_channels(void **state) {
  (void)state;
  bench a100, h100, gb200;
  bench_make(&a100, "a100_sxm", 8);
  bench_make(&h100, "h100_sxm", 8);
  bench_make(&gb200, "gb200", 72);
  // Rings in the server, multicast in the switches from five ranks on, rings across servers.
  CLX_CHECK_NEAR(held(&a100, CLX_ALL_GATHER, 8, 1), 24.0 / 108, 1e-12, 0);
  CLX_CHECK_NEAR(held(&h100, CLX_ALL_GATHER, 8, 1), 16.0 / 132, 1e-12, 0);
  CLX_CHECK_NEAR(held(&h100, CLX_REDUCE_SCATTER, 4, 1), 24.0 / 132, 1e-12, 0);
  CLX_CHECK_NEAR(held(&h100, CLX_ALL_REDUCE, 64, 1), 16.0 / 132, 1e-12, 0);
  CLX_CHECK_NEAR(held(&gb200, CLX_ALL_GATHER, 64, 1), 24.0 / gb200.device.processors, 1e-12, 0);
  // A transfer over NICs takes few, one over NVLink as many as a ring.
  CLX_CHECK_NEAR(held(&h100, CLX_SEND_RECEIVE, 2, 8), 4.0 / 132, 1e-12, 0);
  CLX_CHECK_NEAR(held(&h100, CLX_SEND_RECEIVE, 2, 1), 24.0 / 132, 1e-12, 0);
  CLX_CHECK_NEAR(held(&h100, CLX_DISPATCH, 8, 1), 20.0 / 132, 1e-12, 0);
  CLX_CHECK_NEAR(clx_training_transfer_drag(&h100.job), 4.0 / 132, 1e-12, 0);
  CLX_CHECK_NEAR(clx_training_buffers_held(&h100.job), 10.0 / 132, 1e-12, 0);
  h100.device.processors = 8;  // never more than half
  CLX_CHECK_NEAR(held(&h100, CLX_ALL_GATHER, 8, 1), 0.5, 0, 0);
}

// Products alone lose processors, streaming alone loses bandwidth, a mixture both by their shares.
static void test_mixture(void **state) {
  (void)state;
  bench b;
  bench_make(&b, "h100_sxm", 8);
  const clx_group group = clx_group_make(&b.network, 64, 1);
  clx_traffic_demand d = {.time = 1e-3, .bytes = {40e6, 30e6}};
  const double bandwidth = b.device.memory_bandwidth * b.device.memory_efficiency;
  const double taken[] = {2 * 70e9 / bandwidth, 3 * 70e9 / bandwidth};
  static const clx_collective kind[] = {CLX_ALL_GATHER, CLX_REDUCE_SCATTER};
  for (int32_t pass = 0; pass < 2; pass++) {
    for (double share = 0; share <= 1; share += 0.125) {
      clx_layer_cost cost = {0};
      cost.gemm[pass] = 0.75 * share, cost.attention[pass] = 0.25 * share, cost.stream[pass] = 1 - share;
      const double want = share * 16 / 132 + (1 - share) * taken[pass];
      CLX_CHECK_NEAR(clx_training_drag(&b.job, kind[pass], group, &d, &cost, pass), want, 1e-12, 0);
    }
  }
  const clx_layer_cost none = {0};
  assert_true(isfinite(clx_training_drag(&b.job, CLX_ALL_GATHER, group, &d, &none, 0)));
  d.time = 0;
  assert_true(isfinite(clx_training_drag(&b.job, CLX_ALL_GATHER, group, &d, &none, 0)));
}

static void test_kind_follows_sharding(void **state) {
  (void)state;
  bench b;
  bench_make(&b, "h100_sxm", 8);
  const clx_traffic_demand d = {.time = 1e-3, .bytes = {0, 40e6}};
  clx_layer_cost stream = {0};
  stream.stream[0] = stream.stream[1] = 1;
  const double one = 40e9 / (b.device.memory_bandwidth * b.device.memory_efficiency);
  b.software.reduce_scatter = 1;
  b.job.layout.sharding = CLX_SHARDING_ZERO1;
  CLX_CHECK_NEAR(clx_training_dp_drag(&b.job, &d, &stream, 0), 2 * one, 1e-12, 0);
  CLX_CHECK_NEAR(clx_training_dp_drag(&b.job, &d, &stream, 1), 3 * one, 1e-12, 0);
  b.job.layout.sharding = CLX_SHARDING_NONE;
  CLX_CHECK_NEAR(clx_training_dp_drag(&b.job, &d, &stream, 1), 2.5 * one, 1e-12, 0);
}

int main(void) {
  clx_error error = {0};
  arena = clx_arena_new();
  if (clx_catalog_open(NULL, &catalog, &error) != CLX_OK) return 1;
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_channels), cmocka_unit_test(test_mixture),
                                     cmocka_unit_test(test_kind_follows_sharding)};
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  clx_catalog_close(catalog);
  clx_arena_free(arena);
  return failed;
}
