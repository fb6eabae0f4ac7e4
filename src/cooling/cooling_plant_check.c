// What is wrong with a plant before any equipment is looked up.
#include "cooling/cooling_plant_internal.h"

#include <string.h>

int32_t clx_plant_loop_index(const clx_plant_spec *spec, const char *name) {
  for (int32_t i = 0; name != NULL && i < spec->loop_count; i++) {
    if (spec->loop[i].name != NULL && strcmp(spec->loop[i].name, name) == 0) return i;
  }
  return -1;
}

int32_t clx_plant_order(const clx_plant_spec *spec, int32_t *order) {
  bool done[CLX_LOOPS_MAX] = {false};
  for (int32_t n = 0; n < spec->loop_count; n++) {
    int32_t next = -1, stuck = -1;
    for (int32_t l = 0; l < spec->loop_count && next < 0; l++) {
      if (done[l]) continue;
      bool ready = true;
      for (int32_t u = 0; u < spec->unit_count; u++) {
        const int32_t from = clx_plant_loop_index(spec, spec->unit[u].loop);
        if (clx_plant_loop_index(spec, spec->unit[u].into) == l && from >= 0 && !done[from]) ready = false;
      }
      if (ready) next = l;
      stuck = l;
    }
    if (next < 0) return stuck;
    order[n] = next;
    done[next] = true;
  }
  return -1;
}

// Where the thing stood, or else where the plant did.
static clx_place at(clx_place own, clx_place plant) { return own.line > 0 ? own : plant; }

// The loop's name for a message.
static const char *nearest_loop(const clx_plant_spec *spec, const char *name) {
  const char *names[CLX_LOOPS_MAX];
  for (int32_t i = 0; i < spec->loop_count; i++) names[i] = spec->loop[i].name;
  const char *near = clx_nearest(name, names, spec->loop_count);
  return near != NULL ? near : names[0];
}

bool clx_plant_loop_range(const clx_loop_spec *loop, double *least, double *most) {
  clx_fluid fluid;
  if (!clx_fluid_named(loop->fluid, &fluid)) return false;
  *least = fluid.kind == CLX_FLUID_AIR ? 233.15 : clx_fluid_freezing(&fluid);
  *most = clx_plant_hottest(&fluid) - loop->range;
  return true;
}

static clx_status check_loop(const clx_plant_spec *spec, int32_t index, clx_place plant, clx_error *error) {
  const clx_loop_spec *loop = &spec->loop[index];
  const clx_place place = at(loop->place, plant);
  clx_status status = CLX_OK;
  double low = 0, high = 0;
  if (clx_plant_loop_index(spec, loop->name) != index) {
    status = clx_fail(error, CLX_INPUT, place, "loop \"%s\" stands twice; expected a name of its own", loop->name);
  }
  if (!clx_plant_loop_range(loop, &low, &high)) {
    return clx_fail(error, CLX_INPUT, place, "fluid of loop \"%s\" is \"%s\"; expected water, pg25 or air", loop->name,
                    loop->fluid);
  }
  if (!(loop->supply > low && loop->supply < high)) {
    status = clx_fail(
        error, CLX_INPUT, place,
        "loop \"%s\" goes from %.4g to %.4g degC; expected temperatures of its fluid, between %.4g and %.4g degC",
        loop->name, loop->supply - 273.15, loop->supply + loop->range - 273.15, low - 273.15,
        high + loop->range - 273.15);
  }
  if (!(loop->range > 0)) {
    status = clx_fail(error, CLX_INPUT, place, "range of loop \"%s\" is %g K; expected more than 0", loop->name,
                      loop->range);
  }
  if (loop->reset_least > loop->supply) {
    status = clx_fail(error, CLX_INPUT, place, "reset_least of loop \"%s\" is %.4g degC, above its supply of %.4g degC",
                      loop->name, loop->reset_least - 273.15, loop->supply - 273.15);
  }
  if (!(loop->pumps > 0)) {
    status = clx_fail(error, CLX_INPUT, place, "loop \"%s\" has %g pumps; nothing moves it: expected at least one",
                      loop->name, loop->pumps);
  }
  return status;
}

// Whether heat arrives in the loop, and whether something takes it away.
// Flow by demand follows valves of units that give heat to the loop.
static clx_status check_demand(const clx_plant_spec *spec, int32_t index, clx_place plant, clx_error *error) {
  const clx_loop_spec *loop = &spec->loop[index];
  if (loop->control != CLX_FLOW_DEMAND) return CLX_OK;
  for (int32_t u = 0; u < spec->unit_count; u++)
    if (clx_text_equal(spec->unit[u].into, loop->name)) return CLX_OK;
  return clx_fail(error, CLX_INPUT, at(loop->place, plant),
                  "loop \"%s\" has control demand and no unit gives heat to it; expected fixed, range or pressure",
                  loop->name);
}

