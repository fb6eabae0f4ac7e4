// When what a plan buys comes: the medians and every replica of the sections `buildout` and `supply`, in the time of the plan.
#include <math.h>

#include "twin/twin_buildout.h"
#include "twin/twin_cost.h"
#include "twin/twin_internal.h"

static clx_status no_memory(clx_error *error) { return clx_fail_plain(error, CLX_MEMORY, "out of memory"); }

clx_status clx_twin_cost_steps(const clx_cost_rows *rows, double from, double total, double full, clx_arena *arena,
                               clx_capacity_series *out, clx_error *error) {
  double *at = CLX_NEW_ARRAY(arena, double, rows->count + 2), *gpus = CLX_NEW_ARRAY(arena, double, rows->count + 2);
  double last = 0;
  int32_t steps = 0;
  if (at == NULL || gpus == NULL) return no_memory(error);
  for (int32_t i = 0; i < rows->count; i++) {
    if (!(rows->value[i] > last || rows->value[i] < last)) continue;
    const double time = fmax(0, from + rows->time[i]);
    if (steps == 0 || time > at[steps - 1]) at[steps++] = time;
    gpus[steps - 1] = last = rows->value[i];
  }
  if (last < total * (1 - 1e-9) && isfinite(full) && (steps == 0 || full > at[steps - 1])) {
    at[steps] = full;
    gpus[steps++] = total;
  }
  *out = (clx_capacity_series){.at = at, .gpus = gpus, .count = steps};
  return CLX_OK;
}

// --- the build ---------------------------------------------------------------------------------------------------------------

// Medians of the starts of works.
static clx_status median_starts(const clx_twin_cost *c, const clx_buildout_result *r, double *begin, clx_error *error) {
  double *sample = CLX_NEW_ARRAY(c->arena, double, r->paths.count + 1);
  if (sample == NULL) return no_memory(error);
  for (int32_t i = 0; i < r->work_count; i++) {
    begin[i] = r->work[i].start;
    for (int32_t k = 0; k < r->paths.count; k++)
      sample[k] = (double)r->paths.begin[(size_t)k * (size_t)r->work_count + (size_t)i];
    if (r->paths.count == 0) continue;
    clx_sort(sample, r->paths.count);
    begin[i] = clx_percentile(sample, r->paths.count, 0.5);
  }
  return CLX_OK;
}

// Starts and ends of the works in a replica; < 0: their medians.
static clx_status read_works(const clx_twin_cost *c, const clx_buildout_result *r, int32_t replica, clx_cost_when *when,
                             clx_error *error) {
  double *begin = CLX_NEW_ARRAY(c->arena, double, r->work_count + 1);
  double *finish = CLX_NEW_ARRAY(c->arena, double, r->work_count + 1);
  if (begin == NULL || finish == NULL) return no_memory(error);
  if (replica < 0) CLX_TRY(median_starts(c, r, begin, error));
  for (int32_t i = 0; i < r->work_count; i++) {
    const size_t at = (size_t)(replica < 0 ? 0 : replica) * (size_t)r->work_count + (size_t)i;
    begin[i] = c->build.from + (replica < 0 ? begin[i] : (double)r->paths.begin[at]);
    finish[i] = c->build.from + (replica < 0 ? r->work[i].p50 : (double)r->paths.finish[at]);
  }
  when->begin = begin;
  when->finish = finish;
  return CLX_OK;
}

static clx_status read_build(clx_twin_cost *c, const clx_buildout_result *r, clx_error *error) {
  const int32_t days = r->series.days + 1;
  double *time = CLX_NEW_ARRAY(c->arena, double, days), *value = CLX_NEW_ARRAY(c->arena, double, days);
  const clx_cost_rows rows = {.time = time, .value = value, .count = days};
  if (time == NULL || value == NULL) return no_memory(error);
  CLX_TRY(read_works(c, r, -1, &c->when, error));
  for (int32_t d = 0; d < days; d++) time[d] = 86400.0 * d;
  for (int32_t k = 0; k < c->replicas; k++) {
    for (int32_t d = 0; d < days; d++) value[d] = (double)r->paths.usable[(size_t)k * (size_t)days + (size_t)d];
    CLX_TRY(clx_twin_cost_steps(&rows, c->build.from, c->build.total, fmax(0, c->build.from + r->paths.full[k]),
                                c->arena, &c->replica[k].usable, error));
    CLX_TRY(read_works(c, r, k, &c->replica[k], error));
  }
  return CLX_OK;
}

