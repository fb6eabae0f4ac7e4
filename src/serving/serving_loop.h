// A closed loop of clients on one engine, iteration by iteration: what a benchmark of fixed concurrency measures.
#pragma once

#include "engine/engine.h"

typedef struct clx_loop {
  int32_t clients;          // requests in flight
  int32_t requests;         // in all
  int32_t prompt, output;   // nominal tokens
  double spread;            // lengths are uniform from (1 - spread) of the nominal to it
  double front_time;        // s from a client to the engine's queue and back, of one request
  double reserve;           // tokens of cache of one rank; 0 = no bound
  double answers;           // share of an answer's tokens that admission counts
  int32_t balance;          // iterations that prompts wait at most until each rank has one; 0 = none
  int32_t batch_wait;       // the same of one rank until prompts fill an iteration; 0 = none
  double batch_wait_share;  // of the iteration's tokens that they are to fill
  int32_t poll;             // iterations of decode between looks at the queue; 1 = each
  double piece_time;        // s of the front end for each piece of an answer that it streams, one after another
  int32_t stream;           // tokens of a piece, after the first; 0 = 1
  bool ahead;               // an iteration is put together when the one before it starts
  int32_t found;            // tokens of a prompt that the prefix cache has
  int32_t cold;             // first requests that find nothing in it
  bool rotates;             // ranks take requests in turn, whatever they have; else the one with the fewest
} clx_loop;

typedef struct clx_loop_means {
  double first;  // s to the first token
  double token;  // s between tokens
  double time;   // s of the run
  double batch;  // sequences that decode, mean over iterations of one rank
  double steps;
} clx_loop_means;

// CLX_MEMORY only. The arena's memory is used for the state.
clx_status clx_loop_run(clx_arena *arena, const clx_rules *rules, const clx_step_law *law, const clx_loop *loop,
                        clx_loop_means *out, clx_error *error);
