// Catalogue entries and weather of the section `cooling`, read and checked.
#include <math.h>
#include <stdio.h>

#include "cooling/cooling_design.h"
#include "scenario/scenario.h"

bool clx_scenario_is_cooled(const clx_scenario *s) { return s->cooling.stated; }

clx_plant_finder clx_scenario_plant_finder(const clx_scenario *s) { return clx_equipment_finder(s->cooling.equipment); }

// --- plant ---------------------------------------------------------------------------------------------------------------

static clx_plant_unit_spec *unit_named(clx_plant_spec *plant, const char *name) {
  for (int32_t i = 0; i < plant->unit_count; i++)
    if (clx_text_equal(plant->unit[i].name, name)) return &plant->unit[i];
  return NULL;
}

static clx_status unknown_unit(const clx_plant_spec *plant, const clx_cooling_units_spec *given, clx_error *error) {
  const char *names[CLX_PLANT_UNITS_MAX];
  int32_t count = 0;
  for (; count < plant->unit_count && count < CLX_PLANT_UNITS_MAX; count++) names[count] = plant->unit[count].name;
  const char *near = clx_nearest(given->name, names, count);
  return clx_fail(error, CLX_INPUT, given->place, "'cooling.units': the plant has no unit '%s'%s%s%s", given->name,
                  near != NULL ? "; did you mean '" : "", near != NULL ? near : "", near != NULL ? "'?" : "");
}

// Numbers that the user gives stand before those of the plant.
static clx_status give_counts(clx_scenario *s, clx_error *error) {
  const clx_cooling_spec *spec = &s->spec.cooling;
  clx_plant_spec *plant = &s->cooling.plant;
  const bool twice = spec->spare == CLX_SPARE_TWICE, given = twice || spec->spare >= 0;
  for (int32_t i = 0; i < plant->unit_count && given; i++) plant->unit[i].spare = spec->spare;
  for (int32_t i = 0; i < plant->loop_count && given; i++)
    plant->loop[i].pumps_spare = twice ? plant->loop[i].pumps : spec->spare;
  for (int32_t i = 0; i < spec->unit_count; i++) {
    clx_plant_unit_spec *unit = unit_named(plant, spec->units[i].name);
    if (unit == NULL) return unknown_unit(plant, &spec->units[i], error);
    if (spec->units[i].count >= 0) {
      unit->count = spec->units[i].count;
      unit->place = spec->units[i].place;
    }
    if (spec->units[i].spare >= 0) unit->spare = spec->units[i].spare;
  }
  return CLX_OK;
}

// How far the loops that move with the racks' supply let it go: their fluids freeze and boil.
static clx_status supply_in_range(const clx_scenario *s, const double *before, double own, clx_error *error) {
  const clx_plant_spec *plant = &s->cooling.plant;
  const clx_loop_spec *coldest = NULL, *hottest = NULL;
  double least = 0, most = INFINITY;
  for (int32_t i = 0; i < plant->loop_count; i++) {
    const clx_loop_spec *loop = &plant->loop[i];
    double low = 0, high = 0;
    if (loop->supply == before[i] || !clx_plant_loop_range(loop, &low, &high)) continue;
    if (own + low - before[i] > least) least = own + low - before[i], coldest = loop;
    if (own + high - before[i] < most) most = own + high - before[i], hottest = loop;
  }
  const double wanted = s->spec.cooling.supply;
  if (coldest == NULL || hottest == NULL || (wanted > least && wanted < most)) return CLX_OK;
  return clx_fail(
      error, CLX_INPUT, s->spec.cooling.supply_place,
      "'cooling.supply' is %.4g degC, expected %.4g to %.4g degC: in the plant '%s' loop '%s' moves with it, "
      "and its fluid would %s",
      wanted - 273.15, least - 273.15, most - 273.15, plant->name, wanted > least ? hottest->name : coldest->name,
      wanted > least ? "boil" : "freeze");
}

// Another supply of the racks' liquid than the plant's own.
static clx_status move_supply(clx_scenario *s, clx_error *error) {
  const double wanted = s->spec.cooling.supply;
  clx_plant_spec *plant = &s->cooling.plant;
  if (!(wanted > 0)) return CLX_OK;
  for (int32_t i = 0; i < plant->loop_count; i++) {
    if (!clx_text_equal(plant->loop[i].name, plant->liquid)) continue;
    double before[CLX_LOOPS_MAX];
    const double own = plant->loop[i].supply;
    for (int32_t l = 0; l < plant->loop_count; l++) before[l] = plant->loop[l].supply;
    clx_cooling_move_supply(plant, wanted - own);
    return supply_in_range(s, before, own, error);
  }
  return clx_fail(error, CLX_INPUT, s->spec.cooling.supply_place,
                  "'cooling.supply': the plant gives no liquid to racks");
}

