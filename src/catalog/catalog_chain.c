// Power chains and the equipment of their levels.
#include "catalog/catalog.h"
#include "power/power_chain.h"

clx_status clx_catalog_read_conversion(const clx_catalog *catalog, const char *name, clx_place place, clx_arena *arena,
                                       clx_conversion *conversion, clx_error *error) {
  CLX_TRY(clx_catalog_read(catalog, "conversion", name, place, &clx_conversion_schema, arena, conversion, error));
  return clx_conversion_check(conversion, place, error);
}

clx_status clx_catalog_read_conversions(const clx_catalog *catalog, clx_chain_spec *spec, clx_arena *arena,
                                        clx_error *error) {
  for (int32_t i = 0; i < spec->level_count; i++) {
    clx_chain_level_spec *level = &spec->level[i];
    if (level->conversion == NULL) continue;
    clx_conversion *equipment = CLX_NEW(arena, clx_conversion);
    if (equipment == NULL) return clx_fail(error, CLX_MEMORY, level->place, "out of memory");
    CLX_TRY(clx_catalog_read_conversion(catalog, level->conversion, level->place, arena, equipment, error));
    level->equipment = equipment;
  }
  return CLX_OK;
}

clx_status clx_catalog_read_chain(const clx_catalog *catalog, const char *name, clx_place place, clx_arena *arena,
                                  clx_chain_spec *spec, clx_error *error) {
  CLX_TRY(clx_catalog_read(catalog, "chain", name, place, &clx_chain_schema, arena, spec, error));
  CLX_TRY(clx_chain_check(spec, place, error));
  return clx_catalog_read_conversions(catalog, spec, arena, error);
}
