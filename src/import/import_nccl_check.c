// What can be wrong with a topology of NCCL only as a whole: names and numbers that stand twice, links that lead nowhere.
#include <stdlib.h>

#include "import/import_nccl_internal.h"

typedef clx_nccl_reader reader;

static int32_t host_of_pci(const clx_node_topology *t, int32_t pci) { return t->cpu[t->pci[pci].cpu].host; }

typedef struct key {
  int32_t host, pci;  // pci: index of the device, or of the GPU
  uint64_t id;
} key;

static int compare_keys(const void *x, const void *y) {
  const key *a = x, *b = y;
  if (a->host != b->host) return a->host < b->host ? -1 : 1;
  if (a->id != b->id) return a->id < b->id ? -1 : 1;
  return (a->pci > b->pci) - (a->pci < b->pci);
}

static int32_t find_key(const key *keys, int32_t count, int32_t host, uint64_t id) {
  int32_t low = 0, high = count;
  while (low < high) {
    const int32_t middle = low + (high - low) / 2;
    const key *k = &keys[middle];
    if (k->host < host || (k->host == host && k->id < id)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < count && keys[low].host == host && keys[low].id == id ? keys[low].pci : -1;
}

static void check_links(reader *r, const key *keys) {
  clx_node_topology *t = r->t;
  for (int32_t i = 0; i < r->link_count; i++) {
    const struct clx_nccl_link *l = &r->link[i];
    const int32_t from = t->gpu[l->gpu].pci;
    if (find_key(keys, t->pci_count, host_of_pci(t, from), l->target) >= 0) continue;
    clx_nccl_keep(r, clx_fail(r->error, CLX_INPUT, l->place, "NVLink of GPU %s leads to %s, which is not there",
                              t->pci[from].busid, l->text));
  }
  for (int32_t i = 0; i < t->pci_count; i++) {
    clx_node_pci *p = &t->pci[i];
    uint64_t id;
    if (p->peer == NULL) continue;
    if (clx_nccl_busid(p->peer, &id)) p->peer_pci = find_key(keys, t->pci_count, host_of_pci(t, i), id);
    if (p->peer_pci < 0) {
      clx_nccl_warn(r, p->place, "pcilink of %s leads to %s, which is not there; ignored", p->busid, p->peer);
    } else if (p->peer_pci == i) {
      clx_nccl_warn(r, p->place, "pcilink of %s leads to itself; ignored", p->busid);
      p->peer_pci = -1;
    }
  }
}

// Ranks of all GPUs, or devices of those of a host, that stand twice. keys: room for every GPU.
static void check_numbers(reader *r, key *keys, bool ranks) {
  const clx_node_topology *t = r->t;
  int32_t count = 0;
  for (int32_t i = 0; i < t->gpu_count; i++) {
    const clx_node_gpu *g = &t->gpu[i];
    const int32_t number = ranks ? g->rank : g->device;
    if (number >= 0) keys[count++] = (key){ranks ? 0 : host_of_pci(t, g->pci), i, (uint64_t)number};
  }
  if (count > 1) qsort(keys, (size_t)count, sizeof *keys, compare_keys);
  for (int32_t i = 1; i < count; i++) {
    if (keys[i].host != keys[i - 1].host || keys[i].id != keys[i - 1].id) continue;
    const clx_node_gpu *a = &t->gpu[keys[i - 1].pci], *b = &t->gpu[keys[i].pci];
    clx_nccl_keep(
        r, clx_fail(r->error, CLX_INPUT, b->place, "GPUs %s and %s (line %d) have one %s: %d", t->pci[b->pci].busid,
                    t->pci[a->pci].busid, a->place.line, ranks ? "rank" : "dev", ranks ? b->rank : b->device));
  }
}

void clx_nccl_check(reader *r) {
  clx_node_topology *t = r->t;
  key *keys = CLX_NEW_ARRAY(r->arena, key, t->pci_count + 1);
  if (keys == NULL) {
    clx_nccl_no_memory(r);
    return;
  }
  for (int32_t i = 0; i < t->pci_count; i++) keys[i] = (key){host_of_pci(t, i), i, t->pci[i].id};
  if (t->pci_count > 1) qsort(keys, (size_t)t->pci_count, sizeof *keys, compare_keys);
  for (int32_t i = 1; i < t->pci_count; i++) {
    const key *a = &keys[i - 1], *b = &keys[i];
    if (a->host != b->host || a->id != b->id) continue;
    clx_nccl_keep(r, clx_fail(r->error, CLX_INPUT, t->pci[b->pci].place, "busid %s stands here and in line %d",
                              t->pci[b->pci].busid, t->pci[a->pci].place.line));
  }
  check_links(r, keys);
  check_numbers(r, keys, true);
  check_numbers(r, keys, false);
  if (t->gpu_count == 0)
    clx_nccl_keep(r, clx_fail(r->error, CLX_INPUT, (clx_place){r->file, 0, 0}, "there is no GPU in it"));
  double most = 0;
  for (int32_t i = 0; i < t->gpu_count; i++) most = t->gpu[i].nvlink > most ? t->gpu[i].nvlink : most;
  for (int32_t i = 0; i < t->gpu_count; i++) {
    if (t->gpu[i].nvlink < most)
      clx_nccl_warn(r, t->gpu[i].place, "GPU %s has %.4g GB/s of NVLink, others %.4g", t->pci[t->gpu[i].pci].busid,
                    t->gpu[i].nvlink / 1e9, most / 1e9);
  }
}
