// Catalogue entries of the section `power`, read and checked.
#include <stdlib.h>

#include "scenario/scenario.h"

static clx_status read_chain(clx_scenario *s, clx_error *error) {
  static const char *const PLAIN = "racks";  // supplies of servers and racks alone
  const clx_power_spec *spec = &s->spec.power;
  clx_power_entries *e = &s->power;
  e->stated = spec->chain != NULL;
  CLX_TRY(clx_catalog_read(s->catalog, "chain", e->stated ? spec->chain : PLAIN, spec->place, &clx_chain_schema,
                           s->arena, &e->chain, error));
  return clx_catalog_read_conversions(s->catalog, &e->chain, s->arena, error);
}

static clx_status read_sources(clx_scenario *s, const clx_generator **generator, clx_error *error) {
  const clx_supply_spec *spec = &s->spec.power.supply;
  clx_status status = CLX_OK;
  for (int32_t i = 0; i < spec->source_count; i++) {
    if (spec->source[i].generator == NULL) continue;
    clx_generator *one = CLX_NEW(s->arena, clx_generator);
    if (one == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
    const clx_status read = clx_catalog_read(s->catalog, "generator", spec->source[i].generator, spec->source[i].place,
                                             &clx_generator_schema, s->arena, one, error);
    if (status == CLX_OK) status = read;
    generator[i] = one;
  }
  return status;
}

static clx_status read_batteries(clx_scenario *s, const clx_battery **battery, clx_error *error) {
  const clx_supply_spec *spec = &s->spec.power.supply;
  clx_status status = CLX_OK;
  for (int32_t i = 0; i < spec->store_count; i++) {
    clx_battery *one = CLX_NEW(s->arena, clx_battery);
    if (one == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
    const clx_status read = clx_catalog_read(s->catalog, "battery", spec->store[i].battery, spec->store[i].place,
                                             &clx_battery_schema, s->arena, one, error);
    if (status == CLX_OK) status = read;
    battery[i] = one;
  }
  return status;
}

// Without sources the site has one feed as large as it may draw, which no battery or contract changes.
static clx_status check_without_sources(const clx_scenario *s, clx_error *error) {
  const clx_supply_spec *spec = &s->spec.power.supply;
  const struct {
    const char *key;
    bool there;
  } keys[] = {{"batteries", spec->store_count > 0},
              {"curtailments", spec->curtailment_count > 0},
              {"tariff", spec->tariff != NULL}};
  for (int32_t i = 0; i < CLX_COUNT(keys); i++) {
    if (keys[i].there)
      return clx_fail(error, CLX_INPUT, s->spec.power.place,
                      "'power.%s' needs 'power.sources': the feeds and generators of the site", keys[i].key);
  }
  return CLX_OK;
}

static clx_status read_supply(clx_scenario *s, clx_error *error) {
  const clx_supply_spec *spec = &s->spec.power.supply;
  const clx_generator **generator = CLX_NEW_ARRAY(s->arena, const clx_generator *, spec->source_count + 1);
  const clx_battery **battery = CLX_NEW_ARRAY(s->arena, const clx_battery *, spec->store_count + 1);
  clx_tariff *tariff = NULL;
  if (generator == NULL || battery == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const clx_status sources = read_sources(s, generator, error), batteries = read_batteries(s, battery, error);
  if (spec->tariff != NULL) {
    tariff = CLX_NEW(s->arena, clx_tariff);
    if (tariff == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
    CLX_TRY(clx_catalog_read(s->catalog, "tariff", spec->tariff, s->spec.power.place, &clx_tariff_schema, s->arena,
                             tariff, error));
  }
  CLX_TRY(sources);
  CLX_TRY(batteries);
  if (spec->source_count == 0) return check_without_sources(s, error);
  return clx_supply_compile(spec, generator, battery, tariff, s->arena, &s->power.supply, error);
}

// Names of sources are parts of names of results.
static clx_status check_names(const clx_scenario *s, clx_error *error) {
  const clx_supply_spec *spec = &s->spec.power.supply;
  for (int32_t i = 0; i < spec->source_count; i++) {
    for (int32_t k = 0; k < i; k++) {
      if (clx_text_equal(spec->source[i].name, spec->source[k].name))
        return clx_fail(error, CLX_INPUT, spec->source[i].place, "'power.sources': two of them are named '%s'",
                        spec->source[i].name);
    }
  }
  return CLX_OK;
}

// A machine of many jobs is counted up to the top of its chain.
static clx_status check_jobs(const clx_scenario *s, clx_error *error) {
  const clx_power_spec *spec = &s->spec.power;
  const bool many = spec->jobs.place.file != NULL;
  const struct {
    const char *key;
    bool there;
  } keys[] = {{"sources", spec->supply.source_count > 0},        {"limits", spec->limits.place.file != NULL},
              {"smoothing", spec->smoothing.place.file != NULL}, {"milestones", spec->milestone_count > 0},
              {"facility_limit", spec->facility_limit > 0},      {"storage", spec->storage > 0}};
  if (many && clx_scenario_is_training(s))
    return clx_fail(error, CLX_INPUT, spec->jobs.place,
                    "'power.jobs' and 'training' exclude each other: many jobs, or one");
  for (int32_t i = 0; i < CLX_COUNT(keys) && many; i++) {
    if (keys[i].there)
      return clx_fail(error, CLX_INPUT, spec->place,
                      "'power.%s' is not computed for a machine of many jobs ('power.jobs'): leave it out",
                      keys[i].key);
  }
  return CLX_OK;
}

static clx_status check_limits(const clx_scenario *s, clx_error *error) {
  const clx_grid_limits *limits = &s->spec.power.limits;
  for (int32_t i = 0; i < limits->band_count; i++) {
    const clx_grid_band *b = &limits->band[i];
    if (b->low < b->high) continue;
    return clx_fail(error, CLX_INPUT, limits->place, "'power.limits.bands': band %d goes from %g Hz to %g Hz", i + 1,
                    b->low, b->high);
  }
  return CLX_OK;
}

clx_status clx_scenario_compile_power(clx_scenario *s, clx_error *error) {
  const clx_status chain = read_chain(s, error), names = check_names(s, error), supply = read_supply(s, error);
  const clx_status limits = check_limits(s, error), jobs = check_jobs(s, error);
  CLX_TRY(chain);
  CLX_TRY(names);
  CLX_TRY(supply);
  CLX_TRY(limits);
  return jobs;
}
