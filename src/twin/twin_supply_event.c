// Events with and without, and the owner's orders shared with a second maker: the same draws for both, replica by replica.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "twin/twin_supply.h"

enum { NAME = 192 };

// --- events ----------------------------------------------------------------------------------------------------------------

typedef struct pair {
  clx_twin_fate with, without;
} pair;

static clx_status put_difference(const clx_twin_supply *c, const char *slug, const char *what, const double *with,
                                 const double *without, double factor, const char *unit, const char *doc) {
  char name[NAME];
  double *difference = CLX_NEW_ARRAY(c->arena, double, c->replicas);
  if (difference == NULL) return clx_fail_plain(c->error, CLX_MEMORY, "out of memory");
  for (int32_t k = 0; k < c->replicas; k++) difference[k] = with[k] - without[k];
  snprintf(name, sizeof name, "event.%s.%s", slug, what);
  CLX_TRY(clx_twin_supply_put(c, name, difference, factor, unit, doc));
  return CLX_OK;
}

static double unfinished(const clx_twin_supply *c, const clx_twin_fate *fate) {
  int32_t count = 0;
  for (int32_t k = 0; k < c->replicas; k++) count += fate->finished[k] >= c->p->weeks;
  return (double)count / c->replicas;
}

// By how much the end comes later: over the runs that reach it without; where these are not half of all, nothing is said.
static clx_status put_delay(const clx_twin_supply *c, const char *slug, const pair *run) {
  char name[NAME];
  double *later = CLX_NEW_ARRAY(c->arena, double, c->replicas);
  int32_t count = 0;
  if (later == NULL) return clx_fail_plain(c->error, CLX_MEMORY, "out of memory");
  for (int32_t k = 0; k < c->replicas; k++)
    if (run->without.finished[k] < c->p->weeks) later[count++] = run->with.finished[k] - run->without.finished[k];
  if (2 * count <= c->replicas) return CLX_OK;
  clx_sort(later, count);
  snprintf(name, sizeof name, "supply.event.%s.delay", slug);
  CLX_TRY(
      clx_result_add(c->result, name, CLX_WEEK * clx_percentile(later, count, 0.5), "s",
                     CLX_WEEK * clx_percentile(later, count, 0.1), CLX_WEEK * clx_percentile(later, count, 0.9),
                     "by which the owner's orders are whole later, over runs in which they are without it; at least "
                     "that where they are not within the horizon with it",
                     c->error));
  snprintf(name, sizeof name, "event.%s.delay_p80", slug);
  return clx_twin_supply_one(c, name, CLX_WEEK * clx_percentile(later, count, 0.8), "s",
                             "the delay that four of five of these runs do not exceed");
}

// What happens, or a swap.
typedef struct change {
  const char *title;
  int32_t week;
  double probability;
  const clx_incident *incident;  // NULL: a swap
} change;

// Whether no replica is different for the owner.
static bool same(const clx_twin_supply *c, const pair *run) {
  const double *const with[] = {run->with.finished, run->with.had,    run->with.missing,    run->with.paid,
                                run->with.lost,     run->with.stored, run->with.stored_cost};
  const double *const without[] = {run->without.finished,   run->without.had,  run->without.missing,
                                   run->without.paid,       run->without.lost, run->without.stored,
                                   run->without.stored_cost};
  for (int32_t i = 0; i < CLX_COUNT(with); i++)
    if (memcmp(with[i], without[i], (size_t)c->replicas * sizeof(double)) != 0) return false;
  return true;
}

