// The rows of section `power.jobs` of a scenario, and the list that they say.
#include "power/power_site.h"

#define REAL(name, type, member, unit_text, start, low, high, text)                                             \
  {                                                                                                             \
    .key = name, .kind = CLX_ROW_REAL, .offset = offsetof(type, member), .unit = unit_text, .initial = (start), \
    .minimum = (low), .maximum = (high), .doc = text                                                            \
  }
#define WHOLE(name, type, member, start, low, high, text)                                                     \
  {                                                                                                           \
    .key = name, .kind = CLX_ROW_COUNT, .offset = offsetof(type, member), .initial = (start), .minimum = low, \
    .maximum = high, .doc = text                                                                              \
  }

#define NODES_MAX 1e7
#define TIME_MAX 3.2e9  // s, a century
#define WATT_MAX 1e6

#define R clx_job_random
static const clx_row random_rows[] = {
    {.key = "count",
     .kind = CLX_ROW_COUNT,
     .offset = offsetof(R, count),
     .initial = -1,
     .minimum = 0,
     .maximum = 1e8,
     .required = true,
     .doc = "jobs; 0 = all that arrive before the horizon"},
    WHOLE("seed", R, seed, 1, 0, 1e15, "another seed, another list"),
    REAL("arrival", R, arrival, "s", 100, 1e-3, TIME_MAX, "mean time between arrivals (exponential)"),
    WHOLE("nodes_most", R, nodes_most, 3000, 1, NODES_MAX, "largest job; sizes are uniform from 1 node on"),
    REAL("shortest", R, shortest, "s", 60, 0, TIME_MAX,
         "shortest duration; durations are normal around the middle, a sixth of the span wide, in whole hours"),
    REAL("longest", R, longest, "s", 43200, 3600, TIME_MAX, "longest duration"),
};
#undef R
static const clx_schema random_schema = {
    .name = "random",
    .doc = "a random list, drawn as ExaDigiT/RAPS draws its workload `random`; the values are those of Frontier there",
    .rows = random_rows,
    .count = CLX_COUNT(random_rows),
    .size = sizeof(clx_job_random),
};

#define N clx_node_power
static const clx_row node_rows[] = {
    REAL("cpu_idle", N, cpu_idle, "W", -1, -1, WATT_MAX,
         "parts of a node that work with its jobs, at rest; below 0, as all of these: from the parts of the machine's "
         "server"),
    REAL("cpu_most", N, cpu_most, "W", -1, -1, WATT_MAX, "the same under full load"),
    REAL("gpu_idle", N, gpu_idle, "W", -1, -1, WATT_MAX, "all GPUs of a node at rest"),
    REAL("gpu_most", N, gpu_most, "W", -1, -1, WATT_MAX, "all GPUs of a node under full load"),
    REAL("fixed", N, fixed, "W", -1, -1, WATT_MAX, "parts that draw the same at any load"),
};
#undef N
static const clx_schema node_schema = {
    .name = "node",
    .doc = "power of one node before its own conversion, linear in the utilisation of its parts",
    .rows = node_rows,
    .count = CLX_COUNT(node_rows),
    .size = sizeof(clx_node_power),
};

#define J clx_jobs_spec
static const clx_row jobs_rows[] = {
    {.key = "file",
     .kind = CLX_ROW_TEXT,
     .offset = offsetof(J, file),
     .doc = "a job list (docs/tables.md); or `random`"},
    {.key = "random",
     .kind = CLX_ROW_STRUCT,
     .offset = offsetof(J, random),
     .place_offset = offsetof(J, random_place),
     .sub = &random_schema,
     .doc = "a list drawn at random instead of a file"},
    WHOLE("nodes", J, nodes, 0, 0, NODES_MAX, "that run jobs; 0 = the servers of the machine"),
    REAL("quantum", J, quantum, "s", 15, 1e-3, TIME_MAX, "time between the values of a trace"),
    {.key = "node",
     .kind = CLX_ROW_STRUCT,
     .offset = offsetof(J, node),
     .sub = &node_schema,
     .doc = "power of one node"},
};
#undef J
const clx_schema clx_jobs_schema = {
    .name = "jobs",
    .doc = "a machine that runs many jobs, node by node, from a list",
    .rows = jobs_rows,
    .count = CLX_COUNT(jobs_rows),
    .size = sizeof(clx_jobs_spec),
    .place_offset = offsetof(clx_jobs_spec, place),
};

clx_status clx_jobs_list(const clx_jobs_spec *spec, double horizon, clx_arena *arena, clx_node_job **job,
                         int64_t *count, clx_error *error) {
  const clx_node_power *n = &spec->node;
  if (n->cpu_most < n->cpu_idle || n->gpu_most < n->gpu_idle)
    return clx_fail(error, CLX_INPUT, spec->place,
                    "power.jobs.node: CPUs from %g to %g W and GPUs from %g to %g W, expected most above idle",
                    n->cpu_idle, n->cpu_most, n->gpu_idle, n->gpu_most);
  if (spec->file == NULL && spec->random.count < 0)
    return clx_fail(error, CLX_INPUT, spec->place, "power.jobs: neither `file` nor `random`, expected one of them");
  if (spec->file == NULL) return clx_job_list_random(&spec->random, spec->nodes, horizon, arena, job, count, error);
  if (spec->random_place.line > 0)
    return clx_fail(error, CLX_INPUT, spec->random_place, "power.jobs: both `file` and `random`, expected one of them");
  return clx_job_list_read(spec->file, arena, job, count, error);
}
