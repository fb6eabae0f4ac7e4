// Power and its meter: one fit of all tables of a device together, on the column power_w.
#include <math.h>
#include <string.h>

#include "calibrate/calibrate_internal.h"

// Measurements that a fit sees of one family and number format.
enum { ROWS_OF_FORMAT = 800 };

// What the tables do not tell (docs/model/device/power.md): no reading exceeds the limit, none is of a lowered clock or of the
// fabric alone; exponent and window came out at their values when they were left free.
static const char *const FIXED[] = {"limit", "link", "memory_exponent", "memory_own", "voltage_floor", "window", NULL};

// Upper ends within what the schema allows. A reading at the limit bounds an energy from below only; these follow from large
// products at the limit, at the voltage of their clock (docs/model/device/power.md, section 1).
static const struct {
  const char *key;
  double most;
} ENDS[] = {{"knee", 5}, {"matrix_bf16", 8.5e-13}, {"matrix_fp8", 5.5e-13}, {"matrix_fp8_block", 5.5e-13}};

typedef struct power_run {
  const clx_device *device;
  const clx_kernels *start;
  const clx_power_table *table;
  int32_t table_count;
  const clx_fit_options *options;
  double *fitted[CLX_POWER_TABLES_MAX];  // predicted / measured of the rows of each table
  double *cross[CLX_POWER_TABLES_MAX];   // by the fit that did not see the row's fold
  double *before[CLX_POWER_TABLES_MAX];
  struct power_fit *fit;
} power_run;

// One fit, with fold `index - 1` left out; 0: none.
typedef struct power_fit {
  clx_power_parameters power;
  clx_power_meter meter;
  int32_t used;
  clx_status status;
  clx_error error;
} power_fit;

static bool usable(const clx_kernel_rows *rows, int32_t row) {
  return rows->reason[row] == NULL && rows->power[row] > 0;
}

bool clx_power_table_usable(const clx_kernel_rows *rows) {
  if (!clx_power_touches("rest", rows->family, CLX_KERNEL_BF16)) return false;
  for (int32_t i = 0; i < rows->count; i++) {
    if (usable(rows, i)) return true;
  }
  return false;
}

// --- the measurements of one fit -----------------------------------------------------------------------------------------

typedef struct sample {
  clx_power_walk *walk;
  double *measured, *weight;
  uint64_t *uses;
  int32_t count;
  const power_fit *fit;
} sample;

static double predict(void *context, int32_t i) {
  sample *s = context;
  return clx_power_walk_reading(&s->walk[i], &s->fit->power, &s->fit->meter);
}

static int32_t set_of(const clx_kernel_rows *rows, int32_t row) { return rows->family->set_of[rows->format[row]]; }

// Usable rows of a set (-1: of all) in the folds that fit `index` sees, or (seen = false) in the one that it does not.
static int32_t choose(const clx_kernel_rows *rows, int32_t set, int32_t index, bool seen, int32_t *chosen) {
  int32_t count = 0;
  for (int32_t i = 0; i < rows->count; i++) {
    if (!usable(rows, i) || (set >= 0 && set_of(rows, i) != set)) continue;
    if ((index == 0 || rows->fold[i] != index - 1) == seen) chosen[count++] = i;
  }
  return count;
}

static void add_sample(const power_run *r, const clx_power_table *table, int32_t row, int32_t index, double weight,
                       sample *s) {
  const clx_kernel_rows *rows = table->rows;
  const void *parameters = table->parameters[set_of(rows, row)][index];
  clx_power_walk_start(&s->walk[s->count], r->device, rows->family, rows->format[row], parameters,
                       clx_kernel_rows_shape(rows, row), rows->time[row]);
  s->measured[s->count] = rows->power[row];
  s->weight[s->count++] = weight;
}

// Half of the weight by rows, half alike for every family and number format; `all` rows in `groups` of them.
static clx_status add_group(const power_run *r, const clx_power_table *table, int32_t set, int32_t index, double all,
                            int32_t groups, clx_arena *arena, sample *s, clx_error *error) {
  int32_t *chosen = CLX_NEW_ARRAY(arena, int32_t, table->rows->count + 1);
  int32_t *kept = CLX_NEW_ARRAY(arena, int32_t, table->rows->count + 1);
  if (chosen == NULL || kept == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const int32_t count = choose(table->rows, set, index, true, chosen);
  const int32_t most = r->options->rows_max < ROWS_OF_FORMAT ? r->options->rows_max : ROWS_OF_FORMAT;
  const int32_t used = clx_fit_thin(arena, table->rows, chosen, count, most, kept);
  if (used < 0) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < used; i++) {
    add_sample(r, table, kept[i], index, 0.5 * (count / all + 1.0 / groups) / used, s);
  }
  return CLX_OK;
}

