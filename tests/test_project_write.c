// Projects that are written and read again.
#include "project_rig.h"

enum { MODES = 1, LAGS = 2, UNITS_MAX = 60 };

// All kinds of links, calendars, releases, deadlines, steps, arrivals, phases; with several modes and maximum lags where asked for.
static void make(project_rig *r, uint64_t seed, int32_t with) {
  uint64_t state = seed;
  static const char *const phases[] = {"hall one", "hall \"two\""};
  rig_open(r);
  r->maker.project.name = "site & <hall>";
  r->maker.project.start = "2024-04-29T08:00:00";
  r->maker.project.phase = phases;
  r->maker.project.phase_count = 2;
  bool works[168];
  for (int32_t t = 0; t < 168; t++) works[t] = t % 24 < 9 && t % 24 != 4 && t < 120;
  clx_project_add_calendar(&r->maker, "shift", works, 168);
  clx_project_add_span(&r->maker, 48, 57, false);
  clx_project_add_span(&r->maker, 122, 126, true);
  clx_project_add_calendar(&r->maker, "days", works, 24);
  rig_resource(r, "crew", false, 3);
  clx_project_maker_resource(&r->maker, 0)->calendar = 0;
  rig_resource(r, "crane: big", false, 1);
  clx_project_add_level(&r->maker, 5, 0);
  clx_project_add_level(&r->maker, 30, 2);
  rig_resource(r, "racks", true, 2);
  clx_project_add_level(&r->maker, 37, 20);
  const int32_t count = 5 + rig_draw(&state, 4);
  for (int32_t i = 0; i < count; i++) {
    char name[32];
    snprintf(name, sizeof name, i == 2 ? "task, %d FS" : "task %d", i);
    const int32_t kind = rig_draw(&state, 3);  // works by the crew's calendar, by "days", always
    clx_project_add_activity(&r->maker, name);
    for (int32_t m = 0; m <= ((with & MODES) != 0 ? i % 2 : 0); m++) {
      clx_project_add_mode(&r->maker, i == 3 ? 0 : 1 + rig_draw(&state, 7));
      if (kind == 0) clx_project_add_use(&r->maker, 0, 1 + rig_draw(&state, 3));
      if (kind == 2) clx_project_add_use(&r->maker, 1, 1);
      if (m == 0) clx_project_add_use(&r->maker, 2, rig_draw(&state, 3));
    }
    clx_project_activity *a = clx_project_maker_activity(&r->maker, i);
    a->calendar = i == 3 || kind == 2 ? CLX_PROJECT_NONE : kind;
    a->release = rig_draw(&state, 3) == 0 ? 1 + rig_draw(&state, 20) : 0;
    a->deadline = rig_draw(&state, 4) == 0 ? 900 + rig_draw(&state, 20) : CLX_PROJECT_NONE;
    a->phase = 2 * i < count ? 0 : 1;
    if (i == 0) continue;
    const int32_t lag = rig_draw(&state, 9) - 3;
    rig_link(r, rig_draw(&state, i), i, rig_draw(&state, CLX_PROJECT_LINKS), lag,
             (with & LAGS) != 0 && i % 3 == 0 ? lag + 500 : CLX_PROJECT_NONE);
  }
  const clx_status status = rig_check(r);
  if (status != CLX_OK) fail_msg("seed %d: %s", (int)seed, r->error.mistake[0].text);
}

static clx_project_plan plan_of(project_rig *r) {
  clx_project_options options;
  clx_project_outcome out = {0};
  clx_project_options_default(&options);
  options.schedules = 50;
  const clx_status status = clx_project_solve(&r->project, &options, r->arena, &out, &r->error);
  if (status != CLX_OK) fail_msg("%s", r->error.mistake[0].text);
  return out.plan;
}

static void same_calendar(const clx_project *a, int32_t x, const clx_project *b, int32_t y) {
  if (x == CLX_PROJECT_NONE || y == CLX_PROJECT_NONE) {
    assert_int_equal(x, y);
    return;
  }
  assert_string_equal(a->calendar[x].name, b->calendar[y].name);
  for (int32_t t = 0; t < 700; t++) assert_int_equal(clx_project_works(a, x, t), clx_project_works(b, y, t));
}

static void same_modes(const clx_project_activity *a, const clx_project_activity *b) {
  assert_int_equal(a->mode_count, b->mode_count);
  for (int32_t m = 0; m < a->mode_count; m++) {
    assert_int_equal(a->mode[m].duration, b->mode[m].duration);
    assert_int_equal(a->mode[m].use_count, b->mode[m].use_count);
    for (int32_t k = 0; k < a->mode[m].use_count; k++) {
      int32_t n = 0;  // in any order
      while (n < b->mode[m].use_count && b->mode[m].use[n].resource != a->mode[m].use[k].resource) n++;
      assert_true(n < b->mode[m].use_count);
      assert_int_equal(a->mode[m].use[k].amount, b->mode[m].use[n].amount);
    }
  }
}

