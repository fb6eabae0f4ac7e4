// Flows along headers: by a march from take-off to take-off, and as a network for the general solver.
#include "cooling/cooling_header.h"

#include <math.h>

#define TAKE_OFFS_MAX 100000

// What the march needs: laws as branches, so that both ways compute the same.
typedef struct march {
  const clx_header *header;
  clx_hydraulic fluid;   // its density and viscosity
  clx_branch take_off;   // resistance of one
  clx_branch lead, run;  // pipes
  const double *valve;   // [count] Pa at the design share, nullable
  double *flow;          // [count]
} march;

static clx_status check(const clx_header *h, double flow, clx_error *error) {
  const struct {
    const char *key;
    double value, low, high;
  } rows[] = {{"take-offs", h->count, 1, TAKE_OFFS_MAX},
              {"flow (m3/s)", flow, 1e-12, 1e6},
              {"design (m3/s)", h->design, 1e-12, 1e6},
              {"pressure (Pa)", h->pressure, 1e-3, 1e10},
              {"exponent", h->exponent, 1, 3},
              {"lead (m)", h->lead, 0, 1e6},
              {"spacing (m)", h->spacing, 0, 1e6},
              {"diameter (m)", h->diameter, 1e-4, 100},
              {"roughness over diameter", h->roughness / h->diameter, 0, 0.05},
              {"minor", h->minor, 0, 1e6},
              {"density (kg/m3)", h->density, 0.1, 2e4},
              {"viscosity (Pa s)", h->viscosity, 1e-7, 100}};
  for (int32_t i = 0; i < CLX_COUNT(rows); i++) {
    if (rows[i].value >= rows[i].low && rows[i].value <= rows[i].high) continue;
    return clx_fail_plain(error, CLX_INPUT, "header: %s is %.6g, expected %g to %g", rows[i].key, rows[i].value,
                          rows[i].low, rows[i].high);
  }
  for (int32_t i = 0; h->resistance && i < h->count; i++) {
    if (h->resistance[i] >= 1e-6 && h->resistance[i] <= 1e6) continue;
    return clx_fail_plain(error, CLX_INPUT, "header: resistance of take-off %d is %.6g, expected 1e-6 to 1e6", (int)i,
                          h->resistance[i]);
  }
  return CLX_OK;
}

static march prepare(const clx_header *h) {
  const clx_branch pipe = {.name = "header",
                           .kind = CLX_BRANCH_PIPE,
                           .diameter = h->diameter,
                           .roughness = h->roughness,
                           .length = h->spacing,
                           .minor = h->minor};
  march m = {.header = h, .fluid = {.density = h->density, .viscosity = h->viscosity}, .lead = pipe, .run = pipe};
  m.lead.length = h->lead;
  m.lead.minor = 0;
  m.take_off = (clx_branch){.name = "take-off",
                            .kind = CLX_BRANCH_RESISTANCE,
                            .pressure = h->pressure,
                            .design = h->design / h->count,
                            .exponent = h->exponent};
  return m;
}

static double run_loss(const march *m, double flow) { return clx_branch_loss(&m->fluid, &m->run, flow, NULL); }

static clx_branch take_off_at(const march *m, int32_t i) {
  clx_branch branch = m->take_off;
  if (m->header->resistance) branch.pressure *= m->header->resistance[i];
  return branch;
}

static clx_branch valve_at(const march *m, int32_t i) {
  clx_branch branch = m->take_off;
  branch.name = "valve";
  branch.exponent = 2;
  branch.pressure = m->valve ? m->valve[i] : 0;
  return branch;
}

static double loss_at(const march *m, int32_t i, double flow, double *slope) {
  const clx_branch take_off = take_off_at(m, i), valve = valve_at(m, i);
  double first, second = 0, loss = clx_branch_loss(&m->fluid, &take_off, flow, &first);
  if (valve.pressure > 0) loss += clx_branch_loss(&m->fluid, &valve, flow, &second);
  if (slope) *slope = first + second;
  return loss;
}

