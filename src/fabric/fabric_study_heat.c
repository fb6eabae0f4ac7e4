// How full the links of a fabric are under loads that a study gave.
#include <math.h>
#include <string.h>

#include "fabric/fabric_study_internal.h"

// The fullest links so far, a heap with the emptiest of them on top.
typedef struct fullest {
  int32_t *link;
  double *share;
  int32_t count, room;
} fullest;

static void swap(fullest *f, int32_t a, int32_t b) {
  const int32_t link = f->link[a];
  const double share = f->share[a];
  f->link[a] = f->link[b];
  f->share[a] = f->share[b];
  f->link[b] = link;
  f->share[b] = share;
}

// Fuller first; of equal ones the lower number.
static bool fuller(const fullest *f, int32_t a, int32_t b) {
  return f->share[a] > f->share[b] || (f->share[a] == f->share[b] && f->link[a] < f->link[b]);
}

static void sink(fullest *f, int32_t at, int32_t count) {
  for (;;) {
    int32_t least = at;
    for (int32_t child = 2 * at + 1; child <= 2 * at + 2 && child < count; child++) {
      if (fuller(f, least, child)) least = child;
    }
    if (least == at) return;
    swap(f, at, least);
    at = least;
  }
}

static void offer(fullest *f, int32_t link, double share) {
  if (f->room == 0) return;
  if (f->count < f->room) {
    f->link[f->count] = link;
    f->share[f->count] = share;
    f->count++;
    for (int32_t i = f->count / 2 - 1; f->count == f->room && i >= 0; i--) sink(f, i, f->count);
    return;
  }
  if (share <= f->share[0]) return;  // links come in order: of equal ones the first stay
  f->link[0] = link;
  f->share[0] = share;
  sink(f, 0, f->count);
}

static void sort(fullest *f) {
  for (int32_t i = f->count / 2 - 1; i >= 0; i--) sink(f, i, f->count);
  for (int32_t end = f->count - 1; end > 0; end--) {
    swap(f, 0, end);
    sink(f, 0, end);
  }
}

clx_status clx_fabric_study_heat(const clx_fabric *fabric, const double *load,
                                 clx_fabric_heat heat[CLX_LINK_CLASSES_MAX], int32_t *heat_count, int32_t *hot,
                                 double *hot_share, int32_t *hot_count, clx_error *error) {
  const bool spray = fabric->spec.routing == CLX_ROUTING_SPRAY;
  const clx_fabric_link_class *class = spray ? fabric->bundle_class : fabric->link_class;
  const int32_t classes = spray ? fabric->bundle_class_count : fabric->link_class_count;
  clx_arena *arena = clx_arena_new();
  double *left = arena == NULL ? NULL : CLX_NEW_ARRAY(arena, double, clx_fabric_link_total(fabric));
  if (left == NULL) {
    clx_arena_free(arena);
    return clx_fail_plain(error, CLX_MEMORY, "out of memory for the heat of %d links",
                          (int)clx_fabric_link_total(fabric));
  }
  clx_route_capacity(fabric, false, left);
  fullest top = {hot, hot_share, 0, *hot_count};
  *heat_count = 0;
  for (int32_t c = 0; c < classes; c++) {
    if (class[c].count == 0) continue;
    clx_fabric_heat *h = &heat[(*heat_count)++];
    *h = (clx_fabric_heat){.links = class[c].count * class[c].bundle,
                           .rate = class[c].rate * class[c].count,
                           .least = INFINITY,
                           .fullest = class[c].first};
    memcpy(h->name, class[c].name, sizeof h->name);
    int32_t alive = 0;
    for (int32_t l = class[c].first; l < class[c].first + class[c].count; l++) {
      if (left[l] <= 0) continue;
      const double share = load[l] / left[l];
      alive++;
      h->mean += share;
      h->least = fmin(h->least, share);
      if (share > h->most) {
        h->most = share;
        h->fullest = l;
      }
      offer(&top, l, share);
    }
    h->mean = alive > 0 ? h->mean / alive : 0;
    h->least = alive > 0 ? h->least : 0;
  }
  sort(&top);
  *hot_count = top.count;
  clx_arena_free(arena);
  return CLX_OK;
}
