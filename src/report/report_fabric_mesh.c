// Fabrics that are no trees: groups of a dragonfly in a circle, planes of a torus or mesh, servers wired to each other.
#include <math.h>
#include <stdio.h>

#include "report/report_svg.h"
#include "unit/unit.h"

enum { CIRCLE_MAX = 16, LOCAL_MAX = 8, GRID_COLUMNS = 8, GRID_ROWS = 6 };

static const double PI = 3.14159265358979323846;

static clx_point on_circle(clx_point centre, double radius, int32_t i, int32_t count) {
  const double angle = 2 * PI * i / count - PI / 2;
  return (clx_point){centre.x + radius * cos(angle), centre.y + radius * sin(angle)};
}

// Number of thing i when `drawn` of n stand for all: the first ones and the last.
static int64_t stands_for(int64_t n, int32_t drawn, int32_t i) { return i == drawn - 1 ? n - 1 : i; }

static int32_t at_most(int64_t n, int32_t most) { return n < most ? (int32_t)n : most; }

static void put_count(clx_picture *p, double x, double y, const char *style, const char *format, int64_t count) {
  char text[32];
  clx_quantity_format((double)count, "", 12, text, sizeof text);
  clx_svg_text(p, x, y, style, "middle", format, text);
}

// Points of a circle, every pair joined.
static void put_all_pairs(clx_picture *p, const clx_point *at, int32_t count, const clx_picture_heat *heat) {
  for (int32_t i = 0; i < count; i++) {
    for (int32_t k = i + 1; k < count; k++) clx_svg_link(p, at[i], at[k], heat);
  }
}

static void put_numbered(clx_picture *p, clx_point at, double radius, int64_t number, const char *style) {
  clx_svg_disc(p, at, radius, style);
  clx_svg_text(p, at.x, at.y + 3.5, "light", "middle", "%lld", (long long)number);
}

// --- dragonfly -------------------------------------------------------------------------------------------------------

static const clx_fault_spec *first_fault(const clx_fabric *f, int32_t kind) {
  for (int32_t i = 0; i < f->spec.fault_count; i++) {
    if (f->spec.faults[i].kind == kind && f->spec.faults[i].random <= 0) return &f->spec.faults[i];
  }
  return NULL;
}

// The inside of one group of a dragonfly: its routers, all joined.
static void put_routers(clx_picture *p, clx_point centre, double radius) {
  const clx_fabric *f = p->fabric;
  const int32_t drawn = at_most(f->spec.group_routers, LOCAL_MAX);
  clx_point at[LOCAL_MAX];
  for (int32_t i = 0; i < drawn; i++) at[i] = on_circle(centre, radius, i, drawn);
  put_all_pairs(p, at, drawn, clx_picture_class(p, "local"));
  for (int32_t i = 0; i < drawn; i++) {
    const clx_point out = {centre.x + (at[i].x - centre.x) * 1.32, centre.y + (at[i].y - centre.y) * 1.32};
    clx_svg_link(p, at[i], out, clx_picture_boundary(p, 0));
    put_numbered(p, at[i], 10, stands_for(f->spec.group_routers, drawn, i), "node");
  }
}

// The inside of one group of a dragonfly+: leaves below, spines above, every pair joined.
static void put_leaves(clx_picture *p, clx_point centre, double radius) {
  const clx_fabric *f = p->fabric;
  const int32_t high = at_most(f->spec.group_spines, 4), low = at_most(f->spec.group_routers, 4);
  const clx_picture_heat *heat = clx_picture_boundary(p, 1);
  const double step = 2 * radius / 4;
  clx_point spine[4], leaf[4];
  for (int32_t i = 0; i < high; i++) spine[i] = (clx_point){centre.x + (i - (high - 1) / 2.0) * step, centre.y - 55};
  for (int32_t i = 0; i < low; i++) leaf[i] = (clx_point){centre.x + (i - (low - 1) / 2.0) * step, centre.y + 40};
  for (int32_t i = 0; i < low; i++) {
    for (int32_t k = 0; k < high; k++) clx_svg_link(p, leaf[i], spine[k], heat);
    for (int32_t k = -1; k <= 1; k++) {
      clx_svg_link(p, leaf[i], (clx_point){leaf[i].x + 8.0 * k, leaf[i].y + 38}, clx_picture_boundary(p, 0));
    }
  }
  for (int32_t i = 0; i < high; i++) {
    clx_svg_switch(p, spine[i], step - 8, stands_for(f->spec.group_spines, high, i), false);
  }
  for (int32_t i = 0; i < low; i++) {
    clx_svg_switch(p, leaf[i], step - 8, stands_for(f->spec.group_routers, low, i), false);
  }
}

