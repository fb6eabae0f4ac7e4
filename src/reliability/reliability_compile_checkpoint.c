// What a checkpoint costs, from its size and what carries it, and how often to take one.
#include <math.h>

#include "reliability/reliability_compile_internal.h"
#include "reliability/reliability_forms.h"

// No published checkpoint stops a job for less (ByteRobust table 8: 0.02 s on 16,384 GPUs).
static const double STALL_LEAST = 0.02;

static bool needs_storage(const clx_reliability_spec *spec) {
  const int32_t mode = spec->checkpoint.mode;
  if (spec->checkpoint.load < 0) return true;
  return mode == CLX_CHECKPOINT_SYNC ? spec->checkpoint.stall < 0 : spec->checkpoint.lag < 0;
}

clx_status clx_reliability_check_checkpoint(const clx_reliability_build *b) {
  const clx_reliability_spec *spec = b->spec;
  const int32_t mode = spec->checkpoint.mode;
  if (mode == CLX_CHECKPOINT_NONE) return CLX_OK;
  if (needs_storage(spec) && spec->checkpoint.write <= 0) {
    return clx_fail(b->error, CLX_INPUT,
                    spec->checkpoint.write_place.line > 0 ? spec->checkpoint.write_place : spec->place,
                    "'reliability.checkpoint.write' is 0 B/s with checkpoints of mode %s asked for: give the bandwidth "
                    "of the storage, the times themselves (stall, lag, load), or mode none",
                    clx_checkpoint_mode_name[mode]);
  }
  if (mode == CLX_CHECKPOINT_SYNC && spec->checkpoint.lag > 0) {
    return clx_fail(b->error, CLX_INPUT, spec->place,
                    "'reliability.checkpoint.lag' is %g s with mode sync: a synchronous checkpoint counts when the job "
                    "goes on; give the time as its stall",
                    spec->checkpoint.lag);
  }
  if (spec->checkpoint.rule == CLX_INTERVAL_FIXED && spec->checkpoint.interval <= 0) {
    return clx_fail(b->error, CLX_INPUT, spec->place,
                    "'reliability.checkpoint.interval' is missing: rule fixed needs the work between two checkpoints");
  }
  if (spec->checkpoint.rule != CLX_INTERVAL_FIXED && spec->checkpoint.interval > 0) {
    return clx_fail(b->error, CLX_INPUT, spec->checkpoint.interval_place,
                    "'reliability.checkpoint.interval' is %g s with the rule %s, which finds it: set rule fixed",
                    spec->checkpoint.interval, clx_interval_rule_name[spec->checkpoint.rule]);
  }
  return CLX_OK;
}

static clx_status check_bytes(const clx_reliability_build *b, double bytes) {
  if (bytes > 0 || !(needs_storage(b->spec) || b->spec->checkpoint.stall < 0)) return CLX_OK;
  return clx_fail(b->error, CLX_INPUT, b->spec->place,
                  "'reliability.checkpoint.bytes' is missing: the size of a checkpoint does not follow from the job");
}

