// Pipe networks written in files: what is read, and that each mistake names its line.
#include "check.h"

#include "catalog/catalog.h"
#include "cooling/cooling_hydraulic.h"

static const char row[] =
    "name: a row of racks\n"
    "fluid: pg25\n"
    "temperature: 40 degC\n"
    "nodes:\n"
    "  - {name: tank, pressure: 2 bar, height: 5 m}\n"
    "branches:\n"
    "  - {name: pump, kind: pump, from: back, to: supply, mover: centrifugal-pump, flow: 40 l/s, head: 2 bar, units: "
    "2, check: yes}\n"
    "  - {name: main, kind: pipe, from: supply, to: row, length: 40 m, diameter: 200 mm, minor: 6}\n"
    "  - {name: racks, kind: resistance, from: row, to: tail, units: 32, pressure: 60 kPa, flow: 120 l/min, exponent: "
    "1.9}\n"
    "  - {name: control, kind: valve, from: tail, to: back, kv: 300 m3/h, position: 80 %, rangeability: 50}\n"
    "  - {name: neck, kind: check, from: back, to: tank, pressure: 1 kPa, flow: 10 l/s}\n";

typedef struct reading {
  clx_arena *arena;
  clx_catalog *catalog;
  clx_hydraulic_spec spec;
  clx_hydraulic net;
  clx_error error;
} reading;

static int open_catalog(void **state) {
  static clx_catalog *catalog;
  clx_error error = {0};
  *state = &catalog;
  return clx_catalog_open(NULL, &catalog, &error) == CLX_OK ? 0 : -1;
}

static int close_catalog(void **state) {
  clx_catalog_close(*(clx_catalog **)*state);
  return 0;
}

static clx_status read_text(void **state, reading *r, const char *text) {
  *r = (reading){.arena = clx_arena_new(), .catalog = *(clx_catalog **)*state};
  clx_node *root = NULL;
  const clx_status status = clx_document_read(r->arena, "net.yaml", text, strlen(text), &root, &r->error);
  return status == CLX_OK ? clx_hydraulic_read(r->catalog, root, r->arena, &r->spec, &r->net, &r->error) : status;
}

static void test_a_row_is_read_and_solved(void **state) {
  reading r;
  if (read_text(state, &r, row) != CLX_OK) fail_msg("%s", r.error.mistake[0].text);
  assert_int_equal(r.net.node_count, 5);
  assert_string_equal(r.net.node[0], "tank");
  assert_int_equal(r.net.branch_count, 5);
  CLX_CHECK_NEAR(r.net.density, 1010.4, 1e-4, 0);  // docs/model/cooling/fluids.md
  CLX_CHECK_NEAR(r.net.pressure[0], 2e5, 1e-12, 0);
  assert_true(isnan(r.net.pressure[1]));
  assert_true(r.net.branch[0].check);
  CLX_CHECK_NEAR(r.net.branch[1].roughness, 4.5e-5, 1e-12, 0);
  CLX_CHECK_NEAR(r.net.branch[2].design, 2e-3, 1e-12, 0);
  CLX_CHECK_NEAR(r.net.branch[3].kv, 300, 1e-12, 0);
  clx_hydraulic_state out = {0};
  if (clx_hydraulic_solve(&r.net, NULL, r.arena, &out, &r.error) != CLX_OK) fail_msg("%s", r.error.mistake[0].text);
  CLX_CHECK_NEAR(2 * out.flow[0], 32 * out.flow[2], 1e-9, 0);
  assert_true(out.flow[2] > 1.5e-3 && out.flow[2] < 4e-3);
  CLX_CHECK_NEAR(out.pressure[0], 2e5, 1e-12, 0);
  clx_arena_free(r.arena);
}

// What replaces the first occurrence of `from` in the row, the line and the text of the mistake.
static const struct {
  const char *from, *to;
  int32_t line;
  const char *text;
} mistakes[] = {
    {"fluid: pg25", "fluid: oil", 1, "fluid is 'oil', expected water"},
    {"temperature: 40 degC", "temperature: 110 degC", 1, ""},
    {"length: 40 m, ", "", 8, "branch 'main': a pipe needs 'length'"},
    {"minor: 6", "kv: 6 m3/h", 8, "branch 'main': 'kv' does nothing for a pipe"},
    {"minor: 6", "check: yes", 8, "branch 'main': 'check' does nothing for a pipe"},
    {"mover: centrifugal-pump, ", "", 7, "branch 'pump': a pump needs 'mover'"},
    {"mover: centrifugal-pump", "mover: centrifugal-pmp", 7, "centrifugal-pmp"},
    {"name: main", "name: pump", 8, "a branch 'pump' stands in line 7, too"},
    {"to: tail", "to: row", 9, "branch 'racks': from and to are both 'row'"},
    {"kind: resistance", "kind: resistor", 9, "resistor"},
    {"height: 5 m", "hight: 5 m", 5, "hight"},
    {"flow: 120 l/min", "flow: 120 l", 9, "flow"},
    {"diameter: 200 mm", "diameter: 200 mm, roughness: 20 mm", 1, "branch main: roughness over diameter is 0.1"},
    {"name: tank, ", "name: tonk, ", 1, "node tonk: no branch reaches it"},
    {"from: back, to: supply", "from: supply, to: nowhere", 1, "its pumps stand in no loop"},
};

static void test_mistakes_have_a_line(void **state) {
  for (int32_t i = 0; i < CLX_COUNT(mistakes); i++) {
    char text[2048];
    const char *found = strstr(row, mistakes[i].from);
    assert_non_null(found);
    snprintf(text, sizeof(text), "%.*s%s%s", (int)(found - row), row, mistakes[i].to, found + strlen(mistakes[i].from));
    reading r;
    assert_int_equal(read_text(state, &r, text), CLX_INPUT);
    const clx_mistake *mistake = &r.error.mistake[0];
    if (!strstr(mistake->text, mistakes[i].text) || mistake->line != mistakes[i].line) {
      fail_msg("case %d: line %d: %s", (int)i, (int)mistake->line, mistake->text);
    }
    clx_arena_free(r.arena);
  }
  reading r;
  assert_int_equal(read_text(state, &r, "fluid: water\nbranches: []\n"), CLX_INPUT);
  clx_arena_free(r.arena);
}

static void test_a_file_that_is_not_there(void **state) {
  reading r = {.arena = clx_arena_new(), .catalog = *(clx_catalog **)*state};
  assert_int_equal(clx_hydraulic_load(r.catalog, "/nowhere/net.yaml", r.arena, &r.spec, &r.net, &r.error), CLX_FILE);
  clx_arena_free(r.arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_row_is_read_and_solved),
      cmocka_unit_test(test_mistakes_have_a_line),
      cmocka_unit_test(test_a_file_that_is_not_there),
  };
  return cmocka_run_group_tests(tests, open_catalog, close_catalog);
}
