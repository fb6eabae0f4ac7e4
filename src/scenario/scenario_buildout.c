// The section `buildout`, checked as far as it goes without the power of a GPU.
#include "scenario/scenario_buildout.h"

#include "catalog/catalog.h"
#include "scenario/scenario.h"

bool clx_scenario_is_built(const clx_scenario *s) { return s->spec.buildout.place.file != NULL; }

void clx_scenario_cohorts(const clx_scenario *s, clx_buildout_cohort *cohort, int32_t *item) {
  const clx_fleet_spec *fleet = s->spec.fleet;
  for (int32_t i = 0; i < s->spec.fleet_count; i++) {
    int32_t at = i;
    for (; at > 0 && fleet[item[at - 1]].phase > fleet[i].phase; at--) item[at] = item[at - 1];
    item[at] = i;
  }
  for (int32_t i = 0; i < s->spec.fleet_count; i++) {
    const clx_cohort *c = &s->machine.cohort[item[i]];
    cohort[i] = (clx_buildout_cohort){
        .name = c->server.name, .gpus = (double)c->gpus, .per_rack = (double)c->rack.servers * (double)c->server.gpus};
  }
}

bool clx_scenario_supplies_buildout(const clx_scenario *s) {
  const clx_procurement *p = &s->supply.procurement;
  if (!s->supply.stated) return false;
  for (int32_t i = 0; i < p->order_count; i++)
    if (p->purchase[i].buyer == p->self) return true;
  return false;
}

bool clx_scenario_builds_power(const clx_scenario *s) {
  const clx_buildout_spec *b = &s->spec.buildout;
  bool gives = b->power_count > 0;
  for (int32_t i = 0; i < b->work_count; i++) gives = gives || b->work[i].gives.power > 0;
  return gives;
}

bool clx_scenario_dates_power(const clx_scenario *s) {
  const clx_supply *supply = &s->power.supply;
  bool dated = false;
  for (int32_t i = 0; i < supply->source_count; i++)
    dated = dated || supply->source[i].from > 0 || supply->source[i].until > 0;
  return dated;
}

static bool fleet_has(const clx_scenario *s, const char *device) {
  for (int32_t i = 0; i < s->machine.cohort_count; i++)
    if (clx_text_equal(s->machine.cohort[i].device.name, device)) return true;
  return false;
}

// Orders of the owner are of GPUs that stand in his fleet.
static clx_status check_orders(const clx_scenario *s, clx_error *error) {
  const clx_procurement *p = &s->supply.procurement;
  clx_status status = CLX_OK;
  for (int32_t i = 0; i < p->order_count; i++) {
    const clx_product *product = p->product[p->purchase[i].product];
    if (p->purchase[i].buyer != p->self || product->device == NULL) continue;
    const char *name = clx_catalog_canonical(s->catalog, "device", product->device);
    if (fleet_has(s, name != NULL ? name : product->device)) continue;
    status = clx_fail(error, CLX_INPUT, s->spec.supply.order[i].place,
                      "orders: '%s' is of %s with %s, but the fleet that is built has none (it begins with %s); order "
                      "what the fleet is of, or change machine.fleet",
                      p->purchase[i].name, product->name, name != NULL ? name : product->device,
                      s->machine.cohort[0].device.name);
  }
  return status;
}

// Stands for orders of section `supply` while names and dates are checked: all there from the first day.
static void fill_all(const void *of, int32_t replica, double *gpus) {
  (void)replica;
  *gpus = *(const double *)of;
}

clx_status clx_scenario_compile_buildout(clx_scenario *s, clx_error *error) {
  const int32_t count = s->spec.fleet_count;
  clx_buildout *checked = NULL;
  double gpus = 0;
  if (!clx_scenario_is_built(s)) return CLX_OK;
  clx_buildout_cohort *cohort = CLX_NEW_ARRAY(s->arena, clx_buildout_cohort, count + 1);
  int32_t *item = CLX_NEW_ARRAY(s->arena, int32_t, count + 1);
  if (cohort == NULL || item == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  clx_scenario_cohorts(s, cohort, item);
  for (int32_t i = 0; i < count; i++) gpus += cohort[i].gpus;
  clx_buildout_input input = {.cohort = cohort, .cohort_count = count};
  if (clx_scenario_supplies_buildout(s)) {
    CLX_TRY(check_orders(s, error));
    input.source = (clx_buildout_source){.fill = fill_all, .of = &gpus, .length = 1, .periods = 1};
  }
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const clx_status status = clx_buildout_compile(&s->spec.buildout, &input, arena, &checked, error);
  clx_arena_free(arena);
  return status;
}
