// Energy in samples, and what is read from them.
#include "training/training_canvas.h"

#include <math.h>

clx_status clx_canvas_make(const clx_job_draw *draw, double time, int32_t stages, int32_t samples, clx_arena *arena,
                           clx_canvas *c, clx_error *error) {
  *c = (clx_canvas){.draw = draw, .time = time, .stages = stages, .samples = samples, .weight = 1};
  c->energy = CLX_NEW_ARRAY(arena, double, (int64_t)stages *samples);
  if (c->energy == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  return CLX_OK;
}

static int32_t sample_at(const clx_canvas *c, double time) {
  const double at = time / c->time * c->samples;
  return at <= 0 ? 0 : at >= c->samples ? c->samples - 1 : (int32_t)at;
}

void clx_canvas_spread(clx_canvas *c, int32_t stage, double start, double end, double energy) {
  double *row = &c->energy[(size_t)stage * (size_t)c->samples];
  const int32_t first = sample_at(c, start), last = sample_at(c, end);
  const double all = c->weight * energy;
  if (first == last || !(end > start)) {
    row[first] += all;
    return;
  }
  const double dt = c->time / c->samples, whole = all * dt / (end - start);
  const double head = all * fmax(0, (first + 1) * dt - start) / (end - start);
  row[first] += head;
  for (int32_t i = first + 1; i < last; i++) row[i] += whole;
  row[last] += all - head - whole * (last - first - 1);
}

void clx_canvas_put(clx_canvas *c, int32_t stage, clx_draw_kind kind, double start, double end) {
  if (!(end > start)) return;
  clx_canvas_spread(c, stage, start, end, (end - start) * c->draw->watt[kind]);
  clx_draw_sum_put(&c->total, c->draw, kind, c->weight * (end - start));
}

void clx_canvas_replace_wait(clx_canvas *c, int32_t stage, clx_draw_kind kind, double start, double end) {
  if (!(end > start)) return;
  const double more = c->draw->watt[kind] - c->draw->watt[CLX_DRAW_WAIT];
  clx_canvas_spread(c, stage, start, end, (end - start) * more);
  clx_draw_sum_put(&c->total, c->draw, kind, c->weight * (end - start));
  clx_draw_sum_put(&c->total, c->draw, CLX_DRAW_WAIT, -c->weight * (end - start));
}

// --- what is read -------------------------------------------------------------------------------------------------------------

// y follows x (constant within a sample) as lag y' = x - y; means of y over the samples of a pass that repeats. What is left at the
// end is there at the start, so that no energy is lost.
static void follow(double *x, int32_t samples, double dt, double lag) {
  if (lag <= 0) return;
  const double keep = exp(-dt / lag), gone = 1 - keep, reach = lag / dt * gone;
  double y = 0;
  for (int32_t i = 0; i < samples; i++) y = y * keep + x[i] * gone;
  y /= 1 - pow(keep, samples);
  for (int32_t i = 0; i < samples; i++) {
    const double load = x[i];
    x[i] = load + (y - load) * reach;
    y = load + (y - load) * keep;
  }
}

static void fill_shares(const clx_canvas *c, clx_pass_power *p) {
  const double all = c->time * c->stages;
  for (int32_t k = 0; k < CLX_DRAW_KINDS; k++) {
    const double time = c->total.time[k];
    const bool some = time > 1e-12 * all;
    p->share[k] = some ? time / all : 0;
    p->draw[k] = some ? c->total.energy[k] / time : c->draw->watt[k];
  }
}

clx_status clx_canvas_finish(const clx_canvas *c, double ranks, double lag, clx_arena *arena, clx_pass_power *p,
                             clx_error *error) {
  *p = (clx_pass_power){.time = c->time,
                        .dt = c->time / c->samples,
                        .samples = c->samples,
                        .stages = c->stages,
                        .ranks = ranks,
                        .clock = c->draw->clock};
  p->watt = CLX_NEW_ARRAY(arena, float, (int64_t)c->stages * c->samples);
  double *mean = CLX_NEW_ARRAY(arena, double, c->samples);
  if (p->watt == NULL || mean == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t s = 0; s < c->stages; s++) {
    double *row = &c->energy[(size_t)s * (size_t)c->samples];
    for (int32_t i = 0; i < c->samples; i++) row[i] /= p->dt;
    follow(row, c->samples, p->dt, lag);
    for (int32_t i = 0; i < c->samples; i++) {
      p->watt[(size_t)s * (size_t)c->samples + (size_t)i] = (float)row[i];
      mean[i] += row[i] / c->stages;
    }
  }
  p->least = p->most = mean[0];
  for (int32_t i = 0; i < c->samples; i++) {
    p->least = fmin(p->least, mean[i]);
    p->most = fmax(p->most, mean[i]);
    p->mean += mean[i] / c->samples;
  }
  fill_shares(c, p);
  if (!(p->mean > 0) || !isfinite(p->most)) {
    return clx_fail(error, CLX_INTERNAL, c->draw->job->layout.place, "the power of a GPU came out as %g W", p->mean);
  }
  return CLX_OK;
}
