// The catalogue: names, aliases and wildcards, the user's directory in front, provenance, and the shipped entries.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "catalog/catalog.h"
#include "network/network.h"
#include "serving/serving.h"

// --- a user's catalogue in an empty folder -----------------------------------------------------------------------------
typedef struct folder {
  char root[64];
  char made[16][128];  // what to remove at the end, in the order it was made
  int count;
} folder;

static void remember(folder *f, const char *path) {
  assert_true(f->count < 16 && strlen(path) < sizeof f->made[0]);
  strcpy(f->made[f->count++], path);
}

static folder *folder_new(void) {
  folder *f = calloc(1, sizeof *f);
  assert_non_null(f);
  strcpy(f->root, "/tmp/colossus-catalog-XXXXXX");
  assert_non_null(mkdtemp(f->root));
  return f;
}

static void folder_make(folder *f, const char *name) {
  char path[128];
  snprintf(path, sizeof path, "%s/%s", f->root, name);
  if (mkdir(path, 0700) == 0) {
    remember(f, path);
  } else {
    assert_int_equal(errno, EEXIST);
  }
}

static void folder_write(folder *f, const char *name, const char *text) {
  char path[128];
  const char *slash = strchr(name, '/');
  if (slash != NULL) {
    char kind[32];
    snprintf(kind, sizeof kind, "%.*s", (int)(slash - name), name);
    folder_make(f, kind);
  }
  snprintf(path, sizeof path, "%s/%s", f->root, name);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  assert_true(fputs(text, file) >= 0);
  fclose(file);
  remember(f, path);
}

static void folder_free(folder *f) {
  while (f->count > 0) remove(f->made[--f->count]);
  rmdir(f->root);
  free(f);
}

static const char sources[] =
    "zeta-datasheet: {title: Zeta 9 data sheet, who: Zeta, when: 2024-05, where: page 2}\n"
    "zeta-paper: {title: Measuring the Zeta 9, who: A. Reader, when: 2025, where: table 3}\n";

static const char zeta9[] =
    "name: zeta9\n"
    "title: Zeta 9 network card\n"
    "aliases: [zeta nine, \"Zeta 9 *\", \"Zeta *\"]\n"
    "source: zeta-datasheet\n"
    "kind: datasheet\n"
    "type: nic\n"
    "rate: 400 Gbit/s\n"
    "latency: {value: 2 us, source: zeta-paper, kind: measured}\n"
    "power: {value: 25 W, kind: estimated, why: like its neighbours}\n";

static folder *zeta_folder(void) {
  folder *f = folder_new();
  folder_write(f, "sources.yaml", sources);
  folder_write(f, "link/zeta9.yaml", zeta9);
  return f;
}

static clx_catalog *open_ok(const char *directory) {
  clx_error error;
  clx_error_clear(&error);
  clx_catalog *catalog = NULL;
  const clx_status status = clx_catalog_open(directory, &catalog, &error);
  if (status != CLX_OK) fail_msg("%s: %s", error.mistake[0].file, error.mistake[0].text);
  return catalog;
}

static bool has_mistake(const clx_error *error, const char *part) {
  for (int32_t i = 0; i < error->count; i++) {
    if (strstr(error->mistake[i].text, part) != NULL) return true;
  }
  return false;
}

// Opening the catalogue with one more entry, or checking it, must fail with a sentence that holds `part`.
static void expect_refused(const char *file, const char *text, const char *part) {
  folder *f = zeta_folder();
  folder_write(f, file, text);
  clx_error error;
  clx_error_clear(&error);
  clx_catalog *catalog = NULL;
  clx_status status = clx_catalog_open(f->root, &catalog, &error);
  if (status == CLX_OK) status = clx_catalog_check(catalog, &error);
  assert_int_not_equal(status, CLX_OK);
  if (!has_mistake(&error, part)) fail_msg("no \"%s\" but: %s", part, error.mistake[0].text);
  clx_catalog_close(catalog);
  folder_free(f);
}