static clx_status make_sample(const power_run *r, int32_t index, clx_arena *arena, sample *s, clx_error *error) {
  int32_t all = 0, groups = 0, room = 1;
  for (int32_t t = 0; t < r->table_count; t++) {
    const clx_kernel_rows *rows = r->table[t].rows;
    for (int32_t set = 0; rows->family->sets[set] != NULL; set++) {
      int32_t *chosen = CLX_NEW_ARRAY(arena, int32_t, rows->count + 1);
      if (chosen == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
      const int32_t count = choose(rows, set, index, true, chosen);
      all += count;
      groups += count > 0;
      room += count < 2 * ROWS_OF_FORMAT ? count : 2 * ROWS_OF_FORMAT;
    }
  }
  s->walk = CLX_NEW_ARRAY(arena, clx_power_walk, room);
  s->measured = CLX_NEW_ARRAY(arena, double, room);
  s->weight = CLX_NEW_ARRAY(arena, double, room);
  s->uses = CLX_NEW_ARRAY(arena, uint64_t, room);
  if (!s->walk || !s->measured || !s->weight || !s->uses) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t t = 0; t < r->table_count; t++) {
    for (int32_t set = 0; r->table[t].rows->family->sets[set] != NULL; set++) {
      CLX_TRY(add_group(r, &r->table[t], set, index, all, groups, arena, s, error));
    }
  }
  return CLX_OK;
}

// Which parameters each measurement depends on; those that matter to none are left as they are.
static void keep_touched(clx_fit_problem *problem, const sample *s) {
  int32_t kept = 0;
  for (int32_t k = 0; k < problem->parameter_count; k++) {
    bool any = false;
    for (int32_t i = 0; i < s->count; i++) {
      const clx_power_walk *walk = &s->walk[i];
      if (!clx_power_touches(problem->parameter[k].row->key, walk->family, walk->format)) continue;
      s->uses[i] |= UINT64_C(1) << kept;
      any = true;
    }
    if (any) problem->parameter[kept++] = problem->parameter[k];
  }
  problem->parameter_count = kept;
}

