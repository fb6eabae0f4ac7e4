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
    all.battery_response = fmax(all.battery_response, store->battery->response);
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

clx_status clx_twin_power_smooth_after(const clx_scenario *s, const clx_wave *before, const clx_wave *wave,
                                       clx_arena *arena, clx_smoothed *out, clx_error *error) {
  const clx_smoothing measures = battery_of(s);
  *out = (clx_smoothed){.wave = *wave, .stretch = 1};
  if (!(measures.battery_power > 0)) return CLX_OK;
  return clx_smooth_after(&measures, before, wave, arena, out, error);
}

// s without input after equipment that goes on for `below`. What stores goes on for its own time if it takes over at once; one that passes nothing for
// its transfer time (a UPS in eco mode) does only where what hangs on it rides through that.
static double ride_above(double below, const clx_conversion *e) {
  if (e == NULL || !(e->ride > 0) || e->transfer > below) return below;
  return fmax(below, e->ride);
}

// The cohort that goes first counts. Switches and storage are taken to hold up as servers do, cooling to come back by itself.
double clx_twin_power_ride(const clx_twin_power_case *c) {
  double least = INFINITY;
  for (int32_t k = 0; k < c->fleet_count; k++) {
    const clx_cohort *h = &c->fleet[k].cohort;
    double ride = ride_above(ride_above(0, h->server_supply), h->rack_supply);
    for (int32_t i = 0; i < c->chain.count; i++) ride = ride_above(ride, c->chain.level[i].conversion);
    least = fmin(least, ride);
  }
  return isfinite(least) ? least : 0;
}

// s for which batteries that bridge carry the mean of the site, in full or not at all.
static double bridge_of(const clx_twin_power_case *c) {
  const clx_supply *supply = &c->scenario->power.supply;
  double power = 0, energy = 0;
  for (int32_t i = 0; i < supply->store_count; i++) {
    const clx_store *store = &supply->store[i];
    if (!(store->roles & CLX_BATTERY_BRIDGE)) continue;
    power += store->count * store->battery->power;
    energy += store->count * store->battery->energy * fmax(0, store->charge - store->battery->least) *
              sqrt(store->battery->round_trip);
  }
  return power >= c->site_mean && c->site_mean > 0 ? energy / c->site_mean : 0;
}

static bool is_asked(const clx_grid_limits *l) {
  return l->ramp > 0 || l->range > 0 || l->band_count > 0 || l->sag_time > 0 || l->hold_time > 0;
}

// "ramp (stop)" -> "ramp_stop".
static void slug_of(const char *title, char *slug, size_t size) {
  size_t kept = 0;
  clx_result_slug(title, slug, size);
  for (size_t i = 0; slug[i] != '\0'; i++) {
    if (slug[i] != '(' && slug[i] != ')') slug[kept++] = slug[i];
  }
  slug[kept] = '\0';
}

static clx_status put_check(const clx_grid_check *check, clx_result *result, clx_error *error) {
  const struct {
    const char *what;
    double value;
    const char *unit, *doc;
  } numbers[] = {{"limit", check->limit, check->unit, "what the utility allows or asks"},
                 {"found", check->found, check->unit, "what the site does"},
                 {"met", check->met, "", "1 = within the limit"}};
  char name[128], slug[64];
  slug_of(check->name, slug, sizeof slug);
  for (int32_t k = 0; k < CLX_COUNT(numbers); k++) {
    snprintf(name, sizeof name, "power.check.%s.%s", slug, numbers[k].what);
    CLX_TRY(clx_twin_put(result, name, numbers[k].value, numbers[k].unit, numbers[k].doc, error));
  }
  snprintf(name, sizeof name, "power.check.%s.title", slug);
  return clx_result_add_text(result, name, check->name, error);
}

// --- changes of the whole job -------------------------------------------------------------------------------------------------

double clx_twin_power_idle(const clx_twin_power_case *c) {
  double idle = c->network + c->storage;
  for (int32_t i = 0; i < c->fleet_count; i++) idle += clx_twin_cohort_idle(&c->fleet[i]);
  return clx_twin_site_power(c, idle, idle);
}

