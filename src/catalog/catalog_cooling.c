// Cooling plants and the equipment that they name.
#include "catalog/catalog.h"
#include "cooling/cooling_plant.h"

clx_status clx_catalog_read_plant(const clx_catalog *catalog, const char *name, clx_place place, clx_arena *arena,
                                  clx_plant_spec *spec, clx_error *error) {
  CLX_TRY(clx_catalog_read(catalog, "plant", name, place, &clx_plant_schema, arena, spec, error));
  return clx_plant_check(spec, place, error);
}

const char *clx_catalog_plant_takes(const clx_node *plant) {
  const bool liquid = clx_node_get(plant, "liquid") != NULL, air = clx_node_get(plant, "air") != NULL;
  return liquid && air ? "liquid and air" : liquid ? "liquid" : "air";
}

// --- equipment -----------------------------------------------------------------------------------------------------------

struct clx_equipment {
  const char *kind, *name;
  const void *entry;
  const clx_equipment *next;
};

const void *clx_equipment_find(const clx_equipment *list, const char *kind, const char *name) {
  for (const clx_equipment *e = list; e != NULL; e = e->next)
    if (clx_text_equal(e->kind, kind) && clx_text_equal(e->name, name)) return e->entry;
  return NULL;
}

clx_status clx_equipment_add(const clx_catalog *catalog, const char *kind, const char *name, clx_place place,
                             clx_arena *arena, const clx_equipment **list, clx_error *error) {
  if (name == NULL || clx_equipment_find(*list, kind, name) != NULL) return CLX_OK;
  const clx_schema *schema = clx_catalog_schema(kind);
  clx_equipment *e = CLX_NEW(arena, clx_equipment);
  void *entry = clx_arena_alloc(arena, schema->size);
  if (e == NULL || entry == NULL) return clx_fail(error, CLX_MEMORY, place, "out of memory");
  CLX_TRY(clx_catalog_read(catalog, kind, name, place, schema, arena, entry, error));
  *e = (clx_equipment){.kind = kind, .name = name, .entry = entry, .next = *list};
  *list = e;
  return CLX_OK;
}

clx_status clx_catalog_read_equipment(const clx_catalog *catalog, const clx_plant_spec *plant, clx_arena *arena,
                                      const clx_equipment **list, clx_error *error) {
  clx_status first = CLX_OK;
  for (int32_t i = 0; i < plant->loop_count; i++) {
    const clx_loop_spec *loop = &plant->loop[i];
    const clx_status read = clx_equipment_add(catalog, "mover", loop->pump, loop->place, arena, list, error);
    if (first == CLX_OK) first = read;
  }
  for (int32_t i = 0; i < plant->unit_count; i++) {
    const clx_plant_unit_spec *u = &plant->unit[i];
    const char *kind = clx_plant_equipment_kind(u->kind);
    if (u->equipment == NULL || kind == NULL) continue;
    clx_status read = clx_equipment_add(catalog, kind, u->equipment, u->place, arena, list, error);
    if (read == CLX_OK && u->kind == CLX_PLANT_EXCHANGER) {
      const clx_cdu *cdu = clx_equipment_find(*list, kind, u->equipment);
      read = clx_equipment_add(catalog, "mover", cdu->pump, u->place, arena, list, error);
    }
    if (first == CLX_OK) first = read;
  }
  return first;
}

static const void *find(const void *of, const char *kind, const char *name) {
  return clx_equipment_find(of, kind, name);
}

clx_plant_finder clx_equipment_finder(const clx_equipment *list) {
  return (clx_plant_finder){.find = find, .of = list};
}
