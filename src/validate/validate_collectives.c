// Tables of collectives of published measurements: one row, one collective alone on its network.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calibrate/calibrate.h"
#include "validate/validate_internal.h"

static const char *const INPUTS[] = {"system",     "gpus",   "gpus_per_node", "scale_up", "scale_out_gbps_per_gpu",
                                     "collective", "bytes",  "algorithm",     "library",  "transport",
                                     "tokens",     "hidden", "top_k",         "experts",  "notes",
                                     NULL};

static clx_status open_table(clx_table_job *job, clx_error *error) {
  clx_collective_rows *rows = NULL;
  CLX_TRY(clx_collective_rows_read(job->arena, job->catalog, &job->table, job->options, &rows, error));
  job->state = rows;
  job->metric[0] = "time_us";
  job->inputs = INPUTS;
  return CLX_OK;
}

static void add_text(clx_prediction *p, const char *text) {
  const size_t used = strlen(p->reason);
  if (text[0] != '\0') snprintf(p->reason + used, sizeof p->reason - used, "%s%s", used > 0 ? "; " : "", text);
}

static void extrapolate(clx_prediction *p, const char *text) {
  p->status = CLX_ROW_EXTRAPOLATED;
  add_text(p, text);
}

static bool known_generation(const clx_device *device) {
  return clx_text_equal(device->family, clx_generation_name[clx_generation_of(device)]);
}

// A group this many times larger than any measured, or a message, is an extrapolation.
static const double BEYOND = 2;

// What lies outside of the measurements behind the constants.
static void check_range(const clx_collective_row *r, clx_prediction *p) {
  const clx_device *device = r->device;
  const clx_kernel_fit *kernel = &device->kernels->nccl[0].fit, *fit = &r->network.library->fit;
  char text[160];
  if (kernel->rows == 0) {
    snprintf(text, sizeof text, "no collectives of the architecture of %s were measured: the model's default",
             device->name);
    extrapolate(p, text);
  } else if (!clx_text_equal(kernel->device, device->name)) {
    snprintf(text, sizeof text, "in a node as %s, scaled by datasheet", kernel->device);
    add_text(p, text);
  }
  if (!r->inside && !known_generation(device)) {
    snprintf(text, sizeof text, "no collectives between nodes of %s GPUs were measured: constants of %s",
             device->family, clx_generation_name[clx_generation_of(device)]);
    extrapolate(p, text);
  }
  if (fit->high_count == 2 && r->group.size > BEYOND * fit->high[0]) {
    snprintf(text, sizeof text, "the largest group measured has %.0f ranks", fit->high[0]);
    extrapolate(p, text);
  }
  if (fit->high_count == 2 && r->bytes > BEYOND * fit->high[1]) {
    snprintf(text, sizeof text, "the largest message measured has %.4g bytes", fit->high[1]);
    extrapolate(p, text);
  }
}

static clx_collective_cost cost_of(const clx_collective_row *r, clx_prediction *p) {
  if (r->node_bytes > 0) return clx_expert_exchange_cost(&r->network, r->group, r->bytes, r->node_bytes);
  if (r->algorithm >= 0) {
    const clx_collective_cost forced =
        clx_collective_cost_with(&r->network, (clx_collective)r->kind, r->group, r->bytes, (clx_algorithm)r->algorithm);
    if (isfinite(forced.time) && forced.time > 0) return forced;
    char text[96];
    snprintf(text, sizeof text, "algorithm %s does not apply here: the library's choice",
             clx_algorithm_name[r->algorithm]);
    add_text(p, text);
  }
  return clx_collective_cost_of(&r->network, (clx_collective)r->kind, r->group, r->bytes);
}

static clx_status predict(const clx_table_job *job, int32_t row, clx_prediction *p, clx_error *error) {
  (void)error;
  const clx_collective_row *r = clx_collective_rows_at(job->state, row);
  if (r->reason != NULL) {
    p->status = CLX_ROW_REFUSED;
    add_text(p, r->reason);
    return CLX_OK;
  }
  const clx_collective_cost cost = cost_of(r, p);
  if (!isfinite(cost.time) || cost.time <= 0) {
    p->status = CLX_ROW_REFUSED;
    add_text(p, "no algorithm of the model does this collective on this network");
    return CLX_OK;
  }
  p->status = CLX_ROW_OK;
  p->value[0] = cost.time * 1e6;
  add_text(p, clx_algorithm_name[cost.algorithm]);
  add_text(p, r->remark);
  check_range(r, p);
  p->error = clx_library_error(&r->network, r->group, r->bytes);
  return CLX_OK;
}

