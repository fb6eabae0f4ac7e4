// From what the user states to courses; plans that begin later.
#include <math.h>

#include "cost/cost_decide.h"

static clx_status no_memory(clx_place place, clx_error *error) {
  return clx_fail(error, CLX_MEMORY, place, "out of memory");
}

static clx_spread times(const clx_spread *s, double factor) {
  return (clx_spread){s->expected * factor, s->low * factor, s->high * factor};
}

// A series `factor` times as high; nothing where there is none.
static clx_status scale(const clx_course_spec *s, double factor, int32_t count, clx_arena *arena, const double **series,
                        clx_error *error) {
  if (*series == NULL) return CLX_OK;
  double *out = CLX_NEW_ARRAY(arena, double, count + 1);
  if (out == NULL) return no_memory(s->place, error);
  for (int32_t i = 0; i < count; i++) out[i] = factor * (*series)[i];
  *series = out;
  return CLX_OK;
}

// The GPUs of the later product, and what the site draws and pays for them.
static clx_status scale_input(const clx_course_spec *s, clx_arena *arena, clx_cost_plan *plan, clx_cost_input *in,
                              clx_error *error) {
  CLX_TRY(scale(s, s->wait_gpus, in->months, arena, &in->gpus, error));
  CLX_TRY(scale(s, s->wait_gpus, in->steps, arena, &in->usable, error));
  CLX_TRY(scale(s, s->wait_site, in->months, arena, &in->power, error));
  CLX_TRY(scale(s, s->wait_site, in->months, arena, &in->peak, error));
  CLX_TRY(scale(s, s->wait_site, in->months, arena, &in->energy_cost, error));
  if (s->wait_gpus > 0) plan->gpu_power = times(&plan->gpu_power, s->wait_site / s->wait_gpus);
  return CLX_OK;
}

// What a series of shares has after the first `left` months counts in the last of them (of a draw), or is a mistake: it would come after the horizon.
// *series stays where there is nothing of it.
static clx_status fold(const clx_course_spec *s, const clx_cost_plan *plan, const char *name, int32_t left,
                       clx_arena *arena, double **series, clx_error *error) {
  double *out = NULL;
  for (int32_t m = left; m < plan->months && *series != NULL; m++) {
    const double share = (*series)[m];
    if (!(share > 0 || share < 0)) continue;
    if (!plan->drawn)
      return clx_fail(error, CLX_INPUT, s->place,
                      "course '%.40s': after %d months of waiting '%.40s' comes after the horizon of %d months",
                      s->name, plan->months - left, name, plan->months);
    if (out == NULL) {
      out = CLX_NEW_ARRAY(arena, double, plan->months);
      if (out == NULL) return no_memory(s->place, error);
      for (int32_t k = 0; k < left; k++) out[k] = (*series)[k];
    }
    out[left - 1] += share;
  }
  if (out != NULL) *series = out;
  return CLX_OK;
}

// The plan as it is, `wait` months later: its deliveries and capacity move within the months that are left; what would come after them is not
// bought within the horizon: CLX_INPUT.
static clx_status later(const clx_course_spec *s, const clx_cost_plan *plan, const clx_cost_input *input, int32_t wait,
                        clx_arena *arena, clx_course *out, clx_error *error) {
  clx_cost_plan *moved = CLX_NEW(arena, clx_cost_plan);
  clx_cost_input *in = CLX_NEW(arena, clx_cost_input);
  if (moved == NULL || in == NULL) return no_memory(s->place, error);
  *moved = *plan;
  *in = *input;
  moved->months = in->months = plan->months - wait;
  moved->start += wait / 12.0;
  moved->item = CLX_NEW_ARRAY(arena, clx_cost_item, plan->item_count);
  if (moved->item == NULL) return no_memory(s->place, error);
  for (int32_t i = 0; i < plan->item_count; i++) {
    moved->item[i] = plan->item[i];
    const double price = plan->item[i].kind <= CLX_COST_STORAGE ? s->wait_price * s->wait_gpus : s->wait_site;
    moved->item[i].cost = times(&plan->item[i].cost, price);
    moved->item[i].age = fmax(0, plan->item[i].age - wait / 12.0);
    CLX_TRY(fold(s, plan, plan->item[i].name, moved->months, arena, &moved->item[i].delivered, error));
    CLX_TRY(fold(s, plan, plan->item[i].name, moved->months, arena, &moved->item[i].paid, error));
  }
  for (int32_t i = 0; i < plan->penalty_count; i++) {
    if (plan->penalty[i].month >= moved->months)
      return clx_fail(error, CLX_INPUT, s->place,
                      "course '%.40s': after %d months of waiting '%.40s' falls due after the horizon of %d months",
                      s->name, wait, plan->penalty[i].name, plan->months);
  }
  out->plan = moved;
  out->input = in;
  out->wait = wait;
  return scale_input(s, arena, moved, in, error);
}

