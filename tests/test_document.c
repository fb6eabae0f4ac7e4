// Trees with places; what must not be in a file; --set.
#include "check.h"

#include <unistd.h>

#include "document/document.h"

static clx_status read_text(clx_arena *arena, const char *text, clx_node **root, clx_error *error) {
  *error = (clx_error){0};
  return clx_document_read(arena, "f.yaml", text, strlen(text), root, error);
}

static void test_tree_and_places(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_node *root;
  clx_error error;
  assert_int_equal(read_text(arena, "name: x\nlist:\n  - {a: 1, b: \"two\"}\n  - 3\nempty:\n", &root, &error), CLX_OK);
  assert_int_equal(root->child_count, 3);
  const clx_node *list = clx_node_get(root, "list");
  assert_int_equal(list->kind, CLX_NODE_LIST);
  assert_int_equal(list->child_count, 2);
  const clx_node *b = clx_node_get(&list->child[0], "b");
  assert_string_equal(b->text, "two");
  assert_true(b->quoted);
  assert_string_equal(b->path, "list.0.b");
  assert_int_equal(b->place.line, 3);
  assert_int_equal(b->key_place.column, 12);
  assert_string_equal(b->place.file, "f.yaml");
  assert_true(clx_node_is_null(clx_node_get(root, "empty")));
  assert_null(clx_node_get(root, "absent"));
  clx_arena_free(arena);
}

static void test_json_and_empty(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_node *root;
  clx_error error;
  assert_int_equal(read_text(arena, "{\"a\": [1, 2.5, null, true], \"b\": {\"c\": \"\\u00e4\"}}", &root, &error),
                   CLX_OK);
  assert_string_equal(clx_node_get(clx_node_get(root, "b"), "c")->text, "\xc3\xa4");
  assert_true(clx_node_is_null(&clx_node_get(root, "a")->child[2]));
  assert_int_equal(read_text(arena, "", &root, &error), CLX_OK);
  assert_int_equal(root->child_count, 0);
  assert_int_equal(read_text(arena, "# only a comment\n", &root, &error), CLX_OK);
  assert_int_equal(read_text(arena,
                             "\xef\xbb\xbf"
                             "a: 1\r\nb: 2\r\n",
                             &root, &error),
                   CLX_OK);
  assert_string_equal(clx_node_get(root, "a")->text, "1");
  clx_arena_free(arena);
}

static void test_refusals(void **state) {
  (void)state;
  char deep[1000], indented[20000] = "";
  memset(deep, '[', 400);
  deep[400] = '\0';
  for (int i = 0; i < 160; i++) {
    for (int k = 0; k < i; k++) strcat(indented, " ");
    strcat(indented, "a:\n");
  }
  const struct {
    const char *text, *says;
    int32_t line;
  } bad[] = {{"a: 1\na: 2\n", "stands twice", 2},
             {"a: &x 1\n", "anchors", 1},
             {"a: &x 1\nb: *x\n", "anchors", 1},
             {"a: !t 1\n", "tags", 1},
             {"a: 1\n---\nb: 2\n", "second document", 2},
             {"a: [1, 2\n", "YAML", 0},
             {"a: \"open\n", "YAML", 0},
             {"a: \xff\n", "UTF-8", 1},
             {deep, "nested deeper", 1},
             {indented, "nested deeper", 130},
             {"? [a]\n: 1\n", "key must be a word", 1},
             {"\t- a\n", "YAML", 0}};
  for (int i = 0; i < CLX_COUNT(bad); i++) {
    clx_arena *arena = clx_arena_new();
    clx_node *root = NULL;
    clx_error error;
    assert_int_equal(read_text(arena, bad[i].text, &root, &error), CLX_INPUT);
    if (strstr(error.mistake[0].text, bad[i].says) == NULL)
      fail_msg("case %d: '%s' does not say '%s'", i, error.mistake[0].text, bad[i].says);
    if (bad[i].line > 0) assert_int_equal(error.mistake[0].line, bad[i].line);
    clx_arena_free(arena);
  }
}

