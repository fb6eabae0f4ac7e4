// A folded Clos by cohorts: of many equal pods, switches and servers the first, the last and the failed ones are drawn.
#include <math.h>
#include <stdio.h>

#include "report/report_svg.h"
#include "unit/unit.h"

enum { SLOTS_MAX = 12, ROW_HEIGHT = 122, SERVER_DROP = 92, BOX_HEIGHT = 18 };

// Which of n equal things are drawn.
typedef struct slots {
  int64_t index[SLOTS_MAX];
  int32_t count;
} slots;

typedef enum pass { PASS_GROUND, PASS_LINKS, PASS_FAILED, PASS_BOXES, PASSES } pass;  // failed links upon the others

typedef struct clos {
  clx_picture *p;
  pass pass;
  int32_t tiers;
  bool units;  // the pods of tier 0 are units of servers, their leaves one per rail
  double y[CLX_TIERS_MAX], server_y;
  int64_t in_pod[CLX_TIERS_MAX];                 // switches of tier t in a pod of tier t (a unit at tier 0)
  int64_t pods[CLX_TIERS_MAX];                   // pods of tier t in a pod of tier t + 1
  slots pod[CLX_TIERS_MAX], box[CLX_TIERS_MAX];  // pod[tiers - 1]: rails that are fabrics of their own
  const clx_fault_spec *fault;                   // the one that is drawn, or NULL
  clx_fault_spec drawn;                          // it, when it was drawn at random
  int64_t mark_box[CLX_TIERS_MAX];               // switch in its pod, -1 = none
  int64_t mark_pod[CLX_TIERS_MAX];               // pod in its parent, -1 = none
  int64_t mark_global[CLX_TIERS_MAX];            // pod, over the whole plane
} clos;

// Places of the switches of one pod.
typedef struct row {
  clx_point at[SLOTS_MAX];
  double width;
} row;

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

// The first, the marked one when there is one, and the last.
static slots choose(int64_t n, int32_t most, int64_t mark) {
  slots s = {.count = (int32_t)least(n, most)};
  for (int32_t i = 0; i < s.count; i++) s.index[i] = i;
  if (n <= most) return s;
  s.index[most - 1] = n - 1;
  if (most > 2 && mark > s.index[most - 2] && mark < n - 1) s.index[most - 2] = mark;
  if (most == 2 && mark > 0 && mark < n - 1) s.index[0] = mark;
  return s;
}

static bool gap_before(const slots *s, int32_t i) { return i > 0 && s->index[i] > s->index[i - 1] + 1; }

static int32_t gaps(const slots *s) {
  int32_t count = 0;
  for (int32_t i = 0; i < s->count; i++) count += gap_before(s, i);
  return count;
}

static void put_dots(const clos *c, double x, double y) {
  for (int32_t k = -1; k <= 1; k++) clx_svg_disc(c->p, (clx_point){x + 5.0 * k, y}, 1.3, "switch");
}

// --- what there is ---------------------------------------------------------------------------------------------------

// Switches of tier t + 1 that one of tier t reaches.
static int64_t reach_of(const clos *c, int32_t t) {
  const clx_fabric *f = c->p->fabric;
  const int32_t parallel = f->tier[t + 1].parallel > 0 ? f->tier[t + 1].parallel : 1;
  return f->tier[t].up > parallel ? f->tier[t].up / parallel : 1;
}

// The switch of tier t + 1 to which a failed cable from below leads (numbering: fabric.h).
static void mark_upper(clos *c, int32_t t) {
  const clx_fabric_tier *low = &c->p->fabric->tier[t];
  const int32_t parallel = c->p->fabric->tier[t + 1].parallel, switches = low->pod_switches;
  c->mark_box[t + 1] =
      c->fault->index % (switches > 0 ? switches : 1) * reach_of(c, t) + c->fault->port / (parallel > 0 ? parallel : 1);
}

