// Folded Clos: tiers, pods, wirings, classes of links. Numbering: fabric.h.
#include <math.h>
#include <stdio.h>

#include "fabric/fabric_internal.h"

// Names of boundaries by what is below them; the switches above the leaves carry the usual ones.
static const char *const BELOW[CLX_TIERS_MAX] = {"nic", "leaf", "spine", "core"};
static const char *const COUNT[CLX_TIERS_MAX + 1] = {"no", "one tier", "two tiers", "three tiers", "four tiers"};

// A leaf pod is a leaf, with dual_tor a pair of leaves.
typedef struct pod_plan {
  int32_t tiers;
  int64_t children[CLX_TIERS_MAX];  // pods of the tier below in one pod, when full
  int64_t pods[CLX_TIERS_MAX];      // of one rail (rail-only), else of all
  double reach;                     // endpoints
} pod_plan;

static double thinning_of(const clx_fabric_spec *spec, int32_t tier) {
  const int32_t count = spec->oversubscription_count;
  if (count == 0) return 1;
  return fmax(1, spec->oversubscription[tier < count ? tier : count - 1]);
}

// Ports down and up of a tier that has one above it: down / up is at most the oversubscription.
static void split_ports(const clx_fabric *f, int32_t tier, int32_t *down, int32_t *up) {
  const double thinning = thinning_of(&f->spec, tier);
  *up = (int32_t)fmax(1, floor(f->radix / (1 + thinning)));
  *down = (int32_t)fmin(f->radix - *up, floor(*up * thinning * (1 + 1e-12)));
  if (*down < 1) *down = 1;
}

// --- where endpoints hang ---------------------------------------------------------------------------------------------------

// Servers with the same number of ports share units; where the number changes a new unit begins.
typedef struct run {
  int64_t servers, first_unit;
  int32_t ports;
} run;

// The run that begins at host *i, which moves behind it.
static run next_run(const clx_fabric *f, int32_t *i, int64_t first_unit) {
  run one = {.ports = f->hosts[*i].ports, .first_unit = first_unit};
  while (*i < f->host_count && f->hosts[*i].ports == one.ports) one.servers += f->hosts[(*i)++].servers;
  return one;
}

static int64_t unit_count(const clx_fabric *f) {
  int64_t units = 0;
  for (int32_t i = 0; i < f->host_count;) units += clx_divide_up(next_run(f, &i, units).servers, f->unit_servers);
  return units;
}

// Ports of the servers of a unit.
static int32_t unit_ports(const clx_fabric *f, int64_t unit) {
  int64_t units = 0;
  int32_t ports = 0;
  for (int32_t i = 0; i < f->host_count && units <= unit;) {
    const run one = next_run(f, &i, units);
    ports = one.ports;
    units += clx_divide_up(one.servers, f->unit_servers);
  }
  return ports;
}

int64_t clx_fabric_leaf(const clx_fabric *f, int64_t endpoint) {
  if (f->spec.topology != CLX_TOPOLOGY_CLOS) {
    return f->spec.router_endpoints > 0 ? endpoint / f->spec.router_endpoints : endpoint;
  }
  if (f->unit_servers == 0) return endpoint / f->tier[0].down;
  int64_t unit = 0;
  for (int32_t i = 0; i < f->host_count;) {
    const run one = next_run(f, &i, unit);
    if (endpoint < one.servers * one.ports) {
      unit += endpoint / one.ports / f->unit_servers;
      const int64_t rail = endpoint % one.ports;
      return f->spec.wiring == CLX_WIRING_RAIL_ONLY ? rail * f->rail_leaves + unit : unit * f->rails + rail;
    }
    endpoint -= one.servers * one.ports;
    unit += clx_divide_up(one.servers, f->unit_servers);
  }
  return 0;
}

