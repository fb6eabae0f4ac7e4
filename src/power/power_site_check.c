// Mistakes in what a site is said to do.
#include <math.h>

#include "power/power_site_internal.h"

static bool is_time(double x) { return x >= 0 && isfinite(x); }

static clx_status check_state(const clx_site_group *g, const clx_site_state *s, clx_error *error) {
  const char *group = g->name != NULL ? g->name : "?", *name = s->name != NULL ? s->name : "?";
  if (!(s->least >= 0 && s->least <= s->mean && s->mean <= s->most && isfinite(s->most)))
    return clx_fail_plain(
        error, CLX_INPUT,
        "power: state '%s' of '%s' draws %g W at least, %g W in the mean, %g W at most; expected them "
        "rising, from 0 on",
        name, group, s->least, s->mean, s->most);
  if (!is_time(s->ramp) || !is_time(s->leave))
    return clx_fail_plain(error, CLX_INPUT,
                          "power: state '%s' of '%s' has a ramp of %g W/s and is left in %g s; expected both from 0 on",
                          name, group, s->ramp, s->leave);
  if (!is_time(s->smoothing))
    return clx_fail_plain(error, CLX_INPUT, "power: state '%s' of '%s' sends %g W through stores, expected 0 or more",
                          name, group, s->smoothing);
  if (s->cycle.samples < 0 || (s->cycle.samples > 0 && (s->cycle.watt == NULL || !(s->cycle.period > 0))))
    return clx_fail_plain(error, CLX_INPUT, "power: the cycle of state '%s' of '%s' has no period or no samples", name,
                          group);
  return CLX_OK;
}

static clx_status check_group(const clx_site_group *g, clx_error *error) {
  const char *name = g->name != NULL ? g->name : "?";
  if (!(g->units > 0 && isfinite(g->units)))
    return clx_fail_plain(error, CLX_INPUT, "power: group '%s' has %g units, expected more than none", name, g->units);
  if (!is_time(g->from))
    return clx_fail_plain(error, CLX_INPUT, "power: group '%s' is delivered at %g s, expected 0 or later", name,
                          g->from);
  if (g->state_count < 1 || g->state_count > CLX_SITE_STATES_MAX)
    return clx_fail_plain(error, CLX_INPUT, "power: group '%s' has %d states, expected 1 to %d", name, g->state_count,
                          CLX_SITE_STATES_MAX);
  for (int32_t i = 0; i < g->state_count; i++) CLX_TRY(check_state(g, &g->state[i], error));
  return CLX_OK;
}

bool clx_site_event_moves(const clx_site *site, int32_t event, int32_t group) {
  const clx_site_event *e = &site->event[event];
  return (e->group < 0 || e->group == group) && e->state >= 0 && e->state < site->group[group].state_count;
}

static clx_status check_event(const clx_site *site, int32_t number, clx_error *error) {
  const clx_site_event *e = &site->event[number];
  if (e->kind < 0 || e->kind >= CLX_SITE_EVENT_KINDS || e->group >= site->group_count)
    return clx_fail_plain(error, CLX_INPUT, "power: event %d is of kind %d and group %d, which do not exist",
                          number + 1, e->kind, e->group);
  bool found = false;
  for (int32_t g = 0; g < site->group_count && !found; g++) found = clx_site_event_moves(site, number, g);
  if (!found) {
    const clx_site_group *g = e->group < 0 ? NULL : &site->group[e->group];
    return clx_fail_plain(error, CLX_INPUT, "power: event %d enters state %d, '%s' has %d states", number + 1, e->state,
                          g == NULL         ? "no group"
                          : g->name != NULL ? g->name
                                            : "?",
                          g == NULL ? 0 : g->state_count);
  }
  if (!is_time(e->at) || !is_time(e->duration) || !is_time(e->period))
    return clx_fail_plain(error, CLX_INPUT,
                          "power: event %d begins at %g s for %g s every %g s; expected times from 0 on", number + 1,
                          e->at, e->duration, e->period);
  // Below a millisecond events would be waves, which are states' own.
  if (e->period > 0 && (e->period < 1e-3 || !(e->duration > 0)))
    return clx_fail_plain(error, CLX_INPUT,
                          "power: event %d comes every %g s for %g s; expected at least 1 ms between and some duration",
                          number + 1, e->period, e->duration);
  if (e->kind == CLX_SITE_EVENT_RANDOM && !(e->mean_time >= 1e-3 && isfinite(e->mean_time) && e->duration > 0))
    return clx_fail_plain(error, CLX_INPUT,
                          "power: random event %d comes every %g s in the mean for %g s; expected at least 1 ms and "
                          "some duration",
                          number + 1, e->mean_time, e->duration);
  return CLX_OK;
}

clx_status clx_site_check(const clx_site *site, clx_error *error) {
  if (site->group_count < 1) return clx_fail_plain(error, CLX_INPUT, "power: a site without groups draws nothing");
  for (int32_t g = 0; g < site->group_count; g++) CLX_TRY(check_group(&site->group[g], error));
  for (int32_t e = 0; e < site->event_count; e++) CLX_TRY(check_event(site, e, error));
  if (site->chain.count < 0 || site->chain.count > CLX_CHAIN_LEVELS_MAX)
    return clx_fail_plain(error, CLX_INPUT, "power: a chain of %d levels, expected at most %d", site->chain.count,
                          CLX_CHAIN_LEVELS_MAX);
  if (site->chain.plug < 0 || site->chain.cooling < site->chain.plug || site->chain.cooling > site->chain.count)
    return clx_fail_plain(
        error, CLX_INPUT,
        "power: IT power at level %d and cooling at level %d of a chain of %d; expected cooling at or "
        "above IT power",
        site->chain.plug + 1, site->chain.cooling + 1, site->chain.count);
  if (!(site->overhead >= 0 && isfinite(site->overhead)))
    return clx_fail_plain(error, CLX_INPUT, "power: cooling of %g W a W of IT power, expected 0 or more",
                          site->overhead);
  if (site->overhead_at != NULL && !(site->overhead_count > 0 && site->overhead_step > 0))
    return clx_fail_plain(error, CLX_INPUT, "power: cooling over time of %lld values of %g s, expected some",
                          (long long)site->overhead_count, site->overhead_step);
  for (int64_t i = 0; site->overhead_at != NULL && i < site->overhead_count; i++) {
    if (!(site->overhead_at[i] >= 0 && isfinite(site->overhead_at[i])))
      return clx_fail_plain(error, CLX_INPUT,
                            "power: cooling of %g W a W of IT power in sample %lld, expected 0 or more",
                            (double)site->overhead_at[i], (long long)i);
  }
  for (int32_t l = 0; l <= site->chain.count; l++) {
    if (!is_time(site->extra[l]))
      return clx_fail_plain(error, CLX_INPUT, "power: %g W of other loads at level %d, expected 0 or more",
                            site->extra[l], l + 1);
  }
  if (!(site->curtail_floor >= 0 && site->curtail_floor <= 1))
    return clx_fail_plain(error, CLX_INPUT, "power.curtail_floor is %g, expected a share from 0 to 1",
                          site->curtail_floor);
  return CLX_OK;
}
