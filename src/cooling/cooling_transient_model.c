// A plant as lumped volumes: heat capacities, pump curves, units, chips. docs/model/cooling/transient.md.
#include <math.h>

#include "cooling/cooling_plant_internal.h"
#include "cooling/cooling_transient_internal.h"

// How the fluid of a loop is divided; assumed: headers hold most of it.
static const double VOLUME_SHARE[4] = {
    [CLX_AT_UNITS] = 0.15, [CLX_AT_SUPPLY] = 0.35, [CLX_AT_LOAD] = 0.15, [CLX_AT_RETURN] = 0.35};
// Hall air stands in cold and hot aisles.
static const double HALL_SHARE[4] = {
    [CLX_AT_UNITS] = 0.05, [CLX_AT_SUPPLY] = 0.45, [CLX_AT_LOAD] = 0.45, [CLX_AT_RETURN] = 0.05};
static const double VOLUME_TIME = 30;  // s of design flow where the plant states no volume (clx_loop_spec)
static const double COLD_TIME = 3;     // s of open flow in the cold side of a unit whose volume is not known
// An open valve passes this times its design flow: loops that are hotter than others draw more. Assumed.
static const double VALVE_RESERVE = 1.5;
// s from nothing to full effort: assumed; valves and fans as usual in building control, a chiller's loading ramp.
static const double STROKE[CLX_PLANT_KINDS] = {
    [CLX_PLANT_EXCHANGER] = 30,      [CLX_PLANT_DRY] = 30, [CLX_PLANT_TOWER] = 30, [CLX_PLANT_CHILLER] = 60,
    [CLX_PLANT_AIR_ECONOMISER] = 60, [CLX_PLANT_DX] = 60};

// Head to flow: the curve falls, so its inverse is found by bisection once.
static void pump_curve(const clx_loop *loop, clx_transient_row *row) {
  const clx_mover_size *size = &loop->pump;
  row->curve_top = fmax(clx_mover_head(size, 0, 1, NULL) / size->head, 1 + 1e-6);
  double end = 1;
  while (end < 4 && clx_mover_head(size, end * size->flow, 1, NULL) > 0) end *= 1.05;
  for (int32_t i = 0; i < CLX_PUMP_POINTS; i++) {
    const int32_t half = CLX_PUMP_POINTS / 2;
    const double head = i <= half ? (double)i / half : 1 + (row->curve_top - 1) * (i - half) / half;
    double low = 0, high = end;
    for (int32_t k = 0; k < 60; k++) {
      const double middle = 0.5 * (low + high);
      const bool above = clx_mover_head(size, middle * size->flow, 1, NULL) > head * size->head;
      if (above)
        low = middle;
      else
        high = middle;
    }
    row->curve_flow[i] = 0.5 * (low + high);
  }
}

static clx_status build_unit(const clx_plant *plant, int32_t number, clx_transient_row *row, clx_error *error) {
  const clx_plant_unit *unit = &plant->unit[number];
  if (row->unit_count == CLX_TRANSIENT_UNITS) {
    return clx_fail(error, CLX_INPUT, unit->spec.place,
                    "loop %s has more than %d rows of units: a transient takes no more", row->loop->spec.name,
                    CLX_TRANSIENT_UNITS);
  }
  clx_transient_unit *u = &row->unit[row->unit_count++];
  *u = (clx_transient_unit){.unit = unit, .number = number, .into = unit->into, .stroke = STROKE[unit->spec.kind]};
  u->count = clx_plant_working(unit, 1) / row->count;
  if (unit->into < 0) return CLX_OK;
  const clx_loop *into = &plant->loop[unit->into];
  double heat = 0;
  for (int32_t k = 0; k < plant->unit_count; k++) heat += plant->unit[k].into == unit->into ? plant->unit[k].heat : 0;
  const double fair = heat > 0 ? into->flow * fmax(into->spec.count, 1) * unit->heat / heat : 0;
  u->wide = VALVE_RESERVE * fmax(unit->count * unit->exchanger.cold_flow, fair) / row->count;
  const double volume = unit->cdu && unit->cdu->volume > 0 ? 0.5 * unit->cdu->volume * unit->count / row->count
                                                           : COLD_TIME * u->wide / into->density;
  u->cold_heat = volume * into->density * into->capacity;
  if (!(u->wide > 0) || !(u->cold_heat > 0)) {
    return clx_fail(error, CLX_INPUT, unit->spec.place,
                    "unit %s has no flow on its cold side: nothing flows in loop %s", unit->spec.name, into->spec.name);
  }
  return CLX_OK;
}

