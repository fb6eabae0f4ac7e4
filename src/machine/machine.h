// machine: servers, racks and the fabric's bill of material. Identical servers are one row of a fleet (a cohort).
#pragma once

#include "base/base.h"
#include "device/device.h"
#include "network/network.h"
#include "schema/schema.h"

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
  double power_max;    // W, rated
  double power_other;  // W: CPUs, memory, NICs, drives, conversion loss at load, without GPUs and fans
  double power_fans;   // W at load
  double height;       // rack units
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
  double power_other;       // W: NVLink switches, management, busbar and shelf loss at load
  int32_t cooling;
} clx_rack;

extern const clx_schema clx_rack_schema;

// One cohort: equal racks of equal servers.
typedef struct clx_cohort {
  clx_rack rack;
  clx_server server;
  clx_device device;
  clx_link nic;
  int32_t trains;          // bool: takes part in the job; the fabric of the machine is the least of those that do
  int64_t gpus;            // asked for
  double arrival;          // s after the start of the run
  int64_t servers, racks;  // rounded up
} clx_cohort;

typedef struct clx_machine {
  clx_cohort *cohort;  // cohort_count
  int32_t cohort_count;
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
