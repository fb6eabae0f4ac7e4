/* colossus: a digital twin and planner of AI supercomputers. The whole public interface.
 *
 * Life of a problem: clx_catalog_open -> clx_scenario_load -> clx_scenario_run -> read the result -> free in any order. What can fail
 * returns a clx_status and, where the caller passes one, fills a clx_error (zero it first with clx_error_clear). Texts that come back are
 * freed with clx_text_free. The library never prints, exits, reads the environment or opens a socket. Values are SI: s, W, J, B, B/s,
 * FLOP, K, USD. All functions are thread-safe as long as no object is shared between threads. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- status and errors ------------------------------------------------------------------------------------------ */
#define CLX_STATUS_LIST(X)                                \
  X(CLX_OK, "done")                                       \
  X(CLX_INFEASIBLE, "the scenario cannot be carried out") \
  X(CLX_INPUT, "the input is wrong")                      \
  X(CLX_EXPECTATION, "an expectation was not met")        \
  X(CLX_INTERNAL, "a fault of colossus")                  \
  X(CLX_MEMORY, "out of memory")                          \
  X(CLX_FILE, "a file could not be read or written")
typedef enum clx_status {
#define CLX_STATUS_ENUM(code, text) code,
  CLX_STATUS_LIST(CLX_STATUS_ENUM)
#undef CLX_STATUS_ENUM
} clx_status;
/* A sentence for a status. Never NULL. */
const char *clx_status_text(clx_status status);

enum { CLX_MISTAKES_MAX = 20 };
/* One mistake in what the user wrote. line and column start at 1, 0 = no place. */
typedef struct clx_mistake {
  char file[256];
  int32_t line, column;
  char text[512];
} clx_mistake;
typedef struct clx_error {
  clx_status status; /* of the first mistake */
  int32_t count;     /* filled entries of mistake */
  int32_t dropped;   /* further mistakes that found no room */
  clx_mistake mistake[CLX_MISTAKES_MAX];
} clx_error;
void clx_error_clear(clx_error *error);

/* --- catalogue: devices, servers, racks, switches, links, models, software profiles ------------------------------- */
typedef struct clx_catalog clx_catalog;
/* Opens the built-in catalogue (directory NULL), or the built-in one with the entries of `directory` in front. */
clx_status clx_catalog_open(const char *directory, clx_catalog **out, clx_error *error);
void clx_catalog_close(clx_catalog *catalog);
/* Kinds ("device", "server", ...): name of kind i, NULL past the end. */
const char *clx_catalog_kind(int32_t index);
/* Canonical entry names of a kind, sorted: name i, NULL past the end or for an unknown kind. */
const char *clx_catalog_name(const clx_catalog *catalog, const char *kind, int32_t index);
/* An entry as text (every number with its source) or JSON. kind NULL: the name is unique over all kinds. */
clx_status clx_catalog_show(const clx_catalog *catalog, const char *kind, const char *name, bool json, char **text,
                            clx_error *error);

/* --- scenario ------------------------------------------------------------------------------------------------------ */
typedef struct clx_scenario clx_scenario;
/* One `--set KEY=VALUE`: a dotted path and a YAML value. */
typedef struct clx_setting {
  const char *path;
  const char *value;
} clx_setting;
/* Names of the shipped scenarios: name i, NULL past the end; *title (nullable) gets its one-line title. */
const char *clx_scenario_name(int32_t index, const char **title);
/* Loads a shipped scenario by name or a file by path, applies `settings`, checks it against schema and catalogue, which must
 * outlive the scenario. All mistakes (up to CLX_MISTAKES_MAX) are reported at once. */
clx_status clx_scenario_load(const clx_catalog *catalog, const char *name_or_path, const clx_setting *settings,
                             int32_t setting_count, clx_scenario **out, clx_error *error);
/* The same, but a layout that cannot run is no error and counts as none: clx_search_run says beside its results why not. */
clx_status clx_scenario_load_open(const clx_catalog *catalog, const char *name_or_path, const clx_setting *settings,
                                  int32_t setting_count, clx_scenario **out, clx_error *error);
