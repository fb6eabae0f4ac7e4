// From what the user states to a plan: prices of the plan's start, deliveries by month.
#include <math.h>

#include "cost/cost_plan.h"

// What is usual of a kind. Tax lives: IRS Publication 946, table B-1 (computers 5 years, own electric plant 15 years); years of use: GPUs 5 and
// shell 14 as in Epoch's gigawatt (2026-05-14), plant 15 to 20 as makers state.
static const struct {
  int32_t depreciation;
  double life;  // years
  int32_t resale;
} usual[CLX_COST_KINDS] = {
    [CLX_COST_GPU] = {CLX_DEPRECIATE_MACRS_5, 5, CLX_RESALE_DECAY},
    [CLX_COST_NETWORK] = {CLX_DEPRECIATE_MACRS_5, 5, CLX_RESALE_DECAY},
    [CLX_COST_STORAGE] = {CLX_DEPRECIATE_MACRS_5, 5, CLX_RESALE_DECAY},
    [CLX_COST_BUILDING] = {CLX_DEPRECIATE_STRAIGHT, 14, CLX_RESALE_BOOK},
    [CLX_COST_POWER] = {CLX_DEPRECIATE_MACRS_15, 15, CLX_RESALE_BOOK},
    [CLX_COST_COOLING] = {CLX_DEPRECIATE_MACRS_15, 15, CLX_RESALE_BOOK},
    [CLX_COST_BATTERY] = {CLX_DEPRECIATE_MACRS_7, 15, CLX_RESALE_BOOK},
    [CLX_COST_LAND] = {CLX_DEPRECIATE_NONE, 100, CLX_RESALE_FULL},
    [CLX_COST_PERMIT] = {CLX_DEPRECIATE_STRAIGHT, 15, CLX_RESALE_NONE},
    [CLX_COST_OTHER] = {CLX_DEPRECIATE_STRAIGHT, 5, CLX_RESALE_NONE},
};

#define COST_MAX 1e15  // USD of one item: ten times what the world earns in a year

typedef struct compiling {
  const clx_cost_spec *spec;
  const clx_cost_found *found;
  const clx_currency *usd;  // nullable
  clx_arena *arena;
  clx_cost_plan *plan;
  clx_error *error;
} compiling;

static clx_status no_memory(const compiling *c) {
  return clx_fail(c->error, CLX_MEMORY, c->spec->place, "out of memory");
}

static int32_t month_of(double time) { return (int32_t)floor(time / CLX_MONTH + 1e-9); }

// The price of orders, with the band of the entry where there is one.
static void take_ordered(double price, clx_spread *one) {
  const double times = one->expected > 0 ? price / one->expected : 0;
  *one = (clx_spread){price, times > 0 && one->low > 0 ? one->low * times : -1,
                      times > 0 && one->high > 0 ? one->high * times : -1};
}

// USD of one unit or W at the start of the plan, and how many of them.
static clx_status price_item(const compiling *c, int32_t i, clx_spread *one, clx_error *error) {
  const clx_cost_item_spec *s = &c->spec->capital[i];
  const bool by_power = s->power >= 0;
  const char *unit = by_power ? "USD/W" : "USD";
  double year = c->plan->start, factor = 1;
  if (s->date != NULL && !clx_year_read(s->date, &year))
    return clx_fail(error, CLX_INPUT, s->place, "'%.40s': date '%.40s'; expected a day, month, quarter or year",
                    s->name, s->date);
  if (s->price == NULL && (s->low != NULL || s->high != NULL))
    return clx_fail(error, CLX_INPUT, s->place, "'%.40s': `%s` without `price`; the entry has its own", s->name,
                    s->low != NULL ? "price_low" : "price_high");
  if (s->price != NULL) {
    const clx_currencies *known = &c->found->currencies;
    CLX_TRY(clx_money_read(s->price, unit, year, known, s->place, &one->expected, error));
    one->low = one->high = -1;
    if (s->low != NULL) CLX_TRY(clx_money_read(s->low, unit, year, known, s->place, &one->low, error));
    if (s->high != NULL) CLX_TRY(clx_money_read(s->high, unit, year, known, s->place, &one->high, error));
  } else if (c->found->price[i] != NULL) {
    *one = clx_price_at(c->found->price[i], year);
    c->plan->item[i].beyond = clx_price_beyond(c->found->price[i], year);
  } else if (c->found->building[i] != NULL) {
    *one = c->found->building[i]->cost;
    year = c->found->building[i]->year;
  } else if (c->found->battery[i] != NULL) {
    if (!(c->found->battery[i]->price > 0))
      return clx_fail(error, CLX_INPUT, s->place, "'%.40s': battery '%.40s' has no price; expected `price`", s->name,
                      s->entry);
    *one = (clx_spread){c->found->battery[i]->price, -1, -1};
  } else if (!(s->ordered_price > 0)) {
    return clx_fail(error, CLX_INPUT, s->place, "'%.40s' has no price: expected `price` or `entry`", s->name);
  }
  if (year != c->plan->start && (s->date != NULL || c->found->building[i] != NULL))
    CLX_TRY(clx_price_level(c->usd, year, c->plan->start, c->spec->inflation, s->place, &factor, error));
  factor *= s->factor;
  one->expected *= factor;
  if (one->low > 0) one->low *= factor;
  if (one->high > 0) one->high *= factor;
  c->plan->item[i].own_price = one->expected;
  if (s->ordered_price > 0) {
    take_ordered(s->ordered_price, one);
    c->plan->item[i].beyond = 0;
  }
  return clx_spread_check(one, s->name, s->place, error);
}

