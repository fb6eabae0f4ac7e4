// From what the user states to courses; plans that begin later.
#include <math.h>

#include "cost/cost_decide.h"

static clx_status no_memory(clx_place place, clx_error *error) {
  return clx_fail(error, CLX_MEMORY, place, "out of memory");
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
    const double price = plan->item[i].kind <= CLX_COST_STORAGE ? s->wait_price : 1;
    const clx_spread cost = plan->item[i].cost;
    moved->item[i].cost = (clx_spread){cost.expected * price, cost.low * price, cost.high * price};
    moved->item[i].age = fmax(0, plan->item[i].age - wait / 12.0);
    for (int32_t m = moved->months; m < plan->months; m++) {
      if (plan->item[i].delivered[m] > 0)
        return clx_fail(error, CLX_INPUT, s->place,
                        "course '%.40s': after %d months of waiting '%.40s' comes after the horizon of %d months",
                        s->name, wait, plan->item[i].name, plan->months);
    }
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
  return CLX_OK;
}

static clx_status compile_course(const clx_decide_spec *spec, int32_t i, const clx_decide_found *found,
                                 const clx_cost_plan *plan, const clx_cost_input *input, int32_t months, double use,
                                 clx_arena *arena, clx_course *out, clx_error *error) {
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
    if (contract->use < 0) contract->use = use;
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
  return later(s, plan, input, wait, arena, out, error);
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
    CLX_TRY(compile_course(spec, i, found, plan, input, decision->months, decision->use, arena, &course[i], error));
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
  if (real->value <= 0) real->value = decision->value_gpu;
  if (real->hardware <= 0 && known) real->hardware = out->figure[CLX_COST_CAPEX] / gpus;
  if (real->operation <= 0 && known) real->operation = out->figure[CLX_COST_OPEX_YEAR] / gpus;
}
