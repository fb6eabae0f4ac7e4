// Rounds of a schedule: checked, and compiled into flows over links. Equal rounds are compiled once.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "network/network_schedule_internal.h"

// --- groups ----------------------------------------------------------------------------------------------------------

int32_t clx_round_members(const clx_round *r, int32_t ranks) {
  return r->rank != NULL ? r->rank_count : r->size > 0 ? r->size : ranks;
}

int32_t clx_round_groups(const clx_round *r, int32_t ranks) {
  return r->rank != NULL || r->size == 0 ? 1 : ranks / r->size;
}

int32_t clx_round_rank(const clx_round *r, int32_t ranks, int32_t group, int32_t member) {
  (void)ranks;
  if (r->rank != NULL) return r->rank[member];
  if (r->size == 0) return member;
  return group / r->stride * r->stride * r->size + group % r->stride + member * r->stride;
}

static int32_t modulo(int32_t a, int32_t n) { return (int32_t)(((int64_t)a % n + n) % n); }

// --- checks ----------------------------------------------------------------------------------------------------------

static clx_status mistake(const clx_round *r, clx_error *error, const char *text) {
  return clx_fail(error, CLX_INPUT, r->place, "%s", text);
}

static clx_status check_flows(const clx_round *r, int32_t ranks, clx_error *error) {
  clx_status status = CLX_OK;
  if (r->flow_count < 1) return mistake(r, error, "a round of flows needs at least one");
  for (int32_t i = 0; i < r->flow_count; i++) {
    const clx_round_flow *f = &r->flow[i];
    const clx_place place = r->flow_place != NULL ? r->flow_place[i] : r->place;
    const int32_t wrong = f->from < 0 || f->from >= ranks ? f->from : f->to;
    clx_status one = CLX_OK;
    if (wrong < 0 || wrong >= ranks) {
      one = clx_fail(error, CLX_INPUT, place, "rank %d is not one of 0 to %d", wrong, ranks - 1);
    } else if (f->from == f->to) {
      one = clx_fail(error, CLX_INPUT, place, "rank %d sends to itself", f->from);
    } else if (!(f->bytes > 0 && f->bytes <= CLX_SCHEDULE_BYTES_MAX)) {
      one = clx_fail(error, CLX_INPUT, place, "rank %d sends %g bytes to rank %d; must be above 0 and at most %g",
                     f->from, f->bytes, f->to, CLX_SCHEDULE_BYTES_MAX);
    }
    if (status == CLX_OK) status = one;
  }
  return status;
}

