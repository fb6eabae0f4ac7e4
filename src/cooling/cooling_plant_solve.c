// The steady state of a plant: heat goes outwards, temperatures inwards, until neither moves. docs/model/cooling/plant.md.
#include "cooling/cooling_plant_internal.h"

#include <math.h>
#include <string.h>

enum { SWEEPS_MAX = 1500, ROOT_MAX = 120, PATIENCE = 15 };  // sweeps; evaluations; sweeps that lead themselves
// K between sweeps; K between what leaves the units and the supply; share of the heat between sweeps
static const double TEMPERATURE_TOLERANCE = 1e-9, SUPPLY_TOLERANCE = 1e-11, HEAT_TOLERANCE = 1e-11;

typedef struct loop_work {
  double source;    // W of racks
  double inflow;    // W of racks and of units that give heat to it
  double heat;      // W with its pumps' heat: what its units must take
  double taken;     // W that they take
  double short_of;  // W that find no way out of it: at the end of its fluid's range
  double miss;      // W between what temperatures say and what was shared out
  double set, supply, back;
  double flow, most;  // kg/s of all loops
  double demand;      // kg/s that is pumped for valves of units that give heat to it
  double asked;       // kg/s that they ask for
  double demand_before, asked_before;
  double pump, pressure, speed;
  double felt;         // K of its supply that units that give heat to it meet
  double slope;        // of excess() against supply, as last seen
  bool floating, all;  // above its set point; spares work, too
  bool stuck;          // at the end of its fluid's range
} loop_work;

typedef struct unit_work {
  clx_unit_meet meet;
  clx_unit_work reach;
  double working, heat, given;  // units; W from its loop; W to where it goes
  bool stale;                   // reach does not belong to meet
} unit_work;

typedef struct solve_work {
  const clx_plant *plant;
  const clx_air *outside;
  const clx_plant_fault *fault;
  loop_work loop[CLX_LOOPS_MAX];
  unit_work unit[CLX_PLANT_UNITS_MAX];
  clx_plant_state *state;
  int32_t sweep;
  bool led;  // supplies as felt, and flows for valves, are set from without
} solve_work;

// kg/s of the loop that it gives heat to which a unit may use: what other exchangers leave, at least its share by size.
static double cold_most(const solve_work *w, int32_t u) {
  const clx_plant *plant = w->plant;
  const int32_t into = plant->unit[u].into;
  const double most = w->loop[into].most;
  double others = 0, sizes = 0;
  for (int32_t v = 0; v < plant->unit_count; v++) {
    if (plant->unit[v].into != into || plant->unit[v].spec.kind != CLX_PLANT_EXCHANGER) continue;
    sizes += plant->unit[v].heat;
    if (v != u) others += w->unit[v].reach.cold_flow;
  }
  return fmax(most - others, most * plant->unit[u].heat / sizes);
}

// Takes the loop's fluid at `in` through its units; returns K behind the last one.
static double through_units(solve_work *w, int32_t l, double in, double want, double leaving) {
  const clx_plant *plant = w->plant;
  for (int32_t u = 0; u < plant->unit_count; u++) {
    if (plant->unit[u].loop != l) continue;
    unit_work *unit = &w->unit[u];
    const int32_t into = plant->unit[u].into;
    clx_unit_meet meet = {.flow = w->loop[l].flow,
                          .in = in,
                          .want = want,
                          .leaving = leaving,
                          .cold_in = into >= 0 ? w->loop[into].felt : w->outside->dry_bulb,
                          .working = unit->working,
                          .all = w->loop[l].all,
                          .outside = w->outside};
    if (plant->unit[u].spec.kind == CLX_PLANT_EXCHANGER) meet.cold_most = cold_most(w, u);
    if (unit->stale ||
        memcmp(&meet, &unit->meet, sizeof meet) != 0) {  // nothing to find anew where nothing has changed
      unit->stale = false;
      unit->meet = meet;
      unit->reach = clx_plant_unit_reach(plant, &plant->unit[u], &meet);
    }
    in = unit->reach.out;
  }
  return in;
}

