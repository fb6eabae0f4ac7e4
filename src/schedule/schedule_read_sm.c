// PSPLIB's format (.sm, .mm; Kolisch and Sprecher 1996): lines of headings, then precedence, requests and durations, availabilities.
#include <stdio.h>
#include <string.h>

#include "schedule/schedule_scan.h"

enum { RESOURCES_MAX = 1000, MODES_MAX = 1000 };
static const double DAY = 86400;  // s; the format has no unit, days are usual

typedef struct sm {
  clx_project_scan scan;
  clx_project_maker maker;
  int64_t jobs, renewable, nonrenewable;
  int64_t *modes;  // [jobs]
} sm;

// Moves to the first line from here on that contains `text`; where it is, behind the text.
static clx_status find(sm *s, const char *text) {
  const size_t length = strlen(text);
  do {
    const char *line = memchr(s->scan.at, '\n', (size_t)(s->scan.end - s->scan.at));
    const char *end = line != NULL ? line : s->scan.end;
    for (const char *t = s->scan.at; t + length <= end; t++) {
      if (memcmp(t, text, length) != 0) continue;
      s->scan.at = t + length;
      return CLX_OK;
    }
  } while (clx_project_scan_next_line(&s->scan));
  return clx_fail(s->scan.error, CLX_INPUT, clx_project_scan_place(&s->scan), "the file has no line '%s'", text);
}

static clx_status read_after(sm *s, const char *text, int64_t least, int64_t most, int64_t *value) {
  CLX_TRY(find(s, text));
  const char *colon = memchr(s->scan.at, ':', (size_t)(s->scan.end - s->scan.at));
  const char *line = memchr(s->scan.at, '\n', (size_t)(s->scan.end - s->scan.at));
  if (colon != NULL && (line == NULL || colon < line)) s->scan.at = colon + 1;
  return clx_project_scan_number(&s->scan, text, least, most, value);
}

static clx_status read_precedence(sm *s) {
  int64_t job, successors, next;
  CLX_TRY(find(s, "PRECEDENCE RELATIONS"));
  clx_project_scan_next_line(&s->scan);
  clx_project_scan_next_line(&s->scan);  // the heading of the columns
  for (int32_t i = 0; i < s->jobs; i++) {
    CLX_TRY(clx_project_scan_number(&s->scan, "the number of a job, in order", i + 1, i + 1, &job));
    CLX_TRY(clx_project_scan_number(&s->scan, "the number of modes", 1, MODES_MAX, &s->modes[i]));
    CLX_TRY(clx_project_scan_number(&s->scan, "the number of successors", 0, s->jobs, &successors));
    for (int64_t k = 0; k < successors; k++) {
      CLX_TRY(clx_project_scan_number(&s->scan, "the number of a successor", 1, s->jobs, &next));
      clx_project_add_link(
          &s->maker,
          (clx_project_link){.from = i, .to = (int32_t)next - 1, .kind = CLX_PROJECT_FS, .most = CLX_PROJECT_NONE});
    }
  }
  return CLX_OK;
}

// Past the heading and the line of dashes below it.
static clx_status skip_rule(sm *s) {
  CLX_TRY(find(s, "REQUESTS/DURATIONS"));
  CLX_TRY(find(s, "-----"));
  clx_project_scan_next_line(&s->scan);
  return CLX_OK;
}

static clx_status read_requests(sm *s) {
  int64_t job, mode, duration, amount;
  CLX_TRY(skip_rule(s));
  for (int32_t i = 0; i < s->jobs; i++) {
    char name[16];
    snprintf(name, sizeof name, "%d", i + 1);
    CLX_TRY(clx_project_scan_number(&s->scan, "the number of a job, in order", i + 1, i + 1, &job));
    clx_project_add_activity(&s->maker, name);
    for (int64_t m = 1; m <= s->modes[i]; m++) {
      CLX_TRY(clx_project_scan_number(&s->scan, "the number of a mode, in order", m, m, &mode));
      CLX_TRY(clx_project_scan_number(&s->scan, "the duration of a job", 0, CLX_PROJECT_TIME_MAX, &duration));
      clx_project_add_mode(&s->maker, (int32_t)duration);
      for (int32_t r = 0; r < s->renewable + s->nonrenewable; r++) {
        CLX_TRY(clx_project_scan_number(&s->scan, "the request of a job", 0, CLX_PROJECT_AMOUNT_MAX, &amount));
        clx_project_add_use(&s->maker, r, amount);
      }
    }
  }
  return CLX_OK;
}

static clx_status read_availabilities(sm *s) {
  int64_t amount;
  CLX_TRY(find(s, "RESOURCEAVAILABILITIES"));
  clx_project_scan_next_line(&s->scan);
  clx_project_scan_next_line(&s->scan);  // the names
  for (int32_t r = 0; r < s->renewable + s->nonrenewable; r++) {
    char name[24];
    const bool consumed = r >= s->renewable;
    snprintf(name, sizeof name, "%c%d", consumed ? 'N' : 'R', (int)(consumed ? r - s->renewable : r) + 1);
    CLX_TRY(clx_project_scan_number(&s->scan, "an availability", 0, CLX_PROJECT_AMOUNT_MAX, &amount));
    clx_project_add_resource(&s->maker, name, consumed);
    clx_project_add_level(&s->maker, 0, amount);
  }
  return CLX_OK;
}

clx_status clx_project_read_sm(const char *file, const char *data, size_t size, clx_arena *arena, clx_project *project,
                               clx_error *error) {
  sm s = {.scan = clx_project_scan_start(file, data, size, error),
          .maker = {.arena = arena, .project = {.name = file, .unit = DAY}}};
  int64_t doubly;
  CLX_TRY(read_after(&s, "jobs", 1, CLX_PROJECT_ACTIVITIES_MAX, &s.jobs));
  CLX_TRY(read_after(&s, "- renewable", 0, RESOURCES_MAX, &s.renewable));
  CLX_TRY(read_after(&s, "- nonrenewable", 0, RESOURCES_MAX, &s.nonrenewable));
  CLX_TRY(read_after(&s, "- doubly constrained", 0, 0, &doubly));
  s.modes = CLX_NEW_ARRAY(arena, int64_t, s.jobs);
  if (s.modes == NULL) return clx_fail_plain(error, CLX_MEMORY, "schedule: out of memory for %d jobs", (int)s.jobs);
  CLX_TRY(read_precedence(&s));
  CLX_TRY(read_requests(&s));
  CLX_TRY(read_availabilities(&s));
  CLX_TRY(clx_project_maker_finish(&s.maker, project, error));
  return clx_project_check(project, error);
}
