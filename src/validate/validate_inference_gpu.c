// Rows of GPUs: runs at a constant number of requests with their power, single iterations.
#include <math.h>
#include <string.h>

#include "validate/validate_inference.h"

// Mean errors on the published rows (docs/model/serving/long_tables.md): a token; a prompt.
static const double TOKEN_ERROR = 0.11, PROMPT_ERROR = 0.39;

static bool holds(const char *text, const char *word) { return strstr(text, word) != NULL; }

// --- runs with power: rows of a table of energy in a long form ----------------------------------------------------------------

// The run as a row of that table, whose model it is then.
static bool as_energy(clx_table_row *r, int32_t metric) {
  static const char *columns[] = {"task",           "model_id",        "weight_precision", "gpu_model",
                                  "num_gpus",       "tensor_parallel", "expert_parallel",  "max_num_seqs",
                                  "avg_batch_size", "avg_output_len"};
  const char *batch = clx_table_row_text(r, "batch_or_concurrency"), *mean = strstr(batch, "mean batch ");
  const char *most = strstr(batch, "max_num_seqs ");
  if (mean == NULL || most == NULL)
    return clx_table_row_refuse(r, "column 'batch_or_concurrency': no 'max_num_seqs N; mean batch X', read '%.60s'",
                                batch);
  most += strlen("max_num_seqs ");
  mean += strlen("mean batch ");
  clx_arena *arena = r->job->arena;
  const char *hardware = clx_table_row_text(r, "hardware");
  const char *gpu = strncmp(hardware, "NVIDIA ", 7) == 0 ? hardware + 7 : hardware;
  const char *cell[] = {clx_text_equal(clx_table_row_text(r, "input_len"), "chat") ? "lm-arena-chat" : "unknown",
                        clx_table_row_text(r, "model"),
                        clx_table_row_text(r, "precision"),
                        gpu,
                        clx_table_row_text(r, "devices"),
                        clx_table_row_text(r, "tp"),
                        clx_table_row_text(r, "ep"),
                        clx_arena_copy(arena, most, strspn(most, "0123456789")),
                        clx_arena_copy(arena, mean, strspn(mean, "0123456789.")),
                        clx_table_row_text(r, "output_len")};
  int32_t line = 1;
  clx_table_job job = *r->job;
  job.kind = &clx_table_energy;
  job.table = (clx_table){.file = r->job->table.file,
                          .column = columns,
                          .column_count = CLX_COUNT(columns),
                          .cell = cell,
                          .line = &line,
                          .row_count = 1};
  clx_error error = {0};
  clx_prediction p = {0};
  if (cell[7] == NULL || cell[8] == NULL || job.kind->open(&job, &error) != CLX_OK ||
      job.kind->predict(&job, 0, &p, &error) != CLX_OK)
    return clx_table_row_refuse(r, "out of memory");
  if (p.status == CLX_ROW_REFUSED) return clx_table_row_refuse(r, "%s", p.reason);
  if (p.reason[0] != '\0') clx_table_row_remark(r, p.status == CLX_ROW_EXTRAPOLATED, "%s", p.reason);
  r->out->value[0] = p.value[metric];
  r->out->error = job.error;
  return true;
}

// --- single iterations --------------------------------------------------------------------------------------------------------

static bool single(clx_inference_group *g, const char *device) {
  int32_t sequences;
  const char *metric = clx_table_row_text(g->r, "metric");
  if (!clx_inference_count(g->r, "batch_or_concurrency", 1, &sequences) ||
      !clx_inference_read_group(g, device, "vllm-2023"))
    return false;
  clx_serving_batch batch = {0};
  if (clx_text_equal(metric, "prompt_time")) {
    batch.prompts = sequences;
    batch.prompt = g->prompt;
    g->r->out->error = PROMPT_ERROR;
  } else if (clx_text_equal(metric, "token_time")) {
    batch.sequences = sequences;
    batch.context = g->prompt + g->output / 2.0;
    g->r->out->error = TOKEN_ERROR;
  } else {
    return clx_table_row_refuse(g->r, "metric '%.60s' of single iterations is not modelled", metric);
  }
  g->r->out->value[0] = 1e3 * clx_serving_iteration(&g->serving, &batch).time;
  return true;
}

bool clx_inference_gpu(clx_table_row *r, const char *device) {
  static const char *const powers[] = {"gpu_power", "energy_per_output_token", "itl_median", "output_throughput"};
  const char *engine = clx_table_row_text(r, "engine"), *metric = clx_table_row_text(r, "metric");
  clx_inference_group g = {.r = r};
  if (holds(engine, "TensorRT-LLM")) return clx_inference_tensorrt(&g, device);
  if (holds(engine, "Splitwise")) return single(&g, device);
  if (clx_text_equal(engine, "vLLM")) {
    for (int32_t i = 0; i < CLX_COUNT(powers); i++) {
      if (clx_text_equal(metric, powers[i])) return as_energy(r, i);
    }
  }
  if (strncmp(engine, "TensorRT ", 9) == 0) return clx_inference_mlperf(&g, device);
  return clx_table_row_refuse(r, "runs of %.60s on GPUs are not modelled yet", engine);
}
