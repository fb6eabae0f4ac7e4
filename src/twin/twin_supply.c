// The study of a scenario's orders: deliveries, events, a second source, what to order.
#include "twin/twin_supply.h"

static clx_status no_memory(const clx_twin_supply *c) { return clx_fail_plain(c->error, CLX_MEMORY, "out of memory"); }

static clx_status tell(const clx_twin_supply *c, const char *what, double done) {
  if (c->options->progress == NULL || c->options->progress(c->options->context, what, done)) return CLX_OK;
  return clx_fail_plain(c->error, CLX_EXPECTATION, "stopped");
}

static clx_status put_base(const clx_twin_supply *c) {
  const clx_procurement *p = c->p;
  const clx_delivery_settings settings = {.seed = c->seed, .replicas = c->replicas};
  clx_delivery found;
  clx_twin_fate fate;
  double *received = CLX_NEW_ARRAY(c->arena, double, (size_t)p->product_count *(size_t)p->weeks + 1),
         *full = CLX_NEW_ARRAY(c->arena, double, (size_t)p->limit_count *(size_t)p->weeks + 1);
  if (received == NULL || full == NULL) return no_memory(c);
  CLX_TRY(clx_procurement_run(p, &settings, c->arena, &found, c->error));
  CLX_TRY(clx_twin_supply_fates(c, p, c->due, &fate, received, full));
  return clx_twin_supply_report(c, &found, &fate, received, full);
}

// What cannot be filled in time: said by `strict` as a mistake, else as warnings.
static clx_status check_demand(const clx_twin_supply *c) {
  clx_error own;
  clx_error_clear(&own);
  const clx_status status = clx_procurement_demand(c->p, c->options->strict ? c->error : &own);
  if (status == CLX_OK || c->options->strict || status != CLX_INFEASIBLE) return status;
  for (int32_t i = 0; i < own.count; i++)
    CLX_TRY(clx_result_warn(c->result, c->error, "supply: even without chance, %s", own.mistake[i].text));
  return CLX_OK;
}

static clx_status need_section(const clx_scenario *scenario, clx_error *error) {
  if (clx_scenario_is_supplied(scenario)) return CLX_OK;
  return clx_fail_plain(error, CLX_INPUT,
                        "scenario '%s' has no section 'supply': state who orders what from whom (colossus schema; "
                        "colossus order switch-to-dell shows what comes of it)",
                        scenario->spec.name);
}

// Names become parts of names of results: two must not become the same.
static clx_status check_names(const clx_twin_supply *c, const char *key, const char *name, const char *earlier,
                              clx_place place) {
  char slug[64], before[64] = "";
  clx_twin_supply_slug(name, slug, sizeof slug);
  if (earlier != NULL) clx_twin_supply_slug(earlier, before, sizeof before);
  if (slug[0] == '\0')
    return clx_fail(c->error, CLX_INPUT, place, "'supply.%s': the name \"%s\" has no letter or digit", key, name);
  if (!clx_text_equal(slug, before)) return CLX_OK;
  return clx_fail(c->error, CLX_INPUT, place, "'supply.%s': the name \"%s\" is too much like \"%s\"", key, name,
                  earlier);
}

static clx_status check_all_names(const clx_twin_supply *c) {
  const clx_procurement_spec *s = &c->scenario->spec.supply;
  for (int32_t i = 0; i < s->buyer_count; i++)
    for (int32_t k = -1; k < i; k++)
      CLX_TRY(check_names(c, "buyers", s->buyer[i].name, k < 0 ? NULL : s->buyer[k].name, s->buyer[i].place));
  for (int32_t i = 0; i < s->order_count; i++)
    for (int32_t k = -1; k < i; k++)
      CLX_TRY(check_names(c, "orders", s->order[i].name, k < 0 ? NULL : s->order[k].name, s->order[i].place));
  for (int32_t i = 0; i < s->incident_count; i++)
    for (int32_t k = -1; k < i; k++)
      CLX_TRY(check_names(c, "events", s->incident[i].name, k < 0 ? NULL : s->incident[k].name, s->incident[i].place));
  for (int32_t i = 0; i < s->swap_count; i++) {
    const clx_swap_spec *swap = &s->swap[i];
    for (int32_t k = -1; swap->name != NULL && k < s->incident_count; k++)
      CLX_TRY(check_names(c, "swaps", swap->name, k < 0 ? NULL : s->incident[k].name, swap->place));
    for (int32_t k = 0; swap->name != NULL && k < i; k++)
      CLX_TRY(check_names(c, "swaps", swap->name, s->swap[k].name, swap->place));
  }
  return CLX_OK;
}

static clx_status open_case(clx_twin_supply *c) {
  const clx_scenario *s = c->scenario;
  c->p = &s->supply.procurement;
  c->seed = c->options->seed;
  c->replicas = c->options->replicas > 0 ? c->options->replicas : s->spec.supply.replicas;
  c->money = clx_text_equal(c->p->currency, "USD") ? "USD" : "";
  c->arena = clx_arena_new();
  if (c->arena == NULL) return no_memory(c);
  CLX_TRY(check_all_names(c));
  CLX_TRY(clx_twin_supply_due(c));
  return check_demand(c);
}

static clx_status study(clx_twin_supply *c) {
  CLX_TRY(clx_twin_scenario(c->scenario, c->result, c->error));
  CLX_TRY(clx_twin_machine(c->scenario, c->result, c->error));
  CLX_TRY(open_case(c));
  CLX_TRY(tell(c, "deliveries", 0));
  CLX_TRY(put_base(c));
  CLX_TRY(tell(c, "events", 0.2));
  CLX_TRY(clx_twin_supply_events(c));
  CLX_TRY(tell(c, "second source", 0.5));
  CLX_TRY(clx_twin_supply_second(c));
  CLX_TRY(tell(c, "planning", 0.6));
  if (c->options->plan) CLX_TRY(clx_twin_supply_plan(c));
  CLX_TRY(tell(c, "planning", 1));
  return clx_twin_assumptions(c->scenario, c->result, c->error);
}

clx_status clx_twin_order(const clx_scenario *scenario, const clx_order_options *options, clx_result *result,
                          clx_error *error) {
  clx_order_options plain;
  clx_order_options_default(&plain);
  clx_twin_supply c = {
      .scenario = scenario, .options = options != NULL ? options : &plain, .result = result, .error = error};
  CLX_TRY(need_section(scenario, error));
  const clx_status status = study(&c);
  clx_arena_free(c.arena);
  return status;
}

clx_status clx_twin_order_check(const clx_scenario *scenario, clx_error *error) {
  CLX_TRY(need_section(scenario, error));
  return clx_procurement_demand(&scenario->supply.procurement, error);
}

clx_status clx_twin_supply_run(const clx_scenario *scenario, uint64_t seed, clx_result *result, clx_error *error) {
  const clx_order_options plain = {.seed = seed};
  clx_twin_supply c = {.scenario = scenario, .options = &plain, .result = result, .error = error};
  if (!clx_scenario_is_supplied(scenario)) return CLX_OK;
  clx_status status = open_case(&c);
  if (status == CLX_OK) status = put_base(&c);
  clx_arena_free(c.arena);
  return status;
}