// The flow at which take-off i loses `pressure`: Newton on a rising law that bends upwards, from `guess`.
static double flow_at(const march *m, int32_t i, double pressure, double guess) {
  const double wanted = fabs(pressure), sign = pressure < 0 ? -1 : 1;
  double flow = fabs(guess) > 0 ? fabs(guess) : m->take_off.design;
  for (int32_t k = 0; k < 60; k++) {
    double slope;
    const double step = (loss_at(m, i, flow, &slope) - wanted) / slope;
    flow = step < flow ? flow - step : 0.1 * flow;
    if (fabs(step) <= 1e-15 * fabs(flow)) break;
  }
  return sign * flow;
}

// Balancing valves: what is left over at each take-off when all take the same; nothing at the worst.
static void set_valves(const march *m, double *valve) {
  const clx_header *h = m->header;
  const double each = h->design / h->count;
  double least = INFINITY, level = 0;
  for (int32_t i = 0; i < h->count; i++) {
    if (i > 0) {
      const double supplied = each * (h->count - i), returned = h->reverse ? each * i : supplied;
      level -= run_loss(m, supplied);
      level += h->reverse ? run_loss(m, returned) : -run_loss(m, returned);
    }
    const clx_branch take_off = take_off_at(m, i);
    valve[i] = level - clx_branch_loss(&m->fluid, &take_off, each, NULL);
    least = fmin(least, valve[i]);
  }
  for (int32_t i = 0; i < h->count; i++) valve[i] -= least;
}

static clx_status add_valves(march *m, clx_arena *arena, clx_error *error) {
  if (!m->header->balanced) return CLX_OK;
  double *valve = CLX_NEW_ARRAY(arena, double, m->header->count);
  if (!valve) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  set_valves(m, valve);
  m->valve = valve;
  return CLX_OK;
}

// Total flow when the take-off at the start of the march takes `first`: the far end for a direct return, whose two headers carry the same
// everywhere, the near end for a reverse return.
static double march_from(march *m, double first, double total, double *source) {
  const clx_header *h = m->header;
  const int32_t step = h->reverse ? 1 : -1, start = h->reverse ? 0 : h->count - 1;
  double level = loss_at(m, start, first, NULL), sum = first;
  m->flow[start] = first;
  for (int32_t k = 1; k < h->count; k++) {
    const int32_t i = start + k * step;
    level += h->reverse ? run_loss(m, sum) - run_loss(m, total - sum) : 2 * run_loss(m, sum);
    m->flow[i] = flow_at(m, i, level, m->flow[i - step]);
    sum += m->flow[i];
  }
  // From the source through the near take-off and back: for a reverse return all of the return header lies behind it.
  *source = loss_at(m, 0, m->flow[0], NULL) + 2 * clx_branch_loss(&m->fluid, &m->lead, total, NULL);
  double passed = 0;
  for (int32_t i = 0; h->reverse && i + 1 < h->count; i++) {
    passed += m->flow[i];
    *source += run_loss(m, passed);
  }
  return sum;
}

static bool find_first(march *m, double total, double *source) {
  const double each = total / m->header->count;
  double low = 0, high = each, at_low = march_from(m, 0, total, source) - total, at_high;
  int32_t side = 0, tries = 0;
  while ((at_high = march_from(m, high, total, source) - total) < 0) {
    if (++tries > 60) return false;
    low = high;
    at_low = at_high;
    high *= 2;
  }
  for (int32_t i = 0; i < 200; i++) {
    if (fabs(at_high) <= 1e-14 * total || high - low <= 1e-15 * high) break;
    const double first = low + (high - low) * at_low / (at_low - at_high);
    const double here = march_from(m, first, total, source) - total;
    if (fabs(here) <= 1e-14 * total) return true;
    if (here > 0) {
      high = first;
      at_high = here;
      if (side > 0) at_low *= 0.5;
      side = 1;
    } else {
      low = first;
      at_low = here;
      if (side < 0) at_high *= 0.5;
      side = -1;
    }
  }
  return fabs(march_from(m, high, total, source) - total) <= 1e-9 * total;
}

