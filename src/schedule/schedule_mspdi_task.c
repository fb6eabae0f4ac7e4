// Tasks of MSPDI: the outline, working times, activities, constraints.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schedule/schedule_mspdi_task.h"

enum { LEVELS_MAX = 100 };

// What the plan does not take over, said once for all tasks.
static void note_all(clx_mspdi_file *f, int32_t begun, int32_t manual, int32_t inactive, int32_t levelled) {
  clx_mspdi *x = &f->x;
  if (begun > 0) clx_mspdi_note(x, NULL, "progress is not read: %d tasks that have begun are planned anew", begun);
  if (manual > 0) clx_mspdi_note(x, NULL, "%d tasks planned by hand are planned as the others", manual);
  if (inactive > 0) clx_mspdi_note(x, NULL, "%d inactive tasks are left out, with their links", inactive);
  if (levelled > 0)
    clx_mspdi_note(x, NULL, "delays by levelling of %d tasks are left out: the plan levels anew", levelled);
}

// Durations in elapsed time: "ed" and the like have even numbers below 21, and 32 more when they are estimates.
bool clx_mspdi_is_elapsed(int64_t format) {
  const int64_t f = format >= 35 ? format - 32 : format;
  return f == 4 || f == 6 || f == 8 || f == 10 || f == 12 || f == 20;
}

static void read_task(clx_mspdi_file *f, const clx_xml_element *e, clx_mspdi_task *t) {
  clx_mspdi *x = &f->x;
  const char *name = clx_xml_text(e, "Name");
  const int64_t level = clx_mspdi_whole(x, e, "OutlineLevel", 1);
  *t = (clx_mspdi_task){.element = e, .name = name != NULL ? name : "", .parent = -1, .activity = -1, .set = -1};
  if (level < 0 || level > LEVELS_MAX)
    clx_mspdi_wrong(x, e, "OutlineLevel: read %lld, expected 0 to %d", (long long)level, LEVELS_MAX);
  t->level = (int32_t)level;
  t->skipped = clx_mspdi_flag(x, e, "IsNull") || level == 0;
  if (!t->skipped && name == NULL) t->name = clx_arena_format(x->m.arena, "task %s", clx_xml_text(e, "UID"));
  if (t->name == NULL) clx_mspdi_no_memory(x);
}

static void make_outline(clx_mspdi_file *f) {
  int32_t open[LEVELS_MAX + 1], depth = 0;
  for (int32_t i = 0; i < f->task_count; i++) {
    clx_mspdi_task *t = &f->task[i];
    t->end = i + 1;
    if (t->skipped) continue;
    while (depth > 0 && f->task[open[depth - 1]].level >= t->level) depth--;
    t->parent = depth > 0 ? open[depth - 1] : -1;
    for (int32_t k = 0; k < depth; k++) {
      f->task[open[k]].summary = true;
      f->task[open[k]].end = i + 1;
    }
    if (depth <= LEVELS_MAX) open[depth++] = i;
  }
}

void clx_mspdi_read_tasks(clx_mspdi_file *f) {
  clx_mspdi *x = &f->x;
  const clx_xml_element *list = clx_xml_child(x->root, "Tasks"), *e;
  int32_t count = 0, begun = 0, manual = 0, inactive = 0, levelled = 0;
  for (e = list != NULL ? list->first : NULL; (e = clx_xml_named(e, "Task")) != NULL; e = e->next) count++;
  if (count > CLX_PROJECT_ACTIVITIES_MAX) {
    clx_mspdi_wrong(x, list, "%d tasks, expected at most %d", count, CLX_PROJECT_ACTIVITIES_MAX);
    return;
  }
  f->task = CLX_NEW_ARRAY(x->m.arena, clx_mspdi_task, count + 1);
  if (f->task == NULL) {
    clx_mspdi_no_memory(x);
    return;
  }
  for (e = list != NULL ? list->first : NULL; (e = clx_xml_named(e, "Task")) != NULL; e = e->next) {
    const char *uid = clx_xml_text(e, "UID"), *active = clx_xml_text(e, "Active");
    const int32_t before = f->task_uid.count;
    if (uid == NULL) {
      clx_mspdi_wrong(x, e, "a Task has no UID");
      return;
    }
    const int32_t at = clx_names_add(x->m.arena, &f->task_uid, uid, strlen(uid));
    if (at < 0) clx_mspdi_no_memory(x);
    if (at >= 0 && at < before) clx_mspdi_wrong(x, e, "two tasks have the UID %.40s", uid);
    if (x->status != CLX_OK) return;
    clx_mspdi_task *t = &f->task[f->task_count++];
    read_task(f, e, t);
    if (t->skipped) continue;
    if (active != NULL && strcmp(active, "0") == 0) {
      t->skipped = true;
      inactive++;
      continue;
    }
    begun += clx_xml_text(e, "ActualStart") != NULL && strcmp(clx_xml_text(e, "ActualStart"), "NA") != 0;
    manual += clx_mspdi_flag(x, e, "Manual");
    levelled += clx_mspdi_whole(x, e, "LevelingDelay", 0) != 0;
    if (clx_mspdi_flag(x, e, "ExternalTask") || clx_mspdi_flag(x, e, "IsSubproject"))
      clx_mspdi_note(x, e, "task '%.80s' stands for another project, which is not read", t->name);
  }
  make_outline(f);
  note_all(f, begun, manual, inactive, levelled);
}

