// The site's wave at the point of connection: what batteries make of it, what the utility says to it.
#include <math.h>
#include <stdio.h>

#include "twin/twin_power.h"

// Batteries that smooth, as one.
static clx_smoothing battery_of(const clx_scenario *s) {
  const clx_supply *supply = &s->power.supply;
  clx_smoothing all = {.battery_time = s->spec.power.smoothing.battery_time, .battery_efficiency = 1};
  for (int32_t i = 0; i < supply->store_count; i++) {
    const clx_store *store = &supply->store[i];
    if (!(store->roles & CLX_BATTERY_SMOOTH)) continue;
    all.battery_power += store->count * store->battery->power;
    all.battery_energy += store->count * store->battery->energy * (store->battery->most - store->battery->least);
    all.battery_efficiency = fmin(all.battery_efficiency, store->battery->round_trip);
  }
  return all;
}

clx_status clx_twin_power_smooth(const clx_scenario *s, const clx_wave *wave, bool periodic, clx_arena *arena,
                                 clx_smoothed *out, clx_error *error) {
  const clx_smoothing measures = battery_of(s);
  *out = (clx_smoothed){.wave = *wave, .stretch = 1};
  if (!(measures.battery_power > 0)) return CLX_OK;
  return clx_smooth(&measures, wave, 1, periodic, arena, out, error);
}

// s that the levels above the plug and the supplies go on without input.
double clx_twin_power_ride(const clx_twin_power_case *c) {
  double ride = 0;
  for (int32_t i = 0; i < c->chain.count; i++) {
    const clx_conversion *e = c->chain.level[i].conversion;
    if (e != NULL) ride = fmax(ride, e->ride);
  }
  for (int32_t k = 0; k < c->fleet_count; k++) {
    const clx_cohort *h = &c->fleet[k].cohort;
    const clx_conversion *supply = h->rack_supply != NULL ? h->rack_supply : h->server_supply;
    if (supply != NULL) ride = fmax(ride, supply->ride);
  }
  return ride;
}

// s for which batteries that bridge carry the mean of the site, in full or not at all.
static double bridge_of(const clx_twin_power_case *c) {
  const clx_supply *supply = &c->scenario->power.supply;
  double power = 0, energy = 0;
  for (int32_t i = 0; i < supply->store_count; i++) {
    const clx_store *store = &supply->store[i];
    if (!(store->roles & CLX_BATTERY_BRIDGE)) continue;
    power += store->count * store->battery->power;
    energy += store->count * store->battery->energy * fmax(0, store->charge - store->battery->least);
  }
  return power >= c->site_mean && c->site_mean > 0 ? energy * 1.0 / c->site_mean : 0;
}

static bool is_asked(const clx_grid_limits *l) {
  return l->ramp > 0 || l->range > 0 || l->band_count > 0 || l->sag_time > 0 || l->hold_time > 0;
}

clx_status clx_twin_power_checks(const clx_twin_power_case *c, const clx_wave *wave, bool periodic, clx_result *result,
                                 clx_error *error) {
  const clx_grid_limits *limits = &c->scenario->spec.power.limits;
  clx_grid_check check[CLX_GRID_CHECKS_MAX];
  int32_t count = 0;
  if (!is_asked(limits)) return CLX_OK;
  CLX_TRY(clx_grid_check_wave(limits, wave, periodic, clx_twin_power_ride(c), bridge_of(c), c->arena, check, &count,
                              error));
  for (int32_t i = 0; i < count; i++) {
    const struct {
      const char *what;
      double value;
      const char *unit, *doc;
    } numbers[] = {{"limit", check[i].limit, check[i].unit, "what the utility allows or asks"},
                   {"found", check[i].found, check[i].unit, "what the site does"},
                   {"met", check[i].met, "", "1 = within the limit"}};
    char name[128], slug[64];
    clx_result_slug(check[i].name, slug, sizeof slug);
    for (int32_t k = 0; k < CLX_COUNT(numbers); k++) {
      snprintf(name, sizeof name, "power.check.%s.%s", slug, numbers[k].what);
      CLX_TRY(clx_twin_put(result, name, numbers[k].value, numbers[k].unit, numbers[k].doc, error));
    }
    snprintf(name, sizeof name, "power.check.%s.title", slug);
    CLX_TRY(clx_result_add_text(result, name, check[i].name, error));
  }
  return CLX_OK;
}

// --- hand-over --------------------------------------------------------------------------------------------------------------

clx_status clx_twin_power_handover(const clx_twin_power_case *c, clx_result *result, clx_error *error) {
  const clx_supply *supply = &c->scenario->power.supply;
  double feeds = 0, start = 0, ramp = 0, response = INFINITY;
  for (int32_t i = 0; i < supply->source_count; i++) {
    const clx_source *source = &supply->source[i];
    if (source->kind == CLX_SOURCE_GRID) feeds += source->power;
    if (source->generator == NULL) continue;
    start = fmax(start, source->standby ? source->generator->hot_start_time : source->generator->start_time);
    ramp += source->count * source->generator->ramp;
  }
  for (int32_t i = 0; i < supply->store_count; i++) {
    const clx_store *store = &supply->store[i];
    if (store->roles & CLX_BATTERY_BRIDGE) response = fmin(response, store->battery->response);
  }
  if (!(ramp > 0) || !(feeds > 0)) return CLX_OK;
  const double lost = fmin(feeds, c->site_mean);
  const clx_handover h =
      clx_grid_handover(c->site_mean, lost, start, ramp, isfinite(response) ? response : start, clx_twin_power_ride(c));
  CLX_TRY(clx_twin_put(result, "power.handover.power", h.power, "W", "batteries needed when all feeds go", error));
  CLX_TRY(clx_twin_put(result, "power.handover.energy", h.energy, "J", "until generators carry the load", error));
  CLX_TRY(clx_twin_put(result, "power.handover.time", h.time, "s", "until they do", error));
  return clx_twin_put(result, "power.handover.dip", h.dip, "s", "without full power, batteries and hold-up counted",
                      error);
}
