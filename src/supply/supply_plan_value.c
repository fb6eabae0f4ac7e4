// The second stage in closed form: what a plan costs in every scenario, its mean and its CVaR.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "chance/chance.h"
#include "supply/supply_plan_internal.h"

clx_status clx_second_new(const clx_sourcing *p, clx_arena *arena, clx_second *out, clx_error *error) {
  const int32_t rows = p->power == NULL ? 1 : p->scenarios;
  *out = (clx_second){.p = p,
                      .target = CLX_NEW_ARRAY(arena, double, (size_t)rows *(size_t)p->periods),
                      .constant = CLX_NEW_ARRAY(arena, double, p->scenarios),
                      .target_rows = rows,
                      .cost = CLX_NEW_ARRAY(arena, double, p->scenarios),
                      .slope = CLX_NEW_ARRAY(arena, double, (size_t)p->scenarios *(size_t)p->periods),
                      .order = CLX_NEW_ARRAY(arena, int32_t, p->scenarios),
                      .weight = CLX_NEW_ARRAY(arena, double, p->scenarios),
                      .placed = CLX_NEW_ARRAY(arena, int32_t, (size_t)p->suppliers * (size_t)p->periods),
                      .position = CLX_NEW_ARRAY(arena, double, p->periods)};
  if (out->target == NULL || out->constant == NULL || out->cost == NULL || out->slope == NULL || out->order == NULL ||
      out->weight == NULL || out->position == NULL || out->placed == NULL)
    return clx_fail_plain(error, CLX_MEMORY, "out of memory for %d scenarios", p->scenarios);
  for (int32_t w = 0; w < rows; w++) {
    double wanted = 0;
    for (int32_t t = 0; t < p->periods; t++) {
      const size_t at = (size_t)w * (size_t)p->periods + (size_t)t;
      wanted += p->demand[t];
      out->target[at] = p->power == NULL ? wanted : fmin(wanted, p->power[at]);
      out->constant[w] += p->late[t] * (wanted - out->target[at]);
    }
  }
  return CLX_OK;
}

// Scenarios by cost, dearest first; equal ones by number, so that the order is one.
static void sort_by_cost(clx_second *second) {
  const int32_t n = second->p->scenarios;
  int32_t *order = second->order;
  for (int32_t i = 0; i < n; i++) order[i] = i;
  for (int32_t gap = n / 2; gap > 0; gap /= 2) {  // Shell's sort: qsort takes no context
    for (int32_t i = gap; i < n; i++) {
      const int32_t moved = order[i];
      const double cost = second->cost[moved];
      int32_t j = i;
      for (; j >= gap; j -= gap) {
        const double other = second->cost[order[j - gap]];
        if (other > cost || (other == cost && order[j - gap] < moved)) break;
        order[j] = order[j - gap];
      }
      order[j] = moved;
    }
  }
}

// CVaR of the worst 1 - alpha, and the probabilities that attain it: those of the dearest scenarios, 1 - alpha in all.
static double tail_mean(clx_second *second) {
  const clx_sourcing *p = second->p;
  const double tail = 1 - p->alpha;
  double left = tail, sum = 0;
  memset(second->weight, 0, (size_t)p->scenarios * sizeof(double));
  for (int32_t i = 0; i < p->scenarios && left > 0; i++) {
    const int32_t w = second->order[i];
    const double part = fmin(left, p->probability[w]);
    second->weight[w] = part / tail;
    sum += part * second->cost[w];
    left -= part;
  }
  return sum / tail;
}

void clx_second_value(clx_second *second, const double *quantity, double *mean, double *cvar) {
  const clx_sourcing *p = second->p;
  const int32_t cells = p->suppliers * p->periods;
  double *position = second->position;
  int32_t *placed = second->placed, count = 0;  // orders that there are
  *mean = 0;
  for (int32_t i = 0; i < cells; i++)
    if (quantity[i] > 0) placed[count++] = i;
  for (int32_t w = 0; w < p->scenarios; w++) {
    const double *yield = p->yield + (size_t)w * (size_t)cells;
    const int32_t *arrival = p->arrival + (size_t)w * (size_t)cells;
    const double *target = second->target + (second->target_rows == 1 ? 0 : (size_t)w * (size_t)p->periods);
    double *slope = second->slope + (size_t)w * (size_t)p->periods;
    memset(position, 0, (size_t)p->periods * sizeof(double));
    for (int32_t k = 0; k < count; k++) {
      const int32_t i = placed[k];
      if (arrival[i] < p->periods) position[arrival[i]] += yield[i] * quantity[i];
    }
    double have = 0, cost = second->constant[second->target_rows == 1 ? 0 : w];
    for (int32_t t = 0; t < p->periods; t++) {
      have += position[t];
      const double above = have - target[t];
      cost += above > 0 ? p->hold[t] * above : -p->late[t] * above;
      slope[t] = above > 0 ? p->hold[t] : -p->late[t];
    }
    second->cost[w] = cost;
    *mean += p->probability[w] * cost;
  }
  if (p->lambda > 0) sort_by_cost(second);
  *cvar = p->lambda > 0 ? tail_mean(second) : *mean;
}

clx_status clx_plan_value(const clx_sourcing *p, const double *quantity, clx_arena *arena, clx_plan *out,
                          clx_error *error) {
  const int32_t cells = p->suppliers * p->periods;
  clx_second second;
  CLX_TRY(clx_second_new(p, arena, &second, error));
  *out = (clx_plan){.quantity = CLX_NEW_ARRAY(arena, double, cells),
                    .order = CLX_NEW_ARRAY(arena, bool, cells),
                    .qualified = CLX_NEW_ARRAY(arena, bool, p->suppliers),
                    .bound = -INFINITY,
                    .gap = INFINITY};
  if (out->quantity == NULL || out->order == NULL || out->qualified == NULL)
    return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  clx_sum first = {0};
  for (int32_t s = 0; s < p->suppliers; s++) {
    for (int32_t i = s * p->periods; i < (s + 1) * p->periods; i++) {
      out->quantity[i] = quantity[i];
      out->order[i] = quantity[i] > 0;
      if (!out->order[i]) continue;
      out->qualified[s] = true;
      clx_sum_add(&first, p->setup[i] + p->price[i] * quantity[i]);
    }
    if (out->qualified[s]) clx_sum_add(&first, p->qualify[s]);
  }
  out->first = clx_sum_value(&first);
  clx_second_value(&second, quantity, &out->mean, &out->cvar);
  out->cost = out->first + (1 - p->lambda) * out->mean + p->lambda * out->cvar;
  return CLX_OK;
}
