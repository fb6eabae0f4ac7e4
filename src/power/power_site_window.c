// One moment of a site, as a wave.
#include <math.h>

#include "power/power_site_internal.h"

clx_status clx_site_states(const clx_site *site, double time, int32_t *state, double *since, clx_arena *arena,
                           clx_error *error) {
  CLX_TRY(clx_site_check(site, error));
  if (!(time >= 0 && isfinite(time)))
    return clx_fail_plain(error, CLX_INPUT, "power: a moment at %g s, expected 0 or later", time);
  clx_site at = *site;  // events up to and at `time`
  at.horizon = nextafter(time, (double)INFINITY);
  clx_site_states_run *run = CLX_NEW(arena, clx_site_states_run);
  if (run == NULL) return clx_fail_plain(error, CLX_MEMORY, "power: out of memory for a moment of a site");
  CLX_TRY(clx_site_states_start(run, &at, arena, error));
  for (double next = 0; next <= time; next = clx_site_states_next(run)) clx_site_states_at(run, next);
  if (run->failed) return clx_fail_plain(error, CLX_MEMORY, "power: out of memory for what happens on a site");
  for (int32_t g = 0; g < site->group_count; g++) {
    state[g] = run->member[g].delivered ? run->member[g].state : -1;
    since[g] = run->member[g].since;
  }
  return CLX_OK;
}

// Groups that draw at that moment, as what the room of waves sums. A state without a cycle is one sample of its mean.
static int32_t gather(const clx_site *site, int32_t group, const int32_t *state, const double *since,
                      clx_wave_group *out, float *mean) {
  int32_t count = 0;
  for (int32_t g = 0; g < site->group_count; g++) {
    if ((group >= 0 && g != group) || state[g] < 0) continue;
    const clx_site_group *of = &site->group[g];
    const clx_site_state *s = &of->state[state[g]];
    mean[count] = (float)(s->mean / of->units);
    const clx_wave_cycle constant = {.period = 1, .samples = 1, .watt = &mean[count]};
    out[count] = (clx_wave_group){
        .name = of->name, .units = of->units, .cycle = s->cycle.samples > 0 ? s->cycle : constant, .offset = since[g]};
    count++;
  }
  return count;
}

clx_status clx_site_window(const clx_site *site, int32_t group, double time, double step, int64_t count,
                           clx_arena *arena, clx_wave *wave, clx_wave *top, clx_error *error) {
  if (group >= site->group_count || (group >= 0 && top != NULL))
    return clx_fail_plain(error, CLX_INPUT, "power: group %d of %d; the point of connection takes all groups", group,
                          site->group_count);
  if (!(step > 0 && isfinite(step)) || count < 1 || count > INT64_C(1) << 28)
    return clx_fail_plain(error, CLX_INPUT, "power: a window of %lld samples of %g s, expected 1 to 2^28 above 0 s",
                          (long long)count, step);
  const int64_t groups = site->group_count;
  int32_t *state = CLX_NEW_ARRAY(arena, int32_t, groups);
  double *since = CLX_NEW_ARRAY(arena, double, groups);
  clx_wave_group *member = CLX_NEW_ARRAY(arena, clx_wave_group, groups);
  float *mean = CLX_NEW_ARRAY(arena, float, groups), *watt = CLX_NEW_ARRAY(arena, float, count);
  float *high = top != NULL ? CLX_NEW_ARRAY(arena, float, count) : watt;
  if (state == NULL || since == NULL || member == NULL || mean == NULL || watt == NULL || high == NULL)
    return clx_fail_plain(error, CLX_MEMORY, "power: out of memory for a window of %lld samples", (long long)count);
  CLX_TRY(clx_site_states(site, time, state, since, arena, error));
  *wave = (clx_wave){.start = time, .step = step, .count = count, .watt = watt};
  const int32_t drawing = gather(site, group, state, since, member, mean);
  if (drawing > 0) CLX_TRY(clx_wave_sum(member, drawing, site->seed, wave, arena, error));
  if (top == NULL) return CLX_OK;
  *top = (clx_wave){.start = time, .step = step, .count = count, .watt = high};
  for (int64_t i = 0; i < count; i++)
    high[i] = i > 0 && watt[i] == watt[i - 1] ? high[i - 1] : (float)clx_site_pass(site, (double)watt[i]).top;
  return CLX_OK;
}
