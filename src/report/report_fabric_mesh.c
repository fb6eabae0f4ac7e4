// Fabrics that are no trees: groups of a dragonfly in a circle, planes of a torus or mesh, servers wired to each other.
#include <math.h>
#include <stdio.h>

#include "report/report_svg.h"
#include "unit/unit.h"

enum { CIRCLE_MAX = 16, LOCAL_MAX = 8, GRID_COLUMNS = 8, GRID_ROWS = 8 };

static const double PI = 3.14159265358979323846;

static clx_point on_circle(clx_point centre, double radius, int32_t i, int32_t count) {
  const double angle = 2 * PI * i / count - PI / 2;
  return (clx_point){centre.x + radius * cos(angle), centre.y + radius * sin(angle)};
}

// Which of n equal things are drawn: the first ones, the last, and up to two that something is to be shown of.
typedef struct chosen {
  int64_t number[CIRCLE_MAX];
  int32_t count;
  int32_t gap;  // the place behind which others are left out; -1 = none
} chosen;

static chosen choose(int64_t n, int32_t most, int64_t a, int64_t b) {
  chosen c = {.count = n < most ? (int32_t)n : most, .gap = n > most ? most - 2 : -1};
  for (int32_t i = 0; i < c.count; i++) c.number[i] = i;
  if (n <= most) return c;
  c.number[most - 1] = n - 1;
  const int64_t low = a < b ? a : b, high = a < b ? b : a, room = most - 1;
  int32_t last = most - 2;
  if (high >= room && high < n - 1) c.number[last--] = high;
  if (low > last && low < n - 1 && low != high) {
    c.number[last] = low;
    if (last < most - 2) c.gap = last - 1;
  } else if (last < most - 2) {
    c.gap = last;
  }
  return c;
}

static int32_t place_of(const chosen *c, int64_t number) {
  for (int32_t i = 0; i < c->count; i++) {
    if (c->number[i] == number) return i;
  }
  return -1;
}

static void put_count(clx_picture *p, double x, double y, const char *style, const char *format, int64_t count) {
  char text[32];
  clx_quantity_format((double)count, "", 12, text, sizeof text);
  clx_svg_text(p, x, y, style, "middle", format, text);
}

static void put_dots(clx_picture *p, clx_point a, clx_point b) {
  const double length = fmax(hypot(b.x - a.x, b.y - a.y), 1e-9), x = (b.x - a.x) / length, y = (b.y - a.y) / length;
  for (int32_t k = -1; k <= 1; k++) {
    clx_svg_disc(p, (clx_point){(a.x + b.x) / 2 + 5 * k * x, (a.y + b.y) / 2 + 5 * k * y}, 1.3, "switch");
  }
}

// Points of a circle, every pair joined, that of `a` and `b` (places, -1 = none) failed.
static void put_all_pairs(clx_picture *p, const clx_point *at, int32_t count, const clx_picture_heat *heat, int32_t a,
                          int32_t b) {
  for (int32_t i = 0; i < count; i++) {
    for (int32_t k = i + 1; k < count; k++) {
      if ((i == a && k == b) || (i == b && k == a)) {
        clx_svg_dead(p, at[i], at[k]);
      } else {
        clx_svg_link(p, at[i], at[k], heat);
      }
    }
  }
}

static void put_numbered(clx_picture *p, clx_point at, double radius, int64_t number, const char *style) {
  clx_svg_disc(p, at, radius, style);
  clx_svg_text(p, at.x, at.y + 3.5, "light", "middle", "%lld", (long long)number);
}

// --- dragonfly -------------------------------------------------------------------------------------------------------

// The inside of one group of a dragonfly: its routers, all joined.
static void put_routers(clx_picture *p, clx_point centre, double radius) {
  const clx_fabric *f = p->fabric;
  const int32_t routers = f->spec.group_routers, others = routers > 1 ? routers - 1 : 1;
  const int64_t failed = clx_picture_failed(p, 2);
  const int64_t from = failed < 0 ? -1 : failed / others % routers, port = failed < 0 ? -1 : failed % others;
  const int64_t to = port >= from && from >= 0 ? port + 1 : port;
  const chosen c = choose(routers, LOCAL_MAX, from, to);
  clx_point at[CIRCLE_MAX] = {{0, 0}};
  for (int32_t i = 0; i < c.count; i++) at[i] = on_circle(centre, radius, i, c.count);
  put_all_pairs(p, at, c.count, clx_picture_class(p, "local"), place_of(&c, from), place_of(&c, to));
  for (int32_t i = 0; i < c.count; i++) {
    const clx_point out = {centre.x + (at[i].x - centre.x) * 1.32, centre.y + (at[i].y - centre.y) * 1.32};
    clx_svg_link(p, at[i], out, clx_picture_boundary(p, 0));
    put_numbered(p, at[i], 10, c.number[i], "node");
  }
  if (c.gap >= 0) {
    put_dots(p, on_circle(centre, radius, 4 * c.gap + 1, 4 * c.count),
             on_circle(centre, radius, 4 * c.gap + 3, 4 * c.count));
  }
}

