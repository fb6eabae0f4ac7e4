// Site runs and job lists: seconds for a year of a gigawatt site, for a window of every rack of it at 1 ms, and for a day of Frontier at 1 s; best of
// several rounds. Beside it the figures of the runs themselves. Asserts nothing.
// usage: bench_power_site | --count CASE  (one round of case CASE, for instruction counts)
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "chance/chance.h"
#include "power/power_site.h"

enum { ROUNDS = 3, HALLS = 8, DAYS = 365, HOUR = 3600, DAY = 86400, SAMPLES = 1024 };
static const double RACKS = 7000, MW = 1e6;

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double peak_memory(void) {  // B
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return 1024 * (double)usage.ru_maxrss;
}

static void refuse(const clx_error *error) {
  fprintf(stderr, "%s\n", error->mistake[0].text);
  exit(1);
}

// --- a gigawatt site: 7,000 racks of 135 kW in eight halls, one job -------------------------------------------------------------------

static const clx_conversion TRANSFORMER = {
    .name = "transformer", .rating = 80e6, .efficiency = 0.998, .fixed = 4e4, .load_loss = 3e5};
static double LOADS[] = {0.1, 0.25, 0.5, 0.75, 1}, CURVE[] = {0.90, 0.955, 0.97, 0.968, 0.96};
static const clx_conversion UPS = {
    .name = "ups", .rating = 1.5e6, .load = LOADS, .load_count = 5, .curve = CURVE, .curve_count = 5};
static const clx_generator TURBINE = {.kind = CLX_SOURCE_TURBINE,
                                      .power = 34e6,
                                      .minimum = 0.5,
                                      .start_time = 600,
                                      .hot_start_time = -1,
                                      .ramp = 5e5,
                                      .hold = 600,
                                      .heat_rate = 2.6,
                                      .fuel_carbon = 5.6e-8,
                                      .nox = 1e-11,
                                      .fuel_price = 4e-9};
static const clx_generator ENGINE = {.kind = CLX_SOURCE_ENGINE,
                                     .power = 10e6,
                                     .minimum = 0.3,
                                     .start_time = 300,
                                     .hot_start_time = 120,
                                     .ramp = 2e5,
                                     .hold = 600,
                                     .heat_rate = 2.2,
                                     .fuel_carbon = 5.6e-8,
                                     .nox = 3e-11,
                                     .fuel_price = 4e-9};
static const clx_battery BATTERY = {.power = 1.9e6,
                                    .energy = 3.9 * 3.6e9,
                                    .round_trip = 0.9,
                                    .standby = 2e3,
                                    .least = 0.05,
                                    .most = 0.95,
                                    .cycles = 1e4,
                                    .life = 20.0 * 365 * DAY};
static const clx_tariff TARIFF = {
    .energy = 0.05 / 3.6e6, .demand = 12e-3, .demand_window = 900, .carbon = 1e-7, .nox = 0};
enum { TRAIN, EVALUATE, CHECKPOINT, STOPPED, IDLE, STATES };

typedef struct gigawatt {
  clx_site_group group[HALLS];
  clx_site_event event[4];
  clx_source source[5];
  clx_curtailment cut[DAYS];
  clx_store store;
  float watt[SAMPLES];
  clx_site site;
} gigawatt;

// One step of 10 s: compute with dips of exposed communication, one deep at its end.
static void make_groups(gigawatt *w) {
  static const double share[STATES] = {0.95, 0.87, 0.6, 0.25, 0.2};
  static const char *const name[STATES] = {"train", "evaluate", "checkpoint", "stopped", "idle"};
  for (int32_t i = 0; i < SAMPLES; i++) w->watt[i] = i >= 900 ? 90e3F : i % 64 < 8 ? 110e3F : 133e3F;
  for (int32_t g = 0; g < HALLS; g++) {
    w->group[g] = (clx_site_group){
        .name = "hall", .units = RACKS / HALLS, .from = g < 6 ? 0 : g * 20.0 * DAY, .state_count = STATES};
    for (int32_t s = 0; s < STATES; s++) {
      const double mean = share[s] * 135e3 * RACKS / HALLS;
      w->group[g].state[s] = (clx_site_state){.name = name[s],
                                              .mean = mean,
                                              .least = 0.7 * mean,
                                              .most = 1.04 * mean,
                                              .ramp = 0.2 * mean,
                                              .leave = s == STOPPED ? 6 : 0};
    }
    w->group[g].state[TRAIN].cycle = (clx_wave_cycle){.period = 10, .samples = SAMPLES, .watt = w->watt};
  }
}