static clx_status narrow(clx_fit_problem *problem, clx_arena *arena, clx_error *error) {
  for (int32_t k = 0; k < problem->parameter_count; k++) {
    for (size_t i = 0; i < CLX_COUNT(ENDS); i++) {
      if (strcmp(problem->parameter[k].row->key, ENDS[i].key) != 0) continue;
      clx_row *row = CLX_NEW(arena, clx_row);
      if (row == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
      *row = *problem->parameter[k].row;
      row->maximum = ENDS[i].most;
      problem->parameter[k].row = row;
    }
  }
  return CLX_OK;
}

static clx_status fit_power(const power_run *r, int32_t index, power_fit *f, clx_arena *arena) {
  sample s = {.fit = f};
  CLX_TRY(make_sample(r, index, arena, &s, &f->error));
  clx_fit_problem problem = {.count = s.count,
                             .measured = s.measured,
                             .weight = s.weight,
                             .uses = s.uses,
                             .predict = predict,
                             .relative = true,
                             .context = &s};
  clx_schema_default(&clx_power_schema, &f->power);
  clx_schema_default(&clx_power_meter_schema, &f->meter);
  clx_fit_add_parameters(&problem, &clx_power_schema, &f->power, FIXED);
  clx_fit_add_parameters(&problem, &clx_power_meter_schema, &f->meter, FIXED);
  keep_touched(&problem, &s);
  CLX_TRY(narrow(&problem, arena, &f->error));
  f->used = s.count;
  if (s.count <= problem.parameter_count) {
    return clx_fail_plain(&f->error, CLX_INPUT, "power: %d readings are too few for %d parameters", s.count,
                          problem.parameter_count);
  }
  const clx_fit_options options = {.restarts = 0, .iterations = r->options->iterations};
  return clx_fit(&problem, &options, &f->error);
}

// --- errors: as `predict kernels` makes them, from predicted times ---------------------------------------------------------

static double ratio_of(const power_run *r, const clx_kernel_rows *rows, int32_t row, const clx_power_parameters *power,
                       const clx_power_meter *meter, const void *parameters) {
  return clx_power_reading(r->device, power, meter, rows->family, rows->format[row], parameters,
                           clx_kernel_rows_shape(rows, row), 0) /
         rows->power[row];
}

static void predict_table(const power_run *r, int32_t t, int32_t index, const power_fit *f) {
  const clx_power_table *table = &r->table[t];
  const clx_kernel_rows *rows = table->rows;
  for (int32_t i = 0; i < rows->count; i++) {
    if (!usable(rows, i)) continue;
    const int32_t set = set_of(rows, i);
    const void *parameters = table->parameters[set][index];
    if (index > 0) {
      if (rows->fold[i] == index - 1) r->cross[t][i] = ratio_of(r, rows, i, &f->power, &f->meter, parameters);
      continue;
    }
    r->fitted[t][i] = ratio_of(r, rows, i, &f->power, &f->meter, parameters);
    r->before[t][i] =
        ratio_of(r, rows, i, &r->start->power, &r->start->power_meter, clx_kernels_set(r->start, rows->family, set));
  }
}

static void work(void *context, int32_t index) {
  const power_run *r = context;
  power_fit *f = &r->fit[index];
  clx_arena *arena = clx_arena_new();
  f->status = arena != NULL ? fit_power(r, index, f, arena) : clx_fail_plain(&f->error, CLX_MEMORY, "out of memory");
  clx_arena_free(arena);
  for (int32_t t = 0; t < r->table_count && f->status == CLX_OK; t++) predict_table(r, t, index, f);
}

static double mean_of(const double *ratio, const int32_t *chosen, int32_t count, bool absolute) {
  double sum = 0;
  for (int32_t i = 0; i < count; i++) sum += absolute ? fabs(ratio[chosen[i]] - 1) : ratio[chosen[i]] - 1;
  return count > 0 ? sum / count : 0;
}

// The size classes of power are the families.
static clx_status fill_class(const power_run *r, int32_t t, clx_arena *arena, clx_kernel_class *now,
                             clx_kernel_class *before, clx_error *error) {
  const clx_kernel_rows *rows = r->table[t].rows;
  int32_t *chosen = CLX_NEW_ARRAY(arena, int32_t, rows->count + 1);
  if (chosen == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const int32_t count = choose(rows, -1, 0, true, chosen);
  *now = (clx_kernel_class){.name = rows->family->name,
                            .rows = count,
                            .error = mean_of(r->fitted[t], chosen, count, true),
                            .bias = mean_of(r->fitted[t], chosen, count, false),
                            .cross_error = mean_of(r->cross[t], chosen, count, true),
                            .noise = clx_kernel_noise(arena, rows, chosen, count, r->fitted[t], -1)};
  *before = (clx_kernel_class){.name = rows->family->name,
                               .rows = count,
                               .error = mean_of(r->before[t], chosen, count, true),
                               .bias = mean_of(r->before[t], chosen, count, false)};
  return CLX_OK;
}

static clx_status finish(const power_run *r, clx_arena *arena, clx_calibration *out, clx_error *error) {
  clx_calibrated_set *power = &out->set[out->count++], *meter = &out->set[out->count++];
  power_fit *all = &r->fit[0];
  clx_kernel_fit *fit = &all->power.fit;
  const char *data = r->table[0].data;
  for (int32_t t = 1; t < r->table_count && data != NULL; t++)
    data = clx_arena_format(arena, "%s, %s", data, r->table[t].data);
  fit->classes = CLX_NEW_ARRAY(arena, clx_kernel_class, r->table_count);
  if (data == NULL || fit->classes == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  *power = (clx_calibrated_set){
      .name = "power", .format = "all", .schema = &clx_power_schema, .data = data, .parameters = &all->power};
  *meter = (clx_calibrated_set){.name = "power_meter",
                                .format = "all",
                                .schema = &clx_power_meter_schema,
                                .data = data,
                                .parameters = &all->meter};
  fit->data = data;
  fit->origin = r->options->source;
  fit->used = all->used;
  for (int32_t t = 0; t < r->table_count; t++) {
    CLX_TRY(fill_class(r, t, arena, &fit->classes[t], &power->before[t], error));
    fit->rows += fit->classes[t].rows;
    power->skipped += r->table[t].rows->power_refused;
    if (power->skip_reason == NULL) power->skip_reason = r->table[t].rows->power_reason;
  }
  all->meter.fit = (clx_kernel_fit){.data = data, .origin = fit->origin, .rows = fit->rows, .used = fit->used};
  fit->class_count = r->table_count;
  return CLX_OK;
}

clx_status clx_calibrate_power(clx_arena *arena, const clx_device *device, const clx_kernels *start,
                               const clx_power_table *tables, int32_t count, const clx_fit_options *options,
                               int32_t threads, clx_calibration *out, clx_error *error) {
  power_run r = {.device = device, .start = start, .table = tables, .options = options};
  r.table_count = count < CLX_POWER_TABLES_MAX ? count : CLX_POWER_TABLES_MAX;
  r.fit = CLX_NEW_ARRAY(arena, power_fit, CLX_FOLDS + 1);
  bool room = r.fit != NULL;
  for (int32_t t = 0; t < r.table_count; t++) {
    r.fitted[t] = CLX_NEW_ARRAY(arena, double, tables[t].rows->count + 1);
    r.cross[t] = CLX_NEW_ARRAY(arena, double, tables[t].rows->count + 1);
    r.before[t] = CLX_NEW_ARRAY(arena, double, tables[t].rows->count + 1);
    room = room && r.fitted[t] && r.cross[t] && r.before[t];
  }
  if (!room) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  clx_parallel(CLX_FOLDS + 1, threads, work, &r);
  for (int32_t i = 0; i <= CLX_FOLDS; i++) {
    if (r.fit[i].status == CLX_OK) continue;
    *error = r.fit[i].error;
    return r.fit[i].status;
  }
  return finish(&r, arena, out, error);
}
