// What follows from a server's topology: ways over PCIe, nearest GPUs, names of the catalogue.
#include "import/import_nccl_topology.h"

#include <math.h>
#include <string.h>

const char *const clx_pci_path_name[CLX_PCI_PATHS + 1] = {"PIX", "PXB", "PHB", "SYS", "DIS", NULL};

// --- ways ------------------------------------------------------------------------------------------------------------

static int32_t depth_of(const clx_node_topology *t, int32_t pci) {
  int32_t depth = 0;
  for (; pci >= 0; pci = t->pci[pci].parent) depth++;
  return depth;
}

// Least rate from `pci` up to its ancestor `top` (-1 = the CPU), and the number of links on the way.
static double climb(const clx_node_topology *t, int32_t pci, int32_t top, int32_t *steps) {
  double rate = INFINITY;
  *steps = 0;
  for (; pci >= 0 && pci != top; pci = t->pci[pci].parent) {
    rate = fmin(rate, t->pci[pci].rate);
    (*steps)++;
  }
  return rate;
}

static bool is_above(const clx_node_topology *t, int32_t top, int32_t pci) {
  for (; pci >= 0; pci = t->pci[pci].parent) {
    if (pci == top) return true;
  }
  return false;
}

// The port above `a` that is joined with a port above `b`, or -1; *peer gets the latter.
static int32_t find_joint(const clx_node_topology *t, int32_t a, int32_t b, int32_t *peer) {
  for (int32_t p = a; p >= 0; p = t->pci[p].parent) {
    *peer = t->pci[p].peer_pci;
    if (*peer >= 0 && is_above(t, *peer, b)) return p;
  }
  return -1;
}

clx_pci_path clx_node_pci_path(const clx_node_topology *t, int32_t a, int32_t b, double *rate) {
  const clx_node_pci *x = &t->pci[a], *y = &t->pci[b];
  int32_t steps, more, up = a, other = b, peer = -1;
  *rate = 0;
  if (t->cpu[x->cpu].host != t->cpu[y->cpu].host) return CLX_PCI_PATH_DIS;
  int32_t deep_a = depth_of(t, a), deep_b = depth_of(t, b);
  for (; deep_a > deep_b; deep_a--) up = t->pci[up].parent;
  for (; deep_b > deep_a; deep_b--) other = t->pci[other].parent;
  while (up >= 0 && up != other) {
    up = t->pci[up].parent;
    other = t->pci[other].parent;
  }
  const bool meet = up >= 0 && up == other;
  if (!meet) {
    int32_t joint = find_joint(t, a, b, &peer);
    if (joint >= 0) {
      *rate = fmin(climb(t, a, joint, &steps), climb(t, b, peer, &more));
      return CLX_PCI_PATH_PXB;
    }
    joint = find_joint(t, b, a, &peer);
    if (joint >= 0) {
      *rate = fmin(climb(t, b, joint, &steps), climb(t, a, peer, &more));
      return CLX_PCI_PATH_PXB;
    }
  }
  *rate = fmin(climb(t, a, meet ? up : -1, &steps), climb(t, b, meet ? up : -1, &more));
  if (!meet) return x->cpu == y->cpu ? CLX_PCI_PATH_PHB : CLX_PCI_PATH_SYS;
  return steps + more <= 2 ? CLX_PCI_PATH_PIX : CLX_PCI_PATH_PXB;
}

// --- NICs ------------------------------------------------------------------------------------------------------------

static void find_nearest(clx_node_topology *t, clx_node_nic *n) {
  for (int32_t i = 0; i < t->gpu_count && n->pci >= 0; i++) {
    double rate;
    const clx_node_gpu *g = &t->gpu[i];
    const clx_pci_path path = clx_node_pci_path(t, n->pci, g->pci, &rate);
    if (path == CLX_PCI_PATH_DIS) continue;
    if (path >= CLX_PCI_PATH_PHB) {  // from the CPU on over the faster of PCIe and NVLink-C2C
      int32_t steps;
      rate = fmin(climb(t, n->pci, -1, &steps), fmax(climb(t, g->pci, -1, &steps), g->host_link));
    }
    if (n->gpu >= 0 && ((int32_t)path > n->path || ((int32_t)path == n->path && rate <= n->pcie))) continue;
    n->gpu = i;
    n->path = (int32_t)path;
    n->pcie = isfinite(rate) ? rate : 0;
  }
}