// --- working times -------------------------------------------------------------------------------------------------------------------------

static void set_task(clx_mspdi_file *f, clx_mspdi_task *t, bool *mixed) {
  clx_mspdi *x = &f->x;
  int32_t calendars[CLX_MSPDI_SET + 2], count = 0;
  const int32_t own = clx_mspdi_calendar_of(x, t->element, "CalendarUID");
  const bool elapsed = clx_mspdi_is_elapsed(clx_mspdi_whole(x, t->element, "DurationFormat", 7));
  const bool alone = elapsed || (own >= 0 && clx_mspdi_flag(x, t->element, "IgnoreResourceCalendar"));
  if (own >= 0 && !elapsed) calendars[count++] = own;
  for (const clx_mspdi_assignment *a = t->assignment; a != NULL; a = a->next) {
    if (a->resource->type != CLX_MSPDI_WORK) continue;
    if (alone) a->resource->ignored = true;
    bool there = alone || a->resource->calendar < 0;
    for (int32_t k = 0; k < count && !there; k++) there = calendars[k] == a->resource->calendar;
    if (there) continue;
    if (count > CLX_MSPDI_SET) {
      clx_mspdi_wrong(x, t->element, "task '%.80s': resources with more than %d calendars", t->name, CLX_MSPDI_SET);
      return;
    }
    *mixed = *mixed || (count > 0 && calendars[0] != own);
    calendars[count++] = a->resource->calendar;
  }
  if (count == 0 && !elapsed) calendars[count++] = f->calendar;
  t->set = clx_mspdi_set_of(x, calendars, count);
}

void clx_mspdi_set_tasks(clx_mspdi_file *f) {
  clx_mspdi *x = &f->x;
  bool mixed = false;
  for (int32_t k = 0; k < f->resource_count && x->status == CLX_OK; k++) {
    clx_mspdi_resource *r = &f->resource[k];
    r->set = !r->empty && r->type == CLX_MSPDI_WORK ? clx_mspdi_set_of(x, &r->calendar, 1) : -1;
  }
  for (int32_t i = 0; i < f->task_count && x->status == CLX_OK; i++) {
    clx_mspdi_task *t = &f->task[i];
    int64_t time;
    if (t->skipped) continue;
    if (clx_mspdi_date(x, t->element, "ConstraintDate", &time) && clx_mspdi_is_time(time) &&
        clx_mspdi_whole(x, t->element, "ConstraintType", 0) >= 2)
      clx_mspdi_common(x, time - x->start);
    if (clx_mspdi_date(x, t->element, "Deadline", &time) && clx_mspdi_is_time(time))
      clx_mspdi_common(x, time - x->start);
    if (t->summary) continue;
    if (!clx_mspdi_duration(x, t->element, "Duration", &t->duration)) t->duration = 0;
    if (x->status == CLX_OK && clx_xml_text(t->element, "Duration") == NULL &&
        !clx_mspdi_flag(x, t->element, "Milestone"))
      clx_mspdi_note(x, t->element, "task '%.80s' has no Duration: counted as 0", t->name);
    clx_mspdi_common(x, t->duration);
    set_task(f, t, &mixed);
  }
  if (mixed) clx_mspdi_note(x, NULL, "a task whose resources have different calendars works when all of them do");
}

// --- activities ----------------------------------------------------------------------------------------------------------------------------