static clx_status build_row(const clx_transient_input *input, int32_t number, clx_transient_row *row,
                            clx_error *error) {
  const clx_plant *plant = input->plant;
  const clx_loop *loop = &plant->loop[number];
  *row = (clx_transient_row){.loop = loop, .count = fmax(loop->spec.count, 1)};
  row->set = clx_plant_set_point(loop, input->outside);
  row->pumps = loop->spec.pumps > 0 ? loop->spec.pumps : 1;
  row->spare = loop->spec.pumps_spare;
  row->exponent = loop->spec.exponent > 0 ? loop->spec.exponent : 2;
  row->demand = loop->spec.control == CLX_FLOW_DEMAND;
  row->range = !row->demand && loop->spec.control != CLX_FLOW_FIXED && loop->spec.range > 0;
  row->least = fmax(loop->spec.flow_least, 0.02);
  const double per_volume = loop->density * loop->capacity;
  const clx_transient_hall *hall = number == plant->air ? &input->hall : NULL;
  const double unstated =
      hall && hall->volume > 0 ? hall->volume / row->count : VOLUME_TIME * loop->flow / loop->density;
  const double volume = loop->spec.volume > 0 ? loop->spec.volume : unstated;
  if (!(volume > 0) || !(per_volume > 0) || !(loop->flow > 0)) {
    return clx_fail(error, CLX_INPUT, loop->spec.place,
                    "loop %s holds %g m3 and moves %g kg/s: a transient needs more than 0", loop->spec.name, volume,
                    loop->flow);
  }
  for (int32_t i = 0; i < 4; i++) row->heat[i] = volume * (hall ? HALL_SHARE : VOLUME_SHARE)[i] * per_volume;
  if (loop->moved) pump_curve(loop, row);
  for (int32_t k = 0; k < plant->unit_count; k++) {
    if (plant->unit[k].loop == number) CLX_TRY(build_unit(plant, k, row, error));
  }
  row->size = CLX_AT_COLD + row->unit_count;
  if (input->tank > 0 && input->tank_loop && clx_text_equal_loose(input->tank_loop, loop->spec.name)) {
    row->cell = input->tank / CLX_TANK_CELLS * per_volume;
    row->size += CLX_TANK_CELLS;
  }
  if (hall && hall->metal > 0) row->metal = hall->metal / row->count, row->size++;
  return CLX_OK;
}

int32_t clx_transient_metal(const clx_transient_row *row) { return row->metal > 0 ? row->size - 1 : -1; }

// Chips that take part of `heat` W of the row; `supply`: K at their inlets.
static clx_status build_chips(const clx_transient_chips *from, double heat, double supply, clx_transient_row *row,
                              clx_error *error) {
  clx_transient_chipset *set = &row->chips;
  const clx_chip_thermal *chip = from->thermal;
  set->from = from;
  set->other = heat / row->count;
  if (!chip) return CLX_OK;
  if (!(from->count > 0) || !(from->power > 0) || from->count * from->power > heat * (1 + 1e-9)) {
    return clx_fail_plain(error, CLX_INPUT, "%g chips of %g W: more than none, and no more than the %g W that %s takes",
                          from->count, from->power, heat, row->loop->spec.name);
  }
  if (!(chip->capacity > 0)) {
    return clx_fail_plain(error, CLX_INPUT, "capacity of the chip is %g J/K: a transient needs more than 0",
                          chip->capacity);
  }
  set->count = from->count / row->count;
  set->other = fmax(heat - from->count * from->power, 0) / row->count;
  const double rate = row->loop->flow * row->loop->capacity / set->count, share = 1 / (from->resistance * rate);
  if (!(from->resistance > 0) || !(share < 1)) {
    return clx_fail_plain(error, CLX_INPUT,
                          "resistance is %g K/W: expected more than %.4g, that of a plate that heats its coolant (%.4g "
                          "W/K) to its own temperature",
                          from->resistance, 1 / rate, rate);
  }
  set->conductance = -log1p(-share) * rate;
  if (from->load) {
    set->load = *from->load;
    return CLX_OK;
  }
  const double junction = supply + from->power * (from->resistance + fmax(chip->junction_case, 0));
  const clx_chip_load one = {.power_full = 1};  // leakage of a chip without a tdp goes with its own power
  const double leak = clx_chip_leak(chip, &one, junction);
  set->load = (clx_chip_load){.rest = 0.2, .power_full = chip->tdp > 0 ? from->power - leak : from->power / (1 + leak)};
  return CLX_OK;
}

static clx_status build_heat(const clx_transient_input *input, const clx_plant_state *steady,
                             clx_transient_model *model, clx_error *error) {
  const clx_plant *plant = model->plant;
  const int32_t racks = model->racks, air = plant->air;
  CLX_TRY(build_chips(&input->chips, racks == plant->liquid ? input->liquid : input->air, steady->loop[racks].supply,
                      &model->row[racks], error));
  if (air < 0 || air == racks) return CLX_OK;
  return build_chips(&input->air_chips, input->air, steady->loop[air].supply, &model->row[air], error);
}

static void place_loop(clx_transient_model *model, int32_t row, double weight, double share) {
  const clx_transient_row *r = &model->row[row];
  clx_transient_loop *loop = &model->loop[model->loop_count++];
  *loop = (clx_transient_loop){.row = row, .at = model->state_count, .weight = weight, .share = share, .load = 1};
  loop->running = (clx_ramp){r->pumps, r->pumps, 0, 1};
  for (int32_t k = 0; k < r->unit_count; k++) {
    loop->on[k] = (clx_ramp){r->unit[k].count, r->unit[k].count, 0, 1};
    loop->power[k] = (clx_ramp){1, 1, 0, 1};
    loop->staged[k] = fmax(ceil(r->unit[k].count), 1);
  }
  model->state_count += r->size;
}

