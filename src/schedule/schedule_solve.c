// Which search does what, and in which turns.
#define _POSIX_C_SOURCE 200809L
#include "schedule/schedule_solve.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "schedule/schedule_coarse.h"
#include "schedule/schedule_genetic.h"
#include "schedule/schedule_large.h"
#include "schedule/schedule_relax.h"
#include "schedule/schedule_rich.h"

typedef struct solver {
  const clx_project *p;
  const clx_project_options *options;
  clx_arena *arena;
  clx_error *error;
  double until, asked;  // s; when the progress was last told
  bool cut, stopped;    // by the limit in seconds; by the caller
  clx_lean forward, backward;
  clx_genetic *genetic;  // the one that goes on
  clx_exact *exact;
  clx_arena *exact_arena;
  clx_large *large;
  clx_exact_arc *arc;  // maximum lags
  int32_t arc_count;
  int32_t *start, *other;  // by lean number: the best plan; work space
  int32_t makespan, bound;
  bool found, none;  // none: proved that there is none at all
  int64_t late;
  int64_t schedules, neighbourhoods;
  uint64_t populations;
  int64_t other_conflicts;  // but for those of `exact`
} solver;

enum { USUAL_SCHEDULES = 200000, USUAL_CONFLICTS = 100000 };

void clx_project_options_default(clx_project_options *options) {
  *options = (clx_project_options){.seed = 1, .schedules = USUAL_SCHEDULES, .conflicts = USUAL_CONFLICTS};
}

static double cpu_now(void) {
  struct timespec t;
  if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) != 0) return 0;
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int64_t conflicts_left(const solver *s) {
  const int64_t spent = s->other_conflicts + (s->exact != NULL ? clx_exact_spent(s->exact).conflicts : 0);
  return s->options->conflicts - spent;
}

static int64_t schedules_left(const solver *s) { return s->options->schedules - s->schedules; }

// Of the limit, or of the budget of which more is used up.
static double share_done(const solver *s, double now) {
  const clx_project_options *o = s->options;
  if (o->seconds > 0) return fmin(1, 1 - (s->until - now) / o->seconds);
  const double conflicts = o->conflicts > 0 ? 1 - (double)conflicts_left(s) / (double)o->conflicts : 0;
  const double schedules = o->schedules > 0 ? 1 - (double)schedules_left(s) / (double)o->schedules : 0;
  return fmin(1, fmax(conflicts, schedules));
}

// What searches ask between their steps: whether the limit is reached, or the caller wants no more.
static bool out_of_time(void *context) {
  static const double EVERY = 0.05;  // s
  solver *s = context;
  const clx_project_options *o = s->options;
  if (s->cut || s->stopped) return true;
  if (!(o->seconds > 0) && o->progress == NULL) return false;
  const double now = cpu_now();
  if (o->seconds > 0 && now >= s->until) s->cut = true;
  if (o->progress != NULL && now - s->asked >= EVERY) {
    s->asked = now;
    s->stopped = !o->progress(o->context, share_done(s, now));
  }
  return s->cut || s->stopped;
}

// --- lean projects ---------------------------------------------------------------------------------------------------------------------------

static bool has_maximum_lags(const clx_project *p) {
  for (int32_t k = 0; k < p->link_count; k++)
    if (p->link[k].most != CLX_PROJECT_NONE) return true;
  return false;
}

// start(to) - start(from) <= most becomes start(from) >= start(to) - most.
static clx_status make_arcs(solver *s) {
  const clx_lean *l = &s->forward;
  int32_t *place = CLX_NEW_ARRAY(s->arena, int32_t, l->n + 1);
  s->arc = CLX_NEW_ARRAY(s->arena, clx_exact_arc, s->p->link_count + 1);
  if (place == NULL || s->arc == NULL) return clx_fail_plain(s->error, CLX_MEMORY, "schedule: out of memory for lags");
  for (int32_t i = 0; i < l->n; i++) place[l->activity[i]] = i;
  for (int32_t k = 0; k < s->p->link_count; k++) {
    const clx_project_link *link = &s->p->link[k];
    if (link->most == CLX_PROJECT_NONE) continue;
    const int32_t from = place[link->from], to = place[link->to];
    const bool ends = link->kind == CLX_PROJECT_FS || link->kind == CLX_PROJECT_FF;
    const bool finishes = link->kind == CLX_PROJECT_FF || link->kind == CLX_PROJECT_SF;
    const int32_t most = link->most + (ends ? l->duration[from] : 0) - (finishes ? l->duration[to] : 0);
    s->arc[s->arc_count++] = (clx_exact_arc){to, from, -most};
  }
  return CLX_OK;
}

