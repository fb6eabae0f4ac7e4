// From a run and the section `cost` to a plan with its capacity, power and energy by month.
#include "twin/twin_cost.h"

#include <math.h>

#include "twin/twin_buildout.h"
#include "twin/twin_internal.h"

static clx_status no_memory(clx_error *error) { return clx_fail_plain(error, CLX_MEMORY, "out of memory"); }

// --- capacity ----------------------------------------------------------------------------------------------------------------

// GPUs that come at a time.
typedef struct arrival {
  double at, gpus;
} arrival;

typedef struct arrivals {
  arrival *item;
  int32_t count;
} arrivals;

static double fleet_of(const clx_scenario *s) {
  double gpus = 0;
  for (int32_t i = 0; i < s->machine.cohort_count; i++) gpus += (double)s->machine.cohort[i].gpus;
  return gpus;
}

// In the order of time; those of one time together.
static void add(arrivals *list, double at, double gpus) {
  int32_t k = list->count;
  while (k > 0 && list->item[k - 1].at > at) k--;
  if (k > 0 && list->item[k - 1].at >= at) {
    list->item[k - 1].gpus += gpus;
    return;
  }
  for (int32_t i = list->count; i > k; i--) list->item[i] = list->item[i - 1];
  list->item[k] = (arrival){at, gpus};
  list->count++;
}

// Along the S-curve of works that run between two dates, month by month.
static void add_spread(arrivals *list, const clx_cost_item_spec *item, double gpus, double install) {
  enum { STEPS = 12 };
  double before = 0;
  for (int32_t k = 1; k <= STEPS; k++) {
    const double x = (double)k / STEPS, done = x * x * (3 - 2 * x);
    add(list, item->from + x * (item->until - item->from) + install, gpus * (done - before));
    before = done;
  }
}

static void add_item(arrivals *list, const clx_scenario *s, int32_t index) {
  const clx_cost_spec *spec = &s->cost.spec;
  const clx_cost_item_spec *item = &spec->capital[index];
  const double gpus = clx_scenario_cost_gpus(s, index);
  if (!(gpus > 0)) return;
  if (item->until > item->from) {
    add_spread(list, item, gpus, spec->install);
  } else if (item->at_count == 0) {
    add(list, item->from + spec->install, gpus);
  } else {
    for (int32_t k = 0; k < item->at_count; k++)
      add(list, item->at[k] + spec->install, gpus * (item->share_count > 0 ? item->share[k] : 1.0 / item->at_count));
  }
}

clx_status clx_twin_capacity(const clx_scenario *s, const clx_capacity_series *usable, clx_arena *arena,
                             clx_capacity_series *out, clx_error *error) {
  enum { SPREAD = 12 };
  const clx_cost_spec *spec = &s->cost.spec;
  int32_t room = SPREAD;
  if (usable->count > 0 && spec->use_from < 0) {
    *out = *usable;
    return CLX_OK;
  }
  for (int32_t i = 0; i < spec->capital_count; i++) room += spec->capital[i].at_count + SPREAD;
  arrivals list = {.item = CLX_NEW_ARRAY(arena, arrival, room)};
  double *at = CLX_NEW_ARRAY(arena, double, room), *gpus = CLX_NEW_ARRAY(arena, double, room), sum = 0;
  if (list.item == NULL || at == NULL || gpus == NULL) return no_memory(error);
  for (int32_t i = 0; i < spec->capital_count && spec->use_from < 0; i++) add_item(&list, s, i);
  if (list.count == 0) add(&list, fmax(0, spec->use_from), fleet_of(s));  // stated, or all of it is leased
  for (int32_t i = 0; i < list.count; i++) {
    sum += list.item[i].gpus;
    at[i] = list.item[i].at;
    gpus[i] = sum;
  }
  *out = (clx_capacity_series){.at = at, .gpus = gpus, .count = list.count};
  return CLX_OK;
}

// --- what the run found ------------------------------------------------------------------------------------------------------

// Power of the site with the share of use that GPU-hours are counted by: as the job draws at work, and for the rest as it draws while stopped.
static double site_power(const clx_twin_cost *c, const clx_result *r) {
  const double use = c->scenario->cost.spec.use.expected, work = clx_result_value(r, "power.pass.step.mean", 0);
  const double mean = clx_result_value(r, "power.site_mean", clx_result_value(r, "power.site_average", 0));
  if (!(work > 0)) return mean;
  return mean * (use + (1 - use) * fmin(1, clx_result_value(r, "power.pass.stopped.mean", work) / work));
}

// W of servers, racks, network and storage, at their ratings or idle.
static double rated_power(const clx_scenario *s, bool idle) {
  double it = s->machine.fabric.bill.power + s->spec.power.storage;
  for (int32_t i = 0; i < s->machine.cohort_count; i++) {
    const clx_cohort *h = &s->machine.cohort[i];
    it += (double)h->racks * (idle ? clx_rack_power(h, h->device.idle_power, 0) : clx_rack_rated(h, 1)).in;
  }
  return it;
}

