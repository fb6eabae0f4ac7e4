// Trips, what takes over, what comes back; stages of chillers. docs/model/cooling/transient.md.
#include <math.h>
#include <stdio.h>

#include "cooling/cooling_transient_internal.h"

const char *const clx_trip_kind_name[CLX_TRIP_KINDS + 1] = {"pump", "unit", "power", "restore", "load", NULL};
const char *const clx_transient_event_name[CLX_EVENT_KINDS + 1] = {
    [CLX_EVENT_TRIP] = "trip",         [CLX_EVENT_RESTORE] = "restore",     [CLX_EVENT_LOAD] = "load",
    [CLX_EVENT_TAKEOVER] = "takeover", [CLX_EVENT_RESTART] = "restart",     [CLX_EVENT_WARM] = "warm",
    [CLX_EVENT_COOL] = "cool",         [CLX_EVENT_AIR_LIMIT] = "air limit", [CLX_EVENT_THROTTLE] = "throttle",
    [CLX_EVENT_SHUTDOWN] = "shutdown", [CLX_EVENT_RECOVERED] = "recovered"};

void clx_transient_note(clx_transient *out, double at, int32_t kind, int32_t member, const char *what) {
  out->events++;
  if (out->event_count == CLX_TRANSIENT_EVENTS_MAX) return;
  int32_t i = out->event_count++;
  for (; i > 0 && out->event[i - 1].at > at; i--) out->event[i] = out->event[i - 1];
  out->event[i] = (clx_transient_event){at, kind, member, what};
}

// A restart that is announced and does not come.
static void forget_restart(clx_transient *out, double time, int32_t member, const char *what) {
  int32_t kept = 0;
  for (int32_t i = 0; i < out->event_count; i++) {
    const clx_transient_event *e = &out->event[i];
    const bool gone = e->kind == CLX_EVENT_RESTART && e->at > time && e->member == member && e->what == what;
    if (gone) out->events--;
    if (!gone) out->event[kept++] = *e;
  }
  out->event_count = kept;
}

// What is left of the effort without power: fans and compressors stop, valves and what is passive do not.
static double without_power(const clx_transient_unit *u) {
  if (u->unit->spec.kind == CLX_PLANT_EXCHANGER) return 1;
  // Draught of a tower with its fan off; heat is taken to go with it.
  if (u->unit->spec.kind == CLX_PLANT_TOWER && u->unit->tower.tower) return u->unit->tower.tower->free_share;
  return 0;
}

static double start_time(const clx_transient_model *model, const clx_transient_unit *u) {
  if (!u->unit->chiller) return 0;
  const double own = u->unit->chiller->restart_time;
  return own > 0 ? own : model->input->restart;
}

static int32_t member_of(const clx_transient_model *model, const clx_transient_loop *loop) {
  const int32_t i = (int32_t)(loop - model->loop);
  return i < model->members && model->members > 1 ? i : -1;
}

static void stop_pumps(clx_transient_model *model, clx_transient_loop *loop, double count, bool failed, double time,
                       double *y, clx_transient *out) {
  const clx_transient_row *row = &model->row[loop->row];
  const double on = clx_ramp_at(&loop->running, time), stops = count < 0 ? on : fmin(count, on);
  if (stops <= 0) return;
  double *mine = y + loop->at;
  const double left = on - stops;
  mine[CLX_AT_COAST] = fmax(mine[CLX_AT_COAST], mine[CLX_AT_SPEED]);
  loop->coasting = stops;
  if (failed) loop->lost_pumps += count < 0 ? row->pumps + row->spare : stops;  // all: those that stand by, too
  double then = left;
  if (failed) then = fmax(left, fmin(row->pumps, row->pumps + row->spare - loop->lost_pumps));
  if (left <= 0) mine[CLX_AT_SPEED] = 0;
  // Those that stood by come up by their own speed where none runs, otherwise beside the others.
  loop->running = left > 0 ? (clx_ramp){left, then, time, model->input->pump_ramp} : (clx_ramp){then, then, time, 1};
  if (then > left) clx_transient_note(out, time, CLX_EVENT_TAKEOVER, member_of(model, loop), row->loop->spec.name);
}

static void start_pumps(clx_transient_model *model, clx_transient_loop *loop, double time, double *y) {
  const clx_transient_row *row = &model->row[loop->row];
  const double on = clx_ramp_at(&loop->running, time);
  double *mine = y + loop->at;
  loop->lost_pumps = 0;
  if (on >= row->pumps) return;
  if (on <= 0) {
    mine[CLX_AT_SPEED] = mine[CLX_AT_COAST];  // caught while they still turn
    loop->running = (clx_ramp){row->pumps, row->pumps, time, 1};
  } else {
    loop->running = (clx_ramp){on, row->pumps, time, model->input->pump_ramp};
  }
  loop->coasting = 0;
  mine[CLX_AT_COAST] = 0;
}

