// What the units of a row do to the fluid of their loop, whatever the rest of the plant does.
#include "cooling/cooling_plant_internal.h"

#include <math.h>

static const clx_fluid WATER = {.kind = CLX_FLUID_WATER};

// kg/s at which a component that takes its fluid's heat capacity where it enters moves what the loop, whose capacity is
// constant, moves: energy then balances exactly.
static double component_flow(const clx_loop *loop, const clx_fluid *fluid, double flow, double in) {
  return flow * loop->capacity / clx_fluid_heat_capacity(fluid, in);
}

static clx_reject reject(const clx_loop *loop, const clx_plant_unit *unit, const clx_unit_meet *meet, double want,
                         double units) {
  if (unit->spec.kind == CLX_PLANT_TOWER) {
    const double flow = component_flow(loop, &WATER, meet->flow / units, meet->in);
    return clx_tower_run(&unit->tower, meet->in, flow, want, meet->outside);
  }
  const double flow = component_flow(loop, &loop->fluid, meet->flow / units, meet->in);
  return clx_dry_run(&unit->dry, &loop->fluid, meet->in, flow, want, meet->outside);
}

// Spares help when the others do not hold what is wanted.
static double carriers(const clx_plant_unit *unit, const clx_unit_meet *meet) {
  return meet->all ? meet->working : fmin(unit->count, meet->working);
}

static bool spares_help(const clx_unit_meet *meet, const clx_unit_work *work) {
  return work->out > meet->want + 1e-6 && meet->working > work->running;
}

// `n` units in parallel.
static clx_unit_work reject_by(const clx_loop *loop, const clx_plant_unit *unit, const clx_unit_meet *meet, double n) {
  clx_unit_work work = {.running = n, .point = reject(loop, unit, meet, meet->want, n)};
  work.out = fmin(fmax(work.point.out, meet->want), meet->in);
  return work;
}

static clx_unit_work reach_reject(const clx_loop *loop, const clx_plant_unit *unit, const clx_unit_meet *meet) {
  const clx_unit_work work = reject_by(loop, unit, meet, carriers(unit, meet));
  return spares_help(meet, &work) ? reject_by(loop, unit, meet, meet->working) : work;
}

// K between what enters on either side over which the valve of the colder one opens: with less it would pump much water for no heat, and a loop that
// this flow warms up would shut it again. Assumed: the band of a controller that changes over by a difference of temperatures.
static const double CHANGEOVER = 1;

// `n` units in parallel.
static clx_unit_work exchange(const clx_plant *plant, const clx_plant_unit *unit, const clx_unit_meet *meet, double n) {
  const double hot = plant->loop[unit->loop].capacity, cold = plant->loop[unit->into].capacity;
  const double open = fmin((meet->in - meet->cold_in) / CHANGEOVER, 1);
  const double flow = meet->flow / n, most = open * meet->cold_most / n;
  clx_unit_work work = {.running = n};
  bool met = false;
  const double used =
      clx_exchanger_cold_flow(&unit->exchanger, meet->in, flow, hot, meet->cold_in, cold, meet->want, most, &met);
  work.cold_flow = (met ? used : most) * n;
  work.out =
      met ? meet->want : clx_exchanger_run(&unit->exchanger, meet->in, flow, hot, meet->cold_in, most, cold).hot_out;
  work.out = fmin(fmax(work.out, meet->want), meet->in);
  return work;
}

static clx_unit_work reach_exchanger(const clx_plant *plant, const clx_plant_unit *unit, const clx_unit_meet *meet) {
  if (meet->cold_in >= meet->in || meet->cold_most <= 0) return (clx_unit_work){.out = meet->in};
  const clx_unit_work work = exchange(plant, unit, meet, carriers(unit, meet));
  return spares_help(meet, &work) ? exchange(plant, unit, meet, meet->working) : work;
}

static double entering(const clx_plant_unit *unit, const clx_unit_meet *meet) {
  return unit->into >= 0 ? meet->cold_in : meet->outside->dry_bulb;
}

static clx_unit_work reach_chiller(const clx_loop *loop, const clx_plant_unit *unit, const clx_unit_meet *meet) {
  const double one = clx_chiller_run(unit->chiller, 0, meet->leaving, entering(unit, meet)).capacity;
  clx_unit_work work = {.capacity = one * meet->working};
  const double wanted = meet->flow * loop->capacity * (meet->in - meet->want), heat = fmin(wanted, work.capacity);
  work.out = heat < wanted ? meet->in - heat / (meet->flow * loop->capacity) : meet->want;
  work.running = fmin(meet->working, ceil(heat / one - 1e-9));
  return work;
}

