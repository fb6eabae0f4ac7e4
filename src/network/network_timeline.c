// The timeline of an iteration: streams of activities, events where one starts to move bytes or ends.
#include <math.h>
#include <string.h>

#include "network/network_traffic.h"

typedef struct running {
  int32_t activity;  // -1 = none left
  int32_t demand;
  bool started;
  double wait;  // s of latency or computing left
  double work;  // s alone of transfer left
} running;

typedef struct timeline {
  clx_traffic *traffic;
  const clx_activity *activity;
  int32_t count;
  clx_span *span;
  double now;
  running stream[CLX_TRAFFIC_STREAMS_MAX];
} timeline;

static clx_status check(const timeline *t, clx_error *error) {
  for (int32_t i = 0; i < t->count; i++) {
    const clx_activity *a = &t->activity[i];
    const bool known = a->stream >= 0 && a->stream < CLX_TRAFFIC_STREAMS_MAX && a->demand < t->traffic->demand_count &&
                       a->after < t->count && a->after != i && a->time >= 0 && isfinite(a->time);
    if (!known) return clx_fail_plain(error, CLX_INTERNAL, "activity %d of the timeline is out of range", i);
  }
  return CLX_OK;
}

static int32_t next_of(const timeline *t, int32_t stream, int32_t from) {
  for (int32_t i = from; i < t->count; i++) {
    if (t->activity[i].stream == stream) return i;
  }
  return -1;
}

static bool is_busy(const timeline *t, int32_t demand) {
  for (int32_t s = 0; s < CLX_TRAFFIC_STREAMS_MAX; s++) {
    if (t->stream[s].started && t->stream[s].demand == demand) return true;
  }
  return false;
}

// Starts what may start now: its predecessor has ended and its communicator is free.
static void start_ready(timeline *t) {
  for (int32_t s = 0; s < CLX_TRAFFIC_STREAMS_MAX; s++) {
    running *r = &t->stream[s];
    if (r->activity < 0 || r->started) continue;
    const clx_activity *a = &t->activity[r->activity];
    if (a->after >= 0 && t->span[a->after].end < 0) continue;
    if (a->demand >= 0 && is_busy(t, a->demand)) continue;
    r->started = true;
    r->demand = a->demand;
    t->span[r->activity].start = t->now;
    if (a->demand < 0) {
      r->wait = a->time;
      r->work = 0;
      continue;
    }
    const clx_traffic_demand *d = &t->traffic->demand[a->demand];
    const double time = a->time > 0 ? a->time : d->time;
    r->wait = fmin(d->latency, time);
    r->work = time - r->wait;
  }
}

// Speeds of what moves bytes now: what still waits for its latency leaves the links to the others.
static const double *speeds(const timeline *t) {
  uint32_t active = 0;
  for (int32_t s = 0; s < CLX_TRAFFIC_STREAMS_MAX; s++) {
    const running *r = &t->stream[s];
    if (r->started && r->wait <= 0 && r->work > 0) active |= 1u << r->demand;
  }
  return clx_traffic_speeds(t->traffic, active);
}

static double time_to_event(const running *r, const double *speed) {
  if (r->wait > 0) return r->wait;
  return r->work > 0 ? r->work / speed[r->demand] : 0;
}

// Moves on to the next event. False when nothing runs.
static bool advance(timeline *t) {
  const double *speed = speeds(t);
  double step = INFINITY;
  for (int32_t s = 0; s < CLX_TRAFFIC_STREAMS_MAX; s++) {
    if (t->stream[s].started) step = fmin(step, time_to_event(&t->stream[s], speed));
  }
  if (!isfinite(step)) return false;
  t->now += step;
  for (int32_t s = 0; s < CLX_TRAFFIC_STREAMS_MAX; s++) {
    running *r = &t->stream[s];
    if (!r->started) continue;
    const bool due = time_to_event(r, speed) <= step * (1 + 1e-12);
    if (r->wait > 0) {
      r->wait = due ? 0 : r->wait - step;
      if (!due || r->work > 0) continue;
    } else if (!due) {
      r->work -= step * speed[r->demand];
      continue;
    }
    t->span[r->activity].end = t->now;
    r->started = false;
    r->activity = next_of(t, s, r->activity + 1);
  }
  return true;
}

clx_status clx_timeline_run(clx_traffic *traffic, const clx_activity *activity, int32_t count, clx_span *span,
                            clx_error *error) {
  timeline t = {.traffic = traffic, .activity = activity, .count = count, .span = span};
  CLX_TRY(check(&t, error));
  for (int32_t i = 0; i < count; i++) span[i] = (clx_span){-1, -1};
  for (int32_t s = 0; s < CLX_TRAFFIC_STREAMS_MAX; s++) t.stream[s] = (running){.activity = next_of(&t, s, 0)};
  start_ready(&t);
  while (advance(&t)) start_ready(&t);
  for (int32_t i = 0; i < count; i++) {
    if (span[i].end < 0) {
      return clx_fail_plain(error, CLX_INTERNAL,
                            "activity %d of the timeline never starts: what it waits for does not end", i);
    }
  }
  return CLX_OK;
}
