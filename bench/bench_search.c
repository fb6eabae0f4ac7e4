// Configurations per second of the search, what pruning saves, and how time grows with the machine; beside what Calculon needs.
// Prints ratios; asserts nothing. usage: bench_search [--count N]  (N searches of the first case only, for callgrind)
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "catalog/catalog.h"
#include "search/search.h"

// Calculon HEAD caa4b11, its optimal-execution search of Turing-530B on 5,128 processors: 8,112 configurations, rejected ones
// included, in 99.5 s of CPU on the same class of machine.
static const double CALCULON = 81.5;

typedef struct subject {
  const char *name, *model, *device;
  int64_t gpus;
  double sequence, batch;
} subject;

static const subject SUBJECTS[] = {
    {"llama-3.1-8b, 8 H100", "llama-3.1-8b", "h100_sxm", 8, 8192, 32},
    {"gpt3-175b, 512 A100", "gpt3-175b", "a100_sxm", 512, 2048, 1536},
    {"gpt3-175b, 4,096 A100", "gpt3-175b", "a100_sxm", 4096, 2048, 1536},
    {"gpt3-175b, 32,768 A100", "gpt3-175b", "a100_sxm", 32768, 2048, 12288},
    {"llama-3.1-405b, 16,384 H100", "llama-3.1-405b", "h100_sxm", 16384, 8192, 2048},
    {"deepseek-v3, 2,048 H800", "deepseek-v3", "h800_sxm", 2048, 4096, 15360},
    {"grok-2, 100,000 H100", "grok-2", "h100_sxm", 100000, 8192, 12288},
    {"grok-2, 1,000,000 H100", "grok-2", "h100_sxm", 1000000, 8192, 98304},
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
  fprintf(stderr, "bench_search: %s\n", error->mistake[0].text);
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
  r->job = (clx_training){.model = &r->model,
                          .device = &r->device,
                          .network = &r->network,
                          .software = &r->software,
                          .precision = CLX_PRECISION_BF16,
                          .sequence = s->sequence,
                          .global_batch = s->batch,
                          .machine_gpus = s->gpus};
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static double search(const rig *r, int64_t gpus, bool exhaustive, clx_search_outcome *outcome) {
  clx_error error;
  clx_error_clear(&error);
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) exit(1);
  const clx_search_spec spec = {.job = &r->job,
                                .gpus = gpus,
                                .memory_limit = r->device.memory,
                                .worth = {.base = 1},
                                .top = 10,
                                .exhaustive = exhaustive};
  const double start = now();
  must(clx_search_solve(&spec, arena, outcome, &error), &error);
  const double spent = now() - start;
  clx_arena_free(arena);
  return spent;
}

static void compare(const subject *s, const clx_catalog *catalog) {
  clx_arena *arena = clx_arena_new();
  rig r;
  clx_search_outcome o, all;
  if (arena == NULL) exit(1);
  rig_make(&r, s, catalog, arena);
  const double spent = search(&r, s->gpus, false, &o);
  // Layouts that divide model, batch and machine: rejected at a stroke are only those that do not.
  const double placeable = o.pruned + o.evaluated + o.rejected[CLX_SEARCH_MEMORY];
  printf("%-28s%10.0f%10.2f%10.0f%8.2f%10.2f%10.0f", s->name, o.members / 1e6, placeable / 1e6, o.worked, spent,
         placeable / spent / 1e6, placeable / spent / CALCULON);
  if (s->gpus <= 8) {
    const double slow = search(&r, s->gpus, true, &all);
    printf("%10.1f%12.0f", slow / spent, all.evaluated / slow);
  }
  printf("\n");
  clx_arena_free(arena);
}

int main(int argc, char **argv) {
  clx_error error;
  clx_error_clear(&error);
  clx_catalog *catalog = NULL;
  must(clx_catalog_open(NULL, &catalog, &error), &error);
  if (argc == 3 && strcmp(argv[1], "--count") == 0) {
    clx_arena *arena = clx_arena_new();
    rig r;
    clx_search_outcome o;
    if (arena == NULL) return 1;
    rig_make(&r, &SUBJECTS[0], catalog, arena);
    for (long i = 0; i < strtol(argv[2], NULL, 10); i++) search(&r, SUBJECTS[0].gpus, false, &o);
    clx_arena_free(arena);
  } else {
    printf("%-28s%10s%10s%10s%8s%10s%10s%10s%12s\n", "search, millions of layouts", "all", "placeable", "steps",
           "CPU s", "M/s", "/Calculon", "pruning", "steps/s");
    for (int32_t i = 0; i < CLX_COUNT(SUBJECTS); i++) compare(&SUBJECTS[i], catalog);
  }
  clx_catalog_close(catalog);
  return 0;
}
