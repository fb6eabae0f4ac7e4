// Courses side by side.
#include <math.h>

#include "cost/cost_decide.h"

const char *const clx_course_figure_name[CLX_COURSE_FIGURES + 1] = {
    "cost", "value", "npv", "first_training", "tokens", "per_gpu_hour", "per_token", NULL};
const char *const clx_course_figure_unit[CLX_COURSE_FIGURES + 1] = {"USD",   "USD",   "USD",       "s",
                                                                    "token", "USD/s", "USD/token", NULL};

static clx_status no_memory(clx_error *error) { return clx_fail_plain(error, CLX_MEMORY, "out of memory"); }

static clx_status add_plan(const clx_decision *d, const clx_course *c, const clx_cost_draw *draw, clx_cost_out *run,
                           clx_course_out *out, clx_error *error) {
  if (c->plan->months + c->wait != d->months)
    return clx_fail_plain(
        error, CLX_INPUT,
        "course '%.40s': %d months after %d of waiting; expected them to end with the %d months compared", c->name,
        c->plan->months, c->wait, d->months);
  CLX_TRY(clx_cost_plan_run(c->plan, c->input, draw, false, run, error));
  for (int32_t m = 0; m < c->plan->months; m++) {
    const clx_cost_month *x = &run->month[m];
    out->gpus[m + c->wait] += c->input->gpus[m];
    out->cost[m + c->wait] += x->capital + x->energy + x->staff + x->repair + x->water + x->licence + x->insurance +
                              x->lease + x->penalty - x->resale;
  }
  return CLX_OK;
}

// GPUs at hand at a time as the steps of plan and contract have them.
static double at_hand(const clx_course *c, double time) {
  double own = 0, rented = 0;
  const clx_rent_contract *r = c->contract;
  for (int32_t k = 0; c->plan != NULL && k < c->input->steps; k++)
    if (c->input->at[k] + c->wait * CLX_MONTH <= time) own = c->input->usable[k];
  for (int32_t k = 0; r != NULL && k < r->at_count; k++)
    if (fmax(r->at[k], r->from) <= time && (r->term <= 0 || time < r->from + r->term)) rented = r->gpus[k];
  return own + rented;
}

double clx_course_first(const clx_decision *d, const clx_course *c) {
  const double least = fmax(d->least, 1e-9);
  double first = d->months * CLX_MONTH;
  for (int32_t k = 0; c->plan != NULL && k < c->input->steps; k++) {
    const double at = c->input->at[k] + c->wait * CLX_MONTH;
    if (at < first && at_hand(c, at) >= least) first = at;
  }
  for (int32_t k = 0; c->contract != NULL && k < c->contract->at_count; k++) {
    const double at = fmax(c->contract->at[k], c->contract->from);
    if (at < first && at_hand(c, at) >= least) first = at;
  }
  return first;
}

// Months until `least` GPUs are at hand: when a step brings them, where the steps are known; else as if they came evenly through the month in which the
// mean says so.
static double first_training(const clx_decision *d, const clx_course *c, const clx_course_out *out, bool *begins) {
  const double least = fmax(d->least, 1e-9);
  double before = 0;
  if (c->plan == NULL || c->input->steps > 0) {
    const double first = clx_course_first(d, c);
    *begins = first < d->months * CLX_MONTH;
    return first / CLX_MONTH;
  }
  for (int32_t m = 0; m < d->months; m++) {
    if (out->gpus[m] >= least) {
      *begins = true;
      return m + (before > 0 ? fmax(0, (least - before) / (out->gpus[m] - before)) : 0);
    }
    before = out->gpus[m];
  }
  *begins = false;
  return d->months;
}

static void weigh(const clx_decision *d, const clx_course *c, const double *own, clx_course_out *out) {
  const double step = clx_discount(d->discount, 1);
  double factor = 1, cost = 0, time = 0, value = 0, tokens = 0, written = 0;
  for (int32_t m = 0; m < d->months; m++, factor *= step) {
    const double used = out->gpus[m] * d->use * CLX_MONTH;
    const double rate = c->rate != NULL ? c->rate[m]
                        : c->tokens > 0 ? c->tokens
                                        : d->tokens,
                 mine = own != NULL && out->gpus[m] > 0 ? own[m] / out->gpus[m] : 0;
    const double work = d->tokens > 0 ? mine * rate / d->tokens + 1 - mine : 1;  // of a GPU, in those of the decision
    const double within = fmin(1, fmax(0, (d->by - m * CLX_MONTH) / CLX_MONTH));
    cost += factor * out->cost[m];
    time += factor * used;
    value += factor * used * work * d->value_gpu;
    tokens += within * used * (mine * rate + (1 - mine) * d->tokens);
    written += factor * used * (mine * rate + (1 - mine) * d->tokens);
  }
  const double first = first_training(d, c, out, &out->begins) * CLX_MONTH;
  value += d->value_time * (d->reference - first) * clx_discount(d->discount, first / CLX_MONTH);
  out->figure[CLX_COURSE_COST] = cost;
  out->figure[CLX_COURSE_VALUE] = value;
  out->figure[CLX_COURSE_NPV] = value - cost;
  out->figure[CLX_COURSE_FIRST] = first;
  out->figure[CLX_COURSE_TOKENS] = tokens;
  out->figure[CLX_COURSE_HOUR] = time > 0 ? cost / time : 0;
  out->figure[CLX_COURSE_TOKEN] = written > 0 ? cost / written : 0;
}

