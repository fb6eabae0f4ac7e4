// A CSV of failures and exposure. Columns are found by name, synonym or not at all; what stands in them is checked cell by cell.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "calibrate/calibrate_reliability.h"
#include "table/table.h"

typedef enum column {
  COLUMN_KIND,
  COLUMN_TIME,
  COLUMN_NODE,
  COLUMN_GPU,
  COLUMN_CLASS,
  COLUMN_CAUSE,
  COLUMN_COUNT,
  COLUMN_STOPPED,
  COLUMN_TRANSIENT,
  COLUMN_REPAIR,
  COLUMN_FROM,
  COLUMN_TO,
  COLUMN_GPUS,
  COLUMN_IN_SERVICE,
  COLUMN_POSITION,
  COLUMNS
} column;

enum { SYNONYMS_MAX = 8 };

// Names as docs/model/reliability/calibration.md lists them; case, '-', '_' and blanks do not matter.
static const char *const names[COLUMNS][SYNONYMS_MAX + 1] = {
    [COLUMN_KIND] = {"kind", "row", "record"},
    [COLUMN_TIME] = {"time", "timestamp", "date", "datetime", "when", "event_time"},
    [COLUMN_NODE] = {"node", "host", "hostname", "server", "machine", "nodename", "node_name", "serial"},
    [COLUMN_GPU] = {"gpu", "gpu_id", "gpu_index"},
    [COLUMN_CLASS] = {"class", "failure", "failure_class", "category", "type", "component", "event"},
    [COLUMN_CAUSE] = {"cause", "root_cause"},
    [COLUMN_COUNT] = {"count", "n", "number", "events"},
    [COLUMN_STOPPED] = {"stopped_job", "stopped", "job_stopped", "interrupted"},
    [COLUMN_TRANSIENT] = {"transient", "cured_by_restart"},
    [COLUMN_REPAIR] = {"repair_hours", "repair_h", "downtime_hours"},
    [COLUMN_FROM] = {"from", "start", "begin", "since"},
    [COLUMN_TO] = {"to", "end", "until"},
    [COLUMN_GPUS] = {"gpus", "gpu_count", "gpus_per_node", "ngpus"},
    [COLUMN_IN_SERVICE] = {"in_service", "installed", "insert", "commissioned"},
    [COLUMN_POSITION] = {"position", "cage", "rack_position"},
};

typedef struct reader {
  clx_arena *arena;
  const clx_table *table;
  const char *file;
  int32_t column[COLUMNS];
  bool exposure_only;
  clx_failure_log *log;
  clx_status status;  // of the first mistake
  clx_error *error;
} reader;

static clx_place place_of(const reader *r, int32_t row) { return (clx_place){r->file, r->table->line[row], 0}; }

static const char *cell_of(const reader *r, int32_t row, column c) {
  return clx_table_cell(r->table, row, r->column[c]);
}

static clx_status keep(reader *r, clx_status status) {
  if (r->status == CLX_OK) r->status = status;
  return status;
}

static clx_status wrong(reader *r, int32_t row, column c, const char *expected) {
  return keep(r,
              clx_fail(r->error, CLX_INPUT, place_of(r, row), "column '%s' is '%.60s', expected %s",
                       r->column[c] < 0 ? names[c][0] : r->table->column[r->column[c]], cell_of(r, row, c), expected));
}

static int32_t column_by_name(const char *name) {
  for (int32_t c = 0; c < COLUMNS; c++) {
    for (int32_t s = 0; names[c][s] != NULL; s++) {
      if (clx_text_equal_loose(name, names[c][s])) return c;
    }
  }
  return -1;
}

// A name that is nearly that of a column which the file lacks is a slip; any other is none of ours.
static clx_status doubt_column(reader *r, const char *name, clx_place place) {
  const char *known[COLUMNS];
  int32_t count = 0;
  for (int32_t c = 0; c < COLUMNS; c++) {
    if (r->column[c] < 0) known[count++] = names[c][0];
  }
  const char *near = clx_nearest(name, known, count);
  if (near != NULL) return clx_fail(r->error, CLX_INPUT, place, "unknown column '%s'; did you mean '%s'?", name, near);
  clx_buffer_format(&r->log->note, "Column '%s' of %s is not used\n", name, r->file);
  return CLX_OK;
}