void clx_fabric_leaf_endpoints(const clx_fabric *f, int64_t leaf, int64_t *first, int64_t *stride, int64_t *count) {
  *first = leaf * f->tier[0].down;
  *stride = 1;
  *count = f->endpoints - *first < f->tier[0].down ? f->endpoints - *first : f->tier[0].down;
  if (f->unit_servers == 0) return;
  const bool rail_only = f->spec.wiring == CLX_WIRING_RAIL_ONLY;
  const int64_t unit = rail_only ? leaf % f->rail_leaves : leaf / f->rails;
  const int64_t rail = rail_only ? leaf / f->rail_leaves : leaf % f->rails;
  int64_t units = 0, endpoints = 0;
  *count = 0;
  for (int32_t i = 0; i < f->host_count;) {
    const run one = next_run(f, &i, units);
    const int64_t here = clx_divide_up(one.servers, f->unit_servers);
    if (unit < units + here) {
      if (rail >= one.ports) return;
      const int64_t server = (unit - units) * f->unit_servers;
      *first = endpoints + server * one.ports + rail;
      *stride = one.ports;
      *count = one.servers - server < f->unit_servers ? one.servers - server : f->unit_servers;
      return;
    }
    units += here;
    endpoints += one.servers * one.ports;
  }
}

// --- tiers ------------------------------------------------------------------------------------------------------------------

// Ports of the leaves. A fabric that one leaf (block) or one unit holds needs no more of them than are used.
static void settle_leaves(clx_fabric *f, int32_t tiers) {
  clx_fabric_tier *leaf = &f->tier[0];
  int64_t most = 1;  // servers of the largest run
  f->rails = 1;
  f->unit_servers = 0;
  for (int32_t i = 0; i < f->host_count;) {
    const run one = next_run(f, &i, 0);
    if (one.servers > most) most = one.servers;
    if (f->spec.wiring != CLX_WIRING_BLOCK && one.ports > f->rails) f->rails = one.ports;
  }
  if (f->spec.wiring == CLX_WIRING_BLOCK) most = f->endpoints;
  leaf->down = f->radix;
  leaf->up = 0;
  if (tiers > 1) split_ports(f, 0, &leaf->down, &leaf->up);
  if (tiers == 1 && f->spec.wiring == CLX_WIRING_RAIL) {  // one switch holds all: there is nothing to wire by rails
    f->rails = 1;
    return;
  }
  if (tiers > 1 && most < leaf->down) {
    leaf->down = (int32_t)most;
    leaf->up = (int32_t)fmin(leaf->up, ceil(leaf->down / thinning_of(&f->spec, 0)));
  }
  if (f->spec.wiring != CLX_WIRING_BLOCK) f->unit_servers = leaf->down;
}

// A pod of the size that was asked for: spines with as many cables to each of its leaves as their ports allow, at least one.
static void split_pod(const clx_fabric *f, clx_fabric_tier *spine) {
  int64_t leaves = clx_divide_up(f->spec.pod_servers, f->unit_servers > 0 ? f->unit_servers : 1);
  if (f->unit_servers == 0) leaves = clx_divide_up(leaves * f->hosts[0].ports, f->tier[0].down);
  if (f->unit_servers > 0 && f->spec.wiring != CLX_WIRING_RAIL_ONLY) leaves *= f->rails;
  const double thinning = thinning_of(&f->spec, 1);
  for (int32_t cables = 1; cables <= f->tier[0].up; cables++) {
    const double down = (double)leaves * cables, up = ceil(down / thinning * (1 - 1e-12));
    if (cables > 1 && (f->tier[0].up % cables != 0 || down + up > f->radix)) continue;
    spine->down = (int32_t)fmin(down, INT32_MAX / 4);
    spine->up = (int32_t)fmin(up, INT32_MAX / 4);
    spine->parallel = cables;
  }
}

