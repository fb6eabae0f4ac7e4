// Stages of layers: what each holds, and what goes between them.
#include "serving/serving_pipeline.h"

#include "serving/serving_internal.h"

enum { BF16 = 2, TENSORS = 2 };  // B; hidden state and residual go as two messages (vLLM, IntermediateTensors)

int32_t clx_serving_stages(const clx_serving *s) { return s->pp > 1 ? s->pp : 1; }

double clx_serving_stage_share(const clx_serving *s, int32_t stage) {
  const int32_t stages = clx_serving_stages(s), layers = s->model->layers, rest = layers % stages;
  if (stages == 1) return 1;
  const bool more = stage < stages - 1 && stage >= stages - 1 - rest;
  return (double)(layers / stages + more) / layers;
}

// Each rank sends its part to the same rank of the next stage, where the ranks of attention bring the parts together.
double clx_serving_transfer_time(const clx_serving *s, int32_t stage, double tokens) {
  if (stage == 0 || s->network == NULL) return 0;
  const int32_t gpus = s->tp * s->dp, domain = s->network->domain > 0 ? s->network->domain : 1;
  const bool near = gpus < domain && (stage - 1) * gpus / domain == ((stage + 1) * gpus - 1) / domain;
  const double bytes = BF16 * tokens * s->model->hidden;
  const clx_group pair = {.size = 2, .stride = gpus, .inside = near ? 2 : 1};
  const clx_group ranks = {.size = s->tp, .stride = 1, .inside = s->tp < domain ? s->tp : domain};
  return TENSORS * (clx_collective_time(s->network, CLX_SEND_RECEIVE, pair, bytes / s->tp) +
                    clx_collective_time(s->network, CLX_ALL_GATHER, ranks, bytes));
}

double clx_serving_stage_weight_bytes(const clx_serving *s, int32_t stage) {
  const clx_weight_formats f = clx_weight_formats_of(s->weights);
  const clx_parameters p = clx_parameter_count(s->model);
  const int32_t last = clx_serving_stages(s) - 1;
  const double share = clx_serving_stage_share(s, stage);
  const double output =
      s->narrow_wo ? (double)s->model->layers * s->model->heads * s->model->v_dim * s->model->hidden : 0;
  const double attention =
      (p.attention - output) * clx_kernel_format_bytes(f.attention) + output * clx_kernel_format_bytes(f.ffn);
  const double held = s->model->experts > 0 ? 1 + (double)s->copies / s->model->experts : 1;
  const double ffn = (p.dense_ffn + p.shared_experts) * clx_kernel_format_bytes(f.ffn);
  const double layers = attention + ffn + BF16 * (p.norms + p.router);
  // One table that serves both ends stands at both.
  const double head = p.head > 0 ? p.head : last > 0 ? p.embedding : 0;
  const double ends = (stage == 0 ? p.embedding + p.positions : 0) + (stage == last ? head : 0);
  return (share * layers + BF16 * ends) / s->tp +
         share * held * p.routed_experts * f.expert_bytes / ((double)s->ep * s->etp);
}