// --- names ----------------------------------------------------------------------------------------------------------------
static void test_finds_name_alias_and_wildcard(void **state) {
  (void)state;
  folder *f = zeta_folder();
  folder_write(f, "link/zeta9_pro.yaml", "name: zeta9_pro\naliases: [\"Zeta 9 Pro*\"]\n");
  clx_catalog *c = open_ok(f->root);
  assert_string_equal(clx_catalog_canonical(c, "link", "zeta9"), "zeta9");
  assert_string_equal(clx_catalog_canonical(c, "link", "ZETA9"), "zeta9");
  assert_string_equal(clx_catalog_canonical(c, "link", "Zeta-Nine"), "zeta9");
  assert_string_equal(clx_catalog_canonical(c, "link", "Zeta 9 400G"), "zeta9");
  // The longest alias wins over a shorter one, and a name over an alias.
  assert_string_equal(clx_catalog_canonical(c, "link", "Zeta 9 Pro X"), "zeta9_pro");
  assert_string_equal(clx_catalog_canonical(c, "link", "zeta9-pro"), "zeta9_pro");
  assert_null(clx_catalog_canonical(c, "link", "eta9"));
  assert_null(clx_catalog_canonical(c, "device", "zeta9"));
  assert_null(clx_catalog_canonical(c, "planet", "zeta9"));
  assert_null(clx_catalog_entry(c, "link", "../link/zeta9"));
  assert_non_null(clx_catalog_entry(c, "link", "zeta nine"));
  clx_catalog_close(c);
  folder_free(f);
}

static void test_lists_names_sorted(void **state) {
  (void)state;
  folder *f = zeta_folder();
  clx_catalog *c = open_ok(f->root);
  for (int32_t kind = 0; clx_catalog_kind(kind) != NULL; kind++) {
    assert_non_null(clx_catalog_schema(clx_catalog_kind(kind)));
    const char *before = "";
    for (int32_t i = 0; clx_catalog_name(c, clx_catalog_kind(kind), i) != NULL; i++) {
      const char *name = clx_catalog_name(c, clx_catalog_kind(kind), i);
      assert_true(strcmp(before, name) < 0);
      before = name;
    }
  }
  assert_null(clx_catalog_kind(-1));
  assert_null(clx_catalog_schema("planet"));
  assert_null(clx_catalog_name(c, "planet", 0));
  assert_null(clx_catalog_name(c, "link", -1));
  clx_catalog_close(c);
  folder_free(f);
}

static void test_unknown_names_the_nearest(void **state) {
  (void)state;
  folder *f = zeta_folder();
  clx_catalog *c = open_ok(f->root);
  clx_arena *arena = clx_arena_new();
  clx_link link;
  clx_error error;
  const clx_place place = {.file = "a.yaml", .line = 3, .column = 7};
  clx_error_clear(&error);
  assert_int_equal(clx_catalog_read(c, "link", "zeta8", place, &clx_link_schema, arena, &link, &error), CLX_INPUT);
  assert_int_equal(error.count, 1);
  assert_int_equal(error.mistake[0].line, 3);
  assert_non_null(strstr(error.mistake[0].text, "zeta9"));
  clx_error_clear(&error);
  assert_int_equal(clx_catalog_read(c, "lnik", "zeta9", place, &clx_link_schema, arena, &link, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "\"link\""));
  clx_error_clear(&error);
  assert_int_equal(clx_catalog_read(c, "link", "something else", place, &clx_link_schema, arena, &link, &error),
                   CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "it has "));
  clx_arena_free(arena);
  clx_catalog_close(c);
  folder_free(f);
}

// --- reading ----------------------------------------------------------------------------------------------------------------
static void test_reads_an_entry(void **state) {
  (void)state;
  folder *f = zeta_folder();
  clx_catalog *c = open_ok(f->root);
  clx_arena *arena = clx_arena_new();
  clx_link link;
  clx_error error;
  clx_error_clear(&error);
  const clx_status status =
      clx_catalog_read(c, "link", "Zeta 9 (400G)", (clx_place){0}, &clx_link_schema, arena, &link, &error);
  if (status != CLX_OK) fail_msg("%s", error.mistake[0].text);
  assert_string_equal(link.name, "zeta9");
  assert_int_equal(link.type, CLX_LINK_NIC);
  assert_true(link.rate == 400e9 / 8);
  assert_true(link.power == 25);
  clx_arena_free(arena);
  assert_string_equal(link.name, "zeta9");  // texts live as long as the catalogue
  assert_string_equal(clx_catalog_source(c, "zeta-paper"), "Measuring the Zeta 9");
  assert_null(clx_catalog_source(c, "zeta"));
  clx_catalog_close(c);
  folder_free(f);
}