static clx_status find_columns(reader *r) {
  const clx_place place = {r->file, 1, 0};
  clx_status status = CLX_OK;
  for (int32_t c = 0; c < COLUMNS; c++) r->column[c] = -1;
  for (int32_t i = 0; i < r->table->column_count; i++) {
    const int32_t c = column_by_name(r->table->column[i]);
    if (c >= 0 && r->column[c] >= 0)
      status = clx_fail(r->error, CLX_INPUT, place, "columns '%s' and '%s' both mean '%s'",
                        r->table->column[r->column[c]], r->table->column[i], names[c][0]);
    if (c >= 0) r->column[c] = i;
  }
  for (int32_t i = 0; i < r->table->column_count; i++) {
    if (column_by_name(r->table->column[i]) >= 0) continue;
    const clx_status one = doubt_column(r, r->table->column[i], place);
    if (status == CLX_OK) status = one;
  }
  if (status != CLX_OK) return status;
  if (r->exposure_only && (r->column[COLUMN_NODE] < 0 || r->column[COLUMN_FROM] < 0 || r->column[COLUMN_TO] < 0))
    return clx_fail(r->error, CLX_INPUT, place, "exposure needs the columns node, from and to");
  if (!r->exposure_only && r->column[COLUMN_CLASS] < 0 && r->column[COLUMN_CAUSE] < 0)
    return clx_fail(r->error, CLX_INPUT, place, "a log of failures needs a column 'class'");
  return CLX_OK;
}

// --- cells -----------------------------------------------------------------------------------------------------------------

// NAN when the file lacks the column.
static clx_status read_time(reader *r, int32_t row, column c, bool needed, double *time) {
  *time = (double)NAN;
  if (r->column[c] < 0) return CLX_OK;
  const char *text = cell_of(r, row, c);
  if (text[0] == '\0' && !needed) return CLX_OK;
  if (clx_time_read(text, time)) return CLX_OK;
  return wrong(r, row, c, "seconds or a time such as 2024-03-01T12:30:00");
}

// `otherwise` when there is nothing.
static clx_status read_number(reader *r, int32_t row, column c, double otherwise, double least, double most,
                              const char *expected, double *value) {
  *value = otherwise;
  if (cell_of(r, row, c)[0] == '\0') return CLX_OK;
  if (clx_table_number(r->table, row, r->column[c], value) && *value >= least && *value <= most) return CLX_OK;
  return wrong(r, row, c, expected);
}

static clx_status read_answer(reader *r, int32_t row, column c, int32_t *answer) {
  static const char *const words[] = {"no", "yes", "0", "1", "false", "true", "n", "y"};
  *answer = -1;
  const char *text = cell_of(r, row, c);
  for (int32_t i = 0; i < CLX_COUNT(words); i++) {
    if (clx_text_equal_loose(text, words[i])) *answer = i % 2;
  }
  return text[0] == '\0' || *answer >= 0 ? CLX_OK : wrong(r, row, c, "yes or no");
}

static clx_status read_position(reader *r, int32_t row, int32_t *position) {
  double value = 0;
  CLX_TRY(read_number(r, row, COLUMN_POSITION, -1, 0, CLX_POSITIONS_MAX - 1, "a whole number from 0 (bottom) to 7",
                      &value));
  *position = (int32_t)value;
  return value == floor(value) ? CLX_OK : wrong(r, row, COLUMN_POSITION, "a whole number from 0 (bottom) to 7");
}

// `tell`: a mistake is reported.
static clx_status is_exposure(reader *r, int32_t row, bool tell, bool *exposure) {
  const char *kind = cell_of(r, row, COLUMN_KIND);
  *exposure = r->exposure_only || clx_text_equal_loose(kind, "exposure") ||
              (kind[0] == '\0' && cell_of(r, row, COLUMN_FROM)[0] != '\0');
  const bool event = !r->exposure_only && (kind[0] == '\0' || clx_text_equal_loose(kind, "event"));
  if (*exposure || event) return CLX_OK;
  return tell ? wrong(r, row, COLUMN_KIND, "event or exposure") : CLX_INPUT;
}

