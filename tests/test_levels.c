// The fabric folded into levels against the flow engine on the whole of it.
#include "check.h"

#include <math.h>

#include "fabric/fabric_study.h"
#include "network/network.h"

enum { SERVERS = 1024, GPUS = 8 };

typedef struct rig {
  clx_arena *arena;
  clx_fabric_hosts hosts;
  clx_switch model;
  clx_fabric fabric;
  clx_fabric_level level[CLX_FABRIC_LEVELS_MAX];
  int32_t level_count;
  double efficiency;
} rig;

static void open_rig(rig *r, int32_t wiring, int32_t routing, const double *ratio, int32_t ratios) {
  clx_error error = {0};
  *r = (rig){.arena = clx_arena_new()};
  r->hosts = (clx_fabric_hosts){.servers = SERVERS, .gpus = GPUS, .nics = GPUS, .ports = GPUS, .rate = 50e9};
  r->model = (clx_switch){
      .name = "toy", .throughput = 64 * 50e9, .port_rate = 50e9, .ports = 64, .split = 1, .spray_efficiency = 0.95};
  clx_fabric_spec spec = {.wiring = wiring, .routing = routing, .planes = 1, .flows = 1, .seed = 1};
  double copy[CLX_TIERS_MAX];
  for (int32_t i = 0; i < ratios; i++) copy[i] = ratio[i];
  spec.oversubscription = copy;
  spec.oversubscription_count = ratios;
  if (clx_fabric_compile(r->arena, &spec, &r->hosts, 1, &r->model, NULL, NULL, &r->fabric, &error) != CLX_OK)
    fail_msg("%s", error.mistake[0].text);
  r->level_count = clx_fabric_levels(&r->fabric, &r->model, r->level, &r->efficiency);
}

// Uniform all-to-all, sprayed: what leaves a block shares what leads out of it.
static void test_all_to_all(void **state) {
  (void)state;
  static const double ratios[][2] = {{1, 1}, {3, 1}, {1, 3}, {3, 3}, {7, 1}};
  for (int32_t i = 0; i < 10; i++) {
    rig r;
    open_rig(&r, i / 5 ? CLX_WIRING_BLOCK : CLX_WIRING_RAIL, CLX_ROUTING_SPRAY, ratios[i % 5], 2);
    clx_fabric_pattern_result flat;
    assert_int_equal(clx_fabric_study_all_to_all(&r.fabric, &flat, NULL, NULL), CLX_OK);
    const double n = SERVERS * GPUS;
    double slowest = 1;
    for (int32_t l = 0; l + 1 < r.level_count; l++) {
      // Of a rail unit only the NICs of the own rail are below the same leaf; collectives reach the others over NVLink.
      const double block = (double)r.level[l].gpus / (i < 5 && l == 0 ? GPUS : 1);
      const double leaving = (n - block) / (n - 1);
      slowest = fmax(slowest, leaving * clx_block_slowing(&r.level[l], 1));
    }
    CLX_CHECK_NEAR(r.efficiency / slowest, flat.share, 0.01, 0);
    clx_arena_free(r.arena);
  }
}

// Rings over servers in random order: everything leaves its block, by one path each.
static void test_hashed_rings(void **state) {
  (void)state;
  static const double full[] = {1};
  for (int32_t flows = 1; flows <= 16; flows *= 4) {
    rig r;
    clx_error error = {0};
    clx_fabric_pattern_result flat;
    const clx_placement random = {.kind = CLX_PLACEMENT_RANDOM};
    open_rig(&r, CLX_WIRING_RAIL, CLX_ROUTING_ECMP, full, 1);
    r.fabric.spec.flows = flows;
    assert_int_equal(clx_fabric_study_ring(&r.fabric, &random, 7, &flat, NULL, &error), CLX_OK);
    assert_int_equal(clx_fabric_collisions(r.arena, &r.fabric, 3, r.level, r.level_count, &error), CLX_OK);
    double slowest = 1;
    for (int32_t l = 0; l + 1 < r.level_count; l++) slowest = fmax(slowest, clx_block_slowing(&r.level[l], 1));
    CLX_CHECK_NEAR(1 / slowest, flat.split_share, 0.06, 0);
    clx_arena_free(r.arena);
  }
}

static void test_slowing_is_monotone(void **state) {
  (void)state;
  for (int32_t l = 0; l < 10; l++) {
    double before = 0;
    for (double leaving = 1e-3; leaving <= 1; leaving *= 1.1) {
      const clx_fabric_level level = {.gpus = 8, .thinning = 4, .loss = 0.09 * l};
      const double now = clx_block_slowing(&level, leaving);
      assert_true(now >= 1 && now >= before);
      before = now;
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_all_to_all),
      cmocka_unit_test(test_hashed_rings),
      cmocka_unit_test(test_slowing_is_monotone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
