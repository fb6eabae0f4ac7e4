// From the sources through the levels of the chain to what uses power: nodes and links that balance.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/report_power.h"

static const double SAME = 1e-6;   // relative difference at which two sums are the same thing
static const double NONE = 1e-10;  // of the whole: rounding
// Losses grow faster than the load: levels at the mean load draw less than the mean of the wave, by so much at most.
static const double CURVED = 2e-3;

// What may hang on a level, by the names of the ports.
static const struct {
  const char *port, *name, *sum;  // sum: the quantity that is its total
  int32_t kind;
} PORTS[] = {
    {"cooling", "cooling", "power.cooling", CLX_POWER_FLOW_COOLING},
    {"network", "network", "power.network", CLX_POWER_FLOW_NETWORK},
    {"storage", "storage", "power.storage", CLX_POWER_FLOW_STORAGE},
    {"fixed", "static loads", NULL, CLX_POWER_FLOW_FIXED},
};
enum { PORT_COUNT = 4, NAMED_SUMS = 3 };

typedef struct level {
  char name[CLX_POWER_NAME];
  double in, loss, load;
  double port[PORT_COUNT], other;    // W beside what is below
  const char *other_name, *loss_of;  // NULL = by the level
} level;

typedef struct chain {
  level level[CLX_POWER_PARTS + 2];  // from the load upwards; the last one is the point of connection
  int32_t count;
  double load;  // W of the lowest level
} chain;

static double at_least_none(double watt) { return isfinite(watt) && watt > 0 ? watt : 0; }

// Takes the named ports of a level out of `left` W. Returns what is left.
static double named_ports(const clx_power_parts *parts, int32_t index, double left, level *l) {
  for (int32_t k = 0; k < PORT_COUNT; k++) {
    char what[CLX_POWER_NAME];
    snprintf(what, sizeof what, "port.%s", PORTS[k].port);
    l->port[k] = fmin(at_least_none(clx_power_part_value(parts, index, what, 0)), left);
    left -= l->port[k];
  }
  return left;
}

// Where nothing names what `left` W are: by the totals of which they are the sum. Returns what is left.
static double known_sums(const clx_result *result, double left, level *l) {
  for (int32_t set = 1; set < 1 << NAMED_SUMS; set++) {
    double sum = 0;
    for (int32_t k = 0; k < NAMED_SUMS; k++) {
      if ((set >> k & 1) != 0) sum += clx_result_value(result, PORTS[k].sum, 0);
    }
    if (fabs(sum - left) > SAME * left) continue;
    for (int32_t k = 0; k < NAMED_SUMS; k++) {
      if ((set >> k & 1) == 0) continue;
      l->port[k] = fmin(at_least_none(clx_result_value(result, PORTS[k].sum, 0)), left);
      left -= l->port[k];
    }
    break;
  }
  return left;
}

// What a level passes on beside what is below it. parts NULL: a level that names nothing.
static void split(const clx_result *result, const clx_power_parts *parts, int32_t index, double beside, level *l) {
  const double all = at_least_none(beside);
  double left = parts != NULL ? named_ports(parts, index, all, l) : all;
  if (left >= all && all > SAME * l->in) left = known_sums(result, all, l);
  if (left > SAME * l->in) {
    l->other = left;
  } else {
    l->loss += left;
  }
}

// The plugs of the equipment below the chain (or below the site without one): network, storage, what power supplies lose.
static void add_plugs(const clx_result *result, double in, chain *c) {
  level l = {.in = in, .load = -1, .loss_of = "power supplies"};
  double left = in;
  for (int32_t k = 1; k < NAMED_SUMS; k++) {  // cooling is none of its
    bool above = clx_power_servers_alone(result);
    for (int32_t i = 0; i < c->count; i++) above = above || c->level[i].port[k] > 0;
    if (above) continue;
    l.port[k] = fmin(at_least_none(clx_result_value(result, PORTS[k].sum, 0)), left);
    left -= l.port[k];
  }
  snprintf(l.name, sizeof l.name, left < in ? "IT equipment" : "all servers");  // network and storage enter further up
  l.loss = fmin(at_least_none(clx_result_value(result, "power.level.server.loss", 0)), left);
  c->load = left - l.loss;
  memmove(c->level + 1, c->level, (size_t)c->count * sizeof l);
  c->level[0] = l;
  c->count++;
}