void clx_scenario_free(clx_scenario *scenario);
/* What the scenario assumes where the public record is silent: assumption i as key and reason; false past the end. */
bool clx_scenario_assumption(const clx_scenario *scenario, int32_t index, const char **key, const char **why);

/* --- run and result -------------------------------------------------------------------------------------------------- */
typedef struct clx_result clx_result;
typedef struct clx_run_options {
  uint64_t seed;   /* key of the counter-based random numbers; default 1 */
  int32_t threads; /* default 1 */
} clx_run_options;
void clx_run_options_default(clx_run_options *options);
/* Runs a scenario. CLX_INFEASIBLE: it does not fit; `error` names the binding constraint and the closest layout that fits. */
clx_status clx_scenario_run(const clx_scenario *scenario, const clx_run_options *options, clx_result **out,
                            clx_error *error);
void clx_result_free(clx_result *result);
typedef struct clx_quantity {
  const char *name; /* "training.step_time" */
  double value;     /* SI */
  const char *unit; /* "s", "W", "" */
  double low, high; /* band; equal to value where none is known */
  const char *doc;
} clx_quantity;
int32_t clx_result_count(const clx_result *result);
const clx_quantity *clx_result_at(const clx_result *result, int32_t index);
const clx_quantity *clx_result_find(const clx_result *result, const char *name); /* NULL when absent */
/* Report for people (at most 42 lines) or everything as JSON. */
clx_status clx_result_text(const clx_result *result, bool colour, char **text, clx_error *error);
clx_status clx_result_json(const clx_result *result, char **text, clx_error *error);
/* The ratios of two results, for people or as JSON. */
clx_status clx_result_compare(const clx_result *a, const clx_result *b, bool json, char **text, clx_error *error);

/* --- timelines ----------------------------------------------------------------------------------------------------------- */
/* One training step as a timeline of chosen ranks ("0,8,512-519"; NULL = the first rank of every pipeline stage): format "chrome"
 * (JSON) or "perfetto" (protobuf), both for ui.perfetto.dev, or "svg". *data (size bytes and a final 0) is freed with clx_text_free. */
clx_status clx_scenario_trace(const clx_scenario *scenario, const clx_run_options *options, const char *ranks,
                              const char *format, char **data, size_t *size, clx_error *error);

/* --- why a step takes as long as it does ---------------------------------------------------------------------------------- */
/* Runs the training job of a scenario, then asks of every number and of every single change of layout or software what it does to the
 * step: a result whose quantities begin with "training." and "why.". options nullable. Errors: those of a run. */
clx_status clx_why_run(const clx_scenario *scenario, const clx_run_options *options, clx_result **out,
                       clx_error *error);
/* Such a result for people, with the `top` inputs and changes that do most, and as SVG. */
clx_status clx_why_text(const clx_result *result, int32_t top, bool colour, char **text, clx_error *error);
clx_status clx_why_svg(const clx_result *result, int32_t top, char **text, clx_error *error);

/* --- network: a study of the fabric of a scenario ----------------------------------------------------------------------- */
typedef struct clx_network_options {
  uint64_t
      seed; /* of permutations, placements and hashes of the patterns; 0 (default) = the scenario's network.seed. Collectives
                    keep what placement and hashing cost them when the scenario was loaded: load it with the setting network.seed */
  const char *traffic; /* whose load of links is kept; NULL = "jobs" if the scenario has others, else "permutation" */
  void (*progress)(void *context, const char *step); /* nullable: called before each step */
  void *context;
} clx_network_options;
/* Traffic ("permutation", "ring", "all_to_all", "jobs"): name i, NULL past the end. */
const char *clx_network_traffic_name(int32_t index);
void clx_network_options_default(clx_network_options *options);
/* Bill of material, bisection, rates of patterns and collectives, one failure of every kind, load of links: a result whose
 * quantities begin with "network.". CLX_INFEASIBLE: failed parts cut servers off; `error` names them. */
