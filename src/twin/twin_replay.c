// Traces of others, played on the device and the network of a scenario.
#include <math.h>
#include <stdio.h>

#include "import/import_chakra.h"
#include "replay/replay.h"
#include "twin/twin_internal.h"

enum { TRACED_RANKS = 8 };

typedef struct player {
  const clx_scenario *scenario;
  const clx_chakra_options *options;
  clx_arena *arena;
  clx_result *result;
  clx_execution execution;
  clx_chakra_report report;
  clx_replay_setting setting;
  clx_device recorded;
  clx_replay replay;
  clx_error *error;
} player;

static clx_status no_memory(clx_error *error) { return clx_fail_plain(error, CLX_MEMORY, "out of memory"); }

static clx_status put(player *p, const char *name, double value, const char *unit, const char *doc) {
  return clx_twin_put(p->result, name, value, unit, doc, p->error);
}

// --- setting ----------------------------------------------------------------------------------------------------------------

// The index of a word in a NULL-terminated list; NULL = the first.
static clx_status choose(const char *what, const char *word, const char *const *words, int32_t otherwise,
                         int32_t *index, clx_error *error) {
  char list[160];
  size_t length = 0;
  *index = otherwise;
  if (word == NULL) return CLX_OK;
  for (int32_t i = 0; words[i] != NULL; i++) {
    *index = i;
    if (clx_text_equal_loose(words[i], word)) return CLX_OK;
    length += (size_t)snprintf(list + length, sizeof list - length, "%s%s", i > 0 ? ", " : "", words[i]);
  }
  return clx_fail_plain(error, CLX_INPUT, "%s '%.40s': there are %s", what, word, list);
}

static clx_status set_up(player *p) {
  const clx_scenario *s = p->scenario;
  const clx_chakra_options *o = p->options;
  int32_t format = CLX_BF16;
  p->setting = (clx_replay_setting){.device = &s->device,
                                    .network = &s->machine.network,
                                    .recorded_transfers = o->recorded_transfers,
                                    .rendezvous = o->rendezvous,
                                    .alone = o->alone};
  CLX_TRY(choose("compute", o->compute, clx_replay_compute_name, CLX_REPLAY_AUTO, &p->setting.compute, p->error));
  CLX_TRY(choose("precision", o->precision, clx_format_name, CLX_BF16, &format, p->error));
  p->setting.format = (clx_format)format;
  if (p->setting.device->peak[format] <= 0)
    return clx_fail_plain(p->error, CLX_INPUT, "%s has no rate for %s", s->device.name, clx_format_name[format]);
  if (o->recorded == NULL) return CLX_OK;
  CLX_TRY(clx_catalog_read_device(s->catalog, o->recorded, (clx_place){0}, p->arena, &p->recorded, p->error));
  p->setting.recorded = &p->recorded;
  return CLX_OK;
}

// --- what was found ---------------------------------------------------------------------------------------------------------

static clx_status add_counts(player *p, const char *prefix) {
  const clx_execution *x = &p->execution;
  const struct {
    const char *name;
    double value;
    const char *unit, *doc;
  } rows[] = {
      {"replay.step_time", p->replay.time, "s", "from the start to the end of the last node of any rank"},
      {"replay.ranks", x->rank_count, "", "of which there are traces"},
      {"replay.nodes", (double)x->node_count, "", "of all ranks"},
      {"replay.dependencies", (double)x->dependency_count, "", "between nodes of one rank"},
      {"replay.stream_edges", (double)x->stream_edges, "", "of these, added so that streams keep their order"},
      {"replay.transfers", (double)p->replay.transfer_count, "", "collectives and messages"},
      {"replay.shared", (double)p->replay.shared, "", "transfers that others slowed down on shared links"},
  };
  for (int32_t i = 0; i < CLX_COUNT(rows); i++) CLX_TRY(put(p, rows[i].name, rows[i].value, rows[i].unit, rows[i].doc));
  CLX_TRY(clx_result_add_text(p->result, "replay.source", prefix, p->error));
  CLX_TRY(clx_result_add_text(p->result, "replay.device", p->scenario->device.title, p->error));
  CLX_TRY(clx_result_add_text(p->result, "replay.compute", clx_replay_compute_name[p->setting.compute], p->error));
  if (p->setting.recorded != NULL)
    CLX_TRY(clx_result_add_text(p->result, "replay.recorded", p->recorded.title, p->error));
  const char *transfers = p->setting.recorded_transfers ? "as recorded"
                          : p->setting.alone            ? "network, each alone"
                                                        : "network, sharing links";
  return clx_result_add_text(p->result, "replay.transfers", transfers, p->error);
}

