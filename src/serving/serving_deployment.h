// deployment: a model behind an inference engine as somebody ran it: devices, layout, settings of the engine. An entry of
// catalogue/deployment, whose aliases are the names by which tables of measurements call it.
#pragma once

#include "engine/engine.h"
#include "schema/schema.h"
#include "serving/serving.h"

typedef struct clx_deployment {
  const char *name, *title;
  const char *const *aliases;
  int32_t alias_count;
  const char *model, *device, *engine;  // names
  int32_t weights;                      // clx_weights
  int32_t tensor_parallel_size, data_parallel_size, expert_parallel_size;
  int32_t max_num_seqs, max_num_batched_tokens, block_size;
  int64_t num_blocks;  // of one rank; 0 = what memory leaves
  double gpu_memory_utilization;
  int32_t enable_prefix_caching, async_scheduling;
  int32_t dispatch;    // tokens are sent to their experts; else gathered
  double routing;      // exponent of the popularity of experts
  const char *fitted;  // what of the program was fitted to measurements of this deployment; NULL = nothing
} clx_deployment;

extern const clx_schema clx_deployment_schema;

// The serving of a deployment. `model` is completed, `device` has kernels, `engine` is the entry it names and is changed by what the settings
// say; all outlive `serving`. CLX_INPUT: a layout that does not fit.
clx_status clx_deployment_serving(const clx_deployment *deployment, const clx_transformer *model,
                                  const clx_device *device, clx_engine *engine, clx_serving *serving, clx_error *error);
// Blocks of one rank that memory leaves: the engine's share of it less weights, the largest iteration's activations, and what the driver
// and captured graphs hold. 0 = none.
int64_t clx_deployment_blocks(const clx_deployment *deployment, const clx_serving *serving);
// Rules of the engine; `blocks` of one rank.
clx_rules clx_deployment_rules(const clx_deployment *deployment, int64_t blocks);
