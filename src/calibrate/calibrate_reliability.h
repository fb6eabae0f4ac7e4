// calibrate: failure rates from the user's own log: what happened (events) and how much was at risk (exposure).
#pragma once

#include "base/base.h"
#include "reliability/reliability.h"

// --- the log ---------------------------------------------------------------------------------------------------------------

// What a name in the log is. A cause can be repaired; a symptom (an NCCL timeout) is how some cause showed; an outcome (a job that
// failed) is what became of the job. Only causes make failure classes without doubt; outcomes are never counted among them.
typedef enum clx_log_role { CLX_LOG_CAUSE, CLX_LOG_SYMPTOM, CLX_LOG_OUTCOME, CLX_LOG_ROLES } clx_log_role;

extern const char *const clx_log_role_name[CLX_LOG_ROLES + 1];

typedef struct clx_log_class {
  const char *name;   // of the entry: small letters, digits, '_'
  const char *title;  // as the log has it
  int32_t cause;      // clx_failure_cause
  int32_t role;       // clx_log_role
  int32_t line;       // where it is first seen
} clx_log_class;

// NAN or -1: the log does not say.
typedef struct clx_log_event {
  int32_t kind;   // index of the class
  int32_t unit;   // -1 = not known
  double time;    // s
  double count;   // events of the row
  double age;     // s in service
  double repair;  // s
  int32_t stopped, transient;
  int32_t position;
  bool ends;  // the exposure of its unit ends with it
  int32_t line;
} clx_log_event;

// A time in which a unit (or `count` equal ones) was at risk.
typedef struct clx_log_span {
  int32_t unit;
  double from, to;    // s
  double count;       // equal units
  double gpus;        // of one unit; -1 = not known
  double in_service;  // s; NAN = not known
  int32_t position;   // -1 = not known
  bool alone;         // an event of this span can only be this unit's (sacct: a job on one node)
  int32_t line;
} clx_log_span;

enum { CLX_LOG_CLASSES_MAX = 256 };

typedef struct clx_failure_log {
  const char *file, *span_file;  // of events, of exposure
  clx_log_class kind[CLX_LOG_CLASSES_MAX];
  int32_t kinds;
  clx_names units;
  clx_log_event *event;
  int32_t event_count, event_capacity;
  clx_log_span *span;
  int32_t span_count, span_capacity;
  double node_time, gpu_time;  // s; gpu_time 0 = not known
  double from, to;             // s: what the log covers, NAN = not known
  bool spans_known;            // exposure by unit and time, not only a sum
  bool ages_known;
  bool units_told;  // events name their unit
  clx_buffer note;  // sentences, one a line: what was left out, doubted or not done, and why
} clx_failure_log;

// Where exposure comes from beside the log itself; all members 0 or NULL: from rows of the log.
typedef struct clx_log_exposure {
  const char *path;      // CSV of exposure rows
  double node_time;      // s, all nodes together
  double gpus_per_node;  // 0 = not known
} clx_log_exposure;

// Reads a CSV of events, and of exposure where `exposure` names none; columns in docs/model/reliability/calibration.md. Names of
// columns may be common synonyms. Mistakes (CLX_INPUT) name line, column and value, up to CLX_MISTAKES_MAX at once; no exposure, or one
// of 0, is a mistake. *log must be zero; its note is freed with clx_buffer_free whatever comes back.
clx_status clx_failure_log_read(clx_arena *arena, const char *file, const char *data, size_t size,
                                const clx_log_exposure *exposure, clx_failure_log *log, clx_error *error);

// For other readers: adds, then finishes (sorts, adds up exposure, finds ages, leaves out events without exposure).
// The number of a class by the log's word for it, -1 with an error when there are too many. `cause` < 0: from the word.
int32_t clx_failure_log_kind(clx_arena *arena, clx_failure_log *log, const char *word, int32_t cause, clx_place place,
                             clx_error *error);
clx_status clx_failure_log_event(clx_arena *arena, clx_failure_log *log, const clx_log_event *event, clx_error *error);
clx_status clx_failure_log_span(clx_arena *arena, clx_failure_log *log, const clx_log_span *span, clx_error *error);
clx_status clx_failure_log_finish(clx_arena *arena, clx_failure_log *log, clx_error *error);

// What the words of logs mean.
void clx_log_word(const char *word, int32_t *cause, int32_t *role);

// --- fits ------------------------------------------------------------------------------------------------------------------

// Events over exposure. Exact: Garwood's interval of the Poisson mean. Posterior: Gamma(events + 1/2, exposure), Jeffreys' prior.
typedef struct clx_rate_fit {
  double events, exposure;    // s
  double rate, low, high;     // 1/s
  double mean, lower, upper;  // posterior
} clx_rate_fit;

void clx_rate_fit_make(double events, double exposure, double confidence, clx_rate_fit *fit);

