// Curtailments that matter now: those that have begun or whose notice, or the start of a generator for them, falls before the end of a step.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "power/power_site_internal.h"

static int by_start(const void *a, const void *b) {
  const clx_curtailment *x = a, *y = b;
  return (x->at > y->at) - (x->at < y->at);
}

bool clx_near_supply_make(clx_near_supply *near, const clx_supply *supply, clx_arena *arena) {
  static const double MARGIN = 1;  // s: generators are ordered a little before their lead
  *near = (clx_near_supply){.supply = *supply, .count = supply->curtailment_count};
  near->sorted = CLX_NEW_ARRAY(arena, clx_curtailment, near->count + 1);
  if (near->sorted == NULL) return false;
  if (near->count > 0) memcpy(near->sorted, supply->curtailment, (size_t)near->count * sizeof *near->sorted);
  qsort(near->sorted, (size_t)near->count, sizeof *near->sorted, by_start);
  for (int32_t i = 0; i < near->count; i++) near->ahead = fmax(near->ahead, near->sorted[i].notice);
  for (int32_t i = 0; i < supply->source_count; i++) {
    const clx_generator *g = supply->source[i].generator;
    if (g != NULL) near->ahead = fmax(near->ahead, fmax(g->start_time, g->hot_start_time));
  }
  near->ahead += MARGIN;
  return true;
}

void clx_near_supply_move(clx_near_supply *near, double from, double to) {
  const clx_curtailment *c = near->sorted;
  while (near->first < near->count && c[near->first].at + c[near->first].duration <= from) near->first++;
  if (near->last < near->first) near->last = near->first;
  while (near->last < near->count && c[near->last].at - near->ahead <= to) near->last++;
  near->supply.curtailment = near->sorted + near->first;
  near->supply.curtailment_count = near->last - near->first;
}