const char *clx_mspdi_new_name(clx_mspdi_file *f, const char *name, const char *above, const char *uid) {
  clx_arena *arena = f->x.m.arena;
  for (int32_t k = 0; name != NULL; k++) {
    const int32_t before = f->activity_name.count, at = clx_names_add(arena, &f->activity_name, name, strlen(name));
    if (at < 0) break;
    if (at == before) return name;
    name = k == 0 && above != NULL && above[0] != '\0' ? clx_arena_format(arena, "%s / %s", above, name)
                                                       : clx_arena_format(arena, "%s (UID %s)", name, uid);
  }
  clx_mspdi_no_memory(&f->x);
  return NULL;
}

// The summary task of outline depth `depth` (0 = outermost) above a task; -1 = none.
static int32_t above_at(const clx_mspdi_file *f, int32_t task, int32_t depth) {
  int32_t chain[LEVELS_MAX + 1], count = 0;
  for (int32_t k = f->task[task].parent; k >= 0 && count <= LEVELS_MAX; k = f->task[k].parent) chain[count++] = k;
  return depth < count ? chain[count - 1 - depth] : -1;
}

// The outermost level on which tasks differ: a single summary task around everything is the project, not a phase. -1 = no phases.
static int32_t phase_depth(const clx_mspdi_file *f) {
  for (int32_t depth = 0; depth <= LEVELS_MAX; depth++) {
    int32_t first = -2;
    bool differ = false, deeper = false;
    for (int32_t i = 0; i < f->task_count && !differ; i++) {
      if (f->task[i].skipped || f->task[i].summary) continue;
      const int32_t above = above_at(f, i, depth);
      differ = first != -2 && above != first;
      first = above;
      deeper = deeper || above >= 0;
    }
    if (differ) return depth;
    if (!deeper) return depth > 0 ? depth - 1 : -1;
  }
  return -1;
}

static void add_uses(clx_mspdi_file *f, const clx_mspdi_task *t) {
  for (const clx_mspdi_assignment *a = t->assignment; a != NULL; a = a->next) {
    if (a->resource->number < 0) continue;
    bool earlier = false;
    double units = 0;
    for (const clx_mspdi_assignment *b = t->assignment; b != NULL; b = b->next) {
      if (b->resource == a->resource) units += b->units;
      if (b == a) earlier = units > a->units;
    }
    if (earlier) continue;  // counted with the first one of that resource
    const double scaled = units * a->resource->scale;
    const int64_t amount = (int64_t)(scaled + 0.5);
    if (amount > CLX_PROJECT_AMOUNT_MAX)
      clx_mspdi_wrong(&f->x, t->element, "task '%.80s': %g of '%.80s', expected at most %d", t->name, units,
                      a->resource->name, CLX_PROJECT_AMOUNT_MAX / a->resource->scale);
    else
      clx_project_add_use(&f->x.m, a->resource->number, amount);
  }
}

void clx_mspdi_add_tasks(clx_mspdi_file *f) {
  clx_mspdi *x = &f->x;
  clx_names phase = {0};
  const int32_t depth = phase_depth(f);
  for (int32_t i = 0; i < f->task_count && x->status == CLX_OK; i++) {
    clx_mspdi_task *t = &f->task[i];
    if (t->skipped || t->summary) continue;
    const char *uid = clx_xml_text(t->element, "UID"), *above = t->parent >= 0 ? f->task[t->parent].name : NULL;
    const char *name = clx_mspdi_new_name(f, t->name, above, uid);
    if (name == NULL) return;
    t->activity = clx_project_add_activity(&x->m, name);
    const int64_t duration = clx_mspdi_up(x, t->duration);
    if (duration > CLX_PROJECT_TIME_MAX) {
      clx_mspdi_wrong(x, t->element, "task '%.80s': a Duration of %lld units of %lld s, expected at most %d", t->name,
                      (long long)duration, (long long)x->unit, CLX_PROJECT_TIME_MAX);
      return;
    }
    clx_project_add_mode(&x->m, (int32_t)duration);
    add_uses(f, t);
    const int32_t calendar = duration > 0 ? clx_mspdi_set_calendar(x, t->set) : CLX_PROJECT_NONE;
    clx_project_activity *a = clx_project_maker_activity(&x->m, t->activity);
    if (a == NULL) return;
    a->calendar = calendar;
    const int32_t top = depth >= 0 ? above_at(f, i, depth) : -1;
    const char *group = top >= 0 ? f->task[top].name : "other tasks";
    if (depth >= 0) a->phase = clx_names_add(x->m.arena, &phase, group, strlen(group));
    if (a->phase < 0) clx_mspdi_no_memory(x);
  }
  x->m.project.phase = phase.name;
  x->m.project.phase_count = phase.count;
}

