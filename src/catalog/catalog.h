// catalog: the entries shipped with colossus (built into the library) and the user's own, found by name or alias.
// An entry is one YAML file catalogue/KIND/NAME.yaml. Every number in it has a source and a kind:
//   source: nvidia-h100-datasheet      # for all numbers below, unless overridden
//   kind: datasheet                    # datasheet | measured | fitted | estimated | assumed; the last two need `why`
//   tdp: 700 W
//   memory_bandwidth: {value: 3.35 TB/s, source: epoch-ml-hardware, kind: datasheet}
// Sources are ids of catalogue/sources.yaml.
#pragma once

#include "base/base.h"
#include "document/document.h"
#include "schema/schema.h"

// A file built into the library (generated at build time from catalogue/, scenarios/ and validation/).
typedef struct clx_builtin_file {
  const char *path;  // "device/h100_sxm.yaml", "scenarios/colossus-1.yaml"
  const char *data;
  size_t size;
} clx_builtin_file;

extern const clx_builtin_file clx_builtin_files[];
extern const int32_t clx_builtin_file_count;

// Finds entry `name` of `kind` by canonical name or alias (an alias may hold '*'; an exact name wins over an alias, the
// longest alias wins) and reads it into `object` by `schema` (first member of every entry struct is `const char *name`).
// Unknown: CLX_INPUT at `place` with the nearest names. The texts live as long as the catalogue.
clx_status clx_catalog_read(const clx_catalog *catalog, const char *kind, const char *name, clx_place place,
                            const clx_schema *schema, clx_arena *arena, void *object, clx_error *error);
// The same with what `changes` (nullable: none; a map of the entry's keys) says instead; its name stays that of the entry.
clx_status clx_catalog_read_changed(const clx_catalog *catalog, const char *kind, const char *name,
                                    const clx_node *changes, clx_place place, const clx_schema *schema,
                                    clx_arena *arena, void *object, clx_error *error);
// Reads a device together with its kernel parameters: those of the entry it names, else its own, else its architecture's
// (an alias of a catalogue/kernels entry), else the initial values of the schema.
struct clx_device;
clx_status clx_catalog_read_device(const clx_catalog *catalog, const char *name, clx_place place, clx_arena *arena,
                                   struct clx_device *device, clx_error *error);
// Reads a communication library with the constants of the entry it names; and a transport. Both from `arena`.
struct clx_library;
clx_status clx_catalog_read_library(const clx_catalog *catalog, const char *name, clx_place place, clx_arena *arena,
                                    const struct clx_library **library, clx_error *error);
struct clx_transport;
clx_status clx_catalog_read_transport(const clx_catalog *catalog, const char *name, clx_place place, clx_arena *arena,
                                      const struct clx_transport **transport, clx_error *error);
// Reads equipment and checks it; a power chain with the equipment of its levels; the equipment of levels read from elsewhere
// (`equipment` of each level that names a conversion), all from `arena`.
struct clx_conversion;
struct clx_chain_spec;
clx_status clx_catalog_read_conversion(const clx_catalog *catalog, const char *name, clx_place place, clx_arena *arena,
                                       struct clx_conversion *conversion, clx_error *error);
clx_status clx_catalog_read_chain(const clx_catalog *catalog, const char *name, clx_place place, clx_arena *arena,
                                  struct clx_chain_spec *spec, clx_error *error);
clx_status clx_catalog_read_conversions(const clx_catalog *catalog, struct clx_chain_spec *spec, clx_arena *arena,
                                        clx_error *error);
// A cooling plant, checked.
struct clx_plant_spec;
struct clx_plant_finder;
clx_status clx_catalog_read_plant(const clx_catalog *catalog, const char *name, clx_place place, clx_arena *arena,
                                  struct clx_plant_spec *spec, clx_error *error);
// Whose heat the entry of a plant takes: "liquid and air", "liquid" (of racks) or "air" (of the hall).
const char *clx_catalog_plant_takes(const clx_node *plant);
// Equipment read once, and how clx_plant_build finds it. A list starts as NULL; entries come from `arena`.
typedef struct clx_equipment clx_equipment;
// Everything that a plant names: movers, CDUs and their pumps, dry coolers, towers, chillers. CLX_INPUT: every name that the catalogue does not
// have, with its place; the first one's status.
clx_status clx_catalog_read_equipment(const clx_catalog *catalog, const struct clx_plant_spec *plant, clx_arena *arena,
                                      const clx_equipment **list, clx_error *error);