static double effort_sum(const clx_transient_loop *loop, int32_t units, double effort, double *each) {
  double sum = 0;
  for (int32_t k = 0; k < units; k++) {
    if (each[k] < 0) each[k] = clx_transient_effort(loop, k, effort);
    if (loop->on[k].to > 0 || loop->lost[k] <= 0) sum += each[k];
  }
  return sum;
}

static void stop_units(clx_transient_model *model, clx_transient_loop *loop, int32_t k, double count, double time,
                       double *y, clx_transient *out) {
  const clx_transient_row *row = &model->row[loop->row];
  const clx_transient_unit *u = &row->unit[k];
  const double on = clx_ramp_at(&loop->on[k], time), stops = count < 0 ? on : fmin(count, on);
  if (stops <= 0) return;
  double each[CLX_TRANSIENT_UNITS], *effort = &y[loop->at + CLX_AT_EFFORT];
  for (int32_t j = 0; j < row->unit_count; j++) each[j] = -1;
  effort_sum(loop, row->unit_count, *effort, each);
  loop->lost[k] += stops;
  const double left = on - stops;
  loop->on[k] = (clx_ramp){left, left, time, 1};
  *effort = effort_sum(loop, row->unit_count, *effort, each);
  if (u->unit->cdu && u->count > 0) stop_pumps(model, loop, stops / u->count * row->pumps, true, time, y, out);
}

static void start_units(clx_transient_model *model, clx_transient_loop *loop, int32_t k, double time,
                        clx_transient *out) {
  const clx_transient_unit *u = &model->row[loop->row].unit[k];
  const double on = clx_ramp_at(&loop->on[k], time), power = clx_ramp_at(&loop->power[k], time);
  const double effort = power * (u->count > 0 ? on / u->count : 1);
  loop->lost[k] = 0;
  if (effort >= 1) return;
  const double wait = start_time(model, u);
  loop->on[k] = (clx_ramp){u->count, u->count, time, 1};
  loop->power[k] = (clx_ramp){effort, 1, time + wait, u->stroke};
  clx_transient_note(out, time + wait, CLX_EVENT_RESTART, member_of(model, loop), u->unit->spec.name);
}

static bool chosen(const clx_trip *trip, const char *name) { return !trip->of || clx_text_equal_loose(trip->of, name); }

// Pumps and units are whole, and no more than there are.
clx_status clx_transient_trip_count(const clx_plant *plant, const clx_trip *trip, clx_error *error) {
  const bool pump = trip->kind == CLX_TRIP_PUMP;
  if (!(trip->count > 0) || !trip->of || (!pump && trip->kind != CLX_TRIP_UNIT)) return CLX_OK;
  double there = 0, spare = 0;
  for (int32_t i = 0; pump && i < plant->loop_count; i++) {
    const clx_loop_spec *spec = &plant->loop[i].spec;
    if (!chosen(trip, spec->name)) continue;
    there = spec->pumps > 0 ? spec->pumps : 1;
    spare = spec->pumps_spare;
  }
  for (int32_t i = 0; !pump && i < plant->unit_count; i++) {
    if (!chosen(trip, plant->unit[i].spec.name)) continue;
    there = plant->unit[i].count;
    spare = plant->unit[i].spec.spare;
  }
  // What the last of a row carries is a share of a unit where the plant sizes it so.
  if (trip->count <= ceil(there + spare - 1e-9) && !(trip->count > floor(trip->count))) return CLX_OK;
  char beside[48] = "";
  if (spare > 0) snprintf(beside, sizeof beside, " and %g spare", spare);
  return clx_fail_plain(error, CLX_INPUT, "trip of %s: count is %g: expected a whole number, %s has %g %s%s", trip->of,
                        trip->count, pump ? "each such loop" : "the plant", there, pump ? "pumps" : "of them", beside);
}

