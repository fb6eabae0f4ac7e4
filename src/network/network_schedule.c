// Plays a schedule: rounds begin, share links, and end; what nothing disturbs is skipped over.
#include <math.h>
#include <string.h>

#include "network/network_schedule_internal.h"

typedef enum stage_state {
  BLOCKED,  // rounds before it are not over
  MOVING,   // flows are followed one by one
  RESTING,  // flows have ended; the last is on its way, or the wait lasts
  ALONE,    // shares no link: all repetitions last as long as the first
  OVER
} stage_state;

// A round of the schedule while it plays.
typedef struct stage {
  const clx_round *round;
  const clx_plan *plan;
  clx_motion motion;
  stage_state state;
  int32_t open;                // rounds before it that are not over
  int64_t left;                // repetitions to come; of an ALONE one: with the one that began at `since`
  double since;                // s, ALONE: when its first repetition began
  double until;                // s, RESTING, ALONE: when that ends
  int32_t component, members;  // root of the active rounds that it shares links with; their number, itself included
  int32_t first, next;         // MOVING ones of a component, from its root on; -1 = end
  bool stale;                  // of a root: rates of its component no longer hold
} stage;

typedef struct player {
  clx_arena *arena;
  const clx_schedule *schedule;
  clx_plans plans;
  clx_mover mover;
  stage *stage;
  int32_t *active;  // [active_count] stages that have begun and are not over, and have flows or waits
  int32_t active_count;
  int32_t *owner;                      // [links] scratch: stage that uses it
  clx_motion **moving;                 // scratch
  int32_t *follower, *first_follower;  // rounds that wait for round i: follower[first_follower[i]] ...
  double *start, *end;
  double now;
  bool regroup;
  clx_error *error;
} player;

// --- a round alone ---------------------------------------------------------------------------------------------------

// Follows a motion alone until `until` or until all its flows have ended; returns the time reached in *now.
static clx_status follow(player *p, clx_motion *x, double *now, double until) {
  while (x->moving > 0 && *now < until) {
    if (!x->solved) CLX_TRY(clx_motion_solve(&p->mover, &x, 1, p->error));
    const double next = fmin(clx_motion_next(&p->mover, x, *now), until);
    clx_motion_advance(&p->mover, x, *now, next);
    *now = next;
  }
  return CLX_OK;
}

static clx_status time_alone(player *p, clx_plan *plan) {
  clx_motion x = {0};
  double now = 0;
  if (plan->flows == 0) return CLX_OK;
  CLX_TRY(clx_motion_begin(&p->mover, &x, plan, 0, p->error));
  CLX_TRY(follow(p, &x, &now, INFINITY));
  plan->alone = x.arrived;
  return CLX_OK;
}

static double length_alone(const stage *s) { return s->plan->alone + s->round->wait; }

// --- who shares links ------------------------------------------------------------------------------------------------

static int32_t root_of(const player *p, int32_t s) {
  while (p->stage[s].component != s) s = p->stage[s].component;
  return s;
}

static void join(player *p, int32_t a, int32_t b) {
  const int32_t x = root_of(p, a), y = root_of(p, b);
  if (x != y) p->stage[x > y ? x : y].component = x > y ? y : x;
}

static void group_stages(player *p) {
  for (int32_t i = 0; i < p->active_count; i++) {
    stage *s = &p->stage[p->active[i]];
    s->component = p->active[i];
    s->members = 0;
    const int32_t entries = s->plan->first[s->plan->flows];
    for (int32_t e = 0; e < entries; e++) p->owner[s->plan->link[e]] = -1;
  }
  for (int32_t i = 0; i < p->active_count; i++) {
    const clx_plan *plan = p->stage[p->active[i]].plan;
    const int32_t entries = plan->first[plan->flows];
    for (int32_t e = 0; e < entries; e++) {
      int32_t *owner = &p->owner[plan->link[e]];
      if (*owner >= 0 && *owner != p->active[i]) join(p, *owner, p->active[i]);
      *owner = p->active[i];
    }
  }
  for (int32_t i = 0; i < p->active_count; i++) {
    stage *s = &p->stage[p->active[i]];
    s->component = root_of(p, p->active[i]);
    p->stage[s->component].members++;
  }
  for (int32_t i = 0; i < p->active_count; i++) {
    stage *s = &p->stage[p->active[i]];
    s->members = p->stage[s->component].members;
    s->motion.solved = false;
  }
}

