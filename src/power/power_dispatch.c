// One step of the supply: who gives what. A step is cut into segments in which every power is a straight line: feeds follow at once, running
// generators fall at once and rise by their ramp, batteries give what is still missing. docs/model/power/supply.md.
#include <math.h>

#include "power/power_supply_internal.h"

#define SNAP 1e-12     // share of a source's power that counts as its target
#define SHORTEST 1e-6  // s, shortest segment: well above the resolution of times of years

// A segment before its length is known.
typedef struct dispatch {
  const clx_supply *supply;
  clx_supply_state *state;
  int32_t rank[CLX_SOURCES_MAX];
  double load;                                        // W: demand, standby and smoothing of batteries
  double most[CLX_SOURCES_MAX];                       // W that a source can give now
  double target[CLX_SOURCES_MAX];                     // W that it gives once ramps are over
  double slope[CLX_SOURCES_MAX];                      // W/s
  double give[CLX_STORES_MAX], take[CLX_STORES_MAX];  // W: battery k at most
  double give_all, take_all;                          // W; take_all is asked of the sources
  double head, over;                                  // W: feeds above their targets, generators still above theirs
  double gap, gap_slope;  // W, W/s: load and charging less targets, with what ramps have not brought yet
} dispatch;

// The gap as feeds, generators on their way down, charging that waits, batteries and nobody cover it, one after another.
typedef struct cover {
  double feeds, over, battery, shortage;  // W; battery > 0 discharges
} cover;

static cover cover_of(const dispatch *d, double gap) {
  cover c = {.feeds = fmin(fmax(gap, 0), d->head)};
  gap = fmax(0, gap - d->head);
  c.over = fmin(gap, d->over);
  gap = fmax(0, gap - d->over);
  c.battery = fmin(gap - d->take_all, d->give_all);
  c.shortage = fmax(0, gap - d->take_all - d->give_all);
  return c;
}

static double limited(double value, double low, double high) { return fmin(fmax(value, low), high); }

// What each source can give, and how much batteries can take of it.
static void find_limits(dispatch *d) {
  const clx_supply *supply = d->supply;
  const clx_supply_state *state = d->state;
  double feeds = clx_feeds_limit(supply, state->time, state->time), all = 0;
  for (int32_t r = 0; r < supply->source_count; r++) {
    const int32_t i = d->rank[r];
    const clx_source *s = &supply->source[i];
    if (s->generator != NULL) {
      d->most[i] = state->running[i] * clx_source_unit(s);
    } else {
      d->most[i] = clx_source_there(s, state->time) ? fmin(clx_source_power(s), feeds) : 0;
      feeds -= d->most[i];
    }
    all += d->most[i];
  }
  d->give_all = d->take_all = 0;
  for (int32_t k = 0; k < supply->store_count; k++) {
    const clx_store *s = &supply->store[k];
    const double power = clx_store_works(s, state->time) ? s->battery->power * s->count : 0;
    d->give[k] = clx_store_stock(s, state, k) > 0 ? power : 0;
    d->take[k] = clx_store_room(s, state, k) > 0 ? power : 0;
    if (s->charge_power > 0) d->take[k] = fmin(d->take[k], s->charge_power);
    d->give_all += d->give[k];
    d->take_all += d->take[k];
  }
  const double asked = d->take_all, free = fmax(0, all - d->load);
  if (asked > free) {
    d->take_all = free;
    for (int32_t k = 0; k < supply->store_count; k++) d->take[k] *= free / asked;
  }
}

// Where the sources go. Generators look at what the feeds before them will give over their lead, so that they carry the load when a feed goes.
static void find_targets(dispatch *d) {
  const clx_supply *supply = d->supply;
  const double load = d->load + d->take_all;
  double must = 0, given = 0;
  for (int32_t i = 0; i < supply->source_count; i++) {
    const clx_source *s = &supply->source[i];
    if (s->generator != NULL) must += s->generator->minimum * d->most[i];
  }
  for (int32_t r = 0; r < supply->source_count; r++) {
    const int32_t i = d->rank[r];
    const clx_source *s = &supply->source[i];
    if (s->generator == NULL) continue;
    const double least = s->generator->minimum * d->most[i];
    must -= least;
    const double wanted = load - given - must - clx_feeds_ahead(supply, i, d->state->time);
    d->target[i] = fmin(limited(wanted, least, d->most[i]), fmax(0, load - given));
    given += d->target[i];
  }
  for (int32_t r = 0; r < supply->source_count; r++) {
    const int32_t i = d->rank[r];
    if (supply->source[i].generator != NULL) continue;
    d->target[i] = limited(load - given, 0, d->most[i]);
    given += d->target[i];
  }
}

