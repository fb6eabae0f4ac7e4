// Monte Carlo: each replica is drawn by its number, so that threads and their order do not matter.
#include <math.h>
#include <pthread.h>

#include "cost/cost_plan.h"

// Streams of one replica: the common factor of capital, items, penalties, the rest.
enum { DOMAIN = 0x636f7374, COMMON = 0, OPERATING = 1, ITEMS = 16, PENALTIES = 128, THREADS_MAX = 256 };

void clx_cost_expected(const clx_cost_plan *plan, clx_cost_draw *draw) {
  *draw = (clx_cost_draw){.energy = plan->energy.expected,
                          .energy_factor = 1,
                          .gpu_power = plan->gpu_power.expected,
                          .people = plan->people.expected,
                          .wage = plan->wage.expected,
                          .repair = plan->repair.expected,
                          .water = plan->water.expected,
                          .water_use = plan->water_use.expected,
                          .licence = plan->licence.expected,
                          .insurance = plan->insurance.expected,
                          .lease = plan->lease.expected,
                          .use = plan->use.expected,
                          .income = plan->income.expected,
                          .decay = plan->decay.expected};
  for (int32_t i = 0; i < plan->item_count; i++) draw->item[i] = plan->item[i].cost.expected;
  for (int32_t i = 0; i < plan->penalty_count; i++)
    draw->penalty[i] = plan->penalty[i].probability * plan->penalty[i].amount.expected;
}

void clx_cost_draw_replica(const clx_cost_plan *plan, uint64_t seed, uint64_t replica, clx_cost_draw *draw) {
  clx_stream s = clx_stream_make(seed, DOMAIN, replica, OPERATING);
  clx_stream shared = clx_stream_make(seed, DOMAIN, replica, COMMON);
  const double common = clx_stream_normal(&shared);
  clx_cost_expected(plan, draw);
  draw->energy = clx_spread_draw(&plan->energy, &s);
  draw->energy_factor = plan->energy.expected > 0 ? draw->energy / plan->energy.expected : 1;
  draw->gpu_power = clx_spread_draw(&plan->gpu_power, &s);
  draw->people = clx_spread_draw(&plan->people, &s);
  draw->wage = clx_spread_draw(&plan->wage, &s);
  draw->repair = clx_spread_draw(&plan->repair, &s);
  draw->water = clx_spread_draw(&plan->water, &s);
  draw->water_use = clx_spread_draw(&plan->water_use, &s);
  draw->licence = clx_spread_draw(&plan->licence, &s);
  draw->insurance = clx_spread_draw(&plan->insurance, &s);
  draw->lease = clx_spread_draw(&plan->lease, &s);
  draw->use = fmin(1, clx_spread_draw(&plan->use, &s));
  draw->income = clx_spread_draw(&plan->income, &s);
  draw->decay = clx_spread_draw(&plan->decay, &s);
  for (int32_t i = 0; i < plan->item_count; i++) {
    clx_stream own = clx_stream_make(seed, DOMAIN, replica, (uint64_t)(ITEMS + i));
    const double z = sqrt(plan->common) * common + sqrt(1 - plan->common) * clx_stream_normal(&own);
    draw->item[i] = clx_spread_at(&plan->item[i].cost, z);
  }
  for (int32_t i = 0; i < plan->penalty_count; i++) {
    clx_stream own = clx_stream_make(seed, DOMAIN, replica, (uint64_t)(PENALTIES + i));
    const bool due = clx_stream_uniform(&own) < plan->penalty[i].probability;
    draw->penalty[i] = due ? clx_spread_draw(&plan->penalty[i].amount, &own) : 0;
  }
}

typedef struct part {
  const clx_cost_path *path;
  int32_t paths;
  uint64_t seed;
  int32_t first, step, replicas;
  double *value;  // [figures, months, kinds, rate of return, payback][replicas]
  clx_cost_out out;
  clx_status status;
  clx_error error;
} part;