// One more; name NULL = none.
clx_status clx_equipment_add(const clx_catalog *catalog, const char *kind, const char *name, clx_place place,
                             clx_arena *arena, const clx_equipment **list, clx_error *error);
const void *clx_equipment_find(const clx_equipment *list, const char *kind,
                               const char *name);  // NULL = not in the list
struct clx_plant_finder clx_equipment_finder(const clx_equipment *list);
// Reads a pipe network (docs/model/cooling/hydraulics.md) from a document or file, resolves its pumps' movers, builds and checks it; all from
// `arena`. CLX_INPUT with the place.
struct clx_hydraulic_spec;
struct clx_hydraulic;
clx_status clx_hydraulic_read(const clx_catalog *catalog, const clx_node *root, clx_arena *arena,
                              struct clx_hydraulic_spec *spec, struct clx_hydraulic *net, clx_error *error);
clx_status clx_hydraulic_load(const clx_catalog *catalog, const char *path, clx_arena *arena,
                              struct clx_hydraulic_spec *spec, struct clx_hydraulic *net, clx_error *error);
// What a plan of cost names (prices, buildings, batteries; staff, tariff, currencies), checked; every name that the catalogue does not have, with
// its place. And rents of a GPU, checked.
struct clx_cost_spec;
struct clx_cost_found;
clx_status clx_catalog_read_cost(const clx_catalog *catalog, const struct clx_cost_spec *spec, clx_arena *arena,
                                 struct clx_cost_found *found, clx_error *error);
struct clx_rent;
struct clx_decide_spec;
struct clx_decide_found;
// The rents that courses name, and the market fitted to the entry it names or that of the first contract, by prices known in `year`.
clx_status clx_catalog_read_decide(const clx_catalog *catalog, const struct clx_decide_spec *spec, double year,
                                   clx_arena *arena, struct clx_decide_found *found, clx_error *error);
clx_status clx_catalog_read_rent(const clx_catalog *catalog, const char *name, clx_place place, clx_arena *arena,
                                 struct clx_rent *rent, clx_error *error);
// Products, makers and capacities that orders name, and what these name in turn; how the compiler finds them.
struct clx_procurement_spec;
struct clx_procurement;
struct clx_supply_finder;
clx_status clx_catalog_read_supply(const clx_catalog *catalog, const struct clx_procurement_spec *spec,
                                   clx_arena *arena, const clx_equipment **list, clx_error *error);
struct clx_supply_finder clx_equipment_supply_finder(const clx_equipment *list);
// Orders of several buyers (docs/model/supply.md) from a document or file: read, resolved, compiled; all from `arena`. CLX_INPUT with the place.
clx_status clx_procurement_read(const clx_catalog *catalog, const clx_node *root, clx_arena *arena,
                                struct clx_procurement *out, clx_error *error);
clx_status clx_procurement_load(const clx_catalog *catalog, const char *path, clx_arena *arena,
                                struct clx_procurement *out, clx_error *error);
// The canonical name for a name or alias, or NULL.
const char *clx_catalog_canonical(const clx_catalog *catalog, const char *kind, const char *name);
// The parsed tree of an entry (canonical name or alias), or NULL.
const clx_node *clx_catalog_entry(const clx_catalog *catalog, const char *kind, const char *name);
// Title of a source id, or NULL.
const char *clx_catalog_source(const clx_catalog *catalog, const char *id);
// The schema of a kind, or NULL.
const clx_schema *clx_catalog_schema(const char *kind);
// Checks that every number of every entry has a known source and kind, and every estimate a `why`. For tests and `check`.
clx_status clx_catalog_check(const clx_catalog *catalog, clx_error *error);

// catalogue/accuracy: what `colossus validate` measured for a model of this version; stands beside its predictions.
typedef struct clx_error_figures {
  const char *device;        // canonical name; NULL in the total
  int32_t rows;              // published measurements predicted
  double mean, median, p90;  // absolute error as a fraction of the measured value
} clx_error_figures;

typedef struct clx_accuracy {
  const char *name;
  const char *title;
  const char *const *aliases;
  int32_t alias_count;
  int64_t largest;  // GPUs of the largest measurement
  clx_error_figures all;
  clx_error_figures *by_device;  // device_count
  int32_t device_count;
} clx_accuracy;

extern const clx_schema clx_accuracy_schema;
