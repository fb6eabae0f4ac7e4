// Cooling plants and the equipment that they name.
#include "catalog/catalog.h"
#include "cooling/cooling_plant.h"

clx_status clx_catalog_read_plant(const clx_catalog *catalog, const char *name, clx_place place, clx_arena *arena,
                                  clx_plant_spec *spec, clx_error *error) {
  CLX_TRY(clx_catalog_read(catalog, "plant", name, place, &clx_plant_schema, arena, spec, error));
  return clx_plant_check(spec, place, error);
}

static const void *find_equipment(const void *of, const char *kind, const char *name) {
  const clx_plant_equipment *from = of;
  const clx_schema *schema = clx_catalog_schema(kind);
  if (schema == NULL || clx_catalog_canonical(from->catalog, kind, name) == NULL) return NULL;
  void *object = clx_arena_alloc(from->arena, schema->size);
  if (object == NULL) {
    clx_fail_plain(from->error, CLX_MEMORY, "out of memory while reading catalogue/%s", kind);
    return NULL;
  }
  const clx_place place = {0};
  if (clx_catalog_read(from->catalog, kind, name, place, schema, from->arena, object, from->error) != CLX_OK)
    return NULL;
  return object;
}

clx_plant_finder clx_catalog_plant_finder(const clx_plant_equipment *from) {
  return (clx_plant_finder){.find = find_equipment, .of = from};
}
