// What checkpoint intervals and sizes of the machine do to a job that starts again as a whole: by the renewal form, without simulation.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reliability/reliability_renewal.h"
#include "twin/twin_goodput.h"
#include "twin/twin_reliability_site.h"

// --- interval ---------------------------------------------------------------------------------------------------------------

enum { INTERVALS = 65 };
static const double WIDE = 16;  // the curve goes from the best interval divided by this to its multiple

static double goodput_at(const clx_reliability_model *m, int32_t stage, double interval) {
  clx_checkpoint_plan plan = m->job[0].stage[stage].checkpoint;
  const clx_renewal renewal = clx_reliability_renewal(m, 0, stage);
  plan.interval = interval;
  const double stretch = clx_reliability_stretch(m, &renewal, &plan, interval);
  return isfinite(stretch) ? 1 / stretch : 0;
}

static clx_status put_interval(const clx_reliability_model *m, clx_result *result, clx_error *error) {
  double x[INTERVALS], y[INTERVALS], most = 0;
  const int32_t last = m->job[0].stage_count - 1;
  const clx_checkpoint_plan *plan = &m->job[0].stage[last].checkpoint;
  if (plan->mode == CLX_CHECKPOINT_NONE) return CLX_OK;
  const double best = clx_reliability_best_interval(m, 0, last, &most);
  if (!(best > 0) || !isfinite(best)) return CLX_OK;  // nothing fails: none is needed
  // A checkpoint begins when the one before it counts.
  const double remote = plan->mode == CLX_CHECKPOINT_MEMORY ? plan->remote_lag / plan->remote_every : 0;
  const double low = fmax(best / WIDE, fmax(plan->lag, remote)), high = fmax(best * WIDE, 2 * low);
  for (int32_t i = 0; i < INTERVALS; i++) {
    x[i] = low * pow(high / low, i / (INTERVALS - 1.0));
    y[i] = goodput_at(m, last, x[i]);
  }
  CLX_TRY(clx_twin_put(result, "reliability.curve.best_interval", fmax(best, low), "s",
                       "of the curve over intervals: where goodput is highest", error));
  CLX_TRY(clx_twin_put(result, "reliability.curve.best_goodput", goodput_at(m, last, fmax(best, low)), "",
                       "renewal form at that interval", error));
  return clx_result_add_series(result, "reliability.curve.interval", "", y, "interval", "s", x, INTERVALS, error);
}

// --- size -------------------------------------------------------------------------------------------------------------------

// From 1,024 to 1,048,576 GPUs in half octaves.
enum { SIZES = 21 };
static const double SMALLEST = 1024;