// The pods around the drawn fault, from its tier upwards.
static void mark_fault(clos *c) {
  const clx_fabric *f = c->p->fabric;
  for (int32_t t = 0; t < CLX_TIERS_MAX; t++) c->mark_box[t] = c->mark_pod[t] = c->mark_global[t] = -1;
  for (int32_t i = 0; i < f->spec.fault_count && c->fault == NULL; i++) {
    if (f->spec.faults[i].random <= 0) c->fault = &f->spec.faults[i];
  }
  for (int32_t t = 0; t < c->tiers && c->fault == NULL; t++) {
    const int64_t at = clx_picture_failed(c->p, 2 * t);
    const int32_t up = t > 0 ? f->tier[t - 1].up : f->nic_up;
    if (at < 0 || up < 1) continue;
    c->drawn = (clx_fault_spec){.kind = CLX_FAULT_LINK, .tier = t, .index = at / up, .port = (int32_t)(at % up)};
    c->fault = &c->drawn;
  }
  if (c->fault == NULL) return;
  const bool nic = c->fault->kind == CLX_FAULT_NIC || c->fault->tier == 0;
  const int32_t tier = nic ? 0 : c->fault->tier - 1;
  if (tier < 0 || tier >= c->tiers) {
    c->fault = NULL;
    return;
  }
  int64_t pod;
  if (nic) {
    const int64_t leaf = clx_fabric_leaf(f, c->fault->index), rails = c->units ? f->rails : 1;
    pod = leaf / rails;
    c->mark_box[0] = leaf % rails * (c->in_pod[0] / rails) + c->fault->port;
  } else {
    pod = c->fault->index / c->in_pod[tier];
    c->mark_box[tier] = c->fault->index % c->in_pod[tier];
    if (c->fault->kind == CLX_FAULT_LINK && tier + 1 < c->tiers) mark_upper(c, tier);
  }
  for (int32_t t = tier; t < c->tiers; t++) {
    c->mark_global[t] = pod;
    c->mark_pod[t] = pod % c->pods[t];
    pod /= c->pods[t];
  }
}

// The leaves of a unit stand together where servers go to all of them.
static void count_parts(clos *c) {
  const clx_fabric *f = c->p->fabric;
  c->units = c->tiers > 1 && f->spec.wiring == CLX_WIRING_RAIL && f->rails > 1;
  for (int32_t t = 0; t < c->tiers; t++) {
    const int64_t switches = f->tier[t].pod_switches;
    c->in_pod[t] = (switches > 0 ? switches : 1) * (t == 0 && c->units ? f->rails : 1);
  }
  int64_t above = 1;
  for (int32_t t = c->tiers - 1; t >= 0; t--) {
    const int64_t mine = f->tier[t].pods / (t == 0 && c->units ? f->rails : 1);
    c->pods[t] = mine > above ? (mine + above - 1) / above : 1;
    above = mine > 0 ? mine : 1;
  }
}

static void add_slot(slots *s, int64_t index) {
  if (s->count < SLOTS_MAX && (s->count == 0 || s->index[s->count - 1] < index)) s->index[s->count++] = index;
}

// Above the first boundary a switch may reach only some: the first and last of what the drawn ones reach, and the failed one.
static void choose_reached(clos *c, int32_t t) {
  const int64_t reach = reach_of(c, t), last = c->in_pod[t + 1] - 1, mark = c->mark_box[t + 1];
  if (mark >= 0) c->box[t] = choose(c->in_pod[t], c->box[t].count, mark / reach);
  slots *s = &c->box[t + 1];
  s->count = 0;
  for (int32_t i = 0; i < c->box[t].count; i++) {
    const int64_t first = least(c->box[t].index[i] * reach, last), end = least(first + reach - 1, last);
    add_slot(s, first);
    if (mark > first && mark < end) add_slot(s, mark);
    add_slot(s, end);
  }
}

