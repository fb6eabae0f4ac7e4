// Quantities and series of outages and scaling.
#include <stddef.h>
#include <stdio.h>

#include "chance/chance.h"
#include "twin/twin_serving_changes.h"

enum { NAME = 160, SLUG = 64, SEEDS_MAX = 100, POINTS = 1000 };

// --- quantities -----------------------------------------------------------------------------------------------------------

typedef struct measure {
  const char *name, *unit;
  size_t offset;
  const char *doc;
} measure;

#define AT(member) offsetof(clx_twin_staffing, member)
static const measure ALWAYS[] = {
    {"available", "", AT(available), "share of the time that replicas which are paid for are not down"},
    {"held", "", AT(held), "replicas that are paid for, mean over time: start, serve, drain or are down"},
    {"gpu_time", "s", AT(gpu_time), "GPUs times the time that they are paid for"},
};
static const measure OUTAGES[] = {
    {"outages", "", AT(outages), "of replicas that began before the last token"},
    {"moved", "", AT(moved), "requests that went to another replica when theirs went down"},
    {"lost", "", AT(lost), "requests that ended when their replica went down"},
    {"missed_down", "", AT(missed_down), "requests beyond the promise that were asked while a replica was down"},
    {"undisturbed.ttft_p99", "s", AT(undisturbed_ttft), "99th percentile of the same requests without outages"},
    {"undisturbed.e2e_p99", "s", AT(undisturbed_e2e), "the same, to the last token"},
    {"undisturbed.within", "", AT(undisturbed_within), "share of the requests within the promise without outages"},
    {"undisturbed.goodput", "1/s", AT(undisturbed_goodput), "requests within the promise without outages"},
};
static const measure SCALING[] = {
    {"starts", "", AT(starts), "of replicas, by scaling"},
    {"missed_starting", "", AT(missed_starting),
     "requests beyond the promise that were asked while a replica was starting"},
};

static clx_status put_measures(const measure *list, int32_t count, const clx_twin_staffing *staffing, int32_t seeds,
                               clx_result *result, clx_error *error) {
  for (int32_t i = 0; i < count; i++) {
    double value[SEEDS_MAX];
    char name[NAME];
    for (int32_t k = 0; k < seeds; k++) value[k] = *(const double *)((const char *)&staffing[k] + list[i].offset);
    clx_sort(value, seeds);
    snprintf(name, sizeof name, "serving.%s", list[i].name);
    CLX_TRY(clx_result_add(result, name, clx_percentile(value, seeds, 0.5), list[i].unit, value[0], value[seeds - 1],
                           list[i].doc, error));
  }
  return CLX_OK;
}

// --- pools: what is to be expected ----------------------------------------------------------------------------------------

static clx_status put_pool(const char *slug, const char *what, double value, const char *unit, const char *doc,
                           clx_result *result, clx_error *error) {
  char name[NAME];
  snprintf(name, sizeof name, "serving.pool.%s.%s", slug, what);
  return clx_twin_put(result, name, value, unit, doc, error);
}

static clx_status put_law(const clx_scenario *s, int32_t pool, const char *slug, clx_arena *arena, clx_result *result,
                          clx_error *error) {
  clx_outage_law law;
  CLX_TRY(clx_scenario_outage_law(s, pool, arena, &law, error));
  const clx_availability a = clx_outage_availability(&law);
  if (!(a.mtbf > 0)) return CLX_OK;
  CLX_TRY(put_pool(slug, "mtbf", a.mtbf, "s", "mean time between failures of a replica", result, error));
  CLX_TRY(put_pool(slug, "mttr", a.mttr, "s", "mean time that a replica is down", result, error));
  return put_pool(slug, "available", a.available, "", "share of the time that a replica is up, in the long run", result,
                  error);
}

static clx_status put_pools(const clx_scenario *s, clx_result *result, clx_error *error) {
  clx_arena *arena = clx_arena_new();
  clx_status status = arena != NULL ? CLX_OK : clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < s->serving.pools && status == CLX_OK; i++) {
    char slug[SLUG];
    clx_result_slug(s->serving.pool[i].replica.name, slug, sizeof slug);
    if (s->spec.serving.start.bandwidth > 0)
      status =
          put_pool(slug, "start", clx_scenario_serving_start(s, i), "s",
                   "from the decision until a replica serves: boot, and weights over start.bandwidth", result, error);
    if (status == CLX_OK) status = put_law(s, i, slug, arena, result, error);
  }
  clx_arena_free(arena);
  return status;
}

clx_status clx_twin_serving_put_changes(const clx_scenario *s, const clx_twin_staffing *staffing, int32_t seeds,
                                        clx_result *result, clx_error *error) {
  if (!clx_twin_serving_has_changes(s)) return CLX_OK;
  CLX_TRY(put_measures(ALWAYS, CLX_COUNT(ALWAYS), staffing, seeds, result, error));
  if (s->spec.serving.outages.place.file != NULL)
    CLX_TRY(put_measures(OUTAGES, CLX_COUNT(OUTAGES), staffing, seeds, result, error));
  if (s->spec.serving.autoscale_count > 0)
    CLX_TRY(put_measures(SCALING, CLX_COUNT(SCALING), staffing, seeds, result, error));
  if (s->spec.serving.outages.reliability)
    CLX_TRY(
        clx_result_assume(result, error, "serving.outages.reliability",
                          "failures of GPUs, servers and their NICs, links and optics, at their mean rates; those of "
                          "switches, racks, rows and sites are left out"));
  return put_pools(s, result, error);
}

// --- series ---------------------------------------------------------------------------------------------------------------

typedef struct line {
  double time[POINTS], ready[POINTS], starting[POINTS], failed[POINTS], unfinished[POINTS];
  int32_t count;
} line;

// Of many states, every n-th.
static void draw_line(const clx_twin_staff *staff, int32_t pool, line *l) {
  int32_t all = 0, seen = 0;
  for (int32_t i = 0; i < staff->count; i++) all += staff->state[i].pool == pool;
  const int32_t every = 1 + all / POINTS;
  l->count = 0;
  for (int32_t i = 0; i < staff->count; i++) {
    const clx_pool_state *s = &staff->state[i];
    if (s->pool != pool || seen++ % every != 0 || l->count == POINTS) continue;
    const int32_t k = l->count++;
    l->time[k] = s->time;
    l->ready[k] = s->ready;
    l->starting[k] = s->starting;
    l->failed[k] = s->failed;
    l->unfinished[k] = s->unfinished;
  }
}

clx_status clx_twin_serving_put_staff(const clx_scenario *s, const clx_twin_staff *staff, clx_result *result,
                                      clx_error *error) {
  line *l = clx_arena_alloc(clx_result_arena(result), sizeof *l);
  if (l == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const struct {
    const char *name;
    const double *value;
  } part[] = {{"ready", l->ready}, {"starting", l->starting}, {"failed", l->failed}, {"unfinished", l->unfinished}};
  for (int32_t i = 0; i < s->serving.pools; i++) {
    char slug[SLUG], name[NAME];
    clx_result_slug(s->serving.pool[i].replica.name, slug, sizeof slug);
    draw_line(staff, i, l);
    for (int32_t k = 0; k < CLX_COUNT(part) && l->count > 0; k++) {
      snprintf(name, sizeof name, "serving.replicas.%s.%s", slug, part[k].name);
      CLX_TRY(clx_result_add_series(result, name, "", part[k].value, "time", "s", l->time, l->count, error));
    }
  }
  return CLX_OK;
}