// Outside air after wetted pads that go no further than needed for `want`; NULL evaporation: not asked for.
static double outside_air(const clx_plant_unit *unit, const clx_unit_meet *meet, double *humidity) {
  const clx_plant_unit_spec *spec = &unit->spec;
  const double dry = meet->outside->dry_bulb, need = meet->want - spec->approach;
  *humidity = meet->outside->humidity;
  if (spec->pads <= 0 || dry <= need) return dry;
  const double wet = clx_air_wet_bulb(meet->outside);
  if (dry - wet <= 0) return dry;
  const double effect = fmin(spec->pads, (dry - need) / (dry - wet));
  *humidity += effect * fmax(clx_air_saturation_humidity(wet, meet->outside->pressure) - *humidity, 0);
  return dry - effect * (dry - wet);
}

static clx_unit_work reach_economiser(const clx_plant_unit *unit, const clx_unit_meet *meet) {
  clx_unit_work work = {.out = meet->in, .running = meet->working};
  double humidity;
  if (unit->spec.outside_most > 0 && meet->outside->dry_bulb > unit->spec.outside_most) return work;
  const double coldest = outside_air(unit, meet, &humidity) + unit->spec.approach;
  if (coldest >= meet->in) return work;
  const clx_air supply = {
      .dry_bulb = fmax(coldest, meet->want), .humidity = humidity, .pressure = meet->outside->pressure};
  const double relative = clx_air_relative(&supply);
  if (relative > unit->spec.humidity_most || relative < unit->spec.humidity_least) return work;  // changed over
  // What is not sound stays a share of the air only.
  const double share = fmin(meet->working / (unit->count + unit->spec.spare), 1);
  work.out = fmax(meet->in - share * (meet->in - coldest), meet->want);
  return work;
}

clx_unit_work clx_plant_unit_reach(const clx_plant *plant, const clx_plant_unit *unit, const clx_unit_meet *meet) {
  const clx_loop *loop = &plant->loop[unit->loop];
  if (meet->working <= 0 || meet->flow <= 0 || meet->in <= meet->want) return (clx_unit_work){.out = meet->in};
  switch (unit->spec.kind) {
    case CLX_PLANT_EXCHANGER:
      return reach_exchanger(plant, unit, meet);
    case CLX_PLANT_DRY:
    case CLX_PLANT_TOWER:
      return reach_reject(loop, unit, meet);
    case CLX_PLANT_AIR_ECONOMISER:
      return reach_economiser(unit, meet);
    default:
      return reach_chiller(loop, unit, meet);
  }
}

static void scale_water(clx_water_use *water, double by) {
  water->evaporation *= by;
  water->drift *= by;
  water->blowdown *= by;
}

static void chiller_state(const clx_plant_unit *unit, const clx_unit_meet *meet, double heat, clx_unit_state *state,
                          double *given) {
  const double n = fmax(state->running, 1e-9);
  const clx_chiller_point point = clx_chiller_run(unit->chiller, heat / n, meet->leaving, entering(unit, meet));
  state->electric = point.electric * n;
  state->share = point.capacity > 0 ? heat / (n * point.capacity) : 0;
  state->limit = point.limit;
  *given = heat + fmax(point.condenser - point.heat, 0) * n;
}

static void economiser_state(const clx_loop *loop, const clx_plant_unit *unit, const clx_unit_meet *meet, double heat,
                             clx_unit_state *state) {
  double humidity;
  const double air = outside_air(unit, meet, &humidity);
  const double flow = heat / (loop->capacity * fmax(meet->in - air, 1e-6));  // kg/s of outside air
  const double evaporation = flow * fmax(humidity - meet->outside->humidity, 0);
  if (evaporation > 0 && unit->spec.cycles > 1) {
    state->water = clx_water_balance(evaporation, 0, unit->spec.cycles);
  } else {
    state->water.evaporation = evaporation;
  }
  state->share = state->air = fmin(flow / meet->flow, 1);
}

void clx_plant_unit_state(const clx_plant *plant, const clx_plant_unit *unit, const clx_unit_meet *meet,
                          const clx_unit_work *reach, double heat, clx_unit_state *state, double *given) {
  const clx_loop *loop = &plant->loop[unit->loop];
  const double running = state->running;
  *state = (clx_unit_state){.heat = heat, .in = meet->in, .out = meet->in, .running = running};
  *given = heat;
  if (heat <= 0 || meet->flow <= 0) {
    state->running = 0;
    return;
  }
  state->out = meet->in - heat / (meet->flow * loop->capacity);
  state->free = !clx_plant_compressor(unit->spec.kind);
  switch (unit->spec.kind) {
    case CLX_PLANT_EXCHANGER:
      break;
    case CLX_PLANT_DRY:
    case CLX_PLANT_TOWER: {
      const bool same = fabs(state->out - reach->out) < 1e-8 && running == reach->running;
      const clx_reject point = same ? reach->point : reject(loop, unit, meet, state->out, running);
      state->electric = point.electric * running;
      state->share = state->air = point.air_share;
      state->water = point.water;
      scale_water(&state->water, running);
      break;
    }
    case CLX_PLANT_AIR_ECONOMISER:
      economiser_state(loop, unit, meet, heat, state);
      break;
    default:
      chiller_state(unit, meet, heat, state, given);
  }
}