// How many pods and switches of a tier are drawn, by number of tiers, with units of rails and without.
static void choose_slots(clos *c) {
  static const int32_t pods[CLX_TIERS_MAX][CLX_TIERS_MAX] = {{1}, {8, 1}, {3, 3, 1}, {2, 2, 3, 1}};
  static const int32_t units[CLX_TIERS_MAX][CLX_TIERS_MAX] = {{1}, {4, 1}, {2, 3, 1}, {2, 2, 2, 1}};
  const int32_t *drawn = c->in_pod[0] > 1 ? units[c->tiers - 1] : pods[c->tiers - 1];
  for (int32_t t = 0; t < c->tiers; t++) {
    int32_t most = drawn[t];
    if (c->pods[c->tiers - 1] > 1) most = t == c->tiers - 1 ? (c->tiers == 1 ? 8 : 3) : (most > 3 ? 3 : 2);
    c->pod[t] = choose(c->pods[t], most, c->mark_pod[t]);
    c->box[t] = choose(c->in_pod[t],
                       t == c->tiers - 1 && t > 0            ? 5
                       : t == 0 && c->tiers == CLX_TIERS_MAX ? 2
                                                             : 3,
                       c->mark_box[t]);
  }
  for (int32_t t = 1; t + 1 < c->tiers; t++) {
    if (reach_of(c, t) < c->in_pod[t + 1]) choose_reached(c, t);
  }
}

// --- drawing ---------------------------------------------------------------------------------------------------------

static row place(const clos *c, int32_t t, double x0, double x1) {
  const slots *s = &c->box[t];
  const int32_t cells = s->count + gaps(s);
  const double cell = fmin((x1 - x0) / cells, 84), left = (x0 + x1 - cell * cells) / 2;
  row r = {.width = fmin(cell - 5, 36)};
  int32_t at = 0;
  for (int32_t i = 0; i < s->count; i++) {
    if (gap_before(s, i)) {
      if (c->pass == PASS_BOXES) put_dots(c, left + cell * (at + 0.5), c->y[t]);
      at++;
    }
    r.at[i] = (clx_point){left + cell * (at++ + 0.5), c->y[t]};
  }
  return r;
}

static bool is_marked(const clos *c, int32_t t, int64_t pod, int64_t box) {
  return c->fault != NULL && c->mark_box[t] == box && c->mark_global[t] == pod;
}

static void put_switches(const clos *c, int32_t t, int64_t pod, const row *r) {
  for (int32_t i = 0; i < c->box[t].count; i++) {
    const int64_t box = c->box[t].index[i];
    const bool dead =
        c->fault != NULL && c->fault->kind == CLX_FAULT_SWITCH && c->fault->tier == t + 1 && is_marked(c, t, pod, box);
    clx_svg_switch(c->p, r->at[i], r->width, c->in_pod[t] > 1 ? box : pod % c->pods[t], dead);
  }
}

static clx_point foot(clx_point at) { return (clx_point){at.x, at.y + BOX_HEIGHT / 2.0}; }
static clx_point top(clx_point at) { return (clx_point){at.x, at.y - BOX_HEIGHT / 2.0}; }

static void put_link(const clos *c, clx_point a, clx_point b, const clx_picture_heat *heat, bool failed) {
  if (failed && c->pass == PASS_FAILED) clx_svg_dead(c->p, a, b);
  if (!failed && c->pass == PASS_LINKS) clx_svg_link(c->p, a, b, heat);
}

// Links from the switches of a pod of tier t to those of its parent.
static void put_uplinks(const clos *c, int32_t t, int64_t pod, const row *low, const row *high) {
  const int64_t reach = reach_of(c, t), alike = c->p->fabric->tier[t].pod_switches;
  const clx_picture_heat *heat = clx_picture_boundary(c->p, t + 1);
  for (int32_t i = 0; i < c->box[t].count; i++) {
    const bool failed = c->fault != NULL && c->fault->kind == CLX_FAULT_LINK && c->fault->tier == t + 1 &&
                        is_marked(c, t, pod, c->box[t].index[i]);
    for (int32_t k = 0; k < c->box[t + 1].count; k++) {
      if (c->box[t + 1].index[k] / reach != c->box[t].index[i] % (alike > 0 ? alike : 1)) continue;
      const clx_point a = top(low->at[i]), b = foot(high->at[k]);
      put_link(c, a, b, heat, failed && c->box[t + 1].index[k] == c->mark_box[t + 1]);
    }
  }
}

