// Pipe networks written in files, their pumps by names of catalogue/mover.
#include "catalog/catalog.h"
#include "cooling/cooling_hydraulic.h"

clx_status clx_hydraulic_read(const clx_catalog *catalog, const clx_node *root, clx_arena *arena,
                              clx_hydraulic_spec *spec, clx_hydraulic *net, clx_error *error) {
  CLX_TRY(clx_schema_read(&clx_hydraulic_schema, root, false, arena, spec, error));
  for (int32_t i = 0; i < spec->branch_count; i++) {
    clx_hydraulic_branch_spec *branch = &spec->branches[i];
    if (branch->pump == NULL) continue;
    clx_mover *mover = CLX_NEW(arena, clx_mover);
    if (mover == NULL) return clx_fail(error, CLX_MEMORY, branch->place, "out of memory");
    CLX_TRY(clx_catalog_read(catalog, "mover", branch->pump, branch->place, &clx_mover_schema, arena, mover, error));
    CLX_TRY(clx_mover_check(mover, branch->place, error));
    branch->mover = mover;
  }
  return clx_hydraulic_build(spec, arena, net, error);
}

clx_status clx_hydraulic_load(const clx_catalog *catalog, const char *path, clx_arena *arena, clx_hydraulic_spec *spec,
                              clx_hydraulic *net, clx_error *error) {
  clx_node *root = NULL;
  CLX_TRY(clx_document_load(arena, path, &root, error));
  return clx_hydraulic_read(catalog, root, arena, spec, net, error);
}
