// Submissions to MLPerf Inference: offline, and as many requests/s as the limits of server and interactive allow.
#include <math.h>

#include "serving/serving_burst.h"
#include "validate/validate_inference.h"

// Mean errors on the published rows (docs/model/serving/long_tables.md).
static const double OFFLINE_ERROR = 0.16, SERVER_ERROR = 0.2, INTERACTIVE_ERROR = 0.06;

// Mean tokens of a prompt and of an answer in its data sets: of Llama-2-70B as in validation/power/h200_caps.csv, of Llama 3.1 405B from the
// announcement of the benchmark (MLPerf Inference v5.0), recalled; s that 99 of 100 requests may wait for the first token and between two
// tokens, from the announcements of v4.0, v5.0 and v5.1, recalled.
typedef struct benchmark {
  const char *name, *model;
  int32_t prompt, output;
  struct limits {
    double first, token;
  } server, interactive;
} benchmark;

static const benchmark BENCHMARKS[] = {
    {"llama2-70b-99", "llama-2-70b", 294, 294, {2, 0.2}, {0.45, 0.04}},
    {"llama2-70b-99.9", "llama-2-70b", 294, 294, {2, 0.2}, {0.45, 0.04}},
    {"llama3.1-405b", "llama-3.1-405b", 9428, 684, {6, 0.175}, {4.5, 0.08}},
};

// The highest rate of random arrivals that keeps the limits, requests/s, by halving from `most`; 0: none does. Runs of 600 s, the
// shortest that the rules allow, or of 8,000 requests.
static clx_status find_rate(const clx_burst_engine *engine, const struct limits *limits, double most, double *rate,
                            clx_error *error) {
  enum { STEPS = 7, REQUESTS_LEAST = 500, REQUESTS_MOST = 8000 };
  double low = 0, high = most;
  for (int32_t i = 0; i < STEPS; i++) {
    const double middle = (low + high) / 2;
    const int32_t requests = (int32_t)fmin(REQUESTS_MOST, fmax(REQUESTS_LEAST, 600 * middle));
    clx_burst_means means;
    CLX_TRY(clx_burst_run(engine, requests, middle, 0, &means, error));
    const bool kept = means.first99 <= limits->first && means.token99 <= limits->token;
    if (kept) low = middle;
    if (!kept) high = middle;
  }
  *rate = low;
  return CLX_OK;
}

// Requests/s of one replica: offline (limits NULL) of all that come at once, else as many as keep the limits. 0: no room for one, or
// not more than `least`, which another layout reaches.
static double rate_of(const clx_inference_group *g, const struct limits *limits, double least) {
  enum { BATCH = 2048, TOKENS = 8192, OFFLINE = 6000 };
  const clx_burst most = {.requests = OFFLINE,
                          .prompt = g->prompt,
                          .output = g->output,
                          .sequences = BATCH,
                          .tokens = TOKENS,
                          .chunked = true,
                          .room = clx_inference_room(g)};
  clx_burst_engine engine;
  clx_burst_means means = {0};
  clx_error error = {0};
  clx_arena *arena = clx_arena_new();
  double rate = 0;
  if (arena != NULL && clx_burst_open(arena, &g->serving, &most, &engine, &error) == CLX_OK &&
      clx_burst_run(&engine, OFFLINE, 0, 0, &means, &error) == CLX_OK)
    rate = means.requests;
  const double most_rate = 1.05 * means.requests;
  if (most_rate <= least) rate = 0;
  if (rate > 0 && limits != NULL && find_rate(&engine, limits, most_rate, &rate, &error) != CLX_OK) rate = 0;
  clx_arena_free(arena);
  return rate;
}

// Submitters cut a model over as many GPUs as serves most; the rest are replicas. limits: NULL = offline.
static bool best_layout(clx_inference_group *g, int32_t devices, const struct limits *limits) {
  double best = 0;
  int32_t cut = 0;
  for (int32_t tp = 1; tp <= devices && tp <= 8; tp *= 2) {
    clx_error error = {0};
    g->serving.tp = tp;
    g->serving.dp = g->serving.ep = 1;
    g->serving.etp = g->model.experts > 0 ? tp : 1;
    if (devices % tp != 0 || clx_serving_check(&g->serving, &error) != CLX_OK) continue;
    const int32_t replicas = devices / tp;
    const double rate = replicas * g->output * rate_of(g, limits, best / (replicas * g->output));
    if (rate > best) cut = tp;
    best = fmax(best, rate);
  }
  if (!(best > 0))
    return clx_table_row_refuse(g->r, "no layout of %s on %d GPUs has room%s", g->model.name, devices,
                                limits != NULL ? " and keeps the limits" : "");
  g->r->out->value[0] = best;
  clx_table_row_remark(g->r, true,
                       "layout, lengths and precision are not in the row: %d GPUs a replica, %d in, %d out, %s", cut,
                       g->prompt, g->output, clx_weights_name[g->serving.weights]);
  return true;
}

static const benchmark *find_benchmark(clx_table_row *r) {
  const char *name = clx_table_row_text(r, "model");
  for (int32_t i = 0; i < CLX_COUNT(BENCHMARKS); i++) {
    if (clx_text_equal(name, BENCHMARKS[i].name)) return &BENCHMARKS[i];
  }
  clx_table_row_refuse(r, "lengths of the data set of %.40s in MLPerf are not known here", name);
  return NULL;
}

static bool read_submission(clx_inference_group *g, const benchmark *b, const char *device) {
  clx_table_row *r = g->r;
  clx_error error = {0};
  const char *precision = clx_table_row_text(r, "precision");
  if (clx_catalog_read_device(r->job->catalog, device, (clx_place){0}, r->job->arena, &g->device, &error) != CLX_OK)
    return clx_table_row_refuse_error(r, &error);
  const bool silent = clx_text_equal(precision, "see submission");
  if (silent && g->device.peak[CLX_FP4] > 0)
    return clx_table_row_refuse(r, "precision is not in the row, and %s has fp4, too", g->device.name);
  if (!clx_inference_model(r, b->model, &g->model) || !clx_inference_read_weights(g, silent ? "fp8" : precision))
    return false;
  g->prompt = b->prompt;
  g->output = b->output;
  g->serving.model = &g->model;
  g->serving.device = &g->device;
  g->serving.engine = clx_engine_find("tensorrt-llm");
  return true;
}

bool clx_inference_mlperf(clx_inference_group *g, const char *device) {
  clx_table_row *r = g->r;
  const char *scenario = clx_table_row_text(r, "batch_or_concurrency");
  const bool offline = clx_text_equal(scenario, "Offline"), server = clx_text_equal(scenario, "Server");
  if (!clx_text_equal(clx_table_row_text(r, "metric"), "throughput"))
    return clx_table_row_refuse(r,
                                "of submissions to MLPerf only throughput is modelled: their rate is not in the row");
  if (!offline && !server && !clx_text_equal(scenario, "Interactive"))
    return clx_table_row_refuse(r, "scenario '%.40s' of MLPerf is not known", scenario);
  const benchmark *b = find_benchmark(r);
  int32_t devices;
  if (b == NULL || !clx_inference_count(r, "devices", 1, &devices) || !read_submission(g, b, device)) return false;
  if (devices < 1 || devices > 4096) return clx_table_row_refuse(r, "column 'devices': read %d", devices);
  r->out->error = offline ? OFFLINE_ERROR : server ? SERVER_ERROR : INTERACTIVE_ERROR;
  return best_layout(g, devices, offline ? NULL : server ? &b->server : &b->interactive);
}
