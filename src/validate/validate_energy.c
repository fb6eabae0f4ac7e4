// Tables of inference runs with the power of their GPUs: a closed loop of requests on one engine. docs/tables.md has the columns.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "serving/serving.h"
#include "validate/validate_row.h"

enum { POWER, ENERGY, TOKEN_TIME, THROUGHPUT, METRICS };

static const char *const METRIC[METRICS] = {"avg_power_watts", "energy_per_token_joules", "median_itl_ms",
                                            "output_throughput_tokens_per_sec"};

// Mean error of power on the published runs, docs/model/power/inference.md.
static const double POWER_ERROR = 0.13;

static const char *const INPUTS[] = {"task",         "model_id",        "weight_precision",  "gpu_model",
                                     "num_gpus",     "tensor_parallel", "expert_parallel",   "data_parallel",
                                     "max_num_seqs", "avg_batch_size",  "avg_output_len",    "avg_input_len",
                                     "engine",       "kv_cache_dtype",  "power_limit_watts", NULL};

// What the table does not say of a workload: mean tokens of a prompt and of an answer, and how much answers differ (variance
// over squared mean). Prompts of chat and questions: "mean 634 vs. 224" in Reading the ML.ENERGY Leaderboard v3.0, which of the two
// is which by their kind. Answers: the same page (717 and 6,988), used where a row has none. Code: assumed.
typedef struct workload {
  const char *task;
  double prompt, cached, output, spread;
  bool assumed;
} workload;

static const workload WORKLOADS[] = {
    {"lm-arena-chat", 634, 317, 717, 0.5, false},
    {"gpqa", 224, 0, 6988, 0.3, false},
    {"sourcegraph-fim", 2000, 0, 250, 0.5, true},
};

// How a released checkpoint stores its weights when a row says fp8 (config.json of the checkpoints: quantization_config), and what
// the model of a layer leaves out.
typedef struct release {
  const char *model;  // canonical name
  clx_weights fp8;
  bool samples_whole;  // generation_config.json asks for neither top-p nor top-k
  const char *remark;  // NULL = nothing
} release;

static const release RELEASES[] = {
    {"llama-3.1-405b", CLX_WEIGHTS_FP8_FFN, false, NULL},
    {"llama-4-maverick", CLX_WEIGHTS_FP8_EXPERTS, false, NULL},
    {"llama-4-scout", CLX_WEIGHTS_FP8_EXPERTS, false, NULL},
    {"gpt-oss-20b", CLX_WEIGHTS_FP8, true, "4-bit weights were not measured on this device: scaled from bf16 experts"},
    {"gpt-oss-120b", CLX_WEIGHTS_FP8, true, "4-bit weights were not measured on this device: scaled from bf16 experts"},
    {"gptj-6b", CLX_WEIGHTS_FP8, true, NULL},
    {"llama-2-70b", CLX_WEIGHTS_FP8, true, NULL},
    {"mixtral-8x7b", CLX_WEIGHTS_FP8, true, NULL},
    {"nemotron-nano-9b-v2", CLX_WEIGHTS_FP8, false,
     "state-space layers were not measured: products and traffic of their states"},
    {"nemotron-nano-12b-v2", CLX_WEIGHTS_FP8, false,
     "state-space layers were not measured: products and traffic of their states"},
};

static const release *release_of(const char *model) {
  static const release other = {NULL, CLX_WEIGHTS_FP8_BLOCK, false, NULL};
  for (int32_t i = 0; i < CLX_COUNT(RELEASES); i++) {
    if (clx_text_equal(RELEASES[i].model, model)) return &RELEASES[i];
  }
  return &other;
}

static clx_status open_table(clx_table_job *job, clx_error *error) {
  static const char *const needed[] = {"task", "model_id", "gpu_model", "num_gpus", "max_num_seqs"};
  for (int32_t i = 0; i < CLX_COUNT(needed); i++) {
    if (clx_table_column(&job->table, needed[i]) < 0)
      return clx_fail_plain(error, CLX_INPUT, "%s: a table of energy needs a column '%s'", job->table.file, needed[i]);
  }
  for (int32_t i = 0; i < METRICS; i++) job->metric[i] = METRIC[i];
  job->inputs = INPUTS;
  job->error = POWER_ERROR;
  return CLX_OK;
}

// --- one row -----------------------------------------------------------------------------------------------------------

typedef struct row_reader {
  clx_table_row at;
  clx_arena *arena;
  clx_transformer model;
  clx_device device;
  clx_serving serving;
  clx_serving_load load;
} row_reader;

// Whole numbers from 1 on; blank gives `otherwise` (0: refused).
static bool count_of(row_reader *r, const char *column, int32_t otherwise, int32_t *value) {
  return clx_table_row_count(&r->at, column, 1, 100000, otherwise, value);
}

