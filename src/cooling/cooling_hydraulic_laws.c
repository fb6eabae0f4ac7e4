// What a branch of a pipe network loses at a flow: pipes, resistances, valves, check valves, pumps. Every law rises with the flow and is
// smooth through zero, so that a network has one solution.
#include <math.h>

#include "cooling/cooling_hydraulic_internal.h"

const char *const clx_branch_kind_name[CLX_BRANCH_KINDS + 1] = {"pipe", "resistance", "valve", "check", "pump", NULL};
const char *const clx_friction_name[CLX_FRICTIONS + 1] = {"colebrook", "swamee-jain", NULL};

#define PI 3.14159265358979323846
#define LAMINAR_END \
  2000.0  // Reynolds numbers between which a pipe's flow is neither; Dunlop's range in EPANET 2.2 (users' manual, 12.1)
#define TURBULENT_START 4000.0
#define CREEP 1e-5  // share of the design flow below which a power law becomes linear; at design it changes 5e-11
#define CHECK_LEAK \
  1e-9  // share of the design flow that a shut check valve lets back at the design pressure: keeps pressures determined
#define VALVE_LEAK 1e-6    // share of Kv that a shut valve keeps; IEC 60534-4 class IV allows 1e-4
#define BAR 1e5            // Pa; Kv is m3/h of water at 1 bar (IEC 60534-1)
#define KV_DENSITY 1000.0  // kg/m3

// x (x^2 + CREEP^2)^((n - 1) / 2): x |x|^(n - 1), linear near zero.
static double power_law(double x, double exponent, double *slope) {
  const double square = x * x + CREEP * CREEP;
  const double factor = exponent == 2 ? sqrt(square) : pow(square, 0.5 * (exponent - 1));
  if (slope) *slope = factor * (exponent * x * x + CREEP * CREEP) / square;
  return x * factor;
}

// 1 / sqrt(f) = -2 log10(roughness / 3.7 + 2.51 / (Re sqrt(f))), Colebrook 1939, by Newton from Haaland's form (1983).
static double colebrook(double reynolds, double roughness, double *steep) {
  const double rough = roughness / 3.7, smooth = 2.51 / reynolds;
  double x = -1.8 * log10(pow(rough, 1.11) + 6.9 / reynolds), ratio = 0;
  for (int32_t i = 0; i < 8; i++) {
    const double inside = rough + smooth * x;
    ratio = 2 / log(10) * smooth / inside;
    const double step = (x + 2 * log10(inside)) / (1 + ratio);
    x -= step;
    if (fabs(step) < 1e-14 * x) break;
  }
  *steep = -2 * ratio / (1 + ratio);
  return 1 / (x * x);
}

// 0.25 / log10(roughness / 3.7 + 5.74 / Re^0.9)^2, Swamee and Jain 1976.
static double swamee_jain(double reynolds, double roughness, double *steep) {
  const double smooth = 5.74 / pow(reynolds, 0.9), inside = roughness / 3.7 + smooth, x = log10(inside);
  *steep = 1.8 * smooth / (inside * log(10) * x);
  return 0.25 / (x * x);
}

static double turbulent(clx_friction friction, double reynolds, double roughness, double *steep) {
  return friction == CLX_FRICTION_SWAMEE_JAIN ? swamee_jain(reynolds, roughness, steep)
                                              : colebrook(reynolds, roughness, steep);
}

double clx_pipe_friction(clx_friction friction, double reynolds, double roughness, double *steep) {
  double ignored, *slope = steep ? steep : &ignored;
  if (reynolds <= LAMINAR_END) {
    *slope = -1;
    return 64 / reynolds;
  }
  if (reynolds >= TURBULENT_START) return turbulent(friction, reynolds, roughness, slope);
  // A cubic in ln Re that meets value and slope of both laws.
  double end;
  const double low = log(64 / LAMINAR_END), high = log(turbulent(friction, TURBULENT_START, roughness, &end));
  const double width = log(TURBULENT_START / LAMINAR_END), t = log(reynolds / LAMINAR_END) / width;
  const double start = -width, rise = end * width, step = high - low;
  const double second = 3 * step - 2 * start - rise, third = start + rise - 2 * step;
  *slope = (start + t * (2 * second + t * 3 * third)) / width;
  return exp(low + t * (start + t * (second + t * third)));
}

