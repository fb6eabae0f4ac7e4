// Microsoft Project's XML: what is read, what is said of the rest, and what comes back.
#include "project_rig.h"

static const char HEAD[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Project xmlns=\"http://schemas.microsoft.com/project\">\n"
    "<Title>hall</Title><StartDate>2024-04-29T08:00:00</StartDate><CalendarUID>1</CalendarUID>\n"
    "<Calendars>\n<Calendar><UID>1</UID><Name>Standard</Name><BaseCalendarUID>-1</BaseCalendarUID><Exceptions>\n"
    "<Exception><TimePeriod><FromDate>2024-05-01T00:00:00</FromDate><ToDate>2024-05-01T23:59:00</ToDate></TimePeriod>"
    "<Occurrences>1</Occurrences><Name>Labour Day</Name><Type>1</Type><DayWorking>0</DayWorking></Exception>\n"
    "</Exceptions></Calendar>\n"
    "<Calendar><UID>2</UID><Name>Crew</Name><BaseCalendarUID>1</BaseCalendarUID></Calendar>\n"
    "<Calendar><UID>3</UID><Name>Nights</Name><BaseCalendarUID>1</BaseCalendarUID><WeekDays>\n"
    "<WeekDay><DayType>3</DayType><DayWorking>1</DayWorking><WorkingTimes><WorkingTime><FromTime>20:00:00</FromTime>"
    "<ToTime>00:00:00</ToTime></WorkingTime></WorkingTimes></WeekDay></WeekDays></Calendar>\n"
    "</Calendars>\n";

enum { TEXT = 20000 };

// Tasks, resources and assignments behind the head.
static clx_status read_body(project_rig *r, const char *body) {
  static char text[TEXT];
  snprintf(text, sizeof text, "%s%s</Project>\n", HEAD, body);
  rig_close(r);
  rig_open(r);
  return clx_project_read_xml("hall.xml", text, strlen(text), r->arena, &r->project, &r->error);
}

static clx_project_outcome solve(project_rig *r) {
  clx_project_options options;
  clx_project_outcome out = {0};
  clx_project_options_default(&options);
  options.schedules = 200;
  options.conflicts = 500;
  const clx_status status = clx_project_solve(&r->project, &options, r->arena, &out, &r->error);
  if (status != CLX_OK) fail_msg("%s", r->error.mistake[0].text);
  return out;
}

static void notes_say(const project_rig *r, const char *part) {
  for (int32_t k = 0; k < r->project.note_count; k++)
    if (strstr(r->project.note[k], part) != NULL) return;
  fail_msg("expected a note '%s', first of %d: %s", part, r->project.note_count,
           r->project.note_count > 0 ? r->project.note[0] : "none");
}

#define TASK(uid, name, hours, more)                                                                \
  "<Task><UID>" #uid "</UID><Name>" name "</Name><OutlineLevel>1</OutlineLevel><Duration>PT" #hours \
  "H0M0S</Duration>" more "</Task>\n"
#define LINK(uid, type, lag, format)                                                               \
  "<PredecessorLink><PredecessorUID>" #uid "</PredecessorUID><Type>" #type "</Type><LinkLag>" #lag \
  "</LinkLag><LagFormat>" #format "</LagFormat></PredecessorLink>"

static void working_hours_and_holidays_hold(void **state) {
  (void)state;
  project_rig r;
  rig_open(&r);
  // Monday 08:00; Tuesday's eight hours end on Tuesday at 17:00, 33 h on; Wednesday is a holiday.
  assert_int_equal(read_body(&r, "<Tasks>" TASK(1, "dig", 16, "") TASK(2, "pour", 8, LINK(1, 1, 0, 7)) "</Tasks>"),
                   CLX_OK);
  assert_string_equal(r.project.name, "hall");
  assert_string_equal(r.project.start, "2024-04-29T08:00:00");
  CLX_CHECK_NEAR(r.project.unit, 3600, 0, 0);
  assert_int_equal(r.project.calendar_count, 1);
  assert_int_equal(r.project.calendar[0].span_count, 1);
  const clx_project_outcome out = solve(&r);
  assert_int_equal(out.plan.finish[0], 33);
  assert_int_equal(out.plan.start[1], 72);
  assert_int_equal(out.plan.finish[1], 81);
  assert_int_equal(r.project.note_count, 0);
  rig_close(&r);
}

static void all_kinds_of_links_and_lags(void **state) {
  (void)state;
  static const struct {
    const char *link;
    int32_t start;  // of b (16 h, after a of 16 h from 0 on)
  } cases[] = {
      {LINK(1, 1, 0, 7), 72},      // FS: the day after the holiday
      {LINK(1, 1, 2400, 8), 72},   // FS + 4 elapsed h
      {LINK(1, 1, 28800, 8), 96},  // FS + 48 elapsed h: Thursday, 17:00
      {LINK(1, 1, 4800, 7), 96},   // FS + 1 working day
      {LINK(1, 1, -4800, 7), 24},  // FS - 1 working day
      {LINK(1, 3, 4800, 7), 24},   // SS + 1 working day: 9 at night
      {LINK(1, 0, 4800, 7), 24},   // FF + 1 working day: b ends at 81, so it works Tuesday and Thursday
      {LINK(1, 2, 9600, 5), 0},    // SF + 16 working h: b ends at 33 at least
      {LINK(1, 1, 50, 19), 96},    // FS + 50 %: of 16 h
  };
  project_rig r;
  rig_open(&r);
  for (int32_t k = 0; k < CLX_COUNT(cases); k++) {
    char body[2000];
    snprintf(body, sizeof body, "<Tasks>" TASK(1, "a", 16, "") "%s%s</Task></Tasks>",
             "<Task><UID>2</UID><Name>b</Name><Duration>PT16H0M0S</Duration>", cases[k].link);
    assert_int_equal(read_body(&r, body), CLX_OK);
    const clx_project_outcome out = solve(&r);
    if (out.plan.start[1] != cases[k].start)
      fail_msg("link %d: b starts in unit %d, expected %d", k, out.plan.start[1], cases[k].start);
  }
  rig_close(&r);
}

static void calendars_of_tasks_and_crews(void **state) {
  (void)state;
  project_rig r;
  rig_open(&r);
  // Nights: as Standard, but for Tuesdays, when it works from 20:00 on only. The crane works by it, the fitters as Standard.
  static const char people[] =
      "<Resources><Resource><UID>0</UID><Type>1</Type></Resource>"
      "<Resource><UID>1</UID><Name>fitters</Name><Type>1</Type><MaxUnits>3.0</MaxUnits><CalendarUID>2</CalendarUID></"
      "Resource>"
      "<Resource><UID>2</UID><Name>crane</Name><MaxUnits>0.5</MaxUnits><CalendarUID>3</CalendarUID></Resource></"
      "Resources>"
      "<Assignments><Assignment><TaskUID>1</TaskUID><ResourceUID>1</ResourceUID><Units>2</Units></Assignment>"
      "<Assignment><TaskUID>2</TaskUID><ResourceUID>1</ResourceUID><Units>2</Units></Assignment>"
      "<Assignment><TaskUID>3</TaskUID><ResourceUID>2</ResourceUID><Units>0.25</Units></Assignment></Assignments>";
  char body[6000];
  snprintf(body, sizeof body, "<Tasks>%s%s%s%s</Tasks>%s", TASK(1, "left", 4, ""), TASK(2, "right", 4, ""),
           TASK(3, "lift", 4, "<ConstraintType>4</ConstraintType><ConstraintDate>2024-04-30T08:00:00</ConstraintDate>"),
           TASK(4, "cure", 30, "<DurationFormat>6</DurationFormat>" LINK(3, 1, 0, 7)), people);
  assert_int_equal(read_body(&r, body), CLX_OK);
  assert_int_equal(r.project.resource_count, 2);
  assert_int_equal(r.project.resource[1].level[0].amount, 50);
  assert_int_equal(r.project.activity[2].mode[0].use[0].amount, 25);
  notes_say(&r, "'crane' is counted in hundredths");
  const clx_project_outcome out = solve(&r);
  assert_int_equal(out.plan.start[0] + out.plan.start[1], 0 + 5);  // 2 of 3 fitters each: before and after lunch
  assert_int_equal(out.plan.start[2], 36);                         // Tuesday, 20:00
  assert_int_equal(out.plan.finish[2], 40);
  assert_int_equal(out.plan.finish[3], 70);  // cures in elapsed time
  rig_close(&r);
}

static void summaries_are_phases_and_their_links_those_below(void **state) {
  (void)state;
  project_rig r;
  rig_open(&r);
#define ROW(uid, name, level, more)                                     \
  "<Task><UID>" #uid "</UID><Name>" name "</Name><OutlineLevel>" #level \
  "</OutlineLevel><Duration>PT8H0M0S"                                   \
  "</Duration>" more "</Task>\n"
  static const char tasks[] = "<Tasks>" ROW(0, "hall", 0, "") ROW(1, "all", 1, "") ROW(2, "one", 2, "")
      ROW(3, "dig", 3, "") ROW(4, "pour", 3, "") ROW(5, "two", 2, LINK(2, 1, 0, 7)) ROW(6, "dig", 3, "")
          ROW(7, "late", 3, "<Active>0</Active>") "<Task><UID>8</UID><IsNull>1</IsNull></Task>" ROW(
              9, "open", 2, "<Milestone>1</Milestone>" LINK(5, 0, 0, 7) LINK(7, 1, 0, 7)) "</Tasks>";
  assert_int_equal(read_body(&r, tasks), CLX_OK);
  assert_int_equal(r.project.activity_count, 4);
  assert_string_equal(r.project.activity[2].name, "two / dig");
  assert_int_equal(r.project.phase_count, 3);
  assert_string_equal(r.project.phase[r.project.activity[0].phase], "one");
  assert_string_equal(r.project.phase[r.project.activity[3].phase], "other tasks");
  assert_int_equal(r.project.link_count, 3);
  notes_say(&r, "1 inactive tasks are left out");
  assert_int_equal(read_body(&r, "<Tasks>" ROW(1, "all", 1, LINK(2, 1, 0, 7)) ROW(2, "one", 2, "") "</Tasks>"),
                   CLX_INPUT);
  rig_says(&r, "'all' is linked to a task above or below it, 'one'");
  assert_int_equal(r.error.mistake[0].line, 12);
  rig_close(&r);
}

static void dates_are_releases_and_deadlines(void **state) {
  (void)state;
  static const struct {
    int32_t type;
    const char *date;
    int32_t release, deadline;  // of 16 h of work
  } cases[] = {
      {0, "2024-05-02T08:00:00", 0, CLX_PROJECT_NONE},
      {2, "2024-05-02T08:00:00", 72, 105},
      {3, "2024-05-03T17:00:00", 72, 105},
      {4, "2024-05-02T08:00:00", 72, CLX_PROJECT_NONE},
      {5, "2024-05-02T08:00:00", 0, 105},
      {6, "2024-05-02T17:00:00", 24, CLX_PROJECT_NONE},
      {7, "2024-05-02T17:00:00", 0, 81},
  };
  project_rig r;
  rig_open(&r);
  for (int32_t k = 0; k < CLX_COUNT(cases); k++) {
    char body[1000];
    snprintf(body, sizeof body,
             "<Tasks><Task><UID>1</UID><Name>a</Name><Duration>PT16H0M0S</Duration><ConstraintType>%d</ConstraintType>"
             "<ConstraintDate>%s</ConstraintDate></Task></Tasks>",
             cases[k].type, cases[k].date);
    assert_int_equal(read_body(&r, body), CLX_OK);
    const clx_project_activity *a = &r.project.activity[0];
    if (a->deadline != cases[k].deadline) fail_msg("type %d: deadline %d", cases[k].type, a->deadline);
    // Where the work ends at the earliest is what counts: a release may lie in the hours before, which do not work.
    assert_int_equal(clx_project_finish(&r.project, a->calendar, a->release, 16),
                     clx_project_finish(&r.project, a->calendar, cases[k].release, 16));
  }
  assert_int_equal(read_body(&r, "<Tasks>" TASK(1, "a", 16, "<Deadline>2024-04-30T17:00:00</Deadline>") "</Tasks>"),
                   CLX_OK);
  assert_int_equal(r.project.activity[0].deadline, 33);
  assert_int_equal(read_body(&r, "<Tasks>" TASK(1, "a", 16, "<Deadline>2024-04-28T17:00:00</Deadline>") "</Tasks>"),
                   CLX_INPUT);
  rig_says(&r, "'a' is due before the start of the project");
  rig_close(&r);
}

static void materials_arrive_and_crews_change(void **state) {
  (void)state;
  project_rig r;
  rig_open(&r);
  static const char body[] =
      "<Tasks>" TASK(1, "rack", 8, "") TASK(2, "paint", 8, "") "</Tasks><Resources>"
      "<Resource><UID>1</UID><Name>racks</Name><Type>0</Type><AvailabilityPeriods>"
      "<AvailabilityPeriod><AvailableFrom>2024-05-02T08:00:00</AvailableFrom><AvailableTo>2024-05-02T08:00:00</AvailableTo>"
      "<AvailableUnits>8</AvailableUnits></AvailabilityPeriod></AvailabilityPeriods></Resource>"
      "<Resource><UID>2</UID><Name>paint</Name><Type>0</Type></Resource>"
      "<Resource><UID>3</UID><Name>crew</Name><Type>1</Type><AvailabilityPeriods><AvailabilityPeriod>"
      "<AvailableFrom>NA</AvailableFrom><AvailableTo>2024-04-30T08:00:00</AvailableTo><AvailableUnits>2</AvailableUnits>"
      "</AvailabilityPeriod><AvailabilityPeriod><AvailableFrom>2024-04-30T08:00:00</AvailableFrom>"
      "<AvailableTo>2049-12-31T23:59:00</AvailableTo><AvailableUnits>5</AvailableUnits></AvailabilityPeriod>"
      "</AvailabilityPeriods></Resource></Resources><Assignments>"
      "<Assignment><TaskUID>1</TaskUID><ResourceUID>1</ResourceUID><Units>8</Units></Assignment>"
      "<Assignment><TaskUID>2</TaskUID><ResourceUID>2</ResourceUID><Units>3</Units></Assignment>"
      "<Assignment><TaskUID>2</TaskUID><ResourceUID>3</ResourceUID><Units>4</Units></Assignment></Assignments>";
  assert_int_equal(read_body(&r, body), CLX_OK);
  assert_int_equal(r.project.resource_count, 2);
  notes_say(&r, "'paint' has no AvailabilityPeriods");
  assert_int_equal(r.project.resource[1].level_count, 2);
  const clx_project_outcome out = solve(&r);
  assert_int_equal(out.plan.start[0], 72);
  assert_int_equal(out.plan.start[1], 24);
  rig_close(&r);
}

static void mistakes_have_lines(void **state) {
  (void)state;
  static const struct {
    const char *body, *says;
  } cases[] = {
      {"<Tasks>" TASK(1, "a", 8, LINK(7, 1, 0, 7)) "</Tasks>", "PredecessorUID: read '7'"},
      {"<Tasks>" TASK(1, "a", 8, LINK(1, 4, 0, 7)) "</Tasks>", "Type of a link: read 4"},
      {"<Tasks>" TASK(1, "a", 8, "<ConstraintType>2</ConstraintType>") "</Tasks>", "without a ConstraintDate"},
      {"<Tasks>" TASK(1, "a", 8, "<CalendarUID>9</CalendarUID>") "</Tasks>", "UID of a calendar of the file"},
      {"<Tasks>" TASK(1, "a", 8, "") TASK(1, "b", 8, "") "</Tasks>", "two tasks have the UID 1"},
      {"<Tasks><Task><UID>1</UID><Name>a</Name><Duration>2 days</Duration></Task></Tasks>", "such as PT16H30M0S"},
      {"<Tasks>" TASK(1, "a", 8, "") "</Tasks><Assignments><Assignment><TaskUID>1</TaskUID><ResourceUID>3</ResourceUID>"
                                     "</Assignment></Assignments>",
       "UID of a resource of the file"},
      {"<Tasks><Task>", "no XML"},
      {"<Tasks/>", "0 activities"},
  };
  project_rig r;
  rig_open(&r);
  for (int32_t k = 0; k < CLX_COUNT(cases); k++) {
    assert_int_equal(read_body(&r, cases[k].body), CLX_INPUT);
    rig_says(&r, cases[k].says);
    if (k < 8) assert_true(r.error.mistake[0].line >= 12);
  }
  static const char bomb[] =
      "<!DOCTYPE p [<!ENTITY a \"b\"><!ENTITY c \"&a;&a;\">]>\n<Project><Title>&c;</Title></Project>";
  rig_close(&r);
  rig_open(&r);
  assert_int_equal(clx_project_read_xml("b.xml", bomb, strlen(bomb), r.arena, &r.project, &r.error), CLX_INPUT);
  rig_says(&r, "a document type (DTD, entities) is refused");
  static const char other[] = "\n<APIBusinessObjects/>";
  clx_error_clear(&r.error);
  assert_int_equal(clx_project_read_xml("p.xml", other, strlen(other), r.arena, &r.project, &r.error), CLX_INPUT);
  rig_says(&r, "this is Primavera's XML");
  assert_int_equal(r.error.mistake[0].line, 2);
  rig_close(&r);
}

static void lack_of_memory_is_an_error(void **state) {
  (void)state;
  clx_status status = CLX_MEMORY;
  for (int64_t n = 1; n < 400 && status != CLX_OK; n++) {
    project_rig r;
    rig_open(&r);
    char text[TEXT];
    snprintf(text, sizeof text, "%s<Tasks>%s%s</Tasks></Project>", HEAD, TASK(1, "a", 8, ""),
             TASK(2, "b", 8, LINK(1, 1, 9, 7)));
    clx_memory_fail_after(n);
    status = clx_project_read_xml("hall.xml", text, strlen(text), r.arena, &r.project, &r.error);
    clx_memory_fail_after(0);
    assert_true(status == CLX_OK || status == CLX_MEMORY);
    rig_close(&r);
  }
  assert_int_equal(status, CLX_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(working_hours_and_holidays_hold),
      cmocka_unit_test(all_kinds_of_links_and_lags),
      cmocka_unit_test(calendars_of_tasks_and_crews),
      cmocka_unit_test(summaries_are_phases_and_their_links_those_below),
      cmocka_unit_test(dates_are_releases_and_deadlines),
      cmocka_unit_test(materials_arrive_and_crews_change),
      cmocka_unit_test(mistakes_have_lines),
      cmocka_unit_test(lack_of_memory_is_an_error),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
