// A server's topology for people, as JSON, and as an entry of the catalogue with open lines where the file is silent.
#include <jansson.h>
#include <stdlib.h>

#include "import/import_nccl_topology.h"

static int32_t host_of_gpu(const clx_node_topology *t, int32_t gpu) { return t->cpu[t->pci[t->gpu[gpu].pci].cpu].host; }

static int32_t host_of_nic(const clx_node_topology *t, int32_t nic) { return t->cpu[t->nic[nic].cpu].host; }

// "NVSwitch", "GPU", "NVSwitch and GPU"
static const char *link_kind(const clx_node_gpu *g) {
  if (g->links == 0) return "";
  if (g->through <= 0) return "to GPUs";
  return g->through < g->nvlink ? "to NVSwitches and GPUs" : "through NVSwitches";
}

// --- for people ------------------------------------------------------------------------------------------------------

static void write_gpu(const clx_node_topology *t, int32_t gpu, clx_buffer *out) {
  const clx_node_gpu *g = &t->gpu[gpu];
  const clx_node_pci *p = &t->pci[g->pci];
  const char *device[CLX_NODE_DEVICES_MAX];
  const int32_t count = clx_node_gpu_devices(t, gpu, device);
  clx_buffer_format(out, "gpu %-4d %-13s sm %-4d cpu %d  ", gpu, p->busid, g->sm, p->cpu);
  if (g->links > 0) clx_buffer_format(out, "%d NVLinks %s, %.4g GB/s  ", g->links, link_kind(g), g->nvlink / 1e9);
  if (g->host_link > 0) clx_buffer_format(out, "to CPU %.4g GB/s  ", g->host_link / 1e9);
  clx_buffer_format(out, "PCIe %.3g GB/s  ", p->rate / 1e9);
  for (int32_t i = 0; i < count; i++) clx_buffer_format(out, "%s%s", i > 0 ? " or " : "", device[i]);
  if (count == 0) clx_buffer_format(out, "no device of the catalogue");
  clx_buffer_format(out, "\n");
}

static void write_nic(const clx_node_topology *t, int32_t nic, clx_buffer *out) {
  const clx_node_nic *n = &t->nic[nic];
  const char *model = clx_node_nic_model(t, nic);
  clx_buffer_format(out, "nic %-13s %-8.4g Gbit/s  ", n->name, n->rate * 8 / 1e9);
  if (n->gpu >= 0)
    clx_buffer_format(out, "gpu %d %s, PCIe %.3g GB/s  ", n->gpu, clx_pci_path_name[n->path], n->pcie / 1e9);
  if (n->rail >= 0) clx_buffer_format(out, "rail %d  ", n->rail);
  if (n->plane >= 0) clx_buffer_format(out, "plane %d  ", n->plane);
  clx_buffer_format(out, "%s%s\n", model != NULL ? model : "no NIC of the catalogue",
                    n->serves ? "" : ", not for the GPUs' traffic");
}

void clx_node_topology_text(const clx_node_topology *t, clx_buffer *out) {
  int32_t serving = 0;
  for (int32_t i = 0; i < t->nic_count; i++) serving += t->nic[i].serves;
  if (t->host_count > 1) clx_buffer_format(out, "%d hosts, ", t->host_count);
  clx_buffer_format(out, "%d CPU%s (%s %s), %d GPU%s, %d NIC%s (%d for the GPUs)", t->cpu_count,
                    t->cpu_count == 1 ? "" : "s", t->cpu[0].arch, t->cpu[0].vendor, t->gpu_count,
                    t->gpu_count == 1 ? "" : "s", t->nic_count, t->nic_count == 1 ? "" : "s", serving);
  if (t->rail_count > 1) clx_buffer_format(out, ", %d rails", t->rail_count);
  if (t->plane_count > 1) clx_buffer_format(out, ", %d planes", t->plane_count);
  clx_buffer_format(out, "\n");
  for (int32_t i = 0; i < t->gpu_count; i++) write_gpu(t, i, out);
  for (int32_t i = 0; i < t->nic_count; i++) write_nic(t, i, out);
  for (int32_t i = 0; i < t->warning_count; i++) clx_buffer_format(out, "warning: %s\n", t->warning[i]);
}

