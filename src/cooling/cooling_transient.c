// A transient from its steady start over trips to its end: events, series, balance. docs/model/cooling/transient.md.
#include <math.h>

#include "cooling/cooling_plant_internal.h"
#include "cooling/cooling_transient_internal.h"

enum { MEMBERS_MOST = 4096, SAMPLES_MOST = 1000000 };
static const double SETTLE_MOST = 1e4;                  // s
static const double SWING_MOST = 2, SWING_NONE = 0.01;  // K about their middle that controls may hunt by; that is none

// What a loop was before the first trip.
typedef struct clx_moment {
  double supply, flow;
} clx_moment;

typedef struct run {
  clx_transient_model model;
  clx_transient_work work;
  clx_transient_solver *solver;
  double *y, *rates;
  clx_moment *before;  // [loop_count]
  double electric;     // W then
  int64_t left;        // last sample at which something was not as before; < 0 = none
  clx_trip *trip;      // by time
  int32_t next_trip;
  double first_trip, time;
  int64_t sample;
  clx_transient *out;
} run;

// --- input -----------------------------------------------------------------------------------------------------------------

static clx_status check_input(const clx_transient_input *input, clx_error *error) {
  const clx_plant *plant = input->plant;
  if (!(input->horizon > 0) || !(input->step > 0) || !(input->horizon / input->step < SAMPLES_MOST)) {
    return clx_fail_plain(error, CLX_INPUT,
                          "transient: horizon is %g s, step %g s: expected more than 0, and less than a million steps",
                          input->horizon, input->step);
  }
  if (plant->liquid < 0 && plant->air < 0)
    return clx_fail_plain(error, CLX_INPUT, "transient: plant %s takes no heat of racks", plant->name);
  const clx_transient_hall *hall = &input->hall;
  const double numbers[] = {input->pump_inertia,  input->pump_ramp, input->restart, input->tank,      input->tolerance,
                            input->rack_capacity, hall->volume,     hall->metal,    hall->metal_time, hall->limit};
  static const char *const NAMES[] = {"pump_inertia",    "pump_ramp",     "restart",     "tank",
                                      "tolerance",       "rack_capacity", "hall.volume", "hall.metal",
                                      "hall.metal_time", "hall.limit"};
  for (int32_t i = 0; i < CLX_COUNT(numbers); i++) {
    if (!(numbers[i] >= 0) || !isfinite(numbers[i])) {
      return clx_fail_plain(error, CLX_INPUT, "transient: %s is %g: expected 0 or more", NAMES[i], numbers[i]);
    }
  }
  if (hall->metal > 0 && !(hall->metal_time > 0)) {
    return clx_fail_plain(error, CLX_INPUT, "transient: hall.metal_time is %g s: expected more than 0",
                          hall->metal_time);
  }
  bool found = !(input->tank > 0);
  for (int32_t i = 0; i < plant->loop_count; i++) {
    found = found || (input->tank_loop && clx_text_equal_loose(input->tank_loop, plant->loop[i].spec.name));
  }
  if (!found)
    return clx_fail_plain(error, CLX_INPUT, "transient: tank_loop is \"%s\": the plant has no such loop",
                          input->tank_loop ? input->tank_loop : "");
  return CLX_OK;
}

