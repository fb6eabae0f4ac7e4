// The smallest plant that holds a supply temperature through the design day. docs/model/cooling/design.md.
#include "cooling/cooling_design.h"

#include <math.h>
#include <string.h>

enum { MARGINS = 12 };

// One trial: the plant as specified, with its supply moved and counts of the rows that are found.
typedef struct trial {
  const clx_cooling_design_input *input;
  clx_plant_spec spec;  // own loops and units
  clx_air air;
  double margin;  // by which the plant is built for more heat than it carries
  clx_plant *plant;
  clx_plant_state *state;
  clx_arena *arena;
} trial;

static int32_t loop_named(const clx_plant_spec *spec, const char *name) {
  for (int32_t i = 0; name != NULL && i < spec->loop_count; i++) {
    if (clx_text_equal(spec->loop[i].name, name)) return i;
  }
  return -1;
}

// The loop whose supply is asked for: the racks' liquid, or the hall air where there is none.
static int32_t racks(const clx_plant_spec *spec) {
  return loop_named(spec, spec->liquid != NULL ? spec->liquid : spec->air);
}

clx_air clx_cooling_design_air(const clx_weather *weather, double exceeded) {
  const double dry = clx_weather_exceeded(weather, CLX_WEATHER_DRY_BULB, exceeded);
  const double wet = clx_weather_exceeded(weather, CLX_WEATHER_WET_BULB, exceeded);
  double pressure = 0;
  for (int64_t i = 0; i < weather->count; i++) pressure += (double)weather->pressure[i] / (double)weather->count;
  return clx_air_from_wet_bulb(dry, fmin(wet, dry), pressure);
}

// Whether chillers stand on the loop, so that what its exchangers cannot do they do: the loops beyond keep their set points.
static bool chilled(const clx_plant_spec *spec, const char *loop) {
  for (int32_t u = 0; u < spec->unit_count; u++) {
    const bool compressor = spec->unit[u].kind == CLX_PLANT_CHILLER || spec->unit[u].kind == CLX_PLANT_DX;
    if (compressor && clx_text_equal(spec->unit[u].loop, loop)) return true;
  }
  return false;
}

// Moves the racks' set point, and with it those of the loops that take their heat over exchangers alone.
void clx_cooling_move_supply(clx_plant_spec *spec, double by) {
  bool moved[CLX_LOOPS_MAX] = {false};
  const int32_t first = racks(spec);
  if (first < 0) return;
  moved[first] = true;
  for (int32_t round = 0; round < spec->loop_count; round++) {
    for (int32_t u = 0; u < spec->unit_count; u++) {
      const int32_t from = loop_named(spec, spec->unit[u].loop), into = loop_named(spec, spec->unit[u].into);
      if (spec->unit[u].kind != CLX_PLANT_EXCHANGER || from < 0 || into < 0 || !moved[from]) continue;
      if (!chilled(spec, spec->unit[u].loop)) moved[into] = true;
    }
  }
  for (int32_t l = 0; l < spec->loop_count; l++) {
    if (!moved[l]) continue;
    spec->loop[l].supply += by;
    if (spec->loop[l].reset_least > spec->loop[l].supply) spec->loop[l].reset_least = spec->loop[l].supply;
  }
}

static clx_status open_trial(const clx_cooling_design_input *input, double supply, clx_arena *arena, trial *t,
                             clx_error *error) {
  const clx_plant_spec *spec = input->spec;
  *t = (trial){
      .input = input, .spec = *spec, .arena = arena, .air = clx_cooling_design_air(input->weather, input->exceeded)};
  t->spec.loop = CLX_NEW_ARRAY(arena, clx_loop_spec, spec->loop_count);
  t->spec.unit = CLX_NEW_ARRAY(arena, clx_plant_unit_spec, spec->unit_count);
  t->plant = CLX_NEW(arena, clx_plant);
  t->state = CLX_NEW(arena, clx_plant_state);
  if (t->spec.loop == NULL || t->spec.unit == NULL || t->plant == NULL || t->state == NULL) {
    return clx_fail_plain(error, CLX_MEMORY, "out of memory for a cooling plant");
  }
  memcpy(t->spec.loop, spec->loop, sizeof *spec->loop * (size_t)spec->loop_count);
  memcpy(t->spec.unit, spec->unit, sizeof *spec->unit * (size_t)spec->unit_count);
  const int32_t first = racks(spec);
  if (first >= 0 && supply > 0) clx_cooling_move_supply(&t->spec, supply - spec->loop[first].supply);
  return CLX_OK;
}

