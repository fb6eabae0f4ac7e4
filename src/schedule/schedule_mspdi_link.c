// Links of MSPDI. Those of summary tasks are links of the tasks below them. A lag in working time is an activity of its own that works by the
// calendar of the later task: after the earlier task for a lag, up to it for a lead.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schedule/schedule_mspdi_task.h"

enum { LINKS_MAX = 1000000 };

static bool is_percent(int64_t format) { return format == 19 || format == 20 || format == 51 || format == 52; }

typedef struct lag {
  int64_t seconds;
  double percent;
  bool by_percent, elapsed;
} lag;

static void add(clx_mspdi_file *f, int32_t from, int32_t to, int32_t kind, int64_t least) {
  clx_mspdi *x = &f->x;
  if (least > CLX_PROJECT_TIME_MAX || least < -CLX_PROJECT_TIME_MAX) {
    clx_mspdi_wrong(x, NULL, "a lag of %lld units of %lld s, expected at most %d", (long long)least, (long long)x->unit,
                    CLX_PROJECT_TIME_MAX);
    return;
  }
  clx_project_add_link(&x->m, (clx_project_link){from, to, kind, (int32_t)least, CLX_PROJECT_NONE});
}

// The lag as an activity: ends.. finishes of the earlier task count, finishes: the finish of the later one.
static void add_wait(clx_mspdi_file *f, const clx_mspdi_task *from, const clx_mspdi_task *to, int32_t kind,
                     int64_t units) {
  clx_mspdi *x = &f->x;
  const bool ends = kind == CLX_PROJECT_FS || kind == CLX_PROJECT_FF;
  const bool finishes = kind == CLX_PROJECT_FF || kind == CLX_PROJECT_SF, lead = units < 0;
  if (units > CLX_PROJECT_TIME_MAX || units < -CLX_PROJECT_TIME_MAX) {
    add(f, 0, 0, kind, units);
    return;
  }
  const char *name = clx_arena_format(x->m.arena, "%s: %s > %s", lead ? "lead" : "lag", from->name, to->name);
  name = clx_mspdi_new_name(f, name, NULL, clx_xml_text(to->element, "UID"));
  if (name == NULL) return;
  const int32_t calendar = clx_mspdi_set_calendar(x, to->set), wait = clx_project_add_activity(&x->m, name);
  clx_project_add_mode(&x->m, (int32_t)(lead ? -units : units));
  clx_project_activity *a = clx_project_maker_activity(&x->m, wait);
  if (a == NULL) return;
  a->calendar = calendar;
  a->phase = clx_project_maker_activity(&x->m, to->activity)->phase;
  if (lead) {
    add(f, from->activity, wait, ends ? CLX_PROJECT_FF : CLX_PROJECT_SF, 0);
    add(f, wait, to->activity, finishes ? CLX_PROJECT_SF : CLX_PROJECT_SS, 0);
  } else {
    add(f, from->activity, wait, ends ? CLX_PROJECT_FS : CLX_PROJECT_SS, 0);
    add(f, wait, to->activity, finishes ? CLX_PROJECT_FF : CLX_PROJECT_FS, 0);
  }
}

static void add_pair(clx_mspdi_file *f, const clx_mspdi_task *from, const clx_mspdi_task *to, int32_t kind,
                     const lag *l) {
  clx_mspdi *x = &f->x;
  const int64_t seconds = l->by_percent ? (int64_t)((double)from->duration * l->percent / 100) : l->seconds;
  const int64_t units = clx_mspdi_up(x, seconds);
  if (units == 0 || l->elapsed || clx_mspdi_set_calendar(x, to->set) == CLX_PROJECT_NONE)
    add(f, from->activity, to->activity, kind, units);
  else
    add_wait(f, from, to, kind, units);
}

static bool read_lag(clx_mspdi *x, const clx_xml_element *e, lag *l) {
  const int64_t format = clx_mspdi_whole(x, e, "LagFormat", 7);
  const double value = (double)clx_mspdi_whole(x, e, "LinkLag", 0);
  *l = (lag){.by_percent = is_percent(format), .elapsed = clx_mspdi_is_elapsed(format)};
  l->percent = value;
  l->seconds = (int64_t)(value * 6);  // tenths of a minute
  return x->status == CLX_OK;
}