clx_status clx_network_run(const clx_scenario *scenario, const clx_network_options *options, clx_result **out,
                           clx_error *error);
/* Plays the schedule of rounds at `path` (YAML; docs/model/network/schedules.md): quantities "schedule.". options nullable. */
clx_status clx_schedule_run(const clx_scenario *scenario, const char *path, const clx_network_options *options,
                            clx_result **out, clx_error *error);
/* Such a result as a report for people, its table of links as CSV, the fabric as SVG. The
 * drawing takes any result of the scenario; links are grey where it holds no loads. */
clx_status clx_network_text(const clx_result *result, bool colour, char **text, clx_error *error);
clx_status clx_network_csv(const clx_result *result, char **text, clx_error *error);
clx_status clx_network_svg(const clx_scenario *scenario, const clx_result *result, char **text, clx_error *error);

/* --- goodput: the training job under failures, one policy against another ------------------------------------------------- */
enum { CLX_GOODPUT_POLICIES_MAX = 8 };
typedef struct clx_goodput_options {
  uint64_t seed;                                /* default 1 */
  int32_t threads;                              /* default 1; does not change the result */
  int32_t replications;                         /* 0 (default) = those of the first scenario */
  bool (*progress)(void *context, double done); /* nullable: done from 0 to 1; false = stop with CLX_EXPECTATION */
  void *context;
} clx_goodput_options;
void clx_goodput_options_default(clx_goodput_options *options);
/* Ready policies ("restart", "standby" ...): name i, NULL past the end; *doc (nullable) says what it is. */
const char *clx_goodput_policy_name(int32_t index, const char **doc);
/* Loads a scenario as clx_scenario_load does, under a policy "NAME", "NAME,KEY=VALUE ..." or "KEY=VALUE ...", KEY below
 * `reliability.`; NULL = its own. CLX_INPUT, too: an unknown policy, a scenario without the section `reliability`. */
clx_status clx_goodput_load(const clx_catalog *catalog, const char *name_or_path, const clx_setting *settings,
                            int32_t setting_count, const char *policy, clx_scenario **out, clx_error *error);
/* Simulates one scenario under up to CLX_GOODPUT_POLICIES_MAX policies on the same failures: a result whose quantities begin with
 * "goodput." and "reliability.curve.". A policy that cannot make progress is reported, unless it is the only one. */
clx_status clx_goodput_run(const clx_scenario *const *scenario, const char *const *name, int32_t count,
                           const clx_goodput_options *options, clx_result **out, clx_error *error);
/* Such a result for people; a table ("ledger", "progress", "curves") as CSV; a drawing ("goodput", "progress", "size", "interval",
 * "ledger") as SVG. */
clx_status clx_goodput_text(const clx_result *result, bool colour, char **text, clx_error *error);
clx_status clx_goodput_csv(const clx_result *result, const char *table, char **text, clx_error *error);
clx_status clx_goodput_svg(const clx_result *result, const char *drawing, char **text, clx_error *error);

/* --- power: what a site draws, from the GPUs to the point of connection ----------------------------------------------------- */
typedef enum clx_power_event { CLX_POWER_STEADY, CLX_POWER_START, CLX_POWER_STOP, CLX_POWER_SAG } clx_power_event;
typedef struct clx_power_options {
  uint64_t seed;     /* of failures and of jobs that know nothing of each other; default 1 */
  int32_t threads;   /* default 1; does not change the result */
  double window;     /* s of the waveform; 0 (default) = a few steps */
  double resolution; /* s of one of its samples; 0 (default) = the scenario's */
  clx_power_event
      event;   /* within the window: the job starts, stops at once, or the grid's voltage sags; default steady */
  bool design; /* also the smallest battery and power floor that satisfy power.limits */
  bool year;   /* also a run over power.horizon (default a year): energy, sources, battery, cost, emissions */
  bool (*progress)(void *context, const char *step,
                   double done); /* nullable: done from 0 to 1 of a named step; false = stop
                                                                     with CLX_EXPECTATION */
  void *context;
} clx_power_options;
/* Names of events ("steady", "start", "stop", "sag"): name i, NULL past the end. */
const char *clx_power_event_name(int32_t index);
void clx_power_options_default(clx_power_options *options);
/* Studies the power of a scenario: a result whose quantities begin with "power.". options nullable. CLX_INFEASIBLE: demand above
 * every source; `error` names the missing W and the hour. CLX_INPUT: a window of less than eight or more than 10^8 samples,
 * `design` without power.limits. */
