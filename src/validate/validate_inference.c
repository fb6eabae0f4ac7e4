// Long tables of inference runs: each row is one metric of one run. docs/tables.md has the columns.
#include "validate/validate_inference.h"

#include "validate/validate_internal.h"

static const char *const INPUTS[] = {"hardware",  "devices",    "model",  "params_b", "precision",
                                     "engine",    "tp",         "pp",     "ep",       "batch_or_concurrency",
                                     "input_len", "output_len", "metric", "unit",     NULL};

// Mean error on the published rows of Apple chips, notes read (docs/model/serving/apple.md).
static const double MODEL_ERROR = 0.045;

bool clx_inference_table(const clx_table *table) {
  return clx_table_column(table, "metric") >= 0 && clx_table_column(table, "value") >= 0;
}

static clx_status open_table(clx_table_job *job, clx_error *error) {
  static const char *const needed[] = {"hardware", "model", "precision", "engine", "metric", "value", "unit"};
  for (int32_t i = 0; i < CLX_COUNT(needed); i++) {
    if (clx_table_column(&job->table, needed[i]) < 0)
      return clx_fail_plain(error, CLX_INPUT, "%s: a table of inference runs needs a column '%s'", job->table.file,
                            needed[i]);
  }
  job->metric[0] = "value";
  job->inputs = INPUTS;
  job->error = MODEL_ERROR;
  return CLX_OK;
}

// --- one row --------------------------------------------------------------------------------------------------------------

const char *clx_inference_notes(const clx_table_row *r) {
  return r->job->options->notes ? clx_table_row_text(r, "notes") : "";
}

bool clx_inference_count(clx_table_row *r, const char *column, int32_t otherwise, int32_t *value) {
  return clx_table_row_count(r, column, 0, 10000000, otherwise, value);
}

bool clx_inference_model(clx_table_row *r, const char *name, clx_transformer *model) {
  clx_error error = {0};
  if (name[0] == '\0') return clx_table_row_refuse(r, "column 'model' is blank");
  if (clx_catalog_canonical(r->job->catalog, "model", name) == NULL)
    return clx_table_row_refuse(r, "model '%.80s' is not in the catalogue: colossus catalogue ls model", name);
  if (clx_catalog_read(r->job->catalog, "model", name, (clx_place){0}, &clx_model_schema, r->job->arena, model,
                       &error) != CLX_OK ||
      clx_transformer_complete(model, (clx_place){0}, &error) != CLX_OK)
    return clx_table_row_refuse_error(r, &error);
  return true;
}

static bool predict_row(clx_table_row *r) {
  const char *hardware = clx_table_row_text(r, "hardware"), *problem = NULL;
  if (hardware[0] == '\0') return clx_table_row_refuse(r, "column 'hardware' is blank");
  const char *name = clx_system_device(r->job->arena, r->job->catalog, hardware, &problem);
  if (name == NULL) return clx_table_row_refuse(r, "%s", problem);
  clx_device device;
  clx_error error = {0};
  if (clx_catalog_read_device(r->job->catalog, name, (clx_place){0}, r->job->arena, &device, &error) != CLX_OK)
    return clx_table_row_refuse_error(r, &error);
  if (device.unified.products > 0) return clx_inference_apple(r, name);
  return clx_inference_gpu(r, name);
}

static clx_status predict(const clx_table_job *job, int32_t row, clx_prediction *p, clx_error *error) {
  clx_table_row r = {.job = job, .row = row, .out = p};
  (void)error;
  p->status = CLX_ROW_OK;
  predict_row(&r);
  return CLX_OK;
}

static void measure(const clx_table_job *job, int32_t row, clx_prediction *p) {
  double value = 0;
  if (clx_table_number(&job->table, row, clx_table_column(&job->table, "value"), &value) && value > 0)
    p->measured[0] = value;
}

static const char *group(const clx_table_job *job, int32_t row) {
  return clx_table_cell(&job->table, row, clx_table_column(&job->table, "metric"));
}

const clx_table_kind clx_table_inference = {
    .name = "serving",
    .open = open_table,
    .predict = predict,
    .measure = measure,
    .group = group,
    .fitted =
        "constants of Apple chips were fitted to the rows of LLaMA 7B v2, those of keys, attention and unpacking to "
        "LLaMA 3, floors of engines to some of the others: docs/model/serving/apple.md says which"};
