// From what the user states and the entries that it names to a supply.
#include "power/power_supply.h"

static clx_status compile_source(const clx_source_spec *spec, const clx_generator *generator, clx_source *source,
                                 clx_error *error) {
  const int32_t kind = generator != NULL ? generator->kind : CLX_SOURCE_GRID;
  if (generator == NULL && spec->kind > CLX_SOURCE_GRID) {
    return clx_fail(error, CLX_INPUT, spec->place,
                    "source %s: kind is %s, but no generator is named; expected generator, an entry of the catalogue",
                    spec->name, clx_source_kind_name[spec->kind]);
  }
  if (spec->kind >= 0 && spec->kind != kind) {
    return clx_fail(error, CLX_INPUT, spec->place, "source %s: kind is %s, but generator %s is of type %s", spec->name,
                    clx_source_kind_name[spec->kind], generator->name, clx_source_kind_name[kind]);
  }
  if (generator == NULL && spec->power < 0) {
    return clx_fail(error, CLX_INPUT, spec->place,
                    "source %s: power is missing; expected that of the feed, e.g. 150 MW", spec->name);
  }
  if (generator == NULL && spec->count >= 0) {
    return clx_fail(error, CLX_INPUT, spec->place, "source %s: count is %g, but no generator is named", spec->name,
                    spec->count);
  }
  if (generator != NULL && spec->power >= 0) {
    return clx_fail(error, CLX_INPUT, spec->place,
                    "source %s: power is that of its generators; expected count, the number of %s", spec->name,
                    generator->name);
  }
  if (generator != NULL && spec->count < 0) {
    return clx_fail(error, CLX_INPUT, spec->place, "source %s: count is missing; expected the number of %s", spec->name,
                    generator->name);
  }
  *source = (clx_source){.name = spec->name,
                         .kind = kind,
                         .power = generator == NULL ? spec->power : 0,
                         .count = generator == NULL ? 0 : spec->count,
                         .generator = generator,
                         .from = spec->from,
                         .until = spec->until,
                         .derating = spec->derating,
                         .order = spec->order >= 0 ? spec->order : generator != NULL,
                         .standby = spec->standby != 0,
                         .place = spec->place};
  return CLX_OK;
}

static clx_status compile_store(const clx_store_spec *spec, const clx_battery *battery, clx_store *store,
                                clx_error *error) {
  int32_t roles = spec->role_count == 0 ? CLX_BATTERY_BRIDGE : 0;
  for (int32_t i = 0; i < spec->role_count; i++) {
    int32_t bit = 0;
    while (clx_battery_role_name[bit] != NULL && !clx_text_equal(clx_battery_role_name[bit], spec->roles[i])) bit++;
    if (clx_battery_role_name[bit] == NULL) {
      return clx_fail(error, CLX_INPUT, spec->place, "battery %s: roles holds \"%s\"; expected bridge, shave or smooth",
                      spec->battery, spec->roles[i]);
    }
    roles |= 1 << bit;
  }
  *store = (clx_store){.battery = battery,
                       .count = spec->count,
                       .roles = roles,
                       .from = spec->from,
                       .charge = spec->charge,
                       .charge_power = spec->charge_power,
                       .place = spec->place};
  return CLX_OK;
}

clx_status clx_supply_compile(const clx_supply_spec *spec, const clx_generator *const *generator,
                              const clx_battery *const *battery, const clx_tariff *tariff, clx_arena *arena,
                              clx_supply *supply, clx_error *error) {
  *supply = (clx_supply){.source = CLX_NEW_ARRAY(arena, clx_source, spec->source_count + 1),
                         .source_count = spec->source_count,
                         .curtailment = spec->curtailment,
                         .curtailment_count = spec->curtailment_count,
                         .store = CLX_NEW_ARRAY(arena, clx_store, spec->store_count + 1),
                         .store_count = spec->store_count,
                         .tariff = tariff};
  if (supply->source == NULL || supply->store == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  bool feed = false;
  for (int32_t i = 0; i < spec->source_count; i++) {
    CLX_TRY(compile_source(&spec->source[i], generator[i], &supply->source[i], error));
    feed = feed || generator[i] == NULL;
  }
  for (int32_t i = 0; i < spec->store_count; i++) {
    CLX_TRY(compile_store(&spec->store[i], battery[i], &supply->store[i], error));
  }
  if (feed && tariff == NULL) {
    return clx_fail(error, CLX_INPUT, spec->place,
                    "'power.sources' has a feed of the grid, but 'power.tariff' is missing; expected an entry of the "
                    "catalogue (colossus catalogue ls tariff)");
  }
  return clx_supply_check(supply, error);
}