static clx_status check_quantity(const clx_cost_item_spec *s, const compiling *c, int32_t i) {
  if ((s->count >= 0) == (s->power >= 0))
    return clx_fail(c->error, CLX_INPUT, s->place, "'%.40s': %s; expected one of the two", s->name,
                    s->count >= 0 ? "both count and power are stated" : "neither count nor power is stated");
  if (s->price == NULL && (c->found->building[i] != NULL) != (s->power >= 0) && s->entry != NULL)
    return clx_fail(c->error, CLX_INPUT, s->place, "'%.40s': '%.40s' is paid by %s; expected `%s`", s->name, s->entry,
                    c->found->building[i] != NULL ? "W" : "unit", c->found->building[i] != NULL ? "power" : "count");
  return CLX_OK;
}

// 3 x^2 - 2 x^3, the S-curve without a parameter: slow at both ends, half of the money at half of the time.
static double s_curve(double x) { return x <= 0 ? 0 : x >= 1 ? 1 : x * x * (3 - 2 * x); }

static clx_status outside(const compiling *c, const clx_cost_item_spec *s, double time) {
  return clx_fail(c->error, CLX_INPUT, s->place, "'%.40s': delivered in month %d; expected within the plan's %d months",
                  s->name, month_of(time), c->plan->months);
}

static clx_status deliver(const compiling *c, const clx_cost_item_spec *s, double *delivered) {
  const int32_t months = c->plan->months;
  double sum = 0;
  if (s->until > s->from) {
    if (s->at_count > 0)
      return clx_fail(c->error, CLX_INPUT, s->place, "'%.40s': both `at` and `until`; expected one of the two",
                      s->name);
    if (s->until > months * CLX_MONTH + 1) return outside(c, s, s->until);
    for (int32_t m = 0; m < months; m++) {
      const double span = s->until - s->from;
      delivered[m] = s_curve(((m + 1) * CLX_MONTH - s->from) / span) - s_curve((m * CLX_MONTH - s->from) / span);
    }
    return CLX_OK;
  }
  if (s->share_count != 0 && s->share_count != s->at_count)
    return clx_fail(c->error, CLX_INPUT, s->place, "'%.40s': %d shares for %d dates; expected as many", s->name,
                    s->share_count, s->at_count);
  if (s->at_count == 0 && !s->ordered) {
    if (month_of(s->from) >= months) return outside(c, s, s->from);
    delivered[month_of(s->from)] = 1;
    return CLX_OK;
  }
  for (int32_t k = 0; k < s->at_count; k++) {
    const int32_t m = month_of(s->at[k]);
    const double share = s->share_count > 0 ? s->share[k] : 1.0 / s->at_count;
    if (m >= months && s->ordered) continue;
    if (m >= months) return outside(c, s, s->at[k]);
    delivered[m] += share;
    sum += share;
  }
  if (fabs(sum - 1) > 1e-6 && !s->ordered)
    return clx_fail(c->error, CLX_INPUT, s->place, "'%.40s': shares sum to %g; expected 1", s->name, sum);
  return CLX_OK;
}

// When what orders ask for is paid, and how much of it in all.
static clx_status pay(const compiling *c, const clx_cost_item_spec *s, clx_cost_item *item) {
  const int32_t months = c->plan->months;
  item->bought = 1;
  if (!s->ordered) return CLX_OK;
  if (s->paid_count > 0) {
    item->paid = CLX_NEW_ARRAY(c->arena, double, months);
    if (item->paid == NULL) return no_memory(c);
  }
  for (int32_t k = 0; k < s->paid_count; k++)
    if (month_of(s->paid_at[k]) < months) item->paid[month_of(s->paid_at[k])] += s->paid_share[k];
  item->bought = 0;
  for (int32_t m = 0; m < months; m++) item->bought += item->paid != NULL ? item->paid[m] : item->delivered[m];
  return CLX_OK;
}

