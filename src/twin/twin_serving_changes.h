// Outages and scaling of a service: what they are for one seed, what the replicas did, and quantities of that:
//   serving.{available, outages, moved, lost, held (replicas, mean), gpu_time, starts, missed_down, missed_starting}, of the seeds as all;
//   serving.undisturbed.{ttft_p99, e2e_p99, within, goodput}: the same requests without outages
//   serving.pool.NAME.{mtbf, mttr, available (in the long run), start}
//   series serving.replicas.NAME.{ready, starting, failed, unfinished} over the time of the first seed
#pragma once

#include "twin/twin_internal.h"

// How pools stood each time that something happened, in order.
typedef struct clx_twin_staff {
  clx_pool_state *state;
  int32_t count, room;
  bool failed;  // out of memory
} clx_twin_staff;

typedef struct clx_twin_changes {
  clx_outage_list outages;
  clx_scaling *scaling;  // [pools]
  double notice;
  bool loses;
  clx_arena *arena;
  clx_twin_staff staff;  // what the run tells
} clx_twin_changes;

// What the replicas did in a run of one seed.
typedef struct clx_twin_staffing {
  double available;    // share of the time that replicas which are paid for are not down
  double outages;      // that begin before the last token
  double moved, lost;  // requests
  double held;         // replicas that are paid for, mean over time
  double gpus;         // of them
  double gpu_time;     // s
  double price;        // USD/s, mean
  double starts;
  double missed_down,
      missed_starting;  // requests beyond the promise that were asked while a replica was down, was starting
  double undisturbed_ttft, undisturbed_e2e, undisturbed_within, undisturbed_goodput;
} clx_twin_staffing;

bool clx_twin_serving_has_changes(const clx_scenario *scenario);
// Outages of one seed while `requests` come, and the scaling of each pool; from `arena`.
clx_status clx_twin_serving_changes(const clx_scenario *scenario, const clx_requests *requests, uint64_t seed,
                                    clx_arena *arena, clx_twin_changes *out, clx_error *error);
// For clx_engine_options.changed, `self` a clx_twin_changes.
void clx_twin_serving_note(void *self, const clx_pool_state *state);
// What the replicas of a run did; requests take `front` s beside engines.
clx_status clx_twin_serving_staffing(const clx_scenario *scenario, const clx_twin_changes *changes,
                                     const clx_requests *requests, const clx_engine_result *run, double front,
                                     clx_twin_staffing *out, clx_error *error);
clx_status clx_twin_serving_put_changes(const clx_scenario *scenario, const clx_twin_staffing *staffing, int32_t seeds,
                                        clx_result *result, clx_error *error);
clx_status clx_twin_serving_put_staff(const clx_scenario *scenario, const clx_twin_staff *staff, clx_result *result,
                                      clx_error *error);
