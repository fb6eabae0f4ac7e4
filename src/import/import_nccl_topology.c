// The XML of NCCL's topology, element by element, from libxml2's events (no tree is built).
#include "import/import_nccl_internal.h"

#include <errno.h>
#include <libxml/SAX2.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 200 };

typedef enum element { NONE, SYSTEM, CPU, PCI, GPU, NVLINK, C2C, NIC, NET, PCILINK, ELEMENTS } element;

typedef clx_nccl_reader reader;

// --- mistakes --------------------------------------------------------------------------------------------------------

static clx_place here(const reader *r) { return (clx_place){r->file, xmlSAX2GetLineNumber(r->xml), 0}; }

void clx_nccl_keep(reader *r, clx_status status) {
  if (r->status == CLX_OK) r->status = status;
}

static void stop(reader *r) {
  if (!r->stopped) xmlStopParser(r->xml);
  r->stopped = true;
}

void clx_nccl_no_memory(reader *r) {
  if (r->status != CLX_MEMORY) clx_fail_plain(r->error, CLX_MEMORY, "out of memory");
  r->status = CLX_MEMORY;
  stop(r);
}

static bool grow(reader *r, void **array, int32_t count, int32_t *capacity, size_t size);

void clx_nccl_warn(reader *r, clx_place place, const char *format, ...) {
  clx_node_topology *t = r->t;
  if (t->warning_count > CLX_NCCL_WARNINGS_MAX) return;
  char text[400];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (!grow(r, (void **)&t->warning, t->warning_count, &r->warning_capacity, sizeof *t->warning)) return;
  const bool last = t->warning_count == CLX_NCCL_WARNINGS_MAX;
  t->warning[t->warning_count] =
      last ? "and more of this kind" : clx_arena_format(r->arena, "%s:%d: %s", place.file, place.line, text);
  if (t->warning[t->warning_count] == NULL) {
    clx_nccl_no_memory(r);
  } else {
    t->warning_count++;
  }
}

// Makes room for one more item; zeroed. False when memory ran out or there are too many.
static bool grow(reader *r, void **array, int32_t count, int32_t *capacity, size_t size) {
  if (count < *capacity) return true;
  if (count >= CLX_NCCL_DEVICES_MAX) {
    clx_nccl_keep(
        r, clx_fail(r->error, CLX_INPUT, here(r), "there are more than %d of <%s>", CLX_NCCL_DEVICES_MAX, r->tag));
    stop(r);
    return false;
  }
  const int32_t larger = *capacity == 0 ? 16 : 2 * *capacity;
  void *fresh = clx_arena_array(r->arena, (size_t)larger, size);
  if (fresh == NULL) {
    clx_nccl_no_memory(r);
    return false;
  }
  if (count > 0) memcpy(fresh, *array, (size_t)count * size);
  *array = fresh;
  *capacity = larger;
  return true;
}

// --- attributes ------------------------------------------------------------------------------------------------------

// The value of an attribute as a text of its own, or NULL.
static const char *text_of(reader *r, const char *key) {
  for (int32_t i = 0; i < r->attribute_count; i++) {
    const xmlChar **a = &r->attribute[5 * (size_t)i];
    if (strcmp((const char *)a[0], key) != 0) continue;
    size_t length = (size_t)(a[4] - a[3]);
    if (length > TEXT_MAX) length = TEXT_MAX;
    char *text = clx_arena_copy(r->arena, (const char *)a[3], length);
    if (text == NULL) {
      clx_nccl_no_memory(r);
      return "";
    }
    clx_text_clean(text, true);
    return text;
  }
  return NULL;
}

static const char *need(reader *r, const char *key) {
  const char *text = text_of(r, key);
  if (text != NULL) return text;
  clx_nccl_keep(r, clx_fail(r->error, CLX_INPUT, here(r), "<%s> has no attribute '%s'", r->tag, key));
  return "";
}

static int32_t number_in(reader *r, const char *key, const char *text, int base, int32_t otherwise) {
  char *end = NULL;
  errno = 0;
  const long value = strtol(text, &end, base);
  if (end != text && *end == '\0' && errno == 0 && value >= INT_MIN && value <= INT_MAX) return (int32_t)value;
  clx_nccl_keep(
      r, clx_fail(r->error, CLX_INPUT, here(r), "<%s>: '%s' must be a whole number, read '%.40s'", r->tag, key, text));
  return otherwise;
}

