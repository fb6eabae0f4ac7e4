// From makers and capacities to an instance of order planning.
#include "supply/supply_plan_market.h"

#include <math.h>
#include <string.h>

#include "supply/supply_order_internal.h"
#include "supply/supply_plan_internal.h"

typedef struct market {
  const clx_market_spec *spec;
  clx_arena *arena;
  clx_procurement network;  // one order of each maker; order m is maker m
  clx_replica replica;
  clx_sourcing *out;
} market;

// One order of each maker over the whole time, to have names, dates and limits resolved.
static clx_status build_network(market *m, const clx_supply_finder *finder, clx_error *error) {
  const clx_market_spec *s = m->spec;
  clx_order_spec *order = CLX_NEW_ARRAY(m->arena, clx_order_spec, s->maker_count);
  clx_buyer_spec *buyer = CLX_NEW(m->arena, clx_buyer_spec);
  if (order == NULL || buyer == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  buyer->name = "buyer";
  buyer->weight = 1;
  for (int32_t i = 0; i < s->maker_count; i++) {
    order[i] = (clx_order_spec){.name = s->maker[i],
                                .buyer = "buyer",
                                .product = s->product,
                                .maker = s->maker[i],
                                .at = s->start,
                                .quantity = 1e6,
                                .price = s->price > 0 ? "1 USD" : NULL};  // what is paid stands in set_terms
  }
  clx_procurement_spec *spec = CLX_NEW(m->arena, clx_procurement_spec);
  if (spec == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  *spec = (clx_procurement_spec){.start = s->start,
                                 .weeks = s->periods * s->weeks,
                                 .currency = "USD",
                                 .buyer = buyer,
                                 .buyer_count = 1,
                                 .order = order,
                                 .order_count = s->maker_count,
                                 .qualified = s->qualified,
                                 .qualified_count = s->qualified_count};
  if (s->incident_count > 0) {
    clx_incident_spec *incident = CLX_NEW_ARRAY(m->arena, clx_incident_spec, s->incident_count);
    if (incident == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
    memcpy(incident, s->incident, (size_t)s->incident_count * sizeof *incident);
    spec->incident = incident;
    spec->incident_count = s->incident_count;
  }
  CLX_TRY(clx_procurement_compile(spec, finder, m->arena, &m->network, error));
  return clx_replica_new(&m->network, m->arena, &m->replica, error);
}

// Share of what is planned that a maker can build in a week: the scarcest of the product's needs, its line, and its routes by their shares.
static double built(const market *m, int32_t order, int32_t week, bool units) {
  const clx_procurement *p = &m->network;
  const clx_replica *r = &m->replica;
  double scarcest = units ? INFINITY : 1, routes = 0, whole = 0;
  for (int32_t i = 0; i < r->portion_count; i++) {
    const clx_portion *portion = &r->portion[i];
    if (portion->purchase != order) continue;
    const int32_t maker = p->purchase[order].maker;
    const bool routed = p->maker[maker]->route_count > 0;
    double route = 1;
    for (int32_t k = 0; k < portion->limit_count; k++) {
      const clx_limit *limit = &p->limit[portion->limit[k]];
      const double made = r->limit[(size_t)portion->limit[k] * (size_t)p->weeks + (size_t)week];
      const double value = units                   ? made / portion->amount[k]
                           : limit->week[week] > 0 ? fmin(made / limit->week[week], 1)
                                                   : 0;
      // The route of a portion is the only limit that its sister portions do not have; it stands behind the needs, in front of the line.
      if (routed && limit->maker < 0 && k >= p->product[p->purchase[order].product]->need_count)
        route = value;
      else
        scarcest = fmin(scarcest, value);
    }
    routes += units ? (routed ? route : INFINITY) : portion->share * route;
    whole += portion->share;
  }
  return units ? fmin(scarcest, routes) : scarcest * routes / whole;
}

// Week in which what is ordered in `week` arrives: when it is due, the window is open, the maker is qualified and delivers. `weeks` = never.
static int32_t arrival_of(const market *m, int32_t order, int32_t week) {
  const clx_procurement *p = &m->network;
  const clx_replica *r = &m->replica;
  const clx_purchase *purchase = &p->purchase[order];
  int32_t at = r->due[(size_t)order * (size_t)p->weeks + (size_t)week];
  if (at < r->first[purchase->product]) at = r->first[purchase->product];
  if (at < purchase->qualified) at = purchase->qualified;
  while (at < p->weeks && r->halted[(size_t)purchase->maker * (size_t)p->weeks + (size_t)at]) at++;
  return at >= r->failed[purchase->maker] || at > r->last[purchase->product] ? p->weeks : at;
}

static void draw_scenario(market *m, int32_t w, bool sure) {
  const clx_market_spec *s = m->spec;
  clx_replica_draw(&m->replica, s->seed, (uint64_t)w, sure);
  // Incidents of limits and makers hold from their week on; nothing is ordered in this replica.
  for (int32_t week = 0; week < m->network.weeks; week++) clx_replica_turn(&m->replica, week);
}

static void set_scenario(market *m, int32_t w) {
  const clx_market_spec *s = m->spec;
  draw_scenario(m, w, false);
  for (int32_t order = 0; order < s->maker_count; order++) {
    for (int32_t t = 0; t < s->periods; t++) {
      const size_t at = ((size_t)w * (size_t)s->maker_count + (size_t)order) * (size_t)s->periods + (size_t)t;
      const int32_t week = arrival_of(m, order, t * s->weeks);
      m->out->arrival[at] = week < m->network.weeks ? week / s->weeks : s->periods;
      m->out->yield[at] = week < m->network.weeks ? built(m, order, week, false) : 0;
    }
  }
}

// Mean share that is delivered and paid for; the deposit is paid in any case.
static double delivered(const clx_sourcing *out, int32_t cell) {
  const int32_t cells = out->suppliers * out->periods;
  double sum = 0;
  for (int32_t w = 0; w < out->scenarios; w++)
    sum += out->probability[w] * out->yield[(size_t)w * (size_t)cells + (size_t)cell];
  return sum;
}

static clx_status set_terms(market *m, clx_error *error) {
  const clx_market_spec *s = m->spec;
  clx_sourcing *out = m->out;
  double wanted = 0;
  for (int32_t t = 0; t < s->periods; t++) wanted += out->demand[t] = s->demand[t];
  for (int32_t t = 0; t < s->periods; t++) {
    out->hold[t] = s->hold * s->weeks;
    out->late[t] = t + 1 < s->periods ? s->late * s->weeks : s->late * s->weeks + s->missing;
  }
  draw_scenario(m, 0, true);
  for (int32_t order = 0; order < s->maker_count; order++) {
    const clx_purchase *purchase = &m->network.purchase[order];
    const clx_maker *maker = m->network.maker[purchase->maker];
    const clx_product *product = m->network.product[purchase->product];
    out->qualify[order] = purchase->qualified > 0 ? maker->qualification_cost : 0;
    out->total[order] = maker->share_most * wanted;
    out->nominal[order] = m->replica.due[(size_t)order * (size_t)m->network.weeks] / s->weeks;
    for (int32_t t = 0; t < s->periods; t++) {
      const int32_t cell = order * s->periods + t, week = arrival_of(m, order, t * s->weeks);
      const double base =
          s->price > 0 ? s->price
                       : clx_dated_at(product->price, product->price_count, m->network.start + t * s->weeks * CLX_WEEK);
      const double price = base * maker->price_ratio;
      if (price <= 0)
        return clx_fail_plain(error, CLX_INPUT, "price: product \"%s\" has none in period %d", product->name, t);
      out->price[cell] = price * (maker->deposit + (1 - maker->deposit) * delivered(out, cell));
      out->setup[cell] = s->setup;
      out->lot[cell] = maker->minimum_lot;
      const double most = week < m->network.weeks ? s->share * s->weeks * built(m, order, week, true) : 0;
      out->most[cell] = fmin(most, wanted);  // nobody orders more of one maker than is wanted in all
      if (out->most[cell] < out->lot[cell]) out->most[cell] = 0;
    }
  }
  return CLX_OK;
}

clx_status clx_sourcing_market(const clx_market_spec *spec, const clx_supply_finder *finder, clx_arena *arena,
                               clx_sourcing *out, clx_error *error) {
  market m = {.spec = spec, .arena = arena, .out = out};
  if (spec->weeks < 1 || spec->periods < 1 || spec->weeks * spec->periods > CLX_WEEKS_MAX)
    return clx_fail_plain(error, CLX_INPUT, "weeks: expected periods of 1 week or more, %d weeks in all at most",
                          CLX_WEEKS_MAX);
  if (!(spec->share > 0 && spec->share <= 1))
    return clx_fail_plain(error, CLX_INPUT, "share: expected above 0 and at most 1, read %g", spec->share);
  CLX_TRY(build_network(&m, finder, error));
  CLX_TRY(clx_sourcing_new(spec->maker_count, spec->periods, spec->scenarios, arena, out, error));
  out->name = spec->maker;
  out->lambda = spec->lambda;
  out->alpha = spec->alpha;
  clx_replica_portions(&m.replica);
  for (int32_t w = 0; w < spec->scenarios; w++) set_scenario(&m, w);
  return set_terms(&m, error);
}
