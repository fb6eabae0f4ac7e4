// The site over its horizon: what the job does when, where the power comes from, what it costs.
#include <math.h>

#include "twin/twin_cooling.h"

// States of the group, in the order of clx_pass.
static clx_site_state state_of(const clx_twin_figures *f, const char *name) {
  return (clx_site_state){.name = name, .mean = f->mean, .least = f->least, .most = f->most, .ramp = f->ramp};
}

// W that batteries take in and give back over a step to smooth it, mean.
static clx_status smoothing_of(const clx_twin_power_case *c, double *watt, clx_error *error) {
  const clx_wave *load = &c->pass[CLX_PASS_STEP].site;
  clx_smoothed out;
  CLX_TRY(clx_twin_power_smooth(c->scenario, load, true, c->arena, &out, error));
  *watt = 0;
  for (int64_t i = 0; i < load->count && out.battery_power > 0; i++)
    *watt += fabs((double)out.wave.watt[i] - (double)load->watt[i]) / 2 / (double)load->count;
  return CLX_OK;
}

// Each cohort draws its own part of the waves.
static clx_status add_groups(const clx_twin_power_case *c, clx_site *site, clx_error *error) {
  double smoothing;
  site->group = CLX_NEW_ARRAY(c->arena, clx_site_group, c->fleet_count);
  if (site->group == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  CLX_TRY(smoothing_of(c, &smoothing, error));
  for (int32_t i = 0; i < c->fleet_count; i++) {
    const clx_cohort *cohort = &c->fleet[i].cohort;
    clx_site_group *g = &site->group[site->group_count++];
    *g = (clx_site_group){.name = cohort->rack.name, .units = (double)cohort->racks, .from = cohort->arrival};
    for (int32_t k = 0; k < CLX_PASSES; k++) {
      const clx_twin_pass *pass = &c->pass[c->pass[k].there ? k : CLX_PASS_STEP];
      g->state[g->state_count++] = state_of(&pass->own[i], clx_pass_name[k]);
    }
    g->state[CLX_PASS_STOPPED].leave = c->scenario->spec.power.smoothing.stagger;
    g->state[CLX_PASS_STEP].smoothing =
        smoothing * c->pass[CLX_PASS_STEP].own[i].mean / c->pass[CLX_PASS_STEP].servers_mean;
  }
  site->extra[site->chain.plug] = c->network + c->storage;
  return CLX_OK;
}

// One job over all groups: they change together.
static clx_status add_events(const clx_twin_power_case *c, clx_site *site, clx_error *error) {
  enum { KINDS = 3, ALL = -1 };
  static const double SEEN = 0.1;  // s: shorter stalls for a checkpoint are nothing that a site sees
  const clx_evaluation_spec *e = &c->scenario->spec.training.evaluation;
  site->event = CLX_NEW_ARRAY(c->arena, clx_site_event, KINDS);
  if (site->event == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  if (e->every > 0) {
    const double between = e->every * c->pass[CLX_PASS_STEP].time, length = c->pass[CLX_PASS_EVALUATION].time;
    site->event[site->event_count++] = (clx_site_event){.kind = CLX_SITE_EVENT_STATE,
                                                        .group = ALL,
                                                        .state = CLX_PASS_EVALUATION,
                                                        .at = between,
                                                        .duration = length,
                                                        .period = between + length};
  }
  if (c->checkpoint_stall >= SEEN) {
    site->event[site->event_count++] = (clx_site_event){.kind = CLX_SITE_EVENT_STATE,
                                                        .group = ALL,
                                                        .state = CLX_PASS_CHECKPOINT,
                                                        .at = c->checkpoint_interval,
                                                        .duration = c->checkpoint_stall,
                                                        .period = c->checkpoint_interval + c->checkpoint_stall};
  }
  if (c->stops > 0 && c->down > 0) {
    site->event[site->event_count++] =
        (clx_site_event){.kind = CLX_SITE_EVENT_RANDOM,
                         .group = ALL,
                         .state = CLX_PASS_STOPPED,
                         .duration = c->down,
                         .mean_time = fmax(0, 1 / c->stops - c->down)};  // from the end of one to the next
  }
  return CLX_OK;
}

// Where the scenario names no source: the feed is as large as the site may draw.
static clx_status add_supply(const clx_twin_power_case *c, clx_site *site, clx_error *error) {
  static const double ANY = 1e12;  // W
  const clx_power_spec *spec = &c->scenario->spec.power;
  site->supply = c->scenario->power.supply;
  if (site->supply.source_count > 0) return CLX_OK;
  site->supply.source = CLX_NEW(c->arena, clx_source);
  if (site->supply.source == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  site->supply.source[0] = (clx_source){.name = "grid",
                                        .kind = CLX_SOURCE_GRID,
                                        .power = spec->facility_limit > 0 ? spec->facility_limit : ANY,
                                        .derating = 1};
  site->supply.source_count = 1;
  return CLX_OK;
}

// A site that runs for a year or more has the cooling of each hour; when in the year a shorter run falls nobody says: it has the year's mean.
static clx_status add_cooling(const clx_twin_power_case *c, clx_site *site, clx_error *error) {
  static const double YEAR = 364.0 * 86400;
  const clx_twin_cooling *k = c->cooling;
  if (k == NULL || !k->has_year || c->horizon < YEAR) return CLX_OK;
  const clx_weather *w = &c->scenario->cooling.weather;
  float *share = CLX_NEW_ARRAY(c->arena, float, w->count);
  if (share == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int64_t i = 0; i < w->count; i++) share[i] = (float)((double)k->year.series_electric[i] / k->pass_it);
  site->overhead_at = share;
  site->overhead_step = w->step;
  site->overhead_count = w->count;
  return CLX_OK;
}

clx_status clx_twin_power_site(clx_twin_power_case *c, clx_site_outcome *outcome, clx_error *error) {
  enum { POINTS = 2000 };
  const clx_power_spec *spec = &c->scenario->spec.power;
  clx_site *site = CLX_NEW(c->arena, clx_site);
  if (site == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  *site = (clx_site){.chain = c->chain,
                     .overhead = c->overhead,
                     .horizon = c->horizon,
                     .resolution = spec->resolution > 0 ? spec->resolution : c->horizon / POINTS,
                     .seed = c->seed};
  CLX_TRY(add_cooling(c, site, error));
  CLX_TRY(add_groups(c, site, error));
  CLX_TRY(add_events(c, site, error));
  CLX_TRY(add_supply(c, site, error));
  // Contracts that curtail are met by capping GPUs, down to what they draw at rest.
  double idle = 0;
  for (int32_t i = 0; i < c->fleet_count; i++) idle += clx_twin_cohort_idle(&c->fleet[i]);
  site->shed = site->supply.curtailment_count > 0 || spec->on_limit == CLX_ON_LIMIT_CAP;
  site->curtail_floor = fmin(1, idle / (c->it_mean - c->network - c->storage));
  return clx_site_run(site, c->arena, outcome, error);
}
