// NCCL's topology XML: published forms of servers, derived rates and neighbours, and refusals with their line.
#include "check.h"

#include <string.h>

#include "catalog/catalog.h"
#include "device/device.h"
#include "document/document.h"
#include "import/import_nccl_topology.h"
#include "machine/machine.h"

typedef struct import {
  clx_arena *arena;
  clx_error error;
  clx_status status;
  clx_node_topology t;
} import;

static import import_text(const char *text) {
import i = {.arena = clx_arena_new() };
  assert_non_null(i.arena);
  clx_error_clear(&i.error);
  i.status = clx_nccl_topology_read(i.arena, "topo.xml", text, strlen(text), &i.t, &i.error);
  return i;
}

static import import_corpus(const char *name) {
import i = {.arena = clx_arena_new() };
  char path[1024];
  const char *root = getenv("COLOSSUS_SOURCE_ROOT");
  snprintf(path, sizeof path, "%s/tests/fuzz/corpus/nccl/%s", root != NULL ? root : ".", name);
  assert_non_null(i.arena);
  clx_error_clear(&i.error);
  i.status = clx_nccl_topology_load(i.arena, path, &i.t, &i.error);
  return i;
}

static void check_good(const import *i) {
  if (i->status != CLX_OK) fail_msg("refused: %d: %s", i->error.mistake[0].line, i->error.mistake[0].text);
  assert_int_equal(i->error.count, 0);
}

// One that must be refused, with `word` in a mistake at `line`.
static void check_bad(const import *i, int32_t line, const char *word) {
  assert_int_equal(i->status, CLX_INPUT);
  for (int32_t k = 0; k < i->error.count; k++) {
    const clx_mistake *m = &i->error.mistake[k];
    if (m->line == line && strstr(m->text, word) != NULL) {
      clx_arena_free(i->arena);
      return;
    }
  }
  fail_msg("no mistake in line %d names '%s': %d: %s", line, word, i->error.mistake[0].line, i->error.mistake[0].text);
}

static void check_text_bad(const char *text, int32_t line, const char *word) {
  const import i = import_text(text);
  check_bad(&i, line, word);
}

static bool has_warning(const import *i, const char *word) {
  for (int32_t k = 0; k < i->t.warning_count; k++) {
    if (strstr(i->t.warning[k], word) != NULL) return true;
  }
  return false;
}

// --- servers ---------------------------------------------------------------------------------------------------------

static void test_hgx(void **state) {
  (void)state;
  const import i = import_corpus("hgx_h100");
  check_good(&i);
  const clx_node_topology *t = &i.t;
  assert_int_equal(t->gpu_count, 8);
  assert_int_equal(t->cpu_count, 2);
  assert_int_equal(t->host_count, 1);
  assert_int_equal(t->rail_count, 8);
  assert_int_equal(t->plane_count, 1);
  assert_int_equal(t->warning_count, 0);
  int32_t serving = 0;
  for (int32_t k = 0; k < 8; k++) {
    const clx_node_gpu *g = &t->gpu[k];
    const char *device[CLX_NODE_DEVICES_MAX];
    assert_int_equal(g->links, 18);
    CLX_CHECK_NEAR(g->nvlink, 18 * 20.6e9, 1e-12, 0);  // NCCL's value of one Hopper link
    CLX_CHECK_NEAR(g->through, g->nvlink, 0, 0);
    assert_int_equal(clx_node_gpu_devices(t, k, device), 1);
    assert_string_equal(device[0], "h100_sxm");
  }
  for (int32_t k = 0; k < t->nic_count; k++) {
    const clx_node_nic *n = &t->nic[k];
    serving += n->serves;
    if (!n->serves) continue;
    CLX_CHECK_NEAR(n->rate, 50e9, 1e-12, 0);
    CLX_CHECK_NEAR(n->pcie, 48e9, 1e-12, 0);  // 16 lanes of 32 GT/s: 16 x 240 / 80
    assert_int_equal(n->path, CLX_PCI_PATH_PIX);
    assert_int_equal(n->gpu, n->rail);
    assert_string_equal(clx_node_nic_model(t, k), "connectx7_400g");
  }
  assert_int_equal(serving, 8);
  assert_int_equal(t->nic_count, 11);  // two of the CPUs, and one socket that stands under both
  double rate;
  assert_int_equal(clx_node_pci_path(t, t->gpu[0].pci, t->gpu[1].pci, &rate), CLX_PCI_PATH_PHB);
  assert_int_equal(clx_node_pci_path(t, t->gpu[0].pci, t->gpu[7].pci, &rate), CLX_PCI_PATH_SYS);
  clx_arena_free(i.arena);
}

