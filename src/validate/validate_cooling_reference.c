// The published liquid-cooled plant of 1 MW (Modelica Buildings Library, ChillerWSE) from its description: its networks of pipes give the flows and heads of
// its pumps, our plant its temperatures, and its hysteresis starts the chiller. docs/model/cooling/reference.md.
#include <math.h>
#include <string.h>

#include "cooling/cooling_hydraulic.h"
#include "cooling/cooling_plant.h"
#include "validate/validate_cooling_internal.h"

typedef clx_cooling_asked asked;

// What the library's model states: W, K, Pa, m.
static const double DESIGN = 1e6, RISE = 5, EXCHANGER = 80e3, PLATES = 50e3, VALVE = 20e3, FILTER = 65e3,
                    FILTER_EXPONENT = 1.76, PIPE_LENGTH = 20, PIPE_BENDS = 2, PIPE_SPEED = 5, PIPE_ROUGHNESS = 0.015e-3,
                    COOL = 303.15, START = 315.15, STOP = 314.15;

enum { STRIDE = 3 };                                // every third hour
enum { RACK, FACILITY, ECONOMISER, TOWER, LOOPS };  // of the entry, in its order
enum { UNIT_CDU, UNIT_ECONOMISER, UNIT_CHILLER, UNIT_HEADER, UNIT_COOLER, UNITS };

typedef struct reference {
  double load, economiser,
      pump_heat;  // W of the racks; that the economiser is sized for; share of the CDU pump's power that warms its fluid
  clx_plant *plant;
  double chiller_pumps, economiser_pump;  // W of the two that turn with the chiller; of the economiser's at full speed
  bool year_done;
  double pumps, fans, compressors, chiller_time;  // J, s of the year
  double it, warmest;                             // J; K behind the economiser in the hottest hour, without the chiller
} reference;

// --- networks --------------------------------------------------------------------------------------------------------------------

// A pipe of 20 m, its bends as much again, of the diameter at which the design flow (m3/s) moves at 5 m/s.
static clx_branch pipe(int32_t from, int32_t to, double design) {
  return (clx_branch){.name = "pipe",
                      .kind = CLX_BRANCH_PIPE,
                      .from = from,
                      .to = to,
                      .length = PIPE_LENGTH * PIPE_BENDS,
                      .diameter = sqrt(4 * design / (3.14159265358979323846 * PIPE_SPEED)),
                      .roughness = PIPE_ROUGHNESS};
}

static clx_branch resist(int32_t from, int32_t to, double pressure, double design, double exponent) {
  return (clx_branch){.name = "resistance",
                      .kind = CLX_BRANCH_RESISTANCE,
                      .from = from,
                      .to = to,
                      .pressure = pressure,
                      .design = design,
                      .exponent = exponent};
}

static clx_hydraulic network(const clx_loop *loop, clx_branch *branch, int32_t count) {
  static const char *const NODES[] = {"a", "b", "c", "d", "e", "f"};
  clx_fluid_state state;
  clx_fluid_at(&loop->fluid, loop->spec.supply, &state, NULL);
  return (clx_hydraulic){.node = NODES,
                         .node_count = count,
                         .branch = branch,
                         .branch_count = count,
                         .density = state.density,
                         .viscosity = state.viscosity};
}

static clx_status solve(const clx_hydraulic *net, clx_arena *arena, double *flow, clx_error *error) {
  double flows[8], pressures[8];
  clx_hydraulic_state state = {.flow = flows, .pressure = pressures};
  CLX_TRY(clx_hydraulic_check(net, error));
  CLX_TRY(clx_hydraulic_solve(net, NULL, arena, &state, error));
  *flow = state.flow[0];
  return CLX_OK;
}

// Pa of the CDU's pump at the racks' flow: it holds what the racks' side takes at design outside of it (plates, valve and two pipes); inside are its
// exchanger and filter.
static double rack_pressure(const clx_loop *loop, double design, double flow) {
  clx_branch held = pipe(0, 1, design);
  const clx_hydraulic net = network(loop, &held, 1);
  const double outside = PLATES + VALVE + 2 * clx_branch_loss(&net, &held, design, NULL), share = flow / design;
  return outside + EXCHANGER * share * share + FILTER * pow(share, FILTER_EXPONENT);
}

