// A row of a training table becomes a scenario and takes the path of `run`: the same compile, memory and step.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/scenario.h"
#include "twin/twin.h"
#include "validate/validate.h"

static const char *const INPUTS[] = {"hardware",
                                     "gpus",
                                     "gpus_per_node",
                                     "scale_up_domain",
                                     "scale_out_gbps_per_gpu",
                                     "model",
                                     "params_b",
                                     "layers",
                                     "hidden",
                                     "heads",
                                     "kv_heads",
                                     "ffn",
                                     "vocab",
                                     "seq",
                                     "moe_experts",
                                     "moe_topk",
                                     "moe_ffn",
                                     "precision",
                                     "tp",
                                     "pp",
                                     "vpp",
                                     "cp",
                                     "ep",
                                     "dp",
                                     "micro_batch",
                                     "global_batch",
                                     "recompute",
                                     "software",
                                     "sharding",
                                     "shard_group",
                                     NULL};

typedef struct row_reader {
  const clx_catalog *catalog;
  const clx_table *table;
  int32_t row;
  clx_scenario *scenario;
  clx_prediction *out;
} row_reader;

// --- notes and refusals ---------------------------------------------------------------------------------------------------

// Adds a remark to the row's reason.
static void remark(row_reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void remark(row_reader *r, const char *format, ...) {
  const size_t used = strlen(r->out->reason);
  char *at = r->out->reason + used;
  size_t room = sizeof r->out->reason - used;
  if (used > 0 && room > 3) {
    memcpy(at, "; ", 3);
    at += 2;
    room -= 2;
  }
  va_list args;
  va_start(args, format);
  vsnprintf(at, room, format, args);
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

// --- cells ------------------------------------------------------------------------------------------------------------------

static const char *text_of(const row_reader *r, const char *column) {
  return clx_table_cell(r->table, r->row, clx_table_column(r->table, column));
}

static double number_of(const row_reader *r, const char *column) {
  double value = 0;
  clx_table_number(r->table, r->row, clx_table_column(r->table, column), &value);
  return value;
}

// A non-empty cell that is no whole number from 1 to `most` refuses the row; an empty one gives `otherwise`.
static bool count_of(row_reader *r, const char *column, int32_t most, int32_t otherwise, int32_t *value) {
  *value = otherwise;
  const char *text = text_of(r, column);
  if (text[0] == '\0') return true;
  const double number = number_of(r, column);
  if (!(number >= 1) || number > most || number != floor(number)) {
    return refuse(r, "column '%s': expected a whole number from 1 to %d, read '%.40s'", column, most, text);
  }
  *value = (int32_t)number;
  return true;
}

// A non-empty cell that is no positive number refuses the row; an empty one gives 0.
static bool positive_of(row_reader *r, const char *column, double *value) {
  const char *text = text_of(r, column);
  *value = number_of(r, column);
  if (text[0] == '\0' || (*value > 0 && *value < 1e9)) return true;
  return refuse(r, "column '%s': expected a positive number, read '%.40s'", column, text);
}

// --- model ------------------------------------------------------------------------------------------------------------------

static bool override_dimensions(row_reader *r, clx_transformer *m) {
  const int32_t heads = m->heads, kv = m->kv_heads, hidden = m->hidden, layers = m->layers;
  const struct {
    const char *column;
    int32_t *value, most;  // as in the schema of models
  } dimensions[] = {{"layers", &m->layers, 10000},
                    {"hidden", &m->hidden, 1000000},
                    {"heads", &m->heads, 100000},
                    {"ffn", &m->ffn, 10000000},
                    {"vocab", &m->vocab, 100000000},
                    {"moe_experts", &m->experts, 100000},
                    {"moe_topk", &m->experts_per_token, 1000},
                    {"moe_ffn", &m->expert_ffn, 10000000}};
  for (int32_t i = 0; i < CLX_COUNT(dimensions); i++) {
    if (!count_of(r, dimensions[i].column, dimensions[i].most, *dimensions[i].value, dimensions[i].value)) return false;
  }
  if (m->hidden != hidden || m->heads != heads) m->head_dim = 0;
  // kv_heads left blank = heads, unless the catalogue knows the model and the row does not change its heads.
  const int32_t otherwise = m->heads == heads && kv > 0 ? kv : m->heads;
  if (!count_of(r, "kv_heads", 100000, otherwise, &m->kv_heads)) return false;
  if (m->mamba_layers > 0 && m->layers != layers) {
    const double part = (double)m->layers / layers;
    m->attention_layers = (int32_t)round(m->attention_layers * part);
    m->mamba_layers = (int32_t)round(m->mamba_layers * part);
    m->ffn_layers = (int32_t)round(m->ffn_layers * part);
  }
  // A truncated model keeps the kinds of its layers in proportion, one dense layer at least.
  if (m->first_dense_layers > 0 && m->layers < layers) {
    const double part = round((double)m->first_dense_layers * m->layers / layers);
    m->first_dense_layers = m->layers > 1 ? (int32_t)fmax(1, part) : 0;
  }
  if (m->learned_positions) m->context = r->scenario->spec.training.sequence;
  return true;
}

// Blank heads: the head dimension nearest to 128 that divides the hidden width and gives heads that tp divides.
static bool infer_heads(row_reader *r, clx_transformer *m, int32_t tp) {
  if (m->heads > 0 || m->hidden <= 0) return true;
  int32_t best = 0;
  for (int32_t heads = tp; heads <= m->hidden / 16; heads += tp) {
    if (m->hidden % heads != 0) continue;
    if (best == 0 || abs(m->hidden / heads - 128) < abs(m->hidden / best - 128)) best = heads;
  }
  if (best == 0)
    return refuse(r, "column 'heads' is blank and no head count divides hidden %d and tp %d", m->hidden, tp);
  m->heads = best;
  m->kv_heads = best;
  r->out->status = CLX_ROW_EXTRAPOLATED;
  remark(r, "heads blank: %d of dimension %d assumed", best, m->hidden / best);
  return true;
}

static bool infer_vocabulary(row_reader *r, clx_transformer *m) {
  if (m->vocab > 0) return true;
  m->vocab = 51200;
  remark(r, "vocab blank: 51,200 assumed");
  return true;
}

// A model the catalogue does not know: the kind of feed-forward block whose parameter count is nearer to params_b.
static bool guess_family(row_reader *r, clx_transformer *m) {
  double billions = 0;
  const char *name = text_of(r, "model");
  if (!positive_of(r, "params_b", &billions)) return false;
  if (billions == 0) return refuse(r, "model '%s' is not in the catalogue and params_b is blank", name);
  double nearest = INFINITY;
  clx_transformer best = {0};
  for (int32_t gated = 0; gated < 2; gated++) {
    for (int32_t tied = 0; tied < 2; tied++) {
      clx_transformer guess = {.name = name,
                               .activation = gated ? CLX_SWIGLU : CLX_GELU,
                               .norm = gated ? CLX_RMSNORM : CLX_LAYERNORM,
                               .tied = tied,
                               .norms_per_layer = 2,
                               .moe_period = 1};
      clx_error ignored = {0};
      if (!override_dimensions(r, &guess)) return false;
      if (clx_transformer_complete(&guess, (clx_place){0}, &ignored) != CLX_OK) return refuse_error(r, &ignored);
      const double off = fabs(clx_parameter_count(&guess).total / (billions * 1e9) - 1);
      if (off >= nearest) continue;
      nearest = off;
      best = guess;
    }
  }
  if (nearest > 0.15)
    return refuse(r, "model '%s' is not in the catalogue and its dimensions do not give %.4g B parameters", name,
                  billions);
  *m = best;
  r->out->status = CLX_ROW_EXTRAPOLATED;
  remark(r, "model '%s' is not in the catalogue: %s feed-forward inferred from params_b", name,
         best.activation == CLX_SWIGLU ? "gated" : "plain");
  return true;
}

static bool read_model(row_reader *r, int32_t tp) {
  clx_scenario *s = r->scenario;
  clx_transformer *m = &s->model;
  const char *name = text_of(r, "model");
  clx_error error = {0};
  if (name[0] == '\0') return refuse(r, "column 'model' is blank");
  if (clx_catalog_canonical(r->catalog, "model", name) == NULL) {
    if (!guess_family(r, m)) return false;
  } else {
    const clx_place place = {r->table->file, r->table->line[r->row], 0};
    if (clx_catalog_read(r->catalog, "model", name, place, &clx_model_schema, s->arena, m, &error) != CLX_OK)
      return refuse_error(r, &error);
    if (!override_dimensions(r, m)) return false;
  }
  if (!infer_heads(r, m, tp) || !infer_vocabulary(r, m)) return false;
  if (clx_transformer_complete(m, (clx_place){0}, &error) != CLX_OK) return refuse_error(r, &error);
  return true;
}

// --- machine ----------------------------------------------------------------------------------------------------------------

// Usual scale-out rate per GPU of a generation, for rows that do not state theirs.
static double usual_gbps(const clx_device *device) {
  if (clx_text_equal(device->family, "ampere")) return 200;
  return 400;
}

static bool read_machine(row_reader *r) {
  clx_scenario *s = r->scenario;
  const char *hardware = text_of(r, "hardware");
  if (clx_catalog_canonical(r->catalog, "device", hardware) == NULL) {
    return refuse(r, "device '%s' is not in the catalogue", hardware);
  }
  clx_error error = {0};
  const clx_place place = {r->table->file, r->table->line[r->row], 0};
  clx_cohort *cohort = CLX_NEW(s->arena, clx_cohort);
  if (cohort == NULL) return refuse(r, "out of memory");
  if (clx_catalog_read_device(r->catalog, hardware, place, s->arena, &cohort->device, &error) != CLX_OK) {
    return refuse_error(r, &error);
  }
  int32_t gpus, node, domain;
  if (!count_of(r, "gpus", 10000000, 0, &gpus) || !count_of(r, "gpus_per_node", 1024, 8, &node)) return false;
  if (!count_of(r, "scale_up_domain", 100000, node, &domain)) return false;
  if (gpus == 0) return refuse(r, "column 'gpus' is blank");
  double gbps = 0;
  if (!positive_of(r, "scale_out_gbps_per_gpu", &gbps)) return false;
  if (gbps == 0) {
    gbps = usual_gbps(&cohort->device);
    if (gpus > domain) remark(r, "scale-out blank: %.0f Gbit/s per GPU assumed", gbps);
  }
  cohort->gpus = gpus;
  cohort->trains = 1;
  cohort->server = (clx_server){.name = "server of the table", .gpus = node, .nics = node};
  cohort->rack = (clx_rack){.name = "rack of the table", .servers = 1, .nvlink_domain = domain};
  cohort->nic = (clx_link){.name = "NIC of the table", .rate = gbps * 1e9 / 8};
  s->machine = (clx_machine){.cohort = cohort, .cohort_count = 1};
  s->machine.switch_model = (clx_switch){.name = "switch of the table",
                                         .throughput = 1024 * cohort->nic.rate,
                                         .port_rate = cohort->nic.rate,
                                         .ports = 1024,
                                         .split = 1};
  if (clx_catalog_read_library(r->catalog, "nccl", place, s->arena, &s->machine.library, &error) != CLX_OK ||
      clx_catalog_read_transport(r->catalog, "infiniband", place, s->arena, &s->machine.transport, &error) != CLX_OK) {
    return refuse_error(r, &error);
  }
  if (clx_machine_compile(s->arena, &s->machine, place, &error) != CLX_OK) return refuse_error(r, &error);
  s->device = cohort->device;
  s->device_memory = cohort->device.memory;
  s->job_gpus = gpus;
  return true;
}

// --- job --------------------------------------------------------------------------------------------------------------------

static bool read_precision(row_reader *r, int32_t *precision) {
  // Spellings of the tables. Rowwise and 128-wide block scaling both quantise along K in every GEMM operand.
  static const struct {
    const char *spelling;
    int32_t precision;
  } known[] = {{"BF16", CLX_PRECISION_BF16},
               {"FP16", CLX_PRECISION_FP16},
               {"FP8", CLX_PRECISION_FP8},
               {"FP8-CS", CLX_PRECISION_FP8},
               {"FP8-DS", CLX_PRECISION_FP8},
               {"FP8 tensorwise", CLX_PRECISION_FP8},
               {"FP8 rowwise", CLX_PRECISION_FP8_ROW},
               {"FP8-SC", CLX_PRECISION_FP8_BLOCK},
               {"FP8 blockwise", CLX_PRECISION_FP8_BLOCK},
               {"FP8_BLOCK", CLX_PRECISION_FP8_BLOCK},
               {"FP8-MX", CLX_PRECISION_MXFP8},
               {"MXFP8", CLX_PRECISION_MXFP8},
               {"NVFP4", CLX_PRECISION_NVFP4}};
  const char *text = text_of(r, "precision");
  for (int32_t i = 0; i < CLX_COUNT(known); i++) {
    if (!clx_text_equal_loose(text, known[i].spelling)) continue;
    *precision = known[i].precision;
    return true;
  }
  return refuse(r, "precision '%s' is not known", text);
}

static bool read_choice(row_reader *r, const char *column, const char *const *choices, int32_t otherwise,
                        int32_t *value) {
  const char *text = text_of(r, column);
  *value = otherwise;
  if (text[0] == '\0') return true;
  for (int32_t i = 0; choices[i] != NULL; i++) {
    // "selective (norm, act)" is a kind of selective
    const size_t length = strlen(choices[i]);
    if (strncmp(text, choices[i], length) == 0 && (text[length] == '\0' || text[length] == ' ')) {
      *value = i;
      return true;
    }
  }
  return refuse(r, "column '%s': '%s' is not known", column, text);
}

// What trained on a generation of devices when it was new: the default of rows that name no profile.
typedef struct generation {
  const char *family, *title, *profile;
} generation;

static const generation GENERATIONS[] = {{"ampere", "Ampere", "megatron-lm-2022"}};

static const char *default_profile(row_reader *r, const char *name) {
  const generation *g = NULL;
  for (int32_t i = 0; i < CLX_COUNT(GENERATIONS); i++) {
    if (clx_text_equal(r->scenario->device.family, GENERATIONS[i].family)) g = &GENERATIONS[i];
  }
  char text[96] = "default profile";
  if (g != NULL) snprintf(text, sizeof text, "default profile of %s (%s)", g->title, g->profile);
  if (name[0] == '\0') {
    remark(r, "software blank: %s", text);
  } else {
    remark(r, "software '%.60s' has no profile: %s", name, text);
  }
  return g != NULL ? g->profile : "default";
}

static bool read_software(row_reader *r) {
  clx_scenario *s = r->scenario;
  const char *name = text_of(r, "software");
  const clx_place place = {r->table->file, r->table->line[r->row], 0};
  clx_error error = {0};
  if (name[0] == '\0' || clx_catalog_canonical(r->catalog, "software", name) == NULL) name = default_profile(r, name);
  if (clx_catalog_read(r->catalog, "software", name, place, &clx_software_schema, s->arena, &s->software, &error) !=
      CLX_OK) {
    return refuse_error(r, &error);
  }
  return true;
}

static bool read_layout(row_reader *r, clx_layout *l, double global_batch) {
  *l = (clx_layout){.etp = 1, .sequence_parallel = -1, .recompute_share = 1};
  r->scenario->spec.training.stragglers = (clx_stragglers){.spread = -1, .jitter = CLX_STEP_JITTER};
  const struct {
    const char *column;
    int32_t *value, most, otherwise;  // bounds as in the schema of layouts
  } degrees[] = {{"tp", &l->tp, 1024, 0},
                 {"pp", &l->pp, CLX_STAGES_MAX, 0},
                 {"vpp", &l->vpp, 256, 1},
                 {"cp", &l->cp, 1024, 1},
                 {"ep", &l->ep, 4096, 1},
                 {"dp", &l->dp, 10000000, 0},
                 {"micro_batch", &l->micro_batch, 100000, 0},
                 {"shard_group", &l->shard_group, 10000000, 0}};
  for (int32_t i = 0; i < CLX_COUNT(degrees); i++) {
    if (!count_of(r, degrees[i].column, degrees[i].most, degrees[i].otherwise, degrees[i].value)) return false;
  }
  if (l->tp == 0 || l->pp == 0) return refuse(r, "layout missing: tp or pp is blank");
  const int64_t ranks = (int64_t)l->tp * l->pp * l->cp, gpus = r->scenario->job_gpus;
  if (l->dp == 0) {
    if (gpus % ranks != 0) return refuse(r, "layout missing: dp is blank and tp x pp x cp does not divide gpus");
    l->dp = (int32_t)(gpus / ranks);
  }
  const int64_t world = ranks * l->dp;
  if (world != gpus) {
    return refuse(r, "gpus is %lld, but tp x pp x cp x dp is %lld", (long long)gpus, (long long)world);
  }
  if (l->micro_batch == 0) {
    if (global_batch != l->dp) return refuse(r, "layout missing: micro_batch is blank and the layout does not fix it");
    l->micro_batch = 1;
  }
  // A blank sharding is what distributed training has used by default since the distributed optimizer.
  return read_choice(r, "sharding", clx_sharding_name, CLX_SHARDING_ZERO1, &l->sharding) &&
         read_choice(r, "recompute", clx_recompute_name, CLX_RECOMPUTE_DEFAULT, &l->recompute);
}

static bool read_job(row_reader *r) {
  clx_training_spec *spec = &r->scenario->spec.training;
  int32_t batch;
  if (!count_of(r, "seq", 16777216, 0, &spec->sequence)) return false;
  if (!count_of(r, "global_batch", 1000000000, 0, &batch)) return false;
  if (spec->sequence == 0 || batch == 0) return refuse(r, "seq or global_batch is blank");
  spec->global_batch = batch;
  return read_precision(r, &spec->precision) && read_machine(r) && read_software(r) &&
         read_layout(r, &spec->layout, batch) && read_model(r, spec->layout.tp);
}

static void remark_extrapolations(row_reader *r, const clx_training *job) {
  const char *text[CLX_EXTRAPOLATIONS_MAX];
  const int32_t count = clx_training_extrapolations(job, text);
  if (count > 0) r->out->status = CLX_ROW_EXTRAPOLATED;
  for (int32_t i = 0; i < count; i++) remark(r, "%s", text[i]);
}

static void solve(row_reader *r, clx_training *job) {
  clx_scenario *s = r->scenario;
  clx_error error = {0};
  clx_memory memory;
  clx_step step;
  const bool open = s->spec.training.layout.recompute == CLX_RECOMPUTE_DEFAULT;
  clx_status status = clx_scenario_compile_training(s, &error);
  if (status == CLX_OK) status = clx_twin_solve_training(s, true, job, &memory, &step, &error);
  if (status != CLX_OK) {
    refuse_error(r, &error);
    return;
  }
  if (open) remark(r, "recompute blank: %s", clx_recompute_name[job->layout.recompute]);
  remark_extrapolations(r, job);
  if (memory.total > s->device_memory) {
    r->out->status = CLX_ROW_EXTRAPOLATED;
    remark(r, "the memory model finds %.0f GB where %.0f GB are", memory.total / 1e9, s->device_memory / 1e9);
  }
  r->out->value[0] = step.step_time;
}

static clx_status predict(const clx_table_job *table_job, int32_t row, clx_prediction *out, clx_error *error) {
  clx_scenario scenario = {.catalog = table_job->catalog, .arena = clx_arena_new()};
  if (scenario.arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  row_reader r = {table_job->catalog, &table_job->table, row, &scenario, out};
  clx_training job;
  if (read_job(&r)) solve(&r, &job);
  clx_arena_free(scenario.arena);
  return CLX_OK;
}

// s of one step; 0 = not measured.
static double measured_time(const row_reader *r) {
  const double time = number_of(r, "step_time_s");
  if (time > 0) return time;
  const double rate = number_of(r, "tokens_per_s_per_gpu") * number_of(r, "gpus");
  return rate > 0 ? number_of(r, "global_batch") * number_of(r, "seq") / rate : 0;
}

static void measure(const clx_table_job *job, int32_t row, clx_prediction *out) {
  const row_reader r = {NULL, &job->table, row, NULL, out};
  out->measured[0] = measured_time(&r);
}

static clx_status check_columns(const clx_table *table, clx_error *error) {
  static const char *const needed[] = {"hardware", "gpus", "model", "seq", "precision", "tp", "pp", "global_batch"};
  clx_status status = CLX_OK;
  for (int32_t i = 0; i < CLX_COUNT(needed); i++) {
    if (clx_table_column(table, needed[i]) >= 0) continue;
    const clx_place place = {table->file, 1, 0};
    const char *near = clx_nearest(needed[i], table->column, table->column_count);
    status = near == NULL ? clx_fail(error, CLX_INPUT, place, "column '%s' is missing", needed[i])
                          : clx_fail(error, CLX_INPUT, place, "column '%s' is missing; is it '%s'?", needed[i], near);
  }
  return status;
}

static clx_status open_table(clx_table_job *job, clx_error *error) {
  clx_accuracy accuracy;
  CLX_TRY(check_columns(&job->table, error));
  CLX_TRY(clx_catalog_read(job->catalog, "accuracy", "training", (clx_place){0}, &clx_accuracy_schema, job->arena,
                           &accuracy, error));
  job->metric[0] = "step_time_s";
  job->inputs = INPUTS;
  job->error = accuracy.all.mean;
  return CLX_OK;
}

clx_status clx_training_rows_read(clx_arena *arena, const clx_catalog *catalog, const clx_table *table,
                                  clx_training_row *rows, clx_error *error) {
  CLX_TRY(check_columns(table, error));
  for (int32_t i = 0; i < table->row_count; i++) {
    clx_prediction prediction = {0};
    clx_scenario *scenario = CLX_NEW(arena, clx_scenario);
    if (scenario == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
    *scenario = (clx_scenario){.catalog = catalog, .arena = arena};
    row_reader r = {catalog, table, i, scenario, &prediction};
    rows[i] = (clx_training_row){.measured = measured_time(&r)};
    if (read_job(&r)) solve(&r, &rows[i].job);
    if (prediction.status != CLX_ROW_REFUSED) continue;
    rows[i].reason = clx_arena_text(arena, prediction.reason);
    if (rows[i].reason == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  }
  return CLX_OK;
}

const char *clx_training_row_source(clx_arena *arena, const clx_table *table, int32_t row) {
  const char *text = clx_table_cell(table, row, clx_table_column(table, "id"));
  return clx_arena_copy(arena, text, strcspn(text, "-"));
}

static const char *group(const clx_table_job *job, int32_t row) {
  return clx_training_row_source(job->arena, &job->table, row);
}

const clx_table_kind clx_table_training = {
    .name = "training",
    .open = open_table,
    .predict = predict,
    .measure = measure,
    .group = group,
    .fitted = "some constants of devices and profiles were chosen with published runs in sight: docs/accuracy.md"};
