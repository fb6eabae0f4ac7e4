// Projects from and to files.
#pragma once

#include "schedule/schedule.h"

// --- building a project piece by piece ------------------------------------------------------------------------------------------------------
// Start with zeros and an arena. A mode belongs to the activity added last, a use to the mode, a level to the resource, a span to the calendar.
// Out of memory is sticky: clx_project_maker_finish says so.
typedef struct clx_project_list {
  void *row;
  int32_t count, room;
} clx_project_list;

typedef struct clx_project_maker {
  clx_arena *arena;
  clx_project project;  // name, unit, start, phase; the rest comes with finish
  clx_project_list activity, mode, use, link, resource, level, calendar, span;
  bool failed;
} clx_project_maker;

int32_t clx_project_add_activity(clx_project_maker *maker,
                                 const char *name);  // no calendar, no dates; returns its number
void clx_project_add_mode(clx_project_maker *maker, int32_t duration);
void clx_project_add_use(clx_project_maker *maker, int32_t resource, int64_t amount);  // nothing for 0
void clx_project_add_link(clx_project_maker *maker, clx_project_link link);
int32_t clx_project_add_resource(clx_project_maker *maker, const char *name, bool consumed);
void clx_project_add_level(clx_project_maker *maker, int32_t at, int64_t amount);
int32_t clx_project_add_calendar(clx_project_maker *maker, const char *name, const bool *works, int32_t period);
void clx_project_add_span(clx_project_maker *maker, int32_t from, int32_t to, bool works);
clx_project_activity *clx_project_maker_activity(clx_project_maker *maker, int32_t number);  // NULL when memory ran out
clx_project_resource *clx_project_maker_resource(clx_project_maker *maker, int32_t number);
clx_status clx_project_maker_finish(clx_project_maker *maker, clx_project *project, clx_error *error);

// --- formats ------------------------------------------------------------------------------------------------------------------------------
// Each reads `size` bytes of `data` (0-terminated), checks the project and fills it from `arena`; `file` names it in mistakes, which have line and
// column.
typedef clx_status clx_project_reader(const char *file, const char *data, size_t size, clx_arena *arena,
                                      clx_project *project, clx_error *error);
// Patterson: activities and resources, capacities, then for each activity duration, demands, number of successors, successors.
clx_project_reader clx_project_read_rcp;
// PSPLIB: sections of precedence, requests and availabilities; several modes; R renewable, N nonrenewable (all there at the start).
clx_project_reader clx_project_read_sm;
// CSV with the columns kind, name, duration, predecessors, uses, release, deadline, phase, calendar, levels (and notes). A row is an activity
// (kind empty; the next row of the same name is another mode of it): predecessors "dig; pour FS+2; cure SS+1..5", uses "crew:3; rack:8". Or a resource or
// consumable: levels "0:10; 240:16". Or a calendar: levels "111111110000000000000000; 48-72:0". One unit is an hour, unless
// a row of the kind project says otherwise: its name, the seconds of a unit as duration, the date of unit 0 as levels. Columns start and finish,
// of a plan, are passed over.
clx_project_reader clx_project_read_csv;
// Microsoft Project's XML (MSPDI). The longest usual unit (a day, an hour ... a minute) that divides all its times. What cannot be represented
// is refused or stands in project->note: docs/model/schedule_formats.md. O(size + calendars exceptions units of a day).
clx_project_reader clx_project_read_xml;

// Reads a file by its ending (.rcp, .txt: Patterson; .sm, .mm: PSPLIB; .csv; .xml: Microsoft Project).
clx_status clx_project_load(const char *path, clx_arena *arena, clx_project *project, clx_error *error);

// Each adds a project to `out`, with the starts, finishes and modes of a plan (nullable). Out of memory: CLX_MEMORY. O(size of the project).
typedef clx_status clx_project_writer(const clx_project *project, const clx_project_plan *plan, clx_buffer *out,
                                      clx_error *error);
// What clx_project_read_csv reads back unchanged. CLX_INPUT: a name with a ';' or a blank at an end, units that are no whole seconds.
clx_project_writer clx_project_write_csv;
// Everything, and dates where the project has a start.
clx_project_writer clx_project_write_json;
// Microsoft Project's XML. Other modes and maximum lags, which it has not, stand in the notes of tasks; delays against links as levelling delays.
// CLX_INPUT: a unit that is no whole minutes or no part of a day, more exceptions of a calendar than 20,000 days.
clx_project_writer clx_project_write_xml;

clx_project_writer *clx_project_writer_of(const char *format);  // "csv", "json", "xml"; NULL: another
