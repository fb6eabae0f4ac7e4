// calibrate: fits the parameters of kernel families to tables of measured kernels, and says how well that generalises.
#pragma once

#include "base/base.h"
#include "device/device.h"
#include "device/device_kernels.h"
#include "network/network.h"
#include "table/table.h"

// --- measurements -------------------------------------------------------------------------------------------------------

// A table of one family, as numbers. Rows that cannot be read have valid[i] = false and a reason.
typedef struct clx_kernel_rows {
  const clx_kernel_family *family;
  const char *file;
  int32_t count;
  double *shape;              // count x family->column_count
  clx_kernel_format *format;  // of each row
  double *time;               // s; 0 = not measured
  double *power;              // W; 0 = not measured
  int32_t *fold;              // 0 .. CLX_FOLDS - 1, equal for rows of one shape family
  int32_t *class_index;       // size class
  const char **bad_time;      // why a time that is there makes no sense, NULL = it does, or it is blank
  const char **reason;        // NULL = usable
  int32_t power_refused;      // readings of power that are there, but no positive numbers
  const char *power_reason;   // of the first
} clx_kernel_rows;

enum { CLX_FOLDS = 5 };

// The family a table is of: by `family` when given, else by the end of its file name (h100_sxm.gemm.csv).
clx_status clx_kernel_family_of(const char *path, const char *family, const clx_kernel_family **out, clx_error *error);

// Reads the shapes of a table. `measured`: a time that is missing or makes no sense is a reason, too.
// Fails on missing columns only.
clx_status clx_kernel_rows_read(clx_arena *arena, const clx_table *table, const clx_kernel_family *family,
                                const clx_device *device, bool measured, clx_kernel_rows *rows, clx_error *error);

static inline const double *clx_kernel_rows_shape(const clx_kernel_rows *rows, int32_t row) {
  return &rows->shape[(size_t)row * (size_t)rows->family->column_count];
}

// --- fitting one parameter set --------------------------------------------------------------------------------------------

typedef struct clx_fit_options {
  const char *source;  // id of the source of the tables
  int32_t rows_max;    // rows that the fit sees; a larger table is thinned evenly
  int32_t restarts;    // further starting points around the initial values
  int32_t iterations;  // of one descent
} clx_fit_options;

void clx_fit_options_default(clx_fit_options *options);

// Fits all REAL rows of the family's schema, within their ranges, to the chosen rows (indices into `rows`): the smallest mean
// absolute logarithmic error, found by reweighted least squares from several starts. `parameters` holds the first start and
// receives the result. Deterministic. Cost: restarts x iterations x (parameters + 1) x rows_max evaluations.
clx_status clx_fit_set(const clx_device *device, const clx_kernel_rows *rows, const int32_t *chosen, int32_t count,
                       const clx_fit_options *options, void *parameters, clx_error *error);

// Mean absolute relative noise of the measurements in one size class (-1: all): from how much residuals (predicted / measured)
// of rows that are neighbours in one column differ, or, on coarse grids, from how they bend over three of them. 0 when there
// are no neighbours. An upper bound where the model misses steps.
double clx_kernel_noise(clx_arena *arena, const clx_kernel_rows *rows, const int32_t *chosen, int32_t count,
                        const double *ratio, int32_t class_index);

// --- calibrating a device --------------------------------------------------------------------------------------------------

// One parameter set, fitted.
typedef struct clx_calibrated_set {
  const char *name;                 // of the family; "power", "power_meter"
  const char *format;               // name of the set
  const clx_schema *schema;         // of the parameters
  const clx_kernel_family *family;  // NULL: power, whose size classes are families
  int32_t set;
  const char *data;
  void *parameters;                                 // with its fit record filled
  clx_kernel_class before[CLX_KERNEL_CLASSES_MAX];  // errors with the parameters it started from
  int32_t skipped;                                  // rows of the table that could not be read
  const char *skip_reason;                          // of the first
  bool uncrossed;                                   // too few shape families to leave any out
} clx_calibrated_set;

