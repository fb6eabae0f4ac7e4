// Rows of TensorRT-LLM: as many requests as go, all at once; or requests at random times. Event by event, as its benchmark runs them.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "serving/serving_burst.h"
#include "validate/validate_inference.h"

// Mean errors on the published rows (docs/model/serving/long_tables.md): runs at most load, of dense models and with experts; requests at
// random times; all at once, behind a server.
static const double OFFLINE_ERROR = 0.07, EXPERTS_ERROR = 0.13, OPEN_ERROR = 0.06, RUSH_ERROR = 0.26;

// How NVIDIA measures its tables (TensorRT-LLM, perf-overview.md and bench/build/tuning.py): a given number of equal requests, all sent at
// once; batches as large as the cache lets them be, iterations with room for the prompts that a full batch brings.
enum { BATCH_MOST = 4096, TOKENS_LEAST = 2048, TOKENS_MOST = 32768, SERVED = 500 };
// Requests of a run: the published numbers are a step function of the length.
static int32_t requests_of(int32_t length) {
  return length <= 256 ? 30000 : length <= 2500 ? 3000 : length <= 10000 ? 1500 : 1000;
}

// Steps in which the tool rounds up the tokens of an iteration.
static double rounded(double tokens) {
  const double step = tokens < 4096 ? 256 : tokens < 8192 ? 512 : 1024;
  return fmax(TOKENS_LEAST, step * ceil(tokens / step));
}

// Prompts that are not cut need an iteration that holds one beside a batch.
static clx_burst burst_of(const clx_inference_group *g) {
  const double room = clx_inference_room(g), length = (double)g->prompt + g->output;
  const double batch = fmin(BATCH_MOST, g->serving.dp * room / length);
  const double tokens = rounded(fmin(TOKENS_MOST, batch * (1 + (double)g->prompt / g->output)));
  return (clx_burst){.requests = requests_of(g->prompt + g->output),
                     .prompt = g->prompt,
                     .output = g->output,
                     .sequences = (int32_t)fmin(BATCH_MOST, tokens),
                     .tokens = (int32_t)(g->pytorch ? fmax(tokens, fmax(length, g->prompt + batch)) : tokens),
                     .chunked = !g->pytorch,
                     .room = room};
}

// Ends what a row needs an engine for.
static bool close_engine(clx_inference_group *g, clx_arena *arena, clx_status status, const clx_error *error) {
  if (status != CLX_OK) clx_table_row_refuse_error(g->r, error);
  clx_arena_free(arena);
  return status == CLX_OK;
}

static bool offline(clx_inference_group *g) {
  const clx_burst burst = burst_of(g);
  clx_burst_engine engine;
  clx_burst_means means = {0};
  clx_error error = {0};
  clx_arena *arena = clx_arena_new();
  clx_status status = arena == NULL ? clx_fail_plain(&error, CLX_MEMORY, "out of memory")
                                    : clx_burst_open(arena, &g->serving, &burst, &engine, &error);
  if (status == CLX_OK) status = clx_burst_run(&engine, burst.requests, 0, 0, &means, &error);
  g->r->out->value[0] = means.tokens;
  g->r->out->error = g->model.experts > 0 ? EXPERTS_ERROR : OFFLINE_ERROR;
  clx_table_row_remark(g->r, false, "%d requests, %.0f at once, %d tokens an iteration", burst.requests, means.batch,
                       burst.tokens);
  return close_engine(g, arena, status, &error);
}

// Tokenising, the server around the engine and the way back of the first token: what is left of H100, 467 tokens in and 16 out, 2
// requests/s, where nothing waits.
static const double FRONT_TIME = 6e-3;

// Means over several draws of the arrivals.
static bool serve_stream(clx_inference_group *g, double rate, clx_burst_means *mean) {
  enum { SEEDS = 8 };
  const clx_burst burst = burst_of(g);
  const int32_t seeds = isinf(rate) ? 1 : SEEDS;
  clx_burst_engine engine;
  clx_error error = {0};
  clx_arena *arena = clx_arena_new();
  clx_status status = arena == NULL ? clx_fail_plain(&error, CLX_MEMORY, "out of memory")
                                    : clx_burst_open(arena, &g->serving, &burst, &engine, &error);
  *mean = (clx_burst_means){0};
  for (int32_t i = 0; i < seeds && status == CLX_OK; i++) {
    clx_burst_means one = {0};
    status = clx_burst_run(&engine, SERVED, isinf(rate) ? 0 : rate, (uint64_t)i, &one, &error);
    mean->requests += one.requests / seeds;
    mean->first += one.first / seeds;
    mean->token += one.token / seeds;
  }
  return close_engine(g, arena, status, &error);
}

static bool open_loop(clx_inference_group *g, double rate) {
  const char *metric = clx_table_row_text(g->r, "metric");
  clx_burst_means mean;
  if (!serve_stream(g, rate, &mean)) return false;
  const struct {
    const char *metric;
    double value;
  } known[] = {{"itl_mean", 1e3 * mean.token},
               {"ttft_mean", 1e3 * (FRONT_TIME + mean.first)},
               {"request_throughput", mean.requests},
               {"output_throughput", mean.requests * g->output},
               {"total_token_throughput", mean.requests * ((double)g->output + g->prompt)}};
  g->r->out->error = isinf(rate) ? RUSH_ERROR : OPEN_ERROR;
  if (isinf(rate))
    clx_table_row_remark(g->r, true, "answers of equal length: a run ends with its longest, which is not in the row");
  for (int32_t i = 0; i < CLX_COUNT(known); i++) {
    if (!clx_text_equal(metric, known[i].metric)) continue;
    g->r->out->value[0] = known[i].value;
    return true;
  }
  return clx_table_row_refuse(g->r, "metric '%.60s' is not modelled for an open loop", metric);
}

bool clx_inference_tensorrt(clx_inference_group *g, const char *device) {
  g->pytorch = strstr(clx_table_row_text(g->r, "engine"), "PyTorch") != NULL;
  const char *load = clx_table_row_text(g->r, "batch_or_concurrency");
  const char *metric = clx_table_row_text(g->r, "metric");
  if (clx_text_equal(load, "offline max load")) {
    if (!clx_text_equal(metric, "output_throughput"))
      return clx_table_row_refuse(g->r, "metric '%.60s' is not modelled for runs at most load", metric);
    return clx_inference_read_group(g, device, "tensorrt-llm") && offline(g);
  }
  if (strncmp(load, "QPS ", 4) == 0) {
    const double rate = strtod(load + 4, NULL);
    if (!(rate >= 1e-6)) return clx_table_row_refuse(g->r, "load '%.60s': expected a rate of requests/s", load);
    return clx_inference_read_group(g, device, "tensorrt-llm-triton") && open_loop(g, rate);
  }
  return clx_table_row_refuse(g->r, "load '%.60s' of TensorRT-LLM is not modelled yet", load);
}
