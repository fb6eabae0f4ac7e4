// Instances of resource-constrained scheduling against their best known makespans: a directory with best_known.csv (problem, category, instance,
// bks) and instances in Patterson's or PSPLIB's format beside it.
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "chance/chance.h"
#include "schedule/schedule_file.h"
#include "schedule/schedule_solve.h"
#include "table/table.h"
#include "validate/validate.h"

enum { SETS_MAX = 32 };

// Figures of one set of instances.
typedef struct tally {
  const char *name;
  int32_t rows, absent;
  int32_t equal, better, proved;
  double gap, gap_most, path, path_known, seconds, bound_gap;
  double *gaps;  // [rows]
  int64_t schedules, conflicts;
  struct tally *searched;  // of a set: those of its instances that list scheduling did not settle at once
} tally;

typedef struct study {
  clx_arena *arena;
  const clx_schedule_validation *options;
  const char *directory;
  clx_table table;
  int32_t set_column, instance_column, known_column;
  tally set[SETS_MAX], all;
  int32_t set_count;
  int32_t *seen;  // [SETS_MAX] instances found of each set, for options->every
  json_t *instances;
} study;

void clx_schedule_validation_default(clx_schedule_validation *options) {
  *options = (clx_schedule_validation){.seed = 1, .seconds = 10, .every = 1};
}

static bool is_wanted(const study *s, const char *set) {
  const char *only = s->options->only;
  if (only == NULL) return true;
  const size_t length = strlen(set);
  for (const char *t = only;;) {
    const char *end = strchr(t, ',');
    const size_t word = end != NULL ? (size_t)(end - t) : strlen(t);
    if (word == length && strncmp(t, set, length) == 0) return true;
    if (end == NULL) return false;
    t = end + 1;
  }
}

static bool open_tally(study *s, tally *t, const char *name) {
  t->name = name;
  t->gaps = CLX_NEW_ARRAY(s->arena, double, s->table.row_count + 1);
  return name != NULL && t->gaps != NULL;
}

static tally *set_of(study *s, const char *name) {
  for (int32_t k = 0; k < s->set_count; k++)
    if (strcmp(s->set[k].name, name) == 0) return &s->set[k];
  if (s->set_count == SETS_MAX) return NULL;
  tally *t = &s->set[s->set_count++];
  t->searched = CLX_NEW(s->arena, tally);
  const bool made = t->searched != NULL && open_tally(s, t, name) &&
                    open_tally(s, t->searched, clx_arena_format(s->arena, "%s searched", name));
  return made ? t : NULL;
}

static void count(tally *t, const clx_project_outcome *o, double known) {
  const double gap = (o->plan.makespan - known) / known, path = o->path > 0 ? o->path : 1;
  t->gaps[t->rows++] = gap;
  t->gap += gap;
  t->gap_most = t->rows == 1 || gap > t->gap_most ? gap : t->gap_most;
  t->equal += o->plan.makespan == (int32_t)known;
  t->better += o->plan.makespan < (int32_t)known;
  t->proved += o->proved;
  t->path += (o->plan.makespan - path) / path;
  t->path_known += (known - path) / path;
  t->bound_gap += (double)(o->plan.makespan - o->bound) / (o->bound > 0 ? o->bound : 1);
  t->seconds += o->seconds;
  t->schedules += o->schedules;
  t->conflicts += o->conflicts;
}

static void note(study *s, tally *t, const char *instance, const clx_project_outcome *o, double known) {
  json_t *row = json_object();
  count(t, o, known);
  count(&s->all, o, known);
  if (o->conflicts > 0) count(t->searched, o, known);
  json_object_set_new(row, "instance", json_string(instance));
  json_object_set_new(row, "makespan", json_integer(o->plan.makespan));
  json_object_set_new(row, "best_known", json_integer((json_int_t)known));
  json_object_set_new(row, "bound", json_integer(o->bound));
  json_object_set_new(row, "critical_path", json_integer(o->path));
  json_object_set_new(row, "searched", json_boolean(o->conflicts > 0));
  json_object_set_new(row, "cpu_seconds", json_real(o->seconds));
  json_array_append_new(s->instances, row);
}

