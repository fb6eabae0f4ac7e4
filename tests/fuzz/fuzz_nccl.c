// Any bytes as a topology of NCCL: a server whose every index and number is sound and can be written, or a mistake.
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "import/import_nccl_topology.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const clx_node_topology *t) {
  if (t->gpu_count < 1 || t->cpu_count < 1 || t->host_count < 1) abort();
  for (int32_t i = 0; i < t->pci_count; i++) {
    const clx_node_pci *p = &t->pci[i];
    if (p->parent < -1 || p->parent >= i || p->cpu < 0 || p->cpu >= t->cpu_count || p->rate <= 0) abort();
    if (p->peer_pci < -1 || p->peer_pci >= t->pci_count) abort();
  }
  for (int32_t i = 0; i < t->gpu_count; i++) {
    const clx_node_gpu *g = &t->gpu[i];
    if (g->pci < 0 || g->pci >= t->pci_count || !isfinite(g->nvlink + g->host_link) || g->nvlink < g->through) abort();
  }
  for (int32_t i = 0; i < t->nic_count; i++) {
    const clx_node_nic *n = &t->nic[i];
    if (n->pci < -1 || n->pci >= t->pci_count || n->gpu < -1 || n->gpu >= t->gpu_count) abort();
    if (!isfinite(n->rate) || n->rate < 0 || !isfinite(n->pcie) || n->ports < 1) abort();
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return 0;
  clx_error error;
  clx_error_clear(&error);
  clx_node_topology topology;
  if (clx_nccl_topology_read(arena, "topo.xml", (const char *)data, size, &topology, &error) == CLX_OK) {
    check(&topology);
    clx_buffer out = {0};
    clx_node_topology_text(&topology, &out);
    clx_node_topology_json(&topology, &out);
    clx_node_topology_entry(&topology, "fuzz", &out);
    if (out.failed) abort();
    clx_buffer_free(&out);
  } else if (error.count == 0 || error.mistake[0].text[0] == 0) {
    abort();
  }
  clx_arena_free(arena);
  return 0;
}