static void test_set(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_node *root;
  clx_error error;
  assert_int_equal(read_text(arena, "a: {b: 1}\nlist: [{x: 1}, {x: 2}]\n", &root, &error), CLX_OK);
  assert_int_equal(clx_node_set(arena, root, "a.b", "2", &error), CLX_OK);
  assert_int_equal(clx_node_set(arena, root, "a.c.d", "{e: [1, 2]}", &error), CLX_OK);
  assert_int_equal(clx_node_set(arena, root, "list.1.x", "7 W", &error), CLX_OK);
  assert_string_equal(clx_node_get(clx_node_get(root, "a"), "b")->text, "2");
  const clx_node *e = clx_node_get(clx_node_get(clx_node_get(clx_node_get(root, "a"), "c"), "d"), "e");
  assert_int_equal(e->child_count, 2);
  assert_string_equal(e->place.file, "--set a.c.d");
  assert_string_equal(e->path, "a.c.d.e");
  assert_string_equal(clx_node_get(&clx_node_get(root, "list")->child[1], "x")->text, "7 W");
  static const char *const bad[][2] = {{"list.5.x", "1"}, {"list.y", "1"}, {"a.b.c", "1"},    {"", "1"},
                                       {"a..b", "1"},     {"a.b", "[1"},   {"a.b", "1\nc: 2"}};
  for (int i = 0; i < CLX_COUNT(bad); i++) {
    clx_error wrong = {0};
    assert_int_equal(clx_node_set(arena, root, bad[i][0], bad[i][1], &wrong), CLX_INPUT);
  }
  clx_arena_free(arena);
}

static void test_survives_failing_memory(void **state) {
  (void)state;
  clx_status status = CLX_MEMORY;
  for (int n = 1; n < 100 && status != CLX_OK; n++) {
    clx_memory_fail_after(n);
    clx_arena *arena = clx_arena_new();
    clx_error error = {0};
    clx_node *root = NULL;
    status = arena == NULL ? CLX_MEMORY : read_text(arena, "a: [1, {b: 2}]\nc: \"text\"\n", &root, &error);
    clx_memory_fail_after(0);
    assert_true(status == CLX_OK || status == CLX_MEMORY);
    clx_arena_free(arena);
  }
  assert_int_equal(status, CLX_OK);
}

// Escapes can name what no C text or UTF-8 can hold; cutting them off would read something else than was written.
static void test_escapes(void **state) {
  (void)state;
  static const char *const bad[] = {"a: \"x\\0y\"\n", "\"k\\0\": 1\n", "a: \"\\ud800\"\n", "a: \"\\u0000\"\n"};
  for (int i = 0; i < CLX_COUNT(bad); i++) {
    clx_arena *arena = clx_arena_new();
    clx_node *root = NULL;
    clx_error error;
    assert_int_equal(read_text(arena, bad[i], &root, &error), CLX_INPUT);
    assert_int_equal(error.mistake[0].line, 1);
    clx_arena_free(arena);
  }
}

static char *repeated(const char *head, const char *part, size_t count) {
  const size_t before = strlen(head), length = strlen(part);
  char *text = malloc(before + length * count + 1);
  if (text == NULL) abort();
  memcpy(text, head, before);
  for (size_t i = 0; i < count; i++) memcpy(text + before + i * length, part, length);
  text[before + length * count] = '\0';
  return text;
}

// Small texts that ask for large trees; and a large map, whose keys are compared in n log n.
static void test_cost_is_bounded(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_node *root = NULL;
  clx_error error;
  char *many = repeated("[", "1,", 300000);
  assert_int_equal(read_text(arena, many, &root, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "values in one file"));
  free(many);
  char *key = repeated("", "k", 20000), *list = repeated("", "1, ", 20000), *both = malloc(100000);
  if (both == NULL) abort();
  snprintf(both, 100000, "%s: [%s]\n", key, list);
  assert_int_equal(read_text(arena, both, &root, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "keys are too long"));
  free(key);
  free(list);
  free(both);
  clx_buffer wide = {0};
  for (int i = 0; i < 50000; i++) clx_buffer_format(&wide, "k%d: 1\n", i);
  assert_int_equal(read_text(arena, wide.data, &root, &error), CLX_OK);
  assert_int_equal(root->child_count, 50000);
  clx_buffer_format(&wide, "k7: 2\nk8: 2\n");
  assert_int_equal(read_text(arena, wide.data, &root, &error), CLX_INPUT);
  assert_int_equal(error.count, 2);
  assert_int_equal(error.mistake[0].line, 50001);
  assert_string_equal(error.mistake[0].text, "key 'k7' stands twice, first in line 8");
  clx_buffer_free(&wide);
  clx_arena_free(arena);
}

static void test_tab_is_named(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_node *root = NULL;
  clx_error error;
  assert_int_equal(read_text(arena, "a:\n\tb: 1\n", &root, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "tab"));
  clx_arena_free(arena);
}

