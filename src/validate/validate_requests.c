// Tables of requests that an engine or another simulator served: one row, one request of a run. The runs stand in a table beside it, with
// the settings of Vidur, or one section serving.engine holds for all. docs/tables.md has the columns.
#include <glob.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "document/document.h"
#include "engine/engine_spec.h"
#include "validate/validate_internal.h"
#include "validate/validate_request_runs.h"
#include "validate/validate_row.h"
#include "workload/workload.h"

enum { FIRST, WHOLE, METRICS };

static const char *const METRIC[METRICS] = {"ttft_s", "e2e_s"};
static const char *const INPUTS[] = {"run", "request", "arrival_s", "prefill_tokens", "decode_tokens", NULL};

typedef struct run {
  const char *name;
  const char *reason;  // why it cannot be simulated, or NULL
  clx_requests requests;
  clx_engine_spec spec;
  clx_engine_result result;
} run;

typedef struct runs {
  run *run;  // [rows.count]
  clx_request_runs rows;
  const char *operators;  // path
  clx_table settings;
  bool has_settings, has_spec;
  clx_engine_spec spec;
} runs;

// --- files beside the table -------------------------------------------------------------------------------------------------------

// "X_requests.csv" and "_runs.csv" give "X_runs.csv"; NULL when the table has another name.
static const char *beside(clx_arena *arena, const char *path, const char *ending) {
  static const char own[] = "_requests.csv";
  const size_t length = strlen(path), tail = sizeof own - 1;
  if (length < tail || strcmp(path + length - tail, own) != 0) return NULL;
  return clx_arena_format(arena, "%.*s%s", (int)(length - tail), path, ending);
}

static clx_status find_operators(clx_arena *arena, const char *path, const char **found, clx_error *error) {
  const char *pattern = beside(arena, path, "_optable*.csv");
  glob_t files = {0};
  const int code = pattern != NULL ? glob(pattern, 0, NULL, &files) : GLOB_NOMATCH;
  const size_t count = code == 0 ? files.gl_pathc : 0;
  if (count == 1) *found = clx_arena_text(arena, files.gl_pathv[0]);
  globfree(&files);
  if (count == 1) return *found != NULL ? CLX_OK : clx_fail_plain(error, CLX_MEMORY, "out of memory");
  return clx_fail_plain(error, CLX_INPUT, "%s: %s table of operator times beside it: name one with --operators", path,
                        count == 0 ? "no" : "more than one");
}

// --- settings of a run ------------------------------------------------------------------------------------------------------------

typedef struct settings_reader {
  clx_table_job *job;
  const runs *all;
  run *run;
  int32_t row;
} settings_reader;

static bool refuse(settings_reader *r, const char *text, const char *value) {
  r->run->reason = clx_arena_format(r->job->arena, "%s%s", text, value);
  if (r->run->reason == NULL) r->run->reason = "out of memory";
  return false;
}

static bool read_count(settings_reader *r, const char *column, int32_t otherwise, int32_t *value) {
  const clx_table *table = &r->all->settings;
  const int32_t at = clx_table_column(table, column);
  double number = 0;
  *value = otherwise;
  if (clx_table_cell(table, r->row, at)[0] == '\0' && otherwise > 0) return true;
  if (!clx_table_number(table, r->row, at, &number) || number < 1 || number > 1e8 || number != floor(number))
    return refuse(r, "the table of runs: expected a whole number in column ", column);
  *value = (int32_t)number;
  return true;
}

// Vidur's own defaults (vidur/config/config.py) where the table of runs has no column.
static bool read_scheduler(settings_reader *r) {
  const char *name = clx_table_cell(&r->all->settings, r->row, clx_table_column(&r->all->settings, "scheduler"));
  clx_engine_spec *spec = &r->run->spec;
  const bool sarathi = clx_text_equal(name, "sarathi"), whole = clx_text_equal(name, "vllm");
  if (!sarathi && !whole) return refuse(r, "expected scheduler sarathi or vllm, read ", name);
  spec->policy = sarathi ? CLX_ENGINE_SARATHI : CLX_ENGINE_VLLM_V0;
  spec->enable_chunked_prefill = sarathi;
  spec->watermark = 0.01;
  return read_count(r, "max_num_seqs", 128, &spec->max_num_seqs) &&
         read_count(r, "max_num_batched_tokens", sarathi ? 512 : 4096, &spec->max_num_batched_tokens) &&
         read_count(r, "block_size", 16, &spec->block_size) && read_count(r, "tp", 1, &spec->tensor_parallel_size) &&
         read_count(r, "pp", 1, &spec->pipeline_parallel_size) && read_count(r, "replicas", 1, &spec->replicas);
}