// Pods of all tiers if there are `tiers` of them; false when they do not reach every endpoint.
static bool plan_pods(clx_fabric *f, int32_t tiers, pod_plan *plan) {
  settle_leaves(f, tiers);
  const bool rail_only = f->spec.wiring == CLX_WIRING_RAIL_ONLY;
  int64_t pods =
      f->unit_servers > 0 ? unit_count(f) * (rail_only ? 1 : f->rails) : clx_divide_up(f->endpoints, f->tier[0].down);
  plan->tiers = tiers;
  plan->children[0] = 1;
  plan->pods[0] = pods;
  plan->reach = (double)f->tier[0].down * (rail_only ? f->rails : 1);
  for (int32_t t = 1; t < tiers; t++) {
    clx_fabric_tier *tier = &f->tier[t];
    tier->down = f->radix;
    tier->up = 0;
    tier->parallel = 1;
    if (t < tiers - 1) split_ports(f, t, &tier->down, &tier->up);
    if (t == 1 && t < tiers - 1 && f->spec.pod_servers > 0) split_pod(f, tier);
    int64_t children = tier->down / tier->parallel;
    // A pod holds whole units, unless one unit has more leaves than a spine has ports.
    const bool whole = t == 1 && t < tiers - 1 && !rail_only && f->rails > 1 && children >= f->rails;
    if (whole) children -= children % f->rails;
    plan->reach *= (double)children;
    if (t == tiers - 1 && pods > 0 && pods < children) children = pods;
    // Equal pods leave the least numbers unused where every rail begins with a pod of its own.
    if (rail_only) children = clx_divide_up(pods, clx_divide_up(pods, children));
    plan->children[t] = children;
    plan->pods[t] = pods = clx_divide_up(pods, children);
  }
  return pods == 1;
}

static clx_status out_of_reach(clx_fabric_build *build, const pod_plan *plan) {
  const clx_fabric *f = build->fabric;
  char rate[32];
  return clx_fail(
      build->error, CLX_INFEASIBLE, f->spec.place,
      "%s of switch '%s' (%d ports of %s, %d of a leaf to servers) reach%s %.0f endpoints%s, the fabric has "
      "%lld%s",
      COUNT[plan->tiers], build->model->name, f->radix, clx_fabric_rate_text(f->rate, rate, sizeof rate),
      f->tier[0].down, plan->tiers == 1 ? "es" : "", plan->reach, f->rails > 1 ? " in full units" : "",
      (long long)f->endpoints, f->spec.planes > 1 ? " in each plane" : "");
}

static clx_status settle_tiers(clx_fabric_build *build, pod_plan *plan) {
  clx_fabric *f = build->fabric;
  const int32_t asked = f->spec.tiers;
  if (asked < 0 || asked > CLX_TIERS_MAX) {
    return clx_fail(build->error, CLX_INPUT, f->spec.place, "a Clos has 1 to %d tiers, not %d", CLX_TIERS_MAX, asked);
  }
  for (int32_t tiers = asked > 0 ? asked : 1; tiers <= (asked > 0 ? asked : CLX_TIERS_MAX); tiers++) {
    if (plan_pods(f, tiers, plan)) {
      f->spec.tiers = f->tier_count = tiers;
      return CLX_OK;
    }
  }
  return out_of_reach(build, plan);
}

static clx_status check_spine(const clx_fabric_build *build) {
  const clx_fabric *f = build->fabric;
  const clx_fabric_tier *spine = &f->tier[1];
  if (f->tier_count < 3 || spine->down + spine->up <= f->radix) return CLX_OK;
  return clx_fail(build->error, CLX_INPUT, f->spec.place,
                  "a pod of %lld servers needs spines of %d ports (%d down, %d up), switch '%s' has %d",
                  (long long)f->spec.pod_servers, spine->down + spine->up, spine->down, spine->up, build->model->name,
                  f->radix);
}

// Largest divisor of `up` cables that lets a switch of `ports` reach all children.
static int32_t parallel_of(int32_t up, int64_t ports, int64_t children) {
  int32_t best = 1;
  for (int32_t i = 1; i <= up && i * children <= ports; i++) {
    if (up % i == 0) best = i;
  }
  return best;
}

