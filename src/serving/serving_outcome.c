#include "serving/serving_outcome.h"

#include <math.h>

#include "chance/chance.h"

bool clx_slo_kept(const clx_slo_spec *slo, const clx_request *q, const clx_served *s, double front) {
  if (!clx_served_ended(s)) return false;
  const double tpot = q->output > 1 ? (s->last - s->first) / (q->output - 1) : 0;
  return !(slo->ttft > 0 && s->first - s->asked + front > slo->ttft) && !(slo->tpot > 0 && tpot > slo->tpot) &&
         !(slo->e2e > 0 && s->last - s->asked + front > slo->e2e);
}

static clx_serving_latency latency_of(double *value, int32_t count) {
  clx_serving_latency l = {.count = count};
  if (count == 0) return l;
  clx_sort(value, count);
  for (int32_t i = 0; i < count; i++) l.mean += value[i] / count;
  l.p50 = clx_percentile(value, count, 0.5);
  l.p90 = clx_percentile(value, count, 0.9);
  l.p95 = clx_percentile(value, count, 0.95);
  l.p99 = clx_percentile(value, count, 0.99);
  return l;
}

static clx_serving_latency gaps_of(const clx_sketch *sketch) {
  return (clx_serving_latency){.mean = clx_sketch_mean(sketch),
                               .p50 = clx_sketch_quantile(sketch, 0.5),
                               .p90 = clx_sketch_quantile(sketch, 0.9),
                               .p95 = clx_sketch_quantile(sketch, 0.95),
                               .p99 = clx_sketch_quantile(sketch, 0.99),
                               .count = sketch->count};
}

// What is summed up: the requests of some tenants, each with what it was promised.
typedef struct view {
  const clx_requests *requests;
  const clx_engine_result *run;
  const clx_serving_promise *promise;  // [tenants], or one for all
  bool alike;
  const bool *keep;  // [tenants]; NULL = all
  double warmup;
} view;

static const clx_serving_promise *promise_of(const view *v, const clx_request *q) {
  return v->alike ? v->promise : &v->promise[q->tenant];
}

static bool is_kept(const view *v, const clx_request *q) { return v->keep == NULL || v->keep[q->tenant]; }

typedef struct window {
  double from, until;  // s
} window;

// From the end of the warm-up to the last request that is asked; where all come at once, to the last token. Half-open, (from, until]: answers
// of a closed loop end where the next requests are asked, so that both edges would count a wave more than the time between them holds.
static window window_of(const clx_requests *requests, const clx_engine_result *run, double warmup) {
  window w = {.from = INFINITY, .until = 0};
  double last = 0;
  for (int32_t i = 0; i < requests->count; i++) {
    const clx_served *s = &run->served[i];
    if (s->asked < 0) continue;
    if (s->asked >= warmup) w.from = fmin(w.from, s->asked);
    w.until = fmax(w.until, s->asked);
    last = fmax(last, s->last);
  }
  if (!(w.until > w.from)) w.until = fmax(last, w.from);
  return w;
}

static bool is_in(const window *w, double time) { return time > w->from && time <= w->until; }

// Tokens of an answer that fall into the window, made evenly from the first to the last.
static double output_in(const window *w, const clx_request *q, const clx_served *s) {
  if (!clx_served_ended(s)) return 0;
  const double first = is_in(w, s->first);
  if (!(s->last > s->first)) return first * q->output;
  const double overlap = fmin(s->last, w->until) - fmax(s->first, w->from);
  return first + (q->output - 1) * fmax(0, overlap) / (s->last - s->first);
}

static void count_rates(const view *v, clx_serving_outcome *out) {
  const window w = window_of(v->requests, v->run, v->warmup);
  double kept = 0;
  out->window = fmax(0, w.until - w.from);
  for (int32_t i = 0; i < v->requests->count; i++) {
    const clx_request *q = &v->requests->item[i];
    const clx_served *s = &v->run->served[i];
    const clx_serving_promise *promise = promise_of(v, q);
    if (s->asked < 0 || !is_kept(v, q)) continue;
    out->output += output_in(&w, q, s);
    out->input += is_in(&w, s->first) ? q->prompt : 0;
    out->requests += clx_served_ended(s) && is_in(&w, s->last);
    if (s->asked < v->warmup) continue;
    out->counted++;
    out->ended += clx_served_ended(s);
    kept += clx_slo_kept(promise->slo, q, s, promise->front);
  }
  out->within = out->counted > 0 ? kept / out->counted : 0;
  if (!(out->window > 0)) return;
  out->output /= out->window;
  out->input /= out->window;
  out->requests /= out->window;
  out->goodput = out->within * out->requests;
}