static void put_group(clx_picture *p, clx_point centre) {
  const clx_fabric *f = p->fabric;
  const bool plus = f->spec.topology == CLX_TOPOLOGY_DRAGONFLY_PLUS;
  const double y = centre.y + 142;
  clx_svg_box(p, centre.x - 110, centre.y - 128, 220, 336, 8, "pod");
  clx_svg_text(p, centre.x, centre.y - 106, "head", "middle", "Inside a group");
  (plus ? put_leaves : put_routers)(p, centre, 68);
  if (plus) {
    put_count(p, centre.x, y, "small", "%s spines", f->spec.group_spines);
    put_count(p, centre.x, y + 16, "small", "%s leaves", f->spec.group_routers);
  } else {
    put_count(p, centre.x, y + 16, "small", "%s routers, all joined", f->spec.group_routers);
  }
  clx_svg_text(p, centre.x, y + 32, "small", "middle", "%d NIC ports on a %s", f->spec.router_endpoints,
               plus ? "leaf" : "router");
  clx_svg_text(p, centre.x, y + 48, "small", "middle", "%d global links on a %s", f->spec.router_global,
               plus ? "spine" : "router");
}

double clx_picture_groups(clx_picture *p) {
  const clx_fabric *f = p->fabric;
  const clx_point centre = {300, CLX_PICTURE_TOP + 240};
  const double radius = 185;
  const int32_t drawn = at_most(f->group_count, CIRCLE_MAX);
  const clx_fault_spec *fault = first_fault(f, CLX_FAULT_LINK);
  clx_point at[CIRCLE_MAX];
  for (int32_t i = 0; i < drawn; i++) at[i] = on_circle(centre, radius, i, drawn);
  put_all_pairs(p, at, drawn, clx_picture_class(p, "global"));
  if (fault != NULL && fault->tier > 0 && drawn > 2) clx_svg_dead(p, at[0], at[1]);
  for (int32_t i = 0; i < drawn; i++) put_numbered(p, at[i], 15, stands_for(f->group_count, drawn, i), "node");
  if (drawn < f->group_count) {
    const clx_point last = on_circle(centre, radius, 2 * drawn - 3, 2 * drawn);
    for (int32_t k = -1; k <= 1; k++) clx_svg_disc(p, (clx_point){last.x + 4.0 * k, last.y + 3.0 * -k}, 1.4, "switch");
  }
  put_count(p, centre.x, centre.y + radius + 44, "head", "%s groups, every pair joined", f->group_count);
  if (f->global_parallel > 0) {
    clx_svg_text(p, centre.x, centre.y + radius + 62, "small", "middle", "%d cable%s a pair", f->global_parallel,
                 f->global_parallel == 1 ? "" : "s");
  }
  put_group(p, (clx_point){680, centre.y - 40});
  return centre.y + radius + 66;
}

// --- torus and mesh --------------------------------------------------------------------------------------------------

typedef struct grid {
  clx_picture *p;
  int64_t size[2];
  int32_t drawn[2];
  clx_point origin;
  double step[2];
  bool wraps;
} grid;

static clx_point node_at(const grid *g, int32_t column, int32_t row) {
  return (clx_point){g->origin.x + g->step[0] * column, g->origin.y + g->step[1] * row};
}

// The larger of the two directions of a dimension: classes 2 d and 2 d + 1.
static const clx_picture_heat *heat_of(const clx_picture *p, int32_t dimension) {
  const int32_t first = 2 * dimension;
  if (first + 1 >= p->heat_count) return NULL;
  return &p->heat[p->heat[first].mean >= p->heat[first + 1].mean ? first : first + 1];
}

// The links of one row (axis 0) or column (axis 1), with the joint of its ends.
static void put_line_of(const grid *g, int32_t axis, int32_t other) {
  const clx_picture_heat *heat = heat_of(g->p, axis);
  const int32_t count = g->drawn[axis];
  for (int32_t i = 0; i + 1 < count; i++) {
    const clx_point a = axis == 0 ? node_at(g, i, other) : node_at(g, other, i);
    const clx_point b = axis == 0 ? node_at(g, i + 1, other) : node_at(g, other, i + 1);
    if (i + 2 < count || count == g->size[axis]) {
      clx_svg_link(g->p, a, b, heat);
      continue;
    }
    const clx_point near_a = {a.x + 0.35 * (b.x - a.x), a.y + 0.35 * (b.y - a.y)};
    const clx_point near_b = {b.x + 0.35 * (a.x - b.x), b.y + 0.35 * (a.y - b.y)};
    clx_svg_link(g->p, a, near_a, heat);
    clx_svg_link(g->p, near_b, b, heat);
    for (int32_t k = -1; k <= 1; k++) {
      clx_svg_disc(g->p,
                   (clx_point){(a.x + b.x) / 2 + (axis == 0 ? 5 * k : 0), (a.y + b.y) / 2 + (axis == 1 ? 5 * k : 0)},
                   1.3, "switch");
    }
  }
  if (!g->wraps || g->size[axis] < 3) return;
  const clx_point first = axis == 0 ? node_at(g, 0, other) : node_at(g, other, 0);
  const clx_point last = axis == 0 ? node_at(g, count - 1, other) : node_at(g, other, count - 1);
  clx_svg_bow(g->p, first, last, axis == 0 ? 22 : -26, heat);
}

