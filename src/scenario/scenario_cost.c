#include "scenario/scenario_cost.h"

#include <math.h>
#include <string.h>

#include "scenario/scenario.h"

bool clx_scenario_has_cost(const clx_scenario *s) { return s->cost.stated; }
bool clx_scenario_has_decide(const clx_scenario *s) { return s->cost.decides; }

clx_status clx_scenario_need_cost(const clx_scenario *s, clx_error *error) {
  if (s->cost.stated) return CLX_OK;
  return clx_fail_plain(error, CLX_INPUT,
                        "scenario '%s' has no section 'cost': it states nothing that is bought; add one "
                        "(colossus schema, docs/model/cost.md)",
                        s->spec.name);
}

// --- counts of the fleet -----------------------------------------------------------------------------------------------------

static bool is_of(const clx_cohort *c, const char *of) {
  return clx_text_equal_loose(c->server.name, of) || clx_text_equal_loose(c->rack.name, of) ||
         clx_text_equal_loose(c->device.name, of);
}

static clx_status unknown_part(const clx_scenario *s, const clx_cost_item_spec *item, clx_error *error) {
  enum { NAMES_MAX = 96 };
  const char *names[NAMES_MAX], *list = "";
  int32_t count = 0;
  for (int32_t i = 0; i < s->machine.cohort_count && count + 3 <= NAMES_MAX; i++) {
    const clx_cohort *c = &s->machine.cohort[i];
    names[count++] = c->server.name;
    names[count++] = c->rack.name;
    names[count++] = c->device.name;
    list = clx_arena_format(s->arena, "%s%s%s", list, i > 0 ? ", " : "", c->server.name);
    if (list == NULL) return clx_fail(error, CLX_MEMORY, item->place, "out of memory");
  }
  const char *near = clx_nearest(item->of, names, count);
  if (near != NULL)
    return clx_fail(error, CLX_INPUT, item->place,
                    "'%.40s': `of` is '%.60s', which the fleet has not; did you mean '%s'?", item->name, item->of,
                    near);
  return clx_fail(error, CLX_INPUT, item->place,
                  "'%.40s': `of` is '%.60s'; expected a server, rack or device of the fleet (%s)", item->name, item->of,
                  list);
}

bool clx_scenario_cost_is_for(const clx_cost_item_spec *item, const clx_cohort *cohort) {
  return item->of == NULL || is_of(cohort, item->of);
}

// GPUs of the fleet that an item is for.
static clx_status fleet_gpus(const clx_scenario *s, const clx_cost_item_spec *item, double *gpus, clx_error *error) {
  *gpus = 0;
  for (int32_t i = 0; i < s->machine.cohort_count; i++)
    if (clx_scenario_cost_is_for(item, &s->machine.cohort[i])) *gpus += (double)s->machine.cohort[i].gpus;
  return *gpus > 0 ? CLX_OK : unknown_part(s, item, error);
}

static double gpus_of_unit(const clx_cost_item_spec *item, const clx_price *price) {
  return item->gpus > 0 ? item->gpus : price != NULL && price->gpus > 0 ? price->gpus : 1;
}

// A fleet of several kinds of GPUs is not bought at the price of one.
static clx_status one_kind(const clx_scenario *s, const clx_cost_item_spec *item, clx_error *error) {
  for (int32_t i = 1; i < s->machine.cohort_count && item->of == NULL && item->kind == CLX_COST_GPU; i++) {
    if (clx_text_equal(s->machine.cohort[i].device.name, s->machine.cohort[0].device.name)) continue;
    return clx_fail(error, CLX_INPUT, item->place,
                    "'%.40s': the fleet has %s and %s; expected `of` (a server, rack or device of it) or `count`",
                    item->name, s->machine.cohort[0].device.name, s->machine.cohort[i].device.name);
  }
  return CLX_OK;
}

static bool by_power(int32_t kind) {
  return kind == CLX_COST_BUILDING || kind == CLX_COST_POWER || kind == CLX_COST_COOLING;
}

static clx_status count_item(const clx_scenario *s, int32_t i, clx_cost_item_spec *item, clx_error *error) {
  const clx_price *price = s->cost.found.price[i];
  double gpus;
  if (item->count >= 0 || item->power >= 0 || by_power(item->kind)) return CLX_OK;
  if (item->kind != CLX_COST_GPU && item->kind != CLX_COST_NETWORK && item->kind != CLX_COST_STORAGE) return CLX_OK;
  CLX_TRY(one_kind(s, item, error));
  CLX_TRY(fleet_gpus(s, item, &gpus, error));
  item->count = ceil(gpus / gpus_of_unit(item, price) - 1e-9);
  return CLX_OK;
}