static clx_status check_group(const clx_round *r, int32_t ranks, clx_error *error) {
  if (r->rank != NULL) {
    bool *seen = calloc((size_t)ranks, sizeof *seen);
    clx_status status = CLX_OK;
    if (seen == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
    for (int32_t i = 0; i < r->rank_count && status == CLX_OK; i++) {
      const int32_t rank = r->rank[i];
      if (rank < 0 || rank >= ranks) {
        status = clx_fail(error, CLX_INPUT, r->place, "rank %d is not one of 0 to %d", rank, ranks - 1);
      } else if (seen[rank]) {
        status = clx_fail(error, CLX_INPUT, r->place, "rank %d stands twice in the group", rank);
      } else {
        seen[rank] = true;
      }
    }
    free(seen);
    return status;
  }
  if (r->size == 0) return CLX_OK;
  if (r->size < 0 || r->stride < 1 || (int64_t)r->size * r->stride > ranks || ranks % (r->size * r->stride) != 0)
    return clx_fail(error, CLX_INPUT, r->place, "groups of %d ranks %d apart do not divide %d ranks", r->size,
                    r->stride, ranks);
  return CLX_OK;
}

static clx_status check_round(const clx_schedule *s, int32_t index, int32_t ranks, clx_error *error) {
  const clx_round *r = &s->round[index];
  if (r->repeat < 1) return mistake(r, error, "a round is repeated at least once");
  if (!(isfinite(r->wait) && r->wait >= 0)) return mistake(r, error, "wait must be 0 s or more");
  for (int32_t i = 0; i < r->after_count; i++) {
    if (r->after[i] < 0 || r->after[i] >= index) return mistake(r, error, "a round can only come after earlier rounds");
  }
  if (r->kind == CLX_ROUND_WAIT) return CLX_OK;
  if (r->kind == CLX_ROUND_FLOWS) return check_flows(r, ranks, error);
  if (!(r->bytes > 0 && r->bytes <= CLX_SCHEDULE_BYTES_MAX))
    return clx_fail(error, CLX_INPUT, r->place, "bytes of a round must be above 0 and at most %g, read %g",
                    CLX_SCHEDULE_BYTES_MAX, r->bytes);
  CLX_TRY(check_group(r, ranks, error));
  const int32_t members = clx_round_members(r, ranks);
  if (members < 2) return clx_fail(error, CLX_INPUT, r->place, "a group of %d ranks has nobody to send to", members);
  if (r->kind == CLX_ROUND_SHIFT && modulo(r->operand, members) == 0)
    return clx_fail(error, CLX_INPUT, r->place, "shift %d in a group of %d ranks leads every rank to itself",
                    r->operand, members);
  if (r->kind == CLX_ROUND_XOR && ((members & (members - 1)) != 0 || r->operand < 1 || r->operand >= members))
    return clx_fail(error, CLX_INPUT, r->place,
                    "xor %d needs groups of a power of two larger than it, these have %d ranks", r->operand, members);
  return CLX_OK;
}

clx_status clx_schedule_check(const clx_schedule *s, int32_t ranks, clx_error *error) {
  clx_status status = CLX_OK;
  if (s->ranks > ranks)
    return clx_fail(error, CLX_INFEASIBLE, s->ranks_place, "%d ranks are more than the %d of the network", s->ranks,
                    ranks);
  if (s->ranks < 0 || s->round_count < 1)
    return clx_fail(error, CLX_INPUT, s->place, "a schedule needs ranks and at least one round");
  for (int32_t i = 0; i < s->round_count; i++) {
    const clx_status one = check_round(s, i, s->ranks > 0 ? s->ranks : ranks, error);
    if (status == CLX_OK) status = one;
  }
  return status;
}

// --- equal rounds ----------------------------------------------------------------------------------------------------

static int compare_flows(const void *x, const void *y) {
  const clx_round_flow *a = x, *b = y;
  if (a->from != b->from) return a->from < b->from ? -1 : 1;
  if (a->to != b->to) return a->to < b->to ? -1 : 1;
  return (a->bytes > b->bytes) - (a->bytes < b->bytes);
}

// A copy in the order of ranks, so that equal rounds look equal.
static const clx_round_flow *sorted(clx_arena *arena, const clx_round *r) {
  clx_round_flow *flow = CLX_NEW_ARRAY(arena, clx_round_flow, r->flow_count + 1);
  if (flow == NULL) return NULL;
  if (r->flow_count > 0) {
    memcpy(flow, r->flow, (size_t)r->flow_count * sizeof *flow);
    qsort(flow, (size_t)r->flow_count, sizeof *flow, compare_flows);
  }
  return flow;
}

static bool equal_rounds(const clx_round *a, const clx_round *b) {
  if (a->kind != b->kind || a->flow_count != b->flow_count || a->bytes != b->bytes || a->operand != b->operand)
    return false;
  if (a->size != b->size || (a->size > 0 && a->stride != b->stride) || a->rank_count != b->rank_count) return false;
  if ((a->rank == NULL) != (b->rank == NULL)) return false;
  if (a->rank != NULL && memcmp(a->rank, b->rank, (size_t)a->rank_count * sizeof *a->rank) != 0) return false;
  for (int32_t i = 0; i < a->flow_count; i++) {
    if (compare_flows(&a->flow[i], &b->flow[i]) != 0) return false;
  }
  return true;
}

static uint64_t hash_round(const clx_round *r) {
  uint64_t h = (uint64_t)(uint32_t)r->kind;
  const uint64_t words[] = {(uint64_t)(uint32_t)r->operand, (uint64_t)(uint32_t)r->size,
                            (uint64_t)(uint32_t)r->flow_count, (uint64_t)r->bytes};
  for (int32_t i = 0; i < CLX_COUNT(words); i++) h = (h ^ words[i]) * 0x9e3779b97f4a7c15u;
  for (int32_t i = 0; i < r->flow_count; i++) {
    const clx_round_flow *f = &r->flow[i];
    h = (h ^ ((uint64_t)(uint32_t)f->from << 32 | (uint32_t)f->to) ^ (uint64_t)f->bytes << 7) * 0x9e3779b97f4a7c15u;
    h ^= h >> 31;
  }
  return h ^ h >> 32;
}

// --- flows -----------------------------------------------------------------------------------------------------------

typedef struct maker {
  clx_arena *arena;
  const clx_schedule *schedule;
  const clx_wires *wires;
  clx_plans *plans;
  int32_t ranks;
  int32_t *compact;  // [wires->link_count] 1 + index of a used link
  int32_t *used;     // [wires->link_count]
  double *capacity;  // [wires->link_count]
  int64_t flows;     // of all plans so far
  int32_t *link, *first;
  double *bytes, *latency;
  int32_t *from, *to;
  int64_t link_capacity;
  clx_error *error;
  clx_error cut;  // why a path is not there
} maker;

static clx_status out_of_memory(clx_error *error) { return clx_fail_plain(error, CLX_MEMORY, "out of memory"); }

static int64_t flows_of(const clx_round *r, int32_t ranks) {
  const int64_t members = clx_round_members(r, ranks), groups = clx_round_groups(r, ranks);
  if (r->kind == CLX_ROUND_WAIT) return 0;
  if (r->kind == CLX_ROUND_FLOWS) return r->flow_count;
  return groups * members * (r->kind == CLX_ROUND_ALL_TO_ALL ? members - 1 : 1);
}

static clx_status add_flow(maker *m, clx_plan *p, int32_t from, int32_t to, double bytes) {
  for (int32_t part = 0; part < m->wires->parts; part++) {
    int32_t path[CLX_WIRES_PATH_MAX];
    double latency, share;
    const int32_t count = m->wires->path(m->wires->context, from, to, part, path, &latency, &share, &m->cut);
    if (count < 0)
      return clx_fail(m->error, CLX_INFEASIBLE, p->round->place, "%s", m->cut.count > 0 ? m->cut.mistake[0].text : "");
    const int32_t start = m->first[p->flows];
    if ((int64_t)start + count > m->link_capacity) {
      const int64_t larger = 2 * ((int64_t)start + count);
      int32_t *link = larger > INT32_MAX ? NULL : CLX_NEW_ARRAY(m->arena, int32_t, larger);
      if (link == NULL) return out_of_memory(m->error);
      memcpy(link, m->link, (size_t)start * sizeof *link);
      m->link = link;
      m->link_capacity = larger;
    }
    for (int32_t i = 0; i < count; i++) {
      int32_t *index = &m->compact[path[i]];
      if (*index == 0) {
        m->used[m->plans->link_count] = path[i];
        m->capacity[m->plans->link_count] = m->wires->capacity[path[i]];
        *index = ++m->plans->link_count;
      }
      m->link[start + i] = *index - 1;
    }
    const int32_t f = p->flows++;
    m->first[f + 1] = start + count;
    m->bytes[f] = bytes * share / m->wires->parts;
    m->latency[f] = latency;
    m->from[f] = from;
    m->to[f] = to;
  }
  p->sent += bytes;
  return CLX_OK;
}

static clx_status add_members(maker *m, clx_plan *p, int32_t group, int32_t member) {
  const clx_round *r = p->round;
  const int32_t members = clx_round_members(r, m->ranks), from = clx_round_rank(r, m->ranks, group, member);
  if (r->kind != CLX_ROUND_ALL_TO_ALL) {
    const int32_t other =
        r->kind == CLX_ROUND_XOR ? member ^ r->operand : modulo(member + modulo(r->operand, members), members);
    return add_flow(m, p, from, clx_round_rank(r, m->ranks, group, other), r->bytes);
  }
  for (int32_t i = 1; i < members; i++)
    CLX_TRY(add_flow(m, p, from, clx_round_rank(r, m->ranks, group, (member + i) % members), r->bytes));
  return CLX_OK;
}

static clx_status make_flat(maker *m, clx_plan *p) {
  const clx_round *r = p->round;
  const int64_t flows = flows_of(r, m->ranks) * m->wires->parts;
  m->flows += flows;
  if (m->flows > CLX_SCHEDULE_FLOWS_MAX)
    return clx_fail(m->error, CLX_INFEASIBLE, r->place, "up to this round there are %lld flows, more than %d",
                    (long long)m->flows, CLX_SCHEDULE_FLOWS_MAX);
  m->link_capacity = 8 * flows + 1;
  m->first = CLX_NEW_ARRAY(m->arena, int32_t, flows + 1);
  m->link = CLX_NEW_ARRAY(m->arena, int32_t, m->link_capacity);
  m->bytes = CLX_NEW_ARRAY(m->arena, double, flows);
  m->latency = CLX_NEW_ARRAY(m->arena, double, flows);
  m->from = CLX_NEW_ARRAY(m->arena, int32_t, flows);
  m->to = CLX_NEW_ARRAY(m->arena, int32_t, flows);
  if (m->first == NULL || m->link == NULL) return out_of_memory(m->error);
  if (flows > 0 && (m->bytes == NULL || m->latency == NULL || m->from == NULL || m->to == NULL))
    return out_of_memory(m->error);
  for (int32_t i = 0; i < r->flow_count && r->kind == CLX_ROUND_FLOWS; i++)
    CLX_TRY(add_flow(m, p, r->flow[i].from, r->flow[i].to, r->flow[i].bytes));
  if (r->kind >= CLX_ROUND_SHIFT) {
    const int32_t groups = clx_round_groups(r, m->ranks), members = clx_round_members(r, m->ranks);
    for (int32_t g = 0; g < groups; g++) {
      for (int32_t i = 0; i < members; i++) CLX_TRY(add_members(m, p, g, i));
    }
  }
  p->bytes = m->bytes;
  p->latency = m->latency;
  p->first = m->first;
  p->link = m->link;
  p->from = m->from;
  p->to = m->to;
  return CLX_OK;
}

// One flow class for all ranks; classes of links keep their numbers.
static clx_status make_folded(maker *m, clx_plan *p) {
  const clx_round *r = p->round;
  if (r->kind == CLX_ROUND_WAIT) return make_flat(m, p);
  clx_wires_uniform u;
  if (!m->wires->uniform(m->wires->context, r, &u)) return CLX_INTERNAL;
  int32_t *first = CLX_NEW_ARRAY(m->arena, int32_t, 2), *link = CLX_NEW_ARRAY(m->arena, int32_t, u.count);
  double *value = CLX_NEW_ARRAY(m->arena, double, 2 + u.count);
  if (first == NULL || link == NULL || value == NULL) return out_of_memory(m->error);
  value[0] = r->bytes;
  value[1] = u.latency;
  first[1] = u.count;
  for (int32_t i = 0; i < u.count; i++) {
    link[i] = u.link[i];
    value[2 + i] = u.load[i];
  }
  p->flows = 1;
  p->bytes = &value[0];
  p->latency = &value[1];
  p->load = &value[2];
  p->first = first;
  p->link = link;
  p->sent = r->bytes * u.flows * m->ranks;
  return CLX_OK;
}

static bool folds(const clx_schedule *s, int32_t ranks, const clx_wires *w) {
  clx_wires_uniform u;
  if (w->uniform == NULL || ranks != w->ranks) return false;
  for (int32_t i = 0; i < s->round_count; i++) {
    if (s->round[i].kind != CLX_ROUND_WAIT && !w->uniform(w->context, &s->round[i], &u)) return false;
  }
  return true;
}

static clx_status make_all(maker *m, int32_t *slot, int32_t slots, int32_t *next) {
  const clx_schedule *s = m->schedule;
  clx_plans *plans = m->plans;
  for (int32_t i = 0; i < s->round_count; i++) {
    clx_round *r = CLX_NEW(m->arena, clx_round);
    if (r == NULL) return out_of_memory(m->error);
    *r = s->round[i];
    if (r->kind != CLX_ROUND_FLOWS) r->flow_count = 0;
    if ((r->flow = sorted(m->arena, r)) == NULL) return out_of_memory(m->error);
    r->flow_place = NULL;
    int32_t *at = &slot[hash_round(r) % (uint64_t)slots];
    int32_t found = *at;
    while (found > 0 && !equal_rounds(plans->plan[found - 1].round, r)) found = next[found - 1];
    if (found == 0) {
      clx_plan *p = &plans->plan[plans->count];
      p->round = r;
      CLX_TRY(plans->folded ? make_folded(m, p) : make_flat(m, p));
      next[plans->count] = *at;
      *at = found = ++plans->count;
    }
    plans->of_round[i] = found - 1;
  }
  return CLX_OK;
}

clx_status clx_plans_make(clx_arena *arena, const clx_schedule *s, int32_t ranks, const clx_wires *wires,
                          clx_plans *plans, clx_error *error) {
  maker m = {.arena = arena, .schedule = s, .wires = wires, .plans = plans, .ranks = ranks, .error = error};
  const int32_t slots = 2 * s->round_count + 1;
  int32_t *slot = CLX_NEW_ARRAY(arena, int32_t, slots), *next = CLX_NEW_ARRAY(arena, int32_t, s->round_count);
  *plans = (clx_plans){.folded = folds(s, ranks, wires)};
  plans->plan = CLX_NEW_ARRAY(arena, clx_plan, s->round_count);
  plans->of_round = CLX_NEW_ARRAY(arena, int32_t, s->round_count);
  if (slot == NULL || next == NULL || plans->plan == NULL || plans->of_round == NULL) return out_of_memory(error);
  if (plans->folded) {
    plans->link_count = wires->class_count;
    plans->capacity = wires->class_capacity;
    return make_all(&m, slot, slots, next);
  }
  if (wires->link_count == 0)
    return clx_fail(error, CLX_INTERNAL, s->place, "the network has no links for rounds that do not fold");
  m.compact = CLX_NEW_ARRAY(arena, int32_t, wires->link_count);
  m.used = CLX_NEW_ARRAY(arena, int32_t, wires->link_count);
  m.capacity = CLX_NEW_ARRAY(arena, double, wires->link_count);
  if (m.compact == NULL || m.used == NULL || m.capacity == NULL) return out_of_memory(error);
  const clx_status status = make_all(&m, slot, slots, next);
  plans->capacity = m.capacity;
  plans->link = m.used;
  return status;
}
