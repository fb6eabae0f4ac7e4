// What a row of a table of serving benchmarks says: engine, model, formats, layouts. docs/tables.md has the columns.
#pragma once

#include "engine/engine.h"
#include "scenario/scenario_serving.h"
#include "validate/validate_row.h"

typedef struct clx_benchmark_row {
  clx_table_row base;
  clx_arena *arena;
  clx_transformer model;
  clx_device device;
  clx_engine engine;
  clx_weights weights;
  bool fp8_cache;
  int32_t prompt, output;
} clx_benchmark_row;

// A layout and the requests of one of its ranks.
typedef struct clx_benchmark_layout {
  int32_t tp, dp, ep, etp, pp;
  int32_t batch;    // requests of one rank
  int32_t workers;  // replicas
  int32_t spelled;  // n where attention was written as cut and replicated n times; 0
} clx_benchmark_layout;

bool clx_benchmark_row_runs(const clx_benchmark_row *row, clx_engine_policy policy);
// Both: false where the row was refused.
bool clx_benchmark_row_read(clx_benchmark_row *row);  // all but layouts
bool clx_benchmark_row_layout(clx_benchmark_row *row, const char *prefix, clx_benchmark_layout *out);
// A layout of decode engines as those that write such rows mean it.
void clx_benchmark_row_reread(const clx_benchmark_row *row, clx_benchmark_layout *layout);