double clx_scenario_cost_unit(const clx_scenario *s, int32_t index) {
  return gpus_of_unit(&s->cost.spec.capital[index], s->cost.found.price[index]);
}

double clx_scenario_cost_gpus(const clx_scenario *s, int32_t index) {
  const clx_cost_item_spec *item = &s->cost.spec.capital[index];
  double gpus = 0;
  clx_error none;
  if (item->kind != CLX_COST_GPU) return 0;
  clx_error_clear(&none);
  // What the fleet itself counts is not rounded up to whole units.
  if (s->spec.cost.capital[index].count < 0 && fleet_gpus(s, item, &gpus, &none) == CLX_OK) return gpus;
  return item->count * gpus_of_unit(item, s->cost.found.price[index]);
}

// --- plan --------------------------------------------------------------------------------------------------------------------

// What is paid by W and states none is of the IT at its limit, or of the site.
static clx_status fill_power(const clx_scenario *s, const clx_cost_facts *facts, int32_t i, clx_cost_item_spec *item,
                             clx_error *error) {
  const clx_building *building = s->cost.found.building[i];
  if (item->count >= 0 || item->power >= 0 || !by_power(item->kind)) return CLX_OK;
  const bool it = building != NULL ? building->critical != 0 : item->kind == CLX_COST_BUILDING;
  item->power = it ? facts->it_peak : facts->site_peak;
  if (item->power > 0) return CLX_OK;
  return clx_fail(
      error, CLX_INPUT, item->place,
      "'%.40s' states neither power nor count, and the power of this machine is not computed; expected `power`",
      item->name);
}

// GPUs of the fleet up to the `built`-th, in the order of its cohorts, that an item is for.
static double built_for(const clx_scenario *s, const clx_cost_item_spec *item, double built) {
  double sum = 0;
  for (int32_t i = 0; i < s->machine.cohort_count && built > 0; i++) {
    const double gpus = (double)s->machine.cohort[i].gpus;
    if (clx_scenario_cost_is_for(item, &s->machine.cohort[i])) sum += fmin(gpus, built);
    built -= gpus;
  }
  return sum;
}

// The last moment of the plan that deliveries can have.
static double last_date(const clx_cost_spec *spec) {
  return (floor(spec->horizon / CLX_MONTH + 1e-9) - 0.5) * CLX_MONTH;
}

// GPUs over time as dates and shares of an item: `rising` ones are never unbought, and the rest comes with the last.
static clx_status share_out(const clx_scenario *s, const clx_cost_item_spec *item, const double *at, const double *gpus,
                            int32_t steps, bool rising, clx_arena *arena, double **dates, double **shares,
                            int32_t *count, clx_error *error) {
  double all, most = 0, before = 0;
  CLX_TRY(fleet_gpus(s, item, &all, error));
  *dates = CLX_NEW_ARRAY(arena, double, steps + 1);
  *shares = CLX_NEW_ARRAY(arena, double, steps + 1);
  *count = 0;
  if (*dates == NULL || *shares == NULL) return clx_fail(error, CLX_MEMORY, item->place, "out of memory");
  for (int32_t k = 0; k < steps; k++) {
    most = !rising ? gpus[k] : k + 1 == steps ? INFINITY : fmax(most, gpus[k]);
    const double now = built_for(s, item, most);
    if (rising ? !(now > before) : !(now > before || now < before)) continue;
    (*dates)[*count] = at[k];
    (*shares)[(*count)++] = (now - before) / all;
    before = now;
  }
  return CLX_OK;
}

clx_status clx_scenario_cost_dates(const clx_scenario *s, const clx_cost_facts *facts, clx_arena *arena,
                                   clx_cost_item_spec *item, clx_error *error) {
  double *paid_at, *paid;
  item->from = item->until = 0;
  CLX_TRY(share_out(s, item, facts->built, facts->usable, facts->build_steps, !facts->ordered, arena, &item->at,
                    &item->share, &item->at_count, error));
  item->share_count = item->at_count;
  item->ordered = facts->ordered;
  for (int32_t k = 0; k < item->at_count && facts->drawn && !facts->ordered; k++)
    item->at[k] = fmin(item->at[k], last_date(&s->cost.spec));
  if (!facts->ordered || item->deposit > 0 || item->terms > 0) return CLX_OK;
  CLX_TRY(share_out(s, item, facts->paid_at, facts->paid, facts->paid_steps, false, arena, &paid_at, &paid,
                    &item->paid_count, error));
  item->paid_at = paid_at;
  item->paid_share = paid;
  return CLX_OK;
}

