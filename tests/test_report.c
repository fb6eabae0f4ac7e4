// Reports: bounds of the page, what is left out, memory that runs out.
#include "check.h"

#include "report/report.h"

static clx_result *new_result(void) {
  clx_result *r = clx_result_new();
  assert_non_null(r);
  return r;
}

static void put(clx_result *r, const char *name, double value, const char *unit) {
  clx_error error = {0};
  assert_int_equal(clx_result_add(r, name, value, unit, 0.8 * value, 1.2 * value, "doc", &error), CLX_OK);
}

static void say(clx_result *r, const char *name, const char *text) {
  clx_error error = {0};
  assert_int_equal(clx_result_add_text(r, name, text, &error), CLX_OK);
}

// A text of about `size` bytes: words, or one word.
static const char *filler(clx_result *r, const char *word, int32_t size) {
  char *text = CLX_NEW_ARRAY(clx_result_arena(r), char, size + 32);
  for (int32_t i = 0; i < size; i += (int32_t)strlen(word)) strcat(text, word);
  return text;
}

// Everything a run finds, each text `size` bytes of `word`.
static clx_result *crowded(const char *word, int32_t size, int32_t warnings) {
  static const char *const facts[] = {"scenario.name",      "scenario.title",          "machine.fleet",
                                      "network.switch",     "training.model",          "training.software",
                                      "training.precision", "training.layout",         "training.layout_origin",
                                      "accuracy.statement", "training.flop_convention"};
  static const struct {
    const char *name, *unit;
  } quantities[] = {
      {"machine.gpus", ""},
      {"machine.servers", ""},
      {"machine.racks", ""},
      {"machine.gpus_used", ""},
      {"machine.gpus_spare", ""},
      {"machine.switches", ""},
      {"machine.tiers", ""},
      {"machine.switches_tier_1", ""},
      {"machine.cables", ""},
      {"machine.optics", ""},
      {"training.parameters", ""},
      {"training.global_batch", ""},
      {"training.sequence", ""},
      {"training.memory.total", "B"},
      {"training.memory.weights", "B"},
      {"training.memory.capacity", "B"},
      {"training.memory.stage", ""},
      {"training.pp", ""},
      {"training.step_time", "s"},
      {"training.part.gemm", "s"},
      {"training.mfu", ""},
      {"training.mfu_peak", "FLOP/s"},
      {"training.tokens_per_day", "tokens"},
      {"training.duration", "s"},
      {"training.energy", "J"},
      {"power.it_mean", "W"},
      {"power.it_peak", "W"},
      {"power.site_mean", "W"},
      {"power.site_peak", "W"},
      {"power.pue", ""},
      {"power.loss_fraction", ""},
      {"power.cooling", "W"},
      {"power.gpu_mean", "W"},
      {"power.cap", "W"},
      {"power.node_mean", "W"},
      {"power.rack_mean", "W"},
      {"power.rack_peak", "W"},
      {"power.rack_nominal", "W"},
      {"power.gpus_carried", ""},
      {"power.step_time", "s"},
      {"power.step_swing", "W"},
      {"power.step_swing_share", ""},
      {"power.dip_depth", ""},
      {"power.ramp_max", "W/s"},
      {"power.spectrum.band_1.largest", "W"},
      {"power.floor_energy", "J"},
      {"power.smoothing.stretch", ""},
      {"power.source.a_source_with_a_very_long_name_that_goes_on.share", ""},
      {"power.source.b_source_with_a_very_long_name_that_goes_on.share", ""},
      {"power.battery_power", "W"},
      {"power.battery.cycles", ""},
      {"power.energy", "J"},
      {"power.cost", "USD"},
      {"power.cost.energy", "USD"},
      {"power.co2", "kg"},
      {"power.nox", "kg"},
      {"power.fuel", "J"},
      {"power.shed.energy", "J"},
      {"power.shed.time", "s"},
  };
  clx_result *r = new_result();
  for (int32_t i = 0; i < CLX_COUNT(facts); i++) say(r, facts[i], filler(r, word, size));
  for (int32_t i = 0; i < CLX_COUNT(quantities); i++) put(r, quantities[i].name, 3, quantities[i].unit);
  for (int32_t i = 0; i < 20; i++) {
    char name[64];
    snprintf(name, sizeof name, "training.part.some_very_long_name_of_a_part_%d", i);
    put(r, name, 0.14, "s");
  }
  for (int32_t i = 0; i < 6; i++) {
    char name[64];
    snprintf(name, sizeof name, "power.check.one_of_many_checks_%d.met", i);
    put(r, name, 0, "");
    snprintf(name, sizeof name, "power.check.one_of_many_checks_%d.found", i);
    put(r, name, 1e6, "W/s");
  }
  clx_error error = {0};
  for (int32_t i = 0; i < warnings; i++) {
    assert_int_equal(clx_result_warn(r, &error, "%d %s", i, filler(r, word, size)), CLX_OK);
  }
  assert_int_equal(clx_result_assume(r, &error, "key", "why"), CLX_OK);
  return r;
}