// --- mixed fleets --------------------------------------------------------------------------------------------------------------

typedef struct mixing {
  const clx_course_spec *spec;
  const clx_cost_plan *plan;
  const clx_cost_input *input;
  int32_t wait;
  clx_arena *arena;
  clx_error *error;
} mixing;

// A series of which the share `later` comes `wait` months later, there `factor` times as much.
static clx_status mix(const mixing *x, const double *series, double factor, const double **out) {
  const int32_t months = x->plan->months;
  double *sum = CLX_NEW_ARRAY(x->arena, double, months);
  if (sum == NULL) return no_memory(x->spec->place, x->error);
  for (int32_t m = 0; m < months; m++)
    sum[m] = (1 - x->spec->later) * series[m] + (m >= x->wait ? x->spec->later * factor * series[m - x->wait] : 0);
  *out = sum;
  return CLX_OK;
}

// A series of shares `wait` later; NULL stays.
static clx_status shift(const mixing *x, const char *name, double **series) {
  const int32_t months = x->plan->months, left = months - x->wait;
  double *out = CLX_NEW_ARRAY(x->arena, double, months);
  if (*series == NULL) return CLX_OK;
  if (out == NULL) return no_memory(x->spec->place, x->error);
  CLX_TRY(fold(x->spec, x->plan, name, left, x->arena, series, x->error));
  for (int32_t m = 0; m < left; m++) out[m + x->wait] = (*series)[m];
  *series = out;
  return CLX_OK;
}

// What is bought for the part that waits stands behind the items of the plan, so that these are drawn as in other courses.
static clx_status mix_items(const mixing *x, clx_cost_plan *mixed) {
  const clx_cost_plan *p = x->plan;
  const clx_course_spec *s = x->spec;
  mixed->item = CLX_NEW_ARRAY(x->arena, clx_cost_item, 2 * p->item_count + 1);
  if (mixed->item == NULL) return no_memory(s->place, x->error);
  for (int32_t i = 0; i < p->item_count; i++) mixed->item[i] = p->item[i];
  for (int32_t i = 0; i < p->item_count; i++) {
    if (p->item[i].kind > CLX_COST_STORAGE) continue;
    clx_cost_item *more = &mixed->item[mixed->item_count++];
    *more = p->item[i];
    mixed->item[i].cost = times(&p->item[i].cost, 1 - s->later);
    more->cost = times(&p->item[i].cost, s->later * s->wait_price * s->wait_gpus);
    more->age = fmax(0, more->age - x->wait / 12.0);
    CLX_TRY(shift(x, more->name, &more->delivered));
    CLX_TRY(shift(x, more->name, &more->paid));
  }
  if (mixed->item_count <= CLX_COST_ITEMS_MAX) return CLX_OK;
  return clx_fail(x->error, CLX_INPUT, s->place,
                  "course '%.40s': %d items of capital now and later; expected at most %d", s->name, mixed->item_count,
                  CLX_COST_ITEMS_MAX);
}

