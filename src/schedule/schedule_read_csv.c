// A project as one table: calendars, resources, activities with their modes, and the links between them.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schedule/schedule_file.h"
#include "table/table.h"

typedef enum column {
  COLUMN_KIND,
  COLUMN_NAME,
  COLUMN_DURATION,
  COLUMN_PREDECESSORS,
  COLUMN_USES,
  COLUMN_RELEASE,
  COLUMN_DEADLINE,
  COLUMN_PHASE,
  COLUMN_CALENDAR,
  COLUMN_LEVELS,
  COLUMNS
} column;

static const char *const NAMES[COLUMNS + 1] = {"kind",     "name",  "duration", "predecessors", "uses", "release",
                                               "deadline", "phase", "calendar", "levels",       NULL};

typedef struct reader {
  clx_project_maker m;
  clx_table table;
  int32_t column[COLUMNS];
  clx_names activity, resource, calendar, phase;
  clx_error *error;
  clx_status status;
} reader;

static const char *cell(const reader *r, int32_t row, column c) { return clx_table_cell(&r->table, row, r->column[c]); }

static void wrong(reader *r, int32_t row, column c, const char *read, int32_t length, const char *expected) {
  const clx_status status =
      clx_fail(r->error, CLX_INPUT, (clx_place){r->table.file, r->table.line[row], 0}, "%s: read '%.*s', expected %s",
               NAMES[c], length < 60 ? length : 60, read, expected);
  if (r->status == CLX_OK) r->status = status;
}

// A name that another row should have; -1 and a mistake where none has.
static int32_t refer(reader *r, int32_t row, column c, const clx_names *names, const char *text, int32_t length) {
  const int32_t at = clx_names_find(names, text, (size_t)length);
  if (at >= 0) return at;
  char word[128];
  const int32_t copied = length < (int32_t)sizeof word - 1 ? length : (int32_t)sizeof word - 1;
  memcpy(word, text, (size_t)copied);
  word[copied] = '\0';
  const char *near = clx_nearest(word, names->name, names->count);
  char expected[256] = "the name of a row of that kind";
  if (near != NULL) snprintf(expected, sizeof expected, "the name of a row of that kind; did you mean '%.100s'?", near);
  wrong(r, row, c, text, length, expected);
  return -1;
}

static int64_t whole(reader *r, int32_t row, column c, const char *text, const char **end, int64_t least, int64_t most,
                     const char *expected) {
  char *stop;
  const long long value = strtoll(text, &stop, 10);
  if (stop == text || value < least || value > most) {
    wrong(r, row, c, text, (int32_t)strcspn(text, ";"), expected);
    *end = NULL;
    return 0;
  }
  *end = stop;
  return value;
}

// A cell that is one whole number; `otherwise` where it is empty.
static int32_t number(reader *r, int32_t row, column c, int32_t otherwise, const char *expected) {
  const char *text = cell(r, row, c), *end;
  if (text[0] == '\0') return otherwise;
  const int64_t value = whole(r, row, c, text, &end, 0, CLX_PROJECT_TIME_MAX, expected);
  if (end != NULL && *end != '\0') wrong(r, row, c, text, (int32_t)strlen(text), expected);
  return (int32_t)value;
}

// Items of a list with ';' between them: moves *at behind the item and returns its start, without blanks; NULL at the end.
static const char *next_item(const char **at, int32_t *length) {
  while (**at == ' ' || **at == ';') (*at)++;
  if (**at == '\0') return NULL;
  const char *start = *at;
  *length = (int32_t)strcspn(start, ";");
  *at = start + *length;
  while (*length > 0 && start[*length - 1] == ' ') (*length)--;
  return start;
}

