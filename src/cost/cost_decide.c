// Courses side by side.
#include <math.h>

#include "cost/cost_decide.h"

const char *const clx_course_figure_name[CLX_COURSE_FIGURES + 1] = {"cost",   "value",        "npv", "first_training",
                                                                    "tokens", "per_gpu_hour", NULL};
const char *const clx_course_figure_unit[CLX_COURSE_FIGURES + 1] = {"USD", "USD", "USD", "s", "token", "USD/s", NULL};

static clx_status no_memory(clx_error *error) { return clx_fail_plain(error, CLX_MEMORY, "out of memory"); }

static clx_status add_plan(const clx_decision *d, const clx_course *c, const clx_cost_draw *draw, clx_cost_out *run,
                           clx_course_out *out, clx_error *error) {
  if (c->plan->months + c->wait != d->months)
    return clx_fail_plain(
        error, CLX_INPUT,
        "course '%.40s': %d months after %d of waiting; expected them to end with the %d months compared", c->name,
        c->plan->months, c->wait, d->months);
  CLX_TRY(clx_cost_run(c->plan, c->input, draw, false, run, error));
  for (int32_t m = 0; m < c->plan->months; m++) {
    const clx_cost_month *x = &run->month[m];
    out->gpus[m + c->wait] += c->input->gpus[m];
    out->cost[m + c->wait] += x->capital + x->energy + x->staff + x->repair + x->water + x->licence + x->insurance +
                              x->lease + x->penalty - x->resale;
  }
  return CLX_OK;
}

// Months until `least` GPUs are at hand, as if they came evenly through the month in which the mean says so.
static double first_training(const clx_decision *d, const clx_course_out *out, bool *begins) {
  const double least = fmax(d->least, 1e-9);
  double before = 0;
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
  double factor = 1, cost = 0, time = 0, value = 0, tokens = 0;
  for (int32_t m = 0; m < d->months; m++, factor *= step) {
    const double used = out->gpus[m] * d->use * CLX_MONTH;
    const double rate = c->tokens > 0 ? c->tokens : d->tokens,
                 mine = own != NULL && out->gpus[m] > 0 ? own[m] / out->gpus[m] : 0;
    const double within = fmin(1, fmax(0, (d->by - m * CLX_MONTH) / CLX_MONTH));
    cost += factor * out->cost[m];
    time += factor * used;
    value += factor * used * d->value_gpu;
    tokens += within * used * (mine * rate + (1 - mine) * d->tokens);
  }
  const double first = first_training(d, out, &out->begins) * CLX_MONTH;
  value += d->value_time * (d->reference - first) * clx_discount(d->discount, first / CLX_MONTH);
  out->figure[CLX_COURSE_COST] = cost;
  out->figure[CLX_COURSE_VALUE] = value;
  out->figure[CLX_COURSE_NPV] = value - cost;
  out->figure[CLX_COURSE_FIRST] = first;
  out->figure[CLX_COURSE_TOKENS] = tokens;
  out->figure[CLX_COURSE_HOUR] = time > 0 ? cost / time : 0;
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
  out->paid_hours = 0;
  if (c->plan != NULL) CLX_TRY(add_plan(d, c, draw, &r->run, out, error));
  for (int32_t m = 0; m < d->months; m++) r->own[m] = out->gpus[m];
  if (c->contract != NULL) {
    CLX_TRY(clx_rent_run(c->contract, c->rent, market, d->months, r->gpus, r->paid, error));
    const double paid_for = c->contract->term > 0 ? fmax(c->contract->use, c->contract->take_or_pay) : c->contract->use;
    for (int32_t m = 0; m < d->months; m++, factor *= step) {
      out->gpus[m] += r->gpus[m];
      out->cost[m] += r->paid[m];
      out->paid_hours += factor * r->gpus[m] * paid_for * CLX_MONTH;
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

clx_status clx_rent_breakeven(const clx_course_out *rented, double price, const clx_course_out *other,
                              double *breakeven, clx_error *error) {
  if (!(rented->paid_hours > 0))
    return clx_fail_plain(error, CLX_INPUT,
                          "a break-even of a rent that pays for no hour; expected a course with a contract");
  *breakeven = price + (rented->figure[CLX_COURSE_NPV] - other->figure[CLX_COURSE_NPV]) / rented->paid_hours;
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

clx_status clx_decision_bands_run(const clx_decision *d, const clx_course *course, int32_t courses, uint64_t seed,
                                  int32_t replicas, clx_arena *arena, clx_decision_bands *out, clx_error *error) {
  room rooms[CLX_COURSES_MAX];
  clx_course_out results[CLX_COURSES_MAX];
  int32_t best[CLX_COURSES_MAX] = {0};
  if (courses < 1 || courses > CLX_COURSES_MAX || replicas < 1)
    return clx_fail_plain(error, CLX_INPUT, "%d courses, %d replicas; expected 1 to %d and at least 1", courses,
                          replicas, CLX_COURSES_MAX);
  if (d->process != NULL) CLX_TRY(clx_rent_covers(d->process, d->year, error));
  double *value = CLX_NEW_ARRAY(arena, double, (size_t)courses *CLX_COURSE_FIGURES *(size_t)replicas);
  double *market = CLX_NEW_ARRAY(arena, double, d->months);
  if (value == NULL || market == NULL) return no_memory(error);
  for (int32_t c = 0; c < courses; c++) {
    CLX_TRY(make_room(d, &course[c], arena, &rooms[c], &results[c], error));
    if (course[c].contract != NULL && d->process == NULL)
      return clx_fail_plain(error, CLX_INPUT, "course '%.40s' rents: expected a process of the market", course[c].name);
  }
  for (int32_t r = 0; r < replicas; r++) {
    int32_t first = 0;
    if (d->process != NULL) clx_rent_path(d->process, d->year, d->months, seed, (uint64_t)r, market);
    for (int32_t c = 0; c < courses; c++) {
      clx_cost_draw draw = {0};
      if (course[c].plan != NULL) clx_cost_draw_replica(course[c].plan, seed, (uint64_t)r, &draw);
      CLX_TRY(run_course(d, &course[c], &draw, market, &rooms[c], &results[c], error));
      for (int32_t f = 0; f < CLX_COURSE_FIGURES; f++)
        value[(size_t)(c * CLX_COURSE_FIGURES + f) * (size_t)replicas + (size_t)r] = results[c].figure[f];
      if (results[c].figure[CLX_COURSE_NPV] > results[first].figure[CLX_COURSE_NPV]) first = c;
    }
    best[first]++;
  }
  for (int32_t c = 0; c < courses; c++) {
    out->best[c] = (double)best[c] / replicas;
    for (int32_t f = 0; f < CLX_COURSE_FIGURES; f++)
      out->figure[c][f] = clx_cost_band_of(value + (size_t)(c * CLX_COURSE_FIGURES + f) * (size_t)replicas, replicas);
  }
  return CLX_OK;
}
