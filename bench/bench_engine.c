// Engines: iterations and requests a second with a law that costs nothing, growth with the batch. Processor seconds of this process.
// Asserts nothing.
// usage: bench_engine [FILE]            a trace in Mooncake's form: 8 replicas with prefix caches; default: a drawn one like it
//        bench_engine --count CASE N    N times the requests of a case, for a counter of instructions
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "chance/chance.h"
#include "engine/engine.h"
#include "requests/requests.h"

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static clx_step_cost cost(const void *self, const clx_engine_step *step, int32_t ranks, int32_t stage) {
  (void)self;
  (void)stage;
  double time = 5e-3;
  for (int32_t r = 0; r < ranks; r++) {
    time += 2e-5 * step[r].prompt_tokens + 2e-5 * step[r].decodes + 1e-9 * step[r].context;
  }
  return (clx_step_cost){.time = time};
}

typedef struct bench_case {
  const char *name;
  clx_rules rules;
  int32_t replicas, clients, requests, prompt, output;  // clients 0: 1 request/s and replica
} bench_case;

#define RULES(kind, seqs, budget, size, count)                                                                         \
  {                                                                                                                    \
    .policy = kind, .sequences = seqs, .tokens = budget, .chunked = true, .block = size, .blocks = count, .stages = 1, \
    .ranks = 1                                                                                                         \
  }

static const bench_case CASES[] = {
    {"decode-1", RULES(CLX_ENGINE_VLLM, 256, 2048, 16, 40000), 1, 1, 400, 100, 5000},
    {"decode-16", RULES(CLX_ENGINE_VLLM, 256, 2048, 16, 40000), 1, 16, 6400, 100, 5000},
    {"decode-256", RULES(CLX_ENGINE_VLLM, 256, 2048, 16, 400000), 1, 256, 25600, 100, 5000},
    {"decode-1024", RULES(CLX_ENGINE_VLLM, 1024, 2048, 16, 1600000), 1, 1024, 102400, 100, 5000},
    {"chat-vllm", RULES(CLX_ENGINE_VLLM, 256, 2048, 16, 40000), 1, 128, 100000, 800, 400},
    {"chat-tight", RULES(CLX_ENGINE_VLLM, 256, 2048, 16, 4000), 1, 128, 100000, 800, 400},
    {"chat-tensorrt", RULES(CLX_ENGINE_TENSORRT, 256, 2048, 16, 40000), 1, 128, 100000, 800, 400},
    {"chat-sglang", RULES(CLX_ENGINE_SGLANG, 256, 8192, 1, 640000), 1, 128, 100000, 800, 400},
    {"fleet-64", RULES(CLX_ENGINE_VLLM, 256, 2048, 16, 40000), 64, 0, 100000, 800, 400},
};

static clx_requests draw(clx_arena *arena, const bench_case *c, int32_t count) {
  clx_requests r = {.item = CLX_NEW_ARRAY(arena, clx_request, count), .count = count, .tenants = 1};
  clx_stream s = clx_stream_make(1, 1, 0, 0);
  double time = 0;
  for (int32_t i = 0; i < count && r.item != NULL; i++) {
    time += clx_stream_exponential(&s) / c->replicas;
    r.item[i] = (clx_request){.arrival = time,
                              .prompt = 1 + (int32_t)clx_stream_below(&s, 2 * (uint64_t)c->prompt),
                              .output = 1 + (int32_t)clx_stream_below(&s, 2 * (uint64_t)c->output)};
  }
  return r;
}

