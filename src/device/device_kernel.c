// What all kernel families share: number formats, and where a parameter set comes from.
#include "device/device_kernel.h"

const char *const clx_kernel_format_name[CLX_KERNEL_FORMATS + 1] = {"fp32",  "bf16", "fp8", "fp8_block",
                                                                    "nvfp4", "int8", NULL};

double clx_kernel_format_bytes(clx_kernel_format format) {
  // Block formats carry a 4-byte scale per 128 values, nvfp4 an 8-bit one per 16.
  static const double bytes[CLX_KERNEL_FORMATS] = {4, 2, 1, 1.03125, 0.5625, 1};
  return bytes[format];
}

static const clx_row class_rows[] = {
    {.key = "name",
     .kind = CLX_ROW_TEXT,
     .offset = offsetof(clx_kernel_class, name),
     .required = true,
     .doc = "size class"},
    {.key = "rows",
     .kind = CLX_ROW_INT,
     .offset = offsetof(clx_kernel_class, rows),
     .maximum = 1e9,
     .doc = "measurements"},
    {.key = "error",
     .kind = CLX_ROW_REAL,
     .offset = offsetof(clx_kernel_class, error),
     .maximum = 1e6,
     .doc = "mean absolute relative error of the fit"},
    {.key = "bias",
     .kind = CLX_ROW_REAL,
     .offset = offsetof(clx_kernel_class, bias),
     .minimum = -1,
     .maximum = 1e6,
     .doc = "mean relative error of the fit"},
    {.key = "cross_error",
     .kind = CLX_ROW_REAL,
     .offset = offsetof(clx_kernel_class, cross_error),
     .maximum = 1e6,
     .doc = "mean absolute relative error on shape families left out of the fit"},
    {.key = "noise",
     .kind = CLX_ROW_REAL,
     .offset = offsetof(clx_kernel_class, noise),
     .maximum = 1e6,
     .doc = "of the measurements, from how residuals of neighbouring shapes differ: the floor of the error"},
};

static const clx_schema class_schema = {.name = "classes",
                                        .doc = "errors by size class",
                                        .rows = class_rows,
                                        .count = CLX_COUNT(class_rows),
                                        .size = sizeof(clx_kernel_class)};

static const clx_row fit_rows[] = {
    {.key = "data", .kind = CLX_ROW_TEXT, .offset = offsetof(clx_kernel_fit, data), .doc = "name of the table"},
    {.key = "origin",
     .kind = CLX_ROW_TEXT,
     .offset = offsetof(clx_kernel_fit, origin),
     .doc = "source of the table (an id of sources.yaml)"},
    {.key = "rows",
     .kind = CLX_ROW_INT,
     .offset = offsetof(clx_kernel_fit, rows),
     .maximum = 1e9,
     .doc = "measurements in the table; 0 = none, the values are not fitted"},
    {.key = "used",
     .kind = CLX_ROW_INT,
     .offset = offsetof(clx_kernel_fit, used),
     .maximum = 1e9,
     .doc = "measurements that the fit saw"},
    {.key = "low",
     .kind = CLX_ROW_REALS,
     .offset = offsetof(clx_kernel_fit, low),
     .count_offset = offsetof(clx_kernel_fit, low_count),
     .doc = "smallest value of each shape column"},
    {.key = "high",
     .kind = CLX_ROW_REALS,
     .offset = offsetof(clx_kernel_fit, high),
     .count_offset = offsetof(clx_kernel_fit, high_count),
     .doc = "largest value of each shape column"},
    {.key = "classes",
     .kind = CLX_ROW_LIST,
     .offset = offsetof(clx_kernel_fit, classes),
     .count_offset = offsetof(clx_kernel_fit, class_count),
     .sub = &class_schema,
     .doc = "errors by size class"},
};

const clx_schema clx_kernel_fit_schema = {.name = "fit",
                                          .doc = "the measurements a parameter set was fitted to",
                                          .rows = fit_rows,
                                          .count = CLX_COUNT(fit_rows),
                                          .size = sizeof(clx_kernel_fit)};
