// Communication libraries and transports.
#include <string.h>

#include "catalog/catalog.h"
#include "network/network.h"

// Profiles of one library differ in few numbers; the constants they share stand in one entry.
clx_status clx_catalog_read_library(const clx_catalog *catalog, const char *name, clx_place place, clx_arena *arena,
                                    const clx_library **library, clx_error *error) {
  clx_library *entry = CLX_NEW(arena, clx_library), *constants = CLX_NEW(arena, clx_library);
  if (entry == NULL || constants == NULL) return clx_fail(error, CLX_MEMORY, place, "out of memory");
  CLX_TRY(clx_catalog_read(catalog, "library", name, place, &clx_library_schema, arena, entry, error));
  if (entry->constants != NULL) {
    CLX_TRY(
        clx_catalog_read(catalog, "library", entry->constants, place, &clx_library_schema, arena, constants, error));
    memcpy(entry->generation, constants->generation, sizeof entry->generation);
  }
  *library = entry;
  return CLX_OK;
}

clx_status clx_catalog_read_transport(const clx_catalog *catalog, const char *name, clx_place place, clx_arena *arena,
                                      const clx_transport **transport, clx_error *error) {
  clx_transport *entry = CLX_NEW(arena, clx_transport);
  if (entry == NULL) return clx_fail(error, CLX_MEMORY, place, "out of memory");
  CLX_TRY(clx_catalog_read(catalog, "transport", name, place, &clx_transport_schema, arena, entry, error));
  *transport = entry;
  return CLX_OK;
}
