// What happens to the replicas of a service: outages, scaling, and how long a replica takes to start. Sections `serving.outages`, `.autoscale`,
// `.start`; outages are drawn in serving_outages.c.
#pragma once

#include "engine/engine.h"
#include "schema/schema.h"

// --- what is written ------------------------------------------------------------------------------------------------------

typedef struct clx_serve_start_spec {
  double boot;       // s
  double bandwidth;  // B/s into one server; 0 = not stated
  clx_place place;
} clx_serve_start_spec;

typedef struct clx_serve_outage_spec {
  const char *pool;  // NULL = the only one
  int32_t replica;   // of the pool, from 0
  double at, time;   // s
  clx_place place;
} clx_serve_outage_spec;

typedef enum clx_outage_fate { CLX_OUTAGE_RETRY, CLX_OUTAGE_LOST, CLX_OUTAGE_FATES } clx_outage_fate;
extern const char *const clx_outage_fate_name[CLX_OUTAGE_FATES + 1];

typedef struct clx_serve_outages_spec {
  clx_serve_outage_spec *stated;
  int32_t stated_count;
  int32_t reliability;  // bool: drawn from the section `reliability`
  double mtbf;          // s of a replica, drawn; 0 = none
  double repair;        // s, mean
  int32_t requests;     // clx_outage_fate
  double notice;        // s
  clx_place place;      // file NULL: not there
} clx_serve_outages_spec;

typedef struct clx_serve_autoscale_spec {
  const char *pool;  // NULL = the only one
  int32_t least, initial;
  int32_t metric;  // clx_scaling_metric
  double target, tolerance;
  double interval, calm;  // s
  clx_place place;
} clx_serve_autoscale_spec;

extern const clx_schema clx_serve_start_schema, clx_serve_outages_schema, clx_serve_autoscale_schema;

// --- outages that are drawn -----------------------------------------------------------------------------------------------

// One cause of failures of one thing: a replica, or a server with all replicas on it.
typedef struct clx_outage_cause {
  double rate;    // 1/s
  double down;    // s, each time
  double repair;  // s beyond, exponential, mean
} clx_outage_cause;

// Replicas of a pool, their servers, and what strikes them. Each thing works for an exponential time, then is down for that of its cause, and
// so on (alternating renewal); a replica is up when it and its servers are.
typedef struct clx_outage_law {
  int32_t first, replicas;  // counted over all pools
  int32_t together;         // replicas on one server, at least 1
  const clx_outage_cause *server, *own;
  int32_t server_count, own_count;
} clx_outage_law;

typedef struct clx_availability {
  double mtbf;       // s of a replica, from when it is up to the next outage
  double mttr;       // s
  double available;  // share of the time that a replica is up, in the long run
} clx_availability;

clx_availability clx_outage_availability(const clx_outage_law *law);

typedef struct clx_outage_list {
  clx_outage *item;
  int32_t count, room;
} clx_outage_list;

// Adds the outages of `law` that begin before `until` s: the same seed, the same outages. CLX_INPUT: more than a million are to be expected.
clx_status clx_outages_draw(const clx_outage_law *law, double until, uint64_t seed, clx_arena *arena,
                            clx_outage_list *list, clx_error *error);
clx_status clx_outages_add(clx_outage_list *list, clx_outage outage, clx_arena *arena, clx_error *error);
// Joins what overlaps in one replica; sorted by replica and time then. O(n log n).
void clx_outages_join(clx_outage_list *list);
