// Trees with places; what must not be in a file; --set.
#include "check.h"

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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_tree_and_places),
      cmocka_unit_test(test_json_and_empty),
      cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_set),
      cmocka_unit_test(test_survives_failing_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