// The names of the plant's loops, "racks, facility".
static const char *loop_names(clx_scenario *s) {
  const char *list = "";
  for (int32_t i = 0; i < s->cooling.plant.loop_count; i++)
    list = clx_arena_format(s->arena, "%s%s%s", list, i > 0 ? ", " : "", s->cooling.plant.loop[i].name);
  return list;
}

static clx_status check_tank(clx_scenario *s, clx_error *error) {
  const clx_cooling_spec *spec = &s->spec.cooling;
  const clx_plant_spec *plant = &s->cooling.plant;
  if (!(spec->tank > 0) && spec->tank_loop == NULL) return CLX_OK;
  if (spec->tank_loop == NULL)
    return clx_fail(error, CLX_INPUT, spec->tank_place,
                    "'cooling.tank' needs 'cooling.tank_loop', the loop it stands in: %s", loop_names(s));
  if (!(spec->tank > 0))
    return clx_fail(error, CLX_INPUT, spec->tank_loop_place,
                    "'cooling.tank_loop' needs 'cooling.tank', a volume such as \"100 m3\"");
  for (int32_t i = 0; i < plant->loop_count; i++)
    if (clx_text_equal_loose(plant->loop[i].name, spec->tank_loop)) return CLX_OK;
  return clx_fail(error, CLX_INPUT, spec->tank_loop_place, "'cooling.tank_loop': the plant has no loop '%s'; it has %s",
                  spec->tank_loop, loop_names(s));
}

static clx_status read_plant(clx_scenario *s, clx_error *error) {
  const clx_cooling_spec *spec = &s->spec.cooling;
  const bool own = spec->own.loop_count > 0;
  if (own == (spec->plant != NULL))
    return clx_fail(
        error, CLX_INPUT, spec->place,
        own ? "'cooling.plant' and 'cooling.own' exclude each other: an entry of the catalogue, or one written out"
            : "'cooling' needs 'plant' (colossus catalogue ls plant) or 'own', one written out");
  s->cooling.plant = spec->own;
  if (own) s->cooling.plant.name = "own";
  if (!own)
    CLX_TRY(clx_catalog_read(s->catalog, "plant", spec->plant, spec->place, &clx_plant_schema, s->arena,
                             &s->cooling.plant, error));
  CLX_TRY(clx_plant_check(&s->cooling.plant, spec->place, error));
  CLX_TRY(move_supply(s, error));
  CLX_TRY(check_tank(s, error));
  CLX_TRY(give_counts(s, error));
  return clx_catalog_read_equipment(s->catalog, &s->cooling.plant, s->arena, &s->cooling.equipment, error);
}

// --- racks ---------------------------------------------------------------------------------------------------------------

static bool is_for(const clx_rack_coolant *coolant, const char *rack) {
  for (int32_t i = 0; i < coolant->rack_count; i++)
    if (clx_text_equal(coolant->racks[i], rack)) return true;
  return false;
}

// What the racks of each cohort need, and the plates of their accelerators.
static clx_status read_coolants(clx_scenario *s, clx_error *error) {
  const clx_place place = s->spec.cooling.place;
  s->cooling.coolant = CLX_NEW_ARRAY(s->arena, const clx_rack_coolant *, s->machine.cohort_count + 1);
  if (s->cooling.coolant == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t k = 0;; k++) {
    const char *name = clx_catalog_name(s->catalog, "rack_coolant", k);
    if (name == NULL) return CLX_OK;
    CLX_TRY(clx_equipment_add(s->catalog, "rack_coolant", name, place, s->arena, &s->cooling.equipment, error));
    const clx_rack_coolant *coolant = clx_equipment_find(s->cooling.equipment, "rack_coolant", name);
    for (int32_t i = 0; i < s->machine.cohort_count; i++) {
      if (!is_for(coolant, s->machine.cohort[i].rack.name)) continue;
      s->cooling.coolant[i] = coolant;
      CLX_TRY(
          clx_equipment_add(s->catalog, "cold_plate", coolant->plate, place, s->arena, &s->cooling.equipment, error));
      CLX_TRY(clx_equipment_add(s->catalog, "cold_plate", coolant->plate_glycol, place, s->arena, &s->cooling.equipment,
                                error));
    }
  }
}