static void check_same(const clx_node *a, const clx_node *b) {
  assert_int_equal(a->kind, b->kind);
  assert_int_equal(a->child_count, b->child_count);
  assert_true(clx_text_equal(a->key, b->key) && clx_text_equal(a->text, b->text) && clx_text_equal(a->path, b->path));
  for (int32_t i = 0; i < a->child_count; i++) check_same(&a->child[i], &b->child[i]);
}

// Whatever fails in a set, memory included, the tree is as it was.
static void test_failed_set_changes_nothing(void **state) {
  (void)state;
  static const char text[] = "a: {b: 1}\nlist: [{x: 1}]\nempty:\nnone: []\n";
  static const char *const bad[][2] = {
      {"a.new.deep", "[1"}, {"empty.x.y", "{"}, {"list.0.y.z", "a: b: c"},          {"none.0", "1"}, {"list.+0.x", "1"},
      {"list.-1.x", "1"},   {"list..x", "1"},   {"list.99999999999999999999", "1"}, {"a.\xff", "1"}, {"a.b.c", "1"},
      {"a.", "1"}};
  clx_arena *arena = clx_arena_new();
  clx_node *root = NULL, *same = NULL;
  clx_error error;
  assert_int_equal(read_text(arena, text, &root, &error), CLX_OK);
  assert_int_equal(read_text(arena, text, &same, &error), CLX_OK);
  for (int i = 0; i < CLX_COUNT(bad); i++) {
    assert_int_equal(clx_node_set(arena, root, bad[i][0], bad[i][1], &error), CLX_INPUT);
    check_same(root, same);
  }
  char *deep = repeated("a", ".a", 10000);
  assert_int_equal(clx_node_set(arena, root, deep, "1", &error), CLX_INPUT);
  free(deep);
  check_same(root, same);
  clx_status status = CLX_MEMORY;
  char *large = repeated("", "x", 40000);  // larger than a block of the arena, so that every copy of it allocates
  for (int n = 1; n < 100 && status == CLX_MEMORY; n++) {
    clx_memory_fail_after(n);
    status = clx_node_set(arena, root, "empty.p.q", large, &error);
    clx_memory_fail_after(0);
    if (status == CLX_MEMORY) check_same(root, same);
  }
  free(large);
  assert_int_equal(status, CLX_OK);
  const clx_node *p = clx_node_get(clx_node_get(root, "empty"), "p");
  assert_string_equal(clx_node_get(p, "q")->path, "empty.p.q");
  assert_string_equal(p->place.file, "--set empty.p.q");
  clx_arena_free(arena);
}

// What libfyaml would print becomes a mistake; nothing reaches stderr.
static void test_parser_never_prints(void **state) {
  (void)state;
  static const char *const bad[] = {"a: |0\n x\n", "%YAML 9.9\n---\na: 1\n", "--- a\n...\nb\n", "a: [}\n",
                                    "a: \"\\q\"\n"};
  static const char *const says[] = {"indentation indicator", "version", "second document", "YAML", "invalid escape"};
  FILE *caught = tmpfile();
  assert_non_null(caught);
  fflush(stderr);
  const int kept = dup(2);
  dup2(fileno(caught), 2);
  clx_error error[CLX_COUNT(bad)];
  clx_status status[CLX_COUNT(bad)];
  for (int i = 0; i < CLX_COUNT(bad); i++) {
    clx_arena *arena = clx_arena_new();
    clx_node *root = NULL;
    status[i] = read_text(arena, bad[i], &root, &error[i]);
    clx_arena_free(arena);
  }
  fflush(stderr);
  dup2(kept, 2);
  close(kept);
  fseek(caught, 0, SEEK_END);
  const long printed = ftell(caught);
  fclose(caught);
  for (int i = 0; i < CLX_COUNT(bad); i++) {
    assert_int_equal(status[i], CLX_INPUT);
    if (strstr(error[i].mistake[0].text, says[i]) == NULL)
      fail_msg("'%s' does not say '%s'", error[i].mistake[0].text, says[i]);
  }
  assert_int_equal(error[2].mistake[0].line, 3);
  assert_int_equal(printed, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_tree_and_places),
      cmocka_unit_test(test_json_and_empty),
      cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_set),
      cmocka_unit_test(test_survives_failing_memory),
      cmocka_unit_test(test_escapes),
      cmocka_unit_test(test_cost_is_bounded),
      cmocka_unit_test(test_tab_is_named),
      cmocka_unit_test(test_failed_set_changes_nothing),
      cmocka_unit_test(test_parser_never_prints),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