// The section on failures beside it: four lines more.
static void add_reliability(clx_result *r) {
  static const char *const names[][2] = {{"goodput", ""},       {"mttf", "s"},          {"interruptions", ""},
                                         {"horizon", "s"},      {"spares", ""},         {"checkpoint_interval", "s"},
                                         {"restart_time", "s"}, {"time_to_train", "s"}, {"ledger.wasted", ""},
                                         {"ledger.save", ""}};
  for (int32_t i = 0; i < CLX_COUNT(names); i++) {
    char name[64];
    snprintf(name, sizeof name, "reliability.%s", names[i][0]);
    put(r, name, 0.3, names[i][1]);
  }
}

static void check_page(const char *text) {
  int32_t lines = 0, column = 0;
  for (const char *p = text; *p != '\0'; p++) {
    assert_true((unsigned char)*p >= ' ' || *p == '\n');
    if (*p == '\n') {
      lines++;
      column = 0;
    } else if (((unsigned char)*p & 0xC0) != 0x80) {
      assert_true(++column <= CLX_REPORT_COLUMNS);
    }
  }
  assert_int_equal(column, 0);
  assert_true(lines <= CLX_REPORT_LINES);
  assert_int_equal(clx_utf8_check(text, strlen(text)), -1);
}

static void test_bounds(void **state) {
  (void)state;
  static const char *const words[] = {"word ",        "oneword",        "\xc3\xa4\xe4\xb8\xad ",
                                      "\xe4\xb8\xad", "a\tb\033[31m\n", "7 W, "};
  for (int32_t i = 0; i < CLX_COUNT(words); i++) {
    for (int32_t size = 1; size < 500; size += 7) {
      for (int32_t warnings = 0; warnings < 7; warnings++) {
        clx_result *r = crowded(words[i], size, warnings);
        if (size % 2 == 0) add_reliability(r);
        clx_buffer out = {0};
        clx_report_text(r, false, &out);
        assert_false(out.failed);
        check_page(out.data);
        if (size % 2 == 0) {
          assert_non_null(strstr(out.data, "\nreliability an interruption every 300 ms"));
          assert_non_null(strstr(out.data, "\nassumed "));
          if (warnings > 0) assert_non_null(strstr(out.data, "\nwarning"));
        }
        clx_buffer_free(&out);
        clx_result_free(r);
      }
    }
  }
}

static void test_warnings_are_counted(void **state) {
  (void)state;
  for (int32_t warnings = 0; warnings < 9; warnings++) {
    clx_result *r = crowded("w ", 40, warnings);
    clx_buffer out = {0};
    clx_report_text(r, false, &out);
    int32_t shown = 0, more = 0;
    for (const char *p = out.data; (p = strstr(p, "\nwarning  ")) != NULL; p++) shown++;
    const char *rest = strstr(out.data, "and ");
    if (rest != NULL) assert_int_equal(sscanf(rest, "and %d more: --json", &more), 1);
    assert_int_equal(shown + more, warnings);
    assert_true(warnings > 4 ? shown == 3 : shown == warnings);
    clx_buffer_free(&out);
    clx_result_free(r);
  }
}

