// Histories of a buildout: replicas per second by size of the network, without and with crews; best of several rounds; asserts nothing.
// Then plans of 30, 300 and 2,000 works under scarce crews: seconds and how far above the bound.
// usage: bench_buildout | --count CASE N  (N replicas of case CASE, for instruction counts)
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "buildout/buildout.h"
#include "document/document.h"

enum { ROUNDS = 3, REPLICAS = 10000 };

typedef struct subject {
  const char *name;
  int32_t works;
  bool crews, events, deliveries;
} subject;

static const subject SUBJECTS[] = {
    {"30 works, a year by day", 30, false, false, false}, {"the same with events and lots", 30, false, true, true},
    {"the same with crews", 30, true, true, true},        {"120 works", 120, false, false, false},
    {"120 works with crews", 120, true, false, false},
};

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

// Chains of five works beside each other, each linked to the chain before, that give a tenth of the machine; all durations uncertain.
static void write_text(const subject *s, clx_buffer *out) {
  static const char *const GIVES[] = {"room: \"%d GPUs\"", "power: %d kW", "cooling: %d kW", "network: \"%d GPUs\""};
  const int32_t chains = s->works / 5, each = 100000 * 4 / chains + 1;
  clx_buffer_format(out,
                    "start: 2024-04-24\nhorizon: 1 year\nfirst: \"25,000 GPUs\"\n"
                    "install: {rate: 53 racks/day, low: 45 racks/day, high: 60 racks/day}\n"
                    "bring_up: {time: 11 days, low: 9 days, high: 15 days, failed: 2 %%, repair: 1 day}\n"
                    "factors: [{name: weather, low: 0.9, high: 1.2}]\n");
  if (s->crews) clx_buffer_format(out, "crews: [{name: men, count: %d}]\n", s->works * 2);
  if (s->deliveries)
    clx_buffer_format(out,
                      "deliveries: [{from: 2024-06-01, until: 2024-09-01, gpus: \"100,000 GPUs\", late: 20 days}]\n");
  if (s->events)
    clx_buffer_format(
        out,
        "events:\n  - {name: e1, probability: 20 %%, work: w3, delay: 9 days}\n"
        "  - {name: e2, probability: 10 %%, on: capacity, at: 2024-09-01, lasts: 9 days, loses: {power: 20 MW}}\n");
  clx_buffer_format(out, "works:\n");
  for (int32_t i = 0; i < s->works; i++) {
    const int32_t d = 6 + i * 7 % 13;
    clx_buffer_format(out, "  - {name: w%d, duration: %d days, low: %d days, high: %d days", i, d, d - 2, d + 5);
    if (i % 5 > 0)
      clx_buffer_format(out, ", after: [w%d]", i - 1);
    else if (i > 0)
      clx_buffer_format(out, ", after: [w%d SS+3 days]", i - 5);
    if (i % 3 == 0) clx_buffer_format(out, ", factor: weather");
    if (s->crews) clx_buffer_format(out, ", uses: [{of: men, count: %d}]", 5 + i * 3 % 11);
    if (i % 5 == 4) {
      clx_buffer_format(out, ", gives: {");
      clx_buffer_format(out, GIVES[i / 5 % 4], i / 5 % 4 % 3 == 0 ? each * 2 : each * 3);
      clx_buffer_format(out, "}");
    }
    clx_buffer_format(out, "}\n");
  }
  // What chains do not give is there from the start.
  clx_buffer_format(
      out,
      "room: [{from: 2024-04-24, gpus: \"50,000 GPUs\"}]\npower: [{from: 2024-04-24, power: 100 MW}]\n"
      "cooling: [{from: 2024-04-24, heat: 100 MW}]\nnetwork: [{from: 2024-04-24, gpus: \"50,000 GPUs\"}]\n");
}

// Chains of five with links across, three crews that do not suffice: what `colossus build` plans before the first history.
static void write_scarce(int32_t works, int32_t crew, clx_buffer *out) {
  uint64_t chance = 1;
  clx_buffer_format(out, "start: 2024-04-24\nhorizon: 4 years\ncrews:\n");
  for (int32_t c = 0; c < 3; c++) clx_buffer_format(out, "  - {name: crew%d, count: %d}\n", c, crew);
  clx_buffer_format(out, "works:\n");
  for (int32_t i = 0; i < works; i++) {
    chance = chance * 6364136223846793005u + 1442695040888963407u;
    const int32_t d = 3 + (int32_t)(chance >> 33) % 18, other = (int32_t)(chance >> 40) % (i + 1);
    clx_buffer_format(out, "  - {name: w%d, duration: %d days, uses: [{of: crew%d, count: %d}]", i, d, i % 3,
                      3 + (int32_t)(chance >> 36) % 7);
    if (i % 5 > 0 && i > 20 && i % 2 == 0 && other < i - 5)
      clx_buffer_format(out, ", after: [w%d, w%d]", i - 1, other);
    else if (i % 5 > 0)
      clx_buffer_format(out, ", after: [w%d]", i - 1);
    else if (i >= 10 && other < i)
      clx_buffer_format(out, ", after: [w%d]", other);
    clx_buffer_format(out, "}\n");
  }
}