// Work of a resource against what it offers: activities that all start late and end early (Carlier's head and tail), over windows that begin at
// heads and end at tails.
static int32_t energy_bound(const clx_lean *l) {
  int32_t bound = l->path;
  for (int32_t r = 0; r < l->resources; r++) {
    for (int32_t h = 0; h < l->n; h++) {
      const int32_t head = l->head[h];
      int64_t work = 0;
      int32_t tail = INT32_MAX;
      for (int32_t i = 0; i < l->n; i++) {
        const int64_t amount = l->demands[i] ? clx_lean_amount(l, i, r) : 0;
        if (amount == 0 || l->head[i] < head) continue;
        work += amount * l->duration[i];
        const int32_t after = l->tail[i] - l->duration[i];
        tail = after < tail ? after : tail;
      }
      int32_t t = head;
      for (; work > 0 && t < l->horizon; t++) work -= clx_lean_room(l, t, r);
      if (tail != INT32_MAX && t + tail > bound) bound = t + tail;
    }
  }
  return bound;
}

static clx_status open_exact(solver *s, int32_t target) {
  s->exact_arena = clx_arena_new();
  if (s->exact_arena == NULL)
    return clx_fail_plain(s->error, CLX_MEMORY, "schedule: out of memory for an exact search");
  return clx_exact_make(&s->forward, target, s->arc, s->arc_count, s->exact_arena, &s->exact, s->error);
}

static void close_exact(solver *s) {
  clx_exact_free(s->exact);
  clx_arena_free(s->exact_arena);
  s->exact = NULL;
  s->exact_arena = NULL;
}

static int32_t length_of(const clx_lean *l, const int32_t *start) {
  int32_t end = 0;
  for (int32_t i = 0; i < l->n; i++) end = start[i] + l->duration[i] > end ? start[i] + l->duration[i] : end;
  return end;
}

// A better plan, from any search.
static void improve(solver *s, const int32_t *start) {
  if (start != s->start) memcpy(s->start, start, (size_t)s->forward.n * sizeof *start);
  s->makespan = length_of(&s->forward, start);
  s->found = true;
  s->late = 0;
  if (s->exact != NULL) {
    clx_exact_guide(s->exact, start);
    clx_exact_tighten(s->exact, s->makespan - 1);
  }
  if (s->large != NULL) clx_large_start(s->large, start);
}

static bool is_done(solver *s) { return s->none || (s->found && s->makespan <= s->bound) || out_of_time(s); }

// Makes and runs a population (0: of the size that suits), whose best plan is taken.
static clx_status run_genetic(solver *s, int32_t population, int64_t schedules, clx_arena *arena) {
  int64_t late;
  const int64_t left = schedules_left(s);
  if (schedules > left) schedules = left;
  if (schedules <= 0 && s->found) return CLX_OK;
  CLX_TRY(clx_genetic_make(&s->forward, &s->backward, s->options->seed + s->populations++, population,
                           s->options->schedules, arena, &s->genetic, s->error));
  clx_genetic_run(s->genetic, schedules, s->bound, out_of_time, s);
  s->schedules += clx_genetic_schedules(s->genetic);
  const int32_t length = clx_genetic_best(s->genetic, s->other, &late);
  if (s->arc_count > 0) return CLX_OK;  // it does not know maximum lags
  if (late == 0 && (!s->found || length < s->makespan)) improve(s, s->other);
  if (!s->found) s->late = late;
  return CLX_OK;
}

