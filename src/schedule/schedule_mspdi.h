// A file of Microsoft Project in XML (MSPDI) while it is read: what schedule_mspdi_*.c and schedule_read_xml.c share.
#pragma once

#include "schedule/schedule_file.h"
#include "schedule/schedule_xml.h"

enum { CLX_MSPDI_DAY = 86400, CLX_MSPDI_NOTES = 40, CLX_MSPDI_SET = 8 };

// Working time of a day: spans in s from midnight.
typedef struct clx_mspdi_span {
  int32_t from, to;
} clx_mspdi_span;

typedef struct clx_mspdi_hours {
  bool given;
  const clx_mspdi_span *span;
  int32_t count;
} clx_mspdi_hours;

// Days since 1970-01-01, both ends included; of those the ones that `every`, `weekdays`, `month` and `day` leave.
typedef struct clx_mspdi_exception {
  int64_t from, to;
  int32_t every;       // days, or weeks where weekdays are named
  int32_t weekdays;    // bits from Sunday on, 0 = all
  int32_t month, day;  // of the year, 0 = any
  clx_mspdi_hours hours;
} clx_mspdi_exception;

typedef struct clx_mspdi_week {
  int64_t from, to;
  clx_mspdi_hours day[7];
} clx_mspdi_week;

typedef struct clx_mspdi_calendar {
  const clx_xml_element *element;
  const char *name;
  int32_t base;            // -1 = none
  clx_mspdi_hours day[7];  // from Sunday on
  clx_mspdi_exception *exception;
  int32_t exception_count;
  clx_mspdi_week *week;
  int32_t week_count;
} clx_mspdi_calendar;

// Calendars that must all work, and the one of the project that they become.
typedef struct clx_mspdi_set {
  int32_t of[CLX_MSPDI_SET], count;
  bool made;
  int32_t number;  // of a calendar of the project, CLX_PROJECT_NONE = always
  bool *works;
  int32_t period;
  clx_project_span *span;
  int32_t span_count;
} clx_mspdi_set;

typedef struct clx_mspdi {
  clx_project_maker m;
  const char *file;
  clx_error *error;
  clx_status status;
  const clx_xml_element *root;
  int64_t start;   // s since 1970: unit 0
  int64_t common;  // greatest common divisor of all times, s
  int64_t unit;    // s
  clx_names calendar_uid, set_name;
  clx_mspdi_calendar *calendar;
  int32_t calendar_count;
  clx_mspdi_set *set;
  int32_t set_count, set_room;
  const char *note[CLX_MSPDI_NOTES + 1];
  int32_t note_count;
} clx_mspdi;

// --- values (schedule_mspdi_value.c): mistakes name the element, its line, what was read and what was expected ---------------------------------
void clx_mspdi_wrong(clx_mspdi *x, const clx_xml_element *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void clx_mspdi_note(clx_mspdi *x, const clx_xml_element *at, const char *format, ...)  // at nullable
    __attribute__((format(printf, 3, 4)));
void clx_mspdi_no_memory(clx_mspdi *x);
int64_t clx_mspdi_whole(clx_mspdi *x, const clx_xml_element *parent, const char *name, int64_t otherwise);
double clx_mspdi_real(clx_mspdi *x, const clx_xml_element *parent, const char *name, double otherwise);
bool clx_mspdi_flag(clx_mspdi *x, const clx_xml_element *parent, const char *name);
// s since 1970; false where it is absent, empty or "NA".
bool clx_mspdi_date(clx_mspdi *x, const clx_xml_element *parent, const char *name, int64_t *time);
bool clx_mspdi_duration(clx_mspdi *x, const clx_xml_element *parent, const char *name, int64_t *seconds);  // "PT8H0M0S"
void clx_mspdi_common(clx_mspdi *x, int64_t seconds);         // takes part in the choice of the unit
int64_t clx_mspdi_up(const clx_mspdi *x, int64_t seconds);    // units, rounded up
int64_t clx_mspdi_down(const clx_mspdi *x, int64_t seconds);  // rounded down

// --- calendars (schedule_mspdi_calendar.c, schedule_mspdi_hours.c) ------------------------------------------------------------------------
void clx_mspdi_read_calendars(clx_mspdi *x);
int32_t clx_mspdi_calendar_of(clx_mspdi *x, const clx_xml_element *parent, const char *name);  // its number, -1 = none
const clx_mspdi_hours *clx_mspdi_hours_on(const clx_mspdi *x, int32_t calendar, int64_t day);
// Number of a set; its calendars take part in the choice of the unit.
int32_t clx_mspdi_set_of(clx_mspdi *x, const int32_t *calendars, int32_t count);
// The calendar of the project that it is; once the unit is chosen. -1 = no set.
int32_t clx_mspdi_set_calendar(clx_mspdi *x, int32_t set);