// Room that one course needs, made once for many draws.
typedef struct room {
  clx_cost_out run;
  double *gpus, *paid, *own;
} room;

static clx_status make_room(const clx_decision *d, const clx_course *c, clx_arena *arena, room *r, clx_course_out *out,
                            clx_error *error) {
  *out = (clx_course_out){.gpus = CLX_NEW_ARRAY(arena, double, d->months),
                          .cost = CLX_NEW_ARRAY(arena, double, d->months)};
  *r = (room){.gpus = CLX_NEW_ARRAY(arena, double, d->months),
              .paid = CLX_NEW_ARRAY(arena, double, d->months),
              .own = CLX_NEW_ARRAY(arena, double, d->months)};
  if (out->gpus == NULL || out->cost == NULL || r->gpus == NULL || r->paid == NULL || r->own == NULL)
    return no_memory(error);
  return c->plan != NULL ? clx_cost_out_make(c->plan, arena, &r->run, error) : CLX_OK;
}

static clx_status run_course(const clx_decision *d, const clx_course *c, const clx_cost_draw *draw,
                             const double *market, room *r, clx_course_out *out, clx_error *error) {
  const double step = clx_discount(d->discount, 1);
  double factor = 1;
  for (int32_t m = 0; m < d->months; m++) out->gpus[m] = out->cost[m] = r->own[m] = 0;
  out->paid_hours = out->rent_cost = 0;
  if (c->plan != NULL) CLX_TRY(add_plan(d, c, draw, &r->run, out, error));
  for (int32_t m = 0; m < d->months; m++) r->own[m] = out->gpus[m];
  if (c->contract != NULL) {
    CLX_TRY(clx_rent_run(c->contract, c->rent, market, d->months, r->gpus, r->paid, error));
    const double paid_for = clx_rent_paid_share(c->contract);
    for (int32_t m = 0; m < d->months; m++, factor *= step) {
      out->gpus[m] += r->gpus[m];
      out->cost[m] += r->paid[m];
      out->paid_hours += factor * r->gpus[m] * paid_for * CLX_MONTH;
      out->rent_cost += factor * r->paid[m];
    }
  }
  weigh(d, c, r->own, out);
  return CLX_OK;
}

clx_status clx_course_run(const clx_decision *d, const clx_course *c, const clx_cost_draw *draw, const double *market,
                          clx_arena *arena, clx_course_out *out, clx_error *error) {
  room r;
  CLX_TRY(make_room(d, c, arena, &r, out, error));
  return run_course(d, c, draw, market, &r, out, error);
}

clx_status clx_rent_breakeven(const clx_course_out *rented, const clx_course_out *other, double *breakeven,
                              clx_error *error) {
  if (!(rented->paid_hours > 0))
    return clx_fail_plain(error, CLX_INPUT,
                          "a break-even of a rent that pays for no hour; expected a course with a contract");
  *breakeven =
      (rented->rent_cost + rented->figure[CLX_COURSE_NPV] - other->figure[CLX_COURSE_NPV]) / rented->paid_hours;
  return CLX_OK;
}

double clx_use_breakeven(const clx_decision *d, const clx_course_out *owned, const double *market) {
  const double step = clx_discount(d->discount, 1);
  double factor = 1, rent = 0;
  for (int32_t m = 0; m < d->months; m++, factor *= step) rent += factor * owned->gpus[m] * market[m] * CLX_MONTH;
  return rent > 0 ? owned->figure[CLX_COURSE_COST] / rent : 0;
}

double clx_second_source(double cost_first, double cost_second, double volatility_first, double volatility_second,
                         double correlation, double years, double qualification) {
  // cost_first - min(both) = max(0, first - second): the exchange option, its prices being worths of today.
  return clx_margrabe(cost_first, cost_second, 0, 0, volatility_first, volatility_second, correlation, years) -
         qualification;
}

// Draws of all courses: value[course][figure or break-even][replica].
enum { BREAKEVEN = CLX_COURSE_FIGURES, USE_BREAKEVEN, GAIN, KEPT };

typedef struct draws {
  const clx_decision *d;
  const clx_course *course;  // paths x courses
  int32_t paths, courses, replicas;
  double *value, *market;
  room rooms[CLX_COURSES_MAX];
  clx_course_out results[CLX_COURSES_MAX];
  int32_t best[CLX_COURSES_MAX];
} draws;

static double *kept(const draws *x, int32_t course, int32_t figure) {
  return x->value + (size_t)(course * KEPT + figure) * (size_t)x->replicas;
}