static void test_absent_is_left_out(void **state) {
  (void)state;
  clx_result *r = new_result();
  say(r, "scenario.name", "bare");
  put(r, "training.step_time", 2, "s");
  put(r, "training.part.gemm", 1.5, "s");
  put(r, "training.part.bubble", 0.5, "s");
  put(r, "training.part.launch", 0, "s");
  clx_buffer out = {0};
  clx_report_text(r, false, &out);
  assert_string_equal(out.data,
                      "bare\n"
                      "step time   2 s (1.6 s to 2.4 s)\n"
                      "            matrix products 75.0 %, pipeline bubble 25.0 %\n");
  clx_buffer_free(&out);
  clx_report_text(r, true, &out);
  assert_non_null(strstr(out.data, "\033[1mbare\033[0m\n"));
  clx_buffer_free(&out);
  clx_result_free(r);
}

static void test_empty(void **state) {
  (void)state;
  clx_result *r = new_result();
  clx_buffer out = {0};
  clx_report_text(r, false, &out);
  assert_int_equal(out.length, 0);
  clx_buffer_free(&out);
  clx_result_free(r);
}

static void test_compare(void **state) {
  (void)state;
  clx_result *a = new_result(), *b = new_result();
  clx_error error = {0};
  put(a, "same", 1, "W"), put(b, "same", 1, "W");
  put(a, "twice", 1, "W"), put(b, "twice", 2, "W");
  put(a, "tenth", 1, "s"), put(b, "tenth", 0.1, "s");
  put(a, "from_zero", 0, "s"), put(b, "from_zero", 5, "s");
  put(a, "other_unit", 1, "s"), put(b, "other_unit", 1, "W");
  put(a, "only_a", 1, "s");
  clx_buffer out = {0};
  assert_int_equal(clx_report_compare(a, b, false, &out, &error), CLX_OK);
  check_page(out.data);
  const char *first = strstr(out.data, "\nfrom_zero"), *second = strstr(out.data, "\ntenth"),
             *third = strstr(out.data, "\ntwice");
  assert_true(first != NULL && second > first && third > second);
  assert_non_null(strstr(out.data, "\n1 equal, 2 only in the first, 1 only in the second\n"));
  assert_null(strstr(out.data, "inf"));
  clx_buffer_free(&out);
  assert_int_equal(clx_report_compare(a, b, true, &out, &error), CLX_OK);
  assert_non_null(strstr(out.data, "\"ratio\": null"));
  assert_null(strstr(out.data, "inf"));
  clx_buffer_free(&out);
  clx_result_free(a);
  clx_result_free(b);
}

static void test_compare_bounds(void **state) {
  (void)state;
  clx_result *a = crowded("many words ", 300, 3), *b = crowded("many other ", 300, 0);
  for (int32_t i = 0; i < 60; i++) {
    char name[160];
    snprintf(name, sizeof name, "a.very.long.name.of.a.quantity.that.goes.on.and.on.%d", i);
    put(a, name, 1 + i, "tokens/s"), put(b, name, 1e17, "tokens/s");
  }
  clx_error error = {0};
  clx_buffer out = {0};
  assert_int_equal(clx_report_compare(a, b, false, &out, &error), CLX_OK);
  check_page(out.data);
  assert_non_null(strstr(out.data, "more that differ: --json"));
  clx_buffer_free(&out);
  clx_result_free(a);
  clx_result_free(b);
}

static void test_memory_runs_out(void **state) {
  (void)state;
  clx_result *r = crowded("word ", 200, 5);
  int32_t failures = 0;
  for (int64_t n = 1; n < 200; n++) {
    clx_error error = {0};
    char *text = NULL;
    clx_memory_fail_after(n);
    const clx_status status =
        n % 2 == 0 ? clx_result_text(r, true, &text, &error) : clx_result_compare(r, r, false, &text, &error);
    clx_memory_fail_after(0);
    assert_true(status == CLX_OK ? text != NULL : status == CLX_MEMORY && text == NULL && error.count > 0);
    failures += status != CLX_OK;
    clx_text_free(text);
  }
  assert_true(failures > 4);
  clx_result_free(r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_bounds),
      cmocka_unit_test(test_warnings_are_counted),
      cmocka_unit_test(test_absent_is_left_out),
      cmocka_unit_test(test_empty),
      cmocka_unit_test(test_compare),
      cmocka_unit_test(test_compare_bounds),
      cmocka_unit_test(test_memory_runs_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
