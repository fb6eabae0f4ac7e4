// Microsoft Project's XML (MSPDI, http://schemas.microsoft.com/project): docs/model/schedule_formats.md says what becomes of each element.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schedule/schedule_mspdi_task.h"

// --- resources -----------------------------------------------------------------------------------------------------------------------------

static clx_mspdi_resource *find_resource(clx_mspdi_file *f, const char *uid) {
  const int32_t at = clx_names_find(&f->resource_uid, uid, strlen(uid));
  return at >= 0 ? &f->resource[at] : NULL;
}

// Whole units where all amounts are whole, else hundredths.
static void count_amount(clx_mspdi_resource *r, double amount) {
  if (amount != floor(amount)) r->scale = 100;
}

static int64_t amount_of(clx_mspdi_file *f, const clx_mspdi_resource *r, double amount) {
  const double scaled = amount * r->scale;
  if (fabs(scaled - round(scaled)) > 1e-6)
    clx_mspdi_note(&f->x, r->element, "resource '%.80s': %g is counted as %g", r->name, amount,
                   round(scaled) / r->scale);
  return llround(scaled);
}

static void read_resources(clx_mspdi_file *f) {
  clx_mspdi *x = &f->x;
  const clx_xml_element *list = clx_xml_child(x->root, "Resources"), *e;
  int32_t count = 0;
  for (e = list != NULL ? list->first : NULL; (e = clx_xml_named(e, "Resource")) != NULL; e = e->next) count++;
  f->resource = CLX_NEW_ARRAY(x->m.arena, clx_mspdi_resource, count + 1);
  if (f->resource == NULL) {
    clx_mspdi_no_memory(x);
    return;
  }
  for (e = list != NULL ? list->first : NULL; (e = clx_xml_named(e, "Resource")) != NULL; e = e->next) {
    const char *uid = clx_xml_text(e, "UID"), *name = clx_xml_text(e, "Name");
    const int32_t before = f->resource_uid.count;
    if (uid == NULL) {
      clx_mspdi_wrong(x, e, "a Resource has no UID");
      return;
    }
    const int32_t at = clx_names_add(x->m.arena, &f->resource_uid, uid, strlen(uid));
    if (at < 0) clx_mspdi_no_memory(x);
    if (at >= 0 && at < before) clx_mspdi_wrong(x, e, "two resources have the UID %.40s", uid);
    if (x->status != CLX_OK) return;
    clx_mspdi_resource *r = &f->resource[f->resource_count++];
    *r = (clx_mspdi_resource){.element = e, .name = name, .number = -1, .scale = 1};
    r->type = (int32_t)clx_mspdi_whole(x, e, "Type", CLX_MSPDI_WORK);
    if (r->type < 0 || r->type > CLX_MSPDI_COST)
      clx_mspdi_wrong(x, e, "Type of a resource: read %d, expected 0 (material), 1 (work) or 2 (cost)", r->type);
    r->empty = name == NULL || clx_mspdi_flag(x, e, "IsNull");
    r->calendar = clx_mspdi_calendar_of(x, e, "CalendarUID");
    if (r->calendar < 0) r->calendar = f->calendar;
    r->most = clx_mspdi_real(x, e, "MaxUnits", 1);
    const clx_xml_element *periods = clx_xml_child(e, "AvailabilityPeriods"), *p;
    for (p = periods != NULL ? periods->first : NULL; (p = clx_xml_named(p, "AvailabilityPeriod")) != NULL;
         p = p->next) {
      int64_t time;
      r->periods++;
      count_amount(r, clx_mspdi_real(x, p, "AvailableUnits", 0));
      if (clx_mspdi_date(x, p, "AvailableFrom", &time) && clx_mspdi_is_time(time)) clx_mspdi_common(x, time - x->start);
      if (clx_mspdi_date(x, p, "AvailableTo", &time) && clx_mspdi_is_time(time) && time % 3600 != 3540)
        clx_mspdi_common(x, time - x->start);
    }
    if (r->periods == 0) count_amount(r, r->most);
  }
}

