// What can be short: capacities, lines of makers, allotments of buyers.
#include <math.h>

#include "supply/supply_order_internal.h"

enum { LIMITS_MAX = 512 };

static clx_status add(clx_procurement_build *b, const clx_dated *rate, int32_t count, const char *name, clx_place place,
                      int32_t *index) {
  clx_procurement *out = b->out;
  if (out->limit == NULL) out->limit = CLX_NEW_ARRAY(b->arena, clx_limit, LIMITS_MAX);
  double *week = CLX_NEW_ARRAY(b->arena, double, out->weeks);
  if (out->limit == NULL || week == NULL || name == NULL) return clx_fail(b->error, CLX_MEMORY, place, "out of memory");
  if (out->limit_count == LIMITS_MAX)
    return clx_fail(b->error, CLX_INPUT, place, "more than %d capacities, lines and allotments", LIMITS_MAX);
  clx_dated_weeks(rate, count, out->start, out->weeks, week);
  for (int32_t w = 0; w < out->weeks; w++) week[w] *= CLX_WEEK;
  *index = out->limit_count++;
  out->limit[*index] = (clx_limit){.name = name, .week = week, .capacity = -1, .kind = -1, .maker = -1, .buyer = -1};
  return CLX_OK;
}

clx_status clx_build_capacity(clx_procurement_build *b, const char *name, clx_place place, int32_t *index) {
  const clx_capacity *entry = b->finder->find(b->finder->of, "capacity", name);
  if (entry == NULL) return clx_fail(b->error, CLX_INPUT, place, "capacity: unknown \"%s\"", name);
  const char *text = clx_arena_format(b->arena, "capacity %s", entry->name);
  for (*index = 0; *index < b->out->limit_count; (*index)++)
    if (clx_text_equal(b->out->limit[*index].name, text)) return CLX_OK;
  CLX_TRY(clx_capacity_check(entry, place, b->error));
  CLX_TRY(add(b, entry->rate, entry->rate_count, text, place, index));
  clx_limit *limit = &b->out->limit[*index];
  limit->capacity = *index;
  limit->kind = entry->kind;
  limit->spread = entry->spread;
  limit->outages = entry->outages;
  limit->outage_low = entry->outage_low;
  limit->outage_high = entry->outage_high;
  return CLX_OK;
}

static clx_status build_lines(clx_procurement_build *b) {
  for (int32_t m = 0; m < b->out->maker_count; m++) {
    const clx_maker *maker = b->out->maker[m];
    int32_t index = 0;
    if (maker->route_count > CLX_ROUTES_MAX) {
      return clx_fail(b->error, CLX_INPUT, b->spec->place, "routes: maker \"%s\" has more than %d sub-assemblers",
                      maker->name, CLX_ROUTES_MAX);
    }
    for (int32_t r = 0; r < maker->route_count; r++)
      CLX_TRY(clx_build_capacity(b, maker->route[r].capacity, maker->route[r].place, &index));
    if (maker->line_count == 0) continue;
    CLX_TRY(add(b, maker->line, maker->line_count, clx_arena_format(b->arena, "line of %s", maker->name),
                b->spec->place, &index));
    b->out->limit[index].maker = m;
  }
  return CLX_OK;
}

static clx_status check_rates(const clx_procurement_build *b, const clx_allotment_spec *s) {
  double before = -INFINITY, time = 0;
  for (int32_t i = 0; i < s->rate_count; i++) {
    CLX_TRY(clx_date_read(s->rate[i].from, "rate", s->rate[i].place, &time, b->error));
    if (time <= before) return clx_fail(b->error, CLX_INPUT, s->rate[i].place, "rate: dates must ascend");
    if ((s->rate[i].value < 0) == (s->rate[i].items < 0))
      return clx_fail(b->error, CLX_INPUT, s->rate[i].place, "rate: a step needs either rate (GPUs) or items");
    before = time;
  }
  return CLX_OK;
}

static clx_status build_allotment(clx_procurement_build *b, const clx_allotment_spec *s) {
  int32_t buyer = 0, capacity = 0, index = 0;
  CLX_TRY(clx_build_buyer(b, s->buyer, "buyer", s->place, &buyer));
  CLX_TRY(clx_build_capacity(b, s->capacity, s->place, &capacity));
  CLX_TRY(check_rates(b, s));
  for (int32_t i = 0; i < b->out->limit_count; i++) {
    if (b->out->limit[i].buyer == buyer && b->out->limit[i].capacity == capacity)
      return clx_fail(b->error, CLX_INPUT, s->place, "allotments: two of \"%s\" to \"%s\"", s->capacity, s->buyer);
  }
  CLX_TRY(add(b, s->rate, s->rate_count,
              clx_arena_format(b->arena, "allotment of %s to %s", b->out->limit[capacity].name, s->buyer), s->place,
              &index));
  b->out->limit[index].capacity = capacity;
  b->out->limit[index].buyer = buyer;
  return CLX_OK;
}

clx_status clx_build_limits(clx_procurement_build *b) {
  int32_t index = 0;
  for (int32_t i = 0; i < b->out->product_count; i++) {
    const clx_product *product = b->out->product[i];
    if (product->need_count > CLX_NEEDS_MAX) {
      return clx_fail(b->error, CLX_INPUT, b->spec->place, "needs: product \"%s\" has more than %d", product->name,
                      CLX_NEEDS_MAX);
    }
    for (int32_t k = 0; k < product->need_count; k++)
      CLX_TRY(clx_build_capacity(b, product->need[k].capacity, product->need[k].place, &index));
  }
  CLX_TRY(build_lines(b));
  for (int32_t i = 0; i < b->spec->allotment_count; i++) CLX_TRY(build_allotment(b, &b->spec->allotment[i]));
  return CLX_OK;
}
