// result: what a run found. Named quantities with unit and band, series, tables, warnings, assumptions.
#pragma once

#include "base/base.h"

typedef struct clx_result clx_result;

clx_result *clx_result_new(void);  // NULL when out of memory
clx_arena *clx_result_arena(clx_result *result);

// Adds a quantity. `name` is dotted ("training.step_time"), `unit` an SI unit expression ("s", "W", "" for plain numbers).
// low and high bound the value (equal to it when no band is known). NaN or infinity is refused with CLX_INTERNAL: no run
// returns them. A name added twice is CLX_INTERNAL too, as it is for facts, series and assumptions. All texts are copied.
clx_status clx_result_add(clx_result *result, const char *name, double value, const char *unit, double low, double high,
                          const char *doc, clx_error *error);
// A text as part of the name of a quantity: "leaf up" -> "leaf_up", "x+" -> "x_plus". Returns `slug`.
const char *clx_result_slug(const char *text, char *slug, size_t size);
// A text fact ("training.layout.sharding" = "zero1").
clx_status clx_result_add_text(clx_result *result, const char *name, const char *text, clx_error *error);
// A warning or an assumption, shown with every report.
clx_status clx_result_warn(clx_result *result, clx_error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
clx_status clx_result_assume(clx_result *result, clx_error *error, const char *key, const char *why);
// A series of `count` points against a common axis `x` (unit x_unit); copied.
clx_status clx_result_add_series(clx_result *result, const char *name, const char *unit, const double *y,
                                 const char *x_name, const char *x_unit, const double *x, int32_t count,
                                 clx_error *error);

// The value of a quantity, or `otherwise` when it is absent. O(count).
double clx_result_value(const clx_result *result, const char *name, double otherwise);
const char *clx_result_fact(const clx_result *result, const char *name);  // NULL when absent

// Quantities by weight.
typedef struct clx_ranking {
  const clx_quantity *quantity;
  double weight;  // its value, or how large that is
} clx_ranking;

// The heaviest `room` quantities named "PREFIX...SUFFIX", heaviest first: by value, or by its size. Returns how many.
// O(count room). Valid until a quantity is added.
int32_t clx_result_rank(const clx_result *result, const char *prefix, const char *suffix, bool by_size,
                        clx_ranking *out, int32_t room);
// What stands beside a quantity under the same name but its last word: of "nic.effect" with "value" that is "nic.value"; NULL when
// absent.
const clx_quantity *clx_result_beside(const clx_result *result, const clx_quantity *quantity, const char *what);
const char *clx_result_fact_beside(const clx_result *result, const clx_quantity *quantity, const char *what);

int32_t clx_result_warning_count(const clx_result *result);
const char *clx_result_warning(const clx_result *result, int32_t index);
int32_t clx_result_assumption_count(const clx_result *result);
// Assumption i; false past the end.
bool clx_result_assumption(const clx_result *result, int32_t index, const char **key, const char **why);
// The points of a series; *x and *count are filled. NULL when it is absent. O(series).
const double *clx_result_series(const clx_result *result, const char *name, const double **x, int32_t *count);

// Name of series i; NULL past the end.
const char *clx_result_series_name(const clx_result *result, int32_t index);

// {"schema_version":1,"quantities":{name:{"value","unit","low","high","doc"}},"facts":{name:text},
//  "series":{name:{"unit","x_name","x_unit","x":[],"y":[]}},"warnings":[text],"assumptions":[{"key","why"}]}
// Keys stand in the order of addition; numbers read back to the same double.
clx_status clx_result_write_json(const clx_result *result, clx_buffer *out, clx_error *error);