// --- orders ------------------------------------------------------------------------------------------------------------------

enum { USABLE, DELIVERED, PAID, SUNK, ROWS };

// What the owner's orders come to, by week.
typedef struct deliveries {
  clx_twin_cost *c;
  const clx_procurement *p;
  double from;         // s of the plan at which the section starts
  double price;        // mean of a GPU ordered, in the section's currency
  double dollar;       // USD for one unit of it
  double *week[ROWS];  // [replicas][weeks], cumulated; sunk in USD
  double *time;        // [weeks] s of the section
} deliveries;

static clx_status open_deliveries(clx_twin_cost *c, deliveries *d, clx_error *error) {
  const clx_procurement *p = &c->scenario->supply.procurement;
  double plan = 0, money = 0;
  *d = (deliveries){.c = c, .p = p, .dollar = clx_scenario_supply_dollar(c->scenario)};
  clx_time_read(c->scenario->cost.spec.start, &plan);
  d->from = p->start - plan;
  for (int32_t i = 0; i < p->order_count; i++) {
    if (p->purchase[i].buyer != p->self) continue;
    c->ordered += p->purchase[i].quantity;
    money += p->purchase[i].quantity * p->purchase[i].price;
  }
  d->price = money / c->ordered;
  d->time = CLX_NEW_ARRAY(c->arena, double, p->weeks);
  if (d->time == NULL) return no_memory(error);
  for (int32_t w = 0; w < p->weeks; w++) d->time[w] = (w + 1) * CLX_WEEK;
  for (int32_t k = 0; k < ROWS; k++) {
    d->week[k] = CLX_NEW_ARRAY(c->arena, double, (size_t)c->replicas *(size_t)p->weeks);
    if (d->week[k] == NULL) return no_memory(error);
  }
  return CLX_OK;
}

// What waits in a warehouse cannot be used, what another buyer gets later is not this machine's.
static void read_replica(deliveries *d, const struct clx_replica *replica, int32_t k) {
  const clx_procurement *p = d->p;
  const clx_purse purse = clx_procurement_purse(replica, p->self);
  const size_t at = (size_t)k * (size_t)p->weeks, self = (size_t)p->self * (size_t)p->weeks;
  clx_twin_buildout_keep(clx_procurement_received(replica, p->self, -1), p->weeks, d->week[USABLE] + at);
  for (int32_t i = 0; i < p->order_count; i++) {
    const double *gpus = clx_procurement_delivered(replica, i);
    for (int32_t w = 0; w < p->weeks && p->purchase[i].buyer == p->self; w++)
      d->week[DELIVERED][at + (size_t)w] += gpus[w];
  }
  // Of orders for more than the machine the first GPUs are its own, and its part of what is owed and lost.
  const double ordered = d->c->ordered, fleet = d->c->fleet, part = fmin(1, fleet / ordered);
  for (size_t w = 0; w < (size_t)p->weeks; w++) {
    const double had = d->week[DELIVERED][at + w], open = ordered - had;
    const double own = open > 0 ? fmin(1, fmax(0, fleet - had) / open) : 0;
    const double owed = d->price > 0 ? own * purse.at_risk[w] / d->price : 0;
    d->week[USABLE][at + w] = fmin(fmin(d->week[USABLE][at + w], p->ready[self + w]), d->c->fleet);
    d->week[PAID][at + w] = had + owed;
    d->week[SUNK][at + w] = part * purse.sunk[w] * d->dollar;
  }
}

static clx_status run_orders(deliveries *d, uint64_t seed, clx_error *error) {
  struct clx_replica *replica = NULL;
  clx_arena *scratch = clx_arena_new();
  if (scratch == NULL) return no_memory(error);
  const clx_status status = clx_procurement_open(d->p, scratch, &replica, error);
  for (int32_t k = 0; k < d->c->replicas && status == CLX_OK; k++) {
    clx_procurement_replica(replica, seed, k);
    read_replica(d, replica, k);
  }
  clx_arena_free(scratch);
  return status;
}