static void same_project(const clx_project *a, const clx_project *b) {
  assert_string_equal(a->name, b->name);
  assert_string_equal(a->start, b->start);
  CLX_CHECK_NEAR(a->unit, b->unit, 0, 0);
  assert_int_equal(a->resource_count, b->resource_count);
  for (int32_t k = 0; k < a->resource_count; k++) {
    assert_string_equal(a->resource[k].name, b->resource[k].name);
    assert_int_equal(a->resource[k].consumed, b->resource[k].consumed);
    same_calendar(a, a->resource[k].calendar, b, b->resource[k].calendar);
    assert_int_equal(a->resource[k].level_count, b->resource[k].level_count);
    for (int32_t n = 0; n < a->resource[k].level_count; n++) {
      assert_int_equal(a->resource[k].level[n].at, b->resource[k].level[n].at);
      assert_int_equal(a->resource[k].level[n].amount, b->resource[k].level[n].amount);
    }
  }
  assert_int_equal(a->activity_count, b->activity_count);
  assert_int_equal(a->phase_count, b->phase_count);
  for (int32_t i = 0; i < a->activity_count; i++) {
    const clx_project_activity *x = &a->activity[i], *y = &b->activity[i];
    assert_string_equal(x->name, y->name);
    assert_string_equal(a->phase[x->phase], b->phase[y->phase]);
    assert_int_equal(x->release, y->release);
    assert_int_equal(x->deadline, y->deadline);
    same_calendar(a, x->calendar, b, y->calendar);
    same_modes(x, y);
  }
  assert_int_equal(a->link_count, b->link_count);
  for (int32_t k = 0; k < a->link_count; k++) {
    const clx_project_link *x = &a->link[k], *y = &b->link[k];
    assert_int_equal(x->from, y->from);
    assert_int_equal(x->to, y->to);
    assert_int_equal(x->kind, y->kind);
    assert_int_equal(x->least, y->least);
    assert_int_equal(x->most, y->most);
  }
}

static void round_trip(uint64_t seed, int32_t with, bool planned, clx_project_writer *write, clx_project_reader *read) {
  project_rig r;
  clx_project back;
  clx_buffer out = {0};
  clx_project_plan plan;
  make(&r, seed, with);
  if (planned) plan = plan_of(&r);
  assert_int_equal(write(&r.project, planned ? &plan : NULL, &out, &r.error), CLX_OK);
  clx_error_clear(&r.error);
  const clx_status status = read("back", out.data, out.length, r.arena, &back, &r.error);
  if (status != CLX_OK)
    fail_msg("seed %d, line %d: %s\n%s", (int)seed, r.error.mistake[0].line, r.error.mistake[0].text, out.data);
  same_project(&r.project, &back);
  if (planned) assert_int_equal(clx_project_validate(&back, &plan, &r.error), CLX_OK);
  clx_buffer_free(&out);
  rig_close(&r);
}

static void tables_come_back(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= UNITS_MAX; seed++)
    round_trip(seed, MODES + LAGS, seed % 2 == 0, clx_project_write_csv, clx_project_read_csv);
}

static void xml_comes_back(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= UNITS_MAX; seed++)
    round_trip(seed, 0, seed % 2 == 0, clx_project_write_xml, clx_project_read_xml);
}

static void xml_says_what_it_has_no_element_for(void **state) {
  (void)state;
  project_rig r;
  clx_buffer out = {0};
  make(&r, 3, MODES + LAGS);
  assert_int_equal(clx_project_write_xml(&r.project, NULL, &out, &r.error), CLX_OK);
  assert_non_null(strstr(out.data, "<Notes>Could also take "));
  assert_non_null(strstr(out.data, "At most "));
  assert_non_null(strstr(out.data, "site &amp; &lt;hall&gt;"));
  clx_buffer_free(&out);
  r.project.unit = 7000;
  assert_int_equal(clx_project_write_xml(&r.project, NULL, &out, &r.error), CLX_INPUT);
  rig_says(&r, "a unit of 7000 s");
  clx_buffer_free(&out);
  rig_close(&r);
}

static void json_has_dates(void **state) {
  (void)state;
  project_rig r;
  clx_buffer out = {0};
  make(&r, 5, MODES + LAGS);
  const clx_project_plan plan = plan_of(&r);
  assert_int_equal(clx_project_write_json(&r.project, &plan, &out, &r.error), CLX_OK);
  assert_non_null(strstr(out.data, "\"start_date\": \"2024-"));
  assert_non_null(strstr(out.data, "\"kind\": \"consumable\""));
  assert_non_null(strstr(out.data, "\"most\": "));
  clx_buffer_free(&out);
  rig_close(&r);
}

static void names_that_a_table_cannot_hold_are_refused(void **state) {
  (void)state;
  project_rig r;
  clx_buffer out = {0};
  rig_open(&r);
  rig_activity(&r, "dig; pour", 3);
  assert_int_equal(rig_check(&r), CLX_OK);
  assert_int_equal(clx_project_write_csv(&r.project, NULL, &out, &r.error), CLX_INPUT);
  rig_says(&r, "activity 'dig; pour'");
  assert_null(clx_project_writer_of("mpp"));
  assert_true(clx_project_writer_of("csv") == clx_project_write_csv);
  clx_buffer_free(&out);
  rig_close(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tables_come_back),
      cmocka_unit_test(xml_comes_back),
      cmocka_unit_test(xml_says_what_it_has_no_element_for),
      cmocka_unit_test(json_has_dates),
      cmocka_unit_test(names_that_a_table_cannot_hold_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
