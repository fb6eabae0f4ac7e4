// calibrate: the constants of the training model that no kernel or collective measured alone can tell, fitted to published runs;
// how far they are determined, and what they are worth on sources that the fit did not see.
#pragma once

#include "calibrate/calibrate.h"
#include "training/training.h"

// --- which constants are free ----------------------------------------------------------------------------------------------

typedef enum clx_holder { CLX_HOLDER_SOFTWARE, CLX_HOLDER_DEVICE, CLX_HOLDERS } clx_holder;

extern const char *const clx_holder_name[CLX_HOLDERS];  // kinds of the catalogue

// A number of profiles or devices that published runs may decide. Entries of equal value share it: most constants have one value
// for all; entries that differ have one of their own.
typedef struct clx_training_constant {
  const char *key;  // of the schema of its holder
  clx_holder holder;
  double minimum, maximum;  // what is physically sensible, inside of what the schema allows
  double start;             // where every fit starts, whatever the catalogue says
  double neutral;           // "as measured alone", "without": entries that have it are not fitted; NAN = none
  const char *why;          // of start and bounds
} clx_training_constant;

enum { CLX_TRAINING_CONSTANTS = 21 };

extern const clx_training_constant clx_training_constants[CLX_TRAINING_CONSTANTS];

// --- the fit ---------------------------------------------------------------------------------------------------------------

// One published run.
typedef struct clx_training_sample {
  clx_training job;    // layout settled; device and software as the catalogue has them
  double time;         // s of one step
  const char *source;  // runs of one source are left out together
} clx_training_sample;

// What a prediction of a run was made with.
typedef enum clx_trained {
  CLX_TRAINED_CATALOGUE,  // the values of the catalogue
  CLX_TRAINED_FITTED,     // fitted to all runs
  CLX_TRAINED_LEFT_OUT,   // fitted without the source of the run; what no other run tells is lent
  CLX_TRAINED_KEPT,       // the same, but what no other run tells stays as the catalogue has it
  CLX_TRAINED_HALF,       // fitted to every other run, this not among them
  CLX_TRAINED
} clx_trained;

extern const char *const clx_trained_name[CLX_TRAINED];

// |predicted / measured - 1| of a set of runs; NAN where there are no predictions.
typedef struct clx_trained_error {
  double mean, median, p90, bias;
} clx_trained_error;

typedef struct clx_calibrated_source {
  const char *name;
  int32_t rows;
  clx_trained_error error[CLX_TRAINED];
} clx_calibrated_source;

// A constant of the entries that have it in common.
typedef struct clx_calibrated_constant {
  const clx_training_constant *constant;
  const clx_row *row;  // of the schema
  size_t offset;       // in the holder
  uint64_t entries;    // bit i: entry i of the holder has it
  int32_t entry_count;
  const char *names;  // of the entries
  const char *label;  // the same, short
  bool shared;        // of several entries, or the value of the reference: not one entry's own
  int32_t rows;       // runs with one of the entries
  int32_t moved;      // runs whose time depends on it
  double catalogue, fitted;
  double low, high;  // over the fits that leave a source out
  double worse[2];   // mean |log error| with 10 % less and 10 % more, above that of the fit
} clx_calibrated_constant;

// A profile and how many constants it has to itself.
typedef struct clx_calibrated_profile {
  const char *name;
  int32_t rows, own, allowed;  // allowed: one for 15 rows
} clx_calibrated_profile;

typedef struct clx_training_calibration {
  clx_calibrated_constant *constant;
  int32_t constant_count, shared_count;
  clx_calibrated_source *source;
  int32_t source_count;
  clx_calibrated_source all;
  clx_calibrated_profile *profile;
  int32_t profile_count;
  int32_t rows;
} clx_training_calibration;

enum { CLX_ROWS_PER_CONSTANT = 15 };

// Fits the constants among `keys` (comma-separated; NULL = all) to the samples: smallest mean |log(predicted / measured)|, a
// factor of e away from the start costing as much as 0.1 % error of the runs that depend on the constant. Once more without
// each source, and to each half. A constant of which a fit sees no run takes the shared value of its key, as a profile that
// nobody has measured would. `reference` is the profile whose values count as shared. Deterministic, whatever the number of
// threads. Errors: CLX_INPUT for an unknown key or too few runs; CLX_INTERNAL for a run without a time. Cost: about 60
// evaluations of all runs for each fit, 20 to 200 us a run.
clx_status clx_calibrate_training(clx_arena *arena, const clx_training_sample *samples, int32_t count,
                                  const clx_software *reference, const char *keys, int32_t threads,
                                  clx_training_calibration *out, clx_error *error);

void clx_training_calibration_text(const clx_training_calibration *calibration, clx_buffer *out);
void clx_training_calibration_json(const clx_training_calibration *calibration, clx_buffer *out);
// What the catalogue has and what was fitted, as YAML comments by entry: to be judged, not to be read back.
void clx_training_calibration_entry(const clx_training_calibration *calibration, clx_buffer *out);