// Builds the plant and solves the design hour. *warm: built, but the racks' supply is not held.
static clx_status attempt(trial *t, bool *warm, clx_error *error) {
  const clx_cooling_design_input *input = t->input;
  const double more = 1 + t->margin;
  CLX_TRY(clx_plant_build(&t->spec, input->finder, input->liquid * more, input->air * more, &t->air, t->arena, t->plant,
                          error));
  CLX_TRY(clx_plant_solve(t->plant, input->liquid, input->air, &t->air, NULL, t->state, error));
  *warm = t->state->warm;
  return CLX_OK;
}

// Rows are sized one by one; where together they just miss the set point (pump heat, rounding) the plant is built for a little more heat.
static clx_status find_margin(trial *t, clx_error *error) {
  bool warm = true;
  double margin = 1e-6;
  CLX_TRY(attempt(t, &warm, error));
  for (int32_t i = 0; warm && i < MARGINS; i++, margin *= 3) {
    t->margin = margin;
    CLX_TRY(attempt(t, &warm, error));
  }
  if (!warm) return CLX_OK;
  const int32_t l = racks(&t->spec);
  return clx_fail(
      error, CLX_INFEASIBLE, t->spec.place,
      "sized for %.3g %% more heat the plant still supplies %.2f degC at its design hour, expected %.2f degC",
      100 * t->margin, t->state->loop[l].supply - 273.15, t->spec.loop[l].supply - 273.15);
}

// W of one unit that its catalogue entry fixes, so that there is something to count.
static bool counted(const clx_plant_unit *unit) {
  if (unit->cdu != NULL) return false;  // one for each loop of theirs: counted by the build
  if (unit->tower.tower != NULL) return unit->tower.tower->capacity > 0;
  if (unit->dry.cooler != NULL) return unit->dry.cooler->capacity > 0;
  return unit->chiller != NULL;
}

static bool holds(trial *t) {
  clx_error own = {0};
  bool warm = true;
  return attempt(t, &warm, &own) == CLX_OK && !warm;
}

// Takes out rows of chillers that stand idle at the design hour, where the plant holds every set point without them.
static clx_status drop_idle(trial *t, clx_cooling_design *design, clx_error *error) {
  for (int32_t u = t->spec.unit_count - 1; u >= 0; u--) {
    const clx_plant_unit_spec row = t->spec.unit[u];
    const bool compressor = row.kind == CLX_PLANT_CHILLER || row.kind == CLX_PLANT_DX;
    if (!compressor || row.count > 0 || t->state->unit[u].heat > 0) continue;
    clx_plant_unit_spec *at = t->spec.unit + u;
    const size_t after = sizeof *at * (size_t)(t->spec.unit_count - u - 1);
    memmove(at, at + 1, after);
    t->spec.unit_count--;
    if (holds(t)) {
      design->row[design->row_count++] = (clx_cooling_design_row){.unit = row.name};
      continue;
    }
    memmove(at + 1, at, after);
    *at = row;
    t->spec.unit_count++;
    bool warm = false;
    CLX_TRY(attempt(t, &warm, error));
  }
  return CLX_OK;
}

// The least number of each row that still holds the supply, from the outside inwards, the others as found.
static clx_status shrink(trial *t, clx_error *error) {
  double found[CLX_PLANT_UNITS_MAX];
  for (int32_t u = 0; u < t->spec.unit_count; u++) found[u] = t->plant->unit[u].count;
  for (int32_t u = t->spec.unit_count - 1; u >= 0; u--) {
    if (t->spec.unit[u].count > 0 || !counted(&t->plant->unit[u])) continue;
    double low = 0, high = found[u];
    t->spec.unit[u].count = high;
    if (!holds(t)) {  // it holds only as the build sized it
      t->spec.unit[u].count = 0;
      continue;
    }
    while (high - low > 1) {
      t->spec.unit[u].count = floor(0.5 * (low + high));
      if (holds(t))
        high = t->spec.unit[u].count;
      else
        low = t->spec.unit[u].count;
    }
    t->spec.unit[u].count = high;
  }
  bool warm = false;
  return attempt(t, &warm, error);
}

static double beyond(double stated, double asked, double count) { return fmax(stated, asked < 0 ? count : asked); }

static void add_spares(trial *t) {
  for (int32_t u = 0; u < t->plant->unit_count; u++) {
    clx_plant_unit *unit = &t->plant->unit[u];
    unit->spec.spare = beyond(unit->spec.spare, t->input->spare, unit->count);
  }
  for (int32_t l = 0; l < t->plant->loop_count; l++) {
    clx_loop *loop = &t->plant->loop[l];
    loop->spec.pumps_spare = beyond(loop->spec.pumps_spare, t->input->spare, loop->spec.pumps);
  }
}

