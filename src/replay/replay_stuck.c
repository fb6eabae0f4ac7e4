// Why a replay stops before its end: what waits for what, until the circle closes.
#include <stdio.h>

#include "replay/replay_internal.h"

typedef struct search {
  const clx_execution *execution;
  const clx_replay *replay;
  const int32_t *waiting;
} search;

// A member of a transfer that has not come, -1 = all have.
static int64_t absent(const search *s, const clx_replay_transfer *t) {
  for (int32_t i = 0; i < t->size; i++) {
    const int64_t member = s->replay->participant[t->first + i];
    if (s->replay->start[member] < 0) return member;
  }
  return -1;
}

// What a node that has not ended waits for, -1 = nothing that can be told.
static int64_t next_of(const search *s, int64_t node) {
  const int32_t rank = clx_replay_rank_of(s->execution, s->replay, node);
  const clx_execution_rank *r = &s->execution->rank[rank];
  const int64_t base = s->replay->base[rank], transfer = s->replay->transfer[node];
  if (s->waiting[node] == 0) return transfer >= 0 ? absent(s, &s->replay->transfers[transfer]) : -1;
  for (int32_t d = r->first[node - base]; d < r->first[node - base + 1]; d++) {
    if (s->replay->end[base + r->dependency[d]] < 0) return base + r->dependency[d];
  }
  return -1;
}

clx_status clx_replay_stuck(const clx_execution *execution, const clx_replay *replay, const int32_t *waiting,
                            clx_error *error) {
  const search s = {.execution = execution, .replay = replay, .waiting = waiting};
  int64_t slow = 0;
  while (slow < execution->node_count && replay->end[slow] >= 0) slow++;
  // Two walkers, one twice as fast: they meet on the circle (Floyd).
  int64_t fast = slow;
  do {
    slow = next_of(&s, slow);
    fast = next_of(&s, fast);
    fast = fast < 0 ? fast : next_of(&s, fast);
  } while (slow != fast && fast >= 0);
  if (fast < 0) return clx_fail_plain(error, CLX_INTERNAL, "the replay stopped with nodes left that wait for nothing");
  // Members of a transfer wait for each other; the arc within a rank is shortened to its two ends.
  char text[512], name[128];
  size_t length = 0;
  int32_t shown = 0, steps = 0;
  int64_t at = slow;
  do {
    const int64_t next = next_of(&s, at);
    const bool crosses = waiting[at] == 0;
    steps++;
    if (crosses && shown++ < 4)
      length += (size_t)snprintf(text + length, sizeof text - length, "%s waits for ",
                                 clx_replay_node_text(execution, replay, at, name, sizeof name));
    if (crosses && shown <= 4)
      length += (size_t)snprintf(text + length, sizeof text - length, "%s; ",
                                 clx_replay_node_text(execution, replay, next, name, sizeof name));
    if (length >= sizeof text) length = sizeof text - 1;
    at = next;
  } while (at != slow);
  return clx_fail_plain(error, CLX_INPUT, "deadlock over %d nodes: %.*s%s", steps, length > 2 ? (int)length - 2 : 0,
                        text, shown > 4 ? " ..." : "");
}
