// Orders and order planning: replicas of a year of orders, the decomposition against Cbc on the extensive form, large scenario sets. Processor seconds of
// this process. Asserts nothing but with --check.
// usage: bench_supply [FIRST LAST]   seeds of 8 suppliers x 16 periods x 100 scenarios to compare; default 1 1
//        bench_supply --check        whether seed 1 has the optimum that Cbc proves, 117836.246208; fails otherwise
//        bench_supply --count CASE N  for instruction counts: `week`, N replicas of a year of orders, prints weeks; `node`, a search of N nodes, prints nodes
//        bench_supply --large        1,000 and 2,000 scenarios for 60 s each, the decomposition alone
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "catalog/catalog.h"
#include "supply/supply_order.h"
#include "supply/supply_plan.h"

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void refuse(const clx_error *error) {
  fprintf(stderr, "%s\n", error->mistake[0].text);
  exit(1);
}

typedef clx_status solver(const clx_sourcing *, const clx_plan_settings *, clx_arena *, clx_plan *, clx_error *);

// Returns the seconds; *cost is nullable.
static double solve(const char *name, solver *by, uint64_t seed, int32_t suppliers, int32_t periods, int32_t scenarios,
                    double gap, double limit, double *cost) {
  clx_arena *arena = clx_arena_new();
  clx_error error;
  clx_sourcing p;
  clx_plan plan;
  clx_error_clear(&error);
  if (clx_sourcing_draw(seed, suppliers, periods, scenarios, arena, &p, &error) != CLX_OK) refuse(&error);
  const double from = seconds();
  if (by(&p, &(clx_plan_settings){.gap = gap, .seconds = limit}, arena, &plan, &error) != CLX_OK) refuse(&error);
  const double took = seconds() - from;
  printf("%-10s seed %2d %2d x %2d x %5d: %8.2f s  cost %.6f  bound %.6f  gap %.1e  %s  nodes %lld\n", name, (int)seed,
         suppliers, periods, scenarios, took, plan.cost, plan.bound, plan.gap, plan.proved ? "proved" : "open",
         (long long)plan.nodes);
  if (cost != NULL) *cost = plan.proved ? plan.cost : NAN;
  clx_arena_free(arena);
  return took;
}

static const char ORDERS[] =
    "start: 2024-04-29\nweeks: 52\nbuyers: [{name: xai}, {name: meta}, {name: others}]\nqualified: [supermicro, "
    "dell]\norders:\n"
    "  - {name: s, buyer: xai, product: H100, maker: supermicro, at: 2024-05-01, quantity: \"50,000 GPU\", fallback: "
    "dell}\n"
    "  - {name: d, buyer: xai, product: H100, maker: dell, at: 2024-05-01, quantity: \"50,000 GPU\", fallback: hpe}\n"
    "  - {name: m, buyer: meta, product: H100, at: 2024-05-01, until: 2024-12-20, quantity: \"240,000 GPU\"}\n"
    "  - {name: o, buyer: others, product: H100, at: 2024-05-01, until: 2025-02-20, quantity: \"1,900,000 GPU\"}\n";

// Returns the weeks that were played.
static int64_t deliver(int32_t replicas, bool told) {
  clx_arena *arena = clx_arena_new();
  clx_error error;
  clx_catalog *catalog = NULL;
  clx_node *root = NULL;
  clx_procurement p;
  clx_delivery d;
  clx_error_clear(&error);
  if (clx_catalog_open(NULL, &catalog, &error) != CLX_OK ||
      clx_document_read(arena, "orders", ORDERS, strlen(ORDERS), &root, &error) != CLX_OK ||
      clx_procurement_read(catalog, root, arena, &p, &error) != CLX_OK)
    refuse(&error);
  const double from = seconds();
  if (clx_procurement_run(&p, &(clx_delivery_settings){.seed = 1, .replicas = replicas}, arena, &d, &error) != CLX_OK)
    refuse(&error);
  if (told)
    printf("deliveries: %.2f us for a week of %d orders (%d replicas of %d weeks)\n",
           1e6 * (seconds() - from) / replicas / p.weeks, p.order_count, replicas, p.weeks);
  clx_catalog_close(catalog);
  clx_arena_free(arena);
  return (int64_t)replicas * p.weeks;
}

// Returns the nodes of a search that ends after `nodes` of them at the latest, but for the dive that it is in.
static int64_t look(int64_t nodes) {
  clx_arena *arena = clx_arena_new();
  clx_error error;
  clx_sourcing p;
  clx_plan plan;
  clx_error_clear(&error);
  if (clx_sourcing_draw(1, 8, 16, 100, arena, &p, &error) != CLX_OK ||
      clx_sourcing_solve(&p, &(clx_plan_settings){.seconds = 1e6, .nodes = nodes}, arena, &plan, &error) != CLX_OK)
    refuse(&error);
  const int64_t done = plan.nodes;
  clx_arena_free(arena);
  return done;
}

int main(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[1], "--check") == 0) {
    const double optimum = 117836.246208;  // Cbc 2.10.8 on the extensive form, gap 1e-6
    double cost = 0;
    solve("own", clx_sourcing_solve, 1, 8, 16, 100, 1e-6, 400, &cost);
    return fabs(cost - optimum) <= 1e-6 * optimum ? 0 : 1;
  }
  if (argc == 4 && strcmp(argv[1], "--count") == 0) {
    const bool nodes = strcmp(argv[2], "node") == 0;
    printf("%lld\n", (long long)(nodes ? look(atoi(argv[3])) : deliver(atoi(argv[3]), false)));
    return 0;
  }
  if (argc == 2 && strcmp(argv[1], "--large") == 0) {
    solve("own", clx_sourcing_solve, 1, 8, 16, 1000, 1e-3, 60, NULL);
    solve("own", clx_sourcing_solve, 1, 8, 16, 2000, 1e-3, 60, NULL);
    return 0;
  }
  deliver(5000, true);
  const int first = argc == 3 ? atoi(argv[1]) : 1, last = argc == 3 ? atoi(argv[2]) : 1;
  for (int seed = first; seed <= last; seed++) {
    const double own = solve("own", clx_sourcing_solve, (uint64_t)seed, 8, 16, 100, 1e-6, 400, NULL);
    const double other = solve("Cbc", clx_sourcing_solve_extensive, (uint64_t)seed, 8, 16, 100, 1e-6, 400, NULL);
    printf("ratio %.1f\n", other / own);
  }
  return 0;
}