static double pipe_loss(const clx_hydraulic *net, const clx_branch *pipe, double flow, double *slope) {
  const double area = 0.25 * PI * pipe->diameter * pipe->diameter, speed = fabs(flow) / area;
  const double reynolds = net->density * speed * pipe->diameter / net->viscosity;
  double loss = 0, rise = 0;
  if (reynolds <= LAMINAR_END) {  // Hagen and Poiseuille
    rise = 32 * net->viscosity * pipe->length / (pipe->diameter * pipe->diameter) / area;
    loss = rise * flow;
  } else if (pipe->length > 0) {
    double steep;
    const double factor =
        clx_pipe_friction((clx_friction)net->friction, reynolds, pipe->roughness / pipe->diameter, &steep);
    loss = factor * pipe->length / pipe->diameter * 0.5 * net->density * speed * (flow / area);
    rise = (2 + steep) * loss / flow;
  }
  if (pipe->minor > 0) {  // speeds in m/s: 1 m/s is the order of what pipes are made for
    double bend;
    loss += 0.5 * net->density * pipe->minor * power_law(flow / area, 2, &bend);
    rise += 0.5 * net->density * pipe->minor * bend / area;
  }
  if (slope) *slope = rise;
  return loss;
}

static double resistance_loss(const clx_branch *branch, double flow, double *slope) {
  double rise;
  const double loss = branch->pressure * power_law(flow / branch->design, branch->exponent, &rise);
  if (slope) *slope = branch->pressure * rise / branch->design;
  return loss;
}

static double shut_loss(double pressure, double design, double flow, double *slope) {
  const double rise = pressure / (CHECK_LEAK * design);
  if (slope) *slope = rise;
  return rise * flow;
}

static double valve_opening(const clx_branch *valve) {
  if (valve->position <= 0) return VALVE_LEAK;
  const double opening = valve->rangeability > 0 ? pow(valve->rangeability, valve->position - 1) : valve->position;
  return fmax(opening, VALVE_LEAK);
}

static double valve_loss(const clx_hydraulic *net, const clx_branch *valve, double flow, double *slope) {
  const double design = valve->kv * valve_opening(valve) / 3600, pressure = BAR * net->density / KV_DENSITY;
  double rise;
  const double loss = pressure * power_law(flow / design, 2, &rise);
  if (slope) *slope = pressure * rise / design;
  return loss;
}

// --- pumps ----------------------------------------------------------------------------------------------------------------------

static double curve_end(const clx_mover_size *size) { return clx_mover_end(size, 1); }

// Pa at the flow at the end of the curve that the pump loses when it stands. By the affinity laws head = a speed^2 - b flow^2 for the parabola
// through no flow and the end of the curve, and b is left at speed 0.
static double stopped_loss(const clx_branch *pump) {
  const double end = curve_end(&pump->pump);
  if (pump->pressure > 0) return pump->pressure * (end / pump->design) * (end / pump->design);
  const double fall = clx_mover_head(&pump->pump, 0, 1, NULL) - clx_mover_head(&pump->pump, end, 1, NULL);
  return fmax(fall, 1e-3 * pump->pump.head);
}

