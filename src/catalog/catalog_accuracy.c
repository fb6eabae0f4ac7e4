// The rows of a catalogue/accuracy entry.
#include "catalog/catalog.h"

static const clx_row rows[] = {
    {.key = "name", .kind = CLX_ROW_TEXT, .offset = offsetof(clx_accuracy, name), .required = true, .doc = "name of the model"},
    {.key = "title", .kind = CLX_ROW_TEXT, .offset = offsetof(clx_accuracy, title), .doc = "what was predicted"},
    {.key = "aliases", .kind = CLX_ROW_TEXTS, .offset = offsetof(clx_accuracy, aliases),
     .count_offset = offsetof(clx_accuracy, alias_count), .doc = "other names"},
    {.key = "rows", .kind = CLX_ROW_INT, .offset = offsetof(clx_accuracy, rows), .minimum = 1, .maximum = 1e8, .required = true,
     .doc = "published measurements predicted"},
    {.key = "mean", .kind = CLX_ROW_REAL, .offset = offsetof(clx_accuracy, mean), .maximum = 10, .required = true,
     .doc = "mean absolute error, fraction of the measured value"},
    {.key = "median", .kind = CLX_ROW_REAL, .offset = offsetof(clx_accuracy, median), .maximum = 10, .required = true,
     .doc = "median absolute error"},
    {.key = "p90", .kind = CLX_ROW_REAL, .offset = offsetof(clx_accuracy, p90), .maximum = 10, .required = true,
     .doc = "90th percentile of the absolute error (nearest rank)"},
};

const clx_schema clx_accuracy_schema = {.name = "accuracy", .doc = "validation error of a model", .rows = rows,
                                        .count = CLX_COUNT(rows), .size = sizeof(clx_accuracy)};