static bool owns_alone(const clx_course *c) { return c->plan != NULL && c->contract == NULL; }
static bool rents_alone(const clx_course *c) { return c->plan == NULL && c->contract != NULL; }

// The first course that owns alone; -1: none does.
static int32_t owner(const draws *x) {
  for (int32_t c = 0; c < x->courses; c++) {
    if (owns_alone(&x->course[c])) return c;
  }
  return -1;
}

static clx_status draw_one(draws *x, uint64_t seed, int32_t r, clx_error *error) {
  const clx_course *course = x->course + (size_t)(r % x->paths) * (size_t)x->courses;
  int32_t first = 0;
  const int32_t own = owner(x);
  if (x->d->process != NULL) clx_rent_path(x->d->process, x->d->year, x->d->months, seed, (uint64_t)r, x->market);
  for (int32_t c = 0; c < x->courses; c++) {
    clx_cost_draw draw = {0};
    if (course[c].plan != NULL) clx_cost_draw_replica(course[c].plan, seed, (uint64_t)r, &draw);
    CLX_TRY(run_course(x->d, &course[c], &draw, x->d->process != NULL ? x->market : NULL, &x->rooms[c], &x->results[c],
                       error));
    for (int32_t f = 0; f < CLX_COURSE_FIGURES; f++) kept(x, c, f)[r] = x->results[c].figure[f];
    if (x->results[c].figure[CLX_COURSE_NPV] > x->results[first].figure[CLX_COURSE_NPV]) first = c;
  }
  x->best[first]++;
  for (int32_t c = 0; c < x->courses; c++) {
    kept(x, c, GAIN)[r] = x->results[c].figure[CLX_COURSE_NPV] - x->results[0].figure[CLX_COURSE_NPV];
    if (own >= 0 && rents_alone(&x->course[c]))
      CLX_TRY(clx_rent_breakeven(&x->results[c], &x->results[own], &kept(x, c, BREAKEVEN)[r], error));
    if (x->d->process != NULL && owns_alone(&x->course[c]))
      kept(x, c, USE_BREAKEVEN)[r] = clx_use_breakeven(x->d, &x->results[c], x->market);
  }
  return CLX_OK;
}

static clx_status make_draws(draws *x, clx_arena *arena, clx_error *error) {
  if (x->courses < 1 || x->courses > CLX_COURSES_MAX || x->replicas < 1)
    return clx_fail_plain(error, CLX_INPUT, "%d courses, %d replicas; expected 1 to %d and at least 1", x->courses,
                          x->replicas, CLX_COURSES_MAX);
  if (x->d->process != NULL) CLX_TRY(clx_rent_covers(x->d->process, x->d->year, error));
  x->value = CLX_NEW_ARRAY(arena, double, (size_t)x->courses *KEPT *(size_t)x->replicas);
  x->market = CLX_NEW_ARRAY(arena, double, x->d->months);
  if (x->value == NULL || x->market == NULL) return no_memory(error);
  for (int32_t c = 0; c < x->courses; c++) {
    CLX_TRY(make_room(x->d, &x->course[c], arena, &x->rooms[c], &x->results[c], error));
    if (x->course[c].contract != NULL && x->course[c].contract->price < 0 && x->d->process == NULL)
      return clx_fail_plain(error, CLX_INPUT,
                            "course '%.40s' rents at no stated price: expected a process of the market",
                            x->course[c].name);
  }
  return CLX_OK;
}

clx_status clx_decision_bands_run(const clx_decision *d, const clx_course *course, int32_t paths, int32_t courses,
                                  uint64_t seed, int32_t replicas, clx_arena *arena, clx_decision_bands *out,
                                  clx_error *error) {
  draws *x = CLX_NEW(arena, draws);
  if (x == NULL) return no_memory(error);
  *x = (draws){.d = d, .course = course, .paths = paths, .courses = courses, .replicas = replicas};
  CLX_TRY(make_draws(x, arena, error));
  for (int32_t r = 0; r < replicas; r++) CLX_TRY(draw_one(x, seed, r, error));
  *out = (clx_decision_bands){0};
  for (int32_t c = 0; c < courses; c++) {
    out->best[c] = (double)x->best[c] / replicas;
    for (int32_t f = 0; f < CLX_COURSE_FIGURES; f++) out->figure[c][f] = clx_cost_band_of(kept(x, c, f), replicas);
    out->gain[c] = clx_cost_band_of(kept(x, c, GAIN), replicas);
    out->has_breakeven[c] = owner(x) >= 0 && rents_alone(&course[c]);
    if (out->has_breakeven[c]) out->breakeven[c] = clx_cost_band_of(kept(x, c, BREAKEVEN), replicas);
    if (d->process != NULL && owns_alone(&course[c]))
      out->use_breakeven[c] = clx_cost_band_of(kept(x, c, USE_BREAKEVEN), replicas);
  }
  return CLX_OK;
}
