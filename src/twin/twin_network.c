// What every run says of its network: topology, bill of material, bisection, blocks.
#include <stdio.h>

#include "fabric/fabric_study.h"
#include "twin/twin_internal.h"
#include "unit/unit.h"

clx_status clx_twin_put_network(clx_result *result, const char *subject, const char *what, double value,
                                const char *unit, const char *doc, clx_error *error) {
  char name[112];
  snprintf(name, sizeof name, "network.%s.%s", subject, what);
  return clx_twin_put(result, name, value, unit, doc, error);
}

static const char *const TIER_COUNT[CLX_TIERS_MAX + 1] = {"no tiers", "one tier", "two tiers", "three tiers",
                                                          "four tiers"};

static void say_clos(const clx_fabric *f, const char *model, clx_buffer *text) {
  static const char *const wirings[CLX_WIRINGS] = {"rail-optimised", "servers by leaf", "rail-only"};
  clx_buffer_format(text, "Clos of %s of %s, %s", TIER_COUNT[f->tier_count], model, wirings[f->spec.wiring]);
  if (f->spec.dual_tor) clx_buffer_format(text, ", two leaves a NIC");
  bool thin = false;
  for (int32_t t = 0; t + 1 < f->tier_count; t++) {
    const double ratio = f->tier[t].up > 0 ? (double)f->tier[t].down / f->tier[t].up : 1;
    if (ratio <= 1.005) continue;
    clx_buffer_format(text, "%s %.3g:1 above tier %d", thin ? " and" : ", oversubscribed", ratio, t + 1);
    thin = true;
  }
  if (!thin && f->tier_count > 1) clx_buffer_format(text, ", non-blocking");
}

static void say_shape(const clx_fabric *f, const char *model, clx_buffer *text) {
  const clx_fabric_spec *spec = &f->spec;
  switch (spec->topology) {
    case CLX_TOPOLOGY_DRAGONFLY:
      clx_buffer_format(text, "dragonfly of %d group%s of %d %s, %d cables a pair of groups", f->group_count,
                        f->group_count == 1 ? "" : "s", spec->group_routers, model, f->global_parallel);
      return;
    case CLX_TOPOLOGY_DRAGONFLY_PLUS:
      clx_buffer_format(text, "dragonfly+ of %d group%s of %d leaves and %d spines of %s", f->group_count,
                        f->group_count == 1 ? "" : "s", spec->group_routers, spec->group_spines, model);
      return;
    case CLX_TOPOLOGY_TORUS:
    case CLX_TOPOLOGY_MESH:
      clx_buffer_format(text, "%s of", clx_topology_name[spec->topology]);
      for (int32_t d = 0; d < spec->dimension_count; d++) {
        clx_buffer_format(text, d == 0 ? " %d" : " x %d", spec->dimensions[d]);
      }
      clx_buffer_format(text, " servers");
      return;
    case CLX_TOPOLOGY_DIRECT:
      clx_buffer_format(text, "%lld servers, every pair wired", (long long)f->servers);
      return;
    default:
      say_clos(f, model, text);
  }
}

static clx_status add_topology(const clx_machine *m, clx_result *result, clx_error *error) {
  static const char *const routings[CLX_ROUTINGS] = {"ECMP", "packets sprayed", "static routes"};
  const clx_fabric *f = &m->fabric;
  clx_buffer text = {0};
  char count[32];
  say_shape(f, m->switch_model.name, &text);
  clx_buffer_format(&text, ", %s", routings[f->spec.routing]);
  if (f->spec.routing == CLX_ROUTING_ECMP && f->spec.flows > 1)
    clx_buffer_format(&text, " with %d flows", f->spec.flows);
  if (f->spec.topology >= CLX_TOPOLOGY_TORUS) {
    clx_quantity_format((double)(f->bill.copper + f->bill.optical), "", 12, count, sizeof count);
    clx_buffer_format(&text, "; %s cables of %.4g Gbit/s", count, 8e-9 * f->rate);
  } else {
    clx_quantity_format((double)f->endpoints, "", 12, count, sizeof count);
    clx_buffer_format(&text, "; %s ports of %.4g Gbit/s", count, 8e-9 * f->rate);
  }
  if (f->spec.planes > 1) clx_buffer_format(&text, " in each of %d planes", f->spec.planes);
  const clx_status status = text.failed ? clx_fail_plain(error, CLX_MEMORY, "out of memory")
                                        : clx_result_add_text(result, "network.fabric", text.data, error);
  clx_buffer_free(&text);
  return status;
}

