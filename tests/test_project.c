// Projects: named mistakes, the validator, calendars, stocks, files.
#include "project_rig.h"

static void a_cycle_is_named_in_order(void **state) {
  (void)state;
  project_rig r;
  rig_open(&r);
  const int32_t a = rig_activity(&r, "dig", 2), b = rig_activity(&r, "pour", 3), c = rig_activity(&r, "cure", 1);
  rig_activity(&r, "other", 1);
  rig_link(&r, a, b, CLX_PROJECT_FS, 0, CLX_PROJECT_NONE);
  rig_link(&r, b, c, CLX_PROJECT_FS, 0, CLX_PROJECT_NONE);
  rig_link(&r, c, a, CLX_PROJECT_SS, 0, CLX_PROJECT_NONE);
  assert_int_equal(rig_check(&r), CLX_INFEASIBLE);
  rig_says(&r, "a cycle: 'dig' -> 'pour' -> 'cure' -> 'dig'");
  rig_close(&r);
}

static void maximum_lags_that_cannot_hold_are_a_chain(void **state) {
  (void)state;
  project_rig r;
  rig_open(&r);
  const int32_t a = rig_activity(&r, "pour", 2), b = rig_activity(&r, "cure", 5), c = rig_activity(&r, "strip", 1);
  rig_link(&r, a, b, CLX_PROJECT_FS, 1, CLX_PROJECT_NONE);
  rig_link(&r, b, c, CLX_PROJECT_FS, 0, CLX_PROJECT_NONE);
  rig_link(&r, a, c, CLX_PROJECT_SS, 0, 5);  // earliest is 8
  assert_int_equal(rig_check(&r), CLX_INFEASIBLE);
  rig_says(&r, "must grow by 3 units");
  rig_says(&r, "'strip' starts at least 5 after 'cure'");
  rig_close(&r);
}

static void lags_that_contradict_are_told_in_days(void **state) {
  (void)state;
  project_rig r;
  rig_open(&r);
  const int32_t a = rig_activity(&r, "pour", 2), b = rig_activity(&r, "cure", 5);
  rig_link(&r, a, b, CLX_PROJECT_FS, 48, 24);
  assert_int_equal(rig_check(&r), CLX_INFEASIBLE);
  rig_says(&r, "a lag of at least 2 and at most 1 days");
  rig_close(&r);
}

static void resources_that_never_suffice_are_named(void **state) {
  (void)state;
  project_rig r;
  rig_open(&r);
  const int32_t crew = rig_resource(&r, "crews", false, 4), rack = rig_resource(&r, "racks", true, 10);
  rig_activity(&r, "install", 3);
  clx_project_add_use(&r.maker, crew, 6);
  rig_activity(&r, "rack", 3);
  clx_project_add_use(&r.maker, rack, 13);
  assert_int_equal(rig_check(&r), CLX_INFEASIBLE);
  rig_says(&r, "'install' needs 6 of 'crews', which never has more than 4; raise its capacity by 2");
  assert_int_equal(r.error.count, 2);
  assert_non_null(strstr(r.error.mistake[1].text, "3 more must arrive"));
  rig_close(&r);
}

static void a_shift_that_is_too_short_is_named(void **state) {
  (void)state;
  project_rig r;
  static const bool day[24] = {true, true, true, true, true, true, true, true};
  rig_open(&r);
  const int32_t shift = clx_project_add_calendar(&r.maker, "shift", day, 24);
  const int32_t crane = rig_resource(&r, "crane", false, 1);
  clx_project_maker_resource(&r.maker, crane)->calendar = shift;
  rig_activity(&r, "lift", 9);
  clx_project_add_use(&r.maker, crane, 1);
  assert_int_equal(rig_check(&r), CLX_INFEASIBLE);
  rig_says(&r, "'lift' works 9 units on end, and 'crane' gives it what it needs for 8 at most");
  rig_close(&r);
}

