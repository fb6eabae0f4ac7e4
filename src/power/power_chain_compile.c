// From levels as stated to counts of units: as many as are named, or as many as the planned load needs.
#include <math.h>

#include "power/power_chain.h"

// Groups of one level: whole ones.
static double groups_of(const clx_chain_level_spec *l, const clx_chain_fleet *fleet, double before) {
  const double served[] = {[CLX_CHAIN_PER_SERVER] = fleet->servers,
                           [CLX_CHAIN_PER_RACK] = fleet->racks,
                           [CLX_CHAIN_PER_LEVEL] = before,
                           [CLX_CHAIN_PER_SITE] = l->share};
  return ceil(served[l->per] / l->share * (1 - 1e-12));
}

// Carriers of one group that deliver `planned` W together.
static double carriers_for(const clx_chain_level_spec *l, double planned) {
  static const double ROUNDING = 1e-9;  // a load that just fits is not one unit more
  if (l->carriers > 0) return l->carriers;
  if (l->equipment == NULL || l->equipment->rating <= 0) return 1;
  const double each = l->equipment->rating * l->derating * l->oversubscription;
  return fmax(1, ceil(planned / each - ROUNDING));
}

static void install(const clx_chain_level_spec *l, double planned, clx_chain_level *level) {
  const double one = carriers_for(l, planned / level->groups);
  const double installed[] = {[CLX_REDUNDANCY_N] = one, [CLX_REDUNDANCY_N_1] = one + 1, [CLX_REDUNDANCY_2N] = 2 * one};
  level->conversion = l->equipment;
  level->carriers = one * level->groups;
  level->units = installed[l->redundancy] * level->groups;
}

// The supplies of servers or racks, as their entries count them.
static void install_own(const clx_chain_level_spec *l, const clx_chain_fleet *fleet, clx_chain_level *level) {
  const bool server = l->per == CLX_CHAIN_PER_SERVER;
  const double supplies = server ? fleet->server_supplies : fleet->rack_supplies;
  const double carriers = server ? fleet->server_carriers : fleet->rack_carriers;
  level->conversion = server ? fleet->server_supply : fleet->rack_supply;
  level->units = fmax(1, supplies) * level->groups;
  level->carriers = carriers > 0 ? carriers * level->groups : level->units;
}

static clx_status check_fleet(const clx_chain_fleet *fleet, clx_place place, clx_error *error) {
  if (!(fleet->servers >= 1) || !(fleet->racks >= 1) || !isfinite(fleet->servers) || !isfinite(fleet->racks)) {
    return clx_fail(error, CLX_INPUT, place, "a power chain serves at least one server and one rack, read %g and %g",
                    fleet->servers, fleet->racks);
  }
  if (!(fleet->server_load >= 0) || !(fleet->rack_load >= 0) || !isfinite(fleet->server_load) ||
      !isfinite(fleet->rack_load)) {
    return clx_fail(error, CLX_INPUT, place,
                    "a power chain is planned for finite loads of at least 0 W, read %g and %g", fleet->server_load,
                    fleet->rack_load);
  }
  return CLX_OK;
}

static void find_ports(const clx_chain_spec *spec, clx_chain *chain) {
  chain->rack = chain->count;
  chain->plug = 0;
  chain->cooling = chain->count > 0 ? chain->count - 1 : 0;
  for (int32_t i = chain->count - 1; i >= 0; i--) {
    const clx_conversion *c = chain->level[i].conversion;
    if (spec->level[i].per != CLX_CHAIN_PER_SERVER) chain->rack = i;
    if (c == NULL) continue;
    if (c->kind == CLX_CONVERSION_TRANSFORMER) chain->cooling = i;
    if (chain->plug == 0 && (c->kind == CLX_CONVERSION_PSU || c->kind == CLX_CONVERSION_SHELF)) chain->plug = i + 1;
  }
}

clx_status clx_chain_compile(const clx_chain_spec *spec, const clx_chain_fleet *fleet, clx_place place,
                             clx_chain *chain, clx_error *error) {
  *chain = (clx_chain){0};
  CLX_TRY(clx_chain_check(spec, place, error));
  CLX_TRY(check_fleet(fleet, place, error));
  double planned = fleet->servers * fleet->server_load, groups = 1;
  bool racks = false;
  for (int32_t i = 0; i < spec->level_count; i++) {
    const clx_chain_level_spec *l = &spec->level[i];
    clx_chain_level *level = &chain->level[chain->count++];
    if (l->conversion != NULL && l->equipment == NULL) {
      return clx_fail(error, CLX_INPUT, place, "chain level '%s': no equipment read for conversion '%s'", l->name,
                      l->conversion);
    }
    groups = groups_of(l, fleet, groups);
    *level = (clx_chain_level){.name = l->name,
                               .groups = groups,
                               .redundancy = l->redundancy,
                               .static_load = l->static_load * groups,
                               .derating = l->derating,
                               .oversubscription = l->oversubscription};
    if (!racks && l->per != CLX_CHAIN_PER_SERVER) {
      planned += fleet->racks * fleet->rack_load;
      racks = true;
    }
    planned += level->static_load;
    if (l->own) {
      install_own(l, fleet, level);
    } else {
      install(l, planned, level);
    }
    planned +=
        level->conversion == NULL ? 0 : level->units * clx_conversion_loss(level->conversion, planned / level->units);
  }
  find_ports(spec, chain);
  return CLX_OK;
}
