// Checking: every number of the catalogue says where it comes from, and every entry is what its schema says.
#include <stdlib.h>
#include <string.h>

#include "catalog/catalog_internal.h"
#include "cooling/cooling_exchanger.h"
#include "cooling/cooling_mover.h"
#include "cooling/cooling_reject.h"
#include "cooling/cooling_plant.h"
#include "machine/machine.h"
#include "reliability/reliability.h"
#include "supply/supply.h"
#include "unit/unit.h"

static const char *const provenance_kinds[] = {"datasheet", "measured", "fitted", "estimated", "assumed"};
// Keys whose value is a name, a text or a date even when it looks like a number.
static const char *const text_keys[] = {"name", "title", "aliases",  "notes",   "note", "source",
                                        "kind", "why",   "released", "release", "date", "family"};

static bool is_among(const char *text, const char *const *list, int32_t count) {
  for (int32_t i = 0; i < count; i++) {
    if (clx_text_equal(list[i], text)) return true;
  }
  return false;
}

// --- provenance ---------------------------------------------------------------------------------------------------------
bool clx_provenance_key(const char *key) {
  return clx_text_equal(key, "source") || clx_text_equal(key, "kind") || clx_text_equal(key, "why");
}

clx_provenance clx_provenance_inside(clx_provenance around, const clx_node *map) {
  clx_provenance inside = around;
  const clx_node *source = clx_node_get(map, "source"), *kind = clx_node_get(map, "kind"),
                 *why = clx_node_get(map, "why");
  if (!clx_node_is_null(source)) inside.source = source;
  if (!clx_node_is_null(kind)) {
    inside.kind = kind;
    inside.why = NULL;  // a reason belongs to the kind it was given for
  }
  if (!clx_node_is_null(why)) inside.why = why;
  return inside;
}

// Length of the number at the start of `text`, digit groups included; 0 when there is none.
static size_t number_length(const char *text) {
  const size_t sign = text[0] == '-' || text[0] == '+' ? 1 : 0;
  size_t length = sign + strspn(text + sign, "0123456789,_.");
  if (strcspn(text + sign, "0123456789") >= length - sign) return 0;
  if (text[length] == 'e' || text[length] == 'E') {
    const size_t minus = text[length + 1] == '-' || text[length + 1] == '+' ? 1 : 0;
    const size_t digits = strspn(text + length + 1 + minus, "0123456789");
    if (digits > 0) length += 1 + minus + digits;
  }
  return length;
}

static bool reads_as_number(const char *text) {
  size_t length = number_length(text);
  if (length == 0) return false;
  const char *rest = text + length + strspn(text + length, " ");
  if (rest[0] == 0 || clx_text_equal(rest, "%")) return true;
  if (rest[1] == 0 && strchr("kKMGT", rest[0]) != NULL) return true;  // "15T"
  clx_dimension dimension;
  double factor = 0, offset = 0;
  return clx_unit_read(rest, &dimension, &factor, &offset);
}

bool clx_provenance_needed(const clx_node *scalar) {
  if (scalar->key != NULL && is_among(scalar->key, text_keys, CLX_COUNT(text_keys))) return false;
  return reads_as_number(scalar->text);
}

typedef struct check {
  const clx_catalog *catalog;
  clx_error *error;
  clx_status first;
} check;

static void note(check *c, clx_status status) {
  if (c->first == CLX_OK) c->first = status;
}

static void check_number(check *c, const clx_node *number, clx_provenance from) {
  if (from.source == NULL) {
    note(c, clx_fail(c->error, CLX_INPUT, number->place, "%s: \"%s\" has no source", number->path, number->text));
  }
  if (from.kind == NULL) {
    note(c, clx_fail(c->error, CLX_INPUT, number->place, "%s: \"%s\" has no kind (datasheet, measured, ...)",
                     number->path, number->text));
  }
}