// What leaves the units, fed at `supply` + rise and working as hard as they can, less `supply`: falls with it.
static double excess(solve_work *w, int32_t l, double supply) {
  const loop_work *loop = &w->loop[l];
  const double rise = loop->heat / (loop->flow * w->plant->loop[l].capacity);
  return through_units(w, l, supply + rise, loop->set, supply) - supply;
}

// The supply at which the units take the loop's heat: at the set point if they can, else where it floats. A secant kept between the points
// that are known to be too cold and too warm.
static void find_supply(solve_work *w, int32_t l) {
  loop_work *loop = &w->loop[l];
  const double end =
      clx_plant_hottest(&w->plant->loop[l].fluid) - (loop->heat / (loop->flow * w->plant->loop[l].capacity));
  double cold = loop->set, warm = end, x = loop->set, before = 0, g_before = 0;
  bool cold_known = false, warm_known = false;
  loop->stuck = false;
  loop->all = loop->floating && loop->supply > cold;
  if (loop->all) x = fmin(loop->supply, end);
  for (int32_t i = 0; i < ROOT_MAX; i++) {
    const double g = excess(w, l, x);
    if (x <= loop->set && x <= end && g <= SUPPLY_TOLERANCE) {  // held
      loop->floating = loop->all = false;
      loop->supply = loop->set;
      if (w->plant->unit_count > 0) excess(w, l, x);
      return;
    }
    if (g > SUPPLY_TOLERANCE && x >= end - 1e-9) {
      loop->stuck = loop->floating = true;
      loop->supply = fmax(end, loop->set);
      return;
    }
    if (i > 0 && fabs(x - before) > 1e-9 && (g - g_before) / (x - before) < -0.02)
      loop->slope = (g - g_before) / (x - before);
    before = x;
    g_before = g;
    if (fabs(g) <= SUPPLY_TOLERANCE) break;
    if (g > 0) {
      cold = x;
      cold_known = loop->all = true;
    } else {
      warm = x;
      warm_known = true;
    }
    if (warm_known && warm - cold < 1e-12) break;
    x -= g / loop->slope;
    if (x <= cold) x = cold_known ? 0.5 * (cold + (warm_known ? warm : cold + 1)) : loop->set;
    if (x >= warm) x = warm_known ? 0.5 * (cold + warm) : end;
    if (i == 4 && !warm_known) x = end;  // far away: see first whether there is an answer
    if (i == 4 && !cold_known) x = loop->set;
    if (i > 12) x = i % 2 == 0 && warm_known && cold_known ? 0.5 * (cold + warm) : x;
  }
  loop->supply = before;
  loop->floating = true;
}

// What each unit of the loop takes: from the temperatures; the last that works takes what is left, so that the sum is the loop's heat. Also where the
// loop is at the end of its range: if what cannot go were held back, the loops further out would cool down, take it after all, warm up again ...
static void share_heat(solve_work *w, int32_t l) {
  const clx_plant *plant = w->plant;
  loop_work *loop = &w->loop[l];
  const double rate = loop->flow * plant->loop[l].capacity;
  int32_t last = -1;
  double left = loop->heat;
  for (int32_t u = 0; u < plant->unit_count; u++) {
    if (plant->unit[u].loop != l) continue;
    unit_work *unit = &w->unit[u];
    unit->heat = fmin(fmax(rate * (unit->meet.in - unit->reach.out), 0), fmax(left, 0));
    left -= unit->heat;
    if (unit->heat > 0 || (loop->stuck && unit->working > 0)) last = u;
  }
  loop->short_of = loop->stuck ? fmax(left, 0) : 0;
  loop->miss = last >= 0 && !loop->stuck ? fabs(left) : 0;
  if (last >= 0) {
    w->unit[last].heat += left;
    // The valve of a unit that cools too little stands open.
    if (loop->stuck) {
      unit_work *unit = &w->unit[last];
      unit->reach.cold_flow = unit->meet.cold_most;
      unit->reach.running = unit->working;
      unit->stale = true;
    }
  }
  loop->taken = 0;
  for (int32_t u = 0; u < plant->unit_count; u++) {
    if (plant->unit[u].loop != l) continue;
    unit_work *unit = &w->unit[u];
    clx_unit_state *state = &w->state->unit[u];
    const double before = state->running;
    // Late in the iteration units do not stop any more: a row that starts and stops by turns would never settle.
    state->running = w->sweep > 12 ? fmin(fmax(unit->reach.running, before), unit->working) : unit->reach.running;
    clx_plant_unit_state(plant, &plant->unit[u], &unit->meet, &unit->reach, unit->heat, state, &unit->given);
    if (unit->heat <= 0 && w->sweep > 12) state->running = before;
    loop->taken += unit->heat;
  }
}

