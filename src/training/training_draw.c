// Time and energy of the work of a layer, by what the GPU does: rates from FLOP, bytes and seconds of the cost model.
#include "training/training_draw.h"

#include <math.h>

#include "training/training_layer.h"

// Accesses to device memory for each byte that a ring sends: the own one and what is added to it are read, what arrives is written.
static const double COPY_ACCESSES = 3;

// Products alone would hold the sustained clock; in a step they take turns with what draws less, and the controller, which holds
// the mean over a second, lets the clock up: one H100 in loops of a block's training (validation/h100_kernels/draw.csv, no pauses)
// runs at 0.70 to 0.93 of boost, median 0.81, where its bf16 products are modelled at 0.72. Halfway to boost, as clx_device_draw_mix has it.
// Products draw what they draw at their own clock, the limit; the others what they draw at this one.
static double shared_clock(double clock) { return (1 + clock) / 2; }

static double stream_rate(const clx_device *device) { return device->memory_bandwidth * device->memory_efficiency; }

static double clock_of(const clx_training *job) {
  const clx_device *device = job->device;
  const clx_format format = clx_precision_format(job->precision);
  const double fixed = device->sustained_clock[format];
  return fixed > 0 ? fmin(1, fixed)
                   : clx_device_sustained_clock(device, format, clx_device_limit(device, job->power_cap));
}

bool clx_device_has_draw(const clx_device *device) { return device->tdp > 0 && device->kernels->power.fit.rows > 0; }

clx_job_draw clx_job_draw_of(const clx_training *job) {
  const clx_device *device = job->device;
  clx_job_draw d = {.job = job, .format = clx_precision_kernel(job->precision), .clock = clock_of(job)};
  d.other_clock = shared_clock(d.clock);
  const double left = clx_device_limit(device, job->power_cap);
  d.limit = left > 0 ? left : device->tdp;
  d.link_energy = device->kernels->power.link;
  for (int32_t kind = 0; kind < CLX_DRAW_KINDS; kind++) {
    const clx_draw_load load = {
        .kind = (clx_draw_kind)kind, .format = d.format, .bytes = kind == CLX_DRAW_STREAM ? stream_rate(device) : 0};
    d.watt[kind] = clx_device_draw(device, &load, kind == CLX_DRAW_MULTIPLY ? d.clock : d.other_clock, d.limit);
  }
  return d;
}

clx_status clx_job_draw_make(const clx_training *job, clx_job_draw *d, clx_error *error) {
  const clx_device *device = job->device;
  if (!clx_device_has_draw(device)) {
    return clx_fail(
        error, CLX_INPUT, job->layout.place,
        "power of %s: its catalogue entry gives no %s; a tdp and power parameters (power: {kernels: NAME}) are needed",
        device->name, device->tdp > 0 ? "power parameters" : "tdp");
  }
  *d = clx_job_draw_of(job);
  return CLX_OK;
}

// --- work of a layer ----------------------------------------------------------------------------------------------------------

// What recompute repeats, by kind: full repeats the forward pass as it is mixed, selective the parts that the profile names.
typedef struct repeated {
  double gemm, attention, stream;
} repeated;

static repeated repeated_of(const clx_training *job, const clx_layer_cost *c) {
  if (c->repeat <= 0) return (repeated){0, 0, 0};
  const double all = clx_layer_compute(c, CLX_FORWARD);
  if (clx_training_recompute(job) == CLX_RECOMPUTE_FULL) {
    const double share = all > 0 ? c->repeat / all : 0;
    return (repeated){share * c->gemm[0], share * c->attention[0], share * c->stream[0]};
  }
  const bool again = !clx_training_fused_attention(job) || job->software->selective_attention;
  const double gemm = fmin(c->repeat, job->software->selective_gemm * c->gemm[0]);
  const double attention = again ? fmin(c->repeat - gemm, c->attention[0]) : 0;
  return (repeated){gemm, attention, c->repeat - gemm - attention};
}

clx_draw_work clx_draw_work_of(const clx_training *job, const clx_layer_cost *c, int32_t pass) {
  const repeated again = repeated_of(job, c), now = pass == CLX_BACKWARD ? again : (repeated){0, 0, 0};
  const double gemm_all = c->gemm[0] + c->gemm[1] + again.gemm, gemm = c->gemm[pass] + now.gemm;
  const double attention_all = c->attention[0] + c->attention[1] + again.attention;
  const double attention = c->attention[pass] + now.attention;
  const double of_gemm = gemm_all > 0 ? gemm / gemm_all : 0,
               of_attention = attention_all > 0 ? attention / attention_all : 0;
  clx_draw_work w = {.gemm_flop = of_gemm * (c->flop - c->attention_flop),
                     .gemm_bytes = of_gemm * c->gemm_bytes,
                     .attention_flop = of_attention * c->attention_flop,
                     .attention_bytes = of_attention * c->attention_bytes,
                     .link_bytes = c->link_bytes[pass],
                     .link_time = c->link_time[pass]};
  w.time[CLX_DRAW_MULTIPLY] = gemm;
  w.time[CLX_DRAW_ATTENTION] = attention;
  w.time[CLX_DRAW_STREAM] = c->stream[pass] + now.stream;
  w.time[CLX_DRAW_WAIT] = c->launch[pass];
  w.time[CLX_DRAW_COMMUNICATE] = c->tp[pass] + c->cp[pass] + c->ep[pass] + c->fsdp[pass] + c->contention[pass];
  if (pass == CLX_BACKWARD) w.time[CLX_DRAW_COMMUNICATE] += c->repeat_tp + c->repeat_cp + c->repeat_ep;
  return w;
}

