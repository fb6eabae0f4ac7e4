// Sizes loops and units for design heat under design air, from the racks outwards.
#include "cooling/cooling_plant_internal.h"

#include <math.h>

typedef struct build {
  clx_plant *plant;
  const clx_plant_spec *spec;
  const clx_plant_finder *finder;
  clx_arena *arena;
  clx_error *error;
  double first[CLX_LOOPS_MAX],
      last[CLX_LOOPS_MAX];  // W into a loop where the first units of each loop carry the heat, or the last
} build;

static const void *find(const build *b, const char *kind, const char *name) {
  return b->finder != NULL && b->finder->find != NULL ? b->finder->find(b->finder->of, kind, name) : NULL;
}

static clx_status not_found(const build *b, clx_place place, const char *kind, const char *name, const char *by) {
  return clx_fail(b->error, CLX_INPUT, place, "\"%s\" names \"%s\"; expected an entry of catalogue/%s", by, name, kind);
}

static clx_status find_equipment(build *b, clx_plant_unit *unit) {
  const clx_plant_unit_spec *spec = &unit->spec;
  const char *kind = clx_plant_equipment_kind(spec->kind);
  if (kind == NULL || spec->equipment == NULL) return CLX_OK;
  const void *found = find(b, kind, spec->equipment);
  if (found == NULL) return not_found(b, spec->place, kind, spec->equipment, spec->name);
  switch (spec->kind) {
    case CLX_PLANT_EXCHANGER:
      unit->cdu = found;
      break;
    case CLX_PLANT_TOWER:
      unit->tower.tower = found;
      break;
    case CLX_PLANT_DRY:
      unit->dry.cooler = found;
      break;
    default: {
      unit->chiller = found;
      const bool into = unit->into >= 0;
      if ((unit->chiller->kind == CLX_CHILLER_WATER) != into) {
        return clx_fail(b->error, CLX_INPUT, spec->place, "unit \"%s\" gives heat to %s, but chiller \"%s\" is %s",
                        spec->name, into ? "a loop" : "outside air", spec->equipment,
                        clx_chiller_kind_name[unit->chiller->kind]);
      }
    }
  }
  return CLX_OK;
}

// K to which a loop is cooled at design.
static double target(const build *b, const clx_loop *loop) {
  return loop->spec.set_point == CLX_SET_FLOAT ? loop->spec.supply : clx_plant_set_point(loop, &b->plant->design);
}

// W of one unit that its catalogue entry fixes; 0 = sized.
static double fixed_capacity(const build *b, const clx_plant_unit *unit) {
  if (unit->cdu != NULL) return unit->cdu->capacity;
  if (unit->tower.tower != NULL) return unit->tower.tower->capacity;
  if (unit->dry.cooler != NULL) return unit->dry.cooler->capacity;
  if (unit->chiller == NULL) return 0;
  const double from = unit->into >= 0 ? target(b, &b->plant->loop[unit->into]) : b->plant->design.dry_bulb;
  return clx_chiller_run(unit->chiller, 0, target(b, &b->plant->loop[unit->loop]), from).capacity;
}

static clx_status too_few(const build *b, const clx_plant_unit *unit, double carried) {
  return clx_fail(b->error, CLX_INFEASIBLE, unit->spec.place,
                  "%g of unit \"%s\" carry %.6g W of the design heat of %.6g W: %.6g W are short", unit->spec.count,
                  unit->spec.name, carried, unit->heat, unit->heat - carried);
}

// --- loops ---------------------------------------------------------------------------------------------------------------

static void size_count(const build *b, clx_loop *loop, int32_t l, double heat) {
  if (loop->spec.count > 0) return;
  loop->spec.count = 1;
  for (int32_t u = 0; u < b->plant->unit_count; u++) {
    const clx_plant_unit *unit = &b->plant->unit[u];
    if (unit->loop != l || unit->cdu == NULL) continue;
    const double count =
        unit->spec.count > 0 ? unit->spec.count : ceil(unit->spec.share * heat / unit->cdu->capacity - 1e-9);
    loop->spec.count = fmax(count, 1);
    return;
  }
}