void clx_node_topology_derive(clx_node_topology *t) {
  double fastest = 0;
  bool close = false;
  for (int32_t i = 0; i < t->nic_count; i++) {
    clx_node_nic *n = &t->nic[i];
    n->gpu = -1;
    n->path = CLX_PCI_PATH_DIS;
    n->pcie = 0;
    find_nearest(t, n);
    fastest = fmax(fastest, n->rate);
  }
  for (int32_t i = 0; i < t->nic_count; i++)
    close = close || (t->nic[i].rate == fastest && t->nic[i].path <= CLX_PCI_PATH_PXB);
  for (int32_t i = 0; i < t->nic_count; i++) {
    clx_node_nic *n = &t->nic[i];
    n->serves = n->pci >= 0 && n->rate == fastest && (n->path <= CLX_PCI_PATH_PXB || !close);
  }
}

// --- names of the catalogue ------------------------------------------------------------------------------------------

// PCI ids: the PCI ID Repository (pci-ids.ucw.cz), 2023-04-11; 2335: a dump of an H200 in NVIDIA/nccl-tests issue 256.
static const struct {
  uint32_t model;
  const char *device;
} by_model[] = {{0x10de20b0, "a100_sxm_40"}, {0x10de20b2, "a100_sxm"}, {0x10de20b5, "a100_pcie"},
                {0x10de2324, "h800_sxm"},    {0x10de2330, "h100_sxm"}, {0x10de2335, "h200_sxm"}};

enum { X86, GRACE };  // the CPU beside the GPU

static const struct {
  int32_t sm, cpu;
  const char *device;
} by_capability[] = {{80, X86, "a100_sxm"},         {80, X86, "a100_sxm_40"}, {90, X86, "h100_sxm"},
                     {90, X86, "h100_sxm_96_500w"}, {90, X86, "h200_sxm"},    {90, X86, "h800_sxm"},
                     {90, X86, "h20_sxm"},          {90, X86, "h100_nvl"},    {90, GRACE, "gh200"},
                     {80, X86, "a100_pcie"},        {100, X86, "b200_sxm"},   {100, GRACE, "gb200"},
                     {103, X86, "b300_sxm"},        {103, GRACE, "gb300"}};

int32_t clx_node_gpu_devices(const clx_node_topology *t, int32_t gpu, const char *name[CLX_NODE_DEVICES_MAX]) {
  const clx_node_gpu *g = &t->gpu[gpu];
  const clx_node_pci *p = &t->pci[g->pci];
  int32_t count = 0;
  for (int32_t i = 0; i < CLX_COUNT(by_model); i++) {
    if (by_model[i].model == p->model) {
      name[0] = by_model[i].device;
      return 1;
    }
  }
  const int32_t cpu = strcmp(t->cpu[p->cpu].arch, "arm64") == 0 ? GRACE : X86;
  for (int32_t i = 0; i < CLX_COUNT(by_capability) && count < CLX_NODE_DEVICES_MAX; i++) {
    if (by_capability[i].sm == g->sm && by_capability[i].cpu == cpu) name[count++] = by_capability[i].device;
  }
  return count;
}

const char *clx_node_nic_model(const clx_node_topology *t, int32_t nic) {
  // The PCI ID Repository; rates: the products of the catalogue.
  static const struct {
    uint32_t model;
    double rate;
    const char *name;
  } cards[] = {{0x15b3101b, 200e9 / 8, "connectx6_200g"},
               {0x15b31021, 400e9 / 8, "connectx7_400g"},
               {0x15b31023, 800e9 / 8, "connectx8_800g"},
               {0x15b3a2dc, 400e9 / 8, "bluefield3_400g"}};
  const clx_node_nic *n = &t->nic[nic];
  for (int32_t i = 0; i < CLX_COUNT(cards) && n->pci >= 0; i++) {
    if (cards[i].model == t->pci[n->pci].model && cards[i].rate == n->rate) return cards[i].name;
  }
  return NULL;
}
