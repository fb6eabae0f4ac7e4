// buildout: when how many GPUs of a machine can be used, and what decides it. docs/model/buildout.md.
//
// Works (an activity network) give room, power, cooling and network when they are done. GPUs are delivered, installed in racks, started as far as
// power, cooling and network carry them, burnt in and brought up; then they can be used, as long as all four carry them.
// GPUs are real numbers that come in the order of the fleet, times seconds from the start, money is no matter of this room.
// Every uncertain number is stated by three: itself (the middle, P50), what one in ten is below (P10), what one in ten is above (P90).
#pragma once

#include "chance/chance.h"
#include "schedule/schedule_solve.h"
#include "schema/schema.h"

typedef enum clx_buildout_need {
  CLX_BUILDOUT_ROOM,     // GPUs for which there are positions in the halls
  CLX_BUILDOUT_POWER,    // W at the site
  CLX_BUILDOUT_COOLING,  // W of heat
  CLX_BUILDOUT_NETWORK,  // GPUs that are connected
  CLX_BUILDOUT_NEEDS
} clx_buildout_need;

// Why no more GPUs are on their way: the needs, and
typedef enum clx_buildout_cause {
  CLX_BUILDOUT_DELIVERY = CLX_BUILDOUT_NEEDS,
  CLX_BUILDOUT_INSTALL,
  CLX_BUILDOUT_BRING_UP,  // all have been started
  CLX_BUILDOUT_CAUSES,
  CLX_BUILDOUT_DONE = CLX_BUILDOUT_CAUSES  // all can be used
} clx_buildout_cause;
extern const char *const clx_buildout_cause_name[CLX_BUILDOUT_CAUSES + 2];  // "room" ... "bring_up", "done"

enum {
  CLX_BUILDOUT_WORKS_MAX = 2000,
  CLX_BUILDOUT_DAYS_MAX = 7306,  // 20 years
  CLX_BUILDOUT_REPLICAS_MAX = 100000,
};

// --- as a user states it -----------------------------------------------------------------------------------------------------------------

// 0 = nothing of it.
typedef struct clx_buildout_gives {
  double room, power, cooling, network;  // GPU, W, W, GPU
} clx_buildout_gives;

typedef struct clx_buildout_use {
  const char *of;  // a crew or a stock
  double count;
  clx_place place;
} clx_buildout_use;

// Times in s; < 0 = not stated.
typedef struct clx_buildout_way {
  double duration, low, high;
  clx_buildout_use *use;
  int32_t use_count;
  clx_place place;
} clx_buildout_way;

typedef struct clx_buildout_work {
  const char *name;
  double duration, low, high;
  clx_buildout_use *use;
  int32_t use_count;
  clx_buildout_way *mode;  // ways to do it, instead of the four above
  int32_t mode_count;
  const char *const *after;  // "permit", "permit SS+2 days", "permit FS+1 day, at most 5 days"
  int32_t after_count;
  const char *from, *by;  // dates: it does not start before, it must be done then
  const char *phase, *calendar, *factor;
  clx_buildout_gives gives;
  clx_place place;
} clx_buildout_work;

typedef struct clx_buildout_level {
  const char *from;
  double count;
  clx_place place;
} clx_buildout_level;

typedef struct clx_buildout_crew {
  const char *name, *calendar;
  double count;  // all the time; or
  clx_buildout_level *step;
  int32_t step_count;
  clx_place place;
} clx_buildout_crew;

typedef struct clx_buildout_stock {
  const char *name;
  clx_buildout_level *arrival;  // what comes on a date
  int32_t arrival_count;
  clx_place place;
} clx_buildout_stock;

typedef struct clx_buildout_span {
  const char *from, *until;
  clx_place place;
} clx_buildout_span;

typedef struct clx_buildout_calendar {
  const char *name;
  int32_t days;          // of a week, from Monday
  double opens, closes;  // s of the day
  clx_buildout_span *off, *on;
  int32_t off_count, on_count;
  clx_place place;
} clx_buildout_calendar;

// Weather, a contractor, a permit office: one multiple for all works that name it, of median 1.
typedef struct clx_buildout_factor {
  const char *name;
  double low, high;
  clx_place place;
} clx_buildout_factor;

