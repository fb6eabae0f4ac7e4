// Tables of requests that a real engine served, by case: each case is a deployment of the catalogue, or all are the one of --scenario, and is
// simulated with the kernels of its device. docs/tables.md has the columns.
#include <glob.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "document/document.h"
#include "serving/serving_deployment.h"
#include "serving/serving_law.h"
#include "validate/validate_internal.h"
#include "validate/validate_request_runs.h"
#include "validate/validate_row.h"

enum { FIRST, TOKEN, WHOLE, METRICS };

static const char *const METRIC[METRICS] = {"vllm_ttft_ms", "vllm_tpot_ms", "vllm_latency_ms"};
static const char *const PEER[] = {"peer_ttft_ms", "peer_tpot_ms", "peer_latency_ms", NULL};
static const char *const INPUTS[] = {"case", "request", "arrival_ns", "input_tokens", "output_tokens", NULL};

typedef struct replay {
  const char *name, *label;
  const char *reason;  // why it cannot be simulated, or NULL
  const char *remark;
  clx_requests requests;
  clx_engine_result result;
} replay;

typedef struct replays {
  replay *run;  // [rows.count]
  clx_request_runs rows;
  clx_requests *trace;  // that have names of blocks, from the folder traces beside the table
  int32_t traces;
  clx_deployment given;  // of --scenario
  bool has_given;
} replays;

static clx_status group_rows(clx_table_job *job, replays *all, clx_error *error) {
  const clx_request_columns columns = {"case", "arrival_ns", "input_tokens", "output_tokens", 1e-9};
  CLX_TRY(clx_request_runs_read(job, &columns, &all->rows, error));
  all->run = CLX_NEW_ARRAY(job->arena, replay, all->rows.count + 1);
  if (all->run == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t k = 0; k < all->rows.count; k++) {
    const char *name = all->rows.name[k];
    all->run[k] = (replay){.name = name, .label = name, .requests = all->rows.requests[k]};
  }
  return CLX_OK;
}

// --- names of blocks, from traces beside the table ----------------------------------------------------------------------------------