// kg/s of the loop that valves of exchangers pass.
static double passed(const solve_work *w, int32_t l) {
  double sum = 0;
  for (int32_t u = 0; u < w->plant->unit_count; u++) {
    if (w->plant->unit[u].into == l) sum += w->unit[u].reach.cold_flow;
  }
  return sum;
}

// kg/s that units ask of the loop that they give heat to. Condensers have no valves: where nothing but demand sets the flow they ask for the loop's range.
static double demanded(const solve_work *w, int32_t l) {
  const clx_loop *loop = &w->plant->loop[l];
  double sum = passed(w, l);
  for (int32_t u = 0; loop->spec.control == CLX_FLOW_DEMAND && u < w->plant->unit_count; u++) {
    if (w->plant->unit[u].into == l && w->plant->unit[u].chiller != NULL)
      sum += w->unit[u].given / (loop->capacity * loop->spec.range);
  }
  return sum;
}

// What is pumped for valves: what they ask for. But more flow may cool the loop, and so shut them by more than what was added: the next flow is the secant's
// through this one and the one before, where what is asked for falls or hardly rises.
static void follow_demand(solve_work *w, int32_t l) {
  static const double STEEPEST = -30, FLATTEST = 0.7;
  loop_work *loop = &w->loop[l];
  const double pumped = loop->demand, asked = demanded(w, l), moved = pumped - loop->demand_before;
  double slope = 0;
  if (w->sweep > 1 && fabs(moved) > 1e-13 * loop->most)
    slope = fmin(fmax((asked - loop->asked_before) / moved, STEEPEST), FLATTEST);
  loop->demand = w->sweep == 0 ? asked : pumped + (asked - pumped) / (1 - slope);
  loop->demand_before = pumped;
  loop->asked_before = asked;
}

// follow: pumps follow valves.
static void solve_loop(solve_work *w, int32_t l, bool follow) {
  const clx_plant *plant = w->plant;
  loop_work *loop = &w->loop[l];
  loop->inflow = loop->source;
  if (follow) follow_demand(w, l);
  loop->asked = demanded(w, l);
  for (int32_t u = 0; u < plant->unit_count; u++) {
    if (plant->unit[u].into == l) loop->inflow += w->unit[u].given;
  }
  loop->flow = clx_plant_flow(&plant->loop[l], loop->inflow, loop->demand, loop->most);
  loop->pump = clx_plant_pump(&plant->loop[l], loop->flow, w->fault != NULL ? w->fault->pump[l] : 1, &loop->pressure,
                              &loop->speed);
  loop->heat = loop->inflow + plant->loop[l].spec.pump_heat * loop->pump;
  if (loop->flow <= 0) {  // nothing moves
    loop->stuck = loop->most <= 0 || loop->heat > 0;
    loop->supply = loop->stuck ? clx_plant_hottest(&plant->loop[l].fluid) : loop->set;
    loop->short_of = loop->stuck ? loop->heat : 0;
    loop->felt = loop->supply;
    loop->back = loop->supply;
    loop->taken = 0;
    for (int32_t u = 0; u < plant->unit_count; u++) {
      if (plant->unit[u].loop == l) w->unit[u].heat = w->unit[u].given = 0;
    }
    return;
  }
  find_supply(w, l);
  if (!w->led) loop->felt = loop->supply;
  loop->back = loop->supply + loop->heat / (loop->flow * plant->loop[l].capacity);
  through_units(w, l, loop->back, loop->set, loop->supply);
  share_heat(w, l);
}

