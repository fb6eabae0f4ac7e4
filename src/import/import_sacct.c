// The output of `sacct -P`: a header line, then a line for every run of a job and for every step of it.
#include <stdio.h>
#include <string.h>

#include "import/import_sacct.h"

const char *const clx_job_state_name[CLX_JOB_STATES + 1] = {
    "COMPLETED", "FAILED",    "NODE_FAIL", "BOOT_FAIL", "LAUNCH_FAILED", "OUT_OF_MEMORY", "TIMEOUT",  "DEADLINE",
    "CANCELLED", "PREEMPTED", "REQUEUED",  "REVOKED",   "RUNNING",       "SUSPENDED",     "RESIZING", "COMPLETING",
    "STOPPED",   "PENDING",   NULL};

typedef enum field {
  FIELD_ID,
  FIELD_RAW_ID,
  FIELD_STATE,
  FIELD_START,
  FIELD_END,
  FIELD_ELAPSED,
  FIELD_RAW_ELAPSED,
  FIELD_NODES,
  FIELD_TRES,
  FIELDS
} field;

static const char *const field_name[FIELDS] = {"JobID",   "JobIDRaw",   "State",    "Start",    "End",
                                               "Elapsed", "ElapsedRaw", "NodeList", "AllocTRES"};

enum { COLUMNS_MAX = 256 };

typedef struct cell {
  const char *at;
  size_t length;
} cell;

typedef struct reader {
  clx_arena *arena;
  clx_sacct *out;
  const char *line_start;
  int32_t line;
  int32_t columns, column[FIELDS];  // -1 = not in the file
  cell cells[COLUMNS_MAX];          // of the line
  clx_node_list nodes;
  int32_t capacity;
  clx_names ids;      // of jobs
  clx_names runs;     // id, start and state of runs
  clx_status status;  // of the first mistake
  clx_error *error;
} reader;

static clx_place place_of(const reader *r, const char *at) {
  return (clx_place){r->out->file, r->line, (int32_t)(at - r->line_start) + 1};
}

// Notes the first mistake.
static clx_status keep(reader *r, clx_status status) {
  if (r->status == CLX_OK) r->status = status;
  return status;
}

// Divides [at, end) at '|'. Returns the number of cells; COLUMNS_MAX + 1 when there are more.
static int32_t divide(reader *r, const char *at, const char *end) {
  if (end > at && end[-1] == '\r') end--;
  int32_t count = 0;
  for (;;) {
    const char *stop = memchr(at, '|', (size_t)(end - at));
    if (stop == NULL) stop = end;
    if (count == COLUMNS_MAX) return COLUMNS_MAX + 1;
    r->cells[count++] = (cell){at, (size_t)(stop - at)};
    if (stop == end) return count;
    at = stop + 1;
  }
}

static bool is(const cell *c, const char *text) {
  return strlen(text) == c->length && memcmp(c->at, text, c->length) == 0;
}

static clx_status read_header(reader *r, const char *end) {
  const int32_t count = divide(r, r->line_start, end);
  if (count > COLUMNS_MAX) return clx_fail(r->error, CLX_INPUT, place_of(r, end), "more than %d fields", COLUMNS_MAX);
  r->columns = count;
  for (int32_t f = 0; f < FIELDS; f++) {
    r->column[f] = -1;
    for (int32_t c = 0; c < count; c++) {
      if (is(&r->cells[c], field_name[f])) r->column[f] = c;
    }
  }
  const clx_place place = {r->out->file, r->line, 1};
  const char *missing = r->column[FIELD_ID] < 0 && r->column[FIELD_RAW_ID] < 0 ? "JobID or JobIDRaw"
                        : r->column[FIELD_STATE] < 0                           ? "State"
                        : r->column[FIELD_START] < 0                           ? "Start"
                        : r->column[FIELD_NODES] < 0                           ? "NodeList"
                        : r->column[FIELD_END] < 0 && r->column[FIELD_ELAPSED] < 0 && r->column[FIELD_RAW_ELAPSED] < 0
                            ? "End or Elapsed"
                            : NULL;
  if (missing == NULL) return CLX_OK;
  return clx_fail(r->error, CLX_INPUT, place,
                  "the header has no field %s; print the log with sacct -P -D -a "
                  "-o JobIDRaw,State,Start,End,Elapsed,NodeList,AllocTRES",
                  missing);
}

