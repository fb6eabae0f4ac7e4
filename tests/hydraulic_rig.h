// Random pipe networks for the tests of flows and pressures.
#pragma once

#include "check.h"

#include "cooling/cooling_hydraulic.h"

#define RIG_NODES 24
#define RIG_BRANCHES 64

static double rig_share[] = {0, 0.5, 1, 1.5, 3}, rig_head[] = {1.4, 1.3, 1, 0.55, -1.5};
static const clx_mover rig_mover = {
    .name = "rig", .flow = rig_share, .flow_count = 5, .head = rig_head, .head_count = 5, .efficiency = 0.8};

typedef struct rig {
  clx_hydraulic net;
  clx_branch branch[RIG_BRANCHES];
  double height[RIG_NODES], inflow[RIG_NODES], pressure[RIG_NODES];
  double flow[RIG_BRANCHES], level[RIG_NODES];
  clx_hydraulic_state state;
} rig;

// Any number within [0, 1), the same in each run.
static double rig_draw(uint64_t *seed) {
  *seed = *seed * 6364136223846793005u + 1442695040888963407u;
  return (double)(*seed >> 11) * 0x1p-53;
}

static int32_t rig_pick(uint64_t *seed, int32_t count) { return (int32_t)(rig_draw(seed) * count); }

static clx_branch rig_branch(uint64_t *seed, int32_t kind, int32_t from, int32_t to) {
  clx_branch branch = {.name = "b", .kind = kind, .from = from, .to = to, .units = 1 + rig_pick(seed, 4)};
  const double size = exp(4 * (rig_draw(seed) - 0.5));  // a factor 7 either way
  branch.length = 1 + 100 * rig_draw(seed);
  branch.diameter = 0.1 * sqrt(size);
  branch.roughness = 1e-3 * rig_draw(seed) * branch.diameter;
  branch.minor = rig_pick(seed, 2) * 3 * rig_draw(seed);
  branch.pressure = kind == CLX_BRANCH_PUMP ? 0 : 5e4 * (0.1 + rig_draw(seed));
  branch.design = 0.01 * size;
  branch.exponent = 1 + 1.2 * rig_draw(seed);
  branch.kv = 40 * size;
  branch.position = 0.1 + 0.9 * rig_draw(seed);
  branch.rangeability = rig_pick(seed, 2) * 30.0;
  branch.pump = (clx_mover_size){.mover = &rig_mover, .flow = 0.01 * size, .head = 1e5 * (0.5 + rig_draw(seed))};
  branch.speed = rig_pick(seed, 5) == 0 ? 0 : 0.4 + 0.6 * rig_draw(seed);
  branch.check = rig_pick(seed, 2) == 0;
  return branch;
}

// A tree with loops laid over it and pumps among them; `open`: with inflows and a fixed pressure or two.
static void rig_make(rig *r, uint64_t *seed, bool open) {
  memset(r, 0, sizeof(*r));
  const int32_t nodes = 3 + rig_pick(seed, RIG_NODES - 2);
  int32_t count = 0;
  for (int32_t i = 1; i < nodes; i++) {
    const int32_t other = rig_pick(seed, i), kind = rig_pick(seed, 3);
    const bool turned = rig_pick(seed, 2) == 0;
    r->branch[count++] = rig_branch(seed, kind, turned ? i : other, turned ? other : i);
  }
  const int32_t loops = 1 + rig_pick(seed, nodes);
  for (int32_t i = 0; i < loops; i++) {
    const int32_t from = rig_pick(seed, nodes), to = (from + 1 + rig_pick(seed, nodes - 1)) % nodes;
    r->branch[count++] = rig_branch(seed, i == 0 ? CLX_BRANCH_PUMP : rig_pick(seed, CLX_BRANCH_KINDS), from, to);
  }
  for (int32_t i = 0; i < nodes; i++) {
    r->height[i] = 20 * rig_draw(seed);
    r->inflow[i] = open ? 0.01 * (rig_draw(seed) - 0.5) : 0;
    r->pressure[i] = open && (i == 0 || rig_pick(seed, 8) == 0) ? 1e5 + 1e5 * rig_draw(seed) : NAN;
  }
  r->net = (clx_hydraulic){.node_count = nodes,
                           .height = r->height,
                           .inflow = r->inflow,
                           .pressure = r->pressure,
                           .branch = r->branch,
                           .branch_count = count,
                           .density = 1000,
                           .viscosity = 1e-3};
  r->state.flow = r->flow;
  r->state.pressure = r->level;
}

static void rig_solve(rig *r) {
  clx_error error = {0};
  clx_hydraulic_solver *solver = NULL;
  if (clx_hydraulic_open(&r->net, &solver, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  if (clx_hydraulic_again(solver, &r->net, &r->state, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  clx_hydraulic_close(solver);
}
