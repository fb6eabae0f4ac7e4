// What `colossus cooling` asks: the plant and its year, the minutes after trips, supply temperatures side by side, the smallest plant.
#include "twin/twin_cooling_study.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "scenario/scenario.h"
#include "twin/twin_cooling.h"

typedef struct study {
  const clx_scenario *asked;  // as it was read: c has what its site makes of it
  clx_twin_power_case c;
  const clx_cooling_options *options;
  clx_result *result;
  clx_error *error;
} study;

static clx_status tell(const study *s, const char *what, double done) {
  const clx_cooling_options *o = s->options;
  if (o->progress == NULL || o->progress(o->context, what, done)) return CLX_OK;
  return clx_fail_plain(s->error, CLX_EXPECTATION, "stopped");
}

static clx_status put(const study *s, const char *name, double value, const char *unit, const char *doc) {
  char full[128];
  snprintf(full, sizeof full, "cooling.%s", name);
  return clx_twin_put(s->result, full, value, unit, doc, s->error);
}

// --- supply temperatures, the smallest plant ---------------------------------------------------------------------------------

// W32 and the like, as ASHRAE names classes of facility water; a number after the point where the temperature has one.
static void slug_of(double supply, char *slug, size_t size) {
  snprintf(slug, size, "W%.4g", supply - 273.15);
  for (char *at = slug; *at != '\0'; at++)
    if (*at == '.') *at = '_';
}

static double units_of(const clx_plant *plant) {
  double units = 0;
  for (int32_t i = 0; i < plant->unit_count; i++) units += plant->unit[i].count + plant->unit[i].spec.spare;
  return units;
}

static clx_status put_row(const study *s, const clx_twin_power_case *c, const char *slug) {
  const clx_twin_cooling *k = c->cooling;
  const clx_cooling_year *y = &k->year;
  const double hours = y->it_energy / k->pass_it / 3600;
  double chip = 0, leak = 0, clock, time;
  for (int32_t i = 0; i < c->fleet_count; i++) {
    chip = fmax(chip, k->chips[i].worst.junction);
    leak += c->fleet[i].leak * (double)c->fleet[i].cohort.gpus * c->fleet[i].working;
  }
  CLX_TRY(clx_twin_cooling_step(c, &clock, &time, s->error));
  const clx_loop_state *racks = &k->usual.loop[k->plant.liquid];
  const struct {
    const char *name;
    double value;
    const char *unit, *doc;
  } numbers[] = {
      {"pue", y->pue, "", "of the year, the job running"},
      {"wue", y->wue, "m3/J", "of the year"},
      {"energy", y->electric, "J", "of the plant a year"},
      {"site_energy", y->pue * y->it_energy, "J", "of the site a year: leakage of hotter chips is in it"},
      {"leakage", leak, "W", "of all GPUs at work beyond that at which their power was measured"},
      {"water", y->water, "kg", "a year"},
      {"water_peak", y->water_peak, "kg/s", "in the hour that takes most"},
      {"compressor_time", y->compressor_time, "s", "a year with compressors"},
      {"liquid_compressor_time", y->liquid_compressor_time, "s", "of it, with those that the liquid needs"},
      {"warm_time", y->warm_time, "s", "a year above the set points"},
      {"throttled_time", y->throttled_time, "s", "a year in which chips at their limit throttle"},
      {"chip_temperature_max", chip, "K", "hottest junction in the hottest hour, boards at their limit"},
      {"step_time", c->step.step_time, "s", "of the job over the year"},
      {"step_time_hottest", time, "s", "in the hottest hour"},
      {"flow", racks->flow * fmax(1, k->plant.loop[k->plant.liquid].spec.count), "kg/s", "through all racks, mean"},
      {"pumps", y->pumps / hours / 3600, "W", "of pumps, mean"},
      {"supply", k->spec.liquid != NULL ? k->plant.loop[k->plant.liquid].spec.supply : 0, "K",
       "liquid that the racks get"},
      {"units", units_of(&k->plant), "", "pieces of equipment, spares included"}};
  for (int32_t i = 0; i < CLX_COUNT(numbers); i++) {
    char name[64];
    if (strcmp(numbers[i].name, "chip_temperature_max") == 0 && !(chip > 0)) continue;
    snprintf(name, sizeof name, "compare.%s.%s", slug, numbers[i].name);
    CLX_TRY(put(s, name, numbers[i].value, numbers[i].unit, numbers[i].doc));
  }
  return CLX_OK;
}