static void add_levels(reader *r, int32_t row) {
  const char *at = cell(r, row, COLUMN_LEVELS), *item, *end;
  int32_t length;
  static const char expected[] = "UNIT:AMOUNT; UNIT:AMOUNT in order";
  while ((item = next_item(&at, &length)) != NULL) {
    const int64_t unit = whole(r, row, COLUMN_LEVELS, item, &end, 0, CLX_PROJECT_TIME_MAX, expected);
    if (end == NULL) return;
    if (*end != ':') {
      wrong(r, row, COLUMN_LEVELS, item, length, expected);
      return;
    }
    const int64_t amount = whole(r, row, COLUMN_LEVELS, end + 1, &end, 0, CLX_PROJECT_AMOUNT_MAX, expected);
    if (end == NULL) return;
    clx_project_add_level(&r->m, (int32_t)unit, amount);
  }
}

// "1111100" (units), then spans that differ: "; 24-48:0".
static void add_calendar(reader *r, int32_t row, const char *name) {
  const char *at = cell(r, row, COLUMN_LEVELS), *end;
  static const char expected[] = "units of work as 0 and 1 ('1111100'), then spans 'FROM-TO:0' or ':1'";
  int32_t length = 0;
  const char *item = next_item(&at, &length);
  bool *works = CLX_NEW_ARRAY(r->m.arena, bool, length + 1);
  if (works == NULL) {
    r->m.failed = true;
    return;
  }
  for (int32_t t = 0; t < length; t++) {
    works[t] = item[t] == '1';
    if (item[t] != '0' && item[t] != '1') length = 0;
  }
  if (length == 0) {
    wrong(r, row, COLUMN_LEVELS, cell(r, row, COLUMN_LEVELS), 40, expected);
    return;
  }
  clx_project_add_calendar(&r->m, name, works, length);
  while ((item = next_item(&at, &length)) != NULL) {
    const int64_t from = whole(r, row, COLUMN_LEVELS, item, &end, 0, CLX_PROJECT_TIME_MAX, expected);
    if (end == NULL || *end != '-') {
      if (end != NULL) wrong(r, row, COLUMN_LEVELS, item, length, expected);
      return;
    }
    const int64_t to = whole(r, row, COLUMN_LEVELS, end + 1, &end, 0, CLX_PROJECT_TIME_MAX, expected);
    if (end == NULL || end[0] != ':' || (end[1] != '0' && end[1] != '1')) {
      if (end != NULL) wrong(r, row, COLUMN_LEVELS, item, length, expected);
      return;
    }
    clx_project_add_span(&r->m, (int32_t)from, (int32_t)to, end[1] == '1');
  }
}

static int32_t calendar_of(reader *r, int32_t row) {
  const char *name = cell(r, row, COLUMN_CALENDAR);
  return name[0] == '\0' ? CLX_PROJECT_NONE : refer(r, row, COLUMN_CALENDAR, &r->calendar, name, (int32_t)strlen(name));
}

static void add_uses(reader *r, int32_t row) {
  const char *at = cell(r, row, COLUMN_USES), *item, *end;
  int32_t length;
  while ((item = next_item(&at, &length)) != NULL) {
    const char *colon = item + length;  // the last one: names may have others
    while (colon > item && *colon != ':') colon--;
    if (colon == item) {
      wrong(r, row, COLUMN_USES, item, length, "RESOURCE:AMOUNT; RESOURCE:AMOUNT");
      return;
    }
    const int32_t resource = refer(r, row, COLUMN_USES, &r->resource, item, (int32_t)(colon - item));
    const int64_t amount =
        whole(r, row, COLUMN_USES, colon + 1, &end, 0, CLX_PROJECT_AMOUNT_MAX, "an amount of a resource");
    if (resource < 0 || end == NULL) return;
    clx_project_add_use(&r->m, resource, amount);
  }
}

static void add_activity(reader *r, int32_t row, const char *name) {
  const int32_t before = r->activity.count, at = clx_names_add(r->m.arena, &r->activity, name, strlen(name));
  const bool same = at >= 0 && at < before;
  if (same && at != before - 1) {
    wrong(r, row, COLUMN_NAME, name, (int32_t)strlen(name), "modes of an activity in rows that follow each other");
    return;
  }
  if (at < 0) r->m.failed = true;
  if (!same) clx_project_add_activity(&r->m, name);
  clx_project_add_mode(&r->m, number(r, row, COLUMN_DURATION, 0, "a duration in whole units, 0 to 1000000"));
  add_uses(r, row);
  clx_project_activity *a = clx_project_maker_activity(&r->m, r->activity.count - 1);
  if (same || a == NULL) return;
  a->release = number(r, row, COLUMN_RELEASE, 0, "a unit of time from 0 on");
  a->deadline = number(r, row, COLUMN_DEADLINE, CLX_PROJECT_NONE, "a unit of time from 0 on");
  a->calendar = calendar_of(r, row);
  const char *phase = cell(r, row, COLUMN_PHASE);
  if (phase[0] != '\0') a->phase = clx_names_add(r->m.arena, &r->phase, phase, strlen(phase));
  if (a->phase < 0) r->m.failed = true;
}