static void make_supply(gigawatt *w) {
  w->source[0] = (clx_source){.name = "first feed", .power = 500 * MW, .derating = 1};
  w->source[1] = (clx_source){.name = "second feed", .power = 500 * MW, .from = 30.0 * DAY, .derating = 1};
  w->source[2] = (clx_source){.name = "temporary feed", .power = 300 * MW, .until = 60.0 * DAY, .derating = 1};
  w->source[3] = (clx_source){
      .name = "turbines", .kind = CLX_SOURCE_TURBINE, .count = 20, .generator = &TURBINE, .derating = 0.95, .order = 1};
  w->source[4] = (clx_source){
      .name = "engines", .kind = CLX_SOURCE_ENGINE, .count = 30, .generator = &ENGINE, .derating = 1, .order = 2};
  for (int32_t d = 0; d < DAYS; d++)
    w->cut[d] =
        (clx_curtailment){.at = d * (double)DAY + 17 * HOUR, .notice = 1800, .duration = 2 * HOUR, .power = 400 * MW};
  w->store = (clx_store){.battery = &BATTERY, .count = 100, .roles = CLX_BATTERY_BRIDGE, .charge = 0.5};
  w->site.supply = (clx_supply){.source = w->source,
                                .source_count = 5,
                                .curtailment = w->cut,
                                .curtailment_count = DAYS,
                                .store = &w->store,
                                .store_count = 1,
                                .tariff = &TARIFF};
}

static void make_site(gigawatt *w) {
  *w = (gigawatt){
      .event = {{.state = CHECKPOINT, .group = -1, .at = HOUR, .duration = 45, .period = HOUR},
                {.state = EVALUATE, .group = -1, .at = 5000, .duration = 120, .period = 4 * HOUR},
                {.kind = CLX_SITE_EVENT_RANDOM, .state = STOPPED, .group = -1, .duration = 600, .mean_time = 3 * HOUR},
                {.state = IDLE, .group = -1, .at = 100.0 * DAY, .duration = 8 * HOUR, .period = 90.0 * DAY}}};
  make_groups(w);
  w->site = (clx_site){.group = w->group,
                       .group_count = HALLS,
                       .event = w->event,
                       .event_count = 4,
                       .overhead = 0.06,
                       .horizon = DAYS * (double)DAY,
                       .resolution = 60,
                       .shed = 1,
                       .curtail_floor = 0.3,
                       .seed = 1};
  clx_chain *c = &w->site.chain;
  c->count = 3;
  c->plug = 1;
  c->cooling = 2;
  c->level[0] = (clx_chain_level){.name = "shelf", .units = RACKS};
  c->level[1] = (clx_chain_level){.name = "ups", .conversion = &UPS, .units = 900};
  c->level[2] = (clx_chain_level){.name = "substation", .conversion = &TRANSFORMER, .units = 18};
  w->site.extra[1] = 20 * MW;
  make_supply(w);
}

static void run_year(bool quiet) {
  gigawatt *w = malloc(sizeof *w);
  clx_site_outcome *out = malloc(sizeof *out);
  clx_arena *arena = clx_arena_new();
  if (w == NULL || out == NULL || arena == NULL) exit(1);
  make_site(w);
  clx_error error;
  clx_error_clear(&error);
  if (clx_site_run(&w->site, arena, out, &error) != CLX_OK) refuse(&error);
  if (!quiet)
    printf("  %.0f events, %.0f stretches, %.2f TWh, mean %.1f MW, peak %.1f MW, %.3g h shed, residual %.1e\n",
           out->events, out->steps, out->energy / 3.6e15, out->site_mean / MW, out->site_peak / MW,
           out->shed_time / HOUR, out->residual);
  clx_arena_free(arena);
  free(out);
  free(w);
}

static void take(void *context, int64_t unit, const float *watt, int64_t count) {
  (void)unit;
  double *sum = context;
  for (int64_t i = 0; i < count; i += 1000) *sum += (double)watt[i];
}

// 60 s at 1 ms of every rack, one after another; then the site's own wave.
static void run_window(bool quiet) {
  gigawatt *w = malloc(sizeof *w);
  clx_arena *arena = clx_arena_new();
  if (w == NULL || arena == NULL) exit(1);
  make_site(w);
  clx_error error;
  clx_error_clear(&error);
  clx_wave_group group = {.name = "racks", .units = RACKS, .cycle = w->group[0].state[TRAIN].cycle, .spread = 0.05};
  double sum = 0;
  if (clx_wave_expand(&group, 1, 1, 0, 1e-3, 60000, take, &sum, arena, &error) != CLX_OK) refuse(&error);
  clx_wave wave, top;
  if (clx_site_window(&w->site, -1, 200.0 * DAY + 1000, 1e-3, 60000, arena, &wave, &top, &error) != CLX_OK)
    refuse(&error);
  if (!quiet)
    printf("  %.0f racks x 60,000 samples; at the point of connection %.1f MW at first (checked: %.3g)\n", RACKS,
           (double)top.watt[0] / MW, sum);
  clx_arena_free(arena);
  free(w);
}

