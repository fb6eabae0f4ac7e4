// Counts of the machine: servers and racks rounded up, NVLink domains, the fabric between NICs, and what collectives see of it.
#include <math.h>

#include "machine/machine.h"

static int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

static int32_t ports_of(const clx_server *server) { return server->nics + server->extra_nics; }

static void count_cohorts(clx_machine *machine) {
  machine->gpus = machine->servers = machine->racks = machine->endpoints = machine->nvlink_switches = 0;
  for (int32_t i = 0; i < machine->cohort_count; i++) {
    clx_cohort *cohort = &machine->cohort[i];
    cohort->servers = divide_up(cohort->gpus, cohort->server.gpus);
    cohort->racks = divide_up(cohort->servers, cohort->rack.servers);
    machine->gpus += cohort->gpus;
    machine->servers += cohort->servers;
    machine->racks += cohort->racks;
    machine->endpoints += cohort->servers * ports_of(&cohort->server);
    machine->nvlink_switches += cohort->racks * cohort->rack.nvlink_switches;
  }
}

static int32_t domain_of(const clx_cohort *cohort) {
  return cohort->rack.nvlink_domain > 0 ? cohort->rack.nvlink_domain : cohort->server.gpus;
}

// A domain is made of whole servers; one larger than a rack of whole racks, a smaller one divides the rack.
static clx_status check_domain(const clx_cohort *cohort, clx_place place, clx_error *error) {
  const int32_t domain = domain_of(cohort), server = cohort->server.gpus;
  const int64_t rack = (int64_t)server * cohort->rack.servers;
  if (domain % server != 0) {
    return clx_fail(error, CLX_INPUT, place,
                    "rack '%s': an NVLink domain of %d GPUs is not made of whole servers '%s' of %d", cohort->rack.name,
                    domain, cohort->server.name, server);
  }
  if (domain > rack ? domain % rack != 0 : rack % domain != 0) {
    return clx_fail(error, CLX_INPUT, place,
                    "rack '%s' of %lld GPUs: an NVLink domain of %d is neither a part of it nor several of them",
                    cohort->rack.name, (long long)rack, domain);
  }
  return CLX_OK;
}

// A server without NICs can only stand alone, or within one NVLink domain.
static clx_status check_reach(const clx_machine *machine, clx_place place, clx_error *error) {
  for (int32_t i = 0; i < machine->cohort_count; i++) {
    const clx_cohort *cohort = &machine->cohort[i];
    CLX_TRY(check_domain(cohort, place, error));
    if (ports_of(&cohort->server) > 0) continue;
    if (machine->cohort_count > 1 || cohort->gpus > domain_of(cohort)) {
      return clx_fail(error, CLX_INPUT, place, "server '%s' has no NIC: the fabric does not reach its %lld servers",
                      cohort->server.name, (long long)cohort->servers);
    }
  }
  return CLX_OK;
}

static clx_status wire(clx_arena *arena, clx_machine *machine, clx_place place, clx_error *error) {
  machine->fabric = (clx_fabric){.spec = machine->wiring};
  if (machine->endpoints == 0) return CLX_OK;
  machine->hosts = CLX_NEW_ARRAY(arena, clx_fabric_hosts, machine->cohort_count);
  if (machine->hosts == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < machine->cohort_count; i++) {
    const clx_cohort *cohort = &machine->cohort[i];
    machine->hosts[i] = (clx_fabric_hosts){.servers = cohort->servers,
                                           .gpus = cohort->server.gpus,
                                           .nics = cohort->server.nics,
                                           .ports = ports_of(&cohort->server),
                                           .rate = cohort->nic.rate};
  }
  clx_fabric_spec spec = machine->wiring;
  if (spec.place.line == 0) spec.place = place;
  const clx_switch *model = machine->switch_model.name != NULL ? &machine->switch_model : NULL;
  return clx_fabric_compile(arena, &spec, machine->hosts, machine->cohort_count, model, &machine->optic,
                            &machine->copper, &machine->fabric, error);
}

static clx_network network_of(const clx_machine *machine, const clx_cohort *cohort) {
  return (clx_network){
      .device = &cohort->device,
      .library = machine->library,
      .transport = machine->transport,
      .domain = domain_of(cohort),
      .nvlink = cohort->device.nvlink,
      .nic = cohort->nic.rate * cohort->server.nics / cohort->server.gpus,
      .nic_efficiency = 1,
  };
}

// What the fabric lets through and what the transport reaches overlap: the share of the transport was measured over a fabric
// that routes adaptively. The lesser of the two decides.
static double nic_efficiency(const clx_machine *machine, double fabric) {
  const double transport = machine->transport != NULL ? machine->transport->share : 1;
  return fmin(1, fabric / transport);
}

// The NICs of a domain may hang on several leaves. What leaves the domain then leaves its leaf, too: as if a leaf held the domain.
static void widen_levels(clx_network *network) {
  const int64_t all = network->level[network->level_count - 1].gpus;
  const int64_t domain = network->domain < all ? network->domain : all;
  for (int32_t i = 0; i < network->level_count; i++) {
    if (network->level[i].gpus < domain) network->level[i].gpus = domain;
  }
}

// A synchronous job waits for its narrowest part, whatever the order of the fleet.
static void compile_network(clx_machine *machine) {
  clx_network *least = &machine->network;
  bool first = true;
  for (int32_t i = 0; i < machine->cohort_count; i++) {
    if (!machine->cohort[i].trains) continue;
    const clx_network one = network_of(machine, &machine->cohort[i]);
    if (first) *least = one;
    first = false;
    if (one.domain < least->domain) least->domain = one.domain;
    if (one.nvlink < least->nvlink) least->device = one.device;
    least->nvlink = fmin(least->nvlink, one.nvlink);
    least->nic = fmin(least->nic, one.nic);
  }
  if (machine->endpoints == 0) {
    least->level[least->level_count++] = (clx_fabric_level){.gpus = machine->gpus};
    return;
  }
  double efficiency = 1;
  least->level_count = clx_fabric_levels(&machine->fabric, &machine->switch_model, least->level, &efficiency);
  widen_levels(least);
  least->nic_efficiency = nic_efficiency(machine, efficiency);
}

clx_status clx_machine_compile(clx_arena *arena, clx_machine *machine, clx_place place, clx_error *error) {
  count_cohorts(machine);
  if (machine->apart) return CLX_OK;
  CLX_TRY(check_reach(machine, place, error));
  CLX_TRY(wire(arena, machine, place, error));
  compile_network(machine);
  return CLX_OK;
}