static clx_status run_exact(solver *s, int64_t conflicts) {
  const int64_t left = conflicts_left(s);
  if (conflicts > left) conflicts = left;
  while (conflicts > 0 && !is_done(s)) {
    const int64_t before = clx_exact_spent(s->exact).conflicts;
    const clx_exact_answer answer = clx_exact_run(s->exact, conflicts, out_of_time, s, s->other);
    if (answer == CLX_EXACT_MEMORY) return clx_fail_plain(s->error, CLX_MEMORY, "schedule: out of memory for clauses");
    if (answer == CLX_EXACT_LIMIT) return CLX_OK;
    if (answer == CLX_EXACT_FOUND)
      improve(s, s->other);
    else if (s->found)
      s->bound = s->makespan;
    else
      s->none = true;
    conflicts -= clx_exact_spent(s->exact).conflicts - before;
  }
  return CLX_OK;
}

static clx_status run_large(solver *s, int32_t steps) {
  enum { CONFLICTS = 300 };
  for (int32_t k = 0; k < steps && !is_done(s) && s->found && conflicts_left(s) > 0; k++) {
    bool shorter;
    CLX_TRY(clx_large_step(s->large, CONFLICTS, out_of_time, s, &shorter, s->error));
    s->other_conflicts += clx_large_conflicts(s->large);
    s->neighbourhoods++;
    if (!shorter) continue;
    clx_large_best(s->large, s->other);
    improve(s, s->other);
  }
  return CLX_OK;
}

// Short plans of the population for the neighbourhoods: the best of a few, several times.
static void offer_elites(solver *s) {
  enum { OFFERED = 8, OF = 20 };
  const int32_t size = clx_genetic_size(s->genetic);
  for (int32_t c = 0; c < OFFERED; c++) {
    int32_t best = -1, least = INT32_MAX;
    for (int32_t t = 0; t < OF; t++) {
      const int32_t k = (int32_t)(((int64_t)c * OF + t) * size / (OFFERED * OF));
      const int32_t length = clx_genetic_plan(s->genetic, k, s->other);
      if (length >= 0 && length < least) {
        least = length;
        best = k;
      }
    }
    if (best < 0) continue;
    (void)clx_genetic_plan(s->genetic, best, s->other);
    clx_large_start(s->large, s->other);
  }
}

// A large population anew: more of it, and longer, than what suffices for most projects.
static clx_status run_wide(solver *s) {
  enum { MOST_SCHEDULES = 1000000, WORK = 30000000 };
  int64_t schedules = WORK / (s->forward.n + 1);
  if (schedules > MOST_SCHEDULES) schedules = MOST_SCHEDULES;
  if (schedules > schedules_left(s)) schedules = schedules_left(s);
  if (schedules < 1 || s->arc_count > 0) return CLX_OK;
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return clx_fail_plain(s->error, CLX_MEMORY, "schedule: out of memory for a population");
  const clx_status status = run_genetic(s, 8 + (int32_t)(1.5 * sqrt((double)schedules)), schedules, arena);
  if (status == CLX_OK) offer_elites(s);
  clx_arena_free(arena);
  s->genetic = NULL;
  return status;
}

// Raises the bound from below: no plan of this length, none of the next one, as long as it is cheap.
static clx_status raise_bound(solver *s, int64_t conflicts) {
  while (!is_done(s) && conflicts > 0 && s->bound < s->makespan - 1) {
    clx_exact *exact;
    clx_arena *arena = clx_arena_new();
    if (arena == NULL) return clx_fail_plain(s->error, CLX_MEMORY, "schedule: out of memory for a bound");
    clx_status status = clx_exact_make(&s->forward, s->bound, s->arc, s->arc_count, arena, &exact, s->error);
    clx_exact_answer answer = CLX_EXACT_LIMIT;
    if (status == CLX_OK) {
      answer = clx_exact_run(exact, conflicts, out_of_time, s, s->other);
      conflicts -= clx_exact_spent(exact).conflicts + 1;
      s->other_conflicts += clx_exact_spent(exact).conflicts;
      clx_exact_free(exact);
    }
    clx_arena_free(arena);
    CLX_TRY(status);
    if (answer == CLX_EXACT_FOUND)
      improve(s, s->other);
    else if (answer == CLX_EXACT_NONE)
      s->bound++;
    else
      break;
  }
  return CLX_OK;
}

