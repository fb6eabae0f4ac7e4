// Rows of GPUs: runs at a constant number of requests, runs as fast as requests go, open loops below saturation, single iterations.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "serving/serving.h"
#include "validate/validate_inference.h"

typedef struct gpu_row {
  clx_inference_row *r;
  clx_device device;
  clx_transformer model;
  clx_serving serving;
  int32_t prompt, output;
} gpu_row;

// Mean errors on the published rows (docs/model/serving/long_tables.md): runs at most load, of dense models and with experts; open loops; a
// token; a prompt.
static const double OFFLINE_ERROR = 0.06, EXPERTS_ERROR = 0.19, OPEN_ERROR = 0.09, TOKEN_ERROR = 0.11,
                    PROMPT_ERROR = 0.39, MLPERF_ERROR = 0.14;

static bool holds(const char *text, const char *word) { return strstr(text, word) != NULL; }

// --- runs with power: rows of a table of energy in a long form ----------------------------------------------------------------

// The run as a row of that table, whose model it is then.
static bool as_energy(clx_inference_row *r, int32_t metric) {
  static const char *columns[] = {"task",           "model_id",        "weight_precision", "gpu_model",
                                  "num_gpus",       "tensor_parallel", "expert_parallel",  "max_num_seqs",
                                  "avg_batch_size", "avg_output_len"};
  const char *batch = clx_inference_text(r, "batch_or_concurrency"), *mean = strstr(batch, "mean batch ");
  const char *most = strstr(batch, "max_num_seqs ");
  if (mean == NULL || most == NULL)
    return clx_inference_refuse(r, "column 'batch_or_concurrency': no 'max_num_seqs N; mean batch X', read '%.60s'",
                                batch);
  most += strlen("max_num_seqs ");
  mean += strlen("mean batch ");
  clx_arena *arena = r->job->arena;
  const char *hardware = clx_inference_text(r, "hardware");
  const char *gpu = strncmp(hardware, "NVIDIA ", 7) == 0 ? hardware + 7 : hardware;
  const char *cell[] = {clx_text_equal(clx_inference_text(r, "input_len"), "chat") ? "lm-arena-chat" : "unknown",
                        clx_inference_text(r, "model"),
                        clx_inference_text(r, "precision"),
                        gpu,
                        clx_inference_text(r, "devices"),
                        clx_inference_text(r, "tp"),
                        clx_inference_text(r, "ep"),
                        clx_arena_copy(arena, most, strspn(most, "0123456789")),
                        clx_arena_copy(arena, mean, strspn(mean, "0123456789.")),
                        clx_inference_text(r, "output_len")};
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
    return clx_inference_refuse(r, "out of memory");
  if (p.status == CLX_ROW_REFUSED) return clx_inference_refuse(r, "%s", p.reason);
  if (p.reason[0] != '\0') clx_inference_remark(r, p.status == CLX_ROW_EXTRAPOLATED, "%s", p.reason);
  r->out->value[0] = p.value[metric];
  r->out->error = job.error;
  return true;
}

// --- one model on one group of GPUs -------------------------------------------------------------------------------------------

// The format by its name, -1 = not there.
static int32_t weights_named(const char *name) {
  for (int32_t i = 0; i < CLX_WEIGHTS_KINDS; i++) {
    if (clx_text_equal(clx_weights_name[i], name)) return i;
  }
  return -1;
}

// TensorRT-LLM's checkpoints have one scale per tensor in fp8; 4 bit is nvfp4, of models with experts outside of attention alone.
static bool read_weights(gpu_row *g, const char *text) {
  const bool plain = clx_text_equal_loose(text, "FP16") || clx_text_equal_loose(text, "BF16");
  const char *four = g->model.experts > 0 ? "nvfp4_feed_forward" : "nvfp4";
  const char *name = plain                               ? "bf16"
                     : clx_text_equal_loose(text, "FP8") ? "fp8"
                     : clx_text_equal_loose(text, "FP4") ? four
                                                         : NULL;
  if (name == NULL) return clx_inference_refuse(g->r, "precision '%.40s' is not modelled on GPUs", text);
  const int32_t weights = weights_named(name);
  if (weights < 0) return clx_inference_refuse(g->r, "weights in %s are not modelled yet", name);
  g->serving.weights = (clx_weights)weights;
  g->serving.fp8_cache = !plain;
  return true;
}