// An event that cannot do anything, and why where that is known.
static clx_status warn_idle(const clx_twin_supply *c, const change *event) {
  const clx_incident *e = event->incident;
  const clx_maker *maker = e != NULL && e->maker >= 0 ? c->p->maker[e->maker] : NULL;
  if (e != NULL && e->kind == CLX_INCIDENT_DELISTING && !(maker->cash_call > e->cash))
    return clx_result_warn(c->result, c->error,
                           "supply: \"%s\" changes nothing: a delisting calls for %.3g USD of %s (`cash_call` of its "
                           "entry), which has %.3g; state the entry's `cash_call`, or `kind: failure`",
                           e->name, maker->cash_call, maker->name, e->cash);
  if (e != NULL && e->kind == CLX_INCIDENT_SLIP && c->p->window_first[e->product] < e->week)
    return clx_result_warn(c->result, c->error,
                           "supply: \"%s\" changes nothing where %s is there before it, as announced: a slip moves a "
                           "window that has not opened",
                           e->name, c->p->product[e->product]->name);
  return clx_result_warn(c->result, c->error, "supply: \"%s\" changes nothing for %s in any of %d runs", event->title,
                         c->p->buyer[c->p->self].name, c->replicas);
}

static clx_status put_change(const clx_twin_supply *c, const change *event, const clx_procurement *with,
                             const clx_procurement *without) {
  char slug[64], name[NAME];
  pair run;
  double ordered = 0;
  for (int32_t i = 0; i < c->p->order_count; i++)
    if (c->p->purchase[i].buyer == c->p->self) ordered += c->p->purchase[i].quantity;
  clx_twin_supply_slug(event->title, slug, sizeof slug);
  CLX_TRY(clx_twin_supply_fates(c, with, c->due, &run.with, NULL, NULL));
  CLX_TRY(clx_twin_supply_fates(c, without, c->due, &run.without, NULL, NULL));
  const struct {
    const char *name;
    double value;
    const char *unit, *doc;
  } numbers[] = {
      {"at", event->week * CLX_WEEK, "s", "after the start: start of its week"},
      {"probability", event->probability, "", "that it happens"},
      {"slip", clx_twin_supply_slips(c, &run.with), "", "probability of more than 30 days late with it"},
      {"slip_without", clx_twin_supply_slips(c, &run.without), "", "and without it"},
      {"unfinished", unfinished(c, &run.with), "", "share of runs in which the orders are not whole with it"},
      {"unfinished_without", unfinished(c, &run.without), "", "and without it"}};
  const struct {
    const char *name;
    const double *with, *without;
    double factor;
    const char *unit, *doc;
  } differences[] = {
      // What is had later is not had for as long: without first.
      {"shift", run.without.had, run.with.had, CLX_WEEK / fmax(ordered, 1), "s",
       "by which a GPU of the owner comes later, mean of all; those that never come count to the horizon"},
      {"gpus", run.with.gpus, run.without.gpus, 1, "", "GPUs of the owner at the reference date, more or less"},
      {"missing", run.with.missing, run.without.missing, 1, "", "GPUs more that never come"},
      {"late", run.with.late, run.without.late, CLX_WEEK, "GPU*s", "GPU-time more for which GPUs are due and missing"},
      {"paid", run.with.paid, run.without.paid, 1, c->money, "more or less"},
      {"lost", run.with.lost, run.without.lost, 1, c->money, "deposits more that are lost"},
      {"stored", run.with.stored, run.without.stored, CLX_WEEK, "GPU*s", "GPU-time more in warehouses without power"},
      {"stored_cost", run.with.stored_cost, run.without.stored_cost, 1, c->money, "of it"}};
  if (same(c, &run)) CLX_TRY(warn_idle(c, event));
  snprintf(name, sizeof name, "event.%s.title", slug);
  CLX_TRY(clx_twin_supply_fact(c, name, event->title));
  for (int32_t i = 0; i < CLX_COUNT(numbers); i++) {
    snprintf(name, sizeof name, "event.%s.%s", slug, numbers[i].name);
    CLX_TRY(clx_twin_supply_one(c, name, numbers[i].value, numbers[i].unit, numbers[i].doc));
  }
  CLX_TRY(put_delay(c, slug, &run));
  for (int32_t i = 0; i < CLX_COUNT(differences); i++)
    CLX_TRY(put_difference(c, slug, differences[i].name, differences[i].with, differences[i].without,
                           differences[i].factor, differences[i].unit, differences[i].doc));
  return CLX_OK;
}

