// The rows of a catalogue/accuracy entry.
#include "catalog/catalog.h"

#define FIGURE_ROWS                                                                                                  \
  {.key = "rows",                                                                                                    \
   .kind = CLX_ROW_INT,                                                                                              \
   .offset = offsetof(clx_error_figures, rows),                                                                      \
   .minimum = 1,                                                                                                     \
   .maximum = 1e8,                                                                                                   \
   .required = true,                                                                                                 \
   .doc = "published measurements predicted"},                                                                       \
      {.key = "mean",                                                                                                \
       .kind = CLX_ROW_REAL,                                                                                         \
       .offset = offsetof(clx_error_figures, mean),                                                                  \
       .maximum = 10,                                                                                                \
       .required = true,                                                                                             \
       .doc = "mean absolute error, fraction of the measured value"},                                                \
      {.key = "median",                                                                                              \
       .kind = CLX_ROW_REAL,                                                                                         \
       .offset = offsetof(clx_error_figures, median),                                                                \
       .maximum = 10,                                                                                                \
       .required = true,                                                                                             \
       .doc = "median absolute error"},                                                                              \
  {                                                                                                                  \
    .key = "p90", .kind = CLX_ROW_REAL, .offset = offsetof(clx_error_figures, p90), .maximum = 10, .required = true, \
    .doc = "90th percentile of the absolute error (nearest rank)"                                                    \
  }

static const clx_row all_rows[] = {FIGURE_ROWS};
static const clx_schema all_schema = {.name = "all",
                                      .doc = "all rows",
                                      .rows = all_rows,
                                      .count = CLX_COUNT(all_rows),
                                      .size = sizeof(clx_error_figures)};

static const clx_row device_rows[] = {{.key = "device",
                                       .kind = CLX_ROW_TEXT,
                                       .offset = offsetof(clx_error_figures, device),
                                       .required = true,
                                       .doc = "device of the catalogue"},
                                      FIGURE_ROWS};
static const clx_schema device_schema = {.name = "by_device",
                                         .doc = "rows of one device",
                                         .rows = device_rows,
                                         .count = CLX_COUNT(device_rows),
                                         .size = sizeof(clx_error_figures)};

static const clx_row rows[] = {
    {.key = "name",
     .kind = CLX_ROW_TEXT,
     .offset = offsetof(clx_accuracy, name),
     .required = true,
     .doc = "name of the model"},
    {.key = "title", .kind = CLX_ROW_TEXT, .offset = offsetof(clx_accuracy, title), .doc = "what was predicted"},
    {.key = "aliases",
     .kind = CLX_ROW_TEXTS,
     .offset = offsetof(clx_accuracy, aliases),
     .count_offset = offsetof(clx_accuracy, alias_count),
     .doc = "other names"},
    {.key = "largest",
     .kind = CLX_ROW_COUNT,
     .offset = offsetof(clx_accuracy, largest),
     .minimum = 1,
     .maximum = 1e9,
     .required = true,
     .doc = "GPUs of the largest measurement"},
    {.key = "all",
     .kind = CLX_ROW_STRUCT,
     .offset = offsetof(clx_accuracy, all),
     .sub = &all_schema,
     .required = true,
     .doc = "all rows"},
    {.key = "by_device",
     .kind = CLX_ROW_LIST,
     .offset = offsetof(clx_accuracy, by_device),
     .count_offset = offsetof(clx_accuracy, device_count),
     .sub = &device_schema,
     .doc = "rows of one device"},
};

const clx_schema clx_accuracy_schema = {.name = "accuracy",
                                        .doc = "validation error of a model",
                                        .rows = rows,
                                        .count = CLX_COUNT(rows),
                                        .size = sizeof(clx_accuracy)};
