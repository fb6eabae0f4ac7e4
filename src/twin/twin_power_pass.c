// The passes of the job as waves: from a GPU through servers and chain to the point of connection.
#include <math.h>
#include <string.h>

#include "twin/twin_power.h"

double clx_twin_gpu_limit(const clx_training *job, const clx_cohort *cohort) {
  const double cap = cohort->trains ? job->power_cap : 0;
  return cap > 0 ? fmin(cap, cohort->device.tdp) : cohort->device.tdp;
}

static double training_gpus(const clx_machine *m) {
  double gpus = 0;
  for (int32_t i = 0; i < m->cohort_count; i++) gpus += m->cohort[i].trains ? (double)m->cohort[i].gpus : 0;
  return gpus;
}

double clx_twin_working(const clx_twin_power_case *c, const clx_cohort *cohort) {
  if (!cohort->trains) return 0;
  return fmin(1, clx_layout_ranks(&c->job.layout) / training_gpus(&c->scenario->machine));
}

static clx_wave wave_new(clx_arena *arena, double time, int32_t samples) {
  clx_wave wave = {.step = time / samples, .count = samples};
  wave.watt = CLX_NEW_ARRAY(arena, float, samples);
  return wave;
}

// How the power of a cohort's GPUs follows from that of the job's device: as far above waiting, times a factor.
typedef struct likeness {
  double wait, own_wait, factor;
} likeness;

static double like(const likeness *l, double watt) { return l->own_wait + l->factor * (watt - l->wait); }

// Another device does the same work in its own time and waits for the rest of the step.
static clx_status likeness_of(const clx_twin_power_case *c, const clx_cohort *cohort, const clx_exact_options *options,
                              clx_pass kind, double sequences, const clx_pass_power *gpu, likeness *l,
                              clx_error *error) {
  const clx_draw_load wait = {.kind = CLX_DRAW_WAIT};
  *l = (likeness){.factor = 1};
  if (clx_text_equal(cohort->device.name, c->job.device->name)) return CLX_OK;
  clx_training own = c->job;
  clx_pass_power power;
  own.device = &cohort->device;
  clx_exact_options alone = *options;
  alone.part = NULL;
  alone.part_count = 0;
  CLX_TRY(clx_training_power(&own, &alone, kind, sequences, c->samples, c->arena, &power, error));
  l->wait = clx_device_draw(c->job.device, &wait, 1, c->job.power_cap);
  l->own_wait = clx_device_draw(&cohort->device, &wait, 1, clx_twin_gpu_limit(&c->job, cohort));
  const double busy = (power.mean - l->own_wait) * fmin(power.time, gpu->time) / gpu->time;
  if (gpu->mean > l->wait) l->factor = fmax(0, busy / (gpu->mean - l->wait));
  return CLX_OK;
}

static clx_smoothing chip_smoothing(const clx_twin_power_case *c, const clx_cohort *cohort) {
  const clx_smoothing_spec *s = &c->scenario->spec.power.smoothing;
  return (clx_smoothing){
      .floor = s->floor * clx_twin_gpu_limit(&c->job, cohort),
      .ramp_up = s->ramp_up,
      .ramp_down = s->ramp_down,
      .hysteresis = s->hysteresis,
      .dummy = s->dummy,
      .dummy_delay = s->dummy_delay,
      .rack_energy = s->rack_energy >= 0 ? s->rack_energy : clx_cohort_storage(cohort),
      .rack_power = s->rack_power,
  };
}

static bool is_smoothing(const clx_smoothing *s) {
  return s->floor > 0 || s->ramp_up > 0 || s->ramp_down > 0 || s->dummy > 0 || s->rack_energy > 0;
}

// The waves of one stage on one cohort added to those of the pass.
static clx_status add_stage(const clx_twin_power_case *c, const clx_cohort *cohort, const likeness *l, int32_t stage,
                            clx_twin_pass *pass, clx_error *error) {
  const int32_t samples = pass->gpu.samples;
  const clx_smoothing measures = chip_smoothing(c, cohort);
  const double working = clx_twin_working(c, cohort), share = 1.0 / pass->gpu.stages;
  const double gpus = (double)cohort->gpus * working * share;
  clx_wave wave = wave_new(c->arena, pass->gpu.time, samples);
  if (wave.watt == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < samples; i++) {
    wave.watt[i] = (float)like(l, (double)pass->gpu.watt[(size_t)stage * (size_t)samples + (size_t)i]);
  }
  if (is_smoothing(&measures)) {
    clx_smoothed out;
    CLX_TRY(clx_smooth(&measures, &wave, 1, true, c->arena, &out, error));
    wave = out.wave;
    pass->burnt += out.burnt * gpus;
    pass->stretch = fmax(pass->stretch, out.stretch);
  }
  for (int32_t i = 0; i < samples; i++) {
    const double watt = (double)wave.watt[i];
    pass->servers.watt[i] += (float)(share * clx_twin_cohort_power(cohort, working, watt));
    pass->busy.watt[i] += (float)(gpus * watt);
  }
  if (pass->node.watt != NULL && cohort == pass->node_cohort) {
    for (int32_t i = 0; i < samples; i++) {
      pass->node.watt[(size_t)stage * (size_t)samples + (size_t)i] =
          (float)(clx_twin_cohort_power(cohort, 1, (double)wave.watt[i]) / (double)cohort->servers);
    }
  }
  return CLX_OK;
}

