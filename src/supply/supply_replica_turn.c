// What happens to makers, capacities and products at the start of a week, and swaps of deliveries.
#include <math.h>

#include "supply/supply_order_internal.h"

static double *row(double *table, int32_t index, int32_t weeks) { return table + (size_t)index * (size_t)weeks; }

void clx_replica_qualify(clx_replica *r, int32_t purchase, int32_t week) {
  const clx_purchase *p = &r->p->purchase[purchase];
  r->ready_week[purchase] = week + p->qualified;
  r->paid[p->buyer] += p->qualification;
  r->qualified[p->buyer] += p->qualification;
}

// Takes `share` of what purchase `from` owes or will be asked for and asks purchase `to` for it instead (`to` < 0: nobody). Deposits of
// what was placed come back as far as the maker returns them.
static void take_away(clx_replica *r, int32_t from, int32_t to, double share, int32_t week) {
  const clx_procurement *p = r->p;
  const clx_purchase *old = &p->purchase[from];
  double *fresh = row(r->fresh, from, p->weeks), *coming = row(r->coming, from, p->weeks), moved = 0;
  moved += share * r->waiting[from];
  r->waiting[from] *= 1 - share;
  for (int32_t w = week; w < p->weeks; w++) coming[w] *= 1 - share;
  moved += share * r->early[from];
  r->early[from] *= 1 - share;
  r->owed_for[from] -= moved;
  const double deposit = moved * old->price * old->deposit, back = deposit * p->maker[old->maker]->recovered;
  r->paid[old->buyer] -= back;
  r->lost[old->buyer] += deposit - back;
  if (to < 0) {  // what was placed is lost; nothing more is placed with a maker that is gone
    r->dead[from] += moved;
    for (int32_t w = week; w < p->weeks; w++) fresh[w] = 0;
    return;
  }
  double *next = row(r->fresh, to, p->weeks);
  for (int32_t w = week; w < p->weeks; w++) {
    next[w] += share * fresh[w];
    fresh[w] *= 1 - share;
  }
  next[week] += moved;
  r->moved_in += moved;
  if (r->ready_week[to] >= p->weeks) clx_replica_qualify(r, to, week);
}

static void fail_maker(clx_replica *r, int32_t maker, int32_t week) {
  const clx_procurement *p = r->p;
  for (int32_t w = week; w < p->weeks; w++) r->halted[(size_t)maker * (size_t)p->weeks + (size_t)w] = true;
  for (int32_t i = 0; i < p->purchase_count; i++) {
    if (p->purchase[i].maker == maker) take_away(r, i, p->purchase[i].fallback, 1, week);
  }
}

static void apply(clx_replica *r, int32_t index, int32_t week) {
  const clx_procurement *p = r->p;
  const clx_incident *e = &p->incident[index];
  const int32_t end = e->weeks == 0 || e->weeks > p->weeks - week ? p->weeks : week + e->weeks;
  switch (e->kind) {
    case CLX_INCIDENT_HALT:
      for (int32_t w = week; w < end; w++) r->halted[(size_t)e->maker * (size_t)p->weeks + (size_t)w] = true;
      break;
    case CLX_INCIDENT_FAILURE:
      if (r->failed[e->maker] > week) r->failed[e->maker] = week;
      break;
    case CLX_INCIDENT_DELISTING:  // what falls due at once against what is there
      if (p->maker[e->maker]->cash_call > e->cash && r->failed[e->maker] > week) r->failed[e->maker] = week;
      break;
    case CLX_INCIDENT_RATE:
      for (int32_t i = 0; i < p->limit_count; i++) {
        const bool hit = p->limit[i].buyer < 0 && (e->maker >= 0 ? p->limit[i].maker == e->maker : i == e->capacity);
        for (int32_t w = week; hit && w < end; w++) row(r->limit, i, p->weeks)[w] *= e->factor;
      }
      break;
    case CLX_INCIDENT_SLIP:
      if (r->first[e->product] >= week) {
        const int32_t slip = e->weeks == 0 ? p->weeks : e->weeks;
        r->first[e->product] = (int32_t)fmin((double)r->first[e->product] + slip, p->weeks);
      }
      break;
    case CLX_INCIDENT_CANCEL:
      r->last[e->product] = week - 1;
      break;
    default:
      for (int32_t i = 0; i < p->purchase_count; i++) {
        const int32_t to = p->moved[(size_t)index * CLX_ORDERS_MAX + (size_t)i];
        if (to >= 0) take_away(r, i, to, e->share, week);
      }
  }
}

void clx_replica_turn(clx_replica *r, int32_t week) {
  for (int32_t i = 0; i < r->p->incident_count; i++)
    if (r->happens[i] == week) apply(r, i, week);
  for (int32_t m = 0; m < r->p->maker_count; m++)
    if (r->failed[m] == week) fail_maker(r, m, week);
}

static void receive(clx_replica *r, int32_t buyer, int32_t order, int32_t week, double gpus) {
  const clx_procurement *p = r->p;
  row(r->received, buyer, p->weeks)[week] += gpus;
  row(r->received_of, buyer * p->product_count + p->purchase[order].product, p->weeks)[week] += gpus;
}

void clx_replica_hand_over(clx_replica *r, int32_t order, int32_t week, double gpus) {
  const clx_procurement *p = r->p;
  for (int32_t i = 0; i < p->swap_count && gpus > 0; i++) {
    const clx_swap *s = &p->swap[i];
    int32_t buyer = -1;
    double part = 0;
    if (s->from == order && week >= s->week) {
      part = fmin(gpus, s->quantity - r->swapped[i]);
      r->swapped[i] += part;
      buyer = p->purchase[s->to].buyer;
    } else if (s->to == order && week >= s->back) {
      part = fmin(gpus, r->swapped[i] - r->returned[i]);
      r->returned[i] += part;
      buyer = p->purchase[s->from].buyer;
    }
    if (buyer < 0 || part <= 0) continue;
    receive(r, buyer, order, week, part);
    gpus -= part;
  }
  receive(r, p->purchase[order].buyer, order, week, gpus);
}
