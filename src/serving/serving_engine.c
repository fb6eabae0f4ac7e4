// Engines of tables of energy, with where each constant comes from. docs/model/power/inference.md.
#include "serving/serving.h"

const char *const clx_weights_name[] = {"bf16",          "fp8",           "fp8_block", "fp8_feed_forward",
                                        "fp8_experts",   "mxfp4_experts", "nvfp4",     "nvfp4_feed_forward",
                                        "nvfp4_experts", "int4_experts",  NULL};

// vLLM. Sampling: the PyTorch path sorts the whole vocabulary where top-p is asked for: 57.6 ms for 2,048 x 131,072 logits (vllm-project
// /vllm pull request 32234; 33538 has 0.25 ns a logit for small ones); a sort of keys and indices and the passes around it move about
// 200 B a logit. One front end passes about 15,000 tokens/s (pull request 17546, Llama-3.2-1B on two A100, before several were allowed),
// and the settings of energy runs that could be read have one, three or eight of them: three. Graphs: cudagraph_capture_sizes up to 512. Experts in fp8
// blocks run on kernels without tuned settings: 2.5 fits Qwen3-235B on H200 (serving_silicon.csv, vLLM 0.12), no run with power. Assumed:
// the exposed time of an iteration, its hidden part and the time of a launch.
// TensorRT-LLM: its own runtime in C++, greedy sampling; all assumed.
static const clx_engine ENGINES[] = {
    {.name = "vllm",
     .title = "vLLM 0.11: asynchronous scheduling, CUDA graphs, prefix caching, three front ends",
     .step_exposed = 0.3e-3,
     .step_hidden = 2e-3,
     .sequence_time = 22e-6,
     .launch_time = 6e-6,
     .rules = {.graph_tokens = 512, .mixed_graph_tokens = 512},
     .block_experts = 2.5,
     .sort_time = 0.215e-9,
     .sort_bytes = 200},
    {.name = "tensorrt-llm",
     .title = "TensorRT-LLM: runtime in C++, greedy sampling",
     .step_exposed = 0.2e-3,
     .step_hidden = 1e-3,
     .sequence_time = 3e-6,
     .launch_time = 3e-6,
     .rules = {.graph_tokens = 512, .mixed_graph_tokens = 512},
     .block_experts = 0},
};

const clx_engine *clx_engine_find(const char *name) {
  for (int32_t i = 0; i < CLX_COUNT(ENGINES); i++) {
    if (clx_text_equal(name, ENGINES[i].name)) return &ENGINES[i];
  }
  return NULL;
}
