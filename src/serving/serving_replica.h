// A replica of an engine, from what a section says of its pool: layout, rules, room for keys and values, and its law of time, by kernels
// on GPUs or of whole models on unified memory.
#pragma once

#include "serving/serving_law.h"
#include "serving/serving_memory.h"
#include "serving/serving_section.h"

// Whether a device is one of those that are measured as whole models.
bool clx_device_is_unified(const clx_device *device);

typedef struct clx_serving_replica {
  const char *name, *engine, *weights;  // engine and weights as they are stored in tables
  clx_role role;
  int32_t model;           // that it serves: a number of the caller
  int32_t replicas, gpus;  // gpus of one replica
  bool unified;
  clx_serving kernels;  // of GPUs
  clx_unified nodes;    // of unified memory
  const clx_device *device;
  clx_rules rules;
  clx_cache_room room;
  bool blocks_stated;
  double rest;     // W of a replica's share of its servers beside GPUs; 0 where the law is of the wall
  double price;    // USD/s of a replica; 0 = not stated
  double network;  // B/s into one rank of attention over its NICs; left to the caller
  double front;    // s of a request outside of iterations, of its part of the work
} clx_serving_replica;

// `model`, `device` and `engine` (of GPUs; NULL: of unified memory, by its name) outlive it; rest, network and kernels.network are left to the caller. CLX_INPUT, at the
// place of the pool: unknown formats, a layout that cannot be, a model that does not fit, no room for keys and values.
clx_status clx_serving_replica_make(const clx_serve_spec *section, const clx_serve_pool_spec *pool,
                                    const clx_transformer *model, const clx_device *device, const clx_engine *engine,
                                    clx_serving_replica *out, clx_error *error);
// The law of a replica, from `arena`; `context`: longest request in tokens. self NULL: out of memory.
clx_step_law clx_serving_replica_law(const clx_serving_replica *replica, double context, clx_arena *arena);
// Tokens whose keys and values a replica holds.
double clx_serving_replica_tokens(const clx_serving_replica *replica);