// Keys of a map stand before those of the entry at every level; all others, and the name, are the entry's.
static void test_reads_an_entry_with_changes(void **state) {
  (void)state;
  static const char map[] = "{name: vllm-0.12, front_time: 2 s, rules: {tokens: 77}}";
  clx_arena *arena = clx_arena_new();
  clx_error error;
  clx_error_clear(&error);
  clx_catalog *catalog = open_ok(NULL);
  clx_node *changes = NULL;
  clx_engine own, changed;
  const clx_place place = {"s.yaml", 3, 4};
  assert_int_equal(clx_document_read(arena, "s.yaml", map, sizeof map - 1, &changes, &error), CLX_OK);
  assert_int_equal(clx_catalog_read(catalog, "engine", "vllm", place, &clx_serving_engine_schema, arena, &own, &error),
                   CLX_OK);
  assert_int_equal(clx_catalog_read_changed(catalog, "engine", "vllm-0.12", changes, place, &clx_serving_engine_schema,
                                            arena, &changed, &error),
                   CLX_OK);
  assert_string_equal(changed.name, "vllm");
  assert_true(changed.front_time == 2);
  assert_int_equal(changed.rules.tokens, 77);
  assert_true(changed.step_exposed == own.step_exposed);
  assert_true(changed.rules.memory_share == own.rules.memory_share);
  assert_int_equal(changed.experts_count, own.experts_count);
  assert_true(own.front_time < 1 && own.rules.tokens != 77);
  clx_catalog_close(catalog);
  clx_arena_free(arena);
}

static void test_user_entry_stands_in_front(void **state) {
  (void)state;
  clx_catalog *builtin = open_ok(NULL);
  const char *name = clx_catalog_name(builtin, "link", 0);
  assert_non_null(name);
  folder *f = zeta_folder();
  char file[96], text[256];
  snprintf(file, sizeof file, "link/%s.yaml", name);
  snprintf(text, sizeof text,
           "name: %s\ntitle: mine\nsource: zeta-datasheet\nkind: datasheet\ntype: nic\nrate: 1 GB/s\n", name);
  folder_write(f, file, text);
  clx_catalog *c = open_ok(f->root);
  const clx_node *tree = clx_catalog_entry(c, "link", name);
  assert_string_equal(clx_node_get(tree, "title")->text, "mine");
  assert_string_not_equal(clx_node_get(clx_catalog_entry(builtin, "link", name), "title")->text, "mine");
  int32_t seen = 0;
  for (int32_t i = 0; clx_catalog_name(c, "link", i) != NULL; i++) {
    if (strcmp(clx_catalog_name(c, "link", i), name) == 0) seen++;
  }
  assert_int_equal(seen, 1);
  clx_catalog_close(c);
  clx_catalog_close(builtin);
  folder_free(f);
}