// The tower's pump at full speed, sized for the economiser's flow through two pipes and an exchanger's pressure, on two pipes and a dry cooler that takes
// that pressure at the flow of the whole design. m3/s.
static clx_status tower_flow(const asked *a, const clx_loop *loop, double nominal, double design, clx_mover_size *pump,
                             double *flow, clx_error *error) {
  clx_branch branch[4] = {{.name = "pump", .kind = CLX_BRANCH_PUMP, .from = 0, .to = 1, .speed = 1},
                          pipe(1, 2, nominal),
                          resist(2, 3, EXCHANGER, design, 2),
                          pipe(3, 0, nominal)};
  const clx_hydraulic net = network(loop, branch, 4);
  pump->flow = nominal;
  pump->head = EXCHANGER + 2 * clx_branch_loss(&net, &branch[1], nominal, NULL);
  pump->motor_rating = 0;
  branch[0].pump = *pump;
  return solve(&net, a->run->arena, flow, error);
}

// --- the plant --------------------------------------------------------------------------------------------------------------------

static clx_status build(const asked *a, clx_plant_spec *spec, double load, clx_plant *plant, clx_error *error) {
  const clx_equipment *equipment = NULL;
  CLX_TRY(clx_catalog_read_equipment(a->run->catalog, spec, a->run->arena, &equipment, error));
  const clx_plant_finder finder = clx_equipment_finder(equipment);
  const clx_air design =
      clx_air_from_relative(COOL, 0.4, 101325);  // its one dry cooler has a size of its own: no day is to size it
  CLX_TRY(clx_plant_build(spec, &finder, load, 0, &design, a->run->arena, plant, error));
  if (plant->loop_count == LOOPS && plant->unit_count == UNITS) return CLX_OK;
  return clx_fail(error, CLX_INPUT, a->place, "'%.60s' is not laid out as the published plant: read %d loops, %d units",
                  a->of, plant->loop_count, plant->unit_count);
}

// A fixed loop moves `flow` kg/s.
static void set_flow(clx_plant_spec *spec, const clx_plant *plant, int32_t l, double flow) {
  spec->loop[l].range *= plant->loop[l].flow / flow;
}

// A pump of its own nominal point on a loop that resists with `head` at `flow` kg/s.
static void set_pump(clx_plant *plant, int32_t l, double nominal, double nominal_head, double flow, double head) {
  clx_loop *loop = &plant->loop[l];
  loop->pump.flow = nominal / loop->density;
  loop->pump.head = nominal_head;
  loop->pump.motor_rating = 0;
  loop->spec.pressure = head * pow(loop->flow / flow, loop->spec.exponent);
}

static double pump_power(const clx_loop *like, double flow, double head) {
  clx_mover_size size = like->pump;
  size.flow = flow / like->density;
  size.head = head;
  size.motor_rating = 0;
  return clx_mover_running(&size, size.flow, 1).electric;
}