// Tokens a second of an own GPU by month: of those of now and those that waited, by their numbers.
static clx_status mix_rate(const mixing *x, const clx_decision *d, clx_course *out) {
  double *rate = CLX_NEW_ARRAY(x->arena, double, x->plan->months);
  if (rate == NULL) return no_memory(x->spec->place, x->error);
  for (int32_t m = 0; m < x->plan->months; m++) {
    const double now = (1 - x->spec->later) * x->input->gpus[m], all = out->input->gpus[m];
    const double then = x->spec->tokens > 0 ? x->spec->tokens : d->tokens;
    rate[m] = all > 0 ? (now * d->tokens + (all - now) * then) / all : d->tokens;
  }
  out->rate = rate;
  return CLX_OK;
}

static clx_status mix_steps(const mixing *x, clx_cost_input *in) {
  const clx_cost_input *from = x->input;
  const double later = x->wait * CLX_MONTH, s = x->spec->later;
  double *at = CLX_NEW_ARRAY(x->arena, double, 2 * from->steps + 1),
         *usable = CLX_NEW_ARRAY(x->arena, double, 2 * from->steps + 1);
  if (at == NULL || usable == NULL) return no_memory(x->spec->place, x->error);
  for (int32_t a = 0, b = 0; a + b < 2 * from->steps;) {
    const bool first = a < from->steps && (b == from->steps || from->at[a] <= from->at[b] + later);
    const int32_t k = a + b;
    at[k] = first ? from->at[a] : from->at[b] + later;
    a += first ? 1 : 0;
    b += first ? 0 : 1;
    usable[k] =
        (a > 0 ? (1 - s) * from->usable[a - 1] : 0) + (b > 0 ? s * x->spec->wait_gpus * from->usable[b - 1] : 0);
  }
  in->at = at;
  in->usable = usable;
  in->steps = 2 * from->steps;
  return CLX_OK;
}

static clx_status mixed(const mixing *x, const clx_decision *d, clx_course *out) {
  clx_cost_plan *plan = CLX_NEW(x->arena, clx_cost_plan);
  clx_cost_input *in = CLX_NEW(x->arena, clx_cost_input);
  if (plan == NULL || in == NULL) return no_memory(x->spec->place, x->error);
  *plan = *x->plan;
  *in = *x->input;
  CLX_TRY(mix_items(x, plan));
  CLX_TRY(mix(x, x->input->gpus, x->spec->wait_gpus, &in->gpus));
  if (in->power != NULL) CLX_TRY(mix(x, x->input->power, 1, &in->power));
  if (in->peak != NULL) CLX_TRY(mix(x, x->input->peak, 1, &in->peak));
  if (in->energy_cost != NULL) CLX_TRY(mix(x, x->input->energy_cost, 1, &in->energy_cost));
  if (in->sunk != NULL) CLX_TRY(mix(x, x->input->sunk, 1, &in->sunk));
  CLX_TRY(mix_steps(x, in));
  out->plan = plan;
  out->input = in;
  return mix_rate(x, d, out);
}