static void test_grace(void **state) {
  (void)state;
  const import i = import_corpus("grace");
  check_good(&i);
  const char *device[CLX_NODE_DEVICES_MAX];
  assert_int_equal(i.t.host_count, 2);  // the same bus id in two hosts is no mistake
  assert_int_equal(i.t.gpu_count, 2);
  CLX_CHECK_NEAR(i.t.gpu[0].nvlink, 18 * 40.1e9, 1e-12, 0);
  CLX_CHECK_NEAR(i.t.gpu[0].host_link, 5 * 44.712e9, 1e-12, 0);
  assert_int_equal(clx_node_gpu_devices(&i.t, 0, device), 1);
  assert_string_equal(device[0], "gb200");
  assert_int_equal(i.t.nic_count, 1);  // two functions of one card
  assert_int_equal(i.t.nic[0].ports, 2);
  assert_int_equal(i.t.plane_count, 2);
  CLX_CHECK_NEAR(i.t.nic[0].rate, 100e9, 1e-12, 0);
  CLX_CHECK_NEAR(i.t.nic[0].pcie, 96e9, 1e-12, 0);  // the GPU's side goes over NVLink-C2C, not over one PCIe lane
  assert_true(has_warning(&i, "0 GB/s of NVLink"));
  clx_arena_free(i.arena);
}

static void test_direct_links(void **state) {
  (void)state;
  const import i = import_corpus("direct");
  check_good(&i);
  CLX_CHECK_NEAR(i.t.gpu[0].nvlink, 4 * 20e9, 1e-12, 0);
  CLX_CHECK_NEAR(i.t.gpu[0].through, 0, 0, 0);
  CLX_CHECK_NEAR(i.t.pci[1].rate, 12e9, 1e-12, 0);  // no speed and width 0: 16 lanes of 8 GT/s
  assert_true(has_warning(&i, "counted as 8 GT/s"));
  assert_int_equal(i.t.nic[0].gpu, 1);
  assert_int_equal(i.t.nic[0].path, CLX_PCI_PATH_PHB);
  assert_int_equal(i.t.nic[0].serves, 1);  // none is nearer
  assert_null(clx_node_nic_model(&i.t, 0));
  clx_arena_free(i.arena);
}

static void test_by_class(void **state) {
  (void)state;
  const import i = import_corpus("by_class");
  check_good(&i);
  double rate;
  assert_int_equal(i.t.gpu_count, 2);
  assert_int_equal(i.t.gpu[0].sm, 0);
  assert_int_equal(i.t.nic_count, 1);
  assert_int_equal(i.t.warning_count, 3);
  // Two switches joined by a pcilink: no CPU between their devices.
  assert_int_equal(clx_node_pci_path(&i.t, i.t.gpu[0].pci, i.t.gpu[1].pci, &rate), CLX_PCI_PATH_PXB);
  assert_int_equal(clx_node_pci_path(&i.t, i.t.gpu[1].pci, i.t.gpu[0].pci, &rate), CLX_PCI_PATH_PXB);
  CLX_CHECK_NEAR(rate, 24e9, 1e-12, 0);
  clx_arena_free(i.arena);
}

static void test_shared_gpu(void **state) {
  (void)state;
  const import i = import_corpus("mlopart");
  check_good(&i);
  assert_int_equal(i.t.gpu_count, 1);
  assert_int_equal(i.t.gpu[0].links, 36);
  assert_true(has_warning(&i, "second <gpu>"));
  clx_arena_free(i.arena);
}

static void test_unknown_element(void **state) {
  (void)state;
  const import i = import_text(
      "<system version=\"1\">\n<cpu numaid=\"0\" arch=\"x86_64\">\n<new a=\"1\"><pci/><gpu/></new>\n"
      "<pci busid=\"0000:03:00.0\" class=\"0x030200\" link_speed=\"5.0 GT/s PCIe\" link_width=\"8\">"
      "<gpu dev=\"0\" sm=\"90\"/></pci>\n<nic><net name=\"x\"/><net name=\"y\" dev=\"1\" "
      "speed=\"0\"/></nic></cpu></system>");
  check_good(&i);
  assert_true(has_warning(&i, "topo.xml:3: <new>"));
  assert_true(has_warning(&i, "without 'dev'"));
  assert_int_equal(i.t.pci_count, 1);
  CLX_CHECK_NEAR(i.t.pci[0].rate, 3e9, 1e-12, 0);
  assert_int_equal(i.t.nic_count, 1);
  CLX_CHECK_NEAR(i.t.nic[0].rate, 1.25e9, 1e-12, 0);
  const char *device[CLX_NODE_DEVICES_MAX];
  assert_true(clx_node_gpu_devices(&i.t, 0, device) > 1);  // compute capability 9.0 alone does not tell
  clx_arena_free(i.arena);
}