static void a_deadline_before_the_earliest_finish_is_named(void **state) {
  (void)state;
  project_rig r;
  rig_open(&r);
  const int32_t a = rig_activity(&r, "a", 4), b = rig_activity(&r, "b", 4);
  rig_link(&r, a, b, CLX_PROJECT_FS, 2, CLX_PROJECT_NONE);
  clx_project_maker_activity(&r.maker, b)->deadline = 7;
  assert_int_equal(rig_check(&r), CLX_INFEASIBLE);
  rig_says(&r, "'b' is due by unit 7 and cannot be finished before unit 10");
  rig_says(&r, "3 units are missing");
  rig_close(&r);
}

static void numbers_out_of_range_are_refused(void **state) {
  (void)state;
  project_rig r;
  rig_open(&r);
  rig_activity(&r, "a", -1);
  rig_activity(&r, "a", 1);
  rig_link(&r, 0, 7, CLX_PROJECT_FS, 0, CLX_PROJECT_NONE);
  assert_int_equal(rig_check(&r), CLX_INPUT);
  assert_int_equal(r.error.count, 3);
  rig_close(&r);
}

// --- plans ---------------------------------------------------------------------------------------------------------------

// Two crews of 2, an activity by shifts, racks that arrive, a maximum lag.
static void make_site(project_rig *r) {
  static const bool day[6] = {true, true, true, false, false, false};
  rig_open(r);
  const int32_t shift = clx_project_add_calendar(&r->maker, "shift", day, 6);
  clx_project_add_span(&r->maker, 6, 12, false);  // a holiday
  const int32_t crew = rig_resource(r, "crew", false, 2);
  const int32_t rack = rig_resource(r, "rack", true, 1);
  clx_project_add_level(&r->maker, 9, 2);
  const int32_t floor = rig_activity(r, "floor", 4);
  clx_project_add_use(&r->maker, crew, 1);
  clx_project_maker_activity(&r->maker, floor)->calendar = shift;
  const int32_t wire = rig_activity(r, "wire", 3);
  clx_project_add_use(&r->maker, crew, 2);
  const int32_t fill = rig_activity(r, "fill", 2);
  clx_project_add_use(&r->maker, crew, 1);
  clx_project_add_use(&r->maker, rack, 3);
  rig_link(r, floor, wire, CLX_PROJECT_SS, 1, CLX_PROJECT_NONE);
  rig_link(r, wire, fill, CLX_PROJECT_FS, 0, 100);
  assert_int_equal(rig_check(r), CLX_OK);
}

static clx_project_outcome solve(project_rig *r) {
  clx_project_options options;
  clx_project_outcome out;
  clx_project_options_default(&options);
  options.schedules = 3000;
  options.conflicts = 20000;
  if (clx_project_solve(&r->project, &options, r->arena, &out, &r->error) != CLX_OK)
    fail_msg("%s", r->error.mistake[0].text);
  return out;
}

static void shifts_holidays_and_arrivals_hold(void **state) {
  (void)state;
  project_rig r;
  make_site(&r);
  const clx_project_outcome out = solve(&r);
  // floor works units 0-2 and, after the holiday, 12; wire needs both crews: 3-5 while floor pauses; racks come in unit 9.
  assert_int_equal(out.plan.finish[0], 13);
  assert_int_equal(out.plan.start[1], 3);
  assert_int_equal(out.plan.start[2], 9);
  assert_int_equal(out.plan.makespan, 13);
  assert_true(out.proved);
  rig_close(&r);
}