static const cell *cell_of(const reader *r, field f) { return r->column[f] < 0 ? NULL : &r->cells[r->column[f]]; }

// Slurm's words for nothing; a field that the file lacks counts as nothing, too.
static bool nothing(const cell *c) {
  return c == NULL || c->length == 0 || is(c, "Unknown") || is(c, "None") || is(c, "None assigned") || is(c, "N/A");
}

static clx_status wrong(reader *r, const cell *c, field f, const char *expected) {
  return keep(r, clx_fail(r->error, CLX_INPUT, place_of(r, c->at), "%s is '%.*s', expected %s", field_name[f],
                          (int)(c->length < 60 ? c->length : 60), c->at, expected));
}

// The state, without what follows it ("CANCELLED by 1000", "CANCELLED+").
static clx_status read_state(reader *r, int32_t *state) {
  const cell *c = cell_of(r, FIELD_STATE);
  char word[32] = "";
  size_t length = 0;
  while (length < c->length && length + 1 < sizeof word && c->at[length] != ' ' && c->at[length] != '+') {
    word[length] = c->at[length];
    length++;
  }
  for (int32_t s = 0; s < CLX_JOB_STATES; s++) {
    *state = s;
    if (clx_text_equal(word, clx_job_state_name[s])) return CLX_OK;
  }
  const char *near = clx_nearest(word, clx_job_state_name, CLX_JOB_STATES);
  char expected[96] = "a state of Slurm such as COMPLETED or NODE_FAIL";
  if (near != NULL) snprintf(expected, sizeof expected, "a state of Slurm; did you mean '%s'?", near);
  return wrong(r, c, FIELD_STATE, expected);
}

static clx_status read_time(reader *r, field f, double *time) {
  const cell *c = cell_of(r, f);
  char text[40] = "";
  if (c->length < sizeof text) {
    memcpy(text, c->at, c->length);
    if (clx_time_read(text, time)) return CLX_OK;
  }
  return wrong(r, c, f, "a time such as 2024-03-01T12:30:05 or Unknown");
}

// [D-]HH:MM:SS, MM:SS, with a fraction; or plain seconds.
static bool duration_of(const cell *c, double *time) {
  double part[4] = {0};
  int32_t count = 0;
  bool days = false;
  const char *at = c->at, *end = c->at + c->length;
  while (at < end && count < 4) {
    double value = 0, unit = 1;
    const char *start = at;
    for (; at < end && *at >= '0' && *at <= '9' && value < 1e9; at++) value = 10 * value + (*at - '0');
    if (at == start) return false;
    if (at < end && *at == '.') {
      for (at++; at < end && *at >= '0' && *at <= '9'; at++) value += (unit /= 10) * (*at - '0');
      if (at < end) return false;
    }
    part[count++] = value;
    if (at >= end) break;
    if (*at == '-' && count == 1 && !days) {
      days = true;
    } else if (*at != ':') {
      return false;
    }
    if (++at == end) return false;
  }
  if (at < end || count == 0) return false;
  if (days && count != 4) return false;
  if (!days && count == 4) return false;
  *time = 0;
  for (int32_t i = days ? 1 : 0; i < count; i++) *time = 60 * *time + part[i];
  if (days) *time += 86400 * part[0];
  return true;
}

static clx_status read_elapsed(reader *r, double *time) {
  for (int32_t f = FIELD_RAW_ELAPSED; f >= FIELD_ELAPSED; f--) {
    const cell *c = cell_of(r, (field)f);
    if (nothing(c)) continue;
    return duration_of(c, time) ? CLX_OK : wrong(r, c, (field)f, "a duration such as 1-02:30:05 or 02:30:05");
  }
  return keep(r, clx_fail(r->error, CLX_INPUT, place_of(r, cell_of(r, FIELD_START)->at),
                          "End is unknown and Elapsed is not there: when did the job stop holding its nodes?"));
}