static clx_status run_row(study *s, int32_t row, clx_error *error) {
  const char *category = clx_table_cell(&s->table, row, s->set_column), *dash = strrchr(category, '-');
  const char *set = dash != NULL ? dash + 1 : category;  // "PSPLIB-J30": J30
  const char *instance = clx_table_cell(&s->table, row, s->instance_column);
  double known;
  if (!is_wanted(s, set)) return CLX_OK;
  if (!clx_table_number(&s->table, row, s->known_column, &known) || !(known >= 1 && known <= CLX_PROJECT_TIME_MAX))
    return clx_fail(error, CLX_INPUT, (clx_place){s->table.file, s->table.line[row], 0},
                    "bks: read '%s', expected the best known makespan",
                    clx_table_cell(&s->table, row, s->known_column));
  tally *t = set_of(s, set);
  clx_arena *arena = clx_arena_new();
  const char *path = t != NULL && arena != NULL ? clx_arena_format(arena, "%s/%s", s->directory, instance) : NULL;
  if (path == NULL) {
    clx_arena_free(arena);
    return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  }
  FILE *there = fopen(path, "rb");
  clx_status status = CLX_OK;
  if (there == NULL) {
    t->absent++;
    s->all.absent++;
  } else {
    fclose(there);
    clx_project project;
    clx_project_outcome out;
    clx_project_options options;
    clx_project_options_default(&options);
    options.seed = s->options->seed;
    options.seconds = s->options->schedules > 0 ? 0 : s->options->seconds;
    options.schedules = s->options->schedules > 0 ? s->options->schedules : INT64_MAX / 4;
    options.conflicts = INT64_MAX / 4;
    options.method = s->options->schedules > 0 ? CLX_PROJECT_GENETIC : CLX_PROJECT_BEST;
    if (s->seen[t - s->set]++ % s->options->every == 0) {
      status = clx_project_load(path, arena, &project, error);
      if (status == CLX_OK) status = clx_project_solve(&project, &options, arena, &out, error);
      if (status == CLX_OK) note(s, t, instance, &out, known);
    }
  }
  clx_arena_free(arena);
  return status;
}

