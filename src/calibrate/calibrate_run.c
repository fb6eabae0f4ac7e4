// Calibrating a device: all tables of a directory, every number format a parameter set, cross-validated by shape family.
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calibrate/calibrate_internal.h"

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
  int32_t task_count;
  clx_power_table power[CLX_POWER_TABLES_MAX];
  int32_t power_count;
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

static void work(void *context, int32_t index) {
  const run *r = context;
  task_run(r, &r->task[index]);
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

static int32_t parameter_count(const clx_schema *schema) {
  int32_t count = 0;
  for (int32_t i = 0; i < schema->count; i++) count += schema->rows[i].kind == CLX_ROW_REAL;
  return count;
}

static void note_small(run *r, clx_calibration *out, const clx_kernel_family *family, int32_t s, int32_t rows) {
  const char *old = out->note != NULL ? out->note : "";
  out->note = clx_arena_format(r->arena, "%snot fitted: %s %s, %d measurements are too few for %d parameters\n", old,
                               family->name, family->sets[s], rows, parameter_count(family->schema));
}

// Whether the last CLX_FOLDS tasks, which leave out a fold each, all have rows enough.
static bool every_fold_fits(const run *r, const clx_calibrated_set *set) {
  for (int32_t i = r->task_count - CLX_FOLDS; i < r->task_count; i++) {
    const int32_t least = r->task[i].count < r->options->rows_max ? r->task[i].count : r->options->rows_max;
    if (least <= parameter_count(set->schema)) return false;
  }
  return true;
}

static clx_status add_sets(run *r, const clx_kernel_rows *rows, const char *data, clx_calibration *out,
                           clx_error *error) {
  bool first = true;
  for (int32_t s = 0; rows->family->sets[s] != NULL; s++) {
    const int32_t usable = usable_rows(rows, s);
    if (usable == 0) continue;
    if (usable <= parameter_count(rows->family->schema)) {
      note_small(r, out, rows->family, s, usable);
      first = false;
      continue;
    }
    clx_calibrated_set *set = &out->set[out->count++];
    *set = (clx_calibrated_set){.name = rows->family->name,
                                .format = rows->family->sets[s],
                                .schema = rows->family->schema,
                                .family = rows->family,
                                .set = s,
                                .data = data};
    if (first) note_skipped(rows, set);
    first = false;
    double *ratio = CLX_NEW_ARRAY(r->arena, double, rows->count + 1);
    if (ratio == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
    CLX_TRY(add_task(r, rows, set, -1, ratio, error));
    for (int32_t fold = 0; fold < CLX_FOLDS; fold++) CLX_TRY(add_task(r, rows, set, fold, ratio, error));
    if (!every_fold_fits(r, set)) {  // too few shape families: no cross-validation, which the entry then does not claim
      r->task_count -= CLX_FOLDS;
      set->uncrossed = true;
    }
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
    fit->classes[c].cross_error = set->uncrossed ? 0 : cross[c].error;
    fit->classes[c].noise = clx_kernel_noise(r->arena, rows, all->chosen, all->count, all->ratio, c);
  }
  set->parameters = all->parameters;
  return fill_range(r->arena, all, fit, error);
}

// --- tables ------------------------------------------------------------------------------------------------------------------

static const char POWER[] = "power";  // as if it were a family

static bool named(const char *list, const char *name) {
  const size_t length = strlen(name);
  for (const char *at = list; *at != '\0';) {
    const size_t span = strcspn(at, ",");
    char word[64] = {0};
    if (span == length && span < sizeof word) {
      memcpy(word, at, span);
      if (clx_text_equal_loose(word, name)) return true;
    }
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
    if (strcmp(name, POWER) != 0) CLX_TRY(clx_kernel_family_of("", name, &family, error));
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

static clx_status load(run *r, const char *directory, const clx_kernel_family *family, const char *families,
                       clx_calibration *out, clx_error *error) {
  const bool fitted = families == NULL || named(families, family->name);
  const bool power = families == NULL || named(families, POWER);
  const char *data = clx_arena_format(r->arena, "%s.%s.csv", r->device->name, family->name);
  const char *path = clx_arena_format(r->arena, "%s/%s", directory, data == NULL ? "" : data);
  if (data == NULL || path == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  if (!(fitted || power) || !file_exists(path)) return CLX_OK;
  clx_table table = {0};
  clx_kernel_rows *rows = CLX_NEW(r->arena, clx_kernel_rows);
  if (rows == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  CLX_TRY(clx_table_load(r->arena, path, &table, error));
  CLX_TRY(clx_kernel_rows_read(r->arena, &table, family, r->device, true, rows, error));
  if (power && r->power_count < CLX_POWER_TABLES_MAX && clx_power_table_usable(rows))
    r->power[r->power_count++] = (clx_power_table){.rows = rows, .data = data};
  return fitted ? add_sets(r, rows, data, out, error) : CLX_OK;
}

static clx_status load_all(run *r, const char *directory, const char *families, clx_calibration *out,
                           clx_error *error) {
  DIR *opened = opendir(directory);
  if (opened == NULL) return clx_fail_plain(error, CLX_FILE, "'%s' is no directory that can be read", directory);
  closedir(opened);
  if (families != NULL) CLX_TRY(check_families(families, error));
  for (int32_t f = 0; clx_kernel_family_at(f) != NULL; f++) {
    CLX_TRY(load(r, directory, clx_kernel_family_at(f), families, out, error));
  }
  if (families != NULL && named(families, POWER) && r->power_count == 0)
    return clx_fail_plain(error, CLX_INPUT, "no table of '%s' has readings of power (column power_w)", directory);
  if (out->count > 0 || r->power_count > 0) return CLX_OK;
  if (out->note != NULL) return clx_fail_plain(error, CLX_INPUT, "%.*s", (int)strcspn(out->note, "\n"), out->note);
  return clx_fail_plain(error, CLX_INPUT, "'%s' holds no table %s.FAMILY.csv (such as %s.gemm.csv)%s%s", directory,
                        r->device->name, r->device->name, families != NULL ? " of the families " : "",
                        families != NULL ? families : "");
}

// --- power, after all times ------------------------------------------------------------------------------------------------

// The parameters of times that power is fitted with: of the same fold, or the catalogue's when the family was not fitted now.
static void choose_parameters(run *r) {
  for (int32_t p = 0; p < r->power_count; p++) {
    clx_power_table *table = &r->power[p];
    for (int32_t s = 0; table->rows->family->sets[s] != NULL; s++) {
      for (int32_t f = 0; f <= CLX_FOLDS; f++)
        table->parameters[s][f] = clx_kernels_set(r->start, table->rows->family, s);
    }
    for (int32_t i = 0; i < r->task_count; i++) {
      const task *t = &r->task[i];
      if (t->rows == table->rows) table->parameters[t->set->set][t->fold + 1] = t->parameters;
    }
  }
}

static clx_status calibrate_power(run *r, bool demanded, int32_t threads, clx_calibration *out, clx_error *error) {
  clx_error problem = {0};
  if (r->power_count == 0) return CLX_OK;
  choose_parameters(r);
  const clx_status status =
      clx_calibrate_power(r->arena, r->device, r->start, r->power, r->power_count, r->options, threads, out, &problem);
  if (status == CLX_OK || (status == CLX_INPUT && !demanded)) {
    // A few readings beside measured times are no reason to lose the times.
    if (status != CLX_OK)
      out->note =
          clx_arena_format(r->arena, "%snot fitted: %s\n", out->note != NULL ? out->note : "", problem.mistake[0].text);
    return CLX_OK;
  }
  *error = problem;
  return status;
}

clx_status clx_calibrate(clx_arena *arena, const clx_device *device, const clx_kernels *start, const char *directory,
                         const char *families, const clx_fit_options *options, int32_t threads, clx_calibration *out,
                         clx_error *error) {
  int32_t room = 2;  // power and its meter
  for (int32_t f = 0; clx_kernel_family_at(f) != NULL; f++) room += CLX_KERNEL_SETS_MAX;
  run r = {.arena = arena, .device = device, .start = start, .options = options};
  *out = (clx_calibration){.set = CLX_NEW_ARRAY(arena, clx_calibrated_set, room)};
  r.task = CLX_NEW_ARRAY(arena, task, (size_t)room * (CLX_FOLDS + 1));
  if (out->set == NULL || r.task == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  CLX_TRY(load_all(&r, directory, families, out, error));
  clx_parallel(r.task_count, threads, work, &r);
  for (int32_t i = 0; i < r.task_count; i++) {
    if (r.task[i].status != CLX_OK) {
      *error = r.task[i].error;
      return r.task[i].status;
    }
  }
  for (int32_t i = 0; i < r.task_count; i++) {
    if (r.task[i].fold < 0) CLX_TRY(finish_set(&r, &r.task[i], error));
  }
  return calibrate_power(&r, families != NULL && named(families, POWER), threads, out, error);
}