// Pa of the loop: as stated, else the sum of what units on it state and the largest of those that give heat to it.
static clx_status size_pressure(const build *b, clx_loop *loop, int32_t l) {
  if (loop->spec.pressure > 0) return CLX_OK;
  double hot = 0, cold = 0;
  for (int32_t u = 0; u < b->plant->unit_count; u++) {
    const clx_plant_unit *unit = &b->plant->unit[u];
    if (unit->loop == l)
      hot += unit->spec.pressure_hot > 0 ? unit->spec.pressure_hot : unit->cdu != NULL ? unit->cdu->rack_head : 0;
    if (unit->into != l) continue;
    cold = fmax(cold, unit->spec.pressure_cold > 0 ? unit->spec.pressure_cold
                      : unit->cdu != NULL          ? unit->cdu->facility_pressure
                                                   : 0);
  }
  loop->spec.pressure = hot + cold;
  if (loop->spec.pressure > 0) return CLX_OK;
  return clx_fail(b->error, CLX_INPUT, loop->spec.place,
                  "neither loop \"%s\" nor its units state a pressure; expected what its pumps overcome at design flow",
                  loop->spec.name);
}

static clx_status size_pump(const build *b, clx_loop *loop, int32_t l) {
  const char *name = loop->spec.pump;
  for (int32_t u = 0; name == NULL && u < b->plant->unit_count; u++) {
    const clx_plant_unit *unit = &b->plant->unit[u];
    if (unit->loop == l && unit->cdu != NULL) name = unit->cdu->pump;
  }
  if (name == NULL) {
    return clx_fail(b->error, CLX_INPUT, loop->spec.place,
                    "nothing moves loop \"%s\"; expected a pump (an entry of catalogue/mover)", loop->spec.name);
  }
  const clx_mover *mover = find(b, "mover", name);
  if (mover == NULL) return not_found(b, loop->spec.place, "mover", name, loop->spec.name);
  const bool fan = loop->fluid.kind == CLX_FLUID_AIR;
  if ((mover->kind == CLX_MOVER_FAN) != fan) {
    return clx_fail(b->error, CLX_INPUT, loop->spec.place, "loop \"%s\" of %s is moved by \"%s\", a %s",
                    loop->spec.name, loop->spec.fluid, name, clx_mover_kind_name[mover->kind]);
  }
  loop->pump = (clx_mover_size){
      .mover = mover, .flow = loop->flow / (loop->density * loop->spec.pumps), .head = loop->spec.pressure};
  loop->pump.motor_rating = 0;
  loop->moved = true;
  return CLX_OK;
}

// kg/s of all loops that exchangers of fixed size (CDUs) need at design to hold the set point of the loops that they cool: more than heat over
// range where those send little and hot liquid. Up to MOST times what its range says: beyond, the approach is not to be had by flow.
static double needed_flow(const build *b, int32_t l, double by_range) {
  static const double MOST = 3;
  const clx_plant *plant = b->plant;
  double sum = 0;
  for (int32_t u = 0; u < plant->unit_count; u++) {
    const clx_plant_unit *unit = &plant->unit[u];
    if (unit->into != l || unit->cdu == NULL) continue;
    const clx_loop *hot = &plant->loop[unit->loop];
    const double flow = hot->flow * hot->spec.count / unit->count;
    bool met;
    sum += unit->count * clx_exchanger_cold_flow(
                             &unit->exchanger, hot->spec.supply + unit->heat / (unit->count * flow * hot->capacity),
                             flow, hot->capacity, target(b, &plant->loop[l]), plant->loop[l].capacity, hot->spec.supply,
                             MOST * by_range / unit->count, &met);
  }
  return sum;
}

static clx_status size_loop(build *b, int32_t l) {
  clx_plant *plant = b->plant;
  clx_loop *loop = &plant->loop[l];
  const double heat = fmax(fmax(b->first[l], b->last[l]), 1);  // a loop without design heat still has a size
  size_count(b, loop, l, heat);
  const double by_range = heat / (loop->capacity * loop->spec.range);
  loop->flow = fmax(by_range, needed_flow(b, l, by_range)) / loop->spec.count;
  loop->spec.range = heat / (loop->capacity * loop->flow * loop->spec.count);
  CLX_TRY(size_pressure(b, loop, l));
  CLX_TRY(size_pump(b, loop, l));
  double pressure, speed;
  const double pump = clx_plant_pump(loop, loop->flow * loop->spec.count, 1, &pressure, &speed);
  loop->heat = (heat + loop->spec.pump_heat * pump) / loop->spec.count;
  return CLX_OK;
}

