// What a curtailment does to the job: GPUs are capped until the site fits, which lowers clocks and lengthens the step.
#include <math.h>
#include <stdio.h>

#include "twin/twin_power.h"

enum { SHOWN = 12 };  // by number; all count in power.shed.work

typedef struct answer {
  double limit;      // W of the site
  double cap;        // W of a GPU; 0 = the job stops
  double step_time;  // s
} answer;

static clx_status put(clx_result *result, int32_t number, const char *what, double value, const char *unit,
                      const char *doc, clx_error *error) {
  char name[64];
  snprintf(name, sizeof name, "power.curtailment_%d.%s", number, what);
  return clx_twin_put(result, name, value, unit, doc, error);
}

// A case of its own at that limit. What no cap reaches stops the job.
static clx_status fit(const clx_twin_power_case *c, answer *a, clx_error *error) {
  clx_twin_power_case own = *c;
  clx_error refused;
  clx_error_clear(&refused);
  own.fleet = NULL;
  const clx_status status = clx_twin_power_fit(&own, a->limit, &refused);
  if (status == CLX_INFEASIBLE) {
    a->cap = a->step_time = 0;
    return CLX_OK;
  }
  if (status != CLX_OK) return clx_fail_plain(error, status, "%s", refused.mistake[0].text);
  a->cap = own.job.power_cap;
  a->step_time = own.step.step_time;
  return CLX_OK;
}

static clx_status put_one(const clx_twin_power_case *c, int32_t number, const answer *a, double hours,
                          clx_result *result, clx_error *error) {
  const double full = c->step.step_time, rate = a->step_time > 0 ? full / a->step_time : 0;
  CLX_TRY(
      put(result, number, "power", a->limit, "W", "left to the site: what its feeds may give, and generators", error));
  CLX_TRY(put(result, number, "duration", hours, "s", "of it within the horizon", error));
  CLX_TRY(put(result, number, "cap", a->cap, "W", "of one GPU; 0 = the job stops", error));
  if (a->step_time > 0) CLX_TRY(put(result, number, "step_time", a->step_time, "s", "at that cap", error));
  return put(result, number, "rate", rate, "", "of the work without it", error);
}

clx_status clx_twin_power_curtailments(const clx_twin_power_case *c, clx_result *result, clx_error *error) {
  const clx_supply *supply = &c->scenario->power.supply;
  answer known[SHOWN];
  int32_t count = 0, shown = 0;
  double lost = 0;
  bool any = false;
  for (int32_t i = 0; i < supply->curtailment_count; i++) {
    const clx_curtailment *k = &supply->curtailment[i];
    const double end = fmin(k->at + k->duration, c->horizon), length = end - k->at;
    if (!(length > 0)) continue;
    answer a = {.limit = clx_supply_capacity(supply, k->at)};
    bool seen = false;
    for (int32_t j = 0; j < count && !seen; j++) {
      seen = known[j].limit == a.limit;
      if (seen) a = known[j];
    }
    if (!seen) CLX_TRY(fit(c, &a, error));
    if (!seen && count < SHOWN) known[count++] = a;
    any = true;
    lost += length * (1 - (a.step_time > 0 ? c->step.step_time / a.step_time : 0));
    if (shown < SHOWN) CLX_TRY(put_one(c, ++shown, &a, length, result, error));
  }
  if (!any) return CLX_OK;
  return clx_twin_put(result, "power.shed.work", lost, "s",
                      "of the job at its full rate, lost to all curtailments; not in training.duration", error);
}
