// What the orders of the section `supply` say of the price of GPUs that the section `cost` buys.
#include "scenario/scenario.h"

double clx_scenario_supply_dollar(const clx_scenario *s) {
  const clx_procurement_spec *spec = &s->spec.supply;
  for (int32_t i = 0; i < spec->exchange_count; i++)
    if (clx_text_equal(spec->exchange[i].currency, s->supply.procurement.currency)) return spec->exchange[i].usd;
  return 1;  // of US dollars; others without a rate are refused when the section is read
}

// Whether an order brings GPUs that the item is for: of the device of one of its cohorts, or of a product that names none.
static bool fits(const clx_scenario *s, const clx_cost_item_spec *item, const clx_purchase *order) {
  const char *device = s->supply.procurement.product[order->product]->device;
  for (int32_t i = 0; i < s->machine.cohort_count; i++) {
    const clx_cohort *c = &s->machine.cohort[i];
    if (!clx_scenario_cost_is_for(item, c)) continue;
    if (device == NULL || clx_text_equal_loose(c->device.name, device)) return true;
  }
  return false;
}

bool clx_scenario_cost_follows_orders(const clx_cost_item_spec *item) {
  return item->kind == CLX_COST_GPU && item->price == NULL && !(item->factor < 1 || item->factor > 1);
}

double clx_scenario_ordered_price(const clx_scenario *s, const clx_cost_item_spec *item) {
  const clx_procurement *p = &s->supply.procurement;
  double gpus = 0, money = 0;
  if (!clx_scenario_is_supplied(s) || item->kind != CLX_COST_GPU) return -1;
  for (int32_t i = 0; i < p->order_count; i++) {
    const clx_purchase *order = &p->purchase[i];
    if (order->buyer != p->self || !fits(s, item, order)) continue;
    gpus += order->quantity;
    money += order->quantity * order->price;
  }
  return gpus > 0 ? money / gpus * clx_scenario_supply_dollar(s) : -1;
}