// Ramps from where the generators are; and what they leave open.
static void find_ramps(dispatch *d) {
  const clx_supply *supply = d->supply;
  const clx_supply_state *state = d->state;
  d->gap = d->load + d->take_all;
  d->head = d->over = d->gap_slope = 0;
  for (int32_t i = 0; i < supply->source_count; i++) {
    const clx_source *s = &supply->source[i];
    const double now = fmin(state->output[i], d->most[i]);
    d->slope[i] = 0;
    if (s->generator == NULL) {
      d->head += d->most[i] - d->target[i];
      d->gap -= d->target[i];
    } else if (now < d->target[i] - SNAP * d->most[i]) {
      d->slope[i] = s->generator->ramp * state->running[i];
      d->gap_slope -= d->slope[i];
      d->gap -= now;
    } else {
      d->over += fmax(0, now - d->target[i]);
      d->gap -= d->target[i];
    }
  }
  if (d->gap - d->head - d->over <= d->take_all + SNAP * d->load) return;
  // Something is missing: everybody who can rises.
  for (int32_t i = 0; i < supply->source_count; i++) {
    const clx_source *s = &supply->source[i];
    if (s->generator == NULL || d->slope[i] > 0) continue;
    if (fmin(state->output[i], d->most[i]) >= d->most[i] * (1 - SNAP)) continue;
    d->slope[i] = -s->generator->ramp * state->running[i];  // < 0: beyond its target
    d->gap_slope += d->slope[i];
  }
}

// Generators from the level of the segment's start: `late` tells how long after.
static double output_at(const dispatch *d, int32_t i, const cover *c, double late) {
  const double now = fmin(d->state->output[i], d->most[i]), target = d->target[i];
  if (d->supply->source[i].generator == NULL) {
    const double head = d->most[i] - target;
    return head > 0 ? target + c->feeds * (head / d->head) : target;
  }
  if (d->slope[i] > 0) return now + d->slope[i] * late;
  if (d->slope[i] < 0) return fmax(now, target) - d->slope[i] * late;
  const double over = fmax(0, now - target);
  return over > 0 ? target + c->over * (over / d->over) : target;
}

static double earlier(double best, double time) { return time > 0 && time < best ? time : best; }

// s until a ramp ends or the gap is covered by somebody else than now; at most `left`.
static double straight_for(const dispatch *d, double left) {
  if (d->gap_slope == 0) return left;
  const double edge[] = {d->head, d->head + d->over, d->head + d->over + d->take_all,
                         d->head + d->over + d->take_all + d->give_all, 0};
  for (int32_t e = 0; e < CLX_COUNT(edge); e++) {
    const double way = d->gap - edge[e];  // the gap only closes; rounding counts as there
    if (way > SNAP * d->load) left = earlier(left, way / -d->gap_slope);
  }
  for (int32_t i = 0; i < d->supply->source_count; i++) {
    const double now = fmin(d->state->output[i], d->most[i]);
    if (d->slope[i] > 0) left = earlier(left, (d->target[i] - now) / d->slope[i]);
    if (d->slope[i] < 0) left = earlier(left, (d->most[i] - fmax(now, d->target[i])) / -d->slope[i]);
  }
  return left;
}

// s in which a power that goes from `power` with `slope` moves `energy`; INFINITY when never. power, energy >= 0.
static double time_for(double energy, double power, double slope) {
  const double root = power * power + 2 * slope * energy;
  return root < 0 || !(power + sqrt(root) > 0) ? INFINITY : 2 * energy / (power + sqrt(root));
}

// s until a battery is full or empty when their sum goes from `start` to `end` in `length`.
static double stores_for(const dispatch *d, double start, double end, double length) {
  const double slope = (end - start) / length, sign = start + end > 0 ? 1 : -1;
  double left = length;
  for (int32_t k = 0; k < d->supply->store_count; k++) {
    const clx_store *s = &d->supply->store[k];
    const double way = sqrt(s->battery->round_trip);
    const double share =
        sign > 0 ? (d->give_all > 0 ? d->give[k] / d->give_all : 0) : (d->take_all > 0 ? d->take[k] / d->take_all : 0);
    if (!(share > 0)) continue;
    const double energy = sign > 0 ? clx_store_stock(s, d->state, k) * way : clx_store_room(s, d->state, k) / way;
    left = fmin(left, time_for(energy, fmax(0, sign * start * share), sign * slope * share));
  }
  return left;
}