typedef struct clx_calibration {
  clx_calibrated_set *set;
  int32_t count;
  const char *note;  // lines that say what was not fitted, and why; NULL = nothing to say
} clx_calibration;

// Calibrates every family for which `directory` holds a table NAME.FAMILY.csv, NAME the device's, then power, where these
// tables have readings of it. `start` are the parameters compared against (what the catalogue has). families:
// comma-separated names, "power" among them, NULL = all.
clx_status clx_calibrate(clx_arena *arena, const clx_device *device, const clx_kernels *start, const char *directory,
                         const char *families, const clx_fit_options *options, int32_t threads, clx_calibration *out,
                         clx_error *error);

void clx_calibration_text(const clx_calibration *calibration, const clx_device *device, clx_buffer *out);
void clx_calibration_json(const clx_calibration *calibration, const clx_device *device, clx_buffer *out);
// The catalogue entry: fitted sets of `calibration`, and those of `start` that were not fitted anew.
void clx_calibration_entry(const clx_calibration *calibration, const clx_device *device, const clx_kernels *start,
                           clx_buffer *out);

// --- calibrating collectives between nodes (calibrate_collectives.c) -------------------------------------------------------------

// One measured collective.
typedef struct clx_collective_sample {
  clx_network network;  // its library or transport is replaced by the one that is fitted
  clx_group group;
  int32_t kind;       // clx_collective
  int32_t algorithm;  // clx_algorithm that ran, -1 = what the library chooses
  int32_t size;       // index into clx_collective_sizes
  bool reference;     // over the transport that the constants of libraries are defined on
  double bytes;
  double time;         // s
  const char *system;  // rows of one system are left out together
  const char *source;  // rows of one source and size share their weight
} clx_collective_sample;

enum { CLX_COLLECTIVE_CLASSES = CLX_GENERATIONS * CLX_COLLECTIVE_SPANS * CLX_COLLECTIVE_SIZES };

typedef enum clx_fitted_part {
  CLX_FITTED_AMPERE,  // constants of a library between nodes on one generation: clx_generation
  CLX_FITTED_HOPPER,
  CLX_FITTED_BLACKWELL,
  CLX_FITTED_LAUNCH,     // of an entry that shares the constants of another
  CLX_FITTED_TRANSPORT,  // share and latency of one
  CLX_FITTED_PARTS
} clx_fitted_part;

typedef struct clx_collective_calibration {
  clx_library library;      // as fitted, with its record
  clx_transport transport;  // the same; name NULL = a library was fitted
  clx_kernel_fit fit;       // the record: errors of all samples by generation, span and size
  bool fitted[CLX_FITTED_PARTS];
  int32_t lender;  // clx_generation whose constants those take that were not fitted, -1 = none was
  double before[CLX_COLLECTIVE_CLASSES];  // mean absolute errors with the entry as it was
  int32_t systems;                        // left out in turn
} clx_collective_calibration;

// Fits what a library costs between nodes, one generation of GPUs at a time, to the samples over the reference transport that
// leave a domain (in a domain the kernels of the device say); generations with too few take those of the one with
// the most. Of an entry that shares the constants of another only `launch`, to all samples. Cross errors: each system left out in turn.
// Starts from the initial values of the schema: the result depends on the data only, and not on `threads`.
clx_status clx_calibrate_library(clx_arena *arena, const clx_library *start, const clx_collective_sample *samples,
                                 int32_t count, const clx_fit_options *options, int32_t threads,
                                 clx_collective_calibration *out, clx_error *error);
// The same for a transport and the samples that leave a domain over it, with the libraries that they name.
clx_status clx_calibrate_transport(clx_arena *arena, const clx_transport *start, const clx_collective_sample *samples,
                                   int32_t count, const clx_fit_options *options, int32_t threads,
                                   clx_collective_calibration *out, clx_error *error);

void clx_collective_calibration_text(const clx_collective_calibration *calibration, clx_buffer *out);
void clx_collective_calibration_json(const clx_collective_calibration *calibration, clx_buffer *out);
// The catalogue entry: names and what was fitted, with the record.
void clx_collective_calibration_entry(const clx_collective_calibration *calibration, clx_buffer *out);
