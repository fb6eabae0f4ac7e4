// What a node of a trace does.
#include <math.h>
#include <string.h>

#include "import/import_chakra_internal.h"

// comm_size is what one rank puts in (ASTRA-sim's Ring, PyTorch's inputs); colossus counts as nccl-tests does.
typedef enum size_rule {
  AS_IT_IS,
  TIMES_RANKS,   // all-gather: a shard -> the whole
  TIMES_OTHERS,  // gather: the root receives the shards of the others
  SHARE_OTHERS,  // scatter: the root sends all but its own
  ONE_WORD       // barrier: NCCL's backend of PyTorch reduces one element
} size_rule;

typedef struct collective {
  const char *name;
  int32_t kind;  // clx_collective
  size_rule rule;
  bool approximated;
} collective;

// By the number of CollectiveCommType.
static const collective COLLECTIVES[] = {
    {"ALL_REDUCE", CLX_ALL_REDUCE, AS_IT_IS, false},
    {"REDUCE", CLX_BROADCAST, AS_IT_IS, true},  // a broadcast backwards
    {"ALL_GATHER", CLX_ALL_GATHER, TIMES_RANKS, false},
    {"GATHER", CLX_SEND_RECEIVE, TIMES_OTHERS, true},
    {"SCATTER", CLX_SEND_RECEIVE, SHARE_OTHERS, true},
    {"BROADCAST", CLX_BROADCAST, AS_IT_IS, false},
    {"ALL_TO_ALL", CLX_ALL_TO_ALL, AS_IT_IS, false},
    {"REDUCE_SCATTER", CLX_REDUCE_SCATTER, AS_IT_IS, false},
    {"REDUCE_SCATTER_BLOCK", CLX_REDUCE_SCATTER, AS_IT_IS, false},
    {"BARRIER", CLX_ALL_REDUCE, ONE_WORD, true},
};

static double sized(size_rule rule, double bytes, double ranks) {
  switch (rule) {
    case TIMES_RANKS:
      return bytes * ranks;
    case TIMES_OTHERS:
      return bytes * (ranks - 1);
    case SHARE_OTHERS:
      return bytes * (ranks - 1) / ranks;
    case ONE_WORD:
      return 4;
    default:
      return bytes;
  }
}

static bool has(const clx_chakra_node *n, clx_chakra_key key) { return (n->has >> key & 1) != 0; }

static clx_status fail_missing(const clx_chakra_rank *r, const clx_chakra_node *n, clx_chakra_key key) {
  return clx_chakra_fail(r, n, "a %s without the attribute %s", clx_chakra_type_name[n->type],
                         clx_chakra_key_name[key]);
}

// A whole number within bounds; `otherwise` when it is absent.
static clx_status read_whole(const clx_chakra_rank *r, const clx_chakra_node *n, clx_chakra_key key, double most,
                             int32_t otherwise, int32_t *value) {
  *value = otherwise;
  if (!has(n, key)) return CLX_OK;
  const double v = n->number[key];
  if (!(v >= -1 && v <= most) || v != floor(v))
    return clx_chakra_fail(r, n, "%s is %.17g, expected a whole number from 0 to %.17g", clx_chakra_key_name[key], v,
                           most);
  *value = (int32_t)v;
  return CLX_OK;
}

// A size or a number of operations.
static clx_status read_amount(const clx_chakra_rank *r, const clx_chakra_node *n, clx_chakra_key key, double *value) {
  *value = has(n, key) ? n->number[key] : 0;
  if (*value >= 0 && *value <= 1e30) return CLX_OK;
  return clx_chakra_fail(r, n, "%s is %.17g, expected 0 or more", clx_chakra_key_name[key], *value);
}

// --- groups -----------------------------------------------------------------------------------------------------------------