// Nodes: 0 the source, 1.. the supply header, then the return header, then between take-off and valve, last the end of the return.
clx_status clx_header_network(const clx_header *header, double flow, clx_arena *arena, clx_hydraulic *net,
                              clx_error *error) {
  CLX_TRY(check(header, flow, error));
  march m = prepare(header);
  CLX_TRY(add_valves(&m, arena, error));
  const int32_t count = header->count, layers = header->balanced ? 3 : 2;
  const int32_t nodes = layers * count + 2, supply = 1, back = 1 + count, between = 1 + 2 * count, end = nodes - 1;
  clx_branch *branch = CLX_NEW_ARRAY(arena, clx_branch, (layers + 1) * (int64_t)count);
  double *inflow = CLX_NEW_ARRAY(arena, double, nodes);
  if (!branch || !inflow) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  int32_t at = count;
  for (int32_t i = 0; i < count; i++) {
    branch[i] = take_off_at(&m, i);
    branch[i].from = supply + i;
    branch[i].to = header->balanced ? between + i : back + i;
    branch[at] = i == 0 ? m.lead : m.run;
    branch[at].from = i == 0 ? 0 : supply + i - 1;
    branch[at++].to = supply + i;
    if (i + 1 < count) {
      branch[at] = m.run;
      branch[at].from = header->reverse ? back + i : back + i + 1;
      branch[at++].to = header->reverse ? back + i + 1 : back + i;
    }
    if (!header->balanced) continue;
    branch[at] = valve_at(&m, i);
    branch[at].from = between + i;
    branch[at++].to = back + i;
  }
  branch[at] = m.lead;
  branch[at].from = header->reverse ? back + count - 1 : back;
  branch[at++].to = end;
  inflow[0] = flow;
  inflow[end] = -flow;
  *net = (clx_hydraulic){.node_count = nodes,
                         .inflow = inflow,
                         .branch = branch,
                         .branch_count = at,
                         .density = header->density,
                         .viscosity = header->viscosity};
  return CLX_OK;
}

// Where the headers lose far more than the take-offs, the far flows hang on the first one's last digits and the march loses its way.
static clx_status solve_network(march *m, double flow, clx_arena *arena, clx_header_flow *out, clx_error *error) {
  clx_hydraulic net = {0};
  clx_hydraulic_state state = {0};
  CLX_TRY(clx_header_network(m->header, flow, arena, &net, error));
  CLX_TRY(clx_hydraulic_solve(&net, NULL, arena, &state, error));
  for (int32_t i = 0; i < m->header->count; i++) m->flow[i] = state.flow[i];
  out->pressure = state.pressure[0] - state.pressure[net.node_count - 1];
  return CLX_OK;
}

clx_status clx_header_march(const clx_header *header, double flow, clx_arena *arena, clx_header_flow *out,
                            clx_error *error) {
  CLX_TRY(check(header, flow, error));
  march m = prepare(header);
  CLX_TRY(add_valves(&m, arena, error));
  m.flow = CLX_NEW_ARRAY(arena, double, header->count);
  if (!m.flow) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  if (!find_first(&m, flow, &out->pressure)) CLX_TRY(solve_network(&m, flow, arena, out, error));
  out->share = m.flow;
  out->least = INFINITY;
  out->most = -INFINITY;
  out->starved = 0;
  for (int32_t i = 0; i < header->count; i++) {
    const double share = m.flow[i] * header->count / flow;
    out->share[i] = share;
    out->most = fmax(out->most, share);
    if (share >= out->least) continue;
    out->least = share;
    out->starved = i;
  }
  return CLX_OK;
}