static clx_status add_bill(const clx_fabric *f, clx_result *result, clx_error *error) {
  const clx_fabric_bill *b = &f->bill;
  const struct {
    const char *name;
    double value;
    const char *unit, *doc;
  } rows[] = {
      {"network.switches", (double)b->switches, "", "switches of all tiers and planes"},
      {"network.cables.copper", (double)b->copper, "", "cables from servers to leaves and between servers"},
      {"network.cables.optical", (double)b->optical, "", "cables between switches"},
      {"network.transceivers", (double)b->optics, "",
       "optical transceivers, two a cable or fewer of types with several ports"},
      {"network.nics", (double)b->nics, "", "NICs on the fabric, of GPUs and of storage"},
      {"network.endpoints", (double)f->endpoints, "", "ports of NICs, in one plane"},
      {"network.planes", f->spec.planes, "", "separate fabrics among which a NIC splits its rate"},
      {"network.power", b->power, "W", "switches, transceivers and ends of cables, without NICs"},
  };
  for (int32_t i = 0; i < CLX_COUNT(rows); i++) {
    CLX_TRY(clx_twin_put(result, rows[i].name, rows[i].value, rows[i].unit, rows[i].doc, error));
  }
  for (int32_t tier = 0; tier < CLX_TIERS_MAX; tier++) {
    if (b->switches_by_tier[tier] == 0) continue;
    char name[48];
    snprintf(name, sizeof name, "network.switches_tier_%d", tier + 1);
    CLX_TRY(
        clx_twin_put(result, name, (double)b->switches_by_tier[tier], "", "switches of this tier, 1 = leaf", error));
  }
  return CLX_OK;
}

static clx_status add_levels(const clx_network *network, clx_result *result, clx_error *error) {
  for (int32_t i = 0; i < network->level_count; i++) {
    const clx_fabric_level *level = &network->level[i];
    char subject[32];
    snprintf(subject, sizeof subject, "level_%d", i + 1);
    CLX_TRY(clx_twin_put_network(result, subject, "gpus", (double)level->gpus, "",
                                 "GPUs of a block, from the inside out", error));
    CLX_TRY(clx_twin_put_network(result, subject, "thinning", level->thinning, "",
                                 "NIC bandwidth of the block over what leads out of it; 0: nothing does", error));
    CLX_TRY(clx_twin_put_network(result, subject, "latency", level->latency, "s",
                                 "one way, more than inside the level below", error));
  }
  return CLX_OK;
}

// Libraries know generations of GPUs; what they are not measured on goes by another's constants, and the result says so.
static clx_status warn_of_generation(const clx_network *network, clx_result *result, clx_error *error) {
  const clx_device *device = network->device;
  const char *generation = device == NULL ? NULL : clx_generation_name[clx_generation_of(device)];
  if (device == NULL || clx_text_equal(device->family, generation)) return CLX_OK;
  return clx_result_warn(result, error,
                         "collectives of %s between nodes take the constants of %s: library '%s' has none of '%s'",
                         device->name, generation, network->library->name, device->family);
}

clx_status clx_twin_network_summary(const clx_scenario *scenario, clx_result *result, clx_error *error) {
  const clx_machine *m = &scenario->machine;
  double bisection, share;
  CLX_TRY(add_topology(m, result, error));
  CLX_TRY(add_bill(&m->fabric, result, error));
  clx_fabric_study_bisection(&m->fabric, &bisection, &share);
  CLX_TRY(clx_twin_put(result, "network.bisection", bisection, "B/s",
                       "one way between the worst-connected halves of the servers, all planes, nothing failed", error));
  CLX_TRY(clx_twin_put(result, "network.bisection_share", share, "", "of what half of the NICs can send", error));
  CLX_TRY(warn_of_generation(&m->network, result, error));
  return add_levels(&m->network, result, error);
}
