// machine: servers, racks and the fabric's bill of material. Identical servers are one row of a fleet (a cohort).
#pragma once

#include "base/base.h"
#include "device/device.h"
#include "network/network.h"
#include "power/power_chain.h"
#include "schema/schema.h"

// Equal parts of a server or rack, beside accelerators and fans. W of one, behind the supplies (DC).
typedef struct clx_power_part {
  const char *name;
  double count;
  double idle;  // W without work
  double load;  // W while the accelerators work
  double most;  // W at its rating
} clx_power_part;

extern const clx_schema clx_power_part_schema;

typedef enum clx_cooling { CLX_COOLING_AIR, CLX_COOLING_LIQUID } clx_cooling;

// catalogue/server
typedef struct clx_server {
  const char *name;
  const char *title;
  const char *const *aliases;
  int32_t alias_count;
  const char *device;  // catalogue name
  int32_t gpus;
  const char *nic;     // catalogue name (link)
  int32_t nics;        // scale-out NICs for GPUs
  int32_t extra_nics;  // for storage and management, same switch fabric
  int32_t cooling;     // clx_cooling
  double power_max;    // W, rated, at the plug
  double power_other;  // W where `part` is empty: CPUs, memory, NICs, drives; no GPUs, no fans, no conversion loss
  clx_power_part *part;
  int32_t part_count;
  double power_fans;        // W with all accelerators at tdp and usual inlet air
  double fans_idle;         // W at least
  double fans_most;         // W at full speed; 0 = power_fans
  double gpu_peak;          // accelerators over tdp for milliseconds (EDPp)
  const char *supply;       // catalogue name (conversion); NULL = none of its own, or not known
  int32_t supplies;         // installed
  int32_t supplies_needed;  // that carry it; 0 = all
  double height;            // rack units
} clx_server;

extern const clx_schema clx_server_schema;

// catalogue/rack
typedef struct clx_rack {
  const char *name;
  const char *title;
  const char *const *aliases;
  int32_t alias_count;
  const char *server;       // catalogue name
  int32_t servers;          // per rack
  int32_t nvlink_domain;    // GPUs; 0 = the server is the domain
  double power_max;         // W
  int32_t nvlink_switches;  // NVLink switch trays in it
  double power_other;       // W where `part` is empty: NVLink switches, management, pumps; no conversion loss
  clx_power_part *part;
  int32_t part_count;
  const char *supply;  // of power shelves; NULL = servers have their own
  int32_t supplies, supplies_needed;
  int32_t cooling;
} clx_rack;

extern const clx_schema clx_rack_schema;

// One cohort: equal racks of equal servers.
typedef struct clx_cohort {
  clx_rack rack;
  clx_server server;
  clx_device device;
  clx_link nic;
  const clx_conversion *server_supply, *rack_supply;  // nullable
  int32_t trains;          // bool: takes part in the job; the fabric of the machine is the least of those that do
  int64_t gpus;            // asked for
  double arrival;          // s after the start of the run
  int64_t servers, racks;  // rounded up
} clx_cohort;

typedef struct clx_machine {
  clx_cohort *cohort;  // cohort_count
  int32_t cohort_count;
  bool apart;  // no fabric joins the servers: counts and power alone
  clx_switch switch_model;
  clx_link optic, copper;          // between switches; server to leaf
  clx_fabric_spec wiring;          // as the user wants it wired
  const clx_library *library;      // what runs the collectives
  const clx_transport *transport;  // how NICs move data
  int64_t gpus, servers, racks;
  int64_t endpoints;        // NIC ports on the fabric
  int64_t nvlink_switches;  // of all racks
  clx_fabric_hosts *hosts;  // [cohort_count]
  clx_fabric fabric;        // tier_count 0 and no links when no server has a NIC
  clx_network network;      // of the slowest cohort
} clx_machine;

// Counts servers and racks, wires the fabric as machine->wiring says, and sums it up for collectives. Errors: those of
// clx_fabric_compile; an NVLink domain that whole servers and racks do not make; servers that no NIC joins. Arrays come from
// `arena`.
clx_status clx_machine_compile(clx_arena *arena, clx_machine *machine, clx_place place, clx_error *error);

// --- power of servers and racks (machine_power.c; docs/model/power/chain.md) ---------------------------------------------------

// W of one server or rack. dc = gpus + parts + fans (+ servers); in = dc + loss.
typedef struct clx_machine_draw {
  double gpus, parts, fans;
  double servers;  // of a rack: what its servers draw at their plugs
  double dc, loss, in;
} clx_machine_draw;

// W of the parts beside accelerators and fans. busy: 0 = idle, 1 = the accelerators work (linear between); clx_*_most at their ratings.
double clx_server_parts(const clx_server *server, double busy);
double clx_rack_parts(const clx_rack *rack, double busy);
double clx_server_parts_most(const clx_server *server);
double clx_rack_parts_most(const clx_rack *rack);
// W of the fans that carry away `heat` W of accelerators and parts: air flow in proportion to heat, power with its cube, not below fans_idle,
// not above fans_most. They follow seconds to a minute late: give means, not the swings within a step.
double clx_server_fans(const clx_server *server, const clx_device *device, double heat);

// One server of `cohort` whose accelerators draw `gpu` W each, and one rack of such servers; with the losses of the supplies of the
// cohort that are there. Each is >= 0 and grows with gpu and busy.
clx_machine_draw clx_server_power(const clx_cohort *cohort, double gpu, double busy);
clx_machine_draw clx_rack_power(const clx_cohort *cohort, double gpu, double busy);
// A rack while its accelerators draw `gpu` W and have drawn `mean` W for the last minute, which is what its fans go by: for swings within a step.
clx_machine_draw clx_rack_power_steady(const clx_cohort *cohort, double gpu, double mean, double busy);
// All parts at their ratings, fans at full speed, accelerators at tdp times `peak`: 1 = nominal, server.gpu_peak = the momentary peak.
clx_machine_draw clx_server_rated(const clx_cohort *cohort, double peak);
clx_machine_draw clx_rack_rated(const clx_cohort *cohort, double peak);
// The cohort as a chain is planned for: servers and rack parts at their ratings, with their supplies. The load of the chain's bottom is then
// the sum of clx_server_power().dc, and clx_rack_parts() of all racks enter at chain.rack. Fleets of several cohorts: one chain for each.
clx_chain_fleet clx_machine_fleet(const clx_cohort *cohort);
