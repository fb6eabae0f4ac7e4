// Power of every unit of every level, computed anew where a node below it changed. The arithmetic is that of clx_chain_pass_each.
#include <math.h>

#include "power/power_jobs_internal.h"

// Long sums run in four lanes; short ones in order.
static double sum_of(const double *value, int32_t from, int32_t to) {
  double sum = 0;
  if (to - from > 64) {
    double lane[4] = {0, 0, 0, 0};
    for (; from + 4 <= to; from += 4) {
      for (int32_t i = 0; i < 4; i++) lane[i] += value[from + i];
    }
    sum = (lane[0] + lane[1]) + (lane[2] + lane[3]);
  }
  for (; from < to; from++) sum += value[from];
  return sum;
}

// Units from .. to - 1 of a layer. Neighbours mostly carry the same load, whose loss is then known.
static void compute(clx_unit_loads *l, int32_t number, clx_node_range r) {
  clx_unit_layer *layer = &l->layer[number];
  const double *below = l->layer[number - 1].in;
  double last = -1, last_in = 0;
  for (int32_t k = r.from; k < r.to; k++) {
    const double load = layer->child == NULL ? below[k] : sum_of(below, layer->child[k], layer->child[k + 1]);
    const double out = load + layer->beside;
    if (out != last) {
      last = out;
      last_in = layer->conversion == NULL
                    ? out
                    : out + layer->share * clx_conversion_loss(layer->conversion, out / layer->share);
    }
    layer->in[k] = last_in;
  }
}

// The unit that unit i of the layer below hangs on: blocks of equal size.
static int32_t parent_of(int32_t i, int32_t parents, int32_t count) { return (int32_t)((int64_t)i * parents / count); }

static bool make_layer(clx_unit_loads *l, int32_t number, const clx_chain_level *level, clx_arena *arena) {
  clx_unit_layer *layer = &l->layer[number];
  const int32_t below = l->layer[number - 1].count;
  const double units = level->units > 0 ? level->units : 1, groups = level->groups > 0 ? level->groups : units;
  layer->count = groups < 1 ? 1 : groups < (double)below ? (int32_t)groups : below;
  layer->conversion = level->conversion;
  layer->share = units / (double)layer->count;
  layer->beside = level->static_load / (double)layer->count;
  layer->in = CLX_NEW_ARRAY(arena, double, layer->count);
  if (layer->in == NULL) return false;
  if (layer->count == below) return true;
  layer->child = CLX_NEW_ARRAY(arena, int32_t, layer->count + 1);
  if (layer->child == NULL) return false;
  int32_t filled = 0;
  for (int32_t i = 0; i < below; i++) {
    while (filled <= parent_of(i, layer->count, below)) layer->child[filled++] = i;
  }
  while (filled <= layer->count) layer->child[filled++] = below;
  return true;
}

bool clx_unit_loads_make(clx_unit_loads *l, const clx_chain *chain, int64_t nodes, double watt, clx_arena *arena) {
  *l = (clx_unit_loads){.layers = chain->count + 1};
  l->changed_room = (int32_t)nodes + 1;
  l->changed = CLX_NEW_ARRAY(arena, clx_node_range, l->changed_room);
  l->layer[0].count = (int32_t)nodes;
  l->layer[0].in = CLX_NEW_ARRAY(arena, double, nodes);
  if (l->changed == NULL || l->layer[0].in == NULL) return false;
  for (int32_t i = 0; i < chain->count; i++) {
    if (!make_layer(l, i + 1, &chain->level[i], arena)) return false;
  }
  const clx_node_range all = {0, (int32_t)nodes};
  clx_unit_loads_set(l, &all, 1, watt);
  clx_unit_loads_carry(l);
  return true;
}

void clx_unit_loads_set(clx_unit_loads *l, const clx_node_range *range, int32_t ranges, double watt) {
  for (int32_t i = 0; i < ranges; i++) {
    for (int32_t k = range[i].from; k < range[i].to; k++) l->layer[0].in[k] = watt;
    // Full where the same nodes changed twice at one moment (a job ends, another begins): then all of them did.
    if (l->changed_count == l->changed_room) {
      l->changed[0] = (clx_node_range){0, l->layer[0].count};
      l->changed_count = 1;
    } else {
      l->changed[l->changed_count++] = range[i];
    }
  }
}

// Ranges of the layer below become ranges of this one; neighbours that meet become one.
static void lift(clx_unit_loads *l, int32_t number) {
  const int32_t count = l->layer[number].count, below = l->layer[number - 1].count;
  int32_t kept = 0;
  for (int32_t i = 0; i < l->changed_count; i++) {
    const clx_node_range r = l->changed[i];
    const clx_node_range up = {parent_of(r.from, count, below), parent_of(r.to - 1, count, below) + 1};
    clx_node_range *last = kept > 0 ? &l->changed[kept - 1] : NULL;
    if (last != NULL && up.from >= last->from && up.from <= last->to) {
      if (up.to > last->to) last->to = up.to;
    } else {
      l->changed[kept++] = up;
    }
  }
  l->changed_count = kept;
}

void clx_unit_loads_carry(clx_unit_loads *l) {
  if (l->changed_count == 0) return;
  for (int32_t n = 1; n < l->layers; n++) {
    lift(l, n);
    for (int32_t i = 0; i < l->changed_count; i++) compute(l, n, l->changed[i]);
  }
  const clx_unit_layer *last = &l->layer[l->layers - 1];
  l->top = sum_of(last->in, 0, last->count);
  l->changed_count = 0;
}
