// What the twin gives a buildout: power and heat of a GPU, deliveries of the section `supply`, power of sources that come and go.
#include "twin/twin_buildout.h"

#include <math.h>
#include <string.h>

#include "twin/twin_cooling.h"
#include "unit/unit.h"

static clx_status no_memory(clx_error *error) { return clx_fail_plain(error, CLX_MEMORY, "out of memory"); }

// --- power and heat of a GPU -------------------------------------------------------------------------------------------------

// All of the machine at its limit.
typedef struct draws {
  double *servers;        // [fleet] W of a cohort at its plugs
  double it, site, heat;  // W
} draws;

static clx_status take_case(const clx_twin_power_case *c, draws *d) {
  d->it = c->it_peak;
  d->site = clx_twin_site_peak(c);
  d->heat = c->cooling != NULL ? c->cooling->peak.liquid + c->cooling->peak.air : c->it_peak;
  for (int32_t i = 0; i < c->fleet_count; i++) d->servers[i] = clx_twin_cohort_peak(&c->fleet[i]);
  return CLX_OK;
}

static clx_status training_draws(const clx_scenario *s, uint64_t seed, clx_arena *arena, draws *d, clx_error *error) {
  clx_twin_power_case c = {.scenario = s, .seed = seed, .arena = arena};
  clx_memory memory;
  clx_result *nothing = clx_result_new();
  if (nothing == NULL) return no_memory(error);
  clx_status status = clx_twin_solve_training(s, false, &c.job, &memory, &c.step, error);
  if (status == CLX_OK) status = clx_twin_power_make(&c, nothing, error);
  if (status == CLX_OK) status = take_case(&c, d);
  clx_result_free(nothing);
  return status;
}

// Without a job: servers and racks at their ratings, and what a stated PUE adds.
static void rated_draws(const clx_scenario *s, draws *d) {
  d->it = s->machine.fabric.bill.power + s->spec.power.storage;
  for (int32_t i = 0; i < s->machine.cohort_count; i++) {
    const clx_cohort *c = &s->machine.cohort[i];
    d->servers[i] = (double)c->racks * clx_rack_rated(c, 1).in;
    d->it += d->servers[i];
  }
  d->heat = d->it;
  d->site = d->it * fmax(1, s->spec.power.pue);
}

// What is not of a cohort is shared by its GPUs.
static clx_status set_draws(clx_twin_buildout *b, clx_buildout_cohort *cohort, const int32_t *item, clx_error *error) {
  const clx_scenario *s = b->scenario;
  const int32_t count = s->machine.cohort_count;
  draws d = {.servers = CLX_NEW_ARRAY(b->arena, double, count + 1)};
  if (d.servers == NULL) return no_memory(error);
  if (clx_scenario_is_training(s)) {
    clx_arena *scratch = clx_arena_new();
    if (scratch == NULL) return no_memory(error);
    const clx_status status = training_draws(s, b->settings.seed, scratch, &d, error);
    clx_arena_free(scratch);
    CLX_TRY(status);
  } else {
    rated_draws(s, &d);
  }
  double servers = 0, gpus = 0;
  for (int32_t i = 0; i < count; i++) {
    servers += d.servers[i];
    gpus += (double)s->machine.cohort[i].gpus;
  }
  for (int32_t i = 0; i < count; i++) {
    const double own = d.servers[item[i]] / cohort[i].gpus + (d.it - servers) / gpus;
    cohort[i].power = own * d.site / d.it;
    cohort[i].heat = own * d.heat / d.it;
  }
  return CLX_OK;
}

// --- deliveries ----------------------------------------------------------------------------------------------------------------

// GPUs that have come by the end of each week, for each replica; first without chance.
typedef struct arrivals {
  int32_t weeks;
  double *gpus;  // [replicas + 1][weeks]
} arrivals;

static void fill_arrivals(const void *of, int32_t replica, double *gpus) {
  const arrivals *a = of;
  memcpy(gpus, a->gpus + (size_t)(replica + 1) * (size_t)a->weeks, (size_t)a->weeks * sizeof *gpus);
}

void clx_twin_buildout_keep(const double *received, int32_t weeks, double *gpus) {
  double least = INFINITY;
  for (int32_t w = weeks - 1; w >= 0; w--) gpus[w] = least = fmin(least, received[w]);
}

