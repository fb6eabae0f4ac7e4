// Schedules as documents: a list of rounds.
#include <string.h>

#include "network/network_schedule.h"
#include "schema/schema.h"
#include "unit/unit.h"

typedef struct round_spec {
  const char *name;
  const clx_node *flows, *after;
  int32_t shift, exchange, all_to_all;
  double bytes;
  int32_t size, stride;
  int32_t *ranks;
  int32_t rank_count;
  int64_t repeat;
  double wait;
  clx_place place, shift_place, exchange_place, bytes_place, size_place, stride_place, ranks_place;
} round_spec;

typedef struct schedule_spec {
  const char *name;
  int32_t ranks;
  round_spec *rounds;
  int32_t round_count;
  clx_place place, ranks_place;
} schedule_spec;

static const clx_row round_rows[] = {
    {.key = "name", .kind = CLX_ROW_TEXT, .offset = offsetof(round_spec, name), .doc = "for `after` of later rounds"},
    {.key = "flows",
     .kind = CLX_ROW_NODE,
     .offset = offsetof(round_spec, flows),
     .doc = "list of [from rank, to rank, bytes]: flows that begin together"},
    {.key = "shift",
     .kind = CLX_ROW_INT,
     .offset = offsetof(round_spec, shift),
     .place_offset = offsetof(round_spec, shift_place),
     .doc = "every member of a group sends to the one this many places further, modulo the group (a ring: 1)"},
    {.key = "xor",
     .kind = CLX_ROW_INT,
     .offset = offsetof(round_spec, exchange),
     .place_offset = offsetof(round_spec, exchange_place),
     .doc = "member i of a group exchanges with member i XOR this (recursive doubling)"},
    {.key = "all_to_all",
     .kind = CLX_ROW_BOOL,
     .offset = offsetof(round_spec, all_to_all),
     .doc = "every member of a group sends to every other one"},
    {.key = "bytes",
     .kind = CLX_ROW_REAL,
     .offset = offsetof(round_spec, bytes),
     .place_offset = offsetof(round_spec, bytes_place),
     .unit = "B",
     .doc = "one message of shift, xor or all_to_all"},
    {.key = "size",
     .kind = CLX_ROW_INT,
     .offset = offsetof(round_spec, size),
     .place_offset = offsetof(round_spec, size_place),
     .minimum = 2,
     .maximum = 1 << 27,
     .doc = "groups of this many ranks; default: one group of all"},
    {.key = "stride",
     .kind = CLX_ROW_INT,
     .offset = offsetof(round_spec, stride),
     .place_offset = offsetof(round_spec, stride_place),
     .initial = 1,
     .minimum = 1,
     .maximum = 1 << 27,
     .doc = "ranks between neighbours of a group"},
    {.key = "ranks",
     .kind = CLX_ROW_INTS,
     .offset = offsetof(round_spec, ranks),
     .count_offset = offsetof(round_spec, rank_count),
     .place_offset = offsetof(round_spec, ranks_place),
     .doc = "instead of size and stride: one group of these ranks, in this order"},
    {.key = "repeat",
     .kind = CLX_ROW_COUNT,
     .offset = offsetof(round_spec, repeat),
     .initial = 1,
     .minimum = 1,
     .maximum = 1e12,
     .doc = "so many rounds, one after the other"},
    {.key = "wait",
     .kind = CLX_ROW_REAL,
     .offset = offsetof(round_spec, wait),
     .unit = "s",
     .minimum = 0,
     .maximum = 1e9,
     .doc = "after the transfers of each, before the next begins; alone: a round of computing"},
    {.key = "after",
     .kind = CLX_ROW_NODE,
     .offset = offsetof(round_spec, after),
     .doc = "name or list of names of earlier rounds that must be over; [] = from the start; default: the round above"},
};

static const clx_schema round_schema = {.name = "round",
                                        .doc = "flows that begin together; over when the slowest is",
                                        .rows = round_rows,
                                        .count = CLX_COUNT(round_rows),
                                        .size = sizeof(round_spec),
                                        .place_offset = offsetof(round_spec, place)};

static const clx_row schedule_rows[] = {
    {.key = "name", .kind = CLX_ROW_TEXT, .offset = offsetof(schedule_spec, name), .doc = "one line for people"},
    {.key = "ranks",
     .kind = CLX_ROW_INT,
     .offset = offsetof(schedule_spec, ranks),
     .place_offset = offsetof(schedule_spec, ranks_place),
     .minimum = 2,
     .maximum = 1 << 27,
     .doc = "GPUs that take part; default: all of the network"},
    {.key = "rounds",
     .kind = CLX_ROW_LIST,
     .offset = offsetof(schedule_spec, rounds),
     .count_offset = offsetof(schedule_spec, round_count),
     .sub = &round_schema,
     .required = true,
     .doc = "one after the other, unless `after` says otherwise"},
};

