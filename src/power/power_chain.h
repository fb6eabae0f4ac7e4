// The chain from a chip to the substation: levels of equal equipment in parallel, each with its loss against load.
// docs/model/power/chain.md.
#pragma once

#include "base/base.h"
#include "schema/schema.h"

// catalogue/conversion: what one unit of conversion equipment loses: a PSU, power shelf, rectifier, UPS, transformer, busbar.
// Either the curve, or fixed and efficiency: in = (out + fixed) / efficiency. Between points of the curve the loss is linear in the load.
typedef struct clx_conversion {
  const char *name, *title;
  const char *const *aliases;
  int32_t alias_count;
  int32_t kind;       // clx_conversion_kind
  double rating;      // W out
  double fixed;       // W
  double efficiency;  // share, 0 < efficiency <= 1
  double *load;       // shares of the rating, rising
  int32_t load_count;
  double *curve;  // efficiency at each, 0 < x <= 1
  int32_t curve_count;
  double storage;    // J of one unit that rides through (capacitors of a shelf)
  double peak;       // share of the rating for `peak_time` (EDPp of a shelf)
  double peak_time;  // s
  double ride;       // s at full load without input (hold-up time, UPS battery)
  double transfer;   // s in which it passes nothing when its input fails
} clx_conversion;

typedef enum clx_conversion_kind {
  CLX_CONVERSION_PSU,
  CLX_CONVERSION_SHELF,
  CLX_CONVERSION_BUSBAR,
  CLX_CONVERSION_PDU,
  CLX_CONVERSION_UPS,
  CLX_CONVERSION_TRANSFORMER,
  CLX_CONVERSION_LINE,
  CLX_CONVERSION_KINDS
} clx_conversion_kind;

extern const clx_schema clx_conversion_schema;

// CLX_INPUT: efficiency outside (0, 1], curves that fall back, points of unequal number, a loss below zero.
clx_status clx_conversion_check(const clx_conversion *conversion, clx_place place, clx_error *error);
// W of loss of one unit that delivers `out` W (0 <= out; beyond the rating the last slope goes on). Finite, >= 0.
double clx_conversion_loss(const clx_conversion *conversion, double out);

typedef enum clx_redundancy {
  CLX_REDUNDANCY_N,    // as many as carry the load
  CLX_REDUNDANCY_N_1,  // one more in each group, all share the load
  CLX_REDUNDANCY_2N,   // twice as many, each at half load
  CLX_REDUNDANCIES
} clx_redundancy;

extern const char *const clx_redundancy_name[CLX_REDUNDANCIES + 1];

// One level. Loads of `below` come from the level before it (fan_out units of that level hang on one unit of this).
typedef struct clx_chain_level {
  const char *name;                  // "server", "rack", "row", "ups", "transformer", "substation"
  const clx_conversion *conversion;  // NULL = passes everything
  double units;                      // installed, those of redundancy included
  double carriers;                   // units that must be alive to carry the load (N)
  int32_t redundancy;                // clx_redundancy
  double static_load;  // W beside the load, of the whole level, on its output side (switches, management, CDUs, fans)
  double derating;     // share of the rating that may be used for long (0 < x <= 1)
  double oversubscription;  // loads planned / rating; >= 1 where more is connected than can be carried at once
} clx_chain_level;

enum { CLX_CHAIN_LEVELS_MAX = 12 };

typedef struct clx_chain {
  clx_chain_level level[CLX_CHAIN_LEVELS_MAX];  // from the load upwards
  int32_t count;
} clx_chain;

// What passes a level, W. in = out + loss; out = load from below + static_load + extra.
typedef struct clx_chain_flow {
  double below, fixed, extra, out, loss, in;
  double load_share;  // of the rating of the units that share it
  bool over;          // above derated rating of the carriers
} clx_chain_flow;

typedef struct clx_chain_result {
  clx_chain_flow flow[CLX_CHAIN_LEVELS_MAX];
  double in;    // W at the top
  double loss;  // W, all levels
} clx_chain_result;

// Passes `load` W at the bottom, shared evenly by the units of each level, up to the top. extra[level] (nullable): ports of other domains: cooling,
// storage, network. Balance to 1e-12 of the flow. O(levels), about 20 ns a level; no allocation.
clx_chain_result clx_chain_pass(const clx_chain *chain, double load, const double *extra);
// The same at the top alone: the inner loop of a year.
double clx_chain_top(const clx_chain *chain, double load, const double *extra);
// The load whose power at the top is `limit`: how much a site carries. Negative: even no load is too much.
double clx_chain_invert(const clx_chain *chain, double limit, const double *extra);

// Units of the lowest level that differ: load of each of `count` units of level 0; `of` tells the unit of level l + 1 a unit of level l hangs on
// (NULL = blocks of equal size). Exact where equipment is loaded unequally (Frontier: 9,472 nodes under 2,368 rectifiers). scratch: doubles, `count` of them.
double clx_chain_pass_each(const clx_chain *chain, const double *load, int64_t count, double *scratch);