// "NAME", "NAME FS+2", "NAME SS-1", "NAME FF+2..10": what follows the last blank is a link if it starts with the letters of one.
static void add_link(reader *r, int32_t row, int32_t to, const char *item, int32_t length) {
  static const char expected[] = "NAME, or NAME FS+2, SS, FF-1, SF+2..10 (least and most lag)";
  clx_project_link link = {.to = to, .kind = CLX_PROJECT_FS, .most = CLX_PROJECT_NONE};
  int32_t blank = length - 1;
  while (blank > 0 && item[blank] != ' ') blank--;
  const char *tail = item + blank + 1, *end = item + length;
  int32_t kind = -1;
  for (int32_t k = 0; k < CLX_PROJECT_LINKS && blank > 0 && end - tail >= 2; k++)
    if (strncmp(tail, clx_project_link_name[k], 2) == 0 && (end - tail == 2 || tail[2] == '+' || tail[2] == '-'))
      kind = k;
  int32_t name = length;
  if (kind >= 0) {
    link.kind = kind;
    name = blank;
    if (end - tail > 2) {
      const char *stop;
      link.least = (int32_t)whole(r, row, COLUMN_PREDECESSORS, tail + 2, &stop, -CLX_PROJECT_TIME_MAX,
                                  CLX_PROJECT_TIME_MAX, expected);
      if (stop == NULL) return;
      if (stop + 2 < end && stop[0] == '.' && stop[1] == '.') {
        link.most = (int32_t)whole(r, row, COLUMN_PREDECESSORS, stop + 2, &stop, -CLX_PROJECT_TIME_MAX,
                                   CLX_PROJECT_TIME_MAX, expected);
        if (stop == NULL) return;
      }
      if (stop != end) {
        wrong(r, row, COLUMN_PREDECESSORS, item, length, expected);
        return;
      }
    }
  }
  link.from = refer(r, row, COLUMN_PREDECESSORS, &r->activity, item, name);
  if (link.from >= 0) clx_project_add_link(&r->m, link);
}

static void add_links(reader *r, int32_t row) {
  const char *at = cell(r, row, COLUMN_PREDECESSORS), *item, *name = cell(r, row, COLUMN_NAME);
  const int32_t to = clx_names_find(&r->activity, name, strlen(name));
  int32_t length;
  while (to >= 0 && (item = next_item(&at, &length)) != NULL) add_link(r, row, to, item, length);
}

static bool is_kind(const reader *r, int32_t row, const char *kind) {
  return strcmp(cell(r, row, COLUMN_KIND), kind) == 0;
}

// The name, the seconds of a unit as duration, the date of unit 0 as levels.
static void read_project(reader *r, int32_t row) {
  const char *name = cell(r, row, COLUMN_NAME), *start = cell(r, row, COLUMN_LEVELS), *end;
  const char *text = cell(r, row, COLUMN_DURATION);
  double time;
  if (name[0] != '\0') r->m.project.name = clx_arena_text(r->m.arena, name);
  if (text[0] != '\0')
    r->m.project.unit = (double)whole(r, row, COLUMN_DURATION, text, &end, 1, INT32_MAX, "the seconds of a unit");
  if (start[0] == '\0') return;
  if (start[4 < strlen(start) ? 4 : 0] != '-' || !clx_time_read(start, &time))
    wrong(r, row, COLUMN_LEVELS, start, (int32_t)strlen(start), "the date of unit 0, such as 2024-04-24T08:00:00");
  r->m.project.start = clx_arena_text(r->m.arena, start);
  if (r->m.project.start == NULL || r->m.project.name == NULL) r->m.failed = true;
}