// Loops of the racks' row that are computed one by one.
static clx_status count_members(const clx_transient_input *input, int32_t *members, clx_error *error) {
  const clx_plant *plant = input->plant;
  const int32_t racks = plant->liquid >= 0 ? plant->liquid : plant->air;
  const double count = fmax(plant->loop[racks].spec.count, 1);
  bool apart = input->member != NULL;
  for (int32_t i = 0; i < input->trip_count; i++) {
    const clx_trip *trip = &input->trip[i];
    apart = apart || trip->member >= 0;
    for (int32_t k = 0; k < plant->unit_count; k++) {
      apart = apart || (trip->kind == CLX_TRIP_UNIT && trip->count >= 0 && trip->of && plant->unit[k].loop == racks &&
                        clx_text_equal_loose(trip->of, plant->unit[k].spec.name));
    }
  }
  const double wanted = input->members > 0 ? input->members : apart ? ceil(count - 1e-9) : 1;
  if (input->members < 0 || wanted > MEMBERS_MOST) {
    return clx_fail_plain(error, CLX_INPUT, "transient: members is %.0f: expected 0 to %d loops of row %s", wanted,
                          MEMBERS_MOST, plant->loop[racks].spec.name);
  }
  *members = (int32_t)wanted;
  double sum = 0;
  for (int32_t i = 0; input->member && i < *members; i++) {
    if (!(input->member[i] >= 0) || !isfinite(input->member[i])) {
      return clx_fail_plain(error, CLX_INPUT,
                            "transient: member %d is %g: expected a share of the mean heat, 0 or more", i,
                            input->member[i]);
    }
    sum += input->member[i] / *members;
  }
  if (input->member && fabs(sum - 1) > 1e-6)
    return clx_fail_plain(error, CLX_INPUT, "transient: the members' shares have mean %.9g: expected 1", sum);
  return CLX_OK;
}

static clx_status make_out(run *r, const clx_transient_input *input, clx_arena *arena, clx_error *error) {
  clx_transient *out = r->out;
  out->samples = (int64_t)floor(input->horizon / input->step * (1 + 1e-12)) + 1;
  float **series[] = {&out->time, &out->supply, &out->back,     &out->supply_most, &out->chip_most,
                      &out->flow, &out->clock,  &out->electric, &out->air};
  bool good = true;
  for (int32_t i = 0; i < CLX_COUNT(series) - (r->model.air < 0 ? 1 : 0); i++) {
    *series[i] = CLX_NEW_ARRAY(arena, float, out->samples);
    good = good && *series[i];
  }
  out->event = CLX_NEW_ARRAY(arena, clx_transient_event, CLX_TRANSIENT_EVENTS_MAX);
  r->rates = CLX_NEW_ARRAY(arena, double, r->model.state_count);
  r->before = CLX_NEW_ARRAY(arena, clx_moment, r->model.loop_count);
  r->trip = CLX_NEW_ARRAY(arena, clx_trip, input->trip_count + 1);
  if (!good || !out->event || !r->rates || !r->before || !r->trip)
    return clx_fail_plain(error, CLX_MEMORY, "no memory for a transient");
  for (int32_t i = 0; i < input->trip_count; i++) {
    CLX_TRY(clx_transient_trip_check(&r->model, &input->trip[i], error));
    int32_t at = i;
    for (; at > 0 && r->trip[at - 1].at > input->trip[i].at; at--) r->trip[at] = r->trip[at - 1];
    r->trip[at] = input->trip[i];
  }
  r->first_trip = input->trip_count > 0 ? r->trip[0].at : 0;
  out->to_warm = out->to_throttle = out->to_shutdown = out->to_air_limit = INFINITY;
  r->left = -1;
  out->first_member = -1;
  return CLX_OK;
}

// --- one moment ------------------------------------------------------------------------------------------------------------

// W of fans and of what a unit needs beside, of one loop.
static double unit_electric(const clx_transient_model *model, const clx_transient_loop *loop, int32_t k,
                            const clx_transient_outputs *o, double time) {
  const clx_transient_row *row = &model->row[loop->row];
  const clx_transient_unit *u = &row->unit[k];
  const double on = clx_ramp_at(&loop->on[k], time), own = u->unit->spec.electric * u->unit->heat / row->count;
  if (u->into >= 0 || u->unit->chiller || on <= 0 || o->flow <= 0 || clx_ramp_at(&loop->power[k], time) < 1e-3)
    return o->electric[k] + own;
  const double whole = fmin(u->count, 1 / row->count), working = fmax(on, whole);
  clx_unit_meet meet = {.flow = o->flow * row->count,
                        .in = o->hot[k],
                        .cold_in = model->input->outside->dry_bulb,
                        .working = working * row->count,
                        .outside = model->input->outside};
  meet.want = o->hot[k] - o->taken[k] / (o->flow * row->loop->capacity);
  const clx_unit_work reach = clx_plant_unit_reach(model->plant, u->unit, &meet);
  clx_unit_state state = {.running = reach.running};
  double given = 0;
  clx_plant_unit_state(model->plant, u->unit, &meet, &reach, o->taken[k] * row->count, &state, &given);
  return state.electric / row->count * on / working + own;
}