// "billing=512,gres/gpu=64,gres/gpu:h100=64,node=8": the plain count, else the sum of those by type.
static clx_status read_gpus(reader *r, double *gpus) {
  const cell *c = cell_of(r, FIELD_TRES);
  *gpus = -1;
  if (nothing(c)) return CLX_OK;
  double typed = 0, plain = -1;
  static const char key[] = "gres/gpu";
  const char *end = c->at + c->length;
  for (const char *at = c->at; at < end;) {
    const char *stop = memchr(at, ',', (size_t)(end - at));
    if (stop == NULL) stop = end;
    const char *equals = memchr(at, '=', (size_t)(stop - at));
    const size_t length = sizeof key - 1;
    if (equals != NULL && (size_t)(equals - at) >= length && memcmp(at, key, length) == 0 &&
        (at[length] == '=' || at[length] == ':')) {
      double value = 0;
      const char *digit = equals + 1;
      for (; digit < stop && *digit >= '0' && *digit <= '9' && value < 1e9; digit++)
        value = 10 * value + (*digit - '0');
      if (digit == equals + 1 || digit < stop)
        return wrong(r, &(cell){at, (size_t)(stop - at)}, FIELD_TRES, "a count such as gres/gpu=64");
      if (at[length] == '=') plain = value;
      typed += at[length] == ':' ? value : 0;
    }
    at = stop + 1;
  }
  *gpus = plain >= 0 ? plain : typed;
  return CLX_OK;
}

static clx_status no_memory(reader *r) { return clx_fail_plain(r->error, CLX_MEMORY, "out of memory"); }

static clx_status add_job(reader *r, const clx_sacct_job *job) {
  clx_sacct *out = r->out;
  if (out->job_count == r->capacity) {
    const int32_t capacity = r->capacity == 0 ? 256 : 2 * r->capacity;
    clx_sacct_job *jobs = CLX_NEW_ARRAY(r->arena, clx_sacct_job, capacity);
    if (jobs == NULL) return no_memory(r);
    if (out->job_count > 0) memcpy(jobs, out->job, (size_t)out->job_count * sizeof *jobs);
    out->job = jobs;
    r->capacity = capacity;
  }
  out->job[out->job_count++] = *job;
  return CLX_OK;
}

// Whether the same run stands in the file before; a job that comes back with another start was requeued.
static clx_status recognise(reader *r, const clx_sacct_job *job, bool *repeated) {
  const size_t length = strlen(job->id);
  const bool known = clx_names_find(&r->ids, job->id, length) >= 0;
  const char *run = clx_arena_format(r->arena, "%s|%.3f|%d", job->id, job->start, job->state);
  if (run == NULL) return no_memory(r);
  *repeated = clx_names_find(&r->runs, run, strlen(run)) >= 0;
  if (clx_names_add(r->arena, &r->ids, job->id, length) < 0) return no_memory(r);
  if (clx_names_add(r->arena, &r->runs, run, strlen(run)) < 0) return no_memory(r);
  r->out->restarts += known && !*repeated ? 1 : 0;
  return CLX_OK;
}

static clx_status read_end(reader *r, clx_sacct_job *job) {
  const cell *end = cell_of(r, FIELD_END);
  double elapsed = 0;
  if (nothing(end)) {
    if (read_elapsed(r, &elapsed) != CLX_OK) return CLX_INPUT;
    job->end = job->start + elapsed;
  } else if (read_time(r, FIELD_END, &job->end) != CLX_OK) {
    return CLX_INPUT;
  }
  if (job->end < job->start) return wrong(r, end, FIELD_END, "a time not before Start");
  return CLX_OK;
}