// Plants of the catalogue whose entries take what the machine gives off.
static const char *plants_that_take(clx_scenario *s, bool liquid) {
  const char *list = "", *name;
  for (int32_t k = 0; (name = clx_catalog_name(s->catalog, "plant", k)) != NULL; k++) {
    const char *takes = clx_catalog_plant_takes(clx_catalog_entry(s->catalog, "plant", name));
    if (!clx_text_equal(takes, "liquid and air") && (liquid || !clx_text_equal(takes, "air"))) continue;
    list = clx_arena_format(s->arena, "%s%s%s", list, list[0] != '\0' ? ", " : "", name);
  }
  return list;
}

// Network, storage and losses warm the hall whatever cools the racks, so every machine needs its air cooled.
static clx_status check_takes(clx_scenario *s, clx_error *error) {
  const clx_plant_spec *plant = &s->cooling.plant;
  const clx_place place = s->spec.cooling.plant != NULL ? s->spec.cooling.plant_place : s->spec.cooling.place;
  const char *rack = NULL;
  for (int32_t i = 0; i < s->machine.cohort_count && rack == NULL; i++)
    if (s->cooling.coolant[i] != NULL) rack = s->machine.cohort[i].rack.name;
  if (plant->air != NULL && (rack == NULL || plant->liquid != NULL)) return CLX_OK;
  if (rack != NULL && plant->liquid == NULL)
    return clx_fail(
        error, CLX_INPUT, place,
        "plant '%s' takes no heat of liquid ('liquid' names no loop of it), and the racks '%s' give some; of the "
        "catalogue fit %s",
        plant->name, rack, plants_that_take(s, true));
  return clx_fail(
      error, CLX_INPUT, place,
      "plant '%s' takes no heat of the hall's air ('air' names no loop of it), and the machine gives some; of "
      "the catalogue fit %s",
      plant->name, plants_that_take(s, rack != NULL));
}

// --- weather -------------------------------------------------------------------------------------------------------------

static clx_status read_climate(clx_scenario *s, clx_error *error) {
  clx_climate *climate = CLX_NEW(s->arena, clx_climate);
  if (climate == NULL) return clx_fail(error, CLX_MEMORY, s->spec.cooling.place, "out of memory");
  CLX_TRY(clx_catalog_read(s->catalog, "climate", s->spec.cooling.climate, s->spec.cooling.place, &clx_climate_schema,
                           s->arena, climate, error));
  return clx_weather_typical(climate, s->arena, &s->cooling.weather, error);
}

static clx_status read_weather(clx_scenario *s, clx_error *error) {
  const clx_cooling_spec *spec = &s->spec.cooling;
  if ((spec->climate != NULL) == (spec->weather != NULL))
    return clx_fail(
        error, CLX_INPUT, spec->place,
        "'cooling' needs the outside air: 'climate' (colossus catalogue ls climate) or 'weather', an EPW file%s",
        spec->climate != NULL ? ", not both" : "");
  if (spec->climate != NULL) return read_climate(s, error);
  const char *path = spec->weather;
  if (path[0] != '/' && s->folder != NULL) path = clx_arena_format(s->arena, "%s/%s", s->folder, path);
  return clx_weather_read(path, s->arena, &s->cooling.weather, error);
}

static clx_status check_numbers(const clx_cooling_spec *spec, clx_error *error) {
  const double steps = 3600 / spec->step;
  if (spec->spare > 0 && fabs(spec->spare - floor(spec->spare)) > 0)
    return clx_fail(error, CLX_INPUT, spec->place, "'cooling.spare': %g units; expected a whole number, N+1 or 2N",
                    spec->spare);
  if (spec->step > 0 && fabs(steps - nearbyint(steps)) > 1e-9)
    return clx_fail(error, CLX_INPUT, spec->place,
                    "'cooling.step': %g s do not divide an hour; expected 5, 10, 15, 20 or 30 min, say", spec->step);
  return CLX_OK;
}

clx_status clx_scenario_compile_cooling(clx_scenario *s, clx_error *error) {
  const clx_cooling_spec *spec = &s->spec.cooling;
  s->cooling.stated = spec->place.file != NULL;
  if (!s->cooling.stated) return CLX_OK;
  if (!clx_scenario_is_training(s))
    return clx_fail(
        error, CLX_INPUT, spec->place,
        "'cooling' needs a section 'training': the heat of a machine of many jobs ('power.jobs') is not cooled yet");
  CLX_TRY(check_numbers(spec, error));
  const clx_status plant = read_plant(s, error), weather = read_weather(s, error);
  CLX_TRY(plant);
  CLX_TRY(weather);
  CLX_TRY(read_coolants(s, error));
  return check_takes(s, error);
}