static double electric(const clx_transient_model *model, const clx_transient_work *work, double time) {
  double sum = model->plant->auxiliary;
  for (int32_t i = 0; i < model->loop_count; i++) {
    const clx_transient_loop *loop = &model->loop[i];
    double here = work->out[i].pump;
    for (int32_t k = 0; k < model->row[loop->row].unit_count; k++)
      here += unit_electric(model, loop, k, &work->out[i], time);
    sum += loop->weight * here;
  }
  return sum;
}

// Supplies, flows, clocks, chips, units with power, and what the plant draws: as before the first trip.
static bool is_as_before(const run *r, double electric_now) {
  static const double KELVIN = 0.5, FLOW = 0.02, OUTER_FLOW = 0.05, CLOCK = 0.005, ELECTRIC = 0.05;
  const clx_transient_model *m = &r->model;
  for (int32_t i = 0; i < m->loop_count; i++) {
    const clx_transient_loop *loop = &m->loop[i];
    const clx_transient_row *row = &m->row[loop->row];
    const clx_moment *was = &r->before[i];
    const bool served = i < m->members || i == m->air;
    const double flow = (served ? FLOW : OUTER_FLOW) * row->loop->flow;
    if (loop->shut || fabs(r->work.out[i].flow - was->flow) > flow) return false;
    if (served && fabs(r->y[loop->at + CLX_AT_SUPPLY] - was->supply) > KELVIN) return false;
    if (row->chips.count > 0 && fabs(r->work.out[i].clock - loop->clock_before) > CLOCK) return false;
    for (int32_t k = 0; k < row->unit_count; k++) {
      if (clx_ramp_at(&loop->power[k], r->time) < 0.999) return false;
    }
  }
  return fabs(electric_now - r->electric) <= ELECTRIC * r->electric;
}

// Chips of a loop into the means: by their number.
static void sample_chips(const run *r, int32_t i, double *chips, double *clock, double *slow, double *shut) {
  const clx_transient_model *m = &r->model;
  const clx_transient_loop *loop = &m->loop[i];
  const clx_transient_chipset *set = &m->row[loop->row].chips;
  const clx_transient_outputs *o = &r->work.out[i];
  if (set->count <= 0) return;
  const double here = loop->weight * set->count, throttle = set->from->thermal->throttle;
  const bool hot = throttle > 0 && r->y[loop->at + CLX_AT_SENSOR] > throttle - 0.1;
  *chips += here, *clock += here * o->clock;
  if (loop->shut || (hot && o->clock < 0.999)) *slow += here;
  if (loop->shut) *shut += here;
}

static void take_sample(run *r) {
  const clx_transient_model *m = &r->model;
  clx_transient *out = r->out;
  const int64_t at = r->sample++;
  const double weight = 1.0 / m->members;
  double supply = 0, back = 0, supply_most = 0, chip = 0, flow = 0, chips = 0, clock = 0, slow = 0, shut = 0;
  clx_transient_rates(m, &r->work, r->time, r->y, r->rates);
  for (int32_t i = 0; i < m->members; i++) {
    const double *mine = r->y + m->loop[i].at;
    supply += weight * mine[CLX_AT_SUPPLY], back += weight * mine[CLX_AT_RETURN];
    supply_most = fmax(supply_most, mine[CLX_AT_SUPPLY]);
    flow += weight * r->work.out[i].flow / m->row[m->racks].loop->flow;
  }
  for (int32_t i = 0; i < m->loop_count; i++) {
    chip = fmax(chip, r->work.out[i].junction);
    sample_chips(r, i, &chips, &clock, &slow, &shut);
  }
  out->time[at] = (float)r->time, out->supply[at] = (float)supply, out->back[at] = (float)back;
  out->supply_most[at] = (float)supply_most, out->chip_most[at] = (float)chip;
  out->flow[at] = (float)flow, out->clock[at] = chips > 0 ? (float)(clock / chips) : 1;
  if (out->air) out->air[at] = (float)clx_transient_air(m, r->y);
  const double watt = electric(m, &r->work, r->time);
  out->electric[at] = (float)watt;
  if (chips > 0) out->throttled_share = fmax(out->throttled_share, slow / chips);
  if (chips > 0) out->shut_share = fmax(out->shut_share, shut / chips);
  if (!is_as_before(r, watt)) r->left = at;
}

