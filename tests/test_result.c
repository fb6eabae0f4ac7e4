// Results: what is kept, what is refused, JSON that can be read again.
#include "check.h"

#include <jansson.h>

#include "document/document.h"
#include "result/result.h"

static void test_store(void **state) {
  (void)state;
  clx_error error = {0};
  clx_result *r = clx_result_new();
  for (int i = 0; i < 100; i++) {
    char name[32];
    snprintf(name, sizeof name, "q.%d", i);
    assert_int_equal(clx_result_add(r, name, i, "s", i - 1, i + 1, "doc", &error), CLX_OK);
  }
  assert_int_equal(clx_result_count(r), 100);
  CLX_CHECK_NEAR(clx_result_find(r, "q.42")->value, 42, 0, 0);
  assert_string_equal(clx_result_at(r, 7)->name, "q.7");
  assert_null(clx_result_at(r, 100));
  assert_null(clx_result_find(r, "absent"));
  CLX_CHECK_NEAR(clx_result_value(r, "absent", -1), -1, 0, 0);
  assert_int_equal(clx_result_add_text(r, "f", "x", &error), CLX_OK);
  assert_string_equal(clx_result_fact(r, "f"), "x");
  assert_int_equal(clx_result_warn(r, &error, "w %d", 1), CLX_OK);
  assert_string_equal(clx_result_warning(r, 0), "w 1");
  assert_int_equal(clx_result_assume(r, &error, "k", "why"), CLX_OK);
  assert_int_equal(clx_result_assumption_count(r), 1);
  clx_result_free(r);
  clx_result_free(NULL);
}

static void test_no_nan_leaves(void **state) {
  (void)state;
  clx_result *r = clx_result_new();
  const double bad[] = {NAN, INFINITY, -INFINITY};
  for (int i = 0; i < 3; i++) {
    clx_error error = {0};
    assert_int_equal(clx_result_add(r, "x", bad[i], "s", 0, 0, "", &error), CLX_INTERNAL);
    assert_int_equal(clx_result_add(r, "x", 0, "s", bad[i], 0, "", &error), CLX_INTERNAL);
    assert_int_equal(clx_result_add_series(r, "y", "s", &bad[i], "t", "s", &bad[i], 1, &error), CLX_INTERNAL);
  }
  clx_error error = {0};
  assert_int_equal(clx_result_add(r, "x", 1, "s", 1, 1, "", &error), CLX_OK);
  assert_int_equal(clx_result_add(r, "x", 1, "s", 1, 1, "", &error), CLX_INTERNAL);  // twice
  clx_result_free(r);
}

static void test_json_reads_back(void **state) {
  (void)state;
  clx_error error = {0};
  clx_result *r = clx_result_new();
  clx_arena *arena = clx_arena_new();
  const double x[] = {0, 1, 2}, y[] = {0.1, 0.2, 0.3};
  clx_result_add(r, "a.b", 0.1 + 0.2, "W", 0.1, 0.5, "a \"doc\"", &error);
  clx_result_add_text(r, "fact", "line\nbreak", &error);
  clx_result_add_series(r, "s", "W", y, "time", "s", x, 3, &error);
  clx_result_warn(r, &error, "careful");
  clx_result_assume(r, &error, "k", "why");
  clx_buffer out = {0};
  assert_int_equal(clx_result_write_json(r, &out, &error), CLX_OK);
  clx_node *root = NULL;
  assert_int_equal(clx_document_read(arena, "r.json", out.data, out.length, &root, &error), CLX_OK);
  const clx_node *q = clx_node_get(clx_node_get(root, "quantities"), "a.b");
  CLX_CHECK_NEAR(strtod(clx_node_get(q, "value")->text, NULL), 0.1 + 0.2, 0, 0);  // bit for bit
  assert_string_equal(clx_node_get(q, "unit")->text, "W");
  assert_int_equal(clx_node_get(clx_node_get(clx_node_get(root, "series"), "s"), "y")->child_count, 3);
  assert_int_equal(clx_node_get(root, "warnings")->child_count, 1);
  assert_string_equal(clx_node_get(clx_node_get(root, "facts"), "fact")->text, "line\nbreak");
  clx_buffer_free(&out);
  clx_arena_free(arena);
  clx_result_free(r);
}

static void test_survives_failing_memory(void **state) {
  (void)state;
  clx_status status = CLX_MEMORY;
  for (int n = 1; n < 200 && status != CLX_OK; n++) {
    clx_error error = {0};
    clx_memory_fail_after(n);
    clx_result *r = clx_result_new();
    status = r == NULL ? CLX_MEMORY : CLX_OK;
    for (int i = 0; i < 200 && status == CLX_OK; i++) {
      char name[32];
      snprintf(name, sizeof name, "q.%d", i);
      status =
          clx_result_add(r, name, 1, "s", 1, 1, "a sentence that takes some room in the arena of the result", &error);
    }
    clx_memory_fail_after(0);
    assert_true(status == CLX_OK || status == CLX_MEMORY);
    clx_result_free(r);
  }
  assert_int_equal(status, CLX_OK);
}