clx_status clx_transient_model_build(const clx_transient_input *input, int32_t members, const clx_plant_state *steady,
                                     clx_arena *arena, clx_transient_model *model, clx_error *error) {
  const clx_plant *plant = input->plant;
  *model = (clx_transient_model){.input = input, .plant = plant, .members = members};
  model->racks = plant->liquid >= 0 ? plant->liquid : plant->air;
  model->row = CLX_NEW_ARRAY(arena, clx_transient_row, plant->loop_count);
  model->loop = CLX_NEW_ARRAY(arena, clx_transient_loop, plant->loop_count + members);
  model->first = CLX_NEW_ARRAY(arena, int32_t, plant->loop_count);
  if (!model->row || !model->loop || !model->first)
    return clx_fail_plain(error, CLX_MEMORY, "no memory for a transient");
  for (int32_t r = 0; r < plant->loop_count; r++) CLX_TRY(build_row(input, r, &model->row[r], error));
  clx_transient_row *racks = &model->row[model->racks];
  racks->heat[CLX_AT_LOAD] += fmax(input->rack_capacity, 0) / racks->count;
  CLX_TRY(build_heat(input, steady, model, error));
  for (int32_t i = 0; i < members; i++) {
    place_loop(model, model->racks, racks->count / members, input->member && members > 1 ? input->member[i] : 1);
  }
  model->first[model->racks] = 0;
  for (int32_t k = 0; k < plant->loop_count; k++) {
    const int32_t r = plant->order[k];
    if (r == model->racks) continue;
    model->first[r] = model->loop_count;
    place_loop(model, r, model->row[r].count, 1);
  }
  model->air = plant->air < 0 ? -1 : model->first[plant->air];
  model->state_count += 2;
  model->energy = fmax(input->liquid + input->air, 1) * 60;
  return CLX_OK;
}

// Temperatures of the steady state; controls somewhere near: they settle.
void clx_transient_start(const clx_transient_model *model, const clx_plant_state *steady, double *y) {
  for (int32_t i = 0; i < model->loop_count; i++) {
    const clx_transient_loop *loop = &model->loop[i];
    const clx_transient_row *row = &model->row[loop->row];
    const clx_loop_state *state = &steady->loop[loop->row];
    double *mine = y + loop->at;
    for (int32_t s = 0; s < row->size; s++) mine[s] = state->supply;
    mine[CLX_AT_RETURN] = mine[CLX_AT_LOAD] = state->back;
    for (int32_t k = 0; k < row->unit_count; k++) {
      const int32_t into = row->unit[k].into;
      if (into >= 0) mine[CLX_AT_COLD + k] = steady->loop[into].back;
    }
    mine[CLX_AT_CASE] = mine[CLX_AT_SENSOR] = state->supply;
    if (row->metal > 0) mine[clx_transient_metal(row)] = state->back;
    if (row->chips.count > 0) {
      const clx_transient_chips *chips = row->chips.from;
      const double power = chips->power * loop->share;
      mine[CLX_AT_CASE] += power * chips->resistance;
      mine[CLX_AT_SENSOR] = mine[CLX_AT_CASE] + power * fmax(chips->thermal->junction_case, 0);
    }
    mine[CLX_AT_CLOCK] = 1;
    mine[CLX_AT_COAST] = 0;
    mine[CLX_AT_SPEED] = row->range || row->demand ? fmin(fmax(state->flow / row->loop->flow, row->least), 1) : 1;
    double effort = 0;
    for (int32_t k = 0; k < row->unit_count; k++) {
      effort +=
          row->unit[k].unit->heat > 0 ? fmin(steady->unit[row->unit[k].number].heat / row->unit[k].unit->heat, 1) : 0;
    }
    mine[CLX_AT_EFFORT] = effort;
  }
  y[model->state_count - 2] = y[model->state_count - 1] = 0;
}

double clx_transient_stored(const clx_transient_model *model, const double *y) {
  double sum = 0;
  for (int32_t i = 0; i < model->loop_count; i++) {
    const clx_transient_loop *loop = &model->loop[i];
    const clx_transient_row *row = &model->row[loop->row];
    const double *mine = y + loop->at;
    double here = 0;
    for (int32_t s = 0; s < 4; s++) here += row->heat[s] * mine[s];
    for (int32_t k = 0; k < row->unit_count; k++)
      here += row->unit[k].into >= 0 ? row->unit[k].cold_heat * mine[CLX_AT_COLD + k] : 0;
    const int32_t metal = clx_transient_metal(row);
    for (int32_t s = CLX_AT_COLD + row->unit_count; s < row->size; s++)
      here += (s == metal ? row->metal : row->cell) * mine[s];
    if (row->chips.count > 0) here += row->chips.count * row->chips.from->thermal->capacity * mine[CLX_AT_CASE];
    sum += loop->weight * here;
  }
  return sum;
}
