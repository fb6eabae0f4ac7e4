// The study of `colossus network`: patterns of traffic, jobs side by side, collectives over the whole job, one failure of every
// kind, load of links.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "fabric/fabric_study.h"
#include "twin/twin_internal.h"

const char *const clx_study_traffic_name[CLX_STUDY_TRAFFICS + 1] = {"permutation", "ring", "all_to_all", "jobs", NULL};

// A study in the making.
typedef struct study {
  const clx_scenario *scenario;
  const clx_fabric *fabric;
  const clx_network_options *options;
  uint64_t seed;
  int32_t traffic;  // clx_study_traffic whose loads are kept
  double *load;     // of links
  clx_arena *arena;
  clx_result *result;
  clx_error *error;
} study;

static clx_status say_named(clx_result *result, const char *subject, const char *what, const char *text,
                            clx_error *error) {
  char name[112];
  snprintf(name, sizeof name, "network.%s.%s", subject, what);
  return clx_result_add_text(result, name, text, error);
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
      {"mean", "B/s",
       "rate of one NIC (torus, mesh, direct: of one server), mean over all that send; sub-flows share its data as "
       "they go",
       p->mean},
      {"worst", "B/s", "rate of the slowest NIC (torus, mesh, direct: server)", p->worst},
      {"share", "", "mean over the line rate of a NIC (torus, mesh, direct: of all ports of a server)", p->share},
      {"split_mean", "B/s", "the same when every sub-flow carries an equal part and the slowest decides",
       p->split_mean},
      {"split_worst", "B/s", "slowest NIC when every sub-flow carries an equal part", p->split_worst},
      {"split_share", "", "split_mean over the line rate of a NIC", p->split_share},
  };
  for (int32_t i = 0; i < CLX_COUNT(rows); i++) {
    CLX_TRY(clx_twin_put_network(s->result, subject, rows[i].what, rows[i].value, rows[i].unit, rows[i].doc, s->error));
  }
  return CLX_OK;
}

// Where a study of this traffic leaves the loads of links.
static double *load_of(const study *s, int32_t traffic) { return s->traffic == traffic ? s->load : NULL; }

// Rails that are fabrics of their own: NICs of different rails do not reach each other.
static bool has_own_rails(const clx_fabric *f) {
  return f->spec.topology == CLX_TOPOLOGY_CLOS && f->spec.wiring == CLX_WIRING_RAIL_ONLY && f->rails > 1;
}

// Rates of 0 that are no fault.
static clx_status say_silent(const study *s, const char *subject) {
  return say_named(s->result, subject, "remark", "one server: nothing leaves it", s->error);
}

static clx_status add_patterns(const study *s) {
  const clx_placement *placement = &s->scenario->spec.network.placement;
  clx_fabric_pattern_result p = {0};
  if (!has_own_rails(s->fabric)) {
    tell(s, "random permutation");
    CLX_TRY(clx_fabric_study_permutation(s->fabric, s->seed, &p, load_of(s, CLX_STUDY_PERMUTATION), s->error));
    CLX_TRY(put_pattern(s, "permutation", &p));
  }
  tell(s, "rings");
  CLX_TRY(clx_fabric_study_ring(s->fabric, placement, s->seed, &p, load_of(s, CLX_STUDY_RING), s->error));
  CLX_TRY(put_pattern(s, "ring", &p));
  CLX_TRY(say_named(s->result, "ring", "placement", clx_placement_name[placement->kind], s->error));
  if (p.nics == 0) CLX_TRY(say_silent(s, "ring"));
  if (has_own_rails(s->fabric)) {
    return clx_result_warn(
        s->result, s->error,
        "every rail is a fabric of its own, so that not every NIC reaches every other: permutation and "
        "all-to-all over all NICs are left out, failures are those of rings");
  }
  tell(s, "all-to-all");
  CLX_TRY(clx_fabric_study_all_to_all(s->fabric, &p, load_of(s, CLX_STUDY_ALL_TO_ALL), s->error));
  return put_pattern(s, "all_to_all", &p);
}

// --- jobs side by side -----------------------------------------------------------------------------------------------

