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
/* An entry as text (every number with its source) or JSON. kind may be NULL when the name is unique over all kinds. */
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
/* Loads a shipped scenario by name or a file by path, applies `settings`, checks it against schema and catalogue, which must outlive it.
 * All mistakes (up to CLX_MISTAKES_MAX) are reported at once. */
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
/* Report for people (at most 30 lines) or everything as JSON. */
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
/* Such a result as a report for people, with the `top` inputs and changes that do most, and as SVG. */
clx_status clx_why_text(const clx_result *result, int32_t top, bool colour, char **text, clx_error *error);
clx_status clx_why_svg(const clx_result *result, int32_t top, char **text, clx_error *error);

/* --- network: a study of the fabric of a scenario ----------------------------------------------------------------------- */
typedef struct clx_network_options {
  /* Of permutations, placements and hashes of the patterns; 0 (default) = the scenario's network.seed. Collectives keep what placement
   * and hashing cost them when the scenario was loaded: for one seed of everything load it with the setting network.seed. */
  uint64_t seed;
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
/* Plays the schedule of rounds at `path` (YAML; docs/model/network/schedules.md) on the fabric of a scenario: a result whose
 * quantities begin with "schedule.". options nullable. */
clx_status clx_schedule_run(const clx_scenario *scenario, const char *path, const clx_network_options *options,
                            clx_result **out, clx_error *error);
/* Such a result as a report for people (about 40 lines), its table of links as CSV, the fabric as SVG. The drawing takes any result of the
 * scenario; links are grey where it holds no loads. */
clx_status clx_network_text(const clx_result *result, bool colour, char **text, clx_error *error);
clx_status clx_network_csv(const clx_result *result, char **text, clx_error *error);
clx_status clx_network_svg(const clx_scenario *scenario, const clx_result *result, char **text, clx_error *error);

/* --- search: the best layouts of a training job --------------------------------------------------------------------------- */
enum { CLX_SEARCH_COUNTS_MAX = 64, CLX_SEARCH_LIST_MAX = 100 };
typedef struct clx_search_options {
  const char *objective;    /* "time", "cost" or "energy", of one step; NULL = "time" */
  double price;             /* USD per GPU-hour, for "cost"; 0 = none */
  double memory_limit;      /* B of one GPU; 0 = what the device has */
  double time_limit;        /* s: slower steps are no results; 0 = none */
  int32_t top;              /* layouts to return, at most CLX_SEARCH_LIST_MAX; default 10 */
  const int64_t *gpus;      /* most GPUs a layout may use, ascending, one search each; NULL = all that train */
  int32_t gpus_count;       /* at most CLX_SEARCH_COUNTS_MAX */
  const clx_setting *fixed; /* keys of training.layout that are not searched: "tp", "8" */
  int32_t fixed_count;
  bool schedules;  /* also pipeline schedules that most frameworks lack: zb_h1, zb_v, dualpipe */
  bool exhaustive; /* evaluate everything that fits: the same result, slower */
  uint64_t seed;   /* of slow ranks; default 1, as of a run */
  void (*progress)(void *context, double done); /* nullable: done from 0 to 1 */
  void *context;
} clx_search_options;
/* Objectives ("time", "cost", "energy"): name i, NULL past the end. */
const char *clx_search_objective_name(int32_t index);
void clx_search_options_default(clx_search_options *options);
/* Searches the layouts of the scenario's job; its own layout is no bound, only compared with. A result whose quantities begin with
 * "search.". CLX_INFEASIBLE: nothing fits; `error` names the closest layout. CLX_INPUT: an unknown objective, a cost without a price,
 * more GPUs than train, a key that no layout has. Cost: seconds for 10^10 layouts. */
clx_status clx_search_run(const clx_scenario *scenario, const clx_search_options *options, clx_result **out,
                          clx_error *error);
/* Such a result as a report for people, the list and the front as CSV, memory against time as SVG. */
clx_status clx_search_text(const clx_result *result, bool colour, char **text, clx_error *error);
clx_status clx_search_csv(const clx_result *result, char **text, clx_error *error);
clx_status clx_search_svg(const clx_result *result, char **text, clx_error *error);

/* --- tables: predict and validate -------------------------------------------------------------------------------------- */
typedef struct clx_table_options { /* all members nullable */
  const char *device;              /* kernels: the device that was measured */
  const char *family;              /* kernels: the kernel family; default: by the file name */
  const char *by;                  /* validate groups by this column; default: the kind's own groups */
  const char *only_column;         /* validate only rows whose cell in this column is one of only_values */
  const char *only_values;         /* comma-separated */
  const char *peers; /* validate: a table of what other programs predict for rows by id (peer, case, id, predicted_s) */
  const char *library; /* collectives: library profile of rows that name none; NULL = by the system, else nccl */
  bool notes;          /* collectives: what was measured is also read from the columns source and notes */
} clx_table_options;
/* Kinds of tables ("training", "kernels", "collectives"): name of kind i, NULL past the end. */
const char *clx_table_kind_name(int32_t index);
/* Kernel families ("gemm", "moe", ...): name of family i, NULL past the end. */
const char *clx_kernel_family_name(int32_t index);
/* Writes the CSV with predicted_*, status, reason and model_error columns to *text. options nullable. */
clx_status clx_table_predict(const clx_catalog *catalog, const char *kind, const char *path,
                             const clx_table_options *options, char **text, clx_error *error);
/* Error figures against the measured columns, for people or as JSON. options nullable. */
clx_status clx_table_validate(const clx_catalog *catalog, const char *kind, const char *path,
                              const clx_table_options *options, bool json, char **text, clx_error *error);

/* --- cases: published and exact figures, each with a tolerance ---------------------------------------------------------- */
typedef struct clx_case_options {
  const char *const *names; /* folders, cases, paths of files or folders of one's own; NULL = all that are shipped */
  int32_t name_count;
  int32_t threads; /* of simulations; default 1; does not change the result */
  bool json;
} clx_case_options;

/* Shipped cases ("reliability/ettr_renewal"): writes the name of case i; false past the end. */
bool clx_case_name(int32_t index, char *name, size_t size);
void clx_case_options_default(clx_case_options *options);
/* Asks our models for every figure and compares, for people or as JSON (freed with clx_text_free). *failed: figures that lie outside
 * their tolerance. options nullable. CLX_INPUT: an unknown name, a mistake in a case. */
clx_status clx_cases_validate(const clx_catalog *catalog, const clx_case_options *options, char **text, int32_t *failed,
                              clx_error *error);

/* --- calibration: parameters from what was measured or counted ------------------------------------------------------------ */
typedef struct clx_calibrate_options {
  const char *families; /* comma-separated; NULL = all that have a table */
  const char *
      source; /* id of the source (sources.yaml) that the entry names; NULL = probe-DEVICE or own-tables, own-failure-log */
  int32_t rows;          /* rows a fit sees at most; 0 = default */
  int32_t threads;       /* default 1; does not change the result */
  bool json;             /* report as JSON */
  bool notes;            /* collectives: what was run is also read from the columns source and notes */
  const char *library;   /* collectives: library to fit; NULL = nccl */
  const char *transport; /* collectives: transport to fit instead of a library */
  const char *constants; /* training: comma-separated keys of the constants to fit; NULL = all that are free */
  const char *name;      /* reliability: of the entry; NULL = own_failures */
  const char *exposure;  /* reliability: CSV of the time at risk by node; NULL = in the log, or node_hours */
  double node_hours, gpus_per_node; /* reliability: exposure as a sum; 0 = not given */
  double confidence;                /* reliability: of intervals; 0 = 0.9 */
} clx_calibrate_options;
void clx_calibrate_options_default(clx_calibrate_options *options);
/* All four: *report says how good the fit is, *entry is the catalogue file (YAML); both are freed with clx_text_free.
 * Kernel parameters of `device` from the tables DEVICE.FAMILY.csv of `directory` (catalogue/kernels), cross-validated. */
clx_status clx_device_calibrate(const clx_catalog *catalog, const char *device, const char *directory,
                                const clx_calibrate_options *options, char **report, char **entry, clx_error *error);
/* What a library profile costs between nodes (catalogue/library; options->transport NULL), or how a transport moves data
 * (catalogue/transport), from the rows of the table of collectives at `path` that ran on it, each system left out in turn. */
clx_status clx_collectives_calibrate(const clx_catalog *catalog, const char *path, const clx_calibrate_options *options,
                                     char **report, char **entry, clx_error *error);
/* The free constants of the training model (catalogue/software, catalogue/device) from the published runs at `path`, those of trust A and B
 * where it has a column `trust`, each source left out in turn; *entry has the values as comments. */
clx_status clx_training_calibrate(const clx_catalog *catalog, const char *path, const clx_calibrate_options *options,
                                  char **report, char **entry, clx_error *error);
/* Failure rates, repair times and hazards (catalogue/failures) from the log at `path`: a CSV of events and exposure, or the output of
 * Slurm's sacct -P (docs/model/reliability/calibration.md). CLX_INPUT: what cannot be read, with its line; no exposure, or one of 0. */
clx_status clx_reliability_calibrate(const clx_catalog *catalog, const char *path, const clx_calibrate_options *options,
                                     char **report, char **entry, clx_error *error);

/* --- import: files of others ------------------------------------------------------------------------------------------- */
/* A server's topology as NCCL dumps it (XML): *text describes it, for people or as JSON; *entry is an entry catalogue/server
 * called `name` in which lines that the file cannot fill stand open. Both are freed with clx_text_free. */
clx_status clx_nccl_topology_import(const char *path, const char *name, bool json, char **text, char **entry,
                                    clx_error *error);
/* Chakra execution traces <prefix>.<rank>.et of all ranks from 0 (docs/model/training/replay.md): *text says what was read, with
 * `report` also what the replay leaves aside or adds; as JSON everything. `groups`: a comm_group.json, NULL = the one beside them, if any. */
clx_status clx_chakra_import(const char *prefix, const char *groups, bool report, bool json, char **text,
                             clx_error *error);
typedef struct clx_chakra_options { /* all members nullable */
  const char *groups;               /* as above */
  const char *compute;              /* "auto" (default), "recorded" times or the device's "roofline" */
  const char *recorded;    /* device on which the durations were recorded: they are rescaled to the scenario's */
  const char *precision;   /* of the roofline: "bf16" (default), "fp8" ... */
  bool recorded_transfers; /* transfers take their recorded time, too */
  bool rendezvous;         /* a send waits for its receive */
  bool alone;              /* transfers never share links */
  const char *trace_ranks; /* of the timeline, "0,8,512-519"; NULL = the first eight */
  const char *trace;       /* its format: "chrome", "perfetto" or "svg"; NULL = no timeline */
} clx_chakra_options;
/* Plays such traces on the device and network of a scenario: a result whose quantities begin with "replay.". *timeline (timeline_size
 * bytes and a final 0; NULL when none was asked for) is freed with clx_text_free. options, timeline nullable. */
clx_status clx_chakra_replay(const clx_scenario *scenario, const char *prefix, const clx_chakra_options *options,
                             clx_result **out, char **timeline, size_t *timeline_size, clx_error *error);
/* Such a result as a report for people. */
clx_status clx_chakra_text(const clx_result *result, bool colour, char **text, clx_error *error);

/* --- schema -------------------------------------------------------------------------------------------------------------- */
/* Reference of every key of a scenario (part NULL), of one catalogue kind or of a "schedule", as text or JSON Schema. */
clx_status clx_schema_show(const char *part, bool json, char **text, clx_error *error);

void clx_text_free(char *text); /* nullable */
const char *clx_version(void);  /* "0.1.0" */

#ifdef __cplusplus
}
#endif