// --- units ---------------------------------------------------------------------------------------------------------------

static clx_status size_exchanger(build *b, clx_plant_unit *unit) {
  const clx_loop *hot = &b->plant->loop[unit->loop], *cold = &b->plant->loop[unit->into];
  if (unit->cdu != NULL) return clx_cdu_exchanger(unit->cdu, hot->spec.supply, &unit->exchanger, b->error);
  const double heat = unit->heat / unit->count, flow = hot->flow * hot->spec.count / unit->count;
  const double cold_flow = heat / (cold->capacity * cold->spec.range);
  const double rise = heat / (flow * hot->capacity), hot_out = hot->spec.supply;
  const double cold_in = unit->spec.approach > 0 ? hot_out - unit->spec.approach : cold->spec.supply;
  const bool air = hot->fluid.kind == CLX_FLUID_AIR;
  if (unit->spec.effectiveness > 0) {
    unit->exchanger =
        (clx_exchanger){.effectiveness = unit->spec.effectiveness, .hot_flow = flow, .cold_flow = cold_flow};
    return CLX_OK;
  }
  clx_error own = {0};
  const clx_status status =
      clx_exchanger_size(air ? CLX_CROSS_UNMIXED : CLX_COUNTER, heat, hot_out + rise, hot_out, cold_in,
                         cold_in + cold->spec.range, hot->capacity, cold->capacity, &unit->exchanger, &own);
  if (status == CLX_OK) return CLX_OK;
  return clx_fail(b->error, CLX_INPUT, unit->spec.place,
                  "unit \"%s\" cannot be sized: %.4g -> %.4g degC against %.4g -> %.4g degC leave no approach",
                  unit->spec.name, hot_out + rise - 273.15, hot_out - 273.15, cold_in - 273.15,
                  cold_in + cold->spec.range - 273.15);
}

// K that leave `count` units of nominal heat `size` under design air.
static clx_status try_reject(build *b, clx_plant_unit *unit, double size, double count, double *out) {
  const clx_loop *loop = &b->plant->loop[unit->loop];
  const clx_air *air = &b->plant->design;
  if (unit->tower.tower != NULL) {
    CLX_TRY(clx_tower_size_for(unit->tower.tower, size, air->pressure, &unit->tower, b->error));
  } else {
    CLX_TRY(clx_dry_size_for(unit->dry.cooler, size, &loop->fluid, air->pressure, &unit->dry, b->error));
  }
  unit->count = count;
  const double flow = loop->flow * loop->spec.count, want = target(b, loop);
  const clx_unit_meet meet = {.flow = flow,
                              .in = want + unit->heat / (flow * loop->capacity),
                              .want = want,
                              .leaving = want,
                              .working = count,
                              .outside = air};
  *out = clx_plant_unit_reach(b->plant, unit, &meet).out;
  return CLX_OK;
}

// Whether chillers stand behind it on the same loop: then it carries what the weather lets it, and they the rest.
static bool is_economiser(const build *b, const clx_plant_unit *unit) {
  for (const clx_plant_unit *u = unit + 1; u < &b->plant->unit[b->plant->unit_count]; u++)
    if (u->loop == unit->loop && u->spec.kind == CLX_PLANT_CHILLER) return true;
  return false;
}

