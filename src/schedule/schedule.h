// schedule: the activity network of a build: what must be done before what, with which crews, when racks and transformers arrive, and when it
// is done. Data here; schedule_solve.h finds plans and bounds, schedule_risk.h asks what uncertain durations do, schedule_file.h reads and
// writes.
//
// Time is a whole number of units from the start of the project: `unit` says what one is (an hour, a day). Unit t is the span from t to t + 1;
// an activity that starts at s and works d units without a calendar is done at s + d.
#pragma once

#include "base/base.h"

enum {
  CLX_PROJECT_NONE = INT32_MIN,         // no maximum lag, no deadline, no calendar
  CLX_PROJECT_TIME_MAX = 1000000,       // units: durations, lags and dates stay below
  CLX_PROJECT_AMOUNT_MAX = 1000000000,  // of a resource
  CLX_PROJECT_ACTIVITIES_MAX = 100000,
};

// From start or finish of one activity to start or finish of another: the first letter is of `from`.
typedef enum clx_project_link_kind {
  CLX_PROJECT_FS,
  CLX_PROJECT_SS,
  CLX_PROJECT_FF,
  CLX_PROJECT_SF,
  CLX_PROJECT_LINKS
} clx_project_link_kind;

extern const char *const clx_project_link_name[CLX_PROJECT_LINKS + 1];  // "FS" ...

// least <= (time of `to`) - (time of `from`) <= most, in elapsed units. No two links need differ in their ends.
typedef struct clx_project_link {
  int32_t from, to;  // activities
  int32_t kind;      // clx_project_link_kind
  int32_t least;     // may be negative
  int32_t most;      // CLX_PROJECT_NONE = no bound
} clx_project_link;

// Working time: a pattern that repeats from unit 0 on, and spans that differ from it (holidays, extra shifts); the last that covers a unit holds.
typedef struct clx_project_span {
  int32_t from, to;  // units from .. to - 1
  bool works;
} clx_project_span;

typedef struct clx_project_calendar {
  const char *name;
  const bool *works;  // [period]
  int32_t period;     // units, >= 1
  const clx_project_span *span;
  int32_t span_count;
} clx_project_calendar;

typedef struct clx_project_level {
  int32_t at;      // unit
  int64_t amount;  // of a renewable resource: its capacity from then on; of a consumable: what arrives
} clx_project_level;

// Renewable (crews, cranes, MW): capacity by steps, 0 before the first, 0 where its calendar does not work. Consumable (racks, transformers):
// what arrives is used up by the start of an activity, and what is left stays.
typedef struct clx_project_resource {
  const char *name;
  bool consumed;
  int32_t calendar;                // CLX_PROJECT_NONE = always
  const clx_project_level *level;  // ascending in `at`
  int32_t level_count;
} clx_project_resource;

typedef struct clx_project_use {
  int32_t resource;
  int64_t amount;  // > 0
} clx_project_use;

// One way to do an activity.
typedef struct clx_project_mode {
  int32_t duration;  // units of work, >= 0
  const clx_project_use *use;
  int32_t use_count;
} clx_project_mode;

// Works in the units in which its calendar works (once started it pauses in the others, and holds no renewable resource then).
typedef struct clx_project_activity {
  const char *name;
  const clx_project_mode *mode;
  int32_t mode_count;  // >= 1
  int32_t calendar;    // CLX_PROJECT_NONE = every unit
  int32_t release;     // it does not start before
  int32_t deadline;    // it must be finished then; CLX_PROJECT_NONE
  int32_t phase;       // of clx_project.phase; phases share the resources
} clx_project_activity;

typedef struct clx_project {
  const char *name;
  double unit;        // s of one unit
  const char *start;  // ISO date of unit 0, NULL = none
  const clx_project_activity *activity;
  int32_t activity_count;
  const clx_project_link *link;
  int32_t link_count;
  const clx_project_resource *resource;
  int32_t resource_count;
  const clx_project_calendar *calendar;
  int32_t calendar_count;
  const char *const *phase;
  int32_t phase_count;  // 0 = one without a name
  // What the file of the project says and the project cannot, a sentence each.
  const char *const *note;
  int32_t note_count;
} clx_project;

// A plan: one row for each activity.
typedef struct clx_project_plan {
  int32_t *mode;     // [activity_count]
  int32_t *start;    // units
  int32_t *finish;   // units, the end of the last unit of work; = start where there is none
  int32_t makespan;  // the latest finish
} clx_project_plan;

clx_status clx_project_plan_new(const clx_project *project, clx_arena *arena, clx_project_plan *plan, clx_error *error);

// --- calendars ---------------------------------------------------------------------------------------------------------------------------
bool clx_project_works(const clx_project *project, int32_t calendar, int32_t unit);  // O(spans)
// Capacity of a renewable resource in a unit: steps and calendar. O(steps + spans)
int64_t clx_project_capacity(const clx_project *project, int32_t resource, int32_t unit);
// End of `work` units begun at `start`, at the first unit of work if `start` is none; -1 when the calendar does not give that many before
// 2 CLX_PROJECT_TIME_MAX. O(elapsed time)
int32_t clx_project_finish(const clx_project *project, int32_t calendar, int32_t start, int32_t work);

// --- checks ------------------------------------------------------------------------------------------------------------------------------
// Refuses what no plan can be made of, up to CLX_MISTAKES_MAX mistakes: CLX_INPUT: numbers out of range, names twice, unknown indices;
// CLX_INFEASIBLE: cycles (all activities of it in their order), lags that cannot hold (the chain that binds and by how much), more of a resource
// than there ever is for long enough, arrivals that never suffice (and how many more are needed), deadlines before the earliest
// finish (and the chain). O(modes (uses + steps) + activities links) at worst.
clx_status clx_project_check(const clx_project *project, clx_error *error);

// Judges a plan by the data alone, with none of the code that makes plans: modes, releases, deadlines, calendars, links with both lags,
// capacity in every unit, stocks at every start. CLX_INFEASIBLE with a sentence for each violation. O(activities units).
clx_status clx_project_validate(const clx_project *project, const clx_project_plan *plan, clx_error *error);