clx_status clx_twin_supply_events(const clx_twin_supply *c) {
  clx_procurement with, without;
  for (int32_t i = 0; i < c->p->incident_count; i++) {
    const clx_incident *e = &c->p->incident[i];
    CLX_TRY(clx_procurement_given(c->p, i, true, c->arena, &with, c->error));
    CLX_TRY(clx_procurement_given(c->p, i, false, c->arena, &without, c->error));
    CLX_TRY(put_change(c, &(change){e->name, e->week, e->probability, e}, &with, &without));
  }
  for (int32_t i = 0; i < c->p->swap_count; i++) {
    const clx_swap *s = &c->p->swap[i];
    if (s->name == NULL) continue;
    CLX_TRY(clx_procurement_unswapped(c->p, i, c->arena, &without, c->error));
    CLX_TRY(put_change(c, &(change){s->name, s->week, 1, NULL}, c->p, &without));
  }
  return CLX_OK;
}

// --- second source ---------------------------------------------------------------------------------------------------------

static bool is_shared(const clx_twin_supply *c, int32_t order) {
  const clx_second_spec *second = &c->scenario->spec.supply.second;
  const clx_purchase *p = &c->p->purchase[order];
  const clx_supply_finder finder = clx_scenario_supply_finder(c->scenario);
  const clx_maker *other = finder.find(finder.of, "maker", second->maker);
  if (p->buyer != c->p->self || p->maker < 0) return false;
  const char *maker = c->p->maker[p->maker]->name;
  if (other != NULL && clx_text_equal(maker, other->name)) return false;
  if (second->instead == NULL) return true;
  const clx_maker *instead = finder.find(finder.of, "maker", second->instead);
  return instead != NULL && clx_text_equal(maker, instead->name);
}

// The section with `share` of each order of the owner with the second maker; order i stays order i, unless all of it moves. *due is
// that of each order of the new section.
static clx_status share_orders(const clx_twin_supply *c, double share, clx_procurement_spec *out, int32_t **due) {
  const clx_procurement_spec *base = &c->scenario->spec.supply;
  clx_order_spec *order = CLX_NEW_ARRAY(c->arena, clx_order_spec, 2 * base->order_count);
  *due = CLX_NEW_ARRAY(c->arena, int32_t, 2 * base->order_count);
  *out = *base;
  if (order == NULL || *due == NULL) return clx_fail_plain(c->error, CLX_MEMORY, "out of memory");
  out->order = order;
  memcpy(order, base->order, (size_t)base->order_count * sizeof *order);
  for (int32_t i = 0; i < base->order_count; i++) {
    (*due)[i] = c->due[i];
    if (!is_shared(c, i) || !(share > 0)) continue;
    clx_order_spec part = base->order[i];
    part.maker = base->second.maker;
    part.quantity *= share;
    part.fallback = NULL;
    if (share >= 1) {
      order[i] = part;
      continue;
    }
    part.name = clx_arena_format(c->arena, "%s, %s", part.name, part.maker);
    if (part.name == NULL) return clx_fail_plain(c->error, CLX_MEMORY, "out of memory");
    order[i].quantity -= part.quantity;
    (*due)[out->order_count] = c->due[i];
    order[out->order_count++] = part;
  }
  return CLX_OK;
}

