// Whether a model can be served by a group of GPUs.
#include <math.h>

#include "serving/serving_internal.h"
#include "serving/serving_pipeline.h"

double clx_serving_weight_bytes(const clx_serving *s) {
  double most = 0;
  for (int32_t k = 0; k < clx_serving_stages(s); k++) most = fmax(most, clx_serving_stage_weight_bytes(s, k));
  return most;
}

static clx_status check_layout(const clx_serving *s, clx_error *error) {
  const clx_transformer *m = s->model;
  if (s->tp < 1 || s->dp < 1 || s->ep < 1 || s->etp < 1)
    return clx_fail_plain(error, CLX_INPUT,
                          "a serving layout needs tp, dp, ep and etp of at least 1, read %d, %d, %d, %d", s->tp, s->dp,
                          s->ep, s->etp);
  if (clx_serving_stages(s) > m->layers)
    return clx_fail_plain(error, CLX_INPUT, "%d layers of %s cannot be cut into %d stages", m->layers, m->name, s->pp);
  if (m->heads % s->tp != 0)
    return clx_fail_plain(error, CLX_INPUT, "%d heads of %s cannot be cut into %d equal parts", m->heads, m->name,
                          s->tp);
  if (m->experts > 0 && s->ep * s->etp != s->tp * s->dp)
    return clx_fail_plain(error, CLX_INPUT,
                          "experts over ep %d x etp %d need as many GPUs as attention has, tp %d x dp %d", s->ep,
                          s->etp, s->tp, s->dp);
  if (m->experts > 0 && s->copies > 0 && (m->experts + s->copies) % s->ep != 0)
    return clx_fail_plain(error, CLX_INPUT, "%d experts and %d copies cannot be dealt evenly to %d ranks", m->experts,
                          s->copies, s->ep);
  if (m->experts > 0 && ((s->copies == 0 && m->experts % s->ep != 0) || m->expert_ffn % s->etp != 0))
    return clx_fail_plain(error, CLX_INPUT, "%d experts of width %d cannot be cut over ep %d x etp %d", m->experts,
                          m->expert_ffn, s->ep, s->etp);
  if (m->experts == 0 && m->ffn % s->tp != 0)
    return clx_fail_plain(error, CLX_INPUT, "feed-forward width %d of %s cannot be cut over tp %d", m->ffn, m->name,
                          s->tp);
  return CLX_OK;
}

static clx_status check_format(const clx_serving *s, clx_kernel_format format, clx_error *error) {
  const bool narrow = format == CLX_KERNEL_FP8 || format == CLX_KERNEL_FP8_BLOCK;
  if (format == CLX_KERNEL_NVFP4 && s->device->peak[CLX_FP4] <= 0)
    return clx_fail_plain(error, CLX_INPUT, "%s has no fp4 arithmetic, which weights in %s need", s->device->name,
                          clx_weights_name[s->weights]);
  if (!narrow || s->device->peak[CLX_FP8] > 0) return CLX_OK;
  return clx_fail_plain(error, CLX_INPUT, "%s has no fp8 arithmetic, which weights in %s need", s->device->name,
                        clx_weights_name[s->weights]);
}

clx_status clx_serving_check_model(const clx_transformer *m, clx_error *error) {
  if (!m->encoder) return CLX_OK;
  return clx_fail_plain(error, CLX_INPUT,
                        "%s is an encoder, which makes no tokens one after another; expected a model that generates",
                        m->name);
}

clx_status clx_serving_check(const clx_serving *s, clx_error *error) {
  const clx_device *d = s->device;
  if (s->model->layers < 1 || s->model->hidden < 1)
    return clx_fail_plain(error, CLX_INPUT, "%s is a family without dimensions: it cannot be served", s->model->name);
  CLX_TRY(clx_serving_check_model(s->model, error));
  CLX_TRY(check_layout(s, error));
  if (d->processors < 1 || d->clock <= 0 || d->memory_bandwidth <= 0 || d->l2 <= 0 || d->tdp <= 0)
    return clx_fail_plain(error, CLX_INPUT, "%s: processors, clock, memory bandwidth, l2 or tdp are not known",
                          d->name);
  const clx_weight_formats f = clx_weight_formats_of(s->weights);
  CLX_TRY(check_format(s, f.ffn, error));
  CLX_TRY(check_format(s, f.experts, error));
  const double bytes = clx_serving_weight_bytes(s);
  if (d->memory > 0 && bytes > d->memory)
    return clx_fail_plain(error, CLX_INPUT, "weights of %s take %.4g GB on each of %d GPUs, %s has %.4g GB",
                          s->model->name, bytes / 1e9, s->tp * s->dp * clx_serving_stages(s), d->name, d->memory / 1e9);
  return CLX_OK;
}