// --- repetitions -----------------------------------------------------------------------------------------------------

// The next repetition of a stage begins at `at` (now, or a rounding before it).
static clx_status begin_repetition(player *p, stage *s, double at) {
  if (s->plan->flows == 0) {
    s->state = RESTING;
    s->until = at + (double)s->left * s->round->wait;
    s->left = 0;
    return CLX_OK;
  }
  if (s->members == 1) {
    s->state = ALONE;
    s->since = at;
    s->until = at + (double)s->left * length_alone(s);
    return CLX_OK;
  }
  s->state = MOVING;
  s->left--;
  return clx_motion_begin(&p->mover, &s->motion, s->plan, at, p->error);
}

// An ALONE stage meets another: where its flows stand now.
static clx_status break_up(player *p, stage *s) {
  const double length = length_alone(s);
  int64_t done = length > 0 ? (int64_t)floor((p->now - s->since) / length * (1 + 1e-12)) : 0;
  if (done >= s->left) done = s->left - 1;
  s->left -= done + 1;
  double at = s->since + (double)done * length;
  s->state = MOVING;
  CLX_TRY(clx_motion_begin(&p->mover, &s->motion, s->plan, at, p->error));
  CLX_TRY(follow(p, &s->motion, &at, p->now));
  s->motion.solved = false;
  if (s->motion.moving == 0) {
    s->state = RESTING;
    s->until = s->motion.arrived + s->round->wait;
  }
  return CLX_OK;
}

static clx_status regroup(player *p) {
  group_stages(p);
  for (int32_t i = 0; i < p->active_count; i++) {
    stage *s = &p->stage[p->active[i]];
    if (s->state == ALONE && s->members > 1) CLX_TRY(break_up(p, s));
  }
  p->regroup = false;
  return CLX_OK;
}

// --- beginning and ending --------------------------------------------------------------------------------------------

static void enter(player *p, int32_t index) {
  stage *s = &p->stage[index];
  s->left = s->round->repeat;
  s->state = MOVING;
  s->motion.moving = 0;  // the first repetition begins once it is known who shares links
  s->since = -1;
  p->start[index] = p->now;
  p->active[p->active_count++] = index;
  p->regroup = true;
}

static void leave(player *p, int32_t index) {
  p->stage[index].state = OVER;
  p->end[index] = p->stage[index].until;
  p->regroup = true;
  for (int32_t i = 0; i < p->active_count; i++) {
    if (p->active[i] != index) continue;
    memmove(&p->active[i], &p->active[i + 1], (size_t)(p->active_count - i - 1) * sizeof *p->active);
    p->active_count--;
    break;
  }
  for (int32_t i = p->first_follower[index]; i < p->first_follower[index + 1]; i++) {
    if (--p->stage[p->follower[i]].open == 0) enter(p, p->follower[i]);
  }
}

static clx_status begin_entered(player *p) {
  for (int32_t i = 0; i < p->active_count; i++) {
    stage *s = &p->stage[p->active[i]];
    if (s->state == MOVING && s->since < 0) {
      s->since = 0;
      CLX_TRY(begin_repetition(p, s, p->now));
    }
  }
  return CLX_OK;
}

// Rates of all components in which flows have begun or ended.
static clx_status solve_moving(player *p) {
  for (int32_t i = 0; i < p->active_count; i++) {
    stage *s = &p->stage[p->active[i]];
    s->first = -1;
  }
  for (int32_t i = p->active_count - 1; i >= 0; i--) {
    stage *s = &p->stage[p->active[i]], *root = &p->stage[s->component];
    if (s->state != MOVING) continue;
    s->next = root->first;
    root->first = p->active[i];
    root->stale = root->stale || !s->motion.solved;
  }
  for (int32_t i = 0; i < p->active_count; i++) {
    stage *root = &p->stage[p->active[i]];
    int32_t count = 0;
    if (!root->stale) continue;
    root->stale = false;
    for (int32_t k = root->first; k >= 0; k = p->stage[k].next) p->moving[count++] = &p->stage[k].motion;
    if (count > 0) CLX_TRY(clx_motion_solve(&p->mover, p->moving, count, p->error));
  }
  return CLX_OK;
}