// The scenario with its racks supplied at another temperature, from the plant to the step.
static clx_status run_at(const study *s, double supply, clx_arena *arena, const char *slug, clx_error *own) {
  const clx_scenario *base = s->asked;
  clx_scenario moved = *base, fitted;
  clx_plant_spec *plant = &moved.cooling.plant;
  plant->loop = CLX_NEW_ARRAY(arena, clx_loop_spec, plant->loop_count + 1);
  if (plant->loop == NULL) return clx_fail_plain(own, CLX_MEMORY, "out of memory");
  memcpy(plant->loop, base->cooling.plant.loop, sizeof *plant->loop * (size_t)plant->loop_count);
  clx_cooling_move_supply(plant, supply - s->c.cooling->plant.loop[s->c.cooling->plant.liquid].spec.supply);
  CLX_TRY(clx_twin_power_settle(&moved, s->c.seed, arena, &fitted, own));
  clx_twin_power_case c = {.scenario = &fitted, .seed = s->c.seed, .arena = arena, .whole = true};
  clx_memory memory;
  CLX_TRY(clx_twin_solve_training(&fitted, false, &c.job, &memory, &c.step, own));
  CLX_TRY(clx_twin_ranks(&fitted, s->c.seed, &c.job, &c.step, NULL, own));
  CLX_TRY(clx_twin_power_make(&c, s->result, own));
  const clx_loop_state *racks = &c.cooling->design.loop[c.cooling->plant.liquid];
  if (racks->warm)
    return clx_fail_plain(own, CLX_INFEASIBLE, "on the design day its largest size supplies %.4g degC",
                          racks->supply - 273.15);
  return put_row(s, &c, slug);
}

static clx_status put_infeasible(const study *s, double supply, const char *slug, const char *why) {
  char name[64];
  snprintf(name, sizeof name, "compare.%s.infeasible", slug);
  CLX_TRY(put(s, name, 1, "", "no size of the plant holds this supply on the design day"));
  snprintf(name, sizeof name, "compare.%s.supply", slug);
  CLX_TRY(put(s, name, supply, "K", "liquid that the racks would get"));
  return clx_result_warn(s->result, s->error, "cooling: the plant cannot give the racks %.4g degC: %s", supply - 273.15,
                         why);
}

static clx_status run_compare(const study *s) {
  const clx_cooling_options *o = s->options;
  int32_t held = 0;
  clx_error own;
  if (o->compare_count == 0) return CLX_OK;
  if (s->c.cooling->plant.liquid < 0)
    return clx_fail_plain(s->error, CLX_INPUT,
                          "the plant '%s' gives no liquid to racks: no supply temperatures to compare",
                          s->c.cooling->plant.name);
  for (int32_t i = 0; i < o->compare_count; i++) {
    char slug[24];
    clx_arena *arena = clx_arena_new();
    if (arena == NULL) return clx_fail_plain(s->error, CLX_MEMORY, "out of memory");
    clx_error_clear(&own);
    slug_of(o->compare[i], slug, sizeof slug);
    const clx_status status = run_at(s, o->compare[i], arena, slug, &own);
    clx_arena_free(arena);
    if (status == CLX_OK) {
      held++;
      continue;
    }
    if (status == CLX_MEMORY) return clx_fail_plain(s->error, CLX_MEMORY, "out of memory");
    CLX_TRY(put_infeasible(s, o->compare[i], slug, own.mistake[0].text));
  }
  if (held > 0) return CLX_OK;
  return clx_fail_plain(s->error, CLX_INFEASIBLE, "none of the supply temperatures is held: %s", own.mistake[0].text);
}