// What a map says of the numbers in it: a known source, a known kind, and a reason for what is no measurement.
static void check_provenance(check *c, const clx_node *map) {
  const clx_node *source = clx_node_get(map, "source"), *kind = clx_node_get(map, "kind"),
                 *why = clx_node_get(map, "why");
  if (!clx_node_is_null(source) &&
      (source->kind != CLX_NODE_SCALAR || clx_catalog_source(c->catalog, source->text) == NULL)) {
    note(c, clx_fail(c->error, CLX_INPUT, source->place, "%s: \"%s\" is not in sources.yaml", source->path,
                     source->kind == CLX_NODE_SCALAR ? source->text : "(not a text)"));
  }
  if (clx_node_is_null(kind)) return;
  if (kind->kind != CLX_NODE_SCALAR || !is_among(kind->text, provenance_kinds, CLX_COUNT(provenance_kinds))) {
    note(c, clx_fail(c->error, CLX_INPUT, kind->place,
                     "%s: expected datasheet, measured, fitted, estimated or assumed, read \"%s\"", kind->path,
                     kind->kind == CLX_NODE_SCALAR ? kind->text : "(not a text)"));
  } else if (is_among(kind->text, provenance_kinds + 3, 2) && clx_node_is_null(why)) {
    note(c, clx_fail(c->error, CLX_INPUT, kind->place, "%s: what is %s needs a why beside it", kind->path, kind->text));
  }
}

static void check_tree(check *c, const clx_node *node, clx_provenance from) {
  if (node->kind == CLX_NODE_SCALAR) {
    if (clx_provenance_needed(node)) check_number(c, node, from);
    return;
  }
  if (node->key != NULL && is_among(node->key, text_keys, CLX_COUNT(text_keys))) return;
  if (node->kind == CLX_NODE_MAP) {
    check_provenance(c, node);
    from = clx_provenance_inside(from, node);
  }
  for (int32_t i = 0; i < node->child_count; i++) check_tree(c, &node->child[i], from);
}

// --- entries -------------------------------------------------------------------------------------------------------------
// Failure classes are complete and consistent: no rate without exposure ...
static void check_failures(check *c, const clx_failures *failures, clx_arena *arena) {
  clx_reliability_spec spec;
  clx_schema_default(&clx_reliability_schema, &spec);
  spec.checkpoint.mode = CLX_CHECKPOINT_NONE;
  note(c, clx_reliability_check_spec(&spec, failures, arena, c->error));
}

// Power chains name equipment of the catalogue.
static void check_chain(check *c, clx_chain_spec *spec, clx_place file, clx_arena *arena) {
  note(c, clx_chain_check(spec, file, c->error));
  note(c, clx_catalog_read_conversions(c->catalog, spec, arena, c->error));
}

static void check_supply(check *c, const char *supply, clx_place file, clx_arena *arena) {
  clx_conversion conversion;
  if (supply == NULL) return;
  note(c, clx_catalog_read_conversion(c->catalog, supply, file, arena, &conversion, c->error));
}

// A rack's coolant names racks and a plate of the catalogue.
static void check_rack_coolant(check *c, const clx_rack_coolant *coolant, clx_place file) {
  note(c, clx_rack_coolant_check(coolant, file, c->error));
  for (int32_t i = 0; i < coolant->rack_count; i++) {
    if (clx_catalog_canonical(c->catalog, "rack", coolant->racks[i]) == NULL) {
      note(c, clx_fail(c->error, CLX_INPUT, file, "racks: the catalogue has no rack \"%s\"", coolant->racks[i]));
    }
  }
  if (coolant->plate != NULL && clx_catalog_canonical(c->catalog, "cold_plate", coolant->plate) == NULL) {
    note(c, clx_fail(c->error, CLX_INPUT, file, "plate: the catalogue has no cold_plate \"%s\"", coolant->plate));
  }
}

static void check_cdu(check *c, const clx_cdu *cdu, clx_place file) {
  note(c, clx_cdu_check(cdu, file, c->error));
  if (cdu->pump != NULL && clx_catalog_canonical(c->catalog, "mover", cdu->pump) == NULL) {
    note(c, clx_fail(c->error, CLX_INPUT, file, "pump: the catalogue has no mover \"%s\"", cdu->pump));
  }
}

