// A law of iterations from a table of operator times, composed as the simulator Vidur composes them.
#pragma once

#include "engine/engine.h"

// What an iteration consists of beside the rows of the table. Defaults are Vidur's (vidur/config/config.py).
typedef struct clx_operator_rules {
  int32_t layers;          // of the model
  int32_t stages;          // of the pipeline; divides the layers
  double launch;           // s that the host adds to an all-reduce (nccl_cpu_launch_overhead_ms)
  double decode_batching;  // attention of more than one decode takes this share longer (..._batching_overhead_fraction)
  double prefill_batching;
  bool expects_all_reduce;  // tensor parallel: the table must have the operator
} clx_operator_rules;

clx_operator_rules clx_operator_rules_default(void);

typedef struct clx_operators clx_operators;

// What lay outside of the table: iterations, and the largest of each kind. Their times are those of the table's edge.
typedef struct clx_operators_outside {
  int64_t iterations;
  int32_t tokens, batch, context, chunk;
} clx_operators_outside;

// Reads a CSV with columns op, a, b, time_ms:
// * attn_pre_proj, attn_post_proj, mlp_up_proj, mlp_down_proj, mlp_act, attn_rope, input_layernorm, post_attention_layernorm, add,
//   attn_kv_cache_save, all_reduce, send_recv: a = new tokens of the iteration; a row holds for what lies above the row before, up to it;
// * attn_decode: a = sequences, b = their mean tokens in the cache; both rounded up to a row;
// * attn_prefill: a = tokens in the cache, rounded up to a row, b = new tokens: a row holds from there to the next. Beyond the last b
//   that is no multiple of 8, new tokens are rounded up to 8.
// CLX_INPUT: unknown operators, rows twice, times that are negative or above 1,000 s, operators that are missing. O(rows log rows).
clx_status clx_operators_load(clx_arena *arena, const char *path, const clx_operator_rules *rules,
                              clx_operators **operators, clx_error *error);
// The same from memory; `file` is the name in messages.
clx_status clx_operators_read(clx_arena *arena, const char *file, const char *data, size_t size,
                              const clx_operator_rules *rules, clx_operators **operators, clx_error *error);
// The law; its state counts what lies outside, so that one law belongs to one run at a time.
clx_step_law clx_operators_law(clx_operators *operators);
clx_operators_outside clx_operators_beyond(const clx_operators *operators);