static row put_pod(const clos *c, int32_t t, int64_t number, double x0, double x1);

static void put_nics(const clos *c, int64_t unit, double x, double width, const row *leaves) {
  const clx_picture_heat *heat = clx_picture_boundary(c->p, 0);
  const bool nic = c->fault != NULL &&
                   (c->fault->kind == CLX_FAULT_NIC || (c->fault->kind == CLX_FAULT_LINK && c->fault->tier == 0));
  const int32_t fan = c->in_pod[0] > 1 ? 0 : 1;  // a leaf alone gets three lines
  const bool failed = nic && c->mark_global[0] == unit;
  for (int32_t i = 0; i < c->box[0].count; i++) {
    const double away = fmin(fmax(leaves->at[i].x - x, -0.4 * width), 0.4 * width);
    for (int32_t k = -fan; k <= fan; k++) {
      const clx_point a = {x + away + 0.25 * width * k, c->server_y - 15}, b = foot(leaves->at[i]);
      put_link(c, a, b, heat, failed && k == 0 && c->box[0].index[i] == c->mark_box[0]);
    }
  }
}

static void put_servers(const clos *c, int64_t unit, double x0, double x1, const row *leaves) {
  const clx_fabric *f = c->p->fabric;
  const double width = fmin(x1 - x0 - 6, 130), x = (x0 + x1) / 2;
  put_nics(c, unit, x, width, leaves);
  if (c->pass != PASS_BOXES) return;
  const char *style = width >= 62 ? "small" : "tiny";
  const int64_t ports = c->units ? f->unit_servers : least(f->tier[0].down, f->endpoints);
  clx_svg_box(c->p, x - width / 2, c->server_y - 15, width, 32, 4, "server");
  const bool room = width >= 38;
  clx_svg_text(c->p, x, c->server_y + (room ? -2 : 4), style, "middle", "%lld", (long long)ports);
  if (room) clx_svg_text(c->p, x, c->server_y + 11, style, "middle", "%s", c->units ? "servers" : "ports");
}

// The pods of tier t in a pod above it whose switches are `above` (NULL: rails, which nothing joins).
static void put_pods(const clos *c, int32_t t, int64_t parent, double x0, double x1, const row *above) {
  const slots *s = &c->pod[t];
  const double dots = c->tiers == CLX_TIERS_MAX ? 20 : 26, width = (x1 - x0 - dots * gaps(s)) / s->count;
  double x = x0;
  for (int32_t i = 0; i < s->count; i++) {
    if (gap_before(s, i)) {
      if (c->pass == PASS_BOXES) put_dots(c, x + dots / 2, c->y[t]);
      x += dots;
    }
    const int64_t number = parent * c->pods[t] + s->index[i];
    const row below = put_pod(c, t, number, x + 2, x + width - 2);
    if (above != NULL) put_uplinks(c, t, number, &below, above);
    x += width;
  }
}

static void put_frame(const clos *c, int32_t t, int64_t number, double x0, double x1) {
  const bool rail = c->p->fabric->spec.wiring == CLX_WIRING_RAIL_ONLY && t == c->tiers - 1;
  const bool named = t > 0 || rail;
  const double top_edge = c->y[t] - (named ? 20 : 15), bottom = c->server_y + 22 + 19.0 * (named && t == 0 ? 1 : t);
  clx_svg_box(c->p, x0 + 1, top_edge, x1 - x0 - 2, bottom - top_edge, 7, named ? "pod" : "unit");
  if (named) {
    clx_svg_text(c->p, x0 + 10, bottom - 6, "tiny", "start", rail ? "rail %lld" : "pod %lld", (long long)number);
  }
}

