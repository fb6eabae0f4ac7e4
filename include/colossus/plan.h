/* What a machine takes before it runs. Part of <colossus/colossus.h>, which says what holds for all functions. */
#pragma once

#include <colossus/colossus.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- build: when how many GPUs of a machine can be used, and what decides it ------------------------------------------------ */
typedef struct clx_build_options {
  uint64_t seed;    /* default 1 */
  int32_t threads;  /* default 1; does not change the result */
  int32_t replicas; /* with chance, 0 (none) to 100,000; default 10,000 */
} clx_build_options;
void clx_build_options_default(clx_build_options *options);
/* Builds the machine of a scenario: a result whose quantities begin with "buildout.", dates in s from the start of the section `buildout`,
 * each with its P10 and P90. options nullable. CLX_INPUT: a scenario without that section, replicas out of range. CLX_INFEASIBLE: power,
 * cooling, room, network or deliveries that never suffice for the fleet, works that no plan fits; `error` names what is missing. Cost: the
 * step of the training job once (power of a GPU), then about 20 us a replica for 20 works. */
clx_status clx_build_run(const clx_scenario *scenario, const clx_build_options *options, clx_result **out,
                         clx_error *error);
/* Such a result for people; as a page of tables (HTML) around the drawings; a table ("gpus", "works", "drivers", "causes") as CSV; a
 * drawing ("gantt", "gpus", "curve", "tornado") as SVG. */
clx_status clx_build_text(const clx_result *result, bool colour, char **text, clx_error *error);
clx_status clx_build_html(const clx_result *result, char **text, clx_error *error);
clx_status clx_build_csv(const clx_result *result, const char *table, char **text, clx_error *error);
clx_status clx_build_svg(const clx_result *result, const char *drawing, char **text, clx_error *error);
/* The works and a plan of them without chance, for other programs: "csv", "json", or "xml" of Microsoft Project. options nullable. */
clx_status clx_build_write(const clx_scenario *scenario, const clx_build_options *options, const char *format,
                           char **text, clx_error *error);

#ifdef __cplusplus
}
#endif