static void run(const char *name, const clx_requests *requests, const clx_rules *rules, int32_t replicas,
                int32_t clients, clx_router router) {
  clx_arena *arena = clx_arena_new();
  const clx_pool pool = {.name = "bench", .replicas = replicas, .rules = *rules, .law = {.cost = cost}};
  const clx_engine_fleet fleet = {.pool = &pool, .pools = 1, .router = router};
  const clx_offer offer = {requests, clients};
  clx_engine_result r;
  clx_error error = {0};
  const double from = seconds();
  if (clx_engine_run(&fleet, &offer, NULL, arena, &r, &error) != CLX_OK) {
    fprintf(stderr, "%s\n", error.mistake[0].text);
    exit(1);
  }
  const double took = seconds() - from;
  printf(
      "%-14s %6.2f million iterations/s, %9.0f requests/s, %6.1f million tokens/s (%.2f million iterations, %.0f "
      "preemptions, %.0f %% found)\n",
      name, 1e-6 * (double)r.iterations / took, requests->count / took, 1e-6 * (double)r.output_tokens / took,
      1e-6 * (double)r.iterations, (double)r.preemptions,
      100 * (double)r.cached_tokens / (double)(r.cached_tokens + r.prompt_tokens));
  clx_arena_free(arena);
}

// 24 blocks of 512 tokens a request, of which a third stands in requests before it.
static clx_requests draw_blocks(clx_arena *arena, int32_t count) {
  clx_requests r = {.item = CLX_NEW_ARRAY(arena, clx_request, count),
                    .count = count,
                    .block = CLX_NEW_ARRAY(arena, int64_t, 48 * (int64_t)count),
                    .block_tokens = 512,
                    .tenants = 1};
  clx_stream s = clx_stream_make(2, 1, 0, 0);
  double time = 0;
  for (int32_t i = 0; i < count; i++) {
    time += clx_stream_exponential(&s) / 3.4;
    clx_request *q = &r.item[i];
    *q = (clx_request){.arrival = time,
                       .prompt = 1 + (int32_t)clx_stream_below(&s, 47 * 512),
                       .output = 1 + (int32_t)clx_stream_below(&s, 686),
                       .first_block = r.block_count};
    q->blocks = (q->prompt + 511) / 512;
    const clx_request *old = i > 0 ? &r.item[clx_stream_below(&s, (uint64_t)i)] : NULL;
    for (int32_t k = 0; k < q->blocks; k++) {
      const bool shared = old != NULL && k < old->blocks - 1 && 3 * k < 2 * q->blocks;
      r.block[r.block_count] = shared ? r.block[old->first_block + k] : 100 * (int64_t)i + k;
      r.block_count++;
    }
  }
  return r;
}

static void run_trace(const char *path) {
  clx_arena *arena = clx_arena_new();
  clx_requests requests;
  clx_error error = {0};
  const clx_requests_reading reading = {0};
  if (path == NULL) {
    requests = draw_blocks(arena, 12000);
  } else if (clx_requests_load(arena, path, &reading, &requests, NULL, &error) != CLX_OK) {
    fprintf(stderr, "%s\n", error.mistake[0].text);
    exit(1);
  }
  clx_rules rules = RULES(CLX_ENGINE_VLLM, 256, 8192, 512, 4000);
  rules.prefix = true;
  run("trace-least", &requests, &rules, 8, 0, CLX_ROUTER_LEAST);
  run("trace-prefix", &requests, &rules, 8, 0, CLX_ROUTER_PREFIX);
  clx_arena_free(arena);
}

static void run_case(const bench_case *c, int32_t times) {
  clx_arena *arena = clx_arena_new();
  const clx_requests requests = draw(arena, c, c->requests * times);
  if (requests.item == NULL) exit(1);
  run(c->name, &requests, &c->rules, c->replicas, c->clients, CLX_ROUTER_LEAST);
  clx_arena_free(arena);
}

int main(int argc, char **argv) {
  if (argc == 4 && strcmp(argv[1], "--count") == 0) {
    for (int32_t k = 0; k < CLX_COUNT(CASES); k++) {
      if (strcmp(CASES[k].name, argv[2]) == 0) run_case(&CASES[k], atoi(argv[3]));
    }
    return 0;
  }
  for (int32_t k = 0; k < CLX_COUNT(CASES); k++) run_case(&CASES[k], 1);
  run_trace(argc == 2 ? argv[1] : NULL);
  return 0;
}
