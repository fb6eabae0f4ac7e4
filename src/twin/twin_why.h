// The job of a scenario as a copy that can be changed: what `colossus why` asks "what if" of.
#pragma once

#include "twin/twin_internal.h"

// Where a number of the job stands.
typedef enum clx_why_part {
  CLX_WHY_DEVICE,   // of compute and of the links
  CLX_WHY_KERNELS,  // its fitted parameters
  CLX_WHY_NETWORK,
  CLX_WHY_LIBRARY,
  CLX_WHY_TRANSPORT,
  CLX_WHY_SOFTWARE,
  CLX_WHY_JOB,
  CLX_WHY_PARTS
} clx_why_part;

// Everything a step depends on, owned: all pointers of `job` but the model lead into this object.
typedef struct clx_why_case {
  clx_training job;
  clx_device device[2];  // [0] computes, [1] has the links; the same unless the fleet is mixed
  clx_kernels kernels[2];
  clx_network network;
  clx_library library;
  clx_transport transport;
  clx_software software;
} clx_why_case;

// Copies the job; `copy` must not move afterwards.
void clx_why_copy(const clx_training *job, clx_why_case *copy);
// The object of a part: number `index` (0 or 1) of devices and kernels; NULL past the end and where the job has none.
void *clx_why_object(clx_why_case *c, clx_why_part part, int32_t index);
// The expected step. Cost: one clx_training_costs_make and one task graph.
clx_status clx_why_step(const clx_why_case *c, clx_step *step, clx_error *error);

// why.input.*: how the step answers to each number that goes into it. `base` is the step of the job as it is.
clx_status clx_why_inputs(const clx_training *job, const clx_step *base, clx_arena *arena, clx_result *result,
                          clx_error *error);
// why.move.*: what one discrete change of the job or its software does, or why it is impossible.
clx_status clx_why_moves(const clx_scenario *scenario, const clx_training *job, const clx_step *base, clx_arena *arena,
                         clx_result *result, clx_error *error);
// why.answer_1 ...: what binds, in sentences, from everything else in `result`.
clx_status clx_why_answers(clx_result *result, clx_error *error);