static bool read_device(row_reader *r) {
  clx_error error = {0};
  const char *name = clx_table_row_text(&r->at, "gpu_model");
  if (name[0] == '\0') return clx_table_row_refuse(&r->at, "column 'gpu_model' is blank");
  if (clx_catalog_read_device(r->at.job->catalog, name, (clx_place){0}, r->arena, &r->device, &error) != CLX_OK)
    return clx_table_row_refuse_error(&r->at, &error);
  const clx_kernel_fit *fit = &r->device.kernels->power.fit;
  if (fit->rows == 0 && r->device.power.rest <= 0)
    return clx_table_row_refuse(&r->at, "nothing is known of the power of %s", r->device.name);
  if (fit->rows > 0 && clx_text_equal(fit->device, r->device.name)) return true;
  r->at.out->status = CLX_ROW_EXTRAPOLATED;
  clx_table_row_remark(&r->at, false, "power of %s was not measured: energies of %s", r->device.name,
                       fit->rows > 0 ? fit->device : "the model's default");
  return true;
}

static bool read_model(row_reader *r) {
  clx_error error = {0};
  const char *name = clx_table_row_text(&r->at, "model_id");
  if (name[0] == '\0') return clx_table_row_refuse(&r->at, "column 'model_id' is blank");
  // An owner in front of the name is not part of it.
  const char *slash = strrchr(name, '/');
  if (clx_catalog_canonical(r->at.job->catalog, "model", name) == NULL && slash != NULL) name = slash + 1;
  if (clx_catalog_canonical(r->at.job->catalog, "model", name) == NULL)
    return clx_table_row_refuse(&r->at, "model '%.80s' is not in the catalogue: colossus catalogue ls model",
                                clx_table_row_text(&r->at, "model_id"));
  if (clx_catalog_read(r->at.job->catalog, "model", name, (clx_place){0}, &clx_model_schema, r->arena, &r->model,
                       &error) != CLX_OK ||
      clx_transformer_complete(&r->model, (clx_place){0}, &error) != CLX_OK)
    return clx_table_row_refuse_error(&r->at, &error);
  return true;
}

static bool read_weights(row_reader *r) {
  static const char *const names[] = {"bfloat16", "bf16", "float16", "fp8", "mxfp4"};
  const char *precision = clx_table_row_text(&r->at, "weight_precision");
  const release *made = release_of(r->model.name);
  int32_t found = precision[0] == '\0' ? 0 : -1;
  for (int32_t i = 0; i < CLX_COUNT(names); i++) {
    if (clx_text_equal(precision, names[i])) found = i;
  }
  if (found < 0)
    return clx_table_row_refuse(&r->at, "column 'weight_precision': expected bfloat16, fp8 or mxfp4, read '%.40s'",
                                precision);
  r->serving.weights = found < 3 ? CLX_WEIGHTS_BF16 : found == 3 ? made->fp8 : CLX_WEIGHTS_MXFP4_EXPERTS;
  r->serving.sorts = !made->samples_whole;
  if (made->remark == NULL) return true;
  r->at.out->status = CLX_ROW_EXTRAPOLATED;
  clx_table_row_remark(&r->at, false, "%s", made->remark);
  return true;
}

// tensor_parallel of a model with experts is that of its experts: attention is cut over all GPUs of a replica (vLLM,
// --enable-expert-parallel).
static bool read_layout(row_reader *r) {
  int32_t gpus, tp, ep, dp;
  if (!count_of(r, "num_gpus", 0, &gpus) || !count_of(r, "data_parallel", 1, &dp)) return false;
  if (gpus % dp != 0)
    return clx_table_row_refuse(&r->at, "column 'data_parallel': %d replicas do not divide %d GPUs", dp, gpus);
  if (!count_of(r, "tensor_parallel", gpus / dp, &tp) || !count_of(r, "expert_parallel", 1, &ep)) return false;
  const bool experts = r->model.experts > 0;
  if (!experts && ep > 1)
    return clx_table_row_refuse(&r->at, "column 'expert_parallel': %s has no experts", r->model.name);
  if (!experts && tp * dp != gpus)
    return clx_table_row_refuse(&r->at, "column 'tensor_parallel': %d for each of %d replicas is not %d GPUs", tp, dp,
                                gpus);
  if (gpus % ep != 0)
    return clx_table_row_refuse(&r->at, "column 'expert_parallel': %d does not divide %d GPUs", ep, gpus);
  r->serving.dp = dp;
  r->serving.tp = gpus / dp;
  r->serving.ep = experts ? ep : 1;
  r->serving.etp = experts ? gpus / ep : 1;
  return true;
}