static int32_t number(reader *r, const char *key, int32_t otherwise) {
  const char *text = text_of(r, key);
  return text == NULL ? otherwise : number_in(r, key, text, 10, otherwise);
}

static int32_t need_number(reader *r, const char *key, int32_t low, int32_t high) {
  const bool there = text_of(r, key) != NULL;
  const char *text = need(r, key);
  const int32_t value = there ? number_in(r, key, text, 10, low) : low;
  if (value >= low && value <= high) return value;
  clx_nccl_keep(r, clx_fail(r->error, CLX_INPUT, here(r), "<%s>: '%s' must lie between %d and %d, read %d", r->tag, key,
                            low, high, value));
  return low;
}

// `most` hexadecimal digits at most, then `end` (0 = the end of the text). Moves on behind it.
static bool hex_field(const char **text, int32_t most, char end, uint64_t *value) {
  int32_t digits = 0;
  for (*value = 0; digits < most; digits++, (*text)++) {
    const char c = **text;
    const int32_t digit = c >= '0' && c <= '9'   ? c - '0'
                          : c >= 'a' && c <= 'f' ? c - 'a' + 10
                          : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                 : -1;
    if (digit < 0) break;
    *value = *value << 4 | (uint64_t)digit;
  }
  if (digits == 0 || **text != end) return false;
  if (end != '\0') (*text)++;
  return true;
}

// "0000:18:00.0", also with 8 digits of domain, as one number.
bool clx_nccl_busid(const char *text, uint64_t *id) {
  uint64_t domain, bus, device, function;
  if (!hex_field(&text, 8, ':', &domain) || !hex_field(&text, 2, ':', &bus)) return false;
  if (!hex_field(&text, 2, '.', &device) || !hex_field(&text, 1, '\0', &function)) return false;
  *id = domain << 20 | bus << 12 | device << 4 | function;
  return true;
}

// --- elements --------------------------------------------------------------------------------------------------------

static void read_system(reader *r) {
  const int32_t version = need_number(r, "version", INT_MIN, INT_MAX);
  if (r->status == CLX_OK && version != 1)
    clx_nccl_keep(r, clx_fail(r->error, CLX_INPUT, here(r), "version 1 of the format is known, read %d", version));
}

static int32_t host_of(reader *r, const char *hash) {
  for (int32_t i = 0; i < r->t->host_count; i++) {
    if (strcmp(r->host[i], hash) == 0) return i;
  }
  if (!grow(r, (void **)&r->host, r->t->host_count, &r->host_capacity, sizeof *r->host)) return 0;
  r->host[r->t->host_count] = hash;
  return r->t->host_count++;
}

static void read_cpu(reader *r) {
  clx_node_topology *t = r->t;
  if (!grow(r, (void **)&t->cpu, t->cpu_count, &r->cpu_capacity, sizeof *t->cpu)) return;
  const char *hash = text_of(r, "host_hash"), *vendor = text_of(r, "vendor");
  t->cpu[t->cpu_count] = (clx_node_cpu){.host = host_of(r, hash != NULL ? hash : ""),
                                        .numa = need_number(r, "numaid", -1, 1 << 20),
                                        .arch = need(r, "arch"),
                                        .vendor = vendor != NULL ? vendor : ""};
  r->cpu = t->cpu_count++;
}

// B/s of a PCIe link as NCCL counts it: width x per-lane speed / 80 GB/s; unknown speeds count as generation 3.
static double pci_rate(reader *r) {
  static const struct {
    double transfers;  // GT/s
    int32_t speed;
  } generation[] = {{2.5, 15}, {5, 30}, {8, 60}, {16, 120}, {32, 240}, {64, 480}};
  const char *text = need(r, "link_speed");
  int32_t width = need_number(r, "link_width", 0, 64), speed = 0;
  char *end = NULL;
  const double transfers = strtod(text, &end);
  for (int32_t i = 0; i < CLX_COUNT(generation) && end != text && strncmp(end, " GT/s", 5) == 0; i++) {
    if (transfers == generation[i].transfers) speed = generation[i].speed;
  }
  if (speed == 0) {
    clx_nccl_warn(r, here(r), "link_speed '%.40s' is not known; counted as 8 GT/s, as NCCL does", text);
    speed = 60;
  }
  if (width == 0) width = 16;
  return 1e9 * width * speed / 80;
}