// One pod of tier t between x0 and x1; its number over the plane. Returns the places of its switches.
static row put_pod(const clos *c, int32_t t, int64_t number, double x0, double x1) {
  const bool top_tier = t == c->tiers - 1;
  const bool framed = top_tier ? c->pods[t] > 1 : t > 0 || c->in_pod[0] > 1;
  const double pad = framed ? 6 : 0;
  if (framed && c->pass == PASS_GROUND) put_frame(c, t, number, x0, x1);
  const row mine = place(c, t, x0 + pad, x1 - pad);
  if (c->pass == PASS_BOXES) put_switches(c, t, number, &mine);
  if (t == 0) {
    put_servers(c, number, x0 + pad, x1 - pad, &mine);
  } else {
    put_pods(c, t - 1, number, x0 + pad, x1 - pad, &mine);
  }
  return mine;
}

// --- labels of the rows ----------------------------------------------------------------------------------------------

static void put_labels(const clos *c) {
  static const char *const names[CLX_TIERS_MAX] = {"Leaves", "Spines", "Cores", "Tier 4"};
  const clx_fabric *f = c->p->fabric;
  char text[2][32];
  for (int32_t t = 0; t < c->tiers; t++) {
    const clx_fabric_tier *tier = &f->tier[t];
    clx_svg_text(c->p, 24, c->y[t] - 10, "head", "start", "%s", names[t]);
    clx_quantity_format((double)tier->switches, "", 12, text[0], sizeof text[0]);
    clx_svg_text(c->p, 24, c->y[t] + 6, "small", "start", "%s %s", text[0],
                 tier->switches == 1 ? "switch" : "switches");
    if (tier->up > 0) {
      clx_svg_text(c->p, 24, c->y[t] + 20, "small", "start", "%d down, %d up", tier->down, tier->up);
    } else {
      clx_svg_text(c->p, 24, c->y[t] + 20, "small", "start", "%d down", tier->down);
    }
    const bool rails = f->spec.wiring == CLX_WIRING_RAIL_ONLY && t == c->tiers - 1;
    if (rails || t == c->tiers - 1 || (t == 0 && c->in_pod[0] == 1)) continue;
    const int64_t count = tier->pods / (t == 0 && c->units ? f->rails : 1);
    clx_quantity_format((double)count, "", 12, text[0], sizeof text[0]);
    clx_svg_text(c->p, 24, c->y[t] + 34, "small", "start",
                 t > 0      ? "%s pods of %lld"
                 : c->units ? "%s units of %lld"
                            : "%s pairs of %lld",
                 text[0], (long long)c->in_pod[t]);
  }
  clx_svg_text(c->p, 24, c->server_y - 6, "head", "start", "Servers");
  clx_quantity_format((double)f->servers, "", 12, text[0], sizeof text[0]);
  clx_svg_text(c->p, 24, c->server_y + 10, "small", "start", "%s servers", text[0]);
  clx_quantity_format((double)f->endpoints, "", 12, text[0], sizeof text[0]);
  clx_quantity_format(f->rate, "B/s", 3, text[1], sizeof text[1]);
  clx_svg_text(c->p, 24, c->server_y + 24, "small", "start", "%s ports, %s", text[0], text[1]);
  if (f->spec.planes > 1) {
    clx_svg_text(c->p, 24, c->server_y + 38, "small", "start", "in each of %d planes", f->spec.planes);
  }
}

double clx_picture_clos(clx_picture *p) {
  clos c = {.p = p, .tiers = p->fabric->tier_count};
  if (c.tiers < 1) return CLX_PICTURE_TOP;
  for (int32_t t = 0; t < c.tiers; t++) c.y[t] = CLX_PICTURE_TOP + 20 + (double)ROW_HEIGHT * (c.tiers - 1 - t);
  c.server_y = c.y[0] + SERVER_DROP;
  count_parts(&c);
  mark_fault(&c);
  choose_slots(&c);
  for (int32_t i = 0; i < PASSES; i++) {
    c.pass = (pass)i;
    put_pods(&c, c.tiers - 1, 0, CLX_PICTURE_LEFT + 10, CLX_PICTURE_RIGHT, NULL);
  }
  put_labels(&c);
  return c.server_y + 22 + 19.0 * (c.tiers > 1 ? c.tiers - 2 + (c.pods[c.tiers - 1] > 1) : 1);
}
