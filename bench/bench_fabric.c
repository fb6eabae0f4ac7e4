// Cost of routes and of studies of traffic against the size of the fabric: CPU time, best of a few rounds, in all and per
// flow; beside what the patterns get. Prints; asserts nothing. usage: bench_fabric [N]  (the first N
// cases, the smaller ones)
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "fabric/fabric_study.h"

enum { NICS = 8 };

typedef struct subject {
  const char *name;
  int64_t servers;
  int32_t radix, tiers;
  double pod_thinning;  // of the tier below the top
  int32_t routing, flows;
  int32_t pattern;
} subject;

static const subject SUBJECTS[] = {
    {"8,192 ECMP ring", 1024, 128, 3, 1, CLX_ROUTING_ECMP, 1, CLX_PATTERN_RING},
    {"8,192 ECMP ring, 4 sub-flows", 1024, 128, 3, 1, CLX_ROUTING_ECMP, 4, CLX_PATTERN_RING},
    {"8,192 ECMP ring, 16 sub-flows", 1024, 128, 3, 1, CLX_ROUTING_ECMP, 16, CLX_PATTERN_RING},
    {"8,192 ECMP ring, 64 sub-flows", 1024, 128, 3, 1, CLX_ROUTING_ECMP, 64, CLX_PATTERN_RING},
    {"100,352 ECMP ring", 12544, 128, 3, 1, CLX_ROUTING_ECMP, 1, CLX_PATTERN_RING},
    {"100,352 ECMP ring, 4 sub-flows", 12544, 128, 3, 1, CLX_ROUTING_ECMP, 4, CLX_PATTERN_RING},
    {"100,352 ECMP ring, 16 sub-flows", 12544, 128, 3, 1, CLX_ROUTING_ECMP, 16, CLX_PATTERN_RING},
    {"100,352 ECMP permutation", 12544, 128, 3, 1, CLX_ROUTING_ECMP, 1, CLX_PATTERN_PERMUTATION},
    {"100,352 spray permutation", 12544, 128, 3, 1, CLX_ROUTING_SPRAY, 1, CLX_PATTERN_PERMUTATION},
    {"1,048,576 ECMP ring", 131072, 256, 3, 1, CLX_ROUTING_ECMP, 1, CLX_PATTERN_RING},
    {"1,048,576 ECMP permutation", 131072, 256, 3, 1, CLX_ROUTING_ECMP, 1, CLX_PATTERN_PERMUTATION},
    {"1,048,576 spray permutation", 131072, 256, 3, 1, CLX_ROUTING_SPRAY, 1, CLX_PATTERN_PERMUTATION},
    {"1,048,576 spray, 7:1 pods", 131072, 256, 3, 7, CLX_ROUTING_SPRAY, 1, CLX_PATTERN_PERMUTATION},
    {"1,048,576 ECMP, 7:1 pods", 131072, 256, 3, 7, CLX_ROUTING_ECMP, 1, CLX_PATTERN_PERMUTATION},
    {"1,048,576 ECMP, 4 tiers of 128", 131072, 128, 4, 1, CLX_ROUTING_ECMP, 1, CLX_PATTERN_PERMUTATION},
};

static void must(clx_status status, const clx_error *error) {
  if (status == CLX_OK) return;
  fprintf(stderr, "bench_fabric: %s\n", error->mistake[0].text);
  exit(1);
}

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void fabric_make(clx_arena *arena, const subject *s, const clx_fabric_hosts *hosts, clx_fabric *fabric) {
  clx_error error;
  clx_error_clear(&error);
  const clx_switch model = {.name = "bench",
                            .throughput = s->radix * 50e9,
                            .port_rate = 50e9,
                            .ports = s->radix,
                            .split = 1,
                            .spray_efficiency = 0.95};
  const clx_link optic = {.name = "optic", .type = CLX_LINK_OPTIC, .rate = 50e9};
  const clx_link copper = {.name = "copper", .type = CLX_LINK_COPPER, .rate = 50e9};
  double thinning[CLX_TIERS_MAX] = {1, 1, 1, 1};
  thinning[s->tiers - 2] = s->pod_thinning;
  const clx_fabric_spec spec = {.topology = CLX_TOPOLOGY_CLOS,
                                .wiring = CLX_WIRING_RAIL,
                                .routing = s->routing,
                                .tiers = s->tiers,
                                .oversubscription = thinning,
                                .oversubscription_count = CLX_TIERS_MAX,
                                .planes = 1,
                                .flows = s->flows};
  must(clx_fabric_compile(arena, &spec, hosts, 1, &model, &optic, &copper, fabric, &error), &error);
}

