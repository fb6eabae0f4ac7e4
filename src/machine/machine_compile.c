// Counts of the machine: servers and racks rounded up, a folded Clos of the least number of tiers, cables and transceivers.
#include <math.h>

#include "machine/machine.h"

enum { TIERS_MAX = 4 };

static int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

static void count_cohorts(clx_machine *machine) {
  machine->gpus = machine->servers = machine->racks = machine->endpoints = 0;
  for (int32_t i = 0; i < machine->cohort_count; i++) {
    clx_cohort *cohort = &machine->cohort[i];
    cohort->servers = divide_up(cohort->gpus, cohort->server.gpus);
    cohort->racks = divide_up(cohort->servers, cohort->rack.servers);
    machine->gpus += cohort->gpus;
    machine->servers += cohort->servers;
    machine->racks += cohort->racks;
    machine->endpoints += cohort->servers * (cohort->server.nics + cohort->server.extra_nics);
  }
}

// Ports at the rate of the NICs on one switch.
static int64_t radix_of(const clx_machine *machine, double rate) {
  const double native = floor(machine->switch_model.throughput / rate);
  const double split = (double)machine->switch_model.ports * machine->switch_model.split;
  return (int64_t)fmin(native, fmax(split, machine->switch_model.ports));
}

static double fastest_nic(const clx_machine *machine) {
  double rate = 0;
  for (int32_t i = 0; i < machine->cohort_count; i++) rate = fmax(rate, machine->cohort[i].nic.rate);
  return rate;
}

// Ports of a leaf that face servers.
static int64_t leaf_down(const clx_machine *machine, int64_t radix) {
  return radix - (int64_t)fmax(1, floor((double)radix / (1 + machine->oversubscription)));
}

// A folded Clos: leaves give `down` ports to servers; each further tier below the top has as many ports up as down.
static clx_status count_switches(clx_machine *machine, clx_place place, clx_error *error) {
  const int64_t radix = radix_of(machine, fastest_nic(machine));
  if (radix < 2) {
    return clx_fail(error, CLX_INPUT, place, "switch '%s' has no ports at the rate of NIC '%s'",
                    machine->switch_model.name, machine->cohort[0].nic.name);
  }
  const int64_t down = leaf_down(machine, radix), up = radix - down;
  for (int32_t i = 0; i < TIERS_MAX; i++) machine->switches_by_tier[i] = 0;
  if (machine->endpoints <= radix) {
    machine->tiers = 1;
    machine->switches_by_tier[0] = machine->endpoints > 0 ? 1 : 0;
  } else {
    int64_t links = machine->switches_by_tier[0] = divide_up(machine->endpoints, down);
    double reach = (double)radix * (double)down;  // endpoints of two tiers: a top switch sees `radix` leaves
    machine->tiers = 2;
    links *= up;
    while ((double)machine->endpoints > reach && machine->tiers < TIERS_MAX) {
      machine->switches_by_tier[machine->tiers - 1] = divide_up(links, radix / 2);
      reach *= (double)radix / 2;
      machine->tiers++;
    }
    if ((double)machine->endpoints > reach) {
      return clx_fail(error, CLX_INFEASIBLE, place, "%lld endpoints are more than four tiers of '%s' reach (%.0f)",
                      (long long)machine->endpoints, machine->switch_model.name, reach);
    }
    machine->switches_by_tier[machine->tiers - 1] = divide_up(links, radix);
  }
  const int64_t uplinks = machine->tiers > 1 ? machine->switches_by_tier[0] * up : 0;
  machine->switches = 0;
  for (int32_t i = 0; i < TIERS_MAX; i++) machine->switches += machine->switches_by_tier[i];
  machine->cables = machine->endpoints + uplinks * (machine->tiers - 1);
  machine->optics = 2 * uplinks * (machine->tiers - 1);
  return CLX_OK;
}

static clx_network network_of(const clx_machine *machine, const clx_cohort *cohort) {
  return (clx_network){
      .device = &cohort->device,
      .library = machine->library,
      .transport = machine->transport,
      .domain = cohort->rack.nvlink_domain > 0 ? cohort->rack.nvlink_domain : cohort->server.gpus,
      .nvlink = cohort->device.nvlink,
      .nic = cohort->nic.rate * cohort->server.nics / cohort->server.gpus,
      .nic_efficiency = 1,
  };
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
  const clx_server *server = &machine->cohort[0].server;
  const int64_t ports = server->nics + server->extra_nics;
  const int64_t radix = radix_of(machine, fastest_nic(machine));
  if (machine->tiers > 1 && ports > 0) {
    least->level[least->level_count++] = (clx_fabric_level){.gpus = leaf_down(machine, radix) * server->gpus / ports,
                                                            .thinning = machine->oversubscription};
  }
  least->level[least->level_count++] = (clx_fabric_level){.gpus = machine->gpus};
}

clx_status clx_machine_compile(clx_machine *machine, clx_place place, clx_error *error) {
  count_cohorts(machine);
  CLX_TRY(count_switches(machine, place, error));
  compile_network(machine);
  return CLX_OK;
}