static void the_validator_sees_each_kind_of_violation(void **state) {
  (void)state;
  project_rig r;
  make_site(&r);
  clx_project_plan plan = solve(&r).plan;
  struct {
    int32_t activity, start, finish;
    const char *says;
  } cases[] = {{1, 0, 3, "the lag SS"},     {1, 2, 5, "'crew'"},      {2, 7, 9, "that have not arrived"},
               {0, 3, 19, "does not work"}, {0, 0, 4, "expected 13"}, {1, 120, 123, "at most"}};
  for (int32_t k = 0; k < CLX_COUNT(cases); k++) {
    const int32_t i = cases[k].activity, start = plan.start[i], finish = plan.finish[i], end = plan.makespan;
    plan.start[i] = cases[k].start;
    plan.finish[i] = cases[k].finish;
    for (int32_t j = 0; j < 3; j++)
      plan.makespan = j == 0 || plan.finish[j] > plan.makespan ? plan.finish[j] : plan.makespan;
    if (k == 5) {  // fill before its predecessor: its lag is -110
      plan.start[2] = 300;
      plan.finish[2] = 302;
      plan.makespan = 302;
    }
    clx_error_clear(&r.error);
    assert_int_equal(clx_project_validate(&r.project, &plan, &r.error), CLX_INFEASIBLE);
    bool said = false;
    for (int32_t m = 0; m < r.error.count; m++) said = said || strstr(r.error.mistake[m].text, cases[k].says) != NULL;
    if (!said) fail_msg("case %d: expected '%s', read '%s'", k, cases[k].says, r.error.mistake[0].text);
    plan.start[i] = start;
    plan.finish[i] = finish;
    plan.makespan = end;
    if (k == 5) break;
  }
  plan.makespan++;
  clx_error_clear(&r.error);
  rig_close(&r);
}

static void modes_trade_crews_for_time(void **state) {
  (void)state;
  project_rig r;
  rig_open(&r);
  const int32_t crew = rig_resource(&r, "crew", false, 3), tape = rig_resource(&r, "tape", true, 4);
  for (int32_t i = 0; i < 3; i++) {
    clx_project_add_activity(&r.maker, (const char *[]){"x", "y", "z"}[i]);
    clx_project_add_mode(&r.maker, 6);
    clx_project_add_use(&r.maker, crew, 1);
    clx_project_add_mode(&r.maker, 2);
    clx_project_add_use(&r.maker, crew, 3);
    clx_project_add_use(&r.maker, tape, 2);
  }
  assert_int_equal(rig_check(&r), CLX_OK);
  const clx_project_outcome out = solve(&r);
  // All three slow and at once: 6. The tape suffices for two fast ones: 2 + 2 + 6 is longer.
  assert_int_equal(out.plan.makespan, 6);
  rig_close(&r);
}

// --- files ---------------------------------------------------------------------------------------------------------------

static clx_status read_text(project_rig *r, clx_project_reader *reader, const char *text) {
  return reader("t", text, strlen(text), r->arena, &r->project, &r->error);
}

static void patterson_files_are_read(void **state) {
  (void)state;
  project_rig r;
  rig_open(&r);
  assert_int_equal(read_text(&r, clx_project_read_rcp, "4 1\n 2\n0 0 2 2 3\n3 1 1 4\n2 2 1 4\n0 0 0\n"), CLX_OK);
  assert_int_equal(r.project.activity_count, 4);
  assert_int_equal(r.project.link_count, 4);
  assert_int_equal(solve(&r).plan.makespan, 5);
  assert_int_equal(read_text(&r, clx_project_read_rcp, "2 1\n 2\n0 0 1 2\n3 x 0\n"), CLX_INPUT);
  assert_int_equal(r.error.mistake[0].line, 4);
  assert_int_equal(r.error.mistake[0].column, 3);
  rig_close(&r);
}