clx_status clx_reliability_compile_checkpoint(const clx_reliability_build *b, int32_t stage,
                                              clx_checkpoint_plan *plan) {
  const clx_reliability_spec *spec = b->spec;
  const clx_reliability_site_stage *site = &b->site->stage[stage];
  *plan =
      (clx_checkpoint_plan){.mode = spec->checkpoint.mode, .remote_every = 1, .survives = spec->checkpoint.survives};
  if (plan->mode == CLX_CHECKPOINT_NONE) return CLX_OK;
  const double bytes = spec->checkpoint.bytes > 0 ? spec->checkpoint.bytes : site->checkpoint_bytes;
  CLX_TRY(check_bytes(b, bytes));
  // Each of several jobs has its part of the bandwidth and of the GPUs.
  const double part = spec->checkpoint.share / spec->jobs, write = spec->checkpoint.write * part,
               read = (spec->checkpoint.read > 0 ? spec->checkpoint.read : spec->checkpoint.write) * part,
               gpus = (double)site->gpus / spec->jobs;
  const double written = write > 0 ? bytes / write : 0, loaded = read > 0 ? bytes / read : 0,
               copied = fmax(bytes / (gpus * spec->checkpoint.copy), STALL_LEAST);
  plan->load = spec->checkpoint.load >= 0 ? spec->checkpoint.load : loaded;
  plan->load_memory = fmin(copied, plan->load);
  if (plan->mode == CLX_CHECKPOINT_SYNC) {
    plan->stall = spec->checkpoint.stall >= 0 ? spec->checkpoint.stall : written;
    return CLX_OK;
  }
  plan->stall = spec->checkpoint.stall >= 0 ? spec->checkpoint.stall : copied;
  const double lag = spec->checkpoint.lag >= 0 ? spec->checkpoint.lag : written;
  if (plan->mode == CLX_CHECKPOINT_ASYNC) {
    plan->lag = lag;
    return CLX_OK;
  }
  // Copied once more, to a peer, behind the work; from there to storage as an asynchronous one.
  plan->lag = plan->stall;
  plan->remote_every = spec->checkpoint.remote_every;
  plan->remote_stall = 0;  // it is in the host's memory already
  plan->remote_lag = lag;
  return CLX_OK;
}

// --- intervals -------------------------------------------------------------------------------------------------------------------

// A checkpoint begins when the one before it counts.
static double least_interval(const clx_checkpoint_plan *plan) {
  const double remote = plan->mode == CLX_CHECKPOINT_MEMORY ? plan->remote_lag / plan->remote_every : 0;
  return fmax(plan->lag, remote);
}

static clx_status check_fixed(const clx_reliability_build *b, const clx_checkpoint_plan *plan) {
  const clx_reliability_spec *spec = b->spec;
  const clx_place place = spec->checkpoint.interval_place.line > 0 ? spec->checkpoint.interval_place : spec->place;
  const double least = least_interval(plan);
  if (plan->interval < least) {
    return clx_fail(b->error, CLX_INPUT, place,
                    "'reliability.checkpoint.interval': %g s is shorter than the %g s until a checkpoint counts: the "
                    "next one would begin before; raise the interval or the bandwidth",
                    plan->interval, least);
  }
  return CLX_OK;
}

static double by_rule(const clx_reliability_build *b, int32_t stage, const clx_checkpoint_plan *plan) {
  const double rate = clx_reliability_stop_rate(b->model, 0, stage, NULL), all = b->model->job[0].work;
  const double whole = isfinite(all) ? all : b->model->horizon;
  if (rate <= 0) return whole;  // nothing fails: none is needed before the end
  switch (b->spec->checkpoint.rule) {
    case CLX_INTERVAL_YOUNG:
      return clx_interval_young(1 / rate, plan->stall);
    case CLX_INTERVAL_DALY:
      return clx_interval_daly(1 / rate, plan->stall);
    default:
      return clx_reliability_best_interval(b->model, 0, stage, NULL);
  }
}

static clx_status set_interval(const clx_reliability_build *b, int32_t stage, bool *said) {
  clx_checkpoint_plan *plan = &b->model->job[0].stage[stage].checkpoint;
  if (plan->mode == CLX_CHECKPOINT_NONE) return CLX_OK;
  if (b->spec->checkpoint.rule == CLX_INTERVAL_FIXED) {
    plan->interval = b->spec->checkpoint.interval;
    return check_fixed(b, plan);
  }
  const double wanted = by_rule(b, stage, plan), least = fmax(least_interval(plan), 1);
  plan->interval = fmax(wanted, least);
  if (wanted < least && !*said) {
    *said = true;
    clx_reliability_say(b, "checkpoint.interval",
                        "the rule %s asks for %.3g s; the interval is %.3g s, as a checkpoint counts no sooner",
                        clx_interval_rule_name[b->spec->checkpoint.rule], wanted, least);
  }
  return CLX_OK;
}

clx_status clx_reliability_compile_intervals(const clx_reliability_build *b) {
  bool said = false;
  for (int32_t i = 0; i < b->site->stage_count; i++) CLX_TRY(set_interval(b, i, &said));
  return CLX_OK;
}
