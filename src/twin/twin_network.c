// The network in numbers: what every run says of it (bill, bisection, blocks), and the study of `colossus network`: patterns
// of traffic, collectives over the whole job, one failure of every kind, load of links.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "fabric/fabric_study.h"
#include "twin/twin_internal.h"
#include "unit/unit.h"

const char *const clx_study_traffic_name[CLX_STUDY_TRAFFICS + 1] = {"permutation", "ring", "all_to_all", NULL};

// A study in the making.
typedef struct study {
  const clx_scenario *scenario;
  const clx_fabric *fabric;
  const clx_network_options *options;
  int32_t traffic;  // clx_study_traffic whose loads are kept
  clx_arena *arena;
  clx_result *result;
  clx_error *error;
} study;

static clx_status put_named(clx_result *result, const char *subject, const char *what, double value, const char *unit,
                            const char *doc, clx_error *error) {
  char name[112];
  snprintf(name, sizeof name, "network.%s.%s", subject, what);
  return clx_twin_put(result, name, value, unit, doc, error);
}

static clx_status say_named(clx_result *result, const char *subject, const char *what, const char *text,
                            clx_error *error) {
  char name[112];
  snprintf(name, sizeof name, "network.%s.%s", subject, what);
  return clx_result_add_text(result, name, text, error);
}

// --- what every run says ---------------------------------------------------------------------------------------------

static const char *const TIER_COUNT[CLX_TIERS_MAX + 1] = {"no tiers", "one tier", "two tiers", "three tiers",
                                                          "four tiers"};

static void say_clos(const clx_fabric *f, const char *model, clx_buffer *text) {
  static const char *const wirings[CLX_WIRINGS] = {"rail-optimised", "servers by leaf", "rail-only"};
  clx_buffer_format(text, "Clos of %s of %s, %s", TIER_COUNT[f->tier_count], model, wirings[f->spec.wiring]);
  if (f->spec.dual_tor) clx_buffer_format(text, ", two leaves a NIC");
  bool thin = false;
  for (int32_t t = 0; t + 1 < f->tier_count; t++) {
    const double ratio = f->tier[t].up > 0 ? (double)f->tier[t].down / f->tier[t].up : 1;
    if (ratio <= 1.005) continue;
    clx_buffer_format(text, "%s %.3g:1 above tier %d", thin ? " and" : ", oversubscribed", ratio, t + 1);
    thin = true;
  }
  if (!thin && f->tier_count > 1) clx_buffer_format(text, ", non-blocking");
}

static void say_shape(const clx_fabric *f, const char *model, clx_buffer *text) {
  const clx_fabric_spec *spec = &f->spec;
  switch (spec->topology) {
    case CLX_TOPOLOGY_DRAGONFLY:
      clx_buffer_format(text, "dragonfly of %d groups of %d %s, %d cables a pair of groups", f->group_count,
                        spec->group_routers, model, f->global_parallel);
      return;
    case CLX_TOPOLOGY_DRAGONFLY_PLUS:
      clx_buffer_format(text, "dragonfly+ of %d groups of %d leaves and %d spines of %s", f->group_count,
                        spec->group_routers, spec->group_spines, model);
      return;
    case CLX_TOPOLOGY_TORUS:
    case CLX_TOPOLOGY_MESH:
      clx_buffer_format(text, "%s of", clx_topology_name[spec->topology]);
      for (int32_t d = 0; d < spec->dimension_count; d++) {
        clx_buffer_format(text, d == 0 ? " %d" : " x %d", spec->dimensions[d]);
      }
      clx_buffer_format(text, " servers");
      return;
    case CLX_TOPOLOGY_DIRECT:
      clx_buffer_format(text, "%lld servers, every pair wired", (long long)f->servers);
      return;
    default:
      say_clos(f, model, text);
  }
}

