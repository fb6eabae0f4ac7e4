// What a plan of cost names: prices, buildings, batteries, staff, a tariff, currencies.
#include "catalog/catalog.h"
#include "cost/cost_decide.h"

// Kinds in which the entry of an item may stand, in this order.
typedef enum entry_kind { ENTRY_PRICE, ENTRY_BUILDING, ENTRY_BATTERY, ENTRY_KINDS } entry_kind;
static const char *const KINDS[ENTRY_KINDS] = {"price", "building", "battery"};

typedef struct lists {
  const clx_price **price;
  const clx_building **building;
  const clx_battery **battery;
} lists;

static clx_status no_memory(clx_place place, clx_error *error) {
  return clx_fail(error, CLX_MEMORY, place, "out of memory");
}

static clx_status unknown_entry(const clx_catalog *catalog, const clx_cost_item_spec *item, clx_error *error) {
  enum { NAMES_MAX = 256 };
  const char *names[NAMES_MAX];
  int32_t count = 0;
  for (int32_t k = 0; k < ENTRY_KINDS; k++) {
    const char *name = NULL;
    for (int32_t i = 0; count < NAMES_MAX && (name = clx_catalog_name(catalog, KINDS[k], i)) != NULL; i++)
      names[count++] = name;
  }
  const char *near = clx_nearest(item->entry, names, count);
  if (near != NULL)
    return clx_fail(error, CLX_INPUT, item->place,
                    "'%.40s': no price, building or battery '%.60s' in the catalogue; did you mean '%s'?", item->name,
                    item->entry, near);
  return clx_fail(error, CLX_INPUT, item->place, "'%.40s': no price, building or battery '%.60s' in the catalogue",
                  item->name, item->entry);
}

static clx_status read_item(const clx_catalog *catalog, const clx_cost_item_spec *item, int32_t i, clx_arena *arena,
                            const lists *out, clx_error *error) {
  entry_kind k = ENTRY_PRICE;
  if (item->entry == NULL) return CLX_OK;
  while (k < ENTRY_KINDS && clx_catalog_canonical(catalog, KINDS[k], item->entry) == NULL) k++;
  if (k == ENTRY_KINDS) return unknown_entry(catalog, item, error);
  const clx_schema *schema = clx_catalog_schema(KINDS[k]);
  void *entry = clx_arena_alloc(arena, schema->size);
  if (entry == NULL) return no_memory(item->place, error);
  CLX_TRY(clx_catalog_read(catalog, KINDS[k], item->entry, item->place, schema, arena, entry, error));
  if (k == ENTRY_PRICE) {
    out->price[i] = entry;
    return clx_price_check(entry, item->place, error);
  }
  if (k == ENTRY_BUILDING) {
    out->building[i] = entry;
    return clx_building_check(entry, item->place, error);
  }
  out->battery[i] = entry;
  return CLX_OK;
}

static clx_status read_currencies(const clx_catalog *catalog, const clx_cost_spec *spec, clx_arena *arena,
                                  clx_cost_found *found, clx_error *error) {
  clx_currency *currency = CLX_NEW_ARRAY(arena, clx_currency, spec->currency_count + 1);
  const clx_currency **list = CLX_NEW_ARRAY(arena, const clx_currency *, spec->currency_count + 1);
  if (currency == NULL || list == NULL) return no_memory(spec->place, error);
  for (int32_t i = 0; i < spec->currency_count; i++) {
    CLX_TRY(clx_catalog_read(catalog, "currency", spec->currencies[i], spec->place, &clx_currency_schema, arena,
                             &currency[i], error));
    CLX_TRY(clx_currency_check(&currency[i], spec->place, error));
    list[i] = &currency[i];
  }
  found->currencies = (clx_currencies){list, spec->currency_count};
  return CLX_OK;
}

static clx_status read_operating(const clx_catalog *catalog, const clx_operating_spec *spec, clx_arena *arena,
                                 clx_cost_found *found, clx_error *error) {
  if (spec->staff != NULL) {
    clx_staff *staff = CLX_NEW(arena, clx_staff);
    if (staff == NULL) return no_memory(spec->place, error);
    CLX_TRY(clx_catalog_read(catalog, "staff", spec->staff, spec->place, &clx_staff_schema, arena, staff, error));
    CLX_TRY(clx_staff_check(staff, spec->place, error));
    found->staff = staff;
  }
  if (spec->tariff != NULL) {
    clx_tariff *tariff = CLX_NEW(arena, clx_tariff);
    if (tariff == NULL) return no_memory(spec->place, error);
    CLX_TRY(clx_catalog_read(catalog, "tariff", spec->tariff, spec->place, &clx_tariff_schema, arena, tariff, error));
    found->tariff = tariff;
  }
  return CLX_OK;
}

clx_status clx_catalog_read_cost(const clx_catalog *catalog, const clx_cost_spec *spec, clx_arena *arena,
                                 clx_cost_found *found, clx_error *error) {
  const int32_t count = spec->capital_count + 1;
  const lists out = {CLX_NEW_ARRAY(arena, const clx_price *, count), CLX_NEW_ARRAY(arena, const clx_building *, count),
                     CLX_NEW_ARRAY(arena, const clx_battery *, count)};
  clx_status first = CLX_OK;
  if (out.price == NULL || out.building == NULL || out.battery == NULL) return no_memory(spec->place, error);
  *found = (clx_cost_found){.price = out.price, .building = out.building, .battery = out.battery};
  for (int32_t i = 0; i < spec->capital_count; i++) {
    const clx_status item = read_item(catalog, &spec->capital[i], i, arena, &out, error);
    if (first == CLX_OK) first = item;
  }
  if (first != CLX_OK) return first;
  CLX_TRY(read_currencies(catalog, spec, arena, found, error));
  return read_operating(catalog, &spec->operating, arena, found, error);
}

clx_status clx_catalog_read_rent(const clx_catalog *catalog, const char *name, clx_place place, clx_arena *arena,
                                 clx_rent *rent, clx_error *error) {
  CLX_TRY(clx_catalog_read(catalog, "rent", name, place, &clx_rent_schema, arena, rent, error));
  return clx_rent_check(rent, place, error);
}

clx_status clx_catalog_read_decide(const clx_catalog *catalog, const clx_decide_spec *spec, double year,
                                   clx_arena *arena, clx_decide_found *found, clx_error *error) {
  const clx_rent **list = CLX_NEW_ARRAY(arena, const clx_rent *, spec->course_count + 1);
  clx_rent *rents = CLX_NEW_ARRAY(arena, clx_rent, spec->course_count + 1), *market = NULL;
  clx_rent_process *process = CLX_NEW(arena, clx_rent_process);
  if (list == NULL || rents == NULL || process == NULL) return no_memory(spec->place, error);
  for (int32_t i = 0; i < spec->course_count; i++) {
    const clx_course_spec *course = &spec->course[i];
    if (course->rent_count == 0) continue;
    CLX_TRY(clx_catalog_read_rent(catalog, course->rent[0].entry, course->rent[0].place, arena, &rents[i], error));
    list[i] = &rents[i];
    if (market == NULL) market = &rents[i];
  }
  if (spec->market != NULL) {
    market = &rents[spec->course_count];
    CLX_TRY(clx_catalog_read_rent(catalog, spec->market, spec->place, arena, market, error));
  }
  *found = (clx_decide_found){.rent = list, .process = market != NULL ? process : NULL};
  return market != NULL ? clx_rent_calibrate(market, year, process, error) : CLX_OK;
}