static void keep_settled(run *r) {
  const clx_transient_model *m = &r->model;
  clx_plant_state *s = &r->out->settled;
  clx_transient_rates(m, &r->work, 0, r->y, r->rates);
  for (int32_t i = 0; i < m->loop_count; i++) {
    const clx_transient_loop *loop = &m->loop[i];
    const clx_transient_row *row = &m->row[loop->row];
    const double *mine = r->y + loop->at, part = loop->weight / row->count;
    clx_loop_state *state = &s->loop[loop->row];
    state->supply += part * mine[CLX_AT_SUPPLY], state->back += part * mine[CLX_AT_RETURN];
    state->flow += part * r->work.out[i].flow, state->pump += loop->weight * r->work.out[i].pump;
    state->speed += part * mine[CLX_AT_SPEED];
    for (int32_t k = 0; k < row->unit_count; k++)
      s->unit[row->unit[k].number].heat += loop->weight * r->work.out[i].taken[k];
  }
  s->electric = r->electric = electric(m, &r->work, 0);
  for (int32_t i = 0; i < m->loop_count; i++) {
    r->before[i] = (clx_moment){r->y[m->loop[i].at + CLX_AT_SUPPLY], r->work.out[i].flow};
    m->loop[i].clock_before = r->work.out[i].clock;
  }
  // Fans of servers go on as they did.
  if (m->air >= 0) m->row[m->loop[m->air].row].servers = r->work.out[m->air].flow;
}

// --- time ------------------------------------------------------------------------------------------------------------------

// Where a ramp begins or ends after `time`.
static double next_kink(const clx_transient_model *model, double time) {
  double next = INFINITY;
  for (int32_t i = 0; i < model->loop_count; i++) {
    const clx_transient_loop *loop = &model->loop[i];
    for (int32_t k = -1; k < model->row[loop->row].unit_count; k++) {
      const clx_ramp *ramp = k < 0 ? &loop->running : &loop->power[k];
      if (ramp->from == ramp->to) continue;
      if (ramp->at > time)
        next = fmin(next, ramp->at);
      else if (ramp->at + ramp->over > time)
        next = fmin(next, ramp->at + ramp->over);
    }
  }
  return next;
}

static void note_warm(run *r) {
  clx_transient *out = r->out;
  r->model.warm = !r->model.warm;
  if (r->model.warm && !isfinite(out->to_warm)) out->to_warm = r->time - r->first_trip;
  clx_transient_note(out, r->time, r->model.warm ? CLX_EVENT_WARM : CLX_EVENT_COOL, -1, NULL);
}

static void note_air(run *r) {
  r->model.air_seen = true;
  r->out->to_air_limit = fmax(r->time - r->first_trip, 0);
  clx_transient_note(r->out, r->time, CLX_EVENT_AIR_LIMIT, -1, NULL);
}

// Name of the loop of chips in hall air beside liquid, else NULL.
static const char *beside(const run *r, int32_t loop) {
  const clx_transient_model *m = &r->model;
  return loop >= m->members ? m->row[m->loop[loop].row].loop->spec.name : NULL;
}