static clx_status add_topology(const clx_machine *m, clx_result *result, clx_error *error) {
  static const char *const routings[CLX_ROUTINGS] = {"ECMP", "packets sprayed", "static routes"};
  const clx_fabric *f = &m->fabric;
  clx_buffer text = {0};
  char count[32];
  say_shape(f, m->switch_model.name, &text);
  clx_buffer_format(&text, ", %s", routings[f->spec.routing]);
  if (f->spec.routing == CLX_ROUTING_ECMP && f->spec.flows > 1)
    clx_buffer_format(&text, " with %d flows", f->spec.flows);
  clx_quantity_format((double)f->endpoints, "", 12, count, sizeof count);
  clx_buffer_format(&text, "; %s ports of %.4g Gbit/s", count, 8e-9 * f->rate);
  if (f->spec.planes > 1) clx_buffer_format(&text, " in each of %d planes", f->spec.planes);
  const clx_status status = text.failed ? clx_fail_plain(error, CLX_MEMORY, "out of memory")
                                        : clx_result_add_text(result, "network.topology", text.data, error);
  clx_buffer_free(&text);
  return status;
}

static clx_status add_bill(const clx_fabric *f, clx_result *result, clx_error *error) {
  const clx_fabric_bill *b = &f->bill;
  const struct {
    const char *name;
    double value;
    const char *unit, *doc;
  } rows[] = {
      {"network.switches", (double)b->switches, "", "switches of all tiers and planes"},
      {"network.cables.copper", (double)b->copper, "", "cables from servers to leaves and between servers"},
      {"network.cables.optical", (double)b->optical, "", "cables between switches"},
      {"network.transceivers", (double)b->optics, "",
       "optical transceivers, two a cable or fewer of types with several ports"},
      {"network.nics", (double)b->nics, "", "NICs on the fabric, of GPUs and of storage"},
      {"network.endpoints", (double)f->endpoints, "", "ports of NICs, in one plane"},
      {"network.planes", f->spec.planes, "", "separate fabrics among which a NIC splits its rate"},
      {"network.power", b->power, "W", "switches, transceivers and ends of cables, without NICs"},
  };
  for (int32_t i = 0; i < CLX_COUNT(rows); i++) {
    CLX_TRY(clx_twin_put(result, rows[i].name, rows[i].value, rows[i].unit, rows[i].doc, error));
  }
  for (int32_t tier = 0; tier < CLX_TIERS_MAX; tier++) {
    if (b->switches_by_tier[tier] == 0) continue;
    char name[48];
    snprintf(name, sizeof name, "network.switches_tier_%d", tier + 1);
    CLX_TRY(
        clx_twin_put(result, name, (double)b->switches_by_tier[tier], "", "switches of this tier, 1 = leaf", error));
  }
  return CLX_OK;
}

static clx_status add_levels(const clx_network *network, clx_result *result, clx_error *error) {
  for (int32_t i = 0; i < network->level_count; i++) {
    const clx_fabric_level *level = &network->level[i];
    char subject[32];
    snprintf(subject, sizeof subject, "level_%d", i + 1);
    CLX_TRY(put_named(result, subject, "gpus", (double)level->gpus, "", "GPUs of a block, from the inside out", error));
    CLX_TRY(put_named(result, subject, "thinning", level->thinning, "",
                      "NIC bandwidth of the block over what leads out of it; 0: nothing does", error));
    CLX_TRY(
        put_named(result, subject, "latency", level->latency, "s", "one way, more than inside the level below", error));
  }
  return CLX_OK;
}

clx_status clx_twin_network_summary(const clx_scenario *scenario, clx_result *result, clx_error *error) {
  const clx_machine *m = &scenario->machine;
  double bisection, share;
  CLX_TRY(add_topology(m, result, error));
  CLX_TRY(add_bill(&m->fabric, result, error));
  clx_fabric_study_bisection(&m->fabric, &bisection, &share);
  CLX_TRY(clx_twin_put(result, "network.bisection", bisection, "B/s",
                       "one way between the worst-connected halves of the servers, all planes, nothing failed", error));
  CLX_TRY(clx_twin_put(result, "network.bisection_share", share, "", "of what half of the NICs can send", error));
  CLX_TRY(clx_twin_put(result, "network.efficiency", m->network.nic_efficiency, "",
                       "share of a NIC's line rate that routing lets through when nothing collides", error));
  return add_levels(&m->network, result, error);
}