static clx_status check_connected(const clx_plant_spec *spec, int32_t index, clx_place plant, clx_error *error) {
  const clx_loop_spec *loop = &spec->loop[index];
  bool filled = clx_plant_loop_index(spec, spec->liquid) == index || clx_plant_loop_index(spec, spec->air) == index;
  bool emptied = false, moved = loop->pump != NULL;
  for (int32_t u = 0; u < spec->unit_count; u++) {
    const clx_plant_unit_spec *unit = &spec->unit[u];
    if (clx_plant_loop_index(spec, unit->into) == index) filled = true;
    if (clx_plant_loop_index(spec, unit->loop) != index) continue;
    emptied = true;
    if (unit->kind == CLX_PLANT_EXCHANGER && unit->equipment != NULL) moved = true;
  }
  clx_status status = CLX_OK;
  if (!moved) {
    status = clx_fail(error, CLX_INPUT, at(loop->place, plant),
                      "nothing moves loop \"%s\"; expected a pump (an entry of catalogue/mover)", loop->name);
  }
  if (!emptied) {
    status = clx_fail(error, CLX_INPUT, at(loop->place, plant),
                      "loop \"%s\" is disconnected: heat enters it and no unit takes any from it", loop->name);
  }
  if (!filled) {
    status = clx_fail(error, CLX_INPUT, at(loop->place, plant),
                      "loop \"%s\" is disconnected: no racks and no unit give heat to it", loop->name);
  }
  return status;
}

// An exchanger can bring its loop to the set point only if the other loop is colder.
static clx_status check_approach(const clx_plant_spec *spec, const clx_plant_unit_spec *unit, clx_place place,
                                 clx_error *error) {
  const clx_loop_spec *hot = &spec->loop[clx_plant_loop_index(spec, unit->loop)];
  const clx_loop_spec *cold = &spec->loop[clx_plant_loop_index(spec, unit->into)];
  bool helped = false;  // something else takes the rest
  for (int32_t u = 0; u < spec->unit_count; u++) {
    if (&spec->unit[u] != unit && clx_text_equal(spec->unit[u].loop, unit->loop)) helped = true;
  }
  if (cold->supply >= hot->supply && (!helped || (unit->approach <= 0 && unit->effectiveness <= 0))) {
    return clx_fail(
        error, CLX_INPUT, place,
        "unit \"%s\" shall cool loop \"%s\" to %.4g degC with loop \"%s\" at %.4g degC: no approach is left",
        unit->name, hot->name, hot->supply - 273.15, cold->name, cold->supply - 273.15);
  }
  if (!helped && unit->approach > hot->supply - cold->supply + 1e-6) {
    return clx_fail(error, CLX_INPUT, place,
                    "unit \"%s\" has an approach of %g K; the set points of loops \"%s\" and \"%s\" leave %.4g K",
                    unit->name, unit->approach, hot->name, cold->name, hot->supply - cold->supply);
  }
  return CLX_OK;
}