static double next_event(const player *p) {
  double next = INFINITY;
  for (int32_t i = 0; i < p->active_count; i++) {
    const stage *s = &p->stage[p->active[i]];
    next = fmin(next, s->state == MOVING ? clx_motion_next(&p->mover, &s->motion, p->now) : s->until);
  }
  return next;
}

static clx_status finish(player *p) {
  for (int32_t i = 0; i < p->active_count; i++) {
    stage *s = &p->stage[p->active[i]];
    if (s->state == MOVING && s->motion.moving == 0) {
      s->state = RESTING;
      s->until = s->motion.arrived + s->round->wait;
      p->stage[s->component].stale = true;  // the others get what its last flows had
    }
  }
  for (int32_t i = 0; i < p->active_count;) {
    const int32_t index = p->active[i];
    stage *s = &p->stage[index];
    if ((s->state == RESTING || s->state == ALONE) && s->until <= p->now * (1 + 1e-14)) {
      if (s->state == ALONE || s->left == 0) {
        leave(p, index);
        continue;  // the next one has moved here
      }
      CLX_TRY(begin_repetition(p, s, s->until));
    }
    i++;
  }
  return CLX_OK;
}

static clx_status play(player *p) {
  for (int32_t i = 0; i < p->schedule->round_count; i++) {
    if (p->stage[i].open == 0) enter(p, i);
  }
  while (p->active_count > 0) {
    if (p->regroup) CLX_TRY(regroup(p));
    CLX_TRY(begin_entered(p));
    CLX_TRY(solve_moving(p));
    const double next = next_event(p);
    if (!isfinite(next)) return clx_fail(p->error, CLX_INTERNAL, p->schedule->place, "a schedule came to a halt");
    for (int32_t i = 0; i < p->active_count; i++) {
      stage *s = &p->stage[p->active[i]];
      if (s->state == MOVING) clx_motion_advance(&p->mover, &s->motion, p->now, next);
    }
    p->now = fmax(p->now, next);
    CLX_TRY(finish(p));
  }
  return CLX_OK;
}

// --- the face --------------------------------------------------------------------------------------------------------

static clx_status link_rounds(player *p) {
  const clx_schedule *s = p->schedule;
  int64_t total = 0;
  for (int32_t i = 0; i < s->round_count; i++) total += s->round[i].after_count;
  p->first_follower = CLX_NEW_ARRAY(p->arena, int32_t, s->round_count + 2);
  p->follower = CLX_NEW_ARRAY(p->arena, int32_t, total + 1);
  if (p->first_follower == NULL || p->follower == NULL) return clx_fail_plain(p->error, CLX_MEMORY, "out of memory");
  int32_t *place = p->first_follower + 1;
  for (int32_t i = 0; i < s->round_count; i++) {
    for (int32_t k = 0; k < s->round[i].after_count; k++) place[s->round[i].after[k] + 1]++;
  }
  for (int32_t i = 0; i < s->round_count; i++) place[i + 1] += place[i];
  for (int32_t i = 0; i < s->round_count; i++) {
    for (int32_t k = 0; k < s->round[i].after_count; k++) p->follower[place[s->round[i].after[k]]++] = i;
    p->stage[i].open = s->round[i].after_count;
  }
  return CLX_OK;
}

