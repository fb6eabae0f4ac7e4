// Figures of racks of the Modelica Buildings Library: the outlet of cold plates under a pulsing load, air-cooled racks with their fans and rear doors.
#include <math.h>

#include "cooling/cooling_fluid.h"
#include "cooling/cooling_hydraulic.h"
#include "validate/validate_cooling_internal.h"

typedef clx_cooling_asked asked;

// --- cold plates (Examples.ColdPlateR_P) -----------------------------------------------------------------------------------------

// Share of the power in the published run: 0.62, and 0.40 more for two of every five seconds, from 0.2 s on.
static double pulse(double time) {
  const double since = fmod(time - 0.2 + 5, 5);
  return 0.62 + (since < 2 ? 0.4 : 0);
}

// Share of the flow: halved between 30 and 35 s.
static double ramp(double time) { return 1 - 0.5 * fmin(fmax((time - 30) / 5, 0), 1); }

// K that leave the plates at x[3] s: a stirred volume that the design flow x[2] (kg/s) fills in 2 s (the library's time constant), fed at x[0] K, heated by
// x[1] W times the pulse.
static clx_status plate_outlet(const asked *a, double *out, clx_error *error) {
  const double tau = 2, step = 1e-3;
  clx_fluid fluid;
  if (!clx_fluid_named(a->of, &fluid))
    return clx_fail(error, CLX_INPUT, a->place, "no fluid '%.60s': expected water, pg25, pg40, ... or air", a->of);
  if (!(a->x[2] > 0) || !(a->x[3] >= 0 && a->x[3] <= 3600))
    return clx_fail(error, CLX_INPUT, a->place,
                    "expected a flow above 0 and a time from 0 to 3600 s, read %g kg/s, %g s", a->x[2], a->x[3]);
  const double capacity = clx_fluid_heat_capacity(&fluid, a->x[0]);
  const int64_t steps = (int64_t)floor(a->x[3] / step + 0.5);
  double rise = 0;
  for (int64_t i = 0; i < steps;
       i++) {  // exact while load and flow stand still, as they do within a step but at its ends
    const double middle = ((double)i + 0.5) * step, flow = a->x[2] * ramp(middle);
    const double end = a->x[1] * pulse(middle) / (flow * capacity);
    rise = end + (rise - end) * exp(-step * ramp(middle) / tau);
  }
  *out = a->x[0] + rise;
  return CLX_OK;
}

// --- air-cooled racks (Racks.Air, Racks.Hybrid) -----------------------------------------------------------------------------------

// Fans of 4 % of the IT power and 70 % efficiency, sized for the design rise of the air; the rack resists with what they give then.
typedef struct air_rack {
  double flow, rise, fan;  // m3/s, K, W
} air_rack;

static const double FAN_SHARE = 0.04, FAN_EFFICIENCY = 0.7, AIR_DENSITY = 1.2;

static const double CURVE_FLOW[] = {0, 1, 2}, CURVE_HEAD[] = {2, 1, 0};

// A rack of x[0] W with fans at full speed, sized for a rise of x[1] K, and behind it a door that takes x[2] Pa at the design flow.
static clx_status run_rack(const asked *a, air_rack *rack, clx_error *error) {
  const clx_fluid air = {.kind = CLX_FLUID_AIR};
  const double it = a->x[0], fan = FAN_SHARE * it, inlet = 303.15;
  if (!(it > 0) || !(a->x[1] > 0) || !(a->x[2] >= 0))
    return clx_fail(error, CLX_INPUT, a->place,
                    "expected power and rise above 0 and no negative pressure, read %g W, %g K, %g Pa", it, a->x[1],
                    a->x[2]);
  double flow[3] = {CURVE_FLOW[0], CURVE_FLOW[1], CURVE_FLOW[2]};
  double head[3] = {CURVE_HEAD[0], CURVE_HEAD[1], CURVE_HEAD[2]};
  const clx_mover mover = {.name = "server fans",
                           .kind = CLX_MOVER_FAN,
                           .flow = flow,
                           .flow_count = 3,
                           .head = head,
                           .head_count = 3,
                           .efficiency = FAN_EFFICIENCY,
                           .motor_margin = 1};
  const double capacity = clx_fluid_heat_capacity(&air, inlet + 0.5 * a->x[1]);
  const double design = (it + fan) / (capacity * a->x[1] * AIR_DENSITY), pressure = fan * FAN_EFFICIENCY / design;
  const char *nodes[] = {"inlet", "outlet", "door"};
  clx_branch branch[] = {
      {.name = "fans", .kind = CLX_BRANCH_PUMP, .from = 0, .to = 1, .pump = {&mover, design, pressure, 0}, .speed = 1},
      {.name = "servers",
       .kind = CLX_BRANCH_RESISTANCE,
       .from = 1,
       .to = 2,
       .pressure = pressure,
       .design = design,
       .exponent = 2},
      {.name = "door",
       .kind = CLX_BRANCH_RESISTANCE,
       .from = 2,
       .to = 0,
       .pressure = fmax(a->x[2], 1e-3),
       .design = design,
       .exponent = 2}};
  const clx_hydraulic net = {
      .node = nodes, .node_count = 3, .branch = branch, .branch_count = 3, .density = AIR_DENSITY, .viscosity = 1.9e-5};
  double flows[3], pressures[3];
  clx_hydraulic_state state = {.flow = flows, .pressure = pressures};
  CLX_TRY(clx_hydraulic_check(&net, error));
  CLX_TRY(clx_hydraulic_solve(&net, NULL, a->run->arena, &state, error));
  rack->flow = state.flow[0];
  rack->fan = clx_mover_running(&branch[0].pump, rack->flow, 1).electric;
  rack->rise = (it + rack->fan) / (capacity * AIR_DENSITY * rack->flow);
  return CLX_OK;
}

static clx_status rack_fan(const asked *a, double *out, clx_error *error) {
  air_rack rack;
  CLX_TRY(run_rack(a, &rack, error));
  *out = rack.fan;
  return CLX_OK;
}

static clx_status rack_air(const asked *a, double *out, clx_error *error) {
  air_rack rack;
  CLX_TRY(run_rack(a, &rack, error));
  *out = a->x[0] + rack.fan;
  return CLX_OK;
}

static clx_status rack_rise(const asked *a, double *out, clx_error *error) {
  air_rack rack;
  CLX_TRY(run_rack(a, &rack, error));
  *out = rack.rise;
  return CLX_OK;
}

#define RACK \
  {"it", "rise", "door"}, { "W", "K", "Pa" }

static const clx_cooling_figure FIGURES[] = {
    {"plate_outlet",
     "K",
     {"inlet", "power", "flow", "time"},
     {"K", "W", "kg/s", "s"},
     "fluid",
     plate_outlet,
     NULL,
     false},
    {"rack_fan", "W", RACK, NULL, rack_fan, NULL, false},
    {"rack_air", "W", RACK, NULL, rack_air, NULL, false},
    {"rack_rise", "K", RACK, NULL, rack_rise, NULL, false},
};
const clx_cooling_figures clx_cooling_figures_rack = {FIGURES, CLX_COUNT(FIGURES)};
