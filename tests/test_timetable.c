// Plans of files through the public header, and what holds the end of a plan.
#include "project_rig.h"

#include <unistd.h>

#include "schedule/schedule_chain.h"

static void the_chain_goes_through_links_and_crews(void **state) {
  (void)state;
  project_rig r;
  rig_open(&r);
  const int32_t crew = rig_resource(&r, "crew", false, 1);
  const int32_t a = rig_activity(&r, "a", 4);
  clx_project_add_use(&r.maker, crew, 1);
  const int32_t b = rig_activity(&r, "b", 3);
  clx_project_add_use(&r.maker, crew, 1);
  const int32_t c = rig_activity(&r, "c", 2), d = rig_activity(&r, "d", 1);
  rig_activity(&r, "slack", 5);
  rig_link(&r, b, c, CLX_PROJECT_FS, 1, CLX_PROJECT_NONE);
  rig_link(&r, c, d, CLX_PROJECT_FF, 2, CLX_PROJECT_NONE);
  rig_link(&r, a, d, CLX_PROJECT_FS, 0, CLX_PROJECT_NONE);
  assert_int_equal(rig_check(&r), CLX_OK);
  // a 0-4, then b 4-7 on the same crew, c 8-10, d 11-12.
  int32_t mode[5] = {0}, start[5] = {0, 4, 8, 11, 0}, finish[5] = {4, 7, 10, 12, 5};
  const clx_project_plan plan = {mode, start, finish, 12};
  bool critical[5];
  assert_int_equal(clx_project_validate(&r.project, &plan, &r.error), CLX_OK);
  assert_int_equal(clx_project_chain(&r.project, &plan, r.arena, critical, &r.error), CLX_OK);
  static const bool expected[5] = {true, true, true, true, false};
  for (int32_t i = 0; i < 5; i++) assert_int_equal(critical[i], expected[i]);
  // With c one unit later than it must be, nothing before it matters.
  start[2] = 9;
  finish[2] = 11;
  start[3] = 12;
  finish[3] = 13;
  const clx_project_plan later = {mode, start, finish, 13};
  assert_int_equal(clx_project_chain(&r.project, &later, r.arena, critical, &r.error), CLX_OK);
  assert_true(critical[2] && critical[3] && !critical[0] && !critical[1]);
  rig_close(&r);
}

static void the_chain_waits_over_nights(void **state) {
  (void)state;
  project_rig r;
  static const bool day[24] = {true, true, true, true, true, true, true, true};
  rig_open(&r);
  const int32_t shift = clx_project_add_calendar(&r.maker, "shift", day, 24);
  const int32_t a = rig_activity(&r, "a", 8), b = rig_activity(&r, "b", 8);
  clx_project_maker_activity(&r.maker, b)->calendar = shift;
  rig_link(&r, a, b, CLX_PROJECT_FS, 0, CLX_PROJECT_NONE);
  assert_int_equal(rig_check(&r), CLX_OK);
  int32_t mode[2] = {0}, start[2] = {0, 24}, finish[2] = {8, 32};
  const clx_project_plan plan = {mode, start, finish, 32};
  bool critical[2];
  assert_int_equal(clx_project_chain(&r.project, &plan, r.arena, critical, &r.error), CLX_OK);
  assert_true(critical[0] && critical[1]);
  rig_close(&r);
}

static const char TABLE[] =
    "kind,name,duration,predecessors,uses,levels\nproject,hall,86400,,,2024-04-24\nresource,crew,,,,0:2\n"
    ",dig,5,,crew:2,\n,pour,3,dig,crew:1,\n,steel,4,dig,crew:1,\n,fit,6,pour; steel FS+1,crew:2,\n";

static void files_are_planned_written_and_drawn(void **state) {
  (void)state;
  char folder[] = "/tmp/timetable-XXXXXX", path[64], *text = NULL;
  assert_non_null(mkdtemp(folder));
  snprintf(path, sizeof path, "%s/hall.csv", folder);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fputs(TABLE, file);
  fclose(file);
  clx_error error;
  clx_error_clear(&error);
  clx_timetable_options options;
  clx_timetable *plan = NULL;
  clx_timetable_options_default(&options);
  options.samples = 2000;
  if (clx_timetable_make(path, &options, &plan, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  const clx_result *result = clx_timetable_result(plan);
  CLX_CHECK_NEAR(clx_result_find(result, "plan.makespan")->value, 16 * 86400, 0, 0);
  CLX_CHECK_NEAR(clx_result_find(result, "plan.gap")->value, 0, 0, 0);
  CLX_CHECK_NEAR(clx_result_find(result, "plan.critical")->value, 3, 0, 0);
  assert_true(clx_result_find(result, "plan.p80")->value > clx_result_find(result, "plan.p50")->value);
  assert_int_equal(clx_timetable_text(plan, false, &text, &error), CLX_OK);
  assert_non_null(strstr(text, "24 Apr 2024 to 10 May 2024"));
  assert_non_null(strstr(text, "proved: no plan is shorter"));
  clx_text_free(text);
  static const char *const formats[] = {"csv", "xml", "json"}, *const drawings[] = {"gantt", "s-curve"};
  for (int32_t k = 0; k < CLX_COUNT(formats); k++) {
    assert_int_equal(clx_timetable_write(plan, formats[k], &text, &error), CLX_OK);
    assert_non_null(strstr(text, "steel"));
    clx_text_free(text);
  }
  for (int32_t k = 0; k < CLX_COUNT(drawings); k++) {
    assert_int_equal(clx_timetable_svg(plan, drawings[k], &text, &error), CLX_OK);
    assert_non_null(strstr(text, "hall"));
    clx_text_free(text);
  }
  assert_int_equal(clx_timetable_write(plan, "mpp", &text, &error), CLX_INPUT);
  assert_int_equal(clx_timetable_svg(plan, "pie", &text, &error), CLX_INPUT);
  clx_timetable_free(plan);
  options.high = 0.5;
  clx_error_clear(&error);
  assert_int_equal(clx_timetable_make(path, &options, &plan, &error), CLX_INPUT);
  assert_null(plan);
  remove(path);
  rmdir(folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_chain_goes_through_links_and_crews),
      cmocka_unit_test(the_chain_waits_over_nights),
      cmocka_unit_test(files_are_planned_written_and_drawn),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