// Blocks as Vidur plans memory (vidur/scheduler/utils/memory_planner.py): 90 % of the device's GiB without the weights of its layers,
// in whole requests of 4,096 tokens, each with the keys and values of all layers; times the stages.
static bool plan_blocks(settings_reader *r, const clx_transformer *m) {
  const clx_table *table = &r->all->settings;
  const char *device = clx_table_cell(table, r->row, clx_table_column(table, "device"));
  const char *unit = strstr(device, "GB");
  const char *start = unit;
  while (start != NULL && start > device && start[-1] >= '0' && start[-1] <= '9') start--;
  int32_t gigabytes = 0;
  if (start == NULL || sscanf(start, "%d", &gigabytes) != 1)
    return refuse(r, "expected the memory of the device (as 80GB) in column device, read ", device);
  clx_engine_spec *spec = &r->run->spec;
  const double tp = spec->tensor_parallel_size, kv_heads = ceil(m->kv_heads / tp);
  const double layer =
      (double)m->hidden * m->head_dim * (2 * m->heads / tp + 2 * kv_heads) + 3.0 * m->hidden * m->ffn / tp;
  const double weights = 2 * layer * m->layers / spec->pipeline_parallel_size;
  const double request = 2.0 * 2 * m->head_dim * kv_heads * 4096 * m->layers;
  const double slots = floor((gigabytes * 1073741824.0 * 0.9 - weights) / request);
  if (!(slots >= 1)) return refuse(r, "no memory for a request beside the weights on ", device);
  spec->num_blocks = (int64_t)(slots * spec->pipeline_parallel_size) * (4096 / spec->block_size);
  return true;
}

static bool read_model(settings_reader *r) {
  const clx_table *table = &r->all->settings;
  const char *name = clx_table_cell(table, r->row, clx_table_column(table, "model"));
  clx_transformer model;
  clx_error error = {0};
  if (clx_catalog_canonical(r->job->catalog, "model", name) == NULL) return refuse(r, "unknown model ", name);
  if (clx_catalog_read(r->job->catalog, "model", name, (clx_place){0}, &clx_model_schema, r->job->arena, &model,
                       &error) != CLX_OK ||
      clx_transformer_complete(&model, (clx_place){0}, &error) != CLX_OK)
    return refuse(r, "", error.mistake[0].text);
  r->run->spec.num_layers = model.layers;
  int32_t blocks = 0;
  const int32_t at = clx_table_column(table, "num_blocks");
  if (at < 0 || clx_table_cell(table, r->row, at)[0] == '\0') return plan_blocks(r, &model);
  if (!read_count(r, "num_blocks", 0, &blocks)) return false;
  r->run->spec.num_blocks = blocks;
  return true;
}

static void read_settings(clx_table_job *job, const runs *all, run *one) {
  settings_reader r = {job, all, one, 0};
  one->spec = all->spec;
  if (all->has_spec) return;
  const int32_t id = clx_table_column(&all->settings, "id");
  while (r.row < all->settings.row_count && !clx_text_equal(one->name, clx_table_cell(&all->settings, r.row, id)))
    r.row++;
  if (r.row == all->settings.row_count) {
    refuse(&r, "the table of runs has no run ", one->name);
    return;
  }
  if (read_scheduler(&r)) read_model(&r);
}

static clx_status group_rows(clx_table_job *job, runs *all, clx_error *error) {
  const clx_request_columns columns = {"run", "arrival_s", "prefill_tokens", "decode_tokens", 1};
  CLX_TRY(clx_request_runs_read(job, &columns, &all->rows, error));
  all->run = CLX_NEW_ARRAY(job->arena, run, all->rows.count + 1);
  if (all->run == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t k = 0; k < all->rows.count; k++)
    all->run[k] = (run){.name = all->rows.name[k], .requests = all->rows.requests[k]};
  return CLX_OK;
}

// --- the table --------------------------------------------------------------------------------------------------------------------

