// Power floor and ramp limits in the chip, in continuous time: load is constant within a sample, power is piecewise linear.
//
// A falling load leaves power to burn: it falls with `down` and stays on the floor until the load has been below it for `hold`. A rising
// load waits for power: with `up` only P / L of the work is done at a time, so that every joule of work is done later, not lost.
#include <math.h>

#include "power/power_smooth_internal.h"

enum { PERIODS_MOST = 500 };

typedef struct chip {
  clx_chip_limits limits;
  double power, below;  // state: W; s that the load has been below the floor
  double time, burnt;   // of this pass
  double *watt;         // output, NULL while the state settles
  double step, filled, joules;
  int64_t cell, count;
} chip;

static void close_cell(chip *c) {
  c->watt[c->cell++] = c->joules / c->step;
  c->joules = c->filled = 0;
}

// Power that goes from p to q within `duration`, into the output's cells.
static void pour(chip *c, double duration, double p, double q) {
  const double slope = duration > 0 ? (q - p) / duration : 0;
  while (c->cell < c->count - 1 && c->filled + duration >= c->step * (1 - 1e-12)) {
    const double part = fmin(duration, c->step - c->filled);
    c->joules += part * (p + 0.5 * slope * part);
    p += slope * part;
    duration -= part;
    close_cell(c);
  }
  c->joules += duration * (p + 0.5 * slope * duration);
  c->filled += duration;
}

static void draw(chip *c, double duration, double to, double load, bool burns) {
  if (burns) c->burnt += duration * (0.5 * (c->power + to) - load);
  if (c->watt != NULL) pour(c, duration, c->power, to);
  c->time += duration;
  c->power = to;
  if (c->limits.hold > 0) c->below = load < c->limits.floor ? fmin(c->below + duration, c->limits.hold) : 0;
}

// Power below the load: rises while work waits. Returns the s of work that are left.
static double catch_up(chip *c, double load, double work) {
  const double up = c->limits.up, p = c->power, rise = (load - p) / up;
  const double done = rise * 0.5 * (p + load) / load;
  if (done <= work) {
    draw(c, rise, load, load, false);
    return work - done;
  }
  const double joules = load * work, time = 2 * joules / (p + sqrt(p * p + 2 * up * joules));
  draw(c, time, p + up * time, load, false);
  return 0;
}

// One sample: `work` s at `load` W.
static void pass_sample(chip *c, double load, double work) {
  const clx_chip_limits *l = &c->limits;
  if (!(load < l->floor)) c->below = 0;
  while (work > 0) {
    const bool held = l->floor > 0 && (l->hold == 0 || c->below < l->hold);
    const double target = held ? fmax(load, l->floor) : load;
    if (c->power < load && l->up > 0) {
      work = catch_up(c, load, work);
      continue;
    }
    const double rate = c->power < target ? l->up : l->down;
    if (rate == 0) c->power = target;
    const double change = rate > 0 ? fabs(target - c->power) / rate : 0;
    const double expiry = held && l->hold > 0 && load < l->floor ? l->hold - c->below : INFINITY;
    const double room = fmin(work, expiry);
    if (change > 0 && change <= room) {
      draw(c, change, target, load, true);
      work -= change;
    } else {
      const double way = change > 0 ? rate * room : 0;
      draw(c, room, c->power < target ? c->power + way : c->power - way, load, true);
      if (expiry <= work) c->below = l->hold;
      work -= room;
    }
  }
}

static void pass_wave(chip *c, const clx_load *load) {
  c->time = c->burnt = 0;
  for (int64_t i = 0; i < load->count; i++) pass_sample(c, load->watt[i], load->step);
}

// The state with which a period ends as it began, from above. A wave that is not periodic begins as if its first sample had always been.
static clx_status settle(chip *c, const clx_load *load, clx_error *error) {
  double most = 0;
  for (int64_t i = 0; i < load->count; i++) most = fmax(most, load->watt[i]);
  c->power = fmax(most, c->limits.floor);
  if (!load->periodic) {
    const bool released = c->limits.hold > 0 && load->watt[0] < c->limits.floor;
    c->power = released ? load->watt[0] : fmax(load->watt[0], c->limits.floor);
    c->below = released ? c->limits.hold : 0;
    const chip start = *c;
    pass_wave(c, load);
    c->power = start.power;
    c->below = start.below;
    return CLX_OK;
  }
  for (int32_t i = 0; i < PERIODS_MOST; i++) {
    const chip start = *c;
    pass_wave(c, load);
    if (fabs(c->power - start.power) <= 1e-13 * most && fabs(c->below - start.below) <= 1e-12 * c->limits.hold) {
      return CLX_OK;
    }
  }
  return clx_fail_plain(
      error, CLX_INFEASIBLE,
      "power under ramps of %g W/s up and %g W/s down does not repeat itself within %d periods of %g s", c->limits.up,
      c->limits.down, PERIODS_MOST, (double)load->count * load->step);
}

clx_status clx_smooth_chip(const clx_chip_limits *limits, clx_load *load, double *burnt, double *stretch,
                           clx_error *error) {
  *burnt = 0;
  *stretch = 1;
  if (limits->floor == 0 && limits->up == 0 && limits->down == 0) return CLX_OK;
  chip c = {.limits = *limits, .count = load->count};
  CLX_TRY(settle(&c, load, error));
  const double length = (double)load->count * load->step;
  const double time = limits->up > 0 ? fmax(c.time, length) : length;
  clx_arena *scratch = clx_arena_new();
  double *watt = scratch != NULL ? CLX_NEW_ARRAY(scratch, double, load->count) : NULL;
  if (watt == NULL) {
    clx_arena_free(scratch);
    return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  }
  c.watt = watt;
  c.step = time / (double)load->count;
  pass_wave(&c, load);
  if (c.cell < c.count) close_cell(&c);
  for (int64_t i = 0; i < load->count; i++) load->watt[i] = watt[i];
  load->step = c.step;
  *burnt = c.burnt;
  *stretch = time / length;
  clx_arena_free(scratch);
  return CLX_OK;
}
