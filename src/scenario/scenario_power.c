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
  const clx_status chain = read_chain(s, error), supply = read_supply(s, error), limits = check_limits(s, error);
  CLX_TRY(chain);
  CLX_TRY(supply);
  return limits;
}
