// Max-min fair rates on fat trees of up to a million endpoints, one core: CPU time, rounds, memory. Best of several rounds;
// asserts nothing. usage: bench_flow [--count NAME N]  (N solves of one case only, for instruction counts)
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "flow/flow.h"

// CPU time of SimGrid 3.32 (CM02) for one step of a permutation on a fat tree: hosts, s.
static const double SIMGRID[][2] = {{1024, 8.8e-3}, {16384, 2.0}};

typedef enum pattern { ECMP, SPRAY, POD_CHAIN } pattern;

// A three-tier fat tree of switches with `half` ports up and down: leaves of `half` endpoints, pods of `half` leaves and
// `half` spines, `half` cores behind each spine of a pod. Every endpoint sends one flow, to a random permutation.
typedef struct subject {
  const char *name;
  pattern pattern;
  int32_t endpoints, half;
  double thinning;  // oversubscription of what leads out of a pod
  double efficiency;
} subject;

static const subject SUBJECTS[] = {
    {"ecmp-4k", ECMP, 4096, 16, 1, 1},           {"ecmp-16k", ECMP, 16384, 32, 1, 1},
    {"ecmp-100k", ECMP, 100352, 64, 1, 1},       {"ecmp-1m", ECMP, 1048576, 128, 1, 1},
    {"spray-100k", SPRAY, 100352, 64, 1, 0.95},  {"spray-1m", SPRAY, 1048576, 128, 1, 0.95},
    {"chain-1m", POD_CHAIN, 1048576, 128, 7, 1},
};

enum { ROUNDS = 5, PATH = 6 };

static const double RATE = 50e9;  // B/s of a port: 400 Gbit/s

typedef struct instance {
  clx_flows flows;
  double *capacity;
  int32_t *first, *link;
  int32_t *to;
} instance;

static void must(bool good, const char *what) {
  if (good) return;
  fprintf(stderr, "bench_flow: %s\n", what);
  exit(1);
}

static void *room(int64_t count, size_t size) {
  void *memory = malloc((size_t)count * size);
  must(memory != NULL, "out of memory");
  return memory;
}

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

