// Whether a pipe network has one solution: its parts, what drives them, what is given twice.
#include <math.h>

#include "cooling/cooling_hydraulic_internal.h"

typedef struct graph {
  const clx_hydraulic *net;
  int32_t *part;         // [node_count + 1] union-find; the last is the ground that joins all fixed pressures
  int32_t *first, *arc;  // branches at each node: arc[first[n]] to arc[first[n + 1] - 1]
} graph;

static const char *node_name(const clx_hydraulic *net, int32_t node) {
  return net->node && net->node[node] ? net->node[node] : "?";
}

static const char *branch_name(const clx_branch *branch) { return branch->name ? branch->name : "?"; }

static bool fixed_at(const clx_hydraulic *net, int32_t node) { return net->pressure && !isnan(net->pressure[node]); }

static int32_t root_of(int32_t *part, int32_t i) {
  while (part[i] != i) {
    part[i] = part[part[i]];
    i = part[i];
  }
  return i;
}

// Joins two parts under the lower number; false: they were one.
static bool join(int32_t *part, int32_t a, int32_t b) {
  const int32_t i = root_of(part, a), k = root_of(part, b);
  if (i == k) return false;
  if (i < k) {
    part[k] = i;
  } else {
    part[i] = k;
  }
  return true;
}

static clx_status check_values(const clx_hydraulic *net, clx_error *error) {
  if (net->node_count < 1 || net->branch_count < 1) {
    return clx_fail_plain(error, CLX_INPUT, "network: %d nodes and %d branches, expected at least 1 of each",
                          (int)net->node_count, (int)net->branch_count);
  }
  if (!(net->density >= 0.1 && net->density <= 2e4) || !(net->viscosity >= 1e-7 && net->viscosity <= 100)) {
    return clx_fail_plain(
        error, CLX_INPUT,
        "network: density is %.6g kg/m3 and viscosity %.6g Pa s, expected 0.1 to 20,000 and 1e-7 to 100", net->density,
        net->viscosity);
  }
  if (net->friction < 0 || net->friction >= CLX_FRICTIONS) {
    return clx_fail_plain(error, CLX_INPUT, "network: friction is %d, expected colebrook or swamee-jain",
                          (int)net->friction);
  }
  for (int32_t i = 0; i < net->node_count; i++) {
    const struct {
      const char *key;
      double value, most;
    } row[] = {{"height", net->height ? net->height[i] : 0, 1e5},
               {"inflow", net->inflow ? net->inflow[i] : 0, 1e6},
               {"pressure", fixed_at(net, i) ? net->pressure[i] : 0, 1e12}};
    for (int32_t k = 0; k < CLX_COUNT(row); k++) {
      if (fabs(row[k].value) <= row[k].most) continue;
      return clx_fail_plain(error, CLX_INPUT, "node %s: %s is %.6g, expected at most %g either way", node_name(net, i),
                            row[k].key, row[k].value, row[k].most);
    }
  }
  for (int32_t i = 0; i < net->branch_count; i++) CLX_TRY(clx_branch_check(net, &net->branch[i], error));
  return CLX_OK;
}

// Branches without resistance may neither close a loop nor join two fixed pressures: the flow through them would be anything.
static clx_status check_free(const clx_hydraulic *net, int32_t *part, clx_error *error) {
  const int32_t ground = net->node_count;
  for (int32_t i = 0; i <= ground; i++) part[i] = i;
  for (int32_t i = 0; i < net->node_count; i++) {
    if (fixed_at(net, i)) join(part, i, ground);
  }
  for (int32_t i = 0; i < net->branch_count; i++) {
    const clx_branch *branch = &net->branch[i];
    if (clx_branch_resists(branch) || join(part, branch->from, branch->to)) continue;
    return clx_fail_plain(
        error, CLX_INPUT,
        "branch %s: nothing resists between %s and %s, and a loop or two fixed pressures meet there: the "
        "flow is over-determined, expected a resistance",
        branch_name(branch), node_name(net, branch->from), node_name(net, branch->to));
  }
  return CLX_OK;
}