// The least size (or number, where the entry fixes the size) that holds the set point under design air; beside chillers its share of the heat at
// the entry's own rating.
static clx_status size_reject(build *b, clx_plant_unit *unit) {
  const clx_loop *loop = &b->plant->loop[unit->loop];
  const double capacity = fixed_capacity(b, unit), wanted = unit->spec.count, want = target(b, loop);
  const double base = unit->heat / fmax(wanted, 1);
  double out, low = 0, high = 1;
  if (capacity > 0 && wanted > 0) {
    CLX_TRY(try_reject(b, unit, capacity, wanted, &out));
    const double missing = loop->flow * loop->spec.count * loop->capacity * (out - want);
    return missing > 1e-6 * unit->heat ? too_few(b, unit, unit->heat - missing) : CLX_OK;
  }
  const double one = capacity > 0 ? ceil(unit->heat / capacity) : 1;
#define TRY_SCALE(scale)                                                 \
  (capacity > 0 ? try_reject(b, unit, capacity, ceil((scale)*one), &out) \
                : try_reject(b, unit, base * (scale), fmax(wanted, 1), &out))
  if (is_economiser(b, unit)) return TRY_SCALE(1);
  for (;; high *= 2) {
    CLX_TRY(TRY_SCALE(high));
    if (out <= want) break;
    low = high;
    if (high > 1e3) {
      return clx_fail(b->error, CLX_INFEASIBLE, unit->spec.place,
                      "no number of unit \"%s\" cools loop \"%s\" to %.4g degC at %.4g degC (wet bulb %.4g degC) "
                      "outside; a thousand "
                      "times the nominal size reaches %.4g degC",
                      unit->spec.name, loop->spec.name, want - 273.15, b->plant->design.dry_bulb - 273.15,
                      clx_air_wet_bulb(&b->plant->design) - 273.15, out - 273.15);
    }
  }
  if (low == 0) low = 1e-3;
  for (int32_t i = 0; i < 40 && (capacity > 0 ? ceil(low * one) + 1 < ceil(high * one) : high - low > 1e-9 * high);
       i++) {
    const double middle = 0.5 * (low + high);
    CLX_TRY(TRY_SCALE(middle));
    if (out <= want) {
      high = middle;
    } else {
      low = middle;
    }
  }
  // A millionth beside, so that the set point is held at design whatever the rounding.
  if (capacity <= 0) high *= 1 + 1e-6;
  CLX_TRY(TRY_SCALE(high));
#undef TRY_SCALE
  return CLX_OK;
}

static clx_status size_chiller(build *b, clx_plant_unit *unit) {
  const double one = fixed_capacity(b, unit);
  if (!(one > 0)) {
    return clx_fail(b->error, CLX_INFEASIBLE, unit->spec.place,
                    "chiller \"%s\" of unit \"%s\" has no capacity at design", unit->spec.equipment, unit->spec.name);
  }
  unit->count = unit->spec.count > 0 ? unit->spec.count : fmax(ceil(unit->heat / one - 1e-9), 1);
  return unit->count * one < unit->heat * (1 - 1e-9) ? too_few(b, unit, unit->count * one) : CLX_OK;
}

static clx_status size_unit(build *b, int32_t u) {
  clx_plant_unit *unit = &b->plant->unit[u];
  const clx_loop *loop = &b->plant->loop[unit->loop];
  unit->heat = unit->spec.share * loop->heat * loop->spec.count;
  unit->count = unit->spec.count > 0 ? unit->spec.count : loop->spec.count;
  switch (unit->spec.kind) {
    case CLX_PLANT_EXCHANGER: {
      const double one = fixed_capacity(b, unit);
      if (one > 0 && unit->spec.count <= 0) unit->count = fmax(unit->count, ceil(unit->heat / one - 1e-2));
      if (one > 0 && unit->count * one < unit->heat * 0.99) return too_few(b, unit, unit->count * one);
      return size_exchanger(b, unit);
    }
    case CLX_PLANT_TOWER:
    case CLX_PLANT_DRY:
      return size_reject(b, unit);
    case CLX_PLANT_AIR_ECONOMISER:
      return CLX_OK;
    default:
      return size_chiller(b, unit);
  }
}

// W that the unit gives away when it takes `heat` under design conditions.
static double gives(const build *b, const clx_plant_unit *unit, double heat) {
  if (unit->chiller == NULL || heat <= 0) return heat;
  const double from = unit->into >= 0 ? target(b, &b->plant->loop[unit->into]) : b->plant->design.dry_bulb;
  const double one = heat / unit->count;
  const clx_chiller_point point = clx_chiller_run(unit->chiller, one, target(b, &b->plant->loop[unit->loop]), from);
  return heat + fmax(point.condenser - point.heat, 0) * unit->count;
}

