// A compiled buildout, and one history of it. For the files of this folder.
#pragma once

#include "buildout/buildout.h"
#include "buildout/buildout_curve.h"
#include "schedule/schedule_risk.h"

enum { CLX_ROUNDS_MAX = 64 };
#define CLX_Z90 1.2815515655446004  // the normal's P90
#define CLX_Z_MOST 3.5              // draws beyond (one in 2,100 on either side) are set there: plans need a horizon

// Low, middle and high: P10, P50, P90.
typedef struct clx_three {
  double low, middle, high;
} clx_three;

// What there is more of a need (or less) from a time on.
typedef struct clx_giving {
  int32_t need;
  int32_t kind, index;  // CLX_BUILDOUT_WORK, STEP, OUTSIDE or EVENT; in the list of its kind in the spec
  int32_t driver;
  double time;    // s; of works and events unused
  double amount;  // in the unit of the need
  bool back;      // of an event: the end of the loss
} clx_giving;

typedef struct clx_lot {
  double from, until, gpus;
} clx_lot;

typedef struct clx_event_plan {
  int32_t work;  // or -1
  double at;     // s
  clx_three delay;
} clx_event_plan;

// An uncertain or dated input. Multiples have middle 1, shifts (s) middle 0; of an event: the shift of its date.
typedef struct clx_driver_plan {
  const char *name;
  int32_t kind, need, index;
  double below, above;  // what one deviation of the normal adds: to the logarithm of a multiple, or to a shift
  bool multiple;
  bool chance;      // uncertain at all
  uint64_t entity;  // of its random numbers
} clx_driver_plan;

struct clx_buildout {
  const clx_buildout_spec *spec;
  const clx_buildout_input *input;
  double start;         // s since 1970
  double total, first;  // GPUs
  double racks;
  int32_t days;  // of the series
  int32_t cohort_count;
  double *edge;         // [cohort_count] GPUs up to the end of each cohort
  double *watts[2];     // [cohort_count] W up to it: power, heat
  double *per_rack;     // [cohort_count]
  clx_project project;  // count 0: no works
  bool plans;           // crews, stocks, calendars, modes or maximum lags: a plan is needed
  bool bounded;         // some lag has an upper bound: the plan is kept as it is
  clx_three **way;      // [works][modes] durations, units
  clx_giving *giving;
  int32_t giving_count;
  bool limits[CLX_BUILDOUT_NEEDS];  // anything at all is said of it
  bool delivers;
  clx_lot *lot;
  clx_event_plan *event;
  clx_curve rate;  // share of the installers' rate
  bool limited;    // installers have a rate
  clx_three install, burn_in, repair;
  clx_driver_plan *driver;
  int32_t driver_count;
  int32_t step_at[CLX_BUILDOUT_NEEDS], outside_at[CLX_BUILDOUT_NEEDS];
  int32_t factor_at, event_at, lot_at, source_at, install_at, burn_in_at, repair_at,
      arrival_at;      // drivers; works begin at 0
  int32_t *factor_of;  // [works] or -1
  double *by;          // [spec->by_count] s
  double *wanted;      // [spec->milestone_count] GPUs that can be used, or W at the site where `supplied` is stated
};

// --- compiling ---------------------------------------------------------------------------------------------------------------------------
typedef struct clx_builder {
  clx_buildout *out;
  clx_arena *arena;
  clx_error *error;
  clx_status status;  // of the first mistake
} clx_builder;

static const clx_place CLX_NOWHERE = {0};

// Adds a mistake and goes on.
#define CLX_WRONG(b, kind, place, ...)                                            \
  do {                                                                            \
    const clx_status wrong_ = clx_fail((b)->error, (kind), (place), __VA_ARGS__); \
    if ((b)->status == CLX_OK) (b)->status = wrong_;                              \
  } while (0)

void *clx_build_room(clx_builder *b, int32_t count, size_t size);  // never NULL where status is CLX_OK
// s from the start; a mistake where it cannot be read or lies before.
double clx_build_date(clx_builder *b, const char *text, const char *key, clx_place place);
// Fills what is not stated (< 0) by the middle and demands order. `what` for messages: "work 'x'".
clx_three clx_build_three(clx_builder *b, double low, double middle, double high, const char *what, const char *unit,
                          clx_place place);
