// Build, rent, both, or wait: what each course costs, when training begins, how much is trained by a date; break-evens; the worth of being
// able to decide later. docs/model/cost.md.
#pragma once

#include "cost/cost_option.h"
#include "cost/cost_plan.h"
#include "cost/cost_rent.h"

enum { CLX_COURSES_MAX = 8 };

// One course: own machines, rented ones, or both.
typedef struct clx_course {
  const char *name;
  const clx_cost_plan *plan;          // nullable
  const clx_cost_input *input;        // of the plan
  const clx_rent_contract *contract;  // nullable
  const clx_rent *rent;               // of the contract
  int32_t wait;                       // months before the plan begins (a later product: its own plan)
  double tokens;                      // token/s per used GPU of the plan; 0 = as asked
  const double *rate;                 // nullable, months of the decision: the same by month, of a fleet that is mixed
} clx_course;

typedef struct clx_decision {
  int32_t months;     // over which courses are compared
  double discount;    // a year
  double use;         // share of GPU time at hand that is used
  double tokens;      // token/s per used GPU
  double least;       // GPUs with which training can begin: partial capacity counts
  double value_gpu;   // USD/s of a used GPU that does `tokens` (worth of the work); 0 = cost alone is compared
  double value_time;  // USD/s by which an earlier first training is worth more
  double reference;   // s: first training that is worth nothing more or less
  double by;          // s: date by which tokens are counted
  const clx_rent_process *process;  // of the market; NULL: contracts at will need it
  double year;                      // of month 0
} clx_decision;

typedef enum clx_course_figure {
  CLX_COURSE_COST,    // USD, present
  CLX_COURSE_VALUE,   // USD, present: work done and time won
  CLX_COURSE_NPV,     // USD: value less cost
  CLX_COURSE_FIRST,   // s until the first training; the horizon where it never begins
  CLX_COURSE_TOKENS,  // trained by the date
  CLX_COURSE_HOUR,    // USD/s: present cost over present used GPU time
  CLX_COURSE_TOKEN,   // USD of one token: present cost over present tokens of the whole time; 0 = tokens not stated
  CLX_COURSE_FIGURES
} clx_course_figure;
extern const char *const clx_course_figure_name[CLX_COURSE_FIGURES + 1];
extern const char *const clx_course_figure_unit[CLX_COURSE_FIGURES + 1];

typedef struct clx_course_out {
  double figure[CLX_COURSE_FIGURES];
  bool begins;        // within the months
  double *gpus;       // months: at hand
  double *cost;       // months: USD paid less resale, before tax and financing
  double paid_hours;  // present GPU time of the contract that is paid for, s
  double rent_cost;   // USD, present, of the contract
} clx_course_out;

// With the given figures of the plan and rents of each month. CLX_INPUT: a plan that does not end with the months compared (plan months + wait).
clx_status clx_course_run(const clx_decision *decision, const clx_course *course, const clx_cost_draw *draw,
                          const double *market, clx_arena *arena, clx_course_out *out, clx_error *error);

// s until `least` GPUs are at hand by the steps of plan and contract; the horizon where they never are. A plan must state its steps.
double clx_course_first(const clx_decision *decision, const clx_course *course);

// USD/s per paid GPU, present over present, at which the contract makes the course as good as the other one: its NPV is straight in the price.
// < 0: never. CLX_INPUT: a course without a contract.
clx_status clx_rent_breakeven(const clx_course_out *rented, const clx_course_out *other, double *breakeven,
                              clx_error *error);
// Share of use above which owning costs less than renting at will what is used, at `market` by month; above 1: never.
double clx_use_breakeven(const clx_decision *decision, const clx_course_out *owned, const double *market);

// USD that a second supplier is worth: the right to give the order to the cheaper of the two when it is placed, less what it costs to qualify.
// cost = price and expected lateness of each today; volatility of each a year^0.5 (Margrabe).
double clx_second_source(double cost_first, double cost_second, double volatility_first, double volatility_second,
                         double correlation, double years, double qualification);

typedef struct clx_decision_bands {
  clx_cost_band figure[CLX_COURSES_MAX][CLX_COURSE_FIGURES];
  double best[CLX_COURSES_MAX];              // share of draws in which the course has the highest NPV
  clx_cost_band gain[CLX_COURSES_MAX];       // USD: NPV less that of the first course, draw by draw
  bool has_breakeven[CLX_COURSES_MAX];       // of a course that rents alone, where another owns
  clx_cost_band breakeven[CLX_COURSES_MAX];  // USD/s: clx_rent_breakeven against the first course that owns alone
  clx_cost_band
      use_breakeven[CLX_COURSES_MAX];  // of a course that owns alone: clx_use_breakeven, where there is a market
} clx_decision_bands;

// All courses under the same draws (common random numbers), by number of the replica. course: paths x courses, alike but for dates; draw r goes by
// path r % paths. O(replicas courses (items + months)).
clx_status clx_decision_bands_run(const clx_decision *decision, const clx_course *course, int32_t paths,
                                  int32_t courses, uint64_t seed, int32_t replicas, clx_arena *arena,
                                  clx_decision_bands *out, clx_error *error);

// --- the worth of deciding later -------------------------------------------------------------------------------------------