static clx_status build_arcs(graph *g, clx_arena *arena) {
  const clx_hydraulic *net = g->net;
  g->first = CLX_NEW_ARRAY(arena, int32_t, net->node_count + 2);
  g->arc = CLX_NEW_ARRAY(arena, int32_t, 2 * (int64_t)net->branch_count);
  if (!g->first || !g->arc) return CLX_MEMORY;
  for (int32_t i = 0; i < net->branch_count; i++) {
    g->first[net->branch[i].from + 2]++;
    g->first[net->branch[i].to + 2]++;
  }
  for (int32_t i = 2; i < net->node_count + 2; i++) g->first[i] += g->first[i - 1];
  for (int32_t i = 0; i < net->branch_count; i++) {
    g->arc[g->first[net->branch[i].from + 1]++] = i;
    g->arc[g->first[net->branch[i].to + 1]++] = i;
  }
  return CLX_OK;
}

typedef struct walk {
  int32_t *order, *low, *next, *by,
      *stack;  // of each node: when it was met, the earliest reachable, arc to take, branch it was met by
  int32_t met;
} walk;

// Tarjan's bridges (1974), without recursion: a branch that no loop holds carries no flow in a closed part. bridge[branch] is set for them.
static void find_bridges(const graph *g, walk *w, int32_t start, bool *bridge) {
  int32_t depth = 0;
  w->stack[0] = start;
  w->by[start] = -1;
  w->order[start] = w->low[start] = ++w->met;
  while (depth >= 0) {
    const int32_t node = w->stack[depth];
    if (w->next[node] < g->first[node + 1]) {
      const int32_t branch = g->arc[w->next[node]++];
      if (branch == w->by[node]) continue;
      const int32_t other = g->net->branch[branch].from + g->net->branch[branch].to - node;
      if (w->order[other] > 0) {
        if (w->order[other] < w->low[node]) w->low[node] = w->order[other];
        continue;
      }
      w->by[other] = branch;
      w->order[other] = w->low[other] = ++w->met;
      w->stack[++depth] = other;
      continue;
    }
    if (--depth < 0) break;
    const int32_t above = w->stack[depth];
    if (w->low[node] < w->low[above]) w->low[above] = w->low[node];
    if (w->low[node] > w->order[above]) bridge[w->by[node]] = true;
  }
}

static clx_status mark_bridges(const graph *g, clx_arena *arena, bool *bridge) {
  const int32_t count = g->net->node_count;
  walk w = {0};
  int32_t **all[] = {&w.order, &w.low, &w.next, &w.by, &w.stack};
  for (int32_t i = 0; i < CLX_COUNT(all); i++) {
    *all[i] = CLX_NEW_ARRAY(arena, int32_t, count);
    if (!*all[i]) return CLX_MEMORY;
  }
  for (int32_t i = 0; i < count; i++) w.next[i] = g->first[i];
  for (int32_t i = 0; i < count; i++) {
    if (w.order[i] == 0) find_bridges(g, &w, i, bridge);
  }
  return CLX_OK;
}

typedef struct drive {
  double sum, size;  // of inflows
  int32_t fixed;     // pressures
  bool pump, looped;
} drive;

static clx_status check_drive(const clx_hydraulic *net, int32_t node, const drive *part, clx_error *error) {
  const char *name = node_name(net, node);
  if (part->fixed == 0 && fabs(part->sum) > 1e-9 * part->size) {
    return clx_fail_plain(
        error, CLX_INPUT,
        "inflows of the part of node %s sum to %.6g m3/s and no pressure is fixed there: over-determined, "
        "expected a sum of 0 or a fixed pressure",
        name, part->sum);
  }
  if (part->fixed > 1 || part->size > 0 || part->looped) return CLX_OK;
  return clx_fail_plain(error, CLX_INPUT,
                        part->pump
                            ? "the part of node %s: its pumps stand in no loop, expected one that closes"
                            : "the part of node %s is a loop without a pump: nothing moves its flow, expected a pump, "
                              "an inflow or two fixed pressures",
                        name);
}