static clx_status prepare(player *p, int32_t ranks, const clx_wires *wires) {
  const clx_schedule *s = p->schedule;
  const int64_t count = s->round_count;
  CLX_TRY(clx_plans_make(p->arena, s, ranks, wires, &p->plans, p->error));
  CLX_TRY(clx_mover_make(p->arena, &p->plans, &p->mover, p->error));
  p->stage = CLX_NEW_ARRAY(p->arena, stage, count);
  p->active = CLX_NEW_ARRAY(p->arena, int32_t, count);
  p->owner = CLX_NEW_ARRAY(p->arena, int32_t, p->plans.link_count + 1);
  p->moving = CLX_NEW_ARRAY(p->arena, clx_motion *, count);
  p->start = CLX_NEW_ARRAY(p->arena, double, count);
  p->end = CLX_NEW_ARRAY(p->arena, double, count);
  if (p->stage == NULL || p->active == NULL || p->owner == NULL || p->moving == NULL || p->start == NULL ||
      p->end == NULL)
    return clx_fail_plain(p->error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < p->plans.count; i++) CLX_TRY(time_alone(p, &p->plans.plan[i]));
  for (int32_t i = 0; i < s->round_count; i++) {
    p->stage[i].round = &s->round[i];
    p->stage[i].plan = &p->plans.plan[p->plans.of_round[i]];
  }
  return link_rounds(p);
}

// Sums over all rounds, and the busiest link.
static clx_status add_up(const player *p, clx_schedule_outcome *out) {
  const clx_schedule *s = p->schedule;
  double *busy = CLX_NEW_ARRAY(p->arena, double, p->plans.link_count + 1);
  if (busy == NULL) return clx_fail_plain(p->error, CLX_MEMORY, "out of memory");
  double *repeated = CLX_NEW_ARRAY(p->arena, double, p->plans.count);
  if (repeated == NULL) return clx_fail_plain(p->error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < s->round_count; i++) {
    if (!(p->end[i] <= CLX_SCHEDULE_TIME_MAX))
      return clx_fail(p->error, CLX_INPUT, s->round[i].place,
                      "this round would end after %.3g s; at most %g s are played", p->end[i], CLX_SCHEDULE_TIME_MAX);
    out->time = fmax(out->time, p->end[i]);
    out->rounds += s->round[i].repeat;
    out->bytes += (double)s->round[i].repeat * p->stage[i].plan->sent;
    repeated[p->plans.of_round[i]] += (double)s->round[i].repeat;
  }
  for (int32_t i = 0; i < p->plans.count; i++) {
    const clx_plan *plan = &p->plans.plan[i];
    for (int32_t f = 0; f < plan->flows; f++) {
      for (int32_t e = plan->first[f]; e < plan->first[f + 1]; e++) {
        const int32_t link = plan->link[e];
        busy[link] += repeated[i] * plan->bytes[f] * (plan->load != NULL ? plan->load[e] : 1) / p->plans.capacity[link];
      }
    }
  }
  out->worst_link = -1;
  for (int32_t i = 0; i < p->plans.link_count; i++) {
    if (busy[i] <= out->worst_busy) continue;
    out->worst_busy = busy[i];
    out->worst_link = p->plans.link != NULL ? p->plans.link[i] : -1;
  }
  if (isfinite(out->time) && isfinite(out->bytes) && isfinite(out->worst_busy)) return CLX_OK;
  return clx_fail(p->error, CLX_INPUT, s->place, "the schedule takes longer than can be counted");
}

clx_status clx_schedule_play(clx_arena *arena, const clx_schedule *schedule, const clx_wires *wires,
                             clx_schedule_outcome *outcome, clx_error *error) {
  *outcome = (clx_schedule_outcome){.worst_link = -1};
  CLX_TRY(clx_schedule_check(schedule, wires->ranks, error));
  player p = {.arena = arena, .schedule = schedule, .error = error};
  clx_status status = prepare(&p, schedule->ranks > 0 ? schedule->ranks : wires->ranks, wires);
  if (status == CLX_OK) status = play(&p);
  if (status == CLX_OK) status = add_up(&p, outcome);
  outcome->start = p.start;
  outcome->end = p.end;
  outcome->solves = p.mover.solves;
  outcome->folded = p.plans.folded;
  clx_mover_close(&p.mover);
  return status;
}