// `most`, or that part of a budget below the usual one which `most` is of that.
static int64_t portion(const solver *s, int64_t most) {
  const int64_t part = most * (s->options->conflicts < USUAL_CONFLICTS ? s->options->conflicts : USUAL_CONFLICTS);
  return part / USUAL_CONFLICTS;
}

static clx_status search_lean(solver *s) {
  enum { FIRST_SCHEDULES = 20000, STEPS = 40, WIDE_STEPS = 100, ROUNDS = 6 };
  const int64_t CONFLICTS = portion(s, 4000), FIRST_CONFLICTS = portion(s, 16000), BOUND_CONFLICTS = portion(s, 2000);
  const bool genetic = s->options->method == CLX_PROJECT_GENETIC;
  CLX_TRY(run_genetic(s, 0, genetic ? s->options->schedules : FIRST_SCHEDULES, s->arena));
  if (genetic || is_done(s)) return CLX_OK;
  CLX_TRY(open_exact(s, s->found ? s->makespan - 1 : s->forward.horizon));
  if (s->found) clx_exact_guide(s->exact, s->start);
  CLX_TRY(clx_large_make(&s->forward, s->arc, s->arc_count, s->options->seed, s->arena, &s->large, s->error));
  if (s->found) clx_large_start(s->large, s->start);
  CLX_TRY(run_exact(s, CONFLICTS));
  CLX_TRY(run_large(s, STEPS));
  CLX_TRY(run_exact(s, FIRST_CONFLICTS));
  if (s->found) CLX_TRY(raise_bound(s, BOUND_CONFLICTS));
  while (!is_done(s) && conflicts_left(s) > 0) {
    CLX_TRY(run_wide(s));
    for (int32_t k = 0; k < ROUNDS && !is_done(s) && conflicts_left(s) > 0; k++) {
      CLX_TRY(run_large(s, WIDE_STEPS));
      CLX_TRY(run_exact(s, CONFLICTS));
    }
  }
  return CLX_OK;
}

static clx_status solve_lean(solver *s, clx_project_outcome *out) {
  enum { BOUND_CONFLICTS = 500 };
  CLX_TRY(clx_lean_make(s->p, NULL, s->arena, &s->forward, s->error));
  CLX_TRY(clx_lean_mirror(&s->forward, s->arena, &s->backward, s->error));
  CLX_TRY(make_arcs(s));
  s->start = CLX_NEW_ARRAY(s->arena, int32_t, s->forward.n + 1);
  s->other = CLX_NEW_ARRAY(s->arena, int32_t, s->forward.n + 1);
  if (s->start == NULL || s->other == NULL)
    return clx_fail_plain(s->error, CLX_MEMORY, "schedule: out of memory for a plan");
  out->path = s->forward.path;
  s->bound = energy_bound(&s->forward);
  CLX_TRY(search_lean(s));
  if (s->found && s->options->method == CLX_PROJECT_BEST) CLX_TRY(raise_bound(s, BOUND_CONFLICTS));
  out->schedules = s->schedules;
  out->conflicts = s->options->conflicts - conflicts_left(s);
  out->neighbourhoods = s->neighbourhoods;
  for (int32_t k = 0; s->found && k < s->forward.n; k++) {
    const int32_t i = s->forward.activity[k];
    out->plan.mode[i] = 0;
    out->plan.start[i] = s->start[k];
    out->plan.finish[i] = s->start[k] + s->forward.duration[k];
  }
  out->plan.makespan = s->makespan;
  return CLX_OK;
}

// --- all projects ----------------------------------------------------------------------------------------------------------------------------

