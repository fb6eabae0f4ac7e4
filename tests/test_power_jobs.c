// Job lists on a machine: Frontier's closed forms, placement, and the node-by-node sum against a plain loop over every second.
#include "check.h"

#include "chance/chance.h"
#include "document/document.h"
#include "power/power_site.h"

// Frontier as ExaDigiT/RAPS states it (config/frontier.yaml): 9,472 nodes, four to a rectifier; 32 switches of 250 W a rack of 74; 25 CDUs of 8,473.47 W.
static const clx_conversion SIVOC = {.name = "sivoc", .fixed = 13, .efficiency = 0.98};
static const clx_conversion RECTIFIER = {.name = "rectifier", .fixed = 17, .efficiency = 0.96};
enum { FRONTIER = 9472, DAY = 86400 };

static clx_chain frontier_chain(void) {
  clx_chain c = {.count = 3};
  c.level[0] = (clx_chain_level){.name = "node", .conversion = &SIVOC, .units = FRONTIER};
  c.level[1] =
      (clx_chain_level){.name = "rectifier", .conversion = &RECTIFIER, .units = 2368, .static_load = 74.0 * 32 * 250};
  c.level[2] = (clx_chain_level){.name = "system", .units = 1, .static_load = 25 * 8473.47};
  return c;
}

static clx_job_run frontier(const clx_node_job *job, int64_t count, double horizon, double step) {
  return (clx_job_run){.job = job,
                       .job_count = count,
                       .nodes = FRONTIER,
                       .node = {90, 280, 4 * 88, 4 * 560, 74.26 + 4 * 20 + 30},
                       .chain = frontier_chain(),
                       .quantum = 15,
                       .horizon = horizon,
                       .step = step};
}

