// Tables of measured kernels: one kernel alone on one device. docs/tables.md has the columns.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "calibrate/calibrate.h"
#include "validate/validate.h"

// A shape this many times beyond the fitted range is an extrapolation: grids end between powers of two.
static const double BEYOND = 2;

enum { TIME, POWER };  // metrics

typedef struct state {
  clx_device device;
  clx_kernel_rows rows;
  const char *inputs[CLX_KERNEL_COLUMNS_MAX + 2];
  const char *group[CLX_KERNEL_FORMATS][CLX_KERNEL_CLASSES_MAX];
} state;

const char *clx_kernel_family_name(int32_t index) {
  const clx_kernel_family *family = clx_kernel_family_at(index);
  return family == NULL ? NULL : family->name;
}

static clx_status name_groups(const clx_table_job *job, state *s, clx_error *error) {
  for (int32_t f = 0; f < CLX_KERNEL_FORMATS; f++) {
    for (int32_t c = 0; s->rows.family->classes[c] != NULL; c++) {
      s->group[f][c] = clx_arena_format(job->arena, "%s %s", clx_kernel_format_name[f], s->rows.family->classes[c]);
      if (s->group[f][c] == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
    }
  }
  return CLX_OK;
}

static clx_status open_table(clx_table_job *job, clx_error *error) {
  state *s = CLX_NEW(job->arena, state);
  const clx_kernel_family *family = NULL;
  if (s == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  CLX_TRY(clx_kernel_family_of(job->table.file, job->options->family, &family, error));
  if (job->options->device == NULL)
    return clx_fail_plain(error, CLX_INPUT, "a table of kernels does not name its device; say --device NAME");
  CLX_TRY(clx_catalog_read_device(job->catalog, job->options->device, (clx_place){0}, job->arena, &s->device, error));
  CLX_TRY(clx_kernel_rows_read(job->arena, &job->table, family, &s->device, false, &s->rows, error));
  job->state = s;
  job->metric[TIME] = "latency_us";
  if (clx_table_column(&job->table, "power_w") >= 0) job->metric[POWER] = "power_w";
  s->inputs[0] = "dtype";
  for (int32_t c = 0; c < family->column_count; c++) s->inputs[c + 1] = family->columns[c].name;
  job->inputs = s->inputs;
  return name_groups(job, s, error);
}

static void remark(clx_prediction *p, const char *text) {
  const size_t used = strlen(p->reason);
  snprintf(p->reason + used, sizeof p->reason - used, "%s%s", used > 0 ? "; " : "", text);
}

static void check_range(const state *s, int32_t row, const clx_kernel_fit *fit, clx_prediction *p) {
  const clx_kernel_family *family = s->rows.family;
  const double *shape = clx_kernel_rows_shape(&s->rows, row);
  for (int32_t c = 0; c < family->column_count && c < fit->low_count && c < fit->high_count; c++) {
    if (family->columns[c].choices != NULL) continue;
    if (shape[c] * BEYOND >= fit->low[c] && shape[c] <= fit->high[c] * BEYOND) continue;
    char text[128];
    snprintf(text, sizeof text, "%s %.9g is far outside the fitted range (%.9g to %.9g)", family->columns[c].name,
             shape[c], fit->low[c], fit->high[c]);
    p->status = CLX_ROW_EXTRAPOLATED;
    remark(p, text);
  }
}

// The parameters were fitted elsewhere, or nowhere.
static void check_origin(const state *s, const clx_kernel_fit *fit, clx_prediction *p) {
  char text[160];
  if (fit->rows == 0) {
    snprintf(text, sizeof text, "no measurements of %s on this architecture: values of the model's default",
             s->rows.family->name);
  } else if (!clx_text_equal(fit->device, s->device.name)) {
    snprintf(text, sizeof text, "%s was not measured: parameters of %s, scaled by datasheet", s->device.name,
             fit->device);
  } else {
    return;
  }
  p->status = CLX_ROW_EXTRAPOLATED;
  remark(p, text);
}

// What the tables' meter would read, from predicted times. Nothing is said of a family whose sweep is not known, nor of a
// device of which the catalogue knows no power but its limit.
static void predict_power(const state *s, int32_t row, const void *parameters, clx_prediction *p) {
  const clx_kernels *kernels = s->device.kernels;
  const clx_kernel_fit *fit = &kernels->power.fit;
  char text[160];
  if (fit->rows == 0 && s->device.power.rest <= 0) return;
  p->value[POWER] = clx_power_reading(&s->device, &kernels->power, &kernels->power_meter, s->rows.family,
                                      s->rows.format[row], parameters, clx_kernel_rows_shape(&s->rows, row), 0);
  if (p->value[POWER] <= 0 || (fit->rows > 0 && clx_text_equal(fit->device, s->device.name))) return;
  snprintf(text, sizeof text, "power of %s was not measured: energies of %s", s->device.name,
           fit->rows > 0 ? fit->device : "the model's default");
  p->status = CLX_ROW_EXTRAPOLATED;
  remark(p, text);
}

static clx_status predict(const clx_table_job *job, int32_t row, clx_prediction *p, clx_error *error) {
  (void)error;
  const state *s = job->state;
  const clx_kernel_family *family = s->rows.family;
  if (s->rows.reason[row] != NULL) {
    p->status = CLX_ROW_REFUSED;
    remark(p, s->rows.reason[row]);
    return CLX_OK;
  }
  const clx_kernel_format format = s->rows.format[row];
  const void *parameters = clx_kernels_set(s->device.kernels, family, family->set_of[format]);
  const clx_kernel_fit *fit = parameters;
  const clx_kernel_cost cost = family->cost(&s->device, format, parameters, clx_kernel_rows_shape(&s->rows, row));
  p->status = CLX_ROW_OK;
  p->value[TIME] = cost.time * 1e6;
  const char *name = family->classes[s->rows.class_index[row]];
  for (int32_t c = 0; c < fit->class_count; c++) {
    const clx_kernel_class *k = &fit->classes[c];
    if (clx_text_equal(k->name, name)) p->error = k->cross_error > 0 ? k->cross_error : k->error;
  }
  check_range(s, row, fit, p);
  check_origin(s, fit, p);
  if (job->metric[POWER] != NULL) predict_power(s, row, parameters, p);
  return CLX_OK;
}

// A time that is there but makes no sense refuses its row; any positive value makes the figures count it.
static void measure(const clx_table_job *job, int32_t row, clx_prediction *p) {
  const state *s = job->state;
  p->measured[TIME] = s->rows.time[row] * 1e6;
  if (s->rows.bad_time[row] != NULL) {
    p->measured[TIME] = 1;
    p->senseless = true;
    if (p->status != CLX_ROW_REFUSED) p->reason[0] = '\0';
    p->status = CLX_ROW_REFUSED;
    remark(p, s->rows.bad_time[row]);
  }
  if (job->metric[POWER] != NULL) p->measured[POWER] = s->rows.power[row];
}

static const char *group(const clx_table_job *job, int32_t row) {
  const state *s = job->state;
  return s->rows.reason[row] != NULL ? "refused" : s->group[s->rows.format[row]][s->rows.class_index[row]];
}

static double noise(const clx_table_job *job, int32_t metric, const bool *selected) {
  const state *s = job->state;
  double *ratio = CLX_NEW_ARRAY(job->arena, double, s->rows.count + 1);
  int32_t *chosen = CLX_NEW_ARRAY(job->arena, int32_t, s->rows.count + 1), count = 0;
  if (ratio == NULL || chosen == NULL) return 0;
  for (int32_t i = 0; i < s->rows.count; i++) {
    const clx_prediction *p = &job->row[i];
    if (!selected[i] || p->status == CLX_ROW_REFUSED || p->measured[metric] <= 0 || p->value[metric] <= 0) continue;
    ratio[i] = p->value[metric] / p->measured[metric];
    chosen[count++] = i;
  }
  return clx_kernel_noise(job->arena, &s->rows, chosen, count, ratio, -1);
}

const clx_table_kind clx_table_kernels = {
    .name = "kernels",
    .open = open_table,
    .predict = predict,
    .measure = measure,
    .group = group,
    .noise = noise,
    .fitted =
        "parameters of a measured device were fitted to its own tables; with shapes left out: colossus catalogue "
        "show kernels DEVICE, docs/accuracy.md"};