typedef enum clx_buildout_event_kind {
  CLX_BUILDOUT_EVENT_WORK,        // its end comes `delay` later
  CLX_BUILDOUT_EVENT_DELIVERIES,  // what was to come from `at` on comes `delay` later
  CLX_BUILDOUT_EVENT_CAPACITY,    // `loses` from `at` on, for `lasts`
  CLX_BUILDOUT_EVENT_INSTALL,     // installers work at `share` of their rate from `at` on, for `lasts`
  CLX_BUILDOUT_EVENT_KINDS
} clx_buildout_event_kind;
extern const char *const clx_buildout_event_kind_name[CLX_BUILDOUT_EVENT_KINDS + 1];

typedef struct clx_buildout_event {
  const char *name;
  int32_t kind;  // clx_buildout_event_kind
  double probability;
  const char *work;
  double delay, low, high;  // s
  const char *at;
  double early, late;  // s around `at`
  double lasts;        // s, 0 = for good
  double share;
  clx_buildout_gives loses;
  clx_place place;
} clx_buildout_event;

// The whole that there is from a date on, beside what works give. `early`, `late`: s; one in ten comes so much before or after its date.
typedef struct clx_buildout_step {
  const char *from;
  double value;  // in the unit of its need
  double early, late;
  clx_place place;
} clx_buildout_step;

typedef struct clx_buildout_lot {
  const char *from, *until;  // all at once, or evenly until then
  double gpus;
  double early, late;
  clx_place place;
} clx_buildout_lot;

typedef struct clx_buildout_shift {
  const char *from;
  double share;  // of the rate, from then on
  clx_place place;
} clx_buildout_shift;

typedef struct clx_buildout_installers {
  double rate, low, high;  // racks/s; rate 0 = no limit
  const char *from, *calendar;
  clx_buildout_shift *shift;
  int32_t shift_count;
  clx_place place;
} clx_buildout_installers;

typedef struct clx_buildout_burn_in {
  double time, low, high;                  // s from power on to use
  double failed;                           // share of racks that fail in it and come again after
  double repair, repair_low, repair_high;  // s
  clx_place place;
} clx_buildout_burn_in;

// Something whose date is asked for: one of the three, the others 0.
typedef struct clx_buildout_milestone {
  const char *name;  // letters, digits, '-' and '_': a part of the name of a quantity
  double supplied;   // W there is at the site
  double drawn;      // W at the site of the GPUs that can be used, at full load
  double gpus;       // that can be used
  clx_place place;
} clx_buildout_milestone;

typedef struct clx_buildout_spec {
  const char *start;
  double horizon, resolution;  // s: of the series by day; of the works
  clx_buildout_work *work;
  int32_t work_count;
  clx_buildout_crew *crew;
  int32_t crew_count;
  clx_buildout_stock *stock;
  int32_t stock_count;
  clx_buildout_calendar *calendar;
  int32_t calendar_count;
  clx_buildout_factor *factor;
  int32_t factor_count;
  clx_buildout_event *event;
  int32_t event_count;
  clx_buildout_step *room, *power, *cooling, *network;
  int32_t room_count, power_count, cooling_count, network_count;
  clx_buildout_lot *lot;
  int32_t lot_count;
  clx_buildout_installers install;
  clx_buildout_burn_in bring_up;
  double wave;   // GPU; 0 = each as it comes
  double first;  // GPU with which training starts; 0 = all
  double full;   // share of the fleet that is called full capacity
  clx_buildout_milestone *milestone;
  int32_t milestone_count;
  const char *const *by;  // dates for which GPUs and GPU-days are reported
  int32_t by_count;
  clx_place place;
} clx_buildout_spec;
extern const clx_schema clx_buildout_schema;

// --- what the machine and other sections say -----------------------------------------------------------------------------------------------

// GPUs of one kind, in the order in which they come.
typedef struct clx_buildout_cohort {
  const char *name;
  double gpus, per_rack;
  double power, heat;  // W at the site and W of heat for one GPU in use
} clx_buildout_cohort;

typedef struct clx_buildout_point {
  double time, value;  // s from the start; the whole there is from then on
} clx_buildout_point;

// GPUs delivered in all by the end of each of `periods` of `length` s from `start` (s from the start of the buildout), evenly within each. `fill` is called by
// several threads; replica -1 = without chance.
typedef struct clx_buildout_source {
  void (*fill)(const void *of, int32_t replica, double *gpus);  // [periods], never decreasing
  const void *of;
  double start, length;
  int32_t periods;  // 0 = none
} clx_buildout_source;