// --- patterns --------------------------------------------------------------------------------------------------------

static void tell(const study *s, const char *step) {
  if (s->options->progress != NULL) s->options->progress(s->options->context, step);
}

static clx_status put_pattern(const study *s, const char *subject, const clx_fabric_pattern_result *p) {
  const struct {
    const char *what, *unit, *doc;
    double value;
  } rows[] = {
      {"mean", "B/s", "rate of one NIC, mean over all that send; sub-flows of a NIC share its data as they go",
       p->mean},
      {"worst", "B/s", "rate of the slowest NIC", p->worst},
      {"share", "", "mean over the line rate of a NIC", p->share},
      {"split_mean", "B/s", "the same when every sub-flow carries an equal part and the slowest decides",
       p->split_mean},
      {"split_worst", "B/s", "slowest NIC when every sub-flow carries an equal part", p->split_worst},
      {"split_share", "", "split_mean over the line rate of a NIC", p->split_share},
  };
  for (int32_t i = 0; i < CLX_COUNT(rows); i++) {
    CLX_TRY(put_named(s->result, subject, rows[i].what, rows[i].value, rows[i].unit, rows[i].doc, s->error));
  }
  return CLX_OK;
}

// One row per pattern; the loads of the one asked for stay in `load`.
static clx_status add_patterns(const study *s, double *load) {
  const clx_placement *placement = &s->scenario->spec.network.placement;
  for (int32_t i = 0; i < CLX_STUDY_TRAFFICS; i++) {
    clx_fabric_pattern_result p = {0};
    double *kept = s->traffic == i ? load : NULL;
    tell(s, clx_study_traffic_name[i]);
    if (i == CLX_STUDY_PERMUTATION) {
      CLX_TRY(clx_fabric_study_permutation(s->fabric, s->options->seed, &p, kept, s->error));
    } else if (i == CLX_STUDY_RING) {
      CLX_TRY(clx_fabric_study_ring(s->fabric, placement, s->options->seed, &p, kept, s->error));
    } else {
      CLX_TRY(clx_fabric_study_all_to_all(s->fabric, &p, kept, s->error));
    }
    CLX_TRY(put_pattern(s, clx_study_traffic_name[i], &p));
  }
  return say_named(s->result, "ring", "placement", clx_placement_name[placement->kind], s->error);
}

// --- collectives -----------------------------------------------------------------------------------------------------

// Bytes on the wire of one rank over those of the message (nccl-tests, doc/PERFORMANCE.md).
static double bus_factor(int32_t kind, int32_t ranks) {
  if (kind == CLX_SEND_RECEIVE || kind == CLX_BROADCAST || ranks < 2) return 1;
  return (kind == CLX_ALL_REDUCE ? 2.0 : 1.0) * (ranks - 1) / ranks;
}

static const struct {
  const char *name;
  double bytes;
} SIZES[] = {{"1MiB", 1 << 20}, {"64MiB", 64 << 20}, {"1GiB", 1 << 30}};

static clx_status put_collective(const study *s, int32_t kind, clx_group group) {
  enum { POINTS = 25 };  // 1 KiB to 16 GiB
  const clx_network *network = &s->scenario->machine.network;
  const char *name = clx_collective_name[kind];
  double bytes[POINTS], time[POINTS];
  char what[48], series[64];
  for (int32_t i = 0; i < CLX_COUNT(SIZES); i++) {
    const clx_collective_cost cost = clx_collective_cost_of(network, (clx_collective)kind, group, SIZES[i].bytes);
    if (cost.time <= 0) continue;
    snprintf(what, sizeof what, "time_%s", SIZES[i].name);
    CLX_TRY(put_named(s->result, name, what, cost.time, "s", "alone on the network, fastest algorithm", s->error));
    snprintf(what, sizeof what, "bus_bandwidth_%s", SIZES[i].name);
    CLX_TRY(put_named(s->result, name, what, SIZES[i].bytes * bus_factor(kind, group.size) / cost.time, "B/s",
                      "bytes of one rank on the wire over time, as nccl-tests counts them", s->error));
    char chosen[64];
    snprintf(what, sizeof what, "algorithm_%s", SIZES[i].name);
    snprintf(chosen, sizeof chosen, "%s, %s", clx_algorithm_name[cost.algorithm], clx_protocol_name[cost.protocol]);
    CLX_TRY(say_named(s->result, name, what, chosen, s->error));
  }
  for (int32_t i = 0; i < POINTS; i++) {
    bytes[i] = ldexp(1024, i);
    time[i] = clx_collective_time(network, (clx_collective)kind, group, bytes[i]);
  }
  snprintf(series, sizeof series, "network.%s.time", name);
  CLX_TRY(put_named(s->result, name, "ranks", group.size, "", "ranks of the group", s->error));
  return clx_result_add_series(s->result, series, "s", time, "bytes", "B", bytes, POINTS, s->error);
}