// The unit of a row: the node, or one GPU of it where exposure is told by GPU. `add`: it need not be there yet.
static clx_status read_unit(reader *r, int32_t row, bool add, int32_t *unit) {
  *unit = -1;
  const char *node = cell_of(r, row, COLUMN_NODE), *gpu = cell_of(r, row, COLUMN_GPU);
  if (r->column[COLUMN_NODE] < 0) return CLX_OK;
  if (node[0] == '\0') return wrong(r, row, COLUMN_NODE, "the name of a node");
  const char *both = gpu[0] == '\0' ? node : clx_arena_format(r->arena, "%s/%s", node, gpu);
  if (both == NULL) return clx_fail_plain(r->error, CLX_MEMORY, "out of memory");
  clx_names *units = &r->log->units;
  if (!add) *unit = clx_names_find(units, both, strlen(both));
  if (!add && *unit < 0) *unit = clx_names_find(units, node, strlen(node));
  if (!add && *unit >= 0) return CLX_OK;
  if (!add && r->log->span_count > 0)
    return keep(r, clx_fail(r->error, CLX_INPUT, place_of(r, row), "node '%.60s' has no exposure", node));
  const char *name = add ? both : node;
  *unit = clx_names_add(r->arena, units, name, strlen(name));
  return *unit >= 0 ? CLX_OK : clx_fail_plain(r->error, CLX_MEMORY, "out of memory");
}

// --- rows ------------------------------------------------------------------------------------------------------------------

static clx_status read_span(reader *r, int32_t row) {
  clx_log_span s = {.alone = true, .line = r->table->line[row]};
  CLX_TRY(read_unit(r, row, true, &s.unit));
  if (s.unit < 0) return wrong(r, row, COLUMN_NODE, "the name of a node");
  CLX_TRY(read_time(r, row, COLUMN_FROM, true, &s.from));
  CLX_TRY(read_time(r, row, COLUMN_TO, true, &s.to));
  if (isnan(s.from)) return wrong(r, row, COLUMN_FROM, "a time: from when on the node was watched");
  if (isnan(s.to)) return wrong(r, row, COLUMN_TO, "a time: until when the node was watched");
  if (s.to < s.from) return wrong(r, row, COLUMN_TO, "a time not before 'from'");
  CLX_TRY(read_time(r, row, COLUMN_IN_SERVICE, false, &s.in_service));
  if (s.in_service > s.from) return wrong(r, row, COLUMN_IN_SERVICE, "a time not after 'from'");
  CLX_TRY(read_number(r, row, COLUMN_GPUS, -1, 0, 1e6, "a number of GPUs of one node", &s.gpus));
  CLX_TRY(read_number(r, row, COLUMN_COUNT, 1, 0, 1e9, "how many equal nodes the row stands for", &s.count));
  CLX_TRY(read_position(r, row, &s.position));
  return clx_failure_log_span(r->arena, r->log, &s, r->error);
}

static clx_status read_class(reader *r, int32_t row, int32_t *kind) {
  const column named = r->column[COLUMN_CLASS] >= 0 ? COLUMN_CLASS : COLUMN_CAUSE;
  const char *word = cell_of(r, row, named), *group = named == COLUMN_CLASS ? cell_of(r, row, COLUMN_CAUSE) : "";
  int32_t cause = -1;
  if (word[0] == '\0') return wrong(r, row, named, "what failed");
  for (int32_t c = 0; c < CLX_CAUSES; c++) {
    if (clx_text_equal_loose(group, clx_failure_cause_name[c])) cause = c;
  }
  if (group[0] != '\0' && cause < 0) {
    char expected[160] = "a group of causes such as gpu, memory, host, network or software";
    const char *near = clx_nearest(group, clx_failure_cause_name, CLX_CAUSES);
    if (near != NULL) snprintf(expected, sizeof expected, "a group of causes; did you mean '%s'?", near);
    return wrong(r, row, COLUMN_CAUSE, expected);
  }
  *kind = clx_failure_log_kind(r->arena, r->log, word, cause, place_of(r, row), r->error);
  return *kind >= 0 ? CLX_OK : keep(r, CLX_INPUT);
}

