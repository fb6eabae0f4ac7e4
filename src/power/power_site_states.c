// Which state each group is in: deliveries, repeated and random events, changes of state. The sum of all groups is a tree of pairs, so that a
// change costs O(log groups) and the sum depends on the groups alone, not on the order of what happened.
#include <math.h>
#include <string.h>

#include "power/power_site_internal.h"

// Of equal times: what ends goes first, so that an event may end where the next begins.
enum { DUE_END, DUE_DELIVER, DUE_BEGIN, DUE_PIECE };
enum { STREAM_STOPS = 0x706f7765 };  // domain of the random stops

typedef struct group_span {
  int32_t from, to;
} group_span;

static void push(clx_site_states_run *r, double time, int32_t kind, int32_t who, int64_t mark) {
  if (!(time < r->site->horizon)) return;
  if (!clx_calendar_push(&r->calendar, r->arena, (clx_due_power){time, kind, who, mark})) r->failed = true;
}

static clx_site_load load_of(const clx_site_state *s) {
  return (clx_site_load){s->mean, s->least, s->most, s->smoothing, s->ramp};
}

static clx_site_load between(const clx_site_load *a, const clx_site_load *b, double share) {
  return (clx_site_load){.mean = a->mean + share * (b->mean - a->mean),
                         .least = a->least + share * (b->least - a->least),
                         .most = a->most + share * (b->most - a->most)};
}

static void set_leaf(clx_site_states_run *r, int32_t group, clx_site_load load) {
  int32_t i = r->leaves + group;
  r->tree[i] = load;
  for (i /= 2; i > 0; i /= 2) {
    const clx_site_load *a = &r->tree[2 * i], *b = &r->tree[2 * i + 1];
    r->tree[i] = (clx_site_load){a->mean + b->mean, a->least + b->least, a->most + b->most, a->smoothing + b->smoothing,
                                 a->ramp + b->ramp};
  }
}

// --- changes of state ------------------------------------------------------------------------------------------------------------

static void change_state(clx_site_states_run *r, int32_t group, int32_t state, double time) {
  clx_site_member *m = &r->member[group];
  const clx_site_state *to = &r->site->group[group].state[state];
  const double leave = m->state >= 0 ? r->site->group[group].state[m->state].leave : 0;
  // Where the change before has come to.
  m->from = m->enter > 0 && time - m->begun < m->enter ? between(&m->from, &m->target, (time - m->begun) / m->enter)
                                                       : m->target;
  m->target = load_of(to);
  m->state = state;
  m->since = m->begun = time;
  m->enter = time > 0 ? leave : 0;  // a site that is there at the start has been running
  m->change++;
  const double jump = m->target.mean - m->from.mean;
  if (time > 0) {
    r->moved += jump;
    r->steepest += jump / fmax(1, m->enter);
  }
  if (!(m->enter > 0)) {
    set_leaf(r, group, m->target);
    return;
  }
  set_leaf(r, group, between(&m->from, &m->target, 0.5 / CLX_SITE_RAMP_PIECES));
  push(r, time + m->enter / CLX_SITE_RAMP_PIECES, DUE_PIECE, group, m->change * (CLX_SITE_RAMP_PIECES + 1) + 1);
}

static void next_piece(clx_site_states_run *r, int32_t group, int64_t mark) {
  clx_site_member *m = &r->member[group];
  const int64_t pieces = CLX_SITE_RAMP_PIECES, piece = mark % (pieces + 1);
  if (mark / (pieces + 1) != m->change) return;  // of a change that another one cut short
  if (piece == pieces) {
    set_leaf(r, group, m->target);
    return;
  }
  set_leaf(r, group, between(&m->from, &m->target, ((double)piece + 0.5) / CLX_SITE_RAMP_PIECES));
  push(r, m->begun + m->enter * (double)(piece + 1) / CLX_SITE_RAMP_PIECES, DUE_PIECE, group, mark + 1);
}

static void mark_dirty(clx_site_states_run *r, int32_t group) {
  if (r->is_dirty[group]) return;
  r->is_dirty[group] = true;
  r->dirty[r->dirty_count++] = group;
}

// Groups of an event: from .. to - 1, of which some may lack its state.
static group_span span_of(const clx_site *site, int32_t event) {
  const int32_t group = site->event[event].group;
  return group < 0 ? (group_span){0, site->group_count} : (group_span){group, group + 1};
}

static void mark_of(clx_site_states_run *r, int32_t event) {
  const group_span span = span_of(r->site, event);
  for (int32_t g = span.from; g < span.to; g++) mark_dirty(r, g);
}

static void settle(clx_site_states_run *r, int32_t group, double time) {
  clx_site_member *m = &r->member[group];
  r->is_dirty[group] = false;
  if (!m->delivered) return;
  int32_t state = m->base;
  for (int32_t i = r->first[group + 1] - 1; i >= r->first[group]; i--) {
    if (r->until[r->of[i]] > time) {
      state = r->site->event[r->of[i]].state;
      break;
    }
  }
  if (state != m->state) change_state(r, group, state, time);
}

// --- events ------------------------------------------------------------------------------------------------------------------------

static double next_random(clx_site_states_run *r, int32_t event, double after) {
  return after + r->site->event[event].mean_time * clx_stream_exponential(&r->stream[event]);
}

