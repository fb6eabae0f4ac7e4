// One replica of a procurement: what chance decides, and memory.
#include <math.h>
#include <string.h>

#include "chance/chance.h"
#include "supply/supply_order_internal.h"

// Domains of streams: one for each sort of question, so that an order more changes no answer of another.
enum { DOMAIN_LIMIT = 0x5001, DOMAIN_OUTAGE, DOMAIN_MAKER, DOMAIN_PRODUCT, DOMAIN_LEAD, DOMAIN_INCIDENT };

static void *array(clx_arena *arena, int32_t rows, int32_t columns, size_t size) {
  return clx_arena_array(arena, (size_t)(rows + 1) * (size_t)columns, size);
}

clx_status clx_replica_new(const clx_procurement *p, clx_arena *arena, clx_replica *r, clx_error *error) {
  const int32_t weeks = p->weeks, causes = CLX_WAIT_LIMIT + p->limit_count;
  int32_t portions = 0;
  for (int32_t i = 0; i < p->purchase_count; i++) {
    const int32_t maker = p->purchase[i].maker;
    portions += maker < 0 || p->maker[maker]->route_count == 0 ? 1 : p->maker[maker]->route_count;
  }
  *r = (clx_replica){.p = p,
                     .limit = array(arena, p->limit_count, weeks, sizeof(double)),
                     .halted = array(arena, p->maker_count, weeks, sizeof(bool)),
                     .failed = array(arena, p->maker_count, 1, sizeof(int32_t)),
                     .first = array(arena, p->product_count, 1, sizeof(int32_t)),
                     .last = array(arena, p->product_count, 1, sizeof(int32_t)),
                     .due = array(arena, p->purchase_count, weeks, sizeof(int32_t)),
                     .happens = array(arena, p->incident_count, 1, sizeof(int32_t)),
                     .fresh = array(arena, p->purchase_count, weeks, sizeof(double)),
                     .coming = array(arena, p->purchase_count, weeks, sizeof(double)),
                     .waiting = array(arena, p->purchase_count, 1, sizeof(double)),
                     .early = array(arena, p->purchase_count, 1, sizeof(double)),
                     .owed_for = array(arena, p->purchase_count, 1, sizeof(double)),
                     .dead = array(arena, p->purchase_count, 1, sizeof(double)),
                     .ready_week = array(arena, p->purchase_count, 1, sizeof(int32_t)),
                     .left = array(arena, p->limit_count, 2, sizeof(double)),
                     .swapped = array(arena, p->swap_count, 1, sizeof(double)),
                     .returned = array(arena, p->swap_count, 1, sizeof(double)),
                     .portion = array(arena, portions, 1, sizeof(clx_portion)),
                     .received = array(arena, p->buyer_count, weeks, sizeof(double)),
                     .received_of = array(arena, p->buyer_count * p->product_count, weeks, sizeof(double)),
                     .delivered = array(arena, p->order_count, weeks, sizeof(double)),
                     .waited = array(arena, p->order_count, causes, sizeof(double)),
                     .behind = array(arena, p->order_count, causes, sizeof(double)),
                     .cause = array(arena, p->purchase_count, 1, sizeof(int32_t)),
                     .used = array(arena, p->limit_count, weeks, sizeof(double)),
                     .at_risk = array(arena, p->buyer_count, weeks, sizeof(double)),
                     .sunk = array(arena, p->buyer_count, weeks, sizeof(double)),
                     .paid = array(arena, p->buyer_count, 5, sizeof(double))};
  if (r->limit == NULL || r->halted == NULL || r->failed == NULL || r->first == NULL || r->last == NULL ||
      r->due == NULL || r->happens == NULL || r->fresh == NULL || r->coming == NULL || r->waiting == NULL ||
      r->early == NULL || r->owed_for == NULL || r->dead == NULL || r->ready_week == NULL || r->left == NULL ||
      r->swapped == NULL || r->returned == NULL || r->portion == NULL || r->received == NULL ||
      r->received_of == NULL || r->delivered == NULL || r->waited == NULL || r->behind == NULL || r->cause == NULL ||
      r->used == NULL || r->at_risk == NULL || r->sunk == NULL || r->paid == NULL)
    return clx_fail_plain(error, CLX_MEMORY, "out of memory for a procurement of %d weeks", weeks);
  r->lost = r->paid + p->buyer_count;
  r->stored = r->lost + p->buyer_count;
  r->stored_cost = r->stored + p->buyer_count;
  r->qualified = r->stored_cost + p->buyer_count;
  return CLX_OK;
}

// --- what chance decides ---------------------------------------------------------------------------------------------------------------

// Stops of random date and length; each takes its part of every week.
static void draw_stops(clx_stream *stream, double rate, double low, double high, int32_t weeks, double *left) {
  for (double at = 0; rate > 0;) {
    at += clx_stream_exponential(stream) / rate / CLX_WEEK;
    if (at >= weeks) return;
    const double end = fmin(at + clx_span_draw(low, high, clx_stream_normal(stream)) / CLX_WEEK, weeks);
    for (int32_t w = (int32_t)at; w < end; w++) left[w] = fmax(0, left[w] - (fmin(w + 1, end) - fmax(w, at)));
    at = end;
  }
}