static double part_of(const clx_replay_rank *r, int32_t part) {
  const double all[] = {r->compute, r->exposed, r->waiting, r->host, r->idle, r->communication};
  return all[part];
}

static clx_status add_ranks(player *p) {
  static const char *const names[][2] = {
      {"compute", "in which the device computes"},
      {"exposed", "of transfers with no computing beside them"},
      {"waiting", "of waiting for other ranks, with nothing else going on"},
      {"host", "in which only the host works"},
      {"idle", "in which nothing goes on"},
      {"communication", "of transfers, hidden ones included"},
  };
  const int32_t count = p->execution.rank_count;
  clx_replay_rank *rank = CLX_NEW_ARRAY(p->arena, clx_replay_rank, count);
  double *x = CLX_NEW_ARRAY(p->arena, double, count), *y = CLX_NEW_ARRAY(p->arena, double, count);
  if (rank == NULL || x == NULL || y == NULL) return no_memory(p->error);
  CLX_TRY(clx_replay_ranks(p->arena, &p->execution, &p->replay, rank, p->error));
  for (int32_t part = 0; part < CLX_COUNT(names); part++) {
    char name[64], doc[120];
    double sum = 0, least = INFINITY, most = 0;
    for (int32_t i = 0; i < count; i++) {
      x[i] = i;
      y[i] = part_of(&rank[i], part);
      sum += y[i];
      least = fmin(least, y[i]);
      most = fmax(most, y[i]);
    }
    snprintf(name, sizeof name, "replay.rank.%s", names[part][0]);
    snprintf(doc, sizeof doc, "time of a rank %s; mean, least and most", names[part][1]);
    const double mean = fmin(most, fmax(least, sum / count));
    CLX_TRY(clx_result_add(p->result, name, mean, "s", least, most, doc, p->error));
    if (count <= CLX_REPLAY_SERIES_MAX)
      CLX_TRY(clx_result_add_series(p->result, name, "s", y, "rank", "", x, count, p->error));
  }
  return CLX_OK;
}

static clx_status put_row(player *p, const char *table, int32_t row, const char *what, double value, const char *unit,
                          const char *doc) {
  char name[64];
  snprintf(name, sizeof name, "replay.%s_%d.%s", table, row + 1, what);
  return put(p, name, value, unit, doc);
}

static clx_status put_word(player *p, const char *table, int32_t row, const char *what, const char *word) {
  char name[64];
  snprintf(name, sizeof name, "replay.%s_%d.%s", table, row + 1, what);
  return clx_result_add_text(p->result, name, word, p->error);
}

static clx_status add_collectives(player *p) {
  clx_replay_collective *table = NULL;
  int32_t count = 0;
  CLX_TRY(clx_replay_collectives(p->arena, &p->execution, &p->setting, &p->replay, &table, &count, p->error));
  CLX_TRY(put(p, "replay.collectives", count, "", "different ones by kind, ranks and bytes"));
  for (int32_t i = 0; i < count && i < CLX_REPLAY_ROWS_MAX; i++) {
    const clx_replay_collective *c = &table[i];
    CLX_TRY(put_word(p, "collective", i, "kind", clx_collective_name[c->kind]));
    CLX_TRY(put_row(p, "collective", i, "count", (double)c->count, "", "how many"));
    CLX_TRY(put_row(p, "collective", i, "ranks", c->group.size, "", "that take part"));
    if (c->group.inside > 0)
      CLX_TRY(put_row(p, "collective", i, "inside", c->group.inside, "", "ranks in one NVLink domain"));
    CLX_TRY(put_row(p, "collective", i, "bytes", c->bytes, "B", "as nccl-tests counts them"));
    CLX_TRY(put_row(p, "collective", i, "time", c->time, "s", "of one, once all have come; mean"));
    CLX_TRY(put_row(p, "collective", i, "alone", c->alone, "s", "of one on links of its own"));
    CLX_TRY(put_row(p, "collective", i, "waiting", c->waiting, "s", "of a member for the last one; mean"));
  }
  return CLX_OK;
}