static void put_nodes(const grid *g) {
  for (int32_t row = 0; row < g->drawn[1]; row++) {
    for (int32_t column = 0; column < g->drawn[0]; column++) {
      const clx_point at = node_at(g, column, row);
      const int64_t x = stands_for(g->size[0], g->drawn[0], column), y = stands_for(g->size[1], g->drawn[1], row);
      clx_svg_box(g->p, at.x - 19, at.y - 11, 38, 22, 4, "switch");
      if (g->size[1] > 1) {
        clx_svg_text(g->p, at.x, at.y + 3.5, "light", "middle", "%lld,%lld", (long long)x, (long long)y);
      } else {
        clx_svg_text(g->p, at.x, at.y + 3.5, "light", "middle", "%lld", (long long)x);
      }
    }
  }
}

// Further dimensions are not drawn, but said and coloured.
static double put_further(const grid *g, double y) {
  static const char axes[CLX_DIMENSIONS_MAX] = {'x', 'y', 'z', 'u', 'v', 'w'};
  const clx_fabric_spec *spec = &g->p->fabric->spec;
  for (int32_t d = 2; d < spec->dimension_count; d++, y += 20) {
    clx_svg_link(g->p, (clx_point){CLX_PICTURE_LEFT, y - 4}, (clx_point){CLX_PICTURE_LEFT + 44, y - 4},
                 heat_of(g->p, d));
    clx_svg_text(g->p, CLX_PICTURE_LEFT + 56, y, "small", "start",
                 "%d such planes along %c, each server %s with its like", spec->dimensions[d], axes[d],
                 g->wraps ? "ringed" : "chained");
  }
  return y;
}

double clx_picture_grid(clx_picture *p) {
  const clx_fabric_spec *spec = &p->fabric->spec;
  grid g = {.p = p, .size = {1, 1}, .wraps = spec->topology == CLX_TOPOLOGY_TORUS};
  for (int32_t d = 0; d < 2 && d < spec->dimension_count; d++) g.size[d] = spec->dimensions[d];
  g.drawn[0] = at_most(g.size[0], GRID_COLUMNS);
  g.drawn[1] = at_most(g.size[1], GRID_ROWS);
  const double width = CLX_PICTURE_RIGHT - CLX_PICTURE_LEFT - 40, height = 400;
  g.step[0] = g.drawn[0] > 1 ? fmin(width / (g.drawn[0] - 1), 110) : 0;
  g.step[1] = g.drawn[1] > 1 ? fmin(height / (g.drawn[1] - 1), 86) : 0;
  g.origin =
      (clx_point){(CLX_PICTURE_LEFT + CLX_PICTURE_RIGHT - g.step[0] * (g.drawn[0] - 1)) / 2, CLX_PICTURE_TOP + 60};
  for (int32_t row = 0; row < g.drawn[1]; row++) put_line_of(&g, 0, row);
  for (int32_t column = 0; column < g.drawn[0]; column++) put_line_of(&g, 1, column);
  put_nodes(&g);
  clx_svg_text(p, 24, g.origin.y - 10, "head", "start", "Servers");
  char text[32];
  clx_quantity_format((double)p->fabric->servers, "", 12, text, sizeof text);
  clx_svg_text(p, 24, g.origin.y + 6, "small", "start", "%s in a %s", text, clx_topology_name[spec->topology]);
  return put_further(&g, g.origin.y + g.step[1] * (g.drawn[1] - 1) + 62) + 4;
}

// --- every pair wired ------------------------------------------------------------------------------------------------

double clx_picture_full(clx_picture *p) {
  const clx_fabric *f = p->fabric;
  const clx_point centre = {(CLX_PICTURE_LEFT + CLX_PICTURE_RIGHT) / 2.0, CLX_PICTURE_TOP + 200};
  const int32_t drawn = at_most(f->servers, CIRCLE_MAX);
  const double radius = drawn > 1 ? 160 : 0;
  const clx_fault_spec *fault = first_fault(f, CLX_FAULT_LINK);
  clx_point at[CIRCLE_MAX];
  for (int32_t i = 0; i < drawn; i++) at[i] = on_circle(centre, radius, i, drawn);
  put_all_pairs(p, at, drawn, p->heat_count > 0 ? &p->heat[0] : NULL);
  if (fault != NULL && drawn > 1) clx_svg_dead(p, at[0], at[1]);
  for (int32_t i = 0; i < drawn; i++) put_numbered(p, at[i], 20, stands_for(f->servers, drawn, i), "node");
  put_count(p, centre.x, centre.y + radius + 52, "head", "%s servers, every pair wired", f->servers);
  return centre.y + radius + 56;
}
