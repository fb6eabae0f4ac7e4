// Studies of patterns, for the files of this folder.
#pragma once

#include "fabric/fabric_route_internal.h"
#include "fabric/fabric_study.h"

// Who sends to whom: endpoints. Pairs first[j] ... first[j + 1] - 1 are those of job j.
typedef struct clx_study_pairs {
  int32_t *from, *to;
  int32_t *first;
  int32_t count;
} clx_study_pairs;

clx_status clx_study_pairs_make(clx_arena *arena, const clx_fabric *fabric, const clx_fabric_traffic *traffic,
                                int32_t count, uint64_t seed, clx_study_pairs *pairs, clx_error *error);

// All servers of a fabric as one job, placed so (NULL: in order).
clx_status clx_study_whole(clx_arena *arena, const clx_fabric *fabric, int32_t pattern, const clx_placement *placement,
                           uint64_t seed, clx_fabric_traffic *traffic, clx_error *error);

// Sub-flows of a NIC: QPs under ECMP; one where they would all do the same.
int32_t clx_study_subflows(const clx_fabric *fabric);

// Line rate of the NIC at an endpoint, all planes.
double clx_study_line(const clx_fabric *fabric, int32_t endpoint);