static clx_status add_critical(player *p) {
  clx_replay_path path;
  CLX_TRY(clx_replay_critical(p->arena, &p->execution, &p->replay, &path, p->error));
  CLX_TRY(put(p, "replay.last_rank", path.last_rank, "", "that ends last"));
  CLX_TRY(put(p, "replay.critical.nodes", (double)path.nodes, "", "on the path that decides the time"));
  for (int32_t kind = CLX_OPERATION_HOST; kind < CLX_OPERATION_KINDS; kind++) {
    char name[64];
    snprintf(name, sizeof name, "replay.critical.%s", clx_operation_kind_name[kind]);
    CLX_TRY(put(p, name, path.time[kind], "s", "part of the path that decides the time"));
  }
  for (int32_t i = 0; i < path.count && i < CLX_REPLAY_STEPS_MAX && path.step[i].time > 0; i++) {
    const clx_replay_step *s = &path.step[i];
    CLX_TRY(put_word(p, "critical", i, "name", s->name));
    CLX_TRY(put_word(p, "critical", i, "kind", clx_operation_kind_name[s->kind]));
    CLX_TRY(put_row(p, "critical", i, "time", s->time, "s", "of nodes of this name on the path"));
    CLX_TRY(put_row(p, "critical", i, "count", (double)s->count, "", "of them"));
  }
  return CLX_OK;
}

static clx_status warn(player *p, int64_t count, const char *text) {
  return count > 0 ? clx_result_warn(p->result, p->error, "%lld %s", (long long)count, text) : CLX_OK;
}

static clx_status add_warnings(player *p) {
  const clx_chakra_report *r = &p->report;
  int64_t approximated = 0;
  for (int32_t i = 0; i < CLX_COLLECTIVES; i++) approximated += r->approximated[i];
  CLX_TRY(warn(p, r->missing_zero + r->missing_control, "dependencies on nodes that do not exist were dropped"));
  CLX_TRY(warn(p, r->without_peer, "sends and receives name no other rank: they take their recorded time"));
  CLX_TRY(warn(p, approximated, "collectives are priced as another kind (colossus import chakra says which)"));
  CLX_TRY(warn(p, r->storage, "storage, batch and checkpoint nodes take their recorded time on the host"));
  CLX_TRY(warn(p, p->replay.without_cost, "compute nodes have neither a time nor work: they take none"));
  CLX_TRY(warn(p, p->replay.unequal, "members of transfers name other sizes than the rest: the largest counts"));
  return warn(p, p->replay.beyond_sharing,
              "times a transfer met too many others on a rank: it was not slowed by these");
}

static clx_status add_trace(player *p, clx_trace *trace) {
  clx_rank_list list = {.rank = CLX_NEW_ARRAY(p->arena, int64_t, CLX_TRACE_RANKS_MAX)};
  if (list.rank == NULL) return no_memory(p->error);
  if (p->options->trace_ranks != NULL) {
    CLX_TRY(clx_twin_rank_list(p->options->trace_ranks, &list, p->error));
  } else {
    for (int32_t i = 0; i < p->execution.rank_count && i < TRACED_RANKS; i++) list.rank[list.count++] = i;
  }
  CLX_TRY(clx_replay_trace(p->arena, &p->execution, &p->replay, list.rank, list.count, trace, p->error));
  trace->title = clx_result_fact(p->result, "replay.source");
  return CLX_OK;
}

clx_status clx_twin_replay(const clx_scenario *scenario, const char *prefix, const clx_chakra_options *options,
                           clx_arena *arena, clx_result *result, clx_trace *trace, clx_error *error) {
  CLX_TRY(clx_scenario_need_training(scenario, error));
  static const clx_chakra_options none = {0};
  player p = {.scenario = scenario,
              .options = options != NULL ? options : &none,
              .arena = arena,
              .result = result,
              .error = error};
  CLX_TRY(set_up(&p));
  CLX_TRY(clx_chakra_load(arena, prefix, p.options->groups, &p.execution, &p.report, error));
  if (p.execution.rank_count > scenario->machine.gpus)
    return clx_fail_plain(error, CLX_INFEASIBLE, "the traces are of %d ranks, the machine has %lld GPUs",
                          p.execution.rank_count, (long long)scenario->machine.gpus);
  CLX_TRY(clx_replay_run(arena, &p.execution, &p.setting, &p.replay, error));
  CLX_TRY(add_counts(&p, prefix));
  CLX_TRY(add_ranks(&p));
  CLX_TRY(add_collectives(&p));
  CLX_TRY(add_critical(&p));
  CLX_TRY(add_warnings(&p));
  CLX_TRY(clx_twin_assumptions(scenario, result, error));
  return trace != NULL ? add_trace(&p, trace) : CLX_OK;
}
