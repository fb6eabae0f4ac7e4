// The chain from a chip to the substation: levels of equal equipment in parallel, each with its loss against load.
// docs/model/power/chain.md.
#pragma once

#include "base/base.h"
#include "schema/schema.h"

typedef enum clx_conversion_kind {
  CLX_CONVERSION_PSU,
  CLX_CONVERSION_SHELF,  // shelf of supplies, rectifier: converts for a rack or a part of one
  CLX_CONVERSION_BUSBAR,
  CLX_CONVERSION_PDU,
  CLX_CONVERSION_UPS,
  CLX_CONVERSION_TRANSFORMER,
  CLX_CONVERSION_LINE,
  CLX_CONVERSION_KINDS
} clx_conversion_kind;

extern const char *const clx_conversion_kind_name[CLX_CONVERSION_KINDS + 1];  // "psu", "shelf", ...

// catalogue/conversion: what one unit of conversion equipment loses: a PSU, power shelf, rectifier, UPS, transformer, busbar.
// Either the curve (efficiency at shares of the rating; between points the loss is linear in the load, before the first and after
// the last the nearest slope goes on), or in = (out + fixed) / efficiency + load_loss (out / rating)^2.
typedef struct clx_conversion {
  const char *name, *title;
  const char *const *aliases;
  int32_t alias_count;
  int32_t kind;       // clx_conversion_kind
  double rating;      // W out; 0 = not limited (no curve and no load_loss then)
  double fixed;       // W
  double efficiency;  // share, 0 < efficiency <= 1
  double load_loss;   // W at the rating, grows with the square of the load (copper)
  double *load;       // shares of the rating, rising
  int32_t load_count;
  double *curve;  // efficiency at each, 0 < x <= 1
  int32_t curve_count;
  double storage;    // J of one unit that rides through (capacitors of a shelf)
  double peak;       // share of the rating for `peak_time` (EDPp of a shelf); 0 = none
  double peak_time;  // s
  double ride;       // s at full load without input (hold-up time, UPS battery)
  double transfer;   // s in which it passes nothing when its input fails
} clx_conversion;

extern const clx_schema clx_conversion_schema;

// CLX_INPUT: efficiency outside (0, 1], a curve and an efficiency at once or neither, points of unequal number, loads that do not
// rise, an input that does not rise with the output, a loss below zero, a curve or load_loss without rating.
clx_status clx_conversion_check(const clx_conversion *conversion, clx_place place, clx_error *error);
// W of loss of one unit that delivers `out` W (0 <= out). Finite, >= 0, continuous. O(points).
double clx_conversion_loss(const clx_conversion *conversion, double out);
// The output of one unit whose input is `in` W: in = out + loss(out). Negative by what is missing when `in` is below the loss at no load.
double clx_conversion_out(const clx_conversion *conversion, double in);

typedef enum clx_redundancy {
  CLX_REDUNDANCY_N,    // as many as carry the load
  CLX_REDUNDANCY_N_1,  // one more in each group, all share the load
  CLX_REDUNDANCY_2N,   // twice as many, each at half load
  CLX_REDUNDANCIES
} clx_redundancy;

extern const char *const clx_redundancy_name[CLX_REDUNDANCIES + 1];  // "N", "N+1", "2N"

// One level. All units of a group share its load evenly; groups are alike and share the load of the level before them.
typedef struct clx_chain_level {
  const char *name;                  // "server", "rack", "row", "ups", "transformer", "substation"
  const clx_conversion *conversion;  // NULL = passes everything
  double units;                      // installed, those of redundancy included; 0 = 1
  double groups;                     // of units that share one load; 0 = each unit is one
  double carriers;                   // units that must be alive to carry the load (N); 0 = all
  int32_t redundancy;                // clx_redundancy
  double static_load;  // W beside the load, of the whole level, on its output side (switches, management, CDUs, fans)
  double derating;     // share of the rating that may be used for long (0 < x <= 1); 0 = 1
  double oversubscription;  // loads planned / rating; > 1 where more is connected than can be carried at once; 0 = 1
} clx_chain_level;

enum { CLX_CHAIN_LEVELS_MAX = 12 };

typedef struct clx_chain {
  clx_chain_level level[CLX_CHAIN_LEVELS_MAX];  // from the load upwards
  int32_t count;
  // Where other loads enter (index of `extra`; = count: above the top):
  int32_t rack;  // parts of racks beside servers: the first level that is not one of single servers
  int32_t
      plug;  // the first level outside IT equipment: its `out`, less what is no IT, is IT power; network and storage enter here
  int32_t cooling;  // plant: behind no UPS: the first transformer, else the last level
} clx_chain;

