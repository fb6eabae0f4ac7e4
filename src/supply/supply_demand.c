// Orders that cannot be filled in time even without chance: which limit binds, by how much, and what would help.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "supply/supply_order_internal.h"

enum { BISECTIONS = 40 };
#define FACTOR_MAX 64.0  // of a limit; beyond, more of it does not help

typedef struct question {
  const clx_procurement *p;
  clx_replica *r;
  int32_t order;
} question;

// Runs without chance with one limit times `factor`; GPUs missing at the date that is wanted.
static double missing_with(const question *q, int32_t limit, double factor) {
  const clx_procurement *p = q->p;
  const clx_purchase *order = &p->purchase[q->order];
  clx_replica_draw(q->r, 0, 0, true);
  for (int32_t w = 0; limit >= 0 && w < p->weeks; w++)
    q->r->limit[(size_t)limit * (size_t)p->weeks + (size_t)w] *= factor;
  clx_replica_run(q->r);
  const double missing = order->quantity - q->r->delivered[(size_t)q->order * (size_t)p->weeks + (size_t)order->by];
  return missing > 1e-6 * order->quantity ? missing : 0;
}

// Least factor of a limit that fills the order, or INFINITY.
static double least_factor(const question *q, int32_t limit) {
  if (missing_with(q, limit, FACTOR_MAX) > 0) return INFINITY;
  double low = 1, high = FACTOR_MAX;
  for (int32_t i = 0; i < BISECTIONS && high - low > 1e-6 * high; i++) {
    const double middle = 0.5 * (low + high);
    if (missing_with(q, limit, middle) > 0)
      low = middle;
    else
      high = middle;
  }
  return high;
}

static void say_limit(const question *q, char *text, size_t size) {
  const clx_procurement *p = q->p;
  double best = INFINITY;
  int32_t which = -1;
  for (int32_t i = 0; i < p->limit_count; i++) {
    const double factor = least_factor(q, i);
    if (factor >= best) continue;
    best = factor;
    which = i;
  }
  if (which < 0)
    snprintf(text, size, "more of no single capacity helps");
  else
    snprintf(text, size, "%s times %.3f would do", p->limit[which].name, best);
}

static clx_status refuse(const question *q, double missing, clx_arena *arena, clx_error *error) {
  const clx_procurement *p = q->p;
  const clx_purchase *order = &p->purchase[q->order];
  const int32_t causes = CLX_WAIT_LIMIT + p->limit_count;
  missing_with(q, -1, 1);
  const double *behind = q->r->behind + (size_t)q->order * (size_t)causes;
  const double *delivered = q->r->delivered + (size_t)q->order * (size_t)p->weeks;
  int32_t cause = CLX_WAIT_LEAD, week = order->by;  // what most of the missing GPUs wait for at the date
  for (int32_t i = 1; i < causes; i++)
    if (behind[i] > behind[cause]) cause = i;
  while (week < p->weeks && delivered[week] < order->quantity * (1 - 1e-6)) week++;
  char when[96], limit[160];
  if (week < p->weeks)
    snprintf(when, sizeof when, "a date %d week%s later would do", week - order->by, week == order->by + 1 ? "" : "s");
  else
    snprintf(when, sizeof when, "no date within the horizon would do");
  const double had = delivered[order->by];
  const char *name = clx_wait_text(p, cause, arena);
  say_limit(q, limit, sizeof limit);
  return clx_fail_plain(
      error, CLX_INFEASIBLE,
      "order \"%s\": %.0f of %.0f GPUs are missing in week %d, held up by %s; %s; %s; %.0f GPUs can be had by then",
      order->name, missing, order->quantity, order->by, name, when, limit, had);
}

clx_status clx_procurement_demand(const clx_procurement *p, clx_error *error) {
  clx_arena *arena = clx_arena_new();
  clx_replica r;
  clx_status first = arena == NULL ? clx_fail_plain(error, CLX_MEMORY, "out of memory") : CLX_OK;
  if (first == CLX_OK) first = clx_replica_new(p, arena, &r, error);
  const clx_status ready = first;
  for (int32_t i = 0; ready == CLX_OK && i < p->order_count; i++) {
    const question q = {.p = p, .r = &r, .order = i};
    if (p->purchase[i].by < 0) continue;
    const double missing = missing_with(&q, -1, 1);
    if (missing <= 0) continue;
    const clx_status status = refuse(&q, missing, arena, error);
    if (first == CLX_OK) first = status;
  }
  clx_arena_free(arena);
  return first;
}