enum { CLX_AGE_STEPS_MAX = 12 };

// Hazard (k / s)(a / s)^(k - 1) at age a, by maximum likelihood: every event ends or interrupts a life, lives may begin before they
// are seen and end after.
typedef struct clx_weibull_fit {
  bool found;
  double shape, low, high;  // of the shape: profile likelihood
  double scale;             // s
  double events;
  double p_constant;  // of the likelihood ratio against shape 1
  double p_fit;       // of chi-square against the steps by age; NAN = too few events
} clx_weibull_fit;

typedef struct clx_age_steps {
  int32_t count;
  double from[CLX_AGE_STEPS_MAX];        // s of age
  clx_rate_fit rate[CLX_AGE_STEPS_MAX];  // exposure in parts
} clx_age_steps;

// Events at `age` (event_count, > 0) in lives seen from age `entry` to age `exit`, each standing for `weight` parts. age and weight
// of events: `times` each. Cost: about 100 evaluations of all lives.
typedef struct clx_lives {
  const double *age, *times;
  int32_t event_count;
  const double *entry, *exit, *weight;
  int32_t life_count;
} clx_lives;

void clx_weibull_fit_make(const clx_lives *lives, double confidence, clx_weibull_fit *fit);
// Steps of a day, a week, a month (30 days), a quarter, half a year or a year, whichever gives at most eight.
void clx_age_steps_make(const clx_lives *lives, double confidence, clx_age_steps *steps);
double clx_weibull_misfit(const clx_age_steps *steps, const clx_lives *lives, const clx_weibull_fit *fit);  // p_fit

// Log-normal repair time by maximum likelihood, with the longest seen as bound where there are enough.
typedef struct clx_repair_fit {
  int32_t count;
  double median, mean, sigma;  // s, s, of the logarithm
  double sample_mean;          // s
  double most;                 // s, longest seen
} clx_repair_fit;

// Are events clustered? Gaps of a minute or less between events that follow each other, against a Poisson process; and counts in equal
// windows of exposure (index of dispersion).
typedef struct clx_cluster_fit {
  bool gaps_tested, counts_tested;
  double gaps, close, expected;  // of them a minute or less; expected
  double p_close;                // binomial
  double clusters;               // events less those close behind another
  double dispersion, p_dispersion;
  int32_t windows;
} clx_cluster_fit;

typedef enum clx_hazard_form { CLX_FORM_CONSTANT, CLX_FORM_WEIBULL, CLX_FORM_STEPS } clx_hazard_form;

typedef struct clx_class_fit {
  const clx_log_class *kind;
  int32_t part;  // clx_part that the entry counts
  double events;
  clx_rate_fit node, gpu;  // gpu.exposure 0: not known
  double stop_known, stopped, transient_known, transient;
  clx_repair_fit repair;
  clx_weibull_fit weibull;
  clx_age_steps steps;
  int32_t form;  // clx_hazard_form that the entry takes
  double ended;  // events that ended the life of their unit
  clx_cluster_fit cluster;
  double burst;  // further units at the same moment, of the entry; 0 = not clustered
} clx_class_fit;

typedef struct clx_lemon {
  int32_t unit;
  double events, expected;
  double p;  // P(so many or more) where all units are alike
  double q;  // Benjamini and Hochberg: share of false ones among all up to here
} clx_lemon;

enum { CLX_LEMONS_MAX = 100 };

typedef struct clx_position_fit {
  int32_t count;                         // 0 = not known
  clx_rate_fit rate[CLX_POSITIONS_MAX];  // of nodes, bottom to top
  double p;                              // chi-square: all alike
} clx_position_fit;

typedef struct clx_failure_calibration {
  const clx_failure_log *log;
  double confidence;
  clx_class_fit *fit;               // causes and symptoms first, by falling count; then outcomes
  int32_t fit_count, class_count;   // class_count: of the entry
  clx_class_fit all;                // classes of the entry together
  clx_lemon lemon[CLX_LEMONS_MAX];  // by rising p, q up to lemon_level
  int32_t lemons, tested;
  double lemon_level;
  double lemon_factor;  // rate of the lemons after their first event over that of the others
  clx_position_fit position;
} clx_failure_calibration;

// Fits all classes of a log. CLX_INPUT: no events at all. Cost: that of sorting, and of 100 passes over lives of known age a class.
clx_status clx_calibrate_reliability(clx_arena *arena, const clx_failure_log *log, double confidence,
                                     clx_failure_calibration *out, clx_error *error);

void clx_failure_calibration_text(const clx_failure_calibration *calibration, clx_buffer *out);
void clx_failure_calibration_json(const clx_failure_calibration *calibration, clx_buffer *out);
// An entry of catalogue/failures called `name`, its numbers from `source`.
void clx_failure_calibration_entry(const clx_failure_calibration *calibration, const char *name, const char *source,
                                   clx_buffer *out);