// Cooling plants name equipment, too.
static void check_plant(check *c, const clx_plant_spec *spec, clx_place file) {
  note(c, clx_plant_check(spec, file, c->error));
  for (int32_t i = 0; i < spec->loop_count; i++) {
    const char *pump = spec->loop[i].pump;
    if (pump == NULL || clx_catalog_canonical(c->catalog, "mover", pump) != NULL) continue;
    note(c, clx_fail(c->error, CLX_INPUT, file, "loop \"%s\" is moved by \"%s\", which catalogue/mover does not have",
                     spec->loop[i].name, pump));
  }
  for (int32_t i = 0; i < spec->unit_count; i++) {
    const clx_plant_unit_spec *unit = &spec->unit[i];
    const char *kind = clx_plant_equipment_kind(unit->kind);
    if (unit->equipment == NULL || kind == NULL || clx_catalog_canonical(c->catalog, kind, unit->equipment) != NULL)
      continue;
    note(c, clx_fail(c->error, CLX_INPUT, file, "unit \"%s\" names \"%s\", which catalogue/%s does not have",
                     unit->name, unit->equipment, kind));
  }
}

static void demand_entry(check *c, const char *kind, const char *name, clx_place file) {
  if (name == NULL || clx_catalog_canonical(c->catalog, kind, name) != NULL) return;
  note(c, clx_fail(c->error, CLX_INPUT, file, "%s: catalogue/%s has no \"%s\"", kind, kind, name));
}

static void check_product(check *c, const clx_product *product, clx_place file) {
  note(c, clx_product_check(product, file, c->error));
  demand_entry(c, "device", product->device, file);
  for (int32_t i = 0; i < product->need_count; i++) demand_entry(c, "capacity", product->need[i].capacity, file);
}

static void check_maker(check *c, const clx_maker *maker, clx_place file) {
  note(c, clx_maker_check(maker, file, c->error));
  for (int32_t i = 0; i < maker->route_count; i++) demand_entry(c, "capacity", maker->route[i].capacity, file);
}

// What the rows of a schema cannot say.
static void check_sense(check *c, const clx_schema *schema, void *object, const char *name, clx_arena *arena) {
  const clx_place file = {.file = name};
  if (schema == &clx_failures_schema) check_failures(c, object, arena);
  if (schema == &clx_conversion_schema) note(c, clx_conversion_check(object, file, c->error));
  if (schema == &clx_plant_schema) check_plant(c, object, file);
  if (schema == &clx_mover_schema) note(c, clx_mover_check(object, file, c->error));
  if (schema == &clx_capacity_schema) note(c, clx_capacity_check(object, file, c->error));
  if (schema == &clx_product_schema) check_product(c, object, file);
  if (schema == &clx_maker_schema) check_maker(c, object, file);
  if (schema == &clx_tower_schema) note(c, clx_tower_check(object, file, c->error));
  if (schema == &clx_dry_cooler_schema) note(c, clx_dry_check(object, file, c->error));
  if (schema == &clx_chiller_schema) note(c, clx_chiller_check(object, file, c->error));
  if (schema == &clx_plant_schema) check_plant(c, object, file);
  if (schema == &clx_chain_schema) check_chain(c, object, file, arena);
  if (schema == &clx_cold_plate_schema) note(c, clx_cold_plate_check(object, file, c->error));
  if (schema == &clx_rack_coolant_schema) check_rack_coolant(c, object, file);
  if (schema == &clx_cdu_schema) check_cdu(c, object, file);
  if (schema == &clx_server_schema) check_supply(c, ((const clx_server *)object)->supply, file, arena);
  if (schema == &clx_rack_schema) check_supply(c, ((const clx_rack *)object)->supply, file, arena);
}

static void check_schema(check *c, const clx_entry *entry, const clx_node *tree) {
  const clx_schema *schema = clx_catalog_schema(clx_catalog_kind(entry->kind));
  clx_arena *arena = clx_arena_new();
  void *object = arena == NULL ? NULL : clx_arena_alloc(arena, schema->size);
  if (object == NULL) {
    note(c, clx_fail_plain(c->error, CLX_MEMORY, "out of memory while checking the catalogue"));
  } else {
    const clx_status read = clx_schema_read(schema, tree, true, arena, object, c->error);
    note(c, read);
    if (read == CLX_OK) check_sense(c, schema, object, entry->file, arena);
  }
  clx_arena_free(arena);
}