static clx_status take_supply(clx_twin_buildout *b, clx_error *error) {
  const clx_procurement *p = &b->scenario->supply.procurement;
  struct clx_replica *replica = NULL;
  arrivals *a = CLX_NEW(b->arena, arrivals);
  if (a == NULL) return no_memory(error);
  a->weeks = p->weeks;
  a->gpus = CLX_NEW_ARRAY(b->arena, double, (size_t)(b->settings.replicas + 1) * (size_t)p->weeks);
  clx_arena *scratch = clx_arena_new();
  if (a->gpus == NULL || scratch == NULL) {
    clx_arena_free(scratch);
    return no_memory(error);
  }
  const clx_status status = clx_procurement_open(p, scratch, &replica, error);
  for (int32_t k = -1; k < b->settings.replicas && status == CLX_OK; k++) {
    clx_procurement_replica(replica, b->settings.seed, k);
    clx_twin_buildout_keep(clx_procurement_received(replica, p->self, -1), p->weeks,
                           a->gpus + (size_t)(k + 1) * (size_t)p->weeks);
  }
  clx_arena_free(scratch);
  b->input.source = (clx_buildout_source){
      .fill = fill_arrivals, .of = a, .start = p->start - b->start, .length = CLX_WEEK, .periods = p->weeks};
  return status;
}

// --- power ---------------------------------------------------------------------------------------------------------------------

static void sort(double *time, int32_t count) {
  for (int32_t i = 1; i < count; i++) {
    const double one = time[i];
    int32_t at = i;
    for (; at > 0 && time[at - 1] > one; at--) time[at] = time[at - 1];
    time[at] = one;
  }
}

// What sources can give for long from each of their times on, up to the limit of the site.
static clx_status take_power(clx_twin_buildout *b, clx_error *error) {
  const clx_supply *supply = &b->scenario->power.supply;
  const double limit = b->scenario->spec.power.facility_limit;
  int32_t count = 0;
  double *time = CLX_NEW_ARRAY(b->arena, double, 2 * supply->source_count + 1);
  clx_buildout_point *point = CLX_NEW_ARRAY(b->arena, clx_buildout_point, 2 * supply->source_count + 1);
  if (time == NULL || point == NULL) return no_memory(error);
  time[count++] = 0;
  for (int32_t i = 0; i < supply->source_count; i++) {
    if (supply->source[i].from > 0) time[count++] = supply->source[i].from;
    if (supply->source[i].until > 0) time[count++] = supply->source[i].until;
  }
  sort(time, count);
  for (int32_t i = 0; i < count; i++) {
    const double gives = clx_supply_capacity(supply, time[i]);
    point[i] = (clx_buildout_point){time[i], limit > 0 ? fmin(limit, gives) : gives};
  }
  clx_buffer names = {0};
  for (int32_t i = 0; i < supply->source_count; i++)
    clx_buffer_format(&names, "%s%s", i > 0 ? ", " : "", supply->source[i].name);
  b->input.point_of[CLX_BUILDOUT_POWER] = names.data != NULL
                                              ? clx_arena_format(b->arena, "'power.sources' (%s)%s", names.data,
                                                                 limit > 0 ? " up to 'power.facility_limit'" : "")
                                              : NULL;
  clx_buffer_free(&names);
  b->input.point[CLX_BUILDOUT_POWER] = point;
  b->input.point_count[CLX_BUILDOUT_POWER] = count;
  return CLX_OK;
}

// --- all of it -----------------------------------------------------------------------------------------------------------------

static void warn(clx_twin_buildout *b, const char *text) { b->warning[b->warning_count++] = text; }

// Power that is there all the time and does not suffice for all of the machine: told, as a run of it would find.
static clx_status check_power(clx_twin_buildout *b, clx_error *error) {
  const clx_scenario *s = b->scenario;
  const clx_supply *supply = &s->power.supply;
  const double limit = s->spec.power.facility_limit;
  double peak = 0;
  char all[48], most[48];
  for (int32_t i = 0; i < b->input.cohort_count; i++) peak += b->input.cohort[i].power * b->input.cohort[i].gpus;
  clx_quantity_format(peak, "W", 3, all, sizeof all);
  const char *text = NULL;
  bool short_of = false;
  if (limit > 0 && peak > limit * (1 + 1e-6)) {
    short_of = true;
    text =
        clx_arena_format(b->arena,
                         "buildout: all GPUs at full load draw %s, more than 'power.facility_limit', %s; raise it or "
                         "build for fewer GPUs",
                         all, clx_quantity_format(limit, "W", 3, most, sizeof most));
  } else if (supply->source_count > 0 && !clx_scenario_dates_power(s) && clx_scenario_builds_power(s)) {
    const double gives = clx_supply_capacity(supply, 0);
    if (!(peak > gives * (1 + 1e-6))) return CLX_OK;
    short_of = true;
    text = clx_arena_format(b->arena,
                            "buildout: all GPUs at full load draw %s, more than 'power.sources' give, %s; add to them "
                            "or build for fewer GPUs",
                            all, clx_quantity_format(gives, "W", 3, most, sizeof most));
  }
  if (!short_of) return CLX_OK;
  if (text == NULL) return no_memory(error);
  warn(b, text);
  return CLX_OK;
}