static clx_status compile_item(const compiling *c, int32_t i) {
  const clx_cost_item_spec *s = &c->spec->capital[i];
  clx_cost_item *item = &c->plan->item[i];
  clx_spread one = {0};
  CLX_TRY(check_quantity(s, c, i));
  CLX_TRY(price_item(c, i, &one, c->error));
  const double count = s->power >= 0 ? s->power : s->count;
  if (!(one.expected >= 0 && one.low >= 0 && one.high * count <= COST_MAX))
    return clx_fail(c->error, CLX_INPUT, s->place, "'%.40s' costs %g USD (%g to %g) times %g; expected 0 to %g in all",
                    s->name, one.expected, one.low, one.high, count, COST_MAX);
  const double of_building = c->found->building[i] != NULL ? c->found->building[i]->life / (12 * CLX_MONTH) : -1;
  const double beyond = item->beyond, own_price = item->own_price;
  *item = (clx_cost_item){.name = s->name,
                          .beyond = beyond,
                          .own_price = own_price,
                          .kind = s->kind,
                          .cost = {one.expected * count, one.low * count, one.high * count},
                          .deposit = s->deposit,
                          .lead = (int32_t)lround(s->lead / CLX_MONTH),
                          .terms = (int32_t)lround(s->terms / CLX_MONTH),
                          .depreciation = s->depreciation >= 0 ? s->depreciation : usual[s->kind].depreciation,
                          .life = s->life > 0       ? s->life / (12 * CLX_MONTH)
                                  : of_building > 0 ? of_building
                                                    : usual[s->kind].life,
                          .bonus = s->bonus,
                          .resale = s->resale >= 0 ? s->resale : usual[s->kind].resale};
  item->delivered = CLX_NEW_ARRAY(c->arena, double, c->plan->months);
  if (item->delivered == NULL) return no_memory(c);
  CLX_TRY(deliver(c, s, item->delivered));
  CLX_TRY(pay(c, s, item));
  for (int32_t m = 0; m < c->plan->months; m++) item->age += item->delivered[m] * (c->plan->months - m) / 12;
  return CLX_OK;
}

static clx_status compile_penalties(const compiling *c) {
  clx_cost_plan *p = c->plan;
  for (int32_t i = 0; i < c->spec->penalty_count; i++) {
    const clx_penalty_spec *s = &c->spec->penalty[i];
    p->penalty[i] = (clx_cost_penalty){s->name, month_of(s->at), s->amount, s->probability};
    CLX_TRY(clx_spread_check(&p->penalty[i].amount, s->name, s->place, c->error));
    if (p->penalty[i].month >= p->months)
      return clx_fail(c->error, CLX_INPUT, s->place,
                      "'%.40s' falls due in month %d; expected within the plan's %d months", s->name,
                      p->penalty[i].month, p->months);
  }
  return CLX_OK;
}

static clx_status compile_leases(const compiling *c) {
  const int32_t count = c->spec->lease_count;
  clx_vehicle *vehicle = CLX_NEW_ARRAY(c->arena, clx_vehicle, count + 1);
  int32_t *month = CLX_NEW_ARRAY(c->arena, int32_t, count + 1);
  if (vehicle == NULL || month == NULL) return no_memory(c);
  for (int32_t i = 0; i < count; i++)
    CLX_TRY(clx_lease_compile(&c->spec->lease[i], c->plan->months, &vehicle[i], &month[i], c->error));
  c->plan->vehicle = vehicle;
  c->plan->leased_from = month;
  c->plan->vehicle_count = count;
  return CLX_OK;
}