static void check_name(check *c, const clx_entry *entry, const clx_node *tree) {
  const clx_place file = {.file = entry->file};
  const clx_node *name = clx_node_get(tree, "name");
  if (clx_node_is_null(name) || name->kind != CLX_NODE_SCALAR) {
    note(c, clx_fail(c->error, CLX_INPUT, file, "name: missing; expected \"%s\", the name of the file", entry->name));
  } else if (!clx_text_equal(name->text, entry->name)) {
    note(c, clx_fail(c->error, CLX_INPUT, name->place, "name: expected \"%s\", the name of the file, read \"%s\"",
                     entry->name, name->text));
  }
}

static void check_entry(check *c, clx_entry *entry) {
  const clx_node *tree = NULL;
  note(c, clx_catalog_tree(c->catalog, entry, &tree, c->error));
  if (tree == NULL) return;
  if (tree->kind != CLX_NODE_MAP) {
    note(c, clx_fail(c->error, CLX_INPUT, tree->place, "a catalogue entry is a map of keys"));
    return;
  }
  check_name(c, entry, tree);
  check_schema(c, entry, tree);
  check_tree(c, tree, (clx_provenance){0});
}

// An alias leads to one entry, not to two; but the user's may stand in front of a built-in one.
static void check_alias_pair(check *c, const clx_alias *a, const clx_alias *b) {
  if (a->kind != b->kind || a->builtin != b->builtin) return;
  if (!clx_text_equal_loose(a->alias, b->alias) || clx_text_equal(a->name, b->name)) return;
  note(c, clx_fail_plain(c->error, CLX_INPUT, "the %s alias \"%s\" stands for both %s and %s",
                         clx_catalog_kind(a->kind), a->alias, a->name, b->name));
}

// A name wins over an alias, so an alias that is the name of another entry would never be seen.
static void check_alias_name(check *c, const clx_alias *alias, const clx_entry *entry) {
  if (entry->kind != alias->kind || clx_text_equal(entry->name, alias->name)) return;
  if (!clx_text_equal_loose(entry->name, alias->alias)) return;
  note(c, clx_fail_plain(c->error, CLX_INPUT, "the alias \"%s\" of %s is the name of another %s", alias->alias,
                         alias->name, clx_catalog_kind(alias->kind)));
}

static void check_aliases(check *c) {
  const clx_catalog *catalog = c->catalog;
  for (int32_t i = 0; i < catalog->alias_count; i++) {
    for (int32_t j = 0; j < i; j++) check_alias_pair(c, &catalog->alias[j], &catalog->alias[i]);
    for (int32_t j = 0; j < catalog->entry_count; j++) check_alias_name(c, &catalog->alias[i], &catalog->entry[j]);
  }
}

// --- sources -------------------------------------------------------------------------------------------------------------
static void check_source(check *c, const clx_node *source) {
  static const char *const keys[] = {"title", "who", "when", "where"};
  if (source->kind != CLX_NODE_MAP) {
    note(c, clx_fail(c->error, CLX_INPUT, source->place, "%s: expected {title, who, when, where}", source->key));
    return;
  }
  for (int32_t i = 0; i < CLX_COUNT(keys); i++) {
    const clx_node *value = clx_node_get(source, keys[i]);
    if (!clx_node_is_null(value) && value->kind == CLX_NODE_SCALAR) continue;
    note(c, clx_fail(c->error, CLX_INPUT, source->key_place, "%s: the source has no %s", source->key, keys[i]));
  }
}

static void check_sources(check *c) {
  for (int32_t i = 0; i < c->catalog->sources->count; i++) {
    const clx_node *root = c->catalog->sources->tree[i];
    if (root->kind != CLX_NODE_MAP) {
      note(c, clx_fail(c->error, CLX_INPUT, root->place, "sources.yaml is a map from id to {title, who, when, where}"));
      continue;
    }
    for (int32_t j = 0; j < root->child_count; j++) check_source(c, &root->child[j]);
  }
}

clx_status clx_catalog_check(const clx_catalog *catalog, clx_error *error) {
  check c = {.catalog = catalog, .error = error, .first = CLX_OK};
  CLX_TRY(clx_catalog_load_sources(catalog, error));
  check_sources(&c);
  check_aliases(&c);
  for (int32_t i = 0; i < catalog->entry_count; i++) check_entry(&c, &catalog->entry[i]);
  return c.first;
}
