/* What colossus does with measurements, its own and other people's: tables it predicts and is judged by, published cases, parameters
 * fitted from tables and logs, files of other programs. Part of <colossus/colossus.h>, which says what holds for all functions. */
#pragma once

#include <colossus/colossus.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- tables: predict and validate -------------------------------------------------------------------------------------- */
typedef struct clx_table_options { /* all members nullable */
  const char *device;              /* kernels: the device that was measured */
  const char *family;              /* kernels: the kernel family; default: by the file name */
  const char *by;                  /* validate groups by this column; default: the kind's own groups */
  const char *only_column;         /* validate only rows whose cell in this column is one of only_values */
  const char *only_values;         /* comma-separated */
  const char *peers; /* validate: a table of what other programs predict for rows by id (peer, case, id, predicted_s) */
  const char *library;   /* collectives: library profile of rows that name none; NULL = by the system, else nccl */
  bool notes;            /* collectives, serving: what was measured is also read from the columns source and notes */
  const char *runs;      /* requests: the table of their runs; default: FILE with _runs.csv instead of _requests.csv */
  const char *operators; /* requests: the table of operator times; default: the one that stands beside FILE */
  const char
      *scenario; /* requests: YAML with a section serving.engine that holds for all rows, instead of a table of runs */
  bool (*progress)(void *context, const char *step, double done); /* from row to row, as that of clx_power_options */
  void *context;
} clx_table_options;
/* Kinds of tables ("training", "kernels", "collectives", "energy", "serving", "requests"): name of kind i, NULL past the end. */
const char *clx_table_kind_name(int32_t index);
/* Kernel families ("gemm", "moe", ...): name of family i, NULL past the end. */
const char *clx_kernel_family_name(int32_t index);
/* Writes the CSV with predicted_*, status, reason and model_error columns to *text. options nullable.
 * CLX_EXPECTATION: `progress` said stop. */
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
/* Asks our models for every figure and compares, for people or as JSON. *failed: figures that lie outside
 * their tolerance. options nullable. CLX_INPUT: an unknown name, a mistake in a case. */
clx_status clx_cases_validate(const clx_catalog *catalog, const clx_case_options *options, char **text, int32_t *failed,
                              clx_error *error);

/* --- schedules: makespans against the best known -------------------------------------------------------------------------- */
typedef struct clx_schedule_validation {
  uint64_t seed;     /* default 1 */
  double seconds;    /* s of CPU time for each instance; default 10 */
  int64_t schedules; /* > 0: so many schedules of the genetic search alone instead */
  int32_t every;     /* only every n-th instance of a set; default 1 */
  const char *only;  /* nullable: sets, comma-separated ("J30,J60") */
  bool (*progress)(void *context, const char *step, double done); /* as that of clx_power_options */
  void *context;
} clx_schedule_validation;
void clx_schedule_validation_default(clx_schedule_validation *options);
/* Schedules the instances that DIRECTORY/best_known.csv (category, instance, bks) names and that are there, checks every plan and compares,
 * for people or as JSON. options nullable. CLX_INPUT: no such table, a mistake in an instance. */
clx_status clx_schedule_validate(const char *directory, const clx_schedule_validation *options, bool json, char **text,
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
/* Fits the kernel parameters of `device` to the tables DEVICE.FAMILY.csv of `directory`. *report (errors before and after, cross-
 * validated) and *entry (the catalogue/kernels file) are freed with clx_text_free, as are those of the functions below. */
clx_status clx_device_calibrate(const clx_catalog *catalog, const char *device, const char *directory,
                                const clx_calibrate_options *options, char **report, char **entry, clx_error *error);
/* Fits what a library profile costs between nodes (catalogue/library; options->transport NULL), or how a transport moves data, to
 * the rows of the table of collectives at `path` that ran on it; reports errors with each system left out in turn. */
clx_status clx_collectives_calibrate(const clx_catalog *catalog, const char *path, const clx_calibrate_options *options,
                                     char **report, char **entry, clx_error *error);
/* Fits the free constants of the training model to the published runs of the table at `path`, those of trust A and B where it has a
 * column `trust`; reports values, how far they are determined, errors with each source left out in turn. *entry: YAML comments. */
clx_status clx_training_calibrate(const clx_catalog *catalog, const char *path, const clx_calibrate_options *options,
                                  char **report, char **entry, clx_error *error);
/* Failure rates, repair times and hazards (catalogue/failures) from the log at `path`: a CSV of events and exposure, or the output of
 * Slurm's sacct -P (docs/model/reliability/calibration.md). CLX_INPUT: what cannot be read, with its line; no exposure, or one of 0. */
clx_status clx_reliability_calibrate(const clx_catalog *catalog, const char *path, const clx_calibrate_options *options,
                                     char **report, char **entry, clx_error *error);

/* --- import: files of others ------------------------------------------------------------------------------------------- */
/* A server's topology as NCCL dumps it (XML): *text describes it, for people or as JSON; *entry is an entry catalogue/server
 * called `name` in which lines that the file cannot fill stand open. */
clx_status clx_nccl_topology_import(const char *path, const char *name, bool json, char **text, char **entry,
                                    clx_error *error);
/* Chakra execution traces <prefix>.<rank>.et of all ranks from 0 (docs/model/training/replay.md): *text says what was read, with
 * `report` also what the replay leaves aside or adds; as JSON everything. `groups`: a comm_group.json, NULL = the one beside them, if any. */
clx_status clx_chakra_import(const char *prefix, const char *groups, bool report, bool json, char **text,
                             clx_error *error);
/* All members nullable. */
typedef struct clx_chakra_options {
  const char *groups;      /* as above */
  const char *compute;     /* "auto" (default), "recorded" times or the device's "roofline" */
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

#ifdef __cplusplus
}
#endif