static void *work(void *of) {
  part *p = of;
  clx_cost_draw draw;
  for (int32_t r = p->first; r < p->replicas && p->status == CLX_OK; r += p->step) {
    const clx_cost_path *path = &p->path[r % p->paths];
    const int32_t months = path->plan->months;
    double sum = 0;
    clx_cost_draw_replica(path->plan, p->seed, (uint64_t)r, &draw);
    p->status = clx_cost_plan_run(path->plan, path->input, &draw, true, &p->out, &p->error);
    for (int32_t f = 0; f < CLX_COST_FIGURES; f++)
      p->value[(size_t)f * (size_t)p->replicas + (size_t)r] = p->out.figure[f];
    for (int32_t m = 0; m < months; m++) {
      sum += p->out.flow[m];
      p->value[(size_t)(CLX_COST_FIGURES + m) * (size_t)p->replicas + (size_t)r] = sum;
    }
    const int32_t kinds = CLX_COST_FIGURES + months;
    for (int32_t k = 0; k < CLX_COST_KINDS; k++)
      p->value[(size_t)(kinds + k) * (size_t)p->replicas + (size_t)r] = p->out.by_kind[k];
    double *last = p->value + (size_t)(kinds + CLX_COST_KINDS) * (size_t)p->replicas;
    last[r] = p->out.has_irr ? p->out.irr : CLX_COST_NONE;
    last[p->replicas + r] = p->out.payback >= 0 ? p->out.payback : CLX_COST_NONE;
  }
  return NULL;
}

static clx_status run_parts(part *parts, int32_t threads, clx_error *error) {
  pthread_t thread[THREADS_MAX];
  bool started[THREADS_MAX] = {false};
  for (int32_t t = 1; t < threads; t++) started[t] = pthread_create(&thread[t], NULL, work, &parts[t]) == 0;
  work(&parts[0]);
  for (int32_t t = 1; t < threads; t++) {
    if (started[t])
      pthread_join(thread[t], NULL);
    else
      work(&parts[t]);  // no thread to be had: its part is done here
  }
  for (int32_t t = 0; t < threads; t++) {
    if (parts[t].status != CLX_OK) return clx_fail_plain(error, parts[t].status, "%s", parts[t].error.mistake[0].text);
  }
  return CLX_OK;
}

// The band of the draws that have a figure, and their share.
static clx_cost_band band_of_some(double *value, int32_t replicas, double *share) {
  int32_t n = 0;
  for (int32_t r = 0; r < replicas; r++) {
    if (value[r] > CLX_COST_NONE) value[n++] = value[r];
  }
  *share = (double)n / replicas;
  return n > 0 ? clx_cost_band_of(value, n) : (clx_cost_band){0};
}

clx_status clx_cost_bands_run(const clx_cost_path *path, int32_t paths, uint64_t seed, int32_t replicas,
                              int32_t threads, clx_arena *arena, clx_cost_bands *out, clx_error *error) {
  const clx_cost_plan *plan = path[0].plan;
  double share;
  if (replicas < 1 || replicas > 10000000)
    return clx_fail_plain(error, CLX_INPUT, "%d replicas; expected 1 to 10 million", replicas);
  threads = threads < 1 ? 1 : threads > THREADS_MAX ? THREADS_MAX : threads;
  threads = threads > replicas ? replicas : threads;
  const int32_t kinds = CLX_COST_FIGURES + plan->months, rows = kinds + CLX_COST_KINDS, all = rows + 2;
  double *value = CLX_NEW_ARRAY(arena, double, (size_t)all *(size_t)replicas);
  part *parts = CLX_NEW_ARRAY(arena, part, threads);
  out->cumulated = CLX_NEW_ARRAY(arena, clx_cost_band, plan->months);
  if (value == NULL || parts == NULL || out->cumulated == NULL)
    return clx_fail_plain(error, CLX_MEMORY, "out of memory for %d replicas", replicas);
  for (int32_t t = 0; t < threads; t++) {
    parts[t] = (part){path, paths, seed, t, threads, replicas, value, {0}, CLX_OK, {0}};
    CLX_TRY(clx_cost_out_make(plan, arena, &parts[t].out, error));
  }
  CLX_TRY(run_parts(parts, threads, error));
  for (int32_t i = 0; i < rows; i++) {
    const clx_cost_band band = band_of_some(value + (size_t)i * (size_t)replicas, replicas, &share);
    if (i < CLX_COST_FIGURES)
      out->figure[i] = band;
    else if (i >= kinds)
      out->by_kind[i - kinds] = band;
    else
      out->cumulated[i - CLX_COST_FIGURES] = band;
  }
  double *last = value + (size_t)rows * (size_t)replicas;
  out->irr = band_of_some(last, replicas, &out->irr_share);
  out->payback = band_of_some(last + replicas, replicas, &out->payback_share);
  return CLX_OK;
}