static uint32_t model_of(reader *r) {
  const char *vendor = text_of(r, "vendor"), *device = text_of(r, "device");
  if (vendor == NULL || device == NULL) return 0;
  const int32_t v = number_in(r, "vendor", vendor, 16, 0), d = number_in(r, "device", device, 16, 0);
  return (uint32_t)(v & 0xffff) << 16 | (uint32_t)(d & 0xffff);
}

static void read_pci(reader *r) {
  clx_node_topology *t = r->t;
  if (!grow(r, (void **)&t->pci, t->pci_count, &r->pci_capacity, sizeof *t->pci)) return;
  clx_node_pci *p = &t->pci[t->pci_count];
  const bool there = text_of(r, "busid") != NULL, classed = text_of(r, "class") != NULL;
  *p = (clx_node_pci){
      .busid = need(r, "busid"), .parent = r->pci, .cpu = r->cpu, .peer_pci = -1, .gpu = -1, .place = here(r)};
  if (there && !clx_nccl_busid(p->busid, &p->id))
    clx_nccl_keep(r, clx_fail(r->error, CLX_INPUT, here(r), "busid '%s' is not of the form 0000:18:00.0", p->busid));
  const char *class_text = need(r, "class");
  if (classed) p->class_id = number_in(r, "class", class_text, 16, 0);
  p->model = model_of(r);
  p->rate = pci_rate(r);
  r->pci = t->pci_count++;
}

static clx_node_gpu *add_gpu(reader *r, int32_t pci) {
  clx_node_topology *t = r->t;
  if (!grow(r, (void **)&t->gpu, t->gpu_count, &r->gpu_capacity, sizeof *t->gpu)) return NULL;
  t->pci[pci].gpu = t->gpu_count;
  clx_node_gpu *g = &t->gpu[t->gpu_count++];
  *g = (clx_node_gpu){.pci = pci, .device = -1, .rank = -1, .place = t->pci[pci].place};
  return g;
}

static void read_gpu(reader *r) {
  const clx_node_topology *t = r->t;
  if (t->pci[r->pci].gpu >= 0) {
    clx_nccl_warn(r, here(r), "a second <gpu> in %s shares the first one's links and is not counted",
                  t->pci[r->pci].busid);
    r->skipped = r->depth;
    return;
  }
  clx_node_gpu *g = add_gpu(r, r->pci);
  if (g == NULL) return;
  g->place = here(r);
  g->device = need_number(r, "dev", 0, 1 << 20);
  g->sm = need_number(r, "sm", 10, 9999);
  g->rank = number(r, "rank", -1);
  g->gdr = number(r, "gdr", 0) != 0;
}

// B/s of one NVLink in one direction, by compute capability (NCCL's values).
static double nvlink_rate(int32_t sm) {
  static const struct {
    int32_t sm;
    double rate;
  } links[] = {{100, 40.1e9}, {90, 20.6e9}, {87, 20e9}, {86, 12e9}, {70, 20e9}, {60, 18e9}};
  for (int32_t i = 0; i < CLX_COUNT(links); i++) {
    if (sm >= links[i].sm) return links[i].rate;
  }
  return 20e9;
}

static void read_nvlink(reader *r) {
  clx_node_topology *t = r->t;
  clx_node_gpu *g = &t->gpu[t->gpu_count - 1];
  const bool there = text_of(r, "target") != NULL, classed = text_of(r, "tclass") != NULL;
  const char *target = need(r, "target"), *class_text = need(r, "tclass");
  const int32_t count = need_number(r, "count", 1, 1000);
  const int32_t class_id = classed ? number_in(r, "tclass", class_text, 16, 0) : 0x068000;
  const double rate = count * nvlink_rate(g->sm);
  if (class_id == 0x068001) {
    g->host_link += rate;
    return;
  }
  g->links += count;
  g->nvlink += rate;
  if (class_id == 0x068000) {
    g->through += rate;
  } else if (class_id >> 16 == 0x03) {
    if (!there || !grow(r, (void **)&r->link, r->link_count, &r->link_capacity, sizeof *r->link)) return;
    struct clx_nccl_link *l = &r->link[r->link_count];
    *l = (struct clx_nccl_link){t->gpu_count - 1, 0, target, here(r)};
    if (clx_nccl_busid(target, &l->target)) {
      r->link_count++;
    } else {
      clx_nccl_keep(r, clx_fail(r->error, CLX_INPUT, here(r), "target '%s' is not of the form 0000:18:00.0", target));
    }
  } else {
    clx_nccl_keep(
        r, clx_fail(r->error, CLX_INPUT, here(r),
                    "<nvlink>: tclass '%s' is neither an NVSwitch (0x068000), a GPU (0x03....) nor a CPU (0x068001)",
                    class_text));
  }
}

