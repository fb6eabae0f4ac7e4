// Rows: defaults, every kind, every mistake, sourced values, reference and JSON Schema.
#include "check.h"

#include <jansson.h>

#include "schema/schema.h"

typedef struct inner {
  double rate;
  int32_t on;
  clx_place place;
} inner;

typedef struct outer {
  const char *name;
  double power, share;
  int32_t count, mode;
  int64_t tokens;
  inner one, *many;
  int32_t many_count, *numbers, number_count;
  double *ratios;
  int32_t ratio_count;
  const char **words;
  int32_t word_count;
  const clx_node *rest;
} outer;

static const char *const MODES[] = {"slow", "fast", NULL};

static const clx_row inner_rows[] = {
    {.key = "rate",
     .kind = CLX_ROW_REAL,
     .offset = offsetof(inner, rate),
     .unit = "B/s",
     .initial = 5e9,
     .maximum = 1e12,
     .doc = "a rate"},
    {.key = "on", .kind = CLX_ROW_BOOL, .offset = offsetof(inner, on), .initial = 1, .doc = "a switch"},
};
static const clx_schema inner_schema = {.name = "inner",
                                        .doc = "a part",
                                        .rows = inner_rows,
                                        .count = 2,
                                        .size = sizeof(inner),
                                        .place_offset = offsetof(inner, place)};
static const clx_row outer_rows[] = {
    {.key = "name", .kind = CLX_ROW_TEXT, .offset = offsetof(outer, name), .required = true, .doc = "a name"},
    {.key = "power",
     .kind = CLX_ROW_REAL,
     .offset = offsetof(outer, power),
     .unit = "W",
     .minimum = 1,
     .maximum = 1e9,
     .doc = "a power"},
    {.key = "share", .kind = CLX_ROW_REAL, .offset = offsetof(outer, share), .maximum = 1, .doc = "a share"},
    {.key = "count",
     .kind = CLX_ROW_INT,
     .offset = offsetof(outer, count),
     .initial = 3,
     .minimum = 1,
     .maximum = 10,
     .doc = "a count"},
    {.key = "mode",
     .kind = CLX_ROW_CHOICE,
     .offset = offsetof(outer, mode),
     .choices = MODES,
     .initial = 1,
     .doc = "a mode"},
    {.key = "tokens", .kind = CLX_ROW_COUNT, .offset = offsetof(outer, tokens), .doc = "tokens"},
    {.key = "one", .kind = CLX_ROW_STRUCT, .offset = offsetof(outer, one), .sub = &inner_schema, .doc = "one part"},
    {.key = "many",
     .kind = CLX_ROW_LIST,
     .offset = offsetof(outer, many),
     .count_offset = offsetof(outer, many_count),
     .sub = &inner_schema,
     .doc = "parts"},
    {.key = "numbers",
     .kind = CLX_ROW_INTS,
     .offset = offsetof(outer, numbers),
     .count_offset = offsetof(outer, number_count),
     .doc = "numbers"},
    {.key = "ratios",
     .kind = CLX_ROW_REALS,
     .offset = offsetof(outer, ratios),
     .count_offset = offsetof(outer, ratio_count),
     .single = true,
     .minimum = 1,
     .maximum = 9,
     .doc = "ratios"},
    {.key = "words",
     .kind = CLX_ROW_TEXTS,
     .offset = offsetof(outer, words),
     .count_offset = offsetof(outer, word_count),
     .doc = "words"},
    {.key = "rest", .kind = CLX_ROW_NODE, .offset = offsetof(outer, rest), .doc = "anything"},
};
static const clx_schema outer_schema = {
    .name = "outer", .doc = "a whole", .rows = outer_rows, .count = CLX_COUNT(outer_rows), .size = sizeof(outer)};

static clx_status read_text(clx_arena *arena, const char *text, bool sourced, outer *o, clx_error *error) {
  clx_node *root = NULL;
  *error = (clx_error){0};
  const clx_status status = clx_document_read(arena, "f.yaml", text, strlen(text), &root, error);
  return status != CLX_OK ? status : clx_schema_read(&outer_schema, root, sourced, arena, o, error);
}