// splitmix64 of a counter.
static uint64_t hash_of(uint64_t x) {
  x += 0x9e3779b97f4a7c15U;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

static void permute(int32_t *to, int32_t count) {
  for (int32_t i = 0; i < count; i++) to[i] = i;
  for (int32_t i = count - 1; i > 0; i--) {
    const int32_t j = (int32_t)(hash_of((uint64_t)i) % (uint64_t)(i + 1)), t = to[i];
    to[i] = to[j];
    to[j] = t;
  }
}

// Links, each kind a run of ids: NIC up, NIC down, leaf up, leaf down, spine up, spine down.
static void make_ecmp(const subject *s, instance *in) {
  const int32_t n = s->endpoints, half = s->half, pod = half * half;
  const int32_t pods = (n + pod - 1) / pod, out = pods * pod;
  const int32_t nic_down = n, leaf_up = 2 * n, leaf_down = 3 * n, spine_up = 4 * n, spine_down = 4 * n + out;
  int32_t end = 0;
  for (int32_t from = 0; from < n; from++) {
    const int32_t to = in->to[from];
    const uint64_t hash = hash_of(0x5eed + (uint64_t)from);
    const int32_t up = (int32_t)((hash & 0xffffffffU) % (uint64_t)half);
    const int32_t core = (int32_t)((hash >> 32) % (uint64_t)half);
    in->first[from] = end;
    in->link[end++] = from;
    if (from / half != to / half) {
      in->link[end++] = leaf_up + from / half * half + up;
      if (from / pod != to / pod) {
        in->link[end++] = spine_up + from / pod * pod + up * half + core;
        in->link[end++] = spine_down + to / pod * pod + up * half + core;
      }
      in->link[end++] = leaf_down + to / half * half + up;
    }
    in->link[end++] = nic_down + to;
  }
  in->first[n] = end;
  in->flows.link_count = 4 * n + 2 * out;
  for (int32_t l = 0; l < in->flows.link_count; l++) in->capacity[l] = RATE;
}

// All equal-cost links of a leaf, and of a pod, act as one: NIC up, NIC down, leaves up, leaves down, pods up, pods down.
static void make_spray(const subject *s, instance *in) {
  const int32_t n = s->endpoints, half = s->half, pod = half * half;
  const int32_t leaves = (n + half - 1) / half, pods = (n + pod - 1) / pod;
  const int32_t nic_down = n, leaf_up = 2 * n, leaf_down = leaf_up + leaves, pod_up = leaf_down + leaves,
                pod_down = pod_up + pods;
  int32_t end = 0;
  for (int32_t from = 0; from < n; from++) {
    const int32_t to = in->to[from];
    in->first[from] = end;
    in->link[end++] = from;
    if (from / half != to / half) {
      in->link[end++] = leaf_up + from / half;
      if (from / pod != to / pod) {
        in->link[end++] = pod_up + from / pod;
        in->link[end++] = pod_down + to / pod;
      }
      in->link[end++] = leaf_down + to / half;
    }
    in->link[end++] = nic_down + to;
  }
  in->first[n] = end;
  in->flows.link_count = pod_down + pods;
  for (int32_t l = 0; l < leaf_up; l++) in->capacity[l] = RATE;
  for (int32_t l = leaf_up; l < pod_up; l++) in->capacity[l] = RATE * half * s->efficiency;
  for (int32_t l = pod_up; l < in->flows.link_count; l++) in->capacity[l] = RATE * pod * s->efficiency / s->thinning;
}

// Returns the CPU time of building the paths, without that of the permutation.
static double make(const subject *s, instance *in) {
  const int64_t n = s->endpoints, links = 7 * n;
  *in = (instance){.capacity = room(links, sizeof(double)),
                   .first = room(n + 1, sizeof(int32_t)),
                   .link = room(PATH * n, sizeof(int32_t)),
                   .to = room(n, sizeof(int32_t))};
  permute(in->to, s->endpoints);
  const double start = seconds();
  if (s->pattern == ECMP) {
    make_ecmp(s, in);
  } else {
    make_spray(s, in);
  }
  in->flows.flow_count = s->endpoints;
  in->flows.capacity = in->capacity;
  in->flows.first = in->first;
  in->flows.link = in->link;
  return seconds() - start;
}

static void clear(instance *in) {
  free(in->capacity);
  free(in->first);
  free(in->link);
  free(in->to);
}

static void solve(clx_flow_solver *solver, const instance *in, double *rate, clx_flow_effort *effort) {
  clx_error error;
  clx_error_clear(&error);
  must(clx_flow_solve(solver, &in->flows, rate, effort, &error) == CLX_OK, error.mistake[0].text);
}

static void show(const subject *s) {
  instance in;
  const double building = make(s, &in);
  double *rate = room(s->endpoints, sizeof *rate);
  clx_flow_solver *solver = clx_flow_solver_new();
  must(solver != NULL, "out of memory");
  clx_flow_effort effort = {0};
  double best = INFINITY, first = 0;
  for (int i = 0; i < ROUNDS; i++) {
    const double start = seconds();
    solve(solver, &in, rate, &effort);
    const double one = seconds() - start;
    if (i == 0) first = one;
    best = fmin(best, one);
  }
  double mean = 0, least = INFINITY;
  for (int32_t i = 0; i < s->endpoints; i++) {
    mean += rate[i] / s->endpoints / RATE;
    least = fmin(least, rate[i] / RATE);
  }
  const double n = s->endpoints, links = in.flows.link_count, entries = in.first[s->endpoints];
  const double bytes = links * 8 + (n + 1) * 4 + entries * 4 + n * 8 + (double)clx_flow_solver_bytes(solver);
  printf("%-12s %9d %9d %7.1f %9.2f %9.2f %7d %7d %8.1f %8.1f  %.3f %.3f\n", s->name, s->endpoints, in.flows.link_count,
         1e3 * building, 1e3 * first, 1e3 * best, effort.rounds, effort.heaped, 1e9 * best / n, bytes / (n + links),
         mean, least);
  clx_flow_solver_free(solver);
  free(rate);
  clear(&in);
}

int main(int argc, char **argv) {
  printf("%-12s %9s %9s %7s %9s %9s %7s %7s %8s %8s  %s\n", "case", "flows", "links", "paths", "first ms", "CPU ms",
         "rounds", "heaped", "ns/flow", "B/(e+l)", "mean, least rate");
  for (size_t i = 0; i < sizeof SUBJECTS / sizeof SUBJECTS[0]; i++) {
    if (argc > 1 && strcmp(argv[1], SUBJECTS[i].name) != 0) continue;
    show(&SUBJECTS[i]);
  }
  (void)SIMGRID;
  return 0;
}
