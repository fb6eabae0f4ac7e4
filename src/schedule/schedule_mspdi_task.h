// Tasks, resources and assignments of MSPDI, for schedule_read_xml.c and schedule_mspdi_task.c, schedule_mspdi_link.c.
#pragma once

#include "schedule/schedule_mspdi.h"

enum { CLX_MSPDI_MATERIAL, CLX_MSPDI_WORK, CLX_MSPDI_COST };

typedef struct clx_mspdi_resource {
  const clx_xml_element *element;
  const char *name;
  int32_t type, calendar, set, periods;
  double most;    // MaxUnits
  int32_t scale;  // amounts of the project for one unit
  bool empty, used;
  bool ignored;    // some task works while its calendar rests
  int32_t number;  // of the project, -1 = none
} clx_mspdi_resource;

typedef struct clx_mspdi_assignment {
  clx_mspdi_resource *resource;
  double units;
  struct clx_mspdi_assignment *next;
} clx_mspdi_assignment;

typedef struct clx_mspdi_task {
  const clx_xml_element *element;
  const char *name;
  int32_t level, parent;  // outline level; task above it, -1 = none
  int32_t end;            // its subtasks are those from the next one to end - 1
  bool summary, skipped;
  int64_t duration;  // s of work
  int32_t set;       // of its working time, -1 = always
  clx_mspdi_assignment *assignment;
  int32_t activity;  // -1 = none
} clx_mspdi_task;

typedef struct clx_mspdi_file {
  clx_mspdi x;
  int32_t calendar;  // of the project, -1 = none
  clx_names resource_uid, task_uid, activity_name;
  clx_mspdi_resource *resource;
  int32_t resource_count;
  clx_mspdi_task *task;
  int32_t task_count;
  int64_t links;  // so far
} clx_mspdi_file;

bool clx_mspdi_is_time(int64_t time);  // not one of the dates by which Project says "always"
void clx_mspdi_read_tasks(clx_mspdi_file *file);
void clx_mspdi_set_tasks(clx_mspdi_file *file);  // their working times, and what takes part in the choice of the unit
void clx_mspdi_add_tasks(clx_mspdi_file *file);  // once the unit is chosen
// A name that no activity has yet.
const char *clx_mspdi_new_name(clx_mspdi_file *file, const char *name, const char *above, const char *uid);
bool clx_mspdi_is_elapsed(int64_t format);        // DurationFormat, LagFormat
void clx_mspdi_count_lags(clx_mspdi_file *file);  // take part in the choice of the unit
void clx_mspdi_add_links(clx_mspdi_file *file);
void clx_mspdi_add_dates(clx_mspdi_file *file, const clx_project *project);  // constraints and deadlines