static bool within(const clx_mspdi_file *f, int32_t task, int32_t above) {
  for (int32_t k = task; k >= 0; k = f->task[k].parent)
    if (k == above) return true;
  return false;
}

static void expand(clx_mspdi_file *f, int32_t from, int32_t to, int32_t kind, const lag *l) {
  clx_mspdi *x = &f->x;
  const clx_mspdi_task *task = f->task;
  for (int32_t i = from; i < task[from].end; i++) {
    if (task[i].activity < 0) continue;
    for (int32_t j = to; j < task[to].end && x->status == CLX_OK; j++) {
      if (++f->links > LINKS_MAX) {
        clx_mspdi_wrong(x, task[to].element, "more than %d links between tasks below summary tasks", LINKS_MAX);
        return;
      }
      if (task[j].activity >= 0) add_pair(f, &task[i], &task[j], kind, l);
    }
  }
}

static void read_link(clx_mspdi_file *f, int32_t to, const clx_xml_element *e) {
  static const int32_t kinds[] = {CLX_PROJECT_FF, CLX_PROJECT_FS, CLX_PROJECT_SF, CLX_PROJECT_SS};
  clx_mspdi *x = &f->x;
  const char *uid = clx_xml_text(e, "PredecessorUID");
  const int64_t type = clx_mspdi_whole(x, e, "Type", 1);
  lag l;
  if (clx_mspdi_flag(x, e, "CrossProject")) {
    clx_mspdi_note(x, e, "task '%.80s': its link to another project is left out", f->task[to].name);
    return;
  }
  const int32_t from = uid != NULL ? clx_names_find(&f->task_uid, uid, strlen(uid)) : -1;
  if (from < 0) {
    clx_mspdi_wrong(x, e, "PredecessorUID: read '%.40s', expected the UID of a task of the file",
                    uid != NULL ? uid : "");
    return;
  }
  if (type < 0 || type >= CLX_COUNT(kinds)) {
    clx_mspdi_wrong(x, e, "Type of a link: read %lld, expected 0 (FF), 1 (FS), 2 (SF) or 3 (SS)", (long long)type);
    return;
  }
  if (!read_lag(x, e, &l) || f->task[from].skipped) return;
  const int32_t kind = kinds[type];
  const bool ends = kind == CLX_PROJECT_FS || kind == CLX_PROJECT_FF;
  const bool finishes = kind == CLX_PROJECT_FF || kind == CLX_PROJECT_SF;
  if (within(f, from, to) || within(f, to, from)) {
    clx_mspdi_wrong(x, e, "task '%.80s' is linked to a task above or below it, '%.80s'", f->task[to].name,
                    f->task[from].name);
    return;
  }
  if (f->task[to].summary && finishes) {
    clx_mspdi_wrong(x, e, "summary task '%.80s': a link to its finish; expected a link to one of the tasks below it",
                    f->task[to].name);
    return;
  }
  if (f->task[from].summary && !ends)
    clx_mspdi_note(x, e, "the link from the start of summary task '%.80s' counts from the last start below it",
                   f->task[from].name);
  expand(f, from, to, kind, &l);
}

// Lags take part in the choice of the unit.
static void count_lags(clx_mspdi_file *f, const clx_xml_element *task) {
  lag l;
  for (const clx_xml_element *e = task->first; (e = clx_xml_named(e, "PredecessorLink")) != NULL; e = e->next)
    if (read_lag(&f->x, e, &l) && !l.by_percent) clx_mspdi_common(&f->x, l.seconds);
}

void clx_mspdi_count_lags(clx_mspdi_file *f) {
  for (int32_t i = 0; i < f->task_count; i++)
    if (!f->task[i].skipped) count_lags(f, f->task[i].element);
}

void clx_mspdi_add_links(clx_mspdi_file *f) {
  for (int32_t i = 0; i < f->task_count; i++) {
    if (f->task[i].skipped) continue;
    for (const clx_xml_element *e = f->task[i].element->first;
         f->x.status == CLX_OK && (e = clx_xml_named(e, "PredecessorLink")) != NULL; e = e->next)
      read_link(f, i, e);
  }
}
