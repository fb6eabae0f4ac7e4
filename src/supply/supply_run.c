// All replicas of a procurement, and their quantiles.
#include <math.h>
#include <string.h>

#include "chance/chance.h"
#include "supply/supply_order_internal.h"

#define MEMORY_MAX 1e9  // B of samples

// A GPU count below this is none: sums of fractions of GPUs.
static double crumb(double quantity) { return 1e-9 * quantity + 1e-9; }

// Samples of all replicas, replica last.
typedef struct samples {
  int32_t replicas;
  double *received;                            // buyer x week x replica
  double *paid, *lost, *stored, *stored_cost;  // buyer x replica
  double *finished, *missing, *late;           // order x replica
  double *short_cause;                         // order x cause: GPUs missing at the end, all replicas
  double *late_cause;                          // order x cause: GPUs missing when they are wanted, all replicas
} samples;

static double *array(clx_arena *arena, int32_t a, int32_t b, int32_t c) {
  return clx_arena_array(arena, (size_t)(a + 1) * (size_t)b * (size_t)c, sizeof(double));
}

static clx_status make_samples(const clx_procurement *p, int32_t replicas, clx_arena *arena, samples *s,
                               clx_error *error) {
  const double bytes = 8.0 * replicas * (p->buyer_count * (p->weeks + 4.0) + p->order_count * 3.0);
  if (bytes > MEMORY_MAX) {
    return clx_fail_plain(error, CLX_INPUT,
                          "replicas: %d replicas of %d buyers and %d weeks need %.2g GB; at most %.2g", replicas,
                          p->buyer_count, p->weeks, bytes / 1e9, MEMORY_MAX / 1e9);
  }
  *s = (samples){.replicas = replicas,
                 .received = array(arena, p->buyer_count, p->weeks, replicas),
                 .paid = array(arena, p->buyer_count, 1, replicas),
                 .lost = array(arena, p->buyer_count, 1, replicas),
                 .stored = array(arena, p->buyer_count, 1, replicas),
                 .stored_cost = array(arena, p->buyer_count, 1, replicas),
                 .finished = array(arena, p->order_count, 1, replicas),
                 .missing = array(arena, p->order_count, 1, replicas),
                 .late = array(arena, p->order_count, 1, replicas),
                 .short_cause = array(arena, p->order_count, CLX_WAIT_LIMIT + p->limit_count, 1),
                 .late_cause = array(arena, p->order_count, CLX_WAIT_LIMIT + p->limit_count, 1)};
  if (s->received == NULL || s->paid == NULL || s->lost == NULL || s->stored == NULL || s->stored_cost == NULL ||
      s->finished == NULL || s->missing == NULL || s->late == NULL || s->short_cause == NULL || s->late_cause == NULL)
    return clx_fail_plain(error, CLX_MEMORY, "out of memory for %d replicas", replicas);
  return CLX_OK;
}

// GPUs of purchases that are missing at the end, by what they wait for.
static void keep_shortage(const clx_replica *r, samples *s) {
  const clx_procurement *p = r->p;
  for (int32_t i = 0; i < p->purchase_count; i++) {
    double *cause = s->short_cause + (size_t)p->purchase[i].origin * (size_t)(CLX_WAIT_LIMIT + p->limit_count);
    cause[CLX_WAIT_LEAD] += r->early[i];
    cause[r->cause[i]] += r->waiting[i];
    cause[CLX_WAIT_MAKER] += r->dead[i];
  }
}

static void keep(const clx_replica *r, int32_t replica, samples *s) {
  const clx_procurement *p = r->p;
  const size_t n = (size_t)s->replicas, k = (size_t)replica;
  for (int32_t b = 0; b < p->buyer_count; b++) {
    const size_t at = (size_t)b * n + k;
    s->paid[at] = r->paid[b];
    s->lost[at] = r->lost[b];
    s->stored[at] = r->stored[b];
    s->stored_cost[at] = r->stored_cost[b];
    for (int32_t w = 0; w < p->weeks; w++) {
      const size_t cell = (size_t)b * (size_t)p->weeks + (size_t)w;
      s->received[cell * n + k] = r->received[cell];
    }
  }
  for (int32_t i = 0; i < p->order_count; i++) {
    const double *delivered = r->delivered + (size_t)i * (size_t)p->weeks;
    const double quantity = p->purchase[i].quantity, whole = quantity - crumb(quantity);
    const size_t at = (size_t)i * n + k;
    int32_t week = 0;
    while (week < p->weeks && delivered[week] < whole) week++;
    s->finished[at] = week;
    s->missing[at] = week < p->weeks ? 0 : quantity - delivered[p->weeks - 1];
    const int32_t by = p->purchase[i].by;
    s->late[at] = by < 0 || delivered[by] >= whole ? 0 : quantity - delivered[by];
  }
  keep_shortage(r, s);
  for (int32_t i = 0; i < p->order_count * (CLX_WAIT_LIMIT + p->limit_count); i++) s->late_cause[i] += r->behind[i];
}

