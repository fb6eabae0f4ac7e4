// What the files of a site run and of job lists share.
#pragma once

#include "chance/chance.h"
#include "power/power_site.h"

// --- what happens next (power_site_calendar.c): a heap by time; equal times by kind and number, whatever the order of pushes -----------
typedef struct clx_due_power {
  double time;
  int32_t kind, who;
  int64_t mark;
} clx_due_power;

typedef struct clx_calendar {
  clx_due_power *item;
  int32_t count, capacity;
} clx_calendar;

// False when out of memory. O(log count).
bool clx_calendar_push(clx_calendar *calendar, clx_arena *arena, clx_due_power due);
clx_due_power clx_calendar_pop(clx_calendar *calendar);

// --- series (power_site_series.c): stretches of constant power, one after the other, become samples ------------------------------------
typedef struct clx_power_bins {
  clx_wave wave, most_wave;  // means; largest value of each sample (no samples: not kept)
  int64_t index;
  double sum, span, top;
} clx_power_bins;

// ceil(horizon / step) samples, at most 2^28.
clx_status clx_power_bins_make(clx_power_bins *bins, double horizon, double step, bool with_most, clx_arena *arena,
                               clx_error *error);
void clx_power_bins_add(clx_power_bins *bins, double from, double to, double mean, double most);
// Closes a last sample that the horizon cut short.
void clx_power_bins_end(clx_power_bins *bins);

// --- states of the groups over time (power_site_states.c) --------------------------------------------------------------------------------
typedef struct clx_site_load {
  double mean, least, most, smoothing;  // W
  double ramp;                          // W/s
} clx_site_load;

enum {
  CLX_SITE_RAMP_PIECES = 4
};  // steps that stand for a linear change of state: the energy of a linear chain is exact

typedef struct clx_site_member {  // one group while a run goes on
  bool delivered;
  int32_t base, state;  // state without events that end; state now
  double since;         // s
  clx_site_load from, target;
  double begun, enter;  // s: the change of state
  int64_t change;       // number of the change, so that pieces of an older one are let pass
} clx_site_member;

typedef struct clx_site_states_run {
  const clx_site *site;
  clx_arena *arena;
  clx_calendar calendar;
  clx_site_member *member;  // [group_count]
  int32_t *first, *of;      // events of group g: of[first[g]] .. of[first[g + 1] - 1], rising
  double *until;            // [event_count]: holds until; < 0: not at all
  int64_t *round;           // [event_count]
  clx_stream *stream;       // [event_count]
  clx_site_load *tree;      // sums of pairs; leaves at [leaves]
  int32_t leaves;
  int32_t *dirty, dirty_count;
  bool *is_dirty;
  double moved, steepest;  // W, W/s at the bottom: what changes of state at this moment will do, and how fast over 1 s
  double events;
  bool failed;  // out of memory
} clx_site_states_run;

clx_status clx_site_check(const clx_site *site, clx_error *error);
bool clx_site_event_moves(const clx_site *site, int32_t event, int32_t group);  // whether it has to do with the group
clx_status clx_site_states_start(clx_site_states_run *run, const clx_site *site, clx_arena *arena, clx_error *error);
// Handles all that happens at `time` (the calendar's next, or 0).
void clx_site_states_at(clx_site_states_run *run, double time);
double clx_site_states_next(const clx_site_states_run *run);  // s; INFINITY
static inline clx_site_load clx_site_states_load(const clx_site_states_run *run) { return run->tree[1]; }

// --- load and point of connection (power_site_pass.c) ------------------------------------------------------------------------------------
// The load whose power at the point of connection is `limit`, within 0 .. most. About ten passes.
double clx_site_invert(const clx_site *site, double limit, double most);

// --- curtailments that matter now (power_site_near.c): of hundreds a supply need not look at all in every step --------------------------------
typedef struct clx_near_supply {
  clx_supply supply;        // the site's, with the curtailments of the window only
  clx_curtailment *sorted;  // by their start
  int32_t count, first, last;
  double ahead;  // s before its start at which a curtailment can first matter
} clx_near_supply;

bool clx_near_supply_make(clx_near_supply *near, const clx_supply *supply,
                          clx_arena *arena);  // false when out of memory
// For steps within `from` .. `to`; `from` never goes back. O(1) amortised.
void clx_near_supply_move(clx_near_supply *near, double from, double to);