static clx_job_outcome run_list(const clx_job_run *run, clx_arena *arena) {
  clx_job_outcome out;
  clx_error error;
  clx_error_clear(&error);
  if (clx_job_run_all(run, arena, &out, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  return out;
}

// Idle and peak of RAPS to its printed digits, loss at idle 0.57 MW and at peak 1.81 MW.
static void test_frontier_idle_and_peak(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_job_run run = frontier(NULL, 0, 3600, 15);
  clx_job_outcome out = run_list(&run, arena);
  CLX_CHECK_NEAR(out.mean, 7.3065e6, 0, 50);
  CLX_CHECK_NEAR(out.loss_mean, 0.57e6, 0, 5e3);
  CLX_CHECK_NEAR(out.least, out.most, 1e-15, 0);
  CLX_CHECK_NEAR(out.utilisation, 0, 0, 0);
  const clx_node_job all = {.start = 0, .end = 10800, .nodes = FRONTIER, .first = -1, .cpu = 1, .gpu = 1};
  run = frontier(&all, 1, 3600, 15);
  out = run_list(&run, arena);
  CLX_CHECK_NEAR(out.mean, 28.2279e6, 0, 50);
  CLX_CHECK_NEAR(out.loss_mean, 1.81e6, 0, 5e3);
  CLX_CHECK_NEAR(out.utilisation, 1, 1e-12, 0);
  assert_int_equal(out.series.count, 240);
  CLX_CHECK_NEAR((double)out.series.watt[239], out.mean, 1e-7, 0);
  clx_arena_free(arena);
}

// The workload `benchmark` of RAPS: everything for 3 h, GPUs alone for 1 h, HPL (33 % of the CPUs, 79 % of the GPUs) for twice 1 h, then nothing, over
// 8 h. RAPS prints 21.451 MW; its samples of 15 s see the jobs one or two samples longer than they last, which is 0.05 %.
static void test_frontier_benchmark(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  const clx_node_job list[] = {
      {.start = 0, .end = 10800, .nodes = FRONTIER, .first = -1, .cpu = 1, .gpu = 1},
      {.start = 10800, .end = 14400, .nodes = FRONTIER, .first = -1, .cpu = 0, .gpu = 1},
      {.start = 14200, .end = 17800, .nodes = FRONTIER, .first = -1, .cpu = 0.33, .gpu = 0.79},
      {.start = 17800, .end = 21400, .nodes = FRONTIER, .first = -1, .cpu = 0.33, .gpu = 0.79}};
  const clx_job_run run = frontier(list, 4, 8 * 3600, 15);
  const clx_job_outcome out = run_list(&run, arena);
  CLX_CHECK_NEAR(out.mean, 21.451e6, 1e-3, 0);
  CLX_CHECK_NEAR(out.completed, 4, 0, 0);
  CLX_CHECK_NEAR(out.waited, 2, 0, 0);  // HPL asks for the nodes 200 s before they are free
  CLX_CHECK_NEAR((double)out.series.watt[14395 / 15], 26.315e6, 1e-4, 0);
  clx_arena_free(arena);
}

// --- against a plain loop ----------------------------------------------------------------------------------------------------------

enum { SMALL = 96, JOBS = 40, SPAN = 900 };

typedef struct plain {
  int32_t owner[SMALL];
  double begun[JOBS];
  bool is_running[JOBS], is_done[JOBS];
  double load[SMALL], scratch[SMALL];
} plain;

static void plain_stop(plain *p, const clx_node_job *job, double time) {
  for (int32_t j = 0; j < JOBS; j++) {
    if (!p->is_running[j] || p->begun[j] + job[j].end - job[j].start > time) continue;
    for (int32_t k = 0; k < SMALL; k++) p->owner[k] = p->owner[k] == j ? -1 : p->owner[k];
    p->is_running[j] = false;
    p->is_done[j] = true;
  }
}

// Jobs stand in the order of their starts.
static void plain_start(plain *p, const clx_node_job *job, double time) {
  for (int32_t j = 0; j < JOBS; j++) {
    if (p->is_running[j] || p->is_done[j] || job[j].start > time) continue;
    int32_t from = job[j].first < 0 ? 0 : (int32_t)job[j].first,
            to = job[j].first < 0 ? SMALL : from + (int32_t)job[j].nodes;
    int64_t free = 0;
    for (int32_t k = from; k < to; k++) free += p->owner[k] < 0;
    if (free < job[j].nodes) continue;
    int64_t needed = job[j].nodes;
    for (int32_t k = from; k < to && needed > 0; k++) {
      if (p->owner[k] >= 0) continue;
      p->owner[k] = j;
      needed--;
    }
    p->is_running[j] = true;
    p->begun[j] = time;
  }
}

static double plain_power(plain *p, const clx_job_run *run, double time) {
  const clx_node_power *n = &run->node;
  for (int32_t k = 0; k < SMALL; k++) {
    double cpu = 0, gpu = 0;
    if (p->owner[k] >= 0) {
      const clx_node_job *j = &run->job[p->owner[k]];
      int32_t at = (int32_t)((time - p->begun[p->owner[k]]) / run->quantum);
      if (at >= j->trace_count) at = j->trace_count - 1;
      cpu = j->cpu_trace != NULL ? (double)j->cpu_trace[at] : j->cpu;
      gpu = j->gpu_trace != NULL ? (double)j->gpu_trace[at] : j->gpu;
    }
    p->load[k] =
        n->cpu_idle + cpu * (n->cpu_most - n->cpu_idle) + n->gpu_idle + gpu * (n->gpu_most - n->gpu_idle) + n->fixed;
  }
  return clx_chain_pass_each(&run->chain, p->load, SMALL, p->scratch);
}

static double LOADS[] = {0.1, 0.2, 0.5, 1};
static double CURVE[] = {0.80, 0.90, 0.95, 0.92};
static const clx_conversion BENT = {
    .name = "bent", .rating = 12000, .load = LOADS, .load_count = 4, .curve = CURVE, .curve_count = 4};
static const clx_conversion SQUARE = {
    .name = "square", .rating = 3e5, .efficiency = 0.99, .fixed = 500, .load_loss = 4e3};

// Levels of bent curves, one with two units to a load, one whose blocks do not divide evenly.
static clx_chain bent_chain(void) {
  clx_chain c = {.count = 4};
  c.level[0] = (clx_chain_level){.name = "node", .conversion = &SIVOC, .units = SMALL};
  c.level[1] = (clx_chain_level){.name = "shelf", .conversion = &BENT, .units = 48, .groups = 24, .static_load = 2400};
  c.level[2] = (clx_chain_level){.name = "row", .conversion = &SQUARE, .units = 7, .static_load = 700};
  c.level[3] = (clx_chain_level){.name = "site", .conversion = &SQUARE, .units = 2, .groups = 1};
  return c;
}

static void draw_small(uint64_t seed, clx_node_job *job, float trace[JOBS][2][64]) {
  clx_stream s = clx_stream_make(seed, 77, 0, 0);
  double start = 0;
  for (int32_t j = 0; j < JOBS; j++) {
    start += (double)clx_stream_below(&s, 30);
    job[j] = (clx_node_job){.start = start,
                            .end = start + (double)clx_stream_below(&s, 200),
                            .nodes = 1 + (int64_t)clx_stream_below(&s, 50),
                            .first = -1,
                            .cpu = clx_stream_uniform(&s),
                            .gpu = clx_stream_uniform(&s)};
    if (clx_stream_below(&s, 4) == 0)
      job[j].first = (int64_t)clx_stream_below(&s, (uint64_t)(SMALL - job[j].nodes + 1));
    if (clx_stream_below(&s, 2) == 0) continue;
    job[j].trace_count = 1 + (int32_t)clx_stream_below(&s, 20);
    for (int32_t i = 0; i < job[j].trace_count; i++) {
      for (int32_t k = 0; k < 2; k++) trace[j][k][i] = (float)((double)clx_stream_below(&s, 5) / 4);
    }
    job[j].cpu_trace = trace[j][0];
    if (clx_stream_below(&s, 2) == 0) job[j].gpu_trace = trace[j][1];
  }
}

static void test_equals_a_plain_loop(void **state) {
  (void)state;
  static float trace[JOBS][2][64];
  for (uint64_t seed = 1; seed <= 20; seed++) {
    clx_arena *arena = clx_arena_new();
    clx_node_job job[JOBS];
    draw_small(seed, job, trace);
    const clx_job_run run = {.job = job,
                             .job_count = JOBS,
                             .nodes = SMALL,
                             .node = {90, 280, 352, 2240, 184.26},
                             .chain = bent_chain(),
                             .quantum = 7,
                             .horizon = SPAN,
                             .step = 1};
    const clx_job_outcome out = run_list(&run, arena);
    plain *p = calloc(1, sizeof *p);
    assert_non_null(p);
    for (int32_t k = 0; k < SMALL; k++) p->owner[k] = -1;
    double energy = 0, nodes = 0, used = 0;
    for (int32_t t = 0; t < SPAN; t++) {
      plain_stop(p, job, t);
      plain_start(p, job, t);
      plain_stop(p, job, t);  // jobs of no length make room at once
      plain_start(p, job, t);
      plain_stop(p, job, t);
      const double power = plain_power(p, &run, t);
      CLX_CHECK_NEAR((double)out.series.watt[t], power, 1e-6, 0);
      energy += power;
      for (int32_t k = 0; k < SMALL; k++) nodes += p->load[k];
      for (int32_t k = 0; k < SMALL; k++) used += p->owner[k] >= 0;
    }
    CLX_CHECK_NEAR(out.energy, energy, 1e-12, 0);
    CLX_CHECK_NEAR(out.loss, energy - nodes - SPAN * 3100.0, 1e-10, 0);
    CLX_CHECK_NEAR(out.utilisation, used / SPAN / SMALL, 1e-12, 0);
    free(p);
    clx_arena_free(arena);
  }
}

// The lowest free nodes, in pieces; one that does not fit waits and lets a smaller one pass.
static void test_placement(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  const clx_node_job list[] = {{.start = 0, .end = 10, .nodes = 40, .first = -1, .gpu = 1},
                               {.start = 0, .end = 30, .nodes = 20, .first = -1, .gpu = 1},
                               {.start = 0, .end = 10, .nodes = 30, .first = 60, .gpu = 1},
                               {.start = 5, .end = 15, .nodes = 50, .first = -1, .gpu = 1},  // waits for 10
                               {.start = 6, .end = 16, .nodes = 6, .first = -1, .gpu = 1}};  // passes by
  clx_job_run run = {
      .job = list, .job_count = 5, .nodes = SMALL, .node = {0, 0, 0, 1000, 0}, .quantum = 15, .horizon = 40, .step = 1};
  const clx_job_outcome out = run_list(&run, arena);
  static const double busy[] = {90, 90, 90, 90, 90, 90, 96, 96, 96, 96, 76, 76, 76, 76, 76, 76, 70, 70, 70, 70, 20};
  for (int32_t t = 0; t <= 20; t++) CLX_CHECK_NEAR((double)out.series.watt[t], 1000 * busy[t], 0, 0);
  CLX_CHECK_NEAR((double)out.series.watt[30], 0, 0, 0);
  CLX_CHECK_NEAR(out.waited, 1, 0, 0);
  CLX_CHECK_NEAR(out.started, 5, 0, 0);
  CLX_CHECK_NEAR(out.loss, 0, 0, 1e-6);
  clx_arena_free(arena);
}

static void expect_refused(const clx_job_run *run, const char *part) {
  clx_arena *arena = clx_arena_new();
  clx_job_outcome out;
  clx_error error;
  clx_error_clear(&error);
  assert_int_equal(clx_job_run_all(run, arena, &out, &error), CLX_INPUT);
  if (strstr(error.mistake[0].text, part) == NULL) fail_msg("'%s' lacks '%s'", error.mistake[0].text, part);
  clx_arena_free(arena);
}

static void test_refuses(void **state) {
  (void)state;
  clx_node_job job = {.start = 0, .end = 10, .nodes = FRONTIER + 1, .first = -1, .gpu = 1};
  clx_job_run run = frontier(&job, 1, 60, 1);
  expect_refused(&run, "9473 nodes");
  job = (clx_node_job){.start = 0, .end = 10, .nodes = 2, .first = FRONTIER - 1};
  expect_refused(&run, "from node 9471 on");
  job = (clx_node_job){.start = 10, .end = 0, .nodes = 1, .first = -1};
  expect_refused(&run, "from 10 to 0 s");
  job = (clx_node_job){.start = 0, .end = 10, .nodes = 1, .first = -1, .gpu = 1.5};
  expect_refused(&run, "utilisation");
  run.step = 0;
  job.gpu = 1;
  expect_refused(&run, "series every 0 s");
  run = frontier(&job, 1, 60, 1);
  run.node.gpu_idle = 3000;
  expect_refused(&run, "expected them rising");
}

// --- lists ---------------------------------------------------------------------------------------------------------------------------

static clx_status parse(const char *text, clx_arena *arena, clx_node_job **job, int64_t *count, clx_error *error) {
  clx_error_clear(error);
  return clx_job_list_parse("jobs.csv", text, strlen(text), arena, job, count, error);
}

static void test_reads_a_list(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_error error;
  clx_node_job *job;
  int64_t count;
  assert_int_equal(parse("id,submit,start,end,nodes,cpu,gpu,first,gpu_trace\n"
                         "a,0,10,100,128,0.25,0.5,,\n"
                         "b,,20.5,100,1,0,1,64,0.1;1;5e-1\n",
                         arena, &job, &count, &error),
                   CLX_OK);
  assert_int_equal(count, 2);
  assert_int_equal(job[0].nodes, 128);
  assert_int_equal(job[0].first, -1);
  CLX_CHECK_NEAR(job[0].cpu, 0.25, 0, 0);
  assert_null(job[0].gpu_trace);
  CLX_CHECK_NEAR(job[1].start, 20.5, 0, 0);
  assert_int_equal(job[1].first, 64);
  assert_int_equal(job[1].trace_count, 3);
  CLX_CHECK_NEAR((double)job[1].gpu_trace[2], 0.5, 0, 0);
  assert_null(job[1].cpu_trace);
  clx_arena_free(arena);
}

static void test_names_mistakes(void **state) {
  (void)state;
  static const struct {
    const char *text, *part;
    int32_t line, column;
  } bad[] = {
      {"start,end,nodes,cpu\n0,1,1,1\n", "needs the column 'gpu'", 1, 0},
      {"start,end,nodes,cpu,gpu,gpu_tace\n0,1,1,1,1,\n", "did you mean 'gpu_trace'", 1, 6},
      {"start,end,nodes,cpu,gpu\n0,1,1,1,1\n0,1,1.5,1,1\n", "column 'nodes' is '1.5'", 3, 3},
      {"start,end,nodes,cpu,gpu\n0,1,1,1,1.01\n", "column 'gpu' is '1.01'", 2, 5},
      {"start,end,nodes,cpu,gpu\n5,4,1,1,1\n", "column 'end' is '4'", 2, 2},
      {"start,end,nodes,cpu,gpu\n,4,1,1,1\n", "column 'start' is ''", 2, 1},
      {"start,end,nodes,cpu,gpu,cpu_trace\n0,4,1,1,1,0.5;0x1\n", "column 'cpu_trace'", 2, 6},
      {"start,end,nodes,cpu,gpu,cpu_trace\n0,4,1,1,1,0.5;\n", "column 'cpu_trace'", 2, 6},
      {"start,end,nodes,cpu,gpu,cpu_trace,gpu_trace\n0,4,1,1,1,0.5,0;1\n", "as many values", 2, 7},
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    clx_arena *arena = clx_arena_new();
    clx_error error;
    clx_node_job *job;
    int64_t count;
    assert_int_equal(parse(bad[i].text, arena, &job, &count, &error), CLX_INPUT);
    if (strstr(error.mistake[0].text, bad[i].part) == NULL)
      fail_msg("'%s' lacks '%s'", error.mistake[0].text, bad[i].part);
    assert_int_equal(error.mistake[0].line, bad[i].line);
    assert_int_equal(error.mistake[0].column, bad[i].column);
    clx_arena_free(arena);
  }
}

// Section `power.jobs`: what it says becomes a list, or a named mistake.
static clx_status from_yaml(const char *text, clx_arena *arena, clx_jobs_spec *spec, int64_t *count, clx_error *error) {
  clx_node *root;
  clx_node_job *job;
  clx_error_clear(error);
  CLX_TRY(clx_document_read(arena, "s.yaml", text, strlen(text), &root, error));
  CLX_TRY(clx_schema_read(&clx_jobs_schema, root, false, arena, spec, error));
  return clx_jobs_list(spec, DAY, arena, &job, count, error);
}

static void test_section(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_error error;
  clx_jobs_spec spec;
  int64_t count;
  assert_int_equal(from_yaml("random: {count: 12, seed: 3, nodes_most: 64, longest: 2 h}\nnodes: 128\n"
                             "quantum: 1 min\nnode: {gpu_most: 3 kW}\n",
                             arena, &spec, &count, &error),
                   CLX_OK);
  assert_int_equal(count, 12);
  CLX_CHECK_NEAR(spec.quantum, 60, 0, 0);
  CLX_CHECK_NEAR(spec.node.gpu_most, 3000, 0, 0);
  CLX_CHECK_NEAR(spec.node.gpu_idle, -1, 0, 0);  // from the machine
  static const struct {
    const char *text, *part;
  } bad[] = {
      {"nodes: 12\n", "neither `file` nor `random`"},
      {"random: {seed: 2}\n", "count"},
      {"file: jobs.csv\nrandom: {count: 2}\n", "both `file` and `random`"},
      {"random: {count: 1}\nnodes: 64\nnode: {gpu_idle: 352 W, gpu_most: 300 W}\n", "expected most above idle"},
      {"nodes: 64\nrandom: {count: 0, shortest: 5 h, longest: 2 h}\n", "durations from 18000 to 7200 s"},
      {"random: {count: 1, sede: 2}\n", "did you mean 'seed'"},
      {"file: /no/such/jobs.csv\n", "/no/such/jobs.csv"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_true(from_yaml(bad[i].text, arena, &spec, &count, &error) != CLX_OK);
    if (strstr(error.mistake[0].text, bad[i].part) == NULL && strstr(error.mistake[0].file, bad[i].part) == NULL)
      fail_msg("'%s' lacks '%s'", error.mistake[0].text, bad[i].part);
  }
  clx_arena_free(arena);
}

static void test_out_of_memory(void **state) {
  (void)state;
  int32_t failed = 0;
  for (int64_t after = 1;; after++) {
    clx_arena *arena = clx_arena_new();
    clx_error error;
    clx_error_clear(&error);
    clx_job_random random = {.count = 40, .seed = 1, .arrival = 100, .nodes_most = 3000, .longest = 7200};
    clx_node_job *job;
    int64_t count;
    clx_job_outcome out;
    clx_memory_fail_after(after);
    clx_status status = arena != NULL ? CLX_OK : CLX_MEMORY;
    if (status == CLX_OK) status = clx_job_list_random(&random, FRONTIER, DAY, arena, &job, &count, &error);
    if (status == CLX_OK) {
      const clx_job_run run = frontier(job, count, 3600, 1);
      status = clx_job_run_all(&run, arena, &out, &error);
    }
    clx_memory_fail_after(0);
    clx_arena_free(arena);
    if (status == CLX_OK) break;
    assert_int_equal(status, CLX_MEMORY);
    failed++;
  }
  assert_true(failed > 0);
}

static clx_jobs_spec defaults(void) {
  clx_jobs_spec spec;
  clx_schema_default(&clx_jobs_schema, &spec);
  return spec;
}

// The distributions of RAPS, and lists that go on where shorter ones end.
static void test_draws_a_list(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_error error;
  clx_error_clear(&error);
  clx_job_random random = defaults().random;
  random.count = 20000;
  clx_node_job *job, *shorter;
  int64_t count, few;
  assert_int_equal(clx_job_list_random(&random, FRONTIER, DAY, arena, &job, &count, &error), CLX_OK);
  assert_int_equal(count, 20000);
  CLX_CHECK_NEAR(job[0].start, 0, 0, 0);
  double nodes = 0, cpu = 0, gpu = 0, time = 0;
  for (int64_t i = 0; i < count; i++) {
    assert_in_range(job[i].nodes, 1, 3000);
    const double hours = (job[i].end - job[i].start) / 3600;
    assert_true(hours >= 1 && hours <= 12 && hours == floor(hours));
    nodes += (double)job[i].nodes;
    cpu += job[i].cpu;
    gpu += job[i].gpu;
    time += hours;
  }
  const double n = (double)count;
  CLX_CHECK_NEAR(nodes / n, 1500.5, 0, 4 * 866 / sqrt(n));
  CLX_CHECK_NEAR(cpu / n, 0.5, 0, 4 * 0.289 / sqrt(n));
  CLX_CHECK_NEAR(gpu / n, 0.5, 0, 4 * 0.289 / sqrt(n));
  CLX_CHECK_NEAR(time / n, 21630.0 / 3600 - 0.5, 0, 0.06);
  CLX_CHECK_NEAR(job[count - 1].start / (n - 1), 100, 0.03, 0);
  random.count = 0;
  assert_int_equal(clx_job_list_random(&random, FRONTIER, DAY, arena, &shorter, &few, &error), CLX_OK);
  CLX_CHECK_NEAR((double)few, 864, 0, 120);
  assert_true(shorter[few - 1].start < DAY && job[few].start >= DAY);
  assert_memory_equal(&job[100], &shorter[100], sizeof *job);
  clx_arena_free(arena);
}

// Over many seeds the day's mean is 17.75 MW with a deviation of 1.05 MW (200 seeds); RAPS prints 17.23 MW for its own draw.
static void test_random_day(void **state) {
  (void)state;
  enum { SEEDS = 40 };
  double sum = 0, squares = 0;
  for (int64_t seed = 1; seed <= SEEDS; seed++) {
    clx_arena *arena = clx_arena_new();
    clx_error error;
    clx_error_clear(&error);
    clx_jobs_spec spec;
    clx_schema_default(&clx_jobs_schema, &spec);
    spec.random.seed = seed;
    spec.random.count = 0;
    spec.nodes = FRONTIER;
    spec.node = (clx_node_power){90, 280, 352, 2240, 184.26};
    clx_node_job *job;
    int64_t count;
    assert_int_equal(clx_jobs_list(&spec, DAY, arena, &job, &count, &error), CLX_OK);
    clx_job_run run = frontier(job, count, DAY, 60);
    run.node = spec.node;
    const clx_job_outcome out = run_list(&run, arena);
    assert_true(out.least >= 7.3064e6 && out.most <= 28.228e6);
    assert_true(out.utilisation > 0.97 && out.utilisation <= 1);
    sum += out.mean / SEEDS;
    squares += out.mean * out.mean / SEEDS;
    clx_arena_free(arena);
  }
  CLX_CHECK_NEAR(sum, 17.75e6, 0, 4 * 1.05e6 / sqrt(SEEDS));
  assert_true(fabs(sum - 17.2309e6) < sqrt(squares - sum * sum));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_frontier_idle_and_peak),
      cmocka_unit_test(test_frontier_benchmark),
      cmocka_unit_test(test_equals_a_plain_loop),
      cmocka_unit_test(test_placement),
      cmocka_unit_test(test_refuses),
      cmocka_unit_test(test_reads_a_list),
      cmocka_unit_test(test_names_mistakes),
      cmocka_unit_test(test_draws_a_list),
      cmocka_unit_test(test_random_day),
      cmocka_unit_test(test_section),
      cmocka_unit_test(test_out_of_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