// Sorts the samples.
static clx_supply_band band_of(double *sample, int32_t count) {
  const double mean = clx_mean(sample, count);
  clx_sort(sample, count);
  return (clx_supply_band){.low = clx_percentile(sample, count, 0.1),
                           .median = clx_percentile(sample, count, 0.5),
                           .high = clx_percentile(sample, count, 0.9),
                           .mean = mean};
}

static double share_above_none(const double *sample, int32_t count) {
  int32_t above = 0;
  for (int32_t i = 0; i < count; i++) above += sample[i] > 0;
  return (double)above / count;
}

static int32_t largest(const double *value, int32_t count) {
  int32_t best = -1;
  for (int32_t i = 0; i < count; i++)
    if (value[i] > 0 && (best < 0 || value[i] > value[best])) best = i;
  return best;
}

static clx_status sum_orders(const clx_procurement *p, samples *s, clx_arena *arena, clx_delivery *out,
                             clx_error *error) {
  const int32_t causes = CLX_WAIT_LIMIT + p->limit_count, n = s->replicas;
  out->order = CLX_NEW_ARRAY(arena, clx_purchase_result, p->order_count);
  if (out->order == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < p->order_count; i++) {
    clx_purchase_result *order = &out->order[i];
    const size_t at = (size_t)i * (size_t)n;
    order->short_share = share_above_none(s->missing + at, n);
    order->late_share = share_above_none(s->late + at, n);
    order->finished = band_of(s->finished + at, n);
    order->short_by = band_of(s->missing + at, n);
    order->late_by = band_of(s->late + at, n);
    order->short_cause = largest(s->short_cause + (size_t)i * (size_t)causes, causes);
    if (order->short_by.mean <= 0) order->short_cause = -1;
    order->late_cause = order->late_share > 0 ? largest(s->late_cause + (size_t)i * (size_t)causes, causes) : -1;
  }
  return CLX_OK;
}

