// The machine in numbers.
#include <stdio.h>

#include "twin/twin_internal.h"
#include "unit/unit.h"

static clx_status add_fleet(const clx_machine *machine, clx_result *result, clx_error *error) {
  clx_buffer text = {0};
  for (int32_t i = 0; i < machine->cohort_count; i++) {
    const clx_cohort *c = &machine->cohort[i];
    char gpus[32];
    clx_quantity_format((double)c->gpus, "", 12, gpus, sizeof gpus);
    clx_buffer_format(&text, "%s%s x %s in %s", i > 0 ? " + " : "", gpus, c->device.name, c->server.name);
  }
  const clx_status status = text.failed ? clx_fail_plain(error, CLX_MEMORY, "out of memory")
                                        : clx_result_add_text(result, "machine.fleet", text.data, error);
  clx_buffer_free(&text);
  return status;
}

clx_status clx_twin_scenario(const clx_scenario *scenario, clx_result *result, clx_error *error) {
  const clx_scenario_spec *spec = &scenario->spec;
  CLX_TRY(clx_result_add_text(result, "scenario.name", spec->name, error));
  return clx_result_add_text(result, "scenario.title", spec->title != NULL ? spec->title : spec->name, error);
}

clx_status clx_twin_machine(const clx_scenario *scenario, clx_result *result, clx_error *error) {
  const clx_machine *m = &scenario->machine;
  CLX_TRY(add_fleet(m, result, error));
  const clx_fabric *f = &m->fabric;
  const bool switched = f->bill.switches > 0;
  CLX_TRY(clx_result_add_text(result, "network.switch", switched ? m->switch_model.name : "none", error));
  CLX_TRY(clx_result_add_text(result, "network.topology", clx_topology_name[f->spec.topology], error));
  const struct {
    const char *name;
    int64_t value;
    const char *doc;
  } counts[] = {{"machine.gpus", m->gpus, "GPUs bought"},
                {"machine.servers", m->servers, "servers or trays, rounded up"},
                {"machine.racks", m->racks, "GPU racks, rounded up"},
                {"machine.endpoints", m->endpoints, "NIC ports on the fabric"},
                {"machine.tiers", f->tier_count, "switch tiers"},
                {"machine.switches", f->bill.switches, "switches of all tiers and planes"},
                {"machine.cables", f->bill.copper + f->bill.optical, "links: servers to leaves and between switches"},
                {"machine.optics", f->bill.optics, "transceivers on optical cables, two each"},
                {"machine.nvlink_switches", m->nvlink_switches, "NVLink switch trays of the racks"}};
  for (int32_t i = 0; i < CLX_COUNT(counts); i++) {
    CLX_TRY(clx_twin_put(result, counts[i].name, (double)counts[i].value, "", counts[i].doc, error));
  }
  for (int32_t tier = 0; tier < f->tier_count; tier++) {
    char name[64];
    snprintf(name, sizeof name, "machine.switches_tier_%d", tier + 1);
    CLX_TRY(clx_twin_put(result, name, (double)f->bill.switches_by_tier[tier], "", "switches of this tier, 1 = leaf",
                         error));
  }
  return CLX_OK;
}
