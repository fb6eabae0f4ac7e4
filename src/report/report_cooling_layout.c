// Layers of a plant's diagram: nodes by their distance from the racks, few crossings, short edges (after Sugiyama, Tagawa, Toda 1981).
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/report_cooling_layout.h"

enum { SWEEPS = 12, APART = 16, INSIDE = 8, LINE = 14 };  // pixels between boxes of a layer; of a box

static const struct {
  double wide, high;
} SIZES[] = {[CLX_COOLING_NODE_HEAT] = {118, 62},
             [CLX_COOLING_NODE_LOOP] = {146, 96},
             [CLX_COOLING_NODE_UNIT] = {150, 96},
             [CLX_COOLING_NODE_LANE] = {0, 8},
             [CLX_COOLING_NODE_SKY] = {110, 96}};
static const double GAP = 46;  // pixels between layers

int32_t clx_cooling_title_break(const char *title, double wide) {
  const double room = wide - 2 * INSIDE;
  char part[CLX_COOLING_TEXT];
  int32_t at = 0;
  if (clx_goodput_width(title, CLX_COOLING_TITLE) <= room) return 0;
  for (int32_t i = 1; title[i] != '\0' && i < CLX_COOLING_TEXT; i++) {
    if (title[i] != ' ') continue;
    snprintf(part, sizeof part, "%.*s", (int)i, title);
    if (clx_goodput_width(part, CLX_COOLING_TITLE) <= room) at = i;
  }
  return at;
}

static int32_t add_node(clx_cooling_layout *l, int32_t kind, int32_t index, int32_t layer) {
  if (l->node_count == CLX_COOLING_NODES) return -1;
  l->node[l->node_count] = (clx_cooling_node){
      .kind = kind, .index = index, .layer = layer, .wide = SIZES[kind].wide, .high = SIZES[kind].high};
  return l->node_count++;
}

// An edge over any number of layers, with a lane in each that it passes.
static void add_edge(clx_cooling_layout *l, int32_t from, int32_t to, int32_t loop) {
  if (from < 0 || to < 0) return;
  for (int32_t layer = l->node[from].layer + 1; layer <= l->node[to].layer; layer++) {
    const int32_t next = layer == l->node[to].layer ? to : add_node(l, CLX_COOLING_NODE_LANE, loop, layer);
    if (next < 0 || l->edge_count == CLX_COOLING_EDGES) return;
    l->edge[l->edge_count++] = (clx_cooling_edge){from, next, loop};
    from = next;
  }
}

// Loops by their distance from the racks: the most units that heat passes before it enters one.
static void depths_of(const clx_cooling_view *v, int32_t depth[CLX_COOLING_LOOPS]) {
  memset(depth, 0, CLX_COOLING_LOOPS * sizeof depth[0]);
  for (int32_t pass = 1; pass < v->loop_count; pass++) {
    for (int32_t i = 0; i < v->unit_count; i++) {
      const clx_cooling_unit_view *u = &v->unit[i];
      if (u->from < 0 || u->into < 0 || u->from == u->into) continue;
      if (depth[u->into] <= depth[u->from] && depth[u->from] + 1 < v->loop_count) depth[u->into] = depth[u->from] + 1;
    }
  }
}

static void make_graph(const clx_cooling_view *v, clx_cooling_layout *l) {
  bool broken = false;
  int32_t depth[CLX_COOLING_LOOPS], loop[CLX_COOLING_LOOPS], unit[CLX_COOLING_UNITS], deepest = 0;
  depths_of(v, depth);
  for (int32_t i = 0; i < v->loop_count; i++) deepest = depth[i] > deepest ? depth[i] : deepest;
  l->layer_count = 2 * deepest + 4;
  const int32_t heat[] = {v->liquid >= 0 ? add_node(l, CLX_COOLING_NODE_HEAT, 0, 0) : -1,
                          v->air >= 0 ? add_node(l, CLX_COOLING_NODE_HEAT, 1, 0) : -1};
  for (int32_t i = 0; i < v->loop_count; i++) {
    loop[i] = add_node(l, CLX_COOLING_NODE_LOOP, i, 1 + 2 * depth[i]);
    broken = broken || clx_cooling_title_break(v->loop[i].title, SIZES[CLX_COOLING_NODE_LOOP].wide) > 0;
  }
  for (int32_t i = 0; i < v->unit_count; i++) {
    unit[i] = add_node(l, CLX_COOLING_NODE_UNIT, i, v->unit[i].from < 0 ? 2 : 2 + 2 * depth[v->unit[i].from]);
    broken = broken || clx_cooling_title_break(v->unit[i].title, SIZES[CLX_COOLING_NODE_UNIT].wide) > 0;
  }
  // A title of two lines takes one more; all of one height, so that pipes run straight.
  for (int32_t i = 0; broken && i < l->node_count; i++)
    if (l->node[i].kind == CLX_COOLING_NODE_LOOP || l->node[i].kind == CLX_COOLING_NODE_UNIT) l->node[i].high += LINE;
  const int32_t sky = add_node(l, CLX_COOLING_NODE_SKY, 0, l->layer_count - 1);
  if (v->liquid >= 0) add_edge(l, heat[0], loop[v->liquid], v->liquid);
  if (v->air >= 0) add_edge(l, heat[1], loop[v->air], v->air);
  for (int32_t i = 0; i < v->unit_count; i++) {
    const clx_cooling_unit_view *u = &v->unit[i];
    if (u->from >= 0) add_edge(l, loop[u->from], unit[i], u->from);
    if (u->into < 0) add_edge(l, unit[i], sky, -1);
    if (u->into >= 0 && l->node[loop[u->into]].layer > l->node[unit[i]].layer)
      add_edge(l, unit[i], loop[u->into], u->into);
  }
}