// --- refusals --------------------------------------------------------------------------------------------------------

static void test_refused(void **state) {
  (void)state;
  static const struct {
    const char *corpus;
    int32_t line;
    const char *word;
  } cases[] = {{"laughs", 2, "document type"},
               {"external", 1, "document type"},
               {"deep", 1, "deeper than 64"},
               {"duplicate", 19, "0000:12:00.0 stands here and in line 4"},
               {"dangling", 1, "0000:44:00.0"},
               {"entity", 1, "nosuch"},
               {"graph", 1, "graph dump"},
               {"encoding", 2, "no XML"},
               {"empty", 1, "no XML"},
               {"unfinished", 21, "no XML"},
               {"wrong", 1, "<gpu> cannot stand in <system>"},
               {"wrong", 1, "<cpu> has no attribute 'numaid'"},
               {"wrong", 0, "no GPU"}};
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    const import i = import_corpus(cases[k].corpus);
    check_bad(&i, cases[k].line, cases[k].word);
  }
}

#define AROUND(inside)                                                                                          \
  "<system version=\"1\">\n<cpu numaid=\"0\" arch=\"x86_64\">\n<pci busid=\"0000:03:00.0\" class=\"0x030200\" " \
  "link_speed=\"8.0 GT/s PCIe\" link_width=\"16\">\n" inside "\n</pci></cpu></system>"

static void test_refused_attributes(void **state) {
  (void)state;
  check_text_bad("<system version=\"2\"/>", 1, "version 1");
  check_text_bad(AROUND("<gpu sm=\"90\"/>"), 4, "'dev'");
  check_text_bad(AROUND("<gpu dev=\"0\"/>"), 4, "'sm'");
  check_text_bad(AROUND("<gpu dev=\"0\" sm=\"9x\"/>"), 4, "read '9x'");
  check_text_bad(AROUND("<gpu dev=\"0\" sm=\"99999\"/>"), 4, "must lie between");
  check_text_bad(AROUND("<gpu dev=\"0\" sm=\"90\"><nvlink target=\"0000:07:00.0\" tclass=\"0x068000\"/></gpu>"), 4,
                 "'count'");
  check_text_bad(AROUND("<gpu dev=\"0\" sm=\"90\"><nvlink count=\"1\" tclass=\"0x068000\"/></gpu>"), 4, "'target'");
  check_text_bad(AROUND("<gpu dev=\"0\" sm=\"90\"><nvlink target=\"0000:07:00.0\" count=\"1\" tclass=\"0x9\"/></gpu>"),
                 4, "tclass '0x9'");
  check_text_bad(AROUND("<gpu dev=\"0\" sm=\"90\"><nvlink target=\"here\" count=\"1\" tclass=\"0x030200\"/></gpu>"), 4,
                 "target 'here'");
  check_text_bad(AROUND("<pci busid=\"3:0\" class=\"0x0\" link_speed=\"\" link_width=\"0\"/>"), 4, "busid '3:0'");
  check_text_bad(AROUND("<net/>"), 4, "<net> cannot stand in <pci>");
}

#define TWO(first, second, third)                                                                                 \
  "<system version=\"1\">\n<cpu host_hash=\"0x1\" numaid=\"0\" arch=\"x86_64\">\n<pci busid=\"0000:03:00.0\" "    \
  "class=\"0x030200\" link_speed=\"8.0 GT/s PCIe\" link_width=\"16\">" first                                      \
  "</pci>\n<pci busid=\"0000:04:00.0\" class=\"0x030200\" link_speed=\"8.0 GT/s PCIe\" link_width=\"16\">" second \
  "</pci></cpu>\n<cpu host_hash=\"0x2\" numaid=\"0\" arch=\"x86_64\">\n<pci busid=\"0000:03:00.0\" "              \
  "class=\"0x030200\" link_speed=\"8.0 GT/s PCIe\" link_width=\"16\">" third "</pci></cpu></system>"

