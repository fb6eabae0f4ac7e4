// CSV reading: RFC 4180, and what is refused.
#include "check.h"

#include "table/table.h"

static clx_status read_text(clx_arena *arena, const char *text, clx_table *table, clx_error *error) {
  *error = (clx_error){0};
  return clx_table_read(arena, "t.csv", text, strlen(text), table, error);
}

static void test_plain_and_quoted(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_table t;
  clx_error error;
  const char *text =
      "\xEF\xBB\xBF"
      "a,b,\"c \"\"d\"\"\"\r\n1, two ,\"x,\ny\"\n\n4,5\n";
  assert_int_equal(read_text(arena, text, &t, &error), CLX_OK);
  assert_int_equal(t.column_count, 3);
  assert_int_equal(t.row_count, 2);
  assert_string_equal(t.column[2], "c \"d\"");
  assert_string_equal(clx_table_cell(&t, 0, 1), "two");
  assert_string_equal(clx_table_cell(&t, 0, 2), "x,\ny");
  assert_string_equal(clx_table_cell(&t, 1, 2), "");
  assert_string_equal(clx_table_cell(&t, 1, -1), "");
  assert_int_equal(t.line[1], 5);
  assert_int_equal(clx_table_column(&t, "b"), 1);
  assert_int_equal(clx_table_column(&t, "z"), -1);
  clx_arena_free(arena);
}

static void test_numbers(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_table t;
  clx_error error;
  double value = 0;
  assert_int_equal(read_text(arena, "a\n1.5e3\n-2\nnan\ninf\n0x10\n1.5x\n\"\"\n", &t, &error), CLX_OK);
  assert_true(clx_table_number(&t, 0, 0, &value));
  CLX_CHECK_NEAR(value, 1500, 0, 0);
  assert_true(clx_table_number(&t, 1, 0, &value));
  for (int32_t row = 2; row < t.row_count; row++) assert_false(clx_table_number(&t, row, 0, &value));
  clx_arena_free(arena);
}

static void test_refusals(void **state) {
  (void)state;
  static const char *const bad[] = {"", "a,\n1,2\n", "a,a\n1,2\n", "a,b\n1,2,3\n", "a\n\"open\n", "a\n\xff\n"};
  for (int i = 0; i < 6; i++) {
    clx_arena *arena = clx_arena_new();
    clx_table t;
    clx_error error;
    assert_int_equal(read_text(arena, bad[i], &t, &error), CLX_INPUT);
    assert_int_equal(error.count, 1);
    assert_string_equal(error.mistake[0].file, "t.csv");
    clx_arena_free(arena);
  }
}

static void test_cells_round_trip(void **state) {
  (void)state;
  static const char *const cells[] = {"plain", "a,b", "say \"hi\"", "two\nlines", ""};
  clx_buffer out = {0};
  for (int i = 0; i < 5; i++) {
    clx_table_write_cell(&out, cells[i]);
    clx_buffer_add(&out, i < 4 ? "," : "\n", 1);
  }
  clx_arena *arena = clx_arena_new();
  clx_table t;
  clx_error error;
  char text[256];
  snprintf(text, sizeof text, "a,b,c,d,e\n%s", out.data);
  assert_int_equal(read_text(arena, text, &t, &error), CLX_OK);
  for (int i = 0; i < 5; i++) assert_string_equal(clx_table_cell(&t, 0, i), cells[i]);
  clx_arena_free(arena);
  clx_buffer_free(&out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_plain_and_quoted),
      cmocka_unit_test(test_numbers),
      cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_cells_round_trip),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
