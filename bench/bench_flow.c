// Max-min fair rates on fat trees of up to a million endpoints, one core: CPU time, rounds, memory; changes of one link against
// solving from scratch; folding. Best of several rounds; asserts nothing.
// usage: bench_flow [NAME] | --count NAME N  (one case only; N solves of it, for instruction counts)
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "flow/flow.h"

typedef enum pattern {
  ECMP,   // a random permutation, paths by hash
  SPRAY,  // the same, equal links of a leaf and of a pod bundled
  SHIFT,  // to the same place in the next pod, path by destination: all flows alike
} pattern;

// A three-tier fat tree of switches with `half` ports up and down: leaves of `half` endpoints, pods of `half` leaves and
// `half` spines, `half` cores behind each spine of a pod. Every endpoint sends one flow.
typedef struct subject {
  const char *name;
  pattern pattern;
  int32_t endpoints, half;
  double thinning;  // oversubscription of what leads out of a pod
  double efficiency;
  double
      simgrid;  // s of CPU time of SimGrid 3.32 (CM02) for one step of a permutation of as many hosts; 0 = not measured
} subject;

static const subject SUBJECTS[] = {
    {"ecmp-1k", ECMP, 1024, 16, 1, 1, 8.8e-3},     {"ecmp-4k", ECMP, 4096, 16, 1, 1, 0},
    {"ecmp-16k", ECMP, 16384, 32, 1, 1, 2.0},      {"ecmp-100k", ECMP, 100352, 64, 1, 1, 0},
    {"ecmp-1m", ECMP, 1048576, 128, 1, 1, 0},      {"spray-100k", SPRAY, 100352, 64, 1, 0.95, 0},
    {"spray-1m", SPRAY, 1048576, 128, 1, 0.95, 0}, {"chain-1m", SPRAY, 1048576, 128, 7, 1, 0},
    {"shift-131k", SHIFT, 131072, 64, 1, 1, 0},
};

enum { ROUNDS = 5, PATH = 6 };

static const double RATE = 50e9;  // B/s of a port: 400 Gbit/s

typedef struct instance {
  clx_arena *arena;
  clx_flows flows;
  double *capacity;
  int32_t *first, *link;
  int32_t *to;
  double *rate;
} instance;