// A mistake of one line is kept in r->status and the next line read; only a lack of memory comes back.
static clx_status read_run(reader *r) {
  const cell *id = cell_of(r, r->column[FIELD_RAW_ID] >= 0 ? FIELD_RAW_ID : FIELD_ID);
  const cell *nodes = cell_of(r, FIELD_NODES);
  clx_sacct_job job = {.line = r->line};
  if (id->length == 0) {
    wrong(r, id, r->column[FIELD_RAW_ID] >= 0 ? FIELD_RAW_ID : FIELD_ID, "the number of a job");
    return CLX_OK;
  }
  if (memchr(id->at, '.', id->length) != NULL) {
    r->out->steps++;
    return CLX_OK;
  }
  if (read_state(r, &job.state) != CLX_OK) return CLX_OK;
  if (nothing(cell_of(r, FIELD_START)) || nothing(nodes)) {
    r->out->unstarted++;
    return CLX_OK;
  }
  if (read_time(r, FIELD_START, &job.start) != CLX_OK || read_end(r, &job) != CLX_OK ||
      read_gpus(r, &job.gpus) != CLX_OK)
    return CLX_OK;
  bool repeated = false;
  job.id = clx_arena_copy(r->arena, id->at, id->length);
  if (job.id == NULL) return no_memory(r);
  CLX_TRY(recognise(r, &job, &repeated));
  if (repeated) {
    r->out->repeated++;
    return CLX_OK;
  }
  job.first_node = r->nodes.count;
  const clx_status status = clx_node_list_read(r->arena, nodes->at, nodes->length, place_of(r, nodes->at),
                                               &r->out->names, &r->nodes, r->error);
  if (status == CLX_MEMORY) return status;
  if (keep(r, status) != CLX_OK) return CLX_OK;
  if (r->nodes.count > CLX_SACCT_NODES_MAX)
    return clx_fail(r->error, CLX_INPUT, place_of(r, nodes->at),
                    "all jobs together hold more than %d nodes: divide the log", CLX_SACCT_NODES_MAX);
  job.node_count = (int32_t)(r->nodes.count - job.first_node);
  return add_job(r, &job);
}

bool clx_sacct_is(const char *data, size_t size) {
  const char *end = memchr(data, '\n', size);
  const size_t length = end == NULL ? size : (size_t)(end - data);
  static const char word[] = "JobID";
  if (memchr(data, '|', length) == NULL) return false;
  for (size_t i = 0; i + sizeof word - 1 <= length; i++) {
    if (memcmp(data + i, word, sizeof word - 1) == 0) return true;
  }
  return false;
}

clx_status clx_sacct_read(clx_arena *arena, const char *file, const char *data, size_t size, clx_sacct *out,
                          clx_error *error) {
  *out = (clx_sacct){.file = file};
  reader *r = CLX_NEW(arena, reader);
  if (r == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  *r = (reader){.arena = arena, .out = out, .error = error};
  const int64_t bad = clx_utf8_check(data, size);
  if (bad >= 0)
    return clx_fail(error, CLX_INPUT, (clx_place){file, 1, 1}, "byte %lld is not UTF-8", (long long)bad + 1);
  const char *end = data + size;
  for (r->line_start = data; r->line_start < end;) {
    const char *stop = memchr(r->line_start, '\n', (size_t)(end - r->line_start));
    if (stop == NULL) stop = end;
    r->line++;
    if (r->line == 1) {
      CLX_TRY(read_header(r, stop));
    } else if (stop > r->line_start + (stop[-1] == '\r' ? 1 : 0)) {
      const int32_t count = divide(r, r->line_start, stop);
      if (count == r->columns) {
        CLX_TRY(read_run(r));
      } else {
        keep(r, clx_fail(error, CLX_INPUT, place_of(r, r->line_start),
                         "this line has %d fields, the header has %d; is there a '|' in a name?", count, r->columns));
      }
    }
    r->line_start = stop < end ? stop + 1 : end;
  }
  if (r->line == 0)
    return clx_fail(error, CLX_INPUT, (clx_place){file, 1, 1}, "the log is empty: expected a header line");
  out->node = r->nodes.node;
  return r->status;
}