static bool read_group(gpu_row *g) {
  int32_t devices, tp, pp, ep;
  if (!clx_inference_count(g->r, "devices", 1, &devices) || !clx_inference_count(g->r, "tp", devices, &tp) ||
      !clx_inference_count(g->r, "pp", 1, &pp) || !clx_inference_count(g->r, "ep", 1, &ep))
    return false;
  if (pp != 1) return clx_inference_refuse(g->r, "column 'pp': pipelines are not modelled on GPUs, read %d", pp);
  if (tp < 1 || tp != devices) return clx_inference_refuse(g->r, "column 'tp': %d is not %d devices", tp, devices);
  const bool experts = g->model.experts > 0;
  if (ep < 1 || tp % ep != 0) return clx_inference_refuse(g->r, "column 'ep': %d does not divide %d", ep, tp);
  g->serving.tp = tp;
  g->serving.dp = 1;
  g->serving.ep = experts ? ep : 1;
  g->serving.etp = experts ? tp / ep : 1;
  return true;
}

static bool read_gpu(gpu_row *g, const char *name, const char *engine) {
  clx_error error = {0};
  clx_inference_row *r = g->r;
  if (clx_catalog_read_device(r->job->catalog, name, (clx_place){0}, r->job->arena, &g->device, &error) != CLX_OK)
    return clx_inference_refuse_error(r, &error);
  if (!clx_inference_model(r, clx_inference_text(r, "model"), &g->model) ||
      !read_weights(g, clx_inference_text(r, "precision")) || !read_group(g) ||
      !clx_inference_count(r, "input_len", 0, &g->prompt) || !clx_inference_count(r, "output_len", 0, &g->output))
    return false;
  if (g->prompt < 1 || g->output < 1)
    return clx_inference_refuse(r, "columns 'input_len', 'output_len': expected at least 1, read %d and %d", g->prompt,
                                g->output);
  g->serving.model = &g->model;
  g->serving.device = &g->device;
  g->serving.engine = clx_engine_find(engine);
  if (g->serving.engine == NULL) return clx_inference_refuse(r, "engine %s is not modelled", engine);
  clx_error refusal = {0};
  return clx_serving_check(&g->serving, &refusal) == CLX_OK || clx_inference_refuse_error(r, &refusal);
}

// Keys and values of one token on one GPU, B.
static double token_bytes(const gpu_row *g) {
  const clx_transformer *m = &g->model;
  const double layers = clx_layer_blocks_of(m).attention * m->layers, element = g->serving.fp8_cache ? 1 : 2;
  const double width = m->mla ? (double)m->kv_lora_rank + m->qk_rope_dim
                              : 2.0 * fmax(1, (double)m->kv_heads / g->serving.tp) * m->head_dim;
  return layers * width * element;
}

// --- TensorRT-LLM -------------------------------------------------------------------------------------------------------------

// Defaults of its benchmark, and room that its runtime takes before it shares out the rest. A request holds blocks for its prompt and
// its whole answer from the start.
enum { BATCH_MOST = 2048, TOKENS_MOST = 8192 };
static const double RUNTIME_BYTES = 4e9, CACHE_SHARE = 0.95;
// Stacks of memory are sold by the GiB under the name of GB (an H100 of 80 GB reports 81,559 MiB).
static const double GIB = 1.073741824;

static double requests_at_once(const gpu_row *g) {
  const double room = CACHE_SHARE * (GIB * g->device.memory - RUNTIME_BYTES - clx_serving_weight_bytes(&g->serving));
  return fmin(BATCH_MOST, room / (token_bytes(g) * (g->prompt + g->output)));
}

// Output tokens/s of one group; 0: no room for one request.
static double most_throughput(const gpu_row *g, double sequences) {
  if (sequences < 1) return 0;
  const clx_serving_load load = {
      .sequences = sequences, .prompt = g->prompt, .output = g->output, .chunk = TOKENS_MOST};
  return clx_serving_steady(&g->serving, &load).throughput;
}

static bool offline(gpu_row *g) {
  const double sequences = floor(requests_at_once(g));
  if (sequences < 1) return clx_inference_refuse(g->r, "no room for one request of %d tokens", g->prompt + g->output);
  g->r->out->value[0] = most_throughput(g, sequences);
  g->r->out->error = g->model.experts > 0 ? EXPERTS_ERROR : OFFLINE_ERROR;
  clx_inference_remark(g->r, false, "%.0f requests at once", sequences);
  return true;
}

// Share of the time that prompts take above which means of a steady state are too low.
static const double NEAR_SATURATION = 0.3;

// Requests that come at random, far enough below saturation: the state in which as many are in flight as arrive meanwhile.
typedef struct open_state {
  clx_serving_batch batch;  // of an iteration; prompts: of those that have any
  double plain, mixed;      // s of an iteration without prompts and with
  double share;             // of iterations that have prompts
  double time;              // s of an iteration, mean
} open_state;

