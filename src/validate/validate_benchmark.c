// Tables of serving benchmarks: a closed loop of clients on one engine, or on prefill and decode pools. docs/tables.md has the columns.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "serving/serving_benchmark.h"
#include "validate/validate_benchmark_row.h"
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

static bool is_power_of_two(int32_t n) { return n > 0 && (n & (n - 1)) == 0; }

// The public benchmark InferenceX has three pairs of lengths, and draws from 0.8 of them to them. Runs of SGLang with other powers of two
// are taken as its own tool's: exact lengths, all clients at once.
static double spread_of(const clx_benchmark_row *r) {
  const bool published = r->output >= 1024 && r->prompt >= 1024;
  const bool exact = clx_benchmark_row_runs(r, CLX_ENGINE_SGLANG) && !published && is_power_of_two(r->prompt) &&
                     is_power_of_two(r->output);
  return exact ? 0 : 0.2;
}

// Runs of vLLM with lengths in hundreds are those of AIConfigurator's own tool (aiconfigurator, generator/config/backend_templates/benchmark):
// AIPerf behind Dynamo. Its prompts are 100 (--num-dataset-entries, by default), of which twice the clients come before what is measured; vLLM
// keeps prefixes unless told otherwise; Dynamo's front end hands requests to the replicas of attention in turn. The time that a token of a prompt,
// which comes as text, takes in front of the engine was fitted to rows of even number.
static bool is_generated(const clx_benchmark_row *r) {
  return clx_benchmark_row_runs(r, CLX_ENGINE_VLLM) && r->prompt % 100 == 0 && r->output % 100 == 0;
}

enum { GENERATED_PROMPTS = 100, GENERATED_WARM_UPS = 2 };
static const double GENERATED_TOKEN = 10e-6;  // s

// Drafts of multi-token prediction: the columns do not say. None, but where a published launch has them.
static int32_t drafts_of(const clx_benchmark_layout *l, const clx_engine_launch *launch) {
  if (launch == NULL) return 0;
  return l->dp > 1 && launch->rank_drafts > 0 ? launch->rank_drafts : launch->drafts;
}

// Tokens of an iteration by drafts: spec_acceptance of DeepSeek's module, thinking.
static double accepted_of(int32_t drafts) { return drafts >= 3 ? 2.49 : drafts == 2 ? 2.27 : drafts == 1 ? 1.79 : 1; }

// Between stages: NVLink as in the servers that carry the device, else one NIC of 400 Gbit/s a GPU.
static bool read_network(clx_benchmark_row *r, const clx_network **out) {
  const double NIC = 50e9;
  const clx_catalog *catalog = r->base.job->catalog;
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
  if (network == NULL) return clx_table_row_refuse(&r->base, "out of memory");
  *out = network;
  return clx_serving_network(catalog, &one, &r->device, NIC, "nccl", "infiniband", (clx_place){0}, r->arena, network,
                             &refusal) == CLX_OK ||
         clx_table_row_refuse_error(&r->base, &refusal);
}

// 17 of 0.17.1, 0 of what is no such release: the latest.
static int32_t release_of(const clx_benchmark_row *r) {
  const char *version = clx_table_row_text(&r->base, "backend_version");
  return strncmp(version, "0.", 2) == 0 ? (int32_t)strtol(version + 2, NULL, 10) : 0;
}

// NVIDIA's second checkpoint of DeepSeek-R1-0528 in 4 bit, which InferenceX runs, stores attention's output product in it too; the first
// ones, where a row names them, do not.
static bool narrow_wo_of(const clx_benchmark_row *r) {
  const char *path = clx_table_row_text(&r->base, "model_path");
  return r->weights == CLX_WEIGHTS_NVFP4_FFN && clx_text_equal(r->model.name, "deepseek-v3") &&
         (strncmp(path, "nvidia/", 7) != 0 || strstr(path, "-v2") != NULL);
}

static bool serving_of(clx_benchmark_row *r, const clx_benchmark_layout *l, clx_serving *s) {
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
  if (clx_serving_check(s, &refusal) != CLX_OK) return clx_table_row_refuse_error(&r->base, &refusal);
  if (l->pp < 2) return true;
  clx_table_row_remark(&r->base, true, "%d stages: pipelines were not checked against measurements", l->pp);
  return true;
}

