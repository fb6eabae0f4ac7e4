// Tables of serving benchmarks: a closed loop of clients on one engine, or on prefill and decode pools. docs/tables.md has the columns.
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "scenario/scenario_serving.h"
#include "serving/serving_benchmark.h"
#include "validate/validate_inference.h"

enum { FIRST, TOKEN, METRICS };

static const char *const METRIC[METRICS] = {"silicon_ttft_ms", "silicon_tpot_ms"};

static const char *const PEER_COLUMNS[] = {"aic_ttft_ms", "aic_tpot_ms", NULL};

static const char *const INPUTS[] = {"backend",
                                     "backend_version",
                                     "measured",
                                     "model_path",
                                     "system",
                                     "precision",
                                     "mode",
                                     "isl",
                                     "osl",
                                     "gemm_quant_mode",
                                     "moe_quant_mode",
                                     "batch_size",
                                     "tp_size",
                                     "pp_size",
                                     "attention_dp_size",
                                     "moe_tp_size",
                                     "moe_ep_size",
                                     "prefill_batch_size",
                                     "prefill_num_workers",
                                     "prefill_tp_size",
                                     "prefill_pp_size",
                                     "prefill_attention_dp_size",
                                     "prefill_moe_tp_size",
                                     "prefill_moe_ep_size",
                                     "decode_batch_size",
                                     "decode_num_workers",
                                     "decode_tp_size",
                                     "decode_pp_size",
                                     "decode_attention_dp_size",
                                     "decode_moe_tp_size",
                                     "decode_moe_ep_size",
                                     NULL};

static clx_status open_table(clx_table_job *job, clx_error *error) {
  static const char *const needed[] = {"backend", "model_path", "system", "mode", "isl", "osl"};
  for (int32_t i = 0; i < CLX_COUNT(needed); i++) {
    if (clx_table_column(&job->table, needed[i]) < 0)
      return clx_fail_plain(error, CLX_INPUT, "%s: a table of serving needs a column '%s'", job->table.file, needed[i]);
  }
  for (int32_t i = 0; i < METRICS; i++) job->metric[i] = METRIC[i];
  job->inputs = INPUTS;
  return CLX_OK;
}

// --- one row --------------------------------------------------------------------------------------------------------------

typedef struct row_reader {
  const clx_table_job *job;
  int32_t row;
  clx_prediction *out;
  clx_arena *arena;
  clx_transformer model;
  clx_device device;
  clx_engine engine;
  clx_weights weights;
  bool fp8_cache;
  int32_t prompt, output;
} row_reader;