// `lead` s before a change and `after` s from its start on, of steps that go on for ever, or of a site at rest.
static clx_status make_change(const clx_twin_power_case *c, const clx_wave_switch *change, double length,
                              clx_wave *wave, clx_error *error) {
  enum { MOST = 4000000 };  // samples
  const clx_twin_pass *pass = &c->pass[CLX_PASS_STEP];
  const clx_wave_group one = {
      .name = "site",
      .units = 1,
      .cycle = {.period = pass->time, .samples = (int32_t)pass->site.count, .watt = pass->site.watt}};
  // Windows of many steps take coarser samples.
  const double step = pass->site.step * fmax(1, ceil(length / pass->site.step / MOST));
  *wave = (clx_wave){.step = step, .count = (int64_t)ceil(length / step)};
  CLX_TRY(clx_wave_sum(&one, 1, c->seed, wave, c->arena, error));
  return clx_wave_apply_switch(change, wave, error);
}

// Start (from rest, servers one after the other over `stagger`), stop (a failure: all at once) and restart (a stop, the time that a stop takes, a
// start), each with batteries that have settled to what went before.
static clx_status check_changes(const clx_twin_power_case *c, clx_result *result, clx_error *error) {
  static const double LONGEST = 3600;  // s of a stop: batteries have settled, or stand at their ends
  const clx_grid_limits *limits = &c->scenario->spec.power.limits;
  const clx_twin_pass *pass = &c->pass[CLX_PASS_STEP];
  const double idle = clx_twin_power_idle(c), stagger = c->scenario->spec.power.smoothing.stagger;
  const double lead = fmax(pass->time, fmax(limits->ramp_window, limits->range_window));
  const double down = fmin(LONGEST, c->down), tail = stagger + 2 * lead;
  float rest[1] = {(float)idle};
  const clx_wave at_rest = {.step = pass->time, .count = 1, .watt = rest};
  const struct {
    const char *name;
    const clx_wave *before;
    clx_wave_switch change[2];
    int32_t count;
    double length;
  } kinds[] = {{"start", &at_rest, {{.at = lead, .over = stagger, .idle = idle}}, 1, lead + tail},
               {"stop", &pass->site, {{.at = lead, .idle = idle, .stop = true}}, 1, lead + tail},
               {"restart",
                &pass->site,
                {{.at = lead + down, .over = stagger, .idle = idle}, {.at = lead, .idle = idle, .stop = true}},
                2,
                lead + down + tail}};
  if (!(limits->ramp > 0) && !(limits->range > 0)) return CLX_OK;
  for (int32_t i = 0; i < CLX_COUNT(kinds); i++) {
    clx_grid_check check[CLX_GRID_CHECKS_MAX];
    int32_t count = 0;
    clx_wave wave;
    clx_smoothed smoothed;
    if (kinds[i].count > 1 && !(down > 0)) continue;
    CLX_TRY(make_change(c, &kinds[i].change[0], kinds[i].length, &wave, error));
    if (kinds[i].count > 1) {
      // Steps until the stop, the start after it.
      clx_wave first;
      CLX_TRY(make_change(c, &kinds[i].change[1], kinds[i].length, &first, error));
      for (int64_t k = 0; k < wave.count && (double)k * wave.step < lead + down / 2; k++) wave.watt[k] = first.watt[k];
    }
    CLX_TRY(clx_twin_power_smooth_after(c->scenario, kinds[i].before, &wave, c->arena, &smoothed, error));
    CLX_TRY(clx_grid_check_change(limits, kinds[i].name, &smoothed.wave, c->arena, check, &count, error));
    for (int32_t k = 0; k < count; k++) CLX_TRY(put_check(&check[k], result, error));
  }
  return CLX_OK;
}

