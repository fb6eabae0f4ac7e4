// The search: a first look, the whole space, and the confirmation of its best.
#include <math.h>
#include <stdlib.h>

#include "search/search_internal.h"

enum { POOL = 48 };  // members that may be confirmed; of long lists a quarter of it more than listed

static clx_status confirm_one(const clx_search_spec *spec, clx_search_found *found, clx_error *error) {
  clx_training job = *spec->job;
  job.layout = found->layout;
  CLX_TRY(spec->confirm(spec->context, &job, &found->step, error));
  const double share = spec->worth.share != NULL ? spec->worth.share(&job, &found->step) : 1;
  found->value = clx_search_value(&spec->worth, &found->layout, found->step.step_time, share);
  return CLX_OK;
}

static int compare_found(const void *a, const void *b) {
  const clx_search_found *x = a, *y = b;
  if (x->value != y->value) return x->value < y->value ? -1 : 1;
  return clx_search_compare(&x->layout, &y->layout);
}

// In the order of the walk, until a member that is not confirmed is dearer than the best confirmed one. Slow ranks only add to a
// step, so that nothing beyond can win.
static clx_status confirm_pool(const clx_search_spec *spec, clx_search_keep *keep, clx_search_outcome *outcome,
                               clx_error *error) {
  double best = INFINITY;
  int32_t done = 0;
  while (done < keep->top_count && (done < spec->top || keep->top[done].value <= best)) {
    CLX_TRY(confirm_one(spec, &keep->top[done], error));
    best = fmin(best, keep->top[done++].value);
  }
  outcome->confirmed = done;
  outcome->proven = done < keep->top_count || keep->top_count < keep->top_room;
  qsort(keep->top, (size_t)done, sizeof *keep->top, compare_found);
  keep->top_count = done;
  return CLX_OK;
}

clx_status clx_search_solve(const clx_search_spec *spec, clx_arena *arena, clx_search_outcome *outcome,
                            clx_error *error) {
  const clx_training *job = spec->job;
  const clx_format format = clx_precision_format(job->precision);
  clx_search_space space;
  clx_search_keep keep;
  *outcome = (clx_search_outcome){.proven = true};
  if (job->device->peak[format] <= 0) {
    return clx_fail(error, CLX_INPUT, job->layout.place, "%s has no %s arithmetic", job->device->name,
                    clx_format_name[format]);
  }
  CLX_TRY(clx_search_space_make(spec, arena, &space, error));
  const int32_t more = spec->top + POOL / 4, pool = spec->confirm == NULL ? spec->top : more < POOL ? POOL : more;
  CLX_TRY(clx_search_keep_make(spec, pool, arena, &keep, error));
  if (spec->quick || !spec->exhaustive) CLX_TRY(clx_search_walk(spec, &space, true, arena, &keep, outcome, error));
  if (!spec->quick) CLX_TRY(clx_search_walk(spec, &space, false, arena, &keep, outcome, error));
  if (spec->confirm != NULL) CLX_TRY(confirm_pool(spec, &keep, outcome, error));
  outcome->top = keep.top;
  outcome->top_count = keep.top_count < spec->top ? keep.top_count : spec->top;
  outcome->front = keep.front;
  outcome->front_count = keep.front_count;
  if (outcome->top_count > 0) return CLX_OK;
  return clx_fail(error, CLX_INFEASIBLE, job->layout.place, "none of %.0f layouts fits%s",
                  spec->quick ? outcome->looked : outcome->members, spec->time_limit > 0 ? " and is fast enough" : "");
}