static void levels_of(const clx_result *result, double total, chain *c) {
  const clx_power_parts parts = clx_power_parts_of(result, "level", "in");
  double below = -1;
  for (int32_t i = 0; i < parts.count; i++) {
    level *l = &c->level[c->count];
    const double in = fmin(at_least_none(clx_power_part_value(&parts, i, "in", 0)), total);
    if (!(in > 0)) continue;
    clx_power_part_title(&parts, i, l->name, sizeof l->name);
    l->in = below > in ? below : in;
    const double most = below > 0 ? l->in - below : l->in;
    l->loss = fmin(at_least_none(clx_power_part_value(&parts, i, "loss", 0)), most);
    l->load = clx_power_part_value(&parts, i, "load_share", -1);
    if (below < 0) {  // the load itself is what no port names
      c->load = named_ports(&parts, i, l->in - l->loss, l);
    } else {
      split(result, &parts, i, l->in - l->loss - below, l);
    }
    below = l->in;
    c->count++;
  }
  if (clx_result_find(result, "power.level.server.in") != NULL) return;
  const double it = fmin(at_least_none(clx_result_value(result, "power.it_mean", total)), total);
  add_plugs(result, c->count > 0 ? c->load : it, c);
}

static int32_t add_node(clx_power_flows *f, const char *name, int32_t kind, double watt, double load) {
  if (f->node_count == CLX_POWER_FLOW_NODES) return CLX_POWER_FLOW_NODES - 1;
  clx_power_node *n = &f->node[f->node_count];
  snprintf(n->name, sizeof n->name, "%.*s", CLX_POWER_NAME - 1, name);
  n->kind = kind;
  n->watt = watt;
  n->load = load;
  return f->node_count++;
}

static void add_link(clx_power_flows *f, int32_t from, int32_t to, double watt) {
  if (f->link_count < CLX_POWER_FLOW_LINKS && watt > 0) f->link[f->link_count++] = (clx_power_link){from, to, watt};
}

static void add_use(clx_power_flows *f, int32_t from, const char *name, int32_t kind, double watt) {
  if (watt > NONE * f->total && f->node_count < CLX_POWER_FLOW_NODES)
    add_link(f, from, add_node(f, name, kind, watt, -1), watt);
}

// Sources by their shares; what they leave open is from batteries, what they give in excess goes into them. Returns the excess, W.
static double add_sources(const clx_result *result, clx_power_flows *f) {
  const clx_power_parts parts = clx_power_sources(result);
  double given = 0;
  for (int32_t i = 0; i < parts.count; i++) {
    char name[CLX_POWER_NAME];
    const double watt = at_least_none(clx_power_source_share(&parts, i)) * f->total;
    given += watt;
    if (watt > 0) add_node(f, clx_power_part_title(&parts, i, name, sizeof name), CLX_POWER_FLOW_SOURCE, watt, -1);
  }
  if (given <= 0) add_node(f, "supply", CLX_POWER_FLOW_SOURCE, f->total, -1);
  if (given > 0 && f->total - given > SAME * f->total)
    add_node(f, parts.more > 0 ? "further sources" : "batteries", CLX_POWER_FLOW_SOURCE, f->total - given, -1);
  f->source_count = f->node_count;
  const double excess = given - f->total;
  return excess > SAME * f->total ? excess : 0;
}

static void add_trunk(clx_power_flows *f, const chain *c, double excess) {
  for (int32_t i = c->count - 1; i >= 0; i--) {
    const level *l = &c->level[i];
    add_node(f, l->name, CLX_POWER_FLOW_TRUNK, l->in + (i == c->count - 1 ? excess : 0), l->load);
  }
  f->trunk_count = c->count;
  const int32_t site = f->source_count;
  double left = f->node[site].watt;  // rounding of shares stays with the last source
  for (int32_t i = 0; i < site; i++) {
    if (i + 1 == site) f->node[i].watt = left;
    add_link(f, i, site, f->node[i].watt);
    left -= f->node[i].watt;
  }
  for (int32_t i = 1; i < c->count; i++) add_link(f, site + i - 1, site + i, f->node[site + i].watt);
}

