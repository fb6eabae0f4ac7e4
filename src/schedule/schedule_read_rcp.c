// Patterson's format (.rcp), as PSPLIB, RanGen and the OR&S collections give it.
#include <stdio.h>

#include "schedule/schedule_scan.h"

enum { RESOURCES_MAX = 1000 };
static const double DAY = 86400;  // s; the format has no unit, days are usual

static clx_status read_activity(clx_project_scan *s, clx_project_maker *m, int32_t number, int32_t count,
                                int32_t resources) {
  int64_t duration, amount, successors, next;
  char name[16];
  snprintf(name, sizeof name, "%d", number + 1);
  clx_project_add_activity(m, name);
  CLX_TRY(clx_project_scan_number(s, "the duration of an activity", 0, CLX_PROJECT_TIME_MAX, &duration));
  clx_project_add_mode(m, (int32_t)duration);
  for (int32_t r = 0; r < resources; r++) {
    CLX_TRY(clx_project_scan_number(s, "the demand of an activity", 0, CLX_PROJECT_AMOUNT_MAX, &amount));
    clx_project_add_use(m, r, amount);
  }
  CLX_TRY(clx_project_scan_number(s, "the number of successors of an activity", 0, count, &successors));
  for (int64_t k = 0; k < successors; k++) {
    CLX_TRY(clx_project_scan_number(s, "the number of a successor", 1, count, &next));
    clx_project_add_link(
        m,
        (clx_project_link){.from = number, .to = (int32_t)next - 1, .kind = CLX_PROJECT_FS, .most = CLX_PROJECT_NONE});
  }
  return CLX_OK;
}

clx_status clx_project_read_rcp(const char *file, const char *data, size_t size, clx_arena *arena, clx_project *project,
                                clx_error *error) {
  clx_project_maker m = {.arena = arena, .project = {.name = file, .unit = DAY}};
  clx_project_scan s = clx_project_scan_start(file, data, size, error);
  int64_t count, resources, capacity;
  CLX_TRY(clx_project_scan_number(&s, "the number of activities", 1, CLX_PROJECT_ACTIVITIES_MAX, &count));
  CLX_TRY(clx_project_scan_number(&s, "the number of resources", 0, RESOURCES_MAX, &resources));
  for (int32_t r = 0; r < resources; r++) {
    char name[16];
    snprintf(name, sizeof name, "R%d", r + 1);
    CLX_TRY(clx_project_scan_number(&s, "the capacity of a resource", 0, CLX_PROJECT_AMOUNT_MAX, &capacity));
    clx_project_add_resource(&m, name, false);
    clx_project_add_level(&m, 0, capacity);
  }
  for (int32_t i = 0; i < count; i++) CLX_TRY(read_activity(&s, &m, i, (int32_t)count, (int32_t)resources));
  clx_project_scan_blanks(&s);
  if (s.at < s.end)
    return clx_fail(error, CLX_INPUT, clx_project_scan_place(&s), "text after the last of %d activities", (int)count);
  CLX_TRY(clx_project_maker_finish(&m, project, error));
  return clx_project_check(project, error);
}