static double pump_loss(const clx_branch *pump, double flow, double *slope) {
  const double full = curve_end(&pump->pump), end = full * pump->speed;
  double rise = 0, loss;
  if (flow < 0) {
    loss = pump->speed > 0 ? -clx_mover_head(&pump->pump, 0, pump->speed, NULL) : 0;
    if (pump->check) {
      loss += shut_loss(pump->pump.head, full, flow, &rise);
    } else {
      const double still = stopped_loss(pump);
      loss += still * power_law(flow / full, 2, &rise);
      rise *= still / full;
    }
  } else if (flow <= end && end > 0) {
    loss = -clx_mover_head(&pump->pump, flow, pump->speed, &rise);
    rise = -rise;
  } else {  // dragged along beyond its curve, or standing
    const double still = stopped_loss(pump);
    loss = still * (power_law(flow / full, 2, &rise) - power_law(pump->speed, 2, NULL));
    if (end > 0) loss -= clx_mover_head(&pump->pump, end, pump->speed, NULL);
    rise *= still / full;
  }
  if (slope) *slope = fmax(rise, 1e-9 * pump->pump.head / full);
  return loss;
}

double clx_branch_loss(const clx_hydraulic *net, const clx_branch *branch, double flow, double *slope) {
  switch (branch->kind) {
    case CLX_BRANCH_PIPE:
      return pipe_loss(net, branch, flow, slope);
    case CLX_BRANCH_RESISTANCE:
      return resistance_loss(branch, flow, slope);
    case CLX_BRANCH_VALVE:
      return valve_loss(net, branch, flow, slope);
    case CLX_BRANCH_CHECK:
      return flow < 0 ? shut_loss(branch->pressure, branch->design, flow, slope) : resistance_loss(branch, flow, slope);
    default:
      return pump_loss(branch, flow, slope);
  }
}

bool clx_branch_overrun(const clx_branch *branch, double flow) {
  const double pressed = 1e-5;  // share of the design flow: 10,000 times the design pressure on a shut check valve
  if (branch->kind == CLX_BRANCH_CHECK) return flow < -pressed * branch->design;
  if (branch->kind != CLX_BRANCH_PUMP) return false;
  if (branch->check && flow < -pressed * curve_end(&branch->pump)) return true;
  return branch->speed > 0 && flow > clx_mover_end(&branch->pump, branch->speed) * (1 + 1e-6);
}

bool clx_branch_resists(const clx_branch *branch) {
  if (branch->kind == CLX_BRANCH_PIPE) return branch->length > 0 || branch->minor > 0;
  return branch->kind != CLX_BRANCH_RESISTANCE || branch->pressure > 0;
}

double clx_branch_guess(const clx_hydraulic *net, const clx_branch *branch) {
  (void)net;
  switch (branch->kind) {
    case CLX_BRANCH_PIPE:
      return 0.25 * PI * branch->diameter * branch->diameter;  // 1 m/s
    case CLX_BRANCH_VALVE:
      return 0.3 * branch->kv * valve_opening(branch) / 3600;  // 0.1 bar
    case CLX_BRANCH_PUMP:
      return curve_end(&branch->pump) * fmax(0.7 * branch->speed, 0.1);
    default:
      return branch->design;
  }
}

// --- ranges ---------------------------------------------------------------------------------------------------------------------

typedef struct range {
  int32_t kind;  // clx_branch_kind, or -1: all
  const char *key, *unit;
  size_t offset;
  double low, high;
  bool above;  // low itself is outside
} range;