static void must(bool good, const char *what) {
  if (good) return;
  fprintf(stderr, "bench_flow: %s\n", what);
  exit(1);
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

static void shift(int32_t *to, int32_t count, int32_t by) {
  for (int32_t i = 0; i < count; i++) to[i] = (i + by) % count;
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
    const bool hashed = s->pattern == ECMP;
    const int32_t up = hashed ? (int32_t)((hash & 0xffffffffU) % (uint64_t)half) : to % half;
    const int32_t core = hashed ? (int32_t)((hash >> 32) % (uint64_t)half) : to / half % half;
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
  const int64_t n = s->endpoints;
  clx_arena *arena = clx_arena_new();
  must(arena != NULL, "out of memory");
  *in = (instance){.arena = arena,
                   .capacity = CLX_NEW_ARRAY(arena, double, 7 * n),
                   .first = CLX_NEW_ARRAY(arena, int32_t, n + 1),
                   .link = CLX_NEW_ARRAY(arena, int32_t, PATH * n),
                   .to = CLX_NEW_ARRAY(arena, int32_t, n),
                   .rate = CLX_NEW_ARRAY(arena, double, n)};
  must(in->capacity != NULL && in->first != NULL && in->link != NULL && in->to != NULL && in->rate != NULL,
       "out of memory");
  if (s->pattern == SHIFT) shift(in->to, s->endpoints, s->half * s->half);
  if (s->pattern != SHIFT) permute(in->to, s->endpoints);
  const double start = seconds();
  if (s->pattern == SPRAY) make_spray(s, in);
  if (s->pattern != SPRAY) make_ecmp(s, in);
  in->flows.flow_count = s->endpoints;
  in->flows.capacity = in->capacity;
  in->flows.first = in->first;
  in->flows.link = in->link;
  return seconds() - start;
}

static void solve(clx_flow_solver *solver, const instance *in, clx_flow_effort *effort) {
  clx_error error;
  clx_error_clear(&error);
  must(clx_flow_solve(solver, &in->flows, in->rate, effort, &error) == CLX_OK, error.mistake[0].text);
}

static void show_solve(const subject *s) {
  instance in;
  const double building = make(s, &in);
  clx_flow_solver *solver = clx_flow_solver_new();
  must(solver != NULL, "out of memory");
  clx_flow_effort effort = {0};
  double best = INFINITY, first = 0;
  for (int i = 0; i < ROUNDS; i++) {
    const double start = seconds();
    solve(solver, &in, &effort);
    const double one = seconds() - start;
    if (i == 0) first = one;
    best = fmin(best, one);
  }
  double mean = 0, least = INFINITY;
  for (int32_t i = 0; i < s->endpoints; i++) {
    mean += in.rate[i] / s->endpoints / RATE;
    least = fmin(least, in.rate[i] / RATE);
  }
  const double n = s->endpoints, links = in.flows.link_count, entries = in.first[s->endpoints];
  const double bytes = links * sizeof(double) + (n + 1 + entries) * sizeof(int32_t) + n * sizeof(double) +
                       (double)clx_flow_solver_bytes(solver);
  printf("%-11s %8d %8d %7.1f %8.1f %8.2f %7d %7d %8.1f %6.1f %6.3f %6.3f", s->name, s->endpoints, in.flows.link_count,
         1e3 * building, 1e3 * first, 1e3 * best, effort.rounds, effort.heaped, 1e9 * best / n, bytes / (n + links),
         mean, least);
  if (s->simgrid > 0) printf(" %8.0f", s->simgrid / best);
  printf("\n");
  clx_flow_solver_free(solver);
  clx_arena_free(in.arena);
}

// One link fails, is repaired, the next one fails ...: mean CPU time of a change.
static void show_changes(const subject *s) {
  enum { CHANGES = 400 };
  instance in;
  make(s, &in);
  clx_error error;
  clx_error_clear(&error);
  clx_flow_solver *solver = clx_flow_solver_new();
  must(solver != NULL, "out of memory");
  clx_flow_effort effort = {0};
  solve(solver, &in, &effort);
  double start = seconds();
  solve(solver, &in, &effort);
  const double scratch = seconds() - start;
  start = seconds();
  must(clx_flow_change(solver, &in.flows, NULL, 0, in.rate, &effort, &error) == CLX_OK, "change");
  const double first = seconds() - start;
  const int32_t fabric_links = in.flows.link_count - 2 * s->endpoints;
  start = seconds();
  for (int32_t i = 0; i < CHANGES; i++) {
    const int32_t l = 2 * s->endpoints + (int32_t)(hash_of((uint64_t)i / 2) % (uint64_t)fabric_links);
    in.capacity[l] = i % 2 == 0 ? in.capacity[l] / 64 : in.capacity[l] * 64;
    must(clx_flow_change(solver, &in.flows, &l, 1, in.rate, &effort, &error) == CLX_OK, "change");
  }
  const double one = (seconds() - start) / CHANGES;
  printf("%-11s %12.1f %12.4f %12.2f %12.0f\n", s->name, 1e3 * first, 1e3 * one, 1e3 * scratch, scratch / one);
  clx_flow_solver_free(solver);
  clx_arena_free(in.arena);
}

static void show_fold(const subject *s, bool broken) {
  instance in;
  make(s, &in);
  if (broken) in.capacity[2 * s->endpoints + 4711] /= 2;
  clx_error error;
  clx_error_clear(&error);
  clx_arena *arena = clx_arena_new();
  must(arena != NULL, "out of memory");
  clx_flow_fold fold;
  const double start = seconds();
  must(clx_flow_fold_make(arena, &in.flows, &fold, &error) == CLX_OK, error.mistake[0].text);
  const double folding = seconds() - start;
  clx_flow_solver *solver = clx_flow_solver_new();
  must(solver != NULL, "out of memory");
  instance small = {.flows = fold.flows, .rate = in.rate};
  const double then = seconds();
  solve(solver, &small, NULL);
  printf("%-11s %8s %9.2f %12d %12d %12.4f\n", s->name, broken ? "one" : "no", 1e3 * folding, fold.flows.flow_count,
         fold.flows.link_count, 1e3 * (seconds() - then));
  clx_flow_solver_free(solver);
  clx_arena_free(arena);
  clx_arena_free(in.arena);
}

static const subject *find(const char *name) {
  for (size_t i = 0; i < sizeof SUBJECTS / sizeof SUBJECTS[0]; i++) {
    if (strcmp(SUBJECTS[i].name, name) == 0) return &SUBJECTS[i];
  }
  must(false, "no such case");
  return NULL;
}

static void count(const subject *s, int64_t times) {
  instance in;
  make(s, &in);
  clx_flow_solver *solver = clx_flow_solver_new();
  must(solver != NULL, "out of memory");
  for (int64_t i = 0; i < times; i++) solve(solver, &in, NULL);
  printf("%.9g\n", in.rate[0]);
  clx_flow_solver_free(solver);
  clx_arena_free(in.arena);
}

int main(int argc, char **argv) {
  if (argc == 4 && strcmp(argv[1], "--count") == 0) {
    count(find(argv[2]), strtoll(argv[3], NULL, 10));
    return 0;
  }
  printf("%-11s %8s %8s %7s %8s %8s %7s %7s %8s %6s %6s %6s %8s\n", "solve", "flows", "links", "path ms", "first ms",
         "CPU ms", "rounds", "heaped", "ns/flow", "B/n+l", "mean", "least", "SimGrid/");
  for (size_t i = 0; i < sizeof SUBJECTS / sizeof SUBJECTS[0]; i++) {
    if (argc == 1 || find(argv[1]) == &SUBJECTS[i]) show_solve(&SUBJECTS[i]);
  }
  if (argc > 1) return 0;
  printf("\n%-11s %12s %12s %12s %12s\n", "change", "first ms", "one ms", "scratch ms", "scratch/one");
  show_changes(find("ecmp-4k"));
  show_changes(find("ecmp-100k"));
  show_changes(find("ecmp-1m"));
  show_changes(find("spray-100k"));
  printf("\n%-11s %8s %9s %12s %12s %12s\n", "fold", "broken", "CPU ms", "flow classes", "link classes", "solve ms");
  show_fold(find("shift-131k"), false);
  show_fold(find("shift-131k"), true);
  show_fold(find("ecmp-4k"), false);
  return 0;
}