static clx_status check_parts(const graph *g, clx_arena *arena, clx_error *error) {
  const clx_hydraulic *net = g->net;
  bool *bridge = CLX_NEW_ARRAY(arena, bool, net->branch_count);
  drive *parts = CLX_NEW_ARRAY(arena, drive, net->node_count);
  if (!bridge || !parts) return CLX_MEMORY;
  CLX_TRY(mark_bridges(g, arena, bridge));
  for (int32_t i = 0; i < net->node_count; i++) {
    drive *part = &parts[root_of(g->part, i)];
    part->sum += net->inflow ? net->inflow[i] : 0;
    part->size += net->inflow ? fabs(net->inflow[i]) : 0;
    part->fixed += fixed_at(net, i);
  }
  for (int32_t i = 0; i < net->branch_count; i++) {
    if (net->branch[i].kind != CLX_BRANCH_PUMP) continue;
    drive *part = &parts[root_of(g->part, net->branch[i].from)];
    part->pump = true;
    part->looped = part->looped || !bridge[i];
  }
  for (int32_t i = 0; i < net->node_count; i++) {
    if (g->part[i] == i) CLX_TRY(check_drive(net, i, &parts[i], error));
  }
  return CLX_OK;
}

// Joins nodes that branches join.
static void join_nodes(const clx_hydraulic *net, int32_t *part) {
  for (int32_t i = 0; i < net->node_count; i++) part[i] = i;
  for (int32_t i = 0; i < net->branch_count; i++) join(part, net->branch[i].from, net->branch[i].to);
  for (int32_t i = 0; i < net->node_count; i++) part[i] = root_of(part, i);
}

static clx_status check_graph(const clx_hydraulic *net, clx_arena *arena, clx_error *error) {
  graph g = {.net = net, .part = CLX_NEW_ARRAY(arena, int32_t, net->node_count + 1)};
  if (!g.part) return CLX_MEMORY;
  CLX_TRY(check_free(net, g.part, error));
  CLX_TRY(build_arcs(&g, arena));
  for (int32_t i = 0; i < net->node_count; i++) {
    if (g.first[i] < g.first[i + 1]) continue;
    return clx_fail_plain(error, CLX_INPUT, "node %s: no branch reaches it, expected at least one", node_name(net, i));
  }
  join_nodes(net, g.part);
  return check_parts(&g, arena, error);
}

clx_status clx_hydraulic_check(const clx_hydraulic *net, clx_error *error) {
  CLX_TRY(check_values(net, error));
  clx_arena *arena = clx_arena_new();
  const clx_status status = arena ? check_graph(net, arena, error) : CLX_MEMORY;
  clx_arena_free(arena);
  return status == CLX_MEMORY ? clx_fail_plain(error, CLX_MEMORY, "out of memory") : status;
}

void clx_hydraulic_references(const clx_hydraulic *net, bool *given, int32_t *part) {
  join_nodes(net, part);
  // `given` first says of each part's first node whether a pressure is fixed in its part.
  for (int32_t i = 0; i < net->node_count; i++) given[i] = false;
  for (int32_t i = 0; i < net->node_count; i++) {
    if (fixed_at(net, i)) given[part[i]] = true;
  }
  for (int32_t i = net->node_count - 1; i >= 0; i--) {  // a part's first node comes last
    const bool open = given[part[i]], first = part[i] == i;
    if (open) part[i] = -1 - part[i];
    given[i] = fixed_at(net, i) || (first && !open);
  }
  for (int32_t i = 0; i < net->node_count; i++) part[i] = part[i] < 0 ? -1 : part[i];
}
