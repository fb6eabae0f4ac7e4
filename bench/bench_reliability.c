// Simulated runs under failures: nanoseconds a failure on the aggregate path, events per second by components, growth with the machine
// and with replications; beside a plain loop in Python and what a public model of the same run predicts. Best of several rounds;
// asserts nothing.
// usage: bench_reliability [reliability_loop.py] | --count CASE N  (N replications of case CASE, for instruction counts)
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "reliability/reliability_model.h"

static const double DAY = 86400;
// Llama 3 405B: 419 unplanned interruptions in 54 days on 2,048 servers (Dubey et al. 2024, Table 5), by cause; netcap
// (dimaggi-ai/network-vs-more-gpus) predicts 526.6 of them, with another fleet's rate.
static const double COUNTS[] = {148, 72, 54, 35, 32, 19, 17, 7, 7, 6, 6, 3, 3, 2, 2, 2, 2, 2};
static const double MEASURED = 419, NETCAP = 526.6;

enum { CLASSES = 18, ROUNDS = 3 };

typedef struct subject {
  const char *name;
  bool aggregate;
  int64_t units, spares;
  double days;
  double rate;  // of that of Llama 3
  bool repair;  // log-normal, median 54 min, mean 355 min (LANL), crews for twice the mean load
  int32_t policy, threads, replications;
} subject;

static const subject SUBJECTS[] = {
    {"aggregate: 2,048 servers, 54 d", true, 2048, 0, 54, 1, false, CLX_POLICY_RESTART, 1, 10000},
    {"components: the same", false, 2048, 0, 54, 1, false, CLX_POLICY_RESTART, 1, 1000},
    {"components: spares, queue, heavy tail", false, 2048, 48, 54, 1, true, CLX_POLICY_RESTART, 1, 1000},
    {"the same, ten times the failures", false, 2048, 96, 54, 10, true, CLX_POLICY_RESTART, 1, 300},
    {"25,000 servers, 120 d, masked replicas", false, 25000, 500, 120, 1, true, CLX_POLICY_MASKED, 2, 1000},
};
static const int64_t SIZES[] = {125, 1250, 12500, 125000};  // servers: 1,000 to 1,000,000 GPUs
static const int32_t REPLICATIONS[] = {10, 100, 1000, 10000};

typedef struct instance {
  clx_reliability_cohort cohort;
  clx_failure_class failure[CLASSES];
  double parts[1];
  int32_t group[1];
  clx_job_stage stage;
  clx_reliability_job job;
  clx_reliability_model model;
} instance;