// A measurement that makes no sense refuses its row; any positive value makes the figures count it.
static void measure(const clx_table_job *job, int32_t row, clx_prediction *p) {
  const char *reason = NULL;
  p->measured[0] = 1e6 * clx_collective_row_measured(job->arena, job->state, row, &reason);
  if (reason == NULL) return;
  p->measured[0] = 1;
  p->senseless = true;
  if (p->status != CLX_ROW_REFUSED) p->reason[0] = '\0';
  p->status = CLX_ROW_REFUSED;
  add_text(p, reason);
}

static const char *group(const clx_table_job *job, int32_t row) {
  const clx_collective_row *r = clx_collective_rows_at(job->state, row);
  if (r->reason != NULL) return "refused";
  const char *system = clx_table_cell(&job->table, row, clx_table_column(&job->table, "system"));
  return clx_arena_format(job->arena, "%s %s %s", system, clx_collective_name[r->kind],
                          clx_size_class_name[r->size_class]);
}

// --- how far sources disagree ---------------------------------------------------------------------------------------------------

typedef struct point {
  const clx_collective_row *row;
  const char *source;
  double time;
} point;

static int compare_things(const point *a, const point *b) {
  const clx_collective_row *x = a->row, *y = b->row;
  const int names = strcmp(x->device->name, y->device->name);
  if (names != 0) return names;
  const double left[] = {x->kind, x->group.size, x->network.domain, x->inside ? 0 : x->network.nic, x->bytes};
  const double right[] = {y->kind, y->group.size, y->network.domain, y->inside ? 0 : y->network.nic, y->bytes};
  for (int32_t i = 0; i < CLX_COUNT(left); i++) {
    if (left[i] != right[i]) return left[i] < right[i] ? -1 : 1;
  }
  return 0;
}

static int compare_points(const void *a, const void *b) {
  const int things = compare_things(a, b);
  return things != 0 ? things : strcmp(((const point *)a)->source, ((const point *)b)->source);
}

static int compare_doubles(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

// Of points of one thing, sorted by source: largest / smallest - 1 over the first of each source; 0 = one source only.
static double spread_of(const point *points, int32_t count) {
  double least = points[0].time, most = least;
  bool several = false;
  for (int32_t i = 1; i < count; i++) {
    if (strcmp(points[i].source, points[i - 1].source) == 0) continue;
    several = true;
    least = fmin(least, points[i].time);
    most = fmax(most, points[i].time);
  }
  return several ? fmax(most / least - 1, 1e-9) : 0;
}

static clx_floor floor_of_class(point *points, int32_t count, int32_t size_class, double *spreads) {
  clx_floor f = {.name = clx_size_class_name[size_class]};
  for (int32_t first = 0, next; first < count; first = next) {
    for (next = first + 1; next < count && compare_things(&points[first], &points[next]) == 0;) next++;
    const double spread = points[first].row->size_class == size_class ? spread_of(&points[first], next - first) : 0;
    if (spread > 0) spreads[f.groups++] = spread;
  }
  if (f.groups == 0) return f;
  qsort(spreads, (size_t)f.groups, sizeof *spreads, compare_doubles);
  f.median = spreads[(f.groups - 1) / 2];
  f.p90 = spreads[(int32_t)ceil(0.9 * f.groups) - 1];
  return f;
}

static int32_t source_floor(const clx_table_job *job, int32_t metric, const bool *selected,
                            clx_floor out[CLX_FLOORS_MAX]) {
  const int32_t rows = job->table.row_count, source = clx_table_column(&job->table, "source");
  point *points = CLX_NEW_ARRAY(job->arena, point, rows + 1);
  double *spreads = CLX_NEW_ARRAY(job->arena, double, rows + 1);
  int32_t count = 0, classes = 0;
  if (points == NULL || spreads == NULL || source < 0) return 0;
  for (int32_t i = 0; i < rows; i++) {
    const clx_collective_row *r = clx_collective_rows_at(job->state, i);
    if (!selected[i] || r->reason != NULL || r->plateau || clx_prediction_missing(&job->row[i], metric) != NULL ||
        job->row[i].measured[metric] <= 0)
      continue;
    points[count++] = (point){r, clx_table_cell(&job->table, i, source), job->row[i].measured[metric]};
  }
  qsort(points, (size_t)count, sizeof *points, compare_points);
  for (int32_t c = 0; c < CLX_SIZE_CLASSES; c++) {
    const clx_floor f = floor_of_class(points, count, c, spreads);
    if (f.groups > 0) out[classes++] = f;
  }
  return classes;
}

const clx_table_kind clx_table_collectives = {.name = "collectives",
                                              .open = open_table,
                                              .predict = predict,
                                              .measure = measure,
                                              .group = group,
                                              .floor = source_floor,
                                              .fitted =
                                                  "constants between nodes, of transports and of launch profiles were "
                                                  "fitted to published rows; with systems left out: "
                                                  "colossus catalogue show library nccl, docs/accuracy.md"};