static void test_every_kind(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_error error;
  outer o;
  const char *text =
      "name: n\npower: 2 kW\nshare: 25 %\ncount: 7\nmode: slow\ntokens: 15T\none: {rate: 400 Gbit/s, on: no}\n"
      "many: [{rate: 1 GB/s}, {on: false}]\nnumbers: [1, 2]\nwords: [a, b, c]\nrest: {x: 1}\n";
  if (read_text(arena, text, false, &o, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  assert_string_equal(o.name, "n");
  CLX_CHECK_NEAR(o.power, 2000, 0, 0);
  CLX_CHECK_NEAR(o.share, 0.25, 0, 0);
  assert_int_equal(o.count, 7);
  assert_int_equal(o.mode, 0);
  assert_true(o.tokens == 15000000000000);
  CLX_CHECK_NEAR(o.one.rate, 50e9, 0, 0);
  assert_int_equal(o.one.on, 0);
  assert_int_equal(o.many_count, 2);
  CLX_CHECK_NEAR(o.many[1].rate, 5e9, 0, 0);
  assert_int_equal(o.many[1].place.line, 8);
  assert_int_equal(o.numbers[1], 2);
  assert_string_equal(o.words[2], "c");
  assert_int_equal(o.rest->child_count, 1);
  clx_arena_free(arena);
}

static void test_defaults(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_error error;
  outer o, plain;
  memset(&plain, 0x55, sizeof plain);
  clx_schema_default(&outer_schema, &plain);
  assert_int_equal(read_text(arena, "name: n\n", false, &o, &error), CLX_OK);
  assert_int_equal(o.count, 3);
  assert_int_equal(o.mode, 1);
  assert_int_equal(o.one.on, 1);
  assert_int_equal(plain.count, o.count);
  assert_int_equal(plain.many_count, 0);
  CLX_CHECK_NEAR(plain.one.rate, o.one.rate, 0, 0);
  clx_arena_free(arena);
}

// A list that says so is also read from one number.
static void test_single_for_list(void **state) {
  (void)state;
  const struct {
    const char *text;
    int32_t count;
  } known[] = {{"name: n\nratios: 2.5\n", 1}, {"name: n\nratios: [2.5, 3]\n", 2}, {"name: n\nratios: []\n", 0}};
  for (int i = 0; i < CLX_COUNT(known); i++) {
    clx_arena *arena = clx_arena_new();
    clx_error error;
    outer o;
    assert_int_equal(read_text(arena, known[i].text, false, &o, &error), CLX_OK);
    assert_int_equal(o.ratio_count, known[i].count);
    if (o.ratio_count > 0) CLX_CHECK_NEAR(o.ratios[0], 2.5, 0, 0);
    clx_arena_free(arena);
  }
}

static void test_mistakes_with_place_and_hint(void **state) {
  (void)state;
  static const struct {
    const char *text, *says;
  } bad[] = {{"name: n\npowr: 1 W\n", "unknown key 'powr'; did you mean 'power'?"},
             {"name: n\none: {ratte: 1 B/s}\n", "unknown key 'one.ratte'; did you mean 'rate'?"},
             {"power: 1 W\n", "'name' is missing"},
             {"name: n\npower: 5\n", "unit is missing"},
             {"name: n\npower: 5 GB\n", "does not fit"},
             {"name: n\npower: 5 GW\n", "out of range: expected 1 W to 1 GW"},
             {"name: n\ncount: 2.5\n", "whole number"},
             {"name: n\ncount: 99\n", "out of range"},
             {"name: n\nmode: fsat\n", "did you mean 'fast'"},
             {"name: n\nmode: medium\n", "expected one of slow, fast"},
             {"name: n\none: 5\n", "expected a map"},
             {"name: n\nmany: {a: 1}\n", "expected a list"},
             {"name: n\nratios: {a: 1}\n", "expected a number or a list"},
             {"name: n\nratios: 10\n", "out of range"},
             {"name: n\nratios:\n", "read nothing"},
             {"name: n\nnumbers: 1\n", "expected a list"},
             {"name: n\none: {on: maybe}\n", "expected true or false"},
             {"name: [a]\n", "expected a text, read a list"},
             {"name: n\npower:\n", "read nothing"},
             {"name: n\npower: {value: 1 W}\n", "read a map"}};
  for (int i = 0; i < CLX_COUNT(bad); i++) {
    clx_arena *arena = clx_arena_new();
    clx_error error;
    outer o;
    assert_int_equal(read_text(arena, bad[i].text, false, &o, &error), CLX_INPUT);
    if (strstr(error.mistake[0].text, bad[i].says) == NULL)
      fail_msg("'%s' does not say '%s'", error.mistake[0].text, bad[i].says);
    assert_string_equal(error.mistake[0].file, "f.yaml");
    assert_true(error.mistake[0].line > 0);
    clx_arena_free(arena);
  }
}

static void test_all_mistakes_at_once(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_error error;
  outer o;
  assert_int_equal(read_text(arena, "powr: 1\npower: x\ncount: 0\nmode: z\none: {q: 1}\n", false, &o, &error),
                   CLX_INPUT);
  assert_int_equal(error.count, 6);  // and the missing name
  clx_arena_free(arena);
}

static void test_sourced_values(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_error error;
  outer o;
  const char *text =
      "name: n\nsource: s\nkind: datasheet\npower: {value: 3 kW, source: t, kind: estimated, why: w}\none: {source: s, "
      "rate: 1 B/s}\n";
  if (read_text(arena, text, true, &o, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  CLX_CHECK_NEAR(o.power, 3000, 0, 0);
  CLX_CHECK_NEAR(o.one.rate, 1, 0, 0);
  clx_arena_free(arena);
}

// A text for which a map may stand.
typedef struct named {
  const char *engine;
  const clx_node *map;
} named;

static void test_map_for_a_text(void **state) {
  (void)state;
  static const clx_row row = {.key = "engine",
                              .kind = CLX_ROW_TEXT,
                              .offset = offsetof(named, engine),
                              .map_offset = offsetof(named, map),
                              .text_initial = "own",
                              .doc = "an engine"};
  static const clx_schema schema = {.name = "named", .doc = "", .rows = &row, .count = 1, .size = sizeof(named)};
  static const struct {
    const char *text, *engine, *mistake;
    bool map;
  } cases[] = {{"{}", "own", NULL, false},
               {"engine: a", "a", NULL, false},
               {"engine: {name: b, rules: {tokens: 3}}", "b", NULL, true},
               {"engine: {rules: {tokens: 3}}", NULL, "'engine.name' is missing: what the map changes", false},
               {"engine: {name: [b]}", NULL, "'engine.name': expected a text, read a list", false},
               {"engine: [b]", NULL, "'engine': expected a text, read a list", false}};
  for (int32_t i = 0; i < CLX_COUNT(cases); i++) {
    clx_arena *arena = clx_arena_new();
    clx_node *root = NULL;
    named out;
    clx_error error;
    clx_error_clear(&error);
    assert_int_equal(clx_document_read(arena, "f", cases[i].text, strlen(cases[i].text), &root, &error), CLX_OK);
    const clx_status status = clx_schema_read(&schema, root, false, arena, &out, &error);
    if (cases[i].mistake != NULL) {
      assert_int_equal(status, CLX_INPUT);
      assert_string_equal(error.mistake[0].text, cases[i].mistake);
      assert_int_equal(error.mistake[0].line, 1);
    } else {
      assert_int_equal(status, CLX_OK);
      assert_string_equal(out.engine, cases[i].engine);
      assert_int_equal(out.map != NULL, cases[i].map);
    }
    clx_arena_free(arena);
  }
}

static void test_paths(void **state) {
  (void)state;
  static const char *const there[] = {"name", "one", "one.rate", "many.0", "many.12.on"};
  static const char *const absent[] = {"nam", "one.x", "many.rate", "many.x.on", "name.x", "", "one."};
  for (int i = 0; i < CLX_COUNT(there); i++) assert_true(clx_schema_has(&outer_schema, there[i]));
  for (int i = 0; i < CLX_COUNT(absent); i++) assert_false(clx_schema_has(&outer_schema, absent[i]));
}

static void test_reference_names_every_key(void **state) {
  (void)state;
  clx_buffer text = {0}, json = {0};
  clx_schema_text(&outer_schema, &text);
  clx_schema_json(&outer_schema, &json);
  for (int i = 0; i < outer_schema.count; i++) {
    assert_non_null(strstr(text.data, outer_rows[i].key));
    assert_non_null(strstr(json.data, outer_rows[i].key));
  }
  assert_non_null(strstr(json.data, "\"additionalProperties\": false"));
  clx_buffer_free(&text);
  clx_buffer_free(&json);
}

static void test_whole_numbers_are_never_rounded(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int64_t value;  // -1 = refused
  } known[] = {{"15T", 15000000000000},
               {"1.1T", 1100000000000},
               {"15 T", 15000000000000},
               {"\"100,000\"", 100000},
               {"15e12", 15000000000000},
               {"2.5k", 2500},
               {"9e18", 9000000000000000000},
               {"4.35M", 4350000},
               {"0.0015k", -1},
               {"100000000.01", -1},
               {"50%", -1},
               {"1e19", -1},
               {"1e3k", -1},
               {"1.5", -1},
               {"T", -1},
               {"\"\"", -1},
               {"0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_5", -1}};
  for (int i = 0; i < CLX_COUNT(known); i++) {
    clx_arena *arena = clx_arena_new();
    clx_error error;
    outer o;
    char text[200];
    snprintf(text, sizeof text, "name: n\ntokens: %s\n", known[i].text);
    const clx_status status = read_text(arena, text, false, &o, &error);
    if (status != (known[i].value < 0 ? CLX_INPUT : CLX_OK))
      fail_msg("'%s' was read as %lld", known[i].text, (long long)o.tokens);
    if (status == CLX_OK) assert_true(o.tokens == known[i].value);
    clx_arena_free(arena);
  }
}

// A misspelt key beside a value is a mistake like any other.
static void test_wrapper_keys_are_checked(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_error error;
  outer o;
  const char *text = "name: n\npower: {value: 3 kW, sorce: t}\nnumbers: {value: [1, 2], source: s}\n";
  assert_int_equal(read_text(arena, text, true, &o, &error), CLX_INPUT);
  assert_int_equal(error.count, 1);
  assert_non_null(strstr(error.mistake[0].text, "unknown key 'power.sorce'"));
  CLX_CHECK_NEAR(o.power, 3000, 0, 0);
  assert_int_equal(o.number_count, 2);
  clx_arena_free(arena);
}

static void test_default_clears_places(void **state) {
  (void)state;
  outer o;
  memset(&o, 0x55, sizeof o);
  clx_schema_default(&outer_schema, &o);
  assert_null(o.one.place.file);
  assert_int_equal(o.one.place.line, 0);
}

static void test_root_that_is_no_map(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_error error;
  outer o;
  assert_int_equal(read_text(arena, "- 1\n", false, &o, &error), CLX_INPUT);
  assert_string_equal(error.mistake[0].text, "expected a map of keys (a whole), read a list");
  clx_arena_free(arena);
}

// Every allocation of reading fails once: CLX_MEMORY, and (under a sanitizer) nothing leaks.
static void test_survives_failing_memory(void **state) {
  (void)state;
  clx_buffer text = {0};
  clx_buffer_format(&text, "name: n\npower: 2 kW\nmany:\n");
  for (int i = 0; i < 2000; i++) clx_buffer_format(&text, "  - {rate: %d GB/s, on: true}\n", i % 900 + 1);
  clx_status status = CLX_MEMORY;
  int failures = 0;
  for (int n = 1; n < 1000 && status == CLX_MEMORY; n++) {
    clx_memory_fail_after(n);
    clx_arena *arena = clx_arena_new();
    clx_error error;
    outer o;
    status = arena == NULL ? CLX_MEMORY : read_text(arena, text.data, false, &o, &error);
    clx_memory_fail_after(0);
    if (status == CLX_MEMORY && arena != NULL) assert_int_equal(error.status, CLX_MEMORY);
    failures += status == CLX_MEMORY;
    clx_arena_free(arena);
  }
  assert_int_equal(status, CLX_OK);
  assert_true(failures > 4);
  clx_buffer_free(&text);
}

static int64_t json_fails_after;  // 0 = never

static void *failing_malloc(size_t size) {
  return json_fails_after > 0 && --json_fails_after == 0 ? NULL : malloc(size);
}

static void test_json_survives_failing_memory(void **state) {
  (void)state;
  clx_buffer whole = {0};
  clx_schema_json(&outer_schema, &whole);
  assert_false(whole.failed);
  json_set_alloc_funcs(failing_malloc, free);
  bool failed = true;
  for (int n = 1; n < 2000 && failed; n++) {
    clx_buffer out = {0};
    json_fails_after = n;
    clx_schema_json(&outer_schema, &out);
    json_fails_after = 0;
    failed = out.failed;
    if (!failed) assert_string_equal(out.data, whole.data);
    clx_buffer_free(&out);
  }
  json_set_alloc_funcs(malloc, free);
  assert_false(failed);
  clx_buffer_free(&whole);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_kind),
      cmocka_unit_test(test_defaults),
      cmocka_unit_test(test_single_for_list),
      cmocka_unit_test(test_mistakes_with_place_and_hint),
      cmocka_unit_test(test_all_mistakes_at_once),
      cmocka_unit_test(test_sourced_values),
      cmocka_unit_test(test_reference_names_every_key),
      cmocka_unit_test(test_map_for_a_text),
      cmocka_unit_test(test_paths),
      cmocka_unit_test(test_whole_numbers_are_never_rounded),
      cmocka_unit_test(test_wrapper_keys_are_checked),
      cmocka_unit_test(test_default_clears_places),
      cmocka_unit_test(test_root_that_is_no_map),
      cmocka_unit_test(test_survives_failing_memory),
      cmocka_unit_test(test_json_survives_failing_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