// --- JSON ------------------------------------------------------------------------------------------------------------

static json_t *json_gpu(const clx_node_topology *t, int32_t gpu) {
  const clx_node_gpu *g = &t->gpu[gpu];
  const clx_node_pci *p = &t->pci[g->pci];
  const char *device[CLX_NODE_DEVICES_MAX];
  const int32_t count = clx_node_gpu_devices(t, gpu, device);
  json_t *devices = json_array();
  for (int32_t i = 0; i < count; i++) json_array_append_new(devices, json_string(device[i]));
  return json_pack("{s:s,s:i,s:i,s:i,s:i,s:i,s:b,s:i,s:f,s:f,s:f,s:f,s:o}", "busid", p->busid, "host",
                   host_of_gpu(t, gpu), "cpu", p->cpu, "dev", g->device, "rank", g->rank, "sm", g->sm, "gdr", g->gdr,
                   "nvlinks", g->links, "nvlink", g->nvlink, "nvswitch", g->through, "host_link", g->host_link, "pcie",
                   p->rate, "devices", devices);
}

static json_t *json_nic(const clx_node_topology *t, int32_t nic) {
  const clx_node_nic *n = &t->nic[nic];
  const char *model = clx_node_nic_model(t, nic);
  return json_pack("{s:s,s:s*,s:i,s:i,s:i,s:f,s:b,s:i,s:i,s:i,s:s*,s:f,s:b,s:s*}", "name", n->name, "busid",
                   n->pci >= 0 ? t->pci[n->pci].busid : NULL, "host", host_of_nic(t, nic), "cpu", n->cpu, "ports",
                   n->ports, "rate", n->rate, "gdr", n->gdr, "rail", n->rail, "plane", n->plane, "gpu", n->gpu, "path",
                   n->gpu >= 0 ? clx_pci_path_name[n->path] : NULL, "pcie", n->pcie, "serves_gpus", n->serves, "nic",
                   model);
}

// Rates and classes of the ways between all GPUs of a host over PCIe.
static json_t *json_pcie(const clx_node_topology *t) {
  json_t *pairs = json_array();
  for (int32_t i = 0; i < t->gpu_count && t->gpu_count <= 64; i++) {
    for (int32_t k = i + 1; k < t->gpu_count; k++) {
      double rate;
      const clx_pci_path path = clx_node_pci_path(t, t->gpu[i].pci, t->gpu[k].pci, &rate);
      if (path == CLX_PCI_PATH_DIS) continue;
      json_array_append_new(
          pairs, json_pack("{s:i,s:i,s:s,s:f}", "a", i, "b", k, "path", clx_pci_path_name[path], "rate", rate));
    }
  }
  return pairs;
}

void clx_node_topology_json(const clx_node_topology *t, clx_buffer *out) {
  json_t *cpus = json_array(), *gpus = json_array(), *nics = json_array(), *warnings = json_array();
  for (int32_t i = 0; i < t->cpu_count; i++) {
    const clx_node_cpu *c = &t->cpu[i];
    json_array_append_new(
        cpus, json_pack("{s:i,s:i,s:s,s:s}", "host", c->host, "numa", c->numa, "arch", c->arch, "vendor", c->vendor));
  }
  for (int32_t i = 0; i < t->gpu_count; i++) json_array_append_new(gpus, json_gpu(t, i));
  for (int32_t i = 0; i < t->nic_count; i++) json_array_append_new(nics, json_nic(t, i));
  for (int32_t i = 0; i < t->warning_count; i++) json_array_append_new(warnings, json_string(t->warning[i]));
  json_t *root = json_pack("{s:i,s:i,s:i,s:i,s:o,s:o,s:o,s:o,s:o}", "schema_version", 1, "hosts", t->host_count,
                           "rails", t->rail_count, "planes", t->plane_count, "cpus", cpus, "gpus", gpus, "nics", nics,
                           "pcie", json_pcie(t), "warnings", warnings);
  char *text = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
  json_decref(root);
  if (text == NULL) {
    out->failed = true;
    return;
  }
  clx_buffer_format(out, "%s\n", text);
  free(text);
}