static clx_status run_all(study *s, clx_error *error) {
  const char *path = clx_arena_format(s->arena, "%s/best_known.csv", s->directory);
  s->seen = CLX_NEW_ARRAY(s->arena, int32_t, SETS_MAX);
  if (path == NULL || s->seen == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  CLX_TRY(clx_table_load(s->arena, path, &s->table, error));
  s->set_column = clx_table_column(&s->table, "category");
  s->instance_column = clx_table_column(&s->table, "instance");
  s->known_column = clx_table_column(&s->table, "bks");
  s->all.name = "all";
  s->all.gaps = CLX_NEW_ARRAY(s->arena, double, s->table.row_count + 1);
  if (s->all.gaps == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  if (s->set_column < 0 || s->instance_column < 0 || s->known_column < 0)
    return clx_fail_plain(error, CLX_INPUT, "%s: columns category, instance and bks are expected", path);
  for (int32_t row = 0; row < s->table.row_count; row++) {
    const clx_schedule_validation *o = s->options;
    if (o->progress != NULL && !o->progress(o->context, "instances", (double)row / s->table.row_count))
      return clx_fail_plain(error, CLX_EXPECTATION, "stopped");
    CLX_TRY(run_row(s, row, error));
  }
  if (s->all.rows == 0)
    return clx_fail_plain(error, CLX_INPUT, "%s: none of the instances it names is there%s%s", s->directory,
                          s->options->only != NULL ? " in the sets " : "",
                          s->options->only != NULL ? s->options->only : "");
  return CLX_OK;
}

// --- output ----------------------------------------------------------------------------------------------------------------------------------

static json_t *tally_json(const tally *t) {
  json_t *o = json_object();
  const double n = t->rows;
  json_object_set_new(o, "name", json_string(t->name));
  json_object_set_new(o, "rows", json_integer(t->rows));
  json_object_set_new(o, "predicted", json_integer(t->rows));
  json_object_set_new(o, "extrapolated", json_integer(0));
  json_object_set_new(o, "refused", json_integer(0));
  json_object_set_new(o, "absent", json_integer(t->absent));
  if (t->rows == 0) return o;
  clx_sort(t->gaps, t->rows);
  json_object_set_new(o, "bias", json_real(t->gap / n));
  json_object_set_new(o, "mean_abs_rel_error", json_real(t->gap / n));
  json_object_set_new(o, "median_abs_rel_error", json_real(clx_percentile(t->gaps, t->rows, 0.5)));
  json_object_set_new(o, "p90_abs_rel_error", json_real(clx_percentile(t->gaps, t->rows, 0.9)));
  json_object_set_new(o, "max_abs_rel_error", json_real(t->gap_most));
  json_object_set_new(o, "equal_to_best_known", json_integer(t->equal));
  json_object_set_new(o, "better_than_best_known", json_integer(t->better));
  json_object_set_new(o, "proved", json_integer(t->proved));
  json_object_set_new(o, "deviation_from_critical_path", json_real(t->path / n));
  json_object_set_new(o, "deviation_of_best_known", json_real(t->path_known / n));
  json_object_set_new(o, "gap_to_bound", json_real(t->bound_gap / n));
  json_object_set_new(o, "cpu_seconds", json_real(t->seconds));
  json_object_set_new(o, "schedules", json_integer((json_int_t)t->schedules));
  json_object_set_new(o, "conflicts", json_integer((json_int_t)t->conflicts));
  return o;
}

static void write_json(study *s, clx_buffer *out) {
  json_t *root = json_object(), *metrics = json_object(), *all = tally_json(&s->all), *groups = json_array();
  for (int32_t k = 0; k < s->set_count; k++) {
    json_array_append_new(groups, tally_json(&s->set[k]));
    if (s->set[k].searched->rows > 0) json_array_append_new(groups, tally_json(s->set[k].searched));
  }
  json_object_update(root, all);
  json_object_del(root, "name");
  json_object_set_new(root, "kind", json_string("schedule"));
  json_object_set_new(root, "file", json_string(s->directory));
  json_object_set_new(all, "groups", groups);
  json_object_set_new(metrics, "makespan", all);
  json_object_set_new(root, "metrics", metrics);
  json_object_set(root, "instances", s->instances);
  char *text = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
  json_decref(root);
  if (text == NULL) {
    out->failed = true;
    return;
  }
  clx_buffer_format(out, "%s\n", text);
  free(text);
}

static void write_line(const tally *t, clx_buffer *out) {
  const double n = t->rows > 0 ? t->rows : 1;
  clx_buffer_format(out, "%-12s %6d %6d %6d %6d %8.3f %8.3f %8.3f %8.3f %8.2f %9.2f %11.0f\n", t->name, t->rows,
                    t->equal, t->better, t->proved, 100 * t->gap / n, 100 * t->gap_most, 100 * t->path / n,
                    100 * t->path_known / n, 100 * t->bound_gap / n, t->seconds / n, (double)t->schedules / n);
}

static void write_text(study *s, clx_buffer *out) {
  const clx_schedule_validation *o = s->options;
  clx_buffer_format(out, "%s: makespans against the best known", s->directory);
  if (o->schedules > 0)
    clx_buffer_format(out, ", %lld schedules each", (long long)o->schedules);
  else
    clx_buffer_format(out, ", %g s of CPU time each", o->seconds);
  if (o->every > 1) clx_buffer_format(out, ", every %d. instance", o->every);
  clx_buffer_format(out, "\n%-12s %6s %6s %6s %6s %8s %8s %8s %8s %8s %9s %11s\n", "set", "rows", "equal", "better",
                    "proved", "gap %", "most %", "path %", "known %", "bound %", "CPU s", "schedules");
  for (int32_t k = 0; k < s->set_count; k++) {
    if (s->set[k].rows > 0) write_line(&s->set[k], out);
    if (s->set[k].searched->rows > 0) write_line(s->set[k].searched, out);
  }
  if (s->set_count > 1) write_line(&s->all, out);
  clx_buffer_format(
      out,
      "gap: mean over best known - 1; path, known: mean over the critical path - 1, of ours and of the best "
      "known;\nbound: mean over our lower bound - 1; CPU s and schedules: means. Every plan was checked.\nsearched: "
      "those that list scheduling did not settle at once.\n");
  if (s->all.absent > 0)
    clx_buffer_format(out, "%d instances that best_known.csv names are not there.\n", s->all.absent);
}

clx_status clx_schedule_validate(const char *directory, const clx_schedule_validation *options, bool json, char **text,
                                 clx_error *error) {
  clx_schedule_validation plain;
  clx_buffer out = {0};
  *text = NULL;
  clx_schedule_validation_default(&plain);
  study s = {.arena = clx_arena_new(),
             .options = options != NULL ? options : &plain,
             .directory = directory,
             .instances = json_array()};
  if (s.arena == NULL || s.instances == NULL) {
    clx_arena_free(s.arena);
    json_decref(s.instances);
    return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  }
  clx_status status = CLX_OK;
  if (s.options->every < 1 || !(s.options->seconds > 0 || s.options->schedules > 0))
    status = clx_fail_plain(error, CLX_INPUT,
                            "validate schedule: a limit of %g s and every %d. instance, expected more than 0",
                            s.options->seconds, s.options->every);
  if (status == CLX_OK) status = run_all(&s, error);
  if (status == CLX_OK) (json ? write_json : write_text)(&s, &out);
  clx_arena_free(s.arena);
  json_decref(s.instances);
  if (status == CLX_OK && (out.failed || out.data == NULL)) status = clx_fail_plain(error, CLX_MEMORY, "out of memory");
  if (status == CLX_OK)
    *text = out.data;
  else
    clx_buffer_free(&out);
  return status;
}
