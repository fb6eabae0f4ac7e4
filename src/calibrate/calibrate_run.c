// Calibrating a device: all tables of a directory, every number format a parameter set, cross-validated by shape family.
#include <dirent.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calibrate/calibrate.h"

// One fit: of a set, with one fold left out (fold < 0: none).
typedef struct task {
  const clx_kernel_rows *rows;
  clx_calibrated_set *set;
  int32_t fold;
  int32_t *chosen;
  int32_t count;
  void *parameters;
  double *ratio;  // predicted / measured of every row, shared by the tasks of a set; each fold writes its own rows
  clx_error error;
  clx_status status;
} task;

typedef struct run {
  clx_arena *arena;
  const clx_device *device;
  const clx_kernels *start;
  const clx_fit_options *options;
  task *task;
  int32_t task_count, task_room;
  int32_t next;
  pthread_mutex_t lock;
} run;

// --- errors ----------------------------------------------------------------------------------------------------------------

static double predicted_ratio(const clx_device *device, const clx_kernel_rows *rows, const void *parameters,
                              int32_t row) {
  const clx_kernel_cost cost =
      rows->family->cost(device, rows->format[row], parameters, clx_kernel_rows_shape(rows, row));
  return cost.time / rows->time[row];
}

// Rows, mean error and bias of each class.
static void class_errors(const clx_kernel_rows *rows, const int32_t *chosen, int32_t count, const double *ratio,
                         clx_kernel_class *classes) {
  for (int32_t c = 0; rows->family->classes[c] != NULL; c++) {
    clx_kernel_class *k = &classes[c];
    *k = (clx_kernel_class){.name = rows->family->classes[c]};
    for (int32_t i = 0; i < count; i++) {
      if (rows->class_index[chosen[i]] != c) continue;
      k->rows++;
      k->error += fabs(ratio[chosen[i]] - 1);
      k->bias += ratio[chosen[i]] - 1;
    }
    if (k->rows == 0) continue;
    k->error /= k->rows;
    k->bias /= k->rows;
  }
}

// --- tasks -----------------------------------------------------------------------------------------------------------------

static void task_run(const run *r, task *t) {
  t->status = clx_fit_set(r->device, t->rows, t->chosen, t->count, r->options, t->parameters, &t->error);
  if (t->status != CLX_OK || t->fold < 0) return;
  for (int32_t i = 0; i < t->rows->count; i++) {
    if (t->rows->reason[i] != NULL || t->rows->family->set_of[t->rows->format[i]] != t->set->set) continue;
    if (t->rows->fold[i] == t->fold) t->ratio[i] = predicted_ratio(r->device, t->rows, t->parameters, i);
  }
}

static void *worker(void *argument) {
  run *r = argument;
  for (;;) {
    pthread_mutex_lock(&r->lock);
    const int32_t mine = r->next++;
    pthread_mutex_unlock(&r->lock);
    if (mine >= r->task_count) return NULL;
    task_run(r, &r->task[mine]);
  }
}

static void run_tasks(run *r, int32_t threads) {
  enum { THREADS_MAX = 64 };
  pthread_t thread[THREADS_MAX];
  int32_t started = 0;
  for (int32_t i = 1; i < threads && i < THREADS_MAX; i++) {
    if (pthread_create(&thread[started], NULL, worker, r) == 0) started++;
  }
  worker(r);
  for (int32_t i = 0; i < started; i++) pthread_join(thread[i], NULL);
}

// Where a fit starts: the values of the schema, so that the result depends on the data only.
static void *initial_parameters(clx_arena *arena, const clx_kernel_family *family) {
  void *parameters = clx_arena_alloc(arena, family->schema->size);
  if (parameters != NULL) clx_schema_default(family->schema, parameters);
  return parameters;
}

static clx_status add_task(run *r, const clx_kernel_rows *rows, clx_calibrated_set *set, int32_t fold, double *ratio,
                           clx_error *error) {
  task *t = &r->task[r->task_count++];
  *t = (task){.rows = rows, .set = set, .fold = fold, .ratio = ratio};
  t->chosen = CLX_NEW_ARRAY(r->arena, int32_t, rows->count + 1);
  t->parameters = initial_parameters(r->arena, rows->family);
  if (t->chosen == NULL || t->parameters == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < rows->count; i++) {
    if (rows->reason[i] != NULL || rows->family->set_of[rows->format[i]] != set->set) continue;
    if (fold < 0 || rows->fold[i] != fold) t->chosen[t->count++] = i;
  }
  return CLX_OK;
}