// --- dates ---------------------------------------------------------------------------------------------------------------------------------

enum { SOON, LATE, START_ON, FINISH_ON, START_NOT_BEFORE, START_NOT_AFTER, FINISH_NOT_BEFORE, FINISH_NOT_AFTER };

// The first unit from which `work` units of work end at `finish` or later.
static int64_t start_for(const clx_project *p, int32_t calendar, int64_t finish, int32_t work) {
  int64_t start = finish - (work > 0);
  for (int64_t done = 0; start > 0 && work > 0; start--) {
    done += clx_project_works(p, calendar, (int32_t)start - 1);
    if (done >= work) break;
  }
  return start > 0 ? start : 0;
}

static void not_before(clx_project_activity *a, int64_t unit) {
  const int64_t most = CLX_PROJECT_TIME_MAX + 1;  // which the check refuses
  if (unit > a->release) a->release = (int32_t)(unit < most ? unit : most);
}

static void not_after(clx_mspdi *x, const clx_xml_element *at, clx_project_activity *a, int64_t unit) {
  if (unit < 0) clx_mspdi_wrong(x, at, "activity '%.80s' is due before the start of the project", a->name);
  if (unit > CLX_PROJECT_TIME_MAX || unit < 0) return;
  if (a->deadline == CLX_PROJECT_NONE || unit < a->deadline) a->deadline = (int32_t)unit;
}

// What the constraint and the deadline of `from`, the task itself or one above it, say of an activity.
static void add_date(clx_mspdi_file *f, const clx_project *p, const clx_mspdi_task *from, clx_project_activity *a) {
  clx_mspdi *x = &f->x;
  const clx_xml_element *e = from->element, *place = clx_xml_child(e, "ConstraintType");
  int64_t time, type = clx_mspdi_whole(x, e, "ConstraintType", SOON);
  const int32_t work = a->mode[0].duration;
  if (type < SOON || type > FINISH_NOT_AFTER)
    clx_mspdi_wrong(x, place, "ConstraintType: read %lld, expected 0 to 7", (long long)type);
  if (type >= START_ON && !clx_mspdi_date(x, e, "ConstraintDate", &time))
    clx_mspdi_wrong(x, place, "task '%.80s': a ConstraintType of %lld without a ConstraintDate", from->name,
                    (long long)type);
  if (x->status != CLX_OK) return;
  if (type >= START_ON) {
    const int64_t up = clx_mspdi_up(x, time - x->start), down = clx_mspdi_down(x, time - x->start);
    const int64_t most = up < CLX_PROJECT_TIME_MAX ? up : CLX_PROJECT_TIME_MAX;
    if (type == START_ON || type == START_NOT_BEFORE) not_before(a, up);
    if (type == FINISH_ON || type == FINISH_NOT_BEFORE) not_before(a, start_for(p, a->calendar, most, work));
    if (type == FINISH_ON || type == FINISH_NOT_AFTER) not_after(x, place, a, down);
    if (type == START_ON || type == START_NOT_AFTER) {
      const bool far = down > CLX_PROJECT_TIME_MAX;
      const int32_t end = far || down < 0 ? -1 : clx_project_finish(p, a->calendar, (int32_t)down, work);
      if (!far && (down < 0 || end >= 0)) not_after(x, place, a, end);
    }
  }
  if (clx_mspdi_date(x, e, "Deadline", &time) && clx_mspdi_is_time(time))
    not_after(x, clx_xml_child(e, "Deadline"), a, clx_mspdi_down(x, time - x->start));
}

void clx_mspdi_add_dates(clx_mspdi_file *f, const clx_project *p) {
  clx_mspdi *x = &f->x;
  int32_t late = 0;
  for (int32_t i = 0; i < f->task_count && x->status == CLX_OK; i++) {
    const clx_mspdi_task *t = &f->task[i];
    if (!t->skipped) late += clx_mspdi_whole(x, t->element, "ConstraintType", SOON) == LATE;
    if (t->activity < 0) continue;
    clx_project_activity *a = clx_project_maker_activity(&x->m, t->activity);
    for (int32_t k = i; k >= 0 && a != NULL && x->status == CLX_OK; k = f->task[k].parent)
      add_date(f, p, &f->task[k], a);
  }
  if (late > 0) clx_mspdi_note(x, NULL, "%d tasks are to be done as late as possible: planned as the others", late);
}
