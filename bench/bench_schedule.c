// Plans and their risk: schedules that genetic search makes and conflicts that exact search learns from, on projects in the manner of PSPLIB with 30,
// 60 and 120 activities, and Monte Carlo samples of 122 activities by links and under resources. A second of one core. Asserts nothing.
// usage: bench_schedule | --count CASE WORK  (case CASE with WORK schedules, conflicts or samples, for instruction counts)
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "chance/chance.h"
#include "schedule/schedule_exact.h"
#include "schedule/schedule_file.h"
#include "schedule/schedule_risk.h"
#include "schedule/schedule_solve.h"

enum { ROUNDS = 3, RESOURCES = 4, STREAM_BENCH = 0x62656e63 };

typedef enum work { SCHEDULES, CONFLICTS, SAMPLES, SAMPLES_RESOURCES } work;

static const struct {
  const char *name;
  int32_t activities;
  work of;
  int32_t count;
} bench_case[] = {
    {"schedules, 30 activities", 30, SCHEDULES, 40000},
    {"schedules, 60 activities", 60, SCHEDULES, 20000},
    {"schedules, 120 activities", 120, SCHEDULES, 10000},
    {"conflicts, 60 activities", 60, CONFLICTS, 5000},
    {"conflicts, 120 activities", 120, CONFLICTS, 2500},
    {"samples, 122 activities, links", 122, SAMPLES, 100000},
    {"samples, 122 activities, resources", 122, SAMPLES_RESOURCES, 20000},
};
enum { CASES = sizeof bench_case / sizeof *bench_case };

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

static int32_t draw(clx_stream *chance, int32_t below) { return (int32_t)clx_stream_below(chance, (uint64_t)below); }

// As ProGen's scarce sets (Kolisch, Sprecher and Drexl 1995): durations and demands of 1 to 10, one to three predecessors among the twenty before,
// four resources, each used by three activities of four, capacity for about two and a half of them.
static void make_project(int32_t activities, clx_arena *arena, clx_project *project) {
  clx_project_maker maker = {.arena = arena, .project = {.name = "bench", .unit = 86400}};
  clx_stream chance = clx_stream_make(1, STREAM_BENCH, (uint64_t)activities, 0);
  clx_error error;
  clx_error_clear(&error);
  for (int32_t r = 0; r < RESOURCES; r++) {
    clx_project_add_resource(&maker, clx_arena_format(arena, "r%d", r), false);
    clx_project_add_level(&maker, 0, 12 + r);
  }
  for (int32_t i = 0; i < activities; i++) {
    clx_project_add_activity(&maker, clx_arena_format(arena, "a%d", i));
    clx_project_add_mode(&maker, 1 + draw(&chance, 10));
    for (int32_t r = 0; r < RESOURCES; r++)
      clx_project_add_use(&maker, r, draw(&chance, 4) > 0 ? 1 + draw(&chance, 10) : 0);
    int32_t last = -1;
    for (int32_t k = 1 + draw(&chance, 3); i > 0 && k > 0; k--) {
      const int32_t reach = i < 20 ? i : 20, from = i - 1 - draw(&chance, reach);
      if (from > last) clx_project_add_link(&maker, (clx_project_link){from, i, CLX_PROJECT_FS, 0, CLX_PROJECT_NONE});
      last = from > last ? from : last;
    }
  }
  demand(clx_project_maker_finish(&maker, project, &error), &error);
}

static clx_project_outcome search(const clx_project *p, int32_t schedules, clx_arena *arena) {
  clx_project_options options;
  clx_project_outcome out;
  clx_error error;
  clx_error_clear(&error);
  clx_project_options_default(&options);
  options.method = CLX_PROJECT_GENETIC;
  options.schedules = schedules;
  demand(clx_project_solve(p, &options, arena, &out, &error), &error);
  return out;
}

// Conflicts of an exact search for ever shorter plans than what genetic search finds.
static int64_t refute(const clx_project *p, int32_t conflicts, clx_arena *arena) {
  enum { SCHEDULES_FIRST = 2000 };
  clx_lean lean;
  clx_exact *exact;
  clx_error error;
  clx_error_clear(&error);
  const int32_t target = search(p, SCHEDULES_FIRST, arena).plan.makespan - 1;
  demand(clx_lean_make(p, NULL, arena, &lean, &error), &error);
  int32_t *start = CLX_NEW_ARRAY(arena, int32_t, lean.n);
  demand(clx_exact_make(&lean, target, NULL, 0, arena, &exact, &error), &error);
  for (int64_t left = conflicts; left > 0; left = conflicts - clx_exact_spent(exact).conflicts) {
    if (clx_exact_run(exact, left, NULL, NULL, start) != CLX_EXACT_FOUND) break;
    int32_t length = 0;
    for (int32_t i = 0; i < lean.n; i++)
      length = start[i] + lean.duration[i] > length ? start[i] + lean.duration[i] : length;
    clx_exact_tighten(exact, length - 1);
  }
  const int64_t spent = clx_exact_spent(exact).conflicts;
  clx_exact_free(exact);
  return spent;
}

static int64_t sample(const clx_project *p, int32_t samples, bool resources, clx_arena *arena) {
  clx_risk_outcome out;
  clx_error error;
  clx_error_clear(&error);
  clx_risk_spread *spread = CLX_NEW_ARRAY(arena, clx_risk_spread, p->activity_count);
  for (int32_t i = 0; i < p->activity_count; i++)
    spread[i] = (clx_risk_spread){.kind = CLX_RISK_PERT, .low = 0.8, .likely = 1, .high = 1.6, .factor = -1};
  const clx_project_outcome plan = search(p, 2, arena);
  const clx_risk_spec spec = {.project = p,
                              .plan = resources ? &plan.plan : NULL,
                              .spread = spread,
                              .seed = 1,
                              .samples = samples,
                              .threads = 1};
  demand(clx_risk_run(&spec, arena, &out, &error), &error);
  return out.samples;
}

// What was done: about `count`.
static int64_t run_case(int32_t c, int32_t count) {
  clx_arena *arena = clx_arena_new();
  clx_project project;
  int64_t done = 0;
  make_project(bench_case[c].activities, arena, &project);
  switch (bench_case[c].of) {
    case SCHEDULES:
      done = search(&project, count, arena).schedules;
      break;
    case CONFLICTS:
      done = refute(&project, count, arena);
      break;
    default:
      done = sample(&project, count, bench_case[c].of == SAMPLES_RESOURCES, arena);
      break;
  }
  clx_arena_free(arena);
  return done;
}

int main(int argc, char **argv) {
  if (argc == 4 && strcmp(argv[1], "--count") == 0) {
    const int32_t c = atoi(argv[2]);
    if (c < 0 || c >= CASES) return 2;
    printf("%lld\n", (long long)run_case(c, atoi(argv[3])));
    return 0;
  }
  for (int32_t c = 0; c < CASES; c++) {
    double best = 0;
    for (int32_t k = 0; k < ROUNDS; k++) {
      const double from = seconds();
      const int64_t done = run_case(c, bench_case[c].count);
      const double rate = (double)done / (seconds() - from);
      best = rate > best ? rate : best;
    }
    printf("%-36s %12.0f / s\n", bench_case[c].name, best);
  }
  return 0;
}
