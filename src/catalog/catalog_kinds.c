#include "buildout/buildout_site.h"
#include "catalog/catalog_internal.h"
#include "cooling/cooling_exchanger.h"
#include "cooling/cooling_mover.h"
#include "cooling/cooling_plant.h"
#include "cooling/cooling_reject.h"
#include "cooling/cooling_exchanger.h"
#include "cooling/cooling_mover.h"
#include "cooling/cooling_plant.h"
#include "cooling/cooling_reject.h"
#include "cost/cost_price.h"
#include "cost/cost_rent.h"
#include "device/device.h"
#include "fabric/fabric.h"
#include "machine/machine.h"
#include "network/network.h"
#include "power/power_chain.h"
#include "power/power_supply.h"
#include "reliability/reliability.h"
#include "serving/serving.h"
#include "serving/serving_deployment.h"
#include "supply/supply.h"
#include "training/training.h"
#include "weather/weather.h"
#include "weather/weather.h"
#include "workload/workload.h"

// A kind is a folder of the catalogue and a schema.
static const struct {
  const char *name;
  const clx_schema *schema;
} kinds[] = {
    {"accuracy", &clx_accuracy_schema},
    {"battery", &clx_battery_schema},
    {"building", &clx_building_schema},
    {"capacity", &clx_capacity_schema},
    {"cdu", &clx_cdu_schema},
    {"chain", &clx_chain_schema},
    {"chiller", &clx_chiller_schema},
    {"climate", &clx_climate_schema},
    {"cold_plate", &clx_cold_plate_schema},
    {"conversion", &clx_conversion_schema},
    {"currency", &clx_currency_schema},
    {"deployment", &clx_deployment_schema},
    {"device", &clx_device_schema},
    {"dry_cooler", &clx_dry_cooler_schema},
    {"engine", &clx_serving_engine_schema},
    {"failures", &clx_failures_schema},
    {"generator", &clx_generator_schema},
    {"kernels", &clx_kernels_schema},
    {"library", &clx_library_schema},
    {"link", &clx_link_schema},
    {"maker", &clx_maker_schema},
    {"model", &clx_model_schema},
    {"mover", &clx_mover_schema},
    {"plant", &clx_plant_schema},
    {"price", &clx_price_schema},
    {"product", &clx_product_schema},
    {"rack", &clx_rack_schema},
    {"rack_coolant", &clx_rack_coolant_schema},
    {"rent", &clx_rent_schema},
    {"server", &clx_server_schema},
    {"site_class", &clx_site_class_schema},
    {"software", &clx_software_schema},
    {"staff", &clx_staff_schema},
    {"switch", &clx_switch_schema},
    {"tariff", &clx_tariff_schema},
    {"tower", &clx_tower_schema},
    {"transport", &clx_transport_schema},
};

const char *clx_catalog_kind(int32_t index) {
  return index >= 0 && index < CLX_COUNT(kinds) ? kinds[index].name : NULL;
}

int32_t clx_catalog_kind_index(const char *kind) {
  for (int32_t i = 0; i < CLX_COUNT(kinds); i++) {
    if (clx_text_equal(kinds[i].name, kind)) return i;
  }
  return -1;
}

const clx_schema *clx_catalog_schema(const char *kind) {
  const int32_t index = clx_catalog_kind_index(kind);
  return index < 0 ? NULL : kinds[index].schema;
}

clx_status clx_catalog_unknown_kind(const char *kind, clx_place place, clx_error *error) {
  const char *names[CLX_COUNT(kinds)];
  clx_buffer known = {0};
  for (int32_t i = 0; i < CLX_COUNT(kinds); i++) {
    names[i] = kinds[i].name;
    clx_buffer_format(&known, "%s%s", i == 0 ? "" : ", ", kinds[i].name);
  }
  const char *nearest = clx_nearest(kind, names, CLX_COUNT(kinds));
  clx_status status;
  if (nearest != NULL) {
    status = clx_fail(error, CLX_INPUT, place, "the catalogue has no kind \"%s\"; did you mean \"%s\"?", kind, nearest);
  } else {
    status = clx_fail(error, CLX_INPUT, place, "the catalogue has no kind \"%s\"; it has %s", kind,
                      known.failed ? "others" : known.data);
  }
  clx_buffer_free(&known);
  return status;
}
