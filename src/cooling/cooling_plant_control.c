// Set points, flows and pumps of a loop.
#include "cooling/cooling_plant_internal.h"

#include <math.h>

double clx_plant_hottest(const clx_fluid *fluid) { return fluid->kind == CLX_FLUID_AIR ? 353.15 : 373.15; }

// A kelvin above freezing where the plant states none.
static double least(const clx_loop *loop) {
  if (loop->spec.reset_least > 0) return loop->spec.reset_least;
  return loop->fluid.kind == CLX_FLUID_AIR ? 273.15 : clx_fluid_freezing(&loop->fluid) + 1;
}

double clx_plant_set_point(const clx_loop *loop, const clx_air *outside) {
  const clx_loop_spec *spec = &loop->spec;
  switch (spec->set_point) {
    case CLX_SET_WET_BULB:
      return fmin(fmax(clx_air_wet_bulb(outside) + spec->reset_offset, least(loop)), spec->supply);
    case CLX_SET_DRY_BULB:
      return fmin(fmax(outside->dry_bulb + spec->reset_offset, least(loop)), spec->supply);
    case CLX_SET_FLOAT:
      return fmin(least(loop), spec->supply);
    default:
      return spec->supply;
  }
}

double clx_plant_coolest(const clx_loop *loop) {
  return loop->spec.set_point == CLX_SET_FIXED ? loop->spec.supply : fmin(least(loop), loop->spec.supply);
}

double clx_plant_working(const clx_plant_unit *unit, double share) {
  return fmin(fmax(share, 0), 1) * (unit->count + unit->spec.spare);
}

// Pumps of one loop that turn: spares start where others fail.
static double running(const clx_loop *loop, double share) {
  return fmin(loop->spec.pumps, fmin(fmax(share, 0), 1) * (loop->spec.pumps + loop->spec.pumps_spare));
}

// Pa that the loop resists `flow` kg/s of one loop with.
static double resistance(const clx_loop *loop, double flow) {
  if (loop->spec.control == CLX_FLOW_PRESSURE) return loop->spec.pressure;
  return loop->spec.pressure * pow(flow / loop->flow, loop->spec.exponent);
}

static clx_mover_point pump_at(const clx_loop *loop, double flow, double pumps) {
  return clx_mover_at(&loop->pump, flow / (loop->density * pumps), resistance(loop, flow));
}

double clx_plant_flow_most(const clx_loop *loop, double share) {
  const double pumps = running(loop, share), all = loop->flow * loop->spec.count;
  if (pumps >= loop->spec.pumps) return all;
  if (pumps <= 0) return 0;
  double low = 0, high = loop->flow;  // the pumps that are left run up their curve
  for (int32_t i = 0; i < 48; i++) {
    const double middle = 0.5 * (low + high);
    if (pump_at(loop, middle, pumps).over) {
      high = middle;
    } else {
      low = middle;
    }
  }
  return low * loop->spec.count;
}

double clx_plant_flow(const clx_loop *loop, double heat, double demand, double most) {
  const double design = loop->flow * loop->spec.count;
  double flow = design;
  if (loop->spec.control != CLX_FLOW_FIXED) {
    flow = demand;
    if (loop->spec.control != CLX_FLOW_DEMAND) flow = fmax(heat / (loop->capacity * loop->spec.range), demand);
    flow = fmax(flow, loop->spec.flow_least * design);
  }
  return fmin(flow, most);
}

double clx_plant_pump(const clx_loop *loop, double flow, double share, double *pressure, double *speed) {
  const double pumps = running(loop, share);
  *pressure = *speed = 0;
  if (pumps <= 0 || flow <= 0) return 0;
  const clx_mover_point point = pump_at(loop, flow / loop->spec.count, pumps);
  *pressure = point.head;
  *speed = point.speed;
  return point.electric * loop->beside * pumps * loop->spec.count;
}