// Design heat of the loops further out: with economisers carrying (the first units first) and with chillers (the last first).
static void hand_on(build *b, int32_t l) {
  const clx_plant *plant = b->plant;
  const double heat = plant->loop[l].heat * plant->loop[l].spec.count;
  double left = heat;
  for (int32_t u = 0; u < plant->unit_count; u++) {
    const clx_plant_unit *unit = &plant->unit[u];
    if (unit->loop != l) continue;
    const double part = fmin(unit->heat, left);
    left -= part;
    if (unit->into >= 0) b->first[unit->into] += gives(b, unit, part);
  }
  left = heat;
  for (int32_t u = plant->unit_count - 1; u >= 0; u--) {
    const clx_plant_unit *unit = &plant->unit[u];
    if (unit->loop != l) continue;
    const double part = fmin(unit->heat, left);
    left -= part;
    if (unit->into >= 0) b->last[unit->into] += gives(b, unit, part);
  }
}

static clx_status start(build *b, double liquid_heat, double air_heat) {
  clx_plant *plant = b->plant;
  const clx_plant_spec *spec = b->spec;
  for (int32_t l = 0; l < spec->loop_count; l++) {
    clx_loop *loop = &plant->loop[l];
    loop->spec = spec->loop[l];
    clx_fluid_named(loop->spec.fluid, &loop->fluid);
    const double mean = loop->spec.supply + 0.5 * loop->spec.range;
    loop->capacity = clx_fluid_heat_capacity(&loop->fluid, mean);
    loop->density = clx_fluid_density(&loop->fluid, mean);
  }
  plant->loop_count = spec->loop_count;
  plant->unit_count = spec->unit_count;
  for (int32_t u = 0; u < spec->unit_count; u++) {
    clx_plant_unit *unit = &plant->unit[u];
    unit->spec = spec->unit[u];
    unit->loop = clx_plant_loop_index(spec, unit->spec.loop);
    unit->into = clx_plant_loop_index(spec, unit->spec.into);
    CLX_TRY(find_equipment(b, unit));
  }
  plant->liquid = clx_plant_loop_index(spec, spec->liquid);
  plant->air = clx_plant_loop_index(spec, spec->air);
  plant->liquid_heat = liquid_heat;
  plant->air_heat = air_heat;
  plant->auxiliary = spec->auxiliary * (liquid_heat + air_heat);
  clx_plant_order(spec, plant->order);
  if (plant->liquid >= 0) b->first[plant->liquid] = b->last[plant->liquid] = liquid_heat;
  if (plant->air >= 0) {
    b->first[plant->air] += air_heat;
    b->last[plant->air] += air_heat;
  }
  return CLX_OK;
}

clx_status clx_plant_build(const clx_plant_spec *spec, const clx_plant_finder *finder, double liquid_heat,
                           double air_heat, const clx_air *design, clx_arena *arena, clx_plant *plant,
                           clx_error *error) {
  CLX_TRY(clx_plant_check(spec, spec->place, error));
  CLX_TRY(clx_air_check(design, error));
  if (!(liquid_heat >= 0 && liquid_heat <= 1e13) || !(air_heat >= 0 && air_heat <= 1e13) ||
      !(liquid_heat + air_heat > 0)) {
    return clx_fail(error, CLX_INPUT, spec->place, "design heat is %g W (liquid) and %g W (air); expected more than 0",
                    liquid_heat, air_heat);
  }
  if ((liquid_heat > 0 && spec->liquid == NULL) || (air_heat > 0 && spec->air == NULL)) {
    const bool liquid = liquid_heat > 0 && spec->liquid == NULL;
    return clx_fail(error, CLX_INPUT, spec->place, "%g W go into %s, but the plant names no loop as `%s`",
                    liquid ? liquid_heat : air_heat, liquid ? "liquid" : "hall air", liquid ? "liquid" : "air");
  }
  *plant = (clx_plant){.name = spec->name, .design = *design};
  build b = {.plant = plant, .spec = spec, .finder = finder, .arena = arena, .error = error};
  CLX_TRY(start(&b, liquid_heat, air_heat));
  for (int32_t i = 0; i < plant->loop_count; i++) {
    const int32_t l = plant->order[i];
    CLX_TRY(size_loop(&b, l));
    for (int32_t u = 0; u < plant->unit_count; u++) {
      if (plant->unit[u].loop == l) CLX_TRY(size_unit(&b, u));
      if (plant->unit[u].loop == l && plant->unit[u].spec.spare < 0) plant->unit[u].spec.spare = plant->unit[u].count;
    }
    hand_on(&b, l);
  }
  return CLX_OK;
}