// The group of a node. No name, or "0" where nothing defines it: all ranks, as in ASTRA-sim.
static clx_status find_group(const clx_chakra_rank *r, const clx_chakra_groups *own, const clx_chakra_groups *common,
                             const clx_chakra_node *n, int32_t *group) {
  char name[64];
  const size_t size = n->group.size < sizeof name - 1 ? n->group.size : sizeof name - 1;
  memcpy(name, size > 0 ? n->group.data : "", size);
  name[size] = '\0';
  *group = clx_chakra_groups_find(own, name);
  if (*group < 0) *group = clx_chakra_groups_find(common, name);
  if (*group >= 0) return CLX_OK;
  *group = 0;
  if (size == 0 && n->partly)
    return clx_chakra_fail(r, n,
                           "involved_dim leaves out dimensions of a network that the trace does not tell: "
                           "name the group (pg_name)");
  if (size == 0 || strcmp(name, "0") == 0) return CLX_OK;
  clx_text_clean(name, true);
  return clx_chakra_fail(r, n, "group '%s' is not defined: no comm_group.json and no process_group:init names it",
                         name);
}

static clx_status read_collective(const clx_chakra_rank *r, const clx_chakra_groups *own,
                                  const clx_chakra_groups *common, const clx_chakra_node *n, clx_operation *o) {
  int32_t type = -1;
  double bytes = 0;
  if (!has(n, CLX_CHAKRA_COMM_TYPE)) return fail_missing(r, n, CLX_CHAKRA_COMM_TYPE);
  CLX_TRY(read_whole(r, n, CLX_CHAKRA_COMM_TYPE, CLX_COUNT(COLLECTIVES) - 1, -1, &type));
  if (type < 0) return fail_missing(r, n, CLX_CHAKRA_COMM_TYPE);
  const collective *c = &COLLECTIVES[type];
  if (!has(n, CLX_CHAKRA_COMM_SIZE) && c->rule != ONE_WORD) return fail_missing(r, n, CLX_CHAKRA_COMM_SIZE);
  CLX_TRY(read_amount(r, n, CLX_CHAKRA_COMM_SIZE, &bytes));
  CLX_TRY(find_group(r, own, common, n, &o->group));
  o->collective = c->kind;
  o->bytes = sized(c->rule, bytes, own->execution->group[o->group].size);
  if (c->approximated) r->report->approximated[c->kind]++;
  return CLX_OK;
}

// --- messages ---------------------------------------------------------------------------------------------------------------

// The other one of a group of two.
static int32_t other_of(const clx_execution_group *g, int32_t rank) {
  if (g->size != 2 || (g->rank[0] != rank && g->rank[1] != rank)) return -1;
  return g->rank[0] == rank ? g->rank[1] : g->rank[0];
}

static clx_status read_message(const clx_chakra_rank *r, const clx_chakra_groups *own, const clx_chakra_groups *common,
                               const clx_chakra_node *n, clx_operation *o) {
  const bool sends = o->kind == CLX_OPERATION_SEND;
  const clx_chakra_key here = sends ? CLX_CHAKRA_COMM_SRC : CLX_CHAKRA_COMM_DST;
  const clx_chakra_key there = sends ? CLX_CHAKRA_COMM_DST : CLX_CHAKRA_COMM_SRC;
  int32_t self = r->rank;
  CLX_TRY(read_whole(r, n, here, INT32_MAX, r->rank, &self));
  CLX_TRY(read_whole(r, n, there, INT32_MAX, -1, &o->peer));
  CLX_TRY(read_whole(r, n, CLX_CHAKRA_COMM_TAG, INT32_MAX, 0, &o->tag));
  CLX_TRY(read_amount(r, n, CLX_CHAKRA_COMM_SIZE, &o->bytes));
  if (self != r->rank)
    return clx_chakra_fail(r, n, "a %s of rank %d (%s) in the trace of rank %d", clx_chakra_type_name[n->type], self,
                           clx_chakra_key_name[here], r->rank);
  const int32_t ranks = own->execution->rank_count;
  if (o->peer >= ranks)
    return clx_chakra_fail(r, n, "%s is rank %d, of which there is no trace (0 to %d are there)",
                           clx_chakra_key_name[there], o->peer, ranks - 1);
  if (o->peer < 0 && n->group.size > 0) {
    int32_t group = 0;
    CLX_TRY(find_group(r, own, common, n, &group));
    o->peer = other_of(&own->execution->group[group], r->rank);
  }
  if (o->peer < 0) {
    if (!r->pytorch) return fail_missing(r, n, there);
    r->report->without_peer++;
  } else if (!has(n, CLX_CHAKRA_COMM_SIZE)) {
    return fail_missing(r, n, CLX_CHAKRA_COMM_SIZE);
  }
  return CLX_OK;
}