static bool settle(const gpu_row *g, double rate, open_state *o) {
  enum { ROUNDS = 200 };
  const double room = requests_at_once(g);
  for (int32_t i = 0; i < ROUNDS; i++) {
    o->batch.prompts = 0;
    o->batch.sequences = fmax(1, rate * g->output * o->time);
    o->plain = clx_serving_iteration(&g->serving, &o->batch).time;
    const double arrivals = rate * fmax(o->time, o->plain);
    o->share = -expm1(-arrivals);
    o->batch.prompts = arrivals / o->share;
    if (o->batch.sequences > room || o->batch.prompts * g->prompt > TOKENS_MOST) return false;
    o->mixed = clx_serving_iteration(&g->serving, &o->batch).time;
    const double next = (1 - o->share) * o->plain + o->share * o->mixed;
    o->time = o->time > 0 ? 0.5 * (o->time + next) : next;
  }
  return true;
}

// Tokenising, the server around the engine and the way back of the first token: what is left of H100, 467 tokens in and 16 out, 2
// requests/s, where nothing waits.
static const double FRONT_TIME = 6e-3;

// A request finds an iteration under way, a long one more likely than a short one, waits for its end and shares the next with those
// that came meanwhile.
static double first_token(const gpu_row *g, double rate, const open_state *o) {
  const double second = (1 - o->share) * o->plain * o->plain + o->share * o->mixed * o->mixed;
  const double met = second / o->time, busy = fmin(1, rate * (g->output - 1) * o->time + rate * o->mixed);
  clx_serving_batch batch = o->batch;
  batch.prompts = 1 + busy * rate * met;
  return FRONT_TIME + busy * met / 2 + clx_serving_iteration(&g->serving, &batch).time;
}

static bool open_loop(gpu_row *g, double rate) {
  open_state o = {.batch = {.prompt = g->prompt, .context = g->prompt + g->output / 2.0}};
  if (!settle(g, rate, &o))
    return clx_inference_refuse(g->r, "%.9g requests/s saturate the engine: queues are not modelled here", rate);
  const char *metric = clx_inference_text(g->r, "metric");
  double *value = &g->r->out->value[0];
  g->r->out->error = OPEN_ERROR;
  const double prompts = rate * (o.mixed - o.plain) / o.batch.prompts;
  if (prompts > NEAR_SATURATION)
    clx_inference_remark(g->r, true, "prompts take %.0f %% of the time: bursts make waits longer than this",
                         100 * prompts);
  if (clx_text_equal(metric, "itl_mean")) {
    *value = 1e3 * o.time;
  } else if (clx_text_equal(metric, "ttft_mean")) {
    *value = 1e3 * first_token(g, rate, &o);
  } else if (clx_text_equal(metric, "request_throughput")) {
    *value = rate;
  } else if (clx_text_equal(metric, "output_throughput")) {
    *value = rate * g->output;
  } else if (clx_text_equal(metric, "total_token_throughput")) {
    *value = rate * ((double)g->output + g->prompt);
  } else {
    return clx_inference_refuse(g->r, "metric '%.60s' is not modelled for an open loop", metric);
  }
  return true;
}

static bool tensorrt(gpu_row *g, const char *device) {
  const char *load = clx_inference_text(g->r, "batch_or_concurrency");
  const char *metric = clx_inference_text(g->r, "metric");
  if (clx_text_equal(load, "offline max load")) {
    if (!clx_text_equal(metric, "output_throughput"))
      return clx_inference_refuse(g->r, "metric '%.60s' is not modelled for runs at most load", metric);
    return read_gpu(g, device, "tensorrt-llm") && offline(g);
  }
  if (strncmp(load, "QPS ", 4) == 0) {
    const double rate = strtod(load + 4, NULL);
    if (isinf(rate)) return clx_inference_refuse(g->r, "all requests at once: queues are not modelled here");
    if (!(rate >= 1e-6)) return clx_inference_refuse(g->r, "load '%.60s': expected a rate of requests/s", load);
    return read_gpu(g, device, "tensorrt-llm-triton") && open_loop(g, rate);
  }
  return clx_inference_refuse(g->r, "load '%.60s' of TensorRT-LLM is not modelled yet", load);
}

// --- single iterations --------------------------------------------------------------------------------------------------------

static bool single(gpu_row *g, const char *device) {
  int32_t sequences;
  const char *metric = clx_inference_text(g->r, "metric");
  if (!clx_inference_count(g->r, "batch_or_concurrency", 1, &sequences) || !read_gpu(g, device, "vllm-2023"))
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
    return clx_inference_refuse(g->r, "metric '%.60s' of single iterations is not modelled", metric);
  }
  g->r->out->value[0] = 1e3 * clx_serving_iteration(&g->serving, &batch).time;
  return true;
}

