// What becomes of the owner's orders, replica by replica.
#include "twin/twin_supply.h"

#include <math.h>

static size_t cell(int32_t row, int32_t columns, int32_t column) {
  return (size_t)row * (size_t)columns + (size_t)column;
}

static clx_status no_memory(const clx_twin_supply *c) { return clx_fail_plain(c->error, CLX_MEMORY, "out of memory"); }

static clx_status make_fate(const clx_twin_supply *c, clx_twin_fate *f) {
  double **all[] = {&f->finished, &f->slip, &f->gpus,   &f->missing,     &f->late, &f->paid,
                    &f->lost,     &f->risk, &f->stored, &f->stored_cost, &f->had};
  for (int32_t i = 0; i < CLX_COUNT(all); i++) {
    *all[i] = CLX_NEW_ARRAY(c->arena, double, c->replicas);
    if (*all[i] == NULL) return no_memory(c);
  }
  return CLX_OK;
}

static int32_t week_of(const double *delivered, int32_t weeks, double quantity) {
  const double whole = quantity - (1e-9 * quantity + 1e-9);  // sums of fractions of GPUs
  int32_t week = 0;
  while (week < weeks && delivered[week] < whole) week++;
  return week;
}

// Where slots change hands, what counts is what the owner has: GPUs against the sum of what is due.
static void follow_swaps(const clx_procurement *p, const struct clx_replica *r, const int32_t *due, int32_t k,
                         clx_twin_fate *f) {
  const double *received = clx_procurement_received(r, p->self, -1);
  double ordered = 0;
  int32_t last = 0;
  for (int32_t i = 0; i < p->order_count; i++) {
    if (p->purchase[i].buyer != p->self) continue;
    ordered += p->purchase[i].quantity;
    if (due[i] > last) last = due[i];
  }
  const int32_t week = week_of(received, p->weeks, ordered);
  f->finished[k] = week;
  f->slip[k] = week - last;
  f->missing[k] = week < p->weeks ? 0 : ordered - received[p->weeks - 1];
  f->late[k] = 0;
  for (int32_t w = 0; w < p->weeks; w++) {
    double wanted = 0;
    for (int32_t i = 0; i < p->order_count; i++)
      if (p->purchase[i].buyer == p->self && due[i] <= w) wanted += p->purchase[i].quantity;
    f->late[k] += fmax(0, wanted - received[w]);
  }
}

static bool swaps_slots(const clx_procurement *p) {
  for (int32_t i = 0; i < p->swap_count; i++) {
    if (p->purchase[p->swap[i].from].buyer == p->self || p->purchase[p->swap[i].to].buyer == p->self) return true;
  }
  return false;
}

static void keep_fate(const clx_twin_supply *c, const clx_procurement *p, const struct clx_replica *r,
                      const int32_t *due, int32_t k, clx_twin_fate *f) {
  const clx_purse purse = clx_procurement_purse(r, p->self);
  f->finished[k] = f->missing[k] = f->late[k] = f->risk[k] = 0;
  f->slip[k] = -INFINITY;
  for (int32_t i = 0; i < p->order_count; i++) {
    const clx_purchase *order = &p->purchase[i];
    const double *delivered = clx_procurement_delivered(r, i);
    if (order->buyer != p->self) continue;
    const int32_t week = week_of(delivered, p->weeks, order->quantity);
    f->finished[k] = fmax(f->finished[k], week);
    f->slip[k] = fmax(f->slip[k], week - due[i]);
    if (week == p->weeks) f->missing[k] += order->quantity - delivered[p->weeks - 1];
    for (int32_t w = due[i]; w < p->weeks; w++) f->late[k] += fmax(0, order->quantity - delivered[w]);
  }
  if (swaps_slots(p)) follow_swaps(p, r, due, k, f);
  f->gpus[k] = clx_procurement_received(r, p->self, -1)[c->reference];
  f->had[k] = 0;
  for (int32_t w = 0; w < p->weeks; w++) f->had[k] += clx_procurement_received(r, p->self, -1)[w];
  f->paid[k] = purse.paid;
  f->lost[k] = purse.lost;
  f->stored[k] = purse.stored;
  f->stored_cost[k] = purse.stored_cost;
  for (int32_t w = 0; w < p->weeks; w++) f->risk[k] = fmax(f->risk[k], purse.at_risk[w]);
}

clx_status clx_twin_supply_fates(const clx_twin_supply *c, const clx_procurement *p, const int32_t *due,
                                 clx_twin_fate *f, double *received, double *full) {
  struct clx_replica *r = NULL;
  CLX_TRY(make_fate(c, f));
  CLX_TRY(clx_procurement_open(p, c->arena, &r, c->error));
  for (int32_t k = 0; k < c->replicas; k++) {
    clx_procurement_replica(r, c->seed, k);
    keep_fate(c, p, r, due, k, f);
    for (int32_t i = 0; received != NULL && i < p->product_count; i++)
      for (int32_t w = 0; w < p->weeks; w++)
        received[cell(i, p->weeks, w)] += clx_procurement_received(r, p->self, i)[w] / c->replicas;
    for (int32_t i = 0; full != NULL && i < p->limit_count; i++)
      for (int32_t w = 0; w < p->weeks; w++)
        if (clx_procurement_full(r, i, w)) full[cell(i, p->weeks, w)] += 1.0 / c->replicas;
  }
  return CLX_OK;
}

// When each order is due: as wanted, or as the run without chance has it.
clx_status clx_twin_supply_due(clx_twin_supply *c) {
  const clx_procurement *p = c->p;
  struct clx_replica *r = NULL;
  int32_t wanted = -1, done = 0;
  c->due = CLX_NEW_ARRAY(c->arena, int32_t, p->order_count);
  if (c->due == NULL) return no_memory(c);
  CLX_TRY(clx_procurement_open(p, c->arena, &r, c->error));
  clx_procurement_replica(r, c->seed, -1);
  for (int32_t i = 0; i < p->order_count; i++) {
    const clx_purchase *order = &p->purchase[i];
    const int32_t week = week_of(clx_procurement_delivered(r, i), p->weeks, order->quantity);
    c->due[i] = order->by >= 0 ? order->by : week;
    if (order->buyer != p->self) continue;
    if (order->by > wanted) wanted = order->by;
    if (week > done) done = week;
  }
  c->reference = wanted >= 0 ? wanted : done < p->weeks ? done : p->weeks - 1;
  return CLX_OK;
}