// --- showing --------------------------------------------------------------------------------------------------------------
static char *show(const clx_catalog *c, const char *kind, const char *name, bool json) {
  clx_error error;
  clx_error_clear(&error);
  char *text = NULL;
  if (clx_catalog_show(c, kind, name, json, &text, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  assert_non_null(text);
  return text;
}

static void test_shows_every_number_with_its_source(void **state) {
  (void)state;
  folder *f = zeta_folder();
  clx_catalog *c = open_ok(f->root);
  char *text = show(c, "link", "zeta nine", false);
  static const char heading[] = "Zeta 9 network card (link/zeta9)\nalso: zeta nine, Zeta 9 *, Zeta *\n";
  assert_memory_equal(text, heading, sizeof heading - 1);
  const char *rate = strstr(text, "rate"), *latency = strstr(text, "latency"), *power = strstr(text, "power");
  assert_non_null(rate);
  assert_non_null(strstr(rate, "400 Gbit/s  datasheet  Zeta 9 data sheet\n"));
  assert_non_null(strstr(latency, "2 us        measured   Measuring the Zeta 9\n"));
  assert_non_null(strstr(power, "25 W        estimated  Zeta 9 data sheet; like its neighbours\n"));
  clx_text_free(text);

  text = show(c, NULL, "zeta9", true);
  assert_non_null(strstr(text, "\"value\": \"400 Gbit/s\""));
  assert_non_null(strstr(text, "\"source_title\": \"Measuring the Zeta 9\""));
  assert_non_null(strstr(text, "\"why\": \"like its neighbours\""));
  clx_text_free(text);

  clx_error error;
  clx_error_clear(&error);
  assert_int_equal(clx_catalog_show(c, NULL, "zeta99", true, &text, &error), CLX_INPUT);
  assert_null(text);
  clx_catalog_close(c);
  folder_free(f);
}

static void test_a_name_of_two_kinds_wants_the_kind(void **state) {
  (void)state;
  folder *f = zeta_folder();
  folder_write(f, "switch/zeta9.yaml", "name: zeta9\n");
  clx_catalog *c = open_ok(f->root);
  clx_error error;
  clx_error_clear(&error);
  char *text = NULL;
  assert_int_equal(clx_catalog_show(c, NULL, "zeta9", false, &text, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "say which kind"));
  clx_catalog_close(c);
  folder_free(f);
}

// --- checking -------------------------------------------------------------------------------------------------------------
static void test_builtin_catalogue_passes(void **state) {
  (void)state;
  clx_catalog *c = open_ok(NULL);
  clx_error error;
  clx_error_clear(&error);
  const clx_status status = clx_catalog_check(c, &error);
  for (int32_t i = 0; i < error.count; i++) {
    print_error("%s:%d:%d: %s\n", error.mistake[i].file, error.mistake[i].line, error.mistake[i].column,
                error.mistake[i].text);
  }
  assert_int_equal(status, CLX_OK);
  for (int32_t kind = 0; clx_catalog_kind(kind) != NULL; kind++) {
    for (int32_t i = 0; clx_catalog_name(c, clx_catalog_kind(kind), i) != NULL; i++) {
      const char *name = clx_catalog_name(c, clx_catalog_kind(kind), i);
      clx_text_free(show(c, clx_catalog_kind(kind), name, false));
      clx_text_free(show(c, clx_catalog_kind(kind), name, true));
    }
  }
  clx_catalog_close(c);
}

static void test_check_refuses(void **state) {
  (void)state;
  expect_refused("link/a1.yaml", "name: a1\ntype: nic\nrate: 1 GB/s\n", "rate: \"1 GB/s\" has no source");
  expect_refused("link/a1.yaml", "name: a1\ntype: nic\nsource: zeta-paper\nrate: 1 GB/s\n",
                 "rate: \"1 GB/s\" has no kind");
  expect_refused("link/a1.yaml", "name: a1\ntype: nic\nsource: nobody\nkind: measured\nrate: 1 GB/s\n",
                 "\"nobody\" is not in sources.yaml");
  expect_refused("link/a1.yaml", "name: a1\ntype: nic\nsource: zeta-paper\nkind: guessed\nrate: 1 GB/s\n",
                 "read \"guessed\"");
  expect_refused("link/a1.yaml", "name: a1\ntype: nic\nsource: zeta-paper\nkind: assumed\nrate: 1 GB/s\n",
                 "what is assumed needs a why");
  // A reason belongs to the kind it was given for.
  expect_refused("link/a1.yaml",
                 "name: a1\ntype: nic\nsource: zeta-paper\nkind: assumed\nwhy: a guess\n"
                 "rate: {value: 1 GB/s, kind: estimated}\n",
                 "rate.kind: what is estimated needs a why");
  expect_refused("link/a1.yaml", "name: a2\n", "expected \"a1\", the name of the file, read \"a2\"");
  expect_refused("link/a1.yaml", "name: a1\nrat: fast\n", "rate");  // unknown key, by the schema
  expect_refused("link/a1.yaml", "name: a1\naliases: [Zeta Nine]\n", "stands for both");
  expect_refused("link/a1.yaml", "name: a1\naliases: [zeta9]\n", "is the name of another link");
  expect_refused("link/a1.yaml", "- a\n- b\n", "is a map of keys");
}

#define FLEET "name: mine\nsource: zeta-paper\nkind: measured\nclasses:\n  - {name: fire, "

// Failure classes of a fleet: no rate without exposure, none without a part and what it takes out.
static void test_check_refuses_failures(void **state) {
  (void)state;
  static const struct {
    const char *text, *says;
  } table[] = {
      {FLEET "of: site, blast: site, events: 3}\n", "without 'exposure'"},
      {FLEET "of: site, blast: site, exposure: 3 d}\n", "'events' is missing"},
      {FLEET "of: site, blast: site, events: 3, exposure: 3 d, rate: 1 1/d}\n", "exclude each other"},
      {FLEET "of: site, events: 3, exposure: 3 d}\n", "'blast' is missing"},
      {FLEET "blast: site, events: 3, exposure: 3 d}\n", "'of' is missing"},
      {FLEET "of: site, blast: site, events: -3, exposure: 3 d}\n", "out of range"},
      {FLEET "of: site, blast: sight, events: 3, exposure: 3 d}\n", "expected one of job"},
      {FLEET "of: site, blast: site, events: 3, exposur: 3 d}\n", "did you mean 'exposure'"},
      {FLEET "of: site, blast: site, events: 3, exposure: {value: 3 d, kind: assumed}}\n", "needs a why"},
      {"name: mine\nclasses:\n  - {name: fire, of: site, blast: site, rate: 1 1/d}\n", "has no source"},
  };
  for (int32_t i = 0; i < CLX_COUNT(table); i++) expect_refused("failures/mine.yaml", table[i].text, table[i].says);
}

static void test_open_refuses(void **state) {
  (void)state;
  expect_refused("lnik/a1.yaml", "name: a1\n", "did you mean \"link\"?");
  expect_refused("link/a1.yml", "name: a1\n", "NAME.yaml");
  expect_refused("link/a 1.yaml", "name: a 1\n", "NAME.yaml");
  expect_refused("link/a1.yaml", "name: a1\naliases: zeta\n", "expected a list");
  clx_error error;
  clx_error_clear(&error);
  clx_catalog *catalog = NULL;
  assert_int_equal(clx_catalog_open("/nowhere/at/all", &catalog, &error), CLX_FILE);
  assert_null(catalog);
  assert_int_equal(error.count, 1);
  clx_catalog_close(NULL);
}

static void test_sources_are_checked(void **state) {
  (void)state;
  folder *f = folder_new();
  folder_write(f, "sources.yaml", "half: {title: Half a source, who: Somebody}\n");
  clx_catalog *c = open_ok(f->root);
  clx_error error;
  clx_error_clear(&error);
  assert_int_equal(clx_catalog_check(c, &error), CLX_INPUT);
  assert_true(has_mistake(&error, "half: the source has no when"));
  assert_true(has_mistake(&error, "half: the source has no where"));
  clx_catalog_close(c);
  folder_free(f);
}

// The n-th allocation fails: an error or a whole catalogue, never a crash or a leak.
static void test_survives_failing_memory(void **state) {
  (void)state;
  folder *f = zeta_folder();
  bool done = false;
  for (int64_t n = 1; n < 1000 && !done; n++) {
    clx_error error;
    clx_error_clear(&error);
    clx_catalog *c = NULL;
    char *text = NULL;
    clx_memory_fail_after(n);
    clx_status status = clx_catalog_open(f->root, &c, &error);
    if (status == CLX_OK) status = clx_catalog_show(c, "link", "zeta9", false, &text, &error);
    clx_memory_fail_after(0);
    done = status == CLX_OK;
    assert_true(done || (error.count > 0 && text == NULL));
    clx_text_free(text);
    clx_catalog_close(c);
  }
  assert_true(done);
  folder_free(f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_finds_name_alias_and_wildcard),
      cmocka_unit_test(test_lists_names_sorted),
      cmocka_unit_test(test_unknown_names_the_nearest),
      cmocka_unit_test(test_reads_an_entry),
      cmocka_unit_test(test_reads_an_entry_with_changes),
      cmocka_unit_test(test_user_entry_stands_in_front),
      cmocka_unit_test(test_shows_every_number_with_its_source),
      cmocka_unit_test(test_a_name_of_two_kinds_wants_the_kind),
      cmocka_unit_test(test_builtin_catalogue_passes),
      cmocka_unit_test(test_check_refuses),
      cmocka_unit_test(test_check_refuses_failures),
      cmocka_unit_test(test_open_refuses),
      cmocka_unit_test(test_sources_are_checked),
      cmocka_unit_test(test_survives_failing_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
