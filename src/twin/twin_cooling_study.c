// What `colossus cooling` asks: the plant and its year, the minutes after trips, supply temperatures side by side, the smallest plant.
#include "twin/twin_cooling_study.h"

#include <math.h>
#include <stdio.h>

#include "scenario/scenario.h"
#include "twin/twin_cooling.h"

typedef struct study {
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

static clx_cooling_design_input design_input(const study *s, const clx_plant_finder *finder) {
  const clx_scenario *scenario = s->c.scenario;
  const clx_twin_cooling *k = s->c.cooling;
  return (clx_cooling_design_input){.spec = &scenario->cooling.plant,
                                    .finder = finder,
                                    .weather = &scenario->cooling.weather,
                                    .liquid = k->peak.liquid,
                                    .air = k->peak.air,
                                    .it = s->c.it_peak,
                                    .exceeded = scenario->spec.cooling.exceeded,
                                    .spare = fmax(0, scenario->spec.cooling.spare)};
}

static clx_status put_row(const study *s, const clx_cooling_design *d, double supply) {
  char name[64], slug[24];
  snprintf(slug, sizeof slug, "W%.0f", supply - 273.15);
  const struct {
    const char *name;
    double value;
    const char *unit, *doc;
  } numbers[] = {{"pue", d->year.pue, "", "of the year, all GPUs at their limit, cooling alone"},
                 {"wue", d->year.wue, "m3/J", "of the year"},
                 {"energy", d->year.electric, "J", "of the plant a year"},
                 {"water", d->year.water, "kg", "a year"},
                 {"compressor_time", d->year.compressor_time, "s", "a year with compressors"},
                 {"warm_time", d->year.warm_time, "s", "a year above the set points"},
                 {"supply", supply, "K", "liquid that the racks get"}};
  for (int32_t i = 0; i < CLX_COUNT(numbers); i++) {
    snprintf(name, sizeof name, "compare.%s.%s", slug, numbers[i].name);
    CLX_TRY(put(s, name, numbers[i].value, numbers[i].unit, numbers[i].doc));
  }
  double units = 0;
  for (int32_t i = 0; i < d->row_count; i++) units += d->row[i].count + d->row[i].spare;
  snprintf(name, sizeof name, "compare.%s.units", slug);
  return put(s, name, units, "", "pieces of equipment, spares included");
}

static clx_status run_compare(const study *s) {
  const clx_cooling_options *o = s->options;
  const clx_plant_finder finder = clx_scenario_plant_finder(s->c.scenario);
  const clx_cooling_design_input input = design_input(s, &finder);
  if (o->compare_count == 0) return CLX_OK;
  if (s->c.cooling->plant.liquid < 0)
    return clx_fail_plain(s->error, CLX_INPUT,
                          "the plant '%s' gives no liquid to racks: no supply temperatures to compare",
                          s->c.cooling->plant.name);
  clx_cooling_design *design = CLX_NEW_ARRAY(s->c.arena, clx_cooling_design, o->compare_count);
  if (design == NULL) return clx_fail_plain(s->error, CLX_MEMORY, "out of memory");
  CLX_TRY(clx_cooling_design_compare(&input, o->compare, o->compare_count, s->c.arena, design, s->error));
  for (int32_t i = 0; i < o->compare_count; i++) {
    if (design[i].feasible) {
      CLX_TRY(put_row(s, &design[i], o->compare[i]));
      continue;
    }
    CLX_TRY(clx_result_warn(s->result, s->error,
                            "cooling: no size of the plant gives the racks %.4g degC on the design day",
                            o->compare[i] - 273.15));
  }
  return CLX_OK;
}

static clx_status run_design(const study *s) {
  const clx_plant_finder finder = clx_scenario_plant_finder(s->c.scenario);
  const clx_cooling_design_input input = design_input(s, &finder);
  clx_cooling_design *d = CLX_NEW(s->c.arena, clx_cooling_design);
  if (d == NULL) return clx_fail_plain(s->error, CLX_MEMORY, "out of memory");
  CLX_TRY(clx_cooling_design_run(&input, s->c.arena, d, s->error));
  for (int32_t i = 0; i < d->row_count; i++) {
    const clx_cooling_design_row *row = &d->row[i];
    char name[96];
    const struct {
      const char *name;
      double value;
      const char *unit, *doc;
    } numbers[] = {{"count", row->count, "", "that carry the design day"},
                   {"spare", row->spare, "", "beyond them"},
                   {"capacity", row->capacity, "W", "of one on the design day"},
                   {"share", row->load_share, "", "of the carriers' capacity then"}};
    for (int32_t n = 0; n < CLX_COUNT(numbers); n++) {
      snprintf(name, sizeof name, "design.unit.%s.%s", row->unit, numbers[n].name);
      CLX_TRY(put(s, name, numbers[n].value, numbers[n].unit, numbers[n].doc));
    }
  }
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
  study s = {
      .c = {.scenario = scenario}, .options = options != NULL ? options : &plain, .result = result, .error = error};
  if (!clx_scenario_is_cooled(scenario))
    return clx_fail_plain(error, CLX_INPUT,
                          "scenario '%s' has no section 'cooling': it states a PUE, or no cooling at all; add a plant "
                          "(colossus catalogue ls plant) and a climate",
                          scenario->spec.name);
  CLX_TRY(clx_result_add_text(result, "scenario.name", scenario->spec.name, error));
  CLX_TRY(clx_result_add_text(result, "scenario.title",
                              scenario->spec.title != NULL ? scenario->spec.title : scenario->spec.name, error));
  CLX_TRY(clx_twin_machine(scenario, result, error));
  // As a run: what plant and site force GPUs to holds for training, too.
  clx_scenario fitted = *scenario;
  CLX_TRY(clx_twin_power_cap(scenario, s.options->seed, &fitted.job.power_cap, error));
  s.c.scenario = &fitted;
  s.c.seed = s.options->seed;
  s.c.arena = clx_arena_new();
  if (s.c.arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  clx_status status = run_study(&s);
  if (status == CLX_OK) status = clx_twin_assumptions(scenario, result, error);
  clx_arena_free(s.c.arena);
  return status;
}