// A rank is one GPU's of all hosts, a device number one GPU's of its host.
static void test_refused_numbers(void **state) {
  (void)state;
  const import good = import_text(TWO("<gpu dev=\"0\" sm=\"90\" rank=\"0\"/>", "<gpu dev=\"1\" sm=\"90\" rank=\"1\"/>",
                                      "<gpu dev=\"0\" sm=\"90\" rank=\"2\"/>"));
  check_good(&good);
  assert_int_equal(good.t.host_count, 2);
  clx_arena_free(good.arena);
  check_text_bad(TWO("<gpu dev=\"0\" sm=\"90\"/>", "<gpu dev=\"0\" sm=\"90\"/>", ""), 4,
                 "GPUs 0000:04:00.0 and 0000:03:00.0 (line 3) have one dev: 0");
  check_text_bad(TWO("<gpu dev=\"0\" sm=\"90\" rank=\"5\"/>", "", "<gpu dev=\"0\" sm=\"90\" rank=\"5\"/>"), 6,
                 "(line 3) have one rank: 5");
}

static void test_pcilinks(void **state) {
  (void)state;
  const import i = import_text(
      "<system version=\"1\">\n<cpu numaid=\"0\" arch=\"x86_64\">\n"
      "<pci busid=\"0000:01:00.0\" class=\"0x060400\" link_speed=\"8.0 GT/s PCIe\" link_width=\"16\">"
      "<pcilink target=\"0000:01:00.0\"/>\n<pci busid=\"0000:03:00.0\" class=\"0x030200\" "
      "link_speed=\"8.0 GT/s PCIe\" link_width=\"16\"><gpu dev=\"0\" sm=\"90\"/></pci></pci>\n"
      "<pci busid=\"0000:02:00.0\" class=\"0x060400\" link_speed=\"8.0 GT/s PCIe\" link_width=\"16\">"
      "<pcilink target=\"0000:09:00.0\"/></pci></cpu></system>");
  check_good(&i);
  assert_int_equal(i.t.warning_count, 2);
  assert_true(has_warning(&i, "topo.xml:3: pcilink of 0000:01:00.0 leads to itself"));
  assert_true(has_warning(&i, "topo.xml:5: pcilink of 0000:02:00.0 leads to 0000:09:00.0, which is not there"));
  for (int32_t k = 0; k < i.t.pci_count; k++) assert_int_equal(i.t.pci[k].peer_pci, -1);
  clx_arena_free(i.arena);
}

static void test_refused_size(void **state) {
  (void)state;
  const size_t size = CLX_NCCL_SIZE_MAX + 1;
  clx_error error;
  clx_error_clear(&error);
  clx_node_topology t;
  clx_arena *arena = clx_arena_new();
  char *text = malloc(size);
  assert_non_null(text);
  memset(text, ' ', size);
  assert_int_equal(clx_nccl_topology_read(arena, "topo.xml", text, size, &t, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "larger than 4 MB"));
  clx_error_clear(&error);
  assert_int_equal(clx_nccl_topology_load(arena, "/nonexistent", &t, &error), CLX_FILE);
  free(text);
  clx_arena_free(arena);
}

// Without memory: an error at each allocation, no crash, and success once enough succeed.
static void test_no_memory(void **state) {
  (void)state;
  const char *text =
      AROUND("<gpu dev=\"0\" sm=\"90\"><nvlink target=\"0000:03:00.0\" count=\"1\" tclass=\"0x030200\"/></gpu>");
  bool done = false;
  for (int32_t n = 1; n < 100 && !done; n++) {
    clx_arena *arena = clx_arena_new();
    clx_error error;
    clx_error_clear(&error);
    clx_node_topology t;
    clx_memory_fail_after(n);
    const clx_status status = clx_nccl_topology_read(arena, "topo.xml", text, strlen(text), &t, &error);
    clx_memory_fail_after(0);
    assert_true(status == CLX_OK || status == CLX_MEMORY);
    done = status == CLX_OK;
    clx_arena_free(arena);
  }
  assert_true(done);
}

// --- what it writes --------------------------------------------------------------------------------------------------

