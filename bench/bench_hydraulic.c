// Flows and pressures along headers of 3 to 1,000 racks, one core: opening, first solution, solution after a change of speed and valves, and the march.
// CPU time, steps of Newton, time per branch against the smallest network. Best of several rounds; asserts nothing.
// usage: bench_hydraulic [NAME] | --count NAME N  (one case only; N solutions of it after changes, for instruction counts)
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cooling/cooling_header.h"

typedef struct subject {
  const char *name;
  int32_t racks;  // each: take-off, valve, a pipe of both headers
} subject;

static const subject SUBJECTS[] = {{"10-branches", 2},   {"30-branches", 7},     {"100-branches", 25},
                                   {"300-branches", 75}, {"1000-branches", 250}, {"3000-branches", 750}};

enum { ROUNDS = 5, CHANGES = 20 };

typedef struct instance {
  clx_arena *arena;
  clx_header header;
  clx_hydraulic net;
  clx_hydraulic_state state;
} instance;

static double share[] = {0, 0.5, 1, 1.5}, head[] = {1.3, 1.22, 1, 0.6};
static const clx_mover mover = {.flow = share, .flow_count = 4, .head = head, .head_count = 4, .efficiency = 0.8};

static void must(bool good, const char *what) {
  if (good) return;
  fprintf(stderr, "bench_hydraulic: %s\n", what);
  exit(1);
}

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

// The header's network, closed by a pump instead of the inflow.
static instance make(const subject *s) {
  instance in = {.arena = clx_arena_new()};
  must(in.arena != NULL, "out of memory");
  in.header = (clx_header){.count = s->racks,
                           .balanced = true,
                           .design = s->racks * 2e-3,
                           .pressure = 4e4,
                           .exponent = 1.9,
                           .lead = 10,
                           .spacing = 0.8,
                           .diameter = 0.03 * sqrt(s->racks) + 0.02,
                           .roughness = 4.5e-5,
                           .minor = 0.3,
                           .density = 1022.5,
                           .viscosity = 1.58e-3};
  clx_hydraulic open = {0};
  clx_error error = {0};
  must(clx_header_network(&in.header, in.header.design, in.arena, &open, &error) == CLX_OK, "no network");
  in.net = open;
  in.net.inflow = NULL;
  in.net.branch = CLX_NEW_ARRAY(in.arena, clx_branch, open.branch_count + 1);
  in.state.flow = CLX_NEW_ARRAY(in.arena, double, open.branch_count + 1);
  in.state.pressure = CLX_NEW_ARRAY(in.arena, double, open.node_count);
  must(in.net.branch && in.state.flow && in.state.pressure, "out of memory");
  memcpy(in.net.branch, open.branch, (size_t)open.branch_count * sizeof(clx_branch));
  in.net.branch[in.net.branch_count++] = (clx_branch){.name = "pump",
                                                      .kind = CLX_BRANCH_PUMP,
                                                      .from = open.node_count - 1,
                                                      .to = 0,
                                                      .speed = 1,
                                                      .check = true,
                                                      .pump = {.mover = &mover, .flow = in.header.design, .head = 8e4}};
  return in;
}

static void change(instance *in, int32_t step) {
  in->net.branch[in->net.branch_count - 1].speed = 0.75 + 0.2 * (step % 5) / 4;
  in->net.branch[step % in->header.count].pressure = 4e4 * (1 + 0.1 * (step % 3));
}

static clx_hydraulic_solver *opened(instance *in) {
  clx_hydraulic_solver *solver = NULL;
  clx_error error = {0};
  must(clx_hydraulic_open(&in->net, &solver, &error) == CLX_OK, error.mistake[0].text);
  return solver;
}

static void solve(clx_hydraulic_solver *solver, instance *in) {
  clx_error error = {0};
  must(clx_hydraulic_again(solver, &in->net, &in->state, &error) == CLX_OK, error.mistake[0].text);
}

static void run(const subject *s, double *each) {
  instance in = make(s);
  double open = INFINITY, first = INFINITY, again = INFINITY, march = INFINITY;
  int32_t cold = 0, warm = 0;
  for (int32_t k = 0; k < ROUNDS; k++) {
    const double t0 = seconds();
    clx_hydraulic_solver *solver = opened(&in);
    const double t1 = seconds();
    solve(solver, &in);
    const double t2 = seconds();
    cold = in.state.iterations;
    warm = 0;
    for (int32_t i = 0; i < CHANGES; i++) {
      change(&in, i);
      solve(solver, &in);
      warm += in.state.iterations;
    }
    const double t3 = seconds();
    clx_header_flow out = {0};
    clx_error error = {0};
    must(clx_header_march(&in.header, in.header.design, in.arena, &out, &error) == CLX_OK, "the march failed");
    const double t4 = seconds();
    clx_hydraulic_close(solver);
    open = fmin(open, t1 - t0);
    first = fmin(first, t2 - t1);
    again = fmin(again, (t3 - t2) / CHANGES);
    march = fmin(march, t4 - t3);
  }
  const double per = again / in.net.branch_count;
  if (*each == 0) *each = per;
  printf("%-14s %8d %8d %10.1f %10.1f %10.1f %6d %6.1f %10.2f %10.1f\n", s->name, (int)in.net.branch_count,
         (int)in.net.node_count, 1e6 * open, 1e6 * first, 1e6 * again, (int)cold, (double)warm / CHANGES, per / *each,
         1e6 * march);
  clx_arena_free(in.arena);
}

static const subject *find(const char *name) {
  for (int32_t i = 0; i < CLX_COUNT(SUBJECTS); i++) {
    if (strcmp(SUBJECTS[i].name, name) == 0) return &SUBJECTS[i];
  }
  must(false, "no such case");
  return NULL;
}

int main(int argc, char **argv) {
  if (argc == 4 && strcmp(argv[1], "--count") == 0) {
    instance in = make(find(argv[2]));
    clx_hydraulic_solver *solver = opened(&in);
    for (int32_t i = 0; i < atoi(argv[3]); i++) {
      change(&in, i);
      solve(solver, &in);
    }
    clx_hydraulic_close(solver);
    clx_arena_free(in.arena);
    return 0;
  }
  printf("%-14s %8s %8s %10s %10s %10s %6s %6s %10s %10s\n", "case", "branches", "nodes", "open us", "first us",
         "again us", "steps", "again", "a branch", "march us");
  double each = 0;
  for (int32_t i = 0; i < CLX_COUNT(SUBJECTS); i++) {
    if (argc == 2 && strcmp(argv[1], SUBJECTS[i].name) != 0) continue;
    run(&SUBJECTS[i], &each);
  }
  return 0;
}
