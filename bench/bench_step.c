// Time of one configuration (memory and step), and how it grows; fixed cases, best of several rounds, beside what peers need.
// Prints ratios; asserts nothing. usage: bench_step [--count N | --exact]  (N evaluations of the first case, or one step of 99,968
// ranks, only; for callgrind)
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "catalog/catalog.h"
#include "training/training_exact.h"

// Calculon HEAD caa4b11 in process, Python 3.11: 2.2 to 4.8 ms per configuration on the same class of machine.
static const double CALCULON = 2.2e-3;

typedef struct subject {
  const char *name, *model, *device;
  clx_layout layout;
  double sequence, batch;
} subject;

static const subject SUBJECTS[] = {
    {"gpt3-175b, 512 A100, TP8 PP8", "gpt3-175b", "a100_sxm", {.tp = 8, .pp = 8, .dp = 8}, 2048, 1536},
    {"gpt3-175b, TP8 PP48", "gpt3-175b", "a100_sxm", {.tp = 8, .pp = 48, .dp = 8}, 2048, 1536},
    {"llama-3.1-8b, 8 H100, FSDP",
     "llama-3.1-8b",
     "h100_sxm",
     {.tp = 1, .pp = 1, .dp = 8, .sharding = CLX_SHARDING_FSDP},
     8192,
     64},
    {"llama-3.1-405b, 16,384 H100", "llama-3.1-405b", "h100_sxm", {.tp = 8, .pp = 16, .vpp = 8, .dp = 128}, 8192, 2048},
    {"deepseek-v3, 2,048 H800, EP64", "deepseek-v3", "h800_sxm", {.tp = 1, .pp = 16, .ep = 64, .dp = 128}, 4096, 15360},
    {"grok-2, 98,304 H100", "grok-2", "h100_sxm", {.tp = 8, .pp = 8, .vpp = 8, .ep = 8, .dp = 1536}, 8192, 12288},
};

typedef struct rig {
  clx_transformer model;
  clx_device device;
  clx_software software;
  clx_network network;
  clx_training job;
} rig;

static void must(clx_status status, const clx_error *error) {
  if (status == CLX_OK) return;
  fprintf(stderr, "bench_step: %s\n", error->mistake[0].text);
  exit(1);
}

static void rig_make(rig *r, const subject *s, const clx_catalog *catalog, clx_arena *arena) {
  clx_error error;
  clx_error_clear(&error);
  const clx_place none = {0};
  must(clx_catalog_read(catalog, "model", s->model, none, &clx_model_schema, arena, &r->model, &error), &error);
  must(clx_transformer_complete(&r->model, none, &error), &error);
  must(clx_catalog_read_device(catalog, s->device, none, arena, &r->device, &error), &error);
  must(clx_catalog_read(catalog, "software", "default", none, &clx_software_schema, arena, &r->software, &error),
       &error);
  r->network =
      (clx_network){.device = &r->device, .domain = 8, .nvlink = r->device.nvlink, .nic = 50e9, .nic_efficiency = 1};
  must(clx_catalog_read_library(catalog, "nccl", none, arena, &r->network.library, &error), &error);
  must(clx_catalog_read_transport(catalog, "infiniband", none, arena, &r->network.transport, &error), &error);
  r->job = (clx_training){
      &r->model, &r->device, &r->network, &r->software, s->layout, CLX_PRECISION_BF16, s->sequence, s->batch, 0, 0};
  clx_layout *l = &r->job.layout;
  if (l->vpp == 0) l->vpp = 1;
  if (l->ep == 0) l->ep = 1;
  l->cp = l->etp = l->micro_batch = 1;
  l->sequence_parallel = l->tp > 1;
  l->recompute_share = 1;
  must(clx_training_check(&r->job, 1000000, &error), &error);
}