static void note_throttle(run *r) {
  clx_transient *out = r->out;
  const clx_transient_model *m = &r->model;
  r->model.throttled = true;
  double most = -INFINITY;
  int32_t hottest = 0;
  for (int32_t i = 0; i < m->loop_count; i++) {
    const clx_transient_chipset *set = &m->row[m->loop[i].row].chips;
    if (set->count <= 0 || !(set->from->thermal->throttle > 0)) continue;
    const double here = r->y[m->loop[i].at + CLX_AT_SENSOR] - set->from->thermal->throttle;
    if (here > most) most = here, hottest = i;
  }
  const bool member = hottest < m->members;
  out->to_throttle = fmax(r->time - r->first_trip, 0);
  out->first_member = member ? hottest : -1;
  clx_transient_note(out, r->time, CLX_EVENT_THROTTLE, member && m->members > 1 ? hottest : -1, beside(r, hottest));
}

static void shut_down(run *r, int32_t loop) {
  clx_transient *out = r->out;
  clx_transient_loop *at = &r->model.loop[loop], *hall = &r->model.loop[r->model.air < 0 ? 0 : r->model.air];
  // A server whose chips stop for heat is taken to go off with them.
  if (!at->shut && r->model.air >= 0 && loop < r->model.members && loop != r->model.air)
    hall->load = fmax(0, hall->load - r->model.input->hall.follows * at->share);
  at->shut = true;
  at->load = 0;
  if (!isfinite(out->to_shutdown)) out->to_shutdown = r->time - r->first_trip;
  clx_transient_note(out, r->time, CLX_EVENT_SHUTDOWN, loop < r->model.members && r->model.members > 1 ? loop : -1,
                     beside(r, loop));
}

// All that is at or beyond its limit by now, whichever root was reported.
static void watch(run *r, double *root) {
  const clx_transient_model *m = &r->model;
  clx_transient_roots(m, r->y, root);
  const double slack = 1e-9;
  if (root[0] <= slack) note_throttle(r);
  if (m->warm ? root[1] >= -slack : root[1] <= slack) note_warm(r);
  if (root[2] <= slack) note_air(r);
  for (int32_t i = 0; i < m->members; i++) {
    if (root[3 + i] <= slack) shut_down(r, i);
  }
  if (root[3 + m->members] <= slack) shut_down(r, m->air);
}

// Events that would come later than what is shown; from when on all is as before.
static void note_end(run *r) {
  clx_transient *out = r->out;
  const double horizon = r->model.input->horizon;
  while (out->event_count > 0 && out->event[out->event_count - 1].at > horizon) out->event_count--, out->events--;
  out->recovered = r->left + 1 >= out->samples ? INFINITY : 0;
  if (r->left < 0 || !isfinite(out->recovered)) return;
  const double at = (double)out->time[r->left + 1];
  out->recovered = fmax(at - r->first_trip, 0);
  clx_transient_note(out, at, CLX_EVENT_RECOVERED, -1, NULL);
}

static clx_status advance(run *r, double *root, clx_error *error) {
  const clx_transient_input *input = r->model.input;
  const double horizon = input->horizon;
  bool restart = true;
  while (r->sample < r->out->samples) {
    while (r->next_trip < input->trip_count && r->trip[r->next_trip].at <= r->time) {
      clx_transient_trip(&r->model, &r->trip[r->next_trip++], r->y, r->out);
      restart = true;
    }
    if (r->time >= (double)r->sample * input->step * (1 - 1e-12)) {
      take_sample(r);
      restart = clx_transient_stage(&r->model, &r->work, r->y, false) || restart;
      continue;
    }
    if (restart) CLX_TRY(clx_transient_solver_restart(r->solver, r->time, error));
    restart = false;
    double stop = fmin(horizon, next_kink(&r->model, r->time));
    if (r->next_trip < input->trip_count) stop = fmin(stop, r->trip[r->next_trip].at);
    int32_t found = -1;
    CLX_TRY(clx_transient_solver_go(r->solver, (double)r->sample * input->step, stop, &r->time, &found, error));
    if (found >= 0) watch(r, root);
    restart = found >= 0 || r->time >= stop;
  }
  return CLX_OK;
}

