// Fair shares of links among communicators that transfer at the same time; a small instance of what src/flow solves, without
// allocation, since a training step asks for it thousands of times.
#include "network/network_traffic.h"

#include <math.h>

// A set of demands being shared out. A link gives every communicator the same bytes per second, less to those that ask less.
typedef struct sharing {
  int32_t count, link_count;
  double use[CLX_TRAFFIC_STREAMS_MAX][CLX_TRAFFIC_LINKS_MAX];  // share of each link that the demand keeps busy alone
  bool open[CLX_TRAFFIC_STREAMS_MAX];
  double speed[CLX_TRAFFIC_STREAMS_MAX];  // settled ones
  double fair[CLX_TRAFFIC_LINKS_MAX];     // share of the link that each open demand may take
} sharing;

static double use_of(const clx_traffic *traffic, const clx_traffic_demand *d, int32_t link) {
  const double moving = d->time - d->latency;
  if (moving <= 0 || d->bytes[link] <= 0 || traffic->capacity[link] <= 0) return 0;
  return fmin(1, d->bytes[link] / (moving * traffic->capacity[link]));
}

static double left_of(const sharing *s, int32_t link) {
  double left = 1;
  for (int32_t i = 0; i < s->count; i++) {
    if (!s->open[i]) left -= s->use[i][link] * s->speed[i];
  }
  return fmax(0, left);
}

static void find_fair(sharing *s) {
  for (int32_t l = 0; l < s->link_count; l++) {
    int32_t open = 0;
    for (int32_t i = 0; i < s->count; i++) open += s->open[i] && s->use[i][l] > 0;
    s->fair[l] = open > 0 ? left_of(s, l) / open : INFINITY;
  }
}

// Speed that the links allow an open demand; *tightest = the link that decides, -1 = none: it runs as if alone.
static double speed_of(const sharing *s, int32_t i, int32_t *tightest) {
  double speed = 1;
  *tightest = -1;
  for (int32_t l = 0; l < s->link_count; l++) {
    if (s->use[i][l] <= 0 || s->fair[l] >= speed * s->use[i][l]) continue;
    speed = s->fair[l] / s->use[i][l];
    *tightest = l;
  }
  return speed;
}

// Settles the demands that nothing slows, else those of a link that slows all it carries, else (loads that cross each other)
// the slowest one. False when none is open.
static bool settle(sharing *s) {
  double speed[CLX_TRAFFIC_STREAMS_MAX];
  int32_t tightest[CLX_TRAFFIC_STREAMS_MAX], slowest = -1, settled = 0;
  bool mixed[CLX_TRAFFIC_LINKS_MAX] = {false};
  find_fair(s);
  for (int32_t i = 0; i < s->count; i++) {
    if (!s->open[i]) continue;
    speed[i] = speed_of(s, i, &tightest[i]);
    if (slowest < 0 || speed[i] < speed[slowest]) slowest = i;
    for (int32_t l = 0; l < s->link_count; l++) mixed[l] = mixed[l] || (s->use[i][l] > 0 && tightest[i] != l);
  }
  for (int32_t i = 0; i < s->count; i++) {
    if (!s->open[i] || (tightest[i] >= 0 && mixed[tightest[i]])) continue;
    s->open[i] = false;
    s->speed[i] = speed[i];
    settled++;
  }
  if (settled == 0 && slowest >= 0) {
    s->open[slowest] = false;
    s->speed[slowest] = speed[slowest];
  }
  return slowest >= 0;
}

// What a link has left over goes to the first that can use it, so that nobody waits for links that idle.
static void top_up(sharing *s) {
  for (int32_t i = 0; i < s->count; i++) {
    double more = 1 - s->speed[i];
    for (int32_t l = 0; l < s->link_count; l++) {
      if (s->use[i][l] > 0) more = fmin(more, left_of(s, l) / s->use[i][l]);
    }
    s->speed[i] += fmax(0, more);
  }
}

static void solve(const clx_traffic *traffic, uint32_t active, double *speed) {
  sharing s = {.link_count = traffic->link_count};
  int32_t demand[CLX_TRAFFIC_STREAMS_MAX] = {0};
  for (int32_t i = 0; i < traffic->demand_count; i++) {
    speed[i] = 0;
    if (!(active >> i & 1)) continue;
    for (int32_t l = 0; l < s.link_count; l++) s.use[s.count][l] = use_of(traffic, &traffic->demand[i], l);
    s.open[s.count] = true;
    demand[s.count++] = i;
  }
  while (settle(&s)) continue;
  top_up(&s);
  for (int32_t i = 0; i < s.count; i++) speed[demand[i]] = fmin(1, s.speed[i]);
}

int32_t clx_traffic_add(clx_traffic *traffic, const clx_traffic_demand *demand) {
  if (traffic->demand_count >= CLX_TRAFFIC_STREAMS_MAX) return -1;
  traffic->demand[traffic->demand_count] = *demand;
  traffic->state_count = 0;
  return traffic->demand_count++;
}

const double *clx_traffic_speeds(clx_traffic *traffic, uint32_t active) {
  for (int32_t i = 0; i < traffic->state_count; i++) {
    if (traffic->state[i] == active) return traffic->speed[i];
  }
  if (traffic->state_count == CLX_TRAFFIC_STATES_MAX) traffic->state_count = 0;  // start anew rather than grow
  const int32_t i = traffic->state_count++;
  traffic->state[i] = active;
  solve(traffic, active, traffic->speed[i]);
  return traffic->speed[i];
}