// --- Frontier -----------------------------------------------------------------------------------------------------------------------------

static const clx_conversion SIVOC = {.name = "sivoc", .fixed = 13, .efficiency = 0.98};
static const clx_conversion RECTIFIER = {.name = "rectifier", .fixed = 17, .efficiency = 0.96};
enum { FRONTIER = 9472, TRACE = 12 * HOUR / 15 };

// The random list of RAPS; with `traced` every job says something else every 15 s, for its CPUs and its GPUs.
static void run_frontier(bool traced, bool quiet) {
  clx_arena *arena = clx_arena_new();
  clx_error error;
  clx_error_clear(&error);
  clx_jobs_spec spec;
  clx_schema_default(&clx_jobs_schema, &spec);
  spec.random.count = 0;
  clx_node_job *job;
  int64_t count;
  if (clx_jobs_list(&spec, DAY, arena, &job, &count, &error) != CLX_OK) refuse(&error);
  for (int64_t i = 0; traced && i < count; i++) {
    clx_stream stream = clx_stream_make(1, 1, 0, (uint64_t)i);
    float *cpu = CLX_NEW_ARRAY(arena, float, TRACE), *gpu = CLX_NEW_ARRAY(arena, float, TRACE);
    if (cpu == NULL || gpu == NULL) exit(1);
    for (int32_t k = 0; k < TRACE; k++) {
      cpu[k] = (float)(job[i].cpu * clx_stream_uniform(&stream));
      gpu[k] = (float)(job[i].gpu * (0.5 + 0.5 * clx_stream_uniform(&stream)));
    }
    job[i].cpu_trace = cpu;
    job[i].gpu_trace = gpu;
    job[i].trace_count = TRACE;
  }
  clx_job_run run = {.job = job,
                     .job_count = count,
                     .nodes = FRONTIER,
                     .node = spec.node,
                     .quantum = spec.quantum,
                     .horizon = DAY,
                     .step = 1};
  run.chain.count = 3;
  run.chain.level[0] = (clx_chain_level){.name = "node", .conversion = &SIVOC, .units = FRONTIER};
  run.chain.level[1] =
      (clx_chain_level){.name = "rectifier", .conversion = &RECTIFIER, .units = 2368, .static_load = 74.0 * 32 * 250};
  run.chain.level[2] = (clx_chain_level){.name = "system", .units = 1, .static_load = 25 * 8473.47};
  clx_job_outcome out;
  if (clx_job_run_all(&run, arena, &out, &error) != CLX_OK) refuse(&error);
  if (!quiet)
    printf("  %lld jobs, %.0f completed, %.0f changes, mean %.4f MW, loss %.3f MW\n", (long long)count, out.completed,
           out.events, out.mean / MW, out.loss_mean / MW);
  clx_arena_free(arena);
}

static void run_constant(bool quiet) { run_frontier(false, quiet); }
static void run_traced(bool quiet) { run_frontier(true, quiet); }

static const struct {
  const char *name, *peer;
  void (*run)(bool quiet);
} CASES[] = {
    {"frontier, 24 h at 1 s, random list", "RAPS 428.8 s at 1 s, 47.1 s at 15 s (CPU)", run_constant},
    {"the same, every job changes every 15 s", "", run_traced},
    {"a year of a gigawatt site", "", run_year},
    {"60 s at 1 ms of each of its 7,000 racks", "", run_window},
};
enum { CASE_COUNT = sizeof CASES / sizeof *CASES };

int main(int argc, char **argv) {
  if (argc == 3 && strcmp(argv[1], "--count") == 0) {
    const long number = strtol(argv[2], NULL, 10);
    if (number < 0 || number >= CASE_COUNT) return 2;
    CASES[number].run(true);
    return 0;
  }
  for (int32_t i = 0; i < CASE_COUNT; i++) {
    double best = (double)INFINITY;
    for (int32_t k = 0; k < ROUNDS; k++) {
      const double start = seconds();
      CASES[i].run(k > 0);
      best = fmin(best, seconds() - start);
    }
    printf("%-42s %9.4f s CPU   %6.1f MB so far   %s\n", CASES[i].name, best, peak_memory() / 1e6, CASES[i].peer);
  }
  return 0;
}
