// Job lists: read from a table, or drawn at random.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "chance/chance.h"
#include "power/power_site.h"
#include "table/table.h"

static const double NODES_MAX = 1e7;
static const double TIME_MAX = 3.2e9;  // s, a century
static const double JOBS_MAX = 1e8;

typedef enum column {
  COLUMN_ID,
  COLUMN_SUBMIT,
  COLUMN_START,
  COLUMN_END,
  COLUMN_NODES,
  COLUMN_FIRST,
  COLUMN_CPU,
  COLUMN_GPU,
  COLUMN_CPU_TRACE,
  COLUMN_GPU_TRACE,
  COLUMNS
} column;

static const char *const NAMES[COLUMNS + 1] = {"id",  "submit", "start",     "end",       "nodes", "first",
                                               "cpu", "gpu",    "cpu_trace", "gpu_trace", NULL};
// Without them there is no job.
static const bool NEEDED[COLUMNS] = {
    [COLUMN_START] = true, [COLUMN_END] = true, [COLUMN_NODES] = true, [COLUMN_CPU] = true, [COLUMN_GPU] = true};

typedef struct reader {
  clx_arena *arena;
  const clx_table *table;
  int32_t column[COLUMNS];
  clx_status status;  // of the first mistake
  clx_error *error;
} reader;

// Of a row of cells, the column is their number.
static clx_place place_of(const reader *r, int32_t row, column c) {
  return (clx_place){r->table->file, r->table->line[row], r->column[c] + 1};
}

static void keep(reader *r, clx_status status) {
  if (r->status == CLX_OK) r->status = status;
}

static void wrong(reader *r, int32_t row, column c, const char *expected) {
  keep(r, clx_fail(r->error, CLX_INPUT, place_of(r, row, c), "column '%s' is '%.60s', expected %s", NAMES[c],
                   clx_table_cell(r->table, row, r->column[c]), expected));
}

static void find_columns(reader *r) {
  for (int32_t c = 0; c < COLUMNS; c++) {
    r->column[c] = clx_table_column(r->table, NAMES[c]);
    if (NEEDED[c] && r->column[c] < 0)
      keep(r, clx_fail(r->error, CLX_INPUT, (clx_place){r->table->file, 1, 0}, "a job list needs the column '%s'",
                       NAMES[c]));
  }
  for (int32_t i = 0; i < r->table->column_count; i++) {
    bool known = false;
    for (int32_t c = 0; c < COLUMNS; c++) known |= r->column[c] == i;
    if (known) continue;
    const char *near = clx_nearest(r->table->column[i], NAMES, COLUMNS);
    keep(r, clx_fail(r->error, CLX_INPUT, (clx_place){r->table->file, 1, i + 1}, "unknown column '%s'%s%s%s",
                     r->table->column[i], near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
                     near != NULL ? "'?" : ""));
  }
}

// `otherwise` where there is no such column or nothing in it.
static double number(reader *r, int32_t row, column c, double otherwise, double least, double most, bool whole,
                     const char *expected) {
  double value = otherwise;
  if (clx_table_cell(r->table, row, r->column[c])[0] == '\0' && !NEEDED[c]) return otherwise;
  if (clx_table_number(r->table, row, r->column[c], &value) && value >= least && value <= most &&
      (!whole || value == floor(value)))
    return value;
  wrong(r, row, c, expected);
  return otherwise;
}

// "0.1;0.5;..."; NULL where there is none.
static const float *trace(reader *r, int32_t row, column c, int32_t *count) {
  const char *text = clx_table_cell(r->table, row, r->column[c]);
  *count = 0;
  if (text[0] == '\0') return NULL;
  int32_t values = 1;
  for (const char *t = text; *t != '\0'; t++) values += *t == ';';
  float *value = CLX_NEW_ARRAY(r->arena, float, values);
  if (value == NULL) {
    keep(r, clx_fail_plain(r->error, CLX_MEMORY, "power: out of memory for a trace"));
    return NULL;
  }
  for (const char *t = text; *count < values;) {
    char *end;
    const double x = strtod(t, &end);
    const bool plain = end > t && strspn(t, "0123456789.eE+-") >= (size_t)(end - t);  // no hexadecimal, no "nan"
    if (!plain || !(x >= 0 && x <= 1) || (*end != ';' && *end != '\0')) {
      wrong(r, row, c, "utilisations from 0 to 1 with ';' between them");
      return NULL;
    }
    value[(*count)++] = (float)x;
    t = end + 1;
  }
  return value;
}

static void read_row(reader *r, int32_t row, clx_node_job *job) {
  number(r, row, COLUMN_SUBMIT, 0, -TIME_MAX, TIME_MAX, false, "a time in seconds");
  job->start = number(r, row, COLUMN_START, 0, 0, TIME_MAX, false, "seconds from the start of the run, 0 or later");
  job->end = number(r, row, COLUMN_END, job->start, 0, TIME_MAX, false, "seconds from the start of the run");
  job->nodes = (int64_t)number(r, row, COLUMN_NODES, 1, 1, NODES_MAX, true, "a whole number of nodes from 1 on");
  job->first = (int64_t)number(r, row, COLUMN_FIRST, -1, 0, NODES_MAX, true, "the number of a node from 0 on");
  job->cpu = number(r, row, COLUMN_CPU, 0, 0, 1, false, "a utilisation from 0 to 1");
  job->gpu = number(r, row, COLUMN_GPU, 0, 0, 1, false, "a utilisation from 0 to 1");
  if (job->end < job->start) wrong(r, row, COLUMN_END, "an end that is not before the start");
  int32_t cpus, gpus;
  job->cpu_trace = trace(r, row, COLUMN_CPU_TRACE, &cpus);
  job->gpu_trace = trace(r, row, COLUMN_GPU_TRACE, &gpus);
  job->trace_count = cpus > 0 ? cpus : gpus;
  if (cpus > 0 && gpus > 0 && cpus != gpus) wrong(r, row, COLUMN_GPU_TRACE, "as many values as in cpu_trace");
}