// Paths of a permutation or ring of all NICs, without solving.
static double path_time(const clx_fabric *fabric, int32_t flows) {
  clx_arena *arena = clx_arena_new();
  int32_t *from = CLX_NEW_ARRAY(arena, int32_t, fabric->endpoints),
          *to = CLX_NEW_ARRAY(arena, int32_t, fabric->endpoints);
  for (int32_t i = 0; i < fabric->endpoints; i++) {
    from[i] = i;
    to[i] = (int32_t)((i * (int64_t)7919 + 4099) % fabric->endpoints);
  }
  clx_error error;
  clx_error_clear(&error);
  clx_flows out;
  const double start = seconds();
  must(clx_fabric_flows(arena, fabric, from, to, (int32_t)fabric->endpoints, flows, 1, &out, &error), &error);
  const double time = seconds() - start;
  clx_arena_free(arena);
  return time;
}

// One failure of every kind, after each other.
static double failure_time(const clx_fabric *fabric, int32_t pattern, const clx_placement *placement) {
  clx_error error;
  clx_error_clear(&error);
  clx_fabric_failure failure[CLX_FABRIC_FAILURES_MAX];
  int32_t count;
  const double start = seconds();
  must(clx_fabric_study_failures(fabric, pattern, placement, 1, failure, &count, &error), &error);
  return seconds() - start;
}

static void measure(const subject *s) {
  enum { ROUNDS = 3 };
  const clx_fabric_hosts hosts = {.servers = s->servers, .gpus = NICS, .nics = NICS, .ports = NICS, .rate = 50e9};
  clx_arena *arena = clx_arena_new();
  clx_fabric fabric;
  fabric_make(arena, s, &hosts, &fabric);
  clx_fabric_pattern_result r = {0};
  const clx_placement random = {.kind = CLX_PLACEMENT_RANDOM};
  double paths = 1e9, whole = 1e9;
  for (int32_t i = 0; i < ROUNDS; i++) {
    clx_error error;
    clx_error_clear(&error);
    double time = path_time(&fabric, s->flows);
    if (time < paths) paths = time;
    const double start = seconds();
    must(s->pattern == CLX_PATTERN_RING ? clx_fabric_study_ring(&fabric, &random, 1, &r, NULL, &error)
                                        : clx_fabric_study_permutation(&fabric, 1, &r, NULL, &error),
         &error);
    time = seconds() - start;
    if (time < whole) whole = time;
  }
  const double flows = (double)fabric.endpoints * s->flows, failures = failure_time(&fabric, s->pattern, &random);
  printf("%-32s %8.4f %8.4f %10.4f %7.0f %7.1f %7.1f %7.1f %7.1f %6d %7d\n", s->name, paths, whole, failures,
         1e9 * whole / flows, 100 * r.share, r.worst / 1e9, 100 * r.split_share, r.split_worst / 1e9, r.effort.rounds,
         r.effort.heaped);
  clx_arena_free(arena);
}

int main(int argc, char **argv) {
  printf("%-32s %8s %8s %10s %7s %7s %7s %7s %7s %6s %7s\n", "NICs of 50 GB/s, random placement", "paths s", "study s",
         "failures s", "ns/flow", "share %", "worst", "split %", "worst", "rounds", "heaped");
  const size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : sizeof SUBJECTS / sizeof SUBJECTS[0];
  for (size_t i = 0; i < count; i++) measure(&SUBJECTS[i]);
  return 0;
}