// What a run costs: money paid and lost with stock, and GPU-time that is due and missing at supply.plan.late.
static clx_status put_share(const clx_twin_supply *c, double share) {
  const clx_planning_spec *plan = &c->scenario->spec.supply.plan;
  const double alpha = plan->place.file != NULL ? plan->alpha : 0.9;
  const clx_supply_finder finder = clx_scenario_supply_finder(c->scenario);
  clx_procurement_spec spec;
  clx_procurement shared;
  clx_twin_fate f;
  clx_error own;
  int32_t *due = NULL;
  char name[NAME], slug[32];
  CLX_TRY(share_orders(c, share, &spec, &due));
  clx_error_clear(&own);
  const clx_status status = clx_procurement_compile(&spec, &finder, c->arena, &shared, &own);
  if (status == CLX_MEMORY) return clx_fail_plain(c->error, CLX_MEMORY, "out of memory");
  if (status != CLX_OK)
    return clx_result_warn(c->result, c->error, "supply: a second source with %.0f %% is not possible: %s", 100 * share,
                           own.mistake[0].text);
  CLX_TRY(clx_twin_supply_fates(c, &shared, due, &f, NULL, NULL));
  double *delay = CLX_NEW_ARRAY(c->arena, double, c->replicas), *cost = CLX_NEW_ARRAY(c->arena, double, c->replicas);
  if (delay == NULL || cost == NULL) return clx_fail_plain(c->error, CLX_MEMORY, "out of memory");
  double mean_delay = 0, mean_cost = 0;
  for (int32_t k = 0; k < c->replicas; k++) {
    delay[k] = fmax(0, f.slip[k]) * CLX_WEEK;
    cost[k] = f.paid[k] + f.stored_cost[k] + plan->late * f.late[k] * CLX_WEEK;
    mean_delay += delay[k] / c->replicas;
    mean_cost += cost[k] / c->replicas;
  }
  const struct {
    const char *name;
    double value;
    const char *unit, *doc;
  } numbers[] = {{"share", share, "", "of the owner's orders with the second maker"},
                 {"delay_mean", mean_delay, "s", "behind what is due: mean"},
                 {"delay_worst", clx_twin_supply_worst(c, delay, alpha), "s", "mean of the worst runs (CVaR)"},
                 {"cost_mean", mean_cost, c->money, "paid, stock, and supply.plan.late for what is due and missing"},
                 {"cost_worst", clx_twin_supply_worst(c, cost, alpha), c->money, "mean of the dearest runs (CVaR)"},
                 {"slip", clx_twin_supply_slips(c, &f), "", "probability of more than 30 days late"}};
  snprintf(slug, sizeof slug, "share_%.4g", 100 * share);
  for (char *at = slug; *at != '\0'; at++) *at = *at == '.' ? '_' : *at;
  for (int32_t i = 0; i < CLX_COUNT(numbers); i++) {
    snprintf(name, sizeof name, "second.%s.%s", slug, numbers[i].name);
    CLX_TRY(clx_twin_supply_one(c, name, numbers[i].value, numbers[i].unit, numbers[i].doc));
  }
  snprintf(name, sizeof name, "second.%s.lost", slug);
  return clx_twin_supply_put(c, name, f.lost, 1, c->money, "deposits lost");
}

clx_status clx_twin_supply_second(const clx_twin_supply *c) {
  static const double usual[] = {0, 0.5, 1};
  const clx_second_spec *second = &c->scenario->spec.supply.second;
  const int32_t count = second->share_count > 0 ? second->share_count : CLX_COUNT(usual);
  int32_t shared = 0;
  if (second->maker == NULL) return CLX_OK;
  for (int32_t i = 0; i < c->p->order_count; i++) shared += is_shared(c, i);
  if (shared == 0)
    return clx_fail(c->error, CLX_INPUT, second->place, "'supply.second': none of the orders of '%s' is with %s%s",
                    c->p->buyer[c->p->self].name, second->instead != NULL ? second->instead : "a maker other than ",
                    second->instead != NULL ? "" : second->maker);
  CLX_TRY(clx_twin_supply_fact(c, "second.maker", second->maker));
  if (second->instead != NULL) CLX_TRY(clx_twin_supply_fact(c, "second.instead", second->instead));
  for (int32_t i = 0; i < count; i++) CLX_TRY(put_share(c, second->share_count > 0 ? second->share[i] : usual[i]));
  return CLX_OK;
}