// What others refer to comes first, whatever the order of rows.
static void read_rows(reader *r) {
  const int32_t rows = r->table.row_count;
  for (int32_t row = 0; row < rows; row++) {
    static const char *const kinds[] = {"", "activity", "resource", "consumable", "calendar", "project"};
    bool known = false;
    for (int32_t k = 0; k < CLX_COUNT(kinds); k++) known = known || is_kind(r, row, kinds[k]);
    if (!known)
      wrong(r, row, COLUMN_KIND, cell(r, row, COLUMN_KIND), 40,
            "activity (or nothing), resource, consumable, calendar or project");
    const char *name = cell(r, row, COLUMN_NAME);
    if (is_kind(r, row, "project")) read_project(r, row);
    if (!is_kind(r, row, "calendar")) continue;
    if (clx_names_add(r->m.arena, &r->calendar, name, strlen(name)) < 0) r->m.failed = true;
    add_calendar(r, row, name);
  }
  for (int32_t row = 0; row < rows; row++) {
    const bool consumed = is_kind(r, row, "consumable");
    if (!consumed && !is_kind(r, row, "resource")) continue;
    const char *name = cell(r, row, COLUMN_NAME);
    if (clx_names_add(r->m.arena, &r->resource, name, strlen(name)) < 0) r->m.failed = true;
    const int32_t at = clx_project_add_resource(&r->m, name, consumed), calendar = calendar_of(r, row);
    clx_project_resource *of = clx_project_maker_resource(&r->m, at);
    if (of != NULL) of->calendar = calendar;
    add_levels(r, row);
  }
  for (int32_t row = 0; row < rows && r->status == CLX_OK; row++)
    if (is_kind(r, row, "") || is_kind(r, row, "activity")) add_activity(r, row, cell(r, row, COLUMN_NAME));
  for (int32_t row = 0; row < rows && r->status == CLX_OK; row++)
    if (is_kind(r, row, "") || is_kind(r, row, "activity")) add_links(r, row);
}

static void find_columns(reader *r) {
  for (int32_t c = 0; c < COLUMNS; c++) r->column[c] = clx_table_column(&r->table, NAMES[c]);
  for (int32_t k = 0; k < r->table.column_count; k++) {
    bool known = false;
    for (int32_t c = 0; c < COLUMNS; c++) known = known || strcmp(r->table.column[k], NAMES[c]) == 0;
    static const char *const others[] = {"notes", "start", "finish"};  // of people, and of a plan
    for (int32_t c = 0; c < CLX_COUNT(others); c++) known = known || strcmp(r->table.column[k], others[c]) == 0;
    if (known) continue;
    const char *near = clx_nearest(r->table.column[k], NAMES, COLUMNS);
    r->status = clx_fail(r->error, CLX_INPUT, (clx_place){r->table.file, 1, 0}, "no column '%s' is known%s%s%s",
                         r->table.column[k], near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
                         near != NULL ? "'?" : "");
  }
  if (r->column[COLUMN_NAME] < 0 || r->column[COLUMN_DURATION] < 0)
    r->status =
        clx_fail(r->error, CLX_INPUT, (clx_place){r->table.file, 1, 0}, "columns name and duration are expected");
}

clx_status clx_project_read_csv(const char *file, const char *data, size_t size, clx_arena *arena, clx_project *project,
                                clx_error *error) {
  static const double HOUR = 3600;
  reader r = {.m = {.arena = arena, .project = {.name = file, .unit = HOUR}}, .error = error};
  CLX_TRY(clx_table_read(arena, file, data, size, &r.table, error));
  find_columns(&r);
  if (r.status != CLX_OK) return r.status;
  read_rows(&r);
  if (r.status != CLX_OK) return r.status;
  r.m.project.phase = r.phase.name;
  r.m.project.phase_count = r.phase.count;
  CLX_TRY(clx_project_maker_finish(&r.m, project, error));
  return clx_project_check(project, error);
}