// Whether the sweep found what it began with: K of each supply, share of each heat, of each flow.
static bool settled(const solve_work *w, const double *felt, const double *heat, const double *demand) {
  for (int32_t l = 0; l < w->plant->loop_count; l++) {
    const loop_work *loop = &w->loop[l];
    const double scale = fmax(loop->heat, 1e-6 * (w->plant->liquid_heat + w->plant->air_heat));
    const double flow = fmax(loop->flow, 1e-9);
    if (fabs(loop->supply - felt[l]) > TEMPERATURE_TOLERANCE) return false;
    if (fabs(loop->heat - heat[l]) > HEAT_TOLERANCE * scale) return false;
    if (fabs(loop->demand - demand[l]) > 1e-10 * flow || fabs(loop->demand - loop->asked) > 1e-10 * flow) return false;
  }
  return true;
}

// The next supplies and flows to try in place of those that this sweep began with. Where that leads astray, short steps towards what the sweep found
// come nearer, and a new try starts there; then shorter ones, and more of them.
static void lead(solve_work *w, clx_mixing *mixing, int32_t after) {
  enum { MIXED = 30 };
  int32_t at = after, steps = 100;
  double step = 0.3;
  for (; at >= MIXED + steps; steps *= 3, step *= 0.3) at -= MIXED + steps;
  const int32_t n = w->plant->loop_count;
  double x[CLX_MIXING_SIZE], f[CLX_MIXING_SIZE], scale[CLX_MIXING_SIZE], next[CLX_MIXING_SIZE];
  for (int32_t l = 0; l < n; l++) {
    const loop_work *loop = &w->loop[l];
    x[l] = loop->felt, f[l] = loop->supply, scale[l] = 1;  // K
    x[n + l] = loop->demand, f[n + l] = loop->asked, scale[n + l] = fmax(0.1 * loop->most, 1e-9);
  }
  if (at == 0) mixing->count = 0;
  if (at < MIXED) {
    clx_mixing_next(mixing, 2 * n, scale, x, f, next);
  } else {
    for (int32_t i = 0; i < 2 * n; i++) next[i] = x[i] + step * (f[i] - x[i]);
  }
  for (int32_t l = 0; l < n; l++) {
    w->loop[l].felt = fmin(fmax(next[l], 100), 500);
    w->loop[l].demand = fmax(next[n + l], 0);
  }
}

static bool iterate(solve_work *w) {
  const clx_plant *plant = w->plant;
  double felt[CLX_LOOPS_MAX], heat[CLX_LOOPS_MAX], demand[CLX_LOOPS_MAX];
  clx_mixing mixing;
  for (w->sweep = 0; w->sweep < SWEEPS_MAX; w->sweep++) {
    w->led = w->sweep > PATIENCE;
    for (int32_t l = 0; l < plant->loop_count; l++) {
      felt[l] = w->loop[l].felt;
      heat[l] = w->loop[l].heat;
      demand[l] = w->loop[l].demand;
    }
    for (int32_t i = 0; i < plant->loop_count; i++) solve_loop(w, plant->order[i], !w->led);
    if (w->sweep > 0 && settled(w, felt, heat, demand)) return true;
    if (w->led) {
      lead(w, &mixing, w->sweep - PATIENCE - 1);
    } else {
      for (int32_t i = plant->loop_count - 2; i > 0; i--) solve_loop(w, plant->order[i], false);
    }
  }
  return false;
}

// --- results -----------------------------------------------------------------------------------------------------------------

static void add_water(clx_water_use *sum, const clx_water_use *water) {
  sum->evaporation += water->evaporation;
  sum->drift += water->drift;
  sum->blowdown += water->blowdown;
}

