// Seeded random instances of order planning.
#include <math.h>

#include "chance/chance.h"
#include "supply/supply_plan.h"
#include "supply/supply_plan_internal.h"

enum { DOMAIN_TERMS = 0x5101, DOMAIN_SPELLS };

static double between(clx_stream *stream, double low, double high) {
  return low + (high - low) * clx_stream_uniform(stream);
}

clx_status clx_sourcing_new(int32_t suppliers, int32_t periods, int32_t scenarios, clx_arena *arena, clx_sourcing *out,
                            clx_error *error) {
  if (suppliers < 1 || suppliers > CLX_SUPPLIERS_MAX || periods < 1 || periods > CLX_PERIODS_MAX || scenarios < 1 ||
      scenarios > CLX_SCENARIOS_MAX) {
    return clx_fail_plain(error, CLX_INPUT,
                          "order planning: expected 1..%d suppliers, 1..%d periods, 1..%d scenarios, read %d, %d, %d",
                          CLX_SUPPLIERS_MAX, CLX_PERIODS_MAX, CLX_SCENARIOS_MAX, suppliers, periods, scenarios);
  }
  const size_t cells = (size_t)suppliers * (size_t)periods, all = cells * (size_t)scenarios;
  *out = (clx_sourcing){.suppliers = suppliers,
                        .periods = periods,
                        .scenarios = scenarios,
                        .qualify = CLX_NEW_ARRAY(arena, double, suppliers),
                        .setup = CLX_NEW_ARRAY(arena, double, cells),
                        .price = CLX_NEW_ARRAY(arena, double, cells),
                        .lot = CLX_NEW_ARRAY(arena, double, cells),
                        .most = CLX_NEW_ARRAY(arena, double, cells),
                        .total = CLX_NEW_ARRAY(arena, double, suppliers),
                        .demand = CLX_NEW_ARRAY(arena, double, periods),
                        .hold = CLX_NEW_ARRAY(arena, double, periods),
                        .late = CLX_NEW_ARRAY(arena, double, periods),
                        .probability = CLX_NEW_ARRAY(arena, double, scenarios),
                        .yield = CLX_NEW_ARRAY(arena, double, all),
                        .arrival = CLX_NEW_ARRAY(arena, int32_t, all),
                        .nominal = CLX_NEW_ARRAY(arena, int32_t, suppliers)};
  if (out->qualify == NULL || out->setup == NULL || out->price == NULL || out->lot == NULL || out->most == NULL ||
      out->total == NULL || out->demand == NULL || out->hold == NULL || out->late == NULL || out->probability == NULL ||
      out->yield == NULL || out->arrival == NULL || out->nominal == NULL)
    return clx_fail_plain(error, CLX_MEMORY, "out of memory for %zu scenario orders", all);
  for (int32_t w = 0; w < scenarios; w++) out->probability[w] = 1.0 / scenarios;
  return CLX_OK;
}

// Terms of suppliers: dear ones are reliable, large lots come with large capacities.
static void draw_terms(uint64_t seed, clx_sourcing *p) {
  clx_stream stream = clx_stream_make(seed, DOMAIN_TERMS, 0, 0);
  double mean = 0;
  for (int32_t t = 0; t < p->periods; t++) {
    p->demand[t] = between(&stream, 60, 140);
    p->hold[t] = 1;
    p->late[t] = t + 1 < p->periods ? 10 : 100;  // what is missing at the end must be bought dearly elsewhere
    mean += p->demand[t] / p->periods;
  }
  for (int32_t s = 0; s < p->suppliers; s++) {
    const double most = mean * between(&stream, 0.4, 1.0), price = between(&stream, 40, 60);
    p->nominal[s] = 1 + (int32_t)clx_stream_below(&stream, 3);
    p->qualify[s] = between(&stream, 500, 2000);
    p->total[s] = mean * p->periods * between(&stream, 0.4, 0.8);
    const double lot = most * between(&stream, 0.2, 0.5), setup = between(&stream, 50, 200);
    for (int32_t t = 0; t < p->periods; t++) {
      const int32_t at = s * p->periods + t;
      p->most[at] = most * (1 + 0.02 * t);
      p->lot[at] = lot;
      p->setup[at] = setup;
      p->price[at] = price * between(&stream, 0.97, 1.03);
    }
  }
}

// Spells of failure: begins with probability `begin` in a period, lasts 1 .. `longest` periods.
static void draw_spells(clx_stream *stream, double begin, int32_t longest, int32_t periods, bool *down) {
  int32_t left = 0;
  for (int32_t t = 0; t < periods; t++) {
    const bool begins = clx_stream_uniform(stream) < begin;
    if (begins && left == 0) left = 1 + (int32_t)clx_stream_below(stream, (uint64_t)longest);
    down[t] = left > 0;
    left = left > 0 ? left - 1 : 0;
  }
}

enum { GROUPS = 4 };

// One scenario: spells of shared sub-assemblers and of suppliers take what was ordered, an allocation of chips scales all, deliveries come late.
static void draw_scenario(uint64_t seed, int32_t w, const double *hazard, clx_sourcing *p) {
  clx_stream stream = clx_stream_make(seed, DOMAIN_SPELLS, (uint64_t)w, 0);
  bool group[GROUPS][CLX_PERIODS_MAX], own[CLX_PERIODS_MAX];
  double chips[CLX_PERIODS_MAX], level = 1;
  for (int32_t g = 0; g < GROUPS; g++) draw_spells(&stream, 0.03, 4, p->periods, group[g]);
  for (int32_t t = 0; t < p->periods; t++) {
    level = 0.7 * level + 0.3 * between(&stream, 0.6, 1.2);  // an allocation that is low stays so for a while
    chips[t] = fmin(1, level);
  }
  for (int32_t s = 0; s < p->suppliers; s++) {
    draw_spells(&stream, hazard[s], 3, p->periods, own);
    for (int32_t t = 0; t < p->periods; t++) {
      const size_t at = ((size_t)w * (size_t)p->suppliers + (size_t)s) * (size_t)p->periods + (size_t)t;
      const bool down = own[t] || group[s % GROUPS][t];
      p->yield[at] = down ? 0 : chips[t];
      p->arrival[at] = t + p->nominal[s] + (clx_stream_uniform(&stream) < 0.15 ? 1 : 0);
    }
  }
}

clx_status clx_sourcing_draw(uint64_t seed, int32_t suppliers, int32_t periods, int32_t scenarios, clx_arena *arena,
                             clx_sourcing *out, clx_error *error) {
  CLX_TRY(clx_sourcing_new(suppliers, periods, scenarios, arena, out, error));
  out->lambda = 0.5;
  out->alpha = 0.9;
  draw_terms(seed, out);
  clx_stream stream = clx_stream_make(seed, DOMAIN_TERMS, 0, 1);
  double hazard[CLX_SUPPLIERS_MAX];
  for (int32_t s = 0; s < suppliers; s++) {
    hazard[s] = between(&stream, 0.01, 0.06);
    // A reliable maker asks for more: up to a tenth.
    for (int32_t t = 0; t < periods; t++) out->price[s * periods + t] *= 1.1 - 2 * (hazard[s] - 0.01);
  }
  for (int32_t w = 0; w < scenarios; w++) draw_scenario(seed, w, hazard, out);
  return CLX_OK;
}