// Place of `name` in a list of structs of `size` that begin with their name; -1 and a mistake ("did you mean").
int32_t clx_build_find(clx_builder *b, const char *name, const char *key, const void *list, int32_t count, size_t size,
                       clx_place place);
void clx_build_names(clx_builder *b, const char *what, const void *list, int32_t count, size_t size,
                     size_t place_offset);  // no two alike
void clx_build_works(clx_builder *b);       // the project
void clx_build_rate(clx_builder *b);        // the installers
void clx_build_drivers(clx_builder *b);
void clx_drivers_of_plan(clx_buildout *b, const clx_project_plan *plan);  // spreads of the modes chosen; plan nullable
void clx_build_check(clx_builder *b);                                     // what is given suffices
bool clx_build_works_in(const clx_builder *b, const clx_buildout_calendar *calendar, double time);  // s from the start
char *clx_buildout_date_text(clx_arena *arena, const clx_buildout *b, double time);                 // "2024-09-02"

double clx_buildout_carries(const clx_buildout *b, int32_t need, double amount);  // GPUs, at most the fleet
double clx_buildout_asks(const clx_buildout *b, int32_t need, double gpus);       // in the unit of the need

// --- one history ---------------------------------------------------------------------------------------------------------------------------

// What chance decides.
typedef struct clx_draw {
  int32_t replica;       // -1 = without chance
  double *x;             // [driver_count] multiple or shift
  bool *happens;         // [events]
  double *delay;         // [events] s
  double rounds;         // uniform: the unluckiest rack
  const double *series;  // [periods] deliveries from another section instead of those of the replica; nullable
} clx_draw;

typedef struct clx_step_now {
  double at, amount, carries;  // s; of the need; GPUs that the need carries from then on
  int32_t giving;
} clx_step_now;

// Work space of one thread; after a history its curves.
typedef struct clx_history {
  const clx_buildout *b;
  clx_arena *arena;
  clx_risk_player *player;  // NULL: no works
  const clx_project_plan *plan;
  double *duration, *begin, *end;  // [works] units; begin and end of the history at hand, s
  double *series;                  // [periods] of the source
  clx_step_now *step[CLX_BUILDOUT_NEEDS];
  int32_t step_count[CLX_BUILDOUT_NEEDS];
  clx_curve need[CLX_BUILDOUT_NEEDS];  // GPUs it carries
  clx_curve delivered, goal, rate, installed, carried, front, started, brought, held, usable, spare[3];
  double weight[CLX_ROUNDS_MAX], wait[CLX_ROUNDS_MAX];  // of the rounds of bring-up
  double *speed;                                        // [cohort_count] GPU/s
  int32_t rounds;
  double burn_in, repair;  // s

  double level, most;  // GPUs of first training and of full capacity, in whole waves
  double full, first;  // s; INFINITY
} clx_history;

clx_status clx_history_new(const clx_buildout *b, const clx_project_plan *plan, clx_arena *arena, clx_history *out,
                           clx_error *error);
clx_status clx_draw_new(const clx_buildout *b, clx_arena *arena, clx_draw *out, clx_error *error);
void clx_draw_plain(const clx_buildout *b, clx_draw *draw);
void clx_draw_replica(const clx_buildout *b, uint64_t seed, int32_t replica, clx_draw *draw);
double clx_driver_value(const clx_driver_plan *d, double z);            // multiple or shift
double clx_history_milestone(const clx_history *h, int32_t milestone);  // s; INFINITY = never
clx_status clx_history_play(clx_history *h, const clx_draw *draw, clx_error *error);
// Links of the chain that ends when `gpus` can be used, at `time`; the last first. `link` has room for clx_history_links; their names are not set.
int32_t clx_history_trace(clx_history *h, const clx_draw *draw, double gpus, double time, clx_buildout_link *link);
// Marks the works whose delay moves the end of the chain `link`, in order of time, for which `gpus` come: those on it, and those that tie with them.
void clx_history_ties(const clx_history *h, const clx_buildout_link *link, int32_t count, double gpus, bool *tied);
int32_t clx_history_links(const clx_buildout *b);
const char *clx_history_link_name(const clx_buildout *b, const clx_buildout_link *link);
int32_t clx_history_driver(const clx_buildout *b, const clx_buildout_link *link);  // or -1