// --- places ------------------------------------------------------------------------------------------------------------------

// Nodes of a layer in the order of their ranks.
static int32_t collect(const clx_cooling_layout *l, int32_t layer, int32_t order[CLX_COOLING_NODES]) {
  int32_t count = 0;
  for (int32_t i = 0; i < l->node_count; i++) {
    if (l->node[i].layer != layer) continue;
    int32_t at = count++;
    for (; at > 0 && l->node[order[at - 1]].rank > l->node[i].rank; at--) order[at] = order[at - 1];
    order[at] = i;
  }
  return count;
}

// Mean of a node's neighbours: their ranks or the y of their middles; `otherwise` where it has none on the asked sides.
static double mean_of(const clx_cooling_layout *l, int32_t node, bool before, bool after, bool place,
                      double otherwise) {
  double sum = 0;
  int32_t count = 0;
  for (int32_t k = 0; k < l->edge_count; k++) {
    const clx_cooling_edge *e = &l->edge[k];
    const int32_t other = before && e->to == node ? e->from : after && e->from == node ? e->to : -1;
    if (other < 0 || l->node[other].kind == CLX_COOLING_NODE_SKY) continue;
    sum += place ? l->node[other].y : l->node[other].rank;
    count++;
  }
  return count > 0 ? sum / count : otherwise;
}

// Orders every layer by the means of the layer before, then of the layer behind, a number of times.
static void order_layers(clx_cooling_layout *l) {
  int32_t order[CLX_COOLING_NODES];
  for (int32_t sweep = 0; sweep <= 2 * SWEEPS; sweep++) {
    const bool back = sweep % 2 == 1;
    for (int32_t k = 0; k < l->layer_count; k++) {
      const int32_t layer = back ? l->layer_count - 1 - k : k;
      int32_t count = collect(l, layer, order);
      for (int32_t i = 0; i < count; i++) {
        clx_cooling_node *n = &l->node[order[i]];
        n->rank = mean_of(l, order[i], !back, back, false, n->rank) + 1e-6 * i;
      }
      count = collect(l, layer, order);
      for (int32_t i = 0; i < count; i++) l->node[order[i]].rank = i;
    }
  }
}

// Places the nodes of a layer as near to where they want to be as their sizes allow: least squares by pooling neighbours that meet.
static void settle(clx_cooling_layout *l, const int32_t *order, int32_t count, const double *want) {
  struct {
    double sum;
    int32_t nodes;
  } pool[CLX_COOLING_NODES];
  double offset[CLX_COOLING_NODES];
  int32_t pools = 0;
  for (int32_t i = 0; i < count; i++) {
    const clx_cooling_node *n = &l->node[order[i]];
    offset[i] = i == 0 ? 0 : offset[i - 1] + l->node[order[i - 1]].high / 2 + APART + n->high / 2;
    pool[pools].sum = want[i] - offset[i];
    pool[pools++].nodes = 1;
    while (pools > 1 && pool[pools - 2].sum * pool[pools - 1].nodes > pool[pools - 1].sum * pool[pools - 2].nodes) {
      pool[pools - 2].sum += pool[pools - 1].sum;
      pool[pools - 2].nodes += pool[pools - 1].nodes;
      pools--;
    }
  }
  for (int32_t k = 0, i = 0; k < pools; k++) {
    for (int32_t m = 0; m < pool[k].nodes; m++, i++) l->node[order[i]].y = pool[k].sum / pool[k].nodes + offset[i];
  }
}

static void place(clx_cooling_layout *l) {
  int32_t order[CLX_COOLING_NODES];
  double want[CLX_COOLING_NODES];
  for (int32_t sweep = 0; sweep <= 2 * SWEEPS; sweep++) {
    for (int32_t k = 0; k < l->layer_count - 1; k++) {
      const int32_t layer = sweep % 2 == 0 ? k : l->layer_count - 2 - k;
      const int32_t count = collect(l, layer, order);
      for (int32_t i = 0; i < count; i++) {
        const double own = sweep == 0 ? 100.0 * i : l->node[order[i]].y;
        want[i] = mean_of(l, order[i], true, sweep > 0, true, own);
      }
      settle(l, order, count, want);
    }
  }
}

void clx_cooling_layout_of(const clx_cooling_view *view, double left, double top, clx_cooling_layout *l) {
  double least = INFINITY, most = -INFINITY, x = left;
  *l = (clx_cooling_layout){0};
  make_graph(view, l);
  order_layers(l);
  place(l);
  for (int32_t i = 0; i < l->node_count; i++) {
    const clx_cooling_node *n = &l->node[i];
    if (n->kind == CLX_COOLING_NODE_SKY) continue;
    least = fmin(least, n->y - n->high / 2);
    most = fmax(most, n->y + n->high / 2);
  }
  if (!(most > least)) least = 0, most = SIZES[CLX_COOLING_NODE_SKY].high;
  for (int32_t layer = 0; layer < l->layer_count; layer++) {
    double wide = 0;
    for (int32_t i = 0; i < l->node_count; i++) wide = l->node[i].layer == layer ? fmax(wide, l->node[i].wide) : wide;
    for (int32_t i = 0; i < l->node_count; i++) {
      clx_cooling_node *n = &l->node[i];
      if (n->layer != layer) continue;
      n->x = x;
      n->wide = n->kind == CLX_COOLING_NODE_LANE ? wide : n->wide;
      n->y = n->kind == CLX_COOLING_NODE_SKY ? top + (most - least) / 2 : top + n->y - least;
      if (n->kind == CLX_COOLING_NODE_SKY) n->high = most - least;
    }
    x += wide > 0 ? wide + (layer + 1 < l->layer_count ? GAP : 0) : 0;
  }
  l->width = x - left;
  l->height = most - least;
}