clx_status clx_twin_power_checks(const clx_twin_power_case *c, const clx_wave *wave, bool periodic, clx_result *result,
                                 clx_error *error) {
  const clx_grid_limits *limits = &c->scenario->spec.power.limits;
  clx_grid_check check[CLX_GRID_CHECKS_MAX];
  int32_t count = 0;
  if (!is_asked(limits)) return CLX_OK;
  CLX_TRY(clx_grid_check_wave(limits, wave, periodic, clx_twin_power_ride(c), bridge_of(c), c->arena, check, &count,
                              error));
  // A band without limit is no check.
  for (int32_t i = 0; i < count; i++) {
    if (check[i].limit > 0) CLX_TRY(put_check(&check[i], result, error));
  }
  return check_changes(c, result, error);
}

// --- hand-over --------------------------------------------------------------------------------------------------------------

// Generators as they come when feeds go; those that carry the rest of the load already are not free for it. Least share that they take at once.
static int32_t starting_of(const clx_twin_power_case *c, double rest, clx_starting *out, double *power, double *step) {
  const clx_supply *supply = &c->scenario->power.supply;
  int32_t count = 0;
  *power = 0;
  *step = 0;
  for (int32_t i = 0; i < supply->source_count && count < CLX_SOURCES_MAX; i++) {
    const clx_source *source = &supply->source[i];
    const clx_generator *g = source->generator;
    if (g == NULL) continue;
    const double full = clx_source_power(source), unit = full / source->count;
    const double lead = source->standby ? g->hot_start_time : g->start_time;
    // Start times are to full load: the ramp is a part of them, as in the run of the site.
    out[count++] = (clx_starting){
        .delay = g->ramp > 0 ? fmax(0, lead - unit / g->ramp) : lead, .ramp = source->count * g->ramp, .power = full};
    *power += full;
    *step += full * g->step_load;
  }
  for (int32_t i = 0; i < count; i++) out[i].power *= fmax(0, 1 - rest / *power);
  return count;
}

clx_status clx_twin_power_handover(const clx_twin_power_case *c, clx_result *result, clx_error *error) {
  const clx_supply *supply = &c->scenario->power.supply;
  double feeds = 0, response = INFINITY, way = 1, bridge = 0;
  for (int32_t i = 0; i < supply->source_count; i++) {
    if (supply->source[i].kind == CLX_SOURCE_GRID) feeds += supply->source[i].power;
  }
  for (int32_t i = 0; i < supply->store_count; i++) {
    const clx_battery *b = supply->store[i].battery;
    if (!(supply->store[i].roles & CLX_BATTERY_BRIDGE)) continue;
    response = fmin(response, b->response);
    way = fmin(way, sqrt(b->round_trip));
    bridge += supply->store[i].count * b->power;
  }
  const double lost = fmin(feeds, c->site_mean);
  clx_starting starting[CLX_SOURCES_MAX];
  double power, at_once;
  const int32_t count = starting_of(c, c->site_mean - lost, starting, &power, &at_once);
  if (count == 0 || !(feeds > 0)) return CLX_OK;
  const double none = isfinite(response) ? response : 1e9;
  const clx_handover h = clx_grid_handover(c->site_mean, lost, starting, count, none, clx_twin_power_ride(c));
  if (!isfinite(h.time)) return clx_result_warn(result, error, "power: the generators never carry what the feeds do");
  CLX_TRY(clx_twin_put(result, "power.handover.power", h.power, "W", "batteries needed when all feeds go", error));
  CLX_TRY(clx_twin_put(result, "power.handover.energy", h.energy / way, "J",
                       "charge of batteries until generators carry the load, losses of discharge counted", error));
  CLX_TRY(clx_twin_put(result, "power.handover.time", h.time, "s", "until they do", error));
  CLX_TRY(clx_twin_put(result, "power.handover.dip", h.dip, "s", "without full power, batteries and hold-up counted",
                       error));
  if (!(at_once > 0) || !(c->scenario->spec.power.limits.hold_time > 0)) return CLX_OK;
  // What batteries do not bridge the generators must take at once when they close their breakers.
  const double found = fmax(0, lost - bridge) / power, limit = at_once / power;
  const clx_grid_check step = {.name = "step load", .limit = limit, .found = found, .unit = "", .met = found <= limit};
  return put_check(&step, result, error);
}
