/* Plans: projects from files of other programs, planned under their resources, and written again. Part of <colossus/colossus.h>, which says
 * what holds for all functions. */
#pragma once

#include <colossus/colossus.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- a project from a file, and its plan ---------------------------------------------------------------------------------- */
typedef struct clx_timetable clx_timetable;
typedef struct clx_timetable_options {
  uint64_t seed;   /* default 1 */
  double seconds;  /* of CPU time; 0 (default): budgets of work that give the same plan on any machine */
  int32_t samples; /* of uncertain durations, up to 10^8; 0 (default) = none */
  double low,
      high; /* every duration lies between these times the planned one, likely at it (PERT); default 0.8 and 1.5, assumed */
  int32_t threads; /* of the samples; default 1; does not change the result */
} clx_timetable_options;
void clx_timetable_options_default(clx_timetable_options *options);
/* Reads the project at `path` by its ending: .rcp, .txt (Patterson), .sm, .mm (PSPLIB), .csv, .xml (Microsoft Project), and plans it.
 * options nullable. CLX_INPUT: mistakes with their lines. CLX_INFEASIBLE: no plan; `error` names the cycle, the chain of lags, the
 * resource or the deadline that binds. docs/model/schedule_formats.md. Cost: seconds up to some 100 activities. */
clx_status clx_timetable_make(const char *path, const clx_timetable_options *options, clx_timetable **out,
                              clx_error *error);
void clx_timetable_free(clx_timetable *plan);
/* Quantities "plan.makespan", "plan.bound", "plan.gap", "plan.p80" ..., what the file says that the plan does not as warnings. Lives as
 * long as the plan. */
const clx_result *clx_timetable_result(const clx_timetable *plan);
/* For people; as a file ("csv", "json", "xml" of Microsoft Project); a drawing ("gantt", "s-curve": with samples only) as SVG. */
clx_status clx_timetable_text(const clx_timetable *plan, bool colour, char **text, clx_error *error);
clx_status clx_timetable_write(const clx_timetable *plan, const char *format, char **text, clx_error *error);
clx_status clx_timetable_svg(const clx_timetable *plan, const char *drawing, char **text, clx_error *error);

#ifdef __cplusplus
}
#endif