typedef struct step {
  int64_t from, to;  // units
  int64_t amount;
} step;

static int by_time(const void *a, const void *b) {
  const step *p = a, *q = b;
  return p->from != q->from ? (p->from > q->from) - (p->from < q->from) : (p->to > q->to) - (p->to < q->to);
}

static void add_levels(clx_mspdi_file *f, const clx_mspdi_resource *r, bool consumed) {
  clx_mspdi *x = &f->x;
  const clx_xml_element *periods = clx_xml_child(r->element, "AvailabilityPeriods"), *p;
  step *row = CLX_NEW_ARRAY(x->m.arena, step, r->periods + 1);
  int32_t count = 0;
  if (row == NULL) {
    clx_mspdi_no_memory(x);
    return;
  }
  for (p = periods->first; (p = clx_xml_named(p, "AvailabilityPeriod")) != NULL; p = p->next) {
    int64_t from, to;
    const bool begins = clx_mspdi_date(x, p, "AvailableFrom", &from) && clx_mspdi_is_time(from),
               ends = clx_mspdi_date(x, p, "AvailableTo", &to) && clx_mspdi_is_time(to);
    row[count] = (step){.from = begins ? clx_mspdi_up(x, from - x->start) : 0,
                        .to = ends ? clx_mspdi_up(x, to - x->start) : INT64_MAX,
                        .amount = amount_of(f, r, clx_mspdi_real(x, p, "AvailableUnits", 0))};
    if (row[count].from < 0) row[count].from = 0;
    if (row[count].from > CLX_PROJECT_TIME_MAX || (!consumed && row[count].to <= row[count].from)) continue;
    count++;
  }
  qsort(row, (size_t)count, sizeof *row, by_time);
  for (int32_t k = 0; k < count; k++) {
    clx_project_add_level(&x->m, (int32_t)row[k].from, row[k].amount);
    const int64_t next = k + 1 < count ? row[k + 1].from : INT64_MAX;
    if (!consumed && row[k].to < next && row[k].to <= CLX_PROJECT_TIME_MAX)
      clx_project_add_level(&x->m, (int32_t)row[k].to, 0);
  }
}

// What tasks need, in the order of the file. Materials without arrivals and costs limit nothing.
static void add_resources(clx_mspdi_file *f) {
  clx_mspdi *x = &f->x;
  clx_names names = {0};
  for (int32_t k = 0; k < f->resource_count && x->status == CLX_OK; k++) {
    clx_mspdi_resource *r = &f->resource[k];
    const bool consumed = r->type == CLX_MSPDI_MATERIAL;
    if (r->empty || r->type == CLX_MSPDI_COST) continue;
    if (consumed && r->periods == 0) {
      if (r->used)
        clx_mspdi_note(x, r->element, "material '%.80s' has no AvailabilityPeriods: it never runs out in the plan",
                       r->name);
      continue;
    }
    const int32_t before = names.count, at = clx_names_add(x->m.arena, &names, r->name, strlen(r->name));
    const char *name = r->name;
    if (at >= 0 && at < before)
      name = clx_arena_format(x->m.arena, "%s (UID %s)", r->name, clx_xml_text(r->element, "UID"));
    if (at < 0 || name == NULL) {
      clx_mspdi_no_memory(x);
      return;
    }
    if (r->scale > 1) clx_mspdi_note(x, r->element, "resource '%.80s' is counted in hundredths", r->name);
    const int32_t calendar = consumed || r->ignored ? CLX_PROJECT_NONE : clx_mspdi_set_calendar(x, r->set);
    r->number = clx_project_add_resource(&x->m, name, consumed);
    clx_project_resource *of = clx_project_maker_resource(&x->m, r->number);
    if (of != NULL) of->calendar = calendar;
    if (r->periods > 0)
      add_levels(f, r, consumed);
    else
      clx_project_add_level(&x->m, 0, amount_of(f, r, r->most));
  }
}