static void psplib_files_are_read(void **state) {
  (void)state;
  static const char text[] =
      "projects                      :  1\njobs (incl. supersource/sink ):  4\nRESOURCES\n"
      "  - renewable                 :  1   R\n  - nonrenewable              :  1   N\n"
      "  - doubly constrained        :  0   D\nPRECEDENCE RELATIONS:\njobnr.    #modes  #successors   successors\n"
      "1 1 2 2 3\n2 2 1 4\n3 1 1 4\n4 1 0\n****\nREQUESTS/DURATIONS:\njobnr. mode duration  R 1 N 1\n--------\n"
      "1 1 0 0 0\n2 1 5 1 0\n  2 2 2 3\n3 1 4 1 0\n4 1 0 0 0\n****\nRESOURCEAVAILABILITIES:\n  R 1  N 1\n  2 3\n";
  project_rig r;
  rig_open(&r);
  assert_int_equal(read_text(&r, clx_project_read_sm, text), CLX_OK);
  assert_int_equal(r.project.activity[1].mode_count, 2);
  assert_true(r.project.resource[1].consumed);
  assert_int_equal(solve(&r).plan.makespan, 5);
  assert_int_equal(read_text(&r, clx_project_read_sm, "jobs: 3\n"), CLX_INPUT);
  rig_close(&r);
}

static void tables_are_read(void **state) {
  (void)state;
  static const char text[] =
      "kind,name,duration,predecessors,uses,release,deadline,phase,calendar,levels\n"
      "calendar,shift,,,,,,,,\"1100; 4-8:0\"\nresource,crew,,,,,,,shift,0:2\nconsumable,rack,,,,,,,,\"0:1; 6:2\"\n"
      ",dig,2,,crew:2,,,one,,\n,pour,3,dig FS+1..9,,,,one,shift,\n,set,1,\"pour SS+1; dig\",rack:2,3,30,two,,\n";
  project_rig r;
  rig_open(&r);
  assert_int_equal(read_text(&r, clx_project_read_csv, text), CLX_OK);
  assert_int_equal(r.project.phase_count, 2);
  assert_int_equal(r.project.link[0].most, 9);
  assert_int_equal(r.project.link[1].kind, CLX_PROJECT_SS);
  const clx_project_outcome out = solve(&r);
  assert_int_equal(out.plan.start[1], 8);  // units 3, 6 and 7 do not work, nor does the holiday
  assert_int_equal(out.plan.start[2], 9);
  assert_int_equal(read_text(&r, clx_project_read_csv, "name,duration,predecessors\ndig,2,\npour,3,digg\n"), CLX_INPUT);
  rig_says(&r, "did you mean 'dig'?");
  assert_int_equal(r.error.mistake[0].line, 3);
  rig_close(&r);
}

static void lack_of_memory_is_an_error(void **state) {
  (void)state;
  for (int64_t n = 1; n < 60; n++) {
    project_rig r;
    make_site(&r);
    clx_project_options options;
    clx_project_outcome out;
    clx_project_options_default(&options);
    options.schedules = 20;
    clx_memory_fail_after(n);
    const clx_status status = clx_project_solve(&r.project, &options, r.arena, &out, &r.error);
    clx_memory_fail_after(0);
    assert_true(status == CLX_OK || status == CLX_MEMORY);
    rig_close(&r);
    if (status == CLX_OK) break;
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_cycle_is_named_in_order),
      cmocka_unit_test(maximum_lags_that_cannot_hold_are_a_chain),
      cmocka_unit_test(lags_that_contradict_are_told_in_days),
      cmocka_unit_test(resources_that_never_suffice_are_named),
      cmocka_unit_test(a_shift_that_is_too_short_is_named),
      cmocka_unit_test(a_deadline_before_the_earliest_finish_is_named),
      cmocka_unit_test(numbers_out_of_range_are_refused),
      cmocka_unit_test(shifts_holidays_and_arrivals_hold),
      cmocka_unit_test(the_validator_sees_each_kind_of_violation),
      cmocka_unit_test(modes_trade_crews_for_time),
      cmocka_unit_test(patterson_files_are_read),
      cmocka_unit_test(psplib_files_are_read),
      cmocka_unit_test(tables_are_read),
      cmocka_unit_test(lack_of_memory_is_an_error),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