static clx_status sum_buyers(const clx_procurement *p, samples *s, clx_arena *arena, clx_delivery *out,
                             clx_error *error) {
  const int32_t n = s->replicas;
  out->buyer = CLX_NEW_ARRAY(arena, clx_buyer_result, p->buyer_count);
  if (out->buyer == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t b = 0; b < p->buyer_count; b++) {
    clx_buyer_result *buyer = &out->buyer[b];
    const size_t at = (size_t)b * (size_t)n;
    buyer->paid = band_of(s->paid + at, n);
    buyer->lost = band_of(s->lost + at, n);
    buyer->stored = band_of(s->stored + at, n);
    buyer->stored_cost = band_of(s->stored_cost + at, n);
    buyer->received = CLX_NEW_ARRAY(arena, clx_supply_band, p->weeks);
    if (buyer->received == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
    for (int32_t w = 0; w < p->weeks; w++)
      buyer->received[w] = band_of(s->received + ((size_t)b * (size_t)p->weeks + (size_t)w) * (size_t)n, n);
  }
  return CLX_OK;
}

static void add_means(const clx_replica *r, int32_t replicas, clx_delivery *out, double *waited) {
  const clx_procurement *p = r->p;
  const size_t causes = (size_t)(CLX_WAIT_LIMIT + p->limit_count);
  for (size_t i = 0; i < (size_t)p->order_count * causes; i++) waited[i] += r->waited[i] / replicas;
  for (size_t i = 0; i < (size_t)p->limit_count * (size_t)p->weeks; i++) {
    // An outage leaves nothing to use; what was planned is what shares are of.
    const double planned = p->limit[i / (size_t)p->weeks].week[i % (size_t)p->weeks];
    if (planned > 0) out->used[i] += r->used[i] / planned / replicas;
  }
}

clx_status clx_procurement_run(const clx_procurement *p, const clx_delivery_settings *settings, clx_arena *arena,
                               clx_delivery *out, clx_error *error) {
  const bool sure = settings->replicas == 0;
  if (settings->replicas < 0 || settings->replicas > 100000)
    return clx_fail_plain(error, CLX_INPUT, "replicas: expected 0..100,000, read %d", settings->replicas);
  clx_replica r;
  samples s = {0};
  const int32_t replicas = sure ? 1 : settings->replicas, causes = CLX_WAIT_LIMIT + p->limit_count;
  *out = (clx_delivery){.replicas = settings->replicas};
  CLX_TRY(clx_replica_new(p, arena, &r, error));
  CLX_TRY(make_samples(p, replicas, arena, &s, error));
  double *waited = array(arena, p->order_count, causes, 1);
  out->used = array(arena, p->limit_count, p->weeks, 1);
  if (waited == NULL || out->used == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t k = 0; k < replicas; k++) {
    clx_replica_draw(&r, settings->seed, (uint64_t)k, sure);
    out->unbalanced = fmax(out->unbalanced, clx_replica_run(&r));
    keep(&r, k, &s);
    add_means(&r, replicas, out, waited);
  }
  CLX_TRY(sum_orders(p, &s, arena, out, error));
  CLX_TRY(sum_buyers(p, &s, arena, out, error));
  for (int32_t i = 0; i < p->order_count; i++) {
    out->order[i].waited = waited + (size_t)i * (size_t)causes;
    out->order[i].cause = largest(out->order[i].waited, causes);
  }
  return CLX_OK;
}

clx_status clx_procurement_open(const clx_procurement *p, clx_arena *arena, clx_replica **out, clx_error *error) {
  *out = CLX_NEW(arena, clx_replica);
  if (*out == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  return clx_replica_new(p, arena, *out, error);
}

void clx_procurement_replica(clx_replica *r, uint64_t seed, int32_t index) {
  clx_replica_draw(r, seed, index < 0 ? 0 : (uint64_t)index, index < 0);
  clx_replica_run(r);
}

const double *clx_procurement_received(const clx_replica *r, int32_t buyer, int32_t product) {
  const size_t weeks = (size_t)r->p->weeks, products = (size_t)r->p->product_count;
  if (product < 0) return r->received + (size_t)buyer * weeks;
  return r->received_of + ((size_t)buyer * products + (size_t)product) * weeks;
}

const double *clx_procurement_delivered(const clx_replica *r, int32_t order) {
  return r->delivered + (size_t)order * (size_t)r->p->weeks;
}

bool clx_procurement_full(const clx_replica *r, int32_t limit, int32_t week) {
  const size_t at = (size_t)limit * (size_t)r->p->weeks + (size_t)week;
  return r->limit[at] > 0 && r->used[at] >= (1 - 1e-9) * r->limit[at];
}

clx_purse clx_procurement_purse(const clx_replica *r, int32_t buyer) {
  return (clx_purse){.paid = r->paid[buyer],
                     .lost = r->lost[buyer],
                     .stored = r->stored[buyer],
                     .stored_cost = r->stored_cost[buyer],
                     .at_risk = r->at_risk + (size_t)buyer * (size_t)r->p->weeks,
                     .sunk = r->sunk + (size_t)buyer * (size_t)r->p->weeks};
}

clx_status clx_procurement_unswapped(const clx_procurement *p, int32_t swap, clx_arena *arena, clx_procurement *out,
                                     clx_error *error) {
  *out = *p;
  out->swap = CLX_NEW_ARRAY(arena, clx_swap, p->swap_count + 1);
  if (out->swap == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  memcpy(out->swap, p->swap, (size_t)p->swap_count * sizeof *p->swap);
  out->swap[swap].quantity = 0;
  return CLX_OK;
}

clx_status clx_procurement_given(const clx_procurement *p, int32_t incident, bool happens, clx_arena *arena,
                                 clx_procurement *out, clx_error *error) {
  *out = *p;
  out->incident = CLX_NEW_ARRAY(arena, clx_incident, p->incident_count + 1);
  if (out->incident == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  memcpy(out->incident, p->incident, (size_t)p->incident_count * sizeof *p->incident);
  out->incident[incident].probability = happens;
  return CLX_OK;
}

const char *clx_wait_text(const clx_procurement *p, int32_t wait, clx_arena *arena) {
  static const char *const names[CLX_WAIT_LIMIT] = {"lead time", "window of the product", "qualification of the maker",
                                                    "stop of the maker"};
  if (wait < 0) return "nothing";
  if (wait < CLX_WAIT_LIMIT) return names[wait];
  if (wait - CLX_WAIT_LIMIT >= p->limit_count) return "unknown";
  const char *text = clx_arena_text(arena, p->limit[wait - CLX_WAIT_LIMIT].name);
  return text == NULL ? "out of memory" : text;
}