clx_draw_work clx_draw_work_weight(const clx_training *job, const clx_layer_cost *c) {
  const double all = c->gemm[0] + c->gemm[1] + repeated_of(job, c).gemm, time = fmin(c->weight, c->gemm[1]);
  const double share = all > 0 ? time / all : 0;
  clx_draw_work w = {.gemm_flop = share * (c->flop - c->attention_flop), .gemm_bytes = share * c->gemm_bytes};
  w.time[CLX_DRAW_MULTIPLY] = time;
  return w;
}

void clx_draw_work_add(clx_draw_work *sum, const clx_draw_work *one, double times) {
  for (int32_t k = 0; k < CLX_DRAW_KINDS; k++) sum->time[k] += times * one->time[k];
  sum->gemm_flop += times * one->gemm_flop;
  sum->gemm_bytes += times * one->gemm_bytes;
  sum->attention_flop += times * one->attention_flop;
  sum->attention_bytes += times * one->attention_bytes;
  sum->link_bytes += times * one->link_bytes;
  sum->link_time += times * one->link_time;
}

// --- its energy ---------------------------------------------------------------------------------------------------------------

static double per_second(double amount, double time) { return time > 0 ? fmax(0, amount) / time : 0; }

// Where a collective shows, its bytes pass at its own rate; the rest of them passes behind the products.
clx_draw_sum clx_draw_sum_of(const clx_job_draw *d, const clx_draw_work *w) {
  const clx_device *device = d->job->device;
  const double *time = w->time;
  const double link = per_second(w->link_bytes, w->link_time);
  const double hidden = link * fmax(0, w->link_time - time[CLX_DRAW_COMMUNICATE]);
  const clx_draw_load load[CLX_DRAW_KINDS] = {
      [CLX_DRAW_COMMUNICATE] = {.bytes = COPY_ACCESSES * link, .link = link},
      [CLX_DRAW_ATTENTION] = {.flop = per_second(w->attention_flop, time[CLX_DRAW_ATTENTION]),
                              .bytes = per_second(w->attention_bytes, time[CLX_DRAW_ATTENTION])},
      [CLX_DRAW_MULTIPLY] = {.flop = per_second(w->gemm_flop, time[CLX_DRAW_MULTIPLY]),
                             .bytes = per_second(w->gemm_bytes, time[CLX_DRAW_MULTIPLY]),
                             .link = per_second(hidden, time[CLX_DRAW_MULTIPLY])}};
  clx_draw_sum sum = {0};
  for (int32_t kind = 0; kind < CLX_DRAW_KINDS; kind++) {
    if (time[kind] <= 0) continue;
    clx_draw_load one = load[kind];
    one.kind = (clx_draw_kind)kind;
    one.format = kind == CLX_DRAW_MULTIPLY ? d->format : CLX_KERNEL_BF16;
    const bool loaded = one.flop > 0 || one.bytes > 0 || one.link > 0;
    sum.time[kind] = time[kind];
    const double clock = kind == CLX_DRAW_MULTIPLY ? d->clock : d->other_clock;
    sum.energy[kind] = time[kind] * (loaded ? clx_device_draw(device, &one, clock, d->limit) : d->watt[kind]);
  }
  return sum;
}

double clx_draw_sum_time(const clx_draw_sum *s) {
  double all = 0;
  for (int32_t k = 0; k < CLX_DRAW_KINDS; k++) all += s->time[k];
  return all;
}

double clx_draw_sum_energy(const clx_draw_sum *s) {
  double all = 0;
  for (int32_t k = 0; k < CLX_DRAW_KINDS; k++) all += s->energy[k];
  return all;
}

void clx_draw_sum_add(clx_draw_sum *sum, const clx_draw_sum *one, double times) {
  for (int32_t k = 0; k < CLX_DRAW_KINDS; k++) {
    sum->time[k] += times * one->time[k];
    sum->energy[k] += times * one->energy[k];
  }
}

void clx_draw_sum_put(clx_draw_sum *sum, const clx_job_draw *d, clx_draw_kind kind, double time) {
  sum->time[kind] += time;
  sum->energy[kind] += time * d->watt[kind];
}