// The entry is a server of the catalogue once its open lines are filled, and refused before.
static void test_entry(void **state) {
  (void)state;
  const import i = import_corpus("hgx_h100");
  check_good(&i);
  clx_buffer out = {0};
  clx_node_topology_entry(&i.t, "mine", &out);
  clx_error error;
  clx_error_clear(&error);
  clx_node *root = NULL;
  clx_server server;
  assert_int_equal(clx_document_read(i.arena, "mine.yaml", out.data, out.length, &root, &error), CLX_OK);
  assert_int_equal(clx_schema_read(&clx_server_schema, root, true, i.arena, &server, &error), CLX_INPUT);
  assert_int_equal(error.count, 5);
  clx_error_clear(&error);
  assert_int_equal(clx_node_set(i.arena, root, "cooling", "air", &error), CLX_OK);
  assert_int_equal(clx_node_set(i.arena, root, "power_max", "10 kW", &error), CLX_OK);
  assert_int_equal(clx_node_set(i.arena, root, "power_other", "1 kW", &error), CLX_OK);
  assert_int_equal(clx_node_set(i.arena, root, "power_fans", "1 kW", &error), CLX_OK);
  assert_int_equal(clx_node_set(i.arena, root, "height", "8", &error), CLX_OK);
  assert_int_equal(clx_schema_read(&clx_server_schema, root, true, i.arena, &server, &error), CLX_OK);
  assert_string_equal(server.device, "h100_sxm");
  assert_string_equal(server.nic, "connectx7_400g");
  assert_int_equal(server.gpus, 8);
  assert_int_equal(server.nics, 8);
  assert_int_equal(server.extra_nics, 2);
  clx_buffer_free(&out);
  clx_arena_free(i.arena);
}

// Every name that the importer can write is one of the catalogue.
static void test_names(void **state) {
  (void)state;
  static const struct {
    int32_t sm;
    const char *arch;
    uint32_t model;
  } gpus[] = {{80, "x86_64", 0},          {90, "x86_64", 0},          {100, "x86_64", 0},
              {100, "arm64", 0},          {103, "x86_64", 0},         {103, "arm64", 0},
              {80, "x86_64", 0x10de20b0}, {80, "x86_64", 0x10de20b2}, {90, "x86_64", 0x10de2324},
              {90, "x86_64", 0x10de2330}, {90, "x86_64", 0x10de2335}, {90, "arm64", 0},
              {80, "x86_64", 0x10de20b5}};
  clx_catalog *catalog = NULL;
  assert_int_equal(clx_catalog_open(NULL, &catalog, NULL), CLX_OK);
  for (size_t k = 0; k < sizeof gpus / sizeof gpus[0]; k++) {
    clx_node_cpu cpu = {.arch = gpus[k].arch};
    clx_node_pci pci = {.parent = -1, .model = gpus[k].model};
    clx_node_gpu gpu = {.sm = gpus[k].sm};
    const clx_node_topology t = {.cpu = &cpu, .pci = &pci, .gpu = &gpu, .cpu_count = 1, .pci_count = 1, .gpu_count = 1};
    const char *device[CLX_NODE_DEVICES_MAX];
    const int32_t count = clx_node_gpu_devices(&t, 0, device);
    assert_true(count > 0);
    for (int32_t d = 0; d < count; d++) assert_non_null(clx_catalog_entry(catalog, "device", device[d]));
  }
  static const struct {
    uint32_t model;
    double rate;
  } nics[] = {{0x15b3101b, 25e9}, {0x15b31021, 50e9}, {0x15b31023, 100e9}, {0x15b3a2dc, 50e9}};
  for (size_t k = 0; k < sizeof nics / sizeof nics[0]; k++) {
    clx_node_pci pci = {.parent = -1, .model = nics[k].model};
    clx_node_nic nic = {.rate = nics[k].rate};
    const clx_node_topology t = {.pci = &pci, .nic = &nic, .pci_count = 1, .nic_count = 1};
    const char *name = clx_node_nic_model(&t, 0);
    assert_non_null(name);
    assert_non_null(clx_catalog_entry(catalog, "link", name));
  }
  clx_catalog_close(catalog);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_hgx),
      cmocka_unit_test(test_grace),
      cmocka_unit_test(test_direct_links),
      cmocka_unit_test(test_by_class),
      cmocka_unit_test(test_shared_gpu),
      cmocka_unit_test(test_unknown_element),
      cmocka_unit_test(test_refused),
      cmocka_unit_test(test_refused_attributes),
      cmocka_unit_test(test_refused_numbers),
      cmocka_unit_test(test_pcilinks),
      cmocka_unit_test(test_refused_size),
      cmocka_unit_test(test_no_memory),
      cmocka_unit_test(test_entry),
      cmocka_unit_test(test_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
