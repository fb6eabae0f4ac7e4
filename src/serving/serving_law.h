// The law of time of a model on GPUs for the event simulation (src/engine): sums over kernels, evaluated once on a grid of tokens,
// sequences and contexts and interpolated, so that an iteration costs the same whatever its batch. docs/model/serving/step_time.md.
#pragma once

#include "engine/engine.h"
#include "serving/serving.h"

// What a law is compiled for: the largest iteration that it will be asked about. Beyond, the last interval goes on.
typedef struct clx_law_reach {
  double tokens;     // new ones of one rank in an iteration
  double sequences;  // of one rank
  double context;    // cached tokens of one sequence
} clx_law_reach;

typedef struct clx_serving_law clx_serving_law;

// `serving` passes clx_serving_check and outlives the law, which lives in `arena`. NULL: out of memory. About 5,000 kernel sums.
clx_serving_law *clx_serving_law_make(clx_arena *arena, const clx_serving *serving, const clx_law_reach *reach);

// Time in s and energy in J (of all GPUs) of one iteration, through all stages. step[ranks]: ranks of attention data parallel, in step.
// O(stages x (ranks + chunks)).
clx_step_cost clx_serving_law_cost(const clx_serving_law *law, const clx_engine_step *step, int32_t ranks);
// The same of one stage of the layers, with the transfer into it; energy of its GPUs.
clx_step_cost clx_serving_law_stage(const clx_serving_law *law, const clx_engine_step *step, int32_t ranks,
                                    int32_t stage);
// The same as a law for the event simulation, with as many stages as the serving has.
clx_step_law clx_serving_law_step(const clx_serving_law *law);

// The same iteration from its kernels, without the grid: what the interpolation is tested against.
clx_step_cost clx_serving_law_exact(const clx_serving *serving, const clx_engine_step *step, int32_t ranks);