static void settle_pods(clx_fabric *f, const pod_plan *plan) {
  int64_t leaves = 1, below = 1;
  int32_t up = f->nic_up;
  for (int32_t t = 0; t < f->tier_count; t++) {
    clx_fabric_tier *tier = &f->tier[t];
    leaves *= plan->children[t];
    tier->parallel = t > 0 ? parallel_of(up, tier->down, plan->children[t]) : 1;
    tier->pod_switches = (int32_t)(below * up / tier->parallel);
    tier->pod_leaves = leaves;
    tier->pod_ports = leaves * f->tier[0].down;
    tier->pods = plan->pods[t];
    below = tier->pod_switches;
    up = tier->up;
  }
  if (f->spec.wiring != CLX_WIRING_RAIL_ONLY) return;
  f->rail_leaves = leaves;
  for (int32_t t = 0; t < f->tier_count; t++) f->tier[t].pods = f->rails * (leaves / f->tier[t].pod_leaves);
}

// --- counts -----------------------------------------------------------------------------------------------------------------

// Whether any endpoint hangs on a leaf pod: where servers have fewer ports than rails there are, and at the end of a rail,
// numbers of leaves stay unused.
static bool leaf_exists(const clx_fabric *f, int64_t leaf) {
  if (f->unit_servers == 0) return true;
  if (f->spec.wiring == CLX_WIRING_RAIL_ONLY) {
    const int64_t unit = leaf % f->rail_leaves;
    return unit < unit_count(f) && leaf / f->rail_leaves < unit_ports(f, unit);
  }
  return leaf % f->rails < unit_ports(f, leaf / f->rails);
}

// Switches by their ports: in a pod partly empty as many as its cables fill; where cables do not divide evenly, some pairs of
// switches have one more than others. O(leaves x hosts).
static void count_switches(clx_fabric *f) {
  int64_t cables[CLX_TIERS_MAX] = {0};  // into the open pod of each tier
  int64_t *optical = &f->bill.optical;
  const int64_t leaves = f->tier[0].pods;
  const int32_t top = f->tier_count - 1;
  for (int64_t leaf = 0; leaf < leaves; leaf++) {
    if (leaf_exists(f, leaf)) {
      f->tier[0].switches += f->tier[0].pod_switches;
      if (top > 0) cables[1] += (int64_t)f->tier[0].pod_switches * f->tier[0].up;
    }
    for (int32_t t = 1; t <= top; t++) {
      if ((leaf + 1) % f->tier[t].pod_leaves != 0 && leaf + 1 < leaves) break;
      const int64_t switches = clx_divide_up(cables[t], f->tier[t].down);
      f->tier[t].switches += switches;
      *optical += cables[t];
      cables[t] = 0;
      if (t < top) cables[t + 1] += switches * f->tier[t].up;
    }
  }
  f->bill.copper = f->endpoints * f->nic_up;
  for (int32_t t = 0; t <= top; t++) f->bill.switches_by_tier[t] = f->tier[t].switches;
}

static clx_status add_classes(clx_fabric_build *build) {
  clx_fabric *f = build->fabric;
  char name[32];
  for (int32_t t = 0; t < f->tier_count; t++) {
    const clx_fabric_tier *below = t > 0 ? &f->tier[t - 1] : NULL;
    const int64_t pods = below != NULL ? below->pods : f->endpoints;
    const int64_t links = below != NULL ? (int64_t)below->pod_switches * below->up : f->nic_up;  // of a pod
    for (int32_t down = 0; down < 2; down++) {
      snprintf(name, sizeof name, "%s %s", BELOW[t], down ? "down" : "up");
      CLX_TRY(clx_fabric_add_links(build, name, t, pods * links, f->rate));
      CLX_TRY(clx_fabric_add_bundles(build, name, t, pods, links, f->rate * (double)links));
    }
  }
  return CLX_OK;
}

clx_status clx_fabric_wire_clos(clx_fabric_build *build) {
  pod_plan plan = {.pods = {1, 1, 1, 1}, .children = {1, 1, 1, 1}};
  CLX_TRY(settle_tiers(build, &plan));
  CLX_TRY(clx_fabric_check_tiers(build));
  CLX_TRY(check_spine(build));
  settle_pods(build->fabric, &plan);
  count_switches(build->fabric);
  return add_classes(build);
}
