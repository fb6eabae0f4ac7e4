// Flows and pressures of a network of pipes, valves, pumps and resistances: Newton on the loops and nodes. docs/model/cooling/hydraulics.md.
#pragma once

#include "base/base.h"
#include "cooling/cooling_mover.h"
#include "schema/schema.h"

typedef enum clx_branch_kind {
  CLX_BRANCH_PIPE,        // Darcy-Weisbach; friction of Colebrook (or Swamee-Jain), laminar below Re 2,000, smooth between
  CLX_BRANCH_RESISTANCE,  // dp = pressure (flow / design)^exponent
  CLX_BRANCH_VALVE,       // Kv and position, linear or equal percentage
  CLX_BRANCH_CHECK,       // resistance in one direction, shut in the other
  CLX_BRANCH_PUMP,        // curve at a speed; a stopped one is a resistance (or shut, with its check valve)
  CLX_BRANCH_KINDS
} clx_branch_kind;
extern const char *const clx_branch_kind_name[CLX_BRANCH_KINDS + 1];

// From node `from` to `to`; flow in that direction is positive, m3/s.
typedef struct clx_branch {
  const char *name;
  int32_t kind;      // clx_branch_kind
  int32_t from, to;
  double units;      // equal branches in parallel (a cohort); flow is of one of them; 0 = 1
  // pipe
  double length, diameter, roughness, minor;  // m, m, m; sum of loss coefficients
  // resistance, check: Pa at design flow (m3/s)
  double pressure, design, exponent;
  // valve
  double kv, position, rangeability;  // m3/h at 1 bar of water; 0..1; 0 = linear
  // pump
  clx_mover_size pump;
  double speed;
} clx_branch;

typedef struct clx_hydraulic {
  const char *const *node;  // names
  int32_t node_count;
  double *height;           // m, nullable
  double *inflow;           // m3/s that enter a node from outside, nullable; sum 0 per connected part without a fixed pressure
  double *pressure;         // Pa where fixed, NaN elsewhere, nullable; a part without one is closed: its first node is at 0
  clx_branch *branch;
  int32_t branch_count;
  double density, viscosity;  // kg/m3, Pa s
} clx_hydraulic;

typedef struct clx_hydraulic_state {
  double *flow;      // [branch_count] m3/s
  double *pressure;  // [node_count] Pa
  int32_t iterations;
  double mass_residual;    // relative, largest over nodes
  double energy_residual;  // relative, largest over branches
} clx_hydraulic_state;

// CLX_INPUT, naming the part: a node that nothing reaches, a closed part whose pumps stand in no loop (flows stay zero), inflows of a part
// that do not sum to zero (over-determined), two fixed pressures joined by nothing that resists, a branch out of its range. CLX_INFEASIBLE: a pump that must run beyond its curve.
// Newton with a damped step on a sparse Jacobian (KLU); residuals below 1e-9. `start` (nullable): flows to start from.
clx_status clx_hydraulic_check(const clx_hydraulic *net, clx_error *error);
clx_status clx_hydraulic_solve(const clx_hydraulic *net, const double *start, clx_arena *arena, clx_hydraulic_state *state,
                               clx_error *error);
// Factorised once, solved often with changed speeds and positions (transients): no allocation after opening.
typedef struct clx_hydraulic_solver clx_hydraulic_solver;
clx_status clx_hydraulic_open(const clx_hydraulic *net, clx_hydraulic_solver **solver, clx_error *error);
clx_status clx_hydraulic_again(clx_hydraulic_solver *solver, const clx_hydraulic *net, clx_hydraulic_state *state, clx_error *error);
void clx_hydraulic_close(clx_hydraulic_solver *solver);