enum { RELAXED_CONFLICTS = 2000, RELAXED_TRY = 500, RELAXED_MOST = 1000000 };  // MOST: activities times units

static clx_status try_relaxed(solver *s, const clx_lean *l, int32_t target, int64_t *conflicts,
                              clx_exact_answer *answer) {
  clx_exact *exact;
  clx_arena *arena = clx_arena_new();
  int32_t *start = arena != NULL ? CLX_NEW_ARRAY(arena, int32_t, l->n + 1) : NULL;
  clx_status status = start == NULL ? clx_fail_plain(s->error, CLX_MEMORY, "schedule: out of memory for a bound")
                                    : clx_exact_make(l, target, NULL, 0, arena, &exact, s->error);
  if (status == CLX_OK) {
    *answer = clx_exact_run(exact, *conflicts < RELAXED_TRY ? *conflicts : RELAXED_TRY, out_of_time, s, start);
    *conflicts -= clx_exact_spent(exact).conflicts + 1;
    clx_exact_free(exact);
  }
  clx_arena_free(arena);
  return status;
}

// Raises the bound by a plainer project. Steps double as long as it has no plan, and halve where one is found or the search takes long.
static clx_status raise_relaxed(solver *s, const clx_lean *l) {
  int64_t conflicts = RELAXED_CONFLICTS;
  for (int32_t step = 0; step >= 0 && conflicts > 0 && !is_done(s);) {
    const int32_t target = s->bound < l->horizon - step ? s->bound + step : l->horizon;
    clx_exact_answer answer = CLX_EXACT_LIMIT;
    if ((int64_t)l->n * target <= RELAXED_MOST) CLX_TRY(try_relaxed(s, l, target, &conflicts, &answer));
    if (answer != CLX_EXACT_NONE) {
      step = step > 0 ? step / 2 : -1;
      continue;
    }
    if (target >= l->horizon) s->none = true;  // only deadlines can be the reason
    s->bound = target + 1;
    step = 2 * step + 1;
  }
  return CLX_OK;
}

// In an arena of its own: what it takes is not needed afterwards.
static clx_status bound_by_relaxing(solver *s) {
  if ((int64_t)s->p->activity_count * s->bound > RELAXED_MOST) return CLX_OK;
  clx_arena *arena = clx_arena_new();
  clx_project relaxed;
  clx_lean lean;
  clx_status status = arena == NULL ? clx_fail_plain(s->error, CLX_MEMORY, "schedule: out of memory for a bound")
                                    : clx_relax(s->p, arena, &relaxed, s->error);
  if (status == CLX_OK) status = clx_lean_make(&relaxed, NULL, arena, &lean, s->error);
  if (status == CLX_OK) {
    const int32_t bound = energy_bound(&lean);
    if (bound > s->bound) s->bound = bound;
    status = raise_relaxed(s, &lean);
  }
  clx_arena_free(arena);
  return status;
}

static clx_status solve_rich(solver *s, clx_project_outcome *out) {
  clx_rich *rich;
  CLX_TRY(clx_rich_make(s->p, s->options->seed, s->arena, &rich, s->error));
  out->path = s->bound = clx_rich_bound(rich);
  CLX_TRY(bound_by_relaxing(s));
  if (s->none) return CLX_OK;
  clx_rich_run(rich, s->options->schedules > 0 ? s->options->schedules : 1, s->bound, out_of_time, s);
  out->schedules = clx_rich_schedules(rich);
  s->found = clx_rich_best(rich, &out->plan, &s->late) && s->late == 0;
  s->makespan = out->plan.makespan;
  return CLX_OK;
}

static bool is_lean_but_for_lags(const clx_project *p) {
  for (int32_t i = 0; i < p->activity_count; i++)
    if (p->activity[i].mode_count != 1 || p->activity[i].calendar != CLX_PROJECT_NONE) return false;
  for (int32_t r = 0; r < p->resource_count; r++)
    if (p->resource[r].consumed) return false;
  return true;
}