static void add_rows(const trial *t, clx_cooling_design *design) {
  for (int32_t u = 0; u < t->plant->unit_count; u++) {
    const clx_plant_unit *unit = &t->plant->unit[u];
    const clx_unit_state *state = &t->state->unit[u];
    double capacity = unit->heat / unit->count;
    if (unit->chiller != NULL && state->running > 0 && state->share > 0) {
      capacity = state->heat / (state->running * state->share);
    }
    design->row[design->row_count++] = (clx_cooling_design_row){.unit = unit->spec.name,
                                                                .count = unit->count,
                                                                .spare = unit->spec.spare,
                                                                .capacity = capacity,
                                                                .load_share = state->heat / (unit->count * capacity)};
  }
}

// The coolest supply above the one asked for that some plant holds; 0 = none within 40 K.
static double closest_to(const clx_cooling_design_input *input, double supply, clx_arena *arena) {
  double low = 0, high = 40, found = 0;
  for (int32_t i = 0; i < 12; i++) {
    const double more = i == 0 ? high : 0.5 * (low + high);
    trial t;
    clx_error own = {0};
    const bool held = open_trial(input, supply + more, arena, &t, &own) == CLX_OK && find_margin(&t, &own) == CLX_OK;
    if (held) {
      found = supply + more;
      high = more;
    } else if (i == 0) {
      return 0;
    } else {
      low = more;
    }
  }
  return found;
}

static clx_status refuse(const clx_cooling_design_input *input, const clx_error *own, clx_arena *arena,
                         clx_cooling_design *design, clx_error *error) {
  design->closest = closest_to(input, design->supply, arena);
  if (design->closest <= 0) {
    return clx_fail(error, CLX_INFEASIBLE, input->spec->place,
                    "a supply of %.2f degC and up to 40 K more is not held: %s", design->supply - 273.15,
                    own->mistake[0].text);
  }
  return clx_fail(
      error, CLX_INFEASIBLE, input->spec->place,
      "no number of units holds a supply of %.2f degC at %.1f degC outside (wet bulb %.1f degC); the closest that "
      "this plant reaches is %.2f degC: %s",
      design->supply - 273.15, design->design.dry_bulb - 273.15, clx_air_wet_bulb(&design->design) - 273.15,
      design->closest - 273.15, own->mistake[0].text);
}

static clx_status check(const clx_cooling_design_input *input, clx_error *error) {
  if (!(input->exceeded >= 0 && input->exceeded <= 0.5)) {
    return clx_fail_plain(error, CLX_INPUT, "exceeded: %g of the hours, expected 0 to 0.5", input->exceeded);
  }
  if (!(input->supply == 0 || (input->supply >= 273.15 && input->supply <= 353.15))) {
    return clx_fail_plain(error, CLX_INPUT, "supply: %.2f degC, expected 0 to 80 degC", input->supply - 273.15);
  }
  if (!isfinite(input->spare)) {
    return clx_fail_plain(error, CLX_INPUT, "spare: %g units, expected a number", input->spare);
  }
  if (input->weather == NULL || input->weather->count < 1) {
    return clx_fail_plain(error, CLX_INPUT, "the weather has no samples; expected a year of them");
  }
  return clx_plant_check(input->spec, input->spec->place, error);
}

clx_status clx_cooling_design_run(const clx_cooling_design_input *input, clx_arena *arena, clx_cooling_design *design,
                                  clx_error *error) {
  memset(design, 0, sizeof *design);
  CLX_TRY(check(input, error));
  const int32_t first = racks(input->spec);
  design->supply = input->supply > 0 ? input->supply : input->spec->loop[first].supply;
  trial t;
  CLX_TRY(open_trial(input, design->supply, arena, &t, error));
  design->design = t.air;
  clx_error own = {0};
  clx_status status = find_margin(&t, &own);
  if (status == CLX_OK) status = drop_idle(&t, design, &own);
  if (status == CLX_OK) status = shrink(&t, &own);
  // A supply too cold for the outer set points is a wrong input for a plant, but for a designer a temperature that it cannot reach.
  if (status == CLX_INFEASIBLE || (status == CLX_INPUT && input->supply > 0))
    return refuse(input, &own, arena, design, error);
  if (status != CLX_OK) return clx_fail(error, status, input->spec->place, "%s", own.mistake[0].text);
  add_spares(&t);
  add_rows(&t, design);
  design->plant = *t.plant;
  design->needs_compressors = t.state->compressors > 0;
  const clx_cooling_year_input year = {.plant = &design->plant,
                                       .weather = input->weather,
                                       .liquid = input->liquid,
                                       .air = input->air,
                                       .it = input->it,
                                       .other = input->other};
  return clx_cooling_year_run(&year, arena, &design->year, error);
}
