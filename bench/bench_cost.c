// Money: plans of five years per second of one core, with and without a loan, bands of 10,000 draws, and the worth of options by least squares with
// the time it takes. Asserts nothing.
// usage: bench_cost | --count CASE N  (N plans, or N paths of options, for instruction counts)
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cost/cost_decide.h"

enum { ROUNDS = 3, MONTHS = 60, ITEMS = 10, DRAWS = 10000 };

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void demand(clx_status status, const clx_error *error) {
  if (status == CLX_OK) return;
  fprintf(stderr, "%s\n", error->mistake[0].text);
  exit(1);
}

static clx_cost_item items[ITEMS];
static double delivered[ITEMS][MONTHS], gpus[MONTHS];

static clx_cost_plan make_plan(double debt) {
  for (int32_t i = 0; i < ITEMS; i++) {
    items[i] = (clx_cost_item){.name = "item",
                               .kind = i % 3,
                               .cost = {1e8, 8e7, 1.3e8},
                               .deposit = 0.3,
                               .lead = 3,
                               .delivered = delivered[i],
                               .depreciation = CLX_DEPRECIATE_MACRS_5,
                               .life = 5,
                               .resale = CLX_RESALE_DECAY};
    for (int32_t m = 0; m < MONTHS; m++) delivered[i][m] = m >= 2 && m < 6 ? 0.25 : 0;
  }
  for (int32_t m = 0; m < MONTHS; m++) gpus[m] = m < 3 ? 0 : m < 6 ? 25000 : 100000;
  return (clx_cost_plan){.start = 2024,
                         .months = MONTHS,
                         .discount = 0.1,
                         .tax = 0.21,
                         .common = 0.5,
                         .use = {0.8, 0.7, 0.9},
                         .income = {8e-4, 5e-4, 1.1e-3},
                         .decay = {0.14, 0.1, 0.22},
                         .item = items,
                         .item_count = ITEMS,
                         .energy = {2e-8, 1.5e-8, 3e-8},
                         .gpu_power = {1400, 1300, 1500},
                         .repair = {0.04, 0.02, 0.09},
                         .growth = 0.025,
                         .debt = debt,
                         .loan = {0.1, 48, 0, 0.01}};
}

static double bench_plan(double debt, int32_t runs) {
  clx_error error = {0};
  clx_arena *arena = clx_arena_new();
  const clx_cost_plan plan = make_plan(debt);
  const clx_cost_input input = {.months = MONTHS, .gpus = gpus};
  clx_cost_draw draw;
  clx_cost_out out;
  demand(clx_cost_out_make(&plan, arena, &out, &error), &error);
  const double start = seconds();
  for (int32_t r = 0; r < runs; r++) {
    clx_cost_draw_replica(&plan, 1, (uint64_t)r, &draw);
    demand(clx_cost_plan_run(&plan, &input, &draw, false, &out, &error), &error);
  }
  const double spent = seconds() - start;
  clx_arena_free(arena);
  return spent / runs;
}

static double bench_bands(clx_cost_bands *bands) {
  clx_error error = {0};
  clx_arena *arena = clx_arena_new();
  const clx_cost_plan plan = make_plan(0.6);
  const clx_cost_input input = {.months = MONTHS, .gpus = gpus};
  const double start = seconds();
  demand(clx_cost_bands_run(&(clx_cost_path){&plan, &input}, 1, 1, DRAWS, 1, arena, bands, &error), &error);
  const double spent = seconds() - start;
  clx_arena_free(arena);
  return spent;
}

static double bench_options(int32_t paths, clx_real_out *out) {
  static const clx_rent_process market = {.year = 2025,
                                          .level = 1.05,
                                          .slope = -0.3,
                                          .along = 0.972,
                                          .across = 0.128,
                                          .volatility = 0.04,
                                          .jumps = 0.08,
                                          .jump = 0.3};
  const clx_real real = {.process = &market,
                         .year = 2025,
                         .dates = 20,
                         .step = 3,
                         .discount = 0.1,
                         .hardware = 45000,
                         .decay = 0.14,
                         .volatility = 0.15,
                         .operation = 1.2e-4,
                         .value = 7e-4,
                         .expansion = 0.9,
                         .use = 0.8,
                         .build = 1e7,
                         .rent_off = 0.3,
                         .sublet_off = 0.35,
                         .resale_off = 0.3,
                         .next = 4.7e7,
                         .next_high = 7e7,
                         .next_price = 0.6};
  clx_error error = {0};
  clx_arena *arena = clx_arena_new();
  const double start = seconds();
  demand(clx_real_run(&real, 1, paths, arena, out, &error), &error);
  const double spent = seconds() - start;
  clx_arena_free(arena);
  return spent;
}

static double best(double (*run)(double, int32_t), double debt, int32_t runs) {
  double least = 1e9;
  for (int32_t i = 0; i < ROUNDS; i++) {
    const double spent = run(debt, runs);
    if (spent < least) least = spent;
  }
  return least;
}

int main(int argc, char **argv) {
  clx_cost_bands bands;
  clx_real_out options;
  if (argc == 4 && strcmp(argv[1], "--count") == 0) {
    const int32_t count = atoi(argv[3]);
    if (strcmp(argv[2], "plan") == 0)
      bench_plan(0.6, count);
    else if (strcmp(argv[2], "options") == 0)
      bench_options(count, &options);
    else
      return 2;
    return 0;
  }
  printf("plan of %d months and %d items, drawn: %8.1f us\n", MONTHS, ITEMS, 1e6 * best(bench_plan, 0, 5000));
  printf("the same with a loan:                   %8.1f us\n", 1e6 * best(bench_plan, 0.6, 2000));
  printf("bands of %d draws, one thread:       %8.3f s", DRAWS, bench_bands(&bands));
  printf("   (GPU-hour %.2f, 5 to 95 %%: %.2f to %.2f USD)\n", 3600 * bands.figure[CLX_COST_GPU_HOUR].expected,
         3600 * bands.figure[CLX_COST_GPU_HOUR].low, 3600 * bands.figure[CLX_COST_GPU_HOUR].high);
  for (int32_t paths = 1000; paths <= 16000; paths *= 4) {
    const double spent = bench_options(paths, &options);
    printf("options, %6d paths of 20 quarters:   %8.3f s   (all %.0f, in sample %.0f, committed %.0f USD a GPU)\n",
           paths, spent, options.flexible.mean, options.in_sample, options.committed.mean);
  }
  return 0;
}