static clx_status say_none(const solver *s) {
  if (s->none)
    return clx_fail_plain(
        s->error, CLX_INFEASIBLE,
        "project '%s': it is proved that no plan keeps all %s within the capacities; loosen one of them",
        s->p->name != NULL ? s->p->name : "", has_maximum_lags(s->p) ? "maximum lags and deadlines" : "deadlines");
  if (s->late > 0)
    return clx_fail_plain(
        s->error, CLX_INFEASIBLE,
        "project '%s': the best plan found misses deadlines and maximum lags by %lld units in all; whether one that "
        "keeps them exists is not known. Loosen them by as much, add capacity, or search longer",
        s->p->name != NULL ? s->p->name : "", (long long)s->late);
  return clx_fail_plain(
      s->error, CLX_INFEASIBLE,
      "project '%s': no plan was found within the budget, and that none exists is not proved; search longer",
      s->p->name != NULL ? s->p->name : "");
}

// Plans `s->p`, whose times are those of `whole` divided by `units`.
static clx_status solve(solver *s, const clx_project *whole, int32_t units, clx_project_outcome *out) {
  const clx_status status = is_lean_but_for_lags(s->p) ? solve_lean(s, out) : solve_rich(s, out);
  close_exact(s);
  CLX_TRY(status);
  if (s->stopped) return clx_fail_plain(s->error, CLX_EXPECTATION, "stopped");
  s->late *= units;
  if (!s->found) return say_none(s);
  out->proved = s->bound >= s->makespan;
  out->cut = s->cut && !out->proved;
  out->bound = s->bound * units;
  out->path *= units;
  clx_coarse_plan_back(whole, units, &out->plan);
  return clx_project_validate(whole, &out->plan, s->error);
}

clx_status clx_project_solve(const clx_project *p, const clx_project_options *options, clx_arena *arena,
                             clx_project_outcome *out, clx_error *error) {
  const double begin = cpu_now();
  clx_project coarse;
  solver s = {.p = p, .options = options, .arena = arena, .error = error, .until = begin + options->seconds};
  *out = (clx_project_outcome){0};
  CLX_TRY(clx_project_check(p, error));
  CLX_TRY(clx_project_plan_new(p, arena, &out->plan, error));
  const int32_t units = clx_coarse_units(p);
  if (units > 1) {
    CLX_TRY(clx_coarse(p, units, arena, &coarse, error));
    s.p = &coarse;
  }
  const clx_status status = solve(&s, p, units, out);
  out->seconds = cpu_now() - begin;
  return status;
}

// --- budgets ---------------------------------------------------------------------------------------------------------------------------------

void clx_project_options_suit(const clx_project *p, clx_project_options *o) {
  // What is measured: units that a schedule visits and that a conflict costs, in some seconds.
  static const double LEAN_WORK = 2e8, RICH_WORK = 5e7, CONFLICT_WORK = 6e6;
  static const double LEAST_SCHEDULES = 500, LEAST_CONFLICTS = 1000;
  if (o->seconds > 0) {
    o->schedules = o->conflicts = INT64_MAX / 4;
    return;
  }
  const double units = clx_coarse_units(p);
  double work = 1;
  for (int32_t i = 0; i < p->activity_count; i++) {
    const clx_project_activity *a = &p->activity[i];
    int32_t longest = 0;
    for (int32_t m = 0; m < a->mode_count; m++) longest = a->mode[m].duration > longest ? a->mode[m].duration : longest;
    work += longest / units;
  }
  const double each = 10.0 * p->activity_count, schedules = is_lean_but_for_lags(p)
                                                                ? LEAN_WORK / (work + each)
                                                                : RICH_WORK / (work * (p->resource_count + 1));
  const double conflicts = CONFLICT_WORK / (p->activity_count + 1);
  o->schedules = (int64_t)fmin(fmax(schedules, LEAST_SCHEDULES), (double)o->schedules);
  o->conflicts = (int64_t)fmin(fmax(conflicts, LEAST_CONFLICTS), (double)o->conflicts);
}