static void read_c2c(reader *r) {
  clx_node_gpu *g = &r->t->gpu[r->t->gpu_count - 1];
  const int32_t bw = need_number(r, "bw", 0, 100000000), count = need_number(r, "count", 0, 1000);
  g->host_link += 1e6 * bw * count;
}

// Notes rail or plane `index` as seen and counts how many different ones there are.
static void count_number(char *seen, int32_t index, int32_t *count) {
  enum { NUMBERS = 1024 };
  if (index < 0 || index >= NUMBERS || seen[index]) return;
  seen[index] = 1;
  (*count)++;
}

// The card that the net at hand belongs to, made when it is new. NCCL lists a socket once for each CPU; *again tells.
static clx_node_nic *card_of(reader *r, const char *name, bool *again) {
  clx_node_topology *t = r->t;
  *again = false;
  for (int32_t i = 0; i < t->nic_count; i++) {
    clx_node_nic *n = &t->nic[i];
    if (t->cpu[n->cpu].host != t->cpu[r->cpu].host) continue;
    const bool sockets = n->pci < 0 && r->pci < 0;
    if (sockets && strcmp(n->name, name) == 0) *again = true;
    if (*again) return n;
    if (n->pci >= 0 && r->pci >= 0 && t->pci[n->pci].id >> 4 == t->pci[r->pci].id >> 4) return n;
  }
  if (!grow(r, (void **)&t->nic, t->nic_count, &r->nic_capacity, sizeof *t->nic)) return NULL;
  clx_node_nic *n = &t->nic[t->nic_count++];
  *n = (clx_node_nic){.pci = r->pci, .cpu = r->cpu, .name = name, .rail = -1, .plane = -1, .gpu = -1, .place = here(r)};
  return n;
}

static void read_net(reader *r) {
  if (text_of(r, "dev") == NULL) {
    clx_nccl_warn(r, here(r), "<net> without 'dev' is ignored, as NCCL does");
    return;
  }
  const char *name = text_of(r, "name");
  if (name == NULL) name = clx_arena_format(r->arena, "net %s", text_of(r, "dev"));
  if (name == NULL) {
    clx_nccl_no_memory(r);
    return;
  }
  bool again;
  clx_node_nic *n = card_of(r, name, &again);
  if (n == NULL || again) return;
  int32_t speed = need_number(r, "speed", INT_MIN, INT_MAX);
  if (speed <= 0) {
    clx_nccl_warn(r, here(r), "speed of %s is not given; counted as 10 Gbit/s, as NCCL does", name);
    speed = 10000;
  }
  n->rate += 1e6 / 8 * speed;
  n->ports++;
  n->gdr = n->gdr || number(r, "gdr", 0) != 0;
  const int32_t rail = number(r, "rail", -1), plane = number(r, "plane", -1);
  if (n->ports == 1) {
    n->rail = rail;
    n->plane = plane;
  }
  count_number(r->rails, rail, &r->t->rail_count);
  count_number(r->planes, plane, &r->t->plane_count);
}

static void read_pcilink(reader *r) { r->t->pci[r->pci].peer = need(r, "target"); }

static void read_nothing(reader *r) { (void)r; }

// --- events ----------------------------------------------------------------------------------------------------------

#define UNDER(kind) (1u << (kind))