// --- assignments ---------------------------------------------------------------------------------------------------------------------------

static void read_assignment(clx_mspdi_file *f, const clx_xml_element *e, clx_mspdi_assignment *a) {
  clx_mspdi *x = &f->x;
  const char *task = clx_xml_text(e, "TaskUID"), *resource = clx_xml_text(e, "ResourceUID");
  if (task == NULL) clx_mspdi_wrong(x, e, "an Assignment has no TaskUID");
  if (task == NULL || resource == NULL || resource[0] == '-') return;  // to nobody
  const int32_t at = clx_names_find(&f->task_uid, task, strlen(task));
  clx_mspdi_resource *r = find_resource(f, resource);
  if (at < 0) clx_mspdi_wrong(x, e, "TaskUID: read '%.40s', expected the UID of a task of the file", task);
  if (r == NULL)
    clx_mspdi_wrong(x, e, "ResourceUID: read '%.40s', expected the UID of a resource of the file", resource);
  if (at < 0 || r == NULL || r->empty) return;
  clx_mspdi_task *t = &f->task[at];
  if (t->skipped) return;
  if (t->summary) {
    clx_mspdi_note(x, e, "resource '%.60s' of summary task '%.80s' is left out", r->name, t->name);
    return;
  }
  if (r->type == CLX_MSPDI_COST) return;
  if (r->type == CLX_MSPDI_MATERIAL && clx_xml_text(e, "HasFixedRateUnits") != NULL &&
      !clx_mspdi_flag(x, e, "HasFixedRateUnits"))
    clx_mspdi_note(x, e, "material '%.60s' of '%.80s' is used by the hour: its Units are counted once", r->name,
                   t->name);
  *a = (clx_mspdi_assignment){.resource = r, .units = clx_mspdi_real(x, e, "Units", 1), .next = t->assignment};
  count_amount(r, a->units);
  r->used = true;
  t->assignment = a;
}

static void read_assignments(clx_mspdi_file *f) {
  const clx_xml_element *list = clx_xml_child(f->x.root, "Assignments"), *e;
  for (e = list != NULL ? list->first : NULL; (e = clx_xml_named(e, "Assignment")) != NULL; e = e->next) {
    clx_mspdi_assignment *a = CLX_NEW(f->x.m.arena, clx_mspdi_assignment);
    if (a == NULL) {
      clx_mspdi_no_memory(&f->x);
      return;
    }
    read_assignment(f, e, a);
  }
}

// --- the file ------------------------------------------------------------------------------------------------------------------------------

static void read_start(clx_mspdi_file *f) {
  clx_mspdi *x = &f->x;
  if (!clx_mspdi_date(x, x->root, "StartDate", &x->start)) {
    const clx_xml_element *tasks = clx_xml_child(x->root, "Tasks"), *e;
    bool found = false;
    for (e = tasks != NULL ? tasks->first : NULL; (e = clx_xml_named(e, "Task")) != NULL; e = e->next) {
      int64_t start;
      if (!clx_mspdi_date(x, e, "Start", &start)) continue;
      if (!found || start < x->start) x->start = start;
      found = true;
    }
    if (!found) {
      clx_mspdi_wrong(x, x->root, "the project has no StartDate, nor has a task a Start");
      return;
    }
    clx_mspdi_note(x, NULL, "the file has no StartDate: the earliest Start of a task is the start of the project");
  }
  if (!clx_mspdi_is_time(x->start)) clx_mspdi_wrong(x, x->root, "StartDate: expected a date from 1950 to 2200");
  const char *from_start = clx_xml_text(x->root, "ScheduleFromStart");
  if (from_start != NULL && strcmp(from_start, "0") == 0)
    clx_mspdi_note(x, clx_xml_child(x->root, "ScheduleFromStart"),
                   "the file plans backwards from its end; here it is planned from its start");
}

