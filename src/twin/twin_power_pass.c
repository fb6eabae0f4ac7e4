// The passes of the job as waves: from a GPU through servers and chain to the point of connection.
#include <math.h>
#include <string.h>

#include "twin/twin_power.h"

static clx_wave wave_new(clx_arena *arena, double time, int32_t samples) {
  clx_wave wave = {.step = time / samples, .count = samples};
  wave.watt = CLX_NEW_ARRAY(arena, float, samples);
  return wave;
}

static double mean_of(const clx_wave *wave) {
  double sum = 0;
  for (int64_t i = 0; i < wave->count; i++) sum += (double)wave->watt[i];
  return sum / (double)wave->count;
}

// J of capacitors for one GPU in the shelves of its rack.
static double shelf_storage(const clx_cohort *cohort) {
  if (cohort->rack_supply == NULL) return 0;
  const double gpus = (double)cohort->rack.servers * cohort->server.gpus;
  return fmax(1, cohort->rack.supplies) * cohort->rack_supply->storage / gpus;
}

static clx_smoothing chip_smoothing(const clx_twin_power_case *c, const clx_twin_cohort *cohort) {
  const clx_smoothing_spec *s = &c->scenario->spec.power.smoothing;
  return (clx_smoothing){
      .floor = s->floor * cohort->limit,
      .ramp_up = s->ramp_up,
      .ramp_down = s->ramp_down,
      .hysteresis = s->hysteresis,
      .dummy = s->dummy,
      .dummy_delay = s->dummy_delay,
      .rack_energy = s->rack_energy >= 0 ? s->rack_energy : shelf_storage(&cohort->cohort),
      .rack_power = s->rack_power,
  };
}

static bool is_smoothing(const clx_smoothing *s) {
  return s->floor > 0 || s->ramp_up > 0 || s->ramp_down > 0 || s->dummy > 0 || s->rack_energy > 0;
}

// W of all servers and of all GPUs at work, sample by sample; exact, so that cohorts may be cut in any way.
typedef struct sums {
  double *servers, *busy, *own;  // own: of one cohort
} sums;

// The waves of one stage on one cohort added to those of the pass.
static clx_status add_stage(const clx_twin_power_case *c, const clx_twin_cohort *cohort, const clx_pass_power *gpu,
                            int32_t stage, clx_twin_pass *pass, const sums *sum, clx_error *error) {
  const int32_t samples = gpu->samples;
  const size_t first = (size_t)stage * (size_t)samples;
  const clx_smoothing measures = chip_smoothing(c, cohort);
  const double share = 1.0 / gpu->stages, gpus = (double)cohort->cohort.gpus * cohort->working * share;
  clx_wave wave = {.step = gpu->time / samples, .count = samples, .watt = &gpu->watt[first]};
  if (is_smoothing(&measures)) {
    clx_smoothed out;
    CLX_TRY(clx_smooth(&measures, &wave, 1, true, c->arena, &out, error));
    wave = out.wave;
    pass->burnt += out.burnt * gpus;
    pass->stretch = fmax(pass->stretch, out.stretch);
  }
  const bool node = cohort == pass->node_of;
  const double mean = mean_of(&wave);
  for (int32_t i = 0; i < samples; i++) {
    const double watt = (double)wave.watt[i];
    sum->own[i] += share * clx_twin_cohort_power(cohort, watt, mean, pass->busy_parts).in;
    sum->busy[i] += gpus * watt;
    if (node)
      pass->node.watt[first + (size_t)i] = (float)clx_twin_server_power(cohort, watt, mean, pass->busy_parts).in;
  }
  return CLX_OK;
}

static const clx_twin_cohort *largest_training(const clx_twin_power_case *c) {
  const clx_twin_cohort *most = NULL;
  for (int32_t i = 0; i < c->fleet_count; i++) {
    const clx_twin_cohort *one = &c->fleet[i];
    if (one->cohort.trains && (most == NULL || one->cohort.gpus > most->cohort.gpus)) most = one;
  }
  return most;
}

static clx_status new_waves(const clx_twin_power_case *c, clx_twin_pass *pass, clx_error *error) {
  const int32_t samples = pass->gpu.samples, stages = pass->gpu.stages;
  pass->busy = wave_new(c->arena, pass->gpu.time, samples);
  pass->servers = wave_new(c->arena, pass->gpu.time, samples);
  pass->site = wave_new(c->arena, pass->gpu.time, samples);
  pass->node = wave_new(c->arena, pass->gpu.time * stages, samples * stages);
  const bool ok =
      pass->busy.watt != NULL && pass->servers.watt != NULL && pass->site.watt != NULL && pass->node.watt != NULL;
  return ok ? CLX_OK : clx_fail_plain(error, CLX_MEMORY, "out of memory");
}

// All stages of one cohort; cohorts on one device share its pass.
static clx_status add_cohort(const clx_twin_power_case *c, const clx_twin_cohort *cohort,
                             const clx_exact_options *options, clx_pass kind, double sequences, clx_twin_pass *pass,
                             const sums *sum, clx_error *error) {
  const int32_t samples = pass->gpu.samples;
  if (!cohort->cohort.trains) {
    const double idle = clx_twin_cohort_idle(cohort);
    for (int32_t k = 0; k < samples; k++) sum->own[k] = idle;
    return CLX_OK;
  }
  clx_pass_power own = pass->gpu;
  if (!clx_text_equal(cohort->cohort.device.name, c->job.device->name) ||
      cohort->cohort.device.leak != c->job.device->leak) {
    CLX_TRY(clx_training_power_of(&c->job, options, &cohort->cohort.device, kind, sequences, samples, c->arena, &own,
                                  error));
  }
  for (int32_t stage = 0; stage < own.stages; stage++) CLX_TRY(add_stage(c, cohort, &own, stage, pass, sum, error));
  return CLX_OK;
}