clx_status clx_transient_trip_check(const clx_transient_model *model, const clx_trip *trip, clx_error *error) {
  const clx_plant *plant = model->plant;
  if (trip->kind < 0 || trip->kind >= CLX_TRIP_KINDS)
    return clx_fail_plain(error, CLX_INPUT, "trip: no kind %d", trip->kind);
  const char *kind = clx_trip_kind_name[trip->kind];
  if (!(trip->at >= 0) || !isfinite(trip->at))
    return clx_fail_plain(error, CLX_INPUT, "%s trip: at is %g s: expected 0 or more", kind, trip->at);
  bool loop = !trip->of, unit = !trip->of;
  for (int32_t i = 0; i < plant->loop_count; i++) loop = loop || chosen(trip, plant->loop[i].spec.name);
  for (int32_t i = 0; i < plant->unit_count; i++) unit = unit || chosen(trip, plant->unit[i].spec.name);
  const bool known = trip->kind == CLX_TRIP_PUMP ? loop : trip->kind == CLX_TRIP_UNIT ? unit && trip->of : loop || unit;
  if (!known) {
    return clx_fail_plain(error, CLX_INPUT, "%s trip: of is \"%s\": the plant has no such %s", kind,
                          trip->of ? trip->of : "",
                          trip->kind == CLX_TRIP_PUMP   ? "loop"
                          : trip->kind == CLX_TRIP_UNIT ? "unit"
                                                        : "loop or unit");
  }
  if (trip->kind == CLX_TRIP_LOAD && !(trip->count >= 0 && trip->count <= 2)) {
    return clx_fail_plain(error, CLX_INPUT, "load trip: count is %g: expected a share of the load, 0 to 2",
                          trip->count);
  }
  CLX_TRY(clx_transient_trip_count(plant, trip, error));
  if (!isfinite(trip->count) || trip->member >= model->members) {
    return clx_fail_plain(error, CLX_INPUT, "%s trip: member is %d, count %g: expected one of %d loops and a number",
                          kind, trip->member, trip->count, model->members);
  }
  return CLX_OK;
}

// One loop. `left`: units of the row that are still to stop.
static void trip_loop(clx_transient_model *model, const clx_trip *trip, clx_transient_loop *loop, double *y,
                      double *left, clx_transient *out) {
  const clx_transient_row *row = &model->row[loop->row];
  const bool here = chosen(trip, row->loop->spec.name);
  if (trip->kind == CLX_TRIP_PUMP && here) stop_pumps(model, loop, trip->count, true, trip->at, y, out);
  if (trip->kind == CLX_TRIP_POWER && here && !model->input->backup_pumps)
    stop_pumps(model, loop, -1, false, trip->at, y, out);
  if (trip->kind == CLX_TRIP_RESTORE && here) start_pumps(model, loop, trip->at, y);
  if (trip->kind == CLX_TRIP_LOAD) loop->load = trip->count;
  for (int32_t k = 0; k < row->unit_count; k++) {
    const clx_transient_unit *u = &row->unit[k];
    const bool this_one = chosen(trip, u->unit->spec.name);
    if (!this_one) continue;
    if (trip->kind == CLX_TRIP_UNIT) {
      const double stops = trip->count < 0 ? -1 : fmin(u->count, *left / loop->weight);
      if (stops != 0) stop_units(model, loop, k, stops, trip->at, y, out);
      *left -= fmax(stops, 0) * loop->weight;
    } else if (trip->kind == CLX_TRIP_POWER) {
      const double power = fmin(clx_ramp_at(&loop->power[k], trip->at), without_power(u));
      forget_restart(out, trip->at, member_of(model, loop), u->unit->spec.name);
      loop->power[k] = (clx_ramp){power, power, trip->at, 1};
    } else if (trip->kind == CLX_TRIP_RESTORE) {
      start_units(model, loop, k, trip->at, out);
    }
  }
}

void clx_transient_trip(clx_transient_model *model, const clx_trip *trip, double *y, clx_transient *out) {
  double left = fmax(trip->count, 0);
  const int32_t kind = trip->kind == CLX_TRIP_RESTORE ? CLX_EVENT_RESTORE
                       : trip->kind == CLX_TRIP_LOAD  ? CLX_EVENT_LOAD
                                                      : CLX_EVENT_TRIP;
  clx_transient_note(out, trip->at, kind, trip->member, trip->of);
  for (int32_t i = 0; i < model->loop_count; i++) {
    clx_transient_loop *loop = &model->loop[i];
    if (trip->member >= 0 && loop->row == model->racks && i != trip->member) continue;
    trip_loop(model, trip, loop, y, &left, out);
  }
}

// Chillers that share the heat: as few as carry it; `exact`: without the hysteresis of 10 % that keeps them from hunting. True where it changed.
bool clx_transient_stage(clx_transient_model *model, const clx_transient_work *work, const double *y, bool exact) {
  bool changed = false;
  for (int32_t i = 0; i < model->loop_count; i++) {
    clx_transient_loop *loop = &model->loop[i];
    const clx_transient_row *row = &model->row[loop->row];
    for (int32_t k = 0; k < row->unit_count; k++) {
      const clx_transient_unit *u = &row->unit[k];
      if (!u->unit->chiller) continue;
      const double entering = u->into < 0 ? model->input->outside->dry_bulb : work->in[i].supply[k];
      const double one = clx_transient_chiller_most(row, u, y[loop->at + CLX_AT_UNITS], entering);
      const double need = one > 0 ? work->out[i].taken[k] / one : 0, had = loop->staged[k];
      double want = fmax(ceil(need - 1e-6), 1);
      if (!exact && want < had && need > had - 1.1) want = had;
      want = fmin(want, fmax(ceil(u->count), 1));
      changed = changed || want != had;
      loop->staged[k] = want;
    }
  }
  return changed;
}