clx_status clx_power_run(const clx_scenario *scenario, const clx_power_options *options, clx_result **out,
                         clx_error *error);
/* Such a result for people; as a page of tables (HTML) around the drawings; a table ("waveform", "spectrum", "chain", "checks", "year",
 * "design") as CSV; a drawing ("waveform", "spectrum", "chain", "year", "design") as SVG. */
clx_status clx_power_text(const clx_result *result, bool colour, char **text, clx_error *error);
clx_status clx_power_html(const clx_result *result, char **text, clx_error *error);
clx_status clx_power_csv(const clx_result *result, const char *table, char **text, clx_error *error);
clx_status clx_power_svg(const clx_result *result, const char *drawing, char **text, clx_error *error);

/* --- cooling: from cold plates to the outside air, through a year of weather and after a trip -------------------------------- */
enum { CLX_COOLING_TRIPS_MAX = 16, CLX_COOLING_SUPPLIES_MAX = 8 };
/* What stops, or comes back. */
typedef struct clx_cooling_trip {
  const char *kind; /* "pump", "cdu", "chiller", "unit", "power", "restore", "load" */
  const char *of;   /* loop whose pumps stop, NULL = the racks'; or unit, NULL = the first of that kind */
  double count;     /* pumps of each such loop, or units; 0 = all. load: the share that the racks draw from then on */
  double at;        /* s; in any order */
} clx_cooling_trip;
typedef struct clx_cooling_options {
  uint64_t seed;                /* default 1 */
  int32_t threads;              /* default 1; does not change the result */
  bool year;                    /* also hours of a year of weather: PUE, water, hours above limits */
  bool design;                  /* also the smallest plant that holds the supply temperature through the design day */
  const clx_cooling_trip *trip; /* also the minutes after these; NULL = those of the scenario, if any */
  int32_t trip_count;           /* at most CLX_COOLING_TRIPS_MAX */
  double outside;               /* K of dry bulb at the trip; 0 (default) = the scenario's, else the design day's */
  const double *compare;        /* K: supply temperatures to compare over the year; NULL = none */
  int32_t compare_count;        /* at most CLX_COOLING_SUPPLIES_MAX */
  bool (*progress)(void *context, const char *step, double done); /* as that of clx_power_options */
  void *context;
} clx_cooling_options;
/* Kinds of trips ("pump", "cdu", "chiller", "unit", "power", "restore", "load"): name i, NULL past the end. */
const char *clx_cooling_trip_name(int32_t index);
void clx_cooling_options_default(clx_cooling_options *options);
/* Studies the cooling of a scenario: a result whose quantities begin with "cooling.". options nullable. CLX_INFEASIBLE: a plant that
 * cannot reject its heat; `error` names the missing W and the hour. CLX_INPUT: a scenario without cooling, a trip of something that the
 * plant does not have, or that brings back what has not stopped, `outside` without a trip, a temperature outside 223 to 373 K. */
clx_status clx_cooling_run(const clx_scenario *scenario, const clx_cooling_options *options, clx_result **out,
                           clx_error *error);
/* Such a result for people; as a page of tables (HTML) around the drawings; a table ("plant", "year", "trip", "compare") as CSV; a
 * drawing ("plant", "year", "duration", "trip", "compare") as SVG. */
