// Power for people: lines of a run, the study, drawings, page and tables, fed with results made by hand.
#include "power_rig.h"
#include "svg_check.h"

#include "report/report.h"
#include "report/report_power.h"

typedef void drawing(const clx_result *result, clx_buffer *out);

static const struct {
  const char *name;
  drawing *draw;
} FIGURES[] = {{"waveform", clx_report_power_waveform},
               {"spectrum", clx_report_power_spectrum},
               {"chain", clx_report_power_chain},
               {"year", clx_report_power_year},
               {"design", clx_report_power_design}};

static const power_case CASES[] = {
    {"Colossus, Memphis", 100000, 610, 1, 5, 0.02, true, false, true, true, true, 30000, 10.6, 60},
    {"A gigawatt & more: 7,000 racks <of> GB300 NVL72 with a title that goes on and on until it has to be cut "
     "somewhere",
     504000, 1100, 12, 8, 1e-5, true, true, true, true, true, 200000, 4.2, 60},
    {NULL, 8, 700, 1, 0, 0, false, false, false, false, false, 40, 1.3, 1.3},
    {"Small", 512, 640, 3, 3, 0.04, false, false, false, false, true, 500, 10.6, 10.6},
    {"No waves", 512, 640, 0, 1, 0.5, true, false, false, true, false, 0, 10.6, 10.6},
};

// Writes the drawings into a folder to be looked at, where CLX_POWER_DRAWINGS names one.
static void keep(const char *name, int32_t number, const char *end, const char *text) {
  const char *folder = getenv("CLX_POWER_DRAWINGS");
  char path[512];
  if (folder == NULL) return;
  snprintf(path, sizeof path, "%s/%d_%s.%s", folder, number, name, end);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fputs(text, file);
  fclose(file);
}

static void test_drawings(void **state) {
  (void)state;
  for (int32_t i = 0; i < CLX_COUNT(CASES); i++) {
    clx_result *r = power_study(&CASES[i]);
    for (int32_t k = 0; k < CLX_COUNT(FIGURES); k++) {
      clx_buffer out = {0};
      FIGURES[k].draw(r, &out);
      assert_false(out.failed);
      keep(FIGURES[k].name, i, "svg", out.data);
      check_drawing(out.data);
      clx_buffer_free(&out);
    }
    clx_result_free(r);
  }
}

// --- texts -------------------------------------------------------------------------------------------------------------------

static void check_lines(const char *text, int32_t most) {
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
  if (lines > most) fail_msg("%d lines:\n%s", lines, text);
  check_numbers(text);
}

static void test_report(void **state) {
  (void)state;
  for (int32_t i = 0; i < CLX_COUNT(CASES); i++) {
    clx_result *r = power_study(&CASES[i]);
    clx_buffer out = {0};
    clx_report_power(r, false, &out);
    keep("report", i, "txt", out.data);
    check_lines(out.data, 75);
    clx_buffer_free(&out);
    clx_report_text(r, false, &out);
    keep("run", i, "txt", out.data);
    check_lines(out.data, CLX_REPORT_LINES);
    clx_buffer_free(&out);
    clx_report_power_page(r, &out);
    keep("index", i, "html", out.data);
    check_numbers(out.data);
    clx_buffer_free(&out);
    clx_result_free(r);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_drawings), cmocka_unit_test(test_report)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