// GPUs of orders cost what the orders say.
static void take_price(const clx_scenario *s, int32_t i, clx_cost_item_spec *item) {
  const double gpu = clx_scenario_cost_follows_orders(item) ? clx_scenario_ordered_price(s, item) : -1;
  if (gpu > 0) item->ordered_price = gpu * gpus_of_unit(item, s->cost.found.price[i]);
}

// Place of a work of the build.
static clx_status find_work(const clx_scenario *s, const clx_cost_item_spec *item, const char *key, const char *name,
                            int32_t *work, clx_error *error) {
  const clx_buildout_spec *build = &s->spec.buildout;
  for (*work = 0; *work < build->work_count; (*work)++)
    if (clx_text_equal(build->work[*work].name, name)) return CLX_OK;
  const char **names = CLX_NEW_ARRAY(s->arena, const char *, build->work_count + 1);
  if (names == NULL) return clx_fail(error, CLX_MEMORY, item->place, "out of memory");
  for (int32_t i = 0; i < build->work_count; i++) names[i] = build->work[i].name;
  const char *near = clx_nearest(name, names, build->work_count);
  return clx_fail(error, CLX_INPUT, item->place, "'%.40s': `%s` '%.60s'; expected a work of the section buildout%s%s%s",
                  item->name, key, name, near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
                  near != NULL ? "'?" : "");
}

static double within(const clx_scenario *s, const clx_cost_facts *facts, double time) {
  return fmax(0, facts->drawn ? fmin(time, last_date(&s->cost.spec)) : time);
}

// Milestones at the ends of works.
static clx_status follow_ends(const clx_scenario *s, const clx_cost_facts *facts, clx_arena *arena,
                              clx_cost_item_spec *item, clx_error *error) {
  int32_t work;
  item->at = CLX_NEW_ARRAY(arena, double, item->after_count);
  if (item->at == NULL) return clx_fail(error, CLX_MEMORY, item->place, "out of memory");
  for (int32_t k = 0; k < item->after_count; k++) {
    CLX_TRY(find_work(s, item, "after", item->after[k], &work, error));
    item->at[k] = facts->finish != NULL ? within(s, facts, facts->finish[work]) : 0;
  }
  item->at_count = item->after_count;
  return CLX_OK;
}

// Spent while works run.
static clx_status follow_course(const clx_scenario *s, const clx_cost_facts *facts, clx_cost_item_spec *item,
                                clx_error *error) {
  double from = INFINITY, until = 0;
  int32_t work;
  for (int32_t k = 0; k < item->during_count; k++) {
    CLX_TRY(find_work(s, item, "during", item->during[k], &work, error));
    if (facts->finish == NULL) continue;
    from = fmin(from, facts->begin[work]);
    until = fmax(until, facts->finish[work]);
  }
  if (facts->finish == NULL) return CLX_OK;
  item->from = within(s, facts, from);
  item->until = within(s, facts, until);
  return CLX_OK;
}

static clx_status follow_works(const clx_scenario *s, const clx_cost_facts *facts, clx_arena *arena,
                               clx_cost_item_spec *item, clx_error *error) {
  const char *key = item->after_count > 0 ? "after" : "during";
  const char *other = item->at_count > 0                                ? "at"
                      : item->from > 0                                  ? "from"
                      : item->until > 0                                 ? "until"
                      : item->after_count > 0 && item->during_count > 0 ? "during"
                                                                        : NULL;
  if (other != NULL)
    return clx_fail(error, CLX_INPUT, item->place, "'%.40s': `%s` and `%s`; expected one of the two", item->name, key,
                    other);
  return item->after_count > 0 ? follow_ends(s, facts, arena, item, error) : follow_course(s, facts, item, error);
}

// What states no date comes with the GPUs of orders or of the build.
static clx_status follow_build(const clx_scenario *s, const clx_cost_facts *facts, clx_arena *arena,
                               clx_cost_item_spec *item, clx_error *error) {
  const bool with_gpus = item->kind == CLX_COST_GPU || item->kind == CLX_COST_NETWORK || item->kind == CLX_COST_STORAGE;
  if (item->after_count + item->during_count > 0) return follow_works(s, facts, arena, item, error);
  if (facts->build_steps == 0 || !with_gpus || item->at_count > 0 || item->from > 0 || item->until > 0) return CLX_OK;
  return clx_scenario_cost_dates(s, facts, arena, item, error);
}