static double evaluate(const rig *r, int64_t count) {
  clx_error error;
  clx_error_clear(&error);
  double sum = 0;
  for (int64_t i = 0; i < count; i++) {
    clx_memory memory;
    clx_step step;
    must(clx_training_memory(&r->job, &memory, &error), &error);
    must(clx_training_step(&r->job, &step, &error), &error);
    sum += step.step_time + memory.total;
  }
  return sum;
}

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double best_time(const rig *r) {
  enum { ROUNDS = 7, COUNT = 2000 };
  double best = 1e9;
  volatile double sink = 0;
  for (int i = 0; i < ROUNDS; i++) {
    const double start = seconds();
    sink = sink + evaluate(r, COUNT);
    const double one = (seconds() - start) / COUNT;
    if (one < best) best = one;
  }
  return best;
}

// --- every rank -------------------------------------------------------------------------------------------------------------

static const int32_t REPLICAS[] = {10, 78, 781, 7810};

// One step of gpt3-175b, TP8 PP16, 64 micro-batches, speeds and jitter drawn for every rank.
static clx_exact exact_step(const rig *r, clx_arena *arena) {
  const clx_stragglers stragglers = {.spread = 0.01, .jitter = 0.003};
  const clx_exact_options options = {.stragglers = &stragglers, .seed = 1, .steps = 1};
  clx_step step;
  clx_exact exact;
  clx_error error;
  clx_error_clear(&error);
  must(clx_training_exact(&r->job, &options, arena, &step, &exact, &error), &error);
  return exact;
}

static void rig_exact(rig *r, int32_t replicas, const clx_catalog *catalog, clx_arena *arena) {
  const subject s = {"every rank", "gpt3-175b",
                     "h100_sxm",   {.tp = 8, .pp = 16, .dp = replicas, .sharding = CLX_SHARDING_ZERO1},
                     2048,         64.0 * replicas};
  rig_make(r, &s, catalog, arena);
}

static void exact_table(const clx_catalog *catalog, clx_arena *arena) {
  printf("\n%-34s %12s %12s %14s %12s\n", "step of every rank, TP8 PP16", "CPU ms", "ns per rank", "ns task, lane",
         "MB in all");
  for (size_t i = 0; i < sizeof REPLICAS / sizeof REPLICAS[0]; i++) {
    rig r;
    rig_exact(&r, REPLICAS[i], catalog, arena);
    double best = 1e9;
    clx_exact exact = {0};
    for (int round = 0; round < 5; round++) {
      clx_arena *scratch = clx_arena_new();
      const double start = seconds();
      exact = exact_step(&r, scratch);
      const double one = seconds() - start;
      if (one < best) best = one;
      clx_arena_free(scratch);
    }
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    char name[64];
    snprintf(name, sizeof name, "%lld ranks, %lld tasks", (long long)exact.ranks, (long long)exact.tasks);
    printf("%-34s %12.2f %12.1f %14.2f %12.0f\n", name, 1e3 * best, 1e9 * best / (double)exact.ranks,
           1e9 * best / (double)exact.tasks, (double)usage.ru_maxrss / 1024);
  }
}

int main(int argc, char **argv) {
  clx_error error;
  clx_error_clear(&error);
  clx_catalog *catalog = NULL;
  must(clx_catalog_open(NULL, &catalog, &error), &error);
  clx_arena *arena = clx_arena_new();
  rig r;
  if (argc == 2 && strcmp(argv[1], "--exact") == 0) {
    rig_exact(&r, 781, catalog, arena);
    printf("%.9g\n", exact_step(&r, arena).mean);
  } else if (argc == 3 && strcmp(argv[1], "--count") == 0) {
    rig_make(&r, &SUBJECTS[0], catalog, arena);
    printf("%.9g\n", evaluate(&r, atoll(argv[2])));
  } else {
    printf("%-34s %12s %18s\n", "one configuration", "CPU us", "Calculon / ours");
    for (size_t i = 0; i < sizeof SUBJECTS / sizeof SUBJECTS[0]; i++) {
      rig_make(&r, &SUBJECTS[i], catalog, arena);
      const double one = best_time(&r);
      printf("%-34s %12.2f %18.0f\n", SUBJECTS[i].name, 1e6 * one, CALCULON / one);
    }
    exact_table(catalog, arena);
  }
  clx_arena_free(arena);
  clx_catalog_close(catalog);
  return 0;
}