static void draw_limits(clx_replica *r, uint64_t seed, uint64_t replica, bool sure) {
  const clx_procurement *p = r->p;
  for (int32_t i = 0; i < p->limit_count; i++) {
    const clx_limit *limit = &p->limit[i];
    double *week = r->limit + (size_t)i * (size_t)p->weeks, factor = 1;
    clx_stream stream = clx_stream_make(seed, DOMAIN_LIMIT, replica, (uint64_t)i);
    if (!sure && limit->spread > 0) factor = exp(limit->spread * clx_stream_normal(&stream));
    for (int32_t w = 0; w < p->weeks; w++) week[w] = 1;
    stream = clx_stream_make(seed, DOMAIN_OUTAGE, replica, (uint64_t)i);
    if (!sure) draw_stops(&stream, limit->outages, limit->outage_low, limit->outage_high, p->weeks, week);
    for (int32_t w = 0; w < p->weeks; w++) week[w] *= factor * limit->week[w];
  }
}

static void draw_makers(clx_replica *r, uint64_t seed, uint64_t replica, bool sure) {
  const clx_procurement *p = r->p;
  memset(r->halted, 0, (size_t)p->maker_count * (size_t)p->weeks * sizeof(bool));
  for (int32_t m = 0; m < p->maker_count; m++) {
    const clx_maker *maker = p->maker[m];
    clx_stream stream = clx_stream_make(seed, DOMAIN_MAKER, replica, (uint64_t)m);
    r->failed[m] = p->weeks;
    if (sure) continue;
    if (maker->failures > 0) {
      const double at = clx_stream_exponential(&stream) / maker->failures / CLX_WEEK;
      if (at < p->weeks) r->failed[m] = (int32_t)at;
    }
    for (double at = 0; maker->halts > 0;) {
      at += clx_stream_exponential(&stream) / maker->halts / CLX_WEEK;
      if (at >= p->weeks) break;
      const double length = clx_span_draw(maker->halt_low, maker->halt_high, clx_stream_normal(&stream)) / CLX_WEEK;
      const double end = fmin(at + fmax(length, 1), p->weeks);  // at least the week in which it begins
      for (int32_t w = (int32_t)at; w < end; w++) r->halted[(size_t)m * (size_t)p->weeks + (size_t)w] = true;
      at = end;
    }
  }
}

static void draw_products(clx_replica *r, uint64_t seed, uint64_t replica, bool sure) {
  const clx_procurement *p = r->p;
  for (int32_t i = 0; i < p->product_count; i++) {
    const clx_product *product = p->product[i];
    clx_stream stream = clx_stream_make(seed, DOMAIN_PRODUCT, replica, (uint64_t)i);
    const bool never = sure ? product->cancelled > 0.5 : clx_stream_uniform(&stream) < product->cancelled;
    const double z = sure ? 0 : clx_stream_normal(&stream);
    // Slips of a window that was open before the start have been seen already.
    const double slip = p->window_first[i] > 0 ? clx_span_draw(product->slip_low, product->slip_high, z) / CLX_WEEK : 0;
    r->first[i] = never ? p->weeks : (int32_t)fmin(p->window_first[i] + round(slip), p->weeks);
    r->last[i] = p->window_last[i];
  }
}

static void draw_incidents(clx_replica *r, uint64_t seed, uint64_t replica, bool sure) {
  const clx_procurement *p = r->p;
  for (int32_t i = 0; i < p->incident_count; i++) {
    const clx_incident *e = &p->incident[i];
    clx_stream stream = clx_stream_make(seed, DOMAIN_INCIDENT, replica, (uint64_t)i);
    const bool happens = sure ? e->probability > 0.5 : clx_stream_uniform(&stream) < e->probability;
    const double late = clx_span_draw(e->late_low, e->late_high, sure ? 0 : clx_stream_normal(&stream)) / CLX_WEEK;
    r->happens[i] = happens ? (int32_t)fmin(e->week + floor(late), p->weeks) : p->weeks;
  }
}

// Lead times of one purchase: one draw says how fast the maker is for it; who orders later is not served earlier.
static void draw_lead(clx_replica *r, int32_t purchase, double z) {
  const clx_procurement *p = r->p;
  int32_t *due = r->due + (size_t)purchase * (size_t)p->weeks;
  const int32_t maker = p->purchase[purchase].maker;
  const size_t row = (size_t)(maker < 0 ? 0 : maker) * (size_t)p->weeks;
  double low = -1, high = -1, lead = 0;
  for (int32_t w = p->weeks - 1; w >= 0; w--) {
    const size_t at = row + (size_t)w;
    if (maker >= 0 && (p->lead_low[at] != low || p->lead_high[at] != high)) {
      low = p->lead_low[at];
      high = p->lead_high[at];
      lead = round(clx_span_draw(low, high, z) / CLX_WEEK);
    }
    due[w] = (int32_t)fmin(w + lead, w + 1 < p->weeks ? due[w + 1] : 2.0 * CLX_WEEKS_MAX);
  }
}

void clx_replica_draw(clx_replica *r, uint64_t seed, uint64_t replica, bool sure) {
  const clx_procurement *p = r->p;
  draw_limits(r, seed, replica, sure);
  draw_makers(r, seed, replica, sure);
  draw_products(r, seed, replica, sure);
  draw_incidents(r, seed, replica, sure);
  for (int32_t i = 0; i < p->purchase_count; i++) {
    clx_stream stream = clx_stream_make(seed, DOMAIN_LEAD, replica, (uint64_t)i);
    draw_lead(r, i, sure ? 0 : clx_stream_normal(&stream));
  }
}
