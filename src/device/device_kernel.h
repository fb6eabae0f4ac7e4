// Kernel families: one kernel alone on a warm device as a function of its shape and of few physical parameters. What
// `colossus calibrate` fits, `colossus predict kernels` evaluates, and training and serving add up.
#pragma once

#include "base/base.h"
#include "schema/schema.h"

struct clx_device;

// Number format of the inputs of a kernel, as the tables spell it in `dtype`.
typedef enum clx_kernel_format {
  CLX_KERNEL_FP32,
  CLX_KERNEL_BF16,       // bfloat16, half
  CLX_KERNEL_FP8,        // one scale per tensor
  CLX_KERNEL_FP8_BLOCK,  // one scale per 128 x 128 or 1 x 128 block
  CLX_KERNEL_NVFP4,      // 4 bit, one 8-bit scale per 16 values
  CLX_KERNEL_INT8,       // transported only, never multiplied
  CLX_KERNEL_FORMATS
} clx_kernel_format;

extern const char *const clx_kernel_format_name[CLX_KERNEL_FORMATS + 1];

double clx_kernel_format_bytes(clx_kernel_format format);  // per element, scales included

enum { CLX_KERNEL_COLUMNS_MAX = 12, CLX_KERNEL_SETS_MAX = CLX_KERNEL_FORMATS, CLX_KERNEL_CLASSES_MAX = 8 };

// One kernel execution.
typedef struct clx_kernel_cost {
  double time;        // s
  double flop;        // useful floating point operations
  double bytes;       // B, to and from device memory
  double link_bytes;  // B, out of this device over the scale-up fabric
} clx_kernel_cost;

// A column of a table that is part of a shape. Numbers are read as they are; a column with choices is read as the index of
// its text in them; "distribution" texts (balanced, power_law_1.2) are read as their exponent (balanced = 0).
typedef struct clx_kernel_column {
  const char *name;
  const char *const *choices;  // NULL-terminated, NULL = a number
  double minimum, maximum;     // of numbers, inclusive: outside is refused
  bool exponent;               // "balanced" or "power_law_X"
  bool fold;                   // part of the shape family: cross-validation never splits rows equal in these
} clx_kernel_column;

// Error of a fit in one size class; fractions of the measured time.
typedef struct clx_kernel_class {
  const char *name;
  int32_t rows;
  double error, bias;  // mean absolute and mean signed relative error, as fitted
  double cross_error;  // the same on shape families left out of the fit
  double noise;        // of the measurements themselves, from neighbours
} clx_kernel_class;

// Where a parameter set comes from. First member of every parameter struct; rows = 0: the device has no such set.
typedef struct clx_kernel_fit {
  const char *data;    // name of the table
  const char *origin;  // id of its source
  const char *device;  // that was measured; filled by the catalogue
  int32_t rows, used;
  clx_kernel_class *classes;  // class_count
  int32_t class_count;
  double *low, *high;  // range of each shape column in the table, in the order of the family's columns
  int32_t low_count, high_count;
} clx_kernel_fit;

extern const clx_schema clx_kernel_fit_schema;

// Row of one fitted parameter: bounds are the range in which it has its physical meaning; a range with a positive minimum is
// fitted in the logarithm.
#define CLX_PARAMETER(type, member, unit_text, start, low, high, text)                                               \
  {                                                                                                                  \
    .key = #member, .kind = CLX_ROW_REAL, .offset = offsetof(type, member), .unit = (unit_text), .initial = (start), \
    .minimum = (low), .maximum = (high), .doc = (text)                                                               \
  }

#define CLX_PARAMETER_FIT(type)                                                                         \
  {                                                                                                     \
    .key = "fit", .kind = CLX_ROW_STRUCT, .offset = offsetof(type, fit), .sub = &clx_kernel_fit_schema, \
    .doc = "the measurements it was fitted to"                                                          \
  }

// A family of kernels. Shape structs hold doubles only, one per column, in the order of `columns`.
typedef struct clx_kernel_family {
  const char *name;          // "gemm": key in the catalogue, and the end of table names (h100_sxm.gemm.csv)
  const char *doc;           // one line
  const clx_schema *schema;  // of one parameter struct: first member clx_kernel_fit fit, rows of kind REAL are fitted
  const clx_kernel_column *columns;
  int32_t column_count;
  const char *const *sets;             // NULL-terminated names of parameter sets ("bf16", "fp8", ...)
  int32_t set_of[CLX_KERNEL_FORMATS];  // index of the set of a format, -1 = this family has no kernel of that format
  const char *const *classes;          // NULL-terminated names of size classes
  int32_t (*class_of)(clx_kernel_format format, const void *shape);
  // Pure, allocation-free, deterministic; finite and positive for any shape within the columns' bounds. `parameters` is of
  // the set of `format`.
  clx_kernel_cost (*cost)(const struct clx_device *device, clx_kernel_format format, const void *parameters,
                          const void *shape);
  // Why a shape that passes the bounds cannot be computed (kv heads that do not divide heads, ...), or NULL. Nullable.
  const char *(*refuse)(const struct clx_device *device, clx_kernel_format format, const void *shape);
} clx_kernel_family;