// Where a run computes no power: as the parts are rated for the share of use, idle for the rest.
static void take_ratings(clx_twin_cost *c) {
  const clx_scenario *s = c->scenario;
  const double pue = fmax(1, s->spec.power.pue), use = s->cost.spec.use.expected;
  const double most = rated_power(s, false);
  c->rated = true;
  c->facts.it_peak = most;
  c->facts.site_peak = c->site_peak = most * pue;
  c->site_mean = pue * (use * most + (1 - use) * rated_power(s, true));
}

static void take_facts(clx_twin_cost *c, const clx_result *r) {
  const double tokens = clx_result_value(r, "training.tokens", 0);
  const double time = clx_result_value(r, "reliability.time_to_train", clx_result_value(r, "training.duration", 0));
  const double rate =
      clx_result_value(r, "training.tokens_per_second", 0) * clx_result_value(r, "reliability.goodput", 1);
  const double gpus = (double)c->scenario->job_gpus, energy = clx_result_value(r, "power.energy", 0);
  c->facts = (clx_cost_facts){.it_peak = clx_result_value(r, "power.it_peak", 0),
                              .site_peak = clx_result_value(r, "power.site_peak", 0)};
  c->site_peak = c->facts.site_peak;
  c->site_mean = site_power(c, r);
  if (energy > 0) c->energy_price = clx_result_value(r, "power.cost", 0) / energy;
  if (!(c->site_mean > 0) && !(c->site_peak > 0)) take_ratings(c);
  c->facts.tokens = clx_result_value(r, "serving.output_gpu", 0);
  if (!clx_scenario_is_training(c->scenario) || !(gpus > 0)) return;
  c->facts.run = time * gpus;  // its spares are kept for it
  c->facts.tokens = (time > 0 ? tokens / time : rate) / gpus;
}

// --- by month ----------------------------------------------------------------------------------------------------------------

// What the section states of power and its price stands before what is computed.
static clx_status fill_input(const clx_twin_cost *c, const clx_capacity_series *capacity, int32_t months,
                             clx_cost_input *input, clx_error *error) {
  const clx_operating_spec *o = &c->scenario->cost.spec.operating;
  const double end = months * CLX_MONTH;
  double *gpus = CLX_NEW_ARRAY(c->arena, double, months), *power = CLX_NEW_ARRAY(c->arena, double, months),
         *peak = CLX_NEW_ARRAY(c->arena, double, months), *paid = CLX_NEW_ARRAY(c->arena, double, months);
  if (gpus == NULL || power == NULL || peak == NULL || paid == NULL) return no_memory(error);
  clx_by_month(capacity->at, capacity->gpus, capacity->count, end, months, gpus);
  if (capacity->power != NULL) clx_by_month(capacity->at, capacity->power, capacity->count, end, months, power);
  for (int32_t m = 0; m < months; m++) {
    if (capacity->power == NULL) power[m] = c->site_mean * gpus[m] / c->fleet;
    peak[m] = c->site_mean > 0 ? power[m] * c->site_peak / c->site_mean : 0;
    paid[m] = power[m] * CLX_MONTH * c->energy_price;
  }
  *input = (clx_cost_input){
      .months = months, .gpus = gpus, .at = capacity->at, .usable = capacity->gpus, .steps = capacity->count};
  if (o->gpu_power.expected > 0 || (!(c->site_mean > 0) && capacity->power == NULL)) return CLX_OK;
  input->power = power;
  if (c->site_mean > 0) input->peak = peak;
  if (c->energy_price > 0 && o->tariff == NULL && o->energy.expected < 0) input->energy_cost = paid;
  return CLX_OK;
}

// --- by history --------------------------------------------------------------------------------------------------------------

// The plan of one history: the medians, or one replica (`drawn`).
static clx_status make_plan(const clx_twin_cost *c, const clx_cost_when *when, bool drawn,
                            clx_capacity_series *capacity, clx_cost_plan *plan, clx_cost_input *input,
                            clx_error *error) {
  const clx_capacity_series *come = c->supplied ? &when->delivered : &when->usable;
  clx_cost_facts facts = c->facts;
  facts.built = come->at;
  facts.usable = come->gpus;
  facts.build_steps = come->count;
  facts.paid_at = when->paid.at;
  facts.paid = when->paid.gpus;
  facts.paid_steps = when->paid.count;
  facts.ordered = c->supplied;
  facts.begin = when->begin;
  facts.finish = when->finish;
  facts.drawn = drawn;
  CLX_TRY(clx_scenario_cost_plan(c->scenario, &facts, c->arena, plan, error));
  CLX_TRY(clx_twin_capacity(c->scenario, &when->usable, c->arena, capacity, error));
  CLX_TRY(fill_input(c, capacity, plan->months, input, error));
  input->sunk = when->sunk;
  return CLX_OK;
}