// More than the machine takes; works that nothing waits for.
static clx_status check_use(clx_twin_buildout *b, clx_error *error) {
  const clx_buildout_source *from = &b->input.source;
  double come = 0, fleet = 0;
  for (int32_t i = 0; i < b->input.cohort_count; i++) fleet += b->input.cohort[i].gpus;
  for (int32_t k = 0; k < b->spec.lot_count; k++) come += b->spec.lot[k].gpus;
  if (from->periods > 0) come += ((const arrivals *)from->of)->gpus[from->periods - 1];
  if (come > fleet + 1) {
    char many[48], all[48];
    const char *text = clx_arena_format(
        b->arena, "buildout: %s GPUs are delivered without chance, the fleet has %s: those that come first are counted",
        clx_quantity_format(round(come), "", 12, many, sizeof many),
        clx_quantity_format(fleet, "", 12, all, sizeof all));
    if (text == NULL) return no_memory(error);
    warn(b, text);
  }
  for (int32_t i = 0; i < b->spec.work_count; i++) {
    const clx_buildout_gives *g = &b->spec.work[i].gives;
    if (g->room > 0 || g->power > 0 || g->cooling > 0 || g->network > 0) return CLX_OK;
  }
  if (b->spec.work_count > 0)
    warn(b,
         "buildout: no work gives room, power, cooling or network: the dates of GPUs do not wait for works; state "
         "'gives' of those that they need");
  return CLX_OK;
}

// Which section counts where two say something.
static clx_status take_sections(clx_twin_buildout *b, clx_error *error) {
  const clx_scenario *s = b->scenario;
  if (clx_scenario_supplies_buildout(s)) {
    if (b->spec.lot_count > 0) warn(b, "buildout: the orders of section 'supply' count, not 'buildout.deliveries'");
    b->spec.lot_count = 0;
    CLX_TRY(take_supply(b, error));
  }
  const bool dated = clx_scenario_dates_power(s);
  if (clx_scenario_builds_power(s)) {
    if (!dated) return CLX_OK;
    warn(b,
         "buildout: its own power counts, not 'power.sources', whose times are those of a run that begins when the "
         "machine is there");
    return CLX_OK;
  }
  if (s->power.supply.source_count == 0) return CLX_OK;
  if (dated) warn(b, "buildout: power is that of 'power.sources', their times counted from the start of the build");
  return take_power(b, error);
}

clx_status clx_twin_buildout_make(const clx_scenario *s, const clx_buildout_settings *settings, clx_arena *arena,
                                  clx_twin_buildout *b, clx_error *error) {
  const int32_t count = s->spec.fleet_count;
  clx_buildout_cohort *cohort = CLX_NEW_ARRAY(arena, clx_buildout_cohort, count + 1);
  int32_t *item = CLX_NEW_ARRAY(arena, int32_t, count + 1);
  if (cohort == NULL || item == NULL) return no_memory(error);
  *b = (clx_twin_buildout){.scenario = s, .arena = arena, .spec = s->spec.buildout, .settings = *settings};
  CLX_TRY(clx_date_read(b->spec.start, "start", b->spec.place, &b->start, error));
  clx_scenario_cohorts(s, cohort, item);
  CLX_TRY(set_draws(b, cohort, item, error));
  b->input.cohort = cohort;
  b->input.cohort_count = count;
  CLX_TRY(take_sections(b, error));
  CLX_TRY(check_power(b, error));
  CLX_TRY(check_use(b, error));
  CLX_TRY(clx_buildout_compile(&b->spec, &b->input, arena, &b->buildout, error));
  return clx_buildout_run(b->buildout, settings, arena, &b->result, error);
}

clx_status clx_twin_buildout_capacity(const clx_scenario *s, uint64_t seed, int32_t threads, clx_arena *arena,
                                      clx_twin_capacity_days *out, clx_error *error) {
  clx_buildout_settings settings;
  clx_buildout_settings_default(&settings);
  settings.seed = seed;
  settings.threads = threads;
  settings.replicas = CLX_TWIN_BUILDOUT_REPLICAS;
  clx_twin_buildout *b = CLX_NEW(arena, clx_twin_buildout);
  if (b == NULL) return no_memory(error);
  CLX_TRY(clx_twin_buildout_make(s, &settings, arena, b, error));
  const clx_buildout_series *of = &b->result.series;
  const int32_t days = of->days + 1;
  *out = (clx_twin_capacity_days){.start = b->start,
                                  .days = days,
                                  .at = CLX_NEW_ARRAY(arena, double, days),
                                  .gpus = of->mean,
                                  .plain = of->plain,
                                  .power = CLX_NEW_ARRAY(arena, double, days),
                                  .power_plain = CLX_NEW_ARRAY(arena, double, days)};
  if (out->at == NULL || out->power == NULL || out->power_plain == NULL) return no_memory(error);
  for (int32_t d = 0; d < days; d++) {
    out->at[d] = 86400.0 * d;
    out->power[d] = clx_buildout_watts(b->buildout, of->mean[d]);
    out->power_plain[d] = clx_buildout_watts(b->buildout, of->plain[d]);
  }
  return CLX_OK;
}