// --- all --------------------------------------------------------------------------------------------------------------------

static const int32_t KINDS[CLX_CHAKRA_TYPES] = {
    CLX_OPERATION_NOTHING, CLX_OPERATION_NOTHING, CLX_OPERATION_MEMORY,  CLX_OPERATION_MEMORY,
    CLX_OPERATION_COMPUTE, CLX_OPERATION_SEND,    CLX_OPERATION_RECEIVE, CLX_OPERATION_COLLECTIVE,
    CLX_OPERATION_HOST,    CLX_OPERATION_HOST,    CLX_OPERATION_HOST,
};

static clx_status read_work(const clx_chakra_rank *r, const clx_chakra_node *n, clx_operation *o) {
  const bool compute = o->kind == CLX_OPERATION_COMPUTE;
  if (compute && !has(n, CLX_CHAKRA_IS_CPU)) r->report->without_place++;
  if (compute && has(n, CLX_CHAKRA_IS_CPU) && n->number[CLX_CHAKRA_IS_CPU] > 0) o->kind = CLX_OPERATION_HOST;
  r->report->storage += !compute && o->kind == CLX_OPERATION_HOST;
  CLX_TRY(read_amount(r, n, CLX_CHAKRA_NUM_OPS, &o->flop));
  return read_amount(r, n, CLX_CHAKRA_TENSOR_SIZE, &o->bytes);
}

clx_status clx_chakra_operation(const clx_chakra_rank *r, const clx_chakra_groups *own, const clx_chakra_groups *common,
                                const clx_chakra_node *node, int32_t *operation) {
  char name[256];
  clx_operation o = {.name = name, .kind = KINDS[node->type], .group = -1, .peer = -1, .stream = -1};
  const size_t size = node->name.size < sizeof name - 1 ? node->name.size : sizeof name - 1;
  memcpy(name, size > 0 ? node->name.data : "", size);
  name[size] = '\0';
  clx_text_clean(name, true);
  o.duration = 1e-6 * (double)node->duration;
  if (o.kind == CLX_OPERATION_COLLECTIVE) {
    CLX_TRY(read_collective(r, own, common, node, &o));
  } else if (o.kind == CLX_OPERATION_SEND || o.kind == CLX_OPERATION_RECEIVE) {
    CLX_TRY(read_message(r, own, common, node, &o));
  } else if (o.kind != CLX_OPERATION_NOTHING) {
    CLX_TRY(read_work(r, node, &o));
  }
  // PyTorch's converter gives the CPU's nodes stream 0, too: they queue by thread.
  const clx_chakra_key queue = o.kind == CLX_OPERATION_HOST ? CLX_CHAKRA_TID : CLX_CHAKRA_STREAM;
  if (o.kind != CLX_OPERATION_NOTHING) {
    CLX_TRY(read_whole(r, node, queue, INT32_MAX, -1, &o.stream));
  } else {
    o.duration = 0;
  }
  *operation = clx_execution_operation(own->execution, &o);
  return *operation >= 0 ? CLX_OK : clx_fail_plain(r->error, CLX_MEMORY, "out of memory");
}