static clx_status make_paths(clx_twin_cost *c, clx_error *error) {
  c->paths = c->replicas > 0 ? c->replicas : 1;
  c->path = CLX_NEW_ARRAY(c->arena, clx_cost_path, c->paths);
  if (c->path == NULL) return no_memory(error);
  c->path[0] = (clx_cost_path){&c->plan, &c->input};
  if (c->replicas == 0) return CLX_OK;
  clx_cost_plan *plan = CLX_NEW_ARRAY(c->arena, clx_cost_plan, c->paths);
  clx_cost_input *input = CLX_NEW_ARRAY(c->arena, clx_cost_input, c->paths);
  if (plan == NULL || input == NULL) return no_memory(error);
  for (int32_t k = 0; k < c->paths; k++) {
    clx_capacity_series capacity;
    CLX_TRY(make_plan(c, &c->replica[k], true, &capacity, &plan[k], &input[k], error));
    c->path[k] = (clx_cost_path){&plan[k], &input[k]};
  }
  return CLX_OK;
}

// What is to be paid after works needs their ends.
static clx_status need_works(const clx_twin_cost *c, clx_error *error) {
  const clx_cost_spec *spec = &c->scenario->cost.spec;
  for (int32_t i = 0; i < spec->capital_count && c->when.finish == NULL; i++) {
    if (spec->capital[i].after_count + spec->capital[i].during_count > 0)
      return clx_fail(error, CLX_INFEASIBLE, spec->capital[i].place,
                      "'%.40s' is paid by works of a build that cannot be made (colossus build says why)",
                      spec->capital[i].name);
  }
  return CLX_OK;
}

clx_status clx_twin_cost_make(const clx_scenario *s, const clx_twin_buildout *build, uint64_t seed,
                              const clx_result *result, clx_arena *arena, clx_twin_cost *c, clx_error *error) {
  clx_cost_draw expected;
  *c = (clx_twin_cost){.scenario = s, .arena = arena, .fleet = fleet_of(s)};
  take_facts(c, result);
  CLX_TRY(clx_twin_cost_build(s, result, arena, &c->build, error));
  CLX_TRY(clx_twin_cost_when(c, build, seed, error));
  CLX_TRY(need_works(c, error));
  CLX_TRY(make_plan(c, &c->when, false, &c->capacity, &c->plan, &c->input, error));
  CLX_TRY(make_paths(c, error));
  CLX_TRY(clx_cost_out_make(&c->plan, arena, &c->out, error));
  clx_cost_expected(&c->plan, &expected);
  return clx_cost_plan_run(&c->plan, &c->input, &expected, true, &c->out, error);
}

// --- all of it ---------------------------------------------------------------------------------------------------------------

clx_status clx_twin_cost_run(const clx_scenario *s, const clx_twin_cost_how *how, const clx_twin_buildout *build,
                             clx_result *result, clx_error *error) {
  if (!clx_scenario_has_cost(s)) return CLX_OK;
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return no_memory(error);
  clx_twin_cost c;
  clx_status status = clx_twin_cost_make(s, build, how->seed, result, arena, &c, error);
  if (status == CLX_OK)
    status = clx_cost_bands_run(c.path, c.paths, how->seed, how->replicas, how->threads, arena, &c.bands, error);
  if (status == CLX_OK) status = clx_twin_cost_put(&c, how->study, result, error);
  if (status == CLX_OK && !how->study && clx_scenario_has_decide(s))
    status = clx_result_add_text(result, "cost.courses", "not compared in a run: colossus cost SCENARIO", error);
  if (status == CLX_OK && how->study && clx_scenario_has_decide(s))
    status = clx_twin_cost_decide(&c, how, result, error);
  clx_arena_free(arena);
  return status;
}

static clx_status tell(const clx_cost_options *o, const char *what, double done, clx_error *error) {
  if (o->progress == NULL || o->progress(o->context, what, done)) return CLX_OK;
  return clx_fail_plain(error, CLX_EXPECTATION, "stopped");
}

clx_status clx_twin_cost_study(const clx_scenario *s, const clx_cost_options *options, clx_result *result,
                               clx_error *error) {
  clx_cost_options plain;
  clx_cost_options_default(&plain);
  const clx_cost_options *o = options != NULL ? options : &plain;
  const clx_run_options run = {.seed = o->seed, .threads = o->threads};
  const clx_twin_cost_how how = {.seed = o->seed, .replicas = o->replicas, .threads = o->threads, .study = true};
  CLX_TRY(clx_scenario_need_cost(s, error));
  CLX_TRY(tell(o, "machine and training", 0, error));
  clx_twin_kept kept = {.arena = clx_arena_new()};
  if (kept.arena == NULL) return no_memory(error);
  clx_status status = clx_twin_run_machine(s, &run, &kept, result, error);
  if (status == CLX_OK) status = tell(o, "money", 0.6, error);
  if (status == CLX_OK) status = clx_twin_cost_run(s, &how, kept.build, result, error);
  clx_arena_free(kept.arena);
  CLX_TRY(status);
  return tell(o, "money", 1, error);
}