const clx_schema clx_schedule_schema = {.name = "schedule",
                                        .doc = "rounds of flows between ranks",
                                        .rows = schedule_rows,
                                        .count = CLX_COUNT(schedule_rows),
                                        .size = sizeof(schedule_spec),
                                        .place_offset = offsetof(schedule_spec, place)};

typedef struct reader {
  clx_arena *arena;
  const schedule_spec *spec;
  clx_round *round;
  clx_error *error;
  clx_status status;
} reader;

static void keep(reader *r, clx_status status) {
  if (r->status == CLX_OK) r->status = status;
}

static void no_memory(reader *r) { keep(r, clx_fail_plain(r->error, CLX_MEMORY, "out of memory")); }

// One number of a flow.
static double number_of(reader *r, const clx_node *node, const char *unit) {
  double value = 0;
  char why[200] = "expected a number, read a list or map";
  if (node->kind != CLX_NODE_SCALAR || clx_quantity_read(node->text, unit, &value, why, sizeof why) != CLX_OK)
    keep(r, clx_fail(r->error, CLX_INPUT, node->place, "%s", why));
  return value;
}

static int32_t rank_of(reader *r, const clx_node *node) {
  const double value = number_of(r, node, "");
  if (value >= INT32_MIN && value <= INT32_MAX && value == (double)(int32_t)value) return (int32_t)value;
  keep(r, clx_fail(r->error, CLX_INPUT, node->place, "expected the number of a rank, read '%.40s'", node->text));
  return 0;
}

static void read_flows(reader *r, const clx_node *list, clx_round *round) {
  if (list->kind != CLX_NODE_LIST || list->child_count == 0) {
    keep(r, clx_fail(r->error, CLX_INPUT, list->place, "'flows' is a list of [from, to, bytes]"));
    return;
  }
  clx_round_flow *flow = CLX_NEW_ARRAY(r->arena, clx_round_flow, list->child_count);
  clx_place *place = CLX_NEW_ARRAY(r->arena, clx_place, list->child_count);
  if (flow == NULL || place == NULL) {
    no_memory(r);
    return;
  }
  for (int32_t i = 0; i < list->child_count; i++) {
    const clx_node *item = &list->child[i];
    place[i] = item->place;
    if (item->kind != CLX_NODE_LIST || item->child_count != 3) {
      keep(r, clx_fail(r->error, CLX_INPUT, item->place, "a flow is [from, to, bytes], such as [0, 1, 64 MiB]"));
      continue;
    }
    flow[i].from = rank_of(r, &item->child[0]);
    flow[i].to = rank_of(r, &item->child[1]);
    flow[i].bytes = number_of(r, &item->child[2], "B");
  }
  round->kind = CLX_ROUND_FLOWS;
  round->flow = flow;
  round->flow_place = place;
  round->flow_count = list->child_count;
}

// The name of an earlier round that is like this one, or NULL.
static const char *nearest_round(reader *r, const char *name, int32_t index) {
  const char **names = CLX_NEW_ARRAY(r->arena, const char *, index + 1);
  int32_t count = 0;
  if (names == NULL) return NULL;
  for (int32_t i = 0; i < index; i++) {
    if (r->spec->rounds[i].name != NULL) names[count++] = r->spec->rounds[i].name;
  }
  return clx_nearest(name, names, count);
}

static int32_t round_named(reader *r, const clx_node *node, int32_t index) {
  const char *name = node->kind == CLX_NODE_SCALAR ? node->text : "";
  for (int32_t i = 0; i < r->spec->round_count; i++) {
    if (r->spec->rounds[i].name == NULL || strcmp(r->spec->rounds[i].name, name) != 0) continue;
    if (i < index) return i;
    keep(r, clx_fail(r->error, CLX_INPUT, node->place, "round '%.40s' stands %s; only earlier rounds can be waited for",
                     name, i == index ? "here itself" : "further down"));
    return -1;
  }
  const char *near = nearest_round(r, name, index);
  keep(r, clx_fail(r->error, CLX_INPUT, node->place, "no round is called '%.40s'%s%.40s%s", name,
                   near != NULL ? "; did you mean '" : "", near != NULL ? near : "", near != NULL ? "'?" : ""));
  return -1;
}

static void read_after(reader *r, int32_t index) {
  const clx_node *node = r->spec->rounds[index].after;
  clx_round *round = &r->round[index];
  const int32_t count = node == NULL ? index > 0 : node->kind == CLX_NODE_LIST ? node->child_count : 1;
  int32_t *after = CLX_NEW_ARRAY(r->arena, int32_t, count + 1);
  if (after == NULL) {
    no_memory(r);
    return;
  }
  if (node == NULL) {
    after[0] = index - 1;
  } else if (node->kind == CLX_NODE_LIST) {
    for (int32_t i = 0; i < count; i++) after[i] = round_named(r, &node->child[i], index);
  } else {
    after[0] = round_named(r, node, index);
  }
  round->after = after;
  round->after_count = count;
}

