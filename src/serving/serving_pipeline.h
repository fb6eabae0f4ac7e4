// A replica whose layers stand on several groups of GPUs, one after another. docs/model/serving/step_time.md, "Pipelines".
#pragma once

#include "serving/serving.h"

// At least 1.
int32_t clx_serving_stages(const clx_serving *serving);
// Share of the layers that a stage has; the stages of one model add up to 1. Layers that do not divide go to stages from the last but one
// backwards, as vLLM does (get_pp_indices), for the last one has the head.
double clx_serving_stage_share(const clx_serving *serving, int32_t stage);
// s that the activations of `tokens` tokens take from stage - 1 into `stage`; 0 into the first.
double clx_serving_transfer_time(const clx_serving *serving, int32_t stage, double tokens);
// B of weights on one GPU of a stage: its layers, with the embedding on the first and the head on the last.
double clx_serving_stage_weight_bytes(const clx_serving *serving, int32_t stage);