static const struct {
  const char *name;
  unsigned parents;
  void (*read)(reader *);
} elements[ELEMENTS] = {
    [SYSTEM] = {"system", UNDER(NONE), read_system},        [CPU] = {"cpu", UNDER(SYSTEM), read_cpu},
    [PCI] = {"pci", UNDER(CPU) | UNDER(PCI), read_pci},     [GPU] = {"gpu", UNDER(PCI), read_gpu},
    [NVLINK] = {"nvlink", UNDER(GPU), read_nvlink},         [C2C] = {"c2c", UNDER(GPU), read_c2c},
    [NIC] = {"nic", UNDER(CPU) | UNDER(PCI), read_nothing}, [NET] = {"net", UNDER(NIC), read_net},
    [PCILINK] = {"pcilink", UNDER(PCI), read_pcilink},
};

static element element_of(const char *name) {
  for (int32_t i = 1; i < ELEMENTS; i++) {
    if (strcmp(elements[i].name, name) == 0) return (element)i;
  }
  return NONE;
}

static void open_element(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                         int namespace_count, const xmlChar **namespaces, int attribute_count, int defaulted,
                         const xmlChar **attributes) {
  (void)prefix, (void)uri, (void)namespace_count, (void)namespaces, (void)defaulted;
  reader *r = context;
  if (r->stopped) return;
  if (r->depth == CLX_NCCL_DEPTH_MAX) {
    clx_nccl_keep(r, clx_fail(r->error, CLX_INPUT, here(r), "elements are nested deeper than %d", CLX_NCCL_DEPTH_MAX));
    stop(r);
    return;
  }
  const element kind = element_of((const char *)name), parent = r->depth > 0 ? (element)r->open[r->depth - 1] : NONE;
  r->open[r->depth++] = (int32_t)kind;
  if (r->skipped > 0) return;
  r->tag = kind == NONE ? "" : elements[kind].name;
  r->attribute = attributes;
  r->attribute_count = attribute_count;
  if (r->depth == 1 && kind != SYSTEM) {
    clx_nccl_keep(
        r, clx_fail(r->error, CLX_INPUT, here(r), "<%.40s> is no topology of NCCL, which begins with <system>%s",
                    (const char *)name, strcmp((const char *)name, "graphs") == 0 ? " (this is a graph dump)" : ""));
    stop(r);
  } else if (kind == NONE) {
    clx_nccl_warn(r, here(r), "<%.40s> is not known and ignored", (const char *)name);
    r->skipped = r->depth;
  } else if ((elements[kind].parents & UNDER(parent)) == 0) {
    clx_nccl_keep(r,
                  clx_fail(r->error, CLX_INPUT, here(r), "<%s> cannot stand in <%s>", r->tag, elements[parent].name));
    r->skipped = r->depth;
  } else {
    elements[kind].read(r);
  }
}

// A GPU or NIC that a hand-written file names by its PCI class only.
static void close_pci(reader *r) {
  clx_node_topology *t = r->t;
  const int32_t pci = r->pci;
  clx_node_pci *p = &t->pci[pci];
  r->pci = p->parent;
  if (p->class_id >> 16 == 0x03 && p->gpu < 0) {
    if (add_gpu(r, pci) == NULL) return;
    clx_nccl_warn(r, here(r), "%s is a GPU by its class, but has no <gpu>: compute capability and NVLink are not known",
                  p->busid);
  } else if (p->class_id >> 16 == 0x02) {
    for (int32_t i = 0; i < t->nic_count; i++) {
      if (t->nic[i].pci >= 0 && t->pci[t->nic[i].pci].id >> 4 == p->id >> 4) return;
    }
    if (!grow(r, (void **)&t->nic, t->nic_count, &r->nic_capacity, sizeof *t->nic)) return;
    t->nic[t->nic_count++] = (clx_node_nic){
        .pci = pci, .cpu = p->cpu, .name = p->busid, .ports = 1, .rail = -1, .plane = -1, .gpu = -1, .place = p->place};
    clx_nccl_warn(r, here(r), "%s is a NIC by its class, but has no <net>: its rate is not known", p->busid);
  }
}

static void close_element(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri) {
  (void)name, (void)prefix, (void)uri;
  reader *r = context;
  if (r->stopped || r->depth == 0) return;
  const element kind = (element)r->open[--r->depth];
  if (r->skipped > 0) {
    if (r->depth < r->skipped) r->skipped = 0;
    return;
  }
  if (kind == PCI && r->pci >= 0) close_pci(r);
  if (kind == CPU) r->cpu = -1;
}