static void begin(clx_site_states_run *r, int32_t event, double time) {
  const clx_site_event *e = &r->site->event[event];
  r->events++;
  if (!(e->duration > 0)) {
    const group_span span = span_of(r->site, event);
    for (int32_t g = span.from; g < span.to; g++) {
      if (clx_site_event_moves(r->site, event, g)) r->member[g].base = e->state;
    }
    mark_of(r, event);
    return;
  }
  const double end = time + e->duration;
  r->until[event] = end;
  push(r, end, DUE_END, event, 0);
  mark_of(r, event);
  if (e->kind == CLX_SITE_EVENT_RANDOM) {
    push(r, next_random(r, event, end), DUE_BEGIN, event, 0);
  } else if (e->period > 0) {
    r->round[event]++;  // from the first time on, so that no rounding adds up
    push(r, e->at + (double)r->round[event] * e->period, DUE_BEGIN, event, 0);
  }
}

void clx_site_states_at(clx_site_states_run *r, double time) {
  r->moved = r->steepest = 0;
  while (r->calendar.count > 0 && r->calendar.item[0].time <= time && !r->failed) {
    const clx_due_power due = clx_calendar_pop(&r->calendar);
    switch (due.kind) {
      case DUE_END:
        mark_of(r, due.who);
        break;
      case DUE_DELIVER:
        r->member[due.who].delivered = true;
        mark_dirty(r, due.who);
        break;
      case DUE_BEGIN:
        begin(r, due.who, time);
        break;
      default:
        next_piece(r, due.who, due.mark);
        break;
    }
  }
  for (int32_t i = 0; i < r->dirty_count; i++) settle(r, r->dirty[i], time);
  r->dirty_count = 0;
}

double clx_site_states_next(const clx_site_states_run *r) {
  return r->calendar.count > 0 ? r->calendar.item[0].time : (double)INFINITY;
}

// --- start ---------------------------------------------------------------------------------------------------------------------------

// Lists of the events of each group, in their order.
static bool list_events(clx_site_states_run *r) {
  const clx_site *site = r->site;
  int64_t total = 0;
  for (int32_t e = 0; e < site->event_count; e++) total += span_of(site, e).to - span_of(site, e).from;
  if (total > INT32_MAX) return false;
  r->first = CLX_NEW_ARRAY(r->arena, int32_t, site->group_count + 2);
  r->of = CLX_NEW_ARRAY(r->arena, int32_t, total + 1);
  if (r->first == NULL || r->of == NULL) return false;
  int32_t *fill = r->first + 1;  // fill[g] becomes the end of group g, that is first[g + 1]
  for (int32_t e = 0; e < site->event_count; e++) {
    const group_span span = span_of(site, e);
    for (int32_t g = span.from; g < span.to; g++) fill[g + 1] += clx_site_event_moves(site, e, g);
  }
  for (int32_t g = 0; g < site->group_count; g++) fill[g + 1] += fill[g];
  for (int32_t e = 0; e < site->event_count; e++) {
    const group_span span = span_of(site, e);
    for (int32_t g = span.from; g < span.to; g++) {
      if (clx_site_event_moves(site, e, g)) r->of[fill[g]++] = e;
    }
  }
  return true;
}

clx_status clx_site_states_start(clx_site_states_run *r, const clx_site *site, clx_arena *arena, clx_error *error) {
  *r = (clx_site_states_run){.site = site, .arena = arena};
  for (r->leaves = 1; r->leaves < site->group_count;) r->leaves *= 2;
  r->member = CLX_NEW_ARRAY(arena, clx_site_member, site->group_count);
  r->until = CLX_NEW_ARRAY(arena, double, site->event_count + 1);
  r->round = CLX_NEW_ARRAY(arena, int64_t, site->event_count + 1);
  r->stream = CLX_NEW_ARRAY(arena, clx_stream, site->event_count + 1);
  r->tree = CLX_NEW_ARRAY(arena, clx_site_load, 2 * (int64_t)r->leaves);
  r->dirty = CLX_NEW_ARRAY(arena, int32_t, site->group_count);
  r->is_dirty = CLX_NEW_ARRAY(arena, bool, site->group_count);
  if (r->member == NULL || r->until == NULL || r->round == NULL || r->stream == NULL || r->tree == NULL ||
      r->dirty == NULL || r->is_dirty == NULL || !list_events(r))
    return clx_fail_plain(error, CLX_MEMORY, "power: out of memory for %d groups and %d events", site->group_count,
                          site->event_count);
  for (int32_t g = 0; g < site->group_count; g++) {
    r->member[g].state = -1;
    push(r, site->group[g].from, DUE_DELIVER, g, 0);
  }
  for (int32_t e = 0; e < site->event_count; e++) {
    const clx_site_event *event = &site->event[e];
    r->stream[e] = clx_stream_make(site->seed, STREAM_STOPS, 0, (uint64_t)e);
    r->until[e] = -1;
    push(r, event->kind == CLX_SITE_EVENT_RANDOM ? next_random(r, e, event->at) : event->at, DUE_BEGIN, e, 0);
  }
  return r->failed ? clx_fail_plain(error, CLX_MEMORY, "power: out of memory for %d events", site->event_count)
                   : CLX_OK;
}