static double seconds(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void make(const subject *s, instance *in) {
  *in = (instance){.parts = {1}, .group = {1}};
  in->cohort = (clx_reliability_cohort){
      .name = "all", .units = s->units + s->spares, .gpus = 8, .heat = 1, .positions = 1, .position = {1}};
  const double exposure = 2048 * 54 * DAY;
  const bool masked = s->policy == CLX_POLICY_MASKED;
  double losses = 0;
  for (int32_t i = 0; i < CLASSES; i++) {
    in->failure[i] = (clx_failure_class){.name = "class",
                                         .hazard = {.rate = s->rate * COUNTS[i] / exposure, .shape = 1},
                                         .events = COUNTS[i],
                                         .exposure = exposure / s->rate,
                                         .parts = in->parts,
                                         .group = in->group,
                                         .stops = 1,
                                         .fixed = 1,
                                         .detect = masked ? 5 : 180};
    if (s->repair) in->failure[i].repair = (clx_duration){54 * 60, 355 * 60, 14 * DAY};
    losses += in->failure[i].hazard.rate * (double)in->cohort.units;
  }
  const int32_t replicas = masked ? 125 : 1;
  in->stage = (clx_job_stage){.replicas = replicas,
                              .units_per_replica = s->units / replicas,
                              .rate = 1,
                              .restart = 60,
                              .checkpoint = {.mode = CLX_CHECKPOINT_SYNC, .interval = 300, .stall = 1, .load = 30}};
  in->job = (clx_reliability_job){.name = "train", .stage = &in->stage, .stage_count = 1, .work = INFINITY};
  in->model = (clx_reliability_model){.cohort = &in->cohort,
                                      .cohort_count = 1,
                                      .failure = in->failure,
                                      .failure_count = CLASSES,
                                      .job = &in->job,
                                      .job_count = 1,
                                      .horizon = s->days * DAY};
  in->model.policy = (clx_reliability_policy){
      .kind = s->policy, .swap_hot = 60, .stall = 10, .join = 10, .join_time = 180, .least = masked ? replicas / 2 : 0};
  if (s->repair) in->model.repair.crews = (int32_t)ceil(2 * losses * 355 * 60);
}

// Events of one simulation; wall and CPU seconds of the best round.
static clx_reliability_outcome run(const subject *s, instance *in, int32_t rounds, clx_arena **kept, double *wall,
                                   double *cpu) {
  const clx_reliability_options options = {.seed = 1, .replications = s->replications, .threads = s->threads};
  clx_reliability_outcome outcome;
  *wall = *cpu = INFINITY;
  for (int32_t i = 0; i < rounds; i++) {
    clx_arena *arena = clx_arena_new();
    clx_error error;
    clx_error_clear(&error);
    const double from = seconds(CLOCK_MONOTONIC), cpu_from = seconds(CLOCK_PROCESS_CPUTIME_ID);
    const clx_status status = (s->aggregate ? clx_reliability_renew : clx_reliability_simulate)(
        &in->model, &options, arena, &outcome, &error);
    *wall = fmin(*wall, seconds(CLOCK_MONOTONIC) - from);
    *cpu = fmin(*cpu, seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu_from);
    if (status != CLX_OK) {
      fprintf(stderr, "bench_reliability: %s: %s\n", s->name, error.mistake[0].text);
      exit(1);
    }
    if (i + 1 < rounds) clx_arena_free(arena);
    *kept = arena;
  }
  return outcome;
}

static void show(const subject *s, const char *name) {
  instance in;
  clx_arena *arena;
  double wall, cpu;
  make(s, &in);
  const clx_reliability_outcome o = run(s, &in, ROUNDS, &arena, &wall, &cpu);
  printf("%-40s %6d %3d %11.0f %8.3f %8.3f %8.1f %9.2f %8.1f %8.4f\n", name, s->replications, s->threads, o.events,
         wall, cpu, 1e9 * cpu / o.events, 1e-6 * o.events / cpu, o.failures.mean, o.goodput.mean);
  clx_arena_free(arena);
}

static void show_growth(void) {
  for (int32_t i = 0; i < CLX_COUNT(SIZES); i++) {
    subject s = SUBJECTS[4];
    s.units = SIZES[i];
    s.spares = SIZES[i] / 50 + 2;
    s.threads = 1;
    s.replications = (int32_t)(250000 / SIZES[i]);
    char name[64];
    snprintf(name, sizeof name, "masked, 120 d, %lld GPUs", (long long)(8 * SIZES[i]));
    show(&s, name);
  }
  for (int32_t k = 0; k < 2; k++) {
    for (int32_t i = 0; i < CLX_COUNT(REPLICATIONS) - k; i++) {
      subject s = SUBJECTS[k == 0 ? 0 : 2];
      s.replications = REPLICATIONS[i];
      show(&s, k == 0 ? "aggregate: replications" : "components: replications");
    }
  }
}

// The plain loop's runs per second against ours, and both predictions against what was measured.
static void show_peers(const char *loop) {
  instance in;
  clx_arena *arena;
  double wall, cpu;
  make(&SUBJECTS[0], &in);
  const clx_reliability_outcome o = run(&SUBJECTS[0], &in, ROUNDS, &arena, &wall, &cpu);
  const double ours = SUBJECTS[0].replications / cpu;
  printf(
      "\ninterruptions of Llama 3 in 54 days: measured %.0f; here, from that rate, %.1f (%+.1f %%); netcap, from "
      "another "
      "fleet's, %.1f (%+.1f %%)\n",
      MEASURED, o.failures.mean, 100 * (o.failures.mean / MEASURED - 1), NETCAP, 100 * (NETCAP / MEASURED - 1));
  clx_arena_free(arena);
  if (loop == NULL) return;
  char command[1024];
  snprintf(command, sizeof command, "python3 '%s'", loop);
  FILE *pipe = popen(command, "r");
  double runs = 0, failures = 0;
  if (pipe != NULL && fscanf(pipe, "%lf %lf", &runs, &failures) == 2) {
    printf("runs per second of CPU: here %.0f, plain loop in Python %.0f (%.1f failures a run): %.0f times\n", ours,
           runs, failures, ours / runs);
  }
  if (pipe != NULL) pclose(pipe);
}

static void count(int32_t index, int32_t replications) {
  if (index < 0 || index >= CLX_COUNT(SUBJECTS)) exit(1);
  subject s = SUBJECTS[index];
  s.replications = replications;
  s.threads = 1;
  instance in;
  clx_arena *arena;
  double wall, cpu;
  make(&s, &in);
  const clx_reliability_outcome o = run(&s, &in, 1, &arena, &wall, &cpu);
  printf("%.0f\n", o.events);
  clx_arena_free(arena);
}

int main(int argc, char **argv) {
  if (argc == 4 && strcmp(argv[1], "--count") == 0) {
    count((int32_t)strtol(argv[2], NULL, 10), (int32_t)strtol(argv[3], NULL, 10));
    return 0;
  }
  printf("%-40s %6s %3s %11s %8s %8s %8s %9s %8s %8s\n", "case", "runs", "thr", "events", "wall s", "CPU s", "ns/event",
         "M/s, core", "failures", "goodput");
  for (int32_t i = 0; i < CLX_COUNT(SUBJECTS); i++) show(&SUBJECTS[i], SUBJECTS[i].name);
  show_growth();
  show_peers(argc > 1 ? argv[1] : NULL);
  return 0;
}