static void add_uses(const clx_result *result, clx_power_flows *f, const chain *c, double excess) {
  const int32_t last = f->source_count + f->trunk_count - 1;
  const double gpus =
      fmin(at_least_none(clx_result_value(result, "power.gpu_mean", 0) * clx_result_value(result, "machine.gpus", 0)),
           c->load);
  add_use(f, last, "GPUs", CLX_POWER_FLOW_GPU, gpus);
  const double rest = c->load - gpus;
  if (rest > SAME * f->total) add_use(f, last, gpus > 0 ? "rest of servers" : "servers", CLX_POWER_FLOW_SERVER, rest);
  for (int32_t i = 0; i < c->count; i++) {
    const level *l = &c->level[i];
    char name[CLX_POWER_NAME + 16];
    for (int32_t k = 0; k < PORT_COUNT; k++) {
      snprintf(name, sizeof name, "%s", PORTS[k].name);
      if (PORTS[k].kind == CLX_POWER_FLOW_FIXED) snprintf(name, sizeof name, "%s: %s", l->name, PORTS[k].name);
      add_use(f, last - i, name, PORTS[k].kind, l->port[k]);
    }
    snprintf(name, sizeof name, "%s%s%s", l->other_name != NULL ? "" : l->name, l->other_name != NULL ? "" : ": ",
             l->other_name != NULL ? l->other_name : "other loads");
    add_use(f, last - i, name, CLX_POWER_FLOW_OTHER, l->other);
    snprintf(name, sizeof name, "%s: losses", l->loss_of != NULL ? l->loss_of : l->name);
    add_use(f, last - i, name, CLX_POWER_FLOW_LOSS, l->loss);
  }
  add_use(f, f->source_count, "into batteries", CLX_POWER_FLOW_BATTERY, excess);
}

// What rounding and differences below SAME left open goes to the largest use of each node of the trunk.
static void close_balance(clx_power_flows *f) {
  for (int32_t n = f->source_count; n < f->source_count + f->trunk_count; n++) {
    double out = 0;
    int32_t largest = -1;
    for (int32_t k = 0; k < f->link_count; k++) {
      const clx_power_link *l = &f->link[k];
      if (l->from != n) continue;
      out += l->watt;
      if (f->node[l->to].kind != CLX_POWER_FLOW_TRUNK && (largest < 0 || l->watt > f->link[largest].watt)) largest = k;
    }
    const double open = f->node[n].watt - out;
    if (largest < 0 || f->link[largest].watt + open <= 0) continue;
    f->link[largest].watt += open;
    f->node[f->link[largest].to].watt += open;
  }
}

void clx_power_flows_of(const clx_result *result, clx_power_flows *f) {
  chain c = {0};
  *f = (clx_power_flows){0};
  const double it = at_least_none(clx_result_value(result, "power.it_mean", 0));
  const clx_power_parts parts = clx_power_parts_of(result, "level", "in");
  f->total = at_least_none(clx_result_value(result, "power.site_mean", it));
  double top = 0;
  for (int32_t i = 0; i < parts.count; i++) top = fmax(top, clx_power_part_value(&parts, i, "in", 0));
  if (top > f->total || f->total - top < CURVED * top) f->total = top;
  if (!(f->total > 0)) return;
  levels_of(result, f->total, &c);
  const double beside = f->total - c.level[c.count - 1].in;
  if (beside > NONE * f->total) {  // what is at the point of connection but not in the chain
    level *site = &c.level[c.count++];
    snprintf(site->name, sizeof site->name, "site");
    site->in = f->total;
    site->load = -1;
    site->other_name = parts.count > 0 ? "other loads" : "cooling and losses";  // by a stated PUE
    split(result, NULL, 0, beside, site);
  }
  const double excess = add_sources(result, f);
  add_trunk(f, &c, excess);
  add_uses(result, f, &c, excess);
  close_balance(f);
}