static clx_status put_job(const study *s, const char *subject, const char *name, const clx_fabric_traffic *traffic,
                          const clx_fabric_pattern_result *together, const clx_fabric_pattern_result *alone) {
  CLX_TRY(put_pattern(s, subject, together));
  CLX_TRY(clx_twin_put_network(s->result, subject, "servers", traffic->nodes, "", "servers of the job", s->error));
  CLX_TRY(clx_twin_put_network(s->result, subject, "alone", alone->mean, "B/s",
                               "mean rate of one NIC when no other job sends", s->error));
  if (together->nics == 0 && traffic->nodes == 1) CLX_TRY(say_silent(s, subject));
  CLX_TRY(say_named(s->result, subject, "name", name, s->error));
  return say_named(s->result, subject, "pattern", clx_pattern_name[traffic->pattern], s->error);
}

// The training job, as rings, and the other jobs of the scenario, all at once and each alone.
static clx_status add_jobs(const study *s) {
  const clx_network_spec *spec = &s->scenario->spec.network;
  const int32_t count = 1 + spec->job_count;
  if (spec->job_count == 0) return CLX_OK;
  tell(s, "jobs side by side");
  clx_fabric_traffic *traffic = CLX_NEW_ARRAY(s->arena, clx_fabric_traffic, count);
  clx_fabric_pattern_result *together = CLX_NEW_ARRAY(s->arena, clx_fabric_pattern_result, count);
  if (traffic == NULL || together == NULL) return clx_fail_plain(s->error, CLX_MEMORY, "out of memory");
  CLX_TRY(clx_scenario_jobs(s->scenario, s->seed, s->arena, traffic, s->error));
  CLX_TRY(clx_fabric_study_traffic(s->fabric, traffic, count, s->seed, together, load_of(s, CLX_STUDY_JOBS), s->error));
  for (int32_t i = 0; i < count; i++) {
    char subject[32] = "job";
    clx_fabric_pattern_result alone;
    if (i > 0) snprintf(subject, sizeof subject, "job_%d", i);
    CLX_TRY(clx_fabric_study_traffic(s->fabric, &traffic[i], 1, s->seed, &alone, NULL, s->error));
    CLX_TRY(put_job(s, subject, i == 0 ? "training" : spec->jobs[i - 1].name, &traffic[i], &together[i], &alone));
  }
  return CLX_OK;
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

// Time and bus bandwidth of one size, with the band of the library's record.
static clx_status put_cost(const study *s, int32_t kind, clx_group group, int32_t size, double time) {
  const double error = fmin(clx_library_error(&s->scenario->machine.network, group, SIZES[size].bytes), 0.99);
  const double bandwidth = SIZES[size].bytes * bus_factor(kind, group.size) / time;
  char name[112], doc[240];
  const char *band = error > 0 ? "; band: mean error of the library's record for GPUs, span and size like these"
                               : "; no band: the library's record has no such collectives";
  snprintf(name, sizeof name, "network.%s.time_%s", clx_collective_name[kind], SIZES[size].name);
  snprintf(doc, sizeof doc, "alone on the network, fastest algorithm%s", band);
  CLX_TRY(clx_result_add(s->result, name, time, "s", time * (1 - error), time * (1 + error), doc, s->error));
  snprintf(name, sizeof name, "network.%s.bus_bandwidth_%s", clx_collective_name[kind], SIZES[size].name);
  snprintf(doc, sizeof doc, "bytes of one rank on the wire over time, as nccl-tests counts them%s", band);
  return clx_result_add(s->result, name, bandwidth, "B/s", bandwidth / (1 + error), bandwidth / (1 - error), doc,
                        s->error);
}

static clx_status put_collective(const study *s, int32_t kind, clx_group group) {
  enum { POINTS = 25 };  // 1 KiB to 16 GiB
  const clx_network *network = &s->scenario->machine.network;
  const char *name = clx_collective_name[kind];
  double bytes[POINTS], time[POINTS];
  char what[48], series[64];
  for (int32_t i = 0; i < CLX_COUNT(SIZES); i++) {
    const clx_collective_cost cost = clx_collective_cost_of(network, (clx_collective)kind, group, SIZES[i].bytes);
    if (cost.time <= 0) continue;
    CLX_TRY(put_cost(s, kind, group, i, cost.time));
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
  CLX_TRY(clx_twin_put_network(s->result, name, "ranks", group.size, "", "ranks of the group", s->error));
  return clx_result_add_series(s->result, series, "s", time, "bytes", "B", bytes, POINTS, s->error);
}

static clx_status warn_of_size(const study *s, int32_t ranks) {
  const clx_kernel_fit *fit = &s->scenario->machine.network.library->fit;
  if (fit->high_count < 1 || ranks <= fit->high[0]) return CLX_OK;
  return clx_result_warn(s->result, s->error,
                         "extrapolated: the largest measured collective has %.0f GPUs, those of this job %d",
                         fit->high[0], ranks);
}

// Over the whole job; point to point between GPUs of two neighbouring domains; experts over their own group.
static clx_status add_collectives(const study *s) {
  const clx_network *network = &s->scenario->machine.network;
  const clx_layout *l = &s->scenario->job.layout;
  const double laid_out = l->tp > 0 && l->dp > 0 ? (double)l->tp * l->pp * l->cp * l->dp : 0;
  const int32_t ranks = (int32_t)fmin(laid_out > 0 ? laid_out : (double)s->scenario->job_gpus, 1 << 30);
  const int32_t experts = s->scenario->job.layout.ep;
  const clx_group all = clx_group_make(network, ranks, 1);
  const int32_t apart = network->domain > 0 && network->domain < ranks ? network->domain : 1;
  tell(s, "collectives");
  CLX_TRY(warn_of_size(s, ranks));
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

// Every failure is a solve of its own: with very many sub-flows fewer of them stand for all, and the result says so.
static clx_status thin_flows(const study *s, clx_fabric *fabric) {
  enum { FLOWS_MAX = 500000 };
  *fabric = *s->fabric;
  const int64_t most = FLOWS_MAX / fabric->endpoints, flows = fabric->spec.flows;
  if (fabric->spec.routing != CLX_ROUTING_ECMP || flows <= 1 || flows <= most) return CLX_OK;
  fabric->spec.flows = most > 1 ? (int32_t)most : 1;
  return clx_result_warn(s->result, s->error, "failures were studied with %d sub-flows a NIC instead of %lld",
                         fabric->spec.flows, (long long)flows);
}

static clx_status add_failures(const study *s) {
  clx_fabric_failure failures[CLX_FABRIC_FAILURES_MAX];
  clx_fabric fabric;
  int32_t count = 0;
  tell(s, "one failure of every kind");
  const int32_t pattern = has_own_rails(s->fabric) ? CLX_PATTERN_RING : CLX_PATTERN_PERMUTATION;
  CLX_TRY(thin_flows(s, &fabric));
  CLX_TRY(clx_fabric_study_failures(&fabric, pattern, &s->scenario->spec.network.placement, s->seed, failures, &count,
                                    s->error));
  CLX_TRY(say_named(s->result, "failure", "traffic", clx_pattern_name[pattern], s->error));
  for (int32_t i = 0; i < count; i++) {
    const clx_fabric_failure *f = &failures[i];
    char subject[80];
    failure_slug(f, subject, sizeof subject);
    const struct {
      const char *what, *unit, *doc;
      double value;
    } rows[] = {
        {"mean", "B/s", "rate of one NIC (torus, mesh, direct: server), mean over those that reach their peer",
         f->mean_after},
        {"worst", "B/s", "rate of the slowest NIC that reaches its peer", f->worst_after},
        {"slowed", "", "NICs that lose more than 1 %", (double)f->slowed},
        {"slowed_share", "", "what these keep, mean", f->slowed_share},
        {"cut", "", "NICs that reach their peer no more: their job stops", (double)f->cut},
    };
    for (int32_t k = 0; k < CLX_COUNT(rows); k++) {
      CLX_TRY(
          clx_twin_put_network(s->result, subject, rows[k].what, rows[k].value, rows[k].unit, rows[k].doc, s->error));
    }
    char part[96];
    const bool bare = f->part.kind == CLX_FAULT_LINK && f->part.tier == 0 && strncmp(f->name, "cable", 5) != 0;
    snprintf(part, sizeof part, "%s%s", bare ? "cable of " : "", f->name);
    CLX_TRY(say_named(s->result, subject, "part", part, s->error));
  }
  return CLX_OK;
}

// --- load of links ---------------------------------------------------------------------------------------------------

static clx_status add_heat(const study *s) {
  clx_fabric_heat heat[CLX_LINK_CLASSES_MAX];
  int32_t count = 0, hot_count = 0;
  tell(s, "load of links");
  CLX_TRY(clx_fabric_study_heat(s->fabric, s->load, heat, &count, NULL, NULL, &hot_count, s->error));
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
      CLX_TRY(
          clx_twin_put_network(s->result, subject, rows[k].what, rows[k].value, rows[k].unit, rows[k].doc, s->error));
    }
    clx_fabric_study_link_name(s->fabric, h->fullest, fullest, sizeof fullest);
    CLX_TRY(say_named(s->result, subject, "fullest", fullest, s->error));
    CLX_TRY(say_named(s->result, subject, "class", h->name, s->error));
  }
  static const char *const traffic[CLX_STUDY_TRAFFICS] = {"under a random permutation of all NICs",
                                                          "under rings of all servers",
                                                          "under an all-to-all of all NICs", "of all jobs together"};
  return say_named(s->result, "heat", "traffic", traffic[s->traffic], s->error);
}

static clx_status run_study(const study *s) {
  CLX_TRY(add_patterns(s));
  CLX_TRY(add_jobs(s));
  CLX_TRY(add_collectives(s));
  CLX_TRY(add_failures(s));
  CLX_TRY(add_heat(s));
  tell(s, "training step");
  CLX_TRY(clx_twin_timeline(s->scenario, s->arena, s->result, s->error));
  return clx_twin_assumptions(s->scenario, s->result, s->error);
}

static clx_status find_traffic(const clx_scenario *scenario, const char *name, int32_t *traffic, clx_error *error) {
  const bool jobs = scenario->spec.network.job_count > 0, rails = has_own_rails(&scenario->machine.fabric);
  *traffic = jobs ? CLX_STUDY_JOBS : rails ? CLX_STUDY_RING : CLX_STUDY_PERMUTATION;
  if (name == NULL) return CLX_OK;
  for (int32_t i = 0; i < CLX_STUDY_TRAFFICS; i++) {
    *traffic = i;
    if (!clx_text_equal_loose(name, clx_study_traffic_name[i])) continue;
    if (i == CLX_STUDY_JOBS && !jobs)
      return clx_fail_plain(error, CLX_INPUT, "traffic 'jobs' needs other jobs in the scenario: network.jobs");
    if (rails && (i == CLX_STUDY_PERMUTATION || i == CLX_STUDY_ALL_TO_ALL))
      return clx_fail_plain(error, CLX_INPUT, "traffic '%s' needs a fabric that joins the rails, this one is rail-only",
                            clx_study_traffic_name[i]);
    return CLX_OK;
  }
  const char *near = clx_nearest(name, clx_study_traffic_name, CLX_STUDY_TRAFFICS);
  return clx_fail_plain(error, CLX_INPUT, "no traffic '%s'%s%s%s", name,
                        near != NULL ? "; did you mean '" : ": there are permutation, ring, all_to_all and jobs",
                        near != NULL ? near : "", near != NULL ? "'?" : "");
}

clx_status clx_twin_network(const clx_scenario *scenario, const clx_network_options *options, clx_result *result,
                            clx_error *error) {
  CLX_TRY(clx_scenario_need_training(scenario, error));
  int32_t traffic;
  CLX_TRY(find_traffic(scenario, options->traffic, &traffic, error));
  CLX_TRY(clx_twin_scenario(scenario, result, error));
  CLX_TRY(clx_twin_machine(scenario, result, error));
  CLX_TRY(clx_twin_network_summary(scenario, result, error));
  study s = {.scenario = scenario,
             .fabric = &scenario->machine.fabric,
             .options = options,
             .seed = options->seed > 0 ? options->seed : (uint64_t)scenario->spec.network.fabric.seed,
             .traffic = traffic,
             .arena = clx_arena_new(),
             .result = result,
             .error = error};
  if (s.arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  s.load = CLX_NEW_ARRAY(s.arena, double, clx_fabric_link_total(s.fabric) + 1);
  const clx_status status = s.load != NULL ? run_study(&s) : clx_fail_plain(error, CLX_MEMORY, "out of memory");
  clx_arena_free(s.arena);
  return status;
}