// The site with `factor` times the servers, all there from the start: parts of servers keep their number a server, switches, racks and
// rows grow with them, the site stays one. The model that is trained, and so the checkpoint, stays what it is; more replicas train it.
static clx_status scale_site(const clx_reliability_site *from, double factor, clx_arena *arena,
                             clx_reliability_site *site, clx_error *error) {
  const clx_reliability_site_stage *full = &from->stage[from->stage_count - 1];
  *site = *from;
  site->cohort = CLX_NEW_ARRAY(arena, clx_reliability_site_cohort, from->cohort_count);
  site->stage = CLX_NEW(arena, clx_reliability_site_stage);
  if (site->cohort == NULL || site->stage == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  double gpus = 0;
  for (int32_t i = 0; i < from->cohort_count; i++) {
    clx_reliability_site_cohort *c = &site->cohort[i];
    *c = from->cohort[i];
    c->servers = (int64_t)fmax(1, ceil((double)c->servers * factor));
    c->arrival = 0;
    const double grown = (double)c->servers / (double)from->cohort[i].servers;
    static const int32_t shared[] = {CLX_PART_LEAF, CLX_PART_SWITCH, CLX_PART_RACK, CLX_PART_ROW};
    for (int32_t k = 0; k < CLX_COUNT(shared); k++) c->parts[shared[k]] *= grown;
    gpus += (double)c->servers * c->gpus;
  }
  // A replica that is larger than the whole machine shrinks to it.
  const double replicas = floor(fmin((double)full->gpus * factor, gpus) / full->gpus_per_replica);
  *site->stage = *full;
  site->stage->start = 0;
  site->stage->speed = NULL;
  site->stage->replicas = (int32_t)fmax(1, replicas);
  site->stage->gpus_per_replica =
      replicas >= 1 ? full->gpus_per_replica : floor(fmin((double)full->gpus * factor, gpus));
  site->stage->gpus = (int64_t)(site->stage->replicas * site->stage->gpus_per_replica);
  site->stage->rate = full->rate * (double)site->stage->gpus / (double)full->gpus;
  site->stage_count = 1;
  return CLX_OK;
}

// One synchronous job that starts again as a whole, with the intervals that are best for it.
static clx_reliability_spec restarting(const clx_reliability_spec *own) {
  clx_reliability_spec spec = *own;
  spec.jobs = 1;
  spec.policy.kind = CLX_POLICY_RESTART;
  spec.spares.count = -1;
  spec.checkpoint.rule = CLX_INTERVAL_OPTIMAL;
  spec.checkpoint.interval = 0;
  return spec;
}

typedef struct size_point {
  double gpus, goodput, interval;
} size_point;

// Rates times `factor`. What can never make progress has a goodput of 0.
static clx_status find_size(const clx_twin_reliability_case *c, const clx_reliability_site *site, double factor,
                            clx_arena *arena, size_point *point, clx_error *error) {
  clx_reliability_model model = {0};
  clx_reliability_spec spec = restarting(&c->scenario->spec.reliability);
  clx_error own;
  int64_t spares = 0;
  clx_error_clear(&own);
  spec.scale *= factor;
  // Enough that no size is short of servers: the form knows no repair.
  for (int32_t i = 0; i < site->cohort_count; i++) spares += site->cohort[i].servers / 10 + 16;
  spec.spares.extra = spares;
  *point = (size_point){.gpus = (double)site->stage->gpus};
  const clx_status status =
      clx_reliability_compile(&spec, &c->scenario->failures, site, arena, &model, NULL, NULL, &own);
  if (status == CLX_INFEASIBLE) return CLX_OK;
  if (status != CLX_OK) return clx_fail_plain(error, status, "%s", own.mistake[0].text);
  point->interval = model.job[0].stage[0].checkpoint.interval;
  point->goodput = goodput_at(&model, 0, point->interval);
  return CLX_OK;
}

static clx_status put_sizes(const clx_twin_reliability_case *c, double low, double high, clx_arena *arena,
                            clx_result *result, clx_error *error) {
  const struct {
    const char *name;
    double factor;
  } curves[] = {{"low", low}, {"mid", 1}, {"high", high}};
  double x[SIZES], y[3][SIZES], interval[SIZES];
  clx_reliability_site site, scaled;
  CLX_TRY(clx_twin_reliability_site(c->scenario, &c->job, &c->step, arena, &site, error));
  const clx_reliability_site_stage *full = &site.stage[site.stage_count - 1];
  for (int32_t i = 0; i < SIZES; i++) {
    CLX_TRY(scale_site(&site, SMALLEST * exp2(i / 2.0) / (double)full->gpus, arena, &scaled, error));
    for (int32_t k = 0; k < CLX_COUNT(curves); k++) {
      size_point point;
      CLX_TRY(find_size(c, &scaled, curves[k].factor, arena, &point, error));
      x[i] = point.gpus;
      y[k][i] = point.goodput;
      if (k == 1) interval[i] = point.interval;
    }
  }
  for (int32_t k = 0; k < CLX_COUNT(curves); k++) {
    char name[64];
    snprintf(name, sizeof name, "reliability.curve.size_%s", curves[k].name);
    CLX_TRY(clx_result_add_series(result, name, "", y[k], "gpus", "", x, SIZES, error));
  }
  return clx_result_add_series(result, "reliability.curve.size_interval", "s", interval, "gpus", "", x, SIZES, error);
}

// Interruptions of large jobs per second of eight GPUs: RSC-2 and RSC-1 (Kokolis et al., HPCA 2025), between which mature fleets lie.
static const double RSC_2 = 2.34e-3 / 86400, RSC_1 = 6.50e-3 / 86400;

clx_status clx_twin_goodput_curves(const clx_twin_reliability_case *c, clx_arena *arena, clx_result *result,
                                   clx_error *error) {
  const clx_reliability_model *m = &c->model;
  const int32_t last = m->job[0].stage_count - 1;
  const clx_job_stage *stage = &m->job[0].stage[last];
  double gpus = 0, units = 0, planned = 0;
  for (int32_t i = 0; i < m->cohort_count; i++) {
    units += (double)m->cohort[i].units;
    gpus += (double)m->cohort[i].units * m->cohort[i].gpus;
  }
  CLX_TRY(put_interval(m, result, error));
  const double held = (double)stage->replicas * (double)stage->units_per_replica * gpus / units;
  const double own = clx_reliability_stop_rate(m, 0, last, &planned) * 8 / held;
  if (!(own > 0)) return CLX_OK;  // nothing stops the job, whatever its size
  CLX_TRY(clx_twin_put(result, "reliability.curve.own_rate", own, "1/s",
                       "interruptions of eight GPUs, by the failures of the scenario", error));
  return put_sizes(c, RSC_2 / own, RSC_1 / own, arena, result, error);
}