// The largest of the usual lengths that divides every time; minutes where none does, and then times are rounded.
static void choose_unit(clx_mspdi *x) {
  static const int32_t units[] = {86400, 3600, 1800, 900, 600, 300, 60};
  x->unit = units[CLX_COUNT(units) - 1];
  for (int32_t k = CLX_COUNT(units) - 1; k >= 0; k--)
    if (x->common % units[k] == 0) x->unit = units[k];
  if (x->common % x->unit != 0)
    clx_mspdi_note(x, NULL, "times are rounded to whole minutes, durations and lags upwards");
}

bool clx_mspdi_is_time(int64_t time) {
  static const int64_t LEAST = -631152000, MOST = 7258118400;  // 1950 to 2200
  // 1984-01-01 and 2049-12-31 are how Project says "always"; they lie on either side of what is planned today.
  static const int64_t FIRST = 441763200, LAST = 2524607940;
  return time > LEAST && time < MOST && time != FIRST && time != LAST;
}

static clx_status read_file(clx_mspdi_file *f, clx_project *project) {
  clx_mspdi *x = &f->x;
  read_start(f);
  if (x->status == CLX_OK) clx_mspdi_read_calendars(x);
  if (x->status == CLX_OK) f->calendar = clx_mspdi_calendar_of(x, x->root, "CalendarUID");
  if (x->status == CLX_OK && f->calendar < 0 && x->calendar_count > 0)
    clx_mspdi_note(x, x->root, "the project names no calendar (CalendarUID): tasks without one work all the time");
  if (x->status == CLX_OK) read_resources(f);
  if (x->status == CLX_OK) clx_mspdi_read_tasks(f);
  if (x->status == CLX_OK) read_assignments(f);
  if (x->status == CLX_OK) clx_mspdi_set_tasks(f);
  if (x->status == CLX_OK) clx_mspdi_count_lags(f);
  if (x->status != CLX_OK) return x->status;
  choose_unit(x);
  char start[CLX_TIME_TEXT];
  clx_time_write((double)x->start, true, start);
  x->m.project.unit = (double)x->unit;
  x->m.project.start = clx_arena_text(x->m.arena, start);
  add_resources(f);
  if (x->status == CLX_OK) clx_mspdi_add_tasks(f);
  if (x->status == CLX_OK) clx_mspdi_add_links(f);
  if (x->status != CLX_OK) return x->status;
  CLX_TRY(clx_project_maker_finish(&x->m, project, x->error));
  clx_mspdi_add_dates(f, project);
  const char **note = CLX_NEW_ARRAY(x->m.arena, const char *, x->note_count + 1);
  if (note == NULL || project->start == NULL) clx_mspdi_no_memory(x);
  if (x->status != CLX_OK) return x->status;
  memcpy(note, x->note, (size_t)x->note_count * sizeof *note);
  project->note = note;
  project->note_count = x->note_count;
  return clx_project_check(project, x->error);
}

clx_status clx_project_read_xml(const char *file, const char *data, size_t size, clx_arena *arena, clx_project *project,
                                clx_error *error) {
  clx_xml_element *root = NULL;
  CLX_TRY(clx_xml_read(arena, file, data, size, &root, error));
  if (strcmp(root->name, "Project") != 0)
    return clx_fail(
        error, CLX_INPUT, (clx_place){file, root->line, 0},
        "<%.40s> is no file of Microsoft Project, which begins with <Project>%s", root->name,
        strcmp(root->name, "APIBusinessObjects") == 0 ? " (this is Primavera's XML; save it as MS Project XML)" : "");
  clx_mspdi_file *f = CLX_NEW(arena, clx_mspdi_file);
  if (f == NULL) return clx_fail_plain(error, CLX_MEMORY, "schedule: out of memory for a project");
  const char *name = clx_xml_text(root, "Title");
  if (name == NULL) name = clx_xml_text(root, "Name");
  f->x = (clx_mspdi){.m = {.arena = arena, .project = {.name = name != NULL ? name : file}},
                     .file = file,
                     .error = error,
                     .root = root,
                     .common = CLX_MSPDI_DAY,
                     .unit = 60};
  return read_file(f, project);
}
