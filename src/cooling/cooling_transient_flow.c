// Flow of a loop whose pumps run, coast or stand: one header, check valves, quasi-steady. docs/model/cooling/transient.md.
#include <math.h>

#include "cooling/cooling_transient_internal.h"

double clx_ramp_at(const clx_ramp *ramp, double time) {
  if (time <= ramp->at) return ramp->from;
  if (time >= ramp->at + ramp->over) return ramp->to;
  return ramp->from + (ramp->to - ramp->from) * (time - ramp->at) / ramp->over;
}

// Flow of one pump over its design at full speed against `head` of its design head; 0 above its shut-off head: the check valve is shut.
static double curve_at(const clx_transient_row *row, double head) {
  if (head >= row->curve_top) return 0;
  const int32_t half = CLX_PUMP_POINTS / 2;  // the design head is a point
  const double place = head <= 1 ? fmax(head, 0) * half : half + (head - 1) / (row->curve_top - 1) * half;
  const int32_t i = (int32_t)fmin(floor(place), CLX_PUMP_POINTS - 2);
  return row->curve_flow[i] + (row->curve_flow[i + 1] - row->curve_flow[i]) * (place - i);
}

typedef struct group {
  double pumps, speed;  // share of all that carry the design flow; of full speed
} group;

static double group_flow(const clx_transient_row *row, const group *g, double head) {
  if (g->pumps <= 0 || g->speed <= 1e-9) return 0;
  return g->pumps * g->speed * curve_at(row, head / (g->speed * g->speed));  // affinity laws
}

static double system_head(const clx_transient_row *row, double flow) {
  return row->exponent == 2 ? flow * flow : pow(flow, row->exponent);
}

// What the pumps give at the head that `flow` needs falls with it: one root, by false position (Illinois).
static double balance(const clx_transient_row *row, const group *a, const group *b) {
  double low = 0, high = group_flow(row, a, 0) + group_flow(row, b, 0);
  if (high <= 0) return 0;
  double at_low = high, at_high = -high;
  {
    const double head = system_head(row, high);
    at_high = group_flow(row, a, head) + group_flow(row, b, head) - high;
  }
  if (at_high >= 0) return high;
  int side = 0;
  for (int32_t i = 0; i < 60; i++) {
    const double flow = (low * at_high - high * at_low) / (at_high - at_low);
    const double head = system_head(row, flow);
    const double miss = group_flow(row, a, head) + group_flow(row, b, head) - flow;
    if (fabs(miss) < 1e-13 || high - low < 1e-13) return flow;
    if (miss > 0) {
      low = flow, at_low = miss;
      if (side == 1) at_high *= 0.5;
      side = 1;
    } else {
      high = flow, at_high = miss;
      if (side == -1) at_low *= 0.5;
      side = -1;
    }
  }
  return low;
}

clx_transient_flow clx_transient_flow_at(const clx_transient_model *model, const clx_transient_loop *loop, double time,
                                         const double *y) {
  const clx_transient_row *row = &model->row[loop->row];
  const double speed = fmax(y[CLX_AT_SPEED], 0), coast = fmax(y[CLX_AT_COAST], 0);
  const group run = {clx_ramp_at(&loop->running, time) / row->pumps, speed};
  const group fade = {loop->coasting / row->pumps, coast};
  clx_transient_flow out = {0};
  if (!row->loop->moved) {
    out.flow = fmin(run.pumps, 1) * speed + fmin(fade.pumps, 1) * coast;
    return out;
  }
  // All pumps at one speed against a square law: flow goes with the speed, and those that coast stand behind shut valves.
  const bool plain = run.pumps == 1 && row->exponent == 2 && speed > 1e-9 &&
                     (fade.pumps <= 0 || coast * coast * row->curve_top <= speed * speed);
  if (plain) return (clx_transient_flow){speed, speed};
  out.flow = balance(row, &run, &fade);
  if (run.pumps > 0 && speed > 1e-9) {
    out.each = speed * curve_at(row, system_head(row, out.flow) / (speed * speed));
  }
  return out;
}