static clx_status compile_course(const clx_decide_spec *spec, int32_t i, const clx_decide_found *found,
                                 const clx_cost_plan *plan, const clx_cost_input *input, const clx_decision *d,
                                 clx_arena *arena, clx_course *out, clx_error *error) {
  const int32_t months = d->months;
  const clx_course_spec *s = &spec->course[i];
  const int32_t wait = (int32_t)lround(s->wait / CLX_MONTH);
  *out = (clx_course){.name = s->name, .tokens = s->tokens};
  for (int32_t k = 0; k < i; k++) {
    if (clx_text_equal(spec->course[k].name, s->name))
      return clx_fail(error, CLX_INPUT, s->place, "two courses are named '%.40s'; expected names of their own",
                      s->name);
  }
  if (s->rent_count > 1)
    return clx_fail(error, CLX_INPUT, s->place, "course '%.40s': %d contracts; expected at most one", s->name,
                    s->rent_count);
  if (!s->own && s->rent_count == 0)
    return clx_fail(error, CLX_INPUT, s->place, "course '%.40s' neither owns nor rents; expected `own: yes` or `rent`",
                    s->name);
  if (s->rent_count == 1) {
    clx_rent_contract *contract = CLX_NEW(arena, clx_rent_contract);
    if (contract == NULL) return no_memory(s->place, error);
    *contract = s->rent[0];
    if (contract->use < 0) contract->use = d->use;
    CLX_TRY(clx_rent_contract_check(contract, s->name, months, error));
    out->contract = contract;
    out->rent = found->rent[i];
  }
  if (!s->own) return CLX_OK;
  if (plan == NULL || input == NULL || plan->months != months)
    return clx_fail(error, CLX_INPUT, s->place,
                    "course '%.40s' owns: expected a plan of cost over the %d months compared", s->name, months);
  if (wait >= months)
    return clx_fail(error, CLX_INPUT, s->place, "course '%.40s' waits %d months of %d; expected some to be left",
                    s->name, wait, months);
  if (s->later < 1 && (s->wait_site < 1 || s->wait_site > 1))
    return clx_fail(error, CLX_INPUT, s->place,
                    "course '%.40s': `later` and `wait_site`; expected one of the two: a mixed fleet shares one site",
                    s->name);
  if (s->later >= 1 || wait == 0) return later(s, plan, input, wait, arena, out, error);
  const mixing x = {s, plan, input, wait, arena, error};
  return mixed(&x, d, out);
}

clx_status clx_decide_compile(const clx_decide_spec *spec, const clx_decide_found *found, const clx_cost_plan *plan,
                              const clx_cost_input *input, double year, clx_arena *arena, clx_decision *decision,
                              clx_course *course, clx_error *error) {
  if (plan == NULL && (spec->horizon < 0 || spec->discount < 0 || spec->use < 0))
    return clx_fail(error, CLX_INPUT, spec->place,
                    "`%s` is not stated; expected it where there is no plan of cost to take it from",
                    spec->horizon < 0    ? "horizon"
                    : spec->discount < 0 ? "discount"
                                         : "use");
  *decision =
      (clx_decision){.months = spec->horizon < 0 ? plan->months : (int32_t)floor(spec->horizon / CLX_MONTH + 1e-9),
                     .discount = spec->discount < 0 ? plan->discount : spec->discount,
                     .use = spec->use < 0 ? plan->use.expected : spec->use,
                     .tokens = spec->tokens > 0 || plan == NULL ? spec->tokens : plan->tokens,
                     .least = spec->least,
                     .value_gpu = spec->value_gpu,
                     .value_time = spec->value_time,
                     .reference = spec->reference,
                     .by = spec->by,
                     .process = found->process,
                     .year = year};
  if (spec->course_count < 1 || spec->course_count > CLX_COURSES_MAX)
    return clx_fail(error, CLX_INPUT, spec->place, "%d courses; expected 1 to %d", spec->course_count, CLX_COURSES_MAX);
  if (spec->option_count > 1)
    return clx_fail(error, CLX_INPUT, spec->place, "%d sets of options; expected at most one", spec->option_count);
  for (int32_t i = 0; i < spec->course_count; i++)
    CLX_TRY(compile_course(spec, i, found, plan, input, decision, arena, &course[i], error));
  return CLX_OK;
}

void clx_decide_options(const clx_decide_spec *spec, const clx_decision *decision, const clx_cost_out *out, double gpus,
                        clx_real *real) {
  const bool known = out != NULL && gpus > 0;
  *real = spec->option[0];
  real->process = decision->process;
  real->year = decision->year;
  if (real->discount < 0) real->discount = decision->discount;
  if (real->use < 0) real->use = decision->use;
  if (real->value < 0) real->value = decision->value_gpu;
  if (real->hardware < 0 && known) real->hardware = out->figure[CLX_COST_CAPEX] / gpus;
  if (real->operation < 0) real->operation = known ? out->figure[CLX_COST_OPEX_YEAR] / gpus : 0;
}
