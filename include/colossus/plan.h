/* What a machine takes before it runs: projects and their plans, a build, deliveries, money. Part of <colossus/colossus.h>, which
 * says what holds for all functions. */
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

/* --- build: when how many GPUs of a machine can be used, and what decides it ------------------------------------------------ */
typedef struct clx_build_options {
  uint64_t seed;    /* default 1 */
  int32_t threads;  /* default 1; does not change the result */
  int32_t replicas; /* with chance, 0 (none) to 100,000; default 10,000 */
  double
      seconds; /* of CPU time for the plan of works under crews; 0 (default): a budget of work that gives the same on any machine */
  bool (*progress)(void *context, const char *step, double done); /* as that of clx_power_options */
  void *context;
} clx_build_options;
void clx_build_options_default(clx_build_options *options);
/* Builds the machine of a scenario: a result whose quantities begin with "buildout.", dates in s from the start of the section `buildout`,
 * each with its P10 and P90. options nullable. CLX_INPUT: a scenario without that section, replicas out of range. CLX_INFEASIBLE: power,
 * cooling, room, network or deliveries that never suffice for the fleet, works that no plan fits; `error` names what is missing.
 * CLX_EXPECTATION: `progress` said stop. Cost: the step of the training job once (power of a GPU), seconds for a plan of hundreds of works
 * under crews, then about 20 us a replica for 20 works. */
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

/* --- supply: orders, deliveries, what to order ---------------------------------------------------------------------------- */
typedef struct clx_order_options {
  uint64_t seed;    /* of lead times, stops and events; default 1 */
  int32_t replicas; /* 1 to 100,000; 0 (default) = supply.replicas */
  bool plan;        /* also what to order: needs supply.plan */
  bool
      cbc; /* also solve that plan by COIN-OR Cbc (builds with it; minutes from 8 makers, 16 periods, 100 scenarios on) */
  bool strict; /* an order that cannot be filled by its date is CLX_INFEASIBLE, not a warning */
  bool (*progress)(void *context, const char *step, double done); /* as that of clx_power_options */
  void *context;
} clx_order_options;
void clx_order_options_default(clx_order_options *options);
/* Studies the section `supply` of a scenario: deliveries by week, dates, money, each event with and without, a second source: a result
 * whose quantities begin with "supply.". options nullable. CLX_INPUT: a scenario without the section, `plan` without supply.plan, a
 * product without a price. CLX_INFEASIBLE: with `strict`, an order that nobody can fill in time, with what would help; a plan whose
 * budget is too small. Cost: about 0.1 ms a replica of ten orders and a hundred weeks, twice that for each event. */
clx_status clx_order_run(const clx_scenario *scenario, const clx_order_options *options, clx_result **out,
                         clx_error *error);
/* The same demand alone: CLX_OK where all orders with a date can be filled by it without chance, or where none has one.
 * CLX_INPUT: a scenario without the section. */
clx_status clx_order_check(const clx_scenario *scenario, clx_error *error);
/* Such a result for people; as a page around the drawings (HTML); a table ("deliveries", "orders", "events", "plan") as CSV; a drawing
 * ("deliveries", "shares") as SVG. */
clx_status clx_order_text(const clx_result *result, bool colour, char **text, clx_error *error);
clx_status clx_order_html(const clx_result *result, char **text, clx_error *error);
clx_status clx_order_csv(const clx_result *result, const char *table, char **text, clx_error *error);
clx_status clx_order_svg(const clx_result *result, const char *drawing, char **text, clx_error *error);

/* --- cost: what a machine costs to build and to run, and whether to build, rent, both or wait ------------------------------- */
typedef struct clx_cost_options {
  uint64_t seed;    /* default 1 */
  int32_t threads;  /* default 1; does not change the result */
  int32_t replicas; /* draws of the bands, 1 to 1,000,000; default 10,000 */
  bool (*progress)(void *context, const char *step, double done); /* as that of clx_power_options */
  void *context;
} clx_cost_options;
void clx_cost_options_default(clx_cost_options *options);
/* Runs a scenario and counts its money: a result whose quantities begin with "cost.", each with its 5th and 95th percentile. options
 * nullable. CLX_INPUT: a scenario without the section `cost`, replicas out of range; beside these the errors of a run. Cost: about
 * 0.1 ms a draw of a plan of ten items over five years, beside that of the run. */
clx_status clx_cost_run(const clx_scenario *scenario, const clx_cost_options *options, clx_result **out,
                        clx_error *error);
/* Such a result for people; as a page of tables (HTML) around the drawings; a table ("months", "capital", "courses") as CSV; a drawing
 * ("cash", "capital", "courses") as SVG. */
clx_status clx_cost_text(const clx_result *result, bool colour, char **text, clx_error *error);
clx_status clx_cost_html(const clx_result *result, char **text, clx_error *error);
clx_status clx_cost_csv(const clx_result *result, const char *table, char **text, clx_error *error);
clx_status clx_cost_svg(const clx_result *result, const char *drawing, char **text, clx_error *error);

#ifdef __cplusplus
}
#endif