static void fill_state(solve_work *w) {
  const clx_plant *plant = w->plant;
  clx_plant_state *state = w->state;
  double in = 0, scale = 0, worst = 0;
  for (int32_t l = 0; l < plant->loop_count; l++) {
    const loop_work *loop = &w->loop[l];
    state->loop[l] = (clx_loop_state){.heat = loop->heat,
                                      .supply = loop->supply,
                                      .back = loop->back,
                                      .flow = loop->flow / plant->loop[l].spec.count,
                                      .pressure = loop->pressure,
                                      .pump = loop->pump,
                                      .speed = loop->speed,
                                      .warm = loop->supply > loop->set + 1e-6};
    if (plant->loop[l].spec.set_point == CLX_SET_FLOAT) {
      state->loop[l].warm = loop->supply > plant->loop[l].spec.supply + 1e-6;
    }
    in += loop->source + loop->heat - loop->inflow;
    if (plant->loop[l].fluid.kind == CLX_FLUID_AIR) {
      state->fans += loop->pump;
    } else {
      state->pumps += loop->pump;
    }
    scale = fmax(scale, loop->heat);
    double given = loop->source;
    for (int32_t u = 0; u < plant->unit_count; u++) {
      if (plant->unit[u].into == l) given += w->unit[u].given;
    }
    worst = fmax(worst, fabs(given - loop->inflow));
    worst = fmax(fmax(worst, fabs(loop->heat - loop->taken)), loop->miss);
    // Valves that would pass more than the pumps move, as heat.
    if (passed(w, l) > loop->flow) worst = fmax(worst, (passed(w, l) / loop->flow - 1) * loop->heat);
  }
  for (int32_t u = 0; u < plant->unit_count; u++) {
    const clx_plant_unit *unit = &plant->unit[u];
    clx_unit_state *s = &state->unit[u];
    if (clx_plant_compressor(unit->spec.kind)) {
      state->compressors += s->electric;
    } else {
      if (unit->spec.kind == CLX_PLANT_EXCHANGER && s->heat > 0) {
        s->share = w->unit[u].meet.cold_most > 0 ? w->unit[u].reach.cold_flow / w->unit[u].meet.cold_most : 0;
      }
      state->fans += s->electric;
    }
    in += w->unit[u].given - s->heat;
    if (unit->into >= 0) {  // temperatures that have moved since
      const double moved = fabs(w->unit[u].meet.cold_in - w->loop[unit->into].supply);
      if (s->heat > 0) worst = fmax(worst, moved * w->unit[u].meet.flow * plant->loop[unit->loop].capacity);
    }
    if (unit->into < 0) state->heat += w->unit[u].given;
    state->auxiliary += unit->spec.electric * unit->heat;
    add_water(&state->water, &s->water);
  }
  state->auxiliary += plant->auxiliary;
  state->electric = state->pumps + state->fans + state->compressors + state->auxiliary;
  state->residual = fmax(worst, fabs(in - state->heat)) / fmax(scale, 1e-300);
  if (scale <= 0) state->residual = 0;
  state->iterations = w->sweep;
  state->warm =
      (plant->liquid >= 0 && state->loop[plant->liquid].warm) || (plant->air >= 0 && state->loop[plant->air].warm);
}

// Whether a loop further out, to which this one's heat goes, is at the end of its range, too.
static bool waits(const solve_work *w, int32_t l) {
  const clx_plant *plant = w->plant;
  for (int32_t u = 0; u < plant->unit_count; u++) {
    const int32_t into = plant->unit[u].into;
    if (plant->unit[u].loop == l && into >= 0 && (w->loop[into].stuck || waits(w, into))) return true;
  }
  return false;
}