// --- the catalogue entry ---------------------------------------------------------------------------------------------

static void write_device(const clx_node_topology *t, clx_buffer *out) {
  const char *device[CLX_NODE_DEVICES_MAX];
  const int32_t count = clx_node_gpu_devices(t, 0, device);
  const uint32_t model = t->pci[t->gpu[0].pci].model;
  if (count == 1) {
    clx_buffer_format(out, "device: %s\n", device[0]);
    return;
  }
  clx_buffer_format(out, "device:  # compute capability %d.%d, PCI id %04x:%04x: ", t->gpu[0].sm / 10,
                    t->gpu[0].sm % 10, model >> 16, model & 0xffff);
  for (int32_t i = 0; i < count; i++) clx_buffer_format(out, "%s%s", i > 0 ? ", " : "perhaps ", device[i]);
  clx_buffer_format(out, count == 0 ? "no device of the catalogue is known by it\n" : "\n");
}

void clx_node_topology_entry(const clx_node_topology *t, const char *name, clx_buffer *out) {
  int32_t gpus = 0, serving = 0, others = 0, first = -1, slower = 0;
  double fastest = 0;
  for (int32_t i = 0; i < t->gpu_count; i++) gpus += host_of_gpu(t, i) == 0;
  for (int32_t i = 0; i < t->nic_count; i++) {
    if (t->nic[i].serves && first < 0) first = i;
    if (t->nic[i].serves) fastest = t->nic[i].rate;
  }
  for (int32_t i = 0; i < t->nic_count; i++) {
    if (host_of_nic(t, i) != 0) continue;
    const bool same = t->nic[i].rate == fastest && t->nic[i].pci >= 0;
    serving += t->nic[i].serves;
    others += same && !t->nic[i].serves;
    slower += !same;
  }
  const char *nic = first >= 0 ? clx_node_nic_model(t, first) : NULL;
  clx_buffer_format(out,
                    "# A server as its NCCL topology describes it%s. Lines without a value cannot be told from the "
                    "topology: fill them in,\n# with the source and kind of each number that is not the file's.\n",
                    t->host_count > 1 ? " (the first host of several)" : "");
  clx_buffer_format(out, "name: %s\ntitle: \"\"\naliases: []\nsource: own-topology\nkind: measured\n", name);
  write_device(t, out);
  clx_buffer_format(out, "gpus: %d\n", gpus);
  if (nic != NULL) {
    clx_buffer_format(out, "nic: %s\n", nic);
  } else if (first >= 0) {
    const uint32_t model = t->nic[first].pci >= 0 ? t->pci[t->nic[first].pci].model : 0;
    clx_buffer_format(out, "nic:  # %.4g Gbit/s, PCI id %04x:%04x: no NIC of the catalogue is known by it\n",
                      fastest * 8 / 1e9, model >> 16, model & 0xffff);
  } else {
    clx_buffer_format(out, "nic:  # none on PCIe\n");
  }
  clx_buffer_format(out, "nics: %d\nextra_nics: %d", serving, others);
  if (slower > 0) clx_buffer_format(out, "  # and %d slower", slower);
  clx_buffer_format(out,
                    "\ncooling:  # air or liquid\npower_max:  # W, rated\npower_other:  # W at load without GPUs and "
                    "fans\npower_fans:  # W at load\nheight:  # rack units\n");
}