static clx_status count_latencies(const view *v, clx_arena *arena, clx_serving_outcome *out, clx_error *error) {
  const int32_t count = v->requests->count;
  double *ttft = CLX_NEW_ARRAY(arena, double, count), *tpot = CLX_NEW_ARRAY(arena, double, count);
  double *e2e = CLX_NEW_ARRAY(arena, double, count);
  int32_t firsts = 0, paces = 0, lasts = 0;
  if (ttft == NULL || tpot == NULL || e2e == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < count; i++) {
    const clx_request *q = &v->requests->item[i];
    const clx_served *s = &v->run->served[i];
    const double front = promise_of(v, q)->front;
    if (s->asked < v->warmup || s->first < 0 || !is_kept(v, q)) continue;
    ttft[firsts++] = s->first - s->asked + front;
    if (!clx_served_ended(s)) continue;
    e2e[lasts++] = s->last - s->asked + front;
    if (q->output > 1) tpot[paces++] = (s->last - s->first) / (q->output - 1);
  }
  out->ttft = latency_of(ttft, firsts);
  out->tpot = latency_of(tpot, paces);
  out->e2e = latency_of(e2e, lasts);
  out->user = out->tpot.p50 > 0 ? 1 / out->tpot.p50 : 0;
  return CLX_OK;
}

// What the requests asked after the warm-up found in the cache, and how often they were preempted.
static void count_shares(const view *v, clx_serving_outcome *out) {
  double prompts = 0, cached = 0, preemptions = 0, started = 0;
  for (int32_t i = 0; i < v->requests->count; i++) {
    const clx_request *q = &v->requests->item[i];
    const clx_served *s = &v->run->served[i];
    if (s->asked < v->warmup || s->started < 0 || !is_kept(v, q)) continue;
    started++;
    prompts += q->prompt;
    cached += s->cached;
    preemptions += s->preemptions;
  }
  out->prefix = prompts > 0 ? cached / prompts : 0;
  out->preemptions = started > 0 ? preemptions / started : 0;
}

static clx_status sum_up(const view *v, const clx_serving_owner *owner, clx_arena *arena, clx_serving_outcome *out,
                         clx_error *error) {
  const clx_engine_result *run = v->run;
  *out = (clx_serving_outcome){.queue_mean = run->queue_mean,
                               .queue_most = run->queue_most,
                               .cache_mean = run->blocks_mean,
                               .cache_most = run->blocks_most,
                               .arrival = run->arrival_rate,
                               .service = run->service_rate,
                               .unstable = run->unstable,
                               .by_transfers = run->by_transfers,
                               .stopped = run->stopped};
  CLX_TRY(count_latencies(v, arena, out, error));
  count_rates(v, out);
  count_shares(v, out);
  out->itl = gaps_of(&run->gaps);
  if (!(run->span > 0)) return CLX_OK;
  out->busy = run->busy / (run->served_time > 0 ? run->served_time : run->span * owner->replicas);
  out->power = run->energy / (run->watched > 0 ? run->watched : run->span) + owner->rest;
  if (out->output > 0) out->energy = out->power / out->output;
  return CLX_OK;
}

clx_status clx_serving_sum_up(const clx_requests *requests, const clx_engine_result *run, const clx_slo_spec *slo,
                              double warmup, const clx_serving_owner *owner, clx_arena *arena, clx_serving_outcome *out,
                              clx_error *error) {
  const clx_serving_promise promise = {slo, owner->front};
  const view v = {.requests = requests, .run = run, .promise = &promise, .alike = true, .warmup = warmup};
  return sum_up(&v, owner, arena, out, error);
}

clx_status clx_serving_sum_up_all(const clx_requests *requests, const clx_engine_result *run,
                                  const clx_serving_promise *promise, double warmup, const clx_serving_owner *owner,
                                  clx_arena *arena, clx_serving_outcome *out, clx_error *error) {
  const view v = {.requests = requests, .run = run, .promise = promise, .warmup = warmup};
  return sum_up(&v, owner, arena, out, error);
}

clx_status clx_serving_sum_up_part(const clx_requests *requests, const clx_engine_result *run,
                                   const clx_serving_promise *promise, const bool *keep, double warmup,
                                   clx_arena *arena, clx_serving_outcome *out, clx_error *error) {
  const view v = {.requests = requests, .run = run, .promise = promise, .keep = keep, .warmup = warmup};
  *out = (clx_serving_outcome){0};
  CLX_TRY(count_latencies(&v, arena, out, error));
  count_rates(&v, out);
  count_shares(&v, out);
  out->arrival = out->window > 0 ? out->counted / out->window : 0;
  return CLX_OK;
}
