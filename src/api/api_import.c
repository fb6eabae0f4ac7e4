// The public face of imports.
#include "import/import_nccl_topology.h"

clx_status clx_nccl_topology_import(const char *path, const char *name, bool json, char **text, char **entry,
                                    clx_error *error) {
  clx_buffer texts[2] = {0};
  clx_node_topology topology;
  *text = *entry = NULL;
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  clx_status status = clx_nccl_topology_load(arena, path, &topology, error);
  if (status == CLX_OK) {
    (json ? clx_node_topology_json : clx_node_topology_text)(&topology, &texts[0]);
    clx_node_topology_entry(&topology, name, &texts[1]);
    if (texts[0].failed || texts[1].failed) status = clx_fail_plain(error, CLX_MEMORY, "out of memory");
  }
  clx_arena_free(arena);
  if (status == CLX_OK) {
    *text = texts[0].data;
    *entry = texts[1].data;
    return status;
  }
  clx_buffer_free(&texts[0]);
  clx_buffer_free(&texts[1]);
  return status;
}