static clx_status simulate(clx_table_job *job, const runs *all, run *one, clx_error *error) {
  const clx_operator_rules rules = clx_engine_spec_operators(&one->spec);
  clx_operators *operators = NULL;
  CLX_TRY(clx_operators_load(job->arena, all->operators, &rules, &operators, error));
  clx_pool pool[CLX_ENGINE_SPEC_POOLS];
  const clx_engine_fleet fleet = clx_engine_spec_fleet(&one->spec, clx_operators_law(operators), pool);
  const clx_offer offer = {&one->requests, one->spec.max_concurrency};
  clx_error refusal = {0};
  if (clx_engine_run(&fleet, &offer, NULL, job->arena, &one->result, &refusal) != CLX_OK) {
    one->reason = clx_arena_text(job->arena, refusal.mistake[0].text);
  } else if (clx_operators_beyond(operators).iterations > 0) {
    one->reason = "iterations lie outside of the table of operator times";
  }
  return CLX_OK;
}

static clx_status open_settings(clx_table_job *job, runs *all, clx_error *error) {
  const clx_table_options *o = job->options;
  if (o->scenario != NULL) {
    clx_node *root = NULL;
    CLX_TRY(clx_document_load(job->arena, o->scenario, &root, error));
    const clx_node *serving = clx_node_get(root, "serving"),
                   *engine = serving != NULL ? clx_node_get(serving, "engine") : clx_node_get(root, "engine");
    all->has_spec = true;
    return clx_schema_read(&clx_engine_spec_schema, engine != NULL ? engine : root, false, job->arena, &all->spec,
                           error);
  }
  clx_schema_default(&clx_engine_spec_schema, &all->spec);
  const char *path = o->runs != NULL ? o->runs : beside(job->arena, job->table.file, "_runs.csv");
  if (path == NULL) {
    return clx_fail_plain(error, CLX_INPUT, "%s: which settings? Name a table with --runs or a section with --scenario",
                          job->table.file);
  }
  CLX_TRY(clx_table_load(job->arena, path, &all->settings, error));
  static const char *const needed[] = {"id", "model", "device", "scheduler"};
  for (int32_t k = 0; k < CLX_COUNT(needed); k++) {
    if (clx_table_column(&all->settings, needed[k]) < 0)
      return clx_fail_plain(error, CLX_INPUT, "%s: a table of runs needs a column '%s'", path, needed[k]);
  }
  return CLX_OK;
}

static clx_status open_table(clx_table_job *job, clx_error *error) {
  static const char *const needed[] = {"run", "arrival_s", "prefill_tokens", "decode_tokens"};
  if (clx_table_column(&job->table, "case") >= 0) {
    job->kind = &clx_table_replay;
    return job->kind->open(job, error);
  }
  for (int32_t k = 0; k < CLX_COUNT(needed); k++) {
    if (clx_table_column(&job->table, needed[k]) < 0)
      return clx_fail_plain(error, CLX_INPUT, "%s: a table of requests needs a column '%s'", job->table.file,
                            needed[k]);
  }
  for (int32_t k = 0; k < METRICS; k++) job->metric[k] = METRIC[k];
  job->inputs = INPUTS;
  runs *all = CLX_NEW(job->arena, runs);
  if (all == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  job->state = all;
  all->operators = job->options->operators;
  CLX_TRY(open_settings(job, all, error));
  if (all->operators == NULL) CLX_TRY(find_operators(job->arena, job->table.file, &all->operators, error));
  CLX_TRY(group_rows(job, all, error));
  for (int32_t k = 0; k < all->rows.count; k++) {
    read_settings(job, all, &all->run[k]);
    if (all->run[k].reason == NULL) CLX_TRY(simulate(job, all, &all->run[k], error));
  }
  return CLX_OK;
}

static clx_status predict(const clx_table_job *job, int32_t row, clx_prediction *p, clx_error *error) {
  (void)error;
  const runs *all = job->state;
  const run *one = &all->run[all->rows.run_of[row]];
  if (one->reason != NULL) {
    p->status = CLX_ROW_REFUSED;
    snprintf(p->reason, sizeof p->reason, "%s", one->reason);
    return CLX_OK;
  }
  const clx_served *s = &one->result.served[all->rows.request_of[row]];
  p->status = CLX_ROW_OK;
  p->value[FIRST] = s->first - s->asked;
  p->value[WHOLE] = s->last - s->asked;
  return CLX_OK;
}

static const char *group(const clx_table_job *job, int32_t row) {
  return clx_table_cell(&job->table, row, clx_table_column(&job->table, "run"));
}

const clx_table_kind clx_table_requests = {
    .name = "requests",
    .open = open_table,
    .predict = predict,
    .measure = clx_table_row_measure,
    .group = group,
    .fitted = "the operator times are the other simulator's own: only what the scheduler makes of them is predicted"};