static clx_status check_unit(const clx_plant_spec *spec, int32_t index, clx_place plant, clx_error *error) {
  const clx_plant_unit_spec *unit = &spec->unit[index];
  const clx_place place = at(unit->place, plant);
  for (int32_t u = 0; u < index; u++) {
    if (clx_text_equal(spec->unit[u].name, unit->name)) {
      return clx_fail(error, CLX_INPUT, place, "unit \"%s\" stands twice; expected a name of its own", unit->name);
    }
  }
  const int32_t loop = clx_plant_loop_index(spec, unit->loop), into = clx_plant_loop_index(spec, unit->into);
  if (loop < 0) {
    return clx_fail(error, CLX_INPUT, place,
                    "unit \"%s\" takes heat from \"%s\", which is no loop; did you mean \"%s\"?", unit->name,
                    unit->loop, nearest_loop(spec, unit->loop));
  }
  if (unit->into != NULL && into < 0) {
    return clx_fail(error, CLX_INPUT, place, "unit \"%s\" gives heat to \"%s\", which is no loop; did you mean \"%s\"?",
                    unit->name, unit->into, nearest_loop(spec, unit->into));
  }
  const char *kind = clx_plant_kind_name[unit->kind];
  clx_fluid fluid = {0};
  const bool air = clx_fluid_named(spec->loop[loop].fluid, &fluid) && fluid.kind == CLX_FLUID_AIR;
  const bool hall = unit->kind == CLX_PLANT_AIR_ECONOMISER || unit->kind == CLX_PLANT_DX;
  if (unit->kind == CLX_PLANT_EXCHANGER && into < 0) {
    return clx_fail(error, CLX_INPUT, place, "unit \"%s\" is an exchanger without `into`; expected a loop", unit->name);
  }
  if (unit->kind != CLX_PLANT_EXCHANGER && unit->kind != CLX_PLANT_CHILLER && into >= 0) {
    return clx_fail(error, CLX_INPUT, place,
                    "unit \"%s\" (%s) gives heat to \"%s\"; expected no `into`: it stands outside", unit->name, kind,
                    unit->into);
  }
  if (hall ? !air : air && unit->kind != CLX_PLANT_EXCHANGER) {
    return clx_fail(error, CLX_INPUT, place, "unit \"%s\" (%s) stands on loop \"%s\" of %s; expected %s", unit->name,
                    kind, unit->loop, spec->loop[loop].fluid, hall ? "air" : "a liquid");
  }
  const bool named = unit->kind != CLX_PLANT_EXCHANGER && unit->kind != CLX_PLANT_AIR_ECONOMISER;
  if (named && unit->equipment == NULL) {
    return clx_fail(error, CLX_INPUT, place, "unit \"%s\" (%s) names no equipment; expected an entry of the catalogue",
                    unit->name, kind);
  }
  if (unit->humidity_least > unit->humidity_most) {
    return clx_fail(error, CLX_INPUT, place, "unit \"%s\": humidity_least %g is above humidity_most %g", unit->name,
                    unit->humidity_least, unit->humidity_most);
  }
  return unit->kind == CLX_PLANT_EXCHANGER ? check_approach(spec, unit, place, error) : CLX_OK;
}

// The loop that racks' heat goes to.
static clx_status check_source(const clx_plant_spec *spec, const char *name, const char *key, bool air, clx_place place,
                               clx_error *error) {
  if (name == NULL) return CLX_OK;
  const int32_t loop = clx_plant_loop_index(spec, name);
  if (loop < 0) {
    return clx_fail(error, CLX_INPUT, place, "%s is \"%s\", which is no loop; did you mean \"%s\"?", key, name,
                    nearest_loop(spec, name));
  }
  clx_fluid fluid = {0};
  if (clx_fluid_named(spec->loop[loop].fluid, &fluid) && (fluid.kind == CLX_FLUID_AIR) != air) {
    return clx_fail(error, CLX_INPUT, place, "%s is loop \"%s\" of %s; expected %s", key, name, spec->loop[loop].fluid,
                    air ? "air" : "a liquid");
  }
  return CLX_OK;
}

clx_status clx_plant_check(const clx_plant_spec *spec, clx_place place, clx_error *error) {
  place = at(spec->place, place);
  if (spec->loop_count < 1 || spec->loop_count > CLX_LOOPS_MAX || spec->unit_count < 1 ||
      spec->unit_count > CLX_PLANT_UNITS_MAX) {
    return clx_fail(error, CLX_INPUT, place, "the plant has %d loops and %d units; expected 1 to %d and 1 to %d",
                    spec->loop_count, spec->unit_count, CLX_LOOPS_MAX, CLX_PLANT_UNITS_MAX);
  }
  if (spec->liquid == NULL && spec->air == NULL) {
    return clx_fail(error, CLX_INPUT, place, "the plant takes no heat; expected `liquid` or `air` to name a loop");
  }
  clx_status status = CLX_OK;
#define NOTE(call)                                           \
  do {                                                       \
    const clx_status note_ = (call);                         \
    if (status == CLX_OK && note_ != CLX_OK) status = note_; \
  } while (0)
  NOTE(check_source(spec, spec->liquid, "liquid", false, place, error));
  NOTE(check_source(spec, spec->air, "air", true, place, error));
  for (int32_t i = 0; i < spec->loop_count; i++) NOTE(check_loop(spec, i, place, error));
  for (int32_t i = 0; i < spec->unit_count; i++) NOTE(check_unit(spec, i, place, error));
  if (status != CLX_OK) return status;
  for (int32_t i = 0; i < spec->loop_count; i++) NOTE(check_connected(spec, i, place, error));
  for (int32_t i = 0; i < spec->loop_count; i++) NOTE(check_demand(spec, i, place, error));
#undef NOTE
  int32_t order[CLX_LOOPS_MAX];
  const int32_t circle = clx_plant_order(spec, order);
  if (circle >= 0) {
    return clx_fail(error, CLX_INPUT, at(spec->loop[circle].place, place),
                    "loop \"%s\" stands in a circle of loops: heat never reaches the outside", spec->loop[circle].name);
  }
  return status;
}