// Sizes it from the description: first for the heat capacities of its fluids, then with the flows that its networks give.
static clx_status open_plant(const asked *a, reference *r, clx_error *error) {
  clx_plant_spec *spec = CLX_NEW(a->run->arena, clx_plant_spec);
  clx_plant *plant = CLX_NEW(a->run->arena, clx_plant);
  if (spec == NULL || plant == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  CLX_TRY(clx_catalog_read_plant(a->run->catalog, a->of, a->place, a->run->arena, spec, error));
  spec->loop[RACK].pump_heat = r->pump_heat;
  CLX_TRY(build(a, spec, r->load, plant, error));
  const clx_loop *loop = plant->loop;
  double design[LOOPS], share[LOOPS];  // kg/s of the whole design, and of the economiser's part
  for (int32_t l = 0; l < LOOPS; l++) {
    design[l] = DESIGN / (RISE * loop[l].capacity);
    share[l] = r->economiser / (RISE * loop[l].capacity);
  }
  double tower = 0;
  const double density = loop[TOWER].density;
  clx_mover_size pump = loop[TOWER].pump;
  CLX_TRY(tower_flow(a, &loop[TOWER], share[TOWER] / density, design[TOWER] / density, &pump, &tower, error));
  const double head = clx_mover_head(&pump, tower, 1, NULL), rack = r->load / (RISE * loop[RACK].capacity);
  set_flow(spec, plant, TOWER, tower * density);
  set_flow(spec, plant, ECONOMISER, share[ECONOMISER]);  // at full speed against its own exchanger: its nominal flow
  spec->loop[RACK].pressure = rack_pressure(&loop[RACK], design[RACK] / loop[RACK].density, rack / loop[RACK].density);
  CLX_TRY(build(a, spec, r->load, plant, error));
  set_pump(plant, FACILITY, share[FACILITY], EXCHANGER, share[FACILITY], EXCHANGER);
  set_pump(plant, ECONOMISER, share[ECONOMISER], EXCHANGER, share[ECONOMISER], EXCHANGER);
  set_pump(plant, TOWER, pump.flow * density, pump.head, tower * density, head);
  const double condenser = (DESIGN - r->economiser) * 1.2 / (RISE * loop[TOWER].capacity);
  r->chiller_pumps = pump_power(&plant->loop[FACILITY], design[FACILITY], EXCHANGER);
  r->economiser_pump = pump_power(&plant->loop[FACILITY], share[FACILITY], EXCHANGER);
  if (condenser > 0) r->chiller_pumps += pump_power(&plant->loop[TOWER], condenser, EXCHANGER);
  r->plant = plant;
  return CLX_OK;
}

static clx_status opened(const asked *a, clx_cooling_kept *kept, double pump_heat, reference **out, clx_error *error) {
  reference *r = kept != NULL ? kept->reference : NULL;
  if (!(a->x[0] > 0 && a->x[0] <= DESIGN) || !(a->x[1] >= a->x[0] && a->x[1] <= DESIGN))
    return clx_fail(error, CLX_INPUT, a->place,
                    "expected load and economiser from 0 to 1 MW, the load no larger, read %g and %g W", a->x[0],
                    a->x[1]);
  if (r == NULL || r->load != a->x[0] || r->economiser != a->x[1]) {
    r = CLX_NEW(a->run->arena, reference);
    if (r == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
    *r = (reference){.load = a->x[0], .economiser = a->x[1], .pump_heat = pump_heat};
    CLX_TRY(open_plant(a, r, error));
    if (kept != NULL) kept->reference = r;
  }
  *out = r;
  return CLX_OK;
}

// One moment, with the chiller or without. *pumps: W of all that the source counts; what the facility moves beyond the economiser's pump passes by it, and takes
// no heat less, as the tower's side is the smaller one.
static clx_status moment(const reference *r, const clx_air *air, bool chiller, clx_plant_state *state, double *pumps,
                         clx_error *error) {
  clx_plant_fault fault;
  for (int32_t l = 0; l < CLX_LOOPS_MAX; l++) fault.pump[l] = 1;
  for (int32_t u = 0; u < CLX_PLANT_UNITS_MAX; u++) fault.unit[u] = 1;
  fault.unit[UNIT_CHILLER] = chiller ? 1 : 0;
  CLX_TRY(clx_plant_solve(r->plant, r->load, 0, air, &fault, state, error));
  const clx_loop *loop = &r->plant->loop[FACILITY];
  const double most = r->economiser / (RISE * loop->capacity);
  *pumps = state->pumps + (chiller ? r->chiller_pumps : 0);
  if (state->loop[FACILITY].flow > most) *pumps += r->economiser_pump - state->loop[FACILITY].pump;
  return CLX_OK;
}

// The tower's pump turns at full speed while the water behind the economiser is above its set point; colder states are not of this description.
static clx_status check_speed(const clx_plant_state *state, const clx_air *air, clx_error *error) {
  if (state->unit[UNIT_ECONOMISER].out > STOP + 1e-6) return CLX_OK;
  return clx_fail_plain(
      error, CLX_INFEASIBLE,
      "the published plant at %.4g degC outside: its economiser cools to %.4g degC; expected more than "
      "%.4g, at which its tower's pump would slow down",
      air->dry_bulb - 273.15, state->unit[UNIT_ECONOMISER].out - 273.15, STOP - 273.15);
}

// Its year: the chiller starts where the water behind the economiser is warmer than 42 degC, and stops below 41.
static clx_status year(const asked *a, reference **out, clx_error *error) {
  clx_cooling_kept *kept = NULL;
  *out = NULL;
  CLX_TRY(clx_cooling_weather(a, &kept, error));
  if (kept == NULL) return CLX_OK;
  reference *r = NULL;
  CLX_TRY(opened(a, kept, 1, &r, error));
  *out = r;
  if (r->year_done) return CLX_OK;
  bool chiller = false;
  double pumps = 0;
  const clx_weather *w = &kept->weather;
  int64_t hottest = 0;
  clx_plant_state state;
  for (int64_t i = 0; i < w->count; i++) hottest = w->dry_bulb[i] > w->dry_bulb[hottest] ? i : hottest;
  for (int64_t i = 0; i < w->count; i += STRIDE) {
    const double step = w->step * STRIDE;
    const clx_air air = clx_weather_air(w, i);
    CLX_TRY(moment(r, &air, chiller, &state, &pumps, error));
    const double behind = state.unit[UNIT_ECONOMISER].out;
    if (chiller ? behind < STOP : behind > START) {
      chiller = !chiller;
      CLX_TRY(moment(r, &air, chiller, &state, &pumps, error));
    }
    if (!chiller) CLX_TRY(check_speed(&state, &air, error));
    r->pumps += pumps * step;
    r->fans += state.fans * step;
    r->compressors += state.compressors * step;
    r->chiller_time += chiller ? step : 0;
    r->it += r->load * step;
  }
  const clx_air air = clx_weather_air(w, hottest);
  CLX_TRY(moment(r, &air, false, &state, &pumps, error));
  r->warmest = state.unit[UNIT_ECONOMISER].out;
  r->year_done = true;
  return CLX_OK;
}

// --- figures ----------------------------------------------------------------------------------------------------------------------

static clx_status reference_pue(const asked *a, double *out, clx_error *error) {
  reference *r = NULL;
  CLX_TRY(year(a, &r, error));
  if (r != NULL) *out = 1 + (r->pumps + r->fans + r->compressors) / r->it;
  return CLX_OK;
}

static clx_status reference_pumps(const asked *a, double *out, clx_error *error) {
  reference *r = NULL;
  CLX_TRY(year(a, &r, error));
  if (r != NULL) *out = r->pumps;
  return CLX_OK;
}

static clx_status reference_fans(const asked *a, double *out, clx_error *error) {
  reference *r = NULL;
  CLX_TRY(year(a, &r, error));
  if (r != NULL) *out = r->fans;
  return CLX_OK;
}

static clx_status reference_compressors(const asked *a, double *out, clx_error *error) {
  reference *r = NULL;
  CLX_TRY(year(a, &r, error));
  if (r != NULL) *out = r->compressors;
  return CLX_OK;
}

static clx_status reference_chiller_time(const asked *a, double *out, clx_error *error) {
  reference *r = NULL;
  CLX_TRY(year(a, &r, error));
  if (r != NULL) *out = r->chiller_time;
  return CLX_OK;
}

// K of the water behind the economiser in the year's hottest hour, the chiller off: above 42 degC it would start.
static clx_status reference_warmest(const asked *a, double *out, clx_error *error) {
  reference *r = NULL;
  CLX_TRY(year(a, &r, error));
  if (r != NULL) *out = r->warmest;
  return CLX_OK;
}

// Supply and return of a loop at x[2] K outside, the chiller off.
static clx_status reference_loop(const asked *a, clx_loop_state *out, clx_error *error) {
  reference *r = NULL;
  clx_plant_state state;
  double pumps = 0;
  CLX_TRY(opened(a, NULL, a->x[3], &r, error));
  const clx_air air = clx_air_from_relative(a->x[2], 0.4, 101325);
  CLX_TRY(moment(r, &air, false, &state, &pumps, error));
  for (int32_t l = 0; l < LOOPS; l++) {
    if (strcmp(r->plant->loop[l].spec.name, a->system) != 0) continue;
    *out = state.loop[l];
    return CLX_OK;
  }
  return clx_fail(error, CLX_INPUT, a->system_place, "plant '%.60s' has no loop '%.60s'", a->of, a->system);
}

static clx_status reference_supply(const asked *a, double *out, clx_error *error) {
  clx_loop_state loop;
  CLX_TRY(reference_loop(a, &loop, error));
  *out = loop.supply;
  return CLX_OK;
}

static clx_status reference_back(const asked *a, double *out, clx_error *error) {
  clx_loop_state loop;
  CLX_TRY(reference_loop(a, &loop, error));
  *out = loop.back;
  return CLX_OK;
}

#define YEAR \
  {"load", "economiser"}, { "W", "W" }
#define MOMENT \
  {"load", "economiser", "outside", "pump_heat"}, { "W", "W", "K", "" }

static const clx_cooling_figure FIGURES[] = {
    {"reference_pue", "", YEAR, "plant", reference_pue, NULL, true},
    {"reference_pumps", "J", YEAR, "plant", reference_pumps, NULL, true},
    {"reference_fans", "J", YEAR, "plant", reference_fans, NULL, true},
    {"reference_compressors", "J", YEAR, "plant", reference_compressors, NULL, true},
    {"reference_chiller_time", "s", YEAR, "plant", reference_chiller_time, NULL, true},
    {"reference_warmest", "K", YEAR, "plant", reference_warmest, NULL, true},
    {"reference_supply", "K", MOMENT, "plant", reference_supply, "a loop of the plant", false},
    {"reference_back", "K", MOMENT, "plant", reference_back, "a loop of the plant", false},
};
const clx_cooling_figures clx_cooling_figures_reference = {FIGURES, CLX_COUNT(FIGURES)};