// The clx_benchmark_layout of a launch script that replicates attention by itself.
static clx_benchmark_layout replicated(const clx_benchmark_layout *l) {
  const int32_t gpus = l->tp * l->dp;
  return (clx_benchmark_layout){
      .tp = 1, .dp = gpus, .ep = gpus, .etp = 1, .batch = (l->batch * l->dp + gpus - 1) / gpus, .workers = l->workers};
}

// The same of one that spreads experts by itself.
static clx_benchmark_layout spread_out(const clx_benchmark_layout *l) {
  clx_benchmark_layout out = *l;
  out.ep *= out.etp;
  out.etp = 1;
  return out;
}

static const clx_engine_launch *launch_of(const clx_benchmark_row *r, const clx_benchmark_layout *l,
                                          const clx_serving *s) {
  const clx_launch_run run = {.version = clx_table_row_text(&r->base, "backend_version"),
                              .day = clx_table_row_text(&r->base, "measured"),
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

static void apply_launch(clx_benchmark_row *r, const clx_benchmark_layout *l, const clx_engine_launch *launch,
                         clx_serving *s, clx_benchmark *b) {
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

static clx_status run_whole(clx_benchmark_row *r, const clx_benchmark_layout *l, clx_benchmark_means *means,
                            clx_error *error) {
  clx_serving *s = CLX_NEW(r->arena, clx_serving);
  if (s == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  if (!serving_of(r, l, s)) return CLX_OK;
  const clx_engine_launch *launch = launch_of(r, l, s);
  if (launch != NULL && launch->replicates && l->tp > 1) {
    const clx_benchmark_layout other = replicated(l);
    return run_whole(r, &other, means, error);
  }
  if (launch != NULL && launch->spreads && l->etp > 1) {
    const clx_benchmark_layout other = spread_out(l);
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
    const clx_benchmark_layout cut = {.tp = l->spelled,
                                      .dp = 1,
                                      .ep = l->spelled,
                                      .etp = 1,
                                      .pp = l->pp,
                                      .batch = l->batch * l->dp,
                                      .workers = l->workers};
    return run_whole(r, &cut, means, error);
  }
  if (status == CLX_INPUT) {
    clx_table_row_refuse_error(&r->base, &refusal);
    return CLX_OK;
  }
  if (status != CLX_OK) return clx_fail_plain(error, status, "out of memory");
  if (s->drafts > 0) clx_table_row_remark(&r->base, false, "%d drafts of multi-token prediction", s->drafts);
  clx_table_row_remark(&r->base, false, "room for %.0f tokens", means->room);
  return CLX_OK;
}

static clx_status run_split(clx_benchmark_row *r, clx_benchmark_means *means, clx_error *error) {
  clx_benchmark_layout prefill, decode;
  if (clx_table_row_text(&r->base, "decode_batch_size")[0] == '\0') {
    clx_table_row_refuse(&r->base,
                         "column 'decode_batch_size' is blank: the row does not say how many requests are in flight");
    return CLX_OK;
  }
  clx_serving one, other;
  if (!clx_benchmark_row_layout(r, "prefill_", &prefill) || !clx_benchmark_row_layout(r, "decode_", &decode))
    return CLX_OK;
  clx_benchmark_row_reread(r, &decode);
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
    clx_table_row_refuse_error(&r->base, &refusal);
    return CLX_OK;
  }
  return status == CLX_OK ? CLX_OK : clx_fail_plain(error, status, "out of memory");
}

static clx_status predict(const clx_table_job *job, int32_t row, clx_prediction *p, clx_error *error) {
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  clx_benchmark_row r = {.base = {job, row, p}, .arena = arena};
  p->status = CLX_ROW_OK;
  clx_status status = CLX_OK;
  clx_benchmark_layout whole;
  clx_benchmark_means means = {0};
  if (clx_benchmark_row_read(&r)) {
    if (clx_text_equal(clx_table_row_text(&r.base, "mode"), "disagg")) {
      status = run_split(&r, &means, error);
    } else if (clx_benchmark_row_layout(&r, "", &whole)) {
      status = run_whole(&r, &whole, &means, error);
    }
    p->value[FIRST] = means.first * 1e3;
    p->value[TOKEN] = means.token * 1e3;
  }
  clx_arena_free(arena);
  return status;
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
    .measure = clx_table_row_measure,
    .group = group,
    .fitted =
        "constants of engines and of their experts' kernels were fitted to rows with an even number in the column row",
    .peer = "AIConfigurator",
    .peer_column = PEER_COLUMNS,
};
