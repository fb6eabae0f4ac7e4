// Flows and pressures of a network of pipes, valves, pumps and resistances: Newton on the loops and nodes. docs/model/cooling/hydraulics.md.
#pragma once

#include "base/base.h"
#include "cooling/cooling_mover.h"
#include "schema/schema.h"

typedef enum clx_branch_kind {
  CLX_BRANCH_PIPE,  // Darcy-Weisbach; friction of Colebrook (or Swamee-Jain), laminar below Re 2,000, smooth between
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
  int32_t kind;  // clx_branch_kind
  int32_t from, to;
  double units;  // equal branches in parallel (a cohort); flow is of one of them; 0 = 1
  // pipe
  double length, diameter, roughness, minor;  // m, m, m; sum of loss coefficients
  // resistance, check: Pa at design flow (m3/s)
  double pressure, design, exponent;
  // valve
  double kv, position, rangeability;  // m3/h at 1 bar of water; 0..1; 0 = linear
  // pump: its resistance when it stands is `pressure` at `design`, exponent 2; 0 = what the affinity laws leave at speed 0
  clx_mover_size pump;
  double speed;  // share of full speed; 0 = stopped
  bool check;    // a check valve behind it: nothing flows back
} clx_branch;

typedef enum clx_friction { CLX_FRICTION_COLEBROOK, CLX_FRICTION_SWAMEE_JAIN, CLX_FRICTIONS } clx_friction;
extern const char *const clx_friction_name[CLX_FRICTIONS + 1];  // "colebrook", "swamee-jain"

typedef struct clx_hydraulic {
  const char *const *node;  // names
  int32_t node_count;
  double *height;    // m, nullable
  double *inflow;    // m3/s that enter a node from outside, nullable; sum 0 per connected part without a fixed pressure
  double *pressure;  // Pa where fixed, NaN elsewhere, nullable; a part without one is closed: its first node is at 0
  clx_branch *branch;
  int32_t branch_count;
  double density, viscosity;  // kg/m3, Pa s
  int32_t friction;           // clx_friction
} clx_hydraulic;

typedef struct clx_hydraulic_state {
  double *flow;      // [branch_count] m3/s
  double *pressure;  // [node_count] Pa
  int32_t iterations;
  int32_t over;  // first branch that cannot do so: a pump beyond its curve, a check valve pressed open; -1 = none
  double mass_residual;    // relative, largest over nodes
  double energy_residual;  // relative, largest over branches
} clx_hydraulic_state;

// CLX_INPUT, naming the part: a node that nothing reaches, a closed part whose pumps stand in no loop (flows stay zero), inflows of a part
// that do not sum to zero (over-determined), fixed pressures or a loop joined by nothing that resists, a branch out of its range.
clx_status clx_hydraulic_check(const clx_hydraulic *net, clx_error *error);

// Newton on flows and pressures (KLU), its step held back by the dissipation along it: converges from any start, as all laws rise.
// Residuals below 1e-9. `start` (nullable): [branch_count] flows to start from. Also CLX_INFEASIBLE: a pump that must run beyond its curve,
// a check valve through which inflows press back.
// 10 branches: 15 us, opening included; 3,000: 8 ms.
clx_status clx_hydraulic_solve(const clx_hydraulic *net, const double *start, clx_arena *arena,
                               clx_hydraulic_state *state, clx_error *error);

// Checked and analysed once, solved often with changed speeds, positions, pressures and inflows (transients). Each solution starts from
// the one before; nothing is allocated unless the pivots have to change. `state` keeps the caller's arrays. A pump beyond its curve is no
// mistake here (it may be coasting down): state->over says which.
typedef struct clx_hydraulic_solver clx_hydraulic_solver;
clx_status clx_hydraulic_open(const clx_hydraulic *net, clx_hydraulic_solver **solver, clx_error *error);
clx_status clx_hydraulic_again(clx_hydraulic_solver *solver, const clx_hydraulic *net, clx_hydraulic_state *state,
                               clx_error *error);
void clx_hydraulic_close(clx_hydraulic_solver *solver);  // nullable

// Pa lost in a branch from `from` to `to` at a flow (m3/s, of one unit; negative: backwards); a pump's head counts negative. slope (nullable):
// d loss / d flow, > 0 where anything resists. The branch must have passed the check. 30 ns; a pipe 150 ns.
double clx_branch_loss(const clx_hydraulic *net, const clx_branch *branch, double flow, double *slope);
// Darcy's friction factor at a Reynolds number and relative roughness. steep (nullable): d ln factor / d ln Reynolds.
double clx_pipe_friction(clx_friction friction, double reynolds, double roughness, double *steep);

// --- a network as a user writes it --------------------------------------------------------------------------------------------------
// A document of `nodes` (only those with a height, an inflow or a fixed pressure need a line) and `branches`, which name their ends.
typedef struct clx_hydraulic_node_spec {
  const char *name;
  double height, inflow, pressure;  // m, m3/s, Pa
  clx_place place, pressure_place;  // pressure_place.line 0: not fixed
} clx_hydraulic_node_spec;

// Numbers below 0 are not stated; each kind of branch takes its own.
typedef struct clx_hydraulic_branch_spec {
  const char *name, *from, *to;
  int32_t kind;  // clx_branch_kind
  double units, length, diameter, roughness, minor, pressure, flow, exponent, kv, position, rangeability, head, speed;
  int32_t check;
  const char *pump;        // catalogue/mover
  const clx_mover *mover;  // resolved by who reads the catalogue
  clx_place place;
} clx_hydraulic_branch_spec;

typedef struct clx_hydraulic_spec {
  const char *name, *fluid;  // a line for people; clx_fluid_named
  double temperature;        // K
  int32_t friction;
  clx_hydraulic_node_spec *nodes;
  int32_t node_count;
  clx_hydraulic_branch_spec *branches;
  int32_t branch_count;
  clx_place place;
} clx_hydraulic_spec;
extern const clx_schema clx_hydraulic_schema;

enum { CLX_HYDRAULIC_BRANCHES_MAX = 100000 };

// From the spec, its movers resolved, to a checked network in `arena`; nodes in the order in which they are first named. CLX_INPUT with the
// place: a key that is missing or does nothing for a kind, a name used twice, what the check refuses.
clx_status clx_hydraulic_build(const clx_hydraulic_spec *spec, clx_arena *arena, clx_hydraulic *net, clx_error *error);