// Over the whole job; point to point between GPUs of two neighbouring domains; experts over their own group.
static clx_status add_collectives(const study *s) {
  const clx_network *network = &s->scenario->machine.network;
  const int32_t ranks = (int32_t)fmin((double)s->scenario->job_gpus, 1 << 30);
  const int32_t experts = s->scenario->job.layout.ep;
  const clx_group all = clx_group_make(network, ranks, 1);
  const int32_t apart = network->domain > 0 && network->domain < ranks ? network->domain : 1;
  tell(s, "collectives");
  for (int32_t kind = 0; kind < CLX_COLLECTIVES; kind++) {
    if (ranks < 2) break;
    if (kind == CLX_DISPATCH || kind == CLX_COMBINE) {
      if (experts < 2) continue;
      CLX_TRY(put_collective(s, kind, clx_group_make(network, experts, 1)));
    } else {
      CLX_TRY(put_collective(s, kind, kind == CLX_SEND_RECEIVE ? clx_group_make(network, 2, apart) : all));
    }
  }
  return CLX_OK;
}

// --- failures --------------------------------------------------------------------------------------------------------

// "leaf 17 port 3" -> "leaf_link", "spine 4" -> "spine", "nic 1 of server 204" -> "nic".
static void failure_slug(const clx_fabric_failure *failure, char *slug, size_t size) {
  const size_t word = strcspn(failure->name, " ");
  snprintf(slug, size, "failure.%.*s%s", (int)word, failure->name, failure->part.kind == CLX_FAULT_LINK ? "_link" : "");
}

static clx_status add_failures(const study *s) {
  clx_fabric_failure failures[CLX_FABRIC_FAILURES_MAX];
  int32_t count = 0;
  tell(s, "one failure of every kind");
  CLX_TRY(clx_fabric_study_failures(s->fabric, CLX_PATTERN_PERMUTATION, &s->scenario->spec.network.placement,
                                    s->options->seed, failures, &count, s->error));
  for (int32_t i = 0; i < count; i++) {
    const clx_fabric_failure *f = &failures[i];
    char subject[80];
    failure_slug(f, subject, sizeof subject);
    const struct {
      const char *what, *unit, *doc;
      double value;
    } rows[] = {
        {"mean", "B/s", "rate of one NIC in a permutation, mean over those that reach their peer", f->mean_after},
        {"worst", "B/s", "rate of the slowest NIC that reaches its peer", f->worst_after},
        {"slowed", "", "NICs that lose more than 1 %", (double)f->slowed},
        {"slowed_share", "", "what these keep, mean", f->slowed_share},
        {"cut", "", "NICs that reach their peer no more: their job stops", (double)f->cut},
    };
    for (int32_t k = 0; k < CLX_COUNT(rows); k++) {
      CLX_TRY(put_named(s->result, subject, rows[k].what, rows[k].value, rows[k].unit, rows[k].doc, s->error));
    }
    CLX_TRY(say_named(s->result, subject, "part", f->name, s->error));
  }
  return CLX_OK;
}

// --- load of links ---------------------------------------------------------------------------------------------------

