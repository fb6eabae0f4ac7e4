// Cooling for people: lines of a run, the study, drawings, page and tables, fed with results made by hand.
#include "cooling_rig.h"
#include "svg_check.h"

#include "report/report.h"
#include "report/report_cooling.h"
#include "report/report_cooling_layout.h"

typedef void drawing(const clx_result *result, clx_buffer *out);

static const struct {
  const char *name;
  drawing *draw;
} FIGURES[] = {{"plant", clx_report_cooling_plant},
               {"year", clx_report_cooling_year},
               {"duration", clx_report_cooling_duration},
               {"trip", clx_report_cooling_trip},
               {"compare", clx_report_cooling_compare}};

// Writes into a folder to be looked at, where CLX_COOLING_DRAWINGS names one.
static void keep(const char *name, int32_t number, const char *end, const char *text) {
  const char *folder = getenv("CLX_COOLING_DRAWINGS");
  char path[512];
  if (folder == NULL) return;
  snprintf(path, sizeof path, "%s/%d_%s.%s", folder, number, name, end);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fputs(text, file);
  fclose(file);
}

enum { CASES = 4 };

static clx_result *study(int32_t number) {
  clx_result *r = clx_result_new();
  if (number < 3)
    cooling_say(r, "scenario.title",
                number == 0 ? "Colossus, Memphis: 100,000 H100"
                            : "A gigawatt & more <of> racks with a title that goes on and on until it has to be cut "
                              "somewhere, and further");
  if (number == 0 || number == 1) {
    cooling_add_sums(r);
    cooling_add_plant(r);
    cooling_add_trip(r, number == 0 ? 601 : 4000, number == 0 ? 1 : 0.2);
    cooling_add_compare(r);
    cooling_add_year(r, number == 0 ? 8760 : 24 * 40, number == 0, number == 0);
  }
  if (number == 2) {  // one loop straight to the outside
    cooling_add_loop(r, &(cooling_loop){"racks", "racks", "water", 1, 35, 10, 1e6, false});
    cooling_add_unit(r, &(cooling_unit){"dry", "a cooler with a name that is far too long for its box", NULL, "racks",
                                        NULL, 3, 1, 3, 1e6, 2e4, 0, false});
    cooling_say(r, "cooling.liquid", "racks");
    cooling_add_year(r, 8784, false, false);
  }
  if (number == 3) {  // as deep as a plant may be, with units from everywhere to everywhere
    char loop[CLX_COOLING_LOOPS][16], unit[CLX_COOLING_UNITS][16];
    for (int32_t i = 0; i < CLX_COOLING_LOOPS; i++) {
      snprintf(loop[i], sizeof loop[i], "loop_%d", i);
      cooling_add_loop(r, &(cooling_loop){loop[i], NULL, "water", 1 + i, 20 + i, 8, 1e7 * (i + 1), i % 5 == 4});
    }
    for (int32_t i = 0; i < CLX_COOLING_UNITS; i++) {
      const int32_t from = i % CLX_COOLING_LOOPS, into = from + 1 + i / CLX_COOLING_LOOPS * 3;
      snprintf(unit[i], sizeof unit[i], "unit_%d", i);
      cooling_add_unit(
          r, &(cooling_unit){unit[i], NULL, "chiller", loop[from], into < CLX_COOLING_LOOPS ? loop[into] : NULL, 12345,
                             678, i % 3 > 0 ? 9999 : 0, i % 3 > 0 ? 1e8 : 0, 1e6, 3, i % 7 == 0});
    }
    cooling_say(r, "cooling.liquid", "loop_0");
    cooling_say(r, "cooling.air", "loop_3");
  }
  return r;
}