static clx_status compile_operating(const compiling *c) {
  const clx_operating_spec *s = &c->spec->operating;
  const clx_tariff *tariff = c->found->tariff;
  clx_cost_plan *p = c->plan;
  p->energy = s->energy;
  p->demand = s->demand;
  if (p->energy.expected < 0 && tariff != NULL) p->energy = (clx_spread){tariff->energy, -1, -1};
  p->has_energy = p->energy.expected >= 0;
  if (p->energy.expected < 0) p->energy = (clx_spread){0, 0, 0};
  if (p->demand < 0) p->demand = tariff != NULL ? tariff->demand : 0;
  p->fixed = tariff != NULL ? tariff->fixed : 0;
  if (c->found->staff != NULL) {
    p->people = c->found->staff->people;
    p->wage = c->found->staff->wage;
  }
  p->gpu_power = s->gpu_power;
  p->peak = s->peak;
  p->repair = s->repair;
  p->water = s->water;
  p->water_use = s->water_use;
  p->licence = s->licence;
  p->insurance = s->insurance;
  p->lease = s->lease;
  p->growth = s->growth;
  struct {
    clx_spread *spread;
    const char *key;
  } all[] = {{&p->energy, "energy"},       {&p->gpu_power, "gpu_power"}, {&p->repair, "repair"},
             {&p->water, "water"},         {&p->water_use, "water_use"}, {&p->licence, "licence"},
             {&p->insurance, "insurance"}, {&p->lease, "lease"}};
  for (int32_t i = 0; i < CLX_COUNT(all); i++) CLX_TRY(clx_spread_check(all[i].spread, all[i].key, s->place, c->error));
  return CLX_OK;
}

// Of the first GPUs bought by an entry with a decay; 0.14 (Epoch, ML_GPU_PRICE_PERFORMANCE) where nothing states one.
static clx_spread decay_of(const compiling *c) {
  if (c->spec->decay.expected >= 0) return c->spec->decay;
  for (int32_t i = 0; i < c->spec->capital_count; i++) {
    const clx_price *price = c->found->price[i];
    if (c->spec->capital[i].kind == CLX_COST_GPU && price != NULL && price->decay >= 0)
      return (clx_spread){price->decay, price->decay_low, price->decay_high};
  }
  return (clx_spread){0.14, -1, -1};
}

static clx_status compile_plan(const compiling *c) {
  const clx_cost_spec *s = c->spec;
  clx_cost_plan *p = c->plan;
  const clx_finance_spec *f = &s->finance;
  *p = (clx_cost_plan){
      .months = month_of(s->horizon),
      .discount = s->discount,
      .tax = s->tax,
      .common = s->common,
      .tokens = s->tokens,
      .run = s->run,
      .use = s->use,
      .income = s->income,
      .decay = decay_of(c),
      .item_count = s->capital_count,
      .penalty_count = s->penalty_count,
      .debt = f->debt,
      .loan = {f->rate, (int32_t)lround(f->term / CLX_MONTH), (int32_t)lround(f->grace / CLX_MONTH), f->fee}};
  if (!clx_year_read(s->start, &p->start))
    return clx_fail(c->error, CLX_INPUT, s->place,
                    "start '%.40s': expected a date from 1990 to 2100 such as 2024-05-01", s->start);
  if (s->capital_count + s->lease_count == 0 || s->capital_count > CLX_COST_ITEMS_MAX)
    return clx_fail(c->error, CLX_INPUT, s->place, "%d items of capital and no lease; expected 1 to %d items",
                    s->capital_count, CLX_COST_ITEMS_MAX);
  if (s->penalty_count > CLX_COST_PENALTIES_MAX)
    return clx_fail(c->error, CLX_INPUT, s->place, "%d penalties; expected at most %d", s->penalty_count,
                    CLX_COST_PENALTIES_MAX);
  CLX_TRY(clx_spread_check(&p->use, "use", s->place, c->error));
  CLX_TRY(clx_spread_check(&p->income, "income", s->place, c->error));
  CLX_TRY(clx_spread_check(&p->decay, "decay", s->place, c->error));
  p->item = CLX_NEW_ARRAY(c->arena, clx_cost_item, s->capital_count + 1);
  p->penalty = CLX_NEW_ARRAY(c->arena, clx_cost_penalty, s->penalty_count + 1);
  return p->item == NULL || p->penalty == NULL ? no_memory(c) : CLX_OK;
}

clx_status clx_cost_compile(const clx_cost_spec *spec, const clx_cost_found *found, clx_arena *arena,
                            clx_cost_plan *plan, clx_error *error) {
  compiling c = {spec, found, NULL, arena, plan, error};
  clx_status first = CLX_OK;
  for (int32_t i = 0; i < found->currencies.count; i++) {
    if (clx_text_equal(found->currencies.item[i]->code, "USD")) c.usd = found->currencies.item[i];
  }
  CLX_TRY(compile_plan(&c));
  for (int32_t i = 0; i < spec->capital_count; i++) {  // all mistakes of all items
    const clx_status item = compile_item(&c, i);
    if (first == CLX_OK) first = item;
  }
  if (first != CLX_OK) return first;
  CLX_TRY(compile_penalties(&c));
  CLX_TRY(compile_leases(&c));
  return compile_operating(&c);
}