// Switches of a row of a group of a dragonfly+, around x; `at` holds four.
static chosen place_row(int64_t n, double x, double y, double step, clx_point at[4]) {
  const chosen c = choose(n, 4, -1, -1);
  const int32_t cells = c.count + (c.gap >= 0);
  for (int32_t i = 0; i < c.count; i++) {
    const int32_t cell = c.gap >= 0 && i > c.gap ? i + 1 : i;
    at[i] = (clx_point){x + (cell - (cells - 1) / 2.0) * step, y};
  }
  return c;
}

static void put_row(clx_picture *p, const chosen *c, const clx_point *at, double step) {
  for (int32_t i = 0; i < c->count; i++) clx_svg_switch(p, at[i], step - 8, c->number[i], false);
  if (c->gap >= 0) put_dots(p, at[c->gap], at[c->gap + 1]);
}

// The inside of one group of a dragonfly+: leaves below, spines above, every pair joined.
static void put_leaves(clx_picture *p, clx_point centre, double radius) {
  const double step = 2 * radius / 3.6;
  clx_point spine[4], leaf[4];
  const chosen high = place_row(p->fabric->spec.group_spines, centre.x, centre.y - 55, step, spine);
  const chosen low = place_row(p->fabric->spec.group_routers, centre.x, centre.y + 40, step, leaf);
  const clx_picture_heat *heat = clx_picture_boundary(p, 1);
  bool failed = clx_picture_failed(p, 2) >= 0;
  for (int32_t i = 0; i < low.count; i++) {
    for (int32_t k = 0; k < high.count; k++) {
      if (failed) {
        clx_svg_dead(p, leaf[i], spine[k]);
      } else {
        clx_svg_link(p, leaf[i], spine[k], heat);
      }
      failed = false;
    }
    for (int32_t k = -1; k <= 1; k++) {
      clx_svg_link(p, leaf[i], (clx_point){leaf[i].x + 8.0 * k, leaf[i].y + 38}, clx_picture_boundary(p, 0));
    }
  }
  put_row(p, &high, spine, step);
  put_row(p, &low, leaf, step);
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
  const bool plus = f->spec.topology == CLX_TOPOLOGY_DRAGONFLY_PLUS;
  const clx_point centre = {300, CLX_PICTURE_TOP + 240};
  const double radius = 185;
  const int64_t failed = clx_picture_failed(p, plus ? 4 : 3);
  int64_t from = -1, to = -1;
  if (failed >= 0 && f->global_parallel > 0 && f->group_count > 1) {
    from = failed / f->global_parallel / (f->group_count - 1);
    to = failed / f->global_parallel % (f->group_count - 1);
    to += to >= from;
  }
  const chosen c = choose(f->group_count, CIRCLE_MAX, from, to);
  clx_point at[CIRCLE_MAX] = {{0, 0}};
  for (int32_t i = 0; i < c.count; i++) at[i] = on_circle(centre, radius, i, c.count);
  put_all_pairs(p, at, c.count, clx_picture_class(p, "global"), place_of(&c, from), place_of(&c, to));
  for (int32_t i = 0; i < c.count; i++) put_numbered(p, at[i], 15, c.number[i], "node");
  if (c.gap >= 0) {
    put_dots(p, on_circle(centre, radius, 4 * c.gap + 1, 4 * c.count),
             on_circle(centre, radius, 4 * c.gap + 3, 4 * c.count));
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
  chosen drawn[2];
  clx_point origin;
  double step[2];
  bool wraps;
  int64_t failed[2];  // the link from this server along its axis
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

static clx_point between(clx_point a, clx_point b, double share) {
  return (clx_point){a.x + share * (b.x - a.x), a.y + share * (b.y - a.y)};
}

// Whether the failed link of this axis leaves the server at this place of the line.
static bool is_failed(const grid *g, int32_t axis, int32_t i, int32_t other) {
  if (g->failed[axis] < 0) return false;
  const int64_t plane = g->failed[axis] % (g->size[0] * g->size[1]);
  int64_t along = axis == 0 ? plane % g->size[0] : plane / g->size[0];
  if (g->size[axis] == 2) along = 0;  // both cables of two neighbours are one line
  const int64_t across = axis == 0 ? plane / g->size[0] : plane % g->size[0];
  return g->drawn[axis].number[i] == along && g->drawn[1 - axis].number[other] == across;
}

// The links of one row (axis 0) or column (axis 1), and where its ends are joined.
static void put_line_of(const grid *g, int32_t axis, int32_t other) {
  const clx_picture_heat *heat = heat_of(g->p, axis);
  const chosen *c = &g->drawn[axis];
  for (int32_t i = 0; i + 1 < c->count; i++) {
    const clx_point a = axis == 0 ? node_at(g, i, other) : node_at(g, other, i);
    const clx_point b = axis == 0 ? node_at(g, i + 1, other) : node_at(g, other, i + 1);
    if (is_failed(g, axis, i, other)) {
      clx_svg_dead(g->p, a, b);
    } else if (c->number[i + 1] == c->number[i] + 1) {
      clx_svg_link(g->p, a, b, heat);
    } else {
      clx_svg_link(g->p, a, between(a, b, 0.36), heat);
      clx_svg_link(g->p, between(a, b, 0.64), b, heat);
      put_dots(g->p, a, b);
    }
  }
  if (!g->wraps || g->size[axis] < 3) return;
  const double out = 40 - (axis == 1 ? 8 : 0);
  const clx_point first = axis == 0 ? node_at(g, 0, other) : node_at(g, other, 0);
  const clx_point last = axis == 0 ? node_at(g, c->count - 1, other) : node_at(g, other, c->count - 1);
  const clx_point before = {first.x - (axis == 0 ? out : 0), first.y - (axis == 1 ? out : 0)};
  const clx_point behind = {last.x + (axis == 0 ? out : 0), last.y + (axis == 1 ? out : 0)};
  if (is_failed(g, axis, c->count - 1, other)) {
    clx_buffer_format(g->p->out, "<line class=\"dead\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", first.x,
                      first.y, before.x, before.y);
    clx_svg_dead(g->p, last, behind);
  } else {
    clx_svg_link(g->p, first, before, heat);
    clx_svg_link(g->p, last, behind, heat);
  }
  clx_svg_disc(g->p, before, 3, "joint");
  clx_svg_disc(g->p, behind, 3, "joint");
}

static void put_nodes(const grid *g) {
  for (int32_t row = 0; row < g->drawn[1].count; row++) {
    for (int32_t column = 0; column < g->drawn[0].count; column++) {
      const clx_point at = node_at(g, column, row);
      const long long x = g->drawn[0].number[column], y = g->drawn[1].number[row];
      clx_svg_box(g->p, at.x - 19, at.y - 11, 38, 22, 4, "switch");
      if (g->size[1] > 1) {
        clx_svg_text(g->p, at.x, at.y + 3.5, "light", "middle", "%lld,%lld", x, y);
      } else {
        clx_svg_text(g->p, at.x, at.y + 3.5, "light", "middle", "%lld", x);
      }
    }
  }
}

// Further dimensions are not drawn, but said and coloured.
static double put_further(const grid *g, double y) {
  static const char axes[CLX_DIMENSIONS_MAX] = {'x', 'y', 'z', 'u', 'v', 'w'};
  const clx_fabric_spec *spec = &g->p->fabric->spec;
  for (int32_t d = 2; d < spec->dimension_count; d++) {
    const clx_point from = {CLX_PICTURE_LEFT, y - 4}, to = {CLX_PICTURE_LEFT + 44, y - 4};
    if (clx_picture_failed(g->p, 2 * d) >= 0) {
      clx_svg_dead(g->p, from, to);
    } else {
      clx_svg_link(g->p, from, to, heat_of(g->p, d));
    }
    clx_svg_text(g->p, CLX_PICTURE_LEFT + 56, y, "small", "start",
                 "%d such planes along %c, each server %s with its like", spec->dimensions[d], axes[d],
                 g->wraps ? "ringed" : "chained");
    y += 20;
  }
  return y;
}

// Columns and rows at the failed links. Where a dimension is cut there is room for one of them.
static void choose_lines(grid *g) {
  for (int32_t d = 0; d < 2; d++) g->failed[d] = clx_picture_failed(g->p, 2 * d);
  if (g->failed[0] >= 0 && (g->size[0] > GRID_COLUMNS || g->size[1] > GRID_ROWS)) g->failed[1] = -1;
  for (int32_t d = 0; d < 2; d++) {
    const int32_t most = d == 0 ? GRID_COLUMNS : GRID_ROWS, axis = g->failed[0] >= 0 ? 0 : 1;
    const int64_t failed = g->failed[axis];
    const int64_t at = failed < 0 ? -1 : d == 0 ? failed % g->size[0] : failed / g->size[0] % g->size[1];
    g->drawn[d] = choose(g->size[d], most, at, failed < 0 || axis != d ? -1 : (at + 1) % g->size[d]);
  }
}

double clx_picture_grid(clx_picture *p) {
  const clx_fabric_spec *spec = &p->fabric->spec;
  const double left = CLX_PICTURE_LEFT + 30, width = CLX_PICTURE_RIGHT - left - 60, height = 400;
  grid g = {.p = p, .size = {1, 1}, .wraps = spec->topology == CLX_TOPOLOGY_TORUS};
  for (int32_t d = 0; d < 2 && d < spec->dimension_count; d++) g.size[d] = spec->dimensions[d];
  choose_lines(&g);
  for (int32_t d = 0; d < 2; d++) {
    const int32_t links = g.drawn[d].count - 1;
    g.step[d] = links > 0 ? fmin((d == 0 ? width : height) / links, d == 0 ? 110 : 86) : 0;
  }
  g.origin = (clx_point){left + (width - g.step[0] * (g.drawn[0].count - 1)) / 2, CLX_PICTURE_TOP + 60};
  for (int32_t row = 0; row < g.drawn[1].count; row++) put_line_of(&g, 0, row);
  for (int32_t column = 0; column < g.drawn[0].count; column++) put_line_of(&g, 1, column);
  put_nodes(&g);
  clx_svg_text(p, 24, g.origin.y - 10, "head", "start", "Servers");
  char text[32];
  clx_quantity_format((double)p->fabric->servers, "", 12, text, sizeof text);
  clx_svg_text(p, 24, g.origin.y + 6, "small", "start", "%s in a %s", text, clx_topology_name[spec->topology]);
  if (g.wraps) {
    clx_svg_disc(p, (clx_point){28, g.origin.y + 22}, 3, "joint");
    clx_svg_text(p, 38, g.origin.y + 26, "small", "start", "ends joined");
  }
  return put_further(&g, g.origin.y + g.step[1] * (g.drawn[1].count - 1) + 72) - 6;
}

// --- every pair wired ------------------------------------------------------------------------------------------------

double clx_picture_full(clx_picture *p) {
  const clx_fabric *f = p->fabric;
  const clx_point centre = {(CLX_PICTURE_LEFT + CLX_PICTURE_RIGHT) / 2.0, CLX_PICTURE_TOP + 200};
  const double radius = f->servers > 1 ? 160 : 0;
  const int64_t failed = clx_picture_failed(p, 0), others = f->servers > 1 ? f->servers - 1 : 1;
  const int64_t from = failed < 0 ? -1 : failed / others, port = failed < 0 ? -1 : failed % others;
  const int64_t to = port >= from && from >= 0 ? port + 1 : port;
  const chosen c = choose(f->servers, CIRCLE_MAX, from, to);
  clx_point at[CIRCLE_MAX] = {{0, 0}};
  for (int32_t i = 0; i < c.count; i++) at[i] = on_circle(centre, radius, i, c.count);
  put_all_pairs(p, at, c.count, p->heat_count > 0 ? &p->heat[0] : NULL, place_of(&c, from), place_of(&c, to));
  for (int32_t i = 0; i < c.count; i++) put_numbered(p, at[i], 20, c.number[i], "node");
  put_count(p, centre.x, centre.y + radius + 52, "head", "%s servers, every pair wired", f->servers);
  return centre.y + radius + 56;
}