static double run(const subject *s, int32_t replicas) {
  static const clx_buildout_cohort FLEET = {"h100", 100000, 64, 1427, 1400};
  clx_arena *arena = clx_arena_new();
  clx_buffer text = {0};
  clx_node *root = NULL;
  clx_error error;
  clx_buildout_spec spec;
  clx_buildout *b;
  clx_buildout_result result;
  clx_buildout_settings settings;
  const clx_buildout_input input = {.cohort = &FLEET, .cohort_count = 1};
  clx_error_clear(&error);
  write_text(s, &text);
  clx_buildout_settings_default(&settings);
  settings.replicas = replicas;
  settings.plan.schedules = settings.plan.conflicts = 1000;
  clx_status status = clx_document_read(arena, "bench.yaml", text.data, text.length, &root, &error);
  if (status == CLX_OK) status = clx_schema_read(&clx_buildout_schema, root, false, arena, &spec, &error);
  if (status == CLX_OK) status = clx_buildout_compile(&spec, &input, arena, &b, &error);
  const double start = seconds();
  if (status == CLX_OK) status = clx_buildout_run(b, &settings, arena, &result, &error);
  const double spent = seconds() - start;
  if (status != CLX_OK) {
    fprintf(stderr, "bench_buildout: %s: %s\n", s->name, error.mistake[0].text);
    exit(1);
  }
  clx_buffer_free(&text);
  clx_arena_free(arena);
  return spent;
}

// Seconds and quality of the plan that a build makes of so many works.
static void plan(int32_t works, int32_t crew) {
  static const clx_buildout_cohort FLEET = {"h100", 100000, 64, 1427, 1400};
  clx_arena *arena = clx_arena_new();
  clx_buffer text = {0};
  clx_node *root = NULL;
  clx_error error;
  clx_buildout_spec spec;
  clx_buildout *b;
  clx_project_options options;
  clx_project_outcome out;
  const clx_buildout_input input = {.cohort = &FLEET, .cohort_count = 1};
  clx_error_clear(&error);
  write_scarce(works, crew, &text);
  clx_project_options_default(&options);
  clx_status status = clx_document_read(arena, "bench.yaml", text.data, text.length, &root, &error);
  if (status == CLX_OK) status = clx_schema_read(&clx_buildout_schema, root, false, arena, &spec, &error);
  if (status == CLX_OK) status = clx_buildout_compile(&spec, &input, arena, &b, &error);
  if (status == CLX_OK) clx_project_options_suit(clx_buildout_project(b), &options);
  if (status == CLX_OK) status = clx_project_solve(clx_buildout_project(b), &options, arena, &out, &error);
  if (status != CLX_OK) {
    fprintf(stderr, "bench_buildout: %d works: %s\n", works, error.mistake[0].text);
    exit(1);
  }
  printf("%5d works %10.2f s %8.1f days %8.2f %% above the bound\n", works, out.seconds,
         out.plan.makespan * clx_buildout_project(b)->unit / 86400,
         100.0 * (out.plan.makespan - out.bound) / out.plan.makespan);
  clx_buffer_free(&text);
  clx_arena_free(arena);
}

int main(int argc, char **argv) {
  if (argc == 4 && strcmp(argv[1], "--count") == 0) {
    run(&SUBJECTS[atoi(argv[2]) % CLX_COUNT(SUBJECTS)], atoi(argv[3]));
    return 0;
  }
  printf("%-34s %16s %14s\n", "case", "replicas/s", "us a replica");
  for (int32_t k = 0; k < CLX_COUNT(SUBJECTS); k++) {
    double best = 1e9;
    for (int32_t round = 0; round < ROUNDS; round++) {
      const double few = run(&SUBJECTS[k], REPLICAS / 10), many = run(&SUBJECTS[k], REPLICAS);
      const double each = (many - few) / (REPLICAS - REPLICAS / 10);
      if (each < best) best = each;
    }
    printf("%-34s %16.0f %14.2f\n", SUBJECTS[k].name, 1 / best, 1e6 * best);
  }
  plan(30, 9);
  plan(300, 16);
  plan(2000, 80);
  return 0;
}