// --- MLPerf -------------------------------------------------------------------------------------------------------------------

// Mean tokens of a prompt and of an answer in its data sets: of Llama-2-70B as in validation/power/h200_caps.csv, of Llama 3.1
// 405B from the announcement of the benchmark (MLPerf Inference v5.0), recalled.
static const struct {
  const char *benchmark, *model;
  int32_t prompt, output;
} BENCHMARKS[] = {{"llama2-70b-99", "llama-2-70b", 294, 294},
                  {"llama2-70b-99.9", "llama-2-70b", 294, 294},
                  {"llama3.1-405b", "llama-3.1-405b", 9428, 684}};

// Submitters cut a model over as many GPUs as serves most; the rest are replicas.
static bool best_layout(gpu_row *g, int32_t devices) {
  double best = 0;
  int32_t cut = 0;
  for (int32_t tp = 1; tp <= devices && tp <= 8; tp *= 2) {
    clx_error error = {0};
    g->serving.tp = tp;
    g->serving.dp = g->serving.ep = 1;
    g->serving.etp = g->model.experts > 0 ? tp : 1;
    if (devices % tp != 0 || clx_serving_check(&g->serving, &error) != CLX_OK) continue;
    const double rate = devices / tp * most_throughput(g, floor(requests_at_once(g)));
    if (rate > best) cut = tp;
    best = fmax(best, rate);
  }
  if (!(best > 0)) return clx_inference_refuse(g->r, "no layout of %s on %d GPUs has room", g->model.name, devices);
  g->r->out->value[0] = best;
  clx_inference_remark(g->r, true,
                       "layout, lengths and precision are not in the row: %d GPUs a replica, %d in, %d out, %s", cut,
                       g->prompt, g->output, clx_weights_name[g->serving.weights]);
  return true;
}

static bool mlperf(gpu_row *g, const char *device) {
  clx_inference_row *r = g->r;
  const char *name = clx_inference_text(r, "model"), *model = NULL;
  const char *precision = clx_inference_text(r, "precision");
  for (int32_t i = 0; i < CLX_COUNT(BENCHMARKS); i++) {
    if (!clx_text_equal(name, BENCHMARKS[i].benchmark)) continue;
    model = BENCHMARKS[i].model;
    g->prompt = BENCHMARKS[i].prompt;
    g->output = BENCHMARKS[i].output;
  }
  if (!clx_text_equal(clx_inference_text(r, "metric"), "throughput") ||
      !clx_text_equal(clx_inference_text(r, "batch_or_concurrency"), "Offline"))
    return clx_inference_refuse(r, "of submissions to MLPerf only offline throughput is modelled: others need queues");
  if (model == NULL)
    return clx_inference_refuse(r, "lengths of the data set of %.40s in MLPerf are not known here", name);
  clx_error error = {0};
  int32_t devices;
  if (clx_catalog_read_device(r->job->catalog, device, (clx_place){0}, r->job->arena, &g->device, &error) != CLX_OK)
    return clx_inference_refuse_error(r, &error);
  const bool silent = clx_text_equal(precision, "see submission");
  if (silent && g->device.peak[CLX_FP4] > 0)
    return clx_inference_refuse(r, "precision is not in the row, and %s has fp4, too", g->device.name);
  if (!clx_inference_model(r, model, &g->model) || !clx_inference_count(r, "devices", 1, &devices) ||
      !read_weights(g, silent ? "fp8" : precision))
    return false;
  if (devices < 1 || devices > 4096) return clx_inference_refuse(r, "column 'devices': read %d", devices);
  g->serving.model = &g->model;
  g->serving.device = &g->device;
  g->serving.engine = clx_engine_find("tensorrt-llm");
  r->out->error = MLPERF_ERROR;
  return best_layout(g, devices);
}

bool clx_inference_gpu(clx_inference_row *r, const char *device) {
  static const char *const powers[] = {"gpu_power", "energy_per_output_token", "itl_median", "output_throughput"};
  const char *engine = clx_inference_text(r, "engine"), *metric = clx_inference_text(r, "metric");
  gpu_row g = {.r = r};
  if (holds(engine, "TensorRT-LLM")) return tensorrt(&g, device);
  if (holds(engine, "Splitwise")) return single(&g, device);
  if (clx_text_equal(engine, "vLLM")) {
    for (int32_t i = 0; i < CLX_COUNT(powers); i++) {
      if (clx_text_equal(metric, powers[i])) return as_energy(r, i);
    }
  }
  if (strncmp(engine, "TensorRT ", 9) == 0) return mlperf(&g, device);
  return clx_inference_refuse(r, "runs of %.60s on GPUs are not modelled yet", engine);
}