// What passes a level, W. in = out + loss; out = below + fixed + extra.
typedef struct clx_chain_flow {
  double below, fixed, extra, out, loss, in;
  double load_share;  // of the rating of the units that share it; 0 where nothing is rated
  bool over;          // above the derated rating of the carriers
} clx_chain_flow;

typedef struct clx_chain_result {
  clx_chain_flow flow[CLX_CHAIN_LEVELS_MAX];
  double in;    // W at the top
  double loss;  // W, all levels
} clx_chain_result;

// Passes `load` W at the bottom, shared evenly by the units of each level, up to the top. extra[level] (nullable, chain->count of them):
// ports of other domains: cooling, storage, network. Balance to 1e-12 of the flow. O(levels), about 20 ns a level; no allocation.
clx_chain_result clx_chain_pass(const clx_chain *chain, double load, const double *extra);
// The same at the top alone: the inner loop of a year.
double clx_chain_top(const clx_chain *chain, double load, const double *extra);
// The load whose power at the top is `limit`: how much a site carries. Negative: even no load is too much. Closed form, O(levels);
// rating limits nothing here: see `over` of the pass.
double clx_chain_invert(const clx_chain *chain, double limit, const double *extra);

// W at the top where the loads below level 0 differ: load of each of `count` (servers, nodes). They hang in blocks of equal size on
// the groups of level 0, those on the groups of level 1, and so on (load i of n on group i * groups / n, rounded down); a level of
// more groups than loads splits each evenly. Static loads are shared by the groups evenly. Exact where equipment is loaded
// unequally (Frontier: 9,472 nodes under 592 chassis). scratch: `count` doubles; may be `load` itself. O(count).
double clx_chain_pass_each(const clx_chain *chain, const double *load, int64_t count, double *scratch);

// --- catalogue/chain and the list `power.chain` of a scenario ------------------------------------------------------------------

typedef enum clx_chain_per {
  CLX_CHAIN_PER_SERVER,
  CLX_CHAIN_PER_RACK,
  CLX_CHAIN_PER_LEVEL,  // groups of the level before
  CLX_CHAIN_PER_SITE,
  CLX_CHAIN_PERS
} clx_chain_per;

// One level as stated. A group of units serves `share` servers, racks or groups of the level before, or the whole site.
typedef struct clx_chain_level_spec {
  const char *name;
  const char *conversion;  // catalogue name; NULL: passes everything, or `own`
  int32_t own;             // bool: the supplies that the entry of the server (per server) or rack (per rack) names
  int32_t per;             // clx_chain_per
  double share;            // of those that one group serves
  double carriers;         // units that carry the load of a group; 0 = as many as its planned load needs
  int32_t redundancy;
  double derating, oversubscription;
  double static_load;  // W of each group, on the output side
  clx_place place;
  const clx_conversion *equipment;  // of `conversion`, filled by who reads the catalogue (clx_catalog_read_conversions)
} clx_chain_level_spec;

// catalogue/chain: first member as every entry. In a scenario only `level` is filled.
typedef struct clx_chain_spec {
  const char *name, *title;
  const char *const *aliases;
  int32_t alias_count;
  clx_chain_level_spec *level;  // level_count, from the load upwards
  int32_t level_count;
} clx_chain_spec;

extern const clx_schema clx_chain_schema;        // of a catalogue/chain entry
extern const clx_schema clx_chain_level_schema;  // of one level, for the list of a scenario

// Equal servers in equal racks that hang on the chain.
typedef struct clx_chain_fleet {
  double servers, racks;
  double server_load,
      rack_load;  // W planned (rated): one server, one rack's parts beside its servers; DC behind their supplies
  const clx_conversion *server_supply, *rack_supply;  // of `own` levels; NULL = none: such a level passes everything
  double server_supplies, server_carriers;            // installed in one server, those that carry it
  double rack_supplies, rack_carriers;
} clx_chain_fleet;

// Levels without names, of one name, too many of them, without equipment though `conversion` is given, numbers out of range: CLX_INPUT,
// naming level and value.
clx_status clx_chain_check(const clx_chain_spec *spec, clx_place place, clx_error *error);
// Counts units and groups: as stated, or by the rating (carriers = planned load of a group / (rating derating oversubscription),
// rounded up). Names and equipment stay those of `spec` and `fleet`. Errors of clx_chain_check; a fleet without servers or racks.
clx_status clx_chain_compile(const clx_chain_spec *spec, const clx_chain_fleet *fleet, clx_place place,
                             clx_chain *chain, clx_error *error);
// W that one level may deliver for long: carriers x rating x derating; infinite (HUGE_VAL) where nothing is rated.
double clx_chain_level_limit(const clx_chain_level *level);
