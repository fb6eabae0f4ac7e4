// Products, makers and capacities that orders name.
#include "catalog/catalog.h"
#include "supply/supply_order.h"

static clx_status add_product(const clx_catalog *catalog, const char *name, clx_place place, clx_arena *arena,
                              const clx_equipment **list, clx_error *error) {
  CLX_TRY(clx_equipment_add(catalog, "product", name, place, arena, list, error));
  const clx_product *product = clx_equipment_find(*list, "product", name);
  for (int32_t i = 0; product != NULL && i < product->need_count; i++)
    CLX_TRY(clx_equipment_add(catalog, "capacity", product->need[i].capacity, place, arena, list, error));
  return CLX_OK;
}

static clx_status add_maker(const clx_catalog *catalog, const char *name, clx_place place, clx_arena *arena,
                            const clx_equipment **list, clx_error *error) {
  CLX_TRY(clx_equipment_add(catalog, "maker", name, place, arena, list, error));
  const clx_maker *maker = clx_equipment_find(*list, "maker", name);
  for (int32_t i = 0; maker != NULL && i < maker->route_count; i++)
    CLX_TRY(clx_equipment_add(catalog, "capacity", maker->route[i].capacity, place, arena, list, error));
  return CLX_OK;
}

static clx_status keep_first(clx_status first, clx_status status) { return first == CLX_OK ? status : first; }

clx_status clx_catalog_read_supply(const clx_catalog *catalog, const clx_procurement_spec *spec, clx_arena *arena,
                                   const clx_equipment **list, clx_error *error) {
  clx_status first = CLX_OK;
  for (int32_t i = 0; i < spec->order_count; i++) {
    const clx_order_spec *o = &spec->order[i];
    first = keep_first(first, add_product(catalog, o->product, o->place, arena, list, error));
    first = keep_first(first, add_maker(catalog, o->maker, o->place, arena, list, error));
    first = keep_first(first, add_maker(catalog, o->fallback, o->place, arena, list, error));
  }
  for (int32_t i = 0; i < spec->incident_count; i++) {
    const clx_incident_spec *e = &spec->incident[i];
    first = keep_first(first, add_maker(catalog, e->maker, e->place, arena, list, error));
    first = keep_first(first, add_maker(catalog, e->to, e->place, arena, list, error));
    first = keep_first(first, add_product(catalog, e->product, e->place, arena, list, error));
    first = keep_first(first, clx_equipment_add(catalog, "capacity", e->capacity, e->place, arena, list, error));
  }
  for (int32_t i = 0; i < spec->allotment_count; i++) {
    const clx_allotment_spec *a = &spec->allotment[i];
    first = keep_first(first, clx_equipment_add(catalog, "capacity", a->capacity, a->place, arena, list, error));
  }
  first = keep_first(first, add_maker(catalog, spec->second.maker, spec->second.place, arena, list, error));
  first = keep_first(first, add_product(catalog, spec->plan.product, spec->plan.place, arena, list, error));
  for (int32_t i = 0; i < spec->plan.maker_count; i++)
    first = keep_first(first, add_maker(catalog, spec->plan.maker[i], spec->plan.place, arena, list, error));
  for (int32_t i = 0; i < spec->qualified_count; i++)
    first = keep_first(first, add_maker(catalog, spec->qualified[i], spec->place, arena, list, error));
  return first;
}

static const void *find(const void *of, const char *kind, const char *name) {
  return name == NULL ? NULL : clx_equipment_find(of, kind, name);
}

clx_supply_finder clx_equipment_supply_finder(const clx_equipment *list) {
  return (clx_supply_finder){.find = find, .of = list};
}

clx_status clx_procurement_read(const clx_catalog *catalog, const clx_node *root, clx_arena *arena,
                                clx_procurement *out, clx_error *error) {
  clx_procurement_spec *spec = CLX_NEW(arena, clx_procurement_spec);
  const clx_equipment *list = NULL;
  if (spec == NULL) return clx_fail(error, CLX_MEMORY, root->place, "out of memory");
  CLX_TRY(clx_schema_read(&clx_procurement_schema, root, false, arena, spec, error));
  CLX_TRY(clx_catalog_read_supply(catalog, spec, arena, &list, error));
  const clx_supply_finder finder = clx_equipment_supply_finder(list);
  return clx_procurement_compile(spec, &finder, arena, out, error);
}

clx_status clx_procurement_load(const clx_catalog *catalog, const char *path, clx_arena *arena, clx_procurement *out,
                                clx_error *error) {
  clx_node *root = NULL;
  CLX_TRY(clx_document_load(arena, path, &root, error));
  return clx_procurement_read(catalog, root, arena, out, error);
}
