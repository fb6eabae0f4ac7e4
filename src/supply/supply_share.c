// How a capacity that is short is shared: weighted progressive filling (Bertsekas and Gallager, Data Networks, 1992, section 6.5.2), with amounts
// of several limits for each unit.
#include <math.h>

#include "supply/supply_order_internal.h"

// A limit of which less than this share is left counts as used up.
#define EMPTY 1e-12

static bool still(const clx_portion *p) { return p->weight > 0 && p->stopped_by < 0 && p->given < p->demand; }

// Largest step that no active portion and no limit forbids; *by: the limit that ends it, or -1.
static double step_of(const clx_portion *portion, int32_t count, const double *left, int32_t *by) {
  double step = INFINITY;
  *by = -1;
  for (int32_t i = 0; i < count; i++) {
    if (!still(&portion[i])) continue;
    step = fmin(step, (portion[i].demand - portion[i].given) / portion[i].weight);
  }
  for (int32_t i = 0; i < count; i++) {
    for (int32_t k = 0; still(&portion[i]) && k < portion[i].limit_count; k++) {
      const int32_t limit = portion[i].limit[k];
      double pull = 0;  // of all active portions on this limit
      for (int32_t j = i; j < count; j++) {
        for (int32_t n = 0; still(&portion[j]) && n < portion[j].limit_count; n++)
          if (portion[j].limit[n] == limit) pull += portion[j].weight * portion[j].amount[n];
      }
      // A limit seen earlier has a smaller pull from here on: its step is no smaller and changes nothing.
      if (pull > 0 && left[limit] / pull < step) {
        step = left[limit] / pull;
        *by = limit;
      }
    }
  }
  return step;
}

static void stop_those_on(clx_portion *portion, int32_t count, int32_t limit) {
  for (int32_t i = 0; i < count; i++) {
    for (int32_t k = 0; still(&portion[i]) && k < portion[i].limit_count; k++)
      if (portion[i].limit[k] == limit) portion[i].stopped_by = limit;
  }
}

// Gives everybody what he wants where every limit allows it: the common case.
static bool all_fit(clx_portion *portion, int32_t count, double *left) {
  for (int32_t i = 0; i < count; i++) {
    if (!still(&portion[i])) continue;
    for (int32_t k = 0; k < portion[i].limit_count; k++)
      left[portion[i].limit[k]] -= (portion[i].demand - portion[i].given) * portion[i].amount[k];
  }
  bool fits = true;
  for (int32_t i = 0; i < count && fits; i++) {
    for (int32_t k = 0; still(&portion[i]) && k < portion[i].limit_count; k++)
      if (left[portion[i].limit[k]] < 0) fits = false;
  }
  for (int32_t i = 0; i < count; i++) {
    if (!still(&portion[i])) continue;
    for (int32_t k = 0; k < portion[i].limit_count && !fits; k++)
      left[portion[i].limit[k]] += (portion[i].demand - portion[i].given) * portion[i].amount[k];
    if (fits) portion[i].given = portion[i].demand;
  }
  return fits;
}

void clx_share_fill(clx_portion *portion, int32_t count, double *left, const double *whole) {
  if (all_fit(portion, count, left)) return;
  for (int32_t i = 0; i < count; i++) {  // nothing is left of some limits
    for (int32_t k = 0; still(&portion[i]) && k < portion[i].limit_count; k++) {
      const int32_t limit = portion[i].limit[k];
      if (left[limit] <= EMPTY * whole[limit]) portion[i].stopped_by = limit;
    }
  }
  for (;;) {
    int32_t by = -1;
    const double step = step_of(portion, count, left, &by);
    if (!(step < INFINITY)) return;
    for (int32_t i = 0; i < count; i++) {
      if (!still(&portion[i])) continue;
      const double more = fmin(step * portion[i].weight, portion[i].demand - portion[i].given);
      const bool full = by < 0 && portion[i].demand - portion[i].given <= more * (1 + 1e-15);
      portion[i].given = full ? portion[i].demand : portion[i].given + more;
      for (int32_t k = 0; k < portion[i].limit_count; k++)
        left[portion[i].limit[k]] = fmax(0, left[portion[i].limit[k]] - more * portion[i].amount[k]);
    }
    if (by < 0) continue;
    left[by] = 0;
    stop_those_on(portion, count, by);
  }
}