static clx_twin_figures figures_of(const double *watt, clx_wave *scratch) {
  for (int64_t i = 0; i < scratch->count; i++) scratch->watt[i] = (float)watt[i];
  const clx_wave_figures f = clx_wave_figures_of(scratch, 1, 0, NULL);
  return (clx_twin_figures){f.mean, f.least, f.most, fmax(f.ramp_up, f.ramp_down)};
}

static clx_status run_pass(clx_twin_power_case *c, clx_pass kind, double sequences, clx_error *error) {
  const clx_scenario *s = c->scenario;
  clx_twin_pass *pass = &c->pass[kind];
  clx_fleet_part *part = CLX_NEW_ARRAY(c->arena, clx_fleet_part, s->machine.cohort_count);
  if (part == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const clx_exact_options options = {.stragglers = &s->spec.training.stragglers,
                                     .part = part,
                                     .part_count = clx_twin_parts(s, part),
                                     .balance = s->spec.training.balance,
                                     .seed = c->seed,
                                     .steps = 1};
  *pass = (clx_twin_pass){
      .there = true, .stretch = 1, .busy_parts = kind != CLX_PASS_STOPPED, .node_of = largest_training(c)};
  CLX_TRY(clx_training_power(&c->job, &options, kind, sequences, c->samples, c->arena, &pass->gpu, error));
  CLX_TRY(new_waves(c, pass, error));
  const sums sum = {CLX_NEW_ARRAY(c->arena, double, c->samples), CLX_NEW_ARRAY(c->arena, double, c->samples),
                    CLX_NEW_ARRAY(c->arena, double, c->samples)};
  pass->own = CLX_NEW_ARRAY(c->arena, clx_twin_figures, c->fleet_count);
  if (sum.servers == NULL || sum.busy == NULL || sum.own == NULL || pass->own == NULL)
    return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  double busy = 0;
  for (int32_t i = 0; i < c->fleet_count; i++) {
    for (int32_t k = 0; k < c->samples; k++) sum.own[k] = 0;
    CLX_TRY(add_cohort(c, &c->fleet[i], &options, kind, sequences, pass, &sum, error));
    pass->own[i] = figures_of(sum.own, &pass->site);  // not filled yet
    for (int32_t k = 0; k < c->samples; k++) sum.servers[k] += sum.own[k];
    busy += (double)c->fleet[i].cohort.gpus * c->fleet[i].working;
  }
  for (int32_t k = 0; k < pass->gpu.samples; k++) {
    pass->busy.watt[k] = (float)(sum.busy[k] / busy);
    pass->servers.watt[k] = (float)sum.servers[k];
    pass->servers_mean += sum.servers[k] / pass->gpu.samples;
  }
  clx_wave *waves[] = {&pass->busy, &pass->servers, &pass->site};
  for (int32_t k = 0; k < CLX_COUNT(waves); k++) waves[k]->step *= pass->stretch;
  pass->time = pass->gpu.time * pass->stretch;
  return CLX_OK;
}

static double site_power(const clx_twin_power_case *c, double it, double cooling) {
  double extra[CLX_CHAIN_LEVELS_MAX + 1] = {0};
  extra[c->chain.cooling] = cooling;
  return clx_chain_top(&c->chain, it, extra) + (c->chain.cooling == c->chain.count ? cooling : 0);
}

double clx_twin_site_power(const clx_twin_power_case *c, double it, double it_mean) {
  return site_power(c, it, c->overhead * it_mean);
}

double clx_twin_site_peak(const clx_twin_power_case *c) {
  return site_power(c, c->it_peak, c->overhead_peak * c->it_peak);
}

// Cooling follows the mean: pipes, pumps and towers are slower than a step.
static void add_site(const clx_twin_power_case *c, clx_twin_pass *pass) {
  const double beside = c->network + c->storage, mean = pass->servers_mean + beside;
  for (int64_t i = 0; i < pass->site.count; i++)
    pass->site.watt[i] = (float)clx_twin_site_power(c, (double)pass->servers.watt[i] + beside, mean);
}

void clx_twin_power_connect(clx_twin_power_case *c) {
  for (int32_t kind = 0; kind < CLX_PASSES; kind++) {
    if (c->pass[kind].there) add_site(c, &c->pass[kind]);
  }
}

clx_status clx_twin_power_passes(clx_twin_power_case *c, clx_error *error) {
  const clx_evaluation_spec *evaluation = &c->scenario->spec.training.evaluation;
  CLX_TRY(run_pass(c, CLX_PASS_STEP, 0, error));
  if (evaluation->every > 0) CLX_TRY(run_pass(c, CLX_PASS_EVALUATION, (double)evaluation->sequences, error));
  if (c->checkpoint_stall > 0) CLX_TRY(run_pass(c, CLX_PASS_CHECKPOINT, 0, error));
  CLX_TRY(run_pass(c, CLX_PASS_STOPPED, 0, error));
  clx_twin_power_connect(c);
  return CLX_OK;
}