clx_status clx_job_list_parse(const char *file, const char *data, size_t size, clx_arena *arena, clx_node_job **job,
                              int64_t *count, clx_error *error) {
  clx_table table;
  *job = NULL;
  *count = 0;
  CLX_TRY(clx_table_read(arena, file, data, size, &table, error));
  reader r = {.arena = arena, .table = &table, .error = error};
  find_columns(&r);
  if (r.status != CLX_OK) return r.status;
  clx_node_job *list = CLX_NEW_ARRAY(arena, clx_node_job, table.row_count + 1);
  if (list == NULL) return clx_fail_plain(error, CLX_MEMORY, "power: out of memory for %d jobs", table.row_count);
  for (int32_t i = 0; i < table.row_count; i++) read_row(&r, i, &list[i]);
  if (r.status != CLX_OK) return r.status;
  *job = list;
  *count = table.row_count;
  return CLX_OK;
}

clx_status clx_job_list_read(const char *path, clx_arena *arena, clx_node_job **job, int64_t *count, clx_error *error) {
  const char *data;
  size_t size;
  CLX_TRY(clx_file_read(arena, path, CLX_FILE_SIZE_MAX, &data, &size, error));
  return clx_job_list_parse(path, data, size, arena, job, count, error);
}

// --- random lists ------------------------------------------------------------------------------------------------------------------

enum { STREAM_JOBS = 0x6a6f6273 };

// Normal around the middle of the span, a sixth of it wide, inside it, rounded down to whole hours (above none).
static double draw_duration(const clx_job_random *random, clx_stream *stream) {
  static const double HOUR = 3600;
  const double middle = (random->shortest + random->longest) / 2, width = (random->longest - random->shortest) / 6;
  for (int32_t i = 0; i < 1000; i++) {
    const double time = middle + width * clx_stream_normal(stream);
    if (!(time > random->shortest && time < random->longest)) continue;
    const double hours = floor(rint(time) / HOUR);
    if (hours >= 1) return hours * HOUR;
  }
  return floor(random->longest / HOUR) * HOUR;  // a span that holds hardly any hour
}

static clx_status check_random(const clx_job_random *random, double horizon, clx_error *error) {
  if (!(random->arrival > 0 && isfinite(random->arrival) && random->count >= 0 && random->nodes_most > 0))
    return clx_fail_plain(error, CLX_INPUT,
                          "power.jobs.random: an arrival every %g s, %lld jobs of up to %lld nodes; expected more than "
                          "none of each",
                          random->arrival, (long long)random->count, (long long)random->nodes_most);
  if (!(random->shortest >= 0 && random->shortest <= random->longest && random->longest >= 3600 &&
        random->longest <= TIME_MAX))
    return clx_fail_plain(error, CLX_INPUT,
                          "power.jobs.random: durations from %g to %g s, expected them rising, to an hour at least",
                          random->shortest, random->longest);
  const double expected = random->count > 0 ? (double)random->count : horizon / random->arrival;
  if (!(expected <= JOBS_MAX))
    return clx_fail_plain(error, CLX_INPUT, "power.jobs.random: %.3g jobs, expected at most %g", expected, JOBS_MAX);
  return CLX_OK;
}

// Each job has a stream of its own: longer lists begin as shorter ones do.
static void draw_job(const clx_job_random *random, int64_t nodes, int64_t number, double *time, clx_node_job *job) {
  clx_stream stream = clx_stream_make((uint64_t)random->seed, STREAM_JOBS, 0, (uint64_t)number);
  const int64_t most = nodes > 0 && nodes < random->nodes_most ? nodes : random->nodes_most;
  if (number > 0) *time += random->arrival * clx_stream_exponential(&stream);
  *job = (clx_node_job){.first = -1};
  job->nodes = 1 + (int64_t)clx_stream_below(&stream, (uint64_t)most);
  job->cpu = clx_stream_uniform(&stream);
  job->gpu = clx_stream_uniform(&stream);
  job->start = floor(*time);
  job->end = job->start + draw_duration(random, &stream);
}

clx_status clx_job_list_random(const clx_job_random *random, int64_t nodes, double horizon, clx_arena *arena,
                               clx_node_job **job, int64_t *count, clx_error *error) {
  CLX_TRY(check_random(random, horizon, error));
  double time = 0;
  clx_node_job one;
  int64_t jobs = random->count;
  if (jobs == 0) {
    while (draw_job(random, nodes, jobs, &time, &one), one.start < horizon && (double)jobs < JOBS_MAX) jobs++;
    time = 0;
  }
  *job = CLX_NEW_ARRAY(arena, clx_node_job, jobs + 1);
  *count = jobs;
  if (*job == NULL) return clx_fail_plain(error, CLX_MEMORY, "power: out of memory for %lld jobs", (long long)jobs);
  for (int64_t i = 0; i < jobs; i++) draw_job(random, nodes, i, &time, &(*job)[i]);
  return CLX_OK;
}