// Moves `mean` W for dt through the batteries; returns W that they did not give.
static double use_stores(dispatch *d, double mean, double dt) {
  clx_supply_state *state = d->state;
  double missing = 0;
  for (int32_t k = 0; k < d->supply->store_count; k++) {
    const clx_store *s = &d->supply->store[k];
    const double way = sqrt(s->battery->round_trip);
    if (mean > 0 && d->give[k] > 0) {
      const double asked = mean * (d->give[k] / d->give_all) * dt, stock = clx_store_stock(s, state, k);
      const double given = fmin(asked / way, stock);
      const double energy = given < stock ? asked : fmin(asked, given * way);
      state->charge[k] -= given;
      state->out[k] += energy;
      state->lost[k] += given - energy;
      missing += asked - energy;
    } else if (mean < 0 && d->take[k] > 0) {
      const double energy = -mean * (d->take[k] / d->take_all) * dt;
      state->charge[k] += energy * way;
      state->in[k] += energy;
      state->lost[k] += energy - energy * way;
    }
    state->least[k] = fmin(state->least[k], state->charge[k]);
  }
  return missing / dt;
}

// s after which the units are looked at again: while batteries that shave run down, or recover.
static double review_after(const dispatch *d) {
  double energy = 0, power = 0, after = INFINITY;
  for (int32_t k = 0; k < d->supply->store_count; k++) {
    const clx_store *s = &d->supply->store[k];
    if ((s->roles & CLX_BATTERY_SHAVE) == 0 || !clx_store_works(s, d->state->time)) continue;
    energy += clx_store_stock(s, d->state, k) * sqrt(s->battery->round_trip);
    power += s->battery->power * s->count;
  }
  if (!(power > 0)) return after;
  for (int32_t i = 0; i < d->supply->source_count; i++) {
    const clx_source *s = &d->supply->source[i];
    if (s->generator == NULL) continue;
    const double lead = clx_source_lead(s), spare = energy / power - lead * (1 + CLX_SHAVE_REVIEW);
    after = fmin(after, fmax(fmax(1, CLX_SHAVE_REVIEW * lead), spare));
  }
  return after;
}

// One segment of at most `left` s; returns how long it was.
static double run_segment(dispatch *d, double left) {
  clx_supply_state *state = d->state;
  find_limits(d);
  find_targets(d);
  if (!state->begun) {
    for (int32_t i = 0; i < d->supply->source_count; i++) state->output[i] = d->target[i];
    state->begun = true;
  }
  find_ramps(d);
  double length = straight_for(d, left);
  const cover start = cover_of(d, d->gap);
  cover end = cover_of(d, d->gap + d->gap_slope * length);
  double stores = stores_for(d, start.battery, end.battery, length);
  if (start.battery != 0) stores = fmin(stores, review_after(d));
  if (stores < length || length < SHORTEST) {
    length = fmin(left, fmax(fmin(stores, length), SHORTEST));
    end = cover_of(d, d->gap + d->gap_slope * length);
  }
  clx_supply_segment segment = {.time = length, .load = d->load};
  for (int32_t i = 0; i < d->supply->source_count; i++) {
    segment.output[i][0] = output_at(d, i, &start, 0);
    segment.output[i][1] = output_at(d, i, &end, length);
  }
  const double missing = use_stores(d, (start.battery + end.battery) / 2, length);
  segment.shortage[0] = start.shortage + missing;
  segment.shortage[1] = end.shortage + missing;
  clx_stores_idle(d->supply, state, length);
  clx_supply_book(d->supply, state, &segment);
  for (int32_t i = 0; i < d->supply->source_count; i++) state->output[i] = segment.output[i][1];
  return length;
}

double clx_supply_step(const clx_supply *supply, clx_supply_state *state, double demand, double dt) {
  if (!(dt > 0)) return 0;
  dispatch d = {.supply = supply, .state = state};
  double out[CLX_STORES_MAX];
  for (int32_t k = 0; k < supply->store_count; k++) out[k] = state->out[k];
  clx_supply_rank(supply, d.rank);
  const double end = state->time + dt, before = state->short_energy;
  double done = 0;  // s, kept apart from the time: late in a year that is known to nanoseconds only
  while (state->time < end && done < dt) {
    clx_supply_month(supply, state);
    d.load = demand + clx_stores_draw(supply, state);
    clx_units_commit(supply, d.rank, state, fmax(demand, state->foreseen) + (d.load - demand));
    const double stop = fmin(end, clx_supply_boundary(supply, state));
    const double left = stop < end ? fmin(stop - state->time, dt - done) : dt - done;
    const double length = run_segment(&d, left);
    state->demand_energy += demand * length;
    state->time = length < left ? state->time + length : stop;
    done += length;
  }
  state->time = end;
  clx_supply_month(supply, state);
  clx_stores_fade(supply, state, out, dt);
  return (state->short_energy - before) / dt;
}