#define RANGE(kind, member, unit, low, high, above) \
  { kind, #member, unit, offsetof(clx_branch, member), low, high, above }
static const range ranges[] = {
    RANGE(-1, units, "", 0, 1e9, false),
    RANGE(CLX_BRANCH_PIPE, length, " m", 0, 1e6, false),
    RANGE(CLX_BRANCH_PIPE, diameter, " m", 0, 100, true),
    RANGE(CLX_BRANCH_PIPE, roughness, " m", 0, 1, false),
    RANGE(CLX_BRANCH_PIPE, minor, "", 0, 1e6, false),
    RANGE(CLX_BRANCH_RESISTANCE, pressure, " Pa", 0, 1e10, false),
    RANGE(CLX_BRANCH_RESISTANCE, design, " m3/s", 0, 1e6, true),
    RANGE(CLX_BRANCH_RESISTANCE, exponent, "", 1, 3, false),
    RANGE(CLX_BRANCH_CHECK, pressure, " Pa", 0, 1e10, true),
    RANGE(CLX_BRANCH_CHECK, design, " m3/s", 0, 1e6, true),
    RANGE(CLX_BRANCH_CHECK, exponent, "", 1, 3, false),
    RANGE(CLX_BRANCH_VALVE, kv, " m3/h", 0, 1e9, true),
    RANGE(CLX_BRANCH_VALVE, position, "", 0, 1, false),
    RANGE(CLX_BRANCH_VALVE, rangeability, "", 0, 1e4, false),
    RANGE(CLX_BRANCH_PUMP, pump.flow, " m3/s", 0, 1e6, true),
    RANGE(CLX_BRANCH_PUMP, pump.head, " Pa", 0, 1e10, true),
    RANGE(CLX_BRANCH_PUMP, speed, "", 0, 1.5, false),
    RANGE(CLX_BRANCH_PUMP, pressure, " Pa", 0, 1e10, false),
};

static clx_status input(clx_error *error, const clx_branch *branch, const char *key, double value, const char *wanted) {
  return clx_fail_plain(error, CLX_INPUT, "branch %s: %s is %.6g, expected %s", branch->name ? branch->name : "?", key,
                        value, wanted);
}

static clx_status branch_parts(const clx_branch *branch, clx_error *error) {
  if (branch->kind == CLX_BRANCH_PIPE && branch->roughness > 0.05 * branch->diameter) {
    return input(error, branch, "roughness over diameter", branch->roughness / branch->diameter,
                 "at most 0.05, the range of Colebrook's law");
  }
  if (branch->kind == CLX_BRANCH_VALVE && branch->rangeability > 0 && branch->rangeability <= 1) {
    return input(error, branch, "rangeability", branch->rangeability, "0 (linear) or more than 1");
  }
  if (branch->kind != CLX_BRANCH_PUMP) return CLX_OK;
  if (!branch->pump.mover || branch->pump.mover->flow_count < 2) {
    return clx_fail_plain(error, CLX_INPUT, "branch %s: a pump without a curve", branch->name ? branch->name : "?");
  }
  if (branch->pressure > 0 && !(branch->design > 0)) {
    return input(error, branch, "design", branch->design, "the flow of its resistance when it stands, above 0 m3/s");
  }
  return CLX_OK;
}

clx_status clx_branch_check(const clx_hydraulic *net, const clx_branch *branch, clx_error *error) {
  const char *name = branch->name ? branch->name : "?";
  if (branch->kind < 0 || branch->kind >= CLX_BRANCH_KINDS) {
    return clx_fail_plain(error, CLX_INPUT, "branch %s: kind is %d, expected pipe, resistance, valve, check or pump",
                          name, (int)branch->kind);
  }
  if (branch->from < 0 || branch->from >= net->node_count || branch->to < 0 || branch->to >= net->node_count ||
      branch->from == branch->to) {
    return clx_fail_plain(error, CLX_INPUT, "branch %s: goes from node %d to node %d, expected two of the %d nodes",
                          name, (int)branch->from, (int)branch->to, (int)net->node_count);
  }
  for (int32_t i = 0; i < CLX_COUNT(ranges); i++) {
    const range *row = &ranges[i];
    if (row->kind >= 0 && row->kind != branch->kind) continue;
    const double value = *(const double *)(const void *)((const char *)branch + row->offset);
    if (value >= row->low && value <= row->high && !(row->above && value == row->low)) continue;
    return clx_fail_plain(error, CLX_INPUT, "branch %s: %s is %.6g%s, expected %s %g to %g%s", name, row->key, value,
                          row->unit, row->above ? "above" : "from", row->low, row->high, row->unit);
  }
  return branch_parts(branch, error);
}