typedef struct clx_buildout_input {
  const clx_buildout_cohort *cohort;
  int32_t cohort_count;
  const clx_buildout_point *point[CLX_BUILDOUT_NEEDS];  // from other sections, on top of steps and works
  int32_t point_count[CLX_BUILDOUT_NEEDS];
  const char *point_of[CLX_BUILDOUT_NEEDS];  // who gives them, for messages: "'power.sources' (grid)"; nullable
  clx_buildout_source source;                // on top of the lots
} clx_buildout_input;

// --- compiled ------------------------------------------------------------------------------------------------------------------------------

typedef struct clx_buildout clx_buildout;

// Resolves names, links and dates, and checks that what is given in the end suffices. CLX_INPUT with the place: unknown names ("did you mean"), dates that
// cannot be read or lie before the start, numbers out of order, names twice, `first` above the fleet. CLX_INFEASIBLE: cycles of works (in
// order), lags that cannot hold, deadlines too early, a crew that never suffices; a need that is never met (how much is missing, for how many GPUs it
// does and from when on); deliveries below the fleet. `spec` and `input` must outlive `out`.
clx_status clx_buildout_compile(const clx_buildout_spec *spec, const clx_buildout_input *input, clx_arena *arena,
                                clx_buildout **out, clx_error *error);
const clx_project *clx_buildout_project(const clx_buildout *buildout);  // the works, for plans, drawings and files
double clx_buildout_watts(const clx_buildout *buildout, double gpus);   // W at the site of the first so many GPUs

// --- a run ---------------------------------------------------------------------------------------------------------------------------------

typedef struct clx_buildout_settings {
  uint64_t seed;
  int32_t replicas;          // 0 = without chance alone
  int32_t threads;           // changes nothing but the time
  clx_project_options plan;  // of the works, where crews, stocks, calendars or modes make a plan necessary; its
                             // budgets are lowered to what suits the works (clx_project_options_suit)
  bool paths;                // keep what each replica comes to: clx_buildout_result.paths
  bool (*progress)(void *context, const char *step, double done);  // nullable; from the calling thread; false = stop
  void *context;
} clx_buildout_settings;
void clx_buildout_settings_default(clx_buildout_settings *settings);  // seed 1, 10,000 replicas, 1 thread

typedef struct clx_buildout_band {
  double plain;                     // without chance
  double p10, p50, p80, p90, mean;  // INFINITY = not reached; mean of those that reach it
  double reached;                   // share of replicas that do
  double *sample;                   // [replicas] ascending: the S-curve; NULL without chance
} clx_buildout_band;

// By day: at the end of day d - 1, d = 0 .. days. Without chance all are `plain`.
typedef struct clx_buildout_series {
  int32_t days;
  double *plain, *p10, *p50, *p90, *mean;  // [days + 1] GPUs that can be used
  // At the end of each month, what comes on the first of the next left out: index of the day that begins then, and GPUs that can be used.
  int32_t months;
  int32_t *month_day;
  double *month_p10, *month_p50, *month_p90, *month_mean;
  double *gpu_days;  // [days + 1] mean so far, in GPU-days, exact within a day
  double *share[CLX_BUILDOUT_CAUSES +
                1];  // [days + 1] of replicas: why no more GPUs are started, or that what is ready is not carried
  int8_t *cause;     // [days + 1] clx_buildout_cause without chance
  // Mean GPUs not yet delivered; delivered but not installed; installed but not started; in bring-up or repair; brought up but not
  // carried or in a wave that is not whole. With `mean` they sum to the fleet.
  double *undelivered, *uninstalled, *unstarted, *starting, *idle;  // [days + 1]
} clx_buildout_series;

typedef struct clx_buildout_by {
  const char *date;
  double time;  // s from the start
  clx_buildout_band gpus, gpu_days;
} clx_buildout_by;

typedef struct clx_buildout_reach {
  const char *name;        // of a milestone
  clx_buildout_band time;  // s from the start
} clx_buildout_reach;