// A text that is not UTF-8 (a path, a sentence that was cut) must not take its entry out of the JSON.
static void test_json_holds_every_text(void **state) {
  (void)state;
  clx_error error = {0};
  clx_result *r = clx_result_new();
  clx_arena *arena = clx_arena_new();
  char many[1200];
  for (size_t i = 0; i + 3 < sizeof many; i += 3) memcpy(many + i, "\xe2\x82\xac", 4);
  assert_int_equal(clx_result_add(r, "q\xff", 1, NULL, 1, 1, NULL, &error), CLX_OK);
  assert_int_equal(clx_result_add_text(r, "path", "/tmp/\xff", &error), CLX_OK);
  assert_int_equal(clx_result_warn(r, &error, "%s", many), CLX_OK);
  assert_int_equal(clx_result_assume(r, &error, "key", NULL), CLX_OK);
  clx_buffer out = {0};
  clx_node *root = NULL;
  assert_int_equal(clx_result_write_json(r, &out, &error), CLX_OK);
  assert_int_equal(clx_document_read(arena, "r.json", out.data, out.length, &root, &error), CLX_OK);
  assert_int_equal(clx_node_get(root, "quantities")->child_count, 1);
  assert_string_equal(clx_node_get(clx_node_get(root, "facts"), "path")->text, "/tmp/?");
  assert_int_equal(clx_node_get(root, "warnings")->child_count, 1);
  assert_string_equal(clx_node_get(&clx_node_get(root, "assumptions")->child[0], "key")->text, "key");
  clx_buffer_free(&out);
  clx_arena_free(arena);
  clx_result_free(r);
}

static void test_nothing_is_added_twice(void **state) {
  (void)state;
  clx_error error = {0};
  clx_result *r = clx_result_new();
  const double point = 1;
  for (int i = 0; i < 2; i++) {
    const clx_status want = i == 0 ? CLX_OK : CLX_INTERNAL;
    assert_int_equal(clx_result_add_text(r, "f", "x", &error), want);
    assert_int_equal(clx_result_assume(r, &error, "k", "why"), want);
    assert_int_equal(clx_result_add_series(r, "s", "W", &point, "t", "s", &point, 1, &error), want);
  }
  assert_int_equal(clx_result_add_series(r, "n", "W", &point, "t", "s", &point, -1, &error), CLX_INTERNAL);
  clx_result_free(r);
}

static int64_t json_fails_after;  // 0 = never

static void *failing_malloc(size_t size) {
  return json_fails_after > 0 && --json_fails_after == 0 ? NULL : malloc(size);
}

// Every allocation fails once, ours and jansson's: CLX_MEMORY, never JSON with something missing, and nothing leaks.
static void test_json_survives_failing_memory(void **state) {
  (void)state;
  clx_error error = {0};
  clx_result *r = clx_result_new();
  const double x[] = {0, 1}, y[] = {2, 3};
  clx_result_add(r, "q", 1, "s", 1, 1, "doc", &error);
  clx_result_add_text(r, "f", "x", &error);
  clx_result_add_series(r, "s", "W", y, "t", "s", x, 2, &error);
  clx_result_warn(r, &error, "w");
  clx_result_assume(r, &error, "k", "why");
  clx_buffer whole = {0};
  assert_int_equal(clx_result_write_json(r, &whole, &error), CLX_OK);
  json_set_alloc_funcs(failing_malloc, free);
  for (int ours = 0; ours < 2; ours++) {
    clx_status status = CLX_MEMORY;
    for (int n = 1; n < 1000 && status != CLX_OK; n++) {
      clx_buffer out = {0};
      if (ours) clx_memory_fail_after(n);
      if (!ours) json_fails_after = n;
      clx_error_clear(&error);
      status = clx_result_write_json(r, &out, &error);
      clx_memory_fail_after(0);
      json_fails_after = 0;
      assert_true(status == CLX_OK || (status == CLX_MEMORY && error.count == 1));
      if (status == CLX_OK) assert_string_equal(out.data, whole.data);
      clx_buffer_free(&out);
    }
    assert_int_equal(status, CLX_OK);
  }
  json_set_alloc_funcs(malloc, free);
  clx_buffer_free(&whole);
  clx_result_free(r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_store),
      cmocka_unit_test(test_no_nan_leaves),
      cmocka_unit_test(test_json_reads_back),
      cmocka_unit_test(test_survives_failing_memory),
      cmocka_unit_test(test_json_holds_every_text),
      cmocka_unit_test(test_nothing_is_added_twice),
      cmocka_unit_test(test_json_survives_failing_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