static clx_status read_event(reader *r, int32_t row) {
  clx_log_event e = {.age = (double)NAN, .line = r->table->line[row]};
  double in_service = 0;
  CLX_TRY(read_class(r, row, &e.kind));
  CLX_TRY(read_unit(r, row, false, &e.unit));
  CLX_TRY(read_time(r, row, COLUMN_TIME, true, &e.time));
  CLX_TRY(read_time(r, row, COLUMN_IN_SERVICE, false, &in_service));
  e.age = e.time - in_service;
  CLX_TRY(read_number(r, row, COLUMN_COUNT, 1, 0, 1e12, "a number of events, at least 0", &e.count));
  CLX_TRY(read_number(r, row, COLUMN_REPAIR, -1, 0, 1e6, "hours, at least 0", &e.repair));
  e.repair = e.repair < 0 ? (double)NAN : 3600 * e.repair;
  CLX_TRY(read_answer(r, row, COLUMN_STOPPED, &e.stopped));
  CLX_TRY(read_answer(r, row, COLUMN_TRANSIENT, &e.transient));
  CLX_TRY(read_position(r, row, &e.position));
  return clx_failure_log_event(r->arena, r->log, &e, r->error);
}

// Exposure rows, or the others. Goes on after mistakes; only a lack of memory ends it.
static clx_status read_rows(reader *r, bool exposure) {
  for (int32_t row = 0; row < r->table->row_count; row++) {
    bool is = false;
    clx_status status = is_exposure(r, row, exposure, &is);
    if (status == CLX_OK && is == exposure) status = is ? read_span(r, row) : read_event(r, row);
    if (status == CLX_MEMORY) return status;
  }
  return CLX_OK;
}

static clx_status read_exposure_file(clx_arena *arena, const char *path, clx_failure_log *log, clx_error *error) {
  clx_table table;
  reader r = {.arena = arena, .table = &table, .file = path, .exposure_only = true, .log = log, .error = error};
  CLX_TRY(clx_table_load(arena, path, &table, error));
  CLX_TRY(find_columns(&r));
  CLX_TRY(read_rows(&r, true));
  return r.status;
}

clx_status clx_failure_log_read(clx_arena *arena, const char *file, const char *data, size_t size,
                                const clx_log_exposure *exposure, clx_failure_log *log, clx_error *error) {
  clx_table table;
  reader r = {.arena = arena, .table = &table, .file = file, .log = log, .error = error};
  log->file = file;
  if (exposure->path != NULL) CLX_TRY(read_exposure_file(arena, exposure->path, log, error));
  CLX_TRY(clx_table_read(arena, file, data, size, &table, error));
  CLX_TRY(find_columns(&r));
  const int32_t elsewhere = log->span_count;
  CLX_TRY(read_rows(&r, true));
  if (log->span_count > elsewhere && (exposure->node_time > 0 || elsewhere > 0))
    return clx_fail(error, CLX_INPUT, (clx_place){file, log->span[elsewhere].line, 0},
                    "exposure stands here and is given as %s, too: give one of them",
                    elsewhere > 0 ? "a file" : "node-hours");
  if (elsewhere > 0 && exposure->node_time > 0)
    return clx_fail_plain(error, CLX_INPUT, "exposure is given as a file and as node-hours: give one of them");
  log->span_file = elsewhere > 0 ? exposure->path : file;
  log->node_time = exposure->node_time;
  log->gpu_time = exposure->node_time * exposure->gpus_per_node;
  for (int32_t i = 0; i < log->span_count && exposure->gpus_per_node > 0; i++) {
    if (log->span[i].gpus < 0) log->span[i].gpus = exposure->gpus_per_node;
  }
  CLX_TRY(read_rows(&r, false));
  CLX_TRY(r.status);
  return clx_failure_log_finish(arena, log, error);
}