static void read_round(reader *r, int32_t index) {
  const round_spec *spec = &r->spec->rounds[index];
  clx_round *round = &r->round[index];
  const bool shift = spec->shift_place.line > 0, exchange = spec->exchange_place.line > 0;
  const int32_t kinds = (spec->flows != NULL) + shift + exchange + (spec->all_to_all != 0);
  *round = (clx_round){.name = spec->name,
                       .bytes = spec->bytes,
                       .operand = shift ? spec->shift : spec->exchange,
                       .size = spec->size_place.line > 0 ? spec->size : 0,
                       .stride = spec->stride,
                       .rank = spec->ranks_place.line > 0 ? spec->ranks : NULL,
                       .rank_count = spec->rank_count,
                       .repeat = spec->repeat,
                       .wait = spec->wait,
                       .place = spec->place};
  if (kinds > 1)
    keep(r, clx_fail(r->error, CLX_INPUT, spec->place,
                     "a round has one of flows, shift, xor and all_to_all, this one %d", kinds));
  const bool grouped = round->size > 0 || round->rank != NULL || spec->stride_place.line > 0;
  const bool generated = shift || exchange || spec->all_to_all;
  if (!generated && (grouped || spec->bytes_place.line > 0))
    keep(r, clx_fail(r->error, CLX_INPUT, spec->place,
                     "bytes, size, stride and ranks belong to shift, xor or all_to_all"));
  if (round->rank != NULL && (round->size > 0 || spec->stride_place.line > 0))
    keep(r, clx_fail(r->error, CLX_INPUT, spec->place, "a group is given by ranks or by size and stride, not both"));
  if (round->rank == NULL && round->size == 0 && spec->stride_place.line > 0)
    keep(r, clx_fail(r->error, CLX_INPUT, spec->place, "stride needs size"));
  if (generated && spec->bytes_place.line == 0)
    keep(r, clx_fail(r->error, CLX_INPUT, spec->place, "a round of messages needs bytes"));
  if (kinds == 0 && spec->wait <= 0)
    keep(r, clx_fail(r->error, CLX_INPUT, spec->place, "a round needs flows, shift, xor, all_to_all or wait"));
  round->kind = shift              ? CLX_ROUND_SHIFT
                : exchange         ? CLX_ROUND_XOR
                : spec->all_to_all ? CLX_ROUND_ALL_TO_ALL
                                   : CLX_ROUND_WAIT;
  if (spec->flows != NULL) read_flows(r, spec->flows, round);
  read_after(r, index);
}

clx_status clx_schedule_read(clx_arena *arena, const clx_node *root, clx_schedule *schedule, clx_error *error) {
  schedule_spec *spec = CLX_NEW(arena, schedule_spec);
  if (spec == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  reader r = {.arena = arena, .spec = spec, .error = error};
  r.status = clx_schema_read(&clx_schedule_schema, root, false, arena, spec, error);
  if (r.status != CLX_OK) return r.status;
  if (spec->round_count > CLX_SCHEDULE_ROUNDS_MAX)
    return clx_fail(error, CLX_INPUT, root->place, "%d rounds are more than %d; equal ones can be repeated",
                    spec->round_count, CLX_SCHEDULE_ROUNDS_MAX);
  if (spec->round_count == 0) return clx_fail(error, CLX_INPUT, root->place, "'rounds' is empty");
  r.round = CLX_NEW_ARRAY(arena, clx_round, spec->round_count);
  if (r.round == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < spec->round_count; i++) {
    for (int32_t k = 0; k < i && spec->rounds[i].name != NULL; k++) {
      if (clx_text_equal(spec->rounds[i].name, spec->rounds[k].name))
        keep(&r, clx_fail(error, CLX_INPUT, spec->rounds[i].place, "a round '%.40s' stands in line %d, too",
                          spec->rounds[i].name, spec->rounds[k].place.line));
    }
    read_round(&r, i);
  }
  *schedule = (clx_schedule){.name = spec->name,
                             .ranks = spec->ranks_place.line > 0 ? spec->ranks : 0,
                             .round = r.round,
                             .round_count = spec->round_count,
                             .place = root->place,
                             .ranks_place = spec->ranks_place};
  return r.status;
}

clx_status clx_schedule_load(clx_arena *arena, const char *path, clx_schedule *schedule, clx_error *error) {
  clx_node *root = NULL;
  CLX_TRY(clx_document_load(arena, path, &root, error));
  return clx_schedule_read(arena, root, schedule, error);
}
