// Equal take-offs (racks, CDUs) along a supply and a return header: how unequal their flows are. docs/model/cooling/hydraulics.md.
#pragma once

#include "base/base.h"
#include "cooling/cooling_hydraulic.h"

typedef struct clx_header {
  int32_t count;  // take-offs, 1 to 100,000
  bool reverse;   // the first that is supplied returns last (reverse return); false: direct return
  bool balanced;  // balancing valves, set so that all take the same at the design flow, the worst one fully open
  double design;  // m3/s of all take-offs together
  double pressure, exponent;   // Pa that one loses at its share of the design flow; loss ~ flow^exponent
  const double *resistance;    // [count] factor on one's pressure (a clogged strainer, another rack), nullable = 1
  double lead, spacing;        // m of each header to the first take-off, and between two
  double diameter, roughness;  // m, of both headers
  double minor;                // loss coefficient of a tee's straight run, per take-off passed
  double density, viscosity;   // kg/m3, Pa s
} clx_header;

typedef struct clx_header_flow {
  double *share;       // [count] flow of each over the mean, along the supply header
  double least, most;  // of them
  int32_t starved;     // the one that gets least: the first to run hot
  double pressure;     // Pa between the headers' ends at the source
} clx_header_flow;

// `flow` m3/s through all together (> 0). CLX_INPUT names what is out of range. The march goes from take-off to take-off and finds the first
// one's flow by regula falsi: 10 us for 7 take-offs, 1 ms for 750. It ignores what the stream's momentum gives back along a header (some
// 0.5 density speed^2: keep it well below `pressure`). Where headers lose far more than take-offs the march cannot hold its way: the network is
// solved instead.
clx_status clx_header_march(const clx_header *header, double flow, clx_arena *arena, clx_header_flow *out,
                            clx_error *error);
// The same as a network, in `arena`: take-off i is branch i; supply enters node 0, the return leaves the last node.
clx_status clx_header_network(const clx_header *header, double flow, clx_arena *arena, clx_hydraulic *net,
                              clx_error *error);