static const clx_cohort *largest_training(const clx_machine *m) {
  const clx_cohort *most = NULL;
  for (int32_t i = 0; i < m->cohort_count; i++) {
    const clx_cohort *c = &m->cohort[i];
    if (c->trains && (most == NULL || c->gpus > most->gpus)) most = c;
  }
  return most;
}

static clx_status run_pass(clx_twin_power_case *c, clx_pass kind, double sequences, clx_error *error) {
  const clx_scenario *s = c->scenario;
  const clx_machine *m = &s->machine;
  clx_twin_pass *pass = &c->pass[kind];
  clx_fleet_part *part = CLX_NEW_ARRAY(c->arena, clx_fleet_part, m->cohort_count);
  if (part == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const clx_exact_options options = {.stragglers = &s->spec.training.stragglers,
                                     .part = part,
                                     .part_count = clx_twin_parts(s, part),
                                     .balance = s->spec.training.balance,
                                     .seed = c->seed,
                                     .steps = 1};
  *pass = (clx_twin_pass){.there = true, .stretch = 1, .node_cohort = largest_training(m)};
  CLX_TRY(clx_training_power(&c->job, &options, kind, sequences, c->samples, c->arena, &pass->gpu, error));
  const int32_t samples = pass->gpu.samples;
  pass->busy = wave_new(c->arena, pass->gpu.time, samples);
  pass->servers = wave_new(c->arena, pass->gpu.time, samples);
  pass->site = wave_new(c->arena, pass->gpu.time, samples);
  pass->node = wave_new(c->arena, pass->gpu.time * pass->gpu.stages, samples * pass->gpu.stages);
  if (pass->busy.watt == NULL || pass->servers.watt == NULL || pass->site.watt == NULL || pass->node.watt == NULL)
    return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  double busy = 0;
  for (int32_t i = 0; i < m->cohort_count; i++) {
    const clx_cohort *cohort = &m->cohort[i];
    if (!cohort->trains) {
      for (int32_t k = 0; k < samples; k++) pass->servers.watt[k] += (float)clx_twin_cohort_power(cohort, 0, 0);
      continue;
    }
    likeness l;
    CLX_TRY(likeness_of(c, cohort, &options, kind, sequences, &pass->gpu, &l, error));
    busy += (double)cohort->gpus * clx_twin_working(c, cohort);
    for (int32_t stage = 0; stage < pass->gpu.stages; stage++) CLX_TRY(add_stage(c, cohort, &l, stage, pass, error));
  }
  pass->time = pass->gpu.time * pass->stretch;
  for (int32_t k = 0; k < samples; k++) pass->busy.watt[k] /= (float)busy;
  clx_wave *waves[] = {&pass->busy, &pass->servers, &pass->site};
  for (int32_t k = 0; k < CLX_COUNT(waves); k++) waves[k]->step *= pass->stretch;
  return CLX_OK;
}

static double mean_of(const clx_wave *wave) {
  double sum = 0;
  for (int64_t i = 0; i < wave->count; i++) sum += (double)wave->watt[i];
  return sum / (double)wave->count;
}

double clx_twin_site_power(const clx_twin_power_case *c, double it, double it_mean) {
  return clx_chain_top(&c->chain, it, c->extra) + c->overhead * it_mean;
}

// Cooling follows the mean: pipes, pumps and towers are slower than a step.
static void add_site(const clx_twin_power_case *c, clx_twin_pass *pass) {
  const double beside = c->network + c->storage, mean = mean_of(&pass->servers) + beside;
  for (int64_t i = 0; i < pass->site.count; i++)
    pass->site.watt[i] = (float)clx_twin_site_power(c, (double)pass->servers.watt[i] + beside, mean);
}

clx_status clx_twin_power_passes(clx_twin_power_case *c, clx_error *error) {
  const clx_evaluation_spec *evaluation = &c->scenario->spec.training.evaluation;
  CLX_TRY(run_pass(c, CLX_PASS_STEP, 0, error));
  if (evaluation->every > 0) CLX_TRY(run_pass(c, CLX_PASS_EVALUATION, (double)evaluation->sequences, error));
  if (c->checkpoint_stall > 0) CLX_TRY(run_pass(c, CLX_PASS_CHECKPOINT, 0, error));
  CLX_TRY(run_pass(c, CLX_PASS_STOPPED, 0, error));
  for (int32_t kind = 0; kind < CLX_PASSES; kind++) {
    if (c->pass[kind].there) add_site(c, &c->pass[kind]);
  }
  return CLX_OK;
}
