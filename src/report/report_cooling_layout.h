// Where the boxes of a plant's diagram stand: layers from the racks to the outside, for report_cooling_plant.c.
#pragma once

#include "report/report_cooling.h"

typedef enum clx_cooling_node_kind {
  CLX_COOLING_NODE_HEAT,  // index 0: the racks' liquid heat, 1: heat into the hall's air
  CLX_COOLING_NODE_LOOP,
  CLX_COOLING_NODE_UNIT,
  CLX_COOLING_NODE_LANE,  // an edge that passes a layer
  CLX_COOLING_NODE_SKY,   // outside air, behind everything
} clx_cooling_node_kind;

enum { CLX_COOLING_NODES = 1200, CLX_COOLING_EDGES = 1600, CLX_COOLING_LAYERS = 2 * CLX_COOLING_LOOPS + 2 };

typedef struct clx_cooling_node {
  int32_t kind, index;  // clx_cooling_node_kind; loop, unit, or edge's loop of a lane
  int32_t layer;
  double x, y, wide, high;  // pixels; y of its middle
  double rank;              // within its layer, in the making
} clx_cooling_node;

// Between neighbouring layers. loop: whose liquid flows in it; < 0: heat alone (from racks, to the outside).
typedef struct clx_cooling_edge {
  int32_t from, to, loop;
} clx_cooling_edge;

typedef struct clx_cooling_layout {
  clx_cooling_node node[CLX_COOLING_NODES];
  clx_cooling_edge edge[CLX_COOLING_EDGES];
  int32_t node_count, edge_count, layer_count;
  double width, height;  // of what the boxes need, edges of the page left out
} clx_cooling_layout;

#define CLX_COOLING_TITLE 13.5  // pixels of a box's title

// Where a title breaks into two lines in a box of that width: the index of the space; 0 = one line holds it, or it has no space to break at.
int32_t clx_cooling_title_break(const char *title, double wide);

// Boxes below `top`, right of `left`: none lie upon one another. Circles of loops, which no plant has, lose the edge that closes them.
void clx_cooling_layout_of(const clx_cooling_view *view, double left, double top, clx_cooling_layout *layout);