clx_status clx_scenario_cost_plan(const clx_scenario *s, const clx_cost_facts *facts, clx_arena *arena,
                                  clx_cost_plan *plan, clx_error *error) {
  clx_cost_spec spec = s->cost.spec;
  const size_t count = (size_t)spec.capital_count;
  clx_status first = CLX_OK;
  spec.capital = CLX_NEW_ARRAY(arena, clx_cost_item_spec, spec.capital_count + 1);
  if (spec.capital == NULL) return clx_fail(error, CLX_MEMORY, spec.place, "out of memory");
  if (count > 0) memcpy(spec.capital, s->cost.spec.capital, count * sizeof *spec.capital);
  for (int32_t i = 0; i < spec.capital_count; i++) {
    take_price(s, i, &spec.capital[i]);
    clx_status one = fill_power(s, facts, i, &spec.capital[i], error);
    if (one == CLX_OK) one = follow_build(s, facts, arena, &spec.capital[i], error);
    if (first == CLX_OK) first = one;
  }
  if (first != CLX_OK) return first;
  if (!(spec.run > 0)) spec.run = facts->run;
  if (!(spec.tokens > 0)) spec.tokens = facts->tokens;
  clx_cost_found found = s->cost.found;  // of a bill that is not computed: the site's own tariff
  if (spec.operating.tariff == NULL && spec.operating.energy.expected < 0) found.tariff = s->power.supply.tariff;
  CLX_TRY(clx_cost_compile(&spec, &found, arena, plan, error));
  plan->drawn = facts->drawn;
  return CLX_OK;
}

// --- reading -----------------------------------------------------------------------------------------------------------------

static clx_status read_decide(clx_scenario *s, const clx_cost_plan *plan, clx_error *error) {
  const clx_decide_spec *asked = &s->spec.decide;
  if (!s->cost.decides) return CLX_OK;
  if (!s->cost.stated)
    return clx_fail(error, CLX_INPUT, asked->place, "'decide' needs a section 'cost': what owning would cost");
  CLX_TRY(clx_catalog_read_decide(s->catalog, asked, plan->start, s->arena, &s->cost.asked, error));
  // Compiled once for its mistakes: the capacity that a run finds does not change them.
  double *gpus = CLX_NEW_ARRAY(s->arena, double, plan->months);
  clx_decision decision;
  clx_course course[CLX_COURSES_MAX];
  if (gpus == NULL) return clx_fail(error, CLX_MEMORY, asked->place, "out of memory");
  const clx_cost_input input = {.months = plan->months, .gpus = gpus};
  return clx_decide_compile(asked, &s->cost.asked, plan, &input, plan->start, s->arena, &decision, course, error);
}

// A list that is stated holds something.
static clx_status check_lists(const clx_cost_item_spec *item, clx_error *error) {
  const struct {
    const char *key;
    bool empty;
  } lists[] = {{"at", item->at != NULL && item->at_count == 0},
               {"share", item->share != NULL && item->share_count == 0},
               {"after", item->after != NULL && item->after_count == 0}};
  for (int32_t i = 0; i < CLX_COUNT(lists); i++) {
    if (lists[i].empty)
      return clx_fail(error, CLX_INPUT, item->place, "'%.40s': `%s` is empty; leave it out, or state what it holds",
                      item->name, lists[i].key);
  }
  return CLX_OK;
}

clx_status clx_scenario_compile_cost(clx_scenario *s, clx_error *error) {
  static const clx_cost_facts ANY = {.it_peak = 1, .site_peak = 1};  // W: mistakes do not depend on them
  clx_cost_entries *e = &s->cost;
  clx_cost_plan plan;
  clx_status first = CLX_OK;
  e->stated = s->spec.cost.place.file != NULL;
  e->decides = s->spec.decide.place.file != NULL;
  if (!e->stated) return read_decide(s, NULL, error);
  e->spec = s->spec.cost;
  CLX_TRY(clx_catalog_read_cost(s->catalog, &e->spec, s->arena, &e->found, error));
  e->spec.capital = CLX_NEW_ARRAY(s->arena, clx_cost_item_spec, e->spec.capital_count + 1);
  if (e->spec.capital == NULL) return clx_fail(error, CLX_MEMORY, e->spec.place, "out of memory");
  for (int32_t i = 0; i < e->spec.capital_count; i++) {
    e->spec.capital[i] = s->spec.cost.capital[i];
    clx_status one = check_lists(&e->spec.capital[i], error);
    if (one == CLX_OK) one = count_item(s, i, &e->spec.capital[i], error);
    if (first == CLX_OK) first = one;
  }
  if (first != CLX_OK) return first;
  CLX_TRY(clx_scenario_cost_plan(s, &ANY, s->arena, &plan, error));
  return read_decide(s, &plan, error);
}
