// Long tables of inference runs: one measured number a row. Between the files of validate_inference*.
#pragma once

#include "serving/serving.h"
#include "validate/validate_row.h"

extern const clx_table_kind clx_table_inference;
// Tables of serving benchmarks, one run a row (validate_benchmark.c).
extern const clx_table_kind clx_table_benchmark;

// Whether a table has the columns of this form.
bool clx_inference_table(const clx_table *table);

// The cell of `notes` when the user allows to read it, else "".
const char *clx_inference_notes(const clx_table_row *r);
// A whole number from 0 to 10 million; blank gives `otherwise`.
bool clx_inference_count(clx_table_row *r, const char *column, int32_t otherwise, int32_t *value);
// A model of the catalogue, completed.
bool clx_inference_model(clx_table_row *r, const char *name, clx_transformer *model);

// Rows of processors with unified memory (validate_inference_apple.c). `device` is the name of the catalogue's entry.
bool clx_inference_apple(clx_table_row *r, const char *device);
// Rows of GPUs (validate_inference_gpu.c).
bool clx_inference_gpu(clx_table_row *r, const char *device);

// One model on one group of GPUs, as a row describes it (validate_inference_group.c).
typedef struct clx_inference_group {
  clx_table_row *r;
  clx_device device;
  clx_transformer model;
  clx_engine engine;  // where it is one of the catalogue
  clx_serving serving;
  int32_t prompt, output;
  bool pytorch;  // TensorRT-LLM's runtime in PyTorch
} clx_inference_group;

// `engine`: of the catalogue for `pytorch`, else of serving_engine.c.
bool clx_inference_read_group(clx_inference_group *g, const char *device, const char *engine);
// Weights, and keys and values, of a precision by TensorRT-LLM's names; the model has been read.
bool clx_inference_read_weights(clx_inference_group *g, const char *precision);
// Tokens of cache of one rank of attention; may be below 0.
double clx_inference_room(const clx_inference_group *g);

// Rows of TensorRT-LLM (validate_inference_tensorrt.c).
bool clx_inference_tensorrt(clx_inference_group *g, const char *device);
// Submissions to MLPerf Inference (validate_inference_mlperf.c).
bool clx_inference_mlperf(clx_inference_group *g, const char *device);