// Cumulated USD by week as what is paid in each month of the plan.
static clx_status sum_months(const deliveries *d, const double *sunk, double **out, clx_error *error) {
  const int32_t months = (int32_t)floor(d->c->scenario->cost.spec.horizon / CLX_MONTH + 1e-9);
  double *by_month = CLX_NEW_ARRAY(d->c->arena, double, months), before = 0;
  if (by_month == NULL) return no_memory(error);
  for (int32_t w = 0; w < d->p->weeks; w++) {
    const double month = floor(fmax(0, d->from + d->time[w]) / CLX_MONTH);
    if (month < months) by_month[(int32_t)month] += sunk[w] - before;
    before = sunk[w];
  }
  *out = by_month;
  return CLX_OK;
}

// One history by week, of `row` as the tables have it.
static clx_status put_orders(const deliveries *d, double *const row[ROWS], clx_cost_when *when, clx_error *error) {
  const double install = d->c->scenario->cost.spec.install;
  clx_cost_rows rows = {.count = d->p->weeks, .time = d->time};
  double *sunk = NULL;
  if (!d->c->builds) {
    rows.value = row[USABLE];
    CLX_TRY(clx_twin_cost_steps(&rows, d->from + install, 0, INFINITY, d->c->arena, &when->usable, error));
  }
  rows.value = row[DELIVERED];
  CLX_TRY(clx_twin_cost_steps(&rows, d->from, 0, INFINITY, d->c->arena, &when->delivered, error));
  rows.value = row[PAID];
  CLX_TRY(clx_twin_cost_steps(&rows, d->from, 0, INFINITY, d->c->arena, &when->paid, error));
  CLX_TRY(sum_months(d, row[SUNK], &sunk, error));
  when->sunk = sunk;
  return CLX_OK;
}

static clx_status put_medians(const deliveries *d, clx_error *error) {
  const clx_twin_cost *c = d->c;
  const int32_t weeks = d->p->weeks;
  double *sample = CLX_NEW_ARRAY(c->arena, double, c->replicas), *row[ROWS];
  if (sample == NULL) return no_memory(error);
  for (int32_t k = 0; k < ROWS; k++) {
    row[k] = CLX_NEW_ARRAY(c->arena, double, weeks);
    if (row[k] == NULL) return no_memory(error);
    for (int32_t w = 0; w < weeks; w++) {
      for (int32_t r = 0; r < c->replicas; r++) sample[r] = d->week[k][(size_t)r * (size_t)weeks + (size_t)w];
      clx_sort(sample, c->replicas);
      row[k][w] = clx_percentile(sample, c->replicas, 0.5);
    }
  }
  return put_orders(d, row, &d->c->when, error);
}

static clx_status read_orders(clx_twin_cost *c, uint64_t seed, clx_error *error) {
  deliveries d;
  CLX_TRY(open_deliveries(c, &d, error));
  CLX_TRY(run_orders(&d, seed, error));
  CLX_TRY(put_medians(&d, error));
  for (int32_t k = 0; k < c->replicas; k++) {
    double *row[ROWS];
    for (int32_t i = 0; i < ROWS; i++) row[i] = d.week[i] + (size_t)k * (size_t)d.p->weeks;
    CLX_TRY(put_orders(&d, row, &c->replica[k], error));
  }
  if (c->builds || c->when.usable.count > 0) return CLX_OK;
  return clx_fail_plain(
      error, CLX_INFEASIBLE,
      "cost: in half of the runs or more the orders of section 'supply' bring no GPU that can be used "
      "within its %d weeks: there is nothing to count",
      d.p->weeks);
}

// --- both --------------------------------------------------------------------------------------------------------------------

clx_status clx_twin_cost_when(clx_twin_cost *c, const clx_twin_buildout *build, uint64_t seed, clx_error *error) {
  c->when = (clx_cost_when){.usable = c->build.usable};
  c->builds = c->build.usable.count > 0;
  c->supplied = clx_scenario_supplies_buildout(c->scenario);
  if (c->builds && build != NULL) c->replicas = build->result.paths.count;
  if (!c->builds && c->supplied) c->replicas = CLX_TWIN_BUILDOUT_REPLICAS;
  if (c->replicas == 0) return CLX_OK;
  c->replica = CLX_NEW_ARRAY(c->arena, clx_cost_when, c->replicas);
  if (c->replica == NULL) return no_memory(error);
  if (c->builds) CLX_TRY(read_build(c, &build->result, error));
  return c->supplied ? read_orders(c, seed, error) : CLX_OK;
}
