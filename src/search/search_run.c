// The search: a first look, the whole space, and the confirmation of its best.
#include <math.h>
#include <stdlib.h>

#include "search/search_internal.h"

// The closed form of the step ranks members. `confirm` says how long a step of the best of them really takes; what it may come
// out below the closed form at most, as a share.
static const double SLACK = 0;
enum { POOL = 32, POOL_MAX = 1024 };  // members to confirm

// By which the winner is chosen.
static clx_status confirm(const clx_training *job, clx_step *step, clx_error *error) {
  return clx_training_step(job, step, error);
}

static clx_status confirm_one(const clx_search_spec *spec, clx_search_found *found, clx_error *error) {
  clx_training job = *spec->job;
  job.layout = found->layout;
  CLX_TRY(confirm(&job, &found->step, error));
  const double share = spec->worth.share != NULL ? spec->worth.share(&found->step) : 1;
  found->value = clx_search_value(&spec->worth, &found->layout, found->step.step_time, share);
  return CLX_OK;
}

static int compare_found(const void *a, const void *b) {
  const clx_search_found *x = a, *y = b;
  if (x->value != y->value) return x->value < y->value ? -1 : 1;
  return clx_search_compare(&x->layout, &y->layout);
}

// In the order of the closed form, until nothing that is left can reach the `top` best. Returns what the best of the members
// that were not confirmed can still be worth.
static clx_status confirm_pool(const clx_search_spec *spec, clx_search_keep *keep, clx_search_outcome *outcome,
                               double *left, clx_error *error) {
  const bool all = keep->top_count < keep->top_room;  // no member was dropped
  const double last = keep->top_count > 0 ? keep->top[keep->top_count - 1].value : INFINITY;
  int32_t done = 0;
  *left = all ? INFINITY : last * (1 - SLACK);
  while (done < keep->top_count) {
    const double bound = keep->top[done].value * (1 - SLACK);
    if (done >= spec->top) {
      qsort(keep->top, (size_t)done, sizeof *keep->top, compare_found);
      if (bound > keep->top[spec->top - 1].value) {
        *left = fmin(*left, bound);
        break;
      }
    }
    CLX_TRY(confirm_one(spec, &keep->top[done++], error));
    outcome->confirmed++;
  }
  qsort(keep->top, (size_t)done, sizeof *keep->top, compare_found);
  keep->top_count = done;
  return CLX_OK;
}

static clx_status search(const clx_search_spec *spec, const clx_search_space *space, int32_t pool, clx_arena *arena,
                         clx_search_keep *keep, clx_search_outcome *outcome, clx_error *error) {
  *outcome = (clx_search_outcome){0};
  CLX_TRY(clx_search_keep_make(spec, pool, arena, keep, error));
  if (!spec->exhaustive) CLX_TRY(clx_search_walk(spec, space, true, arena, keep, outcome, error));
  CLX_TRY(clx_search_walk(spec, space, false, arena, keep, outcome, error));
  double left = 0;
  CLX_TRY(confirm_pool(spec, keep, outcome, &left, error));
  outcome->proven = keep->top_count > 0 && keep->top[0].value <= left;
  return CLX_OK;
}

clx_status clx_search_solve(const clx_search_spec *spec, clx_arena *arena, clx_search_outcome *outcome,
                          clx_error *error) {
  const clx_training *job = spec->job;
  const clx_format format = clx_precision_format(job->precision);
  clx_search_space space;
  clx_search_keep keep;
  *outcome = (clx_search_outcome){0};
  if (job->device->peak[format] <= 0) {
    return clx_fail(error, CLX_INPUT, job->layout.place, "%s has no %s arithmetic", job->device->name,
                    clx_format_name[format]);
  }
  CLX_TRY(clx_search_space_make(spec, arena, &space, error));
  int32_t pool = spec->top > POOL ? spec->top : POOL;
  do {
    CLX_TRY(search(spec, &space, pool, arena, &keep, outcome, error));
    pool *= 4;
  } while (keep.top_count > 0 && !outcome->proven && pool <= POOL_MAX);
  outcome->top = keep.top;
  outcome->top_count = keep.top_count < spec->top ? keep.top_count : spec->top;
  outcome->front = keep.front;
  outcome->front_count = keep.front_count;
  if (outcome->top_count > 0) return CLX_OK;
  return clx_fail(error, CLX_INFEASIBLE, job->layout.place, "none of %.0f layouts fits", outcome->members);
}