clx_status clx_cooling_text(const clx_result *result, bool colour, char **text, clx_error *error);
clx_status clx_cooling_html(const clx_result *result, char **text, clx_error *error);
clx_status clx_cooling_csv(const clx_result *result, const char *table, char **text, clx_error *error);
clx_status clx_cooling_svg(const clx_result *result, const char *drawing, char **text, clx_error *error);
/* Flows and pressures of the network of pipes at `path` (YAML; docs/model/cooling/hydraulics.md): quantities "network."; for people. */
clx_status clx_cooling_network_run(const clx_catalog *catalog, const char *path, clx_result **out, clx_error *error);
clx_status clx_cooling_network_text(const clx_result *result, bool colour, char **text, clx_error *error);

/* --- search: the best layouts of a training job, the best way through failures -------------------------------------------- */
enum { CLX_SEARCH_COUNTS_MAX = 64, CLX_SEARCH_LIST_MAX = 100 };
typedef struct clx_search_options {
  const char *objective; /* "time", "cost" or "energy" of one step, NULL = "time"; "goodput": policies, not layouts */
  double price;          /* USD per GPU-hour, for "cost"; 0 = none */
  double memory_limit;   /* B of one GPU; 0 = what the device has */
  double time_limit;     /* s: slower steps are no results; 0 = none */
  int32_t top;           /* layouts to return, at most CLX_SEARCH_LIST_MAX; default 10 */
  const int64_t *gpus;   /* most GPUs a layout may use, ascending, one search each; NULL = all that train */
  int32_t gpus_count;    /* at most CLX_SEARCH_COUNTS_MAX */
  const clx_setting *fixed; /* keys of training.layout that are not searched: "tp", "8" */
  int32_t fixed_count;
  bool schedules;       /* also pipeline schedules that most frameworks lack: zb_h1, zb_v, dualpipe */
  bool exhaustive;      /* evaluate everything that fits: the same result, slower */
  uint64_t seed;        /* of slow ranks and failures; default 1, as of a run */
  int32_t threads;      /* of the objective goodput; default 1; does not change the result */
  int32_t replications; /* of the objective goodput; 0 (default) = the scenario's */
  void (*progress)(void *context, double done); /* nullable: done from 0 to 1 */
  void *context;
} clx_search_options;
/* Objectives ("time", "cost", "energy", "goodput"): name i, NULL past the end. */
const char *clx_search_objective_name(int32_t index);
void clx_search_options_default(clx_search_options *options);
/* Searches the layouts of the scenario's job; its own layout is no bound, only compared with. A result whose quantities begin
 * with "search.". CLX_INFEASIBLE: nothing fits; `error` names the layout that is closest. CLX_INPUT: an unknown objective, a
 * cost without a price, more GPUs than train, a key that no layout has. Cost: seconds for 10^10 layouts. "goodput" keeps the layout
 * and searches policy, checkpoints and spares of its section `reliability` (docs/model/reliability/search.md). */
clx_status clx_search_run(const clx_scenario *scenario, const clx_search_options *options, clx_result **out,
                          clx_error *error);
/* Such a result for people, the list and the front as CSV, memory against time as SVG. */
clx_status clx_search_text(const clx_result *result, bool colour, char **text, clx_error *error);
clx_status clx_search_csv(const clx_result *result, char **text, clx_error *error);
clx_status clx_search_svg(const clx_result *result, char **text, clx_error *error);

/* --- schema -------------------------------------------------------------------------------------------------------------- */
/* Reference of every key of a scenario (part NULL), of one catalogue kind or of a "schedule", as text or JSON Schema. */
clx_status clx_schema_show(const char *part, bool json, char **text, clx_error *error);
void clx_text_free(char *text); /* nullable */
const char *clx_version(void);  /* "0.1.0" */

#ifdef __cplusplus
}
#endif

#include <colossus/measurements.h>
#include <colossus/plan.h>
#include <colossus/serve.h>