static void remark(row_reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void remark(row_reader *r, const char *format, ...) {
  const size_t used = strlen(r->out->reason), room = sizeof r->out->reason - used;
  const int head = snprintf(r->out->reason + used, room, "%s", used > 0 ? "; " : "");
  if (head < 0 || (size_t)head >= room) return;
  va_list args;
  va_start(args, format);
  vsnprintf(r->out->reason + used + head, room - (size_t)head, format, args);
  va_end(args);
}

static bool refuse(row_reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool refuse(row_reader *r, const char *format, ...) {
  va_list args;
  va_start(args, format);
  vsnprintf(r->out->reason, sizeof r->out->reason, format, args);
  va_end(args);
  r->out->status = CLX_ROW_REFUSED;
  return false;
}

static bool refuse_error(row_reader *r, const clx_error *error) {
  return refuse(r, "%s", error->count > 0 ? error->mistake[0].text : clx_status_text(error->status));
}

static const char *text_of(const row_reader *r, const char *column) {
  return clx_table_cell(&r->job->table, r->row, clx_table_column(&r->job->table, column));
}

// A whole number from 1 to 100,000; blank and 0 give `otherwise` (0: refused).
static bool count_of(row_reader *r, const char *column, int32_t otherwise, int32_t *value) {
  const int32_t at = clx_table_column(&r->job->table, column);
  const char *text = clx_table_cell(&r->job->table, r->row, at);
  double number = 0;
  *value = otherwise;
  if (text[0] == '\0' && otherwise > 0) return true;
  if (!clx_table_number(&r->job->table, r->row, at, &number) || number != floor(number) || number > 1e6 || number < 0)
    return refuse(r, "column '%s': expected a whole number from 1 to 1,000,000, read '%.40s'", column, text);
  if (number == 0 && otherwise > 0) return true;
  if (number < 1) return refuse(r, "column '%s': expected a whole number from 1 on, read '%.40s'", column, text);
  *value = (int32_t)number;
  return true;
}

static bool read_device(row_reader *r) {
  clx_error error = {0};
  const char *name = text_of(r, "system");
  if (name[0] == '\0') return refuse(r, "column 'system' is blank");
  if (clx_catalog_read_device(r->job->catalog, name, (clx_place){0}, r->arena, &r->device, &error) != CLX_OK)
    return refuse_error(r, &error);
  return true;
}

static bool read_model(row_reader *r) {
  clx_error error = {0};
  const char *name = text_of(r, "model_path");
  if (name[0] == '\0') return refuse(r, "column 'model_path' is blank");
  const char *slash = strrchr(name, '/');
  if (clx_catalog_canonical(r->job->catalog, "model", name) == NULL && slash != NULL) name = slash + 1;
  if (clx_catalog_canonical(r->job->catalog, "model", name) == NULL)
    return refuse(r, "model '%.80s' is not in the catalogue: colossus catalogue ls model", text_of(r, "model_path"));
  if (clx_catalog_read(r->job->catalog, "model", name, (clx_place){0}, &clx_model_schema, r->arena, &r->model,
                       &error) != CLX_OK ||
      clx_transformer_complete(&r->model, (clx_place){0}, &error) != CLX_OK)
    return refuse_error(r, &error);
  return true;
}

static bool read_engine(row_reader *r) {
  clx_error error = {0};
  const char *backend = text_of(r, "backend");
  if (clx_catalog_canonical(r->job->catalog, "engine", backend) == NULL)
    return refuse(r, "column 'backend': engine '%.40s' is not in the catalogue: colossus catalogue ls engine", backend);
  if (clx_catalog_read(r->job->catalog, "engine", backend, (clx_place){0}, &clx_serving_engine_schema, r->arena,
                       &r->engine, &error) != CLX_OK)
    return refuse_error(r, &error);
  return true;
}

static bool runs(const row_reader *r, clx_engine_policy policy) { return r->engine.rules.policy == (int32_t)policy; }

// What a checkpoint in a format stores in it.
static bool read_weights(row_reader *r) {
  const char *gemm = text_of(r, "gemm_quant_mode"), *precision = text_of(r, "precision");
  const bool experts = r->model.experts > 0, per_tensor = strncmp(r->model.name, "llama", 5) == 0;
  if (clx_text_equal(r->model.name, "gpt-oss-120b") || clx_text_equal(r->model.name, "gpt-oss-20b")) {
    r->weights = CLX_WEIGHTS_MXFP4_EXPERTS;
  } else if (clx_text_equal(gemm, "nvfp4") || (gemm[0] == '\0' && clx_text_equal(precision, "fp4"))) {
    r->weights = experts ? CLX_WEIGHTS_NVFP4_FFN : CLX_WEIGHTS_NVFP4;
  } else if (clx_text_equal(gemm, "fp8_block")) {
    r->weights = CLX_WEIGHTS_FP8_BLOCK;
  } else if (clx_text_equal(gemm, "fp8") || (gemm[0] == '\0' && clx_text_equal(precision, "fp8"))) {
    r->weights = per_tensor ? CLX_WEIGHTS_FP8 : CLX_WEIGHTS_FP8_BLOCK;
  } else if (clx_text_equal(gemm, "int4_wo")) {
    r->weights = CLX_WEIGHTS_INT4_EXPERTS;
  } else if (gemm[0] == '\0' || clx_text_equal(gemm, "bfloat16") || clx_text_equal(gemm, "bf16")) {
    r->weights = CLX_WEIGHTS_BF16;
  } else {
    return refuse(r, "column 'gemm_quant_mode': expected nvfp4, fp8, fp8_block, int4_wo or blank, read '%.40s'", gemm);
  }
  // On Blackwell launch scripts ask for an 8-bit cache, but not for weights of 4-bit integers, which are made for older units.
  const bool asked = r->device.peak[CLX_FP4] > 0 && r->weights != CLX_WEIGHTS_INT4_EXPERTS;
  r->fp8_cache = r->weights != CLX_WEIGHTS_BF16 && (runs(r, CLX_ENGINE_TENSORRT) || asked);
  return count_of(r, "isl", 0, &r->prompt) && count_of(r, "osl", 0, &r->output);
}

// A layout and the requests of one of its ranks.
typedef struct layout {
  int32_t tp, dp, ep, etp, pp;
  int32_t batch;    // requests of one rank
  int32_t workers;  // replicas
  int32_t spelled;  // n where attention was written as cut and replicated n times; 0
} layout;

static bool read_count(row_reader *r, const char *prefix, const char *column, int32_t otherwise, int32_t *value) {
  char name[64];
  snprintf(name, sizeof name, "%s%s", prefix, column);
  return count_of(r, name, otherwise, value);
}

// One group of GPUs. Tables of benchmarks write a group of n GPUs in several ways: experts over n twice (tensor and expert parallel n
// each, and n x n GPUs of attention), attention replicated n times and cut n times. batch_size is that of one of the replicas as written.
static bool read_layout(row_reader *r, const char *prefix, layout *out) {
  int32_t tp, pp, dp, etp, ep, batch;
  if (!read_count(r, prefix, "tp_size", 0, &tp) || !read_count(r, prefix, "pp_size", 1, &pp) ||
      !read_count(r, prefix, "attention_dp_size", 1, &dp) || !read_count(r, prefix, "moe_tp_size", 1, &etp) ||
      !read_count(r, prefix, "moe_ep_size", 1, &ep) || !read_count(r, prefix, "num_workers", 1, &out->workers))
    return false;
  const bool prefill = clx_text_equal(prefix, "prefill_");  // their batch follows from the queue
  if (!read_count(r, prefix, "batch_size", prefill ? 1 : 0, &batch)) return false;
  const int32_t all = batch * dp;
  int32_t spelled = 0;
  if (r->model.experts == 0) {
    *out = (layout){tp, dp, 1, 1, pp, batch, out->workers, 0};
    return true;
  }
  if (etp > 1 && etp == ep && tp * dp == etp * ep) {
    tp = dp > 1 ? 1 : ep;
    dp = dp > 1 ? ep : 1;
    etp = 1;
  } else if (tp > 1 && tp == dp && ep == tp * dp && etp == 1) {
    ep = dp;
    // vLLM's launch scripts cut attention; the same runs stand in tables with dp 1.
    if (runs(r, CLX_ENGINE_VLLM)) {
      dp = 1;
    } else {
      tp = 1;
      spelled = dp;
    }
  } else if (dp == 1 && tp < etp * ep && etp * ep % tp == 0) {
    dp = etp * ep / tp;
    *out = (layout){tp, dp, ep, etp, pp, batch, out->workers, 0};
    return true;
  } else if (etp * ep < tp * dp && etp * ep > 0 && tp * dp % (etp * ep) == 0) {
    etp = tp * dp / ep;
  }
  // Kernels of experts work on tiles of 128: a narrower slice was not run. Replicas of attention then keep whole experts.
  if (etp > 1 && r->model.expert_ffn / etp < 128) {
    if (dp < 2)
      return refuse(r, "experts of width %d cut over %d GPUs leave less than a tile of 128: no engine runs that",
                    r->model.expert_ffn, etp);
    ep *= etp;
    etp = 1;
  }
  // vLLM does not cut the blocks of 128 that share a scale (Fp8MoEMethod.create_weights): such experts stay whole.
  if (runs(r, CLX_ENGINE_VLLM) && r->weights == CLX_WEIGHTS_FP8_BLOCK && r->model.expert_ffn % (128 * etp) != 0) {
    ep *= etp;
    etp = 1;
  }
  *out = (layout){tp, dp, ep, etp, pp, (int32_t)fmax(1, ceil((double)all / dp)), out->workers, spelled};
  return true;
}

static bool is_power_of_two(int32_t n) { return n > 0 && (n & (n - 1)) == 0; }

// The public benchmark InferenceX has three pairs of lengths, and draws from 0.8 of them to them. Runs of SGLang with other powers of two
// are taken as its own tool's: exact lengths, all clients at once.
static double spread_of(const row_reader *r) {
  const bool published = r->output >= 1024 && r->prompt >= 1024;
  const bool exact =
      runs(r, CLX_ENGINE_SGLANG) && !published && is_power_of_two(r->prompt) && is_power_of_two(r->output);
  return exact ? 0 : 0.2;
}

// Runs of vLLM with lengths in hundreds are those of AIConfigurator's own tool (aiconfigurator, generator/config/backend_templates/benchmark):
// AIPerf behind Dynamo. Its prompts are 100 (--num-dataset-entries, by default), of which twice the clients come before what is measured; vLLM
// keeps prefixes unless told otherwise; Dynamo's front end hands requests to the replicas of attention in turn. The time that a token of a prompt,
// which comes as text, takes in front of the engine was fitted to rows of even number.
static bool is_generated(const row_reader *r) {
  return runs(r, CLX_ENGINE_VLLM) && r->prompt % 100 == 0 && r->output % 100 == 0;
}

enum { GENERATED_PROMPTS = 100, GENERATED_WARM_UPS = 2 };
static const double GENERATED_TOKEN = 10e-6;  // s

// Drafts of multi-token prediction: the columns do not say. None, but where a published launch has them.
static int32_t drafts_of(const layout *l, const clx_engine_launch *launch) {
  if (launch == NULL) return 0;
  return l->dp > 1 && launch->rank_drafts > 0 ? launch->rank_drafts : launch->drafts;
}

// Tokens of an iteration by drafts: spec_acceptance of DeepSeek's module, thinking.
static double accepted_of(int32_t drafts) { return drafts >= 3 ? 2.49 : drafts == 2 ? 2.27 : drafts == 1 ? 1.79 : 1; }

// Between stages: NVLink as in the servers that carry the device, else one NIC of 400 Gbit/s a GPU.
static bool read_network(row_reader *r, const clx_network **out) {
  const double NIC = 50e9;
  const clx_catalog *catalog = r->job->catalog;
  const char *name;
  clx_network *network = CLX_NEW(r->arena, clx_network);
  clx_server server, one = {.name = "", .gpus = 8};
  clx_error refusal = {0};
  for (int32_t i = 0; (name = clx_catalog_name(catalog, "server", i)) != NULL; i++) {
    if (clx_catalog_read(catalog, "server", name, (clx_place){0}, &clx_server_schema, r->arena, &server, NULL) ==
            CLX_OK &&
        clx_text_equal(clx_catalog_canonical(catalog, "device", server.device), r->device.name))
      one = server;
  }
  if (network == NULL) return refuse(r, "out of memory");
  *out = network;
  return clx_serving_network(catalog, &one, &r->device, NIC, "nccl", "infiniband", (clx_place){0}, r->arena, network,
                             &refusal) == CLX_OK ||
         refuse_error(r, &refusal);
}

// 17 of 0.17.1, 0 of what is no such release: the latest.
static int32_t release_of(const row_reader *r) {
  const char *version = text_of(r, "backend_version");
  return strncmp(version, "0.", 2) == 0 ? (int32_t)strtol(version + 2, NULL, 10) : 0;
}

// NVIDIA's second checkpoint of DeepSeek-R1-0528 in 4 bit, which InferenceX runs, stores attention's output product in it too; the first
// ones, where a row names them, do not.
static bool narrow_wo_of(const row_reader *r) {
  const char *path = text_of(r, "model_path");
  return r->weights == CLX_WEIGHTS_NVFP4_FFN && clx_text_equal(r->model.name, "deepseek-v3") &&
         (strncmp(path, "nvidia/", 7) != 0 || strstr(path, "-v2") != NULL);
}

static bool serving_of(row_reader *r, const layout *l, clx_serving *s) {
  clx_error refusal = {0};
  *s = (clx_serving){.model = &r->model,
                     .device = &r->device,
                     .engine = &r->engine,
                     .weights = r->weights,
                     .tp = l->tp,
                     .dp = l->dp,
                     .ep = l->ep,
                     .etp = l->etp,
                     .fp8_cache = r->fp8_cache,
                     .release = release_of(r),
                     .narrow_wo = narrow_wo_of(r),
                     .routing = 1.2,
                     .pp = l->pp};
  if (l->pp > 1 && !read_network(r, &s->network)) return false;
  if (clx_serving_check(s, &refusal) != CLX_OK) return refuse_error(r, &refusal);
  if (l->pp < 2) return true;
  r->out->status = CLX_ROW_EXTRAPOLATED;
  remark(r, "%d stages: pipelines were not checked against measurements", l->pp);
  return true;
}

// The layout of a launch script that replicates attention by itself.
static layout replicated(const layout *l) {
  const int32_t gpus = l->tp * l->dp;
  return (layout){
      .tp = 1, .dp = gpus, .ep = gpus, .etp = 1, .batch = (l->batch * l->dp + gpus - 1) / gpus, .workers = l->workers};
}

// The same of one that spreads experts by itself.
static layout spread_out(const layout *l) {
  layout out = *l;
  out.ep *= out.etp;
  out.etp = 1;
  return out;
}

static const clx_engine_launch *launch_of(const row_reader *r, const layout *l, const clx_serving *s) {
  const clx_launch_run run = {.version = text_of(r, "backend_version"),
                              .day = text_of(r, "measured"),
                              .prompt = r->prompt,
                              .output = r->output,
                              .clients = l->batch * l->dp};
  return clx_engine_launch_find(s, &run);
}

// What a launch says in place of the rules.
static void capture_up_to(clx_engine_rules *rules, double tokens) {
  rules->graph_tokens = tokens;
  while (rules->capture_sizes_count > 0 && rules->capture_sizes[rules->capture_sizes_count - 1] > tokens)
    rules->capture_sizes_count--;
}

static void apply_launch(row_reader *r, const layout *l, const clx_engine_launch *launch, clx_serving *s,
                         clx_benchmark *b) {
  if (launch == NULL) return;
  b->poll = launch->poll;
  b->stream = launch->stream;
  b->workers = launch->workers;
  b->tokens = launch->tokens;
  b->memory_share = launch->memory_share;
  b->batch_wait = launch->batch_wait;
  b->batch_wait_share = launch->batch_wait_share;
  if (launch->beside > 0) b->tokens = (int32_t)fmax(b->tokens, r->prompt + l->batch * (1 + s->drafts) + launch->beside);
  if (launch->experts != NULL && launch->experts[0] != '\0') r->engine.experts_chosen = launch->experts;
  if (launch->wide_cache) s->fp8_cache = false;
  r->engine.block_products = launch->block_products;
  if (launch->draft_time > 0) r->engine.draft_time = launch->draft_time;
  if (launch->eager) r->engine.rules.mixed_graph_tokens = 0;
  if (launch->graph_tokens > 0) capture_up_to(&r->engine.rules, launch->graph_tokens);
}

static clx_status run_whole(row_reader *r, const layout *l, clx_benchmark_means *means, clx_error *error) {
  clx_serving *s = CLX_NEW(r->arena, clx_serving);
  if (s == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  if (!serving_of(r, l, s)) return CLX_OK;
  const clx_engine_launch *launch = launch_of(r, l, s);
  if (launch != NULL && launch->replicates && l->tp > 1) {
    const layout other = replicated(l);
    return run_whole(r, &other, means, error);
  }
  if (launch != NULL && launch->spreads && l->etp > 1) {
    const layout other = spread_out(l);
    return run_whole(r, &other, means, error);
  }
  s->drafts = drafts_of(l, launch);
  clx_error refusal = {0};
  clx_benchmark benchmark = {.clients = l->batch,
                             .rounds = 10,
                             .prompt = r->prompt,
                             .output = r->output,
                             .spread = spread_of(r),
                             .distinct = is_generated(r) ? GENERATED_PROMPTS : 0,
                             .warm_ups = GENERATED_WARM_UPS,
                             .front_token = is_generated(r) ? GENERATED_TOKEN : 0,
                             .rotates = is_generated(r),
                             .accepted = accepted_of(s->drafts)};
  apply_launch(r, l, launch, s, &benchmark);
  const clx_status status = clx_benchmark_run(r->arena, s, &benchmark, means, &refusal);
  if (status == CLX_INPUT && l->spelled > 1) {  // attention that does not fit n times was cut, not replicated
    const layout cut = {.tp = l->spelled,
                        .dp = 1,
                        .ep = l->spelled,
                        .etp = 1,
                        .pp = l->pp,
                        .batch = l->batch * l->dp,
                        .workers = l->workers};
    return run_whole(r, &cut, means, error);
  }
  if (status == CLX_INPUT) {
    refuse_error(r, &refusal);
    return CLX_OK;
  }
  if (status != CLX_OK) return clx_fail_plain(error, status, "out of memory");
  if (s->drafts > 0) remark(r, "%d drafts of multi-token prediction", s->drafts);
  remark(r, "room for %.0f tokens", means->room);
  return CLX_OK;
}

// How decode engines stand in rows. SGLang was launched with attention replicated only where experts are parallel too: rows of its early
// versions lost that, and say of small groups that attention was replicated and experts cut. vLLM's groups over several trays replicate
// attention (data-parallel-size), which its rows write as cut.
static void reread_decode(const row_reader *r, layout *l) {
  const int32_t TRAY = 4, SERVER = 8;
  if (runs(r, CLX_ENGINE_SGLANG) && l->dp > 1 && l->dp <= TRAY && l->tp == 1 && l->ep == 1 && l->etp == l->dp) {
    *l = (layout){.tp = l->dp, .dp = 1, .ep = 1, .etp = l->etp, .batch = l->batch * l->dp, .workers = l->workers};
  } else if (runs(r, CLX_ENGINE_VLLM) && r->model.mla && l->tp > SERVER && l->dp == 1 && l->ep == l->tp) {
    l->batch = (l->batch + l->tp - 1) / l->tp;
    l->dp = l->tp;
    l->tp = 1;
  }
}

static clx_status run_split(row_reader *r, clx_benchmark_means *means, clx_error *error) {
  layout prefill, decode;
  if (text_of(r, "decode_batch_size")[0] == '\0') {
    refuse(r, "column 'decode_batch_size' is blank: the row does not say how many requests are in flight");
    return CLX_OK;
  }
  clx_serving one, other;
  if (!read_layout(r, "prefill_", &prefill) || !read_layout(r, "decode_", &decode)) return CLX_OK;
  reread_decode(r, &decode);
  if (!serving_of(r, &prefill, &one) || !serving_of(r, &decode, &other)) return CLX_OK;
  if (r->engine.wide_ranks > 0 && decode.dp >= r->engine.wide_ranks && decode.ep > 1) {
    other.direct = true;
    if ((r->model.experts + r->engine.redundant_experts) % decode.ep == 0) other.copies = r->engine.redundant_experts;
  }
  const clx_split split = {&one, &other, prefill.workers, decode.workers};
  const clx_benchmark benchmark = {
      .clients = decode.batch, .rounds = 10, .prompt = r->prompt, .output = r->output, .spread = spread_of(r)};
  clx_error refusal = {0};
  const clx_status status = clx_benchmark_split(r->arena, &split, &benchmark, means, &refusal);
  if (status == CLX_INPUT) {
    refuse_error(r, &refusal);
    return CLX_OK;
  }
  return status == CLX_OK ? CLX_OK : clx_fail_plain(error, status, "out of memory");
}

static clx_status predict(const clx_table_job *job, int32_t row, clx_prediction *p, clx_error *error) {
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  row_reader r = {.job = job, .row = row, .out = p, .arena = arena};
  p->status = CLX_ROW_OK;
  clx_status status = CLX_OK;
  layout whole;
  clx_benchmark_means means = {0};
  if (read_device(&r) && read_model(&r) && read_engine(&r) && read_weights(&r)) {
    if (clx_text_equal(text_of(&r, "mode"), "disagg")) {
      status = run_split(&r, &means, error);
    } else if (read_layout(&r, "", &whole)) {
      status = run_whole(&r, &whole, &means, error);
    }
    p->value[FIRST] = means.first * 1e3;
    p->value[TOKEN] = means.token * 1e3;
  }
  clx_arena_free(arena);
  return status;
}

static void measure(const clx_table_job *job, int32_t row, clx_prediction *p) {
  for (int32_t i = 0; i < METRICS; i++) {
    double value = 0;
    if (clx_table_number(&job->table, row, clx_table_column(&job->table, METRIC[i]), &value) && value > 0)
      p->measured[i] = value;
  }
}

static const char *group(const clx_table_job *job, int32_t row) {
  const clx_table *t = &job->table;
  const char *name = clx_table_cell(t, row, clx_table_column(t, "model_path"));
  const char *slash = strrchr(name, '/');
  if (clx_catalog_canonical(job->catalog, "model", name) == NULL && slash != NULL) name = slash + 1;
  clx_transformer model;
  clx_error error = {0};
  const bool known = clx_catalog_canonical(job->catalog, "model", name) != NULL &&
                     clx_catalog_read(job->catalog, "model", name, (clx_place){0}, &clx_model_schema, job->arena,
                                      &model, &error) == CLX_OK;
  return clx_arena_format(job->arena, "%s %s %s", clx_table_cell(t, row, clx_table_column(t, "system")),
                          clx_table_cell(t, row, clx_table_column(t, "mode")),
                          !known               ? "unknown model"
                          : model.experts == 0 ? "dense"
                                               : "experts");
}

const clx_table_kind clx_table_benchmark = {
    .name = "serving",
    .open = open_table,
    .predict = predict,
    .measure = measure,
    .group = group,
    .fitted =
        "constants of engines and of their experts' kernels were fitted to rows with an even number in the column row",
    .peer = "AIConfigurator",
    .peer_column = PEER_COLUMNS,
};