static bool read_load(row_reader *r) {
  const char *task = clx_table_row_text(&r->at, "task");
  const workload *w = NULL;
  for (int32_t i = 0; i < CLX_COUNT(WORKLOADS); i++) {
    if (clx_text_equal(task, WORKLOADS[i].task)) w = &WORKLOADS[i];
  }
  int32_t most;
  if (!count_of(r, "max_num_seqs", 0, &most)) return false;
  clx_serving_load *load = &r->load;
  if (!clx_table_row_number(&r->at, "avg_batch_size", 1, 1e6, most, &load->sequences) ||
      !clx_table_row_number(&r->at, "avg_output_len", 1, 1e6, w != NULL ? w->output : 0, &load->output) ||
      !clx_table_row_number(&r->at, "avg_input_len", 1, 1e6, w != NULL ? w->prompt : 0, &load->prompt))
    return false;
  if (load->output <= 0 || load->prompt <= 0)
    return clx_table_row_refuse(&r->at, "column 'task': '%.40s' is not known; say avg_input_len and avg_output_len",
                                task);
  load->spread = w != NULL ? w->spread : 0;
  load->cached = w != NULL ? load->prompt * w->cached / w->prompt : 0;
  load->chunk = 8192;
  if (w != NULL && w->assumed && clx_table_row_text(&r->at, "avg_input_len")[0] == '\0')
    clx_table_row_remark(&r->at, false, "prompts of %s assumed to have %.9g tokens", w->task, w->prompt);
  return true;
}

// Optional columns: what serves, in which format it caches, and under which power limit.
static bool read_engine(row_reader *r) {
  const char *engine = clx_table_row_text(&r->at, "engine"), *cache = clx_table_row_text(&r->at, "kv_cache_dtype");
  const char *limit = clx_table_row_text(&r->at, "power_limit_watts");
  clx_serving *s = &r->serving;
  if (engine[0] != '\0') s->engine = clx_engine_find(engine);
  if (s->engine == NULL)
    return clx_table_row_refuse(&r->at, "column 'engine': expected vllm or tensorrt-llm, read '%.40s'", engine);
  s->fp8_cache = clx_text_equal(cache, "fp8");
  if (cache[0] != '\0' && !s->fp8_cache && !clx_text_equal(cache, "bfloat16"))
    return clx_table_row_refuse(&r->at, "column 'kv_cache_dtype': expected bfloat16 or fp8, read '%.40s'", cache);
  if (limit[0] == '\0') return true;
  if (!clx_table_row_number(&r->at, "power_limit_watts", 1, 1e6, 0, &s->limit)) return false;
  if (s->limit <= 1.2 * r->device.kernels->power.rest * r->device.tdp || s->limit > r->device.tdp)
    return clx_table_row_refuse(&r->at, "column 'power_limit_watts': %s runs between %.0f and %.0f W, read '%.40s'",
                                r->device.name, 1.2 * r->device.kernels->power.rest * r->device.tdp, r->device.tdp,
                                limit);
  return true;
}

static clx_status predict(const clx_table_job *job, int32_t row, clx_prediction *p, clx_error *error) {
  row_reader r = {.at = {.job = job, .row = row, .out = p}, .arena = job->arena};
  r.serving = (clx_serving){.model = &r.model, .device = &r.device, .engine = clx_engine_find("vllm"), .routing = 1.2};
  p->status = CLX_ROW_OK;
  (void)error;
  if (!read_device(&r) || !read_model(&r) || !read_weights(&r) || !read_layout(&r) || !read_load(&r) ||
      !read_engine(&r))
    return CLX_OK;
  clx_error refusal = {0};
  if (clx_serving_check(&r.serving, &refusal) != CLX_OK) {
    clx_table_row_refuse_error(&r.at, &refusal);
    return CLX_OK;
  }
  const clx_serving_state state = clx_serving_steady(&r.serving, &r.load);
  p->value[POWER] = state.power;
  p->value[ENERGY] = state.energy;
  p->value[TOKEN_TIME] = state.token_time * 1e3;
  p->value[THROUGHPUT] = state.throughput;
  return CLX_OK;
}

static const char *group(const clx_table_job *job, int32_t row) {
  const clx_table *t = &job->table;
  return clx_arena_format(job->arena, "%s %s", clx_table_cell(t, row, clx_table_column(t, "gpu_model")),
                          clx_table_cell(t, row, clx_table_column(t, "task")));
}

const clx_table_kind clx_table_energy = {
    .name = "energy",
    .open = open_table,
    .predict = predict,
    .measure = clx_table_row_measure,
    .group = group,
    .fitted =
        "no constant was fitted to published inference runs with power, but rest of "
        "Hopper, host time and several terms were chosen with them in sight: "
        "docs/model/power/inference.md"};