typedef enum clx_buildout_kind {
  CLX_BUILDOUT_WORK,
  CLX_BUILDOUT_FACTOR,
  CLX_BUILDOUT_EVENT,
  CLX_BUILDOUT_STEP,       // a dated row of a need
  CLX_BUILDOUT_OUTSIDE,    // a need's series from another section
  CLX_BUILDOUT_LOT,        // a dated row of deliveries
  CLX_BUILDOUT_SOURCE,     // deliveries from another section
  CLX_BUILDOUT_CREW_RATE,  // the installers' rate
  CLX_BUILDOUT_BURN_IN,
  CLX_BUILDOUT_REPAIR,
  CLX_BUILDOUT_ARRIVAL,  // of a stock
  CLX_BUILDOUT_KINDS
} clx_buildout_kind;
extern const char *const clx_buildout_kind_name[CLX_BUILDOUT_KINDS + 1];

// Something that decides when there is full capacity or first training.
typedef struct clx_buildout_driver {
  const char *name;
  int32_t kind, need;  // clx_buildout_kind; clx_buildout_need of a step, or -1
  int32_t index;       // in the list of its kind in the spec
  double low, high;    // P10 and P90, in s (works, steps as s late), multiples (factors) or racks/s; equal = certain
  double critical, critical_first;  // share of replicas on whose chain it lies (without chance: 0 or 1)
  double full_low,
      full_high;  // s: full capacity with this at P10 and P90 (events: without and with), the rest in the middle
  double first_low, first_high;           // s: first training so
  double correlation, correlation_first;  // with the dates over the replicas that reach them
} clx_buildout_driver;

typedef struct clx_buildout_work_row {
  const char *name, *phase;
  double start, finish;  // s without chance
  double p10, p50, p90;  // s, of the finish
  double late;           // share of replicas after its `by`; 0 where none is stated
  bool tied;             // without chance any delay of it delays full capacity: on the chain, or one that ends as late
  int32_t mode;
} clx_buildout_work_row;

// What each replica comes to, for callers that go on computing with it.
typedef struct clx_buildout_paths {
  int32_t count;          // replicas; 0 = not kept
  float *usable;          // [count][days + 1] GPUs by day, as of clx_buildout_series
  double *full;           // [count] s: full capacity; INFINITY = not reached
  float *begin, *finish;  // [count][works] s
} clx_buildout_paths;

// What an event that happens costs, by the same replicas without it.
typedef struct clx_buildout_effect {
  const char *name;
  double happens;                   // share of replicas
  double prevents, prevents_first;  // share of replicas that never have full capacity (first training) for it
  double full, first;               // s later, mean over all replicas; INFINITY where it prevents any
  double full_if,
      first_if;  // s later, mean over those in which it happens and both are reached; INFINITY: there are none
} clx_buildout_effect;

// One link of a chain of what waited for what, in order of time.
typedef struct clx_buildout_link {
  const char *name;  // "permit", "power 149 MW", "deliveries", "installation", "bring-up"
  int32_t kind, index, need;
  double from, to;  // s
} clx_buildout_link;

typedef struct clx_buildout_chain {
  clx_buildout_link *link;
  int32_t count;
} clx_buildout_chain;

typedef struct clx_buildout_result {
  int32_t replicas;
  double gpus, first, full;                         // of the fleet; with which training starts; that are full capacity
  clx_buildout_band first_training, full_capacity;  // s from the start
  clx_buildout_series series;
  clx_buildout_by *by;
  int32_t by_count;
  clx_buildout_reach *milestone;
  int32_t milestone_count;
  clx_buildout_chain full_chain, first_chain;  // without chance
  clx_buildout_work_row *work;
  int32_t work_count;
  clx_buildout_driver *driver;
  int32_t driver_count;
  int32_t *tornado;  // [driver_count] drivers by |full_high - full_low|, largest first
  clx_buildout_effect *effect;
  int32_t effect_count;
  clx_buildout_paths paths;
  bool planned;              // a plan under crews was made; else works start when links let them
  clx_project_outcome plan;  // units of `resolution`; links alone: bound = makespan, proved
  double unit;               // s
} clx_buildout_result;

// Runs without chance and all replicas; results from `arena`. Seeded, the same bits for any number of threads. CLX_INPUT: settings out of range; maximum
// lags with replicas; more than 1 GB of samples. CLX_INFEASIBLE: no plan of the works. CLX_EXPECTATION: `progress` said stop.
clx_status clx_buildout_run(const clx_buildout *buildout, const clx_buildout_settings *settings, clx_arena *arena,
                            clx_buildout_result *out, clx_error *error);