static clx_status load_traces(clx_table_job *job, replays *all, clx_error *error) {
  const char *slash = strrchr(job->table.file, '/');
  const int folder = slash != NULL ? (int)(slash - job->table.file) + 1 : 0;
  const char *pattern = clx_arena_format(job->arena, "%.*straces/*.jsonl", folder, job->table.file);
  glob_t files = {0};
  if (pattern == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const size_t count = glob(pattern, 0, NULL, &files) == 0 ? files.gl_pathc : 0;
  all->trace = CLX_NEW_ARRAY(job->arena, clx_requests, count + 1);
  for (size_t k = 0; all->trace != NULL && k < count; k++) {
    clx_error unread = {0};
    const clx_requests_reading reading = {0};
    if (clx_requests_load(job->arena, files.gl_pathv[k], &reading, &all->trace[all->traces], NULL, &unread) == CLX_OK)
      all->traces++;
  }
  globfree(&files);
  return all->trace != NULL ? CLX_OK : clx_fail_plain(error, CLX_MEMORY, "out of memory");
}

static bool same_requests(const clx_requests *a, const clx_requests *b) {
  if (a->count != b->count) return false;
  for (int32_t i = 0; i < a->count; i++) {
    const clx_request *x = &a->item[i], *y = &b->item[i];
    if (x->prompt != y->prompt || x->output != y->output || fabs(x->arrival - y->arrival) > 1e-9) return false;
  }
  return true;
}

// The trace with the same requests, if there is one.
static void take_names(const replays *all, replay *one) {
  for (int32_t k = 0; k < all->traces; k++) {
    if (all->trace[k].block_tokens == 0 || !same_requests(&one->requests, &all->trace[k])) continue;
    one->requests = all->trace[k];
    return;
  }
  one->remark = "no trace beside the table names the blocks of its prompts: nothing is found in the cache";
}

// --- a case -------------------------------------------------------------------------------------------------------------------------

static bool refuse(clx_table_job *job, replay *one, const clx_error *error) {
  one->reason = clx_arena_text(job->arena, error->count > 0 ? error->mistake[0].text : clx_status_text(error->status));
  if (one->reason == NULL) one->reason = "out of memory";
  return false;
}

typedef struct parts {
  clx_deployment deployment;
  clx_transformer model;
  clx_device device;
  clx_engine engine;
  clx_serving serving;
} parts;

static bool find_parts(clx_table_job *job, const replays *all, replay *one, parts *p) {
  const clx_place none = {0};
  clx_error error = {0};
  p->deployment = all->given;
  if (!all->has_given && clx_catalog_canonical(job->catalog, "deployment", one->name) == NULL) {
    one->reason =
        "no entry of catalogue/deployment has the name of the case: say how it ran with --scenario or --catalogue";
    return false;
  }
  if ((!all->has_given && clx_catalog_read(job->catalog, "deployment", one->name, none, &clx_deployment_schema,
                                           job->arena, &p->deployment, &error) != CLX_OK) ||
      clx_catalog_read(job->catalog, "model", p->deployment.model, none, &clx_model_schema, job->arena, &p->model,
                       &error) != CLX_OK ||
      clx_transformer_complete(&p->model, none, &error) != CLX_OK ||
      clx_catalog_read(job->catalog, "engine", p->deployment.engine, none, &clx_serving_engine_schema, job->arena,
                       &p->engine, &error) != CLX_OK ||
      clx_catalog_read_device(job->catalog, p->deployment.device, none, job->arena, &p->device, &error) != CLX_OK ||
      clx_deployment_serving(&p->deployment, &p->model, &p->device, &p->engine, &p->serving, &error) != CLX_OK)
    return refuse(job, one, &error);
  return true;
}

static clx_law_reach reach_of(const clx_deployment *d, const clx_requests *requests) {
  clx_law_reach reach = {d->max_num_batched_tokens, d->max_num_seqs, 1};
  for (int32_t i = 0; i < requests->count; i++)
    reach.context = fmax(reach.context, requests->item[i].prompt + requests->item[i].output);
  return reach;
}

static clx_status simulate(clx_table_job *job, const replays *all, replay *one, clx_error *error) {
  parts *p = CLX_NEW(job->arena, parts);
  if (p == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  if (!find_parts(job, all, one, p)) return CLX_OK;
  const bool fitted = p->deployment.fitted != NULL;
  one->label = clx_arena_format(job->arena, "%s (%s)", one->name, fitted ? "fitted" : "held out");
  if (one->label == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const int64_t known = p->deployment.num_blocks;
  const int64_t blocks = known > 0 ? known : clx_deployment_blocks(&p->deployment, &p->serving);
  const clx_law_reach reach = reach_of(&p->deployment, &one->requests);
  const clx_serving_law *law = clx_serving_law_make(job->arena, &p->serving, &reach);
  if (law == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const clx_pool pool = {.name = one->name,
                         .replicas = 1,
                         .rules = clx_deployment_rules(&p->deployment, blocks),
                         .law = clx_serving_law_step(law)};
  const clx_engine_fleet fleet = {.pool = &pool, .pools = 1, .router = CLX_ROUTER_LEAST};
  const clx_offer offer = {&one->requests, 0};
  clx_error refusal = {0};
  const clx_status status = clx_engine_run(&fleet, &offer, NULL, job->arena, &one->result, &refusal);
  if (status == CLX_MEMORY) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  if (status != CLX_OK) refuse(job, one, &refusal);
  return CLX_OK;
}

// --- the table ----------------------------------------------------------------------------------------------------------------------

static clx_status read_given(clx_table_job *job, replays *all, clx_error *error) {
  if (job->options->scenario == NULL) return CLX_OK;
  clx_node *root = NULL;
  CLX_TRY(clx_document_load(job->arena, job->options->scenario, &root, error));
  all->has_given = true;
  return clx_schema_read(&clx_deployment_schema, root, true, job->arena, &all->given, error);
}

static clx_status open_table(clx_table_job *job, clx_error *error) {
  for (int32_t k = 0; INPUTS[k] != NULL; k++) {
    if (clx_table_column(&job->table, INPUTS[k]) < 0)
      return clx_fail_plain(error, CLX_INPUT, "%s: a table of cases needs a column '%s'", job->table.file, INPUTS[k]);
  }
  for (int32_t k = 0; k < METRICS; k++) job->metric[k] = METRIC[k];
  job->inputs = INPUTS;
  replays *all = CLX_NEW(job->arena, replays);
  if (all == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  job->state = all;
  CLX_TRY(read_given(job, all, error));
  CLX_TRY(group_rows(job, all, error));
  CLX_TRY(load_traces(job, all, error));
  for (int32_t k = 0; k < all->rows.count; k++) {
    take_names(all, &all->run[k]);
    CLX_TRY(simulate(job, all, &all->run[k], error));
  }
  return CLX_OK;
}

static clx_status predict(const clx_table_job *job, int32_t row, clx_prediction *p, clx_error *error) {
  (void)error;
  const replays *all = job->state;
  const replay *one = &all->run[all->rows.run_of[row]];
  if (one->reason != NULL) {
    p->status = CLX_ROW_REFUSED;
    snprintf(p->reason, sizeof p->reason, "%s", one->reason);
    return CLX_OK;
  }
  const int32_t i = all->rows.request_of[row];
  const clx_served *s = &one->result.served[i];
  const int32_t output = one->requests.item[i].output;
  p->status = CLX_ROW_OK;
  if (one->remark != NULL) snprintf(p->reason, sizeof p->reason, "%s", one->remark);
  p->value[FIRST] = 1e3 * (s->first - s->asked);
  p->value[TOKEN] = output > 1 ? 1e3 * (s->last - s->first) / (output - 1) : 0;
  p->value[WHOLE] = 1e3 * (s->last - s->asked);
  return CLX_OK;
}

static const char *group(const clx_table_job *job, int32_t row) {
  const replays *all = job->state;
  return all->run[all->rows.run_of[row]].label;
}

const clx_table_kind clx_table_replay = {
    .name = "requests",
    .open = open_table,
    .predict = predict,
    .measure = clx_table_row_measure,
    .group = group,
    .fitted = "constants of cases marked fitted were fitted to their own rows: catalogue/deployment says which",
    .means = true,
    .peer = "LLMServingSim 2.0",
    .peer_column = PEER};
