// Status, mistakes, arena, buffers, texts.
#include "check.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/base.h"

static void test_mistakes_are_collected(void **state) {
  (void)state;
  clx_error error = {0};
  for (int i = 0; i < CLX_MISTAKES_MAX + 5; i++) {
    assert_int_equal(
        clx_fail(&error, i == 0 ? CLX_INPUT : CLX_MEMORY, (clx_place){"f.yaml", i + 1, 2}, "mistake %d", i),
        i == 0 ? CLX_INPUT : CLX_MEMORY);
  }
  assert_int_equal(error.status, CLX_INPUT);  // of the first
  assert_int_equal(error.count, CLX_MISTAKES_MAX);
  assert_int_equal(error.dropped, 5);
  assert_string_equal(error.mistake[3].text, "mistake 3");
  assert_int_equal(error.mistake[3].line, 4);
  assert_int_equal(clx_fail(NULL, CLX_FILE, (clx_place){0}, "nobody listens"), CLX_FILE);
  clx_error_clear(&error);
  assert_int_equal(error.count, 0);
  for (int status = CLX_OK; status <= CLX_FILE; status++) assert_true(strlen(clx_status_text((clx_status)status)) > 0);
}

static void test_long_texts_are_cut_not_overrun(void **state) {
  (void)state;
  char text[2000];
  memset(text, 'x', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  clx_error error = {0};
  clx_fail(&error, CLX_INPUT, (clx_place){text, 1, 1}, "%s", text);
  assert_true(strlen(error.mistake[0].text) < sizeof error.mistake[0].text);
  assert_true(strlen(error.mistake[0].file) < sizeof error.mistake[0].file);
}

static void test_arena(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  char *last = NULL;
  for (size_t size = 1; size < 3000000; size = size * 3 + 1) {
    char *memory = clx_arena_alloc(arena, size);
    assert_non_null(memory);
    assert_true((uintptr_t)memory % 16 == 0);
    for (size_t i = 0; i < size; i++) assert_int_equal(memory[i], 0);
    memset(memory, 0x5a, size);
    assert_ptr_not_equal(memory, last);
    last = memory;
  }
  assert_null(clx_arena_alloc(arena, SIZE_MAX - 4));
  assert_null(clx_arena_array(arena, SIZE_MAX / 2, 8));
  assert_string_equal(clx_arena_format(arena, "%d-%s", 7, "x"), "7-x");
  assert_string_equal(clx_arena_copy(arena, "abc", 2), "ab");
  clx_arena_free(arena);
  clx_arena_free(NULL);
}

static void test_failing_allocations(void **state) {
  (void)state;
  clx_memory_fail_after(1);
  assert_null(clx_arena_new());
  clx_arena *arena = clx_arena_new();
  clx_memory_fail_after(1);
  assert_null(clx_arena_alloc(arena, 10));
  assert_non_null(clx_arena_alloc(arena, 10));
  clx_arena_free(arena);
  clx_buffer buffer = {0};
  clx_memory_fail_after(1);
  clx_buffer_add(&buffer, "x", 1);
  assert_true(buffer.failed);
  clx_buffer_format(&buffer, "%d", 1);  // sticky
  assert_true(buffer.failed && buffer.data == NULL);
  clx_buffer_free(&buffer);
}

static void test_buffer(void **state) {
  (void)state;
  clx_buffer buffer = {0};
  for (int i = 0; i < 1000; i++) clx_buffer_format(&buffer, "%03d,", i);
  assert_int_equal(buffer.length, 4000);
  assert_memory_equal(buffer.data + 3996, "999,", 5);
  clx_buffer_free(&buffer);
}

static void test_utf8(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int64_t bad;
  } known[] = {{"plain", -1},           {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", -1},
               {"ab\xff", 2},           {"\xc0\xaf", 0},
               {"\xed\xa0\x80", 0},     {"x\xe2\x82", 1},
               {"\xf4\x90\x80\x80", 0}, {"\xe0\x80\x80", 0}};
  for (int i = 0; i < 8; i++) assert_int_equal(clx_utf8_check(known[i].text, strlen(known[i].text)), known[i].bad);
  assert_int_equal(clx_utf8_check("a\0b", 3), 1);
}

static void test_nearest(void **state) {
  (void)state;
  static const char *const words[] = {"layout", "precision", "global_batch", "tp", "h100_sxm"};
  assert_string_equal(clx_nearest("layuot", words, 5), "layout");
  assert_string_equal(clx_nearest("global-batch", words, 5), "global_batch");
  assert_string_equal(clx_nearest("h100sxm", words, 5), "h100_sxm");
  assert_string_equal(clx_nearest("tpp", words, 5), "tp");
  assert_null(clx_nearest("cooling", words, 5));
  assert_null(clx_nearest("", words, 5));
  assert_null(clx_nearest("xy", words, 5));
}

static void test_matching(void **state) {
  (void)state;
  assert_true(clx_text_equal(NULL, NULL));
  assert_false(clx_text_equal("a", NULL));
  assert_true(clx_text_equal_loose("A100-SXM4_80GB", "a100 sxm4-80gb"));
  assert_false(clx_text_equal_loose("a", "ab"));
  assert_true(clx_text_match("GPT *", "gpt 175B"));
  assert_true(clx_text_match("*LoRA*", "llama2-70b (LoRA fine-tune)"));
  assert_true(clx_text_match("a*b*c", "axxbyyc"));
  assert_false(clx_text_match("a*b", "axxc"));
  assert_true(clx_text_match("*", ""));
}

static void test_files(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_error error = {0};
  const char *data = NULL;
  size_t size = 0;
  assert_int_equal(clx_file_read(arena, "/no/such/file", 100, &data, &size, &error), CLX_FILE);
  assert_int_equal(clx_file_read(arena, "/tmp", 100, &data, &size, &error), CLX_FILE);
  char path[] = "/tmp/clx_base_XXXXXX";
  const int file = mkstemp(path);
  for (int i = 0; i < 1000; i++) assert_true(write(file, "0123456789", 10) == 10);
  close(file);
  assert_int_equal(clx_file_read(arena, path, 10000, &data, &size, &error), CLX_OK);
  assert_int_equal(size, 10000);
  assert_int_equal(data[size], 0);
  assert_int_equal(clx_file_read(arena, path, 9999, &data, &size, &error), CLX_INPUT);
  unlink(path);
  clx_arena_free(arena);
}

// What a user wrote comes back in a sentence: no control character, no half character, even where it was cut.
static void test_mistakes_are_one_clean_line(void **state) {
  (void)state;
  clx_error error = {0};
  clx_fail(&error, CLX_INPUT, (clx_place){"a\nb\xff", 1, 1}, "read \"%s\"", "x\x1b[2J\n\xc2\x9bz\xff\xc3\xa4");
  assert_string_equal(error.mistake[0].file, "a b?");
  assert_string_equal(error.mistake[0].text, "read \"x [2J   z?\xc3\xa4\"");
  char many[1200];
  for (size_t i = 0; i + 3 < sizeof many; i += 3) memcpy(many + i, "\xe2\x82\xac", 4);
  for (int skip = 0; skip < 3; skip++) {
    clx_error_clear(&error);
    clx_fail(&error, CLX_INPUT, (clx_place){0}, "%.*s%s", skip, "xx", many);
    assert_int_equal(clx_utf8_check(error.mistake[0].text, strlen(error.mistake[0].text)), -1);
  }
}

// Days are written as they are read, in any year that has four digits.
static void test_days_are_written(void **state) {
  (void)state;
  static const char *const days[] = {"1970-01-01", "1969-12-31", "2024-02-29", "2024-08-11",
                                     "2000-03-01", "1900-03-01", "2100-12-31"};
  char text[CLX_TIME_TEXT];
  double time = 0;
  for (int32_t i = 0; i < CLX_COUNT(days); i++) {
    assert_true(clx_time_read(days[i], &time));
    clx_time_write(time, false, text);
    assert_string_equal(text, days[i]);
    clx_time_write(time + 86399.5, false, text);
    assert_string_equal(text, days[i]);
  }
  assert_true(clx_time_read("2024-08-11T12:30:05", &time));
  clx_time_write(time + 0.9, true, text);
  assert_string_equal(text, "2024-08-11T12:30:05");
  clx_time_write(1e13, false, text);  // stands at the last year
  assert_string_equal(text, "9999-12-31");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_days_are_written),
      cmocka_unit_test(test_mistakes_are_collected),
      cmocka_unit_test(test_long_texts_are_cut_not_overrun),
      cmocka_unit_test(test_arena),
      cmocka_unit_test(test_failing_allocations),
      cmocka_unit_test(test_buffer),
      cmocka_unit_test(test_utf8),
      cmocka_unit_test(test_nearest),
      cmocka_unit_test(test_matching),
      cmocka_unit_test(test_files),
      cmocka_unit_test(test_mistakes_are_one_clean_line),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