static clx_status put_design_row(const study *s, const clx_cooling_design_row *row) {
  const struct {
    const char *name;
    double value;
    const char *unit, *doc;
  } numbers[] = {{"count", row->count, "", "that carry the design day"},
                 {"spare", row->spare, "", "beyond them"},
                 {"capacity", row->capacity, "W", "of one on the design day"},
                 {"share", row->load_share, "", "of the carriers' capacity then"}};
  for (int32_t n = 0; n < CLX_COUNT(numbers); n++) {
    char name[96];
    snprintf(name, sizeof name, "design.unit.%s.%s", row->unit, numbers[n].name);
    CLX_TRY(put(s, name, numbers[n].value, numbers[n].unit, numbers[n].doc));
  }
  return CLX_OK;
}

static clx_status run_design(const study *s) {
  const clx_scenario *scenario = s->c.scenario;
  const clx_twin_cooling *k = s->c.cooling;
  const clx_plant_finder finder = clx_scenario_plant_finder(scenario);
  const clx_cooling_design_input input = {
      .spec = &k->spec,  // with the spares of the scenario and the flow that its racks ask for
      .finder = &finder,
      .weather = &scenario->cooling.weather,
      .liquid = k->peak.liquid,
      .air = k->peak.air,
      .it = s->c.it_peak,
      .exceeded = scenario->spec.cooling.exceeded};
  clx_cooling_design *d = CLX_NEW(s->c.arena, clx_cooling_design);
  if (d == NULL) return clx_fail_plain(s->error, CLX_MEMORY, "out of memory");
  CLX_TRY(clx_cooling_design_run(&input, s->c.arena, d, s->error));
  for (int32_t i = 0; i < d->row_count; i++) CLX_TRY(put_design_row(s, &d->row[i]));
  return CLX_OK;
}

// --- all of it -------------------------------------------------------------------------------------------------------------

static clx_status run_study(study *s) {
  const clx_scenario *scenario = s->c.scenario;
  CLX_TRY(tell(s, "training", 0));
  CLX_TRY(clx_twin_training(scenario, s->options->seed, s->result, &s->c.job, &s->c.step, s->error));
  CLX_TRY(clx_twin_run_reliability(scenario, s->options->seed, s->options->threads, &s->c.job, &s->c.step, s->result,
                                   s->error));
  CLX_TRY(tell(s, "plant and year", 0.3));
  s->c.whole = true;
  CLX_TRY(clx_twin_power_make(&s->c, s->result, s->error));
  CLX_TRY(clx_twin_cooling_put(&s->c, s->options->year, s->result, s->error));
  CLX_TRY(tell(s, "trips", 0.6));
  CLX_TRY(clx_twin_cooling_trips(&s->c, s->options, s->result, s->error));
  CLX_TRY(tell(s, "supply temperatures", 0.7));
  CLX_TRY(run_compare(s));
  if (s->options->design) CLX_TRY(run_design(s));
  return tell(s, "supply temperatures", 1);
}

clx_status clx_twin_cooling_study(const clx_scenario *scenario, const clx_cooling_options *options, clx_result *result,
                                  clx_error *error) {
  clx_cooling_options plain;
  clx_cooling_options_default(&plain);
  study s = {.asked = scenario,
             .c = {.scenario = scenario},
             .options = options != NULL ? options : &plain,
             .result = result,
             .error = error};
  if (!clx_scenario_is_cooled(scenario))
    return clx_fail_plain(error, CLX_INPUT,
                          "scenario '%s' has no section 'cooling': it states a PUE, or no cooling at all; add a plant "
                          "(colossus catalogue ls plant) and a climate",
                          scenario->spec.name);
  CLX_TRY(clx_twin_scenario(scenario, result, error));
  CLX_TRY(clx_twin_machine(scenario, result, error));
  // As a run: what plant and site force GPUs to holds for training, too.
  clx_scenario fitted;
  s.c.scenario = &fitted;
  s.c.seed = s.options->seed;
  s.c.arena = clx_arena_new();
  if (s.c.arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  clx_status status = clx_twin_power_settle(scenario, s.options->seed, s.c.arena, &fitted, error);
  if (status == CLX_OK) status = run_study(&s);
  if (status == CLX_OK) status = clx_twin_assumptions(scenario, result, error);
  clx_arena_free(s.c.arena);
  return status;
}