static void refuse_document_type(void *context, const xmlChar *name, const xmlChar *external, const xmlChar *system) {
  (void)name, (void)external, (void)system;
  reader *r = context;
  if (r->stopped) return;
  clx_nccl_keep(r, clx_fail(r->error, CLX_INPUT, here(r), "a document type (DTD, entities) is refused"));
  stop(r);
}

// Entities cannot be declared; the five predefined ones and characters by number are libxml2's.
static xmlEntityPtr find_entity(void *context, const xmlChar *name) {
  (void)context;
  return xmlGetPredefinedEntity(name);
}

static void on_error(void *context, xmlErrorPtr e) {
  reader *r = context;
  if (r->stopped || e == NULL || e->level < XML_ERR_ERROR) return;
  char text[200];
  snprintf(text, sizeof text, "%s", e->message != NULL ? e->message : "no XML");
  text[strcspn(text, "\n")] = '\0';
  if (e->code == XML_ERR_NO_MEMORY) {
    clx_nccl_no_memory(r);
    return;
  }
  clx_nccl_keep(
      r, clx_fail(r->error, CLX_INPUT, (clx_place){r->file, e->line, e->int2 > 0 ? e->int2 : 0}, "no XML: %s", text));
  stop(r);
}

static void parse(reader *r, const char *data, size_t size) {
  r->xml = xmlNewParserCtxt();
  if (r->xml == NULL) {
    r->status = clx_fail_plain(r->error, CLX_MEMORY, "out of memory");
    return;
  }
  *r->xml->sax = (xmlSAXHandler){.initialized = XML_SAX2_MAGIC,
                                 .startElementNs = open_element,
                                 .endElementNs = close_element,
                                 .internalSubset = refuse_document_type,
                                 .getEntity = find_entity,
                                 .serror = on_error};
  r->xml->userData = r;
  // UTF-8 whatever the file declares, so that no other encoding hides a document type.
  xmlCtxtReadMemory(r->xml, data, (int)size, r->file, "UTF-8", XML_PARSE_NONET | XML_PARSE_IGNORE_ENC);
  if (!r->stopped && r->status == CLX_OK && !r->xml->wellFormed)
    clx_nccl_keep(r, clx_fail(r->error, CLX_INPUT, here(r), "no XML"));
  if (r->status == CLX_OK || (r->status == CLX_INPUT && !r->stopped)) clx_nccl_check(r);
  if (r->xml->myDoc != NULL) xmlFreeDoc(r->xml->myDoc);
  r->xml->myDoc = NULL;
  xmlFreeParserCtxt(r->xml);
}

clx_status clx_nccl_topology_read(clx_arena *arena, const char *name, const char *data, size_t size,
                                  clx_node_topology *topology, clx_error *error) {
  enum { NUMBERS = 1024 };
  *topology = (clx_node_topology){0};
  if (size > CLX_NCCL_SIZE_MAX)
    return clx_fail(error, CLX_INPUT, (clx_place){name, 0, 0}, "is larger than %d MB, the most that is read",
                    CLX_NCCL_SIZE_MAX >> 20);
  const int64_t bad = clx_utf8_check(data, size);
  if (bad >= 0)
    return clx_fail(error, CLX_INPUT, (clx_place){name, 0, 0}, "byte %lld is not UTF-8", (long long)bad + 1);
  reader r = {.arena = arena, .t = topology, .file = name, .error = error, .cpu = -1, .pci = -1};
  r.rails = clx_arena_array(arena, NUMBERS, 1);
  r.planes = clx_arena_array(arena, NUMBERS, 1);
  if (r.rails == NULL || r.planes == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  parse(&r, data, size);
  if (r.status == CLX_OK) clx_node_topology_derive(topology);
  return r.status;
}

clx_status clx_nccl_topology_load(clx_arena *arena, const char *path, clx_node_topology *topology, clx_error *error) {
  const char *data = NULL;
  size_t size = 0;
  CLX_TRY(clx_file_read(arena, path, CLX_NCCL_SIZE_MAX, &data, &size, error));
  return clx_nccl_topology_read(arena, path, data, size, topology, error);
}