typedef enum clx_real_mode {
  CLX_REAL_WAIT,
  CLX_REAL_RENT,
  CLX_REAL_OWN,
  CLX_REAL_BOTH,    // owned, and as much again rented: expansion that can be given back
  CLX_REAL_SUBLET,  // owned, rented out
  CLX_REAL_GONE,    // sold
  CLX_REAL_MODES
} clx_real_mode;
extern const char *const clx_real_mode_name[CLX_REAL_MODES + 1];

// Per GPU of today's performance. Dates are `step` months apart.
typedef struct clx_real {
  const clx_rent_process *process;
  double year;
  int32_t dates, step;
  double discount;
  double hardware;    // USD today, with its share of network and building; < 0 = not stated, as are operation and value
  double decay;       // log10 a year of its price
  double volatility;  // a year^0.5
  double operation;   // USD/s of an owned one
  double value;       // USD/s of a used one
  double expansion;   // share of that value that a second one brings
  double use;
  double build;            // s from order to use: the value of that time is lost
  double rent_off;         // share off the market for what is rented here
  double sublet_off;       // share off the market that a tenant pays less
  double resale_off;       // share off the price of new ones
  double next, next_high;  // s until a next product, median and 95th percentile; 0 = none
  double next_price;       // price of the same performance after it, share
} clx_real;

typedef enum clx_real_option {
  CLX_OPTION_WAIT,     // build later, perhaps with the next product
  CLX_OPTION_RENT,     // rent first or instead, and leave
  CLX_OPTION_EXPAND,   // rent more beside what is owned
  CLX_OPTION_SUBLET,   // rent out what is owned
  CLX_OPTION_ABANDON,  // sell it
  CLX_OPTIONS
} clx_real_option;
extern const char *const clx_real_option_name[CLX_OPTIONS + 1];

typedef struct clx_real_out {
  clx_cost_band committed;          // build now, or nothing: whichever is better in the mean
  clx_cost_band flexible;           // all options
  double in_sample;                 // leans upwards: beside flexible.mean a bound on what the regression misses
  double worth[CLX_OPTIONS];        // USD that is lost without this option alone, mean; at least 0
  double worth_error[CLX_OPTIONS];  // its standard error, on common paths (of one given up: of misfit)
  // The fitted policy does worse with the option than without, on paths of their own, by misfit USD: it is not used, its worth is at least 0.
  bool given_up[CLX_OPTIONS];
  double misfit[CLX_OPTIONS];
  double share[CLX_REAL_MODES];  // of GPU time spent in each mode
} clx_real_out;

// `paths` for the policies, as many for the choice between them, as many fresh ones for the worth. CLX_INPUT: fewer than 200 paths, no process, dates below 2.
clx_status clx_real_run(const clx_real *real, uint64_t seed, int32_t paths, clx_arena *arena, clx_real_out *out,
                        clx_error *error);

// --- as a user states it: the section `decide` (cost_decide_schema.c, cost_decide_compile.c) ---------------------------------

typedef struct clx_course_spec {
  const char *name;
  int32_t own;        // by the plan of the section `cost`
  double wait;        // s before it begins
  double wait_price;  // of GPUs, network, storage then, each, as a share of now (a later product: with its tokens)
  double wait_gpus;   // GPUs then for one of now: what the same site carries of them
  double wait_site;   // buildings, power, cooling, energy and people then for those of now
  double later;       // share of the plan that waits; the rest is bought now
  double tokens;
  clx_rent_contract *rent;  // at most one
  int32_t rent_count;
  clx_place place;
} clx_course_spec;

typedef struct clx_decide_spec {
  double horizon;  // s; < 0 = of the plan, as are discount and use; tokens 0 = of the plan
  double discount, use, tokens, least, value_gpu, value_time, reference, by;
  const char *market;  // entry of catalogue/rent whose process the market follows; nullable: that of the first contract
  clx_course_spec *course;
  int32_t course_count;
  clx_real *option;  // at most one
  int32_t option_count;
  clx_place place;
} clx_decide_spec;
extern const clx_schema clx_decide_spec_schema;

// What the spec names: the entry of each course's contract (NULL where it rents nothing), and the process of the market (NULL: none needed).
typedef struct clx_decide_found {
  const clx_rent *const *rent;  // course_count
  const clx_rent_process *process;
} clx_decide_found;

// Courses (course_count) and the decision, from `arena`. `plan` and `input` (nullable where no course owns) are of the whole horizon; a course that
// waits gets a copy of the plan that begins so much later and ends with the horizon. CLX_INPUT: two contracts in a course, a course that neither
// owns nor rents, a wait that leaves no month, a name that stands twice; a wait after which something comes after the horizon (of a drawn plan: it
// counts in the last month).
clx_status clx_decide_compile(const clx_decide_spec *spec, const clx_decide_found *found, const clx_cost_plan *plan,
                              const clx_cost_input *input, double year, clx_arena *arena, clx_decision *decision,
                              clx_course *course, clx_error *error);
// The options of the section (option_count 1), with what they leave open from the decision and, per GPU, from a run of the plan of `gpus` GPUs at
// its end (out nullable).
void clx_decide_options(const clx_decide_spec *spec, const clx_decision *decision, const clx_cost_out *out, double gpus,
                        clx_real *real);