static void test_drawings(void **state) {
  (void)state;
  for (int32_t i = 0; i < CASES; i++) {
    clx_result *r = study(i);
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

// Nothing to draw is said, and is no empty page.
static void test_empty(void **state) {
  (void)state;
  clx_result *r = clx_result_new();
  for (int32_t k = 0; k < CLX_COUNT(FIGURES); k++) {
    clx_buffer out = {0};
    FIGURES[k].draw(r, &out);
    assert_non_null(strstr(out.data, "in this result"));
    check_drawing(out.data);
    clx_buffer_free(&out);
  }
  clx_buffer out = {0};
  clx_report_cooling(r, false, &out);
  assert_true(out.length == 0);
  clx_report_cooling_page(r, &out);
  check_tags(strchr(out.data, '\n'));
  assert_null(strstr(out.data, "<img"));
  clx_buffer_free(&out);
  clx_result_free(r);
}

// --- the plant ---------------------------------------------------------------------------------------------------------------

// Layers: loops behind what heats them, no two boxes of a layer upon one another, edges between neighbouring layers only.
static void check_layout(const clx_cooling_view *v, const clx_cooling_layout *l) {
  int32_t boxes = 0;
  for (int32_t k = 0; k < l->edge_count; k++) {
    const clx_cooling_node *from = &l->node[l->edge[k].from], *to = &l->node[l->edge[k].to];
    assert_int_equal(to->layer, from->layer + 1);
    assert_true(to->x >= from->x + from->wide);
  }
  for (int32_t i = 0; i < l->node_count; i++) {
    const clx_cooling_node *a = &l->node[i];
    boxes += a->kind == CLX_COOLING_NODE_LOOP || a->kind == CLX_COOLING_NODE_UNIT ? 1 : 0;
    assert_true(isfinite(a->x) && isfinite(a->y) && a->y - a->high / 2 > -1e-6 &&
                a->y + a->high / 2 < l->height + 1e-6);
    assert_true(a->x >= 0 && a->x + a->wide <= l->width + 1e-6);
    for (int32_t k = 0; k < i; k++) {
      const clx_cooling_node *b = &l->node[k];
      if (a->layer == b->layer) assert_true(fabs(a->y - b->y) > (a->high + b->high) / 2 - 1e-6);
    }
  }
  assert_int_equal(boxes, v->loop_count + v->unit_count);
}

static void test_layout(void **state) {
  (void)state;
  for (int32_t i = 0; i < CASES; i++) {
    clx_result *r = study(i);
    clx_cooling_view v;
    clx_cooling_layout l;
    clx_cooling_view_of(r, &v);
    clx_cooling_layout_of(&v, 0, 0, &l);
    check_layout(&v, &l);
    clx_result_free(r);
  }
}

static int32_t draw(uint64_t *seed, int32_t below) {
  *seed = *seed * 6364136223846793005u + 1442695040888963407u;
  return (int32_t)((*seed >> 33) % (uint64_t)below);
}

// Any plant that units can make, also one that none may have: circles, units of no loop.
static void test_layout_random(void **state) {
  (void)state;
  uint64_t seed = 11;
  for (int32_t round = 0; round < 200; round++) {
    clx_cooling_view v = {.loop_count = 1 + draw(&seed, CLX_COOLING_LOOPS),
                          .unit_count = draw(&seed, CLX_COOLING_UNITS + 1)};
    for (int32_t i = 0; i < v.unit_count; i++) {
      v.unit[i].from = draw(&seed, v.loop_count + 1) - 1;
      v.unit[i].into = draw(&seed, v.loop_count + 1) - 1;
    }
    v.liquid = draw(&seed, v.loop_count + 1) - 1;
    v.air = draw(&seed, v.loop_count + 1) - 1;
    clx_cooling_layout l;
    clx_cooling_layout_of(&v, 0, 0, &l);
    check_layout(&v, &l);
  }
}

static void test_view(void **state) {
  (void)state;
  clx_result *r = study(0);
  clx_cooling_view v;
  clx_cooling_view_of(r, &v);
  assert_int_equal(v.loop_count, 5);
  assert_int_equal(v.unit_count, 7);
  assert_int_equal(v.liquid, 0);
  assert_int_equal(v.air, 2);
  assert_string_equal(v.loop[1].title, "facility water");
  assert_true(v.loop[1].warm && !v.loop[0].warm);
  assert_int_equal(v.unit[1].into, -1);
  assert_int_equal(v.unit[2].into, 4);
  CLX_CHECK_NEAR(v.unit[6].water, 21.3, 1e-12, 0);
  clx_buffer out = {0};
  clx_report_cooling_plant(r, &out);
  assert_int_equal(count_of(out.data, "class=\"loop\""), 5);
  assert_int_equal(count_of(out.data, "class=\"unit\""), 6);
  assert_int_equal(count_of(out.data, "class=\"rest\""), 2);  // one box and the key
  assert_int_equal(count_of(out.data, "class=\"warm\""), 3);
  assert_int_equal(count_of(out.data, ">1,257 of 1,257 + 43 run<"), 1);
  clx_buffer_free(&out);
  clx_result_free(r);
}

// --- year, trip, comparison --------------------------------------------------------------------------------------------------

// Every hour has its cell: the strokes of a carpet cover days times hours.
static void test_carpet(void **state) {
  (void)state;
  static const int32_t hours[] = {8760, 24 * 40, 8784};
  for (int32_t i = 0; i < CLX_COUNT(hours); i++) {
    clx_result *r = study(i);
    clx_buffer out = {0};
    clx_report_cooling_year(r, &out);
    int64_t cells = 0;
    for (const char *c = strstr(out.data, "<path stroke"); c != NULL; c = strstr(c, "<path stroke")) {
      c = strstr(c, " d=\"") + 4;
      for (; *c != '"'; c++) cells += *c == 'h' ? strtol(c + 1, NULL, 10) : 0;
    }
    assert_int_equal(cells, 3 * hours[i]);
    assert_int_equal(count_of(out.data, ">Water<"), i == 0 ? 1 : 0);
    assert_int_equal(count_of(out.data, ">Supply temperature of the racks<"), i == 0 ? 1 : 0);
    clx_buffer_free(&out);
    clx_result_free(r);
  }
}

static void test_trip(void **state) {
  (void)state;
  clx_result *r = study(0);
  clx_buffer out = {0};
  clx_report_cooling_trip(r, &out);
  assert_int_equal(count_of(out.data, "class=\"line s"), 2 * 7);   // in the plots and in the keys
  assert_int_equal(count_of(out.data, "class=\"limit\""), 2 * 4);  // racks, servers, throttle, shutdown
  assert_int_equal(count_of(out.data, "class=\"aim\""), 2 * 5);    // what was asked for, in five panels
  assert_int_equal(count_of(out.data, "class=\"late\""), 4 * 5);   // what followed
  for (int32_t i = 1; i <= 6; i++) {                               // each number once beside its mark, once in the list
    char number[48];
    snprintf(number, sizeof number, "text-anchor=\"start\">%d</text>", i);
    assert_int_equal(count_of(out.data, number), 1);
    snprintf(number, sizeof number, ">%d: ", i);
    assert_int_equal(count_of(out.data, number), 1);
  }
  assert_int_equal(count_of(out.data, ">5: they come back at 3 min<"), 1);
  assert_int_equal(count_of(out.data, "before it all boards at their limit"), 1);
  clx_buffer_free(&out);
  clx_report_cooling_compare(r, &out);
  assert_int_equal(count_of(out.data, "class=\"bar\""), 11);   // W45 runs no compressor
  assert_int_equal(count_of(out.data, "class=\"track\""), 2);  // hall and liquid behind the liquid's
  assert_int_equal(count_of(out.data, ">W45<"), 4);
  assert_int_equal(count_of(out.data, ">no plant<"), 4);  // holds W27
  clx_buffer_free(&out);
  clx_result_free(r);
}

// --- text, page, tables ------------------------------------------------------------------------------------------------------

static void check_lines(const char *text, int32_t most) {
  int32_t lines = 0;
  for (const char *line = text; *line != '\0'; lines++) {
    const size_t length = strcspn(line, "\n");
    assert_true(clx_page_width(line, length) <= CLX_REPORT_COLUMNS);
    line += length + (line[length] == '\n' ? 1 : 0);
  }
  assert_true(lines <= most);
}

static void test_text(void **state) {
  (void)state;
  for (int32_t i = 0; i < CASES; i++) {
    clx_result *r = study(i);
    clx_buffer out = {0};
    clx_report_cooling(r, false, &out);
    keep("report", i, "txt", out.data);
    check_lines(out.data, 80);
    check_numbers(out.data);
    assert_int_equal(count_of(out.data, "+ 43"), i < 2 ? 1 : 0);
    assert_int_equal(count_of(out.data, " WARM"), i < 2 ? 1 : i == 3 ? 3 : 0);
    clx_buffer_free(&out);
    clx_result_free(r);
  }
}

static void test_run_lines(void **state) {
  (void)state;
  for (int32_t i = 0; i < CASES; i++) {
    clx_result *r = study(i);
    clx_buffer out = {0};
    clx_page page = {.out = &out};
    clx_report_cooling_lines(r, &page);
    assert_int_equal(page.lines, i < 2 ? 2 : 0);
    if (i < 2) check_lines(out.data, 2);
    if (i < 2) assert_non_null(strstr(out.data, "PUE 1.084, WUE 1.12 L/kWh, water 1.23 million m3; supply 40 degC"));
    clx_buffer_free(&out);
    clx_result_free(r);
  }
}

static void test_page(void **state) {
  (void)state;
  static const char *const files[] = {"plant.svg", "year.svg", "duration.svg", "trip.svg", "compare.svg"};
  for (int32_t i = 0; i < CASES; i++) {
    clx_result *r = study(i);
    clx_buffer out = {0};
    clx_report_cooling_page(r, &out);
    keep("index", i, "html", out.data);
    check_tags(strchr(out.data, '\n'));
    check_numbers(out.data);
    for (int32_t k = 0; k < CLX_COUNT(files); k++) {
      char image[64];
      snprintf(image, sizeof image, "<img src=\"%s\"", files[k]);
      assert_int_equal(count_of(out.data, image), i < 2 || k == 0 || (i == 2 && k < 3) ? 1 : 0);
    }
    clx_buffer_free(&out);
    clx_result_free(r);
  }
}

static void test_tables(void **state) {
  (void)state;
  static const struct {
    drawing *write;
    int32_t rows, columns;
  } tables[] = {{clx_report_cooling_plant_csv, 12, 16},
                {clx_report_cooling_year_csv, 8760, 7},
                {clx_report_cooling_trip_csv, 601, 8},
                {clx_report_cooling_compare_csv, 4, 11}};
  clx_result *r = study(0);
  for (int32_t i = 0; i < CLX_COUNT(tables); i++) {
    clx_buffer out = {0};
    tables[i].write(r, &out);
    assert_int_equal(count_of(out.data, "\n"), tables[i].rows + 1);
    assert_int_equal(count_of(out.data, ","), (tables[i].rows + 1) * (tables[i].columns - 1));
    clx_buffer_free(&out);
  }
  clx_result_free(r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_drawings),      cmocka_unit_test(test_empty),  cmocka_unit_test(test_layout),
      cmocka_unit_test(test_layout_random), cmocka_unit_test(test_view),   cmocka_unit_test(test_carpet),
      cmocka_unit_test(test_trip),          cmocka_unit_test(test_text),   cmocka_unit_test(test_run_lines),
      cmocka_unit_test(test_page),          cmocka_unit_test(test_tables),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