// Heat that finds no way out: of the loops at the end of their range the outermost is what the others wait for.
static clx_status refuse(const solve_work *w, clx_error *error) {
  const clx_plant *plant = w->plant;
  int32_t outer = -1;
  double missing = 0;
  for (int32_t i = 0; i < plant->loop_count; i++) {
    const int32_t l = plant->order[i];
    if (!w->loop[l].stuck || waits(w, l)) continue;
    missing += w->loop[l].short_of;
    if (outer < 0 || w->loop[l].short_of > w->loop[outer].short_of) outer = l;
  }
  if (outer < 0 || !(missing > 0)) return CLX_OK;
  const loop_work *loop = &w->loop[outer];
  return clx_fail(
      error, CLX_INFEASIBLE, plant->loop[outer].spec.place,
      "the plant \"%s\" cannot reject its heat: loop \"%s\" is at %.4g degC, the end of its fluid's range, and "
      "its units carry %.4g of %.4g MW: %.4g MW are short at %.4g degC outside, wet bulb %.4g degC",
      plant->name != NULL ? plant->name : "written out", plant->loop[outer].spec.name,
      clx_plant_hottest(&plant->loop[outer].fluid) - 273.15, (loop->heat - loop->short_of) / 1e6, loop->heat / 1e6,
      missing / 1e6, w->outside->dry_bulb - 273.15, clx_air_wet_bulb(w->outside) - 273.15);
}

static clx_status check_input(const clx_plant *plant, double liquid, double air, const clx_air *outside,
                              clx_error *error) {
  if (!(liquid >= 0 && liquid <= 1e13) || !(air >= 0 && air <= 1e13)) {
    return clx_fail_plain(error, CLX_INPUT, "heat into the plant is %g W (liquid) and %g W (air); expected 0 to 1e13",
                          liquid, air);
  }
  if ((liquid > 0 && plant->liquid < 0) || (air > 0 && plant->air < 0)) {
    return clx_fail_plain(error, CLX_INPUT, "the plant takes no heat of %s; expected `%s` to name a loop",
                          liquid > 0 && plant->liquid < 0 ? "liquid" : "hall air",
                          liquid > 0 && plant->liquid < 0 ? "liquid" : "air");
  }
  return clx_air_check(outside, error);
}

clx_status clx_plant_solve_from(const clx_plant *plant, double liquid, double air, const clx_air *outside,
                                const clx_plant_fault *fault, const clx_plant_state *start, clx_plant_state *state,
                                clx_error *error) {
  CLX_TRY(check_input(plant, liquid, air, outside, error));
  solve_work w = {.plant = plant, .outside = outside, .fault = fault, .state = state};
  for (int32_t l = 0; l < plant->loop_count; l++) {
    loop_work *loop = &w.loop[l];
    loop->source = (l == plant->liquid ? liquid : 0) + (l == plant->air ? air : 0);
    loop->set = clx_plant_set_point(&plant->loop[l], outside);
    loop->supply = start != NULL ? fmax(start->loop[l].supply, loop->set) : fmax(loop->set, plant->loop[l].spec.supply);
    loop->felt = loop->supply;
    loop->slope = -0.6;
    loop->floating = start != NULL && loop->supply > loop->set + 1e-6;
    loop->most = clx_plant_flow_most(&plant->loop[l], fault != NULL ? fault->pump[l] : 1);
  }
  for (int32_t u = 0; u < plant->unit_count; u++) {
    w.unit[u].working = clx_plant_working(&plant->unit[u], fault != NULL ? fault->unit[u] : 1);
  }
  memset(state, 0, sizeof *state);
  const bool found = iterate(&w);
  CLX_TRY(refuse(&w, error));
  fill_state(&w);
  if (!found || !(state->residual <= 1e-9)) {
    return clx_fail_plain(error, CLX_INFEASIBLE,
                          "the plant \"%s\" does not settle at %.4g degC outside: its controls hunt",
                          plant->name != NULL ? plant->name : "written out", outside->dry_bulb - 273.15);
  }
  return CLX_OK;
}

clx_status clx_plant_solve(const clx_plant *plant, double liquid, double air, const clx_air *outside,
                           const clx_plant_fault *fault, clx_plant_state *state, clx_error *error) {
  return clx_plant_solve_from(plant, liquid, air, outside, fault, NULL, state, error);
}