// Steady before anything happens: chillers as many as the heat needs.
static clx_status settle(run *r, clx_error *error) {
  double swing = 0;
  for (int32_t i = 0; i < 6; i++) {
    CLX_TRY(clx_transient_solver_settle(r->solver, SETTLE_MOST, &r->time, &swing, error));
    clx_transient_rates(&r->model, &r->work, 0, r->y, r->rates);
    if (!clx_transient_stage(&r->model, &r->work, r->y, true)) break;
  }
  for (int32_t i = 0; i < r->model.members; i++) {
    r->model.start_supply = fmax(r->model.start_supply, r->y[r->model.loop[i].at + CLX_AT_SUPPLY]);
  }
  if (swing > SWING_MOST) {
    return clx_fail_plain(error, CLX_INFEASIBLE,
                          "the plant does not come to rest before its trip: its controls hunt by %.3g K to either side "
                          "after %.0f s",
                          swing, r->time);
  }
  r->out->swing = swing > SWING_NONE ? swing : 0;
  r->time = 0;
  r->y[r->model.state_count - 2] = r->y[r->model.state_count - 1] = 0;
  keep_settled(r);
  return CLX_OK;
}

// Chips that their temperature holds back already.
static bool is_throttled(const run *r) {
  const clx_transient_model *m = &r->model;
  for (int32_t i = 0; i < m->loop_count; i++) {
    const clx_transient_row *row = &m->row[m->loop[i].row];
    const double *mine = r->y + m->loop[i].at;
    if (row->chips.count <= 0 || !(row->chips.from->thermal->throttle > 0)) continue;
    if (mine[CLX_AT_SENSOR] > row->chips.from->thermal->throttle - 0.1 && clx_transient_clock(row, mine) < 0.999)
      return true;
  }
  return false;
}

static clx_status run_all(run *r, const clx_plant_state *steady, double tolerance, clx_arena *arena, clx_error *error) {
  CLX_TRY(clx_transient_work_new(&r->model, arena, &r->work, error));
  double *root = CLX_NEW_ARRAY(arena, double, clx_transient_root_count(&r->model));
  if (!root) return clx_fail_plain(error, CLX_MEMORY, "no memory for a transient");
  CLX_TRY(clx_transient_solver_new(&r->model, &r->work, tolerance, &r->solver, error));
  r->y = clx_transient_solver_state(r->solver);
  clx_transient_start(&r->model, steady, r->y);
  CLX_TRY(settle(r, error));
  clx_transient *out = r->out;
  const double before = clx_transient_stored(&r->model, r->y);
  clx_transient_roots(&r->model, r->y, root);
  if (is_throttled(r)) note_throttle(r);
  if (root[2] <= 0) note_air(r);
  CLX_TRY(advance(r, root, error));
  note_end(r);
  out->stored = clx_transient_stored(&r->model, r->y) - before;
  out->energy_in = r->y[r->model.state_count - 2] * r->model.energy;
  out->energy_out = r->y[r->model.state_count - 1] * r->model.energy;
  out->energy_residual =
      fabs(out->energy_in - out->energy_out - out->stored) / fmax(fmax(out->energy_in, out->energy_out), 1);
  clx_transient_solver_count(r->solver, &out->steps, &out->evaluations);
  return CLX_OK;
}

clx_status clx_transient_run(const clx_transient_input *input, clx_arena *arena, clx_transient *out, clx_error *error) {
  *out = (clx_transient){0};
  CLX_TRY(check_input(input, error));
  clx_transient_input own = *input;
  own.pump_inertia = input->pump_inertia > 0 ? input->pump_inertia : 2;
  own.pump_ramp = input->pump_ramp > 0 ? input->pump_ramp : 10;
  own.restart = input->restart > 0 ? input->restart : 300;
  int32_t members = 1;
  CLX_TRY(count_members(input, &members, error));
  clx_plant_state steady;
  CLX_TRY(clx_plant_solve(input->plant, input->liquid, input->air, input->outside, NULL, &steady, error));
  run r = {.out = out};
  CLX_TRY(clx_transient_model_build(&own, members, &steady, arena, &r.model, error));
  CLX_TRY(make_out(&r, &own, arena, error));
  const clx_status status = run_all(&r, &steady, input->tolerance > 0 ? input->tolerance : 1e-3, arena, error);
  clx_transient_solver_free(r.solver);
  return status;
}
