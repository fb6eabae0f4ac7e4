// import_nccl_topology: the inside of a server as NCCL writes it (NCCL_TOPO_DUMP_FILE) and reads it (NCCL_TOPO_FILE).
#pragma once

#include "base/base.h"

// How far two PCI devices are apart; NCCL's names.
typedef enum clx_pci_path {
  CLX_PCI_PATH_PIX,  // at most one PCIe switch between them
  CLX_PCI_PATH_PXB,  // several PCIe switches, no CPU
  CLX_PCI_PATH_PHB,  // through the CPU they both hang on
  CLX_PCI_PATH_SYS,  // from one CPU to another
  CLX_PCI_PATH_DIS,  // in different hosts
  CLX_PCI_PATHS
} clx_pci_path;

extern const char *const clx_pci_path_name[CLX_PCI_PATHS + 1];

typedef struct clx_node_cpu {
  int32_t host;  // hosts differ in host_hash; a dump of one server has host 0 only
  int32_t numa;  // -1 = none
  const char *arch;
  const char *vendor;
} clx_node_cpu;

typedef struct clx_node_pci {
  const char *busid;
  uint64_t id;       // of the bus id: domain, bus, device, function
  int32_t parent;    // PCI device above; -1 = the CPU
  int32_t cpu;       // index into cpu
  uint32_t model;    // vendor << 16 | device; 0 = not given
  int32_t class_id;  // of PCI: 0x060400 a bridge, 0x03.... a GPU, 0x02.... a NIC
  double rate;       // B/s to the parent, one direction, as NCCL counts it
  const char *peer;  // bus id of a pcilink: the port of another switch that this one is joined with; nullable
  int32_t peer_pci;  // its index, -1 = none
  int32_t gpu;       // the GPU that it is, -1 = none
  clx_place place;
} clx_node_pci;

typedef struct clx_node_gpu {
  int32_t pci;
  int32_t device;    // NCCL's dev; -1 = not given
  int32_t rank;      // -1 = not given
  int32_t sm;        // compute capability x 10; 0 = not given
  int32_t gdr;       // bool: GPU Direct RDMA
  int32_t links;     // NVLinks to GPUs and switches
  double nvlink;     // B/s of them, one direction, as NCCL counts them (less than the datasheet's)
  double through;    // B/s of that through NVSwitches
  double host_link;  // B/s to the CPU over NVLink or NVLink-C2C
  clx_place place;
} clx_node_gpu;

// One card; ports and functions of a card are added up.
typedef struct clx_node_nic {
  int32_t pci;  // -1 = known by its name only (a socket)
  int32_t cpu;
  const char *name;  // of its first port
  int32_t ports;
  double rate;          // B/s, one direction, all ports; 0 = not given
  int32_t gdr;          // bool
  int32_t rail, plane;  // of the first port, -1 = not given
  int32_t gpu;          // nearest GPU, -1 = none
  int32_t path;         // clx_pci_path to it
  double pcie;     // B/s of the way to it (NVLink-C2C included), without what joins CPUs, which the file does not tell
  int32_t serves;  // bool: takes the GPUs' traffic (clx_node_topology_derive says how that is told)
  clx_place place;
} clx_node_nic;

typedef struct clx_node_topology {
  clx_node_cpu *cpu;
  clx_node_pci *pci;
  clx_node_gpu *gpu;
  clx_node_nic *nic;
  int32_t cpu_count, pci_count, gpu_count, nic_count, host_count;
  int32_t rail_count, plane_count;  // numbers of different rails and planes that nets name
  const char **warning;             // what was read in a simpler way than it was written
  int32_t warning_count;
} clx_node_topology;

enum {
  CLX_NCCL_SIZE_MAX = 4 << 20,  // bytes
  CLX_NCCL_DEPTH_MAX = 64,      // nested elements
  CLX_NCCL_DEVICES_MAX = 2048,  // of each kind
  CLX_NCCL_WARNINGS_MAX = 32
};

// Reads the XML text. No document type, no entity, nothing outside the text is read; sizes are limited as above. Every mistake is reported with its line (where the tag ends), up to
// CLX_MISTAKES_MAX: no XML, a missing attribute, a number that is none, an element at a place where NCCL has none, a bus id
// twice in a host, a rank twice, a `dev` twice in a host, an NVLink to a GPU that is not there. A pcilink to nowhere or to itself, unknown elements, NICs without `dev` (NCCL ignores them, too) and
// PCIe speeds that NCCL does not know are warnings. Units: NCCL's (src/graph/topo.cc of NVIDIA/nccl 86fa684d).
// `name` is the file's, for places. Everything lives in `arena`. O(size + devices log devices).
clx_status clx_nccl_topology_read(clx_arena *arena, const char *name, const char *data, size_t size,
                                  clx_node_topology *topology, clx_error *error);
// Reads the file at `path` and then as above.
clx_status clx_nccl_topology_load(clx_arena *arena, const char *path, clx_node_topology *topology, clx_error *error);

// The way between two PCI devices and the least rate on it in B/s (without the link between CPUs). O(depth).
clx_pci_path clx_node_pci_path(const clx_node_topology *topology, int32_t a, int32_t b, double *rate);

// Finds nearest GPUs and which NICs serve GPUs: of the cards with the highest rate those that reach a GPU without a CPU, or
// all of them when none does (virtual machines hide the switches). clx_nccl_topology_read has done it. O(gpus nics depth).
void clx_node_topology_derive(clx_node_topology *topology);

// Names of the catalogue's devices that this GPU can be: by its PCI id, else by compute capability and CPU. Returns their number.
enum { CLX_NODE_DEVICES_MAX = 8 };
int32_t clx_node_gpu_devices(const clx_node_topology *topology, int32_t gpu, const char *name[CLX_NODE_DEVICES_MAX]);
// Name of the catalogue's NIC that this card is, or NULL.
const char *clx_node_nic_model(const clx_node_topology *topology, int32_t nic);

// For people; as JSON; as an entry catalogue/server/NAME.yaml, in which lines that the file cannot fill stand open.
void clx_node_topology_text(const clx_node_topology *topology, clx_buffer *out);
void clx_node_topology_json(const clx_node_topology *topology, clx_buffer *out);
void clx_node_topology_entry(const clx_node_topology *topology, const char *name, clx_buffer *out);