static clx_status add_heat(const study *s, const double *load) {
  clx_fabric_heat heat[CLX_LINK_CLASSES_MAX];
  int32_t count = 0, hot_count = 0;
  tell(s, "load of links");
  CLX_TRY(clx_fabric_study_heat(s->fabric, load, heat, &count, NULL, NULL, &hot_count, s->error));
  for (int32_t i = 0; i < count; i++) {
    const clx_fabric_heat *h = &heat[i];
    char slug[64], subject[80], fullest[96];
    clx_result_slug(h->name, slug, sizeof slug);
    snprintf(subject, sizeof subject, "heat.%s", slug);
    const struct {
      const char *what, *unit, *doc;
      double value;
    } rows[] = {
        {"links", "", "links of this class, in one plane; under spraying, bundles that act as one", h->links},
        {"rate", "B/s", "of one of them, as built", h->links > 0 ? h->rate / h->links : 0},
        {"min", "", "load of the emptiest over what is left of it", h->least},
        {"mean", "", "load over what is left of a link, mean", h->mean},
        {"max", "", "load of the fullest over what is left of it", h->most},
    };
    for (int32_t k = 0; k < CLX_COUNT(rows); k++) {
      CLX_TRY(put_named(s->result, subject, rows[k].what, rows[k].value, rows[k].unit, rows[k].doc, s->error));
    }
    clx_fabric_study_link_name(s->fabric, h->fullest, fullest, sizeof fullest);
    CLX_TRY(say_named(s->result, subject, "fullest", fullest, s->error));
    CLX_TRY(say_named(s->result, subject, "class", h->name, s->error));
  }
  static const char *const traffic[CLX_STUDY_TRAFFICS] = {
      "under a random permutation of all NICs", "under rings of all servers", "under an all-to-all of all NICs"};
  return say_named(s->result, "heat", "traffic", traffic[s->traffic], s->error);
}

static clx_status run_study(const study *s) {
  double *load = CLX_NEW_ARRAY(s->arena, double, clx_fabric_link_total(s->fabric) + 1);
  if (load == NULL) return clx_fail_plain(s->error, CLX_MEMORY, "out of memory");
  CLX_TRY(add_patterns(s, load));
  CLX_TRY(add_collectives(s));
  CLX_TRY(add_failures(s));
  return add_heat(s, load);
}

static clx_status find_traffic(const char *name, int32_t *traffic, clx_error *error) {
  *traffic = CLX_STUDY_PERMUTATION;
  if (name == NULL) return CLX_OK;
  for (int32_t i = 0; i < CLX_STUDY_TRAFFICS; i++) {
    *traffic = i;
    if (clx_text_equal_loose(name, clx_study_traffic_name[i])) return CLX_OK;
  }
  const char *near = clx_nearest(name, clx_study_traffic_name, CLX_STUDY_TRAFFICS);
  return clx_fail_plain(error, CLX_INPUT, "no traffic '%s'%s%s%s", name,
                        near != NULL ? "; did you mean '" : ": there are permutation, ring and all_to_all",
                        near != NULL ? near : "", near != NULL ? "'?" : "");
}

clx_status clx_twin_network(const clx_scenario *scenario, const clx_network_options *options, clx_result *result,
                            clx_error *error) {
  const clx_scenario_spec *spec = &scenario->spec;
  int32_t traffic;
  CLX_TRY(find_traffic(options->traffic, &traffic, error));
  CLX_TRY(clx_result_add_text(result, "scenario.name", spec->name, error));
  CLX_TRY(clx_result_add_text(result, "scenario.title", spec->title != NULL ? spec->title : spec->name, error));
  CLX_TRY(clx_twin_machine(scenario, result, error));
  CLX_TRY(clx_twin_network_summary(scenario, result, error));
  study s = {.scenario = scenario,
             .fabric = &scenario->machine.fabric,
             .options = options,
             .traffic = traffic,
             .arena = clx_arena_new(),
             .result = result,
             .error = error};
  if (s.arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const clx_status status = run_study(&s);
  clx_arena_free(s.arena);
  return status;
}