// --- sets ------------------------------------------------------------------------------------------------------------------

static int32_t usable_rows(const clx_kernel_rows *rows, int32_t set) {
  int32_t count = 0;
  for (int32_t i = 0; i < rows->count; i++)
    count += rows->reason[i] == NULL && rows->family->set_of[rows->format[i]] == set;
  return count;
}

static void note_skipped(const clx_kernel_rows *rows, clx_calibrated_set *set) {
  for (int32_t i = 0; i < rows->count; i++) {
    if (rows->reason[i] == NULL) continue;
    if (set->skipped++ == 0) set->skip_reason = rows->reason[i];
  }
}

static clx_status add_sets(run *r, const clx_kernel_rows *rows, const char *data, clx_calibration *out,
                           clx_error *error) {
  bool first = true;
  for (int32_t s = 0; rows->family->sets[s] != NULL; s++) {
    if (usable_rows(rows, s) == 0) continue;
    clx_calibrated_set *set = &out->set[out->count++];
    *set = (clx_calibrated_set){.family = rows->family, .set = s, .data = data};
    if (first) note_skipped(rows, set);
    first = false;
    double *ratio = CLX_NEW_ARRAY(r->arena, double, rows->count + 1);
    if (ratio == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
    CLX_TRY(add_task(r, rows, set, -1, ratio, error));
    for (int32_t fold = 0; fold < CLX_FOLDS; fold++) CLX_TRY(add_task(r, rows, set, fold, ratio, error));
  }
  return first ? clx_fail_plain(error, CLX_INPUT, "%s: no usable row; the first says: %s", rows->file,
                                rows->count > 0 ? rows->reason[0] : "the table is empty")
               : CLX_OK;
}

static clx_status fill_range(clx_arena *arena, const task *t, clx_kernel_fit *fit, clx_error *error) {
  const int32_t columns = t->rows->family->column_count;
  fit->low = CLX_NEW_ARRAY(arena, double, columns);
  fit->high = CLX_NEW_ARRAY(arena, double, columns);
  if (fit->low == NULL || fit->high == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  fit->low_count = fit->high_count = columns;
  for (int32_t c = 0; c < columns; c++) {
    fit->low[c] = INFINITY;
    fit->high[c] = -INFINITY;
    for (int32_t i = 0; i < t->count; i++) {
      const double value = clx_kernel_rows_shape(t->rows, t->chosen[i])[c];
      fit->low[c] = fmin(fit->low[c], value);
      fit->high[c] = fmax(fit->high[c], value);
    }
  }
  return CLX_OK;
}

// After all tasks of a set: its fit record. `all` is the task with no fold left out, whose ratio still holds the errors on
// folds left out.
static clx_status finish_set(const run *r, task *all, clx_error *error) {
  const clx_kernel_rows *rows = all->rows;
  clx_calibrated_set *set = all->set;
  clx_kernel_fit *fit = all->parameters;
  clx_kernel_class cross[CLX_KERNEL_CLASSES_MAX] = {0};
  fit->data = set->data;
  fit->origin = r->options->source;
  fit->rows = all->count;
  fit->used = all->count < r->options->rows_max ? all->count : r->options->rows_max;
  while (rows->family->classes[fit->class_count] != NULL) fit->class_count++;
  fit->classes = CLX_NEW_ARRAY(r->arena, clx_kernel_class, fit->class_count);
  if (fit->classes == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  class_errors(rows, all->chosen, all->count, all->ratio, cross);
  const void *old = clx_kernels_set(r->start, rows->family, set->set);
  for (int32_t i = 0; i < all->count; i++)
    all->ratio[all->chosen[i]] = predicted_ratio(r->device, rows, old, all->chosen[i]);
  class_errors(rows, all->chosen, all->count, all->ratio, set->before);
  for (int32_t i = 0; i < all->count; i++)
    all->ratio[all->chosen[i]] = predicted_ratio(r->device, rows, all->parameters, all->chosen[i]);
  class_errors(rows, all->chosen, all->count, all->ratio, fit->classes);
  for (int32_t c = 0; c < fit->class_count; c++) {
    fit->classes[c].cross_error = cross[c].error;
    fit->classes[c].noise = clx_kernel_noise(r->arena, rows, all->chosen, all->count, all->ratio, c);
  }
  set->parameters = all->parameters;
  return fill_range(r->arena, all, fit, error);
}

// --- tables ------------------------------------------------------------------------------------------------------------------

static bool named(const char *list, const char *name) {
  const size_t length = strlen(name);
  for (const char *at = list; *at != '\0';) {
    const size_t span = strcspn(at, ",");
    if (span == length && strncmp(at, name, span) == 0) return true;
    at += span + (at[span] == ',' ? 1 : 0);
  }
  return false;
}

static clx_status check_families(const char *families, clx_error *error) {
  const char *at = families;
  while (*at != '\0') {
    const size_t span = strcspn(at, ",");
    char name[64] = {0};
    if (span >= sizeof name) return clx_fail_plain(error, CLX_INPUT, "no kernel family '%.80s'", at);
    memcpy(name, at, span);
    const clx_kernel_family *family = NULL;
    CLX_TRY(clx_kernel_family_of("", name, &family, error));
    at += span + (at[span] == ',' ? 1 : 0);
  }
  return CLX_OK;
}

static bool file_exists(const char *path) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) return false;
  fclose(file);
  return true;
}

static clx_status load(run *r, const char *directory, const clx_kernel_family *family, clx_calibration *out,
                       clx_error *error) {
  const char *data = clx_arena_format(r->arena, "%s.%s.csv", r->device->name, family->name);
  const char *path = clx_arena_format(r->arena, "%s/%s", directory, data == NULL ? "" : data);
  if (data == NULL || path == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  if (!file_exists(path)) return CLX_OK;
  clx_table table = {0};
  clx_kernel_rows *rows = CLX_NEW(r->arena, clx_kernel_rows);
  if (rows == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  CLX_TRY(clx_table_load(r->arena, path, &table, error));
  CLX_TRY(clx_kernel_rows_read(r->arena, &table, family, r->device, true, rows, error));
  return add_sets(r, rows, data, out, error);
}

static clx_status load_all(run *r, const char *directory, const char *families, clx_calibration *out,
                           clx_error *error) {
  DIR *opened = opendir(directory);
  if (opened == NULL) return clx_fail_plain(error, CLX_FILE, "'%s' is no directory that can be read", directory);
  closedir(opened);
  if (families != NULL) CLX_TRY(check_families(families, error));
  for (int32_t f = 0; clx_kernel_family_at(f) != NULL; f++) {
    const clx_kernel_family *family = clx_kernel_family_at(f);
    if (families == NULL || named(families, family->name)) CLX_TRY(load(r, directory, family, out, error));
  }
  if (out->count > 0) return CLX_OK;
  return clx_fail_plain(error, CLX_INPUT, "'%s' holds no table %s.FAMILY.csv (such as %s.gemm.csv)%s%s", directory,
                        r->device->name, r->device->name, families != NULL ? " of the families " : "",
                        families != NULL ? families : "");
}

clx_status clx_calibrate(clx_arena *arena, const clx_device *device, const clx_kernels *start, const char *directory,
                         const char *families, const clx_fit_options *options, int32_t threads, clx_calibration *out,
                         clx_error *error) {
  int32_t room = 0;
  for (int32_t f = 0; clx_kernel_family_at(f) != NULL; f++) room += CLX_KERNEL_SETS_MAX;
  run r = {.arena = arena, .device = device, .start = start, .options = options};
  *out = (clx_calibration){.set = CLX_NEW_ARRAY(arena, clx_calibrated_set, room)};
  r.task = CLX_NEW_ARRAY(arena, task, (size_t)room * (CLX_FOLDS + 1));
  if (out->set == NULL || r.task == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  CLX_TRY(load_all(&r, directory, families, out, error));
  pthread_mutex_init(&r.lock, NULL);
  run_tasks(&r, threads);
  pthread_mutex_destroy(&r.lock);
  for (int32_t i = 0; i < r.task_count; i++) {
    if (r.task[i].status != CLX_OK) {
      *error = r.task[i].error;
      return r.task[i].status;
    }
  }
  for (int32_t i = 0; i < r.task_count; i++) {
    if (r.task[i].fold < 0) CLX_TRY(finish_set(&r, &r.task[i], error));
  }
  return CLX_OK;
}
