// Constants of engines, with where each comes from.
#include "serving/serving.h"

const char *const clx_weights_name[] = {"bf16",        "fp8",          "fp8_block", "fp8_feed_forward",
                                        "fp8_experts", "mxfp4_experts", NULL};

static const clx_engine ENGINES[] = {
    {.name = "vllm",
     .title = "vLLM 0.11, asynchronous scheduling, CUDA graphs up to 512 tokens",
     .step_exposed = 0.3e-3,
     .step_hidden = 2e-3,
     .sequence_time = 22e-6,
     .launch_time = 6e-6,
     .graph_tokens = 512,
     .block_experts = 2.5,
     .sort_time = 0.215e-9,
     .sort_bytes = 200},
    {.name = "tensorrt-llm",
     .title = "TensorRT-LLM, C++ runtime, greedy or fused sampling",
     .step_exposed = 0.2e-3,
     .step_hidden = 1e-3,
     .sequence_time = 3e-6,
     .launch_time = 3e-6,
     .graph_tokens = 512,
     .block_experts = 1},
};

const clx_engine *clx_engine_find(const char *name) {
  for (int32_t i = 0; i < CLX_COUNT(ENGINES); i++) {
    if (clx_text_equal(name, ENGINES[i].name)) return &ENGINES[i];
  }
  return NULL;
}
